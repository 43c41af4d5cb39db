//! What may be lost: writes on a replica, on a primary that is cut off, and on one that comes back empty.

use super::primary;
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static MIN_REPLICAS_IMPOSSIBLE: Rule = Rule {
    id: "min-replicas-impossible",
    severity: Severity::Error,
    summary: "more replicas must be there than there are",
    docs: "With fewer good replicas than `min-replicas-to-write` every write is refused: NOREPLICAS. Above their number that is
so from the start; at their number the restart of a single replica stops all writes.

Bad:
    # redisconf: replicas=1
    min-replicas-to-write 2

Good:
    # redisconf: replicas=2
    min-replicas-to-write 1
",
    group: Group::Replication,
    source: "seven servers, run",
    facts: &["replicas"],
    modes: &[Mode::Server],
    check: Check::Config(min_replicas_impossible),
    ..Rule::BASE
};

pub(crate) static MIN_REPLICAS_INERT: Rule = Rule {
    id: "min-replicas-inert",
    severity: Severity::Warning,
    summary: "replicas are asked for, and the lag of 0 switches that off",
    docs: "`min-replicas-max-lag 0` does not mean \"no lag\": it switches the check off, and a primary without any replica takes
writes. The built-in value is 10 seconds.

Bad:
    min-replicas-to-write 1
    min-replicas-max-lag 0

Good:
    min-replicas-to-write 1
    min-replicas-max-lag 10
",
    group: Group::Replication,
    source: "seven servers without a replica, run",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(min_replicas_inert),
    ..Rule::BASE
};

pub(crate) static MIN_REPLICAS_UNSET: Rule = Rule {
    id: "min-replicas-unset",
    severity: Severity::Info,
    summary: "a primary that is cut off goes on taking writes that will be lost",
    docs: "When a failover promotes a replica, the old primary may not know for a while; clients on its side go on writing, and
all of it is dropped when it comes back as a replica. `min-replicas-to-write 1` bounds that to the lag of 10
seconds. Caches need not care.

Bad:
    # redisconf: failover=sentinel replicas=2
    port 6379

Good:
    # redisconf: failover=sentinel replicas=2
    port 6379
    min-replicas-to-write 1
",
    group: Group::Replication,
    source: "valkey.io/topics/sentinel, \"Example 2: basic setup with three boxes\"",
    facts: &["failover", "replicas"],
    modes: &[Mode::Server],
    check: Check::Config(min_replicas_unset),
    ..Rule::BASE
};

pub(crate) static REPLICA_EVICTS: Rule = Rule {
    id: "replica-evicts",
    severity: Severity::Warning,
    summary: "a replica evicts on its own, and no longer holds what its primary holds",
    docs: "By default a replica leaves eviction to its primary and follows its deletions. With `replica-ignore-maxmemory no` it
drops keys by its own measure: of 4,000 keys of the primary a replica with 3 MB kept about 1,000 on Redis and none on
Valkey, with the link up and no error. Promoted, that is the data.

Bad:
    replica-ignore-maxmemory no

Good:
    replica-ignore-maxmemory yes
",
    group: Group::Replication,
    source: "seven pairs of servers, run; valkey.io/topics/replication, \"Maxmemory on replicas\"",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(evicts),
    ..Rule::BASE
};

pub(crate) static REPLICA_WRITABLE: Rule = Rule {
    id: "replica-writable",
    severity: Severity::Warning,
    summary: "clients may write to a replica, and nobody else will see it",
    docs: "What is written to a replica stays there until the next full copy wipes it; the primary and the other replicas never
learn of it. There is no longer a use for it: since Redis 7.0 commands that need a place to store have read-only
forms.

Bad:
    replica-read-only no

Good:
    replica-read-only yes
",
    group: Group::Replication,
    source: "valkey.io/topics/replication, \"Read-only replica\"",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(writable),
    ..Rule::BASE
};

pub(crate) static VOLATILE_PRIMARY_RESTARTS: Rule = Rule {
    id: "volatile-primary-restarts",
    severity: Severity::Error,
    summary: "a primary that keeps nothing is restarted, and its replicas copy the emptiness",
    docs:
        "Without snapshots and append-only file a restart ends with no keys. If something restarts the process before a
failover is noticed, the replicas connect again and copy that: 100 keys became 0 on both sides within 3 seconds.
Keep the data on the primary, or do not restart it by itself.

Bad:
    # redisconf: replicas=1 auto-restart=yes
    save \"\"

Good:
    # redisconf: replicas=1 auto-restart=yes
    save \"\"
    appendonly yes
",
    group: Group::Replication,
    source: "seven pairs of servers, run; valkey.io/topics/replication, \"Safety of replication when primary has persistence turned off\"",
    facts: &["replicas", "auto-restart"],
    modes: &[Mode::Server],
    check: Check::Config(volatile_primary),
    ..Rule::BASE
};

/// A line with another value.
fn put(case: &Case<'_>, name: &str, value: &str) -> Option<Fix> {
    let id = case.set_by(name)?;
    let mut words = case.words(id);
    words.truncate(1);
    words.push(value.as_bytes().to_vec());
    Some(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]))
}

fn min_replicas_impossible(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(wanted) = case.int("min-replicas-to-write").and_then(|count| u64::try_from(count).ok()) else { return };
    if wanted == 0 || case.int("min-replicas-max-lag") == Some(0) {
        return;
    }
    let Some(replicas) = report.count("replicas").filter(|replicas| *replicas <= wanted) else { return };
    let at = case.place("min-replicas-to-write");
    let are = |count: u64| if count == 1 { "1 replica".to_owned() } else { format!("{count} replicas") };
    report.add(if replicas < wanted {
        let help = if replicas > 1 { format!("set {}", replicas - 1) } else { "drop the line, or add replicas".into() };
        MIN_REPLICAS_IMPOSSIBLE
            .finding(
                at,
                format!("every write is refused: {} must be there, and there is {}", are(wanted), are(replicas)),
            )
            .help(help)
    } else {
        let mut finding = MIN_REPLICAS_IMPOSSIBLE
            .finding(at, "the restart of one replica stops all writes")
            .help("ask for one less than there are, or add a replica");
        finding.severity = Severity::Warning;
        finding
    });
}

fn min_replicas_inert(case: &Case<'_>, report: &mut Report<'_>) {
    let wanted = case.int("min-replicas-to-write").unwrap_or(0);
    if wanted == 0 || case.int("min-replicas-max-lag") != Some(0) {
        return;
    }
    let finding = MIN_REPLICAS_INERT
        .finding(case.place("min-replicas-max-lag"), format!("{wanted} replicas are asked for, and nobody looks"))
        .help("set `min-replicas-max-lag 10`");
    let fix = put(case, "min-replicas-max-lag", "10");
    report.add(match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    });
}

fn min_replicas_unset(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_partial() || case.config.is_cluster() || case.int("min-replicas-to-write") != Some(0) {
        return;
    }
    if case.facts.word("workload").is_some_and(|workload| workload.contains("cache") || workload == "pubsub") {
        return;
    }
    if !matches!(report.word("failover"), Some("sentinel" | "operator")) {
        return;
    }
    if report.count("replicas").is_none_or(|replicas| replicas < 2) {
        return;
    }
    report.add(
        MIN_REPLICAS_UNSET
            .finding(case.place("min-replicas-to-write"), "a primary that is cut off goes on taking writes")
            .help("set `min-replicas-to-write 1`"),
    );
}

fn evicts(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("replica-ignore-maxmemory") != Some(false) {
        return;
    }
    let finding = REPLICA_EVICTS
        .finding(case.place("replica-ignore-maxmemory"), "a replica drops keys that its primary keeps")
        .help("set `replica-ignore-maxmemory yes`, and give replicas as much memory as the primary");
    report.add(match put(case, "replica-ignore-maxmemory", "yes") {
        Some(fix) => finding.fix(fix),
        None => finding,
    });
}

fn writable(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("replica-read-only") != Some(false) {
        return;
    }
    let finding = REPLICA_WRITABLE
        .finding(case.place("replica-read-only"), "what is written to a replica is lost with the next full copy")
        .help("set `replica-read-only yes`");
    report.add(match put(case, "replica-read-only", "yes") {
        Some(fix) => finding.fix(fix),
        None => finding,
    });
}

fn volatile_primary(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_partial() || case.persists() != Some(false) || primary(case).is_some() {
        return;
    }
    if case.facts.word("role") == Some("replica") {
        return;
    }
    // Where there is nothing to keep, nothing is lost.
    if case.facts.word("workload") == Some("pubsub") {
        return;
    }
    if report.count("replicas").is_none_or(|replicas| replicas == 0) {
        return;
    }
    if report.word("auto-restart") != Some("yes") {
        return;
    }
    let mut finding = VOLATILE_PRIMARY_RESTARTS
        .finding(case.place("save"), "a restart of this primary empties its replicas too")
        .help("set `appendonly yes`, or leave the restart to those who move the role of primary");
    // A cache that is empty is slow, and fills again.
    if case.facts.word("workload").is_some_and(|workload| workload.contains("cache")) {
        report.used("workload");
        finding.severity = Severity::Warning;
    }
    report.add(finding);
}
