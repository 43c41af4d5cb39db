//! How a diagnosis looks: for people, as a page, as Markdown and as JSON. The other formats of `lint` take it as one more configuration.

mod clients;
mod figures;
mod html;
mod human;
mod keys;
mod markdown;
mod patch;
mod vitals;

use std::collections::BTreeMap;

use serde::Serialize;

use super::findings::Counts;
use super::html::chart::Chart;
use crate::facts::bytes_text;
use crate::finding::{Finding, Measured, Severity, Unit};
use crate::lint::{self, doctor::Diagnosis, doctor::LiveCase};

pub use clients::{ClientAdvice, Library, Snippet};
pub use human::Screen;
pub use keys::{KeyLine, Keyspace};
pub use patch::patch;

/// What was found of some servers.
#[derive(Clone, Debug, Serialize)]
pub struct Checkups {
    /// In the order in which they were named.
    pub servers: Vec<Checkup>,
}

/// What was found of one server.
#[derive(Clone, Debug, Serialize)]
pub struct Checkup {
    /// The address or file, as it was named.
    pub name: String,
    /// Engine and version: `redis-7.4.1`; `None` if it did not answer.
    pub server: Option<String>,
    /// When it was asked, as `2026-11-22T14:43:12Z`.
    pub taken: String,
    /// How far apart two moments were, in seconds; `None` for one moment, whose rates are averages since the start.
    pub window: Option<f64>,
    /// How many commands were sent.
    pub commands: usize,
    /// Its state in a few values.
    pub vitals: Vec<Vital>,
    /// Advice for those who connect, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<ClientAdvice>,
    /// What a sample of its keys says, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyspace: Option<Keyspace>,
    /// What pages draw of it.
    #[serde(skip)]
    charts: Vec<Chart>,
    /// What was found and is to be shown, the worst first.
    pub findings: Vec<CheckupLine>,
    /// How many were found of each severity, also those that are not shown.
    pub counts: Counts,
    /// How many rules judged.
    pub judged: usize,
    /// What could not be judged, and why.
    pub silent: Vec<SilentLine>,
    /// A profile with the values that are proposed.
    pub patch: Option<String>,
    /// Why it did not answer.
    pub reason: Option<String>,
    /// What to do about that.
    pub help: Option<String>,
}

/// A value of the status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Vital {
    /// What it is.
    pub name: &'static str,
    /// The value, for people.
    pub value: String,
}

/// A finding as data.
#[derive(Clone, Debug, Serialize)]
pub struct CheckupLine {
    /// The rule.
    pub rule: String,
    /// How bad.
    #[serde(serialize_with = "word")]
    pub severity: Severity,
    /// What the rule is about.
    pub group: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// What it rests on.
    pub evidence: Vec<EvidenceLine>,
    /// From where on it is found.
    pub threshold: Option<ThresholdLine>,
    /// What to change.
    pub changes: Vec<ChangeLine>,
    /// The facts that it rests on, by name.
    pub facts: Vec<&'static str>,
    /// The command that tells more.
    pub explain: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn word<S: serde::Serializer>(severity: &Severity, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(severity.word())
}

/// A measured value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EvidenceLine {
    /// What it is called where it comes from.
    pub name: String,
    /// The value, as it was measured.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
    /// The same for people.
    pub shown: String,
    /// Where it comes from.
    pub from: &'static str,
}

/// From where on something is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ThresholdLine {
    /// In words.
    pub says: String,
    /// Who says so.
    pub source: &'static str,
}

/// A value that a directive should have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeLine {
    /// The directive.
    pub directive: String,
    /// Its value, as a configuration file would say it.
    pub value: String,
}

/// What could not be judged for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SilentLine {
    /// What is missing: a fact, a field of INFO, an answer.
    pub what: String,
    /// Why, where the server said so.
    pub why: Option<String>,
    /// The rules that are silent for it.
    pub rules: Vec<String>,
}

impl Checkup {
    /// What came out of looking at a server; findings below `level` are counted and not shown.
    #[must_use]
    pub fn new(name: &str, live: &LiveCase<'_>, diagnosis: &Diagnosis, level: Severity) -> Self {
        let mut counts = Counts::default();
        for finding in &diagnosis.findings {
            counts.add(finding.severity);
        }
        let lines: Vec<CheckupLine> = diagnosis.findings.iter().map(CheckupLine::new).collect();
        let shown: Vec<CheckupLine> = lines.into_iter().filter(|line| line.severity >= level).collect();
        Self {
            name: name.to_owned(),
            server: Some(live.snapshot.server.name()),
            taken: String::new(),
            window: live.evidence.earlier.as_ref().map(|earlier| seconds(earlier.milliseconds)),
            commands: live.evidence.commands,
            vitals: vitals::vitals(live),
            clients: None,
            keyspace: Keyspace::of(live),
            charts: figures::charts(live),
            patch: patch(live.snapshot.server, &shown),
            findings: shown,
            counts,
            judged: diagnosis.judged,
            silent: silent(diagnosis),
            reason: None,
            help: None,
        }
    }

    /// A server that did not answer.
    #[must_use]
    pub fn unreachable(name: &str, reason: &str, help: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            server: None,
            taken: String::new(),
            window: None,
            commands: 0,
            vitals: Vec::new(),
            clients: None,
            keyspace: None,
            charts: Vec::new(),
            findings: Vec::new(),
            counts: Counts::default(),
            judged: 0,
            silent: Vec::new(),
            patch: None,
            reason: Some(reason.to_owned()),
            help: help.map(str::to_owned),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of a window")]
fn seconds(milliseconds: u64) -> f64 {
    milliseconds as f64 / 1000.0
}

fn silent(diagnosis: &Diagnosis) -> Vec<SilentLine> {
    let mut by_what: BTreeMap<&str, SilentLine> = BTreeMap::new();
    for lack in &diagnosis.silent {
        let line = by_what.entry(lack.what).or_insert_with(|| SilentLine {
            what: lack.what.to_owned(),
            why: lack.why.clone(),
            rules: Vec::new(),
        });
        if !line.rules.iter().any(|rule| *rule == lack.rule) {
            line.rules.push(lack.rule.to_string());
        }
    }
    let mut lines: Vec<SilentLine> = by_what.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.rules.len()));
    lines
}

impl CheckupLine {
    /// A finding as data.
    #[must_use]
    pub fn new(finding: &Finding) -> Self {
        let proof = finding.proof.as_deref();
        let evidence = proof.iter().flat_map(|proof| &proof.measured).map(EvidenceLine::new).collect();
        let threshold = proof.and_then(|proof| proof.threshold.as_ref());
        let changes = proof.iter().flat_map(|proof| &proof.changes);
        let changes =
            changes.map(|(directive, value)| ChangeLine { directive: (*directive).to_owned(), value: value.clone() });
        Self {
            rule: finding.rule.to_string(),
            severity: finding.severity,
            group: lint::rule(&finding.rule).map(|rule| rule.group.word()),
            message: finding.message.clone(),
            help: finding.help.clone(),
            evidence,
            threshold: threshold
                .map(|threshold| ThresholdLine { says: threshold.says.to_string(), source: threshold.source }),
            changes: changes.collect(),
            facts: finding.used.clone(),
            explain: format!("redisconf explain {}", finding.rule),
        }
    }

    /// What was measured, in one line.
    fn measured(&self) -> String {
        let each = self.evidence.iter().map(|line| format!("{} {}", line.name, line.shown));
        each.collect::<Vec<_>>().join(" · ")
    }
}

impl EvidenceLine {
    fn new(measured: &Measured) -> Self {
        Self {
            name: measured.name.to_string(),
            value: measured.value.clone(),
            unit: measured.unit.word(),
            shown: shown(measured),
            from: measured.from,
        }
    }
}

/// A measured value for people.
fn shown(measured: &Measured) -> String {
    let value = &measured.value;
    match (measured.unit, value.parse::<u64>()) {
        (Unit::Bytes, Ok(bytes)) => bytes_text(bytes),
        (Unit::BytesPerSecond, Ok(bytes)) => format!("{}/s", bytes_text(bytes)),
        (Unit::PerSecond, _) => format!("{value}/s"),
        (Unit::Percent, _) => format!("{value} %"),
        (Unit::Seconds, _) => format!("{value} s"),
        (Unit::Milliseconds, _) => format!("{value} ms"),
        (Unit::Bytes | Unit::BytesPerSecond | Unit::Count | Unit::Ratio | Unit::Word, _) => value.clone(),
    }
}
