//! Words that the server takes, and that do not say what they seem to say.

use super::{MEASURED, hushed};
use crate::catalog::Kind;
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::refused::characters::{Looks, first_odd, looks};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::source::Span;
use crate::syntax::{StatementId, Via, Word};

pub(crate) static COMMENT_AS_VALUE: Rule = Rule {
    id: "comment-as-value",
    severity: Severity::Error,
    group: Group::Syntax,
    summary: "a comment or a backslash at the end of a line is taken for a value",
    docs: "`loadmodule` takes any number of words, so what stands behind the path is not refused as it is elsewhere
(`inline-comment`, `line-continuation`): it becomes an argument, which the module refuses, or takes.

Bad:
    loadmodule /usr/lib/redis/modules/search.so # full text

Good:
    # full text
    loadmodule /usr/lib/redis/modules/search.so
",
    source: MEASURED,
    fix: Some(Safety::Safe),
    check: Check::Config(comment_as_value),
    ..Rule::BASE
};

pub(crate) static ODD_CHARACTERS: Rule = Rule {
    id: "odd-characters",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a value holds invisible characters or curly quotes, which belong to it",
    docs: "The server takes any bytes, so curly quotes around a password become part of it, and so does a no-break
space behind it: clients that send what they see are refused. Quotes of a word processor do not quote.

Bad:
    masterauth ⟨U+201C⟩s3cret-of-forty-characters⟨U+201D⟩

Good:
    masterauth \"s3cret-of-forty-characters\"
",
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Config(odd_characters),
    ..Rule::BASE
};

pub(crate) static QUOTING_CHANGES_VALUE: Rule = Rule {
    id: "quoting-changes-value",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "the server drops a quote or a backslash of a value",
    docs: "Quotes may begin in the middle of a word: `pass\"word\"` is `password`. In double quotes a backslash
takes the next letter with it: `\"C:\\temp\"` holds a tab, `\"a\\b\"` a backspace, and before any other letter it
vanishes. In single quotes and without quotes it is a letter like any other. Generated passwords are hit by this:
the value in force is not the one that was generated.

Bad:
    logfile \"C:\\temp\\redis.log\"

Good:
    logfile \"C:\\\\temp\\\\redis.log\"
",
    source: MEASURED,
    check: Check::Config(quoting_changes_value),
    ..Rule::BASE
};

pub(crate) static STRAY_PUNCTUATION: Rule = Rule {
    id: "stray-punctuation",
    severity: Severity::Warning,
    group: Group::Syntax,
    summary: "a `;` is part of a value",
    docs: "Words are parted by blanks alone, and nothing ends a line but its end: a `;` behind a name or a path belongs
to it.

Bad:
    dbfilename dump.rdb;

Good:
    dbfilename dump.rdb
",
    source: MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Config(stray_punctuation),
    ..Rule::BASE
};

fn raw<'a>(case: &Case<'a>, word: &Word) -> &'a [u8] {
    case.reading.sources.bytes(word.at)
}

fn comment_as_value(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.statements_of("loadmodule") {
        let words = case.reading.words(id);
        let is_comment = |(index, word): &(usize, &Word)| {
            let raw = raw(case, word);
            raw.starts_with(b"#") || (*index > 0 && (raw == b";" || raw == b"//" || raw == b"\\"))
        };
        let Some((kept, word)) = words.iter().enumerate().find(is_comment) else { continue };
        let at = word.at.to(case.at(id));
        let backslash = raw(case, word) == b"\\";
        let name = case.name(id);
        let finding = if backslash {
            COMMENT_AS_VALUE
                .finding(at, format!("no line goes on in the next: the backslash is a word of `{name}`"))
                .help("write all words on one line")
        } else {
            COMMENT_AS_VALUE
                .finding(at, format!("what stands here is no comment, but words of `{name}`"))
                .here("a comment is only one at the start of a line")
                .help("move the comment to a line of its own")
        };
        if kept == 0 {
            report.add(finding);
            continue;
        }
        let mut new = case.words(id);
        new.truncate(kept + 1);
        let mut edits = vec![Edit::Put { statement: case.at(id), words: new }];
        let text = case.reading.sources.bytes(at);
        let marks = text.iter().take_while(|byte| b"#;/\\ \t".contains(byte)).count();
        if marks < text.len() {
            edits.push(Edit::Comment { above: case.at(id), text: text[marks..].to_vec() });
        }
        report.add(finding.fix(hushed(case, id, Fix::safe(edits))));
    }
}

/// Statements that the server takes.
fn taken<'a>(case: &'a Case<'_>) -> impl Iterator<Item = StatementId> + 'a {
    let mut refused: Vec<StatementId> = case.config.refusals().iter().filter_map(|refusal| refusal.statement).collect();
    refused.sort_unstable();
    case.reading.iter().map(|(id, _)| id).filter(move |id| refused.binary_search(id).is_err())
}

fn odd_characters(case: &Case<'_>, report: &mut Report<'_>) {
    if case.reading.sources.iter().all(|(_, source)| source.text().is_ascii()) {
        return;
    }
    for id in taken(case) {
        for (index, word) in case.reading.words(id).iter().enumerate() {
            let Some((offset, character, looks, name)) = first_odd(raw(case, word)) else { continue };
            // A dash may well be meant in a text.
            if matches!(looks, Looks::Like(ascii) if !matches!(ascii, '"' | '\'')) {
                continue;
            }
            let start = word.at.start + u32::try_from(offset).expect("files are below 64 MiB");
            let length = u32::try_from(character.len_utf8()).expect("at most 4");
            let at = Span { start, end: (start + length).min(word.at.end), ..word.at };
            let message =
                format!("{name} (U+{:04X}) is part of the value of `{}`", u32::from(character), case.name(id));
            let mut words = case.words(id);
            words[index + 1] = without(&words[index + 1]);
            let put = Fix::unsafe_([Edit::Put { statement: case.at(id), words }]);
            let finding = ODD_CHARACTERS.finding(at, message).here("it is not what it looks like");
            report.add(finding.help("take it out, or write a plain one").fix(hushed(case, id, put)));
            break;
        }
    }
}

/// A value without curly quotes around it and without what cannot be seen.
fn without(word: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(word);
    let plain = text.chars().filter_map(|character| match looks(character) {
        Some((Looks::Nothing, _)) => None,
        Some((Looks::Blank, _)) => Some(' '),
        Some((Looks::Like(ascii), _)) => Some(ascii),
        None => Some(character),
    });
    let plain: String = plain.collect();
    let plain = plain.trim();
    let quote = plain.chars().next().filter(|first| matches!(first, '"' | '\''));
    let inside = quote.and_then(|quote| plain.strip_prefix(quote)?.strip_suffix(quote));
    inside.unwrap_or(plain).as_bytes().to_vec()
}

fn quoting_changes_value(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.reading.quoted().filter(|id| case.reading.statement(*id).via == Via::Text) {
        for word in case.reading.words(id).iter().filter(|word| word.cooked.is_some() && !word.open) {
            let raw = raw(case, word);
            let Some((offset, what)) = lost_quote(raw).or_else(|| lost_backslash(raw)) else { continue };
            let start = word.at.start + u32::try_from(offset).expect("files are below 64 MiB");
            let at = Span { start, end: start + 1, ..word.at };
            let name = case.name(id);
            report.add(QUOTING_CHANGES_VALUE.finding(at, format!("{what} of the value of `{name}` is lost")).help(
                if what == "a quote" {
                    "put the whole word in double quotes, and write a quote inside as `\\\"`"
                } else {
                    "write `\\\\` for a backslash, or use single quotes"
                },
            ));
            break;
        }
    }
}

/// A quote that opens in the middle of a word.
fn lost_quote(raw: &[u8]) -> Option<(usize, &'static str)> {
    let at = raw.iter().position(|byte| matches!(byte, b'"' | b'\''))?;
    (at > 0).then_some((at, "a quote"))
}

/// A backslash that takes a letter with it in double quotes, where that is hardly meant.
fn lost_backslash(raw: &[u8]) -> Option<(usize, &'static str)> {
    let inside = raw.strip_prefix(b"\"")?;
    // Somebody who writes `\n` means it, but not behind the letter of a drive.
    let is_path = matches!(inside, [letter, b':', b'\\', ..] if letter.is_ascii_alphabetic());
    let mut at = 1;
    while at + 1 < raw.len() {
        if raw[at] != b'\\' {
            at += 1;
            continue;
        }
        let meant = match raw[at + 1] {
            b'\\' | b'"' | b'\'' => true,
            b'n' | b'r' | b't' => !is_path,
            b'x' => raw.get(at + 2..at + 4).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
            _ => false,
        };
        if !meant {
            return Some((at, "a backslash"));
        }
        at += 2;
    }
    None
}

fn stray_punctuation(case: &Case<'_>, report: &mut Report<'_>) {
    let refused = |id| case.config.refusals().iter().any(|refusal| refusal.statement == Some(id));
    if case.reading.sources.iter().all(|(_, source)| memchr::memchr(b';', source.text()).is_none()) {
        return;
    }
    for (id, _) in case.reading.iter() {
        let [word] = case.reading.words(id) else { continue };
        if !raw(case, word).ends_with(b";") || word.cooked.is_some() || word.at.len() == 1 || refused(id) {
            continue;
        }
        let Some(directive) = case.directive(id).filter(|directive| !directive.is.secret) else { continue };
        if matches!(directive.kind, Kind::Text(_) | Kind::Dir | Kind::Include) {
            let mut words = case.words(id);
            words[1].pop();
            let at = Span { start: word.at.end - 1, ..word.at };
            report.add(
                STRAY_PUNCTUATION
                    .finding(at, format!("the `;` is part of the value of `{}`", case.name(id)))
                    .help("leave it out")
                    .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }])),
            );
        }
    }
}
