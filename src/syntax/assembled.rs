//! The text a server really parses, with the way back to the files it came from.
//!
//! Mostly that is one file as it is. It differs in two cases: a NUL byte swallows the rest of its read buffer, newline
//! included; and the files matched by one glob are joined without a newline between them.

use std::borrow::Cow;

use crate::source::{SourceId, Span};

/// Servers read a file in pieces of at most this many bytes.
const READ_BYTES: usize = 1024;

/// A stretch of the parsed text that lies in one file without a gap.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// First byte in the parsed text.
    at: usize,
    source: SourceId,
    /// First byte in the file.
    start: usize,
}

/// The text to parse.
#[derive(Debug, Default)]
pub(super) struct Assembled<'a> {
    text: Cow<'a, [u8]>,
    segments: Vec<Segment>,
}

impl<'a> Assembled<'a> {
    /// One file.
    pub(super) fn one(source: SourceId, text: &'a [u8]) -> Self {
        if text.contains(&0) {
            let mut assembled = Self::default();
            assembled.append(source, text);
            return assembled;
        }
        Self { text: Cow::Borrowed(text), segments: vec![Segment { at: 0, source, start: 0 }] }
    }

    /// Appends a file as the server does.
    pub(super) fn append(&mut self, source: SourceId, file: &[u8]) {
        let text = self.text.to_mut();
        let mut start = 0;
        while start < file.len() {
            let window = &file[start..file.len().min(start + READ_BYTES)];
            let piece = window.iter().position(|b| *b == b'\n').map_or(window, |newline| &window[..=newline]);
            let kept = piece.iter().position(|b| *b == 0).unwrap_or(piece.len());
            let goes_on =
                self.segments.last().is_some_and(|s| s.source == source && s.start + (text.len() - s.at) == start);
            if !goes_on {
                self.segments.push(Segment { at: text.len(), source, start });
            }
            text.extend_from_slice(&piece[..kept]);
            start += piece.len();
        }
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether the bytes of the file are the bytes that were parsed, so that a span shows what was read.
    pub(super) fn is_plain(&self) -> bool {
        self.segments.len() <= 1
    }

    /// Where a byte of the parsed text lies.
    fn origin(&self, at: usize) -> Option<(SourceId, usize)> {
        let index = self.segments.partition_point(|s| s.at <= at).checked_sub(1)?;
        let segment = self.segments[index];
        Some((segment.source, segment.start + (at - segment.at)))
    }

    /// The place of bytes `start..end` of the parsed text; what reaches into a second file is cut at the first one's last byte.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        let (source, first) = self.origin(start).unwrap_or((SourceId::ROOT, start));
        let mut last = first;
        if end > start {
            // The last covered byte that lies in the same file.
            let mut inside = end - 1;
            loop {
                match self.origin(inside) {
                    Some((other, at)) if other == source => {
                        last = at + 1;
                        break;
                    }
                    _ => {
                        let index = self.segments.partition_point(|s| s.at <= inside);
                        inside = self.segments[index - 1].at - 1;
                    }
                }
            }
        }
        Span { source, start: offset(first), end: offset(last) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nul_swallows_its_newline_and_spans_still_point_home() {
        let file = b"a\0b\nnext x\n";
        let assembled = Assembled::one(SourceId::ROOT, file);
        assert_eq!(assembled.text(), b"anext x\n");
        let span = assembled.span(0, 5);
        assert_eq!((span.start, span.end), (0, 8));
        let span = assembled.span(6, 7);
        assert_eq!(&file[span.start as usize..span.end as usize], b"x");
    }

    #[test]
    fn a_nul_late_in_a_long_line_loses_only_its_buffer() {
        let mut file = vec![b'x'; 2000];
        file[1100] = 0;
        let assembled = Assembled::one(SourceId::ROOT, &file);
        assert_eq!(assembled.text().len(), 1100);
    }
}
