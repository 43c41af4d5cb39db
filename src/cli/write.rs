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

/// The same over a file that was read before, and only if it still holds what it held then: somebody may have saved it
/// meanwhile.
pub(super) fn write_over(path: &Path, was: &[u8], artefact: &Artefact) -> Result<Written, Failure> {
    let Some(staged) = Staged::of(path, artefact)? else { return Ok(Written::Unchanged) };
    staged.is_over(was)?;
    staged.put()
}

/// One of several files that are written together.
pub(super) struct Together<'a> {
    pub(super) artefact: Artefact,
    /// What it held when it was read, and must hold still; `None` where it was not read.
    pub(super) was: Option<&'a [u8]>,
}

/// Writes several, each to its own path: first all are written beside their places, then all are moved there. If one cannot
/// be moved, those that were get their old bytes back.
pub(super) fn write_together(all: &[Together<'_>]) -> Result<(), Failure> {
    let mut staged: Vec<Staged> = Vec::new();
    for Together { artefact, was } in all {
        if let Some(one) = Staged::of(&artefact.path, artefact)? {
            was.map_or(Ok(()), |was| one.is_over(was))?;
            staged.push(one);
        }
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

/// As many links as are followed to a file that is not there yet; systems follow 40.
const MOST_LINKS: usize = 40;

/// Where a path leads. A link to what is not there yet leads to where that will be.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(whole) = fs::canonicalize(&path) {
            return whole;
        }
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
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
        let target = behind_links(path);
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

    /// An error if it would replace other bytes than these.
    fn is_over(&self, was: &[u8]) -> Result<(), Failure> {
        if self.old.as_deref() == Some(was) {
            return Ok(());
        }
        let message = format!("`{}` was changed by somebody else while it was read", self.path.display());
        Err(Failure::new(message).help("run the command again; nothing was changed there"))
    }

    /// Moves it to its place.
    fn put(self) -> Result<Written, Failure> {
        self.file.persist(&self.target).map_err(|error| failed("replace", &self.path, &error.error))?;
        Ok(if self.old.is_some() { Written::Changed } else { Written::Created })
    }
}

/// Writes a folder of files, by their paths in it: beside its place and moved there, all of them or none.
///
/// A folder that holds anything is left alone, unless it holds the same already; with `force` what is called as one of
/// `ours` is replaced, if nothing else is there but a repository and what was rendered.
pub(super) fn write_folder(
    folder: &Path,
    files: &[(String, String)],
    ours: &[&str],
    force: bool,
) -> Result<Written, Failure> {
    let failed = |what: &str, error: &std::io::Error| {
        Failure::new(format!("cannot {what} `{}`: {error}", folder.display())).help("nothing was changed there")
    };
    let old = match fs::read_dir(folder) {
        Ok(entries) => {
            let names: std::io::Result<Vec<_>> = entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
            Some(names.map_err(|error| failed("read", &error))?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("write into", &error)),
    };
    let held: Vec<_> = old.iter().flatten().cloned().collect();
    if !held.is_empty() {
        if holds(folder, files, ours) {
            return Ok(Written::Unchanged);
        }
        if !force {
            return Err(Failure::new(format!("`{}` is there already, and is not empty", folder.display()))
                .help("choose another folder, or replace a project there with `--force`; nothing was written"));
        }
        let other = held.iter().find(|name| !ours.iter().chain(&[".git", "out"]).any(|known| *name == *known));
        if let Some(other) = other {
            let message = format!("`{}` holds more than a project: `{}`", folder.display(), other.display());
            return Err(Failure::new(message).help("choose another folder; nothing was written"));
        }
    }
    let parent = match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    };
    let beside = if old.is_some() { folder } else { &parent };
    fs::create_dir_all(beside).map_err(|error| failed("make the folder of", &error))?;
    let room = tempfile::Builder::new().prefix(".redisconf-").tempdir_in(beside);
    let room = room.map_err(|error| failed("write beside", &error))?;
    let (new, gone) = (room.path().join("new"), room.path().join("old"));
    for (path, text) in files {
        let path = new.join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| failed("write", &error))?;
    }
    if old.is_none() {
        fs::rename(&new, folder).map_err(|error| failed("write", &error))?;
        return Ok(Written::Created);
    }
    fs::create_dir(&gone).map_err(|error| failed("write", &error))?;
    if let Err(error) = exchange(folder, &new, &gone, ours) {
        return Err(failed("replace what is in", &error));
    }
    Ok(if held.is_empty() { Written::Created } else { Written::Changed })
}

/// Whether a folder holds these files under our names, and no others there.
fn holds(folder: &Path, files: &[(String, String)], ours: &[&str]) -> bool {
    let same = |(path, text): &(String, String)| fs::read(folder.join(path)).is_ok_and(|old| old == text.as_bytes());
    let count = |path: PathBuf| match fs::read_dir(&path) {
        Ok(entries) => entries.count(),
        Err(_) => usize::from(path.is_file()),
    };
    files.iter().all(same) && ours.iter().map(|name| count(folder.join(name))).sum::<usize>() == files.len()
}

/// Moves what is called as one of `ours` out of a folder, and the new ones in; back again if one cannot be moved.
fn exchange(folder: &Path, new: &Path, gone: &Path, ours: &[&str]) -> std::io::Result<()> {
    let mut moved: Vec<(PathBuf, PathBuf)> = Vec::new();
    let steps = ours.iter().map(|name| (folder.join(name), gone.join(name)));
    let steps = steps.chain(ours.iter().map(|name| (new.join(name), folder.join(name))));
    for (from, to) in steps.collect::<Vec<_>>() {
        if !from.exists() {
            continue;
        }
        if let Err(error) = fs::rename(&from, &to) {
            for (from, to) in moved.iter().rev() {
                fs::rename(to, from)?;
            }
            return Err(error);
        }
        moved.push((from, to));
    }
    Ok(())
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
    fn what_somebody_saved_meanwhile_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.conf");
        fs::write(&path, "saved meanwhile").unwrap();
        let refused = write_over(&path, b"as it was read", &artefact("2", None)).unwrap_err();
        assert!(refused.to_string().contains("was changed by somebody else"), "{refused}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "saved meanwhile");
        assert_eq!(write_over(&path, b"saved meanwhile", &artefact("2", None)).unwrap(), Written::Changed);
        fs::remove_file(&path).unwrap();
        assert!(write_over(&path, b"2", &artefact("3", None)).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn several_files_are_written_together_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (folder.path().join("one"), folder.path().join("two"));
        fs::write(&one, "1").unwrap();
        let to = |path: &Path, text: &str| Together {
            artefact: Artefact { path: path.to_owned(), ..artefact(text, None) },
            was: None,
        };
        let over = |path: &Path, text: &str, was: &'static [u8]| Together { was: Some(was), ..to(path, text) };
        // A folder cannot be read as a file, and cannot be replaced by one.
        fs::create_dir(&two).unwrap();
        assert!(write_together(&[to(&one, "2"), to(&two, "2")]).is_err());
        assert_eq!(fs::read_to_string(&one).unwrap(), "1");
        fs::remove_dir(&two).unwrap();
        write_together(&[to(&one, "2"), to(&two, "2")]).unwrap();
        assert_eq!((fs::read_to_string(&one).unwrap(), fs::read_to_string(&two).unwrap()), ("2".into(), "2".into()));
        assert!(write_together(&[to(&one, "3"), over(&two, "3", b"1")]).is_err(), "somebody saved the second");
        assert_eq!(fs::read_to_string(&one).unwrap(), "2");
        write_together(&[over(&one, "3", b"2"), over(&two, "3", b"2")]).unwrap();
        assert_eq!(fs::read_to_string(&one).unwrap(), "3");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_is_written_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/fleet");
        let files = |n: &str| vec![("p.toml".to_owned(), n.to_owned()), ("i/x.toml".to_owned(), n.to_owned())];
        let put = |n: &str, force| write_folder(&path, &files(n), &["i", "p.toml"], force);
        assert_eq!(put("1", false).unwrap(), Written::Created);
        assert_eq!(put("1", false).unwrap(), Written::Unchanged);
        assert!(put("2", false).is_err());
        fs::write(path.join("i/old.toml"), "").unwrap();
        assert_eq!(put("2", true).unwrap(), Written::Changed);
        let read = |name: &str| fs::read_to_string(path.join(name));
        assert_eq!((read("p.toml").unwrap().as_str(), read("i/old.toml").is_err()), ("2", true));
        fs::write(path.join("notes.txt"), "mine").unwrap();
        assert!(put("3", true).is_err());
        assert_eq!((read("i/x.toml").unwrap().as_str(), read("notes.txt").unwrap().as_str()), ("2", "mine"));
        assert_eq!(fs::read_dir(&path).unwrap().count(), 3);
        let empty = folder.path().join("empty");
        fs::create_dir(&empty).unwrap();
        assert_eq!(write_folder(&empty, &files("1"), &["i", "p.toml"], false).unwrap(), Written::Created);
        assert!(write_folder(&path.join("p.toml"), &files("1"), &[], true).is_err());
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
