//! Small texts of each form, and what is found in them.

mod compose;
mod containers;
mod edits;
mod helm;
mod hosts;
mod kubernetes;
mod robust;

use super::*;
use crate::server::Server;
use crate::source::Memory;
use crate::syntax::reading::{Item, Reading};

/// Some names that servers know.
pub(super) fn is_directive(name: &[u8]) -> bool {
    const NAMES: &str = "appendfsync appendonly bind client-output-buffer-limit daemonize dir hz include loglevel maxclients \
        maxmemory maxmemory-policy masterauth min-replicas-to-write port protected-mode rename-command replicaof \
        requirepass save sentinel tcp-keepalive timeout user";
    NAMES.split_whitespace().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// A text with the files beside it.
pub(super) struct Case {
    pub(super) found: Found,
    files: Memory,
}

/// The first of the files is the text to look into.
pub(super) fn case(files: &[(&str, &str)]) -> Case {
    let (path, text) = files[0];
    let name = Name::File(path.into());
    let kind = recognise(&name, text.as_bytes(), &is_directive).unwrap_or_else(|| panic!("{path} is not recognised"));
    let found = find(&name, text.as_bytes(), kind, &is_directive);
    Case { found, files: Memory::new(files.iter().map(|(path, text)| (*path, *text))) }
}

/// One text alone.
pub(super) fn one(path: &str, text: &str) -> Case {
    case(&[(path, text)])
}

/// A Compose file with one service, given without indentation.
pub(super) fn service(text: &str) -> Case {
    let text: String = text.lines().map(|line| format!("    {line}\n")).collect();
    one("compose.yaml", &format!("services:\n  cache:\n{text}"))
}

impl Case {
    fn only(&self) -> &Embedded {
        let [embedded] = &self.found.embedded[..] else {
            panic!("one server is expected: {:?}", self.titles());
        };
        embedded
    }

    pub(super) fn titles(&self) -> Vec<&str> {
        self.found.embedded.iter().map(|embedded| embedded.title.as_str()).collect()
    }

    pub(super) fn reading(&self) -> Reading {
        self.read(self.only())
    }

    pub(super) fn read(&self, embedded: &Embedded) -> Reading {
        let newest = embedded.told.candidates().pop().unwrap_or("redis-7.4".parse().unwrap());
        embedded.read(newest, &self.files)
    }

    /// What the only server meets: `line:column name words`, with `?` behind what is filled in.
    pub(super) fn statements(&self) -> Vec<String> {
        statements(&self.reading())
    }

    /// Facts of the only server: `name=what line:column`.
    pub(super) fn facts(&self, names: &str) -> Vec<String> {
        self.facts_of(self.only(), names)
    }

    pub(super) fn facts_of(&self, embedded: &Embedded, names: &str) -> Vec<String> {
        let reading = self.read(embedded);
        let facts = embedded.facts(&reading);
        let one = |name: &str| match facts.get(name) {
            None => format!("{name} unknown"),
            Some(fact) => {
                let place = reading.sources.get(fact.at.source).position(fact.at.start);
                format!("{name}={} {}:{}", fact.said, place.line, place.column)
            }
        };
        names.split(' ').map(one).collect()
    }
}

pub(super) fn statements(reading: &Reading) -> Vec<String> {
    let item = |item: &Item| match item {
        Item::Enter => "(".to_owned(),
        Item::Leave => ")".to_owned(),
        Item::Problem(problem) => format!("{} {:?}", reading.sources.locate(problem.at), problem.kind),
        Item::Statement(id) => {
            let mut text = format!("{} {}", place(reading, reading.statement(*id).at), show(reading.name(*id)));
            for word in reading.words(*id) {
                let bytes = show(word.bytes(&reading.sources));
                let mark = if word.open { "?" } else { "" };
                text.push_str(&format!(" {}{mark}", if bytes.is_empty() { "''" } else { &bytes }));
            }
            text
        }
    };
    let mut found: Vec<String> = reading.order().iter().map(item).collect();
    if reading.templated {
        found.push("and more".into());
    }
    found
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn place(reading: &Reading, at: Span) -> String {
    let source = reading.sources.get(at.source);
    let position = source.position(at.start);
    let place = format!("{}:{}", position.line, position.column);
    if at.source == SourceId::ROOT { place } else { format!("{}:{place}", source.name()) }
}

#[test]
fn what_is_told_narrows_the_versions() {
    let told = |text: &str| one("compose.yaml", text).only().told;
    let server = |name: &str| Told::Server(name.parse::<Server>().unwrap());
    assert_eq!(told("services: {a: {image: 'redis:7.4.1-alpine'}}"), server("redis-7.4.1"));
    assert_eq!(told("services: {a: {image: 'valkey/valkey:8'}}"), Told::Major(crate::server::Engine::Valkey, 8));
    let built = "services: {a: {build: ., image: 'redis:7.4', command: [valkey-server]}}";
    assert_eq!(told(built), Told::Engine(crate::server::Engine::Valkey));
}

#[test]
fn comments_at_the_top_and_beside_the_server_are_its_own() {
    let text = "# redisconf: memory=1gb\nservices:\n  # redisconf: cpus=9\n  a:\n    image: redis:7\n    # redisconf: server=redis-7.2\n  b:\n    # redisconf: hz=1\n    image: redis:7\n";
    let case = one("compose.yaml", text);
    let surveys: Vec<Survey> = case.found.embedded.iter().map(Embedded::survey).collect();
    let names = |survey: &Survey| survey.facts.iter().map(|(name, _, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(surveys[0].server.unwrap().0.name(), "redis-7.2");
    assert_eq!(names(&surveys[0]), ["memory"]);
    assert_eq!((surveys[1].server, names(&surveys[1])), (None, vec!["memory".to_owned(), "hz".to_owned()]));
}

use crate::syntax::survey::Survey;
