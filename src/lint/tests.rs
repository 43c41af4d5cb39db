//! The list is in order, every rule is documented, and every example does what it says.

use super::example::Texts;
use super::*;
use crate::config::resolve;
use crate::facts;
use crate::finding::{self, Severity};
use crate::server::Server;
use crate::source::{Name, SourceId};
use crate::syntax::lower::Lowering;
use crate::syntax::{Mode, Reading, survey};

/// The server that an example's text names, else that of examples without one.
fn server_of(text: &str) -> Server {
    survey(SourceId::ROOT, text.as_bytes()).server.map_or("redis-7.4".parse().unwrap(), |(server, _)| server)
}

/// What all rules say of an example, and its reading.
pub(super) fn inspected(example: &str) -> (Inspection, Reading) {
    inspected_texts(&Texts::of(example))
}

fn inspected_texts(texts: &Texts) -> (Inspection, Reading) {
    let previous = texts.previous.as_ref().map(|text| {
        let (reading, _) = texts.read(text, server_of(text));
        Previous { server: reading.server, config: Some(resolve(&reading, Mode::Server)), name: "previous".into() }
    });
    let (reading, facts) = texts.read(&texts.root, server_of(&texts.root));
    if let Some(text) = texts.acl_file() {
        let file = UsersFile::read(Name::File("/example/users.acl".into()), text.as_bytes(), reading.server);
        let inspection = inspect(&Case::new(&file.reading, &file.config, &facts, Mode::AclFile), &Chosen::all());
        return (inspection, file.reading);
    }
    let config = resolve(&reading, texts.mode());
    let users = UsersFile::named_by(&reading, &config, &texts.memory());
    let case = Case::new(&reading, &config, &facts, texts.mode()).after(previous.as_ref()).with_users(users.as_ref());
    let inspection = inspect(&case, &Chosen::all());
    (inspection, reading)
}

/// What one rule says of an example.
pub(super) fn findings_of(rule: &str, example: &str) -> Vec<Finding> {
    assert!(super::rule(rule).is_some(), "`{rule}` is no rule");
    inspected(example).0.findings.into_iter().filter(|finding| finding.rule == rule).collect()
}

/// What one rule says of an example: severity and message of each finding.
pub(in crate::lint) fn said(id: &str, example: &str) -> Vec<String> {
    assert!(rule(id).is_some(), "`{id}` is no rule");
    let found = inspected(example).0.findings.into_iter().filter(|finding| finding.rule == id);
    found.map(|finding| format!("{}: {}", finding.severity, finding.message)).collect()
}

/// What all rules say of an example.
pub(super) fn all_findings_of(example: &str) -> Vec<Finding> {
    inspected(example).0.findings
}

/// The rules that every command lets speak.
fn judged(example: &str) -> Judgement {
    let texts = Texts::of(example);
    let (reading, facts) = texts.read(&texts.root, server_of(&texts.root));
    let config = resolve(&reading, Mode::Server);
    judge(&Case::new(&reading, &config, &facts, Mode::Server))
}

/// Judges a text for one server.
fn as_server(server: &str, text: &str) -> Judgement {
    judged(&format!("# redisconf: server={server}\n{text}"))
}

/// Message and help of the only finding.
fn only(judgement: &Judgement) -> String {
    let [finding] = &judgement.findings[..] else { panic!("one finding is expected: {judgement:#?}") };
    let here = finding.here.as_ref().map(|here| format!(" | {here}")).unwrap_or_default();
    let message = finding.message.split_once(": ").map_or(finding.message.as_str(), |(_, rest)| rest);
    format!("{message}{here} | {}", finding.help.as_deref().unwrap_or("-"))
}

#[test]
fn whoever_judges_knows_which_fixes_touch_a_secret() {
    let text = "user ann on >hunter2 ~*\nuser ann +@all\nappendfsync evrysec\n";
    let fixes = |findings: Vec<Finding>| -> Vec<(String, bool)> {
        findings.into_iter().filter_map(|finding| Some((finding.rule.to_string(), finding.fix?.secret))).collect()
    };
    let of_judge = fixes(judged(text).findings);
    // The line that is refused holds no secret; the one that it is merged into does.
    assert_eq!(of_judge, [("duplicate-user".into(), true), ("enum-value".into(), false)]);
    let of_inspect = fixes(inspected(text).0.findings);
    assert!(of_judge.iter().all(|one| of_inspect.contains(one)), "{of_inspect:?}");
}

#[test]
fn the_list_is_sorted_and_its_ids_are_kebab_case() {
    assert!(RULES.is_sorted_by_key(|rule| rule.id));
    for rule in RULES {
        let plain = rule.id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(plain && !rule.id.starts_with('-') && !rule.id.ends_with('-'), "{}", rule.id);
        assert_eq!(crate::catalog::find(rule.id), None, "`{}` is a directive, and `explain` takes both", rule.id);
    }
}

#[test]
fn every_rule_is_documented() {
    for rule in RULES {
        assert!(!rule.summary.is_empty() && !rule.summary.ends_with('.'), "{}", rule.id);
        assert!(rule.reason().ends_with('.'), "{}", rule.id);
        assert!(!rule.source.is_empty(), "{}: where is this known from?", rule.id);
        // Room for the longest thing that an example must show: a path of 108 bytes behind its directive.
        let most = |line: &str| if line.starts_with("    ") { 124 } else { 120 };
        assert!(rule.docs.lines().all(|line| line.len() <= most(line)), "{}", rule.id);
        for name in rule.facts.iter().filter(|name| **name != "previous") {
            assert!(facts::definition(name).is_some(), "{}: `{name}` is no fact", rule.id);
        }
        for server in rule.servers {
            assert!(crate::syntax::profile::requirement(server).is_ok(), "{}: {server}", rule.id);
        }
        let elsewhere = matches!(rule.check, Check::Elsewhere);
        assert!(elsewhere || rule.example(Example::Bad).is_some(), "{} has no examples", rule.id);
    }
}

/// The rules that have examples, with one of them.
fn examples(which: Example) -> impl Iterator<Item = (&'static Rule, String)> {
    let tested = RULES.iter().filter(|rule| !matches!(rule.check, Check::Live(_) | Check::Elsewhere));
    tested.filter_map(move |rule| Some((*rule, rule.example(which)?)))
}

#[test]
fn a_bad_example_gives_its_finding() {
    for (rule, example) in examples(Example::Bad) {
        let (found, _) = inspected(&example);
        let own: Vec<&Finding> = found.findings.iter().filter(|finding| finding.rule == rule.id).collect();
        assert!(!own.is_empty(), "{} is silent: {found:#?}", rule.id);
        assert_eq!(own[0].severity, rule.severity, "{}", rule.id);
        let fatal = found.findings.iter().find(|finding| finding.severity == Severity::Fatal);
        let may = rule.severity == Severity::Fatal;
        assert!(may || fatal.is_none(), "the bad example of {} would not start: {fatal:#?}", rule.id);
        for name in own.iter().flat_map(|finding| &finding.used) {
            let optional = facts::definition(name).is_some();
            assert!(rule.facts.contains(name) || optional, "{} rests on `{name}`", rule.id);
        }
    }
}

#[test]
fn a_good_example_does_not() {
    for (rule, example) in examples(Example::Good) {
        let (found, _) = inspected(&example);
        let own = found.findings.iter().find(|finding| finding.rule == rule.id || finding.severity == Severity::Fatal);
        assert!(own.is_none(), "{}: {own:#?}", rule.id);
        let silent = found.silent.iter().find(|(id, _)| *id == rule.id);
        assert!(silent.is_none(), "the good example of {} is silent for want of a fact: {silent:?}", rule.id);
    }
}

#[test]
fn a_rule_asks_only_for_the_facts_that_it_declares() {
    for (_, example) in examples(Example::Bad).chain(examples(Example::Good)) {
        for (id, fact) in inspected(&example).0.silent {
            let rule = rule(&id).unwrap();
            assert!(rule.facts.contains(&fact), "{id} asks for `{fact}` and does not declare it");
        }
    }
}

#[test]
fn a_fix_turns_a_bad_example_into_one_that_its_rule_no_longer_reports() {
    for (rule, example) in examples(Example::Bad) {
        let (found, reading) = inspected(&example);
        let own = || found.findings.iter().filter(|finding| finding.rule == rule.id);
        let fixes: Vec<_> = own().filter_map(|finding| finding.fix.as_ref()).collect();
        assert_eq!(rule.fix.is_some(), !fixes.is_empty(), "{}: the bad example shows whether there is a fix", rule.id);
        assert!(fixes.iter().all(|fix| Some(fix.safety) <= rule.fix), "{}", rule.id);
        if fixes.is_empty() {
            continue;
        }
        let texts = Texts::of(&example);
        let lowering = Lowering::of(&reading);
        let edits: Vec<_> =
            fixes.iter().map(|fix| lowering.lower(fix).expect("a conf file takes every edit")).collect();
        assert!(edits.iter().flatten().all(|edit| edit.at.source == SourceId::ROOT), "{}", rule.id);
        let (mended, _) = finding::apply(texts.judged().as_bytes(), &edits);
        let mended = texts.with_judged(String::from_utf8(mended).unwrap());
        let (after, _) = inspected_texts(&mended);
        let left = after.findings.iter().find(|f| f.rule == rule.id || f.severity == Severity::Fatal);
        assert!(left.is_none(), "{} after its own fix:\n{}\n{left:#?}", rule.id, mended.judged());
    }
}

#[test]
fn messages_keep_to_the_form() {
    for (rule, example) in examples(Example::Bad) {
        let (found, _) = inspected(&example);
        for finding in found.findings.iter().filter(|finding| finding.rule == rule.id) {
            let texts = [Some(&finding.message), finding.here.as_ref(), finding.help.as_ref()];
            for text in texts.into_iter().flatten() {
                assert!(!text.ends_with('.') && !text.starts_with(char::is_uppercase), "{}: {text}", rule.id);
            }
        }
    }
}

#[test]
fn findings_come_in_the_servers_order_and_the_first_is_marked() {
    let text = "maxmemry 1gb\nport x\ninclude away.conf\nuser a on nopass\naclfile /a\n";
    let found = |server| -> Vec<String> {
        as_server(server, text).findings.iter().map(|f| format!("{} {}", f.rule, f.message)).collect()
    };
    let redis_7 = found("redis-7.4");
    assert!(redis_7[0].starts_with("unknown-directive the server stops here: "), "{redis_7:#?}");
    assert!(redis_7[1].starts_with("invalid-value `x`"), "{redis_7:#?}");
    // Redis 8 keeps the unknown name until its modules are loaded, so another line is the first.
    let redis_8 = found("redis-8.2");
    let rules: Vec<&str> = redis_8.iter().map(|f| f.split(' ').next().unwrap()).collect();
    assert_eq!(rules, ["invalid-value", "unknown-directive", "users-and-aclfile", "unread-include"]);
}

#[test]
fn the_verdict_has_the_servers_words() {
    let Verdict::Stops { stage, words } = as_server("redis-7.4", "port x\n").verdict else { panic!() };
    assert_eq!((stage, words.as_str()), (Stage::File, "argument couldn't be parsed into an integer"));
    assert_eq!(as_server("redis-7.4", "port 1\n").verdict, Verdict::Starts);
}

#[test]
fn names_of_other_versions_are_placed() {
    let help = |server, text| only(&as_server(server, text));
    assert_eq!(
        help("redis-6.2", "maxmemory-clients 5%\n"),
        "`maxmemory-clients` is no directive of redis 6.2, it came with redis 7.0 | drop the line, or run redis 7.0 or later"
    );
    assert_eq!(
        help("redis-7.4", "gopher-enabled yes\n"),
        "`gopher-enabled` is no directive of redis 7.4, it is gone since redis 7.0 | drop the line: nothing took its place"
    );
    assert_eq!(
        help("redis-7.4", "primaryauth x\n"),
        "`primaryauth` is no directive of redis 7.4, only valkey 8.0 – 9.1 knows it | write `masterauth`, as redis 7.4 calls it"
    );
    assert_eq!(
        help("redis-7.4", "import-mode yes\n"),
        "`import-mode` is no directive of redis 7.4, only valkey 8.1 – 9.1 knows it | drop the line, or run valkey"
    );
    assert_eq!(
        help("redis-8.2", "nothing like-it\n"),
        "`nothing` is no directive of redis 8.2 | redis 8.2 keeps it for modules, and later names no line | \
         correct the name, or drop the line"
    );
}

#[test]
fn names_with_something_else_wrong_are_understood() {
    for (text, help) in [
        ("maxmemory_policy noeviction", "did you mean `maxmemory-policy`?"),
        ("maxmemory: 1gb", "put a blank between name and value: `maxmemory …`"),
        ("maxmemory=1gb", "put a blank between name and value: `maxmemory …`"),
        ("--maxmemory 1gb", "write `maxmemory`: the dashes are for the command line"),
        ("down-after-milliseconds m 1", "write `sentinel down-after-milliseconds …`, in the file of a Sentinel"),
        ("orphan", "begin the line with the name of a directive; if it belongs to the line above, join the two"),
    ] {
        let found = only(&as_server("redis-7.4", text));
        assert!(found.ends_with(help), "{text}: {found}");
    }
}

#[test]
fn values_are_translated() {
    for (text, help) in [
        ("maxmemory 8Gi", "write `maxmemory 8gb`"),
        ("maxmemory 1.5gb", "write `maxmemory 1536mb`"),
        ("appendonly true", "write `appendonly yes`"),
        ("appendonly 0", "write `appendonly no`"),
        ("maxmemory-policy allkeys_lru", "write `maxmemory-policy allkeys-lru`"),
        ("timeout 10.0", "write `timeout 10`"),
        ("unixsocketperm 0o770", "write `unixsocketperm 770`"),
        ("client-output-buffer-limit primary 1 2 3", "write `client-output-buffer-limit replica 1 2 3`"),
        ("client-output-buffer-limit pubsub 1Gi 2 3", "write `client-output-buffer-limit pubsub 1gb 2 3`"),
        ("maxmemory 75%", "a profile does (`75% of memory`)"),
        ("timeout 10s", "write `timeout 10`"),
        ("timeout 100ms", "give a plain number of seconds"),
        ("maxclients 10m", "it takes no unit"),
        ("databases 10s", "it takes no unit"),
        ("maxclients 10k", "it takes no unit"),
        ("notify-keyspace-events Ko", "leave `o` out: only redis 8.2 – 8.6 takes it"),
        ("shutdown-on-sigterm failover", "leave `failover` out: only valkey 9.0 – 9.1 takes it"),
        ("port 70000", "set `port` to a value from 0 to 65535"),
        ("proto-max-bulk-len 1kb", "set `proto-max-bulk-len` to 1mb or more"),
        ("maxmemory-clients 101%", "at most 100% is possible"),
        ("save 60", "pairs of seconds (at least 1) and changes (at least 0) are expected"),
    ] {
        let found = only(&as_server("redis-7.4", text));
        assert!(found.ends_with(help), "{text}: {found}");
    }
}

#[test]
fn word_counts_are_explained() {
    for (text, message) in [
        ("maxmemory 8 gb", "2 words where `maxmemory` takes 1 | write number and unit as one word: `maxmemory 8gb`"),
        ("maxmemory", "0 words where `maxmemory` takes 1 | give it bytes such as `64mb`, or drop the line"),
        ("port = 1", "a `=` stands between `port` and its value | leave out the `=`"),
        ("logfile a b", "2 words where `logfile` takes 1 | put the value in quotes: `logfile \"a b\"`"),
        ("requirepass a b", "2 words where `requirepass` takes 1 | put the value in quotes"),
        ("replicaof h", "1 word where `replicaof` takes 2 | write `replicaof HOST PORT`, or `replicaof no one`"),
        (
            "rename-command X",
            "1 word where `rename-command` takes 2 | write `rename-command OLD NEW`, with `\"\"` to remove a command",
        ),
    ] {
        assert_eq!(only(&as_server("redis-7.4", text)), message);
    }
}

#[test]
fn commands_and_categories_are_suggested() {
    for (text, help) in [
        ("user a on nopass +@red", "did you mean `+@read`?"),
        ("user a on nopass -flushal", "did you mean `-flushall`?"),
        ("user a on nopass +config|gte", "did you mean `+config|get`?"),
        ("user a on nopass +xyzzy", "correct the rule, or drop it"),
        ("user a on nopass secret-without-sign", "begin a password with `>`, a SHA-256 of one with `#`"),
        ("rename-command FLUSHAL x", "did you mean `FLUSHALL`?"),
        ("rename-command config x\nrename-command CONFIG y", "keep one of the two lines"),
    ] {
        let found = only(&as_server("redis-7.4", text));
        assert!(found.ends_with(help), "{text}: {found}");
    }
}

#[test]
fn comments_behind_values_are_seen_wherever_they_stop_the_server() {
    for text in ["port 1 # a", "port #1", "save 60 1 # a b", "include x # y", "maxmemory # none"] {
        let judgement = as_server("redis-7.4", text);
        let ids: Vec<_> = judgement.findings.iter().map(|f| f.rule.as_ref()).collect();
        assert_eq!(ids, ["inline-comment"], "{text}");
    }
}

#[test]
fn no_message_holds_a_secret() {
    const CANARY: &str = "hunter2";
    let lines = [
        "requirepass hunter2 x",
        "requirepas hunter2",
        "requirepass=hunter2",
        "requirepass: hunter2",
        "hunter2",
        "\"requirepass hunter2\"",
        "'requirepass hunter2",
        "masterauth hunter2 # x",
        "user a on hunter2",
        "user a on >hunter2\nuser a on",
        "user a on >hunter2\naclfile /a",
        "rename-command CONFIG hunter2 x",
        "rename-command NOSUCH hunter2",
        "search.password hunter2",
        "sentinel auth-pass m hunter2",
        "tls-key-file-pass hunter2 hunter2",
        "loadmodule /a hunter2\nsearch.x hunter2",
        "primaryauth hunter2",
    ];
    for line in lines {
        for server in crate::server::all() {
            let judgement = judged(&format!("# redisconf: server={}\n{line}\n", server.name()));
            assert!(!format!("{judgement:?}").contains(CANARY), "{server} {line}: {judgement:#?}");
        }
    }
}

#[test]
fn every_server_has_its_name_in_the_summary() {
    let as_text = |text: &str| judged_as(text.parse::<Server>().unwrap());
    assert_eq!(as_text("redis-7.4.5"), "as redis 7.4.5");
    assert_eq!(as_text("redis-8.4"), "as redis 8.2 would, for nothing is known of redis 8.4");
}
