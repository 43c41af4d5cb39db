//! Commands that speak with running servers.

mod apply;
mod for_a_time;
mod journal;
mod lines;
mod listed;
mod look;
mod nodes;
mod peers;
mod planned;
mod reach;
mod remedy;
mod rewriting;
mod rollout;
mod rotation;
mod snapshot;
mod target;
mod undo;
mod watch;
mod watcher;

use indicatif::ProgressBar;
use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Exit;
use super::args::{Diff, Format, Global, Layers, Profile, Reach};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::report::{self, LiveReport, LiveServer, LiveStatus};
use crate::server::Server;
pub(super) use apply::run as apply;
pub(super) use listed::read_list;
pub(super) use reach::{Access, url};
pub(super) use remedy::{of_denial, remedy};
pub(super) use snapshot::run as snapshot;
use target::Target;
pub(super) use undo::run as undo;
pub(super) use watch::run as watch;

/// What is held against which servers.
struct Question<'a> {
    from: Option<&'a str>,
    server: Option<Server>,
    layers: &'a Layers,
    reach: &'a Reach,
    /// Whether nothing is shown while it lasts.
    quiet: bool,
}

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
    let from = command.from.as_deref();
    let question =
        Question { from, server: command.server, layers: &command.layers, reach: &command.reach, quiet: global.quiet };
    let addresses = command.reach.live.iter().filter(|live| !live.is_empty()).count();
    if from.is_none() && addresses > 1 && addresses == command.reach.live.len() {
        return peers::run(&question, global, terminal);
    }
    let Some(result) = look_at(&question, terminal)? else { return Ok(Exit::Found) };
    if global.format() == Format::Json {
        terminal.print(&report::json("diff --live", &result))?;
    } else {
        terminal.print(&result.human(terminal.look))?;
        if !global.quiet && result.servers.len() > 1 {
            terminal.note(&format!("{}\n", result.summary()))?;
        }
        let drifted = result.servers.iter().find(|server| server.status == LiveStatus::Drift);
        if let (Some(server), false) = (drifted, global.quiet) {
            let next = match (from, addresses) {
                (_, 0) => format!(
                    "mend: redisconf apply {0} --live · or accept: redisconf expect {0} DIRECTIVE --value … --reason … --until …",
                    server.name
                ),
                (Some(from), _) => format!("mend: redisconf apply {from} --live {}", server.address),
                (None, _) => return Ok(exit_of(&result)),
            };
            terminal.note(&format!("{next}\n"))?;
        }
    }
    let exit = exit_of(&result);
    // The program ends. To give back what a fleet said, line by line, takes as long as asking ten of its servers.
    std::mem::forget(result);
    Ok(exit)
}

/// Looks at all servers that are meant; nothing where the project is wrong, which was then told.
fn look_at(question: &Question<'_>, terminal: &mut Terminal) -> Result<Option<LiveReport>, Failure> {
    let reach = question.reach;
    let addresses = reach.live.iter().filter(|live| !live.is_empty()).count();
    if addresses == 0 {
        let fleet = match target::open(reach.project.as_deref(), terminal.err_look)? {
            Ok(fleet) => fleet,
            Err(problems) => {
                terminal.note(&problems)?;
                return Ok(None);
            }
        };
        let patterns: Vec<String> = question.from.iter().map(|&pattern| pattern.to_owned()).collect();
        let targets = Target::instances(&fleet, &patterns, reach)?;
        return hold(&targets, question, terminal).map(Some);
    }
    if addresses < reach.live.len() {
        return Err(Failure::new("`--live` is given with an address and without one")
            .help("without an address it means the instances of the project"));
    }
    let Some(name) = question.from else {
        return Err(Failure::new("nothing is named that the server should be held against").help(
            "name a profile or a configuration file: `redisconf diff cache.toml --live URL`; or another server",
        ));
    };
    let profile = Profile { profile: Some(name.to_owned()), server: question.server, layers: question.layers.clone() };
    let targets = Target::named(&profile, reach)?;
    hold(&targets, question, terminal).map(Some)
}

/// Looks at all servers, some at a time.
fn hold(targets: &[Target<'_>], question: &Question<'_>, terminal: &Terminal) -> Result<LiveReport, Failure> {
    let looking = look::Looking::new(question.reach, targets)?;
    let bar = terminal.bar(targets.len(), question.quiet);
    Ok(LiveReport::new(side_by_side(targets, question.reach, &bar, |target| looking.at(target))?))
}

/// Does the same with each target, at most `--jobs` of them at once; one alone needs no threads.
fn side_by_side<'t, T: Send>(
    targets: &[Target<'t>],
    reach: &Reach,
    bar: &ProgressBar,
    each: impl Fn(&Target<'t>) -> T + Send + Sync,
) -> Result<Vec<T>, Failure> {
    if let [target] = targets {
        return Ok(vec![each(target)]);
    }
    let threads = targets.len().min(usize::from(reach.jobs));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Failure::new(format!("cannot start {threads} threads: {error}")))?;
    let each = |target| {
        let done = each(target);
        bar.inc(1);
        done
    };
    let done = pool.install(|| targets.par_iter().map(each).collect());
    bar.finish_and_clear();
    Ok(done)
}

/// The worst of the servers counts.
fn exit_of(result: &LiveReport) -> Exit {
    let exit = |server: &LiveServer| match server.status {
        LiveStatus::Equal => Exit::Done,
        LiveStatus::Drift => Exit::Found,
        LiveStatus::Failed => Exit::Usage,
        LiveStatus::Partial | LiveStatus::Unreachable => Exit::Partial,
    };
    result.servers.iter().map(exit).max().unwrap_or(Exit::Done)
}
