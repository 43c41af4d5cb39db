//! A replica's view of its primary.

use super::measure::{seconds, time_text, word};
use super::{JUDGEMENT, LIVE, LiveCase};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static REPLICA_LINK_DOWN: Rule = Rule {
    id: "replica-link-down",
    severity: Severity::Error,
    group: Group::Replication,
    summary: "a replica has lost its primary",
    docs: "Its data grow old; with `replica-serve-stale-data yes` it goes on answering with them, and nobody sees it.
After 30 seconds it is no restart any more.

Bad:
    role: slave
    master_link_status: down
    master_link_down_since_seconds: 300

Good:
    role: slave
    master_link_status: up
    master_last_io_seconds_ago: 1
",
    source: "awesome-prometheus-alerts",
    check: Check::Live(down),
    ..LIVE
};

fn down(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.is_primary() != Some(false) {
        return;
    }
    let Some(status) = report.seen("master_link_status", live.info("master_link_status")) else { return };
    // -1: it never was up.
    let since = live.number("master_link_down_since_seconds");
    if status == "up" || since.is_some_and(|seconds| seconds <= 30) {
        return;
    }
    let syncs = live.number("master_sync_in_progress") == Some(1);
    let time = since.map_or("since it started".to_owned(), |since| format!("for {}", time_text(since * 1000)));
    let what = if syncs { "it copies the data set just now" } else { "its data grow old" };
    let message = format!("the link to the primary is down {time}: {what}");
    let proof = Proof::of([
        word("master_link_status", status, "INFO"),
        seconds("master_link_down_since_seconds", since.unwrap_or(0)),
    ])
    .above("30 s", "awesome-prometheus-alerts");
    let mut finding = REPLICA_LINK_DOWN.finding(live.place("replicaof"), message).proof(proof);
    if syncs {
        finding.severity = Severity::Warning;
    }
    report.add(finding.help("look into its log: the password (`masterauth`), the address, the primary itself"));
}

pub(in crate::lint) static REPLICA_LINK_SILENT: Rule = Rule {
    id: "replica-link-silent",
    group: Group::Replication,
    summary: "a replica has heard nothing for several pings",
    docs: "A primary pings its replicas every `repl-ping-replica-period` seconds. Three in a row that did not come mean
a network that loses, or a primary that stands still.

Bad:
    role: slave
    master_link_status: up
    master_last_io_seconds_ago: 45

Good:
    role: slave
    master_link_status: up
    master_last_io_seconds_ago: 2
",
    source: "default of repl-ping-replica-period (10 s)",
    check: Check::Live(silent),
    ..LIVE
};

fn silent(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.is_primary() != Some(false) || live.info("master_link_status") != Some("up") {
        return;
    }
    let Some(since) = report.seen("master_last_io_seconds_ago", live.number("master_last_io_seconds_ago")) else {
        return;
    };
    let period = live.int("repl-ping-replica-period").unwrap_or(10);
    if since <= period * 3 {
        return;
    }
    let message = format!("the primary has said nothing for {since} s, and pings every {period} s");
    let proof = Proof::of([seconds("master_last_io_seconds_ago", since), seconds("repl-ping-replica-period", period)])
        .above("three pings", JUDGEMENT);
    let help = "look at the network between them, and at what the primary does";
    report.add(REPLICA_LINK_SILENT.finding(live.place("replicaof"), message).help(help).proof(proof));
}
