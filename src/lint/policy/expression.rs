//! Expressions of policies, in the Common Expression Language (cel.dev). Nothing else knows the crate.
//!
//! An expression sees `config` (values in force by the names of their directives), `set` (the names that statements set),
//! `facts`, `server`, `path` and `environment`; `memory("8gb")` gives bytes. Secrets are true or false: whether they are
//! set. A key that is not there is an error, so that a misspelt or missing name never lets a mistake pass; `"name" in
//! config` asks first.
//!
//! CEL has no loops but its macros over lists and maps. To bound their cost, a macro may neither stand inside another nor
//! go through what another made; expressions have at most [`LONGEST`] bytes and are at most [`DEEPEST`] deep; lists have at
//! most [`MOST`] items, and texts at most [`MOST_BYTES`]. A longer value makes the policy silent.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr as Ast, LiteralValue, operators};
use cel::common::types;
use cel::common::value::CowVal;
use cel::objects::Key;
use cel::parser::PrattParser;
use cel::{Context, Env, ExecutionError, ParseErrors};

use super::{Place, directive_meant};
use crate::catalog::{self, Directive, Kind, Lookup};
use crate::config::{self, Value, shown};
use crate::facts::{self, Said};
use crate::finding::Finding;
use crate::lint::{Case, profile};
use crate::server::Engine;
use crate::source::{Sources, Span};
use crate::syntax::profile::Spanned;

/// Bytes of an expression.
const LONGEST: usize = 2_000;
/// Items of a list or map.
const MOST: usize = 512;
/// Bytes of a text.
const MOST_BYTES: usize = 1_024;
/// Macros in one expression.
const MACROS: usize = 8;
/// How deep the tree of an expression is: evaluating takes up to 38 KiB of stack for each step, and threads have 2 MiB.
const DEEPEST: usize = 32;
/// As [`DEEPEST`], while it is read: `a && b && c` is read as a list and becomes a balanced tree.
const DEEPEST_READ: u16 = 64;
/// Names, values and signs of one expression.
const NODES: usize = 500;

/// What an expression may name.
const VARIABLES: [&str; 6] = ["config", "environment", "facts", "path", "server", "set"];

/// The functions and macros of the language, with our own.
static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    env.add_overload("memory", "memory_string", vec![types::STRING_TYPE], memory)
        .expect("the language has no such function");
    Arc::new(env)
});

/// `memory("8gb")`: bytes as a server counts them.
#[expect(clippy::needless_pass_by_value, reason = "the crate fixes the signature")]
fn memory<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let text = arguments.first().and_then(|text| text.downcast_ref::<types::CelString>());
    let bytes = text.and_then(|text| config::bytes_of(text.inner().as_bytes()));
    let number = bytes.and_then(|bytes| i64::try_from(bytes).ok());
    let wrong = || ExecutionError::function_error("memory", "write bytes as a server takes them, such as `8gb`");
    number.map(|number| CowVal::owned(types::CelInt::from(number))).ok_or_else(wrong)
}

/// An expression, ready to be asked.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    tree: Arc<Ast>,
    at: Span,
    mentions: Mentions,
}

/// What an expression names.
#[derive(Clone, Debug, Default)]
struct Mentions {
    /// Directives, in their order.
    directives: Vec<String>,
    /// Whether it goes through `config` or `set` as a whole.
    whole: bool,
    facts: BTreeSet<&'static str>,
}

/// What an expression says of a case.
pub(super) enum Outcome {
    /// Yes or no.
    Holds(bool),
    /// It cannot be told, perhaps for want of a fact.
    Silent(Option<&'static str>),
    /// It is wrong.
    Problem(Finding),
}

impl Expression {
    /// Reads an expression.
    pub(super) fn new(text: &Spanned<String>, sources: &Sources) -> Result<Self, Box<Finding>> {
        let wrong =
            |at, message: String, help: String| Box::new(profile::INVALID_POLICY.finding(at, message).help(help));
        if text.value.len() > LONGEST {
            let message = format!("an expression of {} bytes: at most {LONGEST} are read", text.value.len());
            return Err(wrong(text.at, message, SPLIT.into()));
        }
        let parser = PrattParser::new().max_recursion_depth(DEEPEST_READ).max_expression_node_count(NODES);
        let tree = parser.parse(&text.value).map_err(|errors| {
            let (at, message) = broken(text, sources, &errors);
            wrong(at, message, "see cel.dev for the language".into())
        })?;
        let mut walker = Walker::default();
        walker.walk(&tree).map_err(|(message, help)| wrong(text.at, message, help))?;
        let mentions = walker.mentions;
        Ok(Self { tree: Arc::new(tree), at: text.at, mentions })
    }

    /// Evaluates it.
    pub(super) fn ask(&self, place: &Place<'_>) -> Outcome {
        let case = place.case;
        let Some(config) = self.config(case) else { return Outcome::Silent(None) };
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.add_variable_from_value("config", config);
        context.add_variable_from_value("set", names_set(case));
        context.add_variable_from_value("facts", facts_of(case));
        context.add_variable_from_value("server", server_of(case));
        context.add_variable_from_value("path", place.path.to_string_lossy().replace('\\', "/"));
        context.add_variable_from_value("environment", place.environment.unwrap_or_default());
        match cel::Value::resolve(&self.tree, &context) {
            Ok(cel::Value::Bool(holds)) => Outcome::Holds(holds),
            Ok(other) => {
                let message = format!("the expression gives a value of type {}, not true or false", other.type_of());
                self.problem(message, "compare the value with what is asked for")
            }
            Err(error) => self.failed(case, &error),
        }
    }

    /// Where a broken policy is shown, and what is in force of that which it is about.
    pub(super) fn place(&self, case: &Case<'_>) -> (Span, Option<String>) {
        let known: Vec<&'static Directive> =
            self.mentions.directives.iter().filter_map(|name| case.known(name)).collect();
        let set = known.iter().find(|directive| case.is_set(directive.name()));
        let at = set.map_or_else(|| case.anchor(), |directive| case.place(directive.name()));
        let is = |directive: &&'static Directive| {
            let value = case.config.effective(directive)?;
            Some(format!("`{}` is `{}`", directive.name(), shown(directive, value).text()))
        };
        let values: Vec<String> = known.iter().filter_map(is).take(3).collect();
        (at, (!values.is_empty()).then(|| values.join(", ")))
    }

    /// The facts it rests on.
    pub(super) fn facts_used(&self, case: &Case<'_>) -> Vec<&'static str> {
        self.mentions.facts.iter().copied().filter(|name| case.facts.get(name).is_some()).collect()
    }

    /// The values of what it names; `None` if one of them is not known, or may be set where nobody looked.
    fn config(&self, case: &Case<'_>) -> Option<HashMap<Key, cel::Value>> {
        let mut values = HashMap::new();
        let partial = case.is_partial();
        if self.mentions.whole {
            if partial {
                return None;
            }
            for directive in case.config.view.directives() {
                if let Some(value) = case.config.effective(directive) {
                    values.insert(directive.name().into(), to_cel(directive, value)?);
                }
            }
        }
        for name in &self.mentions.directives {
            let Lookup::Here(directive) = case.config.view.look(name) else { continue };
            if partial && !case.is_set(name) {
                return None;
            }
            if let Some(value) = case.config.effective(directive) {
                values.insert(name.as_str().into(), to_cel(directive, value)?);
            }
        }
        Some(values)
    }

    fn problem(&self, message: String, help: &str) -> Outcome {
        Outcome::Problem(profile::POLICY_CANNOT_JUDGE.finding(self.at, message).help(help))
    }

    /// Words an error. Values are never repeated: types and names tell enough.
    fn failed(&self, case: &Case<'_>, error: &ExecutionError) -> Outcome {
        if let ExecutionError::NoSuchKey(key) = error {
            if facts::definition(key).is_some() && !self.mentions.directives.contains(key) {
                return Outcome::Silent(facts::definition(key).map(|definition| definition.name));
            }
            if catalog::find(key.as_str()).is_some() {
                let message = format!("{} has no value for `{key}`", case.server());
                return self.problem(message, &format!("ask `\"{key}\" in config` first"));
            }
            return self.problem(format!("there is no `{key}`"), "correct the name, or ask with `in` or `has()` first");
        }
        if let ExecutionError::NoSuchOverload(overload) = error {
            let types = overload.argument_types().join(" and ");
            let message = format!("`{}` takes no {types}", overload.function().trim_matches('_'));
            return self.problem(message, "compare numbers with numbers: `memory(\"8gb\")` is one");
        }
        if let ExecutionError::FunctionError { function, message } = error {
            return self.problem(format!("`{function}` fails"), message);
        }
        self.problem("the expression cannot be evaluated".into(), "see docs/lint-settings.md for what it may name")
    }
}

/// Where an expression is broken, and how.
fn broken(text: &Spanned<String>, sources: &Sources, errors: &ParseErrors) -> (Span, String) {
    let Some(first) = errors.errors.first() else { return (text.at, "this is no expression".into()) };
    let what = first.msg.trim().trim_start_matches("Syntax error: ").trim_end_matches('.');
    let message = format!("this is no expression: {what}");
    let (Ok(line), Ok(column)) = (usize::try_from(first.pos.0), usize::try_from(first.pos.1)) else {
        return (text.at, message);
    };
    // Only a text that stands in the file as it is has places of its own.
    let inside = sources.bytes(text.at);
    let verbatim = inside.len() == text.value.len() + 2 && &inside[1..=text.value.len()] == text.value.as_bytes();
    if !verbatim || line != 1 || column == 0 {
        return (text.at, message);
    }
    let before: usize = text.value.chars().take(column - 1).map(char::len_utf8).sum();
    let start = text.at.start + 1 + u32::try_from(before).expect("expressions are short");
    let end = (start + 1).min(text.at.end);
    (Span { start: start.min(end), end, ..text.at }, message)
}

/// What is wrong, and what to do.
type Wrong = (String, String);

/// Goes through an expression: what does it name, and may it?
#[derive(Default)]
struct Walker {
    mentions: Mentions,
    /// The variables of the macro around.
    own: Vec<String>,
    macros: usize,
    depth: usize,
}

impl Walker {
    fn walk(&mut self, node: &Ast) -> Result<(), Wrong> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err((format!("an expression deeper than {DEEPEST}"), SPLIT.into()));
        }
        match &node.expr {
            Expr::Select(select) => {
                if !self.names_key(&select.operand, &select.field)? {
                    self.walk(&select.operand)?;
                }
            }
            Expr::Call(call) => self.call(call)?,
            Expr::Comprehension(inner) => self.comprehension(inner)?,
            Expr::Ident(name) => self.variable(name)?,
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.walk(element))?,
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| self.entry(&entry.expr))?,
            Expr::Struct(made) => made.entries.iter().try_for_each(|entry| self.entry(&entry.expr))?,
            Expr::Literal(_) | Expr::Unspecified => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn call(&mut self, call: &CallExpr) -> Result<(), Wrong> {
        let pair = match (call.func_name.as_str(), &call.args[..]) {
            (operators::INDEX, [map, key]) | (operators::IN, [key, map]) => literal(key).map(|key| (map, key)),
            (_, _) => None,
        };
        if let Some((map, key)) = pair
            && self.names_key(map, &key)?
        {
            return Ok(());
        }
        call.target.as_deref().into_iter().chain(&call.args).try_for_each(|part| self.walk(part))
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr) -> Result<(), Wrong> {
        self.macros += 1;
        if self.macros > MACROS {
            return Err((format!("an expression with more than {MACROS} macros"), SPLIT.into()));
        }
        if !self.own.is_empty() || holds_macro(&inner.iter_range) {
            let message = "a macro may not stand inside another, nor go through what another made";
            return Err((message.into(), SPLIT.into()));
        }
        self.walk(&inner.iter_range)?;
        self.own.extend([inner.iter_var.clone(), inner.accu_var.clone()]);
        self.own.extend(inner.iter_var2.clone());
        for part in [&inner.accu_init, &inner.loop_cond, &inner.loop_step, &inner.result] {
            self.walk(part)?;
        }
        self.own.clear();
        Ok(())
    }

    fn entry(&mut self, entry: &EntryExpr) -> Result<(), Wrong> {
        match entry {
            EntryExpr::StructField(field) => self.walk(&field.value),
            EntryExpr::MapEntry(pair) => {
                self.walk(&pair.key)?;
                self.walk(&pair.value)
            }
        }
    }

    /// Notes a key of `config`, `set` or `facts`; `false` if it is one of something else.
    fn names_key(&mut self, map: &Ast, key: &str) -> Result<bool, Wrong> {
        let Expr::Ident(name) = &map.expr else { return Ok(false) };
        if self.own.contains(name) {
            return Ok(false);
        }
        match name.as_str() {
            "config" | "set" => {
                if catalog::find(key).is_none() {
                    return Err((format!("unknown directive `{key}`"), directive_meant(key)));
                }
                if !self.mentions.directives.iter().any(|known| known == key) {
                    self.mentions.directives.push(key.to_owned());
                }
                Ok(true)
            }
            "facts" => {
                let Some(definition) = facts::definition(key) else {
                    let names: Vec<&str> = facts::ALL.iter().map(|definition| definition.name).collect();
                    return Err((format!("unknown fact `{key}`"), format!("the facts are: {}", names.join(", "))));
                };
                self.mentions.facts.insert(definition.name);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn variable(&mut self, name: &str) -> Result<(), Wrong> {
        if self.own.iter().any(|known| known == name) {
            return Ok(());
        }
        self.mentions.whole |= matches!(name, "config" | "set");
        if VARIABLES.contains(&name) || TYPES.contains(&name) {
            return Ok(());
        }
        Err((format!("unknown name `{name}`"), format!("the names are: {}; texts need quotes", VARIABLES.join(", "))))
    }
}

/// What to do with an expression that is too much.
const SPLIT: &str = "split it into several policies";

/// Names of types that `type(x) == int` may compare with.
const TYPES: [&str; 8] = ["bool", "double", "int", "list", "map", "null_type", "string", "uint"];

fn literal(node: &Ast) -> Option<String> {
    if let Expr::Literal(LiteralValue::String(text)) = &node.expr { Some(text.inner().to_owned()) } else { None }
}

fn holds_macro(node: &Ast) -> bool {
    match &node.expr {
        Expr::Comprehension(_) => true,
        Expr::Select(select) => holds_macro(&select.operand),
        Expr::Call(call) => {
            call.target.as_ref().is_some_and(|target| holds_macro(target)) || call.args.iter().any(holds_macro)
        }
        Expr::List(list) => list.elements.iter().any(holds_macro),
        Expr::Map(_) | Expr::Struct(_) => true,
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => false,
    }
}

/// The names of the directives that statements set, as this version prefers them.
fn names_set(case: &Case<'_>) -> Vec<cel::Value> {
    let set = case.config.entries().iter().filter(|entry| entry.standing().next().is_some());
    let names = set.filter_map(|entry| case.config.view.get(entry.id)).flat_map(|directive| directive.names.iter());
    names.take(MOST).map(|name| cel::Value::from(*name)).collect()
}

fn server_of(case: &Case<'_>) -> HashMap<Key, cel::Value> {
    let server = case.server();
    let engine = match server.engine {
        Engine::Redis => "redis",
        Engine::Valkey => "valkey",
    };
    let (major, minor) = (server.series.major, server.series.minor);
    HashMap::from([
        ("engine".into(), engine.into()),
        ("version".into(), format!("{major}.{minor}").into()),
        ("major".into(), cel::Value::Int(major.into())),
        ("minor".into(), cel::Value::Int(minor.into())),
    ])
}

/// Facts as numbers and words: bytes, counts and milliseconds are whole numbers.
fn facts_of(case: &Case<'_>) -> HashMap<Key, cel::Value> {
    let value = |said: Said| match said {
        Said::Bytes(number) | Said::Count(number) | Said::Milliseconds(number) => whole(number),
        Said::Processors(number) => cel::Value::Float(number),
        Said::Word(word) => word.into(),
        Said::Permissions(mode) => cel::Value::Int(mode.into()),
        Said::Percent(share) => cel::Value::Int(share.into()),
    };
    case.facts.iter().map(|(name, fact)| (name.into(), value(fact.said))).collect()
}

fn whole(number: u64) -> cel::Value {
    cel::Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A value by its meaning; `None` if it is not known or too large.
fn to_cel(directive: &Directive, value: &Value) -> Option<cel::Value> {
    if directive.is.secret && *value != Value::Unknown {
        let is_set = matches!(value, Value::Named(_)) || !value.config_get(&directive.kind).is_empty();
        return Some(cel::Value::Bool(is_set));
    }
    Some(match value {
        Value::Bool(on) => cel::Value::Bool(*on),
        Value::Int(number) => cel::Value::Int(*number),
        Value::Bytes(bytes) => whole(*bytes),
        Value::Secret(secret) => cel::Value::Bool(!secret.expose().is_empty()),
        Value::Named(_) => cel::Value::Bool(true),
        Value::Words(words) => list(words.iter().map(|word| text(word)))?,
        Value::Save { points, .. } => list(points.iter().map(|point| {
            Some(map([("seconds", cel::Value::Int(point.seconds)), ("changes", cel::Value::Int(point.changes.into()))]))
        }))?,
        Value::Limits(limits) => {
            let one = |limit: &config::Limit| {
                let numbers = [
                    ("hard", whole(limit.hard)),
                    ("soft", whole(limit.soft)),
                    ("seconds", cel::Value::Int(limit.seconds.into())),
                ];
                (limit.class.name(), map(numbers))
            };
            map(limits.iter().map(one))
        }
        Value::Percentiles(numbers) => list(numbers.iter().map(|number| Some(cel::Value::Float(*number))))?,
        Value::Oom(numbers) => list(numbers.iter().map(|number| Some(cel::Value::Int((*number).into()))))?,
        Value::Replica(None) => cel::Value::Null,
        Value::Replica(Some((host, port))) => map([("host", text(host)?), ("port", cel::Value::Int((*port).into()))]),
        Value::Flags(_) if matches!(directive.kind, Kind::Flags(_)) => {
            let words = value.config_get(&directive.kind);
            list(words.split(|b| *b == b' ').filter(|word| !word.is_empty()).map(text))?
        }
        Value::Percent(_) | Value::Octal(_) | Value::Word(_) | Value::Flags(_) | Value::Text(_) | Value::Events(_) => {
            text(&value.config_get(&directive.kind))?
        }
        Value::Unknown | Value::Action => return None,
    })
}

fn text(bytes: &[u8]) -> Option<cel::Value> {
    (bytes.len() <= MOST_BYTES).then(|| String::from_utf8_lossy(bytes).into_owned().into())
}

fn list(items: impl Iterator<Item = Option<cel::Value>>) -> Option<cel::Value> {
    let items: Option<Vec<cel::Value>> = items.take(MOST + 1).collect();
    items.filter(|items| items.len() <= MOST).map(cel::Value::from)
}

fn map<'a>(pairs: impl IntoIterator<Item = (&'a str, cel::Value)>) -> cel::Value {
    let pairs: HashMap<Key, cel::Value> = pairs.into_iter().map(|(name, value)| (name.into(), value)).collect();
    pairs.into()
}
