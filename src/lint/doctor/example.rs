//! Examples of rules about running servers: evidence, a line each, over a healthy server.
//!
//! `used_memory: 7gb` is a field of INFO, `earlier evicted_keys: 5` the same ten seconds before, `slowlog: 250000 KEYS`,
//! `latency: fork 300 450`, `reply: 5mb HGETALL`, `client: flags=P omem=9000000`, `user: default on nopass ~* &* +@all`,
//! `denied: auth 5`, `cluster: cluster_state fail`, `host: huge_pages always`, and `missing: SLOWLOG GET` are what they say.
//! Every other line is one of the running configuration.

use std::collections::BTreeMap;

use super::super::example::Texts;
use super::{Diagnosis, LiveCase, diagnose, facts_of};
use crate::config::resolve;
use crate::facts::Facts;
use crate::lint::{Case, Chosen};
use crate::server::Server;
use crate::snapshot::{
    Client, Earlier, Evidence, Exposure, Host, Info, Large, LatencyEvent, Slow, Slowlog, Snapshot, User, parse_info,
};
use crate::source::Name;
use crate::syntax::{Mode, conf};

/// The configuration of the healthy server.
const RUNNING: &str = "maxmemory 4gb\nmaxmemory-policy allkeys-lru\nlatency-monitor-threshold 100\nsave 3600 1\n";

/// What INFO says there.
const HEALTHY: &str = "\
uptime_in_seconds:864000
server_time_usec:1790000000000000
role:master
connected_slaves:0
master_repl_offset:1000000
repl_backlog_size:1048576
connected_clients:40
maxclients:10000
blocked_clients:0
pubsub_clients:0
pubsub_channels:0
pubsub_patterns:0
tracking_total_keys:0
client_recent_max_input_buffer:20480
used_memory:2147483648
used_memory_rss:2300000000
used_memory_peak:2400000000
used_memory_overhead:200000000
used_memory_dataset:1900000000
total_system_memory:17179869184
maxmemory:4294967296
maxmemory_policy:allkeys-lru
mem_fragmentation_ratio:1.07
mem_fragmentation_bytes:152516352
allocator_frag_ratio:1.02
allocator_frag_bytes:8000000
allocator_rss_ratio:1.03
allocator_rss_bytes:9000000
rss_overhead_ratio:1.01
rss_overhead_bytes:9000000
mem_clients_normal:2000000
mem_clients_slaves:0
mem_not_counted_for_evict:0
mem_allocator:jemalloc-5.3.0
lazyfree_pending_objects:0
number_of_cached_scripts:3
loading:0
async_loading:0
rdb_changes_since_last_save:12
rdb_bgsave_in_progress:0
rdb_last_save_time:1789999000
rdb_last_bgsave_status:ok
rdb_last_bgsave_time_sec:20
rdb_last_cow_size:100000000
aof_enabled:0
aof_rewrite_in_progress:0
aof_last_bgrewrite_status:ok
aof_last_write_status:ok
aof_last_cow_size:0
aof_rewrites_consecutive_failures:0
latest_fork_usec:9000
total_connections_received:5000
total_commands_processed:900000000
instantaneous_ops_per_sec:1000
instantaneous_output_kbps:800.00
instantaneous_input_kbps:300.00
rejected_connections:0
evicted_keys:0
evicted_clients:0
expired_stale_perc:1.20
expired_time_cap_reached_count:0
total_eviction_exceeded_time:0
current_eviction_exceeded_time:0
keyspace_hits:800000000
keyspace_misses:20000000
client_query_buffer_limit_disconnections:0
client_output_buffer_limit_disconnections:0
sync_full:0
sync_partial_ok:0
sync_partial_err:0
total_error_replies:100
acl_access_denied_auth:0
used_cpu_sys:20000.0
used_cpu_user:60000.0
used_cpu_sys_main_thread:19000.0
used_cpu_user_main_thread:59000.0
used_cpu_sys_children:100.0
used_cpu_user_children:500.0
io_threads_active:0
cluster_enabled:0
db0:keys=500000,expires=450000,avg_ttl=80000
cmdstat_get:calls=800000000,usec=1600000000,usec_per_call=2.00
latency_percentiles_usec_get:p50=1.003,p99=3.007,p99.9=9.023
";

/// What all rules say of an example.
pub(super) fn diagnosed(example: &str) -> Diagnosis {
    let texts = Texts::of(example);
    let server = texts.server().unwrap_or_else(|| "redis-7.4.1".parse().expect("it is a version"));
    let (statements, lines): (Vec<&str>, Vec<&str>) = texts.root.lines().partition(|line| !is_evidence(line));
    let (_, declared) = texts.read(&statements.join("\n"), server);
    let (info, evidence) = evidence(&lines);
    let text = format!("{RUNNING}{}\n", statements.join("\n"));
    let config = [("maxmemory", "read from the text")].into_iter().collect();
    let snapshot = Snapshot::new(server, config, info);
    judged(&snapshot, &evidence, &declared, &text, server)
}

fn judged(snapshot: &Snapshot, evidence: &Evidence, declared: &Facts, text: &str, server: Server) -> Diagnosis {
    let mut facts = facts_of(snapshot, evidence);
    for (name, fact) in declared.iter() {
        facts.learn(crate::facts::definition(name).expect("it is one"), fact.said, fact.at);
    }
    let reading = conf::read_alone(Name::Live("example".into()), text.as_bytes(), server);
    let config = resolve(&reading, Mode::Server);
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    diagnose(&LiveCase { case, snapshot, evidence, declared }, &Chosen::all())
}

fn is_evidence(line: &str) -> bool {
    line.split_once(": ").is_some_and(|(name, _)| !line.starts_with('#') && name.split(' ').count() <= 2)
}

fn evidence(lines: &[&str]) -> (Info, Evidence) {
    let mut info: BTreeMap<String, String> =
        parse_info(HEALTHY.as_bytes()).iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut cluster: BTreeMap<&str, &str> = BTreeMap::new();
    let mut evidence = Evidence {
        slowlog: Some(Slowlog::default()),
        latency: Some(Vec::new()),
        large: Some(Vec::new()),
        clients: Some(Vec::new()),
        users: User::of_line(b"user default on #0 ~* &* +@all", 1, Exposure::Masked).map(|user| vec![user]),
        denials: Some(BTreeMap::new()),
        host: Some(Host::default()),
        ..Evidence::default()
    };
    let mut before: Vec<(&str, String)> = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(": ").expect("it is a line of evidence");
        let words: Vec<&str> = value.split(' ').collect();
        let number = |at: usize| plain(words[at]).parse().expect("a number is expected in an example");
        match name {
            "slowlog" => {
                let log = evidence.slowlog.get_or_insert_default();
                let slow = Slow { microseconds: number(0), command: words[1].into(), at: 1_789_999_999, key: None };
                log.entries.push(slow);
                log.length += 1;
            }
            "latency" => {
                let event = words[0].into();
                let one = LatencyEvent { event, at: 1_789_999_000, latest: number(1), most: number(2) };
                evidence.latency.get_or_insert_default().push(one);
            }
            "request" | "reply" => {
                let one = Large { is_reply: name == "reply", bytes: number(0), command: words[1].into() };
                evidence.large.get_or_insert_default().push(one);
            }
            "client" => {
                let (times, line) = value.split_once(" x ").unwrap_or(("1", value));
                let client = Client::of_line(line, Exposure::Masked).expect("it has flags");
                let times: usize = times.parse().expect("so many clients");
                evidence.clients.get_or_insert_default().extend(std::iter::repeat_n(client, times));
            }
            "user" => {
                let user = User::of_line(format!("user {value}").as_bytes(), 2, Exposure::Masked).expect("it is one");
                let users = evidence.users.get_or_insert_default();
                users.retain(|other| other.name != user.name);
                users.push(user);
            }
            "denied" => {
                evidence.denials.get_or_insert_default().insert(words[0].into(), number(1));
            }
            "cluster" => {
                info.insert("cluster_enabled".into(), "1".into());
                cluster.insert(words[0], words[1]);
            }
            "host" => of_host(evidence.host.get_or_insert_default(), words[0], words[1]),
            "missing" => lack(&mut evidence, value),
            _ => match name.strip_prefix("earlier ") {
                Some(field) => before.push((field, plain(value))),
                None if value == "-" => {
                    info.remove(name);
                }
                None => {
                    info.insert(name.into(), plain(value));
                }
            },
        }
    }
    if !before.is_empty() {
        let mut earlier = info.clone();
        earlier.extend(before.into_iter().map(|(field, value)| (field.to_owned(), value)));
        evidence.earlier = Some(Earlier { info: earlier.into_iter().collect(), milliseconds: 10_000 });
    }
    evidence.cluster = (!cluster.is_empty()).then(|| cluster.into_iter().collect());
    (info.into_iter().collect(), evidence)
}

fn of_host(host: &mut Host, name: &str, value: &str) {
    let number = plain(value).parse().ok();
    match name {
        "overcommit" => host.overcommit = number,
        "huge_pages" => host.huge_pages = Some(value.into()),
        "somaxconn" => host.somaxconn = number,
        "swap" => host.swap = number,
        "processors" => host.processors = number,
        "clocksource" => host.clocksource = Some(value.into()),
        "open_files" => host.open_files = number,
        "swapped" => host.swapped = number,
        "in_huge_pages" => host.in_huge_pages = number,
        "memory_limit" => host.memory_limit = number,
        "processor_limit" => host.processor_limit = value.parse().ok(),
        _ => panic!("`{name}` is nothing that a host says"),
    }
}

fn lack(evidence: &mut Evidence, what: &str) {
    match what {
        "SLOWLOG GET" => evidence.slowlog = None,
        "CLIENT LIST" => evidence.clients = None,
        "ACL LIST" => evidence.users = None,
        "LATENCY LATEST" => evidence.latency = None,
        _ => panic!("`{what}` is nothing that an example lacks"),
    }
    evidence.missing.insert(what.into(), "the user may not".into());
}

/// `7gb` as bytes; everything else as it is.
fn plain(text: &str) -> String {
    let units = [("kb", 10), ("mb", 20), ("gb", 30)];
    let bytes = units.iter().find_map(|(unit, shift)| {
        let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "examples hold small numbers")]
        Some((number * f64::from(1_u32 << shift)) as u64)
    });
    bytes.map_or_else(|| text.to_owned(), |bytes| bytes.to_string())
}
