//! Measured values: how they are named and spelled, and how a counter rises.

use super::{LiveCase, float, part_of};
use crate::facts::bytes_text;
use crate::finding::{Measured, Severity, Unit};
use crate::snapshot::Info;

/// How much a counter rose, and in what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rise {
    /// By how much.
    pub count: u64,
    /// In how many milliseconds.
    pub milliseconds: u64,
    /// Whether that is between two moments now; else it is since the start, or since CONFIG RESETSTAT.
    pub is_now: bool,
}

impl Rise {
    /// Whether it says something of a pace: since the start only from a minute on.
    #[must_use]
    pub fn is_steady(self) -> bool {
        self.is_now || self.milliseconds >= 60_000
    }

    /// How much in a second.
    #[must_use]
    pub fn per_second(self) -> f64 {
        float(self.count) * 1000.0 / float(self.milliseconds.max(1))
    }

    /// When that was, for people: `in 5 s`, `since the start 12 d ago`.
    #[must_use]
    pub fn when(self) -> String {
        let time = time_text(self.milliseconds);
        if self.is_now { format!("in {time}") } else { format!("since the start {time} ago") }
    }

    /// The severity of something that happens: one milder where it is only known that it did happen.
    #[must_use]
    pub fn severity(self, now: Severity) -> Severity {
        match now {
            _ if self.is_now => now,
            Severity::Fatal | Severity::Error => Severity::Warning,
            Severity::Warning | Severity::Info => Severity::Info,
        }
    }
}

impl LiveCase<'_> {
    /// How a counter of INFO rose.
    #[must_use]
    pub fn rise(&self, field: &str) -> Option<Rise> {
        self.rise_by(|info| info.get(field)?.parse().ok())
    }

    /// The same for what is judged by its pace: an average needs a minute at least.
    #[must_use]
    pub fn pace(&self, field: &str) -> Option<Rise> {
        self.rise(field).filter(|rise| rise.is_steady())
    }

    /// How a part of a field rose; what is not there is 0, as errors are that never happened.
    #[must_use]
    pub fn rise_of(&self, field: &str, part: &str) -> Option<Rise> {
        self.rise_by(|info| Some(info.get(field).and_then(|text| part_of(text, part)?.parse().ok()).unwrap_or(0)))
    }

    /// How something rose that is made of INFO.
    pub(super) fn rise_by(&self, read: impl Fn(&Info) -> Option<u64>) -> Option<Rise> {
        let now = read(self.snapshot.info())?;
        if let Some(earlier) = &self.evidence.earlier {
            // Lower than before: CONFIG RESETSTAT in between.
            let count = now.saturating_sub(read(&earlier.info).unwrap_or(0));
            return Some(Rise { count, milliseconds: earlier.milliseconds.max(1), is_now: true });
        }
        let milliseconds = self.number("uptime_in_seconds")?.max(1).saturating_mul(1000);
        Some(Rise { count: now, milliseconds, is_now: false })
    }

    /// A time that INFO states in seconds with a fraction, spent between two moments or since the start.
    #[must_use]
    pub fn spent(&self, fields: &[&str]) -> Option<Rise> {
        self.rise_by(|info| {
            let seconds = fields.iter().map(|field| info.get(field)?.parse::<f64>().ok()).sum::<Option<f64>>()?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of a processor")]
            let milliseconds = (seconds.max(0.0) * 1000.0) as u64;
            Some(milliseconds)
        })
    }
}

/// A value with its unit.
fn measured(
    name: impl Into<std::borrow::Cow<'static, str>>,
    value: String,
    unit: Unit,
    from: &'static str,
) -> Measured {
    Measured { name: name.into(), value, unit, from }
}

/// Bytes that INFO states.
pub(super) fn bytes(name: &'static str, value: u64) -> Measured {
    measured(name, value.to_string(), Unit::Bytes, "INFO")
}

/// Bytes that something else states.
pub(super) fn bytes_from(name: &'static str, value: u64, from: &'static str) -> Measured {
    measured(name, value.to_string(), Unit::Bytes, from)
}

/// A number that INFO states.
pub(super) fn count(name: &'static str, value: u64) -> Measured {
    measured(name, value.to_string(), Unit::Count, "INFO")
}

/// A number that something else states.
pub(super) fn count_from(name: impl Into<std::borrow::Cow<'static, str>>, value: u64, from: &'static str) -> Measured {
    measured(name, value.to_string(), Unit::Count, from)
}

/// A relation that INFO states.
pub(super) fn ratio(name: &'static str, value: f64) -> Measured {
    measured(name, format!("{value:.2}"), Unit::Ratio, "INFO")
}

/// A share that is made of what INFO states.
pub(super) fn share(name: &'static str, value: u64) -> Measured {
    measured(name, value.to_string(), Unit::Percent, "INFO")
}

/// Something that happens so often in a second.
pub(super) fn rate(name: &'static str, value: f64) -> Measured {
    measured(name, format!("{value:.1}"), Unit::PerSecond, "INFO")
}

/// Milliseconds.
pub(super) fn milliseconds(
    name: impl Into<std::borrow::Cow<'static, str>>,
    value: f64,
    from: &'static str,
) -> Measured {
    measured(name, format!("{value:.1}"), Unit::Milliseconds, from)
}

/// Seconds that INFO states.
pub(super) fn seconds(name: &'static str, value: u64) -> Measured {
    measured(name, value.to_string(), Unit::Seconds, "INFO")
}

/// A word.
pub(super) fn word(name: &'static str, value: &str, from: &'static str) -> Measured {
    measured(name, value.to_owned(), Unit::Word, from)
}

/// A directive that runs.
#[expect(clippy::needless_pass_by_value, reason = "numbers and texts are given as they are")]
pub(super) fn running(name: &'static str, value: impl ToString) -> Measured {
    measured(name, value.to_string(), Unit::Word, "CONFIG GET")
}

/// How a counter rose.
pub(super) fn rose(name: &'static str, rise: Rise) -> Measured {
    measured(format!("{name} {}", rise.when()), rise.count.to_string(), Unit::Count, "INFO")
}

/// Bytes as a directive takes them: whole `mb`, rounded up.
pub(super) fn megabytes(bytes: u64) -> String {
    format!("{}mb", bytes.div_ceil(1 << 20).max(1))
}

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    bytes_text(bytes)
}

/// A time for people, of two units at most: `12 d 4 h`, `5 s`, `300 ms`.
pub(super) fn time_text(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    if seconds == 0 {
        return format!("{milliseconds} ms");
    }
    let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let some: Vec<String> = parts
        .iter()
        .skip_while(|(number, _)| *number == 0)
        .take(2)
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number} {unit}"))
        .collect();
    some.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        assert_eq!(time_text(300), "300 ms");
        assert_eq!(time_text(5_000), "5 s");
        assert_eq!(time_text(86_400_000), "1 d");
        assert_eq!(time_text(1_054_800_000), "12 d 5 h");
        assert_eq!(time_text(61_500), "1 min 1 s");
    }

    #[test]
    fn what_only_happened_once_is_milder() {
        let rise = |is_now| Rise { count: 10, milliseconds: 5000, is_now };
        assert_eq!(rise(true).severity(Severity::Error), Severity::Error);
        assert_eq!(rise(false).severity(Severity::Error), Severity::Warning);
        assert!((rise(true).per_second() - 2.0).abs() < 0.001);
        assert_eq!((rise(true).when(), rise(false).when()), ("in 5 s".into(), "since the start 5 s ago".into()));
    }
}
