//! A primary's view of its replicas.

use super::measure::{bytes, count, rose, running, seconds, size};
use super::{LIVE, LiveCase, float, part_of};
use crate::finding::{Measured, Proof, Severity, Unit};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static REPLICA_LAGS: Rule = Rule {
    id: "replica-lags",
    group: Group::Replication,
    summary: "a replica is far behind its primary",
    docs:
        "What a replica has not yet received is lost in a failover. More than ten seconds without a word, or more than
half of the backlog behind, and it will soon need a full synchronisation.

Bad:
    connected_slaves: 1
    slave0: ip=h,port=6379,state=online,offset=200000,lag=1
    master_repl_offset: 1000000

Good:
    connected_slaves: 1
    slave0: ip=h,port=6379,state=online,offset=999900,lag=1
    master_repl_offset: 1000000
",
    source: "default of min-replicas-max-lag (10 s)",
    check: Check::Live(lags),
    ..LIVE
};

fn lags(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(offset) = report.seen("master_repl_offset", live.number("master_repl_offset")) else { return };
    let backlog = live.number("repl_backlog_size").unwrap_or(1 << 20);
    let mut worst: Option<(u64, u64)> = None;
    let mut late = 0;
    for (_, replica) in live.fields("slave").filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit())) {
        let number = |part| part_of(replica, part).and_then(|value| value.parse::<u64>().ok());
        if part_of(replica, "state") != Some("online") {
            continue;
        }
        let behind = offset.saturating_sub(number("offset").unwrap_or(offset));
        let lag = number("lag").unwrap_or(0);
        if behind > backlog / 2 || lag > 10 {
            late += 1;
            worst = worst.max(Some((behind, lag)));
        }
    }
    let Some((behind, lag)) = worst else { return };
    let message = format!("{late} replicas are late: up to {} and {lag} s behind", size(behind));
    let proof = Proof::of([bytes("behind", behind), seconds("lag", lag), bytes("repl_backlog_size", backlog)]).above(
        "half of the backlog, or 10 s",
        "default of min-replicas-max-lag; the share is a judgement of redisconf",
    );
    let help = "look at the network and at the replica's load; raise `repl-backlog-size`";
    report.add(REPLICA_LAGS.finding(live.place("repl-backlog-size"), message).help(help).proof(proof));
}

pub(in crate::lint) static FULL_SYNCHRONISATIONS: Rule = Rule {
    id: "full-synchronisations",
    group: Group::Replication,
    summary: "replicas copy everything again",
    docs: "A replica that was away for longer than the backlog lasts copies the whole data set: a fork, its copied
memory, and the network. More than one in ten reconnections that end so means that the backlog is too small.

Bad:
    connected_slaves: 2
    sync_full: 9
    sync_partial_ok: 3
    sync_partial_err: 6

Good:
    connected_slaves: 2
    sync_full: 2
    sync_partial_ok: 40
    sync_partial_err: 2
",
    source: "redis/redis#11534",
    check: Check::Live(full),
    ..LIVE
};

fn full(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let (Some(full), Some(ok), Some(failed)) =
        (live.rise("sync_full"), live.rise("sync_partial_ok"), live.rise("sync_partial_err"))
    else {
        report.seen::<()>("sync_full", None);
        return;
    };
    let replicas = live.number("connected_slaves").unwrap_or(0);
    // The first of each replica is no failure; below three nothing can be said of a share.
    let again = if full.is_now { full.count } else { full.count.saturating_sub(replicas) };
    let asked = ok.count + failed.count;
    if again < 3 || failed.count < 3 || failed.count * 10 <= asked {
        return;
    }
    let message = format!(
        "{} full synchronisations {}: {} of {asked} partial ones failed",
        full.count,
        full.when(),
        failed.count
    );
    let doubled = live.number("repl_backlog_size").unwrap_or(1 << 20).saturating_mul(4);
    let proof = Proof::of([rose("sync_full", full), rose("sync_partial_err", failed), rose("sync_partial_ok", ok)])
        .above("one in ten, from three on", "redis/redis#11534; the share is a judgement of redisconf")
        .change("repl-backlog-size", super::measure::megabytes(doubled));
    let help = "raise `repl-backlog-size` to what is written while a replica is away";
    report.add(FULL_SYNCHRONISATIONS.finding(live.place("repl-backlog-size"), message).help(help).proof(proof));
}

pub(in crate::lint) static BACKLOG_COVERS_LITTLE: Rule = Rule {
    id: "backlog-covers-little",
    group: Group::Replication,
    summary: "the backlog lasts for less than a minute of writes",
    docs: "The backlog holds what a replica missed while it was away. At the rate at which this server writes it lasts
for fewer than 60 seconds: a restart of a replica ends in a full synchronisation. The size is rate x 60 s x
1.5.

Bad:
    connected_slaves: 1
    master_repl_offset: 51000000
    earlier master_repl_offset: 1000000

Good:
    connected_slaves: 1
    master_repl_offset: 1050000
    earlier master_repl_offset: 1000000
",
    source: "redis/redis#11534; valkey.conf on repl-backlog-size",
    check: Check::Live(backlog),
    ..LIVE
};

fn backlog(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.number("connected_slaves").unwrap_or(0) == 0 {
        return;
    }
    let Some(size_now) = report.seen("repl_backlog_size", live.number("repl_backlog_size")) else { return };
    let Some(rise) = report.seen("two moments", live.pace("master_repl_offset")) else { return };
    let rate = rise.per_second();
    let lasts = float(size_now) / rate.max(0.001);
    if lasts >= 60.0 {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes of a backlog")]
    let (needed, lasts, rate_now) = ((rate * 90.0) as u64, lasts as u64, rate as u64);
    let floor = needed.max(16 << 20);
    let message = format!("the backlog of {} lasts for {lasts} s at {} a second", size(size_now), size(rate_now));
    let written = Measured {
        name: format!("written {}", rise.when()).into(),
        value: rate_now.to_string(),
        unit: Unit::BytesPerSecond,
        from: "INFO",
    };
    let proof = Proof::of([written, bytes("repl_backlog_size", size_now), seconds("lasts", lasts)])
        .above("60 s", "redis/redis#11534")
        .change("repl-backlog-size", super::measure::megabytes(floor));
    let help = format!("set `repl-backlog-size {}`", super::measure::megabytes(floor));
    report.add(BACKLOG_COVERS_LITTLE.finding(live.place("repl-backlog-size"), message).help(help).proof(proof));
}

pub(in crate::lint) static REPLICAS_MISSING: Rule = Rule {
    id: "replicas-missing",
    severity: Severity::Error,
    group: Group::Replication,
    summary: "fewer replicas are connected than there should be",
    docs: "Compared with the declared fact `replicas`: what is missing does not take over, and nobody notices until it
is needed.

Bad:
    # redisconf: replicas=2
    connected_slaves: 1

Good:
    # redisconf: replicas=2
    connected_slaves: 2
",
    source: "awesome-prometheus-alerts",
    facts: &["replicas"],
    check: Check::Live(missing),
    ..LIVE
};

fn missing(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.is_primary() != Some(true) {
        return;
    }
    let Some(connected) = report.seen("connected_slaves", live.number("connected_slaves")) else { return };
    // What is connected is itself known as this fact; only what somebody declared can be missing.
    let Some(declared) = live.declared.count("replicas").filter(|declared| connected < *declared) else { return };
    report.used("replicas");
    let message = format!("{connected} of {declared} replicas are connected");
    let proof = Proof::of([count("connected_slaves", connected)])
        .above(format!("{declared}, as declared"), "the fact `replicas`");
    let help = "look into the log of the replicas that are missing";
    report.add(REPLICAS_MISSING.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static REPLICAS_NEEDED_FOR_WRITES: Rule = Rule {
    id: "replicas-needed-for-writes",
    group: Group::Replication,
    summary: "one replica less, and writes are refused",
    docs: "`min-replicas-to-write` refuses writes (`-NOREPLICAS`) when fewer good replicas are there. With exactly as
many as it wants the next restart of one of them is an outage.

Bad:
    min-replicas-to-write 2
    connected_slaves: 2
    min_slaves_good_slaves: 2

Good:
    min-replicas-to-write 1
    connected_slaves: 2
    min_slaves_good_slaves: 2
",
    source: "measured on all servers: the reply -NOREPLICAS",
    check: Check::Live(needed),
    ..LIVE
};

fn needed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(wanted) = report.seen("CONFIG GET", live.int("min-replicas-to-write")) else { return };
    if wanted == 0 || live.is_primary() != Some(true) {
        return;
    }
    let Some(good) = report.seen("min_slaves_good_slaves", live.number("min_slaves_good_slaves")) else { return };
    if good > wanted {
        return;
    }
    let then = if good < wanted { "writes are refused" } else { "one less, and writes are refused" };
    let message = format!("{good} good replicas are there and {wanted} are wanted: {then}");
    let proof = Proof::of([count("min_slaves_good_slaves", good), running("min-replicas-to-write", wanted)])
        .above("as many as min-replicas-to-write", "measured: the reply -NOREPLICAS");
    let mut finding = REPLICAS_NEEDED_FOR_WRITES.finding(live.place("min-replicas-to-write"), message).proof(proof);
    if good < wanted {
        finding.severity = Severity::Error;
    }
    report.add(finding.help("add a replica, or lower `min-replicas-to-write`"));
}

pub(in crate::lint) static REPLICA_BUFFERS_LARGE: Rule = Rule {
    id: "replica-buffers-large",
    group: Group::Replication,
    summary: "much memory waits for slow replicas",
    docs: "What a replica does not take fast enough waits in the primary's memory, which `maxmemory` does not count. At
the limit of `client-output-buffer-limit` the replica is cut off and begins again from nothing.

Bad:
    connected_slaves: 1
    mem_clients_slaves: 90mb

Good:
    connected_slaves: 1
    mem_clients_slaves: 20kb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(buffers),
    ..LIVE
};

fn buffers(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(kept) = report.seen("mem_clients_slaves", live.number("mem_clients_slaves")) else { return };
    // From 7.0 on the backlog is shared with them, and held anyway.
    let shared = live.number("repl_backlog_size").unwrap_or(0);
    if kept <= (10 << 20) + shared {
        return;
    }
    let message = format!("{} wait for replicas", size(kept));
    let proof = Proof::of([bytes("mem_clients_slaves", kept), bytes("repl_backlog_size", shared)])
        .above("10 MiB beside the backlog", "MEMORY DOCTOR");
    let help = "look at the network and at the load of the replicas";
    let at = live.place("client-output-buffer-limit");
    report.add(REPLICA_BUFFERS_LARGE.finding(at, message).help(help).proof(proof));
}
