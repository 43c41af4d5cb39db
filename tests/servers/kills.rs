//! `kill -9` of redisconf while it applies, at each point of its conversation: the next run names what is left over, and
//! mends it by applying again or by undoing.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;

use crate::dice::Dice;
use crate::faults::{Bench, VALUES, declared};
use crate::found::Found;
use crate::proxy::{Break, Fault, Proxy, Release, Toward};

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("a killed apply is named and mended by the next", killed)).collect()
}

/// What an apply leaves on the disk, and how it is called.
struct Desk {
    folder: tempfile::TempDir,
    declared: PathBuf,
}

impl Desk {
    fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("declared.conf");
        std::fs::write(&path, declared())?;
        Ok(Self { folder, declared: path })
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    fn command(&self, word: &str, what: &Path, socket: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        command.args([word, "--yes", "--journal"]).arg(self.journal()).arg(what);
        command.arg("--live").arg(format!("unix://{}", socket.display()));
        if word == "apply" {
            for danger in ["drops-idle-clients", "eviction-on", "snapshots-off"] {
                command.args(["--allow", danger]);
            }
        }
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn apply(&self, socket: &Path) -> Command {
        self.command("apply", &self.declared, socket)
    }

    /// The undo files that say `begun`.
    fn begun(&self) -> Result<Vec<(PathBuf, String)>, Failed> {
        let mut begun = Vec::new();
        let Ok(entries) = std::fs::read_dir(self.journal()) else { return Ok(begun) };
        for entry in entries {
            let path = entry?.path();
            let text = std::fs::read_to_string(&path)?;
            if path.extension().is_some_and(|extension| extension == "json") && text.contains("\"state\": \"begun\"") {
                begun.push((path, text));
            }
        }
        Ok(begun)
    }

    fn clear(&self) {
        let _ = std::fs::remove_dir_all(self.journal());
    }
}

/// Ends it as nobody can prevent.
fn kill(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn run(mut command: Command) -> Result<(Option<i32>, String), Failed> {
    let output = command.output()?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    Ok((output.status.code(), said))
}

/// How many points of the undisturbed conversation may be missing in another.
const UNREACHED: usize = 4;

fn killed(program: &Program) -> Result<(), Failed> {
    let start = Instant::now();
    let mut bench = Bench::new(program)?;
    let (direct, proxy) = (bench.booted.socket(), Proxy::start(bench.booted.dir(), bench.booted.socket()));
    let desk = Desk::new()?;
    proxy.arm(&[]);
    let (code, said) = run(desk.apply(&proxy.socket()))?;
    proxy.settle();
    if code != Some(0) || bench.new_ones()?.len() != VALUES.len() || !desk.begun()?.is_empty() {
        return Err(format!("undisturbed: {code:?} {said}").into());
    }
    let points = proxy.seen();
    let mut kills = 0;
    let mut named = 0;
    let mut unreached = 0;
    for (toward, count) in [(Toward::Server, points[0]), (Toward::Client, points[1])] {
        for at in 0..count {
            // What the killed run had sent may never arrive, arrive, or arrive while the next run is at it.
            let release = if at % 2 == 0 { Release::Deliver } else { Release::Discard };
            let is_late = at % 3 == 0;
            bench.reset()?;
            desk.clear();
            proxy.arm(&[Fault { toward, at, what: Break::Stall }]);
            let mut child = desk.apply(&proxy.socket()).spawn()?;
            if !proxy.is_stalled(|| child.try_wait().is_ok_and(|ended| ended.is_some())) {
                // How many answers are read differs by a few from run to run, with the pace of the machine.
                kill(child);
                proxy.settle();
                unreached += 1;
                if unreached > UNREACHED {
                    return Err(format!("{toward:?} {at}: not reached").into());
                }
                continue;
            }
            kill(child);
            kills += 1;
            let wrong =
                |what: &str, said: &str| -> Failed { format!("{toward:?} {at} {release:?}: {what}: {said}").into() };
            let has_begun = !desk.begun()?.is_empty();
            if is_late && has_begun && toward == Toward::Server {
                // The name of the dead run's connection still holds the server.
                let before = bench.new_ones()?;
                let (code, said) = run(desk.apply(&direct))?;
                let is_locked = code == Some(4) && said.contains("another apply is running");
                let is_first = before.is_empty() && code == Some(0);
                if !is_locked && !is_first {
                    return Err(wrong("not locked out", &said));
                }
                if is_locked && bench.new_ones()? != before {
                    return Err(wrong("changed while locked", &said));
                }
            }
            proxy.release(release);
            if !proxy.settle() {
                return Err(wrong("connections are left open", ""));
            }
            named += mended(&mut bench, &desk, &direct, at % 4 < 2)
                .map_err(|error| wrong(error.message().unwrap_or("wrong"), ""))?;
        }
    }
    // And at any moment, also while nothing is on its way.
    let mut dice = Dice::new(16379);
    let whole = {
        bench.reset()?;
        desk.clear();
        let start = Instant::now();
        run(desk.apply(&direct))?;
        start.elapsed()
    };
    for round in 0..30 {
        bench.reset()?;
        desk.clear();
        let child = desk.apply(&direct).spawn()?;
        thread::sleep(whole.mul_f64(f64::from(u32::try_from(dice.roll(1000)).unwrap_or(0)) / 1000.0));
        kill(child);
        kills += 1;
        // What it had sent has arrived when the server sees the end of its connection.
        thread::sleep(Duration::from_millis(5));
        named += mended(&mut bench, &desk, &direct, round % 2 == 0)?;
    }
    println!(
        "{}: killed {kills} times at {} + {} points and at random, {named} named by the next run, all mended, in {:.1} s",
        program.server,
        points[0],
        points[1],
        start.elapsed().as_secs_f64()
    );
    if named > 20 { Ok(()) } else { Err("too few were named".into()) }
}

/// Whether what is changed is on record, and the next run names and mends it; 1 if there was something to name.
fn mended(bench: &mut Bench, desk: &Desk, socket: &Path, by_undo: bool) -> Result<usize, Failed> {
    let new = bench.new_ones()?;
    let begun = desk.begun()?;
    match begun.as_slice() {
        [] if new.is_empty() || new.len() == VALUES.len() => {}
        [] => return Err(format!("changed, and no record of it: {new:?}").into()),
        [(_, text)] => {
            if let Some(name) = new.iter().find(|name| !text.contains(&format!("\"{name}\""))) {
                return Err(format!("{name} was changed, and its old value is not on record").into());
            }
        }
        _ => return Err("more than one is on record".into()),
    }
    if let ([(path, _)], true) = (begun.as_slice(), by_undo) {
        let (code, said) = run(desk.command("undo", path, socket))?;
        if code != Some(0) || !bench.new_ones()?.is_empty() || !desk.begun()?.is_empty() {
            return Err(format!("not undone: {code:?} {said}").into());
        }
        return Ok(1);
    }
    let (code, said) = run(desk.apply(socket))?;
    if code != Some(0) || bench.new_ones()?.len() != VALUES.len() {
        return Err(format!("not applied: {code:?} {said}").into());
    }
    if !begun.is_empty() && !said.contains("was cut off") {
        return Err(format!("not named: {said}").into());
    }
    if !desk.begun()?.is_empty() {
        return Err(format!("still on record as begun: {said}").into());
    }
    Ok(begun.len())
}
