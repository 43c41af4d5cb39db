//! Reader of profiles: a TOML file becomes a [`Layer`], unjudged as to directives.
//!
//! Which keys exist is closed and checked here, with every problem at its place in one run. What a directive takes is not
//! known here: the shape of a value (one word, a list, a table) is kept for [`crate::config`] to lower into statements.

mod fields;
mod layer;
mod parts;

pub(super) use fields::Fields;
pub use layer::{
    Bound, Condition, Layer, Limits, ModuleLine, Provider, Requirement, Scalar, Setting, Shape, User, When,
};
pub(super) use parts::{
    bound, facts as facts_of, module as module_of, providers as providers_of, secret_of, settings as settings_of,
    text_table as texts_of, users as users_of,
};
pub use parts::{requirement, scalar_text, setting_from_flag};

use super::tree::{Node, parse};
use crate::facts::{Definition, Written};
use crate::finding::{Finding, Severity};
use crate::source::{SourceId, Sources};

pub use super::tree::Spanned;

/// The generation of the format that this program reads.
pub const SCHEMA: i64 = 1;

/// The keys of a profile, with what each says; also the source of its documentation.
pub const KEYS: &[(&str, &str)] = &[
    ("schema", "generation of this format: 1"),
    ("name", "name of the profile, as used in `extends`"),
    ("revision", "number of a built-in profile's edition"),
    ("summary", "one line for lists"),
    ("workload", "what the server is for"),
    ("servers", "versions it serves, such as [\"redis >= 6.2\", \"valkey >= 7.2\"]"),
    ("default-server", "version to render for when none is named"),
    ("abstract", "true for a layer that is never rendered alone"),
    ("extends", "profiles below this one, lowest first"),
    ("facts", "what is true of the place"),
    ("settings", "directives by their own names"),
    ("prefer", "directives that are left out where the version lacks them"),
    ("when", "settings for some versions or facts"),
    ("why", "reasons, by directive"),
    ("unset", "directives of lower layers that are dropped"),
    ("final", "directives that no later layer may touch"),
    ("users", "ACL users"),
    ("modules", "modules to load"),
    ("rename-commands", "commands to rename; an empty name removes"),
    ("secrets", "where logical secrets are kept"),
];

/// Reads the text of a profile or layer.
#[must_use]
pub fn read(sources: &Sources, source: SourceId) -> (Layer, Vec<Finding>) {
    let (document, mut findings) = parse(sources, source);
    let mut layer = Layer::new(source, document.at);
    let mut fields = Fields::new(&document, KEYS.iter().map(|(key, _)| *key), &mut findings);
    schema(&mut fields);
    layer.name = fields.text("name");
    layer.revision = fields.whole("revision", 1..=i64::from(u32::MAX));
    layer.summary = fields.text("summary");
    layer.workload = fields.text("workload");
    layer.default_server = fields.server("default-server");
    layer.is_abstract = fields.boolean("abstract").is_some_and(|b| b.value);
    layer.extends = fields.texts("extends");
    layer.unset = fields.texts("unset");
    for text in fields.texts("servers") {
        match requirement(&text.value) {
            Ok(requirement) => layer.servers.push(Spanned::new(requirement, text.at)),
            Err(expected) => {
                fields.wrong(text.at, "invalid-value", format!("`{}` names no servers", text.value), expected);
            }
        }
    }
    facts(&mut fields, &mut layer);
    layer.settings = fields.table("settings").map(|t| parts::settings(t, fields.report())).unwrap_or_default();
    layer.prefer = fields.table("prefer").map(|t| parts::settings(t, fields.report())).unwrap_or_default();
    layer.why = fields.table("why").map(|t| parts::text_table(t, fields.report())).unwrap_or_default();
    layer.renames = fields.table("rename-commands").map(|t| parts::text_table(t, fields.report())).unwrap_or_default();
    for node in fields.list("when") {
        layer.when.push(parts::when(node, fields.report()));
    }
    if let Some(node) = fields.table("final") {
        let mut inner = Fields::new(node, ["settings"], fields.report());
        layer.finals = inner.texts("settings");
    }
    layer.users = fields.table("users").map(|t| parts::users(t, fields.report())).unwrap_or_default();
    for node in fields.list("modules") {
        layer.modules.extend(parts::module(node, fields.report()));
    }
    (layer.secrets, layer.misplaced_secrets) =
        fields.table("secrets").map(|t| parts::providers(t, fields.report())).unwrap_or_default();
    fields.finish();
    (layer, findings)
}

/// Demands `schema = 1`.
pub(super) fn schema(fields: &mut Fields<'_, '_>) {
    let whole = fields.whole_document();
    match fields.take("schema") {
        // It may stand further down.
        None if fields.report().iter().any(|finding| finding.rule == "invalid-toml") => {}
        None => fields.wrong(
            whole,
            "missing-schema",
            "the file does not say which generation of the format it is".into(),
            "start it with `schema = 1`".into(),
        ),
        Some(node) if node.value == Node::Whole(SCHEMA) => {}
        Some(node) => {
            let message = "this program reads `schema = 1` only".into();
            fields.wrong(
                node.at,
                "unknown-schema",
                message,
                "use a redisconf that knows this schema, or write `schema = 1`".into(),
            );
        }
    }
}

fn facts(fields: &mut Fields<'_, '_>, layer: &mut Layer) {
    let Some(node) = fields.table("facts") else { return };
    layer.facts = parts::facts(node, fields.report());
}

/// Reads one fact from a node.
fn fact(
    definition: &'static Definition,
    node: &Spanned<Node>,
    findings: &mut Vec<Finding>,
) -> Option<crate::facts::Said> {
    let written = match &node.value {
        Node::Text(text) => Written::Text(text),
        Node::Whole(n) => Written::Whole(*n),
        Node::Fraction(n) => Written::Fraction(*n),
        Node::Bool(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => {
            let message = format!("the fact `{}` cannot be {}", definition.name, node.value.kind());
            findings.push(Finding::new("invalid-fact", Severity::Error, node.at, message).help(definition.summary));
            return None;
        }
    };
    match definition.read(written) {
        Ok(said) => Some(said),
        Err(expected) => {
            let message = format!("no value for the fact `{}`", definition.name);
            findings.push(Finding::new("invalid-fact", Severity::Error, node.at, message).help(expected));
            None
        }
    }
}
