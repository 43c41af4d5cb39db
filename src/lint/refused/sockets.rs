//! Ports and addresses on which no server can listen, whatever its host.

use super::statement;
use crate::config::{BadSockets, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};

const MEASURED: &str = "seven servers in a network of their own: redis 6.2, 7.0, 8.2 and valkey 8.0, 8.1, 9.0, 9.1";

pub(crate) static BIND_ADDRESS: Rule = Rule {
    id: "bind-address",
    severity: Severity::Fatal,
    summary: "an address that cannot be bound, or is bound already",
    docs: "`bind` takes addresses: no port, no mask, no brackets, no commas. Each is bound for itself, so beside `0.0.0.0` or
`*` every other IPv4 address is \"already in use\", and beside `::` every other IPv6 address. A minus in front forgives
an address that the host does not have, and neither of these.

Bad:
    bind 0.0.0.0 127.0.0.1

Good:
    bind 127.0.0.1 -::1
",
    group: Group::Network,
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(bind_address),
    ..Rule::BASE
};

pub(crate) static CLUSTER_BUS_PORT: Rule = Rule {
    id: "cluster-bus-port",
    severity: Severity::Fatal,
    summary: "the cluster bus has no port or no address",
    docs: "Nodes talk to each other on a second port, 10000 above the first, so that one ends at 55535. Since Redis 7.0
`cluster-port` sets it freely. It needs an address too: `bind \"\"` leaves it none.

Bad:
    cluster-enabled yes
    port 60000

Good:
    cluster-enabled yes
    port 6379
",
    group: Group::Cluster,
    source: MEASURED,
    check: Check::Refusal(bus_port),
    ..Rule::BASE
};

pub(crate) static LISTENS_NOWHERE: Rule = Rule {
    id: "listens-nowhere",
    severity: Severity::Fatal,
    summary: "no port, no address and no unix socket",
    docs:
        "A server that nobody can reach does not start: \"Configured to not listen anywhere, exiting.\" `port 0` needs a
`tls-port` or a `unixsocket` beside it; so does `bind \"\"`, which since Redis 7.0 means no address at all.

Bad:
    port 0

Good:
    port 0
    unixsocket /run/redis/redis.sock
",
    group: Group::Network,
    source: MEASURED,
    check: Check::Refusal(nowhere),
    ..Rule::BASE
};

pub(crate) static PORT_TAKEN: Rule = Rule {
    id: "port-taken",
    severity: Severity::Fatal,
    summary: "two of the server's ports are the same",
    docs: "Clients, encrypted clients and the cluster bus need a port each: 6379, 6380 and 16379 by habit. The second listener
on a port gets \"Address already in use\", and the server exits.

Bad:
    cluster-enabled yes
    port 7000
    cluster-port 7000

Good:
    cluster-enabled yes
    port 7000
    cluster-port 17000
",
    group: Group::Network,
    source: MEASURED,
    check: Check::Refusal(port_taken),
    ..Rule::BASE
};

/// The rule that words a reason.
pub(super) fn rule_for(bad: BadSockets) -> &'static Rule {
    match bad {
        BadSockets::NotAnAddress | BadSockets::BoundTwice => &BIND_ADDRESS,
        BadSockets::BusPort | BadSockets::NoBusAddress => &CLUSTER_BUS_PORT,
        BadSockets::Nowhere => &LISTENS_NOWHERE,
        BadSockets::PortTwice => &PORT_TAKEN,
    }
}

fn reason(refusal: &Refusal) -> BadSockets {
    let Reason::Sockets(bad) = refusal.reason else { unreachable!("these rules are chosen for sockets only") };
    bad
}

fn bind_address(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let bad = case.reading.words(id).iter().position(|word| word.at == refusal.at);
    let Some(index) = bad else {
        return BIND_ADDRESS
            .finding(refusal.at, "there is an empty word where an address should be")
            .help("name an address, or set `port 0` to listen on the unix socket alone");
    };
    let word = case.word(id, index);
    if reason(refusal) == BadSockets::NotAnAddress {
        let finding = BIND_ADDRESS.finding(refusal.at, format!("`{word}` is no address"));
        return match meant(&word) {
            Some(meant) => finding.help(format!("write `{meant}`")),
            None => finding.help("write addresses with blanks between them, such as `127.0.0.1 -::1`"),
        };
    }
    let words = case.words(id);
    let (own, others) = (&words[index + 1], &words[1..=index]);
    let is_twin = others.contains(own);
    let all = others.iter().position(|other| is_all(other) && other.contains(&b':') == own.contains(&b':'));
    let finding = BIND_ADDRESS.finding(refusal.at, format!("`{word}` is bound already"));
    // What stands for all listens on all that the others name; so much was asked for.
    let (finding, kept) = match all {
        Some(all) => (
            finding
                .label(case.word_at(id, all), "this stands for all addresses")
                .help(format!("drop `{word}`, or `{}` to listen on the others alone", case.word(id, all))),
            kept(&words, |at| at != index + 1),
        ),
        None if is_all(own) => (
            finding
                .here("this stands for all addresses, those before it included")
                .help(format!("drop `{word}`, or the others")),
            kept(&words, |at| at == 0 || at > index || words[at].contains(&b':') != own.contains(&b':')),
        ),
        None => (finding.help(format!("drop the second `{word}`")), kept(&words, |at| at != index + 1)),
    };
    let put = [Edit::Put { statement: case.at(id), words: kept }];
    finding.fix(if is_twin { Fix::safe(put) } else { Fix::unsafe_(put) })
}

/// The words at some places.
fn kept(words: &[Vec<u8>], stays: impl Fn(usize) -> bool) -> Vec<Vec<u8>> {
    words.iter().enumerate().filter(|(at, _)| stays(*at)).map(|(_, word)| word.clone()).collect()
}

/// Whether a word stands for all addresses of a family.
fn is_all(word: &[u8]) -> bool {
    matches!(word.strip_prefix(b"-").unwrap_or(word), b"*" | b"0.0.0.0" | b"::" | b"::*")
}

/// The address in `[::1]`, `127.0.0.1/8`, `127.0.0.1:6379`, or the two in `127.0.0.1,::1`.
fn meant(word: &str) -> Option<String> {
    if word.contains(',') {
        return Some(word.split(',').filter(|one| !one.is_empty()).collect::<Vec<_>>().join(" "));
    }
    let bare = word.trim_start_matches('[').split([']', '/']).next()?;
    let bare = if bare.matches(':').count() == 1 { bare.split(':').next()? } else { bare };
    (bare != word && bare.parse::<std::net::IpAddr>().is_ok()).then(|| bare.to_owned())
}

fn bus_port(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let name = case.name(id);
    let (message, help) = match reason(refusal) {
        BadSockets::BusPort => (
            format!("`{name} {}` leaves no port for the cluster bus, which is 10000 above", case.word(id, 0)),
            if case.known("cluster-port").is_some() {
                "take a port up to 55535, or set `cluster-port`"
            } else {
                "take a port up to 55535"
            },
        ),
        BadSockets::NoBusAddress => {
            ("the cluster bus has no address to listen on".to_owned(), "name an address in `bind`")
        }
        BadSockets::Nowhere | BadSockets::NotAnAddress | BadSockets::BoundTwice | BadSockets::PortTwice => {
            unreachable!("these have another rule")
        }
    };
    let finding = CLUSTER_BUS_PORT.finding(refusal.at, message).help(help);
    match case.set_by("cluster-enabled") {
        Some(cluster) => finding.label(case.at(cluster), "cluster mode is switched on here"),
        None => finding,
    }
}

fn port_taken(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let (name, port) = (case.name(id), case.word(id, 0));
    let other = ["port", "tls-port"].into_iter().filter_map(|other| case.set_by(other)).find(|other| *other != id);
    let finding = PORT_TAKEN
        .finding(refusal.at, format!("`{name} {port}` takes a port that the server uses already"))
        .help("choose another port");
    match other {
        Some(other) => finding.label(case.at(other), "used here"),
        None => finding,
    }
}

fn nowhere(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let name = case.name(statement(refusal));
    let help = if name == "port" {
        "set a `port`, a `tls-port` or a `unixsocket`"
    } else {
        "name an address, or set a `unixsocket`"
    };
    LISTENS_NOWHERE.finding(refusal.at, "the server would listen nowhere: no port, no unix socket").help(help)
}
