//! Checkstyle's XML, which Jenkins, reviewdog and others read.

use std::io::{self, Write};

use super::escape::Xml;
use super::file::FileReport;
use super::format::Shape;
use super::summary::Summary;
use crate::finding::Severity;

pub(super) struct Checkstyle;

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Fatal | Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

impl Shape for Checkstyle {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        // Findings of included files belong to those.
        for findings in file.findings.chunk_by(|one, next| one.at.file == next.at.file) {
            writeln!(out, "  <file name=\"{}\">", Xml(&findings[0].at.file))?;
            for finding in findings {
                let (line, column, severity) = (finding.at.line, finding.at.column, severity(finding.severity));
                let (message, rule) = (Xml(&finding.message), Xml(&finding.rule));
                write!(out, "    <error line=\"{line}\" column=\"{column}\" severity=\"{severity}\"")?;
                writeln!(out, " message=\"{message}\" source=\"redisconf.{rule}\"/>")?;
            }
            out.write_all(b"  </file>\n")?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, _: &Summary) -> io::Result<()> {
        out.write_all(b"</checkstyle>\n")
    }
}
