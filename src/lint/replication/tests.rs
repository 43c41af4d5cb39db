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
fn a_password_is_missed_where_a_server_may_have_to_log_in() {
    let rule = "replica-auth-missing";
    assert_eq!(found(rule, "requirepass x\ncluster-enabled yes\n").len(), 1);
    assert_eq!(found(rule, "# redisconf: failover=sentinel\nrequirepass x\n").len(), 1);
    assert_eq!(found(rule, "# redisconf: failover=none\nrequirepass x\n").len(), 0);
    assert_eq!(is_silent_for(rule, "requirepass x\n"), Some("failover"));
    assert_eq!(found(rule, "requirepass x\nmasterauth x\nreplicaof 10.0.0.1 6379\n").len(), 0);
    assert_eq!(found(rule, "requirepass \"\"\nreplicaof 10.0.0.1 6379\n").len(), 0);
    assert_eq!(found(rule, "requirepass ${X}\nmasterauth ${X}\nreplicaof 10.0.0.1 6379\n").len(), 0);
    assert_eq!(found(rule, "masteruser copier\nreplicaof 10.0.0.1 6379\n").len(), 1);
    assert!(
        found(rule, "# redisconf: server=valkey-8.1\nrequirepass x\ncluster-enabled yes\n")[0]
            .contains("`primaryauth`")
    );
}

#[test]
fn the_password_of_the_fix_is_in_no_message() {
    let (inspection, _) = inspected("requirepass hunter2\nreplicaof 10.0.0.1 6379\n");
    let finding = inspection.findings.iter().find(|finding| finding.rule == "replica-auth-missing").unwrap();
    assert!(finding.fix.as_ref().unwrap().secret);
    assert!(!format!("{} {:?} {:?}", finding.message, finding.help, finding.labels).contains("hunter2"));
}

#[test]
fn a_server_that_copies_itself_is_told_from_its_neighbour() {
    let of = |text: &str| found("replica-of-itself", text).len();
    assert_eq!(of("port 7000\nreplicaof localhost 7000\n"), 1);
    assert_eq!(of("port 7000\nbind 10.0.0.5 -::1\nreplicaof 10.0.0.5 7000\n"), 1);
    assert_eq!(of("port 7000\nreplicaof 127.0.0.1 6379\n"), 0);
    assert_eq!(of("port 7000\nbind 10.0.0.5\nreplicaof 127.0.0.1 7000\n"), 0);
    assert_eq!(of("port 7000\nbind 127.0.0.2\nreplicaof 127.0.0.1 7000\n"), 0);
    assert_eq!(of("port ${PORT}\nreplicaof 127.0.0.1 6379\n"), 0);
    assert_eq!(of("replicaof no one\n"), 0);
}

#[test]
fn the_backlog_is_judged_only_where_writes_and_outage_are_known() {
    let rule = "backlog-too-small";
    assert_eq!(is_silent_for(rule, "port 6379\n"), Some("replicas"));
    assert_eq!(found(rule, "# redisconf: replicas=0 write-rate=5mb outage=60s\nport 6379\n").len(), 0);
    assert_eq!(found(rule, "# redisconf: replicas=1 write-rate=5mb outage=60s\nport 6379\n").len(), 1);
    let roomy = "# redisconf: replicas=1 write-rate=5mb outage=60s\nrepl-backlog-size 300mb\n";
    assert_eq!(found(rule, roomy).len(), 0);
}

#[test]
fn replicas_are_counted_against_what_is_asked_for() {
    let of = |replicas: u32, wanted: u32| {
        let text = format!("# redisconf: replicas={replicas}\nmin-replicas-to-write {wanted}\n");
        found("min-replicas-impossible", &text).first().map(|line| line.split(' ').next().unwrap().to_owned())
    };
    assert_eq!(of(1, 2).as_deref(), Some("error"));
    assert_eq!(of(0, 1).as_deref(), Some("error"));
    assert_eq!(of(1, 1).as_deref(), Some("warning"));
    assert_eq!(of(2, 1), None);
    assert_eq!(of(0, 0), None);
    let inert = "# redisconf: replicas=1\nmin-replicas-to-write 2\nmin-replicas-max-lag 0\n";
    assert!(found("min-replicas-impossible", inert).is_empty() && found("min-replicas-inert", inert).len() == 1);
}

#[test]
fn an_empty_cache_fills_again() {
    let of = |facts: &str| {
        found("volatile-primary-restarts", &format!("# redisconf: replicas=1 auto-restart=yes {facts}\nsave \"\"\n"))
    };
    assert!(of("workload=queue")[0].starts_with("error"));
    assert!(of("workload=cache")[0].starts_with("warning"));
    assert!(of("workload=pubsub").is_empty() && of("role=replica").is_empty());
}

#[test]
fn a_limit_below_the_backlog_cuts_replicas_off_in_6_2_alone() {
    let of = |server: &str| {
        found("replica-buffer-below-backlog", &format!("# redisconf: server={server}\nrepl-backlog-size 1gb\n"))
    };
    assert!(of("redis-6.2")[0].starts_with("warning"));
    assert!(of("redis-7.0")[0].starts_with("info") && of("valkey-9.1")[0].starts_with("info"));
    assert!(
        found("replica-buffer-below-backlog", "client-output-buffer-limit replica 0 0 0\nrepl-backlog-size 1gb\n")
            .is_empty()
    );
}
