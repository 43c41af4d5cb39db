//! Every rule that a room below `lint` names in its findings is in the list of rules, and every listed one is named; and the
//! page about settings says what the program does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use redisconf::lint::policy::Policies;
use redisconf::lint::settings::{Flags, Settings};
use redisconf::lint::{self, Group, RULES};
use redisconf::source::{Name, Sources};
use redisconf::syntax::project;
use redisconf::syntax::settings::{LINT_KEYS, PER_PATH_KEYS, POLICY_KEYS};

/// Where findings are made by the ids of rules that stand elsewhere.
const ROOMS: &[&str] = &["src/syntax", "src/config/layers", "src/config/fleet.rs"];

/// What begins a finding; its rule is the first text after it.
const OPENERS: &[&str] = &["Finding::new(", "Problem::new(", ".wrong(", "error("];

fn files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), found);
        }
    } else {
        found.push(path.to_owned());
    }
}

/// The ids in a program text.
fn ids(text: &str) -> BTreeSet<String> {
    let program = text.split("#[cfg(test)]\nmod tests {").next().expect("a split gives at least one piece");
    let mut found = BTreeSet::new();
    for opener in OPENERS {
        for (at, _) in program.match_indices(opener) {
            let is_definition = program[..at].trim_end().ends_with("fn");
            let call = &program[at + opener.len()..];
            let end = call.find(';').unwrap_or(call.len());
            // A call hands an id on if it takes it from a variable.
            let hands_on = call.trim_start().starts_with("rule,") || call.trim_start().starts_with("problem.rule");
            if is_definition || hands_on {
                continue;
            }
            let id = call[..end].split('"').nth(1).unwrap_or_default();
            let is_id = id.contains('-') && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
            if is_id {
                found.insert(id.to_owned());
            }
        }
    }
    found
}

fn used() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for room in ROOMS {
        files(&root.join(room), &mut found);
    }
    let texts = found.iter().map(|path| std::fs::read_to_string(path).unwrap());
    texts.flat_map(|text| ids(&text)).collect()
}

#[test]
fn ids_are_found_in_program_texts() {
    let text = "
        Finding::new(
            \"a-b\", Severity::Error, at, \"c-d\")
        fields.wrong(text.at, \"e-f\", format!(\"g\"))
        fn error(at: Span, rule: &'static str) { Finding::new(rule, at, \"h-i\"); }
        self.error(problem.rule, \"j-k\");
    ";
    assert_eq!(ids(text).into_iter().collect::<Vec<_>>(), ["a-b", "e-f"]);
}

#[test]
fn every_id_that_is_used_is_a_rule() {
    let used = used();
    assert!(used.len() > 20, "the rooms were not found");
    let unknown: Vec<&String> = used.iter().filter(|id| lint::rule(id).is_none()).collect();
    assert!(unknown.is_empty(), "register these in src/lint/profile: {unknown:?}");
}

#[test]
fn every_rule_about_profiles_is_used() {
    let mut used = used();
    // Those about settings and policies are named by their statics, which the compiler looks after.
    used.extend(["fatal-level", "locked-rule", "policy-cannot-judge", "unknown-rule"].map(str::to_owned));
    let unused: Vec<&str> = RULES
        .iter()
        .filter(|rule| rule.group == Group::Profile && !used.contains(rule.id))
        .map(|rule| rule.id)
        .collect();
    assert!(unused.is_empty(), "nothing finds these any more: {unused:?}");
}

/// The page about settings.
const PAGE: &str = include_str!("../../docs/lint-settings.md");

#[test]
fn the_examples_of_the_page_about_settings_are_read_without_a_finding() {
    let examples: Vec<&str> =
        PAGE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().expect("a block ends")).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        let mut sources = Sources::new();
        let id = sources.add(Name::File("redisconf.toml".into()), example.as_bytes());
        let (project, findings) = project::read(&sources, id);
        assert_eq!(findings, [], "{example}");
        let (policies, findings) = Policies::new(project.policies, &sources, &[]);
        assert_eq!(findings, [], "{example}");
        let (_, findings) = Settings::new(None, project.lint.as_ref(), policies, &Flags::default()).unwrap();
        assert_eq!(findings, [], "{example}");
    }
}

#[test]
fn the_page_about_settings_names_every_key() {
    for (key, _) in LINT_KEYS.iter().chain(PER_PATH_KEYS).chain(POLICY_KEYS) {
        assert!(
            PAGE.contains(&format!("`{key}`")) || PAGE.contains(&format!("\n{key} = ")),
            "`{key}` is not on the page"
        );
    }
}
