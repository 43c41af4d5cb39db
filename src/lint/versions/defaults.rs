//! What changes under that which a file leaves unset.

use crate::catalog::{Directive, Kind, State, View, bytes_in_words};
use crate::config::Value;
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::lint::workload::is_replica;
use crate::lint::{Case, Check, Group, Previous, Report, Rule, edits};
use crate::plan::came_with;
use crate::syntax::Mode;

pub(crate) static DEFAULT_CHANGED_ON_UPGRADE: Rule = Rule {
    id: "default-changed-on-upgrade",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "a built-in value differs from that of the version before, and the file leaves it unset",
    docs: "What a file does not say changes with the version, silently. From Redis to Valkey 8.0 freeing memory goes to the
background and the replication backlog grows from 1mb to 10mb; from 6.2 to 7.0 replicas are sent their data without a
file in between, and DEBUG, MODULE and CONFIG SET of `dir` are refused. What changes behaviour is told one by one, the
rest in one line. Where the change is welcome nothing has to be done; the fix writes down the value that was in force.

Bad:
    # redisconf: server=valkey-8.1
    repl-backlog-size 64mb
    syslog-ident redis
    hide-user-data-from-log no
    ==> previous <==
    # redisconf: server=redis-7.2
    repl-backlog-size 64mb

Good:
    # redisconf: server=valkey-8.1
    repl-backlog-size 64mb
    syslog-ident redis
    hide-user-data-from-log no
    lazyfree-lazy-eviction yes
    lazyfree-lazy-expire yes
    lazyfree-lazy-server-del yes
    lazyfree-lazy-user-del yes
    lazyfree-lazy-user-flush yes
    replica-lazy-flush yes
    ==> previous <==
    # redisconf: server=redis-7.2
    repl-backlog-size 64mb
",
    source: "the built-in values of twelve servers, read off them with CONFIG GET",
    facts: &["previous"],
    fix: Some(Safety::Safe),
    check: Check::Config(default_changed_on_upgrade),
    ..Rule::BASE
};

/// A directive that nobody sets, with the value that was in force and the one that is now.
struct Changed {
    directive: &'static Directive,
    old: &'static str,
    new: &'static str,
    how: How,
}

/// How a value comes to be another one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// Both versions have the directive.
    Differs,
    /// The directive is new; the old value is what means the behaviour before it.
    CameWith,
}

/// What is told in a finding of its own, in this order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Topic {
    Gates,
    Channels,
    Lazyfree,
    Diskless,
    Backlog,
    UserData,
    Threads,
    Replicas,
    Shutdown,
    Syslog,
}

const TOPICS: [Topic; 10] = [
    Topic::Gates,
    Topic::Channels,
    Topic::Lazyfree,
    Topic::Diskless,
    Topic::Backlog,
    Topic::UserData,
    Topic::Threads,
    Topic::Replicas,
    Topic::Shutdown,
    Topic::Syslog,
];

/// The topic of a change; `None` where it hardly matters here.
fn topic(case: &Case<'_>, name: &str) -> Option<Topic> {
    let replicated = is_replica(case) || case.facts.count("replicas").is_some_and(|count| count > 0);
    let aclfile = || case.text("aclfile").is_some_and(|path| !path.is_empty());
    match name {
        "enable-debug-command" | "enable-module-command" | "enable-protected-configs" => Some(Topic::Gates),
        // Users in the file itself are judged one by one by a rule of their own.
        "acl-pubsub-default" => aclfile().then_some(Topic::Channels),
        "replica-lazy-flush" => Some(Topic::Lazyfree),
        lazy if lazy.starts_with("lazyfree-") => Some(Topic::Lazyfree),
        "repl-diskless-sync" => Some(Topic::Diskless),
        "repl-backlog-size" => Some(Topic::Backlog),
        "hide-user-data-from-log" => Some(Topic::UserData),
        "io-threads-do-reads" => case.int("io-threads").is_some_and(|threads| threads > 1).then_some(Topic::Threads),
        "replica-ignore-disk-write-errors" => replicated.then_some(Topic::Replicas),
        "shutdown-timeout" => replicated.then_some(Topic::Shutdown),
        "syslog-ident" => (case.is_on("syslog-enabled") == Some(true)).then_some(Topic::Syslog),
        _ => None,
    }
}

/// What a change means, in words that go on after its value.
fn meaning(topic: Topic, change: &Changed) -> &'static str {
    let more = |old: &str, new: &str| old.parse::<u64>().ok() < new.parse().ok();
    match (topic, change.new) {
        (Topic::Gates, _) => "DEBUG, MODULE, and CONFIG SET of `dir` and `dbfilename` are refused",
        (Topic::Channels, "resetchannels") => "users of the ACL file can use no channel that they are not given",
        (Topic::Channels, _) => "users of the ACL file can use every channel",
        (Topic::Lazyfree, "yes") => "values are freed in the background: nobody waits, and memory falls a little later",
        (Topic::Lazyfree, _) => "everybody waits while a large value is deleted, expired or evicted",
        (Topic::Diskless, "yes") => "replicas are sent the data without a file in between, after 5 s for more to come",
        (Topic::Diskless, _) => "a full synchronisation writes a snapshot to the disk first",
        (Topic::Backlog, new) if more(change.old, new) => {
            "it takes more of `maxmemory` and saves full synchronisations"
        }
        (Topic::Backlog, _) => "a replica that misses more than that needs a full synchronisation",
        (Topic::UserData, "yes") => "logs no longer show keys and arguments after a crash",
        (Topic::UserData, _) => "logs may show keys and arguments of clients",
        (Topic::Threads, "yes") => "I/O threads read as well as write",
        (Topic::Threads, _) => "I/O threads write only",
        (Topic::Replicas, _) => "a replica that cannot write to its disk ends itself",
        (Topic::Shutdown, _) => "SIGTERM waits so many seconds for replicas that lag behind",
        (Topic::Syslog, _) => "lines in syslog come under this name, and filters must follow",
    }
}

fn default_changed_on_upgrade(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    if case.is_partial() || case.mode == Mode::Sentinel {
        return;
    }
    let before = View::of(previous.server);
    if before.server() == case.server() {
        return;
    }
    let mut rest = changes(case, previous, before);
    for topic in TOPICS {
        let (told, left): (Vec<Changed>, Vec<Changed>) =
            rest.into_iter().partition(|change| self::topic(case, change.directive.name()) == Some(topic));
        rest = left;
        if !told.is_empty() {
            report.add(tell(case, topic, &told, before));
        }
    }
    if !rest.is_empty() {
        report.add(tell_rest(case, &rest, before));
    }
}

fn changes(case: &Case<'_>, previous: &Previous, before: &'static View) -> Vec<Changed> {
    let set_before = |directive: &Directive| {
        let entry = previous.config.as_ref().and_then(|config| config.entry(directive.id));
        entry.is_some_and(|entry| entry.standing().next().is_some())
    };
    let mut changes = Vec::new();
    for directive in case.config.view.directives() {
        // An empty `bind` of 6.2 listens everywhere, as `* -::*` does.
        let apart =
            directive.is.hidden || directive.is.environment || directive.is.live_only || directive.name() == "bind";
        let Some(new) = directive.default.filter(|_| directive.state == State::Accepted && !apart) else { continue };
        let then = before.get(directive.id).filter(|then| then.state == State::Accepted);
        let (old, how) = match then {
            Some(then) => (then.default, How::Differs),
            None => (came_with(directive.name()), How::CameWith),
        };
        let Some(old) = old else { continue };
        if case.is_set(directive.name()) || set_before(directive) {
            continue;
        }
        let value = |text: &str| case.config.read_back(directive, text.as_bytes());
        let same = match (value(old), value(new)) {
            (Some(old), Some(new)) => Value::means(&old, &new),
            (_, _) => old == new,
        };
        if !same {
            changes.push(Changed { directive, old, new, how });
        }
    }
    changes
}

/// A built-in value as one would write it.
fn written(directive: &Directive, text: &str) -> String {
    match (&directive.kind, text.parse::<u64>()) {
        (Kind::Memory { .. } | Kind::MemoryOrPercent { .. }, Ok(bytes)) => bytes_in_words(bytes),
        (_, _) if text.is_empty() => "\"\"".into(),
        (_, _) => text.into(),
    }
}

fn tell(case: &Case<'_>, topic: Topic, told: &[Changed], before: &View) -> Finding {
    let first = &told[0];
    let (name, new, old) =
        (first.directive.name(), written(first.directive, first.new), written(first.directive, first.old));
    let more = if told.len() > 1 { format!(" and {} more", told.len() - 1) } else { String::new() };
    let message = match first.how {
        How::CameWith => format!("`{name}`{more} came with `{new}`: {}", meaning(topic, first)),
        How::Differs => {
            let (is, was) = if told.len() > 1 { ("are", "were") } else { ("is", "was") };
            format!("`{name}`{more} {is} now `{new}` by default, {was} `{old}`: {}", meaning(topic, first))
        }
    };
    let finding = DEFAULT_CHANGED_ON_UPGRADE.finding(case.anchor(), message);
    if topic == Topic::Gates {
        return finding.help("look for scripts that use them; `local` opens them to clients on the same host");
    }
    let help = match first.how {
        How::CameWith => {
            format!("leave it if that is welcome, or write `{name} {old}`, which is what {} did", before.server())
        }
        How::Differs => format!("leave it if that is welcome, or write `{name} {old}`"),
    };
    pin(case, finding.help(help), told)
}

fn tell_rest(case: &Case<'_>, rest: &[Changed], before: &View) -> Finding {
    let one = |change: &Changed| {
        let of = change.directive;
        format!("`{}` {} (was {})", of.name(), written(of, change.new), written(of, change.old))
    };
    let list = rest.iter().map(one).collect::<Vec<_>>().join(", ");
    let message = format!("built-in values that differ from {} and matter less: {list}", before.server());
    let mut finding = DEFAULT_CHANGED_ON_UPGRADE.finding(case.anchor(), message);
    finding.severity = Severity::Info;
    pin(case, finding.help("leave them, or write down the values that were in force"), rest)
}

/// Offers to write down what was in force.
fn pin(case: &Case<'_>, finding: Finding, changes: &[Changed]) -> Finding {
    let edit = |change: &Changed| {
        let value = written(change.directive, change.old);
        let words: Vec<&str> = if change.directive.kind.is_many_valued() {
            value.split(' ').collect()
        } else {
            vec![if value == "\"\"" { "" } else { &value }]
        };
        edits::set(case, change.directive.name(), &words)
    };
    match changes.iter().map(edit).collect::<Option<Vec<_>>>() {
        Some(edits) => finding.fix(Fix::safe(edits)),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    /// What is told of a move, the milder findings in brackets.
    fn told(new: &str, old: &str) -> Vec<String> {
        let text = format!("{new}\n==> previous <==\n{old}\n");
        let found = found("default-changed-on-upgrade", &text).into_iter();
        let line = |one: crate::finding::Finding| {
            if one.severity.word() == "info" { format!("({})", one.message) } else { one.message }
        };
        found.map(line).collect()
    }

    #[test]
    fn the_way_to_valkey_is_told_in_a_few_lines() {
        let lines = told("# redisconf: server=valkey-8.1\nport 1", "# redisconf: server=redis-6.2");
        let begins: Vec<&str> = lines.iter().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(
            begins,
            [
                "`enable-debug-command`",
                "`lazyfree-lazy-eviction`",
                "`repl-diskless-sync`",
                "`repl-backlog-size`",
                "`hide-user-data-from-log`",
                "(built-in"
            ],
            "{lines:#?}"
        );
        assert!(lines[1].contains("and 5 more are now `yes` by default, were `no`"), "{}", lines[1]);
        assert!(lines[3].contains("`10mb` by default, was `1mb`"), "{}", lines[3]);
    }

    #[test]
    fn and_so_is_the_way_back() {
        let lines = told("# redisconf: server=redis-7.2\nport 1", "# redisconf: server=valkey-8.0");
        assert!(lines.iter().any(|line| line.contains("everybody waits")), "{lines:#?}");
        assert!(lines.iter().any(|line| line.contains("needs a full synchronisation")), "{lines:#?}");
    }

    #[test]
    fn what_was_or_is_said_does_not_change_by_itself() {
        let redis_7 = "# redisconf: server=redis-7.0\nenable-debug-command no\nenable-module-command no";
        let lines = told(
            &format!("{redis_7}\nenable-protected-configs no\nrepl-diskless-sync no"),
            "# redisconf: server=redis-6.2\nport 1",
        );
        assert!(lines.iter().all(|line| line.starts_with('(')), "{lines:#?}");
        let lines = told(redis_7, "# redisconf: server=redis-6.2\nrepl-diskless-sync yes");
        assert!(!lines.iter().any(|line| line.starts_with("`repl-diskless-sync`")), "{lines:#?}");
        assert_eq!(told("# redisconf: server=redis-7.4\nport 1", "# redisconf: server=redis-7.2\nport 1"), [""; 0]);
    }

    #[test]
    fn replicas_and_syslog_make_some_of_them_matter() {
        let facts = "# redisconf: server=valkey-8.1 replicas=2\nsyslog-enabled yes";
        let lines = told(facts, "# redisconf: server=redis-6.2");
        for name in ["`replica-ignore-disk-write-errors`", "`shutdown-timeout`", "`syslog-ident`"] {
            assert!(lines.iter().any(|line| line.starts_with(name)), "{name}: {lines:#?}");
        }
    }
}
