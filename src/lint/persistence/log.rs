//! Rules about the append-only file.

use super::{Worth, appends, is_known, saves, worth};
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};

pub(crate) static AOF_REWRITE_OFF: Rule = Rule {
    id: "aof-rewrite-off",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "an append-only file that only grows",
    docs: "With `auto-aof-rewrite-percentage 0` the file is never rewritten by itself: it grows until the disk is full, and a
restart replays every write there ever was. Files of more than 20 GiB kept a server loading until its probe killed it.

Bad:
    appendonly yes
    auto-aof-rewrite-percentage 0

Good:
    appendonly yes
    auto-aof-rewrite-percentage 100
",
    source: "bitnami/charts#2034; valkey.io/topics/persistence",
    fix: Some(Safety::Unsafe),
    check: Check::Config(aof_rewrite_off),
    ..Rule::BASE
};

pub(crate) static AOF_REWRITE_THRASH: Rule = Rule {
    id: "aof-rewrite-thrash",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "an append-only file that is rewritten all the time",
    docs: "A rewrite forks and writes all data anew. Below a growth of 50 %, or from less than 16mb on, rewrites follow one
another closely for little gain. The defaults are 100 % and 64mb.

Bad:
    appendonly yes
    auto-aof-rewrite-percentage 10

Good:
    appendonly yes
    auto-aof-rewrite-percentage 100
",
    source: "engineering judgement: the servers take any number from 0",
    fix: Some(Safety::Unsafe),
    check: Check::Config(aof_rewrite_thrash),
    ..Rule::BASE
};

pub(crate) static AOF_WITHOUT_RDB: Rule = Rule {
    id: "aof-without-rdb",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "an append-only file and no snapshots beside it",
    docs: "The documentation discourages the append-only file alone: a snapshot is what backups copy, what a faster restart
reads, and what is left should the log be damaged. Snapshots also go on to be taken before a shutdown. It does not
save memory either: rewriting the log forks as well.

Bad:
    appendonly yes
    save \"\"

Good:
    appendonly yes
    save 3600 1
",
    source: "valkey.io/topics/persistence: which should I use",
    fix: Some(Safety::Unsafe),
    check: Check::Config(aof_without_rdb),
    ..Rule::BASE
};

pub(crate) static APPENDFSYNC_ALWAYS_CANCELLED: Rule = Rule {
    id: "appendfsync-always-cancelled",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "`appendfsync always` that does not hold during rewrites",
    docs: "`always` promises that an acknowledged write is on disk, and pays for it with every write. `no-appendfsync-on-rewrite
yes` takes the promise back while a rewrite or a snapshot runs: up to 30 s of acknowledged writes can be lost then.

Bad:
    appendonly yes
    appendfsync always
    no-appendfsync-on-rewrite yes

Good:
    appendonly yes
    appendfsync always
    no-appendfsync-on-rewrite no
",
    source: "the comments of valkey.conf on no-appendfsync-on-rewrite",
    fix: Some(Safety::Unsafe),
    check: Check::Config(appendfsync_always_cancelled),
    ..Rule::BASE
};

pub(crate) static APPENDFSYNC_ALWAYS_COST: Rule = Rule {
    id: "appendfsync-always-cost",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "every write waits for the disk",
    docs: "With `appendfsync always` one client wrote 4,500 times a second on a fast local disk, against 13,200 with
`everysec`; on slow disks 200 to 1,700 times. On a network disk, or for data that nobody misses, that is a high price;
where data may not be lost (`data-loss-accepted=0`, locks, primary data) it is the right choice.

Bad:
    # redisconf: disk=network
    appendonly yes
    appendfsync always

Good:
    # redisconf: disk=network
    appendonly yes
    appendfsync everysec
",
    source: "measured on Redis 7.4 and Valkey 8.1; LATENCY DOCTOR, aof-fsync-always",
    fix: Some(Safety::Unsafe),
    check: Check::Config(appendfsync_always_cost),
    ..Rule::BASE
};

pub(crate) static APPENDFSYNC_NO: Rule = Rule {
    id: "appendfsync-no",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "the kernel decides when writes reach the disk",
    docs: "With `appendfsync no` Linux writes what was appended after about 30 s: that much is lost with the host. `everysec`
costs hardly more and loses a second.

Bad:
    # redisconf: workload=primary
    appendonly yes
    appendfsync no

Good:
    # redisconf: workload=primary
    appendonly yes
    appendfsync everysec
",
    source: "valkey.io/topics/persistence: how durable is the append only file",
    fix: Some(Safety::Unsafe),
    check: Check::Config(appendfsync_no),
    ..Rule::BASE
};

pub(crate) static NO_FSYNC_DURING_REWRITE: Rule = Rule {
    id: "no-fsync-during-rewrite",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "durability pauses during rewrites and snapshots",
    docs: "With `no-appendfsync-on-rewrite yes` nothing is synced while a rewrite or a snapshot runs, which on a large dataset
is minutes an hour: up to 30 s of writes are lost if the host goes down then. It avoids latency where the disk is the
bottleneck; data that must last need a faster disk instead.

Bad:
    # redisconf: workload=queue
    appendonly yes
    no-appendfsync-on-rewrite yes

Good:
    # redisconf: workload=queue
    appendonly yes
    no-appendfsync-on-rewrite no
",
    source: "the comments of valkey.conf on no-appendfsync-on-rewrite",
    fix: Some(Safety::Unsafe),
    check: Check::Config(no_fsync_during_rewrite),
    ..Rule::BASE
};

pub(crate) static RDB_PREAMBLE_OFF: Rule = Rule {
    id: "rdb-preamble-off",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "a rewritten log without a snapshot at its head",
    docs: "With `aof-use-rdb-preamble no` a rewrite writes commands instead of a compact snapshot: the file is larger and a
restart slower. Only tools that read the log as text need it, and moving data to a server that cannot load the snapshot.

Bad:
    appendonly yes
    aof-use-rdb-preamble no

Good:
    appendonly yes
    aof-use-rdb-preamble yes
",
    source: "the comments of redis.conf; valkey.io/topics/persistence",
    fix: Some(Safety::Unsafe),
    check: Check::Config(rdb_preamble_off),
    ..Rule::BASE
};

/// Proposes a value.
fn choose(case: &Case<'_>, finding: Finding, name: &str, value: &str) -> Finding {
    let finding = finding.help(format!("set `{name} {value}`"));
    match edits::set(case, name, &[value]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    }
}

fn aof_rewrite_off(case: &Case<'_>, report: &mut Report<'_>) {
    let name = "auto-aof-rewrite-percentage";
    let Some(id) = case.set_by(name) else { return };
    if case.int(name) == Some(0) && appends(case) == Some(true) {
        let finding = AOF_REWRITE_OFF.finding(case.at(id), "the append-only file is never rewritten, so it only grows");
        report.add(choose(case, finding, name, "100"));
    }
}

fn aof_rewrite_thrash(case: &Case<'_>, report: &mut Report<'_>) {
    if !case.is_set("auto-aof-rewrite-percentage") && !case.is_set("auto-aof-rewrite-min-size") {
        return;
    }
    if appends(case) != Some(true) {
        return;
    }
    let (percent, size) = ("auto-aof-rewrite-percentage", "auto-aof-rewrite-min-size");
    if let Some(id) = case.set_by(percent)
        && let Some(growth @ 1..50) = case.int(percent)
    {
        let message = format!("a growth of {growth}% starts the next rewrite");
        report.add(choose(case, AOF_REWRITE_THRASH.finding(case.at(id), message), percent, "100"));
    }
    if let Some(id) = case.set_by(size)
        && case.bytes(size).is_some_and(|bytes| bytes < 16 << 20)
        && case.int(percent) != Some(0)
    {
        let message = "a file of a few megabytes is rewritten again and again";
        report.add(choose(case, AOF_REWRITE_THRASH.finding(case.at(id), message), size, "64mb"));
    }
}

fn aof_without_rdb(case: &Case<'_>, report: &mut Report<'_>) {
    if appends(case) != Some(true) || saves(case) != Some(false) || worth(case) == Worth::Transient {
        return;
    }
    let finding =
        AOF_WITHOUT_RDB.finding(case.place("save"), "no snapshot is left should the append-only file be damaged");
    let finding = finding.help("take one now and then: `save 3600 1`");
    report.used("workload");
    report.add(match edits::set(case, "save", &["3600", "1"]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    });
}

/// How often the log is synced; `None` where none is written, or that cannot be told.
fn fsync(case: &Case<'_>) -> Option<&'static str> {
    if appends(case) != Some(true) || !is_known(case, "appendfsync") {
        return None;
    }
    case.choice("appendfsync")
}

fn appendfsync_always_cancelled(case: &Case<'_>, report: &mut Report<'_>) {
    let name = "no-appendfsync-on-rewrite";
    let Some(id) = case.set_by(name) else { return };
    if fsync(case) != Some("always") || case.is_on(name) != Some(true) {
        return;
    }
    let message = "acknowledged writes can be lost while a rewrite or a snapshot runs";
    let finding = APPENDFSYNC_ALWAYS_CANCELLED.finding(case.at(id), message);
    let finding = finding.label(case.place("appendfsync"), "this promises that none is");
    report.add(choose(case, finding, name, "no"));
}

fn appendfsync_always_cost(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("appendfsync") else { return };
    if fsync(case) != Some("always") {
        return;
    }
    let slow = case.facts.word("disk") == Some("network");
    let strict = case.facts.milliseconds("data-loss-accepted").is_some_and(|time| time < 1000);
    let mut finding = APPENDFSYNC_ALWAYS_COST.finding(case.at(id), "every write waits until the disk has it");
    finding.severity = match worth(case) {
        Worth::Durable | Worth::Open if strict => return,
        Worth::Transient => Severity::Warning,
        Worth::Durable | Worth::Open if slow => Severity::Warning,
        Worth::Durable => return,
        Worth::Open => Severity::Info,
    };
    for fact in ["disk", "workload", "data-loss-accepted"] {
        report.used(fact);
    }
    report.add(choose(case, finding, "appendfsync", "everysec"));
}

fn appendfsync_no(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("appendfsync") else { return };
    if fsync(case) != Some("no") || worth(case) == Worth::Transient {
        return;
    }
    let mut finding = APPENDFSYNC_NO.finding(case.at(id), "about 30 s of writes are lost with the host");
    if worth(case) == Worth::Open {
        finding.severity = Severity::Info;
    }
    report.used("workload");
    report.add(choose(case, finding, "appendfsync", "everysec"));
}

fn no_fsync_during_rewrite(case: &Case<'_>, report: &mut Report<'_>) {
    let name = "no-appendfsync-on-rewrite";
    let Some(id) = case.set_by(name) else { return };
    let pauses = fsync(case) == Some("everysec") && case.is_on(name) == Some(true);
    if !pauses || worth(case) == Worth::Transient {
        return;
    }
    let message = "up to 30 s of writes are lost if the host goes down during a rewrite or a snapshot";
    let mut finding = NO_FSYNC_DURING_REWRITE.finding(case.at(id), message);
    if worth(case) == Worth::Open {
        finding.severity = Severity::Info;
    }
    report.used("workload");
    report.add(choose(case, finding, name, "no"));
}

fn rdb_preamble_off(case: &Case<'_>, report: &mut Report<'_>) {
    let name = "aof-use-rdb-preamble";
    let Some(id) = case.set_by(name) else { return };
    if case.is_on(name) == Some(false) && appends(case) == Some(true) {
        let finding = RDB_PREAMBLE_OFF.finding(case.at(id), "the log is larger and a restart slower without it");
        report.add(choose(case, finding, name, "yes"));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    #[test]
    fn how_often_to_sync_depends_on_what_is_kept() {
        for (rule, facts, text, severity) in [
            ("appendfsync-no", "", "appendfsync no", Some("info")),
            ("appendfsync-no", "workload=cache", "appendfsync no", None),
            ("appendfsync-always-cost", "", "appendfsync always", Some("info")),
            ("appendfsync-always-cost", "workload=lock", "appendfsync always", None),
            ("appendfsync-always-cost", "workload=cache", "appendfsync always", Some("warning")),
            ("appendfsync-always-cost", "data-loss-accepted=0s disk=network", "appendfsync always", None),
            ("no-fsync-during-rewrite", "", "no-appendfsync-on-rewrite yes", Some("info")),
            ("no-fsync-during-rewrite", "workload=queue", "no-appendfsync-on-rewrite yes\nappendfsync always", None),
        ] {
            let text = format!("# redisconf: {facts}\nappendonly yes\n{text}\n");
            let found = found(rule, &text);
            assert_eq!(found.first().map(|finding| finding.severity.word()), severity, "{rule} {text}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_log_that_is_not_written() {
        for (rule, text) in [
            ("appendfsync-no", "appendfsync no\n"),
            ("aof-rewrite-off", "auto-aof-rewrite-percentage 0\n"),
            ("rdb-preamble-off", "aof-use-rdb-preamble no\n"),
            ("aof-without-rdb", "save \"\"\n"),
            ("aof-rewrite-thrash", "appendonly yes\nauto-aof-rewrite-percentage 0\nauto-aof-rewrite-min-size 1mb\n"),
        ] {
            assert_eq!(found(rule, text), [], "{rule}");
        }
    }
}
