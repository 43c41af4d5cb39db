//! The texts that a run is about: what the arguments name, less what is excluded.

use std::path::{Path, PathBuf};

use super::super::args::Lint;
use super::super::failure::Failure;
use super::super::subject::unreadable;
use super::super::terminal::read_stdin;
use super::super::walk::{Exclude, Found, walk};
use super::rulebook::Rulebook;
use crate::report;
use crate::source::{Files, Name};
use crate::syntax::embedded::{Kind, is_plausible};

/// A text to lint.
pub(super) enum Input {
    Stdin(Name, Vec<u8>),
    File(Found),
}

impl Input {
    pub(super) fn name(&self) -> Name {
        match self {
            Self::Stdin(name, _) => name.clone(),
            Self::File(found) => Name::File(found.path.clone()),
        }
    }

    pub(super) fn shown(&self) -> String {
        match self {
            Self::Stdin(name, _) => name.to_string(),
            Self::File(found) => report::shown_path(&found.path, Path::new("")),
        }
    }

    pub(super) fn read(&self, files: &dyn Files) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Stdin(_, text) => Ok(text.clone()),
            Self::File(found) => files.read(&found.path).map_err(unreadable),
        }
    }
}

/// What the arguments name.
pub(super) fn inputs(command: &Lint, book: &Rulebook) -> Result<Vec<Input>, Failure> {
    let here = [PathBuf::from(".")];
    let paths: &[PathBuf] = if command.paths.is_empty() { &here } else { &command.paths };
    let (stdin, paths): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| *path == Path::new("-"));
    let mut inputs = Vec::new();
    if !stdin.is_empty() {
        let name = command.stdin_filename.clone().map_or(Name::Stdin, Name::File);
        inputs.push(Input::Stdin(name, read_stdin()?));
    }
    let paths: Vec<PathBuf> = paths.into_iter().cloned().collect();
    let exclude = Exclude::new(&command.exclude, command.force_exclude || book.settings.force_exclude())?;
    let found = walk(&paths, &exclude, is_plausible)?.into_iter();
    let excluded =
        |found: &Found| (!found.named || exclude.named_too) && book.settings.is_excluded(&book.relative(&found.path));
    inputs.extend(found.filter(|found| !excluded(found)).map(Input::File));
    Ok(inputs)
}

/// What the name alone says of a text that is not recognised; `None` for what holds configurations and has none.
pub(super) fn named_kind(name: &Name) -> Option<Kind> {
    let Name::File(path) = name else { return Some(Kind::Conf) };
    match path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).as_deref() {
        Some("acl") => Some(Kind::Acl),
        Some("toml") => Some(Kind::Profile),
        Some("yaml" | "yml" | "service" | "sh" | "json" | "md") => None,
        Some(_) | None => (!path.to_string_lossy().contains("ockerfile")).then_some(Kind::Conf),
    }
}
