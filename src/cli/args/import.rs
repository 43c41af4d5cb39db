//! The arguments of `redisconf import`.

use std::path::PathBuf;

use clap::Args as Group;

use super::{Who, server};
use crate::server::Server;

pub(super) const EXAMPLES: &str = "Examples:
  redisconf import /etc/redis/redis.conf --server redis-7.4 -o profiles/sessions.toml
  redisconf import redis.conf --server redis-7.4 --extends org/base.toml -o profiles/sessions.toml
  redisconf import hosts/*.conf --server redis-6.2 --extends cache -o profiles/
  redisconf import docker-compose.yml --only cache -o profiles/cache.toml
  redisconf import --factor hosts/*.conf --server redis-7.4 -o fleet/
  redis-cli --json CONFIG GET '*' | redisconf import - --server valkey-8.1 --name sessions
  redisconf import rediss://ops@10.0.0.23:6380 --password-file pw --tls-ca ca.pem -o profiles/sessions.toml
  redisconf import dump.json --into profiles/sessions.toml --check

Exit codes: 0 all of it is in the profile, 1 something is left over or, with `--into`, different, and named (with `--check`
also if something would be added), 2 there is no profile; with `--factor` 2 also if some of the files could not be imported
and the others were.";

#[derive(Debug, Group)]
pub(in crate::cli) struct Import {
    /// redis.conf, valkey.conf, or what CONFIG GET '*' answered (JSON or lines); `-` is standard input. Compose files,
    /// manifests, values of charts, Dockerfiles, units of systemd and scripts of `docker run` make a profile for each
    /// server in them. An address (`redis://HOST:PORT`, `redis://USER@HOST`, `unix:///PATH`, `HOST:PORT`) asks a running
    /// server, which is only read from
    #[arg(value_name = "FILE", required = true, group = "place")]
    pub(in crate::cli) inputs: Vec<PathBuf>,

    /// Layer below the profile: a built-in one, one of the folder `profiles`, or a file; may be given again. `auto` takes, of
    /// the built-in ones and those of the folder `profiles`, the one that makes the smallest profile
    #[arg(long, value_name = "LAYER")]
    pub(in crate::cli) extends: Vec<String>,

    /// Server version that runs it, such as redis-7.4 or valkey-8.1.3; else what a comment in the file says
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in crate::cli) server: Option<Server>,

    /// Name of the profile; else by the file that is written, or read
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: Option<String>,

    /// Write to this file, or into this folder, instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Of a file with several servers, those of this name: a service, a workload, a unit; may be given again
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) only: Vec<String>,

    /// Add to this profile what it and its layers do not name, instead of making a new one; what they do name stays
    #[arg(long, value_name = "PROFILE", conflicts_with_all = ["extends", "name", "output", "force"])]
    pub(in crate::cli) into: Option<PathBuf>,

    /// With `--into`: write nothing, only show what would be added
    #[arg(long, requires = "into")]
    pub(in crate::cli) check: bool,

    /// Replace a profile, or a project of `--factor`, that is there already
    #[arg(long)]
    pub(in crate::cli) force: bool,

    /// Make one project of many files: a base layer, a few profiles, short instances; with a list of outliers. Folders are
    /// searched for `*.conf`. Without `--output` the proposal is only told
    #[arg(long, conflicts_with_all = ["extends", "name"])]
    pub(in crate::cli) factor: bool,

    /// Instances, from 2, that must share a layer before it is proposed; else one in fifty, and at least 3
    #[arg(long, value_name = "N", requires = "factor", value_parser = clap::value_parser!(u32).range(2..))]
    pub(in crate::cli) min_share: Option<u32>,

    #[command(flatten)]
    pub(in crate::cli) who: Who,
}
