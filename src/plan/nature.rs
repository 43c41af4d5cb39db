//! What directives are by their nature, where no catalogue of versions tells: of one node alone, or newer than what they rule.

use crate::catalog::{Directive, Lookup, State, View};
use crate::server::{self, Server};

/// Directives that came with a behaviour of their own: the value that means what servers did before they had them. Sorted.
const CAME_WITH: &[(&str, &str)] = &[
    ("enable-debug-command", "yes"),
    ("enable-module-command", "yes"),
    ("enable-protected-configs", "yes"),
    ("hide-user-data-from-log", "no"),
    ("latency-tracking", "no"),
    ("replica-ignore-disk-write-errors", "yes"),
    ("shutdown-timeout", "0"),
];

/// Names that differ from node to node of one deployment, for they say where it runs and who it is. Sorted.
const PER_NODE: &[&str] = &[
    "availability-zone",
    "bgsave-cpulist",
    "bgsave_cpulist",
    "bind",
    "bind-source-addr",
    "bio-cpulist",
    "bio_cpulist",
    "cluster-announce-bus-port",
    "cluster-announce-client-ipv4",
    "cluster-announce-client-ipv6",
    "cluster-announce-client-port",
    "cluster-announce-client-tls-port",
    "cluster-announce-hostname",
    "cluster-announce-human-nodename",
    "cluster-announce-ip",
    "cluster-announce-port",
    "cluster-announce-tls-port",
    "cluster-config-file",
    "cluster-port",
    "dir",
    "logfile",
    "pidfile",
    "port",
    "rdma-bind",
    "rdma-port",
    "replica-announce-ip",
    "replica-announce-port",
    "replica-priority",
    "replicaof",
    "server-cpulist",
    "server_cpulist",
    "tls-cert-file",
    "tls-client-cert-file",
    "tls-client-key-file",
    "tls-key-file",
    "tls-port",
    "unixsocket",
];

/// What servers did before they had a directive, as a value of it; `None` where it ruled nothing that was there before.
#[must_use]
pub fn came_with(name: &str) -> Option<&'static str> {
    CAME_WITH.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// Whether a directive, by the name a version prefers, says where a node runs or who it is.
#[must_use]
pub fn is_per_node(name: &str) -> bool {
    PER_NODE.binary_search(&name).is_ok()
}

/// The servers whose CONFIG GET shows these names, as closely as any does: first that knows them all, then that has few more.
#[must_use]
pub fn servers_showing(names: &[&str]) -> Vec<Server> {
    let misfits = |server: Server| {
        let view = View::of(server);
        let unknown = names.iter().filter(|name| !matches!(view.look(name.as_bytes()), Lookup::Here(_))).count();
        let is_shown = |directive: &&Directive| {
            let apart = directive.is.hidden || directive.is.file_only || directive.is.live_only;
            directive.state == State::Accepted && !apart && directive.needs.is_none() && directive.default.is_some()
        };
        let missing = |directive: &&Directive| !directive.names.iter().any(|name| names.contains(name));
        (unknown, view.directives().filter(is_shown).filter(missing).count())
    };
    let told: Vec<(Server, (usize, usize))> = server::all().iter().map(|one| (*one, misfits(*one))).collect();
    let least = told.iter().map(|(_, misfits)| *misfits).min();
    told.into_iter().filter(|(_, misfits)| Some(*misfits) == least).map(|(server, _)| server).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    #[test]
    fn a_full_dump_tells_its_version() {
        for &server in server::all() {
            let shown = View::of(server).directives().filter(|one| !one.is.hidden && !one.is.file_only);
            let names: Vec<&str> = shown.filter(|one| one.state == State::Accepted).map(Directive::name).collect();
            assert!(servers_showing(&names).contains(&server), "{server}: {:?}", servers_showing(&names));
        }
    }

    #[test]
    fn the_lists_are_sorted_and_name_directives() {
        assert!(PER_NODE.is_sorted() && CAME_WITH.is_sorted());
        for name in PER_NODE.iter().chain(CAME_WITH.iter().map(|(name, _)| name)) {
            assert!(catalog::find(name).is_some(), "{name}");
        }
    }
}
