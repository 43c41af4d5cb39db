//! Which nodes belong together, as servers tell it: the lists of INFO, Cluster and Sentinel, read.
//!
//! Nothing is asked here. An address is the one that is announced; what stands in between is the business of a map.

use std::collections::BTreeMap;

use super::address::Address;
use super::reply::Reply;
use crate::snapshot::Info;

/// A node that some server told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it says that it answers.
    pub told: Address,
    /// Whether it was told to be a primary.
    pub is_primary: bool,
    /// Which shard it is of, counted from 0.
    pub shard: usize,
}

/// How nodes hang together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A primary with its replicas.
    Replication,
    /// A Cluster.
    Cluster,
    /// Watched by Sentinel, under this name.
    Sentinel(String),
}

impl Kind {
    /// The word of a project file and of JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Replication => "replication",
            Self::Cluster => "cluster",
            Self::Sentinel(_) => "sentinel",
        }
    }
}

/// All nodes that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    /// How they hang together.
    pub kind: Kind,
    /// The nodes, shard by shard, the primary first.
    pub nodes: Vec<Node>,
}

impl Topology {
    /// The nodes in words: `3 nodes via mymaster`.
    #[must_use]
    pub fn words(&self) -> String {
        let count = match self.nodes.len() {
            1 => "1 node".to_owned(),
            count => format!("{count} nodes"),
        };
        match &self.kind {
            Kind::Replication => format!("{count}, replicating"),
            Kind::Cluster => {
                let shards = self.nodes.iter().map(|node| node.shard).max().map_or(0, |last| last + 1);
                format!("{count} of a cluster, {shards} {}", if shards == 1 { "shard" } else { "shards" })
            }
            Kind::Sentinel(name) => format!("{count} via {name}"),
        }
    }
}

/// What stands for an address that a node does not know or does not tell: that of the server that was asked.
#[derive(Clone, Debug)]
pub(super) struct Here<'a> {
    /// Its host.
    pub(super) host: &'a str,
    /// Whether TLS was spoken with it, and so is with the others.
    pub(super) tls: bool,
}

impl Here<'_> {
    fn at(&self, host: &str, port: u16) -> Address {
        // A node that was never told its own address announces none.
        let host = if host.is_empty() || host == "?" { self.host } else { host };
        Address::Tcp { host: host.to_owned(), port, tls: self.tls }
    }
}

/// The replicas that a server feeds, and whether each is in step.
pub(super) fn replicas(info: &Info, here: &Here<'_>) -> Vec<(Address, bool)> {
    let fed = |(field, line): (&str, &str)| {
        let number: u32 = field.strip_prefix("slave")?.parse().ok()?;
        let of = |name: &str| line.split(',').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        let port = of("port")?.parse().ok()?;
        Some((number, here.at(of("ip")?, port), of("state") == Some("online")))
    };
    if info.get("connected_slaves") == Some("0") {
        return Vec::new();
    }
    let mut found: Vec<(u32, Address, bool)> = info.as_told().filter_map(fed).collect();
    found.sort_by_key(|(number, ..)| *number);
    found.into_iter().map(|(_, address, online)| (address, online)).collect()
}

/// Whom a replica follows.
pub(super) fn primary(info: &Info, here: &Here<'_>) -> Option<Address> {
    if info.get("role").is_none_or(|role| role != "slave") {
        return None;
    }
    Some(here.at(info.get("master_host")?, info.get("master_port")?.parse().ok()?))
}

/// The nodes of CLUSTER SHARDS.
pub(super) fn shards(reply: &Reply, here: &Here<'_>) -> Option<Vec<Node>> {
    let Reply::List(shards) = reply else { return None };
    let mut found = Vec::new();
    for (shard, one) in shards.iter().enumerate() {
        let Reply::List(nodes) = field(one, "nodes")? else { return None };
        for node in nodes {
            let number = |name| match field(node, name) {
                Some(Reply::Integer(port)) => u16::try_from(*port).ok().filter(|port| *port > 0),
                Some(Reply::Status(_) | Reply::Error(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) | None => None,
            };
            let (plain, tls) = (number("port"), number("tls-port"));
            let port = if here.tls { tls.or(plain) } else { plain.or(tls) }?;
            let said = |name| text(field(node, name)).filter(|host| !host.is_empty() && host != "?");
            let host = said("endpoint").or_else(|| said("ip")).unwrap_or_default();
            let is_primary = text(field(node, "role"))? == "master";
            found.push(Node { told: here.at(&host, port), is_primary, shard });
        }
    }
    Some(in_order(found))
}

/// The nodes of CLUSTER NODES. Those whose address the cluster does not know are left out.
pub(super) fn cluster_nodes(answer: &str, here: &Here<'_>) -> Option<Vec<Node>> {
    let mut lines = Vec::new();
    for line in answer.lines().filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let [id, address, flags, primary, ..] = words.as_slice() else { return None };
        let has = |flag: &str| flags.split(',').any(|one| one == flag);
        if has("noaddr") || has("handshake") {
            continue;
        }
        // ip:port@bus,hostname,shard-id=…
        let mut parts = address.split(',');
        let (ip, port) = parts.next()?.split('@').next()?.rsplit_once(':')?;
        let named = parts.next().filter(|name| !name.is_empty() && !name.contains('='));
        let host = if ip.is_empty() { named.unwrap_or_default() } else { ip };
        let leader = if has("master") { *id } else { *primary };
        lines.push((leader, here.at(host, port.parse().ok()?), has("master")));
    }
    let mut leaders: Vec<&str> = Vec::new();
    for (leader, ..) in &lines {
        if !leaders.contains(leader) {
            leaders.push(leader);
        }
    }
    let node = |(leader, told, is_primary): (&str, Address, bool)| {
        let shard = leaders.iter().position(|one| *one == leader).unwrap_or_default();
        Node { told, is_primary, shard }
    };
    Some(in_order(lines.iter().cloned().map(node).collect()))
}

/// The fields of each entry of SENTINEL MASTERS or SENTINEL REPLICAS.
pub(super) fn entries(reply: Reply) -> Option<Vec<BTreeMap<String, String>>> {
    let Reply::List(entries) = reply else { return None };
    let entry = |entry: Reply| {
        let items = entry.into_items()?;
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        Some(items.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))).collect())
    };
    entries.into_iter().map(entry).collect()
}

/// The address in an entry of Sentinel.
pub(super) fn address(entry: &BTreeMap<String, String>, here: &Here<'_>) -> Option<Address> {
    Some(here.at(entry.get("ip")?, entry.get("port")?.parse().ok()?))
}

fn in_order(mut nodes: Vec<Node>) -> Vec<Node> {
    nodes.sort_by(|one, other| {
        (one.shard, !one.is_primary, &one.told).cmp(&(other.shard, !other.is_primary, &other.told))
    });
    nodes
}

/// A field of an answer that names its fields.
fn field<'a>(reply: &'a Reply, name: &str) -> Option<&'a Reply> {
    let Reply::List(items) = reply else { return None };
    items.chunks_exact(2).find(|pair| text(Some(&pair[0])).is_some_and(|said| said == name)).map(|pair| &pair[1])
}

fn text(reply: Option<&Reply>) -> Option<String> {
    let bytes = reply?.clone().into_bytes()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Here<'_> = Here { host: "seed", tls: false };

    fn info(lines: &[(&str, &str)]) -> Info {
        lines.iter().copied().collect()
    }

    fn at(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port, tls: false }
    }

    fn word(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn a_primary_tells_its_replicas_in_their_order() {
        // Redis 7.0, with ten replicas and more the names are not in order of the alphabet.
        let info = info(&[
            ("role", "master"),
            ("connected_slaves", "2"),
            ("slave10", "ip=10.0.0.3,port=7001,state=wait_bgsave,offset=0,lag=0"),
            ("slave2", "ip=::1,port=6379,state=online,offset=14,lag=1,type=replica"),
            ("slave_read_repl_offset", "14"),
        ]);
        assert_eq!(replicas(&info, &HERE), [(at("::1", 6379), true), (at("10.0.0.3", 7001), false)]);
        assert_eq!(primary(&info, &HERE), None);
    }

    #[test]
    fn a_replica_tells_its_primary() {
        let info = info(&[("role", "slave"), ("master_host", "db.internal"), ("master_port", "6380")]);
        assert_eq!(primary(&info, &HERE), Some(at("db.internal", 6380)));
    }

    #[test]
    fn the_old_list_of_a_cluster_is_read_with_its_shards() {
        // Redis 6.2, 7.0 and Valkey 8.1, one line each way of writing the address.
        let answer = "\
07c37df 10.0.0.4:30004@31004 slave e7d1eec 0 1426238317239 4 connected
67ed2db 10.0.0.2:30002@31002,host-2 master - 0 1426238316232 2 connected 5461-10922
e7d1eec :30001@31001,,shard-id=9a5a myself,master - 0 0 1 connected 0-5460
6ec2392 10.0.0.5:30005@31005,,tls-port=0,shard-id=9a5b slave,fail 67ed2db 0 1426238316232 5 disconnected
aaaaaaa :0@0 master,noaddr - 0 0 0 disconnected
";
        let nodes = cluster_nodes(answer, &HERE).unwrap();
        let told: Vec<(usize, bool, String)> =
            nodes.iter().map(|node| (node.shard, node.is_primary, node.told.to_string())).collect();
        assert_eq!(
            told,
            [
                (0, true, "seed:30001".to_owned()),
                (0, false, "10.0.0.4:30004".to_owned()),
                (1, true, "10.0.0.2:30002".to_owned()),
                (1, false, "10.0.0.5:30005".to_owned()),
            ]
        );
        assert_eq!(Topology { kind: Kind::Cluster, nodes }.words(), "4 nodes of a cluster, 2 shards");
        assert!(cluster_nodes("garbage\n", &HERE).is_none());
    }

    fn shard_node(endpoint: Reply, port: i64, tls: Option<i64>, role: &str) -> Reply {
        let mut fields = vec![word("id"), word("e10b"), word("port"), Reply::Integer(port)];
        if let Some(tls) = tls {
            fields.extend([word("tls-port"), Reply::Integer(tls)]);
        }
        fields.extend([word("ip"), word("127.0.0.1"), word("endpoint"), endpoint, word("role"), word(role)]);
        fields.extend([word("replication-offset"), Reply::Integer(72), word("health"), word("online")]);
        Reply::List(fields)
    }

    #[test]
    fn the_shards_of_a_cluster_are_read_with_the_endpoints_that_they_prefer() {
        let shard = |nodes: Vec<Reply>| {
            let slots = Reply::List(vec![Reply::Integer(0), Reply::Integer(5460)]);
            Reply::List(vec![word("slots"), slots, word("nodes"), Reply::List(nodes)])
        };
        let answer = Reply::List(vec![
            shard(vec![
                shard_node(word("127.0.0.1"), 30004, None, "replica"),
                shard_node(word("one.example"), 30001, Some(40001), "master"),
            ]),
            shard(vec![shard_node(Reply::Nil, 30002, None, "master"), shard_node(word("?"), 30005, None, "replica")]),
        ]);
        let told = |here: &Here<'_>| -> Vec<String> {
            shards(&answer, here).unwrap().iter().map(|node| format!("{} {}", node.shard, node.told)).collect()
        };
        let plain = ["0 one.example:30001", "0 127.0.0.1:30004", "1 127.0.0.1:30002", "1 127.0.0.1:30005"];
        assert_eq!(told(&HERE), plain);
        assert_eq!(told(&Here { host: "seed", tls: true })[0], "0 one.example:40001");
        assert!(shards(&Reply::List(vec![word("slots")]), &HERE).is_none());
    }

    #[test]
    fn a_sentinel_tells_addresses_by_field() {
        let entry = ["name", "mymaster", "ip", "127.0.0.1", "port", "6379", "quorum", "2"].map(word).to_vec();
        let read = entries(Reply::List(vec![Reply::List(entry)])).unwrap();
        assert_eq!(read[0]["quorum"], "2");
        assert_eq!(address(&read[0], &HERE), Some(at("127.0.0.1", 6379)));
        assert!(entries(word("no list")).is_none());
    }
}
