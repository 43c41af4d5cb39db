//! From differences to steps: what is set now and in which order, what waits for a restart, what is never sent.
//!
//! A group is one CONFIG SET, or as many single ones in turn where the server takes one value a call. Harmless changes go
//! first, in one group; what is dangerous has a group of its own, so that what failed is known and what was set before can
//! be taken back.

use super::contrast::{Held, Said};
use super::drift::{Drift, Drifts, Standing, Wanted};
use super::hazards::{Hazard, hazards};
use crate::catalog::{Change, Lookup, Need, State, View};
use crate::config::{Config, Origin, Shown, Value};
use crate::server::{Engine, Server};
use crate::snapshot::Snapshot;

/// What makes a step done, beside that the server shows the new value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing else.
    ReadBack,
    /// The first rewrite of the append-only file has ended well; until then a restart from the file loses everything.
    Rewritten,
    /// A second connection comes about at the same address.
    Reachable,
}

/// One value to set.
#[derive(Clone, PartialEq, Eq)]
pub struct Step {
    /// The directive, by the name that the running version prefers.
    pub name: &'static str,
    /// What runs, for people.
    pub from: Held,
    /// What is to run, for people.
    pub to: Held,
    /// What was observed, in CONFIG GET form.
    pub was: Vec<u8>,
    /// What is sent, in the same form.
    pub send: Vec<u8>,
    /// Whether neither may be shown or kept.
    pub secret: bool,
    /// What could go wrong by design: named, counted, and to be allowed.
    pub hazards: Vec<Hazard>,
    /// When it is done.
    pub done: Done,
}

/// Names and counts; no value, for it may be a secret.
impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let hazards: Vec<&str> = self.hazards.iter().map(|hazard| hazard.id).collect();
        f.debug_struct("Step")
            .field("name", &self.name)
            .field("hazards", &hazards)
            .field("done", &self.done)
            .finish_non_exhaustive()
    }
}

/// A difference that is not mended on the running server, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The directive.
    pub name: &'static str,
    /// What runs.
    pub from: Held,
    /// What is declared.
    pub to: Held,
    /// Whether a restart with the rendered file mends it.
    pub by_restart: bool,
    /// Why it is not sent.
    pub reason: String,
}

/// Who the plan is for: the process, not the address. A restart or another server behind the same name is another one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The server's own number for this process.
    pub run_id: String,
    /// `master` or `slave`, as INFO has it.
    pub role: String,
}

impl Identity {
    /// Who answered.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let field = |name: &str| snapshot.info().get(name).map(str::to_owned).unwrap_or_default();
        Self { run_id: field("run_id"), role: field("role") }
    }
}

/// All that is to be done on one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The version.
    pub server: Server,
    /// The process.
    pub of: Identity,
    /// Groups of steps, in their order.
    pub groups: Vec<Vec<Step>>,
    /// What is not done here.
    pub left: Vec<Left>,
}

/// A plan whose dangers are all allowed. Nothing else can be applied.
#[derive(Clone, Copy, Debug)]
pub struct Cleared<'a>(&'a Plan);

impl Cleared<'_> {
    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        self.0
    }
}

impl Step {
    /// What runs, unless it may not be shown.
    #[must_use]
    pub fn from_text(&self) -> Option<String> {
        text(&self.from)
    }

    /// What is to run, unless it may not be shown.
    #[must_use]
    pub fn to_text(&self) -> Option<String> {
        text(&self.to)
    }

    /// The step that takes this one back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            name: self.name,
            from: self.to.clone(),
            to: self.from.clone(),
            was: self.send.clone(),
            send: self.was.clone(),
            secret: self.secret,
            hazards: Vec::new(),
            done: Done::ReadBack,
        }
    }
}

impl Plan {
    /// Whether two answers to CONFIG GET mean the same.
    #[must_use]
    pub fn is_same(&self, name: &str, one: &[u8], other: &[u8]) -> bool {
        if one == other {
            return true;
        }
        let Lookup::Here(directive) = View::of(self.server).look(name.as_bytes()) else { return false };
        let none = Config::nothing(self.server);
        let (one, other) = (none.read_back(directive, one), none.read_back(directive, other));
        one.is_some_and(|one| other.is_some_and(|other| one.means(&other)))
    }

    /// Makes the plan that mends the differences.
    #[must_use]
    pub fn mending(wanted: Wanted<'_>, running: &Snapshot, found: &Drifts) -> Self {
        let mut steps: Vec<(u8, Step)> = Vec::new();
        let mut left = Vec::new();
        for row in found.rows.iter().filter(|row| row.standing == Standing::Drift) {
            match step(wanted, running, row) {
                Ok(step) => steps.push((rank(&step), step)),
                Err(one) => left.push(*one),
            }
        }
        steps.sort_by_key(|(rank, step)| (*rank, step.name));
        let mut groups: Vec<Vec<Step>> = Vec::new();
        let mut harmless = Vec::new();
        for (_, step) in steps {
            if step.hazards.is_empty() && step.done == Done::ReadBack {
                harmless.push(step);
            } else {
                groups.push(vec![step]);
            }
        }
        if !harmless.is_empty() {
            groups.insert(0, harmless);
        }
        Self { server: running.server, of: Identity::of(running), groups, left }
    }

    /// The plan that sets back what another has set: from, to, for each name. What is as before already needs nothing,
    /// and what is neither has been changed by somebody else since and is left alone; the notes say so.
    #[must_use]
    pub fn undoing(running: &Snapshot, changes: &[(&str, Option<&str>, Option<&str>)]) -> (Self, Vec<String>) {
        let server = running.server;
        let mut plan = Self { server, of: Identity::of(running), groups: Vec::new(), left: Vec::new() };
        let mut notes = Vec::new();
        // What was set last goes first.
        for (name, from, to) in changes.iter().rev() {
            let Lookup::Here(directive) = View::of(server).look(name.as_bytes()) else {
                notes.push(format!("`{name}` is not known to {server}"));
                continue;
            };
            let (Some(from), Some(to)) = (from, to) else {
                notes.push(format!("`{name}` is a secret, whose old value is kept nowhere: set it yourself"));
                continue;
            };
            let now = directive.names.iter().find_map(|name| running.value(name));
            let Some(now) = now else {
                notes.push(format!("`{name}` is not shown by the server"));
                continue;
            };
            if plan.is_same(name, now, from.as_bytes()) {
                continue;
            }
            if !plan.is_same(name, now, to.as_bytes()) {
                notes.push(format!("`{name}` was changed by somebody else since, and is left alone"));
                continue;
            }
            if directive.name() == "notify-keyspace-events" && plan.is_atomic() && from.contains('A') {
                notes.push("`notify-keyspace-events`: beside `A` no server shows whether `n` was set, too".into());
            }
            let none = Config::nothing(server);
            let held = |text: &[u8]| match none.read_back(directive, text) {
                Some(value) => Held::of(directive, &value, Said::Server, None),
                None => Held::nothing(directive.name(), Said::Server),
            };
            let hazards = match none.read_back(directive, from.as_bytes()) {
                Some(value) => hazards(directive, none.read_back(directive, now).as_ref(), &value, running),
                None => Vec::new(),
            };
            let step = Step {
                name: directive.name(),
                from: held(now),
                to: held(from.as_bytes()),
                was: now.to_vec(),
                send: from.as_bytes().to_vec(),
                secret: directive.is.secret,
                hazards,
                done: Done::ReadBack,
            };
            plan.groups.push(vec![step]);
        }
        (plan, notes)
    }

    /// All steps, in their order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.groups.iter().flatten()
    }

    /// The plan as one that may be carried out, if `allowed` names every danger in it; else the dangers that it does not.
    ///
    /// # Errors
    /// The hazards that nobody allowed.
    pub fn clear(&self, allowed: &[String]) -> Result<Cleared<'_>, Vec<&Hazard>> {
        let hazards = self.steps().flat_map(|step| &step.hazards);
        let refused: Vec<&Hazard> = hazards.filter(|hazard| !allowed.iter().any(|id| id == hazard.id)).collect();
        if refused.is_empty() { Ok(Cleared(self)) } else { Err(refused) }
    }

    /// Whether the server takes several values in one CONFIG SET, all or none.
    #[must_use]
    pub fn is_atomic(&self) -> bool {
        self.server.engine == Engine::Valkey || self.server.at_least(Engine::Redis, 7, 0)
    }
}

/// What is set before what: what others build upon goes first, what could shut us out goes last.
fn rank(step: &Step) -> u8 {
    match step.name {
        "oom-score-adj-values" => 0,
        "maxmemory-policy" | "save" => 2,
        "maxmemory" => 3,
        "appendonly" => 4,
        "requirepass" | "masterauth" | "primaryauth" => 6,
        "bind" | "port" | "protected-mode" => 8,
        name if name.starts_with("tls-") => 7,
        _ => 1,
    }
}

fn step(wanted: Wanted<'_>, running: &Snapshot, row: &Drift) -> Result<Step, Box<Left>> {
    let config = wanted.declared;
    let directive = config.view.directives().find(|one| one.name() == row.name).expect("rows are about directives");
    let leave = |by_restart, reason: &str| {
        Box::new(Left {
            name: row.name,
            from: row.running.clone(),
            to: row.declared.clone(),
            by_restart,
            reason: reason.into(),
        })
    };
    if directive.change == Change::Restart || directive.state != State::Accepted {
        return Err(leave(true, "the server takes it at its start only"));
    }
    if directive.is.protected && running.value("enable-protected-configs") != Some(b"yes") {
        return Err(leave(true, "the server protects it (`enable-protected-configs`)"));
    }
    if directive.needs == Some(Need::Tls) && !has_tls(running) {
        // Servers that were built without TLS crash at this CONFIG SET, and nobody can ask one how it was built.
        return Err(leave(true, "this server is not seen to have TLS, and one that has none could crash"));
    }
    if directive.is.not_while_loading && running.info().get("loading").is_some_and(|loading| loading == "1") {
        return Err(leave(false, "not while the server loads its data: apply again when it has"));
    }
    if directive.name() == "requirepass" {
        // The server would take it, and it would be gone with the next start or ACL LOAD.
        if running.value("aclfile").is_some_and(|path| !path.is_empty()) {
            return Err(leave(false, "beside `aclfile` it does nothing: the passwords of that file count"));
        }
        if config.defines_default_user() {
            return Err(leave(false, "beside a `user default` line it does nothing: the passwords of that line count"));
        }
    }
    let value = config.effective(directive).expect("a declared directive has a value");
    let value = if let Value::Named(name) = value {
        Value::Secret(wanted.secrets.get(&**name).expect("what is not at hand is not compared").clone())
    } else {
        value.clone()
    };
    let send = value.config_get(&directive.kind);
    if directive.name() == "bind" && send.iter().all(u8::is_ascii_whitespace) {
        return Err(leave(true, "an empty `bind` closes every listener of a running server"));
    }
    let was = directive.names.iter().find_map(|name| running.value(name)).unwrap_or_default().to_vec();
    if directive.name() == "bind" && was.is_empty() && running.server.engine == Engine::Redis {
        return Err(leave(true, "this version cannot set an empty `bind` again, so that it could not be taken back"));
    }
    let before = config.read_back(directive, &was);
    let hazards = match directive.name() {
        "maxmemory" => hazards(directive, before.as_ref(), &value, &evicting_as_declared(config, running)),
        _ => hazards(directive, before.as_ref(), &value, running),
    };
    let done = match (directive.name(), &value) {
        ("appendonly", Value::Bool(true)) => Done::Rewritten,
        ("bind" | "port" | "protected-mode" | "requirepass" | "tls-port", _) => Done::Reachable,
        (name, _) if name.starts_with("tls-") => Done::Reachable,
        (_, _) => Done::ReadBack,
    };
    let from = match &before {
        Some(before) => Held::of(directive, before, Said::Server, Some(&value)),
        None => row.running.clone(),
    };
    Ok(Step { name: row.name, from, to: row.declared.clone(), was, send, secret: directive.is.secret, hazards, done })
}

/// What runs, with the policy that is declared: it is set before `maxmemory` is.
fn evicting_as_declared(config: &Config, running: &Snapshot) -> Snapshot {
    let Lookup::Here(policy) = config.view.look(b"maxmemory-policy") else { return running.clone() };
    let value = config.effective(policy).filter(|_| config.origin(policy) != Origin::Default);
    let Some(value) = value else { return running.clone() };
    let mut pairs = running.config().clone();
    if pairs.get(policy.name()).is_some() {
        pairs.extend([(policy.name(), value.config_get(&policy.kind))]);
    }
    Snapshot::new(running.server, pairs, running.info().clone())
}

fn text(held: &Held) -> Option<String> {
    match (&held.words, &held.value) {
        (Some(words), _) => Some(words.clone()),
        (None, Some(Shown::Plain(text))) => Some(text.clone()),
        (None, Some(Shown::Masked | Shown::Named(_)) | None) => None,
    }
}

/// Whether TLS is seen to be there: it listens by it, or speaks it with other servers.
fn has_tls(running: &Snapshot) -> bool {
    running.value("tls-port").is_some_and(|port| port != b"0")
        || ["tls-replication", "tls-cluster"].iter().any(|name| running.value(name) == Some(b"yes"))
}
