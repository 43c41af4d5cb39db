//! Plain manifests for Kubernetes: one server with its configuration, its volume and its service.

use minijinja::Value;

use super::cluster_secrets::{self, Numbered, Split};
use super::comment;
use super::job::{Job, cannot_say};
use super::options::{Failover, Secrets, Workload};
use super::secrets::{self, OWNER_ONLY, Surface};
use super::sheet::Line;
use super::template::{fill, table, texts};
use super::{Artefact, Rendered, conf, meaning, quote};
use crate::config::Value as Setting;
use crate::finding::Finding;

pub(super) const NAME: &str = "kubernetes";
pub(super) const SUMMARY: &str = "manifests: ConfigMap, Service and StatefulSet or Deployment";
pub(super) const TEMPLATES: &[(&str, &str)] = &[
    ("kubernetes", include_str!("../../templates/kubernetes.j2")),
    ("kubernetes-secrets", include_str!("../../templates/kubernetes-secrets.j2")),
];

/// Renders the manifests.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let findings = check(job);
    if !findings.is_empty() {
        return Err(findings);
    }
    let (mut split, exposed) = match job.options.secrets {
        Secrets::Clear => {
            let placed = secrets::place(job, Surface::File)?;
            (Split { lines: placed.lines, ..Split::default() }, placed.exposed)
        }
        Secrets::Refuse | Secrets::AclFile => (cluster_secrets::split(job)?, false),
    };
    let directory = job.secret_directory_or(&format!("/run/{}-secrets", job.setup.server.engine));
    let script = script(job, &mut split.lines, &split.users, &split.hidden, &directory);
    let engine = job.setup.server.engine;
    let configuration = String::from_utf8(conf::text(job, &split.lines)).expect("a rendered conf is text");
    let file = format!("{engine}.conf");
    let kept = job.kept().any();
    let stateful = job.workload() == Workload::StatefulSet;
    let login = login(job);
    let client: Vec<String> = job.client().iter().map(|word| quote::sh(word)).collect();
    let ping = format!("{} ping", client.join(" "));
    let ready = if login.is_some() { format!("{ping} | grep -q PONG") } else { job.health_command() };
    let numbered = Numbered::new(job, split.users.iter().chain(&split.hidden));
    let text = fill(
        "kubernetes",
        [
            ("header", texts(comment::header(job, "manifests"))),
            ("name", job.resource_name().into()),
            ("headless", format!("{}-headless", job.resource_name()).into()),
            ("engine", engine.word().into()),
            ("file", file.as_str().into()),
            ("configuration", configuration.into()),
            ("script", script.into()),
            ("script_path", format!("/etc/{engine}/secrets.sh").into()),
            ("secrets", numbered.list()),
            ("secret_directory", directory.into()),
            ("login", login.map(|r| table([("name", r.name.into()), ("key", r.key.into())])).into()),
            ("stateful", stateful.into()),
            ("kept", kept.into()),
            ("hash", meaning::of(job).into()),
            ("image", job.image().into()),
            ("command", texts([engine.program().to_owned(), format!("/etc/{engine}/{file}")])),
            ("configuration_directory", format!("/etc/{engine}").into()),
            ("ports", ports(job)),
            ("alive", ping.into()),
            ("ready", ready.into()),
            ("start_failures", (job.grace() / 5).into()),
            ("grace", job.grace().into()),
            ("memory", job.memory().map(quantity).into()),
            ("cpus", job.cpus().into()),
            ("data", job.data_directory().into()),
            ("volume", quantity(job.volume()).into()),
        ],
    );
    let mode = exposed.then_some(OWNER_ONLY);
    let main = Artefact { path: "kubernetes.yaml".into(), text, mode, secret: exposed };
    Ok(Rendered { artefacts: vec![main], notes: [split.notes, notes(job)].concat() })
}

/// What makes no sense in a pod.
fn check(job: &Job<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if job.options.failover == Failover::Sentinel {
        let help = "use the target `helm` with a chart that has Sentinel";
        findings.push(job.bad_option("the manifests have no Sentinel, which needs a file that it can rewrite", help));
    }
    let configuration = format!("/etc/{}", job.setup.server.engine);
    if job.secret_directory_or("") == configuration {
        let message = format!("`{configuration}` holds the ConfigMap, so that no secret can be written there");
        findings.push(job.bad_option(message, "leave `secret-directory` out"));
    }
    if job.options.workload == Some(Workload::Deployment) && job.kept().any() {
        let help = "set `save = []` and `appendonly = false`, or leave the kind to redisconf";
        findings.push(job.bad_option("a Deployment has no volume, but this server keeps data", help));
    }
    if job.port("port").is_none() && job.port("tls-port").is_none() {
        let at = job.lines.iter().find(|line| line.is("port")).map_or(job.anchor(), |line| line.at);
        findings.push(cannot_say(at, "a Service needs a port, and this server has none", "set `port` or `tls-port`"));
    }
    // The root file system is read-only: a file elsewhere than on a volume stops the server.
    for line in job.lines.iter().filter(|line| line.is("logfile") || line.is("unixsocket")) {
        let name = line.directive.map_or("", |directive| directive.name());
        if let Some(Setting::Text(path)) = job.setup.config.get(name) {
            let path = String::from_utf8_lossy(path).into_owned();
            let inside = |volume: &str| path.strip_prefix(volume).is_some_and(|rest| rest.starts_with('/'));
            if path.starts_with('/') && !inside("/tmp") && !inside(&job.data_directory()) {
                let message = format!("`{name}` names a file where the pod cannot write");
                findings.push(cannot_say(line.at, message, "leave it out (a pod's log is its output), or use /tmp or the data directory"));
            }
        }
    }
    findings
}

/// What else the user should know.
fn notes(job: &Job<'_>) -> Vec<String> {
    let mut notes = job.container_notes();
    if let Some(length) = job.backlog() {
        notes.push(format!(
            "net.core.somaxconn is not set: Kubernetes counts it as unsafe, and kernels since 5.4 start with 4096 (tcp-backlog is {length})"
        ));
    }
    if job.kept().any() && job.options.volume.is_none() && job.memory().is_none() {
        notes.push("the size of the volume is a guess: set the fact `memory` or `dataset`, or the option `volume`".into());
    }
    notes
}

/// The script that writes `users.acl` and `secrets.conf`; `lines` get the statements that read them.
pub(super) fn script(
    job: &Job<'_>,
    lines: &mut Vec<Line>,
    users: &[Line],
    hidden: &[Line],
    directory: &str,
) -> Option<String> {
    if users.is_empty() && hidden.is_empty() {
        return None;
    }
    let numbered = Numbered::new(job, users.iter().chain(hidden));
    let mut read = |name: &str, file: &str| {
        lines.push(Line::made(job.setup, name, &[&format!("{directory}/{file}")], job.anchor()));
    };
    if !users.is_empty() {
        read("aclfile", "users.acl");
    }
    if !hidden.is_empty() {
        // Last: what an include holds wins over what stands above.
        read("include", "secrets.conf");
    }
    let text = fill(
        "kubernetes-secrets",
        [
            ("secrets", numbered.list()),
            ("users", numbered.users(job, users)),
            ("hidden", numbered.hidden(job, hidden)),
            ("directory", directory.into()),
        ],
    );
    Some(String::from_utf8(text).expect("a filled template is text"))
}

/// The Secret with the password of clients that have not logged in, for probes.
fn login(job: &Job<'_>) -> Option<cluster_secrets::Reference> {
    if job.options.secrets == Secrets::Clear {
        return None;
    }
    let user = job.lines.iter().find(|line| secrets::is_default_user(line));
    let line = user.or_else(|| job.lines.iter().find(|line| line.is("requirepass")))?;
    line.words.iter().find_map(|word| cluster_secrets::reference(job, line, word).ok().flatten())
}

/// Open ports by name.
fn ports(job: &Job<'_>) -> Value {
    let engine = job.setup.server.engine.word();
    let named = [(engine.to_owned(), "port"), (format!("{engine}-tls"), "tls-port")];
    let open = named.into_iter().filter_map(|(name, directive)| job.port(directive).map(|port| (name, port)));
    open.map(|(name, port)| table([("name", name.into()), ("port", port.into())])).collect()
}

/// Bytes as Kubernetes reads them.
pub(super) fn quantity(bytes: u64) -> String {
    let units = [("Gi", 30), ("Mi", 20), ("Ki", 10)];
    let unit = units.into_iter().find(|(_, shift)| bytes.trailing_zeros() >= *shift);
    unit.map_or_else(|| bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}
