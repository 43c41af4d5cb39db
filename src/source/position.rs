//! A text with its line table.

use std::sync::{Arc, OnceLock};

use super::text::Name;

/// A line and a column, both counted from 1. Columns count characters as an editor shows them; a byte that is not UTF-8 is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// A named text.
#[derive(Clone, Debug)]
pub struct Source {
    name: Name,
    text: Arc<[u8]>,
    lines: OnceLock<Arc<[u32]>>,
}

impl Source {
    pub(super) fn new(name: Name, text: Arc<[u8]>) -> Self {
        assert!(u32::try_from(text.len()).is_ok(), "readers refuse texts of 4 GiB");
        Self { name, text, lines: OnceLock::new() }
    }

    /// Where it came from.
    #[must_use]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its bytes.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The bytes, shared.
    #[must_use]
    pub fn shared(&self) -> Arc<[u8]> {
        Arc::clone(&self.text)
    }

    /// Starts of all lines; built on first use.
    fn lines(&self) -> &Arc<[u32]> {
        self.lines.get_or_init(|| line_starts(&self.text))
    }

    /// Starts of all lines, shared.
    pub(crate) fn shared_lines(&self) -> Arc<[u32]> {
        Arc::clone(self.lines())
    }

    /// How many lines there are; text after the last newline counts as one.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines().len()
    }

    /// The line, from 1, that holds a byte.
    #[must_use]
    pub fn line(&self, offset: u32) -> usize {
        self.lines().partition_point(|start| *start <= offset)
    }

    /// Line and column of a byte.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line(offset);
        let start = self.lines()[line - 1] as usize;
        let before = &self.text[start..(offset as usize).min(self.text.len())];
        let characters = if before.is_ascii() {
            before.len()
        } else {
            before.utf8_chunks().map(|c| c.valid().chars().count() + c.invalid().len()).sum()
        };
        Position { line, column: characters + 1 }
    }

    /// The bytes of a line, without its newline.
    #[must_use]
    pub fn line_bytes(&self, line: usize) -> &[u8] {
        let lines = self.lines();
        let start = lines[line - 1] as usize;
        let end = lines.get(line).map_or(self.text.len(), |next| *next as usize - 1);
        &self.text[start..end]
    }

    /// First byte of a line.
    #[must_use]
    pub fn line_start(&self, line: usize) -> u32 {
        self.lines()[line - 1]
    }
}

/// About as many bytes as a line has, comments and all.
pub(crate) const USUAL_LINE_BYTES: usize = 32;

/// Starts of all lines of a text.
///
/// Lines are so short that to ask `memchr` for the end of each costs three times as much as to look at eight bytes at once.
pub(crate) fn line_starts(text: &[u8]) -> Arc<[u32]> {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const NEWLINES: u64 = 0x0a0a_0a0a_0a0a_0a0a;
    let mut starts = Vec::with_capacity(text.len() / USUAL_LINE_BYTES + 2);
    starts.push(0);
    let after = |newline: usize| u32::try_from(newline + 1).expect("texts are below 4 GiB");
    let (eights, rest) = text.as_chunks::<8>();
    for (index, eight) in eights.iter().enumerate() {
        let differs = u64::from_le_bytes(*eight) ^ NEWLINES;
        // The high bit of each byte that is a newline.
        let mut newlines = !(((differs & LOW) + LOW) | differs | LOW);
        while newlines != 0 {
            starts.push(after(index * 8 + newlines.trailing_zeros() as usize / 8));
            newlines &= newlines - 1;
        }
    }
    let begin = text.len() - rest.len();
    starts.extend(rest.iter().zip(begin..).filter(|(byte, _)| **byte == b'\n').map(|(_, at)| after(at)));
    starts.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &[u8]) -> Source {
        Source::new(Name::Stdin, text.into())
    }

    #[test]
    fn columns_count_characters_and_stray_bytes() {
        let text = "a\nüb\n".as_bytes();
        assert_eq!(source(text).position(4), Position { line: 2, column: 2 });
        assert_eq!(source(b"\xff\xffx").position(2), Position { line: 1, column: 3 });
    }

    #[test]
    fn lines_start_behind_newlines_and_nowhere_else() {
        // Bytes that differ from a newline by one bit, or follow one, beside each other in all eight places.
        let odd = [b'\n', 0x0b, 0x8a, 0x0a ^ 0x20, b'\n', b'\n', 0x08, 0xff, 0x00, 0x80];
        for length in 0..64_usize {
            for step in 1..odd.len() {
                let text: Vec<u8> = (0..length).map(|at| odd[at * step % odd.len()]).collect();
                let after = |(at, byte): (usize, &u8)| (*byte == b'\n').then_some(at + 1);
                let starts: Vec<usize> = std::iter::once(0).chain(text.iter().enumerate().filter_map(after)).collect();
                let found: Vec<usize> = line_starts(&text).iter().map(|start| *start as usize).collect();
                assert_eq!(found, starts, "{text:?}");
            }
        }
    }

    #[test]
    fn a_text_without_newline_is_one_line() {
        assert_eq!(source(b"").line_count(), 1);
        assert_eq!(source(b"a").line_bytes(1), b"a");
        assert_eq!(source(b"a\n").line_bytes(2), b"");
        assert_eq!(source(b"a\nbc\n").line_bytes(2), b"bc");
    }
}
