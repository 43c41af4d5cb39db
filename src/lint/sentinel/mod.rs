//! Sentinel: who watches, when it acts, and what becomes of its file.
//!
//! What stops the start is worded in `refused`; here stands what starts and then fails at night.

pub(super) mod ignored;
pub(super) mod rewrite;
pub(super) mod servers;
pub(super) mod timing;
pub(super) mod topology;

use super::Case;
use crate::catalog::{Directive, Lookup, sentinel};
use crate::config;
use crate::syntax::StatementId;

#[cfg(test)]
mod tests;

/// The sub-directive of a statement of a Sentinel's file, if this version knows it.
fn subdirective(case: &Case<'_>, id: StatementId) -> Option<&'static Directive> {
    match sentinel::view(case.server()).look(case.reading.arguments(id).first()?) {
        Lookup::Here(directive) => Some(directive),
        Lookup::Elsewhere(_) | Lookup::Never => None,
    }
}

/// The lines of a Sentinel's file that somebody wrote, each with its sub-directive.
fn lines<'a>(case: &'a Case<'_>) -> impl Iterator<Item = (StatementId, &'static Directive)> + use<'a> {
    let written = case.statements_of("sentinel").filter(move |id| !case.is_generated(*id));
    written.filter_map(|id| Some((id, subdirective(case, id)?)))
}

/// Those of one sub-directive, by its first name.
fn of<'a>(case: &'a Case<'_>, name: &'a str) -> impl Iterator<Item = StatementId> + use<'a> {
    lines(case).filter(move |(_, directive)| directive.names.contains(&name)).map(|(id, _)| id)
}

/// Whether a switch is on; `None` if a template says so.
fn is_on(case: &Case<'_>, name: &str) -> Option<bool> {
    let Some(last) = of(case, name).last() else { return Some(false) };
    let word = case.reading.words(last).get(1)?;
    (!word.open).then(|| word.bytes(&case.reading.sources).eq_ignore_ascii_case(b"yes"))
}

/// The number that a Sentinel reads in an argument; `None` where there is none or a template fills it in.
fn number(case: &Case<'_>, id: StatementId, index: usize) -> Option<i32> {
    let word = case.reading.words(id).get(index).filter(|word| !word.open)?;
    Some(config::atoi(word.bytes(&case.reading.sources)))
}
