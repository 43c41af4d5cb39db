//! What each instance means, as rows and columns: the way from configurations to [`cluster`](super::cluster) and back.

use std::collections::{BTreeMap, BTreeSet};

use super::cluster::{Cell, Column, Table};
use crate::catalog::{self, DirectiveId, Kind, State, View};
use crate::config::layers::Slot;
use crate::config::{Class, Setup, Value};
use crate::facts::Facts;
use crate::import::Original;
use crate::import::decide::{Decided, Setting, Text, UserTable, raw};
use crate::import::value;
use crate::server::Server;
use crate::source::Sources;
use crate::syntax::Reading;

/// What no two instances share by anything but chance: never in a layer.
const OWN: &[&str] = &[
    "cluster-announce-bus-port",
    "cluster-announce-hostname",
    "cluster-announce-human-nodename",
    "cluster-announce-ip",
    "cluster-announce-port",
    "cluster-announce-tls-port",
    "replica-announce-ip",
    "replica-announce-port",
    "replicaof",
];

/// What belongs to the place of an instance: in a layer only if nearly all agree, and never a reason for one.
const PLACE: &[&str] = &[
    "aclfile",
    "aof-rewrite-cpulist",
    "appenddirname",
    "appendfilename",
    "availability-zone",
    "bgsave-cpulist",
    "bind",
    "bind-source-addr",
    "bio-cpulist",
    "cluster-config-file",
    "cluster-port",
    "dbfilename",
    "dir",
    "logfile",
    "pidfile",
    "port",
    "replica-priority",
    "server-cpulist",
    "syslog-ident",
    "tls-ca-cert-dir",
    "tls-ca-cert-file",
    "tls-cert-file",
    "tls-client-cert-file",
    "tls-client-key-file",
    "tls-key-file",
    "tls-port",
    "unixsocket",
];

/// Percent that agree on what belongs to a place before a layer says it.
const PLACE_SHARE: usize = 90;

/// The right side of one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Said {
    /// TOML.
    Toml(String),
    /// A secret by its logical name.
    Secret(String),
}

/// A line that an instance would need without layers.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) said: Said,
    pub(super) why: Option<String>,
}

/// What is carried out by an instance: a whole list of renamed commands or modules, for their order counts; or a user.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Carried {
    Modules(Vec<(String, Vec<String>)>),
    Renames(Vec<(String, String)>),
    User(UserTable),
}

/// One instance.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) server: Server,
    pub(super) own: BTreeMap<Slot, Line>,
    pub(super) carried: Vec<Carried>,
    /// What its file says something of.
    pub(super) stated: BTreeSet<DirectiveId>,
    excluded: BTreeSet<DirectiveId>,
}

impl Sheet {
    pub(super) fn new(original: &Original, decided: &Decided) -> Self {
        let mut own = BTreeMap::new();
        for setting in &decided.settings {
            let directive = catalog::find(setting.name).expect("it is a name of the catalogue");
            let line = |said| Line { said, why: setting.why.clone() };
            match &setting.text {
                Text::One(text) => drop(own.insert(Slot { directive, key: None }, line(Said::Toml(text.clone())))),
                Text::Secret(name) => drop(own.insert(Slot { directive, key: None }, line(Said::Secret(name.clone())))),
                Text::Classes(classes) => own.extend(
                    classes
                        .iter()
                        .map(|(class, text)| (Slot { directive, key: Some(*class) }, line(Said::Toml(text.clone())))),
                ),
            }
        }
        let lists = [
            (!decided.modules.is_empty()).then(|| Carried::Modules(decided.modules.clone())),
            (!decided.renames.is_empty()).then(|| Carried::Renames(decided.renames.clone())),
        ];
        let users = decided.users.iter().cloned().map(Carried::User);
        Self {
            server: original.reading.server,
            own,
            carried: lists.into_iter().flatten().chain(users).collect(),
            stated: original.config.entries().iter().map(|entry| entry.id).collect(),
            excluded: decided.excluded.clone(),
        }
    }
}

/// Nothing at all, for a version.
pub(super) fn nothing(server: Server) -> Setup {
    Setup::from_reading("", Reading::new(Sources::new(), server), Facts::default())
}

/// All instances as a table, with what its numbers mean.
pub(super) struct Sheets {
    /// By row.
    pub(super) of: Vec<Sheet>,
    pub(super) slots: Vec<Slot>,
    pub(super) table: Table,
    /// By column; value 1 is the first.
    texts: Vec<Vec<Said>>,
    pub(super) carried: Vec<Carried>,
}

impl Sheets {
    /// Numbers what the instances say. The numbers depend on what is said alone.
    pub(super) fn new(sheets: Vec<Sheet>) -> Self {
        let slots: BTreeSet<Slot> = sheets.iter().flat_map(|sheet| sheet.own.keys().cloned()).collect();
        let slots: Vec<Slot> = slots.into_iter().collect();
        let mut versions: BTreeMap<usize, Vec<Default>> = BTreeMap::new();
        for sheet in &sheets {
            let place = sheet.server.base().place();
            versions.entry(place).or_insert_with(|| defaults(sheet.server, &slots));
        }
        let means = |sheet: &Sheet, at: usize| -> Meaning {
            let slot = &slots[at];
            if let Some(line) = sheet.own.get(slot) {
                return Meaning::Said(line.said.clone());
            }
            if sheet.excluded.contains(&slot.directive) {
                return Meaning::Default(None);
            }
            match &versions[&sheet.server.base().place()][at] {
                Default::Lacks => Meaning::Lacks,
                Default::Unknown => Meaning::Default(None),
                Default::Known(said) => Meaning::Default(Some(said.clone())),
            }
        };
        let mut columns = Vec::new();
        let mut texts = Vec::new();
        let mut rows = vec![Vec::with_capacity(slots.len()); sheets.len()];
        for (at, slot) in slots.iter().enumerate() {
            let meanings: Vec<Meaning> = sheets.iter().map(|sheet| means(sheet, at)).collect();
            let known: BTreeSet<&Said> = meanings.iter().filter_map(Meaning::said).collect();
            let known: Vec<Said> = known.into_iter().cloned().collect();
            let number = |said: Option<&Said>| -> u32 {
                let at = said.and_then(|said| known.binary_search(said).ok());
                at.map_or(0, |at| u32::try_from(at + 1).expect("there are fewer values than files"))
            };
            for (row, meaning) in rows.iter_mut().zip(&meanings) {
                row.push(Cell {
                    value: number(meaning.said()),
                    free: !matches!(meaning, Meaning::Said(_)),
                    lacks: matches!(meaning, Meaning::Lacks),
                });
            }
            texts.push(known);
            columns.push(column(slot));
        }
        let things: BTreeSet<&Carried> = sheets.iter().flat_map(|sheet| &sheet.carried).collect();
        let things: Vec<Carried> = things.into_iter().cloned().collect();
        let numbers = sheets.iter().map(|sheet| {
            let of = |one: &Carried| things.binary_search(one).ok().and_then(|at| u32::try_from(at).ok());
            let mut numbers: Vec<u32> = sheet.carried.iter().filter_map(of).collect();
            numbers.sort_unstable();
            numbers
        });
        let carries: Vec<Vec<u32>> = numbers.collect();
        Self { slots, table: Table { columns, rows, carries }, texts, carried: things, of: sheets }
    }

    /// The text of a value.
    pub(super) fn said(&self, column: usize, value: u32) -> Option<&Said> {
        self.texts[column].get(usize::try_from(value).ok()?.checked_sub(1)?)
    }

    /// The name of a column that most of some instances prefer.
    pub(super) fn name(&self, column: usize, rows: &[usize]) -> &'static str {
        let mut counts: BTreeMap<&'static str, usize> = BTreeMap::new();
        for row in rows {
            if let Some(name) = name_for(self.of[*row].server, &self.slots[column]) {
                *counts.entry(name).or_default() += 1;
            }
        }
        let most = counts.into_iter().max_by_key(|(name, count)| (*count, std::cmp::Reverse(*name)));
        most.map(|(name, _)| name).expect("one of them knows it")
    }

    /// The name of a column in the version of an instance.
    pub(super) fn name_of(&self, column: usize, row: usize) -> &'static str {
        self.name(column, &[row])
    }
}

fn name_for(server: Server, slot: &Slot) -> Option<&'static str> {
    View::of(server).get(slot.directive).map(catalog::Directive::name)
}

/// Lines as settings, the classes of one directive together.
pub(super) fn settings(lines: Vec<(&'static str, Option<Class>, Said, Option<String>)>) -> Vec<Setting> {
    let mut settings: Vec<Setting> = Vec::new();
    for (name, class, said, why) in lines {
        let text = match said {
            Said::Toml(text) => text,
            Said::Secret(secret) => {
                settings.push(Setting { name, text: Text::Secret(secret), why });
                continue;
            }
        };
        let Some(class) = class else {
            settings.push(Setting { name, text: Text::One(text), why });
            continue;
        };
        match settings.last_mut() {
            Some(Setting { name: known, text: Text::Classes(classes), .. }) if *known == name => {
                classes.push((class, text));
            }
            Some(_) | None => settings.push(Setting { name, text: Text::Classes(vec![(class, text)]), why }),
        }
    }
    settings
}

enum Meaning {
    Lacks,
    Default(Option<Said>),
    Said(Said),
}

impl Meaning {
    fn said(&self) -> Option<&Said> {
        match self {
            Self::Lacks => None,
            Self::Default(said) => said.as_ref(),
            Self::Said(said) => Some(said),
        }
    }
}

enum Default {
    Lacks,
    /// The build or the host chooses, or no text says it.
    Unknown,
    Known(Said),
}

fn defaults(server: Server, slots: &[Slot]) -> Vec<Default> {
    let nothing = nothing(server);
    let of = |slot: &Slot| {
        let Some(directive) = nothing.config.view.get(slot.directive) else { return Default::Lacks };
        if directive.state != State::Accepted || directive.is.live_only {
            return Default::Lacks;
        }
        if directive.is.environment {
            return Default::Unknown;
        }
        let text = raw(&nothing.config, directive).and_then(|found| text(&directive.kind, &found, slot.key));
        text.map_or(Default::Unknown, |text| Default::Known(Said::Toml(text)))
    };
    slots.iter().map(of).collect()
}

fn text(kind: &Kind, found: &Value, class: Option<Class>) -> Option<String> {
    match (found, class) {
        (Value::Secret(secret), _) => secret.expose().is_empty().then(|| "\"\"".to_owned()),
        (_, Some(class)) => value::limit_of(Some(found), class).as_ref().map(value::limit),
        (other, None) => value::toml(kind, other),
    }
}

fn column(slot: &Slot) -> Column {
    let is_one = |names: &[&str]| names.iter().any(|name| catalog::find(name) == Some(slot.directive));
    let (tells, share) = if is_one(OWN) {
        (false, 101)
    } else if is_one(PLACE) {
        (false, PLACE_SHARE)
    } else {
        (!catalog::is_secret(slot.directive), 0)
    };
    Column { tells, share, unsets: slot.key.is_none() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_known_and_in_its_order() {
        for names in [OWN, PLACE] {
            assert!(names.is_sorted());
            assert_eq!(names.iter().filter(|name| catalog::find(name).is_none()).count(), 0);
        }
    }
}
