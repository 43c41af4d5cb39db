//! Comparing any two: configurations, versions, dumps. By meaning, and across versions.
//!
//! A directive is one under all its names. What no statement sets has the version's default; a dump shows only what it has.
//! What the version of one side does not know is no difference as long as nobody sets it, unless it rules what servers did
//! without being asked before.

use std::collections::BTreeMap;

use super::actions;
use super::contrast::{Contrast, Held, Relation, Said};
use super::nature::{came_with, is_per_node};
use crate::catalog::{self, Directive, DirectiveId, Kind, Lookup, State};
use crate::config::{Config, Origin, Setup, Value};
use crate::server::{Engine, Server};
use crate::snapshot::Snapshot;

/// One of the two that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The configuration; of a dump an empty one, for its version.
    pub setup: &'a Setup,
    /// What a server showed. Nothing else is then known of this side.
    pub dump: Option<&'a Snapshot>,
}

/// What came out of comparing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// What is not equal, by name; then users, and what else CONFIG GET never shows.
    pub rows: Vec<Contrast>,
    /// How many mean the same.
    pub equal: usize,
    /// How many a dump does not show, or the host decides.
    pub not_compared: usize,
    /// Directives that one side's version knows alone and nobody sets.
    pub unset: [Vec<&'static str>; 2],
    /// Names in a dump that its version does not know: of modules, or of another version.
    pub strange: [Vec<String>; 2],
}

impl Comparison {
    /// Whether a row says that the two sides mean something else.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.relation, Relation::Different | Relation::OneSided))
    }
}

/// What a side makes of a directive.
enum Known {
    /// It has it.
    Here(&'static Directive),
    /// It takes the line and ignores it.
    Ignored,
    /// It has never heard of it, or no longer.
    Not,
}

/// A value, or a text of a dump that is none the version would take.
#[derive(Clone)]
enum Got {
    Value(Value),
    Text(Vec<u8>),
}

impl Side<'_> {
    fn config(&self) -> &Config {
        &self.setup.config
    }

    fn knows(&self, id: DirectiveId) -> Known {
        match self.config().view.get(id) {
            Some(directive) if directive.state == State::Inert => Known::Ignored,
            Some(directive) if directive.is.live_only && self.dump.is_none() => Known::Not,
            Some(directive) => Known::Here(directive),
            None => Known::Not,
        }
    }

    fn get(&self, directive: &Directive) -> Option<(Got, Said)> {
        let Some(dump) = self.dump else {
            let value = self.config().effective(directive)?.clone();
            return Some((Got::Value(value), Said::By(self.config().origin(directive))));
        };
        let text = directive.names.iter().find_map(|name| dump.value(name))?;
        let value = self.config().read_back(directive, text).map_or_else(|| Got::Text(text.to_vec()), Got::Value);
        Some((value, Said::Server))
    }

    /// Whether somebody chose the value: a statement, or the server of a dump shows another than the default.
    fn is_chosen(&self, directive: &Directive, got: &Got, said: &Said) -> bool {
        match (said, got) {
            (Said::By(origin), _) => *origin != Origin::Default,
            (_, Got::Value(value)) => {
                !directive.is.environment
                    && self.config().default(directive).is_none_or(|default| !default.means(value))
            }
            (_, Got::Text(_)) => true,
        }
    }
}

/// Compares all that both sides tell.
#[must_use]
pub fn between(from: Side<'_>, to: Side<'_>) -> Comparison {
    let mut found = Comparison::default();
    let mut ids: BTreeMap<&'static str, DirectiveId> = BTreeMap::new();
    let mut seen = vec![false; catalog::count()];
    for directive in to.config().view.directives().chain(from.config().view.directives()) {
        if !std::mem::replace(&mut seen[directive.id.index()], true) {
            ids.insert(directive.name(), directive.id);
        }
    }
    for id in ids.into_values() {
        match (from.knows(id), to.knows(id)) {
            (Known::Here(a), Known::Here(b)) if has_value(a) && has_value(b) => both(&mut found, from, a, to, b),
            (Known::Here(a), Known::Not | Known::Ignored) if has_value(a) => {
                one(&mut found, from, a, unknown(&to, id), Turn::From);
            }
            (Known::Not | Known::Ignored, Known::Here(b)) if has_value(b) => {
                one(&mut found, to, b, unknown(&from, id), Turn::To);
            }
            (Known::Here(_) | Known::Ignored | Known::Not, _) => {}
        }
    }
    found.strange = [strange(&from), strange(&to)];
    match (from.dump, to.dump) {
        (None, None) => actions::compare(&mut found, from.setup, to.setup),
        (None, Some(_)) => actions::unseen(&mut found, from.setup, true),
        (Some(_), None) => actions::unseen(&mut found, to.setup, false),
        (Some(_), Some(_)) => {}
    }
    found
}

/// Which side a directive stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    From,
    To,
}

fn unknown(side: &Side<'_>, id: DirectiveId) -> Said {
    match side.knows(id) {
        Known::Ignored => Said::Ignored,
        Known::Here(_) | Known::Not => Said::Unknown,
    }
}

fn has_value(directive: &Directive) -> bool {
    let acts =
        matches!(directive.kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel);
    !acts && !directive.is.file_only
}

/// A directive that both versions have.
fn both(found: &mut Comparison, from: Side<'_>, a: &Directive, to: Side<'_>, b: &Directive) {
    let (mine, other) = (from.get(a), to.get(b));
    let ((mine, by), (other, with)) = match (mine, other) {
        (Some(mine), Some(other)) => (mine, other),
        (None, None) => return,
        (mine, other) => {
            found.not_compared += 1;
            let is_chosen = |side: &Side<'_>, directive, got: &Option<(Got, Said)>| {
                got.as_ref().is_some_and(|(got, said)| side.is_chosen(directive, got, said))
            };
            if is_chosen(&from, a, &mine) || is_chosen(&to, b, &other) {
                let held = |directive: &Directive, got: Option<(Got, Said)>| match got {
                    Some((got, said)) => held(directive, &got, said, None),
                    None => Held::nothing(directive.name(), Said::Nobody),
                };
                let note = "the dump does not show it";
                found.rows.push(row(b, held(a, mine), held(b, other), Relation::NotCompared, Some(note)));
            }
            return;
        }
    };
    // What the build or the host chooses is no statement of anybody.
    let by_host = |directive: &Directive, said: &Said| directive.is.environment && *said == Said::By(Origin::Default);
    if by_host(a, &by) || by_host(b, &with) {
        if by == with {
            found.equal += 1;
        } else {
            found.not_compared += 1;
        }
        return;
    }
    let Some((relation, note)) = judge((&from, a, &mine), (&to, b, &other)) else {
        found.equal += 1;
        return;
    };
    found.not_compared += usize::from(relation == Relation::NotCompared);
    let (left, right) = (value(&other), value(&mine));
    found.rows.push(row(b, held(a, &mine, by, left), held(b, &other, with, right), relation, note));
}

fn value(got: &Got) -> Option<&Value> {
    match got {
        Got::Value(value) => Some(value),
        Got::Text(_) => None,
    }
}

fn held(directive: &Directive, got: &Got, said: Said, other: Option<&Value>) -> Held {
    match got {
        Got::Value(value) => Held::of(directive, value, said, other),
        Got::Text(_) if directive.is.secret => Held::hidden(directive.name(), said),
        Got::Text(text) => Held::plain(directive.name(), crate::config::printable(text), said),
    }
}

fn row(directive: &Directive, from: Held, to: Held, relation: Relation, note: Option<&str>) -> Contrast {
    Contrast {
        name: directive.name().to_owned(),
        from,
        to,
        relation,
        effect: directive.change,
        per_node: is_per_node(directive.name()),
        note: note.map(str::to_owned),
    }
}

/// How two values relate; `None` if they mean the same.
fn judge(
    (from, a, mine): (&Side<'_>, &Directive, &Got),
    (to, b, other): (&Side<'_>, &Directive, &Got),
) -> Option<(Relation, Option<&'static str>)> {
    let (mine, other) = match (mine, other) {
        (Got::Value(mine), Got::Value(other)) => (mine, other),
        (Got::Text(mine), Got::Text(other)) if mine == other => return None,
        (Got::Text(_) | Got::Value(_), _) => return Some((Relation::Different, None)),
    };
    match (mine, other) {
        (Value::Named(one), Value::Named(two)) => return (one != two).then_some((Relation::Different, None)),
        (Value::Named(_), there) | (there, Value::Named(_)) => {
            let is_empty = there.config_get(&b.kind).is_empty() && *there != Value::Unknown;
            let elsewhere = (Relation::NotCompared, Some("the secret is kept elsewhere"));
            return Some(if is_empty { (Relation::Different, None) } else { elsewhere });
        }
        (Value::Unknown, _) | (_, Value::Unknown) => {
            return Some((Relation::NotCompared, Some("a template fills it in")));
        }
        (_, _) => {}
    }
    if same((from.config(), a, mine), (to.config(), b, other)) {
        return None;
    }
    let lowered = match (a.name(), mine, other) {
        // The process may not open enough files.
        ("maxclients", Value::Int(mine), Value::Int(other)) => {
            (to.dump.is_some() && from.dump.is_none() && other < mine)
                || (from.dump.is_some() && to.dump.is_none() && mine < other)
        }
        (_, _, _) => false,
    };
    Some(if lowered {
        (Relation::Limited, Some("lowered by the limit of open files"))
    } else {
        (Relation::Different, None)
    })
}

/// Whether values of two versions mean the same. Words are numbered by each version's own list, so across versions the
/// texts decide.
pub(super) fn same(
    (from, a, mine): (&Config, &Directive, &Value),
    (to, b, other): (&Config, &Directive, &Value),
) -> bool {
    if a.name() == "bind" && listens_everywhere(from.server, mine) && listens_everywhere(to.server, other) {
        return true;
    }
    if a.kind == b.kind {
        return mine.means(other);
    }
    let there = to.read_back(b, &mine.config_get(&a.kind));
    let here = || from.read_back(a, &other.config_get(&b.kind));
    there.is_some_and(|there| there.means(other)) || here().is_some_and(|here| here.means(mine))
}

/// Whether a server listens on all addresses: 6.2 without any, the later ones with their default.
fn listens_everywhere(server: Server, value: &Value) -> bool {
    let Value::Words(words) = value else { return false };
    let is_6_2 = server.engine == Engine::Redis && !server.at_least(Engine::Redis, 7, 0);
    let words: Vec<&[u8]> = words.iter().map(|word| &**word).filter(|word| !word.is_empty()).collect();
    words.as_slice() == [b"*".as_slice(), b"-::*"] || (is_6_2 && words.is_empty())
}

/// A directive that the version of one side has alone.
fn one(found: &mut Comparison, side: Side<'_>, directive: &'static Directive, other: Said, turn: Turn) {
    let Some((got, said)) = side.get(directive) else { return };
    let place = usize::from(turn == Turn::To);
    let is_chosen = side.is_chosen(directive, &got, &said);
    let before = came_with(directive.name()).and_then(|text| side.config().read_back(directive, text.as_bytes()));
    let (there, relation) = match (before, &got) {
        (Some(before), Got::Value(value)) if before.means(value) => {
            found.equal += 1;
            return;
        }
        (Some(before), _) => (Held::of(directive, &before, Said::Before, None), Relation::Different),
        (None, _) if !is_chosen => {
            found.unset[place].push(directive.name());
            return;
        }
        (None, _) => (Held::nothing(directive.name(), other), Relation::OneSided),
    };
    let here = held(directive, &got, said, None);
    let (from, to) = if turn == Turn::From { (here, there) } else { (there, here) };
    found.rows.push(row(directive, from, to, relation, None));
}

/// Names in a dump that its version does not know.
fn strange(side: &Side<'_>) -> Vec<String> {
    let names = side.dump.into_iter().flat_map(|dump| dump.config().iter()).map(|(name, _)| name);
    let view = side.config().view;
    names.filter(|name| !matches!(view.look(name.as_bytes()), Lookup::Here(_))).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
