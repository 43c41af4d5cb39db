//! Rules: what is wrong with a configuration, and what to do about it.
//!
//! A rule is a [`Rule`]: metadata and a function over a [`Case`]. [`RULES`] is the one list of them. So far all of them
//! word what resolving recorded: the `fatal` rules in `refused` each put some of the reasons for which the server would
//! not start ([`crate::config::Refusal`]) into words, and two more say what could not be judged.
//!
//! To add a rule, write it in a file of its own or into that of its family, and name it in [`RULES`].
//! Rules never print, never read files, and never put a word into a message that may not be shown.

mod case;
mod refused;
mod rule;
mod unjudged;

pub use case::Case;
pub use rule::{Check, Example, Rule};

use crate::config::{Reason, Refusal, Stage};
use crate::finding::Finding;
use crate::server::Server;

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &refused::users::ACL_RULE,
    &refused::names::BYTE_ORDER_MARK,
    &refused::commands::COMMAND_NAME_TAKEN,
    &refused::users::DUPLICATE_USER,
    &refused::structure::INCLUDE_CYCLE,
    &refused::words::INLINE_COMMENT,
    &refused::values::INVALID_VALUE,
    &refused::names::MODULE_PARAMETER_WITHOUT_MODULE,
    &refused::values::OUT_OF_RANGE,
    &refused::commands::RENAMED_SUBCOMMAND,
    &refused::structure::REPLICA_IN_CLUSTER,
    &refused::structure::SENTINEL_OUTSIDE,
    &refused::structure::SNAPSHOT_NAME,
    &refused::words::UNBALANCED_QUOTES,
    &unjudged::UNJUDGED_MODULE_PARAMETER,
    &refused::commands::UNKNOWN_COMMAND,
    &refused::names::UNKNOWN_DIRECTIVE,
    &unjudged::UNREAD_INCLUDE,
    &refused::users::USERS_AND_ACLFILE,
    &refused::words::WRONG_NUMBER_OF_WORDS,
];

/// The rule with that id.
#[must_use]
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.binary_search_by_key(&id, |rule| rule.id).ok().map(|at| RULES[at])
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

/// Lets every rule judge.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judgement {
    let refusals = case.config.refusals();
    let mut findings: Vec<Finding> = refusals.iter().map(|refusal| refused::word(case, refusal)).collect();
    let verdict = match (refusals.first(), findings.first_mut()) {
        (Some(first), Some(finding)) => {
            finding.message = format!("{}: {}", where_it_stops(first), finding.message);
            Verdict::Stops { stage: first.stage, words: first.reason.server_words(case.server()) }
        }
        (_, _) => Verdict::Starts,
    };
    let mut others = Vec::new();
    for rule in RULES {
        if let Check::Config(check) = rule.check {
            check(case, &mut others);
        }
    }
    others.sort_by(|a, b| (a.at, &a.rule).cmp(&(b.at, &b.rule)));
    findings.extend(others);
    Judgement { findings, verdict }
}

/// The mark of the first refusal.
fn where_it_stops(first: &Refusal) -> &'static str {
    match (&first.reason, first.stage) {
        (Reason::IncludeCycle | Reason::RenamesSubcommand, _) => "the server crashes here",
        (_, Stage::File) => "the server stops here",
        (_, Stage::Modules) => "the server stops after loading modules",
        (_, Stage::Users) => "the server stops when it loads the users",
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
