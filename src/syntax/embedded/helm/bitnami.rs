//! bitnami/redis and bitnami/valkey.
//!
//! The start script gives the server `--port --requirepass --masterauth`, then `--include redis.conf` (`commonConfiguration`),
//! `--include master.conf` (`master.configuration` and `disableCommands`), then `extraFlags`. With Sentinel all pods are
//! alike: replica.conf comes before redis.conf, and what is said of the master is not used.

use super::super::image::Builder;
use super::super::place::Text;
use super::super::yaml::Yaml;
use super::super::{Embedded, Part, compose, known, shell};
use super::super::{probe, recognise};
use super::{Values, printed};
use crate::server::Engine;
use crate::source::Span;
use crate::syntax::argv::Given;
use crate::syntax::assembled::Assembled;
use crate::syntax::reading::Host;
use crate::syntax::survey::Mode;

/// Limits of the chart's presets: cores and MiB.
const PRESETS: &[(&str, f64, u64)] = &[
    ("nano", 0.15, 192),
    ("micro", 0.375, 384),
    ("small", 0.75, 768),
    ("medium", 0.75, 1536),
    ("large", 1.5, 3072),
    ("xlarge", 3.0, 6144),
    ("2xlarge", 6.0, 12_288),
];

/// What the pods of a role are.
struct Role<'t> {
    /// For people, and for the fact `role` where it is the same for all pods.
    name: &'static str,
    fixed: bool,
    map: Option<Yaml<'t>>,
}

pub(super) fn find(values: Values<'_, '_>) -> Vec<Embedded> {
    let first = ["master", "primary"].into_iter().find_map(|key| values.get(key).filter(|map| map.is_map()));
    if values.get("commonConfiguration").is_none() && !first.is_some_and(|map| is_ours(&values, map)) {
        return Vec::new();
    }
    let engine = match (values.get("primary"), values.get("master"), values.image()) {
        (Some(_), _, _) => Engine::Valkey,
        (None, Some(_), _) => Engine::Redis,
        (None, None, Some(image)) => image.told.engine().unwrap_or(Engine::Redis),
        (None, None, None) if values.path.contains("valkey") => Engine::Valkey,
        (None, None, None) => Engine::Redis,
    };
    let replica = values.get("replica");
    let has_sentinel = values.map.path(&["sentinel", "enabled"]).and_then(Yaml::switch) == Some(true);
    let is_alone = values.map.path(&["architecture"]).and_then(Yaml::known) == Some("standalone");
    let mut roles = Vec::new();
    if has_sentinel {
        roles.push(Role { name: "node", fixed: false, map: replica });
    } else {
        roles.push(Role { name: "primary", fixed: true, map: first });
        if !is_alone {
            roles.push(Role { name: "replica", fixed: true, map: replica });
        }
    }
    let mut found: Vec<Embedded> =
        roles.iter().map(|role| server(&values, role, engine, has_sentinel, is_alone)).collect();
    found.extend(sentinel(&values, engine).filter(|_| has_sentinel));
    found
}

/// Whether the values of a role are those of these charts: others of Bitnami's have the same keys for other servers.
fn is_ours(values: &Values<'_, '_>, role: Yaml<'_>) -> bool {
    let configuration = role.get("configuration").and_then(Yaml::text);
    let is_flag = |item: Yaml<'_>| {
        let name = item.text().and_then(|text| text.strip_prefix("--")?.split_whitespace().next());
        name.is_some_and(|name| (values.is_directive)(name.as_bytes()))
    };
    role.get("disableCommands").is_some_and(Yaml::is_list)
        || configuration.is_some_and(|text| recognise::is_configuration("", text.as_bytes(), values.is_directive))
        || role.get("extraFlags").map(Yaml::items).unwrap_or_default().into_iter().any(is_flag)
}

fn server(values: &Values<'_, '_>, role: &Role<'_>, engine: Engine, has_sentinel: bool, is_alone: bool) -> Embedded {
    let common = values
        .map
        .key("commonConfiguration")
        .or_else(|| values.map.key("master"))
        .or_else(|| values.map.key("primary"));
    let image = values.image_or(Builder::Bitnami, engine);
    let mut embedded = values.server(role.name, common.unwrap_or(values.map), image);
    let at = embedded.at;
    known::word(&mut embedded.facts, "shell", "exec", at);
    if role.fixed {
        known::word(&mut embedded.facts, "role", role.name, at);
    }
    if has_sentinel {
        known::word(&mut embedded.facts, "failover", "sentinel", at);
    } else {
        known::word(&mut embedded.facts, "failover", "none", at);
    }
    let count = values.map.path(&["replica", "replicaCount"]);
    if let Some(count) = count.filter(|_| !is_alone) {
        // With Sentinel one of the nodes is the primary, and each has a Sentinel beside it.
        let nodes = count.number();
        known::count(
            &mut embedded.facts,
            "replicas",
            if has_sentinel { nodes.map(|n| n.saturating_sub(1)) } else { nodes },
            count.at(),
        );
        if has_sentinel {
            known::count(&mut embedded.facts, "sentinels", nodes, count.at());
        }
    }
    if let Some(map) = role.map {
        super::container(&mut embedded, map);
        preset(&mut embedded, map);
        super::service(&mut embedded, map);
        custom_probes(&mut embedded, map);
        let root = map.path(&["containerSecurityContext", "runAsUser"]);
        match root.map(|user| (user.number(), user.at())) {
            Some((Some(number), at)) => {
                known::word(&mut embedded.facts, "user", if number == 0 { "root" } else { "service" }, at);
            }
            Some((None, _)) => {}
            None => known::word(&mut embedded.facts, "user", "service", at),
        }
    } else {
        known::word(&mut embedded.facts, "user", "service", at);
        known::time(&mut embedded.facts, "grace", Some(30_000), at);
    }
    let path = role.map.and_then(|map| map.path(&["persistence", "path"])).and_then(Yaml::known).unwrap_or("/data");
    super::volume(&mut embedded, role.map.and_then(|map| map.path(&["persistence", "enabled"])), path);
    flags(values, &mut embedded, role);
    let own = configuration(role.map, path, at);
    let common = common_part(values);
    let (before, behind) = if has_sentinel { (own, common) } else { (common, own) };
    embedded.parts.extend([before, behind]);
    embedded.parts.extend(role.map.and_then(|map| map.get("extraFlags")).and_then(extra_flags));
    embedded
}

/// What the start script says before the files.
fn flags(values: &Values<'_, '_>, embedded: &mut Embedded, role: &Role<'_>) {
    let at = values.get("auth").map_or(embedded.at, |_| values.map.key("auth").map_or(embedded.at, Yaml::at));
    match values.map.path(&["auth", "enabled"]).map(|on| (on.switch(), on.at())) {
        Some((Some(false), at)) => embedded.parts.push(Part::Text(Text::made("protected-mode no\n", at))),
        Some((Some(true), at)) => embedded.parts.push(Part::Text(Text::decided(&["requirepass", "masterauth"], at))),
        Some((None, at)) => {
            embedded.parts.push(Part::Text(Text::decided(&["requirepass", "masterauth", "protected-mode"], at)));
        }
        // The chart's own default.
        None => embedded.parts.push(Part::Text(Text::decided(&["requirepass", "masterauth"], at))),
    }
    if let Some(on) = values.map.path(&["tls", "enabled"]).filter(|on| on.switch() != Some(false)) {
        let directives = ["port", "tls-port", "tls-cert-file", "tls-key-file", "tls-ca-cert-file", "tls-auth-clients"];
        embedded.parts.push(Part::Text(Text::decided(&directives, on.at())));
    }
    if role.name != "primary" {
        embedded.parts.push(Part::Text(Text::decided(&["replicaof"], embedded.at)));
    }
}

/// redis.conf, which holds `commonConfiguration`.
fn common_part(values: &Values<'_, '_>) -> Part {
    let existing = values.map.path(&["existingConfigmap"]).and_then(Yaml::text).is_some_and(|name| !name.is_empty());
    match values.text(&["commonConfiguration"]) {
        Some(text) if !existing => Part::Included(Text::of(text)),
        // The chart's default, which is not the same in all its versions, or another's file.
        Some(_) | None => Part::Unseen,
    }
}

/// master.conf or replica.conf.
fn configuration(map: Option<Yaml<'_>>, path: &str, at: Span) -> Part {
    let mut assembled = Assembled::default();
    assembled.push_for(at, format!("dir {path}\n").as_bytes());
    let text = map.and_then(|map| map.get("configuration")).filter(|text| text.style().is_some() && !text.is_null());
    let mut place = at;
    let mut host = Host::Fixed;
    if let Some(text) = text {
        let own = Text::of(text);
        assembled.push_part(&own.assembled, 0..own.assembled.text().len());
        assembled.push_for(own.at, b"\n");
        (place, host) = (own.at, own.host);
    }
    for command in map.and_then(|map| map.get("disableCommands")).map(Yaml::items).unwrap_or_default() {
        if let Some(name) = command.known() {
            assembled.push_for(command.at(), format!("rename-command {name} \"\"\n").as_bytes());
        }
    }
    Part::Included(Text { assembled, at: place, host })
}

/// `extraFlags`: each item is one argument.
fn extra_flags(list: Yaml<'_>) -> Option<Part> {
    let given: Option<Vec<Given>> = list
        .items()
        .into_iter()
        .filter(|item| !item.is_null())
        .map(|item| {
            let given = compose::given(item, list.is_flow(), |_| shell::templated(&printed(item)))?;
            Some(given)
        })
        .collect();
    given.filter(|given| !given.is_empty()).map(|given| Part::Options(given, true))
}

fn preset(embedded: &mut Embedded, map: Yaml<'_>) {
    let explicit = map.get("resources").is_some_and(|resources| !resources.entries().is_empty());
    let Some(preset) = map.get("resourcesPreset").filter(|_| !explicit) else { return };
    let known_preset = PRESETS.iter().find(|(name, _, _)| preset.known() == Some(*name));
    if let Some((_, cores, mebibytes)) = known_preset {
        known::bytes(&mut embedded.facts, "memory", Some(mebibytes << 20), preset.at());
        known::cores(&mut embedded.facts, "cpus", Some(*cores), preset.at());
    }
}

/// Probes that replace the chart's own, whose scripts take a loading server for alive.
fn custom_probes(embedded: &mut Embedded, map: Yaml<'_>) {
    for (key, name) in [("customLivenessProbe", "livenessProbe"), ("customReadinessProbe", "readinessProbe")] {
        let custom = map.get(key).filter(|probe| !probe.entries().is_empty());
        let is_on = map.path(&[name, "enabled"]).and_then(Yaml::switch) != Some(false);
        match custom {
            Some(custom) => {
                let at = map.key(key).map_or(custom.at(), Yaml::at);
                probe::learn_one(&mut embedded.facts, name, custom, at);
            }
            None if name == "livenessProbe" && is_on => {
                known::word(&mut embedded.facts, "liveness", "accepts-loading", embedded.at);
            }
            None => {}
        }
    }
}

/// Sentinel's own configuration.
fn sentinel(values: &Values<'_, '_>, engine: Engine) -> Option<Embedded> {
    let text = values.text(&["sentinel", "configuration"])?;
    let key = values.get("sentinel")?.key("configuration")?;
    let mut embedded = values.server("Sentinel", key, values.image_or(Builder::Bitnami, engine));
    embedded.mode = Mode::Sentinel;
    embedded.parts.push(Part::Text(Text::of(text)));
    embedded.parts.push(Part::Unseen);
    Some(embedded)
}
