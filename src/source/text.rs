//! Names of texts and places in them.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::position::Source;

/// Where a text came from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// A file, by the path that was used to reach it.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// A profile inside the program, such as `builtin:cache@1`.
    Builtin(String),
    /// The value of a command-line flag, such as `--set`.
    Flag(String),
    /// The arguments of a server program.
    CommandLine,
    /// What a running server said, by its address.
    Live(String),
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Stdin => f.write_str("<stdin>"),
            Self::Builtin(name) => write!(f, "builtin:{name}"),
            Self::Flag(flag) => f.write_str(flag),
            Self::CommandLine => f.write_str("<command line>"),
            Self::Live(address) => f.write_str(address),
        }
    }
}

/// Number of a text within one case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u16);

impl SourceId {
    /// The text a case starts with.
    pub const ROOT: Self = Self(0);
}

/// A place in a text: bytes `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Which text.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One after the last byte.
    pub end: u32,
}

impl Span {
    /// The place from the start of this one to the end of `last`; this one alone if `last` lies elsewhere.
    #[must_use]
    pub fn to(self, last: Self) -> Self {
        if last.source == self.source && last.end >= self.start { Self { end: last.end, ..self } } else { self }
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether no byte is covered.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether both have a byte in common.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.source == other.source && self.start < other.end && other.start < self.end
    }

    /// Whether it touches one of these places, which are in order and apart.
    #[must_use]
    pub fn touches(self, places: &[Self]) -> bool {
        let first = places.partition_point(|place| (place.source, place.end) < (self.source, self.start));
        places.get(first).is_some_and(|place| place.source == self.source && place.start <= self.end)
    }
}

/// The texts of one case.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// No texts yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text in and gives its number.
    ///
    /// # Panics
    /// With more than 65,535 texts; readers stop long before.
    pub fn add(&mut self, name: Name, text: impl Into<Arc<[u8]>>) -> SourceId {
        let id = u16::try_from(self.0.len()).expect("readers bound the number of texts");
        self.0.push(Source::new(name, text.into()));
        SourceId(id)
    }

    /// The number that the next text gets.
    ///
    /// # Panics
    /// As [`Sources::add`].
    #[must_use]
    pub fn next(&self) -> SourceId {
        SourceId(u16::try_from(self.0.len()).expect("readers bound the number of texts"))
    }

    /// The text with that number.
    #[must_use]
    pub fn get(&self, id: SourceId) -> &Source {
        &self.0[usize::from(id.0)]
    }

    /// The bytes at a place.
    #[must_use]
    pub fn bytes(&self, at: Span) -> &[u8] {
        &self.get(at.source).text()[at.start as usize..at.end as usize]
    }

    /// All texts with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        (0..).map(SourceId).zip(&self.0)
    }

    /// How many texts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `path:line:column` of a place, for messages.
    #[must_use]
    pub fn locate(&self, at: Span) -> String {
        let source = self.get(at.source);
        let position = source.position(at.start);
        format!("{}:{}:{}", source.name(), position.line, position.column)
    }
}
