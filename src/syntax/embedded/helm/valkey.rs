//! valkey, the chart of the Valkey project.
//!
//! `valkeyConfig` is appended to lines of the chart's own, so that it wins over them.

use super::super::image::Builder;
use super::super::place::Text;
use super::super::yaml::Yaml;
use super::super::{Embedded, Part, known};
use super::Values;
use crate::server::Engine;

pub(super) fn find(values: Values<'_, '_>) -> Vec<Embedded> {
    let (Some(text), Some(key)) = (values.text(&["valkeyConfig"]), values.map.key("valkeyConfig")) else {
        return Vec::new();
    };
    let mut embedded = values.server("", key, values.image_or(Builder::Official, Engine::Valkey));
    super::container(&mut embedded, values.map);
    super::service(&mut embedded, values.map);
    super::volume(&mut embedded, values.map.path(&["dataStorage", "enabled"]), "/data");
    let replicas = values.map.path(&["replica", "enabled"]);
    if replicas.and_then(Yaml::switch) == Some(true) {
        known::word(&mut embedded.facts, "failover", "none", key.at());
        if let Some(count) = values.map.path(&["replica", "replicas"]) {
            known::count(&mut embedded.facts, "replicas", count.number(), count.at());
        }
        embedded.parts.push(Part::Text(Text::decided(&["replicaof", "masterauth"], key.at())));
    }
    embedded.parts.push(Part::Text(Text::decided(&["bind"], key.at())));
    embedded.parts.push(Part::Text(Text::made("protected-mode no\ndir /data\n", key.at())));
    if let Some(auth) = values.map.path(&["auth", "enabled"]).filter(|on| on.switch() != Some(false)) {
        embedded.parts.push(Part::Text(Text::decided(&["aclfile"], auth.at())));
    }
    if let Some(tls) = values.map.path(&["tls", "enabled"]).filter(|on| on.switch() != Some(false)) {
        let directives = ["port", "tls-port", "tls-cert-file", "tls-key-file", "tls-ca-cert-file"];
        embedded.parts.push(Part::Text(Text::decided(&directives, tls.at())));
    }
    embedded.parts.push(Part::Text(Text::of(text)));
    vec![embedded]
}
