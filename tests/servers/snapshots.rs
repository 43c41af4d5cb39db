//! Which server loads the snapshots of which: every writer's, empty but for the mark, given to every reader that is here.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;
use redisconf::server::{Engine, Loads, loads};

use crate::found::Found;

/// How long a server may take to start or to go.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        let readers: Vec<PathBuf> = servers.iter().filter_map(Found::program).collect();
        found.trial("its snapshots are loaded by whom the version tree names", move |program| writer(program, &readers))
    };
    servers.iter().map(of).collect()
}

fn writer(program: &Program, readers: &[PathBuf]) -> Result<(), Failed> {
    let folder = Folder::new(&format!("w-{}", program.server.base().name()));
    let mut child = start(&program.path, &folder.0, &["--save", "3600", "1"]);
    if !is_ready(&mut child, &folder.0) {
        return Err("the writer does not start".into());
    }
    // A server with save points saves before it goes.
    Command::new("kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
    let snapshot = folder.0.join("dump.rdb");
    let mut wrong = String::new();
    for reader in readers {
        let reader = Program::probe(reader).map_err(|error| error.to_string())?;
        let expected = loads(reader.server, program.server);
        let strict = takes(&reader, &snapshot, &[]);
        let relaxed = reader.server.at_least(Engine::Valkey, 8, 1)
            && takes(&reader, &snapshot, &["--rdb-version-check", "relaxed"]);
        let seen = match (strict, relaxed) {
            (true, _) => Loads::Yes,
            (false, true) => Loads::Relaxed,
            (false, false) => Loads::No,
        };
        if seen != expected {
            let _ = writeln!(wrong, "{}: {expected:?} expected, {seen:?} seen", reader.server);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Whether a server starts over a snapshot.
fn takes(reader: &Program, snapshot: &Path, options: &[&str]) -> bool {
    let folder = Folder::new(&format!("r-{}", reader.server.base().name()));
    fs::copy(snapshot, folder.0.join("dump.rdb")).unwrap();
    let mut child = start(&reader.path, &folder.0, &[&["--save", ""], options].concat());
    let ready = is_ready(&mut child, &folder.0);
    let _ = child.kill();
    child.wait().unwrap();
    ready
}

fn start(program: &Path, folder: &Path, options: &[&str]) -> Child {
    let log = File::create(folder.join("log")).unwrap();
    Command::new(program)
        .args(["--port", "0", "--unixsocket", "socket"])
        .args(options)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits until the server has loaded its data, or ended.
fn is_ready(child: &mut Child, folder: &Path) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        let log = String::from_utf8_lossy(&fs::read(folder.join("log")).unwrap()).into_owned();
        if log.contains("ready to accept connections") || log.contains("Ready to accept connections") {
            return true;
        }
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    false
}

/// A folder of a server's own, removed afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let number = format!("{:?}", thread::current().id()).replace(|c: char| !c.is_ascii_digit(), "");
        let path = std::env::temp_dir().join(format!("snapshots-{}-{number}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
