//! The inner tables of a profile.

use super::super::tree::{Node, Spanned};
use super::fields::nearest;
use super::layer::{Bound, Condition, Limits, ModuleLine, Provider, Requirement, Scalar, Setting, Shape, User, When};
use super::{Fields, fact};
use crate::facts::{self, Definition, Said};
use crate::finding::{Finding, Severity};
use crate::server::{Engine, Series};
use crate::source::Span;

type Texts = Vec<(Spanned<String>, Spanned<String>)>;

fn error(at: Span, rule: &'static str, message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::new(rule, Severity::Error, at, message).help(help)
}

fn entries(node: &Spanned<Node>) -> &[(Spanned<String>, Spanned<Node>)] {
    match &node.value {
        Node::Table(entries) => entries,
        Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_) => &[],
    }
}

/// `[settings]` and `[prefer]`.
pub(in crate::syntax) fn settings(table: &Spanned<Node>, findings: &mut Vec<Finding>) -> Vec<Setting> {
    let read = |(name, node): &(Spanned<String>, Spanned<Node>)| {
        let shape = shape(node, findings)?;
        Some(Setting { name: name.clone(), shape, at: node.at })
    };
    entries(table).iter().filter_map(read).collect()
}

fn shape(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Shape> {
    match &node.value {
        Node::List(items) => {
            let items: Vec<_> = items.iter().filter_map(|item| scalar(item, findings)).collect();
            Some(Shape::Many(items))
        }
        Node::Table(inner) if inner.iter().any(|(key, _)| key.value == "secret") => {
            scalar(node, findings).map(Shape::One)
        }
        Node::Table(inner)
            if inner.iter().any(|(key, _)| matches!(key.value.as_str(), "hard" | "soft" | "seconds")) =>
        {
            limits(node, findings).map(|limits| Shape::Limits(Box::new(limits)))
        }
        Node::Table(inner) => {
            let keyed = inner.iter().filter_map(|(key, value)| {
                let inner = shape(value, findings)?;
                Some((key.clone(), Spanned::new(inner, value.at)))
            });
            Some(Shape::Keyed(keyed.collect()))
        }
        Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) => {
            scalar(node, findings).map(Shape::One)
        }
    }
}

fn scalar(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Spanned<Scalar>> {
    let scalar = match &node.value {
        Node::Bool(on) => Scalar::Bool(*on),
        Node::Whole(n) => Scalar::Whole(*n),
        Node::Fraction(n) => Scalar::Fraction(*n),
        Node::Text(text) => Scalar::Text(text.clone()),
        Node::Table(_) => Scalar::Secret(secret(node, findings)?),
        Node::Date(_) | Node::List(_) => {
            let message = format!("a directive cannot take {} here", node.value.kind());
            findings.push(error(node.at, "invalid-value", message, "write a text, a number, true or false"));
            return None;
        }
    };
    Some(Spanned::new(scalar, node.at))
}

/// `{ secret = "name" }`.
fn secret(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<String> {
    let mut fields = Fields::new(node, ["secret"], findings);
    let name = fields.text("secret");
    fields.finish();
    if name.is_none() {
        findings.push(error(node.at, "invalid-value", "a secret is expected", "write `{ secret = \"name\" }`"));
    }
    name.map(|name| name.value)
}

/// `{ secret = "name" }` with its place.
pub(in crate::syntax) fn secret_of(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Spanned<String>> {
    secret(node, findings).map(|name| Spanned::new(name, node.at))
}

fn limits(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<Limits> {
    let mut fields = Fields::new(node, ["hard", "soft", "seconds"], findings);
    let (hard, soft, seconds) = (fields.take("hard"), fields.take("soft"), fields.take("seconds"));
    fields.finish();
    let (Some(hard), Some(soft), Some(seconds)) = (hard, soft, seconds) else {
        let message = "limits need `hard`, `soft` and `seconds`";
        findings.push(error(
            node.at,
            "invalid-value",
            message,
            "write `{ hard = \"32mb\", soft = \"8mb\", seconds = 60 }`",
        ));
        return None;
    };
    Some(Limits { hard: scalar(hard, findings)?, soft: scalar(soft, findings)?, seconds: scalar(seconds, findings)? })
}

/// `[why]` and `[rename-commands]`: texts by name.
pub(in crate::syntax) fn text_table(table: &Spanned<Node>, findings: &mut Vec<Finding>) -> Texts {
    let mut texts = Vec::new();
    for (key, node) in entries(table) {
        if let Node::Text(text) = &node.value {
            texts.push((key.clone(), Spanned::new(text.clone(), node.at)));
        } else {
            let message = format!("`{}` takes a text, not {}", key.value, node.value.kind());
            findings.push(error(node.at, "invalid-value", message, "write a text in quotes"));
        }
    }
    texts
}

/// `[facts]`.
pub(in crate::syntax) fn facts(
    table: &Spanned<Node>,
    findings: &mut Vec<Finding>,
) -> Vec<(&'static Definition, Said, Span)> {
    let mut known = Vec::new();
    for (key, node) in entries(table) {
        let Some(definition) = definition(key, findings) else { continue };
        if let Some(said) = fact(definition, node, findings) {
            known.push((definition, said, node.at));
        }
    }
    known
}

fn definition(key: &Spanned<String>, findings: &mut Vec<Finding>) -> Option<&'static Definition> {
    let definition = facts::definition(&key.value);
    if definition.is_none() {
        let names = || facts::ALL.iter().map(|d| d.name);
        let help = nearest(&key.value, names()).map_or_else(
            || format!("the facts are: {}", names().collect::<Vec<_>>().join(", ")),
            |n| format!("did you mean `{n}`?"),
        );
        findings.push(error(key.at, "unknown-fact", format!("unknown fact `{}`", key.value), help));
    }
    definition
}

/// One `[[when]]`.
pub(in crate::syntax) fn when(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> When {
    let mut fields = Fields::new(node, ["server", "facts", "settings", "prefer", "why"], findings);
    let mut condition = Condition::default();
    for text in fields.texts("server") {
        match requirement(&text.value) {
            Ok(requirement) => condition.servers.push(requirement),
            Err(expected) => {
                fields.wrong(text.at, "invalid-value", format!("`{}` names no servers", text.value), expected);
            }
        }
    }
    if let Some(table) = fields.table("facts") {
        for (key, text) in text_table(table, fields.report()) {
            let Some(definition) = definition(&key, fields.report()) else { continue };
            let (bound, rest) = bound(&text.value);
            match definition.read(facts::Written::Text(rest)) {
                Ok(said) => condition.facts.push((definition, bound, said)),
                Err(expected) => {
                    fields.wrong(text.at, "invalid-fact", format!("no bound for `{}`", key.value), expected);
                }
            }
        }
    }
    let settings_table = fields.table("settings");
    let prefer_table = fields.table("prefer");
    let why_table = fields.table("why");
    if settings_table.is_none() && prefer_table.is_none() {
        fields.wrong(node.at, "invalid-value", "`[[when]]` sets nothing".into(), "add `settings = { … }`".into());
    }
    if condition.servers.is_empty() && condition.facts.is_empty() {
        fields.wrong(
            node.at,
            "invalid-value",
            "`[[when]]` has no condition".into(),
            "add `server = \"valkey >= 8.0\"` or `facts`".into(),
        );
    }
    let settings = settings_table.map(|t| self::settings(t, fields.report())).unwrap_or_default();
    let prefer = prefer_table.map(|t| self::settings(t, fields.report())).unwrap_or_default();
    let why = why_table.map(|t| text_table(t, fields.report())).unwrap_or_default();
    fields.finish();
    When { condition, settings, prefer, why }
}

/// `[users.NAME]`.
pub(in crate::syntax) fn users(table: &Spanned<Node>, findings: &mut Vec<Finding>) -> Vec<User> {
    let mut users = Vec::new();
    for (name, node) in entries(table) {
        let mut fields = Fields::new(node, ["rules", "passwords"], findings);
        let rules = fields.text("rules");
        let items = fields.list("passwords");
        fields.finish();
        let passwords = items.iter().filter_map(|item| Some(Spanned::new(secret(item, findings)?, item.at))).collect();
        match rules {
            Some(rules) => users.push(User { name: name.clone(), rules, passwords }),
            None => findings.push(error(
                node.at,
                "invalid-value",
                format!("user `{}` has no rules", name.value),
                "add `rules = \"on ~* &* +@all\"`",
            )),
        }
    }
    users
}

/// One item of `modules`: a path, or `{ path, arguments }`.
pub(in crate::syntax) fn module(node: &Spanned<Node>, findings: &mut Vec<Finding>) -> Option<ModuleLine> {
    if let Node::Text(path) = &node.value {
        return Some(ModuleLine { path: Spanned::new(path.clone(), node.at), arguments: Vec::new() });
    }
    let mut fields = Fields::new(node, ["path", "arguments"], findings);
    let (path, arguments) = (fields.text("path"), fields.texts("arguments"));
    fields.finish();
    if path.is_none() {
        findings.push(error(
            node.at,
            "invalid-value",
            "a module needs a path",
            "write `{ path = \"/usr/lib/x.so\", arguments = [] }`",
        ));
    }
    Some(ModuleLine { path: path?, arguments })
}

/// Where secrets are kept, and the values that name no place: perhaps the secrets themselves.
pub(in crate::syntax) type Providers = (Vec<(Spanned<String>, Provider)>, Vec<Span>);

/// `[secrets]`.
pub(in crate::syntax) fn providers(table: &Spanned<Node>, findings: &mut Vec<Finding>) -> Providers {
    let (mut providers, mut misplaced) = (Vec::new(), Vec::new());
    for (name, node) in entries(table) {
        let mut fields = Fields::new(node, ["env", "file", "kubernetes"], findings);
        let given =
            [("env", fields.text("env")), ("file", fields.text("file")), ("kubernetes", fields.text("kubernetes"))];
        fields.finish();
        let mut given = given.into_iter().filter_map(|(kind, text)| Some((kind, text?)));
        let provider = match (given.next(), given.next()) {
            (Some(("env", variable)), None) => Some(Provider::Environment(variable.value)),
            (Some(("file", path)), None) => Some(Provider::File(path.value)),
            (Some(("kubernetes", place)), None) => place
                .value
                .split_once('/')
                .map(|(secret, key)| Provider::Kubernetes { name: secret.to_owned(), key: key.to_owned() }),
            _ => None,
        };
        match provider {
            Some(provider) => providers.push((name.clone(), provider)),
            None => {
                misplaced.push(node.at);
                findings.push(error(
                    node.at,
                    "invalid-value",
                    format!("the secret `{}` needs exactly one place", name.value),
                    "write `{ env = \"NAME\" }`, `{ file = \"/path\" }` or `{ kubernetes = \"secret/key\" }`",
                ));
            }
        }
    }
    (providers, misplaced)
}

/// Reads `redis >= 6.2, < 8`, `valkey`, `redis 7.4`.
///
/// # Errors
/// What was expected instead.
pub fn requirement(text: &str) -> Result<Requirement, String> {
    let expected = || "write an engine and bounds: `redis >= 6.2`, `valkey >= 7.2, < 9`, `redis = 7.4`".to_owned();
    let trimmed = text.trim();
    let (engine, rest) = [Engine::Redis, Engine::Valkey]
        .into_iter()
        .find_map(|engine| Some((engine, trimmed.strip_prefix(engine.word())?)))
        .ok_or_else(expected)?;
    let mut bounds = Vec::new();
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let (bound, number) = bound(part.trim_start_matches('-'));
        bounds.push((bound, series(number).ok_or_else(expected)?));
    }
    if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err(expected());
    }
    Ok(Requirement { engine, bounds, text: trimmed.to_owned() })
}

/// Splits a comparison off; none means `=`.
pub(in crate::syntax) fn bound(text: &str) -> (Bound, &str) {
    let table = [
        (">=", Bound::AtLeast),
        ("<=", Bound::AtMost),
        (">", Bound::Above),
        ("<", Bound::Below),
        ("=", Bound::Exactly),
    ];
    let text = text.trim();
    for (sign, bound) in table {
        if let Some(rest) = text.strip_prefix(sign) {
            return (bound, rest.trim());
        }
    }
    (Bound::Exactly, text)
}

fn series(text: &str) -> Option<Series> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    Some(Series { major: major.parse().ok()?, minor: minor.parse().ok()? })
}

/// Reads a `--set NAME=VALUE`, whose value is TOML, or else a text.
#[must_use]
pub fn setting_from_flag(name: &str, value: &str, at: Span) -> Setting {
    let plain = Scalar::Text(value.to_owned());
    let parsed = toml::from_str::<toml::Table>(&format!("v = {value}")).ok();
    let scalar = |value: &toml::Value| match value {
        toml::Value::Boolean(on) => Scalar::Bool(*on),
        toml::Value::Integer(n) => Scalar::Whole(*n),
        toml::Value::Float(n) => Scalar::Fraction(*n),
        toml::Value::String(text) => Scalar::Text(text.clone()),
        toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_) => plain.clone(),
    };
    let shape = match parsed.as_ref().and_then(|table| table.get("v")) {
        Some(toml::Value::Array(items)) => {
            Shape::Many(items.iter().map(|item| Spanned::new(scalar(item), at)).collect())
        }
        Some(value) => Shape::One(Spanned::new(scalar(value), at)),
        None => Shape::One(Spanned::new(plain.clone(), at)),
    };
    Setting { name: Spanned::new(name.to_owned(), at), shape, at }
}

/// A scalar as the server's word; `None` for a secret.
#[must_use]
pub fn scalar_text(scalar: &Scalar) -> Option<String> {
    match scalar {
        Scalar::Bool(true) => Some("yes".into()),
        Scalar::Bool(false) => Some("no".into()),
        Scalar::Whole(n) => Some(n.to_string()),
        Scalar::Fraction(n) => Some(n.to_string()),
        Scalar::Text(text) => Some(text.clone()),
        Scalar::Secret(_) => None,
    }
}
