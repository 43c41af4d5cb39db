//! Looking at one server: connecting, asking for what is declared, comparing, and telling how it stands.

#![expect(clippy::disallowed_methods, reason = "a server that runs here may have its file here")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::lines::{empty, fill_rows, notes, role, user_line};
use super::reach::{Access, known};
use super::remedy::{self, remedy};
use super::target::{Declared, Place, Target};
use super::watcher::may_be_of_sentinel;
use crate::catalog::{self, Lookup};
use crate::cli::args::Reach;
use crate::cli::clock;
use crate::cli::diff::by_names;
use crate::cli::failure::Failure;
use crate::cli::server::Chosen;
use crate::cli::subject::read_file;
use crate::cli::terminal::read_stdin;
use crate::config::{Secret, Setup};
use crate::facts::Facts;
use crate::finding::Severity;
use crate::live::{self, Address, Denied, Met, Question, Tls, Topology, Url};
use crate::plan::{self, Drifts, Expectation, Fate, Plan, Standing, Wanted, names_to_ask};
use crate::report::{LiveServer, LiveStatus};
use crate::server::Server;
use crate::snapshot::{Kept, Pairs, Snapshot, identity, read_dump, read_kept};
use crate::source::{Disk, Name};
use crate::syntax::conf;

/// Who is at the place of a target.
pub(super) enum Around {
    /// A dump stands there, or nothing.
    Nobody,
    /// One server, already met; and why others that belong to it are not known.
    Alone { met: Box<Met>, unknown: Option<String> },
    /// Several nodes.
    Several(Topology),
}

/// What is the same for all servers.
pub(super) struct Looking<'a> {
    reach: &'a Reach,
    access: Access,
    map: Vec<(Address, Address)>,
    tls: Option<Result<Tls, String>>,
    deployed: Option<(PathBuf, Vec<u8>)>,
    /// Whether what is declared may be the file of a Sentinel.
    pub(super) may_be_of_sentinel: bool,
    stdin: Option<Vec<u8>>,
    today: String,
    /// What one profile says to each version, for any number of servers.
    sound: Mutex<BTreeMap<Server, Arc<Declaration>>>,
}

/// What is declared for a version, with all that is made of it once for any number of servers.
pub(super) struct Declaration {
    pub(super) setup: Setup,
    /// The secrets that are at hand.
    secrets: BTreeMap<String, Secret>,
    /// What servers are asked for.
    pub(super) question: Question<'static>,
}

impl Declaration {
    fn of(setup: Setup) -> Self {
        let secrets = known(&setup);
        let question = Question::new(&names_to_ask(&setup.config, &secrets), setup.server);
        Self { setup, secrets, question }
    }
}

/// A server, seen.
struct Sight {
    declaration: Arc<Declaration>,
    snapshot: Snapshot,
    denied: Option<Denied>,
    deployed: Option<Setup>,
    found: Drifts,
    /// The server, for more questions.
    met: Option<Met>,
}

/// The same, and what mends it.
pub(super) struct Seen {
    pub(super) declaration: Arc<Declaration>,
    pub(super) snapshot: Snapshot,
    pub(super) denied: Option<Denied>,
    pub(super) deployed: Option<Setup>,
    pub(super) found: Drifts,
    pub(super) plan: Plan,
}

impl Seen {
    /// Which of the steps the deployed file does not say; `None` if that file is not known.
    pub(super) fn not_on_disk(&self) -> Option<Vec<String>> {
        let (deployed, declared) = (&self.deployed.as_ref()?.config, &self.declaration.setup.config);
        let is_missing = |step: &&plan::Step| {
            let Lookup::Here(directive) = declared.view.look(step.name.as_bytes()) else { return true };
            deployed.effective(directive).is_none_or(|there| {
                let is_said = there.config_get(&directive.kind) == step.send;
                !is_said && declared.effective(directive).is_none_or(|wanted| !there.means(wanted))
            })
        };
        Some(self.plan.steps().filter(is_missing).map(|step| step.name.to_owned()).collect())
    }

    /// What a restart would lose and no step touches.
    pub(super) fn lost_on_restart(&self) -> Vec<String> {
        let is_ours = |name: &str| self.plan.steps().any(|step| step.name == name);
        let lost = self.found.rows.iter().filter(|row| row.fate == Fate::Lost && !is_ours(row.name));
        lost.map(|row| row.name.to_owned()).collect()
    }
}

impl<'a> Looking<'a> {
    pub(super) fn new(reach: &'a Reach, targets: &[Target<'_>]) -> Result<Self, Failure> {
        let access = Access::of(&reach.who)?;
        let speaks_tls = |target: &Target<'_>| {
            matches!(&target.place, Place::Address(Url { address: Address::Tcp { tls: true, .. }, .. }))
        };
        let tls = targets.iter().any(speaks_tls).then(|| access.tls());
        let deployed = match &reach.deployed {
            Some(_) if targets.len() > 1 => {
                return Err(Failure::new("`--deployed` is the file of one server, and there are several")
                    .help("name one of them"));
            }
            Some(path) => Some((path.clone(), read_file(path)?)),
            None => None,
        };
        let is_stdin = |target: &Target<'_>| matches!(&target.place, Place::Dump(path) if path == Path::new("-"));
        let stdin = if targets.iter().any(is_stdin) { Some(read_stdin()?) } else { None };
        let map = super::nodes::map(&reach.map)?;
        Ok(Self {
            reach,
            access,
            map,
            tls,
            deployed,
            may_be_of_sentinel: may_be_of_sentinel(targets),
            stdin,
            today: clock::today().to_string(),
            sound: Mutex::default(),
        })
    }

    /// How one server stands, or all nodes that belong to it.
    pub(super) fn at(&self, target: &Target<'_>) -> LiveServer {
        if let Some(line) = self.watcher(target) {
            return line;
        }
        let mut line = empty(target);
        let filled = match self.around(target) {
            Ok(Around::Several(topology)) => return self.nodes(line, target, &topology),
            Ok(Around::Alone { met, unknown }) => self.fill(target, Some(*met), &mut line).map(|()| unknown),
            Ok(Around::Nobody) => self.fill(target, None, &mut line).map(|()| None),
            Err(told) => Err(told),
        };
        match filled {
            Ok(Some(unknown)) => {
                line.status = line.status.max(LiveStatus::Partial);
                line.notes.push(format!("the other nodes of its cluster were not looked at: {unknown}"));
            }
            Ok(None) => {}
            Err((status, failure)) => {
                line.status = status;
                line.reason = Some(failure.message().to_owned());
                line.help = failure.advice().map(str::to_owned);
            }
        }
        line
    }

    /// How one node stands, and nothing around it.
    pub(super) fn node(&self, target: &Target<'_>) -> LiveServer {
        let mut line = empty(target);
        if let Err((status, failure)) = self.fill(target, None, &mut line) {
            line.status = status;
            line.reason = Some(failure.message().to_owned());
            line.help = failure.advice().map(str::to_owned);
        }
        line
    }

    fn fill(&self, target: &Target<'_>, met: Option<Met>, line: &mut LiveServer) -> Result<(), (LiveStatus, Failure)> {
        let mut seen = self.sight(target, met, |server, role| {
            line.server = Some(server.used());
            line.role = role;
        })?;
        line.notes = notes(target, &seen.snapshot);
        if let Some(denied) = &seen.denied {
            line.reason = Some(denied.to_string());
            line.help = Some(remedy::of_denial(denied).into());
        }
        fill_rows(line, &seen.declaration.setup, seen.deployed.as_ref(), &seen.found);
        let users_denied = self.fill_users(target, &mut seen, line);
        let is_partial =
            seen.denied.is_some() || users_denied || matches!(target.place, Place::Dump(_)) && line.not_compared > 0;
        line.status = match (is_partial, line.differences.is_empty()) {
            (true, _) => LiveStatus::Partial,
            (false, false) => LiveStatus::Drift,
            (false, true) => LiveStatus::Equal,
        };
        Ok(())
    }

    /// Holds the users against each other, where some are declared; whether the server would not show them.
    fn fill_users(&self, target: &Target<'_>, seen: &mut Sight, line: &mut LiveServer) -> bool {
        if plan::renames_commands(&seen.declaration.setup.config) {
            line.notes.push("renamed commands are declared, which no server shows: not compared".into());
        }
        if !plan::declares_users(&seen.declaration.setup) {
            return false;
        }
        let asked = seen.met.as_mut().map(Met::users);
        let listed = match &asked {
            Some(Ok(Ok(lines))) => Ok(lines.as_slice()),
            Some(Ok(Err(denied))) => {
                line.reason.get_or_insert_with(|| format!("users were not compared: {denied}"));
                line.help.get_or_insert_with(|| remedy::of_denial(denied).into());
                Err("the server does not show its users")
            }
            Some(Err(_)) => Err("the server did not answer"),
            None => Err("a dump shows no users"),
        };
        let expected = target.expected();
        let wanted = self.wanted(target, &seen.declaration, seen.deployed.as_ref(), &expected);
        let found = plan::drift_users(wanted, &seen.declaration.setup, listed);
        for row in &found.rows {
            let told = user_line(&seen.declaration.setup, row);
            match row.standing {
                Standing::Drift => line.differences.push(told),
                Standing::Unmanaged => line.unmanaged.push(told),
                Standing::Equal | Standing::Expected { .. } | Standing::Limited | Standing::NotCompared => {
                    line.others.push(told);
                }
            }
        }
        line.equal += found.equal;
        line.not_compared += found.not_compared;
        if line.effect == "none" && !line.differences.is_empty() {
            line.effect = "live";
        }
        matches!(asked, Some(Ok(Err(_)) | Err(_)))
    }

    /// Asks a server, or reads what stands for it, and compares. `met` hears who answers as soon as that is known.
    pub(super) fn see(
        &self,
        target: &Target<'_>,
        met_with: impl FnMut(&Chosen, Option<String>),
    ) -> Result<Seen, (LiveStatus, Failure)> {
        let sight = self.sight(target, None, met_with)?;
        let expected = target.expected();
        let wanted = self.wanted(target, &sight.declaration, sight.deployed.as_ref(), &expected);
        let plan = Plan::mending(wanted, &sight.snapshot, &sight.found);
        let Sight { declaration, snapshot, denied, deployed, found, met: _ } = sight;
        Ok(Seen { declaration, snapshot, denied, deployed, found, plan })
    }

    /// Only what differs, and over a connection that may be there already.
    fn sight(
        &self,
        target: &Target<'_>,
        met: Option<Met>,
        mut met_with: impl FnMut(&Chosen, Option<String>),
    ) -> Result<Sight, (LiveStatus, Failure)> {
        let failed = |failure| (LiveStatus::Failed, failure);
        let mut asked = None;
        let (declaration, snapshot, denied) = match &target.place {
            Place::Nowhere(reason) => return Err(failed(Failure::new(reason.clone()))),
            Place::Dump(path) => {
                let (chosen, snapshot) = self.dump(path, target.server()).map_err(failed)?;
                met_with(&chosen, role(snapshot.info()));
                (self.sound(target, chosen.server).map_err(failed)?, snapshot, None)
            }
            Place::Address(url) => {
                let unreachable = |failure| unreachable(target, failure);
                let mut met = match met {
                    Some(met) => met,
                    None => {
                        let login = self.login(target, url).map_err(unreachable)?;
                        let reach = self.reach(url, login.as_ref()).map_err(unreachable)?;
                        Met::meet(&reach).map_err(|error| unreachable(remedy(&error)))?
                    }
                };
                let server = met.server();
                met_with(&Chosen { server, because: "INFO".into() }, role(met.info()));
                let declaration = self.sound(target, server).map_err(failed)?;
                let observed = met.ask_for(&declaration.question).map_err(|error| unreachable(remedy(&error)))?;
                asked = Some(met);
                (declaration, observed.snapshot, observed.denied)
            }
        };
        let deployed = self.deployed(target, &snapshot);
        let expected = target.expected();
        let wanted = self.wanted(target, &declaration, deployed.as_ref(), &expected);
        let found = plan::drift(wanted, &snapshot);
        Ok(Sight { declaration, snapshot, denied, deployed, found, met: asked })
    }

    /// What is declared for a version, read once where one profile is held against many servers.
    fn sound(&self, target: &Target<'_>, server: Server) -> Result<Arc<Declaration>, Failure> {
        if matches!(target.declared, Declared::Instance(..)) {
            return sound(target, server).map(Declaration::of).map(Arc::new);
        }
        let mut known = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(declaration) = known.get(&server) {
            return Ok(Arc::clone(declaration));
        }
        let declaration = Arc::new(Declaration::of(sound(target, server)?));
        known.insert(server, Arc::clone(&declaration));
        Ok(declaration)
    }

    /// What is declared for the one version that has been met so far; `None` where there are several, or nothing was met.
    pub(super) fn usual(&self) -> Option<Arc<Declaration>> {
        let known = self.sound.lock().unwrap_or_else(PoisonError::into_inner);
        match known.values().collect::<Vec<_>>()[..] {
            [one] => Some(Arc::clone(one)),
            _ => None,
        }
    }

    fn wanted<'s>(
        &'s self,
        target: &Target<'_>,
        declaration: &'s Declaration,
        deployed: Option<&'s Setup>,
        expected: &'s [Expectation],
    ) -> Wanted<'s> {
        Wanted {
            declared: &declaration.setup.config,
            deployed: deployed.map(|deployed| &deployed.config),
            is_all_deployed: self.deployed.is_some(),
            secrets: &declaration.secrets,
            full: target.is_owned_in_full(),
            expected,
            today: &self.today,
        }
    }

    /// Whether what belongs to an address is looked for.
    pub(super) fn is_discovering(&self) -> bool {
        !self.reach.no_discover
    }

    /// Where announced addresses are reached from here.
    pub(super) fn map(&self) -> &[(Address, Address)] {
        &self.map
    }

    /// The name for Sentinel that the flags give.
    pub(super) fn service(&self) -> Option<String> {
        self.reach.service.clone()
    }

    /// How to reach an address.
    pub(super) fn reach<'s>(&'s self, url: &Url, login: Option<&'s live::Login>) -> Result<live::Reach<'s>, Failure> {
        let tls = match &self.tls {
            Some(Ok(tls)) => Some(tls),
            Some(Err(message)) => return Err(Failure::new(message.clone())),
            None => None,
        };
        Ok(live::Reach { address: url.address.clone(), login, tls, within: self.reach.who.timeout })
    }

    /// Who we are to a server.
    pub(super) fn login(&self, target: &Target<'_>, url: &Url) -> Result<Option<live::Login>, Failure> {
        let Declared::Instance(_, instance) = target.declared else { return Ok(self.access.login(url)) };
        // Where the password is kept does not depend on the version.
        let secrets = match (&instance.live.password, target.server()) {
            (Some(_), server) => {
                let server =
                    server.unwrap_or_else(|| *crate::server::all().last().expect("there are catalogued servers"));
                known(&target.whole(server)?)
            }
            (None, _) => BTreeMap::<String, Secret>::new(),
        };
        self.access.login_of(url, &instance.live, &secrets).map_err(|message| {
            Failure::new(message).help("set the variable or file that `[secrets]` names for it, or REDISCONF_PASSWORD")
        })
    }

    pub(super) fn dump(&self, path: &Path, server: Option<Server>) -> Result<(Chosen, Snapshot), Failure> {
        let read;
        let text: &[u8] = match &self.stdin {
            Some(text) if path == Path::new("-") => text,
            Some(_) | None => {
                read = read_file(path)?;
                &read
            }
        };
        let name = path.display();
        let failed = |error: &dyn std::fmt::Display| {
            Failure::new(format!("cannot read `{name}` as a dump: {error}")).help(
                "make it with `redisconf snapshot`, or `redis-cli --json CONFIG GET '*'`, which keeps line breaks in values",
            )
        };
        let (info, rest) = match read_kept(text).map_err(|error| failed(&error))? {
            Kept::Ours(saved) => {
                let chosen = Chosen { server: saved.snapshot.server, because: format!("snapshot of {}", saved.taken) };
                return Ok((chosen, saved.snapshot));
            }
            Kept::Printed(info, rest) => (info, rest),
        };
        let pairs = if rest.trim_ascii().is_empty() && !info.is_empty() {
            Pairs::default()
        } else {
            let dump = read_dump(rest, &|name| catalog::find(name).is_some()).map_err(|error| failed(&error))?;
            dump.said.into_iter().map(|said| (said.name, said.value)).collect()
        };
        let chosen = match (identity(&info), server) {
            (Ok(server), _) => Chosen { server, because: "INFO".into() },
            (Err(_), Some(server)) => Chosen { server, because: "as the project or --server says".into() },
            (Err(_), None) => by_names(&pairs.iter().map(|(name, _)| name).collect::<Vec<_>>()),
        };
        let snapshot = Snapshot::new(chosen.server, pairs, info);
        Ok((chosen, snapshot))
    }

    /// What the server would read at a restart: what the flag names, else its own file if it runs on this machine.
    fn deployed(&self, target: &Target<'_>, snapshot: &Snapshot) -> Option<Setup> {
        let (path, text) = match (&self.deployed, &target.place) {
            (Some((path, text)), _) => (path.clone(), text.clone()),
            (None, Place::Address(url)) => {
                let path = own_file(&url.address, snapshot)?;
                // That it cannot be read is no failure: nobody asked for it.
                let text = std::fs::read(&path).ok()?;
                (path, text)
            }
            (None, Place::Dump(_) | Place::Nowhere(_)) => return None,
        };
        let reading = conf::read(Name::File(path), &text, snapshot.server, &Disk);
        Some(Setup::from_reading(&target.name, reading, Facts::default()))
    }
}

/// What is declared, unless something is wrong with it.
fn sound(target: &Target<'_>, server: Server) -> Result<Setup, Failure> {
    let setup = target.setup(server)?;
    match setup.findings.iter().find(|finding| finding.severity >= Severity::Error) {
        Some(finding) => Err(Failure::new(format!("what is declared is wrong: {}", finding.message))
            .help("see `redisconf lint` for all that is wrong with it")),
        None => Ok(setup),
    }
}

/// A server that does not answer; that what is declared cannot be read in any version is told rather than that.
pub(super) fn unreachable(target: &Target<'_>, failure: Failure) -> (LiveStatus, Failure) {
    let newest = *crate::server::all().last().expect("there are catalogued servers");
    match target.setup(target.server().unwrap_or(newest)) {
        Err(failure) => (LiveStatus::Failed, failure),
        Ok(_) => (LiveStatus::Unreachable, failure),
    }
}

/// The file of a server that surely runs on this machine.
pub(super) fn own_file(address: &Address, snapshot: &Snapshot) -> Option<PathBuf> {
    let path = snapshot.info().get("config_file").filter(|path| path.starts_with('/'))?;
    live::process_here(address, snapshot.info()).map(|_| PathBuf::from(path))
}
