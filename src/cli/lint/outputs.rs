//! Where the results go: to standard output, and to files that are there whole or not at all.

#![expect(clippy::disallowed_methods, reason = "this is where results reach the disk")]

use std::io::BufWriter;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::super::failure::Failure;
use super::super::terminal::Terminal;
use crate::report::lint::{FileReport, Format, Output, Settings, Summary, Writer};

/// So many bytes are worth a write.
const ENOUGH: usize = 32 * 1024;

/// An output with its destination.
struct Open {
    writer: Writer,
    /// A file beside its place; `None` for standard output.
    file: Option<(BufWriter<NamedTempFile>, PathBuf)>,
}

/// All outputs of a run.
pub(super) struct Outputs {
    all: Vec<Open>,
    /// Whether standard output is for a mended text, so that what is said of it goes to standard error.
    gives_way: bool,
    /// What is to be printed.
    text: Vec<u8>,
}

impl Outputs {
    /// Opens what was asked for; without a word that is text for people.
    pub(super) fn open(asked: &[Output], settings: &Settings) -> Result<Self, Failure> {
        let plain = [Output { format: Format::Human, path: None }];
        let asked = if asked.is_empty() { &plain } else { asked };
        if asked.iter().filter(|output| output.path.is_none()).count() > 1 {
            return Err(Failure::new("two formats cannot share standard output")
                .help("send one to a file: `--output-format sarif=lint.sarif`"));
        }
        let open = |output: &Output| {
            let file = output.path.as_deref().map(beside).transpose()?;
            Ok(Open { writer: Writer::new(output.format, settings), file })
        };
        Ok(Self { all: asked.iter().map(open).collect::<Result<_, Failure>>()?, gives_way: false, text: Vec::new() })
    }

    /// No output.
    pub(super) fn none() -> Self {
        Self { all: Vec::new(), gives_way: false, text: Vec::new() }
    }

    /// Leaves standard output to a mended text.
    pub(super) fn give_way(&mut self) {
        self.gives_way = true;
    }

    pub(super) fn begin(&mut self) -> Result<(), Failure> {
        self.each(|writer, out| writer.begin(out))
    }

    /// Writes the reports of a file. Little of it is printed before [`Outputs::flush`], so that many files cost few writes.
    pub(super) fn files(&mut self, reports: &[FileReport], terminal: &mut Terminal) -> Result<(), Failure> {
        self.each(|writer, out| reports.iter().try_for_each(|report| writer.file(out, report)))?;
        if self.text.len() < ENOUGH { Ok(()) } else { self.flush(terminal) }
    }

    /// Prints what was written so far.
    pub(super) fn flush(&mut self, terminal: &mut Terminal) -> Result<(), Failure> {
        if self.gives_way {
            terminal.note(&String::from_utf8_lossy(&self.text))?;
        } else {
            terminal.print_bytes(&self.text)?;
        }
        self.text.clear();
        Ok(())
    }

    /// Writes what comes last, and puts files in their places.
    pub(super) fn end(mut self, summary: &Summary, terminal: &mut Terminal) -> Result<(), Failure> {
        self.each(|writer, out| writer.end(out, summary))?;
        self.flush(terminal)?;
        for open in self.all {
            let Some((file, path)) = open.file else { continue };
            let failed = |error: &std::io::Error| Failure::new(format!("cannot write `{}`: {error}", path.display()));
            let file = file.into_inner().map_err(|error| failed(error.error()))?;
            readable(file.as_file(), &path).map_err(|error| failed(&error))?;
            file.persist(&path).map_err(|error| failed(&error.error))?;
        }
        Ok(())
    }

    fn each(
        &mut self,
        mut write: impl FnMut(&mut Writer, &mut dyn std::io::Write) -> std::io::Result<()>,
    ) -> Result<(), Failure> {
        for open in &mut self.all {
            if let Some((file, path)) = &mut open.file {
                write(&mut open.writer, file)
                    .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))?;
            } else {
                write(&mut open.writer, &mut self.text)?;
            }
        }
        Ok(())
    }
}

fn beside(path: &Path) -> Result<(BufWriter<NamedTempFile>, PathBuf), Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let made = tempfile::Builder::new().prefix(".redisconf-").tempfile_in(folder);
    let file = made.map_err(|error| {
        Failure::new(format!("cannot write `{}`: {error}", path.display())).help("make the folder first")
    })?;
    Ok((BufWriter::new(file), path.to_owned()))
}

/// A report is for others to read, unless the file that it replaces was not.
#[cfg(unix)]
fn readable(file: &std::fs::File, path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let kept = std::fs::metadata(path).ok().map(|meta| meta.permissions().mode() & 0o7777);
    file.set_permissions(std::fs::Permissions::from_mode(kept.unwrap_or(0o644)))
}

#[cfg(not(unix))]
fn readable(_: &std::fs::File, _: &Path) -> std::io::Result<()> {
    Ok(())
}
