//! The data files, read as they are written: entries, and what changed at which node of the version tree.
//!
//! `data/README.md` states the format. A mistake in a data file is a mistake in the program: reading it panics, and the
//! tests read every file.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::directive::{Change, Is, Need, Repeat, State, Without};
use crate::server::Server;

/// The families of the main namespace, sorted by name.
pub(super) const FAMILIES: &[(&str, &str)] = &[
    ("acl", include_str!("data/acl.toml")),
    ("aof", include_str!("data/aof.toml")),
    ("clients", include_str!("data/clients.toml")),
    ("cluster", include_str!("data/cluster.toml")),
    ("defrag", include_str!("data/defrag.toml")),
    ("encoding", include_str!("data/encoding.toml")),
    ("logging", include_str!("data/logging.toml")),
    ("memory", include_str!("data/memory.toml")),
    ("modules", include_str!("data/modules.toml")),
    ("network", include_str!("data/network.toml")),
    ("observability", include_str!("data/observability.toml")),
    ("process", include_str!("data/process.toml")),
    ("rdb", include_str!("data/rdb.toml")),
    ("rdma", include_str!("data/rdma.toml")),
    ("replication", include_str!("data/replication.toml")),
    ("scripting", include_str!("data/scripting.toml")),
    ("threads", include_str!("data/threads.toml")),
    ("tls", include_str!("data/tls.toml")),
];

/// What may follow the word `sentinel`.
pub(super) const SENTINEL: &[(&str, &str)] = &[("sentinel", include_str!("data/sentinel.toml"))];

/// Defines a table that may hold every fact, and more fields that only it has.
///
/// Twice by macro and not once by `#[serde(flatten)]`, which would accept unknown keys in silence.
macro_rules! table_of_facts {
    ($(#[$attribute:meta])* $name:ident { $($(#[$more:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $name {
            pub(super) names: Option<Vec<&'static str>>,
            pub(super) r#type: Option<&'static str>,
            pub(super) default: Option<&'static str>,
            pub(super) change: Option<Change>,
            pub(super) is: Option<Vec<Trait>>,
            pub(super) state: Option<State>,
            pub(super) repeat: Option<Repeat>,
            pub(super) needs: Option<Need>,
            pub(super) without: Option<Without>,
            $($(#[$more])* pub(super) $field: $type,)*
        }
    };
}

table_of_facts! {
    /// An entry: the facts at its birth, and what changed since.
    Written {
        #[serde(default)]
        from: Vec<&'static str>,
        summary: &'static str,
        #[serde(default)]
        since: BTreeMap<&'static str, Facts>,
    }
}

table_of_facts! {
    /// What changed at one node; a fact that is left out stays as it was.
    Facts {}
}

/// A word of `is`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Trait {
    Hidden,
    Protected,
    Secret,
    FileOnly,
    LiveOnly,
    Environment,
    NotWhileLoading,
}

/// An entry whose servers have been read.
#[derive(Debug)]
pub(super) struct Entry {
    /// The identity.
    pub(super) name: &'static str,
    pub(super) family: &'static str,
    pub(super) summary: &'static str,
    /// Where it is born, when not at the root.
    pub(super) from: Vec<Server>,
    /// The facts at birth.
    pub(super) birth: Facts,
    /// Later facts, each at its node.
    pub(super) since: Vec<(Server, Facts)>,
}

impl Entry {
    /// Whether the values are secret at some node.
    pub(super) fn is_ever_secret(&self) -> bool {
        let secret = |facts: &Facts| facts.is.as_ref().is_some_and(|traits| traits.contains(&Trait::Secret));
        secret(&self.birth) || self.since.iter().any(|(_, facts)| secret(facts))
    }
}

/// Reads data files. The entries come sorted by family and by name; their position is their id.
pub(super) fn read(families: &[(&'static str, &'static str)]) -> Vec<Entry> {
    let mut entries = Vec::new();
    for &(family, text) in families {
        let tables: BTreeMap<&'static str, Written> =
            toml::from_str(text).unwrap_or_else(|error| panic!("data/{family}.toml: {error}"));
        entries.extend(tables.into_iter().map(|(name, written)| entry(family, name, written)));
    }
    entries
}

fn entry(family: &'static str, name: &'static str, written: Written) -> Entry {
    let server =
        |text: &str| -> Server { text.parse().unwrap_or_else(|error| panic!("data/{family}.toml, `{name}`: {error}")) };
    Entry {
        name,
        family,
        summary: written.summary,
        from: written.from.into_iter().map(server).collect(),
        since: written.since.into_iter().map(|(node, facts)| (server(node), facts)).collect(),
        birth: Facts {
            names: Some(written.names.unwrap_or_else(|| vec![name])),
            r#type: written.r#type,
            default: written.default,
            change: written.change,
            is: written.is,
            state: written.state,
            repeat: written.repeat,
            needs: written.needs,
            without: written.without,
        },
    }
}

impl Facts {
    /// Puts what a later node says over what held before.
    pub(super) fn apply(&mut self, later: &Self) {
        /// The later fact where there is one.
        macro_rules! fold {
            ($($field:ident)*) => {
                $(if later.$field.is_some() { self.$field.clone_from(&later.$field); })*
            };
        }
        fold!(names r#type default change is state repeat needs without);
    }
}

/// The traits that a list of words names.
pub(super) fn traits(words: &[Trait]) -> Is {
    let mut is = Is::default();
    for word in words {
        match word {
            Trait::Hidden => is.hidden = true,
            Trait::Protected => is.protected = true,
            Trait::Secret => is.secret = true,
            Trait::FileOnly => is.file_only = true,
            Trait::LiveOnly => is.live_only = true,
            Trait::Environment => is.environment = true,
            Trait::NotWhileLoading => is.not_while_loading = true,
        }
    }
    is
}
