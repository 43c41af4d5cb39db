//! One line a finding, which editors and `grep` follow.

use std::io::{self, Write};

use super::super::look::{Look, Role};
use super::escape::one_line;
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::summary::Summary;

pub(super) struct Concise {
    look: Look,
}

impl Concise {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { look: settings.look }
    }
}

impl Shape for Concise {
    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        for finding in &file.findings {
            let (path, at) = (one_line(&finding.at.file), &finding.at);
            let (rule, message) = (&finding.rule, &finding.message);
            if self.look.colour {
                let place = self.look.paint(Role::Place, &format!("{path}:{}:{}", at.line, at.column));
                let severity = self.look.paint(Role::Severity(finding.severity), finding.severity.word());
                writeln!(out, "{place}: {severity}[{rule}] {message}")?;
            } else {
                writeln!(out, "{path}:{}:{}: {}[{rule}] {message}", at.line, at.column, finding.severity)?;
            }
        }
        Ok(())
    }

    /// Nothing: each line is a finding.
    fn end(&mut self, _: &mut dyn Write, _: &Summary) -> io::Result<()> {
        Ok(())
    }
}
