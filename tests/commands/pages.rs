//! Pages: one file that needs nothing else, whose parts are named for those who do not see them, and that shows no more
//! than the other formats.

use std::collections::BTreeSet;
use std::path::Path;

use super::{outcome, program};

/// A server under load, as `snapshot --evidence` keeps one.
const KEPT: &str = r#"{
  "redisconf_snapshot": 1, "server": "redis-7.4.1", "taken": "2026-11-22T19:11:06Z", "withheld": [], "denied": null,
  "config": {
    "maxmemory": "67108864", "maxmemory-policy": "noeviction", "maxclients": "100", "save": "3600 1 300 100",
    "appendonly": "yes", "timeout": "300", "tcp-keepalive": "300", "auto-aof-rewrite-percentage": "100",
    "auto-aof-rewrite-min-size": "67108864",
    "client-output-buffer-limit": "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
  },
  "info": {
    "redis_version": "7.4.1", "role": "master", "uptime_in_seconds": "90000", "server_time_usec": "1790000000000000",
    "used_memory": "64000000", "used_memory_dataset": "5000000", "used_memory_peak": "65000000",
    "used_memory_rss": "90000000", "maxmemory": "67108864", "total_system_memory": "1073741824",
    "connected_clients": "62", "blocked_clients": "3", "pubsub_clients": "20", "connected_slaves": "0",
    "rdb_last_save_time": "1789999000", "rdb_changes_since_last_save": "52", "rdb_last_bgsave_status": "ok",
    "aof_enabled": "1", "aof_current_size": "5000000", "aof_base_size": "3000000",
    "cmdstat_get": "calls=100,usec=2000", "cmdstat_keys": "calls=2,usec=40000", "db0": "keys=40000,expires=10000"
  },
  "evidence": {
    "slowlog": { "length": 2, "entries": [{ "at": 1789999900, "microseconds": 80000, "command": "KEYS" }] },
    "latency": [{ "event": "command", "at": 1789999900, "latest": 80, "most": 80 }],
    "keys": {
      "bounds": { "keys": 1000, "per_second": 5000, "seconds": 30.0 }, "commands": 4010, "milliseconds": 800,
      "total": 40000, "is_whole": false, "is_clustered": false, "stopped": null,
      "all": { "name": "all", "keys": 1000, "lasting": 750, "bytes": 120000, "squares": 15000000.0, "median_ttl": 60 },
      "prefixes": [
        { "name": "fact:", "keys": 750, "lasting": 750, "bytes": 90000, "squares": 11000000.0, "median_ttl": null },
        { "name": "<b>:", "keys": 250, "lasting": 0, "bytes": 30000, "squares": 4000000.0, "median_ttl": 60 }
      ],
      "encodings": [], "largest": [{ "name": "fact:*", "encoding": "hash listpack", "bytes": 900, "is_lasting": true }]
    }
  }
}"#;

const MANIFEST: &str = "apiVersion: apps/v1
kind: Deployment
metadata: { name: cache }
spec:
  selector: { matchLabels: { app: cache } }
  template:
    metadata: { labels: { app: cache } }
    spec:
      containers:
        - name: cache
          image: redis:7.4
          args: [redis-server, --maxmemory, 64mb]
          resources: { limits: { memory: 96Mi } }
";

fn page(folder: &Path, name: &str, arguments: &[&str]) -> String {
    std::fs::write(folder.join(name), KEPT).unwrap();
    let mut command = program();
    command.current_dir(folder).args(["doctor", "--from", name, "--output-format", "html", "--level", "info"]);
    let (_, out, err) = outcome(&command.args(arguments).output().unwrap());
    assert_eq!(err, "");
    out
}

/// The values of an attribute.
fn values<'p>(page: &'p str, attribute: &str) -> Vec<&'p str> {
    page.split(&format!(" {attribute}=\"")).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// The elements of a name, each with all that is in it.
fn elements<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let (open, close) = (format!("<{name} "), format!("</{name}>"));
    let whole = page.match_indices(&open).map(|(at, _)| &page[at..]);
    whole.map(|rest| &rest[..rest.find(&close).unwrap()]).collect()
}

/// What is wrong with a page, for those who read it otherwise than by eye.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(what);
    let ids: Vec<&str> = values(page, "id");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    if ids.len() != known.len() {
        fault("an id stands twice".into());
    }
    for named in values(page, "aria-labelledby").iter().flat_map(|names| names.split(' ')) {
        if !known.contains(named) {
            fault(format!("nothing is called {named}"));
        }
    }
    for link in values(page, "href") {
        let leads = link == "data:," || link.strip_prefix('#').is_some_and(|id| known.contains(id));
        if !leads {
            fault(format!("a link leads to {link}"));
        }
    }
    for svg in elements(page, "svg") {
        if !svg.contains("role=\"img\"") || !svg.contains("<title id=") || !svg.contains("<desc id=") {
            fault("a chart has no title".into());
        }
    }
    for table in page.split("<table>").skip(1).map(|rest| rest.split("</table>").next().unwrap()) {
        if !table.starts_with("<caption>") || !table.contains("<th scope=\"col\">") {
            fault("a table has no caption or no heads".into());
        }
    }
    for needed in
        ["<html lang=\"en\">", "<main id=\"content\">", "<header>", "<footer>", "name=\"viewport\"", "<title>"]
    {
        if page.matches(needed).count() != 1 {
            fault(format!("{needed} is not there once"));
        }
    }
    for outside in ["<script", "src=", "url(", "@import", "<input", "<iframe", "onclick", "http-equiv=\"refresh\""] {
        if page.contains(outside) {
            fault(format!("there is {outside}"));
        }
    }
    let body = &page[page.find("<body>").unwrap_or(0)..];
    let levels: Vec<u32> =
        body.match_indices("<h").filter_map(|(at, _)| body[at + 2..].chars().next()?.to_digit(10)).collect();
    if levels.first() != Some(&1) || levels.iter().filter(|level| **level == 1).count() != 1 {
        fault(format!("headings begin otherwise: {levels:?}"));
    }
    if levels.windows(2).any(|two| two[1] > two[0] + 1) {
        fault(format!("a level of headings is left out: {levels:?}"));
    }
    // What is opened is closed, in the order of its opening.
    let mut open: Vec<&str> = Vec::new();
    for tag in body.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split([' ', '\n']).next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            if open.pop() != Some(closed) && closed != "html" {
                fault(format!("</{closed}> closes nothing"));
            }
        } else if !tag.ends_with('/') && name != "br" {
            open.push(name);
        }
    }
    faults
}

#[test]
fn a_page_needs_nothing_else_and_names_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), "kept.json", &["--clients", "all", "--fact", "app-instances=4"]);
    assert_eq!(faults(&page), Vec::<String>::new());
    assert_eq!(elements(&page, "svg").len(), 8, "{page}");
    for told in ["Memory against its limits", "Slow commands", "noeviction", "75.0 % (71.3–78.4)", "<h4 id=\"s1-l7\">"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
}

#[test]
fn what_is_wrong_with_a_page_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), "kept.json", &[]);
    for (good, bad) in [
        ("<title id=", "<desc id="),
        ("<caption>", "<b>"),
        ("<h3>", "<h5>"),
        ("href=\"#", "href=\"https://"),
        ("</section>", ""),
        ("<footer>", "<script>"),
        ("aria-labelledby=\"s1", "aria-labelledby=\"t1"),
    ] {
        assert!(!faults(&page.replacen(good, bad, 1)).is_empty(), "{good} → {bad} is not found");
    }
}

#[test]
fn nothing_that_was_said_becomes_markup() {
    let folder = tempfile::tempdir().unwrap();
    let page = page(folder.path(), "<img onerror=x>&\".json", &[]);
    assert_eq!(faults(&page), Vec::<String>::new());
    assert!(page.contains("&lt;img onerror=x&gt;&amp;&quot;.json") && page.contains("&lt;b&gt;:"), "{page}");
    assert!(!page.contains("<img") && !page.contains("<b>"), "{page}");
}

#[test]
fn facts_come_from_what_deploys_a_server_and_flags_stand_above_them() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("deployment.yaml"), MANIFEST).unwrap();
    let place = |arguments: &[&str]| {
        let page = page(folder.path(), "kept.json", arguments);
        let from = page.find("the place it runs in").expect("memory is drawn");
        page[from..].split("100%\"").nth(1).unwrap()[..40].split(['>', '<']).nth(1).unwrap().to_owned()
    };
    assert!(place(&[]).starts_with("1GiB"), "{}", place(&[]));
    assert_eq!(place(&["--facts-from", "deployment.yaml"]), "96MiB");
    assert_eq!(place(&["--facts-from", "deployment.yaml", "--fact", "memory=128MiB"]), "128MiB");
    let mut command = program();
    command.current_dir(folder.path()).args(["doctor", "--from", "kept.json", "--facts-from", "kept.json"]);
    let (code, _, err) = outcome(&command.output().unwrap());
    assert!(code == 2 && err.contains("deploys no server that is known"), "{code} {err}");
}

#[test]
fn clients_are_told_numbers_that_fit_the_server() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept.json"), KEPT).unwrap();
    let told = |arguments: &[&str]| {
        let mut command = program();
        command.current_dir(folder.path()).args(["doctor", "--from", "kept.json"]).args(arguments);
        outcome(&command.output().unwrap()).1
    };
    let text = told(&["--clients", "redis-py", "--fact", "app-instances=3"]);
    // 80 of 100 less 20 subscribers, for 3 instances and 3 more; half of the server's timeout.
    for part in ["max_connections=10, timeout=1", "health_check_interval=150", "TCP_KEEPIDLE: 60"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(told(&["--clients", "go-redis", "--fact", "app-instances=500"]).contains("raise `maxclients`"));
    assert!(told(&["--clients", "jedis", "--output-format", "markdown"]).contains("```java\nConnectionPoolConfig"));
}

#[test]
fn settings_of_a_project_say_what_judges_a_server_and_how_badly() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept.json"), KEPT).unwrap();
    let told = |settings: &str, arguments: &[&str]| {
        std::fs::write(folder.path().join("redisconf.toml"), format!("schema = 1\n[lint]\n{settings}\n")).unwrap();
        let mut command = program();
        command.current_dir(folder.path()).args(["doctor", "--from", "kept.json", "--output-format", "concise"]);
        outcome(&command.args(arguments).output().unwrap())
    };
    let (code, out, err) = told("", &[]);
    assert!(code == 1 && out.contains("error[memory-near-limit]") && err.is_empty(), "{code} {out}{err}");
    let (code, out, _) = told("levels = { memory-near-limit = \"info\" }\nfail-on = \"never\"\nlevel = \"info\"", &[]);
    assert!(code == 0 && out.contains("info[memory-near-limit]"), "{code} {out}");
    assert!(!told("ignore = [\"memory-near-limit\"]", &[]).1.contains("memory-near-limit"));
    assert!(told("ignore = [\"memory-near-limit\"]", &["--no-config"]).1.contains("error[memory-near-limit]"));
    let (code, _, err) = told("", &["--ignore", "no-such-rule"]);
    assert!(code == 2 && err.contains("no-such-rule"), "{code} {err}");
}
