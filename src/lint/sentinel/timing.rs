//! When a Sentinel finds a server down, how long a failover may take, and numbers that are read otherwise than meant.

use super::{lines, number, of};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static SENTINEL_DOWN_AFTER: Rule = Rule {
    id: "sentinel-down-after",
    severity: Severity::Warning,
    summary: "a server counts as down too soon or too late",
    docs: "Below 1000 ms the pause of a fork, a slow command or a virtual machine that is moved becomes a failover, which costs
a full copy to every replica and the writes of the last moment: the child of a snapshot alone stops a server for 15
to 100 ms a GB. Above 60000 ms every real outage lasts longer than a minute. The built-in value is 30000; 5000 to
30000 suits most.

Bad:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel down-after-milliseconds main 200

Good:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel down-after-milliseconds main 5000
",
    group: Group::Sentinel,
    source: "valkey.io/topics/sentinel; forks measured on redis 7.4, 8.2 and valkey 8.1",
    modes: &[Mode::Sentinel],
    check: Check::Config(down_after),
    ..Rule::BASE
};

pub(crate) static SENTINEL_FAILOVER_TIMEOUT: Rule = Rule {
    id: "sentinel-failover-timeout",
    severity: Severity::Warning,
    summary: "a failover is given up before it can end",
    docs: "Within this time a Sentinel must be elected, the replica promoted and the others pointed at it; else all of it is
given up, and tried again after twice the time. Votes alone are waited for up to 10000 ms, and not longer than this.
The built-in value is 180000.

Bad:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel failover-timeout main 200

Good:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel failover-timeout main 60000
",
    group: Group::Sentinel,
    source: "sentinel.c of redis 7.4, sentinelFailoverWaitStart and sentinelStartFailoverIfNeeded",
    modes: &[Mode::Sentinel],
    check: Check::Config(failover_timeout),
    ..Rule::BASE
};

pub(crate) static SENTINEL_NUMBER: Rule = Rule {
    id: "sentinel-number",
    severity: Severity::Error,
    summary: "Sentinel reads another number than is written",
    docs: "Sentinel takes the digits at the start of the word and forgets the rest, without a complaint: `30s` is 30
milliseconds, so every pause of 30 ms is an outage; `1e4` is 1. Where a word begins with no digit, it is 0. Numbers
above 2147483647 lose their upper bits.

Bad:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel down-after-milliseconds main 30s

Good:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel down-after-milliseconds main 30000
",
    group: Group::Sentinel,
    source: "seven servers run as Sentinel; the file they write back holds the number they read",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Sentinel],
    check: Check::Config(number_read),
    ..Rule::BASE
};

pub(crate) static SENTINEL_PARALLEL_SYNCS: Rule = Rule {
    id: "sentinel-parallel-syncs",
    severity: Severity::Warning,
    summary: "after a failover no replica follows, or all stop at once",
    docs: "So many replicas are pointed at the new primary at a time, and each may be unavailable while it loads a copy. With 0
none is pointed at it until the failover times out, 180 s by default. With as many as there are replicas, all of
them may stop answering at the same moment.

Bad:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel parallel-syncs main 0

Good:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel parallel-syncs main 1
",
    group: Group::Sentinel,
    source: "valkey.io/topics/sentinel; redis 6.2, 8.2 and valkey 9.1 with two replicas, run",
    modes: &[Mode::Sentinel],
    check: Check::Config(parallel_syncs),
    ..Rule::BASE
};

/// A line with a number that Sentinel reads as it is written.
fn numbers<'a>(case: &'a Case<'_>, name: &'a str, index: usize) -> impl Iterator<Item = (StatementId, i32)> + use<'a> {
    of(case, name).filter_map(move |id| {
        let number = number(case, id, index)?;
        (case.word(id, index) == number.to_string()).then_some((id, number))
    })
}

fn down_after(case: &Case<'_>, report: &mut Report<'_>) {
    for (id, time) in numbers(case, "down-after-milliseconds", 2) {
        let name = case.word(id, 1);
        let (message, help) = match time {
            1..1000 => (
                format!("`{name}` counts as down after {time} ms: a fork or a slow command takes as long"),
                "set 5000 to 30000",
            ),
            60_001.. => {
                (format!("`{name}` counts as down only after {} s without an answer", time / 1000), "set 5000 to 30000")
            }
            _ => continue,
        };
        report.add(SENTINEL_DOWN_AFTER.finding(case.word_at(id, 2), message).help(help));
    }
}

fn failover_timeout(case: &Case<'_>, report: &mut Report<'_>) {
    for (id, time) in numbers(case, "failover-timeout", 2).filter(|(_, time)| (1..10_000).contains(time)) {
        let message = format!("a failover of `{}` is given up after {time} ms", case.word(id, 1));
        report.add(
            SENTINEL_FAILOVER_TIMEOUT
                .finding(case.word_at(id, 2), message)
                .help("set 10000 or more; 60000 to 180000 suits most"),
        );
    }
}

fn parallel_syncs(case: &Case<'_>, report: &mut Report<'_>) {
    for (id, count) in numbers(case, "parallel-syncs", 2) {
        let at = case.word_at(id, 2);
        if count < 1 {
            let message =
                format!("no replica of `{}` follows a new primary until the failover times out", case.word(id, 1));
            report.add(SENTINEL_PARALLEL_SYNCS.finding(at, message).help("set 1"));
            continue;
        }
        let replicas = case.facts.count("replicas").filter(|replicas| *replicas > 1);
        if replicas.is_some_and(|replicas| u64::from(count.unsigned_abs()) >= replicas) {
            report.used("replicas");
            let message = format!("all replicas of `{}` may stop answering at the same moment", case.word(id, 1));
            let mut finding = SENTINEL_PARALLEL_SYNCS.finding(at, message).help("set 1");
            finding.severity = Severity::Info;
            report.add(finding);
        }
    }
}

/// Where numbers stand: sub-directive, position, and whether they are milliseconds.
const NUMBERS: [(&str, usize, bool); 9] = [
    ("announce-port", 1, false),
    ("down-after-milliseconds", 2, true),
    ("failover-timeout", 2, true),
    ("known-replica", 3, false),
    ("known-sentinel", 3, false),
    ("master-reboot-down-after-period", 2, true),
    ("monitor", 3, false),
    ("monitor", 4, false),
    ("parallel-syncs", 2, false),
];

fn number_read(case: &Case<'_>, report: &mut Report<'_>) {
    for (id, directive) in lines(case) {
        for (name, index, is_time) in NUMBERS {
            if !directive.names.contains(&name) {
                continue;
            }
            let (word, Some(read)) = (case.word(id, index), number(case, id, index)) else { continue };
            // What is spelt oddly and read as meant, such as `+5` or `007`, is no mistake.
            if word.trim().parse::<i128>() == Ok(i128::from(read)) {
                continue;
            }
            let shown = if word.is_empty() { "\"\"" } else { &word };
            let finding = SENTINEL_NUMBER.finding(case.word_at(id, index), format!("`{shown}` is read as {read}"));
            report.add(match meant(&word).filter(|_| is_time) {
                Some(milliseconds) => {
                    let mut words = case.words(id);
                    words[1 + index] = milliseconds.to_string().into_bytes();
                    finding
                        .help(format!("write `{milliseconds}`: the unit is always milliseconds"))
                        .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]))
                }
                None => finding.help("write a plain number"),
            });
        }
    }
}

/// Milliseconds in `30s`, `5m`, `250ms`.
fn meant(word: &str) -> Option<u64> {
    let end = word.find(|c: char| !c.is_ascii_digit())?;
    let factor = match word[end..].trim().to_ascii_lowercase().as_str() {
        "ms" => 1,
        "s" | "sec" => 1000,
        "m" | "min" => 60_000,
        _ => return None,
    };
    word[..end].parse::<u64>().ok()?.checked_mul(factor).filter(|time| i32::try_from(*time).is_ok())
}
