//! A page with a table of findings for each configuration.

use std::io::{self, Write};

use super::super::html::{foot, head};
use super::super::look::Look;
use super::escape::{Xml, one_line};
use super::file::FileReport;
use super::format::Shape;
use super::summary::Summary;

pub(super) struct Html;

impl Shape for Html {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(head("redisconf lint").as_bytes())?;
        out.write_all(b"<header><h1>redisconf lint</h1></header>\n<main id=\"content\">\n")
    }

    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        if file.findings.is_empty() {
            return Ok(());
        }
        let path = one_line(&file.path);
        let title = file.title.as_ref().map(|title| format!(": {}", one_line(title))).unwrap_or_default();
        let (path, title) = (Xml(&path), Xml(&title));
        writeln!(out, "<section><h2>{path}{title}</h2>")?;
        write!(out, "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"Findings in {path}{title}\">")?;
        writeln!(out, "<table><caption>Findings</caption>\n<thead><tr><th scope=\"col\">place</th>")?;
        writeln!(
            out,
            "<th scope=\"col\">severity</th><th scope=\"col\">rule</th><th scope=\"col\">what</th></tr></thead><tbody>"
        )?;
        for finding in &file.findings {
            let (at, severity) = (&finding.at, finding.severity.word());
            let (place, help) = (one_line(&at.file), finding.help.as_deref().unwrap_or_default());
            writeln!(
                out,
                "<tr><th scope=\"row\">{}:{}:{}</th><td><span class=\"tag {severity}\">{severity}</span></td>\
                 <td><code>{}</code></td><td>{}<br><span class=\"muted\">{}</span></td></tr>",
                Xml(&place),
                at.line,
                at.column,
                Xml(&finding.rule),
                Xml(&finding.message),
                Xml(help)
            )?;
        }
        out.write_all(b"</tbody></table></div></section>\n")
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        writeln!(out, "<pre>{}</pre></main>", Xml(&summary.human(Look::PLAIN)))?;
        out.write_all(foot().as_bytes())
    }
}
