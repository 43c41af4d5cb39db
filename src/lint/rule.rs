//! What a rule is: static metadata, a documentation with examples that run, and a plain function.

use super::Case;
use crate::config::Refusal;
use crate::finding::{Finding, Severity};
use crate::source::Span;

/// One kind of judgement.
#[derive(Debug)]
pub struct Rule {
    /// Its name, in kebab-case; never reused.
    pub id: &'static str,
    /// How bad what it finds is.
    pub severity: Severity,
    /// What it finds, in one line.
    pub summary: &'static str,
    /// Why it matters and what to do; then `Bad:` and `Good:`, each followed by an indented example.
    ///
    /// An example may hold several files: a line `==> NAME <==` begins the next one.
    pub docs: &'static str,
    /// How it judges.
    pub check: Check,
}

/// The subjects of rules.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Words one reason for which the server would not start.
    Refusal(fn(&Case<'_>, &Refusal) -> Finding),
    /// Judges a configuration.
    Config(fn(&Case<'_>, &mut Vec<Finding>)),
}

/// Which example of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// The one that the rule finds something in.
    Bad,
    /// The one that no rule finds anything in.
    Good,
}

impl Rule {
    /// A finding of this rule.
    #[must_use]
    pub fn finding(&self, at: Span, message: impl Into<String>) -> Finding {
        Finding::new(self.id, self.severity, at, message)
    }

    /// The documentation up to the examples.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.docs.split_once("\nBad:").map_or(self.docs, |(reason, _)| reason).trim()
    }

    /// An example, its indentation taken off.
    ///
    /// # Panics
    /// If the documentation lacks it, which a test excludes.
    #[must_use]
    pub fn example(&self, which: Example) -> String {
        let (_, rest) = self.docs.split_once("\nBad:").expect("a test demands a bad example");
        let (bad, good) = rest.split_once("\nGood:").expect("a test demands a good example");
        let text = match which {
            Example::Bad => bad,
            Example::Good => good,
        };
        let lines = text.trim_matches('\n').lines().map(|line| line.strip_prefix("    ").unwrap_or(line));
        lines.map(|line| format!("{line}\n")).collect()
    }
}
