//! The catalogue in words: what a directive takes, how it behaves, and what changed from version to version.

use std::fmt;

use super::directive::{Change, Directive, DirectiveId, Is, Kind, Need, Repeat, State, TextRules, Without};
use super::view::View;
use crate::server::{self, Server};

/// What a directive takes, for people: `a whole number from 0 to 65535`.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("`yes` or `no`"),
            Self::Int { min, max } => write!(f, "{}", whole_number(*min, *max)),
            Self::Memory { min, max } => write!(f, "bytes such as `64mb`{}", memory_range(*min, *max)),
            Self::MemoryOrPercent { min, max } => {
                write!(f, "bytes such as `64mb`{}, or a share from `0%` to `100%`", memory_range(*min, *max))
            }
            Self::Octal { min, max } => write!(f, "file permissions in base 8, from {min:o} to {max:o}"),
            Self::Enum(words) => {
                write!(f, "one of {}", quoted(words.iter().map(|word| word.name.as_str())))
            }
            Self::Flags(words) => {
                write!(f, "one or more of {}", quoted(words.iter().map(|word| word.name.as_str())))
            }
            Self::Text(rules) => f.write_str(&text(rules)),
            Self::Bytes => f.write_str("any text"),
            Self::Words { min, max } => match (min, max) {
                (min, max) if min == max => write!(f, "{min} words"),
                (0, max) => write!(f, "up to {max} words"),
                (min, max) => write!(f, "{min} to {max} words"),
            },
            Self::Save => f.write_str("pairs of seconds and changes, or `\"\"` for none"),
            Self::BufferLimits => f.write_str("groups of class, hard limit, soft limit and seconds"),
            Self::Events(letters) => write!(f, "letters out of `{letters}`, `A` for most of them"),
            Self::Percentiles => f.write_str("numbers from 0 to 100"),
            Self::OomValues => f.write_str("three whole numbers from -2000 to 2000"),
            Self::ReplicaOf => f.write_str("a host and a port, or `no one`"),
            Self::Dir => f.write_str("a directory that exists"),
            Self::Include => f.write_str("a file"),
            Self::RenameCommand => f.write_str("a command and its new name, `\"\"` to remove it"),
            Self::LoadModule => f.write_str("a path, and words for the module"),
            Self::User => f.write_str("a name, and ACL rules"),
            Self::Sentinel => f.write_str("a sub-directive of Sentinel, and its words"),
        }
    }
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Ends that are merely those of the integer type are left out.
fn whole_number(min: i128, max: i128) -> String {
    let no_min = min == i128::from(i64::MIN) || min == i128::from(i32::MIN);
    let no_max = max == i128::from(i64::MAX) || max == i128::from(u64::MAX);
    match (no_min, no_max) {
        (true, true) => "a whole number".into(),
        (true, false) if max == i128::from(i32::MAX) => "a whole number".into(),
        (true, false) => format!("a whole number up to {max}"),
        (false, true) => format!("a whole number from {min}"),
        (false, false) => format!("a whole number from {min} to {max}"),
    }
}

fn memory_range(min: i128, max: i128) -> String {
    let words = |n: i128| u64::try_from(n).map_or_else(|_| n.to_string(), bytes_in_words);
    let unbounded = max >= i128::from(i64::MAX);
    match (min > 0, unbounded) {
        (false, true) => String::new(),
        (true, true) => format!(", at least {}", words(min)),
        (false, false) => format!(", at most {}", words(max)),
        (true, false) => format!(", from {} to {}", words(min), words(max)),
    }
}

fn text(rules: &TextRules) -> String {
    let what = match () {
        () if rules.hostname => "a host name, or `\"\"`",
        () if rules.ipv4 => "an IPv4 address, or `\"\"`",
        () if rules.ipv6 => "an IPv6 address, or `\"\"`",
        () if rules.title_template => "text with variables such as `{title}`",
        () if rules.locale => "a locale that the host has",
        () if rules.not_empty => "text that is not empty",
        () => "text",
    };
    match rules.longest {
        Some(longest) => format!("{what}, at most {longest} bytes"),
        None => what.into(),
    }
}

/// Bytes in the largest unit of a configuration that fits without a rest: `64mb`, `1000`.
#[must_use]
pub fn bytes_in_words(bytes: u64) -> String {
    let fitting = [("gb", 30), ("mb", 20), ("kb", 10)].into_iter().find(|(_, shift)| bytes.trailing_zeros() >= *shift);
    match fitting {
        Some((unit, shift)) if bytes != 0 => format!("{}{unit}", bytes >> shift),
        Some(_) | None => bytes.to_string(),
    }
}

impl Repeat {
    /// What a second statement does, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::LastWins => "the last statement wins",
            Self::Adds => "statements add up",
            Self::ByKey => "the last statement wins, for each key on its own",
            Self::OnceByKey => "a second statement for the same key stops the start",
            Self::Each => "each statement is carried out",
        }
    }
}

impl Change {
    /// How a new value takes effect, in a sentence.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Live => "live, by CONFIG SET",
            Self::Restart => "only by a restart",
        }
    }
}

impl Need {
    /// What the build must have.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Tls => "a build with TLS",
            Self::Jemalloc => "a build with the bundled jemalloc",
            Self::Rdma => "a build with RDMA",
            Self::Module => "a module that comes with some builds",
        }
    }
}

impl Without {
    /// What a build does that lacks the need.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unknown => "the name is unknown without it",
            Self::Refuses => "values that ask for it are refused without it",
            Self::CrashesOnSet => "CONFIG SET can end the server without it",
            Self::Inert => "nothing happens without it",
        }
    }
}

impl Is {
    /// Each trait in a sentence.
    #[must_use]
    pub fn sentences(self) -> Vec<&'static str> {
        [
            (self.secret, "the value is secret and is never shown"),
            (self.hidden, "CONFIG GET shows it only by its exact name"),
            (self.protected, "CONFIG SET refuses it unless `enable-protected-configs` allows it"),
            (self.file_only, "CONFIG GET and CONFIG SET do not know it"),
            (self.live_only, "a file may not hold it, only CONFIG SET knows it"),
            (self.environment, "the default depends on the host or the build"),
            (self.not_while_loading, "CONFIG SET refuses it while the dataset loads"),
        ]
        .into_iter()
        .filter_map(|(is, sentence)| is.then_some(sentence))
        .collect()
    }
}

/// What is different in a version, against the one it grew out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The version.
    pub server: Server,
    /// The differences, each in a few words.
    pub what: Vec<String>,
}

/// What changed along the version tree: Redis first, older before newer. Versions without a change are left out.
#[must_use]
pub fn changes(id: DirectiveId) -> Vec<Changed> {
    along_the_tree(id, View::of)
}

/// The changes of an entry in one namespace.
pub(super) fn along_the_tree(id: DirectiveId, view: fn(Server) -> &'static View) -> Vec<Changed> {
    let mut changes = Vec::new();
    for &server in server::all() {
        let [.., parent, _] = server::lineage(server)[..] else { continue };
        let what = match (view(parent).get(id), view(server).get(id)) {
            (None, None) => Vec::new(),
            (None, Some(now)) => vec![format!("new{}", if now.state == State::Inert { ", and ignored" } else { "" })],
            (Some(_), None) => vec!["gone".into()],
            (Some(before), Some(now)) => differences(before, now),
        };
        if !what.is_empty() {
            changes.push(Changed { server, what });
        }
    }
    changes
}

fn differences(before: &Directive, now: &Directive) -> Vec<String> {
    let mut what = Vec::new();
    if before.name() != now.name() {
        what.push(format!("preferred name `{}`", now.name()));
    }
    let added: Vec<&str> = now.names.iter().copied().filter(|name| !before.names.contains(name)).collect();
    if !added.is_empty() && added != [now.name()] {
        what.push(format!("also known as {}", quoted(added.into_iter().filter(|name| *name != now.name()))));
    }
    let dropped: Vec<&str> = before.names.iter().copied().filter(|name| !now.names.contains(name)).collect();
    if !dropped.is_empty() {
        what.push(format!("no longer known as {}", quoted(dropped.into_iter())));
    }
    match (before.state, now.state) {
        (State::Accepted, State::Inert) => what.push("accepted and ignored".into()),
        (State::Inert, State::Accepted) => what.push("works again".into()),
        (State::Accepted | State::Inert | State::Gone, State::Accepted | State::Inert | State::Gone) => {}
    }
    // What an ignored directive takes is of no interest.
    if now.state == State::Inert {
        return what;
    }
    if before.kind.to_string() != now.kind.to_string() {
        what.push(format!("takes {}", now.kind));
    }
    if before.default != now.default {
        let shown = |default: Option<&str>| default.map_or("none".to_owned(), |text| format!("`{}`", written(text)));
        what.push(format!("default {} → {}", shown(before.default), shown(now.default)));
    }
    if before.change != now.change {
        what.push(format!("changes {}", now.change.sentence()));
    }
    if before.repeat != now.repeat {
        what.push(now.repeat.sentence().into());
    }
    if before.needs != now.needs {
        what.push(now.needs.map_or("needs nothing special".into(), |need| format!("needs {}", need.words())));
    }
    let (had, has) = (before.is.sentences(), now.is.sentences());
    what.extend(has.iter().filter(|s| !had.contains(s)).map(|s| (*s).to_owned()));
    what.extend(had.iter().filter(|s| !has.contains(s)).map(|s| format!("no longer: {s}")));
    what
}

/// A default as it would be written: an empty one as `""`.
fn written(text: &str) -> &str {
    if text.is_empty() { "\"\"" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog;

    fn kind(name: &str, server: &str) -> String {
        let id = catalog::find(name).unwrap();
        View::of(server.parse().unwrap()).get(id).unwrap().kind.to_string()
    }

    #[test]
    fn types_read_as_sentences() {
        assert_eq!(kind("port", "redis-7.4"), "a whole number from 0 to 65535");
        assert_eq!(kind("maxmemory", "redis-7.4"), "bytes such as `64mb`");
        assert_eq!(kind("client-query-buffer-limit", "redis-7.4"), "bytes such as `64mb`, at least 1mb");
        assert_eq!(kind("bind", "redis-6.2"), "1 to 16 words");
        assert_eq!(kind("supervised", "redis-7.4"), "one of `upstart`, `systemd`, `auto`, `no`");
    }

    #[test]
    fn bytes_take_the_largest_unit_without_a_rest() {
        for (bytes, words) in [(0, "0"), (1024, "1kb"), (1000, "1000"), (1536 << 20, "1536mb"), (8 << 30, "8gb")] {
            assert_eq!(bytes_in_words(bytes), words);
        }
    }

    #[test]
    fn changes_follow_the_tree() {
        let lines = |name: &str| -> Vec<String> {
            let changes = changes(catalog::find(name).unwrap());
            changes.iter().map(|c| format!("{}: {}", c.server.name(), c.what.join("; "))).collect()
        };
        assert_eq!(lines("maxmemory-clients"), ["redis-7.0: new"]);
        assert_eq!(lines("gopher-enabled"), ["redis-7.0: gone"]);
        assert_eq!(lines("port"), [""; 0]);
        assert_eq!(lines("bind"), ["redis-7.0: takes up to 16 words; default `\"\"` → `* -::*`"]);
    }
}
