//! Reader of `[lint]` and `[[policy]]`: in the project file, in a user's own file, in files of policies.
//!
//! Which keys there are is closed and checked here. Which rules and directives there are is not known here; their names
//! are kept with their places for [`crate::lint`] to check.

use super::profile::{Fields, Spanned, facts_of, schema};
use super::tree::{Node, parse};
use crate::facts::{Definition, Said};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::{SourceId, Sources, Span};

/// The keys of `[lint]`, with what each says; also the source of their documentation.
pub const LINT_KEYS: &[(&str, &str)] = &[
    ("server", "version to judge as, where nothing nearer names one"),
    ("facts", "what is true of the place, where nothing nearer says so"),
    ("level", "mildest findings to show: info, warning, error or fatal"),
    ("fail-on", "mildest findings for which the exit code is 1: info, warning, error, fatal, or never"),
    ("select", "what judges: ids of rules, groups, severities, `default` or `all`"),
    ("ignore", "what does not: ids of rules, groups, severities"),
    ("levels", "severity by rule or group: off, info, warning or error"),
    ("locked", "ids of rules that nothing may ignore"),
    ("exclude", "paths that are not linted"),
    ("per-path", "server, facts, ignore and levels for some paths"),
    ("baseline", "file of findings that were there before"),
    ("force-exclude", "true to exclude paths even if they are named on the command line"),
    ("policy", "files of policies"),
];

/// The keys of `[lint]` that a user's own file may hold: the others are about a project's paths and duties.
const USER_KEYS: [&str; 7] = ["server", "facts", "level", "fail-on", "select", "ignore", "levels"];

/// The keys of `[[lint.per-path]]`, with what each says.
pub const PER_PATH_KEYS: &[(&str, &str)] = &[
    ("path", "patterns of paths"),
    ("server", "as in `[lint]`"),
    ("facts", "as in `[lint]`"),
    ("ignore", "as in `[lint]`"),
    ("levels", "as in `[lint]`"),
];

/// The keys of `[[policy]]`, with what each says.
pub const POLICY_KEYS: &[(&str, &str)] = &[
    ("id", "name of the rule, in kebab-case"),
    ("message", "what is wrong if it is broken"),
    ("severity", "info, warning or error; error if left out"),
    ("path", "patterns of paths it is for"),
    ("environment", "environments of the project it is for"),
    ("require", "directive that must be set, or `{ directive, value }`"),
    ("forbid", "directive that must not be set, or `{ directive, value }`"),
    ("range", "`{ directive, min, max }`"),
    ("expression", "CEL expression that is true where all is well"),
    ("when", "CEL expression that is true where the policy applies"),
    ("help", "what to do"),
    ("docs", "address of a page about it"),
    ("locked", "true if nothing may ignore it"),
];

/// What a rule's severity is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The rule does not judge.
    Off,
    /// It does, and its findings are this bad.
    As(Severity),
}

/// For which findings a run fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Those that are at least this bad.
    AtLeast(Severity),
    /// None.
    Never,
}

/// What is said of some paths, or of all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct About {
    /// The version to judge as.
    pub server: Option<Spanned<Server>>,
    /// What is true of the place.
    pub facts: Vec<(&'static Definition, Said, Span)>,
    /// What does not judge.
    pub ignore: Vec<Spanned<String>>,
    /// Severities by rule or group.
    pub levels: Vec<(Spanned<String>, Level)>,
}

/// `[[lint.per-path]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PerPath {
    /// The patterns.
    pub paths: Vec<Spanned<String>>,
    /// What holds there.
    pub about: About,
}

/// `[lint]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LintTable {
    /// What is said of all paths.
    pub about: About,
    /// The mildest findings to show.
    pub level: Option<Severity>,
    /// For which findings a run fails.
    pub fail_on: Option<FailOn>,
    /// What judges.
    pub select: Option<Vec<Spanned<String>>>,
    /// What nothing may ignore.
    pub locked: Vec<Spanned<String>>,
    /// What is not linted.
    pub exclude: Vec<Spanned<String>>,
    /// What is said of some paths, later ones over earlier ones.
    pub per_path: Vec<PerPath>,
    /// The file of findings that were there before.
    pub baseline: Option<Spanned<String>>,
    /// Whether paths are excluded that the command line names.
    pub force_exclude: bool,
    /// Files of policies.
    pub policy: Vec<Spanned<String>>,
}

/// A directive, and perhaps a value of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Demand {
    /// Its name.
    pub directive: Spanned<String>,
    /// The value, as a configuration would have it.
    pub value: Option<Spanned<String>>,
}

/// What a policy asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks {
    /// That something is set.
    Require(Demand),
    /// That something is not.
    Forbid(Demand),
    /// That a number lies within bounds.
    Range {
        /// The directive.
        directive: Spanned<String>,
        /// At least this.
        min: Option<Spanned<String>>,
        /// At most this.
        max: Option<Spanned<String>>,
    },
    /// That an expression is true.
    Expression(Spanned<String>),
}

/// `[[policy]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTable {
    /// Its name.
    pub id: Spanned<String>,
    /// What is wrong if it is broken.
    pub message: Spanned<String>,
    /// How bad that is.
    pub severity: Severity,
    /// The paths it is for; none for all.
    pub paths: Vec<Spanned<String>>,
    /// The environments it is for; none for all.
    pub environments: Vec<Spanned<String>>,
    /// What it asks for.
    pub asks: Asks,
    /// Where it applies.
    pub when: Option<Spanned<String>>,
    /// What to do.
    pub help: Option<String>,
    /// The address of a page about it.
    pub docs: Option<String>,
    /// Whether nothing may ignore it.
    pub locked: bool,
}

/// Reads a user's own file, which holds `[lint]`.
#[must_use]
pub fn read_user(sources: &Sources, source: SourceId) -> (LintTable, Vec<Finding>) {
    let (document, mut findings) = parse(sources, source);
    let mut fields = Fields::new(&document, ["schema", "lint"], &mut findings);
    schema(&mut fields);
    let table = fields.table("lint");
    fields.finish();
    let table = table.map(|node| {
        for key in keys_of(node).filter(|key| !USER_KEYS.contains(&key.value.as_str())) {
            if LINT_KEYS.iter().any(|(known, _)| *known == key.value) {
                let message = format!("`{}` belongs into a project", key.value);
                let finding = Finding::new("unknown-key", Severity::Error, key.at, message);
                findings.push(finding.help("move it to the `redisconf.toml` of the project it is about"));
            }
        }
        lint(node, &mut findings)
    });
    (table.unwrap_or_default(), findings)
}

/// Reads a file of policies.
#[must_use]
pub fn read_policies(sources: &Sources, source: SourceId) -> (Vec<PolicyTable>, Vec<Finding>) {
    let (document, mut findings) = parse(sources, source);
    let mut fields = Fields::new(&document, ["schema", "policy"], &mut findings);
    schema(&mut fields);
    let nodes = fields.list("policy");
    let policies = nodes.iter().filter_map(|node| policy(node, fields.report())).collect();
    fields.finish();
    (policies, findings)
}

/// Reads `[lint]`.
pub(super) fn lint(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> LintTable {
    let mut fields = Fields::new(node, LINT_KEYS.iter().map(|(key, _)| *key), findings);
    let about = about(&mut fields);
    let level = severity(&mut fields, "level", &Severity::ALL);
    let fail_on = match fields.take("fail-on").map(|node| &node.value) {
        Some(Node::Text(text)) if text == "never" => Some(FailOn::Never),
        Some(_) => severity(&mut fields, "fail-on", &Severity::ALL).map(FailOn::AtLeast),
        None => None,
    };
    let is_selected = fields.take("select").is_some();
    let select = fields.texts("select");
    let table = LintTable {
        about,
        level,
        fail_on,
        select: is_selected.then_some(select),
        locked: fields.texts("locked"),
        exclude: fields.texts("exclude"),
        per_path: per_paths(&mut fields),
        baseline: fields.text("baseline"),
        force_exclude: fields.boolean("force-exclude").is_some_and(|on| on.value),
        policy: fields.texts("policy"),
    };
    fields.finish();
    table
}

fn per_paths(fields: &mut Fields<'_, '_>) -> Vec<PerPath> {
    let mut all = Vec::new();
    for node in fields.list("per-path") {
        let mut inner = Fields::new(node, PER_PATH_KEYS.iter().map(|(key, _)| *key), fields.report());
        let (paths, about) = (inner.texts("path"), about(&mut inner));
        inner.finish();
        if paths.is_empty() {
            let help = "add `path = \"ci/**\"`".to_owned();
            fields.wrong(node.at, "invalid-value", "`[[lint.per-path]]` names no path".into(), help);
        } else {
            all.push(PerPath { paths, about });
        }
    }
    all
}

fn about(fields: &mut Fields<'_, '_>) -> About {
    let server = fields.server("server");
    let facts = fields.table("facts").map(|table| facts_of(table, fields.report())).unwrap_or_default();
    let ignore = fields.texts("ignore");
    let mut levels = Vec::new();
    for (name, node) in entries(fields.table("levels")) {
        match level(&node.value) {
            Some(level) => levels.push((name.clone(), level)),
            None => fields.wrong(
                node.at,
                "invalid-value",
                format!("no level for `{}`", name.value),
                "write `off`, `info`, `warning` or `error`; `fatal` is for what a server refuses".into(),
            ),
        }
    }
    About { server, facts, ignore, levels }
}

fn level(node: &Node) -> Option<Level> {
    let Node::Text(word) = node else { return None };
    let mild = [Severity::Info, Severity::Warning, Severity::Error];
    let severity = mild.into_iter().find(|severity| severity.word() == word).map(Level::As);
    severity.or((word == "off").then_some(Level::Off))
}

/// One of some severities.
fn severity(fields: &mut Fields<'_, '_>, key: &'static str, among: &[Severity]) -> Option<Severity> {
    let text = fields.text(key)?;
    let found = among.iter().copied().find(|severity| severity.word() == text.value);
    if found.is_none() {
        let words: Vec<String> = among.iter().map(|severity| format!("`{severity}`")).collect();
        let help = format!("write {}", words.join(" or "));
        fields.wrong(text.at, "invalid-value", format!("`{}` is no {key}", text.value), help);
    }
    found
}

/// Reads one `[[policy]]`; without a name, a message or anything asked for it is none.
pub(super) fn policy(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<PolicyTable> {
    let mut fields = Fields::new(node, POLICY_KEYS.iter().map(|(key, _)| *key), findings);
    let (id, message) = (fields.text("id"), fields.text("message"));
    let severity = severity(&mut fields, "severity", &[Severity::Info, Severity::Warning, Severity::Error]);
    let (paths, environments) = (fields.texts("path"), fields.texts("environment"));
    let asked: Vec<Option<Asks>> = [
        fields.take("require").map(|node| demand(node, fields.report()).map(Asks::Require)),
        fields.take("forbid").map(|node| demand(node, fields.report()).map(Asks::Forbid)),
        fields.take("range").map(|node| range(node, fields.report())),
        fields.take("expression").map(|_| fields.text("expression").map(Asks::Expression)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let (when, help, docs) = (fields.text("when"), fields.text("help"), fields.text("docs"));
    let locked = fields.boolean("locked").is_some_and(|on| on.value);
    fields.finish();
    let mut lacks = |message: &str, help: &str| {
        findings.push(Finding::new("invalid-policy", Severity::Error, node.at, message).help(help));
    };
    if id.is_none() {
        lacks("a policy without a name", "add `id = \"acme-maxmemory-set\"`");
    }
    if message.is_none() {
        lacks("a policy without a message", "add `message = \"…\"`, which people read when they break it");
    }
    let count = asked.len();
    if count != 1 {
        let message =
            if count == 0 { "a policy that asks for nothing" } else { "a policy that asks for several things" };
        lacks(message, "give it one of `require`, `forbid`, `range` and `expression`");
    }
    let asks = asked.into_iter().next().filter(|_| count == 1).flatten();
    Some(PolicyTable {
        id: id?,
        message: message?,
        severity: severity.unwrap_or(Severity::Error),
        paths,
        environments,
        asks: asks?,
        when,
        help: help.map(|text| text.value),
        docs: docs.map(|text| text.value),
        locked,
    })
}

/// `"maxmemory"`, or `{ directive = "maxmemory", value = "1gb" }`.
fn demand(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Demand> {
    if let Node::Text(name) = &node.value {
        return Some(Demand { directive: Spanned::new(name.clone(), node.at), value: None });
    }
    let mut fields = Fields::new(node, ["directive", "value"], findings);
    let (directive, value) = (directive(&mut fields, node), scalar(&mut fields, "value"));
    fields.finish();
    Some(Demand { directive: directive?, value })
}

fn range(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Asks> {
    let mut fields = Fields::new(node, ["directive", "min", "max"], findings);
    let directive = directive(&mut fields, node);
    let (min, max) = (scalar(&mut fields, "min"), scalar(&mut fields, "max"));
    if min.is_none() && max.is_none() {
        fields.wrong(node.at, "invalid-policy", "a range without bounds".into(), "add `min` or `max`".into());
    }
    fields.finish();
    Some(Asks::Range { directive: directive?, min, max })
}

fn directive(fields: &mut Fields<'_, '_>, node: &Spanned<Node>) -> Option<Spanned<String>> {
    let directive = fields.text("directive");
    if directive.is_none() {
        let help = "add `directive = \"maxmemory\"`".to_owned();
        fields.wrong(node.at, "invalid-policy", "no directive is named".into(), help);
    }
    directive
}

/// A value as a configuration would have it: `true` is `yes`.
fn scalar(fields: &mut Fields<'_, '_>, key: &'static str) -> Option<Spanned<String>> {
    let node = fields.take(key)?;
    let text = match &node.value {
        Node::Text(text) => text.clone(),
        Node::Whole(number) => number.to_string(),
        Node::Bool(true) => "yes".into(),
        Node::Bool(false) => "no".into(),
        Node::Fraction(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            let message = format!("`{key}` takes a text, a whole number, true or false, not {}", node.value.kind());
            fields.wrong(node.at, "invalid-value", message, "write the value as a configuration has it".into());
            return None;
        }
    };
    Some(Spanned::new(text, node.at))
}

fn entries(table: Option<&Spanned<Node>>) -> &[(Spanned<String>, Spanned<Node>)] {
    match table.map(|node| &node.value) {
        Some(Node::Table(entries)) => entries,
        Some(Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_))
        | None => &[],
    }
}

fn keys_of(node: &Spanned<Node>) -> impl Iterator<Item = &Spanned<String>> {
    entries(Some(node)).iter().map(|(key, _)| key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;
    use crate::syntax::project;

    fn sources(text: &str) -> (Sources, SourceId) {
        let mut sources = Sources::new();
        let id = sources.add(Name::Stdin, format!("schema = 1\n{text}").into_bytes());
        (sources, id)
    }

    fn rules(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.rule.as_ref()).collect()
    }

    #[test]
    fn a_project_may_hold_everything() {
        let (sources, id) = sources(
            r#"[lint]
server = "redis-7.4"
facts = { memory = "8GiB", workload = "cache" }
level = "info"
fail-on = "warning"
select = ["default", "style"]
ignore = ["logging"]
levels = { duplicate-directive = "off", memory = "error" }
locked = ["plaintext-password"]
exclude = ["vendor/**"]
baseline = "lint-baseline.json"
force-exclude = true
policy = ["policy/redis.toml"]
[[lint.per-path]]
path = "ci/**"
server = "valkey-8.1"
ignore = ["persistence"]
[[policy]]
id = "acme-limit"
message = "no limit"
range = { directive = "maxmemory", min = "1gb" }
"#,
        );
        let (project, findings) = project::read(&sources, id);
        assert_eq!(findings, []);
        let lint = project.lint.unwrap();
        assert_eq!((lint.level, lint.fail_on), (Some(Severity::Info), Some(FailOn::AtLeast(Severity::Warning))));
        assert_eq!(lint.about.levels[0].1, Level::Off);
        assert_eq!(lint.about.facts.len(), 2);
        assert_eq!(lint.per_path[0].about.server.as_ref().unwrap().value.name(), "valkey-8.1");
        assert_eq!(project.policies[0].severity, Severity::Error);
        let Asks::Range { min: Some(min), max: None, .. } = &project.policies[0].asks else { panic!() };
        assert_eq!(min.value, "1gb");
    }

    #[test]
    fn an_empty_selection_is_not_the_same_as_none() {
        let select = |text: &str| {
            let (sources, id) = sources(text);
            read_user(&sources, id).0.select.map(|names| names.len())
        };
        assert_eq!(select("[lint]\nselect = []"), Some(0));
        assert_eq!(select("[lint]\n"), None);
    }

    #[test]
    fn a_user_has_no_say_about_a_projects_paths() {
        let (sources, id) = sources("[lint]\nlevel = \"info\"\nbaseline = \"x\"\nlocked = [\"y\"]\nlevle = 1\n");
        let (_, findings) = read_user(&sources, id);
        assert_eq!(rules(&findings), ["unknown-key"; 3]);
        assert_eq!(findings[0].message, "`baseline` belongs into a project");
    }

    #[test]
    fn every_mistake_has_its_place() {
        for (text, message) in [
            ("[lint]\nlevel = \"loud\"", "`loud` is no level"),
            ("[lint]\nfail-on = 1", "`fail-on` takes a text in quotes, not a whole number"),
            ("[lint]\nlevels = { x = \"fatal\" }", "no level for `x`"),
            ("[[lint.per-path]]\nignore = [\"x\"]", "`[[lint.per-path]]` names no path"),
            ("[lint]\nserver = \"redis\"", "`redis` is no server version"),
            ("[lint]\nfacts = { memory = \"8gb\" }", "no value for the fact `memory`"),
        ] {
            let (sources, id) = sources(text);
            let (_, findings) = project::read(&sources, id);
            let found: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(found, [message], "{text}");
            assert!(findings[0].at.start > 10, "{text}");
        }
    }

    #[test]
    fn a_policy_has_a_name_a_message_and_one_thing_it_asks_for() {
        for (text, messages) in [
            ("message = \"m\"\nrequire = \"dir\"", vec!["a policy without a name"]),
            ("id = \"a\"\nrequire = \"dir\"", vec!["a policy without a message"]),
            ("id = \"a\"\nmessage = \"m\"", vec!["a policy that asks for nothing"]),
            (
                "id = \"a\"\nmessage = \"m\"\nrequire = \"dir\"\nforbid = \"hz\"",
                vec!["a policy that asks for several things"],
            ),
            ("id = \"a\"\nmessage = \"m\"\nrange = { directive = \"hz\" }", vec!["a range without bounds"]),
            ("id = \"a\"\nmessage = \"m\"\nforbid = { value = 1 }", vec!["no directive is named"]),
            (
                "id = \"a\"\nmessage = \"m\"\nrequire = { directive = \"hz\", value = 1.5 }",
                vec!["`value` takes a text, a whole number, true or false, not a number with a fraction"],
            ),
            ("id = \"a\"\nmessage = \"m\"\nseverity = \"fatal\"\nrequire = \"hz\"", vec!["`fatal` is no severity"]),
        ] {
            let (sources, id) = sources(&format!("[[policy]]\n{text}"));
            let (_, findings) = read_policies(&sources, id);
            let found: Vec<&str> = findings.iter().map(|finding| finding.message.as_str()).collect();
            assert_eq!(found, messages, "{text}");
        }
    }
}
