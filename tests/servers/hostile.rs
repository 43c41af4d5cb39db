//! Programs that are no servers, or bad ones: a clear error, in time.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;
use redisconf::live::{BootError, Program, ProgramError, Start, boot};
use tempfile::TempDir;

const SHORT: Duration = Duration::from_millis(300);
const VERSION: &str = r#"[ "$1" = --version ] && { echo "Redis server v=7.4.1 malloc=libc"; exit; }"#;

pub(crate) fn trials() -> Vec<Trial> {
    let trial = |name: &str, run: fn()| {
        let run = move || {
            run();
            Ok(())
        };
        Trial::test(format!("hostile::{name}"), run)
    };
    vec![
        trial("what is not there or not executable is told", missing),
        trial("other programs are told from servers", others),
        trial("a program that hangs is given up", hangs),
        trial("a server that will not start is given up", bad_servers),
    ]
}

fn script(dir: &TempDir, text: &str) -> PathBuf {
    let path = dir.path().join("program");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn probe(text: &str) -> Result<Program, ProgramError> {
    let dir = TempDir::new().unwrap();
    Program::probe_within(&script(&dir, text), SHORT)
}

fn missing() {
    let dir = TempDir::new().unwrap();
    let nothing = dir.path().join("redis-server");
    assert!(matches!(Program::probe(&nothing), Err(ProgramError::Missing { .. })));
    assert!(matches!(Program::probe(dir.path()), Err(ProgramError::NotExecutable { .. })));
    fs::write(&nothing, "#!/bin/sh\n").unwrap();
    assert!(matches!(Program::probe(&nothing), Err(ProgramError::NotExecutable { .. })));
    fs::write(&nothing, "#!/no/such/shell\n").unwrap();
    fs::set_permissions(&nothing, fs::Permissions::from_mode(0o700)).unwrap();
    assert!(matches!(Program::probe(&nothing), Err(ProgramError::NotExecutable { .. })));
}

fn others() {
    for (text, said) in [
        ("echo redis-cli 7.0.15", "says `redis-cli 7.0.15`"),
        ("exit 3", "said nothing and ended with exit status: 3"),
        ("echo no such option >&2; exit 1", "says `no such option`"),
        ("head -c 300000 /dev/urandom", "is no server"),
        ("echo Redis server v=x.y", "version that cannot be read"),
        ("kill -9 $$", "signal: 9"),
    ] {
        let error = probe(text).unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

fn hangs() {
    let began = Instant::now();
    for text in ["sleep 100", "while :; do :; done", "while :; do echo x; done", "trap '' TERM; sleep 100 & wait"] {
        assert!(matches!(probe(text), Err(ProgramError::TimedOut { .. })), "{text}");
    }
    assert!(began.elapsed() < SHORT * 12, "{:?}", began.elapsed());
}

fn bad_servers() {
    let boots = |text: &str| {
        let dir = TempDir::new().unwrap();
        let program = Program::probe(&script(&dir, &format!("{VERSION}\n{text}"))).unwrap();
        let began = Instant::now();
        let error = boot(&program, &Start { timeout: SHORT, ..Start::default() }).map(drop).unwrap_err();
        assert!(began.elapsed() < SHORT * 4, "{text}: {:?}", began.elapsed());
        error
    };
    for (text, reason) in [("exit 0", "exit status: 0"), ("echo oops >&2; exit 9", "oops")] {
        let error = boots(text);
        assert!(matches!(&error, BootError::Refused(refusal) if refusal.reason.contains(reason)), "{error}");
    }
    assert!(matches!(boots("sleep 100"), BootError::TimedOut { .. }));
    let endless = boots("while :; do echo '1:M x # garbage'; done");
    assert!(matches!(endless, BootError::TimedOut { .. }), "{endless}");
    assert!(matches!(boots("kill -11 $$"), BootError::Crashed { signal: 11, .. }));
}
