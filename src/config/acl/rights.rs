//! What a user may do, once its rules were applied: only as much of it as is judged.

use super::file::trimmed;
use super::rules::hashed;
use super::{Channels, Merged, Moment, User, is_6_2, merge, until_nul};
use crate::catalog::commands;
use crate::config::table::Table;
use crate::server::Server;
use crate::syntax;
use crate::syntax::Mode;

/// A password that a user may log in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password {
    /// The argument that gives it; 0 is the user's name.
    pub argument: usize,
    /// Whether it stands there in clear, not as a hash.
    pub in_clear: bool,
    hash: Vec<u8>,
}

impl Password {
    /// Its SHA-256 in hexadecimal digits, as it may stand behind a `#`.
    #[must_use]
    pub fn hash(&self) -> &[u8] {
        &self.hash
    }
}

/// What the rules of one user come to.
#[derive(Clone, Debug)]
pub struct Rights {
    /// Whether it can log in at all.
    pub on: bool,
    /// Whether any password is good.
    pub nopass: bool,
    /// The passwords that are good.
    pub passwords: Vec<Password>,
    root: Selector,
    selectors: Vec<Selector>,
    server: Server,
}

/// Rules about commands and keys, in their order.
#[derive(Clone, Debug, Default)]
struct Selector {
    commands: Vec<Vec<u8>>,
    all_keys: bool,
    some_keys: bool,
}

/// Subcommands of these have categories of their own, the same in every version since 7.0.
const ADMINISTRATION: [&str; 3] = ["acl", "config", "module"];
/// Those categories.
const OF_ADMINISTRATION: [&str; 3] = ["admin", "dangerous", "slow"];

impl Rights {
    /// Applies the words after `user`, the name first. Rules that the server refuses change nothing.
    #[must_use]
    pub fn of(arguments: &[&[u8]], server: Server) -> Self {
        let words = arguments.get(1..).unwrap_or_default();
        let rules = match merge(words, server) {
            Merged::All(rules) | Merged::Open { before: rules, .. } => rules,
        };
        let mut rights = Self::new(server);
        // Which channels are allowed decides about refusals alone.
        let mut judged = User::new(Moment::Loading, Table { server, mode: Mode::Server }, Channels::None);
        for (argument, rule) in &rules {
            let rule = trimmed(rule);
            if judged.apply(rule).is_ok() {
                rights.apply(*argument, rule);
            }
        }
        rights
    }

    /// A user without any rule.
    fn new(server: Server) -> Self {
        let root = Selector::default();
        Self { on: false, nopass: false, passwords: Vec::new(), root, selectors: Vec::new(), server }
    }

    /// What a server gives to the user `default` that nobody defined: everything, without a password.
    #[must_use]
    pub fn of_stock_default(server: Server) -> Self {
        Self::of(&[b"default", b"on", b"nopass", b"~*", b"+@all"], server)
    }

    fn apply(&mut self, argument: usize, rule: &[u8]) {
        let word = until_nul(rule).to_ascii_lowercase();
        match word.as_slice() {
            b"on" => self.on = true,
            b"off" => self.on = false,
            b"nopass" => {
                self.nopass = true;
                self.passwords.clear();
            }
            b"resetpass" => {
                self.nopass = false;
                self.passwords.clear();
            }
            b"reset" => *self = Self::new(self.server),
            b"clearselectors" => self.selectors.clear(),
            [b'>', ..] => self.add(argument, true, hashed(&rule[1..])),
            [b'#', ..] => self.add(argument, false, rule[1..].to_vec()),
            [b'<', ..] => self.remove(&hashed(&rule[1..])),
            [b'!', ..] => self.remove(&rule[1..]),
            [b'(', inside @ .., b')'] => {
                let pieces = syntax::split(inside, self.server.habits().words).unwrap_or_default();
                let mut selector = Selector::default();
                for piece in &pieces {
                    selector.apply(&piece.text.to_ascii_lowercase());
                }
                self.selectors.push(selector);
            }
            _ => self.root.apply(&word),
        }
    }

    fn add(&mut self, argument: usize, in_clear: bool, hash: Vec<u8>) {
        self.nopass = false;
        if !self.passwords.iter().any(|known| known.hash == hash) {
            self.passwords.push(Password { argument, in_clear, hash });
        }
    }

    fn remove(&mut self, hash: &[u8]) {
        self.passwords.retain(|known| known.hash != hash);
    }

    /// Whether one of its passwords is this.
    #[must_use]
    pub fn accepts(&self, password: &[u8]) -> bool {
        let hash = hashed(password);
        self.passwords.iter().any(|known| known.hash == hash)
    }

    /// Whether some rule allows a key, or a pattern of keys.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        std::iter::once(&self.root).chain(&self.selectors).any(|selector| selector.all_keys || selector.some_keys)
    }

    /// Whether some rule allows a command.
    #[must_use]
    pub fn has_commands(&self) -> bool {
        let selectors = std::iter::once(&self.root).chain(&self.selectors);
        selectors.flat_map(|selector| &selector.commands).any(|rule| rule.starts_with(b"+"))
    }

    /// Whether the user may run a command, or its subcommand, with any arguments.
    #[must_use]
    pub fn may_run(&self, command: &str, subcommand: Option<&str>) -> bool {
        let asked = Asked { server: self.server, command, subcommand };
        std::iter::once(&self.root).chain(&self.selectors).any(|selector| selector.may_run(asked))
    }

    /// Whether one set of its rules reaches every key.
    #[must_use]
    pub fn has_all_keys(&self) -> bool {
        std::iter::once(&self.root).chain(&self.selectors).any(|selector| selector.all_keys)
    }

    /// Whether whoever holds it can give itself every other right: by ACL SETUSER, or by CONFIG SET of `requirepass`.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        let acts = [("acl", "setuser"), ("config", "set")];
        acts.iter().any(|(command, subcommand)| self.may_run(command, Some(subcommand)))
    }

    /// Whether it can read or change what is stored, or the server itself.
    #[must_use]
    pub fn reaches_data(&self) -> bool {
        let data = ["get", "set", "del", "keys", "scan", "hgetall", "flushall", "eval", "publish", "subscribe"];
        self.is_administrator()
            || self.may_run("config", Some("get"))
            || ["debug", "shutdown", "replicaof", "monitor"].iter().chain(&data).any(|name| self.may_run(name, None))
    }
}

/// A command that is asked about.
#[derive(Clone, Copy)]
struct Asked<'a> {
    server: Server,
    command: &'a str,
    subcommand: Option<&'a str>,
}

impl Asked<'_> {
    fn is_in(self, category: &str) -> bool {
        let by_itself = self.subcommand.is_some() && !is_6_2(self.server) && ADMINISTRATION.contains(&self.command);
        if by_itself {
            OF_ADMINISTRATION.contains(&category)
        } else {
            commands::categories(self.server, self.command.as_bytes()).any(|known| known == category)
        }
    }

    /// Whether a rule without its sign is about this command, all of it.
    fn is_named(self, name: &str) -> bool {
        match name.split_once('|') {
            None => name == self.command,
            Some((command, subcommand)) => command == self.command && Some(subcommand) == self.subcommand,
        }
    }
}

impl Selector {
    fn apply(&mut self, rule: &[u8]) {
        match rule {
            b"allkeys" | b"~*" | b"%rw~*" | b"%wr~*" => self.all_keys = true,
            b"resetkeys" => (self.all_keys, self.some_keys) = (false, false),
            [b'~' | b'%', ..] => self.some_keys = true,
            b"allcommands" => self.commands.push(b"+@all".to_vec()),
            b"nocommands" => self.commands.push(b"-@all".to_vec()),
            [b'+' | b'-', ..] => self.commands.push(rule.to_vec()),
            _ => {}
        }
    }

    fn may_run(&self, asked: Asked<'_>) -> bool {
        let mut may = false;
        for rule in &self.commands {
            let text = String::from_utf8_lossy(rule);
            let (sign, name) = text.split_at(1);
            let concerned = match name.strip_prefix('@') {
                Some("all") => true,
                Some(category) => asked.is_in(category),
                None => asked.is_named(name),
            };
            if concerned {
                may = sign == "+";
            }
        }
        may && commands::exists_once_loaded(asked.server, asked.command.as_bytes())
    }
}
