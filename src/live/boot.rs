//! Starts a real server on a configuration, in a private directory, reachable over one unix socket and nothing else.
//!
//! The server decides: it starts, or its refusal is handed back. Neither the process nor the directory outlives the
//! [`Booted`] value.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::ask::{Ask, Login};
use super::child::Running;
use super::connection::{Connection, ConnectionError};
use super::inspect::{InspectError, inspect};
use super::isolate::{IsolateError, Isolated, Layout, isolate};
use super::launch::{self, Launched};
use super::place;
use super::program::Program;
use super::refusal::{self, Refusal};
use super::reply::Reply;
use crate::server::Server;
use crate::snapshot::Snapshot;

/// Whether a configuration may load modules, which run as native code of this user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Modules {
    /// A configuration with `loadmodule` is not started.
    #[default]
    Refuse,
    /// Modules are loaded from where they lie.
    Load,
}

/// What to start, and how long to wait.
#[derive(Clone)]
pub struct Start {
    /// The text of the configuration file; none is the same as an empty one.
    pub conf: Option<Vec<u8>>,
    /// Options as a container would pass them: `--maxmemory`, `1gb`, … without program and file.
    pub argv: Vec<Vec<u8>>,
    /// The files that the configuration includes, and its ACL file, under the names it uses. Nothing else is read.
    pub files: Vec<(String, Vec<u8>)>,
    /// Who logs in once the server runs, where the configuration asks for it.
    pub login: Option<Login>,
    /// Whether `loadmodule` is allowed.
    pub modules: Modules,
    /// How long the server may take to answer, and each later answer too.
    pub timeout: Duration,
}

impl Default for Start {
    /// An empty configuration, no modules, 10 s.
    fn default() -> Self {
        let timeout = Duration::from_secs(10);
        Self { conf: None, argv: Vec::new(), files: Vec::new(), login: None, modules: Modules::Refuse, timeout }
    }
}

/// Why no server runs. Holds no text of the configuration but what [`Refusal`] keeps and the server logged.
#[derive(Debug, thiserror::Error)]
pub enum BootError {
    /// The configuration is not safe to try.
    #[error(transparent)]
    Unsafe(#[from] IsolateError),
    /// The private directory could not be made or filled.
    #[error("cannot prepare a private directory: {0}; set `TMPDIR` to a short path that can be written")]
    Directory(#[source] io::Error),
    /// The program could not be run.
    #[error("cannot start `{program}`: {why}")]
    Spawn {
        /// Its path.
        program: String,
        /// What the system said.
        why: io::Error,
    },
    /// The server read the configuration and ended, saying why.
    #[error("the server refuses the configuration: {0}")]
    Refused(Box<Refusal>),
    /// The server was ended by a signal. An include cycle does that, and a huge `databases`.
    #[error("the server crashed with signal {signal} on this configuration: {}", refusal.shown_reason())]
    Crashed {
        /// Which signal.
        signal: i32,
        /// What it still said.
        refusal: Box<Refusal>,
    },
    /// The process lives, but does not answer.
    #[error("the server did not answer within {} ms", within.as_millis())]
    TimedOut {
        /// How long it had.
        within: Duration,
        /// What it wrote meanwhile.
        output: String,
    },
    /// Something answers that is no server.
    #[error(transparent)]
    Connection(ConnectionError),
}

/// Why a started server may not be asked: it accepted the configuration, which then shuts us out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The configuration asks for a password, and none was given.
    #[error("the server accepted the configuration and now asks for a login ({}): give a user and password", by.join(", "))]
    Needed {
        /// The lines that ask.
        by: Vec<String>,
    },
    /// The given login is wrong.
    #[error("the server accepted the configuration but not the login of `{user}`: {answer}")]
    Refused {
        /// Who tried.
        user: String,
        /// What the server said.
        answer: String,
    },
}

/// A server that runs for us. Dropping it ends it and removes its directory.
pub struct Booted {
    running: Running,
    connection: Connection,
    login: Result<(), LoginError>,
    overridden: Vec<String>,
    timeout: Duration,
    dir: TempDir,
}

/// Starts `program` on what `start` holds, and waits until it answers.
///
/// # Errors
/// When the configuration is unsafe to try, the server refuses it, crashes on it or does not answer in time.
pub fn boot(program: &Program, start: &Start) -> Result<Booted, BootError> {
    let dir = launch::private_dir().map_err(BootError::Directory)?;
    let layout = Layout::within(dir.path());
    let isolated = isolate(start, program.server, &layout)?;
    launch::lay_out(&layout, &isolated).map_err(BootError::Directory)?;

    let running = launch::spawn(program, Some(dir.path()), &layout, &isolated.options)?;
    let (running, mut connection, first) = match launch::wait_for(running, &layout, start.timeout)? {
        Launched::Ready(running, connection, reply) => (running, connection, reply),
        Launched::Silent(mut running) => {
            running.kill();
            return Err(BootError::TimedOut { within: start.timeout, output: text(&mut running, dir.path()) });
        }
        Launched::Ended(mut running, status) => {
            return Err(ended(start, &isolated, program.server, &mut running, status, dir.path()));
        }
    };
    connection.set_patience(start.timeout);
    connection.rename(isolated.renamed);
    let login = log_in(&mut connection, start.login.as_ref(), &first, isolated.doors).map_err(BootError::Connection)?;
    let overridden = isolated.overridden.into_iter().collect();
    Ok(Booted { running, connection, login, overridden, timeout: start.timeout, dir })
}

impl Booted {
    /// The directives whose configured value was not tried, sorted. What the server shows for them is ours.
    #[must_use]
    pub fn overridden(&self) -> &[String] {
        &self.overridden
    }

    /// The connection, if the configuration lets us in.
    ///
    /// # Errors
    /// When it asks for a login that was not given, or was wrong.
    pub fn connection(&mut self) -> Result<&mut Connection, LoginError> {
        self.login.clone().map(|()| &mut self.connection)
    }

    /// Reads what the server shows: all it lists, and the `hidden` names, which it shows only when asked by name.
    ///
    /// # Errors
    /// When we are not let in, or an answer is not what it should be.
    pub fn inspect(&mut self, hidden: &[&str]) -> Result<Snapshot, InspectError> {
        inspect(self.connection()?, hidden)
    }

    /// Sends CONFIG SET. Only a server of our own takes it this way.
    ///
    /// # Errors
    /// When we are not let in, or no answer came; a refusal is a [`Reply::Error`].
    pub fn config_set(&mut self, name: &str, value: &[u8]) -> Result<Reply, InspectError> {
        Ok(self.connection()?.ask(Ask::ConfigSet(&[(name, value)]))?)
    }

    /// The process, for those who watch it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.pid()
    }

    /// The private directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The unix socket on which it answers.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        Layout::within(self.dir.path()).socket
    }

    /// What the server wrote so far.
    pub fn log(&mut self) -> String {
        text(&mut self.running, self.dir.path())
    }

    /// Asks the server to go, and makes it go. Dropping does the same without asking.
    pub fn end(mut self) {
        if self.login.is_ok() && self.connection.ask(Ask::Shutdown).is_err() {
            self.running.wait(Instant::now() + self.timeout.min(Duration::from_secs(1)));
        }
    }
}

fn log_in(
    connection: &mut Connection,
    login: Option<&Login>,
    first: &Reply,
    by: Vec<String>,
) -> Result<Result<(), LoginError>, ConnectionError> {
    let Some(login) = login else {
        let shut = matches!(first, Reply::Error(text) if text.starts_with("NOAUTH"));
        return Ok(if shut { Err(LoginError::Needed { by }) } else { Ok(()) });
    };
    let reply = connection.auth(login)?;
    let Reply::Error(answer) = reply else { return Ok(Ok(())) };
    Ok(Err(LoginError::Refused { user: login.user.clone(), answer }))
}

/// All it wrote, without the name of the private directory.
fn text(running: &mut Running, dir: &Path) -> String {
    let output = running.output();
    let text = [output.stderr, output.stdout].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    without_dir(&text, dir)
}

/// Names of files as the configuration gave them.
fn without_dir(text: &str, dir: &Path) -> String {
    let dir = dir.display().to_string();
    text.replace(&format!("{dir}/work/"), "").replace(&format!("{dir}/root/"), "/").replace(&dir, "")
}

/// Tells why the server ended, and which of the given lines it means.
fn ended(
    start: &Start,
    isolated: &Isolated,
    server: Server,
    running: &mut Running,
    status: ExitStatus,
    dir: &Path,
) -> BootError {
    let words = refusal::read(&running.output(), status);
    let place = place::locate(&words, start, isolated, server);
    let refusal = Box::new(Refusal {
        text: place::as_written(&place, start).unwrap_or_else(|| words.texts.join("\n")),
        place,
        line: words.line,
        reason: without_dir(&words.reason, dir),
        output: text(running, dir),
    });
    match status.signal() {
        Some(signal) => BootError::Crashed { signal, refusal },
        None => BootError::Refused(refusal),
    }
}
