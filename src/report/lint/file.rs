//! What came out of one configuration.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::super::findings::{Counts, FindingLine, Verdict, one};
use super::super::fingerprint::{Fingerprint, Ground, fingerprints, is_about_its_place};
use super::super::fix::{FixLine, Shown};
use super::super::look::{Look, Role};
use super::super::place::{Places, as_text};
use super::escape::one_line;
use super::format::Format;
use crate::catalog::View;
use crate::config::Visible;
use crate::finding::{Finding, Fix, TextEdit};
use crate::source::{Sources, Span};

/// As which server a configuration was judged, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JudgedAs {
    /// The version that was named: `redis-7.4.5`; `None` if all versions were asked, for none was named.
    pub server: Option<String>,
    /// The catalogued versions that the judgement rests on: `redis-7.4`.
    #[serde(serialize_with = "as_list")]
    pub judged_as: Arc<[String]>,
    /// What decided: `comment in line 1`, `no version given; verdicts agree`.
    pub because: Cow<'static, str>,
    /// For people: `as redis 7.4`.
    #[serde(skip)]
    pub words: Cow<'static, str>,
    /// For people: what to do to have it exact; nothing if it is.
    #[serde(skip)]
    pub advice: Option<Cow<'static, str>>,
}

fn as_list<S: Serializer>(names: &Arc<[String]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(names.iter())
}

/// Why a finding is not held against anybody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suppression {
    /// Where that is said.
    #[serde(serialize_with = "kind")]
    pub kind: SuppressionKind,
    /// Why.
    pub reason: Option<String>,
    /// Until when: a date.
    pub until: Option<String>,
}

/// Where a suppression is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SuppressionKind {
    /// In a comment of the file itself.
    Comment,
    /// In the configuration of a project or a user.
    Configuration,
    /// In a baseline.
    Baseline,
}

impl SuppressionKind {
    /// The word in our own formats.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Configuration => "configuration",
            Self::Baseline => "baseline",
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn kind<S: Serializer>(kind: &SuppressionKind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.word())
}

/// A finding that was suppressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SuppressedLine {
    /// The finding.
    #[serde(flatten)]
    pub finding: FindingLine,
    /// Why it is not held against anybody.
    pub suppression: Suppression,
}

/// A suppressed finding for people, in one line without a frame, and why.
fn suppressed(finding: &FindingLine, suppression: &Suppression, look: Look) -> String {
    let FindingLine { at, rule, message, .. } = finding;
    let place = look.paint(Role::Place, &format!("{}:{}:{}", one_line(&at.file), at.line, at.column));
    let by = match suppression.kind {
        SuppressionKind::Comment => "a comment",
        SuppressionKind::Baseline => "the baseline",
        SuppressionKind::Configuration => "the settings",
    };
    let reason = suppression.reason.as_ref().map(|reason| format!(": {}", one_line(reason))).unwrap_or_default();
    let word = look.paint(Role::Aside, "suppressed");
    format!("{place}: {word}[{rule}] {message}\n  by {by}{reason}\n")
}

/// What came out of one configuration: a file, or one that is embedded in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// The file, as it is shown: relative to the working directory if it lies there, with forward slashes.
    #[serde(serialize_with = "as_text")]
    pub path: Arc<str>,
    /// What an embedded configuration is called.
    pub title: Option<String>,
    /// As which server it was judged.
    pub server: JudgedAs,
    /// Whether that server starts.
    pub verdict: Verdict,
    /// What is shown.
    pub findings: Vec<FindingLine>,
    /// The findings for people; empty where nobody asked.
    #[serde(skip)]
    pub drawn: String,
    /// What was suppressed, in detail; empty where nobody asked.
    pub suppressed: Vec<SuppressedLine>,
    /// How many were suppressed.
    pub suppressed_count: usize,
    /// Findings that are below the level at which they are shown.
    pub hidden: Counts,
    /// Findings that the baseline knows.
    pub baselined: usize,
    /// Rules that could not judge, with the fact that each lacks; in JSON, how many lack which.
    #[serde(serialize_with = "by_fact")]
    pub silent: Vec<(Cow<'static, str>, &'static str)>,
}

fn by_fact<S: Serializer>(silent: &[(Cow<'static, str>, &'static str)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, fact) in silent {
        *counts.entry(fact).or_default() += 1;
    }
    serializer.collect_map(counts)
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is shown.
    Shown,
    /// It is below the level at which findings are shown, and counted.
    Hidden,
    /// The baseline knows it; it is counted.
    Baselined,
}

/// How much a report holds. What no output needs is not made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// Findings drawn for people, with this look.
    pub drawn: Option<Look>,
    /// The replacements of fixes.
    pub replacements: bool,
    /// Fingerprints.
    pub fingerprints: bool,
    /// Suppressed findings.
    pub suppressed: bool,
}

impl Detail {
    /// What some formats need. Fingerprints are for a baseline too, suppressed findings are shown where somebody asks.
    #[must_use]
    pub fn of(formats: impl IntoIterator<Item = Format>, look: Look) -> Self {
        let mut detail = Self::default();
        for format in formats {
            match format {
                Format::Human => detail.drawn = Some(look),
                Format::Json | Format::Jsonl | Format::Sarif => {
                    detail.replacements = true;
                    detail.fingerprints = true;
                }
                Format::Gitlab => detail.fingerprints = true,
                Format::Checkstyle
                | Format::Concise
                | Format::Github
                | Format::Html
                | Format::Junit
                | Format::Markdown => {}
            }
        }
        detail
    }

    /// Whether a report needs to know which words may be shown.
    #[must_use]
    pub fn needs_visible(&self) -> bool {
        self.drawn.is_some() || self.replacements || self.fingerprints
    }
}

/// Everything that a report is made of.
#[derive(Debug)]
pub struct Examined<'a> {
    /// The file, as [`crate::report::shown_path`] shows it.
    pub path: Arc<str>,
    /// The folder to which paths of included files are relative.
    pub folder: &'a Path,
    /// What an embedded configuration is called.
    pub title: Option<String>,
    /// As which server it was judged.
    pub server: JudgedAs,
    /// Whether that server starts.
    pub verdict: Verdict,
    /// What the rules said, in the order in which it is to be shown.
    pub findings: Vec<Finding>,
    /// What was suppressed.
    pub suppressed: Vec<(Finding, Suppression)>,
    /// Rules that could not judge, with the fact that each lacks.
    pub silent: Vec<(Cow<'static, str>, &'static str)>,
    /// The texts.
    pub sources: &'a Sources,
    /// What may be shown: [`Visible::near`] the [`Finding::places`] is enough, and none at all if [`Detail::needs_visible`] is
    /// not so.
    pub visible: &'a Visible,
    /// The directives of the version, to judge the words of fixes.
    pub view: &'static View,
    /// Where findings about what is not there point: [`crate::lint::Case::anchor`].
    pub anchor: Span,
}

/// How many findings of one rule are drawn for people in one configuration; who has read so many knows the rest, which is
/// counted. The other formats have them all.
const DRAWN: usize = 20;

/// How many findings of each rule a configuration has, in the order in which the rules were met.
#[derive(Default)]
struct Drawn(Vec<(String, usize)>);

impl Drawn {
    /// Counts a finding, and says whether it is still drawn.
    fn is_one_more_drawn(&mut self, rule: &str) -> bool {
        // A configuration breaks a few rules, most often the one before.
        let known = self.0.iter().rposition(|(known, _)| known == rule);
        let at = known.unwrap_or_else(|| {
            self.0.push((rule.to_owned(), 0));
            self.0.len() - 1
        });
        self.0[at].1 += 1;
        self.0[at].1 <= DRAWN
    }

    /// Says how many were not drawn.
    fn count_the_rest(&self, text: &mut String, look: Look) {
        for (rule, count) in self.0.iter().filter(|(_, count)| *count > DRAWN) {
            let more = format!("… and {} more of {rule}; --output-format concise lists them all", count - DRAWN);
            text.push_str(&look.paint(Role::Aside, &more));
            text.push('\n');
        }
    }
}

impl Examined<'_> {
    /// Makes the report. `lower` gives the edits of a fix, `None` if its reader cannot make them; `fate` says what becomes of a
    /// finding, whose fingerprint is there if the detail has fingerprints.
    pub fn report(
        self,
        detail: &Detail,
        mut lower: impl FnMut(&Fix) -> Option<Vec<TextEdit>>,
        mut fate: impl FnMut(&Finding, Option<Fingerprint>) -> Fate,
    ) -> FileReport {
        let mut places = Places::within(self.sources, self.folder);
        let title = self.title.clone();
        let ground =
            Ground { sources: self.sources, visible: self.visible, title: title.as_deref(), anchor: self.anchor };
        let nothing = Visible::default();
        let prints = self.fingerprints(detail, &ground, &mut places);
        let shown = Shown { sources: self.sources, visible: self.visible, view: self.view };
        let shown = detail.replacements.then_some(shown);
        let mut report = FileReport {
            path: self.path,
            title: self.title,
            server: self.server,
            verdict: self.verdict,
            findings: Vec::new(),
            drawn: String::new(),
            suppressed: Vec::new(),
            suppressed_count: self.suppressed.len(),
            hidden: Counts::default(),
            baselined: 0,
            silent: self.silent,
        };
        let mut fix_of = |finding: &Finding, places: &mut Places<'_>| {
            let fix = finding.fix.as_ref()?;
            FixLine::new(fix, &lower(fix)?, places, shown)
        };
        let count = self.findings.len();
        let mut drawn = Drawn::default();
        let mut baselined = Vec::new();
        for (index, finding) in self.findings.into_iter().enumerate() {
            let fingerprint = prints.get(index).copied();
            match fate(&finding, fingerprint) {
                Fate::Shown => {}
                Fate::Hidden => {
                    report.hidden.add(finding.severity);
                    continue;
                }
                Fate::Baselined => {
                    report.baselined += 1;
                    let suppression = Suppression { kind: SuppressionKind::Baseline, reason: None, until: None };
                    baselined.push((finding, suppression, fingerprint));
                    continue;
                }
            }
            let fix = fix_of(&finding, &mut places);
            if let Some(look) = detail.drawn
                && drawn.is_one_more_drawn(&finding.rule)
            {
                let safety = fix.as_ref().map(|fix| fix.safety);
                // The first statement has nothing to do with what is missing: drawn, it would only mislead.
                let is_told = finding.here.is_some() || !finding.labels.is_empty();
                let is_drawn = is_told || title.is_some() || is_about_its_place(&finding, &ground);
                let visible = if is_drawn { self.visible } else { &nothing };
                one(&mut report.drawn, &finding, safety, self.sources, &mut places, visible, look);
            }
            report.findings.push(FindingLine { fix, fingerprint, ..FindingLine::new(finding, &mut places) });
        }
        if let Some(look) = detail.drawn {
            drawn.count_the_rest(&mut report.drawn, look);
        }
        if detail.suppressed {
            let by_comment = self.suppressed.into_iter().zip(count..);
            let by_comment = by_comment.map(|((finding, why), index)| (finding, why, prints.get(index).copied()));
            for (finding, suppression, fingerprint) in by_comment.chain(baselined) {
                let fix = fix_of(&finding, &mut places);
                let finding = FindingLine { fix, fingerprint, ..FindingLine::new(finding, &mut places) };
                if let Some(look) = detail.drawn {
                    report.drawn.push_str(&suppressed(&finding, &suppression, look));
                }
                report.suppressed.push(SuppressedLine { finding, suppression });
            }
        }
        report
    }

    /// Those of the findings, then those of what was suppressed; none if nobody asked.
    fn fingerprints(&self, detail: &Detail, ground: &Ground<'_>, places: &mut Places<'_>) -> Vec<Fingerprint> {
        if !detail.fingerprints {
            return Vec::new();
        }
        let suppressed = self.suppressed.iter().map(|(finding, _)| finding);
        let findings: Vec<&Finding> = self.findings.iter().chain(suppressed).collect();
        fingerprints(&findings, ground, places)
    }
}
