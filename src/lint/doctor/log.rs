//! The append-only file: whether it is written, how fast, and how large it grew.

use super::measure::{bytes, count, rose, size, word};
use super::{JUDGEMENT, LIVE, LiveCase};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static AOF_FAILED: Rule = Rule {
    id: "aof-failed",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "the append-only file could not be written",
    docs: "After a failed write a server refuses further writes (`-MISCONF`) until one succeeds; after failed rewrites
the file only grows. Most often the disk is full or the folder is not its own.

Bad:
    aof_enabled: 1
    aof_last_write_status: err

Good:
    aof_enabled: 1
    aof_last_write_status: ok
",
    source: "src/server.c of all servers: what refuses writes after a disk error",
    check: Check::Live(failed),
    ..LIVE
};

fn failed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(enabled) = report.seen("aof_enabled", live.number("aof_enabled")) else { return };
    let is_bad = |field| live.info(field).is_some_and(|status| status != "ok");
    let failures = live.number("aof_rewrites_consecutive_failures").unwrap_or(0);
    let what = if enabled == 1 && is_bad("aof_last_write_status") {
        "the last write to the append-only file failed: writes are refused"
    } else if is_bad("aof_last_bgrewrite_status") || failures > 0 {
        "the last rewrite of the append-only file failed: it only grows"
    } else {
        return;
    };
    let status = |field| word(field, live.info(field).unwrap_or("?"), "INFO");
    let proof = Proof::of([
        status("aof_last_write_status"),
        status("aof_last_bgrewrite_status"),
        count("aof_rewrites_consecutive_failures", failures),
    ])
    .above("anything but `ok`", "src/server.c of all servers");
    let help = "look into the server's log, free space in `dir`, and check who owns it";
    report.add(AOF_FAILED.finding(live.place("appendonly"), what).help(help).proof(proof));
}

pub(in crate::lint) static FSYNC_DELAYED: Rule = Rule {
    id: "fsync-delayed",
    group: Group::Persistence,
    summary: "writes wait for the disk",
    docs: "With `appendfsync everysec` a write waits when the fsync before it has not ended after two seconds: the one
thread, and so everybody, stands still. Each is counted.

Bad:
    aof_enabled: 1
    aof_delayed_fsync: 40
    earlier aof_delayed_fsync: 10

Good:
    aof_enabled: 1
    aof_delayed_fsync: 0
",
    source: "redis.io/docs INFO; LATENCY DOCTOR",
    check: Check::Live(delayed),
    ..LIVE
};

fn delayed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.number("aof_enabled") != Some(1) {
        return;
    }
    let Some(rise) = report.seen("aof_delayed_fsync", live.rise("aof_delayed_fsync")).filter(|rise| rise.count > 0)
    else {
        return;
    };
    let message = format!("writes waited for the disk {} times {}", rise.count, rise.when());
    let proof = Proof::of([rose("aof_delayed_fsync", rise)]).above("any", "redis.io/docs INFO");
    let mut finding = FSYNC_DELAYED.finding(live.place("appendfsync"), message).proof(proof);
    finding.severity = rise.severity(Severity::Warning);
    report.add(finding.help("put `dir` on a faster disk that nothing else writes to"));
}

pub(in crate::lint) static FSYNC_PENDING: Rule = Rule {
    id: "fsync-pending",
    group: Group::Persistence,
    summary: "fsyncs wait in the queue at both moments",
    docs: "An fsync that waits at one moment is nothing; at two it is a disk that does not keep up.

Bad:
    aof_enabled: 1
    aof_pending_bio_fsync: 1
    earlier aof_pending_bio_fsync: 2

Good:
    aof_enabled: 1
    aof_pending_bio_fsync: 0
    earlier aof_pending_bio_fsync: 1
",
    source: "INFO of all servers",
    check: Check::Live(pending),
    ..LIVE
};

fn pending(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let now = live.number("aof_pending_bio_fsync").unwrap_or(0);
    if live.number("aof_enabled") != Some(1) || now == 0 {
        return;
    }
    let Some(earlier) = report.seen("two moments", live.evidence.earlier.as_ref()) else { return };
    let before = earlier.info.get("aof_pending_bio_fsync").and_then(|text| text.parse().ok()).unwrap_or(0);
    if before == 0 {
        return;
    }
    let message = format!("{now} fsyncs wait for the disk, as {before} did before");
    let proof = Proof::of([count("aof_pending_bio_fsync", now), count("aof_pending_bio_fsync before", before)])
        .above("any at both moments", JUDGEMENT);
    let help = "put `dir` on a faster disk that nothing else writes to";
    report.add(FSYNC_PENDING.finding(live.place("appendfsync"), message).help(help).proof(proof));
}

pub(in crate::lint) static AOF_OUTGROWN: Rule = Rule {
    id: "aof-outgrown",
    group: Group::Persistence,
    summary: "the append-only file is many times larger than its base",
    docs: "A restart reads all of it. At three times its base, with rewriting on and none under way, a rewrite has
failed or was never started; ten times the memory is too long a start in any case.

Bad:
    aof_enabled: 1
    aof_base_size: 1gb
    aof_current_size: 5gb

Good:
    aof_enabled: 1
    aof_base_size: 1gb
    aof_current_size: 1.5gb
",
    source: "bitnami/containers issue 2034; valkey.io/topics/persistence",
    check: Check::Live(outgrown),
    ..LIVE
};

fn outgrown(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.number("aof_enabled") != Some(1) || live.number("aof_rewrite_in_progress") == Some(1) {
        return;
    }
    let Some(current) = report.seen("aof_current_size", live.number("aof_current_size")) else { return };
    let base = live.number("aof_base_size").unwrap_or(0);
    let least = live.bytes("auto-aof-rewrite-min-size").unwrap_or(64 << 20);
    let used = live.number("used_memory").unwrap_or(u64::MAX);
    let is_long = current > used.saturating_mul(10);
    if current < least.saturating_mul(2) || (current <= base.max(least).saturating_mul(3) && !is_long) {
        return;
    }
    let message = format!("the append-only file has {}, and began with {}", size(current), size(base));
    let proof = Proof::of([bytes("aof_current_size", current), bytes("aof_base_size", base)])
        .above("three times its base, or ten times the memory", JUDGEMENT);
    let help = "send BGREWRITEAOF, and look at `auto-aof-rewrite-percentage` and at the server's log";
    report.add(AOF_OUTGROWN.finding(live.place("auto-aof-rewrite-percentage"), message).help(help).proof(proof));
}
