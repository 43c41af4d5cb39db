//! Files that others include or mount are judged where they are read, and not for themselves.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};

use memchr::memmem::Finder;

use crate::server;
use crate::source::{Files, Name, Sources};
use crate::syntax::conf;
use crate::syntax::embedded::{find, may_hold_servers, recognise};

use super::place::whole;
use super::subject::is_directive;

/// A text, or a part of one, that is judged where it is read, and not for itself; by the one path that it has on the disk.
pub(super) enum Read {
    /// A file that reads others, by the path that was used to reach it.
    By(PathBuf),
    /// A file that another one includes.
    Included(PathBuf),
    /// A file that a container mounts.
    Mounted(PathBuf),
    /// A value of a manifest that a container mounts, by the byte where it begins.
    Value(PathBuf, u32),
}

/// No more than so many bytes are kept of the files that were looked into, until they are judged: eight mebibytes.
const KEPT_BYTES: usize = 8 << 20;

/// Texts that were read to see what they include, and that wait to be judged.
#[derive(Default)]
pub(super) struct Texts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    texts: HashMap<PathBuf, Vec<u8>>,
    bytes: usize,
}

impl Texts {
    /// Keeps a text, if there is room.
    pub(super) fn keep(&self, path: &Path, mut text: Vec<u8>) {
        let Ok(mut kept) = self.0.lock() else { return };
        if kept.bytes + text.len() <= KEPT_BYTES {
            kept.bytes += text.len();
            text.shrink_to_fit();
            kept.texts.insert(path.to_owned(), text);
        }
    }

    /// Gives a text away; what is asked for again is read again.
    pub(super) fn take(&self, path: &Path) -> Option<Vec<u8>> {
        self.0.lock().ok()?.texts.remove(path)
    }
}

/// What a text reads from beside it.
pub(super) fn read_by(path: &Path, text: &[u8], files: &dyn Files) -> Vec<Read> {
    let mut all = mounted(path, text, files);
    all.extend(included(path, text, files));
    all
}

/// What includes are written as, looked for in every text.
static INCLUDES: LazyLock<[Finder<'static>; 2]> = LazyLock::new(|| ["nclude", "NCLUDE"].map(Finder::new));

fn included(path: &Path, text: &[u8], files: &dyn Files) -> Vec<Read> {
    if INCLUDES.iter().all(|include| include.find(text).is_none()) {
        return Vec::new();
    }
    let newest = *server::all().last().expect("there are catalogued servers");
    let reading = conf::read_template(Name::File(path.to_owned()), text, newest, files);
    let mut all: Vec<Read> = files_of(&reading.sources).skip(1).filter_map(whole).map(Read::Included).collect();
    if !all.is_empty() {
        all.push(Read::By(path.to_owned()));
    }
    all
}

/// What the servers in a text read, such as the files that a Compose file mounts.
fn mounted(path: &Path, text: &[u8], files: &dyn Files) -> Vec<Read> {
    if !may_hold_servers(path) {
        return Vec::new();
    }
    let name = Name::File(path.to_owned());
    let Some(kind) = recognise(&name, text, &is_directive) else { return Vec::new() };
    let newest = *server::all().last().expect("there are catalogued servers");
    let mut all = Vec::new();
    for one in find(&name, text, kind, &is_directive).embedded {
        let reading = one.read(newest, files);
        for (id, source) in reading.sources.iter().skip(1) {
            let Name::File(file) = source.name() else { continue };
            let Some(file) = whole(file) else { continue };
            let value = reading.regions.iter().find(|region| region.at.source == id);
            all.push(value.map_or(Read::Mounted(file.clone()), |value| Read::Value(file, value.at.start)));
        }
    }
    all
}

fn files_of(sources: &Sources) -> impl Iterator<Item = &PathBuf> {
    sources.iter().filter_map(|(_, source)| if let Name::File(path) = source.name() { Some(path) } else { None })
}

/// All that is judged where it is read.
#[derive(Default)]
pub(super) struct Taken {
    /// Who includes.
    including: BTreeSet<PathBuf>,
    included: BTreeSet<PathBuf>,
    mounted: BTreeSet<PathBuf>,
    values: BTreeSet<(PathBuf, u32)>,
    /// What was read for that.
    pub(super) texts: Texts,
}

impl Taken {
    pub(super) fn new(all: impl IntoIterator<Item = Read>, texts: Texts) -> Self {
        let mut taken = Self { texts, ..Self::default() };
        for read in all {
            match read {
                Read::By(file) => _ = taken.including.insert(file),
                Read::Included(file) => _ = taken.included.insert(file),
                Read::Mounted(file) => _ = taken.mounted.insert(file),
                Read::Value(file, start) => _ = taken.values.insert((file, start)),
            }
        }
        taken
    }

    /// Whether a whole file is read somewhere else. A file that includes itself stays a root.
    pub(super) fn holds(&self, path: &Path) -> bool {
        let nothing = self.included.is_empty() && self.mounted.is_empty();
        !nothing && whole(path).is_some_and(|path| self.included.contains(&path) || self.mounted.contains(&path))
    }

    /// Whether a file includes others.
    pub(super) fn includes(&self, path: &Path) -> bool {
        !self.including.is_empty() && self.including.contains(path)
    }

    /// Whether a container mounts a file, or a value in it.
    pub(super) fn is_mounted(&self, path: &Path) -> bool {
        let nothing = self.mounted.is_empty() && self.values.is_empty();
        let is_mounted =
            |path: PathBuf| self.mounted.contains(&path) || self.values.iter().any(|(file, _)| *file == path);
        !nothing && whole(path).is_some_and(is_mounted)
    }

    /// The values of a file that are read somewhere else, by the byte where they begin.
    pub(super) fn values_of(&self, path: &Path) -> BTreeSet<u32> {
        let whole = if self.values.is_empty() { None } else { whole(path) };
        let whole = whole.unwrap_or_default();
        self.values.iter().filter(|(file, _)| *file == whole).map(|(_, start)| *start).collect()
    }
}
