//! Edits that many rules propose.

use super::Case;
use crate::finding::Edit;
use crate::source::SourceId;
use crate::syntax::{StatementId, Via};

/// Gives a directive a value: where it is set, else on a line of its own behind the last statement, so that nothing
/// overrides it. `None` where there is no line to put it behind, or this version does not know the directive.
pub(super) fn set(case: &Case<'_>, name: &str, arguments: &[&str]) -> Option<Edit> {
    let directive = case.known(name)?;
    let arguments = arguments.iter().map(|word| word.as_bytes().to_vec());
    Some(match case.set_by(name) {
        Some(id) => {
            let own = case.reading.name(id).to_vec();
            Edit::Put { statement: case.at(id), words: std::iter::once(own).chain(arguments).collect() }
        }
        None => {
            let words = std::iter::once(directive.name().as_bytes().to_vec()).chain(arguments).collect();
            Edit::Add { after: last_line(case)?, words }
        }
    })
}

/// Takes a statement out.
pub(super) fn drop(case: &Case<'_>, id: StatementId) -> Edit {
    Edit::Drop { statement: case.at(id) }
}

/// Gives a statement another name. Where a word is secret the name alone is replaced, so that the fix holds no secret.
pub(super) fn rename(case: &Case<'_>, id: StatementId, name: &str) -> Edit {
    let count = case.reading.words(id).len();
    if (0..count).all(|index| case.public_word(id, index).is_some()) {
        let mut words = case.words(id);
        words[0] = name.as_bytes().to_vec();
        Edit::Put { statement: case.at(id), words }
    } else {
        Edit::Text { at: case.reading.statement(id).name.at, with: name.as_bytes().to_vec() }
    }
}

/// The place of the last statement that stands on a line of the root text.
fn last_line(case: &Case<'_>) -> Option<crate::source::Span> {
    let mut statements = case.reading.statements().iter().rev();
    statements.find(|one| one.at.source == SourceId::ROOT && one.via == Via::Text).map(|one| one.at)
}
