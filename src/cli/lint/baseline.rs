//! Findings that were there before: left out by the baseline, or written to it.

use std::collections::BTreeSet;

use super::super::Exit;
use super::super::failure::Failure;
use super::super::terminal::Terminal;
use super::super::write::write;
use super::Run;
use super::input::Input;
use crate::finding::{Finding, Severity};
use crate::lint::suppress::{Baseline, Entry};
use crate::render::Artefact;
use crate::report::lint::FileReport;
use crate::report::{self, Fingerprint};

impl Run<'_> {
    /// Whether the baseline holds a finding; it is then told that the finding is still there.
    pub(super) fn is_in_baseline(&self, finding: &Finding, fingerprint: Option<Fingerprint>) -> bool {
        let (Some(baseline), Some(fingerprint)) = (&self.context.book.baseline, fingerprint) else { return false };
        if self.command.write_baseline {
            return false;
        }
        let Ok(mut baseline) = baseline.lock() else { return false };
        let divided = baseline.divide([(finding.clone(), fingerprint.to_string())], &self.context.book.settings);
        divided.left.is_empty()
    }

    /// What a baseline holds of a file.
    pub(super) fn entries(&self, input: &Input, reports: &[FileReport]) -> Vec<Entry> {
        let path = self.key(input);
        let may = |line: &&report::FindingLine| {
            line.severity != Severity::Fatal && !self.context.book.settings.is_locked(&line.rule)
        };
        let entry = |line: &report::FindingLine| {
            let fingerprint = line.fingerprint?.to_string();
            Some(Entry { path: path.clone(), rule: line.rule.to_string(), fingerprint })
        };
        reports.iter().flat_map(|report| &report.findings).filter(may).filter_map(entry).collect()
    }

    /// Writes the baseline anew; what it holds of files that were not looked at stays.
    pub(super) fn write_baseline(
        &self,
        found: Vec<Entry>,
        judged: &BTreeSet<String>,
        terminal: &mut Terminal,
    ) -> Result<Exit, Failure> {
        let book = self.context.book;
        let count = found.len();
        let was_linted = |path: &str| judged.contains(path);
        let text = match &book.baseline {
            Some(baseline) => match baseline.lock() {
                Ok(baseline) => baseline.rewritten(found, was_linted),
                Err(poisoned) => poisoned.into_inner().rewritten(found, was_linted),
            },
            None => Baseline::default().rewritten(found, was_linted),
        };
        let path = &book.baseline_path;
        let artefact = Artefact { path: path.clone(), text: text.into_bytes(), mode: None, secret: false };
        write(path, &artefact)?;
        terminal.note(&format!("{}: {count} findings\n", path.display()))?;
        Ok(Exit::Done)
    }
}
