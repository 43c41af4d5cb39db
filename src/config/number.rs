//! Numbers as C reads them, with all its leniencies, because that is what servers do.

use crate::server::MemoryNumbers;

/// The bytes up to the first NUL: what a C function sees.
pub(super) fn c_text(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len())]
}

/// A number at the start of a text, as `strtoll` finds it.
pub(super) struct Leading<'a> {
    /// The number; saturated if it does not fit.
    pub(super) value: i64,
    /// Whether it did not fit.
    pub(super) overflowed: bool,
    /// What follows.
    pub(super) rest: &'a [u8],
}

/// Reads leading blanks, a sign and digits; no digits give 0 and the whole text as rest.
pub(super) fn leading(bytes: &[u8], base: u32) -> Leading<'_> {
    let text = c_text(bytes);
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let mut at = text.iter().position(|b| !blank(b)).unwrap_or(text.len());
    let negative = text.get(at) == Some(&b'-');
    if matches!(text.get(at), Some(b'-' | b'+')) {
        at += 1;
    }
    let first = at;
    let mut value: u64 = 0;
    while let Some(digit) = text.get(at).and_then(|b| char::from(*b).to_digit(base)) {
        value = value.saturating_mul(u64::from(base)).saturating_add(u64::from(digit));
        at += 1;
    }
    if at == first {
        return Leading { value: 0, overflowed: false, rest: text };
    }
    let value = if negative { -i128::from(value) } else { i128::from(value) };
    let fitted = value.clamp(i128::from(i64::MIN), i128::from(i64::MAX));
    let value64 = i64::try_from(fitted).expect("clamped to i64");
    Leading { value: value64, overflowed: fitted != value, rest: &text[at..] }
}

/// The `int` that `atoi` gives: leading digits, cut to 32 bits.
#[must_use]
pub fn atoi(bytes: &[u8]) -> i32 {
    cut(leading(bytes, 10).value)
}

/// What remains of a 64-bit number in a C `int`.
#[expect(clippy::cast_possible_truncation, reason = "servers cut it, and so must we")]
pub(super) fn cut(value: i64) -> i32 {
    value as i32
}

/// A plain integer as all versions demand it: `0` or `-?[1-9][0-9]*`, within 64 bits.
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let digits = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let plain = match digits {
        [] => false,
        [b'0'] => digits.len() == bytes.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !plain {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

/// What each unit multiplies by.
const UNITS: [(&[u8], u64); 8] = [
    (b"", 1),
    (b"b", 1),
    (b"k", 1000),
    (b"kb", 1024),
    (b"m", 1_000_000),
    (b"mb", 1 << 20),
    (b"g", 1_000_000_000),
    (b"gb", 1 << 30),
];

/// Bytes with an optional unit, as the 64 bits the server keeps; `None` if it is no memory value.
pub(super) fn memory(bytes: &[u8], numbers: MemoryNumbers) -> Option<u64> {
    let text = c_text(bytes);
    let signed = numbers == MemoryNumbers::I64;
    let unsigned = if signed { text.strip_prefix(b"-").unwrap_or(text) } else { text };
    let negative = unsigned.len() != text.len();
    let count = unsigned.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, unit) = unsigned.split_at(count);
    let (_, factor) = UNITS.iter().find(|(name, _)| unit.eq_ignore_ascii_case(name))?;
    // The digits are copied into a buffer of 128 bytes, the sign with them.
    if digits.len() + usize::from(negative) >= 128 {
        return None;
    }
    let number = digits.iter().try_fold(0_u64, |n, d| n.checked_mul(10)?.checked_add(u64::from(d - b'0')));
    let number = match (number, numbers) {
        (None, MemoryNumbers::AtMostU64) => return None,
        (None, MemoryNumbers::U64) => u64::MAX,
        (Some(n), MemoryNumbers::U64 | MemoryNumbers::AtMostU64) => n,
        (n, MemoryNumbers::I64) => n.unwrap_or(u64::MAX).min(i64::MAX.unsigned_abs()),
    };
    let number = if negative { number.wrapping_neg() } else { number };
    Some(number.wrapping_mul(*factor))
}

/// A double as `string2d` takes it: the whole text, no blank in front, not NaN, not out of range.
pub(super) fn double(bytes: &[u8], hex: bool) -> Option<f64> {
    let text = std::str::from_utf8(bytes).ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.starts_with(['+', '-']) {
        return None;
    }
    let value = if unsigned.len() > 2 && unsigned.as_bytes()[..2].eq_ignore_ascii_case(b"0x") {
        if !hex {
            return None;
        }
        hexadecimal(&unsigned[2..])?
    } else {
        if !unsigned.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) {
            return None;
        }
        let value: f64 = unsigned.parse().ok()?;
        let has_digits =
            unsigned.split(['e', 'E']).next().is_some_and(|m| m.bytes().any(|b| (b'1'..=b'9').contains(&b)));
        if value == 0.0 && has_digits {
            return None;
        }
        value
    };
    if !value.is_finite() {
        return None;
    }
    Some(if text.starts_with('-') { -value } else { value })
}

/// `10`, `.8`, `1p2`: what may follow `0x`.
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P']).map_or((text, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let mut place = 1.0;
    for digit in fraction.chars() {
        place /= 16.0;
        value += f64::from(digit.to_digit(16)?) * place;
    }
    let exponent: i32 = exponent.map_or(Some(0), |e| e.parse().ok())?;
    Some(value * 2_f64.powi(exponent))
}

/// A double as servers print percentiles: `%f` without trailing zeros.
pub(super) fn percentile_text(value: f64) -> String {
    let text = format!("{value:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_wraps_saturates_and_may_be_empty() {
        let old = |t: &str| memory(t.as_bytes(), MemoryNumbers::I64);
        let new = |t: &str| memory(t.as_bytes(), MemoryNumbers::U64);
        assert_eq!(new("1GB"), Some(1 << 30));
        assert_eq!(new("1g"), Some(1_000_000_000));
        assert_eq!(new(""), Some(0));
        assert_eq!(new("kb"), Some(0));
        assert_eq!(new("99999999999gb"), Some(15_140_462_030_378_500_096));
        assert_eq!(new("-1"), None);
        assert_eq!(old("-1"), Some(u64::MAX));
        assert_eq!(new("8Gi"), None);
        assert_eq!(memory(b"99999999999999999999", MemoryNumbers::AtMostU64), None);
        assert_eq!(new("99999999999999999999"), Some(u64::MAX));
    }

    #[test]
    fn integers_have_one_spelling() {
        for (text, value) in
            [("0", Some(0)), ("-7", Some(-7)), ("05", None), ("+5", None), ("-0", None), ("", None), ("5s", None)]
        {
            assert_eq!(integer(text.as_bytes()), value, "{text}");
        }
        assert_eq!(integer(b"9223372036854775808"), None);
    }

    #[test]
    fn doubles_follow_c() {
        for (text, value) in
            [("5.", Some(5.0)), (".5", Some(0.5)), ("+5", Some(5.0)), ("1e1", Some(10.0)), ("0x1p2", Some(4.0))]
        {
            assert_eq!(double(text.as_bytes(), true), value, "{text}");
        }
        for text in ["", "nan", "inf", "1e-400", "1e400", "5e", "0x", "1_0", "--1", " 5"] {
            assert_eq!(double(text.as_bytes(), true), None, "{text}");
        }
        assert_eq!(double(b"0x10", false), None);
        assert_eq!(percentile_text(99.9), "99.9");
        assert_eq!(percentile_text(-0.0), "-0");
        assert_eq!(percentile_text(100.0), "100");
    }
}
