//! Splitting a line into words, as each version does it.

use std::borrow::Cow;
use std::ops::Range;

use crate::server::WordRules;
use crate::source::{SourceId, Span};

/// A quote was opened and not closed, or closed in mid-word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// The byte of the quote that has no partner.
    pub quote: usize,
}

/// One word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its bytes in the line, quotes included.
    pub at: Range<usize>,
    /// What it stands for.
    pub text: Cow<'a, [u8]>,
}

/// Blanks that are skipped between words.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

/// Blanks that end an unquoted run; a vertical tab or form feed does not.
const fn ends_run(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Splits one line (or one quoted argument) into words.
///
/// # Errors
/// [`Unbalanced`] where the server says `Unbalanced quotes in configuration line`.
pub fn split(line: &[u8], rules: WordRules) -> Result<Vec<Piece<'_>>, Unbalanced> {
    let mut pieces = Vec::new();
    split_into(&mut pieces, line, rules)?;
    Ok(pieces)
}

/// As [`split`], into a list that is used again.
pub(super) fn split_into<'a>(pieces: &mut Vec<Piece<'a>>, line: &'a [u8], rules: WordRules) -> Result<(), Unbalanced> {
    let mut at = 0;
    loop {
        while at < line.len() && is_blank(line[at]) {
            at += 1;
        }
        if at == line.len() {
            return Ok(());
        }
        let piece = word(line, at, rules)?;
        at = piece.at.end;
        pieces.push(piece);
    }
}

/// A word may end here without quotes: at blanks, quotes, and the byte that some versions drop.
const STOPS: u8 = 1;

/// Neither printable nor a space, or a backslash or a quote.
const ODD: u8 = 2;

/// What each byte is in a line.
static BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0u8;
    loop {
        let is_quote = matches!(byte, b'"' | b'\'');
        if ends_run(byte) || is_quote || byte == 0xff {
            bytes[byte as usize] |= STOPS;
        }
        if !matches!(byte, b' '..=b'~') || is_quote || byte == b'\\' {
            bytes[byte as usize] |= ODD;
        }
        if byte == 0xff {
            break bytes;
        }
        byte += 1;
    }
};

/// A line of which no word may be quoted or lose a byte by any rules.
pub(super) struct Bare {
    /// Whether all its bytes are printable, and none is a backslash: every version reads it alike.
    pub(super) is_plain: bool,
}

/// Gives the places of the words of a line, which begins at a byte of a text; `None` once some word may be quoted or lose a
/// byte by some rules.
pub(super) fn split_bare(source: SourceId, begin: usize, line: &[u8], mut take: impl FnMut(Span)) -> Option<Bare> {
    let offset = |at: usize| u32::try_from(begin + at).expect("files are below 64 MiB");
    let mut odd = 0;
    let mut at = 0;
    loop {
        while at < line.len() && is_blank(line[at]) {
            odd |= BYTES[usize::from(line[at])];
            at += 1;
        }
        if at == line.len() {
            return Some(Bare { is_plain: odd & ODD == 0 });
        }
        let start = at;
        while at < line.len() {
            let byte = BYTES[usize::from(line[at])];
            if byte & STOPS != 0 {
                break;
            }
            odd |= byte;
            at += 1;
        }
        if line.get(at).is_some_and(|byte| !ends_run(*byte)) {
            return None;
        }
        take(Span { source, start: offset(start), end: offset(at) });
    }
}

/// Reads the word that starts at `start`.
fn word(line: &[u8], start: usize, rules: WordRules) -> Result<Piece<'_>, Unbalanced> {
    let drops = |byte: u8| rules != WordRules::Classic && byte == 0xff;
    let plain = |byte: u8| !ends_run(byte) && byte != b'"' && byte != b'\'' && !drops(byte);
    let mut at = start;
    while at < line.len() && plain(line[at]) {
        at += 1;
    }
    if at == line.len() || ends_run(line[at]) {
        return Ok(Piece { at: start..at, text: Cow::Borrowed(&line[start..at]) });
    }
    let mut text = line[start..at].to_vec();
    while at < line.len() && !ends_run(line[at]) {
        let byte = line[at];
        if byte != b'"' && byte != b'\'' {
            if !drops(byte) {
                text.push(byte);
            }
            at += 1;
            continue;
        }
        let unquote = if byte == b'"' { double } else { single };
        let quoted = unquote(line, at + 1).ok_or(Unbalanced { quote: at })?;
        text.extend(quoted.text.into_iter().filter(|(raw, byte)| !(*raw && drops(*byte))).map(|(_, byte)| byte));
        at = quoted.after;
        // Before Valkey 9.0 a closing quote ends the word, and a blank must follow it.
        if rules != WordRules::Valkey90 {
            if at < line.len() && !is_blank(line[at]) {
                return Err(Unbalanced { quote: at - 1 });
            }
            break;
        }
    }
    Ok(Piece { at: start..at, text: Cow::Owned(text) })
}

/// The inside of quotes: each byte with whether it stood there raw, and the place after the closing quote.
struct Quoted {
    text: Vec<(bool, u8)>,
    after: usize,
}

/// Reads on after an opening `"`; `None` if the line ends first.
fn double(line: &[u8], mut at: usize) -> Option<Quoted> {
    let mut text = Vec::new();
    loop {
        match (*line.get(at)?, line.get(at + 1)) {
            (b'"', _) => return Some(Quoted { text, after: at + 1 }),
            (b'\\', Some(b'x')) if hex(line.get(at + 2..at + 4)).is_some() => {
                text.push((false, hex(line.get(at + 2..at + 4))?));
                at += 4;
            }
            (b'\\', Some(escaped)) => {
                let meant = match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                };
                text.push((meant == *escaped, meant));
                at += 2;
            }
            (raw, _) => {
                text.push((true, raw));
                at += 1;
            }
        }
    }
}

/// Reads on after an opening `'`; `None` if the line ends first.
fn single(line: &[u8], mut at: usize) -> Option<Quoted> {
    let mut text = Vec::new();
    loop {
        match (*line.get(at)?, line.get(at + 1)) {
            (b'\'', _) => return Some(Quoted { text, after: at + 1 }),
            (b'\\', Some(b'\'')) => {
                text.push((false, b'\''));
                at += 2;
            }
            (raw, _) => {
                text.push((true, raw));
                at += 1;
            }
        }
    }
}

/// Two hexadecimal digits.
fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let text = std::str::from_utf8(digits?).ok()?;
    text.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u8::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &[u8], rules: WordRules) -> Option<Vec<Vec<u8>>> {
        split(line, rules).ok().map(|pieces| pieces.into_iter().map(|p| p.text.into_owned()).collect())
    }

    #[test]
    fn a_hash_is_data_and_backslashes_count_only_in_double_quotes() {
        let read = words(br#"a#b c\nd 'it\'s \n' "x\x41\n\q""#, WordRules::Classic).unwrap();
        assert_eq!(read, [&b"a#b"[..], br"c\nd", br"it's \n", b"xA\nq"]);
    }

    #[test]
    fn text_after_a_closing_quote_is_for_valkey_9_only() {
        assert_eq!(words(br#""a"b"#, WordRules::Valkey81), None);
        assert_eq!(words(br#""a"'b'c"#, WordRules::Valkey90).unwrap(), [b"abc"]);
    }

    #[test]
    fn the_quote_without_partner_is_named() {
        assert_eq!(split(b"a \"bc", WordRules::Classic), Err(Unbalanced { quote: 2 }));
        assert_eq!(split(b"\"a\"b", WordRules::Classic), Err(Unbalanced { quote: 2 }));
    }
}
