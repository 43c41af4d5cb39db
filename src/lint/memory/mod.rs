//! Rules about memory and eviction.

pub(super) mod clients;
pub(super) mod encoding;
pub(super) mod eviction;
pub(super) mod limit;

use super::Case;
use super::workload::is_replica;
use crate::config::Forks;
use crate::syntax::Mode;

/// The limit in force, if there is one and it counts here: Sentinel keeps no data, and replicas do not look at it.
fn limit(case: &Case<'_>) -> Option<u64> {
    if case.mode == Mode::Sentinel || is_replica(case) {
        return None;
    }
    case.bytes("maxmemory").filter(|bytes| *bytes > 0)
}

/// Whether the server forks; `None` if a template says so.
fn forks(case: &Case<'_>) -> Option<Forks> {
    let forks = case.persists()? || case.facts.count("replicas").is_some_and(|count| count > 0);
    Some(if forks { Forks::Sometimes } else { Forks::Never })
}

/// Whole mebibytes as servers read them, rounded down.
fn mebibytes(bytes: u64) -> String {
    format!("{}mb", bytes >> 20)
}

/// Bytes for people, in the servers' units: `1gb`, `1.5gb`, `340mb`.
fn shown(bytes: u64) -> String {
    for (unit, shift) in [("gb", 30), ("mb", 20), ("kb", 10)] {
        if bytes >= 1 << shift {
            let tenths = (u128::from(bytes) * 10 + (1 << shift) / 2) >> shift;
            return if tenths % 10 == 0 {
                format!("{}{unit}", tenths / 10)
            } else {
                format!("{}.{}{unit}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{bytes} bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_in_units_that_servers_read() {
        for (bytes, text) in
            [(3, "3 bytes"), (1 << 30, "1gb"), (3 << 29, "1.5gb"), (340 << 20, "340mb"), (1536, "1.5kb")]
        {
            assert_eq!(shown(bytes), text);
        }
    }
}
