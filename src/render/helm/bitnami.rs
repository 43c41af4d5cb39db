//! bitnami/redis and bitnami/valkey: `commonConfiguration`, which passes through `tpl` and replaces the chart's own.
//!
//! `extraFlags` are not used: they land between double quotes of bash, and the configuration wins over the flags of the
//! chart anyway. Under Sentinel the chart reads the keys of `replica` alone.

use minijinja::Value;

use super::super::cluster_secrets::{self, Numbered, Split};
use super::super::job::{Job, cannot_say};
use super::super::options::{Chart, Failover, RollOn};
use super::super::secrets::{holds_secret, is_default_user, is_user};
use super::super::sheet::{Line, Word};
use super::super::template::{fill, table, texts};
use super::super::{kubernetes, meaning};
use super::Values;
use super::chart::{self, Owned};
use crate::finding::Finding;

/// What differs between the two charts.
pub(super) struct Flavour {
    chart: Chart,
    /// Key of the primary.
    primary: &'static str,
    /// Whether the chart can be told not to restart pods by a hash of its configuration.
    has_checksum_switch: bool,
}

pub(super) static REDIS: Flavour = Flavour { chart: Chart::BitnamiRedis, primary: "master", has_checksum_switch: true };
pub(super) static VALKEY: Flavour =
    Flavour { chart: Chart::BitnamiValkey, primary: "primary", has_checksum_switch: false };

/// Commands that the chart removes unless told otherwise. Removing one twice stops the server.
const DISABLED: [&str; 2] = ["FLUSHDB", "FLUSHALL"];

const OWNED: &[Owned] = &[
    Owned {
        name: "port",
        value: "6379",
        help: "leave it out of the profile and set the chart's `containerPorts` and `service.ports`",
    },
    Owned { name: "replicaof", value: "no one", help: "leave it out: the chart decides who copies whom" },
    Owned { name: "daemonize", value: "no", help: "leave it out: a container ends with its first process" },
];

/// Where the configuration lies that the chart does not hash.
const OWN_DIRECTORY: &str = "/etc/redisconf";

/// Renders the values.
pub(super) fn values(job: &Job<'_>, flavour: &Flavour) -> Result<Values, Vec<Finding>> {
    let login = chart::login(job)?;
    let Split { lines, users, hidden, mut notes } = split(job, login.as_ref())?;
    let mut lines = chart::without_owned(lines, OWNED)?;
    // The chart writes `dir` from the path of the volume.
    lines.retain(|line| !line.is("dir"));
    let directory = job.secret_directory_or(&format!("/run/{}-secrets", job.setup.server.engine));
    let script = kubernetes::script(job, &mut lines, &users, &hidden, &directory);
    let numbered = Numbered::new(job, users.iter().chain(&hidden));
    let without_login = login.is_none() && (!users.is_empty() || lines.iter().any(is_default_user));
    let restart_only = job.options.roll_on == RollOn::RestartOnly;
    let apart = restart_only && !flavour.has_checksum_switch;
    let file = format!("{}.conf", job.setup.server.engine);
    let configuration = chart::configuration(&lines);
    let common = if apart { format!("include {OWN_DIRECTORY}/{file}\n") } else { configuration.clone() };
    notes.extend(notes_on(job, &lines, login.is_none() && !without_login));
    notes.extend(chart::notes(job));
    let text = fill(
        "helm/bitnami",
        [
            ("header", texts(chart::header(job, flavour.chart))),
            ("image", job.options.image.as_ref().map(|_| chart::image(&job.image())).into()),
            ("architecture", if job.replicas() > 0 { "replication" } else { "standalone" }.into()),
            ("login", chart::reference(login)),
            ("without_login", without_login.into()),
            ("configuration", common.into()),
            ("checksum_off", (restart_only && flavour.has_checksum_switch).into()),
            ("hash", restart_only.then(|| meaning::of(job)).into()),
            ("own_configuration", apart.then_some(configuration).into()),
            ("own_directory", OWN_DIRECTORY.into()),
            ("file", file.into()),
            ("roles", roles(job, flavour)),
            ("sentinel", (job.options.failover == Failover::Sentinel).into()),
            ("has_disabled", disabled(job).is_some().into()),
            ("disabled", texts(disabled(job).unwrap_or_default())),
            ("resources", chart::resources(job)),
            ("grace", job.grace().into()),
            ("kept", job.kept().any().into()),
            ("volume", kubernetes::quantity(job.volume()).into()),
            ("path", (job.data_directory() != "/data").then(|| job.data_directory()).into()),
            ("engine", job.setup.server.engine.word().into()),
            ("script", script.into()),
            ("secrets", numbered.list()),
            ("secret_directory", directory.into()),
        ],
    );
    Ok(Values { text, beside: Vec::new(), notes })
}

/// Sorts the statements; the chart itself brings the clients' password to the server and to replicas.
fn split(job: &Job<'_>, login: Option<&cluster_secrets::Reference>) -> Result<Split, Vec<Finding>> {
    let mut split = cluster_secrets::split(job)?;
    if let Some(line) = job.lines.iter().find(|line| is_default_user(line))
        && line.words.iter().any(|word| matches!(word, Word::Plain(rule) if rule.eq_ignore_ascii_case(b"off")))
    {
        let message = "the chart's probes ask as the user `default`, which is off";
        return Err(vec![cannot_say(line.at, message, "give `default` a password and the right to `+ping`")]);
    }
    // With `requirepass` alone no ACL file is needed: the chart passes the password on.
    if !job.lines.iter().any(|line| is_user(line) && holds_secret(line)) {
        let users = std::mem::take(&mut split.users);
        split.lines.extend(users.into_iter().filter(|line| !holds_secret(line)));
    }
    let same = |line: &Line| {
        line.words.iter().all(|word| cluster_secrets::reference(job, line, word).ok().flatten().as_ref() == login)
    };
    split.hidden.retain(|line| !(line.is("masterauth") && login.is_some() && same(line)));
    Ok(split)
}

/// The keys that describe pods, with the number of replicas where it is theirs.
fn roles(job: &Job<'_>, flavour: &Flavour) -> Value {
    let role = |name: &str, replicas: Option<u32>| table([("name", name.into()), ("replicas", replicas.into())]);
    match (job.replicas(), job.options.failover) {
        (0, _) => vec![role(flavour.primary, None)],
        (replicas, Failover::None) => vec![role(flavour.primary, None), role("replica", Some(replicas))],
        (replicas, Failover::Sentinel) => vec![role("replica", Some(replicas + 1))],
    }
    .into_iter()
    .collect()
}

/// What is left of the commands the chart removes, where the setup renames one of them.
fn disabled(job: &Job<'_>) -> Option<Vec<&'static str>> {
    let renamed = |command: &&str| {
        let is = |word: &Word| matches!(word, Word::Plain(name) if name.eq_ignore_ascii_case(command.as_bytes()));
        job.lines.iter().any(|line| line.is("rename-command") && line.words.first().is_some_and(is))
    };
    DISABLED.iter().any(renamed).then(|| DISABLED.into_iter().filter(|command| !renamed(command)).collect())
}

fn notes_on(job: &Job<'_>, lines: &[Line], chart_password: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let has = |name: &str| lines.iter().any(|line| line.is(name));
    if !has("appendonly") || !has("save") {
        notes.push(
            "commonConfiguration replaces the chart's own, which had AOF on and snapshots off: what the profile leaves \
             open of `appendonly` and `save` is now the server's built-in value"
                .into(),
        );
    }
    if disabled(job).is_none() {
        notes.push("the chart goes on removing FLUSHDB and FLUSHALL (`disableCommands`)".into());
    }
    if chart_password {
        notes.push("the profile names no password: the chart's `auth` stays as it is (on, with a random password)".into());
    }
    if job.options.image.is_none() {
        notes.push(format!(
            "the chart's own image decides which version runs: set the option `image` to one of {}",
            job.setup.server
        ));
    }
    notes
}
