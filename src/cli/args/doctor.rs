//! What `doctor` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;

use super::live::seconds;
use super::{Reach, fail_on, severity};
use crate::finding::Severity;
use crate::report::doctor::Library;
use crate::syntax::settings::FailOn;

pub(in super::super) const EXAMPLES: &str = "Examples:
  redisconf doctor --live redis://10.0.0.23:6379
  redisconf doctor --live 10.0.0.23:6379 --window 5 --fact workload=cache --all
  redisconf doctor --live 10.0.0.23:6379 --facts-from deployment.yaml --patch doctor.toml
  redisconf snapshot --live 10.0.0.23:6379 --evidence -o cache.json && redisconf doctor --from cache.json
  redisconf doctor --from cache.json --output-format markdown > diagnosis.md
  redisconf doctor --live 10.0.0.23:6379 --keys=20000 --output-format html=diagnosis.html

Exit codes: 0 nothing at or above --fail-on, 1 findings, 3 a server did not answer, or not in full.";

/// Libraries that advice is asked for.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Clients {
    All,
    One(Library),
}

fn clients(text: &str) -> Result<Clients, String> {
    if text == "all" {
        return Ok(Clients::All);
    }
    let known = Library::ALL.into_iter().find(|library| library.word() == text);
    known.map(Clients::One).ok_or_else(|| format!("there are: all, {}", Library::ALL.map(Library::word).join(", ")))
}

#[derive(Debug, Group)]
pub(in super::super) struct Doctor {
    /// Snapshot with evidence that stands for a server (`redisconf snapshot --evidence`); `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "live")]
    pub(in super::super) from: Option<PathBuf>,

    /// Look twice, so many seconds apart (0.1 to 3600), for rates of now; else they are averages since the start
    #[arg(long, value_name = "SECONDS", value_parser = seconds, num_args = 0..=1, default_missing_value = "5")]
    pub(in super::super) window: Option<Duration>,

    /// Say a fact of the place, such as workload=cache or memory=8GiB
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub(in super::super) facts: Vec<String>,

    /// Take facts from what deploys it: Kubernetes, Compose, Helm values, Dockerfile, systemd
    #[arg(long, value_name = "FILE")]
    pub(in super::super) facts_from: Vec<PathBuf>,

    /// Look at so many keys (1 to 1000000) by SCAN: times to live, sizes and encodings by prefix; never a value
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = "5000",
          value_parser = clap::value_parser!(u64).range(1..=1_000_000), conflicts_with = "from", help_heading = "Keys")]
    pub(in super::super) keys: Option<u64>,

    /// With --keys: at most so many commands a second (10 to 1000000); each key takes four
    #[arg(long, value_name = "N", default_value_t = 5000, requires = "keys",
          value_parser = clap::value_parser!(u64).range(10..=1_000_000), help_heading = "Keys")]
    pub(in super::super) keys_rate: u64,

    /// With --keys: end after so many seconds (0.1 to 3600), with what was seen
    #[arg(long, value_name = "SECONDS", default_value = "30", requires = "keys", value_parser = seconds,
          help_heading = "Keys")]
    pub(in super::super) keys_within: Duration,

    /// Show all findings with all that they rest on, not the worst five
    #[arg(long)]
    pub(in super::super) all: bool,

    /// Say how clients should connect, with settings for these libraries: go-redis, ioredis, jedis, lettuce, node-redis,
    /// redis-py, redis-rs, or all. `--fact app-instances=N` divides the connections
    #[arg(long, value_name = "LIBRARY", value_delimiter = ',', value_parser = clients)]
    pub(in super::super) clients: Vec<Clients>,

    /// Show names of keys, addresses and users, which are masked otherwise
    #[arg(long)]
    pub(in super::super) show_keys: bool,

    /// Write what is proposed as a profile, which `lint`, `verify` and `apply` take
    #[arg(long, value_name = "FILE")]
    pub(in super::super) patch: Option<PathBuf>,

    /// Project file whose `[lint]` says what judges and how badly; else the nearest
    #[arg(long, value_name = "FILE", help_heading = "Which rules")]
    pub(in super::super) config: Option<PathBuf>,

    /// Take no settings of a project or a user
    #[arg(long, conflicts_with = "config", help_heading = "Which rules")]
    pub(in super::super) no_config: bool,

    /// Only these rules or groups
    #[arg(long, value_name = "RULE|GROUP", value_delimiter = ',', help_heading = "Which rules")]
    pub(in super::super) select: Vec<String>,

    /// Not these rules or groups
    #[arg(long, value_name = "RULE|GROUP", value_delimiter = ',', help_heading = "Which rules")]
    pub(in super::super) ignore: Vec<String>,

    /// Mildest severity that is shown: info, warning or error; else warning, and info with --all
    #[arg(long, value_name = "SEVERITY", value_parser = severity, help_heading = "Which rules")]
    pub(in super::super) level: Option<Severity>,

    /// Mildest severity that makes the exit code 1: info, warning, error, fatal or never; else error
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on, help_heading = "How it ends")]
    pub(in super::super) fail_on: Option<FailOn>,

    #[command(flatten)]
    pub(in super::super) reach: Reach,
}
