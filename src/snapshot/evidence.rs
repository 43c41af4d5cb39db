//! What a server and its host said beside the configuration: what a diagnosis rests on. Data, no judgement.
//!
//! What belongs to the users of a server, keys, arguments, addresses and names, is dropped where it is read unless somebody
//! asked for it ([`Exposure`]), so that it cannot be in a file or a report by mistake. Hashes of passwords are never kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::info::Info;
use super::keys::KeySample;

/// Whether what belongs to the users of a server is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exposure {
    /// Keys, arguments, addresses and names are dropped.
    Masked,
    /// They are kept: somebody asked for it.
    Shown,
}

/// What was said beside INFO and CONFIG GET. `None` is what did not come; [`Evidence::missing`] says why.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// An earlier moment, so that rates are those of now.
    pub earlier: Option<Earlier>,
    /// SLOWLOG LEN and GET.
    pub slowlog: Option<Slowlog>,
    /// LATENCY LATEST.
    pub latency: Option<Vec<LatencyEvent>>,
    /// COMMANDLOG, the large requests and replies; Valkey from 8.1 on.
    pub large: Option<Vec<Large>>,
    /// CLIENT LIST.
    pub clients: Option<Vec<Client>>,
    /// MEMORY STATS, what is a number in it.
    pub memory: Option<BTreeMap<String, f64>>,
    /// MODULE LIST.
    pub modules: Option<Vec<String>>,
    /// ACL LIST.
    pub users: Option<Vec<User>>,
    /// ACL LOG: how often something was refused, by reason.
    pub denials: Option<BTreeMap<String, u64>>,
    /// CLUSTER INFO.
    pub cluster: Option<Info>,
    /// A sample of the keys, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeySample>,
    /// What the machine says, where the server runs on it.
    pub host: Option<Host>,
    /// What did not come, with the reason.
    pub missing: BTreeMap<String, String>,
    /// How many commands were sent for all this, INFO and CONFIG GET among them.
    pub commands: usize,
}

/// INFO at an earlier moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its fields.
    pub info: Info,
    /// How long before.
    pub milliseconds: u64,
}

/// What SLOWLOG says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slowlog {
    /// How many entries the server holds.
    pub length: u64,
    /// The latest of them.
    pub entries: Vec<Slow>,
}

/// A slow command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slow {
    /// When it ended, in seconds since 1970.
    pub at: u64,
    /// How long it took.
    pub microseconds: u64,
    /// The command, in upper case, without its arguments.
    pub command: String,
    /// The first argument; only where it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// An event of LATENCY LATEST.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatencyEvent {
    /// What was slow: `command`, `fork`, `aof-fsync-always` and so on.
    pub event: String,
    /// When it was last so, in seconds since 1970.
    pub at: u64,
    /// How long it took then, in milliseconds.
    pub latest: u64,
    /// How long it took at most.
    pub most: u64,
}

/// A large request or reply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Large {
    /// Whether it is a reply.
    pub is_reply: bool,
    /// Its size in bytes.
    pub bytes: u64,
    /// The command, in upper case, without its arguments.
    pub command: String,
}

/// A connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Client {
    /// `N` for a plain one, `P` subscribed, `S` a replica, `M` a primary, `O` MONITOR, `b` blocked.
    pub flags: String,
    /// Its age in seconds.
    pub age: u64,
    /// Seconds since its last command.
    pub idle: u64,
    /// Bytes of its query buffer in use.
    pub query: u64,
    /// Bytes of its output buffer.
    pub output: u64,
    /// Replies that wait in its output list.
    pub replies: u64,
    /// All memory of it.
    pub memory: u64,
    /// Bytes of a transaction or pipeline that wait.
    pub transaction: u64,
    /// Whether it, or its library, has given a name.
    pub is_named: bool,
    /// Where it comes from; only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// A user, without passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Its name; `user-N` unless names were asked for. `default` is everybody's.
    pub name: String,
    /// Whether it may log in.
    pub is_on: bool,
    /// Whether any password does.
    pub needs_no_password: bool,
    /// How many passwords it has.
    pub passwords: usize,
    /// Its rules about commands, keys and channels, in their order; patterns are dropped unless they were asked for.
    pub rules: Vec<String>,
}

/// What the machine says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// `vm.overcommit_memory`.
    pub overcommit: Option<u64>,
    /// The chosen word of `transparent_hugepage/enabled`.
    pub huge_pages: Option<String>,
    /// `net.core.somaxconn`.
    pub somaxconn: Option<u64>,
    /// Swap space in bytes.
    pub swap: Option<u64>,
    /// Cores that are online.
    pub processors: Option<u64>,
    /// The kernel's clock: `tsc`, `xen`.
    pub clocksource: Option<String>,
    /// How many files the server's process may open.
    pub open_files: Option<u64>,
    /// Bytes of the server's process that are swapped out.
    pub swapped: Option<u64>,
    /// Bytes of the server's process in huge pages.
    pub in_huge_pages: Option<u64>,
    /// The memory limit of its control group.
    pub memory_limit: Option<u64>,
    /// The processors that its control group may use.
    pub processor_limit: Option<f64>,
}

impl User {
    /// Reads a line of ACL LIST: `user NAME RULE…`. `number` stands for the name where names are masked.
    #[must_use]
    pub fn of_line(line: &[u8], number: usize, exposure: Exposure) -> Option<Self> {
        let text = String::from_utf8_lossy(line);
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let (Some("user"), Some(name)) = (words.next(), words.next()) else { return None };
        let is_shown = exposure == Exposure::Shown || name == "default";
        let name = if is_shown { name.to_owned() } else { format!("user-{number}") };
        let mut user = Self { name, ..Self::default() };
        for word in words {
            match word {
                "on" => user.is_on = true,
                "off" => user.is_on = false,
                "nopass" => user.needs_no_password = true,
                _ if word.starts_with('#') => user.passwords += 1,
                _ if word.starts_with(['>', '<', '!']) => {}
                _ => user.rules.push(rule(word, exposure)),
            }
        }
        Some(user)
    }
}

/// A rule of a user, its pattern dropped: patterns tell how keys are called.
fn rule(word: &str, exposure: Exposure) -> String {
    let is_whole = ["~*", "&*", "%R~*", "%W~*", "%RW~*"].contains(&word);
    let pattern = word.find(['~', '&']).filter(|_| !word.starts_with(['+', '-', '(']));
    match (exposure, pattern) {
        (Exposure::Masked, Some(at)) if !is_whole => format!("{}hidden", &word[..=at]),
        (Exposure::Masked, None) if word.starts_with('(') || word.ends_with(')') => "(selector)".to_owned(),
        (Exposure::Masked | Exposure::Shown, _) => word.to_owned(),
    }
}

impl Client {
    /// Reads a line of CLIENT LIST.
    #[must_use]
    pub fn of_line(line: &str, exposure: Exposure) -> Option<Self> {
        let mut client = Self::default();
        for (name, value) in line.split(' ').filter_map(|word| word.split_once('=')) {
            let number = || value.parse().unwrap_or(0);
            match name {
                "flags" => value.clone_into(&mut client.flags),
                "age" => client.age = number(),
                "idle" => client.idle = number(),
                "qbuf" => client.query = number(),
                "omem" => client.output = number(),
                "oll" => client.replies = number(),
                "tot-mem" => client.memory = number(),
                "multi-mem" => client.transaction = number(),
                "name" | "lib-name" => client.is_named |= !value.is_empty() && value != "(null)",
                "addr" if exposure == Exposure::Shown => client.address = Some(value.to_owned()),
                _ => {}
            }
        }
        (!client.flags.is_empty()).then_some(client)
    }

    /// Whether it is an application's: neither a replica, nor a primary, nor MONITOR.
    #[must_use]
    pub fn is_normal(&self) -> bool {
        !self.flags.contains(['S', 'M', 'O', 'P'])
    }

    /// Whether it is subscribed to channels.
    #[must_use]
    pub fn is_subscriber(&self) -> bool {
        self.flags.contains('P')
    }
}

/// The name of a command as it may be shown: letters in upper case; what cannot be one is `?`.
#[must_use]
pub fn command_word(bytes: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-|".contains(byte);
    let fits = !bytes.is_empty() && bytes.len() <= 32 && bytes.iter().all(is_plain);
    if fits { String::from_utf8_lossy(bytes).to_ascii_uppercase() } else { "?".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_hashes_nor_names_nor_patterns_of_users_are_kept() {
        let line =
            b"user ann on #5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 ~secret:* &* -@all +get";
        let masked = User::of_line(line, 3, Exposure::Masked).unwrap();
        assert_eq!((masked.name.as_str(), masked.is_on, masked.passwords), ("user-3", true, 1));
        assert_eq!(masked.rules, ["~hidden", "&*", "-@all", "+get"]);
        let shown = User::of_line(line, 3, Exposure::Shown).unwrap();
        assert_eq!((shown.name.as_str(), shown.rules[0].as_str()), ("ann", "~secret:*"));
        for user in [masked, shown] {
            assert!(!serde_json::to_string(&user).unwrap().contains("5e88"));
        }
    }

    #[test]
    fn a_line_of_client_list_keeps_its_address_only_where_it_was_asked_for() {
        let line = "id=3 addr=10.0.0.7:51000 laddr=x name= age=7 idle=4 flags=P db=0 sub=1 qbuf=5 multi-mem=6 oll=2 \
                    omem=9000 tot-mem=10000 cmd=subscribe user=ann lib-name=redis-py";
        let client = Client::of_line(line, Exposure::Masked).unwrap();
        assert_eq!((client.age, client.idle, client.query, client.output), (7, 4, 5, 9000));
        assert!(client.is_named && client.is_subscriber() && !client.is_normal() && client.address.is_none());
        let shown = Client::of_line(line, Exposure::Shown).unwrap();
        assert_eq!(shown.address.as_deref(), Some("10.0.0.7:51000"));
        assert_eq!(Client::of_line("nothing", Exposure::Shown), None);
    }

    #[test]
    fn what_cannot_be_a_command_is_not_shown() {
        assert_eq!(command_word(b"hgetall"), "HGETALL");
        assert_eq!(command_word(b"my secret"), "?");
        assert_eq!(command_word(b""), "?");
    }

    #[test]
    fn evidence_reads_back_as_it_was_written() {
        let mut evidence = Evidence { commands: 14, ..Evidence::default() };
        evidence.slowlog = Some(Slowlog {
            length: 2,
            entries: vec![Slow { at: 1, microseconds: 250_000, command: "KEYS".into(), key: None }],
        });
        evidence.host = Some(Host { processor_limit: Some(1.5), ..Host::default() });
        evidence.missing.insert("ACL LIST".into(), "the user may not".into());
        let text = serde_json::to_string(&evidence).unwrap();
        assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
    }
}
