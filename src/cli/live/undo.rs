//! `redisconf undo`: sets what a plan has set back to what was there, where nobody has changed it since.

use std::path::{Path, PathBuf};

use super::apply::{confirmed, folder};
use super::journal::{Journal, State, Undo};
use super::reach::{Access, url};
use super::remedy::remedy;
use crate::cli::Exit;
use crate::cli::args::{Format, Global, Profile, Undo as Arguments};
use crate::cli::failure::Failure;
use crate::cli::subject::read_file;
use crate::cli::terminal::Terminal;
use crate::live::{self, Manner, Met};
use crate::plan::Plan;
use crate::report::{self, UndoReport};
use crate::snapshot::Snapshot;

pub(in super::super) fn run(command: &Arguments, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let path = command.file.display();
    let mut undo: Undo = serde_json::from_slice(&read_file(&command.file)?).map_err(|error| {
        Failure::new(format!("`{path}` is nothing that undoes a plan: line {}", error.line()))
            .help("name the file that `apply` has written: journal/undo-….json")
    })?;
    if undo.schema_version != 1 {
        return Err(Failure::new(format!("`{path}` is of another generation of redisconf")));
    }
    let address = match command.reach.live.as_slice() {
        [] => undo.address.clone(),
        [text] if !text.is_empty() => text.clone(),
        _ => return Err(Failure::new("a plan is undone on one server").help("leave `--live` out, or give one address")),
    };
    let url = url(&address)?;
    let access = Access::of(&command.reach.who)?;
    let login = access.login(&url);
    let tls = access.tls_at(&url)?;
    let reach = live::Reach {
        address: url.address.clone(),
        login: login.as_ref(),
        tls: tls.as_ref(),
        within: command.reach.who.timeout,
    };
    let mut result = UndoReport::new(&undo.plan, &undo.name, &address);
    let mut met = match Met::meet(&reach) {
        Ok(met) => met,
        Err(error) => {
            let failure = remedy(&error);
            result.reason = Some(failure.message().to_owned());
            return tell(&result, Exit::Partial, global, terminal);
        }
    };
    if met.info().get("run_id") != Some(undo.run_id.as_str()) {
        result.reason = Some(
            "the server was restarted since, or is another one: what was set then is gone with that process".into(),
        );
        return tell(&result, Exit::Found, global, terminal);
    }
    let names: Vec<&str> = undo.changes.iter().map(|change| change.directive.as_str()).collect();
    let observed = met.observe(&names).map_err(|error| remedy(&error))?;
    if let Some(denied) = observed.denied {
        result.reason = Some(denied.to_string());
        return tell(&result, Exit::Partial, global, terminal);
    }
    if undo.in_steps {
        stand_on_the_way(&mut undo, &observed.snapshot);
    }
    let changes: Vec<(&str, Option<&str>, Option<&str>)> = undo
        .changes
        .iter()
        .map(|change| (change.directive.as_str(), change.from.as_deref(), change.to.as_deref()))
        .collect();
    let (plan, notes) = Plan::undoing(&observed.snapshot, &changes);
    result.notes = notes;
    result.evicted = undo.evicted;
    result.planned = plan.steps().map(|step| (step.name.to_owned(), step.from_text(), step.to_text())).collect();
    if plan.groups.is_empty() {
        result.is_done = true;
        if undo.state == State::Begun {
            undo.state = State::TakenBack;
            Journal::in_folder(&folder_of(command)).keep(&undo).map_err(Failure::new)?;
        }
        return tell(&result, taken_back(&undo), global, terminal);
    }
    if global.format() != Format::Json {
        terminal.print(&result.human(terminal.look))?;
    }
    if !command.doing.yes && !confirmed(&undo.name, terminal)? {
        return Err(Failure::new("not confirmed: nothing was sent"));
    }
    let nobody = Profile { profile: None, server: None, layers: crate::cli::args::Layers::default() };
    let here = super::target::Target {
        name: undo.name.clone(),
        place: super::target::Place::Address(url.clone()),
        declared: super::target::Declared::Named(&nobody),
        only: None,
    };
    // Beside the file that is undone, unless another folder is named.
    let folder = if command.doing.journal.is_some() { folder(&command.doing, &here) } else { folder_of(command) };
    let journal = Journal::open(&folder)?;
    // Should it be cut off, the next run says so.
    let earlier = std::mem::replace(&mut undo.state, State::Begun);
    journal.keep(&undo).map_err(|error| Failure::new(error).help("nothing was sent"))?;
    let manner = Manner { patience: command.doing.wait, stride: None, attempts: 8 };
    let reason = command.doing.reason.as_deref();
    // Whoever asks to undo has allowed what it takes.
    let all: Vec<String> = plan.steps().flat_map(|step| &step.hazards).map(|hazard| hazard.id.to_owned()).collect();
    let cleared = plan.clear(&all).expect("every danger in it was just allowed");
    let ended = live::apply(cleared, &reach, manner, &mut |event| journal.add(&undo, reason, event));
    result.reason.clone_from(&ended.reason);
    let exit = match ended.state {
        live::Left::AsPlanned => {
            undo.state = State::TakenBack;
            result.is_done = true;
            taken_back(&undo)
        }
        live::Left::AsBefore => {
            undo.state = earlier;
            Exit::AsBefore
        }
        live::Left::Between => {
            undo.state = State::Between;
            Exit::Between
        }
        // What nobody knows stays begun: the next run looks.
        live::Left::Unknown => Exit::Between,
    };
    let kept = journal.keep(&undo).and_then(|()| journal.end(&undo, reason, ended.reason));
    if let Err(error) = kept {
        terminal.note(&format!("the journal is not complete: {error}\n"))?;
    }
    tell(&result, exit, global, terminal)
}

/// Where the file lies that is undone.
fn folder_of(command: &Arguments) -> PathBuf {
    let beside = command.file.parent().filter(|parent| !parent.as_os_str().is_empty());
    beside.unwrap_or(Path::new(".")).to_owned()
}

/// What went down in steps and was cut off stands at a value of the plan, wherever on the way it is.
fn stand_on_the_way(undo: &mut Undo, running: &Snapshot) {
    let bytes = |text: &[u8]| std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
    for change in undo.changes.iter_mut().filter(|change| change.directive == "maxmemory") {
        let (Some(from), Some(to)) = (&change.from, &change.to) else { continue };
        let (from, to) = (bytes(from.as_bytes()), bytes(to.as_bytes()));
        let now = running.value("maxmemory").and_then(bytes);
        let (Some(from), Some(to), Some(now)) = (from, to, now) else { continue };
        if now > to && (now < from || from == 0) {
            change.to = Some(now.to_string());
        }
    }
}

/// Done, unless the plan had set what is kept nowhere, and so still runs.
fn taken_back(undo: &Undo) -> Exit {
    let is_all = undo.changes.iter().all(|change| change.from.is_some() && change.to.is_some());
    if is_all { Exit::Done } else { Exit::Found }
}

fn tell(result: &UndoReport, exit: Exit, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if global.format() == Format::Json {
        terminal.print(&report::json("undo", result))?;
    } else {
        terminal.print(&result.outcome(terminal.look))?;
    }
    Ok(exit)
}
