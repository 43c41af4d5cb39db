//! `redisconf apply --set … --until …`: sets something for a time, and has the project expect it as long.

use super::apply::all;
use super::reach::url;
use super::target::{self, Place, Target};
use crate::cli::args::{Apply, Global};
use crate::cli::expect::{Entry, until as last_day};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::{Exit, project, setup};
use crate::config::fleet::Fleet;
use crate::config::layers::assignment;
use crate::live::Url;
use crate::syntax::expected::NewExpected;

pub(super) fn run(command: &Apply, until: &str, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if !command.layers.files.is_empty() {
        return Err(Failure::new("`-f` is a layer of a profile, and with --until only what --set names is set")
            .help("leave it out"));
    }
    let path = project::find(command.reach.project.as_deref())?;
    let fleet = match target::open(Some(&path), terminal.err_look)? {
        Ok(fleet) => fleet,
        Err(problems) => {
            terminal.note(&problems)?;
            return Ok(Exit::Found);
        }
    };
    let mut targets = targets(command, &fleet)?;
    for target in &mut targets {
        target.only = Some(&command.layers);
    }
    let until = last_day(until)?;
    let reason = command.doing.reason.as_deref().unwrap_or_default();
    let sets: Vec<(String, String)> = command
        .layers
        .sets
        .iter()
        .map(|text| assignment("--set", text))
        .collect::<Result<_, _>>()
        .map_err(setup::failed)?;
    let entries: Vec<NewExpected<'_>> = targets
        .iter()
        .flat_map(|target| {
            let entry =
                |(directive, value)| NewExpected { instance: &target.name, directive, value, reason, until: &until };
            sets.iter().map(|(directive, value)| (directive.as_str(), value.as_str())).map(entry)
        })
        .collect();
    // What cannot be written down is not begun.
    let entry = Entry::new(&fleet, &path, &entries)?;
    let (exit, are_all_set) = all(&targets, command, global, terminal)?;
    if are_all_set {
        entry.write().map_err(|failure| {
            Failure::new(format!("it is set, and the project does not expect it: {}", failure.message()))
                .help("write it down with `redisconf expect`, or take it back with `redisconf undo`")
        })?;
        if !global.quiet {
            let words = format!("expected until {until} ({reason}), in {}", path.display());
            terminal.note(&format!("{words}; `redisconf undo` sets it back\n"))?;
        }
    }
    Ok(exit)
}

/// The instances that are named, or those whose address is.
fn targets<'a>(command: &Apply, fleet: &'a Fleet) -> Result<Vec<Target<'a>>, Failure> {
    let addresses: Vec<Url> =
        command.reach.live.iter().filter(|live| !live.is_empty()).map(|live| url(live)).collect::<Result<_, _>>()?;
    if addresses.is_empty() {
        let patterns: Vec<String> = command.subject.iter().cloned().collect();
        return Target::instances(fleet, &patterns, &command.reach);
    }
    if let Some(subject) = &command.subject {
        return Err(Failure::new(format!("with --until only what --set names is set, not `{subject}`"))
            .help("leave it out, or name an instance and no address"));
    }
    let all = Target::instances(fleet, &[], &command.reach)?;
    let is_at = |target: &Target<'_>, wanted: &Url| matches!(&target.place, Place::Address(url) if url.address == wanted.address);
    let of = |wanted: &Url| {
        all.iter().find(|target| is_at(target, wanted)).cloned().ok_or_else(|| {
            Failure::new(format!("no instance of the project has the address {}", wanted.address)).help(
                "what is set for a time is written down in a project; without one apply a profile with `--set` and no --until",
            )
        })
    };
    addresses.iter().map(of).collect()
}
