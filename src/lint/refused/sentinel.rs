//! Lines behind the word `sentinel` that a Sentinel does not carry out.

use super::statement;
use crate::catalog::{self, Kind, Lookup, sentinel};
use crate::config::{BadSentinel, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server;
use crate::syntax::{StatementId, Word};

const MEASURED: &str = "seven servers run as Sentinel: redis 6.2, 7.0, 8.2 and valkey 8.0, 8.1, 9.0, 9.1";

pub(crate) static SENTINEL_DUPLICATE: Rule = Rule {
    id: "sentinel-duplicate",
    severity: Severity::Fatal,
    summary: "Sentinel is told the same thing twice",
    docs:
        "A primary is monitored once, by name; of one primary a replica is known once, by address and port, a Sentinel
once, by its identity, and a command is renamed once. Addresses are compared as addresses: `127.1` is `127.0.0.1`.

Bad:
    # sentinel.conf
    sentinel monitor main 127.0.0.1 6379 2
    sentinel known-replica main 127.0.0.2 6379
    sentinel known-replica main 127.0.0.2 6379

Good:
    # sentinel.conf
    sentinel monitor main 127.0.0.1 6379 2
    sentinel known-replica main 127.0.0.2 6379
    sentinel known-replica main 127.0.0.3 6379
",
    group: Group::Sentinel,
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(duplicate),
    ..Rule::BASE
};

pub(crate) static SENTINEL_STATEMENT: Rule = Rule {
    id: "sentinel-statement",
    severity: Severity::Fatal,
    summary: "Sentinel does not know the statement, or not with so many words",
    docs: "The server has one answer for a wrong name and for a wrong number of words: \"Unrecognized sentinel configuration
statement.\" All lines are read first; these are carried out afterwards, so an error elsewhere in the file is met
before.

Bad:
    # sentinel.conf
    sentinel monitor main 127.0.0.1 6379 2
    sentinel down-after-miliseconds main 5000

Good:
    # sentinel.conf
    sentinel monitor main 127.0.0.1 6379 2
    sentinel down-after-milliseconds main 5000
",
    group: Group::Sentinel,
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(unrecognized),
    ..Rule::BASE
};

pub(crate) static SENTINEL_UNKNOWN_PRIMARY: Rule = Rule {
    id: "sentinel-unknown-primary",
    severity: Severity::Fatal,
    summary: "a line is about a primary that no `sentinel monitor` names",
    docs: "Names are compared byte for byte, so `Main` is not `main`. The order of the lines does not matter since Redis 6.2:
every `monitor` is carried out before what is about its primary.

Bad:
    # sentinel.conf
    sentinel monitor main 127.0.0.1 6379 2
    sentinel auth-user mymaster sentinel

Good:
    # sentinel.conf
    sentinel auth-user main sentinel
    sentinel monitor main 127.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(unknown_primary),
    ..Rule::BASE
};

pub(crate) static SENTINEL_VALUE: Rule = Rule {
    id: "sentinel-value",
    severity: Severity::Fatal,
    summary: "a value that Sentinel refuses",
    docs:
        "A host name needs `sentinel resolve-hostnames yes`, a quorum and a time are 1 or more, ports end at 65535, `myid`
has 40 digits, and a script must be there and may be run.

Bad:
    # sentinel.conf
    sentinel monitor main localhost 6379 2

Good:
    # sentinel.conf
    sentinel resolve-hostnames yes
    sentinel monitor main localhost 6379 2
",
    group: Group::Sentinel,
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(value),
    ..Rule::BASE
};

/// The rule that words a reason.
pub(super) fn rule_for(bad: BadSentinel) -> &'static Rule {
    match bad {
        BadSentinel::Unrecognized => &SENTINEL_STATEMENT,
        BadSentinel::UnknownPrimary => &SENTINEL_UNKNOWN_PRIMARY,
        BadSentinel::DuplicatePrimary
        | BadSentinel::DuplicateReplica
        | BadSentinel::DuplicateSentinel
        | BadSentinel::RenamedTwice => &SENTINEL_DUPLICATE,
        BadSentinel::Host
        | BadSentinel::Port
        | BadSentinel::Quorum
        | BadSentinel::Time { .. }
        | BadSentinel::Script { .. }
        | BadSentinel::Identity
        | BadSentinel::Switch { .. } => &SENTINEL_VALUE,
    }
}

fn reason(refusal: &Refusal) -> BadSentinel {
    let Reason::Sentinel(bad) = refusal.reason else { unreachable!("these rules are chosen for Sentinel only") };
    bad
}

/// The sub-directive of a line, if this version knows it.
fn known(case: &Case<'_>, id: StatementId) -> Option<&'static catalog::Directive> {
    match sentinel::view(case.server()).look(case.reading.arguments(id).first()?) {
        Lookup::Here(directive) => Some(directive),
        Lookup::Elsewhere(_) | Lookup::Never => None,
    }
}

/// The first word of a comment behind a line that has too many words; a password may begin with `#` too.
pub(super) fn comment<'a>(case: &Case<'a>, id: StatementId) -> Option<&'a Word> {
    let takes = if let Kind::Words { max, .. } = known(case, id)?.kind { max } else { 1 };
    let mut behind = case.reading.words(id).iter().skip(1 + takes);
    behind.next().filter(|word| case.reading.sources.bytes(word.at).starts_with(b"#"))
}

/// `3 words where `sentinel monitor` takes NAME HOST PORT QUORUM`.
pub(super) fn counted(case: &Case<'_>, id: StatementId) -> String {
    let count = case.reading.words(id).len() - 1;
    let words = if count == 1 { "word" } else { "words" };
    let name = case.word(id, 0).to_ascii_lowercase();
    format!("{count} {words} where `sentinel {name}` takes {}", usage(&name))
}

/// The words that a sub-directive takes.
fn usage(name: &str) -> &'static str {
    match name {
        "monitor" => "NAME HOST PORT QUORUM",
        "down-after-milliseconds" | "failover-timeout" => "NAME MILLISECONDS",
        "master-reboot-down-after-period" | "primary-reboot-down-after-period" => "NAME MILLISECONDS",
        "parallel-syncs" => "NAME NUMBER",
        "auth-pass" => "NAME PASSWORD",
        "auth-user" => "NAME USER",
        "notification-script" | "client-reconfig-script" => "NAME PATH",
        "rename-command" => "NAME OLD NEW",
        "known-replica" | "known-slave" => "NAME HOST PORT",
        "known-sentinel" => "NAME HOST PORT ID",
        "config-epoch" | "leader-epoch" => "NAME EPOCH",
        _ => "1",
    }
}

fn unrecognized(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let server = case.server();
    if let Some(directive) = known(case, id) {
        let help = format!("write `sentinel {} {}`", directive.name(), usage(directive.name()));
        return SENTINEL_STATEMENT.finding(refusal.at, counted(case, id)).help(help);
    }
    let name = case.word(id, 0).to_ascii_lowercase();
    let finding = SENTINEL_STATEMENT.finding(refusal.at, format!("`sentinel {name}` is no statement of {server}"));
    let entry = sentinel::find(&name);
    if let Some(here) = entry.and_then(|entry| sentinel::view(server).get(entry)) {
        return finding
            .help(format!("write `sentinel {}`, as {server} calls it", here.name()))
            .fix(Fix::safe([named(case, id, here.name())]));
    }
    if let Some(entry) = entry {
        let history = sentinel::history(entry);
        let knowing: Vec<_> =
            history.iter().filter(|(_, d)| d.names.contains(&name.as_str())).map(|(s, _)| *s).collect();
        return finding.help(format!("drop the line: only {} knows it", server::in_words(&knowing)));
    }
    if let Some(meant) = sentinel::suggest(&name, server) {
        return finding.help(format!("did you mean `{meant}`?")).fix(Fix::unsafe_([named(case, id, meant)]));
    }
    if catalog::find(&name).is_some() {
        return finding.help(format!("write `{name} …`, without `sentinel`, or drop the line"));
    }
    finding.help("correct the word behind `sentinel`, or drop the line")
}

/// The line with another sub-directive.
fn named(case: &Case<'_>, id: StatementId, name: &str) -> Edit {
    with_word(case, id, 0, name)
}

/// The line with another word. Where one is secret the word alone is replaced, so that the fix holds no secret.
fn with_word(case: &Case<'_>, id: StatementId, index: usize, word: &str) -> Edit {
    let count = case.reading.words(id).len();
    if (0..count).all(|other| other == index || case.public_word(id, other).is_some()) {
        let mut words = case.words(id);
        words[1 + index] = word.as_bytes().to_vec();
        Edit::Put { statement: case.at(id), words }
    } else {
        Edit::Text { at: case.word_at(id, index), with: word.as_bytes().to_vec() }
    }
}

/// The lines of a sub-directive, by its name in this version.
fn lines<'a>(case: &'a Case<'_>, name: &'a str) -> impl Iterator<Item = StatementId> + use<'a> {
    case.statements_of("sentinel").filter(move |id| known(case, *id).is_some_and(|known| known.name() == name))
}

fn unknown_primary(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let (what, name) = (case.word(id, 0).to_ascii_lowercase(), case.word(id, 1));
    let message = format!("`{what}` is about `{name}`, which no `sentinel monitor` names");
    let finding = SENTINEL_UNKNOWN_PRIMARY.finding(refusal.at, message);
    let watched: Vec<StatementId> = lines(case, "monitor").filter(|id| case.reading.words(*id).len() > 1).collect();
    let near = |other: &str| strsim::damerau_levenshtein(&name.to_ascii_lowercase(), &other.to_ascii_lowercase()) <= 2;
    let meant = match watched[..] {
        [only] => case.public_word(only, 1).map(|meant| (only, meant)),
        _ => watched.iter().find_map(|id| case.public_word(*id, 1).filter(|word| near(word)).map(|word| (*id, word))),
    };
    match meant {
        Some((monitor, meant)) => finding
            .label(case.word_at(monitor, 1), "this one is watched")
            .help(format!("did you mean `{meant}`?"))
            .fix(Fix::unsafe_([with_word(case, id, 1, meant)])),
        None => finding.help(format!("add `sentinel monitor {name} HOST PORT QUORUM`, or drop the line")),
    }
}

fn duplicate(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let what = known(case, id).map_or("", catalog::Directive::name);
    let (message, word, help) = match reason(refusal) {
        BadSentinel::DuplicatePrimary => {
            (format!("`{}` is monitored a second time", case.word(id, 1)), 1, "keep one of the two lines")
        }
        BadSentinel::DuplicateReplica => {
            let place = format!("{} {}", case.word(id, 2), case.word(id, 3));
            (
                format!("the replica `{place}` is named a second time"),
                2,
                "drop the line: Sentinel finds replicas itself",
            )
        }
        BadSentinel::RenamedTwice => {
            (format!("`{}` is renamed a second time", case.word(id, 2)), 2, "keep one of the two lines")
        }
        BadSentinel::DuplicateSentinel => {
            let message = format!("the Sentinel `{}` is named a second time", case.word(id, 4));
            (message, 4, "drop the line: Sentinels find each other")
        }
        BadSentinel::Unrecognized
        | BadSentinel::UnknownPrimary
        | BadSentinel::Host
        | BadSentinel::Port
        | BadSentinel::Quorum
        | BadSentinel::Time { .. }
        | BadSentinel::Script { .. }
        | BadSentinel::Identity
        | BadSentinel::Switch { .. } => unreachable!("these have another rule"),
    };
    let finding = SENTINEL_DUPLICATE.finding(refusal.at, message).help(help);
    let ours = case.reading.arguments(id);
    let same_kind = lines(case, what).take_while(|other| *other < id);
    // The same words first; else the same primary and the same word that must be its own.
    let others: Vec<StatementId> = same_kind.filter(|other| case.reading.words(*other).len() == ours.len()).collect();
    let twin = others.iter().find(|other| case.reading.arguments(**other)[1..] == ours[1..]);
    let first = twin.or_else(|| {
        let alike = |other: &[&[u8]]| other[1] == ours[1] && other[word].eq_ignore_ascii_case(ours[word]);
        others.iter().find(|other| alike(&case.reading.arguments(**other)))
    });
    let finding = match first {
        Some(first) => finding.label(case.at(*first), "first here"),
        None => finding,
    };
    match twin {
        Some(_) => finding.fix(Fix::safe([Edit::Drop { statement: case.at(id) }])),
        None => finding,
    }
}

fn value(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let what = known(case, id).map_or("", catalog::Directive::name);
    let word = (0..case.reading.words(id).len()).find(|index| case.word_at(id, *index) == refusal.at);
    let word = word.map(|index| case.word(id, index)).filter(|word| !word.is_empty()).unwrap_or_else(|| "\"\"".into());
    let finding = |message: String| SENTINEL_VALUE.finding(refusal.at, message);
    match reason(refusal) {
        BadSentinel::Host => {
            let finding = finding(format!("`{word}` is a name, and Sentinel does not resolve names"))
                .help("give an address, or set `sentinel resolve-hostnames yes`");
            if lines(case, "resolve-hostnames").next().is_some() {
                return finding;
            }
            let words = ["sentinel", "resolve-hostnames", "yes"].map(|word| word.as_bytes().to_vec()).to_vec();
            finding.fix(Fix::unsafe_([Edit::Add { after: case.at(id), words }]))
        }
        BadSentinel::Port => finding(format!("`{word}` is no port")).help("give a port from 0 to 65535"),
        BadSentinel::Quorum => finding(format!("`{word}` is no quorum"))
            .help("say how many Sentinels must agree that the primary is down: the majority, 2 of 3"),
        BadSentinel::Time { zero } => {
            let least = u8::from(!zero);
            finding(format!("`{word}` is no time for `{what}`")).help(format!("give milliseconds, {least} or more"))
        }
        BadSentinel::Script { .. } => {
            finding(format!("`{what}` names no program")).help("give the path of a program, or drop the line")
        }
        BadSentinel::Identity => finding(format!("`{word}` is not 40 bytes long"))
            .help("drop the line: Sentinel makes an identity of its own and writes it here"),
        BadSentinel::Switch { .. } => {
            finding(format!("`{word}` is neither `yes` nor `no`")).help(format!("write `sentinel {what} yes` or `no`"))
        }
        BadSentinel::Unrecognized
        | BadSentinel::UnknownPrimary
        | BadSentinel::DuplicatePrimary
        | BadSentinel::DuplicateReplica
        | BadSentinel::DuplicateSentinel
        | BadSentinel::RenamedTwice => unreachable!("these have another rule"),
    }
}
