//! `redisconf completions` and `redisconf man`: what the arguments tell of themselves.

use clap::CommandFactory;

use super::Exit;
use super::args::{Args, Completions, Man};
use super::failure::Failure;
use super::terminal::Terminal;

pub(super) fn completions(command: &Completions, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(command.shell, &mut Args::command(), "redisconf", &mut script);
    terminal.print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(super) fn man(command: &Man, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut all = Args::command();
    // Subcommands learn of the options that hold everywhere only when all is built.
    all.build();
    let page = match &command.command {
        None => all,
        Some(name) => {
            let found = all.find_subcommand(name).cloned();
            found.ok_or_else(|| Failure::new(format!("`{name}` is no subcommand")).help("see `redisconf help`"))?
        }
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff)?;
    terminal.print(&String::from_utf8_lossy(&roff))?;
    Ok(Exit::Done)
}
