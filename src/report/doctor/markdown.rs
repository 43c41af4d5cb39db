//! A diagnosis as a document: status, issues by severity, recommendations with the patch, and what could not be judged.

use std::fmt::Write as _;

use super::super::lint::escape::Prose;
use super::keys::{KeyLine, Keyspace};
use super::{Checkup, CheckupLine, Checkups};
use crate::facts::bytes_text;
use crate::finding::Severity;

impl Checkups {
    /// The documents of all servers, one after the other.
    #[must_use]
    pub fn markdown(&self) -> String {
        self.servers.iter().map(Checkup::markdown).collect::<Vec<_>>().join("\n")
    }
}

impl Checkup {
    /// The document of one server.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("# Diagnosis of {}\n", Prose(&self.name));
        if let Some(reason) = &self.reason {
            let _ = writeln!(text, "\nNo answer: {}", Prose(reason));
            return text;
        }
        let moment = match self.window {
            Some(seconds) => format!("two moments {seconds:.0} s apart"),
            None => "one moment; rates are averages since the start".into(),
        };
        let _ = writeln!(
            text,
            "\n{}, {moment}, {} commands sent, {} rules judged.",
            self.taken, self.commands, self.judged
        );
        text.push_str("\n## Current status\n\n| | |\n|---|---|\n");
        for vital in &self.vitals {
            let _ = writeln!(text, "| {} | {} |", vital.name, Prose(&vital.value));
        }
        text.push_str("\n## Issues\n");
        for (severity, heading) in SECTIONS {
            let some: Vec<&CheckupLine> = self.findings.iter().filter(|line| line.severity == *severity).collect();
            if !some.is_empty() {
                let _ = write!(text, "\n### {heading}\n");
                for finding in some {
                    issue(&mut text, finding);
                }
            }
        }
        if self.findings.is_empty() {
            text.push_str("\nNone was found.\n");
        }
        self.keys(&mut text);
        self.connecting(&mut text);
        self.recommendations(&mut text);
        self.table_of_unjudged(&mut text);
        text
    }

    fn keys(&self, text: &mut String) {
        let Some(keys) = &self.keyspace else { return };
        let _ = write!(text, "\n## Keys\n\n{}.\n{}\n", Prose(&keys.cost()), Prose(&keys.certainty()));
        let mut table = |first: &str, lines: &mut dyn Iterator<Item = &KeyLine>| {
            let _ = writeln!(
                text,
                "\n| {first}{} |\n|{}",
                Keyspace::COLUMNS.join(" | "),
                "---|".repeat(Keyspace::COLUMNS.len())
            );
            for line in lines {
                let cells: Vec<String> = line.cells().iter().map(|cell| Prose(cell).to_string()).collect();
                let _ = writeln!(text, "| {} |", cells.join(" | "));
            }
        };
        table("prefix", &mut keys.prefixes.iter().chain([&keys.all]));
        table("encoding", &mut keys.encodings.iter());
        text.push_str("\n| largest that were met | encoding | size | expires |\n|---|---|---|---|\n");
        for key in &keys.largest {
            let expires = if key.is_lasting { "no" } else { "yes" };
            let (name, size) = (Prose(&key.name), bytes_text(key.bytes));
            let _ = writeln!(text, "| {name} | {} | {size} | {expires} |", Prose(&key.encoding));
        }
        text.push('\n');
        for advice in &keys.advice {
            let _ = writeln!(text, "- {}", Prose(advice));
        }
    }

    fn connecting(&self, text: &mut String) {
        let Some(advice) = &self.clients else { return };
        text.push_str("\n## For those who connect\n\n| what | value | because |\n|---|---|---|\n");
        for [what, value, because] in advice.lines() {
            let _ = writeln!(text, "| {what} | {value} | {} |", Prose(&because));
        }
        for snippet in &advice.libraries {
            let _ = write!(text, "\n### {}\n\nBy default {}.\n", snippet.library, Prose(snippet.defaults));
            let _ = write!(text, "\n```{}\n{}```\n", snippet.language, snippet.text);
        }
    }

    fn recommendations(&self, text: &mut String) {
        if self.findings.is_empty() {
            return;
        }
        text.push_str("\n## Recommendations\n\n");
        for (number, finding) in (1..).zip(self.findings.iter().filter(|finding| finding.help.is_some())) {
            let help = finding.help.as_deref().unwrap_or_default();
            let _ = writeln!(text, "{number}. {} (`{}`)", Prose(help), finding.rule);
        }
        if let Some(patch) = &self.patch {
            text.push_str("\nAs a profile, for `redisconf lint`, `verify` and `apply`:\n\n```toml\n");
            text.push_str(patch);
            text.push_str("```\n");
        }
    }

    fn table_of_unjudged(&self, text: &mut String) {
        if self.silent.is_empty() {
            return;
        }
        text.push_str("\n## What could not be judged\n\n| for want of | why | rules |\n|---|---|---|\n");
        for line in &self.silent {
            let why = line.why.as_deref().unwrap_or("it was not said");
            let _ = writeln!(text, "| {} | {} | {} |", Prose(&line.what), Prose(why), line.rules.join(", "));
        }
    }
}

const SECTIONS: &[(Severity, &str)] = &[
    (Severity::Fatal, "Fatal"),
    (Severity::Error, "Errors"),
    (Severity::Warning, "Warnings"),
    (Severity::Info, "Good to know"),
];

fn issue(text: &mut String, finding: &CheckupLine) {
    let _ = write!(text, "\n#### `{}`\n\n{}.\n\n", finding.rule, Prose(&finding.message));
    if !finding.evidence.is_empty() {
        text.push_str("| measured | value | from |\n|---|---|---|\n");
        for line in &finding.evidence {
            let _ = writeln!(text, "| {} | {} | {} |", Prose(&line.name), Prose(&line.shown), line.from);
        }
        text.push('\n');
    }
    if let Some(threshold) = &finding.threshold {
        let _ = writeln!(text, "Threshold: {} ({}).", Prose(&threshold.says), Prose(threshold.source));
    }
}
