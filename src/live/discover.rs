//! From one address to all nodes that belong to it. Only reading commands are sent, and only to addresses that servers tell.

use std::collections::BTreeSet;

use super::address::Address;
use super::ask::Ask;
use super::connection::ConnectionError;
use super::observe::{Met, ObserveError, Question, Reach};
use super::reply::Reply;
use super::topology::{self, Here, Kind, Node, Topology};
use crate::server::Engine;

/// The most nodes that are followed from one address; a list without end is no topology.
const MOST: usize = 2048;

/// How many primaries of primaries are climbed.
const HOPS: usize = 8;

/// How to come from one address to others.
#[derive(Clone, Debug, Default)]
pub struct Ways {
    /// Addresses that are told, each with the one that reaches it from here.
    pub map: Vec<(Address, Address)>,
    /// The name that Sentinel knows a primary by.
    pub service: Option<String>,
}

impl Ways {
    /// Where a node is reached from here.
    #[must_use]
    pub fn to(&self, told: &Address) -> Address {
        let is_it = |from: &Address| match (from, told) {
            (Address::Tcp { host, port, .. }, Address::Tcp { host: told, port: told_port, .. }) => {
                host == told && port == told_port
            }
            (Address::Unix(from), Address::Unix(told)) => from == told,
            (Address::Tcp { .. } | Address::Unix(_), _) => false,
        };
        match (self.map.iter().find(|(from, _)| is_it(from)), told) {
            (Some((_, Address::Tcp { host, port, .. })), Address::Tcp { tls, .. }) => {
                Address::Tcp { host: host.clone(), port: *port, tls: *tls }
            }
            (Some((_, to)), _) => to.clone(),
            (None, _) => told.clone(),
        }
    }
}

/// What is at an address.
pub enum Around {
    /// One server, which is already met.
    Alone {
        /// The connection.
        met: Box<Met>,
        /// Why others that belong to it are not known.
        unknown: Option<String>,
    },
    /// Several.
    Several(Topology),
}

/// Why the nodes are not known.
#[derive(Debug, thiserror::Error)]
pub enum DiscoverError {
    /// The first server does not answer.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// Its answer does not come.
    #[error(transparent)]
    Connection(#[from] ConnectionError),
    /// The Sentinel watches several primaries.
    #[error("this Sentinel watches {}, and which is meant is not said", known(.names))]
    WhichService {
        /// Their names.
        names: Vec<String>,
    },
    /// The Sentinel does not watch such a primary.
    #[error("this Sentinel watches no `{name}`, but {}", known(.names))]
    NoService {
        /// The name.
        name: String,
        /// What it watches.
        names: Vec<String>,
    },
    /// A name for Sentinel, and the server is none.
    #[error("this is no Sentinel, so that nothing is called `{name}` here")]
    NoSentinel {
        /// The name.
        name: String,
    },
    /// The server refused to tell.
    #[error("the server refused {command}, which tells the nodes: {answer}")]
    Refused {
        /// The command.
        command: &'static str,
        /// What it said.
        answer: String,
    },
}

fn known(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        names => names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    }
}

/// Finds all nodes that belong to an address. What one that is alone is likely to be asked next may be said as a guess.
///
/// # Errors
/// When the server there does not answer, or is a Sentinel that does not tell.
pub fn discover(reach: &Reach<'_>, ways: &Ways, guess: Option<&Question<'static>>) -> Result<Around, DiscoverError> {
    let mut met = Met::meet_guessing(reach, guess)?;
    let (host, tls) = match &reach.address {
        Address::Tcp { host, tls, .. } => (host.as_str(), *tls),
        // Whoever is asked through the file system is here.
        Address::Unix(_) => ("127.0.0.1", false),
    };
    let here = Here { host, tls };
    if met.is_sentinel() {
        return watched(&mut met, ways.service.as_deref(), &here).map(Around::Several);
    }
    if let Some(name) = &ways.service {
        return Err(DiscoverError::NoSentinel { name: name.clone() });
    }
    let info = met.info();
    let is = |field: &str, value: &str| info.get(field).is_some_and(|said| said == value);
    if is("cluster_enabled", "1") {
        return Ok(match cluster(&mut met, &here) {
            Ok(nodes) if nodes.len() > 1 => Around::Several(Topology { kind: Kind::Cluster, nodes }),
            Ok(_) => Around::Alone { met: Box::new(met), unknown: None },
            Err(error) => Around::Alone { met: Box::new(met), unknown: Some(error.to_string()) },
        });
    }
    if is("role", "slave") || topology::replicas(info, &here).iter().any(|_| true) {
        return Ok(Around::Several(replication(&met, reach, ways, &here)));
    }
    Ok(Around::Alone { met: Box::new(met), unknown: None })
}

fn cluster(met: &mut Met, here: &Here<'_>) -> Result<Vec<Node>, DiscoverError> {
    let server = met.server();
    if server.engine == Engine::Valkey || server.at_least(Engine::Redis, 7, 0) {
        let reply = met.ask(Ask::ClusterShards)?;
        if let Some(nodes) = topology::shards(&reply, here) {
            return Ok(nodes);
        }
    }
    let command = "CLUSTER NODES";
    match met.ask(Ask::ClusterNodes)? {
        Reply::Error(answer) => Err(DiscoverError::Refused { command, answer }),
        reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
            let text = reply.into_bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let nodes = text.and_then(|text| topology::cluster_nodes(&text, here));
            nodes.ok_or(DiscoverError::Observe(ObserveError::Shape { command: "CLUSTER" }))
        }
    }
}

fn watched(met: &mut Met, service: Option<&str>, here: &Here<'_>) -> Result<Topology, DiscoverError> {
    let shape = || DiscoverError::Observe(ObserveError::Shape { command: "SENTINEL" });
    let mut list = |ask: Ask<'_>, command| match met.ask(ask)? {
        Reply::Error(answer) => Err(DiscoverError::Refused { command, answer }),
        reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
            topology::entries(reply).ok_or_else(shape)
        }
    };
    let primaries = list(Ask::SentinelMasters, "SENTINEL MASTERS")?;
    let names: Vec<String> = primaries.iter().filter_map(|entry| entry.get("name").cloned()).collect();
    let name = match (service, names.as_slice()) {
        (Some(name), _) => name.to_owned(),
        (None, [name]) => name.clone(),
        (None, _) => return Err(DiscoverError::WhichService { names }),
    };
    let Some(entry) = primaries.iter().find(|entry| entry.get("name") == Some(&name)) else {
        return Err(DiscoverError::NoService { name, names });
    };
    let primary = topology::address(entry, here).ok_or_else(shape)?;
    let mut nodes = vec![Node { told: primary, is_primary: true, shard: 0 }];
    for entry in list(Ask::SentinelReplicas(&name), "SENTINEL REPLICAS")? {
        let told = topology::address(&entry, here).ok_or_else(shape)?;
        nodes.push(Node { told, is_primary: false, shard: 0 });
    }
    nodes[1..].sort_by(|one, other| one.told.cmp(&other.told));
    Ok(Topology { kind: Kind::Sentinel(name), nodes })
}

/// The tree that a primary feeds. A node that does not answer is of it all the same.
fn replication(first: &Met, reach: &Reach<'_>, ways: &Ways, here: &Here<'_>) -> Topology {
    let run_id = |met: &Met| met.info().get("run_id").unwrap_or_default().to_owned();
    let begun_at = run_id(first);
    let reached = |told: &Address| Met::meet(&Reach { address: ways.to(told), ..reach.clone() }).ok();
    // Up to the primary that follows nobody.
    let mut top = (reach.address.clone(), first.info().clone());
    let mut met_at_all = BTreeSet::from([begun_at.clone()]);
    let mut nodes = Vec::new();
    for _ in 0..HOPS {
        let Some(told) = topology::primary(&top.1, here) else { break };
        let Some(met) = reached(&told) else {
            nodes.push(Node { told, is_primary: true, shard: 0 });
            break;
        };
        if !met_at_all.insert(run_id(&met)) {
            break;
        }
        top = (told, met.info().clone());
    }
    // And down again. Who was met on the way up is counted where it is listed.
    let is_primary = topology::primary(&top.1, here).is_none();
    let mut seen = BTreeSet::from([top.1.get("run_id").unwrap_or_default().to_owned()]);
    let mut told_already = BTreeSet::from([top.0.clone()]);
    nodes.push(Node { told: top.0, is_primary, shard: 0 });
    let mut feeding = vec![top.1];
    while let Some(info) = feeding.pop() {
        for (told, is_online) in topology::replicas(&info, here) {
            if nodes.len() >= MOST || !told_already.insert(told.clone()) {
                continue;
            }
            let met = if is_online { reached(&told) } else { None };
            if let Some(met) = &met {
                if !seen.insert(run_id(met)) {
                    continue;
                }
                feeding.push(met.info().clone());
            }
            nodes.push(Node { told, is_primary: false, shard: 0 });
        }
    }
    if !seen.contains(&begun_at) && !told_already.contains(&reach.address) {
        nodes.push(Node { told: reach.address.clone(), is_primary: false, shard: 0 });
    }
    nodes.sort_by(|one, other| (!one.is_primary, &one.told).cmp(&(!other.is_primary, &other.told)));
    Topology { kind: Kind::Replication, nodes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_leads_to_where_a_node_is_reached_and_keeps_its_tls() {
        let at = |host: &str, port, tls| Address::Tcp { host: host.into(), port, tls };
        let ways = Ways { map: vec![(at("10.0.0.1", 6379, false), at("localhost", 16379, false))], service: None };
        assert_eq!(ways.to(&at("10.0.0.1", 6379, true)), at("localhost", 16379, true));
        assert_eq!(ways.to(&at("10.0.0.1", 6380, false)), at("10.0.0.1", 6380, false));
    }
}
