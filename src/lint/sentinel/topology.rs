//! How many Sentinels there are, how many must agree, and what they tell each other.

use super::{number, of};
use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static SENTINEL_ANNOUNCE: Rule = Rule {
    id: "sentinel-announce",
    severity: Severity::Warning,
    summary: "Sentinel runs behind a port mapping and does not say where it is found",
    docs:
        "A Sentinel tells the others the address it sees on its own connection. Behind a bridge that is the container's
address, which other hosts do not reach: each Sentinel then counts the others as down, and no majority ever
authorises a failover. Set `announce-ip` and `announce-port` to what the others dial.

Bad:
    # sentinel.conf
    # redisconf: network=bridge exposure=public
    sentinel monitor main 10.0.0.1 6379 2

Good:
    # sentinel.conf
    # redisconf: network=bridge exposure=public
    sentinel announce-ip 10.0.0.5
    sentinel announce-port 26379
    sentinel monitor main 10.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: "valkey.io/topics/sentinel, \"Sentinel, Docker, NAT, and possible issues\"",
    facts: &["network", "exposure"],
    modes: &[Mode::Sentinel],
    check: Check::Config(announce),
    ..Rule::BASE
};

pub(crate) static SENTINEL_LOOPBACK: Rule = Rule {
    id: "sentinel-loopback",
    severity: Severity::Error,
    summary: "a primary is watched at an address of this host alone",
    docs: "Clients and other Sentinels are told the address of the `monitor` line. `127.0.0.1`, which the shipped sample has,
sends each of them to itself: other Sentinels watch another server under the same name, and clients connect to
nothing. With a single Sentinel for experiments it does no harm.

Bad:
    # sentinel.conf
    # redisconf: sentinels=3
    sentinel monitor main 127.0.0.1 6379 2

Good:
    # sentinel.conf
    # redisconf: sentinels=3
    sentinel monitor main 10.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: "valkey.io/topics/sentinel; SENTINEL GET-MASTER-ADDR-BY-NAME of seven servers",
    modes: &[Mode::Sentinel],
    check: Check::Config(loopback),
    ..Rule::BASE
};

pub(crate) static SENTINEL_QUORUM: Rule = Rule {
    id: "sentinel-quorum",
    severity: Severity::Error,
    summary: "with these Sentinels and this quorum no failover happens, or too easily",
    docs: "Two numbers decide. The quorum is how many Sentinels must find the primary down before one begins a failover; then
the majority of all Sentinels must vote for it. So with two Sentinels the loss of one, on the host of the primary
for example, ends all failovers; a quorum above their number is never reached; a quorum of 1 lets one Sentinel with
a broken network begin. Run three or five, with the majority as quorum: 2 of 3, 3 of 5.

Bad:
    # sentinel.conf
    # redisconf: sentinels=2
    sentinel monitor main 10.0.0.1 6379 1

Good:
    # sentinel.conf
    # redisconf: sentinels=3
    sentinel monitor main 10.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: "valkey.io/topics/sentinel, \"Fundamental things to know about Sentinel before deploying\"",
    facts: &["sentinels"],
    modes: &[Mode::Sentinel],
    check: Check::Config(quorum),
    ..Rule::BASE
};

pub(crate) static SENTINEL_USER_WITHOUT_PASSWORD: Rule = Rule {
    id: "sentinel-user-without-password",
    severity: Severity::Warning,
    summary: "Sentinel is given a user and no password for it",
    docs: "Sentinel logs in only where it has a password: `auth-user` without `auth-pass` for the same primary is never sent,
and neither is `sentinel-user` without `sentinel-pass`. A protected server then answers NOAUTH and counts as down.

Bad:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel auth-user main watcher

Good:
    # sentinel.conf
    sentinel monitor main 10.0.0.1 6379 2
    sentinel auth-user main watcher
    sentinel auth-pass main 5f2bd1c0a8
",
    group: Group::Sentinel,
    source: "sentinel.c of redis 7.4, sentinelSendAuthIfNeeded",
    modes: &[Mode::Sentinel],
    check: Check::Config(user_without_password),
    ..Rule::BASE
};

fn announce(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(monitor) = of(case, "monitor").next() else { return };
    if case.is_partial() || of(case, "announce-ip").next().is_some() {
        return;
    }
    if report.word("network") != Some("bridge") {
        return;
    }
    let Some(exposure) = report.word("exposure") else { return };
    if exposure == "loopback" {
        return;
    }
    let mut finding = SENTINEL_ANNOUNCE
        .finding(case.at(monitor), "the other Sentinels are told the container's own address")
        .help("set `sentinel announce-ip` and `sentinel announce-port` to what the others dial");
    // Within one private network of containers the address may well be reached.
    if exposure == "private" {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

fn loopback(case: &Case<'_>, report: &mut Report<'_>) {
    let several = case.facts.count("sentinels").map(|sentinels| sentinels > 1);
    if several == Some(false) {
        return;
    }
    report.used("sentinels");
    for id in of(case, "monitor") {
        let host = case.word(id, 2);
        let is_here = matches!(host.as_str(), "localhost" | "::1") || host.starts_with("127.");
        if !is_here {
            continue;
        }
        let message = format!("`{}` is watched at `{host}`, which every other host takes for itself", case.word(id, 1));
        let mut finding =
            SENTINEL_LOOPBACK.finding(case.word_at(id, 2), message).help("give an address that all hosts reach");
        if several.is_none() {
            finding.severity = Severity::Info;
        }
        report.add(finding);
    }
}

fn quorum(case: &Case<'_>, report: &mut Report<'_>) {
    let watched: Vec<_> = of(case, "monitor").filter_map(|id| Some((id, number(case, id, 4)?))).collect();
    if watched.is_empty() {
        return;
    }
    let Some(sentinels) = report.count("sentinels").filter(|count| *count > 0) else { return };
    let majority = sentinels / 2 + 1;
    for (id, quorum) in watched.into_iter().filter(|(_, quorum)| *quorum > 0) {
        let quorum = u64::from(quorum.unsigned_abs());
        let (severity, message, help) = if quorum > sentinels {
            let message = format!("{quorum} Sentinels must agree and there are {sentinels}: no failover ever begins");
            (Severity::Error, message, format!("set the quorum to {majority}"))
        } else if sentinels < 3 {
            let are = if sentinels == 1 { "is 1 Sentinel" } else { "are 2 Sentinels" };
            let message = format!("there {are}: with one lost, no majority is left to authorise a failover");
            (Severity::Error, message, "run 3 Sentinels on 3 hosts, with a quorum of 2".into())
        } else if quorum == 1 {
            let message =
                format!("one of {sentinels} Sentinels alone begins a failover, be it its own network that broke");
            (Severity::Warning, message, format!("set the quorum to {majority}"))
        } else if quorum != majority {
            let message = format!("a quorum of {quorum} where the majority of {sentinels} is {majority}");
            (Severity::Info, message, format!("set the quorum to {majority}, unless you know why not"))
        } else if sentinels % 2 == 0 {
            let message = format!("{sentinels} Sentinels bear the loss of no more than {} would", sentinels - 1);
            (Severity::Info, message, "run an odd number".into())
        } else {
            continue;
        };
        let mut finding = SENTINEL_QUORUM.finding(case.word_at(id, 4), message).help(help);
        finding.severity = severity;
        report.add(finding);
    }
}

fn user_without_password(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_partial() {
        return;
    }
    // For the process itself there is no name in between.
    for (user, password, named) in [("auth-user", "auth-pass", true), ("sentinel-user", "sentinel-pass", false)] {
        for id in of(case, user) {
            let of_same = |other| !named || case.reading.arguments(other).get(1) == case.reading.arguments(id).get(1);
            // Also where Sentinel wrote the line itself.
            let has = case
                .statements_of("sentinel")
                .filter(|other| of_same(*other))
                .any(|other| super::subdirective(case, other).is_some_and(|directive| directive.name() == password));
            // Passwords are also taken from `requirepass` for the other Sentinels.
            let inherits = !named && case.has_secret("requirepass") == Some(true);
            let word = case.word(id, usize::from(named) + 1);
            if !has && !inherits && !word.is_empty() {
                let message = format!("`{word}` is a user without a password, and so never logs in");
                let line = if named { format!("{password} {}", case.word(id, 1)) } else { password.to_owned() };
                report.add(
                    SENTINEL_USER_WITHOUT_PASSWORD
                        .finding(case.at(id), message)
                        .help(format!("add `sentinel {line} PASSWORD`, or drop the line")),
                );
            }
        }
    }
}
