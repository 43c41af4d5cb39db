//! Names that this version does not know and somebody else does: newer or older versions, the other engine, other products.
//!
//! All of them word the same refusal as `unknown-directive`, which keeps what nobody knows.

use super::statement;
use crate::catalog::{self, Directive, DirectiveId, Foreign, Lookup, foreign};
use crate::config::Refusal;
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule, edits};
use crate::server::{self, Engine, Server};
use crate::source::Span;
use crate::syntax::StatementId;

pub(crate) static DIRECTIVE_REMOVED: Rule = Rule {
    id: "directive-removed",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "a directive that older versions knew and this one does not",
    docs: "Few names were ever removed: `gopher-enabled` with Redis 7.0, virtual memory (`vm-*`) with 2.6. The server stops
at such a line, even if it says `no`. Where another directive took its place, that one is named.

Bad:
    gopher-enabled no
    maxmemory 1gb

Good:
    maxmemory 1gb
",
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(directive_removed),
    ..Rule::BASE
};

pub(crate) static DIRECTIVE_TOO_NEW: Rule = Rule {
    id: "directive-too-new",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "a directive that only later versions know",
    docs: "The sample file of a newer release names directives that an older server has never heard of; it stops at the first
of them. Some have an older name that every version takes (`hash-max-ziplist-entries`, `server_cpulist`), and the fix
writes that; the others can only go.

Bad:
    # redisconf: server=redis-6.2
    hash-max-listpack-entries 256

Good:
    # redisconf: server=redis-6.2
    hash-max-ziplist-entries 256
",
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(directive_too_new),
    ..Rule::BASE
};

pub(crate) static OTHER_PRODUCT_DIRECTIVE: Rule = Rule {
    id: "other-product-directive",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "a directive of KeyDB, Kvrocks, Dragonfly or another product",
    docs: "Products that speak the protocol of Redis have directives of their own. Neither Redis nor Valkey knows them: the
server stops there, Redis 8.0 and later without naming the line. Where the servers have something that does nearly the
same, it is named; values differ, so look it up.

Bad:
    server-threads 4
    maxmemory 1gb

Good:
    io-threads 4
    maxmemory 1gb
",
    source: "KeyDB 6.3's CONFIG GET, Dragonfly's list of flags, the sources of Apache Kvrocks and of MSOpenTech's Redis 3.0",
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(other_product_directive),
    ..Rule::BASE
};

pub(crate) static REDIS_ONLY_DIRECTIVE: Rule = Rule {
    id: "redis-only-directive",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "a directive that Redis knows and Valkey does not",
    docs:
        "Valkey grew out of Redis 7.2. What Redis added since, such as `replica-full-sync-buffer-limit` (8.0), stops a
Valkey server at that line.

Bad:
    # redisconf: server=valkey-8.1
    replica-full-sync-buffer-limit 256mb
    maxmemory 1gb

Good:
    # redisconf: server=valkey-8.1
    maxmemory 1gb
",
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(redis_only_directive),
    ..Rule::BASE
};

pub(crate) static VALKEY_ONLY_DIRECTIVE: Rule = Rule {
    id: "valkey-only-directive",
    severity: Severity::Fatal,
    group: Group::Versions,
    summary: "a directive that Valkey knows and Redis does not",
    docs: "Some are new in Valkey, others are new names for what Redis has as well: `primaryauth` is `masterauth`,
`commandlog-execution-slower-than` is `slowlog-log-slower-than`. Redis stops at either; for the second kind the fix
writes Redis' own name.

Bad:
    commandlog-execution-slower-than 10000

Good:
    slowlog-log-slower-than 10000
",
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(valkey_only_directive),
    ..Rule::BASE
};

/// A name that others know.
enum Known {
    /// Other versions, or the other engine, know the entry.
    Catalogue { name: &'static str, entry: DirectiveId, when: When },
    /// Nobody who is catalogued.
    Foreign(Foreign),
}

/// Which others.
#[derive(Clone, Copy)]
enum When {
    /// Later versions of the engine, from this one on.
    Later(Server),
    /// Older ones; gone since this one.
    Earlier(Server),
    /// The other engine's alone.
    Other(Engine),
}

/// The rule that words an unknown name which somebody else knows; `None` for names that nobody knows.
pub(super) fn rule_for(case: &Case<'_>, refusal: &Refusal) -> Option<&'static Rule> {
    Some(match known(case, refusal.statement?)? {
        Known::Catalogue { when: When::Later(_), .. } => &DIRECTIVE_TOO_NEW,
        Known::Catalogue { when: When::Earlier(_), .. } | Known::Foreign(Foreign::Gone { .. }) => &DIRECTIVE_REMOVED,
        Known::Catalogue { when: When::Other(Engine::Redis), .. } => &REDIS_ONLY_DIRECTIVE,
        Known::Catalogue { when: When::Other(Engine::Valkey), .. } => &VALKEY_ONLY_DIRECTIVE,
        Known::Foreign(Foreign::Product { .. }) => &OTHER_PRODUCT_DIRECTIVE,
        Known::Foreign(Foreign::Module { .. }) => &super::names::MODULE_PARAMETER_WITHOUT_MODULE,
    })
}

fn known(case: &Case<'_>, id: StatementId) -> Option<Known> {
    let name = case.reading.name(id);
    match case.config.view.look(name) {
        // Only its number of words, or its place in a file, is wrong.
        Lookup::Here(_) => None,
        Lookup::Elsewhere(entry) => Some(in_catalogue(case.server(), name, entry)),
        Lookup::Never => foreign(name).map(Known::Foreign),
    }
}

fn in_catalogue(here: Server, name: &[u8], entry: DirectiveId) -> Known {
    let has = |directive: &Directive| {
        directive.names.iter().copied().find(|known| known.as_bytes().eq_ignore_ascii_case(name))
    };
    let knowing: Vec<(Server, &'static str)> =
        catalog::history(entry).into_iter().filter_map(|(server, directive)| Some((server, has(directive)?))).collect();
    let (_, name) = *knowing.first().expect("a name is found because some version has it");
    let later = knowing.iter().map(|(server, _)| *server).find(|known| known.engine == here.engine && *known > here);
    let past = server::lineage(here);
    let last = past.iter().rposition(|node| knowing.iter().any(|(server, _)| server == node));
    let when = match (later, last) {
        (Some(later), _) => When::Later(later),
        (None, Some(last)) => When::Earlier(past[last + 1]),
        (None, None) => When::Other(knowing[0].0.engine),
    };
    Known::Catalogue { name, entry, when }
}

fn directive_too_new(case: &Case<'_>, refusal: &Refusal) -> Finding {
    catalogued(&DIRECTIVE_TOO_NEW, case, refusal)
}

fn redis_only_directive(case: &Case<'_>, refusal: &Refusal) -> Finding {
    catalogued(&REDIS_ONLY_DIRECTIVE, case, refusal)
}

fn valkey_only_directive(case: &Case<'_>, refusal: &Refusal) -> Finding {
    catalogued(&VALKEY_ONLY_DIRECTIVE, case, refusal)
}

/// A name that the catalogue has for other servers.
fn catalogued(rule: &'static Rule, case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let Some(Known::Catalogue { name, entry, when }) = known(case, id) else {
        unreachable!("the rule was chosen for a catalogued name")
    };
    let server = case.server();
    let (remark, help) = match when {
        When::Later(first) => (format!("it came with {first}"), format!("drop the line, or run {first} or later")),
        When::Earlier(gone) => (format!("it is gone since {gone}"), "drop the line: nothing took its place".into()),
        When::Other(_) => {
            let knows = |(_, directive): &(Server, &'static Directive)| directive.names.contains(&name);
            let all: Vec<Server> = catalog::history(entry).iter().filter(|one| knows(one)).map(|(s, _)| *s).collect();
            let engine = all.first().map_or(server.engine, |one| one.engine);
            (format!("only {} knows it", server::in_words(&all)), format!("drop the line, or run {engine}"))
        }
    };
    let message = format!("`{name}` is no directive of {}, {remark}", case.versions_in_words());
    let finding = placed(rule, case, refusal, message);
    match case.config.view.get(entry) {
        Some(twin) => finding
            .help(format!("write `{}`, as {server} calls it", twin.name()))
            .fix(Fix::safe([edits::rename(case, id, twin.name())])),
        None if matches!(when, When::Earlier(_)) => finding.help(help).fix(Fix::safe([edits::drop(case, id)])),
        None => finding.help(help).fix(Fix::unsafe_([edits::drop(case, id)])),
    }
}

fn directive_removed(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let Some(Known::Foreign(Foreign::Gone { name, last, now })) = known(case, id) else {
        return catalogued(&DIRECTIVE_REMOVED, case, refusal);
    };
    let server = case.server();
    let message =
        format!("`{name}` is no directive of {}, it is one of redis {last} and before", case.versions_in_words());
    let finding = placed(&DIRECTIVE_REMOVED, case, refusal, message);
    match now.and_then(|now| case.known(now)) {
        Some(successor) => finding
            .help(format!("write `{}`, as {server} calls it", successor.name()))
            .fix(Fix::safe([edits::rename(case, id, successor.name())])),
        None => finding.help("drop the line: nothing took its place").fix(Fix::safe([edits::drop(case, id)])),
    }
}

fn other_product_directive(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let Some(Known::Foreign(Foreign::Product { name, product, instead })) = known(case, id) else {
        unreachable!("the rule was chosen for the name of a product")
    };
    let server = case.server();
    let shown = if name.ends_with('.') { case.name(id) } else { name.to_owned() };
    let message = format!("`{shown}` is no directive of {}, it is one of {product}", case.versions_in_words());
    let help = match instead.and_then(|instead| case.known(instead)) {
        Some(instead) => format!("drop the line; what {server} has for it is `{}`", instead.name()),
        None => format!("drop the line: {server} has nothing like it"),
    };
    placed(&OTHER_PRODUCT_DIRECTIVE, case, refusal, message).help(help).fix(Fix::unsafe_([edits::drop(case, id)]))
}

/// A finding at the name, with a remark where the server speaks up only later.
fn placed(rule: &'static Rule, case: &Case<'_>, refusal: &Refusal, message: String) -> Finding {
    let at: Span = case.reading.statement(statement(refusal)).name.at;
    super::kept_for_modules(rule.finding(at, message), case, refusal)
}

#[cfg(test)]
mod tests {
    use crate::config::resolve;
    use crate::facts::Facts;
    use crate::finding::{self, Finding};
    use crate::lint::{Case, judge};
    use crate::source::Name;
    use crate::syntax::lower::Lowering;
    use crate::syntax::{Mode, conf};

    /// The only finding on a text, and what its fix makes of it.
    fn only(server: &str, text: &str) -> (Finding, Option<String>) {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server.parse().unwrap());
        let config = resolve(&reading, Mode::Server);
        let facts = Facts::default();
        let mut findings = judge(&Case::new(&reading, &config, &facts, Mode::Server)).findings;
        assert_eq!(findings.len(), 1, "{server} {text}: {findings:#?}");
        let finding = findings.remove(0);
        let mended = finding.fix.as_ref().map(|fix| {
            let edits = Lowering::of(&reading).lower(fix).unwrap();
            String::from_utf8(finding::apply(text.as_bytes(), &[edits]).0).unwrap()
        });
        (finding, mended)
    }

    #[test]
    fn each_kind_of_stranger_has_a_rule_of_its_own() {
        for (server, line, rule, mended) in [
            ("redis-6.2", "maxmemory-clients 5%", "directive-too-new", ""),
            ("redis-6.2", "zset-max-listpack-value 64", "directive-too-new", "zset-max-ziplist-value 64"),
            ("redis-7.2", "server-cpulist 0-3", "directive-too-new", "server_cpulist 0-3"),
            ("redis-7.4", "prefetch-batch-max-size 16", "directive-too-new", ""),
            ("redis-7.4", "gopher-enabled yes", "directive-removed", ""),
            ("valkey-8.1", "gopher-enabled yes", "directive-removed", ""),
            ("redis-8.2", "vm-enabled no", "directive-removed", ""),
            ("redis-6.2", "hash-max-zipmap-entries 64", "directive-removed", "hash-max-ziplist-entries 64"),
            ("valkey-9.1", "hash-max-zipmap-value 64", "directive-removed", "hash-max-listpack-value 64"),
            ("redis-8.6", "primaryauth hunter2", "valkey-only-directive", "masterauth hunter2"),
            ("redis-6.2", "commandlog-slow-execution-max-len 1", "valkey-only-directive", "slowlog-max-len 1"),
            ("redis-7.4", "import-mode yes", "valkey-only-directive", ""),
            ("valkey-7.2", "primaryuser app", "directive-too-new", "masteruser app"),
            ("valkey-9.1", "replica-full-sync-buffer-limit 1mb", "redis-only-directive", ""),
            ("valkey-8.1", "server-threads 4", "other-product-directive", ""),
            ("redis-8.2", "rocksdb.block_size 16384", "other-product-directive", ""),
            ("redis-6.2", "namespace.test hunter2", "other-product-directive", ""),
            ("redis-7.4", "--proactor_threads=4", "other-product-directive", ""),
            ("redis-8.2", "search-workers 4", "module-parameter-without-module", "-"),
        ] {
            let (finding, text) = only(server, line);
            assert_eq!(finding.rule, rule, "{server} {line}");
            assert_eq!(text.as_deref().unwrap_or("-"), mended, "{server} {line}");
            assert!(!format!("{finding:?}").contains("hunter2") && !finding.message.contains("hunter2"), "{line}");
        }
    }

    #[test]
    fn a_fix_holds_no_secret() {
        let (finding, _) = only("redis-7.4", "primaryauth hunter2");
        let bytes = format!("{:?}", b"hunter2");
        assert!(!format!("{:?}", finding.fix).contains(bytes.trim_matches(['[', ']'])));
    }

    #[test]
    fn later_versions_that_only_report_at_the_end_are_told() {
        let (finding, _) = only("redis-8.2", "server-threads 4");
        assert!(finding.here.unwrap().contains("names no line"));
    }
}
