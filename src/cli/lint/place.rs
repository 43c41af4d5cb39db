//! What is known of a file from where it lies: its permissions, and whether it is kept in version control.

#![expect(clippy::disallowed_methods, reason = "this is where the place of files is looked at")]

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use crate::facts::{self, Facts, Said};
use crate::source::{SourceId, Span};

/// Folders that were looked at, and whether they lie in a working tree.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<HashMap<OsString, bool>>);

impl Places {
    /// The facts of a file.
    ///
    /// In version control permissions say nothing: git keeps only whether a file may be run.
    pub(super) fn facts(&self, path: &Path) -> Facts {
        let mut known = Facts::default();
        let nowhere = Span { source: SourceId::ROOT, start: 0, end: 0 };
        let mut learn = |name: &str, said: Said| {
            known.learn(facts::definition(name).expect("it is in the closed list"), said, nowhere);
        };
        let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if self.is_in_working_tree(folder) {
            learn("version-control", Said::Word("yes"));
        } else if let Some(mode) = mode(path) {
            learn("file-mode", Said::Permissions(mode));
        }
        known
    }

    fn is_in_working_tree(&self, folder: &Path) -> bool {
        let known = |folders: &HashMap<OsString, bool>| folders.get(folder.as_os_str()).copied();
        if let Some(known) = self.0.lock().ok().as_deref().and_then(known) {
            return known;
        }
        let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
        let found = whole.ancestors().any(|above| above.join(".git").exists());
        if let Ok(mut folders) = self.0.lock() {
            folders.insert(folder.as_os_str().to_owned(), found);
        }
        found
    }
}

/// The one path that a file has on the disk, whatever leads to it; `None` if it is not there.
pub(super) fn whole(path: impl AsRef<Path>) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// The working directory; nothing if it is gone.
pub(super) fn here() -> PathBuf {
    std::path::absolute(".").unwrap_or_default()
}

/// The way from the root of the working tree to the working directory; nothing outside of one.
pub(super) fn prefix() -> String {
    let here = here();
    let root = here.ancestors().find(|folder| folder.join(".git").exists());
    let inside = root.and_then(|root| here.strip_prefix(root).ok());
    inside.map(|inside| inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")).unwrap_or_default()
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(std::fs::metadata(path).ok()?.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}
