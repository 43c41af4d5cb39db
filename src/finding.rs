//! Judgements about a text: what is wrong, where, how bad, and what to do.

use std::borrow::Cow;
use std::fmt;

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Likely not what was meant.
    Warning,
    /// Wrong: it will hurt.
    Error,
    /// The server would refuse to start.
    Fatal,
}

impl Severity {
    /// The word users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A second place that helps to understand a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub at: Span,
    /// What is to be seen there.
    pub text: String,
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that judged, in kebab-case.
    pub rule: Cow<'static, str>,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub at: Span,
    /// What is wrong: lower case, no full stop, values in backticks.
    pub message: String,
    /// What to see at `at` itself, if that needs words.
    pub here: Option<String>,
    /// Other places.
    pub labels: Vec<Label>,
    /// What to do: an order.
    pub help: Option<String>,
}

impl Finding {
    /// A finding with no more than the necessary.
    pub fn new(rule: &'static str, severity: Severity, at: Span, message: impl Into<String>) -> Self {
        let rule = Cow::Borrowed(rule);
        Self { rule, severity, at, message: message.into(), here: None, labels: Vec::new(), help: None }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what is to be seen at the place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.here = Some(text.into());
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn label(mut self, at: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { at, text: text.into() });
        self
    }
}
