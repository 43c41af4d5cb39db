//! Scalars of YAML: what they say, byte by byte with its place.
//!
//! The parser gives the text of a scalar and roughly where it stands. The text is laid beside the bytes of the file
//! again: blanks around line ends and escapes stand for each other as a whole, all else byte for byte. Where the two
//! cannot be laid side by side, all of the text stands for all of the scalar.

use std::ops::Range;

use saphyr_parser::ScalarStyle;

use super::yaml::Yaml;
use crate::source::Span;
use crate::syntax::assembled::Assembled;

/// First byte of a scalar and one after its last: quotes and the header of a block included, anchors and tags not.
pub(super) fn extent(scalar: Yaml<'_>) -> (usize, usize) {
    let (start, end) = scalar.extent();
    let text = scalar.whole();
    let start = if scalar.is_marked() { after_marks(text, start) } else { start };
    let bytes = text.as_bytes();
    match scalar.style() {
        Some(ScalarStyle::DoubleQuoted) => (start, closing(bytes, start, b'"')),
        Some(ScalarStyle::SingleQuoted) => (start, closing(bytes, start, b'\'')),
        Some(ScalarStyle::Literal | ScalarStyle::Folded) => {
            let header = header(text, start).unwrap_or(start);
            let end = end.max(header);
            // The parser's end can reach into the next line's indentation.
            (header, header + text[header..end].trim_end().len())
        }
        Some(ScalarStyle::Plain) | None => (start, start + text[start..end.max(start)].trim_end().len()),
    }
}

/// The first byte behind anchors and tags.
fn after_marks(text: &str, mut at: usize) -> usize {
    while text[at..].starts_with(['&', '!']) {
        at += text[at..].find(char::is_whitespace).unwrap_or(text.len() - at);
        at += text[at..].len() - text[at..].trim_start().len();
    }
    at
}

/// One after the quote that closes the scalar.
fn closing(text: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < text.len() {
        if text[at] == quote {
            if quote != b'\'' || text.get(at + 1) != Some(&b'\'') {
                return at + 1;
            }
            at += 1;
        } else if text[at] == b'\\' && quote == b'"' {
            at += 1;
        }
        at += 1;
    }
    text.len()
}

/// The `|` or `>` of a block, given its first byte of content, or the header itself.
fn header(text: &str, start: usize) -> Option<usize> {
    if text[start..].starts_with(['|', '>']) && is_header(&text[start..]) {
        return Some(start);
    }
    let mut line_end = text[..start].rfind('\n')?;
    loop {
        let line_start = text[..line_end].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &text[line_start..line_end];
        if !line.trim().is_empty() {
            return line.match_indices(['|', '>']).map(|(at, _)| line_start + at).find(|at| is_header(&text[*at..]));
        }
        line_end = line_start.checked_sub(1)?;
    }
}

/// Whether a text begins with the header of a block: `|`, `>-`, `|2 # comment`.
fn is_header(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    let rest = line[1..].trim_start_matches(['+', '-', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    line.len() - 1 - rest.len() <= 2
        && (rest.trim().is_empty() || rest.trim_start().starts_with('#') && rest.starts_with([' ', '\t']))
}

/// Where the content lies: between the quotes, or behind the header's line.
fn content(scalar: Yaml<'_>) -> Range<usize> {
    let (start, end) = extent(scalar);
    match scalar.style() {
        Some(ScalarStyle::DoubleQuoted | ScalarStyle::SingleQuoted) => start + 1..end.max(start + 2) - 1,
        Some(ScalarStyle::Literal | ScalarStyle::Folded) => {
            let text = scalar.whole();
            let first = text[start..].find('\n').map_or(text.len(), |newline| start + newline + 1);
            first.min(scalar.extent().1.max(end))..scalar.extent().1.max(end)
        }
        Some(ScalarStyle::Plain) | None => start..end,
    }
}

/// The text with its places.
pub(super) fn assembled(scalar: Yaml<'_>) -> Assembled<'static> {
    let decoded = scalar.text().unwrap_or_default().as_bytes();
    let content = content(scalar);
    let style = scalar.style().unwrap_or(ScalarStyle::Plain);
    aligned(scalar, decoded, style, content).unwrap_or_else(|| {
        let mut whole = Assembled::default();
        whole.push_for(scalar.at(), decoded);
        whole
    })
}

/// Blanks before each line of a literal block; `None` if it is none, or an empty one.
pub(super) fn indentation(scalar: Yaml<'_>) -> Option<Vec<u8>> {
    if scalar.style() != Some(ScalarStyle::Literal) {
        return None;
    }
    let said = scalar.text()?.lines().find(|line| !line.trim().is_empty())?;
    let line = scalar.whole()[content(scalar)].lines().find(|line| !line.trim().is_empty())?;
    let indent = line.strip_suffix(said.trim_end_matches('\r'))?;
    indent.bytes().all(|b| b == b' ').then(|| indent.as_bytes().to_vec())
}

/// Lays a text beside the bytes it was read from.
fn aligned(scalar: Yaml<'_>, decoded: &[u8], style: ScalarStyle, content: Range<usize>) -> Option<Assembled<'static>> {
    let (source, file) = (scalar.source(), &scalar.whole().as_bytes()[..content.end]);
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    let mut out = Assembled::default();
    let (mut said, mut at) = (0, content.start);
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let run = |text: &[u8]| text.iter().take_while(|b| blank(b)).count();
    while said < decoded.len() || at < file.len() {
        let rest = &file[at..];
        let blanks = run(rest);
        // The first line of a block stands behind its indentation.
        let begins = at == content.start && matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        let (length, means) = if rest[..blanks].contains(&b'\n') || (begins && blanks > 0) {
            (blanks, run(&decoded[said..]))
        } else if style == ScalarStyle::DoubleQuoted && rest.first() == Some(&b'\\') {
            escape(rest)?
        } else if style == ScalarStyle::SingleQuoted && rest.starts_with(b"''") {
            (2, 1)
        } else {
            let same = decoded.get(said).is_some_and(|byte| rest.first() == Some(byte));
            if !same {
                return None;
            }
            out.push(source, at, &decoded[said..=said]);
            (said, at) = (said + 1, at + 1);
            continue;
        };
        let bytes = decoded.get(said..said + means)?;
        out.push_for(Span { source, start: offset(at), end: offset(at + length) }, bytes);
        (said, at) = (said + means, at + length);
    }
    Some(out)
}

/// Length of an escape, and of what it means.
fn escape(text: &[u8]) -> Option<(usize, usize)> {
    let digits = |count: usize| {
        let code = std::str::from_utf8(text.get(2..2 + count)?).ok()?;
        Some((2 + count, char::from_u32(u32::from_str_radix(code, 16).ok()?)?.len_utf8()))
    };
    match text.get(1)? {
        b'x' => digits(2),
        b'u' => digits(4),
        b'U' => digits(8),
        b'N' | b'_' => Some((2, 2)),
        b'L' | b'P' => Some((2, 3)),
        b'\n' | b'\r' | b' ' | b'\t'
            if text[1..].iter().take_while(|b| b.is_ascii_whitespace()).any(|b| *b == b'\n') =>
        {
            Some((1 + text[1..].iter().take_while(|b| b.is_ascii_whitespace()).count(), 0))
        }
        _ => Some((2, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;
    use crate::syntax::embedded::yaml;
    use proptest::prelude::*;

    /// The words of the value of `k`, each with the bytes of the file it stands for.
    fn words(text: &str) -> Vec<(String, String)> {
        let (tree, broken) = yaml::read(SourceId::ROOT, text.as_bytes());
        assert_eq!(broken, None, "{text}");
        let value = tree.documents().next().unwrap().get("k").unwrap();
        let assembled = assembled(value);
        assert_eq!(assembled.text(), value.text().unwrap().as_bytes(), "{text:?}");
        let bytes = assembled.text().to_vec();
        let mut found = Vec::new();
        let mut start = 0;
        for word in bytes.split(u8::is_ascii_whitespace) {
            if !word.is_empty() {
                let at = assembled.span(start, start + word.len());
                let file = &text[at.start as usize..at.end as usize];
                found.push((String::from_utf8(word.to_vec()).unwrap(), file.to_owned()));
            }
            start += word.len() + 1;
        }
        found
    }

    #[test]
    fn words_of_every_style_point_at_themselves() {
        for text in [
            "k: |\n\n   port 1\n    y üx\n\n  \n   zz\n\n# c\n",
            "k: |-\r\n  port 1\r\n  y üx zz\r\nl: 1\r\n",
            "k: &a !!str |2 # x | y\n   port 1 y üx zz\nl: 1\n",
            "# > \nl: &b x\nk: >-\n  port 1\n  y\n\n    üx\n  zz\nm: 2",
            "k: port\n  1 y\n\n  üx zz # c\n",
            "k: 'port 1 y\n\n  üx\n  zz'\n",
            "k: \"port 1 \\\n   y üx\n  zz\"",
            "a: [x, {k: 1}]\nk: !x port 1 y üx zz",
            "k:\n  - 1\nk: port 1 y üx zz",
        ] {
            let found = words(text);
            assert!(found.iter().all(|(word, file)| word == file), "{text:?}: {found:?}");
            let names: Vec<&str> = found.iter().map(|(word, _)| word.as_str()).collect();
            assert_eq!(names, ["port", "1", "y", "üx", "zz"], "{text:?}");
        }
    }

    #[test]
    fn escapes_stand_for_what_they_mean() {
        let found = words("k: \"a\\x41\\u00fcb \\\"q\\\" x\\ny\"");
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(found, [pair("aAüb", "a\\x41\\u00fcb"), pair("\"q\"", "\\\"q\\\""), pair("x", "x"), pair("y", "y")]);
        assert_eq!(words("k: 'it''s x'")[0], pair("it's", "it''s"));
    }

    #[test]
    fn places_of_scalars_hold_their_quotes_and_headers() {
        for (text, place) in [
            ("k: \"a\\\"b\"  # c\n", "\"a\\\"b\""),
            ("k: 'it''s' \n", "'it''s'"),
            ("k: a b # c\n", "a b"),
            ("k: |+2 # | c\n    a\n\n\nl: 1\n", "|+2 # | c\n    a"),
            ("- k: &x >\n    a\n    b\n  l: 1\n", ">\n    a\n    b"),
        ] {
            let (tree, _) = yaml::read(SourceId::ROOT, text.as_bytes());
            let root = tree.documents().next().unwrap();
            let value = root.get("k").or_else(|| root.items()[0].get("k")).unwrap();
            assert_eq!(&text[value.at().start as usize..value.at().end as usize], place, "{text:?}");
        }
    }

    #[test]
    fn a_literal_block_knows_its_indentation() {
        let indent = |text: &str| {
            let (tree, _) = yaml::read(SourceId::ROOT, text.as_bytes());
            indentation(tree.documents().next().unwrap().get("k").unwrap())
        };
        assert_eq!(indent("k: |\n\n    a\n      b\n"), Some(b"    ".to_vec()));
        assert_eq!(indent("k: |2\n    a\n  b\n"), Some(b"  ".to_vec()));
        assert_eq!(indent("k: |-\r\n  a\r\n"), Some(b"  ".to_vec()));
        assert_eq!((indent("k: >\n  a\n"), indent("k: |\nl: 1\n"), indent("k: a\n")), (None, None, None));
    }

    proptest! {
        #[test]
        fn a_text_in_any_style_is_laid_beside_its_bytes(
            lines in proptest::collection::vec("[a-zü#: ]{0,6}", 1..5), style in 0..4_usize
        ) {
            let said = lines.join("\n");
            let indented = |prefix: &str| lines.iter().map(|l| format!("  {l}\n")).fold(prefix.to_owned(), |a, b| a + &b);
            let text = match style {
                0 => indented("k: |\n"),
                1 => indented("k: >-\n"),
                2 => format!("k: \"{}\"\n", said.replace('\n', "\\n")),
                _ => format!("k: '{}'\n", said.replace('\n', "\n  ")),
            };
            let (tree, broken) = yaml::read(SourceId::ROOT, text.as_bytes());
            prop_assume!(broken.is_none());
            let value = tree.documents().next().unwrap().get("k").unwrap();
            let assembled = assembled(value);
            prop_assert_eq!(assembled.text(), value.text().unwrap().as_bytes());
            for (at, byte) in assembled.text().iter().enumerate().filter(|(_, b)| !b.is_ascii_whitespace()) {
                let place = assembled.span(at, at + 1);
                prop_assert_eq!(text.as_bytes()[place.start as usize], *byte, "{:?}", text);
            }
        }
    }
}
