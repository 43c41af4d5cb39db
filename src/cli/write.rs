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
    let failed = |what: &str, error: &std::io::Error| {
        Failure::new(format!("cannot {what} `{}`: {error}", path.display())).help("nothing was changed there")
    };
    let old = existing(path)?;
    let mode = artefact.mode;
    if old.as_deref() == Some(artefact.text.as_slice()) && has_mode(path, mode) {
        return Ok(Written::Unchanged);
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
    file.write_all(&artefact.text).and_then(|()| file.as_file().sync_all()).map_err(|error| failed("write", &error))?;
    // First the owner: giving a file away takes permissions from it.
    keep_owner(file.as_file(), &target).map_err(|error| failed("keep the owner of", &error))?;
    set_permissions(file.as_file(), &target, mode).map_err(|error| failed("set the permissions of", &error))?;
    file.persist(&target).map_err(|error| failed("replace", &error.error))?;
    Ok(if old.is_some() { Written::Changed } else { Written::Created })
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
