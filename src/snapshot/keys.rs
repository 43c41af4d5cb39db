//! A sample of the keys of a server: counts and sums of what they are called, hold and take. No name of a key is in it
//! unless somebody asked for it.

use serde::{Deserialize, Serialize};

/// What a sample may cost at most.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeyBounds {
    /// Keys that are looked at.
    pub keys: u64,
    /// Commands a second, all of them counted.
    pub per_second: u64,
    /// Seconds in all.
    pub seconds: f64,
}

/// What a sample said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeySample {
    /// What it was allowed to cost.
    pub bounds: KeyBounds,
    /// Commands that were sent for it.
    pub commands: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// Keys of the server when it began.
    pub total: u64,
    /// Whether all keys were looked at.
    pub is_whole: bool,
    /// Whether it is of a cluster's node: there keys of one hash tag are met together, and chance is less.
    pub is_clustered: bool,
    /// Why it ended before it had the keys that it might have.
    pub stopped: Option<String>,
    /// All keys of the sample.
    pub all: KeyGroup,
    /// The same by the first word of the name, those with the most bytes first.
    pub prefixes: Vec<KeyGroup>,
    /// The same by type and encoding.
    pub encodings: Vec<KeyGroup>,
    /// The largest that were met.
    pub largest: Vec<LargeKey>,
}

/// Some keys of a sample.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyGroup {
    /// What they have in common.
    pub name: String,
    /// How many.
    pub keys: u64,
    /// How many of them do not expire.
    pub lasting: u64,
    /// What they take, in bytes.
    pub bytes: u64,
    /// The sum of the squares of that: how much it varies.
    pub squares: f64,
    /// The time to live that half of those that expire do not exceed, in seconds.
    pub median_ttl: Option<u64>,
}

/// A large key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeKey {
    /// The shape of its name: its first word where many have it, a star for each other; the name where it was asked for.
    pub name: String,
    /// Type and encoding: `hash listpack`.
    pub encoding: String,
    /// What it takes, in bytes.
    pub bytes: u64,
    /// Whether it does not expire.
    pub is_lasting: bool,
}

/// Between what a true value lies, with the given confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// At least.
    pub low: f64,
    /// As the sample has it.
    pub estimate: f64,
    /// At most.
    pub high: f64,
}

/// The confidence of all intervals, in percent.
pub const CONFIDENCE: u64 = 99;
/// How many standard deviations that is.
const DEVIATIONS: f64 = 2.575_829;

impl KeySample {
    /// The share of `part` in `whole` keys of the sample, from 0 to 1: Wilson's interval, which holds for small numbers and
    /// for shares near 0 and 1, too. Nothing of no keys.
    #[must_use]
    pub fn share(&self, part: u64, whole: u64) -> Option<Interval> {
        if whole == 0 {
            return None;
        }
        let (count, share) = (float(whole), float(part) / float(whole));
        if self.is_whole {
            return Some(Interval { low: share, estimate: share, high: share });
        }
        let square = DEVIATIONS * DEVIATIONS;
        let scale = 1.0 + square / count;
        let middle = (share + square / (2.0 * count)) / scale;
        let reach = DEVIATIONS / scale * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
        Some(Interval { low: (middle - reach).max(0.0), estimate: share, high: (middle + reach).min(1.0) })
    }

    /// What all keys of a group take on the whole server, in bytes: the mean over the sample, with its standard error.
    #[must_use]
    pub fn bytes(&self, group: &KeyGroup) -> Option<Interval> {
        let count = float(self.all.keys);
        if self.all.keys == 0 {
            return None;
        }
        let total = float(self.total.max(self.all.keys));
        let mean = float(group.bytes) / count;
        let estimate = if self.is_whole { float(group.bytes) } else { mean * total };
        if self.is_whole || self.all.keys < 2 {
            return self.is_whole.then_some(Interval { low: estimate, estimate, high: estimate });
        }
        // Keys of other groups count as zero bytes: so the share of keys varies along.
        let variance = ((group.squares - count * mean * mean) / (count - 1.0)).max(0.0);
        let reach = DEVIATIONS * (variance / count).sqrt() * total;
        Some(Interval { low: (estimate - reach).max(float(group.bytes)), estimate, high: estimate + reach })
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of keys and bytes are far below 2^53")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(keys: u64, total: u64) -> KeySample {
        KeySample {
            bounds: KeyBounds { keys, per_second: 1000, seconds: 10.0 },
            commands: 0,
            milliseconds: 0,
            total,
            is_whole: keys == total,
            is_clustered: false,
            stopped: None,
            all: KeyGroup { keys, ..KeyGroup::default() },
            prefixes: Vec::new(),
            encodings: Vec::new(),
            largest: Vec::new(),
        }
    }

    #[test]
    fn shares_have_the_interval_of_wilson() {
        // The closed form, computed elsewhere with more digits: 10 of 100, z = 2.5758293.
        let share = sample(100, 1000).share(10, 100).unwrap();
        assert!((share.low - 0.046_026).abs() < 1e-5 && (share.high - 0.203_751).abs() < 1e-5, "{share:?}");
        let none = sample(100, 1000).share(0, 100).unwrap();
        assert!(none.low < 1e-9 && (none.high - 0.0622).abs() < 0.001, "{none:?}");
        assert_eq!(sample(100, 100).share(10, 100).unwrap(), Interval { low: 0.1, estimate: 0.1, high: 0.1 });
        assert_eq!(sample(100, 1000).share(0, 0), None);
    }

    #[test]
    fn equal_keys_leave_only_their_number_open() {
        let all = sample(100, 1000);
        let every = KeyGroup { keys: 100, bytes: 5000, squares: 250_000.0, ..KeyGroup::default() };
        let bytes = all.bytes(&every).unwrap();
        assert!((bytes.low - 50_000.0).abs() < 1.0 && (bytes.high - 50_000.0).abs() < 1.0, "{bytes:?}");
        let half = KeyGroup { keys: 50, bytes: 2500, squares: 125_000.0, ..KeyGroup::default() };
        let bytes = all.bytes(&half).unwrap();
        assert!(bytes.low < 25_000.0 && bytes.high > 25_000.0 && bytes.low > 15_000.0, "{bytes:?}");
    }
}
