//! Findings with the lines they are about, and at the end what it all comes to.

use std::io::{self, Write};

use super::super::look::Role;
use super::escape::one_line;
use super::file::FileReport;
use super::format::{Settings, Shape};
use super::summary::Summary;

pub(super) struct Human {
    settings: Settings,
    /// Whether anything stands above the summary.
    something: bool,
}

impl Human {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone(), something: false }
    }
}

impl Shape for Human {
    fn file(&mut self, out: &mut dyn Write, file: &FileReport) -> io::Result<()> {
        if file.drawn.is_empty() {
            return Ok(());
        }
        if let Some(title) = &file.title {
            let heading = format!("{}: {}", one_line(&file.path), one_line(title));
            writeln!(out, "{}", self.settings.look.paint(Role::Aside, &heading))?;
        }
        self.something = true;
        out.write_all(file.drawn.as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
        if self.settings.quiet {
            return Ok(());
        }
        if self.something {
            out.write_all(b"\n")?;
        }
        out.write_all(summary.human(self.settings.look).as_bytes())
    }
}
