//! Values: what a directive's words mean, and how CONFIG GET would show them.

use std::fmt;
use std::sync::Arc;

use super::number::percentile_text;
use crate::catalog::Kind;

/// A word that must never be shown. It compares, and that is all.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// Takes a secret in.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(bytes.into())
    }

    /// The bytes themselves, for sending to a server or into a file made for secrets.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A snapshot after so many seconds if so many keys changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    /// Seconds, at least 1.
    pub seconds: i64,
    /// Changes, at least 0.
    pub changes: i32,
}

/// A class of clients with output buffer limits of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Ordinary clients.
    Normal,
    /// Replicas; servers call the class `slave`.
    Replica,
    /// Subscribers.
    Pubsub,
}

impl Class {
    /// All classes, in the order CONFIG GET shows them.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Replica, Self::Pubsub];

    /// The name CONFIG GET shows.
    #[must_use]
    pub fn shown(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Replica => "slave",
            Self::Pubsub => "pubsub",
        }
    }

    /// The name to write: every version reads it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Replica => "replica",
            Self::Pubsub => "pubsub",
        }
    }

    /// Reads a name; `slave` and `replica` are one class.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        match () {
            () if is("normal") => Some(Self::Normal),
            () if is("slave") || is("replica") => Some(Self::Replica),
            () if is("pubsub") => Some(Self::Pubsub),
            () => None,
        }
    }
}

/// When clients of a class are cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Which clients.
    pub class: Class,
    /// Bytes at which a client is cut at once; 0 means never.
    pub hard: u64,
    /// Bytes that a client may hold for `seconds`; 0 means any.
    pub soft: u64,
    /// See `soft`.
    pub seconds: i32,
}

/// What the words of one statement mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `yes` or `no`.
    Bool(bool),
    /// A number.
    Int(i64),
    /// Bytes.
    Bytes(u64),
    /// Percent of `maxmemory`, from 1.
    Percent(u8),
    /// File permissions.
    Octal(u32),
    /// Position of a word in its enumeration.
    Word(usize),
    /// Bits of a set of flags.
    Flags(u32),
    /// Text.
    Text(Arc<[u8]>),
    /// A word that must not be shown.
    Secret(Secret),
    /// A secret whose value is kept elsewhere, by its logical name.
    Named(Arc<str>),
    /// Words.
    Words(Box<[Arc<[u8]>]>),
    /// Points of `save`; none switches snapshots off if `clears`.
    Save {
        /// Whether earlier points are dropped (`save ""`).
        clears: bool,
        /// The points of this statement, or of the whole configuration.
        points: Box<[SavePoint]>,
    },
    /// Output buffer limits.
    Limits(Box<[Limit]>),
    /// Bits of the letters known to the version, `A` resolved.
    Events(u32),
    /// Percentiles.
    Percentiles(Box<[f64]>),
    /// Three adjustments.
    Oom([i32; 3]),
    /// The server to copy, if any.
    Replica(Option<(Arc<[u8]>, u16)>),
    /// Not known here: a template fills it in.
    Unknown,
    /// A statement that is carried out and has no value to show (`include`, `user`, …).
    Action,
}

impl Value {
    /// The text CONFIG GET shows; empty for [`Value::Action`].
    ///
    /// This exposes secrets, as the server does. Reports go through [`super::shown`].
    #[must_use]
    pub fn config_get(&self, kind: &Kind) -> Vec<u8> {
        match self {
            Self::Bool(true) => b"yes".to_vec(),
            Self::Bool(false) => b"no".to_vec(),
            Self::Int(n) => n.to_string().into_bytes(),
            Self::Bytes(n) => n.to_string().into_bytes(),
            Self::Percent(n) => format!("{n}%").into_bytes(),
            Self::Octal(n) => format!("{n:o}").into_bytes(),
            Self::Word(index) => {
                let Kind::Enum(words) = kind else { unreachable_kind(kind) };
                words[*index].shown.clone().into_bytes()
            }
            Self::Flags(bits) => {
                let Kind::Flags(words) = kind else { unreachable_kind(kind) };
                flags_text(words, *bits).into_bytes()
            }
            Self::Text(text) => text.to_vec(),
            Self::Secret(secret) => secret.expose().to_vec(),
            Self::Words(words) => words.join(&b' '),
            Self::Save { points, .. } => {
                let pairs: Vec<String> = points.iter().map(|p| format!("{} {}", p.seconds, p.changes)).collect();
                pairs.join(" ").into_bytes()
            }
            Self::Limits(limits) => {
                let one = |l: &Limit| format!("{} {} {} {}", l.class.shown(), l.hard, l.soft, l.seconds);
                limits.iter().map(one).collect::<Vec<_>>().join(" ").into_bytes()
            }
            Self::Events(bits) => {
                let Kind::Events(letters) = kind else { unreachable_kind(kind) };
                events_text(letters, *bits).into_bytes()
            }
            Self::Percentiles(numbers) => {
                numbers.iter().map(|n| percentile_text(*n)).collect::<Vec<_>>().join(" ").into_bytes()
            }
            Self::Oom([a, b, c]) => format!("{a} {b} {c}").into_bytes(),
            Self::Replica(Some((host, port))) => {
                let mut text = host.to_vec();
                text.extend_from_slice(format!(" {port}").as_bytes());
                text
            }
            Self::Replica(None) | Self::Named(_) | Self::Unknown | Self::Action => Vec::new(),
        }
    }

    /// Whether two values mean the same.
    ///
    /// Order counts where servers keep it (`save`, `bind`, percentiles) and does not in sets.
    #[must_use]
    pub fn means(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Save { points: a, .. }, Self::Save { points: b, .. }) => a == b,
            (Self::Limits(a), Self::Limits(b)) => {
                let of = |limits: &[Limit], class| limits.iter().rfind(|l| l.class == class).copied();
                Class::ALL.into_iter().all(|class| of(a, class) == of(b, class))
            }
            _ => self == other,
        }
    }
}

fn unreachable_kind(kind: &Kind) -> ! {
    unreachable!("a value is shown with the kind that read it, not {kind:?}")
}

/// The words of a set of flags, as servers choose them: one word if it fits exactly, else the table's order.
fn flags_text(words: &[crate::catalog::FlagWord], bits: u32) -> String {
    let mut rest = bits;
    let mut names: Vec<&str> = Vec::new();
    for word in words {
        if word.bits == bits {
            return word.name.clone();
        }
        if word.bits != 0 && rest & word.bits == word.bits {
            names.push(&word.name);
            rest &= !word.bits;
        }
    }
    names.join(" ")
}

/// The letters that `A` stands for.
const ALL_EVENTS: &str = "g$lshzxetd";

/// The bits of a letter among those a version knows; `A` is many, an unknown letter none.
pub(super) fn event_bits(letters: &str, letter: u8) -> Option<u32> {
    let one = |wanted: char| letters.chars().position(|l| l == wanted).map(|at| 1 << at);
    if letter == b'A' {
        return letters.contains('A').then(|| ALL_EVENTS.chars().filter_map(one).sum());
    }
    one(char::from(letter))
}

fn events_text(letters: &str, bits: u32) -> String {
    let has = |letter: u8| event_bits(letters, letter).is_some_and(|bit| bits & bit == bit);
    let mut text = String::new();
    let all = has(b'A');
    if all {
        text.push('A');
    }
    for letter in letters.bytes().filter(|l| !b"AKEm".contains(l)) {
        if !all && has(letter) {
            text.push(char::from(letter));
        }
    }
    // Beside `A` the servers leave out letters that it does not cover (`n`, `o`, `c`): CONFIG GET loses them.
    for letter in [b'K', b'E', b'm'] {
        if has(letter) {
            text.push(char::from(letter));
        }
    }
    text
}
