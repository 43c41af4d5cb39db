//! The state of a server in a few values: what a reader looks at first.

use super::Vital;
use crate::facts::bytes_text;
use crate::lint::doctor::LiveCase;

/// The values, in the order in which they are read.
pub(super) fn vitals(live: &LiveCase<'_>) -> Vec<Vital> {
    let number = |field: &str| live.number(field);
    let bytes = |field: &str| number(field).map(bytes_text);
    let mut vitals = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| vitals.extend(value.map(|value| Vital { name, value }));
    add("version", Some(live.snapshot.server.to_string()));
    add("running for", number("uptime_in_seconds").map(time));
    add("role", role(live));
    add("memory", memory(live));
    add(
        "resident",
        bytes("used_memory_rss").map(|resident| {
            let ratio =
                live.info("mem_fragmentation_ratio").map(|ratio| format!(" (ratio {ratio})")).unwrap_or_default();
            resident + &ratio
        }),
    );
    let (keys, expires) = live.keys();
    add("keys", Some(format!("{keys}, {expires} of them expire")));
    let clients = number("connected_clients").zip(live.int("maxclients"));
    add("connections", clients.map(|(clients, most)| format!("{clients} of {most}")));
    let subscribers = number("pubsub_clients").filter(|some| *some > 0);
    add("subscribers", subscribers.map(|some| some.to_string()));
    let commands = live.rise("total_commands_processed");
    add("commands", commands.map(|rise| format!("{:.0} a second {}", rise.per_second(), rise.when())));
    add("hit rate", hits(live));
    add("snapshots", snapshots(live));
    add("append-only file", (number("aof_enabled") == Some(1)).then(|| "on".to_owned()));
    let fork = number("latest_fork_usec").filter(|time| *time > 0);
    add("last fork", fork.map(|time| format!("{:.1} ms", float(time) / 1000.0)));
    vitals
}

/// A number for shares of which two digits are shown.
#[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

/// A time for people, in one unit.
pub(super) fn time(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}

fn role(live: &LiveCase<'_>) -> Option<String> {
    let is_primary = live.is_primary()?;
    let replicas = live.number("connected_slaves").unwrap_or(0);
    let cluster = if live.info("cluster_enabled") == Some("1") { ", cluster" } else { "" };
    Some(match (is_primary, replicas) {
        (true, 0) => format!("primary, no replica{cluster}"),
        (true, 1) => format!("primary, 1 replica{cluster}"),
        (true, some) => format!("primary, {some} replicas{cluster}"),
        (false, _) => format!(
            "replica, link {}{cluster}",
            if live.info("master_link_status") == Some("up") { "up" } else { "down" }
        ),
    })
}

fn memory(live: &LiveCase<'_>) -> Option<String> {
    let used = live.number("used_memory")?;
    let policy = live.choice("maxmemory-policy").unwrap_or("?");
    Some(match live.bytes("maxmemory") {
        Some(0) => format!("{}, no limit", bytes_text(used)),
        Some(limit) => {
            let part = used.saturating_mul(100) / limit;
            format!("{} of {} ({part} %), {policy}", bytes_text(used), bytes_text(limit))
        }
        None => bytes_text(used),
    })
}

fn hits(live: &LiveCase<'_>) -> Option<String> {
    let (hits, misses) = (live.rise("keyspace_hits")?, live.rise("keyspace_misses")?);
    let lookups = hits.count + misses.count;
    (lookups > 0)
        .then(|| format!("{:.2} % of {lookups} lookups {}", float(hits.count) * 100.0 / float(lookups), hits.when()))
}

fn snapshots(live: &LiveCase<'_>) -> Option<String> {
    let points = live.save_points()?;
    if points.is_empty() {
        return Some("off".to_owned());
    }
    let told: Vec<String> = points.iter().map(|point| format!("{} {}", point.seconds, point.changes)).collect();
    let last = live.info("rdb_last_bgsave_status").unwrap_or("?");
    let taken = live.number("rdb_last_bgsave_time_sec").filter(|_| live.info("rdb_last_bgsave_time_sec") != Some("-1"));
    let took = taken.map(|seconds| format!(", took {seconds} s in a child")).unwrap_or_default();
    let last = if last == "ok" { "ok" } else { "failed" };
    Some(format!("save {}, last {last}{took}", told.join(" ")))
}
