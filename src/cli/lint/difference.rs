//! What fixes would change, as a diff that holds no secret.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use super::subject::Judged;
use crate::config::{MASK, printable};
use crate::report::{Look, Role};
use crate::syntax::{Reading, StatementId};

/// Words that must not be shown, as they stand and as they are meant.
#[derive(Debug, Default)]
pub(super) struct Hidden(BTreeSet<Vec<u8>>);

/// A hidden word that is shorter is masked only where it stands alone: `x` is in many words.
const SHORTEST: usize = 4;

impl Hidden {
    /// Takes in the hidden words of a text.
    pub(super) fn learn(&mut self, judged: &[Judged]) {
        for one in judged {
            for (id, statement) in one.reading.iter() {
                let arguments = one.reading.words(id).iter().enumerate();
                for (index, word) in arguments {
                    if is_hidden(&one.reading, one, id, index) {
                        self.0.insert(word.bytes(&one.reading.sources).to_vec());
                        self.0.insert(one.reading.sources.bytes(word.at).to_vec());
                    }
                }
                let name = one.reading.name(id);
                if crate::catalog::find(name).is_none() {
                    self.0.insert(one.reading.sources.bytes(statement.at).to_vec());
                }
            }
        }
        self.0.retain(|word| !word.is_empty());
    }

    /// A line as people may see it.
    fn masked(&self, line: &str) -> String {
        let mut shown = line.to_owned();
        for word in &self.0 {
            let text = printable(word);
            if text.len() >= SHORTEST {
                shown = shown.replace(&text, MASK);
            } else {
                let words = shown.split(' ').map(|one| if one == text { MASK } else { one });
                shown = words.collect::<Vec<_>>().join(" ");
            }
        }
        shown
    }
}

fn is_hidden(reading: &Reading, judged: &Judged, id: StatementId, index: usize) -> bool {
    let bytes = reading.words(id)[index].bytes(&reading.sources);
    !bytes.is_empty() && crate::config::word_shown(reading, judged.view, id, index) == MASK
}

/// The changed lines, without context: a neighbour may be a secret of somebody else.
pub(super) fn diff(path: &str, old: &[u8], new: &[u8], hidden: &Hidden, look: Look) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (old, new) = (text(old), text(new));
    let diff = TextDiff::configure().timeout(std::time::Duration::from_secs(2)).diff_lines(&old, &new);
    let mut out = format!("--- {path}\n+++ {path}\n");
    for group in diff.grouped_ops(0) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let (from, to) = (first.old_range().start..last.old_range().end, first.new_range().start..last.new_range().end);
        let header = format!("@@ -{},{} +{},{} @@", from.start + 1, from.len(), to.start + 1, to.len());
        out.push_str(&look.paint(Role::Aside, &header));
        out.push('\n');
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ('-', Role::Severity(crate::finding::Severity::Error)),
                ChangeTag::Insert => ('+', Role::Counts),
                ChangeTag::Equal => continue,
            };
            let line = change.value().trim_end_matches(['\n', '\r']);
            let line = printable(hidden.masked(line).as_bytes());
            out.push_str(&look.paint(role, &format!("{sign}{line}")));
            out.push('\n');
        }
    }
    out
}
