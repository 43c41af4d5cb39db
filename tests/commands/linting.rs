//! What the linter reads where, and what it says once.

use std::path::Path;

use super::{outcome, program};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn lint(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    outcome(&program().current_dir(folder).arg("lint").args(arguments).output().unwrap())
}

/// The findings of a run, a line each, sorted.
fn found(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let (_, out, err) = lint(folder, &[arguments, &["--output-format", "concise"]].concat());
    assert_eq!(err, "");
    let mut lines: Vec<String> = out.lines().filter(|line| line.contains("] ")).map(str::to_owned).collect();
    lines.sort();
    lines
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// How many of the findings are of a rule.
fn count(found: &[String], rule: &str) -> usize {
    found.iter().filter(|line| line.contains(&format!("[{rule}]"))).count()
}

const COMPOSE: &str = "services:
  cache:
    image: redis:7.4
    command: redis-server /etc/redis.conf
    volumes: [./redis.conf:/etc/redis.conf, data:/data]
";

const CONF: &str = "# ours\nmaxmemory 8Gi\ntcp-keepalive 0\nslowlog-max-len 0\n";

#[test]
fn a_file_that_a_container_mounts_is_judged_there_and_once() {
    let folder = folder(&[("compose.yaml", COMPOSE), ("redis.conf", CONF)]);
    let all = found(folder.path(), &["."]);
    for rule in ["memory-suffix", "keepalive-off"] {
        assert_eq!(count(&all, rule), 1, "{all:#?}");
    }
    assert!(all.iter().any(|line| line.starts_with("redis.conf:2:11: fatal[memory-suffix]")), "{all:#?}");
    assert!(all.iter().any(|line| line.starts_with("compose.yaml:")), "{all:#?}");
    let named = found(folder.path(), &["redis.conf"]);
    assert_eq!(count(&named, "memory-suffix"), 1, "who names a file has it judged: {named:#?}");
}

#[test]
fn a_file_that_a_container_mounts_is_mended_and_then_judged_once() {
    let folder = folder(&[("compose.yaml", COMPOSE), ("redis.conf", CONF)]);
    let before = found(folder.path(), &["."]);
    let (_, shown, _) = lint(folder.path(), &[".", "--fix", "--diff", "--output-format", "concise"]);
    assert!(shown.contains("-maxmemory 8Gi\n+maxmemory 8gb\n"), "{shown}");
    assert_eq!(shown.matches("+maxmemory").count(), 1, "{shown}");
    assert_eq!(read(folder.path(), "redis.conf"), CONF, "nothing was written");
    let after = found(folder.path(), &[".", "--fix"]);
    let text = read(folder.path(), "redis.conf");
    assert!(text.starts_with("# ours\nmaxmemory 8gb\n"), "{text}");
    assert_eq!(count(&after, "memory-suffix"), 0, "{after:#?}");
    assert_eq!(after, found(folder.path(), &["."]), "what is told is what is left");
    for line in &after {
        assert_eq!(after.iter().filter(|other| *other == line).count(), 1, "{after:#?}");
    }
    assert!(shown.lines().filter(|line| line.contains("] ")).count() < before.len(), "{shown}");
    let findings_shown: Vec<&str> = shown.lines().filter(|line| line.contains("] ")).collect();
    assert!(after.iter().all(|line| findings_shown.contains(&line.as_str())), "{after:#?}\n{shown}");
}

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: cache
spec:
  template:
    spec:
      containers:
        - name: redis
          image: redis:7.4
          command: [redis-server, /etc/redis/redis.conf]
          volumeMounts: [{ name: config, mountPath: /etc/redis }]
      volumes:
        - name: config
          configMap: { name: settings }
";

const CONFIG_MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  other.conf: |
    maxmemory 1Gi
  redis.conf: |
    maxmemory 8Gi
    tcp-keepalive 0
";

#[test]
fn a_value_of_another_manifest_is_judged_where_it_is_mounted() {
    let folder = folder(&[("deployment.yaml", DEPLOYMENT), ("map.yaml", CONFIG_MAP)]);
    let all = found(folder.path(), &["."]);
    let fatal: Vec<&String> = all.iter().filter(|line| line.contains("[memory-suffix]")).collect();
    assert_eq!(fatal.len(), 2, "{all:#?}");
    assert!(fatal[0].starts_with("map.yaml:7:15:") && fatal[1].starts_with("map.yaml:9:15:"), "{all:#?}");
    let after = found(folder.path(), &[".", "--fix"]);
    let text = read(folder.path(), "map.yaml");
    assert!(text.contains("    maxmemory 1gb\n  redis.conf: |\n    maxmemory 8gb\n"), "{text}");
    assert_eq!(count(&after, "memory-suffix"), 0, "{after:#?}");
    assert_eq!(count(&after, "keepalive-off"), 1, "{after:#?}");
    assert_eq!(after, found(folder.path(), &["."]));
}
