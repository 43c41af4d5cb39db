//! Publishing: what slow subscribers hold, what the network carries, and what each write sends out.

use super::{is_capped, place, with_limits};
use crate::config::{Class, Limit, Value, needs};
use crate::facts::bytes_text;
use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static FANOUT_EXCEEDS_NETWORK: Rule = Rule {
    id: "fanout-exceeds-network",
    severity: Severity::Error,
    summary: "more is published than the network carries",
    docs:
        "Each message leaves once for every subscriber that receives it: messages a second, times receivers, times size.
10,000 messages of 1 KiB to 1,000 subscribers each are 10 GB/s. What does not fit waits in output buffers until the
limit cuts subscribers off. Send less, to fewer, or over several servers.

Bad:
    # redisconf: publish-rate=10000 fanout=100 message-size=1kb network-bandwidth=125mb
    port 6379

Good:
    # redisconf: publish-rate=10000 fanout=10 message-size=1kb network-bandwidth=125mb
    port 6379
",
    group: Group::Clients,
    source: "arithmetic",
    facts: &["publish-rate", "fanout", "message-size", "network-bandwidth"],
    modes: &[Mode::Server],
    check: Check::Config(fanout),
    ..Rule::BASE
};

pub(crate) static KEYSPACE_EVENTS_BROAD: Rule = Rule {
    id: "keyspace-events-broad",
    severity: Severity::Info,
    summary: "every write publishes a message or two, whoever listens",
    docs: "With `A` and both `K` and `E` each change of a key becomes two messages, for the key and for the event; they cost the
one thread that executes commands, and the network for each subscriber. Most applications wait for expiry alone: `Ex`.

Bad:
    notify-keyspace-events AKE

Good:
    notify-keyspace-events Ex
",
    group: Group::Clients,
    source: "valkey.io/topics/notifications",
    modes: &[Mode::Server],
    check: Check::Config(events_broad),
    ..Rule::BASE
};

pub(crate) static PUBSUB_ACROSS_CLUSTER: Rule = Rule {
    id: "pubsub-across-cluster",
    severity: Severity::Info,
    summary: "every message goes to every node of the cluster",
    docs: "PUBLISH in a cluster is sent to all nodes over the bus, so more nodes carry no more messages. Since Redis 7.0 SPUBLISH
and SSUBSCRIBE keep a channel on the shard that its name belongs to.

Bad:
    # redisconf: workload=pubsub
    cluster-enabled yes

Good:
    # redisconf: workload=pubsub
    port 6379
",
    group: Group::Clients,
    source: "valkey.io/topics/pubsub, \"Sharded Pub/Sub\"",
    facts: &["workload"],
    modes: &[Mode::Server],
    check: Check::Config(across_cluster),
    ..Rule::BASE
};

pub(crate) static PUBSUB_BUFFER_OVERCOMMIT: Rule = Rule {
    id: "pubsub-buffer-overcommit",
    severity: Severity::Error,
    summary: "slow subscribers may hold more memory than there is",
    docs: "One subscriber in twenty is taken to be slow at the same time, each holding up to the hard limit: with 1,000 of them
and 256mb that is 12.5 GiB. Buffers of subscribers count against `maxmemory`, so before memory ends data are evicted
or writes refused. A larger limit helps no subscriber that is slower than its channel; it only cuts it off later.
The formula `pubsub = \"auto\"` of a profile comes to the limit that a stall really needs.

Bad:
    # redisconf: memory=8gb subscribers=1000
    client-output-buffer-limit pubsub 256mb 128mb 60

Good:
    # redisconf: memory=8gb subscribers=1000
    client-output-buffer-limit pubsub 32mb 8mb 60
",
    group: Group::Clients,
    source: "twelve servers with one subscriber that did not read, run",
    facts: &["subscribers", "memory"],
    modes: &[Mode::Server],
    check: Check::Config(overcommit),
    ..Rule::BASE
};

pub(crate) static PUBSUB_BUFFER_TOO_SMALL: Rule = Rule {
    id: "pubsub-buffer-too-small",
    severity: Severity::Warning,
    summary: "a healthy subscriber is cut off in its longest pause",
    docs:
        "What is published to one subscriber while it pauses, for a garbage collection or a deploy, waits in its output
buffer. Above the hard limit the connection ends, and all that waited is lost: PUBLISH is sent once and never again.
The limit must hold the rate of one subscriber for the time of the fact `stall`.

Bad:
    # redisconf: publish-rate=10000 fanout=10 subscribers=100 message-size=1kb stall=60s
    client-output-buffer-limit pubsub 32mb 8mb 60

Good:
    # redisconf: publish-rate=10000 fanout=10 subscribers=100 message-size=1kb stall=60s
    client-output-buffer-limit pubsub 256mb 64mb 60
",
    group: Group::Clients,
    source: "valkey.io/topics/pubsub, \"Delivery semantics\"",
    facts: &["publish-rate", "fanout", "subscribers", "message-size", "stall"],
    modes: &[Mode::Server],
    check: Check::Config(too_small),
    ..Rule::BASE
};

pub(crate) static PUBSUB_BUFFER_UNLIMITED: Rule = Rule {
    id: "pubsub-buffer-unlimited",
    severity: Severity::Error,
    summary: "one subscriber that stalls can take all memory",
    docs: "What is published for a subscriber that does not read piles up. Without a limit that ends with the memory: data are
evicted, writes refused, and at last the kernel ends the server. The built-in limits are 32mb, and 8mb for 60 seconds.

Bad:
    client-output-buffer-limit pubsub 0 0 0

Good:
    client-output-buffer-limit pubsub 32mb 8mb 60
",
    group: Group::Clients,
    source: "valkey.io/topics/clients, \"Output buffer limits\"; twelve servers, run",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(unlimited),
    ..Rule::BASE
};

pub(crate) static SUBSCRIBERS_CAN_EVICT_DATA: Rule = Rule {
    id: "subscribers-can-evict-data",
    severity: Severity::Warning,
    summary: "slow subscribers push data out",
    docs: "What waits for subscribers counts against `maxmemory`. One that did not read made a cache drop 27 of its 30 keys,
and with `noeviction` made every write fail, on twelve servers. Keep the share that slow ones may hold below a
tenth: lower the limit, or cap all clients together with `maxmemory-clients`.

Bad:
    # redisconf: subscribers=100
    maxmemory 512mb
    maxmemory-policy allkeys-lru
    client-output-buffer-limit pubsub 32mb 8mb 60

Good:
    # redisconf: subscribers=100
    maxmemory 512mb
    maxmemory-policy allkeys-lru
    client-output-buffer-limit pubsub 8mb 2mb 60
",
    group: Group::Clients,
    source: "twelve servers with one subscriber that did not read, run",
    facts: &["subscribers"],
    modes: &[Mode::Server],
    check: Check::Config(can_evict),
    ..Rule::BASE
};

pub(crate) static TIMEOUT_SPARES_SUBSCRIBERS: Rule = Rule {
    id: "timeout-spares-subscribers",
    severity: Severity::Info,
    summary: "`timeout` never ends a subscriber",
    docs: "`timeout` looks at ordinary clients only. After 9 s of silence with `timeout 2` subscribers, MONITOR and clients
blocked in BLPOP were all there, on twelve servers. Dead subscribers are found by `tcp-keepalive`.

Bad:
    # redisconf: workload=pubsub
    timeout 300

Good:
    # redisconf: workload=pubsub
    timeout 0
    tcp-keepalive 60
",
    group: Group::Clients,
    source: "twelve servers, run",
    facts: &["workload"],
    modes: &[Mode::Server],
    check: Check::Config(timeout),
    ..Rule::BASE
};

fn fanout(case: &Case<'_>, report: &mut Report<'_>) {
    if case.facts.count("publish-rate").is_none() {
        // Nobody says that anything is published: that is no gap in what is known.
        return;
    }
    let Some(rate) = report.count("publish-rate") else { return };
    let (Some(receivers), Some(size)) = (report.count("fanout"), report.bytes("message-size")) else { return };
    let sent = rate.saturating_mul(receivers).saturating_mul(size);
    let Some(carried) = report.bytes("network-bandwidth").filter(|carried| sent > *carried) else { return };
    let message = format!(
        "{} a second are to be sent to subscribers, and the network carries {}",
        bytes_text(sent),
        bytes_text(carried)
    );
    report.add(
        FANOUT_EXCEEDS_NETWORK
            .finding(case.fact_place("publish-rate"), message)
            .help("send less, to fewer subscribers, or over several servers"),
    );
}

fn events_broad(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(directive) = case.known("notify-keyspace-events") else { return };
    let set = case.config.effective(directive).filter(|value| **value != Value::Events(0));
    let Some(value) = set else { return };
    let letters = value.config_get(&directive.kind);
    let has = |letter: u8| letters.contains(&letter);
    if !has(b'A') || !(has(b'K') || has(b'E')) {
        return;
    }
    let count = if has(b'K') && has(b'E') { "two messages" } else { "a message" };
    let mut finding = KEYSPACE_EVENTS_BROAD
        .finding(case.place("notify-keyspace-events"), format!("every change of a key publishes {count}"))
        .help("name the events that somebody waits for, such as `Ex` for expired keys");
    if case.facts.word("writes") == Some("heavy") {
        report.used("writes");
        finding.severity = Severity::Warning;
    }
    report.add(finding);
}

fn across_cluster(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("cluster-enabled") == Some(true) && report.word("workload") == Some("pubsub") {
        report.add(
            PUBSUB_ACROSS_CLUSTER
                .finding(case.place("cluster-enabled"), "each message goes to every node of the cluster")
                .help("use SPUBLISH and SSUBSCRIBE, which stay on one shard"),
        );
    }
}

/// Whether there is no limit at all.
fn is_open(limit: &Limit) -> bool {
    limit.hard == 0 && limit.soft == 0
}

/// What slow subscribers may hold, and what that is held against.
struct Slow {
    held: u64,
    room: u64,
    of_maxmemory: bool,
}

/// `None` if it does not matter here: no limit (another rule says so), or a cap on all clients together.
fn slow(case: &Case<'_>, report: &mut Report<'_>, with_memory: bool) -> Option<Slow> {
    let pubsub = case.limit(Class::Pubsub).filter(|pubsub| !is_open(pubsub) && !is_capped(case))?;
    let maxmemory = case.bytes("maxmemory").filter(|bytes| *bytes > 0);
    if !with_memory {
        maxmemory?;
    }
    let subscribers = report.count("subscribers")?;
    let hard = if pubsub.hard > 0 { pubsub.hard } else { pubsub.soft };
    let held = needs::held_by_slow(hard, subscribers);
    let room = match (maxmemory, with_memory) {
        (Some(maxmemory), false) => maxmemory,
        (maxmemory, _) => report.bytes("memory")?.min(maxmemory.unwrap_or(u64::MAX)),
    };
    Some(Slow { held, room, of_maxmemory: maxmemory == Some(room) })
}

fn overcommit(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(Slow { held, room, of_maxmemory }) = slow(case, report, true).filter(|slow| slow.held > slow.room / 2)
    else {
        return;
    };
    let of = if of_maxmemory { "`maxmemory`" } else { "the memory" };
    let (severity, message) = if held > room {
        let message = format!("slow subscribers may hold {}, more than {of} of {}", bytes_text(held), bytes_text(room));
        (Severity::Error, message)
    } else {
        let message =
            format!("slow subscribers may hold {}, over half of {of}, {}", bytes_text(held), bytes_text(room));
        (Severity::Warning, message)
    };
    let mut finding = PUBSUB_BUFFER_OVERCOMMIT
        .finding(place(case, Class::Pubsub), message)
        .help("lower the hard limit, or cap all clients with `maxmemory-clients`");
    finding.severity = severity;
    report.add(finding);
}

fn can_evict(case: &Case<'_>, report: &mut Report<'_>) {
    // A bus has no data to lose.
    if case.facts.word("workload") == Some("pubsub") {
        return;
    }
    let Some(Slow { held, room, .. }) = slow(case, report, false) else { return };
    // Above half `pubsub-buffer-overcommit` says it, where it knows the memory.
    let told = held > room / 2 && case.facts.bytes("memory").is_some();
    if held <= room / 10 || told {
        return;
    }
    let what = if case.choice("maxmemory-policy") == Some("noeviction") { "writes are refused" } else { "data go" };
    report.add(
        SUBSCRIBERS_CAN_EVICT_DATA
            .finding(
                place(case, Class::Pubsub),
                format!("slow subscribers may hold {} of {}, for which {what}", bytes_text(held), bytes_text(room)),
            )
            .help("lower the limit, or set `maxmemory-clients`"),
    );
}

fn too_small(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(pubsub) = case.limit(Class::Pubsub).filter(|pubsub| pubsub.hard > 0) else { return };
    if case.facts.count("publish-rate").is_none() {
        // Nobody says that anything is published: that is no gap in what is known.
        return;
    }
    let Some(rate) = report.count("publish-rate") else { return };
    let (Some(receivers), Some(subscribers)) = (report.count("fanout"), report.count("subscribers")) else { return };
    let (Some(size), Some(stall)) = (report.bytes("message-size"), report.milliseconds("stall")) else { return };
    let needed = needs::stalled(rate, receivers, subscribers, size, stall);
    if needed <= pubsub.hard {
        return;
    }
    let message = format!(
        "a pause of {} s piles up {} for one subscriber, and {} end its connection",
        stall / 1000,
        bytes_text(needed),
        bytes_text(pubsub.hard)
    );
    let mebibytes = needed.div_ceil(1 << 20);
    report.add(
        PUBSUB_BUFFER_TOO_SMALL
            .finding(place(case, Class::Pubsub), message)
            .help(format!("set a soft limit of {mebibytes}mb and four times that as the hard one")),
    );
}

fn unlimited(case: &Case<'_>, report: &mut Report<'_>) {
    if !case.limit(Class::Pubsub).is_some_and(|pubsub| is_open(&pubsub)) || is_capped(case) {
        return;
    }
    let finding = PUBSUB_BUFFER_UNLIMITED
        .finding(place(case, Class::Pubsub), "what waits for a subscriber that does not read has no limit")
        .help("write `pubsub 32mb 8mb 60`");
    report.add(match with_limits(case, Class::Pubsub, ["32mb", "8mb", "60"]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    });
}

fn timeout(case: &Case<'_>, report: &mut Report<'_>) {
    if case.int("timeout").is_none_or(|timeout| timeout == 0) {
        return;
    }
    if report.word("workload") == Some("pubsub") {
        report.add(
            TIMEOUT_SPARES_SUBSCRIBERS
                .finding(case.place("timeout"), "subscribers that are gone are not found by this")
                .help("set `tcp-keepalive 60`, and `timeout 0`"),
        );
    }
}
