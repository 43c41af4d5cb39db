//! Processor time and the network: what decides whether one process is still enough.

use super::measure::{count, count_from, rate, running, share};
use super::{JUDGEMENT, LIVE, LiveCase, float};
use crate::finding::{Measured, Proof, Severity, Unit};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

/// A share of a core in hundredths.
fn hundredths(cores: f64) -> u64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share in hundredths")]
    let share = (cores.max(0.0) * 100.0) as u64;
    share
}

pub(in crate::lint) static MAIN_THREAD_BUSY: Rule = Rule {
    id: "main-thread-busy",
    group: Group::Latency,
    summary: "the one thread that serves everybody is busy",
    docs:
        "Commands are carried out by one thread. At 80 % of one core queues begin to form and latency to rise; at 90 %
it is an error. More cores do not help; io-threads help with many small commands; after that come replicas
for reads, cheaper commands, and a cluster.

Bad:
    used_cpu_user_main_thread: 59008.0
    earlier used_cpu_user_main_thread: 59000.0

Good:
    used_cpu_user_main_thread: 59003.0
    earlier used_cpu_user_main_thread: 59000.0
",
    source: "docs.aws.amazon.com/AmazonElastiCache CacheMetrics (90 %)",
    check: Check::Live(main_thread),
    ..LIVE
};

fn main_thread(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let fields = ["used_cpu_user_main_thread", "used_cpu_sys_main_thread"];
    // Valkey 9.1 knows which of it was work: a thread that polls its sockets is busy and idle.
    let active = live.spent(&["used_active_time_main_thread"]);
    let Some(rise) = report.seen("used_cpu_user_main_thread", active.or_else(|| live.spent(&fields))) else { return };
    if report.seen("two moments", rise.is_steady().then_some(())).is_none() {
        return;
    }
    let part = hundredths(rise.per_second() / 1000.0);
    if part < 80 {
        return;
    }
    let commands = live.rise("total_commands_processed").map_or(0.0, super::Rise::per_second);
    let when = if rise.is_now { "now" } else { "on average since the start" };
    let message =
        format!("the main thread is busy for {part} % of the time {when}, with {commands:.0} commands a second");
    let proof = Proof::of([share("main thread", part), rate("commands", commands)])
        .above("80 %; 90 % is an error", "docs.aws.amazon.com/AmazonElastiCache CacheMetrics");
    let mut finding = MAIN_THREAD_BUSY.finding(live.place("io-threads"), message).proof(proof);
    if part >= 90 {
        finding.severity = Severity::Error;
    }
    report
        .add(finding.help("look at the slow log and INFO commandstats, then at `io-threads`, replicas and a cluster"));
}

pub(in crate::lint) static PROCESSORS_USED_UP: Rule = Rule {
    id: "processors-used-up",
    group: Group::Latency,
    summary: "all processor time that it may use is used",
    docs: "A container that reaches its limit is stopped until the next period, up to 100 ms, with all of its threads.
Snapshots and rewrites run in a child that counts, too.

Bad:
    # redisconf: cpus=1
    used_cpu_user: 60009.8
    earlier used_cpu_user: 60000.0

Good:
    # redisconf: cpus=4
    used_cpu_user: 60009.8
    earlier used_cpu_user: 60000.0
",
    source: "docs.aws.amazon.com/AmazonElastiCache CacheMetrics (90 % of the cores)",
    facts: &["cpus"],
    check: Check::Live(used_up),
    ..LIVE
};

fn used_up(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let fields = ["used_cpu_user", "used_cpu_sys", "used_cpu_user_children", "used_cpu_sys_children"];
    let Some(rise) = report.seen("used_cpu_user", live.spent(&fields)) else { return };
    if report.seen("two moments", rise.is_steady().then_some(())).is_none() {
        return;
    }
    let cores = rise.per_second() / 1000.0;
    // Half a core is no limit to anybody.
    if cores < 0.5 {
        return;
    }
    let Some(limit) = report.processors("cpus") else { return };
    if cores <= 0.9 * limit {
        return;
    }
    let children = live.spent(&fields[2..]).map_or(0.0, |rise| rise.per_second() / 1000.0);
    let message = format!("{cores:.1} of {limit} cores are used, {children:.1} of them by children");
    let proof = Proof::of([share("processor time", hundredths(cores)), share("of children", hundredths(children))])
        .above(format!("90 % of {limit} cores"), "docs.aws.amazon.com/AmazonElastiCache CacheMetrics");
    let help = "give it another core, fork less often, or lower `io-threads` to what is there";
    report.add(PROCESSORS_USED_UP.finding(live.place("io-threads"), message).help(help).proof(proof));
}

pub(in crate::lint) static IO_THREADS_UNUSED: Rule = Rule {
    id: "io-threads-unused",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "io-threads are set and do nothing under load",
    docs:
        "Threads begin to work when enough clients wait at once. If under thousands of commands a second they read and
write nothing, they are of no use here, and some versions let them spin.

Bad:
    io-threads 4
    total_commands_processed: 500000000
    earlier total_commands_processed: 499900000
    io_threaded_reads_processed: 0
    io_threaded_writes_processed: 0

Good:
    io-threads 4
    total_commands_processed: 500000000
    earlier total_commands_processed: 499900000
    io_threaded_reads_processed: 90000
    earlier io_threaded_reads_processed: 0
    io_threaded_writes_processed: 90000
",
    source: "measured; INFO of all servers since 6.2",
    check: Check::Live(unused),
    ..LIVE
};

fn unused(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(threads) = report.seen("CONFIG GET", live.running().map(|_| live.int("io-threads").unwrap_or(1))) else {
        return;
    };
    if threads < 2 {
        return;
    }
    let Some(commands) = report.seen("two moments", live.rise("total_commands_processed").filter(|rise| rise.is_now))
    else {
        return;
    };
    let fields = ["io_threaded_reads_processed", "io_threaded_writes_processed"];
    let worked: u64 = fields.iter().filter_map(|field| Some(live.rise(field)?.count)).fold(0, u64::saturating_add);
    if commands.per_second() < 1000.0 || worked > 0 {
        return;
    }
    let a_second = commands.per_second();
    let message = format!("{threads} io-threads did nothing under {a_second:.0} commands a second");
    let proof = Proof::of([
        count("io_threaded_*_processed", worked),
        rate("commands", a_second),
        running("io-threads", threads),
    ])
    .above("none under 1000 commands a second", JUDGEMENT);
    let help = "set `io-threads 1` at the next restart, unless peaks are far higher";
    report.add(IO_THREADS_UNUSED.finding(live.place("io-threads"), message).help(help).proof(proof));
}

pub(in crate::lint) static NETWORK_NEAR_LIMIT: Rule = Rule {
    id: "network-near-limit",
    group: Group::Network,
    summary: "the network carries nearly what it can",
    docs: "With the declared fact `network-bandwidth`: above 80 % in one direction queues form before any other part of
the server is busy. Fan-out of messages and large values do that.

Bad:
    # redisconf: network-bandwidth=100MiB
    instantaneous_output_kbps: 95000.00

Good:
    # redisconf: network-bandwidth=100MiB
    instantaneous_output_kbps: 9000.00
",
    source: "docs.aws.amazon.com/AmazonElastiCache CacheMetrics; the share is a judgement of redisconf",
    facts: &["network-bandwidth"],
    check: Check::Live(network),
    ..LIVE
};

fn network(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let both =
        ["instantaneous_output_kbps", "instantaneous_input_kbps"].map(|field| live.fraction(field).unwrap_or(0.0));
    let most = both.into_iter().fold(0.0, f64::max) * 1024.0;
    // Of a few MB a second nobody needs to know what the network takes.
    if most < 8e6 {
        return;
    }
    let Some(limit) = report.bytes("network-bandwidth") else { return };
    if most < 0.8 * float(limit) {
        return;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes a second")]
    let bytes = most as u64;
    let message = format!(
        "{} a second go over the network, which takes {}",
        super::measure::size(bytes),
        super::measure::size(limit)
    );
    let measured = Measured {
        name: "instantaneous_output_kbps or _input_kbps".into(),
        value: bytes.to_string(),
        unit: Unit::BytesPerSecond,
        from: "INFO",
    };
    let proof = Proof::of([measured, count_from("network-bandwidth", limit, "fact")]).above("80 %", JUDGEMENT);
    let help = "send less to fewer: smaller values, fewer subscribers of a channel, more shards";
    report.add(NETWORK_NEAR_LIMIT.finding(live.anchor(), message).help(help).proof(proof));
}
