//! Which directives exist in which server version, and what each takes.
//!
//! The knowledge stands in `data/*.toml`, one entry a directive for both engines; an entry states what changed at which
//! node of the version tree. [`View`] folds the changes on the path to one server. Nothing here reads a configuration:
//! values are read in [`crate::config`].

pub mod commands;
mod directive;

pub use directive::{
    Change, Directive, DirectiveId, EnumWord, FlagWord, Is, Kind, Need, Repeat, State, TextRules, Without,
};
