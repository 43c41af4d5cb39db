//! States that need more than clients: limits of a process, a restart, a port, a replica or a primary that stands still.

use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use libtest_mimic::Failed;
use redisconf::live::Program;

use super::client::{Client, fill, lines, until};
use super::doctor;
use super::place::Place;
use super::states::{admits, wrong_with};

/// What is found here.
pub(super) const RULES: [&str; 5] =
    ["data-loading", "default-user-open", "maxclients-lowered", "replica-lags", "replica-link-silent"];

/// Where a server that loads can be asked.
const LOADING: &str = "redis >= 7.0";

pub(super) fn processes(program: &Program) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for state in [loading, open, lowered, still] {
        wrong.extend(state(program)?);
    }
    let made = RULES.len() - usize::from(!admits(LOADING, program.server.base()));
    println!("{}: {made} states, {} not found", program.server, wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// It loads for seconds, and looks at its clients on the way.
fn loading(program: &Program) -> Result<Vec<String>, Failed> {
    // Redis 6.2 does so only every 2 MiB: a file for all questions of the doctor would take too long.
    if !admits(LOADING, program.server.base()) {
        return Ok(Vec::new());
    }
    let often = "key-load-delay 2000\nloading-process-events-interval-bytes 1024\n";
    let place = Place::new(&program.path, &format!("port 0\nsave \"\"\n{often}"))?;
    let first = place.start(&[])?;
    fill(&place.socket(), 3000, 1000)?;
    lines(&place.socket(), "SAVE")?;
    drop(first);
    let _second = place.start(&[])?;
    let (json, _) = doctor(&place.socket(), &[])?;
    Ok(wrong_with(&json, "data-loading", &[("loading", 1.0, 1.0)]).into_iter().collect())
}

/// It says that it listens to another address, too; that one is nobody's (RFC 5737), so that only this machine reaches it.
fn open(program: &Program) -> Result<Vec<String>, Failed> {
    let lines = format!("port {}\nbind 127.0.0.1 -192.0.2.1\nprotected-mode no\n", free_port()?);
    let place = Place::new(&program.path, &lines)?;
    let _process = place.start(&[])?;
    let (json, _) = doctor(&place.socket(), &[])?;
    Ok(wrong_with(&json, "default-user-open", &[]).into_iter().collect())
}

/// 500 open files, which even root may not raise: the capability for it is given up before.
fn lowered(program: &Program) -> Result<Vec<String>, Failed> {
    let place = Place::new(&program.path, "port 0\n")?;
    let script = "ulimit -n 500 && if [ \"$(id -u)\" = 0 ]
        then exec setpriv --inh-caps=-sys_resource --bounding-set=-sys_resource \"$@\"
        else exec \"$@\"; fi";
    let _process = place.start(&["sh", "-c", script, "sh"])?;
    let (json, _) = doctor(&place.socket(), &[])?;
    let numbers = [("maxclients", 468.0, 468.0), ("open files", 500.0, 500.0)];
    Ok(wrong_with(&json, "maxclients-lowered", &numbers).into_iter().collect())
}

/// First the replica stands still while much is written, then the primary.
fn still(program: &Program) -> Result<Vec<String>, Failed> {
    let port = free_port()?;
    let loopback = "bind 127.0.0.1\nsave \"\"\nrepl-ping-replica-period 1\nrepl-diskless-sync-delay 0\n";
    let primary = Place::new(&program.path, &format!("port {port}\n{loopback}repl-backlog-size 1mb\n"))?;
    let replica = Place::new(&program.path, &format!("port {}\n{loopback}replicaof 127.0.0.1 {port}\n", free_port()?))?;
    let (first, second) = (primary.start(&[])?, replica.start(&[])?);
    let mut client = Client::open(&primary.socket())?;
    let mut other = Client::open(&replica.socket())?;
    let is_up = |other: &mut Client| Ok(other.all("INFO replication")?.contains("master_link_status:up"));
    until(&mut other, is_up)?;
    until(&mut client, |client| Ok(client.all("INFO replication")?.contains("state=online")))?;
    second.signal("STOP")?;
    fill(&primary.socket(), 400, 10_000)?;
    let (json, _) = doctor(&primary.socket(), &["--no-discover"])?;
    second.signal("CONT")?;
    // 4 MB of values, and what was acknowledged before.
    let mut wrong: Vec<String> =
        wrong_with(&json, "replica-lags", &[("behind", 4e6, 4.3e6), ("repl_backlog_size", 1_048_576.0, 1_048_576.0)])
            .into_iter()
            .collect();
    until(&mut other, |other| Ok(other.all("DBSIZE")?.starts_with(":400\r\n") && is_up(other)?))?;
    first.signal("STOP")?;
    thread::sleep(Duration::from_millis(4200));
    let (json, _) = doctor(&replica.socket(), &["--no-discover"])?;
    first.signal("CONT")?;
    let numbers = [("master_last_io_seconds_ago", 4.0, 8.0), ("repl-ping-replica-period", 1.0, 1.0)];
    wrong.extend(wrong_with(&json, "replica-link-silent", &numbers));
    Ok(wrong)
}

fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
