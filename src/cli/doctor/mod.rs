//! `redisconf doctor`: what is wrong with a running server, with the evidence, and what to change.

mod outputs;
mod patient;

use super::Exit;
use super::args::{Doctor, Global};
use super::failure::Failure;
use super::terminal::Terminal;
use super::write::write;
use crate::config::resolve;
use crate::facts::{self, Facts};
use crate::finding::Severity;
use crate::lint::doctor::{LiveCase, diagnose, facts_of, running_text};
use crate::lint::{Case, Chosen, Group, rule, suggest};
use crate::render::Artefact;
use crate::report::doctor::Checkup;
use crate::report::lint::FileReport;
use crate::source::{Disk, Files as _, Name};
use crate::syntax::embedded::{find, recognise};
use crate::syntax::settings::FailOn;
use crate::syntax::{Mode, conf};

use outputs::Outputs;
use patient::{Patient, patients};

pub(super) fn run(command: &Doctor, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let outputs = Outputs::of(global)?;
    let declared = declared(command)?;
    let chosen = chosen(command)?;
    let level = command.level.unwrap_or(if command.all { Severity::Info } else { Severity::Warning });
    let fail_on = command.fail_on.unwrap_or(FailOn::AtLeast(Severity::Error));
    let (mut checkups, mut files, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    for patient in patients(command)? {
        match patient {
            Ok(patient) => {
                let (checkup, file, worst) = examine(&patient, &declared, &chosen, level, &outputs, terminal);
                let fails = match fail_on {
                    FailOn::AtLeast(least) => worst >= Some(least),
                    FailOn::Never => false,
                };
                exit = exit.max(if patient.is_partial { Exit::Partial } else { Exit::Done });
                exit = exit.max(if fails { Exit::Found } else { Exit::Done });
                checkups.push((checkup, patient.asked));
                files.push(file);
            }
            Err((name, failure)) => {
                exit = exit.max(Exit::Partial);
                checkups.push((Checkup::unreachable(&name, failure.message(), failure.advice()), String::new()));
            }
        }
    }
    if let Some(path) = &command.patch {
        let patch = match checkups.as_slice() {
            [(one, _)] => one.patch.clone(),
            _ => return Err(Failure::new("a patch is of one server").help("name one: `--live URL`")),
        };
        match patch {
            Some(text) => {
                let artefact = Artefact { path: path.clone(), text: text.into_bytes(), mode: None, secret: false };
                write(path, &artefact)?;
            }
            None => terminal.note("nothing is proposed, so that no patch was written\n")?,
        }
    }
    outputs.write(&checkups, &files, command, global, terminal)?;
    Ok(exit)
}

/// What is found of one server, for people and for other formats, and the worst of it.
fn examine(
    patient: &Patient,
    declared: &Facts,
    chosen: &Chosen,
    level: Severity,
    outputs: &Outputs,
    terminal: &Terminal,
) -> (Checkup, FileReport, Option<Severity>) {
    let Patient { name, snapshot, evidence, taken, .. } = patient;
    let mut known = facts_of(snapshot, evidence);
    learn_all(&mut known, declared);
    let text = running_text(snapshot, evidence);
    let reading = conf::read_alone(Name::Live(name.clone()), text.as_bytes(), snapshot.server);
    let config = resolve(&reading, Mode::Server);
    let case = Case::new(&reading, &config, &known, Mode::Server);
    let live = LiveCase { case, snapshot, evidence, declared };
    let diagnosis = diagnose(&live, chosen);
    let worst = diagnosis.findings.iter().map(|finding| finding.severity).max();
    let checkup = Checkup { taken: taken.clone(), ..Checkup::new(name, &live, &diagnosis, level) };
    let file = outputs.file(patient, &live, diagnosis, level, terminal);
    (checkup, file, worst)
}

/// What somebody says of the place: in files that deploy it, and above them by flags.
fn declared(command: &Doctor) -> Result<Facts, Failure> {
    let mut known = Facts::default();
    for path in &command.facts_from {
        let shown = path.display();
        let text =
            Disk.read(path).map_err(|error| Failure::new(format!("cannot take facts from `{shown}`: {error}")))?;
        let (name, is_directive) = (Name::File(path.clone()), |name: &[u8]| crate::catalog::find(name).is_some());
        let kind = recognise(&name, &text, &is_directive).ok_or_else(|| {
            Failure::new(format!("`{shown}` deploys no server that is known"))
                .help("name a Kubernetes manifest, a Compose file, Helm values, a Dockerfile or a systemd unit")
        })?;
        let found = find(&name, &text, kind, &is_directive);
        let servers: Vec<_> = found.embedded.iter().filter(|one| one.mode == Mode::Server).collect();
        let [one] = servers.as_slice() else {
            return Err(Failure::new(format!("`{shown}` deploys {} servers, and facts are of one", servers.len()))
                .help("cut the file down to the one, or say facts by --fact"));
        };
        let newest = *crate::server::all().last().expect("there are catalogued servers");
        learn_all(&mut known, &one.facts(&one.read(newest, &Disk)));
    }
    learn_all(&mut known, &super::setup::facts_of_flags(&command.facts)?);
    Ok(known)
}

/// Takes facts in, over what was known.
fn learn_all(known: &mut Facts, more: &Facts) {
    for (name, fact) in more.iter() {
        known.learn(facts::definition(name).expect("it was learnt under this name"), fact.said, fact.at);
    }
}

/// The rules that were asked for.
fn chosen(command: &Doctor) -> Result<Chosen, Failure> {
    for word in command.select.iter().chain(&command.ignore) {
        if rule(word).is_none() && Group::of(word).is_none() {
            let meant = suggest(word).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
            return Err(Failure::new(format!("`{word}` is no rule and no group{meant}")).help("see `redisconf rules`"));
        }
    }
    let names = |words: &[String], rule: &crate::lint::Rule| {
        words.iter().any(|word| word == rule.id || word == rule.group.word())
    };
    Ok(Chosen::by(|rule| {
        let is_asked = if command.select.is_empty() { rule.on } else { names(&command.select, rule) };
        is_asked && !names(&command.ignore, rule)
    }))
}
