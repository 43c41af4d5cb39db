//! What becomes of the data files.

use crate::server::{Engine, Loads, Server, loads};

/// Whether the new server loads the old one's data, and the way to take them over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Whether it loads its snapshots: RDB files, the base of an append-only file, what a primary sends to a replica.
    pub loads: Loads,
    /// What that means and what to do, in sentences.
    pub words: Vec<String>,
}

impl Data {
    /// What is known of two versions.
    #[must_use]
    pub fn of(from: Server, to: Server) -> Self {
        let loads = loads(to, from);
        let written = from.habits().snapshots;
        let mut words = vec![match loads {
            Loads::Yes => format!(
                "{to} loads what {from} wrote (RDB {written}): files can stay, and it can follow the old server as a replica"
            ),
            Loads::Relaxed => format!(
                "{to} loads what {from} wrote (RDB {written}) only under `rdb-version-check relaxed`, and only without types that are new there"
            ),
            Loads::No => format!(
                "{to} does not load what {from} wrote (RDB {written}): neither files nor full synchronisations, nor RESTORE"
            ),
        }];
        words.push(match loads {
            Loads::Yes => "attach the new server as a replica, wait until `master_link_status` is up, then fail over; or copy the files while the old one is stopped".into(),
            Loads::Relaxed => "try it on a copy of the data first, and keep the copy: there is no way back".into(),
            Loads::No => "copy the keys with a tool that reads and writes them by ordinary commands, or fill the new server afresh".into(),
        });
        let multi_part = |server: Server| server.engine == Engine::Valkey || server.at_least(Engine::Redis, 7, 0);
        match (multi_part(from), multi_part(to)) {
            (false, true) => words.push(format!(
                "with `appendonly yes` {to} moves the single file of {from} into the folder `appendonlydir` at its first start: keep a copy"
            )),
            (true, false) => words.push(format!("{to} does not read the folder `appendonlydir` of {from}: take a snapshot instead")),
            (_, _) => {}
        }
        Self { loads, words }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(from: &str, to: &str) -> Data {
        Data::of(from.parse().unwrap(), to.parse().unwrap())
    }

    #[test]
    fn the_way_depends_on_the_formats() {
        assert_eq!(data("redis-6.2", "valkey-8.1").loads, Loads::Yes);
        assert!(data("redis-6.2", "valkey-8.1").words.iter().any(|words| words.contains("appendonlydir")));
        assert_eq!(data("redis-7.4", "valkey-8.1").loads, Loads::No);
        assert!(data("redis-7.0", "redis-6.2").words.iter().any(|words| words.contains("does not read the folder")));
    }
}
