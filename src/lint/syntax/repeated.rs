//! One setting said twice: what a later line takes the effect from.

use std::collections::BTreeMap;

use super::{MEASURED, hushed, is_authored};
use crate::catalog::{Directive, Kind, Repeat};
use crate::config::{Entry, Part, are_bindable};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::source::SourceId;
use crate::syntax::{Item, Statement, StatementId};

pub(crate) static BIND_REPEATED: Rule = Rule {
    id: "bind-repeated",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a second `bind` replaces the first instead of adding to it",
    docs: "In other programs each `Listen` or `bind` line adds an address. Here the last line is the whole list, up
to 16 addresses, and the others are dropped without a word: the server is not reachable where the first line says.

Bad:
    bind 127.0.0.1
    bind 10.0.0.9

Good:
    bind 127.0.0.1 10.0.0.9
",
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Config(bind_repeated),
    ..Rule::BASE
};

pub(crate) static DUPLICATE_ACL_USER: Rule = Rule {
    id: "duplicate-acl-user",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a user is defined twice, and the first line is forgotten",
    docs: "Redis 6.2 starts each `user` line from nothing: passwords and rights of an earlier line for the same name
are gone. From Redis 7.0 on the second line stops the server (see `duplicate-user`).

Bad:
    # redisconf: server=redis-6.2
    user app on nopass ~cache:* +@read
    user app on nopass ~jobs:* +@write

Good:
    # redisconf: server=redis-6.2
    user app on nopass ~cache:* ~jobs:* +@read +@write
",
    source: "redis 6.2.14, run with ACL LIST",
    servers: &["redis < 7.0"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(duplicate_acl_user),
    ..Rule::BASE
};

pub(crate) static DUPLICATE_DIRECTIVE: Rule = Rule {
    id: "duplicate-directive",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a line has no effect, because the directive is set again below",
    docs: "The last line wins, without a word, and whoever reads or edits the first one is misled. CONFIG REWRITE
keeps one of the lines. A line that a later one repeats word for word is told as info.

Bad:
    maxmemory 8gb
    maxmemory 4gb

Good:
    maxmemory 4gb
",
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Config(duplicate_directive),
    ..Rule::BASE
};

pub(crate) static DUPLICATE_THROUGH_ALIAS: Rule = Rule {
    id: "duplicate-through-alias",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a line has no effect, because the setting is set again below under its other name",
    docs: "`slave-read-only` and `replica-read-only` are one setting, as are `…-ziplist-…` and `…-listpack-…`,
`lua-time-limit` and `busy-reply-threshold`, and on Valkey `masterauth` and `primaryauth`. The last line wins,
whatever it is called, and a search for one name does not find the other.

Bad:
    slave-read-only no
    replica-read-only yes

Good:
    replica-read-only yes
",
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Config(duplicate_through_alias),
    ..Rule::BASE
};

pub(crate) static INCLUDE_SHADOWING: Rule = Rule {
    id: "include-shadowing",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "an included file sets again what stands above the `include`",
    docs: "Includes are read in place, so what stands above one is a default for it, not the other way round. CONFIG
REWRITE makes it worse: it changes the line in the main file, and at the next start the include undoes that.
Includes belong at the top, as redis.conf itself says, if the file is to have the last word.

Bad:
    maxmemory 2gb
    include base.conf
    ==> base.conf <==
    maxmemory 5gb

Good:
    include base.conf
    maxmemory 2gb
    ==> base.conf <==
    maxmemory 5gb
",
    source: "REWRITE and restart on redis 7.4 and valkey 9.1; the comment on `include` in redis.conf",
    fix: Some(Safety::Unsafe),
    check: Check::Config(include_shadowing),
    ..Rule::BASE
};

/// A statement without effect, and the one that took it.
struct Beaten<'a> {
    directive: &'static Directive,
    part: &'a Part,
    by: StatementId,
    /// Whether the other says the same.
    same: bool,
    /// Whether nothing of the statement is left: a line may limit several classes of clients.
    whole: bool,
}

/// Every statement that another one beat, where the last one wins.
fn beaten<'a>(case: &'a Case<'a>) -> impl Iterator<Item = Beaten<'a>> {
    // A template may choose one of the two.
    let entries = if case.reading.templated { &[] } else { case.config.entries() };
    let repeated = entries.iter().filter(|entry| entry.parts.len() > 1);
    let view = case.config.view;
    repeated
        .filter_map(move |entry| Some((entry, view.get(entry.id)?)))
        .filter(|(_, d)| last_wins(d))
        .flat_map(move |(entry, directive)| of_entry(case, entry, directive))
}

fn last_wins(directive: &Directive) -> bool {
    directive.repeat == Repeat::LastWins || directive.kind == Kind::BufferLimits
}

/// How far to look for a line of the same text behind one of another.
const AHEAD: usize = 64;

fn of_entry<'a>(
    case: &Case<'a>,
    entry: &'a Entry,
    directive: &'static Directive,
) -> impl Iterator<Item = Beaten<'a>> + use<'a> {
    let reading = case.reading;
    // The parts of one statement are neighbours.
    entry.parts.chunk_by(|a, b| a.by == b.by).filter_map(move |parts| {
        let part = parts.iter().find(|part| part.beaten_by.is_some() && part.value.is_ok())?;
        let beaten_by = part.beaten_by?;
        let first = entry.parts.partition_point(|other| other.by < beaten_by);
        let mut later = entry.parts[first..].iter().filter(|other| other.key == part.key && other.value.is_ok());
        let winner = later.next()?;
        // A line of an included file may stand between two of the same text.
        let source = |part: &Part| reading.statement(part.by).at.source;
        let same_text = |other: &&Part| source(other) == source(part);
        let winner = if same_text(&winner) { winner } else { later.take(AHEAD).find(same_text).unwrap_or(winner) };
        let same = matches!((&part.value, &winner.value), (Ok(one), Ok(other)) if one.means(other));
        let whole = parts.iter().all(|part| part.beaten_by.is_some());
        Some(Beaten { directive, part, by: winner.by, same, whole })
    })
}

/// Both statements, if a person wrote both in the same way.
fn both<'a>(case: &Case<'a>, beaten: &Beaten<'_>) -> Option<(&'a Statement, &'a Statement)> {
    let (id, by) = (beaten.part.by, beaten.by);
    let (first, second) = (case.reading.statement(id), case.reading.statement(by));
    // Options of a command line are there to have the last word over a file.
    let authored = is_authored(case, id) && is_authored(case, by) && first.via == second.via;
    authored.then_some((first, second))
}

/// A finding about a line that another one of the same text, or of another included one, made void.
fn void(case: &Case<'_>, rule: &'static Rule, beaten: &Beaten<'_>, message: String) -> Option<Finding> {
    let (first, second) = both(case, beaten)?;
    let here = first.at.source == second.at.source;
    // What an included file says is a default for the file that includes it.
    if !here && (first.at.source == SourceId::ROOT || second.at.source == SourceId::ROOT) {
        return None;
    }
    let mut finding = rule.finding(first.at, message).label(second.at, "this line counts");
    if beaten.same || !here {
        finding.severity = Severity::Info;
    }
    let finding = finding.help("keep one of the lines");
    if !here || !beaten.whole {
        return Some(finding);
    }
    let id = beaten.part.by;
    let drop = [Edit::Drop { statement: first.at }];
    let fix = if matters_between(case, beaten) { Fix::unsafe_(drop) } else { Fix::safe(drop) };
    Some(finding.fix(hushed(case, id, fix)))
}

/// Whether a line between the two rests on the first: `dir` moves includes, the channels of users have a default.
fn matters_between(case: &Case<'_>, beaten: &Beaten<'_>) -> bool {
    let resting = match beaten.directive.name() {
        "dir" => "include",
        "acl-pubsub-default" => "user",
        _ => return false,
    };
    case.statements_of(resting).any(|id| beaten.part.by < id && id < beaten.by)
}

fn duplicate_directive(case: &Case<'_>, report: &mut Report<'_>) {
    for beaten in beaten(case).filter(|beaten| has_one_name(case, beaten) && !adds_addresses(case, beaten)) {
        let name = case.name(beaten.part.by);
        let message = match beaten.part.key {
            _ if beaten.same => format!("`{name}` is said again below"),
            Some(_) => format!("`{name}` of this class is set again below, so it has no effect here"),
            None => format!("`{name}` is set again below, so this line has no effect"),
        };
        if let Some(finding) = void(case, &DUPLICATE_DIRECTIVE, &beaten, message) {
            report.add(finding);
        }
    }
}

fn duplicate_through_alias(case: &Case<'_>, report: &mut Report<'_>) {
    for beaten in beaten(case).filter(|beaten| !has_one_name(case, beaten)) {
        let (name, other) = (case.name(beaten.part.by), case.name(beaten.by));
        let message = format!("`{name}` is the same as `{other}`, which is set below, so this line has no effect");
        if let Some(finding) = void(case, &DUPLICATE_THROUGH_ALIAS, &beaten, message) {
            report.add(finding);
        }
    }
}

fn has_one_name(case: &Case<'_>, beaten: &Beaten<'_>) -> bool {
    case.reading.name(beaten.part.by).eq_ignore_ascii_case(case.reading.name(beaten.by))
}

/// Whether a second `bind` leaves out addresses of the first: it does not name them, nor all of their family.
fn adds_addresses(case: &Case<'_>, beaten: &Beaten<'_>) -> bool {
    let later = case.reading.arguments(beaten.by);
    let here = case.at(beaten.part.by).source == case.at(beaten.by).source;
    let is_missing = |address: &[u8]| are_bindable(later.iter().copied().chain([address]));
    here && beaten.directive.name() == "bind" && case.reading.arguments(beaten.part.by).into_iter().any(is_missing)
}

fn bind_repeated(case: &Case<'_>, report: &mut Report<'_>) {
    for beaten in beaten(case).filter(|beaten| adds_addresses(case, beaten)) {
        let Some((first, second)) = both(case, &beaten) else { continue };
        let mut words = case.words(beaten.part.by);
        // An address that may be missing is the same address.
        let address = |word: &Vec<u8>| word.strip_prefix(b"-").unwrap_or(word).to_vec();
        let known: Vec<Vec<u8>> = words.iter().map(address).collect();
        words.extend(case.words(beaten.by).into_iter().skip(1).filter(|word| !known.contains(&address(word))));
        let finding = BIND_REPEATED
            .finding(first.at, "a second `bind` replaces this one, so nobody listens here")
            .label(second.at, "this list counts")
            .help("name all addresses on one line");
        // A server that nobody could reach here must not be one that does not start.
        let is_mended = are_bindable(words.iter().skip(1).map(Vec::as_slice));
        let merged = [Edit::Drop { statement: first.at }, Edit::Put { statement: second.at, words }];
        report.add(if is_mended { finding.fix(Fix::unsafe_(merged)) } else { finding });
    }
}

fn duplicate_acl_user(case: &Case<'_>, report: &mut Report<'_>) {
    let entry = case.known("user").and_then(|directive| case.config.entry(directive.id));
    for part in entry.into_iter().flat_map(|entry| &entry.parts) {
        let Some(by) = part.beaten_by.filter(|by| is_authored(case, part.by) && is_authored(case, *by)) else {
            continue;
        };
        let user = case.word(part.by, 0);
        let drop = Fix::unsafe_([Edit::Drop { statement: case.at(part.by) }]);
        report.add(
            DUPLICATE_ACL_USER
                .finding(case.at(part.by), format!("`{user}` is defined again below, and this line is forgotten"))
                .label(case.at(by), "this line counts alone")
                .help("put all rules of a user into one line")
                .fix(hushed(case, part.by, drop)),
        );
    }
}

fn include_shadowing(case: &Case<'_>, report: &mut Report<'_>) {
    if case.reading.sources.len() == 1 {
        return;
    }
    let includes = outermost_includes(case);
    let mut shadowed: BTreeMap<StatementId, Vec<StatementId>> = BTreeMap::new();
    for beaten in beaten(case).filter(|beaten| !beaten.same && beaten.whole) {
        let winner = case
            .config
            .entry(beaten.directive.id)
            .and_then(|entry| entry.standing().filter(|part| part.key == beaten.part.key).last());
        let final_include = winner.and_then(|part| includes[part.by.index()]);
        if let (Some(include), None) = (final_include, includes[beaten.part.by.index()])
            && both(case, &beaten).is_some()
            && beaten.part.by < include
        {
            shadowed.entry(include).or_default().push(beaten.part.by);
        }
    }
    for (include, mut lines) in shadowed {
        lines.sort();
        report.add(shadowing(case, include, &lines));
    }
}

/// How many shadowed lines a finding points at.
const LINES: usize = 3;

fn shadowing(case: &Case<'_>, include: StatementId, lines: &[StatementId]) -> Finding {
    let path = case.word(include, 0);
    let name = case.name(lines[0]);
    let message = match lines.len() {
        1 => format!("`{path}` sets `{name}` again, so the line above has no effect"),
        more => format!("`{path}` sets `{name}` and {} more again, so the lines above have no effect", more - 1),
    };
    let mut finding = INCLUDE_SHADOWING.finding(case.at(include), message);
    for line in lines.iter().take(LINES) {
        finding = finding.label(case.at(*line), "no effect");
    }
    let finding = finding.help("include the file first, or drop the lines that it takes the effect from");
    match above(case, include, lines[0]) {
        Some(edits) => finding.fix(hushed(case, lines[0], Fix::unsafe_(edits))),
        None => finding,
    }
}

/// Moves an include above a statement of the same text; `None` where that would move what it includes.
fn above(case: &Case<'_>, include: StatementId, first: StatementId) -> Option<Vec<Edit>> {
    let at = case.at(first);
    let moves = case.statements_of("dir").any(|dir| first < dir && dir < include);
    if moves || at.source != case.at(include).source {
        return None;
    }
    let drop = Edit::Drop { statement: case.at(include) };
    let words = case.words(include);
    let before = first.before().map(|id| case.at(id)).filter(|before| before.source == at.source);
    Some(match before {
        Some(after) => vec![Edit::Add { after, words }, drop],
        None => vec![Edit::Put { statement: at, words }, Edit::Add { after: at, words: case.words(first) }, drop],
    })
}

/// For each statement the include of the root text by which it came in.
fn outermost_includes(case: &Case<'_>) -> Vec<Option<StatementId>> {
    let mut of = vec![None; case.reading.statements().len()];
    let (mut open, mut depth, mut last) = (None, 0, None);
    for item in case.reading.order() {
        match item {
            Item::Statement(id) => {
                of[id.index()] = open;
                last = Some(*id);
            }
            Item::Enter => {
                if depth == 0 {
                    open = last;
                }
                depth += 1;
            }
            Item::Leave => {
                depth -= 1;
                if depth == 0 {
                    open = None;
                }
            }
            Item::Problem(_) => {}
        }
    }
    of
}
