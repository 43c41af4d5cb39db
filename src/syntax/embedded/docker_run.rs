//! `docker run` in shell scripts.

use super::command::{self, Around, Start};
use super::image::Image;
use super::place::Published;
use super::{Embedded, HostText, compose, known, quantity, shell};
use crate::source::{SourceId, Span};
use crate::syntax::argv::{Given, Quotes};
use crate::syntax::assembled::Assembled;

/// Options that take no value; all others do.
const SWITCHES: &[&str] = &[
    "detach",
    "disable-content-trust",
    "help",
    "init",
    "interactive",
    "no-healthcheck",
    "no-hosts",
    "oom-kill-disable",
    "privileged",
    "publish-all",
    "quiet",
    "read-only",
    "replace",
    "rm",
    "sig-proxy",
    "tls-verify",
    "tty",
];
/// The same, of one letter.
const SHORT_SWITCHES: &str = "ditPq";
/// Long names of short options.
const SHORT: &[(char, &str)] =
    &[('m', "memory"), ('p', "publish"), ('u', "user"), ('v', "volume"), ('w', "workdir"), ('e', "env")];

/// An option with its value.
struct Flag {
    name: String,
    value: String,
    at: Span,
}

/// Finds the servers that a script runs in containers.
pub(super) fn find(host: &HostText) -> Vec<Embedded> {
    let text = Assembled::one(SourceId::ROOT, &host.text);
    let text = shell::templated(&text);
    let mut found = Vec::new();
    for line in shell::script(&text) {
        let words: Vec<Given> =
            line.words.iter().map(|word| command::given(&text, word, Some(Quotes::default()))).collect();
        found.extend(container(&words, host));
    }
    found
}

/// The servers of one command.
fn container(words: &[Given], host: &HostText) -> Vec<Embedded> {
    let is_tool = |word: &Given| {
        let name = word.bytes().rsplit(|b| *b == b'/').next().unwrap_or_default();
        matches!(name, b"docker" | b"podman" | b"nerdctl")
    };
    let Some(tool) = words.iter().position(is_tool).filter(|at| *at <= 2) else { return Vec::new() };
    let mut rest = &words[tool + 1..];
    if rest.first().is_some_and(|word| word.bytes() == b"container") {
        rest = &rest[1..];
    }
    if !rest.first().is_some_and(|word| matches!(word.bytes(), b"run" | b"create")) {
        return Vec::new();
    }
    let Some((flags, image_at)) = flags(&rest[1..]) else { return Vec::new() };
    let rest = &rest[1 + image_at..];
    let Some((image_word, arguments)) = rest.split_first() else { return Vec::new() };
    let image = Image::of(&String::from_utf8_lossy(image_word.bytes()));
    let entrypoint = flags.iter().rfind(|flag| flag.name == "entrypoint");
    let mut line: Vec<Given> = Vec::new();
    if let Some(flag) = entrypoint {
        let mut text = Assembled::default();
        text.push_for(flag.at, flag.value.as_bytes());
        let style = crate::syntax::ArgumentStyle::Fixed;
        line.push(Given { text, at: flag.at, style, splits: false, inside: Quotes::default() });
    }
    line.extend_from_slice(arguments);
    let around = Around { image, behind_entrypoint: entrypoint.is_none() };
    let extent = words[0].at.to(words.last().map_or(words[0].at, |word| word.at));
    let starts = command::starts(&line, around);
    starts.into_iter().map(|start| embedded(start, image, image_word.at, &flags, extent, host)).collect()
}

/// The options up to the image, and where the image is.
fn flags(words: &[Given]) -> Option<(Vec<Flag>, usize)> {
    let text = |word: &Given| String::from_utf8_lossy(word.bytes()).into_owned();
    let mut flags = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let word = text(&words[at]);
        let next = words.get(at + 1);
        let mut add = |name: &str, value: String, place: Span| {
            flags.push(Flag { name: name.to_owned(), value, at: place });
        };
        if let Some(long) = word.strip_prefix("--") {
            if let Some((name, value)) = long.split_once('=') {
                add(name, value.to_owned(), words[at].at);
            } else if SWITCHES.contains(&long) {
                add(long, String::new(), words[at].at);
            } else {
                add(long, text(next?), next?.at);
                at += 1;
            }
        } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
            let valued = short.find(|c: char| !SHORT_SWITCHES.contains(c));
            if let Some(index) = valued {
                let letter = short[index..].chars().next()?;
                let name = SHORT.iter().find(|(one, _)| *one == letter).map_or("", |(_, name)| name);
                let value = short[index + letter.len_utf8()..].trim_start_matches('=');
                if value.is_empty() {
                    add(name, text(next?), next?.at);
                    at += 1;
                } else {
                    add(name, value.to_owned(), words[at].at);
                }
            }
        } else {
            return Some((flags, at));
        }
        at += 1;
    }
    None
}

fn embedded(
    start: Start,
    image: Option<Image>,
    image_at: Span,
    flags: &[Flag],
    extent: Span,
    host: &HostText,
) -> Embedded {
    let last = |name: &str| flags.iter().rfind(|flag| flag.name == name);
    let title = last("name").filter(|name| !name.value.contains(['$', '{']));
    let title = title.map_or_else(|| "container".to_owned(), |name| format!("container `{}`", name.value));
    let mut embedded = host.embedded(title, image_at, extent);
    known::word(&mut embedded.facts, "container", "yes", image_at);
    known::image(&mut embedded, image, image_at);
    let user = last("user").map(|user| (Some(user.value.clone()), user.at));
    known::started(&mut embedded.facts, image, &start, user, image_at);
    embedded.begin(start);
    let facts = &mut embedded.facts;
    if let Some(memory) = last("memory") {
        known::bytes(facts, "memory", quantity::docker_bytes(&memory.value), memory.at);
    }
    if let Some(cpus) = last("cpus") {
        known::cores(facts, "cpus", quantity::cores(&cpus.value), cpus.at);
    }
    match last("stop-timeout") {
        Some(grace) => {
            known::time(facts, "grace", grace.value.parse::<u64>().ok().and_then(|s| s.checked_mul(1000)), grace.at);
        }
        None => known::time(facts, "grace", Some(10_000), image_at),
    }
    match last("restart") {
        Some(restart) if restart.value.contains('$') => {}
        Some(restart) => known::switch(facts, "auto-restart", restart.value != "no", restart.at),
        None => known::switch(facts, "auto-restart", false, image_at),
    }
    for flag in flags {
        if let Some(limit) = flag.value.strip_prefix("nofile=").filter(|_| flag.name == "ulimit") {
            known::count(facts, "nofile", limit.rsplit(':').next().and_then(|number| number.parse().ok()), flag.at);
        }
        if let Some(length) = flag.value.strip_prefix("net.core.somaxconn=").filter(|_| flag.name == "sysctl") {
            known::count(facts, "somaxconn", length.parse().ok(), flag.at);
        }
    }
    let place = &mut embedded.place;
    if let Some(directory) = last("workdir") {
        place.working_directory = Some(directory.value.clone()).filter(|path| !path.contains('$'));
    }
    place.knows_mounts = true;
    for flag in flags {
        match flag.name.as_str() {
            "volume" => match compose::volume(&flag.value, flag.at) {
                Some(mount) => place.mounts.push(mount),
                None => place.knows_mounts = false,
            },
            "mount" | "tmpfs" | "volumes-from" => place.knows_mounts = false,
            "publish" => place.published.extend(compose::short(&flag.value, flag.at)),
            "publish-all" => place.published.push(Published { port: None, exposure: Some("public"), at: flag.at }),
            _ => {}
        }
    }
    match last("network").or_else(|| last("net")) {
        Some(network) if network.value == "host" => {
            known::word(&mut embedded.facts, "network", "host", network.at);
            place.published.push(Published { port: None, exposure: Some("public"), at: network.at });
        }
        Some(network)
            if network.value.starts_with("container:") || network.value.contains('$') || network.value == "none" => {}
        Some(_) | None => {
            known::word(&mut embedded.facts, "network", "bridge", image_at);
            place.otherwise = Some(("private", image_at));
        }
    }
    embedded
}
