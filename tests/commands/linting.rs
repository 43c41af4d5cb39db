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
    let mut of_diff: Vec<&str> = shown.lines().filter(|line| line.contains("] ")).collect();
    of_diff.sort_unstable();
    assert_eq!(of_diff, before, "what is only shown changes nothing of what is found");
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

const PROJECT: &str = r#"schema = 1
extends = ["org/base.toml"]
instances = "instances/*.toml"

[environments.prod]
overlay = "overlays/prod.toml"

[instance.small]
profile = "kb"
environment = "prod"
server = "redis-6.2"
facts = { memory = "4GiB" }
render = [{ target = "conf", to = "out/small.conf" }]

[instance.large]
profile = "kb"
environment = "prod"
facts = { memory = "64GiB" }

[[policy]]
id = "acme-clients"
message = "production sizes its clients"
environment = "prod"
require = "maxclients"
"#;

const BASE: &str = "schema = 1\nname = \"base\"\nabstract = true\n[settings]\ntcp-keepalive = 0\n";
const PROFILE: &str = "schema = 1\nname = \"kb\"\ndefault-server = \"redis-7.2\"\n[settings]\nmaxmemory = \"8gb\"\n";
const RENDERED: &str = "maxmemory 8gb\nmaxmemory-policy noeviction\n";

/// A project with two instances of one profile, and one of another that is built in.
fn project() -> tempfile::TempDir {
    folder(&[
        ("redisconf.toml", PROJECT),
        ("org/base.toml", BASE),
        ("overlays/prod.toml", "schema = 1\n[facts]\nexposure = \"public\"\n"),
        ("profiles/kb.toml", PROFILE),
        ("instances/own.toml", "schema = 1\nprofile = \"builtin:cache@1\"\nserver = \"valkey-8.1\"\n"),
        ("out/small.conf", RENDERED),
        ("out/unknown.conf", RENDERED),
    ])
}

#[test]
fn a_rendered_file_is_judged_as_the_instance_it_is_for() {
    let folder = project();
    let of = |name: &str| found(folder.path(), &[name]);
    let small = of("out/small.conf");
    assert!(small.iter().any(|line| line.starts_with("out/small.conf:1:1: error[maxmemory-over-limit]")), "{small:#?}");
    assert_eq!(count(&small, "acme-clients"), 1, "{small:#?}");
    let unknown = of("out/unknown.conf");
    assert_eq!(count(&unknown, "maxmemory-over-limit") + count(&unknown, "acme-clients"), 0, "{unknown:#?}");
    let (_, human, _) = lint(folder.path(), &["out/small.conf"]);
    assert!(human.contains("judged as redis 6.2 (instance small)"), "{human}");
    std::fs::write(folder.path().join("out/small.conf"), format!("# redisconf: memory=64gb\n{RENDERED}")).unwrap();
    assert_eq!(count(&of("out/small.conf"), "maxmemory-over-limit"), 0, "what the file says of itself is nearer");
}

#[test]
fn a_profile_is_judged_for_each_of_its_instances() {
    let folder = project();
    let all = found(folder.path(), &["profiles/kb.toml"]);
    let over: Vec<&String> = all.iter().filter(|line| line.contains("[maxmemory-over-limit]")).collect();
    assert!(over.len() == 1 && over[0].starts_with("profiles/kb.toml:5:1:"), "{all:#?}");
    assert_eq!(count(&all, "acme-clients"), 2, "each instance lacks it: {all:#?}");
    assert_eq!(count(&all, "keepalive-off"), 1, "they share a layer: {all:#?}");
    let (_, human, _) = lint(folder.path(), &["profiles/kb.toml"]);
    let judged = "2 configurations in 1 file judged 1 as redis 6.2 (instance small), 1 as redis 7.2 (default-server of the \
                  profile)";
    assert!(human.contains(judged) && human.contains("profiles/kb.toml: instance `small`\n"), "{human}");
    let alone = found(folder.path(), &["profiles/kb.toml", "--no-config"]);
    assert_eq!(count(&alone, "maxmemory-over-limit"), 0, "{alone:#?}");
}

#[test]
fn a_project_is_judged_once_with_all_its_layers() {
    let folder = project();
    let whole = found(folder.path(), &["."]);
    for (rule, times) in [("keepalive-off", 1), ("maxmemory-over-limit", 2), ("acme-clients", 3)] {
        assert_eq!(count(&whole, rule), times, "{rule}: {whole:#?}");
    }
    let file = found(folder.path(), &["redisconf.toml"]);
    assert!(file.iter().all(|line| whole.contains(line)), "{file:#?}");
    assert_eq!(count(&file, "maxmemory-over-limit"), 1, "{file:#?}");
}

#[test]
fn what_is_wrong_with_a_project_is_found_in_its_files() {
    let folder = project();
    let wrong = format!(
        "{PROJECT}[instance.none]\nprofile = \"builtin:cash@1\"\nport = 1\n[instance.bare]\nenvironment = \"prd\"\n"
    );
    std::fs::write(folder.path().join("redisconf.toml"), wrong).unwrap();
    std::fs::write(folder.path().join("instances/own.toml"), "schema = 1\nprofile = \"kb\"\ncolour = 1\n").unwrap();
    let all = found(folder.path(), &["redisconf.toml"]);
    for start in [
        "redisconf.toml:26:11: error[missing-layer] there is no profile `cash`",
        "redisconf.toml:27:1: error[unknown-key] unknown key `port`",
        "redisconf.toml:28:11: error[missing-profile] instance `bare` names no profile",
        "redisconf.toml:29:15: error[unknown-environment] instance `bare` is in the unknown environment `prd`",
        "instances/own.toml:3:1: error[unknown-key] unknown key `colour`",
    ] {
        assert!(all.iter().any(|line| line.starts_with(start)), "{start}: {all:#?}");
    }
    let own = found(folder.path(), &["instances/own.toml"]);
    assert_eq!(count(&own, "unknown-key"), 1, "{own:#?}");
    // The settings are sound, so the rest can be judged.
    assert_eq!(count(&found(folder.path(), &["out/small.conf"]), "acme-clients"), 1);
    let clean = super::linting::folder(&[("redisconf.toml", "schema = 1\n")]);
    let (code, out, err) = lint(clean.path(), &["redisconf.toml"]);
    assert_eq!((code, out.as_str(), err.as_str()), (0, "no findings\n", ""));
}

#[test]
fn a_policy_that_fails_is_a_finding_at_its_place() {
    let policy = "schema = 1\n[[policy]]\nid = \"acme-limit\"\nmessage = \"a limit\"\nexpression = 'config.maxmemory > \"1gb\"'\n";
    let project = "schema = 1\n[lint]\npolicy = [\"rules/own.toml\"]\n";
    let folder = folder(&[
        ("redisconf.toml", project),
        ("rules/own.toml", policy),
        ("a.conf", "maxmemory 1gb\n"),
        ("b.conf", "maxmemory 1gb\n"),
    ]);
    let all = found(folder.path(), &["a.conf", "b.conf", "--select", "all"]);
    let place = "rules/own.toml:5:14: error[policy-cannot-judge] `>` takes no int and string";
    assert_eq!(all.iter().filter(|line| *line == place).count(), 1, "{all:#?}");
    let (code, human, err) = lint(folder.path(), &["a.conf"]);
    assert!(human.contains(" 5 │ *** 'config.maxmemory > \"1gb\"'\n"), "{human}");
    assert_eq!((code, err.as_str()), (1, ""));
    let (code, json, _) = lint(folder.path(), &["a.conf", "--output-format", "json"]);
    assert!(code == 1 && json.contains("\"file\":\"rules/own.toml\""), "{json}");
}

#[test]
fn wrong_settings_are_told_at_their_place_and_nothing_is_judged() {
    for (text, place) in [
        ("schema = 1\n[lint]\nlevle = \"info\"\n", "redisconf.toml:3:1: error[unknown-key] unknown key `levle`"),
        ("schema = 1\n[lnt]\nlevel = \"info\"\n", "redisconf.toml:2:2: error[unknown-key] unknown key `lnt`"),
        (
            "schema = 1\n[[policy]]\nid = \"acme-x\"\nmessage = \"x\"\nrequire = \"max-memory\"\n",
            "redisconf.toml:5:11: error[invalid-policy] unknown directive `max-memory`",
        ),
        (
            "schema = 1\n[[policy]]\nid = \"acme-x\"\nmessage = \"x\"\nexpression = 'config.port >'\n",
            "redisconf.toml:5:",
        ),
        (
            "schema = 1\n[[policy]]\nid = \"acme-x\"\nmessage = 1\nrequire = \"dir\"\n",
            "redisconf.toml:4:11: error[invalid-value]",
        ),
        (
            "schema = 1\n[[policy]]\nid = \"acme-x\"\nmessage = \"x\"\ncolour = 1\nrequire = \"dir\"\n",
            "redisconf.toml:5:1: error[unknown-key] unknown key `colour`",
        ),
    ] {
        let folder = folder(&[("redisconf.toml", text), ("redis.conf", "maxmemory 1gb\n")]);
        let (code, out, err) = lint(folder.path(), &["redis.conf"]);
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(err.contains(place) && err.contains(" │ "), "{place}: {err}");
        assert!(err.contains("the settings are wrong, so nothing was judged"), "{err}");
    }
}

#[test]
fn a_policy_that_lacks_a_fact_is_counted() {
    let project = "schema = 1\n[[policy]]\nid = \"acme-room\"\nmessage = \"leave room\"\n\
                   expression = 'config.maxmemory * 2 <= facts.memory'\n";
    let folder = folder(&[("redisconf.toml", project), ("redis.conf", "bind 127.0.0.1\nmaxmemory 2gb\n")]);
    let silent = |facts: &[&str]| {
        let (_, out, err) = lint(folder.path(), &[&["redis.conf", "--output-format", "json"], facts].concat());
        assert_eq!(err, "");
        let document: serde_json::Value = serde_json::from_str(&out).unwrap();
        let lacking = document["summary"]["silent"].as_array().unwrap().clone();
        lacking.iter().any(|one| one["fact"] == "memory" && one["rules"].to_string().contains("acme-room"))
    };
    assert!(silent(&[]));
    assert!(!silent(&["--fact", "memory=8GiB"]));
}

const SHOP: &str = "schema = 1
name = \"shop\"
extends = [\"builtin:kb-cache-8gb-rdb-relaxed@1\"]
default-server = \"redis-7.4\"

[settings]
maxmemory = \"1gb\"   # of the machine
maxmemory-policy = \"allkeys-lru\"
save = [\"3600 1\", \"7200 10000\"]
";

#[test]
fn a_profile_is_mended() {
    let folder = folder(&[("shop.toml", SHOP)]);
    let before = found(folder.path(), &["shop.toml"]);
    assert_eq!(count(&before, "redundant-save-point"), 1, "{before:#?}");
    let (_, shown, _) = lint(folder.path(), &["shop.toml", "--fix", "--diff", "--output-format", "concise"]);
    assert!(shown.contains("-save = [\"3600 1\", \"7200 10000\"]\n"), "{shown}");
    assert_eq!(read(folder.path(), "shop.toml"), SHOP, "nothing was written");
    let after = found(folder.path(), &["shop.toml", "--fix"]);
    assert_eq!(count(&after, "redundant-save-point"), 0, "{after:#?}");
    let text = read(folder.path(), "shop.toml");
    assert!(text.contains("save = [\"3600 1\"]\n") && text.contains("# of the machine\n"), "{text}");
}

#[test]
fn a_profile_that_instances_share_is_mended_once() {
    let project = "schema = 1\n[instance.a]\nprofile = \"shop.toml\"\n\
                   [instance.b]\nprofile = \"shop.toml\"\nserver = \"valkey-8.1\"\n";
    let folder = folder(&[("redisconf.toml", project), ("shop.toml", SHOP)]);
    let after = found(folder.path(), &["shop.toml", "--fix"]);
    assert_eq!(count(&after, "redundant-save-point"), 0, "{after:#?}");
    assert!(read(folder.path(), "shop.toml").contains("save = [\"3600 1\"]\n"));
    assert_eq!(read(folder.path(), "redisconf.toml"), project);
}
