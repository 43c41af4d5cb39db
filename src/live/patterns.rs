//! Few patterns instead of many names, for Redis 6.2: there CONFIG GET takes one pattern a call, and goes through all
//! directives for each. No pattern shows a secret.

use std::collections::BTreeSet;

/// The directives of Redis 6.2 whose values are secret. A trial holds this against the catalogue.
pub const SECRETS: [&str; 5] =
    ["masterauth", "masteruser", "requirepass", "tls-client-key-file-pass", "tls-key-file-pass"];

/// Patterns that show all of these names, and no secret but those among them.
pub(super) fn patterns(names: &[&str]) -> Vec<String> {
    let (asked, plain): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| SECRETS.contains(name));
    let mut found: Vec<String> = asked.into_iter().map(str::to_owned).collect();
    around("", &plain, &SECRETS, &mut found);
    if found.len() < names.len() { found } else { names.iter().map(|name| (*name).to_owned()).collect() }
}

/// Goes along the letters of the secrets, and takes all names that leave them.
fn around(prefix: &str, names: &[&str], secrets: &[&str], found: &mut Vec<String>) {
    if names.contains(&prefix) {
        found.push(prefix.to_owned());
    }
    let next = |name: &str| name[prefix.len()..].chars().next();
    // Sorted, so that a hyphen comes first: behind a letter it would be a range.
    let letters: BTreeSet<char> = secrets.iter().filter_map(|secret| next(secret)).collect();
    if names.iter().any(|name| next(name).is_some_and(|letter| !letters.contains(&letter))) {
        found.push(format!("{prefix}[^{}]*", letters.iter().collect::<String>()));
    }
    for letter in letters {
        let longer = format!("{prefix}{letter}");
        let further = |name: &&str| name.starts_with(&longer);
        let names: Vec<&str> = names.iter().copied().filter(further).collect();
        let secrets: Vec<&str> = secrets.iter().copied().filter(further).collect();
        if !names.is_empty() {
            around(&longer, &names, &secrets, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the server matches: a name, or a beginning and a letter that is none of these.
    fn shows(pattern: &str, name: &str) -> bool {
        let Some((prefix, rest)) = pattern.split_once("[^") else { return pattern == name };
        let letters = rest.strip_suffix("]*").unwrap();
        let behind = name.strip_prefix(prefix).and_then(|rest| rest.chars().next());
        behind.is_some_and(|letter| !letters.contains(letter))
    }

    #[test]
    fn every_name_is_shown_and_no_secret() {
        let mut names = vec!["appendonly", "matched", "maxmemory", "min-replicas-to-write", "rdbchecksum"];
        names.extend([
            "rename",
            "repl-backlog-size",
            "tls-key-file",
            "tls-client-key-file",
            "tls-port",
            "timeout",
            "hz",
        ]);
        names.extend([
            "save",
            "lfu-decay-time",
            "io-threads",
            "bind",
            "port",
            "dir",
            "dbfilename",
            "logfile",
            "loglevel",
        ]);
        names.extend([
            "slowlog-log-slower-than",
            "stop-writes-on-bgsave-error",
            "tcp-keepalive",
            "unixsocket",
            "daemonize",
        ]);
        names.extend([
            "databases",
            "appendfsync",
            "aof-use-rdb-preamble",
            "activerehashing",
            "acllog-max-len",
            "lazyfree",
        ]);
        let found = patterns(&names);
        assert!(found.len() < names.len(), "{found:?}");
        for name in &names {
            assert!(found.iter().any(|pattern| shows(pattern, name)), "{name}: {found:?}");
        }
        for secret in SECRETS {
            assert!(!found.iter().any(|pattern| shows(pattern, secret)), "{secret}: {found:?}");
        }
        assert!(!found.iter().any(|pattern| pattern.contains("-]")), "{found:?}");
        names.push("requirepass");
        let found = patterns(&names);
        assert_eq!(found.iter().filter(|pattern| shows(pattern, "requirepass")).count(), 1);
    }

    #[test]
    fn few_names_are_asked_for_as_they_are() {
        assert_eq!(patterns(&["maxmemory"]), ["maxmemory"]);
    }
}
