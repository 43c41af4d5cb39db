//! Differences between what is wanted and what a server runs, by meaning and never by spelling.
//!
//! Steps, undo and their clearing will stand here too; today this room compares.

mod compare;

pub use compare::{Difference, Verdict, compare};
