//! `redisconf snapshot`: keeps what a server says, to be held against what is declared where the server cannot be reached.

#![expect(clippy::disallowed_methods, reason = "several snapshots are kept in a folder")]

use std::path::{Path, PathBuf};

use super::reach::Access;
use super::remedy::{of_denial, remedy};
use super::side_by_side;
use super::target::{Place, Target};
use crate::catalog::{State, View};
use crate::cli::args::{Layers, Profile, SnapshotOf};
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::write::write;
use crate::cli::{Exit, args::Global};
use crate::config::Config;
use crate::live::{self, Denied, Met};
use crate::plan::names_to_ask;
use crate::render::Artefact;
use crate::snapshot::{Exposure, Saved};

pub(in super::super) fn run(command: &SnapshotOf, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let nobody = Profile { profile: None, server: None, layers: Layers::default() };
    let targets = Target::named(&nobody, &command.reach)?;
    if targets.is_empty() || command.reach.live.iter().any(String::is_empty) {
        return Err(Failure::new("a snapshot is of running servers")
            .help("name them: `redisconf snapshot --live URL`, or a list with --live-from"));
    }
    let access = Access::of(&command.reach.who)?;
    if let ([target], output) = (targets.as_slice(), &command.output) {
        let taken = match take(target, &access, command)? {
            Ok(taken) => taken,
            Err(failure) => {
                terminal.complain(&named(&target.name, &failure))?;
                return Ok(Exit::Partial);
            }
        };
        match output {
            Some(path) => {
                keep(&taken, path, command)?;
                if !global.quiet {
                    let count = taken.saved.snapshot.config().iter().len();
                    let server = taken.saved.snapshot.server;
                    terminal.note(&format!("{count} values of {server} kept in {}\n", path.display()))?;
                }
            }
            None => terminal.print(&taken.saved.to_text())?,
        }
        let Some(denied) = &taken.denied else { return Ok(Exit::Done) };
        terminal.complain(&named(&target.name, &missing(denied)))?;
        return Ok(Exit::Partial);
    }
    let Some(folder) = &command.output else {
        return Err(
            Failure::new("several snapshots need a folder").help("name it with --output; each gets a file there")
        );
    };
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot make the folder `{}`: {error}", folder.display())))?;
    let bar = terminal.bar(targets.len(), global.quiet);
    let all: Vec<Result<_, Failure>> = side_by_side(&targets, &command.reach, &bar, |target| {
        let taken = take(target, &access, command)?;
        if let Ok(taken) = &taken {
            keep(taken, &folder.join(file_name(&target.name)), command)?;
        }
        Ok(taken)
    })?;
    let (mut kept, mut exit) = (0, Exit::Done);
    for (target, taken) in targets.iter().zip(all) {
        let failure = match taken? {
            Ok(Taken { denied: None, .. }) => {
                kept += 1;
                continue;
            }
            Ok(Taken { denied: Some(denied), .. }) => {
                kept += 1;
                missing(&denied)
            }
            Err(failure) => failure,
        };
        exit = Exit::Partial;
        terminal.complain(&named(&target.name, &failure))?;
    }
    if !global.quiet {
        terminal.note(&format!("{kept} of {} snapshots kept in {}\n", targets.len(), folder.display()))?;
    }
    Ok(exit)
}

/// What one server said.
struct Taken {
    saved: Saved,
    denied: Option<Denied>,
}

/// Asks one server; the inner error is that nothing can be said of it.
fn take(target: &Target<'_>, access: &Access, command: &SnapshotOf) -> Result<Result<Taken, Failure>, Failure> {
    let Place::Address(url) = &target.place else {
        return Err(Failure::new(format!("`{}` is a snapshot already, or none", target.name)).help("name a server"));
    };
    let (login, tls) = (access.login(url), access.tls_at(url)?);
    let reach = live::Reach {
        address: url.address.clone(),
        login: login.as_ref(),
        tls: tls.as_ref(),
        within: command.reach.who.timeout,
    };
    let observed = Met::meet(&reach).and_then(|mut met| {
        let server = met.server();
        let mut names = names_to_ask(&Config::nothing(server), &std::collections::BTreeMap::new());
        let withheld = secrets(server);
        if command.secrets {
            names.extend(&withheld);
        }
        let withheld = if command.secrets { Vec::new() } else { withheld };
        if !command.evidence {
            return Ok((met.observe(&names)?, None, withheld));
        }
        let inquiry = live::Inquiry { names: &names, window: command.window, exposure: Exposure::Masked, keys: None };
        let (observed, evidence) = live::examine(&mut met, &url.address, inquiry)?;
        Ok((observed, Some(*evidence), withheld))
    });
    let (observed, evidence, withheld) = match observed {
        Ok(observed) => observed,
        Err(error) => return Ok(Err(remedy(&error))),
    };
    let saved = Saved {
        snapshot: observed.snapshot,
        taken: clock::now(),
        withheld: withheld.into_iter().map(str::to_owned).collect(),
        denied: observed.denied.as_ref().map(ToString::to_string),
        evidence,
    };
    Ok(Ok(Taken { saved, denied: observed.denied }))
}

/// Names of hosts and files stand in it, and with --secrets more: nobody else needs to read it.
fn keep(taken: &Taken, path: &Path, command: &SnapshotOf) -> Result<(), Failure> {
    let text = taken.saved.to_text().into_bytes();
    write(path, &Artefact { path: PathBuf::new(), text, mode: Some(0o600), secret: command.secrets }).map(drop)
}

/// A failure that says which server it is about.
fn named(server: &str, failure: &Failure) -> Failure {
    let told = Failure::new(format!("{server}: {}", failure.message()));
    match failure.advice() {
        Some(help) => told.help(help),
        None => told,
    }
}

fn missing(denied: &Denied) -> Failure {
    Failure::new(format!("values are missing: {denied}")).help(of_denial(denied))
}

/// The file of a server in a folder: its address, with what no file's name should hold made a hyphen.
fn file_name(address: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '-' };
    format!("{}.json", address.trim_start_matches('/').chars().map(plain).collect::<String>())
}

/// The names of a version whose values are secret.
fn secrets(server: crate::server::Server) -> Vec<&'static str> {
    let is_one = |directive: &&'static crate::catalog::Directive| {
        directive.is.secret && !directive.is.file_only && directive.state == State::Accepted
    };
    View::of(server).directives().filter(is_one).map(crate::catalog::Directive::name).collect()
}
