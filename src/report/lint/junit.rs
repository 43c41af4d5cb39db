//! JUnit's XML: a configuration is a suite, a finding a failed test, and a clean configuration a test that passed.

use std::io::{self, Write};

use super::super::findings::FindingLine;
use super::escape::Xml;
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::summary::Summary;
use crate::finding::Severity;

pub(super) struct Junit {
    /// Findings below it make `lint` no failure, so they are none here.
    fail_on: Severity,
}

impl Junit {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { fail_on: settings.fail_on }
    }

    fn case(&self, out: &mut dyn Write, file: &FileReport, finding: &FindingLine) -> io::Result<()> {
        let (at, class) = (&finding.at, Xml(&file.path));
        let name = format!("{} {}:{}:{}", finding.rule, at.file, at.line, at.column);
        writeln!(out, "    <testcase name=\"{}\" classname=\"{class}\" time=\"0\">", Xml(&name))?;
        let mut text = format!("{}:{}:{}: {}[{}] ", at.file, at.line, at.column, finding.severity, finding.rule);
        text.push_str(&finding.message);
        if let Some(help) = &finding.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        let (message, severity, text) = (Xml(&finding.message), finding.severity, Xml(&text));
        if finding.severity >= self.fail_on {
            writeln!(out, "      <failure message=\"{message}\" type=\"{severity}\">{text}</failure>")?;
        } else {
            writeln!(out, "      <system-out>{text}</system-out>")?;
        }
        out.write_all(b"    </testcase>\n")
    }
}

impl Shape for Junit {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"redisconf lint\">\n")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        let name = match &file.title {
            Some(title) => format!("{}: {title}", file.path),
            None => file.path.to_string(),
        };
        let failures = file.findings.iter().filter(|finding| finding.severity >= self.fail_on).count();
        let tests = file.findings.len().max(1);
        write!(out, "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\"", Xml(&name))?;
        out.write_all(b" errors=\"0\" skipped=\"0\" time=\"0\">\n")?;
        for finding in &file.findings {
            self.case(out, file, finding)?;
        }
        if file.findings.is_empty() {
            writeln!(out, "    <testcase name=\"clean\" classname=\"{}\" time=\"0\"/>", Xml(&file.path))?;
        }
        out.write_all(b"  </testsuite>\n")
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        out.write_all(b"</testsuites>\n")
    }
}
