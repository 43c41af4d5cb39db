//! SARIF 2.1.0, as GitHub's code scanning reads it.
//!
//! Results are written as they come; the tool with its table of rules follows them, so that the level of a rule can be that of
//! the worst of its results: GitHub sorts by the rule's. Every rule of redisconf is in the table, sorted by id, so that the
//! number of a rule is known from the start; rules that only an organisation has follow, in the order in which they are met.
//! `primaryLocationLineHash` is left to GitHub, which computes it from the file. Columns are characters, and it says so.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::{Value, json};

use super::super::findings::FindingLine;
use super::super::fix::FixLine;
use super::escape::Uri;
use super::file::{FileReport, Suppression, SuppressionKind};
use super::format::{Settings, Shape};
use super::github::in_repository;
use super::summary::Summary;
use crate::finding::Severity;
use crate::lint::{Check, Example, Group, RULES, Rule};

/// Texts of a rule are cut here.
const LONGEST_TEXT: usize = 1024;

pub(super) struct Sarif {
    prefix: String,
    something: bool,
    /// For each rule the worst severity of its results; more than [`RULES`] if an organisation has its own.
    worst: Vec<Option<Severity>>,
    /// Rules that are not in the list.
    others: Vec<String>,
}

impl Sarif {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { prefix: settings.prefix.clone(), something: false, worst: vec![None; RULES.len()], others: Vec::new() }
    }

    /// The number of a rule in the table.
    fn index(&mut self, id: &str) -> usize {
        if let Ok(index) = RULES.binary_search_by_key(&id, |rule| rule.id) {
            return index;
        }
        let known = self.others.iter().position(|other| other == id);
        let index = known.unwrap_or_else(|| {
            self.others.push(id.to_owned());
            self.worst.push(None);
            self.others.len() - 1
        });
        RULES.len() + index
    }

    fn result(
        &mut self,
        out: &mut dyn Write,
        file: &FileReport,
        finding: &FindingLine,
        suppression: Option<&Suppression>,
    ) -> io::Result<()> {
        let index = self.index(&finding.rule);
        self.worst[index] = self.worst[index].max(Some(finding.severity));
        let result = ResultLine {
            rule_id: &finding.rule,
            rule_index: index,
            level: level(finding.severity),
            message: Text { text: message(finding) },
            locations: [self.location(file, finding)],
            related_locations: self.related(finding),
            partial_fingerprints: finding.fingerprint.map(|print| json!({ "redisconf/v1": print })),
            fixes: self.fixes(finding),
            suppressions: suppression.map(|one| [suppressed(one)]),
            properties: json!({ "severity": finding.severity.word(), "facts": finding.facts }),
        };
        out.write_all(if self.something { b",\n" } else { b"\n" })?;
        self.something = true;
        Ok(serde_json::to_writer(out, &result)?)
    }

    /// A path as SARIF has it. What is no file has a name of its own all the same, for GitHub wants one.
    fn artifact(&self, path: &str) -> Value {
        match in_repository(&self.prefix, path) {
            Some(path) if path.starts_with('/') => json!({ "uri": format!("file://{}", Uri(&path)) }),
            Some(path) => json!({ "uri": Uri(&path).to_string(), "uriBaseId": "%SRCROOT%" }),
            None => json!({ "uri": Uri(path.trim_matches(['<', '>'])).to_string() }),
        }
    }

    fn location(&self, file: &FileReport, finding: &FindingLine) -> Value {
        let region = json!({
            "startLine": finding.at.line, "startColumn": finding.at.column,
            "endLine": finding.end_line, "endColumn": finding.end_column,
        });
        let physical = json!({ "artifactLocation": self.artifact(&finding.at.file), "region": region });
        match &file.title {
            Some(title) => {
                json!({ "physicalLocation": physical, "logicalLocations": [{ "fullyQualifiedName": title }] })
            }
            None => json!({ "physicalLocation": physical }),
        }
    }

    fn related(&self, finding: &FindingLine) -> Vec<Value> {
        let labels = finding.labels.iter().enumerate();
        let location = |(index, label): (usize, &super::super::findings::LabelLine)| {
            let region = json!({ "startLine": label.at.line, "startColumn": label.at.column });
            json!({
                "id": index + 1,
                "message": { "text": label.text },
                "physicalLocation": { "artifactLocation": self.artifact(&label.at.file), "region": region },
            })
        };
        labels.map(location).collect()
    }

    /// A fix is given whole or not at all: without its text, a replacement would be read as a deletion.
    fn fixes(&self, finding: &FindingLine) -> Vec<Value> {
        let fix = finding.fix.as_ref().filter(|fix| fix.is_shown());
        let whole = |fix: &FixLine| {
            let replacements = fix.replacements.iter().map(|one| {
                json!({
                    "deletedRegion": {
                        "startLine": one.line, "startColumn": one.column,
                        "endLine": one.end_line, "endColumn": one.end_column,
                    },
                    "insertedContent": { "text": one.text },
                })
            });
            let description = finding.help.as_deref().unwrap_or("mend it");
            json!({
                "description": { "text": format!("{description} ({})", fix.safety.word()) },
                "artifactChanges": [{
                    "artifactLocation": self.artifact(&fix.file),
                    "replacements": replacements.collect::<Vec<_>>(),
                }],
                "properties": { "safety": fix.safety.word() },
            })
        };
        fix.map(whole).into_iter().collect()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultLine<'a> {
    rule_id: &'a str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Value; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial_fingerprints: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressions: Option<[Value; 1]>,
    properties: Value,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

fn message(finding: &FindingLine) -> String {
    match &finding.help {
        Some(help) => format!("{}\nhelp: {help}", finding.message),
        None => finding.message.clone(),
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn suppressed(suppression: &Suppression) -> Value {
    let kind = match suppression.kind {
        SuppressionKind::Comment => "inSource",
        SuppressionKind::Configuration | SuppressionKind::Baseline => "external",
    };
    let mut value = json!({ "kind": kind, "status": "accepted" });
    if let Some(reason) = &suppression.reason {
        value["justification"] = json!(reason);
    }
    if let Some(until) = &suppression.until {
        value["properties"] = json!({ "until": until });
    }
    value
}

/// A rule of the table.
fn rule(rule: &Rule, worst: Option<Severity>) -> Value {
    let reason = rule.reason().split_whitespace().collect::<Vec<_>>().join(" ");
    let (mut text, mut markdown) = (reason.clone(), reason.clone());
    let examples = [("Bad", Example::Bad), ("Good", Example::Good)];
    for (word, example) in examples.into_iter().filter_map(|(word, which)| Some((word, rule.example(which)?))) {
        text.push_str(&format!("\n\n{word}:\n{example}"));
        markdown.push_str(&format!("\n\n{word}:\n\n```\n{example}```"));
    }
    let source = format!("\n\nKnown from: {}", rule.source);
    text.push_str(&source);
    markdown.push_str(&source);
    let is_security = matches!(rule.group, Group::Secrets | Group::Security);
    let mut tags = vec![rule.group.word()];
    if rule.group != Group::Security && (is_security || rule.group == Group::Tls) {
        tags.push("security");
    }
    // What a server refuses is exact: real servers confirm it.
    let precision = if matches!(rule.check, Check::Refusal(_)) { "very-high" } else { "high" };
    let mut properties = json!({
        "tags": tags, "precision": precision, "facts": rule.facts, "source": rule.source,
        "severity": rule.severity.word(),
    });
    let severity = worst.map_or(rule.severity, |worst| worst.max(rule.severity));
    if is_security && severity < Severity::Fatal {
        properties["security-severity"] = json!(match severity {
            // What does not start exposes nothing.
            Severity::Fatal | Severity::Error => "8.0",
            Severity::Warning => "5.5",
            Severity::Info => "3.0",
        });
    } else {
        properties["problem.severity"] = json!(match severity {
            Severity::Fatal | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "recommendation",
        });
    }
    json!({
        "id": rule.id,
        "name": rule.id,
        "shortDescription": { "text": cut(rule.summary) },
        "fullDescription": { "text": cut(&reason) },
        "help": { "text": text, "markdown": markdown },
        "defaultConfiguration": { "level": level(severity), "enabled": rule.on },
        "properties": properties,
    })
}

/// A rule that is not in the list: an organisation's own, or one about profiles.
fn other_rule(id: &str, worst: Option<Severity>) -> Value {
    let text = format!("`{id}`, which is no built-in rule");
    json!({
        "id": id,
        "name": id,
        "shortDescription": { "text": text },
        "fullDescription": { "text": text },
        "help": { "text": "the message of the finding says what to do" },
        "defaultConfiguration": { "level": level(worst.unwrap_or(Severity::Warning)) },
        "properties": { "tags": [Group::Policy.word()], "precision": "high" },
    })
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST_TEXT {
        return text.to_owned();
    }
    text.chars().take(LONGEST_TEXT - 1).chain(['…']).collect()
}

impl Shape for Sarif {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
        write!(out, "{{\"$schema\":\"{schema}\",\"version\":\"2.1.0\",\"runs\":[{{")?;
        out.write_all(b"\"columnKind\":\"unicodeCodePoints\",\"results\":[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        for finding in &file.findings {
            self.result(out, file, finding, None)?;
        }
        for line in &file.suppressed {
            self.result(out, file, &line.finding, Some(&line.suppression))?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        out.write_all(b"\n],\"tool\":{\"driver\":{\"name\":\"redisconf\",\"semanticVersion\":")?;
        serde_json::to_writer(&mut *out, env!("CARGO_PKG_VERSION"))?;
        out.write_all(b",\"rules\":[")?;
        let listed = RULES.iter().zip(&self.worst).map(|(one, worst)| rule(one, *worst));
        let others = self.others.iter().zip(&self.worst[RULES.len()..]).map(|(id, worst)| other_rule(id, *worst));
        for (index, rule) in listed.chain(others).enumerate() {
            out.write_all(if index > 0 { b",\n" } else { b"\n" })?;
            serde_json::to_writer(&mut *out, &rule)?;
        }
        out.write_all(b"\n]}},\"invocations\":[{\"executionSuccessful\":true}],\"properties\":{\"summary\":")?;
        serde_json::to_writer(&mut *out, summary)?;
        out.write_all(b"}}]}\n")
    }
}
