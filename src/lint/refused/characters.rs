//! Characters that look like others, or like nothing: what word processors, chats and web pages leave behind.

use super::statement;
use crate::config::Refusal;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::source::Span;
use crate::syntax::split;

pub(crate) static BYTE_ORDER_MARK: Rule = Rule {
    id: "byte-order-mark",
    severity: Severity::Fatal,
    summary: "the file begins with a byte order mark",
    docs: "Some editors put three invisible bytes at the start of a UTF-8 file. To a server they are part of the
first word, even if that is a comment. A file in UTF-16, as PowerShell's `>` writes it, begins with two such bytes
and has a NUL in every letter besides.

Bad:
    ⟨U+FEFF⟩port 6379

Good:
    port 6379
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(byte_order_mark),
    ..Rule::BASE
};

pub(crate) static SUSPICIOUS_CHARACTERS: Rule = Rule {
    id: "suspicious-characters",
    severity: Severity::Fatal,
    summary: "a line holds invisible characters, curly quotes or long dashes, and is refused",
    docs: "A no-break space does not part words, a zero-width space is a letter of the word it stands in, curly
quotes do not quote. They come from web pages, chats and word processors, and cannot be told from the plain ones by
eye. What is invisible is taken out or made a blank (safe); quotes and dashes become plain ones (unsafe).

Bad:
    maxmemory⟨U+00A0⟩8gb

Good:
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(suspicious_characters),
    ..Rule::BASE
};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a character is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum Looks {
    /// A blank.
    Blank,
    /// Nothing at all.
    Nothing,
    /// This ASCII character.
    Like(char),
}

/// A character that is not what it looks like, and how it is called.
pub(in crate::lint) fn looks(character: char) -> Option<(Looks, &'static str)> {
    Some(match character {
        '\u{a0}' | '\u{202f}' | '\u{2007}' => (Looks::Blank, "a no-break space"),
        '\u{2000}'..='\u{2006}' | '\u{2008}'..='\u{200a}' | '\u{205f}' | '\u{3000}' => (Looks::Blank, "a wide space"),
        '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => (Looks::Nothing, "a zero-width character"),
        '\u{ad}' => (Looks::Nothing, "a soft hyphen"),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            (Looks::Nothing, "an invisible mark of the writing direction")
        }
        '\u{2018}'..='\u{201b}' | '\u{2032}' => (Looks::Like('\''), "a curly quote"),
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{ab}' | '\u{bb}' => (Looks::Like('"'), "a curly quote"),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => (Looks::Like('-'), "a long dash"),
        '\u{ff1a}' => (Looks::Like(':'), "a wide colon"),
        '\u{ff0c}' => (Looks::Like(','), "a wide comma"),
        _ => return None,
    })
}

/// The first such character of some bytes, with its place in them.
pub(in crate::lint) fn first_odd(bytes: &[u8]) -> Option<(usize, char, Looks, &'static str)> {
    if bytes.is_ascii() {
        return None;
    }
    let mut at = 0;
    for chunk in bytes.utf8_chunks() {
        for (index, character) in chunk.valid().char_indices() {
            if let Some((looks, name)) = looks(character) {
                return Some((at + index, character, looks, name));
            }
        }
        at += chunk.valid().len();
        // In Latin-1 the no-break space is a byte that UTF-8 does not know.
        if chunk.invalid() == [0xa0] {
            return Some((at, '\u{a0}', Looks::Blank, "a no-break space"));
        }
        at += chunk.invalid().len();
    }
    None
}

/// Bytes with every such character made plain, and whether only invisible ones were there.
fn plain(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::with_capacity(bytes.len());
    let mut invisible = true;
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match looks(character) {
                None => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
                Some((Looks::Blank, _)) => out.push(b' '),
                Some((Looks::Nothing, _)) => {}
                Some((Looks::Like(ascii), _)) => {
                    invisible = false;
                    out.push(u8::try_from(ascii).expect("what characters are taken for is ASCII"));
                }
            }
        }
        out.extend(chunk.invalid().iter().map(|byte| if *byte == 0xa0 { b' ' } else { *byte }));
    }
    (out, invisible)
}

/// The place of a byte order mark that the refused line begins with.
pub(super) fn mark(case: &Case<'_>, refusal: &Refusal) -> Option<Span> {
    let source = case.reading.sources.get(refusal.at.source);
    let text = source.text();
    let length = match text {
        _ if text.starts_with(MARK) => 3,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => 2,
        _ => return None,
    };
    (source.line(refusal.at.start) == 1).then_some(Span { source: refusal.at.source, start: 0, end: length })
}

/// Whether a refused statement holds characters that are not what they look like.
pub(super) fn are_in(case: &Case<'_>, refusal: &Refusal) -> bool {
    refusal.statement.is_some_and(|id| first_odd(case.reading.sources.bytes(case.at(id))).is_some())
}

fn byte_order_mark(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let at = mark(case, refusal).unwrap_or(refusal.at);
    if at.len() == 2 {
        return BYTE_ORDER_MARK
            .finding(at, "the file is written in UTF-16, two bytes a letter")
            .help("save the file as UTF-8 without a byte order mark");
    }
    BYTE_ORDER_MARK
        .finding(at, "three invisible bytes (EF BB BF) come before the first word")
        .help("save the file as UTF-8 without a byte order mark")
        .fix(Fix::safe([Edit::Text { at, with: Vec::new() }]))
}

fn suspicious_characters(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let whole = case.at(id);
    let bytes = case.reading.sources.bytes(whole);
    let (offset, character, looks, name) = first_odd(bytes).expect("this rule is chosen only where there is one");
    let start = whole.start + u32::try_from(offset).expect("files are below 64 MiB");
    let length = if bytes[offset] == 0xa0 { 1 } else { u32::try_from(character.len_utf8()).expect("at most 4") };
    let at = Span { start, end: start + length, ..whole };
    let finding = SUSPICIOUS_CHARACTERS
        .finding(at, format!("{name} (U+{:04X}) stands in the line", u32::from(character)))
        .here("it is not what it looks like")
        .help(match looks {
            Looks::Blank => "put a plain blank in its place".to_owned(),
            Looks::Nothing => "take it out".to_owned(),
            Looks::Like(ascii) => format!("write a plain `{ascii}`"),
        });
    let (clean, invisible) = plain(bytes);
    let Ok(pieces) = split(&clean, case.config.server.habits().words) else { return finding };
    let words: Vec<Vec<u8>> = pieces.into_iter().map(|piece| piece.text.into_owned()).collect();
    if words.is_empty() {
        return finding;
    }
    let put = Edit::Put { statement: whole, words };
    // In a password an invisible character may be meant, odd as it is.
    let surely = invisible && case.directive(id).is_none_or(|directive| !directive.is.secret);
    finding.fix(if surely { Fix::safe([put]) } else { Fix::unsafe_([put]) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_also_made_plain() {
        for (odd, made) in
            [("a\u{a0}b", "a b"), ("\u{200b}a\u{feff}", "a"), ("\u{201c}a\u{201d}", "\"a\""), ("max\u{2011}x", "max-x")]
        {
            assert!(first_odd(odd.as_bytes()).is_some(), "{odd}");
            let (clean, invisible) = plain(odd.as_bytes());
            assert_eq!(clean, made.as_bytes());
            assert_eq!(invisible, !made.contains(['"', '-']));
            assert_eq!(first_odd(&clean), None);
        }
        assert_eq!(first_odd("größe 漢字 é".as_bytes()), None);
        assert_eq!(first_odd(b"a\xa0b").map(|found| found.0), Some(1));
        assert_eq!(plain(b"a\xa0\xffb").0, b"a \xffb");
    }
}
