//! Names: of instances by the paths of their files, of profiles by what their instances have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

/// File names that tell nothing; the folder does.
const GENERIC: &[&str] = &["conf", "config", "default", "redis", "redis-server", "server", "valkey", "valkey-server"];
/// Longest name: file systems take 255 bytes, and something is put behind it.
const LONGEST: usize = 120;

/// A name for each path: as few of its last parts as tell it from all others. Depends on the set of paths alone.
pub(super) fn instances(paths: &[&Path]) -> Vec<String> {
    let parts: Vec<Vec<String>> = paths.iter().map(|path| parts(path)).collect();
    let mut depth = vec![1_usize; paths.len()];
    loop {
        let names: Vec<String> = parts.iter().zip(&depth).map(|(parts, depth)| joined(parts, *depth)).collect();
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for name in &names {
            *counts.entry(name.to_ascii_lowercase()).or_default() += 1;
        }
        let mut deeper = false;
        for (index, name) in names.iter().enumerate() {
            if counts[&name.to_ascii_lowercase()] > 1 && depth[index] < parts[index].len() {
                depth[index] += 1;
                deeper = true;
            }
        }
        if !deeper {
            return numbered(names, paths);
        }
    }
}

/// Parts of a path that can stand in names, without the extension and a generic last name.
fn parts(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = path
        .with_extension("")
        .components()
        .filter_map(|part| match part {
            Component::Normal(part) => Some(plain(&part.to_string_lossy())),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() > 1 && parts.last().is_some_and(|last| GENERIC.contains(&last.to_ascii_lowercase().as_str())) {
        parts.pop();
    }
    // A number alone, such as a port, names nothing.
    if let [.., folder, last] = parts.as_slice()
        && last.bytes().all(|byte| byte.is_ascii_digit())
    {
        let both = format!("{folder}-{last}");
        parts.truncate(parts.len() - 2);
        parts.push(both);
    }
    if parts.is_empty() { vec!["instance".into()] } else { parts }
}

fn plain(text: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    text.chars().map(allowed).collect::<String>().trim_matches(['.', '-']).to_owned()
}

fn joined(parts: &[String], depth: usize) -> String {
    let name = parts[parts.len() - depth..].join("-");
    // The end tells more than the beginning.
    let cut = name.len().saturating_sub(LONGEST);
    name[cut..].trim_start_matches(['.', '-']).to_owned()
}

/// What is still not unique gets a number, in the order of the paths.
fn numbered(names: Vec<String>, paths: &[&Path]) -> Vec<String> {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by_key(|at| paths[*at]);
    let mut taken: BTreeSet<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    let mut seen = BTreeSet::new();
    let mut unique = names;
    for at in order {
        if seen.insert(unique[at].to_ascii_lowercase()) {
            continue;
        }
        let name = &unique[at];
        unique[at] = numbered_from(name, &mut taken, 2);
    }
    unique
}

/// A name with the first number, from `n`, that makes it a new one.
fn numbered_from(name: &str, taken: &mut BTreeSet<String>, n: usize) -> String {
    let next = format!("{name}-{n}");
    if taken.insert(next.to_ascii_lowercase()) { next } else { numbered_from(name, taken, n + 1) }
}

/// The letters that a name begins with: `cache-eu` of `cache-eu-01` and of `cache-eu-2b`.
fn beginning(name: &str) -> String {
    let words = name.split(['-', '_', '.']).take_while(|word| !word.bytes().any(|byte| byte.is_ascii_digit()));
    let words: Vec<&str> = words.collect();
    if words.is_empty() {
        let letters: String = name.chars().take_while(char::is_ascii_alphabetic).collect();
        return letters.to_ascii_lowercase();
    }
    words.join("-").to_ascii_lowercase()
}

/// What most names of some instances begin with and few of the others do.
pub(super) fn in_common(members: &[usize], all: &[String]) -> Option<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let beginnings: Vec<String> = all.iter().map(|name| beginning(name)).collect();
    for member in members {
        let whole = &beginnings[*member];
        let first = whole.split('-').next().unwrap_or_default();
        for text in BTreeSet::from([whole.as_str(), first]) {
            *counts.entry(text.to_owned()).or_default() += 1;
        }
    }
    let begins =
        |name: &str, text: &str| name == text || name.strip_prefix(text).is_some_and(|rest| rest.starts_with('-'));
    counts.retain(|text, count| {
        let everywhere = beginnings.iter().filter(|name| begins(name, text)).count();
        text.len() > 1 && *count * 10 >= members.len() * 8 && *count * 10 >= everywhere * 7
    });
    // The longest says the most.
    counts.into_iter().max_by_key(|(text, count)| (*count, text.len())).map(|(text, _)| text)
}

/// A name that is free.
pub(super) fn free(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    if taken.insert(wanted.to_owned()) { wanted.to_owned() } else { numbered_from(wanted, taken, 2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(paths: &[&str]) -> Vec<String> {
        instances(&paths.iter().map(Path::new).collect::<Vec<_>>())
    }

    #[test]
    fn a_file_is_named_by_as_little_as_tells_it_from_others() {
        assert_eq!(of(&["hosts/cache-01.conf", "hosts/cache-02.conf"]), ["cache-01", "cache-02"]);
        assert_eq!(of(&["/etc/a/redis.conf", "/etc/b/redis.conf"]), ["a", "b"]);
        assert_eq!(of(&["eu/a/redis.conf", "us/a/redis.conf", "us/b/redis.conf"]), ["eu-a", "us-a", "b"]);
        assert_eq!(of(&["a/6379.conf", "a/6380.conf", "b/x.conf"]), ["a-6379", "a-6380", "x"]);
        assert_eq!(of(&["redis.conf"]), ["redis"]);
    }

    #[test]
    fn names_are_unique_on_every_file_system() {
        assert_eq!(
            of(&["a/b.conf", "a-b.conf", "A-B.cnf"]).iter().map(|n| n.to_lowercase()).collect::<BTreeSet<_>>().len(),
            3
        );
        assert_eq!(of(&["x.conf", "x.cnf"]), ["x-2", "x"]);
        let long = "y".repeat(300);
        let names = of(&[&format!("{long}1.conf"), &format!("{long}2.conf")]);
        assert!(names[0] != names[1] && names[0].len() <= LONGEST + 4);
    }

    #[test]
    fn a_profile_is_named_by_what_tells_its_instances_from_others() {
        let all = ["cache-01", "cache-02", "bus-01", "bus-02"].map(String::from);
        assert_eq!(in_common(&[0, 1], &all).as_deref(), Some("cache"));
        assert_eq!(in_common(&[0, 2], &all), None);
        let all = ["redis-1", "redis-2", "redis-3", "redis-4"].map(String::from);
        assert_eq!(in_common(&[0, 1], &all), None);
    }
}
