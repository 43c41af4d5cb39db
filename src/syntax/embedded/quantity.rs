//! Quantities as the surroundings write them: bytes and cores of Kubernetes, bytes and times of Docker and systemd.
//!
//! `None` is what the reader of that form would refuse, or what a template fills in.

/// Bytes of Kubernetes: `512Mi`, `1G`, `1e9`, `128974848000m`.
pub(super) fn kubernetes_bytes(text: &str) -> Option<u64> {
    let (number, factor) = kubernetes(text)?;
    whole(number * factor)
}

/// Cores of Kubernetes: `2`, `0.5`, `500m`.
pub(super) fn kubernetes_cores(text: &str) -> Option<f64> {
    let (number, factor) = kubernetes(text)?;
    positive(number * factor)
}

/// A number and what its suffix multiplies it by.
fn kubernetes(text: &str) -> Option<(f64, f64)> {
    const SUFFIXES: [(&str, f64); 16] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("Pi", 1_125_899_906_842_624.0),
        ("Ei", 1_152_921_504_606_846_976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
        ("", 1.0),
    ];
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    // `1e9` and `1E9` are exponents, `1E` is a suffix.
    if text[end..].len() > 1 && text[end..].starts_with(['e', 'E']) && text[end + 1..].parse::<i32>().is_ok() {
        return Some((text.parse().ok()?, 1.0));
    }
    let (_, factor) = SUFFIXES.iter().find(|(suffix, _)| *suffix == &text[end..])?;
    Some((text[..end].parse().ok()?, *factor))
}

/// Bytes of Docker: `512m`, `1.5g`, `1gb`, `1GiB`, `1073741824`; all units are powers of 1024.
pub(super) fn docker_bytes(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let shift = match text[end..].trim_start() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        "t" | "tb" | "tib" => 40,
        "p" | "pb" | "pib" => 50,
        _ => return None,
    };
    #[expect(clippy::cast_precision_loss, reason = "a power of two is exact")]
    let factor = (1_u64 << shift) as f64;
    whole(text[..end].parse::<f64>().ok()? * factor)
}

/// Bytes of systemd: `512M`, `8G`, plain bytes; a share of the host is not known, `8GB` and `8Gi` are ignored there.
pub(super) fn systemd_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let shift = match &text[end..] {
        "" | "B" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return None,
    };
    text[..end].parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Cores as a plain number.
pub(super) fn cores(text: &str) -> Option<f64> {
    positive(text.trim().parse().ok()?)
}

/// A time in milliseconds, as Docker writes it: `1m30s`, `500ms`.
pub(super) fn docker_time(text: &str) -> Option<u64> {
    time(text, &[("ms", 1), ("us", 0), ("h", 3_600_000), ("m", 60_000), ("s", 1000)], false)
}

/// A time in milliseconds, as systemd writes it: `90`, `1min 30s`, `500ms`.
pub(super) fn systemd_time(text: &str) -> Option<u64> {
    let units = [
        ("msec", 1),
        ("ms", 1),
        ("hour", 3_600_000),
        ("hours", 3_600_000),
        ("hr", 3_600_000),
        ("h", 3_600_000),
        ("minutes", 60_000),
        ("minute", 60_000),
        ("min", 60_000),
        ("m", 60_000),
        ("seconds", 1000),
        ("second", 1000),
        ("sec", 1000),
        ("s", 1000),
    ];
    time(text, &units, true)
}

/// Adds numbers with their units; `plain` lets a number without one be seconds.
fn time(text: &str, units: &[(&str, u64)], plain: bool) -> Option<u64> {
    let mut rest = text.trim();
    let mut sum = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        let word_end = rest[end..].find(|c: char| !c.is_ascii_alphabetic()).map_or(rest.len(), |at| end + at);
        let factor = match &rest[end..word_end] {
            "" if plain => 1000,
            word => units.iter().find(|(name, _)| *name == word)?.1,
        };
        #[expect(clippy::cast_precision_loss, reason = "the factors are small")]
        let factor = factor as f64;
        sum += number * factor;
        rest = rest[word_end..].trim_start();
    }
    whole(sum)
}

fn positive(number: f64) -> Option<f64> {
    (number.is_finite() && number > 0.0).then_some(number)
}

/// A number without its fraction, if it is from 0 and below 2^63.
fn whole(number: f64) -> Option<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
    (number.is_finite() && (0.0..9.2e18).contains(&number)).then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_has_units_of_its_own() {
        for (text, kubernetes, docker, systemd) in [
            ("512Mi", Some(512 << 20), None, None),
            ("1G", Some(1_000_000_000), Some(1 << 30), Some(1 << 30)),
            ("1g", None, Some(1 << 30), None),
            ("1gb", None, Some(1 << 30), None),
            ("1.5Gi", Some(3 << 29), None, None),
            ("1.5g", None, Some(3 << 29), None),
            ("1e9", Some(1_000_000_000), None, None),
            ("1500m", Some(1), Some(1500 << 20), None),
            ("1073741824", Some(1 << 30), Some(1 << 30), Some(1 << 30)),
            ("50%", None, None, None),
            ("${LIMIT}", None, None, None),
            ("", None, None, None),
            ("1E", Some(1_000_000_000_000_000_000), None, None),
            ("99999999999999999999", None, None, None),
        ] {
            assert_eq!(kubernetes_bytes(text), kubernetes, "{text}");
            assert_eq!(docker_bytes(text), docker, "{text}");
            assert_eq!(systemd_bytes(text), systemd, "{text}");
        }
        assert_eq!((kubernetes_cores("500m"), kubernetes_cores("2"), cores("0.50")), (Some(0.5), Some(2.0), Some(0.5)));
        assert_eq!((cores("0"), cores("x"), kubernetes_cores("-1")), (None, None, None));
    }

    #[test]
    fn times_add_up() {
        assert_eq!(docker_time("1m30s"), Some(90_000));
        assert_eq!(docker_time("500ms"), Some(500));
        assert_eq!((docker_time("30"), docker_time("")), (None, None));
        assert_eq!(systemd_time("1min 30s"), Some(90_000));
        assert_eq!((systemd_time("90"), systemd_time("infinity")), (Some(90_000), None));
    }
}
