//! Comments to redisconf itself: `# redisconf: ignore[rule] reason` and `# redisconf: server=redis-7.4 memory=8gb`.
//!
//! This is lexical and the same in every text in which `#` begins a comment: configurations, YAML, TOML, Dockerfiles,
//! units. Which statement an `ignore` is for follows from the lines alone, so that people can tell it by looking. Which
//! rules and facts there are is not known here.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::conf::{Line, lines, trim};
use super::tree::Spanned;
use crate::source::{SourceId, Span};

/// A comment to redisconf.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pragma {
    /// From the `#` to the last byte that is no blank.
    pub at: Span,
    /// The whole line, newline included.
    pub line: Span,
    /// What it says.
    pub says: Says,
}

/// What a comment to redisconf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Findings are to be ignored.
    Ignore(Ignore),
    /// What is true of the place.
    Facts(Facts),
    /// Nothing that can be understood: what is wrong, and what to do.
    Nonsense(&'static str, &'static str),
}

/// `ignore[rule-id, other-id] until=2027-01-31 reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// The words in brackets.
    pub names: Vec<Spanned<String>>,
    /// What it is for.
    pub covers: Covers,
    /// The last day it counts.
    pub until: Option<Spanned<String>>,
    /// Why; empty where nobody says so.
    pub reason: String,
}

/// `server=redis-7.4 memory=8gb`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Name and value apart, each pair at the place of the whole word.
    pub pairs: Vec<Spanned<(String, String)>>,
    /// Words between them that are no pair.
    pub odd: Vec<Span>,
}

/// What an `ignore` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// The whole text.
    File,
    /// What begins in this line, the next one that is neither blank nor a comment.
    Line(Span),
    /// Nothing: no such line follows.
    Nothing,
}

/// What is expected after `redisconf:`.
const FORMS: &str = "write `ignore[rule-id] reason`, or facts such as `server=redis-7.4 memory=8gb`";

/// Our name, looked for in every text.
static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("redisconf"));

/// Whether a text may hold comments to redisconf.
pub(super) fn speak_in(text: &[u8]) -> bool {
    NAME.find(text).is_some()
}

/// Finds the comments to redisconf in a text.
#[must_use]
pub fn pragmas(source: SourceId, text: &[u8]) -> Vec<Pragma> {
    if !speak_in(text) {
        return Vec::new();
    }
    let lines = lines(source, text);
    let head = head(&lines, text);
    let mut found = Vec::new();
    // The next line that is neither blank nor a comment, seen from the end.
    let mut next = Covers::Nothing;
    for (number, line) in lines.iter().enumerate().rev() {
        let at = line.at();
        let bytes = &text[at.start as usize..at.end as usize];
        match line {
            Line::Blank(_) => {}
            Line::Words(_) => {
                next = Covers::Line(at);
                found.extend(behind_something(bytes, at));
            }
            Line::Comment(_) => {
                let covers = if number < head { Covers::File } else { next };
                found.extend(pragma(bytes, at, covers));
            }
        }
    }
    found.reverse();
    found
}

/// The words after `redisconf:` if they are facts, for the survey, each at its place.
pub(super) fn facts(line: &[u8], at: Span) -> Vec<Spanned<(String, String)>> {
    match pragma(line, at, Covers::Nothing).map(|pragma| pragma.says) {
        Some(Says::Facts(facts)) => facts.pairs,
        Some(Says::Ignore(_) | Says::Nonsense(..)) | None => Vec::new(),
    }
}

/// How many lines belong to the head: the first block of comments, if a blank line or nothing follows it.
fn head(lines: &[Line], text: &[u8]) -> usize {
    // What may stand above it: blank lines, and the mark at which a YAML document begins.
    let is_above = |line: &Line| match line {
        Line::Blank(_) => true,
        Line::Words(at) => trim(&text[at.start as usize..at.end as usize]) == b"---",
        Line::Comment(_) => false,
    };
    let start = lines.iter().position(|line| !is_above(line)).unwrap_or(lines.len());
    let length = lines[start..].iter().take_while(|line| matches!(line, Line::Comment(_))).count();
    match lines.get(start + length) {
        Some(Line::Words(_)) => 0,
        Some(Line::Blank(_) | Line::Comment(_)) | None => start + length,
    }
}

/// Reads a comment line.
fn pragma(line: &[u8], at: Span, covers: Covers) -> Option<Pragma> {
    let comment = Piece::of(line, at).trimmed();
    let signs = comment.bytes.iter().take_while(|b| **b == b'#').count();
    let rest = comment.from(signs).trimmed().after(b"redisconf")?;
    let says = match rest.bytes.first() {
        Some(b':') => body(rest.from(1).trimmed(), covers),
        Some(b' ' | b'\t') if rest.trimmed().bytes.starts_with(b"ignore") => {
            Says::Nonsense("a colon is missing after `redisconf`", "write `# redisconf: ignore[rule-id] reason`")
        }
        Some(_) | None => return None,
    };
    Some(Pragma { at: comment.at(), line: at, says })
}

/// An `ignore` behind a statement: in a configuration that is no comment, and elsewhere nobody could tell what it is for.
fn behind_something(line: &[u8], at: Span) -> Option<Pragma> {
    let start = memchr::memmem::find(line, b"# redisconf: ignore")?;
    let says = Says::Nonsense("an `ignore` stands on a line of its own", "move it to the line above what it is for");
    Some(Pragma { at: Piece::of(line, at).from(start).trimmed().at(), line: at, says })
}

/// Reads what stands behind `redisconf:`.
fn body(text: Piece<'_>, covers: Covers) -> Says {
    let letters = text.bytes.iter().take_while(|b| b.is_ascii_lowercase() || **b == b'-').count();
    let (word, rest) = (&text.bytes[..letters], text.from(letters).trimmed());
    match word {
        b"ignore" => ignore(rest, covers),
        b"ignore-file" => ignore(rest, Covers::File),
        _ if rest.bytes.first() == Some(&b'[') => Says::Nonsense("no such word before `[`", FORMS),
        _ => facts_in(text),
    }
}

/// Reads `memory=8gb cpus=4`.
fn facts_in(text: Piece<'_>) -> Says {
    let mut facts = Facts { pairs: Vec::new(), odd: Vec::new() };
    for word in text.words() {
        match word.bytes.iter().position(|b| *b == b'=') {
            Some(sign) => {
                facts.pairs.push(Spanned::new((word.before(sign).text(), word.from(sign + 1).text()), word.at()));
            }
            None => facts.odd.push(word.at()),
        }
    }
    match (facts.pairs.is_empty(), facts.odd.is_empty()) {
        (true, true) => Says::Nonsense("this comment to redisconf is empty", FORMS),
        (true, false) => Says::Nonsense("this comment to redisconf says nothing it understands", FORMS),
        (false, _) => Says::Facts(facts),
    }
}

/// Reads `[a, b] until=… reason`.
fn ignore(text: Piece<'_>, covers: Covers) -> Says {
    const HELP: &str = "write `ignore[rule-id] reason`";
    if text.bytes.first() != Some(&b'[') {
        return Says::Nonsense("the `ignore` names no rule", HELP);
    }
    let Some(end) = text.bytes.iter().position(|b| *b == b']') else {
        return Says::Nonsense("the bracket behind `ignore` is not closed", HELP);
    };
    let names: Vec<Spanned<String>> = text.before(end).from(1).list();
    if names.is_empty() {
        return Says::Nonsense("the `ignore` names no rule", HELP);
    }
    let mut until = None;
    let mut reason = String::new();
    for word in text.from(end + 1).words() {
        if let Some(date) = word.after(b"until=")
            && until.is_none()
        {
            until = Some(Spanned::new(date.text(), date.at()));
            continue;
        }
        let word = word.text();
        // `: reason` and `- reason` are how other linters have it.
        if reason.is_empty() && matches!(word.as_str(), ":" | "-" | "--" | "–" | "—") {
            continue;
        }
        reason.extend((!reason.is_empty()).then_some(' '));
        reason.push_str(&word);
    }
    Says::Ignore(Ignore { names, covers, until, reason })
}

/// Some bytes of a line, with where they begin.
#[derive(Clone, Copy)]
struct Piece<'a> {
    bytes: &'a [u8],
    /// Number of the first byte in the text.
    start: u32,
    source: SourceId,
}

impl<'a> Piece<'a> {
    fn of(line: &'a [u8], at: Span) -> Self {
        Self { bytes: line, start: at.start, source: at.source }
    }

    fn from(self, start: usize) -> Self {
        let offset = u32::try_from(start).expect("files are below 64 MiB");
        Self { bytes: &self.bytes[start..], start: self.start + offset, ..self }
    }

    fn before(self, end: usize) -> Self {
        Self { bytes: &self.bytes[..end], ..self }
    }

    /// What follows a prefix.
    fn after(self, prefix: &[u8]) -> Option<Self> {
        self.bytes.starts_with(prefix).then(|| self.from(prefix.len()))
    }

    fn trimmed(self) -> Self {
        let inside = trim(self.bytes);
        self.from(inside.as_ptr() as usize - self.bytes.as_ptr() as usize).before(inside.len())
    }

    fn words(self) -> impl Iterator<Item = Self> {
        let words = self.bytes.split(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'));
        words
            .filter(|word| !word.is_empty())
            .map(move |word| self.from(word.as_ptr() as usize - self.bytes.as_ptr() as usize).before(word.len()))
    }

    /// The items between commas.
    fn list(self) -> Vec<Spanned<String>> {
        let items = self.bytes.split(|b| *b == b',');
        let items = items.map(move |item| {
            self.from(item.as_ptr() as usize - self.bytes.as_ptr() as usize).before(item.len()).trimmed()
        });
        items.filter(|item| !item.bytes.is_empty()).map(|item| Spanned::new(item.text(), item.at())).collect()
    }

    fn text(self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }

    fn at(self) -> Span {
        let length = u32::try_from(self.bytes.len()).expect("files are below 64 MiB");
        Span { source: self.source, start: self.start, end: self.start + length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each `ignore` of a text: its names, its reason, and the line it is for.
    fn ignores(text: &str) -> Vec<(String, String, String)> {
        let of = |pragma: Pragma| match pragma.says {
            Says::Ignore(ignore) => {
                let names: Vec<String> = ignore.names.into_iter().map(|name| name.value).collect();
                let covers = match ignore.covers {
                    Covers::File => "file".to_owned(),
                    Covers::Line(at) => text[at.start as usize..at.end as usize].trim().to_owned(),
                    Covers::Nothing => "nothing".to_owned(),
                };
                let until = ignore.until.map(|until| format!(" ({})", until.value)).unwrap_or_default();
                (names.join("+"), ignore.reason + &until, covers)
            }
            Says::Nonsense(what, _) => (String::new(), what.to_owned(), String::new()),
            Says::Facts(facts) => {
                (String::new(), format!("{} facts, {} odd", facts.pairs.len(), facts.odd.len()), String::new())
            }
        };
        pragmas(SourceId::ROOT, text.as_bytes()).into_iter().map(of).collect()
    }

    fn one(text: &str) -> (String, String, String) {
        let [only] = &ignores(text)[..] else { panic!("{:?}", ignores(text)) };
        only.clone()
    }

    fn strings(a: &str, b: &str, c: &str) -> (String, String, String) {
        (a.into(), b.into(), c.into())
    }

    #[test]
    fn an_ignore_is_for_the_next_statement() {
        let text = "port 1\n# redisconf: ignore[a, b] it is so\n\n# another\nhz 5\nhz 6\n";
        assert_eq!(one(text), strings("a+b", "it is so", "hz 5"));
        assert_eq!(one("port 1\r\n  #redisconf: ignore [a] x\r\n hz 5\r\n"), strings("a", "x", "hz 5"));
        assert_eq!(one("port 1\n# redisconf: ignore[a] x\n"), strings("a", "x", "nothing"));
    }

    #[test]
    fn in_the_head_it_is_for_the_file() {
        assert_eq!(one("\n# Cache\n# redisconf: ignore[a] x\n\nhz 5\n").2, "file");
        assert_eq!(one("# redisconf: ignore[a] x\n").2, "file");
        assert_eq!(one("---\n# redisconf: ignore[a] x\n\nservices:\n").2, "file");
        assert_eq!(one("# redisconf: ignore[a] x\nhz 5\n").2, "hz 5", "no blank line follows");
        assert_eq!(one("# Cache\n\n# redisconf: ignore[a] x\n\nhz 5\n").2, "hz 5", "that is the second block");
        assert_eq!(one("hz 5\n# redisconf: ignore-file[a] x\n").2, "file");
    }

    #[test]
    fn it_is_the_same_in_other_texts() {
        let yaml = "services:\n  cache:\n    command:\n      # redisconf: ignore[a] x\n      - --save\n      - ''\n";
        assert_eq!(one(yaml), strings("a", "x", "- --save"));
        let docker = "FROM redis\nCMD [\"redis-server\", \\\n# redisconf: ignore[a] x\n\"--save\", \"\"]\n";
        assert_eq!(one(docker).2, "\"--save\", \"\"]");
    }

    #[test]
    fn reasons_and_dates_are_found_in_any_order() {
        assert_eq!(one("# redisconf: ignore[a] until=2027-01-31 x y").1, "x y (2027-01-31)");
        assert_eq!(one("# redisconf: ignore[a]: x until=2027-01-31").1, "x (2027-01-31)");
        assert_eq!(one("# redisconf: ignore[a] - x").1, "x");
        assert_eq!(one("# redisconf: ignore[a]").1, "");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (text, what) in [
            ("# redisconf: ignore x", "the `ignore` names no rule"),
            ("# redisconf: ignore[ , ] x", "the `ignore` names no rule"),
            ("# redisconf: ignore[a x", "the bracket behind `ignore` is not closed"),
            ("# redisconf: ignroe[a] x", "no such word before `[`"),
            ("# redisconf ignore[a] x", "a colon is missing after `redisconf`"),
            ("# redisconf:", "this comment to redisconf is empty"),
            ("# redisconf: made by hand", "this comment to redisconf says nothing it understands"),
            ("# redisconf: server=redis-7.4 memory 8gb", "1 facts, 2 odd"),
            ("hz: 5 # redisconf: ignore[a] x", "an `ignore` stands on a line of its own"),
        ] {
            assert_eq!(one(text).1, what, "{text}");
        }
        for text in ["# rendered by redisconf", "# redisconf init", "# redisconfig: x", "logfile redisconf: x"] {
            assert_eq!(ignores(text), [], "{text}");
        }
    }

    #[test]
    fn facts_know_their_places() {
        let text = b"hz 5\n  # redisconf: server=redis-7.4  memory=8gb\n";
        let [pragma] = &pragmas(SourceId::ROOT, text)[..] else { panic!() };
        let Says::Facts(facts) = &pragma.says else { panic!() };
        assert_eq!(facts.pairs[1].value, ("memory".to_owned(), "8gb".to_owned()));
        assert_eq!(&text[facts.pairs[1].at.start as usize..facts.pairs[1].at.end as usize], b"memory=8gb");
        assert_eq!(&text[pragma.at.start as usize..pragma.at.start as usize + 3], b"# r");
    }

    #[test]
    fn bytes_that_are_not_text_do_no_harm() {
        let text = b"# redisconf: ignore[a] \xff\xfe x\nhz 5\n";
        let [pragma] = &pragmas(SourceId::ROOT, text)[..] else { panic!() };
        let Says::Ignore(ignore) = &pragma.says else { panic!() };
        assert_eq!(ignore.reason, "\u{fffd}\u{fffd} x");
    }
}
