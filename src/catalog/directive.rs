//! What is known of one directive in one server version.

use serde::Deserialize;

/// Identity of a catalogue entry. Names change between versions (`masterauth`, `primaryauth`), the identity does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirectiveId(pub(crate) u16);

impl DirectiveId {
    /// Position of the entry in the catalogue, for dense tables.
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A word of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumWord {
    /// As written in a file, lower case.
    pub name: String,
    /// As CONFIG GET shows it; differs from `name` for synonyms (`relative` reads back as `yes`).
    pub shown: String,
}

/// A word of a set of flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagWord {
    /// As written in a file, lower case.
    pub name: String,
    /// The bits it stands for; 0 is the neutral word, a word with many bits stands for the others together.
    pub bits: u32,
}

/// What a free text must obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent rules, each read on its own")]
pub struct TextRules {
    /// An empty text is refused.
    pub not_empty: bool,
    /// None of these bytes may occur.
    pub refuses: String,
    /// Most bytes accepted.
    pub longest: Option<usize>,
    /// Only letters, digits, `-` and `.`, shorter than 256 bytes.
    pub hostname: bool,
    /// Empty, or an IPv4 address.
    pub ipv4: bool,
    /// Empty, or an IPv6 address.
    pub ipv6: bool,
    /// A template of `{variables}` that the server knows and that must not come out empty.
    pub title_template: bool,
    /// A locale that the host must have.
    pub locale: bool,
}

/// What a directive takes. Ranges are inclusive; they reach from `i64::MIN` to `u64::MAX`, hence `i128`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`.
    Bool,
    /// A plain decimal number.
    Int {
        /// Smallest accepted.
        min: i128,
        /// Largest accepted.
        max: i128,
    },
    /// Bytes, with an optional unit (`k` 1000, `kb` 1024, …).
    Memory {
        /// Smallest accepted.
        min: i128,
        /// Largest accepted.
        max: i128,
    },
    /// Bytes as [`Kind::Memory`], or `N%` from 0 to 100.
    MemoryOrPercent {
        /// Smallest number of bytes accepted.
        min: i128,
        /// Largest number of bytes accepted.
        max: i128,
    },
    /// File permissions in base 8.
    Octal {
        /// Smallest accepted.
        min: i128,
        /// Largest accepted.
        max: i128,
    },
    /// One of these words.
    Enum(Vec<EnumWord>),
    /// Some of these words.
    Flags(Vec<FlagWord>),
    /// Free text that ends at a NUL byte.
    Text(TextRules),
    /// Any bytes at all.
    Bytes,
    /// A list of words.
    Words {
        /// Fewest accepted.
        min: usize,
        /// Most accepted.
        max: usize,
    },
    /// Pairs of seconds and changes.
    Save,
    /// Groups of class, hard limit, soft limit, seconds.
    BufferLimits,
    /// Letters of keyspace events; these are known.
    Events(String),
    /// Numbers from 0 to 100.
    Percentiles,
    /// Three numbers from -2000 to 2000.
    OomValues,
    /// `host port`, or `no one`.
    ReplicaOf,
    /// A directory that must exist.
    Dir,
    /// `include FILE`
    Include,
    /// `rename-command OLD NEW`
    RenameCommand,
    /// `loadmodule PATH [ARGUMENT…]`
    LoadModule,
    /// `user NAME [RULE…]`
    User,
    /// `sentinel …`, refused outside Sentinel mode.
    Sentinel,
}

impl Kind {
    /// Whether more than one argument is read, and a single quoted one may be split again.
    #[must_use]
    pub fn is_many_valued(&self) -> bool {
        matches!(
            self,
            Self::Flags(_)
                | Self::Words { .. }
                | Self::Save
                | Self::BufferLimits
                | Self::Percentiles
                | Self::OomValues
                | Self::ReplicaOf
        )
    }

    /// The arguments of each statement that a file would need for a value as CONFIG GET shows it.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "only what takes several words is special")]
    pub fn statements(&self, value: &[u8]) -> Vec<Vec<Vec<u8>>> {
        let words = || value.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).map(<[u8]>::to_vec);
        // One group a line: the old parser takes no more.
        let groups = |size: usize| {
            let words: Vec<Vec<u8>> = words().collect();
            words.chunks(size).map(<[Vec<u8>]>::to_vec).collect::<Vec<_>>()
        };
        match self {
            // What shows as nothing: no primary.
            Self::ReplicaOf if value.is_empty() => Vec::new(),
            Self::BufferLimits => groups(4),
            Self::Save if !value.is_empty() => groups(2),
            kind if kind.is_many_valued() && !value.is_empty() => vec![words().collect()],
            _ => vec![vec![value.to_vec()]],
        }
    }
}

/// What a second statement of the same directive does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repeat {
    /// Replaces the first.
    LastWins,
    /// Adds to the first (`save`).
    Adds,
    /// Replaces what the first said of the same key (`client-output-buffer-limit`; `user` in Redis 6.2).
    ByKey,
    /// Refused for the same key (`user` since Redis 7.0).
    OnceByKey,
    /// Each is carried out (`include`, `loadmodule`, `rename-command`).
    Each,
}

/// How a new value takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// CONFIG SET changes it.
    Live,
    /// Only a restart changes it.
    Restart,
}

/// Whether a version knows the directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It works.
    Accepted,
    /// A file may hold it with exactly one argument of any kind; it does nothing and CONFIG GET does not show it.
    Inert,
    /// Unknown.
    Gone,
}

/// What a build must have for the directive to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// Compiled with TLS.
    Tls,
    /// Compiled with the bundled jemalloc.
    Jemalloc,
    /// Compiled with RDMA.
    Rdma,
    /// A bundled module.
    Module,
}

/// What a build does that lacks the [`Need`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Without {
    /// The name is unknown.
    Unknown,
    /// The value that asks for the feature is refused.
    Refuses,
    /// A file may hold it; CONFIG SET can end the server.
    CrashesOnSet,
    /// Nothing happens.
    Inert,
}

/// Traits of a directive, each rare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits, each read on its own")]
pub struct Is {
    /// CONFIG GET shows it only by its exact name.
    pub hidden: bool,
    /// CONFIG SET needs `enable-protected-configs`.
    pub protected: bool,
    /// The value must never be shown.
    pub secret: bool,
    /// Never in CONFIG GET or SET.
    pub file_only: bool,
    /// Only CONFIG SET knows it; a file may not hold it.
    pub live_only: bool,
    /// The default depends on the build or the host.
    pub environment: bool,
    /// CONFIG SET is refused while the dataset loads.
    pub not_while_loading: bool,
}

/// One directive in one server version.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Which entry.
    pub id: DirectiveId,
    /// Every accepted name, lower case; the first is the one the version prefers.
    pub names: Vec<&'static str>,
    /// What it takes.
    pub kind: Kind,
    /// What a second statement does.
    pub repeat: Repeat,
    /// The built-in value in the form CONFIG GET shows; `None` where a directive has no value of its own (`include`).
    pub default: Option<&'static str>,
    /// Live or by restart.
    pub change: Change,
    /// Accepted, inert or gone.
    pub state: State,
    /// Rare traits.
    pub is: Is,
    /// What the build must have.
    pub needs: Option<Need>,
    /// What a build without it does.
    pub without: Option<Without>,
    /// One to three sentences: what it trades, its unit, what goes wrong.
    pub summary: &'static str,
    /// The data file it stands in: `network`, `memory`, …
    pub family: &'static str,
}

impl Directive {
    /// Whether a statement of it may hold a secret: it is secret itself, defines a user, or is what Sentinel is told.
    #[must_use]
    pub fn may_hold_secrets(&self) -> bool {
        self.is.secret || matches!(self.kind, Kind::User | Kind::Sentinel)
    }

    /// The name this version prefers.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names[0]
    }
}
