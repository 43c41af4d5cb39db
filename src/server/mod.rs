//! Servers: engine, series, patch; the tree of versions; and how each version reads a configuration.
//!
//! First room of the house beside `source`: it imports nothing. What a directive means in a version is the business of
//! [`crate::catalog`]; here stands only what concerns every line alike. The numbers come from `versions.toml`.

mod habits;
mod ranges;
mod snapshots;
mod version;

pub use habits::{Databases, Habits, MemoryNumbers, UnknownNames, WordRules};
pub use ranges::in_words;
pub use snapshots::{Loads, SnapshotFormat, loads};
pub use version::{Engine, ParseServerError, Resolved, Series, Server, all, lineage};
