//! Lines that do not fall into the right words: quotes, comments behind values, too many or too few.

use super::statement;
use crate::catalog::Kind;
use crate::config::{Reason, Refusal};
use crate::finding::{Finding, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::server::WordRules;
use crate::source::Span;
use crate::syntax::{Mode, StatementId, split};

pub(crate) static INLINE_COMMENT: Rule = Rule {
    id: "inline-comment",
    severity: Severity::Fatal,
    summary: "a comment stands behind a value",
    docs:
        "A `#` begins a comment only as the first byte of a line. Behind a value it is data, so the line has words that
the directive does not take.

Bad:
    maxmemory 8gb # most of the host

Good:
    # most of the host
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(inline_comment),
    ..Rule::BASE
};

pub(crate) static UNBALANCED_QUOTES: Rule = Rule {
    id: "unbalanced-quotes",
    severity: Severity::Fatal,
    summary: "a quote is not closed, or closed in mid-word",
    docs:
        "Both kinds of quotes open a quoted part anywhere in a word, so an apostrophe does too. A closing quote must be
followed by a blank; only Valkey 9.0 and later let a word go on behind it.

Bad:
    syslog-ident it's-me

Good:
    syslog-ident \"it's-me\"
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(unbalanced_quotes),
    ..Rule::BASE
};

pub(crate) static WRONG_NUMBER_OF_WORDS: Rule = Rule {
    id: "wrong-number-of-words",
    severity: Severity::Fatal,
    summary: "a directive has more or fewer words than it takes",
    docs: "Most directives take exactly one word. A value with blanks needs quotes; a number and its unit are one word;
there is no `=` between name and value.

Bad:
    maxmemory 8 gb

Good:
    maxmemory 8gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(wrong_number_of_words),
    ..Rule::BASE
};

/// The place of an unquoted `#` among the words of a refused statement, to the statement's end.
pub(super) fn comment(case: &Case<'_>, refusal: &Refusal) -> Option<Span> {
    let id = refusal.statement?;
    let words = case.reading.words(id);
    let raw = |word: &crate::syntax::Word| case.reading.sources.bytes(word.at);
    let begins = match &refusal.reason {
        Reason::Value(_) | Reason::FileOnlyArity => words.iter().find(|word| raw(word).starts_with(b"#"))?,
        // In a rule a `#` begins the hash of a password, so only a lone one is surely a comment.
        Reason::User(refused) if case.mode != Mode::AclFile => {
            words.get(refused.argument).filter(|word| raw(word) == b"#")?
        }
        Reason::Quotes
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
        | Reason::SnapshotName => return None,
    };
    Some(begins.at.to(case.reading.statement(id).at))
}

fn inline_comment(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let at = comment(case, refusal).unwrap_or(refusal.at);
    let help = if case.word_at(id, 0).start == at.start {
        "give a value, and move the comment to a line of its own"
    } else {
        "move the comment to a line of its own"
    };
    INLINE_COMMENT.finding(at, counted(case, id)).here("a comment is only one at the start of a line").help(help)
}

fn unbalanced_quotes(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let source = case.reading.sources.get(refusal.at.source);
    let line = source.line_bytes(source.line(refusal.at.start));
    // The laxest rules tell the two reasons apart: they only mind a quote that never closes.
    if split(line, WordRules::Valkey90).is_ok() {
        return UNBALANCED_QUOTES
            .finding(refusal.at, "text follows a closing quote")
            .here("a blank must come behind it")
            .help("put the whole word in quotes, or a blank behind the quote; only valkey 9.0 and later read this");
    }
    let finding = UNBALANCED_QUOTES.finding(refusal.at, "a quote is opened and never closed").here("it opens here");
    match case.reading.sources.bytes(refusal.at) {
        b"'" => finding.help("close it, or put the whole word in double quotes if it is an apostrophe"),
        _ => finding.help("close it, or write a quote inside of quotes as `\\\"`"),
    }
}

fn wrong_number_of_words(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    WRONG_NUMBER_OF_WORDS.finding(refusal.at, counted(case, id)).help(advice(case, id))
}

/// `3 words where `maxmemory` takes 1`.
fn counted(case: &Case<'_>, id: StatementId) -> String {
    let count = case.reading.words(id).len();
    let words = if count == 1 { "word" } else { "words" };
    let name = case.name(id);
    match case.directive(id) {
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
    if words[0] == "=" {
        return format!("leave out the `=`: write `{name} {}`", words[1..].join(" "));
    }
    match &directive.kind {
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } if words.len() == 2 && is_number_and_unit(&words) => {
            format!("write number and unit as one word: `{name} {}{}`", words[0], words[1])
        }
        Kind::Text(_) | Kind::Bytes if directive.is.secret => "put the value in quotes".into(),
        Kind::Text(_) | Kind::Bytes | Kind::Dir | Kind::Include => {
            format!("put the value in quotes: `{name} \"{}\"`", words.join(" "))
        }
        Kind::BufferLimits => "write class, hard limit, soft limit and seconds, such as `pubsub 32mb 8mb 60`".into(),
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
