//! The code quality report of GitLab: an array of findings with fingerprints that are unique within it.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;

use super::super::fingerprint::Fingerprint;
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::github::in_repository;
use super::summary::Summary;
use crate::finding::Severity;

pub(super) struct Gitlab {
    prefix: String,
    something: bool,
    /// The fingerprints so far, with the place of each: 90,000 findings take 9 MB.
    seen: HashMap<Fingerprint, (Arc<str>, usize, usize)>,
}

impl Gitlab {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { prefix: settings.prefix.clone(), something: false, seen: HashMap::new() }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: Fingerprint,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// GitLab's five levels.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal => "blocker",
        Severity::Error => "critical",
        Severity::Warning => "minor",
        Severity::Info => "info",
    }
}

impl Shape for Gitlab {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        for finding in &file.findings {
            let Some(mut fingerprint) = finding.fingerprint else { continue };
            let at = (Arc::clone(&finding.at.file), finding.at.line, finding.at.column);
            // A file that two others include is met twice: that is one finding. GitLab drops all but one of equals.
            let mut seen = self.seen.get(&fingerprint);
            while seen.is_some_and(|other| *other != at) {
                fingerprint = fingerprint.next();
                seen = self.seen.get(&fingerprint);
            }
            if seen.is_some() {
                continue;
            }
            self.seen.insert(fingerprint, at);
            let entry = Entry {
                // GitLab does not show the check's name.
                description: format!("{}: {}", finding.rule, finding.message),
                check_name: &finding.rule,
                fingerprint,
                severity: severity(finding.severity),
                location: Location {
                    path: in_repository(&self.prefix, &finding.at.file).unwrap_or_else(|| finding.at.file.to_string()),
                    lines: Lines { begin: finding.at.line, end: finding.end_line },
                },
            };
            out.write_all(if self.something { b",\n" } else { b"\n" })?;
            self.something = true;
            serde_json::to_writer(&mut *out, &entry)?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        out.write_all(if self.something { b"\n]\n" } else { b"]\n" })
    }
}
