//! The few commands of a process that runs as Sentinel: its own `sentinel`, and what it shares with data servers.
//!
//! COMMAND gave the same fifteen names on every server that was asked, from Redis 6.2 to Valkey 9.1.

use super::lower;
use crate::server::{Engine, Server};

/// All of them, sorted.
const NAMES: [&str; 15] = [
    "acl",
    "auth",
    "client",
    "command",
    "hello",
    "info",
    "ping",
    "psubscribe",
    "publish",
    "punsubscribe",
    "role",
    "sentinel",
    "shutdown",
    "subscribe",
    "unsubscribe",
];

/// Subcommands of `client` that only a data server has.
const NOT_OF_CLIENT: [&str; 3] = ["capa", "import-source", "no-touch"];

/// Subcommands of `sentinel` since Redis 7.0, sorted.
const OF_SENTINEL: [&str; 21] = [
    "ckquorum",
    "config",
    "debug",
    "failover",
    "flushconfig",
    "get-master-addr-by-name",
    "help",
    "info-cache",
    "is-master-down-by-addr",
    "master",
    "masters",
    "monitor",
    "myid",
    "pending-scripts",
    "remove",
    "replicas",
    "reset",
    "sentinels",
    "set",
    "simulate-failure",
    "slaves",
];

/// Those that came with Valkey 8.0.
const OF_SENTINEL_IN_VALKEY_8: [&str; 4] =
    ["get-primary-addr-by-name", "is-primary-down-by-addr", "primaries", "primary"];

/// Whether a Sentinel has the command. All versions have the same.
#[must_use]
pub fn exists(name: &[u8]) -> bool {
    lower(name).is_some_and(|name| NAMES.binary_search(&name.as_str()).is_ok())
}

/// Every name for which [`exists`] holds, sorted, lower case.
pub fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter()
}

/// The subcommands of a command, lower case. None in Redis 6.2.
#[must_use]
pub fn subcommands(server: Server, command: &[u8]) -> Vec<&'static str> {
    if !exists(command) {
        return Vec::new();
    }
    if !command.eq_ignore_ascii_case(b"sentinel") {
        return super::subcommands(server, command).filter(|sub| !NOT_OF_CLIENT.contains(sub)).collect();
    }
    let known = server.resolve().known;
    let mut subcommands = if known == Server::new(Engine::Redis, 6, 2) { Vec::new() } else { OF_SENTINEL.to_vec() };
    if known.at_least(Engine::Valkey, 8, 0) {
        subcommands.extend(OF_SENTINEL_IN_VALKEY_8);
    }
    subcommands
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentinel_has_few_commands_and_one_of_its_own() {
        assert!(NAMES.is_sorted() && OF_SENTINEL.is_sorted());
        assert!(exists(b"SENTINEL") && exists(b"ping") && !exists(b"get") && !exists(b"config"));
    }

    #[test]
    fn its_subcommands_grow_with_the_versions() {
        let of = |server: &str, command: &str| subcommands(server.parse().unwrap(), command.as_bytes());
        assert!(of("redis-6.2", "sentinel").is_empty());
        assert_eq!(of("redis-8.2", "sentinel").len(), 21);
        assert_eq!(of("valkey-7.2", "sentinel").len(), 21);
        assert_eq!(of("valkey-9.1", "SENTINEL").len(), 25);
        assert!(of("valkey-9.1", "client").contains(&"setname") && !of("valkey-9.1", "client").contains(&"no-touch"));
        assert!(of("valkey-9.1", "config").is_empty());
    }
}
