//! The files of a git revision, read and never checked out.
//!
//! `git` is asked for names and contents alone: no hook, filter or setting of the repository runs anything for that.

#![expect(clippy::disallowed_methods, reason = "this is where files of a revision are read")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::failure::Failure;
use crate::source::{Disk, FileError, Files, MAX_FILE_BYTES};

/// The mode of a symbolic link.
const LINK: &str = "120000";

/// More links in a row than this lead nowhere.
const MOST_LINKS: usize = 16;

/// A commit, and its files. What lies outside the repository is read from the disk.
pub(super) struct Revision {
    /// The commit, abbreviated.
    pub(super) commit: String,
    /// The folder of the repository, whole.
    root: PathBuf,
    /// Its files by their paths there: mode and number.
    tree: BTreeMap<PathBuf, (String, String)>,
    reader: RefCell<Reader>,
}

/// A running `git cat-file --batch`.
struct Reader {
    child: Child,
    asks: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Drop for Reader {
    fn drop(&mut self) {
        // It ends when there is nothing more to ask.
        drop(self.asks.take());
        let _ = self.child.wait();
    }
}

impl Revision {
    /// Opens the commit at which the history of a revision and the one checked out part; the revision itself if they share none.
    pub(super) fn open(name: &str, folder: &Path) -> Result<Self, Failure> {
        let root = git(folder, &["rev-parse", "--show-toplevel"]).map_err(|said| {
            Failure::new(format!("`{}` is in no git repository: {said}", folder.display()))
                .help("compare two folders instead: `redisconf diff OLD NEW`")
        })?;
        let root = PathBuf::from(String::from_utf8_lossy(&root).trim_end_matches('\n'));
        let named = format!("{name}^{{commit}}");
        let commit = git(folder, &["rev-parse", "--verify", "--quiet", "--end-of-options", &named]).map_err(|_| {
            Failure::new(format!("git knows no revision `{name}` here"))
                .help("fetch it first; in GitHub Actions check out with `fetch-depth: 0`")
        })?;
        let commit = String::from_utf8_lossy(&commit).trim().to_owned();
        let parted = git(folder, &["merge-base", &commit, "HEAD"]).unwrap_or_default();
        let parted = String::from_utf8_lossy(&parted).trim().to_owned();
        let commit = if parted.is_empty() { commit } else { parted };
        let listed = git(&root, &["ls-tree", "-r", "-z", "--full-tree", &commit])
            .map_err(|said| Failure::new(format!("cannot list the files of `{name}`: {said}")))?;
        let reader = Reader::start(&root)
            .map_err(|error| Failure::new(format!("cannot read the files of `{name}` with git: {error}")))?;
        Ok(Self {
            commit: commit.chars().take(12).collect(),
            root: std::fs::canonicalize(&root).unwrap_or(root),
            tree: listed.split(|byte| *byte == 0).filter_map(entry).collect(),
            reader: RefCell::new(reader),
        })
    }

    /// The path within the repository; `None` if it lies outside.
    fn inside(&self, path: &Path) -> Option<PathBuf> {
        let whole = straight(&std::path::absolute(path).ok()?);
        if let Ok(inside) = whole.strip_prefix(&self.root) {
            return Some(inside.to_owned());
        }
        // The way to the repository may lead through links; what is in it need not be there any more.
        whole.ancestors().find_map(|folder| {
            let real = std::fs::canonicalize(folder).ok()?;
            let rest = whole.strip_prefix(folder).ok()?;
            Some(real.join(rest).strip_prefix(&self.root).map(Path::to_owned).ok())
        })?
    }

    fn blob(&self, inside: &Path, path: &Path) -> Result<Vec<u8>, FileError> {
        let io = |source| FileError::Io { path: path.to_owned(), source };
        let mut inside = inside.to_owned();
        for _ in 0..MOST_LINKS {
            let (mode, number) = self.tree.get(&inside).ok_or_else(|| io(io::ErrorKind::NotFound.into()))?;
            let text = self.reader.borrow_mut().read(number).map_err(io)?;
            let text = text.ok_or_else(|| FileError::TooLarge { path: path.to_owned() })?;
            if mode != LINK {
                return Ok(text);
            }
            let to = PathBuf::from(String::from_utf8_lossy(&text).into_owned());
            inside = straight(&inside.parent().unwrap_or(Path::new("")).join(to));
        }
        Err(io(io::ErrorKind::NotFound.into()))
    }
}

/// A line of `ls-tree`: mode, kind and number, a tab, and the path.
fn entry(line: &[u8]) -> Option<(PathBuf, (String, String))> {
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = String::from_utf8_lossy(&line[..tab]).into_owned();
    let mut words = head.split(' ');
    let (mode, kind, number) = (words.next()?, words.next()?, words.next()?);
    let path = PathBuf::from(String::from_utf8_lossy(&line[tab + 1..]).into_owned());
    (kind == "blob").then(|| (path, (mode.to_owned(), number.to_owned())))
}

/// The path without steps out of folders.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                straight.pop();
            }
            Component::CurDir => {}
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => straight.push(part),
        }
    }
    straight
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "core.fsmonitor=false"]).env("GIT_OPTIONAL_LOCKS", "0");
    command
}

/// What git answers, or what it complains about.
fn git(folder: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let output = command(folder).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot start git: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned())
}

impl Reader {
    fn start(root: &Path) -> io::Result<Self> {
        let mut child = command(root)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let asks = child.stdin.take();
        let answers = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, asks, answers: BufReader::new(answers) })
    }

    /// The bytes of a blob; `None` if there are more of them than a configuration has.
    fn read(&mut self, number: &str) -> io::Result<Option<Vec<u8>>> {
        let asks = self.asks.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        asks.write_all(format!("{number}\n").as_bytes())?;
        asks.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size: u64 =
            head.trim().rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or(io::ErrorKind::NotFound)?;
        if size > MAX_FILE_BYTES {
            io::copy(&mut self.answers.by_ref().take(size + 1), &mut io::sink())?;
            return Ok(None);
        }
        let mut text = Vec::new();
        self.answers.by_ref().take(size).read_to_end(&mut text)?;
        // A newline ends the answer.
        self.answers.read_exact(&mut [0])?;
        Ok(Some(text))
    }
}

impl Files for Revision {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        match self.inside(path) {
            Some(inside) => self.blob(&inside, path),
            None => Disk.read(path),
        }
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        let Some(inside) = self.inside(directory) else { return Disk.names(directory) };
        let below = self.tree.keys().filter_map(|path| path.strip_prefix(&inside).ok());
        let first = |path: &Path| path.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let names: std::collections::BTreeSet<String> = below.filter_map(first).collect();
        names.into_iter().collect()
    }

    fn is_directory(&self, path: &Path) -> bool {
        let Some(inside) = self.inside(path) else { return Disk.is_directory(path) };
        self.tree.keys().any(|known| *known != inside && known.starts_with(&inside))
    }
}
