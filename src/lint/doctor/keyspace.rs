//! What the keys are used for, as far as counters tell: hits, databases, notifications.

use super::measure::{count, rose, running, share};
use super::memory::is_cache;
use super::{JUDGEMENT, LIVE, LiveCase, percent};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

/// Fewer lookups say nothing of a share.
const ENOUGH: u64 = 1000;

pub(in crate::lint) static HIT_RATE_LOW: Rule = Rule {
    id: "hit-rate-low",
    group: Group::Memory,
    summary: "a cache does not have what it is asked for",
    docs:
        "Each miss is a question to what stands behind the cache. Below 80 % the cache is too small, its times to live
are too short, or it is asked for what is never put in. Only caches are judged, and only from 1000 lookups
on.

Bad:
    # redisconf: workload=cache
    keyspace_hits: 6000
    keyspace_misses: 4000

Good:
    # redisconf: workload=cache
    keyspace_hits: 9500
    keyspace_misses: 500
",
    source: "redis/agent-skills redis-observability (80 %)",
    facts: &["workload"],
    check: Check::Live(hits),
    ..LIVE
};

fn hits(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let (Some(hits), Some(misses)) = (live.rise("keyspace_hits"), live.rise("keyspace_misses")) else {
        report.seen::<()>("keyspace_hits", None);
        return;
    };
    let lookups = hits.count + misses.count;
    let found = percent(hits.count, lookups);
    if lookups < ENOUGH || found >= 80 {
        return;
    }
    let Some(workload) = report.word("workload") else { return };
    if !is_cache(workload) {
        return;
    }
    let message = format!("{found} % of {lookups} lookups found something {}", hits.when());
    let proof = Proof::of([rose("keyspace_hits", hits), rose("keyspace_misses", misses), share("hit rate", found)])
        .above("below 80 %; below 50 % an error", "redis/agent-skills; 50 % is a judgement of redisconf");
    let mut finding = HIT_RATE_LOW.finding(live.anchor(), message).proof(proof);
    if found < 50 {
        finding.severity = Severity::Error;
    }
    let help = if live.number("evicted_keys").is_some_and(|keys| keys > 0) {
        "raise `maxmemory`: keys are evicted before they are asked for"
    } else {
        "look at times to live, and at keys that nobody ever writes"
    };
    report.add(finding.help(help));
}

pub(in crate::lint) static DATABASES_SEVERAL: Rule = Rule {
    id: "databases-several",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "more than one numbered database is in use",
    docs: "Numbered databases share one thread, one memory limit and one policy, and a cluster has one only. Data of
different purposes want servers of their own, or prefixes.

Bad:
    db0: keys=10,expires=0,avg_ttl=0
    db3: keys=10,expires=0,avg_ttl=0

Good:
    db0: keys=10,expires=0,avg_ttl=0
",
    source: "RedisInsight's recommendations",
    check: Check::Live(databases),
    ..LIVE
};

fn databases(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let is_one = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
    let used = live.fields("db").filter(|(name, _)| !name.is_empty() && is_one(name)).count();
    if used < 2 {
        return;
    }
    let message = format!("{used} numbered databases hold keys");
    let number = u64::try_from(used).unwrap_or(u64::MAX);
    let proof = Proof::of([count("databases with keys", number)]).above("more than one", "RedisInsight");
    let help = "give each purpose a server of its own, or prefixes in database 0";
    report.add(DATABASES_SEVERAL.finding(live.place("databases"), message).help(help).proof(proof));
}

pub(in crate::lint) static NOTIFICATIONS_UNHEARD: Rule = Rule {
    id: "notifications-unheard",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "changes of keys are published and nobody listens",
    docs: "With `notify-keyspace-events` each change of a key publishes messages. While no client is subscribed to any
pattern or channel that is processor time for nothing; and whoever connects later has missed them.

Bad:
    notify-keyspace-events KEA
    pubsub_channels: 0
    pubsub_patterns: 0

Good:
    notify-keyspace-events KEA
    pubsub_patterns: 2
",
    source: "valkey.io/topics/notifications",
    check: Check::Live(unheard),
    ..LIVE
};

fn unheard(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(running_now) = report.seen("CONFIG GET", live.running()) else { return };
    let is_on = running_now.set_by("notify-keyspace-events").is_some_and(|id| !running_now.word(id, 0).is_empty());
    let heard = |field| live.number(field).unwrap_or(0) > 0;
    if !is_on || heard("pubsub_patterns") || heard("pubsub_channels") {
        return;
    }
    let proof = Proof::of([count("pubsub_patterns", 0), running("notify-keyspace-events", "set")])
        .above("a pattern or channel with a subscriber", "valkey.io/topics/notifications");
    let message = "changes of keys are published, and nobody is subscribed to anything";
    let help = "set `notify-keyspace-events \"\"` unless a listener is only away just now";
    report.add(NOTIFICATIONS_UNHEARD.finding(live.place("notify-keyspace-events"), message).help(help).proof(proof));
}

pub(in crate::lint) static PATTERNS_MANY: Rule = Rule {
    id: "patterns-many",
    group: Group::Clients,
    summary: "every message is compared with many patterns",
    docs: "PUBLISH compares the channel with each pattern that anybody subscribed to. With a thousand of them the one
thread is busy with comparing.

Bad:
    pubsub_patterns: 5000

Good:
    pubsub_patterns: 20
",
    source: "valkey.io/commands/publish (its complexity)",
    check: Check::Live(patterns),
    ..LIVE
};

fn patterns(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(patterns) = report.seen("pubsub_patterns", live.number("pubsub_patterns")) else { return };
    if patterns <= 1000 {
        return;
    }
    let message = format!("each PUBLISH is compared with {patterns} patterns");
    let proof = Proof::of([count("pubsub_patterns", patterns)]).above("1000 patterns", JUDGEMENT);
    let help = "subscribe to channels by name (SUBSCRIBE), or to fewer and broader patterns";
    report.add(PATTERNS_MANY.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static TRACKING_TABLE_FULL: Rule = Rule {
    id: "tracking-table-full",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "the table of keys that clients cache is nearly full",
    docs: "When the table is full the server forgets keys by telling clients that they changed, though they did not:
their caches empty themselves.

Bad:
    tracking_total_keys: 990000

Good:
    tracking_total_keys: 10000
",
    source: "valkey.io/topics/client-side-caching; default of tracking-table-max-keys",
    check: Check::Live(tracking),
    ..LIVE
};

fn tracking(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(keys) = report.seen("tracking_total_keys", live.number("tracking_total_keys")) else { return };
    if keys == 0 {
        return;
    }
    let Some(most) = report.seen("CONFIG GET", live.int("tracking-table-max-keys")) else { return };
    if most == 0 || percent(keys, most) < 90 {
        return;
    }
    let message = format!("{keys} of {most} keys that clients cache are tracked");
    let proof = Proof::of([count("tracking_total_keys", keys), running("tracking-table-max-keys", most)])
        .above("90 % of tracking-table-max-keys", JUDGEMENT)
        .change("tracking-table-max-keys", (most * 2).to_string());
    let help = "raise `tracking-table-max-keys`, or have clients track prefixes (BCAST)";
    report.add(TRACKING_TABLE_FULL.finding(live.place("tracking-table-max-keys"), message).help(help).proof(proof));
}
