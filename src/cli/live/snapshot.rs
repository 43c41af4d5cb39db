//! `redisconf snapshot`: keeps what a server says, to be held against what is declared where the server cannot be reached.

use std::path::PathBuf;

use super::reach::{Access, url};
use super::remedy::{of_denial, remedy};
use crate::catalog::{State, View};
use crate::cli::args::SnapshotOf;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;
use crate::cli::write::write;
use crate::cli::{Exit, args::Global};
use crate::config::Config;
use crate::live::{self, Met};
use crate::plan::names_to_ask;
use crate::render::Artefact;
use crate::snapshot::{Exposure, Saved};

pub(in super::super) fn run(command: &SnapshotOf, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let url = match command.reach.live.as_slice() {
        [text] if !text.is_empty() => url(text)?,
        _ => {
            return Err(Failure::new("a snapshot is of one server").help("name it: `redisconf snapshot --live URL`"));
        }
    };
    let access = Access::of(&command.reach)?;
    let login = access.login(&url);
    let tls = access.tls_at(&url)?;
    let reach = live::Reach {
        address: url.address.clone(),
        login: login.as_ref(),
        tls: tls.as_ref(),
        within: command.reach.timeout,
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
        let inquiry = live::Inquiry { names: &names, window: command.window, exposure: Exposure::Masked };
        let (observed, evidence) = live::examine(&mut met, &url.address, inquiry)?;
        Ok((observed, Some(*evidence), withheld))
    });
    let (observed, evidence, withheld) = match observed {
        Ok(observed) => observed,
        Err(error) => {
            terminal.complain(&remedy(&error))?;
            return Ok(Exit::Partial);
        }
    };
    let saved = Saved {
        snapshot: observed.snapshot,
        taken: clock::now(),
        withheld: withheld.into_iter().map(str::to_owned).collect(),
        denied: observed.denied.as_ref().map(ToString::to_string),
        evidence,
    };
    let text = saved.to_text();
    match &command.output {
        Some(path) => {
            // Names of hosts and files stand in it, and with --secrets more: nobody else needs to read it.
            let artefact =
                Artefact { path: PathBuf::new(), text: text.into_bytes(), mode: Some(0o600), secret: command.secrets };
            write(path, &artefact)?;
            if !global.quiet {
                let count = saved.snapshot.config().len();
                terminal.note(&format!("{count} values of {} kept in {}\n", saved.snapshot.server, path.display()))?;
            }
        }
        None => terminal.print(&text)?,
    }
    let Some(denied) = &observed.denied else { return Ok(Exit::Done) };
    terminal.complain(&Failure::new(format!("values are missing: {denied}")).help(of_denial(denied)))?;
    Ok(Exit::Partial)
}

/// The names of a version whose values are secret.
fn secrets(server: crate::server::Server) -> Vec<&'static str> {
    let is_one = |directive: &&'static crate::catalog::Directive| {
        directive.is.secret && !directive.is.file_only && directive.state == State::Accepted
    };
    View::of(server).directives().filter(is_one).map(crate::catalog::Directive::name).collect()
}
