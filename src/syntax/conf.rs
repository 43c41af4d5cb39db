//! Reader of redis.conf and valkey.conf: lossless, and in the order the server reads.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::assembled::Assembled;
use super::include::Includes;
use super::placeholder;
use super::reading::{Item, Problem, ProblemKind, Reading, StatementId, Via, Word};
use super::words::{Piece, split, split_into};
use crate::server::Server;
use crate::source::{Files, Name, Source, SourceId, Sources, Span, USUAL_LINE_BYTES, line_starts};

/// Longer lines than this, one mebibyte, are not taken apart.
const MAX_LINE_BYTES: usize = 1024 * 1024;

/// What a line of a file is; joined, the spans of all lines are the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Nothing but blanks.
    Blank(Span),
    /// A comment, `#` being its first byte after blanks.
    Comment(Span),
    /// A statement, or what should have been one.
    Words(Span),
}

impl Line {
    /// The place of the whole line, newline included.
    #[must_use]
    pub fn at(&self) -> Span {
        match self {
            Self::Blank(at) | Self::Comment(at) | Self::Words(at) => *at,
        }
    }
}

/// The lines of a file, byte for byte.
#[must_use]
pub fn lines(source: SourceId, text: &[u8]) -> Vec<Line> {
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    let mut start = 0;
    text.split_inclusive(|b| *b == b'\n')
        .map(|line| {
            let at = Span { source, start: offset(start), end: offset(start + line.len()) };
            start += line.len();
            match trim(line).first() {
                None => Line::Blank(at),
                Some(b'#') => Line::Comment(at),
                Some(_) => Line::Words(at),
            }
        })
        .collect()
}

/// The line without what servers trim off both its ends: blanks and line ends, not vertical tabs, not form feeds.
#[must_use]
pub fn trim(line: &[u8]) -> &[u8] {
    let start = line.iter().position(|b| !is_blank(*b)).unwrap_or(line.len());
    let end = line.iter().rposition(|b| !is_blank(*b)).map_or(start, |last| last + 1);
    &line[start..end]
}

/// What servers trim off the ends of a line.
pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// Reads a configuration file and what it includes, as `server` would.
///
/// `root` is the text itself, so that standard input and editors' buffers can be read; `files` serves the includes, which
/// are looked up relative to the folder of the root file (a server looks in its working directory, which nobody knows here).
#[must_use]
pub fn read(name: Name, text: &[u8], server: Server, files: &dyn Files) -> Reading {
    read_as(false, name, text, server, files)
}

/// As [`read`], for a text that a template may still have to fill in: `${NAME}`, `{{ name }}` and their like stand for
/// words whose value is not known.
#[must_use]
pub fn read_template(name: Name, text: &[u8], server: Server, files: &dyn Files) -> Reading {
    read_as(placeholder::is_in(text), name, text, server, files)
}

fn read_as(templates: bool, name: Name, text: &[u8], server: Server, files: &dyn Files) -> Reading {
    let parent = |path: &PathBuf| path.parent().map(Path::to_owned);
    let base = if let Name::File(path) = &name { parent(path).unwrap_or_default() } else { PathBuf::new() };
    let mut sources = Sources::new();
    let root = sources.add(name, text);
    let mut reader = Reader {
        reading: Reading::new(sources, server),
        includes: Includes::new(base, server.habits().globs),
        files,
        via: Via::Text,
        templates,
    };
    reader.text(&Assembled::one(root, text));
    reader.reading
}

/// Reads only the text that is given; `include` statements are kept as statements and not followed.
#[must_use]
pub fn read_alone(name: Name, text: &[u8], server: Server) -> Reading {
    read(name, text, server, &crate::source::Memory::default())
}

/// A reading in the making.
pub(super) struct Reader<'a> {
    pub(super) reading: Reading,
    pub(super) includes: Includes,
    pub(super) files: &'a dyn Files,
    pub(super) via: Via,
    /// Whether placeholders of templates are recognised.
    pub(super) templates: bool,
}

impl Reader<'_> {
    /// Reads one text: a file, or what a glob matched.
    pub(super) fn text(&mut self, assembled: &Assembled<'_>) {
        let text = assembled.text();
        let rules = self.reading.server.habits().words;
        let mut pieces = Vec::new();
        self.reading.reserve(text.len() / USUAL_LINE_BYTES);
        // A NUL may cut the text short.
        let whole = assembled.as_it_is().map(|source| self.reading.sources.get(source));
        let whole = whole.filter(|source| source.text().len() == text.len());
        let starts = whole.map_or_else(|| line_starts(text), Source::shared_lines);
        let as_it_is = assembled.as_it_is().filter(|_| !self.templates);
        let ends = starts[1..].iter().map(|start| *start as usize).chain([text.len()]);
        for (line_start, end) in starts.iter().map(|start| *start as usize).zip(ends) {
            let line = &text[line_start..end];
            let trimmed = trim(line);
            if matches!(trimmed.first(), None | Some(b'#')) {
                continue;
            }
            let at = line_start + (trimmed.as_ptr() as usize - line.as_ptr() as usize);
            if trimmed.len() > MAX_LINE_BYTES {
                let at = assembled.span(at, at + 1);
                self.reading.order.push(Item::Problem(Problem { kind: ProblemKind::LongLine, at, statement: None }));
                continue;
            }
            if let Some(source) = as_it_is
                && let Some(id) = self.reading.push_bare(source, at, trimmed, self.via)
            {
                // What begins with another letter neither includes nor goes to another folder.
                if matches!(trimmed[0], b'd' | b'D' | b'i' | b'I' | 0x0b | 0x0c) {
                    self.follow(id);
                }
                continue;
            }
            let mut open = assembled.open_in(&(at..at + trimmed.len()));
            if self.templates && placeholder::is_in(trimmed) {
                open.extend(placeholder::find(trimmed));
            }
            if !open.is_empty() {
                self.open_line(assembled, at, trimmed, &open);
                continue;
            }
            pieces.clear();
            match split_into(&mut pieces, trimmed, rules) {
                Ok(()) => self.statement(assembled, at, &mut pieces, &[]),
                Err(unbalanced) => {
                    let quote = at + unbalanced.quote;
                    let at = assembled.span(quote, quote + 1);
                    let problem = Problem { kind: ProblemKind::UnbalancedQuotes, at, statement: None };
                    self.reading.order.push(Item::Problem(problem));
                }
            }
        }
    }

    /// A line of which something else fills in the bytes in `open`: what surrounds them is read as if each were a letter.
    fn open_line(&mut self, assembled: &Assembled<'_>, at: usize, line: &[u8], open: &[Range<usize>]) {
        let filled = placeholder::filled(line, open);
        match split(&filled, self.reading.server.habits().words) {
            Ok(pieces) if !pieces.first().is_some_and(|name| placeholder::meets(open, &name.at)) => {
                let as_written = |piece: Piece<'_>| {
                    let mut text = &line[piece.at.clone()];
                    if !placeholder::meets(open, &piece.at) {
                        return Piece { text: Cow::Owned(piece.text.into_owned()), at: piece.at };
                    }
                    // The quotes around a pasted argument are the server's.
                    if !assembled.is_plain(&(at + piece.at.start..at + piece.at.end)) {
                        text = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text);
                    }
                    Piece { text: Cow::Borrowed(text), at: piece.at }
                };
                let mut pieces = pieces.into_iter().map(as_written).collect();
                self.statement(assembled, at, &mut pieces, open);
            }
            // A line of the template itself, or one whose directive is not known.
            Ok(_) | Err(_) => self.reading.templated = true,
        }
    }

    /// `open` holds the bytes of the line that a template fills in.
    fn statement(&mut self, assembled: &Assembled<'_>, at: usize, pieces: &mut Vec<Piece<'_>>, open: &[Range<usize>]) {
        let plain = |piece: &Piece<'_>| assembled.is_plain(&(at + piece.at.start..at + piece.at.end));
        let mut words = pieces.drain(..).map(|piece| Word {
            at: assembled.span(at + piece.at.start, at + piece.at.end),
            open: placeholder::meets(open, &piece.at),
            cooked: match piece.text {
                Cow::Borrowed(_) if plain(&piece) => None,
                Cow::Borrowed(text) => Some(text.into()),
                Cow::Owned(text) => Some(text.into_boxed_slice()),
            },
            secret: None,
        });
        let Some(name) = words.next() else { return };
        let id = self.reading.push(name, words, self.via);
        self.follow(id);
    }

    /// Reads what a statement includes, and goes to the folder that it names.
    fn follow(&mut self, id: StatementId) {
        let name = self.reading.name(id);
        if name.len() == 7 && name.eq_ignore_ascii_case(b"include") {
            self.include(id);
        } else if name.len() == 3
            && name.eq_ignore_ascii_case(b"dir")
            && let [dir] = self.reading.arguments(id)[..]
        {
            self.includes.enter_directory(dir);
        }
    }
}
