//! One user while its rules are applied: only as much of it as decides whether the next rule is refused.

use sha2::{Digest, Sha256};

use crate::catalog::commands;
use crate::server::{Engine, Server};
use crate::syntax;

use super::{Channels, Table, UNKNOWN_NAME, is_6_2, is_space_or_nul, until_nul};

/// The reason a rule is refused, in the server's words.
type Refused = Result<(), &'static str>;

const SYNTAX: &str = "Syntax error";
const KEYS_ARE_ALL: &str = "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have \
                            any effect. Try 'resetkeys' to start with an empty list of patterns";
const CHANNELS_ARE_ALL: &str = "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does \
                                not have any effect. Try 'resetchannels' to start with an empty list of channels";
const NO_SUCH_PASSWORD: &str = "The password you are trying to remove from the user does not exist";
const BAD_HASH: &str =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters";
const DEEP: &str = "Allowing first-arg of a subcommand is not supported";
const NO_SUCH_DATABASE: &str = "The provided database ID is out of range";

/// Which command table a rule is looked up in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    /// While the configuration is read.
    Reading,
    /// Once modules are in.
    Loading,
}

/// A user, or one selector of it: both take the rules about keys, channels and commands.
struct Permissions {
    all_keys: bool,
    all_channels: bool,
}

/// A user whose rules are being applied.
pub(super) struct User {
    moment: Moment,
    table: Table,
    channels: Channels,
    root: Permissions,
    /// Hashes, as 64 hexadecimal digits.
    passwords: Vec<Vec<u8>>,
}

impl User {
    pub(super) fn new(moment: Moment, table: Table, channels: Channels) -> Self {
        Self { moment, table, channels, root: Permissions::new(channels), passwords: Vec::new() }
    }

    /// Applies one rule, or says why not; a refused rule changes nothing.
    pub(super) fn apply(&mut self, rule: &[u8]) -> Refused {
        let Some(first) = rule.first() else { return Ok(()) };
        let word = until_nul(rule).to_ascii_lowercase();
        match (word.as_slice(), first) {
            (b"on" | b"off" | b"sanitize-payload" | b"skip-sanitize-payload", _) => Ok(()),
            (b"nopass" | b"resetpass", _) => {
                self.passwords.clear();
                Ok(())
            }
            (b"reset", _) => {
                self.passwords.clear();
                self.root = Permissions::new(self.channels);
                Ok(())
            }
            (b"clearselectors", _) if self.has_selectors() => Ok(()),
            (_, b'>') => {
                self.add(hashed(&rule[1..]));
                Ok(())
            }
            (_, b'#') => {
                self.add(checked(&rule[1..])?);
                Ok(())
            }
            (_, b'<') => self.remove(&hashed(&rule[1..])),
            (_, b'!') => self.remove(&checked(&rule[1..])?),
            (_, b'(') if self.has_selectors() && rule.last() == Some(&b')') => self.selector(rule),
            _ => self.root.apply(rule, self.table, self.moment),
        }
    }

    fn has_selectors(&self) -> bool {
        !is_6_2(self.table.server)
    }

    fn add(&mut self, hash: Vec<u8>) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove(&mut self, hash: &[u8]) -> Refused {
        let at = self.passwords.iter().position(|known| known == hash).ok_or(NO_SUCH_PASSWORD)?;
        self.passwords.remove(at);
        Ok(())
    }

    /// A selector's inside is split like a configuration line; if its quotes are unbalanced, it is silently empty.
    fn selector(&self, rule: &[u8]) -> Refused {
        let inside = rule.get(1..rule.len() - 1).unwrap_or_default();
        let pieces = syntax::split(until_nul(inside), self.table.server.habits().words).unwrap_or_default();
        let mut selector = Permissions::new(self.channels);
        pieces.iter().try_for_each(|piece| selector.apply(&piece.text, self.table, self.moment))
    }
}

impl Permissions {
    fn new(channels: Channels) -> Self {
        Self { all_keys: false, all_channels: channels == Channels::All }
    }

    fn apply(&mut self, rule: &[u8], table: Table, moment: Moment) -> Refused {
        let server = table.server;
        let word = until_nul(rule).to_ascii_lowercase();
        let databases = server.at_least(Engine::Valkey, 9, 1);
        match word.as_slice() {
            b"allkeys" | b"~*" => self.all_keys = true,
            b"resetkeys" => self.all_keys = false,
            b"allchannels" | b"&*" => self.all_channels = true,
            b"resetchannels" => self.all_channels = false,
            b"allcommands" | b"nocommands" | b"+@all" | b"-@all" => {}
            b"alldbs" | b"resetdbs" if databases => {}
            [b'd', b'b', b'=', numbers @ ..] if databases => return database_list(numbers),
            [b'~', ..] => return self.keys(&rule[1..]),
            [b'%', ..] if !is_6_2(server) => return self.keys(after_permissions(&rule[1..], server, self.all_keys)?),
            [b'&', ..] if self.all_channels => return Err(CHANNELS_ARE_ALL),
            [b'&', ..] => return pattern(&rule[1..]),
            [b'+' | b'-', b'@', category @ ..] => return known(commands::has_category(server, category)),
            [b'+', name @ ..] if is_6_2(server) => return allow_6_2(name, table),
            [b'+', name @ ..] => return allow(name, table, moment),
            [b'-', name @ ..] => return known(is_command(name, table, moment)),
            _ => return Err(SYNTAX),
        }
        Ok(())
    }

    fn keys(&self, text: &[u8]) -> Refused {
        if self.all_keys { Err(KEYS_ARE_ALL) } else { pattern(text) }
    }
}

fn known(is: bool) -> Refused {
    if is { Ok(()) } else { Err(UNKNOWN_NAME) }
}

fn pattern(text: &[u8]) -> Refused {
    if text.iter().any(|byte| is_space_or_nul(*byte)) { Err(SYNTAX) } else { Ok(()) }
}

/// The pattern behind the letters of `%R~x`, `%W~x` or `%RW~x`. Without a `~` it is empty: `%R` is accepted.
fn after_permissions(text: &[u8], server: Server, all_keys: bool) -> Result<&[u8], &'static str> {
    if all_keys {
        return Err(KEYS_ARE_ALL);
    }
    let letters = text.iter().position(|byte| *byte == b'~').unwrap_or(text.len());
    match text[..letters].to_ascii_lowercase().as_slice() {
        b"r" | b"w" | b"rw" | b"wr" => Ok(text.get(letters + 1..).unwrap_or_default()),
        b"" if text.is_empty() && accepts_bare_percent(server) => Ok(text),
        _ => Err(SYNTAX),
    }
}

/// Whether `%` alone passes, which makes a user that crashes the server when it is listed (CVE-2024-51741).
///
/// Measured in valkey 8.0.1 and refused everywhere else; that the other releases of autumn 2024 have the same code is
/// known from their sources. A series without a patch release means the one that was measured.
fn accepts_bare_percent(server: Server) -> bool {
    let known = server.resolve().known;
    let last = match (known.engine, known.series.major, known.series.minor) {
        (Engine::Redis, 7, 2) => 6,
        (Engine::Redis, 7, 4) | (Engine::Valkey, 8, 0) => 1,
        (Engine::Valkey, 7, 2) => 7,
        _ => return false,
    };
    server.patch.is_none_or(|patch| patch <= last)
}

/// The numbers of `db=1,2`, each as C's `strtol` reads it. A comma at the end is seen before anything else.
fn database_list(text: &[u8]) -> Refused {
    if text.ends_with(b",") {
        return Err(SYNTAX);
    }
    for number in text.split(|byte| *byte == b',') {
        let number = &number[number.iter().position(|byte| !is_space_or_nul(*byte)).unwrap_or(number.len())..];
        let negative = number.first() == Some(&b'-');
        let digits = number.strip_prefix(b"-").or_else(|| number.strip_prefix(b"+")).unwrap_or(number);
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(SYNTAX);
        }
        let digits = std::str::from_utf8(digits).map_err(|_| SYNTAX)?.trim_start_matches('0');
        let fits = digits.is_empty() || !negative && digits.parse::<i32>().is_ok();
        if !fits {
            return Err(NO_SUCH_DATABASE);
        }
    }
    Ok(())
}

/// `+command` and `+command|argument` in Redis 6.2, where nobody checks the argument.
fn allow_6_2(name: &[u8], table: Table) -> Refused {
    let (command, argument) = match name.iter().position(|byte| *byte == b'|') {
        Some(at) => (&name[..at], Some(&name[at + 1..])),
        None => (name, None),
    };
    known(table.has(command))?;
    if argument == Some(b"") { Err(SYNTAX) } else { Ok(()) }
}

/// `+command`, `+command|subcommand` and `+command|argument`; only what stands behind the last bar may be an argument.
fn allow(name: &[u8], table: Table, moment: Moment) -> Refused {
    let Some(bar) = name.iter().rposition(|byte| *byte == b'|') else {
        return known(is_command(name, table, moment));
    };
    let (command, argument) = (&name[..bar], &name[bar + 1..]);
    known(is_command(command, table, moment))?;
    if command.contains(&b'|') {
        Err(DEEP)
    } else if argument.is_empty() {
        Err(SYNTAX)
    } else {
        known(!table.has_subcommands(command) || table.has_subcommand(command, argument))
    }
}

/// Whether `command` or `command|subcommand` is in the command table.
fn is_command(name: &[u8], table: Table, moment: Moment) -> bool {
    match name.iter().position(|byte| *byte == b'|') {
        Some(bar) => table.has_subcommand(&name[..bar], &name[bar + 1..]),
        None => match moment {
            Moment::Reading => table.has(name),
            Moment::Loading => table.has_once_loaded(name),
        },
    }
}

/// SHA-256 as 64 hexadecimal digits.
pub(super) fn hashed(password: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(64);
    for byte in Sha256::digest(password) {
        for half in [byte >> 4, byte & 15] {
            text.push(if half < 10 { b'0' + half } else { b'a' + half - 10 });
        }
    }
    text
}

fn checked(hash: &[u8]) -> Result<Vec<u8>, &'static str> {
    let fine = hash.len() == 64 && hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if fine { Ok(hash.to_vec()) } else { Err(BAD_HASH) }
}
