//! Writing files: whole or not at all, and not if nothing changes.

#![expect(clippy::disallowed_methods, reason = "this is where artefacts reach the disk")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use crate::render::Artefact;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is new.
    Created,
    /// It has other bytes now.
    Changed,
    /// It had these bytes already, and was not touched.
    Unchanged,
}

/// The bytes of a file; `None` if there is none.
pub(super) fn existing(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new(format!("cannot read `{}`: {error}", path.display()))),
    }
}

/// Writes an artefact beside its place and moves it there; a symbolic link stays one, owner and permissions stay.
pub(super) fn write(path: &Path, artefact: &Artefact) -> Result<Written, Failure> {
    match Staged::of(path, artefact)? {
        Some(staged) => staged.put(),
        None => Ok(Written::Unchanged),
    }
}

/// Writes several, each to its own path: first all are written beside their places, then all are moved there. If one cannot
/// be moved, those that were get their old bytes back.
pub(super) fn write_together(artefacts: &[Artefact]) -> Result<(), Failure> {
    let mut staged: Vec<Staged> = Vec::new();
    for artefact in artefacts {
        staged.extend(Staged::of(&artefact.path, artefact)?);
    }
    let mut done: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
    for one in staged {
        let (path, old) = (one.path.clone(), one.old.clone());
        if let Err(failure) = one.put() {
            for (path, old) in done {
                match old {
                    Some(text) => {
                        write(&path, &Artefact { path: path.clone(), text, mode: None, secret: false })?;
                    }
                    None => fs::remove_file(&path).map_err(|error| failed("take back", &path, &error))?,
                }
            }
            return Err(failure);
        }
        done.push((path, old));
    }
    Ok(())
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} `{}`: {error}", path.display())).help("nothing was changed there")
}

/// What is written beside its place and not yet moved there.
struct Staged {
    path: PathBuf,
    target: PathBuf,
    file: tempfile::NamedTempFile,
    old: Option<Vec<u8>>,
}

impl Staged {
    /// `None` if the file holds these bytes already.
    fn of(path: &Path, artefact: &Artefact) -> Result<Option<Self>, Failure> {
        let failed = |what: &str, error: &std::io::Error| failed(what, path, error);
        let old = existing(path)?;
        let mode = artefact.mode;
        if old.as_deref() == Some(artefact.text.as_slice()) && has_mode(path, mode) {
            return Ok(None);
        }
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            Some(_) | None => PathBuf::from("."),
        };
        fs::create_dir_all(&folder).map_err(|error| failed("make the folder of", &error))?;
        let mut file = tempfile::Builder::new()
            .prefix(".redisconf-")
            .tempfile_in(&folder)
            .map_err(|error| failed("write beside", &error))?;
        file.write_all(&artefact.text)
            .and_then(|()| file.as_file().sync_all())
            .map_err(|error| failed("write", &error))?;
        // First the owner: giving a file away takes permissions from it.
        keep_owner(file.as_file(), &target).map_err(|error| failed("keep the owner of", &error))?;
        set_permissions(file.as_file(), &target, mode).map_err(|error| failed("set the permissions of", &error))?;
        Ok(Some(Self { path: path.to_owned(), target, file, old }))
    }

    /// Moves it to its place.
    fn put(self) -> Result<Written, Failure> {
        self.file.persist(&self.target).map_err(|error| failed("replace", &self.path, &error.error))?;
        Ok(if self.old.is_some() { Written::Changed } else { Written::Created })
    }
}

#[cfg(unix)]
fn has_mode(path: &Path, mode: Option<u32>) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    mode.is_none_or(|mode| fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o777 == mode))
}

#[cfg(not(unix))]
fn has_mode(_: &Path, _: Option<u32>) -> bool {
    true
}

/// Gives the new file to the owner of the one it replaces: a server may read its own 0600 file, and root is about to write it.
#[cfg(unix)]
fn keep_owner(file: &fs::File, target: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let Ok(old) = fs::metadata(target) else { return Ok(()) };
    let new = file.metadata()?;
    let other = |old: u32, new: u32| (old != new).then_some(old);
    match (other(old.uid(), new.uid()), other(old.gid(), new.gid())) {
        (None, None) => Ok(()),
        (owner, group) => fchown(file, owner, group),
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &fs::File, _: &Path) -> std::io::Result<()> {
    Ok(())
}

/// The artefact's own permissions, else those of the file that is replaced, else what a new file gets.
#[cfg(unix)]
fn set_permissions(file: &fs::File, target: &Path, mode: Option<u32>) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let kept = fs::metadata(target).ok().map(|meta| meta.permissions().mode() & 0o7777);
    file.set_permissions(fs::Permissions::from_mode(mode.or(kept).unwrap_or(0o644)))
}

#[cfg(not(unix))]
fn set_permissions(_: &fs::File, _: &Path, _: Option<u32>) -> std::io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefact(text: &str, mode: Option<u32>) -> Artefact {
        Artefact { path: "x".into(), text: text.into(), mode, secret: false }
    }

    #[test]
    fn a_file_is_replaced_only_if_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.conf");
        assert_eq!(write(&path, &artefact("1", None)).unwrap(), Written::Created);
        assert_eq!(write(&path, &artefact("1", None)).unwrap(), Written::Unchanged);
        assert_eq!(write(&path, &artefact("2", None)).unwrap(), Written::Changed);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn several_files_are_written_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "1").unwrap();
        let to = |path: &Path, text: &str| Artefact { path: path.to_owned(), ..artefact(text, None) };
        // A folder cannot be read as a file, and cannot be replaced by one.
        fs::create_dir(&two).unwrap();
        assert!(write_together(&[to(&one, "2"), to(&two, "2")]).is_err());
        assert_eq!(fs::read_to_string(&one).unwrap(), "1");
        fs::remove_dir(&two).unwrap();
        write_together(&[to(&one, "2"), to(&two, "2")]).unwrap();
        assert_eq!((fs::read_to_string(&one).unwrap(), fs::read_to_string(&two).unwrap()), ("2".into(), "2".into()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "1").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        write(&link, &artefact("2", None)).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "2");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        write(&link, &artefact("2", Some(0o600))).unwrap();
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
    }
    /// Only root may give files away.
    #[cfg(unix)]
    #[test]
    fn the_owner_stays() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redis.conf");
        fs::write(&path, "1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let (owner, group) = if chown(&path, Some(12_345), Some(12_346)).is_ok() {
            (12_345, 12_346)
        } else {
            let meta = fs::metadata(&path).unwrap();
            (meta.uid(), meta.gid())
        };
        write(&path, &artefact("2", None)).unwrap();
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.uid(), meta.gid(), meta.permissions().mode() & 0o777), (owner, group, 0o600));
    }
}
