//! Rules about snapshots and append-only files.

pub(super) mod before;
pub(super) mod durability;
pub(super) mod log;
pub(super) mod snapshots;

use super::Case;
use super::workload::{DURABLE, TRANSIENT};

/// Whether the value in force of a directive can be told: it is set here, or nothing that is not seen can set it.
fn is_known(case: &Case<'_>, name: &str) -> bool {
    !case.is_partial() || case.is_set(name)
}

/// Whether an append-only file is written; `None` where that cannot be told.
fn appends(case: &Case<'_>) -> Option<bool> {
    case.is_on("appendonly").filter(|_| is_known(case, "appendonly"))
}

/// Whether snapshots are taken; `None` where that cannot be told.
fn saves(case: &Case<'_>) -> Option<bool> {
    case.save_points().filter(|_| is_known(case, "save")).map(|points| !points.is_empty())
}

/// How much the data are worth, by the fact `workload`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// A restart must not empty the server.
    Durable,
    /// Nobody would miss them.
    Transient,
    /// In between, or not said.
    Open,
}

fn worth(case: &Case<'_>) -> Worth {
    match case.facts.word("workload") {
        Some(workload) if DURABLE.contains(&workload) => Worth::Durable,
        Some(workload) if TRANSIENT.contains(&workload) => Worth::Transient,
        Some(_) | None => Worth::Open,
    }
}
