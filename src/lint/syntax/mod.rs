//! How files are written, where a server takes what stands there and makes something else of it.

pub(super) mod characters;
pub(super) mod files;
pub(super) mod repeated;
pub(super) mod save;
pub(super) mod values;

use super::Case;
use crate::finding::Fix;
use crate::syntax::StatementId;

#[cfg(test)]
mod tests;

/// Where the rules of this folder are known from.
const MEASURED: &str = "redis 6.2, 7.0 and 8.2 and valkey 8.0 to 9.1, run with CONFIG GET";

/// Whether the author wrote the statement, so that it can be held against him.
fn is_authored(case: &Case<'_>, id: StatementId) -> bool {
    !case.is_generated(id)
}

/// A fix whose text is not shown if the statement holds what may not be.
fn hushed(case: &Case<'_>, id: StatementId, fix: Fix) -> Fix {
    if case.hides_words(id) { fix.of_secret() } else { fix }
}
