//! What a sample of the keys says, with the intervals in which the truth lies.

use serde::Serialize;

use super::vitals::{float, time};
use crate::facts::bytes_text;
use crate::lint::doctor::LiveCase;
use crate::snapshot::{CONFIDENCE, Interval, KeyBounds, KeyGroup, KeySample, LargeKey};

/// The keys of a server, as a sample has them.
#[derive(Clone, Debug, Serialize)]
pub struct Keyspace {
    /// Keys of the server.
    pub total: u64,
    /// Keys that were looked at.
    pub sampled: u64,
    /// Whether those are all.
    pub is_whole: bool,
    /// What it was allowed to cost.
    pub bounds: KeyBounds,
    /// What it cost, in commands.
    pub commands: u64,
    /// And in milliseconds.
    pub milliseconds: u64,
    /// Why it ended early.
    pub stopped: Option<String>,
    /// Confidence of the intervals, in percent.
    pub confidence: u64,
    /// What makes the intervals less certain.
    pub caution: Option<&'static str>,
    /// All keys.
    pub all: KeyLine,
    /// By the first word of the name.
    pub prefixes: Vec<KeyLine>,
    /// By type and encoding.
    pub encodings: Vec<KeyLine>,
    /// The largest that were met.
    pub largest: Vec<LargeKey>,
    /// What to do about times to live.
    pub advice: Vec<String>,
}

/// A group of keys.
#[derive(Clone, Debug, Serialize)]
pub struct KeyLine {
    /// What they have in common.
    pub name: String,
    /// How many were looked at.
    pub sampled: u64,
    /// Their share of all keys, from 0 to 1.
    pub share: Option<Interval>,
    /// The share of them that does not expire, from 0 to 1.
    pub lasting: Option<Interval>,
    /// What they take on the whole server, in bytes.
    pub bytes: Option<Interval>,
    /// What one of them takes on average, in bytes.
    pub mean: u64,
    /// The time to live that half of those that expire do not exceed, in seconds.
    pub median_ttl: Option<u64>,
}

impl Keyspace {
    /// What a sample says; `None` if there is none.
    pub(super) fn of(live: &LiveCase<'_>) -> Option<Self> {
        let sample = live.evidence.keys.as_ref()?;
        let lines = |groups: &[KeyGroup]| groups.iter().map(|group| KeyLine::of(sample, group)).collect::<Vec<_>>();
        let prefixes = lines(&sample.prefixes);
        Some(Self {
            total: sample.total,
            sampled: sample.all.keys,
            is_whole: sample.is_whole,
            bounds: sample.bounds,
            commands: sample.commands,
            milliseconds: sample.milliseconds,
            stopped: sample.stopped.clone(),
            confidence: CONFIDENCE,
            caution: caution(sample),
            // Of all keys they are all.
            all: KeyLine { share: None, ..KeyLine::of(sample, &sample.all) },
            advice: advice(&prefixes, live.choice("maxmemory-policy")),
            prefixes,
            encodings: lines(&sample.encodings),
            largest: sample.largest.clone(),
        })
    }

    /// What was looked at and what it cost, in one sentence.
    pub(super) fn cost(&self) -> String {
        let all = if self.is_whole { "all" } else { "a sample" };
        let seconds = float(self.milliseconds) / 1000.0;
        let stopped = self.stopped.as_ref().map(|why| format!("; {why}")).unwrap_or_default();
        format!(
            "{} of {} keys ({all}) by {} commands in {seconds:.1} s, at most {} a second{stopped}",
            self.sampled, self.total, self.commands, self.bounds.per_second
        )
    }

    /// How sure it is, in one sentence.
    pub(super) fn certainty(&self) -> String {
        if self.is_whole {
            return "All keys were looked at, so that these are no estimates.".to_owned();
        }
        let caution = self.caution.map(|caution| format!(" {caution}.")).unwrap_or_default();
        format!("The truth lies within each range with {} % confidence.{caution}", self.confidence)
    }

    /// The columns of the tables of groups.
    pub(super) const COLUMNS: [&str; 7] =
        ["", "looked at", "of all keys", "without TTL", "memory", "each", "median TTL left"];
}

impl KeyLine {
    fn of(sample: &KeySample, group: &KeyGroup) -> Self {
        Self {
            name: group.name.clone(),
            sampled: group.keys,
            share: sample.share(group.keys, sample.all.keys),
            lasting: sample.share(group.lasting, group.keys),
            bytes: sample.bytes(group),
            mean: group.bytes / group.keys.max(1),
            median_ttl: group.median_ttl,
        }
    }

    /// One cell a column.
    pub(super) fn cells(&self) -> Vec<String> {
        vec![
            self.name.clone(),
            self.sampled.to_string(),
            self.share.map_or_else(|| "–".to_owned(), share),
            self.lasting.map_or_else(|| "–".to_owned(), share),
            self.bytes.map_or_else(|| "–".to_owned(), size),
            bytes_text(self.mean),
            self.median_ttl.map_or_else(|| "–".to_owned(), time),
        ]
    }
}

/// A share for people: `12.0 % (10.1–14.2)`.
fn share(interval: Interval) -> String {
    let Interval { low, estimate, high } = interval;
    let of = |share: f64| format!("{:.1}", share * 100.0);
    let range = if of(low) == of(high) { String::new() } else { format!(" ({}–{})", of(low), of(high)) };
    format!("{} %{range}", of(estimate))
}

/// Bytes for people: `1.2MiB (1.0MiB–1.4MiB)`.
fn size(interval: Interval) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes are positive and below 2^63")]
    let of = |bytes: f64| bytes_text(bytes.round() as u64);
    let (low, estimate, high) = (of(interval.low), of(interval.estimate), of(interval.high));
    if low == high { estimate } else { format!("{estimate} ({low}–{high})") }
}

fn caution(sample: &KeySample) -> Option<&'static str> {
    if sample.is_whole {
        None
    } else if sample.is_clustered {
        Some("Keys with one hash tag are met together in a cluster, so that the truth may lie outside more often")
    } else {
        Some("A few very large keys that the sample did not meet would make the memory more")
    }
}

/// What to do about times to live, by prefix and by the policy.
fn advice(prefixes: &[KeyLine], policy: Option<&str>) -> Vec<String> {
    let mut told = Vec::new();
    for line in prefixes {
        let Some(lasting) = line.lasting else { continue };
        let name = &line.name;
        let left = line.median_ttl.map(|seconds| format!(" (median left: {})", time(seconds))).unwrap_or_default();
        if lasting.estimate >= 1.0 {
            // What never expires is right for data, and a leak for a cache: only the owner knows.
            told.push(format!(
                "`{name}`: none of {} expires. If they are a cache or sessions, write them with `EX`; if they are data to keep, leave it",
                line.sampled
            ));
        } else if lasting.low > 0.0 && lasting.estimate > 0.001 {
            told.push(format!(
                "`{name}`: {} have no TTL, the others have{left}. Look for a write that drops it: `SET` without `EX` or `KEEPTTL`, `GETSET`, `PERSIST`",
                share(lasting)
            ));
        }
    }
    let all: f64 = prefixes.iter().filter_map(|line| Some(line.bytes?.estimate)).sum();
    let kept: f64 = prefixes.iter().filter_map(|line| Some(line.bytes?.estimate * line.lasting?.estimate)).sum();
    let part = if all > 0.0 { kept * 100.0 / all } else { 0.0 };
    match policy {
        Some(policy) if policy.starts_with("volatile") && part >= 50.0 => told.push(format!(
            "`maxmemory-policy {policy}` evicts only keys with a TTL: about {part:.0} % of the memory cannot be evicted"
        )),
        Some(policy) if policy.starts_with("allkeys") && (1.0..=99.0).contains(&part) => told.push(format!(
            "`maxmemory-policy {policy}` evicts keys without a TTL, too, about {part:.0} % of the memory: choose a `volatile-` policy if they are to be kept"
        )),
        Some(_) | None => {}
    }
    told
}
