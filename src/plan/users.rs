//! The users that are declared, held against those that a server lists: by meaning, and without a word of their passwords.
//!
//! A server lists hashes of passwords. They are compared in memory with those of the secrets at hand, and shown to nobody.

use std::collections::BTreeMap;

use super::actions::{channels, public_name, stock_words};
use super::contrast::{Held, Said};
use super::drift::{Standing, Wanted};
use crate::catalog::{Kind, commands};
use crate::config::acl::{Channels, Meaning, Rights};
use crate::config::{Config, Entry, MASK, Origin, Secret, Setup, Value, printable, word_shown};
use crate::server::Server;

/// One user of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDrift {
    /// `user app`.
    pub name: String,
    /// What is declared, passwords hidden.
    pub declared: Held,
    /// What runs, passwords hidden.
    pub running: Held,
    /// How it stands.
    pub standing: Standing,
    /// In what it differs, or why it was not compared.
    pub note: Option<String>,
}

/// All that is to be said of the users of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserDrifts {
    /// What is not simply equal, by name.
    pub rows: Vec<UserDrift>,
    /// How many declared users are as declared.
    pub equal: usize,
    /// How many declared users could not be compared.
    pub not_compared: usize,
}

/// Whether a configuration declares users. Only then is it worth asking for them.
#[must_use]
pub fn declares_users(setup: &Setup) -> bool {
    !setup.config.users(&setup.reading).is_empty()
}

/// What a configuration declares and no CONFIG SET brings about, in words for whoever applies it.
#[must_use]
pub fn beyond(setup: &Setup) -> Vec<&'static str> {
    let loads = |entry: &Entry| {
        let is_module = |directive: &crate::catalog::Directive| matches!(directive.kind, Kind::LoadModule);
        setup.config.view.get(entry.id).is_some_and(is_module) && entry.standing().next().is_some()
    };
    let declared = [
        (
            declares_users(setup),
            "users are declared, and not mended here: `redisconf diff --live` compares them; set them by ACL SETUSER, or deploy \
             the ACL file and send ACL LOAD",
        ),
        (
            setup.config.entries().iter().any(loads),
            "modules are declared, and loaded at a start only: not looked at here",
        ),
        (renames_commands(&setup.config), "renamed commands are declared, which take a start: not looked at here"),
    ];
    declared.into_iter().filter(|(is_declared, _)| *is_declared).map(|(_, words)| words).collect()
}

/// Whether a configuration renames commands, which no server shows.
#[must_use]
pub fn renames_commands(config: &Config) -> bool {
    let is_renaming = |entry: &&Entry| {
        config.view.get(entry.id).is_some_and(|directive| matches!(directive.kind, Kind::RenameCommand))
    };
    config.entries().iter().find(is_renaming).is_some_and(|entry| entry.standing().next().is_some())
}

/// A user as the layers declare it.
struct Declared {
    meaning: Result<Compared, String>,
    held: Held,
}

/// What two users are compared by.
struct Compared {
    meaning: Meaning,
    rights: Rights,
}

impl Compared {
    fn of(arguments: &[&[u8]], server: Server, channels: Channels) -> Self {
        Self { meaning: Meaning::of(arguments, server, channels), rights: Rights::of(arguments, server) }
    }

    /// In what they differ. Redis 6.2 tells the rules about commands in words of its own: there the commands count.
    fn differs_from(&self, other: &Self, server: Server) -> Vec<&'static str> {
        let mut parts = self.meaning.differs_from(&other.meaning);
        if parts.contains(&"commands") && !parts.contains(&"selectors") && self.reaches_as(other, server) {
            parts.retain(|part| *part != "commands");
        }
        parts
    }

    fn reaches_as(&self, other: &Self, server: Server) -> bool {
        let same =
            |command: &str, sub: Option<&str>| self.rights.may_run(command, sub) == other.rights.may_run(command, sub);
        commands::names(server).all(|command| {
            same(command, None) && commands::subcommands(server, command.as_bytes()).all(|sub| same(command, Some(sub)))
        })
    }
}

/// Holds the users that a server lists against the declared ones; each line is `user NAME RULE …`.
///
/// Nothing listed means that the server did not say: `why`.
#[must_use]
pub fn drift_users(wanted: Wanted<'_>, setup: &Setup, listed: Result<&[Vec<u8>], &str>) -> UserDrifts {
    let mut found = UserDrifts::default();
    let server = setup.config.server;
    let declared = declared(setup, wanted.secrets);
    let listed = match listed {
        Ok(lines) => lines,
        Err(why) => {
            found.not_compared = declared.len();
            let row = |(name, user): (Vec<u8>, Declared)| UserDrift {
                name: format!("user {}", public_name(&name)),
                declared: user.held,
                running: Held::nothing("user", Said::Nobody),
                standing: Standing::NotCompared,
                note: Some(why.to_owned()),
            };
            found.rows = declared.into_iter().map(row).collect();
            return found;
        }
    };
    let mut running: BTreeMap<Vec<u8>, Vec<&[u8]>> = BTreeMap::new();
    for line in listed {
        let words: Vec<&[u8]> = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect();
        if let [b"user", name, ..] = words.as_slice() {
            running.insert(name.to_vec(), words[1..].to_vec());
        }
    }
    for (name, user) in declared {
        let there = running.remove(&name);
        let held = there.as_deref().map_or_else(|| Held::nothing("user", Said::Nobody), of_server);
        let (standing, note) = match (user.meaning, there) {
            (Err(why), _) => (Standing::NotCompared, why),
            (Ok(_), None) => (Standing::Drift, "the server has no such user".to_owned()),
            (Ok(mine), Some(words)) => {
                let parts = mine.differs_from(&Compared::of(&words, server, Channels::None), server);
                if parts.is_empty() {
                    found.equal += 1;
                    continue;
                }
                (Standing::Drift, format!("other {}", parts.join(", ")))
            }
        };
        found.not_compared += usize::from(standing == Standing::NotCompared);
        let name = format!("user {}", public_name(&name));
        found.rows.push(UserDrift { name, declared: user.held, running: held, standing, note: Some(note) });
    }
    for (name, words) in running {
        if name == b"default" && is_stock(setup, wanted.secrets, &words) {
            continue;
        }
        found.rows.push(UserDrift {
            name: format!("user {}", public_name(&name)),
            declared: Held::nothing("user", Said::Nobody),
            running: of_server(&words),
            standing: if wanted.full { Standing::Drift } else { Standing::Unmanaged },
            note: None,
        });
    }
    found.rows.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// Whether the user that nobody declared is as every server has it, or as `requirepass` makes it.
fn is_stock(setup: &Setup, secrets: &BTreeMap<String, Secret>, words: &[&[u8]]) -> bool {
    let server = setup.config.server;
    let running = Meaning::of(words, server, Channels::None);
    // What its password is was compared by `requirepass`; without it at hand any one password will do.
    let stock = |login: &[u8]| Meaning::of(&stock_words(login), server, Channels::None);
    match setup.config.get("requirepass").and_then(|value| password(value, secrets)) {
        Some(password) => running == stock(&[b">", password.as_slice()].concat()),
        None => matches!(running.differs_from(&stock(b"nopass")).as_slice(), [] | ["passwords"]),
    }
}

/// The bytes of a password that is set, if they are at hand.
fn password(value: &Value, secrets: &BTreeMap<String, Secret>) -> Option<Vec<u8>> {
    let secret = if let Value::Named(name) = value {
        secrets.get(&**name)?
    } else if let Value::Secret(secret) = value {
        secret
    } else {
        return None;
    };
    Some(secret.expose().to_vec()).filter(|bytes| !bytes.is_empty())
}

fn of_server(words: &[&[u8]]) -> Held {
    let shown = |word: &&[u8]| match word.first() {
        Some(b'#' | b'>' | b'<' | b'!') => MASK.to_owned(),
        Some(_) | None => printable(word),
    };
    let text = words.get(1..).unwrap_or_default().iter().map(shown).collect::<Vec<_>>().join(" ");
    Held::plain("user", text, Said::Server)
}

fn declared(setup: &Setup, secrets: &BTreeMap<String, Secret>) -> BTreeMap<Vec<u8>, Declared> {
    let (config, reading) = (&setup.config, &setup.reading);
    let mut users = BTreeMap::new();
    for user in config.users(reading) {
        let Some(name) = user.name else { continue };
        let words = reading.words(user.by);
        let mut arguments: Vec<Vec<u8>> = Vec::new();
        let mut missing = (user.rights.is_none()).then(|| "a template fills it in".to_owned());
        for word in words {
            let bytes = word.bytes(&reading.sources);
            match &word.secret {
                None => arguments.push(bytes.to_vec()),
                Some(logical) => match secrets.get(&**logical) {
                    // The stand-in is `>secret`: the sign, and a word.
                    Some(secret) => arguments.push([&bytes[..1], secret.expose()].concat()),
                    None => missing = Some(format!("secret `{logical}` cannot be read from here")),
                },
            }
        }
        let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
        let meaning = match missing {
            Some(why) => Err(why),
            None => Ok(Compared::of(&arguments, config.server, channels(config))),
        };
        let shown: Vec<String> =
            (1..words.len()).map(|index| word_shown(reading, config.view, user.by, index)).collect();
        let held = Held::plain("user", shown.join(" "), Said::By(Origin::Statements(vec![user.by])));
        users.insert(name.to_vec(), Declared { meaning, held });
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::source::Name;

    const HELLO: &str = "#2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

    fn found(file: &str, listed: &[&str], server: &str) -> Vec<(String, Standing, String)> {
        let reading = crate::syntax::conf::read_alone(Name::Stdin, file.as_bytes(), server.parse().unwrap());
        let setup = Setup::from_reading("file", reading, Facts::default());
        let secrets = BTreeMap::new();
        let wanted = Wanted {
            declared: &setup.config,
            deployed: None,
            is_all_deployed: false,
            secrets: &secrets,
            full: false,
            expected: &[],
            today: "2026-01-01",
        };
        let lines: Vec<Vec<u8>> = listed.iter().map(|line| line.as_bytes().to_vec()).collect();
        let drifts = drift_users(wanted, &setup, Ok(&lines));
        let text = format!("{:?}", drifts.rows);
        assert!(!text.contains("hello") && !text.contains("2cf24"), "{text}");
        drifts.rows.into_iter().map(|row| (row.name, row.standing, row.note.unwrap_or_default())).collect()
    }

    #[test]
    fn users_are_equal_by_meaning() {
        let file = "user app on >hello ~app:* +@read -@dangerous\n";
        let line = format!("user app on sanitize-payload {HELLO} ~app:* resetchannels -@all +@read -@dangerous");
        let default = "user default on nopass ~* &* +@all";
        assert_eq!(found(file, &[&line, default], "redis-7.4"), []);
        // Redis 6.2 finds the categories again by itself.
        let line = format!("user app on {HELLO} ~app:* &* -@all +@read -keys -@dangerous");
        assert_eq!(found(file, &[&line, default], "redis-6.2"), []);
    }

    #[test]
    fn what_differs_is_named_and_no_password_is_shown() {
        let file = "user app on >hello ~app:* +get\nuser gone off\n";
        let other =
            "user app on #aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ~app:* &* -@all +get +set";
        let rows = found(file, &[other, "user extra on nopass", "user default on nopass ~* &* +@all"], "redis-7.4");
        let row = |name: &str, standing, note: &str| (name.to_owned(), standing, note.to_owned());
        assert_eq!(
            rows,
            [
                row("user app", Standing::Drift, "other passwords, commands, channels"),
                row("user extra", Standing::Unmanaged, ""),
                row("user gone", Standing::Drift, "the server has no such user"),
            ]
        );
    }

    #[test]
    fn the_user_of_every_connection_is_told_when_somebody_gave_it_fewer_rights() {
        let file = "user app off\n";
        let of = |default: &str| found(file, &["user app off -@all", default], "redis-7.4");
        assert_eq!(of(&format!("user default on {HELLO} ~* &* +@all")), []);
        assert_eq!(of("user default on nopass ~* &* +@all -keys")[0].0, "user default");
    }
}
