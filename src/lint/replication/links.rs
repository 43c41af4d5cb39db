//! The link to the primary: who it leads to, whether it may log in, and how long it may be silent.

use super::primary;
use crate::config::Value;
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static REPL_TIMEOUT_BELOW_PING: Rule = Rule {
    id: "repl-timeout-below-ping",
    severity: Severity::Error,
    summary: "the link to a replica times out between two signs of life",
    docs:
        "A primary without writes sends its replicas a PING every `repl-ping-replica-period` seconds, 10 by default. A
replica that hears nothing for `repl-timeout` seconds, 60 by default, gives the link up and begins anew. With a
timeout of 3 and a ping every 10 seconds an idle pair lost its link every 4 seconds.

Bad:
    repl-timeout 10

Good:
    repl-timeout 60
",
    group: Group::Replication,
    source: "an idle pair of seven servers each, run",
    modes: &[Mode::Server],
    check: Check::Config(timeout_below_ping),
    ..Rule::BASE
};

pub(crate) static REPLICA_ANNOUNCE: Rule = Rule {
    id: "replica-announce",
    severity: Severity::Warning,
    summary: "a replica runs behind a port mapping and does not say where it is found",
    docs: "A primary lists its replicas by the address their connections come from. Behind a bridge that is not the address
others reach, and Sentinel promotes by this list. Set `replica-announce-ip` and `replica-announce-port` to what they
dial.

Bad:
    # redisconf: network=bridge exposure=public
    replicaof 10.0.0.1 6379

Good:
    # redisconf: network=bridge exposure=public
    replicaof 10.0.0.1 6379
    replica-announce-ip 10.0.0.2
    replica-announce-port 6380
",
    group: Group::Replication,
    source: "valkey.io/topics/replication, \"Configuring replication in Docker and NAT\"",
    facts: &["network", "exposure"],
    modes: &[Mode::Server],
    check: Check::Config(announce),
    ..Rule::BASE
};

pub(crate) static REPLICA_AUTH_MISSING: Rule = Rule {
    id: "replica-auth-missing",
    severity: Severity::Error,
    summary: "the primary asks for a password and this server has none to give",
    docs: "`requirepass` is what others must give here; `masterauth` is what this server gives its primary. Without it the link
stays down, and the log shows NOAUTH every second. Every node needs it, the present primary too: after a failover it
is the one that copies. `masteruser` alone is never sent.

Bad:
    requirepass 5f2bd1c0a8
    replicaof 10.0.0.1 6379

Good:
    requirepass 5f2bd1c0a8
    masterauth 5f2bd1c0a8
    replicaof 10.0.0.1 6379
",
    group: Group::Replication,
    source: "redis 7.4, 8.2 and valkey 9.1, run",
    facts: &["failover"],
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(auth_missing),
    ..Rule::BASE
};

pub(crate) static REPLICA_OF_ITSELF: Rule = Rule {
    id: "replica-of-itself",
    severity: Severity::Error,
    summary: "a server is to copy itself",
    docs: "The server starts, connects to itself and is told \"Can't SYNC while not connected with my master\", for ever. Until
then it is a replica, so every write is refused: READONLY. In a container `127.0.0.1` is the container itself.

Bad:
    port 6379
    replicaof 127.0.0.1 6379

Good:
    port 6380
    replicaof 127.0.0.1 6379
",
    group: Group::Replication,
    source: "seven servers, run",
    modes: &[Mode::Server],
    check: Check::Config(of_itself),
    ..Rule::BASE
};

fn timeout_below_ping(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(timeout), Some(period)) = (case.int("repl-timeout"), case.int("repl-ping-replica-period")) else {
        return;
    };
    if timeout > period {
        return;
    }
    let name = if case.is_set("repl-timeout") { "repl-timeout" } else { "repl-ping-replica-period" };
    let message = format!("an idle link ends after {timeout} s, and the next sign of life comes after {period} s");
    let least = period.saturating_mul(3).max(60);
    let finding = REPL_TIMEOUT_BELOW_PING
        .finding(case.place(name), message)
        .help(format!("set `repl-timeout` to three pings or more, such as {least}"));
    report.add(match case.set_by("repl-ping-replica-period").filter(|_| name == "repl-timeout") {
        Some(other) => finding.label(case.at(other), "the ping"),
        None => finding,
    });
}

fn announce(case: &Case<'_>, report: &mut Report<'_>) {
    let is_set = |name: &str| case.text(name).is_none_or(|text| !text.is_empty());
    if case.is_partial() || primary(case).is_none() || is_set("replica-announce-ip") {
        return;
    }
    if report.word("network") != Some("bridge") {
        return;
    }
    let Some(exposure) = report.word("exposure").filter(|exposure| *exposure != "loopback") else { return };
    let mut finding = REPLICA_ANNOUNCE
        .finding(case.place("replicaof"), "the primary knows this replica by the address of its bridge")
        .help("set `replica-announce-ip` and `replica-announce-port` to what others dial");
    // Within one private network of containers the address may well be reached.
    if exposure == "private" {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

fn auth_missing(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_partial() || case.has_secret("masterauth") != Some(false) {
        return;
    }
    let auth = case.known("masterauth").map_or("masterauth", |directive| directive.name());
    if case.has_secret("masteruser") == Some(true) {
        let message = format!("a user without a password is never sent: `{auth}` is missing");
        report.add(
            REPLICA_AUTH_MISSING
                .finding(case.place("masteruser"), message)
                .help(format!("set `{auth}`, or drop the line")),
        );
        return;
    }
    if case.has_secret("requirepass") != Some(true) {
        return;
    }
    let why = if primary(case).is_some() {
        "this server copies another"
    } else if case.config.is_cluster() {
        "any node of a cluster may have to copy another"
    } else {
        match report.word("failover") {
            Some("sentinel" | "cluster" | "operator") => "after a failover this server copies another",
            Some(_) | None => return,
        }
    };
    let at = case.place("requirepass");
    let finding = REPLICA_AUTH_MISSING
        .finding(at, format!("{why}, and has no password to give: `{auth}` is missing"))
        .help(format!("set `{auth}` to the password that all nodes ask for"));
    report.add(match case.get("requirepass") {
        Some(Value::Secret(secret)) => {
            let words = vec![auth.as_bytes().to_vec(), secret.expose().to_vec()];
            finding.fix(Fix::unsafe_([Edit::Add { after: at, words }]).of_secret())
        }
        Some(_) | None => finding,
    });
}

fn of_itself(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some((host, port)), Some(Value::Words(bind))) = (primary(case), case.get("bind")) else { return };
    if case.is_partial() {
        return;
    }
    let text = String::from_utf8_lossy(&host).to_ascii_lowercase();
    let is_loopback = text == "localhost" || text == "::1" || text.starts_with("127.");
    let listens_there = bind.iter().any(|address| address.strip_prefix(b"-").unwrap_or(address) == host.as_slice());
    // An address of this host that was not bound is another process's, at the same port.
    let covers_all =
        bind.iter().any(|address| matches!(&**address, b"*" | b"-*" | b"0.0.0.0" | b"::" | b"::*" | b"-::*"));
    let own = ["port", "tls-port"].into_iter().filter_map(|name| case.int(name));
    let same_port = own.into_iter().any(|own| own == i64::from(port) && own != 0);
    if !same_port || !(listens_there || (is_loopback && covers_all)) {
        return;
    }
    let message = format!("`{text} {port}` is this server itself: it follows nobody and refuses every write");
    report.add(REPLICA_OF_ITSELF.finding(case.place("replicaof"), message).help("name the primary, or drop the line"));
}
