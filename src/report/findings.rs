//! Findings: a line that editors and CI can follow, the lines of the file with carets, and what to do.

use serde::Serialize;

use super::frame::{Pointer, draw};
use super::look::{Look, Role, wrapped};
use super::place::Place;
use crate::config::Visible;
use crate::finding::{Finding, Label, Severity};
use crate::source::Sources;

/// A second place of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LabelLine {
    /// Where.
    #[serde(flatten)]
    pub at: Place,
    /// What is to be seen there.
    pub text: String,
}

/// A finding, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FindingLine {
    /// The rule.
    pub rule: String,
    /// `fatal`, `error`, `warning` or `info`.
    pub severity: &'static str,
    /// Where it begins.
    #[serde(flatten)]
    pub at: Place,
    /// The line of its end.
    pub end_line: usize,
    /// The column behind its end.
    pub end_column: usize,
    /// What is wrong.
    pub message: String,
    /// What to see at the place.
    pub here: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Other places.
    pub labels: Vec<LabelLine>,
}

/// What the server does, as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Whether it starts, as far as a file can tell.
    pub starts: bool,
    /// When it stops: `file`, `modules` or `users`.
    pub stage: Option<&'static str>,
    /// What it says then, or something near.
    pub server_says: Option<String>,
}

/// Findings as data, in their order.
#[must_use]
pub fn lines(findings: &[Finding], sources: &Sources) -> Vec<FindingLine> {
    let line = |finding: &Finding| {
        let end = sources.get(finding.at.source).position(finding.at.end);
        let label = |label: &Label| LabelLine { at: Place::of(sources, label.at), text: label.text.clone() };
        FindingLine {
            rule: finding.rule.to_string(),
            severity: finding.severity.word(),
            at: Place::of(sources, finding.at),
            end_line: end.line,
            end_column: end.column,
            message: finding.message.clone(),
            here: finding.here.clone(),
            help: finding.help.clone(),
            labels: finding.labels.iter().map(label).collect(),
        }
    };
    findings.iter().map(line).collect()
}

/// Findings for people, in their order, each with its frame.
#[must_use]
pub fn human(findings: &[Finding], sources: &Sources, visible: &Visible, look: Look) -> String {
    findings.iter().map(|finding| one(finding, sources, visible, look)).collect()
}

fn one(finding: &Finding, sources: &Sources, visible: &Visible, look: Look) -> String {
    let place = Place::of(sources, finding.at).exact();
    let severity = look.paint(Role::Severity(finding.severity), finding.severity.word());
    let mut text = format!("{}: {severity}[{}] {}\n", look.paint(Role::Place, &place), finding.rule, finding.message);
    let mut pointers = vec![Pointer { at: finding.at, text: finding.here.as_deref() }];
    pointers.extend(finding.labels.iter().map(|label| Pointer { at: label.at, text: Some(&label.text) }));
    text.push_str(&draw(&pointers, sources, visible, look));
    for label in finding.labels.iter().filter(|label| label.at.source != finding.at.source) {
        let line = format!("{}: {}", Place::of(sources, label.at).exact(), label.text);
        text.push_str(&entry("note", &line, look));
    }
    if let Some(help) = &finding.help {
        text.push_str(&entry("help", help, look));
    }
    text
}

/// `  help: …`, wrapped under its own beginning.
fn entry(word: &str, text: &str, look: Look) -> String {
    let start = format!("  {word}: ");
    let width = look.width.map_or(usize::MAX, |width| width.max(40));
    let body = wrapped(text, width, start.len());
    format!("  {} {}", look.paint(Role::Name, &format!("{word}:")), body.trim_start())
}

/// How many there are of each severity, worst first: `2 fatal · 1 info`; empty without findings.
#[must_use]
pub fn tally(findings: &[Finding]) -> String {
    let severities = [Severity::Fatal, Severity::Error, Severity::Warning, Severity::Info];
    let counts = severities.map(|severity| (severity, findings.iter().filter(|f| f.severity == severity).count()));
    let words = counts.iter().filter(|(_, count)| *count > 0).map(|(severity, count)| format!("{count} {severity}"));
    words.collect::<Vec<_>>().join(" · ")
}
