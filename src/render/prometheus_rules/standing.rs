//! Whether it is there at all, and whether it still is what was declared.

use super::super::job::Job;
use super::alert::{Alert, Metrics};

/// Seconds after which a comparison is too old; `redisconf watch` looks every minute or so.
const STALE: u64 = 3600;

pub(super) fn alerts(job: &Job<'_>) -> Vec<Alert> {
    let metrics = Metrics::of(job);
    let name = job.resource_name();
    let down = metrics.at("RedisDown", "redis_up", "== 0", 1, 0).lasting(1).critical().says(
        "the server does not answer",
        "redis_exporter reaches no server, or is not let in",
        "every profile",
    );
    let mut absent = metrics.alert(
        "RedisNotMeasured",
        format!("absent({})", metrics.metric("redis_up")),
        vec![metrics.flat("redis_up", 1)],
        Vec::new(),
    );
    absent.labels = vec![("job", name.clone())];
    let absent = absent.lasting(5).critical().says(
        "nobody measures the server",
        "without redis_exporter no other alert of this file can fire",
        "every profile",
    );
    vec![down, absent, drift(&metrics, &name), not_compared(&metrics, &name)]
}

fn drift(metrics: &Metrics, name: &str) -> Alert {
    let series = |value| vec![(format!("redisconf_drift_directives{{instance=\"{name}\"}}"), value, 0)];
    let mut alert = metrics.alert(
        "RedisConfigurationDrift",
        format!("redisconf_drift_directives{{instance=\"{name}\"}} > 0"),
        series(0),
        series(2),
    );
    alert.labels = vec![("instance", name.to_owned())];
    alert.lasting(15).says(
        "the server is not configured as declared",
        "the thresholds of this file are those of the declared configuration; `redisconf diff --live` tells what differs",
        "redisconf watch",
    )
}

fn not_compared(metrics: &Metrics, name: &str) -> Alert {
    let metric = format!("redisconf_last_success_timestamp_seconds{{instance=\"{name}\"}}");
    let alert = metrics.alert(
        "RedisConfigurationNotCompared",
        format!("time() - {metric} > {STALE}"),
        vec![(metric.clone(), 0, 60)],
        vec![(metric, 0, 0)],
    );
    let labels = vec![("instance", name.to_owned())];
    Alert { at: STALE / 60 + 10, labels, ..alert }.lasting(5).says(
        "the configuration was not compared in full for an hour",
        "that no drift is seen means nothing while nobody looks",
        "redisconf watch",
    )
}
