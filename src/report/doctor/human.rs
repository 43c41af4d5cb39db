//! A diagnosis for people: one screen with the worst, and what to type.

use super::super::look::{Look, Role, fitted, wrapped};
use super::super::table::columns;
use super::clients::ClientAdvice;
use super::keys::Keyspace;
use super::{Checkup, CheckupLine};
use crate::config::printable;
use crate::facts::bytes_text;
use crate::finding::Severity;

/// How many findings stand on the first screen.
pub(super) const FIRST: usize = 5;
/// How many things that could not be judged are named there.
const NAMED: usize = 4;

/// What of a diagnosis is shown.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    /// Colour and width.
    pub look: Look,
    /// Whether all findings are shown, with all that they rest on.
    pub all: bool,
    /// Whether the summary is left out.
    pub quiet: bool,
    /// How the server was named on the command line: `--live URL`, `--from FILE`.
    pub asked: &'a str,
}

impl Checkup {
    /// The diagnosis for people.
    #[must_use]
    pub fn human(&self, screen: Screen<'_>) -> String {
        let look = screen.look;
        let mut text = format!("{}\n", look.paint(Role::Heading, &self.heading()));
        if let Some(reason) = &self.reason {
            let severity = look.paint(Role::Severity(Severity::Error), "no answer");
            text.push_str(&fitted(&format!("{severity}: {reason}"), look));
            text.extend(self.help.iter().map(|help| wrapped(help, look.text_width(), 2)));
            return text;
        }
        if screen.all {
            let width = self.vitals.iter().map(|vital| vital.name.len()).max().unwrap_or(0);
            for vital in &self.vitals {
                text.push_str(&format!("  {:width$}  {}\n", vital.name, vital.value));
            }
        }
        let shown = if screen.all { self.findings.len() } else { FIRST };
        for finding in self.findings.iter().take(shown) {
            text.push_str(&one(finding, screen));
        }
        text.extend(self.keyspace.as_ref().map(|keys| sampled(keys, screen)));
        text.extend(self.clients.as_ref().map(|advice| connecting(advice, look)));
        if !screen.quiet {
            text.push_str(&self.summary(shown, screen));
        }
        text
    }

    fn heading(&self) -> String {
        let vital = |name: &str| self.vitals.iter().find(|vital| vital.name == name).map(|vital| vital.value.clone());
        let parts = ["version", "role", "memory"].into_iter().filter_map(vital);
        let up = vital("running for").map(|time| format!("up {time}"));
        let all: Vec<String> = std::iter::once(printable(self.name.as_bytes())).chain(parts).chain(up).collect();
        all.join("  ")
    }

    fn summary(&self, shown: usize, screen: Screen<'_>) -> String {
        let look = screen.look;
        let mut text = String::from("\n");
        let hidden = self.findings.len().saturating_sub(shown);
        let below = self.counts.total() - self.findings.len();
        let mut parts: Vec<String> = self.counts.words().into_iter().map(|(_, words)| words).collect();
        if parts.is_empty() {
            parts.push("nothing was found".into());
        }
        if hidden > 0 {
            parts.push(format!("{hidden} more: --all"));
        }
        if below > 0 {
            parts.push(format!("{below} not shown: --level info"));
        }
        text.push_str(&fitted(&parts.join(" · "), look));
        let moment = match self.window {
            Some(seconds) => format!("rates of {seconds:.0} s"),
            None => "one moment, so that rates are averages since the start (--window 5 for those of now)".into(),
        };
        let sent = if self.commands > 0 { format!("{} commands sent · ", self.commands) } else { String::new() };
        let line = format!("{} rules judged · {sent}{moment}", self.judged);
        text.push_str(&fitted(&look.paint(Role::Aside, &line), look));
        text.push_str(&self.unjudged(screen));
        if let Some(next) = self.next(screen) {
            text.push_str(&fitted(&format!("next: {next}"), look));
        }
        text
    }

    /// What could not be judged, aloud.
    fn unjudged(&self, screen: Screen<'_>) -> String {
        if self.silent.is_empty() {
            return String::new();
        }
        let named = if screen.all { self.silent.len() } else { NAMED };
        let count: usize = self.silent.iter().map(|line| line.rules.len()).sum();
        let told = self.silent.iter().take(named).map(|line| {
            let why = line.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            format!("{} ({}{why})", line.what, line.rules.len())
        });
        let mut told: Vec<String> = told.collect();
        if self.silent.len() > named {
            told.push(format!("{} more", self.silent.len() - named));
        }
        fitted(&format!("{count} not judged for want of: {}", told.join(", ")), screen.look)
    }

    fn next(&self, screen: Screen<'_>) -> Option<String> {
        let first = self.findings.first()?;
        let mut commands = Vec::new();
        if self.patch.is_some() {
            commands.push(format!("redisconf doctor {} --patch doctor.toml", screen.asked));
            if screen.asked.starts_with("--live") {
                commands.push(format!("redisconf apply doctor.toml {} --dry-run", screen.asked));
            }
        }
        commands.push(first.explain.clone());
        Some(commands.join(" · "))
    }
}

/// How clients should connect.
fn connecting(advice: &ClientAdvice, look: Look) -> String {
    let mut text = format!("\n{}\n", look.paint(Role::Heading, "clients"));
    let rows: Vec<_> = advice.lines().into_iter().map(|line| line.map(|cell| (Role::Plain, cell)).to_vec()).collect();
    text.push_str(&columns(&rows, 2, look));
    for snippet in &advice.libraries {
        text.push_str(&format!("\n{}\n", look.paint(Role::Name, snippet.library)));
        text.push_str(&fitted(&look.paint(Role::Aside, &format!("by default {}", snippet.defaults)), look));
        text.extend(snippet.text.lines().map(|line| format!("  {line}\n")));
    }
    text
}

/// What a sample of the keys says.
fn sampled(keys: &Keyspace, screen: Screen<'_>) -> String {
    let look = screen.look;
    let mut text = format!("\n{}\n", look.paint(Role::Heading, "keys"));
    text.push_str(&fitted(&keys.cost(), look));
    text.push_str(&fitted(&look.paint(Role::Aside, &keys.certainty()), look));
    let mut lines = vec![keys.prefixes.iter().chain([&keys.all]).collect::<Vec<_>>()];
    if screen.all {
        lines.push(keys.encodings.iter().collect());
    }
    for some in lines {
        let cells = |role, cells: Vec<String>| cells.into_iter().map(|cell| (role, cell)).collect::<Vec<_>>();
        let head = cells(Role::Aside, Keyspace::COLUMNS.map(str::to_owned).to_vec());
        let rows: Vec<_> =
            std::iter::once(head).chain(some.into_iter().map(|line| cells(Role::Plain, line.cells()))).collect();
        text.push_str(&columns(&rows, 2, look));
    }
    for large in keys.largest.iter().filter(|_| screen.all) {
        text.push_str(&format!(
            "  {}  {}  {}\n",
            bytes_text(large.bytes),
            printable(large.name.as_bytes()),
            large.encoding
        ));
    }
    for advice in &keys.advice {
        text.push_str(&fitted(&format!("{} {advice}", look.paint(Role::Name, "ttl:")), look));
    }
    text
}

/// What, the numbers, what to type.
fn one(finding: &CheckupLine, screen: Screen<'_>) -> String {
    let look = screen.look;
    let severity = look.paint(Role::Severity(finding.severity), finding.severity.word());
    let mut text = fitted(&format!("{severity}[{}] {}", finding.rule, finding.message), look);
    let mut aside = |word: &str, what: &str| {
        let line = format!("  {} {what}", look.paint(Role::Name, &format!("{word}:")));
        text.push_str(&fitted(&line, look));
    };
    if !finding.evidence.is_empty() {
        aside("measured", &finding.measured());
    }
    if let Some(threshold) = finding.threshold.as_ref().filter(|_| screen.all) {
        aside("threshold", &format!("{} ({})", threshold.says, threshold.source));
    }
    if let Some(help) = &finding.help {
        aside("help", help);
    }
    for change in &finding.changes {
        aside("change", &format!("{} {}", change.directive, change.value));
    }
    text
}
