//! `redisconf why`: every assignment of a directive, and which one counts.

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
        spans.iter().any(|at| at.source == finding.at.source && (at.start..=at.end).contains(&finding.at.start))
    };
    match global.output_format {
        Format::Human => {
            terminal.print(&traced.human(terminal.look))?;
            subject.note(concerns, global, terminal)?;
        }
        Format::Json => terminal.print(&report::json("why", &traced))?,
    }
    Ok(if subject.is_sound(concerns) { Exit::Done } else { Exit::Found })
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
        Some(Value::Bytes(bytes)) => Some(bytes_in_words(bytes)).filter(|words| *words != bytes.to_string()),
        _ => None,
    };
    let assignments = if setup.history.is_empty() { of_parts(setup, directive) } else { of_layers(setup, directive) };
    Traced {
        subject: setup.name.clone(),
        server: subject.server.clone(),
        name: directive.name().into(),
        value: effective.as_ref().and_then(text),
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

/// Where the directive is named, under any of its names.
fn statements_of(setup: &Setup, directive: &Directive) -> Vec<Span> {
    let named = |name: &[u8]| matches!(setup.config.view.look(name), Lookup::Here(found) if found.id == directive.id);
    let statements = setup.reading.statements().iter();
    statements.filter(|s| named(s.name.bytes(&setup.reading.sources))).map(|s| s.at).collect()
}

/// What the statements of a configuration say, in the order in which the server meets them.
fn of_parts(setup: &Setup, directive: &'static Directive) -> Vec<AssignmentLine> {
    /// A part of a statement, or a statement that came to nothing.
    struct Said<'a> {
        by: StatementId,
        key: Option<&'a Key>,
        beaten_by: Option<StatementId>,
        refused: bool,
    }
    let config = &setup.config;
    let parts = config.entry(directive.id).map(|entry| entry.parts.as_slice()).unwrap_or_default();
    let mut said: Vec<Said<'_>> = parts
        .iter()
        .map(|p| Said { by: p.by, key: p.key.as_ref(), beaten_by: p.beaten_by, refused: p.value.is_err() })
        .collect();
    for id in config.refusals().iter().filter_map(|refusal| refusal.statement) {
        let same = matches!(config.view.look(setup.reading.name(id)), Lookup::Here(other) if other.id == directive.id);
        match said.iter_mut().filter(|said| said.by == id).map(|said| said.refused = true).count() {
            0 if same => said.push(Said { by: id, key: None, beaten_by: None, refused: true }),
            _ => {}
        }
    }
    said.sort_by_key(|said| said.by);
    let number = |by: StatementId, key: Option<&Key>| {
        let same_key = said.iter().position(|other| other.by == by && other.key == key);
        same_key.or_else(|| said.iter().position(|other| other.by == by)).map(|index| index + 1)
    };
    let line = |one: &Said<'_>| AssignmentLine {
        at: Place::of(&setup.reading.sources, setup.reading.statement(one.by).at),
        layer: None,
        text: statement_shown(&setup.reading, config.view, one.by),
        key: one.key.map(key_text),
        fate: match one.beaten_by.and_then(|by| number(by, one.key)) {
            _ if one.refused => Fate::Refused,
            Some(by) => Fate::Beaten { by },
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
