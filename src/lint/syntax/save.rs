//! `save` lines that come to something else than they say.

use super::{MEASURED, is_authored};
use crate::config::{Part, SavePoint, Value};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::WordRules;
use crate::syntax::{StatementId, split};

pub(crate) static SAVE_AFTER_INCLUDE: Rule = Rule {
    id: "save-after-include",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a `save` line replaces those above it, because an include stands before them",
    docs: "`save` lines add up, but only until an included file ends: from there on each one replaces all before it,
and the last one is alone. Nothing is logged. One line that holds all pairs, after all includes, means the same
everywhere from Redis 7.0 on.

Bad:
    include base.conf
    save 3600 1
    save 300 100
    ==> base.conf <==
    maxmemory 1gb

Good:
    include base.conf
    save 3600 1 300 100
    ==> base.conf <==
    maxmemory 1gb
",
    source: MEASURED,
    servers: &["redis >= 7.0", "valkey"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(save_after_include),
    ..Rule::BASE
};

pub(crate) static SAVE_LINE_IGNORED: Rule = Rule {
    id: "save-line-ignored",
    severity: Severity::Error,
    group: Group::Syntax,
    summary: "a `save` line with other than two words is ignored, and snapshots may be off",
    docs: "Redis 6.2 reads a `save` line only if it holds one pair. Several pairs, an odd word or a comment behind
the pair make it ignore the line without a word, and if it is the first one it still drops the built-in points: the
data set is never written to disk. Redis 7.0 and later take several pairs and refuse the rest.

Bad:
    # redisconf: server=redis-6.2
    save 3600 1 300 100

Good:
    # redisconf: server=redis-6.2
    save 3600 1
    save 300 100
",
    source: "redis 6.2.14, run with CONFIG GET",
    servers: &["redis < 7.0"],
    fix: Some(Safety::Safe),
    check: Check::Config(save_line_ignored),
    ..Rule::BASE
};

pub(crate) static SAVE_RESET_ORDER: Rule = Rule {
    id: "save-reset-order",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "`save \"\"` stands together with snapshot points, and their order decides",
    docs: "`save \"\"` drops the points above it; points below it are set again. Above other `save` lines it
therefore switches nothing off: the usual trap is the `save \"\"` of redis.conf up to 6.2, which stands above three
active lines. Points above it have no effect, which is told as info.

Bad:
    save \"\"
    save 900 1

Good:
    save \"\"
",
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Config(save_reset_order),
    ..Rule::BASE
};

/// The parts of `save` that a person wrote in one text, in order.
fn parts<'a>(case: &Case<'a>) -> &'a [Part] {
    let entry = case.known("save").and_then(|directive| case.config.entry(directive.id));
    let parts = entry.map_or(&[][..], |entry| &entry.parts);
    let authored = parts.iter().all(|part| is_authored(case, part.by) && !matches!(part.value, Ok(Value::Unknown)));
    if case.reading.templated || !authored { &[] } else { parts }
}

fn points(part: &Part) -> &[SavePoint] {
    if let Ok(Value::Save { points, .. }) = &part.value { points } else { &[] }
}

fn clears(part: &Part) -> bool {
    matches!(part.value, Ok(Value::Save { clears: true, .. }))
}

fn is_same_text(case: &Case<'_>, one: &Part, other: &Part) -> bool {
    let (one, other) = (case.reading.statement(one.by), case.reading.statement(other.by));
    one.at.source == other.at.source && one.via == other.via
}

fn save_after_include(case: &Case<'_>, report: &mut Report<'_>) {
    let parts = parts(case);
    let Some(last) = parts.iter().rfind(|part| part.beaten_by.is_none() && !points(part).is_empty()) else { return };
    // Follow the chain of lines that each replaced the one before.
    let mut chain: Vec<&Part> = vec![last];
    for part in parts.iter().rev() {
        let winner = chain[chain.len() - 1];
        let replaced = part.beaten_by == Some(winner.by) && !clears(winner) && !points(part).is_empty();
        if replaced && is_same_text(case, part, winner) {
            chain.push(part);
        }
    }
    if chain.len() == 1 {
        return;
    }
    chain.reverse();
    let mut words = vec![b"save".to_vec()];
    words.extend(chain.iter().flat_map(|part| case.reading.arguments(part.by)).map(<[u8]>::to_vec));
    let (replaced, at) = (&chain[..chain.len() - 1], case.at(last.by));
    let mut edits: Vec<Edit> = replaced.iter().map(|part| Edit::Drop { statement: case.at(part.by) }).collect();
    edits.push(Edit::Put { statement: at, words });
    let mut finding = SAVE_AFTER_INCLUDE
        .finding(at, "this line replaces the points above it, for an include has ended before")
        .help("write all pairs on one line below all includes");
    for part in replaced {
        finding = finding.label(case.at(part.by), "no effect");
    }
    report.add(finding.fix(Fix::unsafe_(edits)));
}

fn save_line_ignored(case: &Case<'_>, report: &mut Report<'_>) {
    for part in parts(case) {
        let count = case.reading.words(part.by).len();
        if clears(part) || part.value.is_err() || !points(part).is_empty() || count == 0 {
            continue;
        }
        let words = if count == 1 { "1 word" } else { &format!("{count} words") };
        let none = case.save_points().is_some_and(<[_]>::is_empty);
        let off = if none { ", and no snapshot is ever taken" } else { "" };
        let server = case.server();
        let finding = SAVE_LINE_IGNORED
            .finding(case.at(part.by), format!("{server} ignores a `save` line with {words}{off}"))
            .help("write one pair of seconds and changes a line");
        report.add(match one_pair_a_line(case, part.by) {
            Some(fix) => finding.fix(fix),
            None => finding,
        });
    }
}

/// The pairs of an ignored line, each on a line of its own; a comment behind them goes above.
fn one_pair_a_line(case: &Case<'_>, id: StatementId) -> Option<Fix> {
    let at = case.at(id);
    let arguments = case.reading.arguments(id);
    let kept = arguments.iter().position(|word| word.starts_with(b"#")).unwrap_or(arguments.len());
    let words: Vec<Vec<u8>> = match arguments[..kept] {
        [quoted] => split(quoted, WordRules::Classic).ok()?.into_iter().map(|piece| piece.text.into_owned()).collect(),
        ref words => words.iter().map(|word| word.to_vec()).collect(),
    };
    let is_number = |word: &Vec<u8>| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    if words.is_empty() || !words.len().is_multiple_of(2) || !words.iter().all(is_number) {
        return None;
    }
    let line = |pair: &[Vec<u8>]| vec![b"save".to_vec(), pair[0].clone(), pair[1].clone()];
    let mut pairs = words.chunks(2).map(line);
    let mut edits = vec![Edit::Put { statement: at, words: pairs.next()? }];
    edits.extend(pairs.map(|words| Edit::Add { after: at, words }));
    if kept < arguments.len() {
        let comment = case.word_at(id, kept).to(at);
        let text = case.reading.sources.bytes(comment).trim_ascii_start();
        let text = text.strip_prefix(b"#").unwrap_or(text).trim_ascii().to_vec();
        if !text.is_empty() {
            edits.push(Edit::Comment { above: at, text });
        }
    }
    Some(Fix::safe(edits))
}

fn save_reset_order(case: &Case<'_>, report: &mut Report<'_>) {
    let parts = parts(case);
    for (index, reset) in parts.iter().enumerate().filter(|(_, part)| clears(part)) {
        let beside = |part: &&Part| is_same_text(case, part, reset) && !points(part).is_empty();
        let before: Vec<&Part> =
            parts[..index].iter().filter(beside).filter(|part| part.beaten_by == Some(reset.by)).collect();
        let after: Vec<&Part> = parts[index + 1..].iter().filter(beside).collect();
        // One that drops the points of an included file is there for a reason.
        let resets = parts[..index].iter().any(|part| part.beaten_by == Some(reset.by) && !points(part).is_empty());
        let at = case.at(reset.by);
        match (before.first(), after.first()) {
            (None, Some(first)) if reset.beaten_by.is_none() && !resets => report.add(
                SAVE_RESET_ORDER
                    .finding(at, "`save \"\"` switches no snapshots off, for points are set below it")
                    .label(case.at(first.by), "set again here")
                    .help("drop the points below it, or this line")
                    .fix(Fix::unsafe_([Edit::Drop { statement: at }])),
            ),
            (Some(first), None) => {
                let dead: Vec<Edit> = before.iter().map(|part| Edit::Drop { statement: case.at(part.by) }).collect();
                let mut finding = SAVE_RESET_ORDER
                    .finding(case.at(first.by), "this point has no effect, for `save \"\"` stands below it")
                    .label(at, "snapshots are switched off here")
                    .help("drop the points above `save \"\"`")
                    .fix(Fix::safe(dead));
                finding.severity = Severity::Info;
                report.add(finding);
            }
            (Some(_), Some(_)) | (None, _) => {}
        }
    }
}
