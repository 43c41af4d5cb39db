//! Which directives exist in which server version, and what each takes.
//!
//! The knowledge stands in `data/*.toml`, one entry a directive for both engines; an entry states what changed at which
//! node of the version tree. [`View`] folds the changes on the path to one server. Nothing here reads a configuration:
//! values are read in [`crate::config`].
//!
//! `foreign.toml` holds names that are *not* known to any of them, and whose they are.
//!
//! An entry has one identity, its [`DirectiveId`], under all its names in all versions. What may follow the word
//! `sentinel` is a namespace of its own, [`sentinel`], whose ids count from 0 again.

pub mod commands;
mod data;
mod describe;
mod directive;
mod foreign;
mod kind;
mod names;
pub mod sentinel;
mod suggest;
mod view;

use crate::server::{self, Engine, Server};

pub use describe::{Changed, bytes_in_words, changes};
pub use directive::{
    Change, Directive, DirectiveId, EnumWord, FlagWord, Is, Kind, Need, Repeat, State, TextRules, Without,
};
pub use foreign::{Foreign, foreign};
pub use suggest::suggest;
pub use view::{Lookup, View};

/// How many ids there are: the length of a table that is indexed by [`DirectiveId::index`].
#[must_use]
pub fn count() -> usize {
    view::MAIN.entries.len()
}

/// Finds the entry that has this name, in any case, in any version.
#[must_use]
pub fn find(name: impl AsRef<[u8]>) -> Option<DirectiveId> {
    view::MAIN.names.find(name.as_ref())
}

/// Every name of every version, in lower case and sorted.
#[must_use]
pub fn all_names() -> &'static [&'static str] {
    &view::MAIN.names.sorted
}

/// The servers that know a directive, be it only to ignore it: Redis first, older before newer.
#[must_use]
pub fn servers_knowing(id: DirectiveId) -> Vec<Server> {
    history(id).into_iter().map(|(server, _)| server).collect()
}

/// Whether the values of a directive are secret in any version.
#[must_use]
pub fn is_secret(id: DirectiveId) -> bool {
    view::MAIN.entries[id.index()].is_ever_secret()
}

/// What each server that knows a directive makes of it: Redis first, older before newer.
#[must_use]
pub fn history(id: DirectiveId) -> Vec<(Server, &'static Directive)> {
    let views = server::all().iter().map(|&server| (server, View::of(server)));
    views.filter_map(|(server, view)| Some((server, view.get(id)?))).collect()
}

/// Whether only one engine knows some name of an entry.
#[must_use]
pub fn names_engine(id: DirectiveId) -> bool {
    view::MAIN.names_engine[id.index()]
}

/// The engine that alone knows a name, in any case, in any version.
#[must_use]
pub fn only_engine(name: impl AsRef<[u8]>) -> Option<Engine> {
    let (place, _) = view::MAIN.names.place(name.as_ref())?;
    view::MAIN.only_engine(place)
}

#[cfg(test)]
mod tests;
