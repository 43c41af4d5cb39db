//! Carrying fixes out: judge, edit, judge again, until nothing is left to mend.

use crate::finding::{self, Finding, Safety, TextEdit};
use crate::server::Server;
use crate::syntax::lower::Lowering;

use super::subject::Judged;

/// More rounds than this means that two fixes undo each other.
const ROUNDS: usize = 12;

/// What mending made of a text.
pub(super) struct Mended {
    /// The new bytes.
    pub(super) text: Vec<u8>,
    /// How many fixes were carried out.
    pub(super) fixes: usize,
    /// Why fixes were given up, if they were; the text is then as it was.
    pub(super) given_up: Option<String>,
}

/// Mends a text. `judge` judges a text's configurations; `wanted` tells which findings may be mended.
pub(super) fn mend(
    text: &[u8],
    judge: &dyn Fn(&[u8]) -> Vec<Judged>,
    most: Safety,
    wanted: &dyn Fn(&Judged, &Finding) -> bool,
) -> Mended {
    let first = judge(text);
    let started: Vec<Vec<Server>> = first.iter().map(|judged| judged.starts.clone()).collect();
    let mut current = text.to_vec();
    let mut judged = first;
    let mut fixes = 0;
    for _ in 0..ROUNDS {
        let groups = groups(&judged, most, wanted);
        if groups.is_empty() {
            break;
        }
        let (next, count) = finding::apply(&current, &groups);
        if next == current {
            break;
        }
        let after = judge(&next);
        // Whatever started before must start still, version by version.
        let lost = started.len() != after.len()
            || started.iter().zip(&after).any(|(before, after)| before.iter().any(|s| !after.starts.contains(s)));
        if lost {
            let reason = "a server that takes the file would not take it after these fixes; nothing was changed";
            return Mended { text: text.to_vec(), fixes: 0, given_up: Some(reason.into()) };
        }
        fixes += count;
        current = next;
        judged = after;
    }
    Mended { text: current, fixes, given_up: None }
}

/// The edits of all fixes that may be carried out, in the text that is mended.
fn groups(judged: &[Judged], most: Safety, wanted: &dyn Fn(&Judged, &Finding) -> bool) -> Vec<Vec<TextEdit>> {
    let mut groups = Vec::new();
    for one in judged {
        let fixable: Vec<_> = one
            .inspection
            .findings
            .iter()
            .filter_map(|finding| Some((finding, finding.fix.as_ref().filter(|fix| fix.safety <= most)?)))
            .filter(|(finding, _)| wanted(one, finding))
            .collect();
        if fixable.is_empty() {
            continue;
        }
        let lowering = Lowering::of(&one.reading);
        let in_own = |edits: &Vec<TextEdit>| edits.iter().all(|edit| edit.at.source == one.own);
        groups.extend(fixable.iter().filter_map(|(_, fix)| lowering.lower(fix)).filter(in_own));
    }
    groups
}
