//! May these words be shown? The words of a statement, judged one by one, for frames and messages.
//!
//! Hidden is the rule: a word is shown only if its directive is known and not secret. What stands in no statement (comments,
//! lines that did not read, the rest of a TOML file) is not listed here, so nobody shows it.

use super::Config;
use super::setup::Setup;
use super::shown::{MASK, printable};
use crate::catalog::{self, Kind, Lookup, View, sentinel};
use crate::finding::Finding;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::{Item, Problem, ProblemKind, Reading, StatementId, Via, Word};

/// Which places of a reading's texts may be shown, sorted by place.
#[derive(Clone, Debug, Default)]
pub struct Visible(Vec<(Span, bool)>);

impl Visible {
    /// Judges every word.
    #[must_use]
    pub fn of(reading: &Reading, view: &'static View) -> Self {
        Self::among(reading, view, reading.iter().map(|(id, _)| id), |_| true)
    }

    /// Judges the words of the statements that stand on the lines of some places: all that showing those lines takes.
    #[must_use]
    pub fn near(reading: &Reading, view: &'static View, places: impl IntoIterator<Item = Span>) -> Self {
        let line = |at: Span| {
            let source = reading.sources.get(at.source);
            let last = source.line(at.end);
            let end = source.line_start(last) + offset(source.line_bytes(last).len());
            Span { start: source.line_start(source.line(at.start)), end, ..at }
        };
        let mut lines: Vec<Span> = places.into_iter().map(line).collect();
        lines.sort_unstable();
        // Lines that overlap become one place, so that they are in order and apart.
        lines.dedup_by(|next, before| {
            let meets = next.source == before.source && next.start <= before.end;
            if meets {
                before.end = before.end.max(next.end);
            }
            meets
        });
        Self::among(reading, view, reading.touching(&lines), |at| at.touches(&lines))
    }

    /// Judges the words of these statements, and of the lines that did not read and are wanted.
    fn among(
        reading: &Reading,
        view: &'static View,
        statements: impl IntoIterator<Item = StatementId>,
        wanted: impl Fn(Span) -> bool,
    ) -> Self {
        let mut pieces = Vec::new();
        for id in statements {
            let name = &reading.statement(id).name;
            match known_length(reading, view, id) {
                length if name.cooked.is_some() => pieces.push((name.at, length == name.bytes(&reading.sources).len())),
                length => {
                    let cut = name.at.start + offset(length);
                    pieces.push((Span { end: cut, ..name.at }, true));
                    pieces.push((Span { start: cut, ..name.at }, false));
                }
            }
            let words = reading.words(id).iter().enumerate();
            pieces.extend(words.map(|(index, word)| (word.at, is_public(reading, view, id, index))));
        }
        for item in reading.order() {
            if let Item::Problem(Problem { kind: ProblemKind::UnbalancedQuotes, at, .. }) = *item {
                pieces.extend(unread_line(reading, at).into_iter().filter(|(at, _)| wanted(*at)));
            }
        }
        let public = reading.public.iter().filter(|at| !pieces.iter().any(|(known, _)| known.meets(**at)));
        let public: Vec<(Span, bool)> = public.map(|at| (*at, true)).collect();
        pieces.extend(public);
        pieces.retain(|(at, _)| !at.is_empty());
        // Of two words at one place, as in `"32mb 8mb"` of a profile, the hidden one comes first and decides.
        pieces.sort_by_key(|(at, shown)| (at.source, at.start, *shown));
        Self(pieces)
    }

    /// What is shown of a setup: the words of its statements, and the places its own findings point at, which are keys and
    /// values of profiles; never what stands under a secret or an unknown name, nor what could not be read.
    #[must_use]
    pub fn of_setup(setup: &Setup) -> Self {
        let Self(mut pieces) = Self::of(&setup.reading, setup.config.view);
        let read = setup.findings.iter().filter(|finding| finding.rule != "invalid-toml");
        let places = read.flat_map(places).chain(setup.keys.iter().copied());
        let public = places.filter(|at| !setup.hidden.iter().chain(hidden(&pieces)).any(|hidden| hidden.meets(*at)));
        let public: Vec<Span> = public.filter(|at| !pieces.iter().any(|(known, _)| known.meets(*at))).collect();
        pieces.extend(public.into_iter().map(|at| (at, true)));
        pieces.sort_by_key(|(at, shown)| (at.source, at.start, *shown));
        Self(pieces)
    }

    /// What is shown of settings, which hold no secrets: the places that findings point at, unless the text could not be read
    /// and nobody knows what stands there.
    #[must_use]
    pub fn pointing_at(findings: &[Finding]) -> Self {
        Self::only(findings.iter().filter(|finding| finding.rule != "invalid-toml").flat_map(places))
    }

    /// What is shown of the files of a project: the places that findings point at, but for `hidden` ones and for values of
    /// which is known only that they are wrong, such as a password where its name is expected.
    #[must_use]
    pub fn of_project(findings: &[Finding], hidden: &[Span]) -> Self {
        let unknown = ["incomplete-expectation", "invalid-toml", "invalid-value"];
        let known = findings.iter().filter(|finding| !unknown.contains(&finding.rule.as_ref()));
        Self::only(known.flat_map(places).filter(|at| !hidden.iter().any(|hidden| hidden.meets(*at))))
    }

    /// Only these places.
    #[must_use]
    pub fn only(places: impl IntoIterator<Item = Span>) -> Self {
        let mut pieces: Vec<(Span, bool)> = places.into_iter().map(|at| (at, true)).collect();
        pieces.sort_by_key(|(at, _)| (at.source, at.start));
        Self(pieces)
    }

    /// What may be shown of a text that several readings share, each under a number of its own, as if it were the root: what
    /// none of them hides.
    #[must_use]
    pub fn of_shared(all: impl IntoIterator<Item = (Self, SourceId)>) -> Self {
        let of_one = |(one, own): (Self, SourceId)| {
            let pieces = one.0.into_iter().filter(move |(at, _)| at.source == own);
            pieces.map(|(at, shown)| (Span { source: SourceId::ROOT, ..at }, shown))
        };
        let mut pieces: Vec<(Span, bool)> = all.into_iter().flat_map(of_one).collect();
        pieces.sort_by_key(|(at, shown)| (at.start, *shown));
        let hidden: Vec<Span> = hidden(&pieces).copied().collect();
        let meets = |at: Span| {
            let before = hidden.partition_point(|hidden| hidden.start < at.end);
            hidden[..before].last().is_some_and(|hidden| at.start < hidden.end)
        };
        pieces.retain(|(at, shown)| !shown || !meets(*at));
        Self(pieces)
    }

    /// The words that begin in bytes `start..end` of a text, and whether each may be shown.
    #[must_use]
    pub fn between(&self, source: SourceId, start: u32, end: u32) -> &[(Span, bool)] {
        let place = |offset: u32| self.0.partition_point(|(at, _)| (at.source, at.start) < (source, offset));
        &self.0[place(start)..place(end)]
    }
}

/// Every place a finding points at.
fn places(finding: &Finding) -> impl Iterator<Item = Span> {
    std::iter::once(finding.at).chain(finding.labels.iter().map(|label| label.at)).filter(|at| !at.is_empty())
}

fn hidden(pieces: &[(Span, bool)]) -> impl Iterator<Item = &Span> {
    pieces.iter().filter(|(_, shown)| !shown).map(|(at, _)| at)
}

/// An argument of a statement as people may see it, counted from 0.
///
/// # Panics
/// If the statement has no such argument.
#[must_use]
pub fn word_shown(reading: &Reading, view: &'static View, id: StatementId, index: usize) -> String {
    if is_public(reading, view, id, index) { printable(argument(reading, id, index)) } else { MASK.into() }
}

/// An argument's own bytes if people may see them as they are; without control characters, and in UTF-8.
#[must_use]
pub fn public_word<'a>(reading: &'a Reading, config: &Config, id: StatementId, index: usize) -> Option<&'a str> {
    reading.words(id).get(index)?;
    let text = std::str::from_utf8(argument(reading, id, index)).ok()?;
    let is_public = is_public_as(config.look(id), reading, config.view, id, index);
    (is_public && !text.chars().any(char::is_control)).then_some(text)
}

fn argument(reading: &Reading, id: StatementId, index: usize) -> &[u8] {
    reading.words(id)[index].bytes(&reading.sources)
}

/// The name of a statement as people may see it. A name that nobody knows is cut at the first odd byte: `requirepass=***`.
#[must_use]
pub fn name_shown(reading: &Reading, view: &'static View, id: StatementId) -> String {
    let name = reading.name(id);
    let length = known_length(reading, view, id);
    let text = printable(&name[..length]);
    if length == name.len() { text } else { text + MASK }
}

/// Whether a statement has a word, or a part of a name, that people may not see.
#[must_use]
pub fn hides_words(reading: &Reading, view: &'static View, id: StatementId) -> bool {
    let name = view.look(reading.name(id));
    (0..reading.words(id).len()).any(|index| !is_public_as(name, reading, view, id, index))
        || known_length(reading, view, id) < reading.name(id).len()
}

/// A whole statement as people may see it.
#[must_use]
pub fn statement_shown(reading: &Reading, view: &'static View, id: StatementId) -> String {
    let mut text = name_shown(reading, view, id);
    for index in 0..reading.words(id).len() {
        let word = word_shown(reading, view, id, index);
        text.push(' ');
        text.push_str(&quoted(&word));
    }
    text
}

/// Of a line whose quotes do not close: the directive, if it is one, and the quote that has no partner.
fn unread_line(reading: &Reading, quote: Span) -> Vec<(Span, bool)> {
    let source = reading.sources.get(quote.source);
    let start = source.line_start(source.line(quote.start));
    let line = &source.text()[start as usize..quote.start as usize];
    let blanks = line.iter().take_while(|b| b.is_ascii_whitespace()).count();
    let name = line[blanks..].split(u8::is_ascii_whitespace).next().unwrap_or_default();
    let first = start + offset(blanks);
    let name_at = Span { source: quote.source, start: first, end: first + offset(name.len()) };
    vec![(name_at, catalog::find(name).is_some()), (quote, true)]
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("files are below 64 MiB")
}

/// Whether every word of a statement that stands nowhere yet may be shown: its name, then its arguments.
#[must_use]
pub fn would_be_shown(words: &[Vec<u8>], view: &'static View) -> bool {
    let Some((name, arguments)) = words.split_first() else { return true };
    let nowhere = Span { source: SourceId::ROOT, start: 0, end: 0 };
    let word = |bytes: &Vec<u8>| Word::cooked(nowhere, bytes.clone());
    let mut reading = Reading::new(Sources::new(), view.server());
    let id = reading.push(word(name), arguments.iter().map(word), Via::Text);
    catalog::find(name).is_some() && (0..arguments.len()).all(|index| is_public(&reading, view, id, index))
}

/// A word as it would be written, quotes where it needs them.
fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains([' ', '"', '\'']) {
        format!("\"{}\"", word.replace('"', "\\\""))
    } else {
        word.into()
    }
}

/// How many bytes of a statement's name may be shown.
fn known_length(reading: &Reading, view: &'static View, id: StatementId) -> usize {
    let name = reading.name(id);
    if catalog::find(name).is_some() {
        return name.len();
    }
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._-".contains(b);
    let length = name.iter().position(|b| !plain(b)).unwrap_or(name.len());
    // A word alone on its line may be the rest of the line above: a password that an editor wrapped.
    let text = String::from_utf8_lossy(&name[..length]);
    let alone = reading.words(id).is_empty() && length == name.len();
    if alone && !text.contains('.') && catalog::suggest(&text, view).is_none() { 0 } else { length }
}

/// Whether an argument may be shown.
fn is_public(reading: &Reading, view: &'static View, id: StatementId, index: usize) -> bool {
    is_public_as(view.look(reading.name(id)), reading, view, id, index)
}

/// As [`is_public`], where it is known what the version makes of the statement's name.
fn is_public_as(name: Lookup, reading: &Reading, view: &'static View, id: StatementId, index: usize) -> bool {
    let word = &reading.words(id)[index];
    if word.secret.is_some() || stands_behind_nul(reading, id, word) {
        return false;
    }
    let bytes = word.bytes(&reading.sources);
    // Nothing is no secret.
    if bytes.is_empty() {
        return true;
    }
    match name {
        Lookup::Here(directive) if matches!(directive.kind, Kind::User) => match index {
            // A password glued to the name by a forgotten blank must not slip through.
            0 => !bytes.iter().any(|b| b">#<!".contains(b)),
            _ => is_public_rule(bytes),
        },
        Lookup::Here(directive) if matches!(directive.kind, Kind::RenameCommand | Kind::LoadModule) => index == 0,
        Lookup::Here(directive) if matches!(directive.kind, Kind::Sentinel) => {
            is_public_after_sentinel(reading, view, id, index)
        }
        Lookup::Here(directive) => !directive.is.secret && !names_secret(bytes),
        Lookup::Elsewhere(entry) => {
            catalog::history(entry).iter().all(|(_, directive)| !directive.is.secret) && !names_secret(bytes)
        }
        Lookup::Never => false,
    }
}

/// Whether a NUL hides the end of a statement's line, so that words of the next one are taken for its own.
#[must_use]
pub fn has_lost_its_end(reading: &Reading, id: StatementId) -> bool {
    reading.words(id).last().is_some_and(|word| stands_behind_nul(reading, id, word))
}

/// Whether a word stands behind a NUL: it may be of the next line, and that line a secret's.
fn stands_behind_nul(reading: &Reading, id: StatementId, word: &Word) -> bool {
    let statement = reading.statement(id);
    !statement.is_plain
        && !statement.at.is_empty()
        && statement.at.source == word.at.source
        && statement.at.start <= word.at.end
        && memchr::memchr(0, reading.sources.bytes(Span { end: word.at.end, ..statement.at })).is_some()
}

/// Whether a word holds the name of a secret and something behind it: a quote that was not closed in time has swallowed both.
fn names_secret(word: &[u8]) -> bool {
    if !word.iter().any(u8::is_ascii_whitespace) {
        return false;
    }
    let mut words = word.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let is_secret = |word: &[u8]| {
        let quotes = word.iter().take_while(|byte| b"-\"'".contains(byte)).count();
        catalog::find(&word[quotes..]).is_some_and(catalog::is_secret)
    };
    words.any(is_secret) && words.next().is_some()
}

/// Words after `sentinel`: the sub-directive, the name it is for, and the rest if it is no secret.
fn is_public_after_sentinel(reading: &Reading, view: &'static View, id: StatementId, index: usize) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
    let word = reading.arguments(id)[index];
    match sentinel::view(view.server()).look(reading.arguments(id)[0]) {
        Lookup::Here(directive) if directive.is.secret => {
            index == 0 || (index == 1 && matches!(directive.kind, Kind::Words { .. }))
        }
        Lookup::Here(_) => true,
        Lookup::Elsewhere(_) => index == 0,
        Lookup::Never => index == 0 && reading.words(id).len() > 1 && word.iter().all(plain),
    }
}

/// Whether an ACL rule is surely no password: commands, categories, patterns and switches.
fn is_public_rule(rule: &[u8]) -> bool {
    const SWITCHES: &[&str] = &[
        "allchannels",
        "allcommands",
        "alldbs",
        "allkeys",
        "clearselectors",
        "nocommands",
        "nopass",
        "off",
        "on",
        "reset",
        "resetchannels",
        "resetdbs",
        "resetkeys",
        "resetpass",
        "sanitize-payload",
        "skip-sanitize-payload",
    ];
    match rule.first() {
        Some(b'+' | b'-') => rule[1..].iter().all(|b| b.is_ascii_alphanumeric() || b"@|-_.".contains(b)),
        // A password glued on by a forgotten blank must not slip through.
        Some(b'~' | b'&' | b'%') => !rule.iter().any(|b| b">#<!".contains(b)),
        _ => SWITCHES.iter().any(|switch| switch.as_bytes().eq_ignore_ascii_case(rule)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;
    use crate::syntax::conf;

    fn shown(line: &str) -> String {
        let server = "redis-7.4".parse().unwrap();
        let reading = conf::read_alone(Name::Stdin, line.as_bytes(), server);
        statement_shown(&reading, View::of(server), StatementId(0))
    }

    #[test]
    fn words_of_known_directives_without_secrets_are_shown() {
        assert_eq!(shown("maxmemory 8Gi # note"), "maxmemory 8Gi # note");
        assert_eq!(shown("save \"\""), "save \"\"");
        assert_eq!(shown("gopher-enabled yes"), "gopher-enabled yes");
    }

    #[test]
    fn secrets_and_strangers_are_hidden() {
        assert_eq!(shown("requirepass hunter2"), "requirepass ***");
        assert_eq!(shown("primaryauth hunter2"), "primaryauth ***");
        assert_eq!(shown("requirepas hunter2"), "requirepas ***");
        assert_eq!(shown("requirepass=hunter2"), "requirepass***");
        assert_eq!(shown("'requirepass: hunter2'"), "requirepass***");
        assert_eq!(shown("hunter2"), "***");
        assert_eq!(shown("search.password hunter2"), "search.password ***");
        assert_eq!(shown("loadmodule /a.so PASSWORD hunter2"), "loadmodule /a.so *** ***");
    }

    #[test]
    fn what_an_open_quote_swallows_is_hidden_with_its_secret() {
        assert_eq!(shown("logfile \"x --requirepass hunter2\""), "logfile ***");
        assert_eq!(shown("logfile \"x\\n'masterauth hunter2\""), "logfile ***");
        assert_eq!(shown("logfile \"of requirepass\""), "logfile \"of requirepass\"");
        assert_eq!(shown("logfile x-requirepass-y"), "logfile x-requirepass-y");
    }

    #[test]
    fn of_a_user_the_name_and_the_rights_are_shown() {
        assert_eq!(
            shown("user ann on >hunter2 #ab ~a:* +@read -config|set hunter2 ~*>hunter2"),
            "user ann on *** *** ~a:* +@read -config|set *** ***"
        );
        assert_eq!(shown("user ann>hunter2 on"), "user *** on");
        assert_eq!(shown("rename-command CONFIG hunter2"), "rename-command CONFIG ***");
        assert_eq!(shown("rename-command CONFIG \"\""), "rename-command CONFIG \"\"");
    }

    #[test]
    fn of_sentinel_all_but_passwords_is_shown() {
        assert_eq!(shown("sentinel monitor m 10.0.0.1 6379 2"), "sentinel monitor m 10.0.0.1 6379 2");
        assert_eq!(shown("sentinel auth-pass m hunter2"), "sentinel auth-pass m ***");
        assert_eq!(shown("sentinel sentinel-pass hunter2"), "sentinel sentinel-pass ***");
        assert_eq!(shown("sentinel auth-pas m hunter2"), "sentinel auth-pas *** ***");
        assert_eq!(shown("sentinel hunter2"), "sentinel ***");
    }

    #[test]
    fn what_is_not_written_yet_is_judged_alike() {
        let would = |line: &str| {
            let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
            would_be_shown(&words, View::of("redis-7.4".parse().unwrap()))
        };
        for line in ["maxmemory 8gb", "save", "user a on nopass +@all", "sentinel monitor m 10.0.0.1 6379 2"] {
            assert!(would(line), "{line}");
        }
        for line in ["masterauth hunter2", "user a on >hunter2", "requirepas hunter2", "rename-command CONFIG hunter2"]
        {
            assert!(!would(line), "{line}");
        }
    }

    #[test]
    fn near_some_places_the_same_is_visible() {
        let server = "redis-7.4".parse().unwrap();
        let text = b"port 1\nrequirepass=x\nsave 60 1\nrequirepass 'y\nhz 10\n";
        let reading = conf::read_alone(Name::Stdin, text, server);
        let whole = Visible::of(&reading, View::of(server));
        let end = offset(text.len());
        for start in 0..end {
            let at = Span { source: SourceId::ROOT, start, end: (start + 2).min(end) };
            let near = Visible::near(&reading, View::of(server), [at, at]);
            let source = reading.sources.get(SourceId::ROOT);
            let lines = source.line(at.start)..=source.line(at.end);
            for line in 1..=source.line_count() {
                let start = source.line_start(line);
                let of = |visible: &Visible| {
                    visible.between(SourceId::ROOT, start, start + offset(source.line_bytes(line).len())).to_vec()
                };
                assert_eq!(of(&near), if lines.contains(&line) { of(&whole) } else { Vec::new() }, "{start} {line}");
            }
        }
    }

    #[test]
    fn of_a_text_that_is_read_twice_nothing_is_shown_that_one_reading_hides() {
        let at = |start, end| Span { source: SourceId::ROOT, start, end };
        let mut sources = Sources::new();
        sources.add(Name::Stdin, b"the text".as_slice());
        let elsewhere = Span { source: sources.add(Name::Stdin, b"an include".as_slice()), start: 0, end: 9 };
        let one = Visible(vec![(at(0, 3), true), (at(4, 11), true), (at(12, 13), true), (elsewhere, true)]);
        let other = Visible(vec![(at(4, 6), true), (at(7, 10), false)]);
        let both = Visible::of_shared([(one, SourceId::ROOT), (other, SourceId::ROOT)]);
        assert_eq!(both.0, [(at(0, 3), true), (at(4, 6), true), (at(7, 10), false), (at(12, 13), true)]);
    }

    #[test]
    fn places_of_a_line_come_in_order() {
        let server = "redis-7.4".parse().unwrap();
        let reading = conf::read_alone(Name::Stdin, b"port 1\nrequirepass=x\nrequirepass y\n", server);
        let visible = Visible::of(&reading, View::of(server));
        let of_line = |start, end| -> Vec<(&[u8], bool)> {
            let pieces = visible.between(SourceId::ROOT, start, end).iter();
            pieces.map(|(at, shown)| (reading.sources.bytes(*at), *shown)).collect()
        };
        assert_eq!(of_line(0, 7), [(&b"port"[..], true), (b"1", true)]);
        assert_eq!(of_line(7, 21), [(&b"requirepass"[..], true), (b"=x", false)]);
        assert_eq!(of_line(21, 40), [(&b"requirepass"[..], true), (b"y", false)]);
    }
}
