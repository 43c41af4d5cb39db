//! Rules about what clients and replicas take out of `maxmemory`.

use super::{limit, mebibytes, shown};
use crate::config::{Value, client_memory};
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};

pub(crate) static BACKLOG_EATS_MAXMEMORY: Rule = Rule {
    id: "backlog-eats-maxmemory",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "the replication backlog takes memory that was meant for data",
    docs: "The backlog counts against `maxmemory`: with 512mb of it and a backlog of 256mb, keys are evicted or writes refused
at 256mb of data. A tenth is reported, half is an error. It is allocated when the first replica connects.

Bad:
    maxmemory 512mb
    repl-backlog-size 128mb

Good:
    maxmemory 512mb
    repl-backlog-size 48mb
",
    source: "freeMemoryGetNotCountedMemory of Redis 7.0: only what exceeds the backlog is not counted",
    check: Check::Config(backlog_eats_maxmemory),
    ..Rule::BASE
};

pub(crate) static CLIENT_MEMORY_CAP_SMALL: Rule = Rule {
    id: "client-memory-cap-small",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "`maxmemory-clients` has no room for all connections at once",
    docs: "Beyond `maxmemory-clients` the server closes connections, the largest first. A busy one holds up to 40 KiB. With
`maxmemory 64mb` and `5%` only 90 (Redis 7.0) to 200 (Valkey 8.1) of 1,200 connections survived one SET and GET each
within a second, which is what an application does after a deploy. The fact `connections` is that number at peak.

Bad:
    # redisconf: connections=1000
    maxmemory 256mb
    maxmemory-clients 5%

Good:
    # redisconf: connections=1000
    maxmemory 256mb
    maxmemory-clients 40mb
",
    source: "measured on Redis 7.0, 7.4, 8.2 and Valkey 8.1, 9.1",
    servers: &["redis >= 7.0", "valkey"],
    facts: &["connections"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(client_memory_cap_small),
    ..Rule::BASE
};

pub(crate) static CLIENT_MEMORY_UNCAPPED: Rule = Rule {
    id: "client-memory-uncapped",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "connections may take a good part of the memory that data are evicted from",
    docs:
        "What clients hold counts against `maxmemory`: when they take more, keys are evicted or writes are refused. With
`maxmemory-clients` the server closes the largest connections instead; with 10 % set, a slow subscriber was cut and no
key lost. Reported where the connections at peak (the fact `connections`, 40 KiB each) may take more than a tenth.

Bad:
    # redisconf: connections=5000
    maxmemory 1gb

Good:
    # redisconf: connections=5000
    maxmemory 1gb
    maxmemory-clients 200mb
",
    source: "measured on Redis 7.0 to 8.6 and Valkey 7.2 to 8.1; valkey.io/topics/clients, Client eviction",
    servers: &["redis >= 7.0", "valkey"],
    facts: &["connections"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(client_memory_uncapped),
    ..Rule::BASE
};

fn backlog_eats_maxmemory(case: &Case<'_>, report: &mut Report<'_>) {
    let replicated = case.facts.count("replicas").is_some_and(|count| count > 0);
    if !case.is_set("repl-backlog-size") && !replicated {
        return;
    }
    let (Some(limit), Some(backlog)) = (limit(case), case.bytes("repl-backlog-size")) else { return };
    // Below 1 MiB a backlog is of no use, however small the server.
    if backlog <= 1 << 20 || backlog <= limit / 10 {
        return;
    }
    let share = u128::from(backlog) * 100 / u128::from(limit);
    let message = format!("the backlog of {} is {share}% of `maxmemory` {}", shown(backlog), shown(limit));
    let at = if case.is_set("repl-backlog-size") { "repl-backlog-size" } else { "maxmemory" };
    let mut finding = BACKLOG_EATS_MAXMEMORY.finding(case.place(at), message);
    if backlog >= limit / 2 {
        finding.severity = Severity::Error;
    }
    report.used("replicas");
    let most = mebibytes((limit / 10).max(1 << 20));
    report.add(finding.help(format!("set `repl-backlog-size {most}` or less, or raise `maxmemory`")));
}

/// The cap on what clients hold, in bytes; 0 for none, nothing where it is not known.
fn cap(case: &Case<'_>, limit: u64) -> Option<u64> {
    let value = case.get("maxmemory-clients")?;
    if let Value::Percent(percent) = value {
        return Some(limit / 100 * u64::from(*percent));
    }
    if let Value::Bytes(bytes) = value { Some(*bytes) } else { None }
}

fn client_memory_uncapped(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(limit) = limit(case) else { return };
    if cap(case, limit) != Some(0) || (!case.is_set("maxmemory-clients") && case.is_partial()) {
        return;
    }
    let Some(connections) = report.count("connections") else { return };
    let wanted = client_memory(limit, connections);
    if wanted <= limit / 10 {
        return;
    }
    let message = format!("{connections} connections may hold {} of `maxmemory` {}", shown(wanted), shown(limit));
    let at = if case.is_set("maxmemory-clients") { "maxmemory-clients" } else { "maxmemory" };
    report.add(capped(case, CLIENT_MEMORY_UNCAPPED.finding(case.place(at), message), wanted, limit));
}

fn client_memory_cap_small(case: &Case<'_>, report: &mut Report<'_>) {
    if !case.is_set("maxmemory-clients") {
        return;
    }
    let Some(limit) = limit(case) else { return };
    let Some(cap) = cap(case, limit).filter(|cap| *cap > 0) else { return };
    let Some(connections) = report.count("connections") else { return };
    let wanted = client_memory(0, connections);
    if cap >= wanted {
        return;
    }
    let fit = u128::from(connections) * u128::from(cap) / u128::from(wanted);
    let message = format!("{} hold about {fit} busy connections, and there are {connections}", shown(cap));
    let finding = CLIENT_MEMORY_CAP_SMALL.finding(case.place("maxmemory-clients"), message);
    report.add(capped(case, finding, client_memory(limit, connections), limit));
}

/// Proposes a cap, where there is a sensible one.
fn capped(case: &Case<'_>, finding: Finding, wanted: u64, limit: u64) -> Finding {
    if wanted > limit / 2 {
        return finding.help("raise `maxmemory`, or let fewer clients connect: they need more than half of it");
    }
    let value = format!("{}mb", wanted.div_ceil(1 << 20));
    let finding = finding.help(format!("set `maxmemory-clients {value}`"));
    match edits::set(case, "maxmemory-clients", &[&value]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    #[test]
    fn a_backlog_speaks_up_only_where_it_matters() {
        let severity =
            |text: &str| found("backlog-eats-maxmemory", text).first().map(|finding| finding.severity.word());
        assert_eq!(severity("maxmemory 512mb\nrepl-backlog-size 256mb\n"), Some("error"));
        assert_eq!(severity("# redisconf: server=valkey-8.1\nmaxmemory 64mb\n"), None);
        assert_eq!(severity("# redisconf: server=valkey-8.1 replicas=2\nmaxmemory 64mb\n"), Some("warning"));
        assert_eq!(severity("maxmemory 4mb\nrepl-backlog-size 1mb\n"), None);
        assert_eq!(severity("repl-backlog-size 256mb\n"), None);
    }

    #[test]
    fn connections_decide_what_clients_may_hold() {
        let uncapped = |text: &str| !found("client-memory-uncapped", text).is_empty();
        assert!(!uncapped("# redisconf: connections=100\nmaxmemory 1gb\n"));
        assert!(!uncapped("# redisconf: server=redis-6.2 connections=9000\nmaxmemory 1gb\n"));
        let small = |text: &str| !found("client-memory-cap-small", text).is_empty();
        assert!(!small("# redisconf: connections=1000\nmaxmemory 8gb\nmaxmemory-clients 5%\n"));
        assert!(small("# redisconf: connections=1000\nmaxmemory 8gb\nmaxmemory-clients 10mb\n"));
        let half = found("client-memory-uncapped", "# redisconf: connections=9000\nmaxmemory 128mb\n");
        assert!(half[0].fix.is_none());
    }
}
