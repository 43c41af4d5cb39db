//! Lines that do not fall into the right words: quotes, comments behind values, too many or too few.

use super::statement;
use crate::catalog::{self, Kind};
use crate::config::{BadSentinel, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server::WordRules;
use crate::source::Span;
use crate::syntax::{Mode, Piece, StatementId, Word, quote, split};

pub(crate) static INLINE_COMMENT: Rule = Rule {
    id: "inline-comment",
    severity: Severity::Fatal,
    summary: "a comment stands behind a value",
    docs: "A `#` begins a comment only as the first byte of a line. Behind a value it is data, so the line has words
that the directive does not take.

Bad:
    maxmemory 8gb # most of the host

Good:
    # most of the host
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(inline_comment),
    ..Rule::BASE
};

pub(crate) static LINE_CONTINUATION: Rule = Rule {
    id: "line-continuation",
    severity: Severity::Fatal,
    summary: "a line ends in a backslash, as if it went on in the next",
    docs: "A configuration has no line continuation: the backslash is a word or part of one, and the next line
begins with a name. Shell scripts and Dockerfiles have it, and commands are often copied from there.

Bad:
    save 900 1 \\
      300 10

Good:
    save 900 1 300 10
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Refusal(line_continuation),
    ..Rule::BASE
};

pub(crate) static UNBALANCED_QUOTES: Rule = Rule {
    id: "unbalanced-quotes",
    severity: Severity::Fatal,
    summary: "a quote is not closed, or closed in mid-word",
    docs: "Both kinds of quotes open a quoted part anywhere in a word, so an apostrophe does too. A closing quote
must be followed by a blank; only Valkey 9.0 and later let a word go on behind it.

Bad:
    syslog-ident it's-me

Good:
    syslog-ident \"it's-me\"
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(unbalanced_quotes),
    ..Rule::BASE
};

pub(crate) static WRONG_NUMBER_OF_WORDS: Rule = Rule {
    id: "wrong-number-of-words",
    severity: Severity::Fatal,
    summary: "a directive has more or fewer words than it takes",
    docs: "Most directives take exactly one word. A value with blanks needs quotes; a number and its unit are one
word; there is no `=` between name and value.

Bad:
    maxmemory 8 gb

Good:
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(wrong_number_of_words),
    ..Rule::BASE
};

/// The place of an unquoted `#` among the words of a refused statement, to the statement's end.
pub(super) fn comment(case: &Case<'_>, refusal: &Refusal) -> Option<Span> {
    let Some(id) = refusal.statement else { return comment_with_quote(case, refusal.at) };
    let words = case.reading.words(id);
    let raw = |word: &Word| case.reading.sources.bytes(word.at);
    let begins = match &refusal.reason {
        Reason::Value(_) | Reason::FileOnlyArity => {
            let foreign = |word: &Word| [&b";"[..], b"//"].iter().any(|mark| raw(word).starts_with(mark));
            let mut numbered = words.iter().enumerate();
            numbered.find(|(index, word)| raw(word).starts_with(b"#") || (*index > 0 && foreign(word)))?.1
        }
        // An address `#` is one that the name service does not know.
        Reason::Sockets(_) => words.iter().find(|word| raw(word).starts_with(b"#"))?,
        // In a rule a `#` begins the hash of a password, so only a lone one is surely a comment.
        Reason::User(refused) if case.mode != Mode::AclFile => {
            words.get(refused.argument).filter(|word| raw(word) == b"#")?
        }
        Reason::Sentinel(BadSentinel::Unrecognized) => super::sentinel::comment(case, id)?,
        Reason::Sentinel(_)
        | Reason::Quotes
        | Reason::UnknownDirective
        | Reason::ModuleParameterEmpty
        | Reason::ModuleParameterUnclaimed
        | Reason::SentinelOutside
        | Reason::DuplicateUser
        | Reason::User(_)
        | Reason::UsersAndAclFile
        | Reason::NotAUser
        | Reason::UnclosedSelector { .. }
        | Reason::NoSuchCommand
        | Reason::CommandExists
        | Reason::RenamesSubcommand
        | Reason::ReplicaInCluster
        | Reason::IncludeCycle
        | Reason::IncludePattern
        | Reason::SnapshotName
        | Reason::AppendName => return None,
    };
    Some(begins.at.to(case.reading.statement(id).at))
}

/// The place of a comment behind a value in a line whose quotes do not close: an apostrophe in the comment opens one.
fn comment_with_quote(case: &Case<'_>, quote: Span) -> Option<Span> {
    let (line, start) = line_at(case, quote);
    let before = &line[..(quote.start - start) as usize];
    let is_start = |at: &usize| before[*at] == b'#' && matches!(before[at - 1], b' ' | b'\t');
    let has_value =
        |at: &usize| split(&line[..*at], case.config.server.habits().words).is_ok_and(|words| words.len() > 1);
    let at = (1..before.len()).filter(is_start).find(has_value)?;
    let offset = |at: usize| start + u32::try_from(at).expect("files are below 64 MiB");
    Some(Span { start: offset(at), end: offset(trimmed(line)), ..quote })
}

/// The line of a place, and its first byte.
fn line_at<'a>(case: &'a Case<'_>, at: Span) -> (&'a [u8], u32) {
    let source = case.reading.sources.get(at.source);
    let number = source.line(at.start);
    (source.line_bytes(number), source.line_start(number))
}

/// The length of a line without the blanks at its end.
fn trimmed(line: &[u8]) -> usize {
    line.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1)
}

fn inline_comment(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let at = comment(case, refusal).unwrap_or(refusal.at);
    let raw = case.reading.sources.bytes(at);
    let marks = raw.iter().take_while(|byte| b"#;/ \t".contains(byte)).count();
    let text = raw[marks..].to_vec();
    let here = "a comment is only one at the start of a line";
    let Some(id) = refusal.statement else {
        let finding = INLINE_COMMENT.finding(at, "a comment stands behind a value, and a quote in it does not close");
        return finding.here(here).help(OWN_LINE).fix(cut_off(case, at, &text).of_secret());
    };
    let kept = case.reading.words(id).iter().take_while(|word| word.at.start < at.start).count();
    let finding = INLINE_COMMENT.finding(at, counted(case, id)).here(here);
    if kept == 0 {
        return finding.help("give a value, and move the comment to a line of its own");
    }
    let mut words = case.words(id);
    words.truncate(kept + 1);
    let mut edits = vec![Edit::Put { statement: case.at(id), words }];
    if !text.is_empty() {
        edits.push(Edit::Comment { above: case.at(id), text });
    }
    // What stands behind a password may be the rest of it; in the rules of a user a lone `#` is none.
    let is_secret = case.directive(id).is_some_and(|directive| directive.is.secret && directive.kind != Kind::User);
    finding.help(OWN_LINE).fix(if is_secret { Fix::unsafe_(edits) } else { Fix::safe(edits) })
}

const OWN_LINE: &str = "move the comment to a line of its own";

/// Moves what stands at the end of a line to a comment above it.
fn cut_off(case: &Case<'_>, at: Span, text: &[u8]) -> Fix {
    let (line, start) = line_at(case, at);
    let kept = trimmed(&line[..(at.start - start) as usize]);
    let indentation = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let newline: &[u8] = if line.ends_with(b"\r") { b"\r\n" } else { b"\n" };
    let comment = [&line[..indentation], b"# ", text, newline].concat();
    let cut = Span { start: start + u32::try_from(kept).expect("files are below 64 MiB"), ..at };
    let edits =
        [Edit::Text { at: Span { start, end: start, ..at }, with: comment }, Edit::Text { at: cut, with: Vec::new() }];
    let is_secret = catalog::find(name_in(line)).is_none_or(catalog::is_secret);
    if is_secret { Fix::unsafe_(edits) } else { Fix::safe(edits) }
}

/// The first word of a line.
fn name_in(line: &[u8]) -> &[u8] {
    line.split(u8::is_ascii_whitespace).find(|word| !word.is_empty()).unwrap_or_default()
}

/// Of a refused line: the statement that ends in a backslash, be it this one or that of the line above.
pub(super) fn continued(case: &Case<'_>, refusal: &Refusal) -> Option<StatementId> {
    let id = refusal.statement?;
    if !matches!(refusal.reason, Reason::Value(_) | Reason::FileOnlyArity | Reason::UnknownDirective) {
        return None;
    }
    if ends_in_backslash(case, id) {
        return Some(id);
    }
    let above = id.before().filter(|above| ends_in_backslash(case, *above))?;
    (refusal.reason == Reason::UnknownDirective && next_line(case, above) == Some(id)).then_some(above)
}

fn ends_in_backslash(case: &Case<'_>, id: StatementId) -> bool {
    let last = case.reading.words(id).last();
    last.is_some_and(|word| word.cooked.is_none() && case.reading.sources.bytes(word.at).ends_with(b"\\"))
}

/// The statement on the line below.
fn next_line(case: &Case<'_>, id: StatementId) -> Option<StatementId> {
    let at = case.at(id);
    let source = case.reading.sources.get(at.source);
    let next = case.reading.statements().get(id.index() + 1)?.at;
    let is_below = next.source == at.source && source.line(next.start) == source.line(at.start) + 1;
    is_below.then(|| id.after())
}

fn line_continuation(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let first = continued(case, refusal).expect("this rule is chosen only where a line ends in a backslash");
    let finding = if first == id {
        let last = case.word_at(first, case.reading.words(first).len() - 1);
        let at = Span { start: last.end - 1, ..last };
        LINE_CONTINUATION.finding(at, "a line does not go on in the next: the backslash is a word to the server")
    } else {
        LINE_CONTINUATION
            .finding(refusal.at, format!("`{}` is read as a directive, for no line goes on in the next", case.name(id)))
            .label(case.at(first), "this line ends in a backslash")
    };
    let mut words = case.words(first);
    let last = words.last_mut().expect("a statement has at least its name");
    last.pop();
    if last.is_empty() {
        words.pop();
    }
    let (statement, next) = (case.at(first), next_line(case, first));
    let further = next.filter(|next| case.directive(*next).is_none());
    let Some(next) = further else {
        return finding.help("take the backslash out").fix(Fix::safe([Edit::Put { statement, words }]));
    };
    if ends_in_backslash(case, next) {
        return finding.help("write all words on one line");
    }
    words.extend(case.words(next));
    let edits = [Edit::Put { statement, words }, Edit::Drop { statement: case.at(next) }];
    finding.help("write all words on one line").fix(Fix::safe(edits))
}

fn unbalanced_quotes(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let (line, start) = line_at(case, refusal.at);
    let at = |from: usize, to: usize| {
        let offset = |at: usize| start + u32::try_from(at).expect("files are below 64 MiB");
        Span { start: offset(from), end: offset(to), ..refusal.at }
    };
    // The laxest rules tell the two reasons apart: they only mind a quote that never closes.
    if let Ok(pieces) = split(line, WordRules::Valkey90) {
        let finding = UNBALANCED_QUOTES
            .finding(refusal.at, "text follows a closing quote")
            .here("a blank must come behind it")
            .help("put the whole word in quotes, or a blank behind the quote; only valkey 9.0 and later read this");
        let odd = |piece: &&Piece<'_>| split(&line[piece.at.clone()], WordRules::Classic).is_err();
        let edits: Vec<Edit> = pieces
            .iter()
            .filter(odd)
            .map(|piece| Edit::Text {
                at: at(piece.at.start, piece.at.end),
                with: quote::conf_word(&piece.text).into_bytes(),
            })
            .collect();
        return finding.fix(Fix::unsafe_(edits).of_secret());
    }
    let finding = UNBALANCED_QUOTES.finding(refusal.at, "a quote is opened and never closed").here("it opens here");
    match case.reading.sources.bytes(refusal.at) {
        b"'" => {
            let finding = finding.help("close it, or put the whole word in double quotes if it is an apostrophe");
            match apostrophe(line, (refusal.at.start - start) as usize) {
                Some((from, to)) => {
                    let with = quote::conf_word(&line[from..to]).into_bytes();
                    finding.fix(Fix::unsafe_([Edit::Text { at: at(from, to), with }]).of_secret())
                }
                None => finding,
            }
        }
        _ => finding.help("close it, or write a quote inside of quotes as `\\\"`"),
    }
}

/// The bare word around a quote that stands between two letters: `it's`.
fn apostrophe(line: &[u8], quote: usize) -> Option<(usize, usize)> {
    let part = |at: &u8| !at.is_ascii_whitespace();
    let from = line[..quote].iter().rposition(|byte| !part(byte)).map_or(0, |blank| blank + 1);
    let to = line[quote..].iter().position(|byte| !part(byte)).map_or(line.len(), |blank| quote + blank);
    let quotes = line[from..to].iter().filter(|byte| matches!(byte, b'"' | b'\'')).count();
    let letters = from < quote && quote + 1 < to && line[quote - 1].is_ascii_alphabetic();
    (letters && line[quote + 1].is_ascii_alphabetic() && quotes == 1).then_some((from, to))
}

fn wrong_number_of_words(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let finding = WRONG_NUMBER_OF_WORDS.finding(refusal.at, counted(case, id)).help(advice(case, id));
    match corrected(case, id) {
        Some(edits) => finding.fix(Fix::unsafe_(edits)),
        None => finding,
    }
}

/// What was most likely meant by too many or too few words.
#[expect(clippy::wildcard_enum_match_arm, reason = "of most kinds nothing can be guessed")]
fn corrected(case: &Case<'_>, id: StatementId) -> Option<Vec<Edit>> {
    let statement = case.at(id);
    let directive = case.directive(id)?;
    let mut words = case.words(id);
    let name = words.remove(0);
    let put = |arguments: Vec<Vec<u8>>| {
        let words = std::iter::once(name.clone()).chain(arguments).collect();
        Some(vec![Edit::Put { statement, words }])
    };
    if words.is_empty() {
        return (!directive.is.secret).then(|| vec![Edit::Drop { statement }]);
    }
    match &directive.kind {
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } if words.len() == 2 => {
            let shown = [case.word(id, 0), case.word(id, 1)];
            is_number_and_unit(&shown).then(|| put(vec![words.concat()]))?
        }
        Kind::Include if words.iter().all(|word| word.ends_with(b".conf")) => {
            let line = |word: &Vec<u8>| vec![name.clone(), word.clone()];
            let mut edits = vec![Edit::Put { statement, words: line(&words[0]) }];
            edits.extend(words[1..].iter().map(|word| Edit::Add { after: statement, words: line(word) }));
            Some(edits)
        }
        Kind::Text(_) | Kind::Bytes | Kind::Dir | Kind::Include => put(vec![words.join(&b' ')]),
        Kind::ReplicaOf if words.len() == 1 => {
            let colon = words[0].iter().rposition(|byte| *byte == b':')?;
            let (host, port) = (&words[0][..colon], &words[0][colon + 1..]);
            let is_plain = !host.is_empty() && !host.contains(&b':') && !port.is_empty();
            (is_plain && port.iter().all(u8::is_ascii_digit)).then(|| put(vec![host.to_vec(), port.to_vec()]))?
        }
        _ => None,
    }
}

/// `3 words where `maxmemory` takes 1`.
pub(super) fn counted(case: &Case<'_>, id: StatementId) -> String {
    let count = case.reading.words(id).len();
    let words = if count == 1 { "word" } else { "words" };
    let name = case.name(id);
    match case.directive(id) {
        Some(directive) if directive.kind == Kind::Sentinel => super::sentinel::counted(case, id),
        Some(directive) => format!("{count} {words} where `{name}` takes {}", taken(case, &directive.kind)),
        None if count == 0 => format!("`{name}` has no value"),
        None => format!("{count} {words} are not what `{name}` takes"),
    }
}

/// How many words a kind takes.
fn taken(case: &Case<'_>, kind: &Kind) -> String {
    let lax = case.config.server.habits().lax_lines;
    match kind {
        Kind::Bool
        | Kind::Int { .. }
        | Kind::Memory { .. }
        | Kind::MemoryOrPercent { .. }
        | Kind::Octal { .. }
        | Kind::Enum(_)
        | Kind::Text(_)
        | Kind::Bytes
        | Kind::Events(_)
        | Kind::Dir
        | Kind::Include => "1".into(),
        Kind::Words { min, max } if min == max => min.to_string(),
        Kind::Words { min, max } => format!("{min} to {max}"),
        Kind::ReplicaOf | Kind::RenameCommand => "2".into(),
        Kind::OomValues => "3".into(),
        Kind::Save if lax => "2".into(),
        Kind::Save => "pairs".into(),
        Kind::BufferLimits if lax => "4".into(),
        Kind::BufferLimits => "groups of 4".into(),
        Kind::Flags(_) | Kind::Percentiles | Kind::LoadModule | Kind::User | Kind::Sentinel => "at least 1".into(),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most kinds say best themselves what they take")]
fn advice(case: &Case<'_>, id: StatementId) -> String {
    let name = case.name(id);
    let Some(directive) = case.directive(id) else {
        return format!("give `{name}` a value, or drop the line");
    };
    let words: Vec<String> = (0..case.reading.words(id).len()).map(|index| case.word(id, index)).collect();
    if words.is_empty() {
        return format!("give it {}, or drop the line", directive.kind);
    }
    match &directive.kind {
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } if words.len() == 2 && is_number_and_unit(&words) => {
            format!("write number and unit as one word: `{name} {}{}`", words[0], words[1])
        }
        Kind::Text(_) | Kind::Bytes if directive.is.secret => "put the value in quotes".into(),
        Kind::Text(_) | Kind::Bytes | Kind::Dir | Kind::Include => {
            format!("put the value in quotes: `{name} \"{}\"`", words.join(" "))
        }
        Kind::Words { max, .. } => format!("keep at most {max}"),
        Kind::ReplicaOf => format!("write `{name} HOST PORT`, or `{name} no one`"),
        Kind::RenameCommand => format!("write `{name} OLD NEW`, with `\"\"` to remove a command"),
        kind => format!("give it {kind}"),
    }
}

fn is_number_and_unit(words: &[String]) -> bool {
    let unit = |text: &str| ["b", "k", "kb", "m", "mb", "g", "gb", "%"].iter().any(|u| u.eq_ignore_ascii_case(text));
    words[0].bytes().all(|b| b.is_ascii_digit()) && unit(&words[1])
}
