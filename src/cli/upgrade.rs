//! `redisconf upgrade`: a configuration file or a profile for another server version.

mod profile;

use std::path::Path;

use super::Exit;
use super::args::{Format, Global, Upgrade};
use super::diff::line;
use super::failure::Failure;
use super::server::choose;
use super::setup::{facts, is_profile, only_facts};
use super::subject::read_file;
use super::terminal::{Terminal, read_stdin};
use super::write::{Together, existing, write_together};
use crate::catalog;
use crate::config::{Setup, Visible};
use crate::finding::Severity;
use crate::lint::{self, Case, Chosen, Group, Previous};
use crate::plan::Relation;
use crate::render::Artefact;
use crate::report::{self, ServerUsed, StepLine, UpgradeReport};
use crate::server::Loads;
use crate::source::{Disk, Name, SourceId, Sources};
use crate::syntax::{conf, survey};
use crate::upgrade::{Data, Kind, Upgraded, rewrite};

pub(super) fn run(command: &Upgrade, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let is_stdin = command.file == Path::new("-");
    if !is_stdin && is_profile(&command.file.to_string_lossy()) {
        let done = profile::upgraded(command, terminal)?;
        return finish(done, command, global, terminal);
    }
    only_facts(&command.file.to_string_lossy(), &command.layers)?;
    let (name, text) = if is_stdin {
        (Name::Stdin, read_stdin()?)
    } else {
        (Name::File(command.file.clone()), read_file(&command.file)?)
    };
    if is_stdin && command.in_place {
        return Err(Failure::new("standard input cannot be written to").help("name a file, or use `-o`"));
    }
    let surveyed = survey(SourceId::ROOT, &text);
    let mut sources = Sources::new();
    let root = sources.add(name.clone(), text.clone());
    let mut chosen = choose(command.from, &surveyed, None, sources.get(root))?;
    if command.from.is_some() {
        chosen.because = "--from".into();
    }
    let upgraded = rewrite(&name, &text, chosen.server, command.to, &Disk).map_err(|refused| {
        let words = format!("`{}` does not start as {}, so nothing was written", name, refused.server);
        Failure::new(words).help(format!("see `redisconf lint --select fatal --server {}`", refused.server.name()))
    })?;
    let reading = conf::read(name.clone(), &text, command.to, &Disk);
    let setup = Setup::from_reading("", reading, facts(&command.layers)?);
    let visible = Visible::of(&setup.reading, setup.config.view);
    let secret = holds_secrets(&upgraded.after);
    let done = Done { name: name.to_string(), from: chosen.used(), upgraded, plain: setup, visible, secret };
    finish(done, command, global, terminal)
}

/// What was made, and the old text as the new version reads it.
struct Done {
    name: String,
    from: ServerUsed,
    upgraded: Upgraded,
    plain: Setup,
    visible: Visible,
    /// Whether the new text holds a password.
    secret: bool,
}

/// Tells what was done, and writes it where it is wanted.
fn finish(done: Done, command: &Upgrade, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (findings, shown) = findings(&done, terminal);
    let Done { name, from, upgraded, secret, .. } = done;
    let to_stdout = command.output.as_deref() == Some(Path::new("-"));
    let report = report_of(&name, &from, findings, &upgraded);
    let words = match global.format() {
        Format::Human => report.human(&shown, if to_stdout { terminal.err_look } else { terminal.look }),
        Format::Json => report::json("upgrade", &report),
    };
    let out = if command.in_place { upgraded.file.as_deref() } else { command.output.as_deref() };
    match out {
        Some(_) if to_stdout => {
            terminal.print_bytes(&upgraded.text)?;
            terminal.note(&words)?;
        }
        Some(path) => {
            let artefact = |path: &Path, text: &[u8]| -> Result<Together<'_>, Failure> {
                // A new file is for its owner alone if it holds a password; one that is there keeps its permissions.
                let mode = (secret && existing(path)?.is_none()).then_some(0o600);
                let artefact = Artefact { path: path.to_owned(), text: text.to_vec(), mode, secret };
                Ok(Together { artefact, was: if command.in_place { upgraded.was(path) } else { None } })
            };
            let mut files = vec![artefact(path, &upgraded.text)?];
            if command.in_place {
                for (path, text) in &upgraded.included {
                    files.push(artefact(path, text)?);
                }
            }
            write_together(&files)?;
            terminal.print(&words)?;
        }
        None => terminal.print(&words)?,
    }
    let unwritten: Vec<String> =
        upgraded.included.iter().map(|(path, _)| path.display().to_string()).filter(|_| !command.in_place).collect();
    if !global.quiet {
        let also: Vec<String> = upgraded.included.iter().map(|(path, _)| format!(", {}", path.display())).collect();
        let written = match out {
            None => "nothing was written: name a file with `-o`, or use `--in-place`".to_owned(),
            Some(_) if to_stdout => "written to standard output".to_owned(),
            Some(path) if command.in_place => format!("written to {}{}", path.display(), also.concat()),
            Some(path) => format!("written to {}", path.display()),
        };
        let sum = if report.equal { "it means the same" } else { "what is left above is for you to decide" };
        terminal.note(&format!("{} takes the new text, and {sum}; {written}\n", upgraded.after.server))?;
        if out.is_some() && !unwritten.is_empty() {
            terminal.note(&format!(
                "it includes what has to change with it, and was not written: {}; `--in-place` writes all of them\n",
                unwritten.join(", ")
            ))?;
        }
    }
    let is_whole = out.is_none() || unwritten.is_empty();
    Ok(if report.equal && is_whole { Exit::Done } else { Exit::Found })
}

fn holds_secrets(setup: &Setup) -> bool {
    let of_user = |id| setup.config.view.get(id).is_some_and(|directive| directive.kind == catalog::Kind::User);
    setup.config.entries().iter().any(|entry| catalog::is_secret(entry.id) || of_user(entry.id))
}

/// What the rules about versions say of the old text under the new version: as data, and for people.
fn findings(done: &Done, terminal: &Terminal) -> (Vec<report::FindingLine>, String) {
    let (setup, old) = (&done.plain, &done.upgraded.before);
    let previous = Previous { server: old.server, config: Some(old.config.clone()), name: old.server.to_string() };
    let case = Case::new(&setup.reading, &setup.config, &setup.facts, old.config.mode).after(Some(&previous));
    let chosen = Chosen::by(|rule| rule.group == Group::Versions || rule.facts.contains(&"previous"));
    let found = lint::inspect(&case, &chosen).findings;
    let sources = &setup.reading.sources;
    let shown: Vec<_> = found.iter().filter(|one| one.severity > Severity::Info).cloned().collect();
    (report::lines(&found, sources), report::human(&shown, sources, &done.visible, terminal.look))
}

fn report_of(
    name: &str,
    from: &report::ServerUsed,
    findings: Vec<report::FindingLine>,
    upgraded: &Upgraded,
) -> UpgradeReport {
    let data = Data::of(upgraded.before.server, upgraded.after.server);
    let (before, after) = (&upgraded.before, &upgraded.after);
    let counts = |relation| matches!(relation, Relation::Different | Relation::OneSided);
    let step = |step: &crate::upgrade::Step| StepLine {
        kind: match step.kind {
            Kind::Renamed => "renamed",
            Kind::Rewritten => "rewritten",
            Kind::Removed => "removed",
            Kind::Pinned => "pinned",
            Kind::Preferred => "preferred",
            Kind::Overruled => "overruled",
            Kind::Server => "server",
        },
        file: step.file.as_ref().map(|path| path.display().to_string()),
        line: step.line,
        words: step.words.clone(),
    };
    UpgradeReport {
        subject: name.to_string(),
        from: from.clone(),
        to: after.server.name(),
        equal: !upgraded.left.differs(),
        changes: upgraded.steps.iter().map(step).collect(),
        left: upgraded
            .left
            .rows
            .iter()
            .filter(|row| counts(row.relation))
            .map(|row| line(before, after, row))
            .collect(),
        findings,
        loads_data: match data.loads {
            Loads::Yes => "yes",
            Loads::Relaxed => "relaxed",
            Loads::No => "no",
        },
        data: data.words,
    }
}
