//! `redisconf diff --live A --live B`: servers held against each other, with nothing declared.

use std::collections::BTreeMap;

use super::lines::{held, role};
use super::look::Looking;
use super::remedy::{of_denial, remedy};
use super::target::{Place, Target};
use super::{Question, side_by_side};
use crate::cli::Exit;
use crate::cli::args::{Format, Global, Profile};
use crate::cli::failure::Failure;
use crate::cli::server::Chosen;
use crate::cli::terminal::Terminal;
use crate::config::{Config, Setup};
use crate::facts::Facts;
use crate::live::Met;
use crate::plan::{names_to_ask, peers};
use crate::report::{self, PeerLine, PeerValue, PeersReport, SplitLine};
use crate::snapshot::Snapshot;
use crate::source::Name;
use crate::syntax::conf;

/// What a server said, or why it said nothing.
type Told = (PeerLine, Option<Snapshot>);

pub(super) fn run(question: &Question<'_>, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let nobody = Profile { profile: None, server: question.server, layers: question.layers.clone() };
    let targets = Target::named(&nobody, question.reach)?;
    let looking = Looking::new(question.reach, &targets)?;
    let bar = terminal.bar(targets.len(), question.quiet);
    let result = compared(side_by_side(&targets, question.reach, &bar, |target| ask(&looking, target))?);
    if global.format() == Format::Json {
        terminal.print(&report::json("diff --live", &result))?;
    } else {
        terminal.print(&result.human(terminal.look))?;
        if !global.quiet {
            terminal.note(&format!("{}\n", result.summary()))?;
        }
    }
    let all_answered = result.servers.iter().all(|peer| peer.is_compared);
    Ok(match (all_answered, result.differences.is_empty()) {
        (false, _) => Exit::Partial,
        (true, false) => Exit::Found,
        (true, true) => Exit::Done,
    })
}

fn ask(looking: &Looking<'_>, target: &Target<'_>) -> Told {
    let mut line =
        PeerLine { name: target.name.clone(), server: None, role: None, is_compared: false, reason: None, help: None };
    let told = looking.shown(target, |server: &Chosen, role| {
        line.server = Some(server.used());
        line.role = role;
    });
    match told {
        Ok(snapshot) => {
            line.is_compared = true;
            (line, Some(snapshot))
        }
        Err(failure) => {
            line.reason = Some(failure.message().to_owned());
            line.help = failure.advice().map(str::to_owned);
            (line, None)
        }
    }
}

fn compared(told: Vec<Told>) -> PeersReport {
    let (servers, snapshots): (Vec<PeerLine>, Vec<Option<Snapshot>>) = told.into_iter().unzip();
    let answered: Vec<(&str, &Snapshot)> =
        servers.iter().zip(&snapshots).filter_map(|(line, told)| Some((line.name.as_str(), told.as_ref()?))).collect();
    let found = peers(&answered.iter().map(|(_, snapshot)| *snapshot).collect::<Vec<_>>());
    // Values of servers have no places in texts.
    let newest = *crate::server::all().last().expect("there are catalogued servers");
    let nothing = conf::read_alone(Name::CommandLine, b"", newest);
    let nothing = Setup::from_reading("", nothing, Facts::default());
    let differences = found
        .splits
        .iter()
        .map(|split| SplitLine {
            directive: split.name.to_owned(),
            has_majority: split.has_majority,
            values: split
                .values
                .iter()
                .map(|(value, who)| PeerValue {
                    held: held(&nothing, value),
                    servers: who.iter().map(|at| answered[*at].0.to_owned()).collect(),
                })
                .collect(),
        })
        .collect();
    let (equal, per_node) = (found.equal, found.per_node);
    PeersReport { servers, differences, equal, per_node }
}

impl Looking<'_> {
    /// What a server, or what stands for it, shows; secrets are not asked for.
    fn shown(
        &self,
        target: &Target<'_>,
        mut met_with: impl FnMut(&Chosen, Option<String>),
    ) -> Result<Snapshot, Failure> {
        match &target.place {
            Place::Nowhere(reason) => Err(Failure::new(reason.clone())),
            Place::Dump(path) => {
                let (chosen, snapshot) = self.dump(path, target.server())?;
                met_with(&chosen, role(snapshot.info()));
                Ok(snapshot)
            }
            Place::Address(url) => {
                let login = self.login(target, url)?;
                let reach = self.reach(url, login.as_ref())?;
                let mut met = Met::meet(&reach).map_err(|error| remedy(&error))?;
                let server = met.server();
                met_with(&Chosen { server, because: "INFO".into() }, role(met.info()));
                let names = names_to_ask(&Config::nothing(server), &BTreeMap::new());
                let observed = met.observe(&names).map_err(|error| remedy(&error))?;
                match observed.denied {
                    Some(denied) => Err(Failure::new(denied.to_string()).help(of_denial(&denied))),
                    None => Ok(observed.snapshot),
                }
            }
        }
    }
}
