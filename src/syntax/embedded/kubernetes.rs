//! Kubernetes manifests: workloads with their containers, the ConfigMaps they mount, the Services before them.

use super::place::{Mounted, Published, Text};
use super::pod::{self, Pod};
use super::yaml::Yaml;
use super::{Embedded, Found, HostText, Part, known, recognise, siblings};
use crate::source::Span;
use crate::syntax::survey::survey;

/// Finds the servers in all documents.
pub(super) fn find_all(text: &[u8], host: &HostText, is_directive: &dyn Fn(&[u8]) -> bool) -> Found {
    let mut found = Found::default();
    let Some(tree) = super::read_yaml(text, &mut found.problems) else { return found };
    let mut objects = Vec::new();
    for root in tree.documents() {
        let is_list = root.get("kind").and_then(Yaml::text).is_some_and(|kind| kind.ends_with("List"));
        match root.get("items").filter(|_| is_list) {
            Some(items) => objects.extend(items.items()),
            None => objects.push(root),
        }
    }
    let mut taken: Vec<Span> = Vec::new();
    for object in &objects {
        let Some((title, at)) = titled(*object) else { continue };
        let Some(spec) = pod_of(*object) else { continue };
        let pod = Pod { spec, workload: *object, title: &title, at };
        for (mut embedded, container) in pod::find(&pod, host) {
            join(&mut embedded, &objects, &mut taken);
            services(&mut embedded, *object, container, &objects);
            found.embedded.push(embedded);
        }
    }
    for object in &objects {
        alone(*object, host, &taken, is_directive, &mut found.embedded);
    }
    found.embedded.sort_by_key(|embedded| embedded.at.start);
    found
}

/// The kind and the name of an object, for people, and where its kind stands.
fn titled(object: Yaml<'_>) -> Option<(String, Span)> {
    let kind = object.get("kind")?;
    let name = object.path(&["metadata", "name"]).and_then(Yaml::known);
    let title = name.map_or_else(|| kind.text().map(str::to_owned), |name| Some(format!("{} `{name}`", kind.text()?)));
    Some((title?, kind.at()))
}

/// The specification of the pods that an object describes.
fn pod_of(object: Yaml<'_>) -> Option<Yaml<'_>> {
    match object.get("kind")?.text()? {
        "Pod" => object.get("spec"),
        "CronJob" => object.path(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => object.path(&["spec", "template", "spec"]),
    }
}

/// Gives a server the keys of the ConfigMaps of this text that its container mounts.
fn join(embedded: &mut Embedded, objects: &[Yaml<'_>], taken: &mut Vec<Span>) {
    let mut inline = Vec::new();
    for mount in &embedded.place.mounts {
        let Mounted::ConfigMap(name, one, items) = &mount.from else { continue };
        let map = objects.iter().find(|object| siblings::is_config_map(**object, name));
        let Some(data) = map.and_then(|map| map.get("data")) else { continue };
        for (key, value) in data.entries() {
            let Some(key) = key.text().filter(|_| value.style().is_some()) else { continue };
            let path = match one {
                Some(one) if one == key => Some(mount.target.clone()),
                Some(_) => None,
                None if items.is_empty() => Some(format!("{}/{key}", mount.target.trim_end_matches('/'))),
                None => items
                    .iter()
                    .find(|(_, from)| from == key)
                    .map(|(path, _)| format!("{}/{path}", mount.target.trim_end_matches('/'))),
            };
            if let Some(path) = path {
                inline.push((path, value));
            }
        }
    }
    let mut names = Vec::new();
    for part in &embedded.parts {
        if let Part::File(given) = part {
            let path = embedded.place.absolute(&String::from_utf8_lossy(given.bytes()));
            names.push(path);
        }
    }
    for (path, value) in inline {
        // What a server reads is not judged alone as well.
        let file = path.rsplit('/').next();
        if names.iter().any(|name| *name == path || name.rsplit('/').next() == file) {
            taken.push(value.at());
        }
        embedded.place.inline.push((path, Text::of(value)));
    }
}

/// A ConfigMap whose keys hold configurations that no server of this text reads.
fn alone(
    object: Yaml<'_>,
    host: &HostText,
    taken: &[Span],
    is_directive: &dyn Fn(&[u8]) -> bool,
    found: &mut Vec<Embedded>,
) {
    if object.get("kind").and_then(Yaml::text) != Some("ConfigMap") {
        return;
    }
    let Some((title, _)) = titled(object) else { return };
    for (key, value) in object.get("data").map(Yaml::entries).unwrap_or_default() {
        let (Some(name), Some(text)) = (key.text(), value.text()) else { continue };
        if taken.contains(&value.at()) || !recognise::is_configuration(name, text.as_bytes(), is_directive) {
            continue;
        }
        let mut embedded = host.embedded(format!("{title}, key `{name}`"), key.at(), key.at().to(value.at()));
        embedded.mode = survey(crate::source::SourceId::ROOT, text.as_bytes()).mode;
        known::word(&mut embedded.facts, "container", "yes", key.at());
        embedded.parts.push(Part::Text(Text::of(value)));
        found.push(embedded);
    }
}

/// Annotations that keep a load balancer inside, each with the beginning of its value.
const INTERNAL: &[(&str, &str)] = &[
    ("cloud.google.com/load-balancer-type", "Internal"),
    ("networking.gke.io/load-balancer-type", "Internal"),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", ""),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", "internal"),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", "true"),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", "true"),
];

/// What the Services of this text make of a server's ports.
fn services(embedded: &mut Embedded, workload: Yaml<'_>, container: Yaml<'_>, objects: &[Yaml<'_>]) {
    let labels = match workload.get("kind").and_then(Yaml::text) {
        Some("Pod") => workload.path(&["metadata", "labels"]),
        _ => workload.path(&["spec", "template", "metadata", "labels"]),
    };
    let Some(labels) = labels else { return };
    for service in objects {
        if service.get("kind").and_then(Yaml::text) != Some("Service") {
            continue;
        }
        let selector = service.path(&["spec", "selector"]).map(Yaml::entries).unwrap_or_default();
        let fits = |(key, value): &(Yaml<'_>, Yaml<'_>)| {
            let label = key.text().and_then(|key| labels.get(key)).and_then(Yaml::known);
            label.is_some() && label == value.known()
        };
        if selector.is_empty() || !selector.iter().all(fits) {
            continue;
        }
        let kind = service.path(&["spec", "type"]);
        let annotations = service.path(&["metadata", "annotations"]);
        let is_internal = INTERNAL.iter().any(|(name, value)| {
            annotations.and_then(|all| all.get(name)).and_then(Yaml::text).is_some_and(|said| said.starts_with(value))
        });
        let exposure = match kind.map(Yaml::text) {
            None | Some(Some("ClusterIP" | "ExternalName")) => Some("private"),
            Some(Some("LoadBalancer")) if is_internal => Some("private"),
            Some(Some("LoadBalancer" | "NodePort")) => Some("public"),
            Some(_) => None,
        };
        let at = kind.or_else(|| service.get("kind")).unwrap_or(*service).at();
        for port in service.path(&["spec", "ports"]).map(Yaml::items).unwrap_or_default() {
            let target = port.get("targetPort").or_else(|| port.get("port")).and_then(Yaml::known);
            let Some(inside) = target.and_then(|target| number_of(target, container)) else { continue };
            embedded.place.published.push(Published { port: Some(inside), exposure, at });
        }
    }
}

/// The number of a port of a container, given by number or by name.
fn number_of(target: &str, container: Yaml<'_>) -> Option<u16> {
    if let Ok(number) = target.parse() {
        return Some(number);
    }
    let ports = container.get("ports").map(Yaml::items).unwrap_or_default();
    let named = ports.into_iter().find(|port| port.get("name").and_then(Yaml::text) == Some(target))?;
    named.get("containerPort")?.number()?.try_into().ok()
}
