//! A program that was started here: its output is read within bounds, and it is ended with all it started.
//!
//! It runs in a process group of its own, so that a wrapper script goes down together with the server under it.

use std::io::{self, ErrorKind, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::undertaker::Undertaker;

/// What is kept of each output stream; the rest is read and dropped, so that the program does not block.
const KEPT: usize = 256 << 10;

/// How long the rest of the output may take after the process ended, should a stray grandchild hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The variables a server may need to start. The others stay out: `NOTIFY_SOCKET` and `UPSTART_JOB` would make it talk
/// to the service manager of this machine.
const KEPT_VARIABLES: [&str; 8] =
    ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "HOME", "TZ", "LANG", "LC_ALL", "LC_COLLATE"];

/// What a program wrote.
#[derive(Clone, Default)]
pub(super) struct Output {
    pub(super) stdout: Vec<u8>,
    pub(super) stderr: Vec<u8>,
}

/// A running program; dropping it ends it.
pub(super) struct Running {
    child: Child,
    status: Option<ExitStatus>,
    stdout: Stream,
    stderr: Stream,
    undertaker: Option<Undertaker>,
}

impl Running {
    /// Starts `command` without input. If this process dies first, whatever the cause, `estate` is removed.
    pub(super) fn spawn(command: &mut Command, estate: Option<&Path>) -> io::Result<Self> {
        command.env_clear();
        command.envs(KEPT_VARIABLES.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = patiently(command)?;
        let undertaker = estate.and_then(|estate| Undertaker::hire(Some(child.id()), estate));
        let (stdout, stderr) = (Stream::collect(child.stdout.take()), Stream::collect(child.stderr.take()));
        Ok(Self { child, status: None, stdout, stderr, undertaker })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if it has ended.
    pub(super) fn exited(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.status = self.child.try_wait().ok().flatten();
            if self.status.is_some() {
                self.kill_group();
            }
        }
        self.status
    }

    /// Waits until it ends, at most until `deadline`.
    pub(super) fn wait(&mut self, deadline: Instant) -> Option<ExitStatus> {
        loop {
            match self.exited() {
                None if Instant::now() < deadline => thread::sleep(Duration::from_micros(500)),
                status => return status,
            }
        }
    }

    /// Ends it and everything it started, without asking.
    pub(super) fn kill(&mut self) {
        if self.status.is_none() {
            self.kill_group();
            let _ = self.child.kill();
            self.status = Some(self.child.wait().unwrap_or(ExitStatus::from_raw(9)));
        }
        self.undertaker = None;
    }

    /// Everything it wrote, once it has ended; what it wrote so far, if not.
    pub(super) fn output(&mut self) -> Output {
        let deadline = self.status.map(|_| Instant::now() + LAST_WORDS);
        Output { stdout: self.stdout.text(deadline), stderr: self.stderr.text(deadline) }
    }

    fn kill_group(&self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a program that may have been written a moment ago: another thread's fork can hold the file open for writing.
fn patiently(command: &mut Command) -> io::Result<Child> {
    for _ in 0..50 {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => thread::sleep(Duration::from_millis(2)),
            done => return done,
        }
    }
    command.spawn()
}

/// One output stream, read by a thread of its own.
struct Stream {
    text: Arc<Mutex<Vec<u8>>>,
    ended: Receiver<()>,
}

impl Stream {
    fn collect(from: Option<impl Read + Send + 'static>) -> Self {
        let text = Arc::new(Mutex::new(Vec::new()));
        let (sender, ended) = channel();
        if let Some(from) = from {
            let text = Arc::clone(&text);
            thread::spawn(move || drain(from, &text, &sender));
        }
        Self { text, ended }
    }

    fn text(&self, deadline: Option<Instant>) -> Vec<u8> {
        if let Some(deadline) = deadline {
            let left = deadline.saturating_duration_since(Instant::now());
            let waited = self.ended.recv_timeout(left);
            debug_assert!(matches!(waited, Err(RecvTimeoutError::Disconnected | RecvTimeoutError::Timeout)));
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Reads to the end; dropping the sender tells that it came.
fn drain(mut from: impl Read, text: &Mutex<Vec<u8>>, _ends: &Sender<()>) {
    let mut buffer = [0; 8192];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => {
                let mut text = text.lock().unwrap_or_else(PoisonError::into_inner);
                let room = KEPT - text.len();
                text.extend_from_slice(&buffer[..read.min(room)]);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(script: &str) -> Running {
        Running::spawn(Command::new("/bin/sh").args(["-c", script]), None).unwrap()
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[test]
    fn both_outputs_are_kept_and_the_status_too() {
        let mut running = run("echo out; echo err >&2; exit 3");
        assert_eq!(running.wait(soon()).unwrap().code(), Some(3));
        let output = running.output();
        assert_eq!((output.stdout.as_slice(), output.stderr.as_slice()), (b"out\n".as_slice(), b"err\n".as_slice()));
    }

    #[test]
    fn endless_output_neither_blocks_nor_fills_the_memory() {
        let mut running = run("while :; do echo 0123456789012345678901234567890123456789; done");
        assert!(running.wait(Instant::now() + Duration::from_millis(200)).is_none());
        running.kill();
        assert!(running.output().stdout.len() <= KEPT);
    }

    #[test]
    fn what_a_program_started_ends_with_it() {
        let mut running = run("sleep 1000 & echo $!; wait");
        let grandchild = loop {
            let text = running.output().stdout;
            match std::str::from_utf8(&text).unwrap().trim().parse::<i32>() {
                Ok(pid) => break Pid::from_raw(pid).unwrap(),
                Err(_) => thread::sleep(Duration::from_millis(1)),
            }
        };
        drop(running);
        let deadline = soon();
        while rustix::process::test_kill_process(grandchild).is_ok() && !is_zombie(grandchild) {
            assert!(Instant::now() < deadline, "the grandchild lives on");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// In a container nobody may reap orphans; a zombie runs no more.
    fn is_zombie(pid: Pid) -> bool {
        std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).is_ok_and(|stat| stat.contains(") Z "))
    }
}
