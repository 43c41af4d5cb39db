//! What the examples of the rules do not show.

use crate::lint::tests::inspected;

fn found(rule: &str, text: &str) -> Vec<String> {
    let (inspection, _) = inspected(text);
    let own = inspection.findings.iter().filter(|finding| finding.rule == rule);
    own.map(|finding| format!("{} {}", finding.severity, finding.message)).collect()
}

fn is_silent_for(rule: &'static str, text: &str) -> Option<&'static str> {
    let (inspection, _) = inspected(text);
    inspection.silent.into_iter().find(|(id, _)| *id == rule).map(|(_, fact)| fact)
}

#[test]
fn without_subscribers_nothing_is_said_of_their_buffers() {
    let text = "# redisconf: memory=8gb\nmaxmemory 6gb\nclient-output-buffer-limit pubsub 256mb 128mb 60\n";
    for rule in ["pubsub-buffer-overcommit", "subscribers-can-evict-data"] {
        assert!(found(rule, text).is_empty());
        assert_eq!(is_silent_for(rule, text), Some("subscribers"));
    }
}

#[test]
fn slow_subscribers_are_told_of_once() {
    let of = |maxmemory: &str, limit: &str| -> Vec<String> {
        let text = format!(
            "# redisconf: memory=8gb subscribers=1000\nmaxmemory {maxmemory}\nmaxmemory-policy allkeys-lru\n\
             client-output-buffer-limit pubsub {limit} 60\n"
        );
        ["pubsub-buffer-overcommit", "subscribers-can-evict-data"]
            .iter()
            .flat_map(|rule| found(rule, &text).into_iter().map(move |line| format!("{rule}: {line}")))
            .collect()
    };
    // 50 slow ones hold 50 times the limit.
    assert!(of("6gb", "256mb 128mb")[0].starts_with("pubsub-buffer-overcommit: error"));
    assert!(of("6gb", "64mb 16mb")[0].starts_with("pubsub-buffer-overcommit: warning"));
    assert!(of("6gb", "32mb 8mb")[0].starts_with("subscribers-can-evict-data: warning"));
    assert!(of("6gb", "8mb 2mb").is_empty());
    for (maxmemory, limit) in [("6gb", "256mb 128mb"), ("6gb", "64mb 16mb"), ("6gb", "32mb 8mb")] {
        assert_eq!(of(maxmemory, limit).len(), 1, "{limit}");
    }
}

#[test]
fn a_cap_on_all_clients_bounds_subscribers_too() {
    let text = "# redisconf: memory=8gb subscribers=1000\nmaxmemory 4gb\nclient-output-buffer-limit pubsub 0 0 0\n";
    assert_eq!(found("pubsub-buffer-unlimited", text).len(), 1);
    assert!(found("pubsub-buffer-unlimited", &format!("{text}maxmemory-clients 5%\n")).is_empty());
}

#[test]
fn the_profile_for_heavy_publishing_passes_its_own_rules() {
    let text = "# redisconf: memory=8gb subscribers=1000 publish-rate=10000 message-size=1kb fanout=10 stall=30s \
                workload=pubsub network-bandwidth=1gb\nmaxmemory 4915mb\nmaxmemory-policy noeviction\nsave \"\"\n\
                client-output-buffer-limit normal 256mb 64mb 60\nclient-output-buffer-limit pubsub 32mb 8mb 60\n";
    let (inspection, _) = inspected(text);
    let clients = inspection.findings.iter().filter(|finding| {
        finding.rule.contains("pubsub") || finding.rule.contains("subscribers") || finding.rule.contains("fanout")
    });
    assert_eq!(clients.count(), 0, "{:#?}", inspection.findings);
}

#[test]
fn of_several_classes_on_a_line_the_right_one_is_mended() {
    let text = "client-output-buffer-limit normal 0 0 0 pubsub 8mb 32mb 60\n";
    let (inspection, reading) = inspected(text);
    let finding = inspection.findings.iter().find(|finding| finding.rule == "soft-not-below-hard").unwrap();
    assert_eq!(reading.sources.bytes(finding.at), b"32mb");
    let edit = format!("{:?}", finding.fix.as_ref().unwrap().edits);
    let shown: Vec<String> = ["normal", "0", "0", "0", "pubsub", "32mb", "8mb", "60"]
        .iter()
        .map(|w| format!("{:?}", w.as_bytes()))
        .collect();
    assert!(edit.contains(&shown.join(", ")), "{edit}");
}

#[test]
fn one_quoted_word_is_judged_and_not_mended() {
    let text = "client-output-buffer-limit \"pubsub 0 0 0\"\n";
    let (inspection, _) = inspected(text);
    let finding = inspection.findings.iter().find(|finding| finding.rule == "pubsub-buffer-unlimited").unwrap();
    assert!(finding.fix.is_none());
}

#[test]
fn broad_events_weigh_more_where_much_is_written() {
    let of = |facts: &str, letters: &str| {
        found(
            "keyspace-events-broad",
            &format!("# redisconf: server=redis-7.4 {facts}\nnotify-keyspace-events {letters}\n"),
        )
    };
    assert!(of("", "KEA")[0].starts_with("info") && of("writes=heavy", "KEA")[0].starts_with("warning"));
    assert!(of("", "KEA")[0].ends_with("two messages") && of("", "EA")[0].ends_with("a message"));
    assert!(of("", "Ex").is_empty() && of("", "A").is_empty() && of("", "\"\"").is_empty());
}

#[test]
fn the_version_decides_whether_large_messages_count() {
    let of = |server: &str, size: &str| {
        found(
            "output-limit-not-enforced",
            &format!("# redisconf: server={server} subscribers=10 message-size={size}\nport 6379\n"),
        )
        .len()
    };
    assert_eq!([of("valkey-9.0", "16kb"), of("valkey-9.1", "1mb"), of("valkey-9.1", "8kb")], [1, 1, 0]);
    assert_eq!([of("valkey-8.1", "1mb"), of("redis-8.2", "1mb")], [0, 0]);
}
