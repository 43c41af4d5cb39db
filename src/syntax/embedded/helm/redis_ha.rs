//! redis-ha of DandyDeveloper.
//!
//! `redis.config` is a map whose entries become lines, printed by a template that respells numbers and switches; the
//! chart's own entries stay where the values do not name them. `sentinel.config` becomes `sentinel KEY MASTER VALUE`.

use super::super::image::Builder;
use super::super::place::Text;
use super::super::yaml::Yaml;
use super::super::{Embedded, Part, known, shell};
use super::{Values, printed};
use crate::server::Engine;
use crate::syntax::assembled::Assembled;
use crate::syntax::reading::Host;
use crate::syntax::survey::Mode;

/// Entries of the chart's own map.
const DEFAULTS: &[&str] = &[
    "maxmemory",
    "maxmemory-policy",
    "min-replicas-max-lag",
    "min-replicas-to-write",
    "rdbchecksum",
    "rdbcompression",
    "repl-diskless-sync",
    "save",
];

/// Directives that applications use for their connections too.
const ANYBODYS: &[&str] = &["bind", "databases", "dir", "loglevel", "port", "save", "timeout", "user", "tls-port"];

pub(super) fn find(values: Values<'_, '_>) -> Vec<Embedded> {
    let config = values.map.path(&["redis", "config"]).filter(|config| config.is_map());
    let custom = values.text(&["redis", "customConfig"]).filter(|text| text.text() != Some(""));
    let mut found = Vec::new();
    let ours = config.filter(|config| is_ours(&values, *config));
    if ours.is_some() || custom.is_some() {
        let name = if custom.is_some() { "customConfig" } else { "config" };
        let Some(key) = values.get("redis").and_then(|redis| redis.key(name)) else { return found };
        let mut embedded = server(&values, "", key);
        if let Some(redis) = values.get("redis") {
            super::container(&mut embedded, redis);
        }
        super::volume(&mut embedded, values.map.path(&["persistentVolume", "enabled"]), "/data");
        match (custom, ours) {
            (Some(custom), _) => embedded.parts.push(Part::Text(Text::of(custom))),
            (None, Some(config)) => {
                let absent: Vec<&str> = DEFAULTS.iter().copied().filter(|name| config.get(name).is_none()).collect();
                let own = ["port", "bind", "requirepass", "masterauth", "protected-mode", "replicaof"];
                embedded.parts.push(Part::Text(Text::decided(&[&own[..], &absent].concat(), key.at())));
                embedded.parts.push(Part::Text(Text::made("dir /data\n", key.at())));
                embedded.parts.push(Part::Text(lines(config, |key| format!("{key} "))));
            }
            (None, None) => {}
        }
        found.push(embedded);
    }
    let sentinel = values.map.path(&["sentinel", "config"]).filter(|config| config.is_map() && ours.is_some());
    if let (Some(config), Some(key)) = (sentinel, values.get("sentinel").and_then(|sentinel| sentinel.key("config"))) {
        let group = values.map.path(&["redis", "masterGroupName"]).and_then(Yaml::known).unwrap_or("mymaster");
        let mut embedded = server(&values, "Sentinel", key);
        embedded.mode = Mode::Sentinel;
        embedded.parts.push(Part::Text(lines(config, |key| match key {
            "maxclients" => format!("{key} "),
            _ => format!("sentinel {key} {group} "),
        })));
        embedded.parts.push(Part::Unseen);
        found.push(embedded);
    }
    found
}

/// Whether the entries are directives, and not what an application wants to know of its server.
fn is_ours(values: &Values<'_, '_>, config: Yaml<'_>) -> bool {
    let names: Vec<&str> = config.entries().into_iter().filter_map(|(key, _)| key.text()).collect();
    let known = names.iter().filter(|name| (values.is_directive)(name.as_bytes())).count();
    let own = names.iter().any(|name| (values.is_directive)(name.as_bytes()) && !ANYBODYS.contains(name));
    own && known * 2 >= names.len()
}

fn server<'t>(values: &Values<'t, '_>, role: &str, key: Yaml<'t>) -> Embedded {
    let mut embedded = values.server(role, key, values.image_or(Builder::Official, Engine::Redis));
    known::word(&mut embedded.facts, "failover", "sentinel", key.at());
    if let Some(count) = values.get("replicas") {
        known::count(&mut embedded.facts, "replicas", count.number().and_then(|n| n.checked_sub(1)), count.at());
        known::count(&mut embedded.facts, "sentinels", count.number(), count.at());
    }
    embedded
}

/// The lines that a map becomes; a list repeats its key.
fn lines(config: Yaml<'_>, before: impl Fn(&str) -> String) -> Text {
    let mut assembled = Assembled::default();
    for (key, value) in config.entries() {
        let Some(name) = key.text() else { continue };
        let values = if value.is_list() { value.items() } else { vec![value] };
        for value in values.into_iter().filter(|value| value.style().is_some() && !value.is_null()) {
            assembled.push_for(key.at(), before(name).as_bytes());
            let said = shell::templated(&printed(value));
            assembled.push_part(&said, 0..said.text().len());
            assembled.push_for(value.at(), b"\n");
        }
    }
    Text { assembled, at: config.at(), host: Host::Fixed }
}
