//! What the rules of a user come to, in a form that compares: how they are written does not count.
//!
//! Two users that are found equal are equal. Found different are also those whose rules about commands reach the same set
//! by different ways; whoever reads both sees that at once.

use std::collections::BTreeSet;

use super::file::trimmed;
use super::rules::hashed;
use super::{Channels, Merged, merge, until_nul};
use crate::server::Server;
use crate::syntax;

/// What a user may do and how it logs in. Holds hashes of passwords, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Meaning {
    on: bool,
    nopass: bool,
    passwords: BTreeSet<Vec<u8>>,
    unchecked_payload: bool,
    root: Permissions,
    selectors: Vec<Permissions>,
}

/// Rules about commands, keys, channels and databases, in one spelling.
#[derive(Clone, PartialEq, Eq)]
struct Permissions {
    commands: Vec<Vec<u8>>,
    keys: BTreeSet<Vec<u8>>,
    channels: BTreeSet<Vec<u8>>,
    databases: Option<Vec<u8>>,
}

impl Meaning {
    /// Applies the words after `user`, the name first; `channels` is what `acl-pubsub-default` gives a new user.
    #[must_use]
    pub fn of(arguments: &[&[u8]], server: Server, channels: Channels) -> Self {
        let words = arguments.get(1..).unwrap_or_default();
        let (Merged::All(rules) | Merged::Open { before: rules, .. }) = merge(words, server);
        let mut meaning = Self::new(channels);
        for (_, rule) in &rules {
            meaning.apply(trimmed(rule), server, channels);
        }
        meaning
    }

    fn new(channels: Channels) -> Self {
        let (root, passwords) = (Permissions::new(channels), BTreeSet::new());
        Self { on: false, nopass: false, passwords, unchecked_payload: false, root, selectors: Vec::new() }
    }

    fn apply(&mut self, rule: &[u8], server: Server, channels: Channels) {
        let word = until_nul(rule).to_ascii_lowercase();
        match word.as_slice() {
            b"" => {}
            b"on" => self.on = true,
            b"off" => self.on = false,
            b"sanitize-payload" => self.unchecked_payload = false,
            b"skip-sanitize-payload" => self.unchecked_payload = true,
            b"nopass" | b"resetpass" => {
                self.nopass = word == b"nopass";
                self.passwords.clear();
            }
            b"reset" => *self = Self::new(channels),
            b"clearselectors" => self.selectors.clear(),
            [b'>', ..] => self.add(hashed(&rule[1..])),
            [b'#', ..] => self.add(rule[1..].to_vec()),
            [b'<', ..] => drop(self.passwords.remove(&hashed(&rule[1..]))),
            [b'!', ..] => drop(self.passwords.remove(&rule[1..])),
            [b'(', .., b')'] => {
                let inside = &rule[1..rule.len() - 1];
                let mut selector = Permissions::new(channels);
                for piece in syntax::split(inside, server.habits().words).unwrap_or_default() {
                    selector.apply(&piece.text);
                }
                self.selectors.push(selector);
            }
            _ => self.root.apply(rule),
        }
    }

    fn add(&mut self, hash: Vec<u8>) {
        self.nopass = false;
        self.passwords.insert(hash);
    }

    /// In what the two differ, in words; empty if in nothing.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("whether it is on", self.on != other.on),
            ("passwords", (self.nopass, &self.passwords) != (other.nopass, &other.passwords)),
            ("commands", self.root.commands != other.root.commands),
            ("keys", self.root.keys != other.root.keys),
            ("channels", self.root.channels != other.root.channels),
            ("databases", self.root.databases != other.root.databases),
            ("selectors", self.selectors != other.selectors),
            ("checks of payloads", self.unchecked_payload != other.unchecked_payload),
        ];
        parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
    }
}

impl Permissions {
    fn new(channels: Channels) -> Self {
        let channels = match channels {
            Channels::All => BTreeSet::from([b"*".to_vec()]),
            Channels::None => BTreeSet::new(),
        };
        Self { commands: Vec::new(), keys: BTreeSet::new(), channels, databases: None }
    }

    fn apply(&mut self, rule: &[u8]) {
        let word = until_nul(rule).to_ascii_lowercase();
        match word.as_slice() {
            b"allkeys" | b"~*" | b"%rw~*" | b"%wr~*" => self.keys = BTreeSet::from([b"~*".to_vec()]),
            b"resetkeys" => self.keys.clear(),
            b"allchannels" | b"&*" => self.channels = BTreeSet::from([b"*".to_vec()]),
            b"resetchannels" => self.channels.clear(),
            b"alldbs" | b"resetdbs" => self.databases = Some(word),
            [b'd', b'b', b'=', ..] => self.databases = Some(word),
            b"allcommands" | b"+@all" => self.commands = vec![b"+@all".to_vec()],
            // Nothing is what a user begins with.
            b"nocommands" | b"-@all" => self.commands.clear(),
            [b'~', ..] => drop(self.keys.insert(rule.to_vec())),
            [b'%', ..] => {
                let tilde = rule.iter().position(|byte| *byte == b'~').unwrap_or(rule.len());
                let mut letters = rule[1..tilde].to_ascii_uppercase();
                letters.sort_unstable();
                letters.dedup();
                let both = letters == b"RW";
                let sign = if both { Vec::new() } else { [b"%", letters.as_slice()].concat() };
                self.keys.insert([&sign, &rule[tilde..]].concat());
            }
            [b'&', ..] => drop(self.channels.insert(rule[1..].to_vec())),
            [b'+' | b'-', ..] => {
                // What is said again counts where it is said last; the order among neighbours of one sign does not count.
                self.commands.retain(|known| known[1..] != word[1..]);
                let sign = word[0];
                let run = self.commands.iter().rposition(|known| known[0] != sign).map_or(0, |at| at + 1);
                let at = run + self.commands[run..].partition_point(|known| *known < word);
                self.commands.insert(at, word);
            }
            // What a server refuses changes nothing.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(one: &str, other: &str) -> Vec<&'static str> {
        let of = |text: &str| {
            let words: Vec<&[u8]> = text.split(' ').map(str::as_bytes).collect();
            Meaning::of(&words, "redis-7.4".parse().unwrap(), Channels::None)
        };
        of(one).differs_from(&of(other))
    }

    #[test]
    fn spelling_and_order_do_not_count() {
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        for (one, other) in [
            ("app on >hello ~* +@all", format!("app ALLCOMMANDS #{hash} allkeys on").as_str()),
            ("app on ~a ~b +get +set", "app +SET +get ~b ~a on"),
            ("app nopass >hello", "app >hello"),
            ("app -@all +get", "app +get"),
            ("app %RW~a", "app ~a"),
            ("app +get +@all", "app +@all"),
            ("app (+get ~x)", "app ( +GET ~x )"),
        ] {
            assert_eq!(differ(one, other), [""; 0], "{one} {other}");
        }
    }

    #[test]
    fn what_differs_is_named() {
        assert_eq!(differ("app on >a", "app >b"), ["whether it is on", "passwords"]);
        assert_eq!(differ("app nopass", "app resetpass"), ["passwords"]);
        assert_eq!(differ("app +@all -get", "app -get +@all"), ["commands"]);
        assert_eq!(differ("app ~A &a", "app ~a &b"), ["keys", "channels"]);
        assert_eq!(differ("app (+get ~x)", "app (+get ~y)"), ["selectors"]);
        assert_eq!(differ("app %R~a", "app %W~a"), ["keys"]);
    }
}
