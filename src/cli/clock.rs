//! What day it is, in UTC.

#![expect(clippy::disallowed_methods, reason = "the front end reads the clock")]

use std::time::{SystemTime, UNIX_EPOCH};

use crate::lint::suppress::Date;

/// Today.
pub(super) fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::of_days_since_1970(u32::try_from(seconds / 86_400).unwrap_or(u32::MAX))
}
