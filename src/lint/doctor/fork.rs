//! What snapshots and rewrites cost: the fork, and the memory that is copied while they run.

use super::measure::{bytes, milliseconds, seconds, share, size};
use super::memory::SMALL;
use super::{JUDGEMENT, LIVE, LiveCase, float, percent};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static FORK_SLOW: Rule = Rule {
    id: "fork-slow",
    group: Group::Persistence,
    summary: "a fork stops the server for long",
    docs: "A snapshot does not block the server while it is written, but the fork that begins it does: 10 to 100 ms for
each GB, since the table of pages is copied. Huge pages, old hypervisors and large data sets make it longer.
Everybody waits that long, at each snapshot, rewrite and full synchronisation.

Bad:
    latest_fork_usec: 400000

Good:
    latest_fork_usec: 20000
",
    source: "LATENCY DOCTOR for the rates; measured: 10 to 70 GB/s",
    check: Check::Live(fork_slow),
    ..LIVE
};

fn fork_slow(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(fork) = report.seen("latest_fork_usec", live.number("latest_fork_usec")) else { return };
    if fork < 100_000 {
        return;
    }
    let used = live.number("used_memory").unwrap_or(0);
    // Bytes by microseconds are megabytes by seconds.
    let rate = float(used) / float(fork) / 1000.0;
    let quality = match rate {
        rate if rate < 10.0 => ", which is terrible",
        rate if rate < 25.0 => ", which is poor",
        _ => "",
    };
    let time = fork / 1000;
    let message = format!("the last fork stopped everything for {time} ms ({rate:.0} GB/s{quality})");
    let proof = Proof::of([milliseconds("latest_fork_usec", float(time), "INFO"), bytes("used_memory", used)])
        .above("100 ms; 1 s is an error", "LATENCY DOCTOR for the rates; the times are a judgement of redisconf");
    let mut finding = FORK_SLOW.finding(live.place("save"), message).proof(proof);
    if fork >= 1_000_000 {
        finding.severity = Severity::Error;
    }
    report.add(finding.help("fork less often (fewer `save` points), on a replica, or with less data in one process"));
}

pub(in crate::lint) static COPY_ON_WRITE_HEAVY: Rule = Rule {
    id: "copy-on-write-heavy",
    group: Group::Persistence,
    summary: "a snapshot copies a large part of the memory",
    docs: "While a child writes, each page that the server changes exists twice. Under random overwrites 83 to 105 % of
the memory in use were copied. If that does not fit beside what is resident, the kernel ends the server in
the middle of a snapshot.

Bad:
    rdb_last_cow_size: 1500mb

Good:
    rdb_last_cow_size: 200mb
",
    source: "valkey.io/topics/admin (up to twice); measured 0.83 to 1.05",
    check: Check::Live(copied),
    ..LIVE
};

fn copied(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let both = ["rdb_last_cow_size", "aof_last_cow_size"].map(|field| live.number(field).unwrap_or(0));
    let Some(used) = report.seen("used_memory", live.number("used_memory")) else { return };
    let resident = live.number("used_memory_rss").unwrap_or(used);
    let copied = both.into_iter().max().unwrap_or(0);
    let part = percent(copied, used);
    let memory = live.memory();
    let exceeds = memory.is_some_and(|memory| copied.saturating_add(resident) > memory);
    if used < SMALL || copied == 0 || (part <= 50 && !exceeds) {
        return;
    }
    let mut proof = Proof::of([bytes("last_cow_size", copied), bytes("used_memory", used), share("copied", part)])
        .above("half of what is in use; more than there is, is an error", "valkey.io/topics/admin");
    let more = match memory {
        Some(memory) if exceeds => {
            report.used("memory");
            proof.measured.push(bytes("total_system_memory", memory));
            format!(": with {} resident that is more than the {} there are", size(resident), size(memory))
        }
        Some(_) | None => String::new(),
    };
    let message = format!("the last snapshot or rewrite copied {} ({part} % of what is in use){more}", size(copied));
    let mut finding = COPY_ON_WRITE_HEAVY.finding(live.place("maxmemory"), message).proof(proof);
    if exceeds {
        finding.severity = Severity::Error;
    }
    report.add(finding.help("leave that much memory free, or snapshot on a replica or when little is written"));
}

pub(in crate::lint) static SNAPSHOTS_OVERLAP: Rule = Rule {
    id: "snapshots-overlap",
    group: Group::Persistence,
    summary: "a snapshot takes half of the time until the next",
    docs: "When writing one takes longer than half of the shortest time between two, the server spends most of its life
beside a child that copies its memory and takes its disk.

Bad:
    save 60 1000
    rdb_last_bgsave_time_sec: 45

Good:
    save 3600 1
    rdb_last_bgsave_time_sec: 45
",
    source: "measured: 6 to 19 s for each GB on two cores",
    check: Check::Live(overlap),
    ..LIVE
};

fn overlap(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(points) = report.seen("CONFIG GET", live.save_points()) else { return };
    let Some(shortest) = points.iter().map(|point| point.seconds).min() else { return };
    let taken = live.number("rdb_last_bgsave_time_sec").unwrap_or(0);
    let Ok(shortest) = u64::try_from(shortest) else { return };
    if taken == 0 || taken * 2 <= shortest {
        return;
    }
    let message = format!("the last snapshot took {taken} s, and the next may begin after {shortest} s");
    let proof = Proof::of([seconds("rdb_last_bgsave_time_sec", taken), seconds("shortest save point", shortest)])
        .above("half of the shortest save point", JUDGEMENT);
    let help = "take the shortest point out of `save`, or write to a faster disk";
    report.add(SNAPSHOTS_OVERLAP.finding(live.place("save"), message).help(help).proof(proof));
}
