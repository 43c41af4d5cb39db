//! Snapshots: whether they succeed, and whether there are any.

use super::measure::{count, running, seconds, time_text, word};
use super::{LIVE, LiveCase};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static SNAPSHOT_FAILED: Rule = Rule {
    id: "snapshot-failed",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "the last snapshot failed",
    docs: "With save points and `stop-writes-on-bgsave-error yes` a server refuses all writes (`-MISCONF`) until a
snapshot succeeds; without, the data on disk are older each hour. The log says why: a full disk, a folder
that is not its own, no memory for the fork.

Bad:
    rdb_last_bgsave_status: err

Good:
    rdb_last_bgsave_status: ok
",
    source: "awesome-prometheus-alerts; src/server.c of all servers",
    check: Check::Live(failed),
    ..LIVE
};

fn failed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(status) = report.seen("rdb_last_bgsave_status", live.info("rdb_last_bgsave_status")) else { return };
    if status == "ok" {
        return;
    }
    let stops = live.is_on("stop-writes-on-bgsave-error") == Some(true)
        && live.save_points().is_some_and(|points| !points.is_empty());
    let then = if stops { ": all writes are refused" } else { ": what is on disk grows old" };
    let proof = Proof::of([word("rdb_last_bgsave_status", status, "INFO")])
        .above("anything but `ok`", "awesome-prometheus-alerts");
    let message = format!("the last snapshot failed{then}");
    let help = "look into the server's log, free space in `dir`, check who owns it and `vm.overcommit_memory`";
    report.add(SNAPSHOT_FAILED.finding(live.place("save"), message).help(help).proof(proof));
}

pub(in crate::lint) static SNAPSHOT_STALE: Rule = Rule {
    id: "snapshot-stale",
    group: Group::Persistence,
    summary: "there are changes, and no snapshot was taken for long",
    docs: "After twice the longest time of any save point with changes there should have been a snapshot. There was
none: it fails, or its time is spent otherwise.

Bad:
    save 3600 1
    rdb_changes_since_last_save: 5000
    rdb_last_save_time: 1789900000

Good:
    save 3600 1
    rdb_changes_since_last_save: 5000
    rdb_last_save_time: 1789999000
",
    source: "awesome-prometheus-alerts (48 h for backups); twice the point is a judgement of redisconf",
    check: Check::Live(stale),
    ..LIVE
};

fn stale(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(points) = report.seen("CONFIG GET", live.save_points()) else { return };
    let changes = live.number("rdb_changes_since_last_save").unwrap_or(0);
    let due = points.iter().filter(|point| u64::try_from(point.changes).is_ok_and(|least| changes >= least));
    let Some(longest) = due.filter_map(|point| u64::try_from(point.seconds).ok()).max() else { return };
    let (Some(last), Some(now)) = (live.number("rdb_last_save_time"), live.now()) else {
        report.seen::<()>("rdb_last_save_time", None);
        return;
    };
    let since = now.saturating_sub(last);
    if since <= longest.saturating_mul(2) || live.number("rdb_bgsave_in_progress") == Some(1) {
        return;
    }
    let message = format!("{changes} changes are in no snapshot: the last is {} old", time_text(since * 1000));
    let proof = Proof::of([
        count("rdb_changes_since_last_save", changes),
        seconds("since rdb_last_save_time", since),
        seconds("longest save point", longest),
    ])
    .above("twice the save point", "a judgement of redisconf; awesome-prometheus-alerts has 48 h for backups");
    let help = "look into the server's log for failed snapshots, and take one: BGSAVE";
    report.add(SNAPSHOT_STALE.finding(live.place("save"), message).help(help).proof(proof));
}

pub(in crate::lint) static PRIMARY_WITHOUT_PERSISTENCE: Rule = Rule {
    id: "primary-without-persistence",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "a primary with replicas keeps nothing on disk",
    docs: "If such a primary is restarted, it comes back empty, and its replicas copy that: all data are gone from all
of them within seconds. A failover that is faster than the restart is luck.

Bad:
    save \"\"
    appendonly no
    connected_slaves: 2

Good:
    save \"\"
    appendonly yes
    connected_slaves: 2
",
    source: "valkey.io/topics/replication, safety of replication when the primary has persistence off",
    check: Check::Live(unsafe_primary),
    ..LIVE
};

fn unsafe_primary(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let replicas = live.number("connected_slaves").unwrap_or(0);
    if live.is_primary() != Some(true) || replicas == 0 {
        return;
    }
    if report.seen("CONFIG GET", live.persists()) != Some(false) {
        return;
    }
    let workload = live.case.facts.word("workload");
    let message = format!("neither snapshots nor an append-only file, and {replicas} replicas copy an empty restart");
    let proof = Proof::of([count("connected_slaves", replicas), running("save", "\"\""), running("appendonly", "no")])
        .above("any replica", "valkey.io/topics/replication")
        .change("appendonly", "yes");
    let mut finding = PRIMARY_WITHOUT_PERSISTENCE.finding(live.place("appendonly"), message).proof(proof);
    if workload.is_some_and(super::memory::is_cache) {
        report.used("workload");
        finding.severity = Severity::Warning;
    }
    report.add(finding.help("turn `appendonly` or `save` on here, or see that nothing restarts it by itself"));
}
