//! Which lines of a text change, with every word masked that may not be shown. No neighbours are shown, and of comments only
//! that they are there: a password that was commented out is one still.

use super::frame::says_nothing;
use super::look::{Look, Role};
use crate::config::{MASK, Visible, printable};
use crate::finding::{Severity, TextEdit};
use crate::source::{Source, SourceId};

/// One of two texts.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The text; its places are those of the root text in `visible`.
    pub source: &'a Source,
    /// What may be shown of it.
    pub visible: &'a Visible,
}

/// The lines that edits change, old and new, one hunk for edits of neighbouring lines. The edits are sorted by place.
#[must_use]
pub fn difference(path: &str, old: Side<'_>, new: Side<'_>, edits: &[TextEdit], look: Look) -> String {
    let mut out = format!("--- {path}\n+++ {path}\n");
    let mut shift: i64 = 0;
    for group in edits.chunk_by(|a, b| old.line_after(a) >= old.source.line(b.at.start)) {
        let (first, last) = (&group[0], &group[group.len() - 1]);
        let before = old.source.line(first.at.start)..old.line_after(last);
        let start = moved(old.start_of(before.start), shift);
        shift += group.iter().map(growth).sum::<i64>();
        let end = moved(old.start_of(before.end), shift);
        let after = new.source.line(start)..new.line_of_end(end);
        let header = format!("@@ -{},{} +{},{} @@\n", before.start, before.len(), after.start, after.len());
        out.push_str(&look.paint(Role::Aside, &header));
        let removed = before.map(|number| (Role::Severity(Severity::Error), '-', old.masked(number)));
        let added = after.map(|number| (Role::Counts, '+', new.masked(number)));
        for (role, sign, line) in removed.chain(added) {
            out.push_str(&look.paint(role, &format!("{sign}{line}\n")));
        }
    }
    out
}

/// How many bytes an edit adds.
fn growth(edit: &TextEdit) -> i64 {
    let length = |bytes: usize| i64::try_from(bytes).expect("files are below 64 MiB");
    length(edit.with.len()) - length(edit.at.len())
}

fn moved(place: u32, shift: i64) -> u32 {
    u32::try_from(i64::from(place) + shift).expect("a text has no place before its first byte")
}

impl Side<'_> {
    /// How many lines there are; nothing behind the last newline is none.
    fn count(&self) -> usize {
        let lines = self.source.line_count();
        if self.source.line_bytes(lines).is_empty() { lines - 1 } else { lines }
    }

    /// The number of the line behind an edit.
    fn line_after(&self, edit: &TextEdit) -> usize {
        let at = edit.at;
        let line = self.source.line(at.start);
        // Whole lines that only come in leave the one that stood there as it is.
        if at.is_empty() && edit.with.ends_with(b"\n") && at.start == self.source.line_start(line) {
            return line;
        }
        let last = if at.is_empty() { at.start } else { at.end - 1 };
        (self.source.line(last) + 1).min(self.count() + 1)
    }

    /// The number of the line that begins at a place; at the end of the text, of the line that would come next.
    fn line_of_end(&self, place: u32) -> usize {
        if place as usize == self.source.text().len() { self.count() + 1 } else { self.source.line(place) }
    }

    /// First byte of a line, or the end of the text.
    fn start_of(&self, line: usize) -> u32 {
        if line <= self.source.line_count() {
            return self.source.line_start(line);
        }
        u32::try_from(self.source.text().len()).expect("files are below 64 MiB")
    }

    /// A line as people may see it: its blanks, and the words that may be shown.
    fn masked(&self, number: usize) -> String {
        let bytes = self.source.line_bytes(number);
        let start = self.source.line_start(number);
        let end = start + u32::try_from(bytes.len()).expect("files are below 64 MiB");
        let mut text = String::new();
        let mut at = 0;
        for (piece, shown) in self.visible.between(SourceId::ROOT, start, end) {
            let (from, to) = ((piece.start - start) as usize, (piece.end.min(end) - start) as usize);
            if from < at {
                continue;
            }
            between(&bytes[at..from], &mut text);
            if *shown {
                text.push_str(&printable(&bytes[from..to]));
            } else {
                text.push_str(MASK);
            }
            at = to;
        }
        between(&bytes[at..], &mut text);
        text
    }
}

/// What stands between words that are known: blanks, signs and common keys as they are, all else as a mask.
fn between(bytes: &[u8], text: &mut String) {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    for run in bytes.chunk_by(|a, b| is_blank(a) == is_blank(b)) {
        if run.iter().all(is_blank) || says_nothing(run) {
            text.extend(run.iter().map(|byte| char::from(*byte)));
        } else if run == b"\r" {
            text.push_str("\\r");
        } else if run == b"#" {
            text.push('#');
        } else if run.starts_with(b"#") {
            text.push('#');
            text.push_str(MASK);
        } else if !text.ends_with(MASK) {
            text.push_str(MASK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Name, Sources, Span};

    /// The difference between two texts of which nothing may be shown.
    fn hidden(old: &str, new: &str, edits: &[(u32, u32, &str)]) -> String {
        let mut sources = Sources::new();
        let (old, new) = (sources.add(Name::Stdin, old.as_bytes()), sources.add(Name::Stdin, new.as_bytes()));
        let at = |start, end| Span { source: SourceId::ROOT, start, end };
        let edits: Vec<TextEdit> =
            edits.iter().map(|(start, end, with)| TextEdit { at: at(*start, *end), with: (*with).into() }).collect();
        let visible = Visible::default();
        let side = |id| Side { source: sources.get(id), visible: &visible };
        difference("x", side(old), side(new), &edits, Look::PLAIN)
    }

    #[test]
    fn neighbouring_edits_are_one_hunk_and_lines_are_counted_on_both_sides() {
        let text = hidden("a\nb\n\nc\n", "A\nB\nB\n\nC\n", &[(0, 2, "A\n"), (2, 4, "B\nB\n"), (5, 7, "C\n")]);
        assert_eq!(text, "--- x\n+++ x\n@@ -1,2 +1,3 @@\n-***\n-***\n+***\n+***\n+***\n@@ -4,1 +5,1 @@\n-***\n+***\n");
    }

    #[test]
    fn a_line_that_comes_in_leaves_its_neighbours_alone() {
        let text = hidden("a\nb\n", "a\nc\nb\nd\n", &[(2, 2, "c\n"), (4, 4, "d\n")]);
        assert_eq!(text, "--- x\n+++ x\n@@ -2,0 +2,1 @@\n+***\n@@ -3,0 +4,1 @@\n+***\n");
        assert_eq!(hidden("a\n", "#a\n", &[(0, 0, "#")]), "--- x\n+++ x\n@@ -1,1 +1,1 @@\n-***\n+#***\n");
    }

    #[test]
    fn lines_may_go_and_a_last_newline_may_come() {
        assert_eq!(hidden("a\n\n\n", "a\n", &[(2, 3, ""), (3, 4, "")]), "--- x\n+++ x\n@@ -2,2 +2,0 @@\n-\n-\n");
        assert_eq!(hidden(" a", "a\n", &[(0, 2, "a\n")]), "--- x\n+++ x\n@@ -1,1 +1,1 @@\n- ***\n+***\n");
        assert_eq!(
            hidden("#  a b\n", "# a b\n", &[(0, 7, "# a b\n")]),
            "--- x\n+++ x\n@@ -1,1 +1,1 @@\n-#  *** ***\n+# *** ***\n"
        );
    }
}
