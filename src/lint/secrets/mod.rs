//! Rules about passwords in files: where they stand, how good they are, and what CONFIG REWRITE makes of them.

pub(super) mod places;
pub(super) mod rewritten;
pub(super) mod strength;

use crate::catalog::{Directive, DirectiveId, Kind, Lookup, sentinel};
use crate::config::MASK;
use crate::lint::Case;
use crate::source::{SourceId, Span};
use crate::syntax::StatementId;

/// A secret that is written out, not filled in by a template nor kept elsewhere.
#[derive(Debug)]
pub(in crate::lint) struct Literal {
    by: StatementId,
    /// Which argument of the statement, counted from 0.
    argument: usize,
    /// What it is, for messages.
    what: String,
}

impl Literal {
    fn at(&self, case: &Case<'_>) -> Span {
        case.word_at(self.by, self.argument)
    }

    /// The password itself, which goes into no message.
    fn expose<'a>(&self, case: &Case<'a>) -> &'a [u8] {
        let word = case.reading.words(self.by)[self.argument].bytes(&case.reading.sources);
        // Of a user it stands behind a `>`.
        if is_user(case, self.by) { word.strip_prefix(b">").unwrap_or(word) } else { word }
    }

    /// Whether it stands in the text that is judged, not in one that it includes.
    fn is_here(&self, case: &Case<'_>) -> bool {
        case.at(self.by).source == SourceId::ROOT
    }
}

/// Every secret that is written out, in order; what is hashed is none.
pub(in crate::lint) fn literals(case: &Case<'_>) -> Vec<Literal> {
    // Of a statement that is refused the configuration need not know.
    let is_set = |id: &DirectiveId| case.config.entry(*id).is_some();
    if case.config.refusals().is_empty() && !case.config.view.secretive().iter().any(is_set) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (id, _) in case.reading.iter() {
        let Some(directive) = case.directive(id) else { continue };
        if !directive.may_hold_secrets() {
            continue;
        }
        if matches!(directive.kind, Kind::User) {
            found.extend(of_user(case, id));
        } else if matches!(directive.kind, Kind::Sentinel) {
            found.extend(of_sentinel(case, id));
        } else if is_password(directive) {
            let what = format!("`{}`", case.name(id));
            found.extend(is_written(case, id, 0).then_some(Literal { by: id, argument: 0, what }));
        }
    }
    found
}

/// Whether a directive's value lets somebody in. A user's name and the new name of a command are hidden, and no passwords.
fn is_password(directive: &Directive) -> bool {
    directive.is.secret
        && !matches!(directive.kind, Kind::RenameCommand | Kind::LoadModule)
        && !directive.names.contains(&"masteruser")
}

fn is_user(case: &Case<'_>, id: StatementId) -> bool {
    case.directive(id).is_some_and(|directive| matches!(directive.kind, Kind::User))
}

fn of_user(case: &Case<'_>, id: StatementId) -> Vec<Literal> {
    let user = case.config.users(case.reading).into_iter().find(|user| user.by == id);
    let Some(rights) = user.and_then(|user| user.rights) else { return Vec::new() };
    let in_clear = rights.passwords.iter().filter(|password| password.in_clear).map(|password| password.argument);
    let what = format!("a password of user `{}`", case.word(id, 0));
    let written = in_clear.filter(|argument| is_written(case, id, *argument));
    written.map(|argument| Literal { by: id, argument, what: what.clone() }).collect()
}

fn of_sentinel(case: &Case<'_>, id: StatementId) -> Vec<Literal> {
    let Some(sub) = case.reading.arguments(id).first().copied() else { return Vec::new() };
    let Lookup::Here(directive) = sentinel::view(case.server()).look(sub) else { return Vec::new() };
    if !directive.is.secret {
        return Vec::new();
    }
    let what = format!("`sentinel {}`", directive.name());
    let arguments = 1..case.reading.words(id).len();
    let written = arguments.filter(|argument| is_written(case, id, *argument) && case.word(id, *argument) == MASK);
    written.map(|argument| Literal { by: id, argument, what: what.clone() }).collect()
}

/// Whether an argument is there, not empty, and what it says.
fn is_written(case: &Case<'_>, id: StatementId, argument: usize) -> bool {
    let word = case.reading.words(id).get(argument);
    word.is_some_and(|word| !word.open && word.secret.is_none() && !word.bytes(&case.reading.sources).is_empty())
}

#[cfg(test)]
mod tests;
