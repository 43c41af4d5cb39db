//! What an upgrade does to a text: the result of `upgrade`.

use serde::Serialize;

use super::compared::DifferenceLine;
use super::findings::FindingLine;
use super::look::{Look, Role, fitted};
use super::place::ServerUsed;

/// An upgrade, and what is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UpgradeReport {
    /// The file.
    pub subject: String,
    /// The version it runs on.
    pub from: ServerUsed,
    /// The version it is rewritten for, which takes the new text.
    pub to: String,
    /// Whether the new text means the same to the new version, as far as that can express it.
    pub equal: bool,
    /// What was done to the text.
    pub changes: Vec<StepLine>,
    /// What means something else after all.
    pub left: Vec<DifferenceLine>,
    /// What is known of the move, by rule.
    pub findings: Vec<FindingLine>,
    /// Whether the new version loads the data of the old: `yes`, `relaxed` or `no`.
    pub loads_data: &'static str,
    /// The way to take the data over.
    pub data: Vec<String>,
}

/// One change of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepLine {
    /// `renamed`, `rewritten`, `removed`, `pinned`, `preferred`, `overruled` or `server`.
    pub kind: &'static str,
    /// The included file that is changed; `None` if it is the subject itself.
    pub file: Option<String>,
    /// The line in the old text; `None` for what is added.
    pub line: Option<usize>,
    /// What was done.
    pub words: String,
}

impl StepLine {
    fn place(&self) -> String {
        let line = self.line.map_or_else(|| "new".to_owned(), |line| line.to_string());
        self.file.as_ref().map_or_else(|| line.clone(), |file| format!("{file}:{line}"))
    }
}

impl UpgradeReport {
    /// Sections for people; `findings` are shown before.
    #[must_use]
    pub fn human(&self, findings: &str, look: Look) -> String {
        let mut text = String::new();
        let heading = |text: &mut String, words: &str| {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&look.paint(Role::Heading, words));
            text.push('\n');
        };
        if !findings.is_empty() {
            heading(&mut text, "to know");
            text.push_str(findings);
        }
        if !self.changes.is_empty() {
            heading(&mut text, "changes of the text");
            let places: Vec<String> = self.changes.iter().map(StepLine::place).collect();
            let width = places.iter().map(|place| place.chars().count()).max().unwrap_or_default().max(4);
            for (change, place) in self.changes.iter().zip(places) {
                text.push_str(&fitted(&format!("  {place:>width$}  {:<9}  {}", change.kind, change.words), look));
            }
        }
        if !self.left.is_empty() {
            heading(&mut text, "left to decide");
            text.push_str(&super::compared::table(&self.left, look));
        }
        heading(&mut text, "data");
        for words in &self.data {
            text.push_str(&fitted(&format!("  {words}"), look));
        }
        text
    }
}
