//! What may come out: no secret, and nothing that commands a terminal.

use std::path::Path;
use std::sync::Arc;

use redisconf::catalog::View;
use redisconf::config::Visible;
use redisconf::finding::Finding;
use redisconf::lint::{Inspection, Verdict as Judged};
use redisconf::report::lint::{Detail, Examined, Fate, FileReport, Format, JudgedAs, Settings, Summary, Writer};
use redisconf::report::{Look, Verdict};
use redisconf::server::Server;
use redisconf::source::{SourceId, Sources, Span};
use redisconf::syntax::lower::Lowering;

/// A word that stands where a secret does, and nowhere else.
pub(crate) const SECRET: &str = "hunter2SECRET";

/// Everything that a report can hold.
const ALL: Detail = Detail { drawn: Some(Look::PLAIN), replacements: true, fingerprints: true, suppressed: true };

/// A report's ingredients, whatever was judged.
pub(crate) struct Examination<'a> {
    pub(crate) server: Server,
    pub(crate) inspection: Inspection,
    pub(crate) sources: &'a Sources,
    pub(crate) visible: &'a Visible,
    pub(crate) anchor: Span,
    pub(crate) lowering: Option<&'a Lowering<'a>>,
}

/// Puts a secret's line into a text of lines, behind one of them.
pub(crate) fn with_line(text: &[u8], line: &str) -> Vec<u8> {
    let ends: Vec<usize> = (1..=text.len()).filter(|at| text[at - 1] == b'\n').collect();
    let at = if ends.is_empty() { 0 } else { ends[text.len() % ends.len()] };
    [&text[..at], line.as_bytes(), b"\n", &text[at..]].concat()
}

/// Whether a text holds some bytes.
pub(crate) fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// No text that is shown holds the secret, or a byte that a terminal obeys.
pub(crate) fn clean(what: &str, text: &str) {
    assert!(!holds(text.as_bytes(), SECRET.as_bytes()), "{what} tells a secret:\n{text}");
    assert!(!commands(text), "{what} commands the terminal:\n{text:?}");
}

/// Whether a control character stands there that is no end of line and no tab.
#[expect(clippy::needless_bitwise_bool, reason = "a fuzzer notes every comparison that branches, and reports are long")]
fn commands(text: &str) -> bool {
    let text = text.as_bytes();
    let is_low = |byte: u8| (byte < b' ') & (byte != b'\n') & (byte != b'\t') & (byte != b'\r') | (byte == 0x7f);
    // U+0080 to U+009F are two bytes.
    let is_high = |byte: u8, next: u8| (byte == 0xc2) & (next & 0xe0 == 0x80);
    let pairs = text.iter().zip(text.iter().skip(1));
    text.iter().fold(false, |odd, byte| odd | is_low(*byte))
        | pairs.fold(false, |odd, (byte, next)| odd | is_high(*byte, *next))
}

#[test]
fn what_commands_a_terminal_is_told() {
    let told = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
    for letter in '\0'..'\u{800}' {
        for text in [letter.to_string(), format!("a{letter}b"), format!("é{letter}")] {
            assert_eq!(commands(&text), told(letter), "{letter:?}");
        }
    }
}

/// Every place of every finding lies in its text.
pub(crate) fn places_lie_within(findings: &[Finding], sources: &Sources) {
    for finding in findings {
        for at in finding.places() {
            let length = sources.get(at.source).text().len();
            assert!(at.start <= at.end && at.end as usize <= length, "{} points outside: {at:?}", finding.rule);
        }
    }
}

/// Writes a report in every format and looks at each.
pub(crate) fn in_every_format(examination: Examination<'_>) {
    let Examination { server, inspection, sources, visible, anchor, lowering } = examination;
    places_lie_within(&inspection.findings, sources);
    let name = server.name();
    let verdict = match &inspection.verdict {
        Judged::Starts => Verdict::STARTS,
        Judged::Stops { words, .. } => {
            clean("the verdict", words);
            Verdict::STARTS
        }
    };
    let examined = Examined {
        path: Arc::from("conf/redis.conf"),
        folder: Path::new("/work"),
        title: None,
        server: JudgedAs {
            server: Some(name.clone()),
            judged_as: [name].into(),
            because: "--server".into(),
            words: "as it is".into(),
            advice: None,
        },
        verdict,
        silent: inspection.silent,
        sources,
        visible,
        view: View::of(server),
        anchor,
        findings: inspection.findings,
        suppressed: Vec::new(),
    };
    let report = examined.report(&ALL, |fix| lowering?.lower(fix), |_, _| Fate::Shown);
    for format in Format::ALL {
        // It ends with all rules, which takes longer than all else and is mostly the same: one text in 64 will do.
        let is_whole = format != Format::Sarif || sources.get(SourceId::ROOT).text().len().is_multiple_of(64);
        clean(format.word(), &written(format, &report, is_whole));
    }
}

/// A report, with its end or without.
fn written(format: Format, report: &FileReport, is_whole: bool) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &Settings::PLAIN);
    let mut summary = Summary::new(redisconf::finding::Severity::Info);
    writer.begin(&mut out).expect("memory takes everything");
    summary.add(report);
    writer.file(&mut out, report).expect("memory takes everything");
    if is_whole {
        writer.end(&mut out, &summary).expect("memory takes everything");
    }
    String::from_utf8(out).expect("every format is text")
}
