//! Pauses: what the latency monitor saw, and what makes them in the machine.

use super::measure::{bytes_from, milliseconds, word};
use super::{JUDGEMENT, LIVE, LiveCase, float};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static LATENCY_EVENTS: Rule = Rule {
    id: "latency-events",
    group: Group::Latency,
    summary: "the latency monitor saw pauses",
    docs: "Each event is a pause of everything above `latency-monitor-threshold`: `fork` by a snapshot, `command` by a
slow command, `fast-command` by a machine that did not let the process run, `aof-…` by the disk,
`expire-cycle` and `eviction-…` by the work on keys. Of the last day's the worst is told.

Bad:
    latency: fork 300 450

Good:
    latency: fork 5 9
",
    source: "valkey.io/topics/latency-monitor; LATENCY DOCTOR for the causes",
    check: Check::Live(events),
    ..LIVE
};

fn events(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(events) = report.seen("LATENCY LATEST", live.evidence.latency.as_ref()) else { return };
    let least = live.int("latency-monitor-threshold").filter(|least| *least > 0).unwrap_or(100).max(20);
    let now = live.now().unwrap_or(0);
    let is_recent = |at: u64| now == 0 || now.saturating_sub(at) <= 86_400;
    let mut bad: Vec<_> = events.iter().filter(|event| event.most >= least && is_recent(event.at)).collect();
    bad.sort_by_key(|event| (std::cmp::Reverse(event.most), event.event.clone()));
    let Some(worst) = bad.first() else { return };
    let name = |event: &str| {
        if EVENTS.iter().any(|(known, _)| event.starts_with(known)) { event.to_owned() } else { "another event".into() }
    };
    let told: Vec<String> =
        bad.iter().take(3).map(|event| format!("{} {} ms", name(&event.event), event.most)).collect();
    let message = format!("everything stood still for up to {} ms: {}", worst.most, told.join(", "));
    let all = bad.iter().take(8).map(|event| milliseconds(name(&event.event), float(event.most), "LATENCY LATEST"));
    let proof = Proof::of(all).above(format!("{least} ms in the last day"), "valkey.io/topics/latency-monitor");
    let help =
        EVENTS.iter().find(|(known, _)| worst.event.starts_with(known)).map_or("see LATENCY DOCTOR", |(_, help)| help);
    report.add(LATENCY_EVENTS.finding(live.anchor(), message).help(help).proof(proof));
}

/// Beginnings of the names of events, the longest first, and what to do about each.
const EVENTS: &[(&str, &str)] = &[
    ("aof-fsync-always", "use `appendfsync everysec`, or a faster disk"),
    ("aof-rewrite", "put `dir` on a faster disk"),
    ("aof-write-pending-fsync", "put `dir` on a faster disk that nothing else writes to"),
    ("aof", "put `dir` on a faster disk that nothing else writes to"),
    ("active-defrag-cycle", "lower `active-defrag-cycle-max`"),
    ("eviction", "write in smaller portions, and turn `lazyfree-lazy-eviction` on"),
    ("expire", "spread times to live, and raise `hz` if it is below 100"),
    ("fast-command", "look at the load of the machine: the process was not let run"),
    ("command", "look at the slow log for the command"),
    ("fork", "fork less often, on a replica, or with less data in one process"),
    ("rdb-unlink-temp-file", "put `dir` on a faster disk"),
    ("module", "look at the modules: they hold the lock of the one thread"),
    ("while-blocked-cron", "look at scripts and at loading"),
    ("cluster", "look at the number of nodes and slots"),
];

pub(in crate::lint) static HUGE_PAGES_IN_USE: Rule = Rule {
    id: "huge-pages-in-use",
    group: Group::Latency,
    summary: "the process lives in transparent huge pages",
    docs: "While a child writes, the first change of each page copies it: 2 MiB instead of 4 KiB. Pauses and copied
memory grow by as much. The kernel's switch does it to all processes; what counts is that this one has such
pages.

Bad:
    host: huge_pages always
    host: in_huge_pages 900mb

Good:
    host: huge_pages madvise
    host: in_huge_pages 0
",
    source: "LATENCY DOCTOR; src/syscheck.c",
    check: Check::Live(huge),
    ..LIVE
};

fn huge(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(host) = report.seen("host", live.evidence.host.as_ref()) else { return };
    let (Some(switch), Some(kept)) = (&host.huge_pages, host.in_huge_pages) else { return };
    if switch != "always" || kept < 8 << 20 {
        return;
    }
    let message = format!("{} of the process are in huge pages", super::measure::size(kept));
    let proof = Proof::of([
        bytes_from("AnonHugePages", kept, "/proc/PID/smaps_rollup"),
        word("transparent_hugepage/enabled", switch, "/sys/kernel/mm"),
    ])
    .above("any", "LATENCY DOCTOR");
    let help = "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled, at each start of the machine, and restart";
    report.add(HUGE_PAGES_IN_USE.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static SLOW_CLOCK: Rule = Rule {
    id: "slow-clock",
    group: Group::Latency,
    summary: "the kernel's clock is slow to read",
    docs: "A server reads the clock several times for each command. With the clocksource `xen` that is a call into the
hypervisor instead of an instruction.

Bad:
    host: clocksource xen

Good:
    host: clocksource tsc
",
    source: "src/syscheck.c of all servers since 7.0",
    check: Check::Live(clock),
    ..LIVE
};

fn clock(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(host) = report.seen("host", live.evidence.host.as_ref()) else { return };
    let Some(source) = host.clocksource.as_deref().filter(|source| *source == "xen") else { return };
    let proof = Proof::of([word("current_clocksource", source, "/sys/devices/system/clocksource")])
        .above("`xen`", "src/syscheck.c");
    let help =
        "boot with `clocksource=tsc`, or echo tsc > /sys/devices/system/clocksource/clocksource0/current_clocksource";
    report.add(
        SLOW_CLOCK
            .finding(live.anchor(), "the clocksource is `xen`: each look at the clock is slow")
            .help(help)
            .proof(proof),
    );
}

pub(in crate::lint) static RESTARTED_LATELY: Rule = Rule {
    id: "restarted-lately",
    severity: Severity::Info,
    group: Group::Logging,
    summary: "the server started less than an hour ago",
    docs: "What counters tell is only of that time. If nobody restarted it, look why it ended: memory, a crash, a probe
that kills it while it loads.

Bad:
    uptime_in_seconds: 600

Good:
    uptime_in_seconds: 90000
",
    source: "INFO of all servers; the time is a judgement of redisconf",
    check: Check::Live(restarted),
    ..LIVE
};

fn restarted(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(uptime) = report.seen("uptime_in_seconds", live.number("uptime_in_seconds")) else { return };
    if uptime >= 3600 {
        return;
    }
    let message = format!("it has run for {}, and counters tell of no more", super::measure::time_text(uptime * 1000));
    let proof = Proof::of([super::measure::seconds("uptime_in_seconds", uptime)]).above("less than an hour", JUDGEMENT);
    let help = "look into its log and the kernel's for how it ended, and ask again later";
    report.add(RESTARTED_LATELY.finding(live.anchor(), message).help(help).proof(proof));
}
