//! Files as a whole: how they are found, joined and read byte by byte.

use super::MEASURED;
use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::WordRules;
use crate::source::{SourceId, Span};
use crate::syntax::{Line, Via, conf, split};

pub(crate) static GLUED_FILES: Rule = Rule {
    id: "glued-files",
    severity: Severity::Error,
    group: Group::Syntax,
    summary: "a file that a pattern includes has no end of line, so the next file goes on in its last line",
    docs: "The files that one `include` pattern matches are put together as they are. If one does not end its last
line, the first line of the next is glued to it: `hz 10` and `0…` become `hz 100…`, and behind a comment a directive
vanishes without a word.

Bad:
    include conf.d/*.conf
    ==> conf.d/a.conf, unfinished <==
    # memory: see b.conf
    ==> conf.d/b.conf <==
    maxmemory 1gb

Good:
    include conf.d/*.conf
    ==> conf.d/a.conf <==
    # memory: see b.conf
    ==> conf.d/b.conf <==
    maxmemory 1gb
",
    source: MEASURED,
    servers: &["redis >= 7.0", "valkey"],
    check: Check::Config(glued_files),
    ..Rule::BASE
};

pub(crate) static LOST_BYTES: Rule = Rule {
    id: "lost-bytes",
    severity: Severity::Error,
    group: Group::Syntax,
    summary: "the file holds bytes that the server drops while it reads",
    docs: "A NUL hides the rest of its line and the end of the line with it, so the next line goes on there: behind
a comment a directive vanishes without a word. Valkey 8.1 and later drop each byte 0xFF, so a password that holds
one is another. Such bytes come from UTF-16, from binary data, or from a disk that failed.

Bad:
    # memory⟨U+0000⟩
    maxmemory 1gb

Good:
    # memory
    maxmemory 1gb
",
    source: MEASURED,
    check: Check::Config(lost_bytes),
    ..Rule::BASE
};

pub(crate) static RELATIVE_INCLUDE: Rule = Rule {
    id: "relative-include",
    severity: Severity::Info,
    group: Group::Syntax,
    summary: "an include is looked up where the server is started, not beside the file",
    docs: "A relative path counts from the working directory of the process: `/` under systemd unless the unit says
otherwise, `/data` in the official images, the folder of whoever starts it by hand. A `dir` above moves it. What is
not found stops the start.

Bad:
    include memory.conf
    ==> memory.conf <==
    maxmemory 1gb

Good:
    include /etc/redis/memory.conf
    ==> /etc/redis/memory.conf <==
    maxmemory 1gb
",
    source: MEASURED,
    check: Check::Config(relative_include),
    ..Rule::BASE
};

fn lost_bytes(case: &Case<'_>, report: &mut Report<'_>) {
    let drops_ff = case.config.server.habits().words != WordRules::Classic;
    for (source, text) in case.reading.sources.iter() {
        let text = text.text();
        if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
            continue;
        }
        if let Some(at) = memchr::memchr(0, text) {
            report.add(
                LOST_BYTES
                    .finding(byte(source, at), "a NUL hides the rest of the line, and the next line goes on here")
                    .help("take it out, or save the file as UTF-8"),
            );
        }
        if let Some(at) = memchr::memchr(0xff, text).filter(|_| drops_ff)
            && in_statement(case, source, at)
        {
            let message = format!("{} drops the byte FF", case.server());
            report.add(LOST_BYTES.finding(byte(source, at), message).help("write it as `\\xff` in double quotes"));
        }
    }
}

fn byte(source: SourceId, at: usize) -> Span {
    let start = u32::try_from(at).expect("files are below 64 MiB");
    Span { source, start, end: start + 1 }
}

/// Whether a byte stands in a statement, not in a comment.
fn in_statement(case: &Case<'_>, source: SourceId, at: usize) -> bool {
    let at = byte(source, at);
    case.reading.statements().iter().any(|s| s.at.source == source && s.at.start <= at.start && at.end <= s.at.end)
}

fn relative_include(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.statements_of("include") {
        let words = case.reading.words(id);
        let [path] = words else { continue };
        let text = case.reading.statement(id).via == Via::Text && !path.open;
        if text && !path.bytes(&case.reading.sources).starts_with(b"/") {
            let message = format!("`{}` is looked up in the folder that the server is started in", case.word(id, 0));
            report.add(RELATIVE_INCLUDE.finding(path.at, message).help("give its whole path"));
        }
    }
}

fn glued_files(case: &Case<'_>, report: &mut Report<'_>) {
    let sources: Vec<(SourceId, &[u8])> = case.reading.sources.iter().map(|(id, text)| (id, text.text())).collect();
    for pair in sources.windows(2).skip(1) {
        let [(first, text), (second, next)] = pair else { unreachable!("windows of two hold two") };
        if text.is_empty() || text.ends_with(b"\n") || !goes_on(case, *first, text, *second, next) {
            continue;
        }
        let name = case.reading.sources.get(*second).name().to_string();
        let end = byte(*first, text.len() - 1);
        report.add(
            GLUED_FILES
                .finding(end, format!("the first line of `{name}` goes on here"))
                .label(Span { source: *second, start: 0, end: 0 }, "this line is read as part of the file before")
                .help("end the file with a line break"),
        );
    }
}

/// Whether the first line of the second text is read as the rest of the last line of the first.
fn goes_on(case: &Case<'_>, first: SourceId, text: &[u8], second: SourceId, next: &[u8]) -> bool {
    let statements = case.reading.statements();
    match conf::lines(second, next).first() {
        // A statement of its own would begin in that line.
        Some(Line::Words(at)) => !statements.iter().any(|s| s.at.source == second && s.at.start < at.end),
        // Glued to a statement, a comment changes its words.
        Some(Line::Comment(_)) => {
            let mut ending =
                case.reading.iter().filter(|(_, s)| s.at.source == first && s.at.end as usize == text.len());
            ending.next().is_some_and(|(id, statement)| {
                let bytes = case.reading.sources.bytes(statement.at);
                let written = split(bytes, case.config.server.habits().words).unwrap_or_default();
                written.len() != case.reading.words(id).len() + 1
                    || written.iter().zip(case.words(id)).any(|(piece, word)| *piece.text != word[..])
            })
        }
        Some(Line::Blank(_)) | None => false,
    }
}
