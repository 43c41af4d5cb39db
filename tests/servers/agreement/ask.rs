//! Asks one configuration of ourselves and of a real server, and tells what differs.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use redisconf::catalog::{Directive, State};
use redisconf::config::{Config, Reason, Refusal, Stage, Value, resolve};
use redisconf::live::{BootError, InspectError, Login, Program, Start, boot};
use redisconf::server::Server;
use redisconf::snapshot::Snapshot;
use redisconf::source::{Memory, Name};
use redisconf::syntax::{Mode, Reading, conf};

use super::acts;

/// A configuration: the text, and the files it includes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) conf: Vec<u8>,
    pub(super) files: Vec<(String, Vec<u8>)>,
}

/// What we say of it.
pub(super) struct Ours {
    reading: Reading,
    pub(super) config: Config,
}

/// In what both agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Agreed {
    Refused,
    /// With so many equal values of CONFIG GET; none where the configuration shuts everybody out.
    Accepted(usize),
}

impl Ours {
    pub(super) fn of(text: &Text, server: Server) -> Self {
        let files = Memory::new(text.files.iter().map(|(name, text)| (name.as_str(), text.clone())));
        let reading = conf::read(Name::Stdin, &text.conf, server, &files);
        let config = resolve(&reading, Mode::Server);
        Self { reading, config }
    }

    /// The first refusal. A server of our own listens on a socket of ours, whatever the text says.
    pub(super) fn refusal(&self) -> Option<&Refusal> {
        self.config.refusals().iter().find(|refusal| refusal.stage != Stage::Sockets)
    }

    /// The line as servers count: one with a NUL loses its end, and the next one is glued to it.
    pub(super) fn line(&self, refusal: &Refusal) -> usize {
        let source = self.reading.sources.get(refusal.at.source);
        1 + (1..source.line(refusal.at.start)).filter(|line| !source.line_bytes(*line).contains(&0)).count()
    }

    /// Whether many threads would run without rest, so that nothing else on the machine gets its turn.
    pub(super) fn never_rests(&self) -> bool {
        let is_always_active = self.config.get("io-threads-always-active") == Some(&Value::Bool(true));
        is_always_active && self.config.get("io-threads").is_some_and(|count| *count != Value::Int(1))
    }

    /// Whether a statement of one of these directives stands in the text.
    pub(super) fn mentions(&self, names: &[&str]) -> bool {
        self.reading.iter().any(|(id, _)| {
            let name = self.reading.name(id).to_ascii_lowercase();
            names.iter().any(|listed| listed.as_bytes() == name)
        })
    }
}

/// What acts while the server reads it, and so must not be read outside of an isolated start.
const ACTS_WHILE_READ: [&str; 3] = ["dir", "loadmodule", "logfile"];

/// A word that every version refuses on the spot, as it has no value.
const STOP: &str = "\nthis-line-always-stops-it\n";

/// How long a server may take to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Asks on standard input, before a last line that stops the server ere it listens: a few milliseconds. False where the
/// server did not stop where we say, or where only a whole start can tell.
pub(super) fn stops_as_foretold(program: &Program, dir: &Path, text: &Text, ours: &Ours) -> Result<bool, Failed> {
    let Some(refusal) = ours.refusal() else { return Ok(false) };
    // Found after the last line, most versions name none; and a whole start would take the primary away.
    let after_last = refusal.reason == Reason::ReplicaInCluster;
    if ours.mentions(&ACTS_WHILE_READ) || refusal.stage != Stage::File {
        return Ok(false);
    }
    for (name, text) in &text.files {
        std::fs::write(dir.join(name), text)?;
    }
    let stop = if after_last { "" } else { STOP };
    let said = said(program, dir, &[&text.conf, stop.as_bytes()].concat())?;
    for (name, _) in &text.files {
        std::fs::remove_file(dir.join(name))?;
    }
    let line = said.lines().find_map(|line| line.strip_prefix("Reading the configuration file, at line "));
    let line: Option<usize> = line.and_then(|line| line.parse().ok());
    // Redis 6.2 looks once more at the end of each file that is included, where it has no line for it, and may crash.
    let is_there = line.map_or(after_last, |line| line == ours.line(refusal) || after_last && line == 0);
    Ok(said.contains("*** FATAL CONFIG FILE ERROR") && is_there)
}

/// What a server says of a text on standard input before it ends; nothing if it does not. Should it listen after all, then
/// on loopback only.
fn said(program: &Program, dir: &Path, text: &[u8]) -> Result<String, Failed> {
    let mut command = Command::new(&program.path);
    command.args(["-", "--port", "0", "--bind", "127.0.0.1"]).current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    // A server that ended meanwhile does not read.
    let _ended = input.write_all(text);
    drop(input);
    let deadline = Instant::now() + PATIENCE;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(String::new());
        }
        thread::sleep(Duration::from_micros(200));
    }
    let mut said = Vec::new();
    child.stderr.take().ok_or("no standard error")?.read_to_end(&mut said)?;
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Asks by a whole start.
pub(super) fn ask(program: &Program, server: Server, text: &Text) -> Result<Agreed, String> {
    let ours = Ours::of(text, server);
    let start = Start {
        conf: Some(text.conf.clone()),
        files: text.files.clone(),
        login: login(&ours.config),
        ..Start::default()
    };
    match (boot(program, &start), ours.refusal()) {
        (Ok(mut booted), None) => {
            let hidden: Vec<&str> =
                set(&ours.config).filter(|directive| directive.is.hidden).map(Directive::name).collect();
            match booted.inspect(&hidden) {
                Ok(snapshot) => same_values(&ours.config, &snapshot, booted.overridden()).map(Agreed::Accepted),
                Err(error) if may_shut_out(&ours, &error) => Ok(Agreed::Accepted(0)),
                Err(error) => Err(format!("the server starts and cannot be asked: {error}")),
            }
        }
        (Ok(_), Some(refusal)) => {
            Err(format!("the server starts; we refuse line {}: {:?}", ours.line(refusal), refusal.reason))
        }
        (Err(BootError::Refused(theirs)), Some(refusal)) => {
            let line = ours.line(refusal);
            let same_line = theirs.line.is_none_or(|theirs| theirs == line);
            // A file that is not there is told in the log, without the line.
            let foretold = refusal.stage == Stage::File && refusal.reason != Reason::IncludePattern;
            let names_line = theirs.line.is_some() == foretold;
            if same_line && names_line {
                return Ok(Agreed::Refused);
            }
            let theirs_words = theirs.shown_reason();
            Err(format!(
                "the server stops at {:?} ({theirs_words}), we at line {line} in stage {:?}: {:?}",
                theirs.line, refusal.stage, refusal.reason
            ))
        }
        (Err(BootError::Crashed { .. }), Some(_)) => Ok(Agreed::Refused),
        (Err(error), None) => Err(format!("we accept; the server: {error}")),
        (Err(error), Some(_)) => Err(format!("the server cannot be asked: {error}")),
    }
}

/// The directives with assignments that CONFIG GET could show.
pub(super) fn set(config: &Config) -> impl Iterator<Item = &'static Directive> + '_ {
    config.entries().iter().filter_map(|entry| config.view.get(entry.id)).filter(|directive| is_shown(directive))
}

fn is_shown(directive: &Directive) -> bool {
    !acts(&directive.kind) && directive.state != State::Inert && !directive.is.live_only && !directive.is.file_only
}

/// The password of the default user, where the text asks for one.
fn login(config: &Config) -> Option<Login> {
    let requirepass = config.view.directives().find(|directive| directive.name() == "requirepass")?;
    let password = config.effective(requirepass)?.config_get(&requirepass.kind);
    (!password.is_empty()).then(|| Login { user: "default".into(), password })
}

/// Whether the text asked for what keeps us from asking: users, renamed commands, limits for clients.
fn may_shut_out(ours: &Ours, error: &InspectError) -> bool {
    let by: &[&str] = match error {
        InspectError::Login(_) | InspectError::Refused { .. } => &["user", "requirepass", "aclfile"],
        InspectError::NoCommand { .. } => &["rename-command"],
        InspectError::Connection(_) => &["client-output-buffer-limit", "maxmemory-clients", "maxclients"],
        InspectError::Shape { .. } | InspectError::Pairs(_) | InspectError::Identity(_) => &[],
    };
    ours.mentions(by)
}

/// Above this a machine may take back what it was asked for: files are limited.
const SURE_CLIENTS: u64 = 500;

/// Compares all that the server shows with what we say is in force, and counts what the text set.
fn same_values(config: &Config, snapshot: &Snapshot, overridden: &[String]) -> Result<usize, String> {
    let set: Vec<_> = set(config).map(|directive| directive.id).collect();
    let (mut equal, mut wrong) = (0, Vec::new());
    for directive in config.view.directives().filter(|directive| is_shown(directive)) {
        let is_set = set.contains(&directive.id);
        let of_machine = directive.is.environment || directive.needs.is_some();
        if overridden.iter().any(|name| directive.names.contains(&name.as_str())) || (!is_set && of_machine) {
            continue;
        }
        let Some(theirs) = directive.names.iter().find_map(|name| snapshot.value(name)) else { continue };
        let Some(value) = config.effective(directive) else { continue };
        let ours = value.config_get(&directive.kind);
        let lowered = directive.name() == "maxclients"
            && std::str::from_utf8(&ours).is_ok_and(|n| n.parse().is_ok_and(|n: u64| n > SURE_CLIENTS));
        if ours == theirs {
            equal += usize::from(is_set);
        } else if !lowered {
            let [theirs, ours] = [theirs, &ours].map(String::from_utf8_lossy);
            wrong.push(format!("CONFIG GET {} says {theirs:?}, we say {ours:?}", directive.name()));
        }
    }
    if wrong.is_empty() { Ok(equal) } else { Err(wrong.join("; ")) }
}

/// The text in a form that can be pasted into a test.
pub(super) fn shown(text: &Text) -> String {
    let mut out = format!("b\"{}\"", text.conf.escape_ascii());
    for (name, text) in &text.files {
        out.push_str(&format!(", with {name} b\"{}\"", text.escape_ascii()));
    }
    out
}
