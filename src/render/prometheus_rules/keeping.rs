//! What is kept on disk: snapshots and the append-only file, where they are on.

use super::super::job::Job;
use super::alert::{Alert, Metrics};
use super::memory::limit;
use crate::config::{SavePoint, Value};

pub(super) fn alerts(job: &Job<'_>) -> Vec<Alert> {
    let metrics = Metrics::of(job);
    let mut alerts = Vec::new();
    let config = &job.setup.config;
    if let Some(Value::Save { points, .. }) = config.get("save")
        && let Some(last) = points.iter().max_by_key(|point| point.seconds)
    {
        alerts.extend(snapshots(&metrics, *last, config.get("stop-writes-on-bgsave-error") != Some(&Value::Bool(false))));
    }
    if config.get("appendonly") == Some(&Value::Bool(true)) {
        alerts.extend(append_only(&metrics));
    }
    if job.kept().any() || job.replicas() > 0 {
        alerts.push(forks(job, &metrics));
    }
    alerts
}

fn snapshots(metrics: &Metrics, last: SavePoint, stops_writes: bool) -> Vec<Alert> {
    let failed = metrics.at("RedisSnapshotFailed", "redis_rdb_last_bgsave_status", "== 0", 1, 0).lasting(1).critical();
    let failed = if stops_writes {
        failed.says(
            "the last snapshot failed",
            "stop-writes-on-bgsave-error is on: all writes are refused until one succeeds",
            "save and stop-writes-on-bgsave-error",
        )
    } else {
        failed.says("the last snapshot failed", "what was written since the one before is not kept", "save")
    };
    let seconds = u64::try_from(last.seconds).unwrap_or(1);
    let changes = u64::try_from(last.changes).unwrap_or(0);
    let (saved, unsaved) = ("redis_rdb_last_save_timestamp_seconds", "redis_rdb_changes_since_last_save");
    let expression = format!(
        "time() - {} > {} and {} >= {}",
        metrics.metric(saved),
        2 * seconds,
        metrics.metric(unsaved),
        changes.max(1)
    );
    let good = vec![metrics.flat(saved, 0), metrics.flat(unsaved, 0)];
    let bad = vec![metrics.flat(saved, 0), metrics.flat(unsaved, changes.max(1))];
    let old = Alert { at: 2 * seconds / 60 + 10, ..metrics.alert("RedisSnapshotOverdue", expression, good, bad) };
    let old = old.lasting(5).says(
        "no snapshot for twice the time after which there should be one",
        format!("the longest save point asks for one after {seconds} s if {changes} keys have changed, and they have"),
        format!("save {seconds} {changes}"),
    );
    vec![failed, old]
}

fn append_only(metrics: &Metrics) -> Vec<Alert> {
    vec![
        metrics.at("RedisAppendFailed", "redis_aof_last_write_status", "== 0", 1, 0).lasting(1).critical().says(
            "the append-only file cannot be written",
            "all writes are refused until it can: look at the disk",
            "appendonly yes",
        ),
        metrics.at("RedisRewriteFailed", "redis_aof_last_bgrewrite_status", "== 0", 1, 0).lasting(5).says(
            "the last rewrite of the append-only file failed",
            "the file grows until one succeeds: the disk fills, and a restart takes longer",
            "appendonly yes",
        ),
        metrics.grows("RedisFsyncDelayed", "redis_aof_delayed_fsync", 15, 5).says(
            "the disk does not keep up with the append-only file",
            "an fsync took more than two seconds, and clients were kept waiting for it",
            "appendonly yes",
        ),
    ]
}

/// Milliseconds that a fork takes for each GiB; the slowest of the measured servers took 102.
const FORK_FOR_GIB: u64 = 100;

/// While it forks, nobody is served: as long as its size explains, and a second at most.
fn forks(job: &Job<'_>, metrics: &Metrics) -> Alert {
    let limit = limit(job);
    let gib = limit.map_or(10, |limit| limit.div_ceil(1 << 30));
    let longest = (gib * FORK_FOR_GIB).clamp(100, 1000) * 1000;
    let from = match limit {
        Some(limit) => format!("maxmemory {}, at 100 ms for each GiB and a second at most", crate::facts::bytes_text(limit)),
        None => "a second, which clients notice; no maxmemory is set".to_owned(),
    };
    let compares = format!("> {longest}");
    metrics.at("RedisForkSlow", "redis_latest_fork_usec", &compares, longest, longest + 1).says(
        format!("a fork took more than {} ms", longest / 1000),
        "nobody is served meanwhile; transparent huge pages, a slow hypervisor or too large a server are why",
        from,
    )
}
