//! What is carried out and has no value to compare by: modules, renamed commands and users.

use std::collections::BTreeMap;

use super::Original;
use crate::catalog::{self, DirectiveId};
use crate::config::Setup;
use crate::syntax::StatementId;

pub(super) const LOAD_MODULE: &str = "loadmodule";
pub(super) const RENAME_COMMAND: &str = "rename-command";
pub(super) const USER: &str = "user";

/// A word of a statement that is carried out: known, or a secret by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ActionWord {
    Plain(Vec<u8>),
    Named(String),
}

/// What is carried out and has no value: modules, renamed commands, users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) of: &'static str,
    pub(super) words: Vec<ActionWord>,
}

impl Action {
    /// The name, of a user alone: the order of users means nothing, that of the others does.
    pub(super) fn user_name(&self) -> Option<Vec<u8>> {
        match self.words.first() {
            Some(ActionWord::Plain(name)) if self.of == USER => Some(name.clone()),
            Some(ActionWord::Plain(_) | ActionWord::Named(_)) | None => None,
        }
    }
}

/// The statements that are carried out and stand, in order, each with what it is.
pub(super) fn carried_out(original: &Original) -> Vec<(&'static str, StatementId)> {
    let mut found = Vec::new();
    for of in [LOAD_MODULE, RENAME_COMMAND, USER] {
        let entry = catalog::find(of).and_then(|id| original.config.entry(id));
        found.extend(entry.into_iter().flat_map(|entry| entry.standing().map(|part| (of, part.by))));
    }
    found.sort_by_key(|(_, id)| *id);
    found
}

/// What a setup carries out, in the order in which it is merged.
pub(super) fn actions(setup: &Setup) -> Vec<Action> {
    let names = [(LOAD_MODULE, 0), (RENAME_COMMAND, 1), (USER, 2)];
    let by_id: BTreeMap<DirectiveId, (&str, u8)> =
        names.iter().filter_map(|(name, rank)| Some((catalog::find(name)?, (*name, *rank)))).collect();
    let mut found = Vec::new();
    for (id, _) in setup.reading.iter() {
        let Some((of, rank)) = catalog::find(setup.reading.name(id)).and_then(|id| by_id.get(&id)) else { continue };
        let words = setup.reading.words(id).iter().map(|word| match &word.secret {
            Some(name) => ActionWord::Named(name.to_string()),
            None => ActionWord::Plain(word.bytes(&setup.reading.sources).to_vec()),
        });
        found.push((*rank, Action { of, words: words.collect() }));
    }
    found.sort_by(|(rank, a), (other, b)| (rank, a.user_name()).cmp(&(other, b.user_name())));
    found.into_iter().map(|(_, action)| action).collect()
}

/// A statement whose words a profile holds as they are.
///
/// # Errors
/// Why it cannot.
pub(super) fn plain(of: &'static str, words: &[&[u8]]) -> Result<Action, &'static str> {
    if words.iter().any(|word| std::str::from_utf8(word).is_err()) {
        return Err("one of its words is not UTF-8, which TOML demands");
    }
    Ok(Action { of, words: words.iter().map(|word| ActionWord::Plain(word.to_vec())).collect() })
}

/// A module with its arguments, unless one of these sounds like a secret.
///
/// # Errors
/// Why a profile cannot hold it.
pub(super) fn module(words: &[&[u8]]) -> Result<Action, &'static str> {
    let speaks = |word: &&[u8]| {
        let lower = String::from_utf8_lossy(word).to_ascii_lowercase();
        ["pass", "auth", "secret", "token", "key", "pwd"].iter().any(|part| lower.contains(part))
    };
    if words.iter().skip(1).any(speaks) {
        return Err("its arguments may hold a secret, for which a profile has no place");
    }
    plain(LOAD_MODULE, words)
}
