//! A server program: does it start, and which server is it.

use std::io::{self, ErrorKind};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::child::Running;
use crate::server::{Engine, ParseServerError, Server};

/// How long `--version` may take; a server needs 3 ms.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server program that has said its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Where it is. Absolute, or a bare name that is looked up in `PATH`.
    pub path: PathBuf,
    /// Which server it is, with the patch release.
    pub server: Server,
    /// The allocator it was built with, such as `jemalloc-5.3.0` or `libc`. Whether it has TLS, it does not say.
    pub malloc: String,
    /// Its whole version line.
    pub build: String,
}

/// Why a path is not a server program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Nothing is there.
    #[error("there is no program `{}`: give the path of a redis-server or valkey-server", path.display())]
    Missing {
        /// What was given.
        path: PathBuf,
    },
    /// A directory, a file without the execute bit, or one for another machine.
    #[error("`{}` cannot be executed ({why}): give the path of a redis-server or valkey-server", path.display())]
    NotExecutable {
        /// What was given.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// It ran, and is something else.
    #[error("`{}` is no server: it {said}; give the path of a redis-server or valkey-server", path.display())]
    NotAServer {
        /// What was given.
        path: PathBuf,
        /// What it said instead of a version.
        said: String,
    },
    /// It did not end.
    #[error("`{} --version` did not end within {} ms: it is no Redis or Valkey server", path.display(), within.as_millis())]
    TimedOut {
        /// What was given.
        path: PathBuf,
        /// How long it had.
        within: Duration,
    },
    /// It says to be a server, of a version that is none.
    #[error("`{}` states a version that cannot be read: {why}", path.display())]
    Version {
        /// What was given.
        path: PathBuf,
        /// What was wrong with it.
        why: ParseServerError,
    },
}

impl Program {
    /// Runs `path --version` and reads what it says.
    ///
    /// # Errors
    /// When nothing can be run there, it does not end, or it is not a Redis or Valkey server.
    pub fn probe(path: &Path) -> Result<Self, ProgramError> {
        Self::probe_within(path, PATIENCE)
    }

    /// [`Program::probe`] with another patience.
    ///
    /// # Errors
    /// The same.
    pub fn probe_within(path: &Path, within: Duration) -> Result<Self, ProgramError> {
        let given = path.to_owned();
        let path = settled(path);
        let mut command = Command::new(&path);
        command.arg("--version");
        let mut running = Running::spawn(&mut command, None).map_err(|error| unstartable(given.clone(), error))?;
        let Some(status) = running.wait(Instant::now() + within) else {
            return Err(ProgramError::TimedOut { path: given, within });
        };
        let output = running.output();
        let text = String::from_utf8_lossy(&output.stdout);
        let line = text.lines().next().unwrap_or_default();
        match version(line) {
            Some(version) if status.success() => {
                let server = version.server.map_err(|why| ProgramError::Version { path: given, why })?;
                Ok(Self { path, server, malloc: version.malloc, build: line.to_owned() })
            }
            _ => Err(ProgramError::NotAServer { path: given, said: said(line, &output.stderr, status) }),
        }
    }

    /// The program, ready for arguments. It is called by its usual name: under another, such as `redis-sentinel`, the
    /// same file does something else.
    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.arg0(self.server.engine.program());
        command
    }
}

/// A path that stays right when the working directory changes; a bare name stays one.
fn settled(path: &Path) -> PathBuf {
    let bare = path.components().count() == 1 && !path.as_os_str().as_encoded_bytes().contains(&b'/');
    if bare { path.to_owned() } else { std::path::absolute(path).unwrap_or_else(|_| path.to_owned()) }
}

fn unstartable(path: PathBuf, why: io::Error) -> ProgramError {
    if why.kind() == ErrorKind::NotFound && !path.exists() {
        return ProgramError::Missing { path };
    }
    ProgramError::NotExecutable { path, why }
}

struct Version {
    server: Result<Server, ParseServerError>,
    malloc: String,
}

/// Reads `Redis server v=7.0.15 sha=… malloc=jemalloc-5.3.0 …`. Valkey 7.2 leaves the first word out.
fn version(line: &str) -> Option<Version> {
    let (who, fields) = line.split_once("erver v=")?;
    let engine = match who {
        "Redis s" => Engine::Redis,
        "Valkey s" | "S" => Engine::Valkey,
        _ => return None,
    };
    let numbers: String = fields.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let malloc = fields.split(' ').find_map(|field| field.strip_prefix("malloc=")).unwrap_or_default().to_owned();
    Some(Version { server: format!("{engine}-{numbers}").parse(), malloc })
}

/// What it did instead of naming its version, in one line.
fn said(line: &str, stderr: &[u8], status: std::process::ExitStatus) -> String {
    let stderr = String::from_utf8_lossy(stderr);
    let words: String = [line, stderr.trim()].into_iter().find(|text| !text.is_empty()).unwrap_or_default().into();
    let words: String = words.chars().filter(|c| !c.is_control()).take(60).collect();
    match words.as_str() {
        "" => format!("said nothing and ended with {status}"),
        words => format!("says `{words}` and ended with {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(String, String)> {
        version(line).map(|version| (version.server.unwrap().name(), version.malloc))
    }

    #[test]
    fn version_lines_of_all_makers_are_read() {
        for (line, server, malloc) in [
            ("Redis server v=6.2.14 sha=40305114:0 malloc=libc bits=64 build=dff95a8e7a99d269", "redis-6.2.14", "libc"),
            ("Server v=7.2.7 sha=00000000:0 malloc=libc bits=64 build=9168d3bb999f3f78", "valkey-7.2.7", "libc"),
            ("Valkey server v=9.1.2 sha=00000000:1 malloc=jemalloc-5.3.0 bits=64", "valkey-9.1.2", "jemalloc-5.3.0"),
        ] {
            assert_eq!(read(line).unwrap(), (server.to_owned(), malloc.to_owned()));
        }
        for other in ["redis-cli 7.0.15", "nginx version: nginx/1.27", "KeyDB server v=6.3.4 sha=0", ""] {
            assert!(version(other).is_none(), "{other}");
        }
    }
}
