//! One directive on two sides: how they relate, and what of it people may see.

use crate::catalog::{Change, Directive, Kind, bytes_in_words};
use crate::config::{Origin, Shown, Value, shown};

/// How a directive on one side relates to that on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They mean something else.
    Different,
    /// One side sets it, and the version of the other does not know it.
    OneSided,
    /// The server lowered the value for want of resources; nothing a configuration can mend.
    Limited,
    /// One side does not tell.
    NotCompared,
}

/// Who says what a side holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Statements, or the version's default.
    By(Origin),
    /// The server that the dump is of.
    Server,
    /// Nobody: the version has no such directive, and always did so.
    Before,
    /// Nobody: the version does not know the directive.
    Unknown,
    /// The version takes the line, and it does nothing.
    Ignored,
    /// Nobody: it is not there.
    Nobody,
}

/// What one side holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// As this side's version calls it.
    pub name: String,
    /// The value in CONFIG GET form, or the words of a statement that CONFIG GET never shows.
    pub value: Option<Shown>,
    /// The value for people, if that is another text: `1gb`.
    pub words: Option<String>,
    /// Who says so.
    pub said: Said,
}

/// One row of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contrast {
    /// The name that the second side prefers, if its version knows the directive.
    pub name: String,
    /// What the first side holds.
    pub from: Held,
    /// What the second side holds.
    pub to: Held,
    /// How they relate.
    pub relation: Relation,
    /// How the second side's value takes effect on a running server.
    pub effect: Change,
    /// Whether it differs from node to node by its nature.
    pub per_node: bool,
    /// What else is to be said.
    pub note: Option<String>,
}

impl Held {
    /// Nothing, and why.
    pub(super) fn nothing(name: &str, said: Said) -> Self {
        Self { name: name.to_owned(), value: None, words: None, said }
    }

    /// A value of a directive; of output buffers only the classes in which it differs from `other` are told to people.
    pub(super) fn of(directive: &Directive, value: &Value, said: Said, other: Option<&Value>) -> Self {
        let words = in_words(directive, value, other);
        Self { name: directive.name().to_owned(), value: Some(shown(directive, value)), words, said }
    }

    /// A text that must not be shown.
    pub(super) fn hidden(name: &str, said: Said) -> Self {
        Self { name: name.to_owned(), value: Some(Shown::Masked), words: None, said }
    }

    /// A text that may be shown.
    pub(super) fn plain(name: &str, text: String, said: Said) -> Self {
        Self { name: name.to_owned(), value: Some(Shown::Plain(text)), words: None, said }
    }
}

fn in_words(directive: &Directive, value: &Value, other: Option<&Value>) -> Option<String> {
    match (value, &directive.kind) {
        (Value::Bytes(bytes), Kind::Memory { .. } | Kind::MemoryOrPercent { .. }) => Some(bytes_in_words(*bytes)),
        (Value::Limits(limits), _) => {
            let differs = |limit: &&crate::config::Limit| match other {
                Some(Value::Limits(others)) => !others.contains(limit),
                _ => true,
            };
            let one = |limit: &crate::config::Limit| {
                let (hard, soft) = (bytes_in_words(limit.hard), bytes_in_words(limit.soft));
                format!("{} {hard} {soft} {}", limit.class.name(), limit.seconds)
            };
            Some(limits.iter().filter(differs).map(one).collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}
