//! Services of a Compose file.

use std::path::PathBuf;

use super::command::{self, Around, Start};
use super::environment::Environment;
use super::image::Image;
use super::place::{Mount, Mounted, Published, Text};
use super::yaml::Yaml;
use super::{Embedded, Found, HostText, Part, known, quantity, scalar, shell};
use crate::source::Span;
use crate::syntax::argv::{Given, Quotes};
use crate::syntax::reading::ArgumentStyle;
use saphyr_parser::ScalarStyle;

/// More services than this extend each other in no file.
const LONGEST_CHAIN: usize = 8;

/// Finds the servers among the services.
pub(super) fn find(root: Yaml<'_>, host: &HostText, found: &mut Found) {
    let Some(services) = root.get("services") else { return };
    let first = found.embedded.len();
    // The names by which the others reach each server.
    let mut names: Vec<Vec<String>> = Vec::new();
    for (key, yaml) in services.entries() {
        let Some(name) = key.text() else { continue };
        let service = Service { yaml, services, root };
        for start in service.starts() {
            found.embedded.push(service.embedded(name, key.at(), start, host));
            let container = service.get("container_name").and_then(Yaml::known);
            names.push([Some(name), container].into_iter().flatten().map(str::to_owned).collect());
        }
    }
    replication(&mut found.embedded[first..], &names);
}

/// A service, with those that it extends.
#[derive(Clone, Copy)]
struct Service<'t> {
    yaml: Yaml<'t>,
    services: Yaml<'t>,
    root: Yaml<'t>,
}

impl<'t> Service<'t> {
    fn get(self, key: &str) -> Option<Yaml<'t>> {
        let mut here = self.yaml;
        for _ in 0..LONGEST_CHAIN {
            if let Some(value) = here.get(key) {
                return Some(value);
            }
            let extends = here.get("extends")?;
            let base = match extends.text() {
                Some(name) => name,
                // What stands in another file is not seen here.
                None if extends.get("file").is_some() => return None,
                None => extends.get("service")?.text()?,
            };
            here = self.services.get(base)?;
        }
        None
    }

    /// The image that tells a version: not one that is built here.
    fn image(self) -> Option<Image> {
        if self.get("build").is_some() { None } else { Image::of(self.get("image")?.text()?) }
    }

    fn starts(self) -> Vec<Start> {
        let words = |key: &str| match self.get(key).filter(|value| !value.is_null()) {
            None => Some(None),
            Some(value) => words(value).map(Some),
        };
        let (Some(entrypoint), Some(command)) = (words("entrypoint"), words("command")) else { return Vec::new() };
        let behind_entrypoint = entrypoint.is_none();
        let all: Vec<Given> = [entrypoint, command].into_iter().flatten().flatten().collect();
        // With another entrypoint the image's own command is not used.
        if !behind_entrypoint && all.is_empty() {
            return Vec::new();
        }
        command::starts(&all, Around { image: self.image(), behind_entrypoint })
    }

    fn embedded(self, name: &str, key: Span, start: Start, host: &HostText) -> Embedded {
        let mut embedded = host.embedded(format!("service `{name}`"), key, key.to(self.yaml.at()));
        let image = self.image();
        let image_at = self.get("image").map_or(key, Yaml::at);
        known::word(&mut embedded.facts, "container", "yes", key);
        known::image(&mut embedded, image, image_at);
        let user = self.get("user").map(|user| (user.text().map(str::to_owned), user.at()));
        known::started(&mut embedded.facts, image, &start, user, image_at);
        let environment = Environment::of_compose(self.get("environment"));
        let is_kept = start.is_kept == Some(true);
        embedded.begin(start);
        environment.apply(&mut embedded, image, is_kept);
        self.limits(&mut embedded);
        self.lifecycle(&mut embedded, key);
        self.network(&mut embedded, key);
        self.mounts(&mut embedded);
        embedded
    }

    fn limits(self, embedded: &mut Embedded) {
        let facts = &mut embedded.facts;
        let limits = self.get("deploy").and_then(|deploy| deploy.path(&["resources", "limits"]));
        let limit = |key: &str| limits.and_then(|limits| limits.get(key));
        if let Some(memory) = self.get("mem_limit").or_else(|| limit("memory")) {
            known::bytes(facts, "memory", memory.known().and_then(quantity::docker_bytes), memory.at());
        }
        if let Some(cpus) = self.get("cpus").or_else(|| limit("cpus")) {
            known::cores(facts, "cpus", cpus.known().and_then(quantity::cores), cpus.at());
        }
        if let Some(nofile) = self.get("ulimits").and_then(|limits| limits.get("nofile")) {
            // A server raises its limit as far as the hard one lets it.
            let number = nofile.get("hard").or_else(|| nofile.get("soft")).unwrap_or(nofile);
            known::count(facts, "nofile", number.number(), number.at());
        }
        if let Some(sysctls) = self.get("sysctls") {
            let named = sysctls.get("net.core.somaxconn").and_then(|value| Some((value.number()?, value.at())));
            let listed = sysctls
                .items()
                .into_iter()
                .find_map(|item| Some((item.known()?.strip_prefix("net.core.somaxconn=")?.parse().ok()?, item.at())));
            if let Some((number, at)) = named.or(listed) {
                known::count(facts, "somaxconn", Some(number), at);
            }
        }
    }

    fn lifecycle(self, embedded: &mut Embedded, key: Span) {
        let facts = &mut embedded.facts;
        match self.get("stop_grace_period") {
            Some(grace) => known::time(facts, "grace", grace.known().and_then(quantity::docker_time), grace.at()),
            None => known::time(facts, "grace", Some(10_000), key),
        }
        let policy = self.get("deploy").and_then(|deploy| deploy.path(&["restart_policy", "condition"]));
        match (self.get("restart"), policy) {
            (_, Some(policy)) => {
                if let Some(word) = policy.known() {
                    known::switch(facts, "auto-restart", word != "none", policy.at());
                }
            }
            (Some(restart), None) => match restart.known() {
                Some("always" | "unless-stopped") => known::switch(facts, "auto-restart", true, restart.at()),
                Some("no" | "false") => known::switch(facts, "auto-restart", false, restart.at()),
                Some(word) if word.starts_with("on-failure") => {
                    known::switch(facts, "auto-restart", true, restart.at());
                }
                Some(_) | None => {}
            },
            // A swarm restarts what `deploy` describes; without it nothing does.
            (None, None) if self.get("deploy").is_none() => known::switch(facts, "auto-restart", false, key),
            (None, None) => {}
        }
    }

    fn network(self, embedded: &mut Embedded, key: Span) {
        let mode = self.get("network_mode");
        match mode.map(|mode| (mode.known(), mode.at())) {
            None => known::word(&mut embedded.facts, "network", "bridge", key),
            Some((Some("bridge"), at)) => known::word(&mut embedded.facts, "network", "bridge", at),
            Some((Some("host"), at)) => {
                known::word(&mut embedded.facts, "network", "host", at);
                embedded.place.published.push(Published { port: None, exposure: Some("public"), at });
                return;
            }
            // The network of another, or none.
            Some(_) => return,
        }
        embedded.place.otherwise = Some(("private", key));
        for port in self.get("ports").map(Yaml::items).unwrap_or_default() {
            embedded.place.published.extend(published(port));
        }
    }

    fn mounts(self, embedded: &mut Embedded) {
        let place = &mut embedded.place;
        place.knows_mounts = self.get("volumes_from").is_none();
        if let Some(directory) = self.get("working_dir") {
            place.working_directory = directory.known().map(str::to_owned);
        }
        for volume in self.get("volumes").map(Yaml::items).unwrap_or_default() {
            match mount(volume) {
                Some(mount) => place.mounts.push(mount),
                None => place.knows_mounts = false,
            }
        }
        let memory = self.get("tmpfs").map(|tmpfs| if tmpfs.is_list() { tmpfs.items() } else { vec![tmpfs] });
        for tmpfs in memory.unwrap_or_default() {
            let target = tmpfs.known().and_then(|text| text.split(':').next());
            let mount = |target: &str| Mount {
                target: target.to_owned(),
                from: Mounted::Ephemeral,
                is_read_only: false,
                at: tmpfs.at(),
            };
            place.mounts.extend(target.map(mount));
        }
        for config in self.get("configs").map(Yaml::items).unwrap_or_default() {
            let source = config.text().or_else(|| config.get("source")?.text());
            let Some(source) = source else { continue };
            let target = config.get("target").and_then(Yaml::known).map_or_else(|| format!("/{source}"), str::to_owned);
            let Some(defined) = self.root.get("configs").and_then(|configs| configs.get(source)) else { continue };
            let file = defined.get("file").and_then(Yaml::known);
            let from = file.map_or(Mounted::Configuration, |file| Mounted::Host(PathBuf::from(file)));
            place.mounts.push(Mount { target: target.clone(), from, is_read_only: true, at: config.at() });
            if let Some(content) = defined.get("content").filter(|content| content.style().is_some()) {
                let mut text = Text::of(content);
                text.assembled = shell::interpolated(&text.assembled);
                place.inline.push((target, text));
            }
        }
    }
}

/// The words of a command or an entrypoint; `None` if it is written in a way that Compose refuses.
fn words(value: Yaml<'_>) -> Option<Vec<Given>> {
    if value.is_list() {
        return value.items().into_iter().map(|item| given(item, value.is_flow(), shell::interpolated)).collect();
    }
    value.style()?;
    let line = shell::interpolated(&shell::templated(&scalar::assembled(value)));
    let can_edit = !value.is_shared() && !value.is_marked();
    let inside = quotes(value);
    Some(shell::compose(&line).iter().map(|word| command::given(&line, word, can_edit.then_some(inside))).collect())
}

/// The quotes of a scalar.
pub(super) fn quotes(scalar: Yaml<'_>) -> Quotes {
    Quotes {
        single: scalar.style() == Some(ScalarStyle::SingleQuoted),
        double: scalar.style() == Some(ScalarStyle::DoubleQuoted),
    }
}

/// An item of a list as an argument; `fill` marks what the platform fills in. `None` if it is no scalar.
pub(super) fn given(
    item: Yaml<'_>,
    is_flow: bool,
    fill: impl Fn(&crate::syntax::assembled::Assembled<'_>) -> crate::syntax::assembled::Assembled<'static>,
) -> Option<Given> {
    let style = match item.style()? {
        _ if item.is_shared() || item.is_marked() => ArgumentStyle::Fixed,
        _ if is_flow => ArgumentStyle::FlowItem,
        ScalarStyle::Literal | ScalarStyle::Folded => ArgumentStyle::BlockItem,
        ScalarStyle::Plain | ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => ArgumentStyle::BlockItem,
    };
    let text = fill(&shell::templated(&scalar::assembled(item)));
    Some(Given { text, at: item.at(), style, splits: false, inside: quotes(item) })
}

/// Divides at colons, but not inside `${…}`.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Who reaches a port of the host at an address; `None` if nobody knows.
pub(super) fn exposure(address: &str) -> Option<&'static str> {
    let address = address.trim_matches(['[', ']']);
    if address.contains(['$', '{']) {
        return None;
    }
    match address {
        "" | "0.0.0.0" | "::" => Some("public"),
        "::1" | "localhost" => Some("loopback"),
        _ if address.starts_with("127.") => Some("loopback"),
        _ => {
            let mut numbers = address.split('.').map_while(|number| number.parse::<u8>().ok());
            let private = match (numbers.next(), numbers.next()) {
                (Some(10), _) | (Some(192), Some(168)) => true,
                (Some(172), Some(second)) => (16..32).contains(&second),
                (_, _) => address.starts_with("fd") || address.starts_with("fe80"),
            };
            Some(if private { "private" } else { "public" })
        }
    }
}

/// One entry of `ports`: a port or a range of at most some hundred.
fn published(entry: Yaml<'_>) -> Vec<Published> {
    let at = entry.at();
    if entry.is_map() {
        let port = entry.get("target").and_then(Yaml::number).and_then(|port| u16::try_from(port).ok());
        let address = entry.get("host_ip").and_then(Yaml::text).unwrap_or_default();
        return vec![Published { port, exposure: exposure(address), at }];
    }
    short(entry.text().unwrap_or_default(), at)
}

/// `[ADDRESS:][HOST PORT:]PORT[/PROTOCOL]`, each port perhaps a range.
pub(super) fn short(text: &str, at: Span) -> Vec<Published> {
    let mut parts = parts(text);
    let inside = parts.pop().unwrap_or_default();
    let inside = inside.split('/').next().unwrap_or_default();
    let address = if parts.len() > 1 { parts[..parts.len() - 1].join(":") } else { String::new() };
    let exposure = exposure(&address);
    let (first, last) = inside.split_once('-').unwrap_or((inside, inside));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(first), Ok(last)) if first <= last && last - first < 1000 => {
            (first..=last).map(|port| Published { port: Some(port), exposure, at }).collect()
        }
        // A port that is filled in later may be any.
        (_, _) => vec![Published { port: None, exposure: None, at }],
    }
}

/// One entry of `volumes`; `None` if its target is not known.
fn mount(entry: Yaml<'_>) -> Option<Mount> {
    let at = entry.at();
    if entry.is_map() {
        let target = entry.get("target").or_else(|| entry.get("destination"))?.known()?.to_owned();
        let source = entry.get("source").or_else(|| entry.get("src")).and_then(Yaml::text);
        let from = match (entry.get("type").and_then(Yaml::text), source) {
            (Some("bind"), Some(source)) => bound(source),
            (Some("volume") | None, Some(_)) => Mounted::Persistent,
            (Some("volume"), None) | (Some("tmpfs"), _) => Mounted::Ephemeral,
            (_, _) => Mounted::Unknown,
        };
        let is_read_only = entry.get("read_only").and_then(Yaml::switch) == Some(true);
        return Some(Mount { target, from, is_read_only, at });
    }
    volume(entry.text()?, at)
}

/// `[SOURCE:]TARGET[:OPTIONS]`.
pub(super) fn volume(text: &str, at: Span) -> Option<Mount> {
    let parts = parts(text);
    let is_open = |part: &str| part.contains(['$', '{']);
    let (from, target, options) = match parts[..] {
        // A volume without a name goes with its container.
        [target] => (Mounted::Ephemeral, target, ""),
        [source, target] => (bound(source), target, ""),
        [source, target, options] => (bound(source), target, options),
        _ => return None,
    };
    let is_read_only = options.split(',').any(|option| option == "ro");
    (!is_open(target)).then(|| Mount { target: target.to_owned(), from, is_read_only, at })
}

/// What a source means: a path, or the name of a volume.
fn bound(source: &str) -> Mounted {
    let here = ["${PWD}/", "$PWD/", "$(pwd)/", "$(PWD)/"].iter().find_map(|prefix| source.strip_prefix(prefix));
    match here {
        Some(path) => Mounted::Host(PathBuf::from(path)),
        None if source.contains(['$', '{', '`']) => Mounted::Unknown,
        None if source.starts_with(['.', '/']) => Mounted::Host(PathBuf::from(source)),
        None if source.starts_with('~') || source.contains('/') => Mounted::Unknown,
        None => Mounted::Persistent,
    }
}

/// Says who copies whom, where options name another server of the file.
fn replication(servers: &mut [Embedded], names: &[Vec<String>]) {
    let mut copies = vec![0; servers.len()];
    for (at, server) in servers.iter_mut().enumerate() {
        let Some((host, place)) = server.copies_from() else { continue };
        known::word(&mut server.facts, "role", "replica", place);
        if let Some(primary) = names.iter().position(|names| names.contains(&host)).filter(|primary| *primary != at) {
            copies[primary] += 1;
        }
    }
    for (server, count) in servers.iter_mut().zip(copies).filter(|(_, count)| *count > 0) {
        if server.facts.word("role").is_none() {
            known::word(&mut server.facts, "role", "primary", server.at);
        }
        known::count(&mut server.facts, "replicas", Some(count), server.at);
    }
}

impl Embedded {
    /// The host that options or the environment name as the primary.
    fn copies_from(&self) -> Option<(String, Span)> {
        if let Some(of) = &self.place.primary {
            return Some(of.clone());
        }
        self.parts.iter().find_map(|part| {
            let Part::Options(given, _) = part else { return None };
            let is_it = |given: &Given| matches!(given.bytes(), b"--replicaof" | b"--slaveof");
            let at = given.iter().position(is_it)?;
            let host = given.get(at + 1).filter(|host| !host.text.is_open())?;
            let name = String::from_utf8_lossy(host.bytes()).split_whitespace().next()?.to_owned();
            Some((name, given[at].at))
        })
    }
}
