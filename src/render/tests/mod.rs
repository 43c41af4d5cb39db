//! Each target is read back by a reader that is not ours, and compared with the words that went in.

mod argv;
mod compose;
mod conf;
mod docker_run;
mod helm;
mod kubernetes;
mod prometheus_rules;
mod yaml;

use std::collections::BTreeMap;

use super::{Options, Rendered, Target, render};
use crate::config::{Note, Secret, Setup};
use crate::facts::{self, Facts, Written};
use crate::finding::Finding;
use crate::source::{Name, SourceId, Span};
use crate::syntax::profile::Provider;
use crate::syntax::{Item, Reading, Word, conf::read_alone};

/// A setup in the making.
pub(super) struct Build {
    pub(super) setup: Setup,
    pub(super) options: Options,
    pub(super) known: BTreeMap<String, Secret>,
}

/// A setup from the text of a configuration file.
pub(super) fn build(target: Target, server: &str, text: &str) -> Build {
    build_bytes(target, server, text.as_bytes())
}

pub(super) fn build_bytes(target: Target, server: &str, text: &[u8]) -> Build {
    let reading = read_alone(Name::File("profile".into()), text, server.parse().unwrap());
    Build { setup: from(reading), options: Options::new(target), known: BTreeMap::new() }
}

fn from(reading: Reading) -> Setup {
    Setup::from_reading("cache", reading, Facts::default())
}

impl Build {
    pub(super) fn fact(mut self, name: &str, said: &str) -> Self {
        let definition = facts::definition(name).unwrap();
        let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
        self.setup.facts.learn(definition, definition.read(Written::Text(said)).unwrap(), at);
        self
    }

    pub(super) fn option(mut self, choose: impl FnOnce(&mut Options)) -> Self {
        choose(&mut self.options);
        self
    }

    /// A statement `name words… secret words…`; the secret is kept at `provider` and at hand if `value` says so.
    pub(super) fn secret(
        mut self,
        words: (&str, &[&str], &str, &[&str]),
        name: &str,
        provider: impl Into<Option<Provider>>,
        value: Option<&[u8]>,
    ) -> Self {
        let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
        let (directive, before, prefix, after) = words;
        let plain = |word: &&str| Word::cooked(at, word.as_bytes());
        let arguments = before.iter().map(plain).chain([Word::secret(at, prefix, name)]).chain(after.iter().map(plain));
        let mut reading = self.setup.reading.clone();
        reading.push(
            Word::cooked(at, directive.as_bytes()),
            arguments.collect::<Vec<_>>(),
            crate::syntax::Via::Layer(0),
        );
        let (facts, secrets, notes) = (self.setup.facts, self.setup.secrets, self.setup.notes);
        self.setup = Setup { facts, notes, secrets, ..from(reading) };
        if let Some(provider) = provider.into() {
            self.setup.secrets.insert(name.into(), provider);
        }
        if let Some(value) = value {
            self.known.insert(name.into(), Secret::new(value));
        }
        self
    }

    /// A reason for the statement at this position.
    pub(super) fn why(mut self, at: usize, why: &str, derived: Option<&str>) -> Self {
        let id = self.setup.reading.order().iter().filter_map(|item| match item {
            Item::Statement(id) => Some(*id),
            Item::Problem(_) | Item::Enter | Item::Leave => None,
        });
        let id = id.into_iter().nth(at).unwrap();
        self.setup.notes.insert(id, Note { why: Some(why.into()), derived: derived.map(Into::into) });
        self
    }

    pub(super) fn render(&self) -> Result<Rendered, Vec<Finding>> {
        render(&self.setup, &self.options, &self.known)
    }

    /// The main artefact.
    pub(super) fn text(&self) -> String {
        let rendered = self.render().unwrap();
        String::from_utf8(rendered.artefacts.into_iter().next().unwrap().text).unwrap()
    }

    /// An artefact by its name.
    pub(super) fn artefact(&self, path: &str) -> String {
        let rendered = self.render().unwrap();
        let found = rendered.artefacts.into_iter().find(|a| a.path == std::path::Path::new(path)).unwrap();
        String::from_utf8(found.text).unwrap()
    }

    /// The rules that spoke.
    pub(super) fn refusals(&self) -> Vec<String> {
        self.render().unwrap_err().into_iter().map(|finding| finding.rule.into_owned()).collect()
    }

    /// Statements as a server meets them: name and words.
    pub(super) fn statements(&self) -> Vec<Vec<Vec<u8>>> {
        statements(&self.setup.reading)
    }
}

/// Name and words of all statements.
pub(super) fn statements(reading: &Reading) -> Vec<Vec<Vec<u8>>> {
    let ids = reading.order().iter().filter_map(|item| match item {
        Item::Statement(id) => Some(*id),
        Item::Problem(_) | Item::Enter | Item::Leave => None,
    });
    let words = |id| {
        let arguments = reading.arguments(id).into_iter().map(<[u8]>::to_vec);
        std::iter::once(reading.name(id).to_ascii_lowercase()).chain(arguments).collect()
    };
    ids.map(words).collect()
}

#[test]
fn targets_are_sorted_and_found_by_name() {
    assert!(Target::ALL.is_sorted_by_key(|target| target.name()));
    for target in Target::ALL {
        assert_eq!(Target::from_name(target.name()), Some(*target));
        assert!(!target.summary().is_empty());
    }
    assert_eq!(Target::from_name("nomad"), None);
    assert!(super::Chart::ALL.is_sorted_by_key(|chart| chart.name()));
}

#[test]
fn artefacts_depend_on_the_inputs_alone_and_end_with_a_newline() {
    for target in Target::ALL {
        for chart in super::Chart::ALL {
            if *target != Target::Helm && *chart != super::Chart::BitnamiRedis {
                continue;
            }
            let server = if chart.name().contains("valkey") { "valkey-8.1" } else { "redis-7.4" };
            let base = || {
                let build = build(*target, server, "hz 10\nsave 1 1\n").why(0, "a reason", Some("and\n a sum"));
                build.fact("memory", "1GiB").option(|o| o.chart = (*target == Target::Helm).then_some(*chart))
            };
            let text = base().text();
            assert_eq!(text, base().text());
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text}");
            assert!(text.lines().all(|line| line.trim_end() == line), "{text}");
            assert!(text.contains("a reason") && text.contains("and a sum"), "{text}");
        }
    }
}

#[test]
fn what_the_server_refuses_is_not_rendered() {
    assert_eq!(build(Target::Conf, "redis-7.4", "maxmemory 8Gi\n").refusals(), ["render-refused-by-server"]);
}
