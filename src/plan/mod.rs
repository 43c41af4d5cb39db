//! Differences between what is wanted and what a server runs, and between any two that hold a configuration: by meaning
//! and never by spelling.
//!
//! Steps, undo and their clearing will stand here too; today this room compares.

mod actions;
mod between;
mod compare;
mod contrast;
mod impact;
mod nature;

pub use between::{Comparison, Side, between};
pub use compare::{Difference, Verdict, compare};
pub use contrast::{Contrast, Held, Relation, Said};
pub use impact::Impact;
pub use nature::{came_with, is_per_node, servers_showing};
