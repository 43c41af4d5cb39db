//! Holding running servers against what is declared, and applying it: what differs is told exactly, what is applied is
//! there, what is undone is as before, and what nobody declared is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Change, Directive, Need, State};
use redisconf::config::layers::builtins;
use redisconf::config::{Config, Setup};
use redisconf::facts::Facts;
use redisconf::live::{Address, Booted, Event, Left, Manner, Met, Program, Reach, Reply, Start, apply, boot};
use redisconf::plan::{Drifts, Plan, Standing, Wanted, drift, names_to_ask};
use redisconf::snapshot::Snapshot;
use redisconf::source::Name;
use redisconf::syntax::conf;
use redisconf::syntax::quote::conf_word;

use crate::agreement::acts;
use crate::found::Found;
use crate::generate::values;
use crate::profiles::{as_conf, setup};

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("no drift from what a server was started with", undisturbed),
            found.trial("each changed value is one unmanaged difference", |program| each(program, &[])),
            found.trial("each changed value is one drift", |program| each(program, &everything(program)?)),
            found.trial("what is applied is there, and undone it is as before", applied),
        ]
    };
    servers.iter().flat_map(of).collect()
}

const WITHIN: Duration = Duration::from_secs(10);

fn reach(booted: &Booted) -> Reach<'static> {
    Reach { address: Address::Unix(booted.socket()), login: None, tls: None, within: WITHIN }
}

/// What the program holds a server against, with all that a project could add left out.
fn wanted<'a>(declared: &'a Config, secrets: &'a BTreeMap<String, redisconf::config::Secret>) -> Wanted<'a> {
    Wanted {
        declared,
        deployed: None,
        is_all_deployed: false,
        secrets,
        full: false,
        expected: &[],
        today: "2026-01-01",
    }
}

fn look(met: &mut Met, declared: &Config) -> Result<(Snapshot, Drifts), Failed> {
    let none = BTreeMap::new();
    let observed = met.observe(&names_to_ask(declared, &none)).map_err(|error| error.to_string())?;
    let found = drift(wanted(declared, &none), &observed.snapshot);
    Ok((observed.snapshot, found))
}

/// What is ours alone: where the server was put to be tried.
fn of_the_trial(name: &str) -> bool {
    ["unixsocketperm", "unixsocket", "port", "dir"].contains(&name)
}

fn undisturbed(program: &Program) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let (mut booted_count, mut equal) = (0, 0);
    for builtin in builtins().iter().filter(|builtin| builtin.name != "layer-tls") {
        let Some(setup) = setup(builtin, program.server.base()) else { continue };
        let booted = boot(program, &as_conf(&setup)).map_err(|error| error.to_string())?;
        let mut met = Met::meet(&reach(&booted)).map_err(|error| error.to_string())?;
        let (_, found) = look(&mut met, &setup.config)?;
        let rows = found.rows.iter().filter(|row| !of_the_trial(row.name));
        wrong.extend(rows.map(|row| format!("{}: {} {:?}", builtin.name, row.name, row.standing)));
        booted_count += 1;
        equal += found.equal;
        drop(met);
        booted.end();
    }
    println!("{}: {booted_count} profiles, {equal} declared values run as declared", program.server);
    if wrong.is_empty() && booted_count > 15 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What CONFIG SET can change without ending the server or cutting this test off.
fn changeable(directive: &Directive) -> bool {
    let takes = directive.change == Change::Live && directive.state == State::Accepted && !acts(&directive.kind);
    // TLS ends servers that were built without it; a protected name needs a server that was told to let it be set.
    takes
        && !directive.is.file_only
        && !directive.is.secret
        && directive.needs != Some(Need::Tls)
        && !directive.is.protected
}

/// A configuration that declares everything that can be changed, as it is anyway.
fn everything(program: &Program) -> Result<Vec<u8>, Failed> {
    let booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
    let mut met = Met::meet(&reach(&booted)).map_err(|error| error.to_string())?;
    let none = Config::nothing(program.server);
    let (snapshot, _) = look(&mut met, &none)?;
    let mut text = Vec::new();
    for directive in none.view.directives().filter(|directive| changeable(directive)) {
        // A file may not hold it.
        if directive.is.live_only {
            continue;
        }
        let Some(value) = snapshot.value(directive.name()) else { continue };
        let words: Vec<String> = if directive.kind.is_many_valued() && !value.is_empty() {
            value.split(|byte| *byte == b' ').map(conf_word).collect()
        } else {
            vec![conf_word(value)]
        };
        // The old parser takes one group of these a line.
        let group = match directive.name() {
            "save" => 2,
            "client-output-buffer-limit" => 4,
            _ => words.len(),
        };
        for words in words.chunks(group.max(1)) {
            text.extend(format!("{} {}\n", directive.name(), words.join(" ")).into_bytes());
        }
    }
    Ok(text)
}

/// Changes one directive after the other by CONFIG SET: each is the one difference, and none when it is set back.
fn each(program: &Program, declared: &[u8]) -> Result<(), Failed> {
    let reading = conf::read_alone(Name::Stdin, declared, program.server);
    let setup = Setup::from_reading("everything", reading, Facts::default());
    let is_declared = !declared.is_empty();
    let mut booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
    let mut met = Met::meet(&reach(&booted)).map_err(|error| error.to_string())?;
    let (at_first, found) = look(&mut met, &setup.config)?;
    let ours: BTreeSet<&str> = found.rows.iter().map(|row| row.name).collect();
    let (mut wrong, mut unchanged, mut changed) = (Vec::new(), Vec::new(), 0);
    for directive in setup.config.view.directives().filter(|directive| changeable(directive)) {
        let name = directive.name();
        // Its folder is another one each time, and so never as declared.
        if ours.contains(name) || (is_declared && directive.is.live_only) {
            continue;
        }
        let Some(old) = at_first.value(name).map(<[u8]>::to_vec) else { continue };
        let (good, candidates) = values(directive);
        let mut is_changed = false;
        for value in candidates.iter().chain([&good]) {
            let is_cutting = name == "client-output-buffer-limit" && !value.starts_with("replica");
            if is_cutting || value.as_bytes() == old || (name == "bind" && value.trim().is_empty()) {
                continue;
            }
            let answered = booted.config_set(name, value.as_bytes());
            let is_set = matches!(answered, Ok(Reply::Status(_)));
            if is_set && met.observe(&[name]).is_ok_and(|now| now.snapshot.value(name) != Some(&*old)) {
                is_changed = true;
                break;
            }
        }
        if !is_changed {
            unchanged.push(name);
            continue;
        }
        changed += 1;
        let (now, found) = look(&mut met, &setup.config)?;
        let rows: Vec<_> = found.rows.iter().filter(|row| !ours.contains(row.name)).collect();
        let is_right = match rows.as_slice() {
            [row] => {
                row.name == name && row.standing == if is_declared { Standing::Drift } else { Standing::Unmanaged }
            }
            // Of one node by nature, and declared by nobody.
            [] => !is_declared && found.per_node > 0,
            _ => false,
        };
        if !is_right {
            let rows: Vec<String> = rows.iter().map(|row| format!("{} {:?}", row.name, row.standing)).collect();
            let value = String::from_utf8_lossy(now.value(name).unwrap_or_default()).into_owned();
            wrong.push(format!("{name} set to {value:?}: {}", rows.join(", ")));
        }
        if !matches!(booted.config_set(name, &old), Ok(Reply::Status(_))) {
            // It cannot be set back, so another server goes on.
            booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
            met = Met::meet(&reach(&booted)).map_err(|error| error.to_string())?;
        }
    }
    println!(
        "{}: {changed} directives changed, one difference each; not changed: {}",
        program.server,
        unchanged.join(" ")
    );
    if wrong.is_empty() && changed > 90 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Everything that nobody declares is given a value that is not the default, before anything is applied.
fn disturb(booted: &mut Booted, declared: &Config, at_first: &Snapshot) -> usize {
    let mut count = 0;
    for directive in declared.view.directives().filter(|directive| changeable(directive)) {
        let name = directive.name();
        let is_ours = declared.origin(directive) != redisconf::config::Origin::Default;
        // What would cut this test off, or make the server refuse what comes after.
        let is_cutting =
            ["client-output-buffer-limit", "bind", "timeout", "maxclients", "maxmemory", "maxmemory-clients", "port"];
        // What would keep processors busy for as long as the test runs.
        let is_spinning = ["io-threads-always-active", "events-per-io-thread", "hz"].contains(&name);
        if is_ours || is_spinning || is_cutting.contains(&name) {
            continue;
        }
        let Some(old) = at_first.value(name) else { continue };
        let (good, candidates) = values(directive);
        for value in candidates.iter().chain([&good]).filter(|value| value.as_bytes() != old) {
            if matches!(booted.config_set(name, value.as_bytes()), Ok(Reply::Status(_))) {
                count += 1;
                break;
            }
        }
    }
    count
}

fn applied(program: &Program) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let (mut profiles, mut steps, mut left, mut disturbed) = (0, 0, 0, 0);
    for builtin in builtins().iter().filter(|builtin| builtin.name != "layer-tls") {
        let Some(setup) = setup(builtin, program.server.base()) else { continue };
        let mut booted = boot(program, &Start::default()).map_err(|error| error.to_string())?;
        let reach = reach(&booted);
        let mut met = Met::meet(&reach).map_err(|error| error.to_string())?;
        let (at_first, _) = look(&mut met, &setup.config)?;
        disturbed += disturb(&mut booted, &setup.config, &at_first);
        let (before, found) = look(&mut met, &setup.config)?;
        let none = BTreeMap::new();
        let plan = Plan::mending(wanted(&setup.config, &none), &before, &found);
        let allowed: Vec<String> =
            plan.steps().flat_map(|step| &step.hazards).map(|hazard| hazard.id.to_owned()).collect();
        let manner = Manner { patience: WITHIN, stride: None, attempts: 2 };
        let mut record = |_: Event<'_>| Ok(());
        let cleared = plan.clear(&allowed).map_err(|refused| format!("{refused:?}"))?;
        let ended = apply(cleared, &reach, manner, &mut record);
        profiles += 1;
        steps += plan.steps().count();
        left += plan.left.len();
        if ended.state != Left::AsPlanned {
            wrong.push(format!("{}: {:?}", builtin.name, ended));
            continue;
        }
        met.refresh().map_err(|error| error.to_string())?;
        let (after, found) = look(&mut met, &setup.config)?;
        let again = Plan::mending(wanted(&setup.config, &none), &after, &found);
        if !again.groups.is_empty() {
            wrong.push(format!("{}: applied again: {:?}", builtin.name, again.groups));
        }
        let touched: BTreeSet<&str> = plan.steps().map(|step| step.name).collect();
        let others =
            before.config().iter().filter(|(name, value)| !touched.contains(name) && after.value(name) != Some(*value));
        wrong.extend(others.map(|(name, _)| format!("{}: {name} was touched", builtin.name)));
        let texts: Vec<(String, String, String)> = plan
            .steps()
            .map(|step| {
                (
                    step.name.to_owned(),
                    String::from_utf8_lossy(&step.was).into_owned(),
                    String::from_utf8_lossy(&step.send).into_owned(),
                )
            })
            .collect();
        let changes: Vec<(&str, Option<&str>, Option<&str>)> =
            texts.iter().map(|(name, from, to)| (name.as_str(), Some(from.as_str()), Some(to.as_str()))).collect();
        let (undo, notes) = Plan::undoing(&after, &changes);
        let allowed: Vec<String> =
            undo.steps().flat_map(|step| &step.hazards).map(|hazard| hazard.id.to_owned()).collect();
        let ended = apply(undo.clear(&allowed).map_err(|refused| format!("{refused:?}"))?, &reach, manner, &mut record);
        let (undone, _) = look(&mut met, &setup.config)?;
        if ended.state != Left::AsPlanned || !notes.is_empty() || undone.config() != before.config() {
            let differ: Vec<&str> = before
                .config()
                .iter()
                .filter(|(name, value)| undone.value(name) != Some(value))
                .map(|(name, _)| name)
                .collect();
            wrong.push(format!("{}: undone: {ended:?} {notes:?} {differ:?}", builtin.name));
        }
    }
    println!(
        "{}: {profiles} profiles applied and undone: {steps} values set, {left} left for a restart, {disturbed} values that nobody declares untouched",
        program.server
    );
    if wrong.is_empty() && profiles > 15 && steps > 50 && disturbed > 500 {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}
