//! The one list of rules.

use super::rule::Rule;
use super::{across, refused, unjudged};

/// Every rule, sorted by id.
pub static RULES: &[&Rule] = &[
    &refused::users::ACL_RULE,
    &refused::values::BOOLEAN_VALUE,
    &refused::characters::BYTE_ORDER_MARK,
    &refused::values::CLIENT_OUTPUT_BUFFER_SYNTAX,
    &refused::commands::COMMAND_NAME_TAKEN,
    &refused::users::DUPLICATE_USER,
    &refused::values::ENUM_VALUE,
    &refused::names::FOREIGN_COMMENT,
    &refused::structure::INCLUDE_CYCLE,
    &refused::words::INLINE_COMMENT,
    &refused::values::INVALID_VALUE,
    &refused::names::KEY_VALUE_SEPARATOR,
    &refused::values::KEYSPACE_EVENT_FLAGS,
    &refused::words::LINE_CONTINUATION,
    &unjudged::LONG_LINE,
    &refused::values::MEMORY_SUFFIX,
    &refused::names::MODULE_PARAMETER_WITHOUT_MODULE,
    &across::NO_VERSION_STARTS,
    &refused::values::OUT_OF_RANGE,
    &refused::values::PATH_IN_FILENAME,
    &refused::commands::RENAMED_SUBCOMMAND,
    &refused::structure::REPLICA_IN_CLUSTER,
    &refused::values::SAVE_LINE_SHAPE,
    &refused::structure::SENTINEL_OUTSIDE,
    &refused::structure::SNAPSHOT_NAME,
    &refused::characters::SUSPICIOUS_CHARACTERS,
    &refused::values::TIME_SUFFIX,
    &refused::words::UNBALANCED_QUOTES,
    &unjudged::UNJUDGED_MODULE_PARAMETER,
    &refused::commands::UNKNOWN_COMMAND,
    &refused::names::UNKNOWN_DIRECTIVE,
    &unjudged::UNREAD_INCLUDE,
    &refused::users::USERS_AND_ACLFILE,
    &across::VERSION_DEPENDENT,
    &refused::words::WRONG_NUMBER_OF_WORDS,
];
