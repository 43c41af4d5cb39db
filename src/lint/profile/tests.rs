//! Every example of a rule about profiles does what it says.

use crate::config::fleet;
use crate::config::layers::{Request, load, merge};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::lint::policy::{self, Policies};
use crate::lint::settings::{Flags, Settings};
use crate::lint::{Case, Example, Group, RULES, Rule};
use crate::source::{Memory, Name};
use crate::syntax::{Mode, conf};

/// What is found in an example: a profile with the layers beside it, or a project with its instance files.
fn found(example: &str) -> Vec<Finding> {
    let is_project = example.starts_with("# redisconf.toml");
    let root = if is_project { "/p/redisconf.toml" } else { "/p/profile.toml" };
    let mut files = vec![(root.to_owned(), String::new())];
    for line in example.lines() {
        match line.strip_prefix("==> ").and_then(|rest| rest.strip_suffix(" <==")) {
            Some(name) => files.push((format!("/p/{name}"), String::new())),
            None => files.last_mut().unwrap().1.push_str(&format!("{line}\n")),
        }
    }
    let files = Memory::new(files);
    if is_project { in_project(&files) } else { in_profile(&files) }
}

fn in_profile(files: &Memory) -> Vec<Finding> {
    let request = Request { profile: "profile.toml".into(), folder: "/p".into(), ..Request::default() };
    let stack = load(&request, files).unwrap();
    merge(stack, "redis-7.4".parse().unwrap()).findings
}

/// What is found in a project, its settings, and by its policies in a file that sets little.
fn in_project(files: &Memory) -> Vec<Finding> {
    let fleet = fleet::open("/p/redisconf.toml".as_ref(), files, env!("CARGO_PKG_VERSION")).unwrap();
    let mut findings: Vec<Finding> = fleet.problems.iter().flat_map(|(_, findings)| findings).cloned().collect();
    findings.extend(fleet.missing_layers(files).into_iter().flat_map(|(_, findings)| findings));
    let environments: Vec<&str> = fleet.project.environments.iter().map(|one| one.name.value.as_str()).collect();
    let (policies, wrong) = Policies::new(fleet.project.policies.clone(), &fleet.sources, &environments);
    findings.extend(wrong);
    let (settings, wrong) = Settings::new(None, fleet.project.lint.as_ref(), policies, &Flags::default()).unwrap();
    findings.extend(wrong);
    let reading = conf::read_alone(Name::Stdin, b"maxmemory 1gb\n", "redis-7.4".parse().unwrap());
    let (config, facts) = (crate::config::resolve(&reading, Mode::Server), Facts::default());
    let case = Case::new(&reading, &config, &facts, Mode::Server);
    let path = "x.conf".as_ref();
    findings.extend(policy::judge(&case, &settings.for_path(path), path, None).problems);
    findings
}

/// The rules of this group, with one of their examples.
fn examples(which: Example) -> impl Iterator<Item = (&'static Rule, String)> {
    let own = RULES.iter().filter(|rule| rule.group == Group::Profile);
    own.map(move |rule| (*rule, rule.example(which).unwrap_or_else(|| panic!("{} has no examples", rule.id))))
}

#[test]
fn a_bad_example_gives_its_finding() {
    for (rule, example) in examples(Example::Bad) {
        let found = found(&example);
        let own = found.iter().find(|finding| finding.rule == rule.id);
        let own = own.unwrap_or_else(|| panic!("{} is silent: {found:#?}", rule.id));
        assert_eq!(own.severity, rule.severity, "{}", rule.id);
        assert!(own.help.is_some(), "{}", rule.id);
        assert!(!own.message.ends_with('.') && !own.message.starts_with(char::is_uppercase), "{}", own.message);
    }
}

#[test]
fn a_good_example_gives_none_at_all() {
    for (rule, example) in examples(Example::Good) {
        assert_eq!(found(&example), [], "{}", rule.id);
    }
}

#[test]
fn the_rules_that_are_shared_with_configurations_are_found_in_profiles_too() {
    for (id, text) in [
        ("unknown-directive", "schema = 1\nname = \"a\"\n[settings]\nmaxmemry = \"8gb\"\n"),
        ("invalid-value", "schema = 1\nname = \"a\"\nservers = [\"redis sometimes\"]\n"),
    ] {
        let found = found(text);
        assert!(found.iter().any(|finding| finding.rule == id), "{id}: {found:#?}");
        assert!(crate::lint::rule(id).unwrap().docs.contains("profile"), "{id} does not speak of profiles");
    }
}
