//! Every example of a rule about running servers does what it says, and a healthy server has nothing.

use super::super::rule::{Check, Example, Rule};
use super::super::{RULES, rule};
use super::example::diagnosed;
use crate::finding::{Finding, Severity};

/// The rules about running servers that have such an example.
fn examples(which: Example) -> impl Iterator<Item = (&'static Rule, String)> {
    let live = RULES.iter().filter(|rule| matches!(rule.check, Check::Live(_)));
    live.map(move |rule| (*rule, rule.example(which).unwrap_or_else(|| panic!("{} has no examples", rule.id))))
}

fn of<'a>(findings: &'a [Finding], rule: &'a Rule) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.rule == rule.id).collect()
}

/// What one rule says of an example: severity and message of each finding.
fn said(id: &str, example: &str) -> Vec<String> {
    assert!(rule(id).is_some(), "`{id}` is no rule");
    let found = diagnosed(example).findings.into_iter().filter(|finding| finding.rule == id);
    found.map(|finding| format!("{}: {}", finding.severity, finding.message)).collect()
}

#[test]
fn a_healthy_server_has_no_finding() {
    for server in ["redis-6.2", "redis-7.0", "redis-7.4", "redis-8.2", "valkey-8.0", "valkey-8.1", "valkey-9.1"] {
        let found = diagnosed(&format!("# redisconf: server={server} workload=cache\n"));
        let told: Vec<&Finding> = found.findings.iter().filter(|finding| finding.severity > Severity::Info).collect();
        assert!(told.is_empty(), "{server}: {told:#?}");
    }
}

#[test]
fn a_bad_example_gives_its_finding_with_what_it_rests_on() {
    let mut wrong = Vec::new();
    for (rule, example) in examples(Example::Bad) {
        let found = diagnosed(&example);
        let own = of(&found.findings, rule);
        match own.first() {
            None => wrong.push(format!("{} is silent: {:?}", rule.id, found.silent)),
            Some(first) if first.severity != rule.severity => {
                wrong.push(format!("{}: {} instead of {}", rule.id, first.severity, rule.severity));
            }
            Some(first) => {
                let proof = first.proof.as_ref().unwrap_or_else(|| panic!("{}: no proof", rule.id));
                assert!(!proof.measured.is_empty() && proof.threshold.is_some(), "{}: {proof:?}", rule.id);
                assert!(first.help.is_some(), "{}: what is to be done?", rule.id);
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_good_example_does_not() {
    let mut wrong = Vec::new();
    for (rule, example) in examples(Example::Good) {
        let found = diagnosed(&example);
        wrong.extend(of(&found.findings, rule).iter().map(|finding| format!("{}: {}", rule.id, finding.message)));
        let silent = found.silent.iter().filter(|lack| lack.rule == rule.id);
        wrong.extend(silent.map(|lack| format!("{} is silent for want of {}", rule.id, lack.what)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn messages_keep_to_the_form_and_changes_name_directives() {
    for (rule, example) in examples(Example::Bad) {
        let found = diagnosed(&example);
        for finding in of(&found.findings, rule) {
            for text in [Some(&finding.message), finding.help.as_ref()].into_iter().flatten() {
                assert!(!text.ends_with('.') && !text.starts_with(char::is_uppercase), "{}: {text}", rule.id);
            }
            for (directive, _) in finding.proof.iter().flat_map(|proof| &proof.changes) {
                assert!(crate::catalog::find(directive).is_some(), "{}: {directive}", rule.id);
            }
        }
    }
}

#[test]
fn what_was_not_answered_is_counted_with_its_reason() {
    let found = diagnosed("missing: SLOWLOG GET\n");
    let lack = found.silent.iter().find(|lack| lack.rule == "slow-commands").unwrap();
    assert_eq!((lack.what, lack.why.as_deref()), ("SLOWLOG GET", Some("the user may not")));
}

#[test]
fn the_configuration_and_the_evidence_tell_of_one_matter_once() {
    let found = diagnosed("maxmemory 0\nmaxmemory: 0\n").findings;
    let about: Vec<&str> =
        found.iter().map(|f| &*f.rule).filter(|id| id.contains("unset") || id.contains("unlim")).collect();
    assert_eq!(about, ["memory-unlimited"]);
}

#[test]
fn two_moments_tell_what_happens_now() {
    let one = said("keys-evicted", "# redisconf: workload=queue\nevicted_keys: 500\n");
    assert!(one[0].starts_with("warning:") && one[0].contains("since the start 10 d ago"), "{one:?}");
    let two = said("keys-evicted", "# redisconf: workload=queue\nevicted_keys: 500\nearlier evicted_keys: 400\n");
    assert!(two[0].starts_with("error:") && two[0].contains("in 10 s"), "{two:?}");
    assert!(said("keys-evicted", "evicted_keys: 500\nearlier evicted_keys: 500\n").is_empty());
}
