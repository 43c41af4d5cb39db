//! How a version reads a configuration, whatever the directive. Data stands in `versions.toml`; here it gets its types.

use std::sync::LazyLock;

use serde::Deserialize;

use super::snapshots::SnapshotFormat;
use super::version::Server;

/// How a line is split into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum WordRules {
    /// Redis, and Valkey up to 8.0: a closing quote must be followed by a blank or the end.
    #[serde(rename = "classic")]
    Classic,
    /// Valkey 8.1: classic, and raw 0xFF bytes vanish.
    #[serde(rename = "valkey-8.1")]
    Valkey81,
    /// Valkey 9.0 and later: as 8.1, and text may follow a closing quote.
    #[serde(rename = "valkey-9.0")]
    Valkey90,
}

/// What happens to a name that the server does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownNames {
    /// The server stops at that line.
    Refuse,
    /// Kept for modules; the server stops after the modules were loaded, without naming the line.
    Queue,
}

/// How large the digits of a memory value may be, before the unit multiplies them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemoryNumbers {
    /// Read as signed: saturate at 2^63-1, and a product that wraps below zero is refused.
    I64,
    /// Saturate at 2^64-1; the product wraps.
    U64,
    /// Refused above 2^64-1; the product wraps.
    AtMostU64,
}

/// What cluster mode does to `databases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Databases {
    /// The number stays.
    Kept,
    /// The number becomes 1.
    One,
}

/// How one version reads a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent habits, each read on its own")]
pub struct Habits {
    /// The release that was measured, such as `7.4.1`.
    pub at: String,
    /// How a line is split into words.
    pub words: WordRules,
    /// Whether the only, non-empty argument of a many-valued directive is split again.
    pub resplit: bool,
    /// Whether `include` expands wildcards.
    pub globs: bool,
    /// What an unknown name does.
    pub unknown_names: UnknownNames,
    /// What an unknown name with a dot does (`module.parameter`).
    pub dotted_names: UnknownNames,
    /// Whether `save` and `client-output-buffer-limit` lines are read by the old lax parsers, one group a line.
    pub lax_lines: bool,
    /// Whether a command-line value may start with `--`.
    pub option_like_values: bool,
    /// How large the digits of a memory value may be.
    pub memory_numbers: MemoryNumbers,
    /// What cluster mode does to `databases`.
    pub databases_in_cluster: Databases,
    /// The word this version uses in error texts for the server that is copied: `master` or `primary`.
    pub primary_word: String,
    /// `io-threads` above this is silently lowered to it.
    pub io_threads_clamp: i64,
    /// Whether `logfile` is opened when its line is read, instead of after the last line.
    pub checks_files_at_once: bool,
    /// Whether a memory value whose range reaches below 0 may be written with a sign, without a unit.
    pub signed_memory: bool,
    /// Whether percentiles may be written in base 16.
    pub hex_percentiles: bool,
    /// The format of the snapshots it writes.
    pub snapshots: SnapshotFormat,
    /// The formats it loads, each with all lower numbers.
    pub loads: Vec<SnapshotFormat>,
    /// What it loads beside them under `rdb-version-check relaxed`.
    pub loads_relaxed: Vec<SnapshotFormat>,
}

/// One node of the version tree.
pub(super) struct Node {
    pub(super) server: Server,
    pub(super) parent: Option<Server>,
    pub(super) habits: Habits,
}

/// A node as written: everything but the root may leave out what it inherits.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Written {
    parent: Option<String>,
    at: String,
    words: Option<WordRules>,
    resplit: Option<bool>,
    globs: Option<bool>,
    unknown_names: Option<UnknownNames>,
    dotted_names: Option<UnknownNames>,
    lax_lines: Option<bool>,
    option_like_values: Option<bool>,
    memory_numbers: Option<MemoryNumbers>,
    databases_in_cluster: Option<Databases>,
    primary_word: Option<String>,
    io_threads_clamp: Option<i64>,
    checks_files_at_once: Option<bool>,
    signed_memory: Option<bool>,
    hex_percentiles: Option<bool>,
    snapshots: Option<SnapshotFormat>,
    loads: Option<Vec<SnapshotFormat>>,
    loads_relaxed: Option<Vec<SnapshotFormat>>,
}

static NODES: LazyLock<Vec<Node>> = LazyLock::new(|| {
    let written: std::collections::BTreeMap<String, Written> =
        toml::from_str(include_str!("versions.toml")).expect("versions.toml is part of the program and tested");
    let mut nodes: Vec<Node> = Vec::with_capacity(written.len());
    let mut waiting: Vec<(String, Written)> = written.into_iter().collect();
    while !waiting.is_empty() {
        let before = waiting.len();
        waiting.retain(|(name, written)| match grow(name, written, &nodes) {
            Some(node) => {
                nodes.push(node);
                false
            }
            None => true,
        });
        assert!(waiting.len() < before, "versions.toml: a parent is missing or a circle is closed");
    }
    nodes.sort_by_key(|node| node.server);
    nodes
});

/// Makes a node out of its text, once its parent is there.
fn grow(name: &str, written: &Written, grown: &[Node]) -> Option<Node> {
    let parent = match &written.parent {
        Some(parent) => {
            let parent: Server = parent.parse().expect("parents in versions.toml are servers");
            Some(grown.iter().find(|node| node.server == parent)?)
        }
        None => None,
    };
    let base = parent.map(|node| &node.habits);
    /// The written field, else the parent's.
    macro_rules! field {
        ($name:ident) => {
            written
                .$name
                .clone()
                .or_else(|| base.map(|b| b.$name.clone()))
                .expect("the root of versions.toml states every habit")
        };
    }
    Some(Node {
        server: name.parse().expect("tables in versions.toml are servers"),
        parent: parent.map(|node| node.server),
        habits: Habits {
            at: written.at.clone(),
            words: field!(words),
            resplit: field!(resplit),
            globs: field!(globs),
            unknown_names: field!(unknown_names),
            dotted_names: field!(dotted_names),
            lax_lines: field!(lax_lines),
            option_like_values: field!(option_like_values),
            memory_numbers: field!(memory_numbers),
            databases_in_cluster: field!(databases_in_cluster),
            primary_word: field!(primary_word),
            io_threads_clamp: field!(io_threads_clamp),
            checks_files_at_once: field!(checks_files_at_once),
            signed_memory: field!(signed_memory),
            hex_percentiles: field!(hex_percentiles),
            snapshots: field!(snapshots),
            loads: field!(loads),
            loads_relaxed: field!(loads_relaxed),
        },
    })
}

/// All nodes, sorted by server.
pub(super) fn nodes() -> &'static [Node] {
    &NODES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn habits(name: &str) -> &'static Habits {
        name.parse::<Server>().unwrap().habits()
    }

    #[test]
    fn habits_are_inherited_along_the_tree() {
        assert_eq!(habits("redis-8.6").words, WordRules::Classic);
        assert_eq!(habits("valkey-9.1").words, WordRules::Valkey90);
        assert!(!habits("redis-6.2").resplit && habits("valkey-9.1").resplit);
        assert_eq!(habits("redis-8.2").unknown_names, UnknownNames::Queue);
        assert_eq!(habits("valkey-9.1").unknown_names, UnknownNames::Refuse);
        assert_eq!(habits("valkey-8.1").databases_in_cluster, Databases::One);
        assert_eq!(habits("valkey-9.0").databases_in_cluster, Databases::Kept);
    }
}
