//! What `acl` takes.

use clap::{Args as Group, ValueEnum};

pub(in super::super) const EXAMPLES: &str = "Examples:
  redisconf acl diff
  redisconf acl doctor --keys
  redisconf acl apply --name ops >> users.acl";

#[derive(Debug, Group)]
pub(in super::super) struct Acl {
    /// What the user is for
    #[arg(value_name = "COMMAND", value_enum)]
    pub(in super::super) purpose: Use,

    /// With doctor: the rights for its sample of the keys, too
    #[arg(long)]
    pub(in super::super) keys: bool,

    /// Name of the user
    #[arg(long, value_name = "NAME", default_value = "redisconf")]
    pub(in super::super) name: String,
}

/// The commands that speak with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Use {
    // No documentation on these: clap would print each as a paragraph.
    Apply,
    Diff,
    Doctor,
    Snapshot,
    Undo,
    Watch,
}
