//! What a Sentinel makes of the words after `sentinel`.
//!
//! They wait until all text is read and are then carried out in three rounds, whatever order they stand in: what is about
//! the process itself, then `monitor`, then what is about a primary. Measured on seven servers from Redis 6.2 to Valkey
//! 9.1, which differ only in the sub-directives they know.
//!
//! What a file cannot tell is not judged: whether a script is there, whether a name resolves.

use std::collections::BTreeSet;

use super::address::address;
use super::number::{atoi, c_text};
use crate::catalog::{Directive, Kind, Lookup, View, sentinel};
use crate::source::Span;
use crate::syntax::{Reading, StatementId};

/// Why a Sentinel refuses a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadSentinel {
    /// No sub-directive of this version, or not with this number of words.
    Unrecognized,
    /// No `monitor` line names the primary.
    UnknownPrimary,
    /// A second `monitor` with this name.
    DuplicatePrimary,
    /// A replica of the primary with this address and port stands above.
    DuplicateReplica,
    /// A Sentinel of the primary with this identity stands above.
    DuplicateSentinel,
    /// A command of the primary is renamed a second time.
    RenamedTwice,
    /// A name, and names are not resolved.
    Host,
    /// Not between 0 and 65535.
    Port,
    /// Below 1.
    Quorum,
    /// Below 1, or where 0 is allowed below 0.
    Time {
        /// Whether 0 is allowed.
        zero: bool,
    },
    /// The program to call has no name.
    Script {
        /// Whether it is that for new addresses, not that for events.
        for_clients: bool,
    },
    /// Not 40 bytes long.
    Identity,
    /// Neither `yes` nor `no`.
    Switch {
        /// The sub-directive.
        name: &'static str,
    },
}

impl BadSentinel {
    /// The reason in the server's words.
    #[must_use]
    pub fn server_words(self) -> String {
        match self {
            Self::Unrecognized => "Unrecognized sentinel configuration statement.".into(),
            Self::UnknownPrimary => "No such master with specified name.".into(),
            Self::DuplicatePrimary => "Duplicate master name.".into(),
            Self::DuplicateReplica => "Duplicate hostname and port for replica.".into(),
            Self::DuplicateSentinel => "Duplicate runid for sentinel.".into(),
            Self::RenamedTwice => "Same command renamed multiple times with rename-command.".into(),
            Self::Host => "Can't resolve instance hostname.".into(),
            Self::Port => "Invalid port number.".into(),
            Self::Quorum => "Quorum must be 1 or greater.".into(),
            Self::Time { zero: false } => "negative or zero time parameter.".into(),
            Self::Time { zero: true } => "negative time parameter.".into(),
            Self::Script { for_clients: false } => "Notification script seems non existing or non executable.".into(),
            Self::Script { for_clients: true } => {
                "Client reconfiguration script seems non existing or non executable.".into()
            }
            Self::Identity => "Malformed Sentinel id in myid option.".into(),
            Self::Switch { name: "deny-scripts-reconfig" } => {
                "Please specify yes or no for the deny-scripts-reconfig options.".into()
            }
            Self::Switch { name } => format!("Please specify yes or no for the {name} option."),
        }
    }
}

/// The words behind `sentinel` of each such line; none in the configuration of a data server.
#[must_use]
pub fn sentinel_lines(reading: &Reading) -> Vec<(StatementId, Vec<String>)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let count = u32::try_from(reading.statements().len()).expect("a text has no more lines");
    let is_one =
        |id: &StatementId| reading.statement(*id).name.bytes(&reading.sources).eq_ignore_ascii_case(b"sentinel");
    let words = |id: StatementId| (id, reading.arguments(id).into_iter().map(text).collect());
    (0..count).map(StatementId).filter(is_one).map(words).collect()
}

/// One refused line.
pub(super) struct Refused {
    pub(super) id: StatementId,
    /// The word that is wrong, or all of the line.
    pub(super) at: Span,
    pub(super) reason: BadSentinel,
}

/// Sub-directives of the first round; `monitor` is the second, all others are the third.
const FIRST: [&str; 9] = [
    "announce-hostnames",
    "announce-ip",
    "announce-port",
    "current-epoch",
    "deny-scripts-reconfig",
    "myid",
    "resolve-hostnames",
    "sentinel-pass",
    "sentinel-user",
];

/// Carries lines out and tells which are refused, in the server's order.
///
/// `complete` says whether the lines are all there are; if not, primaries may be named elsewhere.
pub(super) fn carry_out(reading: &Reading, lines: &[StatementId], complete: bool) -> Vec<Refused> {
    let mut process = Process {
        reading,
        view: sentinel::view(reading.server),
        complete,
        resolves: Some(false),
        announces: Some(false),
        watched: Vec::new(),
        refused: Vec::new(),
    };
    let round = |id: &StatementId| {
        let name = reading.arguments(*id)[0];
        let is = |known: &str| c_text(name).eq_ignore_ascii_case(known.as_bytes());
        match () {
            () if FIRST.iter().any(|known| is(known)) => 1,
            () if is("monitor") => 2,
            () => 3,
        }
    };
    for now in 1..=3 {
        lines.iter().filter(|id| round(id) == now).for_each(|id| process.line(*id));
    }
    process.refused
}

/// A primary that is watched.
#[derive(Default)]
struct Watched<'a> {
    name: &'a [u8],
    replicas: BTreeSet<(Vec<u8>, u16)>,
    sentinels: BTreeSet<&'a [u8]>,
    renamed: BTreeSet<Vec<u8>>,
}

/// A Sentinel in the making.
struct Process<'a> {
    reading: &'a Reading,
    view: &'static View,
    complete: bool,
    /// `resolve-hostnames` and `announce-hostnames`; `None` if a template says.
    resolves: Option<bool>,
    announces: Option<bool>,
    watched: Vec<Watched<'a>>,
    refused: Vec<Refused>,
}

/// A line being carried out: its words behind the sub-directive, `None` for one that a template fills in.
struct Line<'a> {
    id: StatementId,
    words: Vec<Option<&'a [u8]>>,
}

impl Line<'_> {
    /// The number that C reads in a word.
    fn number(&self, index: usize) -> Option<i32> {
        self.words[index].map(atoi)
    }
}

impl<'a> Process<'a> {
    /// Refuses a line, pointing at a word counted from the sub-directive, or at all of it.
    fn refuse(&mut self, id: StatementId, word: Option<usize>, reason: BadSentinel) {
        let at = word.and_then(|word| self.reading.words(id).get(word)).map(|word| word.at);
        self.refused.push(Refused { id, at: at.unwrap_or(self.reading.statement(id).at), reason });
    }

    fn line(&mut self, id: StatementId) {
        let reading = self.reading;
        let mut words = reading.words(id).iter().map(|word| (!word.open).then(|| c_text(word.bytes(&reading.sources))));
        let Some(Some(name)) = words.next() else {
            // A template says what the line is about, so it may name any primary.
            self.complete = false;
            return;
        };
        let line = Line { id, words: words.collect() };
        let Lookup::Here(directive) = self.view.look(name) else {
            return self.refuse(id, Some(0), BadSentinel::Unrecognized);
        };
        if !fits(directive, line.words.len()) {
            let is_open = line.words.contains(&None);
            if directive.name() == "monitor" {
                self.watch(line.words.first().copied().flatten());
            }
            if !is_open {
                self.refuse(id, None, BadSentinel::Unrecognized);
            }
            return;
        }
        self.carry_out(directive, &line);
    }

    fn carry_out(&mut self, directive: &'static Directive, line: &Line<'a>) {
        match directive.name() {
            name @ "resolve-hostnames" => self.resolves = self.switch(name, line),
            name @ "announce-hostnames" => self.announces = self.switch(name, line),
            name @ "deny-scripts-reconfig" => {
                self.switch(name, line);
            }
            "myid" => {
                if line.words[0].is_some_and(|id| id.len() != 40) {
                    self.refuse(line.id, Some(1), BadSentinel::Identity);
                }
            }
            "announce-ip" | "announce-port" | "current-epoch" | "sentinel-pass" | "sentinel-user" => {}
            "monitor" => self.monitor(line),
            // Without an identity, the form of old versions: read and forgotten.
            "known-sentinel" if line.words.len() == 3 => {}
            name => {
                if let Some(primary) = self.primary(line) {
                    self.of_primary(name, line, primary);
                }
            }
        }
    }

    fn switch(&mut self, name: &'static str, line: &Line<'_>) -> Option<bool> {
        let word = line.words[0]?;
        let is_on = word.eq_ignore_ascii_case(b"yes");
        if !is_on && !word.eq_ignore_ascii_case(b"no") {
            self.refuse(line.id, Some(1), BadSentinel::Switch { name });
        }
        Some(is_on)
    }

    fn watch(&mut self, name: Option<&'a [u8]>) {
        match name {
            Some(name) => self.watched.push(Watched { name, ..Watched::default() }),
            None => self.complete = false,
        }
    }

    fn monitor(&mut self, line: &Line<'a>) {
        if line.number(3).is_some_and(|quorum| quorum <= 0) {
            self.refuse(line.id, Some(4), BadSentinel::Quorum);
        } else if self.has_place(line, 1) {
            let known = |name: &[u8]| self.watched.iter().any(|watched| watched.name == name);
            if line.words[0].is_some_and(known) {
                self.refuse(line.id, Some(1), BadSentinel::DuplicatePrimary);
            }
        }
        // Refused or not: what is said of it below should not be called unknown too.
        self.watch(line.words[0]);
    }

    /// Judges an address and the port behind it.
    fn has_place(&mut self, line: &Line<'_>, index: usize) -> bool {
        if line.number(index + 1).is_some_and(|port| !(0..=65535).contains(&port)) {
            self.refuse(line.id, Some(index + 2), BadSentinel::Port);
            return false;
        }
        let is_name = line.words[index].is_some_and(|host| address(host).is_none());
        // Which is not known if an include that was not read may switch it on.
        if is_name && self.resolves == Some(false) && self.complete {
            self.refuse(line.id, Some(index + 1), BadSentinel::Host);
            return false;
        }
        true
    }

    /// The primary that a line names, by position.
    fn primary(&mut self, line: &Line<'_>) -> Option<usize> {
        let name = line.words[0]?;
        let found = self.watched.iter().position(|watched| watched.name == name);
        if found.is_none() && self.complete {
            self.refuse(line.id, Some(1), BadSentinel::UnknownPrimary);
        }
        found
    }

    fn of_primary(&mut self, name: &str, line: &Line<'a>, primary: usize) {
        match name {
            "down-after-milliseconds" | "failover-timeout" => self.time(line, false),
            "master-reboot-down-after-period" | "primary-reboot-down-after-period" => self.time(line, true),
            "known-replica" => self.replica(line, primary),
            "known-sentinel" => self.sentinel(line, primary),
            "rename-command" => {
                let new = line.words[1].map(<[u8]>::to_ascii_lowercase);
                if new.is_some_and(|old| !self.watched[primary].renamed.insert(old)) {
                    self.refuse(line.id, Some(2), BadSentinel::RenamedTwice);
                }
            }
            "client-reconfig-script" | "notification-script" if line.words[1] == Some(b"") => {
                let for_clients = name == "client-reconfig-script";
                self.refuse(line.id, Some(2), BadSentinel::Script { for_clients });
            }
            // auth-pass, auth-user, config-epoch, leader-epoch, parallel-syncs and scripts take anything.
            _ => {}
        }
    }

    fn time(&mut self, line: &Line<'_>, zero: bool) {
        if line.number(1).is_some_and(|time| time < i32::from(!zero)) {
            self.refuse(line.id, Some(2), BadSentinel::Time { zero });
        }
    }

    /// Replicas are told apart by their place: by the name as written where names are announced, else by the address.
    fn replica(&mut self, line: &Line<'_>, primary: usize) {
        if !self.has_place(line, 1) {
            return;
        }
        let (Some(host), Some(port), Some(by_name)) = (line.words[1], line.number(2), self.announces) else { return };
        let port = u16::try_from(port).expect("the range was checked");
        let place = if by_name { None } else { address(host).map(|address| address.to_string().into_bytes()) };
        if !self.watched[primary].replicas.insert((place.unwrap_or_else(|| host.to_vec()), port)) {
            self.refuse(line.id, Some(2), BadSentinel::DuplicateReplica);
        }
    }

    fn sentinel(&mut self, line: &Line<'a>, primary: usize) {
        if !self.has_place(line, 1) {
            return;
        }
        if line.words[3].is_some_and(|identity| !self.watched[primary].sentinels.insert(identity)) {
            self.refuse(line.id, Some(4), BadSentinel::DuplicateSentinel);
        }
    }
}

/// Whether a sub-directive takes so many words.
fn fits(directive: &Directive, words: usize) -> bool {
    if let Kind::Words { min, max } = directive.kind { (min..=max).contains(&words) } else { words == 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Reason, resolve};
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    /// The refused lines with their reasons, in the order of the server.
    fn refused(text: &str) -> Vec<(usize, BadSentinel)> {
        let reading = conf::read_template(
            Name::Stdin,
            text.as_bytes(),
            "redis-7.4".parse().unwrap(),
            &crate::source::Memory::default(),
        );
        let config = resolve(&reading, Mode::Sentinel);
        let refusals = config.refusals().iter().filter_map(|refusal| {
            let Reason::Sentinel(bad) = refusal.reason else { return None };
            Some((reading.sources.get(refusal.at.source).line(refusal.at.start), bad))
        });
        refusals.collect()
    }

    const MONITOR: &str = "sentinel monitor m 127.0.0.1 6379 2\n";

    #[test]
    fn lines_are_carried_out_in_three_rounds() {
        let text = format!("sentinel bogus\n{MONITOR}{MONITOR}sentinel myid x\nsentinel auth-user n u\n");
        let expected = [
            (4, BadSentinel::Identity),
            (3, BadSentinel::DuplicatePrimary),
            (1, BadSentinel::Unrecognized),
            (5, BadSentinel::UnknownPrimary),
        ];
        assert_eq!(refused(&text), expected);
    }

    #[test]
    fn the_place_of_monitor_does_not_matter() {
        assert_eq!(refused(&format!("sentinel parallel-syncs m 1\n{MONITOR}")), []);
        assert_eq!(refused("sentinel monitor m localhost 1 1\nsentinel resolve-hostnames yes\n"), []);
    }

    #[test]
    fn numbers_are_read_as_c_reads_them() {
        let time = |word: &str| refused(&format!("{MONITOR}sentinel failover-timeout m {word}\n")).len();
        assert_eq!(["1", "30s", "+5", "4294967297"].map(time), [0; 4]);
        assert_eq!(["0", "-1", "x", "''", "2147483648", "99999999999999999999"].map(time), [1; 6]);
    }

    #[test]
    fn what_is_said_elsewhere_is_not_held_against_the_file() {
        for open in ["sentinel monitor ${NAME} 127.0.0.1 6379 2\n", "include away.conf\n", "{{ include \"x\" . }}\n"] {
            let text = format!("{open}sentinel auth-user m u\nsentinel known-replica m localhost 1\n");
            assert_eq!(refused(&text), [], "{open}");
        }
        let text = "sentinel monitor m ${HOST} ${PORT} ${QUORUM}\nsentinel auth-user n u\nsentinel monitor m ${ALL}\n";
        assert_eq!(refused(text), [(2, BadSentinel::UnknownPrimary)]);
    }

    #[test]
    fn replicas_are_told_apart_by_address_or_by_announced_name() {
        let twice = |first: &str, second: &str, above: &str| {
            let line = |host| format!("sentinel known-replica m {host} 1\n");
            refused(&format!("{above}{MONITOR}{}{}", line(first), line(second))).len()
        };
        assert_eq!(twice("127.0.0.1", "127.1", ""), 1);
        assert_eq!(twice("127.0.0.1", "127.0.0.2", ""), 0);
        assert_eq!(twice("127.0.0.1", "127.1", "sentinel announce-hostnames yes\n"), 0);
        assert_eq!(twice("127.0.0.1", "127.1", "sentinel announce-hostnames ${X}\n"), 0);
    }
}
