//! Following `include`, as servers do: in place, without a limit of their own, relative to the working directory.

use std::path::{Path, PathBuf};

use super::assembled::Assembled;
use super::conf::Reader;
use super::reading::{Item, Problem, ProblemKind, StatementId};
use crate::source::{Files, Name, SourceId};

/// Deeper nesting than this is refused; servers have no limit and die of it.
const MAX_DEPTH: usize = 200;
/// More texts than this in one case are refused.
const MAX_TEXTS: usize = 10_000;
/// More bytes than this in all included texts are refused, so that files that include each other twice end.
const MAX_BYTES: usize = 256 * 1024 * 1024;

/// Where includes are looked up, and which are open.
pub(super) struct Includes {
    base: PathBuf,
    globs: bool,
    open: Vec<PathBuf>,
    bytes: usize,
    /// In a container: which of its paths lie where here; all others are not here.
    mounts: Option<Vec<(PathBuf, PathBuf)>>,
}

impl Includes {
    pub(super) fn new(base: PathBuf, globs: bool) -> Self {
        Self { base, globs, open: Vec::new(), bytes: 0, mounts: None }
    }

    /// Looks up paths of a container, of which some lie here.
    pub(super) fn mounted(base: PathBuf, globs: bool, mounts: Vec<(PathBuf, PathBuf)>) -> Self {
        Self { mounts: Some(mounts), ..Self::new(base, globs) }
    }

    /// Where a path of the server's lies here.
    fn here(&self, path: PathBuf) -> Option<PathBuf> {
        let Some(mounts) = &self.mounts else { return Some(path) };
        let inside = mounts.iter().filter_map(|(there, here)| Some((there, here, path.strip_prefix(there).ok()?)));
        let (_, here, rest) = inside.max_by_key(|(there, _, _)| there.as_os_str().len())?;
        Some(if rest.as_os_str().is_empty() { here.clone() } else { here.join(rest) })
    }

    /// `dir` moves the working directory, and with it every later relative include.
    pub(super) fn enter_directory(&mut self, dir: &[u8]) {
        self.base = self.base.join(path_of(dir));
    }
}

/// The path in a word.
fn path_of(word: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(word).into_owned())
}

impl Reader<'_> {
    /// Reads what an `include` statement names.
    pub(super) fn include(&mut self, id: StatementId) {
        let [pattern] = self.reading.arguments(id)[..] else { return };
        let pattern = path_of(pattern);
        let has_wildcard = pattern.to_string_lossy().contains(['*', '?', '[']);
        let Some(path) = self.includes.here(self.includes.base.join(&pattern)) else {
            return self.problem(ProblemKind::MissingInclude, id);
        };
        if self.includes.globs && has_wildcard {
            let matched = glob(self.files, &path);
            self.join(id, &matched);
        } else {
            self.join(id, &[path]);
        }
    }

    /// Reads files as one text.
    fn join(&mut self, id: StatementId, paths: &[PathBuf]) {
        let mut texts = Vec::new();
        for path in paths {
            if self.includes.open.contains(path) {
                return self.problem(ProblemKind::IncludeCycle, id);
            }
            if self.files.is_directory(path) {
                continue;
            }
            match self.files.read(path) {
                Ok(text) => texts.push((path.clone(), text)),
                Err(_) => return self.problem(ProblemKind::MissingInclude, id),
            }
        }
        self.includes.bytes += texts.iter().map(|(_, text)| text.len()).sum::<usize>();
        let too_many = self.reading.sources.len() + texts.len() > MAX_TEXTS || self.includes.bytes > MAX_BYTES;
        if too_many || self.includes.open.len() >= MAX_DEPTH {
            return self.problem(ProblemKind::TooManyIncludes, id);
        }
        let mut assembled = Assembled::default();
        let depth = self.includes.open.len();
        for (path, text) in texts {
            let source: SourceId = self.reading.sources.add(Name::File(path.clone()), text);
            let text = self.reading.sources.get(source).shared();
            assembled.append(source, &text);
            self.includes.open.push(path);
        }
        self.reading.order.push(Item::Enter);
        self.text(&assembled);
        self.reading.order.push(Item::Leave);
        self.includes.open.truncate(depth);
    }

    fn problem(&mut self, kind: ProblemKind, id: StatementId) {
        let at = self.reading.statement(id).at;
        self.reading.order.push(Item::Problem(Problem { kind, at, statement: Some(id) }));
    }
}

/// The paths a pattern matches, sorted, as libc's glob: dot files only where the pattern has the dot.
fn glob(files: &dyn Files, pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for part in pattern.components() {
        let text = part.as_os_str().to_string_lossy();
        if !text.contains(['*', '?', '[']) {
            for path in &mut found {
                path.push(part);
            }
            continue;
        }
        found = found
            .iter()
            .flat_map(|folder| files.names(folder).into_iter().map(move |name| (folder, name)))
            .filter(|(_, name)| text.starts_with('.') || !name.starts_with('.'))
            .filter(|(_, name)| matches(text.as_bytes(), name.as_bytes()))
            .map(|(folder, name)| folder.join(name))
            .collect();
    }
    found.retain(|path| files.is_directory(path) || files.read(path).is_ok());
    found
}

/// Whether a name fits a pattern of `*`, `?`, `[…]` and `\`.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.first(), name.first()) {
        (None, None) => true,
        (Some(b'*'), _) => matches(&pattern[1..], name) || (!name.is_empty() && matches(pattern, &name[1..])),
        (Some(b'?'), Some(_)) => matches(&pattern[1..], &name[1..]),
        (Some(b'['), Some(byte)) => match class(pattern, *byte) {
            Some((fits, rest)) => fits && matches(rest, &name[1..]),
            None => *byte == b'[' && matches(&pattern[1..], &name[1..]),
        },
        (Some(b'\\'), Some(byte)) if pattern.len() > 1 => pattern[1] == *byte && matches(&pattern[2..], &name[1..]),
        (Some(wanted), Some(byte)) => wanted == byte && matches(&pattern[1..], &name[1..]),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// Whether a byte is in the `[…]` at the start of a pattern, and what follows it; `None` if it does not close.
fn class(pattern: &[u8], byte: u8) -> Option<(bool, &[u8])> {
    let inverted = matches!(pattern.get(1), Some(b'!' | b'^'));
    let first = if inverted { 2 } else { 1 };
    let close = (first + 1..pattern.len()).find(|i| pattern[*i] == b']')?;
    let set = &pattern[first..close];
    let mut inside = false;
    let mut at = 0;
    while at < set.len() {
        if at + 2 < set.len() && set[at + 1] == b'-' {
            inside |= (set[at]..=set[at + 2]).contains(&byte);
            at += 3;
        } else {
            inside |= set[at] == byte;
            at += 1;
        }
    }
    Some((inside != inverted, &pattern[close + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;
    use crate::syntax::conf;

    fn names(files: &[(&str, &str)], server: &str) -> Vec<String> {
        let memory = Memory::new(files.iter().map(|(path, text)| (*path, *text)));
        let root = Name::File("/c/redis.conf".into());
        let reading = conf::read(root, files[0].1.as_bytes(), server.parse().unwrap(), &memory);
        let word = |item: &Item| match item {
            Item::Statement(id) => String::from_utf8_lossy(reading.name(*id)).into_owned(),
            Item::Problem(problem) => format!("{:?}", problem.kind),
            Item::Enter => "(".into(),
            Item::Leave => ")".into(),
        };
        reading.order().iter().map(word).collect()
    }

    #[test]
    fn a_glob_joins_files_without_a_newline_between_them() {
        let files =
            [("/c/redis.conf", "include d/*.conf\nport 1"), ("/c/d/a.conf", "hz 1"), ("/c/d/b.conf", "0\nsave 1 1")];
        assert_eq!(names(&files, "redis-7.0"), ["include", "(", "hz", "save", ")", "port"]);
        assert_eq!(names(&files, "redis-6.2"), ["include", "MissingInclude", "port"]);
    }

    #[test]
    fn a_cycle_is_named_and_ends() {
        let files = [
            ("/c/redis.conf", "include a.conf"),
            ("/c/a.conf", "include b.conf"),
            ("/c/b.conf", "include a.conf\nhz 1"),
        ];
        assert_eq!(
            names(&files, "redis-7.4"),
            ["include", "(", "include", "(", "include", "IncludeCycle", "hz", ")", ")"]
        );
    }

    #[test]
    fn dir_moves_the_base_of_later_includes() {
        let files =
            [("/c/redis.conf", "dir /other\ninclude a.conf"), ("/c/a.conf", "port 1"), ("/other/a.conf", "hz 1")];
        assert_eq!(names(&files, "redis-7.4"), ["dir", "include", "(", "hz", ")"]);
    }

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, fits) in [
            ("*.conf", "a.conf", true),
            ("[a-c]?.conf", "bx.conf", true),
            ("[!a]*", "abc", false),
            ("a*b*c", "aXXbYYc", true),
            ("\\*", "*", true),
            ("[", "[", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), fits, "{pattern} {name}");
        }
    }
}
