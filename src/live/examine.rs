//! Asks a running server for what a diagnosis rests on: a fixed list of reading commands, each of bounded cost.
//!
//! Whatever the server refuses is missing, with the reason; the rest is there all the same. What belongs to its users is
//! dropped here already, unless it was asked for.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::address::Address;
use super::ask::{Ask, Section};
use super::host;
use super::keys::{self, NoSample};
use super::observe::{Met, ObserveError, Observed};
use super::patterns::patterns;
use super::reply::Reply;
use crate::server::{Engine, Server};
use crate::snapshot::{
    Client, Earlier, Evidence, Exposure, Info, KeyBounds, Large, LatencyEvent, Slow, Slowlog, Snapshot, User,
    command_word, parse_info,
};

/// How many entries of each log are asked for.
const ENTRIES: u32 = 128;
/// With more connections CLIENT LIST would keep a server busy for longer than a few milliseconds.
const MOST_CLIENTS: u64 = 10_000;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Inquiry<'a> {
    /// The names for CONFIG GET.
    pub names: &'a [&'a str],
    /// How far apart the two moments are; `None` for one moment.
    pub window: Option<Duration>,
    /// Whether what belongs to its users is kept.
    pub exposure: Exposure,
    /// What a sample of the keys may cost; `None` for no sample.
    pub keys: Option<KeyBounds>,
}

/// Asks for all of it.
///
/// # Errors
/// When no answer came, or none that a server gives. A refusal is no error.
pub fn examine(
    met: &mut Met,
    address: &Address,
    inquiry: Inquiry<'_>,
) -> Result<(Observed, Box<Evidence>), ObserveError> {
    let server = met.server();
    let begun = Instant::now();
    let before = inquiry.window.map(|_| info(met)).transpose()?;
    let observed = met.observe(inquiry.names)?;
    let mut asking = Asking {
        met,
        exposure: inquiry.exposure,
        told: Box::default(),
        sent: 1 + if takes_many_names(server) { 1 } else { patterns(inquiry.names).len() },
    };
    asking.told.host = host::look(address, observed.snapshot.info());
    if asking.told.host.is_none() {
        asking.told.missing.insert("host".into(), "the server does not run on this machine".into());
    }
    asking.all(server, observed.snapshot.info())?;
    let Asking { mut told, sent, .. } = asking;
    if let (Some(before), Some(window)) = (before, inquiry.window) {
        std::thread::sleep(window.saturating_sub(begun.elapsed()));
        let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        told.earlier = Some(Earlier { info: before, milliseconds });
    }
    if let Some(bounds) = inquiry.keys {
        match keys::sample(met, bounds, inquiry.exposure, observed.snapshot.info()) {
            Ok(sample) => told.keys = Some(sample),
            Err(NoSample::Refused(why)) => {
                told.missing.insert("keys".into(), why);
            }
            Err(NoSample::Connection(error)) => return Err(error.into()),
        }
    }
    let now = info(met)?;
    told.commands = sent + 1 + usize::from(told.earlier.is_some());
    let snapshot = Snapshot::new(server, observed.snapshot.config().clone(), now);
    Ok((Observed { snapshot, denied: observed.denied }, told))
}

/// Whether one CONFIG GET asks for many names.
fn takes_many_names(server: Server) -> bool {
    server.engine != Engine::Redis || server.at_least(Engine::Redis, 7, 0)
}

/// All sections of INFO.
fn info(met: &mut Met) -> Result<Info, ObserveError> {
    match met.ask(Ask::Info(Section::Everything))?.into_bytes() {
        Some(text) => Ok(parse_info(&text)),
        None => Ok(met.refresh()?.clone()),
    }
}

struct Asking<'m> {
    met: &'m mut Met,
    exposure: Exposure,
    told: Box<Evidence>,
    sent: usize,
}

impl Asking<'_> {
    fn all(&mut self, server: Server, info: &Info) -> Result<(), ObserveError> {
        let number = |field: &str| info.get(field).and_then(|value| value.parse::<u64>().ok());
        let exposure = self.exposure;
        // Redis 6.2 needs a dozen commands for CONFIG GET: what could be done without is not asked for.
        let spares = !takes_many_names(server);
        let entries = self.ask("SLOWLOG GET", Ask::SlowlogLatest(ENTRIES), |reply| slow(reply, exposure))?;
        let length = if spares { None } else { self.ask("SLOWLOG LEN", Ask::SlowlogLen, of_integer)? };
        self.told.slowlog = entries.map(|entries| {
            let at_least = u64::try_from(entries.len()).unwrap_or(u64::MAX);
            Slowlog { length: length.unwrap_or(at_least), entries }
        });
        self.told.latency = self.ask("LATENCY LATEST", Ask::LatencyLatest, latency)?;
        if server.at_least(Engine::Valkey, 8, 1) {
            let requests = self.ask("COMMANDLOG GET", Ask::LargeRequests(ENTRIES), |reply| large(reply, false))?;
            let replies = self.ask("COMMANDLOG GET", Ask::LargeReplies(ENTRIES), |reply| large(reply, true))?;
            self.told.large = requests.zip(replies).map(|(requests, replies)| [requests, replies].concat());
        } else {
            self.lack("COMMANDLOG GET", format!("{server} does not have it"));
        }
        if number("connected_clients").is_some_and(|clients| clients > MOST_CLIENTS) {
            self.lack("CLIENT LIST", format!("not asked for: it has more than {MOST_CLIENTS} connections"));
        } else {
            self.told.clients = self.ask("CLIENT LIST", Ask::ClientList, |reply| clients(reply, exposure))?;
        }
        self.told.memory = self.ask("MEMORY STATS", Ask::MemoryStats, memory)?;
        self.told.users = self.ask("ACL LIST", Ask::AclList, |reply| users(reply, exposure))?;
        if spares {
            self.lack("ACL LOG", "not asked for, to send fewer commands");
            self.lack("MODULE LIST", "not asked for, to send fewer commands");
        } else {
            self.told.denials = self.ask("ACL LOG", Ask::AclLog(ENTRIES), denials)?;
            self.told.modules = self.ask("MODULE LIST", Ask::ModuleList, modules)?;
        }
        if info.get("cluster_enabled").is_some_and(|on| on == "1") {
            let text = self.ask("CLUSTER INFO", Ask::ClusterInfo, Reply::into_bytes)?;
            self.told.cluster = text.map(|text| parse_info(&text));
        }
        Ok(())
    }

    fn lack(&mut self, what: &str, why: impl Into<String>) {
        self.told.missing.insert(what.to_owned(), why.into());
    }

    /// What `read` makes of the answer; nothing, and the reason, if it is a refusal.
    fn ask<T>(
        &mut self,
        what: &'static str,
        ask: Ask<'_>,
        read: impl FnOnce(Reply) -> Option<T>,
    ) -> Result<Option<T>, ObserveError> {
        self.sent += 1;
        let reply = self.met.ask(ask)?;
        if let Reply::Error(answer) = reply {
            let why = match answer.split(' ').next() {
                Some("NOPERM") => "the user may not".to_owned(),
                _ if answer.to_ascii_lowercase().contains("unknown") => "the server does not have it".to_owned(),
                Some(_) | None => format!("the server refused it: {answer}"),
            };
            self.lack(what, why);
            return Ok(None);
        }
        read(reply).map(Some).ok_or(ObserveError::Shape { command: what })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "answers are taken apart as they come")]
fn of_integer(reply: Reply) -> Option<u64> {
    if let Reply::Integer(number) = reply { u64::try_from(number).ok() } else { None }
}

fn list(reply: Reply) -> Option<Vec<Reply>> {
    if let Reply::List(items) = reply { Some(items) } else { None }
}

fn text(reply: Reply) -> Option<String> {
    reply.into_bytes().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// When, a measure, and the words of a command.
type Logged = (u64, u64, Vec<Vec<u8>>);

/// Each entry, without its number.
fn entries(reply: Reply) -> Option<Vec<Logged>> {
    let entry = |entry: Reply| {
        let mut parts = list(entry)?.into_iter().skip(1);
        Some((of_integer(parts.next()?)?, of_integer(parts.next()?)?, parts.next()?.into_items()?))
    };
    list(reply)?.into_iter().map(entry).collect()
}

fn command(words: &[Vec<u8>]) -> String {
    words.first().map_or_else(|| "?".to_owned(), |word| command_word(word))
}

fn slow(reply: Reply, exposure: Exposure) -> Option<Vec<Slow>> {
    let one = |(at, microseconds, words): Logged| {
        let key = words.get(1).filter(|_| exposure == Exposure::Shown);
        let key = key.map(|key| String::from_utf8_lossy(key).into_owned());
        Slow { at, microseconds, command: command(&words), key }
    };
    Some(entries(reply)?.into_iter().map(one).collect())
}

fn large(reply: Reply, is_reply: bool) -> Option<Vec<Large>> {
    let one = |(_, bytes, words): Logged| Large { is_reply, bytes, command: command(&words) };
    Some(entries(reply)?.into_iter().map(one).collect())
}

/// Newer servers say more of each event behind these four.
fn latency(reply: Reply) -> Option<Vec<LatencyEvent>> {
    let one = |event: Reply| {
        let mut parts = list(event)?.into_iter();
        let event = text(parts.next()?)?;
        let mut number = || of_integer(parts.next()?);
        Some(LatencyEvent { event, at: number()?, latest: number()?, most: number()? })
    };
    list(reply)?.into_iter().map(one).collect()
}

fn clients(reply: Reply, exposure: Exposure) -> Option<Vec<Client>> {
    let text = text(reply)?;
    Some(text.lines().filter_map(|line| Client::of_line(line, exposure)).collect())
}

fn memory(reply: Reply) -> Option<BTreeMap<String, f64>> {
    let mut items = list(reply)?.into_iter();
    let mut found = BTreeMap::new();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        let number = match value {
            #[expect(clippy::cast_precision_loss, reason = "numbers of bytes are far below 2^53")]
            Reply::Integer(number) => Some(number as f64),
            value @ (Reply::Bytes(_) | Reply::Status(_)) => text(value).and_then(|text| text.parse().ok()),
            Reply::Error(_) | Reply::Nil | Reply::List(_) => None,
        };
        found.extend(text(name).zip(number.filter(|number: &f64| number.is_finite())));
    }
    Some(found)
}

fn modules(reply: Reply) -> Option<Vec<String>> {
    let name = |module: Reply| {
        let mut items = list(module)?.into_iter();
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            if text(name).is_some_and(|name| name == "name") {
                return text(value);
            }
        }
        None
    };
    list(reply)?.into_iter().map(name).collect()
}

fn users(reply: Reply, exposure: Exposure) -> Option<Vec<User>> {
    let lines = reply.into_items()?;
    Some((1..).zip(lines).filter_map(|(number, line)| User::of_line(&line, number, exposure)).collect())
}

fn denials(reply: Reply) -> Option<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    for entry in list(reply)? {
        let (mut count, mut reason) = (0, String::new());
        let mut items = list(entry)?.into_iter();
        while let (Some(name), Some(value)) = (items.next(), items.next()) {
            match text(name).as_deref() {
                Some("count") => count = of_integer(value).unwrap_or(0),
                Some("reason") => reason = text(value).unwrap_or_default(),
                Some(_) | None => {}
            }
        }
        *found.entry(reason).or_default() += count;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Reply {
        Reply::Bytes(text.as_bytes().to_vec())
    }

    #[test]
    fn arguments_of_slow_commands_are_dropped_unless_they_were_asked_for() {
        let entry = || {
            let words = Reply::List(vec![bytes("get"), bytes("session:hunter2")]);
            Reply::List(vec![Reply::List(vec![Reply::Integer(0), Reply::Integer(9), Reply::Integer(700), words])])
        };
        let masked = slow(entry(), Exposure::Masked).unwrap();
        assert_eq!(masked, [Slow { at: 9, microseconds: 700, command: "GET".into(), key: None }]);
        assert_eq!(slow(entry(), Exposure::Shown).unwrap()[0].key.as_deref(), Some("session:hunter2"));
        assert_eq!(slow(Reply::List(vec![Reply::Nil]), Exposure::Masked), None);
    }

    #[test]
    fn memory_keeps_numbers_of_either_spelling_and_nothing_else() {
        let parts = vec![bytes("peak"), Reply::Integer(5), bytes("share"), bytes("1.5"), bytes("db.0"), Reply::Nil];
        assert_eq!(memory(Reply::List(parts)).unwrap(), BTreeMap::from([("peak".into(), 5.0), ("share".into(), 1.5)]));
    }

    #[test]
    fn refusals_are_counted_by_reason() {
        let entry = |reason| {
            Reply::List(vec![bytes("count"), Reply::Integer(2), bytes("reason"), bytes(reason), bytes("username")])
        };
        let found = denials(Reply::List(vec![entry("auth"), entry("command"), entry("auth")])).unwrap();
        assert_eq!(found, BTreeMap::from([("auth".into(), 4), ("command".into(), 2)]));
    }
}
