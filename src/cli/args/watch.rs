//! What `watch` takes.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args as Group;

use super::{Layers, Reach, server};
use crate::server::Server;

pub(in super::super) const EXAMPLES: &str = "Examples:
  redisconf watch cache.toml --live redis://127.0.0.1:6379          # beside a server
  redisconf watch --live --env prod --interval 300 --listen 0.0.0.0:9753
  redisconf watch cache.toml --live redis://cache:6379 --once       # the metrics, once, and the exit code of diff";

#[derive(Debug, Group)]
pub(in super::super) struct Watch {
    /// What is declared: a profile or a configuration file; without an address, names of instances, `*` allowed
    #[arg(value_name = "PROFILE|FILE|INSTANCE")]
    pub(in super::super) from: Option<String>,

    /// Server version that is declared, such as redis-7.4
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) server: Option<Server>,

    /// Time from the end of a look to the next one, in seconds, from 5 to 86400
    #[arg(long, value_name = "SECONDS", value_parser = interval, default_value = "60")]
    pub(in super::super) interval: Duration,

    /// Address and port for the metrics; a port alone is one of this machine alone
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen, default_value = "127.0.0.1:9753")]
    pub(in super::super) listen: SocketAddr,

    /// Look once, print the metrics, and end as `diff` does
    #[arg(long)]
    pub(in super::super) once: bool,

    #[command(flatten)]
    pub(in super::super) layers: Layers,

    #[command(flatten)]
    pub(in super::super) reach: Reach,
}

fn interval(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<u64>().ok().filter(|seconds| (5..=86_400).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(|| "from 5 to 86400 seconds".to_owned())
}

/// Reads `127.0.0.1:9753`, `[::1]:9753` or a port of this machine alone.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let alone = text.parse::<u16>().map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    alone.or_else(|_| text.parse()).map_err(|_| "an address and port are expected, such as 127.0.0.1:9753".to_owned())
}
