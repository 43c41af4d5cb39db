//! Importing: a configuration that somebody wrote by hand becomes the smallest profile that means the same.
//!
//! The flow: what was read ([`Original`]) is held against what the version has by itself and what the layers below say;
//! `decide` lists the rest, `write` makes it TOML, and `proof` merges that very text with its layers, resolves it, renders
//! it, reads the rendering back and compares directive by directive. What cannot be proven equal is not given away.
//! Secrets get logical names; their values are in no text that is made here. Nothing here reads or writes a file but
//! through [`Files`], and nothing is judged: whether the configuration is a good one is the business of `lint`.

mod adopt;
mod carry;
mod decide;
mod dump;
mod factor;
mod grow;
mod proof;
mod users;
mod value;
mod why;
mod write;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

pub use adopt::{Added, Adopted, Growing, adopt};
pub use dump::is_dump;
pub use factor::{Factored, Input, Instance, LayerMade, Oddity, Outlier, SharedSecret, factor, usual_share};
pub use proof::Unequal;

use crate::catalog::{Lookup, View};
use crate::config::layers::{LoadError, Request as Layers, load, merge};
use crate::config::{Config, Secret, Setup, resolve};
use crate::facts::Facts;
use crate::finding::Severity;
use crate::server::Server;
use crate::snapshot::{DumpError, Snapshot};
use crate::source::{FileError, Files, Name, Span};
use crate::syntax::{Mode, Reading, StatementId};

/// Rounds until no formula of a layer moves any more; each pins at least one directive, and two are usual.
const MAX_ROUNDS: usize = 8;

/// What is imported: statements, and what their version makes of them.
#[derive(Debug)]
pub struct Original {
    /// The statements.
    pub reading: Reading,
    /// The same, resolved.
    pub config: Config,
    /// What is known of its place; the profile says it too.
    pub facts: Facts,
    dump: Option<dump::Dump>,
    /// Secrets for which a placeholder stands.
    open: Vec<StatementId>,
}

impl Original {
    /// A configuration file that was read for its version.
    #[must_use]
    pub fn of_conf(reading: Reading) -> Self {
        Self::of_reading(reading, Facts::default())
    }

    /// A configuration that was read for its version, wherever it stood, with what is known of its place.
    #[must_use]
    pub fn of_reading(mut reading: Reading, facts: Facts) -> Self {
        let open = open_secrets(&reading);
        for id in &open {
            reading.close(*id);
        }
        let config = resolve(&reading, Mode::Server);
        Self { reading, config, facts, dump: None, open }
    }

    /// What a server showed to `CONFIG GET '*'`.
    ///
    /// # Errors
    /// [`DumpError`] with the line where the text stops being names and values.
    pub fn of_dump(name: Name, text: &[u8], server: Server) -> Result<Self, DumpError> {
        let (reading, dump) = dump::read(name, text, server)?;
        let config = resolve(&reading, Mode::Server);
        Ok(Self { reading, config, facts: Facts::default(), dump: Some(dump), open: Vec::new() })
    }

    /// What a live server showed; `name` is its address.
    #[must_use]
    pub fn of_snapshot(name: Name, snapshot: &Snapshot) -> Self {
        let (reading, dump) = dump::of_snapshot(name, snapshot);
        let config = resolve(&reading, Mode::Server);
        Self { reading, config, facts: Facts::default(), dump: Some(dump), open: Vec::new() }
    }

    /// Whether it is a dump, which shows every directive and no users, renamed commands or modules.
    #[must_use]
    pub fn is_dump(&self) -> bool {
        self.dump.is_some()
    }
}

/// The statements of a secret whose value a template fills in. The secret gets a name all the same, and its placeholder,
/// which is equal to itself alone, stands for it in the proof.
fn open_secrets(reading: &Reading) -> Vec<StatementId> {
    let view = View::of(reading.server);
    let is_open = |id: StatementId| matches!(reading.words(id), [word] if word.open);
    let is_secret = |id| matches!(view.look(reading.name(id)), Lookup::Here(directive) if directive.is.secret);
    reading.iter().map(|(id, _)| id).filter(|id| is_open(*id) && is_secret(*id)).collect()
}

/// What is asked for.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Name of the profile.
    pub name: &'a str,
    /// One line about where it comes from, for the first comment.
    pub from: &'a str,
    /// Layers below, lowest first, as the profile has to name them.
    pub extends: &'a [String],
    /// Where the profile will stand; its layers are looked up from there.
    pub path: &'a Path,
    /// Where the layers lie.
    pub files: &'a dyn Files,
}

/// How the value behind a secret is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// The original holds it in clear.
    Clear,
    /// The original holds its hash alone.
    Hash,
    /// A layer named the secret; the original's value is what it has to be.
    Layer,
    /// The original has a placeholder for it.
    Open,
}

/// A secret that has a logical name now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretUse {
    /// The logical name.
    pub name: String,
    /// What it is for: a directive, or a user.
    pub of: String,
    /// Where the original holds it.
    pub at: Span,
    /// How it is known.
    pub known: Known,
    value: Option<Secret>,
    /// Its hash, where the original holds no more.
    hash: Option<Secret>,
}

/// A statement that a profile has no place for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Its name as it may be shown.
    pub name: String,
    /// Where it stands.
    pub at: Span,
    /// Why, in a few words.
    pub reason: String,
}

/// What became of the directives of the original. All but `set_back` add up to `stated`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Directives that the original states; each user, renamed command and module counts.
    pub stated: usize,
    /// Those of them that the profile sets.
    pub kept: usize,
    /// Left out, being what the version does anyway.
    pub defaults: usize,
    /// Left out, being what a layer says.
    pub from_layers: usize,
    /// Left out, because the version ignores them.
    pub ignored: usize,
    /// What a profile cannot hold.
    pub leftovers: usize,
    /// Not stated, but set or unset against a layer.
    pub set_back: usize,
    /// Values that were compared and are equal.
    pub proven: usize,
    /// Reasons that were taken from comments.
    pub reasons: usize,
    /// Comments that were not taken, because they could tell a secret.
    pub withheld: usize,
}

/// A profile, proven equal.
#[derive(Clone, Debug)]
pub struct Imported {
    /// Its text.
    pub text: String,
    /// What became of the directives.
    pub counts: Counts,
    /// Its secrets, sorted by name.
    pub secrets: Vec<SecretUse>,
    /// What it does not hold, in the original's order.
    pub leftovers: Vec<Leftover>,
    /// The profile with its layers, merged.
    pub setup: Setup,
}

impl Imported {
    /// The values of the secrets, as far as the original holds them.
    #[must_use]
    pub fn values(&self) -> BTreeMap<String, Secret> {
        values(&self.secrets)
    }
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// A layer leads nowhere.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The profile and its layers have errors together, such as a final directive that is touched.
    #[error("the layers do not take the profile")]
    Layers(Box<Setup>),
    /// It would not mean the same.
    #[error("no profile can be proven equal")]
    Unequal(Vec<Unequal>),
}

/// Makes the profile and proves it.
///
/// The original must be one that its server starts with; see [`Config::verdict`].
///
/// # Errors
/// [`Refused`] if layers are missing or wrong, or the result cannot be proven equal.
pub fn import(original: &Original, request: &Request<'_>) -> Result<Imported, Refused> {
    let server = original.reading.server;
    let head = write::text(&decide::Decided::default(), original, request);
    let base = sound(merged(head, server, request)?)?;
    let mut pinned = BTreeSet::new();
    for _ in 0..MAX_ROUNDS {
        let decided = decide::decide(original, &base, &pinned);
        let text = write::text(&decided, original, request);
        let setup = sound(merged(text.clone(), server, request)?)?;
        let known = values(&decided.secrets);
        let moved = proof::values(original, &setup.config, &known, &decided.excluded);
        let new: Vec<_> = moved.different.iter().map(|directive| directive.id).collect();
        if !new.is_empty() && !new.iter().all(|id| pinned.contains(id)) {
            pinned.extend(new);
            continue;
        }
        let unequal = proof::all(original, &setup, &decided, &known, &moved);
        if !unequal.is_empty() {
            return Err(Refused::Unequal(unequal));
        }
        let counts = Counts { proven: moved.equal, ..decided.counts };
        return Ok(Imported { text, counts, secrets: decided.secrets, leftovers: decided.leftovers, setup });
    }
    Err(Refused::Unequal(Vec::new()))
}

/// The values of secrets by name.
fn values(secrets: &[SecretUse]) -> BTreeMap<String, Secret> {
    secrets.iter().filter_map(|secret| Some((secret.name.clone(), secret.value.clone()?))).collect()
}

/// Merges a profile's text, as it would be if it stood at its path.
fn merged(text: String, server: Server, request: &Request<'_>) -> Result<Setup, LoadError> {
    let files = With { path: request.path, text: text.into_bytes(), files: request.files };
    // The path must read as one, or it would be looked for among the project's profiles.
    let layers = Layers { profile: request.path.display().to_string(), folder: PathBuf::new(), ..Layers::default() };
    Ok(merge(load(&layers, &files)?, server))
}

fn sound(setup: Setup) -> Result<Setup, Refused> {
    let wrong = setup.findings.iter().any(|finding| finding.severity >= Severity::Error);
    if wrong { Err(Refused::Layers(Box::new(setup))) } else { Ok(setup) }
}

/// The path without steps into a folder and out again.
fn straight(path: &Path) -> PathBuf {
    let mut straight = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir && matches!(straight.components().next_back(), Some(Component::Normal(_))) {
            straight.pop();
        } else {
            straight.push(part);
        }
    }
    straight
}

/// Files, one of which is not written yet.
struct With<'a> {
    path: &'a Path,
    text: Vec<u8>,
    files: &'a dyn Files,
}

impl Files for With<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, FileError> {
        if path == self.path {
            return Ok(self.text.clone());
        }
        // The folder of the profile may not be there yet, and then the way through it leads nowhere.
        self.files.read(path).or_else(|error| self.files.read(&straight(path)).map_err(|_| error))
    }

    fn names(&self, directory: &Path) -> Vec<String> {
        self.files.names(directory)
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.files.is_directory(path)
    }
}
