//! `redisconf doctor`: what is wrong with a running server, with the evidence, and what to change.

mod outputs;
mod patient;

use std::path::Path;

use super::Exit;
use super::args::{Clients, Doctor, Global};
use super::failure::Failure;
use super::lint::rulebook::settings_here;
use super::terminal::Terminal;
use super::write::write;
use crate::config::resolve;
use crate::facts::Facts;
use crate::finding::Severity;
use crate::lint::Case;
use crate::lint::doctor::{LiveCase, diagnose, facts_of, running_text};
use crate::lint::settings::{Effective, Flags};
use crate::render::Artefact;
use crate::report::doctor::{Checkup, ClientAdvice, Library};
use crate::report::lint::FileReport;
use crate::source::{Disk, Files as _, Name};
use crate::syntax::embedded::{find, recognise};
use crate::syntax::{Mode, conf};

use outputs::Outputs;
use patient::{Patient, patients};

pub(super) fn run(command: &Doctor, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let outputs = Outputs::of(global)?;
    let declared = declared(command)?;
    let libraries = libraries(command);
    let flags = Flags {
        select: (!command.select.is_empty()).then(|| command.select.clone()),
        ignore: command.ignore.clone(),
        level: command.level.or(command.all.then_some(Severity::Info)),
        fail_on: command.fail_on,
    };
    let settings = settings_here(command.config.as_deref(), command.no_config, &flags, terminal)?;
    let (level, effective) = (settings.level(), settings.for_path(Path::new("")));
    let (mut checkups, mut files, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    for patient in patients(command)? {
        match patient {
            Ok(patient) => {
                let (checkup, file, worst) =
                    examine(&patient, &declared, &effective, level, &libraries, &outputs, terminal);
                let fails = worst.is_some_and(|worst| settings.fails_for(worst));
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
    effective: &Effective,
    level: Severity,
    libraries: &[Library],
    outputs: &Outputs,
    terminal: &Terminal,
) -> (Checkup, FileReport, Option<Severity>) {
    let Patient { name, snapshot, evidence, taken, .. } = patient;
    let mut known = facts_of(snapshot, evidence);
    effective.teach(&mut known);
    known.learn_all(declared);
    let text = running_text(snapshot, evidence);
    let reading = conf::read_alone(Name::Live(name.clone()), text.as_bytes(), snapshot.server);
    let config = resolve(&reading, Mode::Server);
    let case = Case::new(&reading, &config, &known, Mode::Server);
    let live = LiveCase { case, snapshot, evidence, declared };
    let mut diagnosis = diagnose(&live, &effective.chosen);
    diagnosis.findings = effective.settle(diagnosis.findings);
    // Settings may have made some worse than others.
    diagnosis.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let worst = diagnosis.findings.iter().map(|finding| finding.severity).max();
    let mut checkup = Checkup::new(name, &live, &diagnosis, level);
    checkup.taken.clone_from(taken);
    checkup.clients = ClientAdvice::new(&live, libraries);
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
        known.learn_all(&one.facts(&one.read(newest, &Disk)));
    }
    known.learn_all(&super::setup::facts_of_flags(&command.facts)?);
    Ok(known)
}

/// The libraries that were asked for, each once.
fn libraries(command: &Doctor) -> Vec<Library> {
    let mut all: Vec<Library> = command
        .clients
        .iter()
        .flat_map(|which| match which {
            Clients::All => Library::ALL.to_vec(),
            Clients::One(library) => vec![*library],
        })
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}
