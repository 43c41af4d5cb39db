//! Memory that connections hold, and what cuts them off.

use super::measure::{bytes, bytes_from, count, count_from, rose, running, size};
use super::{JUDGEMENT, LIVE, LiveCase, percent};
use crate::config::Class;
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static CLIENTS_HEAVY: Rule = Rule {
    id: "clients-heavy",
    group: Group::Clients,
    summary: "a connection holds far more memory than it should",
    docs: "An idle connection takes some 20 KB. An average above 200 KB means large pipelines, large values, or replies
that nobody reads.

Bad:
    connected_clients: 40
    mem_clients_normal: 40mb

Good:
    connected_clients: 40
    mem_clients_normal: 1mb
",
    source: "MEMORY DOCTOR of all servers",
    check: Check::Live(heavy),
    ..LIVE
};

fn heavy(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(kept) = report.seen("mem_clients_normal", live.number("mem_clients_normal")) else { return };
    let Some(clients) = report.seen("connected_clients", live.number("connected_clients")) else { return };
    let each = kept / clients.max(1);
    if each <= 200 << 10 || kept < 8 << 20 {
        return;
    }
    let message = format!("a connection holds {} on average, {} in all", size(each), size(kept));
    let proof = Proof::of([bytes("mem_clients_normal", kept), count("connected_clients", clients)])
        .above("200 KB for each", "MEMORY DOCTOR");
    let help = "send shorter pipelines, read replies at once, and look for the largest in CLIENT LIST (`tot-mem`)";
    report.add(CLIENTS_HEAVY.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static CLIENTS_HOLD_MEMORY: Rule = Rule {
    id: "clients-hold-memory",
    group: Group::Clients,
    summary: "connections hold a tenth of the memory, and nothing bounds them",
    docs: "Buffers of connections count against `maxmemory`: what they take, keys lose. `maxmemory-clients` bounds all
of them together and cuts off the largest first.

Bad:
    maxmemory 1gb
    mem_clients_normal: 200mb

Good:
    maxmemory 1gb
    maxmemory-clients 20%
    mem_clients_normal: 150mb
",
    source: "valkey.io/topics/clients (5 % to begin with)",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    check: Check::Live(hold),
    ..LIVE
};

fn hold(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(limit) = live.bytes("maxmemory").filter(|limit| *limit > 0) else { return };
    let Some(kept) = report.seen("mem_clients_normal", live.number("mem_clients_normal")) else { return };
    let Some(running_now) = report.seen("CONFIG GET", live.running()) else { return };
    if running_now.is_set("maxmemory-clients") || percent(kept, limit) < 10 {
        return;
    }
    let part = percent(kept, limit);
    let message = format!("connections hold {} ({part} % of `maxmemory`), and nothing bounds them", size(kept));
    // Below what they hold now it would cut them off.
    let share = (part * 2).clamp(5, 50);
    let proof = Proof::of([bytes("mem_clients_normal", kept), running("maxmemory", size(limit))])
        .above("10 % of maxmemory", "valkey.io/topics/clients")
        .change("maxmemory-clients", format!("{share}%"));
    let help = format!("set `maxmemory-clients {share}%`, and find out what fills the buffers");
    report.add(CLIENTS_HOLD_MEMORY.finding(live.place("maxmemory-clients"), message).help(help).proof(proof));
}

pub(in crate::lint) static SLOW_CONSUMER: Rule = Rule {
    id: "slow-consumer",
    group: Group::Clients,
    summary: "a connection does not read what it is sent",
    docs:
        "What a client does not read waits in the server's memory. A subscriber with 8 MiB is at the soft limit of the
default and is cut off after a minute; a plain client has no limit at all by default.

Bad:
    client: flags=P omem=20000000 oll=400

Good:
    client: flags=P omem=20000 oll=1
    client: flags=N omem=0 oll=0
",
    source: "default of client-output-buffer-limit pubsub (8 MiB); 1 MiB for others is a judgement of redisconf",
    check: Check::Live(slow_consumer),
    ..LIVE
};

fn slow_consumer(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("CLIENT LIST", live.evidence.clients.as_ref()) else { return };
    let soft = live.limit(Class::Pubsub).map(|limit| limit.soft).filter(|soft| *soft > 0).unwrap_or(8 << 20);
    let is_slow = |client: &&crate::snapshot::Client| {
        let most = if client.is_subscriber() { soft } else { 1 << 20 };
        client.output > most && !client.flags.contains('S')
    };
    let slow: Vec<&crate::snapshot::Client> = clients.iter().filter(is_slow).collect();
    let Some(most) = slow.iter().map(|client| client.output).max() else { return };
    let subscribers = slow.iter().filter(|client| client.is_subscriber()).count();
    let (all, of) =
        (slow.len(), if subscribers > 0 { format!(", {subscribers} of them subscribers") } else { String::new() });
    let message = format!("{all} connections do not read what they are sent{of}: up to {} wait", size(most));
    let number = u64::try_from(all).unwrap_or(u64::MAX);
    let proof =
        Proof::of([count_from("slow connections", number, "CLIENT LIST"), bytes_from("omem", most, "CLIENT LIST")])
            .above("the soft limit of subscribers, 1 MiB of others", "default of client-output-buffer-limit pubsub");
    let help = "make the consumer faster, or spread what it gets; a larger limit only ends it later";
    let at = live.place("client-output-buffer-limit");
    report.add(SLOW_CONSUMER.finding(at, message).help(help).proof(proof));
}

pub(in crate::lint) static CLIENTS_CUT_BY_BUFFERS: Rule = Rule {
    id: "clients-cut-by-buffers",
    group: Group::Clients,
    summary: "connections are cut off for the size of their buffers",
    docs: "A subscriber that is cut off loses what was in its buffer and everything until it is back; a replica begins
again from nothing. The counters tell output buffers (replies not read) from query buffers (requests too
large).

Bad:
    client_output_buffer_limit_disconnections: 12
    earlier client_output_buffer_limit_disconnections: 2

Good:
    client_output_buffer_limit_disconnections: 0
",
    source: "measured: the counter rises with each cut; INFO since redis 7.4 and valkey 8.0",
    servers: &["redis >= 7.4", "valkey >= 8.0"],
    check: Check::Live(cut),
    ..LIVE
};

fn cut(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let fields = [
        (
            "client_output_buffer_limit_disconnections",
            "did not read their replies fast enough",
            "client-output-buffer-limit",
        ),
        ("client_query_buffer_limit_disconnections", "sent too large a request", "client-query-buffer-limit"),
    ];
    for (field, why, directive) in fields {
        let Some(rise) = report.seen(field, live.rise(field)).filter(|rise| rise.count > 0) else { continue };
        let message = format!("{} connections were cut off {}: they {why}", rise.count, rise.when());
        let proof = Proof::of([rose(field, rise)]).above("any", "measured: the counter rises with each cut");
        let mut finding = CLIENTS_CUT_BY_BUFFERS.finding(live.place(directive), message).proof(proof);
        finding.severity = rise.severity(Severity::Warning);
        report.add(finding.help("find out who was slow; raise the limit only if memory for all of them is there"));
    }
}

pub(in crate::lint) static CLIENTS_EVICTED: Rule = Rule {
    id: "clients-evicted",
    group: Group::Clients,
    summary: "connections are cut off to save memory",
    docs: "`maxmemory-clients` was reached, and the largest connections were closed. After a deploy that may be a pool
that connects all at once: each new connection that is used takes some 20 to 40 KB.

Bad:
    maxmemory-clients 5%
    evicted_clients: 90
    earlier evicted_clients: 10

Good:
    maxmemory-clients 5%
    evicted_clients: 0
",
    source: "valkey.io/topics/clients; measured: 5 % of 64 MiB leaves 90 to 200 connections",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    check: Check::Live(evicted),
    ..LIVE
};

fn evicted(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(rise) = report.seen("evicted_clients", live.rise("evicted_clients")).filter(|rise| rise.count > 0) else {
        return;
    };
    let held = live.number("mem_clients_normal").unwrap_or(0);
    let message = format!("{} connections were cut off {} to save memory", rise.count, rise.when());
    let proof = Proof::of([rose("evicted_clients", rise), bytes("mem_clients_normal", held)])
        .above("any", "valkey.io/topics/clients");
    let mut finding = CLIENTS_EVICTED.finding(live.place("maxmemory-clients"), message).proof(proof);
    finding.severity = rise.severity(Severity::Warning);
    report.add(finding.help("raise `maxmemory-clients` to 40 KiB for each connection, or find the large ones"));
}

pub(in crate::lint) static BUFFERS_UNCOUNTED: Rule = Rule {
    id: "buffers-uncounted",
    group: Group::Clients,
    summary: "memory that waits for clients is not counted for any of them",
    docs:
        "Servers that avoid copying replies hold messages of 16 KiB and more without counting them for the connection:
no limit of output buffers is reached, and memory grows. Of what subscribers did not read only blocks of
references are counted: 2000 messages of 20 KB were 10 blocks on Valkey 9.0 and 19 on 9.1. The messages
themselves show as data that no keys explain.

Bad:
    # redisconf: server=valkey-9.1
    db0: keys=1000,expires=0,avg_ttl=0
    pubsub_clients: 20
    used_memory: 4gb
    used_memory_dataset: 3900mb
    client: 20 x flags=P omem=300000 oll=18

Good:
    # redisconf: server=valkey-9.1
    db0: keys=5000000,expires=0,avg_ttl=0
    pubsub_clients: 20
    used_memory: 4gb
    used_memory_dataset: 3900mb
    client: 20 x flags=P omem=300000 oll=18
",
    source: "measured on valkey 9.0 and 9.1; redis/redis pull request 14934",
    servers: &["redis >= 8.6", "valkey >= 9.0"],
    check: Check::Live(uncounted),
    ..LIVE
};

fn uncounted(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("CLIENT LIST", live.evidence.clients.as_ref()) else { return };
    let subscribers = || clients.iter().filter(|client| client.is_subscriber());
    let waiting: u64 = subscribers().map(|client| client.replies).fold(0, u64::saturating_add);
    let counted: u64 = subscribers().map(|client| client.output).fold(0, u64::saturating_add);
    if waiting < 20 || live.int("min-string-size-avoid-copy-reply") == Some(0) {
        return;
    }
    let Some(data) = report.seen("used_memory_dataset", live.number("used_memory_dataset")) else { return };
    let (keys, _) = live.keys();
    // The server calls data what it cannot place. Shorter messages are copied, and counted.
    if data.saturating_sub(counted) < 64 << 20 || data / keys.max(1) < 16 << 10 {
        return;
    }
    let message = format!(
        "subscribers have not read {waiting} blocks, of which {} are counted, and {} of data are in {keys} keys or wait",
        size(counted),
        size(data)
    );
    let proof = Proof::of([
        count_from("oll of all", waiting, "CLIENT LIST"),
        bytes_from("omem of all", counted, "CLIENT LIST"),
        bytes("used_memory_dataset", data),
        count("keys", keys),
    ])
    .above("20 blocks, with 64 MiB of data beside and 16 KiB for each key", "measured on valkey 9.0 and 9.1");
    let help = "set `min-string-size-avoid-copy-reply 0` or watch `oll`: limits of output buffers do not hold here";
    let at = live.place("client-output-buffer-limit");
    report.add(BUFFERS_UNCOUNTED.finding(at, message).help(help).proof(proof));
}

pub(in crate::lint) static QUERY_BUFFERS_LARGE: Rule = Rule {
    id: "query-buffers-large",
    severity: Severity::Info,
    group: Group::Clients,
    summary: "requests are very large",
    docs: "Requests and transactions wait in memory until they are complete. A megabyte for one connection is a large
value or a long pipeline; all others wait while it is carried out.

Bad:
    client: flags=N qbuf=5000000

Good:
    client: flags=N qbuf=20000
",
    source: "CLIENT LIST of all servers",
    check: Check::Live(query),
    ..LIVE
};

fn query(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(clients) = report.seen("CLIENT LIST", live.evidence.clients.as_ref()) else { return };
    let sizes = clients.iter().filter(|client| client.is_normal()).map(|client| client.query.max(client.transaction));
    let most = sizes.max().unwrap_or(0);
    let recent = live.number("client_recent_max_input_buffer").unwrap_or(0);
    if most <= 1 << 20 && recent <= 100 << 20 {
        return;
    }
    let message = format!("a request of up to {} was held", size(most.max(recent)));
    let proof = Proof::of([
        bytes_from("qbuf or multi-mem", most, "CLIENT LIST"),
        bytes("client_recent_max_input_buffer", recent),
    ])
    .above("1 MiB, or 100 MiB lately", JUDGEMENT);
    let help = "send smaller values and shorter pipelines";
    report.add(QUERY_BUFFERS_LARGE.finding(live.anchor(), message).help(help).proof(proof));
}
