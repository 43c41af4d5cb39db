//! Environment variables of which images make configuration.

use super::command;
use super::image::{Builder, Image};
use super::place::Text;
use super::yaml::Yaml;
use super::{Embedded, Part, compose, known, scalar, shell};
use crate::server::Engine;
use crate::source::Span;
use crate::syntax::argv::Given;
use crate::syntax::assembled::Assembled;

/// A variable: its name, where that stands, and its value unless it comes from elsewhere.
struct Variable<'t> {
    name: String,
    at: Span,
    value: Option<(Assembled<'static>, Yaml<'t>)>,
}

/// The variables of a container.
#[derive(Default)]
pub(super) struct Environment<'t>(Vec<Variable<'t>>);

impl<'t> Environment<'t> {
    /// `environment` of Compose: a map, or a list of `NAME=value`.
    pub(super) fn of_compose(yaml: Option<Yaml<'t>>) -> Self {
        let Some(yaml) = yaml else { return Self::default() };
        let named = yaml.entries().into_iter().filter_map(|(key, value)| {
            let text =
                (value.style().is_some() && !value.is_null()).then(|| shell::interpolated(&scalar::assembled(value)));
            Some(Variable { name: key.text()?.to_owned(), at: key.at(), value: text.map(|text| (text, value)) })
        });
        let listed = yaml.items().into_iter().filter_map(|item| {
            let (name, _) = item.text()?.split_once('=').unwrap_or((item.text()?, ""));
            let whole = scalar::assembled(item);
            let length = name.len();
            let value = (whole.text().get(length) == Some(&b'='))
                .then(|| (shell::interpolated(&whole.part(length + 1..whole.text().len())), item));
            Some(Variable { name: name.to_owned(), at: whole.span(0, length), value })
        });
        Self(named.chain(listed).collect())
    }

    /// `env` of Kubernetes.
    pub(super) fn of_kubernetes(yaml: Option<Yaml<'t>>) -> Self {
        let items = yaml.map(Yaml::items).unwrap_or_default();
        let variable = |item: Yaml<'t>| {
            let name = item.get("name")?;
            let value = item.get("value").filter(|value| value.style().is_some());
            let value = value.map(|value| (super::pod::filled(&scalar::assembled(value)), value));
            Some(Variable { name: name.text()?.to_owned(), at: name.at(), value })
        };
        Self(items.into_iter().filter_map(variable).collect())
    }

    fn get(&self, names: &[String]) -> Option<&Variable<'t>> {
        self.0.iter().find(|variable| names.contains(&variable.name))
    }

    /// Adds what the image makes of its variables.
    pub(super) fn apply(&self, embedded: &mut Embedded, image: Option<Image>, is_kept: bool) {
        let Some(image) = image else { return };
        let prefix = if image.told.engine() == Some(Engine::Valkey) { "VALKEY" } else { "REDIS" };
        let named = |names: &[&str]| -> Vec<String> { names.iter().map(|name| format!("{prefix}_{name}")).collect() };
        match image.builder {
            Builder::Official if is_kept => {
                self.options(embedded, &named(&["EXTRA_FLAGS"])[..usize::from(prefix == "VALKEY")]);
            }
            Builder::Stack => self.options(embedded, &named(&["ARGS"])),
            Builder::Bitnami => {
                if let Some(password) = self.get(&named(&["PASSWORD", "PASSWORD_FILE"])) {
                    embedded.parts.insert(0, Part::Text(Text::decided(&["requirepass"], password.at)));
                }
                if let Some(mode) = self.get(&named(&["REPLICATION_MODE"])) {
                    let word =
                        mode.value.as_ref().map(|(text, _)| text.text().to_ascii_lowercase()).unwrap_or_default();
                    match word.as_slice() {
                        b"master" | b"primary" => known::word(&mut embedded.facts, "role", "primary", mode.at),
                        b"slave" | b"replica" => known::word(&mut embedded.facts, "role", "replica", mode.at),
                        _ => {}
                    }
                }
                let primary = self.get(&named(&["MASTER_HOST", "PRIMARY_HOST"]));
                embedded.place.primary = primary.and_then(|primary| {
                    let (text, _) = primary.value.as_ref().filter(|(text, _)| !text.is_open())?;
                    Some((String::from_utf8_lossy(text.text()).into_owned(), primary.at))
                });
                self.options(embedded, &named(&["EXTRA_FLAGS"]));
            }
            Builder::Official | Builder::Other => {}
        }
    }

    /// Takes options out of a variable, split as a shell does it.
    fn options(&self, embedded: &mut Embedded, names: &[String]) {
        let Some(Variable { value: Some((text, yaml)), .. }) = self.get(names) else { return };
        let inside = (!yaml.is_shared() && !yaml.is_marked()).then(|| compose::quotes(*yaml));
        // A value with quotes is split by other rules in each image; blanks divide words in all.
        let words: Vec<Given> = shell::compose(text).iter().map(|word| command::given(text, word, inside)).collect();
        if !words.is_empty() {
            embedded.parts.push(Part::Options(words, true));
        }
    }
}
