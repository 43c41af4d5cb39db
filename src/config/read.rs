//! Reading the words of one statement as a value of its directive, exactly as one server version does.

use std::sync::Arc;

use super::bad::Bad;
use super::number::{atoi, c_text, cut, double, integer, leading, memory};
use super::value::{Class, Limit, SavePoint, Secret, Value, event_bits};
use crate::catalog::{Directive, EnumWord, FlagWord, Kind, TextRules};
use crate::server::{Habits, Server};

/// What was read before and decides about a value.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    /// `cluster-enabled yes` stands above.
    pub(super) cluster: bool,
    /// A unix socket is named above.
    pub(super) socket: bool,
}

/// Reads the argument words; a single one has already been split again where the version does that.
///
/// # Errors
/// [`Bad`] where the server refuses the words.
pub(super) fn value(directive: &Directive, words: &[&[u8]], habits: &Habits, before: Before) -> Result<Value, Bad> {
    let one = || match words {
        [word] => Ok(*word),
        _ => Err(Bad::Arity),
    };
    match &directive.kind {
        Kind::Bool => boolean(one()?),
        Kind::Int { min, max } => number(one()?, *min, *max),
        Kind::Memory { min, max } => {
            let word = one()?;
            let signed = integer(word).filter(|n| *n < 0 && *min < 0 && habits.signed_memory);
            let bits = signed.map(i64::cast_unsigned).or_else(|| memory(word, habits.memory_numbers));
            let bits = bits.ok_or(Bad::NotMemory)?;
            in_range(bits.cast_signed(), *min, *max, false)?;
            // Where the version reads a sign, it also shows one, however the number was written.
            Ok(if habits.signed_memory && *min < 0 && bits.cast_signed() < 0 {
                Value::Int(bits.cast_signed())
            } else {
                Value::Bytes(bits)
            })
        }
        Kind::MemoryOrPercent { min, max } => memory_or_percent(one()?, *min, *max, habits),
        Kind::Octal { min, max } => octal(one()?, *min, *max, habits),
        Kind::Enum(known) => word_of(known, one()?),
        Kind::Flags(known) => flags(known, words),
        Kind::Text(rules) => text(one()?, rules, before).map(|text| wrapped(directive, text)),
        Kind::Bytes => one().map(|word| wrapped(directive, word)),
        Kind::Dir => one().map(|word| Value::Text(c_text(word).into())),
        Kind::Words { max, .. } => word_list(words, *max, habits),
        Kind::Save if habits.lax_lines => save_lax(words),
        Kind::Save => save(words),
        Kind::BufferLimits if habits.lax_lines => limits_lax(words, habits),
        Kind::BufferLimits => limits(words, habits),
        Kind::Events(letters) => events(letters, one()?),
        Kind::Percentiles => percentiles(words, habits.hex_percentiles),
        Kind::OomValues => oom_values(words),
        Kind::ReplicaOf => replica_of(words),
        Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => Ok(Value::Action),
    }
}

/// Reads all groups of `save` or of buffer limits at once, as CONFIG GET shows them in every version.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other kind has groups")]
pub(super) fn groups(kind: &Kind, words: &[&[u8]], server: Server) -> Option<Value> {
    match kind {
        Kind::Save => save(words).ok(),
        Kind::BufferLimits => limits(words, server.habits()).ok(),
        _ => None,
    }
}

/// Text that may be secret.
fn wrapped(directive: &Directive, text: &[u8]) -> Value {
    if directive.is.secret { Value::Secret(Secret::new(text)) } else { Value::Text(text.into()) }
}

fn boolean(word: &[u8]) -> Result<Value, Bad> {
    let word = c_text(word);
    match () {
        () if word.eq_ignore_ascii_case(b"yes") => Ok(Value::Bool(true)),
        () if word.eq_ignore_ascii_case(b"no") => Ok(Value::Bool(false)),
        () => Err(Bad::NotBool),
    }
}

/// Compares as the server's C type does: beyond `i64` the number is unsigned.
fn in_range(value: i64, min: i128, max: i128, octal: bool) -> Result<(), Bad> {
    let unsigned = max > i128::from(i64::MAX);
    let wide = if unsigned { i128::from(value.cast_unsigned()) } else { i128::from(value) };
    if (min..=max).contains(&wide) { Ok(()) } else { Err(Bad::OutOfRange { min, max, octal }) }
}

fn number(word: &[u8], min: i128, max: i128) -> Result<Value, Bad> {
    let value = integer(word).ok_or(Bad::NotInteger)?;
    in_range(value, min, max, false).map(|()| Value::Int(value))
}

fn memory_or_percent(word: &[u8], min: i128, max: i128, habits: &Habits) -> Result<Value, Bad> {
    let share = word.strip_suffix(b"%").and_then(integer).filter(|n| *n >= 0);
    // Servers keep a share as a negative number of bytes, so a huge number of bytes can come out as a share.
    let stored = match (memory(word, habits.memory_numbers), share) {
        (Some(bits), _) => bits.cast_signed(),
        (None, Some(share)) => -share,
        (None, None) => return Err(Bad::NotMemoryOrPercent),
    };
    if stored >= 0 {
        return in_range(stored, min, max, false).map(|()| Value::Bytes(stored.unsigned_abs()));
    }
    match u8::try_from(stored.unsigned_abs()) {
        Ok(share) if share <= 100 => Ok(Value::Percent(share)),
        _ => Err(Bad::PercentTooLarge),
    }
}

fn octal(word: &[u8], min: i128, max: i128, habits: &Habits) -> Result<Value, Bad> {
    let read = leading(word, 8);
    let permissions = |value: i64| u32::try_from(value).ok();
    if habits.lax_lines {
        // The old parser takes the digits it finds; text behind them, or none at all, is fine.
        let value = permissions(i64::from(cut(read.value))).filter(|v| i128::from(*v) <= max && !read.overflowed);
        return value.map(Value::Octal).ok_or(Bad::OutOfRange { min, max, octal: true });
    }
    if read.overflowed || !read.rest.is_empty() {
        return Err(Bad::NotOctal);
    }
    in_range(read.value, min, max, true)?;
    permissions(read.value).map(Value::Octal).ok_or(Bad::OutOfRange { min, max, octal: true })
}

fn word_of(known: &[EnumWord], word: &[u8]) -> Result<Value, Bad> {
    let word = c_text(word);
    let found = known.iter().position(|k| k.name.as_bytes().eq_ignore_ascii_case(word));
    found.map(Value::Word).ok_or_else(|| Bad::NotOneOf(known.iter().map(|k| k.name.clone()).collect()))
}

fn flags(known: &[FlagWord], words: &[&[u8]]) -> Result<Value, Bad> {
    let not_one = || Bad::NotOneOf(known.iter().map(|k| k.name.clone()).collect());
    let find = |word: &&[u8]| known.iter().find(|k| k.name.as_bytes().eq_ignore_ascii_case(c_text(word)));
    if words.is_empty() {
        return Err(not_one());
    }
    let mut bits = 0;
    for word in words {
        bits |= find(word).ok_or_else(not_one)?.bits;
    }
    let has = |name: &str| known.iter().any(|k| k.name == name && k.bits != 0 && bits & k.bits == k.bits);
    if has("save") && has("nosave") { Err(Bad::SaveAndNosave) } else { Ok(Value::Flags(bits)) }
}

/// A text, if it obeys its rules.
pub(super) fn text<'a>(word: &'a [u8], rules: &TextRules, before: Before) -> Result<&'a [u8], Bad> {
    let text = c_text(word);
    if text.is_empty() && rules.not_empty {
        return Err(Bad::Empty);
    }
    // Where a NUL is refused, the server looks at all bytes; elsewhere it sees none after it.
    if rules.refuses.contains('\0') && text.len() < word.len() {
        return Err(Bad::Byte(0));
    }
    if let Some(byte) = text.iter().find(|b| rules.refuses.as_bytes().contains(b)) {
        return Err(Bad::Byte(*byte));
    }
    if let Some(longest) = rules.longest
        && text.len() > longest
    {
        return Err(Bad::TooLong(longest));
    }
    let host = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if rules.hostname && !(text.iter().all(host) && text.len() < 256) {
        return Err(Bad::Hostname);
    }
    let utf8 = std::str::from_utf8(text).unwrap_or("\u{fffd}");
    if rules.ipv4 && !text.is_empty() && utf8.parse::<std::net::Ipv4Addr>().is_err() {
        return Err(Bad::Address("IPv4"));
    }
    if rules.ipv6 && !text.is_empty() && utf8.parse::<std::net::Ipv6Addr>().is_err() {
        return Err(Bad::Address("IPv6"));
    }
    if rules.title_template && !title_is_visible(text, before) {
        return Err(Bad::Template);
    }
    Ok(text)
}

/// Whether a title template is well formed and comes out non-empty where the title itself is empty.
fn title_is_visible(template: &[u8], before: Before) -> bool {
    let mut rest = template;
    let mut visible = false;
    while let Some(open) = rest.iter().position(|b| *b == b'{') {
        visible |= rest[..open].iter().any(|b| *b != b' ');
        rest = &rest[open + 1..];
        match rest.first() {
            None => return false,
            Some(b'{') => {
                visible = true;
                rest = &rest[1..];
                continue;
            }
            Some(_) => {}
        }
        let Some(close) = rest.iter().position(|b| *b == b'}') else { return false };
        visible |= match &rest[..close] {
            b"title" => false,
            b"listen-addr" | b"port" | b"tls-port" | b"config-file" => true,
            b"server-mode" => before.cluster,
            b"unixsocket" => before.socket,
            _ => return false,
        };
        rest = &rest[close + 1..];
    }
    visible | rest.iter().any(|b| *b != b' ')
}

fn word_list(words: &[&[u8]], max: usize, habits: &Habits) -> Result<Value, Bad> {
    if words.is_empty() && habits.lax_lines {
        return Err(Bad::Arity);
    }
    if words.len() > max {
        return Err(Bad::TooManyAddresses);
    }
    let words = if let [b""] = words { &[] } else { words };
    Ok(Value::Words(words.iter().map(|w| Arc::from(c_text(w))).collect()))
}

fn save(words: &[&[u8]]) -> Result<Value, Bad> {
    if let [word] = words
        && c_text(word).is_empty()
    {
        return Ok(Value::Save { clears: true, points: Box::default() });
    }
    if !words.len().is_multiple_of(2) {
        return Err(Bad::Save);
    }
    let mut points = Vec::with_capacity(words.len() / 2);
    for pair in words.chunks_exact(2) {
        let (seconds, changes) = (leading(pair[0], 10), leading(pair[1], 10));
        let whole = seconds.rest.is_empty() && changes.rest.is_empty();
        if !whole || seconds.value < 1 || changes.value < 0 {
            return Err(Bad::Save);
        }
        points.push(SavePoint { seconds: seconds.value, changes: cut(changes.value) });
    }
    Ok(Value::Save { clears: false, points: points.into() })
}

/// Redis 6.2: only two words count, read by `atoi`; anything else is ignored without a word.
fn save_lax(words: &[&[u8]]) -> Result<Value, Bad> {
    match words {
        [seconds, changes] => {
            let point = SavePoint { seconds: i64::from(atoi(seconds)), changes: atoi(changes) };
            if point.seconds < 1 || point.changes < 0 {
                return Err(Bad::Save);
            }
            Ok(Value::Save { clears: false, points: [point].into() })
        }
        [word] => Ok(Value::Save { clears: c_text(word).is_empty(), points: Box::default() }),
        _ => Ok(Value::Save { clears: false, points: Box::default() }),
    }
}

fn limits(words: &[&[u8]], habits: &Habits) -> Result<Value, Bad> {
    if !words.len().is_multiple_of(4) {
        return Err(Bad::LimitGroups);
    }
    let mut limits = Vec::with_capacity(words.len() / 4);
    for group in words.chunks_exact(4) {
        let class = Class::from_name(c_text(group[0])).ok_or(Bad::LimitClass)?;
        let bytes = |word: &[u8]| memory(word, habits.memory_numbers).ok_or(Bad::LimitNumber);
        let (hard, soft) = (bytes(group[1])?, bytes(group[2])?);
        let seconds = leading(group[3], 10);
        if !seconds.rest.is_empty() || cut(seconds.value) < 0 {
            return Err(Bad::LimitNumber);
        }
        limits.push(Limit { class, hard, soft, seconds: cut(seconds.value) });
    }
    Ok(Value::Limits(limits.into()))
}

/// Redis 6.2: one group a line; text that is no memory is 0.
fn limits_lax(words: &[&[u8]], habits: &Habits) -> Result<Value, Bad> {
    let [class, hard, soft, seconds] = words else { return Err(Bad::Arity) };
    let class = Class::from_name(c_text(class)).ok_or(Bad::LimitClass)?;
    let bytes = |word: &[u8]| memory(word, habits.memory_numbers).unwrap_or(0);
    let seconds = atoi(seconds);
    if seconds < 0 {
        return Err(Bad::LimitNumber);
    }
    Ok(Value::Limits([Limit { class, hard: bytes(hard), soft: bytes(soft), seconds }].into()))
}

fn events(letters: &str, word: &[u8]) -> Result<Value, Bad> {
    let mut bits = 0;
    for letter in c_text(word) {
        bits |= event_bits(letters, *letter).ok_or(Bad::Event(char::from(*letter)))?;
    }
    Ok(Value::Events(bits))
}

fn percentiles(words: &[&[u8]], hex: bool) -> Result<Value, Bad> {
    if let [b""] = words {
        return Ok(Value::Percentiles(Box::default()));
    }
    let mut numbers = Vec::with_capacity(words.len());
    for word in words {
        // Infinity is a number to the server, and out of range.
        let unsigned = word.strip_prefix(b"+").or(word.strip_prefix(b"-")).unwrap_or(word);
        if unsigned.eq_ignore_ascii_case(b"inf") || unsigned.eq_ignore_ascii_case(b"infinity") {
            return Err(Bad::PercentileRange);
        }
        let number = double(word, hex).ok_or(Bad::Percentile)?;
        if !(0.0..=100.0).contains(&number) {
            return Err(Bad::PercentileRange);
        }
        numbers.push(number);
    }
    Ok(Value::Percentiles(numbers.into()))
}

fn oom_values(words: &[&[u8]]) -> Result<Value, Bad> {
    let words: &[&[u8]; 3] = words.try_into().map_err(|_| Bad::Arity)?;
    let mut values = [0; 3];
    for (value, word) in values.iter_mut().zip(words) {
        let read = leading(word, 10);
        if !read.rest.is_empty() || !(-2000..=2000).contains(&read.value) {
            return Err(Bad::Oom);
        }
        *value = cut(read.value);
    }
    Ok(Value::Oom(values))
}

fn replica_of(words: &[&[u8]]) -> Result<Value, Bad> {
    let [host, port] = words else { return Err(Bad::Arity) };
    if c_text(host).eq_ignore_ascii_case(b"no") && c_text(port).eq_ignore_ascii_case(b"one") {
        return Ok(Value::Replica(None));
    }
    let read = leading(port, 10);
    let port = u16::try_from(cut(read.value)).ok().filter(|_| read.rest.is_empty()).ok_or(Bad::Port)?;
    Ok(Value::Replica(Some((c_text(host).into(), port))))
}
