//! `redisconf fmt`: the one spelling of a text, for files and folders.

use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;

use super::Exit;
use super::args::{Fmt, Format, Global};
use super::failure::Failure;
use super::subject::unreadable;
use super::terminal::{Terminal, read_stdin};
use super::walk::{Exclude, Found, walk};
use super::write::write_over;
use crate::catalog::View;
use crate::config::Visible;
use crate::format::{self, Formatted, LeftAlone};
use crate::render::Artefact;
use crate::report::{self, Look, Role, Side};
use crate::server::{self, Server};
use crate::source::{Disk, Files as _, Name, SourceId};
use crate::syntax::conf;

/// What became of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Status {
    Formatted,
    WouldFormat,
    Unchanged,
    LeftAlone,
}

impl Status {
    fn words(self) -> &'static str {
        match self {
            Self::Formatted => "formatted",
            Self::WouldFormat => "would format",
            Self::Unchanged => "unchanged",
            Self::LeftAlone => "left alone",
        }
    }
}

/// One line of the result.
#[derive(Debug, Serialize)]
struct Line {
    path: String,
    status: Status,
    /// How many lines, or values of a profile, differ.
    changes: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What differs, for people.
    #[serde(skip)]
    diff: String,
}

/// The result.
#[derive(Debug, Serialize)]
struct Lines {
    files: Vec<Line>,
}

pub(super) fn run(command: &Fmt, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.paths.iter().any(|path| path == Path::new("-")) {
        return stdin(command, global, terminal);
    }
    let found = found(command)?;
    let one = |found: &Found| file(found, command, terminal.look);
    let results: Vec<Result<Option<Line>, Failure>> = found.par_iter().map(one).collect();
    let mut lines = Lines { files: Vec::new() };
    let mut failed = false;
    for result in results {
        match result {
            Ok(line) => lines.files.extend(line),
            Err(failure) => {
                failed = true;
                terminal.complain(&failure)?;
            }
        }
    }
    let exit = tell(&lines, global, terminal)?;
    Ok(if failed { Exit::Usage } else { exit })
}

/// The files that the arguments name.
fn found(command: &Fmt) -> Result<Vec<Found>, Failure> {
    let here = [PathBuf::from(".")];
    let paths: &[PathBuf] = if command.paths.is_empty() { &here } else { &command.paths };
    let plausible = |path: &Path| path.extension().is_some_and(|extension| extension == "conf");
    let found = walk(paths, &Exclude::default(), plausible)?;
    if found.is_empty() {
        return Err(Failure::new("no configuration was found").help("name a file or another folder"));
    }
    Ok(found)
}

/// Formats one file; `None` if it is none of ours and nobody named it.
fn file(found: &Found, command: &Fmt, look: Look) -> Result<Option<Line>, Failure> {
    let text = Disk.read(&found.path).map_err(unreadable)?;
    let formatted = match formatted(&found.path, &text, command.server) {
        Err(LeftAlone::Foreign | LeftAlone::Users) if !found.named => return Ok(None),
        Err(why) => return left_alone(shown(&found.path), why).map(Some),
        Ok(formatted) => formatted,
    };
    let line = line(&found.path, &text, &formatted, command, look);
    if line.status == Status::Formatted {
        let artefact = Artefact { path: found.path.clone(), text: formatted.text, mode: None, secret: true };
        write_over(&found.path, &text, &artefact)?;
    }
    Ok(Some(line))
}

fn formatted(path: &Path, text: &[u8], server: Option<Server>) -> Result<Formatted, LeftAlone> {
    if is_profile(path) { format::profile(text) } else { format::conf(text, server) }
}

fn is_profile(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn left_alone(path: String, why: LeftAlone) -> Result<Line, Failure> {
    if let LeftAlone::Unproven(_) = why {
        return Err(Failure::new(format!("`{path}` was left alone: {}", why.reason())));
    }
    Ok(Line { path, status: Status::LeftAlone, changes: 0, reason: Some(why.reason()), diff: String::new() })
}

fn line(path: &Path, old: &[u8], new: &Formatted, command: &Fmt, look: Look) -> Line {
    let status = match (new.edits.is_empty(), command.check || command.diff) {
        (true, _) => Status::Unchanged,
        (false, true) => Status::WouldFormat,
        (false, false) => Status::Formatted,
    };
    let diff =
        if command.diff && status != Status::Unchanged { difference(path, old, new, look) } else { String::new() };
    Line { path: shown(path), status, changes: new.edits.len(), reason: None, diff }
}

/// A path as results show it.
fn shown(path: &Path) -> String {
    report::shown_path(path, Path::new(""))
}

/// What differs, with every word masked that may not be shown.
fn difference(path: &Path, old: &[u8], new: &Formatted, look: Look) -> String {
    let newest = *server::all().last().expect("there are catalogued servers");
    let read = |text: &[u8]| conf::read_alone(Name::Stdin, text, newest);
    let (before, after) = (read(old), read(&new.text));
    // Of a profile only the edits themselves are known to hold no secret.
    let (seen_before, seen_after) = if is_profile(path) {
        (Visible::only(new.edits.iter().map(|edit| edit.at)), Visible::only(new.places()))
    } else {
        (Visible::of(&before, View::of(newest)), Visible::of(&after, View::of(newest)))
    };
    let before = Side { source: before.sources.get(SourceId::ROOT), visible: &seen_before };
    let after = Side { source: after.sources.get(SourceId::ROOT), visible: &seen_after };
    report::difference(&shown(path), before, after, &new.edits, look)
}

/// Standard input goes to standard output.
fn stdin(command: &Fmt, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.paths.len() > 1 {
        return Err(Failure::new("standard input is formatted alone").help("name `-` or files, not both"));
    }
    let text = read_stdin()?;
    let path = command.stdin_filename.clone().unwrap_or_else(|| PathBuf::from("<stdin>"));
    let (line, new) = match formatted(&path, &text, command.server) {
        Ok(formatted) => (line(&path, &text, &formatted, command, terminal.look), formatted.text),
        Err(why) => (left_alone(shown(&path), why)?, text),
    };
    if command.check || command.diff {
        return tell(&Lines { files: vec![line] }, global, terminal);
    }
    if let Some(reason) = &line.reason {
        terminal.note(&format!("{}  {}: {reason}\n", line.status.words(), line.path))?;
    }
    terminal.print_bytes(&new)?;
    Ok(Exit::Done)
}

/// Prints what became of the files; what would change makes the exit code 1.
fn tell(lines: &Lines, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let count = |status: Status| lines.files.iter().filter(|line| line.status == status).count();
    let exit = if count(Status::WouldFormat) > 0 { Exit::Found } else { Exit::Done };
    if global.format() == Format::Json {
        terminal.print(&report::json("fmt", lines))?;
        return Ok(exit);
    }
    for line in &lines.files {
        let words = format!("{:<12}", line.status.words());
        let changes = if line.changes == 1 { "1 line".to_owned() } else { format!("{} lines", line.changes) };
        match line.status {
            Status::WouldFormat if line.diff.is_empty() => {
                terminal.print(&format!("{words}  {}  ({changes})\n", line.path))?;
            }
            Status::WouldFormat => terminal.print(&line.diff)?,
            Status::Formatted if !global.quiet => terminal.note(&format!("{words}  {}  ({changes})\n", line.path))?,
            Status::LeftAlone if !global.quiet => {
                terminal.note(&format!("{words}  {}: {}\n", line.path, line.reason.as_deref().unwrap_or_default()))?;
            }
            Status::Formatted | Status::LeftAlone | Status::Unchanged => {}
        }
    }
    if !global.quiet {
        let statuses = [Status::Formatted, Status::WouldFormat, Status::Unchanged, Status::LeftAlone];
        let counted = statuses.into_iter().filter(|status| count(*status) > 0);
        let words: Vec<String> = counted.map(|status| format!("{} {}", count(status), status.words())).collect();
        terminal.note(&format!("{}\n", terminal.err_look.paint(Role::Aside, &words.join(" · "))))?;
    }
    Ok(exit)
}
