//! Times with a unit, such as `5m`, for directives that take a plain number and fix the unit themselves.

use super::units::Meant;
use crate::catalog::Directive;

/// What a directive counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lint) enum TimeUnit {
    Microseconds,
    Milliseconds,
    Seconds,
    Minutes,
}

impl TimeUnit {
    /// The word for people.
    pub(in crate::lint) fn word(self) -> &'static str {
        match self {
            Self::Microseconds => "microseconds",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
            Self::Minutes => "minutes",
        }
    }

    fn in_microseconds(self) -> u128 {
        match self {
            Self::Microseconds => 1,
            Self::Milliseconds => 1_000,
            Self::Seconds => 1_000_000,
            Self::Minutes => 60_000_000,
        }
    }
}

/// Directives that take a time, by one of their names.
const TIMES: [(&str, TimeUnit); 25] = [
    ("active-defrag-cycle-us", TimeUnit::Microseconds),
    ("cluster-blacklist-ttl", TimeUnit::Seconds),
    ("cluster-manual-failover-timeout", TimeUnit::Milliseconds),
    ("cluster-node-timeout", TimeUnit::Milliseconds),
    ("cluster-ping-interval", TimeUnit::Milliseconds),
    ("cluster-slot-migration-sync-buffer-drain-timeout", TimeUnit::Milliseconds),
    ("cluster-slot-migration-write-pause-timeout", TimeUnit::Milliseconds),
    ("key-load-delay", TimeUnit::Microseconds),
    ("latency-monitor-threshold", TimeUnit::Milliseconds),
    ("lfu-decay-time", TimeUnit::Minutes),
    ("lua-time-limit", TimeUnit::Milliseconds),
    ("min-replicas-max-lag", TimeUnit::Seconds),
    ("rdb-key-save-delay", TimeUnit::Microseconds),
    ("repl-backlog-ttl", TimeUnit::Seconds),
    ("repl-diskless-sync-delay", TimeUnit::Seconds),
    ("repl-ping-replica-period", TimeUnit::Seconds),
    ("repl-timeout", TimeUnit::Seconds),
    ("shutdown-timeout", TimeUnit::Seconds),
    ("slowlog-log-slower-than", TimeUnit::Microseconds),
    ("stream-idmp-duration", TimeUnit::Seconds),
    ("tcp-keepalive", TimeUnit::Seconds),
    ("timeout", TimeUnit::Seconds),
    ("tls-auto-reload-interval", TimeUnit::Seconds),
    ("tls-session-cache-timeout", TimeUnit::Seconds),
    ("watchdog-period", TimeUnit::Milliseconds),
];

/// What a directive counts in, if it takes a time.
pub(in crate::lint) fn unit_of(directive: &Directive) -> Option<TimeUnit> {
    TIMES.iter().find(|(name, _)| directive.names.contains(name)).map(|(_, unit)| *unit)
}

/// Whether a text is a number with a unit of time.
pub(in crate::lint) fn is_time(text: &str) -> bool {
    microseconds(text).is_some()
}

/// The plain number that `text` is in `unit`; `None` if that is no whole one.
pub(in crate::lint) fn convert(text: &str, unit: TimeUnit) -> Option<Meant> {
    let (time, letter) = microseconds(text)?;
    let number = time.is_multiple_of(unit.in_microseconds()).then(|| time / unit.in_microseconds())?;
    // Beside milliseconds an `m` may have been meant for these.
    let surely = letter != "m" || matches!(unit, TimeUnit::Seconds | TimeUnit::Minutes);
    Some(Meant { word: number.to_string(), surely })
}

/// A time, and the unit it was written in, in lower case.
fn microseconds(text: &str) -> Option<(u128, String)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let number: u128 = text[..end].parse().ok().filter(|number| *number < 1 << 64)?;
    let unit = text[end..].trim().to_ascii_lowercase();
    let factor = match unit.as_str() {
        "us" | "usec" => 1,
        "ms" | "msec" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000,
        "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000,
        "h" | "hour" | "hours" => 3_600_000_000,
        "d" | "day" | "days" => 86_400_000_000,
        _ => return None,
    };
    Some((number * factor, unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Kind, View};
    use crate::server;

    #[test]
    fn times_become_plain_numbers_of_the_unit() {
        let surely = |text, unit| convert(text, unit).map(|meant| (meant.word, meant.surely));
        assert_eq!(surely("5m", TimeUnit::Seconds), Some(("300".into(), true)));
        assert_eq!(surely("5m", TimeUnit::Milliseconds), Some(("300000".into(), false)));
        assert_eq!(surely("10ms", TimeUnit::Microseconds), Some(("10000".into(), true)));
        assert_eq!(surely("500ms", TimeUnit::Seconds), None);
        assert!(is_time("10S") && is_time("500ms") && !is_time("10") && !is_time("s") && !is_time("10mb"));
    }

    /// The unit that a summary names first, in words that describe the directive's own number.
    fn told(summary: &str) -> Option<TimeUnit> {
        let units = [TimeUnit::Microseconds, TimeUnit::Milliseconds, TimeUnit::Seconds, TimeUnit::Minutes];
        let lower = summary.to_ascii_lowercase();
        units.into_iter().find(|unit| {
            let word = unit.word();
            lower.starts_with(word)
                || lower.contains(&format!("hidden: {word}"))
                || lower.contains(&format!("in {word}"))
        })
    }

    #[test]
    fn the_catalogue_tells_the_same_units() {
        assert!(TIMES.is_sorted_by_key(|(name, _)| *name));
        let mut seen = std::collections::BTreeSet::new();
        for server in server::all() {
            for directive in View::of(*server).directives().filter(|d| matches!(d.kind, Kind::Int { .. })) {
                assert_eq!(unit_of(directive), told(directive.summary), "{server} {}", directive.name());
                seen.extend(TIMES.iter().filter(|(name, _)| directive.names.contains(name)).map(|(name, _)| *name));
            }
        }
        assert_eq!(seen.len(), TIMES.len(), "every line of the table is of use");
    }
}
