//! Suppressions: which findings comments such as `# redisconf: ignore[rule-id] reason` take out, and what is wrong with
//! such comments.
//!
//! A comment counts for findings whose place begins in the statement below it, or anywhere in its file; see
//! [`crate::syntax::pragma`]. It needs a reason and counts up to its day. What a server refuses is ignored only by the name of
//! its rule, and what the project locks not at all. One text may hold several configurations, as a Compose file does:
//! [`Ignores::apply`] is called for each, and only [`Ignores::finish`] knows which comments were of no use.

mod baseline;
mod date;
mod rules;

use std::collections::BTreeMap;

use super::policy::OfPolicies;
use super::settings::{Effective, Identity, Selector, Settings};
use super::{Case, Check, Group, Inspection, RULES, profile, rule, speaks_of};
use crate::facts;
use crate::finding::{Edit, Finding, Fix, Severity};
use crate::server::Server;
use crate::source::{Name, SourceId, Span};
use crate::syntax::Reading;
use crate::syntax::pragma::{Covers, Facts, Ignore as Written, Says, pragmas};
use crate::syntax::profile::Spanned;

pub use baseline::{Baseline, Entry};
pub use date::Date;
pub(crate) use rules::{
    EXPIRED_IGNORE, IGNORE_WITHOUT_REASON, INVALID_BASELINE, MALFORMED_COMMENT, STALE_BASELINE_ENTRY,
    UNKNOWN_RULE_IN_IGNORE, UNUSED_IGNORE,
};

/// A finding that is not shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// By what it is taken out.
    pub by: By,
}

/// What takes a finding out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A comment in the text, which says why.
    Comment {
        /// The comment.
        at: Span,
        /// Its reason.
        reason: String,
    },
    /// The baseline.
    Baseline,
}

/// Findings, divided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Divided {
    /// Those that remain.
    pub left: Vec<Finding>,
    /// Those that are taken out.
    pub suppressed: Vec<Suppressed>,
}

/// How a case was judged, to tell what was not found from what was not looked for.
#[derive(Clone, Copy, Debug)]
pub struct Judging<'a> {
    /// The case.
    pub case: &'a Case<'a>,
    /// What judges its path.
    pub effective: &'a Effective,
    /// What the built-in rules said.
    pub inspection: &'a Inspection,
    /// What the policies said.
    pub policies: &'a OfPolicies,
    /// Whether it was judged as one version. If not, what only some versions refuse is told otherwise.
    pub one_version: bool,
}

impl Judging<'_> {
    /// Whether a rule has said all it has to say, so that what it did not find is not there.
    #[must_use]
    pub fn is_complete(&self, id: &str) -> bool {
        if self.case.is_partial() {
            return false;
        }
        let Some(rule) = rule(id) else { return self.policies.judged.iter().any(|judged| judged == id) };
        let is_asked = match rule.check {
            Check::Refusal(_) => self.one_version,
            Check::Config(_) => speaks_of(rule, self.case.server()),
            Check::Live(_) | Check::Elsewhere => false,
        };
        is_asked
            && self.effective.judges_by_id(rule.id)
            && !self.inspection.silent.iter().any(|(silent, _)| *silent == id)
    }

    /// Whether all that a word in an `ignore` may mean has been said.
    fn is_complete_for(&self, selector: &Selector) -> bool {
        if let Selector::Rule(id) = selector {
            return self.is_complete(id);
        }
        let meant = RULES.iter().filter(|rule| rule.on && selector.ignores(&Identity::from(**rule)));
        let mut meant = meant.filter(|rule| !matches!(rule.check, Check::Live(_) | Check::Elsewhere)).peekable();
        meant.peek().is_some() && meant.all(|rule| self.is_complete(rule.id))
    }
}

/// The comments of the texts that are linted together.
#[derive(Debug)]
pub struct Ignores<'a> {
    settings: &'a Settings,
    today: Date,
    texts: Vec<Text>,
    /// How many configurations were divided.
    runs: usize,
}

/// A text with comments in it.
#[derive(Debug)]
struct Text {
    name: Name,
    /// The configuration that it was met in first.
    run: usize,
    /// Whether it is the text that is linted, and not one that it includes.
    is_root: bool,
    ignores: Vec<Ignore>,
    /// The comments for a statement, by the first byte of its line.
    by_line: BTreeMap<u32, Vec<usize>>,
    /// The comments for all of it.
    wide: Vec<usize>,
    /// What is wrong whatever the rules find.
    malformed: Vec<Finding>,
}

/// An `ignore`.
#[derive(Debug)]
struct Ignore {
    at: Span,
    line: Span,
    covers: Covers,
    reason: String,
    until: Option<Spanned<String>>,
    names: Vec<Named>,
}

/// A word in the bracket of an `ignore`.
#[derive(Debug)]
struct Named {
    word: Spanned<String>,
    selector: Result<Selector, String>,
    /// Whether it is about a finding that is there.
    used: bool,
    /// Whether what it means was looked for in every configuration.
    complete: bool,
}

impl Ignore {
    fn day(&self) -> Option<Result<Date, &'static str>> {
        self.until.as_ref().map(|until| until.value.parse())
    }

    /// Whether it takes anything out.
    fn counts(&self, today: Date) -> bool {
        !self.reason.is_empty() && self.day().is_none_or(|day| day.is_ok_and(|day| day >= today))
    }
}

impl<'a> Ignores<'a> {
    /// No comments yet.
    #[must_use]
    pub fn new(settings: &'a Settings, today: Date) -> Self {
        Self { settings, today, texts: Vec::new(), runs: 0 }
    }

    /// Divides what was found in one configuration. Severities must be settled before.
    pub fn apply(&mut self, judging: &Judging<'_>, findings: Vec<Finding>) -> Divided {
        let reading = judging.case.reading;
        let run = self.runs;
        self.runs += 1;
        let texts: BTreeMap<SourceId, usize> = reading
            .sources
            .iter()
            .filter(|(_, source)| matches!(source.name(), Name::File(_) | Name::Stdin))
            .filter_map(|(id, source)| Some((id, self.text(source.name(), id, source.text(), run)?)))
            .collect();
        if texts.is_empty() {
            return Divided { left: findings, suppressed: Vec::new() };
        }
        let ends = self.ends(reading, &texts);
        let mut divided = Divided::default();
        for finding in findings {
            let by = texts.get(&finding.at.source).and_then(|text| self.take(*text, &finding, &ends));
            match by {
                Some(by) => divided.suppressed.push(Suppressed { finding, by }),
                None => divided.left.push(finding),
            }
        }
        for text in texts.into_values() {
            for named in self.texts[text].ignores.iter_mut().flat_map(|ignore| &mut ignore.names) {
                named.complete &= named.selector.as_ref().is_ok_and(|selector| judging.is_complete_for(selector));
            }
        }
        divided
    }

    /// The number of a text; `None` if it holds no comments.
    fn text(&mut self, name: &Name, id: SourceId, bytes: &[u8], run: usize) -> Option<usize> {
        if let Some(known) = self.texts.iter().position(|text| text.name == *name) {
            return Some(known);
        }
        let found = pragmas(id, bytes);
        if found.is_empty() {
            return None;
        }
        let is_root = id == SourceId::ROOT;
        let mut text = Text {
            name: name.clone(),
            run,
            is_root,
            ignores: Vec::new(),
            by_line: BTreeMap::new(),
            wide: Vec::new(),
            malformed: Vec::new(),
        };
        let mut server = None;
        for pragma in found {
            match pragma.says {
                Says::Ignore(written) => self.note(&mut text, pragma.at, pragma.line, written),
                // What an included file says of the place counts for nobody.
                Says::Facts(facts) if is_root => check_facts(&facts, &mut server, &mut text.malformed),
                Says::Facts(_) => {}
                Says::Nonsense(message, help) => {
                    text.malformed.push(MALFORMED_COMMENT.finding(pragma.at, message).help(help));
                }
            }
        }
        self.texts.push(text);
        Some(self.texts.len() - 1)
    }

    fn note(&self, text: &mut Text, at: Span, line: Span, written: Written) {
        let number = text.ignores.len();
        let Written { names, covers, until, reason } = written;
        match covers {
            Covers::File => text.wide.push(number),
            Covers::Line(line) => text.by_line.entry(line.start).or_default().push(number),
            Covers::Nothing => {}
        }
        let policies = self.settings.policies();
        let known = |word: Spanned<String>| {
            let selector = match Selector::ignoring(&word.value, policies) {
                Ok(Selector::Severity(Severity::Fatal)) => {
                    Err("what a server refuses is ignored only by the id of its rule".to_owned())
                }
                read => read,
            };
            Named { word, selector, used: false, complete: true }
        };
        let names = names.into_iter().map(known).collect();
        text.ignores.push(Ignore { at, line, covers, reason, until, names });
    }

    /// Where the statements end that comments are for, by text and first byte of the line.
    fn ends(&self, reading: &Reading, texts: &BTreeMap<SourceId, usize>) -> BTreeMap<(usize, u32), u32> {
        let mut ends = BTreeMap::new();
        for text in texts.values() {
            for ignore in &self.texts[*text].ignores {
                if let Covers::Line(line) = ignore.covers {
                    ends.insert((*text, line.start), line.end);
                }
            }
        }
        if ends.is_empty() {
            return ends;
        }
        for statement in reading.statements() {
            let Some(text) = texts.get(&statement.at.source) else { continue };
            if let Some((_, end)) = ends.range_mut((*text, 0)..=(*text, statement.at.start)).next_back()
                && statement.at.start < *end
            {
                *end = statement.at.end.max(*end);
            }
        }
        ends
    }

    /// The comment that takes a finding out. Comments that are about it and have no effect are marked as used too.
    fn take(&mut self, text: usize, finding: &Finding, ends: &BTreeMap<(usize, u32), u32>) -> Option<By> {
        // How bad the finding is counts, not how bad those of its rule mostly are.
        let known = self.settings.identify(&finding.rule)?;
        let found = Identity { severity: finding.severity, ..known };
        let is_locked = self.settings.is_locked(&finding.rule);
        let today = self.today;
        let start = finding.at.start;
        let Text { by_line, wide, ignores, .. } = &mut self.texts[text];
        let above = by_line.range(..=start).next_back();
        let above = above.filter(|(line, _)| ends.get(&(text, **line)).is_some_and(|end| start < *end));
        for number in above.into_iter().flat_map(|(_, numbers)| numbers).chain(wide.iter()) {
            let ignore = &mut ignores[*number];
            let counts = ignore.counts(today);
            let about = |named: &&mut Named| named.selector.as_ref().is_ok_and(|selector| selector.ignores(&found));
            let Some(named) = ignore.names.iter_mut().find(about) else { continue };
            named.used = true;
            if counts && !is_locked {
                return Some(By::Comment { at: ignore.at, reason: ignore.reason.clone() });
            }
        }
        None
    }

    /// What is wrong with the comments themselves, for each configuration in the order of the calls of [`Ignores::apply`].
    #[must_use]
    pub fn finish(self) -> Vec<Divided> {
        let mut all = vec![Divided::default(); self.runs];
        let (settings, today) = (self.settings, self.today);
        for text in self.texts {
            let mut findings: Vec<Finding> =
                text.ignores.iter().flat_map(|ignore| mistakes(ignore, text.is_root, settings, today)).collect();
            findings.extend(text.malformed);
            findings.sort_by(|a, b| (a.at, &a.rule).cmp(&(b.at, &b.rule)));
            let wide: Vec<&Ignore> = text.wide.iter().map(|number| &text.ignores[*number]).collect();
            for finding in findings {
                let known = settings.identify(&finding.rule).filter(|_| !settings.is_locked(&finding.rule));
                let about = |ignore: &&&Ignore| {
                    let names = |named: &Named| {
                        named.selector.as_ref().is_ok_and(|selector| known.is_some_and(|rule| selector.ignores(&rule)))
                    };
                    ignore.counts(today) && ignore.names.iter().any(names)
                };
                match wide.iter().find(about) {
                    Some(ignore) => {
                        let by = By::Comment { at: ignore.at, reason: ignore.reason.clone() };
                        all[text.run].suppressed.push(Suppressed { finding, by });
                    }
                    None => all[text.run].left.push(finding),
                }
            }
        }
        all
    }
}

/// What is wrong with an `ignore`.
fn mistakes(ignore: &Ignore, is_root: bool, settings: &Settings, today: Date) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unused: Vec<usize> = Vec::new();
    for (number, named) in ignore.names.iter().enumerate() {
        let word = printed(&named.word.value);
        match &named.selector {
            Err(help) => {
                let message = format!("{word} is no rule");
                findings.push(UNKNOWN_RULE_IN_IGNORE.finding(named.word.at, message).help(help));
            }
            Ok(Selector::Rule(id)) if settings.is_locked(id) => {
                let message = format!("{word} is locked: this comment has no effect");
                let finding = profile::LOCKED_RULE.finding(named.word.at, message);
                findings.push(finding.help("mend what it finds, or ask the owner of the project's settings"));
            }
            // What is wrong with comments is known only after all of them were looked at.
            Ok(selector) if is_about_comments(selector) => {}
            Ok(_) => {
                // The same file may be included elsewhere, where the comment is of use.
                if !named.used && is_root && (named.complete || ignore.covers == Covers::Nothing) {
                    unused.push(number);
                }
            }
        }
    }
    findings.extend(unused.iter().map(|number| unused_ignore(ignore, *number, &unused)));
    if unused.len() == ignore.names.len() {
        return findings;
    }
    match (ignore.day(), &ignore.until) {
        (Some(Err(help)), Some(until)) => {
            let message = "the last day of this `ignore` cannot be read";
            findings.push(MALFORMED_COMMENT.finding(until.at, message).help(help));
        }
        (Some(Ok(day)), Some(until)) if day < today => {
            let finding = EXPIRED_IGNORE.finding(until.at, format!("this `ignore` counted up to {day}"));
            findings.push(finding.help("mend what it ignored, or look at it again and set a later day"));
        }
        (_, _) => {}
    }
    if ignore.reason.is_empty() {
        let finding = IGNORE_WITHOUT_REASON.finding(ignore.at, "an `ignore` without a reason has no effect");
        findings.push(finding.help("write behind the bracket why the finding is to be ignored"));
    }
    findings
}

fn is_about_comments(selector: &Selector) -> bool {
    match selector {
        Selector::Rule(id) => rule(id).is_some_and(|rule| rule.group == Group::Suppression),
        Selector::Group(group) => *group == Group::Suppression,
        Selector::Severity(_) | Selector::Default | Selector::All => false,
    }
}

/// Takes the word out of the bracket, or the whole line if no word is left.
fn unused_ignore(ignore: &Ignore, number: usize, unused: &[usize]) -> Finding {
    let named = &ignore.names[number];
    let word = printed(&named.word.value);
    let (message, help) = match ignore.covers {
        Covers::Nothing => (format!("{word} is ignored, but no statement follows"), "drop the comment"),
        Covers::Line(_) => (format!("{word} finds nothing in the statement below"), "drop the comment"),
        Covers::File => (format!("{word} finds nothing in this file"), "drop the comment"),
    };
    let first = ignore.names.first().expect("an ignore without names is nonsense").word.at;
    let last = ignore.names.last().expect("an ignore without names is nonsense").word.at;
    let left = ignore.names.iter().enumerate().filter(|(number, _)| !unused.contains(number));
    let left: Vec<&str> = left.map(|(_, named)| named.word.value.as_str()).collect();
    let (edit, help) = if left.is_empty() {
        (Edit::Text { at: ignore.line, with: Vec::new() }, help)
    } else {
        (Edit::Text { at: first.to(last), with: left.join(", ").into_bytes() }, "take it out of the bracket")
    };
    UNUSED_IGNORE.finding(named.word.at, message).help(help).fix(Fix::safe([edit]))
}

/// What is wrong with `# redisconf: server=redis-7.4 memory=8gb`. Values are not repeated: a secret may stand there.
fn check_facts(written: &Facts, server: &mut Option<Span>, findings: &mut Vec<Finding>) {
    for pair in &written.pairs {
        let (name, value) = (pair.value.0.as_str(), pair.value.1.as_str());
        let wrong = |message: String, help: String| MALFORMED_COMMENT.finding(pair.at, message).help(help);
        if name == "server" {
            match (value.parse::<Server>(), *server) {
                (Err(_), _) => {
                    let help = "write an engine and a version: `server=redis-7.4`, `server=valkey-8.1`".to_owned();
                    findings.push(wrong("this is no server version".into(), help));
                }
                (Ok(_), Some(first)) => {
                    let finding = wrong("a second server version has no effect".into(), "keep one of the two".into());
                    findings.push(finding.label(first, "the first"));
                }
                (Ok(_), None) => *server = Some(pair.at),
            }
        } else if let Some(definition) = facts::definition(name) {
            if let Err(expected) = facts::in_comment(name, value) {
                findings.push(wrong(format!("no value for the fact `{}`", definition.name), expected));
            }
        } else {
            let near = facts::ALL.iter().map(|one| (strsim::damerau_levenshtein(name, one.name), one.name)).min();
            let help = match near.filter(|(distance, _)| *distance <= 3) {
                Some((_, near)) => format!("did you mean `{near}`?"),
                None => {
                    let names: Vec<&str> = facts::ALL.iter().map(|one| one.name).collect();
                    format!("the facts are: {}", names.join(", "))
                }
            };
            findings.push(wrong(format!("{} is no fact", printed(name)), help));
        }
    }
    for at in &written.odd {
        let help = "write facts without blanks: `memory=8gb`";
        findings.push(MALFORMED_COMMENT.finding(*at, "this word is no fact with a value").help(help));
    }
}

/// A word in backticks, if it looks like a name: anything else in a comment may be a secret.
fn printed(word: &str) -> String {
    let plain = word.len() <= 60 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if plain { format!("`{word}`") } else { "this word".into() }
}

#[cfg(test)]
mod tests;
