//! Containers of a pod, wherever the pod is described.

use super::command::{self, Around};
use super::compose::given;
use super::environment::Environment;
use super::image::Image;
use super::place::{Mount, Mounted, Published};
use super::yaml::Yaml;
use super::{Embedded, HostText, known, probe, quantity};
use crate::source::Span;
use crate::syntax::argv::Given;
use crate::syntax::assembled::Assembled;

/// A pod with what describes it.
#[derive(Clone, Copy)]
pub(super) struct Pod<'t> {
    /// The specification.
    pub(super) spec: Yaml<'t>,
    /// What describes it, such as a StatefulSet.
    pub(super) workload: Yaml<'t>,
    /// For people: ``StatefulSet `cache` ``.
    pub(super) title: &'t str,
    /// The place for what is not there.
    pub(super) at: Span,
}

/// The text as Kubernetes fills in arguments: `$(NAME)` is open, `$$(` is `$(`.
pub(super) fn filled(text: &Assembled<'_>) -> Assembled<'static> {
    let bytes = text.text();
    let mut out = Assembled::default();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        if rest.starts_with(b"$$") {
            out.push_for(text.span(at, at + 2), b"$");
            at += 2;
        } else if let Some(end) = rest.strip_prefix(b"$(").and_then(|inside| inside.iter().position(|b| *b == b')')) {
            let is_name = rest[2..2 + end].iter().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(b)) && end > 0;
            if is_name {
                out.push_open(text, at..at + end + 3);
            } else {
                out.push_part(text, at..at + end + 3);
            }
            at += end + 3;
        } else {
            let length = rest[1..].iter().position(|b| *b == b'$').map_or(rest.len(), |dollar| dollar + 1);
            out.push_part(text, at..at + length);
            at += length;
        }
    }
    out
}

/// A value that is no list of texts.
struct NoList;

/// `command` or `args`; `None` if it is not there.
fn list(container: Yaml<'_>, key: &str) -> Result<Option<Vec<Given>>, NoList> {
    let Some(value) = container.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
    let items = value.items();
    if items.is_empty() {
        return if value.is_list() { Ok(None) } else { Err(NoList) };
    }
    items.into_iter().map(|item| given(item, value.is_flow(), filled).ok_or(NoList)).collect::<Result<_, _>>().map(Some)
}

/// The servers of a pod, with their containers.
pub(super) fn find<'t>(pod: &Pod<'t>, host: &HostText) -> Vec<(Embedded, Yaml<'t>)> {
    let containers = pod.spec.get("containers").map(Yaml::items).unwrap_or_default();
    let mut found = Vec::new();
    for container in containers {
        let name = container.get("name").and_then(Yaml::known);
        let title = name.map_or_else(|| pod.title.to_owned(), |name| format!("{}, container `{name}`", pod.title));
        let image = container.get("image").and_then(Yaml::text).and_then(Image::of);
        for mut embedded in in_container(container, image, &title, host) {
            pod.surround(&mut embedded, container);
            found.push((embedded, container));
        }
    }
    let has_sentinel = found.iter().any(|(embedded, _)| embedded.mode == crate::syntax::Mode::Sentinel);
    for (embedded, _) in
        found.iter_mut().filter(|(embedded, _)| has_sentinel && embedded.mode == crate::syntax::Mode::Server)
    {
        known::word(&mut embedded.facts, "failover", "sentinel", embedded.at);
    }
    found
}

/// The servers that one container starts, with what the container itself says.
pub(super) fn in_container(container: Yaml<'_>, image: Option<Image>, title: &str, host: &HostText) -> Vec<Embedded> {
    let (Ok(entrypoint), Ok(command)) = (list(container, "command"), list(container, "args")) else {
        return Vec::new();
    };
    let behind_entrypoint = entrypoint.is_none();
    let words: Vec<Given> = [entrypoint, command].into_iter().flatten().flatten().collect();
    let at = container.get("name").or_else(|| container.get("image")).unwrap_or(container).at();
    let image_at = container.get("image").map_or(at, Yaml::at);
    let starts = command::starts(&words, Around { image, behind_entrypoint });
    let mut found = Vec::new();
    for start in starts {
        let mut embedded = host.embedded(title.to_owned(), at, container.at());
        known::word(&mut embedded.facts, "container", "yes", at);
        known::image(&mut embedded, image, image_at);
        let user = container.path(&["securityContext", "runAsUser"]);
        let user = user.map(|user| (user.known().map(str::to_owned), user.at()));
        known::started(&mut embedded.facts, image, &start, user, image_at);
        let environment = Environment::of_kubernetes(container.get("env"));
        let is_kept = start.is_kept == Some(true);
        embedded.begin(start);
        environment.apply(&mut embedded, image, is_kept);
        if let Some(directory) = container.get("workingDir") {
            embedded.place.working_directory = directory.known().map(str::to_owned);
        }
        resources(&mut embedded, container);
        found.push(embedded);
    }
    found
}

/// The limits of `resources`.
pub(super) fn resources(embedded: &mut Embedded, container: Yaml<'_>) {
    let facts = &mut embedded.facts;
    if let Some(memory) = container.path(&["resources", "limits", "memory"]) {
        known::bytes(facts, "memory", memory.known().and_then(quantity::kubernetes_bytes), memory.at());
    }
    if let Some(cpu) = container.path(&["resources", "limits", "cpu"]) {
        known::cores(facts, "cpus", cpu.known().and_then(quantity::kubernetes_cores), cpu.at());
    }
}

impl Pod<'_> {
    /// What the pod says about one of its containers.
    fn surround(&self, embedded: &mut Embedded, container: Yaml<'_>) {
        let facts = &mut embedded.facts;
        match self.spec.get("terminationGracePeriodSeconds") {
            Some(grace) => known::time(facts, "grace", grace.number().and_then(|s| s.checked_mul(1000)), grace.at()),
            None => known::time(facts, "grace", Some(30_000), self.at),
        }
        match self.spec.get("restartPolicy").map(|policy| (policy.known(), policy.at())) {
            None => known::switch(facts, "auto-restart", true, self.at),
            Some((Some("Always" | "OnFailure"), at)) => known::switch(facts, "auto-restart", true, at),
            Some((Some("Never"), at)) => known::switch(facts, "auto-restart", false, at),
            Some(_) => {}
        }
        probe::learn(facts, container, embedded.at);
        self.user(embedded, container);
        let sysctls = self.spec.path(&["securityContext", "sysctls"]).map(Yaml::items).unwrap_or_default();
        let is_it = |one: &Yaml<'_>| one.get("name").and_then(Yaml::text) == Some("net.core.somaxconn");
        if let Some(value) = sysctls.into_iter().find(is_it).and_then(|one| one.get("value")) {
            known::count(&mut embedded.facts, "somaxconn", value.number(), value.at());
        }
        let host_network = self.spec.get("hostNetwork");
        match host_network.map(|on| (on.switch(), on.at())) {
            None | Some((Some(false), _)) => known::word(&mut embedded.facts, "network", "bridge", self.at),
            Some((Some(true), at)) => {
                known::word(&mut embedded.facts, "network", "host", at);
                embedded.place.published.push(Published { port: None, exposure: Some("public"), at });
            }
            Some((None, _)) => {}
        }
        for port in container.get("ports").map(Yaml::items).unwrap_or_default() {
            if let Some(host_port) = port.get("hostPort") {
                let inside = port.get("containerPort").and_then(Yaml::number).and_then(|port| port.try_into().ok());
                let address = port.get("hostIP").and_then(Yaml::text).unwrap_or_default();
                let exposure = inside.and_then(|_: u16| super::compose::exposure(address));
                embedded.place.published.push(Published { port: inside, exposure, at: host_port.at() });
            }
        }
        self.mounts(embedded, container);
    }

    /// As whom the container runs, where the pod says so and the container does not.
    fn user(&self, embedded: &mut Embedded, container: Yaml<'_>) {
        if container.path(&["securityContext", "runAsUser"]).is_some() {
            return;
        }
        let contexts = [container.get("securityContext"), self.spec.get("securityContext")];
        let said = |key: &str| contexts.iter().flatten().find_map(|context| context.get(key));
        let facts = &mut embedded.facts;
        if let Some(user) = said("runAsUser") {
            if let Some(number) = user.number() {
                known::word(facts, "user", if number == 0 { "root" } else { "service" }, user.at());
            }
        } else if let Some(refuses) = said("runAsNonRoot").filter(|refuses| refuses.switch() == Some(true)) {
            known::word(facts, "user", "service", refuses.at());
        }
    }

    fn mounts(&self, embedded: &mut Embedded, container: Yaml<'_>) {
        let place = &mut embedded.place;
        place.knows_mounts = true;
        let volumes = self.spec.get("volumes").map(Yaml::items).unwrap_or_default();
        let claims = self.workload.path(&["spec", "volumeClaimTemplates"]).map(Yaml::items).unwrap_or_default();
        for mount in container.get("volumeMounts").map(Yaml::items).unwrap_or_default() {
            let Some(target) = mount.get("mountPath").and_then(Yaml::known) else {
                place.knows_mounts = false;
                continue;
            };
            let name = mount.get("name").and_then(Yaml::text);
            let named = |one: &&Yaml<'_>| one.get("name").and_then(Yaml::text) == name;
            let claimed = |claim: &Yaml<'_>| claim.path(&["metadata", "name"]).and_then(Yaml::text) == name;
            let below = mount.get("subPath").and_then(Yaml::known);
            let from = match volumes.iter().find(named) {
                Some(volume) => mounted(*volume, below),
                None if name.is_some() && claims.iter().any(claimed) => Mounted::Persistent,
                None => Mounted::Unknown,
            };
            let is_read_only = mount.get("readOnly").and_then(Yaml::switch) == Some(true);
            place.mounts.push(Mount { target: target.to_owned(), from, is_read_only, at: mount.at() });
        }
    }
}

/// What a volume of a pod is.
fn mounted(volume: Yaml<'_>, below: Option<&str>) -> Mounted {
    if let Some(map) = volume.get("configMap") {
        return config_map(map, below);
    }
    if let Some(sources) = volume.path(&["projected", "sources"]) {
        let map = sources.items().into_iter().find_map(|source| source.get("configMap"));
        return map.map_or(Mounted::Configuration, |map| config_map(map, below));
    }
    let has = |keys: &[&str]| keys.iter().any(|key| volume.get(key).is_some());
    if has(&["emptyDir", "ephemeral"]) {
        Mounted::Ephemeral
    } else if has(&["secret", "downwardAPI"]) {
        Mounted::Configuration
    } else if has(&[
        "persistentVolumeClaim",
        "hostPath",
        "csi",
        "nfs",
        "local",
        "awsElasticBlockStore",
        "gcePersistentDisk",
    ]) {
        Mounted::Persistent
    } else {
        Mounted::Unknown
    }
}

fn config_map(map: Yaml<'_>, below: Option<&str>) -> Mounted {
    let Some(name) = map.get("name").and_then(Yaml::known) else { return Mounted::Configuration };
    let pair = |item: Yaml<'_>| Some((item.get("path")?.text()?.to_owned(), item.get("key")?.text()?.to_owned()));
    let items: Vec<(String, String)> =
        map.get("items").map(Yaml::items).unwrap_or_default().into_iter().filter_map(pair).collect();
    let one = below.map(|below| items.iter().find(|(path, _)| path == below).map_or(below, |(_, key)| key).to_owned());
    Mounted::ConfigMap(name.to_owned(), one, items)
}
