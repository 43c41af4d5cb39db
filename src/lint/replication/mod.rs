//! Replication: whether a replica can follow, what an interruption costs, and what an isolated primary may lose.

pub(super) mod buffers;
pub(super) mod links;
pub(super) mod writes;

use super::Case;
use crate::config::Value;

#[cfg(test)]
mod tests;

/// The server that a file copies from: host and port; `None` if it copies none or a template says.
fn primary(case: &Case<'_>) -> Option<(Vec<u8>, u16)> {
    let Value::Replica(of) = case.get("replicaof")? else { return None };
    of.as_ref().map(|(host, port)| (host.to_vec(), *port))
}
