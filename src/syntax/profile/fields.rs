//! Walking a closed table: each known key is taken once, what is left over is an error with a suggestion.

use std::ops::RangeInclusive;

use super::super::tree::{Node, Spanned};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::Span;

/// A table that is being read.
pub(in crate::syntax) struct Fields<'t, 'f> {
    table: &'t Spanned<Node>,
    known: Vec<&'static str>,
    taken: Vec<&'static str>,
    findings: &'f mut Vec<Finding>,
}

impl<'t, 'f> Fields<'t, 'f> {
    /// Starts on a table; anything else is reported and read as an empty one.
    pub(in crate::syntax) fn new(
        table: &'t Spanned<Node>,
        known: impl IntoIterator<Item = &'static str>,
        findings: &'f mut Vec<Finding>,
    ) -> Self {
        if !matches!(table.value, Node::Table(_)) {
            let message = format!("a table is expected, not {}", table.value.kind());
            findings.push(
                Finding::new("invalid-value", Severity::Error, table.at, message).help("write `{ key = value }`"),
            );
        }
        let known: Vec<&'static str> = known.into_iter().collect();
        let mut fields = Self { table, known, taken: Vec::new(), findings };
        fields.unknown_keys();
        fields
    }

    fn entries(&self) -> &'t [(Spanned<String>, Spanned<Node>)] {
        match &self.table.value {
            Node::Table(entries) => entries,
            Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_) => &[],
        }
    }

    fn unknown_keys(&mut self) {
        for (key, _) in self.entries() {
            if self.known.contains(&key.value.as_str()) {
                continue;
            }
            let near = nearest(&key.value, self.known.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the keys here are: {}", self.known.join(", ")),
            };
            let message = format!("unknown key `{}`", key.value);
            self.findings.push(Finding::new("unknown-key", Severity::Error, key.at, message).help(help));
        }
    }

    /// The findings so far, for readers of inner tables.
    pub(in crate::syntax) fn report(&mut self) -> &mut Vec<Finding> {
        self.findings
    }

    /// The place of the table.
    pub(in crate::syntax) fn whole_document(&self) -> Span {
        let at = self.table.at;
        Span { end: at.start, ..at }
    }

    /// Reports a wrong value.
    pub(in crate::syntax) fn wrong(&mut self, at: Span, rule: &'static str, message: String, help: String) {
        self.findings.push(Finding::new(rule, Severity::Error, at, message).help(help));
    }

    /// The value of a key.
    pub(in crate::syntax) fn take(&mut self, key: &'static str) -> Option<&'t Spanned<Node>> {
        debug_assert!(self.known.contains(&key), "`{key}` is not in the list of keys");
        self.taken.push(key);
        self.entries().iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    fn expected(&mut self, key: &str, node: &Spanned<Node>, what: &str) {
        let message = format!("`{key}` takes {what}, not {}", node.value.kind());
        self.findings
            .push(Finding::new("invalid-value", Severity::Error, node.at, message).help(format!("write {what}")));
    }

    /// A text.
    pub(in crate::syntax) fn text(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.take(key)?;
        if let Node::Text(text) = &node.value {
            return Some(Spanned::new(text.clone(), node.at));
        }
        self.expected(key, node, "a text in quotes");
        None
    }

    /// A text that names a server.
    pub(in crate::syntax) fn server(&mut self, key: &'static str) -> Option<Spanned<Server>> {
        let text = self.text(key)?;
        match text.value.parse::<Server>() {
            Ok(server) => Some(Spanned::new(server, text.at)),
            Err(error) => {
                self.wrong(
                    text.at,
                    "invalid-value",
                    format!("`{}` is no server version", text.value),
                    error.to_string(),
                );
                None
            }
        }
    }

    /// A boolean.
    pub(in crate::syntax) fn boolean(&mut self, key: &'static str) -> Option<Spanned<bool>> {
        let node = self.take(key)?;
        if let Node::Bool(on) = node.value {
            return Some(Spanned::new(on, node.at));
        }
        self.expected(key, node, "true or false");
        None
    }

    /// A whole number in a range.
    pub(in crate::syntax) fn whole(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<Spanned<i64>> {
        let node = self.take(key)?;
        if let Node::Whole(number) = node.value
            && range.contains(&number)
        {
            return Some(Spanned::new(number, node.at));
        }
        self.expected(key, node, &format!("a whole number from {} to {}", range.start(), range.end()));
        None
    }

    /// A list of texts; one text stands for a list of one.
    pub(in crate::syntax) fn texts(&mut self, key: &'static str) -> Vec<Spanned<String>> {
        let Some(node) = self.take(key) else { return Vec::new() };
        let items = match &node.value {
            Node::List(items) => items.as_slice(),
            Node::Text(_) => std::slice::from_ref(node),
            Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Date(_) | Node::Table(_) => {
                self.expected(key, node, "a list of texts");
                return Vec::new();
            }
        };
        let mut texts = Vec::new();
        for item in items {
            if let Node::Text(text) = &item.value {
                texts.push(Spanned::new(text.clone(), item.at));
            } else {
                self.expected(key, item, "texts in quotes");
            }
        }
        texts
    }

    /// A table.
    pub(in crate::syntax) fn table(&mut self, key: &'static str) -> Option<&'t Spanned<Node>> {
        let node = self.take(key)?;
        if matches!(node.value, Node::Table(_)) {
            return Some(node);
        }
        self.expected(key, node, "a table");
        None
    }

    /// A list of anything.
    pub(in crate::syntax) fn list(&mut self, key: &'static str) -> &'t [Spanned<Node>] {
        let Some(node) = self.take(key) else { return &[] };
        if let Node::List(items) = &node.value {
            return items;
        }
        self.expected(key, node, "a list");
        &[]
    }

    /// Ends the walk.
    pub(in crate::syntax) fn finish(self) {
        debug_assert!(
            self.known.iter().all(|key| self.taken.contains(key)),
            "keys are listed and never read: {:?}",
            self.known.iter().filter(|key| !self.taken.contains(key)).collect::<Vec<_>>()
        );
    }
}

/// The known word that a misspelt one probably means.
pub(in crate::syntax) fn nearest(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let limit = (word.chars().count() / 3).clamp(1, 3);
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word.to_ascii_lowercase(), candidate);
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(d, _)| *d <= limit)
        .min()
        .map(|(_, name)| name)
}
