//! `redisconf show`: what is in force.

use super::Exit;
use super::args::{Format, Global, Show};
use super::failure::Failure;
use super::subject::Subject;
use super::terminal::Terminal;
use crate::config::{Note, Row, Scope, Setup, Shown};
use crate::report::{self, Listing, ListingLine, Place};

pub(super) fn run(command: &Show, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let subject = Subject::read(&command.input)?;
    let scope = if command.all { Scope::All } else { Scope::Set };
    let listing = listing(&subject, scope);
    match global.format() {
        Format::Human => {
            terminal.print(&listing.human(terminal.look))?;
            subject.note(|_| true, global, terminal)?;
        }
        Format::Json => terminal.print(&report::json("show", &listing))?,
    }
    Ok(if subject.is_sound() { Exit::Done } else { Exit::Found })
}

fn listing(subject: &Subject, scope: Scope) -> Listing {
    let setup = &subject.setup;
    Listing {
        subject: setup.name.clone(),
        server: subject.server.clone(),
        verdict: subject.verdict(),
        entries: setup.listing(scope).into_iter().map(|row| line(setup, row)).collect(),
        findings: subject.findings(),
    }
}

fn line(setup: &Setup, row: Row) -> ListingLine {
    let notes: Vec<&Note> = row.from.iter().filter_map(|id| setup.notes.get(id)).collect();
    let place = |id: &_| Place::of(&setup.reading.sources, setup.reading.statement(*id).at);
    let (value, secret, secret_name) = match row.value {
        Shown::Plain(text) => (Some(text), false, None),
        Shown::Masked => (None, true, None),
        Shown::Named(name) => (None, true, Some(name)),
    };
    ListingLine {
        name: row.name,
        value,
        secret,
        secret_name,
        in_config_get: row.in_config_get,
        is_default: row.from.is_empty(),
        from: row.from.iter().map(place).collect(),
        why: notes.iter().find_map(|note| note.why.clone()),
        derived: notes.iter().find_map(|note| note.derived.clone()),
    }
}
