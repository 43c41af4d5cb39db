//! Replicas, where there are any: that they are there, linked and not behind.

use super::super::job::Job;
use super::alert::{Alert, Metrics};
use crate::config::Value;
use crate::facts::bytes_text;

/// Seconds behind which a replica must not fall where the profile says nothing: the default of `min-replicas-max-lag`.
const LAG: u64 = 10;

pub(super) fn alerts(job: &Job<'_>) -> Vec<Alert> {
    let config = &job.setup.config;
    let number = |name: &str| match config.get(name) {
        Some(Value::Int(number)) => u64::try_from(*number).unwrap_or(0),
        Some(_) | None => 0,
    };
    let (wanted, needed) = (u64::from(job.replicas()), number("min-replicas-to-write"));
    if wanted == 0 && needed == 0 {
        return Vec::new();
    }
    let metrics = Metrics::of(job);
    let mut alerts = vec![link(&metrics, wanted)];
    if needed > 0 {
        alerts.push(missing(&metrics, "RedisWritesRefused", needed).critical().says(
            format!("fewer than {needed} replicas: writes are refused"),
            "min-replicas-to-write asks for more replicas than there are",
            format!("min-replicas-to-write {needed}"),
        ));
    }
    if wanted > 0 {
        alerts.push(missing(&metrics, "RedisReplicasMissing", wanted).says(
            format!("the primary has fewer than {wanted} replicas"),
            "one more failure, and there is nobody left to fail over to",
            format!("the fact replicas {wanted}"),
        ));
    }
    alerts.push(lag(&metrics, match number("min-replicas-max-lag") {
        0 => LAG,
        seconds => seconds,
    }));
    let backlog = match config.get("repl-backlog-size") {
        Some(Value::Bytes(bytes)) => bytes_text(*bytes),
        Some(_) | None => "of its default size".to_owned(),
    };
    alerts.push(metrics.grows("RedisFullResynchronisations", "redis_replica_resyncs_full", 60, 1).says(
        "replicas were filled from scratch more than once within an hour",
        "the backlog did not reach back to where they had stopped: each time the primary forks and sends everything",
        format!("repl-backlog-size {backlog}"),
    ));
    alerts
}

/// On a primary alone: a replica has none of its own.
fn missing(metrics: &Metrics, name: &'static str, wanted: u64) -> Alert {
    let (replicas, instance) = ("redis_connected_slaves", "redis_instance_info");
    let expression = format!(
        "{} < {wanted} and on (instance, job) {}",
        metrics.metric(replicas),
        metrics.metric_with(instance, "role", "master")
    );
    let role = || {
        let (series, ..) = metrics.flat(instance, 1);
        (series.replace('}', ",role=\"master\"}"), 1, 0)
    };
    let good = vec![metrics.flat(replicas, wanted), role()];
    let bad = vec![metrics.flat(replicas, wanted - 1), role()];
    metrics.alert(name, expression, good, bad).lasting(5)
}

fn link(metrics: &Metrics, wanted: u64) -> Alert {
    metrics.at("RedisReplicationBroken", "redis_master_link_up", "== 0", 1, 0).lasting(2).critical().says(
        "a replica has lost its primary",
        "it answers with what it last had, and falls behind",
        format!("the fact replicas {wanted}"),
    )
}

fn lag(metrics: &Metrics, seconds: u64) -> Alert {
    let metric = "redis_connected_slave_lag_seconds";
    metrics.at("RedisReplicationLag", metric, &format!("> {seconds}"), seconds, seconds + 1).lasting(2).says(
        format!("a replica is more than {seconds} s behind"),
        "so much is lost if the primary is lost now",
        format!("min-replicas-max-lag {seconds}"),
    )
}
