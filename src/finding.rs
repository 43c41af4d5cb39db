//! Judgements about a text: what is wrong, where, how bad, what to do, and how to mend it.
//!
//! A [`Fix`] states what is meant; readers turn it into [`TextEdit`]s, and [`apply`] carries those out.

mod proof;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

pub use proof::{Measured, Proof, Threshold, Unit};

use crate::source::Span;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Likely not what was meant.
    Warning,
    /// Wrong: it will hurt.
    Error,
    /// The server would refuse to start.
    Fatal,
}

impl Severity {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Fatal];

    /// The word users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Fatal => "fatal",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A second place that helps to understand a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub at: Span,
    /// What is to be seen there.
    pub text: String,
}

/// One judgement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that judged, in kebab-case.
    pub rule: Cow<'static, str>,
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub at: Span,
    /// What is wrong: lower case, no full stop, values in backticks.
    pub message: String,
    /// What to see at `at` itself, if that needs words.
    pub here: Option<String>,
    /// Other places.
    pub labels: Vec<Label>,
    /// What to do: an order.
    pub help: Option<String>,
    /// How to mend it, where that can be said exactly.
    pub fix: Option<Fix>,
    /// The facts that the judgement rests on, by name.
    pub used: Vec<&'static str>,
    /// What was measured, if it is of a running server.
    pub proof: Option<Box<Proof>>,
}

impl Finding {
    /// A finding with no more than the necessary.
    pub fn new(rule: &'static str, severity: Severity, at: Span, message: impl Into<String>) -> Self {
        let rule = Cow::Borrowed(rule);
        Self {
            rule,
            severity,
            at,
            message: message.into(),
            here: None,
            labels: Vec::new(),
            help: None,
            fix: None,
            used: Vec::new(),
            proof: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says what is to be seen at the place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.here = Some(text.into());
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn label(mut self, at: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label { at, text: text.into() });
        self
    }

    /// Says how to mend it.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Says what it rests on.
    #[must_use]
    pub fn proof(mut self, proof: Proof) -> Self {
        self.proof = Some(Box::new(proof));
        self
    }

    /// Every place that it or its fix points at.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        let labels = self.labels.iter().map(|label| label.at);
        let edits = self.fix.iter().flat_map(|fix| &fix.edits).map(Edit::place);
        std::iter::once(self.at).chain(labels).chain(edits)
    }
}

/// Whether a fix may be carried out without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Safety {
    /// It keeps the meaning, or only corrects what the server would not have taken.
    Safe,
    /// It changes what the server does; somebody must want that.
    Unsafe,
}

impl Safety {
    /// The word users see.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// How to mend what a finding says, as an intent. The reader that read the text turns it into [`TextEdit`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be carried out unasked.
    pub safety: Safety,
    /// All of it, or nothing.
    pub edits: Vec<Edit>,
    /// Whether it writes or replaces a secret. It can be carried out; no output may show its text.
    pub secret: bool,
}

impl Fix {
    /// A fix that may be carried out unasked.
    #[must_use]
    pub fn safe(edits: impl Into<Vec<Edit>>) -> Self {
        Self { safety: Safety::Safe, edits: edits.into(), secret: false }
    }

    /// A fix that somebody must want.
    #[must_use]
    pub fn unsafe_(edits: impl Into<Vec<Edit>>) -> Self {
        Self { safety: Safety::Unsafe, edits: edits.into(), secret: false }
    }

    /// The same fix, whose text must not be shown.
    #[must_use]
    pub fn of_secret(mut self) -> Self {
        self.secret = true;
        self
    }
}

/// A part of a fix. A statement is named by its place, which is its own in every reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Gives a statement this name and these words; words that stay the same keep their spelling.
    Put {
        /// Place of the statement.
        statement: Span,
        /// Its name, then its arguments, unquoted.
        words: Vec<Vec<u8>>,
    },
    /// Takes a statement out.
    Drop {
        /// Place of the statement.
        statement: Span,
    },
    /// Puts a new statement behind another.
    Add {
        /// Place of the statement it follows.
        after: Span,
        /// Its name, then its arguments, unquoted.
        words: Vec<Vec<u8>>,
    },
    /// Puts a comment on a line of its own above a statement.
    Comment {
        /// Place of the statement.
        above: Span,
        /// Without the `#`.
        text: Vec<u8>,
    },
    /// Replaces bytes; for what is no statement, such as a byte order mark. Possible only where the text is a file of its own.
    Text {
        /// The bytes.
        at: Span,
        /// What comes in their place.
        with: Vec<u8>,
    },
}

impl Edit {
    /// The place of the statement, or of the bytes.
    #[must_use]
    pub fn place(&self) -> Span {
        match self {
            Self::Put { statement: at, .. }
            | Self::Drop { statement: at }
            | Self::Add { after: at, .. }
            | Self::Comment { above: at, .. }
            | Self::Text { at, .. } => *at,
        }
    }
}

/// A replacement of bytes in one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextEdit {
    /// The bytes; empty to insert.
    pub at: Span,
    /// What comes in their place.
    pub with: Vec<u8>,
}

/// Carries edits of one text out. They are sorted first; of two that overlap the second is left out with all of its group.
///
/// Edits of one group that insert at one place come in their order, before an edit that replaces what stands there.
/// Gives the new text and how many groups were carried out.
#[must_use]
pub fn apply(text: &[u8], groups: &[Vec<TextEdit>]) -> (Vec<u8>, usize) {
    // By start and end, so that an insertion comes before a replacement; the number keeps the order within a group.
    let mut taken: BTreeMap<(u32, u32, usize), &TextEdit> = BTreeMap::new();
    let meets = |taken: &BTreeMap<(u32, u32, usize), &TextEdit>, edit: &TextEdit| {
        let before = taken.range(..=(edit.at.end, u32::MAX, usize::MAX)).rev().map(|(_, other)| other.at);
        // Edits that were taken do not overlap, so their ends are sorted like their starts.
        let mut near = before.take_while(|other| other.end >= edit.at.start);
        near.any(|other| other.start == edit.at.start || (other.start < edit.at.end && edit.at.start < other.end))
    };
    let mut count = 0;
    let mut order: Vec<&Vec<TextEdit>> = groups.iter().filter(|group| !group.is_empty()).collect();
    order.sort_by_key(|group| group.iter().map(|edit| edit.at.start).min());
    for group in order {
        let key = |(index, edit): (usize, &TextEdit)| (edit.at.start, edit.at.end, index);
        if group.iter().enumerate().all(|(index, edit)| taken.get(&key((index, edit))) == Some(&edit)) {
            count += 1;
        } else if !group.iter().any(|edit| meets(&taken, edit)) {
            taken.extend(group.iter().enumerate().map(|(index, edit)| (key((index, edit)), edit)));
            count += 1;
        }
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for edit in taken.into_values() {
        let (start, end) = (edit.at.start as usize, edit.at.end as usize);
        out.extend_from_slice(&text[at..start]);
        out.extend_from_slice(&edit.with);
        at = end;
    }
    out.extend_from_slice(&text[at..]);
    (out, count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn edit(start: u32, end: u32, with: &str) -> TextEdit {
        TextEdit { at: Span { source: SourceId::ROOT, start, end }, with: with.into() }
    }

    #[test]
    fn of_two_groups_that_overlap_the_second_waits() {
        let groups = [vec![edit(2, 4, "X"), edit(0, 0, "#")], vec![edit(3, 5, "Y")], vec![edit(5, 6, "")]];
        assert_eq!(apply(b"abcdef", &groups), (b"#abXe".to_vec(), 2));
    }

    #[test]
    fn edits_of_one_group_may_share_their_start() {
        let group = vec![edit(0, 3, "port 1"), edit(0, 0, "# a\n"), edit(0, 0, "# b\n")];
        assert_eq!(apply(b"p 1\n", &[group]), (b"# a\n# b\nport 1\n".to_vec(), 1));
        let groups = [vec![edit(2, 2, "x")], vec![edit(2, 2, "y")]];
        assert_eq!(apply(b"ab", &groups), (b"abx".to_vec(), 1));
    }

    #[test]
    fn equal_groups_are_carried_out_once() {
        let groups = [vec![edit(0, 1, "")], vec![edit(0, 1, "")]];
        assert_eq!(apply(b"ab", &groups), (b"b".to_vec(), 2));
    }
}
