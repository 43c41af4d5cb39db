//! Values of charts.

use super::{one, statements};
use crate::syntax::Mode;

fn values(text: &str) -> super::Case {
    one("values.yaml", &format!("# redis valkey\n{text}"))
}

#[test]
fn bitnami_puts_its_pieces_together() {
    let text = "redis:\n  image: {tag: 7.4.1-debian-12-r0}\n  architecture: replication\n  auth: {enabled: false}\n  commonConfiguration: |-\n    maxmemory 1gb\n    save {{ .Values.save }}\n  master:\n    configuration: hz 1\n    disableCommands: [FLUSHALL]\n    extraFlags: [\"--hz 2\", --timeout, 1000000]\n    resourcesPreset: micro\n    persistence: {enabled: false}\n    service: {type: NodePort}\n  replica:\n    replicaCount: 2\n    extraFlags: [--hz, \"3\"]\n    terminationGracePeriodSeconds: 60\n    resources: {limits: {memory: 2Gi}}\n";
    let case = values(text);
    assert_eq!(case.titles(), ["values `redis`, primary", "values `redis`, replica"]);
    let [primary, replica] = &case.found.embedded[..] else { unreachable!() };
    assert_eq!(
        statements(&case.read(primary)),
        [
            "5:19 protected-mode no",
            "(",
            "7:5 maxmemory 1gb",
            "8:5 save {{ .Values.save }}?",
            ")",
            "(",
            "6:3 dir /data",
            "10:20 hz 1",
            "11:23 rename-command FLUSHALL ''",
            ")",
            "12:21 hz 2",
            "12:30 timeout 1e+06",
        ]
    );
    assert_eq!(
        statements(&case.read(replica)),
        [
            "5:19 protected-mode no",
            "6:3 replicaof x?",
            "(",
            "7:5 maxmemory 1gb",
            "8:5 save {{ .Values.save }}?",
            ")",
            "(",
            "6:3 dir /data",
            ")",
            "18:20 hz 3",
        ]
    );
    assert_eq!(
        case.facts_of(primary, "memory cpus volume exposure role replicas failover grace image"),
        [
            "memory=384MiB 13:22",
            "cpus=0.375 13:22",
            "volume=ephemeral 14:28",
            "exposure=public 15:21",
            "role=primary 6:3",
            "replicas=2 17:19",
            "failover=none 6:3",
            "grace=30s 6:3",
            "image=bitnami 3:16",
        ]
    );
    assert_eq!(
        case.facts_of(replica, "memory grace role"),
        ["memory=2GiB 20:34", "grace=60s 19:36", "role=replica 6:3"]
    );
    assert_eq!(primary.told, crate::syntax::embedded::Told::Server("redis-7.4.1".parse().unwrap()));
}

#[test]
fn with_sentinel_the_master_is_not_used() {
    let text = "commonConfiguration: hz 1\nsentinel: {enabled: true, configuration: sentinel resolve-hostnames yes}\nprimary: {configuration: hz 2, extraFlags: [--hz, '3']}\nreplica: {replicaCount: 3, configuration: hz 4, extraFlags: [--hz, '5']}\n";
    let case = values(text);
    assert_eq!(case.titles(), ["values, node", "values, Sentinel"]);
    let node = &case.found.embedded[0];
    assert_eq!(
        statements(&case.read(node)),
        [
            "2:1 requirepass x?",
            "2:1 masterauth x?",
            "2:1 replicaof x?",
            "(",
            "2:1 dir /data",
            "5:43 hz 4",
            ")",
            "(",
            "2:22 hz 1",
            ")",
            "5:64 hz 5",
        ]
    );
    assert_eq!(
        case.facts_of(node, "failover replicas sentinels role"),
        ["failover=sentinel 2:1", "replicas=2 5:25", "sentinels=3 5:25", "role unknown"]
    );
    assert_eq!(case.found.embedded[1].mode, Mode::Sentinel);
    assert_eq!(node.told.engine(), Some(crate::server::Engine::Valkey));
}

#[test]
fn what_bitnami_values_leave_out_is_not_known() {
    let case = values("master: {disableCommands: []}\narchitecture: standalone\n");
    assert_eq!(case.statements().last().unwrap(), "and more");
    let case = values("commonConfiguration: hz 1\nexistingConfigmap: x\narchitecture: standalone\n");
    assert!(!case.statements().iter().any(|line| line.ends_with("hz 1")));
}

#[test]
fn the_chart_of_valkey_appends_to_lines_of_its_own() {
    let text = "valkeyConfig: |\n  maxmemory 1gb\nauth: {enabled: true}\ndataStorage: {enabled: true}\nresources: {limits: {memory: 2Gi}}\nreplica: {enabled: true, replicas: 2}\n";
    let case = values(text);
    assert_eq!(
        case.statements(),
        [
            "2:1 replicaof x?",
            "2:1 masterauth x?",
            "2:1 bind x?",
            "2:1 protected-mode no",
            "2:1 dir /data",
            "4:17 aclfile x?",
            "3:3 maxmemory 1gb",
        ]
    );
    assert_eq!(
        case.facts("memory volume replicas failover"),
        ["memory=2GiB 6:30", "volume=persistent 5:24", "replicas=2 7:36", "failover=none 2:1"]
    );
}

#[test]
fn cloudpirates_values_are_read() {
    let redis = values(
        "architecture: replication\nreplicaCount: 3\nconfig: {content: hz 1}\nextraConfig: |\n  save 60 1\nextraFlags: ['--hz 2', --save \"\"]\n",
    );
    let own: Vec<String> = redis.statements().into_iter().filter(|line| !line.ends_with('?')).collect();
    assert_eq!(own, ["4:19 hz 1", "6:3 save 60 1", "7:17 hz 2", "7:26 save ''"]);
    assert_eq!(redis.facts("replicas"), ["replicas=2 3:15"]);
    let valkey =
        values("cache:\n  config:\n    maxMemory: \"1gb\"\n    save: ''\n    extraConfig: [hz 1, \"timeout 0\"]\n");
    let own: Vec<String> = valkey.statements().into_iter().filter(|line| !line.ends_with('?')).collect();
    assert_eq!(own, ["4:5 maxmemory 1gb", "5:5 save ''", "6:19 hz 1", "6:26 timeout 0"]);
    assert!(valkey.statements().iter().any(|line| line.ends_with("maxmemory-policy x?")));
}

#[test]
fn redis_ha_prints_a_map_with_its_accidents() {
    let text = "redis:\n  config:\n    maxmemory: 8589934592\n    appendonly: yes\n    save: [\"900 1\", \"300 10\"]\n    maxmemory-policy: \"volatile-lru\"\nsentinel:\n  config: {down-after-milliseconds: 10000}\nreplicas: 3\n";
    let case = values(text);
    let [server, sentinel] = &case.found.embedded[..] else { unreachable!() };
    let own: Vec<String> = statements(&case.read(server)).into_iter().filter(|line| !line.ends_with('?')).collect();
    assert_eq!(
        own,
        [
            "3:3 dir /data",
            "4:5 maxmemory 8.589934592e+09",
            "5:5 appendonly true",
            "6:5 save 900 1",
            "6:5 save 300 10",
            "7:5 maxmemory-policy volatile-lru",
        ]
    );
    assert_eq!(statements(&case.read(sentinel))[0], "9:12 sentinel down-after-milliseconds mymaster 10000");
    assert_eq!(case.facts_of(server, "failover replicas"), ["failover=sentinel 3:3", "replicas=2 10:11"]);
    let application = values("redis:\n  config: {host: cache, port: 6379, timeout: 5}\n");
    assert_eq!(application.titles(), [""; 0]);
}

#[test]
fn a_chart_may_take_the_command_of_its_container() {
    let text = "app:\n  image: {repository: redis, tag: 7.2.5}\n  args:\n    - redis-server\n    - --hz\n    - \"5\"\n  resources: {limits: {memory: 1Gi}}\n";
    let case = values(text);
    assert_eq!(case.titles(), ["values `app`"]);
    assert_eq!(case.statements(), ["6:9 hz 5"]);
    assert_eq!(case.facts("memory image shell"), ["memory=1GiB 8:32", "image=official 3:10", "shell=none 5:7"]);
    assert_eq!(values("image: redis:7\ncommand: []\nargs: []\n").titles(), [""; 0]);
    assert_eq!(values("command: [python, app.py]\n").titles(), [""; 0]);
}
