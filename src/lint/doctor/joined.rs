//! Both kinds of rules over one server: those about the running configuration, and those about what it does. What both say
//! of one matter is told once, and evidence makes a judgement of the configuration milder where it shows no harm.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::{LiveCase, measure};
use crate::finding::{Finding, Severity};
use crate::lint::chosen::{APPLICABLE, Chosen, speaks_of};
use crate::lint::rule::{Check, Group};
use crate::lint::{RULES, Report};
use crate::syntax::Mode;

/// A rule that could not judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// The rule.
    pub rule: Cow<'static, str>,
    /// What it lacks: a fact, a field of INFO, an answer.
    pub what: &'static str,
    /// Why that is not there, where the server said so.
    pub why: Option<String>,
}

/// What came out of looking at a server.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Rules that could not judge.
    pub silent: Vec<Lack>,
    /// How many rules did judge.
    pub judged: usize,
}

/// What a running configuration can be judged for: not how its file is written, nor where that lies.
const GROUPS: &[Group] = &[
    Group::Clients,
    Group::Cluster,
    Group::Latency,
    Group::Logging,
    Group::Memory,
    Group::Network,
    Group::Persistence,
    Group::Replication,
    Group::Security,
    Group::Tls,
    Group::Values,
];

/// Rules of those groups that need what a server does not show: its file, its command line, its passwords.
const OF_FILES: &[&str] = &["config-get-reveals-password", "requirepass-ignored", "weak-password"];

/// Of each pair the first, about the configuration, is not told where the second shows the same harm done.
const TOLD_BY: &[(&str, &str)] = &[
    ("backlog-too-small", "backlog-covers-little"),
    ("client-memory-uncapped", "clients-hold-memory"),
    ("maxmemory-headroom", "copy-on-write-heavy"),
    ("maxmemory-unset", "memory-unlimited"),
    ("no-persistence-for-durable", "primary-without-persistence"),
    ("thp-always", "huge-pages-in-use"),
    ("volatile-policy-needs-ttl", "nothing-evictable"),
    ("volatile-primary-restarts", "primary-without-persistence"),
];

/// Lets the chosen rules judge.
#[must_use]
pub fn diagnose(live: &LiveCase<'_>, chosen: &Chosen) -> Diagnosis {
    let mut report = Report::new(&live.case);
    let mut judged = BTreeSet::new();
    for &(at, check) in APPLICABLE.of(Mode::Server, live.case.server()) {
        let rule = RULES[at];
        if !chosen.holds(at) || !GROUPS.contains(&rule.group) || OF_FILES.contains(&rule.id) {
            continue;
        }
        report.begin(rule);
        let needs_users = rule.group == Group::Security;
        let has_users = !needs_users || report.seen("ACL LIST", live.evidence.users.as_ref()).is_some();
        if has_users && report.seen("CONFIG GET", live.running()).is_some() {
            judged.insert(rule.id);
            check(&live.case, &mut report);
        }
    }
    for (at, rule) in RULES.iter().enumerate() {
        let Check::Live(check) = rule.check else { continue };
        if chosen.holds(at) && speaks_of(rule, live.case.server()) {
            judged.insert(rule.id);
            report.begin(rule);
            check(live, &mut report);
        }
    }
    let (mut findings, silent) = report.into_parts();
    let found: BTreeSet<String> = findings.iter().map(|finding| finding.rule.to_string()).collect();
    let is_told = |id: &str| TOLD_BY.iter().any(|(rule, by)| *rule == id && found.contains(*by));
    findings.retain(|finding| !is_told(&finding.rule));
    for finding in &mut findings {
        quieten(live, finding);
    }
    // What was measured comes before what may happen.
    findings.sort_by(|a, b| {
        let order = |finding: &Finding| (std::cmp::Reverse(finding.severity), finding.proof.is_none());
        order(a).cmp(&order(b)).then_with(|| a.rule.cmp(&b.rule))
    });
    let why = |what: &str| live.evidence.missing.get(what).cloned();
    let silent: Vec<Lack> = silent.into_iter().map(|(rule, what)| Lack { rule, what, why: why(what) }).collect();
    for lack in &silent {
        judged.remove(&*lack.rule);
    }
    Diagnosis { findings, silent, judged: judged.len() }
}

/// Makes a judgement of the configuration milder where the server shows that nothing of the kind happens.
fn quieten(live: &LiveCase<'_>, finding: &mut Finding) {
    let shown = match &*finding.rule {
        "backlog-too-small" | "replica-buffer-too-small" | "replica-buffer-below-backlog" => live
            .number("connected_slaves")
            .filter(|replicas| *replicas == 0)
            .map(|none| measure::count("connected_slaves", none)),
        "client-memory-uncapped" => live
            .number("mem_clients_normal")
            .filter(|held| *held < 64 << 20)
            .map(|held| measure::bytes("mem_clients_normal", held)),
        "pubsub-buffer-overcommit" | "pubsub-buffer-too-small" | "pubsub-buffer-unlimited" => {
            live.number("pubsub_clients").filter(|some| *some == 0).map(|none| measure::count("pubsub_clients", none))
        }
        "snapshot-too-often" => live
            .number("latest_fork_usec")
            .filter(|time| *time < 10_000)
            .map(|time| measure::milliseconds("latest_fork_usec", super::float(time) / 1000.0, "INFO")),
        _ => None,
    };
    if let Some(shown) = shown
        && finding.severity > Severity::Info
    {
        finding.severity = Severity::Info;
        finding.proof.get_or_insert_default().measured.push(shown);
    }
}
