//! What `diff` and `upgrade` take.

use std::path::PathBuf;

use clap::Args as Group;

use super::{Layers, Reach, server};
use crate::server::Server;

pub(in super::super) const DIFF_EXAMPLES: &str = "Examples:
  redisconf diff old/redis.conf new/redis.conf
  redisconf diff redis-6.2 valkey-8.1             # what is built in otherwise
  redisconf diff redis.conf --to-server valkey-8.1   # what changes if only the version changes
  redis-cli --json CONFIG GET '*' | redisconf diff builtin:cache -
  redisconf diff old.conf new.conf --output-format markdown > comment.md
  redisconf diff --since origin/main --output-format markdown      # which instances of the project change, and how
  redisconf diff ../main . --env prod                              # two states of a project, in two folders
  redisconf diff profiles/a.toml redis.conf -f secrets.toml --fact memory=8GiB
  redisconf diff cache.toml --live redis://10.0.0.23:6379          # what is declared, and what runs
  redisconf diff --live --env prod                                 # every instance of the project

Exit codes: 0 they mean the same · 1 they differ · 2 wrong usage, unreadable input, or an instance with errors · 3 a server
did not answer, or not in full";

#[derive(Debug, Group)]
pub(in super::super) struct Diff {
    /// Configuration file, ACL file, profile, dump of CONFIG GET, server version, or folder of a project; `-` is standard
    /// input. With `--live` what is declared: a profile, a file, or names of instances, `*` allowed
    #[arg(value_name = "FROM", required_unless_present_any = ["since", "place"])]
    pub(in super::super) from: Option<String>,

    /// The same; left out, it is what FROM is, as the version of `--to-server` reads it
    #[arg(value_name = "TO", required_unless_present_any = ["to_server", "since", "place"])]
    pub(in super::super) to: Option<String>,

    /// Server version to read both as, such as redis-7.4 or valkey-8.1.3
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) server: Option<Server>,

    /// Server version to read TO as
    #[arg(long, value_name = "SERVER", value_parser = server, conflicts_with = "place")]
    pub(in super::super) to_server: Option<Server>,

    #[command(flatten)]
    pub(in super::super) layers: Layers,

    /// Compare the project as it is with what it was in this git revision, where its history and the one at hand part
    #[arg(long, value_name = "REVISION", conflicts_with_all = ["from", "place"], help_heading = "A whole project")]
    pub(in super::super) since: Option<String>,

    /// Only this instance; may be given again
    #[arg(long, value_name = "NAME", conflicts_with = "place", help_heading = "A whole project")]
    pub(in super::super) instance: Vec<String>,

    #[command(flatten)]
    pub(in super::super) reach: Reach,
}

pub(in super::super) const UPGRADE_EXAMPLES: &str = "Examples:
  redisconf upgrade redis.conf --to valkey-8.1                # what would be done
  redisconf upgrade redis.conf --from redis-6.2 --to valkey-8.1 -o valkey.conf
  redisconf upgrade redis.conf --to redis-8.2 --in-place      # with the files that it includes
  redisconf upgrade profiles/sessions.toml --to valkey-8.1 --in-place
  redisconf upgrade org/base.toml --from redis-7.4 --to valkey-8.1";

#[derive(Debug, Group)]
pub(in super::super) struct Upgrade {
    /// Configuration file or profile; `-` is a configuration on standard input
    #[arg(value_name = "FILE|PROFILE")]
    pub(in super::super) file: PathBuf,

    /// Server version to go to, such as valkey-8.1
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) to: Server,

    /// Server version it runs on now; else what the file or the profile says
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) from: Option<Server>,

    /// Write the new text here; `-` is standard output
    #[arg(short, long, value_name = "OUT", conflicts_with = "in_place")]
    pub(in super::super) output: Option<PathBuf>,

    /// Write the new text into the file itself
    #[arg(long)]
    pub(in super::super) in_place: bool,

    #[command(flatten)]
    pub(in super::super) layers: Layers,
}
