//! Where profiles come from: the program itself, the project's `profiles/`, or a path; and what they extend.

use std::path::{Path, PathBuf};

use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::{FileError, Files, Name, SourceId, Sources, Span};
use crate::syntax::profile::{self, Layer, setting_from_flag};

/// A profile inside the program.
#[derive(Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its edition; an edition never changes once it is released.
    pub revision: u32,
    /// Its text.
    pub text: &'static str,
}

macro_rules! builtins {
    ($($name:literal @ $revision:literal),* $(,)?) => {
        /// Every built-in profile, sorted by name.
        static BUILTINS: &[Builtin] = &[$(Builtin {
            name: $name,
            revision: $revision,
            text: include_str!(concat!("../../../profiles/", $name, ".toml")),
        }),*];
    };
}

builtins! {
    "cache" @ 1,
    "cache-lfu" @ 1,
    "cache-warm" @ 1,
    "counters" @ 1,
    "dev" @ 1,
    "feature-store" @ 1,
    "kb-cache-8gb-rdb-relaxed" @ 1,
    "knowledge-base" @ 1,
    "layer-cluster-node" @ 1,
    "layer-kubernetes" @ 1,
    "layer-replica" @ 1,
    "layer-sentinel-managed" @ 1,
    "layer-tls" @ 1,
    "leaderboard" @ 1,
    "lock" @ 1,
    "primary-durable" @ 1,
    "primary-strict" @ 1,
    "pubsub-heavy" @ 1,
    "queue-bullmq" @ 1,
    "queue-celery" @ 1,
    "queue-sidekiq" @ 1,
    "rate-limiter" @ 1,
    "semantic-cache" @ 1,
    "session-store" @ 1,
    "streams" @ 1,
}

/// Every built-in profile, sorted by name.
#[must_use]
pub fn builtins() -> &'static [Builtin] {
    BUILTINS
}

impl Builtin {
    /// The pinned name: `builtin:cache@1`.
    #[must_use]
    pub fn pinned(&self) -> String {
        format!("builtin:{}@{}", self.name, self.revision)
    }
}

/// What is to be merged.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// A built-in name, `builtin:NAME@REVISION`, a name in the project's `profiles/`, or a path; empty where there is none.
    pub profile: String,
    /// Layers below the profile, lowest first (the project's `extends`).
    pub below: Vec<String>,
    /// Layers above the profile: the environment's overlays; paths.
    pub overlays: Vec<String>,
    /// A layer that stands in another file: an instance's own settings. Its places lie in `base`.
    pub inline: Vec<(String, Layer)>,
    /// Texts that are there already, for the places of `inline`.
    pub base: Sources,
    /// `-f` files.
    pub files: Vec<String>,
    /// `--set NAME=VALUE`.
    pub sets: Vec<(String, String)>,
    /// `--fact NAME=VALUE`.
    pub facts: Vec<(String, String)>,
    /// Folder that relative names start from: the project's, or the working directory.
    pub folder: PathBuf,
    /// Whether the names stand in a file, where a built-in needs its revision.
    pub pinned: bool,
}

/// Layers in order, lowest first, with their texts.
#[derive(Debug, Default)]
pub struct Stack {
    /// Their texts.
    pub sources: Sources,
    /// Their names and contents.
    pub layers: Vec<(String, Layer)>,
    /// What was wrong with the texts.
    pub findings: Vec<Finding>,
    /// A name for the result, where it is not the profile's.
    pub root: Option<String>,
}

impl Stack {
    /// What the layers say of the place, later ones over earlier ones.
    #[must_use]
    pub fn facts(&self) -> Facts {
        super::learn(&self.layers)
    }

    /// The version that the highest layer with an opinion names.
    #[must_use]
    pub fn default_server(&self) -> Option<Server> {
        self.layers.iter().rev().find_map(|(_, layer)| layer.default_server.as_ref().map(|server| server.value))
    }
}

/// Why a stack could not be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No such profile.
    #[error("there is no profile `{name}`{}; `redisconf profiles` lists them, a path names a file", near.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default())]
    Unknown {
        /// What was asked for.
        name: String,
        /// A name like it.
        near: Option<String>,
    },
    /// A built-in profile has other revisions than the one asked for.
    #[error("`{name}` has no revision {asked}; this program holds {}", held.join(", "))]
    Revision {
        /// The profile.
        name: String,
        /// The revision asked for.
        asked: String,
        /// Pinned names that exist.
        held: Vec<String>,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// `--set` or `--fact` without `=`.
    #[error("`{flag} {text}` is no assignment: write `{flag} NAME=VALUE`")]
    Assignment {
        /// The flag.
        flag: &'static str,
        /// What was given.
        text: String,
    },
}

/// Loads a profile and everything under and over it.
///
/// # Errors
/// [`LoadError`] if a name leads nowhere. Mistakes inside the texts are findings of the stack.
pub fn load(request: &Request, files: &dyn Files) -> Result<Stack, LoadError> {
    let stack = Stack { sources: request.base.clone(), ..Stack::default() };
    let mut loader = Loader { files, folder: &request.folder, stack, open: Vec::new() };
    for name in &request.below {
        loader.add(name, &request.folder, None, request.pinned)?;
    }
    if !request.profile.is_empty() {
        loader.add(&request.profile, &request.folder, None, request.pinned)?;
    }
    for path in &request.overlays {
        loader.add(path, &request.folder, None, request.pinned)?;
    }
    for (name, layer) in &request.inline {
        loader.stack.layers.push((name.clone(), layer.clone()));
    }
    // Flags are typed where the user stands, not in the project's folder.
    for path in &request.files {
        loader.add(path, Path::new(""), None, false)?;
    }
    loader.flags(request);
    Ok(loader.stack)
}

/// The file that a profile's name means in a folder, if it is there; `None` for a name that means a built-in.
pub(in crate::config) fn file_of(name: &str, folder: &Path) -> Option<PathBuf> {
    if name.starts_with("builtin:") {
        return None;
    }
    Some(if is_path(name) { folder.join(name) } else { local(name, folder) })
}

fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn local(name: &str, folder: &Path) -> PathBuf {
    folder.join("profiles").join(format!("{name}.toml"))
}

struct Loader<'a> {
    files: &'a dyn Files,
    folder: &'a Path,
    stack: Stack,
    /// Names on the way down, to find circles.
    open: Vec<String>,
}

impl Loader<'_> {
    /// Adds a layer after the layers it extends. A layer that is there already keeps its first place.
    fn add(&mut self, name: &str, folder: &Path, asked_at: Option<Span>, pinned: bool) -> Result<(), LoadError> {
        let (source, key, inner) = self.find(name, folder, asked_at, pinned)?;
        if self.open.contains(&key) {
            let at = asked_at.unwrap_or(Span { source: SourceId::ROOT, start: 0, end: 0 });
            let chain = format!("{} → {key}", self.open.join(" → "));
            self.stack.findings.push(
                Finding::new("circular-extends", Severity::Error, at, format!("layers extend each other: {chain}"))
                    .help("take one of them out of `extends`"),
            );
            return Ok(());
        }
        if self.stack.layers.iter().any(|(known, _)| *known == key) {
            return Ok(());
        }
        let id = self.stack.sources.add(source.0, source.1);
        let (layer, findings) = profile::read(&self.stack.sources, id);
        self.stack.findings.extend(findings);
        self.open.push(key.clone());
        for below in &layer.extends {
            self.add(&below.value, &inner, Some(below.at), true)?;
        }
        self.open.pop();
        self.stack.layers.push((key, layer));
        Ok(())
    }

    /// The text behind a name, its one spelling, and the folder that its own `extends` start from.
    #[expect(clippy::type_complexity, reason = "three plain parts, used once")]
    fn find(
        &mut self,
        name: &str,
        folder: &Path,
        asked_at: Option<Span>,
        pinned: bool,
    ) -> Result<((Name, Vec<u8>), String, PathBuf), LoadError> {
        if let Some(rest) = name.strip_prefix("builtin:") {
            let builtin = pinned_builtin(rest)?;
            return Ok(self.builtin(builtin));
        }
        if is_path(name) {
            return self.file(&folder.join(name));
        }
        if let Ok(found) = self.file(&local(name, self.folder)) {
            return Ok(found);
        }
        let Some(builtin) = BUILTINS.iter().find(|b| b.name == name) else {
            let known = BUILTINS.iter().map(|b| b.name);
            let near = known
                .map(|k| (strsim::damerau_levenshtein(k, name), k))
                .min()
                .filter(|(distance, k)| *distance <= k.len() / 3)
                .map(|(_, k)| k.to_owned());
            return Err(LoadError::Unknown { name: name.to_owned(), near });
        };
        if pinned {
            let at = asked_at.unwrap_or(Span { source: SourceId::ROOT, start: 0, end: 0 });
            self.stack.findings.push(
                Finding::new(
                    "unpinned-builtin",
                    Severity::Error,
                    at,
                    format!("the built-in profile `{name}` is not pinned"),
                )
                .help(format!("write `{}`, so that a newer redisconf renders the same", builtin.pinned())),
            );
        }
        Ok(self.builtin(builtin))
    }

    fn builtin(&self, builtin: &Builtin) -> ((Name, Vec<u8>), String, PathBuf) {
        let name = format!("{}@{}", builtin.name, builtin.revision);
        ((Name::Builtin(name), builtin.text.into()), builtin.pinned(), self.folder.to_owned())
    }

    #[expect(clippy::type_complexity, reason = "three plain parts, used once")]
    fn file(&self, path: &Path) -> Result<((Name, Vec<u8>), String, PathBuf), LoadError> {
        let text = self.files.read(path)?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(((Name::File(path.to_owned()), text), path.display().to_string(), folder))
    }

    /// `--fact` and `--set` as the highest layers.
    fn flags(&mut self, request: &Request) {
        for (name, value) in &request.facts {
            let text = format!("{name}={value}");
            let (mut layer, at) = self.flag_layer("--fact", &text);
            let definition = crate::facts::definition(name);
            let said = definition.map(|d| (d, d.read(crate::facts::Written::Text(value))));
            let wrong =
                |message: String, help: String| Finding::new("invalid-fact", Severity::Error, at, message).help(help);
            match said {
                Some((definition, Ok(said))) => layer.facts.push((definition, said, at)),
                Some((_, Err(expected))) => {
                    self.stack.findings.push(wrong(format!("no value for the fact `{name}`"), expected));
                }
                None => {
                    let names: Vec<&str> = crate::facts::ALL.iter().map(|d| d.name).collect();
                    self.stack
                        .findings
                        .push(wrong(format!("unknown fact `{name}`"), format!("the facts are: {}", names.join(", "))));
                }
            }
            self.stack.layers.push((format!("--fact {text}"), layer));
        }
        for (name, value) in &request.sets {
            let (mut layer, at) = self.flag_layer("--set", &format!("{name}={value}"));
            layer.settings.push(setting_from_flag(name, value, at));
            self.stack.layers.push((format!("--set {name}"), layer));
        }
    }

    fn flag_layer(&mut self, flag: &str, text: &str) -> (Layer, Span) {
        let source = self.stack.sources.add(Name::Flag(flag.to_owned()), text.as_bytes());
        let end = u32::try_from(text.len()).expect("arguments are short");
        let at = Span { source, start: 0, end };
        (Layer::new(source, at), at)
    }
}

/// The built-in of `NAME@REVISION`, or of `NAME` alone: its newest.
fn pinned_builtin(text: &str) -> Result<&'static Builtin, LoadError> {
    let (name, revision) = text.split_once('@').map_or((text, None), |(n, r)| (n, Some(r)));
    let held: Vec<&Builtin> = BUILTINS.iter().filter(|b| b.name == name).collect();
    let Some(newest) = held.iter().max_by_key(|b| b.revision) else {
        return Err(LoadError::Unknown { name: name.to_owned(), near: None });
    };
    match revision {
        None => Ok(newest),
        Some(asked) => {
            held.iter().find(|b| b.revision.to_string() == asked).copied().ok_or_else(|| LoadError::Revision {
                name: name.to_owned(),
                asked: asked.to_owned(),
                held: held.iter().map(|b| b.pinned()).collect(),
            })
        }
    }
}

/// Splits `NAME=VALUE`.
///
/// # Errors
/// [`LoadError::Assignment`] without `=` or with an empty name.
pub fn assignment(flag: &'static str, text: &str) -> Result<(String, String), LoadError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        // What stands where a value should may be a secret, so only the first word is repeated.
        _ => Err(LoadError::Assignment { flag, text: text.split_whitespace().next().unwrap_or_default().to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builtins_are_sorted_and_named_as_their_files() {
        assert!(BUILTINS.is_sorted_by_key(|b| (b.name, b.revision)));
        for builtin in BUILTINS {
            let mut sources = Sources::new();
            let id = sources.add(Name::Builtin(builtin.name.into()), builtin.text.as_bytes());
            let (layer, findings) = profile::read(&sources, id);
            assert_eq!(findings, [], "{}", builtin.name);
            assert_eq!(layer.name.unwrap().value, builtin.name);
            assert_eq!(layer.revision.unwrap().value, i64::from(builtin.revision));
        }
    }
}
