//! The lines of a file that a finding points at, with carets, and with every word masked that may not be shown.
//!
//! miette draws, or [`super::quick`] in its stead; the text is made here. Only the lines that are pointed at are in it, so no neighbour is shown.
//! A hidden word becomes `***` whatever its length, so places are translated from the file into that text.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents, SourceCode,
    SourceSpan, SpanContents, ThemeCharacters, ThemeStyles,
};

use super::look::Look;
use super::quick;
use crate::config::{MASK, Visible, printable};
use crate::source::{SourceId, Sources, Span};

/// A line longer than this is cut to what surrounds the place that is pointed at.
const LONGEST: usize = 200;
/// Words around an embedded configuration that say nothing of anybody: shown, so that the line is known again.
const KEYS: &[&[u8]] = &[
    b"-c",
    b"CMD",
    b"ENTRYPOINT",
    b"args:",
    b"command:",
    b"cpu:",
    b"cpus:",
    b"entrypoint:",
    b"exec",
    b"image:",
    b"mem_limit:",
    b"memory:",
    b"ports:",
    b"sh",
];
/// Of a line with more bytes than this nothing is shown.
const TOO_LONG: usize = 256 * 1024;

/// A place with what is to be said there.
pub(super) struct Pointer<'a> {
    pub(super) at: Span,
    pub(super) text: Option<&'a str>,
}

/// Draws the lines of all pointers that lie in the text of the first; empty if nothing of them may be shown.
pub(super) fn draw(pointers: &[Pointer<'_>], sources: &Sources, visible: &Visible, look: Look) -> String {
    let Some(first) = pointers.first() else { return String::new() };
    let here: Vec<&Pointer<'_>> = pointers.iter().filter(|pointer| pointer.at.source == first.at.source).collect();
    let source = sources.get(first.at.source);
    let mut numbers: Vec<usize> = here.iter().map(|pointer| source.line(pointer.at.start)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut frame = Frame { text: String::new(), lines: Vec::new(), labels: Vec::new() };
    for number in numbers {
        let Some(mut line) = MaskedLine::of(sources, first.at.source, number, visible) else { continue };
        let on_line: Vec<&&Pointer<'_>> =
            here.iter().filter(|pointer| source.line(pointer.at.start) == number).collect();
        line.cut(on_line.iter().map(|pointer| line.place(pointer.at).0).min().unwrap_or(0));
        let start = frame.text.len();
        for pointer in on_line {
            let (from, to) = line.place(pointer.at);
            let label = pointer.text.map(str::to_owned);
            frame.labels.push(LabeledSpan::new(label, start + from, to - from));
        }
        frame.text.push_str(&line.text);
        frame.text.push('\n');
        frame.lines.push(FrameLine { number, start, end: frame.text.len() });
    }
    if frame.lines.is_empty() {
        return String::new();
    }
    quick::draw(&frame, look).unwrap_or_else(|| by_miette(&frame, look))
}

pub(super) fn by_miette(frame: &Frame, look: Look) -> String {
    let mut drawn = String::new();
    handler(look).render_report(&mut drawn, frame).expect("writing to a string does not fail");
    // The frame has no message of its own, so its first line is empty.
    drawn.split_once('\n').map(|(_, rest)| rest.to_owned()).unwrap_or_default()
}

fn handler(look: Look) -> GraphicalReportHandler {
    let styles = if look.colour { ThemeStyles::ansi() } else { ThemeStyles::none() };
    let theme = GraphicalTheme { characters: ThemeCharacters::unicode(), styles };
    GraphicalReportHandler::new_themed(theme)
        .with_width(look.width.unwrap_or(10_000))
        .with_context_lines(0)
        .with_links(false)
        .without_primary_span_start()
        .without_syntax_highlighting()
}

/// A line as people may see it, with the way from the file's bytes to its own.
struct MaskedLine {
    text: String,
    /// First byte of the line in the file.
    start: u32,
    /// For each byte of the line, and its end: where it is in `text`.
    offsets: Vec<usize>,
}

impl MaskedLine {
    /// `None` if nothing of the line may be shown.
    fn of(sources: &Sources, id: SourceId, number: usize, visible: &Visible) -> Option<Self> {
        let source = sources.get(id);
        let bytes = source.line_bytes(number);
        if bytes.len() > TOO_LONG {
            return None;
        }
        let start = source.line_start(number);
        let end = start + u32::try_from(bytes.len()).expect("files are below 64 MiB");
        let mut line = Self { text: String::new(), start, offsets: Vec::with_capacity(bytes.len() + 1) };
        let mut at = start;
        let mut anything = false;
        for (piece, shown) in visible.between(id, start, end) {
            let piece_end = piece.end.min(end);
            if piece.start < at || piece_end <= piece.start {
                continue;
            }
            line.gap(&bytes[(at - start) as usize..(piece.start - start) as usize]);
            let word = &bytes[(piece.start - start) as usize..(piece_end - start) as usize];
            if *shown {
                line.shown(word);
                anything = true;
            } else {
                line.masked(word);
            }
            at = piece_end;
        }
        line.gap(&bytes[(at - start) as usize..]);
        let written = line.text.trim_end().len();
        line.text.truncate(written);
        line.offsets.push(written);
        for offset in &mut line.offsets {
            *offset = (*offset).min(written);
        }
        anything.then_some(line)
    }

    /// Bytes as they are, odd ones escaped.
    fn shown(&mut self, bytes: &[u8]) {
        if let Ok(text) = str::from_utf8(bytes)
            && bytes.iter().all(|byte| matches!(byte, b' '..=b'~'))
        {
            self.offsets.extend(self.text.len()..self.text.len() + bytes.len());
            self.text.push_str(text);
            return;
        }
        for chunk in bytes.utf8_chunks() {
            for character in chunk.valid().chars() {
                let at = self.text.len();
                self.offsets.extend(std::iter::repeat_n(at, character.len_utf8()));
                self.text.push_str(&printable(character.encode_utf8(&mut [0; 4]).as_bytes()));
            }
            for byte in chunk.invalid() {
                self.offsets.push(self.text.len());
                self.text.push_str(&printable(&[*byte]));
            }
        }
    }

    /// A mask for all of the bytes; two in a row are one.
    fn masked(&mut self, bytes: &[u8]) {
        let joins = self.text.ends_with(MASK);
        let at = if joins { self.text.len() - MASK.len() } else { self.text.len() };
        self.offsets.extend(std::iter::repeat_n(at, bytes.len()));
        if !joins {
            self.text.push_str(MASK);
        }
    }

    /// What stands between words: blanks, the signs of TOML and YAML, keys that everybody knows, and else nothing that may be
    /// shown.
    fn gap(&mut self, bytes: &[u8]) {
        // Several hidden words in a row, such as those of a comment, are one mask.
        let mut masked = false;
        let mut runs = bytes.chunk_by(|a, b| a.is_ascii_whitespace() == b.is_ascii_whitespace()).peekable();
        while let Some(run) = runs.next() {
            let blank = run[0].is_ascii_whitespace();
            let is_last = runs.peek().is_none();
            if masked && is_last {
                self.text.push(' ');
            }
            if blank && !masked {
                self.offsets.extend(self.text.len()..self.text.len() + run.len());
                self.text.extend(run.iter().map(|_| ' '));
            } else if !blank && (!masked || is_last) && says_nothing(run) {
                self.shown(run);
            } else if blank || masked {
                self.offsets.extend(run.iter().map(|_| self.text.len()));
            } else {
                self.masked(run);
                masked = true;
            }
        }
    }

    /// A span of the file in this text, cut to the line; never empty but at its end.
    fn place(&self, at: Span) -> (usize, usize) {
        let offset = |byte: u32| self.offsets[(byte.saturating_sub(self.start) as usize).min(self.offsets.len() - 1)];
        let (from, to) = (offset(at.start), offset(at.end));
        // Within a mask both ends are the same place.
        if to > from || at.is_empty() { (from, to) } else { (from, (from + MASK.len()).min(self.text.len()).max(from)) }
    }

    /// Cuts a very long line to what surrounds a place.
    fn cut(&mut self, place: usize) {
        if self.text.len() <= LONGEST || self.text.chars().count() <= LONGEST {
            return;
        }
        let boundary = |mut at: usize| {
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let from = boundary(place.saturating_sub(LONGEST / 4));
        let to = boundary((from + LONGEST).min(self.text.len()));
        let (before, after) = (if from > 0 { "…" } else { "" }, if to < self.text.len() { "…" } else { "" });
        self.text = format!("{before}{}{after}", &self.text[from..to]);
        for offset in &mut self.offsets {
            *offset = (*offset).clamp(from, to) - from + before.len();
        }
    }
}

/// A line of the frame.
pub(super) struct FrameLine {
    /// Its number in the file.
    pub(super) number: usize,
    /// Where it begins in the frame's text.
    pub(super) start: usize,
    /// Where the next one begins.
    pub(super) end: usize,
}

/// Whether a run between words is signs alone, or a key that everybody knows.
pub(super) fn says_nothing(run: &[u8]) -> bool {
    run.iter().all(|b| b"=[]{},\"'.-\\".contains(b)) || KEYS.binary_search(&run).is_ok()
}

/// The text that is drawn, and what points into it, by place.
pub(super) struct Frame {
    pub(super) text: String,
    pub(super) lines: Vec<FrameLine>,
    pub(super) labels: Vec<LabeledSpan>,
}

impl SourceCode for Frame {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _: usize,
        _: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let line_at = |offset: usize| self.lines.iter().position(|line| line.start <= offset && offset < line.end);
        let last_byte = span.offset() + span.len().saturating_sub(1);
        let (Some(first), Some(last)) = (line_at(span.offset()), line_at(last_byte)) else {
            return Err(MietteError::OutOfBounds);
        };
        let (start, end) = (self.lines[first].start, self.lines[last].end);
        let column = self.text[start..span.offset()].chars().count();
        let data = &self.text.as_bytes()[start..end];
        let number = self.lines[first].number - 1;
        Ok(Box::new(MietteSpanContents::new(data, (start..end).into(), number, column, last - first + 1)))
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Frame")
    }
}

impl std::error::Error for Frame {}

impl Diagnostic for Frame {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_sorted() {
        assert!(KEYS.is_sorted());
    }
}
