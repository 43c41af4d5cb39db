//! Reader of project files: `redisconf.toml` and the instance files beside it.
//!
//! A project says which servers there are and what is rendered for each. An instance holds a small layer of its own, read
//! by the same code as a profile. Target options are kept as they stand; [`crate::render`] knows them.

use super::profile::{Fields, Layer, Setting, Spanned, bound, settings_of};
use super::settings::{self, LintTable, PolicyTable};
use super::tree::{Node, parse};
use crate::facts::{Definition, Said};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::{SourceId, Sources, Span};

/// What absent directives mean to `apply`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ownership {
    /// What no layer names is not ours: shown, never reset.
    #[default]
    Declared,
    /// What no layer names is to have the version's default.
    Full,
}

/// How changes reach the servers of an environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Apply {
    /// After a question.
    #[default]
    Confirm,
    /// Only by a reviewed plan file.
    PlanFile,
}

/// A kind of place, such as production.
#[derive(Clone, Debug, PartialEq)]
pub struct Environment {
    /// Its name.
    pub name: Spanned<String>,
    /// Layers above every profile there.
    pub overlays: Vec<Spanned<String>>,
    /// How changes are made there.
    pub apply: Apply,
}

/// Who runs the server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Platform {
    /// `vm`, `kubernetes`, `elasticache`, …
    pub kind: Option<Spanned<String>>,
    /// Further words: package, image, node type.
    pub details: Vec<(Spanned<String>, Spanned<String>)>,
}

/// How to reach the running server; used by commands that connect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Live {
    /// Where it answers.
    pub url: Option<Spanned<String>>,
    /// The ACL user.
    pub user: Option<Spanned<String>>,
    /// The logical name of the password.
    pub password: Option<Spanned<String>>,
    /// `standalone`, `cluster` or `sentinel`.
    pub topology: Option<Spanned<String>>,
    /// The name Sentinel knows it by.
    pub service: Option<Spanned<String>>,
    /// A dump that stands for the server.
    pub snapshot: Option<Spanned<String>>,
}

/// One artefact of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderEntry {
    /// The target.
    pub target: Spanned<String>,
    /// The file, relative to the project.
    pub to: Spanned<String>,
    /// Target options, unread.
    pub options: Vec<(Spanned<String>, Spanned<Node>)>,
    /// The whole entry.
    pub at: Span,
}

/// One server, or one group of servers that are alike.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name.
    pub name: Spanned<String>,
    /// The profile it runs.
    pub profile: Option<Spanned<String>>,
    /// Its environment.
    pub environment: Option<Spanned<String>>,
    /// Its server version.
    pub server: Option<Spanned<Server>>,
    /// Who runs it.
    pub platform: Platform,
    /// Its own facts and settings.
    pub layer: Layer,
    /// How to reach it.
    pub live: Live,
    /// What is rendered.
    pub render: Vec<RenderEntry>,
    /// The texts its places lie in: the project file, and its own file if it has one.
    pub sources: Sources,
}

/// A difference that is not drift, for a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The instance.
    pub instance: Spanned<String>,
    /// The directive.
    pub directive: Spanned<String>,
    /// The value that is expected.
    pub value: Spanned<String>,
    /// Why.
    pub reason: Spanned<String>,
    /// The last day, as `2027-01-31`.
    pub until: Spanned<String>,
}

/// A project file.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Versions of redisconf that may render it.
    pub requires: Option<Spanned<String>>,
    /// What absent directives mean.
    pub ownership: Ownership,
    /// Layers below every profile.
    pub extends: Vec<Spanned<String>>,
    /// A pattern of instance files.
    pub instance_files: Option<Spanned<String>>,
    /// Environments.
    pub environments: Vec<Environment>,
    /// Instances in this file.
    pub instances: Vec<Instance>,
    /// Expected differences.
    pub expected: Vec<Expected>,
    /// How files are linted.
    pub lint: Option<LintTable>,
    /// Rules of the organisation.
    pub policies: Vec<PolicyTable>,
}

const PROJECT_KEYS: [&str; 10] = [
    "schema",
    "requires",
    "ownership",
    "extends",
    "instances",
    "environments",
    "instance",
    "expected",
    "lint",
    "policy",
];

const INSTANCE_KEYS: [&str; 16] = [
    "schema",
    "profile",
    "environment",
    "server",
    "platform",
    "facts",
    "settings",
    "prefer",
    "unset",
    "why",
    "users",
    "modules",
    "rename-commands",
    "secrets",
    "live",
    "render",
];

/// Reads the text of `redisconf.toml`.
#[must_use]
pub fn read(sources: &Sources, source: SourceId) -> (Project, Vec<Finding>) {
    let (project, mut findings, of_instances) = read_parts(sources, source);
    findings.extend(of_instances);
    (project, findings)
}

/// Reads the same text for its settings: what is wrong with environments, instances and expectations is not reported.
#[must_use]
pub fn read_settings(sources: &Sources, source: SourceId) -> (Project, Vec<Finding>) {
    let (project, findings, _) = read_parts(sources, source);
    (project, findings)
}

/// The project, what is wrong with the file and its settings, and what is wrong with its instances and their environments.
fn read_parts(sources: &Sources, source: SourceId) -> (Project, Vec<Finding>, Vec<Finding>) {
    let (document, mut findings) = parse(sources, source);
    let mut of_instances = Vec::new();
    let mut project = Project::default();
    let mut fields = Fields::new(&document, PROJECT_KEYS, &mut findings);
    super::profile::schema(&mut fields);
    project.requires = fields.text("requires");
    project.ownership =
        choice(&mut fields, "ownership", &[("declared", Ownership::Declared), ("full", Ownership::Full)]);
    project.extends = fields.texts("extends");
    project.instance_files = fields.text("instances");
    for (name, node) in entries(fields.table("environments")) {
        project.environments.push(environment(name, node, &mut of_instances));
    }
    for (name, node) in entries(fields.table("instance")) {
        project.instances.push(instance(name.clone(), node, sources.clone(), source, &mut of_instances));
    }
    for node in fields.list("expected") {
        project.expected.extend(expected(node, &mut of_instances));
    }
    project.lint = fields.table("lint").map(|node| settings::lint(node, fields.report()));
    for node in fields.list("policy") {
        project.policies.extend(settings::policy(node, fields.report()));
    }
    fields.finish();
    (project, findings, of_instances)
}

/// Reads a file that holds one instance; its name is the file's.
#[must_use]
pub fn read_instance(sources: Sources, source: SourceId, name: &str) -> (Instance, Vec<Finding>) {
    let (document, mut findings) = parse(&sources, source);
    let start = Span { end: document.at.start, ..document.at };
    let mut fields = Fields::new(&document, INSTANCE_KEYS, &mut findings);
    super::profile::schema(&mut fields);
    let instance = instance(Spanned::new(name.to_owned(), start), &document, sources, source, &mut findings);
    (instance, findings)
}

fn entries(table: Option<&Spanned<Node>>) -> &[(Spanned<String>, Spanned<Node>)] {
    match table.map(|node| &node.value) {
        Some(Node::Table(entries)) => entries,
        Some(Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_))
        | None => &[],
    }
}

/// One of a few words; the default if absent or wrong.
fn choice<T: Copy + Default>(fields: &mut Fields<'_, '_>, key: &'static str, words: &[(&str, T)]) -> T {
    let Some(text) = fields.text(key) else { return T::default() };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text.value) {
        return *value;
    }
    let list: Vec<String> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
    fields.wrong(
        text.at,
        "invalid-value",
        format!("`{}` is no {key}", text.value),
        format!("write {}", list.join(" or ")),
    );
    T::default()
}

fn environment(name: &Spanned<String>, node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Environment {
    let mut fields = Fields::new(node, ["overlay", "apply"], findings);
    let overlays = fields.texts("overlay");
    let apply = choice(&mut fields, "apply", &[("confirm", Apply::Confirm), ("plan-file", Apply::PlanFile)]);
    fields.finish();
    Environment { name: name.clone(), overlays, apply }
}

fn instance(
    name: Spanned<String>,
    node: &Spanned<Node>,
    sources: Sources,
    source: SourceId,
    findings: &mut Vec<Finding>,
) -> Instance {
    let own_file = name.at.is_empty();
    // In a file of its own the unknown keys have been reported with the schema already.
    let mut ignored = Vec::new();
    let mut layer = Layer::new(source, node.at);
    let mut fields = Fields::new(node, INSTANCE_KEYS, if own_file { &mut ignored } else { &mut *findings });
    fields.take("schema");
    let profile = fields.text("profile");
    let environment = fields.text("environment");
    let server = fields.server("server");
    layer.unset = fields.texts("unset");
    layer.facts = facts_of(fields.table("facts"), &mut fields);
    let tables = (fields.table("settings"), fields.table("prefer"), fields.table("why"), fields.table("secrets"));
    layer.settings = settings(tables.0, &mut fields);
    layer.prefer = settings(tables.1, &mut fields);
    layer.why = tables.2.map(|t| super::profile::texts_of(t, fields.report())).unwrap_or_default();
    (layer.secrets, layer.misplaced_secrets) =
        tables.3.map(|t| super::profile::providers_of(t, fields.report())).unwrap_or_default();
    let carried_out = (fields.table("users"), fields.table("rename-commands"), fields.list("modules"));
    layer.users = carried_out.0.map(|t| super::profile::users_of(t, fields.report())).unwrap_or_default();
    layer.renames = carried_out.1.map(|t| super::profile::texts_of(t, fields.report())).unwrap_or_default();
    for node in carried_out.2 {
        layer.modules.extend(super::profile::module_of(node, fields.report()));
    }
    let platform = fields.table("platform").map(|t| platform(t, fields.report())).unwrap_or_default();
    let live = fields.table("live").map(|t| live(t, fields.report())).unwrap_or_default();
    let mut render = Vec::new();
    for node in fields.list("render") {
        render.extend(render_entry(node, fields.report()));
    }
    fields.finish();
    if own_file {
        ignored.retain(|finding| {
            finding.rule != "unknown-key" || finding.at.start > node.at.start && !is_top_level(node, finding.at)
        });
        findings.extend(ignored);
    }
    if profile.is_none() {
        findings.push(
            Finding::new(
                "missing-profile",
                Severity::Error,
                name.at,
                format!("instance `{}` names no profile", name.value),
            )
            .help("add `profile = \"builtin:cache@1\"`"),
        );
    }
    Instance { name, profile, environment, server, platform, layer, live, render, sources }
}

/// Whether a place is a key of the table itself.
fn is_top_level(node: &Spanned<Node>, at: Span) -> bool {
    entries(Some(node)).iter().any(|(key, _)| key.at == at)
}

fn facts_of(table: Option<&Spanned<Node>>, fields: &mut Fields<'_, '_>) -> Vec<(&'static Definition, Said, Span)> {
    table.map(|t| super::profile::facts_of(t, fields.report())).unwrap_or_default()
}

fn settings(table: Option<&Spanned<Node>>, fields: &mut Fields<'_, '_>) -> Vec<Setting> {
    table.map(|t| settings_of(t, fields.report())).unwrap_or_default()
}

fn platform(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Platform {
    const KEYS: [&str; 5] = ["kind", "package", "image", "managed-by", "node-type"];
    let mut fields = Fields::new(node, KEYS, findings);
    let kind = fields.text("kind");
    let mut details = Vec::new();
    for key in &KEYS[1..] {
        if let Some(text) = fields.text(key) {
            details.push((Spanned::new((*key).to_owned(), text.at), text));
        }
    }
    fields.finish();
    Platform { kind, details }
}

fn live(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Live {
    let mut fields = Fields::new(node, ["url", "user", "password", "topology", "service", "snapshot"], findings);
    let live = Live {
        url: fields.text("url"),
        user: fields.text("user"),
        topology: fields.text("topology"),
        service: fields.text("service"),
        snapshot: fields.text("snapshot"),
        password: None,
    };
    let password = fields.take("password");
    fields.finish();
    let password = password.and_then(|node| super::profile::secret_of(node, findings));
    Live { password, ..live }
}

fn render_entry(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<RenderEntry> {
    let find = |key: &str| entries(Some(node)).iter().find(|(name, _)| name.value == key).map(|(_, value)| value);
    let text = |key: &str| match find(key).map(|node| (&node.value, node.at)) {
        Some((Node::Text(text), at)) => Some(Spanned::new(text.clone(), at)),
        _ => None,
    };
    let (Some(target), Some(to)) = (text("target"), text("to")) else {
        findings.push(
            Finding::new("invalid-value", Severity::Error, node.at, "a render entry needs `target` and `to`")
                .help("write `{ target = \"conf\", to = \"out/redis.conf\" }`"),
        );
        return None;
    };
    let options =
        entries(Some(node)).iter().filter(|(key, _)| !matches!(key.value.as_str(), "target" | "to")).cloned().collect();
    Some(RenderEntry { target, to, options, at: node.at })
}

fn expected(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Expected> {
    let mut fields = Fields::new(node, ["instance", "directive", "value", "reason", "until"], findings);
    let texts = (fields.text("instance"), fields.text("directive"), fields.text("reason"));
    let (value, until) = (fields.take("value"), fields.take("until"));
    fields.finish();
    let scalar = |node: &Spanned<Node>| match &node.value {
        Node::Text(text) | Node::Date(text) => Some(Spanned::new(text.clone(), node.at)),
        Node::Whole(n) => Some(Spanned::new(n.to_string(), node.at)),
        Node::Bool(on) => Some(Spanned::new(if *on { "yes" } else { "no" }.to_owned(), node.at)),
        Node::Fraction(_) | Node::List(_) | Node::Table(_) => None,
    };
    let is_date = |text: &str| {
        text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
    };
    let (value, until) = (value.and_then(scalar), until.and_then(scalar).filter(|u| is_date(&u.value)));
    let ((Some(instance), Some(directive), Some(reason)), Some(value), Some(until)) = (texts, value, until) else {
        findings.push(
            Finding::new(
                "incomplete-expectation",
                Severity::Error,
                node.at,
                "an expected difference needs a reason and an end",
            )
            .help("give `instance`, `directive`, `value`, `reason` and `until = 2027-01-31`"),
        );
        return None;
    };
    Some(Expected { instance, directive, value, reason, until })
}

/// Whether a version of this program satisfies `requires`, such as `>= 0.3, < 0.4`.
///
/// # Errors
/// What was expected instead.
pub fn satisfies(requires: &str, version: &str) -> Result<bool, String> {
    let expected = || "write bounds such as `>= 0.3, < 0.4`".to_owned();
    let own = numbers(version).expect("the program's own version is three numbers");
    let mut all = true;
    for part in requires.split(',').map(str::trim) {
        let (bound, number) = bound(part);
        all &= bound.holds(&own, &numbers(number).ok_or_else(expected)?);
    }
    Ok(all)
}

/// Up to three numbers with dots; those left out are 0.
fn numbers(text: &str) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    let mut parts = text.split('.');
    for (place, part) in numbers.iter_mut().zip(parts.by_ref()) {
        *place = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;

    fn project(text: &str) -> (Project, Vec<Finding>) {
        let mut sources = Sources::new();
        let id = sources.add(Name::Stdin, text.as_bytes());
        read(&sources, id)
    }

    #[test]
    fn a_whole_project_is_read() {
        let (project, findings) = project(
            r#"schema = 1
requires = ">= 0.1"
ownership = "full"
extends = ["org/base.toml"]
[environments.prod]
overlay = "overlays/prod.toml"
apply = "plan-file"
[instance.kb]
profile = "builtin:cache@1"
environment = "prod"
server = "redis-7.4.5"
platform = { kind = "vm", package = "debian" }
facts = { memory = "24GiB" }
settings = { maxclients = 20000 }
live = { url = "redis://127.0.0.1:1", password = { secret = "x" } }
render = [{ target = "conf", to = "out/kb.conf", secrets = "aclfile" }]
users.ann = { rules = "on ~*", passwords = [{ secret = "ann" }] }
rename-commands = { FLUSHALL = "" }
modules = ["/usr/lib/bloom.so"]
[[expected]]
instance = "kb"
directive = "hz"
value = 50
reason = "INC-1"
until = 2027-01-31
"#,
        );
        assert_eq!(findings, []);
        assert_eq!(project.ownership, Ownership::Full);
        let instance = &project.instances[0];
        assert_eq!(instance.layer.settings.len(), 1);
        let carried_out = (instance.layer.users.len(), instance.layer.renames.len(), instance.layer.modules.len());
        assert_eq!(carried_out, (1, 1, 1));
        assert_eq!(instance.live.password.as_ref().unwrap().value, "x");
        assert_eq!(instance.render[0].options.len(), 1);
        assert_eq!(project.expected[0].until.value, "2027-01-31");
    }

    #[test]
    fn every_mistake_is_reported_in_one_run() {
        let (_, findings) = project(
            "schema = 2\nowner = 1\n[instance.a]\nserver = \"redis\"\nrender = [{ target = \"conf\" }]\n[[expected]]\ninstance = \"a\"\n",
        );
        let rules: Vec<&str> = findings.iter().map(|f| f.rule.as_ref()).collect();
        assert_eq!(
            rules,
            [
                "unknown-key",
                "unknown-schema",
                "invalid-value",
                "invalid-value",
                "missing-profile",
                "incomplete-expectation"
            ]
        );
    }

    #[test]
    fn requirements_on_the_program_are_bounds() {
        assert_eq!(satisfies(">= 0.1, < 0.2", "0.1.7"), Ok(true));
        assert_eq!(satisfies(">= 0.1.0", "0.1.0"), Ok(true));
        assert_eq!(satisfies(">= 0.3", "0.1.0"), Ok(false));
        assert!(satisfies("soon", "0.1.0").is_err());
    }
}
