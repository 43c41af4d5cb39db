//! Clients: how many there are of how many, and whether they read what they are sent.

use super::super::job::Job;
use super::alert::{Alert, Metrics};
use crate::config::{Class, Value};
use crate::facts::bytes_text;
use crate::server::Engine;

pub(super) fn alerts(job: &Job<'_>) -> Vec<Alert> {
    let metrics = Metrics::of(job);
    let mut alerts = Vec::new();
    if let Some(Value::Int(limit)) = job.setup.config.get("maxclients")
        && let Ok(limit) = u64::try_from(*limit)
    {
        let share = (limit * 8 / 10).max(1);
        let from = format!("maxclients {limit}");
        alerts.push(
            metrics
                .at("RedisClientsHigh", "redis_connected_clients", &format!("> {share}"), share, limit + 1)
                .lasting(5)
                .says("more than 80 % of maxclients are connected", "beyond the limit new clients are turned away", &*from),
        );
        alerts.push(
            metrics.grows("RedisClientsRejected", "redis_rejected_connections_total", 5, 0).critical().says(
                "clients are turned away",
                "as many are connected as maxclients allows, or the process may open no more files",
                from,
            ),
        );
    }
    alerts.extend(buffers(job, &metrics));
    alerts
}

/// Output buffers: who comes near the limit of its class, and who was cut off.
fn buffers(job: &Job<'_>, metrics: &Metrics) -> Vec<Alert> {
    let Some(Value::Limits(limits)) = job.setup.config.get("client-output-buffer-limit") else { return Vec::new() };
    // Replicas get their whole data through a buffer, so theirs says nothing of clients.
    let limits = limits.iter().filter(|limit| limit.class != Class::Replica && limit.hard > 0);
    let Some(lowest) = limits.min_by_key(|limit| limit.hard) else { return Vec::new() };
    let (hard, class) = (lowest.hard, lowest.class.shown());
    let from = format!("client-output-buffer-limit {class} {}", bytes_text(hard));
    let half = hard / 2;
    let mut alerts = vec![
        metrics
            .at(
                "RedisOutputBufferHigh",
                "redis_client_recent_max_output_buffer_bytes",
                &format!("> {half}"),
                half,
                half + 1,
            )
            .lasting(1)
            .says(
                format!("a client has not read more than {}", bytes_text(half)),
                format!("at {} a client of the class {class} is cut off, and what it was sent is lost", bytes_text(hard)),
                &*from,
            ),
    ];
    if counts_the_cut(job) {
        alerts.push(
            metrics.grows("RedisClientsCutOff", "redis_client_output_buffer_limit_disconnections_total", 5, 0).says(
                "clients are cut off for not reading",
                "their output buffer was full; a subscriber has lost every message since",
                from,
            ),
        );
    }
    alerts
}

/// The counter is there from Redis 7.4 and Valkey 8.0 on.
fn counts_the_cut(job: &Job<'_>) -> bool {
    let first = match job.setup.server.engine {
        Engine::Redis => "redis-7.4",
        Engine::Valkey => "valkey-8.0",
    };
    first.parse::<crate::server::Server>().is_ok_and(|first| job.setup.server.series >= first.series)
}
