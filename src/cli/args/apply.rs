//! What `apply` and `undo` take.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;

use super::{Layers, Reach, server};
use crate::server::Server;

pub(in super::super) const APPLY_EXAMPLES: &str = "Examples:
  redisconf apply cache.toml --live redis://10.0.0.23:6379 --dry-run    # the plan, nothing is sent
  redisconf apply cache.toml --live redis://10.0.0.23:6379
  redisconf apply 'cache-*' --live --env prod
  redisconf apply --set maxmemory=10gb --live 10.0.0.23 --reason INC-4711 --until 24h    # for a time
  redisconf apply kb-cache --live --allow maxmemory-below-used=kb-cache --step 5% --reason CHG-881

Exit codes: 0 done, 1 refused or nothing sent, 3 a server did not answer, 4 failed and the server is as before, 5 failed
and it is not.";

#[derive(Debug, Group)]
pub(in super::super) struct Apply {
    /// What is declared: a profile or a configuration file; without an address, names of instances, `*` allowed
    #[arg(value_name = "PROFILE|FILE|INSTANCE")]
    pub(in super::super) subject: Option<String>,

    /// Server version that is declared, such as redis-7.4
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(in super::super) server: Option<Server>,

    #[command(flatten)]
    pub(in super::super) layers: Layers,

    #[command(flatten)]
    pub(in super::super) reach: Reach,

    #[command(flatten)]
    pub(in super::super) doing: Doing,

    /// Set only what --set names, for a time: up to this day (2027-01-31, 7d, 24h) the project expects it. It changes nothing
    /// by itself when that day has come: from then on it is drift
    #[arg(long, value_name = "DAY", requires = "sets", requires = "reason")]
    pub(in super::super) until: Option<String>,

    /// Show the plan and send nothing
    #[arg(long)]
    pub(in super::super) dry_run: bool,

    /// Write the plan, with the dangers that --allow names, to a file for review, and send nothing
    #[arg(long, value_name = "FILE", conflicts_with = "plan")]
    pub(in super::super) plan_out: Option<PathBuf>,

    /// Apply only if the plan is still the one in this file; its dangers are allowed
    #[arg(long, value_name = "FILE", conflicts_with = "allow")]
    pub(in super::super) plan: Option<PathBuf>,

    /// Apply even where an operator or chart owns the configuration and may set it back
    #[arg(long)]
    pub(in super::super) even_if_managed: bool,

    /// Allow a danger that the plan names; with several servers as DANGER=INSTANCE
    #[arg(long, value_name = "DANGER[=INSTANCE]")]
    pub(in super::super) allow: Vec<String>,

    /// Then have the server write its file (CONFIG REWRITE): all that runs, options of its command line too. What speaks
    /// against it is told, and allowed by `--allow rewrite-unsafe`; `redisconf render` writes a better file
    #[arg(long, conflicts_with_all = ["plan", "plan_out", "until"])]
    pub(in super::super) rewrite: bool,

    /// Lower `maxmemory` by so many percent at a time, and wait for the eviction between
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(in super::super) step: Option<u8>,
}

/// How changes are made and kept on record.
#[derive(Clone, Debug, Group)]
pub(in super::super) struct Doing {
    /// Do not ask
    #[arg(long)]
    pub(in super::super) yes: bool,

    /// Why, for the journal
    #[arg(long, value_name = "TEXT")]
    pub(in super::super) reason: Option<String>,

    /// Folder of the journal and of what undoes a plan; else `journal` beside the project file, or here
    #[arg(long, value_name = "FOLDER")]
    pub(in super::super) journal: Option<PathBuf>,

    /// Longest wait for an effect such as the rewrite of the append-only file, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = super::live::seconds, default_value = "3600")]
    pub(in super::super) wait: Duration,
}

pub(in super::super) const UNDO_EXAMPLES: &str = "Examples:
  redisconf undo journal/undo-20261122T144312-4711.json";

#[derive(Debug, Group)]
pub(in super::super) struct Undo {
    /// The file that `apply` has written for it
    #[arg(value_name = "FILE")]
    pub(in super::super) file: PathBuf,

    #[command(flatten)]
    pub(in super::super) reach: Reach,

    #[command(flatten)]
    pub(in super::super) doing: Doing,
}

pub(in super::super) const EXPECT_EXAMPLES: &str = "Examples:
  redisconf expect kb-cache hz --value 50 --reason INC-4711 --until 2027-01-31
  redisconf expect kb-cache maxmemory --value 10gb --reason 'sale week' --until 7d";

#[derive(Debug, Group)]
pub(in super::super) struct Expect {
    /// Instance of the project
    #[arg(value_name = "INSTANCE")]
    pub(in super::super) instance: String,

    /// Directive, by any of its names
    #[arg(value_name = "DIRECTIVE")]
    pub(in super::super) directive: String,

    /// Value that may run, as a configuration file would say it
    #[arg(long, value_name = "VALUE")]
    pub(in super::super) value: String,

    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(in super::super) reason: String,

    /// Last day, such as 2027-01-31, or days or hours from now, such as 7d or 24h
    #[arg(long, value_name = "DAY")]
    pub(in super::super) until: String,

    /// Project file or folder; else the nearest above the working directory
    #[arg(long, value_name = "FILE")]
    pub(in super::super) project: Option<PathBuf>,
}

fn percent(text: &str) -> Result<u8, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<u8>().ok();
    number.filter(|number| (1..=50).contains(number)).ok_or_else(|| "from 1% to 50%".to_owned())
}
