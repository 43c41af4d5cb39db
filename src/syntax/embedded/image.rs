//! References to container images: which server is in one, and who built it.

use crate::server::{self, Engine, Series, Server};

/// What a text tells of the server's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// The engine.
    Engine(Engine),
    /// The engine and its major version, as in `redis:7`, which moves with each release.
    Major(Engine, u16),
    /// The series, perhaps with the patch release.
    Server(Server),
}

impl Told {
    /// The engine.
    #[must_use]
    pub fn engine(self) -> Option<Engine> {
        match self {
            Self::Nothing => None,
            Self::Engine(engine) | Self::Major(engine, _) => Some(engine),
            Self::Server(server) => Some(server.engine),
        }
    }

    /// The catalogued servers it may be, Redis first, older before newer.
    #[must_use]
    pub fn candidates(self) -> Vec<Server> {
        let fits = |known: &Server| match self {
            Self::Nothing => true,
            Self::Engine(engine) => known.engine == engine,
            Self::Major(engine, major) => known.engine == engine && known.series.major == major,
            Self::Server(server) => *known == server.resolve().known,
        };
        server::all().iter().copied().filter(fits).collect()
    }
}

/// A kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builder {
    Official,
    Bitnami,
    /// Redis Stack, whose start script takes options from the environment.
    Stack,
    Other,
}

/// What a reference says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) builder: Builder,
    pub(super) told: Told,
    /// Whether it is the image of Sentinel alone.
    pub(super) is_sentinel: bool,
    /// Whether its `sh` is that of busybox; `None` if nobody knows.
    pub(super) is_alpine: Option<bool>,
}

/// Who repackages the servers under their own version numbers.
const TRUSTED: &[&str] = &[
    "amd64",
    "arm32v5",
    "arm32v6",
    "arm32v7",
    "arm64v8",
    "bitnami",
    "bitnamilegacy",
    "bitnamisecure",
    "chainguard",
    "cimg",
    "circleci",
    "i386",
    "library",
    "mips64le",
    "opstree",
    "ppc64le",
    "rapidfort",
    "redis",
    "riscv64",
    "s390x",
    "valkey",
    "valkey-io",
];
/// Registries that serve the official images.
const OFFICIAL_REGISTRIES: &[&str] =
    &["docker.io", "ghcr.io", "index.docker.io", "mirror.gcr.io", "public.ecr.aws", "quay.io", "registry-1.docker.io"];
/// Series that were released but are not catalogued.
const OLDER: &[(Engine, u16, u16)] = &[
    (Engine::Redis, 2, 8),
    (Engine::Redis, 3, 0),
    (Engine::Redis, 3, 2),
    (Engine::Redis, 4, 0),
    (Engine::Redis, 5, 0),
    (Engine::Redis, 6, 0),
    (Engine::Redis, 8, 4),
];

impl Image {
    /// Reads a reference such as `docker.io/library/redis:7.4-alpine@sha256:…`; `None` if no server is in that image.
    ///
    /// Placeholders in the tag leave the version open; in the name, all of it.
    pub(super) fn of(reference: &str) -> Option<Self> {
        let reference = reference.trim();
        let named = reference.split_once('@').map_or(reference, |(named, _)| named);
        // A colon behind the last slash begins the tag; before it, it is a port, or part of a placeholder in a tag.
        let tag_at = named.find(['$', '{', '<']).map_or(named, |open| &named[..open]).rfind('/').unwrap_or(0);
        let (path, tag) = named[tag_at..]
            .find(':')
            .map_or((named, ""), |colon| (&named[..tag_at + colon], &named[tag_at + colon + 1..]));
        if path.is_empty() || path.contains(['$', '{', '<', ' ']) {
            return None;
        }
        let mut parts: Vec<&str> = path.split('/').collect();
        let name = parts.pop()?;
        let registry = parts.first().copied().filter(|first| first.contains(['.', ':']) || *first == "localhost");
        let spaces = &parts[usize::from(registry.is_some())..];
        let space = spaces.last().copied();
        let bitnami = space.is_some_and(|space| space.starts_with("bitnami"));
        let (engine, is_sentinel) = match name {
            "redis" => (Engine::Redis, false),
            "valkey" => (Engine::Valkey, false),
            "redis-stack" | "redis-stack-server" => (Engine::Redis, false),
            "redis-cluster" if bitnami => (Engine::Redis, false),
            "valkey-cluster" if bitnami => (Engine::Valkey, false),
            "redis-sentinel" if bitnami || space == Some("opstree") => (Engine::Redis, true),
            "valkey-sentinel" if bitnami => (Engine::Valkey, true),
            _ => return None,
        };
        let is_known_registry = registry.is_none_or(|registry| OFFICIAL_REGISTRIES.contains(&registry));
        let official_space = match engine {
            Engine::Redis => (space.is_none() && registry.is_none()) || space == Some("library"),
            Engine::Valkey => matches!(space, Some("valkey" | "valkey-io")),
        };
        let builder = if name.starts_with("redis-stack") {
            Builder::Stack
        } else if bitnami {
            Builder::Bitnami
        } else if official_space && (is_known_registry || space == Some("library")) {
            Builder::Official
        } else {
            Builder::Other
        };
        // A registry of one's own that holds the bare name is a mirror.
        let is_trusted = space.is_none_or(|space| TRUSTED.contains(&space));
        let told = if is_trusted { version(engine, tag) } else { Told::Engine(engine) };
        let is_alpine = match builder {
            Builder::Official if !tag.contains(['$', '{', '<']) => Some(tag.contains("alpine")),
            Builder::Official | Builder::Bitnami | Builder::Stack | Builder::Other => None,
        };
        Some(Self { builder, told, is_sentinel, is_alpine })
    }

    /// Where the image keeps the data.
    pub(super) fn data_directory(self) -> Option<&'static str> {
        match (self.builder, self.told.engine()) {
            (Builder::Official | Builder::Stack, _) => Some("/data"),
            (Builder::Bitnami, Some(Engine::Redis)) => Some("/bitnami/redis/data"),
            (Builder::Bitnami, Some(Engine::Valkey)) => Some("/bitnami/valkey/data"),
            (Builder::Bitnami | Builder::Other, _) => None,
        }
    }

    /// The word of the fact `image`.
    pub(super) fn word(self) -> &'static str {
        match self.builder {
            Builder::Official => "official",
            Builder::Bitnami => "bitnami",
            Builder::Stack | Builder::Other => "other",
        }
    }
}

/// The version in a tag: `7.4.1-alpine3.20`, `v7.2.7`, `7`.
fn version(engine: Engine, tag: &str) -> Told {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    // What follows a number without a divider, such as a placeholder, belongs to it.
    if !tag[end..].is_empty() && !tag[end..].starts_with(['-', '_', '+']) {
        return Told::Engine(engine);
    }
    let numbers: Vec<Option<u16>> = tag[..end].split('.').map(|number| number.parse().ok()).collect();
    let released = |major: u16, minor: u16| {
        let catalogued = server::all().iter().any(|s| s.engine == engine && s.series == Series { major, minor });
        // What is newer than the catalogue is a version all the same.
        let newest = server::all().iter().filter(|s| s.engine == engine).map(|s| s.series.major).max();
        catalogued || OLDER.contains(&(engine, major, minor)) || newest.is_some_and(|newest| major >= newest)
    };
    match numbers[..] {
        [Some(major)] => {
            let known = Told::Major(engine, major);
            let before: Vec<u16> = OLDER.iter().filter(|s| s.0 == engine && s.1 == major).map(|s| s.2).collect();
            match (known.candidates().is_empty(), &before[..]) {
                (false, _) => known,
                (true, [minor]) => Told::Server(Server::new(engine, major, *minor)),
                (true, _) => Told::Engine(engine),
            }
        }
        [Some(major), Some(minor)] if released(major, minor) => Told::Server(Server::new(engine, major, minor)),
        [Some(major), Some(minor), Some(patch), ..] if released(major, minor) => {
            Told::Server(Server { patch: Some(patch), ..Server::new(engine, major, minor) })
        }
        _ => Told::Engine(engine),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reference: &str) -> String {
        let Some(image) = Image::of(reference) else { return "none".into() };
        let version = match image.told {
            Told::Nothing => "nothing".into(),
            Told::Engine(engine) => engine.to_string(),
            Told::Major(engine, major) => format!("{engine}-{major}"),
            Told::Server(server) => server.name(),
        };
        format!("{} {version}", image.word())
    }

    #[test]
    fn tags_tell_the_version_and_names_who_built_it() {
        for (reference, said) in [
            ("redis:7.4.1-alpine", "official redis-7.4.1"),
            ("redis", "official redis"),
            ("redis:alpine", "official redis"),
            ("redis:7-alpine", "official redis-7"),
            ("redis:5", "official redis-5.0"),
            ("redis:6.0.9", "official redis-6.0.9"),
            ("redis:9.9", "official redis-9.9"),
            ("redis:8.2.2-bookworm@sha256:4521b5", "official redis-8.2.2"),
            ("redis@sha256:4521b5", "official redis"),
            ("docker.io/library/redis:8.6.4-alpine", "official redis-8.6.4"),
            ("public.ecr.aws/docker/library/redis:7.2", "official redis-7.2"),
            ("harbor.example/hub/library/redis:7.2", "official redis-7.2"),
            ("registry.example:5000/redis:7.2", "other redis-7.2"),
            ("valkey/valkey:8", "official valkey-8"),
            ("ghcr.io/valkey-io/valkey:8.1.1-bookworm", "official valkey-8.1.1"),
            ("bitnami/redis:7.0.5-debian-11-r0", "bitnami redis-7.0.5"),
            ("docker.io/bitnamilegacy/valkey:8.1", "bitnami valkey-8.1"),
            ("bitnami/redis-sentinel:latest", "bitnami redis"),
            ("redis/redis-stack-server:7.2.0-v10", "other redis-7.2.0"),
            ("quay.io/opstree/redis:v7.2.7", "other redis-7.2.7"),
            ("acme/redis:1.4", "other redis"),
            ("acme/redis:7.2", "other redis"),
            ("redis:${REDIS_VERSION:-7.2}", "official redis"),
            ("redis:7.${MINOR}", "official redis"),
            ("valkey/valkey:{{ .Values.tag }}", "official valkey"),
            ("${VALKEY_IMAGE}", "none"),
            ("${REGISTRY}/redis:7.2", "none"),
            ("oliver006/redis_exporter:v1.55", "none"),
            ("rediscommander/redis-commander:latest", "none"),
            ("redis/redisinsight:latest", "none"),
            ("acme/redis-proxy:7.2", "none"),
            ("", "none"),
        ] {
            assert_eq!(told(reference), said, "{reference}");
        }
    }

    #[test]
    fn a_moving_tag_leaves_the_series_open() {
        let names = |told: Told| told.candidates().into_iter().map(Server::name).collect::<Vec<_>>();
        assert_eq!(names(Image::of("redis:7").unwrap().told), ["redis-7.0", "redis-7.2", "redis-7.4"]);
        assert_eq!(names(Image::of("redis:7.4.1").unwrap().told), ["redis-7.4"]);
        assert_eq!(names(Told::Nothing).len(), server::all().len());
    }
}
