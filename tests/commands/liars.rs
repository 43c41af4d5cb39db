//! Servers that lie: every command that asks one ends in time, within bounds, and says who it was and what was wrong.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::outcome;

/// Memory that any of these runs may have in use at its most: 300 MiB; an answer may have 4 MiB.
const MOST_KIB: u64 = 300 * 1024;

/// With half a second for each answer no run takes longer, on a machine that does other things as well.
const LONGEST: Duration = Duration::from_secs(20);

/// What a server says to whoever connects.
type Lie = fn(&mut UnixStream);

const INFO: &str = "# Server\r\nredis_version:7.4.1\r\nrun_id:0123456789\r\nrole:master\r\n";

const LIES: &[(&str, Lie)] = &[
    ("never answers", |_| thread::sleep(Duration::from_secs(9))),
    ("hangs up", |_| ()),
    ("answers before it is asked, and goes on", |to| while to.write_all(b"+OK\r\n").is_ok() {}),
    ("one byte at a time", |to| {
        hear(to);
        for byte in b"$1000\r\n".iter().chain(&[b'x'; 100]) {
            let _ = to.write_all(&[*byte]);
            thread::sleep(Duration::from_millis(100));
        }
    }),
    ("a line without an end", |to| {
        let _ = to.write_all(b"+");
        while to.write_all(&[b'x'; 65536]).is_ok() {}
    }),
    ("a longer INFO than any", |to| {
        hear(to);
        let _ = to.write_all(b"$104857600\r\n");
        while to.write_all(&[b'x'; 65536]).is_ok() {}
    }),
    ("a wrong length", |to| say(to, &["$3\r\nredis_version:7.4.1\r\n"])),
    ("a length that nothing has", |to| say(to, &["$9223372036854775807\r\nx"])),
    ("a list of more than all", |to| say(to, &["*2147483647\r\n:1\r\n"])),
    ("deep nesting", |to| say(to, &[&"*1\r\n".repeat(5000)])),
    ("a map for INFO", |to| say(to, &["%1\r\n+redis_version\r\n+7.4.1\r\n"])),
    ("no version", |to| say(to, &[&bulk("# Server\r\nredis_version:\x1b[2Jx\r\n")])),
    ("INFO, then half an answer", |to| say(to, &[&bulk(INFO), "*4\r\n$9\r\nmaxmemory\r\n$1"])),
    ("INFO, then a number", |to| say(to, &[&bulk(INFO), ":5\r\n"])),
    ("INFO, then a name without a value", |to| say(to, &[&bulk(INFO), "*1\r\n$9\r\nmaxmemory\r\n"])),
    ("INFO, then lists in a list", |to| say(to, &[&bulk(INFO), "*2\r\n*1\r\n:1\r\n*0\r\n"])),
    ("INFO, then a million pairs", |to| {
        say(to, &[&bulk(INFO)]);
        let _ = to.write_all(b"*2000000\r\n");
        while to.write_all("$9\r\nmaxmemory\r\n$1\r\n0\r\n".repeat(1000).as_bytes()).is_ok() {}
    }),
    ("INFO, then silence", |to| {
        say(to, &[&bulk(INFO)]);
        thread::sleep(Duration::from_secs(9));
    }),
];

fn bulk(text: &str) -> String {
    format!("${}\r\n{text}\r\n", text.len())
}

fn hear(from: &mut UnixStream) {
    let _ = from.read(&mut [0; 4096]);
}

/// An answer to each question, in turn.
fn say(to: &mut UnixStream, answers: &[&str]) {
    for answer in answers {
        hear(to);
        let _ = to.write_all(answer.as_bytes());
    }
}

/// Every command that asks a server, and what it does not leave behind.
const COMMANDS: &[&[&str]] = &[
    &["diff", "redis.conf", "--server", "redis-7.4", "--live", "liar"],
    &["apply", "redis.conf", "--server", "redis-7.4", "--live", "liar", "--yes"],
    &["snapshot", "--live", "liar", "--output", "kept.json"],
    &["doctor", "--live", "liar"],
    &["import", "liar", "--output", "p.toml"],
    &["watch", "redis.conf", "--server", "redis-7.4", "--live", "liar", "--once"],
];

/// A run: its exit code, all that it printed, and the most memory that it was seen to have in use, in KiB.
fn run(folder: &Path, arguments: &[&str], liar: &str) -> (i32, String, u64) {
    let mut command = super::program();
    command.args(arguments.iter().map(|word| if *word == "liar" { liar } else { word })).args(["--timeout", "0.5"]);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    // The high-water mark only grows, so that the last look has the highest; what is printed fits into the pipes.
    while child.try_wait().unwrap().is_none() {
        most = std::fs::read_to_string(&status).ok().and_then(|text| high_water(&text)).unwrap_or(0).max(most);
        thread::sleep(Duration::from_millis(5));
    }
    let (code, out, err) = outcome(&child.wait_with_output().unwrap());
    (code, out + &err, most)
}

fn high_water(status: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix(" kB")?.parse().ok()
}

/// Listens for whoever comes, and lies to each.
fn listen(path: &Path, lie: Lie) {
    let listener = UnixListener::bind(path).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || lie(&mut stream));
        }
    });
}

#[test]
fn a_server_that_lies_is_told_in_time_and_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("redis.conf"), "maxmemory 1gb\n").unwrap();
    for (number, (_, lie)) in LIES.iter().enumerate() {
        listen(&folder.path().join(number.to_string()), *lie);
    }
    // Each lie to all commands at once: most of the time is spent waiting.
    thread::scope(|scope| {
        for number in 0..LIES.len() {
            let folder = folder.path();
            scope.spawn(move || COMMANDS.iter().for_each(|arguments| lied_to(folder, arguments, number)));
        }
    });
    let left: Vec<_> = ["kept.json", "p.toml"].iter().filter(|name| folder.path().join(name).exists()).collect();
    assert!(left.is_empty(), "of a liar was kept {left:?}");
}

fn lied_to(folder: &Path, arguments: &[&str], number: usize) {
    let (what, liar) = (LIES[number].0, folder.join(number.to_string()).display().to_string());
    let began = Instant::now();
    let (code, told, most) = run(folder, arguments, &liar);
    let about = format!("{} of a server that {what}: {told}", arguments[0]);
    assert!(began.elapsed() < LONGEST, "{:?} for {about}", began.elapsed());
    assert!(most < MOST_KIB, "{most} KiB for {about}");
    // `import` has no code of its own for a server that does not answer.
    assert!(code == 3 || (code == 2 && arguments[0] == "import"), "{code} for {about}");
    assert!(told.contains(&liar), "no name in {about}");
    assert!(!told.contains('\u{1b}') && !told.contains("panicked"), "{about}");
}
