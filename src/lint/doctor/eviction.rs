//! What happens at the limit: keys go, or writes are refused.

use super::measure::{count, rose, running, seconds, share};
use super::memory::is_cache;
use super::{JUDGEMENT, LIVE, LiveCase, percent};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static KEYS_EVICTED: Rule = Rule {
    id: "keys-evicted",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "keys are deleted for want of memory",
    docs: "A cache evicts when it is full, and only its hit rate suffers. In a queue, a session store, a stream or any
primary data each evicted key is a loss that no client is told of. Without the fact `workload` it is good to
know and no more.

Bad:
    # redisconf: workload=queue
    evicted_keys: 500
    earlier evicted_keys: 100

Good:
    # redisconf: workload=queue
    evicted_keys: 0
",
    source: "docs.aws.amazon.com/AmazonElastiCache CacheMetrics; measured",
    check: Check::Live(evicted),
    ..LIVE
};

fn evicted(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(rise) = report.seen("evicted_keys", live.rise("evicted_keys")).filter(|rise| rise.count > 0) else {
        return;
    };
    let workload = live.case.facts.word("workload");
    report.used("workload");
    let severity = match workload {
        None => Severity::Info,
        Some(workload) if is_cache(workload) => Severity::Info,
        Some(_) => rise.severity(Severity::Error),
    };
    let lost = match workload {
        Some(workload) if !is_cache(workload) => format!(", and for the workload `{workload}` each is a loss"),
        Some(_) | None => String::new(),
    };
    let message = format!("{} keys were evicted {}{lost}", rise.count, rise.when());
    let policy = live.choice("maxmemory-policy").unwrap_or("unknown");
    let mut proof = Proof::of([rose("evicted_keys", rise), running("maxmemory-policy", policy)])
        .above("any, unless it is a cache", "docs.aws.amazon.com/AmazonElastiCache CacheMetrics");
    let help = if severity == Severity::Info {
        "say what it is for (`--fact workload=…`), or raise `maxmemory` if the hit rate suffers"
    } else {
        proof = proof.change("maxmemory-policy", "noeviction");
        "set `maxmemory-policy noeviction` and give it the memory that it needs"
    };
    let mut finding = KEYS_EVICTED.finding(live.place("maxmemory-policy"), message).help(help).proof(proof);
    finding.severity = severity;
    report.add(finding);
}

pub(in crate::lint) static EVICTION_FALLS_BEHIND: Rule = Rule {
    id: "eviction-falls-behind",
    group: Group::Memory,
    summary: "memory stays above the limit while keys are evicted",
    docs: "Eviction has little time between commands. When writes fill memory faster than it empties it, the server is
above `maxmemory` for as long as INFO says, and commands wait for it.

Bad:
    total_eviction_exceeded_time: 9000
    earlier total_eviction_exceeded_time: 2000

Good:
    total_eviction_exceeded_time: 0
",
    source: "valkey.io/topics/lru-cache; INFO since 7.0",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    check: Check::Live(behind),
    ..LIVE
};

fn behind(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(rise) = report.seen("total_eviction_exceeded_time", live.rise("total_eviction_exceeded_time")) else {
        return;
    };
    // Moments above the limit are how eviction works: a thousandth of the time is none.
    let is_little = rise.count.saturating_mul(1000) < rise.milliseconds;
    if is_little && live.number("current_eviction_exceeded_time").unwrap_or(0) == 0 {
        return;
    }
    let message = format!("memory was above `maxmemory` for {} ms {}", rise.count, rise.when());
    let proof = Proof::of([rose("total_eviction_exceeded_time", rise)]).above("a thousandth of the time", JUDGEMENT);
    let mut finding = EVICTION_FALLS_BEHIND.finding(live.place("maxmemory"), message).proof(proof);
    finding.severity = rise.severity(Severity::Warning);
    report.add(finding.help("raise `maxmemory`, write more slowly, or raise `maxmemory-eviction-tenacity`"));
}

pub(in crate::lint) static WRITES_REFUSED_FOR_MEMORY: Rule = Rule {
    id: "writes-refused-for-memory",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "writes are refused for want of memory",
    docs: "With `noeviction`, or a volatile policy and no key that expires, a full server answers `-OOM command not
allowed` to every write. Applications see errors; nothing else in INFO says so but the counter of that error.

Bad:
    errorstat_OOM: count=300
    earlier errorstat_OOM: count=20

Good:
    errorstat_OOM: count=0
",
    source: "measured on all servers: the reply `-OOM` at the limit",
    check: Check::Live(refused),
    ..LIVE
};

fn refused(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(rise) = live.rise_of("errorstat_OOM", "count").filter(|rise| rise.count > 0) else { return };
    let policy = live.choice("maxmemory-policy").unwrap_or("unknown");
    let message = format!("{} writes were refused for want of memory {} (`{policy}`)", rise.count, rise.when());
    let proof = Proof::of([rose("errorstat_OOM", rise), running("maxmemory-policy", policy)])
        .above("any", "measured: the reply -OOM at the limit");
    let mut finding = WRITES_REFUSED_FOR_MEMORY.finding(live.place("maxmemory"), message).proof(proof);
    finding.severity = rise.severity(Severity::Error);
    report.add(finding.help("raise `maxmemory`, delete data, or let a cache evict (`allkeys-lru`)"));
}

pub(in crate::lint) static NOTHING_EVICTABLE: Rule = Rule {
    id: "nothing-evictable",
    group: Group::Memory,
    summary: "the policy evicts keys that expire, and hardly any does",
    docs: "A volatile policy takes only keys with a time to live. Where more than nine in ten have none, the rest is
soon gone, and from then on writes are refused as with `noeviction`: measured with `volatile-lru` on all
servers.

Bad:
    maxmemory-policy volatile-lru
    db0: keys=500000,expires=100,avg_ttl=0

Good:
    maxmemory-policy volatile-lru
    db0: keys=500000,expires=400000,avg_ttl=0
",
    source: "measured on all servers: volatile-lru without keys that expire answers -OOM",
    check: Check::Live(nothing_evictable),
    ..LIVE
};

fn nothing_evictable(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(limit) = live.bytes("maxmemory") else { return };
    let Some(policy) = report.seen("CONFIG GET", live.choice("maxmemory-policy")) else { return };
    let (keys, expires) = live.keys();
    let expiring = percent(expires, keys);
    if limit == 0 || !policy.starts_with("volatile") || keys < 1000 || expiring >= 10 {
        return;
    }
    let message = format!("`{policy}` evicts keys that expire: {expires} of {keys} ({expiring} %)");
    let proof = Proof::of([count("keys", keys), count("expires", expires), share("expiring", expiring)])
        .above("fewer than 10 % of the keys expire", "measured; learn.microsoft.com/azure cache-best-practices-memory");
    let help = "give keys a time to live, or choose `allkeys-lru` for a cache and `noeviction` for data";
    report.add(NOTHING_EVICTABLE.finding(live.place("maxmemory-policy"), message).help(help).proof(proof));
}

pub(in crate::lint) static EXPIRY_FALLS_BEHIND: Rule = Rule {
    id: "expiry-falls-behind",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "many keys are over their time and still there",
    docs: "Expired keys are found by sampling. When the share that is over its time stays above 25 %, or the cycle runs
out of its time again and again, they hold memory that nobody can use.

Bad:
    expired_stale_perc: 40.00

Good:
    expired_stale_perc: 3.00
",
    source: "redis.io/docs INFO; the cycle's own bound is 10 %",
    check: Check::Live(expiry),
    ..LIVE
};

fn expiry(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(stale) = report.seen("expired_stale_perc", live.fraction("expired_stale_perc")) else { return };
    if stale <= 25.0 {
        return;
    }
    let message = format!("{stale:.0} % of the keys that expire are over their time");
    let reached = live.number("expired_time_cap_reached_count").unwrap_or(0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share in hundredths")]
    let proof =
        Proof::of([share("expired_stale_perc", stale as u64), count("expired_time_cap_reached_count", reached)])
            .above("25 %", JUDGEMENT)
            .change("active-expire-effort", "3");
    let help = "raise `active-expire-effort`, which costs processor time, and spread times to live";
    report.add(EXPIRY_FALLS_BEHIND.finding(live.place("active-expire-effort"), message).help(help).proof(proof));
}

pub(in crate::lint) static LOADING: Rule = Rule {
    id: "data-loading",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "the server loads its data",
    docs: "While it loads, a server answers `-LOADING` to nearly everything; what else is measured says little yet.

Bad:
    loading: 1
    loading_loaded_perc: 40.00
    loading_eta_seconds: 90

Good:
    loading: 0
",
    source: "INFO of all servers",
    check: Check::Live(loading),
    ..LIVE
};

fn loading(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(loads) = report.seen("loading", live.number("loading")) else { return };
    if loads == 0 && live.number("async_loading").unwrap_or(0) == 0 {
        return;
    }
    let done = live.info("loading_loaded_perc").unwrap_or("?");
    let left = live.number("loading_eta_seconds").unwrap_or(0);
    let message = format!("the server loads its data: {done} % are there, {left} s to go");
    let proof = Proof::of([count("loading", loads), seconds("loading_eta_seconds", left)]).above("1", "INFO");
    report.add(LOADING.finding(live.anchor(), message).help("look again when it is done").proof(proof));
}
