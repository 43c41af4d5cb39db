//! The data files, read as they are written: entries, and what changed at which node of the version tree.
//!
//! `data/README.md` states the format; `build.rs` makes lines of them. A mistake in a data file is a mistake in the program:
//! the build ends or reading panics, and the tests read everything.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error, StrDeserializer};

use super::directive::{Change, Is, Need, Repeat, State, Without};
use crate::server::Server;

/// The main namespace, as lines that are made of the data files when the program is built.
pub(super) const MAIN: &str = include_str!(concat!(env!("OUT_DIR"), "/catalogue.txt"));

/// What may follow the word `sentinel`.
pub(super) const SENTINEL: &str = include_str!(concat!(env!("OUT_DIR"), "/sentinel.txt"));

/// What holds from a node on; a fact that is left out stays as it was.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) names: Option<Vec<&'static str>>,
    pub(super) r#type: Option<&'static str>,
    pub(super) default: Option<&'static str>,
    pub(super) change: Option<Change>,
    pub(super) is: Option<Vec<Trait>>,
    pub(super) state: Option<State>,
    pub(super) repeat: Option<Repeat>,
    pub(super) needs: Option<Need>,
    pub(super) without: Option<Without>,
}

/// A word of `is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Trait {
    Hidden,
    Protected,
    Secret,
    FileOnly,
    LiveOnly,
    Environment,
    NotWhileLoading,
}

/// An entry.
#[derive(Debug)]
pub(super) struct Entry {
    /// The identity.
    pub(super) name: &'static str,
    pub(super) family: &'static str,
    pub(super) summary: &'static str,
    /// Where it is born, when not at the root.
    pub(super) from: Vec<Server>,
    /// The facts at birth.
    pub(super) birth: Facts,
    /// Later facts, each at its node.
    pub(super) since: Vec<(Server, Facts)>,
}

impl Entry {
    /// Whether the values are secret at some node.
    pub(super) fn is_ever_secret(&self) -> bool {
        let secret = |facts: &Facts| facts.is.as_ref().is_some_and(|traits| traits.contains(&Trait::Secret));
        secret(&self.birth) || self.since.iter().any(|(_, facts)| secret(facts))
    }
}

/// Reads the lines. The entries come sorted by family and by name; their position is their id.
pub(super) fn read(text: &'static str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut lines = Parts::of(text, b'\n');
    while let Some(line) = lines.next() {
        let mut fields = Parts::of(line, b'\t');
        let mut field = || fields.next().unwrap_or_else(|| panic!("a line of the catalogue is too short: {line}"));
        match (field(), entries.last_mut()) {
            ("entry", _) => {
                let (family, name, from, summary) = (field(), field(), field(), field());
                let from = from.split(' ').filter(|node| !node.is_empty()).map(server).collect();
                let birth = lines.next().unwrap_or_else(|| panic!("`{name}` has no birth"));
                let mut birth = Parts::of(birth, b'\t');
                birth.next();
                entries.push(Entry { name, family, summary, from, birth: facts(birth), since: Vec::new() });
            }
            (node, Some(entry)) => entry.since.push((server(node), facts(fields))),
            (node, None) => panic!("the catalogue begins with `{node}`"),
        }
    }
    entries
}

/// The parts of a text between bytes of one kind. Every run reads the catalogue, so they are found as quickly as can be.
struct Parts {
    rest: Option<&'static str>,
    between: u8,
}

impl Parts {
    fn of(text: &'static str, between: u8) -> Self {
        // What ends a line begins no other.
        let text = if between == b'\n' { text.strip_suffix('\n').unwrap_or(text) } else { text };
        Self { rest: Some(text), between }
    }
}

impl Iterator for Parts {
    type Item = &'static str;

    fn next(&mut self) -> Option<&'static str> {
        let rest = self.rest?;
        let (part, left) = match memchr::memchr(self.between, rest.as_bytes()) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => (rest, None),
        };
        self.rest = left;
        Some(part)
    }
}

fn server(text: &str) -> Server {
    text.parse().unwrap_or_else(|error| panic!("the catalogue: {error}"))
}

/// The fields behind the node.
fn facts(mut fields: Parts) -> Facts {
    let mut next = || fields.next().filter(|text| *text != "~");
    let list = |text: Option<&'static str>| text.map(|text| text.split(' ').filter(|word| !word.is_empty()));
    Facts {
        names: list(next()).map(Iterator::collect),
        r#type: next(),
        default: next(),
        change: next().map(word),
        is: list(next()).map(|words| words.map(word).collect()),
        state: next().map(word),
        repeat: next().map(word),
        needs: next().map(word),
        without: next().map(word),
    }
}

/// A word of one of the closed lists.
fn word<T: Deserialize<'static>>(text: &'static str) -> T {
    let words: StrDeserializer<'static, Error> = text.into_deserializer();
    T::deserialize(words).unwrap_or_else(|error| panic!("the catalogue: `{text}`: {error}"))
}

impl Facts {
    /// Puts what a later node says over what held before.
    pub(super) fn apply(&mut self, later: &Self) {
        /// The later fact where there is one.
        macro_rules! fold {
            ($($field:ident)*) => {
                $(if later.$field.is_some() { self.$field.clone_from(&later.$field); })*
            };
        }
        fold!(names r#type default change is state repeat needs without);
    }
}

/// The traits that a list of words names.
pub(super) fn traits(words: &[Trait]) -> Is {
    let mut is = Is::default();
    for word in words {
        match word {
            Trait::Hidden => is.hidden = true,
            Trait::Protected => is.protected = true,
            Trait::Secret => is.secret = true,
            Trait::FileOnly => is.file_only = true,
            Trait::LiveOnly => is.live_only = true,
            Trait::Environment => is.environment = true,
            Trait::NotWhileLoading => is.not_while_loading = true,
        }
    }
    is
}
