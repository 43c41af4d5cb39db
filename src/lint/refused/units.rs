//! Values in spellings that people carry over from elsewhere, and how the server wants them.

/// How a number of bytes should be written: `8Gi` is `8gb`, `1.5gb` is `1536mb`.
pub(super) fn bytes(text: &str) -> Option<String> {
    let text = text.trim().replace(['_', ','], "");
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
    let rounded = if (digits << shift).is_multiple_of(scale) { exact } else { exact >> 10 << 10 };
    Some(crate::catalog::bytes_in_words(rounded))
}

/// `yes` or `no` in other words.
pub(super) fn boolean(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "y" | "t" | "enable" | "enabled" => Some("yes"),
        "false" | "off" | "0" | "n" | "f" | "disable" | "disabled" | "none" => Some("no"),
        _ => None,
    }
}

/// A whole number with a sign, zeros, a unit or a fraction that the server does not read.
pub(super) fn integer(text: &str) -> Option<String> {
    let text = text.trim().replace('_', "");
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
    Some(if number == 0 { "0".into() } else { format!("{sign}{number}") })
}

/// Whether a text is a number with a unit of time.
pub(super) fn is_time(text: &str) -> bool {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
    end > 0 && ["s", "ms", "us", "sec", "m", "min", "h", "d"].contains(&text[end..].to_ascii_lowercase().as_str())
}

/// Permissions in base 8 with a prefix of another language.
pub(super) fn octal(text: &str) -> Option<&str> {
    let digits = text.strip_prefix("0o").or(text.strip_prefix("0O"))?;
    digits.bytes().all(|b| (b'0'..=b'7').contains(&b)).then_some(digits)
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
            ("2T", "2048gb"),
            ("1_000", "1000"),
            ("0.1gb", "104857kb"),
            (".5gb", "512mb"),
        ] {
            assert_eq!(bytes(text).as_deref(), Some(meant), "{text}");
        }
        for text in ["", ".", "many", "8 apples", "-1gb", "99999999999999gb"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_lose_what_the_server_does_not_read() {
        for (text, meant) in [("+5", "5"), ("005", "5"), ("5.0", "5"), ("-0", "0"), ("1_000", "1000")] {
            assert_eq!(integer(text).as_deref(), Some(meant), "{text}");
        }
        for text in ["", "5.5", "1e3", "0x10", "ten"] {
            assert_eq!(integer(text), None, "{text}");
        }
        assert!(is_time("10s") && is_time("500ms") && !is_time("10") && !is_time("s"));
    }
}
