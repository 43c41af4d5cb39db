//! cloudpirates/redis and cloudpirates/valkey.
//!
//! What these charts write beside the values is not the same in all their versions, so its values are left open.

use super::super::image::Builder;
use super::super::place::Text;
use super::super::yaml::Yaml;
use super::super::{Embedded, Part, command, known, scalar, shell};
use super::{Values, printed};
use crate::server::Engine;
use crate::syntax::argv::Given;
use crate::syntax::assembled::Assembled;
use crate::syntax::reading::Host;

/// Directives that both charts may write themselves.
const DECIDED: &[&str] =
    &["bind", "protected-mode", "requirepass", "masterauth", "daemonize", "loglevel", "replicaof", "tls-port"];

/// Values of the chart for Redis.
pub(super) fn redis(values: Values<'_, '_>) -> Vec<Embedded> {
    let content = values.text(&["config", "content"]);
    let extra = values.text(&["extraConfig"]);
    let runs_redis = values.image().is_some_and(|image| image.told.engine() == Some(Engine::Redis));
    let key = match (content, extra) {
        (Some(_), _) => values.get("config").and_then(|config| config.key("content")),
        (None, Some(_)) if values.get("architecture").is_some() || runs_redis => values.map.key("extraConfig"),
        (None, _) => None,
    };
    let Some(key) = key else { return Vec::new() };
    let mut embedded = common(&values, key, Engine::Redis, values.map.path(&["persistence", "mountPath"]));
    let existing = values.map.path(&["config", "existingConfigmap"]).and_then(Yaml::text);
    if existing.is_some_and(|name| !name.is_empty()) {
        embedded.parts.push(Part::Unseen);
    }
    embedded.parts.extend(content.into_iter().chain(extra).map(|text| Part::Text(Text::of(text))));
    // Pasted into a shell's command line.
    let flags = values.get("extraFlags").map(Yaml::items).unwrap_or_default();
    let words = |item: Yaml<'_>| -> Vec<Given> {
        let line = shell::templated(&printed(item));
        let commands = shell::script(&line);
        commands.iter().flat_map(|one| &one.words).map(|word| command::given(&line, word, None)).collect()
    };
    let given: Vec<Given> = flags.into_iter().flat_map(words).collect();
    if !given.is_empty() {
        embedded.parts.push(Part::Options(given, true));
    }
    vec![embedded]
}

/// Values of the chart for Valkey.
pub(super) fn valkey(values: Values<'_, '_>) -> Vec<Embedded> {
    let Some(config) = values.get("config").filter(|config| config.is_map()) else { return Vec::new() };
    let lines = config.get("extraConfig").filter(|lines| lines.is_list());
    let own = ["maxMemory", "maxMemoryPolicy"].iter().any(|key| config.get(key).is_some());
    let Some(key) = values.map.key("config").filter(|_| own || lines.is_some()) else { return Vec::new() };
    let mut embedded = common(&values, key, Engine::Valkey, None);
    if config.get("existingConfigmap").and_then(Yaml::text).is_some_and(|name| !name.is_empty()) {
        embedded.parts.push(Part::Unseen);
    }
    let mut text = Assembled::default();
    for (name, directive) in [("maxMemory", "maxmemory"), ("maxMemoryPolicy", "maxmemory-policy"), ("save", "save")] {
        let value = config.get(name).filter(|value| value.style().is_some() && !value.is_null());
        let (Some(value), Some(key)) = (value, config.key(name)) else {
            embedded.parts.push(Part::Text(Text::decided(&[directive], key.at())));
            continue;
        };
        if value.text() == Some("") && name != "save" {
            continue;
        }
        text.push_for(key.at(), format!("{directive} ").as_bytes());
        if value.text() == Some("") {
            text.push_for(value.at(), b"\"\"");
        }
        let said = shell::templated(&scalar::assembled(value));
        text.push_part(&said, 0..said.text().len());
        text.push_for(value.at(), b"\n");
    }
    for line in lines.map(Yaml::items).unwrap_or_default() {
        let said = printed(line);
        text.push_part(&said, 0..said.text().len());
        text.push_for(line.at(), b"\n");
    }
    embedded.parts.push(Part::Text(Text { assembled: text, at: config.at(), host: Host::Fixed }));
    vec![embedded]
}

fn common<'t>(values: &Values<'t, '_>, key: Yaml<'t>, engine: Engine, path: Option<Yaml<'t>>) -> Embedded {
    let mut embedded = values.server("", key, values.image_or(Builder::Official, engine));
    super::container(&mut embedded, values.map);
    super::service(&mut embedded, values.map);
    let path = path.and_then(Yaml::known).unwrap_or("/data");
    super::volume(&mut embedded, values.map.path(&["persistence", "enabled"]), path);
    embedded.place.data_directory = Some(path.to_owned());
    let architecture = values.get("architecture").and_then(Yaml::known);
    let has_sentinel = values.map.path(&["sentinel", "enabled"]).and_then(Yaml::switch) == Some(true);
    if let Some(count) = values.get("replicaCount").filter(|_| architecture == Some("replication")) {
        // All pods are counted, the primary among them.
        known::count(&mut embedded.facts, "replicas", count.number().and_then(|n| n.checked_sub(1)), count.at());
    }
    if has_sentinel {
        known::word(&mut embedded.facts, "failover", "sentinel", key.at());
    }
    embedded.parts.push(Part::Text(Text::decided(DECIDED, key.at())));
    embedded
}
