//! Logical names of secrets for a whole fleet: one name is one value.

use std::collections::{BTreeMap, BTreeSet};

use super::SharedSecret;
use crate::import::carry::ActionWord;
use crate::import::decide::{Decided, Text};
use crate::import::{Known, Original, SecretUse};

/// Gives every secret of every instance the name that it has in the fleet, and lists these, sorted.
///
/// A value that several instances share keeps the plain name (`password`, then `password-2`, the more frequent first); one
/// that an instance has alone is named after it, unless it is the only one of its name. Values are compared and not shown.
pub(super) fn rename(instances: &[String], originals: &[&Original], decided: &mut [Decided]) -> Vec<SharedSecret> {
    // By the name in the instance, then by what is held.
    let mut held_by: BTreeMap<&str, BTreeMap<Held<'_>, Vec<usize>>> = BTreeMap::new();
    for (index, one) in decided.iter().enumerate() {
        for secret in &one.secrets {
            let users = held_by.entry(secret.name.as_str()).or_default().entry(held(secret)).or_default();
            if users.last() != Some(&index) {
                users.push(index);
            }
        }
    }
    let mut names: Vec<BTreeMap<String, String>> = vec![BTreeMap::new(); decided.len()];
    let mut taken: BTreeSet<String> = held_by.keys().map(|name| (*name).to_owned()).collect();
    for (local, values) in &held_by {
        let mut values: Vec<&Vec<usize>> = values.values().collect();
        // Never by the value itself: its order would tell something of it.
        values.sort_by_key(|users| (std::cmp::Reverse(users.len()), users[0]));
        let only = values.len() == 1;
        for (rank, users) in values.into_iter().enumerate() {
            let name = match users.as_slice() {
                [alone] if !only => free(&format!("{}-{local}", plain(&instances[*alone])), &mut taken),
                _ if rank == 0 => (*local).to_owned(),
                _ => free(local, &mut taken),
            };
            for row in users {
                names[*row].insert((*local).to_owned(), name.clone());
            }
        }
    }
    let mut shared: BTreeMap<String, SharedSecret> = BTreeMap::new();
    for (index, one) in decided.iter_mut().enumerate() {
        apply(one, &names[index]);
        let mut counted = BTreeSet::new();
        for secret in &one.secrets {
            let sources = &originals[index].reading.sources;
            let source = sources.get(secret.at.source);
            let entry = shared.entry(secret.name.clone()).or_insert_with(|| SharedSecret {
                name: secret.name.clone(),
                of: secret.of.clone(),
                known: secret.known == Known::Clear,
                instances: 0,
                file: source.name().to_string(),
                line: source.line(secret.at.start),
            });
            entry.instances += usize::from(counted.insert(secret.name.clone()));
        }
    }
    shared.into_values().collect()
}

/// What tells one secret from another; the first says how it is known.
type Held<'a> = (bool, &'a [u8]);

fn held(secret: &SecretUse) -> Held<'_> {
    match (&secret.value, &secret.hash) {
        (Some(value), _) => (true, value.expose()),
        (None, Some(hash)) => (false, hash.expose()),
        (None, None) => (false, b""),
    }
}

fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|n| format!("{wanted}-{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
    let name = names.find(|name| !taken.contains(name)).expect("numbers do not end");
    taken.insert(name.clone());
    name
}

fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

fn apply(decided: &mut Decided, names: &BTreeMap<String, String>) {
    let new = |name: &mut String| {
        if let Some(other) = names.get(name) {
            name.clone_from(other);
        }
    };
    decided.secrets.iter_mut().for_each(|secret| new(&mut secret.name));
    for setting in &mut decided.settings {
        match &mut setting.text {
            Text::Secret(name) => new(name),
            Text::One(_) | Text::Classes(_) => {}
        }
    }
    decided.users.iter_mut().for_each(|user| user.passwords.iter_mut().for_each(new));
    for word in decided.actions.iter_mut().flat_map(|action| &mut action.words) {
        match word {
            ActionWord::Named(name) => new(name),
            ActionWord::Plain(_) => {}
        }
    }
}
