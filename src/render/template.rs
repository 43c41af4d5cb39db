//! Templates: they arrange text, and every word they print comes out of a filter that quotes it.
//!
//! The environment starts empty, so that no filter or function exists but ours; what did not pass through one of them
//! cannot be printed, nor can an undefined name.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

use super::{comment, quote};
use crate::syntax::quote::{conf_line, conf_word};

/// The mode in which templates print; turning it off in a template is an error.
const MODE: &str = "redisconf";

/// An environment for each template, made when it is first asked for: a run mostly needs one of them.
static ENVIRONMENTS: LazyLock<BTreeMap<&'static str, (&'static str, OnceLock<Environment<'static>>)>> =
    LazyLock::new(|| {
        let templates = super::Target::ALL.iter().flat_map(|target| target.templates());
        templates.map(|(name, text)| (*name, (*text, OnceLock::new()))).collect()
    });

/// An environment that holds one template.
fn environment(name: &'static str, text: &'static str) -> Environment<'static> {
    let mut environment = Environment::empty();
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("no marker is changed"));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Custom(MODE.into()));
    environment.set_formatter(|out, state, value| {
        let ours = matches!(state.auto_escape(), AutoEscape::Custom(mode) if mode == MODE);
        match value.as_str() {
            Some(text) if ours && value.is_safe() => Ok(out.write_str(text)?),
            _ => Err(refusal("only what a filter has quoted can be printed")),
        }
    });
    environment.add_filter("block", |text: &Value, indent: usize| quoted(text, |text| quote::block(text, indent)));
    environment.add_filter("boolean", boolean);
    environment.add_filter("comment", |text: &Value| quoted(text, comment::line));
    environment.add_filter("compose", |text: &Value| quoted(text, quote::compose));
    environment.add_filter("conf", conf);
    environment.add_filter("kubernetes", |text: &Value| quoted(text, quote::kubernetes));
    environment.add_filter("key", |text: &Value| quoted(text, quote::key));
    environment.add_filter("number", number);
    environment.add_filter("sh", |text: &Value| quoted(text, quote::sh));
    environment.add_filter("tpl", |text: &Value| escaped(text, quote::tpl));
    environment.add_filter("variables", |text: &Value| escaped(text, quote::variables));
    environment.add_filter("yaml", |text: &Value| quoted(text, quote::yaml));
    environment.add_template(name, text).expect("templates are part of the program and tested");
    environment
}

/// Fills a template.
pub(super) fn fill<const N: usize>(template: &str, values: [(&'static str, Value); N]) -> Vec<u8> {
    let values: BTreeMap<&'static str, Value> = values.into();
    let (name, (text, cell)) = ENVIRONMENTS.get_key_value(template).expect("renderers name templates that exist");
    let environment = cell.get_or_init(|| environment(name, text));
    let template = environment.get_template(name).expect("the environment was made for it");
    template.render(Value::from(values)).expect("templates are part of the program and tested").into_bytes()
}

/// A list of texts.
pub(super) fn texts<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Value {
    texts.into_iter().map(|text| Value::from(text.as_ref())).collect()
}

/// A table, for use in lists.
pub(super) fn table<const N: usize>(values: [(&'static str, Value); N]) -> Value {
    Value::from(BTreeMap::from(values))
}

fn refusal(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

fn quoted(value: &Value, quote: impl Fn(&str) -> String) -> Result<Value, Error> {
    let text = value.as_str().ok_or_else(|| refusal("only a text can be quoted"))?;
    Ok(Value::from_safe_string(quote(text)))
}

/// For filters that have to stand before one that quotes.
fn escaped(value: &Value, escape: impl Fn(&str) -> String) -> Result<Value, Error> {
    value.as_str().map(|text| Value::from(escape(text))).ok_or_else(|| refusal("only a text can be escaped"))
}

/// A statement for redis.conf, from its name and words; these are bytes.
fn conf(words: &Value) -> Result<Value, Error> {
    let words: Vec<Value> = words.try_iter()?.collect();
    let bytes: Option<Vec<&[u8]>> = words.iter().map(Value::as_bytes).collect();
    let Some([name, arguments @ ..]) = bytes.as_deref() else {
        return Err(refusal("a statement has a name and words"));
    };
    Ok(Value::from_safe_string(conf_line(&conf_word(name), arguments)))
}

fn number(value: &Value) -> Result<Value, Error> {
    let number = value.is_integer().then(|| value.as_i64()).flatten();
    number.map(|n| Value::from_safe_string(n.to_string())).ok_or_else(|| refusal("not a whole number"))
}

fn boolean(value: &Value) -> Result<Value, Error> {
    let text = |on| if on { "true" } else { "false" };
    let on = bool::try_from(value.clone()).map_err(|_| refusal("not a boolean"))?;
    Ok(Value::from_safe_string(text(on).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(template: &str, value: Value) -> Result<String, Error> {
        environment("empty", "").render_str(template, BTreeMap::from([("x", value)]))
    }

    #[test]
    fn only_quoted_words_are_printed() {
        assert_eq!(render("{{ x|sh }}", "a b".into()).unwrap(), "'a b'");
        assert_eq!(render("{{ x|yaml }}", "no".into()).unwrap(), "\"no\"");
        for template in [
            "{{ x }}",
            "{{ x|sh ~ x }}",
            "{{ y }}",
            "{{ y|sh }}",
            "{% if y %}{% endif %}",
            "{{ x|safe }}",
            "{{ x|e }}",
            "{% autoescape false %}{{ x|sh }}{% endautoescape %}",
            "{% autoescape 'html' %}{{ x|sh }}{% endautoescape %}",
            "{% set z %}{{ x }}{% endset %}{{ z }}",
            "{{ range(3) }}",
        ] {
            assert!(render(template, "a b".into()).is_err(), "{template}");
        }
        for (template, value) in [
            ("{{ x|sh }}", Value::from(1)),
            ("{{ x|yaml }}", Value::from(true)),
            ("{{ x|yaml }}", Value::from(())),
            ("{{ x|number }}", Value::from("1")),
        ] {
            assert!(render(template, value).is_err(), "{template}");
        }
    }
}
