//! Which commands a process knows: those of its version, or as Sentinel the few of that.

use crate::catalog::commands::{self, sentinel};
use crate::server::Server;
use crate::syntax::Mode;

/// The command table of one process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) server: Server,
    pub(super) mode: Mode,
}

impl Table {
    /// Whether `name` is in it while the configuration is read.
    pub(super) fn has(self, name: &[u8]) -> bool {
        match self.mode {
            Mode::Server | Mode::AclFile => commands::exists(self.server, name),
            Mode::Sentinel => sentinel::exists(name),
        }
    }

    /// Whether `name` is in it once the bundled modules are in, which Sentinel never loads.
    pub(super) fn has_once_loaded(self, name: &[u8]) -> bool {
        match self.mode {
            Mode::Server | Mode::AclFile => commands::exists_once_loaded(self.server, name),
            Mode::Sentinel => sentinel::exists(name),
        }
    }

    /// Whether it holds subcommands of `command`. Never in Redis 6.2.
    pub(super) fn has_subcommands(self, command: &[u8]) -> bool {
        match self.mode {
            Mode::Server | Mode::AclFile => commands::has_subcommands(self.server, command),
            Mode::Sentinel => !sentinel::subcommands(self.server, command).is_empty(),
        }
    }

    /// Whether it holds `sub` as a subcommand of `command`. Never in Redis 6.2.
    pub(super) fn has_subcommand(self, command: &[u8], sub: &[u8]) -> bool {
        match self.mode {
            Mode::Server | Mode::AclFile => commands::has_subcommand(self.server, command, sub),
            Mode::Sentinel => {
                let known = sentinel::subcommands(self.server, command);
                known.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(sub))
            }
        }
    }
}
