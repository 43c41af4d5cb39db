//! Words that are no value of their directive.

#![expect(clippy::wildcard_enum_match_arm, reason = "advice is for what has some; the rest speaks for itself")]

use super::{statement, units};
use crate::catalog::{self, Directive, Kind, bytes_in_words};
use crate::config::{Bad, Class, Reason, Refusal};
use crate::finding::{Finding, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server;
use crate::syntax::{StatementId, Via};

pub(crate) static INVALID_VALUE: Rule = Rule {
    id: "invalid-value",
    severity: Severity::Fatal,
    summary: "a word is no value of its directive",
    docs: "Bytes are written `8gb` (binary) or `8g` (decimal), never `8Gi` or `1.5gb`; switches are `yes` and `no`; times are
plain numbers in the unit that the directive fixes. In profiles and project files it is also a TOML value of the wrong
kind, such as a number where a list of texts is expected.

Bad:
    maxmemory 8Gi

Good:
    maxmemory 8gb
",
    group: Group::Values,
    source: super::MEASURED,
    check: Check::Refusal(invalid_value),
    ..Rule::BASE
};

pub(crate) static OUT_OF_RANGE: Rule = Rule {
    id: "out-of-range",
    severity: Severity::Fatal,
    summary: "a number lies outside the range of its directive",
    docs: "Ranges differ between versions; `redisconf explain NAME` gives them.

Bad:
    port 70000

Good:
    port 7000
",
    group: Group::Values,
    source: super::MEASURED,
    check: Check::Refusal(out_of_range),
    ..Rule::BASE
};

/// What the value rules talk about.
struct Subject<'a> {
    case: &'a Case<'a>,
    id: StatementId,
    directive: &'static Directive,
    bad: &'a Bad,
    /// The argument that is to blame, as people may see it.
    word: String,
    /// The same, only if it may be shown.
    public: Option<&'a str>,
    /// Its position.
    index: usize,
}

fn subject<'a>(case: &'a Case<'a>, refusal: &'a Refusal) -> Subject<'a> {
    let id = statement(refusal);
    let directive = case.directive(id).expect("only words of a known directive are read as its value");
    let Reason::Value(bad) = &refusal.reason else { unreachable!("these rules are chosen for values only") };
    let index = culprit(case, id, directive, bad);
    Subject { case, id, directive, bad, word: case.word(id, index), public: case.public_word(id, index), index }
}

/// Which argument is to blame; the first where that cannot be told.
fn culprit(case: &Case<'_>, id: StatementId, directive: &Directive, bad: &Bad) -> usize {
    let arguments = case.reading.arguments(id);
    let found = match (&directive.kind, bad) {
        (Kind::Flags(known), Bad::NotOneOf(_)) => {
            arguments.iter().position(|word| !known.iter().any(|k| k.name.as_bytes().eq_ignore_ascii_case(word)))
        }
        (Kind::BufferLimits, Bad::LimitClass) => {
            (0..arguments.len()).step_by(4).find(|at| Class::from_name(arguments[*at]).is_none())
        }
        (Kind::BufferLimits, Bad::LimitNumber) => (0..arguments.len()).find(|at| match at % 4 {
            0 => false,
            3 => !arguments[*at].iter().all(u8::is_ascii_digit),
            _ => !reads_as_bytes(arguments[*at]),
        }),
        (Kind::Save | Kind::OomValues, _) => arguments.iter().position(|word| {
            let digits = word.strip_prefix(b"-").unwrap_or(word);
            digits.is_empty() || !digits.iter().all(u8::is_ascii_digit)
        }),
        (Kind::ReplicaOf, Bad::Port) => Some(1),
        (_, _) => None,
    };
    found.unwrap_or(0)
}

/// Whether servers read a word as bytes: digits and one of their units.
fn reads_as_bytes(word: &[u8]) -> bool {
    let end = word.iter().position(|b| !b.is_ascii_digit()).unwrap_or(word.len());
    ["", "b", "k", "kb", "m", "mb", "g", "gb"].iter().any(|unit| unit.as_bytes().eq_ignore_ascii_case(&word[end..]))
}

fn invalid_value(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let subject = subject(case, refusal);
    let word = if subject.word.is_empty() { "\"\"" } else { &subject.word };
    let message = match subject.bad {
        Bad::SaveAndNosave => "`save` and `nosave` exclude each other".to_owned(),
        Bad::Save if case.reading.words(subject.id).len() % 2 == 1 => {
            format!("an odd number of words where `{}` takes pairs of seconds and changes", case.name(subject.id))
        }
        _ => format!("`{word}` is no value of `{}`", case.name(subject.id)),
    };
    let at = match subject.bad {
        Bad::SaveAndNosave | Bad::Save => refusal.at,
        _ => case.word_at(subject.id, subject.index),
    };
    INVALID_VALUE.finding(at, message).help(value_advice(&subject))
}

fn value_advice(subject: &Subject<'_>) -> String {
    let expected = || subject.bad.to_string();
    let translated = subject.public.and_then(|word| translation(subject, word));
    match translated {
        // In a profile the statement has another form, so only the value is spelt out.
        Some(meant) if matches!(subject.case.reading.statement(subject.id).via, Via::Layer(_)) => {
            format!("write `{meant}`")
        }
        Some(meant) => {
            let mut line = subject.case.name(subject.id);
            for index in 0..subject.case.reading.words(subject.id).len() {
                line.push(' ');
                line.push_str(&if index == subject.index {
                    meant.clone()
                } else {
                    subject.case.word(subject.id, index)
                });
            }
            format!("write `{line}`")
        }
        None => further_advice(subject).unwrap_or_else(expected),
    }
}

/// The word that was meant, if that is plain.
fn translation(subject: &Subject<'_>, word: &str) -> Option<String> {
    match subject.bad {
        Bad::NotBool => units::boolean(word).map(str::to_owned),
        Bad::NotMemory | Bad::NotMemoryOrPercent => units::bytes(word),
        Bad::LimitNumber if subject.index % 4 == 3 => units::integer(word),
        Bad::LimitNumber => units::bytes(word),
        Bad::LimitClass if ["master", "primary"].contains(&word) => Some("replica".into()),
        Bad::NotInteger => units::integer(word),
        Bad::NotOctal => units::octal(word).map(str::to_owned),
        Bad::NotOneOf(words) => nearest(word, words),
        _ => None,
    }
}

/// The word of a list that was most likely meant.
fn nearest(word: &str, words: &[String]) -> Option<String> {
    let plain = word.to_ascii_lowercase().replace('_', "-");
    if let Some(yes) = units::boolean(&plain).filter(|yes| words.iter().any(|known| known == yes)) {
        return Some(yes.to_owned());
    }
    let near = words.iter().map(|known| (strsim::damerau_levenshtein(&plain, known), known));
    near.filter(|(distance, known)| *distance <= 1 + known.len() / 5).min().map(|(_, known)| known.clone())
}

/// What to say where no single word replaces the wrong one.
fn further_advice(subject: &Subject<'_>) -> Option<String> {
    let word = subject.public?;
    match subject.bad {
        Bad::NotMemory if word.ends_with('%') => Some(
            "give bytes such as `6gb`: a server knows no share of its memory; a profile does (`75% of memory`)".into(),
        ),
        Bad::NotMemory if word.starts_with('-') => Some("give bytes, or `0` for no limit".into()),
        Bad::NotInteger if units::is_time(word) => {
            Some("give a plain number: the directive fixes the unit, which `redisconf explain` tells".into())
        }
        Bad::NotInteger if reads_as_bytes(word.as_bytes()) => {
            Some("give a plain number: this directive counts things, it takes no unit".into())
        }
        Bad::NotOneOf(words) => known_elsewhere(subject, word).or_else(|| {
            Some(format!("choose one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")))
        }),
        Bad::Event(letter) => known_elsewhere(subject, &letter.to_string())
            .or_else(|| Some(format!("leave `{letter}` out: {} is what it takes", subject.directive.kind))),
        _ => None,
    }
}

/// Which other versions take a word or letter.
fn known_elsewhere(subject: &Subject<'_>, word: &str) -> Option<String> {
    let takes = |kind: &Kind| match kind {
        Kind::Enum(words) => words.iter().any(|known| known.name.eq_ignore_ascii_case(word)),
        Kind::Flags(words) => words.iter().any(|known| known.name.eq_ignore_ascii_case(word)),
        Kind::Events(letters) => letters.contains(word),
        _ => false,
    };
    let history = catalog::history(subject.directive.id);
    let servers: Vec<_> = history.iter().filter(|(_, d)| takes(&d.kind)).map(|(server, _)| *server).collect();
    if servers.is_empty() {
        return None;
    }
    Some(format!("leave `{word}` out: only {} takes it", server::in_words(&servers)))
}

fn out_of_range(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let subject = subject(case, refusal);
    let name = case.name(subject.id);
    let word = if subject.word.is_empty() { "\"\"" } else { &subject.word };
    let at = case.word_at(subject.id, subject.index);
    match subject.bad {
        Bad::OutOfRange { min, max, octal } => {
            let (least, most) = (number(&subject, *min, *octal), number(&subject, *max, *octal));
            let message = format!("`{word}` is out of range for `{name}`");
            let unbounded = *max >= i128::from(i64::MAX);
            let help = if unbounded {
                format!("set `{name}` to {least} or more")
            } else {
                format!("set `{name}` to a value from {least} to {most}")
            };
            OUT_OF_RANGE.finding(at, message).help(help)
        }
        bad => OUT_OF_RANGE
            .finding(at, format!("`{word}` is out of range for `{name}`"))
            .help(format!("set `{name}` to a value from 0 to 100; {bad}")),
    }
}

/// A bound as one would write it.
fn number(subject: &Subject<'_>, bound: i128, octal: bool) -> String {
    match (&subject.directive.kind, u64::try_from(bound)) {
        (_, _) if octal => format!("{bound:o}"),
        (Kind::Memory { .. } | Kind::MemoryOrPercent { .. }, Ok(bytes)) => bytes_in_words(bytes),
        (_, _) => bound.to_string(),
    }
}
