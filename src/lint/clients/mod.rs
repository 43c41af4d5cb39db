//! Clients: what waits for those that do not read, and what is published to whom.

pub(super) mod limits;
pub(super) mod pubsub;

use super::Case;
use crate::config::Class;
use crate::source::Span;
use crate::syntax::StatementId;

#[cfg(test)]
mod tests;

/// The place of a class's limit: the first word of its group, so that several on a line are told apart.
fn place(case: &Case<'_>, class: Class) -> Span {
    match group(case, class) {
        Some((id, first)) => case.word_at(id, first).to(case.word_at(id, first + 3)),
        None => case.anchor(),
    }
}

/// The statement of a class's limit, and where among its words the group of the class begins.
fn group(case: &Case<'_>, class: Class) -> Option<(StatementId, usize)> {
    let id = case.limit_set_by(class)?;
    let words = case.reading.arguments(id);
    let mut starts = (0..words.len()).step_by(4).filter(|at| at + 3 < words.len());
    starts.rfind(|at| Class::from_name(words[*at]) == Some(class)).map(|first| (id, first))
}

/// The statement with other limits for a class; `None` where nothing states them, or all in one quoted word.
fn with_limits(case: &Case<'_>, class: Class, limits: [&str; 3]) -> Option<crate::finding::Edit> {
    let (id, first) = group(case, class)?;
    let mut words = case.words(id);
    for (offset, limit) in limits.into_iter().enumerate() {
        words[1 + first + 1 + offset] = limit.as_bytes().to_vec();
    }
    Some(crate::finding::Edit::Put { statement: case.at(id), words })
}

/// Whether `maxmemory-clients` bounds all buffers together; not in Redis 6.2, which does not know it.
fn is_capped(case: &Case<'_>) -> bool {
    use crate::config::Value;
    match case.get("maxmemory-clients") {
        Some(Value::Bytes(0)) | None => false,
        Some(_) => true,
    }
}
