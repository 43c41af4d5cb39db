//! A server that is started as its administrator would: with a port, a folder that outlives it, and limits of its process.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use libtest_mimic::Failed;
use tempfile::TempDir;

use super::client::{Client, WITHIN};

/// A folder in which a server runs, on a unix socket and on what its lines say.
pub(super) struct Place {
    folder: TempDir,
    program: PathBuf,
    lines: String,
}

/// A process that ends with this, even one that was stopped.
pub(super) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    /// Sends it a signal.
    pub(super) fn signal(&self, name: &str) -> Result<(), Failed> {
        let status = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(format!("kill -s {name}: {status}").into()) }
    }
}

impl Place {
    pub(super) fn new(program: &Path, lines: &str) -> Result<Self, Failed> {
        let folder = tempfile::Builder::new().prefix("rc-").tempdir()?;
        Ok(Self { folder, program: program.to_owned(), lines: lines.to_owned() })
    }

    pub(super) fn socket(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    /// Starts it by `before`, words that run a program, and waits until it answers, be it that it loads.
    pub(super) fn start(&self, before: &[&str]) -> Result<Process, Failed> {
        let folder = self.folder.path();
        let file = folder.join("conf");
        std::fs::write(&file, format!("unixsocket {0}/s\ndir {0}\n{1}", folder.display(), self.lines))?;
        let words: Vec<&std::ffi::OsStr> =
            before.iter().map(AsRef::as_ref).chain([self.program.as_os_str(), file.as_os_str()]).collect();
        let mut command = Command::new(words[0]);
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process(command.spawn()?);
        let begun = Instant::now();
        while Client::open(&self.socket()).and_then(|mut client| client.all("PING")).is_err() {
            if begun.elapsed() > WITHIN {
                return Err("the server does not answer".into());
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(process)
    }
}
