//! What `diff` takes.

use clap::Args as Group;

use super::server;
use crate::server::Server;

pub(in super::super) const DIFF_EXAMPLES: &str = "Examples:
  redisconf diff old/redis.conf new/redis.conf
  redisconf diff redis-6.2 valkey-8.1             # what is built in otherwise
  redisconf diff redis.conf --to-server valkey-8.1   # what changes if only the version changes
  redis-cli --json CONFIG GET '*' | redisconf diff builtin:cache -
  redisconf diff old.conf new.conf --output-format markdown > comment.md";

#[derive(Debug, Group)]
pub(in super::super) struct Diff {
    /// Configuration file, profile, dump of CONFIG GET, or server version; `-` is standard input
    #[arg(value_name = "FROM")]
    pub(in super::super) from: String,

    /// The same; left out, it is what FROM is, as the version of `--to-server` reads it
    #[arg(value_name = "TO", required_unless_present = "to_server")]
    pub(in super::super) to: Option<String>,

    /// Server version to read both as, such as redis-7.4 or valkey-8.1.3
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) server: Option<Server>,

    /// Server version to read TO as
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) to_server: Option<Server>,
}
