//! Findings: a line that editors and CI can follow, the lines of the file with carets, and what to do.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::fingerprint::Fingerprint;
use super::fix::FixLine;
use super::frame::{Pointer, draw};
use super::lint::escape::one_line;
use super::look::{Look, Role, fitted, wrapped};
use super::place::{Place, Places};
use crate::config::{Visible, printable};
use crate::finding::{Finding, Label, Safety, Severity};
use crate::lint;
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingLine {
    /// The rule.
    pub rule: Cow<'static, str>,
    /// How bad.
    pub severity: Severity,
    /// What the rule is about; `None` for one that is not in the list of rules.
    pub group: Option<&'static str>,
    /// Where it begins.
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
    /// The facts that it rests on, by name.
    pub facts: Vec<&'static str>,
    /// How it can be mended.
    pub fix: Option<FixLine>,
    /// What stays the same when other lines of the file change; only where it was asked for.
    pub fingerprint: Option<Fingerprint>,
}

impl FindingLine {
    /// A finding as data, without a fix and a fingerprint.
    #[must_use]
    pub fn new(finding: Finding, places: &mut Places<'_>) -> Self {
        let at = places.start(finding.at);
        let (end_line, end_column) = places.end(finding.at);
        let label = |label: Label| LabelLine { at: places.start(label.at), text: harmless(label.text) };
        let labels = finding.labels.into_iter().map(label).collect();
        Self {
            group: lint::rule(&finding.rule).map(|rule| rule.group.word()),
            rule: finding.rule,
            severity: finding.severity,
            at,
            end_line,
            end_column,
            message: harmless(finding.message),
            here: finding.here.map(harmless),
            help: finding.help.map(harmless),
            labels,
            facts: finding.used,
            fix: None,
            fingerprint: None,
        }
    }

    /// The command that tells more of the rule; `None` for a rule that is not in the list.
    #[must_use]
    pub fn explain(&self) -> Option<String> {
        self.group.map(|_| format!("redisconf explain {}", self.rule))
    }
}

/// One flat object.
impl Serialize for FindingLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("rule", &self.rule)?;
        map.serialize_entry("severity", self.severity.word())?;
        map.serialize_entry("group", &self.group)?;
        map.serialize_entry("file", &*self.at.file)?;
        map.serialize_entry("line", &self.at.line)?;
        map.serialize_entry("column", &self.at.column)?;
        map.serialize_entry("end_line", &self.end_line)?;
        map.serialize_entry("end_column", &self.end_column)?;
        map.serialize_entry("message", &self.message)?;
        map.serialize_entry("here", &self.here)?;
        map.serialize_entry("help", &self.help)?;
        map.serialize_entry("labels", &self.labels)?;
        map.serialize_entry("facts", &self.facts)?;
        map.serialize_entry("explain", &self.explain())?;
        map.serialize_entry("fix", &self.fix)?;
        map.serialize_entry("fingerprint", &self.fingerprint)?;
        map.end()
    }
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

impl Verdict {
    /// It starts.
    pub const STARTS: Self = Self { starts: true, stage: None, server_says: None };
}

/// Findings as data, in their order.
#[must_use]
pub fn lines(findings: &[Finding], sources: &Sources) -> Vec<FindingLine> {
    let mut places = Places::of(sources);
    findings.iter().map(|finding| FindingLine::new(finding.clone(), &mut places)).collect()
}

/// Findings for people, in their order, each with its frame.
#[must_use]
pub fn human(findings: &[Finding], sources: &Sources, visible: &Visible, look: Look) -> String {
    let mut places = Places::of(sources);
    let mut text = String::new();
    for finding in findings {
        one(&mut text, finding, None, sources, &mut places, visible, look);
    }
    text
}

/// One finding for people; where there is a fix, its help says how to have it carried out.
pub(super) fn one(
    text: &mut String,
    finding: &Finding,
    fix: Option<Safety>,
    sources: &Sources,
    places: &mut Places<'_>,
    visible: &Visible,
    look: Look,
) {
    let place = printable(places.start(finding.at).exact().as_bytes());
    let place = look.paint(Role::Place, &place);
    let severity = look.paint(Role::Severity(finding.severity), finding.severity.word());
    text.push_str(&fitted(&format!("{place}: {severity}[{}] {}", finding.rule, one_line(&finding.message)), look));
    let mut pointers = vec![Pointer { at: finding.at, text: finding.here.as_deref() }];
    pointers.extend(finding.labels.iter().map(|label| Pointer { at: label.at, text: Some(&label.text) }));
    text.push_str(&draw(&pointers, sources, visible, look));
    for label in finding.labels.iter().filter(|label| label.at.source != finding.at.source) {
        let line = format!("{}: {}", printable(places.start(label.at).exact().as_bytes()), one_line(&label.text));
        entry(text, "note", &line, look);
    }
    match (&finding.help, fix) {
        (Some(help), None) => entry(text, "help", &one_line(help), look),
        (help, Some(safety)) => {
            let help = help.as_deref().map_or("redisconf can mend this".into(), one_line);
            entry(text, "fix", &format!("{help} ({}, {})", safety.word(), flag(safety)), look);
        }
        (None, None) => {}
    }
}

/// The flags that carry fixes out.
fn flag(safety: Safety) -> &'static str {
    match safety {
        Safety::Safe => "--fix",
        Safety::Unsafe => "--unsafe-fixes",
    }
}

/// A text about a file, which may hold a name from it: on one line, and without what a terminal obeys.
fn harmless(text: String) -> String {
    if text.contains(char::is_control) { one_line(&text).into_owned() } else { text }
}

/// `  help: …`, wrapped under its own beginning.
fn entry(out: &mut String, word: &str, text: &str, look: Look) {
    out.push_str("  ");
    out.push_str(&look.paint(Role::Name, &format!("{word}:")));
    out.push(' ');
    match look.width {
        Some(width) => out.push_str(wrapped(text, width.max(40), word.len() + 4).trim_start()),
        None => {
            out.push_str(text);
            out.push('\n');
        }
    }
}

/// Numbers of findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The server would not start.
    pub fatal: usize,
    /// Wrong.
    pub error: usize,
    /// Likely not what was meant.
    pub warning: usize,
    /// Good to know.
    pub info: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, severity: Severity) {
        *self.of_mut(severity) += 1;
    }

    /// Adds others.
    pub fn add_all(&mut self, other: Self) {
        for severity in WORST_FIRST {
            *self.of_mut(severity) += other.of(severity);
        }
    }

    /// How many there are of one severity.
    #[must_use]
    pub fn of(self, severity: Severity) -> usize {
        match severity {
            Severity::Fatal => self.fatal,
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Info => self.info,
        }
    }

    fn of_mut(&mut self, severity: Severity) -> &mut usize {
        match severity {
            Severity::Fatal => &mut self.fatal,
            Severity::Error => &mut self.error,
            Severity::Warning => &mut self.warning,
            Severity::Info => &mut self.info,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> usize {
        WORST_FIRST.map(|severity| self.of(severity)).iter().sum()
    }

    /// How many there are at or above a severity.
    #[must_use]
    pub fn at_least(self, severity: Severity) -> usize {
        WORST_FIRST.iter().filter(|one| **one >= severity).map(|one| self.of(*one)).sum()
    }

    /// Worst first, those that are none left out: `2 fatal`, `3 errors`, `1 info`.
    #[must_use]
    pub fn words(self) -> Vec<(Severity, String)> {
        let counted = WORST_FIRST.map(|severity| (severity, self.of(severity)));
        let some = counted.iter().filter(|(_, count)| *count > 0);
        let words = |(severity, count): &(Severity, usize)| {
            let plural = match severity {
                Severity::Error | Severity::Warning if *count > 1 => "s",
                Severity::Fatal | Severity::Error | Severity::Warning | Severity::Info => "",
            };
            (*severity, format!("{count} {severity}{plural}"))
        };
        some.map(words).collect()
    }
}

const WORST_FIRST: [Severity; 4] = [Severity::Fatal, Severity::Error, Severity::Warning, Severity::Info];

/// How many there are of each severity, worst first: `2 fatal · 1 info`; empty without findings.
#[must_use]
pub fn tally(findings: &[Finding]) -> String {
    let mut counts = Counts::default();
    for finding in findings {
        counts.add(finding.severity);
    }
    counts.words().into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(" · ")
}
