//! What the probes of Kubernetes make of a server that loads its data.
//!
//! `redis-cli ping` ends with 0 whatever the server answers, so that it takes a server for alive that is still loading
//! (`LOADING`) or wants a password (`NOAUTH`); with `-e`, or through `grep PONG`, it does not. A script in a file may do either.

use super::known;
use super::yaml::Yaml;
use crate::facts::Facts;
use crate::source::Span;

/// What a probe asks of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// That it listens, or answers anything.
    Anything,
    /// The right answer.
    Pong,
    /// Nobody knows.
    Unknown,
}

/// Learns the facts that the probes of a container tell; `at` is the place for what is not there.
pub(super) fn learn(facts: &mut Facts, container: Yaml<'_>, at: Span) {
    let probe = |name: &str| {
        let probe = container.get(name).filter(|probe| probe.is_map())?;
        Some((probe, container.key(name).map_or(probe.at(), Yaml::at)))
    };
    let (liveness, readiness, startup) = (probe("livenessProbe"), probe("readinessProbe"), probe("startupProbe"));
    for (name, fact, probe) in [("livenessProbe", "liveness", liveness), ("readinessProbe", "readiness", readiness)] {
        match probe {
            Some((probe, at)) => learn_one(facts, name, probe, at),
            None if container.get(name).is_none() => known::word(facts, fact, "none", at),
            None => {}
        }
    }
    // A startup probe holds the others back until it succeeds once; one that any answer satisfies does so at once.
    let holding = startup.filter(|(probe, _)| asks(*probe) != Asks::Anything);
    match (holding, liveness) {
        (Some((probe, at)), _) if asks(probe) == Asks::Pong => known::time(facts, "startup-budget", budget(probe), at),
        (None, Some((probe, at))) if asks(probe) == Asks::Pong => {
            known::time(facts, "startup-budget", budget(probe), at);
        }
        (_, _) => {}
    }
}

/// What one probe tells, by the name that Kubernetes has for it.
pub(super) fn learn_one(facts: &mut Facts, name: &str, probe: Yaml<'_>, at: Span) {
    let (fact, anything, pong) = match name {
        "livenessProbe" => ("liveness", "accepts-loading", "kills-loading"),
        _ => ("readiness", "ignores-reply", "compares-reply"),
    };
    match asks(probe) {
        Asks::Anything => known::word(facts, fact, anything, at),
        Asks::Pong => known::word(facts, fact, pong, at),
        Asks::Unknown => {}
    }
}

/// How long a probe may fail before the container is killed, in milliseconds.
fn budget(probe: Yaml<'_>) -> Option<u64> {
    let number = |key: &str, default: u64| probe.get(key).map_or(Some(default), Yaml::number);
    let (delay, period) = (number("initialDelaySeconds", 0)?, number("periodSeconds", 10)?);
    let failures = number("failureThreshold", 3)?;
    delay.checked_add(period.checked_mul(failures)?)?.checked_mul(1000)
}

fn asks(probe: Yaml<'_>) -> Asks {
    if probe.get("tcpSocket").is_some() {
        return Asks::Anything;
    }
    let words: Vec<&str> = probe
        .path(&["exec", "command"])
        .map(Yaml::items)
        .unwrap_or_default()
        .into_iter()
        .filter_map(Yaml::text)
        .collect();
    asked(&words.join(" "))
}

fn asked(command: &str) -> Asks {
    let word = |wanted: &str| {
        command.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').any(|word| word == wanted)
    };
    let client = command.contains("redis-cli") || command.contains("valkey-cli");
    if !client || !(word("ping") || word("PING") || word("INFO") || word("info")) {
        return Asks::Unknown;
    }
    if command.contains("LOADING") {
        return Asks::Anything;
    }
    if command.contains("PONG") || word("-e") {
        return Asks::Pong;
    }
    // Whatever else looks at the answer is not known.
    let looks = ["grep", "awk", "sed", "test", "[", "if", "$("].iter().any(|tool| command.contains(tool));
    if looks { Asks::Unknown } else { Asks::Anything }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_that_compares_is_told_from_one_that_does_not() {
        for (command, said) in [
            ("redis-cli ping", Asks::Anything),
            ("sh -c redis-cli -a $PASSWORD ping", Asks::Anything),
            ("valkey-cli -h localhost ping", Asks::Anything),
            ("redis-cli -e ping", Asks::Pong),
            ("sh -c redis-cli ping | grep -q PONG", Asks::Pong),
            ("sh -c test \"$(redis-cli ping)\" = PONG", Asks::Pong),
            ("sh -c redis-cli ping | grep -qE 'PONG|LOADING'", Asks::Anything),
            ("sh -c redis-cli ping | grep x", Asks::Unknown),
            ("sh -c /health/ping_liveness_local.sh 5", Asks::Unknown),
            ("", Asks::Unknown),
        ] {
            assert_eq!(asked(command), said, "{command}");
        }
    }
}
