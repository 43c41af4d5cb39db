//! Words that are no value of their directive.

use super::meant::Subject;
use super::{statement, times};
use crate::catalog::{Kind, bytes_in_words};
use crate::config::{Bad, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};

pub(crate) static BOOLEAN_VALUE: Rule = Rule {
    id: "boolean-value",
    severity: Severity::Fatal,
    summary: "a switch is neither `yes` nor `no`",
    docs: "Other programs take `true`, `on` or `1`. Servers take `yes` and `no`, in any case, and nothing else.

Bad:
    appendonly true

Good:
    appendonly yes
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

pub(crate) static CLIENT_OUTPUT_BUFFER_SYNTAX: Rule = Rule {
    id: "client-output-buffer-syntax",
    severity: Severity::Fatal,
    summary: "an output buffer limit is not class, hard limit, soft limit and seconds",
    docs: "A group has four words: a class (`normal`, `replica` or `pubsub`; `slave` is `replica`, `master` is
none), two numbers of bytes and plain seconds. Redis 6.2 takes one group a line; later versions take several.

Bad:
    client-output-buffer-limit pubsub 32mb 8mb 60s

Good:
    client-output-buffer-limit pubsub 32mb 8mb 60
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(buffer_limit),
    ..Rule::BASE
};

pub(crate) static ENUM_VALUE: Rule = Rule {
    id: "enum-value",
    severity: Severity::Fatal,
    summary: "a word is none of those that the directive takes",
    docs: "The words differ between versions; `redisconf explain NAME` lists them. Frequent slips: `loglevel info`
(it is `notice`), `maxmemory-policy lru` (it is `allkeys-lru` or `volatile-lru`), `supervised yes` (it is `auto`).

Bad:
    maxmemory-policy allkeys_lru

Good:
    maxmemory-policy allkeys-lru
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

pub(crate) static INVALID_VALUE: Rule = Rule {
    id: "invalid-value",
    severity: Severity::Fatal,
    summary: "a word is no value of its directive",
    docs: "Numbers are plain: no `+`, no leading zeros, no fraction. Ports, percentiles, permissions, host names and
addresses have forms of their own; `redisconf explain NAME` gives them. In profiles and project files it is also a TOML
value of the wrong kind, such as a number where a list of texts is expected.

Bad:
    maxclients 10_000

Good:
    maxclients 10000
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

pub(crate) static KEYSPACE_EVENT_FLAGS: Rule = Rule {
    id: "keyspace-event-flags",
    severity: Severity::Fatal,
    summary: "a letter is no class of keyspace events in this version",
    docs: "Case matters: `K` and `E` choose the channels, `A` stands for `g$lshzxetd`, `m` and `n` stand beside it.
`n` came with Redis 7.0, `o` and `c` with Redis 8.2; Valkey has none of the last two.

Bad:
    notify-keyspace-events kEx

Good:
    notify-keyspace-events KEx
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

pub(crate) static MEMORY_SUFFIX: Rule = Rule {
    id: "memory-suffix",
    severity: Severity::Fatal,
    summary: "a number of bytes has a form that servers do not read",
    docs: "A whole number and one of `b`, `kb`, `mb`, `gb` (1024 each) or `k`, `m`, `g` (1000 each), in any case.
The `Gi` of Kubernetes, fractions and shares of the memory are refused; only `maxmemory-clients` takes a percentage.

Bad:
    maxmemory 8.5gb

Good:
    maxmemory 8704mb
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(value),
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

pub(crate) static PATH_IN_FILENAME: Rule = Rule {
    id: "path-in-filename",
    severity: Severity::Fatal,
    summary: "a path stands where a plain file name is wanted",
    docs: "`dbfilename`, `appendfilename` and `appenddirname` name files within `dir`; a `/` in them stops the
server.

Bad:
    dbfilename /data/dump.rdb

Good:
    dir /data
    dbfilename dump.rdb
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(path_in_filename),
    ..Rule::BASE
};

pub(crate) static SAVE_LINE_SHAPE: Rule = Rule {
    id: "save-line-shape",
    severity: Severity::Fatal,
    summary: "`save` does not hold pairs of seconds and changes",
    docs: "Each point is two plain numbers: seconds, at least 1, and changes. One pair a line is read alike by every
version. From Redis 7.0 on a line that does not fall into pairs stops the server; Redis 6.2 starts without snapshots
(see `save-line-ignored`).

Bad:
    save 15m 1

Good:
    save 900 1
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(save),
    ..Rule::BASE
};

pub(crate) static TIME_SUFFIX: Rule = Rule {
    id: "time-suffix",
    severity: Severity::Fatal,
    summary: "a time has a unit",
    docs: "Times are plain numbers; each directive fixes the unit. Most count seconds, `cluster-node-timeout`,
`lua-time-limit` and `latency-monitor-threshold` milliseconds, `slowlog-log-slower-than` microseconds, and
`lfu-decay-time` minutes.

Bad:
    timeout 5m

Good:
    timeout 300
",
    group: Group::Values,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

/// Which rule speaks of a value.
pub(super) fn rule_for(case: &Case<'_>, refusal: &Refusal, bad: &Bad) -> &'static Rule {
    match bad {
        Bad::Arity if is_buffer_limit(case, refusal) => &CLIENT_OUTPUT_BUFFER_SYNTAX,
        Bad::Arity | Bad::TooManyAddresses => &super::words::WRONG_NUMBER_OF_WORDS,
        Bad::OutOfRange { .. } | Bad::PercentTooLarge | Bad::PercentileRange => &OUT_OF_RANGE,
        Bad::NotBool => &BOOLEAN_VALUE,
        Bad::NotOneOf(_) => &ENUM_VALUE,
        Bad::NotInteger if is_time(case, refusal) => &TIME_SUFFIX,
        Bad::NotMemory | Bad::NotMemoryOrPercent => &MEMORY_SUFFIX,
        Bad::Save => &SAVE_LINE_SHAPE,
        Bad::LimitGroups | Bad::LimitClass | Bad::LimitNumber => &CLIENT_OUTPUT_BUFFER_SYNTAX,
        Bad::Event(_) => &KEYSPACE_EVENT_FLAGS,
        Bad::Byte(b'/') if names_file(case, refusal) => &PATH_IN_FILENAME,
        Bad::NotInteger
        | Bad::NotOctal
        | Bad::Port
        | Bad::Oom
        | Bad::Percentile
        | Bad::SaveAndNosave
        | Bad::Empty
        | Bad::TooLong(_)
        | Bad::Byte(_)
        | Bad::Hostname
        | Bad::Address(_)
        | Bad::Template => &INVALID_VALUE,
    }
}

fn is_buffer_limit(case: &Case<'_>, refusal: &Refusal) -> bool {
    case.directive(statement(refusal)).is_some_and(|directive| directive.kind == Kind::BufferLimits)
}

/// Whether a number is a time with a unit, and the directive takes a time.
fn is_time(case: &Case<'_>, refusal: &Refusal) -> bool {
    let id = statement(refusal);
    let counts_time = case.directive(id).is_some_and(|directive| times::unit_of(directive).is_some());
    counts_time && case.public_word(id, 0).is_some_and(times::is_time)
}

fn names_file(case: &Case<'_>, refusal: &Refusal) -> bool {
    let names = ["dbfilename", "appendfilename", "appenddirname"];
    case.directive(statement(refusal)).is_some_and(|directive| names.contains(&directive.name()))
}

/// One word that is wrong.
fn value(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let Reason::Value(bad) = &refusal.reason else { unreachable!("these rules are chosen for values only") };
    let subject = Subject::of(case, refusal);
    let rule = rule_for(case, refusal, bad);
    if *bad == Bad::SaveAndNosave {
        return rule.finding(refusal.at, "`save` and `nosave` exclude each other").help("keep one of them");
    }
    let message = format!("`{}` is no value of `{}`", subject.shown(), case.name(subject.id));
    advised(rule.finding(case.word_at(subject.id, subject.index), message), &subject)
}

/// Adds what to do, and how where that is plain.
fn advised(finding: Finding, subject: &Subject<'_>) -> Finding {
    let (help, fix) = subject.advice();
    let finding = finding.help(help);
    match fix {
        Some(fix) => finding.fix(fix),
        None => finding,
    }
}

fn save(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let subject = Subject::of(case, refusal);
    let name = case.name(subject.id);
    let message = if case.reading.words(subject.id).len() % 2 == 1 {
        format!("an odd number of words where `{name}` takes pairs of seconds and changes")
    } else {
        format!("`{}` is no value of `{name}`", subject.shown())
    };
    advised(SAVE_LINE_SHAPE.finding(refusal.at, message), &subject)
}

fn buffer_limit(case: &Case<'_>, refusal: &Refusal) -> Finding {
    const SHAPE: &str = "write class, hard limit, soft limit and seconds, such as `pubsub 32mb 8mb 60`";
    let subject = Subject::of(case, refusal);
    let count = case.reading.words(subject.id).len();
    if !matches!(subject.bad, Bad::Arity | Bad::LimitGroups) {
        let message = format!("`{}` is no value of `{}`", subject.shown(), case.name(subject.id));
        return advised(
            CLIENT_OUTPUT_BUFFER_SYNTAX.finding(case.word_at(subject.id, subject.index), message),
            &subject,
        );
    }
    let finding = CLIENT_OUTPUT_BUFFER_SYNTAX.finding(refusal.at, super::words::counted(case, subject.id));
    if count > 4 && count.is_multiple_of(4) {
        // Only Redis 6.2 minds several groups on a line.
        return finding.help("write one class a line").fix(Fix::safe(one_line_each(case, &subject)));
    }
    finding.help(SHAPE)
}

/// A line of its own for each group of four words.
fn one_line_each(case: &Case<'_>, subject: &Subject<'_>) -> Vec<Edit> {
    let words = case.words(subject.id);
    let at = case.at(subject.id);
    let line = |group: &[Vec<u8>]| [&words[..1], group].concat();
    let mut groups = words[1..].chunks(4);
    let first = groups.next().unwrap_or_default();
    let mut edits = vec![Edit::Put { statement: at, words: line(first) }];
    edits.extend(groups.map(|group| Edit::Add { after: at, words: line(group) }));
    edits
}

fn out_of_range(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let subject = Subject::of(case, refusal);
    let name = case.name(subject.id);
    let finding = OUT_OF_RANGE.finding(
        case.word_at(subject.id, subject.index),
        format!("`{}` is out of range for `{name}`", subject.shown()),
    );
    let Bad::OutOfRange { min, max, octal } = subject.bad else {
        return finding.help(format!("set `{name}` to a value from 0 to 100; {}", subject.bad));
    };
    let (least, most) = (number(&subject, *min, *octal), number(&subject, *max, *octal));
    if *max >= i128::from(i64::MAX) {
        finding.help(format!("set `{name}` to {least} or more"))
    } else {
        finding.help(format!("set `{name}` to a value from {least} to {most}"))
    }
}

/// A bound as one would write it.
fn number(subject: &Subject<'_>, bound: i128, octal: bool) -> String {
    let is_memory = matches!(subject.directive.kind, Kind::Memory { .. } | Kind::MemoryOrPercent { .. });
    match u64::try_from(bound) {
        _ if octal => format!("{bound:o}"),
        Ok(bytes) if is_memory => bytes_in_words(bytes),
        _ => bound.to_string(),
    }
}

fn path_in_filename(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let subject = Subject::of(case, refusal);
    let name = case.name(subject.id);
    let message = format!("`{}` is a path, and `{name}` takes a plain name", subject.shown());
    let finding = PATH_IN_FILENAME.finding(case.word_at(subject.id, 0), message);
    let at = case.at(subject.id);
    let split = subject.public.and_then(|word| word.rsplit_once('/')).filter(|(_, file)| !file.is_empty());
    let Some((folder, file)) = split else { return finding.help("name a file within `dir`") };
    // One server has one folder, so only the first such line may bring it.
    let is_path = |refusal: &&Refusal| refusal.reason == Reason::Value(Bad::Byte(b'/'));
    let is_first = case.config.refusals().iter().find(is_path) == Some(refusal);
    if name == "appenddirname" || !is_first || case.is_set("dir") || case.is_partial() {
        return finding.help(format!("write `{name} {file}`: the file lies in the folder that `dir` names"));
    }
    let folder = if folder.is_empty() { "/" } else { folder };
    let mut words = case.words(subject.id);
    words[1] = file.as_bytes().to_vec();
    let dir = vec![b"dir".to_vec(), folder.as_bytes().to_vec()];
    finding
        .help(format!("write `dir {folder}` and `{name} {file}`"))
        .fix(Fix::unsafe_([Edit::Put { statement: at, words }, Edit::Add { after: at, words: dir }]))
}
