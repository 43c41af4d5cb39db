//! Places and servers, as every result names them.

use std::fmt;

use serde::Serialize;

use crate::source::{Name, Sources, Span};

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file, by the path that was used to reach it; `<stdin>`, `<command line>`.
    pub file: String,
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
        let source = sources.get(at.source);
        let position = source.position(at.start);
        // Options are pasted into a text of the server's own making; nobody can look its lines up.
        let has_lines = *source.name() != Name::CommandLine;
        Self { file: source.name().to_string(), line: position.line, column: position.column, has_lines }
    }

    /// `file:line:column`.
    #[must_use]
    pub fn exact(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }
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
