//! A configuration as a list: what CONFIG GET would show, and what it never shows, each with the statements it comes from.

use super::shown::{Shown, shown};
use super::visible::{name_shown, word_shown};
use super::{Config, Origin, Setup, Value};
use crate::catalog::{Directive, State};
use crate::syntax::{Reading, StatementId};

/// How much is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What a statement sets.
    Set,
    /// Defaults too.
    All,
}

/// One line of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The name this version prefers; for parameters of modules as written.
    pub name: String,
    /// The value in CONFIG GET form, or the words of a statement that CONFIG GET never shows.
    pub value: Shown,
    /// The statements it comes from; none for a default.
    pub from: Vec<StatementId>,
    /// Whether CONFIG GET knows it.
    pub in_config_get: bool,
}

impl Setup {
    /// What is in force, sorted by name; statements that CONFIG GET never shows come last, in their order.
    #[must_use]
    pub fn listing(&self, scope: Scope) -> Vec<Row> {
        let (config, reading) = (&self.config, &self.reading);
        let has_value = |d: &&Directive| d.state == State::Accepted && !d.is.file_only && !d.is.live_only;
        let directives = config.view.directives().filter(has_value);
        let mut rows: Vec<Row> = directives.filter_map(|directive| value_row(config, directive, scope)).collect();
        let mut carried_out: Vec<StatementId> = config
            .entries()
            .iter()
            .flat_map(super::Entry::standing)
            .filter(|part| part.value == Ok(Value::Action))
            .map(|part| part.by)
            .chain(config.module_parameters().iter().copied())
            .collect();
        carried_out.sort();
        rows.extend(carried_out.into_iter().map(|id| statement_row(config, reading, id)));
        rows
    }
}

fn value_row(config: &Config, directive: &Directive, scope: Scope) -> Option<Row> {
    let from = match config.origin(directive) {
        Origin::Default if scope == Scope::Set => return None,
        Origin::Default => Vec::new(),
        Origin::Statements(ids) => ids,
    };
    let value = shown(directive, config.effective(directive)?);
    Some(Row { name: directive.name().into(), value, from, in_config_get: true })
}

fn statement_row(config: &Config, reading: &Reading, id: StatementId) -> Row {
    let words = (0..reading.words(id).len()).map(|index| match word_shown(reading, config.view, id, index) {
        word if word.is_empty() => "\"\"".into(),
        word => word,
    });
    let value = Shown::Plain(words.collect::<Vec<_>>().join(" "));
    Row { name: name_shown(reading, config.view, id), value, from: vec![id], in_config_get: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::source::Name;
    use crate::syntax::conf;

    fn rows(text: &str, scope: Scope) -> Vec<(String, String)> {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
        let rows = Setup::from_reading("test", reading, Facts::default()).listing(scope);
        rows.into_iter().map(|row| (row.name, row.value.text().to_owned())).collect()
    }

    #[test]
    fn what_is_set_is_listed_in_the_form_of_config_get() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            rows("save 60 1\nmaxmemory 1gb\nslave-read-only no\nrequirepass x\nsave 30 2\n", Scope::Set),
            [
                pair("maxmemory", "1073741824"),
                pair("replica-read-only", "no"),
                pair("requirepass", "***"),
                pair("save", "60 1 30 2")
            ]
        );
    }

    #[test]
    fn what_config_get_never_shows_comes_last_and_masked() {
        let rows = rows("user ann on >x +@read\nport 1\nrename-command CONFIG \"\"\n", Scope::Set);
        let text: Vec<String> = rows.into_iter().map(|(name, value)| format!("{name} {value}")).collect();
        assert_eq!(text, ["port 1", "user ann on *** +@read", "rename-command CONFIG \"\""]);
    }

    #[test]
    fn defaults_are_listed_on_demand() {
        let all = rows("port 1\n", Scope::All);
        assert!(all.len() > 150, "{}", all.len());
        assert!(all.iter().any(|(name, value)| name == "hz" && value == "10"));
    }
}
