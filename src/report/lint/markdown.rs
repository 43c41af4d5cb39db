//! Markdown: a list of findings for a comment, a page or the summary of a CI job.

use std::io::{self, Write};

use super::super::look::Look;
use super::escape::{Prose, one_line};
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::summary::Summary;

pub(super) struct Markdown {
    quiet: bool,
}

impl Markdown {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { quiet: settings.quiet }
    }
}

impl Shape for Markdown {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"## redisconf lint\n")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        if file.findings.is_empty() {
            return Ok(());
        }
        write!(out, "\n### {}", Prose(&one_line(&file.path)))?;
        if let Some(title) = &file.title {
            write!(out, ": {}", Prose(&one_line(title)))?;
        }
        out.write_all(b"\n\n")?;
        for finding in &file.findings {
            let (at, path) = (&finding.at, one_line(&finding.at.file));
            let place = if at.file == file.path { String::new() } else { format!("{} ", Prose(&path)) };
            write!(out, "- {place}line {}: **{}** `{}` ", at.line, finding.severity, finding.rule)?;
            write!(out, "{}", Prose(&finding.message))?;
            if let Some(help) = &finding.help {
                write!(out, "  \n  → {}", Prose(help))?;
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        if !self.quiet {
            let text = summary.human(Look::PLAIN);
            out.write_all(b"\n")?;
            for line in text.lines() {
                writeln!(out, "{}  ", Prose(line))?;
            }
        }
        Ok(())
    }
}
