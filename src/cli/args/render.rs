//! The arguments of `redisconf render`.

use std::path::PathBuf;

use clap::Args as Group;

use super::Profile;

pub(super) const EXAMPLES: &str = "Examples:
  redisconf render kb-cache-8gb-rdb-relaxed
  redisconf render pubsub-heavy --target compose --server valkey-8.1 --fact memory=16GiB
  redisconf render profiles/mine.toml -f overlays/prod.toml --set maxclients=20000 -o out/redis.conf
  redisconf render cache --target helm --chart bitnami/valkey --under valkey -o charts/bus/values.yaml
  redisconf render                    # everything that redisconf.toml lists
  redisconf render --check            # exit 1 if an artefact is not current";

#[derive(Debug, Group)]
pub(in crate::cli) struct Render {
    #[command(flatten)]
    pub(in crate::cli) profile: Profile,

    /// What to render: argv, compose, conf, docker-run, helm, kubernetes, prometheus-rules
    #[arg(short, long, value_name = "TARGET", default_value = "conf")]
    pub(in crate::cli) target: String,

    /// Write to this file, or into this folder, instead of standard output
    #[arg(short, long, value_name = "PATH")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Write nothing; exit 1 if what would be written differs from what is there
    #[arg(long)]
    pub(in crate::cli) check: bool,

    /// What becomes of secrets: refuse, aclfile or clear
    #[arg(long, value_name = "HOW", help_heading = "Choices of the target")]
    pub(in crate::cli) secrets: Option<String>,

    /// Folder in which the server finds files with secrets
    #[arg(long, value_name = "PATH", help_heading = "Choices of the target")]
    pub(in crate::cli) secret_directory: Option<String>,

    /// Helm chart: bitnami/redis, bitnami/valkey, cloudpirates/redis, cloudpirates/valkey, command-list, valkey-io/valkey
    #[arg(long, value_name = "CHART", help_heading = "Choices of the target")]
    pub(in crate::cli) chart: Option<String>,

    /// Key of an umbrella chart's values file that holds the block
    #[arg(long, value_name = "KEY", help_heading = "Choices of the target")]
    pub(in crate::cli) under: Option<String>,

    /// The umbrella chart's values file, to print with the block put in
    #[arg(long, value_name = "FILE", requires = "under", help_heading = "Choices of the target")]
    pub(in crate::cli) into: Option<PathBuf>,

    /// When a changed configuration restarts pods: any-change or restart-only
    #[arg(long, value_name = "WHEN", help_heading = "Choices of the target")]
    pub(in crate::cli) roll_on: Option<String>,

    /// Name of service, container or Kubernetes objects
    #[arg(long, value_name = "NAME", help_heading = "Choices of the target")]
    pub(in crate::cli) name: Option<String>,

    /// Image; without a tag it gets the server's version
    #[arg(long, value_name = "IMAGE", help_heading = "Choices of the target")]
    pub(in crate::cli) image: Option<String>,

    /// What runs the pods: deployment or stateful-set
    #[arg(long, value_name = "KIND", help_heading = "Choices of the target")]
    pub(in crate::cli) workload: Option<String>,

    /// Size of the volume, such as 20GiB
    #[arg(long, value_name = "BYTES", help_heading = "Choices of the target")]
    pub(in crate::cli) volume: Option<String>,

    /// Replicas beside the primary
    #[arg(long, value_name = "NUMBER", help_heading = "Choices of the target")]
    pub(in crate::cli) replicas: Option<String>,

    /// Who moves the role of primary about: none or sentinel
    #[arg(long, value_name = "WHO", help_heading = "Choices of the target")]
    pub(in crate::cli) failover: Option<String>,

    /// Project file; else the nearest redisconf.toml, here or above
    #[arg(long, value_name = "FILE", conflicts_with = "profile", help_heading = "Without PROFILE: a whole project")]
    pub(in crate::cli) project: Option<PathBuf>,

    /// Only this instance; may be given again
    #[arg(long, value_name = "NAME", conflicts_with = "profile", help_heading = "Without PROFILE: a whole project")]
    pub(in crate::cli) instance: Vec<String>,

    /// Only the instances of this environment
    #[arg(long, value_name = "NAME", conflicts_with = "profile", help_heading = "Without PROFILE: a whole project")]
    pub(in crate::cli) env: Option<String>,
}
