//! What commands take that speak with running servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as Group;

/// How to reach running servers.
#[derive(Clone, Debug, Default, Group)]
pub(in super::super) struct Reach {
    /// Running server: redis://[USER@]HOST[:PORT], rediss://…, unix:///PATH or HOST:PORT; or a dump that stands for one,
    /// as a file or `-`. Without a value: what the project's instances name
    #[arg(long, value_name = "URL|DUMP", num_args = 0..=1, default_missing_value = "", group = "place")]
    #[arg(help_heading = "Running servers")]
    pub(in super::super) live: Vec<String>,

    /// File with addresses as --live takes them, one a line, `#` begins a comment; `-` is standard input
    #[arg(long, value_name = "FILE", group = "place", conflicts_with = "live", help_heading = "Running servers")]
    pub(in super::super) live_from: Option<PathBuf>,

    #[command(flatten)]
    pub(in super::super) who: Who,

    /// Most servers that are spoken with at once
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=512), default_value = "16")]
    #[arg(requires = "place", help_heading = "Running servers")]
    pub(in super::super) jobs: u16,

    /// Where an announced address is reached from here, such as 10.0.0.7:6379=127.0.0.1:16379; may be given again
    #[arg(long, value_name = "HOST:PORT=HOST:PORT", requires = "place", help_heading = "Running servers")]
    pub(in super::super) map: Vec<String>,

    /// Name that Sentinel knows the primary by; else the project's, or the only one
    #[arg(long, value_name = "NAME", requires = "place", help_heading = "Running servers")]
    pub(in super::super) service: Option<String>,

    /// Look at the named addresses alone: not at the replicas or the other nodes of a cluster
    #[arg(long, requires = "place", conflicts_with_all = ["map", "service"], help_heading = "Running servers")]
    pub(in super::super) no_discover: bool,

    /// Only instances of this environment
    #[arg(long, value_name = "NAME", help_heading = "A whole project")]
    pub(in super::super) env: Option<String>,

    /// Project file or folder; else the nearest above the working directory
    #[arg(long, value_name = "FILE", help_heading = "A whole project")]
    pub(in super::super) project: Option<PathBuf>,

    /// Configuration that the server would read at a restart; else its own file, if it runs on this machine
    #[arg(long, value_name = "FILE", requires = "place", help_heading = "Running servers")]
    pub(in super::super) deployed: Option<PathBuf>,
}

/// Who we are to a server, whom we trust, and how long we wait.
#[derive(Clone, Debug, Default, Group)]
pub(in super::super) struct Who {
    /// ACL user; else the one in the address, else `default`
    #[arg(long, value_name = "NAME", env = "REDISCONF_USER", hide_env_values = true, requires = "place")]
    #[arg(help_heading = "Running servers")]
    pub(in super::super) user: Option<String>,

    /// Environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", requires = "place", default_value = "REDISCONF_PASSWORD")]
    #[arg(help_heading = "Running servers")]
    pub(in super::super) password_env: String,

    /// File whose first line is the password
    #[arg(long, value_name = "FILE", requires = "place", help_heading = "Running servers")]
    pub(in super::super) password_file: Option<PathBuf>,

    /// Ask for the password
    #[arg(long, requires = "place", conflicts_with = "password_file", help_heading = "Running servers")]
    pub(in super::super) ask_password: bool,

    /// Certificates of the authorities to trust, in PEM form; else the system's
    #[arg(long, value_name = "FILE", requires = "place", help_heading = "Running servers")]
    pub(in super::super) tls_ca: Option<PathBuf>,

    /// Client certificate, in PEM form, with its chain
    #[arg(long, value_name = "FILE", requires = "place", help_heading = "Running servers")]
    pub(in super::super) tls_cert: Option<PathBuf>,

    /// Key of the client certificate, in PEM form
    #[arg(long, value_name = "FILE", requires = "place", help_heading = "Running servers")]
    pub(in super::super) tls_key: Option<PathBuf>,

    /// Name that the server's certificate must have (SNI), if it is not the host's
    #[arg(long, value_name = "NAME", requires = "place", help_heading = "Running servers")]
    pub(in super::super) tls_server_name: Option<String>,

    /// Longest wait for a connection, and for each answer, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = seconds, default_value = "5", requires = "place")]
    #[arg(help_heading = "Running servers")]
    pub(in super::super) timeout: Duration,
}

pub(in super::super) const SNAPSHOT_EXAMPLES: &str = "Examples:
  redisconf snapshot --live redis://10.0.0.23:6379 --output snapshots/cache.json
  redisconf snapshot --live-from hosts.txt --output snapshots/
  redisconf diff cache.toml --live snapshots/cache.json
  kubectl exec cache-0 -- sh -c 'redis-cli INFO; redis-cli --json CONFIG GET \"*\"' | redisconf diff cache.toml --live -";

/// What `snapshot` takes.
#[derive(Debug, Group)]
pub(in super::super) struct SnapshotOf {
    /// File to write, readable for its owner alone; else standard output. With several servers a folder, a file for each
    #[arg(short, long, value_name = "FILE")]
    pub(in super::super) output: Option<PathBuf>,

    /// Keep passwords, too; without it they are not even asked for
    #[arg(long, requires = "output")]
    pub(in super::super) secrets: bool,

    /// Keep what `doctor` rests on, too: slow commands, connections, memory, users without passwords
    #[arg(long)]
    pub(in super::super) evidence: bool,

    /// With --evidence, look twice, so many seconds apart, so that `doctor` knows rates of now
    #[arg(long, value_name = "SECONDS", value_parser = seconds, requires = "evidence", num_args = 0..=1)]
    #[arg(default_missing_value = "5")]
    pub(in super::super) window: Option<Duration>,

    #[command(flatten)]
    pub(in super::super) reach: Reach,
}

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected, such as 5 or 0.5".to_owned())?;
    let fits = seconds > 0.0 && seconds <= 3600.0;
    if fits { Ok(Duration::from_secs_f64(seconds)) } else { Err("from above 0 to 3600 seconds".to_owned()) }
}
