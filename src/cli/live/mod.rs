//! Commands that speak with running servers.

mod apply;
mod journal;
mod look;
mod nodes;
mod reach;
mod rollout;
mod target;
mod undo;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Exit;
use super::args::{Diff, Format, Global, Profile};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::report::{self, LiveReport, LiveServer, LiveStatus};
pub(super) use apply::run as apply;
pub(super) use look::remedy;
pub(super) use reach::url;
use target::Target;
pub(super) use undo::run as undo;

/// `redisconf diff --live`: what is declared, held against what runs. Only reading commands are sent.
pub(super) fn diff(command: &Diff, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if let Some(second) = &command.to {
        return Err(Failure::new(format!("`{second}` is one too many: with `--live` one side is the running server"))
            .help(
                "name what is declared, and the address with --live; several instances by a pattern, such as 'cache-*'",
            ));
    }
    if global.only_of_lint().is_some() {
        return Err(Failure::new("`diff --live` writes one format to standard output: human or json"));
    }
    let addresses = command.reach.live.iter().filter(|live| !live.is_empty()).count();
    if addresses == 0 {
        let fleet = match target::open(command.reach.project.as_deref(), terminal.err_look)? {
            Ok(fleet) => fleet,
            Err(problems) => {
                terminal.note(&problems)?;
                return Ok(Exit::Found);
            }
        };
        let patterns: Vec<String> = command.from.iter().cloned().collect();
        let targets = Target::instances(&fleet, &patterns, &command.reach)?;
        return hold(&targets, command, global, terminal);
    }
    if addresses < command.reach.live.len() {
        return Err(Failure::new("`--live` is given with an address and without one")
            .help("without an address it means the instances of the project"));
    }
    let Some(name) = &command.from else {
        return Err(Failure::new("nothing is named that the server should be held against")
            .help("name a profile or a configuration file: `redisconf diff cache.toml --live URL`"));
    };
    let profile = Profile { profile: Some(name.clone()), server: command.server, layers: command.layers.clone() };
    let targets = Target::named(&profile, &command.reach)?;
    hold(&targets, command, global, terminal)
}

/// Looks at all servers, some at a time, and tells how they stand.
fn hold(targets: &[Target<'_>], command: &Diff, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let looking = look::Looking::new(&command.reach, targets)?;
    let servers = if targets.len() == 1 {
        targets.iter().map(|target| looking.at(target)).collect()
    } else {
        let threads = targets.len().min(usize::from(command.reach.jobs));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| Failure::new(format!("cannot start {threads} threads: {error}")))?;
        pool.install(|| targets.par_iter().map(|target| looking.at(target)).collect())
    };
    let result = LiveReport::new(servers);
    if global.format() == Format::Json {
        terminal.print(&report::json("diff --live", &result))?;
    } else {
        terminal.print(&result.human(terminal.look))?;
        if !global.quiet && targets.len() > 1 {
            terminal.note(&format!("{}\n", result.summary()))?;
        }
    }
    let exit = |server: &LiveServer| match server.status {
        LiveStatus::Equal => Exit::Done,
        LiveStatus::Drift => Exit::Found,
        LiveStatus::Failed => Exit::Usage,
        LiveStatus::Partial | LiveStatus::Unreachable => Exit::Partial,
    };
    Ok(result.servers.iter().map(exit).max().unwrap_or(Exit::Done))
}
