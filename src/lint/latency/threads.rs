//! Rules about I/O threads.

use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::Engine;
use crate::syntax::{Mode, StatementId};

pub(crate) static IO_THREADS_EXCEED_CPUS: Rule = Rule {
    id: "io-threads-exceed-cpus",
    severity: Severity::Error,
    group: Group::Latency,
    summary: "more I/O threads than cores, which throttles the server up to a hundredfold",
    docs: "I/O threads wait by spinning. With more of them than cores they take the core from the main thread, and a
container's quota makes it worse. SETs a second on two cores with 1, 2 and 10 threads: redis 6.2 149k, 19k, 1.1k; redis
7.4 137k, 27k, next to none; valkey 8.0 148k, 16k, 1.2k; valkey 8.1 117k, 6k, 1.3k. Redis 8.2 (147k, 141k, 74k) and
valkey 9.1 (143k, 156k, 139k) wait better; there it is a warning.

Bad:
    # redisconf: server=redis-7.4 cpus=2
    io-threads 10

Good:
    # redisconf: server=redis-7.4 cpus=2
    io-threads 1
",
    source: "measured on six servers with two cores",
    facts: &["cpus"],
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(io_threads_exceed_cpus),
    ..Rule::BASE
};

pub(crate) static IO_THREADS_OVER_EIGHT: Rule = Rule {
    id: "io-threads-over-eight",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "more than eight I/O threads, which win nothing in this version",
    docs: "Up to Redis 7.4 and Valkey 7.2 all I/O threads work for one main thread in lockstep. Beyond eight it is the
main thread that everybody waits for, and each further thread spins on a core that a fork or the system could use.

Bad:
    io-threads 10

Good:
    io-threads 6
",
    source: "redis.conf of 6.0 to 7.4",
    servers: &["redis < 8.0", "valkey < 8.0"],
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(io_threads_over_eight),
    ..Rule::BASE
};

pub(crate) static IO_THREADS_SMALL_HOST: Rule = Rule {
    id: "io-threads-small-host",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "I/O threads on fewer than four cores",
    docs: "I/O threads need cores that nobody else uses: beside the main thread there are snapshots, the append-only
file and the system. The shipped configurations advise against them below four cores (Valkey: three). With 2 threads on
2 cores redis 7.4 fell from 137k to 27k SETs a second.

Bad:
    # redisconf: server=redis-7.4 cpus=2
    io-threads 2

Good:
    # redisconf: server=redis-7.4 cpus=2
    io-threads 1
",
    source: "redis.conf and valkey.conf; measured on six servers with two cores",
    facts: &["cpus"],
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(io_threads_small_host),
    ..Rule::BASE
};

pub(crate) static IO_THREADS_WRITE_ONLY: Rule = Rule {
    id: "io-threads-write-only",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "I/O threads write answers, and the main thread still reads every command",
    docs: "Up to Redis 7.4 and Valkey 7.2 `io-threads` alone moves the writing of answers to threads. Reading and
parsing stay on the main thread until `io-threads-do-reads yes`. Whether that helps is for a measurement to tell.

Bad:
    io-threads 4

Good:
    io-threads 4
    io-threads-do-reads yes
",
    source: "redis.conf of 6.0 to 7.4",
    servers: &["redis < 8.0", "valkey < 8.0"],
    modes: &[Mode::Server],
    check: Check::Config(io_threads_write_only),
    ..Rule::BASE
};

/// The number of I/O threads, if a person set it above 1.
fn io_threads(case: &Case<'_>) -> Option<(StatementId, i64)> {
    let id = case.set_by("io-threads")?;
    case.int("io-threads").filter(|threads| *threads > 1).map(|threads| (id, threads))
}

/// How many threads so many cores can carry: at most eight, and one core stays free.
fn carried(cpus: f64) -> i64 {
    if cpus < 4.0 {
        return 1;
    }
    let most = (cpus * 0.75).round().min(cpus.floor() - 1.0).min(8.0);
    #[expect(clippy::cast_possible_truncation, reason = "it is from 3 to 8")]
    let most = most as i64;
    most
}

/// `2 cores`, `0.5 cores`, `1 core`.
fn cores(cpus: f64) -> String {
    if (cpus - 1.0).abs() < f64::EPSILON { "1 core".into() } else { format!("{cpus} cores") }
}

fn exceeds(threads: i64, cpus: f64) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "there are at most 256 threads")]
    let threads = threads as f64;
    threads > cpus.floor()
}

fn io_threads_exceed_cpus(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, threads)) = io_threads(case) else { return };
    let Some(cpus) = report.processors("cpus") else { return };
    if !exceeds(threads, cpus) {
        return;
    }
    let fit = carried(cpus);
    let mut finding = IO_THREADS_EXCEED_CPUS
        .finding(case.at(id), format!("{threads} I/O threads on {}", cores(cpus)))
        .help(format!("set `io-threads {fit}`"))
        .fix(Fix::unsafe_([case.put_value(id, &fit.to_string())]));
    let server = case.server();
    if server.at_least(Engine::Redis, 8, 0) || server.at_least(Engine::Valkey, 9, 0) {
        finding.severity = Severity::Warning;
    }
    report.add(finding);
}

fn io_threads_small_host(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, threads)) = io_threads(case) else { return };
    let Some(cpus) = report.processors("cpus") else { return };
    if cpus < 4.0 && !exceeds(threads, cpus) {
        let finding = IO_THREADS_SMALL_HOST
            .finding(case.at(id), format!("{threads} I/O threads on {}, where the main thread needs them", cores(cpus)))
            .help("set `io-threads 1`")
            .fix(Fix::unsafe_([case.put_value(id, "1")]));
        report.add(finding);
    }
}

fn io_threads_over_eight(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, threads)) = io_threads(case) else { return };
    let fit = case.facts.processors("cpus").map_or(8, carried);
    let exceeds = case.facts.processors("cpus").is_some_and(|cpus| exceeds(threads, cpus));
    if threads > 8 && !exceeds {
        report.used("cpus");
        let finding = IO_THREADS_OVER_EIGHT
            .finding(case.at(id), format!("{threads} I/O threads, of which more than 8 win nothing"))
            .help(format!("set `io-threads {fit}`, and measure"))
            .fix(Fix::unsafe_([case.put_value(id, &fit.to_string())]));
        report.add(finding);
    }
}

fn io_threads_write_only(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, threads)) = io_threads(case) else { return };
    let said = case.is_set("io-threads-do-reads") || !case.is_partial();
    if case.is_on("io-threads-do-reads") == Some(false) && said {
        let finding = IO_THREADS_WRITE_ONLY
            .finding(
                case.at(id),
                format!("{threads} I/O threads write answers, and the main thread reads every command"),
            )
            .help("try `io-threads-do-reads yes`, and measure");
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tests::said;

    #[test]
    fn threads_are_judged_once() {
        let said = |cpus: &str, threads: u8| -> Vec<String> {
            let text = format!("# redisconf: server=redis-7.4 {cpus}\nio-threads {threads}\n");
            let ids = ["io-threads-exceed-cpus", "io-threads-small-host", "io-threads-over-eight"];
            ids.into_iter().filter(|id| !said(id, &text).is_empty()).map(str::to_owned).collect()
        };
        assert_eq!(said("cpus=2", 10), ["io-threads-exceed-cpus"]);
        assert_eq!(said("cpus=2", 2), ["io-threads-small-host"]);
        assert_eq!(said("cpus=12", 10), ["io-threads-over-eight"]);
        assert_eq!(said("cpus=4", 3), [""; 0]);
        assert_eq!(said("cpus=2", 1), [""; 0]);
        assert_eq!(said("", 4), [""; 0]);
        assert_eq!((carried(2.0), carried(4.0), carried(8.0), carried(64.0)), (1, 3, 6, 8));
    }

    #[test]
    fn newer_servers_bear_too_many_threads_better() {
        let severity = |server: &str| {
            let text = format!("# redisconf: server={server} cpus=0.5\nio-threads 4\n");
            said("io-threads-exceed-cpus", &text)[0].split(':').next().unwrap().to_owned()
        };
        assert_eq!((severity("redis-7.0"), severity("valkey-8.1")), ("error".into(), "error".into()));
        assert_eq!((severity("redis-8.2"), severity("valkey-9.0")), ("warning".into(), "warning".into()));
    }
}
