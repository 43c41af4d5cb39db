//! Comparing what CONFIG GET never shows: users, renamed commands, modules with their parameters, the lines of a Sentinel.

use std::collections::BTreeMap;

use super::between::Comparison;
use super::contrast::{Contrast, Held, Relation, Said};
use crate::catalog::{Change, Kind};
use crate::config::acl::{Channels, Meaning};
use crate::config::{Config, Entry, MASK, Origin, Setup, Shown, Value, printable, word_shown};

/// Adds what differs.
pub(super) fn compare(found: &mut Comparison, from: &Setup, to: &Setup) {
    let (one, two) = (users(from), users(to));
    let names: std::collections::BTreeSet<&Vec<u8>> = one.keys().chain(two.keys()).collect();
    let is_elsewhere = |user: Option<&User>| user.is_some_and(|user| user.is_elsewhere);
    for name in names {
        let (a, b) = (one.get(name), two.get(name));
        let (mine, other) =
            (a.map_or_else(|| stock(from, name), User::meaning), b.map_or_else(|| stock(to, name), User::meaning));
        let (relation, note) = match (mine, other) {
            (Known::All(mine), Known::All(other)) => match mine.differs_from(&other).as_slice() {
                [] => {
                    found.equal += 1;
                    continue;
                }
                // Whether it is that password nobody knows here.
                ["passwords"] if is_elsewhere(a) != is_elsewhere(b) => {
                    (Relation::NotCompared, Some("the password is kept elsewhere".into()))
                }
                parts => (Relation::Different, Some(format!("other {}", parts.join(", ")))),
            },
            (Known::Partly, _) | (_, Known::Partly) => (Relation::NotCompared, Some("a template fills it in".into())),
            (Known::Nobody, _) | (_, Known::Nobody) => (Relation::Different, None),
        };
        found.not_compared += usize::from(relation == Relation::NotCompared);
        let held = |user: Option<&User>| match user {
            Some(user) => Held::plain("user", user.shown.clone(), Said::By(user.origin.clone())),
            None => Held::nothing("user", Said::Nobody),
        };
        let (name, effect) = (format!("user {}", public_name(name)), Change::Live);
        found.rows.push(Contrast { name, from: held(a), to: held(b), relation, effect, per_node: false, note });
    }
    let (one, two) = (acts(from), acts(to));
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(two.keys()).collect();
    for key in keys {
        let (a, b) = (one.get(key), two.get(key));
        if a.map(|act| &act.meaning) == b.map(|act| &act.meaning) {
            found.equal += 1;
            continue;
        }
        let held = |act: Option<&Act>| match act {
            Some(act) => {
                let value = if act.shown == MASK { Shown::Masked } else { Shown::Plain(act.shown.clone()) };
                let said = Said::By(act.origin.clone());
                Held { name: key.clone(), value: Some(value), words: None, said }
            }
            None => Held::nothing(key, Said::Nobody),
        };
        let effect = if key.starts_with("sentinel ") { Change::Live } else { Change::Restart };
        let (name, relation) = (key.clone(), Relation::Different);
        found.rows.push(Contrast { name, from: held(a), to: held(b), relation, effect, per_node: false, note: None });
    }
}

/// Tells what of a configuration a dump does not show: its users, renamed commands and modules.
pub(super) fn unseen(found: &mut Comparison, setup: &Setup, is_first: bool) {
    let note = "a dump does not show it";
    let mut push = |name: String, held: Held, effect: Change| {
        let there = Held::nothing(&held.name, Said::Nobody);
        let (from, to) = if is_first { (held, there) } else { (there, held) };
        found.not_compared += 1;
        let (relation, note) = (Relation::NotCompared, Some(note.to_owned()));
        found.rows.push(Contrast { name, from, to, relation, effect, per_node: false, note });
    };
    for (name, user) in users(setup) {
        let held = Held::plain("user", user.shown, Said::By(user.origin));
        push(format!("user {}", public_name(&name)), held, Change::Live);
    }
    for (key, act) in acts(setup) {
        let value = if act.shown == MASK { Shown::Masked } else { Shown::Plain(act.shown) };
        let held = Held { name: key.clone(), value: Some(value), words: None, said: Said::By(act.origin) };
        push(key, held, Change::Restart);
    }
}

/// A user as a side defines it.
struct User {
    meaning: Option<Meaning>,
    /// Whether a password is kept elsewhere.
    is_elsewhere: bool,
    shown: String,
    origin: Origin,
}

/// What is known of a user.
enum Known {
    All(Meaning),
    Partly,
    Nobody,
}

impl User {
    fn meaning(&self) -> Known {
        self.meaning.clone().map_or(Known::Partly, Known::All)
    }
}

/// The name, unless a password is glued to it.
pub(super) fn public_name(name: &[u8]) -> String {
    if name.iter().any(|byte| b">#<!".contains(byte)) { MASK.into() } else { printable(name) }
}

fn users(setup: &Setup) -> BTreeMap<Vec<u8>, User> {
    let (config, reading) = (&setup.config, &setup.reading);
    let mut users = BTreeMap::new();
    for user in config.users(reading) {
        let Some(name) = user.name else { continue };
        let arguments = reading.arguments(user.by);
        // A password that is kept elsewhere is told by its name.
        let secrets: Vec<Option<Vec<u8>>> = reading
            .words(user.by)
            .iter()
            .map(|word| word.secret.as_ref().map(|name| [b">\x01secret ", name.as_bytes()].concat()))
            .collect();
        let named: Vec<&[u8]> =
            arguments.iter().zip(&secrets).map(|(word, secret)| secret.as_deref().unwrap_or(word)).collect();
        let meaning = user.rights.is_some().then(|| Meaning::of(&named, config.server, channels(config)));
        let is_elsewhere = secrets.iter().any(Option::is_some);
        let words: Vec<String> =
            (1..arguments.len()).map(|index| word_shown(reading, config.view, user.by, index)).collect();
        let origin = Origin::Statements(vec![user.by]);
        users.insert(name.to_vec(), User { meaning, shown: words.join(" "), origin, is_elsewhere });
    }
    users
}

/// What a server knows of a user that nobody defined: only the one that every connection starts as.
fn stock(setup: &Setup, name: &[u8]) -> Known {
    if name != b"default" {
        return Known::Nobody;
    }
    let config = &setup.config;
    let password = match config.get("requirepass") {
        Some(Value::Named(_) | Value::Unknown) => return Known::Partly,
        Some(Value::Secret(secret)) => secret.expose().to_vec(),
        Some(_) | None => Vec::new(),
    };
    let login = if password.is_empty() { b"nopass".to_vec() } else { [b">", password.as_slice()].concat() };
    Known::All(Meaning::of(&stock_words(&login), config.server, Channels::None))
}

/// The user that every connection starts as, with `nopass` or `>` and its password.
pub(super) fn stock_words(login: &[u8]) -> [&[u8]; 6] {
    [b"default", b"on", login, b"~*", b"&*", b"+@all"]
}

pub(super) fn channels(config: &Config) -> Channels {
    let all = config.get("acl-pubsub-default").is_some_and(|value| {
        let directive = config.view.directives().find(|directive| directive.name() == "acl-pubsub-default");
        directive.is_some_and(|directive| value.config_get(&directive.kind) == b"allchannels")
    });
    if all { Channels::All } else { Channels::None }
}

/// A statement that is carried out, or several of one key.
struct Act {
    meaning: Vec<Vec<u8>>,
    shown: String,
    origin: Origin,
}

/// Renamed commands, modules, their parameters and the lines of a Sentinel, each by what it is about.
fn acts(setup: &Setup) -> BTreeMap<String, Act> {
    let (config, reading) = (&setup.config, &setup.reading);
    let mut acts: BTreeMap<String, Act> = BTreeMap::new();
    let mut parameters: Vec<_> = config.module_parameters().to_vec();
    for entry in config.entries() {
        let Some(directive) = config.view.get(entry.id) else { continue };
        if matches!(directive.kind, Kind::RenameCommand | Kind::LoadModule | Kind::Sentinel) {
            parameters.extend(Entry::standing(entry).map(|part| part.by));
        }
    }
    for id in parameters {
        let arguments = reading.arguments(id);
        let name = printable(&reading.name(id).to_ascii_lowercase());
        let shown = |index: usize| match word_shown(reading, config.view, id, index) {
            word if word.is_empty() => "\"\"".to_owned(),
            word => word,
        };
        // How many words tell what it is about.
        let about = match name.as_str() {
            "rename-command" | "loadmodule" => 1,
            "sentinel" => arguments.len().saturating_sub(1).min(2),
            _ => 0,
        };
        let mut key = name.clone();
        for index in 0..about {
            let word = shown(index);
            key.push(' ');
            key.push_str(&if name == "loadmodule" || index > 0 { word } else { word.to_ascii_lowercase() });
        }
        let words: Vec<String> = (about..arguments.len()).map(shown).collect();
        let lower = name == "rename-command";
        let said = arguments[about.min(arguments.len())..].iter();
        let mut meaning: Vec<Vec<u8>> =
            said.map(|word| if lower { word.to_ascii_lowercase() } else { word.to_vec() }).collect();
        let text = if words.is_empty() { "set".to_owned() } else { words.join(" ") };
        match acts.get_mut(&key) {
            Some(act) => {
                act.meaning.append(&mut meaning);
                act.shown = format!("{}, {text}", act.shown);
                if let Origin::Statements(ids) = &mut act.origin {
                    ids.push(id);
                }
            }
            None => drop(acts.insert(key, Act { meaning, shown: text, origin: Origin::Statements(vec![id]) })),
        }
    }
    acts
}
