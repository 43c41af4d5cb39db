//! Upgrades on real servers: what `upgrade` makes of the corpus boots the target, and no built-in value changes in silence.
//!
//! `REDISCONF_CORPUS` names the folder, as for `corpus`; without it these trials are ignored. For each ordered pair of servers
//! that are here: CONFIG GET of the old server with the old file is compared with that of the new one with the new file. A
//! difference must be one that the upgrade named.

use std::collections::BTreeSet;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::Directive;
use redisconf::config::Setup;
use redisconf::facts::Facts;
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::plan::{Relation, Side, between};
use redisconf::snapshot::Snapshot;
use redisconf::source::{Memory, Name};
use redisconf::syntax::conf;
use redisconf::upgrade::rewrite;

use crate::corpus::{files, neutral};
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let folder = std::env::var_os("REDISCONF_CORPUS").map(PathBuf::from);
    let absent = folder.is_none();
    let folder = folder.unwrap_or_default();
    let mut trials = Vec::new();
    for from in servers {
        for to in servers.iter().filter(|to| to.server != from.server) {
            let Some(old) = from.program() else { continue };
            let folder = folder.clone();
            trials.push(to.trial(
                &format!("upgrades from {} boot, and change nothing in silence", from.server.name()),
                {
                    move |new| {
                        let old = Program::probe(&old).map_err(|error| error.to_string())?;
                        pair(&old, new, &folder)
                    }
                },
            ));
        }
    }
    if absent { trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect() } else { trials }
}

/// What a server shows with a text, and what of it is the trial's own; `None` if it does not start or lets nobody in.
fn shown(program: &Program, text: &[u8]) -> Result<Option<(Snapshot, Vec<String>)>, String> {
    let mut booted = match boot(program, &Start { conf: Some(text.to_vec()), ..Start::default() }) {
        Ok(booted) => booted,
        Err(BootError::Refused(refusal)) => return Err(refusal.shown_reason()),
        Err(error) => return Err(error.to_string()),
    };
    let view = redisconf::catalog::View::of(program.server);
    let hidden: Vec<&str> = view.directives().filter(|one| one.is.hidden).map(Directive::name).collect();
    Ok(booted.inspect(&hidden).ok().map(|snapshot| (snapshot, booted.overridden().to_vec())))
}

fn pair(old: &Program, new: &Program, folder: &std::path::Path) -> Result<(), Failed> {
    let (mut upgraded, mut unstarted, mut shut, mut named, mut pinned) = (0, 0, 0, 0, 0);
    let mut wrong = Vec::new();
    for name in files(folder)? {
        // A login would be needed; passwords are no built-in values.
        let text = without_passwords(&neutral(&std::fs::read(folder.join(&name))?));
        let (from, to) = (old.server.base(), new.server.base());
        let Ok(result) = rewrite(&Name::Stdin, &text, from, to, &Memory::default()) else {
            unstarted += 1;
            if shown(old, &text).is_ok() && conf_starts(&text, from) {
                wrong.push(format!("{name}: starts, and was not upgraded"));
            }
            continue;
        };
        let ((before, mine), (after, other)) = match (shown(old, &text), shown(new, &result.text)) {
            (Ok(Some(before)), Ok(Some(after))) => (before, after),
            (Ok(_), Ok(_)) => {
                shut += 1;
                continue;
            }
            (Err(_), _) => {
                unstarted += 1;
                continue;
            }
            (_, Err(reason)) => {
                wrong.push(format!("{name}: the target stops: {reason}"));
                continue;
            }
        };
        upgraded += 1;
        pinned += result.steps.len();
        let told: BTreeSet<&str> =
            result.left.rows.iter().flat_map(|row| [row.name.as_str(), row.from.name.as_str()]).collect();
        let empty = |server| Setup::from_reading("dump", conf::read_alone(Name::Stdin, b"", server), Facts::default());
        let (one, two) = (empty(from), empty(to));
        let found = between(Side { setup: &one, dump: Some(&before) }, Side { setup: &two, dump: Some(&after) });
        for row in found.rows.iter().filter(|row| matches!(row.relation, Relation::Different | Relation::OneSided)) {
            let ours = |name: &String| [&row.name, &row.from.name].contains(&name);
            if mine.iter().chain(&other).any(ours) || by_build(&row.name) {
                continue;
            }
            if told.contains(row.name.as_str()) {
                named += 1;
            } else {
                wrong.push(format!("{name}: in silence: {} {:?} > {:?}", row.name, row.from.value, row.to.value));
            }
        }
    }
    println!(
        "{} to {}: {upgraded} upgraded and booted, {unstarted} that the old server does not start, {shut} that let nobody in, \
         {pinned} changes of text, {named} differences named, {} wrong",
        old.server,
        new.server,
        wrong.len()
    );
    if wrong.is_empty() && upgraded > 0 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn conf_starts(text: &[u8], server: redisconf::server::Server) -> bool {
    let reading = conf::read_alone(Name::Stdin, text, server);
    redisconf::config::resolve(&reading, redisconf::syntax::Mode::Server).verdict().is_none()
}

/// What the build or the host decides.
fn by_build(name: &str) -> bool {
    redisconf::catalog::find(name)
        .is_some_and(|id| redisconf::catalog::history(id).iter().any(|(_, directive)| directive.is.environment))
}

fn without_passwords(text: &[u8]) -> Vec<u8> {
    let asks = |line: &[u8]| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        ["requirepass", "user", "rename-command"].contains(&line.split_whitespace().next().unwrap_or_default())
    };
    text.split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| if asks(line) { b"\n" } else { line }.to_vec())
        .collect()
}
