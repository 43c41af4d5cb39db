//! What can be written on the command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::server::Server;

/// Configuration as code for Redis and Valkey.
#[derive(Debug, Parser)]
#[command(name = "redisconf", version, about, long_about = None, max_term_width = 100)]
#[command(after_help = "Exit codes: 0 fine, 1 findings or differences, 2 wrong usage or unreadable input.")]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every subcommand takes.
#[derive(Debug, Group)]
pub(super) struct Global {
    /// When to use colour
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    #[arg(env = "REDISCONF_COLOR", hide_env_values = true, global = true, display_order = 100)]
    pub(super) color: When,

    /// What the output looks like
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Human)]
    #[arg(env = "REDISCONF_OUTPUT_FORMAT", hide_env_values = true, global = true, display_order = 101)]
    pub(super) output_format: Format,

    /// Print no summary and nothing that is merely good to know
    #[arg(short, long, global = true, display_order = 102)]
    pub(super) quiet: bool,
}

/// When there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What output looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Human,
    /// For programs
    Json,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Tell what a directive takes and does, or what a rule finds
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Print a manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man(Man),
    /// List what is in force, as CONFIG GET would show it, with where it comes from
    #[command(after_help = SHOW_EXAMPLES)]
    Show(Show),
    /// Tell why a directive has its value: every assignment, and which one counts
    #[command(after_help = WHY_EXAMPLES)]
    Why(Why),
}

const COMPLETIONS_EXAMPLES: &str = "Examples:
  redisconf completions bash > ~/.local/share/bash-completion/completions/redisconf
  redisconf completions zsh > ~/.zfunc/_redisconf";

const EXPLAIN_EXAMPLES: &str = "Examples:
  redisconf explain maxmemory-policy
  redisconf explain io-threads --server valkey-8.1
  redisconf explain sentinel monitor
  redisconf explain inline-comment";

const MAN_EXAMPLES: &str = "Examples:
  redisconf man > redisconf.1
  redisconf man show > redisconf-show.1";

const SHOW_EXAMPLES: &str = "Examples:
  redisconf show /etc/redis/redis.conf
  redisconf show redis.conf --server redis-7.4 --all
  redisconf show --output-format json valkey.conf
  redisconf show - < redis.conf
  redisconf show -- redis-server /etc/redis/redis.conf --maxmemory 1gb";

const WHY_EXAMPLES: &str = "Examples:
  redisconf why save /etc/redis/redis.conf
  redisconf why client-output-buffer-limit redis.conf --server redis-6.2
  redisconf why maxmemory -- redis-server redis.conf --maxmemory 1gb";

/// What to read: a file, or a server's command line.
#[derive(Debug, Group)]
pub(super) struct Input {
    /// Configuration file; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "program", conflicts_with = "program")]
    pub(super) file: Option<PathBuf>,

    /// Command line of a server: its program, then its arguments
    #[arg(value_name = "PROGRAM", last = true)]
    pub(super) program: Vec<OsString>,

    /// Server version to read it as, such as redis-7.4 or valkey-8.1.3
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,
}

#[derive(Debug, Group)]
pub(super) struct Show {
    #[command(flatten)]
    pub(super) input: Input,

    /// List the directives that nothing sets, too
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Debug, Group)]
pub(super) struct Why {
    /// Name of the directive
    #[arg(value_name = "NAME")]
    pub(super) name: String,

    #[command(flatten)]
    pub(super) input: Input,
}

#[derive(Debug, Group)]
pub(super) struct Explain {
    /// Directive, `sentinel` with what follows it, or rule
    #[arg(value_name = "NAME", required = true, num_args = 1..=2)]
    pub(super) name: Vec<String>,

    /// Server version to explain it for
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,
}

#[derive(Debug, Group)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Group)]
pub(super) struct Man {
    /// A subcommand; without one the page is about all
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,
}

fn server(text: &str) -> Result<Server, String> {
    text.parse::<Server>().map_err(|error| error.to_string())
}
