//! Looks at some keys of a server: SCAN, and of each key its type, time to live, encoding and size, never its value.
//!
//! SCAN goes through a table in the order of hashed names, so that its first keys are chosen by chance as far as their
//! names go. What it may cost is bounded in keys, in commands a second and in time. Names are dropped here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::ask::Ask;
use super::connection::ConnectionError;
use super::observe::Met;
use super::reply::Reply;
use crate::snapshot::{Exposure, Info, KeyBounds, KeyGroup, KeySample, LargeKey};

/// Keys that one SCAN asks for.
const AT_ONCE: u32 = 100;
/// Keys that are looked at in one breath: a hundred commands keep a server for less than a millisecond.
const BREATH: usize = 24;
/// How many of the largest keys are told.
const LARGEST: usize = 10;
/// How many prefixes are told.
const PREFIXES: usize = 20;
/// A first word that fewer keys have may be somebody's name.
const COMMON: u64 = 10;

/// What is told of keys whose first word is not told.
const OTHERS: &str = "(others)";
/// What is told of keys of one word.
const BARE: &str = "(no prefix)";

/// Why there is no sample.
pub(super) enum NoSample {
    Connection(ConnectionError),
    /// What the server said.
    Refused(String),
}

impl From<ConnectionError> for NoSample {
    fn from(error: ConnectionError) -> Self {
        Self::Connection(error)
    }
}

/// A key without its name.
struct Seen {
    prefix: String,
    words: usize,
    name: Option<String>,
    encoding: String,
    ttl: Option<u64>,
    bytes: u64,
}

struct Walk<'m> {
    met: &'m mut Met,
    bounds: KeyBounds,
    exposure: Exposure,
    begun: Instant,
    sent: u64,
}

/// Takes a sample of all databases, of each by its share of the keys.
pub(super) fn sample(met: &mut Met, bounds: KeyBounds, exposure: Exposure, info: &Info) -> Result<KeySample, NoSample> {
    let databases: Vec<(u32, u64)> = info
        .iter()
        .filter_map(|(name, value)| {
            let keys = value.split(',').find_map(|part| part.strip_prefix("keys="))?;
            Some((name.strip_prefix("db")?.parse().ok()?, keys.parse().ok()?))
        })
        .collect();
    let total: u64 = databases.iter().fold(0, |total, (_, keys)| total.saturating_add(*keys)); // a server may say anything
    let mut walk = Walk { met, bounds, exposure, begun: Instant::now(), sent: 0 };
    let (mut seen, mut is_whole, mut stopped, mut last) = (Vec::new(), true, None, 0);
    for (database, keys) in databases {
        if last != database {
            expect_ok(walk.send(&[Ask::Select(database)])?)?;
            last = database;
        }
        let quota = u128::from(bounds.keys) * u128::from(keys);
        let quota = usize::try_from(quota.div_ceil(u128::from(total.max(1)))).unwrap_or(usize::MAX);
        match walk.database(quota, &mut seen)? {
            Reached::End => {}
            Reached::Quota => is_whole = false,
            Reached::Time => {
                is_whole = false;
                stopped = Some(format!("the time of {} s was over", bounds.seconds));
                break;
            }
        }
    }
    if last != 0 {
        expect_ok(walk.send(&[Ask::Select(0)])?)?;
    }
    let (commands, begun) = (walk.sent, walk.begun);
    Ok(KeySample {
        bounds,
        commands,
        milliseconds: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        total,
        is_whole,
        is_clustered: info.get("cluster_enabled").is_some_and(|on| on == "1"),
        stopped,
        all: group("all", seen.iter()),
        ..told(&seen, exposure, bounds)
    })
}

/// Why a walk through a database ended.
enum Reached {
    End,
    Quota,
    Time,
}

impl Walk<'_> {
    /// Sends at the pace that is allowed.
    fn send(&mut self, asks: &[Ask<'_>]) -> Result<Vec<Reply>, NoSample> {
        self.sent += u64::try_from(asks.len()).unwrap_or(u64::MAX);
        #[expect(clippy::cast_precision_loss, reason = "numbers of commands are far below 2^53")]
        let due = Duration::from_secs_f64(self.sent as f64 / self.bounds.per_second.max(1) as f64);
        std::thread::sleep(due.saturating_sub(self.begun.elapsed()));
        Ok(self.met.ask_all(asks)?)
    }

    /// Goes through the current database until it has so many keys.
    fn database(&mut self, quota: usize, seen: &mut Vec<Seen>) -> Result<Reached, NoSample> {
        let (mut cursor, mut met, mut names) = (b"0".to_vec(), 0, BTreeSet::new());
        loop {
            let mut replies = self.send(&[Ask::Scan(&cursor, AT_ONCE)])?;
            let Some(Reply::List(parts)) = replies.pop().map(refused).transpose()? else {
                return Err(NoSample::Refused("SCAN gave no list".into()));
            };
            let [next, keys] = <[Reply; 2]>::try_from(parts).map_err(|_| odd("SCAN"))?;
            cursor = next.into_bytes().ok_or_else(|| odd("SCAN"))?;
            // A table that grows is met twice in part.
            let fresh: Vec<Vec<u8>> = keys
                .into_items()
                .ok_or_else(|| odd("SCAN"))?
                .into_iter()
                .filter(|key| names.insert(key.clone()))
                .collect();
            let is_last = cursor == b"0";
            let wanted = fresh.len().min(quota.saturating_sub(met));
            for some in fresh[..wanted].chunks(BREATH) {
                if self.begun.elapsed().as_secs_f64() >= self.bounds.seconds {
                    return Ok(Reached::Time);
                }
                self.look(some, seen)?;
            }
            met += wanted;
            if is_last && wanted == fresh.len() {
                return Ok(Reached::End);
            }
            if met >= quota || is_last {
                return Ok(Reached::Quota);
            }
            if self.begun.elapsed().as_secs_f64() >= self.bounds.seconds {
                return Ok(Reached::Time);
            }
        }
    }

    /// Looks at some keys; those that went meanwhile are left out.
    fn look(&mut self, keys: &[Vec<u8>], seen: &mut Vec<Seen>) -> Result<(), NoSample> {
        let asks: Vec<Ask<'_>> = keys
            .iter()
            .flat_map(|key| [Ask::KeyType(key), Ask::KeyTtl(key), Ask::KeyEncoding(key), Ask::KeyMemory(key)])
            .collect();
        let mut replies = self.send(&asks)?.into_iter();
        for key in keys {
            let mut next = || replies.next().ok_or_else(|| odd("TYPE")).and_then(refused);
            let (kind, ttl, encoding, bytes) = (next()?, next()?, gone(next())?, gone(next())?);
            let (Some(kind), Reply::Integer(ttl), Some(encoding), Reply::Integer(bytes)) =
                (kind.into_bytes(), ttl, encoding.into_bytes(), bytes)
            else {
                continue;
            };
            if ttl < -1 {
                continue;
            }
            let (prefix, words) = prefix(key, self.exposure);
            let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
            seen.push(Seen {
                prefix,
                words,
                name: (self.exposure == Exposure::Shown).then(|| text(key.clone())),
                encoding: format!("{} {}", text(kind), text(encoding)),
                ttl: u64::try_from(ttl).ok(),
                bytes: u64::try_from(bytes).unwrap_or(0),
            });
        }
        Ok(())
    }
}

/// The next answer; a key that is gone has none, and some versions say so as an error.
fn gone(reply: Result<Reply, NoSample>) -> Result<Reply, NoSample> {
    match reply {
        Err(NoSample::Refused(answer)) if answer.to_ascii_lowercase().contains("no such key") => Ok(Reply::Nil),
        other => other,
    }
}

fn refused(reply: Reply) -> Result<Reply, NoSample> {
    if let Reply::Error(answer) = reply { Err(NoSample::Refused(answer)) } else { Ok(reply) }
}

fn expect_ok(replies: Vec<Reply>) -> Result<(), NoSample> {
    replies.into_iter().try_for_each(|reply| refused(reply).map(|_| ()))
}

fn odd(command: &str) -> NoSample {
    NoSample::Refused(format!("the answer to {command} has an unexpected shape"))
}

/// The first word of a name, and how many words it has. Digits become `#`; what does not look like a word is not told.
fn prefix(key: &[u8], exposure: Exposure) -> (String, usize) {
    let Some(mark) = b":/|.".iter().copied().find(|mark| key.contains(mark)) else { return (BARE.to_owned(), 1) };
    let words = key.split(|byte| *byte == mark).count();
    let first = key.split(|byte| *byte == mark).next().unwrap_or_default();
    let first = String::from_utf8_lossy(first).into_owned();
    if exposure == Exposure::Shown {
        return (format!("{first}{}", char::from(mark)), words);
    }
    let mut told = String::new();
    for letter in first.chars() {
        let letter = if letter.is_ascii_digit() { '#' } else { letter };
        if letter != '#' || !told.ends_with('#') {
            told.push(letter);
        }
    }
    let is_word = told.len() <= 32
        && told.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && told.chars().all(|letter| letter.is_ascii_alphabetic() || "#_-".contains(letter))
        && told.matches('#').count() <= 1;
    if is_word { (format!("{told}{}", char::from(mark)), words) } else { (OTHERS.to_owned(), words) }
}

fn group<'s>(name: &str, keys: impl Iterator<Item = &'s Seen>) -> KeyGroup {
    let (mut group, mut ttls) = (KeyGroup { name: name.to_owned(), ..KeyGroup::default() }, Vec::new());
    for key in keys {
        group.keys += 1;
        group.lasting += u64::from(key.ttl.is_none());
        group.bytes = group.bytes.saturating_add(key.bytes);
        #[expect(clippy::cast_precision_loss, reason = "sizes of keys are far below 2^53")]
        let bytes = key.bytes as f64;
        group.squares += bytes * bytes;
        ttls.extend(key.ttl);
    }
    ttls.sort_unstable();
    group.median_ttl = ttls.get(ttls.len().saturating_sub(1) / 2).copied();
    group
}

fn groups(seen: &[Seen], of: impl Fn(&Seen) -> String) -> Vec<KeyGroup> {
    let mut by: BTreeMap<String, Vec<&Seen>> = BTreeMap::new();
    for key in seen {
        by.entry(of(key)).or_default().push(key);
    }
    let mut groups: Vec<KeyGroup> = by.into_iter().map(|(name, keys)| group(&name, keys.into_iter())).collect();
    groups.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    groups
}

/// What may be told: first words that many keys have, unless names were asked for.
fn told(seen: &[Seen], exposure: Exposure, bounds: KeyBounds) -> KeySample {
    let count = u64::try_from(seen.len()).unwrap_or(u64::MAX);
    let least = if exposure == Exposure::Shown { 1 } else { COMMON.max(count / 100) };
    let common: BTreeSet<String> = groups(seen, |key| key.prefix.clone())
        .into_iter()
        .filter(|group| group.keys >= least && group.name != OTHERS)
        .take(PREFIXES)
        .map(|group| group.name)
        .collect();
    let name = |key: &Seen| if common.contains(&key.prefix) { key.prefix.clone() } else { OTHERS.to_owned() };
    let mut largest: Vec<&Seen> = seen.iter().collect();
    largest.sort_by_key(|key| std::cmp::Reverse(key.bytes));
    let large = |key: &&Seen| LargeKey {
        name: key.name.clone().unwrap_or_else(|| match name(key).as_str() {
            BARE => "*".to_owned(),
            OTHERS => vec!["*"; key.words].join(":"),
            prefix => prefix.to_owned() + &vec!["*"; key.words.saturating_sub(1)].join(":"),
        }),
        encoding: key.encoding.clone(),
        bytes: key.bytes,
        is_lasting: key.ttl.is_none(),
    };
    KeySample {
        bounds,
        commands: 0,
        milliseconds: 0,
        total: 0,
        is_whole: false,
        is_clustered: false,
        stopped: None,
        all: KeyGroup::default(),
        prefixes: groups(seen, name),
        encodings: groups(seen, |key| key.encoding.clone()),
        largest: largest.iter().take(LARGEST).map(large).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(name: &str, bytes: u64) -> Seen {
        let (prefix, words) = prefix(name.as_bytes(), Exposure::Masked);
        Seen { prefix, words, name: None, encoding: "string raw".into(), ttl: Some(bytes), bytes }
    }

    #[test]
    fn first_words_are_told_where_they_are_words() {
        let told = |name: &str| prefix(name.as_bytes(), Exposure::Masked).0;
        assert_eq!(told("session:3fa2"), "session:");
        assert_eq!(told("shard12:x:y"), "shard#:");
        assert_eq!(told("ann@example.org:cart"), OTHERS);
        assert_eq!(told("3fa2b1:cart"), OTHERS);
        assert_eq!(told("a1b2c3:cart"), OTHERS);
        assert_eq!(told("ann"), BARE);
        assert_eq!(prefix(b"ann@x:cart", Exposure::Shown), ("ann@x:".to_owned(), 2));
    }

    #[test]
    fn what_few_keys_are_called_is_not_told() {
        let mut keys: Vec<Seen> = (0..50).map(|_| seen("session:3fa2", 100)).collect();
        keys.push(seen("ann:cart:items", 9000));
        let bounds = KeyBounds { keys: 51, per_second: 1, seconds: 1.0 };
        let told = told(&keys, Exposure::Masked, bounds);
        let names: Vec<&str> = told.prefixes.iter().map(|group| group.name.as_str()).collect();
        assert_eq!(names, [OTHERS, "session:"]);
        assert_eq!((told.largest[0].name.as_str(), told.largest[1].name.as_str()), ("*:*:*", "session:*"));
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains("ann") && !text.contains("3fa2"), "{text}");
    }
}
