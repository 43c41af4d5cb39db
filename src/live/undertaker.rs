//! Cleans up should this process die without a chance to do so itself: by Ctrl-C or a kill.
//!
//! A shell waits on a pipe that only we hold open. When we die the pipe closes, and the shell ends the group of the
//! server and removes its directory. It lives in a group of its own, so that the Ctrl-C does not reach it.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DUTY: &str = r#"read -r _; [ -n "$1" ] && kill -s KILL -- "-$1" 2>/dev/null; rm -rf -- "$2""#;

/// Dropping it dismisses it.
pub(super) struct Undertaker(Child);

impl Undertaker {
    /// Watches over the group of `pid`, if there is one yet, and the directory `estate`. Where there is no shell, there is no undertaker.
    pub(super) fn hire(pid: Option<u32>, estate: &Path) -> Option<Self> {
        Command::new("/bin/sh")
            .args(["-c", DUTY, "redisconf-cleanup"])
            .arg(pid.map(|pid| pid.to_string()).unwrap_or_default())
            .arg(estate)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .ok()
            .map(Self)
    }
}

impl Drop for Undertaker {
    fn drop(&mut self) {
        let _ = self.0.kill(); // before the pipe closes, which is the sign to act
        let _ = self.0.wait();
    }
}
