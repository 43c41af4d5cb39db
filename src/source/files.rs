//! Where files come from: the disk, or a table in memory for tests and editors.

#![expect(clippy::disallowed_methods, reason = "this is where files are read")]

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Files larger than this are refused: 64 MiB. A configuration of a million lines has 30.
pub const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// Most configurations are read at once into so much; longer ones grow it.
const USUAL_FILE_BYTES: usize = 16 * 1024;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("cannot read `{}`: {}", path.display(), reason(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// More than [`MAX_FILE_BYTES`].
    #[error("cannot read `{}`: it is larger than 64 MiB, which no configuration is; name the file you mean", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
}

/// The system's reason, in words a user knows.
#[expect(clippy::wildcard_enum_match_arm, reason = "kinds of errors come and go with the standard library")]
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::IsADirectory => "it is a directory".into(),
        _ => error.to_string(),
    }
}

/// A place where files lie.
pub trait Files {
    /// The bytes of a file.
    ///
    /// # Errors
    /// [`FileError`] if it cannot be read or is too large.
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError>;

    /// The names in a directory, sorted by bytes; empty if it is none.
    fn names(&self, directory: &Path) -> Vec<String>;

    /// Whether a path is a directory.
    fn is_directory(&self, path: &Path) -> bool;
}

/// A place where one file holds another text than it does below.
pub struct Instead<'a> {
    /// The file, by any path that leads to it.
    pub path: &'a Path,
    /// What it holds.
    pub text: &'a [u8],
    /// Where all other files lie.
    pub below: &'a dyn Files,
}

impl Files for Instead<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let whole = |path: &Path| std::fs::canonicalize(path).ok();
        let is_it = path == self.path || whole(path).is_some_and(|path| whole(self.path) == Some(path));
        if is_it { Ok(self.text.to_vec()) } else { self.below.read(path) }
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        self.below.names(directory)
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.below.is_directory(path)
    }
}

/// The file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        let io = |source| FileError::Io { path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(io)?;
        let mut bytes = Vec::with_capacity(USUAL_FILE_BYTES);
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(FileError::TooLarge { path: path.to_owned() });
        }
        Ok(bytes)
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
        let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    fn is_directory(&self, path: &Path) -> bool {
        path.is_dir()
    }
}

/// A table of files.
#[derive(Clone, Debug, Default)]
pub struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    /// A table that holds these files.
    pub fn new<P: Into<PathBuf>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self(files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect())
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        self.0
            .get(path)
            .cloned()
            .ok_or_else(|| FileError::Io { path: path.to_owned(), source: io::Error::from(io::ErrorKind::NotFound) })
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let inside = self.0.keys().filter_map(|path| path.strip_prefix(directory).ok());
        let mut names: Vec<String> =
            inside.filter_map(|rest| rest.components().next()?.as_os_str().to_str().map(str::to_owned)).collect();
        names.dedup();
        names
    }

    fn is_directory(&self, path: &Path) -> bool {
        !self.0.contains_key(path) && !self.names(path).is_empty()
    }
}
