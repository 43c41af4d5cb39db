//! What may follow the word `sentinel` in a Sentinel's file: `monitor`, `down-after-milliseconds`, …
//!
//! A namespace beside the directives. Its kinds describe the words *after* the sub-directive; ids count from 0.

use super::describe::{Changed, along_the_tree};
use super::directive::{Directive, DirectiveId};
use super::view::{self, View};
use crate::server::{self, Server};

/// The sub-directives of a server, or of the nearest known one.
#[must_use]
pub fn view(server: Server) -> &'static View {
    view::SENTINEL.view(server)
}

/// How many ids the namespace has.
#[must_use]
pub fn count() -> usize {
    view::SENTINEL.entries.len()
}

/// Finds the entry that has this name, in any case, in any version.
#[must_use]
pub fn find(name: impl AsRef<[u8]>) -> Option<DirectiveId> {
    view::SENTINEL.names.find(name.as_ref())
}

/// Every name of every version, in lower case and sorted.
#[must_use]
pub fn all_names() -> &'static [&'static str] {
    &view::SENTINEL.names.sorted
}

/// What each server that knows a sub-directive makes of it: Redis first, older before newer.
#[must_use]
pub fn history(id: DirectiveId) -> Vec<(Server, &'static Directive)> {
    let views = server::all().iter().map(|&server| (server, view(server)));
    views.filter_map(|(server, view)| Some((server, view.get(id)?))).collect()
}

/// The sub-directive that a misspelt name most likely means.
#[must_use]
pub fn suggest(name: &str, server: Server) -> Option<&'static str> {
    super::suggest(name, view(server))
}

/// What changed along the version tree: Redis first, older before newer. Versions without a change are left out.
#[must_use]
pub fn changes(id: DirectiveId) -> Vec<Changed> {
    along_the_tree(id, view)
}
