//! A reply to CONFIG GET that somebody kept in a file: JSON, or what redis-cli prints.
//!
//! What is forgiven is what tools do to an answer without changing what it says: the JSON of `redis-cli --json`, of client
//! libraries (a flat array, or pairs) and of tools that make numbers of digits; the lines of a pipe and the numbered list of
//! a terminal, of either protocol; ends of lines of another system, a byte order mark, blank lines around. Nothing is guessed:
//! a last name without a value is a dump that was cut off, even where an editor may only have taken an empty last line
//! away, for the names that are missing behind it would count as unset; and a line that cannot be a name tells of a value
//! that spilt over. Errors name lines and directives, never values.

use std::ops::Range;

use serde_json::Value as Json;

use crate::server::WordRules;
use crate::syntax::split;

/// Why a text is no dump.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DumpError {
    /// It begins as JSON and is none.
    #[error("it is no JSON, by line {line}, column {column}")]
    Json {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
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
    #[error("line {line} is no item of a numbered list, such as `1) \"maxmemory\"`")]
    Item {
        /// The line, from 1.
        line: usize,
    },
    /// An odd number of items.
    #[error("the last name has no value: it is cut off")]
    CutOff,
}

/// What a dump says of one name.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// The name, as the server shows it.
    pub name: String,
    /// The value.
    pub value: Vec<u8>,
    /// The bytes of the text where the name stands.
    pub at: Range<usize>,
}

/// A dump that was read.
pub struct Dump {
    /// Names and values, in their order; of JSON objects, by name.
    pub said: Vec<Said>,
    /// Whether names and values can be told apart: bare lines only take turns.
    pub is_marked: bool,
}

/// How a dump is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Json,
    Numbered,
    Lines,
}

/// What stands somewhere in the text.
type Item = (Vec<u8>, Range<usize>);

/// Whether a text looks like a dump, rather than a configuration file. What looks like one may still be broken.
///
/// `is_directive` tells the names that any server knows.
#[must_use]
pub fn is_dump(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> bool {
    form(text, is_directive).is_some()
}

/// The names and values of a dump.
///
/// # Errors
/// When the text is no dump, or a broken one.
pub fn read_dump(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Result<Dump, DumpError> {
    let form = form(text, is_directive).unwrap_or(Form::Lines);
    let items = match form {
        Form::Json => of_json(text, is_directive)?,
        Form::Numbered => of_list(text)?,
        Form::Lines => of_lines(text, is_directive)?,
    };
    if !items.len().is_multiple_of(2) {
        return Err(DumpError::CutOff);
    }
    let mut said = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let (Some((name, at)), Some((value, _))) = (items.next(), items.next()) {
        let name = String::from_utf8(name).map_err(|_| DumpError::Shape)?;
        said.push(Said { name, value, at });
    }
    Ok(Dump { said, is_marked: form != Form::Lines })
}

fn form(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Option<Form> {
    let mut all = lines(text).map(|(_, line, _)| line).skip_while(|line| line.trim_ascii().is_empty());
    let first = all.next()?;
    if matches!(first.trim_ascii_start().first(), Some(b'{' | b'[')) {
        return Some(Form::Json);
    }
    if item(first).is_some() {
        return Some(Form::Numbered);
    }
    // A file of the server has values beside its names, so a name alone in its line is of a dump; a single line is a slip.
    // A module's name may come first, and then the second name tells.
    let value = all.next()?;
    let second = all.next();
    let is_first = is_directive(first) || (is_name(first) && second.is_some_and(is_directive));
    (is_first && !value.starts_with(b"#")).then_some(Form::Lines)
}

/// Lines with their numbers and places, without their ends or a byte order mark.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8], Range<usize>)> {
    let mut start = 0;
    (1..).zip(text.split_inclusive(|byte| *byte == b'\n')).map(move |(number, whole)| {
        let mark = if number == 1 && whole.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        let line = whole[mark..].strip_suffix(b"\n").unwrap_or(&whole[mark..]);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let at = start + mark..start + mark + line.len();
        start += whole.len();
        (number, line, at)
    })
}

fn is_name(line: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    line.first().is_some_and(u8::is_ascii_alphabetic) && line.iter().all(plain)
}

/// Whether a name looks like a module's, or a newer server's: a word alone could as well be the rest of a value.
fn is_compound(line: &[u8]) -> bool {
    is_name(line) && line.iter().any(|byte| b".-".contains(byte)) && !line.iter().any(u8::is_ascii_uppercase)
}

/// `{"name": "value"}`, `["name", "value"]` or `[["name", "value"]]`.
fn of_json(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Result<Vec<Item>, DumpError> {
    let mark = if text.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let json: Json = serde_json::from_slice(&text[mark..])
        .map_err(|error| DumpError::Json { line: error.line(), column: error.column() })?;
    let is_object = json.is_object();
    let flat: Vec<Json> = match json {
        Json::Object(map) => map.into_iter().flat_map(|(name, value)| [Json::String(name), value]).collect(),
        Json::Array(items) if items.iter().all(|item| matches!(item, Json::Array(pair) if pair.len() == 2)) => {
            items.into_iter().flat_map(|pair| if let Json::Array(pair) = pair { pair } else { Vec::new() }).collect()
        }
        Json::Array(items) => items,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => return Err(DumpError::Shape),
    };
    let mut items: Vec<Item> = Vec::with_capacity(flat.len());
    for item in flat {
        if items.len().is_multiple_of(2) {
            let Json::String(name) = item else { return Err(DumpError::Shape) };
            let quoted = [b"\"", name.as_bytes(), b"\""].concat();
            let start = memchr::memmem::find(text, &quoted).unwrap_or(0);
            items.push((name.into_bytes(), start..(start + quoted.len()).min(text.len())));
        } else {
            let (name, at) = items.last().expect("a name was read before its value").clone();
            // In an array that lost an item, values stand where names are expected.
            let wrong = || match String::from_utf8(name.clone()) {
                Ok(name) if is_object || is_directive(name.as_bytes()) => DumpError::Value { name },
                Ok(_) | Err(_) => DumpError::Shape,
            };
            let value = of_value(item).ok_or_else(wrong)?;
            items.push((value, at));
        }
    }
    Ok(items)
}

/// A text, or a number that is written as the server would: one too large to be held exactly is none.
fn of_value(value: Json) -> Option<Vec<u8>> {
    match value {
        Json::String(text) => Some(text.into_bytes()),
        Json::Number(number) => Some(number.to_string().into_bytes()).filter(|text| !text.contains(&b'e')),
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
    }
}

/// A name, then its value on the next line, be it empty.
fn of_lines(text: &[u8], is_directive: &dyn Fn(&[u8]) -> bool) -> Result<Vec<Item>, DumpError> {
    let mut items: Vec<Item> = Vec::new();
    let mut blank = None;
    for (number, line, at) in lines(text) {
        if items.len().is_multiple_of(2) {
            if line.is_empty() {
                blank = blank.or((!items.is_empty()).then_some(number));
                continue;
            }
            if let Some(line) = blank {
                return Err(DumpError::Name { line });
            }
            if !is_directive(line) && !is_compound(line) {
                return Err(DumpError::Name { line: number });
            }
        }
        items.push((line.to_vec(), at));
    }
    Ok(items)
}

fn of_list(text: &[u8]) -> Result<Vec<Item>, DumpError> {
    let mut items = Vec::new();
    for (number, line, at) in lines(text).filter(|(_, line, _)| !line.trim_ascii().is_empty()) {
        let found = item(line).ok_or(DumpError::Item { line: number })?;
        items.extend(found.into_iter().map(|item| (item, at.clone())));
    }
    Ok(items)
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

    fn is_directive(name: &[u8]) -> bool {
        [&b"requirepass"[..], b"save", b"hz", b"port", b"maxmemory"].contains(&name)
    }

    fn read(text: &str) -> Result<Vec<(String, String)>, DumpError> {
        assert!(is_dump(text.as_bytes(), &is_directive), "{text}");
        let said = read_dump(text.as_bytes(), &is_directive)?.said;
        assert!(said.iter().all(|said| text[said.at.clone()].contains(&said.name)), "{text}");
        Ok(said.into_iter().map(|said| (said.name, String::from_utf8_lossy(&said.value).into_owned())).collect())
    }

    #[test]
    fn every_form_gives_the_same_pairs() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [pair("hz", "10"), pair("requirepass", "a \"b\""), pair("save", "")];
        for text in [
            "{\"hz\": \"10\", \"requirepass\": \"a \\\"b\\\"\", \"save\": \"\"}",
            "\u{feff}{\"hz\": 10, \"requirepass\": \"a \\\"b\\\"\", \"save\": \"\"}",
            "\n[\"hz\", \"10\", \"requirepass\", \"a \\\"b\\\"\", \"save\", \"\"]",
            "[[\"hz\", 10], [\"requirepass\", \"a \\\"b\\\"\"], [\"save\", \"\"]]",
            "hz\n10\nrequirepass\na \"b\"\nsave\n\n",
            "\u{feff}\n\nhz\r\n10\r\nrequirepass\r\na \"b\"\r\nsave\r\n\r\n\r\n",
            " 1) \"hz\"\n 2) \"10\"\n 3) \"requirepass\"\n 4) \"a \\\"b\\\"\"\n\n 5) \"save\"\n 6) \"\"\n",
            "1# \"hz\" => \"10\"\n2# \"requirepass\" => \"a \\\"b\\\"\"\n3# \"save\" => \"\"\n",
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_name_that_nobody_knows_may_be_a_modules() {
        assert_eq!(read("search-workers\n0\nhz\n10\nft.x\n\n").unwrap().len(), 3);
        assert_eq!(read("{\"anything\": \"1\"}").unwrap().len(), 1);
    }

    #[test]
    fn configurations_are_no_dumps() {
        for text in [
            "",
            "port 1\n",
            "# a comment\nport 1\n",
            "save \"\"\nhz 10\n",
            "port\n",
            "maxmemory 1gb\nhz\n",
            "hello\n",
            "include x\n",
            "hello\nworld\n",
        ] {
            assert!(!is_dump(text.as_bytes(), &is_directive), "{text}");
        }
    }

    #[test]
    fn a_broken_dump_is_told_by_its_line_and_without_its_values() {
        assert_eq!(read("hz\n1\nport\n2\nrequirepass\nhunter\n2 2\nsave\n4\n"), Err(DumpError::Name { line: 7 }));
        assert_eq!(read("hz\n1\nrequirepass\nhunter\ntwo\nsave\n"), Err(DumpError::Name { line: 5 }));
        assert_eq!(read("hz\n1\n\nport\n2\n"), Err(DumpError::Name { line: 3 }));
        assert_eq!(read("{\"hz\": \"1\",\n}"), Err(DumpError::Json { line: 2, column: 1 }));
        assert_eq!(read("{\"a\": [\"hunter2\"]}"), Err(DumpError::Value { name: "a".into() }));
        assert_eq!(read("{\"a\": true}"), Err(DumpError::Value { name: "a".into() }));
        assert_eq!(read("{\"a\": 123456789012345678901234567890}"), Err(DumpError::Value { name: "a".into() }));
        assert_eq!(read("[[\"a\", \"1\"], \"b\", \"2\"]"), Err(DumpError::Shape));
        assert_eq!(read("1) \"a\"\nhunter2\n"), Err(DumpError::Item { line: 2 }));
    }

    #[test]
    fn a_last_name_without_a_value_tells_of_a_dump_that_is_cut_off() {
        for text in ["[\"a\"]", "hz\n10\nsave\n", "hz\n10\nsave", "1) \"a\"\n2) \"1\"\n3) \"b\"\n"] {
            assert_eq!(read(text), Err(DumpError::CutOff), "{text}");
        }
    }
}
