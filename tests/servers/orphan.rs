//! A server does not survive us, even if we are killed.
//!
//! The test program starts itself again; the child boots a server, tells where, and is killed.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::live::{Program, Start, boot};

use crate::found::Found;

const CHILD: &str = "REDISCONF_TEST_CHILD";

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("it does not survive us", dies_with_us)).collect()
}

pub(crate) fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

pub(crate) fn child() {
    let program = Program::probe(Path::new(&env::var_os(CHILD).unwrap())).unwrap();
    let booted = boot(&program, &Start::default()).unwrap();
    let told = writeln!(std::io::stdout(), "{} {}", booted.pid(), booted.dir().display());
    told.unwrap();
    thread::sleep(Duration::from_secs(60));
}

fn dies_with_us(program: &Program) -> Result<(), Failed> {
    let mut child = Command::new(env::current_exe()?).env(CHILD, &program.path).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line)?;
    let (pid, dir) = line.trim().split_once(' ').ok_or("the child told nothing")?;
    assert!(Path::new(dir).exists());
    child.kill()?;
    child.wait()?;
    let deadline = Instant::now() + Duration::from_secs(10);
    while Path::new(dir).exists() || runs(pid) {
        assert!(Instant::now() < deadline, "process {pid} or {dir} remains");
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// In a container nobody may reap orphans; a zombie runs no more.
fn runs(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}
