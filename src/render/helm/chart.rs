//! What the charts have in common: directives they own, topology, image, and who logs in.

use minijinja::Value;

use super::super::cluster_secrets::{self, Reference};
use super::super::comment;
use super::super::job::{Job, cannot_say};
use super::super::options::{Chart, RollOn};
use super::super::secrets::{holds_secret, is_default_user, is_user};
use super::super::sheet::Line;
use super::super::template::table;
use super::super::{conf, kubernetes};
use crate::finding::{Finding, Severity};
use crate::server::Engine;
use crate::syntax::quote::{conf_line, conf_word};

/// The engine that a chart runs.
pub(super) fn engine(chart: Chart) -> Option<Engine> {
    match chart {
        Chart::BitnamiRedis | Chart::CloudPiratesRedis => Some(Engine::Redis),
        Chart::BitnamiValkey | Chart::CloudPiratesValkey | Chart::Valkey => Some(Engine::Valkey),
        Chart::CommandList => None,
    }
}

/// A directive that a chart writes itself.
pub(super) struct Owned {
    /// Its name.
    pub(super) name: &'static str,
    /// The chart's own value, which may be left to it.
    pub(super) value: &'static str,
    /// The chart's key for it, or why there is none.
    pub(super) help: &'static str,
}

/// Directives of TLS, whose files a chart mounts.
const TLS: [&str; 5] = ["tls-port", "tls-cert-file", "tls-key-file", "tls-ca-cert-file", "tls-dh-params-file"];

/// Leaves out what the chart sets to the same value itself.
///
/// # Errors
/// A finding for each directive that would break what the chart builds around it.
pub(super) fn without_owned(lines: Vec<Line>, owned: &[Owned]) -> Result<Vec<Line>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut kept = Vec::new();
    for line in lines {
        if TLS.iter().any(|name| line.is(name)) {
            let message = format!("the chart writes `{}` itself", line.name);
            let help = "leave it out of the profile and set the chart's own `tls` keys";
            findings.push(Finding::new("chart-owns-directive", Severity::Error, line.at, message).help(help));
            continue;
        }
        match owned.iter().find(|owned| line.is(owned.name)) {
            None => kept.push(line),
            Some(owned) if line.plain().join(&b' ') == owned.value.as_bytes() => {}
            Some(owned) => {
                let message = format!("the chart writes `{}` itself", line.name);
                let finding = Finding::new("chart-owns-directive", Severity::Error, line.at, message);
                findings.push(finding.help(owned.help));
            }
        }
    }
    if findings.is_empty() { Ok(kept) } else { Err(findings) }
}

/// The statements as text, in the order of a configuration file, without comments: charts hash this text, and a reason
/// that was reworded must not restart a server.
pub(super) fn configuration(lines: &[Line]) -> String {
    texts(lines).into_iter().map(|line| line + "\n").collect()
}

/// The same, one text a statement.
pub(super) fn texts(lines: &[Line]) -> Vec<String> {
    let text = |line: &Line| conf_line(&conf_word(line.name.as_bytes()), line.plain());
    conf::groups(lines).into_iter().flat_map(|(_, lines)| lines).map(text).collect()
}

/// What stands above the values.
pub(super) fn header(job: &Job<'_>, chart: Chart) -> Vec<String> {
    if job.options.under.is_some() {
        return Vec::new();
    }
    comment::header(job, &format!("values of the chart {}", chart.name()))
}

/// Refuses to restart pods for some changes only, where a chart restarts them by a hash of its own.
pub(super) fn rolls_always(job: &Job<'_>) -> Result<(), Vec<Finding>> {
    match job.options.roll_on {
        RollOn::AnyChange => Ok(()),
        RollOn::RestartOnly => Err(vec![job.bad_option(
            "this chart restarts its pods whenever its configuration changes",
            "set `roll-on = \"any-change\"`, or use the target `kubernetes` or a chart of Bitnami",
        )]),
    }
}

/// Memory and processors for templates: requests equal limits for memory, and no limit throttles the command thread.
pub(super) fn resources(job: &Job<'_>) -> Value {
    let memory: Value = job.memory().map(kubernetes::quantity).into();
    table([("memory", memory), ("cpus", job.cpus().into())])
}

/// The parts of an image for templates.
pub(super) fn image(image: &str) -> Value {
    let (registry, rest) = match image.split_once('/') {
        Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => (first, rest),
        _ => ("docker.io", image),
    };
    let (name, digest) = rest.split_once('@').map_or((rest, None), |(name, digest)| (name, Some(digest)));
    let (repository, tag) = name.rsplit_once(':').unwrap_or((name, ""));
    let tag = digest.map_or_else(|| tag.to_owned(), |digest| format!("{tag}@{digest}"));
    table([("registry", registry.into()), ("repository", repository.into()), ("tag", tag.into())])
}

/// The password of clients that name no user.
pub(super) fn login(job: &Job<'_>) -> Result<Option<Reference>, Vec<Finding>> {
    let user = job.lines.iter().find(|line| is_default_user(line));
    let Some(line) = user.or_else(|| job.lines.iter().find(|line| line.is("requirepass"))) else { return Ok(None) };
    let mut found = line.words.iter().filter_map(|word| cluster_secrets::reference(job, line, word).transpose());
    found.next().transpose()
}

/// A reference for templates.
pub(super) fn reference(reference: Option<Reference>) -> Value {
    reference.map(|r| table([("name", r.name.into()), ("key", r.key.into())])).into()
}

/// For charts that know one password, for clients and replicas: what is left when the chart has it.
///
/// # Errors
/// Users with passwords, and a second password.
pub(super) fn one_password(job: &Job<'_>, login: Option<&Reference>) -> Result<(Vec<Line>, Vec<String>), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut notes = Vec::new();
    let mut lines = Vec::new();
    for line in job.lines.iter().filter(|line| !line.is("requirepass") || !holds_secret(line)) {
        if !holds_secret(line) {
            lines.push(line.clone());
        } else if is_user(line) {
            let help = "use a chart of Bitnami, valkey-io/valkey or the target `kubernetes`";
            findings.push(cannot_say(line.at, "the chart has no place for users with passwords", help));
        } else if line.is("masterauth") {
            let found = line.words.iter().find_map(|word| cluster_secrets::reference(job, line, word).transpose());
            match found.transpose() {
                Ok(found) if found.as_ref() == login => {}
                Ok(_) if job.replicas() == 0 && !job.lines.iter().any(|line| line.is("replicaof")) => {
                    notes.push(format!("`{}` is left out: without replicas nobody logs in with it", line.name));
                }
                Ok(_) => {
                    let message = format!("the chart has replicas log in with the clients' password, not with `{}`", line.name);
                    findings.push(cannot_say(line.at, message, "let both name the same secret, or use a chart of Bitnami"));
                }
                Err(more) => findings.extend(more),
            }
        } else {
            let message = format!("the chart has no place for the secret of `{}`", line.name);
            findings.push(cannot_say(line.at, message, "use a chart of Bitnami or the target `kubernetes`"));
        }
    }
    if findings.is_empty() { Ok((lines, notes)) } else { Err(findings) }
}

/// What holds for every chart.
pub(super) fn notes(job: &Job<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if job.memory().is_none() {
        notes.push("the fact `memory` is not known, so that the chart's own resources stay".to_owned());
    }
    if job.kept().any() && job.options.volume.is_none() && job.setup.config.get("maxmemory").is_none() && job.memory().is_none() {
        notes.push("the size of the volume is a guess: set the fact `memory` or `dataset`, or the option `volume`".to_owned());
    }
    notes
}
