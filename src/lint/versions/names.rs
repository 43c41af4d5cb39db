//! Rules about names and directives that this version still takes, but no longer prefers or obeys.

use crate::catalog::{Directive, Lookup, State, View};
use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};
use crate::server::{self, Server};
use crate::syntax::StatementId;

pub(crate) static DIRECTIVE_WITHOUT_EFFECT: Rule = Rule {
    id: "directive-without-effect",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "a directive that this version takes and ignores",
    docs: "A few directives are gone, and the server still takes their lines so that old files start. It does not even look at
the value (`io-threads-do-reads maybe` is fine), and CONFIG GET shows nothing. Ignored are `io-threads-do-reads` since
Redis 8.0 and Valkey 8.1, `dynamic-hz` since Valkey 8.1, `lua-replicate-commands` since 7.0, `events-per-io-thread` and
`sanitize-dump-payload` since Valkey 9.1, `list-max-ziplist-entries` and `-value` everywhere. Where the line says no
more than what was built in, or an older version may be meant that obeys it, that is only mentioned.

Bad:
    # redisconf: server=redis-8.2
    io-threads 4
    io-threads-do-reads yes

Good:
    # redisconf: server=redis-8.2
    io-threads 4
",
    source: "measured on all twelve servers; valkey-io/valkey#1138, redis/redis#13987",
    fix: Some(Safety::Safe),
    check: Check::Config(directive_without_effect),
    ..Rule::BASE
};

pub(crate) static LEGACY_NAME: Rule = Rule {
    id: "legacy-name",
    severity: Severity::Info,
    group: Group::Versions,
    summary: "an old name of a directive",
    docs: "`slave-*` is `replica-*` since 5.0, `*-ziplist-*` is `*-listpack-*` and `lua-time-limit` is `busy-reply-threshold`
since 7.0, `masterauth` is `primaryauth` in Valkey 8.0. All old names go on working, but they hide that two lines set
the same thing, and CONFIG REWRITE replaces them. The fix is safe where every version knows the new name; where older
versions would stop at it, it is not carried out unasked.

Bad:
    slave-read-only yes

Good:
    replica-read-only yes
",
    source: "measured on all twelve servers",
    fix: Some(Safety::Unsafe),
    check: Check::Config(legacy_name),
    ..Rule::BASE
};

pub(crate) static RENAMED_ON_UPGRADE: Rule = Rule {
    id: "renamed-on-upgrade",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "names of the previous version that this one calls otherwise",
    docs: "The old names go on working, so nothing has to be done at once. The version before does not know the new ones: write
them only when there is no way back any more. This is told once a file.

Bad:
    # redisconf: server=redis-7.4
    hash-max-ziplist-entries 256
    ==> previous <==
    # redisconf: server=redis-6.2
    hash-max-ziplist-entries 256

Good:
    # redisconf: server=redis-7.4
    hash-max-listpack-entries 256
    ==> previous <==
    # redisconf: server=redis-6.2
    hash-max-ziplist-entries 256
",
    source: "the names of all twelve servers, compared",
    facts: &["previous"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(renamed_on_upgrade),
    ..Rule::BASE
};

/// The name of a statement in the spelling of the catalogue, if this version knows it.
fn known(case: &Case<'_>, id: StatementId) -> Option<(&'static str, &'static Directive)> {
    let Lookup::Here(directive) = case.config.look(id) else { return None };
    let name = case.reading.name(id);
    let used = directive.names.iter().copied().find(|known| known.as_bytes().eq_ignore_ascii_case(name))?;
    Some((used, directive))
}

fn directive_without_effect(case: &Case<'_>, report: &mut Report<'_>) {
    for &id in &report.sorted().inert {
        let Some((name, directive)) = known(case, id) else { continue };
        // Another number of words makes the name unknown.
        if case.reading.words(id).len() != 1 || case.is_generated(id) {
            continue;
        }
        let message = format!("{} takes `{name}` and ignores it", case.server());
        let mut finding = DIRECTIVE_WITHOUT_EFFECT.finding(case.at(id), message);
        let last = last_known(case.server(), directive);
        // An older version may obey what this one ignores.
        let everywhere = case.in_every_version(directive, |directive| directive.state == State::Inert);
        if last.is_some_and(|last| case.public_word(id, 0).is_some_and(|word| last.eq_ignore_ascii_case(word)))
            || !everywhere
        {
            finding.severity = Severity::Info;
        }
        let help = match name {
            "list-max-ziplist-entries" | "list-max-ziplist-value" => {
                format!("drop the line; `{}` is what counts", size_of_lists(case))
            }
            _ => "drop the line".to_owned(),
        };
        let edits = [edits::drop(case, id)];
        report.add(finding.help(help).fix(if everywhere { Fix::safe(edits) } else { Fix::unsafe_(edits) }));
    }
}

/// What this version calls the size of a list's nodes.
fn size_of_lists(case: &Case<'_>) -> &'static str {
    case.known("list-max-ziplist-size").map_or("list-max-ziplist-size", Directive::name)
}

/// What was built in up to Redis 3.0, before lists were stored otherwise.
const OF_OLD: &[(&str, &str)] = &[("list-max-ziplist-entries", "512"), ("list-max-ziplist-value", "64")];

/// The built-in value in the last version that obeyed a directive.
fn last_known(server: Server, directive: &Directive) -> Option<&'static str> {
    if let Some((_, value)) = OF_OLD.iter().find(|(name, _)| *name == directive.name()) {
        return Some(value);
    }
    let past = server::lineage(server).into_iter().rev();
    let known = past.filter_map(|node| View::of(node).get(directive.id));
    known.filter(|one| one.state == State::Accepted).find_map(|one| one.default)
}

fn legacy_name(case: &Case<'_>, report: &mut Report<'_>) {
    for &id in &report.sorted().respelt {
        let named = known(case, id).filter(|(name, directive)| *name != directive.name());
        let Some((name, directive)) = named else { continue };
        // An upgrade tells all of its new names at once.
        let told = case.previous.is_some_and(|previous| was_preferred(previous.server, name, directive));
        if directive.state == State::Inert || told || case.is_generated(id) {
            continue;
        }
        let new = directive.name();
        let everywhere = server::all().iter().all(|server| matches!(View::of(*server).look(new), Lookup::Here(_)));
        let message = format!("`{name}` is an old name of `{new}`");
        let finding = LEGACY_NAME.finding(case.reading.statement(id).name.at, message).help(format!("write `{new}`"));
        let edits = [edits::rename(case, id, new)];
        report.add(finding.fix(if everywhere { Fix::safe(edits) } else { Fix::unsafe_(edits) }));
    }
}

/// Whether a version calls a directive so.
fn was_preferred(server: Server, name: &str, directive: &Directive) -> bool {
    View::of(server).get(directive.id).is_some_and(|then| then.name() == name)
}

fn renamed_on_upgrade(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    let old = previous.server.resolve().known;
    if old == case.server() {
        return;
    }
    let renamed: Vec<(StatementId, &str, &Directive)> = case
        .reading
        .iter()
        .filter_map(|(id, _)| known(case, id).map(|(name, directive)| (id, name, directive)))
        .filter(|(id, name, directive)| {
            let obeyed = directive.state == State::Accepted && !case.is_generated(*id);
            obeyed && *name != directive.name() && was_preferred(old, name, directive)
        })
        .collect();
    let Some((first, name, directive)) = renamed.first() else { return };
    let new = directive.name();
    let message = match renamed.len() {
        1 => format!("`{name}` is called `{new}` since {old}"),
        more => format!("`{name}` and {} more have new names since {old}", more - 1),
    };
    let mut finding = RENAMED_ON_UPGRADE.finding(case.reading.statement(*first).name.at, message);
    if renamed.len() > 1 {
        finding = finding.here(format!("now `{new}`"));
    }
    for (id, _, directive) in &renamed[1..] {
        finding = finding.label(case.reading.statement(*id).name.at, format!("now `{}`", directive.name()));
    }
    let help = format!("keep the old names until no {old} is left, which does not know the new ones");
    let edits: Vec<_> = renamed.iter().map(|(id, _, directive)| edits::rename(case, *id, directive.name())).collect();
    report.add(finding.help(help).fix(Fix::unsafe_(edits)));
}

#[cfg(test)]
mod tests {
    use crate::config::resolve;
    use crate::facts::Facts;
    use crate::lint::tests::findings_of as found;
    use crate::lint::{Case, Chosen, inspect};
    use crate::server;
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    #[test]
    fn a_line_that_says_what_was_built_in_is_only_mentioned() {
        let severity = |text: &str| found("directive-without-effect", text).first().map(|one| one.severity.word());
        assert_eq!(severity("# redisconf: server=valkey-8.1\ndynamic-hz yes\n"), Some("info"));
        assert_eq!(severity("# redisconf: server=valkey-8.1\ndynamic-hz no\n"), Some("warning"));
        assert_eq!(severity("# redisconf: server=valkey-8.0\nio-threads-do-reads yes\n"), None);
        assert_eq!(severity("list-max-ziplist-entries 512\n"), Some("info"));
        assert_eq!(severity("list-max-ziplist-entries 100\n"), Some("warning"));
    }

    #[test]
    fn what_an_older_version_obeys_is_not_dropped_unasked() {
        let text = b"io-threads-do-reads yes\nlist-max-ziplist-entries 100\n";
        let reading = conf::read_alone(Name::Stdin, text, "redis-8.6".parse().unwrap());
        let config = resolve(&reading, Mode::Server);
        let facts = Facts::default();
        let case = Case::new(&reading, &config, &facts, Mode::Server);
        let told = |case: Case<'_>| -> Vec<(&str, &str)> {
            let found = inspect(&case, &Chosen::by(|rule| rule.id == "directive-without-effect")).findings;
            found.iter().map(|one| (one.severity.word(), one.fix.as_ref().unwrap().safety.word())).collect()
        };
        assert_eq!(told(case), [("warning", "safe"); 2]);
        // Redis 7.4 reads with its threads; the lists' directive is obeyed nowhere.
        assert_eq!(told(case.among(server::all())), [("info", "unsafe"), ("warning", "safe")]);
    }

    #[test]
    fn names_that_older_versions_do_not_know_are_not_written_unasked() {
        let safety = |text: &str| found("legacy-name", text)[0].fix.as_ref().unwrap().safety.word();
        assert_eq!(safety("slaveof 10.0.0.1 6379\n"), "safe");
        assert_eq!(safety("lua-time-limit 5000\n"), "unsafe");
        assert_eq!(safety("# redisconf: server=valkey-8.1\nmasterauth hunter2\n"), "unsafe");
        assert_eq!(found("legacy-name", "masterauth hunter2\nreplica-read-only yes\n"), []);
    }

    #[test]
    fn an_upgrade_tells_its_new_names_once() {
        let text = "# redisconf: server=valkey-8.1\nslowlog-max-len 1\nmasterauth x\nslave-read-only yes\n";
        let text = format!("{text}==> previous <==\n# redisconf: server=redis-6.2\n");
        let renamed = found("renamed-on-upgrade", &text);
        assert_eq!(renamed[0].message, "`slowlog-max-len` and 1 more have new names since redis 6.2");
        assert_eq!(renamed[0].labels.len(), 1);
        // The third was old before.
        assert_eq!(found("legacy-name", &text).len(), 1);
    }
}
