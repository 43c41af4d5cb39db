//! Starting a real server as Sentinel, on a socket of its own, until it says that it runs or why not.

use std::fs::File;
use std::io::{Read, Result, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How a start ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It runs.
    Runs,
    /// It stopped at a line, with this reason.
    Line { line: usize, reason: String },
    /// It stopped and named no line; the end of what it said.
    Ends(String),
}

/// Behind the text under test, so that its lines keep their numbers.
const LINES_BEHIND: &[u8] = b"\nport 0\nunixsocket s\n";
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the program on a text, with the files that it includes beside it, and ends it again.
pub(crate) fn start(program: &Path, text: &[u8], files: &[(String, String)]) -> Result<Outcome> {
    let home = tempfile::tempdir()?;
    for (name, text) in files {
        std::fs::write(home.path().join(name), text)?;
    }
    std::fs::write(home.path().join("sentinel.conf"), [text, LINES_BEHIND].concat())?;
    let log = File::create(home.path().join("log"))?;
    let mut child = Command::new(program)
        .args(["sentinel.conf", "--sentinel"])
        .current_dir(home.path())
        .env_clear()
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    let outcome = watch(&mut child, home.path());
    child.kill()?;
    child.wait()?;
    outcome
}

/// Waits for an answer on the socket, whatever it is: that comes from a process which has read all it reads.
fn watch(child: &mut Child, home: &Path) -> Result<Outcome> {
    let begun = Instant::now();
    let mut asked: Option<UnixStream> = None;
    while begun.elapsed() < PATIENCE {
        if child.try_wait()?.is_some() {
            return Ok(understand(&String::from_utf8_lossy(&std::fs::read(home.join("log"))?)));
        }
        if asked.is_none()
            && let Ok(mut stream) = UnixStream::connect(home.join("s"))
        {
            stream.set_read_timeout(Some(Duration::from_millis(20)))?;
            asked = stream.write_all(b"PING\r\n").is_ok().then_some(stream);
        }
        match &mut asked {
            Some(stream) => {
                if stream.read(&mut [0]).is_ok_and(|length| length > 0) {
                    return Ok(Outcome::Runs);
                }
            }
            None => sleep(Duration::from_millis(2)),
        }
    }
    Ok(Outcome::Ends("it neither runs nor ends".into()))
}

fn understand(said: &str) -> Outcome {
    if let Some((_, block)) = said.split_once("*** FATAL CONFIG FILE ERROR (")
        && let Some(line) = block.split("at line ").nth(1).and_then(|rest| rest.split('\n').next()?.parse().ok())
        && let Some(reason) = block.trim_end().rsplit('\n').next()
    {
        return Outcome::Line { line, reason: reason.to_owned() };
    }
    let tail: Vec<&str> = said.lines().rev().take(3).collect();
    Outcome::Ends(tail.join(" < "))
}
