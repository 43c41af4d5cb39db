//! Values in spellings that people carry over from elsewhere, and how the server wants them.

/// A value as the server wants it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lint) struct Meant {
    /// The word to write.
    pub(in crate::lint) word: String,
    /// Whether it cannot have been anything else.
    pub(in crate::lint) surely: bool,
}

impl Meant {
    fn surely(word: impl Into<String>) -> Self {
        Self { word: word.into(), surely: true }
    }
}

/// How a number of bytes should be written: `8Gi` is `8gb`, `1.5gb` is `1536mb`.
pub(in crate::lint) fn bytes(text: &str) -> Option<Meant> {
    let text = without_thousands(text.trim())?;
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = (&text[..end], text[end..].trim().to_ascii_lowercase());
    let shift: u32 = match unit.as_str() {
        "" | "b" | "byte" | "bytes" => 0,
        "k" | "ki" | "kb" | "kib" => 10,
        "m" | "mi" | "mb" | "mib" => 20,
        "g" | "gi" | "gb" | "gib" => 30,
        "t" | "ti" | "tb" | "tib" => 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() > 12 || fraction.len() > 6 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits: u128 = format!("0{whole}{fraction}").parse().ok()?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let bytes = (digits << shift) / scale;
    let exact = u64::try_from(bytes).ok()?;
    // A fraction that is no whole number of bytes is cut to whole kilobytes, as nobody means the rest.
    let is_whole = (digits << shift).is_multiple_of(scale);
    let rounded = if is_whole { exact } else { exact >> 10 << 10 };
    // A single letter is decimal to the server and binary to many people.
    let surely = is_whole && !["k", "m", "g", "t"].contains(&unit.as_str());
    Some(Meant { word: crate::catalog::bytes_in_words(rounded), surely })
}

/// Whether servers read a word as bytes: digits and one of their units.
pub(in crate::lint) fn is_server_memory(word: &str) -> bool {
    let end = word.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(word.len());
    end > 0 && ["", "b", "k", "kb", "m", "mb", "g", "gb"].iter().any(|unit| unit.eq_ignore_ascii_case(&word[end..]))
}

/// A number whose thousands are set apart, without what sets them apart; `None` if the marks stand elsewhere.
fn without_thousands(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && !matches!(c, '_' | ',')).unwrap_or(text.len());
    let mut groups = text[..end].split(['_', ',']);
    let first = groups.next().unwrap_or_default();
    let mut plain = first.to_owned();
    for group in groups {
        if first.is_empty() || first.len() > 3 || group.len() != 3 {
            return None;
        }
        plain.push_str(group);
    }
    Some(plain + &text[end..])
}

/// `yes` or `no` in other words.
pub(in crate::lint) fn boolean(text: &str) -> Option<Meant> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "y" | "t" | "enable" | "enabled" => Some(Meant::surely("yes")),
        "false" | "off" | "0" | "n" | "f" | "disable" | "disabled" | "none" => Some(Meant::surely("no")),
        _ => None,
    }
}

/// A whole number with a sign, zeros, a unit or a fraction that the server does not read.
pub(in crate::lint) fn integer(text: &str) -> Option<Meant> {
    let text = without_thousands(text.trim())?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(&text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || fraction.bytes().any(|b| b != b'0') {
        return None;
    }
    let number: u64 = whole.parse().ok()?;
    Some(Meant::surely(if number == 0 { "0".into() } else { format!("{sign}{number}") }))
}

/// Permissions in base 8 with a prefix of another language.
pub(in crate::lint) fn octal(text: &str) -> Option<Meant> {
    let digits = text.strip_prefix("0o").or(text.strip_prefix("0O"))?;
    let plain = digits.bytes().all(|b| (b'0'..=b'7').contains(&b));
    (plain && !digits.is_empty()).then(|| Meant::surely(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_other_worlds_are_translated() {
        for (text, meant) in [
            ("8Gi", "8gb"),
            ("512MiB", "512mb"),
            ("1.5gb", "1536mb"),
            ("1_000", "1000"),
            ("1,048,576", "1mb"),
            (".5gb", "512mb"),
        ] {
            assert_eq!(bytes(text), Some(Meant::surely(meant)), "{text}");
        }
        for (text, perhaps) in [("2T", "2048gb"), ("0.1gb", "104857kb"), ("1.5g", "1536mb")] {
            assert_eq!(bytes(text), Some(Meant { word: perhaps.into(), surely: false }), "{text}");
        }
        for text in ["", ".", "many", "8 apples", "-1gb", "99999999999999gb", "1,5gb", "1,0000", ",100"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_lose_what_the_server_does_not_read() {
        for (text, meant) in [("+5", "5"), ("005", "5"), ("5.0", "5"), ("-0", "0"), ("1_000", "1000")] {
            assert_eq!(integer(text), Some(Meant::surely(meant)), "{text}");
        }
        for text in ["", "5.5", "1e3", "0x10", "ten", "1_0"] {
            assert_eq!(integer(text), None, "{text}");
        }
        assert_eq!(octal("0o770"), Some(Meant::surely("770")));
        assert_eq!(octal("0o"), None);
    }
}
