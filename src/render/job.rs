//! One rendering: the inputs, checked, and the statements to write.

use std::collections::BTreeMap;

use super::options::{Options, Workload};
use super::quote::is_label;
use super::sheet::{self, Line};
use crate::config::{Secret, Setup};
use crate::finding::{Finding, Severity};
use crate::source::{SourceId, Span};

/// One rendering.
pub(super) struct Job<'a> {
    pub(super) setup: &'a Setup,
    pub(super) options: &'a Options,
    pub(super) known: &'a BTreeMap<String, Secret>,
    /// The statements to write.
    pub(super) lines: Vec<Line>,
}

impl<'a> Job<'a> {
    /// Checks the inputs.
    pub(super) fn new(
        setup: &'a Setup,
        options: &'a Options,
        known: &'a BTreeMap<String, Secret>,
    ) -> Result<Self, Vec<Finding>> {
        let wrong: Vec<Finding> = setup.findings.iter().filter(|f| f.severity >= Severity::Error).cloned().collect();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        if let Some(refusal) = setup.config.verdict() {
            let words = refusal.reason.server_words(setup.server);
            let message = format!("{} would not start: {words}", setup.server);
            return Err(vec![
                Finding::new("render-refused-by-server", Severity::Fatal, refusal.at, message)
                    .help("change the value; nothing is rendered that does not start"),
            ]);
        }
        let job = Self { setup, options, known, lines: sheet::lines(setup) };
        let findings = job.check();
        if findings.is_empty() { Ok(job) } else { Err(findings) }
    }

    /// Where to point when nothing better is known: the highest layer, else the first statement.
    pub(super) fn anchor(&self) -> Span {
        let layer = self.setup.layers.last().map(|layer| layer.at);
        let statement = || self.setup.reading.statements().first().map(|statement| statement.at);
        layer.or_else(statement).unwrap_or(Span { source: SourceId::ROOT, start: 0, end: 0 })
    }

    /// A finding about an option.
    pub(super) fn bad_option(&self, message: impl Into<String>, help: &str) -> Finding {
        Finding::new("target-option", Severity::Error, self.anchor(), message).help(help)
    }

    /// Options that make no sense for the target, or hold what breaks it.
    fn check(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let options = self.options;
        if let Some(name) = &options.resource_name
            && !is_label(name)
        {
            let message = format!(
                "`{}` is no name for containers and Kubernetes objects",
                crate::config::printable(name.as_bytes())
            );
            findings.push(
                self.bad_option(message, "use at most 52 lower-case letters, digits and `-`, with a letter in front"),
            );
        }
        if let Some(image) = &options.image
            && !super::place::is_image(image)
        {
            let message = format!("`{}` is no image", crate::config::printable(image.as_bytes()));
            findings.push(self.bad_option(message, "write it as `registry.example/path/name:tag`"));
        }
        if let Some(directory) = &options.secret_directory
            && !(directory.starts_with('/')
                && directory.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b)))
        {
            let message = format!("`{}` is no directory for secrets", crate::config::printable(directory.as_bytes()));
            findings.push(self.bad_option(message, "write an absolute path of letters, digits and `/._-`"));
        }
        let helm = options.target.name() == "helm";
        if !helm && options.chart.is_some() {
            findings.push(
                self.bad_option(
                    "only the target `helm` takes a chart",
                    "leave `chart` out, or set `target = \"helm\"`",
                ),
            );
        }
        if !helm && options.under.is_some() {
            findings.push(self.bad_option(
                "only the target `helm` writes under a key",
                "leave `under` out, or set `target = \"helm\"`",
            ));
        }
        if !helm && options.replicas.is_some_and(|replicas| replicas > 0) {
            findings.push(self.bad_option("only the target `helm` writes replicas", "leave `replicas` out"));
        }
        findings
    }

    /// The name of service, container or objects.
    pub(super) fn resource_name(&self) -> String {
        if let Some(name) = &self.options.resource_name {
            return name.clone();
        }
        let plain = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
        let name: String = self.setup.name.to_ascii_lowercase().chars().map(plain).collect();
        let name: String = name.trim_matches(|c: char| !c.is_ascii_lowercase()).chars().take(52).collect();
        let name = name.trim_end_matches('-');
        if is_label(name) { name.to_owned() } else { self.setup.server.engine.word().to_owned() }
    }

    /// The directory that holds `users.acl` and `secrets.conf`.
    pub(super) fn secret_directory(&self) -> String {
        self.secret_directory_or(&format!("/etc/{}", self.setup.server.engine))
    }

    /// The same, where the target has a habit of its own.
    pub(super) fn secret_directory_or(&self, usual: &str) -> String {
        self.options.secret_directory.as_deref().unwrap_or(usual).trim_end_matches('/').to_owned()
    }

    /// What runs the pods.
    pub(super) fn workload(&self) -> Workload {
        let usual = if self.kept().any() { Workload::StatefulSet } else { Workload::Deployment };
        self.options.workload.unwrap_or(usual)
    }
}

/// A finding about something that the target cannot express.
pub(super) fn cannot_say(at: Span, message: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::new("target-cannot-say", Severity::Error, at, message).help(help)
}
