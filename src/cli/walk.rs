//! Which files a command is about: those that are named, and those under the folders that are named.

#![expect(clippy::disallowed_methods, reason = "this is where folders are walked")]

use std::cmp::Ordering;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;

use super::failure::Failure;

/// A file to look at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    /// As it is reached.
    pub(super) path: PathBuf,
    /// Whether it was named, and not only found in a folder.
    pub(super) named: bool,
}

/// What to leave out.
#[derive(Clone, Debug, Default)]
pub(super) struct Exclude {
    /// Patterns over paths as they are shown.
    pub(super) patterns: GlobSet,
    /// Whether named files obey them too.
    pub(super) named_too: bool,
}

impl Exclude {
    /// What the patterns of `--exclude` match.
    pub(super) fn new(texts: &[String], named_too: bool) -> Result<Self, Failure> {
        let mut set = GlobSetBuilder::new();
        for text in texts {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            let wrong = |error: globset::Error| format!("`--exclude {text}` is no pattern: {}", error.kind());
            set.add(glob.map_err(|error| Failure::new(wrong(error)))?);
        }
        let unusable = |error| Failure::new(format!("the patterns of `--exclude` cannot be used: {error}"));
        Ok(Self { patterns: set.build().map_err(unusable)?, named_too })
    }

    fn hits(&self, path: &Path, named: bool) -> bool {
        (!named || self.named_too) && self.patterns.is_match(path.strip_prefix("./").unwrap_or(path))
    }
}

/// The files, sorted by path. Folders are walked as git would, hidden files included; `plausible` says by its path
/// whether a file is worth opening.
pub(super) fn walk(
    paths: &[PathBuf],
    exclude: &Exclude,
    plausible: impl Fn(&Path) -> bool,
) -> Result<Vec<Found>, Failure> {
    let mut found = Vec::new();
    for path in paths {
        if !path.is_dir() {
            if !exclude.hits(path, true) {
                found.push(Found { path: path.clone(), named: true });
            }
            continue;
        }
        let is_git = |name: &std::ffi::OsStr| name == ".git";
        let mut walk = WalkBuilder::new(path);
        walk.hidden(false).require_git(false).filter_entry(move |entry| !is_git(entry.file_name()));
        for entry in walk.build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => return Err(Failure::new(format!("cannot walk `{}`: {error}", path.display()))),
            };
            let is_file = entry.file_type().is_some_and(|kind| !kind.is_dir());
            if is_file && plausible(entry.path()) && !exclude.hits(entry.path(), false) {
                found.push(Found { path: shortest(entry.into_path()), named: false });
            }
        }
    }
    found.sort_unstable_by(|a, b| in_order(&a.path, &b.path).then(a.named.cmp(&b.named)));
    // A file that is named and found counts as named.
    found.dedup_by(|next, first| {
        let same = next.path == first.path;
        first.named |= same && next.named;
        same
    });
    Ok(found)
}

/// The order of paths, part by part: a separator comes before whatever else a name may go on with. Thousands of paths are
/// compared, so they are not taken apart for it.
fn in_order(one: &Path, other: &Path) -> Ordering {
    let rank = |byte: &u8| if std::path::is_separator(char::from(*byte)) { 0 } else { *byte };
    let [one, other] = [one, other].map(|path| path.as_os_str().as_encoded_bytes());
    one.iter().map(rank).cmp(other.iter().map(rank))
}

/// `./x` is `x`.
fn shortest(path: PathBuf) -> PathBuf {
    match path.strip_prefix("./") {
        Ok(rest) if rest.components().next().is_some() => rest.to_owned(),
        Ok(_) | Err(_) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_in_the_order_of_their_parts() {
        let paths = ["a", "a/b", "a/b/c", "a/b.conf", "a/ü", "a.conf", "a b", "a-b/c", "A", "/a", "../a", "b"];
        for one in paths.map(Path::new) {
            for other in paths.map(Path::new).into_iter().filter(|other| one.is_relative() == other.is_relative()) {
                assert_eq!(in_order(one, other), one.cmp(other), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn folders_are_walked_as_git_would() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str| {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        for path in ["a/redis.conf", "a/.hidden/b.conf", "vendor/c.conf", ".git/config.conf", "d.txt"] {
            put(path);
        }
        std::fs::write(folder.path().join(".gitignore"), "vendor/\n").unwrap();
        let conf = |path: &Path| path.extension().is_some_and(|e| e == "conf");
        let paths = [folder.path().to_owned(), folder.path().join("d.txt")];
        let found = walk(&paths, &Exclude::default(), conf).unwrap();
        let names: Vec<_> =
            found.iter().map(|f| f.path.strip_prefix(folder.path()).unwrap().display().to_string()).collect();
        assert_eq!(names, ["a/.hidden/b.conf", "a/redis.conf", "d.txt"]);
    }
}
