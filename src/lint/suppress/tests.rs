//! Comments, and what they take out.

use super::*;
use crate::config::resolve;
use crate::facts::Facts as Known;
use crate::finding;
use crate::lint::policy::Policies;
use crate::lint::settings::Flags;
use crate::lint::{Chosen, Example, Rule, inspect};
use crate::source::{Memory, Sources};
use crate::syntax::lower::Lowering;
use crate::syntax::{Mode, conf, project};

fn today() -> Date {
    "2026-11-22".parse().unwrap()
}

/// The rules whose findings the tests speak of; what others say of these texts is not their business.
const SPOKEN_OF: [&str; 2] = ["inline-comment", "unread-include"];

/// What is left of a text, what is taken out, and how the text looks after the fixes.
struct Outcome {
    left: Vec<String>,
    suppressed: Vec<(String, String)>,
    mended: String,
    all: Divided,
}

/// Lints a text with included files, some findings put in beside those of the rules.
fn outcome_of(
    settings: &Settings,
    text: &str,
    files: &[(&str, &str)],
    extra: impl Fn(&Reading) -> Vec<Finding>,
) -> Outcome {
    let files = Memory::new(files.iter().map(|(path, text)| (*path, *text)));
    let name = Name::File("/x/redis.conf".into());
    let reading = conf::read_template(name, text.as_bytes(), "redis-7.4".parse().unwrap(), &files);
    let (config, facts) = (resolve(&reading, Mode::Server), Known::default());
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    let effective = settings.for_path("redis.conf".as_ref());
    let inspection = inspect(&case, &effective.chosen);
    let policies = OfPolicies::default();
    let judging =
        Judging { case: &case, effective: &effective, inspection: &inspection, policies: &policies, one_version: true };
    let mut ignores = Ignores::new(settings, today());
    let found = inspection.findings.iter().filter(|finding| SPOKEN_OF.contains(&finding.rule.as_ref()));
    let findings = effective.settle(found.cloned().chain(extra(&reading)).collect());
    let mut all = ignores.apply(&judging, findings);
    let [own] = &ignores.finish()[..] else { panic!("one configuration was divided") };
    all.left.extend(own.left.iter().cloned());
    all.suppressed.extend(own.suppressed.iter().cloned());
    let lowering = Lowering::of(&reading);
    let unused = all.left.iter().filter(|finding| finding.rule == "unused-ignore");
    let edits: Vec<_> = unused.map(|finding| lowering.lower(finding.fix.as_ref().unwrap()).unwrap()).collect();
    let line = |finding: &Finding| reading.sources.get(finding.at.source).line(finding.at.start);
    let reason = |by: &By| match by {
        By::Comment { reason, .. } => reason.clone(),
        By::Baseline => panic!("there is none"),
    };
    Outcome {
        left: all.left.iter().map(|finding| format!("{} {}", line(finding), finding.rule)).collect(),
        suppressed: all.suppressed.iter().map(|one| (one.finding.rule.to_string(), reason(&one.by))).collect(),
        mended: String::from_utf8(finding::apply(text.as_bytes(), &edits).0).unwrap(),
        all,
    }
}

fn nothing(_: &Reading) -> Vec<Finding> {
    Vec::new()
}

fn outcome(text: &str) -> Outcome {
    outcome_of(&Settings::default(), text, &[], nothing)
}

/// The rules of what is left, with their lines.
fn left(text: &str) -> Vec<String> {
    outcome(text).left
}

/// A line with a mistake that every version refuses.
const BROKEN: &str = "hz 10 # ten\n";

#[test]
fn a_comment_takes_out_what_is_found_in_the_statement_below() {
    let text = format!("port 1\n# redisconf: ignore[inline-comment] INC-1 it is so\n\n# x\n{BROKEN}{BROKEN}");
    let found = outcome(&text);
    assert_eq!(found.left, ["6 inline-comment"]);
    assert_eq!(found.suppressed, [("inline-comment".into(), "INC-1 it is so".into())]);
}

#[test]
fn in_the_head_it_takes_out_all_of_the_file() {
    for head in
        ["# My cache\n# redisconf: ignore[inline-comment] x\n\n", "# redisconf: ignore-file[inline-comment] x\n"]
    {
        assert_eq!(left(&format!("{head}{BROKEN}{BROKEN}")), [""; 0], "{head}");
    }
    assert_eq!(left(&format!("# redisconf: ignore[inline-comment] x\n{BROKEN}{BROKEN}")), ["3 inline-comment"]);
}

#[test]
fn a_comment_counts_up_to_its_day() {
    let until = |day: &str| left(&format!("port 1\n# redisconf: ignore[inline-comment] until={day} x\n{BROKEN}"));
    assert_eq!(until("2026-11-22"), [""; 0], "the day itself counts");
    assert_eq!(until("2026-11-21"), ["3 inline-comment", "2 expired-ignore"]);
    assert_eq!(until("tomorrow"), ["3 inline-comment", "2 malformed-comment"]);
}

#[test]
fn a_comment_needs_a_reason() {
    let text = format!("port 1\n# redisconf: ignore[inline-comment] until=2099-01-01\n{BROKEN}");
    assert_eq!(left(&text), ["3 inline-comment", "2 ignore-without-reason"]);
}

#[test]
fn what_was_for_nothing_is_unused_and_goes() {
    let found = outcome("port 1\n# redisconf: ignore[inline-comment] x\nhz 10\n");
    assert_eq!((found.left, found.mended.as_str()), (vec!["2 unused-ignore".into()], "port 1\nhz 10\n"));
    let found = outcome(&format!("port 1\n# redisconf: ignore[out-of-range, inline-comment,acl-rule] x\n{BROKEN}"));
    assert_eq!(found.left, ["2 unused-ignore", "2 unused-ignore"]);
    assert_eq!(found.mended, format!("port 1\n# redisconf: ignore[inline-comment] x\n{BROKEN}"));
    assert_eq!(left("port 1\n# redisconf: ignore[unread-include] x\n"), ["2 unused-ignore"], "nothing follows");
    assert_eq!(left("# redisconf: ignore-file[inline-comment] x\nport 1\n"), ["1 unused-ignore"]);
    // Of two comments that take out the same, one is enough.
    let twice = "port 1\n# redisconf: ignore[inline-comment] x\n# redisconf: ignore[inline-comment] y\n";
    assert_eq!(left(&format!("{twice}{BROKEN}")), ["3 unused-ignore"]);
}

#[test]
fn an_expired_comment_for_nothing_is_only_unused() {
    assert_eq!(left("port 1\n# redisconf: ignore[inline-comment] until=2020-01-01\nhz 10\n"), ["2 unused-ignore"]);
}

#[test]
fn what_was_not_looked_for_is_not_unused() {
    let comment = "port 1\n# redisconf: ignore[inline-comment] x\nhz 10\n";
    assert_eq!(left(&format!("{comment}include away.conf\n")), ["4 unread-include"], "a file is missing");
    assert_eq!(left(&format!("{comment}{{% if x %}}\n")), [""; 0], "a template makes more of it");
    let flags = Flags { select: Some(vec!["unread-include".into()]), ..Flags::default() };
    let settings = Settings::new(None, None, Policies::default(), &flags).unwrap().0;
    assert_eq!(outcome_of(&settings, comment, &[], nothing).left, [""; 0], "the rule did not judge");
    let elsewhere = "port 1\n# redisconf: ignore[version-dependent] x\nhz 10\n";
    assert_eq!(left(elsewhere), [""; 0], "the rule judges elsewhere");
}

#[test]
fn a_rule_that_lacks_a_fact_has_not_judged() {
    let reading = conf::read_alone(Name::Stdin, b"port 1\n", "redis-7.4".parse().unwrap());
    let (config, facts) = (resolve(&reading, Mode::Server), Known::default());
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    let settings = Settings::default();
    let effective = settings.for_path("a".as_ref());
    let mut inspection = inspect(&case, &effective.chosen);
    let policies = OfPolicies { judged: vec!["acme-a".into()], ..OfPolicies::default() };
    let is_complete = |inspection: &Inspection, one_version: bool, id: &str| {
        let judging = Judging { case: &case, effective: &effective, inspection, policies: &policies, one_version };
        judging.is_complete(id)
    };
    assert!(is_complete(&inspection, true, "unread-include") && is_complete(&inspection, true, "inline-comment"));
    assert!(!is_complete(&inspection, false, "inline-comment"), "some versions may refuse it");
    assert!(is_complete(&inspection, true, "acme-a") && !is_complete(&inspection, true, "acme-b"));
    inspection.silent.push(("unread-include".into(), "memory"));
    assert!(!is_complete(&inspection, true, "unread-include"));
}

#[test]
fn groups_and_severities_may_be_named_but_not_for_what_a_server_refuses() {
    let info = "port 1\n# redisconf: ignore[{}] x\ninclude away.conf\n";
    for word in ["syntax", "info", "unread-include"] {
        assert_eq!(left(&info.replace("{}", word)), [""; 0], "{word}");
    }
    assert_eq!(left(&info.replace("{}", "memory")), ["3 unread-include"]);
    let fatal = format!("port 1\n# redisconf: ignore[{{}}] x\n{BROKEN}");
    assert!(left(&fatal.replace("{}", "syntax")).contains(&"3 inline-comment".to_owned()));
    assert_eq!(left(&fatal.replace("{}", "fatal")), ["3 inline-comment", "2 unknown-rule-in-ignore"]);
    assert_eq!(left(&fatal.replace("{}", "error, warning"))[0], "3 inline-comment");
}

#[test]
fn a_severity_means_how_bad_the_finding_is() {
    let extra = |reading: &Reading| {
        vec![Finding::new("long-line", Severity::Fatal, reading.statements()[1].at, "as bad as can be")]
    };
    let text = "port 1\n# redisconf: ignore[{}] x\nhz 10\n";
    let left = |word: &str| outcome_of(&Settings::default(), &text.replace("{}", word), &[], extra).left;
    assert_eq!(left("long-line"), [""; 0]);
    assert_eq!(left("syntax")[0], "3 long-line");
}

#[test]
fn misspelt_rules_are_named() {
    let found = outcome(&format!("port 1\n# redisconf: ignore[inline-coment] x\n{BROKEN}"));
    assert_eq!(found.left, ["3 inline-comment", "2 unknown-rule-in-ignore"]);
    assert_eq!(found.all.left[1].help.as_deref(), Some("did you mean `inline-comment`?"));
}

#[test]
fn a_statement_may_span_lines_and_only_where_a_finding_begins_counts() {
    // As in a profile, where a list goes over several lines: `save = [ …`.
    let text = "port 1\n# redisconf: ignore[long-line] x\nsave \\\n3600 1\nhz 10\n";
    let span = |start: usize, end: usize| {
        let offset = |n: usize| u32::try_from(n).unwrap();
        Span { source: SourceId::ROOT, start: offset(start), end: offset(end) }
    };
    let mut reading = Reading::new(Sources::new(), "redis-7.4".parse().unwrap());
    reading.sources.add(Name::Stdin, text.as_bytes());
    let word = |start: usize, text: &str| crate::syntax::Word::cooked(span(start, start + text.len()), text);
    let (save, points) = (text.find("save").unwrap(), text.find("3600").unwrap());
    let via = crate::syntax::Via::Layer(0);
    reading.push(word(0, "port"), [word(5, "1")], via);
    reading.push(word(save, "save"), [word(points, "3600"), word(points + 5, "1")], via);
    reading.push(word(text.find("hz").unwrap(), "hz"), [word(text.find("10").unwrap(), "10")], via);
    let (config, facts) = (resolve(&reading, Mode::Server), Known::default());
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    let settings = Settings::default();
    let effective = settings.for_path("a".as_ref());
    let inspection = inspect(&case, &Chosen::by(|_| false));
    let policies = OfPolicies::default();
    let judging =
        Judging { case: &case, effective: &effective, inspection: &inspection, policies: &policies, one_version: true };
    let is_taken = |at: Span| {
        let finding = Finding::new("long-line", Severity::Info, at, "x");
        !Ignores::new(&settings, today()).apply(&judging, vec![finding]).suppressed.is_empty()
    };
    assert!(is_taken(span(save, save + 4)) && is_taken(span(points, points + 4)));
    assert!(!is_taken(span(0, text.len())), "it begins above");
    assert!(!is_taken(span(text.find("hz").unwrap(), text.len())), "it begins below");
}

#[test]
fn included_files_have_comments_of_their_own() {
    let included = format!("# redisconf: ignore[inline-comment] x\n{BROKEN}# redisconf: ignore[acl-rule] y\nport 2\n");
    let text = format!("# redisconf: ignore-file[inline-comment] z\ninclude more.conf\n{BROKEN}");
    let found = outcome_of(&Settings::default(), &text, &[("/x/more.conf", &included)], nothing);
    assert_eq!(found.left, [""; 0], "whoever else includes the file may need the second");
    assert_eq!(found.suppressed.len(), 2);
}

#[test]
fn several_configurations_in_one_text_share_its_comments() {
    let text = b"port 1\n# redisconf: ignore[inline-comment] x\nhz 10\n# redisconf: ignore[acl-rule] y\nhz 11\n";
    let reading = conf::read_alone(Name::File("/x/compose.yaml".into()), text, "redis-7.4".parse().unwrap());
    let (config, facts) = (resolve(&reading, Mode::Server), Known::default());
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    let settings = Settings::default();
    let effective = settings.for_path("a".as_ref());
    let inspection = inspect(&case, &effective.chosen);
    let policies = OfPolicies::default();
    let judging =
        Judging { case: &case, effective: &effective, inspection: &inspection, policies: &policies, one_version: true };
    let mut ignores = Ignores::new(&settings, today());
    assert_eq!(ignores.apply(&judging, Vec::new()), Divided::default());
    let in_second = Finding::new("inline-comment", Severity::Fatal, reading.statements()[1].at, "x");
    assert_eq!(ignores.apply(&judging, vec![in_second]).suppressed.len(), 1);
    let messages = |own: &Divided| own.left.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>();
    let own: Vec<Vec<String>> = ignores.finish().iter().map(messages).collect();
    assert_eq!(own, [vec!["`acl-rule` finds nothing in the statement below".to_owned()], vec![]]);
}

#[test]
fn what_is_locked_is_not_ignored() {
    let mut sources = Sources::new();
    let id = sources.add(Name::Stdin, b"schema = 1\n[lint]\nlocked = [\"inline-comment\"]\n".as_slice());
    let (project, _) = project::read(&sources, id);
    let flags = Flags::default();
    let settings = Settings::new(None, project.lint.as_ref(), Policies::default(), &flags).unwrap().0;
    let text = format!("port 1\n# redisconf: ignore[inline-comment] x\n{BROKEN}");
    assert_eq!(outcome_of(&settings, &text, &[], nothing).left, ["3 inline-comment", "2 locked-rule"]);
}

#[test]
fn findings_about_comments_can_be_ignored_for_a_file() {
    let head = "# redisconf: ignore[unused-ignore] kept for later\n\n";
    let found = outcome(&format!("{head}port 1\n# redisconf: ignore[inline-comment] x\nhz 10\n"));
    assert_eq!(found.left, [""; 0]);
    assert_eq!(found.suppressed, [("unused-ignore".into(), "kept for later".into())]);
}

#[test]
fn headers_are_checked() {
    let server = "write an engine and a version: `server=redis-7.4`, `server=valkey-8.1`";
    let bytes = "bytes with a unit are expected: `KiB`, `MiB`, `GiB` or `TiB`, such as `16GiB`";
    for (header, message, help) in [
        ("server=redis", "this is no server version", server),
        ("server=redis-7.4 server=redis-8.2", "a second server version has no effect", "keep one of the two"),
        ("memroy=8gb", "`memroy` is no fact", "did you mean `memory`?"),
        ("memory=much", "no value for the fact `memory`", bytes),
        ("memory=8gb quickly", "this word is no fact with a value", "write facts without blanks: `memory=8gb`"),
        ("ignore", "the `ignore` names no rule", "write `ignore[rule-id] reason`"),
    ] {
        let found = outcome(&format!("# redisconf: {header}\nport 1\n")).all.left;
        let [only] = &found[..] else { panic!("{header}: {found:#?}") };
        assert_eq!((only.message.as_str(), only.help.as_deref()), (message, Some(help)));
        assert_eq!(only.rule, "malformed-comment");
    }
    assert_eq!(left("# redisconf: server=redis-7.4 memory=8gb workload=cache\nport 1\n"), [""; 0]);
}

#[test]
fn what_may_be_a_secret_is_not_repeated() {
    for comment in [
        "requirepass=hunter2",
        "memory=hunter2",
        "server=hunter2",
        "hunter2",
        "ignore hunter2",
        "ignore[>hunter2] x",
        "ignore[inline-comment] until=hunter2 x",
        "server=redis-7.4 hunter2",
        "ignore[inline-comment hunter2",
    ] {
        let found = outcome(&format!("port 1\n# redisconf: {comment}\nhz 10\n"));
        assert!(!found.all.left.is_empty(), "{comment}");
        assert!(!format!("{:?}", found.all.left).contains("hunter2"), "{comment}: {:#?}", found.all.left);
    }
}

#[test]
fn the_examples_of_the_rules_do_what_they_say() {
    let own: Vec<&Rule> = RULES.iter().copied().filter(|rule| rule.group == Group::Suppression).collect();
    assert!(own.len() >= 7);
    for rule in own {
        let Some(bad) = rule.example(Example::Bad) else { continue };
        let found = outcome(&bad);
        let finding = found.all.left.iter().find(|finding| finding.rule == rule.id);
        assert_eq!(finding.map(|finding| finding.severity), Some(rule.severity), "{}", rule.id);
        if rule.fix.is_some() {
            assert!(!outcome(&found.mended).left.iter().any(|left| left.ends_with(rule.id)), "{}", rule.id);
        }
        assert_eq!(left(&rule.example(Example::Good).unwrap()), [""; 0], "{}", rule.id);
    }
}

#[test]
fn many_comments_and_findings_are_no_trouble() {
    let text = "# redisconf: ignore[inline-comment] x\nhz 10 # x\n".repeat(5_000);
    let found = outcome(&text);
    assert_eq!((found.left.len(), found.suppressed.len()), (0, 5_000));
}
