//! What a server showed to `CONFIG GET '*'`, saved as text, becomes statements.
//!
//! Three looks are read: a JSON object (or array) of names and values, the bare lines of a piped `redis-cli` (name and value
//! in turn), and its numbered lines on a terminal. A dump shows no users, renamed commands or modules.

use std::ops::Range;

use serde_json::Value as Json;

use crate::catalog::{self, Kind, Lookup, View};
use crate::config::MASK;
use crate::server::{Server, WordRules};
use crate::snapshot::{PairsError, pairs};
use crate::source::{Name, Sources, Span};
use crate::syntax::conf::trim;
use crate::syntax::{Reading, Via, Word, split};

/// Why a text is no dump. Holds no text of it, for a value may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// It begins like JSON and is none.
    #[error("the dump begins like JSON and is none, at line {line}, column {column}")]
    Json {
        /// Where it stops being JSON.
        line: usize,
        /// See `line`.
        column: usize,
    },
    /// JSON of another shape.
    #[error("the dump is JSON, but no object of names and texts (item {item})")]
    Shape {
        /// Which item, from 1.
        item: usize,
    },
    /// A line that should hold a name does not.
    #[error("line {line} of the dump should be the name of a directive, and is none")]
    NoName {
        /// Which line, from 1.
        line: usize,
    },
    /// A line of a numbered dump without its number or quotes.
    #[error("line {line} of the dump should look like `1) \"maxmemory\"`")]
    NoItem {
        /// Which line, from 1.
        line: usize,
    },
    /// A name without its value at the end, or a name that is not text.
    #[error(transparent)]
    Pairs(#[from] PairsError),
}

/// What a dump has beside values.
#[derive(Clone, Debug, Default)]
pub(super) struct Dump {
    /// What no file can hold: names as they may be shown, where they stand, and why.
    pub(super) unheld: Vec<(String, Span, String)>,
}

/// An item and where it stands.
type Item = (Vec<u8>, Range<usize>);

/// How a dump looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Json,
    Numbered,
    Lines,
}

/// Whether a text is a dump rather than a configuration file.
#[must_use]
pub fn is_dump(text: &[u8]) -> bool {
    look(text).is_some()
}

fn look(text: &[u8]) -> Option<Look> {
    let mut lines = text.split(|byte| *byte == b'\n').map(trim).filter(|line| !line.is_empty());
    let first = lines.next()?;
    match first.first() {
        Some(b'{' | b'[') => Some(Look::Json),
        _ if numbered(first).is_some() => Some(Look::Numbered),
        // A directive alone on its line is no statement of a file: none goes without arguments.
        _ => (catalog::find(first).is_some()).then_some(Look::Lines),
    }
}

/// Reads a dump as statements of the version that gave it.
pub(super) fn read(name: Name, text: &[u8], server: Server) -> Result<(Reading, Dump), DumpError> {
    let look = look(text);
    let items = match look {
        Some(Look::Json) => json(text)?,
        Some(Look::Numbered) => numbered_lines(text)?,
        Some(Look::Lines) | None => lines(text)?,
    };
    let mut sources = Sources::new();
    let source = sources.add(name, text);
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    let places: Vec<Range<usize>> = items.iter().step_by(2).map(|(_, at)| at.clone()).collect();
    let pairs = pairs(items.into_iter().map(|(text, _)| text).collect())?;
    let mut reading = Reading::new(sources, server);
    let mut dump = Dump::default();
    let mut seen: Vec<&'static str> = Vec::new();
    let view = View::of(server);
    let unknown = || format!("{server} does not know it: a module does, or another version");
    for ((name, value), at) in pairs.into_iter().zip(places) {
        let at = Span { source, start: offset(at.start), end: offset(at.end) };
        let directive = match view.look(&name) {
            Lookup::Here(directive) => directive,
            Lookup::Elsewhere(_) => {
                dump.unheld.push((name, at, unknown()));
                continue;
            }
            Lookup::Never => {
                // Among bare lines it may be the rest of a value, even of a secret.
                let is_name = look != Some(Look::Lines) && is_name_of_module(name.as_bytes());
                dump.unheld.push((if is_name { name } else { MASK.to_owned() }, at, unknown()));
                continue;
            }
        };
        // Servers show a directive under each of its names.
        if seen.contains(&directive.name()) {
            continue;
        }
        seen.push(directive.name());
        if directive.is.live_only {
            if directive.default != std::str::from_utf8(&value).ok() {
                dump.unheld.push((name, at, "only CONFIG SET takes it, no file".to_owned()));
            }
            continue;
        }
        // Of an empty list that is empty by default no file speaks: `bind ""` would be an address to Redis 6.2.
        if value.is_empty() && directive.default == Some("") && directive.kind.is_many_valued() {
            continue;
        }
        for words in statements(&directive.kind, &value) {
            let words = words.into_iter().map(|word| Word::cooked(at, word));
            reading.push(Word::cooked(at, directive.name()), words, Via::Text);
        }
    }
    Ok((reading, dump))
}

/// The arguments of each statement that a file would need for a value.
#[expect(clippy::wildcard_enum_match_arm, reason = "only what takes several words is special")]
fn statements(kind: &Kind, value: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let words = || value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
    // One group a line: the old parser takes no more.
    let groups = |size: usize| {
        let words: Vec<Vec<u8>> = words().collect();
        words.chunks(size).map(<[Vec<u8>]>::to_vec).collect::<Vec<_>>()
    };
    match kind {
        // What shows as nothing: no primary.
        Kind::ReplicaOf if value.is_empty() => Vec::new(),
        Kind::BufferLimits => groups(4),
        Kind::Save if !value.is_empty() => groups(2),
        kind if kind.is_many_valued() && !value.is_empty() => vec![words().collect()],
        _ => vec![vec![value.to_vec()]],
    }
}

/// `{"name": "value"}`, `["name", "value"]` or `[["name", "value"]]`.
fn json(text: &[u8]) -> Result<Vec<Item>, DumpError> {
    let document: Json =
        serde_json::from_slice(text).map_err(|error| DumpError::Json { line: error.line(), column: error.column() })?;
    let mut flat: Vec<Json> = Vec::new();
    match document {
        Json::Object(object) => object.into_iter().for_each(|(name, value)| flat.extend([Json::String(name), value])),
        Json::Array(items) => {
            for item in items {
                match item {
                    Json::Array(pair) => flat.extend(pair),
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Object(_) => flat.push(item),
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return Err(DumpError::Shape { item: 1 }),
    }
    let mut items = Vec::with_capacity(flat.len());
    let mut at = 0..0;
    for (index, item) in flat.into_iter().enumerate() {
        let bytes = match item {
            Json::String(text) => text.into_bytes(),
            Json::Number(number) => number.to_string().into_bytes(),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => {
                return Err(DumpError::Shape { item: index + 1 });
            }
        };
        if index % 2 == 0 {
            let quoted = [b"\"", bytes.as_slice(), b"\""].concat();
            let found = memchr::memmem::find(text, &quoted).unwrap_or(0);
            at = found..(found + quoted.len()).min(text.len());
        }
        items.push((bytes, at.clone()));
    }
    Ok(items)
}

/// `1) "maxmemory"`, or `1# "maxmemory" => "0"`.
fn numbered(line: &[u8]) -> Option<&[u8]> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = line[digits..].strip_prefix(b") ").or_else(|| line[digits..].strip_prefix(b"# "))?;
    (digits > 0 && rest.starts_with(b"\"")).then_some(rest)
}

fn numbered_lines(text: &[u8]) -> Result<Vec<Item>, DumpError> {
    let mut items = Vec::new();
    for (line, bytes, at) in each_line(text) {
        let bytes = trim(bytes);
        if bytes.is_empty() {
            continue;
        }
        let pieces = numbered(bytes).and_then(|rest| split(rest, WordRules::Classic).ok());
        match pieces.as_deref() {
            Some([one]) => items.push((one.text.to_vec(), at)),
            Some([name, arrow, value]) if *arrow.text == *b"=>" => {
                items.extend([(name.text.to_vec(), at.clone()), (value.text.to_vec(), at)]);
            }
            Some(_) | None => return Err(DumpError::NoItem { line }),
        }
    }
    Ok(items)
}

/// A name, then its value on the next line, be it empty.
fn lines(text: &[u8]) -> Result<Vec<Item>, DumpError> {
    let mut items = Vec::new();
    for (line, bytes, at) in each_line(text) {
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if items.len() % 2 == 0 {
            // Nothing but blank lines follows the last value.
            if bytes.is_empty() {
                continue;
            }
            // A value with a newline in it would make names of its lines.
            let is_name = catalog::find(bytes).is_some() || is_name_of_module(bytes);
            if !is_name {
                return Err(DumpError::NoName { line });
            }
        }
        items.push((bytes.to_vec(), at));
    }
    Ok(items)
}

fn is_name_of_module(name: &[u8]) -> bool {
    let odd = |byte: &u8| !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && !b"-_.".contains(byte);
    name.iter().any(|byte| b".-".contains(byte)) && !name.iter().any(odd)
}

/// Lines with their numbers and places, newlines left out.
fn each_line(text: &[u8]) -> impl Iterator<Item = (usize, &[u8], Range<usize>)> {
    let mut start = 0;
    (1..).zip(text.split_inclusive(|byte| *byte == b'\n')).map(move |(number, line)| {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let at = start..start + bare.len();
        start += line.len();
        (number, bare, at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Result<Vec<String>, DumpError> {
        let (reading, _) = read(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap())?;
        let line = |id| {
            let words = reading.arguments(id);
            let words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
            format!("{} {}", String::from_utf8_lossy(reading.name(id)), words.collect::<Vec<_>>().join(","))
        };
        Ok(reading.iter().map(|(id, _)| line(id)).collect())
    }

    #[test]
    fn every_look_gives_the_same() {
        let wanted = ["maxmemory 0", "save 3600,1", "save 300,100", "requirepass ", "replica-read-only yes"];
        let looks = [
            "{\"maxmemory\": \"0\", \"save\": \"3600 1 300 100\", \"requirepass\": \"\", \"slave-read-only\": \"yes\", \"replica-read-only\": \"yes\"}",
            "[\"maxmemory\", 0, \"save\", \"3600 1 300 100\", \"requirepass\", \"\", \"slave-read-only\", \"yes\"]",
            "[[\"maxmemory\", \"0\"], [\"save\", \"3600 1 300 100\"], [\"requirepass\", \"\"], [\"replica-read-only\", \"yes\"]]",
            "maxmemory\r\n0\r\nsave\n3600 1 300 100\nrequirepass\n\nslave-read-only\nyes\n",
            " 1) \"maxmemory\"\n 2) \"0\"\n 3) \"save\"\n 4) \"3600 1 300 100\"\n5) \"requirepass\"\n6) \"\"\n7) \"slave-read-only\"\n8) \"yes\"\n",
            "1# \"maxmemory\" => \"0\"\n2# \"save\" => \"3600 1 300 100\"\n3# \"requirepass\" => \"\"\n4# \"slave-read-only\" => \"yes\"\n",
        ];
        for text in looks {
            assert!(is_dump(text.as_bytes()), "{text}");
            let mut found = statements(text).unwrap();
            let mut wanted = wanted.map(str::to_owned);
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn files_are_no_dumps() {
        for text in ["", "# note\nmaxmemory 1gb\n", "maxmemory 1gb\n", "include x\n", "hello\n"] {
            assert!(!is_dump(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_cut_or_spilt_is_an_error_at_its_line() {
        assert_eq!(statements("maxmemory\n0\nrequirepass\nhun\nter2 x\nsave\n"), Err(DumpError::NoName { line: 5 }));
        assert_eq!(statements("maxmemory\n0\nsave\n"), Err(DumpError::Pairs(PairsError::Odd { items: 3 })));
        assert_eq!(statements("1) \"maxmemory\"\n2) 0\n"), Err(DumpError::NoItem { line: 2 }));
        assert_eq!(statements("{\"maxmemory\": }"), Err(DumpError::Json { line: 1, column: 15 }));
        assert_eq!(statements("{\"maxmemory\": [1]}"), Err(DumpError::Shape { item: 2 }));
    }
}
