//! Names of servers, and the tree they grow on.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use super::habits::{self, Habits};

/// Who makes the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Engine {
    /// Redis, by Redis Ltd. and its community.
    Redis,
    /// Valkey, grown out of Redis 7.2.
    Valkey,
}

impl Engine {
    /// The lower-case word users write: `redis` or `valkey`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Valkey => "valkey",
        }
    }

    /// The name of the program: `redis-server` or `valkey-server`.
    #[must_use]
    pub fn program(self) -> &'static str {
        match self {
            Self::Redis => "redis-server",
            Self::Valkey => "valkey-server",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A line of releases that behave alike, such as 7.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The number before the dot.
    pub major: u16,
    /// The number after the dot.
    pub minor: u16,
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A server version as somebody named it: `redis-7.4`, or `redis-7.4.5` with the patch release kept.
///
/// The series may be one that no catalogue knows; [`Server::resolve`] tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Server {
    /// Redis or Valkey.
    pub engine: Engine,
    /// Major and minor number.
    pub series: Series,
    /// Third number, where it was given.
    pub patch: Option<u16>,
}

/// What a [`Server`] stands for in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// The catalogued server that judgements rest on; never has a patch.
    pub known: Server,
    /// Whether the asked series *is* that one. If not, say "as `known` would".
    pub exact: bool,
}

/// Why a text is not the name of a server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a server version: write `redis-7.4`, `valkey-8.1` or `redis-7.4.5`")]
pub struct ParseServerError {
    text: String,
}

impl Server {
    /// A server without a patch release.
    #[must_use]
    pub const fn new(engine: Engine, major: u16, minor: u16) -> Self {
        Self { engine, series: Series { major, minor }, patch: None }
    }

    /// The same without the patch release.
    #[must_use]
    pub fn base(self) -> Self {
        Self { patch: None, ..self }
    }

    /// The name as written on command lines and in profiles: `redis-7.4` or `redis-7.4.5`.
    #[must_use]
    pub fn name(self) -> String {
        match self.patch {
            Some(patch) => format!("{}-{}.{patch}", self.engine, self.series),
            None => format!("{}-{}", self.engine, self.series),
        }
    }

    /// Finds the catalogued server: the series itself, else the newest known one of the engine that is older, else its oldest.
    ///
    /// Older Valkey than 7.2 does not exist and resolves to 7.2.
    #[must_use]
    pub fn resolve(self) -> Resolved {
        let known = all()[self.place()];
        Resolved { known, exact: known.series == self.series }
    }

    /// Position of the catalogued server among [`all`], for tables of one row a server.
    #[must_use]
    pub fn place(self) -> usize {
        let exact = PLACES.get(slot(self)).copied().flatten().map(usize::from);
        exact.unwrap_or_else(|| self.nearest())
    }

    fn nearest(self) -> usize {
        match all().binary_search(&self.base()) {
            Ok(exact) => exact,
            // Before it stands the newest of all that are older; before an engine's oldest stands the other engine, or nothing.
            Err(next) => match next.checked_sub(1) {
                Some(older) if all()[older].engine == self.engine => older,
                Some(_) | None => next,
            },
        }
    }

    /// The catalogued server that this one, or the nearest known one, grew out of; `None` for the root of the version tree.
    #[must_use]
    pub fn parent(self) -> Option<Server> {
        habits::nodes()[self.place()].parent
    }

    /// How this server, or the nearest known one, reads a configuration.
    #[must_use]
    pub fn habits(self) -> &'static Habits {
        &habits::nodes()[self.place()].habits
    }

    /// Whether this is `engine` at `major.minor` or newer. The other engine never is.
    #[must_use]
    pub fn at_least(self, engine: Engine, major: u16, minor: u16) -> bool {
        self.engine == engine && self.series >= Series { major, minor }
    }
}

/// For people: `redis 7.4`.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.engine, self.series)?;
        match self.patch {
            Some(patch) => write!(f, ".{patch}"),
            None => Ok(()),
        }
    }
}

impl FromStr for Server {
    type Err = ParseServerError;

    /// Reads `redis-7.4`, `redis 7.4`, `redis:7.4` and each with a patch release; case does not matter.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).ok_or_else(|| ParseServerError { text: text.to_owned() })
    }
}

fn parse(text: &str) -> Option<Server> {
    let lower = text.trim().to_ascii_lowercase();
    let (engine, rest) =
        [Engine::Redis, Engine::Valkey].into_iter().find_map(|e| lower.strip_prefix(e.word()).map(|rest| (e, rest)))?;
    let version = rest.strip_prefix(['-', ' ', ':'])?;
    let mut numbers = version.split('.').map(|n| {
        let plain = !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| n.parse::<u16>().ok()).flatten()
    });
    let (major, minor) = (numbers.next()??, numbers.next()??);
    let patch = match numbers.next() {
        Some(patch) => Some(patch?),
        None => None,
    };
    if numbers.next().is_some() {
        return None;
    }
    Some(Server { engine, series: Series { major, minor }, patch })
}

static ALL: LazyLock<Vec<Server>> = LazyLock::new(|| habits::nodes().iter().map(|node| node.server).collect());

/// The places of the catalogued servers, by [`slot`]: every value of every line is read for some server.
static PLACES: LazyLock<Vec<Option<u8>>> = LazyLock::new(|| {
    let mut places = vec![None; 2 * SERIES * SERIES];
    for (place, server) in all().iter().enumerate() {
        places[slot(*server)] = Some(u8::try_from(place).expect("there are a dozen servers"));
    }
    places
});

/// More than any catalogued major or minor number.
const SERIES: usize = 16;

/// Where a server stands in [`PLACES`]; behind its end if the series is out of all bounds.
fn slot(server: Server) -> usize {
    let (major, minor) = (usize::from(server.series.major), usize::from(server.series.minor));
    if major >= SERIES || minor >= SERIES {
        return usize::MAX;
    }
    (server.engine as usize * SERIES + major) * SERIES + minor
}

/// Every catalogued server, Redis first, older before newer.
#[must_use]
pub fn all() -> &'static [Server] {
    &ALL
}

/// The path from the root of the version tree to a catalogued server, both ends included.
///
/// Valkey's path leads through Redis 6.2, 7.0 and 7.2, out of which it grew.
#[must_use]
pub fn lineage(server: Server) -> Vec<Server> {
    let mut path = vec![server.resolve().known];
    while let Some(parent) = path[path.len() - 1].parent() {
        path.push(parent);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_read_in_the_spellings_people_use() {
        assert_eq!(server("redis-7.4"), Server::new(Engine::Redis, 7, 4));
        assert_eq!(server("Valkey 8.1"), Server::new(Engine::Valkey, 8, 1));
        assert_eq!(server("redis:7.4.5").patch, Some(5));
        assert_eq!(server("redis:7.4.5").name(), "redis-7.4.5");
        for bad in ["redis", "redis-7", "redis-7.x", "redis-7.4.5.6", "keydb-6.3", "redis7.4", "redis-+7.4", ""] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_unknown_series_resolves_to_the_nearest_older_one() {
        assert_eq!(server("redis-8.4").resolve(), Resolved { known: server("redis-8.2"), exact: false });
        assert_eq!(server("redis-5.0").resolve(), Resolved { known: server("redis-6.2"), exact: false });
        assert_eq!(server("redis-7.4.5").resolve(), Resolved { known: server("redis-7.4"), exact: true });
        assert_eq!(server("valkey-10.0").resolve().known, server("valkey-9.1"));
    }

    #[test]
    fn valkey_grows_out_of_redis_7_2() {
        let names: Vec<String> = lineage(server("valkey-8.0")).into_iter().map(Server::name).collect();
        assert_eq!(names, ["redis-6.2", "redis-7.0", "redis-7.2", "valkey-7.2", "valkey-8.0"]);
        assert_eq!(all().len(), 12);
    }
}
