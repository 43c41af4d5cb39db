//! What `apply` says of effects, held against what then happens: evicted keys are counted before and after, and with the
//! append-only file nothing is lost before it says that it is done.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::config::Setup;
use redisconf::facts::Facts;
use redisconf::live::{Address, Event, Left, Manner, Met, Program, Reach, Start, apply, boot};
use redisconf::plan::{Plan, Wanted, drift, names_to_ask};
use redisconf::source::Name;
use redisconf::syntax::conf;

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("evicted keys are foretold and counted", evicted),
            found.trial("no key is lost before the first rewrite has ended", rewritten),
        ]
    };
    servers.iter().flat_map(of).collect()
}

const WITHIN: Duration = Duration::from_secs(20);

/// A client that sends what it likes.
struct Raw(BufReader<UnixStream>);

impl Raw {
    fn open(socket: &Path) -> Result<Self, Failed> {
        let until = Instant::now() + WITHIN;
        loop {
            if let Ok(stream) = UnixStream::connect(socket) {
                let mut raw = Self(BufReader::new(stream));
                if raw.say("PING\r\n")?.starts_with("+PONG") {
                    return Ok(raw);
                }
            }
            if Instant::now() > until {
                return Err("the server does not answer".into());
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Sends lines, and gives the first line of the last answer; each answer is one line.
    fn say(&mut self, lines: &str) -> Result<String, Failed> {
        self.0.get_mut().write_all(lines.as_bytes())?;
        let mut last = String::new();
        for _ in 0..lines.matches("\r\n").count() {
            last.clear();
            self.0.read_line(&mut last)?;
        }
        Ok(last.trim_end().to_owned())
    }

    fn info(&mut self, field: &str) -> Result<u64, Failed> {
        let length = self.say("INFO\r\n")?;
        let mut text = vec![0; length.trim_start_matches('$').parse::<usize>()? + 2];
        self.0.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let value = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        Ok(value.unwrap_or("0").trim().parse()?)
    }

    fn fill(&mut self, keys: usize, bytes: &[usize], expiring: usize) -> Result<(), Failed> {
        for some in (0..keys).collect::<Vec<_>>().chunks(500) {
            let mut lines = String::new();
            for key in some {
                let value = "x".repeat(bytes[key * 7 % bytes.len()]);
                let until = if key * 13 % 100 < expiring { " EX 90000" } else { "" };
                let _ = write!(lines, "SET key:{key} {value}{until}\r\n");
            }
            self.say(&lines)?;
        }
        Ok(())
    }
}

/// Keys, bytes of their values, how many percent expire, the policy, and in how many percent it goes down.
type Fill = (usize, &'static [usize], usize, &'static str, Option<u8>);

const FILLS: [Fill; 6] = [
    (100_000, &[100], 0, "allkeys-lru", None),
    (100_000, &[100], 100, "volatile-lru", None),
    (100_000, &[120, 60, 250], 50, "allkeys-random", Some(5)),
    (20_000, &[1000], 60, "volatile-ttl", None),
    (20_000, &[50, 500, 3000], 0, "allkeys-lfu", None),
    (2_000, &[20_000], 30, "volatile-random", Some(10)),
];

fn evicted(program: &Program) -> Result<(), Failed> {
    let (mut wrong, mut told) = (Vec::new(), Vec::new());
    for (keys, bytes, expiring, policy, stride) in FILLS {
        let booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
        let mut raw = Raw::open(&booted.socket())?;
        raw.fill(keys, bytes, expiring)?;
        // Tables that grow are halved by and by, and that is no doing of apply.
        thread::sleep(Duration::from_millis(300));
        let used = raw.info("used_memory")?;
        let share = if policy == "volatile-random" { 85 } else { 70 };
        let declared = format!("maxmemory {}\nmaxmemory-policy {policy}\n", used / 100 * share);
        let reading = conf::read_alone(Name::Stdin, declared.as_bytes(), program.server);
        let setup = Setup::from_reading("declared", reading, Facts::default());
        let reach = Reach { address: Address::Unix(booted.socket()), login: None, tls: None, within: WITHIN };
        let mut met = Met::meet(&reach).map_err(|error| error.to_string())?;
        let none = BTreeMap::new();
        let running = met.observe(&names_to_ask(&setup.config, &none)).map_err(|error| error.to_string())?.snapshot;
        let wanted = Wanted {
            declared: &setup.config,
            deployed: None,
            is_all_deployed: false,
            secrets: &none,
            full: false,
            expected: &[],
            today: "2026-01-01",
        };
        let plan = Plan::mending(wanted, &running, &drift(wanted, &running));
        let hazard = plan.steps().flat_map(|step| &step.hazards).find(|hazard| hazard.id == "maxmemory-below-used");
        let foretold = hazard.and_then(|hazard| hazard.keys).ok_or("nothing is foretold")?;
        let manner = Manner { patience: WITHIN, stride, attempts: 2 };
        let allowed = ["maxmemory-below-used".to_owned(), "eviction-on".to_owned()];
        let cleared = plan.clear(&allowed).map_err(|refused| format!("{refused:?}"))?;
        let ended = apply(cleared, &reach, manner, &mut |_: Event<'_>| Ok(()));
        let gone = keys as u64 - raw.say("DBSIZE\r\n")?.trim_start_matches(':').parse::<u64>()?;
        // A server at its limit goes on evicting a key for each command that it is sent, ours too.
        let is_true = ended.evicted.abs_diff(gone) <= (gone / 100).max(5);
        if ended.state != Left::AsPlanned || !is_true {
            wrong.push(format!("{policy}: {gone} are gone, and told is {ended:?}"));
        }
        let off = (i128::from(foretold) - i128::from(gone)) * 1000 / i128::from(gone.max(1));
        told.push(format!("{policy} {foretold}/{gone}"));
        if off.abs() > 50 {
            wrong.push(format!("{keys} keys of {bytes:?}, {policy}: foretold {foretold}, and {gone} went"));
        }
    }
    println!("{}: foretold/evicted {}", program.server, told.join(", "));
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// A server that is started and started again in the same folder.
struct Place {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Place {
    fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn start(&self, lines: &str) -> Result<(Child, Raw), Failed> {
        let folder = self.folder.path().display();
        let text = format!("port 0\nunixsocket {folder}/s\ndir {folder}\nsave 3600 1\n{lines}");
        let file = self.folder.path().join("deployed.conf");
        std::fs::write(&file, text)?;
        let _ = std::fs::remove_file(self.socket());
        let mut command = Command::new(&self.program);
        let child = command.arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let raw = Raw::open(&self.socket())?;
        Ok((child, raw))
    }

    fn apply(&self) -> Result<Child, Failed> {
        let declared = self.folder.path().join("declared.conf");
        std::fs::write(&declared, "appendonly yes\n")?;
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        command.arg("apply").arg(&declared).args(["--yes", "--allow", "appendonly-on", "--timeout", "1", "--live"]);
        command.arg(format!("unix://{}", self.socket().display())).env_clear().current_dir(self.folder.path());
        Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
    }
}

fn end(mut server: Child) {
    let _ = server.kill();
    let _ = server.wait();
}

const KEYS: usize = 20_000;

fn rewritten(program: &Program) -> Result<(), Failed> {
    let place = Place { folder: tempfile::Builder::new().prefix("rc-").tempdir()?, program: program.path.clone() };
    let size = |raw: &mut Raw| -> Result<usize, Failed> {
        let until = Instant::now() + WITHIN;
        loop {
            let answer = raw.say("DBSIZE\r\n")?;
            match answer.strip_prefix(':') {
                Some(number) => return Ok(number.parse()?),
                None if Instant::now() > until => return Err(answer.into()),
                None => thread::sleep(Duration::from_millis(20)),
            }
        }
    };
    let (server, mut raw) = place.start("")?;
    raw.fill(KEYS, &[30], 0)?;
    // As slow as with a big data set.
    raw.say("SAVE\r\nCONFIG SET rdb-key-save-delay 300\r\n")?;
    let applying = place.apply()?;
    let until = Instant::now() + WITHIN;
    while raw.info("aof_rewrite_in_progress")? == 0 {
        if Instant::now() > until {
            end(server);
            return Err("no rewrite has begun".into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    thread::sleep(Duration::from_millis(500));
    end(server);
    let output = applying.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.code() != Some(5) || said.contains("done") {
        return Err(format!("killed while it rewrote: {:?} {said}", output.status).into());
    }
    // It was not done, so the old file is still the deployed one.
    let (server, mut raw) = place.start("")?;
    let kept = size(&mut raw)?;
    // Applied to the end, the new file may be deployed.
    let output = place.apply()?.wait_with_output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() || !said.contains("done live") || raw.info("aof_rewrite_in_progress")? != 0 {
        end(server);
        return Err(format!("{:?} {said}", output.status).into());
    }
    end(server);
    let (server, mut raw) = place.start("appendonly yes\n")?;
    let after = size(&mut raw)?;
    end(server);
    println!(
        "{}: of {KEYS} keys {kept} after a kill while it rewrote, {after} after a kill when it was done",
        program.server
    );
    if (kept, after) == (KEYS, KEYS) { Ok(()) } else { Err(format!("{kept} and {after} of {KEYS} keys").into()) }
}
