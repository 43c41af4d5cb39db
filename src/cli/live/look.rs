//! Looking at one server: connecting, asking for what is declared, comparing, and telling how it stands.

#![expect(clippy::disallowed_methods, reason = "a server that runs here may have its file here")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::reach::{Access, known};
use super::target::{Declared, Place, Target};
use crate::catalog::{self, Change};
use crate::cli::args::Reach;
use crate::cli::clock;
use crate::cli::diff::{by_names, held};
use crate::cli::failure::Failure;
use crate::cli::server::Chosen;
use crate::cli::subject::read_file;
use crate::cli::terminal::read_stdin;
use crate::config::{Secret, Setup};
use crate::facts::Facts;
use crate::finding::Severity;
use crate::live::{self, Address, ConnectionError, Denied, Met, ObserveError, Tls, Topology, Url};
use crate::plan::{self, Drift, Drifts, Expectation, Fate, Plan, Standing, Wanted, names_to_ask};
use crate::report::{DriftLine, LiveServer, LiveStatus};
use crate::server::Server;
use crate::snapshot::{Snapshot, read_dump};
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
    stdin: Option<Vec<u8>>,
    today: String,
}

/// A server, seen.
pub(super) struct Seen {
    pub(super) setup: Setup,
    pub(super) snapshot: Snapshot,
    pub(super) denied: Option<Denied>,
    pub(super) deployed: Option<Setup>,
    pub(super) found: Drifts,
    /// What mends it.
    pub(super) plan: Plan,
}

impl<'a> Looking<'a> {
    pub(super) fn new(reach: &'a Reach, targets: &[Target<'_>]) -> Result<Self, Failure> {
        let access = Access::of(reach)?;
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
        Ok(Self { reach, access, map, tls, deployed, stdin, today: clock::today().to_string() })
    }

    /// How one server stands, or all nodes that belong to it.
    pub(super) fn at(&self, target: &Target<'_>) -> LiveServer {
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
        let seen = self.see_met(target, met, |server, role| {
            line.server = Some(server.used());
            line.role = role;
        })?;
        line.notes = notes(target, &seen.snapshot, seen.denied.as_ref());
        if let Some(denied) = &seen.denied {
            line.reason = Some(denied.to_string());
            line.help = Some(
                match denied {
                    Denied::Permission(_) => "let its user do it: `ACL SETUSER NAME +config|get +info`",
                    Denied::NoCommand => "compare with a dump of its parameters: `--live DUMP`",
                    Denied::Other(_) => "ask again when the server takes commands",
                }
                .into(),
            );
        }
        fill_rows(line, &seen.setup, seen.deployed.as_ref(), &seen.found);
        let is_partial = seen.denied.is_some() || matches!(target.place, Place::Dump(_)) && seen.found.not_compared > 0;
        line.status = match (is_partial, line.differences.is_empty()) {
            (true, _) => LiveStatus::Partial,
            (false, false) => LiveStatus::Drift,
            (false, true) => LiveStatus::Equal,
        };
        Ok(())
    }

    /// Asks a server, or reads what stands for it, and compares. `met` hears who answers as soon as that is known.
    pub(super) fn see(
        &self,
        target: &Target<'_>,
        met_with: impl FnMut(&Chosen, Option<String>),
    ) -> Result<Seen, (LiveStatus, Failure)> {
        self.see_met(target, None, met_with)
    }

    /// The same over a connection that is there already.
    fn see_met(
        &self,
        target: &Target<'_>,
        met: Option<Met>,
        mut met_with: impl FnMut(&Chosen, Option<String>),
    ) -> Result<Seen, (LiveStatus, Failure)> {
        let failed = |failure| (LiveStatus::Failed, failure);
        let (setup, snapshot, denied) = match &target.place {
            Place::Nowhere(reason) => return Err(failed(Failure::new(reason.clone()))),
            Place::Dump(path) => {
                let (chosen, snapshot) = self.dump(path, target.server()).map_err(failed)?;
                met_with(&chosen, None);
                (sound(target, chosen.server).map_err(failed)?, snapshot, None)
            }
            Place::Address(url) => {
                let unreachable = |failure| (LiveStatus::Unreachable, failure);
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
                let setup = sound(target, server).map_err(failed)?;
                let names = names_to_ask(&setup.config, &known(&setup));
                let observed = met.observe(&names).map_err(|error| unreachable(remedy(&error)))?;
                (setup, observed.snapshot, observed.denied)
            }
        };
        let deployed = self.deployed(target, &snapshot);
        let (secrets, expected) = (known(&setup), target.expected());
        let wanted = self.wanted(target, &setup, deployed.as_ref(), &secrets, &expected);
        let found = plan::drift(wanted, &snapshot);
        let plan = Plan::mending(wanted, &snapshot, &found);
        Ok(Seen { setup, snapshot, denied, deployed, found, plan })
    }

    fn wanted<'s>(
        &'s self,
        target: &Target<'_>,
        setup: &'s Setup,
        deployed: Option<&'s Setup>,
        secrets: &'s BTreeMap<String, Secret>,
        expected: &'s [Expectation],
    ) -> Wanted<'s> {
        Wanted {
            declared: &setup.config,
            deployed: deployed.map(|deployed| &deployed.config),
            is_all_deployed: self.deployed.is_some(),
            secrets,
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
        Ok(live::Reach { address: url.address.clone(), login, tls, within: self.reach.timeout })
    }

    /// Who we are to a server.
    pub(super) fn login(&self, target: &Target<'_>, url: &Url) -> Result<Option<live::Login>, Failure> {
        let Declared::Instance(_, instance) = target.declared else { return Ok(self.access.login(url)) };
        // Where the password is kept does not depend on the version.
        let secrets = match (&instance.live.password, target.server()) {
            (Some(_), server) => {
                let server =
                    server.unwrap_or_else(|| *crate::server::all().last().expect("there are catalogued servers"));
                known(&target.setup(server)?)
            }
            (None, _) => BTreeMap::<String, Secret>::new(),
        };
        self.access.login_of(url, &instance.live, &secrets).map_err(|message| {
            Failure::new(message).help("set the variable or file that `[secrets]` names for it, or REDISCONF_PASSWORD")
        })
    }

    fn dump(&self, path: &Path, server: Option<Server>) -> Result<(Chosen, Snapshot), Failure> {
        let read;
        let text: &[u8] = match &self.stdin {
            Some(text) if path == Path::new("-") => text,
            Some(_) | None => {
                read = read_file(path)?;
                &read
            }
        };
        let name = path.display();
        let dump = read_dump(text, &|name| catalog::find(name).is_some()).map_err(|error| {
            Failure::new(format!("cannot read `{name}` as a dump: {error}"))
                .help("make it with `redis-cli --json CONFIG GET '*'`, which keeps line breaks in values")
        })?;
        let pairs: Vec<(String, Vec<u8>)> = dump.said.into_iter().map(|said| (said.name, said.value)).collect();
        let chosen = match server {
            Some(server) => Chosen { server, because: "as the project or --server says".into() },
            None => by_names(&pairs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>()),
        };
        let snapshot = Snapshot::new(chosen.server, pairs, BTreeMap::new());
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

fn empty(target: &Target<'_>) -> LiveServer {
    LiveServer {
        name: target.name.clone(),
        address: match &target.place {
            Place::Address(url) => url.address.to_string(),
            Place::Dump(path) => path.display().to_string(),
            Place::Nowhere(_) => String::new(),
        },
        environment: target.environment().map(str::to_owned),
        server: None,
        role: None,
        status: LiveStatus::Equal,
        effect: "none",
        reason: None,
        help: None,
        differences: Vec::new(),
        others: Vec::new(),
        unmanaged: Vec::new(),
        equal: 0,
        not_compared: 0,
        per_node: 0,
        unknown: Vec::new(),
        notes: Vec::new(),
        topology: None,
        nodes: Vec::new(),
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

fn fill_rows(line: &mut LiveServer, setup: &Setup, deployed: Option<&Setup>, found: &Drifts) {
    for row in &found.rows {
        let told = drift_line(setup, deployed, row);
        if row.counts() {
            line.differences.push(told);
        } else if row.standing == Standing::Unmanaged {
            line.unmanaged.push(told);
        } else {
            line.others.push(told);
        }
    }
    line.equal = found.equal;
    line.not_compared = found.not_compared;
    line.per_node = found.per_node;
    line.unknown.clone_from(&found.strange);
    let by_restart = line.differences.iter().any(|row| row.effect == "restart" && row.state == "drift");
    line.effect = match (line.differences.is_empty(), by_restart) {
        (true, _) => "none",
        (false, true) => "restart",
        (false, false) => "live",
    };
}

fn drift_line(setup: &Setup, deployed: Option<&Setup>, row: &Drift) -> DriftLine {
    DriftLine {
        directive: row.name.to_owned(),
        declared: held(setup, &row.declared),
        running: held(setup, &row.running),
        after_restart: row.after_restart.as_ref().map(|after| held(deployed.unwrap_or(setup), after)),
        state: match row.standing {
            Standing::Equal => "equal",
            Standing::Drift => "drift",
            Standing::Expected { .. } => "expected",
            Standing::Unmanaged => "unmanaged",
            Standing::Limited => "limited",
            Standing::NotCompared => "not-compared",
        },
        restart: match row.fate {
            Fate::Unknown => "unknown",
            Fate::Stays => "stays",
            Fate::Lost => "lost",
            Fate::Pending => "pending",
        },
        effect: match row.effect {
            Change::Live => "live",
            Change::Restart => "restart",
        },
        per_node: row.per_node,
        note: row.note.clone(),
    }
}

fn role(info: &BTreeMap<String, String>) -> Option<String> {
    match info.get("role").map(String::as_str) {
        Some("master") => {
            let replicas = info.get("connected_slaves").map_or("0", String::as_str);
            Some(match replicas {
                "0" => "primary".into(),
                "1" => "primary, 1 replica".into(),
                more => format!("primary, {more} replicas"),
            })
        }
        Some("slave") => {
            let of = |name: &str| info.get(name).map_or("?", String::as_str);
            Some(format!("replica of {}:{}", of("master_host"), of("master_port")))
        }
        Some(_) | None => None,
    }
}

/// What else there is to know of its state.
fn notes(target: &Target<'_>, snapshot: &Snapshot, denied: Option<&Denied>) -> Vec<String> {
    let info = snapshot.info();
    let is = |name: &str, value: &str| info.get(name).is_some_and(|said| said == value);
    let mut notes = Vec::new();
    if let Some(declared) = target.server().filter(|declared| declared.base() != snapshot.server.base())
        && !info.is_empty()
    {
        notes.push(format!("declared as {}, and {} runs: compared as what runs", declared.base(), snapshot.server));
    }
    if is("loading", "1") {
        notes.push("it is loading its data, and takes no commands but a few until it is done".into());
    }
    if is("role", "slave") && is("master_link_status", "down") {
        notes.push("its link to the primary is down".into());
    }
    if is("aof_enabled", "1") && (is("aof_rewrite_in_progress", "1") || is("aof_rewrite_scheduled", "1")) {
        notes.push("its append-only file is being rewritten".into());
    }
    if denied.is_none() && info.is_empty() {
        notes.push("a dump shows neither users nor renamed commands, nor what a restart would give".into());
    }
    notes
}

/// The file of a server that surely runs on this machine: the process that it names is here and is one.
fn own_file(address: &Address, snapshot: &Snapshot) -> Option<PathBuf> {
    let is_here = match address {
        Address::Unix(_) => true,
        Address::Tcp { host, .. } => {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    };
    let path = snapshot.info().get("config_file").filter(|path| path.starts_with('/'))?;
    let process: u32 = snapshot.info().get("process_id")?.parse().ok()?;
    // In a container of its own the same number is another process.
    let program = std::fs::read_link(format!("/proc/{process}/exe")).ok()?;
    let is_it = snapshot.info().get("executable").is_some_and(|said| Path::new(said) == program);
    (is_here && is_it).then(|| PathBuf::from(path))
}

/// What to do about a server that does not answer.
pub(in crate::cli) fn remedy(error: &ObserveError) -> Failure {
    let help = match error {
        ObserveError::Connection(ConnectionError::Connect(_)) => "check address and port, and that the server runs",
        ObserveError::Connection(ConnectionError::Tls(_)) => {
            "see --tls-ca, --tls-cert, --tls-key and --tls-server-name; redis:// speaks without TLS"
        }
        ObserveError::Connection(ConnectionError::TimedOut { .. }) => {
            "wait longer with --timeout, or look why it is busy"
        }
        ObserveError::Connection(ConnectionError::Closed { .. }) => {
            "a port that speaks TLS hangs up like this: write rediss://"
        }
        ObserveError::Connection(ConnectionError::TooLarge { .. } | ConnectionError::Garbled { .. })
        | ObserveError::Shape { .. }
        | ObserveError::Pairs(_)
        | ObserveError::Identity(_) => "check the address: something else may listen there, or stand between",
        ObserveError::NoLogin => "give it in REDISCONF_PASSWORD, with --password-file, or --ask-password",
        ObserveError::WrongLogin { .. } => "check the user (--user) and the password",
        ObserveError::ProtectedMode => "ask from the machine itself, or set a password there",
        ObserveError::Full => "raise `maxclients`, or look for connections that leak",
        ObserveError::NoInfo { .. } => "let its user do it: `ACL SETUSER NAME +info +config|get`",
        ObserveError::Sentinel => "leave --no-discover out, or name one of the servers it watches",
    };
    Failure::new(error.to_string()).help(help)
}
