//! Reader of a server's command line: `redis-server [FILE] [-] [--name value…]`.
//!
//! A server pastes its arguments into a text of options and reads that after the file. So does this reader; the text it
//! builds is the source that spans point into.

use super::assembled::Assembled;
use super::conf::{Reader, read};
use super::include::Includes;
use super::reading::{Reading, Via};
use super::words::split;
use crate::server::{Server, WordRules};
use crate::source::{Files, Name};

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

/// Takes the arguments (without the program's own name) apart, as `server` does.
#[must_use]
pub fn arguments<A: AsRef<[u8]>>(argv: &[A], server: Server) -> Arguments {
    let mut argv: Vec<&[u8]> = argv.iter().map(AsRef::as_ref).collect();
    let file = match argv.first() {
        Some(first) if !first.starts_with(b"-") => Some(argv.remove(0).to_vec()),
        _ => None,
    };
    // With a file, a lone `-` counts only as the last argument; without one, also as the first.
    let first_may_be_stdin = file.is_none();
    let lax = !server.habits().option_like_values;
    let mut stdin = false;
    let mut options: Vec<u8> = Vec::new();
    let mut has_value = true;
    for (at, argument) in argv.iter().enumerate() {
        let next = argv.get(at + 1);
        let (first, last) = (at == 0, at + 1 == argv.len());
        if *argument == b"-" && ((first && first_may_be_stdin) || last) {
            stdin = true;
        } else if argument.starts_with(b"--") && (lax || has_value) {
            if !options.is_empty() {
                options.push(b'\n');
            }
            options.extend_from_slice(&argument[2..]);
            options.push(b' ');
            if lax {
                continue;
            }
            let words = split(argument, WordRules::Classic).map_or(0, |words| words.len());
            has_value = words != 1;
            let alone = last || next.is_some_and(|next| next.starts_with(b"--"));
            if !has_value && alone && argument.eq_ignore_ascii_case(b"--save") {
                options.extend_from_slice(b"\"\"");
                has_value = true;
            } else if !has_value && alone && argument.eq_ignore_ascii_case(b"--sentinel") {
                has_value = true;
            }
        } else {
            repr(argument, &mut options);
            options.push(b' ');
            has_value = true;
        }
    }
    Arguments { file, stdin, options }
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
