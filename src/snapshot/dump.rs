//! A reply to CONFIG GET that somebody kept in a file: JSON, or what redis-cli prints.
//!
//! Three ways are read: a JSON object or flat array (`redis-cli --json CONFIG GET '*'`), names and values in turn, a line each
//! (redis-cli into a pipe), and the numbered list of a terminal. Errors name lines and directives, never values.

use serde_json::Value as Json;

use super::pairs::{PairsError, pairs};
use crate::server::WordRules;
use crate::syntax::split;

/// Why a text is no dump.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// It begins as JSON and is none.
    #[error("it is no JSON, by line {line}")]
    Json {
        /// The line, from 1.
        line: usize,
    },
    /// JSON of another shape.
    #[error("it is JSON, but no object of names and texts")]
    Shape,
    /// JSON, and the value of a name is no text.
    #[error("the value of `{name}` is no text")]
    Value {
        /// The name.
        name: String,
    },
    /// Where a name is expected stands something else: a value with a line break in it spills over.
    #[error("line {line} is no name of a directive: names and values take turns")]
    Name {
        /// The line, from 1.
        line: usize,
    },
    /// A line of a numbered list that is no such.
    #[error("line {line} is no item of a numbered list")]
    Item {
        /// The line, from 1.
        line: usize,
    },
    /// An odd number of items.
    #[error("the last name has no value")]
    Odd,
}

/// How a dump is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Numbered,
    Lines,
}

/// Whether a text looks like a dump, rather than a configuration file. What looks like one may still be broken.
#[must_use]
pub fn is_dump(text: &[u8]) -> bool {
    form(text).is_some()
}

/// The names and values of a dump, in their order.
///
/// # Errors
/// When the text is no dump, or a broken one.
pub fn read_dump(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DumpError> {
    match form(text) {
        Some(Form::Json) => of_json(text),
        Some(Form::Numbered) => of_list(text),
        Some(Form::Lines) | None => of_lines(text),
    }
}

fn form(text: &[u8]) -> Option<Form> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) {
        return Some(Form::Json);
    }
    let lines: Vec<&[u8]> = lines(text).collect();
    if lines.first().is_some_and(|line| item(line).is_some()) {
        return Some(Form::Numbered);
    }
    // A file of the server has values beside its names. Later names may be shifted by a value that spilt over.
    (lines.len() >= 2 && lines.iter().step_by(2).take(4).all(|line| is_name(line))).then_some(Form::Lines)
}

/// The lines, without their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

fn is_name(line: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    line.first().is_some_and(u8::is_ascii_alphabetic) && line.iter().all(plain)
}

fn of_json(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DumpError> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let json: Json = serde_json::from_slice(text).map_err(|error| DumpError::Json { line: error.line() })?;
    let said = |name: String, value: Json| match value {
        Json::String(value) => Ok((name, value.into_bytes())),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
            Err(DumpError::Value { name })
        }
    };
    match json {
        Json::Object(map) => map.into_iter().map(|(name, value)| said(name, value)).collect(),
        Json::Array(items) => {
            let texts = items.into_iter().map(|item| match item {
                Json::String(text) => Ok(text.into_bytes()),
                Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => {
                    Err(DumpError::Shape)
                }
            });
            paired(texts.collect::<Result<_, _>>()?)
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Err(DumpError::Shape),
    }
}

fn paired(items: Vec<Vec<u8>>) -> Result<Vec<(String, Vec<u8>)>, DumpError> {
    pairs(items).map_err(|error| match error {
        PairsError::Odd { .. } => DumpError::Odd,
        PairsError::Name { .. } => DumpError::Shape,
    })
}

fn of_lines(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DumpError> {
    let all: Vec<&[u8]> = lines(text).collect();
    if let Some(at) = (0..all.len()).step_by(2).find(|at| !is_name(all[*at])) {
        return Err(DumpError::Name { line: at + 1 });
    }
    // The empty value of the last name is an empty line, which editors take away.
    let mut items: Vec<Vec<u8>> = all.into_iter().map(<[u8]>::to_vec).collect();
    if !items.len().is_multiple_of(2) {
        items.push(Vec::new());
    }
    paired(items)
}

fn of_list(text: &[u8]) -> Result<Vec<(String, Vec<u8>)>, DumpError> {
    let mut items = Vec::new();
    for (index, line) in lines(text).enumerate().filter(|(_, line)| !line.trim_ascii().is_empty()) {
        items.extend(item(line).ok_or(DumpError::Item { line: index + 1 })?);
    }
    paired(items)
}

/// What `12) "maxmemory"` holds, or both sides of `6# "maxmemory" => "0"`; `None` if the line is no such.
fn item(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let line = line.trim_ascii();
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = line[digits..].strip_prefix(b") ").or_else(|| line[digits..].strip_prefix(b"# "))?;
    if digits == 0 || rest.first() != Some(&b'"') {
        return None;
    }
    let words: Vec<Vec<u8>> =
        split(rest, WordRules::Classic).ok()?.into_iter().map(|piece| piece.text.into_owned()).collect();
    match words.as_slice() {
        [one] => Some(vec![one.clone()]),
        [name, arrow, value] if arrow == b"=>" => Some(vec![name.clone(), value.clone()]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, DumpError> {
        assert!(is_dump(text.as_bytes()), "{text}");
        let shown = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        Ok(read_dump(text.as_bytes())?.into_iter().map(|(name, value)| (name, shown(value))).collect())
    }

    #[test]
    fn every_form_gives_the_same_pairs() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("requirepass", "a \"b\""), pair("save", "")];
        for text in [
            "{\"requirepass\": \"a \\\"b\\\"\", \"save\": \"\"}",
            "[\"requirepass\", \"a \\\"b\\\"\", \"save\", \"\"]",
            "requirepass\na \"b\"\nsave\n\n",
            "requirepass\r\na \"b\"\r\nsave\r\n\r\n",
            "requirepass\na \"b\"\nsave\n",
            " 1) \"requirepass\"\n 2) \"a \\\"b\\\"\"\n 3) \"save\"\n 4) \"\"\n",
            "1# \"requirepass\" => \"a \\\"b\\\"\"\n2# \"save\" => \"\"\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn configurations_are_no_dumps() {
        for text in
            ["", "port 1\n", "# a comment\nport 1\n", "save \"\"\nappendonly yes\n", "port\n", "maxmemory 1gb\nhz\n"]
        {
            assert!(!is_dump(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_broken_dump_is_told_by_its_line_and_without_its_values() {
        let spilt = "a\n1\nb\n2\nc\n3\nrequirepass\nhunter\n2 2\nd\n4\n";
        assert_eq!(read(spilt), Err(DumpError::Name { line: 9 }));
        assert_eq!(read("{\"a\": \"1\",\n}"), Err(DumpError::Json { line: 2 }));
        assert_eq!(read("{\"a\": [\"hunter2\"]}"), Err(DumpError::Value { name: "a".into() }));
        assert_eq!(read("[\"a\"]"), Err(DumpError::Odd));
        assert_eq!(read("1) \"a\"\nhunter2\n"), Err(DumpError::Item { line: 2 }));
    }
}
