//! What a setup means for the container around the server: image, memory, files, probes, volume, time to stop.

use super::job::Job;
use super::secrets::{holds_secret, is_default_user};
use super::sheet::{Line, Word};
use crate::config::Value;
use crate::server::Engine;

/// Seconds that a server without data to write may take to stop.
const LEAST_GRACE: u64 = 30;

/// Bytes of a snapshot that even a slow volume takes in one second.
const WRITTEN_IN_A_SECOND: u64 = 100 << 20;

/// Descriptors that a server keeps for itself beside its clients.
const RESERVED_FILES: i64 = 32;

/// How data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// Snapshots.
    pub(super) rdb: bool,
    /// Append-only file.
    pub(super) aof: bool,
}

impl Kept {
    /// Whether anything is kept.
    pub(super) fn any(self) -> bool {
        self.rdb || self.aof
    }
}

impl Job<'_> {
    /// The image with its tag.
    pub(super) fn image(&self) -> String {
        let server = self.setup.server;
        let tag = server.patch.map_or_else(|| server.series.to_string(), |patch| format!("{}.{patch}", server.series));
        let official = match server.engine {
            Engine::Redis => "redis",
            Engine::Valkey => "valkey/valkey",
        };
        let image = self.options.image.as_deref().unwrap_or(official);
        let last = image.rsplit('/').next().unwrap_or_default();
        if last.contains([':', '@']) { image.to_owned() } else { format!("{image}:{tag}") }
    }

    /// Bytes the container may use.
    pub(super) fn memory(&self) -> Option<u64> {
        self.setup.facts.bytes("memory").filter(|bytes| *bytes > 0)
    }

    /// Cores the container may use, as Kubernetes and Compose write them.
    pub(super) fn cpus(&self) -> Option<String> {
        self.setup.facts.processors("cpus").map(|cpus| cpus.to_string())
    }

    /// Replicas beside the primary.
    pub(super) fn replicas(&self) -> u32 {
        let fact = || self.setup.facts.count("replicas").and_then(|n| u32::try_from(n).ok());
        self.options.replicas.or_else(fact).unwrap_or(0)
    }

    /// How data is kept. A setup that does not mention `save` keeps the built-in points.
    pub(super) fn kept(&self) -> Kept {
        let config = &self.setup.config;
        let rdb = matches!(config.get("save"), Some(Value::Save { points, .. }) if !points.is_empty());
        Kept { rdb, aof: config.get("appendonly") == Some(&Value::Bool(true)) }
    }

    /// Bytes of data at most, if that is known.
    fn dataset(&self) -> Option<u64> {
        let limit = match self.setup.config.get("maxmemory") {
            Some(Value::Bytes(bytes)) if *bytes > 0 => Some(*bytes),
            _ => None,
        };
        limit.or_else(|| self.setup.facts.bytes("dataset")).or_else(|| self.memory())
    }

    /// Bytes of the volume: twice the data for snapshots (the old one stays until the new one is whole), once more for an
    /// append-only file and its rewrite; whole GiB, at least one. 8 GiB where nothing is known.
    pub(super) fn volume(&self) -> u64 {
        let kept = self.kept();
        let times = if kept.aof { 3 } else { 2 };
        let from_data = || self.dataset().map(|bytes| bytes.saturating_mul(times).div_ceil(1 << 30).max(1) << 30);
        self.options.volume.or_else(from_data).unwrap_or(8 << 30)
    }

    /// Seconds that stopping may take: the last snapshot, and what replicas are waited for.
    pub(super) fn grace(&self) -> u64 {
        let write = if self.kept().rdb { self.dataset().unwrap_or(0) / WRITTEN_IN_A_SECOND } else { 0 };
        let wait = match self.setup.config.get("shutdown-timeout") {
            Some(Value::Int(seconds)) => seconds.unsigned_abs(),
            _ => 0,
        };
        // To the next ten seconds, so that small changes of the data do not show.
        (LEAST_GRACE + write + wait).div_ceil(10).saturating_mul(10).min(3600)
    }

    /// Files the server has to open.
    pub(super) fn open_files(&self) -> i64 {
        match self.setup.config.get("maxclients") {
            Some(Value::Int(clients)) => clients.saturating_add(RESERVED_FILES),
            _ => 10_000 + RESERVED_FILES,
        }
    }

    /// The length of the kernel's queue of connections, where the setup asks for more than old kernels give.
    pub(super) fn backlog(&self) -> Option<i64> {
        let set = self.lines.iter().any(|line| line.is("tcp-backlog"));
        match self.setup.config.get("tcp-backlog") {
            Some(Value::Int(length)) if set && *length > 128 => Some(*length),
            _ => None,
        }
    }

    /// The directory of the data inside the container.
    pub(super) fn data_directory(&self) -> String {
        self.text("dir").filter(|dir| dir.starts_with('/')).unwrap_or_else(|| "/data".into())
    }

    /// A directive's text, if it is one and not empty.
    fn text(&self, name: &str) -> Option<String> {
        match self.setup.config.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => String::from_utf8(text.to_vec()).ok(),
            _ => None,
        }
    }

    /// A port that is open.
    pub(super) fn port(&self, name: &str) -> Option<u16> {
        match self.setup.config.get(name) {
            Some(Value::Int(port)) if *port > 0 => u16::try_from(*port).ok(),
            _ => None,
        }
    }

    /// The program that talks to the server, and how it reaches it from inside the container.
    pub(super) fn client(&self) -> Vec<String> {
        let mut words = vec![format!("{}-cli", self.setup.server.engine)];
        let mut add = |more: &[&str]| words.extend(more.iter().map(|word| (*word).to_owned()));
        if let Some(port) = self.port("port") {
            if port != 6379 {
                add(&["-p", &port.to_string()]);
            }
        } else if let Some(socket) = self.text("unixsocket") {
            add(&["-s", &socket]);
        } else if let Some(port) = self.port("tls-port") {
            add(&["-p", &port.to_string(), "--tls"]);
            let files = [("--cacert", "tls-ca-cert-file"), ("--cert", "tls-cert-file"), ("--key", "tls-key-file")];
            for (option, name) in files {
                if let Some(file) = self.text(name) {
                    add(&[option, &file]);
                }
            }
        }
        words
    }

    /// Whether a client has to log in before it may `PING`.
    pub(super) fn asks_for_password(&self) -> bool {
        let says = |line: &Line, rule: &[u8]| {
            line.words.iter().any(|word| matches!(word, Word::Plain(said) if said.eq_ignore_ascii_case(rule)))
        };
        match self.lines.iter().find(|line| is_default_user(line)) {
            Some(line) => says(line, b"off") || !says(line, b"nopass"),
            None => self.lines.iter().any(|line| line.is("requirepass") && holds_secret(line)),
        }
    }
}

/// Whether a word is an image reference: letters, digits and `._-/:@`, and no option.
pub(super) fn is_image(word: &str) -> bool {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@".contains(&b);
    word.starts_with(|c: char| c.is_ascii_alphanumeric()) && word.bytes().all(safe)
}
