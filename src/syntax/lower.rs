//! Lowering: the intent of a fix becomes edits of the bytes that were read.
//!
//! Each way of writing a configuration has its own: a line of a file or of a block scalar, or arguments in a list. What
//! cannot be said in one of them gives `None`, and the finding then has only its help.

mod toml;

use std::collections::BTreeMap;

use super::reading::{Host, Reading, Statement, StatementId, Via, Word};
use super::{conf, quote};
use crate::finding::{Edit, Fix, TextEdit};
use crate::source::{Name, Source, SourceId, Span};

/// Lowers the fixes of one reading.
#[derive(Debug)]
pub struct Lowering<'a> {
    reading: &'a Reading,
    by_place: BTreeMap<Span, StatementId>,
}

impl<'a> Lowering<'a> {
    /// Prepares a reading's texts for edits.
    #[must_use]
    pub fn of(reading: &'a Reading) -> Self {
        Self { reading, by_place: reading.iter().map(|(id, statement)| (statement.at, id)).collect() }
    }

    /// The edits of a fix; `None` if one of them cannot be made, or if they lie in more than one text.
    #[must_use]
    pub fn lower(&self, fix: &Fix) -> Option<Vec<TextEdit>> {
        let mut edits = Vec::new();
        for edit in &fix.edits {
            edits.extend(self.edit(edit)?);
        }
        let first = edits.first()?.at.source;
        edits.iter().all(|edit| edit.at.source == first).then(|| joined(edits))
    }

    fn edit(&self, edit: &Edit) -> Option<Vec<TextEdit>> {
        if self.is_of_layer(edit) {
            return toml::edits(self.reading, edit);
        }
        match edit {
            Edit::Put { statement, words } => match self.host(statement.source)? {
                Host::Conf | Host::Block { .. } => self.line(*statement)?.put(words),
                Host::Users => self.line(*statement)?.put_user(words),
                Host::Arguments(_) | Host::Fixed => None,
            },
            Edit::Drop { statement } => match self.host(statement.source)? {
                Host::Conf | Host::Block { .. } | Host::Users => Some(self.line(*statement)?.drop_line()),
                Host::Arguments(_) | Host::Fixed => None,
            },
            Edit::Add { after, words } => match self.host(after.source)? {
                Host::Conf | Host::Block { .. } => Some(self.line(*after)?.add(&conf_line(words))),
                Host::Users => Some(self.line(*after)?.add(&user_line(words)?)),
                Host::Arguments(_) | Host::Fixed => None,
            },
            Edit::Comment { above, text } => match self.host(above.source)? {
                Host::Conf | Host::Block { .. } => Some(self.line(*above)?.comment(text)),
                // An ACL file knows no comments.
                Host::Arguments(_) | Host::Users | Host::Fixed => None,
            },
            Edit::Text { at, with } => match self.host(at.source)? {
                Host::Conf | Host::Users => Some(vec![TextEdit { at: *at, with: with.clone() }]),
                Host::Block { .. } | Host::Arguments(_) | Host::Fixed => None,
            },
        }
    }

    /// Whether an edit is about a statement that stands in the file of a layer.
    fn is_of_layer(&self, edit: &Edit) -> bool {
        let (Edit::Put { statement: at, .. }
        | Edit::Drop { statement: at }
        | Edit::Add { after: at, .. }
        | Edit::Comment { above: at, .. }) = edit
        else {
            return false;
        };
        let via = self.by_place.get(at).map(|id| self.reading.statement(*id).via);
        matches!(via, Some(Via::Layer(_))) && matches!(self.reading.sources.get(at.source).name(), Name::File(_))
    }

    /// How a text is written; `None` if it is no text that can be edited.
    fn host(&self, source: SourceId) -> Option<&Host> {
        let is_text = matches!(self.reading.sources.get(source).name(), Name::File(_) | Name::Stdin);
        let host = if source == SourceId::ROOT { &self.reading.host } else { &Host::Conf };
        is_text.then_some(host)
    }

    /// A statement on a line of its own.
    fn line(&self, at: Span) -> Option<Line<'_>> {
        let id = *self.by_place.get(&at)?;
        let statement = self.reading.statement(id);
        let source = self.reading.sources.get(at.source);
        let number = source.line(at.start);
        let on_one_line = source.line(at.end.saturating_sub(1)) == number;
        let bytes = source.line_bytes(number);
        // A NUL or joined files: the bytes of the line are not what was read.
        let plain = on_one_line && !bytes.contains(&0) && !conf::trim(bytes).is_empty();
        (plain && statement.via == Via::Text).then_some(Line { reading: self.reading, id, statement, source, number })
    }
}

/// Makes one insertion of those that a fix has at one place, in their order.
fn joined(edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let mut joined: Vec<TextEdit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match joined.iter_mut().find(|earlier| edit.at.is_empty() && earlier.at == edit.at) {
            Some(earlier) => earlier.with.extend(edit.with),
            None => joined.push(edit),
        }
    }
    joined
}

/// A statement as a line of a configuration file.
struct Line<'a> {
    reading: &'a Reading,
    id: StatementId,
    statement: &'a Statement,
    source: &'a Source,
    number: usize,
}

impl Line<'_> {
    /// Only what differs is touched, so that blanks between the other words stay.
    fn put(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        words.first()?;
        let read: Vec<&Word> = std::iter::once(&self.statement.name).chain(self.reading.words(self.id)).collect();
        let same = |word: &Word, new: &Vec<u8>| word.bytes(&self.reading.sources) == new.as_slice();
        if read.len() == words.len() {
            let changed = read.iter().zip(words).filter(|(word, new)| !same(word, new));
            return Some(changed.map(|(word, new)| TextEdit { at: word.at, with: quote_word(new) }).collect());
        }
        let alike = read.iter().zip(words).take_while(|(word, new)| same(word, new)).count();
        let start = alike.checked_sub(1).map_or(self.statement.at.start, |last| read[last].at.end);
        let mut old: Vec<&Word> = read[alike..].to_vec();
        let mut with = Vec::new();
        for (index, new) in words.iter().enumerate().skip(alike) {
            if index > 0 {
                with.push(b' ');
            }
            match old.iter().position(|word| same(word, new)) {
                Some(at) => with.extend_from_slice(self.reading.sources.bytes(old.remove(at).at)),
                None => with.extend(quote_word(new)),
            }
        }
        Some(vec![TextEdit { at: Span { start, ..self.statement.at }, with }])
    }

    /// As [`Line::put`], in an ACL file, where words are what they are.
    fn put_user(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        Some(vec![TextEdit { at: self.statement.at, with: user_line(words)? }])
    }

    fn drop_line(&self) -> Vec<TextEdit> {
        let start = self.source.line_start(self.number);
        let end = self.after();
        vec![TextEdit { at: Span { source: self.statement.at.source, start, end }, with: Vec::new() }]
    }

    /// Inserts a line behind this one.
    fn add(&self, line: &[u8]) -> Vec<TextEdit> {
        let end = self.after();
        let newline = self.newline();
        let mut with = self.indentation().to_vec();
        with.extend_from_slice(line);
        if end as usize == self.source.text().len() && !self.source.text().ends_with(b"\n") {
            with.splice(0..0, newline.iter().copied());
        } else {
            with.extend_from_slice(newline);
        }
        vec![TextEdit { at: Span { source: self.statement.at.source, start: end, end }, with }]
    }

    fn comment(&self, text: &[u8]) -> Vec<TextEdit> {
        let start = self.source.line_start(self.number);
        let mut with = self.indentation().to_vec();
        with.extend_from_slice(b"# ");
        with.extend_from_slice(text);
        with.extend_from_slice(self.newline());
        vec![TextEdit { at: Span { source: self.statement.at.source, start, end: start }, with }]
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

/// A statement as a line of a configuration file, quotes where they are needed.
fn conf_line(words: &[Vec<u8>]) -> Vec<u8> {
    words.iter().map(|word| quote_word(word)).collect::<Vec<_>>().join(&b' ')
}

/// A statement as a line of an ACL file; `None` if a word cannot be said there.
fn user_line(words: &[Vec<u8>]) -> Option<Vec<u8>> {
    let fits = words.iter().all(|word| !word.iter().any(|b| matches!(b, b' ' | b'\n' | 0)));
    fits.then(|| words.join(&b' '))
}

fn quote_word(word: &[u8]) -> Vec<u8> {
    // Patterns and rules of users are bare words everywhere, and people read them so.
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || b"_./:@%+*,=-~&|!<>()".contains(byte);
    if !word.is_empty() && word.iter().all(bare) { word.to_vec() } else { quote::conf_word(word).into_bytes() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding;
    use crate::syntax::conf;

    /// Carries out one edit on the second statement of a text.
    fn edited(text: &str, edit: impl Fn(Span) -> Edit) -> String {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
        let at = reading.statements()[1].at;
        let fix = Fix::safe([edit(at)]);
        let edits = Lowering::of(&reading).lower(&fix).unwrap();
        String::from_utf8(finding::apply(text.as_bytes(), &[edits]).0).unwrap()
    }

    #[test]
    fn lines_that_a_fix_adds_at_one_place_all_come() {
        for (text, mended) in [("port 1\n", "port 1\nhz 10\ntimeout 0\n"), ("port 1", "port 1\nhz 10\ntimeout 0")] {
            let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
            let after = reading.statements()[0].at;
            let fix = Fix::safe(["hz 10", "timeout 0"].map(|line| Edit::Add { after, words: words(line) }));
            let edits = Lowering::of(&reading).lower(&fix).unwrap();
            assert_eq!(finding::apply(text.as_bytes(), &[edits]).0, mended.as_bytes());
        }
    }

    fn words(line: &str) -> Vec<Vec<u8>> {
        line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
    }

    #[test]
    fn a_statement_is_replaced_and_its_surroundings_stay() {
        let put = |statement| Edit::Put { statement, words: words("save 60 a#b") };
        assert_eq!(edited("port 1\r\n  SAVE  '60'  2 \r\n# x\r\n", put), "port 1\r\n  save  '60'  \"a#b\" \r\n# x\r\n");
        assert_eq!(edited("port 1\nsave   '60' 2 # x\n", put), "port 1\nsave   '60' \"a#b\"\n");
        assert_eq!(edited("port 1\nsave '60'\n", put), "port 1\nsave '60' \"a#b\"\n");
        assert_eq!(edited("port 1\nx=60 '60'\n", put), "port 1\nsave '60' \"a#b\"\n");
    }

    #[test]
    fn lines_go_and_come_whole() {
        let drop = |statement| Edit::Drop { statement };
        let add = |after| Edit::Add { after, words: words("hz 10") };
        let comment = |above| Edit::Comment { above, text: b"note".to_vec() };
        assert_eq!(edited("port 1\ntimeout 0\n\n", drop), "port 1\n\n");
        assert_eq!(edited("port 1\n timeout 0", add), "port 1\n timeout 0\n hz 10");
        assert_eq!(edited("port 1\r\ntimeout 0\r\n", add), "port 1\r\ntimeout 0\r\nhz 10\r\n");
        assert_eq!(edited("port 1\n\ttimeout 0\n", comment), "port 1\n\t# note\n\ttimeout 0\n");
    }
}
