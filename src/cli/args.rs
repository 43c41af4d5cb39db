//! What can be written on the command line.

mod acl;
mod apply;
mod bench;
mod compare;
mod doctor;
mod fmt;
mod import;
mod live;
mod quick;
mod render;
mod watch;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args as Group, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::finding::Severity;
use crate::report::lint::{self as report, Output};
use crate::server::Server;
use crate::syntax::settings::FailOn;

pub(super) use acl::{Acl, Use};
pub(super) use apply::{Apply, Doing, Expect, Undo};
pub(super) use bench::{Bench, Connecting, Load, Saving};
pub(super) use compare::{Diff, Upgrade};
pub(super) use doctor::{Clients, Doctor};
pub(super) use fmt::Fmt;
pub(super) use import::Import;
pub(super) use live::{Reach, SnapshotOf, Who};
pub(super) use render::Render;
pub(super) use watch::Watch;

/// Configuration as code for Redis and Valkey.
#[derive(Debug, Parser)]
#[command(name = "redisconf", version, about, long_about = None, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 fine, 1 findings or differences, 2 wrong usage or unreadable input, 3 no full answer from a server."
)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What every subcommand takes.
#[derive(Clone, Debug, Group)]
pub(super) struct Global {
    /// When to use colour; auto means on a terminal, unless the environment says otherwise
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = When::Auto)]
    #[arg(env = "REDISCONF_COLOR", hide_env_values = true, global = true, display_order = 100)]
    pub(super) color: When,

    /// What the output is for: human or json; of lint more, and several at once, such as sarif=FILE
    #[arg(long, value_name = "FORMAT", value_parser = output)]
    #[arg(env = "REDISCONF_OUTPUT_FORMAT", hide_env_values = true, global = true, display_order = 101)]
    pub(super) output_format: Vec<Output>,

    /// Print no summary and nothing that is merely good to know
    #[arg(short, long, global = true, display_order = 102)]
    pub(super) quiet: bool,
}

/// When there is colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    // No documentation on these: clap would print each as a paragraph.
    Auto,
    Always,
    Never,
}

impl Global {
    /// What the output of a command other than `lint` looks like.
    pub(super) fn format(&self) -> Format {
        match self.output_format.as_slice() {
            [Output { format: report::Format::Json, .. }] => Format::Json,
            _ => Format::Human,
        }
    }

    /// What was asked for and only `lint` writes.
    pub(super) fn only_of_lint(&self) -> Option<&Output> {
        let plain = |output: &&Output| {
            output.path.is_none() && matches!(output.format, report::Format::Human | report::Format::Json)
        };
        self.output_format.iter().find(|output| !plain(output)).or(self.output_format.get(1))
    }
}

/// What output looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Human,
    Json,
}

/// Reads `sarif` or `sarif=out.sarif`.
fn output(text: &str) -> Result<Output, String> {
    report::Format::parse(text)
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the ACL user that a server must have for a command of redisconf, with the fewest rights
    #[command(after_help = acl::EXAMPLES)]
    Acl(Acl),
    /// Bring what is declared into force on running servers: a plan, its dangers, and a way back
    #[command(after_help = apply::APPLY_EXAMPLES)]
    Apply(Apply),
    /// Measure two configurations on the same server, by turns, and tell whether they differ
    #[command(after_help = bench::EXAMPLES)]
    Bench(Bench),
    /// Print a completion script for a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Completions),
    /// Tell what differs between two configurations, by meaning: files, profiles, dumps, versions
    #[command(after_help = compare::DIFF_EXAMPLES)]
    Diff(Diff),
    /// Look for what is wrong with a running server: evidence, thresholds, what to change
    #[command(after_help = doctor::EXAMPLES)]
    Doctor(Box<Doctor>),
    /// Read off a server program what it knows, as a dump for the catalogue
    #[command(hide = true)]
    DumpServer(DumpServer),
    /// Say in the project file that a difference of a running server is no drift, why, and up to when
    #[command(after_help = apply::EXPECT_EXAMPLES)]
    Expect(Expect),
    /// Tell what a directive takes and does, or what a rule or a group of rules finds
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Give configuration files one spelling: blanks, case, blank lines; what servers read stays the same
    #[command(after_help = fmt::EXAMPLES)]
    Fmt(Fmt),
    /// Make the smallest profile that means what a configuration means, and prove it
    #[command(after_help = import::EXAMPLES)]
    Import(Import),
    /// Write a starting project
    #[command(after_help = INIT_EXAMPLES)]
    Init(Init),
    /// Print a manual page
    #[command(after_help = MAN_EXAMPLES)]
    Man(Man),
    /// List the built-in profiles, or print one
    #[command(after_help = PROFILES_EXAMPLES)]
    Profiles(Profiles),
    /// Find mistakes in configurations, wherever they are kept
    #[command(after_help = LINT_EXAMPLES)]
    Lint(Lint),
    /// Render a profile, or a whole project, for a target
    #[command(after_help = render::EXAMPLES)]
    Render(Render),
    /// List the rules that lint judges by
    #[command(after_help = RULES_EXAMPLES)]
    Rules,
    /// List what is in force, as CONFIG GET would show it, with where it comes from
    #[command(after_help = SHOW_EXAMPLES, override_usage = "redisconf show [OPTIONS] <FILE | -- PROGRAM...>")]
    Show(Show),
    /// Keep what a running server says, as a file that can stand for it
    #[command(after_help = live::SNAPSHOT_EXAMPLES)]
    Snapshot(SnapshotOf),
    /// Take back what `apply` has set on a running server
    #[command(after_help = apply::UNDO_EXAMPLES)]
    Undo(Undo),
    /// Rewrite a configuration file for another server version, and tell what that changes
    #[command(after_help = compare::UPGRADE_EXAMPLES)]
    Upgrade(Upgrade),
    /// Boot the real server with it, and tell what the server understood differently
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Hold running servers against what is declared, again and again, with metrics for Prometheus
    #[command(after_help = watch::EXAMPLES)]
    Watch(Watch),
    /// Tell why a directive has its value: every assignment, and which one counts
    #[command(after_help = WHY_EXAMPLES, override_usage = "redisconf why [OPTIONS] <NAME> <FILE | -- PROGRAM...>")]
    Why(Why),
}

const COMPLETIONS_EXAMPLES: &str = "Examples:
  redisconf completions bash > ~/.local/share/bash-completion/completions/redisconf
  redisconf completions zsh > ~/.zfunc/_redisconf";

const EXPLAIN_EXAMPLES: &str = "Examples:
  redisconf explain maxmemory-policy
  redisconf explain io-threads --server valkey-8.1
  redisconf explain sentinel monitor
  redisconf explain inline-comment
  redisconf explain memory            # the rules about memory";

const LINT_EXAMPLES: &str = "Examples:
  redisconf lint                                  # everything under the working directory
  redisconf lint /etc/redis/redis.conf --server redis-7.4 --fact memory=8GiB --fact workload=cache
  redisconf lint --fix --diff redis.conf          # what the safe fixes would change
  redisconf lint --select fatal deploy/           # only what a server would refuse
  redisconf lint --server valkey-8.1 --previous redis-6.2 redis.conf
  redisconf lint --output-format human --output-format sarif=lint.sarif";

const MAN_EXAMPLES: &str = "Examples:
  redisconf man > redisconf.1
  redisconf man show > redisconf-show.1";

const INIT_EXAMPLES: &str = "Examples:
  redisconf init
  redisconf init fleet --name sessions --profile session-store --server valkey-8.1 --memory 8GiB";

const PROFILES_EXAMPLES: &str = "Examples:
  redisconf profiles
  redisconf profiles pubsub-heavy > profiles/bus.toml";

const RULES_EXAMPLES: &str = "Examples:
  redisconf rules
  redisconf rules --output-format json
  redisconf rules --output-format markdown > rules.md";

const VERIFY_EXAMPLES: &str = "Examples:
  redisconf verify session-store --server-bin /usr/bin/redis-server
  redisconf verify /etc/redis/redis.conf --server-bin ./valkey-server";

const SHOW_EXAMPLES: &str = "Examples:
  redisconf show /etc/redis/redis.conf
  redisconf show redis.conf --server redis-7.4 --all
  redisconf show --output-format json valkey.conf
  redisconf show - < redis.conf
  redisconf show builtin:cache
  redisconf show -- redis-server /etc/redis/redis.conf --maxmemory 1gb";

const WHY_EXAMPLES: &str = "Examples:
  redisconf why save /etc/redis/redis.conf
  redisconf why client-output-buffer-limit redis.conf --server redis-6.2
  redisconf why maxmemory -- redis-server redis.conf --maxmemory 1gb";

/// What to read: a file, or a server's command line.
#[derive(Debug, Group)]
pub(super) struct Input {
    /// Built-in profile, profile file or configuration file; `-` is a configuration on standard input
    #[arg(value_name = "PROFILE|FILE", required_unless_present = "program", conflicts_with = "program")]
    pub(super) file: Option<PathBuf>,

    /// Command line of a server: its program, then its arguments
    #[arg(value_name = "PROGRAM", last = true)]
    pub(super) program: Vec<OsString>,

    /// Server version to read it as, such as redis-7.4 or valkey-8.1.3
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,

    #[command(flatten)]
    pub(super) layers: Layers,
}

/// What stands above a profile.
#[derive(Clone, Debug, Default, Group)]
pub(super) struct Layers {
    /// Layer above the profile; may be given again, later ones win
    #[arg(short, long = "file", value_name = "TOML")]
    pub(super) files: Vec<String>,

    /// Set a directive, above all layers
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub(super) sets: Vec<String>,

    /// Say a fact of the place, such as memory=8GiB
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub(super) facts: Vec<String>,
}

/// A profile, and what stands above it.
#[derive(Clone, Debug, Group)]
#[expect(clippy::struct_field_names, reason = "the field is the argument of that name")]
pub(super) struct Profile {
    /// Built-in profile, name in the folder `profiles`, or file: TOML, redis.conf or valkey.conf
    #[arg(value_name = "PROFILE|FILE")]
    pub(super) profile: Option<String>,

    /// Server version, such as redis-7.4 or valkey-8.1.3
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,

    #[command(flatten)]
    pub(super) layers: Layers,
}

#[derive(Debug, Group)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(super) struct Lint {
    /// Files, and folders to look through; `-` is standard input; else the working directory
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,

    /// Server version to judge by, such as redis-7.4 or valkey-8.1.3; else what the files say
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,

    /// What was deployed before: a version, a configuration file or a profile
    #[arg(long, value_name = "SERVER|FILE|PROFILE")]
    pub(super) previous: Vec<String>,

    /// Say a fact of the place, such as memory=8GiB
    #[arg(long = "fact", value_name = "NAME=VALUE")]
    pub(super) facts: Vec<String>,

    /// Only these rules, groups or severities
    #[arg(long, value_name = "RULE|GROUP|SEVERITY", value_delimiter = ',', help_heading = "Which rules")]
    pub(super) select: Vec<String>,

    /// Not these rules or groups
    #[arg(long, value_name = "RULE|GROUP", value_delimiter = ',', help_heading = "Which rules")]
    pub(super) ignore: Vec<String>,

    /// Mildest severity that is shown: info, warning, error or fatal
    #[arg(long, value_name = "SEVERITY", value_parser = severity, help_heading = "Which rules")]
    pub(super) level: Option<Severity>,

    /// Take no notice of `# redisconf: ignore[…]` comments
    #[arg(long, help_heading = "Which rules")]
    pub(super) no_ignores: bool,

    /// Show what comments and the baseline suppress, too
    #[arg(long, help_heading = "Which rules")]
    pub(super) show_suppressed: bool,

    /// Mildest severity that makes the exit code 1: info, warning, error, fatal or never
    #[arg(long, value_name = "SEVERITY", value_parser = fail_on, help_heading = "How it ends")]
    pub(super) fail_on: Option<FailOn>,

    /// Exit with 0 whatever is found
    #[arg(long, help_heading = "How it ends")]
    pub(super) exit_zero: bool,

    /// Exit with 0 if there is no file to lint
    #[arg(long, help_heading = "How it ends")]
    pub(super) allow_empty: bool,

    /// Carry out the safe fixes
    #[arg(long, help_heading = "Fixes")]
    pub(super) fix: bool,

    /// Carry out the fixes that change what the server does, too
    #[arg(long, help_heading = "Fixes")]
    pub(super) unsafe_fixes: bool,

    /// Write nothing; print what the fixes would change
    #[arg(long, help_heading = "Fixes")]
    pub(super) diff: bool,

    /// Exit with 1 if something was mended
    #[arg(long, help_heading = "Fixes")]
    pub(super) exit_non_zero_on_fix: bool,

    /// Leave out what this file lists
    #[arg(long, value_name = "FILE", help_heading = "Settings")]
    pub(super) baseline: Option<PathBuf>,

    /// Write all findings into the baseline and end with 0
    #[arg(long, help_heading = "Settings")]
    pub(super) write_baseline: bool,

    /// Project file with settings; else the nearest redisconf.toml
    #[arg(long, value_name = "FILE", env = "REDISCONF_CONFIG", hide_env_values = true, help_heading = "Settings")]
    pub(super) config: Option<PathBuf>,

    /// Read no settings
    #[arg(long, conflicts_with = "config", help_heading = "Settings")]
    pub(super) no_config: bool,

    /// Leave out what matches; may be given again
    #[arg(long, value_name = "PATTERN", help_heading = "Settings")]
    pub(super) exclude: Vec<String>,

    /// Leave excluded files out even if they are named
    #[arg(long, help_heading = "Settings")]
    pub(super) force_exclude: bool,

    /// What standard input is called, and taken for
    #[arg(long, value_name = "NAME", help_heading = "Settings")]
    pub(super) stdin_filename: Option<PathBuf>,
}

/// Reads what `--fail-on` takes.
fn fail_on(text: &str) -> Result<FailOn, String> {
    if text == "never" {
        return Ok(FailOn::Never);
    }
    severity(text).map(FailOn::AtLeast).map_err(|error| error.replace(" or", ",") + " or never")
}

/// Reads a severity.
fn severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Info, Severity::Warning, Severity::Error, Severity::Fatal];
    all.into_iter().find(|one| one.word() == text).ok_or_else(|| "it is info, warning, error or fatal".into())
}

#[derive(Debug, Group)]
pub(super) struct Profiles {
    /// Print the text of this built-in profile
    #[arg(value_name = "NAME")]
    pub(super) name: Option<String>,
}

#[derive(Debug, Group)]
pub(super) struct Init {
    /// Folder of the project; else the working directory
    #[arg(value_name = "FOLDER")]
    pub(super) folder: Option<PathBuf>,

    /// Name of the first instance
    #[arg(long, value_name = "NAME", default_value = "cache")]
    pub(super) name: String,

    /// Built-in profile that it runs
    #[arg(long, value_name = "PROFILE", default_value = "cache")]
    pub(super) profile: String,

    /// Its server version
    #[arg(long, value_name = "SERVER", value_parser = server)]
    pub(super) server: Option<Server>,

    /// Memory it may use
    #[arg(long, value_name = "BYTES", default_value = "4GiB")]
    pub(super) memory: String,
}

#[derive(Debug, Group)]
pub(super) struct Verify {
    #[command(flatten)]
    pub(super) profile: Profile,

    /// The server's program, such as /usr/bin/redis-server
    #[arg(long, value_name = "PATH")]
    pub(super) server_bin: PathBuf,

    /// Load the modules that the configuration names; this runs their code
    #[arg(long)]
    pub(super) allow_modules: bool,
}

#[derive(Debug, Group)]
pub(super) struct DumpServer {
    /// The server's program
    #[arg(long, value_name = "PATH")]
    pub(super) server_bin: PathBuf,
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
    /// Directive, `sentinel` with what follows it, rule, or group of rules
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
