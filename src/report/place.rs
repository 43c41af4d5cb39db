//! Places and servers, as every result names them.

use std::fmt;
use std::path::{MAIN_SEPARATOR, Path};
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::source::{Name, SourceId, Sources, Span};

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, by the path that was used to reach it; `<stdin>`, `<command line>`.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Whether the lines of this text are those that a user sees.
    #[serde(skip)]
    has_lines: bool,
}

impl Place {
    /// The start of a span.
    #[must_use]
    pub fn of(sources: &Sources, at: Span) -> Self {
        Places::of(sources).start(at)
    }

    /// `file:line:column`.
    #[must_use]
    pub fn exact(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A shared text as a plain one.
pub(super) fn as_text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// Gives the places of the texts of one case, and makes the name of each text once.
#[derive(Debug)]
pub struct Places<'a> {
    sources: &'a Sources,
    /// The folder to which paths are relative.
    folder: Option<&'a Path>,
    /// Of the texts that were met. A handful at most: the file, and what it includes.
    names: Vec<(SourceId, Arc<str>)>,
}

impl<'a> Places<'a> {
    /// Paths stay as they are.
    #[must_use]
    pub fn of(sources: &'a Sources) -> Self {
        Self { sources, folder: None, names: Vec::new() }
    }

    /// Paths are shown as [`shown_path`] shows them.
    #[must_use]
    pub fn within(sources: &'a Sources, folder: &'a Path) -> Self {
        Self { folder: Some(folder), ..Self::of(sources) }
    }

    /// The start of a span.
    pub fn start(&mut self, at: Span) -> Place {
        let source = self.sources.get(at.source);
        let position = source.position(at.start);
        // Options are pasted into a text of the server's own making, and flags are one line: nobody can look lines up there.
        let has_lines = !matches!(source.name(), Name::CommandLine | Name::Flag(_));
        Place { file: self.file(at.source), line: position.line, column: position.column, has_lines }
    }

    /// Line and column behind the end of a span.
    #[must_use]
    pub fn end(&self, at: Span) -> (usize, usize) {
        let end = self.sources.get(at.source).position(at.end);
        (end.line, end.column)
    }

    /// The name of a text.
    pub fn file(&mut self, id: SourceId) -> Arc<str> {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| *known == id) {
            return Arc::clone(name);
        }
        let name: Arc<str> = match (self.sources.get(id).name(), self.folder) {
            (Name::File(path), Some(folder)) => shown_path(path, folder).into(),
            (name, _) => name.to_string().into(),
        };
        self.names.push((id, Arc::clone(&name)));
        name
    }
}

/// A path as results show it: relative to the folder if it lies there, with forward slashes, and without `./` before it.
#[must_use]
pub fn shown_path(path: &Path, folder: &Path) -> String {
    // A relative path lies in no folder that is named from the root.
    let is_outside = folder.as_os_str().is_empty() || (path.is_relative() && folder.is_absolute());
    let inside = if is_outside { None } else { path.strip_prefix(folder).ok() };
    let shown = inside.filter(|inside| !inside.as_os_str().is_empty()).unwrap_or(path);
    let mut text = shown.to_str().map_or_else(|| shown.display().to_string(), str::to_owned);
    if MAIN_SEPARATOR != '/' {
        text = text.replace(MAIN_SEPARATOR, "/");
    }
    let mut rest = text.as_str();
    while let Some(shorter) = rest.strip_prefix("./").map(|rest| rest.trim_start_matches('/')) {
        rest = shorter;
    }
    if rest.is_empty() || rest.len() == text.len() { text } else { rest.to_owned() }
}

/// `file:line`; of a command line no more than that it is one.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_lines { write!(f, "{}:{}", self.file, self.line) } else { f.write_str(&self.file) }
    }
}

/// For which version an answer holds, and why for that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerUsed {
    /// As asked for: `redis-7.4.5`.
    pub name: String,
    /// The catalogued version that the answer rests on: `redis-7.4`.
    pub judged_as: String,
    /// Whether that is the series that was asked for.
    pub exact: bool,
    /// What decided for it: `--server`, a comment, a guess.
    pub because: String,
    /// For people: `as redis 7.4`.
    #[serde(skip)]
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_where_they_can_be() {
        let shown = |path: &str| shown_path(Path::new(path), Path::new("/work/project"));
        assert_eq!(shown("/work/project/conf/redis.conf"), "conf/redis.conf");
        assert_eq!(shown("/etc/redis.conf"), "/etc/redis.conf");
        assert_eq!(shown("././/conf/redis.conf"), "conf/redis.conf");
        assert_eq!(shown("../redis.conf"), "../redis.conf");
        assert_eq!(shown("."), ".");
    }
}
