//! What a configuration means, as one hash: pods restart when it changes, and only then.
//!
//! Comments, units, order of directives and spelling do not count; a directive that is not set does not count either, so
//! that a new edition of the catalogue moves nothing. No secret goes in, only its logical name.

use super::acl_file::hash;
use super::job::Job;
use super::options::RollOn;
use super::sheet::{Line, Word};
use crate::catalog::{Change, Directive};
use crate::config::Value;
use crate::syntax::quote::conf_line;

/// The hash, in hexadecimal digits.
pub(super) fn of(job: &Job<'_>) -> String {
    let counts = |change| job.options.roll_on == RollOn::AnyChange || change == Change::Restart;
    let config = &job.setup.config;
    let mut facts: Vec<String> = Vec::new();
    for entry in config.entries() {
        if let Some(directive) = config.view.get(entry.id)
            && counts(directive.change)
            && let Some(value) = config.effective(directive)
        {
            facts.push(conf_line(directive.name(), [shown(directive, value)]));
        }
    }
    facts.sort();
    // What is carried out has no value: its words count, in their order. Only a module knows its parameters.
    let has_value = |directive: &'static Directive| config.effective(directive).is_some();
    let actions = job.lines.iter().filter(|line| line.directive.is_none_or(|d| counts(d.change) && !has_value(d)));
    facts.extend(actions.map(action));
    hash(facts.join("\n").as_bytes())
}

fn shown(directive: &Directive, value: &Value) -> Vec<u8> {
    if let Value::Named(name) = value {
        return format!("secret {name}").into_bytes();
    }
    let hidden = matches!(value, Value::Secret(_));
    if hidden { b"***".to_vec() } else { value.config_get(&directive.kind) }
}

fn action(line: &Line) -> String {
    let words = line.words.iter().map(|word| match word {
        Word::Plain(bytes) => bytes.clone(),
        Word::Secret { prefix, name, .. } => {
            let name = name.as_deref().unwrap_or("***");
            [prefix.as_slice(), b"secret ", name.as_bytes()].concat()
        }
    });
    conf_line(&line.name, words)
}
