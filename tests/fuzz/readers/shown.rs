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
use redisconf::source::{Sources, Span};
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
    text.windows(part.len()).any(|window| window == part)
}

/// No text that is shown holds the secret, or a byte that a terminal obeys.
pub(crate) fn clean(what: &str, text: &str) {
    assert!(!text.contains(SECRET), "{what} tells a secret:\n{text}");
    let commands = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
    assert!(!text.chars().any(commands), "{what} commands the terminal:\n{text:?}");
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
        clean(format.word(), &written(format, &report));
    }
}

fn written(format: Format, report: &FileReport) -> String {
    let mut out = Vec::new();
    let mut writer = Writer::new(format, &Settings::PLAIN);
    let mut summary = Summary::new(redisconf::finding::Severity::Info);
    writer.begin(&mut out).expect("memory takes everything");
    summary.add(report);
    writer.file(&mut out, report).expect("memory takes everything");
    writer.end(&mut out, &summary).expect("memory takes everything");
    String::from_utf8(out).expect("every format is text")
}
