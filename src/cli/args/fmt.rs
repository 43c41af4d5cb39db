//! The arguments of `redisconf fmt`.

use std::path::PathBuf;

use clap::Args as Group;

use crate::server::Server;

pub(super) const EXAMPLES: &str = "Examples:
  redisconf fmt                       # every configuration under the working directory
  redisconf fmt redis.conf profiles/cache.toml
  redisconf fmt --check conf/         # exit 1 if a file would change
  redisconf fmt --diff redis.conf
  redisconf fmt - < redis.conf > new.conf";

#[derive(Debug, Group)]
pub(in crate::cli) struct Fmt {
    /// Files, and folders to look through; `-` is standard input, formatted to standard output; else the working directory
    #[arg(value_name = "PATH")]
    pub(in crate::cli) paths: Vec<PathBuf>,

    /// Write nothing; exit 1 if a file would change
    #[arg(long)]
    pub(in crate::cli) check: bool,

    /// Write nothing; print what would change, secrets masked, and exit 1 if a file would change
    #[arg(long)]
    pub(in crate::cli) diff: bool,

    /// Server version that the files are for; from redis-7.0 on each `save` point gets a line of its own
    #[arg(long, value_name = "SERVER", value_parser = super::server)]
    pub(in crate::cli) server: Option<Server>,

    /// Name of what comes from standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) stdin_filename: Option<PathBuf>,
}
