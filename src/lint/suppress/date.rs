//! A day, as people write it. What day it is today only the front ends know.

use std::fmt;
use std::str::FromStr;

/// A day of the Gregorian calendar, such as `2027-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day that is so many days after the first of January 1970.
    #[must_use]
    pub fn of_days_since_1970(days: u32) -> Self {
        let (mut year, mut rest) = (1970_u16, days);
        while rest >= days_in_year(year) && year < 9999 {
            rest -= days_in_year(year);
            year += 1;
        }
        let mut month = 1;
        while rest >= days_in(year, month) && month < 12 {
            rest -= days_in(year, month);
            month += 1;
        }
        let day = u8::try_from(rest + 1).unwrap_or(31);
        Self { year, month, day }
    }
}

fn days_in_year(year: u16) -> u32 {
    if is_leap(year) { 366 } else { 365 }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(year: u16, month: u8) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl FromStr for Date {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "write the day as `2027-01-31`";
        let is_form = text.len() == 10
            && text.bytes().enumerate().all(|(at, b)| if matches!(at, 4 | 7) { b == b'-' } else { b.is_ascii_digit() });
        if !is_form {
            return Err(EXPECTED);
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<u16>().map_err(|_| EXPECTED);
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Err(EXPECTED) };
        let is_day = (1..=12).contains(&month) && day >= 1 && u32::from(day) <= days_in(year, month);
        if is_day { Ok(Self { year, month, day }) } else { Err("there is no such day") }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        for (days, text) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (789, "1972-02-29"),
            (10_957, "2000-01-01"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(Date::of_days_since_1970(days).to_string(), text);
            assert_eq!(text.parse(), Ok(Date::of_days_since_1970(days)));
        }
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        for text in ["2027-02-29", "2027-13-01", "2027-00-10", "2027-04-31"] {
            assert_eq!(text.parse::<Date>(), Err("there is no such day"), "{text}");
        }
        for text in ["27-01-31", "2027/01/31", "2027-1-31", "", "tomorrow", "2027-01-310", "é027-01-3"] {
            assert_eq!(text.parse::<Date>(), Err("write the day as `2027-01-31`"), "{text}");
        }
    }

    #[test]
    fn later_days_are_greater() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(day("2027-01-31") < day("2027-02-01") && day("2026-12-31") < day("2027-01-01"));
    }
}
