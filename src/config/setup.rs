//! A setup: a profile with all its layers merged, for one server version. It is what renderers are given.

use std::collections::BTreeMap;

use super::Config;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::server::Server;
use crate::source::Span;
use crate::syntax::profile::Provider;
use crate::syntax::{Reading, StatementId};

/// Why a statement is there and where its number comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// The author's reason, from `[why]`.
    pub why: Option<String>,
    /// The formula with its inputs, such as `60% of memory 8GiB (org/base.toml:9)`.
    pub derived: Option<String>,
}

/// A preference that the server version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The directive.
    pub name: String,
    /// Where the preference stands.
    pub at: Span,
    /// Why it is left out.
    pub reason: String,
}

/// One layer's word on a directive, winning or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The directive by the name this version prefers.
    pub name: String,
    /// The client class, user or command, where the directive has such.
    pub key: Option<String>,
    /// Position of the layer, from the lowest.
    pub layer: usize,
    /// Where it stands.
    pub at: Span,
    /// As written, secrets left out.
    pub text: String,
    /// The assignment that beat it, by position in [`Setup::history`].
    pub beaten_by: Option<usize>,
}

/// A layer's name and place, lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerName {
    /// `builtin:cache@1`, a path, or a flag.
    pub name: String,
    /// The layer's text.
    pub at: Span,
}

/// A profile, merged and resolved.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The profile's name.
    pub name: String,
    /// One line.
    pub summary: Option<String>,
    /// What the server is for.
    pub workload: Option<String>,
    /// The version as asked for, patch kept.
    pub server: Server,
    /// The layers, lowest first.
    pub layers: Vec<LayerName>,
    /// The statements to write, in their order; its sources are the layers' texts.
    pub reading: Reading,
    /// The same, resolved.
    pub config: Config,
    /// What is known of the place.
    pub facts: Facts,
    /// Reasons, by statement.
    pub notes: BTreeMap<StatementId, Note>,
    /// Preferences that were dropped.
    pub left_out: Vec<LeftOut>,
    /// Every layer's word.
    pub history: Vec<Assignment>,
    /// Where logical secrets are kept.
    pub secrets: BTreeMap<String, Provider>,
    /// Names of known directives in profiles; they may be shown.
    pub keys: Vec<Span>,
    /// Places in profiles that must not be shown: values of secret directives, of names nobody knows, rules of users.
    pub hidden: Vec<Span>,
    /// What is wrong with it. A setup with an error must not be rendered.
    pub findings: Vec<Finding>,
}

impl Setup {
    /// A setup that was not written as a profile: a configuration that was read, with what is known of its place.
    #[must_use]
    pub fn from_reading(name: &str, reading: Reading, facts: Facts) -> Self {
        let config = super::resolve(&reading, crate::syntax::Mode::Server);
        Self {
            name: name.to_owned(),
            summary: None,
            workload: None,
            server: reading.server,
            layers: Vec::new(),
            reading,
            config,
            facts,
            notes: BTreeMap::new(),
            left_out: Vec::new(),
            history: Vec::new(),
            secrets: BTreeMap::new(),
            keys: Vec::new(),
            hidden: Vec::new(),
            findings: Vec::new(),
        }
    }
}
