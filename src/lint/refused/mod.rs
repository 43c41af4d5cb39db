//! The `fatal` rules: reasons for which a server does not start, put into words.
//!
//! Which rule words which reason is decided here and nowhere else; a new [`Reason`] does not compile without its rule.

pub(super) mod commands;
pub(super) mod names;
pub(super) mod structure;
pub(super) mod units;
pub(super) mod users;
pub(super) mod values;
pub(super) mod words;

use super::{Case, Check, Rule};
use crate::config::{Bad, Reason, Refusal};
use crate::finding::Finding;

/// Where all of these are known from.
const MEASURED: &str = "twelve servers, Redis 6.2 to 8.6 and Valkey 7.2 to 9.1, given files of every kind";

/// Words a refusal.
pub(super) fn word(case: &Case<'_>, refusal: &Refusal) -> Finding {
    match rule_for(case, refusal).check {
        Check::Refusal(word) => word(case, refusal),
        Check::Config(_) | Check::Elsewhere => unreachable!("rules in this folder word refusals"),
    }
}

fn rule_for(case: &Case<'_>, refusal: &Refusal) -> &'static Rule {
    if words::comment(case, refusal).is_some() {
        return &words::INLINE_COMMENT;
    }
    match &refusal.reason {
        Reason::Quotes => &words::UNBALANCED_QUOTES,
        Reason::UnknownDirective if names::starts_with_mark(case, refusal) => &names::BYTE_ORDER_MARK,
        Reason::UnknownDirective => &names::UNKNOWN_DIRECTIVE,
        Reason::FileOnlyArity | Reason::ModuleParameterEmpty => &words::WRONG_NUMBER_OF_WORDS,
        Reason::Value(bad) => rule_for_value(bad),
        Reason::ModuleParameterUnclaimed => &names::MODULE_PARAMETER_WITHOUT_MODULE,
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
        Reason::SnapshotName => &structure::SNAPSHOT_NAME,
    }
}

fn rule_for_value(bad: &Bad) -> &'static Rule {
    match bad {
        Bad::Arity | Bad::LimitGroups | Bad::TooManyAddresses => &words::WRONG_NUMBER_OF_WORDS,
        Bad::OutOfRange { .. } | Bad::PercentTooLarge | Bad::PercentileRange => &values::OUT_OF_RANGE,
        Bad::NotBool
        | Bad::NotOneOf(_)
        | Bad::NotInteger
        | Bad::NotMemory
        | Bad::NotMemoryOrPercent
        | Bad::NotOctal
        | Bad::Save
        | Bad::LimitClass
        | Bad::LimitNumber
        | Bad::Event(_)
        | Bad::Port
        | Bad::Oom
        | Bad::Percentile
        | Bad::SaveAndNosave
        | Bad::Empty
        | Bad::TooLong(_)
        | Bad::Byte(_)
        | Bad::Hostname
        | Bad::Address(_)
        | Bad::Template => &values::INVALID_VALUE,
    }
}

/// The statement of a refusal that always has one.
fn statement(refusal: &Refusal) -> crate::syntax::StatementId {
    refusal.statement.expect("only quotes that do not close have no statement")
}
