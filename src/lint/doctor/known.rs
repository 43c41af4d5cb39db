//! What the evidence tells of the place where a server runs: facts for the rules that judge its configuration.

use super::part_of;
use crate::facts::{self, Facts, Said, Unit};
use crate::snapshot::{Evidence, Snapshot};
use crate::source::{SourceId, Span};

/// The facts that the evidence tells; what was declared is to be learned above them.
#[must_use]
pub fn facts_of(snapshot: &Snapshot, evidence: &Evidence) -> Facts {
    let mut known = Known(Facts::default());
    let info = snapshot.info();
    let text = |field: &str| info.get(field);
    let number = |field: &str| text(field).and_then(|value| value.parse::<u64>().ok());
    let host = evidence.host.as_ref();
    // INFO knows the machine's memory; a control group may allow less.
    let limit = host.and_then(|host| host.memory_limit);
    known.bytes("memory", number("total_system_memory").into_iter().chain(limit).filter(|bytes| *bytes > 0).min());
    known.bytes("dataset", number("used_memory_dataset"));
    known.word("role", text("role").map(|role| if role == "master" { "primary" } else { "replica" }));
    known.count("replicas", number("connected_slaves").filter(|_| text("role") == Some("master")));
    if text("cluster_enabled") == Some("1") {
        known.word("failover", Some("cluster"));
    }
    let (mut keys, mut expires) = (0_u64, 0_u64);
    for (name, value) in info.iter() {
        if name.strip_prefix("db").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit())) {
            let part = |part| part_of(value, part).and_then(|value| value.parse().ok()).unwrap_or(0);
            keys = keys.saturating_add(part("keys"));
            expires = expires.saturating_add(part("expires"));
        }
    }
    if keys >= 100 {
        known.percent("ttl-share", u8::try_from(super::percent(expires, keys)).ok());
    }
    if let Some(host) = host {
        known.word(
            "overcommit",
            host.overcommit.map(|word| {
                if word == 1 {
                    "1"
                } else if word == 2 {
                    "2"
                } else {
                    "0"
                }
            }),
        );
        let words = ["always", "madvise", "never"];
        let thp = words.into_iter().find(|word| host.huge_pages.as_deref() == Some(*word));
        known.word("thp", thp);
        known.count("somaxconn", host.somaxconn);
        known.bytes("swap", host.swap);
        known.count("nofile", host.open_files);
        let cores = host.processors.map(super::float);
        known.processors("cpus", cores.into_iter().chain(host.processor_limit).reduce(f64::min));
    }
    known.0
}

struct Known(Facts);

impl Known {
    fn learn(&mut self, name: &str, said: Option<Said>) {
        let definition = facts::definition(name).expect("it is a fact");
        if let Some(said) = said {
            self.0.learn(definition, said, Span { source: SourceId::ROOT, start: 0, end: 0 });
        }
    }

    fn bytes(&mut self, name: &str, bytes: Option<u64>) {
        self.learn(name, bytes.map(Said::Bytes));
    }

    fn count(&mut self, name: &str, count: Option<u64>) {
        self.learn(name, count.map(Said::Count));
    }

    fn processors(&mut self, name: &str, cores: Option<f64>) {
        self.learn(name, cores.map(Said::Processors));
    }

    fn percent(&mut self, name: &str, share: Option<u8>) {
        self.learn(name, share.map(Said::Percent));
    }

    /// A word of the fact's own list.
    fn word(&mut self, name: &str, word: Option<&'static str>) {
        let known = facts::definition(name).is_some_and(|definition| match definition.unit {
            Unit::Word(words) => word.is_some_and(|word| words.contains(&word)),
            Unit::Bytes
            | Unit::BytesPerSecond
            | Unit::Count
            | Unit::Processors
            | Unit::Duration
            | Unit::Permissions
            | Unit::Percent => false,
        });
        self.learn(name, word.filter(|_| known).map(Said::Word));
    }
}
