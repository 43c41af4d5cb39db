//! What sessions begin with: the project's own fixtures, the examples of rules, and answers of a server, written by hand.

use std::path::{Path, PathBuf};

use redisconf::lint::{Example, RULES};

/// Longer fixtures teach a fuzzer nothing that shorter ones do not.
const LONGEST: usize = 6 << 10;

/// The seeds of a target.
pub(crate) fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = match target {
        "acl_file" => examples().filter(|text| text.contains("user ")).map(|text| versioned(text.as_bytes())).collect(),
        "argv" => files("conf").iter().map(|text| versioned(&as_arguments(text))).collect(),
        "conf" => {
            let files = files("conf");
            files.iter().map(|text| versioned(text)).chain(examples().map(|text| versioned(text.as_bytes()))).collect()
        }
        "embedded" => embedded(),
        "kept" => kept(),
        "profile" => files("toml").iter().map(|text| versioned(text)).collect(),
        "project" => files("toml"),
        "undo" => UNDO.iter().map(|text| versioned(text.as_bytes())).collect(),
        "wire" => wire(),
        other => panic!("{other} is no target"),
    };
    seeds.retain(|seed| seed.len() <= LONGEST);
    seeds.sort();
    seeds.dedup();
    seeds
}

/// Behind a byte that chooses a version, a newer one.
fn versioned(text: &[u8]) -> Vec<u8> {
    [b"\x04", text].concat()
}

/// Every file of that ending among the fixtures, in order.
fn files(ending: &str) -> Vec<Vec<u8>> {
    paths().into_iter().filter(|path| path.extension().is_some_and(|one| one == ending)).map(read).collect()
}

fn read(path: PathBuf) -> Vec<u8> {
    std::fs::read(path).unwrap()
}

fn paths() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    let mut folders: Vec<PathBuf> =
        ["profiles", "tests/commands/cases", "tests/commands/files", "tests/validators/samples"]
            .map(|folder| root.join(folder))
            .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { all.push(path) }
        }
    }
    all.sort();
    all
}

fn examples() -> impl Iterator<Item = String> {
    let both = |rule: &&redisconf::lint::Rule| [rule.example(Example::Bad), rule.example(Example::Good)];
    RULES.iter().flat_map(both).flatten()
}

/// One argument a line.
fn as_arguments(conf: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(conf);
    let statements = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    statements
        .map(|line| format!("--{}\n", line.split_whitespace().collect::<Vec<_>>().join("\n")))
        .collect::<String>()
        .into()
}

/// Each file behind the byte of its kind, as `readers::embedded` counts them.
fn embedded() -> Vec<Vec<u8>> {
    let kind = |path: &Path| {
        let name = path.to_string_lossy().to_ascii_lowercase();
        let is = |part: &str| name.contains(part);
        match path.extension().and_then(|one| one.to_str()) {
            Some("yaml" | "yml") if is("compose") => Some(0),
            Some("yaml" | "yml") if is("values") || is("helm") || is("chart") => Some(2),
            Some("yaml" | "yml") => Some(1),
            Some("service") => Some(4),
            Some("sh") => Some(5),
            _ => is("dockerfile").then_some(3),
        }
    };
    let by_hand = BY_HAND.iter().map(|(kind, text)| [&[*kind], text.as_bytes()].concat());
    paths().into_iter().filter_map(|path| Some([vec![kind(&path)?], read(path)].concat())).chain(by_hand).collect()
}

const BY_HAND: &[(u8, &str)] = &[
    (
        0,
        "services:\n  cache:\n    image: redis:7.4\n    command: redis-server --port 1 --requirepass hunter2SECRET --save ''\n",
    ),
    (
        0,
        "services:\n  cache:\n    image: valkey/valkey:8.1\n    mem_limit: 1g\n    command: [valkey-server, --maxmemory, 2gb]\n",
    ),
    (
        1,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  redis.conf: |\n    port 1\n    maxmemory 1gb\n",
    ),
    (
        1,
        "kind: Pod\nspec:\n  containers:\n  - name: a\n    image: redis:7.2\n    args: [\"--hz\", \"20\", \"--requirepass hunter2SECRET\"]\n",
    ),
    (
        2,
        "commonConfiguration: |-\n  appendonly no\n  save \"\"\nmaster:\n  extraFlags: [--hz, \"20\"]\nimage: {tag: 7.4.1}\n",
    ),
    (2, "valkeyConfig: |\n  port 1\nimage: {repository: valkey/valkey}\n"),
    (3, "FROM redis:7.4\nCOPY redis.conf /r.conf\nCMD [\"redis-server\", \"/r.conf\", \"--port\", \"1\"]\n"),
    (3, "FROM redis:7\nRUN <<EOF\nx\nEOF\nCMD redis-server --requirepass hunter2SECRET \\\n  --hz 20\n"),
    (
        4,
        "[Service]\nExecStart=/usr/bin/redis-server /etc/r.conf --port 1 \\\n  --requirepass hunter2SECRET\nLimitNOFILE=1\n",
    ),
    (5, "#!/bin/sh\ndocker run -d -m 1g redis:7.4 redis-server --requirepass hunter2SECRET --save '' --port 1\n"),
];

fn kept() -> Vec<Vec<u8>> {
    let json = files("json").into_iter().chain(files("txt"));
    json.chain([INFO.as_bytes().to_vec(), [INFO, "maxmemory\n1gb\nsave\n3600 1\nhz\n10\n"].concat().into()])
        .map(|text| versioned(&text))
        .collect()
}

const INFO: &str = "# Server\r\nredis_version:7.4.1\r\nrun_id:0123\r\nrole:master\r\nuptime_in_seconds:100000\r\n\
    connected_clients:9000\r\nmaxclients:10000\r\nused_memory:900000000\r\nused_memory_rss:2000000000\r\nmaxmemory:1000000000\r\n\
    used_memory_peak:990000000\r\nmem_fragmentation_ratio:2.2\r\nmem_fragmentation_bytes:1000000000\r\nallocator_active:5\r\n\
    allocator_resident:9\r\nused_memory_dataset:1\r\ntotal_system_memory:1\r\nmem_clients_normal:500000000\r\n\
    rdb_last_bgsave_status:err\r\nrdb_last_cow_size:900000000\r\naof_enabled:1\r\naof_current_size:9\r\naof_base_size:1\r\n\
    aof_delayed_fsync:7\r\nlatest_fork_usec:900000\r\nexpired_keys:9\r\nevicted_keys:100000\r\nkeyspace_hits:1\r\n\
    keyspace_misses:9\r\ntotal_commands_processed:100\r\nrejected_connections:3\r\nsync_full:9\r\nsync_partial_err:8\r\n\
    connected_slaves:1\r\nslave0:ip=10.0.0.1,port=6379,state=online,offset=1,lag=9\r\nmaster_repl_offset:900000000\r\n\
    repl_backlog_size:1048576\r\nrepl_backlog_active:1\r\nused_cpu_sys:9.5\r\nused_cpu_user:9.5\r\n\
    cmdstat_keys:calls=100,usec=900000000,usec_per_call=9000000.00,rejected_calls=0,failed_calls=1\r\n\
    errorstat_OOM:count=100\r\nlatency_percentiles_usec_get:p50=1.003,p99=2.007,p99.9=9999.359\r\n\
    db0:keys=1000,expires=10,avg_ttl=1000\r\ndb1:keys=5,expires=0,avg_ttl=0\r\ncluster_enabled:0\r\n\
    server_time_usec:1700000000000000\r\nrdb_last_save_time:1600000000\r\nrdb_changes_since_last_save:99999\r\n";

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn list(items: &[&str]) -> String {
    items.iter().fold(format!("*{}\r\n", items.len()), |list, item| list + &bulk(item))
}

/// Answers to the questions of a diagnosis, in their order, and pieces of them.
fn wire() -> Vec<Vec<u8>> {
    let info = bulk(INFO);
    let config = list(&["maxmemory", "1000000000", "save", "3600 1", "hz", "10"]);
    let slowlog = "*1\r\n*6\r\n:1\r\n:1700000000\r\n:90000\r\n*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n$5\r\nh:123\r\n$0\r\n\r\n";
    let latency = "*1\r\n*4\r\n$7\r\ncommand\r\n:1700000000\r\n:100\r\n:9000\r\n";
    let clients =
        bulk("id=3 addr=10.0.0.1:5 name=a age=100 idle=9 flags=N db=0 sub=0 psub=0 tot-mem=99999 cmd=get user=ann\n");
    let memory = "*4\r\n$14\r\npeak.allocated\r\n:9\r\n$6\r\nkeys.x\r\n$3\r\n1.5\r\n";
    let users = list(&["user ann on #00 ~* &* +@all", "user default off sanitize-payload resetchannels -@all"]);
    let head = format!("{info}{config}");
    let all = format!("{head}{slowlog}:9\r\n{latency}{clients}{memory}{users}*0\r\n*0\r\n{info}");
    let one_each = [
        "+OK\r\n",
        "*-1\r\n",
        "-NOAUTH Authentication required.\r\n",
        "-ERR x\x1b[2J\r\n",
        "%1\r\n+a\r\n:1\r\n",
        "*1\r\n*1\r\n",
    ];
    let plain = [all, head, info].into_iter().chain(one_each.map(str::to_owned)).map(String::into_bytes);
    plain.chain([b"$9223372036854775807\r\nx".to_vec(), b"*1\r\n".repeat(40)]).collect()
}

const UNDO: &[&str] = &[
    "redis://10.0.0.1:6379/0\nmaxmemory\t1073741824\t2147483648\t1073741824\nsave\t3600 1\t\t3600 1\nhz\t10\t20\t10\n",
    "unix:///run/redis.sock\nnotify-keyspace-events\tAKE\tAKEn\tAKE\nrequirepass\tx\ty\nmaxclients\t1\t18446744073709551615\t1\n",
    "rediss://ann@[::1]:1\nclient-output-buffer-limit\tnormal 0 0 0\tpubsub 1 2 3\tnormal 0 0 0\nport\t1\t2\t1\n",
];
