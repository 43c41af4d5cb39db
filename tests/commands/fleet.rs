//! A fleet with known layers, noise and planted outliers: `import --factor` has to find all of it.
//!
//! The generator is seeded; the same numbers give the same files. `REDISCONF_FLEET=FOLDER` keeps a fleet of 800 there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{outcome, program};

/// One directive: a line of a file, and the line of a layer that means the same.
type Line = (&'static str, &'static str);

/// What all say.
const BASE: &[Line] = &[
    ("tcp-keepalive 60", "tcp-keepalive = 60"),
    ("timeout 600", "timeout = 600"),
    ("maxclients 20000", "maxclients = 20000"),
    ("latency-monitor-threshold 100", "latency-monitor-threshold = 100"),
    ("slowlog-max-len 512", "slowlog-max-len = 512"),
    ("lazyfree-lazy-expire yes", "lazyfree-lazy-expire = true"),
    ("lazyfree-lazy-server-del yes", "lazyfree-lazy-server-del = true"),
    ("repl-backlog-size 64mb", "repl-backlog-size = \"64mb\""),
    ("maxmemory-samples 7", "maxmemory-samples = 7"),
    ("hz 20", "hz = 20"),
    ("client-output-buffer-limit pubsub 64mb 16mb 90", "pubsub = { hard = \"64mb\", soft = \"16mb\", seconds = 90 }"),
];

/// Three layers above it: share of the fleet in percent, and lines. A layer may say otherwise than the base.
const LAYERS: &[(usize, &[Line])] = &[
    (
        50,
        &[
            ("maxmemory 4gb", "maxmemory = \"4gb\""),
            ("maxmemory-policy allkeys-lru", "maxmemory-policy = \"allkeys-lru\""),
            ("save \"\"", "save = []"),
            ("activerehashing no", "activerehashing = false"),
            ("lfu-log-factor 20", "lfu-log-factor = 20"),
        ],
    ),
    (
        30,
        &[
            ("maxmemory 8gb", "maxmemory = \"8gb\""),
            ("maxmemory-policy volatile-ttl", "maxmemory-policy = \"volatile-ttl\""),
            ("save 3600 1", "save = [\"3600 1\"]"),
            ("appendonly yes", "appendonly = true"),
            ("no-appendfsync-on-rewrite yes", "no-appendfsync-on-rewrite = true"),
            ("notify-keyspace-events Ex", "notify-keyspace-events = \"xE\""),
        ],
    ),
    (
        20,
        &[
            ("maxmemory 2gb", "maxmemory = \"2gb\""),
            ("appendonly yes", "appendonly = true"),
            ("appendfsync always", "appendfsync = \"always\""),
            ("hz 50", "hz = 50"),
            ("save 900 10", "save = [\"900 10\"]"),
            ("stop-writes-on-bgsave-error no", "stop-writes-on-bgsave-error = false"),
        ],
    ),
];

/// Numbers that look random: xorshift.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(n).unwrap()).unwrap()
    }
}

/// The directive of a line: its name, and the class of clients.
fn name(line: &str) -> &str {
    match line.strip_prefix("client-output-buffer-limit ") {
        Some(_) => "client-output-buffer-limit pubsub",
        None => line.split(' ').next().unwrap(),
    }
}

/// Another value for a line, if it is no text.
fn odd(line: &str, dice: &mut Dice) -> Option<String> {
    let n = 3 + dice.below(60);
    Some(match name(line) {
        "maxmemory" => format!("maxmemory {n}00mb"),
        "save" => format!("save {n}00 {n}"),
        "hz"
        | "tcp-keepalive"
        | "timeout"
        | "latency-monitor-threshold"
        | "slowlog-max-len"
        | "maxmemory-samples"
        | "lfu-log-factor" => format!("{} {n}", name(line)),
        "maxclients" => format!("maxclients {n}000"),
        "repl-backlog-size" => format!("repl-backlog-size {n}mb"),
        _ => return None,
    })
}

/// What was planted.
#[derive(Default)]
struct Planted {
    layers: Vec<usize>,
    alone: BTreeSet<String>,
    without_effect: BTreeSet<String>,
    own_replica: BTreeSet<String>,
    version: BTreeSet<String>,
}

/// Writes a fleet of so many files and tells what was planted.
fn plant(folder: &Path, count: usize, seed: u64) -> Planted {
    let mut dice = Dice(seed);
    let mut planted = Planted { layers: vec![0; LAYERS.len()], ..Planted::default() };
    let servers = ["redis-6.2", "redis-7.2", "redis-7.4", "valkey-8.0", "valkey-8.1"];
    for index in 0..count {
        // Names and folders tell nothing of the layer.
        let host = format!("node-{:04}", (index * 7919) % 10_007);
        let share = (index * 100 / count, 0);
        let layer = LAYERS.iter().scan(0, |sum, (percent, _)| {
            *sum += percent;
            Some(*sum)
        });
        let layer = layer.enumerate().find(|(_, sum)| share.0 < *sum).unwrap().0;
        planted.layers[layer] += 1;
        let own: BTreeSet<&str> = LAYERS[layer].1.iter().map(|(line, _)| name(line)).collect();
        let below = BASE.iter().map(|(line, _)| *line).filter(|line| !own.contains(name(line)));
        let mut lines: Vec<String> =
            below.chain(LAYERS[layer].1.iter().map(|(line, _)| *line)).map(Into::into).collect();
        let mut server = servers[dice.below(servers.len())];
        // Every tenth has a replica, the next one; in these pairs there is no noise.
        let (is_primary, is_replica) = (index % 10 == 0, index % 10 == 1);
        if !is_primary && !is_replica {
            for line in &mut lines {
                if dice.below(100) < 2 {
                    *line = odd(line, &mut dice).unwrap_or_default();
                }
            }
        }
        if layer == 0 && index % 10 == 5 && planted.alone.len() < 7 {
            lines.retain(|line| name(line) != "maxmemory-policy");
            lines.push("maxmemory-policy allkeys-random".into());
            planted.alone.insert(host.clone());
        }
        if index % 10 == 6 && planted.without_effect.len() < 31.min(count / 11) {
            lines.insert(0, "port 1".into());
            planted.without_effect.insert(host.clone());
        }
        if is_primary && index % 40 == 0 && planted.own_replica.len() < 4 {
            lines.retain(|line| name(line) != "maxclients");
            lines.push("maxclients 10001".into());
            planted.own_replica.insert(host.clone());
        }
        if index % 10 == 7 && planted.version.len() < 2 {
            server = "redis-7.0";
            planted.version.insert(host.clone());
        }
        let address = |index: usize| format!("10.{}.{}.{}", 1 + index / 250, index % 250, 1 + index % 200);
        // The order of lines means nothing.
        for at in (1..lines.len()).rev() {
            lines.swap(at, dice.below(at + 1));
        }
        let mut text = format!("# redisconf: server={server}\n");
        lines.iter().filter(|line| !line.is_empty()).for_each(|line| writeln!(text, "{line}").unwrap());
        writeln!(text, "port {}\nbind {} -::1", 6380 + index % 5, address(index)).unwrap();
        writeln!(text, "dir /data/{host}\nlogfile /var/log/{host}.log\npidfile /run/{host}.pid").unwrap();
        writeln!(text, "requirepass all-know-this\nmasterauth all-know-this\nrename-command FLUSHALL \"\"").unwrap();
        writeln!(text, "user host on >secret-of-{host} ~* +ping").unwrap();
        if is_replica {
            writeln!(text, "replicaof {} {}", address(index - 1), 6380 + (index - 1) % 5).unwrap();
        }
        std::fs::create_dir_all(folder).unwrap();
        std::fs::write(folder.join(format!("{host}.conf")), text).unwrap();
    }
    planted
}

/// The lines of the tables in which a layer says something.
fn said(text: &str) -> BTreeSet<&str> {
    let head = ["schema", "name", "default-server", "abstract", "#", "["];
    text.lines().filter(|line| !line.is_empty() && !head.iter().any(|start| line.starts_with(start))).collect()
}

fn factored(folder: &Path, arguments: &[&str]) -> Output {
    program().current_dir(folder).args(["import", "--factor"]).args(arguments).output().unwrap()
}

fn texts(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// The instances of the outliers of a kind whose line holds a text; what stands behind a name is cut off.
fn outliers(report: &Value, kind: &str, text: &str) -> Vec<BTreeSet<String>> {
    let all = report["outliers"].as_array().unwrap().iter();
    let those = all.filter(|one| one["kind"] == kind && one["text"].as_str().unwrap().contains(text));
    let names = |one: &Value| -> BTreeSet<String> {
        let names = one["instances"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        names.map(|name| name.split(' ').next().unwrap().to_owned()).collect()
    };
    those.map(names).collect()
}

fn found_again(count: usize, seed: u64) {
    let kept = std::env::var_os("REDISCONF_FLEET").filter(|_| count == 800);
    let scratch = tempfile::tempdir().unwrap();
    let folder = kept.map_or_else(|| scratch.path().to_owned(), std::path::PathBuf::from);
    let planted = plant(&folder.join("hosts"), count, seed);
    let output = factored(&folder, &["hosts", "-o", "fleet", "--output-format", "json"]);
    let (code, stdout, stderr) = outcome(&output);
    assert_eq!((code, stderr.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&stdout).unwrap();

    // Equal for all: the program writes no instance that it has not proven.
    assert_eq!((report["instances"].as_array().unwrap().len(), &report["failed"]), (count, &serde_json::json!([])));

    // The layers, exactly.
    let files = texts(&folder.join("fleet"));
    let base = said(&files["org/base.toml"]);
    let mut expected: BTreeSet<&str> = BASE.iter().map(|(_, line)| *line).collect();
    expected.extend([
        "requirepass = { secret = \"password\" }",
        "masterauth = { secret = \"replication\" }",
        "FLUSHALL = \"\"",
    ]);
    assert_eq!(base, expected);
    let profiles: Vec<&String> =
        files.iter().filter(|(path, _)| path.starts_with("profiles/")).map(|(_, text)| text).collect();
    let found: BTreeSet<BTreeSet<&str>> = profiles.iter().map(|text| said(text)).collect();
    let expected: BTreeSet<BTreeSet<&str>> =
        LAYERS.iter().map(|(_, lines)| lines.iter().map(|(_, line)| *line).collect()).collect();
    assert_eq!(found, expected);
    let layers = report["layers"].as_array().unwrap();
    let mut sizes: Vec<usize> =
        layers[1..].iter().map(|layer| usize::try_from(layer["instances"].as_u64().unwrap()).unwrap()).collect();
    let mut wanted = planted.layers.clone();
    sizes.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(sizes, wanted);

    // The outliers.
    assert_eq!(outliers(&report, "alone", "`maxmemory-policy` allkeys-random"), [planted.alone]);
    assert_eq!(outliers(&report, "without-effect", "`port`"), [planted.without_effect]);
    assert_eq!(outliers(&report, "replica", "own replica"), [planted.own_replica]);
    assert_eq!(outliers(&report, "version", "redis 7.0"), [planted.version]);

    // Secrets have names, equal ones the same, and no value is shown.
    for text in files.values().chain([&stdout]) {
        assert!(!text.contains("all-know-this") && !text.contains("secret-of-"));
    }
    assert_eq!(report["secrets"].as_array().unwrap().len(), count + 2);
}

#[test]
fn a_fleet_is_taken_apart_into_the_layers_it_was_made_of() {
    found_again(800, 4);
}

#[test]
fn a_small_fleet_is_taken_apart_too() {
    for seed in [1, 2, 3] {
        found_again(160, seed);
    }
}

#[test]
fn the_order_of_files_and_the_number_of_threads_change_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path();
    plant(&folder.join("hosts"), 120, 7);
    let mut names: Vec<String> = texts(&folder.join("hosts")).into_keys().map(|name| format!("hosts/{name}")).collect();
    let mut seen = BTreeSet::new();
    for (round, threads) in ["1", "2", "7"].into_iter().enumerate() {
        names.rotate_left(round * 31);
        names.reverse();
        let output = format!("fleet-{round}");
        let run = program()
            .current_dir(folder)
            .env("RAYON_NUM_THREADS", threads)
            .args(["import", "--factor", "-o", &output])
            .args(&names)
            .output()
            .unwrap();
        let (code, stdout, _) = outcome(&run);
        assert_eq!(code, 0, "{stdout}");
        seen.insert((stdout.replace(&output, "fleet"), texts(&folder.join(output))));
    }
    assert_eq!(seen.len(), 1);
}
