//! `redisconf why`: every assignment of a directive, and which one counts.

use std::collections::BTreeSet;

use super::Exit;
use super::args::{Format, Global, Why};
use super::explain::unknown;
use super::failure::Failure;
use super::subject::Subject;
use super::terminal::Terminal;
use crate::catalog::{Directive, Lookup, State, bytes_in_words};
use crate::config::{Key, MASK, Origin, Setup, Shown, Value, printable, shown, statement_shown};
use crate::finding::Finding;
use crate::report::{self, AssignmentLine, Fate, Place, Traced};
use crate::source::Span;
use crate::syntax::StatementId;

pub(super) fn run(command: &Why, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let subject = Subject::read(&command.input)?;
    let Lookup::Here(directive) = subject.setup.config.view.look(&command.name) else {
        return Err(unknown(&command.name, subject.setup.server));
    };
    let traced = traced(&subject, directive);
    let spans = statements_of(&subject.setup, directive);
    let concerns = |finding: &Finding| {
        let begun = spans.partition_point(|at| (at.source, at.start) <= (finding.at.source, finding.at.start));
        let last = begun.checked_sub(1).map(|index| spans[index]);
        last.is_some_and(|at| at.source == finding.at.source && finding.at.start <= at.end)
    };
    match global.format() {
        Format::Human => {
            terminal.print(&traced.human(terminal.look))?;
            subject.note(concerns, global, terminal)?;
        }
        Format::Json => terminal.print(&report::json("why", &traced))?,
    }
    Ok(if subject.is_sound_in(concerns) { Exit::Done } else { Exit::Found })
}

fn traced(subject: &Subject, directive: &'static Directive) -> Traced {
    let (setup, config) = (&subject.setup, &subject.setup.config);
    let ignored = directive.state == State::Inert;
    let effective = config.effective(directive).filter(|_| !ignored);
    let text = |value: &Value| match shown(directive, value) {
        Shown::Plain(text) => Some(text),
        Shown::Masked | Shown::Named(_) => None,
    };
    let in_words = match effective {
        Some(Value::Bytes(bytes)) => Some(bytes_in_words(*bytes)).filter(|words| *words != bytes.to_string()),
        _ => None,
    };
    let assignments = if setup.history.is_empty() { of_parts(setup, directive) } else { of_layers(setup, directive) };
    Traced {
        subject: setup.name.clone(),
        server: subject.server.clone(),
        name: directive.name().into(),
        value: effective.and_then(text),
        value_in_words: in_words,
        secret: directive.is.secret && effective.is_some(),
        ignored,
        default: config.default(directive).filter(|_| !ignored).as_ref().and_then(text),
        is_default: config.origin(directive) == Origin::Default,
        assignments,
        reasons: reasons(setup, directive),
        repeat: directive.repeat.sentence().into(),
        change: directive.change.sentence().into(),
        summary: directive.summary.into(),
    }
}

/// Where the directive is named, under any of its names, sorted.
fn statements_of(setup: &Setup, directive: &Directive) -> Vec<Span> {
    let named = |name: &[u8]| matches!(setup.config.view.look(name), Lookup::Here(found) if found.id == directive.id);
    let statements = setup.reading.statements().iter();
    let mut spans: Vec<Span> =
        statements.filter(|s| named(s.name.bytes(&setup.reading.sources))).map(|s| s.at).collect();
    spans.sort_unstable();
    spans
}

/// What the statements of a configuration say, in the order in which the server meets them.
fn of_parts(setup: &Setup, directive: &'static Directive) -> Vec<AssignmentLine> {
    /// A part of a statement, or a statement that came to nothing.
    struct Said<'a> {
        by: StatementId,
        key: Option<&'a Key>,
        beaten_by: Option<StatementId>,
    }
    let config = &setup.config;
    let is_it =
        |id: &StatementId| matches!(config.view.look(setup.reading.name(*id)), Lookup::Here(d) if d.id == directive.id);
    let refused = config.refusals().iter().filter_map(|refusal| refusal.statement).filter(is_it);
    let refused: BTreeSet<StatementId> = refused.collect();
    let parts = config.entry(directive.id).map(|entry| entry.parts.as_slice()).unwrap_or_default();
    let with_parts: BTreeSet<StatementId> = parts.iter().map(|part| part.by).collect();
    let nothing = refused.difference(&with_parts).map(|by| Said { by: *by, key: None, beaten_by: None });
    let mut said: Vec<Said<'_>> =
        parts.iter().map(|p| Said { by: p.by, key: p.key.as_ref(), beaten_by: p.beaten_by }).chain(nothing).collect();
    said.sort_by_key(|said| said.by);
    // The number of a statement's part: that with the same key, else its first.
    let number = |by: StatementId, key: Option<&Key>| {
        let first = said.partition_point(|other| other.by < by);
        let mut of_statement = (first..said.len()).take_while(|index| said[*index].by == by);
        of_statement.find(|index| said[*index].key == key).unwrap_or(first) + 1
    };
    let line = |one: &Said<'_>| AssignmentLine {
        at: Place::of(&setup.reading.sources, setup.reading.statement(one.by).at),
        layer: None,
        text: statement_shown(&setup.reading, config.view, one.by),
        key: one.key.map(key_text),
        fate: match one.beaten_by {
            _ if refused.contains(&one.by) => Fate::Refused,
            Some(by) => Fate::Beaten { by: number(by, one.key) },
            None => Fate::Counts,
        },
    };
    said.iter().map(line).collect()
}

/// What the layers of a profile say, lowest first.
fn of_layers(setup: &Setup, directive: &Directive) -> Vec<AssignmentLine> {
    let said: Vec<usize> = (0..setup.history.len()).filter(|at| setup.history[*at].name == directive.name()).collect();
    let refused: Vec<Span> = setup.config.refusals().iter().map(|refusal| refusal.at).collect();
    let is_refused = |at: Span| refused.iter().any(|r| r.source == at.source && r.start <= at.end && at.start <= r.end);
    let line = |at: &usize| {
        let one = &setup.history[*at];
        let number = |by: usize| said.iter().position(|at| *at == by).map(|index| index + 1);
        AssignmentLine {
            at: Place::of(&setup.reading.sources, one.at),
            layer: setup.layers.get(one.layer).map(|layer| layer.name.clone()),
            // The layers keep what was written; whether it may be shown is decided here.
            text: if directive.is.secret { MASK.into() } else { one.text.clone() },
            key: one.key.clone(),
            fate: match one.beaten_by.and_then(number) {
                Some(by) => Fate::Beaten { by },
                None if is_refused(one.at) => Fate::Refused,
                None => Fate::Counts,
            },
        }
    };
    said.iter().map(line).collect()
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Class(class) => class.name().into(),
        Key::Name(name) => printable(name),
    }
}

/// The formulas and the author's reasons behind what is in force.
fn reasons(setup: &Setup, directive: &Directive) -> Vec<String> {
    let Origin::Statements(ids) = setup.config.origin(directive) else { return Vec::new() };
    let notes = ids.iter().filter_map(|id| setup.notes.get(id));
    notes.flat_map(|note| [note.derived.clone(), note.why.clone()]).flatten().collect()
}
