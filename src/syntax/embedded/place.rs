//! What surrounds a server: mounts, published ports, texts that its host text holds.
//!
//! Some of it becomes a fact only when the configuration is read: whether the port that is published is the server's,
//! whether the volume lies under the data directory.

use std::path::{Component, Path, PathBuf};

use super::yaml::Yaml;
use super::{known, scalar};
use crate::facts::Facts;
use crate::source::Span;
use crate::syntax::assembled::Assembled;
use crate::syntax::reading::{Host, Item, Reading};

/// The text of a configuration file inside another text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) assembled: Assembled<'static>,
    /// Where it stands.
    pub(super) at: Span,
    pub(super) host: Host,
}

impl Text {
    /// A scalar that holds a configuration.
    pub(super) fn of(scalar: Yaml<'_>) -> Self {
        // What others refer to as well cannot be changed for one of them.
        let indent = scalar::indentation(scalar).filter(|_| !scalar.is_shared() && !scalar.is_marked());
        let host = indent.map_or(Host::Fixed, |indent| Host::Block { indent });
        Self { assembled: scalar::assembled(scalar), at: scalar.at(), host }
    }

    /// Directives that something else sets, to values that are not known here.
    pub(super) fn decided(directives: &[&str], at: Span) -> Self {
        let mut assembled = Assembled::default();
        for directive in directives {
            assembled.push_for(at, format!("{directive} ").as_bytes());
            let start = assembled.text().len();
            assembled.push_for(at, b"x\n");
            assembled.mark_open(start..start + 1);
        }
        Self { assembled, at, host: Host::Fixed }
    }

    /// Statements that something else writes, all of them for one place.
    pub(super) fn made(lines: &str, at: Span) -> Self {
        let mut assembled = Assembled::default();
        assembled.push_for(at, lines.as_bytes());
        Self { assembled, at, host: Host::Fixed }
    }
}

/// What lies under a mounted path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mounted {
    /// A file or folder of the host, by its path from the folder of the host text.
    Host(PathBuf),
    /// The same, but copied into the image, or lying where the server runs.
    Image(PathBuf),
    /// What outlives the container.
    Persistent,
    /// What does not.
    Ephemeral,
    /// Keys of a ConfigMap: its name, and either the one key or each path inside with its key (none: paths are keys).
    ConfigMap(String, Option<String>, Vec<(String, String)>),
    /// Files that the platform writes and the server cannot.
    Configuration,
    /// Nobody knows.
    Unknown,
}

/// A mount.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    /// The path inside.
    pub(super) target: String,
    pub(super) from: Mounted,
    pub(super) is_read_only: bool,
    pub(super) at: Span,
}

/// A port that others reach.
#[derive(Clone, Debug)]
pub(super) struct Published {
    /// The port inside; `None` for every one.
    pub(super) port: Option<u16>,
    /// A word of the fact `exposure`; `None` if nobody knows.
    pub(super) exposure: Option<&'static str>,
    pub(super) at: Span,
}

/// What surrounds a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub(super) mounts: Vec<Mount>,
    /// Whether the mounts are all there are.
    pub(super) knows_mounts: bool,
    pub(super) published: Vec<Published>,
    /// Who reaches a port that is not published.
    pub(super) otherwise: Option<(&'static str, Span)>,
    /// Where the image keeps the data, if the configuration says nothing.
    pub(super) data_directory: Option<String>,
    pub(super) working_directory: Option<String>,
    /// Configuration files inside the host text, by their paths in the container.
    pub(super) inline: Vec<(String, Text)>,
    /// The server that it copies, where the environment says so.
    pub(super) primary: Option<(String, Span)>,
    /// Where to point for a container as a whole.
    pub(super) at: Option<Span>,
}

impl Place {
    /// The mount that holds a path.
    fn mount(&self, path: &str) -> Option<&Mount> {
        let holds = |mount: &&Mount| Path::new(path).starts_with(&mount.target);
        self.mounts.iter().filter(holds).max_by_key(|mount| mount.target.len())
    }

    /// The folders and files of the host, by their paths inside.
    pub(super) fn host_paths(&self, folder: &Path) -> Vec<(PathBuf, PathBuf)> {
        let host = |mount: &Mount| match &mount.from {
            Mounted::Host(path) | Mounted::Image(path) => Some((PathBuf::from(&mount.target), below(folder, path)?)),
            Mounted::Persistent
            | Mounted::Ephemeral
            | Mounted::ConfigMap(..)
            | Mounted::Configuration
            | Mounted::Unknown => None,
        };
        self.mounts.iter().filter_map(host).collect()
    }

    /// Where a path of the container's lies here.
    pub(super) fn here(&self, path: &str, folder: &Path) -> Option<PathBuf> {
        let mount = self.mount(path)?;
        let (Mounted::Host(from) | Mounted::Image(from)) = &mount.from else { return None };
        let rest = Path::new(path).strip_prefix(&mount.target).ok()?;
        let whole = below(folder, from)?;
        Some(if rest.as_os_str().is_empty() { whole } else { whole.join(rest) })
    }

    /// The ConfigMap and its key that a path of the container's shows.
    pub(super) fn config_map(&self, path: &str) -> Option<(String, String)> {
        let mount = self.mount(path)?;
        let Mounted::ConfigMap(name, one, items) = &mount.from else { return None };
        let rest = Path::new(path).strip_prefix(&mount.target).ok()?.to_str()?;
        let key = match one {
            Some(key) if rest.is_empty() => key.clone(),
            Some(_) => return None,
            None if items.is_empty() => rest.to_owned(),
            None => items.iter().find(|(inside, _)| inside == rest)?.1.clone(),
        };
        Some((name.clone(), key))
    }

    /// A path inside, made absolute.
    pub(super) fn absolute(&self, path: &str) -> String {
        let base = self.working_directory.as_deref().unwrap_or("/");
        normal(&Path::new(base).join(path)).to_string_lossy().into_owned()
    }

    /// Adds the facts that depend on what was read; `file` is the configuration file that the command names.
    pub(super) fn conclude(&self, facts: &mut Facts, reading: &Reading, file: Option<&str>, default_port: u16) {
        self.volume(facts, reading);
        self.exposure(facts, reading, default_port);
        if let Some(file) = file {
            self.writable(facts, &self.absolute(file));
        }
    }

    fn volume(&self, facts: &mut Facts, reading: &Reading) {
        let said = match last(reading, "dir") {
            Last::Said(words) => words.first().map(|dir| String::from_utf8_lossy(dir).into_owned()),
            Last::Open => None,
            Last::Nothing if is_partial(reading) => None,
            Last::Nothing => self.data_directory.clone(),
        };
        let Some(directory) = said.map(|directory| self.absolute(&directory)) else { return };
        match self.mount(&directory) {
            Some(mount) => {
                let word = match mount.from {
                    Mounted::Host(_) | Mounted::Persistent => "persistent",
                    Mounted::Ephemeral => "ephemeral",
                    Mounted::Image(_) | Mounted::ConfigMap(..) | Mounted::Configuration | Mounted::Unknown => return,
                };
                known::word(facts, "volume", word, mount.at);
            }
            None if self.knows_mounts => {
                if let Some(at) = self.at {
                    known::word(facts, "volume", "none", at);
                }
            }
            None => {}
        }
    }

    fn exposure(&self, facts: &mut Facts, reading: &Reading, default_port: u16) {
        let port = match last(reading, "port") {
            Last::Said(words) => number(words.first().copied()),
            Last::Open => None,
            Last::Nothing => Some(default_port),
        };
        let Some(port) = port else { return };
        let tls = match last(reading, "tls-port") {
            Last::Said(words) => number(words.first().copied()),
            Last::Open | Last::Nothing => None,
        };
        let serves = |published: &&Published| published.port.is_none_or(|one| one == port || Some(one) == tls);
        let own: Vec<&Published> = self.published.iter().filter(serves).collect();
        if own.iter().any(|published| published.exposure.is_none()) {
            return;
        }
        let widest = ["public", "private", "loopback"]
            .into_iter()
            .find_map(|word| Some((word, own.iter().find(|published| published.exposure == Some(word))?.at)));
        // Where the port may be set by what is not seen, another one that is published may be it.
        let unsure = is_partial(reading) && !self.published.is_empty();
        let otherwise = if unsure { None } else { self.otherwise };
        if let Some((word, at)) = widest.or(otherwise) {
            let binds_loopback =
                matches!(last(reading, "bind"), Last::Said(words) if words.iter().all(|word| is_loopback(word)));
            let on_host = facts.word("network") == Some("host");
            let word = if on_host && binds_loopback { "loopback" } else { word };
            known::word(facts, "exposure", word, at);
        }
    }

    fn writable(&self, facts: &mut Facts, file: &str) {
        let Some(mount) = self.mount(file) else { return };
        let writable = match mount.from {
            Mounted::Image(_) => return,
            // A single file that is mounted cannot be replaced by another, which is how servers rewrite theirs.
            _ if mount.target == file || mount.is_read_only => false,
            Mounted::ConfigMap(..) | Mounted::Configuration => false,
            Mounted::Host(_) | Mounted::Persistent | Mounted::Ephemeral => true,
            Mounted::Unknown => return,
        };
        known::word(facts, "config-writable", if writable { "yes" } else { "no" }, mount.at);
    }
}

/// What the last statement of a name says.
enum Last<'r> {
    Nothing,
    /// Something fills it in.
    Open,
    Said(Vec<&'r [u8]>),
}

fn last<'r>(reading: &'r Reading, name: &str) -> Last<'r> {
    let ids = reading.iter().map(|(id, _)| id);
    match ids.filter(|id| reading.name(*id).eq_ignore_ascii_case(name.as_bytes())).last() {
        None => Last::Nothing,
        Some(id) if reading.words(id).iter().any(|word| word.open) => Last::Open,
        Some(id) => Last::Said(reading.arguments(id)),
    }
}

/// Whether more reaches the server than was read.
fn is_partial(reading: &Reading) -> bool {
    reading.templated || reading.order().iter().any(|item| matches!(item, Item::Problem(_)))
}

fn number(word: Option<&[u8]>) -> Option<u16> {
    std::str::from_utf8(word?).ok()?.parse().ok()
}

fn is_loopback(address: &[u8]) -> bool {
    matches!(address.strip_prefix(b"-").unwrap_or(address), b"127.0.0.1" | b"::1" | b"localhost")
}

/// A path from the folder of a text. What a text names from the root lies where it is used, so that it is looked for
/// only if the text was named from the root as well.
fn below(folder: &Path, path: &Path) -> Option<PathBuf> {
    (path.is_relative() || folder.has_root()).then(|| normal(&folder.join(path)))
}

/// A path without `.` and `..`, as far as it can be told without a file system.
pub(super) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(normal.components().next_back(), Some(Component::Normal(_))) => {
                normal.pop();
            }
            Component::ParentDir if normal.has_root() => {}
            Component::Prefix(_) | Component::RootDir | Component::ParentDir | Component::Normal(_) => {
                normal.push(part);
            }
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lose_their_dots() {
        for (path, said) in [("a/./b/../c", "a/c"), ("../x/../y", "../y"), ("/../a", "/a"), ("./a", "a"), ("..", "..")]
        {
            assert_eq!(normal(Path::new(path)), Path::new(said), "{path}");
        }
    }
}
