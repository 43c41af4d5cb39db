//! What is rendered is found again where it was put, and means the same.

use std::collections::BTreeMap;
use std::path::Path;

use redisconf::catalog;
use redisconf::config::{Config, Setup, resolve};
use redisconf::facts::{self, Facts, Written};
use redisconf::render::{Artefact, Chart, Options, Target, render};
use redisconf::server::Server;
use redisconf::source::{Memory, Name, SourceId, Span};
use redisconf::syntax::conf::read_alone;
use redisconf::syntax::embedded::{Embedded, Told, find, recognise};

/// Directives that no chart keeps to itself, with values that need quotes in one form or another.
const CONF: &str = "save 3600 1\nsave 60 10000\nappendonly yes\nmaxmemory 6gb\nmaxmemory-policy allkeys-lru\nhz 20\n\
    client-output-buffer-limit pubsub 256mb 128mb 60\nnotify-keyspace-events Ex\ntcp-keepalive 60\nslowlog-max-len 1000000\n";

/// The same, and what a chart would refuse.
const MORE: &str = "port 6380\ndbfilename \"a 'b' $c.rdb\"\nbind * -::*\nproc-title-template \"{title} %\"\n";

const SERVERS: [&str; 5] = ["redis-6.2", "redis-7.4.5", "redis-8.2", "valkey-8.1", "valkey-9.1"];

fn setup(server: &str, conf: &str) -> Setup {
    let reading = read_alone(Name::File("profile".into()), conf.as_bytes(), server.parse().unwrap());
    let mut known = Facts::default();
    let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
    for (name, said) in [("memory", "8GiB"), ("cpus", "4")] {
        let definition = facts::definition(name).unwrap();
        known.learn(definition, definition.read(Written::Text(said)).unwrap(), at);
    }
    Setup::from_reading("cache", reading, known)
}

/// The one server in an artefact.
fn found(artefact: &Artefact) -> (Embedded, Memory) {
    let known = |name: &[u8]| catalog::find(name).is_some();
    let name = Name::File(artefact.path.clone());
    let kind = recognise(&name, &artefact.text, &known).unwrap_or_else(|| panic!("{}", artefact.path.display()));
    let found = find(&name, &artefact.text, kind, &known);
    let text = String::from_utf8_lossy(&artefact.text);
    assert!(found.problems.is_empty(), "{:?}\n{text}", found.problems);
    let [embedded] = &found.embedded[..] else { panic!("{} servers in\n{text}", found.embedded.len()) };
    (embedded.clone(), Memory::new([(artefact.path.clone(), artefact.text.clone())]))
}

/// What is set, by the directive's own name.
fn said(config: &Config) -> BTreeMap<&'static str, String> {
    let entry = |entry: &redisconf::config::Entry| {
        let directive = config.view.directives().find(|one| one.id == entry.id).unwrap();
        (directive.name(), format!("{:?}", config.effective(directive)))
    };
    config.entries().iter().map(entry).collect()
}

/// Renders, finds, reads, resolves and compares. `own` may be set beside what was asked for.
fn holds(target: Target, chart: Option<Chart>, server: &str, conf: &str, own: &[&str]) {
    let setup = setup(server, conf);
    let mut options = Options::new(target);
    options.chart = chart;
    let rendered = render(&setup, &options, &BTreeMap::new()).unwrap();
    let (embedded, files) = found(&rendered.artefacts[0]);
    let server: Server = server.parse().unwrap();
    match embedded.told {
        Told::Server(told) => assert_eq!(told.base(), server.base()),
        // The chart's own image, whose version stands in the chart.
        told @ (Told::Nothing | Told::Engine(_) | Told::Major(..)) => {
            assert_eq!((told, target), (Told::Engine(server.engine), Target::Helm));
        }
    }
    let reading = embedded.read(server, &files);
    assert!(!reading.templated, "{chart:?} {target:?}");
    let config = resolve(&reading, embedded.mode);
    assert!(config.refusals().is_empty() && config.unread().is_empty(), "{chart:?} {:?}", config.refusals());
    let mut back = said(&config);
    let meant = said(&setup.config);
    back.retain(|name, _| meant.contains_key(name) || !own.contains(name));
    assert_eq!(back, meant, "{chart:?} {target:?} {server}");
    let facts = embedded.facts(&reading);
    assert_eq!((facts.bytes("memory"), facts.word("container")), (Some(8 << 30), Some("yes")), "{chart:?} {target:?}");
    assert_eq!(facts.word("volume"), Some("persistent"), "{chart:?} {target:?}");
    assert!(facts.milliseconds("grace").is_some_and(|grace| grace >= 30_000), "{chart:?} {target:?}");
}

#[test]
fn containers_are_read_back() {
    for server in SERVERS {
        for target in [Target::Compose, Target::DockerRun, Target::Kubernetes] {
            holds(target, None, server, &format!("{CONF}{MORE}"), &[]);
        }
    }
}

#[test]
fn values_of_every_chart_are_read_back() {
    for (chart, servers, own) in [
        (Chart::BitnamiRedis, &SERVERS[..3], &["requirepass", "masterauth", "dir", "rename-command"][..]),
        (Chart::BitnamiValkey, &SERVERS[3..], &["requirepass", "primaryauth", "dir", "rename-command"]),
        (Chart::CloudPiratesRedis, &SERVERS[..3], DECIDED),
        (Chart::CloudPiratesValkey, &SERVERS[3..], DECIDED),
        (Chart::Valkey, &SERVERS[3..], &["bind", "protected-mode", "dir", "aclfile"]),
    ] {
        for server in servers {
            holds(Target::Helm, Some(chart), server, CONF, own);
        }
    }
}

/// What the charts of CloudPirates may set themselves.
const DECIDED: &[&str] = &[
    "bind",
    "protected-mode",
    "requirepass",
    "masterauth",
    "primaryauth",
    "daemonize",
    "loglevel",
    "replicaof",
    "tls-port",
];

#[test]
fn a_command_list_is_read_back() {
    // The chart around it has the image.
    let setup = setup("redis-7.4", CONF);
    let mut options = Options::new(Target::Helm);
    options.chart = Some(Chart::CommandList);
    let rendered = render(&setup, &options, &BTreeMap::new()).unwrap();
    let (embedded, files) = found(&rendered.artefacts[0]);
    let reading = embedded.read(setup.server, &files);
    assert_eq!(said(&resolve(&reading, embedded.mode)), said(&setup.config));
    assert_eq!(embedded.facts(&reading).bytes("memory"), Some(8 << 30));
}

#[test]
fn values_below_the_key_of_an_umbrella_are_found() {
    let setup = setup("valkey-8.1", CONF);
    let mut options = Options::new(Target::Helm);
    options.chart = Some(Chart::BitnamiValkey);
    options.under = Some("platform.cache".into());
    options.existing = Some(b"platform:\n  # \xc3\xbc\n  other: 1\n".to_vec());
    let rendered = render(&setup, &options, &BTreeMap::new()).unwrap();
    let (embedded, _) = found(&rendered.artefacts[0]);
    assert!(embedded.title.contains("`platform.cache`"), "{}", embedded.title);
    assert!(rendered.artefacts[0].path.starts_with(Path::new("values.yaml")));
}
