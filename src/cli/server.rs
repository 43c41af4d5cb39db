//! Which server version a configuration is read as, and why that one.

use std::path::Path;

use super::failure::Failure;
use crate::catalog::{self, Lookup};
use crate::config::Config;
use crate::lint;
use crate::report::ServerUsed;
use crate::server::{self, Engine, Server};
use crate::source::{Name, Source, SourceId};
use crate::syntax::{Reading, Survey, conf};

/// A version, and what decided for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) server: Server,
    pub(super) because: String,
}

impl Chosen {
    /// As results name it.
    pub(super) fn used(&self) -> ServerUsed {
        let resolved = self.server.resolve();
        ServerUsed {
            name: self.server.name(),
            judged_as: resolved.known.name(),
            exact: resolved.exact,
            because: self.because.clone(),
            words: lint::judged_as(self.server),
        }
    }
}

/// Decides: the flag, else the comment in the text, else the newest version of the engine that the text seems to be for.
pub(super) fn choose(
    flag: Option<Server>,
    survey: &Survey,
    program: Option<Engine>,
    root: &Source,
) -> Result<Chosen, Failure> {
    if let Some(server) = flag {
        return Ok(Chosen { server, because: "--server".into() });
    }
    if let Some((server, at)) = survey.server {
        return Ok(Chosen { server, because: format!("comment in line {}", root.line(at.start)) });
    }
    if let Some((_, value, at)) = survey.facts.iter().find(|(key, ..)| key == "server") {
        let line = root.line(at.start);
        let message = format!("the comment in line {line} of `{}` names no server version: `{value}`", root.name());
        return Err(Failure::new(message).help("write `# redisconf: server=redis-7.4`"));
    }
    let (engine, reason) = match (program, engine_in_name(root.name()), engine_in_text(root)) {
        (Some(engine), _, _) => (engine, ", by the program".into()),
        (None, Some(engine), _) => (engine, ", by the name of the file".into()),
        (None, None, Some((engine, name))) => (engine, format!(", as only {engine} knows `{name}`")),
        (None, None, None) => (Engine::Redis, ", as none is named".into()),
    };
    Ok(Chosen { server: newest(engine), because: format!("the newest {engine}{reason}; choose with --server") })
}

/// The newest catalogued version of an engine.
pub(super) fn newest(engine: Engine) -> Server {
    *server::all().iter().rfind(|known| known.engine == engine).expect("both engines have versions")
}

fn engine_in_name(name: &Name) -> Option<Engine> {
    let Name::File(path) = name else { return None };
    // The file's own name first, then its folder's: a valkey.conf may lie in /etc/redis.
    let parts = path.iter().rev().take(2).map(|part| part.to_string_lossy().to_ascii_lowercase());
    parts.into_iter().find_map(|part| engine_in_word(&part))
}

fn engine_in_word(word: &str) -> Option<Engine> {
    [Engine::Valkey, Engine::Redis].into_iter().find(|engine| word.contains(engine.word()))
}

/// The engine that a program's name tells: `/usr/bin/valkey-server`.
pub(super) fn engine_of_program(program: &Path) -> Option<Engine> {
    engine_in_word(&program.file_name()?.to_string_lossy().to_ascii_lowercase())
}

/// The one engine that the name of a file or the directives in it speak for; `None` if they do not, or for both.
pub(super) fn which_engine(reading: &Reading, config: &Config) -> Option<(Engine, String)> {
    let root = reading.sources.get(SourceId::ROOT);
    // Files for Valkey are often called redis.conf, but not the other way round.
    if engine_in_name(root.name()) == Some(Engine::Valkey) {
        return Some((Engine::Valkey, "valkey by the file's name".into()));
    }
    let mut found: Option<(Engine, &str)> = None;
    for (id, _) in reading.iter() {
        let entry = match config.look(id) {
            Lookup::Here(directive) => directive.id,
            Lookup::Elsewhere(entry) => entry,
            Lookup::Never => continue,
        };
        // Most names are of both.
        if !catalog::names_engine(entry) {
            continue;
        }
        let name = reading.name(id);
        let Some(engine) = catalog::only_engine(name) else { continue };
        match found {
            Some((known, _)) if known != engine => return None,
            Some(_) => {}
            None => found = Some((engine, std::str::from_utf8(name).unwrap_or_default())),
        }
    }
    found.map(|(engine, name)| (engine, format!("only {engine} knows `{name}`")))
}

/// The first name in a text that only one engine knows.
fn engine_in_text(root: &Source) -> Option<(Engine, String)> {
    let any = *server::all().last().expect("there are catalogued servers");
    let reading = conf::read_alone(Name::Stdin, root.text(), any);
    reading.statements().iter().find_map(|statement| {
        let name = statement.name.bytes(&reading.sources).to_ascii_lowercase();
        let name = String::from_utf8(name).ok()?;
        Some((catalog::only_engine(&name)?, name))
    })
}
