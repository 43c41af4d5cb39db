//! Upgrades on real servers: what `upgrade` makes of the corpus boots the target, and no built-in value changes in silence.
//!
//! `REDISCONF_CORPUS` names the folder, as for `corpus`; without it these trials are ignored. The built-in profiles, each as a
//! file of one's own, are upgraded as well. For each ordered pair of servers
//! that are here: CONFIG GET of the old server with the old file is compared with that of the new one with the new file. A
//! difference must be one that the upgrade named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::Directive;
use redisconf::config::Setup;
use redisconf::config::layers::{Builtin, Request, builtins, load, merge};
use redisconf::facts::Facts;
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::plan::{Contrast, Relation, Side, between};
use redisconf::render::{Options, Target, render};
use redisconf::server::Server;
use redisconf::snapshot::Snapshot;
use redisconf::source::{Memory, Name};
use redisconf::syntax::conf;
use redisconf::upgrade::{Kind, Refused, Upgraded, rewrite, rewrite_profile};

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
    let mut trials: Vec<Trial> =
        if absent { trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect() } else { trials };
    for from in servers {
        for to in servers.iter().filter(|to| to.server != from.server) {
            let Some(old) = from.program() else { continue };
            let name = format!("profiles upgraded from {} boot, and change nothing in silence", from.server.name());
            trials.push(to.trial(&name, move |new| {
                let old = Program::probe(&old).map_err(|error| error.to_string())?;
                profiles(&old, new)
            }));
        }
    }
    trials
}

/// A layer that is never rendered alone stands on this profile.
const BASE: &str = "primary-durable";

/// Where a profile that somebody took over lies.
const OWN: &str = "/p/own.toml";

/// The built-in profile as somebody's own file, and what stands above it.
fn request(builtin: &Builtin) -> (Request, Memory) {
    let is_layer = builtin.name.starts_with("layer-");
    let own = if is_layer { builtins().iter().find(|one| one.name == BASE).expect("it is there") } else { builtin };
    let overlays = if is_layer { vec![builtin.pinned()] } else { Vec::new() };
    (Request { profile: OWN.into(), overlays, ..Request::default() }, Memory::new([(OWN, own.text)]))
}

/// Every built-in profile that serves both versions, as a file of one's own.
fn profiles(old: &Program, new: &Program) -> Result<(), Failed> {
    let (from, to) = (old.server.base(), new.server.base());
    let (mut upgraded, mut named, mut pinned) = (0, 0, 0);
    let mut wrong = Vec::new();
    // What only a TLS build can hold is proven elsewhere.
    for builtin in builtins().iter().filter(|builtin| builtin.name != "layer-tls") {
        let name = builtin.name;
        let (request, files) = request(builtin);
        let result = match rewrite_profile(&request, from, to, &files) {
            Ok(result) => result,
            Err(Refused::Before(_)) => continue,
            Err(other) => {
                wrong.push(format!("{name}: {other}"));
                continue;
            }
        };
        // The old version takes the new text, too.
        let files = Memory::new([(OWN, result.text.clone())]);
        let back = load(&request, &files).map_err(|error| error.to_string())?;
        wrong.extend(merge(back, from).findings.iter().map(|one| format!("{name}: taken back: {}", one.message)));
        let (before, after) = (rendered(&result.before)?, rendered(&result.after)?);
        let (Some((before, mine)), Some((after, other))) = (shown(old, &before)?, shown(new, &after)?) else {
            wrong.push(format!("{name}: lets nobody in"));
            continue;
        };
        upgraded += 1;
        pinned += result.steps.iter().filter(|step| step.kind == Kind::Pinned).count();
        let told = told(&result);
        for row in differing((from, &before), (to, &after)) {
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
        "{} to {}: {upgraded} profiles upgraded and booted, {pinned} defaults pinned, {named} differences named, {} wrong",
        old.server,
        new.server,
        wrong.len()
    );
    if wrong.is_empty() && upgraded > 15 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn rendered(setup: &Setup) -> Result<Vec<u8>, String> {
    let rendered = render(setup, &Options::new(Target::Conf), &BTreeMap::new());
    Ok(rendered.map_err(|findings| format!("{findings:?}"))?.artefacts.swap_remove(0).text)
}

/// The names of what an upgrade says to mean something else.
fn told(result: &Upgraded) -> BTreeSet<&str> {
    result.left.rows.iter().flat_map(|row| [row.name.as_str(), row.from.name.as_str()]).collect()
}

/// In what two servers differ, as they show themselves.
fn differing((from, before): (Server, &Snapshot), (to, after): (Server, &Snapshot)) -> Vec<Contrast> {
    let empty = |server| Setup::from_reading("dump", conf::read_alone(Name::Stdin, b"", server), Facts::default());
    let (one, two) = (empty(from), empty(to));
    let found = between(Side { setup: &one, dump: Some(before) }, Side { setup: &two, dump: Some(after) });
    let differs = |row: &Contrast| matches!(row.relation, Relation::Different | Relation::OneSided);
    found.rows.into_iter().filter(differs).collect()
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
        let told = told(&result);
        for row in differing((from, &before), (to, &after)) {
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
