//! Whether a server can listen: started as it is, on loopback addresses and free ports, and held against our judgement.

use std::fs::File;
use std::io::Result;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::config::{Stage, resolve};
use redisconf::server::Server;
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf};

use crate::found::Found;

/// `P` and `Q` stand for free ports, `H` for one so high that the usual port of its cluster's bus would be none. The lowest
/// such port is asked for on an address of its own: on the usual one a connection of another trial may hold it.
const CASES: [&str; 30] = [
    "port 0\n",
    "port 0\nunixsocket s\n",
    "port 0\nunixsocket \"\"\n",
    "port P\nbind 127.0.0.1\n",
    "port P\nbind \"\"\n",
    "port P\nbind \"\"\nunixsocket s\n",
    "port 0\nbind \"\"\nunixsocket s\n",
    "port 0\nbind 127.0.0.1 127.0.0.1\nunixsocket s\n",
    "port P\nbind 127.0.0.1 127.0.0.1\n",
    "port P\nbind 127.0.0.1 -127.0.0.1\n",
    "port P\nbind 127.1 127.0.0.1\n",
    "port P\nbind 127.0.0.1 127.0.0.2\n",
    "port P\nbind 127.0.0.1 -::1\n",
    "port P\nbind -127.0.0.1\n",
    "port P\nbind localhost\n",
    "port P\nbind 127.0.0.1:6379\n",
    "port P\nbind 127.0.0.1/8\n",
    "port P\nbind [::1]\n",
    "port P\nbind 127.0.0.1,127.0.0.2\n",
    "port P\nbind 127.0.0.1 -[::1]\n",
    "port P\nbind 127.0.0.1 \"#\"\n",
    "port P\nbind 127.0.0.1\ncluster-enabled yes\ncluster-port Q\n",
    "port P\nbind 127.0.0.1\ncluster-enabled yes\ncluster-port P\n",
    "port 55536\nbind 127.0.85.36\ncluster-enabled yes\n",
    "port H\nbind 127.0.0.1\ncluster-enabled yes\ncluster-port Q\n",
    "port P\nbind \"\"\nunixsocket s\ncluster-enabled yes\n",
    "port 0\nunixsocket s\nuser a on nopass +nosuch\n",
    "port 0\nuser a on nopass +nosuch\n",
    "port 0\nmaxmemory 1x\n",
    "unixsocket s\nport 0\nsave 60 1\n",
];
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        found.trial("listens where we say it can", |program| listen(program.server.base(), &program.path))
    };
    servers.iter().map(of).collect()
}

fn listen(server: Server, program: &Path) -> std::result::Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut starts = 0;
    for case in CASES {
        let (text, theirs) = started(program, case)?;
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server);
        let ours = resolve(&reading, Mode::Server);
        starts += usize::from(theirs.is_none());
        let agreed = match (ours.verdict(), &theirs) {
            (None, None) => true,
            (Some(refusal), Some(said)) => match refusal.stage {
                Stage::File => said.contains("FATAL CONFIG FILE ERROR"),
                Stage::Users => said.contains("Critical error while loading ACLs"),
                Stage::Sockets => {
                    let words = refusal.reason.server_words(server);
                    said.contains(words.rsplit(": ").next().unwrap_or_default())
                }
                Stage::Sentinel | Stage::Modules | Stage::Start | Stage::Data => false,
            },
            (_, _) => false,
        };
        if !agreed {
            wrong.push(format!("{text:?}: we say {:?}, the server {theirs:?}", ours.verdict()));
        }
    }
    println!("{server}: {} files, {starts} start", CASES.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A case with ports of its own, and what became of it. Somebody else may take a port that was free; then others are tried.
fn started(program: &Path, case: &str) -> Result<(String, Option<String>)> {
    let mut tries = 5;
    loop {
        let text = case.replace('P', &free_port()?).replace('Q', &free_port()?).replace('H', &high_port()?);
        let theirs = start(program, &text)?;
        tries -= 1;
        let is_taken = theirs.as_ref().is_some_and(|said| said.contains("ddress already in use"));
        if !is_taken || tries == 0 {
            return Ok((text, theirs));
        }
    }
}

/// A port that nobody listens on.
fn free_port() -> Result<String> {
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if port < 50_000 {
            return Ok(port.to_string());
        }
    }
}

/// The same among those that systems do not give out first, each trial another.
fn high_port() -> Result<String> {
    static NEXT: AtomicU16 = AtomicU16::new(56_000);
    let mut ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed)).take(4000);
    let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.map(|port| port.to_string()).ok_or_else(|| std::io::Error::other("no port above 56000 is free"))
}

/// Starts a server; what it said if it ended, nothing if it runs.
fn start(program: &Path, text: &str) -> Result<Option<String>> {
    let home = tempfile::tempdir()?;
    std::fs::write(home.path().join("conf"), text)?;
    let log = File::create(home.path().join("log"))?;
    let mut child = Command::new(program)
        .arg("conf")
        .current_dir(home.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let begun = Instant::now();
    let said = loop {
        let ended = child.try_wait()?.is_some();
        let said = String::from_utf8_lossy(&std::fs::read(home.path().join("log"))?).into_owned();
        if ended || begun.elapsed() > PATIENCE {
            break Some(said);
        }
        if said.contains("eady to accept connections") || said.contains("server is now ready") {
            break None;
        }
        sleep(Duration::from_millis(2));
    };
    child.kill()?;
    child.wait()?;
    Ok(said)
}
