//! Rules about how long a container may take to start and to stop, and who asks whether it is well.

use super::is_elsewhere;
use crate::config::Value;
use crate::facts::bytes_text;
use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static GRACE_TOO_SHORT: Rule = Rule {
    id: "grace-too-short",
    severity: Severity::Warning,
    group: Group::Container,
    summary: "the container may be killed before the last snapshot is written",
    docs: "On SIGTERM a server with save points writes a snapshot before it ends, and since 7.0 waits up to
`shutdown-timeout` (10 s) for its replicas. After the grace period it is killed, and all writes since the last snapshot
are gone. A snapshot beside the running server took 6 to 19 seconds a gigabyte on two cores, the last one about half of
that; 3 are reckoned here.

Bad:
    # redisconf: server=redis-7.4 grace=30s dataset=20GiB
    save 3600 1

Good:
    # redisconf: server=redis-7.4 grace=120s dataset=20GiB
    save 3600 1
",
    source: "snapshots measured on redis 7.4, 8.2 and valkey 8.1; redis, server.c; bitnami/charts, DandyDeveloper/charts",
    facts: &["grace", "dataset"],
    modes: &[Mode::Server],
    check: Check::Config(grace_too_short),
    ..Rule::BASE
};

pub(crate) static LIVENESS_KILLS_LOADING: Rule = Rule {
    id: "liveness-kills-loading",
    severity: Severity::Error,
    group: Group::Container,
    summary: "the liveness probe fails while data are loaded, so that a large set never gets loaded",
    docs: "A server that loads its data answers -LOADING. A liveness probe that takes this for death restarts it, it
loads again from the start, and so on for ever: the more data, the surer. Liveness should accept LOADING, BUSY and
MASTERDOWN; only readiness may ask for PONG.

Bad:
    # redisconf: server=redis-7.4 liveness=kills-loading
    save 3600 1

Good:
    # redisconf: server=redis-7.4 liveness=accepts-loading
    save 3600 1
",
    source: "helm/charts#15093, bitnami/charts#2034, spotahome/redis-operator#316",
    facts: &["liveness"],
    modes: &[Mode::Server],
    check: Check::Config(liveness_kills_loading),
    ..Rule::BASE
};

pub(crate) static READINESS_IGNORES_REPLY: Rule = Rule {
    id: "readiness-ignores-reply",
    severity: Severity::Warning,
    group: Group::Container,
    summary: "the readiness probe takes any answer for a good one",
    docs:
        "`redis-cli ping` exits with 0 whatever the answer is: LOADING, NOAUTH and MASTERDOWN are answers too. Traffic
then goes to a server that refuses it. Compare the text: `[ \"$(redis-cli ping)\" = PONG ]`.

Bad:
    # redisconf: server=redis-7.4 readiness=ignores-reply
    port 6379

Good:
    # redisconf: server=redis-7.4 readiness=compares-reply
    port 6379
",
    source: "OT-CONTAINER-KIT/redis-operator#1567, webrecorder/browsertrix#1219",
    facts: &["readiness"],
    modes: &[Mode::Server],
    check: Check::Config(readiness_ignores_reply),
    ..Rule::BASE
};

pub(crate) static STARTUP_BUDGET: Rule = Rule {
    id: "startup-budget",
    severity: Severity::Error,
    group: Group::Container,
    summary: "probes give the server less time to start than its data need to load",
    docs: "Until its data are loaded, a server answers -LOADING. If the probes give up before, the container is started
again, and loads again. Reckoned is one and a half times the dataset by the load rate (100 MiB a second, unless
`load-rate` is given), and 10 seconds. Common defaults come to 45 s: enough for 2 GiB.

Bad:
    # redisconf: server=redis-7.4 startup-budget=45s dataset=20GiB
    save 3600 1

Good:
    # redisconf: server=redis-7.4 startup-budget=400s dataset=20GiB
    save 3600 1
",
    source: "OT-CONTAINER-KIT/redis-operator#1567: 70 GB took ten minutes",
    facts: &["startup-budget", "dataset"],
    modes: &[Mode::Server],
    check: Check::Config(startup_budget),
    ..Rule::BASE
};

/// How fast data load where nobody says: 100 MiB a second.
const LOAD_RATE: u64 = 100 << 20;
/// How long the last snapshot of a gigabyte takes, at best, in milliseconds.
const SAVE_OF_A_GIGABYTE: u64 = 3_000;

/// A time in whole seconds, as facts are written: `45s`.
fn seconds(milliseconds: u64) -> String {
    format!("{}s", milliseconds.div_ceil(1000))
}

/// Whether a container has something to load at the start: a file, or the primary's data.
fn loads(case: &Case<'_>) -> bool {
    let is_replica = matches!(case.get("replicaof"), Some(Value::Replica(Some(_))));
    (is_replica || case.persists() == Some(true)) && !is_elsewhere(case)
}

fn liveness_kills_loading(case: &Case<'_>, report: &mut Report<'_>) {
    if loads(case) && report.word("liveness") == Some("kills-loading") {
        let finding = LIVENESS_KILLS_LOADING
            .finding(case.fact_place("liveness"), "the probe restarts a server that is still loading its data")
            .help("let liveness accept LOADING, or add a startup probe that waits long enough");
        report.add(finding);
    }
}

fn readiness_ignores_reply(case: &Case<'_>, report: &mut Report<'_>) {
    if !is_elsewhere(case) && report.word("readiness") == Some("ignores-reply") {
        let finding = READINESS_IGNORES_REPLY
            .finding(case.fact_place("readiness"), "the probe is content with LOADING and NOAUTH")
            .help("compare the answer: `[ \"$(redis-cli ping)\" = PONG ]`");
        report.add(finding);
    }
}

fn startup_budget(case: &Case<'_>, report: &mut Report<'_>) {
    if !loads(case) {
        return;
    }
    let Some(budget) = report.milliseconds("startup-budget") else { return };
    let Some(dataset) = report.bytes("dataset") else { return };
    let rate = case.facts.bytes("load-rate").unwrap_or(LOAD_RATE).max(1);
    report.used("load-rate");
    let needed = dataset.saturating_mul(1500) / rate + 10_000;
    if budget < needed {
        let message =
            format!("{} to start, and {} take about {} to load", seconds(budget), bytes_text(dataset), seconds(needed));
        let finding = STARTUP_BUDGET
            .finding(case.fact_place("startup-budget"), message)
            .help(format!("let a startup probe wait {} or more", seconds(needed)));
        report.add(finding);
    }
}

fn grace_too_short(case: &Case<'_>, report: &mut Report<'_>) {
    // Only a server with save points writes a snapshot when it is told to stop.
    if is_elsewhere(case) || case.save_points().is_none_or(<[_]>::is_empty) {
        return;
    }
    let Some(grace) = report.milliseconds("grace") else { return };
    let Some(dataset) = report.bytes("dataset") else { return };
    let waits = case.int("shutdown-timeout").and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0);
    let waits = if case.facts.count("replicas").is_some_and(|replicas| replicas > 0) { waits * 1000 } else { 0 };
    report.used("replicas");
    let saving = (u128::from(dataset) * u128::from(SAVE_OF_A_GIGABYTE)) >> 30;
    let needed = u64::try_from(saving).unwrap_or(u64::MAX).saturating_add(waits);
    if grace < needed {
        let message = format!(
            "{} to stop, and the last snapshot of {} takes {}",
            seconds(grace),
            bytes_text(dataset),
            seconds(needed)
        );
        let finding = GRACE_TOO_SHORT
            .finding(case.fact_place("grace"), message)
            .help(format!("let it have {} or more", seconds(needed.saturating_mul(3) / 2)));
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::said;

    #[test]
    fn what_has_nothing_to_load_is_started_in_no_time() {
        let probes = "# redisconf: liveness=kills-loading startup-budget=1s dataset=20GiB\n";
        for id in ["liveness-kills-loading", "startup-budget"] {
            assert_eq!(said(id, &format!("{probes}save \"\"\n")), [""; 0]);
            assert_eq!(said(id, &format!("{probes}save \"\"\nreplicaof 10.0.0.1 6379\n")).len(), 1);
        }
        assert_eq!(
            said("grace-too-short", "# redisconf: grace=1s dataset=20GiB\nsave \"\"\nappendonly yes\n"),
            [""; 0]
        );
    }

    #[test]
    fn the_load_rate_counts() {
        let budget = |facts: &str| said("startup-budget", &format!("# redisconf: dataset=20GiB {facts}\nsave 60 1\n"));
        assert_eq!(budget("startup-budget=60s"), ["error: 60s to start, and 20GiB take about 318s to load"]);
        assert_eq!(budget("startup-budget=60s load-rate=1GiB"), [""; 0]);
    }

    #[test]
    fn replicas_make_the_end_longer() {
        let grace =
            |facts: &str| said("grace-too-short", &format!("# redisconf: dataset=1GiB grace=10s {facts}\nsave 60 1\n"));
        assert_eq!((grace("").len(), grace("replicas=1").len()), (0, 1));
    }
}
