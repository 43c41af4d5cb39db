//! The one list of rules.

use super::rule::Rule;
use super::{across, refused, unjudged};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &refused::users::ACL_RULE,
    &refused::names::BYTE_ORDER_MARK,
    &refused::commands::COMMAND_NAME_TAKEN,
    &refused::elsewhere::DIRECTIVE_REMOVED,
    &refused::elsewhere::DIRECTIVE_TOO_NEW,
    &refused::users::DUPLICATE_USER,
    &refused::structure::INCLUDE_CYCLE,
    &refused::words::INLINE_COMMENT,
    &refused::values::INVALID_VALUE,
    &unjudged::LONG_LINE,
    &refused::names::MODULE_PARAMETER_WITHOUT_MODULE,
    &across::NO_VERSION_STARTS,
    &refused::elsewhere::OTHER_PRODUCT_DIRECTIVE,
    &refused::values::OUT_OF_RANGE,
    &refused::elsewhere::REDIS_ONLY_DIRECTIVE,
    &refused::commands::RENAMED_SUBCOMMAND,
    &refused::structure::REPLICA_IN_CLUSTER,
    &refused::sentinel::SENTINEL_DUPLICATE,
    &refused::structure::SENTINEL_OUTSIDE,
    &refused::sentinel::SENTINEL_STATEMENT,
    &refused::sentinel::SENTINEL_UNKNOWN_PRIMARY,
    &refused::sentinel::SENTINEL_VALUE,
    &refused::structure::SNAPSHOT_NAME,
    &refused::words::UNBALANCED_QUOTES,
    &unjudged::UNJUDGED_MODULE_PARAMETER,
    &refused::commands::UNKNOWN_COMMAND,
    &refused::names::UNKNOWN_DIRECTIVE,
    &unjudged::UNREAD_INCLUDE,
    &refused::users::USERS_AND_ACLFILE,
    &refused::elsewhere::VALKEY_ONLY_DIRECTIVE,
    &across::VERSION_DEPENDENT,
    &refused::words::WRONG_NUMBER_OF_WORDS,
];
