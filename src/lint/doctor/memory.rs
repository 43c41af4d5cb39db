//! Memory against its limits: the server's own, and those of what it runs on.

use super::measure::{bytes, bytes_from, count, megabytes, ratio, running, share, size};
use super::{JUDGEMENT, LIVE, LiveCase, percent};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

/// Below this a server is empty, and its relations say nothing.
pub(super) const SMALL: u64 = 64 << 20;

pub(in crate::lint) static MEMORY_UNLIMITED: Rule = Rule {
    id: "memory-unlimited",
    group: Group::Memory,
    summary: "a running server without `maxmemory`",
    docs:
        "Without `maxmemory` a server grows until the kernel ends it: no key is evicted, no write is refused, and what
was not yet on disk is lost. A replica is spared by default, for its primary decides for it.

Bad:
    maxmemory 0
    maxmemory: 0

Good:
    maxmemory 8gb
    maxmemory: 8589934592
",
    source: "valkey.io/topics/admin",
    check: Check::Live(unlimited),
    ..LIVE
};

fn unlimited(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(limit) = report.seen("maxmemory", live.bytes("maxmemory")) else { return };
    if limit > 0 || live.is_primary() == Some(false) {
        return;
    }
    let used = live.number("used_memory").unwrap_or(0);
    let memory = live.memory();
    let of = memory.map(|memory| format!(" of {}", size(memory))).unwrap_or_default();
    let mut proof = Proof::of([running("maxmemory", 0), bytes("used_memory", used)]);
    if let Some(memory) = memory {
        report.used("memory");
        proof.measured.push(bytes("total_system_memory", memory));
        // What forks copy and fragmentation wastes must fit above it.
        let share = if live.persists() == Some(false) { 80 } else { 60 };
        let fits = (memory / 100 * share).max(used.saturating_add(used / 10));
        proof = proof.change("maxmemory", megabytes(fits));
    }
    let proof = proof.above("a limit other than 0", "valkey.io/topics/admin");
    let message = format!("no `maxmemory` is set: {} is in use{of}, and nothing stops it", size(used));
    let help = "set `maxmemory`, and a `maxmemory-policy` that fits the data";
    report.add(MEMORY_UNLIMITED.finding(live.place("maxmemory"), message).help(help).proof(proof));
}

pub(in crate::lint) static MEMORY_NEAR_LIMIT: Rule = Rule {
    id: "memory-near-limit",
    group: Group::Memory,
    summary: "the memory in use comes near `maxmemory`",
    docs: "At the limit a server evicts keys, or refuses every write if the policy is `noeviction` or nothing can be
evicted. For a cache that is how it should be; for everything else 80 % is the time to act and 90 % nearly
too late. Buffers of replicas and of the append-only file do not count.

Bad:
    maxmemory 4gb
    maxmemory-policy noeviction
    used_memory: 3500mb

Good:
    maxmemory 4gb
    maxmemory-policy noeviction
    used_memory: 3gb
",
    source: "valkey.io/topics/lru-cache, taskforcesh/bullmq discussion 2174",
    check: Check::Live(near_limit),
    ..LIVE
};

fn near_limit(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(limit) = live.bytes("maxmemory").filter(|limit| *limit > 0) else { return };
    let Some(used) = report.seen("used_memory", live.number("used_memory")) else { return };
    let policy = live.choice("maxmemory-policy").unwrap_or("noeviction");
    let counted = used.saturating_sub(live.number("mem_not_counted_for_evict").unwrap_or(0));
    let part = percent(counted, limit);
    // A full cache evicts, and that is what it is for.
    if part < 80 || (policy.starts_with("allkeys") && live.case.facts.word("workload").is_none_or(is_cache)) {
        return;
    }
    let severity = if part >= 90 && policy == "noeviction" { Severity::Error } else { Severity::Warning };
    let then = if policy == "noeviction" { "writes are refused" } else { "keys are evicted" };
    let message = format!("{part} % of `maxmemory` is in use, and at the limit {then} (`{policy}`)");
    let proof = Proof::of([bytes("used_memory", counted), running("maxmemory", size(limit)), share("used", part)])
        .above("80 % of maxmemory; with noeviction 90 % is an error", "redis/agent-skills, awesome-prometheus-alerts");
    let mut finding = MEMORY_NEAR_LIMIT.finding(live.place("maxmemory"), message).proof(proof);
    finding.severity = severity;
    report.add(finding.help("raise `maxmemory` if the machine has room, else delete data or add shards"));
}

/// Whether keys may go: what is in it can be had again.
pub(super) fn is_cache(workload: &str) -> bool {
    matches!(workload, "cache" | "cache-warm" | "kb-cache" | "rate-limiter" | "dev")
}

pub(in crate::lint) static MEMORY_PEAK_AT_LIMIT: Rule = Rule {
    id: "memory-peak-at-limit",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "memory once reached `maxmemory`",
    docs: "The peak since the start was at the limit: at that time keys were evicted or writes refused, though there is
room now.

Bad:
    maxmemory 4gb
    maxmemory-policy noeviction
    used_memory: 2gb
    used_memory_peak: 4gb

Good:
    maxmemory 4gb
    maxmemory-policy noeviction
    used_memory: 2gb
    used_memory_peak: 3gb
",
    source: "INFO of all servers since 6.2",
    check: Check::Live(peak_at_limit),
    ..LIVE
};

fn peak_at_limit(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(limit) = live.bytes("maxmemory").filter(|limit| *limit > 0) else { return };
    let Some(peak) = report.seen("used_memory_peak", live.number("used_memory_peak")) else { return };
    let used = live.number("used_memory").unwrap_or(peak);
    let policy = live.choice("maxmemory-policy").unwrap_or("noeviction");
    if percent(peak, limit) < 95 || percent(used, limit) >= 80 || policy.starts_with("allkeys") {
        return;
    }
    let message = format!("memory was at {} of `maxmemory` {} once; now it is {}", size(peak), size(limit), size(used));
    let proof = Proof::of([bytes("used_memory_peak", peak), running("maxmemory", size(limit))])
        .above("95 % of maxmemory", JUDGEMENT);
    let help = "find what filled it: a batch job, a backlog of clients, a burst of writes";
    report.add(MEMORY_PEAK_AT_LIMIT.finding(live.place("maxmemory"), message).help(help).proof(proof));
}

pub(in crate::lint) static MACHINE_MEMORY_SHORT: Rule = Rule {
    id: "machine-memory-short",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "the process takes nearly all memory of its machine or container",
    docs: "What counts for the kernel is the resident size, fragmentation and buffers included, not `used_memory`. Near
the machine's or the container's limit the kernel swaps or ends the process. A server that forks needs room
for the copied pages, too, so 80 % is the most there.

Bad:
    used_memory_rss: 15gb
    total_system_memory: 16gb

Good:
    used_memory_rss: 9gb
    total_system_memory: 16gb
",
    source: "awesome-prometheus-alerts, redis-mixin; cloud.google.com/memorystore for what forks",
    facts: &["memory"],
    check: Check::Live(machine_short),
    ..LIVE
};

fn machine_short(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(resident) = report.seen("used_memory_rss", live.number("used_memory_rss")) else { return };
    let Some(memory) = report.bytes("memory").filter(|memory| *memory > 0) else { return };
    let forks = live.persists() != Some(false) || live.number("connected_slaves").is_some_and(|some| some > 0);
    let most = if forks { 80 } else { 90 };
    let part = percent(resident, memory);
    if part < most {
        return;
    }
    let why = if forks { ", and forks need room beside" } else { "" };
    let message = format!("the process holds {} of {} of memory ({part} %){why}", size(resident), size(memory));
    let proof =
        Proof::of([bytes("used_memory_rss", resident), bytes_from("memory", memory, "INFO, the host or a fact")])
            .above(format!("{most} % of memory"), "awesome-prometheus-alerts; cloud.google.com/memorystore");
    let help = "lower `maxmemory`, move data away, or give it more memory";
    report.add(MACHINE_MEMORY_SHORT.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static MEMORY_SWAPPED: Rule = Rule {
    id: "memory-swapped",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "a part of the memory is swapped out",
    docs:
        "When the resident size is below what the server has allocated, the rest is on the swap device: each access to
it stops the one thread that serves everybody for a disk's time. A ratio of 0.98 is no sign of good health.
Between 0.9 and 1 it may also be memory that was never touched, so it is an error only below, or where the
machine says so.

Bad:
    used_memory: 4gb
    used_memory_rss: 3gb
    mem_fragmentation_ratio: 0.75

Good:
    used_memory: 2gb
    used_memory_rss: 2100mb
    mem_fragmentation_ratio: 1.05
",
    source: "redis.io/docs INFO (used_memory far above RSS), valkey.io/topics/latency",
    check: Check::Live(swapped),
    ..LIVE
};

fn swapped(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(used) = report.seen("used_memory", live.number("used_memory")) else { return };
    let Some(ratio_now) = report.seen("mem_fragmentation_ratio", live.fraction("mem_fragmentation_ratio")) else {
        return;
    };
    let on_disk = live.evidence.host.as_ref().and_then(|host| host.swapped);
    let is_known = on_disk.is_some_and(|bytes| bytes > 16 << 20);
    let is_denied = on_disk.is_some_and(|bytes| bytes == 0);
    if used < SMALL || is_denied || (ratio_now >= 1.0 && !is_known) {
        return;
    }
    let resident = live.number("used_memory_rss").unwrap_or(0);
    let away = on_disk.unwrap_or(used.saturating_sub(resident));
    let message = match on_disk {
        Some(bytes) => format!("{} of the process are on the swap device", size(bytes)),
        None => format!(
            "only {} of {} in use are resident (ratio {ratio_now:.2}): up to {} are swapped out",
            size(resident),
            size(used),
            size(away)
        ),
    };
    let proof = Proof::of([
        ratio("mem_fragmentation_ratio", ratio_now),
        bytes("used_memory", used),
        bytes("used_memory_rss", resident),
    ])
    .above("a ratio below 1, from 64 MiB on", "valkey.io/topics/latency; redis.io/docs INFO");
    let mut finding = MEMORY_SWAPPED.finding(live.anchor(), message).proof(proof);
    if !is_known && ratio_now >= 0.9 {
        finding.severity = Severity::Warning;
    }
    let help = "look at `VmSwap` in /proc/PID/status; give it memory or lower `maxmemory`, then swap out nothing";
    report.add(finding.help(help));
}

pub(in crate::lint) static MEMORY_PEAK_PASSED: Rule = Rule {
    id: "memory-peak-passed",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "memory was half as large again once",
    docs: "The allocator gives memory back to the system late or never, so a peak that is over can still hold resident
memory, and fragmentation is measured against it.

Bad:
    used_memory: 1gb
    used_memory_peak: 3gb

Good:
    used_memory: 1gb
    used_memory_peak: 1.2gb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(peak_passed),
    ..LIVE
};

fn peak_passed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(used) = report.seen("used_memory", live.number("used_memory")) else { return };
    let Some(peak) = report.seen("used_memory_peak", live.number("used_memory_peak")) else { return };
    if used < SMALL || percent(peak, used) <= 150 {
        return;
    }
    let message = format!("memory was {} at its peak, and is {} now", size(peak), size(used));
    let proof = Proof::of([bytes("used_memory_peak", peak), bytes("used_memory", used)])
        .above("1.5 times what is in use", "MEMORY DOCTOR");
    let help = "size the machine for the peak; MEMORY PURGE gives back what the allocator still holds";
    report.add(MEMORY_PEAK_PASSED.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static MEMORY_OVERHEAD_HIGH: Rule = Rule {
    id: "memory-overhead-high",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "more memory goes into keeping the data than into the data",
    docs: "With more than a million keys and more than half of the memory in tables, buffers and bookkeeping, the keys
are many and small. A key costs some 50 to 90 bytes of its own; hashes of up to 128 small fields share them.

Bad:
    db0: keys=5000000,expires=0,avg_ttl=0
    used_memory: 1gb
    used_memory_overhead: 600mb

Good:
    db0: keys=5000000,expires=0,avg_ttl=0
    used_memory: 1gb
    used_memory_overhead: 300mb
",
    source: "RedisInsight's recommendations (1,000,000 keys)",
    check: Check::Live(overhead),
    ..LIVE
};

fn overhead(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(used) = report.seen("used_memory", live.number("used_memory")) else { return };
    let Some(kept) = report.seen("used_memory_overhead", live.number("used_memory_overhead")) else { return };
    let (keys, _) = live.keys();
    let part = percent(kept, used);
    if keys <= 1_000_000 || part <= 50 {
        return;
    }
    let message = format!("{part} % of the memory is overhead, for {keys} keys");
    let proof = Proof::of([bytes("used_memory_overhead", kept), bytes("used_memory", used), count("keys", keys)])
        .above(
            "50 % with more than 1,000,000 keys",
            "RedisInsight for the keys; the share is a judgement of redisconf",
        );
    let help = "put small values that belong together into hashes, and shorten names of keys";
    report.add(MEMORY_OVERHEAD_HIGH.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static SCRIPT_CACHE_LARGE: Rule = Rule {
    id: "script-cache-large",
    group: Group::Memory,
    summary: "more scripts are cached than anybody wrote",
    docs: "EVAL keeps every text that it is given. A thousand of them are one script with values written into its text:
each costs memory and compilation, and only SCRIPT FLUSH or newer servers' eviction takes them away.

Bad:
    number_of_cached_scripts: 5000

Good:
    number_of_cached_scripts: 12
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(scripts),
    ..LIVE
};

fn scripts(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(cached) = report.seen("number_of_cached_scripts", live.number("number_of_cached_scripts")) else { return };
    if cached <= 1000 {
        return;
    }
    let message = format!("{cached} scripts are cached: their texts are made anew for each call");
    let proof = Proof::of([count("number_of_cached_scripts", cached)]).above("1000 scripts", "MEMORY DOCTOR");
    let help = "pass values as KEYS and ARGV, and call scripts by EVALSHA";
    report.add(SCRIPT_CACHE_LARGE.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static LAZYFREE_QUEUE_GROWS: Rule = Rule {
    id: "lazyfree-queue-grows",
    group: Group::Memory,
    summary: "memory is freed more slowly than it is given up",
    docs: "What UNLINK and lazy eviction give up, one thread frees in the background. A queue that grows between two
moments is memory that counts against `maxmemory` and is of no use.

Bad:
    lazyfree_pending_objects: 90000
    earlier lazyfree_pending_objects: 20000

Good:
    lazyfree_pending_objects: 10
    earlier lazyfree_pending_objects: 20
",
    source: "INFO of all servers since 6.2",
    check: Check::Live(lazyfree),
    ..LIVE
};

fn lazyfree(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(pending) = report.seen("lazyfree_pending_objects", live.number("lazyfree_pending_objects")) else {
        return;
    };
    if pending < 1000 {
        return;
    }
    let Some(rise) = report.seen("two moments", live.rise("lazyfree_pending_objects").filter(|rise| rise.is_now))
    else {
        return;
    };
    if rise.count == 0 {
        return;
    }
    let message = format!(
        "{pending} objects wait to be freed, {} more than {} before",
        rise.count,
        rise.when().trim_start_matches("in ")
    );
    let proof = Proof::of([count("lazyfree_pending_objects", pending), super::measure::rose("more", rise)])
        .above("more than before, from 1000 on", JUDGEMENT);
    let help = "delete in smaller portions, or look for what deletes large keys";
    report.add(LAZYFREE_QUEUE_GROWS.finding(live.anchor(), message).help(help).proof(proof));
}
