//! The baseline: findings that were there when the linter came, and are left out until they are mended.
//!
//! It is a multiset of fingerprints, which survive edits elsewhere in a file; path and rule beside them are for people. An
//! entry has a line of its own, sorted, so that merges of two baselines do not fight. Nothing in it is secret, and no hash
//! of a secret either: fingerprints leave such words out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{By, Divided, INVALID_BASELINE, STALE_BASELINE_ENTRY, Suppressed};
use crate::finding::{Finding, Severity};
use crate::lint::Group;
use crate::lint::settings::Settings;
use crate::source::{SourceId, Sources, Span};

/// The generation of the format.
const SCHEMA: u32 = 1;

/// A finding as the baseline knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The file, relative to the folder of the project file, with `/` between folders.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// What tells the finding from others, as the output formats make it.
    pub fingerprint: String,
}

/// What a file holds.
#[derive(Deserialize)]
struct Stored {
    schema_version: u32,
    findings: Vec<Entry>,
}

/// Findings that were there before.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    /// How often each is still to be met.
    left: BTreeMap<Entry, usize>,
    /// By fingerprint, as path and rule say nothing that it does not.
    by_fingerprint: BTreeMap<String, Entry>,
    source: Option<SourceId>,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// A finding if it is no baseline, or one of a later generation.
    pub fn read(sources: &Sources, source: SourceId) -> Result<Self, Box<Finding>> {
        let text = sources.get(source).text();
        let length = u32::try_from(text.len()).expect("files are below 64 MiB");
        let wrong = |start: u32, message: String| {
            let at = Span { source, start, end: (start + 1).min(length) };
            let finding = INVALID_BASELINE.finding(at, message);
            Box::new(finding.help("write it again with `--write-baseline`, or take the damage back"))
        };
        let stored: Stored = serde_json::from_slice(text).map_err(|error| {
            let line = error.line().clamp(1, sources.get(source).line_count());
            let column = u32::try_from(error.column().saturating_sub(1)).unwrap_or(0);
            let start = (sources.get(source).line_start(line) + column).min(length);
            wrong(start, format!("this is no baseline: {}", what(&error)))
        })?;
        if stored.schema_version != SCHEMA {
            let message = format!("this program reads baselines of generation {SCHEMA}, not {}", stored.schema_version);
            return Err(wrong(0, message));
        }
        let mut baseline = Self { source: Some(source), ..Self::default() };
        for entry in stored.findings {
            baseline.by_fingerprint.insert(entry.fingerprint.clone(), entry.clone());
            *baseline.left.entry(entry).or_default() += 1;
        }
        Ok(baseline)
    }

    /// Whether a finding may be left out: not what a server refuses, not what is locked, nothing about comments.
    #[must_use]
    pub fn may_hold(finding: &Finding, settings: &Settings) -> bool {
        let group = settings.identify(&finding.rule).map(|rule| rule.group);
        finding.severity != Severity::Fatal
            && !settings.is_locked(&finding.rule)
            && finding.rule != "locked-rule"
            && group != Some(Group::Suppression)
    }

    /// Divides findings, each with its fingerprint. An entry takes out as many as it was written for.
    pub fn divide(&mut self, findings: impl IntoIterator<Item = (Finding, String)>, settings: &Settings) -> Divided {
        let mut divided = Divided::default();
        for (finding, fingerprint) in findings {
            if Self::may_hold(&finding, settings) && self.take(&fingerprint) {
                divided.suppressed.push(Suppressed { finding, by: By::Baseline });
            } else {
                divided.left.push(finding);
            }
        }
        divided
    }

    fn take(&mut self, fingerprint: &str) -> bool {
        let entry = self.by_fingerprint.get(fingerprint);
        let Some(count) = entry.and_then(|entry| self.left.get_mut(entry)).filter(|count| **count > 0) else {
            return false;
        };
        *count -= 1;
        true
    }

    /// Entries that nothing was found for, though their files were linted.
    #[must_use]
    pub fn stale(&self, sources: &Sources, was_linted: impl Fn(&str) -> bool) -> Vec<Finding> {
        let Some(source) = self.source else { return Vec::new() };
        let text = sources.get(source).text();
        let stale = self.left.iter().filter(|(entry, count)| **count > 0 && was_linted(&entry.path));
        let mut findings: Vec<Finding> = stale
            .map(|(entry, _)| {
                let start = memchr::memmem::find(text, entry.fingerprint.as_bytes()).unwrap_or(0);
                let end = (start + entry.fingerprint.len()).min(text.len());
                let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
                let at = Span { source, start: offset(start), end: offset(end) };
                let message = format!("`{}` is not found in {} any more", entry.rule, entry.path);
                STALE_BASELINE_ENTRY.finding(at, message).help("write the baseline again with `--write-baseline`")
            })
            .collect();
        findings.sort_by_key(|finding| finding.at);
        findings
    }

    /// The text of a baseline of these findings. Entries of files that were not linted are kept from this one.
    #[must_use]
    pub fn rewritten(&self, found: Vec<Entry>, was_linted: impl Fn(&str) -> bool) -> String {
        #[derive(Serialize)]
        struct Line<'a>(&'a Entry);
        let kept = self.left.iter().filter(|(entry, _)| !was_linted(&entry.path));
        let mut all: Vec<Entry> =
            kept.flat_map(|(entry, count)| std::iter::repeat_n(entry.clone(), *count)).chain(found).collect();
        all.sort();
        let lines: Vec<String> = all
            .iter()
            .map(|entry| format!("    {}", serde_json::to_string(&Line(entry)).expect("texts can be written")))
            .collect();
        let inside = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        format!("{{\n  \"schema_version\": {SCHEMA},\n  \"findings\": [{inside}]\n}}\n")
    }

    /// The paths it has entries for.
    #[must_use]
    pub fn paths(&self) -> BTreeSet<&str> {
        self.left.keys().map(|entry| entry.path.as_str()).collect()
    }
}

/// What is wrong with the JSON, without the place, which is shown otherwise.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Name;

    fn entry(path: &str, rule: &str, fingerprint: &str) -> Entry {
        Entry { path: path.into(), rule: rule.into(), fingerprint: fingerprint.into() }
    }

    fn written(entries: &[Entry]) -> String {
        Baseline::default().rewritten(entries.to_vec(), |_| true)
    }

    fn read(text: &str) -> (Sources, Result<Baseline, Box<Finding>>) {
        let mut sources = Sources::new();
        let id = sources.add(Name::File("lint-baseline.json".into()), text.as_bytes());
        let baseline = Baseline::read(&sources, id);
        (sources, baseline)
    }

    fn finding(severity: Severity) -> Finding {
        Finding::new("long-line", severity, Span { source: SourceId::ROOT, start: 0, end: 0 }, "x")
    }

    #[test]
    fn it_is_sorted_and_has_a_line_an_entry() {
        let text = written(&[entry("b", "x", "3"), entry("a", "y", "2"), entry("a", "x", "1")]);
        assert_eq!(
            text,
            "{\n  \"schema_version\": 1,\n  \"findings\": [\n    {\"path\":\"a\",\"rule\":\"x\",\"fingerprint\":\"1\"},\n    \
             {\"path\":\"a\",\"rule\":\"y\",\"fingerprint\":\"2\"},\n    \
             {\"path\":\"b\",\"rule\":\"x\",\"fingerprint\":\"3\"}\n  ]\n}\n"
        );
        assert_eq!(written(&[]), "{\n  \"schema_version\": 1,\n  \"findings\": []\n}\n");
        assert!(read(&written(&[])).1.is_ok());
    }

    #[test]
    fn an_entry_takes_out_as_many_findings_as_it_was_written_for() {
        let settings = Settings::default();
        let twice = written(&[entry("a", "long-line", "1"), entry("a", "long-line", "1")]);
        let mut baseline = read(&twice).1.unwrap();
        let three = std::iter::repeat_n((finding(Severity::Warning), "1".to_owned()), 3);
        let divided = baseline.divide(three, &settings);
        assert_eq!((divided.suppressed.len(), divided.left.len()), (2, 1));
    }

    #[test]
    fn what_a_server_refuses_is_never_left_out() {
        let mut baseline = read(&written(&[entry("a", "long-line", "1")])).1.unwrap();
        let divided = baseline.divide([(finding(Severity::Fatal), "1".to_owned())], &Settings::default());
        assert_eq!(divided.left.len(), 1);
        let contradicts = Finding::new("locked-rule", Severity::Error, finding(Severity::Info).at, "x");
        assert!(!Baseline::may_hold(&contradicts, &Settings::default()));
    }

    #[test]
    fn what_is_mended_is_stale_and_goes_when_it_is_written_again() {
        let text = written(&[entry("a", "x", "11"), entry("a", "y", "22"), entry("b", "x", "33")]);
        let (sources, baseline) = read(&text);
        let mut baseline = baseline.unwrap();
        assert!(baseline.take("11"));
        let linted = |path: &str| path == "a";
        let stale = baseline.stale(&sources, linted);
        let messages: Vec<(&str, &[u8])> =
            stale.iter().map(|finding| (finding.message.as_str(), sources.bytes(finding.at))).collect();
        assert_eq!(messages, [("`y` is not found in a any more", b"22".as_slice())]);
        let again = baseline.rewritten(vec![entry("a", "x", "11")], linted);
        assert_eq!(again, written(&[entry("a", "x", "11"), entry("b", "x", "33")]), "b was not looked at");
    }

    #[test]
    fn a_broken_file_is_a_finding_with_its_place() {
        for (text, message) in [
            ("", "this is no baseline: EOF while parsing a value"),
            ("{\n<<<<<<< HEAD\n}", "this is no baseline: key must be a string"),
            ("{\"schema_version\": 2, \"findings\": []}", "this program reads baselines of generation 1, not 2"),
            ("{\"findings\": []}", "this is no baseline: missing field `schema_version`"),
        ] {
            let (sources, baseline) = read(text);
            let finding = *baseline.unwrap_err();
            assert_eq!(finding.message, message, "{text}");
            let _ = sources.locate(finding.at);
        }
    }
}
