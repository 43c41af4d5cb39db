//! Rules about what a container may use.

use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static CONFIG_NOT_WRITABLE: Rule = Rule {
    id: "config-not-writable",
    severity: Severity::Warning,
    group: Group::Container,
    summary: "Sentinel moves the role of primary about, and the server cannot write it down",
    docs:
        "At a failover Sentinel sends REPLICAOF and then CONFIG REWRITE, so that a server that starts again knows what
it is. From a mounted ConfigMap that fails: after a restart the old primary is a primary again, with the old data,
until Sentinel notices. Copy the file into a volume before the start.

Bad:
    # redisconf: server=redis-7.4 config-writable=no failover=sentinel
    port 6379

Good:
    # redisconf: server=redis-7.4 config-writable=yes failover=sentinel
    port 6379
",
    source: "valkey.io/topics/sentinel; bitnami/charts and DandyDeveloper/charts copy the file for that reason",
    facts: &["failover", "config-writable"],
    modes: &[Mode::Server],
    check: Check::Config(config_not_writable),
    ..Rule::BASE
};

pub(crate) static CPU_LIMIT_FRACTION: Rule = Rule {
    id: "cpu-limit-fraction",
    severity: Severity::Info,
    group: Group::Container,
    summary: "one core or less for the command thread and the child that saves",
    docs: "A limit is a share of each tenth of a second. Once it is used up, everything in the container stands still
until the next, the only command thread too. A snapshot or a rewrite is a second busy process: with one core it takes
half of the share for as long as it runs.

Bad:
    # redisconf: server=redis-7.4 container=yes cpus=0.5
    save 3600 1

Good:
    # redisconf: server=redis-7.4 container=yes cpus=2
    save 3600 1
",
    source: "kernel.org, sched-bwc; the bound is ours",
    facts: &["container", "cpus"],
    modes: &[Mode::Server],
    check: Check::Config(cpu_limit_fraction),
    ..Rule::BASE
};

pub(crate) static CPU_WITHOUT_THREADS: Rule = Rule {
    id: "cpu-without-threads",
    severity: Severity::Info,
    group: Group::Container,
    summary: "many cores for a server that uses one of them",
    docs: "Commands run on one thread. Without `io-threads` four cores do hardly more than one, apart from snapshots,
lazy freeing and the append-only file. Either let threads read and write for it, after a measurement, or give the cores
to somebody else.

Bad:
    # redisconf: server=redis-7.4 container=yes cpus=8
    maxmemory 4gb

Good:
    # redisconf: server=redis-7.4 container=yes cpus=8
    maxmemory 4gb
    io-threads 6
",
    source: "redis.conf and valkey.conf",
    facts: &["container", "cpus"],
    modes: &[Mode::Server],
    check: Check::Config(cpu_without_threads),
    ..Rule::BASE
};

fn config_not_writable(case: &Case<'_>, report: &mut Report<'_>) {
    if report.word("failover") == Some("sentinel") && report.word("config-writable") == Some("no") {
        let finding = CONFIG_NOT_WRITABLE
            .finding(case.fact_place("config-writable"), "a restart forgets the failover, for CONFIG REWRITE fails")
            .help("copy the file into a volume that can be written, and start the server on the copy");
        report.add(finding);
    }
}

/// The cores of a container; `None` elsewhere.
fn cores_of_container(report: &mut Report<'_>) -> Option<f64> {
    if report.word("container")? == "yes" { report.processors("cpus") } else { None }
}

fn cpu_limit_fraction(case: &Case<'_>, report: &mut Report<'_>) {
    if case.persists() != Some(true) {
        return;
    }
    let Some(cpus) = cores_of_container(report) else { return };
    if cpus <= 1.0 {
        let message = format!("{cpus} of a core for commands and snapshots together");
        let finding = CPU_LIMIT_FRACTION.finding(case.fact_place("cpus"), message).help("allow 2 cores, or no limit");
        report.add(finding);
    }
}

fn cpu_without_threads(case: &Case<'_>, report: &mut Report<'_>) {
    let alone = case.int("io-threads") == Some(1) && (case.is_set("io-threads") || !case.is_partial());
    if !alone || case.facts.word("role") == Some("replica") {
        return;
    }
    let Some(cpus) = cores_of_container(report) else { return };
    if cpus >= 4.0 {
        let finding = CPU_WITHOUT_THREADS
            .finding(case.fact_place("cpus"), format!("{cpus} cores, and commands use one of them"))
            .help("measure with `io-threads`; or give it 2 cores");
        report.add(finding);
    }
}
