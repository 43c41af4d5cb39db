//! Servers on loopback ports, what only looks like one, and asking the program about either.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use redisconf::live::Program;
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a loopback port, ended when this is dropped.
pub(crate) struct House {
    child: Child,
    pub(crate) port: u16,
    pub(crate) dir: TempDir,
}

impl Drop for House {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on just now.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl House {
    /// Starts a server with these lines.
    pub(crate) fn open(program: &Program, lines: &str) -> Result<Self, Failed> {
        Self::open_in(tempfile::tempdir()?, program, lines)
    }

    /// Somebody else may take a free port before the server does; then it ends, and is started on another one.
    pub(crate) fn open_in(dir: TempDir, program: &Program, lines: &str) -> Result<Self, Failed> {
        let mut house = Self::start(dir, program, lines)?;
        let begun = Instant::now();
        loop {
            let log = std::fs::read_to_string(house.dir.path().join("log")).unwrap_or_default();
            let ended = house.child.try_wait()?.is_some();
            if ended && log.contains("Address already in use") {
                std::fs::remove_file(house.dir.path().join("log"))?;
                let dir = std::mem::replace(&mut house.dir, tempfile::tempdir()?);
                house = Self::start(dir, program, lines)?;
            } else if ended || begun.elapsed() > PATIENCE {
                return Err(format!("it does not start: {log}").into());
            }
            // Where the log says little, an answer has to do.
            let is_ready = log.contains("eady to accept connections") || begun.elapsed() > Duration::from_secs(1);
            if is_ready && TcpStream::connect(("127.0.0.1", house.port)).is_ok() {
                return Ok(house);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn start(dir: TempDir, program: &Program, lines: &str) -> Result<Self, Failed> {
        let port = free_port();
        let conf = format!("port {port}\nbind 127.0.0.1\ndir {}\nlogfile log\n{lines}", dir.path().display());
        std::fs::write(dir.path().join("conf"), conf)?;
        let child = Command::new(&program.path)
            .arg(dir.path().join("conf"))
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { child, port, dir })
    }

    /// Ends it and keeps its folder.
    pub(crate) fn close(mut self) -> Result<TempDir, Failed> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(std::mem::replace(&mut self.dir, tempfile::tempdir()?))
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Sends a line as a person would by telnet, and gives the answer.
    pub(crate) fn say(&self, line: &str) -> Result<String, Failed> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{line}\r\n").as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard)?;
        Ok(String::from_utf8_lossy(&heard).into_owned())
    }
}

/// What listens on a loopback port and is no server; it ends with this program.
pub(crate) fn stand_in(act: fn(&mut TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || act(&mut stream));
        }
    });
    address
}

/// A call of the program.
pub(crate) struct Call {
    command: Command,
    /// What must stand in none of its words.
    canary: &'static str,
}

/// How a call ended.
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Call {
    pub(crate) fn new(arguments: &[&str], home: &Path, canary: &'static str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        command.args(arguments).current_dir(home).env_clear().stdin(Stdio::null());
        Self { command, canary }
    }

    pub(crate) fn password(mut self, password: &str) -> Self {
        self.command.env("REDISCONF_PASSWORD", password);
        self
    }

    /// Runs it. That a canary comes out is a failure of its own.
    pub(crate) fn run(mut self) -> Result<Told, Failed> {
        let output = self.command.output()?;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let told = Told {
            code: output.status.code().ok_or("it was ended by a signal")?,
            out: text(output.stdout),
            err: text(output.stderr),
        };
        if told.out.contains(self.canary) || told.err.contains(self.canary) {
            return Err(format!("a secret is told: {}{}", told.out, told.err).into());
        }
        Ok(told)
    }
}
