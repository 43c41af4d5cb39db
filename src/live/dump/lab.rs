//! A private directory in which a program is started again and again, without the care of [`super::super::boot`]: what
//! stands here is our own text, and the defaults must stay visible.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::super::boot::{Start, boot};
use super::super::child::Running;
use super::super::connection::Connection;
use super::super::isolate::Layout;
use super::super::launch::{self, Launched};
use super::super::program::Program;
use super::super::refusal::{self, Words};
use super::super::undertaker::Undertaker;
use super::DumpError;

/// A server needs some milliseconds; a loaded machine may need more.
const PATIENCE: Duration = Duration::from_secs(20);

/// No server accepts this line: what stands before it was accepted if this one is refused.
const STOP: &str = "port @stop@";

/// An address that nobody has (RFC 5737): with it, the default port can be seen and is not listened on.
const NOWHERE: [&str; 2] = ["--bind", "-192.0.2.1"];

pub(super) struct Lab<'a> {
    pub(super) program: &'a Program,
    layout: Layout,
    _undertaker: Option<Undertaker>,
    dir: TempDir,
}

/// A server of the lab; dropping it ends it.
pub(super) struct Subject {
    _running: Running,
    pub(super) connection: Connection,
}

impl<'a> Lab<'a> {
    pub(super) fn new(program: &'a Program) -> Result<Self, DumpError> {
        let dir = launch::private_dir()?;
        let layout = Layout::within(dir.path());
        fs::create_dir(&layout.work)?;
        let undertaker = Undertaker::hire(None, dir.path());
        Ok(Self { program, layout, _undertaker: undertaker, dir })
    }

    /// The folder servers are started in.
    pub(super) fn work(&self) -> PathBuf {
        self.layout.work.clone()
    }

    /// The configuration file, after CONFIG REWRITE.
    pub(super) fn conf(&self) -> Result<String, DumpError> {
        Ok(fs::read_to_string(&self.layout.conf)?)
    }

    /// What the server has against these lines; `None` where it read on.
    pub(super) fn objection(&self, lines: &str) -> Result<Option<String>, DumpError> {
        fs::write(&self.layout.conf, format!("{lines}\n{STOP}\n"))?;
        let mut running = launch::spawn(self.program, None, &self.layout, &[])?;
        let Some(status) = running.wait(Instant::now() + PATIENCE) else {
            return Err(DumpError::Unexpected { what: format!("does not stop after `{lines}`") });
        };
        let Words { texts, reason, .. } = refusal::read(&running.output(), status);
        let stopped = texts.first().is_some_and(|text| text == STOP);
        Ok(if stopped { None } else { Some(reason) })
    }

    /// Starts on `conf` with more options, without TCP. An `Err` within is why the server refused.
    pub(super) fn start(&self, conf: &str, options: &[&str]) -> Result<Result<Subject, String>, DumpError> {
        fs::write(&self.layout.conf, conf)?;
        let mut all: Vec<OsString> = options.iter().map(OsString::from).collect();
        all.extend(NOWHERE.map(OsString::from));
        all.extend([OsString::from("--unixsocket"), self.layout.socket.clone().into_os_string()]);
        let running = launch::spawn(self.program, Some(self.dir.path()), &self.layout, &all)?;
        Ok(match launch::wait_for(running, &self.layout, PATIENCE)? {
            Launched::Ready(running, connection, _) => Ok(Subject { _running: running, connection }),
            Launched::Ended(mut running, status) => Err(refusal::read(&running.output(), status).reason),
            Launched::Silent(_) => {
                return Err(DumpError::Unexpected { what: format!("does not answer after `{conf}`") });
            }
        })
    }

    /// Starts where a refusal would be new.
    pub(super) fn must_start(&self, conf: &str, options: &[&str]) -> Result<Subject, DumpError> {
        let refused = |reason| DumpError::Unexpected { what: format!("refuses {options:?}: {reason}") };
        self.start(conf, options)?.map_err(refused)
    }

    /// The default of `bind`, which our own hides otherwise. With port 0 nothing listens.
    pub(super) fn bind_by_default(&self) -> Result<String, DumpError> {
        let booted = boot(self.program, &Start { timeout: PATIENCE, ..Start::default() });
        let snapshot = booted?.inspect(&[])?;
        Ok(String::from_utf8_lossy(snapshot.value("bind").unwrap_or_default()).into_owned())
    }

    /// Whether the program has TLS: one that has asks for the certificate.
    pub(super) fn has_tls(&self) -> Result<bool, DumpError> {
        Ok(self.start("tls-port 6380\n", &[])?.is_err_and(|reason| reason.contains("cert")))
    }
}
