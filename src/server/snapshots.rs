//! Which server loads the snapshots of which. Data stands in `versions.toml`.
//!
//! The base of an append-only file and what a primary sends to a new replica are snapshots too, and so is, one key at a
//! time, what DUMP gives to RESTORE.

use std::fmt;

use serde::Deserialize;

use super::version::{Engine, Server};

/// A format of snapshots: they begin with `REDIS0012` or `VALKEY080`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct SnapshotFormat {
    /// The mark.
    pub mark: Engine,
    /// The number behind it.
    pub number: u16,
}

/// Reads `redis 12`.
impl TryFrom<String> for SnapshotFormat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no format of snapshots: write `redis 12`");
        let (mark, number) = text.split_once(' ').ok_or_else(wrong)?;
        let mark = [Engine::Redis, Engine::Valkey].into_iter().find(|engine| engine.word() == mark);
        Ok(Self { mark: mark.ok_or_else(wrong)?, number: number.parse().map_err(|_| wrong())? })
    }
}

/// As people say it: `12`, and `80 (VALKEY)` for those that only Valkey writes.
impl fmt::Display for SnapshotFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mark {
            Engine::Redis => write!(f, "{}", self.number),
            Engine::Valkey => write!(f, "{} (VALKEY)", self.number),
        }
    }
}

/// Whether a server loads a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loads {
    /// It does.
    Yes,
    /// Only under `rdb-version-check relaxed`, and only if it holds nothing new, such as fields of hashes with a time to live.
    Relaxed,
    /// It stops at the start.
    No,
}

/// Whether `reader` loads what `writer` wrote.
#[must_use]
pub fn loads(reader: Server, writer: Server) -> Loads {
    let (reader, format) = (reader.habits(), writer.habits().snapshots);
    let takes =
        |known: &[SnapshotFormat]| known.iter().any(|one| one.mark == format.mark && one.number >= format.number);
    if takes(&reader.loads) {
        Loads::Yes
    } else if takes(&reader.loads_relaxed) {
        Loads::Relaxed
    } else {
        Loads::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(reader: &str, writer: &str) -> Loads {
        loads(reader.parse().unwrap(), writer.parse().unwrap())
    }

    #[test]
    fn every_server_loads_its_own_and_what_it_grew_out_of() {
        for &server in super::super::all() {
            for ancestor in super::super::lineage(server) {
                assert_eq!(loads(server, ancestor), Loads::Yes, "{server} from {ancestor}");
            }
        }
    }

    #[test]
    fn the_engines_part_at_7_4_and_9_0() {
        for (reader, writer, expected) in [
            ("valkey-8.1", "redis-7.2", Loads::Yes),
            ("valkey-8.1", "redis-7.4", Loads::No),
            ("valkey-9.1", "redis-8.2", Loads::Relaxed),
            ("valkey-9.1", "redis-8.6", Loads::Relaxed),
            ("redis-8.2", "valkey-8.1", Loads::Yes),
            ("redis-8.6", "valkey-9.0", Loads::No),
            ("valkey-8.1", "valkey-9.0", Loads::Relaxed),
            ("valkey-8.0", "valkey-9.0", Loads::No),
            ("redis-7.0", "redis-7.2", Loads::No),
            ("redis-8.0", "redis-8.2", Loads::Yes),
        ] {
            assert_eq!(told(reader, writer), expected, "{reader} from {writer}");
        }
    }

    #[test]
    fn formats_are_read_and_shown() {
        let format = |text: &str| SnapshotFormat::try_from(text.to_owned());
        assert_eq!(format("redis 12").unwrap().to_string(), "12");
        assert_eq!(format("valkey 80").unwrap().to_string(), "80 (VALKEY)");
        assert!(format("12").is_err() && format("keydb 9").is_err() && format("redis x").is_err());
    }
}
