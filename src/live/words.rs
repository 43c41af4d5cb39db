//! How a server splits lines, as far as isolation has to know: to find the lines that act, none may be overlooked.
//!
//! `syntax` reads configurations for people and keeps every byte; it stands on the other side of the import table.

use crate::server::{Server, WordRules};

/// What the server's reader makes of a text. It reads in pieces of at most 1024 bytes, and what follows a NUL inside a
/// piece is lost together with the line end, so the next line is glued on.
pub(super) fn as_read(text: &[u8]) -> Vec<u8> {
    let mut read = Vec::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let line = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |at| at + 1);
        let (piece, after) = rest.split_at(line.min(1024));
        read.extend(piece.iter().take_while(|b| **b != 0));
        rest = after;
    }
    read
}

/// A line without the bytes at its ends that the server trims.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let start = line.iter().position(|b| !blank(b)).unwrap_or(line.len());
    let end = line.iter().rposition(|b| !blank(b)).map_or(start, |at| at + 1);
    &line[start..end]
}

/// The words of a line, or `None` where the server calls its quotes unbalanced.
pub(super) fn split(line: &[u8], server: Server) -> Option<Vec<Vec<u8>>> {
    let rules = server.habits().words;
    let drops_ff = rules != WordRules::Classic;
    let bytes: Vec<u8> = line.iter().copied().filter(|b| !(drops_ff && *b == 0xff)).collect();
    let mut words = Vec::new();
    let mut rest = bytes.as_slice();
    loop {
        rest = &rest[rest.iter().take_while(|b| is_blank(**b)).count()..];
        if rest.is_empty() {
            return Some(words);
        }
        let (word, after) = word(rest, rules)?;
        words.push(word);
        rest = after;
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

fn word(mut rest: &[u8], rules: WordRules) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    while let Some((byte, after)) = rest.split_first() {
        rest = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => return Some((word, rest)),
            b'"' | b'\'' => {
                let after = quoted(after, *byte, &mut word)?;
                match after.first() {
                    Some(next) if rules != WordRules::Valkey90 && !is_blank(*next) => return None,
                    Some(_) if rules == WordRules::Valkey90 => after,
                    Some(_) | None => return Some((word, after)),
                }
            }
            _ => {
                word.push(*byte);
                after
            }
        };
    }
    Some((word, rest))
}

/// Reads up to and over the closing quote.
fn quoted<'a>(mut rest: &'a [u8], quote: u8, word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        rest = match (quote, rest) {
            (_, []) => return None,
            (b'"', [b'\\', b'x', high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let digit = |b: u8| (b as char).to_digit(16).unwrap_or_default();
                word.push(u8::try_from(digit(*high) * 16 + digit(*low)).unwrap_or_default());
                after
            }
            (b'"', [b'\\', escaped, after @ ..]) => {
                word.push(match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                });
                after
            }
            (b'\'', [b'\\', b'\'', after @ ..]) => {
                word.push(b'\'');
                after
            }
            (_, [byte, after @ ..]) if *byte == quote => return Some(after),
            (_, [byte, after @ ..]) => {
                word.push(*byte);
                after
            }
        };
    }
}

/// A word in double quotes, read alike by every server.
pub(super) fn quote(word: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for byte in word {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', *byte]),
            b' '..=b'~' => quoted.push(*byte),
            _ => quoted.extend(format!("\\x{byte:02x}").bytes()),
        }
    }
    quoted.push(b'"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str, server: &str) -> Option<Vec<String>> {
        let words = split(line.as_bytes(), server.parse().unwrap())?;
        Some(words.into_iter().map(|word| String::from_utf8(word).unwrap()).collect())
    }

    #[test]
    fn words_split_as_the_servers_do() {
        for (line, expected) in [
            ("a\tb  c", Some(vec!["a", "b", "c"])),
            (r#"a"b" 'it\'s'"#, Some(vec!["ab", "it's"])),
            (r#""\x41\n\q""#, Some(vec!["A\nq"])),
            ("\u{b}x\u{b}", Some(vec!["x\u{b}"])),
            (r#""a"#, None),
            (r#""a"b"#, None),
        ] {
            let expected = expected.map(|words| words.into_iter().map(str::to_owned).collect());
            assert_eq!(words(line, "redis-7.4"), expected, "{line}");
        }
        assert_eq!(words(r#""a"b"#, "valkey-9.0").unwrap(), ["ab"]);
        assert_eq!(split(b"lo\xffad", "valkey-8.1".parse().unwrap()).unwrap(), [b"load"]);
        assert_eq!(split(b"lo\xffad", "valkey-8.0".parse().unwrap()).unwrap(), [b"lo\xffad"]);
    }

    #[test]
    fn a_nul_glues_the_next_line_on() {
        assert_eq!(as_read(b"load\0 # harmless\nmodule x\n"), b"loadmodule x\n");
        let long = [vec![b'x'; 1024], b"y\0z\nw".to_vec()].concat();
        assert_eq!(as_read(&long), [vec![b'x'; 1024], b"yw".to_vec()].concat());
    }

    #[test]
    fn what_is_quoted_reads_back() {
        let word: Vec<u8> = (0..=255).collect();
        for server in crate::server::all() {
            assert_eq!(split(&quote(&word), *server).unwrap(), std::slice::from_ref(&word));
        }
    }
}
