//! Rules about logs and what can be observed.

use super::{Case, Check, Group, Report, Rule};
use crate::finding::{Fix, Safety, Severity};
use crate::syntax::Mode;

pub(crate) static CRASH_LOG_OFF: Rule = Rule {
    id: "crash-log-off",
    severity: Severity::Info,
    group: Group::Logging,
    summary: "a crash leaves nothing in the log",
    docs:
        "`crash-log-enabled no` keeps the stack trace and the state of the server out of the log. It is for clean core
dumps; without one, nobody can tell afterwards why the process died.

Bad:
    crash-log-enabled no

Good:
    crash-log-enabled yes
",
    source: "redis.conf and valkey.conf",
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Unsafe),
    check: Check::Config(crash_log_off),
    ..Rule::BASE
};

pub(crate) static LATENCY_MONITOR_OFF: Rule = Rule {
    id: "latency-monitor-off",
    severity: Severity::Info,
    group: Group::Logging,
    summary: "the latency monitor is off, which tells what made the server stall",
    docs: "`latency-monitor-threshold` is 0 by default, and LATENCY DOCTOR then refuses to answer. With 100
(milliseconds) the server remembers the last stalls of each cause: fork, fsync, expiry, a slow command. It costs next
to nothing; without it the cause of a stall that is over is not found out.

Bad:
    port 6379

Good:
    latency-monitor-threshold 100
",
    source: "valkey.io/topics/latency-monitor; LATENCY DOCTOR measured on seven servers",
    modes: &[Mode::Server],
    check: Check::Config(latency_monitor_off),
    ..Rule::BASE
};

pub(crate) static LATENCY_TRACKING_OFF: Rule = Rule {
    id: "latency-tracking-off",
    severity: Severity::Info,
    group: Group::Logging,
    summary: "latencies of commands are not recorded",
    docs: "`latency-tracking no` empties INFO latencystats and LATENCY HISTOGRAM, from which dashboards take the
percentiles of each command. Recording is on by default because it costs next to nothing.

Bad:
    latency-tracking no

Good:
    latency-tracking yes
",
    source: "redis/redis#9462; valkey.io/topics/latency-monitor",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(latency_tracking_off),
    ..Rule::BASE
};

pub(crate) static LOG_LEVEL: Rule = Rule {
    id: "log-level",
    severity: Severity::Warning,
    group: Group::Logging,
    summary: "the log says nothing, or so much that nothing is found in it",
    docs: "`verbose` writes a line for every connection and one every five seconds, `debug` more about single clients
and keys; disks fill, and the line that matters drowns. `nothing` (since 7.2) keeps even the reason for a failed start
to itself and is an error. `notice` is made for production.

Bad:
    loglevel debug

Good:
    loglevel notice
",
    source: "redis.conf and valkey.conf; `nothing` measured on five servers: not one line",
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Unsafe),
    check: Check::Config(log_level),
    ..Rule::BASE
};

pub(crate) static LOG_LOST: Rule = Rule {
    id: "log-lost",
    severity: Severity::Warning,
    group: Group::Logging,
    summary: "the log goes to /dev/null",
    docs: "A server in the background has no terminal: with `daemonize yes` and no `logfile`, everything it says is
thrown away, the reason for a failed start and the last words of a crash included. The server itself does not warn.

Bad:
    daemonize yes
    logfile \"\"

Good:
    daemonize yes
    logfile /var/log/redis/redis.log
",
    source: "redis.conf and valkey.conf",
    modes: &[Mode::Server, Mode::Sentinel],
    check: Check::Config(log_lost),
    ..Rule::BASE
};

pub(crate) static SLOWLOG_ABOVE_LATENCY_THRESHOLD: Rule = Rule {
    id: "slowlog-above-latency-threshold",
    severity: Severity::Info,
    group: Group::Logging,
    summary: "the latency monitor counts slow commands that the slow log does not name",
    docs:
        "The latency monitor notes that a command took long, the slow log which one. With a slow log that starts later
than the monitor, some of the stalls stay without a name. LATENCY DOCTOR gives the same advice.

Bad:
    slowlog-log-slower-than 500000
    latency-monitor-threshold 100

Good:
    slowlog-log-slower-than 10000
    latency-monitor-threshold 100
",
    source: "LATENCY DOCTOR; redis, latency.c",
    modes: &[Mode::Server],
    check: Check::Config(slowlog_above_latency_threshold),
    ..Rule::BASE
};

pub(crate) static SLOWLOG_OFF: Rule = Rule {
    id: "slowlog-off",
    severity: Severity::Warning,
    group: Group::Logging,
    summary: "slow commands are not recorded",
    docs:
        "The slow log is the only place that names the command that held everybody up. It lives in memory, costs a few
hundred bytes an entry, and is on by default: 10000 (microseconds) and 128 entries.

Bad:
    slowlog-log-slower-than -1

Good:
    slowlog-log-slower-than 10000
",
    source: "valkey.io/commands/slowlog-get; LATENCY DOCTOR",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(slowlog_off),
    ..Rule::BASE
};

pub(crate) static SLOWLOG_TOO_CHATTY: Rule = Rule {
    id: "slowlog-too-chatty",
    severity: Severity::Warning,
    group: Group::Logging,
    summary: "the slow log takes commands that are not slow",
    docs: "A GET takes about a microsecond; below 100 the slow log fills with ordinary commands. At 100,000 commands a
second 128 entries are a millisecond or so, and the slow one is gone before anybody looks. 0 records everything. The
value is in microseconds: who writes 10 for ten milliseconds has this.

Bad:
    slowlog-log-slower-than 10

Good:
    slowlog-log-slower-than 10000
",
    source: "valkey.io/topics/latency",
    modes: &[Mode::Server],
    check: Check::Config(slowlog_too_chatty),
    ..Rule::BASE
};

fn crash_log_off(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("crash-log-enabled") else { return };
    if case.is_on("crash-log-enabled") == Some(false) {
        let finding = CRASH_LOG_OFF
            .finding(case.at(id), "a crash will leave nothing in the log")
            .help("set `crash-log-enabled yes`")
            .fix(Fix::unsafe_([case.put_value(id, "yes")]));
        report.add(finding);
    }
}

fn latency_monitor_off(case: &Case<'_>, report: &mut Report<'_>) {
    let is_set = case.is_set("latency-monitor-threshold");
    if case.int("latency-monitor-threshold") == Some(0) && (is_set || !case.is_partial()) {
        let finding = LATENCY_MONITOR_OFF
            .finding(case.place("latency-monitor-threshold"), "the latency monitor is off")
            .help("set `latency-monitor-threshold 100`");
        report.add(finding);
    }
}

fn latency_tracking_off(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("latency-tracking") else { return };
    if case.is_on("latency-tracking") == Some(false) {
        let finding = LATENCY_TRACKING_OFF
            .finding(case.at(id), "latencies of commands are not recorded")
            .help("set `latency-tracking yes`")
            .fix(Fix::unsafe_([case.put_value(id, "yes")]));
        report.add(finding);
    }
}

fn log_level(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(level)) = (case.set_by("loglevel"), case.choice("loglevel")) else { return };
    if case.facts.word("workload") == Some("dev") {
        return;
    }
    let (severity, what) = match level {
        "debug" => (Severity::Warning, "writes about single clients and keys"),
        "verbose" => (Severity::Info, "writes a line for every connection"),
        "nothing" => (Severity::Error, "keeps even the reason for a failed start to itself"),
        _ => return,
    };
    let mut finding = LOG_LEVEL
        .finding(case.at(id), format!("`{level}` {what}"))
        .help("set `loglevel notice`")
        .fix(Fix::unsafe_([case.put_value(id, "notice")]));
    finding.severity = severity;
    report.add(finding);
}

fn log_lost(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(logfile) = case.text("logfile") else { return };
    if case.is_on("syslog-enabled") != Some(false) {
        return;
    }
    let to_nothing = logfile == b"/dev/null";
    // Whoever supervises the server keeps it in the foreground and takes its log.
    let in_background = case.is_on("daemonize") == Some(true) && case.choice("supervised") == Some("no");
    let lost = in_background && logfile.is_empty();
    let said = case.is_set("logfile") || !case.is_partial();
    if !said || !(to_nothing || lost) {
        return;
    }
    let at = case.place(if case.is_set("logfile") { "logfile" } else { "daemonize" });
    let message = if to_nothing {
        "the log is thrown away"
    } else {
        "a server in the background has no terminal, and no `logfile` is set: its log is thrown away"
    };
    report.add(LOG_LOST.finding(at, message).help("set `logfile` to a path, or `syslog-enabled yes`"));
}

fn slowlog_off(case: &Case<'_>, report: &mut Report<'_>) {
    for (name, off, good) in [("slowlog-log-slower-than", i64::MIN..=-1, "10000"), ("slowlog-max-len", 0..=0, "128")] {
        let (Some(id), Some(value)) = (case.set_by(name), case.int(name)) else { continue };
        if off.contains(&value) {
            let written = case.name(id);
            let finding = SLOWLOG_OFF
                .finding(case.at(id), format!("`{written} {value}` switches the slow log off"))
                .help(format!("set `{written} {good}`"))
                .fix(Fix::unsafe_([case.put_value(id, good)]));
            report.add(finding);
        }
    }
}

fn slowlog_too_chatty(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(microseconds)) = (case.set_by("slowlog-log-slower-than"), case.int("slowlog-log-slower-than"))
    else {
        return;
    };
    let kept = case.int("slowlog-max-len") != Some(0);
    if (0..100).contains(&microseconds) && kept && case.facts.word("workload") != Some("dev") {
        let written = case.name(id);
        let message = match microseconds {
            0 => "every command is recorded as slow".to_owned(),
            _ => format!("commands of {microseconds} µs are recorded as slow"),
        };
        let help = format!("set `{written}` in microseconds: 10000 are 10 ms");
        report.add(SLOWLOG_TOO_CHATTY.finding(case.at(id), message).help(help));
    }
}

fn slowlog_above_latency_threshold(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(microseconds), Some(milliseconds)) =
        (case.int("slowlog-log-slower-than"), case.int("latency-monitor-threshold"))
    else {
        return;
    };
    if milliseconds > 0 && microseconds / 1000 > milliseconds && case.is_set("slowlog-log-slower-than") {
        let message =
            format!("the slow log starts at {} ms, the latency monitor at {milliseconds} ms", microseconds / 1000);
        let finding = SLOWLOG_ABOVE_LATENCY_THRESHOLD
            .finding(case.place("slowlog-log-slower-than"), message)
            .label(case.place("latency-monitor-threshold"), "the latency monitor")
            .help(format!("set `slowlog-log-slower-than {}` or less", milliseconds.saturating_mul(1000)));
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::said;

    #[test]
    fn a_log_is_lost_only_where_nothing_takes_it() {
        let lost = |text: &str| said("log-lost", text).len();
        assert_eq!((lost("daemonize yes\n"), lost("logfile /dev/null\n")), (1, 1));
        assert_eq!(lost("daemonize yes\nsyslog-enabled yes\n"), 0);
        // Under systemd `daemonize` is not obeyed.
        assert_eq!(lost("daemonize yes\nsupervised systemd\n"), 0);
        assert_eq!(lost("daemonize yes\ninclude away.conf\n"), 0);
        assert_eq!(lost("daemonize no\n"), 0);
    }

    #[test]
    fn levels_that_are_only_talkative_are_only_noted() {
        let level = |level: &str| said("log-level", &format!("loglevel {level}\n"));
        assert!(level("verbose")[0].starts_with("info:") && level("nothing")[0].starts_with("error:"));
        assert_eq!(said("log-level", "# redisconf: workload=dev\nloglevel debug\n"), [""; 0]);
    }

    #[test]
    fn the_slow_log_is_known_by_all_its_names() {
        let valkey = "# redisconf: server=valkey-8.1\n";
        let text = format!("{valkey}commandlog-execution-slower-than -1\n");
        assert_eq!(
            said("slowlog-off", &text),
            ["warning: `commandlog-execution-slower-than -1` switches the slow log off"]
        );
        assert_eq!(said("slowlog-too-chatty", "slowlog-log-slower-than 0\nslowlog-max-len 0\n"), [""; 0]);
    }
}
