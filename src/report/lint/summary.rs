//! What it all comes to: counts, what could not be judged, as which version, and what to do next.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::super::findings::Counts;
use super::super::look::{Look, Role, fitted};
use super::file::{FileReport, JudgedAs};
use crate::finding::{Safety, Severity};

/// How many facts and servers the summary for people names before it only counts the rest.
const NAMED: usize = 4;

/// So many different lists of what files lacked are remembered.
const REMEMBERED: usize = 64;

/// A rule and the fact that it lacked.
type Lack = (Cow<'static, str>, &'static str);

/// Whether two lists are surely the same. Of built-in rules there is one text each, so that its place tells.
fn are_same(one: &[Lack], other: &[Lack]) -> bool {
    let place = |text: &str| (text.as_ptr(), text.len());
    let is_same = |(one, other): (&Lack, &Lack)| place(&one.0) == place(&other.0) && place(one.1) == place(other.1);
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

/// A file that was not judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The file.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Counts along with the reports, and is written at the end of each output.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The lowest severity that is shown.
    pub level: Severity,
    /// Files that were judged: with configurations in them, or of a project.
    pub files: usize,
    /// Configurations that were judged; a file can embed several.
    pub configurations: usize,
    /// Configurations with which the server would not start.
    pub stopped: usize,
    /// Findings that are shown.
    pub shown: Counts,
    /// Findings below the level.
    pub hidden: Counts,
    /// Shown findings that `--fix` mends.
    pub fixable_safe: usize,
    /// Shown findings that `--unsafe-fixes` mends.
    pub fixable_unsafe: usize,
    /// Findings that were suppressed.
    pub suppressed: usize,
    /// Findings that the baseline knows.
    pub baselined: usize,
    /// Files that were not judged.
    pub skipped: Vec<Skipped>,
    /// What to do next, each a command or an order.
    pub next: Vec<String>,
    /// For each fact that was lacking, the rules that it kept silent.
    silent: BTreeMap<&'static str, BTreeSet<Cow<'static, str>>>,
    /// As what it was judged, and how many configurations were.
    servers: Vec<(JudgedAs, usize)>,
    /// The first of the worst findings' rules.
    worst: Option<(Severity, String)>,
    last_path: Option<Arc<str>>,
    /// What the last files lacked, as reports say it.
    last_silent: VecDeque<Vec<Lack>>,
}

impl Summary {
    /// Nothing yet.
    #[must_use]
    pub fn new(level: Severity) -> Self {
        Self {
            level,
            files: 0,
            configurations: 0,
            stopped: 0,
            shown: Counts::default(),
            hidden: Counts::default(),
            fixable_safe: 0,
            fixable_unsafe: 0,
            suppressed: 0,
            baselined: 0,
            skipped: Vec::new(),
            next: Vec::new(),
            silent: BTreeMap::new(),
            servers: Vec::new(),
            worst: None,
            last_path: None,
            last_silent: VecDeque::new(),
        }
    }

    /// Counts a report. Those of one file come one after the other.
    pub fn add(&mut self, report: &FileReport) {
        if self.last_path.as_ref() != Some(&report.path) {
            self.last_path = Some(Arc::clone(&report.path));
            self.files += 1;
        }
        // A project file is none that a server starts with.
        if !report.server.judged_as.is_empty() {
            self.configurations += 1;
            self.stopped += usize::from(!report.verdict.starts);
            self.judged(&report.server);
        }
        for finding in &report.findings {
            self.shown.add(finding.severity);
            match finding.fix.as_ref().map(|fix| fix.safety) {
                Some(Safety::Safe) => self.fixable_safe += 1,
                Some(Safety::Unsafe) => self.fixable_unsafe += 1,
                None => {}
            }
            if finding.group.is_some() && self.worst.as_ref().is_none_or(|(worst, _)| *worst < finding.severity) {
                self.worst = Some((finding.severity, finding.rule.to_string()));
            }
        }
        self.hidden.add_all(report.hidden);
        self.suppressed += report.suppressed_count;
        self.baselined += report.baselined;
        // Most files of a run lack the same facts as one of the last.
        if !self.last_silent.iter().any(|last| are_same(last, &report.silent)) {
            for (rule, fact) in &report.silent {
                self.silent.entry(fact).or_default().insert(rule.clone());
            }
            if self.last_silent.len() == REMEMBERED {
                self.last_silent.pop_front();
            }
            self.last_silent.push_back(report.silent.clone());
        }
    }

    fn judged(&mut self, server: &JudgedAs) {
        let same = |(known, _): &&mut (JudgedAs, usize)| known.words == server.words && known.because == server.because;
        match self.servers.iter_mut().find(same) {
            Some((_, count)) => *count += 1,
            None => self.servers.push((server.clone(), 1)),
        }
    }

    /// Counts a file that was not judged.
    pub fn skip(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skipped { path: path.into(), reason: reason.into() });
    }

    /// Says what to do next, as far as the counts tell. `paths` is what the user named.
    pub fn suggest(&mut self, paths: &str) {
        let command = |words: &str| [words, paths].join(" ").trim_end().to_owned();
        if self.fixable_safe > 0 {
            self.next.push(command("redisconf lint --fix"));
        } else if self.fixable_unsafe > 0 {
            self.next.push(command("redisconf lint --unsafe-fixes"));
        }
        if let Some((_, rule)) = &self.worst {
            self.next.push(format!("redisconf explain {rule}"));
        }
        if self.shown.total() >= 10 && self.baselined == 0 {
            self.next.push("adopt without fixing: --write-baseline".into());
        }
    }

    /// How many rules were silent for want of facts, and for each fact how many, most first.
    #[must_use]
    pub fn silent(&self) -> (usize, Vec<(&'static str, usize)>) {
        let rules: BTreeSet<&str> = self.silent.values().flatten().map(AsRef::as_ref).collect();
        let mut facts: Vec<(&str, usize)> = self.silent.iter().map(|(fact, rules)| (*fact, rules.len())).collect();
        facts.sort_by_key(|(fact, count)| (usize::MAX - count, *fact));
        (rules.len(), facts)
    }

    /// For people; a few lines. Why files were skipped was told when it happened.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = String::new();
        if let Some(line) = self.judged_line(look) {
            text.push_str(&fitted(&line, look));
        }
        text.push_str(&fitted(&self.counts_line(look), look));
        if !self.next.is_empty() {
            text.push_str(&fitted(&format!("next: {}", self.next.join(" · ")), look));
        }
        text
    }

    /// As what it was judged, and whether it starts.
    fn judged_line(&self, look: Look) -> Option<String> {
        let stops = |words: String| look.paint(Role::Severity(Severity::Fatal), &words);
        if let ([(server, _)], 1) = (&self.servers[..], self.configurations) {
            let advice = server.advice.as_ref().map(|advice| format!(". {advice}")).unwrap_or_default();
            let verdict = match self.stopped {
                0 => look.paint(Role::Counts, "starts"),
                _ => stops("does not start".into()),
            };
            return Some(format!("{verdict}, judged {} ({}){advice}", server.words, server.because));
        }
        let mut servers: Vec<&(JudgedAs, usize)> = self.servers.iter().collect();
        servers.sort_by_key(|(_, count)| usize::MAX - count);
        let one_server = servers.len() == 1;
        let group = |(server, count): &&(JudgedAs, usize)| {
            let count = if one_server { String::new() } else { format!("{count} ") };
            format!("{count}{} ({})", server.words, server.because)
        };
        let mut groups: Vec<String> = servers.iter().take(NAMED).map(group).collect();
        if servers.len() > NAMED {
            let more: usize = servers[NAMED..].iter().map(|(_, count)| count).sum();
            groups.push(format!("{more} as others"));
        }
        if groups.is_empty() {
            return None;
        }
        let subjects = if self.files == self.configurations {
            format!("{} files", self.files)
        } else {
            let files = if self.files == 1 { "file" } else { "files" };
            format!("{} configurations in {} {files}", self.configurations, self.files)
        };
        let mut line = format!("{subjects} judged {}", groups.join(", "));
        if let Some(advice) = servers.first().and_then(|(server, _)| server.advice.as_ref()) {
            line.push_str(&format!(". {advice}"));
        }
        if self.stopped > 0 {
            let verb = if self.stopped == 1 { "does" } else { "do" };
            line.push_str(&format!(" · {}", stops(format!("{} {verb} not start", self.stopped))));
        }
        Some(line)
    }

    /// `1 fatal · 1 warning · 23 info hidden (--level info) · …`.
    fn counts_line(&self, look: Look) -> String {
        let mut parts: Vec<String> = Vec::new();
        for (severity, words) in self.shown.words() {
            parts.push(look.paint(Role::Severity(severity), &words));
        }
        if parts.is_empty() {
            let nothing = if self.files == 0 { "nothing was judged" } else { "no findings" };
            parts.push(look.paint(if self.files == 0 { Role::Aside } else { Role::Counts }, nothing));
        }
        match (self.fixable_safe, self.fixable_unsafe) {
            (0, 0) => {}
            (safe, 0) => parts.push(format!("{safe} fixable (--fix)")),
            (0, unsafe_) => parts.push(format!("{unsafe_} fixable (--unsafe-fixes)")),
            (safe, unsafe_) => {
                parts.push(format!("{} fixable ({safe} by --fix, {unsafe_} more by --unsafe-fixes)", safe + unsafe_));
            }
        }
        let hidden = self.hidden.words();
        if let Some((lowest, _)) = hidden.last() {
            let words: Vec<&str> = hidden.iter().map(|(_, words)| words.as_str()).collect();
            parts.push(format!("{} hidden (--level {lowest})", words.join(", ")));
        }
        if self.suppressed > 0 {
            parts.push(format!("{} suppressed", self.suppressed));
        }
        if self.baselined > 0 {
            parts.push(format!("{} in the baseline", self.baselined));
        }
        if !self.skipped.is_empty() {
            let files = if self.skipped.len() == 1 { "file" } else { "files" };
            parts.push(format!("{} {files} skipped", self.skipped.len()));
        }
        let (rules, facts) = self.silent();
        if rules > 0 {
            let mut named: Vec<String> =
                facts.iter().take(NAMED).map(|(fact, count)| format!("{fact} ({count})")).collect();
            if facts.len() > NAMED {
                named.push(format!("{} more", facts.len() - NAMED));
            }
            let noun = if rules == 1 { "rule" } else { "rules" };
            parts.push(format!("{rules} {noun} silent for want of facts: {}", named.join(", ")));
        }
        parts.join(" · ")
    }
}

#[derive(Serialize)]
struct Fixable {
    safe: usize,
    r#unsafe: usize,
}

#[derive(Serialize)]
struct Silent<'a> {
    fact: &'a str,
    rules: &'a BTreeSet<Cow<'static, str>>,
}

#[derive(Serialize)]
struct Judged<'a> {
    #[serde(flatten)]
    server: &'a JudgedAs,
    configurations: usize,
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let silent: Vec<Silent<'_>> = self.silent.iter().map(|(fact, rules)| Silent { fact, rules }).collect();
        let servers = self.servers.iter();
        let servers: Vec<Judged<'_>> =
            servers.map(|(server, count)| Judged { server, configurations: *count }).collect();
        let mut map = serializer.serialize_struct("Summary", 14)?;
        map.serialize_field("level", self.level.word())?;
        map.serialize_field("files", &self.files)?;
        map.serialize_field("configurations", &self.configurations)?;
        map.serialize_field("stopped", &self.stopped)?;
        map.serialize_field("findings", &self.shown)?;
        map.serialize_field("hidden", &self.hidden)?;
        map.serialize_field("fixable", &Fixable { safe: self.fixable_safe, r#unsafe: self.fixable_unsafe })?;
        map.serialize_field("suppressed", &self.suppressed)?;
        map.serialize_field("baselined", &self.baselined)?;
        map.serialize_field("skipped", &self.skipped)?;
        map.serialize_field("silent_rules", &self.silent().0)?;
        map.serialize_field("silent", &silent)?;
        map.serialize_field("servers", &servers)?;
        map.serialize_field("next", &self.next)?;
        map.end()
    }
}
