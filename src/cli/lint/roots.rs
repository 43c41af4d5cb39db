//! Files that others include are judged where they are included, and not for themselves.

#![expect(clippy::disallowed_methods, reason = "paths of different spelling must be compared on the disk")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::server;
use crate::source::{Disk, Name, Sources};
use crate::syntax::conf;
use crate::syntax::embedded::{find, may_hold_servers, recognise};

use super::subject::is_directive;

/// The files that a text includes, by the one path that each has on the disk.
pub(super) fn included(path: &Path, text: &[u8]) -> Vec<PathBuf> {
    if memchr::memmem::find(text, b"nclude").is_none() && memchr::memmem::find(text, b"NCLUDE").is_none() {
        return Vec::new();
    }
    let newest = *server::all().last().expect("there are catalogued servers");
    let reading = conf::read_template(Name::File(path.to_owned()), text, newest, &Disk);
    files_of(&reading.sources).skip(1).filter_map(|file| std::fs::canonicalize(file).ok()).collect()
}

/// What the servers in a text read from beside it, such as the files that a Compose file mounts: the one path that each
/// has on the disk, and for a ConfigMap in another manifest the byte where its value begins.
pub(super) fn mounted(path: &Path, text: &[u8]) -> Vec<(PathBuf, Option<u32>)> {
    if !may_hold_servers(path) {
        return Vec::new();
    }
    let name = Name::File(path.to_owned());
    let Some(kind) = recognise(&name, text, &is_directive) else { return Vec::new() };
    let newest = *server::all().last().expect("there are catalogued servers");
    let mut taken = Vec::new();
    for one in find(&name, text, kind, &is_directive).embedded {
        let reading = one.read(newest, &Disk);
        for (id, source) in reading.sources.iter().skip(1) {
            let Name::File(file) = source.name() else { continue };
            let Ok(file) = std::fs::canonicalize(file) else { continue };
            let block = reading.regions.iter().find(|region| region.at.source == id);
            taken.push((file, block.map(|block| block.at.start)));
        }
    }
    taken
}

fn files_of(sources: &Sources) -> impl Iterator<Item = &PathBuf> {
    sources.iter().filter_map(|(_, source)| if let Name::File(path) = source.name() { Some(path) } else { None })
}

/// What is judged where it is read, and not for itself.
#[derive(Default)]
pub(super) struct Taken {
    /// Whole files.
    files: BTreeSet<PathBuf>,
    /// Values in manifests, by the byte where they begin.
    blocks: BTreeSet<(PathBuf, u32)>,
}

impl Taken {
    pub(super) fn new(taken: impl IntoIterator<Item = (PathBuf, Option<u32>)>) -> Self {
        let mut all = Self::default();
        for (file, block) in taken {
            match block {
                None => _ = all.files.insert(file),
                Some(start) => _ = all.blocks.insert((file, start)),
            }
        }
        all
    }

    /// Whether a file is read somewhere else. A file that includes itself stays a root.
    pub(super) fn holds(&self, path: &Path) -> bool {
        !self.files.is_empty() && std::fs::canonicalize(path).is_ok_and(|whole| self.files.contains(&whole))
    }

    /// The values of a file that are read somewhere else, by the byte where they begin.
    pub(super) fn blocks_of(&self, path: &Path) -> BTreeSet<u32> {
        let whole = if self.blocks.is_empty() { None } else { std::fs::canonicalize(path).ok() };
        let whole = whole.unwrap_or_default();
        self.blocks.iter().filter(|(file, _)| *file == whole).map(|(_, start)| *start).collect()
    }
}
