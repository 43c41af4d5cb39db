//! Servers held against each other: where they do not agree, what most of them have, and who has something else.
//!
//! By meaning, and across versions: a directive is one under all its names, and a server whose version does not know it has
//! no say. What is of one node by nature is left out, and so is every secret, which nobody asks for.

use std::collections::BTreeMap;

use super::between::same;
use super::compare::is_action;
use super::contrast::{Held, Said};
use super::nature::is_per_node;
use crate::catalog::{Directive, DirectiveId};
use crate::config::{Config, Value};
use crate::snapshot::Snapshot;

/// A directive on which servers do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The name that the newest of their versions prefers.
    pub name: &'static str,
    /// What they have, and which of them, by position: the value that most have comes first.
    pub values: Vec<(Held, Vec<usize>)>,
    /// Whether more than half of those that know it have the first value.
    pub has_majority: bool,
}

/// What came out of holding servers against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peers {
    /// Where they do not agree, by name.
    pub splits: Vec<Split>,
    /// On how many directives all agree that know them.
    pub equal: usize,
    /// How many were left out because they are of one node by nature.
    pub per_node: usize,
}

/// One server's value of a directive.
struct Have<'a> {
    of: usize,
    config: &'a Config,
    directive: &'static Directive,
    value: Value,
}

/// Holds servers against each other.
#[must_use]
pub fn peers(all: &[&Snapshot]) -> Peers {
    let configs: Vec<Config> = all.iter().map(|snapshot| Config::nothing(snapshot.server)).collect();
    let mut by_id: BTreeMap<DirectiveId, Vec<Have<'_>>> = BTreeMap::new();
    for (of, (snapshot, config)) in all.iter().zip(&configs).enumerate() {
        let comparable = |directive: &&'static Directive| {
            !directive.is.file_only && !directive.is.secret && !is_action(&directive.kind)
        };
        for directive in config.view.directives().filter(comparable) {
            let answer = directive.names.iter().find_map(|name| snapshot.value(name));
            if let Some(value) = answer.and_then(|answer| config.read_back(directive, answer)) {
                by_id.entry(directive.id).or_default().push(Have { of, config, directive, value });
            }
        }
    }
    let mut found = Peers::default();
    for haves in by_id.into_values().filter(|haves| haves.len() > 1) {
        let groups = grouped(&haves);
        // Every name it has anywhere says the same of its nature.
        if haves.iter().any(|have| is_per_node(have.directive.name())) {
            found.per_node += usize::from(groups.len() > 1);
        } else if groups.len() == 1 {
            found.equal += 1;
        } else {
            found.splits.push(split(&haves, groups));
        }
    }
    found.splits.sort_by_key(|split| split.name);
    found
}

/// Positions in the list of those that mean the same, in the order in which each meaning is first met.
fn grouped(haves: &[Have<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, have) in haves.iter().enumerate() {
        let is_alike = |group: &&mut Vec<usize>| {
            let first = &haves[group[0]];
            same((first.config, first.directive, &first.value), (have.config, have.directive, &have.value))
        };
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

fn split(haves: &[Have<'_>], mut groups: Vec<Vec<usize>>) -> Split {
    groups.sort_by_key(|group| std::cmp::Reverse(group.len()));
    let most = &haves[groups[0][0]];
    let values = groups.iter().map(|group| {
        let one = &haves[group[0]];
        let other = if std::ptr::eq(one, most) { groups.get(1).map(|next| &haves[next[0]]) } else { Some(most) };
        let held = Held::of(one.directive, &one.value, Said::Server, other.map(|other| &other.value));
        (held, group.iter().map(|at| haves[*at].of).collect())
    });
    let newest = haves.iter().max_by_key(|have| have.config.server.place()).expect("at least two have it");
    Split { name: newest.directive.name(), values: values.collect(), has_majority: groups[0].len() * 2 > haves.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Shown;

    fn snapshot(server: &str, pairs: &[(&str, &str)]) -> Snapshot {
        let pairs = pairs.iter().copied().collect();
        Snapshot::new(server.parse().unwrap(), pairs, crate::snapshot::Info::default())
    }

    #[test]
    fn the_majority_comes_first_and_names_and_spellings_do_not_count() {
        let all = [
            snapshot("redis-6.2.14", &[("hz", "50"), ("slave-read-only", "yes"), ("port", "1"), ("save", "60 1")]),
            snapshot("valkey-8.1.3", &[("hz", "10"), ("replica-read-only", "yes"), ("port", "2"), ("save", "60 1")]),
            snapshot("redis-7.4.1", &[("hz", "10"), ("replica-read-only", "yes"), ("port", "3"), ("save", "")]),
        ];
        let found = peers(&all.iter().collect::<Vec<_>>());
        assert_eq!((found.equal, found.per_node), (1, 1));
        let told: Vec<_> = found
            .splits
            .iter()
            .map(|split| {
                let values = split.values.iter().map(|(held, who)| (held.value.clone().unwrap(), who.clone()));
                (split.name, split.has_majority, values.collect::<Vec<_>>())
            })
            .collect();
        let plain = |text: &str| Shown::Plain(text.to_owned());
        assert_eq!(
            told,
            [
                ("hz", true, vec![(plain("10"), vec![1, 2]), (plain("50"), vec![0])]),
                ("save", true, vec![(plain("60 1"), vec![0, 1]), (plain(""), vec![2])]),
            ]
        );
    }

    #[test]
    fn of_two_that_differ_neither_is_the_majority_and_what_one_alone_knows_is_no_difference() {
        let all = [
            snapshot("redis-6.2.14", &[("timeout", "0")]),
            snapshot("redis-7.4.1", &[("timeout", "9"), ("maxmemory-clients", "5%"), ("requirepass", "hunter2")]),
        ];
        let found = peers(&all.iter().collect::<Vec<_>>());
        assert_eq!(found.splits.len(), 1);
        assert!(!found.splits[0].has_majority);
        assert!(!format!("{found:?}").contains("hunter2"));
    }
}
