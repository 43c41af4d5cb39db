//! cloudpirates/redis and cloudpirates/valkey.
//!
//! Redis: all goes into `config.content`, as one string. `extraConfig` is applied twice in some architectures, so that
//! save points double and a renamed command stops the server. Valkey: three keys of the chart and a list of lines; the
//! chart hashes nothing, so that only our annotation restarts pods.

use minijinja::Value;

use super::super::job::Job;
use super::super::options::{Chart, Failover};
use super::super::secrets::is_default_user;
use super::super::sheet::Line;
use super::super::template::{fill, table, texts};
use super::super::{kubernetes, meaning};
use super::Values;
use super::chart::{self, Owned};
use crate::finding::Finding;

const REDIS: &[Owned] = &[
    Owned { name: "port", value: "6379", help: "leave it out of the profile and set the chart's `service.port`" },
    Owned { name: "replicaof", value: "no one", help: "leave it out: the chart decides who copies whom" },
    Owned { name: "daemonize", value: "no", help: "leave it out: a container ends with its first process" },
    Owned { name: "aclfile", value: "", help: "leave it out of the profile and set the chart's `auth.acl`" },
    Owned { name: "cluster-enabled", value: "no", help: "leave it out of the profile and set `architecture: cluster`" },
];

const VALKEY: &[Owned] = &[
    Owned { name: "port", value: "6379", help: "leave it out of the profile and set the chart's `service.port`" },
    Owned { name: "replicaof", value: "no one", help: "leave it out: the chart decides who copies whom" },
    Owned { name: "daemonize", value: "no", help: "leave it out: a container ends with its first process" },
    Owned { name: "dir", value: "/data", help: "leave it out: the chart keeps the data in /data" },
    Owned { name: "aclfile", value: "", help: "leave it out: the chart mounts no such file" },
];

/// Renders the values of the chart for Redis.
pub(super) fn redis(job: &Job<'_>) -> Result<Values, Vec<Finding>> {
    chart::rolls_always(job)?;
    let common = Common::new(job, REDIS)?;
    let path = common.lines.iter().any(|line| line.is("dir")).then(|| job.data_directory());
    let text = fill(
        "helm/cloudpirates-redis",
        [
            ("header", texts(chart::header(job, Chart::CloudPiratesRedis))),
            ("image", chart::image(&job.image())),
            ("architecture", common.architecture.into()),
            ("nodes", common.nodes.into()),
            ("login", common.login),
            ("without_login", common.without_login.into()),
            ("sentinel", common.sentinel.into()),
            ("configuration", chart::configuration(&common.lines).into()),
            ("grace", job.grace().into()),
            ("resources", chart::resources(job)),
            ("kept", job.kept().any().into()),
            ("volume", kubernetes::quantity(job.volume()).into()),
            ("path", path.into()),
        ],
    );
    Ok(Values { text, beside: Vec::new(), notes: common.notes })
}

/// Renders the values of the chart for Valkey.
pub(super) fn valkey(job: &Job<'_>) -> Result<Values, Vec<Finding>> {
    let mut common = Common::new(job, VALKEY)?;
    let mut take = |name: &str| -> Vec<String> {
        let (taken, left): (Vec<Line>, Vec<Line>) =
            std::mem::take(&mut common.lines).into_iter().partition(|line| line.is(name));
        common.lines = left;
        let text = |line: &Line| String::from_utf8_lossy(&line.plain().join(&b' ')).into_owned();
        taken.iter().map(text).collect()
    };
    let (limit, policy, save) = (take("maxmemory").pop(), take("maxmemory-policy").pop(), take("save"));
    if policy.is_none() {
        common.notes.push("the profile leaves maxmemory-policy open: the chart sets allkeys-lru".into());
    }
    if save.is_empty() {
        common.notes.push("the profile leaves `save` open: the chart has save points of its own".into());
    }
    if job.kept().any() && job.grace() > 30 {
        common.notes.push(format!("the chart gives a server 30 s to stop; the last snapshot may need {} s", job.grace()));
    }
    let text = fill(
        "helm/cloudpirates-valkey",
        [
            ("header", texts(chart::header(job, Chart::CloudPiratesValkey))),
            ("image", chart::image(&job.image())),
            ("architecture", common.architecture.into()),
            ("nodes", common.nodes.into()),
            ("hash", meaning::of(job).into()),
            ("login", common.login),
            ("without_login", common.without_login.into()),
            ("sentinel", common.sentinel.into()),
            ("memory_limit", limit.into()),
            ("policy", policy.into()),
            ("save", table([("set", (!save.is_empty()).into()), ("points", save.join(" ").into())])),
            ("lines", texts(chart::texts(&common.lines))),
            ("resources", chart::resources(job)),
            ("kept", job.kept().any().into()),
            ("volume", kubernetes::quantity(job.volume()).into()),
        ],
    );
    Ok(Values { text, beside: Vec::new(), notes: common.notes })
}

/// What the two charts have in common.
struct Common {
    lines: Vec<Line>,
    architecture: &'static str,
    /// All servers, where there are replicas.
    nodes: Option<u32>,
    login: Value,
    without_login: bool,
    sentinel: bool,
    notes: Vec<String>,
}

impl Common {
    fn new(job: &Job<'_>, owned: &[Owned]) -> Result<Self, Vec<Finding>> {
        let login = chart::login(job)?;
        let (lines, mut notes) = chart::one_password(job, login.as_ref())?;
        let lines = chart::without_owned(lines, owned)?;
        let replicas = job.replicas();
        let default = lines.iter().find(|line| is_default_user(line));
        let without_login = login.is_none() && default.is_some();
        if login.is_none() && !without_login {
            notes.push("the profile names no password: the chart's `auth` stays as it is (on, with a random password)".into());
        }
        notes.extend(chart::notes(job));
        Ok(Self {
            lines,
            architecture: if replicas > 0 { "replication" } else { "standalone" },
            nodes: (replicas > 0).then_some(replicas + 1),
            login: chart::reference(login),
            without_login,
            sentinel: job.options.failover == Failover::Sentinel,
            notes,
        })
    }
}

