//! Values as TOML: what a directive means, in the spelling that profiles use.

use crate::catalog::Kind;
use crate::config::{Class, Limit, Value};

/// Below this a bare number of bytes is written as it is; profiles refuse larger ones without a unit.
const BARE_BYTES: u64 = 65_536;

/// A value as the right side of a TOML assignment; `None` where TOML cannot hold its bytes. Secrets and limits by class are
/// written by others.
pub(super) fn toml(kind: &Kind, value: &Value) -> Option<String> {
    Some(match value {
        Value::Bool(on) => on.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Bytes(n) => bytes(*n),
        Value::Percent(n) => quoted(&format!("{n}%")),
        Value::Octal(n) => quoted(&format!("{n:o}")),
        Value::Word(_) | Value::Flags(_) => quoted(std::str::from_utf8(&value.config_get(kind)).ok()?),
        Value::Text(text) => quoted(std::str::from_utf8(text).ok()?),
        Value::Words(words) if words.iter().all(|word| word.is_empty()) => "[]".into(),
        Value::Words(words) => {
            let texts: Option<Vec<&str>> = words.iter().map(|word| std::str::from_utf8(word).ok()).collect();
            list(texts?.into_iter().map(quoted))
        }
        Value::Save { points, .. } => list(points.iter().map(|p| quoted(&format!("{} {}", p.seconds, p.changes)))),
        Value::Events(bits) => quoted(&events(kind, *bits)),
        Value::Percentiles(_) => {
            let shown = value.config_get(kind);
            list(std::str::from_utf8(&shown).ok()?.split_whitespace().map(str::to_owned))
        }
        Value::Oom(three) => list(three.iter().map(i32::to_string)),
        Value::Replica(None) => quoted("no one"),
        Value::Replica(Some((host, port))) => quoted(&format!("{} {port}", std::str::from_utf8(host).ok()?)),
        Value::Limits(_) | Value::Secret(_) | Value::Named(_) | Value::Unknown | Value::Action => return None,
    })
}

/// The limits of one class.
pub(super) fn limit(limit: &Limit) -> String {
    format!("{{ hard = {}, soft = {}, seconds = {} }}", bytes(limit.hard), bytes(limit.soft), limit.seconds)
}

/// The limits of a class among many.
pub(super) fn limit_of(value: Option<&Value>, class: Class) -> Option<Limit> {
    let Some(Value::Limits(limits)) = value else { return None };
    limits.iter().rfind(|limit| limit.class == class).copied()
}

/// Bytes in the largest unit that divides them.
fn bytes(n: u64) -> String {
    let units = [(1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    match units.iter().find(|(size, _)| n >= *size && n.is_multiple_of(*size)) {
        Some((size, unit)) => quoted(&format!("{}{unit}", n / size)),
        None if n < BARE_BYTES => n.to_string(),
        None => quoted(&format!("{n}b")),
    }
}

/// Every letter. CONFIG GET leaves out those beside `A` that it does not cover, so it cannot be asked.
fn events(kind: &Kind, bits: u32) -> String {
    let Kind::Events(letters) = kind else { return String::new() };
    let set = letters.chars().enumerate().filter(|(at, letter)| *letter != 'A' && bits >> at & 1 == 1);
    set.map(|(_, letter)| letter).collect()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

/// A text as a basic string of TOML: one line, whatever it holds.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            other if other.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// A key: bare where TOML allows it.
pub(super) fn key(text: &str) -> String {
    let bare = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if bare { text.to_owned() } else { quoted(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_the_largest_unit_and_never_an_ambiguous_one() {
        let shown = [0, 512, 65_535, 65_537, 1_000_000_000, 8 << 30, 1536 << 20, 20 << 10].map(bytes);
        assert_eq!(shown, ["0", "512", "65535", "\"65537b\"", "\"1000000000b\"", "\"8gb\"", "\"1536mb\"", "\"20kb\""]);
    }

    #[test]
    fn texts_stay_on_their_line() {
        assert_eq!(quoted("a\"b\\c\nd\u{1}ü"), "\"a\\\"b\\\\c\\nd\\u0001ü\"");
        assert_eq!(key("maxmemory-policy"), "maxmemory-policy");
        assert_eq!(key("a b"), "\"a b\"");
    }
}
