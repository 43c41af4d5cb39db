//! `redisconf dump-server`: what a server program says of itself, for the catalogue's truth test.

use super::Exit;
use super::args::DumpServer;
use super::failure::Failure;
use super::terminal::Terminal;
use crate::catalog;
use crate::live::{Program, dump};

pub(super) fn run(command: &DumpServer, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let program = Program::probe(&command.server_bin).map_err(|error| Failure::new(error.to_string()))?;
    let dump = dump(&program, catalog::all_names()).map_err(|error| Failure::new(error.to_string()))?;
    terminal.print(&dump.to_json())?;
    Ok(Exit::Done)
}
