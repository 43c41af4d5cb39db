//! What is measured, how often, and with what.

use std::time::Duration;

/// What the load looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Reads by Zipf, keys with a time to live, and eviction if memory is short.
    Cache,
    /// Hashes read and written while background saves run.
    Kb,
    /// Messages from publishers to subscribers.
    Pubsub,
    /// Jobs pushed to a list and popped from it.
    Queue,
}

impl Workload {
    /// Every workload, sorted by name.
    pub const ALL: &[Self] = &[Self::Cache, Self::Kb, Self::Pubsub, Self::Queue];

    /// The word users write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cache => "cache",
            Self::Kb => "kb",
            Self::Pubsub => "pubsub",
            Self::Queue => "queue",
        }
    }

    /// The workload with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|workload| workload.name() == name)
    }
}

/// How those who send come by their connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connect {
    /// A connection is kept.
    #[default]
    Pooled,
    /// A new one for each message.
    PerMessage,
}

impl Connect {
    /// The word users write.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pooled => "pooled",
            Self::PerMessage => "per-message",
        }
    }
}

/// What starts background saves while hashes are read and written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Saves {
    /// One is asked for at the start of each measurement.
    #[default]
    Forced,
    /// The save points of the configuration, and nobody else.
    Points,
}

/// The size of the load, the same for both sides.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// The load.
    pub workload: Workload,
    /// Where chance begins.
    pub seed: u64,
    /// Connections that send requests, publish, or push jobs.
    pub clients: usize,
    /// Keys, or hashes.
    pub keys: u64,
    /// Bytes of a value, a job or a message; values vary from half of it to one and a half.
    pub value_size: usize,
    /// Longest time to live of a key of the cache, in milliseconds.
    pub ttl: u64,
    /// Subscribers, or those who pop jobs.
    pub receivers: usize,
    /// Channels that publishers take in turn, and subscribers share.
    pub channels: usize,
    /// Subscribers more, who never read.
    pub stalled: usize,
    /// What starts background saves.
    pub saves: Saves,
    /// Requests a second on the schedule; nothing for 40 % of what the slower side can do.
    pub rate: Option<f64>,
}

/// How often and how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Pairs of runs.
    pub rounds: usize,
    /// How long each of the two measurements of a run takes.
    pub duration: Duration,
    /// How long load runs before, uncounted.
    pub warm_up: Duration,
    /// Share of the processors that others may take, from 0 to 1, before nothing is claimed.
    pub busy: f64,
    /// The smallest difference that is told, as a share: 0.03 is 3 %.
    pub smallest: f64,
    /// The widest uncertainty with which anything is claimed, as a share.
    pub widest: f64,
}
