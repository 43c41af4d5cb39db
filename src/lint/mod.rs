//! Rules: what is wrong with a configuration, and what to do about it.
//!
//! A rule is a [`Rule`]: metadata and a function over a [`Case`]. [`RULES`] is the one list of them. The `fatal` rules in
//! `refused` word what resolving recorded: the reasons for which the server would not start ([`crate::config::Refusal`]).
//! The others judge a configuration that may well start; facts about its place they ask their [`Report`] for, and a rule
//! that lacks one is silent and counted.
//!
//! To add a rule, write it into the file of its family and name it in [`RULES`].
//! Rules never print, never read files, and never put a word into a message that may not be shown.

mod across;
mod case;
mod chosen;
mod clients;
mod cluster;
mod container;
pub mod doctor;
mod edits;
mod entrance;
pub mod example;
mod guard;
mod latency;
mod list;
mod logging;
mod memory;
mod network;
mod persistence;
pub mod policy;
mod previous;
mod profile;
mod refused;
mod replication;
mod report;
mod rule;
mod secrets;
mod security;
mod sentinel;
pub mod settings;
mod style;
pub mod suppress;
mod syntax;
mod tls;
mod unjudged;
mod users_file;
mod versions;
mod workload;

pub use across::across;
pub use case::Case;
pub use chosen::Chosen;
pub use list::RULES;
pub use previous::Previous;
pub use report::Report;
pub use rule::{Check, Example, Group, Rule};
pub use users_file::UsersFile;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::config::{Reason, Refusal, Stage};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use chosen::{APPLICABLE, speaks_of};

/// The rule with that id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    position(id).map(|at| RULES[at])
}

/// Each finding is looked up by its rule several times.
static POSITIONS: LazyLock<HashMap<&'static str, usize>> =
    LazyLock::new(|| RULES.iter().enumerate().map(|(at, rule)| (rule.id, at)).collect());

fn position(id: &str) -> Option<usize> {
    POSITIONS.get(id).copied()
}

/// The rule that a misspelt id most likely means.
#[must_use]
pub fn suggest(id: &str) -> Option<&'static str> {
    let near = RULES.iter().map(|rule| (strsim::damerau_levenshtein(id, rule.id), rule.id));
    near.filter(|(distance, _)| *distance <= 3).min().map(|(_, id)| id)
}

/// What the server does with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It starts, as far as a file can tell.
    Starts,
    /// It does not; the first finding says why.
    Stops {
        /// When.
        stage: Stage,
        /// In the server's own words, or near them.
        words: String,
    },
}

/// What came out of judging a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// First the reasons not to start, in the server's order; then the rest by place.
    pub findings: Vec<Finding>,
    /// Whether the server starts.
    pub verdict: Verdict,
}

/// The rules about what could not be judged.
static UNJUDGED: LazyLock<Chosen> =
    LazyLock::new(|| Chosen::by(|rule| unjudged::RULES.iter().any(|one| one.id == rule.id)));

/// Says whether the server starts, and what of that could not be judged: the rules that every command lets speak.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let (mut findings, verdict) = refusals(case);
    findings.extend(others(&[(*case, &UNJUDGED)]).into_iter().flat_map(|report| report.findings));
    guard::mark(case, &mut findings);
    Judgement { findings, verdict }
}

/// What came out of letting the chosen rules judge.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// First the reasons not to start, in the server's order; then the rest by place.
    pub findings: Vec<Finding>,
    /// Whether the server starts.
    pub verdict: Verdict,
    /// Rules and policies that could not judge, with the fact that each lacks.
    pub silent: Vec<(Cow<'static, str>, &'static str)>,
}

/// Lets every chosen rule judge.
#[must_use]
pub fn inspect(case: &Case<'_>, chosen: &Chosen) -> Inspection {
    inspect_all(&[(*case, chosen)]).pop().expect("one case gives one inspection")
}

/// As [`inspect`], of several cases.
///
/// One rule after the other judges all of them: with some 200 rules, a processor would else fetch all their code anew for
/// each case, which takes about as long as to run it.
#[must_use]
pub fn inspect_all(cases: &[(Case<'_>, &Chosen)]) -> Vec<Inspection> {
    let reports = others(cases);
    cases.iter().zip(reports).map(|((case, chosen), report)| inspection(case, chosen, report)).collect()
}

/// What all rules together say.
fn inspection(case: &Case<'_>, chosen: &Chosen, report: Report<'_>) -> Inspection {
    let (mut findings, verdict) = refusals(case);
    findings.retain(|finding| position(&finding.rule).is_none_or(|at| chosen.holds(at)));
    // What only a whole file tells, such as TLS without a certificate, the server finds out after the lines.
    let (fatal, rest): (Vec<Finding>, Vec<Finding>) =
        report.findings.into_iter().partition(|finding| finding.severity == Severity::Fatal);
    let verdict = match (verdict, fatal.first()) {
        (Verdict::Starts, Some(first)) => Verdict::Stops { stage: Stage::Start, words: first.message.clone() },
        (verdict, _) => verdict,
    };
    findings.extend(fatal);
    findings.extend(rest);
    guard::mark(case, &mut findings);
    Inspection { findings, verdict, silent: report.silent }
}

/// The reasons not to start, worded, in the server's order.
fn refusals(case: &Case<'_>) -> (Vec<Finding>, Verdict) {
    let refusals = case.config.refusals();
    let mut findings: Vec<Finding> = refusals.iter().map(|refusal| refused::word(case, refusal)).collect();
    let mut first = refusals.first();
    // Data are loaded after the users, and everything else is read before.
    if let Some(of_file) = case.users_file.and_then(|file| file.config.verdict()) {
        let at = refusals.iter().position(|refusal| refusal.stage > Stage::Users).unwrap_or(refusals.len());
        findings.insert(at, refused::users::of_file(case, of_file));
        first = if at == 0 { Some(of_file) } else { first };
    }
    let verdict = match (first, findings.first_mut()) {
        (Some(first), Some(finding)) => {
            finding.message = format!("{}: {}", where_it_stops(case, first), finding.message);
            Verdict::Stops { stage: first.stage, words: first.reason.server_words(case.server()) }
        }
        (_, _) => Verdict::Starts,
    };
    (findings, verdict)
}

/// What the other rules say of each case, sorted by place.
fn others<'a>(cases: &[(Case<'a>, &Chosen)]) -> Vec<Report<'a>> {
    let mut reports: Vec<Report<'a>> = cases.iter().map(|(case, _)| Report::new(case)).collect();
    let mut rest = reports.as_mut_slice();
    for alike in cases.chunk_by(|(one, _), (next, _)| one.mode == next.mode && one.server() == next.server()) {
        let (reports, further) = rest.split_at_mut(alike.len());
        rest = further;
        for &(at, check) in APPLICABLE.of(alike[0].0.mode, alike[0].0.server()) {
            for ((case, chosen), report) in alike.iter().zip(&mut *reports) {
                if chosen.holds(at) {
                    report.begin(RULES[at]);
                    check(case, report);
                }
            }
        }
    }
    for report in &mut reports {
        report.findings.sort_by(|a, b| (a.at, &a.rule).cmp(&(b.at, &b.rule)));
    }
    reports
}

/// The mark of the first refusal.
fn where_it_stops(case: &Case<'_>, first: &Refusal) -> &'static str {
    match (&first.reason, first.stage) {
        (Reason::IncludeCycle | Reason::RenamesSubcommand | Reason::UnclosedSelector { .. }, _) => {
            "the server crashes here"
        }
        (_, Stage::File | Stage::Sentinel) => "the server stops here",
        (_, Stage::Modules) if case.is_guessed() => "the server stops here",
        (_, Stage::Modules) => "the server stops after loading modules",
        (_, Stage::Users) => "the server stops when it loads the users",
        (_, Stage::Start) => "the server stops when it sets itself up",
        (_, Stage::Sockets) => "the server stops when it opens its sockets",
        (_, Stage::Data) => "the server stops when it loads the data",
    }
}

/// How findings name the version: `redis 8.2`, with a word of caution if that is only the nearest known one.
#[must_use]
pub fn judged_as(server: Server) -> String {
    let resolved = server.resolve();
    if resolved.exact {
        format!("as {server}")
    } else {
        format!("as {} would, for nothing is known of {server}", resolved.known)
    }
}

#[cfg(test)]
mod tests;
