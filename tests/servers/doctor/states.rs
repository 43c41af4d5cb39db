//! States of one server, each made by what clients send.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use redisconf::live::{Program, Start, boot};
use redisconf::server::Server;
use redisconf::syntax::profile::requirement;
use serde_json::Value as Json;

use super::client::{Client, Kept, PAST, connections, fill, lines, meanwhile, nothing, replica, unread};
use super::{doctor, found};

/// A state, how it is made, and the rule that finds it.
pub(super) struct State {
    pub(super) rule: &'static str,
    /// The servers on which it can be made.
    pub(super) servers: &'static str,
    pub(super) conf: &'static str,
    /// Flags of the doctor.
    pub(super) flags: &'static [&'static str],
    pub(super) make: fn(&Path) -> Result<Kept, Failed>,
    /// The builds on which it can be made.
    pub(super) build: Build,
    /// What the finding rests on: beginnings of names, and between what their values must lie.
    pub(super) numbers: &'static [Bounds],
}

pub(super) type Bounds = (&'static str, f64, f64);

/// Allocators that a server may have been built with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Build {
    Any,
    Jemalloc,
    Other,
}

const ALL: &str = "redis >= 6.2";

pub(super) const fn state(rule: &'static str, conf: &'static str, make: fn(&Path) -> Result<Kept, Failed>) -> State {
    State { rule, servers: ALL, conf, flags: &[], make, build: Build::Any, numbers: &[] }
}

fn states_to_make() -> Vec<State> {
    let since_7 = |state: State| State { servers: "redis >= 7.0", ..state };
    let with = |flags, state: State| State { flags, ..state };
    vec![
        state("memory-unlimited", "", nothing),
        state("memory-near-limit", "maxmemory 20mb\n", |socket| fill(socket, 1750, 10_000)),
        state("writes-refused-for-memory", "maxmemory 10mb\n", |socket| fill(socket, 3000, 10_000)),
        with(
            &["--fact", "workload=queue"],
            state("keys-evicted", "maxmemory 10mb\nmaxmemory-policy allkeys-lru\n", |socket| {
                fill(socket, 3000, 10_000)
            }),
        ),
        state("nothing-evictable", "maxmemory 100mb\nmaxmemory-policy volatile-lru\n", |socket| fill(socket, 2000, 10)),
        state("memory-peak-passed", "", |socket| {
            fill(socket, 24_000, 10_000)?;
            let gone: Vec<String> = (9_000..24_000).map(|key| format!("DEL key:{key}")).collect();
            lines(socket, &gone.join("\r\n"))
        }),
        state("memory-overhead-high", "", |socket| {
            let mut client = Client::open(socket)?;
            for block in 0..110 {
                let sets: Vec<String> = (0..10_000).map(|key| format!("SET {} 1", block * 10_000 + key)).collect();
                client.all(&sets.join("\r\n"))?;
            }
            Ok(Vec::new())
        }),
        state("script-cache-large", "", |socket| {
            let all: Vec<String> = (0..1100).map(|number| format!("SCRIPT LOAD \"return {number}\"")).collect();
            lines(socket, &all.join("\r\n"))
        }),
        with(
            &["--fact", "workload=cache"],
            state("hit-rate-low", "", |socket| lines(socket, &vec!["GET nothing"; 1500].join("\r\n"))),
        ),
        state("databases-several", "", |socket| lines(socket, "SET a 1\r\nSELECT 3\r\nSET a 1")),
        state("notifications-unheard", "notify-keyspace-events KEA\n", nothing),
        state("patterns-many", "", |socket| {
            let mut client = Client::open(socket)?;
            let patterns: Vec<String> = (0..1100).map(|number| format!("p{number}:*")).collect();
            client.send(format!("PSUBSCRIBE {}\r\n", patterns.join(" ")).as_bytes())?;
            thread::sleep(Duration::from_millis(100));
            Ok(vec![client])
        }),
        state("tracking-table-full", "tracking-table-max-keys 100\n", |socket| {
            let mut client = Client::open(socket)?;
            // The next version of the protocol is what tracking speaks.
            client.send(b"HELLO 3\r\nCLIENT TRACKING ON\r\n")?;
            let gets: Vec<String> = (0..120).map(|key| format!("SET t{key} 1\r\nGET t{key}")).collect();
            client.all(&gets.join("\r\n"))?;
            Ok(vec![client])
        }),
        state("snapshot-failed", "save 3600 1\n", |socket| {
            fs_folder(socket)?;
            lines(socket, "SET a 1\r\nBGSAVE")?;
            thread::sleep(Duration::from_millis(400));
            Ok(Vec::new())
        }),
        state("snapshot-stale", "save 1 1\n", |socket| {
            fs_folder(socket)?;
            lines(socket, "SET a 1")?;
            thread::sleep(Duration::from_millis(4500));
            Ok(Vec::new())
        }),
        state("snapshots-overlap", "save 3 1\n", |socket| {
            lines(socket, "CONFIG SET rdb-key-save-delay 30000")?;
            fill(socket, 100, 10)?;
            lines(socket, "BGSAVE")?;
            thread::sleep(Duration::from_millis(4200));
            Ok(Vec::new())
        }),
        state(
            "aof-outgrown",
            "appendonly yes\nauto-aof-rewrite-percentage 0\nauto-aof-rewrite-min-size 1mb\n",
            |socket| fill(socket, 1000, 10_000),
        ),
        state("primary-without-persistence", "save \"\"\nappendonly no\n", |socket| {
            Ok(vec![replica(socket, "PSYNC ? -1")?]).inspect(|_| thread::sleep(Duration::from_millis(300)))
        }),
        with(&["--fact", "replicas=2"], state("replicas-missing", "", nothing)),
        state("replicas-needed-for-writes", "min-replicas-to-write 1\n", nothing),
        state("full-synchronisations", "", |socket| {
            for _ in 0..6 {
                let client = replica(socket, PAST)?;
                thread::sleep(Duration::from_millis(150));
                drop(client);
            }
            thread::sleep(Duration::from_millis(200));
            Ok(Vec::new())
        }),
        with(
            &["--window", "1"],
            state("backlog-covers-little", "repl-backlog-size 16kb\n", |socket| {
                let client = replica(socket, "PSYNC ? -1")?;
                thread::sleep(Duration::from_millis(200));
                meanwhile(socket, |client| {
                    client.all(&format!("SET a {}", "x".repeat(10_000)))?;
                    Ok(())
                })?;
                Ok(vec![client])
            }),
        ),
        state("replica-link-down", "replicaof 127.0.0.1 1\n", |socket| {
            lines(socket, "REPLICAOF 127.0.0.1 1").inspect(|_| thread::sleep(Duration::from_millis(200)))
        }),
        since_7(state("slow-commands", "enable-debug-command yes\n", |socket| lines(socket, "DEBUG SLEEP 0.06"))),
        since_7(state("latency-events", "enable-debug-command yes\nlatency-monitor-threshold 50\n", |socket| {
            lines(socket, "DEBUG SLEEP 0.2")
        })),
        state("dangerous-commands-used", "", |socket| lines(socket, "KEYS nothing*")),
        state("error-rate-high", "", |socket| lines(socket, &vec!["GET a b c"; 200].join("\r\n"))),
        state("access-refused", "", |socket| {
            // Of several in one packet some versions count one.
            let mut client = Client::open(socket)?;
            for _ in 0..12 {
                client.all("AUTH nobody wrong")?;
            }
            Ok(Vec::new())
        }),
        state("connections-near-limit", "maxclients 40\n", |socket| {
            connections(socket, 36).inspect(|_| thread::sleep(Duration::from_millis(100)))
        }),
        state("connections-refused", "maxclients 20\n", |socket| {
            let kept = connections(socket, 30)?;
            thread::sleep(Duration::from_millis(100));
            drop(kept);
            thread::sleep(Duration::from_millis(100));
            Ok(Vec::new())
        }),
        with(
            &["--window", "1"],
            state("connection-churn", "", |socket| {
                let place = socket.to_owned();
                meanwhile(socket, move |_| Client::open(&place)?.all("PING").map(|_| ()))?;
                Ok(Vec::new())
            }),
        ),
        state("clients-unnamed", "", |socket| {
            connections(socket, 30).inspect(|_| thread::sleep(Duration::from_millis(100)))
        }),
        state("clients-blocked", "", |socket| {
            let mut client = Client::open(socket)?;
            client.send(b"BLPOP nothing 0\r\n")?;
            thread::sleep(Duration::from_millis(100));
            Ok(vec![client])
        }),
        state("slow-consumer", "client-output-buffer-limit pubsub 0 0 0\n", |socket| unread(socket, 2000)),
        State {
            servers: "redis >= 7.4",
            ..state("clients-cut-by-buffers", "client-output-buffer-limit pubsub 1mb 1mb 1\n", |socket| {
                unread(socket, 600)
            })
        },
        since_7(state(
            "clients-evicted",
            "maxmemory-clients 1mb\nclient-output-buffer-limit pubsub 0 0 0\n",
            |socket| unread(socket, 600),
        )),
        since_7(state("clients-hold-memory", "maxmemory 60mb\nclient-output-buffer-limit pubsub 0 0 0\n", |socket| {
            unread(socket, 2000)
        })),
        state("clients-heavy", "", |socket| {
            let mut client = Client::open(socket)?;
            client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$40000000\r\n")?;
            client.send(&vec![b'x'; 20_000_000])?;
            thread::sleep(Duration::from_millis(500));
            Ok(vec![client])
        }),
        state("query-buffers-large", "", |socket| {
            let mut client = Client::open(socket)?;
            client.send(b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$9000000\r\n")?;
            client.send(&vec![b'x'; 5_000_000])?;
            thread::sleep(Duration::from_millis(200));
            Ok(vec![client])
        }),
        State {
            servers: "valkey >= 8.1",
            ..state("large-replies", "", |socket| {
                let value = "x".repeat(2_000_000);
                let mut client = Client::open(socket)?;
                client.send(format!("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$2000000\r\n{value}\r\n").as_bytes())?;
                client.all("GET a")?;
                Ok(Vec::new())
            })
        },
        state("restarted-lately", "", nothing),
    ]
}

/// A folder in the place of the snapshot: then none can be written.
fn fs_folder(socket: &Path) -> Result<(), Failed> {
    let answer = Client::open(socket)?.all("CONFIG GET dir")?;
    let folder = answer.lines().rfind(|line| line.starts_with('/')).ok_or("the server has no folder")?;
    let place = Path::new(folder).join("dump.rdb");
    let _ = std::fs::remove_file(&place);
    std::fs::create_dir(&place)?;
    std::fs::write(place.join("x"), "x")?;
    Ok(())
}

pub(super) fn admits(text: &str, server: Server) -> bool {
    let newer = text.starts_with("redis") && server.engine != redisconf::server::Engine::Redis;
    // All of Valkey grew out of Redis 7.2, and 8.0 took what Redis 7.4 has of counters.
    let text = match text {
        "redis >= 7.4" if newer => "valkey >= 8.0",
        "redis >= 6.2, < 8" if newer => "valkey >= 7.2, < 9.1",
        _ if newer => "valkey >= 7.2",
        text => text,
    };
    requirement(text).expect("it names servers").admits(server)
}

/// What is wrong with the numbers of a rule's finding, or that there is none.
pub(super) fn wrong_with(json: &Json, rule: &str, numbers: &[Bounds]) -> Option<String> {
    let findings = json["servers"][0]["findings"].as_array().cloned().unwrap_or_default();
    let Some(finding) = findings.iter().find(|finding| finding["rule"] == rule) else {
        return Some(format!("{rule} is not found: {:?}, {}", found(json), json["servers"][0]["silent"]));
    };
    let value = |name: &str| {
        let all = finding["evidence"].as_array()?;
        let one = all.iter().find(|one| one["name"].as_str().is_some_and(|text| text.starts_with(name)))?;
        one["value"].as_str()?.parse::<f64>().ok()
    };
    let is_off = |(name, least, most): &&Bounds| value(name).is_none_or(|value| value < *least || value > *most);
    let off = numbers.iter().find(is_off)?;
    Some(format!("{rule}: {off:?} does not hold: {}, {}", finding["message"], finding["evidence"]))
}

pub(super) fn states(program: &Program) -> Result<(), Failed> {
    let (mut wrong, mut made) = (Vec::new(), 0);
    let only = std::env::var("REDISCONF_STATE").ok();
    for state in all() {
        let is_wanted = only.as_deref().is_none_or(|only| state.rule.contains(only));
        if !is_wanted || !admits(state.servers, program.server.base()) {
            continue;
        }
        let start = Start { conf: Some(state.conf.into()), ..Start::default() };
        let booted = boot(program, &start).map_err(|error| format!("{}: {error}", state.rule))?;
        let is_jemalloc = Client::open(&booted.socket())?.all("INFO memory")?.contains("mem_allocator:jemalloc");
        let is_build = match state.build {
            Build::Any => true,
            Build::Jemalloc => is_jemalloc,
            Build::Other => !is_jemalloc,
        };
        if !is_build {
            continue;
        }
        made += 1;
        let begun = Instant::now();
        let kept = (state.make)(&booted.socket()).map_err(|error| format!("{}: {error:?}", state.rule))?;
        let (json, _) = doctor(&booted.socket(), state.flags).map_err(|error| format!("{}: {error:?}", state.rule))?;
        wrong.extend(wrong_with(&json, state.rule, state.numbers));
        if only.is_some() {
            println!("{}: {} in {:?}", program.server, state.rule, begun.elapsed());
        }
        drop(kept);
        booted.end();
    }
    println!("{}: {made} states, {} not found", program.server, wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// All states of one server that clients make.
pub(super) fn all() -> Vec<State> {
    [states_to_make(), super::loads::states(), super::memory::states()].into_iter().flatten().collect()
}
