//! States of work: clients that read nothing, slots that nobody has, calls that take long, threads without work.

use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use super::client::{Client, Kept, fill, lines, meanwhile, nothing, number, replica, until};
use super::states::{State, state};

const CLUSTER: &str = "cluster-enabled yes\ncluster-config-file nodes.conf\n";

pub(super) fn states() -> Vec<State> {
    vec![
        State {
            servers: "valkey >= 9.0",
            numbers: &[("oll of all", 20.0, 2000.0), ("omem of all", 1e5, 2e7), ("used_memory_dataset", 9e7, 1.6e8)],
            ..state("buffers-uncounted", "client-output-buffer-limit pubsub 0 0 0\n", |socket| {
                let mut kept = Vec::new();
                for _ in 0..5 {
                    let mut subscriber = Client::open(socket)?;
                    subscriber.send(b"SUBSCRIBE c\r\n")?;
                    kept.push(subscriber);
                }
                thread::sleep(Duration::from_millis(100));
                let message = format!("PUBLISH c {}", "x".repeat(20_000));
                let mut publisher = Client::open(socket)?;
                for _ in 0..100 {
                    publisher.all(&vec![message.as_str(); 50].join("\r\n"))?;
                }
                Ok(kept)
            })
        },
        State {
            numbers: &[("cluster_slots_assigned", 16_383.0, 16_383.0)],
            ..state("cluster-degraded", CLUSTER, |socket| slots(socket, 16_383))
        },
        State {
            numbers: &[("connected_slaves", 0.0, 0.0)],
            ..state("cluster-without-spare", CLUSTER, |socket| {
                slots(socket, 16_384)?;
                let mut client = Client::open(socket)?;
                until(&mut client, |client| Ok(client.all("CLUSTER INFO")?.contains("cluster_state:ok")))?;
                Ok(Vec::new())
            })
        },
        State {
            servers: "redis >= 7.0",
            numbers: &[("p99 of GET", 10.0, 10_000.0)],
            ..state("slow-percentile", "", slow_calls)
        },
        state("aof-failed", "appendonly yes\n", |socket| {
            fill(socket, 500, 10)?;
            let mut client = Client::open(socket)?;
            client.all("CONFIG SET rdb-key-save-delay 10000\r\nBGREWRITEAOF")?;
            end_child(&mut client)?;
            until(&mut client, |client| Ok(number(client, "aof_rewrite_in_progress")? < 1.0))?;
            Ok(Vec::new())
        }),
        State {
            // From Redis 8.0 on each connection belongs to a thread; Valkey 9.1 gives them some work at any load.
            servers: "redis >= 6.2, < 8",
            flags: &["--window", "1"],
            numbers: &[("io_threaded_*_processed", 0.0, 0.0), ("commands", 1000.0, 1e8), ("io-threads", 2.0, 2.0)],
            ..state("io-threads-unused", "io-threads 2\n", |socket| {
                let gets = vec!["GET a"; 500].join("\r\n");
                meanwhile(socket, move |client| client.all(&gets).map(|_| ()))?;
                nothing(socket)
            })
        },
        State {
            flags: &["--fact", "network-bandwidth=10MiB"],
            numbers: &[
                ("instantaneous_output_kbps or _input_kbps", 8_388_608.0, 1e11),
                ("network-bandwidth", 10_485_760.0, 10_485_760.0),
            ],
            ..state("network-near-limit", "", |socket| {
                let value = "x".repeat(60_000);
                let sets = vec![format!("SET a {value}"); 20].join("\r\n");
                meanwhile(socket, move |client| client.all(&sets).map(|_| ()))?;
                thread::sleep(Duration::from_millis(1700));
                Ok(Vec::new())
            })
        },
        State {
            numbers: &[("mem_clients_slaves", 1.2e7, 1e8), ("repl_backlog_size", 1_048_576.0, 1_048_576.0)],
            ..state("replica-buffers-large", "repl-diskless-sync no\nrepl-backlog-size 1mb\n", |socket| {
                let silent = replica(socket, "PSYNC ? -1")?;
                let mut client = Client::open(socket)?;
                until(&mut client, |client| Ok(client.all("INFO replication")?.contains("state=online")))?;
                fill(socket, 3000, 10_000)?;
                // Its memory is counted by the cron.
                thread::sleep(Duration::from_millis(200));
                Ok(vec![silent])
            })
        },
    ]
}

/// Twelve of a thousand calls copy a value, of a size that takes this machine more than 10 ms.
fn slow_calls(socket: &Path) -> Result<Kept, Failed> {
    let mut client = Client::open(socket)?;
    let large = "EVAL \"for i = 1, 12 do redis.call('get', 'large') end\" 0";
    for bytes in [30_000_000, 90_000_000, 270_000_000] {
        client.all("CONFIG RESETSTAT")?;
        client.all(&vec!["GET a"; 1000].join("\r\n"))?;
        let said = client.all(&format!("SETRANGE large {bytes} x\r\n{large}\r\nINFO latencystats"))?;
        let p99 = said.split_once("usec_get:").and_then(|(_, rest)| rest.split_once("p99=")?.1.split(',').next());
        if p99.and_then(|time| time.parse::<f64>().ok()).is_some_and(|time| time > 11_000.0) {
            break;
        }
    }
    Ok(Vec::new())
}

/// Gives the node the first `count` slots.
fn slots(socket: &Path, count: u32) -> Result<Kept, Failed> {
    let all: Vec<String> = (0..count).map(|slot| slot.to_string()).collect();
    // A line of a command may have 64 KiB.
    let some: Vec<String> = all.chunks(5000).map(|some| format!("CLUSTER ADDSLOTS {}", some.join(" "))).collect();
    lines(socket, &some.join("\r\n"))
}

/// Ends the server's child, which writes a file.
fn end_child(client: &mut Client) -> Result<(), Failed> {
    let info = client.all("INFO server")?;
    let server = info.lines().find_map(|line| line.strip_prefix("process_id:")).ok_or("INFO names no process")?.trim();
    let mut child = String::new();
    until(client, |_| {
        child = std::fs::read_to_string(format!("/proc/{server}/task/{server}/children"))?;
        Ok(!child.trim().is_empty())
    })?;
    Command::new("kill").args(["-KILL", child.trim()]).status()?;
    Ok(())
}
