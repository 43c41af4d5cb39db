//! Which commands a server knows, with their subcommands and ACL categories.
//!
//! The knowledge stands in `commands.toml`, one line a command for both engines; `COMMANDS.md` states the format.
//! Here it is folded along the version tree. What `rename-command` and `user` lines make of it is judged in
//! [`crate::config`]. Names are compared as the servers do: ASCII case does not matter.

pub mod sentinel;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;

use crate::server::{self, Server};

/// Whether the command table holds `name` while the configuration is read, which is what `rename-command` asks.
///
/// Commands of bundled modules come later; see [`exists_once_loaded`].
#[must_use]
pub fn exists(server: Server, name: &[u8]) -> bool {
    find(server, name).is_some_and(|command| !command.bundled)
}

/// Whether the command table holds `name` once the bundled modules are in, which is what loading the users asks.
#[must_use]
pub fn exists_once_loaded(server: Server, name: &[u8]) -> bool {
    find(server, name).is_some()
}

/// Whether the command table holds subcommands of `command`. Never in Redis 6.2.
#[must_use]
pub fn has_subcommands(server: Server, command: &[u8]) -> bool {
    find(server, command).is_some_and(|command| !command.subcommands.is_empty())
}

/// Whether the command table holds `sub` as a subcommand of `command`. Never in Redis 6.2.
#[must_use]
pub fn has_subcommand(server: Server, command: &[u8], sub: &[u8]) -> bool {
    let Some(sub) = lower(sub) else { return false };
    find(server, command).is_some_and(|command| command.subcommands.contains(sub.as_str()))
}

/// Whether `name`, without its `@`, is an ACL category. `all` is not one: the servers treat it as a word of its own.
#[must_use]
pub fn has_category(server: Server, name: &[u8]) -> bool {
    lower(name).is_some_and(|name| view(server).categories.contains(name.as_str()))
}

/// The ACL categories of a command, sorted; none for an unknown one.
pub fn categories(server: Server, command: &[u8]) -> impl Iterator<Item = &'static str> {
    find(server, command).into_iter().flat_map(|command| command.categories.iter().copied())
}

/// Every name for which [`exists`] holds, sorted, lower case.
pub fn names(server: Server) -> impl Iterator<Item = &'static str> {
    view(server).commands.iter().filter(|(_, command)| !command.bundled).map(|(name, _)| *name)
}

/// The subcommands of a command, sorted, lower case.
pub fn subcommands(server: Server, command: &[u8]) -> impl Iterator<Item = &'static str> {
    find(server, command).into_iter().flat_map(|command| command.subcommands.iter().copied())
}

/// The existing command that `name` was probably meant to be; none if nothing is near, or if it exists.
#[must_use]
pub fn suggest(server: Server, name: &[u8]) -> Option<&'static str> {
    let name = lower(name).filter(|name| name.len() <= LONGEST_NAME)?;
    // One slip in a short name, two in a long one; more would guess.
    let slips = if name.len() < 6 { 1 } else { 2 };
    names(server)
        .map(|known| (strsim::damerau_levenshtein(known, &name), known))
        .filter(|(distance, _)| (1..=slips).contains(distance))
        .min()
        .map(|(_, known)| known)
}

/// No command has a longer name, and nothing longer is worth comparing with all of them.
const LONGEST_NAME: usize = 32;

/// One command in one server version.
struct Command {
    bundled: bool,
    categories: BTreeSet<&'static str>,
    subcommands: BTreeSet<&'static str>,
}

/// All commands of one server version.
#[derive(Default)]
struct View {
    commands: BTreeMap<&'static str, Command>,
    categories: BTreeSet<&'static str>,
}

/// The data file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[cfg_attr(not(test), expect(dead_code, reason = "states the evidence; only tests ask"))]
    measured: BTreeSet<String>,
    commands: BTreeMap<String, Entry>,
}

/// One line of the data file. Keys of its tables are nodes of the version tree.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    #[serde(default = "root")]
    from: Nodes,
    gone: Option<Nodes>,
    #[serde(default)]
    bundled: bool,
    acl: Categories,
    #[serde(default)]
    subcommands: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Nodes {
    One(String),
    Several(BTreeSet<String>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Categories {
    Always(String),
    At(BTreeMap<String, String>),
}

/// Where a command was born that does not say.
fn root() -> Nodes {
    Nodes::One(server::lineage(server::all()[0])[0].name())
}

impl Nodes {
    fn hold(&self, node: &str) -> bool {
        match self {
            Self::One(name) => name == node,
            Self::Several(names) => names.contains(node),
        }
    }
}

impl Entry {
    /// Follows the path to one server; `None` if the command is not there at its end.
    fn fold(&'static self, path: &[String]) -> Option<Command> {
        let mut alive = false;
        let mut categories = "";
        let mut subcommands = BTreeSet::new();
        for node in path {
            if self.from.hold(node) {
                alive = true;
            }
            if self.gone.as_ref().is_some_and(|gone| gone.hold(node)) {
                alive = false;
            }
            categories = match &self.acl {
                Categories::Always(words) => words,
                Categories::At(changes) => changes.get(node).map_or(categories, String::as_str),
            };
            subcommands.extend(self.subcommands.get(node).into_iter().flat_map(|words| words.split(' ')));
        }
        let categories = categories.split(' ').filter(|word| !word.is_empty()).collect();
        alive.then_some(Command { bundled: self.bundled, categories, subcommands })
    }
}

static FILE: LazyLock<File> = LazyLock::new(|| {
    toml::from_str(include_str!("commands.toml")).expect("commands.toml is part of the program and tested")
});

/// A view is made when its server is first asked about: one run rarely asks about two.
static VIEWS: LazyLock<BTreeMap<Server, OnceLock<View>>> =
    LazyLock::new(|| server::all().iter().map(|server| (*server, OnceLock::new())).collect());

fn view(server: Server) -> &'static View {
    let known = server.resolve().known;
    let view = VIEWS.get(&known).expect("resolving gives a server of the tree, and each has a view");
    view.get_or_init(|| View::of(known))
}

impl View {
    fn of(known: Server) -> Self {
        let path: Vec<String> = server::lineage(known).into_iter().map(Server::name).collect();
        let mut view = Self::default();
        for (name, entry) in &FILE.commands {
            if let Some(command) = entry.fold(&path) {
                view.categories.extend(&command.categories);
                view.commands.insert(name, command);
            }
        }
        view
    }
}

fn find(server: Server, name: &[u8]) -> Option<&'static Command> {
    view(server).commands.get(lower(name)?.as_str())
}

/// The name as the tables spell it; `None` where it cannot be in one, all names being ASCII.
fn lower(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    name.is_ascii().then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str) -> Server {
        name.parse().unwrap()
    }

    #[test]
    fn births_and_deaths_follow_the_tree() {
        for (name, command, known) in [
            ("redis-6.2", "GET", true),
            ("redis-6.2", "stralgo", true),
            ("redis-7.0", "stralgo", false),
            ("redis-7.4", "hexpire", true),
            ("valkey-8.1", "hexpire", false),
            ("valkey-9.0", "hexpire", true),
            ("redis-8.2", "commandlog", false),
            ("valkey-8.1", "commandlog", true),
            ("redis-8.4", "xdelex", true),
            ("redis-8.2", "json.set", false),
            ("redis-8.2", "g\u{e9}t", false),
            ("redis-8.2", "", false),
        ] {
            assert_eq!(exists(server(name), command.as_bytes()), known, "{name} {command}");
        }
    }

    #[test]
    fn a_bundled_command_comes_after_the_configuration() {
        let redis = server("redis-8.2");
        assert!(!exists(redis, b"vadd") && exists_once_loaded(redis, b"VADD"));
        assert!(!names(redis).any(|name| name == "vadd"));
        assert!(!exists_once_loaded(server("redis-7.4"), b"vadd"));
    }

    #[test]
    fn subcommands_are_known_since_7_0_and_grow() {
        assert!(!has_subcommand(server("redis-6.2"), b"config", b"get"));
        assert!(has_subcommand(server("redis-7.0"), b"Config", b"GET"));
        assert!(!has_subcommand(server("redis-7.0"), b"client", b"setinfo"));
        assert!(has_subcommand(server("valkey-7.2"), b"client", b"setinfo"));
        assert!(has_subcommands(server("valkey-9.1"), b"acl") && !has_subcommands(server("valkey-9.1"), b"get"));
    }

    #[test]
    fn categories_change_at_nodes() {
        let words = |name: &str, command: &str| categories(server(name), command.as_bytes()).collect::<Vec<_>>();
        assert_eq!(words("redis-6.2", "wait"), ["keyspace", "slow"]);
        assert_eq!(words("redis-7.0", "wait"), ["connection", "slow"]);
        assert_eq!(words("valkey-9.1", "wait"), ["blocking", "connection", "slow"]);
        assert!(has_category(server("redis-6.2"), b"DANGEROUS") && !has_category(server("redis-6.2"), b"all"));
        for server in server::all() {
            assert_eq!(view(*server).categories.len(), 21, "{server}");
        }
    }

    #[test]
    fn a_slip_of_the_finger_is_understood() {
        let valkey = server("valkey-8.1");
        assert_eq!(suggest(valkey, b"FLUSHAL"), Some("flushall"));
        assert_eq!(suggest(valkey, b"confgi"), Some("config"));
        assert_eq!(suggest(valkey, b"config"), None);
        assert_eq!(suggest(valkey, b"nonsense"), None);
        assert_eq!(suggest(valkey, "x".repeat(10_000).as_bytes()), None);
        assert!(FILE.commands.keys().all(|name| name.len() <= LONGEST_NAME));
    }

    #[test]
    fn every_node_in_the_file_is_in_the_tree() {
        let known: BTreeSet<String> = server::all().iter().map(|server| server.name()).collect();
        assert!(FILE.measured.is_subset(&known));
        let check = |nodes: &Nodes, command: &str| match nodes {
            Nodes::One(node) => assert!(known.contains(node), "{command}: {node}"),
            Nodes::Several(nodes) => assert!(nodes.is_subset(&known), "{command}: {nodes:?}"),
        };
        for (command, entry) in &FILE.commands {
            check(&entry.from, command);
            if let Some(gone) = &entry.gone {
                check(gone, command);
            }
            if let Categories::At(changes) = &entry.acl {
                assert!(changes.keys().all(|node| known.contains(node)), "{command}");
            }
            assert!(entry.subcommands.keys().all(|node| known.contains(node)), "{command}");
        }
    }

    #[test]
    fn the_file_is_sorted() {
        let lines = include_str!("commands.toml").lines().skip_while(|line| *line != "[commands]").skip(1);
        let names: Vec<&str> = lines.filter_map(|line| line.split(" = ").next()).map(|n| n.trim_matches('"')).collect();
        assert!(names.is_sorted(), "keep the commands in order");
        assert_eq!(names.len(), FILE.commands.len(), "one line a command");
    }
}
