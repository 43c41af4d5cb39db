//! What day it is, in UTC.

#![expect(clippy::disallowed_methods, reason = "the front end reads the clock")]

use std::time::{SystemTime, UNIX_EPOCH};

use crate::lint::suppress::Date;

/// Today.
pub(super) fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::of_days_since_1970(u32::try_from(seconds / 86_400).unwrap_or(u32::MAX))
}

/// The day that is so many hours from now.
pub(super) fn in_hours(hours: u32) -> Date {
    let then = seconds().saturating_add(u64::from(hours) * 3600);
    Date::of_days_since_1970(u32::try_from(then / 86_400).unwrap_or(u32::MAX))
}

/// This moment, in seconds since 1970.
pub(super) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// This moment, as `2026-11-22T14:43:12Z`.
pub(super) fn now() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}Z", today())
}
