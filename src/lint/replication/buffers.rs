//! Memory that replication takes: the backlog and the output buffer of a replica.

use crate::config::{Class, Limit, needs};
use crate::facts::bytes_text;
use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::{Engine, Server};
use crate::source::Span;
use crate::syntax::Mode;

pub(crate) static BACKLOG_TOO_SMALL: Rule = Rule {
    id: "backlog-too-small",
    severity: Severity::Warning,
    summary: "after a short outage every replica needs a full copy",
    docs: "A replica that was away goes on where it stopped if what it missed is still in the backlog. At 5 MiB of writes a
second the 1 MiB that Redis has built in last 0.2 s, the 10 MiB of Valkey 2 s; a restart takes longer, so the primary
forks and sends everything. Size it as `write-rate` times `outage`, with half as much again.

Bad:
    # redisconf: replicas=1 write-rate=5mb outage=60s
    repl-backlog-size 1mb

Good:
    # redisconf: replicas=1 write-rate=5mb outage=60s
    repl-backlog-size 450mb
",
    group: Group::Replication,
    source: "redis/redis#11534; valkey.io/topics/replication",
    facts: &["replicas", "write-rate", "outage"],
    modes: &[Mode::Server],
    check: Check::Config(backlog_too_small),
    ..Rule::BASE
};

pub(crate) static REPLICA_BUFFER_BELOW_BACKLOG: Rule = Rule {
    id: "replica-buffer-below-backlog",
    severity: Severity::Warning,
    summary: "the limit on a replica's output buffer is below the backlog",
    docs: "A replica that comes back is sent what it missed, which may be all of the backlog. With a lower limit Redis 6.2 cuts
the replica off in the middle and begins anew. Since Redis 7.0 the server takes the size of the backlog instead, so
the limit that the file states is not the one in force.

Bad:
    # redisconf: server=redis-6.2
    repl-backlog-size 512mb
    client-output-buffer-limit replica 256mb 64mb 60

Good:
    # redisconf: server=redis-6.2
    repl-backlog-size 512mb
    client-output-buffer-limit replica 1gb 512mb 60
",
    group: Group::Replication,
    source: "redis/redis#1408; networking.c of redis 7.4, checkClientOutputBufferLimits",
    modes: &[Mode::Server],
    check: Check::Config(below_backlog),
    ..Rule::BASE
};

pub(crate) static REPLICA_BUFFER_TOO_SMALL: Rule = Rule {
    id: "replica-buffer-too-small",
    severity: Severity::Warning,
    summary: "a replica is cut off before it has its full copy",
    docs: "While a replica takes a full copy, what is written meanwhile waits in its output buffer. A buffer that fills before
the copy is there ends the link, and the next try begins with another fork and ends the same way. At 20 MiB of
writes a second and a minute for the copy 1.2 GiB wait. Redis 8.0 and later keep most of it at the replica, and so
does Valkey with `dual-channel-replication-enabled yes`.

Bad:
    # redisconf: replicas=1 write-rate=20mb dataset=8gb
    client-output-buffer-limit replica 256mb 64mb 60

Good:
    # redisconf: replicas=1 write-rate=20mb dataset=8gb
    client-output-buffer-limit replica 5gb 2gb 60
",
    group: Group::Replication,
    source: "redis/redis#2315, #4093, #4697",
    servers: &["redis < 8.0", "valkey"],
    facts: &["replicas", "write-rate", "dataset"],
    modes: &[Mode::Server],
    check: Check::Config(too_small),
    ..Rule::BASE
};

pub(crate) static REPLICA_BUFFER_UNLIMITED: Rule = Rule {
    id: "replica-buffer-unlimited",
    severity: Severity::Warning,
    summary: "one replica that stalls can take all memory",
    docs: "The output buffers of replicas are not counted against `maxmemory`, so nothing is evicted to make room: what waits
for a replica that stopped reading grows until the kernel ends the server. The limits that are built in are 256mb,
or 64mb for 60 seconds.

Bad:
    client-output-buffer-limit replica 0 0 0

Good:
    client-output-buffer-limit replica 1gb 256mb 60
",
    group: Group::Replication,
    source: "valkey.io/topics/clients, \"Output buffer limits\"",
    modes: &[Mode::Server],
    check: Check::Config(unlimited),
    ..Rule::BASE
};

/// The place of the limit in force; of the backlog, or the anchor, where it is the built-in one.
fn limit_place(case: &Case<'_>, class: Class) -> Span {
    case.limit_set_by(class).map_or_else(|| case.anchor(), |id| case.at(id))
}

fn backlog_too_small(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(size) = case.bytes("repl-backlog-size").filter(|_| !case.is_partial()) else { return };
    if report.count("replicas").is_none_or(|replicas| replicas == 0) {
        return;
    }
    let (Some(rate), Some(outage)) = (report.bytes("write-rate"), report.milliseconds("outage")) else { return };
    let needed = needs::carried(rate, outage);
    if size >= needed {
        return;
    }
    let tenths = size.saturating_mul(10).checked_div(rate).unwrap_or(u64::MAX);
    let message = format!(
        "the backlog holds {} and lasts {}.{} s at {} of writes a second, and an outage takes {} s",
        bytes_text(size),
        tenths / 10,
        tenths % 10,
        bytes_text(rate),
        outage / 1000
    );
    let mebibytes = needs::backlog(rate, outage).div_ceil(1 << 20);
    report.add(
        BACKLOG_TOO_SMALL
            .finding(case.place("repl-backlog-size"), message)
            .help(format!("set `repl-backlog-size {mebibytes}mb`, which counts against `maxmemory`")),
    );
}

fn below_backlog(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(limit), Some(backlog)) = (case.limit(Class::Replica), case.bytes("repl-backlog-size")) else { return };
    if limit.hard == 0 || limit.hard >= backlog || case.is_partial() {
        return;
    }
    let is_cut = case.server() == Server::new(Engine::Redis, 6, 2);
    let message = format!("{} for a replica, and a backlog of {}", bytes_text(limit.hard), bytes_text(backlog));
    let at = case.limit_set_by(Class::Replica).map_or_else(|| case.place("repl-backlog-size"), |id| case.at(id));
    let mut finding = REPLICA_BUFFER_BELOW_BACKLOG.finding(at, message);
    finding = if is_cut {
        finding.help("raise the hard limit above the backlog: a replica that comes back is cut off otherwise")
    } else {
        finding.help("raise the hard limit above the backlog: it is not in force otherwise")
    };
    if !is_cut {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

fn too_small(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(limit) = case.limit(Class::Replica).filter(|limit| limit.hard > 0) else { return };
    if case.is_partial() || case.is_on("dual-channel-replication-enabled") == Some(true) {
        return;
    }
    if report.count("replicas").is_none_or(|replicas| replicas == 0) {
        return;
    }
    let Some(rate) = report.bytes("write-rate") else { return };
    let full = case.bytes("maxmemory").filter(|bytes| *bytes > 0).filter(|_| case.facts.bytes("dataset").is_none());
    let Some(dataset) = full.or_else(|| report.bytes("dataset")) else { return };
    report.used("network-bandwidth");
    let seconds = needs::full_copy(dataset, case.facts.bytes("network-bandwidth"));
    let needed = needs::replica_buffer(rate, seconds);
    if limit.hard >= needed {
        return;
    }
    let message = format!(
        "a full copy of {} takes about {seconds} s, in which {} are written, and a replica may be {} behind",
        bytes_text(dataset),
        bytes_text(rate.saturating_mul(seconds)),
        bytes_text(limit.hard)
    );
    let mebibytes = needed.div_ceil(1 << 20);
    report.add(
        REPLICA_BUFFER_TOO_SMALL
            .finding(limit_place(case, Class::Replica), message)
            .help(format!("set the hard limit for `replica` to {mebibytes}mb or more")),
    );
}

fn unlimited(case: &Case<'_>, report: &mut Report<'_>) {
    let is_open = |limit: &Limit| limit.hard == 0 && limit.soft == 0;
    if !case.limit(Class::Replica).is_some_and(|limit| is_open(&limit)) {
        return;
    }
    report.add(
        REPLICA_BUFFER_UNLIMITED
            .finding(limit_place(case, Class::Replica), "what waits for a replica that stalls has no limit")
            .help("set a hard limit, such as `replica 1gb 256mb 60`"),
    );
}
