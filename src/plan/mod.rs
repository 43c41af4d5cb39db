//! Differences between what is wanted and what a server runs, and between any two that hold a configuration: by meaning
//! and never by spelling.
//!
//! From what drifted a [`Plan`] is made: steps in their order, each with the dangers it has. Only a plan whose dangers are
//! allowed by name is [`Cleared`], and only such a one can be carried out.

mod actions;
mod between;
mod compare;
mod contrast;
mod drift;
mod hazards;
mod impact;
mod nature;
mod peers;
mod rollout;
mod sentinel;
mod steps;
mod users;

pub use between::{Comparison, Side, between};
pub use compare::{Difference, Verdict, compare};
pub use contrast::{Contrast, Held, Relation, Said};
pub use drift::{Drift, Drifts, Expectation, Fate, Standing, Wanted, drift, names_to_ask};
pub use hazards::{HAZARDS, Hazard};
pub use impact::Impact;
pub use nature::{came_with, is_per_node, servers_showing};
pub use peers::{Peers, Split, peers};
pub use rollout::{Berth, Turn, turns};
pub use sentinel::{SentinelDrift, SentinelDrifts, drift_sentinel};
pub use steps::{Cleared, Done, Identity, Left, Plan, Step};
pub use users::{UserDrift, UserDrifts, beyond, declares_users, drift_users, renames_commands};

#[cfg(test)]
mod tests;
