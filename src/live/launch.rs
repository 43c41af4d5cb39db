//! The private directory, the process in it, and the wait for its first answer.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::ExitStatus;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::boot::BootError;
use super::child::Running;
use super::connection::{Connection, ConnectionError};
use super::isolate::{Isolated, Layout};
use super::program::Program;
use super::reply::Reply;

/// What became of a start.
pub(super) enum Launched {
    /// It answered, with this.
    Ready(Running, Connection, Reply),
    Ended(Running, ExitStatus),
    Silent(Running),
}

/// A directory that only we may enter. A socket's path must stay below 104 bytes, so a long `TMPDIR` is passed over.
pub(super) fn private_dir() -> io::Result<TempDir> {
    let make = |parent: &Path| {
        let private = fs::Permissions::from_mode(0o700);
        tempfile::Builder::new().prefix("redisconf-").permissions(private).tempdir_in(parent)
    };
    let usual = std::path::absolute(std::env::temp_dir())?;
    if usual.as_os_str().len() < 80 { make(&usual) } else { make(Path::new("/tmp")) }
}

/// Puts down the working directory, the configuration and its files.
pub(super) fn lay_out(layout: &Layout, isolated: &Isolated) -> io::Result<()> {
    fs::create_dir(&layout.work)?;
    write_private(&layout.conf, &isolated.conf)?;
    for (path, text) in &isolated.files {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        write_private(path, text)?;
    }
    Ok(())
}

/// Writes a file that only we may read: it can hold passwords.
fn write_private(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    io::Write::write_all(&mut file, text)
}

/// Starts the program on the configuration that was laid out. Should we die, `estate` is removed.
pub(super) fn spawn(
    program: &Program,
    estate: Option<&Path>,
    layout: &Layout,
    options: &[OsString],
) -> Result<Running, BootError> {
    let mut command = program.command();
    command.arg(&layout.conf).args(options).current_dir(&layout.work);
    Running::spawn(&mut command, estate)
        .map_err(|why| BootError::Spawn { program: program.path.display().to_string(), why })
}

/// Waits for the first answer. The socket is there before modules and users are loaded; only an answer tells that all
/// went well. An error is an answer too: `LOADING`, `NOAUTH`, or `unknown command` where PING was renamed.
pub(super) fn wait_for(mut running: Running, layout: &Layout, patience: Duration) -> Result<Launched, BootError> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(status) = running.exited() {
            return Ok(Launched::Ended(running, status));
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(Launched::Silent(running));
        }
        if let Ok(mut connection) = Connection::open(&layout.socket, left) {
            match connection.ping() {
                Ok(reply) => return Ok(Launched::Ready(running, connection, reply)),
                Err(ConnectionError::Closed { .. } | ConnectionError::Connect(_)) => {}
                Err(ConnectionError::TimedOut { .. }) => return Ok(Launched::Silent(running)),
                Err(error) => return Err(BootError::Connection(error)),
            }
        }
        thread::sleep(Duration::from_micros(300));
    }
}
