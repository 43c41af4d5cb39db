//! Why a directive has its value: the result of `why`.

use serde::Serialize;

use super::look::{Look, Role, wrapped};
use super::place::{Place, ServerUsed};
use super::table::columns;

/// A directive with everything that was said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Traced {
    /// The file, profile or command line.
    pub subject: String,
    /// The version.
    pub server: ServerUsed,
    /// The name this version prefers.
    pub name: String,
    /// The value in force, in CONFIG GET form; `None` for a secret and for what has no value.
    pub value: Option<String>,
    /// The same for people, such as `2gb`, where that differs.
    pub value_in_words: Option<String>,
    /// Whether it is a secret, which is not shown.
    pub secret: bool,
    /// Whether this version accepts the directive and does nothing with it.
    pub ignored: bool,
    /// The built-in value.
    pub default: Option<String>,
    /// Whether the built-in value is in force.
    pub is_default: bool,
    /// Every assignment, in the order in which they are met.
    pub assignments: Vec<AssignmentLine>,
    /// The formulas that gave the value, and the author's reasons.
    pub reasons: Vec<String>,
    /// What a second statement does.
    pub repeat: String,
    /// How a new value takes effect.
    pub change: String,
    /// What the directive is for.
    pub summary: String,
}

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AssignmentLine {
    /// Where it stands.
    #[serde(flatten)]
    pub at: Place,
    /// The layer of a profile that it belongs to.
    pub layer: Option<String>,
    /// As written, hidden words masked.
    pub text: String,
    /// The class, user or command it is for.
    pub key: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What became of an assignment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// It counts.
    Counts,
    /// A later one beat it: its number among the assignments, from 1.
    Beaten {
        /// Which.
        by: usize,
    },
    /// The server does not take it.
    Refused,
}

impl Traced {
    /// The verdict in a line, the assignments, and what the directive is for.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = self.headline(look);
        text.push('\n');
        if !self.assignments.is_empty() {
            let rows: Vec<_> = self.assignments.iter().enumerate().map(|(index, line)| row(index + 1, line)).collect();
            text.push('\n');
            text.push_str(&columns(&rows, 2, look));
        }
        if !self.reasons.is_empty() {
            text.push('\n');
        }
        for reason in &self.reasons {
            text.push_str(&wrapped(reason, look.text_width(), 2));
        }
        let default = self.default.as_ref().map(|default| format!("default {}", quoted(default)));
        let facts = [default, Some(self.repeat.clone()), Some(format!("changes {}", self.change))];
        let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        text.push('\n');
        text.push_str(&wrapped(&facts, look.text_width(), 0));
        text.push_str(&wrapped(&self.summary, look.text_width(), 0));
        text
    }

    fn headline(&self, look: Look) -> String {
        let name = look.paint(Role::Heading, &self.name);
        if self.ignored {
            return format!("{name} is accepted and ignored by {}", self.server.judged_as.replacen('-', " ", 1));
        }
        let value = match (&self.value, &self.value_in_words) {
            (Some(value), Some(words)) => format!(" is {} ({words})", look.paint(Role::Counts, &quoted(value))),
            (Some(value), None) => format!(" is {}", look.paint(Role::Counts, &quoted(value))),
            (None, _) if self.secret => " is a secret, which is not shown".into(),
            (None, _) => " has no value of its own".into(),
        };
        let origin = match (self.is_default && self.value.is_some(), self.assignments.is_empty()) {
            (true, true) => ", the default: nothing sets it",
            (true, false) => ", the default: no assignment counts",
            (false, _) => "",
        };
        let missing =
            if self.assignments.is_empty() && self.value.is_none() { ", and no statement names it" } else { "" };
        format!("{name}{value}{origin}{missing}")
    }
}

fn row(number: usize, line: &AssignmentLine) -> Vec<(Role, String)> {
    let (role, fate) = match line.fate {
        Fate::Counts => (Role::Counts, "counts".to_owned()),
        Fate::Beaten { by } => (Role::Aside, format!("beaten by {by}")),
        Fate::Refused => (Role::Severity(crate::finding::Severity::Fatal), "refused".to_owned()),
    };
    let fate = match &line.key {
        Some(key) => format!("{fate} for {key}"),
        None => fate,
    };
    let place = match &line.layer {
        Some(layer) if !layer.starts_with(&*line.at.file) => format!("{} ({layer})", line.at),
        Some(_) | None => line.at.to_string(),
    };
    vec![(Role::Aside, number.to_string()), (Role::Place, place), (role, line.text.clone()), (role, fate)]
}

/// A value in a sentence: an empty one as `""`.
fn quoted(value: &str) -> String {
    if value.is_empty() { "\"\"".into() } else { value.into() }
}
