//! What is declared, what runs, and what a restart would give: one server held against what it should be.
//!
//! What no layer names is not ours: if it is not the default either it is shown as *unmanaged*, and never counts, unless a
//! restart would lose it. With full ownership what nobody names is to have the version's default.

use std::collections::BTreeMap;

use super::Verdict;
use super::compare::{is_action, judge};
use super::contrast::{Held, Said};
use super::nature::is_per_node;
use crate::catalog::{self, Change, Directive, Lookup, State};
use crate::config::{Config, Origin, Secret, Value, printable};
use crate::snapshot::Snapshot;

/// What a server is held against.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What the layers say, for the version that runs.
    pub declared: &'a Config,
    /// What the server would read at a restart, if that is known.
    pub deployed: Option<&'a Config>,
    /// Whether that is all it would read. Of a file that was merely found nobody knows what the command line adds to it, so
    /// that nothing is said of what no layer names.
    pub is_all_deployed: bool,
    /// Secrets that are at hand, by their logical names.
    pub secrets: &'a BTreeMap<String, Secret>,
    /// Whether what no layer names is to have its default.
    pub full: bool,
    /// Differences that are allowed for a time.
    pub expected: &'a [Expectation],
    /// Today, as `2026-11-22`.
    pub today: &'a str,
}

/// A difference that is allowed for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The directive, by any of its names.
    pub directive: String,
    /// The value that may run, as a file would say it.
    pub value: String,
    /// Why.
    pub reason: String,
    /// The last day, as `2027-01-31`.
    pub until: String,
}

/// How a directive stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As declared.
    Equal,
    /// Something else runs than is declared.
    Drift,
    /// Something else runs, and somebody said that it may.
    Expected {
        /// Why.
        reason: String,
        /// Up to when.
        until: String,
    },
    /// No layer names it, and it is not the default.
    Unmanaged,
    /// The server lowered it for want of resources.
    Limited,
    /// Declared, and the server did not show it or the value is not at hand.
    NotCompared,
}

/// What a restart would do to a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// What is deployed is not known.
    Unknown,
    /// The same value.
    Stays,
    /// What runs is lost: the deployed file says something else.
    Lost,
    /// What is declared comes into force: the file is deployed, the server still runs with the old one.
    Pending,
}

/// One directive of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    /// The name that the running version prefers.
    pub name: &'static str,
    /// What is declared.
    pub declared: Held,
    /// What runs.
    pub running: Held,
    /// What a restart would give, if what is deployed is known.
    pub after_restart: Option<Held>,
    /// How it stands.
    pub standing: Standing,
    /// What a restart would do.
    pub fate: Fate,
    /// How a change takes effect.
    pub effect: Change,
    /// Whether it differs from node to node by its nature.
    pub per_node: bool,
    /// What else is to be said.
    pub note: Option<String>,
}

impl Drift {
    /// Whether the server is not as it should be.
    #[must_use]
    pub fn counts(&self) -> bool {
        match self.standing {
            Standing::Drift => true,
            Standing::Equal | Standing::Unmanaged => self.fate == Fate::Lost,
            Standing::Expected { .. } | Standing::Limited | Standing::NotCompared => false,
        }
    }
}

/// All that is to be said of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drifts {
    /// What is not simply equal, by name.
    pub rows: Vec<Drift>,
    /// How many declared directives run as declared.
    pub equal: usize,
    /// How many declared directives could not be compared.
    pub not_compared: usize,
    /// How many rows of one node were left out, for no layer names them.
    pub per_node: usize,
    /// Names that the server shows and its version does not know: of modules, or of a newer version.
    pub strange: Vec<String>,
}

/// The names to ask a server for. Secrets are asked for only where there is something to compare them with.
#[must_use]
pub fn names_to_ask(declared: &Config, secrets: &BTreeMap<String, Secret>) -> Vec<&'static str> {
    let asked = |directive: &&'static Directive| {
        !directive.is.file_only && !is_action(&directive.kind) && directive.state == State::Accepted
    };
    let is_needed = |directive: &&'static Directive| {
        !directive.is.secret
            || match declared.effective(directive) {
                Some(Value::Named(name)) => secrets.contains_key(&**name),
                Some(_) => declared.is_stated(directive),
                None => false,
            }
    };
    declared.view.directives().filter(asked).filter(is_needed).map(Directive::name).collect()
}

/// Holds a server against what it should be.
#[must_use]
pub fn drift(wanted: Wanted<'_>, running: &Snapshot) -> Drifts {
    let mut found = Drifts::default();
    let mut answers: Vec<Option<&[u8]>> = vec![None; catalog::count()];
    for (name, value) in running.config().as_told() {
        match wanted.declared.view.look(name.as_bytes()) {
            Lookup::Here(directive) => {
                let answer = &mut answers[directive.id.index()];
                // An alias says what its directive says.
                if answer.is_none() || name == directive.name() {
                    *answer = Some(value);
                }
            }
            Lookup::Elsewhere(_) | Lookup::Never => found.strange.push(name.to_owned()),
        }
    }
    for directive in wanted.declared.view.directives() {
        if directive.is.file_only || is_action(&directive.kind) {
            continue;
        }
        if let Some(row) = wanted.row(directive, answers[directive.id.index()], &mut found) {
            found.rows.push(row);
        }
    }
    found.rows.sort_by_key(|row| row.name);
    found.strange.sort();
    found.strange.dedup();
    found
}

impl Wanted<'_> {
    fn row(&self, directive: &'static Directive, answer: Option<&[u8]>, found: &mut Drifts) -> Option<Drift> {
        let declared = self.declared;
        if self.deployed.is_none() && answer.is_some_and(|answer| declared.is_shown_as(directive, answer)) {
            found.equal += usize::from(declared.is_stated(directive));
            return None;
        }
        let origin = declared.origin(directive);
        let per_node = is_per_node(directive.name());
        // Where a node runs and who it is has no default that all should have, and a secret none that anybody should.
        let has_right_default = !directive.is.environment && !directive.is.secret && !per_node;
        let is_ours = origin != Origin::Default || (self.full && has_right_default);
        let (value, withheld) = self.revealed(declared.effective(directive)?);
        let value = &value;
        let Some(answer) = answer else {
            if origin == Origin::Default {
                return None;
            }
            found.not_compared += 1;
            let note = withheld.unwrap_or_else(|| "the server does not show it".into());
            return Some(unanswered(directive, value, origin, note));
        };
        let verdict = match &withheld {
            Some(_) => Verdict::NotCompared,
            None if *value == Value::Unknown => Verdict::NotCompared,
            None if !is_ours && directive.is.environment => Verdict::Equal,
            None => judge(declared, directive, value, answer),
        };
        let fate = self.fate(directive, value, answer, verdict, is_ours);
        let standing = match verdict {
            Verdict::Equal => Standing::Equal,
            Verdict::Limited => Standing::Limited,
            Verdict::NotCompared => Standing::NotCompared,
            Verdict::Different if !is_ours && per_node => {
                found.per_node += 1;
                return None;
            }
            Verdict::Different => match self.expectation(directive, answer) {
                Some(expected) if *expected.until >= *self.today => {
                    Standing::Expected { reason: expected.reason.clone(), until: expected.until.clone() }
                }
                Some(_) | None if is_ours => Standing::Drift,
                Some(_) | None => Standing::Unmanaged,
            },
        };
        match (&standing, fate) {
            (Standing::Equal, Fate::Unknown | Fate::Stays | Fate::Pending) => {
                found.equal += usize::from(origin != Origin::Default);
                return None;
            }
            (Standing::NotCompared, _) => found.not_compared += 1,
            (_, _) => {}
        }
        if fate == Fate::Lost && per_node && !is_ours {
            found.per_node += 1;
            return None;
        }
        let note = withheld.or_else(|| self.note(directive, &standing, answer));
        let there = declared.read_back(directive, answer);
        let held_running = match &there {
            Some(there) => Held::of(directive, there, Said::Server, Some(value)),
            None if directive.is.secret => Held::hidden(directive.name(), Said::Server),
            None => Held::plain(directive.name(), printable(answer), Said::Server),
        };
        let by = if is_ours { Said::By(origin) } else { Said::Nobody };
        let held_declared = if is_ours {
            Held::of(directive, declared.effective(directive)?, by, there.as_ref())
        } else {
            Held::nothing(directive.name(), by)
        };
        let after_restart = self.deployed.and_then(|deployed| {
            let value = deployed.effective(directive)?;
            Some(Held::of(directive, value, Said::By(deployed.origin(directive)), there.as_ref()))
        });
        let effect = directive.change;
        let name = directive.name();
        Some(Drift {
            name,
            declared: held_declared,
            running: held_running,
            after_restart,
            standing,
            fate,
            effect,
            per_node,
            note,
        })
    }

    /// The value behind a logical name, if it is at hand; else why there is nothing to compare.
    fn revealed(&self, value: &Value) -> (Value, Option<String>) {
        let Value::Named(name) = value else { return (value.clone(), None) };
        match self.secrets.get(&**name) {
            Some(secret) => (Value::Secret(secret.clone()), None),
            None => (value.clone(), Some(format!("secret `{name}` cannot be read from here"))),
        }
    }

    fn expectation(&self, directive: &Directive, answer: &[u8]) -> Option<&Expectation> {
        let is_its = |one: &&Expectation| {
            directive.names.iter().any(|name| name.eq_ignore_ascii_case(&one.directive))
                && self.declared.read_back(directive, one.value.as_bytes()).map_or_else(
                    || one.value.as_bytes() == answer,
                    |value| judge(self.declared, directive, &value, answer) == Verdict::Equal,
                )
        };
        self.expected.iter().find(is_its)
    }

    fn note(&self, directive: &Directive, standing: &Standing, answer: &[u8]) -> Option<String> {
        match standing {
            Standing::Limited => Some("lowered by the limit of open files".into()),
            Standing::Drift | Standing::Unmanaged => {
                let expired = self.expectation(directive, answer)?;
                Some(format!("was expected until {} ({})", expired.until, expired.reason))
            }
            Standing::Expected { reason, until } => Some(format!("expected until {until} ({reason})")),
            Standing::NotCompared => Some("a template fills it in".into()),
            Standing::Equal => None,
        }
    }

    /// What a restart with the deployed file would do.
    fn fate(&self, directive: &Directive, value: &Value, answer: &[u8], verdict: Verdict, is_ours: bool) -> Fate {
        let Some(deployed) = self.deployed.filter(|_| is_ours || self.is_all_deployed) else { return Fate::Unknown };
        let Some(next) = deployed.effective(directive) else { return Fate::Unknown };
        if deployed.origin(directive) == Origin::Default && directive.is.environment {
            return Fate::Stays;
        }
        if matches!(next, Value::Named(_) | Value::Unknown) {
            return Fate::Unknown;
        }
        let stays = matches!(judge(deployed, directive, next, answer), Verdict::Equal | Verdict::Limited);
        if stays {
            return Fate::Stays;
        }
        let is_declared = is_ours && verdict == Verdict::Different && next.means(value);
        if is_declared && directive.change == Change::Restart { Fate::Pending } else { Fate::Lost }
    }
}

/// A declared directive that the server did not show.
fn unanswered(directive: &'static Directive, value: &Value, origin: Origin, note: String) -> Drift {
    Drift {
        name: directive.name(),
        declared: Held::of(directive, value, Said::By(origin), None),
        running: Held::nothing(directive.name(), Said::Nobody),
        after_restart: None,
        standing: Standing::NotCompared,
        fate: Fate::Unknown,
        effect: directive.change,
        per_node: is_per_node(directive.name()),
        note: Some(note),
    }
}
