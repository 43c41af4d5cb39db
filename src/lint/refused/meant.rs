//! What somebody meant who wrote a word that is no value: the word to write instead, where that is plain, else advice.

#![expect(clippy::wildcard_enum_match_arm, reason = "advice is for what has some; the rest speaks for itself")]

use super::units::Meant;
use super::{statement, times, units};
use crate::catalog::{self, Directive, Kind};
use crate::config::{Bad, Class, Reason, Refusal};
use crate::finding::{Edit, Fix};
use crate::lint::Case;
use crate::server;
use crate::syntax::{StatementId, Via};

/// What the value rules talk about.
pub(super) struct Subject<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) id: StatementId,
    pub(super) directive: &'static Directive,
    pub(super) bad: &'a Bad,
    /// The argument that is to blame, as people may see it.
    pub(super) word: String,
    /// The same, only if it may be shown.
    pub(super) public: Option<&'a str>,
    /// Its position.
    pub(super) index: usize,
}

impl<'a> Subject<'a> {
    pub(super) fn of(case: &'a Case<'a>, refusal: &'a Refusal) -> Self {
        let id = statement(refusal);
        let directive = case.directive(id).expect("only words of a known directive are read as its value");
        let Reason::Value(bad) = &refusal.reason else { unreachable!("these rules are chosen for values only") };
        let index = culprit(case, id, directive, bad);
        Self { case, id, directive, bad, word: case.word(id, index), public: case.public_word(id, index), index }
    }

    /// The word for messages.
    pub(super) fn shown(&self) -> &str {
        if self.word.is_empty() { "\"\"" } else { &self.word }
    }

    /// What to do, and how.
    pub(super) fn advice(&self) -> (String, Option<Fix>) {
        let meant = self.public.and_then(|word| self.translation(word)).filter(|meant| meant.word != self.word);
        let Some(meant) = meant else {
            return (self.further().unwrap_or_else(|| self.bad.to_string()), None);
        };
        let elsewhere =
            if let Bad::Event(letter) = self.bad { self.known_elsewhere(&letter.to_string()) } else { None };
        let help = match self.case.reading.statement(self.id).via {
            _ if elsewhere.is_some() => elsewhere.unwrap_or_default(),
            // In a profile the statement has another form, so only the value is spelt out.
            Via::Layer(_) => format!("write `{}`", meant.word),
            Via::Text | Via::CommandLine => format!("write `{}`", self.line_with(&meant.word)),
        };
        let fix = self.put(&meant.word);
        (help, Some(if meant.surely { Fix::safe([fix]) } else { Fix::unsafe_([fix]) }))
    }

    /// Puts a word in the place of the one that is to blame.
    pub(super) fn put(&self, word: &str) -> Edit {
        let mut words = self.case.words(self.id);
        words[self.index + 1] = word.as_bytes().to_vec();
        Edit::Put { statement: self.case.at(self.id), words }
    }

    /// The statement with another word, as people may see it.
    fn line_with(&self, meant: &str) -> String {
        let mut line = self.case.name(self.id);
        for index in 0..self.case.reading.words(self.id).len() {
            line.push(' ');
            line.push_str(if index == self.index { meant } else { "" });
            if index != self.index {
                line.push_str(&self.case.word(self.id, index));
            }
        }
        line
    }

    /// The word that was meant, if that is plain.
    fn translation(&self, word: &str) -> Option<Meant> {
        let cut = word.trim_end_matches([';', ',']);
        if cut.len() < word.len() && self.takes(cut) {
            return Some(Meant { word: cut.to_owned(), surely: true });
        }
        match self.bad {
            Bad::NotBool => units::boolean(cut),
            Bad::NotMemory | Bad::NotMemoryOrPercent => units::bytes(cut).filter(|meant| self.takes(&meant.word)),
            Bad::LimitNumber if self.index % 4 == 3 => {
                times::convert(cut, times::TimeUnit::Seconds).or_else(|| units::integer(cut))
            }
            Bad::LimitNumber => units::bytes(cut),
            Bad::LimitClass if ["master", "primary"].contains(&word) => {
                Some(Meant { word: "replica".into(), surely: false })
            }
            Bad::NotInteger => match times::unit_of(self.directive) {
                Some(unit) => times::convert(cut, unit).or_else(|| units::integer(cut)),
                None => units::integer(cut),
            }
            .filter(|meant| self.takes(&meant.word)),
            Bad::NotOctal => units::octal(cut).filter(|meant| self.takes(&meant.word)),
            Bad::NotOneOf(words) => synonym(self.directive, cut).or_else(|| nearest(cut, words)),
            Bad::Event(_) => self.known_letters(word),
            // Where the words are no pairs, one of them alone is not to blame.
            Bad::Save if !self.case.reading.words(self.id).len().is_multiple_of(2) => None,
            Bad::Save if self.index.is_multiple_of(2) => {
                times::convert(cut, times::TimeUnit::Seconds).or_else(|| units::integer(cut))
            }
            Bad::Save => units::integer(cut),
            _ => None,
        }
    }

    /// Whether the version reads the word as a value of the directive.
    fn takes(&self, word: &str) -> bool {
        !word.is_empty() && self.case.config.read_back(self.directive, word.as_bytes()).is_some()
    }

    /// Letters of events that the version knows: of the others those of the other case, where that is not there yet.
    fn known_letters(&self, word: &str) -> Option<Meant> {
        let Kind::Events(known) = &self.directive.kind else { return None };
        let mut rest = String::new();
        for letter in word.chars() {
            let is_lower = letter.is_ascii_lowercase();
            let other = if is_lower { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() };
            if known.contains(letter) {
                rest.push(letter);
            } else if known.contains(other) && !word.contains(other) && !rest.contains(other) {
                rest.push(other);
            }
        }
        (!rest.is_empty()).then_some(Meant { word: rest, surely: false })
    }

    /// What to say where no single word replaces the wrong one.
    fn further(&self) -> Option<String> {
        let word = self.public?;
        match self.bad {
            Bad::NotMemory if word.ends_with('%') => Some(
                "give bytes such as `6gb`: a server knows no share of its memory; a profile does (`75% of memory`)"
                    .into(),
            ),
            Bad::NotMemory if word.starts_with('-') => Some("give bytes, or `0` for no limit".into()),
            Bad::NotInteger => match times::unit_of(self.directive) {
                Some(unit) if times::is_time(word) => Some(format!("give a plain number of {}", unit.word())),
                _ if times::is_time(word) || units::is_server_memory(word) => {
                    Some("give a plain number: this directive counts things, it takes no unit".into())
                }
                _ => None,
            },
            Bad::NotOneOf(words) => self.known_elsewhere(word).or_else(|| {
                Some(format!("choose one of {}", words.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ")))
            }),
            Bad::Event(letter) => self
                .known_elsewhere(&letter.to_string())
                .or_else(|| Some(format!("leave `{letter}` out: {} is what it takes", self.directive.kind))),
            _ => None,
        }
    }

    /// Which other versions take a word or letter.
    pub(super) fn known_elsewhere(&self, word: &str) -> Option<String> {
        let takes = |kind: &Kind| match kind {
            Kind::Enum(words) => words.iter().any(|known| known.name.eq_ignore_ascii_case(word)),
            Kind::Flags(words) => words.iter().any(|known| known.name.eq_ignore_ascii_case(word)),
            Kind::Events(letters) => letters.contains(word),
            _ => false,
        };
        let history = catalog::history(self.directive.id);
        let servers: Vec<_> = history.iter().filter(|(_, d)| takes(&d.kind)).map(|(server, _)| *server).collect();
        if servers.is_empty() {
            return None;
        }
        Some(format!("leave `{word}` out: only {} takes it", server::in_words(&servers)))
    }
}

/// Which argument is to blame; the first where that cannot be told.
fn culprit(case: &Case<'_>, id: StatementId, directive: &Directive, bad: &Bad) -> usize {
    let arguments = case.reading.arguments(id);
    let found = match (&directive.kind, bad) {
        (Kind::Flags(known), Bad::NotOneOf(_)) => {
            arguments.iter().position(|word| !known.iter().any(|k| k.name.as_bytes().eq_ignore_ascii_case(word)))
        }
        (Kind::BufferLimits, Bad::LimitClass) => {
            (0..arguments.len()).step_by(4).find(|at| Class::from_name(arguments[*at]).is_none())
        }
        (Kind::BufferLimits, Bad::LimitNumber) => (0..arguments.len()).find(|at| match at % 4 {
            0 => false,
            3 => !arguments[*at].iter().all(u8::is_ascii_digit),
            _ => !std::str::from_utf8(arguments[*at]).is_ok_and(units::is_server_memory),
        }),
        (Kind::Save | Kind::OomValues, _) => arguments.iter().position(|word| {
            let digits = word.strip_prefix(b"-").unwrap_or(word);
            digits.is_empty() || !digits.iter().all(u8::is_ascii_digit)
        }),
        (Kind::ReplicaOf, Bad::Port) => Some(1),
        (_, _) => None,
    };
    found.unwrap_or(0)
}

/// Words of other programs for what servers call otherwise.
const SYNONYMS: [(&str, &str, &str); 7] = [
    ("appendfsync", "never", "no"),
    ("loglevel", "error", "warning"),
    ("loglevel", "info", "notice"),
    ("loglevel", "trace", "debug"),
    ("loglevel", "warn", "warning"),
    ("supervised", "true", "auto"),
    ("supervised", "yes", "auto"),
];

/// What a word of another program most likely means here.
fn synonym(directive: &Directive, word: &str) -> Option<Meant> {
    let fits = |(name, other, _): &&(&str, &str, &str)| *name == directive.name() && word.eq_ignore_ascii_case(other);
    SYNONYMS.iter().find(fits).map(|(_, _, ours)| Meant { word: (*ours).to_owned(), surely: false })
}

/// The word of a list that was most likely meant.
fn nearest(word: &str, words: &[String]) -> Option<Meant> {
    let plain = word.to_ascii_lowercase().replace('_', "-");
    if words.contains(&plain) {
        return Some(Meant { word: plain, surely: true });
    }
    if let Some(switch) = units::boolean(&plain).filter(|switch| words.contains(&switch.word)) {
        return Some(switch);
    }
    let near = words.iter().map(|known| (strsim::damerau_levenshtein(&plain, known), known));
    let near = near.filter(|(distance, known)| *distance <= 1 + known.len() / 5).min();
    near.map(|(_, known)| Meant { word: known.clone(), surely: false })
}
