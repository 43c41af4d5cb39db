//! What fixes change, line by line, with no more of it shown than findings show.

#![expect(clippy::disallowed_methods, reason = "what differs is looked for no longer than people wait")]

use std::time::{Duration, Instant};

use similar::{Algorithm, capture_diff_slices_deadline};

use super::subject::Judged;
use crate::config::Visible;
use crate::finding::TextEdit;
use crate::report::{self, Look, Side};
use crate::source::{Name, SourceId, Sources, Span};

/// Behind this the difference may be longer than it needs to be.
const LONGEST: Duration = Duration::from_secs(2);

/// The lines in which two texts differ. `before` and `after` are their configurations, judged.
pub(super) fn difference(
    path: &str,
    (old, before): (&[u8], &[Judged]),
    (new, after): (&[u8], &[Judged]),
    look: Look,
) -> String {
    let mut sources = Sources::new();
    let (from, to) = (sources.add(Name::Stdin, old), sources.add(Name::Stdin, new));
    let (seen_before, seen_after) = (visible(before), visible(after));
    let old_side = Side { source: sources.get(from), visible: &seen_before };
    let new_side = Side { source: sources.get(to), visible: &seen_after };
    report::difference(path, old_side, new_side, &edits(old, new), look)
}

/// What may be shown of a text by each of its configurations.
fn visible(judged: &[Judged]) -> Visible {
    let of = |one: &Judged| {
        let visible = one.visible.clone().unwrap_or_else(|| Visible::of(&one.reading, one.view));
        (visible, one.own)
    };
    Visible::of_shared(judged.iter().map(of))
}

/// The edits, of whole lines, that make the one text of the other.
fn edits(old: &[u8], new: &[u8]) -> Vec<TextEdit> {
    let (old, new) = (Lines::of(old), Lines::of(new));
    let deadline = Instant::now().checked_add(LONGEST);
    let changes = capture_diff_slices_deadline(Algorithm::Myers, &old.lines, &new.lines, deadline);
    let edit = |change: &similar::DiffOp| {
        let (gone, come) = (change.old_range(), change.new_range());
        let at = Span { source: SourceId::ROOT, start: old.starts[gone.start], end: old.starts[gone.end] };
        TextEdit { at, with: new.lines[come].concat() }
    };
    changes.iter().filter(|change| change.tag() != similar::DiffTag::Equal).map(edit).collect()
}

/// The lines of a text, each with its newline.
struct Lines<'a> {
    lines: Vec<&'a [u8]>,
    /// Where each begins, and the end of the text.
    starts: Vec<u32>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a [u8]) -> Self {
        let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
        let mut end = 0;
        let ends = lines.iter().map(|line| {
            end += u32::try_from(line.len()).expect("files are below 64 MiB");
            end
        });
        let starts = std::iter::once(0).chain(ends).collect();
        Self { lines, starts }
    }
}
