//! Layers over layers.

use super::*;
use crate::facts::Facts;
use crate::lint::RULES;
use crate::lint::{Chosen, Group};
use crate::source::{Name, SourceId, Sources, Span};
use crate::syntax::project;
use crate::syntax::settings::read_user;

/// Reads both files, with two policies in the project.
fn settings_of(user: &str, project: &str, flags: &Flags) -> Result<(Settings, Vec<Finding>), WrongFlag> {
    let mut sources = Sources::new();
    let text = format!(
        "schema = 1\n[lint]\n{project}\n[[policy]]\nid = \"acme-a\"\nmessage = \"a\"\nrequire = \"dir\"\n\
         [[policy]]\nid = \"acme-b\"\nmessage = \"b\"\nrequire = \"dir\"\nlocked = true\nseverity = \"warning\"\n"
    );
    let id = sources.add(Name::File("redisconf.toml".into()), text.into_bytes());
    let (project, wrong) = project::read(&sources, id);
    assert_eq!(wrong, []);
    let id = sources.add(Name::File("config.toml".into()), format!("schema = 1\n[lint]\n{user}").into_bytes());
    let (user, wrong) = read_user(&sources, id);
    assert_eq!(wrong, []);
    let (policies, wrong) = Policies::new(project.policies, &sources, &[]);
    assert_eq!(wrong, []);
    Settings::new(Some(&user), project.lint.as_ref(), policies, flags)
}

fn settings(user: &str, project: &str, flags: &Flags) -> Settings {
    let (settings, findings) = settings_of(user, project, flags).unwrap();
    assert_eq!(findings, []);
    settings
}

fn of_project(project: &str) -> Settings {
    settings("", project, &Flags::default())
}

fn select(words: &[&str]) -> Flags {
    Flags { select: Some(words.iter().map(|word| (*word).to_owned()).collect()), ..Flags::default() }
}

/// Whether a rule judges a path.
fn judges(settings: &Settings, id: &str, path: &str) -> bool {
    let effective = settings.for_path(Path::new(path));
    let by_id = effective.judges_by_id(id);
    assert_eq!(effective.chosen, Chosen::by(|rule| effective.judges_by_id(rule.id)), "{id}");
    by_id
}

fn severity(settings: &Settings, id: &'static str, severity: Severity) -> Severity {
    let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
    settings.for_path(Path::new("a.conf")).severity_of(&Finding::new(id, severity, at, "x"))
}

/// A rule that is neither fatal nor off, and its group.
fn some_rule() -> (&'static str, &'static str) {
    ("unjudged-module-parameter", "syntax")
}

#[test]
fn without_settings_every_rule_that_is_on_judges() {
    let settings = Settings::default();
    let effective = settings.for_path(Path::new("a.conf"));
    assert!(RULES.iter().all(|rule| effective.judges_by_id(rule.id) == rule.on));
    assert_eq!((settings.level(), settings.fail_on()), (Severity::Warning, FailOn::AtLeast(Severity::Error)));
    assert!(settings.fails_for(Severity::Fatal) && !settings.fails_for(Severity::Warning));
}

#[test]
fn the_nearer_layer_wins() {
    let (id, group) = some_rule();
    let ignored = format!("ignore = [\"{id}\"]");
    let default = Flags::default();
    assert!(!judges(&settings(&ignored, "", &default), id, "a.conf"), "the user");
    assert!(!judges(&settings("", &format!("ignore = [\"{group}\"]"), &default), id, "a.conf"), "the project");
    let raised = format!("levels = {{ {id} = \"error\" }}");
    assert!(judges(&settings(&ignored, &raised, &default), id, "a.conf"), "the project wants it");
    assert!(judges(&settings("", &ignored, &select(&[id])), id, "a.conf"), "the flag asks for it by name");
    assert!(!judges(&settings("", &ignored, &select(&[group])), id, "a.conf"), "the flag asks for its group only");
    let flags = Flags { ignore: vec![id.into()], ..select(&[group]) };
    assert!(!judges(&settings("", &raised, &flags), id, "a.conf"), "the flag ignores it");
    let off = format!("levels = {{ {id} = \"off\" }}");
    assert!(!judges(&of_project(&off), id, "a.conf"));
    assert!(judges(&settings(&off, "", &select(&[id])), id, "a.conf"));
}

#[test]
fn some_paths_have_settings_of_their_own() {
    let (id, _) = some_rule();
    let project = format!(
        "server = \"redis-7.4\"\nfacts = {{ memory = \"8GiB\", workload = \"cache\" }}\n\
         [[lint.per-path]]\npath = \"ci/**\"\nserver = \"valkey-8.1\"\nfacts = {{ memory = \"1GiB\" }}\nignore = [\"{id}\"]\n\
         [[lint.per-path]]\npath = \"ci/keep.conf\"\nlevels = {{ {id} = \"error\" }}\n"
    );
    let settings = of_project(&project);
    assert!(judges(&settings, id, "a.conf") && !judges(&settings, id, "ci/a.conf"));
    assert!(judges(&settings, id, "ci/keep.conf"), "later tables stand above earlier ones");
    let known = |path: &str| {
        let effective = settings.for_path(Path::new(path));
        let mut facts = Facts::default();
        effective.teach(&mut facts);
        let server = effective.server.as_ref().unwrap().value.name();
        (server, facts.bytes("memory").unwrap() >> 30, facts.word("workload"))
    };
    assert_eq!(known("a.conf"), ("redis-7.4".into(), 8, Some("cache")));
    assert_eq!(known("ci/a.conf"), ("valkey-8.1".into(), 1, Some("cache")));
}

#[test]
fn levels_change_how_bad_a_finding_is() {
    let (id, group) = some_rule();
    let by_name = of_project(&format!("levels = {{ {group} = \"warning\", {id} = \"error\" }}"));
    assert_eq!(severity(&by_name, id, Severity::Info), Severity::Error);
    assert_eq!(severity(&by_name, "unread-include", Severity::Info), Severity::Warning);
    assert_eq!(severity(&by_name, id, Severity::Fatal), Severity::Fatal, "what a server refuses stays so");
    assert_eq!(severity(&by_name, "expired-ignore", Severity::Info), Severity::Info);
    let policies = of_project("levels = { policy = \"info\" }");
    assert_eq!(severity(&policies, "acme-a", Severity::Error), Severity::Info);
}

#[test]
fn what_a_server_refuses_is_ignored_only_by_name() {
    let judges = |project: &str| judges(&of_project(project), "inline-comment", "a.conf");
    assert!(judges("ignore = [\"syntax\", \"error\", \"values\", \"versions\"]"));
    assert!(judges("levels = { syntax = \"off\" }"));
    assert!(!judges("ignore = [\"inline-comment\"]"));
    assert!(!judges("ignore = [\"fatal\"]"));
    assert!(!judges("select = [\"unread-include\"]"));
    assert!(judges("select = [\"fatal\"]"));
}

#[test]
fn every_word_for_a_refusal_is_fatal_so_that_no_group_takes_it_out() {
    let refusals = RULES.iter().filter(|rule| matches!(rule.check, crate::lint::Check::Refusal(_)));
    let milder: Vec<&str> = refusals.filter(|rule| rule.severity != Severity::Fatal).map(|rule| rule.id).collect();
    assert_eq!(milder, [""; 0]);
}

#[test]
fn groups_ask_for_rules_that_are_off_and_severities_do_not() {
    let none = Policies::default();
    let off = Identity { id: "x", group: Group::Style, severity: Severity::Info, on: false };
    let chooses = |word: &str| Selector::choosing(word, &none).unwrap().chooses(&off);
    assert!(chooses("style") && chooses("all"));
    assert!(!chooses("info") && !chooses("default"));
}

#[test]
fn nothing_ignores_what_is_locked() {
    let (id, group) = some_rule();
    let locked = format!("locked = [\"{id}\"]\nlevels = {{ {id} = \"error\" }}\n");
    let user = format!("ignore = [\"{id}\"]\nlevels = {{ {id} = \"info\" }}");
    let mild = settings(&user, &format!("{locked}ignore = [\"{group}\"]"), &Flags::default());
    assert!(judges(&mild, id, "a.conf") && mild.is_locked(id));
    assert_eq!(severity(&mild, id, Severity::Info), Severity::Error, "the project's level");
    assert!(judges(&mild, "acme-b", "a.conf") && mild.is_locked("acme-b"));
    let none = settings("", "ignore = [\"policy\"]", &Flags::default());
    assert!(judges(&none, "acme-b", "a.conf") && !judges(&none, "acme-a", "a.conf"));
    assert!(!judges(&settings("", &locked, &select(&["fatal"])), id, "a.conf"), "the run asks for something else");
    let flags = Flags { ignore: vec![id.into()], ..Flags::default() };
    assert_eq!(settings_of("", &locked, &flags).unwrap_err(), WrongFlag::Locked { id: id.into() });
}

#[test]
fn a_project_that_contradicts_itself_is_told_so() {
    let (id, _) = some_rule();
    for (project, rules) in [
        (format!("locked = [\"{id}\"]\nignore = [\"{id}\"]"), vec!["locked-rule"]),
        (format!("locked = [\"{id}\"]\nlevels = {{ {id} = \"off\" }}"), vec!["locked-rule"]),
        (format!("locked = [\"{id}\"]\nlevels = {{ {id} = \"warning\" }}"), vec![]),
        (
            format!("locked = [\"{id}\"]\n[[lint.per-path]]\npath = \"a\"\nlevels = {{ {id} = \"info\" }}"),
            vec!["locked-rule"],
        ),
        ("locked = [\"syntax\", \"nothing\"]".into(), vec!["unknown-rule", "unknown-rule"]),
        ("levels = { inline-comment = \"info\", fatal = \"off\" }".into(), vec!["fatal-level", "unknown-rule"]),
        ("select = [\"x-y\"]\nignore = [\"z-z\", \"all\"]".into(), vec!["unknown-rule"; 3]),
        ("exclude = [\"a[\"]".into(), vec!["invalid-value"]),
        ("ignore = [\"acme-a\"]".into(), vec![]),
    ] {
        let (_, findings) = settings_of("", &project, &Flags::default()).unwrap();
        let found: Vec<&str> = findings.iter().map(|finding| finding.rule.as_ref()).collect();
        assert_eq!(found, rules, "{project}");
        assert!(findings.iter().all(|finding| finding.severity == Severity::Error && finding.at.start > 10));
    }
}

#[test]
fn what_a_user_writes_for_other_projects_is_no_error_here() {
    let (_, findings) = settings_of("ignore = [\"others-rule\"]", "", &Flags::default()).unwrap();
    assert_eq!((findings[0].rule.as_ref(), findings[0].severity), ("unknown-rule", Severity::Warning));
}

#[test]
fn wrong_flags_are_errors() {
    let wrong = settings_of("", "", &select(&["inline-coment"])).unwrap_err();
    assert_eq!(wrong.to_string(), "`inline-coment` is no rule: did you mean `inline-comment`?");
}

#[test]
fn findings_are_settled() {
    let (id, _) = some_rule();
    let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
    let found = |id: &'static str| Finding::new(id, Severity::Info, at, "x");
    let settings = of_project(&format!("ignore = [\"unread-include\"]\nlevels = {{ {id} = \"error\" }}"));
    let settled =
        settings.for_path(Path::new("a")).settle(vec![found("unread-include"), found(id), found("other-room")]);
    let left: Vec<(&str, Severity)> = settled.iter().map(|finding| (finding.rule.as_ref(), finding.severity)).collect();
    assert_eq!(left, [(id, Severity::Error), ("other-room", Severity::Info)]);
}

#[test]
fn scalars_come_from_the_nearest_layer() {
    let flags = Flags { fail_on: Some(FailOn::Never), ..Flags::default() };
    let settings =
        settings("level = \"info\"\nfail-on = \"fatal\"", "level = \"error\"\nexclude = [\"vendor\"]", &flags);
    assert_eq!((settings.level(), settings.fail_on()), (Severity::Error, FailOn::Never));
    assert!(!settings.fails_for(Severity::Fatal));
    assert!(settings.is_excluded(Path::new("vendor/a.conf")) && !settings.is_excluded(Path::new("a.conf")));
}
