//! The one list of rules.

use super::rule::Rule;
use super::{refused, unjudged};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &refused::users::ACL_FILE_LINE,
    &refused::users::ACL_FILE_REFUSED,
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
    &refused::users::UNCLOSED_SELECTOR,
    &unjudged::UNJUDGED_MODULE_PARAMETER,
    &unjudged::UNJUDGED_MODULE_RULE,
    &refused::commands::UNKNOWN_COMMAND,
    &refused::names::UNKNOWN_DIRECTIVE,
    &unjudged::UNREAD_INCLUDE,
    &refused::users::USERS_AND_ACLFILE,
    &refused::words::WRONG_NUMBER_OF_WORDS,
];
