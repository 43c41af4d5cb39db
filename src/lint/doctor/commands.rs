//! Which commands are slow, large or dangerous. Commands are named, arguments never.

use std::collections::BTreeMap;

use super::measure::{bytes_from, count, count_from, milliseconds, size};
use super::{JUDGEMENT, LIVE, LiveCase, float, part_of};
use crate::catalog::commands::exists_once_loaded;
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

/// Commands that walk over all of something.
const WALKING: &[&str] = &[
    "EVAL",
    "EVALSHA",
    "FCALL",
    "FLUSHALL",
    "FLUSHDB",
    "HGETALL",
    "HKEYS",
    "HVALS",
    "KEYS",
    "LRANGE",
    "SDIFF",
    "SINTER",
    "SMEMBERS",
    "SORT",
    "SUNION",
    "ZRANGE",
    "ZRANGEBYSCORE",
];

/// The name of a command as people may see it: a renamed one is a secret of its owner.
fn known<'a>(live: &LiveCase<'_>, command: &'a str) -> &'a str {
    if exists_once_loaded(live.case.server(), command.as_bytes()) { command } else { "another command" }
}

pub(in crate::lint) static SLOW_COMMANDS: Rule = Rule {
    id: "slow-commands",
    group: Group::Latency,
    summary: "single commands take tens of milliseconds",
    docs: "One thread carries out all commands: while one takes 50 ms, everybody waits for 50 ms. The slow log holds
those above `slowlog-log-slower-than`, without the time in queues and networks. Above 10 ms it is worth a
look, above 100 ms it is an error. Arguments are not shown: they are the users' data.

Bad:
    slowlog: 50000 KEYS
    slowlog: 20000 KEYS

Good:
    slowlog: 5000 HGETALL
",
    source: "valkey.io/topics/latency; the times are a judgement of redisconf",
    check: Check::Live(slow),
    ..LIVE
};

fn slow(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(log) = report.seen("SLOWLOG GET", live.evidence.slowlog.as_ref()) else { return };
    let mut by_command: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for entry in log.entries.iter().filter(|entry| entry.microseconds >= 10_000) {
        let (times, most) = by_command.entry(known(live, &entry.command)).or_default();
        *times += 1;
        *most = (*most).max(entry.microseconds);
    }
    let mut worst: Vec<(&str, (u64, u64))> = by_command.into_iter().collect();
    worst.sort_by_key(|(name, (_, most))| (std::cmp::Reverse(*most), *name));
    let Some((_, (_, most))) = worst.first().copied() else { return };
    let told: Vec<String> =
        worst.iter().take(3).map(|(name, (times, most))| format!("{name} {} ms ({times}x)", most / 1000)).collect();
    let message = format!("commands stopped everything for up to {} ms: {}", most / 1000, told.join(", "));
    let mut proof = Proof::of(
        worst
            .iter()
            .take(8)
            .map(|(name, (_, most))| milliseconds((*name).to_owned(), float(*most) / 1000.0, "SLOWLOG")),
    );
    proof.measured.push(count_from("entries", log.length, "SLOWLOG"));
    let proof =
        proof.above("10 ms; 100 ms is an error", "valkey.io/topics/latency; the times are a judgement of redisconf");
    let mut finding = SLOW_COMMANDS.finding(live.anchor(), message).proof(proof);
    if most >= 100_000 {
        finding.severity = Severity::Error;
    }
    let walks = worst.iter().any(|(name, _)| WALKING.contains(name));
    let help = if walks {
        "use SCAN, HSCAN or SSCAN in portions, and keep what is read at once small"
    } else {
        "look at SLOWLOG GET for the arguments, and at the load of the machine"
    };
    report.add(finding.help(help));
}

pub(in crate::lint) static LARGE_REPLIES: Rule = Rule {
    id: "large-replies",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "requests or replies have megabytes",
    docs:
        "A large reply is written by the thread that serves everybody, waits in memory until it is read, and takes the
network. Valkey logs requests and replies above 1 MiB.

Bad:
    # redisconf: server=valkey-8.1
    reply: 5mb HGETALL

Good:
    # redisconf: server=valkey-8.1
",
    source: "valkey.io/commands/commandlog-get; default of commandlog-reply-larger-than",
    servers: &["valkey >= 8.1"],
    check: Check::Live(large),
    ..LIVE
};

fn large(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(all) = report.seen("COMMANDLOG GET", live.evidence.large.as_ref()) else { return };
    let Some(most) = all.iter().max_by_key(|one| one.bytes) else { return };
    let what = if most.is_reply { "reply" } else { "request" };
    let message = format!(
        "{} requests or replies are large: a {what} of {} had {}",
        all.len(),
        known(live, &most.command),
        size(most.bytes)
    );
    let number = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let proof =
        Proof::of([bytes_from("largest", most.bytes, "COMMANDLOG"), count_from("entries", number, "COMMANDLOG")])
            .above("1 MiB", "default of commandlog-reply-larger-than");
    let help = "read and write in portions: ranges, HMGET, SCAN";
    report.add(LARGE_REPLIES.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static DANGEROUS_COMMANDS_USED: Rule = Rule {
    id: "dangerous-commands-used",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "commands run that block everybody or delete everything",
    docs: "KEYS and SORT walk over everything, SAVE stops the server until all is written, MONITOR halves its
throughput, FLUSHALL deletes all of it, DEBUG can end it. The counters since the start tell that somebody
uses them.

Bad:
    cmdstat_keys: calls=90,usec=9000000,usec_per_call=100000.00

Good:
    cmdstat_get: calls=90,usec=900,usec_per_call=10.00
",
    source: "valkey.io/topics/latency; the ACL category @dangerous",
    check: Check::Live(dangerous),
    ..LIVE
};

fn dangerous(live: &LiveCase<'_>, report: &mut Report<'_>) {
    const NAMES: [&str; 7] = ["debug", "flushall", "flushdb", "keys", "monitor", "save", "sort"];
    let calls = |name: &str| live.part(&format!("cmdstat_{name}"), "calls").and_then(|calls| calls.parse::<u64>().ok());
    let used: Vec<(&str, u64)> = NAMES.iter().filter_map(|name| Some((*name, calls(name)?))).collect();
    let used: Vec<(&str, u64)> = used.into_iter().filter(|(_, calls)| *calls > 0).collect();
    if used.is_empty() {
        return;
    }
    let told: Vec<String> =
        used.iter().map(|(name, calls)| format!("{} {calls}x", name.to_ascii_uppercase())).collect();
    let message = format!("commands that block or delete were called: {}", told.join(", "));
    let each = used.iter().map(|(name, calls)| count_from(name.to_ascii_uppercase(), *calls, "INFO commandstats"));
    let proof = Proof::of(each).above("any", "valkey.io/topics/latency; ACL category @dangerous");
    let help = "take them from application users (`-@dangerous`), and use SCAN instead of KEYS";
    report.add(DANGEROUS_COMMANDS_USED.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static SLOW_PERCENTILE: Rule = Rule {
    id: "slow-percentile",
    group: Group::Latency,
    summary: "one in a hundred calls of a simple command takes 10 ms",
    docs: "GET, SET and their like take microseconds of the server's own time. If their 99th percentile is above 10 ms,
the process did not run: it swapped, the machine was busy, or its container was throttled.

Bad:
    latency_percentiles_usec_get: p50=1.003,p99=20000.000,p99.9=40000.000

Good:
    latency_percentiles_usec_get: p50=1.003,p99=30.000,p99.9=90.000
",
    source: "INFO latencystats since 7.0; the time is a judgement of redisconf",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    check: Check::Live(percentile),
    ..LIVE
};

fn percentile(live: &LiveCase<'_>, report: &mut Report<'_>) {
    const SIMPLE: [&str; 12] =
        ["decr", "exists", "expire", "get", "hget", "hset", "incr", "lpush", "ping", "rpush", "set", "ttl"];
    let p99 = |text: &str| part_of(text, "p99").and_then(|number| number.parse::<f64>().ok());
    let all: Vec<(&str, f64)> =
        live.fields("latency_percentiles_usec_").filter_map(|(name, text)| Some((name, p99(text)?))).collect();
    if report.seen("latencystats", (!all.is_empty()).then_some(())).is_none() {
        return;
    }
    // Of a few calls the first one decides.
    let enough = |name: &str| {
        let calls = live.part(&format!("cmdstat_{name}"), "calls").and_then(|calls| calls.parse::<u64>().ok());
        calls.is_some_and(|calls| calls >= 1000)
    };
    let slow = all.into_iter().filter(|(name, time)| SIMPLE.contains(name) && *time > 10_000.0 && enough(name));
    let Some((name, time)) = slow.max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
    let name = name.to_ascii_uppercase();
    let message = format!("one in a hundred calls of {name} takes {:.0} ms of the server's own time", time / 1000.0);
    let proof = Proof::of([milliseconds(format!("p99 of {name}"), time / 1000.0, "INFO latencystats")])
        .above("10 ms", JUDGEMENT);
    let help = "look for swapping, a busy machine, a throttled container (`cpu.stat`) and huge pages";
    report.add(SLOW_PERCENTILE.finding(live.anchor(), message).help(help).proof(proof));
}

pub(in crate::lint) static ERROR_RATE_HIGH: Rule = Rule {
    id: "error-rate-high",
    group: Group::Logging,
    summary: "one in a hundred commands ends in an error",
    docs: "Errors are commands that do not exist, wrong types, refused writes, missing rights. More than one in a
hundred is no slip but a program that does it always.

Bad:
    total_commands_processed: 110000
    earlier total_commands_processed: 100000
    total_error_replies: 900
    earlier total_error_replies: 100

Good:
    total_commands_processed: 900000
    total_error_replies: 100
",
    source: "INFO of all servers since 6.2; the share is a judgement of redisconf",
    check: Check::Live(errors),
    ..LIVE
};

fn errors(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(errors) = report.seen("total_error_replies", live.rise("total_error_replies")) else { return };
    let Some(commands) = report.seen("total_commands_processed", live.rise("total_commands_processed")) else { return };
    if errors.count < 100 || errors.count * 100 <= commands.count {
        return;
    }
    let mut kinds: Vec<(String, u64)> = live
        .fields("errorstat_")
        .filter(|(name, _)| name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_uppercase()))
        .filter_map(|(name, text)| Some((name.to_owned(), part_of(text, "count")?.parse().ok()?)))
        .collect();
    kinds.sort_by_key(|(name, count)| (std::cmp::Reverse(*count), name.clone()));
    let most = kinds.first().map(|(name, count)| format!(", most of them {name} ({count}x)")).unwrap_or_default();
    let message = format!("{} of {} commands ended in an error {}{most}", errors.count, commands.count, errors.when());
    let mut proof = Proof::of([count("errors", errors.count), count("commands", commands.count)]);
    proof.measured.extend(kinds.into_iter().take(5).map(|(name, count)| count_from(name, count, "INFO errorstats")));
    let proof = proof.above("1 % of the commands, from 100 on", JUDGEMENT);
    let help = "look at the kinds of errors (INFO errorstats), and into the logs of the applications";
    report.add(ERROR_RATE_HIGH.finding(live.anchor(), message).help(help).proof(proof));
}
