//! Where a refused line stands: servers print a number and the line, never the file.

use std::fmt;

use super::boot::Start;
use super::isolate::Isolated;
use super::options;
use super::refusal::Words;
use super::words::{as_read, split, trim};
use crate::server::Server;

/// Where a line stands. Lines and options count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the configuration text.
    Conf {
        /// The line.
        line: usize,
    },
    /// In one of the given files. Servers never name the file; it was found by the text of the line.
    File {
        /// Its name as given.
        name: String,
        /// The line within it.
        line: usize,
    },
    /// On the command line.
    Option {
        /// Which option; an option is a name with its values.
        number: usize,
    },
    /// The server named no line, and none could be found.
    Unknown,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conf { line } => write!(f, "line {line}"),
            Self::File { name, line } => write!(f, "line {line} of `{name}`"),
            Self::Option { number } => write!(f, "option {number}"),
            Self::Unknown => f.write_str("an unknown line"),
        }
    }
}

/// Finds the line that the server's words are about.
pub(super) fn locate(words: &Words, start: &Start, isolated: &Isolated, server: Server) -> Place {
    match (words.line, words.texts.first()) {
        (Some(line), Some(text)) => numbered(line, text, start, isolated, server),
        (_, Some(text)) => first_line(start, isolated, server, |words| words.join(&b' ') == text.as_bytes()),
        (_, None) => first_line(start, isolated, server, |line| match line {
            // the ACL stage and a missing include name no line, but the user or the file
            [name, of, ..] if name == b"user" || name == b"include" => {
                words.reason.contains(&format!("'{}'", String::from_utf8_lossy(of)))
            }
            // a module built in to Redis 8
            [name, ..] if words.reason.starts_with("Issue during loading of configuration") => {
                words.reason.split(' ').any(|word| word.as_bytes().eq_ignore_ascii_case(name))
            }
            _ => false,
        }),
    }
}

/// Options are lines too: the first one is two after the last line break of the text.
fn numbered(line: usize, text: &str, start: &Start, isolated: &Isolated, server: Server) -> Place {
    let same = |candidate: &[u8]| String::from_utf8_lossy(trim(candidate)) == text;
    if lines(&isolated.conf).nth(line - 1).is_some_and(same) {
        return Place::Conf { line };
    }
    let given = || start.files.iter().zip(&isolated.files);
    for ((name, _), (_, file)) in given() {
        if lines(file).nth(line - 1).is_some_and(same) {
            return Place::File { name: name.clone(), line };
        }
    }
    let options = options::group(&start.argv, server).map_or(0, |groups| groups.len());
    match line.checked_sub(lines(&isolated.conf).count()) {
        Some(number) if (1..=options).contains(&number) => return Place::Option { number },
        Some(_) | None => {}
    }
    // files that a wildcard joined are counted as one text
    for ((name, _), (_, file)) in given() {
        if let Some(at) = lines(file).position(same) {
            return Place::File { name: name.clone(), line: at + 1 };
        }
    }
    Place::Unknown
}

fn first_line(start: &Start, isolated: &Isolated, server: Server, is: impl Fn(&[Vec<u8>]) -> bool) -> Place {
    let is = |line: &[u8]| split(trim(line), server).is_some_and(|words| is(&words));
    if let Some(at) = lines(&isolated.conf).position(is) {
        return Place::Conf { line: at + 1 };
    }
    for ((name, _), (_, file)) in start.files.iter().zip(&isolated.files) {
        if let Some(at) = lines(file).position(is) {
            return Place::File { name: name.clone(), line: at + 1 };
        }
    }
    Place::Unknown
}

/// The line as it was given, before anything was changed for isolation.
pub(super) fn as_written(place: &Place, start: &Start) -> Option<String> {
    let (text, line) = match place {
        Place::Conf { line } => (start.conf.as_ref()?, *line),
        Place::File { name, line } => (&start.files.iter().find(|(known, _)| known == name)?.1, *line),
        Place::Option { .. } | Place::Unknown => return None,
    };
    let read = as_read(text);
    let line = lines(&read).nth(line - 1)?;
    Some(String::from_utf8_lossy(trim(line)).into_owned())
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|b| *b == b'\n')
}
