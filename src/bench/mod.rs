//! What a configuration is worth: two of them on the same server program, under the same load, by turns.
//!
//! Flow: [`compare`] starts a server for each run with [`crate::live::boot`], fills it, puts a load on it as fast as it
//! is answered and then on a fixed schedule, ends it, and gives an [`Outcome`] in which each measure is [`Judged`]. The
//! load goes to servers that were started here. A difference is claimed only where chance is no explanation (`judge.rs`
//! says how), and where noise is too large nothing is.

#![expect(clippy::disallowed_methods, reason = "this room measures time, connects to its servers and asks the system")]

mod client;
mod dice;
mod judge;
mod keyspace;
mod load;
mod machine;
mod message;
mod plan;
mod pubsub;
mod queue;
mod round;
mod run;

pub use judge::{Better, Judged, LEVEL, Measure, Unit, Verdict, fewest_rounds, judge, median};
pub use load::Latencies;
pub use machine::Machine;
pub use plan::{Connect, Effort, Saves, Shape, Workload};
pub use run::{BenchError, Claim, Outcome, Run, Side, compare};
