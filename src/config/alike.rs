//! Do all versions judge a text alike? A quick and careful answer, so that a text without a version need not be resolved
//! for every one of them.

use std::sync::{LazyLock, OnceLock};

use super::Config;
use super::number::{integer, memory};
use super::read::{Before, text};
use super::resolve::assigned;
use super::value::{Class, event_bits};
use crate::catalog::{self, Directive, DirectiveId, EnumWord, Kind, Lookup, State, TextRules, View};
use crate::server::{self, Habits, MemoryNumbers, Server};
use crate::source::Sources;
use crate::syntax::{Host, Item, Reading, StatementId, Via, Word};

/// Groups of servers that surely refuse the same statements of a reading, in their order; `None` where only resolving for
/// each of them can tell.
#[must_use]
pub fn judged_alike(reading: &Reading, config: &Config, servers: &[Server]) -> Option<Vec<Vec<Server>>> {
    if reading.sources.len() != 1 {
        return None;
    }
    // For each set of statements that some servers take and others do not: who takes them, a bit for each server.
    let mut divisions: Vec<u16> = Vec::new();
    let asked: u16 = servers.iter().map(|server| 1 << server.place()).sum();
    for item in reading.order() {
        let Item::Statement(id) = item else { return None };
        match verdicts(reading, config, *id, asked) {
            Verdicts::Alike => {}
            Verdicts::Differ(takers) => {
                if !divisions.contains(&takers) {
                    divisions.push(takers);
                }
            }
            Verdicts::Unknown => return None,
        }
    }
    let mut groups: Vec<Vec<Server>> = Vec::new();
    for server in servers {
        let takes = |server: Server| divisions.iter().map(move |takers| takers & (1 << server.place()) != 0);
        match groups.iter_mut().find(|group| takes(group[0]).eq(takes(*server))) {
            Some(group) => group.push(*server),
            None => groups.push(vec![*server]),
        }
    }
    Some(groups)
}

/// Whether every version surely takes a text apart into the same statements: it is a file of lines that includes nothing, all
/// of it could be read, and nothing in it is quoted in an odd way or filled in by a template.
#[must_use]
pub fn is_read_alike(reading: &Reading) -> bool {
    let is_told = |item: &Item| {
        let Item::Statement(id) = *item else { return false };
        let statement = reading.statement(id);
        statement.via == Via::Text
            && (statement.is_plain || is_plain(reading, id))
            && reading.words(id).iter().all(|word| !word.open)
    };
    let is_file = reading.host == Host::Conf && reading.regions.is_empty() && reading.sources.len() == 1;
    is_file && reading.order().iter().all(is_told)
}

/// What servers make of one statement.
enum Verdicts {
    /// All take it, or all refuse it.
    Alike,
    /// Those take it, a bit for each [`Server::place`].
    Differ(u16),
    /// That cannot be told from the statement alone.
    Unknown,
}

/// What the servers whose bits are in `asked` make of a statement.
fn verdicts(reading: &Reading, config: &Config, id: StatementId, asked: u16) -> Verdicts {
    if !reading.statement(id).is_plain && !is_plain(reading, id) {
        return Verdicts::Unknown;
    }
    let entry = match config.look(id) {
        Lookup::Here(directive) => directive.id,
        Lookup::Elsewhere(entry) => entry,
        // A module may claim what has a dot, in the versions that wait for modules.
        Lookup::Never if reading.name(id).contains(&b'.') => return Verdicts::Unknown,
        Lookup::Never => return Verdicts::Alike,
    };
    let Groups { all: groups, differ } = Groups::of(entry);
    if matches!(differ, Differ::Never) {
        return Verdicts::Alike;
    }
    let (name, words) = (reading.name(id), reading.words(id));
    match differ {
        Differ::InOddWords(common) if common.takes(name, words, &reading.sources) => return Verdicts::Alike,
        Differ::InOddWords(_) | Differ::Perhaps | Differ::Never => {}
    }
    if words.iter().any(|word| word.open) {
        return Verdicts::Unknown;
    }
    reading.with_arguments(id, |arguments| {
        let accepted = |server: Server| match View::of(server).look(name) {
            Lookup::Here(directive) if is_file_only(&directive.kind) || directive.is.live_only => None,
            Lookup::Here(directive) if directive.state == State::Inert => Some(arguments.len() == 1),
            Lookup::Here(directive) => Some(assigned(directive, arguments, server.habits(), Before::default()).is_ok()),
            Lookup::Elsewhere(_) | Lookup::Never => Some(false),
        };
        let mut takers = 0;
        for group in groups.iter().filter(|group| group.places & asked != 0) {
            match accepted(group.first) {
                None => return Verdicts::Unknown,
                Some(true) => takers |= group.places & asked,
                Some(false) => {}
            }
        }
        if takers == 0 || takers == asked { Verdicts::Alike } else { Verdicts::Differ(takers) }
    })
}

/// Whether every version splits a line into these words: no quotes but a pair around all of one, nothing odd.
fn is_plain(reading: &Reading, id: StatementId) -> bool {
    let statement = reading.statement(id);
    let in_word = |b: &u8| PLAIN[usize::from(*b)];
    let bare = |bytes: &[u8]| bytes.iter().all(in_word);
    let word_is_plain = |word: &Word| match reading.sources.bytes(word.at) {
        [b'"', inside @ .., b'"'] => bare(inside),
        whole => bare(whole),
    };
    bare(reading.sources.bytes(statement.at))
        || std::iter::once(&statement.name).chain(reading.words(id)).all(word_is_plain)
}

/// Printable characters but quotes and backslashes, and the space.
static PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        plain[byte as usize] = !matches!(byte, b'"' | b'\'' | b'\\');
        byte += 1;
    }
    plain
};

/// What is no assignment: only resolving knows what becomes of it.
fn is_file_only(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}

/// Servers that know an entry by the same names and read its words alike, or do not know it.
struct Group {
    first: Server,
    /// A bit for each [`Server::place`].
    places: u16,
}

/// In which of an entry's words all versions can differ.
enum Differ {
    /// In none: all of them know it by the same names and read its words by no habit of their own.
    Never,
    /// In those that are not [`are_ordinary`] for what all of them take, and where some do not know the name.
    InOddWords(Common),
    /// That is to be found out.
    Perhaps,
}

/// What all versions know of an entry.
struct Common {
    names: Vec<&'static str>,
    kind: Kind,
}

impl Common {
    /// What two versions both know.
    fn of(self, other: &Directive) -> Option<Self> {
        let kind = in_both(&self.kind, &other.kind)?;
        Some(Self { names: self.names.into_iter().filter(|name| other.names.contains(name)).collect(), kind })
    }

    /// Whether all versions surely take this statement.
    fn takes(&self, name: &[u8], words: &[Word], sources: &Sources) -> bool {
        let is_known = self.names.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(name));
        is_known && are_ordinary(&self.kind, words, sources)
    }
}

struct Groups {
    all: Vec<Group>,
    differ: Differ,
}

/// For each entry of the catalogue the groups of servers, found out when first asked for.
static GROUPS: LazyLock<Box<[OnceLock<Groups>]>> =
    LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(catalog::count()).collect());

impl Groups {
    fn of(id: DirectiveId) -> &'static Self {
        GROUPS[id.index()].get_or_init(|| Self::new(id))
    }

    fn new(id: DirectiveId) -> Self {
        let mut all: Vec<Group> = Vec::new();
        for server in server::all() {
            match all.iter_mut().find(|group| are_read_alike(id, group.first, *server)) {
                Some(group) => group.places |= 1 << server.place(),
                None => all.push(Group { first: *server, places: 1 << server.place() }),
            }
        }
        let first = View::of(all[0].first).get(id);
        let works = first.filter(|first| first.state == State::Accepted && !first.is.live_only);
        let differ = match works {
            Some(first) if all.len() == 1 && !is_file_only(&first.kind) => Differ::Never,
            Some(first) => all
                .iter()
                .map(|group| View::of(group.first).get(id).filter(|other| is_taken_alike(first, other)))
                .try_fold(Common { names: first.names.clone(), kind: first.kind.clone() }, |all, other| all.of(other?))
                .map_or(Differ::Perhaps, Differ::InOddWords),
            None => Differ::Perhaps,
        };
        Self { all, differ }
    }
}

/// What two kinds both take, for those of which [`are_ordinary`] knows the words.
fn in_both(one: &Kind, other: &Kind) -> Option<Kind> {
    Some(match (one, other) {
        (Kind::Int { min, max }, Kind::Int { min: low, max: high }) => {
            Kind::Int { min: *min.max(low), max: *max.min(high) }
        }
        (Kind::Memory { min, max }, Kind::Memory { min: low, max: high }) => {
            Kind::Memory { min: *min.max(low), max: *max.min(high) }
        }
        (Kind::Enum(words), Kind::Enum(known)) => {
            let is_in_both = |word: &&EnumWord| known.iter().any(|other| other.name == word.name);
            Kind::Enum(words.iter().filter(is_in_both).cloned().collect())
        }
        (Kind::Words { min, max }, Kind::Words { min: least, max: most }) => {
            Kind::Words { min: *min.max(least), max: *max.min(most) }
        }
        (Kind::Events(letters), Kind::Events(known)) => {
            Kind::Events(letters.chars().filter(|letter| known.contains(*letter)).collect())
        }
        (Kind::Text(one), Kind::Text(other)) => Kind::Text(TextRules {
            not_empty: one.not_empty || other.not_empty,
            refuses: format!("{}{}", one.refuses, other.refuses),
            longest: one.longest.into_iter().chain(other.longest).min(),
            hostname: one.hostname || other.hostname,
            ipv4: one.ipv4 || other.ipv4,
            ipv6: one.ipv6 || other.ipv6,
            title_template: one.title_template || other.title_template,
            locale: one.locale || other.locale,
        }),
        (Kind::Save | Kind::BufferLimits, same) if same == one => one.clone(),
        _ => return None,
    })
}

/// Whether two versions do the same with what is said.
fn is_taken_alike(here: &Directive, there: &Directive) -> bool {
    here.state == there.state && here.is.live_only == there.is.live_only
}

/// Whether two versions know an entry by the same names, and do the same with what is said.
fn has_same_names(here: &Directive, there: &Directive) -> bool {
    is_taken_alike(here, there)
        && here.names.len() == there.names.len()
        && here.names.iter().all(|name| there.names.contains(name))
}

/// Whether two servers know an entry by the same names and take the same kind of words, or do not know it.
fn is_same(id: DirectiveId, one: Server, other: Server) -> bool {
    match (View::of(one).get(id), View::of(other).get(id)) {
        (None, None) => true,
        (Some(here), Some(there)) => {
            std::ptr::eq(here, there) || (here.kind == there.kind && has_same_names(here, there))
        }
        (_, _) => false,
    }
}

fn are_read_alike(id: DirectiveId, one: Server, other: Server) -> bool {
    let kind = View::of(one).get(id).map(|directive| &directive.kind);
    is_same(id, one, other) && kind.is_none_or(|kind| reads_alike(kind, one.habits(), other.habits()))
}

/// Whether two versions with these habits read the words of a kind alike.
fn reads_alike(kind: &Kind, one: &Habits, other: &Habits) -> bool {
    let numbers = one.memory_numbers == other.memory_numbers && one.signed_memory == other.signed_memory;
    let splits = one.resplit == other.resplit && one.words == other.words;
    match kind {
        Kind::Bool | Kind::Int { .. } | Kind::Enum(_) | Kind::Bytes | Kind::Dir | Kind::Text(_) | Kind::Events(_) => {
            true
        }
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } => numbers,
        Kind::Octal { .. } => one.lax_lines == other.lax_lines,
        Kind::Flags(_) | Kind::Words { .. } | Kind::OomValues | Kind::ReplicaOf => splits,
        Kind::Save | Kind::BufferLimits => splits && numbers && one.lax_lines == other.lax_lines,
        Kind::Percentiles => splits && one.hex_percentiles == other.hex_percentiles,
        Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => false,
    }
}

/// Whether every version that knows a kind reads these words of it alike: none is quoted, and numbers are small.
fn are_ordinary(kind: &Kind, words: &[Word], sources: &Sources) -> bool {
    let is_bare = |word: &Word| !word.open && word.cooked.is_none();
    let small = |word: &[u8]| word.len() <= 9 && word.iter().all(u8::is_ascii_digit);
    let bytes = |word: &'_ Word| is_ordinary_number(word.bytes(sources));
    words.iter().all(is_bare)
        && match (kind, words) {
            (Kind::Int { min, max }, [word]) => {
                let word = word.bytes(sources);
                small(word) && integer(word).is_some_and(|number| (*min..=*max).contains(&i128::from(number)))
            }
            (Kind::Enum(known), [word]) => {
                let word = word.bytes(sources);
                known.iter().any(|known| known.name.as_bytes().eq_ignore_ascii_case(word))
            }
            (Kind::Memory { min, max }, [word]) => {
                let read = memory(word.bytes(sources), MemoryNumbers::U64);
                bytes(word) && read.is_some_and(|read| (*min..=*max).contains(&i128::from(read)))
            }
            (Kind::Words { min, max }, words) => (1.max(*min)..=*max).contains(&words.len()),
            (Kind::Events(letters), [word]) => {
                word.bytes(sources).iter().all(|letter| event_bits(letters, *letter).is_some())
            }
            // A template depends on other lines, a locale on the host.
            (Kind::Text(rules), [word]) if !rules.title_template && !rules.locale => {
                text(word.bytes(sources), rules, Before::default()).is_ok()
            }
            (Kind::Save, [seconds, changes]) => {
                let (seconds, changes) = (seconds.bytes(sources), changes.bytes(sources));
                small(seconds) && small(changes) && seconds.iter().any(|digit| *digit != b'0')
            }
            (Kind::BufferLimits, [class, hard, soft, seconds]) => {
                let is_class = Class::from_name(class.bytes(sources)).is_some();
                is_class && bytes(hard) && bytes(soft) && small(seconds.bytes(sources))
            }
            _ => false,
        }
}

/// Whether every version reads a number of bytes alike: few digits, and a unit.
fn is_ordinary_number(word: &[u8]) -> bool {
    let digits = word.iter().take_while(|b| b.is_ascii_digit()).count();
    let units = [&b""[..], b"b", b"k", b"kb", b"m", b"mb", b"g", b"gb"];
    (1..=9).contains(&digits) && units.iter().any(|unit| word[digits..].eq_ignore_ascii_case(unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::resolve;
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    fn alike(text: &str) -> bool {
        let newest = *server::all().last().unwrap();
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), newest);
        let groups = judged_alike(&reading, &resolve(&reading, Mode::Server), server::all());
        groups.is_some_and(|groups| groups.len() == 1)
    }

    #[test]
    fn ordinary_lines_are_alike_and_new_ones_are_not() {
        assert!(alike("port 6379\nmaxmemory 1gb\nsave \"\"\nappendonly maybe\nnonsense 1\n"));
        assert!(!alike("maxmemory-clients 5%\n"));
        assert!(!alike("include x\n"));
        assert!(!alike("requirepass 'x'\n"));
        assert!(!alike("save 1 1 2 2 3\n"));
        assert!(!alike("io-threads 200\n"));
        assert!(alike("lua-time-limit 500\ndbfilename a.rdb\nnotify-keyspace-events KEA\nbind 127.0.0.1\n"));
        assert!(!alike("busy-reply-threshold 500\n") && !alike("notify-keyspace-events Kn\n"));
        assert!(alike("dbfilename a/b\n") && !alike("dbfilename \"\"\n"));
    }

    #[test]
    fn what_is_said_to_be_read_alike_is_read_so() {
        let lines = [
            "port 1",
            "save \"\"",
            "a b\tc",
            "user 'x'",
            "x \"y\\n\"",
            "x \"y\"z",
            "q '",
            "include y",
            "d \u{b}e",
            "f \u{ff}",
        ];
        let (newest, mut alike) = (*server::all().last().unwrap(), 0);
        for text in lines.iter().flat_map(|one| lines.iter().map(move |other| format!("{one}\n{other}\n"))) {
            let read = |server| conf::read_alone(Name::Stdin, text.as_bytes(), server);
            let first = read(newest);
            if is_read_alike(&first) {
                alike += 1;
                for other in server::all().iter().map(|server| read(*server)) {
                    let words = |reading: &Reading| {
                        let of = |(id, _)| (reading.name(id).to_vec(), reading.arguments(id).concat());
                        reading.iter().map(of).collect::<Vec<_>>()
                    };
                    assert_eq!((words(&other), other.order()), (words(&first), first.order()), "{text:?}");
                }
            }
        }
        assert!(alike > 3, "{alike}");
    }

    #[test]
    fn what_is_said_to_be_alike_is_judged_so() {
        const WORDS: [&str; 29] = [
            "yes",
            "no",
            "1",
            "-1",
            "0",
            "x",
            "1gb",
            "9999999kb",
            "1tb",
            "99999999999999999999",
            "127.0.0.1",
            "\"\"",
            "900 1",
            "900 1 60",
            "\"900 1\"",
            "normal 0 0 0",
            "pubsub 1k 1x 1",
            "50%",
            "900 1 x",
            "0 1",
            "normal 1gb 1mb 60",
            "replica 1 1 99999999999",
            "127.0.0.1 ::1",
            "0777",
            "1 2 3",
            "KEA",
            "Kn",
            "a/b",
            "A",
        ];
        let mut alike_ones = 0;
        for name in catalog::all_names().iter().filter(|name| !matches!(**name, "cluster-enabled" | "bind" | "port")) {
            for word in WORDS {
                let text = format!("{name} {word}\n");
                let newest = *server::all().last().unwrap();
                let reading = conf::read_alone(Name::Stdin, text.as_bytes(), newest);
                let Some(groups) = judged_alike(&reading, &resolve(&reading, Mode::Server), server::all()) else {
                    continue;
                };
                alike_ones += usize::from(groups.len() == 1);
                let refused = |server: &Server| {
                    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), *server);
                    resolve(&reading, Mode::Server).verdict().is_some()
                };
                for group in groups {
                    let first = refused(&group[0]);
                    assert!(group.iter().all(|server| refused(server) == first), "{text}");
                }
            }
        }
        assert!(alike_ones > 2000, "{alike_ones}");
    }
}
