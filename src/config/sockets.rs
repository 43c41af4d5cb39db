//! What keeps a server from listening, as far as its file alone can tell.
//!
//! Whether the host has an address, or another process a port, is not known here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::address;
use super::value::Value;
use super::{Config, Mode};
use crate::server::{Engine, Server};
use crate::syntax::StatementId;

/// Why a server cannot open its sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSockets {
    /// No port, no address, no unix socket.
    Nowhere,
    /// Not an address, and no name of a host either.
    NotAnAddress,
    /// An address that is bound already, be it by one that stands for all.
    BoundTwice,
    /// The port of the cluster bus, 10000 above the other, is none.
    BusPort,
    /// The cluster bus needs an address.
    NoBusAddress,
    /// Two of the server's ports are the same.
    PortTwice,
}

impl BadSockets {
    /// The reason in words near the server's.
    #[must_use]
    pub fn server_words(self) -> &'static str {
        match self {
            Self::Nowhere => "Configured to not listen anywhere, exiting.",
            Self::NotAnAddress => "Could not create server TCP listening socket: Name or service not known",
            Self::BoundTwice | Self::PortTwice => {
                "Could not create server TCP listening socket: bind: Address already in use"
            }
            Self::BusPort => "port number too high. Cluster communication port is 10,000 port numbers higher",
            Self::NoBusAddress => "No bind address is configured, but it is required for the Cluster bus.",
        }
    }
}

/// A refusal, the directive that is to blame, and which of its words.
pub(super) struct Refused {
    pub(super) id: StatementId,
    pub(super) word: Option<usize>,
    pub(super) reason: BadSockets,
}

/// Ports, addresses and the socket file in force.
struct Sockets<'a> {
    config: &'a Config,
    port: i64,
    tls_port: i64,
    bind: &'a [std::sync::Arc<[u8]>],
    has_file: bool,
}

/// The reasons, in the server's order; none if a template fills in what decides.
pub(super) fn judge(config: &Config) -> Vec<Refused> {
    let number = |name| match config.get(name) {
        Some(Value::Int(number)) => Some(*number),
        Some(_) => None,
        None => Some(0),
    };
    let (Some(port), Some(tls_port)) = (number("port"), number("tls-port")) else { return Vec::new() };
    let (Some(Value::Words(bind)), Some(Value::Text(file))) = (config.get("bind"), config.get("unixsocket")) else {
        return Vec::new();
    };
    let sockets = Sockets { config, port, tls_port, bind, has_file: !file.is_empty() };
    let mut refused = Vec::new();
    if config.mode == Mode::Server && config.is_cluster() {
        refused.extend(sockets.bus(number("cluster-port").unwrap_or(0)));
    }
    refused.extend(sockets.addresses());
    refused.extend(sockets.nowhere(number("rdma-port") == Some(0)));
    refused
}

impl Sockets<'_> {
    /// Blames the last statement of a directive; nobody is to blame for what is built in.
    fn blame(&self, name: &str, word: Option<usize>, reason: BadSockets) -> Option<Refused> {
        let crate::catalog::Lookup::Here(directive) = self.config.view.look(name) else { return None };
        let part = self.config.entry(directive.id)?.standing().last()?;
        Some(Refused { id: part.by, word, reason })
    }

    fn bus(&self, own: i64) -> Option<Refused> {
        let encrypted = self.config.get("tls-cluster") == Some(&Value::Bool(true));
        let base = if encrypted { self.tls_port } else { self.port };
        let name = if encrypted { "tls-port" } else { "port" };
        if own == 0 && base > 55_535 {
            return self.blame(name, None, BadSockets::BusPort);
        }
        if self.bind.is_empty() && !is_6_2(self.config.server) {
            return self.blame("bind", None, BadSockets::NoBusAddress);
        }
        let bus = if own == 0 { base + 10_000 } else { own };
        let taken = [self.port, self.tls_port].into_iter().any(|port| port != 0 && port == bus);
        taken.then(|| self.blame(if own == 0 { name } else { "cluster-port" }, None, BadSockets::PortTwice)).flatten()
    }

    /// Addresses are bound in order, each for itself; one that stands for all of its family leaves no room for others.
    fn addresses(&self) -> Option<Refused> {
        if self.port == 0 && self.tls_port == 0 {
            return None;
        }
        if self.port == self.tls_port {
            return self.blame("tls-port", None, BadSockets::PortTwice);
        }
        if let Some((index, bad)) = unbindable(self.bind.iter().map(|word| &word[..])) {
            return self.blame("bind", Some(index), bad);
        }
        let empty_word = self.bind.is_empty() && is_6_2(self.config.server);
        empty_word.then(|| self.blame("bind", None, BadSockets::NotAnAddress)).flatten()
    }

    fn nowhere(&self, no_rdma: bool) -> Option<Refused> {
        let no_port = self.port == 0 && self.tls_port == 0;
        let no_address = self.bind.is_empty() && !is_6_2(self.config.server);
        if self.has_file || !no_rdma || !(no_port || no_address) {
            return None;
        }
        self.blame(if no_port { "port" } else { "bind" }, None, BadSockets::Nowhere)
    }
}

/// The first of some addresses that cannot be bound beside those before it.
fn unbindable<'a>(addresses: impl IntoIterator<Item = &'a [u8]>) -> Option<(usize, BadSockets)> {
    let mut bound: Vec<IpAddr> = Vec::new();
    for (index, word) in addresses.into_iter().enumerate() {
        // A minus forgives an address that the host does not have, and nothing else.
        let text = word.strip_prefix(b"-").unwrap_or(word);
        let Some(address) = bindable(text) else {
            if is_name(text) {
                continue;
            }
            return Some((index, BadSockets::NotAnAddress));
        };
        let meets = |other: &IpAddr| {
            other.is_ipv4() == address.is_ipv4()
                && (*other == address || other.is_unspecified() || address.is_unspecified())
        };
        if bound.iter().any(meets) {
            return Some((index, BadSockets::BoundTwice));
        }
        bound.push(address);
    }
    None
}

/// Whether a server could bind these addresses beside each other, as far as can be told without its host.
#[must_use]
pub fn are_bindable<'a>(addresses: impl IntoIterator<Item = &'a [u8]>) -> bool {
    unbindable(addresses).is_none()
}

/// `*` and `::*` stand for all addresses of a family.
fn bindable(text: &[u8]) -> Option<IpAddr> {
    match text {
        b"*" => Some(Ipv4Addr::UNSPECIFIED.into()),
        b"::*" => Some(Ipv6Addr::UNSPECIFIED.into()),
        // The address of one link on one interface; which is which only the host knows.
        _ if text.contains(&b'%') => None,
        _ => address(text),
    }
}

/// Whether a text that is no address may be the name of a host.
fn is_name(text: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let scoped = text.contains(&b'%') && address(text).is_some();
    scoped || (text.iter().all(plain) && text.iter().any(|byte| !byte.is_ascii_digit() && *byte != b'.'))
}

fn is_6_2(server: Server) -> bool {
    server.resolve().known == Server::new(Engine::Redis, 6, 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Reason, resolve};
    use crate::source::Name;
    use crate::syntax::conf;

    fn refused(server: &str, text: &str) -> Option<BadSockets> {
        let reading = conf::read_template(
            Name::Stdin,
            text.as_bytes(),
            server.parse().unwrap(),
            &crate::source::Memory::default(),
        );
        let config = resolve(&reading, Mode::Server);
        let mut refusals = config.refusals().iter();
        refusals.find_map(|refusal| if let Reason::Sockets(bad) = refusal.reason { Some(bad) } else { None })
    }

    #[test]
    fn an_address_beside_one_that_stands_for_all_is_in_use() {
        let of = |bind: &str| refused("redis-7.4", &format!("bind {bind}\n"));
        for bind in ["0.0.0.0 127.0.0.1", "127.0.0.1 *", "* -127.0.0.1", "* *", "::* ::1", "127.1 127.0.0.1", "0 *"] {
            assert_eq!(of(bind), Some(BadSockets::BoundTwice), "{bind}");
        }
        for bind in
            ["* -::*", "0.0.0.0 ::", "127.0.0.1 -::1", "127.0.0.1 127.0.0.2", "localhost localhost", "fe80::1%eth0 ::"]
        {
            assert_eq!(of(bind), None, "{bind}");
        }
    }

    #[test]
    fn what_can_be_no_host_is_told_from_names() {
        let of = |bind: &str| refused("redis-7.4", &format!("bind {bind}\n"));
        for bind in ["127.0.0.1:6379", "10.0.0.0/8", "[::1]", "127.0.0.1,::1", "-300.1.1.1", "\"#\""] {
            assert_eq!(of(bind), Some(BadSockets::NotAnAddress), "{bind}");
        }
        for bind in ["db-1.internal", "redis_1", "-host"] {
            assert_eq!(of(bind), None, "{bind}");
        }
    }

    #[test]
    fn somewhere_a_server_must_listen() {
        let of = |text: &str| refused("redis-7.4", text);
        assert_eq!(of("port 0\n"), Some(BadSockets::Nowhere));
        assert_eq!(of("bind \"\"\n"), Some(BadSockets::Nowhere));
        for text in
            ["", "port 0\nunixsocket /s\n", "port 0\ntls-port 6379\n", "port ${P}\n", "port 0\ninclude away.conf\n"]
        {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(refused("redis-6.2", "bind \"\"\nunixsocket /s\n"), Some(BadSockets::NotAnAddress));
        assert_eq!(of("bind \"\"\nunixsocket /s\n"), None);
    }

    #[test]
    fn the_bus_needs_a_port_of_its_own() {
        let of = |text: &str| refused("redis-7.4", &format!("cluster-enabled yes\n{text}"));
        assert_eq!(of("port 55535\n"), None);
        assert_eq!(of("port 55536\n"), Some(BadSockets::BusPort));
        assert_eq!(of("port 55536\ncluster-port 7\n"), None);
        assert_eq!(of("port 7000\ncluster-port 7000\n"), Some(BadSockets::PortTwice));
        assert_eq!(of("port 7000\ntls-port 17000\n"), Some(BadSockets::PortTwice));
        assert_eq!(of("bind \"\"\nunixsocket /s\n"), Some(BadSockets::NoBusAddress));
    }
}
