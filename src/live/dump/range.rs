//! The ranges of numbers, and the words that read back as others.

use std::collections::BTreeMap;

use super::super::inspect::inspect;
use super::lab::Lab;
use super::{DumpError, Entry};

/// Permission bits: Redis 6.2 objects without naming them.
const PERMISSIONS: (i128, i128) = (0, 0o777);

/// Fills in `min`, `max` and `reads_back`.
pub(super) fn ask(lab: &Lab<'_>, directives: &mut [Entry]) -> Result<(), DumpError> {
    let mut boundless = Vec::new();
    for (at, entry) in directives.iter_mut().enumerate() {
        let Some(probes) = probes(entry.kind) else { continue };
        let range = objections(lab, entry, probes)?;
        match range {
            Some((min, max)) => (entry.min, entry.max) = (Some(min), Some(max)),
            None => boundless.push(at),
        }
    }
    read_largest(lab, directives, &boundless)?;
    read_words(lab, directives)
}

/// Values outside of most ranges.
fn probes(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "int" => Some(&["-9223372036854775808", "9223372036854775807", "-1"]),
        "memory" => Some(&["18446744073709551615", "9223372036854775807", "0", "-2"]),
        "octal" => Some(&["7777777"]),
        _ => None,
    }
}

fn objections(lab: &Lab<'_>, entry: &Entry, probes: &[&str]) -> Result<Option<(i128, i128)>, DumpError> {
    let mut half = None;
    for probe in probes {
        let objection = lab.objection(&format!("{} {probe}", entry.name))?.unwrap_or_default();
        if let Some(range) = stated(&objection, entry.kind) {
            return Ok(Some(range));
        }
        if objection == "argument must be greater or equal to 0" {
            half = Some((0, i128::from(i64::MAX))); // Redis 8.2: a signed reading, so there is an upper end too
        }
    }
    Ok(half.or((entry.kind == "octal").then_some(PERMISSIONS)))
}

/// The range that an objection states.
fn stated(objection: &str, kind: &str) -> Option<(i128, i128)> {
    let range = objection.strip_prefix("argument must be between ")?.strip_suffix(" inclusive")?;
    let (min, max) = range.split_once(" and ")?;
    let radix = if kind == "octal" { 8 } else { 10 };
    Some((i128::from_str_radix(min, radix).ok()?, i128::from_str_radix(max, radix).ok()?))
}

/// No objection to any number: how the largest one reads back tells how the server keeps it.
fn read_largest(lab: &Lab<'_>, directives: &mut [Entry], boundless: &[usize]) -> Result<(), DumpError> {
    let mut conf = String::new();
    for entry in boundless.iter().map(|at| &directives[*at]) {
        let largest = if entry.kind == "int" { "-1" } else { "18446744073709551615" };
        conf.extend([&entry.name, " ", largest, "\n"]);
    }
    let shown = show(lab, &conf, directives)?;
    for at in boundless {
        let entry = &mut directives[*at];
        let signed = shown.get(&entry.name).is_some_and(|value| *value == i64::MAX.to_string());
        let max = if signed { i128::from(i64::MAX) } else { i128::from(u64::MAX) };
        (entry.min, entry.max) = (Some(0), Some(max));
    }
    for entry in directives.iter_mut().filter(|entry| entry.kind == "memory-or-percent") {
        // a percentage is kept as a negative number, so half of the range is left
        (entry.min, entry.max) = (Some(0), Some(i128::from(i64::MAX)));
    }
    Ok(())
}

/// Starts with the first word of every enumeration, then with the second, …, and looks what comes back.
fn read_words(lab: &Lab<'_>, directives: &mut [Entry]) -> Result<(), DumpError> {
    let most = directives.iter().map(|entry| entry.words.len()).max().unwrap_or_default();
    for nth in 0..most {
        let word = |entry: &Entry| entry.words.get(nth).cloned();
        let lines = directives.iter().filter_map(|entry| Some(format!("{} {}\n", entry.name, word(entry)?)));
        let shown = show(lab, &lines.collect::<String>(), directives)?;
        for entry in directives.iter_mut() {
            if let (Some(word), Some(value)) = (word(entry), shown.get(&entry.name))
                && word != *value
            {
                entry.reads_back.insert(word, value.clone());
            }
        }
    }
    Ok(())
}

fn show(lab: &Lab<'_>, conf: &str, directives: &[Entry]) -> Result<BTreeMap<String, String>, DumpError> {
    let mut subject = lab.must_start(conf, &[])?;
    let hidden: Vec<&str> = directives.iter().filter(|entry| entry.hidden).map(|entry| entry.name.as_str()).collect();
    let snapshot = inspect(&mut subject.connection, &hidden)?;
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    Ok(snapshot.config().iter().map(|(name, value)| (name.to_owned(), text(value))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_in_the_base_of_the_type() {
        assert_eq!(stated("argument must be between -1 and 256 inclusive", "int"), Some((-1, 256)));
        assert_eq!(stated("argument must be between 0 and 777 inclusive", "octal"), Some((0, 511)));
        assert_eq!(stated("argument must be a memory value", "memory"), None);
    }
}
