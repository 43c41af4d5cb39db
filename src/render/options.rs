//! What a user may choose of an artefact. It belongs to the instance, never to the profile.

use super::Target;

/// A Helm chart whose values are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Chart {
    /// Redis by Bitnami.
    BitnamiRedis,
    /// Valkey by Bitnami.
    BitnamiValkey,
    /// Redis by `CloudPirates`.
    CloudPiratesRedis,
    /// Valkey by `CloudPirates`.
    CloudPiratesValkey,
    /// A chart of one's own with the lists `command` and `resources`.
    CommandList,
    /// Valkey by its own project.
    Valkey,
}

impl Chart {
    /// Every chart, sorted by name.
    pub const ALL: &[Self] = &[
        Self::BitnamiRedis,
        Self::BitnamiValkey,
        Self::CloudPiratesRedis,
        Self::CloudPiratesValkey,
        Self::CommandList,
        Self::Valkey,
    ];

    /// The word users write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BitnamiRedis => "bitnami/redis",
            Self::BitnamiValkey => "bitnami/valkey",
            Self::CloudPiratesRedis => "cloudpirates/redis",
            Self::CloudPiratesValkey => "cloudpirates/valkey",
            Self::CommandList => "command-list",
            Self::Valkey => "valkey-io/valkey",
        }
    }

    /// The chart with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|chart| chart.name() == name)
    }
}

/// When a changed configuration restarts pods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RollOn {
    /// Whenever a value changes.
    #[default]
    AnyChange,
    /// When a value changes that only a restart can bring into force; the others are left to `CONFIG SET`.
    RestartOnly,
}

/// What becomes of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrets {
    /// No secret leaves its place. Kubernetes targets refer to Secrets; all others refuse.
    #[default]
    Refuse,
    /// Users go into `users.acl` as hashes; what has to be clear goes into an included file of its own.
    AclFile,
    /// In clear, in a file for its owner alone; never on a command line.
    Clear,
}

/// Who moves the role of primary about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Failover {
    /// Nobody.
    #[default]
    None,
    /// Sentinel, which has the server rewrite its own configuration file.
    Sentinel,
}

/// How a command line is laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// One directive a line, joined by `\`.
    #[default]
    Lines,
    /// All in one line.
    OneLine,
}

/// What runs the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Without a volume.
    Deployment,
    /// With a volume.
    StatefulSet,
}

/// The choices for one artefact. [`Options::new`] has a sensible answer to each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What is rendered.
    pub target: Target,
    /// Which chart; `helm` alone takes one, and needs one.
    pub chart: Option<Chart>,
    /// Key path such as `valkey` or `cache.valkey` of an umbrella chart's values; `helm` alone takes one.
    pub under: Option<String>,
    /// What the umbrella chart's values file holds today.
    pub existing: Option<Vec<u8>>,
    /// When pods restart.
    pub roll_on: RollOn,
    /// What becomes of secrets.
    pub secrets: Secrets,
    /// Where the server finds `users.acl` and `secrets.conf`; left out, `/etc/redis` or `/etc/valkey`.
    pub secret_directory: Option<String>,
    /// Name of service, container or Kubernetes objects; left out, the profile's.
    pub resource_name: Option<String>,
    /// The image; left out, the official one. Without a tag it gets the server's version.
    pub image: Option<String>,
    /// What runs the pods; left out, by whether data is kept.
    pub workload: Option<Workload>,
    /// Bytes of the volume; left out, from what is known of the data.
    pub volume: Option<u64>,
    /// Replicas beside the primary; left out, the fact `replicas`.
    pub replicas: Option<u32>,
    /// Who moves the role of primary about.
    pub failover: Failover,
    /// How a command line is laid out.
    pub layout: Layout,
}

impl Options {
    /// The sensible choices for a target.
    #[must_use]
    pub fn new(target: Target) -> Self {
        Self {
            target,
            chart: None,
            under: None,
            existing: None,
            roll_on: RollOn::default(),
            secrets: Secrets::default(),
            secret_directory: None,
            resource_name: None,
            image: None,
            workload: None,
            volume: None,
            replicas: None,
            failover: Failover::default(),
            layout: Layout::default(),
        }
    }
}
