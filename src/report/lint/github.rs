//! Workflow commands: what GitHub Actions make annotations of.
//!
//! GitHub shows ten annotations of each level a step; what is more is written as plain lines, and counted. Each message
//! repeats the place, for the log shows nothing else of a command. A line never begins with a path, which could be a command.

use std::io::{self, Write};

use super::super::findings::FindingLine;
use super::super::look::Look;
use super::escape::{CommandData, CommandProperty, one_line};
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::summary::Summary;
use crate::finding::Severity;

/// Annotations of one level that a step may have.
const SHOWN: usize = 10;

pub(super) struct Github {
    settings: Settings,
    /// Findings so far of each level: error, warning, notice.
    counts: [usize; 3],
}

impl Github {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), counts: [0; 3] }
    }

    fn command(&self, out: &mut dyn Write, level: usize, finding: &FindingLine) -> io::Result<()> {
        write!(out, "::{} ", LEVELS[level])?;
        if let Some(path) = in_repository(&self.settings.prefix, &finding.at.file) {
            let (line, end_line) = (finding.at.line, finding.end_line);
            write!(out, "file={},line={line},endLine={end_line},", CommandProperty(&path))?;
            // Columns across lines make GitHub drop the annotation.
            if line == end_line {
                let column = finding.at.column;
                write!(out, "col={column},endColumn={},", finding.end_column.max(column))?;
            }
        }
        let title = format!("redisconf {}", finding.rule);
        let mut text = words(finding);
        if let Some(help) = &finding.help {
            text.push_str("\nhelp: ");
            text.push_str(help);
        }
        writeln!(out, "title={}::{}", CommandProperty(&title), CommandData(&text))
    }
}

const LEVELS: [&str; 3] = ["error", "warning", "notice"];

fn level(severity: Severity) -> usize {
    match severity {
        Severity::Fatal | Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    }
}

/// `path:line:column: severity[rule] message`.
fn words(finding: &FindingLine) -> String {
    let (path, at) = (one_line(&finding.at.file), &finding.at);
    format!("{path}:{}:{}: {}[{}] {}", at.line, at.column, finding.severity, finding.rule, finding.message)
}

/// A path from the root of the repository; `None` for what is no file.
pub(super) fn in_repository(prefix: &str, path: &str) -> Option<String> {
    if path.starts_with('<') && path.ends_with('>') {
        return None;
    }
    if prefix.is_empty() || path.starts_with('/') {
        return Some(path.to_owned());
    }
    let mut folders: Vec<&str> = prefix.split('/').filter(|folder| !folder.is_empty()).collect();
    let mut rest = path;
    while let Some(outside) = rest.strip_prefix("../") {
        if folders.pop().is_none() {
            return Some(path.to_owned());
        }
        rest = outside;
    }
    folders.push(rest);
    Some(folders.join("/"))
}

impl Shape for Github {
    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        for finding in &file.findings {
            let level = level(finding.severity);
            self.counts[level] += 1;
            if self.counts[level] <= SHOWN {
                self.command(out, level, finding)?;
            } else {
                writeln!(out, "{}: {}", LEVELS[level], words(finding))?;
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        for (level, count) in LEVELS.iter().zip(self.counts) {
            if count > SHOWN {
                let more = count - SHOWN;
                writeln!(
                    out,
                    "{more} more of level {level} stand in this log only: GitHub shows {SHOWN} of each level"
                )?;
            }
        }
        if !self.settings.quiet {
            out.write_all(summary.human(Look::PLAIN).as_bytes())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_repository() {
        let from = |prefix: &str, path: &str| in_repository(prefix, path).unwrap_or_default();
        assert_eq!(from("", "a/redis.conf"), "a/redis.conf");
        assert_eq!(from("services/cache", "redis.conf"), "services/cache/redis.conf");
        assert_eq!(from("services/cache", "../redis.conf"), "services/redis.conf");
        assert_eq!(from("services", "../../redis.conf"), "../../redis.conf");
        assert_eq!(from("services", "/etc/redis.conf"), "/etc/redis.conf");
        assert_eq!(from("services", "<stdin>"), "");
    }
}
