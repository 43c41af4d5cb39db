//! The `fatal` rules: reasons for which a server does not start, put into words.
//!
//! Which rule words which reason is decided here and nowhere else; a new [`Reason`] does not compile without its rule.

pub(super) mod characters;
pub(super) mod commands;
pub(super) mod elsewhere;
mod meant;
pub(super) mod names;
pub(super) mod sentinel;
pub(super) mod sockets;
pub(super) mod structure;
pub(super) mod times;
pub(super) mod units;
pub(super) mod users;
pub(super) mod values;
pub(super) mod words;

use super::{Case, Check, Rule};
use crate::config::{Reason, Refusal, Stage};
use crate::finding::Finding;

/// Where all of these are known from.
const MEASURED: &str = "twelve servers, Redis 6.2 to 8.6 and Valkey 7.2 to 9.1, given files of every kind";

/// Words a refusal.
pub(super) fn word(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let mut finding = match rule_for(case, refusal).check {
        Check::Refusal(word) => word(case, refusal),
        Check::Config(_) | Check::Live(_) | Check::Elsewhere => unreachable!("rules in this folder word refusals"),
    };
    if let (Some(fix), Some(id)) = (&mut finding.fix, refusal.statement) {
        fix.secret |= case.hides_words(id);
    }
    finding
}

/// A finding at a name, with a remark where the server speaks up only later.
fn kept_for_modules(finding: Finding, case: &Case<'_>, refusal: &Refusal) -> Finding {
    // Only the newest do so.
    if refusal.stage == Stage::Modules && !case.is_guessed() {
        return finding.here(format!("{} keeps it for modules, and later names no line", case.server()));
    }
    finding
}

fn rule_for(case: &Case<'_>, refusal: &Refusal) -> &'static Rule {
    // What is wrong with the spelling of a line explains the rest; the order is that in which it hides other reasons.
    if characters::mark(case, refusal).is_some() {
        return &characters::BYTE_ORDER_MARK;
    }
    if words::comment(case, refusal).is_some() {
        return &words::INLINE_COMMENT;
    }
    if names::foreign_mark(case, refusal).is_some() {
        return &names::FOREIGN_COMMENT;
    }
    if characters::are_in(case, refusal) {
        return &characters::SUSPICIOUS_CHARACTERS;
    }
    if words::continued(case, refusal).is_some() {
        return &words::LINE_CONTINUATION;
    }
    if names::separated(case, refusal).is_some() {
        return &names::KEY_VALUE_SEPARATOR;
    }
    match &refusal.reason {
        Reason::Quotes => &words::UNBALANCED_QUOTES,
        Reason::UnknownDirective => elsewhere::rule_for(case, refusal).unwrap_or(&names::UNKNOWN_DIRECTIVE),
        Reason::FileOnlyArity | Reason::ModuleParameterEmpty => &words::WRONG_NUMBER_OF_WORDS,
        Reason::Value(bad) => values::rule_for(case, refusal, bad),
        Reason::ModuleParameterUnclaimed => {
            elsewhere::rule_for(case, refusal).unwrap_or(&names::MODULE_PARAMETER_WITHOUT_MODULE)
        }
        Reason::Sentinel(bad) => sentinel::rule_for(*bad),
        Reason::SentinelOutside => &structure::SENTINEL_OUTSIDE,
        Reason::DuplicateUser => &users::DUPLICATE_USER,
        Reason::User(_) => &users::ACL_RULE,
        Reason::UsersAndAclFile => &users::USERS_AND_ACLFILE,
        Reason::NotAUser => &users::ACL_FILE_LINE,
        Reason::UnclosedSelector { .. } => &users::UNCLOSED_SELECTOR,
        Reason::NoSuchCommand => &commands::UNKNOWN_COMMAND,
        Reason::CommandExists => &commands::COMMAND_NAME_TAKEN,
        Reason::RenamesSubcommand => &commands::RENAMED_SUBCOMMAND,
        Reason::ReplicaInCluster => &structure::REPLICA_IN_CLUSTER,
        Reason::IncludeCycle => &structure::INCLUDE_CYCLE,
        Reason::Sockets(bad) => sockets::rule_for(*bad),
        Reason::IncludePattern => &structure::INCLUDE_UNRESOLVED,
        Reason::SnapshotName => &structure::SNAPSHOT_NAME,
        Reason::AppendName => &structure::APPEND_ONLY_NAME,
    }
}

/// The statement of a refusal that always has one.
fn statement(refusal: &Refusal) -> crate::syntax::StatementId {
    refusal.statement.expect("only quotes that do not close have no statement")
}

#[cfg(test)]
mod tests;
