//! Files that others include are judged where they are included, and not for themselves.

#![expect(clippy::disallowed_methods, reason = "paths of different spelling must be compared on the disk")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::server;
use crate::source::{Disk, Name, Sources};
use crate::syntax::conf;

/// The files that a text includes, by the one path that each has on the disk.
pub(super) fn included(path: &Path, text: &[u8]) -> Vec<PathBuf> {
    if memchr::memmem::find(text, b"nclude").is_none() && memchr::memmem::find(text, b"NCLUDE").is_none() {
        return Vec::new();
    }
    let newest = *server::all().last().expect("there are catalogued servers");
    let reading = conf::read_template(Name::File(path.to_owned()), text, newest, &Disk);
    files_of(&reading.sources).skip(1).filter_map(|file| std::fs::canonicalize(file).ok()).collect()
}

fn files_of(sources: &Sources) -> impl Iterator<Item = &PathBuf> {
    sources.iter().filter_map(|(_, source)| if let Name::File(path) = source.name() { Some(path) } else { None })
}

/// Whether a file is among those that are included somewhere. A file that includes itself stays a root.
pub(super) fn is_included(path: &Path, included: &BTreeSet<PathBuf>) -> bool {
    !included.is_empty() && std::fs::canonicalize(path).is_ok_and(|whole| included.contains(&whole))
}
