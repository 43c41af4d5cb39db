//! Kubernetes manifests.

use super::{case, one, statements};

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata:\n  redis.conf: |\n    port 7000\n    maxmemory 1gb\n  other.txt: port 1\n";
const WORKLOAD: &str = "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: cache}\nspec:\n  template:\n    metadata: {labels: {app: cache}}\n    spec:\n      containers:\n        - name: redis\n          image: redis:7.4\n          args: [redis-server, /etc/redis/redis.conf, --hz, \"5\"]\n          volumeMounts:\n            - {name: conf, mountPath: /etc/redis}\n            - {name: data, mountPath: /data}\n      volumes:\n        - name: conf\n          configMap: {name: conf}\n  volumeClaimTemplates:\n    - metadata: {name: data}\n";

#[test]
fn a_workload_reads_the_config_map_that_it_mounts() {
    let case = one("all.yaml", &format!("{CONFIG}{WORKLOAD}"));
    assert_eq!(case.titles(), ["StatefulSet `cache`, container `redis`"]);
    assert_eq!(case.statements(), ["6:5 port 7000", "7:5 maxmemory 1gb", "20:57 hz 5"]);
    assert_eq!(
        case.facts("config-writable volume exposure grace auto-restart liveness readiness"),
        [
            "config-writable=no 22:15",
            "volume=persistent 23:15",
            "exposure unknown",
            "grace=30s 11:7",
            "auto-restart=yes 11:7",
            "liveness=none 20:18",
            "readiness=none 20:18",
        ]
    );
}

#[test]
fn keys_and_paths_of_a_mount_are_followed() {
    for (mount, volume, path) in [
        ("{name: conf, mountPath: /r.conf, subPath: redis.conf}", "{name: conf}", "/r.conf"),
        (
            "{name: conf, mountPath: /etc/redis/}",
            "{name: conf, items: [{key: redis.conf, path: x.conf}]}",
            "/etc/redis/x.conf",
        ),
        ("{name: conf, mountPath: /x, subPath: y}", "{name: conf, items: [{key: redis.conf, path: y}]}", "/x"),
    ] {
        let workload = WORKLOAD
            .replace("{name: conf, mountPath: /etc/redis}", mount)
            .replace("configMap: {name: conf}", &format!("configMap: {volume}"))
            .replace("/etc/redis/redis.conf", path);
        let found = one("all.yaml", &format!("{CONFIG}{workload}"));
        assert_eq!(found.statements().len(), 3, "{mount}: {:?}", found.statements());
    }
}

#[test]
fn a_copied_file_is_read_but_may_have_been_changed() {
    let workload = WORKLOAD.replace("/etc/redis/redis.conf", "/data/redis.conf");
    let case = one("all.yaml", &format!("{CONFIG}{workload}"));
    assert_eq!(case.statements(), ["6:5 port 7000", "7:5 maxmemory 1gb", "20:52 hz 5", "and more"]);
    assert_eq!(case.titles().len(), 1);
}

#[test]
fn a_config_map_beside_the_file_is_found() {
    let path = "k8s/set.yaml";
    let beside = case(&[(path, WORKLOAD), ("k8s/a.yaml", "x: conf"), ("k8s/config.yml", CONFIG)]);
    assert_eq!(beside.statements(), ["k8s/config.yml:6:5 port 7000", "k8s/config.yml:7:5 maxmemory 1gb", "12:57 hz 5"]);
    let generator = "configMapGenerator:\n  - name: conf\n    files: [redis.conf=files/r.conf]\n";
    let made = case(&[(path, WORKLOAD), ("k8s/kustomization.yaml", generator), ("k8s/files/r.conf", "port 1\n")]);
    assert_eq!(made.statements(), ["k8s/files/r.conf:1:1 port 1", "12:57 hz 5"]);
    assert_eq!(one(path, WORKLOAD).statements(), ["k8s/set.yaml:12:32 MissingFile", "12:57 hz 5"]);
}

#[test]
fn a_config_map_alone_is_known_by_what_it_holds() {
    for (key, value, found) in [
        ("redis.conf", "|\n    port 1\n    maxmemory 1gb", true),
        ("cache", "|\n    appendonly yes\n    maxmemory 1gb", true),
        ("redis.conf", "\"port 1\\nmaxmemory 1gb\"", true),
        ("sentinel.conf", "sentinel monitor m 127.0.0.1 1 2", true),
        ("nginx.conf", "|\n    user redis;\n    http {\n    }", false),
        ("redis.sh", "|\n    appendonly yes\n    maxmemory 1gb", false),
        ("REDIS_HOST", "redis", false),
    ] {
        let text =
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c}}\ndata:\n  {key}: {value}\n# redis\n");
        let titles = one("a.yaml", &text).titles().len();
        assert_eq!(titles, usize::from(found), "{text}");
    }
    let sentinel = one("a.yaml", "apiVersion: v1\nkind: ConfigMap\ndata: {redis: 'sentinel myid 1'}\n");
    assert_eq!(sentinel.found.embedded[0].mode, crate::syntax::Mode::Sentinel);
    assert_eq!(sentinel.titles(), ["ConfigMap, key `redis`"]);
}

#[test]
fn every_kind_of_workload_is_looked_into() {
    let pod = "{containers: [{name: r, image: redis:7, args: [--hz, '1']}]}";
    for text in [
        format!("kind: Pod\nspec: {pod}"),
        format!("kind: CronJob\nspec: {{jobTemplate: {{spec: {{template: {{spec: {pod}}}}}}}}}"),
        format!("kind: DaemonSet\nspec: {{template: {{spec: {pod}}}}}"),
        format!("kind: List\nitems:\n  - kind: Deployment\n    spec: {{template: {{spec: {pod}}}}}"),
    ] {
        let text = format!("apiVersion: v1\n{text}\n");
        assert_eq!(one("a.yaml", &text).statements().len(), 1, "{text}");
    }
}

#[test]
fn arguments_have_the_escapes_of_kubernetes() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: redis:7\n      command: [redis-server]\n      args:\n        - --requirepass\n        - $(PASSWORD)\n        - --hz\n        - \"{{ .Values.hz }}\"\n        - --dir\n        - $$(x)/$y\n";
    assert_eq!(
        one("a.yaml", text).statements(),
        ["8:13 requirepass $(PASSWORD)?", "10:13 hz {{ .Values.hz }}?", "12:13 dir $(x)/$y"]
    );
    assert_eq!(
        one("a.yaml", text).facts("entrypoint user shell"),
        ["entrypoint=bypassed 6:17", "user=root 6:17", "shell=none 6:17"]
    );
}

#[test]
fn limits_probes_and_security_are_facts() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  terminationGracePeriodSeconds: 60\n  hostNetwork: true\n  securityContext: {runAsNonRoot: true, sysctls: [{name: net.core.somaxconn, value: '512'}]}\n  containers:\n    - name: r\n      image: redis:7\n      resources: {limits: {memory: 512Mi, cpu: 500m}}\n      livenessProbe: {exec: {command: [redis-cli, ping]}}\n      readinessProbe: {exec: {command: [sh, -c, redis-cli ping | grep PONG]}}\n      startupProbe: {exec: {command: [sh, -c, redis-cli ping | grep PONG]}, failureThreshold: 30}\n      volumeMounts: [{name: d, mountPath: /data}]\n  volumes: [{name: d, emptyDir: {}}]\n";
    let names = "grace network exposure user somaxconn memory cpus liveness readiness startup-budget volume";
    assert_eq!(
        one("a.yaml", text).facts(names),
        [
            "grace=60s 4:34",
            "network=host 5:16",
            "exposure=public 5:16",
            "user=service 6:35",
            "somaxconn=512 6:85",
            "memory=512MiB 10:36",
            "cpus=0.5 10:48",
            "liveness=accepts-loading 11:7",
            "readiness=compares-reply 12:7",
            "startup-budget=300s 13:7",
            "volume=ephemeral 14:22",
        ]
    );
    let text = text.replace("      startupProbe", "      x").replace("redis-cli, ping", "redis-cli, -e, ping");
    let text = text.replace("livenessProbe: {", "livenessProbe: {initialDelaySeconds: 20, periodSeconds: 5, ");
    let text = text.replace("runAsNonRoot: true", "runAsUser: 0");
    assert_eq!(
        one("a.yaml", &text).facts("liveness startup-budget user"),
        ["liveness=kills-loading 11:7", "startup-budget=35s 11:7", "user=root 6:32"]
    );
}

#[test]
fn a_service_tells_who_reaches_the_port() {
    let service = |kind: &str| {
        format!(
            "{CONFIG}{WORKLOAD}---\napiVersion: v1\nkind: Service\nmetadata: {{annotations: {{}}}}\nspec:\n  type: {kind}\n  selector: {{app: cache}}\n  ports: [{{port: 7000}}]\n"
        )
    };
    let exposure = |text: &str| one("a.yaml", text).facts("exposure").remove(0);
    assert_eq!(exposure(&service("LoadBalancer")), "exposure=public 34:9");
    assert_eq!(exposure(&service("NodePort")), "exposure=public 34:9");
    assert_eq!(exposure(&service("ClusterIP")), "exposure=private 34:9");
    assert_eq!(
        exposure(&service("LoadBalancer").replace("app: cache}\n  ports", "app: web}\n  ports")),
        "exposure unknown"
    );
    assert_eq!(
        exposure(&service("LoadBalancer").replace("port: 7000", "port: 1, targetPort: redis")),
        "exposure unknown"
    );
    let internal = service("LoadBalancer")
        .replace("annotations: {}", "annotations: {networking.gke.io/load-balancer-type: Internal}");
    assert_eq!(exposure(&internal), "exposure=private 34:9");
    let named = service("LoadBalancer")
        .replace("port: 7000", "port: 1, targetPort: redis")
        .replace("image: redis:7.4", "image: redis:7.4\n          ports: [{name: redis, containerPort: 7000}]");
    assert_eq!(exposure(&named), "exposure=public 35:9");
}

#[test]
fn a_sentinel_in_the_pod_moves_the_role() {
    let text = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - {name: r, image: 'redis:7'}\n    - {name: s, image: 'redis:7', args: [redis-sentinel, /s.conf]}\n";
    let case = one("a.yaml", text);
    assert_eq!(case.facts_of(&case.found.embedded[0], "failover"), ["failover=sentinel 5:14"]);
    assert_eq!(case.facts_of(&case.found.embedded[1], "failover"), ["failover unknown"]);
    assert_eq!(statements(&case.read(&case.found.embedded[1])), ["a.yaml:6:58 MissingFile"]);
}
