//! Marks the fixes that write or replace a secret, so that no output shows their text.
//!
//! Rules need not think of it: whatever touches a statement with a hidden word is marked, and so is what writes a
//! statement of a secret directive.

use super::Case;
use crate::catalog;
use crate::finding::{Edit, Finding};
use crate::source::Span;

/// Marks the fixes among the findings of one case.
pub(super) fn mark(case: &Case<'_>, findings: &mut [Finding]) {
    let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
    let touched = joined(fixes.flat_map(|fix| &fix.edits).map(place).collect());
    if touched.is_empty() {
        return;
    }
    let statements = case.reading.touching(&touched).into_iter();
    let hidden = joined(statements.filter(|id| case.hides_words(*id)).map(|id| case.at(id)).collect());
    for fix in findings.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        fix.secret |= fix.edits.iter().any(|edit| writes_secret(edit) || place(edit).touches(&hidden));
    }
}

fn place(edit: &Edit) -> Span {
    match edit {
        Edit::Put { statement, .. } | Edit::Drop { statement } => *statement,
        Edit::Add { after, .. } => *after,
        Edit::Comment { above, .. } => *above,
        Edit::Text { at, .. } => *at,
    }
}

/// Places in order, those that touch made one, so that a search can find them.
fn joined(mut places: Vec<Span>) -> Vec<Span> {
    places.sort_unstable();
    let mut apart: Vec<Span> = Vec::with_capacity(places.len());
    for place in places {
        match apart.last_mut() {
            Some(last) if last.source == place.source && place.start <= last.end => last.end = last.end.max(place.end),
            _ => apart.push(place),
        }
    }
    apart
}

fn writes_secret(edit: &Edit) -> bool {
    match edit {
        Edit::Put { words, .. } | Edit::Add { words, .. } => {
            words.first().and_then(catalog::find).is_some_and(catalog::is_secret)
        }
        Edit::Drop { .. } | Edit::Comment { .. } | Edit::Text { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve;
    use crate::facts::Facts;
    use crate::finding::{Fix, Severity};
    use crate::source::{Name, SourceId};
    use crate::syntax::{Mode, conf};

    #[test]
    fn what_touches_a_secret_is_marked_and_nothing_else() {
        let text = b"port 1\nrequirepass x\nuser a on >y\nhz 10\nmaxmemry x\n";
        let reading = conf::read_alone(Name::Stdin, text, "redis-7.4".parse().unwrap());
        let config = resolve(&reading, Mode::Server);
        let facts = Facts::default();
        let case = Case::new(&reading, &config, &facts, Mode::Server);
        let at = |index: usize| reading.statements()[index].at;
        let words = |line: &str| line.split(' ').map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        let whole = Span { source: SourceId::ROOT, start: 0, end: 10 };
        let edits = [
            (Edit::Drop { statement: at(0) }, false),
            (Edit::Drop { statement: at(1) }, true),
            (Edit::Put { statement: at(2), words: words("user a on") }, true),
            (Edit::Comment { above: at(1), text: b"old".to_vec() }, true),
            (Edit::Add { after: at(0), words: words("masterauth x") }, true),
            (Edit::Add { after: at(0), words: words("save 1 1") }, false),
            (Edit::Put { statement: at(3), words: words("hz 1") }, false),
            (Edit::Put { statement: at(4), words: words("maxmemory x") }, true),
            (Edit::Text { at: whole, with: Vec::new() }, true),
        ];
        let finding = |edit: &Edit| Finding::new("x", Severity::Info, at(0), "x").fix(Fix::safe([edit.clone()]));
        let mut findings: Vec<Finding> = edits.iter().map(|(edit, _)| finding(edit)).collect();
        mark(&case, &mut findings);
        for (finding, (edit, secret)) in findings.iter().zip(&edits) {
            assert_eq!(finding.fix.as_ref().unwrap().secret, *secret, "{edit:?}");
        }
    }
}
