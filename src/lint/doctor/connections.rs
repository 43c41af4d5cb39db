//! Connections: how many, how new, how idle, and who was not let in.

use super::measure::{count, count_from, rate, rose, running, share};
use super::{JUDGEMENT, LIVE, LiveCase, percent};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};
use crate::snapshot::Client;

/// A share of fewer says nothing.
const ENOUGH: usize = 20;

pub(in crate::lint) static CONNECTIONS_NEAR_LIMIT: Rule = Rule {
    id: "connections-near-limit",
    group: Group::Clients,
    summary: "nearly as many connections as `maxclients` allows",
    docs:
        "At the limit every further connection is refused, those of monitoring and of a failover too. 80 % is the time
to act, 90 % is an error.

Bad:
    maxclients 1000
    connected_clients: 850

Good:
    maxclients 1000
    connected_clients: 500
",
    source: "awesome-prometheus-alerts (90 %)",
    check: Check::Live(near),
    ..LIVE
};

fn near(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("connected_clients", live.number("connected_clients")) else { return };
    let Some(most) = report.seen("maxclients", live.int("maxclients")) else { return };
    let part = percent(clients, most);
    if part < 80 {
        return;
    }
    let message = format!("{clients} of {most} connections are in use ({part} %)");
    let proof = Proof::of([count("connected_clients", clients), running("maxclients", most)])
        .above("80 %; 90 % is an error", "awesome-prometheus-alerts; 80 % is a judgement of redisconf");
    let mut finding = CONNECTIONS_NEAR_LIMIT.finding(live.place("maxclients"), message).proof(proof);
    if part >= 90 {
        finding.severity = Severity::Error;
    }
    report
        .add(finding.help("use connection pools and close what leaks; raise `maxclients` and the limit of open files"));
}

pub(in crate::lint) static CONNECTIONS_REFUSED: Rule = Rule {
    id: "connections-refused",
    severity: Severity::Error,
    group: Group::Clients,
    summary: "connections are refused: there are too many",
    docs: "Each was an application that got `-ERR max number of clients reached`.

Bad:
    rejected_connections: 40
    earlier rejected_connections: 10

Good:
    rejected_connections: 0
",
    source: "redis/agent-skills redis-observability; awesome-prometheus-alerts",
    check: Check::Live(refused),
    ..LIVE
};

fn refused(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(rise) = report.seen("rejected_connections", live.rise("rejected_connections")) else { return };
    if rise.count == 0 {
        return;
    }
    let most = live.int("maxclients").unwrap_or(0);
    let message = format!("{} connections were refused {}: there were {most}", rise.count, rise.when());
    let proof = Proof::of([rose("rejected_connections", rise), running("maxclients", most)])
        .above("any", "redis/agent-skills redis-observability");
    let mut finding = CONNECTIONS_REFUSED.finding(live.place("maxclients"), message).proof(proof);
    finding.severity = rise.severity(Severity::Error);
    report
        .add(finding.help("use connection pools and close what leaks; raise `maxclients` and the limit of open files"));
}

pub(in crate::lint) static MAXCLIENTS_LOWERED: Rule = Rule {
    id: "maxclients-lowered",
    group: Group::Clients,
    summary: "the server lowered `maxclients` for want of open files",
    docs: "A server needs 32 open files beside its connections. If it may not open as many as `maxclients` wants it
takes what it gets, says so once in its log, and runs on: 1024 open files make 992 connections of 10000.

Bad:
    maxclients 992
    host: open_files 1024

Good:
    maxclients 10000
    host: open_files 10032
",
    source: "measured on all servers: 10000 becomes 992 with 1024 open files",
    check: Check::Live(lowered),
    ..LIVE
};

fn lowered(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let host = live.evidence.host.as_ref();
    let Some(files) = report.seen("host", host) else { return };
    let Some(files) = files.open_files else { return };
    let Some(most) = report.seen("maxclients", live.int("maxclients")) else { return };
    // Whoever sets 992 on purpose is few; 10000, the default, is reached by 10032.
    if most + 32 != files || files >= 10_032 {
        return;
    }
    let message = format!("`maxclients` is {most}: the process may open {files} files, and needs 32 for itself");
    let proof = Proof::of([running("maxclients", most), count_from("open files", files, "/proc/PID/limits")])
        .above("32 less than the open files", "measured on all servers");
    let help = "raise the limit of open files (`LimitNOFILE=`, `ulimit -n`) to `maxclients` and 64, and restart";
    report.add(MAXCLIENTS_LOWERED.finding(live.place("maxclients"), message).help(help).proof(proof));
}

pub(in crate::lint) static CONNECTION_CHURN: Rule = Rule {
    id: "connection-churn",
    group: Group::Clients,
    summary: "connections are opened for a few commands each",
    docs: "A connection costs round trips, a login and, with TLS, some milliseconds of the server's one thread. More
than 100 new ones a second, or one for every ten commands, is a client without a pool.

Bad:
    total_connections_received: 7000
    earlier total_connections_received: 5000

Good:
    total_connections_received: 5010
    earlier total_connections_received: 5000
",
    source: "AWS re:Post on NewConnections; the numbers are a judgement of redisconf",
    check: Check::Live(churn),
    ..LIVE
};

fn churn(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(new) = report.seen("two moments", live.pace("total_connections_received")) else { return };
    let Some(commands) = report.seen("total_commands_processed", live.rise("total_commands_processed")) else { return };
    let a_second = new.per_second();
    let is_share = new.count.saturating_mul(10) > commands.count && a_second > 10.0;
    if a_second <= 100.0 && !is_share {
        return;
    }
    let message = format!(
        "{a_second:.0} connections a second are opened {}",
        if new.is_now { "now" } else { "on average since the start" }
    );
    let proof = Proof::of([rate("new connections", a_second), rose("total_commands_processed", commands)])
        .above("100 a second, or one for ten commands", JUDGEMENT);
    let help = "use one pool for each process, and keep its connections open";
    report.add(CONNECTION_CHURN.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static CLIENTS_BLOCKED: Rule = Rule {
    id: "clients-blocked",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "clients wait in blocking commands",
    docs: "BLPOP and its like wait for an element, and hold a connection for that long. For a queue that is normal;
elsewhere somebody waits for what does not come.

Bad:
    # redisconf: workload=cache
    blocked_clients: 30

Good:
    # redisconf: workload=queue
    blocked_clients: 30
",
    source: "redis/agent-skills redis-observability",
    check: Check::Live(blocked),
    ..LIVE
};

fn blocked(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(blocked) = report.seen("blocked_clients", live.number("blocked_clients")) else { return };
    let workload = live.case.facts.word("workload");
    report.used("workload");
    if blocked == 0 || workload.is_some_and(|workload| matches!(workload, "queue" | "streams")) {
        return;
    }
    let message = format!("{blocked} clients wait in blocking commands");
    let proof = Proof::of([count("blocked_clients", blocked)]).above("any, unless it is a queue", "redis/agent-skills");
    let help = "say what it is for (`--fact workload=queue`), or look at CLIENT LIST for the command";
    report.add(CLIENTS_BLOCKED.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static CLIENTS_IDLE: Rule = Rule {
    id: "clients-idle",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "most connections have done nothing for an hour",
    docs: "A pool that never shrinks, or connections whose other end is gone. `tcp-keepalive` finds the latter;
`timeout` closes both, and pools must then expect it.

Bad:
    client: 30 x flags=N idle=9000

Good:
    client: 30 x flags=N idle=9
",
    source: "valkey.io/topics/clients",
    check: Check::Live(idle),
    ..LIVE
};

fn idle(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("CLIENT LIST", live.evidence.clients.as_ref()) else { return };
    let normal: Vec<&Client> =
        clients.iter().filter(|client| client.is_normal() && !client.flags.contains('b')).collect();
    let idle = normal.iter().filter(|client| client.idle > 3600).count();
    if normal.len() < ENOUGH || idle * 2 <= normal.len() || live.int("timeout").is_some_and(|seconds| seconds > 0) {
        return;
    }
    let message = format!("{idle} of {} connections have been idle for more than an hour", normal.len());
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let proof = Proof::of([
        count_from("idle connections", number(idle), "CLIENT LIST"),
        count_from("connections", number(normal.len()), "CLIENT LIST"),
    ])
    .above("half of them, from 20 on", "valkey.io/topics/clients; the share is a judgement of redisconf");
    let help = "let pools shrink, and see that `tcp-keepalive` is on";
    report.add(CLIENTS_IDLE.finding(live.place("timeout"), message).help(help).proof(proof));
}

pub(in crate::lint) static CLIENTS_UNNAMED: Rule = Rule {
    id: "clients-unnamed",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "connections do not say whose they are",
    docs: "CLIENT SETNAME, or the library's own name, tells which application a slow or greedy connection belongs to.
Without it there are only addresses.

Bad:
    client: 30 x flags=N idle=1

Good:
    client: 30 x flags=N idle=1 name=shop
",
    source: "valkey.io/commands/client-setname; the share is a judgement of redisconf",
    check: Check::Live(unnamed),
    ..LIVE
};

fn unnamed(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("CLIENT LIST", live.evidence.clients.as_ref()) else { return };
    let normal: Vec<&Client> = clients.iter().filter(|client| client.is_normal()).collect();
    let unnamed = normal.iter().filter(|client| !client.is_named).count();
    if normal.len() < ENOUGH || unnamed * 5 <= normal.len() * 4 {
        return;
    }
    let message = format!("{unnamed} of {} connections have no name", normal.len());
    let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let part = percent(number(unnamed), number(normal.len()));
    let proof = Proof::of([count_from("unnamed", number(unnamed), "CLIENT LIST"), share("unnamed share", part)])
        .above("80 % of them, from 20 on", JUDGEMENT);
    let help = "have clients send CLIENT SETNAME, for most an option of their pool";
    report.add(CLIENTS_UNNAMED.finding(live.anchor(), message).help(help).proof(proof));
}
