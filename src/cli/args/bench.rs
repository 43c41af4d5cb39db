//! What `bench` takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args as Group, ValueEnum};

use super::Layers;

pub(in super::super) const EXAMPLES: &str = "Examples:
  redisconf bench before.conf after.conf --server-bin /usr/bin/redis-server
  redisconf bench --before main.toml --after branch.toml --server-bin valkey-server --workload queue
  redisconf bench queue-bullmq --set-b appendfsync=always --workload queue --server-bin redis-server
  redisconf bench pubsub-heavy --connect-b per-message --workload pubsub --server-bin redis-server --html bench.html

Exit codes: 0 it ran, whatever it found, 2 wrong usage or no server, 3 nothing can be claimed.";

/// The loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Load {
    // No documentation on these: clap would print each as a paragraph.
    Cache,
    Kb,
    Pubsub,
    Queue,
}

/// How senders connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Connecting {
    Pooled,
    PerMessage,
}

/// What starts background saves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum Saving {
    Forced,
    Points,
}

#[derive(Debug, Group)]
pub(in super::super) struct Bench {
    /// The two configurations: profiles or files; B may be left out if --set-b or --connect-b makes the difference
    #[arg(value_name = "A", required_unless_present = "before", conflicts_with_all = ["before", "after"])]
    pub(in super::super) a: Option<String>,

    #[arg(value_name = "B", hide = true)]
    pub(in super::super) b: Option<String>,

    /// A, by another name
    #[arg(long, value_name = "PROFILE|FILE", requires = "after")]
    pub(in super::super) before: Option<String>,

    /// B, by another name
    #[arg(long, value_name = "PROFILE|FILE", requires = "before")]
    pub(in super::super) after: Option<String>,

    #[command(flatten)]
    pub(in super::super) layers: Layers,

    /// Set a directive for A alone
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in super::super) set_a: Vec<String>,

    /// Set a directive for B alone
    #[arg(long, value_name = "NAME=VALUE")]
    pub(in super::super) set_b: Vec<String>,

    /// The server's program, such as /usr/bin/redis-server; it is started for each run, and ended
    #[arg(long, value_name = "PATH")]
    pub(in super::super) server_bin: PathBuf,

    /// What to do with it: a cache read by Zipf, hashes under background saves, messages, or jobs
    #[arg(long, value_name = "LOAD", value_enum, default_value_t = Load::Cache, help_heading = "Load")]
    pub(in super::super) workload: Load,

    /// Connections that send, from 1 to 512
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=512), default_value = "4")]
    #[arg(help_heading = "Load")]
    pub(in super::super) clients: u16,

    /// Subscribers, or those who pop jobs, from 1 to 512
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=512), default_value = "4")]
    #[arg(help_heading = "Load")]
    pub(in super::super) receivers: u16,

    /// Channels, which publishers take in turn and subscribers share
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=512), default_value = "1")]
    #[arg(help_heading = "Load")]
    pub(in super::super) channels: u16,

    /// Subscribers more, who never read
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(0..=512), default_value = "0")]
    #[arg(help_heading = "Load")]
    pub(in super::super) stalled: u16,

    /// Keys or hashes, from 2 to 10 million
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(2..=10_000_000))]
    #[arg(default_value = "10000", help_heading = "Load")]
    pub(in super::super) keys: u64,

    /// Bytes of a value, message or job, up to 1 MiB; values are between half of it and one and a half
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1_048_576))]
    #[arg(default_value = "512", help_heading = "Load")]
    pub(in super::super) value_size: u32,

    /// Longest time to live of the cache's keys, in milliseconds; the shortest is half of it
    #[arg(long, value_name = "MILLISECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    #[arg(default_value = "60000", help_heading = "Load")]
    pub(in super::super) ttl: u64,

    /// What starts background saves under `kb`: each measurement, or the save points alone
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Saving::Forced, help_heading = "Load")]
    pub(in super::super) saves: Saving,

    /// How publishers connect: one connection each, or a new one for each message
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Connecting::Pooled, help_heading = "Load")]
    pub(in super::super) connect: Connecting,

    /// The same for B alone
    #[arg(long, value_name = "HOW", value_enum, help_heading = "Load")]
    pub(in super::super) connect_b: Option<Connecting>,

    /// Requests a second on the schedule; else 40 % of what the slower side can do
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    #[arg(help_heading = "Load")]
    pub(in super::super) rate: Option<u32>,

    /// Pairs of runs, from 1 to 1000; below 10 nothing can be claimed
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=1000), default_value = "10")]
    #[arg(help_heading = "Effort")]
    pub(in super::super) rounds: u16,

    /// Length of each of the two measurements of a run, in seconds, from 0.05 to 3600
    #[arg(long, value_name = "SECONDS", value_parser = moment, default_value = "2", help_heading = "Effort")]
    pub(in super::super) duration: Duration,

    /// Load before each measurement, in seconds, from 0.05 to 3600
    #[arg(long, value_name = "SECONDS", value_parser = moment, default_value = "0.5", help_heading = "Effort")]
    pub(in super::super) warm_up: Duration,

    /// Where chance begins: the same keys, values and order for the same number
    #[arg(long, value_name = "NUMBER", default_value = "1", help_heading = "Effort")]
    pub(in super::super) seed: u64,

    /// Share of the processors that others may take before nothing is claimed, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), default_value = "50")]
    #[arg(help_heading = "What is claimed")]
    pub(in super::super) busy: u8,

    /// Smallest difference that is told, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(0..=100), default_value = "3")]
    #[arg(help_heading = "What is claimed")]
    pub(in super::super) smallest: u8,

    /// Widest uncertainty with which `no difference` is said, in percent
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100), default_value = "25")]
    #[arg(help_heading = "What is claimed")]
    pub(in super::super) widest: u8,

    /// Write a page with charts, too
    #[arg(long, value_name = "FILE")]
    pub(in super::super) html: Option<PathBuf>,
}

fn moment(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| (0.05..=3600.0).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or_else(|| "from 0.05 to 3600 seconds".to_owned())
}
