//! Values that the server takes, and reads otherwise than people do.

use super::{MEASURED, is_authored};
use crate::catalog::{Directive, bytes_in_words};
use crate::config::{Class, Entry, Value};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::refused::{times, units};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::{StatementId, Word};

pub(crate) static BUFFER_LIMIT_MISREAD: Rule = Rule {
    id: "buffer-limit-misread",
    severity: Severity::Error,
    group: Group::Values,
    summary: "a number of an output buffer limit is not read as it is written",
    docs: "Redis 6.2 does not check these numbers: what is no number of bytes is 0, which is no limit at all; of the
seconds it takes the digits at the start. `pubsub 8Gi 1mb 60` lets a slow subscriber grow without bound. A negative
number becomes 18446744073709551615. Redis 7.0 and later refuse such a line.

Bad:
    # redisconf: server=redis-6.2
    client-output-buffer-limit pubsub 8Gi 1mb 60

Good:
    # redisconf: server=redis-6.2
    client-output-buffer-limit pubsub 8gb 1mb 60
",
    source: "redis 6.2.14, run with CONFIG GET",
    servers: &["redis < 7.0"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(buffer_limit_misread),
    ..Rule::BASE
};

pub(crate) static DECIMAL_MEMORY_UNIT: Rule = Rule {
    id: "decimal-memory-unit",
    severity: Severity::Warning,
    group: Group::Values,
    summary: "a number of bytes has a decimal unit",
    docs: "`8g` is 8,000,000,000 bytes, `8gb` is 8,589,934,592: with the short unit a server has 6.9 % less than
most people mean, `m` 4.6 % less, `k` 2.3 % less, and the number matches no `Gi` of a container. For anything but
`maxmemory` the difference seldom matters, and this is told as info.

Bad:
    maxmemory 8g

Good:
    maxmemory 8gb
",
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Config(decimal_memory_unit),
    ..Rule::BASE
};

pub(crate) static HZ_RANGE: Rule = Rule {
    id: "hz-range",
    severity: Severity::Warning,
    group: Group::Values,
    summary: "`hz` is outside of what a server does",
    docs: "Servers silently take 1 for less and 500 for more, so the file says one thing and CONFIG GET another. 10 is
the built-in value; above 100 see `hz-high`.

Bad:
    hz 0

Good:
    hz 10
",
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Config(hz_range),
    ..Rule::BASE
};

pub(crate) static KEYSPACE_EVENTS_UNDELIVERED: Rule = Rule {
    id: "keyspace-events-undelivered",
    severity: Severity::Warning,
    group: Group::Values,
    summary: "keyspace events are chosen, and none is delivered",
    docs: "`K` and `E` choose the channels, `__keyspace@0__` and `__keyevent@0__`; without one of them the other
letters do nothing. `K` and `E` alone choose no events. Either way the server accepts the value and stays silent,
and whoever waits for expired keys waits for ever.

Bad:
    notify-keyspace-events x

Good:
    notify-keyspace-events Ex
",
    source: "valkey.io/topics/notifications; all seven fetched servers",
    fix: Some(Safety::Unsafe),
    check: Check::Config(keyspace_events_undelivered),
    ..Rule::BASE
};

pub(crate) static LOCALE_COLLATE_UNKNOWN: Rule = Rule {
    id: "locale-collate-unknown",
    severity: Severity::Warning,
    group: Group::Values,
    summary: "a locale that the host may not have",
    docs: "If the operating system lacks the locale the server stops at the start, with `Failed to configure
LOCALE`. Slim and Debian images have `C`, `C.UTF-8` and `POSIX` and no other. It only changes how SORT … ALPHA
orders text.

Bad:
    locale-collate en_US.UTF-8

Good:
    locale-collate C.UTF-8
",
    source: MEASURED,
    servers: &["redis >= 7.2", "valkey"],
    check: Check::Config(locale_collate_unknown),
    ..Rule::BASE
};

pub(crate) static MEMORY_MISREAD: Rule = Rule {
    id: "memory-misread",
    severity: Severity::Error,
    group: Group::Values,
    summary: "a number of bytes is read as another number",
    docs: "A unit without digits, and an empty value, are 0: `maxmemory \"\"` is no limit at all, which is what a
template makes of a variable that is not set. A product of more than 64 bits wraps around: `99999999999gb` becomes
15,140,462,030,378,500,096.

Bad:
    maxmemory \"\"

Good:
    maxmemory 0
",
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Config(memory_misread),
    ..Rule::BASE
};

pub(crate) static UNIXSOCKET_TOO_LONG: Rule = Rule {
    id: "unixsocket-too-long",
    severity: Severity::Error,
    group: Group::Values,
    summary: "the path of the Unix socket has 108 bytes or more",
    docs: "The operating system keeps 108 bytes, the end included. Redis 7.0 and later, and Valkey, stop with `unix
socket path too long`; Redis 6.2 cuts the path to 107 bytes and listens there, where no client looks.

Bad:
    unixsocket /srv/data/applications/production/region-europe-west/cluster-alpha/instances/cache/0001/run/redis-cache.sock

Good:
    unixsocket /run/redis/redis.sock
",
    source: MEASURED,
    check: Check::Config(unixsocket_too_long),
    ..Rule::BASE
};

pub(crate) static UNIXSOCKETPERM_OCTAL: Rule = Rule {
    id: "unixsocketperm-octal",
    severity: Severity::Error,
    group: Group::Values,
    summary: "permissions of the Unix socket that are not read as they are written",
    docs: "The number is in base 8. Redis 6.2 takes the digits from 0 to 7 at the start and forgets the rest:
`0o770` and `8` are 0, so nobody can connect, and `789` is 7. Redis 7.0 and later refuse it.

Bad:
    # redisconf: server=redis-6.2
    unixsocketperm 0o770

Good:
    # redisconf: server=redis-6.2
    unixsocketperm 770
",
    source: "redis 6.2.14, run with CONFIG GET",
    servers: &["redis < 7.0"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(unixsocketperm_octal),
    ..Rule::BASE
};

/// A word that says a number of bytes, with what the server makes of it.
#[derive(Debug)]
pub(in crate::lint) struct Number<'a> {
    pub(in crate::lint) id: StatementId,
    /// Position among the arguments.
    pub(in crate::lint) index: usize,
    pub(in crate::lint) text: &'a str,
    pub(in crate::lint) bytes: u64,
    directive: &'static Directive,
}

/// Every word of a statement in force that is read as a number of bytes and was written by a person.
pub(in crate::lint) fn numbers<'a>(case: &Case<'a>) -> Vec<Number<'a>> {
    let view = case.config.view;
    let mut numbers = Vec::new();
    for (entry, directive) in
        view.counting_bytes().iter().filter_map(|id| Some((case.config.entry(*id)?, view.get(*id)?)))
    {
        add_of_entry(case, entry, directive, &mut numbers);
    }
    numbers
}

fn add_of_entry<'a>(case: &Case<'a>, entry: &Entry, directive: &'static Directive, numbers: &mut Vec<Number<'a>>) {
    for part in entry.standing().filter(|part| is_authored(case, part.by)) {
        let mut add = |index: usize, bytes: u64| {
            let word = case.reading.words(part.by).get(index);
            if let Some(Ok(text)) = word.map(|word| str::from_utf8(word.bytes(&case.reading.sources))) {
                numbers.push(Number { id: part.by, index, text, bytes, directive });
            }
        };
        match &part.value {
            Ok(Value::Bytes(bytes)) => add(0, *bytes),
            Ok(Value::Limits(limits)) => {
                for limit in limits {
                    if let Some(group) = group_of(case, part.by, limit.class) {
                        add(group * 4 + 1, limit.hard);
                        add(group * 4 + 2, limit.soft);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Which group of four words of a statement says the limit of a class.
fn group_of(case: &Case<'_>, id: StatementId, class: Class) -> Option<usize> {
    let says =
        |group: &[Word]| group.len() == 4 && Class::from_name(group[0].bytes(&case.reading.sources)) == Some(class);
    case.reading.words(id).chunks(4).rposition(says)
}

impl Number<'_> {
    /// The statement with another word in the place of this one.
    pub(in crate::lint) fn put(&self, case: &Case<'_>, word: &str) -> Edit {
        let mut words = case.words(self.id);
        words[self.index + 1] = word.as_bytes().to_vec();
        Edit::Put { statement: case.at(self.id), words }
    }

    /// Whether it may be shown, which is asked only of those that something is said of.
    pub(in crate::lint) fn is_public(&self, case: &Case<'_>) -> bool {
        case.public_word(self.id, self.index).is_some()
    }

    /// Digits and unit as they are written; `None` for anything else.
    fn written(&self) -> Option<(u128, u128)> {
        const UNITS: [(&str, u128); 8] = [
            ("", 1),
            ("b", 1),
            ("k", 1_000),
            ("kb", 1 << 10),
            ("m", 1_000_000),
            ("mb", 1 << 20),
            ("g", 1_000_000_000),
            ("gb", 1 << 30),
        ];
        let end = self.text.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.text.len());
        let (_, factor) = UNITS.into_iter().find(|(unit, _)| self.text[end..].eq_ignore_ascii_case(unit))?;
        let digits = if end == 0 { 0 } else { self.text[..end].parse().unwrap_or(u128::MAX) };
        Some((digits, factor))
    }

    fn has_digits(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }
}

fn decimal_memory_unit(case: &Case<'_>, report: &mut Report<'_>) {
    for number in report.numbers().iter() {
        let unit = number.text.as_bytes().last().map(u8::to_ascii_lowercase);
        let (Some(unit @ (b'k' | b'm' | b'g')), true) = (unit, number.has_digits()) else { continue };
        if !number.is_public(case) {
            continue;
        }
        let less = match unit {
            b'k' => "2.3",
            b'm' => "4.6",
            _ => "6.9",
        };
        let message = format!("`{}` is {} bytes, {less} % less than `{}b`", number.text, number.bytes, number.text);
        let binary = format!("{}b", number.text);
        let mut finding = DECIMAL_MEMORY_UNIT
            .finding(case.word_at(number.id, number.index), message)
            .help(format!("write `{binary}` if that is meant"))
            .fix(Fix::unsafe_([number.put(case, &binary)]));
        if number.directive.name() != "maxmemory" {
            finding.severity = Severity::Info;
        }
        report.add(finding);
    }
}

fn memory_misread(case: &Case<'_>, report: &mut Report<'_>) {
    for number in report.numbers().iter() {
        let Some((digits, factor)) = number.written() else { continue };
        if number.has_digits() && digits.saturating_mul(factor) == u128::from(number.bytes) || !number.is_public(case) {
            continue;
        }
        let at = case.word_at(number.id, number.index);
        if number.has_digits() {
            let read = bytes_in_words(number.bytes);
            report.add(
                MEMORY_MISREAD
                    .finding(at, format!("`{}` does not fit 64 bits, and is read as `{read}`", number.text))
                    .help("give a number that a machine can have"),
            );
        } else {
            let name = case.name(number.id);
            let shown = if number.text.is_empty() { "\"\"" } else { number.text };
            report.add(
                MEMORY_MISREAD
                    .finding(at, format!("`{shown}` is 0 for `{name}`: there is no number in it"))
                    .help("give a number of bytes, or `0`")
                    .fix(Fix::safe([number.put(case, "0")])),
            );
        }
    }
}

fn hz_range(case: &Case<'_>, report: &mut Report<'_>) {
    const MOST: i64 = 500;
    let Some(id) = case.set_by("hz").filter(|id| is_authored(case, *id)) else { return };
    let Some(hz) = case.public_word(id, 0).and_then(|word| word.parse::<i64>().ok()) else { return };
    let at = case.word_at(id, 0);
    let taken = hz.clamp(1, MOST);
    if taken == hz {
        return;
    }
    let mut words = case.words(id);
    words[1] = taken.to_string().into_bytes();
    let put = Edit::Put { statement: case.at(id), words };
    report.add(
        HZ_RANGE
            .finding(at, format!("`hz {hz}` is read as `hz {taken}`"))
            .help("set 10, or up to 100 for very low latency")
            .fix(Fix::safe([put])),
    );
}

fn keyspace_events_undelivered(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("notify-keyspace-events").filter(|id| is_authored(case, *id)) else { return };
    let Some(letters) = case.public_word(id, 0).filter(|letters| !letters.is_empty()) else { return };
    if case.reading.words(id)[0].open {
        return;
    }
    let at = case.word_at(id, 0);
    let (channels, events): (Vec<char>, Vec<char>) = letters.chars().partition(|letter| "KE".contains(*letter));
    if channels.is_empty() {
        let mut words = case.words(id);
        words[1] = format!("E{letters}").into_bytes();
        let put = Edit::Put { statement: case.at(id), words };
        report.add(
            KEYSPACE_EVENTS_UNDELIVERED
                .finding(at, format!("`{letters}` names no channel, so nothing is delivered"))
                .help("add `E` for `__keyevent@…__` or `K` for `__keyspace@…__`")
                .fix(Fix::unsafe_([put])),
        );
    } else if events.is_empty() {
        report.add(
            KEYSPACE_EVENTS_UNDELIVERED
                .finding(at, format!("`{letters}` names no events, so nothing is delivered"))
                .help("add the letters of the events, such as `x` for expired keys, or set `\"\"`"),
        );
    }
}

fn locale_collate_unknown(case: &Case<'_>, report: &mut Report<'_>) {
    const EVERYWHERE: [&str; 5] = ["", "c", "c.utf-8", "c.utf8", "posix"];
    let Some(id) = case.set_by("locale-collate").filter(|id| is_authored(case, *id)) else { return };
    let Some(locale) = case.public_word(id, 0).filter(|_| !case.reading.words(id)[0].open) else { return };
    if !EVERYWHERE.contains(&locale.to_ascii_lowercase().as_str()) {
        let message = format!("the server stops if its host lacks the locale `{locale}`");
        report
            .add(LOCALE_COLLATE_UNKNOWN.finding(case.word_at(id, 0), message).help("use `C.UTF-8`, or drop the line"));
    }
}

fn unixsocket_too_long(case: &Case<'_>, report: &mut Report<'_>) {
    const MOST: usize = 107;
    let Some(id) = case.set_by("unixsocket") else { return };
    let [word] = case.reading.words(id) else { return };
    let length = word.bytes(&case.reading.sources).len();
    if length > MOST && !word.open {
        let message = format!("a path of {length} bytes, where the system takes {MOST}");
        report.add(
            UNIXSOCKET_TOO_LONG.finding(word.at, message).help("choose a shorter path, such as `/run/redis.sock`"),
        );
    }
}

fn unixsocketperm_octal(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("unixsocketperm") else { return };
    let (Some(Value::Octal(read)), Some(text)) = (case.get("unixsocketperm"), case.public_word(id, 0)) else { return };
    if !text.is_empty() && text.bytes().all(|byte| (b'0'..=b'7').contains(&byte)) {
        return;
    }
    let finding = UNIXSOCKETPERM_OCTAL
        .finding(case.word_at(id, 0), format!("`{text}` is read as `{read:o}`"))
        .help("give digits from 0 to 7, such as `770`");
    report.add(match units::octal(text) {
        Some(meant) => {
            // Who may connect changes with it.
            let is_same = u32::from_str_radix(&meant.word, 8) == Ok(*read);
            let mut words = case.words(id);
            words[1] = meant.word.into_bytes();
            let edits = [Edit::Put { statement: case.at(id), words }];
            finding.fix(if is_same { Fix::safe(edits) } else { Fix::unsafe_(edits) })
        }
        None => finding,
    });
}

fn buffer_limit_misread(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.statements_of("client-output-buffer-limit") {
        let words = case.reading.words(id);
        if words.len() != 4 || words.iter().any(|word| word.open) || !is_authored(case, id) {
            continue;
        }
        let mut edited = case.words(id);
        let mut finding = None;
        for index in 1..4 {
            let text = case.word(id, index);
            let is_plain = match index {
                3 => !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()),
                _ => units::is_server_memory(&text),
            };
            if is_plain {
                continue;
            }
            let meant = match index {
                3 => times::convert(&text, times::TimeUnit::Seconds).or_else(|| units::integer(&text)),
                _ => units::bytes(&text),
            };
            let message = match index {
                3 => format!("of `{text}` only the digits at the start are read"),
                _ if text.starts_with('-') => format!("`{text}` is read as a number without end"),
                _ => format!("`{text}` is read as 0, which is no limit"),
            };
            finding.get_or_insert((case.word_at(id, index), message));
            if let Some(meant) = meant.filter(|meant| meant.surely) {
                edited[index + 1] = meant.word.into_bytes();
            }
        }
        let Some((at, message)) = finding else { continue };
        let finding = BUFFER_LIMIT_MISREAD.finding(at, message).help("give bytes such as `32mb`, and plain seconds");
        report.add(if edited == case.words(id) {
            finding
        } else {
            // The server runs with what it reads, such as no limit.
            finding.fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words: edited }]))
        });
    }
}
