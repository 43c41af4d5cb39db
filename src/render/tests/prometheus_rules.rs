//! Alerts: which there are, and the numbers in them. That Prometheus takes them is the business of a validator.

use super::super::Target;
use super::build;

fn rules(text: &str) -> String {
    build(Target::PrometheusRules, "redis-7.4", text).text()
}

fn has(text: &str, alert: &str) -> bool {
    text.contains(&format!("alert: \"{alert}\""))
}

#[test]
fn what_happens_at_the_limit_decides_what_is_told_of_memory() {
    let refuses = rules("maxmemory 1000mb\nmaxmemory-policy noeviction\nsave \"\"\n");
    assert!(refuses.contains("redis_memory_used_bytes{job=\\\"cache\\\"} > 838860800\""), "{refuses}");
    assert!(has(&refuses, "RedisMemoryHigh") && !has(&refuses, "RedisCacheTooSmall"));
    let cache = rules("maxmemory 1000mb\nmaxmemory-policy allkeys-lru\nsave \"\"\n");
    assert!(has(&cache, "RedisCacheTooSmall") && !has(&cache, "RedisMemoryNearLimit"));
    let some = rules("maxmemory 1000mb\nmaxmemory-policy volatile-ttl\nsave \"\"\n");
    assert!(has(&some, "RedisEvictsKeys") && has(&some, "RedisMemoryNearLimit"));
    assert!(!has(&rules("save \"\"\n"), "RedisMaxmemoryChanged"));
}

#[test]
fn what_is_not_kept_cannot_be_overdue() {
    let nothing = rules("save \"\"\nappendonly no\n");
    assert!(!nothing.contains("redis_rdb") && !nothing.contains("redis_aof") && !has(&nothing, "RedisForkSlow"));
    let both = rules("save 3600 1 300 100\nappendonly yes\nmaxmemory 4gb\n");
    assert!(both.contains("redis_rdb_last_save_timestamp_seconds{job=\\\"cache\\\"} > 7200 and"), "{both}");
    assert!(has(&both, "RedisAppendFailed") && both.contains("redis_latest_fork_usec{job=\\\"cache\\\"} > 400000\""));
}

#[test]
fn the_lowest_buffer_limit_of_those_who_listen_counts() {
    let text = rules("client-output-buffer-limit pubsub 32mb 8mb 60 normal 256mb 64mb 60 replica 1mb 1mb 1\n");
    assert!(text.contains("output_buffer_bytes{job=\\\"cache\\\"} > 16777216\""), "{text}");
    assert!(has(&text, "RedisClientsCutOff"));
    let older = build(Target::PrometheusRules, "redis-7.2", "hz 10\n").text();
    assert!(has(&older, "RedisOutputBufferHigh") && !has(&older, "RedisClientsCutOff"));
}

#[test]
fn replicas_are_missed_only_where_there_should_be_some() {
    assert!(!rules("hz 10\n").contains("redis_connected_slaves"));
    let text = build(Target::PrometheusRules, "redis-7.4", "min-replicas-to-write 1\nmin-replicas-max-lag 7\n")
        .fact("replicas", "2")
        .text();
    assert!(has(&text, "RedisWritesRefused") && has(&text, "RedisReplicasMissing"));
    assert!(text.contains("redis_connected_slave_lag_seconds{job=\\\"cache\\\"} > 7\""), "{text}");
}

#[test]
fn each_alert_has_a_test_in_which_it_fires_and_one_in_which_it_is_silent() {
    let build = build(Target::PrometheusRules, "valkey-8.1", "maxmemory 1gb\nsave 60 1\nappendonly yes\n");
    let (rules, tests) = (build.text(), build.artefact("prometheus-rules.test.yaml"));
    assert_eq!(tests.matches("eval_time:").count(), 2 * rules.matches("- alert:").count());
}
