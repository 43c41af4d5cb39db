//! States of memory: full, wasted, held, shared with a child, given up faster than it is freed.

use std::fmt::Write as _;
use std::path::Path;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;

use super::client::{Client, Kept, fill, lines, number, until};
use super::states::{Build, State, state};

/// What is written here is no reason for a snapshot.
const NO_SNAPSHOT: &str = "enable-debug-command yes\nsave \"\"\n";

pub(super) fn states() -> Vec<State> {
    let all = vec![
        State {
            numbers: &[("total_eviction_exceeded_time", 1.0, 20_000.0)],
            ..state(
                "eviction-falls-behind",
                "enable-debug-command yes\nmaxmemory-policy allkeys-lru\nmaxmemory-eviction-tenacity 0\n",
                |socket| {
                    lines(socket, "DEBUG POPULATE 200000 key 100\r\nCONFIG SET maxmemory 3mb")
                        .inspect(|_| thread::sleep(Duration::from_millis(300)))
                },
            )
        },
        State {
            numbers: &[("expired_stale_perc", 26.0, 100.0)],
            ..state("expiry-falls-behind", "enable-debug-command yes\nhz 100\n", late_expiry)
        },
        State {
            numbers: &[("last_cow_size", 4e7, 4e8), ("copied", 51.0, 200.0)],
            ..state("copy-on-write-heavy", NO_SNAPSHOT, |socket| {
                let mut client = Client::open(socket)?;
                // Of a few keys the child waits a moment, so that there is time to write.
                client.all("DEBUG POPULATE 80000 key 1000\r\nCONFIG SET rdb-key-save-delay -6\r\nBGSAVE")?;
                client.all("EVAL \"for i = 0, 79999 do redis.call('setrange', 'key:' .. i, 0, 'y') end\" 0")?;
                until(&mut client, |client| Ok(number(client, "rdb_bgsave_in_progress")? < 1.0))?;
                Ok(Vec::new())
            })
        },
        State {
            numbers: &[("mem_fragmentation_ratio", 1.4, 20.0), ("mem_fragmentation_bytes", 1e7, 3e8)],
            ..state("memory-fragmented", NO_SNAPSHOT, holes)
        },
        State {
            build: Build::Jemalloc,
            numbers: &[("allocator_frag_ratio", 1.1, 20.0), ("allocator_frag_bytes", 1e7, 3e8)],
            ..state("allocator-fragmented", NO_SNAPSHOT, holes)
        },
        State {
            build: Build::Jemalloc,
            numbers: &[("allocator_rss_ratio", 1.1, 100.0), ("allocator_rss_bytes", 1e7, 3e8)],
            ..state("allocator-holds-memory", NO_SNAPSHOT, |socket| {
                let gone = "EVAL \"for i = 0, 999 do redis.call('del', 'key:' .. i) end\" 0";
                lines(socket, &format!("DEBUG POPULATE 1100 key 100000\r\n{gone}"))
                    .inspect(|_| thread::sleep(Duration::from_millis(400)))
            })
        },
        State {
            flags: &["--fact", "memory=100MiB"],
            numbers: &[("used_memory_rss", 1e8, 3e8), ("memory", 104_857_600.0, 104_857_600.0)],
            ..state("machine-memory-short", NO_SNAPSHOT, |socket| {
                lines(socket, "DEBUG POPULATE 100000 key 1000").inspect(|_| thread::sleep(Duration::from_millis(200)))
            })
        },
    ];
    let since_7 = all.into_iter().map(|state| State { servers: "redis >= 7.0", ..state });
    since_7.chain(on_all()).collect()
}

/// What needs no DEBUG.
fn on_all() -> Vec<State> {
    vec![
        State {
            numbers: &[("used_memory_peak", 19_900_000.0, 24_000_000.0)],
            ..state("memory-peak-at-limit", "maxmemory 20mb\n", |socket| {
                fill(socket, 3000, 10_000)?;
                let mut gone = String::new();
                for key in 0..3000 {
                    let _ = write!(gone, "DEL key:{key}\r\n");
                }
                lines(socket, &gone)
            })
        },
        State {
            build: Build::Other,
            ..state("allocator-not-jemalloc", "save \"\"\n", |socket| {
                fill(socket, 7000, 10_000).inspect(|_| thread::sleep(Duration::from_millis(200)))
            })
        },
        State {
            // With jemalloc the memory of scripts is the allocator's, too.
            build: Build::Other,
            numbers: &[("rss_overhead_ratio", 1.1, 100.0), ("rss_overhead_bytes", 1e7, 3e8)],
            ..state("process-overhead-high", "", |socket| {
                let mut client = Client::open(socket)?;
                for number in 0..6 {
                    let script = format!("return #'{}{number}'", "x".repeat(5_000_000));
                    let command = format!("*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n${}\r\n{script}\r\n", script.len());
                    client.send(command.as_bytes())?;
                }
                client.all("PING")?;
                thread::sleep(Duration::from_millis(400));
                Ok(Vec::new())
            })
        },
    ]
}

/// Three of four small keys go: what is left lies scattered.
fn holes(socket: &Path) -> Result<Kept, Failed> {
    let gone = "EVAL \"for i = 0, 149999 do if i % 4 > 0 then redis.call('del', 'key:' .. i) end end\" 0";
    lines(socket, &format!("DEBUG POPULATE 150000 key 400\r\n{gone}"))
        .inspect(|_| thread::sleep(Duration::from_millis(300)))
}

/// So many keys are over their time at once that the cycle needs many turns; what it saw on the way stays when it is held.
fn late_expiry(socket: &Path) -> Result<Kept, Failed> {
    let mut client = Client::open(socket)?;
    client.all("DEBUG SET-ACTIVE-EXPIRE 0")?;
    client.all("EVAL \"for i = 1, 120000 do redis.call('set', 'key:' .. i, 'x', 'px', 1) end\" 0")?;
    client.all("DEBUG SET-ACTIVE-EXPIRE 1")?;
    until(&mut client, |client| Ok(number(client, "expired_stale_perc")? > 30.0))?;
    client.all("DEBUG SET-ACTIVE-EXPIRE 0")?;
    Ok(Vec::new())
}
