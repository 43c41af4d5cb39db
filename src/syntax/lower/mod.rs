//! Lowering: the intent of a fix becomes edits of the bytes that were read.
//!
//! Each way of writing a configuration has its own: a line of a file or of a block scalar, or the arguments of a
//! program. What cannot be said in one of them gives `None`, and the finding then has only its help.

mod arguments;
mod line;
#[cfg(test)]
mod tests;
mod toml;

use std::collections::BTreeMap;

use super::reading::{Host, Reading, StatementId, Via};
use crate::finding::{Edit, Fix, TextEdit};
use crate::source::{Name, Span};

use arguments::Arguments;
use line::Line;

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
        let edits = joined(edits);
        let in_one_text = edits.iter().all(|edit| edit.at.source == first);
        (in_one_text && are_apart(&edits)).then_some(edits)
    }

    fn edit(&self, edit: &Edit) -> Option<Vec<TextEdit>> {
        if self.is_of_layer(edit) {
            return toml::edits(self.reading, edit);
        }
        match edit {
            Edit::Put { statement, words } => match self.written(*statement)? {
                Written::Line(line) => line.put(words),
                Written::User(line) => line.put_user(words),
                Written::Arguments(arguments) => arguments.put(words),
            },
            Edit::Drop { statement } => match self.written(*statement)? {
                Written::Line(line) | Written::User(line) => line.drop_line(),
                Written::Arguments(arguments) => arguments.drop_all(),
            },
            Edit::Add { after, words } => match self.written(*after)? {
                Written::Line(line) => line.add(words),
                Written::User(line) => line.add_user(words),
                Written::Arguments(arguments) => arguments.add(words),
            },
            Edit::Comment { above, text } => match self.written(*above)? {
                Written::Line(line) => Some(line.comment(text)),
                // An ACL file knows no comments.
                Written::User(_) => None,
                Written::Arguments(arguments) => arguments.comment(text),
            },
            Edit::Text { at, with } => match self.host(*at)? {
                Host::Conf | Host::Users => Some(vec![TextEdit { at: *at, with: with.clone() }]),
                // A line end would need the block's indentation.
                Host::Block { .. } => {
                    let source = self.reading.sources.get(at.source);
                    let in_line = source.line(at.start) == source.line(at.end) && !with.contains(&b'\n');
                    in_line.then(|| vec![TextEdit { at: *at, with: with.clone() }])
                }
                Host::Arguments(_) | Host::Fixed => None,
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

    /// How a text is written at a place; `None` if it is no text that can be edited.
    fn host(&self, at: Span) -> Option<&'a Host> {
        let is_text = matches!(self.reading.sources.get(at.source).name(), Name::File(_) | Name::Stdin);
        is_text.then_some(self.reading.host_at(at))
    }

    /// A statement as it is written.
    fn written(&self, at: Span) -> Option<Written<'a>> {
        let id = *self.by_place.get(&at)?;
        match self.host(at)? {
            Host::Conf => Line::of(self.reading, id, None).map(Written::Line),
            Host::Users => Line::of(self.reading, id, None).map(Written::User),
            Host::Block { indent } => Line::of(self.reading, id, Some(indent)).map(Written::Line),
            Host::Arguments(list) => Arguments::of(self.reading, id, list).map(Written::Arguments),
            Host::Fixed => None,
        }
    }
}

/// Makes one of the insertions that a fix has at one place, in their order, and one of deletions that share a blank: of two
/// arguments the first may go with the blank behind it, and the second with the one before.
fn joined(edits: Vec<TextEdit>) -> Vec<TextEdit> {
    let takes_out = |edit: &TextEdit| edit.with.is_empty() && !edit.at.is_empty();
    let mut joined: Vec<TextEdit> = Vec::with_capacity(edits.len());
    for edit in edits {
        let goes_with = |earlier: &&mut TextEdit| {
            let at_one_place = edit.at.is_empty() && earlier.at == edit.at;
            at_one_place || (takes_out(&edit) && takes_out(earlier) && earlier.at.meets(edit.at))
        };
        match joined.iter_mut().find(goes_with) {
            Some(earlier) => {
                let (start, end) = (earlier.at.start.min(edit.at.start), earlier.at.end.max(edit.at.end));
                earlier.at = Span { start, end, ..earlier.at };
                earlier.with.extend(edit.with);
            }
            None => joined.push(edit),
        }
    }
    joined
}

/// Whether no two edits are about the same bytes.
fn are_apart(edits: &[TextEdit]) -> bool {
    let mut places: Vec<Span> = edits.iter().map(|edit| edit.at).collect();
    places.sort_unstable();
    places.windows(2).all(|pair| !pair[0].meets(pair[1]))
}

/// A statement as it is written.
enum Written<'a> {
    Line(Line<'a>),
    /// A line of an ACL file, where words are what they are.
    User(Line<'a>),
    Arguments(Arguments<'a>),
}
