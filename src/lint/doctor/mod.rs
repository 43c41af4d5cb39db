//! Rules about running servers: what the evidence shows, beside what the configuration says.
//!
//! A rule here is a [`Rule`] like any other, with [`Check::Live`](super::Check): it reads a [`LiveCase`] and
//! writes into the same [`Report`](super::Report). Its findings carry a [`Proof`](crate::finding::Proof): what was measured, the threshold
//! with its source, what to change. Lint's own rules judge the running configuration beside them, with facts from the
//! evidence ([`facts_of`]), and what both say of one matter is told once ([`diagnose`]).
//!
//! Counters are differences of two moments where there are two, and else sums since the start: a [`Rise`] says which, and a
//! rule that only knows of the past is milder. Nothing here says a key, an address or a name.

pub(super) mod clients;
pub(super) mod cluster;
pub(super) mod commands;
pub(super) mod connections;
pub(super) mod errors;
pub(super) mod eviction;
#[cfg(test)]
mod example;
pub(super) mod fork;
pub(super) mod fragmentation;
mod joined;
pub(super) mod keyspace;
mod known;
pub(super) mod latency;
pub(super) mod log;
mod measure;
pub(super) mod memory;
pub(super) mod persistence;
pub(super) mod processors;
pub(super) mod replicas;
pub(super) mod replication;
mod running;
#[cfg(test)]
mod tests;

use super::Case;
use crate::config::{Limit, SavePoint};
use crate::facts::Facts;
use crate::snapshot::{Evidence, Snapshot};
use crate::source::Span;

pub use joined::{Diagnosis, Lack, diagnose};
pub use known::facts_of;
pub use measure::Rise;
pub use running::text as running_text;

use super::Rule;
use crate::syntax::Mode;

/// What all rules here have in common.
const LIVE: Rule = Rule { modes: &[Mode::Server], ..Rule::BASE };

/// A threshold that nobody published: chosen so that healthy servers stay below it.
const JUDGEMENT: &str = "a judgement of redisconf, for want of a published number";

/// A running server to judge.
#[derive(Clone, Copy, Debug)]
pub struct LiveCase<'a> {
    /// The running configuration, and the facts: those of the evidence, and above them what was declared.
    pub case: Case<'a>,
    /// What CONFIG GET and INFO said.
    pub snapshot: &'a Snapshot,
    /// What was said beside.
    pub evidence: &'a Evidence,
    /// The facts that somebody declared: what should be, where evidence only tells what is.
    pub declared: &'a Facts,
}

impl<'a> LiveCase<'a> {
    /// A field of INFO.
    #[must_use]
    pub fn info(&self, field: &str) -> Option<&'a str> {
        self.snapshot.info().get(field)
    }

    /// A field of INFO that is a whole number.
    #[must_use]
    pub fn number(&self, field: &str) -> Option<u64> {
        self.info(field)?.parse().ok()
    }

    /// A field of INFO that is a number, be it with a fraction.
    #[must_use]
    pub fn fraction(&self, field: &str) -> Option<f64> {
        self.info(field)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// A part of a field of INFO such as `calls=1,usec=2`.
    #[must_use]
    pub fn part(&self, field: &str, part: &str) -> Option<&'a str> {
        part_of(self.info(field)?, part)
    }

    /// The fields of INFO that begin so, without that beginning.
    pub fn fields(&self, prefix: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let all = self.snapshot.info().iter();
        all.filter_map(move |(name, value)| Some((name.strip_prefix(prefix)?, value)))
    }

    /// The running configuration; `None` if the server did not show it.
    #[must_use]
    pub fn running(&self) -> Option<&Case<'a>> {
        (!self.snapshot.config().is_empty()).then_some(&self.case)
    }

    /// Bytes of the running configuration; the limit of memory INFO shows, too.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        match self.running() {
            Some(running) => running.bytes(name),
            None if name == "maxmemory" => self.number("maxmemory"),
            None => None,
        }
    }

    /// A number of the running configuration; the most connections INFO shows, too.
    #[must_use]
    pub fn int(&self, name: &str) -> Option<u64> {
        match self.running() {
            Some(running) => running.int(name).and_then(|number| u64::try_from(number).ok()),
            None if name == "maxclients" => self.number("maxclients"),
            None => None,
        }
    }

    /// A switch of the running configuration.
    #[must_use]
    pub fn is_on(&self, name: &str) -> Option<bool> {
        self.running()?.is_on(name)
    }

    /// A word of the running configuration; the policy INFO shows, too.
    #[must_use]
    pub fn choice(&self, name: &str) -> Option<&'a str> {
        match self.running() {
            Some(running) => running.choice(name),
            None if name == "maxmemory-policy" => self.info("maxmemory_policy"),
            None => None,
        }
    }

    /// The snapshot points that run.
    #[must_use]
    pub fn save_points(&self) -> Option<&'a [SavePoint]> {
        self.running()?.save_points()
    }

    /// The output buffer limit that runs for a class.
    #[must_use]
    pub fn limit(&self, class: crate::config::Class) -> Option<Limit> {
        self.running()?.limit(class)
    }

    /// Where a finding about a directive stands.
    #[must_use]
    pub fn place(&self, name: &str) -> Span {
        self.case.place(name)
    }

    /// Where a finding stands that is about no directive.
    #[must_use]
    pub fn anchor(&self) -> Span {
        self.case.anchor()
    }

    /// Whether it is a primary: what INFO calls a master.
    #[must_use]
    pub fn is_primary(&self) -> Option<bool> {
        self.info("role").map(|role| role == "master")
    }

    /// The most memory that it may use: the control group's limit, what was declared, or the machine's.
    #[must_use]
    pub fn memory(&self) -> Option<u64> {
        self.case.facts.bytes("memory")
    }

    /// This moment on the server's own clock, in seconds since 1970.
    #[must_use]
    pub fn now(&self) -> Option<u64> {
        self.number("server_time_usec").map(|microseconds| microseconds / 1_000_000)
    }

    /// Whether the data are written to disk in some way; `None` if the server did not show its configuration.
    #[must_use]
    pub fn persists(&self) -> Option<bool> {
        self.running()?.persists()
    }

    /// How many keys there are, and how many of them expire.
    #[must_use]
    pub fn keys(&self) -> (u64, u64) {
        let number = |text: &str, part| part_of(text, part).and_then(|value| value.parse::<u64>().ok()).unwrap_or(0);
        let databases = self.fields("db").filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_digit()));
        databases.fold((0, 0), |(keys, expires): (u64, u64), (_, text)| {
            (keys.saturating_add(number(text, "keys")), expires.saturating_add(number(text, "expires")))
        })
    }
}

/// The value of `part` in `calls=1,usec=2`.
fn part_of<'t>(text: &'t str, part: &str) -> Option<&'t str> {
    text.split(',').find_map(|pair| pair.split_once('=').filter(|(name, _)| *name == part).map(|(_, value)| value))
}

/// A number for sums of shares: counts and bytes are far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

/// `part` in hundredths of `whole`, rounded down.
fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 0 } else { u64::try_from(u128::from(part) * 100 / u128::from(whole)).unwrap_or(u64::MAX) }
}
