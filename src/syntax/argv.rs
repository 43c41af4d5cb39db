//! Reader of a server's command line: `redis-server [FILE] [-] [--name value…]`.
//!
//! A server pastes its arguments into a text of options and reads that after the file. So does this reader; the text it
//! builds is the source that spans point into.

use super::assembled::Assembled;
use super::conf::{Reader, read};
use super::include::Includes;
use super::reading::{ArgumentStyle, Reading, Via};
use super::words::split;
use crate::server::{Server, WordRules};
use crate::source::{Files, Name, Span};

/// What the arguments of a server program ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The configuration file, if the first argument is one.
    pub file: Option<Vec<u8>>,
    /// Whether standard input is read too.
    pub stdin: bool,
    /// The options as configuration lines, as the server pastes them together.
    pub options: Vec<u8>,
}

/// What the server pastes together, one after the other.
enum Paste {
    /// An argument without its two dashes.
    Name(usize),
    /// An argument in double quotes.
    Value(usize),
    /// Bytes of the server's own, on account of an argument.
    Own(usize, &'static [u8]),
}

/// Takes the arguments (without the program's own name) apart, as `server` does.
#[must_use]
pub fn arguments<A: AsRef<[u8]>>(argv: &[A], server: Server) -> Arguments {
    let argv: Vec<&[u8]> = argv.iter().map(AsRef::as_ref).collect();
    let (file, rest) = match argv.split_first() {
        Some((first, rest)) if is_file(first) => (Some(first.to_vec()), rest),
        _ => (None, argv.as_slice()),
    };
    let (pasted, stdin) = pasted(rest, file.is_some(), server);
    let mut options: Vec<u8> = Vec::new();
    for piece in pasted {
        match piece {
            Paste::Name(at) => options.extend_from_slice(&rest[at][2..]),
            Paste::Value(at) => repr(rest[at], &mut options),
            Paste::Own(_, bytes) => options.extend_from_slice(bytes),
        }
    }
    Arguments { file, stdin, options }
}

/// Whether a first argument is the configuration file.
pub(super) fn is_file(first: &[u8]) -> bool {
    !first.starts_with(b"-")
}

/// How the arguments behind the file become options, and whether standard input is read too.
fn pasted(argv: &[&[u8]], has_file: bool, server: Server) -> (Vec<Paste>, bool) {
    let lax = !server.habits().option_like_values;
    let mut stdin = false;
    let mut pasted = Vec::new();
    let mut has_value = true;
    for (at, argument) in argv.iter().enumerate() {
        let next = argv.get(at + 1);
        let (first, last) = (at == 0, at + 1 == argv.len());
        // With a file, a lone `-` counts only as the last argument; without one, also as the first.
        if *argument == b"-" && ((first && !has_file) || last) {
            stdin = true;
        } else if argument.starts_with(b"--") && (lax || has_value) {
            if !pasted.is_empty() {
                pasted.push(Paste::Own(at, b"\n"));
            }
            pasted.push(Paste::Name(at));
            pasted.push(Paste::Own(at, b" "));
            if lax {
                continue;
            }
            let words = split(argument, WordRules::Classic).map_or(0, |words| words.len());
            has_value = words != 1;
            let alone = last || next.is_some_and(|next| next.starts_with(b"--"));
            if !has_value && alone && argument.eq_ignore_ascii_case(b"--save") {
                pasted.push(Paste::Own(at, b"\"\""));
                has_value = true;
            } else if !has_value && alone && argument.eq_ignore_ascii_case(b"--sentinel") {
                has_value = true;
            }
        } else {
            pasted.push(Paste::Value(at));
            pasted.push(Paste::Own(at, b" "));
            has_value = true;
        }
    }
    (pasted, stdin)
}

/// An argument that stands somewhere in a text.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// What the program is given.
    pub(super) text: Assembled<'static>,
    /// Where it stands, quotes included.
    pub(super) at: Span,
    /// How it is written.
    pub(super) style: ArgumentStyle,
    /// Whether it is filled in before words are split, so that it may be several words or none.
    pub(super) splits: bool,
    /// The quotes in which a word of it stands, if it is itself a command line.
    pub(super) inside: Quotes,
}

/// Quotes around a command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quotes {
    pub(super) single: bool,
    pub(super) double: bool,
}

impl Given {
    pub(super) fn bytes(&self) -> &[u8] {
        self.text.text()
    }
}

/// The options as the server pastes them together, with the places of the arguments they came from: of a name its bytes,
/// of a value all of the argument.
pub(super) fn options(given: &[Given], has_file: bool, server: Server) -> Assembled<'static> {
    let argv: Vec<&[u8]> = given.iter().map(Given::bytes).collect();
    let mut options = Assembled::default();
    for piece in pasted(&argv, has_file, server).0 {
        match piece {
            Paste::Name(at) => options.push_part(&given[at].text, 2..argv[at].len()),
            Paste::Value(at) => {
                let mut value = Vec::new();
                repr(argv[at], &mut value);
                let start = options.text().len();
                options.push_for(given[at].at, &value);
                if given[at].text.is_open() {
                    options.mark_open(start + 1..start + value.len() - 1);
                }
            }
            Paste::Own(at, bytes) => options.push_for(given[at].at, bytes),
        }
    }
    options
}

/// Appends a word in double quotes, escaped as servers do it.
fn repr(word: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in word {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x07 => out.extend_from_slice(b"\\a"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x20..=0x7e => out.push(*byte),
            other => out.extend_from_slice(format!("\\x{other:02x}").as_bytes()),
        }
    }
    out.push(b'"');
}

/// Reads a command line; `file` is the text of the configuration file it names, or of standard input.
#[must_use]
pub fn read_argv<A: AsRef<[u8]>>(
    argv: &[A],
    file: Option<(Name, &[u8])>,
    server: Server,
    files: &dyn Files,
) -> Reading {
    let options = arguments(argv, server).options;
    let (name, text) = file.unwrap_or((Name::CommandLine, b""));
    let mut reading = read(name, text, server, files);
    let source = reading.sources.add(Name::CommandLine, options);
    let text = reading.sources.get(source).shared();
    let includes = Includes::new(std::path::PathBuf::new(), server.habits().globs);
    let mut reader = Reader { reading, includes, files, via: Via::CommandLine, templates: false };
    reader.text(&Assembled::one(source, &text));
    reader.reading
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(argv: &[&str], server: &str) -> String {
        String::from_utf8(arguments(argv, server.parse().unwrap()).options).unwrap()
    }

    #[test]
    fn words_of_a_value_are_quoted_and_names_pasted() {
        assert_eq!(
            options(&["--save", "60", "1", "--appendonly", "yes"], "redis-7.4"),
            "save \"60\" \"1\" \nappendonly \"yes\" "
        );
        assert_eq!(options(&["--maxmemory 1gb"], "redis-7.4"), "maxmemory 1gb ");
    }

    #[test]
    fn a_value_may_look_like_an_option_since_7_0() {
        assert_eq!(options(&["--requirepass", "--x"], "redis-7.4"), "requirepass \"--x\" ");
        assert_eq!(options(&["--requirepass", "--x"], "redis-6.2"), "requirepass \nx ");
    }

    #[test]
    fn a_lone_save_switches_snapshots_off() {
        assert_eq!(options(&["--save", "--hz", "10"], "redis-7.4"), "save \"\"\nhz \"10\" ");
        assert_eq!(options(&["--save"], "valkey-9.1"), "save \"\"");
    }
}
