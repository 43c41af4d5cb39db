//! What the fact `workload` says about the data: may they be lost, may any of them go.
//!
//! The lists follow the built-in profiles, one for each word of the fact.

use super::Case;
use crate::config::Value;

/// A restart must not empty these.
pub(super) const DURABLE: &[&str] =
    &["counters", "kb-cache", "knowledge-base", "leaderboard", "lock", "primary", "queue", "session", "streams"];

/// Nobody misses these after a restart, or everything can be had again.
pub(super) const TRANSIENT: &[&str] = &["cache", "dev", "pubsub", "rate-limiter"];

/// Here eviction is wanted, so that writes go on when memory is full.
pub(super) const CACHES: &[&str] = &["cache", "cache-warm", "kb-cache"];

/// Here a key without a time to live may be the only copy, so none may go unasked.
pub(super) const KEEPS_EVERY_KEY: &[&str] = &[
    "counters",
    "feature-store",
    "kb-cache",
    "knowledge-base",
    "leaderboard",
    "lock",
    "primary",
    "queue",
    "session",
    "streams",
];

/// Whether the server copies another one: by the configuration, or by the fact `role`.
pub(super) fn is_replica(case: &Case<'_>) -> bool {
    case.facts.word("role") == Some("replica") || matches!(case.get("replicaof"), Some(Value::Replica(Some(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::WORKLOADS;

    #[test]
    fn every_word_is_one_of_the_fact() {
        for word in [DURABLE, TRANSIENT, CACHES, KEEPS_EVERY_KEY].concat() {
            assert!(WORKLOADS.contains(&word), "{word}");
        }
        assert!(!DURABLE.iter().any(|word| TRANSIENT.contains(word)));
    }
}
