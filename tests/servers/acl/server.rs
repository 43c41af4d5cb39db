//! Starting a real server so that it always ends by itself, or asking it one question.

use std::fs::File;
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How a start ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// At a line, counted from 1 in the text under test, with the reason.
    Line { line: usize, text: String },
    /// When users were loaded.
    Load { text: String },
    /// When an ACL file was loaded: the whole list.
    Users { text: String },
    /// A signal ended it.
    Crash,
    /// It came as far as the dataset.
    Ready,
    /// Neither; the end of what it said.
    Strange(#[expect(dead_code, reason = "is printed")] String),
}

/// Lines before the text under test: no port, and a dataset that is no dataset, which ends the start after the users.
const LINES_BEFORE: usize = 3;
const PATIENCE: Duration = Duration::from_secs(30);

fn spawn(program: &Path, home: &Path, text: &[u8]) -> Result<Child> {
    let mut conf = format!("port 0\nunixsocket {0}/s\ndir {0}\n", home.display()).into_bytes();
    conf.extend_from_slice(text);
    std::fs::write(home.join("conf"), conf)?;
    let log = File::create(home.join("log"))?;
    Command::new(program)
        .arg(home.join("conf"))
        .current_dir(home)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// How the ACL file is called in what servers say.
pub(crate) const USERS: &str = "users.acl";

/// Starts the server with these lines and waits for its end.
pub(crate) fn start(program: &Path, text: &[u8]) -> Result<Outcome> {
    start_in(&tempfile::tempdir()?, program, text)
}

/// Starts the server with an ACL file and waits for its end.
pub(crate) fn start_with_users(program: &Path, users: &[u8]) -> Result<Outcome> {
    let home = tempfile::tempdir()?;
    std::fs::write(home.path().join(USERS), users)?;
    start_in(&home, program, format!("aclfile {USERS}\n").as_bytes())
}

fn start_in(home: &TempDir, program: &Path, text: &[u8]) -> Result<Outcome> {
    Ok(match end_of(home, program, text)? {
        None => Outcome::Strange("it does not end".into()),
        Some((status, _)) if status.signal().is_some() => Outcome::Crash,
        Some((_, log)) => understand(&log),
    })
}

/// Starts the server with these lines, which must end it, and gives its log.
pub(crate) fn log_of(program: &Path, text: &[u8]) -> Result<String> {
    let ended = end_of(&tempfile::tempdir()?, program, text)?;
    ended.map(|(_, log)| log).ok_or_else(|| Error::other("it does not end"))
}

/// How a server ends and what it said; `None` if it had to be killed. A dataset that is none ends it after the users.
fn end_of(home: &TempDir, program: &Path, text: &[u8]) -> Result<Option<(ExitStatus, String)>> {
    std::fs::write(home.path().join("dump.rdb"), "this is no dataset")?;
    let mut child = spawn(program, home.path(), text)?;
    let begun = Instant::now();
    while child.try_wait()?.is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        sleep(Duration::from_millis(1));
    }
    let log = std::fs::read(home.path().join("log"))?;
    Ok(Some((child.wait()?, String::from_utf8_lossy(&log).into_owned())))
}

fn understand(log: &str) -> Outcome {
    if log.contains("FATAL CONFIG FILE ERROR") {
        let number = log.split("at line ").nth(1).and_then(|rest| rest.split('\n').next()?.parse::<usize>().ok());
        // Below the line itself; neither may hold a newline, for the cases escape theirs.
        let text = log.split("\n>>> '").nth(1).and_then(|rest| rest.split_once("'\n"));
        if let (Some(number), Some((_, text))) = (number, text) {
            return Outcome::Line {
                line: number.saturating_sub(LINES_BEFORE),
                text: text.trim_end_matches('\n').into(),
            };
        }
    } else if log.contains("Critical error while loading ACLs") {
        let starts = ["Error loading ACL rule '", "Spaces not allowed in ACL usernames"];
        let at = starts.iter().filter_map(|start| log.find(start)).min();
        let end = log.rfind('\n').and_then(|last| log[..last].rfind('\n'));
        if let (Some(at), Some(end)) = (at, end) {
            return Outcome::Load { text: log[at..end].to_owned() };
        }
    } else if let Some((_, list)) = log.split_once("startup because of ACL errors: ") {
        let end = list.find("WARNING: ACL errors detected").or_else(|| list.find('\n'));
        return Outcome::Users { text: list[..end.unwrap_or(list.len())].to_owned() };
    } else if log.contains("Fatal error loading the DB") {
        return Outcome::Ready;
    }
    let tail: Vec<&str> = log.lines().rev().take(4).collect();
    Outcome::Strange(tail.join(" < "))
}

/// What a server answers.
#[derive(Debug)]
pub(crate) enum Reply {
    Array(Vec<Reply>),
    Text(String),
    Nothing,
}

impl Reply {
    /// The element of a list; nothing where there is none.
    pub(crate) fn at(&self, index: usize) -> &Reply {
        self.items().get(index).unwrap_or(&Reply::Nothing)
    }

    pub(crate) fn items(&self) -> &[Reply] {
        match self {
            Reply::Array(items) => items,
            Reply::Text(_) | Reply::Nothing => &[],
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Reply::Text(text) => text,
            Reply::Array(_) | Reply::Nothing => "",
        }
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.items().iter().map(Reply::text).collect()
    }

    fn read(from: &mut impl BufRead) -> Result<Reply> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let (kind, rest) = line.trim_end().split_at_checked(1).ok_or_else(|| Error::other("no reply"))?;
        let count = || rest.parse::<i64>().map_err(Error::other);
        Ok(match kind {
            "*" => Reply::Array((0..count()?).map(|_| Reply::read(from)).collect::<Result<_>>()?),
            "$" => match usize::try_from(count()?) {
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    from.read_exact(&mut bytes)?;
                    Reply::Text(String::from_utf8_lossy(&bytes[..length]).into_owned())
                }
                Err(_) => Reply::Nothing,
            },
            _ => Reply::Text(rest.to_owned()),
        })
    }
}

/// Starts a stock server, sends one command, and ends the server.
pub(crate) fn ask(program: &Path, command: &str) -> Result<Reply> {
    let home = tempfile::tempdir()?;
    let mut child = spawn(program, home.path(), b"save \"\"\n")?;
    let reply = connect(&home.path().join("s")).and_then(|mut stream| {
        writeln!(stream, "{command}\r")?;
        Reply::read(&mut BufReader::new(stream))
    });
    child.kill()?;
    child.wait()?;
    reply
}

/// Starts a server with an ACL file, sends commands, and ends the server.
pub(crate) fn ask_with_users(program: &Path, users: &[u8], commands: &[String]) -> Result<Vec<Reply>> {
    let home = tempfile::tempdir()?;
    std::fs::write(home.path().join(USERS), users)?;
    let mut child = spawn(program, home.path(), format!("save \"\"\naclfile {USERS}\n").as_bytes())?;
    let replies = connect(&home.path().join("s")).and_then(|stream| {
        let mut from = BufReader::new(stream.try_clone()?);
        let mut stream = stream;
        let ask = |command: &String| {
            write!(stream, "{command}\r\n")?;
            Reply::read(&mut from)
        };
        commands.iter().map(ask).collect()
    });
    child.kill()?;
    child.wait()?;
    replies
}

fn connect(socket: &Path) -> Result<UnixStream> {
    let begun = Instant::now();
    loop {
        match UnixStream::connect(socket) {
            Ok(stream) => return Ok(stream),
            Err(_) if begun.elapsed() < PATIENCE => sleep(Duration::from_millis(5)),
            Err(error) => return Err(error),
        }
    }
}
