//! How running servers stand, for Prometheus: names of directives and counts, never a value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::live::{LiveReport, LiveServer, LiveStatus};

/// When each server was last compared in full, in seconds since 1970, by its name.
pub type LastSuccess = BTreeMap<String, u64>;

const STATUSES: [(LiveStatus, &str); 5] = [
    (LiveStatus::Equal, "equal"),
    (LiveStatus::Drift, "drift"),
    (LiveStatus::Partial, "partial"),
    (LiveStatus::Unreachable, "unreachable"),
    (LiveStatus::Failed, "failed"),
];

impl LiveReport {
    /// Notes which servers were compared in full at this moment.
    pub fn note_success(&self, at: u64, last: &mut LastSuccess) {
        let is_full = |server: &&LiveServer| matches!(server.status, LiveStatus::Equal | LiveStatus::Drift);
        last.extend(self.servers.iter().filter(is_full).map(|server| (server.name.clone(), at)));
    }

    /// The text that Prometheus reads; `at` is the moment of the look, in seconds since 1970.
    #[must_use]
    pub fn metrics(&self, at: u64, last: &LastSuccess) -> String {
        let mut text = String::new();
        let mut family = |name: &str, help: &str, samples: Vec<(String, u64)>| {
            if samples.is_empty() {
                return;
            }
            let _ = writeln!(text, "# HELP redisconf_{name} {help}\n# TYPE redisconf_{name} gauge");
            for (labels, value) in samples {
                let _ = writeln!(text, "redisconf_{name}{labels} {value}");
            }
        };
        let each = |value: fn(&LiveServer) -> u64| -> Vec<(String, u64)> {
            self.servers.iter().map(|server| (labels(&[("instance", &server.name)]), value(server))).collect()
        };
        let statuses = self.servers.iter().flat_map(|server| {
            STATUSES.iter().map(|(status, word)| {
                (labels(&[("instance", &server.name), ("status", word)]), u64::from(server.status == *status))
            })
        });
        family("status", "how an instance stands: 1 for one of the statuses", statuses.collect());
        family(
            "drift_directives",
            "directives that are not as declared, or would be lost on a restart",
            each(|server| server.differences.len() as u64),
        );
        family("drift", "a directive that is not as declared (error), or is allowed or unmanaged (info)", self.drift());
        family(
            "compared_directives",
            "declared directives that were compared; without them no drift means nothing",
            each(|server| (server.equal + server.differences.len()) as u64),
        );
        family(
            "not_compared_directives",
            "declared directives that could not be compared",
            each(|server| server.not_compared as u64),
        );
        let successes = self
            .servers
            .iter()
            .map(|server| (labels(&[("instance", &server.name)]), last.get(&server.name).copied().unwrap_or_default()));
        family(
            "last_success_timestamp_seconds",
            "when an instance was last compared in full; 0 for never",
            successes.collect(),
        );
        family("last_run_timestamp_seconds", "when it was last tried", vec![(String::new(), at)]);
        text
    }

    fn drift(&self) -> Vec<(String, u64)> {
        // A name of a user stands once, and so does every directive; still nothing may stand twice.
        let mut samples = BTreeMap::new();
        for server in &self.servers {
            let all = [("info", &server.unmanaged), ("info", &server.others), ("error", &server.differences)];
            for (severity, lines) in all {
                for line in lines {
                    let labels = [("instance", &*server.name), ("directive", &line.directive), ("severity", severity)];
                    samples.insert(self::labels(&labels), 1);
                }
            }
        }
        samples.into_iter().collect()
    }
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let escaped = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    let each: Vec<String> = pairs.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
    format!("{{{}}}", each.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, status: LiveStatus) -> LiveServer {
        LiveServer {
            name: name.into(),
            address: String::new(),
            environment: None,
            server: None,
            role: None,
            status,
            effect: "none",
            reason: None,
            help: None,
            differences: Vec::new(),
            others: Vec::new(),
            unmanaged: Vec::new(),
            equal: 3,
            not_compared: 2,
            per_node: 0,
            unknown: Vec::new(),
            notes: Vec::new(),
            topology: None,
            nodes: Vec::new(),
        }
    }

    #[test]
    fn what_could_not_be_compared_is_not_taken_for_no_drift() {
        let report = LiveReport::new(vec![server("a\"b", LiveStatus::Equal), server("c", LiveStatus::Partial)]);
        let mut last = LastSuccess::new();
        report.note_success(7, &mut last);
        let text = report.metrics(9, &last);
        for line in [
            "redisconf_status{instance=\"a\\\"b\",status=\"equal\"} 1",
            "redisconf_status{instance=\"c\",status=\"equal\"} 0",
            "redisconf_status{instance=\"c\",status=\"partial\"} 1",
            "redisconf_compared_directives{instance=\"c\"} 3",
            "redisconf_not_compared_directives{instance=\"c\"} 2",
            "redisconf_last_success_timestamp_seconds{instance=\"a\\\"b\"} 7",
            "redisconf_last_success_timestamp_seconds{instance=\"c\"} 0",
            "redisconf_last_run_timestamp_seconds 9",
        ] {
            assert!(text.lines().any(|one| one == line), "{line}\n{text}");
        }
        assert!(!text.contains("redisconf_drift{"));
    }
}
