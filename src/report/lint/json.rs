//! Our own formats for programs: one object, or one object a line.

use std::io::{self, Write};

use serde::Serialize;

use super::super::SCHEMA_VERSION;
use super::super::findings::{FindingLine, Verdict};
use super::file::{FileReport, JudgedAs, SuppressedLine};
use super::format::Shape;
use super::summary::Summary;

/// `{"schema_version":…,"command":"lint","files":[…],"summary":{…}}`, a configuration a line.
#[derive(Default)]
pub(super) struct Json {
    something: bool,
}

impl Shape for Json {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        write!(out, "{{\"schema_version\":{SCHEMA_VERSION},\"command\":\"lint\",\"files\":[")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        out.write_all(if self.something { b",\n" } else { b"\n" })?;
        self.something = true;
        Ok(serde_json::to_writer(out, file)?)
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        out.write_all(b"\n],\"summary\":")?;
        serde_json::to_writer(&mut *out, summary)?;
        out.write_all(b"}\n")
    }
}

/// Each line is whole in itself: a file, each of its findings, and last the summary.
pub(super) struct Jsonl;

#[derive(Serialize)]
struct Line<'a, T> {
    schema_version: u32,
    r#type: &'static str,
    #[serde(flatten)]
    what: &'a T,
}

/// A configuration without its findings, which have lines of their own.
#[derive(Serialize)]
struct FileLine<'a> {
    path: &'a str,
    title: Option<&'a str>,
    server: &'a JudgedAs,
    verdict: &'a Verdict,
    findings: usize,
    suppressed: usize,
}

/// A finding with the configuration it belongs to.
#[derive(Serialize)]
struct OfFile<'a, T> {
    path: &'a str,
    title: Option<&'a str>,
    #[serde(flatten)]
    line: &'a T,
}

impl Shape for Jsonl {
    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        let (path, title) = (&*file.path, file.title.as_deref());
        let (findings, suppressed) = (file.findings.len(), file.suppressed_count);
        let (server, verdict) = (&file.server, &file.verdict);
        line(out, "file", &FileLine { path, title, server, verdict, findings, suppressed })?;
        for finding in &file.findings {
            line(out, "finding", &OfFile::<FindingLine> { path, title, line: finding })?;
        }
        for suppressed in &file.suppressed {
            line(out, "suppressed", &OfFile::<SuppressedLine> { path, title, line: suppressed })?;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        line(out, "summary", summary)
    }
}

fn line(out: &mut dyn Write, r#type: &'static str, what: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &Line { schema_version: SCHEMA_VERSION, r#type, what })?;
    out.write_all(b"\n")
}
