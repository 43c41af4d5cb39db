//! Memory: how near the limit, what goes when it is reached, and what the system gives for it.

use super::super::job::Job;
use super::alert::{Alert, Metrics};
use crate::config::Value;
use crate::facts::bytes_text;

pub(super) fn alerts(job: &Job<'_>) -> Vec<Alert> {
    let metrics = Metrics::of(job);
    let mut alerts = Vec::new();
    if let Some(limit) = limit(job) {
        alerts.push(other_limit(&metrics, limit));
        alerts.extend(at_the_limit(job, &metrics, limit));
        alerts.push(fragmented(&metrics, limit));
    }
    if let Some(memory) = job.memory() {
        alerts.push(resident(&metrics, memory));
    }
    alerts.push(swapped(&metrics));
    alerts
}

/// `maxmemory`, if there is a limit.
pub(super) fn limit(job: &Job<'_>) -> Option<u64> {
    match job.setup.config.get("maxmemory") {
        Some(Value::Bytes(bytes)) if *bytes > 0 => Some(*bytes),
        Some(_) | None => None,
    }
}

fn other_limit(metrics: &Metrics, limit: u64) -> Alert {
    let compares = format!("!= {limit}");
    metrics.at("RedisMaxmemoryChanged", "redis_memory_max_bytes", &compares, limit, limit / 2).lasting(15).says(
        format!("maxmemory is not {}", bytes_text(limit)),
        "somebody has set another limit by hand, or the server runs with another configuration",
        format!("maxmemory {}", bytes_text(limit)),
    )
}

/// What is wrong when memory runs out depends on what may go.
fn at_the_limit(job: &Job<'_>, metrics: &Metrics, limit: u64) -> Vec<Alert> {
    let policy = policy(job);
    let from = format!("maxmemory {} with maxmemory-policy {policy}", bytes_text(limit));
    let used = "redis_memory_used_bytes";
    let share = |percent: u64| limit / 100 * percent;
    let near = |name, percent: u64, why: &str| {
        metrics
            .at(name, used, &format!("> {}", share(percent)), share(percent) - 1, limit)
            .lasting(5)
            .says(format!("more than {percent} % of maxmemory is used"), why, &*from)
    };
    if policy == "noeviction" {
        let why = "nothing is evicted: at the limit every write is refused";
        return vec![near("RedisMemoryHigh", 80, why), near("RedisMemoryNearLimit", 95, why).critical()];
    }
    if policy.starts_with("volatile-") {
        let why = "only keys with a time to live are evicted: if none is left, every write is refused";
        return vec![near("RedisMemoryNearLimit", 98, why), evicts(metrics, &from)];
    }
    vec![churns(metrics, &from)]
}

/// Where data is kept that is not a mere cache, evictions are worth a look.
fn evicts(metrics: &Metrics, from: &str) -> Alert {
    metrics.grows("RedisEvictsKeys", "redis_evicted_keys_total", 15, 0).says(
        "keys are evicted before their time",
        "the data no longer fit: keys with a time to live go before it is over",
        from,
    )
}

/// A cache evicts all the time; it is too small if it throws half of itself away within an hour.
fn churns(metrics: &Metrics, from: &str) -> Alert {
    let (evicted, keys) = ("redis_evicted_keys_total", "redis_db_keys");
    let expression = format!(
        "increase({}[1h]) > 0.5 * sum by (instance, job) ({})",
        metrics.metric(evicted),
        metrics.metric(keys)
    );
    let good = vec![metrics.growing(evicted, 0, 5), metrics.flat(keys, 1000)];
    let bad = vec![metrics.growing(evicted, 0, 20), metrics.flat(keys, 1000)];
    Alert { at: 75, ..metrics.alert("RedisCacheTooSmall", expression, good, bad) }.lasting(15).says(
        "half of the cache is evicted within an hour",
        "evicting is what this policy is for, but what goes so soon has been of little use: hits fall, and sources are asked",
        from,
    )
}

/// More than half as much again as is used: in a server that is at least a quarter full.
fn fragmented(metrics: &Metrics, limit: u64) -> Alert {
    let (rss, used) = ("redis_memory_used_rss_bytes", "redis_memory_used_bytes");
    let quarter = limit / 4;
    let [rss_of, used_of] = [rss, used].map(|name| metrics.metric(name));
    let expression = format!("{rss_of} > 1.5 * {used_of} and {used_of} > {quarter}");
    let sample = |times: u64| vec![metrics.flat(rss, limit / 2 * times), metrics.flat(used, limit / 2)];
    metrics.alert("RedisMemoryFragmented", expression, sample(1), sample(2)).lasting(30).says(
        "the server holds half as much memory again as it uses",
        "fragmentation: the limit does not hold what it promises; see activedefrag, or restart a replica and fail over",
        format!("a quarter of maxmemory {}, below which the ratio means little", bytes_text(limit)),
    )
}

fn resident(metrics: &Metrics, memory: u64) -> Alert {
    let share = memory / 10 * 9;
    let compares = format!("> {share}");
    metrics.at("RedisResidentMemoryHigh", "redis_memory_used_rss_bytes", &compares, memory / 2, memory).lasting(2).critical().says(
        format!("the server takes more than 90 % of the {} that it may use", bytes_text(memory)),
        "beyond that the system ends it; a background save needs room for what is written meanwhile",
        format!("the fact memory {}", bytes_text(memory)),
    )
}

/// Below 1 some of the data are not in memory: they are swapped out. Small servers are below it all the time.
fn swapped(metrics: &Metrics) -> Alert {
    const LEAST: u64 = 256 << 20;
    let (rss, used) = ("redis_memory_used_rss_bytes", "redis_memory_used_bytes");
    let [rss_of, used_of] = [rss, used].map(|name| metrics.metric(name));
    let expression = format!("{rss_of} < 0.9 * {used_of} and {used_of} > {LEAST}");
    let sample = |mebibytes: u64| vec![metrics.flat(rss, mebibytes << 20), metrics.flat(used, 1 << 30)];
    metrics.alert("RedisMemorySwapped", expression, sample(1024), sample(512)).lasting(15).says(
        "some of the data are not in memory",
        "resident memory is less than the data: the system has swapped some out, and reading them stalls everybody",
        "every profile",
    )
}

/// The policy's word.
fn policy(job: &Job<'_>) -> String {
    let config = &job.setup.config;
    let directive = config.view.directives().find(|directive| directive.name() == "maxmemory-policy");
    let word = directive.and_then(|directive| Some(config.effective(directive)?.config_get(&directive.kind)));
    word.map_or_else(|| "noeviction".to_owned(), |word| String::from_utf8_lossy(&word).into_owned())
}
