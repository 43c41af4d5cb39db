//! The text a server really parses, with the way back to the files it came from.
//!
//! Often that is one file as it is. It differs where a NUL byte swallows the rest of its read buffer, where the files
//! matched by one glob are joined without a newline between them, and where a configuration stands inside another text:
//! its lines are indented there, its words quoted, or given as arguments.

use std::borrow::Cow;
use std::ops::Range;

use crate::source::{SourceId, Span};

/// Servers read a file in pieces of at most this many bytes.
const READ_BYTES: usize = 1024;

/// A stretch of the parsed text that lies in one place of one file.
#[derive(Clone, Copy, Debug)]
struct Segment {
    /// First byte in the parsed text.
    at: usize,
    source: SourceId,
    /// First byte in the file.
    start: usize,
    /// The last byte but one of what every byte of the stretch stands for; `None` if the bytes are those of the file.
    whole: Option<usize>,
}

/// The text to parse.
#[derive(Clone, Debug, Default)]
pub(super) struct Assembled<'a> {
    text: Cow<'a, [u8]>,
    segments: Vec<Segment>,
    /// Bytes that something else fills in before a server reads them, in order.
    open: Vec<Range<usize>>,
}

impl<'a> Assembled<'a> {
    /// One file.
    pub(super) fn one(source: SourceId, text: &'a [u8]) -> Self {
        if memchr::memchr(0, text).is_some() {
            let mut assembled = Self::default();
            assembled.append(source, text);
            return assembled;
        }
        let segments = vec![Segment { at: 0, source, start: 0, whole: None }];
        Self { text: Cow::Borrowed(text), segments, open: Vec::new() }
    }

    /// The file whose bytes these are, if that is so and nothing of it is filled in.
    pub(super) fn as_it_is(&self) -> Option<SourceId> {
        match self.segments[..] {
            [Segment { at: 0, source, start: 0, whole: None }] if self.open.is_empty() => Some(source),
            _ => None,
        }
    }

    /// Appends a file as the server does.
    pub(super) fn append(&mut self, source: SourceId, file: &[u8]) {
        let mut start = 0;
        while start < file.len() {
            let window = &file[start..file.len().min(start + READ_BYTES)];
            let piece = window.iter().position(|b| *b == b'\n').map_or(window, |newline| &window[..=newline]);
            let kept = piece.iter().position(|b| *b == 0).unwrap_or(piece.len());
            self.push(source, start, &piece[..kept]);
            start += piece.len();
        }
    }

    /// Appends bytes that stand in the file from `start` on.
    pub(super) fn push(&mut self, source: SourceId, start: usize, bytes: &[u8]) {
        let at = self.text.len();
        let goes_on = self
            .segments
            .last()
            .is_some_and(|last| last.whole.is_none() && last.source == source && last.start + (at - last.at) == start);
        if !goes_on {
            self.segments.push(Segment { at, source, start, whole: None });
        }
        self.text.to_mut().extend_from_slice(bytes);
    }

    /// Appends bytes of which each stands for all of a place.
    pub(super) fn push_for(&mut self, place: Span, bytes: &[u8]) {
        let (at, start, end) = (self.text.len(), place.start as usize, place.end as usize);
        let goes_on = self
            .segments
            .last()
            .is_some_and(|last| last.whole == Some(end) && last.start == start && last.source == place.source);
        if !goes_on && !bytes.is_empty() {
            self.segments.push(Segment { at, source: place.source, start, whole: Some(end) });
        }
        self.text.to_mut().extend_from_slice(bytes);
    }

    /// Appends a part of another text with its places.
    pub(super) fn push_part(&mut self, other: &Assembled<'_>, range: Range<usize>) {
        let shift = self.text.len();
        let first = other.segments.partition_point(|segment| segment.at <= range.start).saturating_sub(1);
        for segment in other.segments[first..].iter().take_while(|segment| segment.at < range.end) {
            let skipped = range.start.saturating_sub(segment.at);
            let start = if segment.whole.is_none() { segment.start + skipped } else { segment.start };
            let at = shift + (segment.at + skipped - range.start);
            self.segments.push(Segment { at, start, ..*segment });
        }
        self.open.extend(other.open_in(&range).into_iter().map(|open| open.start + shift..open.end + shift));
        self.text.to_mut().extend_from_slice(&other.text[range]);
    }

    /// Appends a part of another text that something else fills in as a whole.
    pub(super) fn push_open(&mut self, other: &Assembled<'_>, range: Range<usize>) {
        let (start, known) = (self.text.len(), self.open.len());
        self.push_part(other, range);
        self.open.truncate(known);
        self.mark_open(start..self.text.len());
    }

    /// A part with its places.
    pub(super) fn part(&self, range: Range<usize>) -> Assembled<'static> {
        let mut part = Assembled::default();
        part.push_part(self, range);
        part
    }

    /// Marks bytes as filled in by something else; the ranges must come in order.
    pub(super) fn mark_open(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.open.push(range);
        }
    }

    /// The bytes of a stretch that something else fills in, counted from its beginning.
    pub(super) fn open_in(&self, range: &Range<usize>) -> Vec<Range<usize>> {
        if self.open.is_empty() {
            return Vec::new();
        }
        let first = self.open.partition_point(|open| open.end <= range.start);
        let inside = self.open[first..].iter().take_while(|open| open.start < range.end);
        inside.map(|open| open.start.max(range.start) - range.start..open.end.min(range.end) - range.start).collect()
    }

    /// Whether something else fills in any byte.
    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The stretch that holds a byte.
    fn segment(&self, at: usize) -> Option<&Segment> {
        self.segments.partition_point(|segment| segment.at <= at).checked_sub(1).map(|index| &self.segments[index])
    }

    /// Whether these bytes are those of the file at their place, so that a span shows what was read.
    pub(super) fn is_plain(&self, range: &Range<usize>) -> bool {
        if let [Segment { whole: None, .. }] = self.segments[..] {
            return true;
        }
        let index = self.segments.partition_point(|segment| segment.at <= range.start);
        let next = self.segments.get(index).map_or(self.text.len(), |segment| segment.at);
        self.segment(range.start).is_some_and(|segment| segment.whole.is_none()) && range.end <= next
    }

    /// Whether no byte outside stands for the same place as one of these, so that they can be replaced in the file.
    pub(super) fn is_apart(&self, range: &Range<usize>) -> bool {
        let at = self.span(range.start, range.end);
        let before = range.start.checked_sub(1).map(|last| self.span(last, range.start));
        let behind = (range.end < self.text.len()).then(|| self.span(range.end, range.end + 1));
        before.is_none_or(|before| before.source == at.source && before.end <= at.start)
            && behind.is_none_or(|behind| behind.source == at.source && at.end <= behind.start)
    }

    /// The place of bytes `start..end` of the parsed text; what reaches into a second file is cut at the first one's last byte.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        // Most texts are one file.
        if let [Segment { whole: None, source, start: from, .. }] = self.segments[..] {
            return Span { source, start: offset(from + start), end: offset(from + end) };
        }
        let Some(first) = self.segment(start) else {
            return Span { source: SourceId::ROOT, start: offset(start), end: offset(end) };
        };
        let begin = if first.whole.is_some() { first.start } else { first.start + (start - first.at) };
        let mut last = begin;
        // The last covered byte that lies in the same file.
        let mut inside = end;
        while inside > start {
            let index = self.segments.partition_point(|segment| segment.at < inside) - 1;
            let segment = &self.segments[index];
            if segment.source == first.source {
                last = segment.whole.unwrap_or(segment.start + (inside - segment.at));
                break;
            }
            inside = segment.at;
        }
        Span { source: first.source, start: offset(begin), end: offset(last.max(begin)) }
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

    #[test]
    fn a_part_keeps_its_places_and_its_gaps() {
        let place = |start, end| Span { source: SourceId::ROOT, start, end };
        let mut text = Assembled::default();
        text.push(SourceId::ROOT, 10, b"abc");
        text.push_for(place(20, 24), b"\n");
        text.push(SourceId::ROOT, 30, b"def");
        text.mark_open(5..7);
        assert_eq!(text.span(1, 5), place(11, 31));
        let part = text.part(2..6);
        assert_eq!(part.text(), b"c\nde");
        assert_eq!((part.span(0, 1), part.span(1, 2), part.span(2, 4)), (place(12, 13), place(20, 24), place(30, 32)));
        assert_eq!(part.open_in(&(0..4)).first(), Some(&(3..4)));
        assert!(part.is_plain(&(2..4)) && !part.is_plain(&(0..2)) && !part.is_plain(&(1..2)));
    }
}
