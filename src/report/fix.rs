//! Fixes as data: which bytes go, and what comes in their place, as far as that may be shown.

use std::sync::Arc;

use serde::Serialize;

use super::place::{Places, as_text};
use crate::catalog::View;
use crate::config::{Visible, would_be_shown};
use crate::finding::{Edit, Fix, Safety, TextEdit};
use crate::source::{Sources, Span};

/// How a finding can be mended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FixLine {
    /// Whether it may be carried out unasked.
    #[serde(serialize_with = "as_word")]
    pub safety: Safety,
    /// The file.
    #[serde(serialize_with = "as_text")]
    pub file: Arc<str>,
    /// What to replace; all of it, or nothing. Only where it was asked for.
    pub replacements: Vec<Replacement>,
}

/// A piece of text that another one replaces.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replacement {
    /// The line of the first byte that goes.
    pub line: usize,
    /// Its column.
    pub column: usize,
    /// The line of the byte behind the last one that goes.
    pub end_line: usize,
    /// Its column; the same place as the start where text is only put in.
    pub end_column: usize,
    /// What comes in its place; `None` if that may not be shown: `redisconf lint --fix` knows it.
    pub text: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn as_word<S: serde::Serializer>(safety: &Safety, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(safety.word())
}

/// The texts of a case, and what of them may be shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) sources: &'a Sources,
    pub(super) visible: &'a Visible,
    pub(super) view: &'static View,
}

impl FixLine {
    /// A fix with the edits that its reader made of it; `None` if those lie nowhere.
    pub(super) fn new(
        fix: &Fix,
        edits: &[TextEdit],
        places: &mut Places<'_>,
        shown: Option<Shown<'_>>,
    ) -> Option<Self> {
        let file = places.file(edits.first()?.at.source);
        let mut line = Self { safety: fix.safety, file, replacements: Vec::new() };
        if let Some(shown) = shown {
            let open = shown.may_be_shown(fix, edits);
            let replacement = |edit: &TextEdit| {
                let start = places.start(edit.at);
                let (end_line, end_column) = places.end(edit.at);
                let text = String::from_utf8(edit.with.clone()).ok().filter(|_| open);
                Replacement { line: start.line, column: start.column, end_line, end_column, text }
            };
            line.replacements = edits.iter().map(replacement).collect();
        }
        Some(line)
    }

    /// Whether all of it may be shown.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        !self.replacements.is_empty() && self.replacements.iter().all(|replacement| replacement.text.is_some())
    }
}

impl Shown<'_> {
    /// Whether nothing that comes or goes with a fix is a secret: a fix is shown as a whole or not at all.
    fn may_be_shown(self, fix: &Fix, edits: &[TextEdit]) -> bool {
        // Where nothing comes, nothing is told; where something is only put in, the intent has been judged.
        let harmless =
            |edit: &TextEdit| edit.with.is_empty() || edit.at.is_empty() || self.has_only_shown_words(edit.at);
        let intents = fix.edits.iter().all(|edit| self.intent_may_be_shown(edit));
        !fix.secret && intents && edits.iter().all(harmless)
    }

    fn intent_may_be_shown(self, edit: &Edit) -> bool {
        match edit {
            Edit::Put { statement, words } => self.is_public(*statement) && would_be_shown(words, self.view),
            Edit::Add { words, .. } => would_be_shown(words, self.view),
            Edit::Drop { .. } => true,
            // A comment may repeat the words behind a value.
            Edit::Comment { above, .. } => self.is_public(*above),
            // What is no statement has nobody to judge it: signs say nothing, words might.
            Edit::Text { at, with } => {
                !with.iter().any(u8::is_ascii_alphanumeric) || (!at.is_empty() && self.has_only_shown_words(*at))
            }
        }
    }

    /// Whether the words in a place were judged, and none is hidden.
    fn is_public(self, at: Span) -> bool {
        self.pieces(at).next().is_some() && self.pieces(at).all(|(_, shown)| shown)
    }

    /// Whether everything but blanks and signs in a place is a word that may be shown.
    fn has_only_shown_words(self, at: Span) -> bool {
        let text = self.sources.get(at.source).text();
        let has_words = |from: u32, to: u32| text[from as usize..to as usize].iter().any(u8::is_ascii_alphanumeric);
        let mut end = at.start;
        for (piece, shown) in self.pieces(at) {
            if !shown || (end < piece.start && has_words(end, piece.start)) {
                return false;
            }
            end = end.max(piece.end);
        }
        end >= at.end || !has_words(end, at.end)
    }

    /// The words that reach into a place.
    fn pieces(self, at: Span) -> impl Iterator<Item = (Span, bool)> {
        let source = self.sources.get(at.source);
        // A word lies on one line, so none that begins on an earlier one reaches here.
        let line = source.line_start(source.line(at.start));
        let pieces = self.visible.between(at.source, line, at.end);
        pieces.iter().copied().filter(move |(piece, _)| piece.end > at.start)
    }
}
