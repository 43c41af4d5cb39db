//! Reader of ACL files: what `aclfile` names, one user a line.
//!
//! Such a file looks like configuration and is read by other rules, the same in every version: words are separated by
//! single blanks, quotes are letters, nothing is a comment, and nothing is included. The reader takes every line that is
//! not blank as a statement, whatever it begins with; what a server refuses is found when the users are resolved.

use std::borrow::Cow;
use std::ops::Range;
use std::path::Path;

use super::assembled::Assembled;
use super::conf::trim;
use super::placeholder;
use super::reading::{Host, Reading, Via, Word};
use crate::server::Server;
use crate::source::{Name, Sources};

/// Reads an ACL file, as `server` would.
#[must_use]
pub fn read(name: Name, text: &[u8], server: Server) -> Reading {
    read_lines(name, text, server, false)
}

/// As [`read`], for a text that a template may still have to fill in.
#[must_use]
pub fn read_template(name: Name, text: &[u8], server: Server) -> Reading {
    read_lines(name, text, server, placeholder::is_in(text))
}

/// Whether a file is meant as an ACL file: its name says so, and some line begins with `user`.
///
/// The name must say it, for a file of nothing but users may just as well be included by a configuration.
#[must_use]
pub fn is_one(path: &Path, text: &[u8]) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let says_so = name.split(['.', '-', '_']).any(|part| part == "acl");
    let defines = |line: &[u8]| trim(line).get(..5).is_some_and(|start| start == b"user ");
    says_so && text.split(|b| *b == b'\n').any(defines)
}

fn read_lines(name: Name, text: &[u8], server: Server, templates: bool) -> Reading {
    let mut sources = Sources::new();
    let root = sources.add(name, text);
    let mut reading = Reading::new(sources, server);
    reading.host = Host::Users;
    let assembled = Assembled::one(root, text);
    let mut start = 0;
    for line in assembled.text().split_inclusive(|b| *b == b'\n') {
        let trimmed = trim(line);
        let at = start + (trimmed.as_ptr() as usize - line.as_ptr() as usize);
        start += line.len();
        if trimmed.is_empty() {
            continue;
        }
        // A placeholder may hold blanks, which are then no end of a word.
        let (line, open) = if templates {
            let open = placeholder::find(trimmed);
            (Cow::Owned(placeholder::filled(trimmed, &open)), open)
        } else {
            (Cow::Borrowed(trimmed), Vec::new())
        };
        let mut words = pieces(&line).map(|piece| word(&assembled, at, trimmed, piece, &open));
        let name = words.next().expect("a line that is not blank has a word");
        if name.open {
            reading.templated = true;
        } else {
            reading.push(name, words, Via::Text);
        }
    }
    reading
}

/// The words of a line: what lies between single blanks, so that two blanks have an empty word between them.
fn pieces(line: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    line.split(|b| *b == b' ').map(move |piece| {
        let at = start..start + piece.len();
        start = at.end + 1;
        at
    })
}

/// A word of a line that starts at byte `at` of the text.
fn word(assembled: &Assembled<'_>, at: usize, line: &[u8], piece: Range<usize>, open: &[Range<usize>]) -> Word {
    Word {
        at: assembled.span(at + piece.start, at + piece.end),
        cooked: (!assembled.is_plain(&(at + piece.start..at + piece.end))).then(|| line[piece.clone()].into()),
        secret: None,
        open: placeholder::meets(open, &piece),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::StatementId;

    fn words(text: &[u8]) -> Vec<Vec<String>> {
        let reading = read_template(Name::Stdin, text, "redis-7.4".parse().unwrap());
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let of = |id: StatementId| {
            std::iter::once(shown(reading.name(id))).chain(reading.arguments(id).into_iter().map(shown)).collect()
        };
        reading.iter().map(|(id, _)| of(id)).collect()
    }

    #[test]
    fn blanks_separate_and_nothing_else_does() {
        assert_eq!(words(b"\r\n user a  \"on off\"\t\r\n"), [["user", "a", "", "\"on", "off\""]]);
        assert_eq!(words(b"user\ta on\n# c"), [vec!["user\ta", "on"], vec!["#", "c"]]);
        assert!(words(b" \t\r\n\n").is_empty());
    }

    #[test]
    fn a_nul_swallows_the_rest_of_its_line_and_the_newline() {
        assert_eq!(words(b"user a\0 on\nuser b\n"), [["user", "auser", "b"]]);
    }

    #[test]
    fn a_template_fills_words_in() {
        let reading = read_template(Name::Stdin, b"user ${A B} on\n{{ users }}\n", "redis-7.4".parse().unwrap());
        let open: Vec<bool> = reading.words(StatementId(0)).iter().map(|word| word.open).collect();
        assert_eq!((open, reading.statements().len(), reading.templated), (vec![true, false], 1, true));
    }

    #[test]
    fn the_name_and_a_line_make_an_acl_file() {
        for (path, text, is) in [
            ("/etc/redis/users.acl", "user a on\n", true),
            ("redis-acl.conf", "# users\n user a on\n", true),
            ("users.conf", "user a on\n", false),
            ("oracle.conf", "user a on\n", false),
            ("users.acl", "allow all\n", false),
        ] {
            assert_eq!(is_one(Path::new(path), text.as_bytes()), is, "{path}");
        }
    }
}
