//! A statement on a line of its own, in a configuration file or in a literal block of YAML.

use crate::finding::TextEdit;
use crate::source::{Source, Span};
use crate::syntax::reading::{Reading, Statement, StatementId, Via};
use crate::syntax::{Word, conf, quote};

/// A statement as a line.
pub(super) struct Line<'a> {
    reading: &'a Reading,
    id: StatementId,
    statement: &'a Statement,
    source: &'a Source,
    number: usize,
    /// Blanks before each line of the block it stands in.
    indent: Option<&'a [u8]>,
}

impl<'a> Line<'a> {
    /// The line of a statement; `None` if the bytes of the line are not what was read.
    pub(super) fn of(reading: &'a Reading, id: StatementId, indent: Option<&'a [u8]>) -> Option<Self> {
        let statement = reading.statement(id);
        let source = reading.sources.get(statement.at.source);
        let number = source.line(statement.at.start);
        let on_one_line = source.line(statement.at.end.saturating_sub(1)) == number;
        let bytes = source.line_bytes(number);
        // A NUL, joined files, or what something else adds to a block.
        let before = &bytes[..(statement.at.start - source.line_start(number)) as usize];
        let begins = before.iter().all(u8::is_ascii_whitespace) || (number == 1 && before.starts_with(b"\xef\xbb\xbf"));
        let plain = on_one_line && begins && !bytes.contains(&0) && !conf::trim(bytes).is_empty();
        (plain && statement.via == Via::Text).then_some(Self { reading, id, statement, source, number, indent })
    }

    pub(super) fn put(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let (name, arguments) = words.split_first()?;
        let spelled = |word: &Word| self.reading.sources.bytes(word.at).to_vec();
        let mut old: Vec<(Vec<u8>, Vec<u8>)> =
            self.reading.words(self.id).iter().map(|w| (w.bytes(&self.reading.sources).to_vec(), spelled(w))).collect();
        let mut line =
            if self.reading.name(self.id) == name { spelled(&self.statement.name) } else { self.quoted(name)? };
        for word in arguments {
            line.push(b' ');
            match old.iter().position(|(meant, _)| meant == word) {
                Some(at) => line.extend(old.remove(at).1),
                None => line.extend(self.quoted(word)?),
            }
        }
        Some(vec![TextEdit { at: self.statement.at, with: line }])
    }

    pub(super) fn drop_line(&self) -> Option<Vec<TextEdit>> {
        if self.indent.is_some_and(|indent| self.carries(indent.len())) {
            return None;
        }
        let start = self.source.line_start(self.number);
        let end = self.after();
        Some(vec![TextEdit { at: Span { source: self.statement.at.source, start, end }, with: Vec::new() }])
    }

    /// Whether a block takes its indentation from this line: then the next must have the same.
    fn carries(&self, indent: usize) -> bool {
        let blanks = |line: &[u8]| line.iter().take_while(|b| **b == b' ').count();
        let is_empty = |line: &[u8]| conf::trim(line).is_empty();
        let above = (1..self.number).rev().map(|number| self.source.line_bytes(number)).find(|line| !is_empty(line));
        let is_first = above.is_none_or(|line| blanks(line) < indent);
        let below = (self.number + 1..=self.source.line_count()).map(|number| self.source.line_bytes(number));
        let next = below.into_iter().find(|line| !is_empty(line));
        is_first && next.is_some_and(|line| blanks(line) > indent)
    }

    /// Inserts a line behind this one.
    pub(super) fn add(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let line = words.iter().map(|word| self.quoted(word)).collect::<Option<Vec<_>>>()?.join(&b' ');
        let end = self.after();
        let newline = self.newline();
        let mut with = self.indentation().to_vec();
        with.extend_from_slice(&line);
        if end as usize == self.source.text().len() && !self.source.text().ends_with(b"\n") {
            with.splice(0..0, newline.iter().copied());
        } else {
            with.extend_from_slice(newline);
        }
        Some(vec![TextEdit { at: Span { source: self.statement.at.source, start: end, end }, with }])
    }

    pub(super) fn comment(&self, text: &[u8]) -> Vec<TextEdit> {
        let start = self.source.line_start(self.number);
        let mut with = self.indentation().to_vec();
        with.extend_from_slice(b"# ");
        with.extend_from_slice(text);
        with.extend_from_slice(self.newline());
        vec![TextEdit { at: Span { source: self.statement.at.source, start, end: start }, with }]
    }

    /// A word, quotes where it needs them; `None` if what holds the block would fill something in.
    fn quoted(&self, word: &[u8]) -> Option<Vec<u8>> {
        let is_live = word.contains(&b'$') || memchr::memmem::find(word, b"{{").is_some();
        (self.indent.is_none() || !is_live).then(|| quote::conf_word(word).into_bytes())
    }

    /// The first byte behind the line.
    fn after(&self) -> u32 {
        if self.number < self.source.line_count() {
            self.source.line_start(self.number + 1)
        } else {
            u32::try_from(self.source.text().len()).expect("files are below 64 MiB")
        }
    }

    fn indentation(&self) -> &[u8] {
        let line = self.source.line_bytes(self.number);
        &line[..line.iter().take_while(|b| matches!(b, b' ' | b'\t')).count()]
    }

    fn newline(&self) -> &'static [u8] {
        if self.source.line_bytes(self.number).ends_with(b"\r") { b"\r\n" } else { b"\n" }
    }
}
