//! Rules about profiles, project files and settings.
//!
//! Their findings arise where those files are read and their layers are merged ([`crate::syntax::profile`],
//! [`crate::syntax::project`], [`crate::config::layers`], [`crate::config::fleet`]), which know no rules. Here they have
//! their documentation, so that `explain`, settings and output formats know them. A test holds the two together.

mod facts;
mod format;
mod layers;
mod project;
mod settings;

pub(crate) use facts::{INVALID_FACT, UNKNOWN_FACT};
pub(crate) use format::{INVALID_TOML, MISSING_SCHEMA, UNKNOWN_KEY, UNKNOWN_SCHEMA};
pub(crate) use layers::{
    AMBIGUOUS_UNIT, CIRCULAR_EXTENDS, FINAL_DIRECTIVE, NO_SENSIBLE_SIZE, NOT_A_SETTING, UNKNOWN_WORKLOAD,
    UNPINNED_BUILTIN, UNSUPPORTED_SERVER,
};
pub(crate) use project::{
    DUPLICATE_INSTANCE, INCOMPLETE_EXPECTATION, MISSING_LAYER, MISSING_PROFILE, OTHER_VERSION_REQUIRED,
    UNKNOWN_ENVIRONMENT, UNKNOWN_INSTANCE,
};
pub(crate) use settings::{FATAL_LEVEL, INVALID_POLICY, LOCKED_RULE, POLICY_CANNOT_JUDGE, UNKNOWN_RULE};

/// Where the rules of this group are known from: nothing but this program reads these files.
const SOURCE: &str = "the format of profiles and projects";

#[cfg(test)]
mod tests;
