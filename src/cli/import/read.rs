//! Reading what `import` is given: a configuration file, a dump, or a text that holds the configurations of several servers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::args::Import;
use super::super::failure::Failure;
use super::super::server::{Chosen, choose};
use super::super::subject::read_file;
use super::super::terminal::{Terminal, read_stdin};
use crate::catalog;
use crate::config::Visible;
use crate::facts::{self, Fact, Facts, Unit};
use crate::finding::{Finding, Severity};
use crate::import::{Original, is_dump};
use crate::report;
use crate::server::Server;
use crate::source::{Disk, Name, Source, SourceId, Sources};
use crate::syntax::embedded::{self, Embedded, Kind, Told, recognise};
use crate::syntax::{Mode, ProblemKind, Survey, conf, survey};

/// A configuration, or why there is none.
pub(super) struct Found {
    /// As reports name it.
    pub(super) subject: String,
    /// What its profile is called, unless something else is asked for.
    pub(super) name: String,
    pub(super) outcome: Result<Item, Failure>,
}

/// A configuration to import.
pub(super) struct Item {
    pub(super) original: Original,
    pub(super) chosen: Chosen,
    /// What it was read from.
    pub(super) kind: &'static str,
    /// The same, for the first comment of the profile.
    pub(super) from: String,
}

/// What is asked of the reading.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) command: &'a Import,
    /// The version where nothing else tells it, and what told this one.
    pub(super) otherwise: Option<(Server, &'static str)>,
    pub(super) quiet: bool,
}

impl Asked<'_> {
    fn otherwise(self, subject: &str) -> Result<Chosen, Failure> {
        let chosen = self.otherwise.map(|(server, because)| Chosen { server, because: because.into() });
        chosen.ok_or_else(|| {
            Failure::new(format!("`{subject}` does not say which server version runs it"))
                .help("name it, for it decides about the defaults: `--server redis-7.4`; `INFO server` tells it")
        })
    }
}

/// The configurations in one input, in the order of its text.
pub(super) fn configurations(asked: Asked<'_>, input: &Path, terminal: &mut Terminal) -> Result<Vec<Found>, Failure> {
    let Asked { command, .. } = asked;
    let is_stdin = input == Path::new("-");
    let alone = |outcome| {
        let stem = input.file_stem().filter(|_| !is_stdin).map(|stem| stem.to_string_lossy().into_owned());
        let subject = if is_stdin { Name::Stdin.to_string() } else { input.display().to_string() };
        vec![Found { subject, name: stem.unwrap_or_else(|| "imported".into()), outcome }]
    };
    let read = if is_stdin { read_stdin() } else { read_file(input) };
    let text = match read {
        Ok(text) => text,
        Err(failure) => return Ok(alone(Err(failure))),
    };
    let name = if is_stdin { Name::Stdin } else { Name::File(input.to_owned()) };
    let shown = match input.file_name() {
        Some(file) if !is_stdin => file.to_string_lossy().into_owned(),
        Some(_) | None => "standard input".into(),
    };
    // Units begin with a bracket, as dumps do.
    let kind = recognise(&name, &text, &is_directive).and_then(holder);
    if let Some((kind, word)) = kind {
        return match servers(asked, &name, &text, kind, terminal)? {
            Ok(servers) => {
                let chosen = |(key, _): &(String, Embedded)| command.only.is_empty() || command.only.contains(key);
                let servers = named(&name, servers).filter(chosen);
                let mut sources = Sources::new();
                let root = sources.add(name.clone(), text);
                let host = sources.get(root);
                Ok(servers.map(|(key, one)| found(asked, host, &shown, word, key, &one)).collect())
            }
            Err(failure) => Ok(alone(Err(failure))),
        };
    }
    if !command.only.is_empty() {
        let failure = Failure::new(format!("`{name}` is one configuration, and `--only` chooses among several"));
        return Ok(alone(Err(failure.help("leave `--only` out"))));
    }
    let from = if is_dump(&text) { format!("the dump {shown}") } else { shown };
    Ok(alone(one(asked, name, text).map(|(original, chosen)| {
        let kind = if original.is_dump() { "dump" } else { "config" };
        Item { original, chosen, kind, from }
    })))
}

fn is_directive(name: &[u8]) -> bool {
    catalog::find(name).is_some()
}

/// The kind, with its word, if it holds the configurations of servers.
fn holder(kind: Kind) -> Option<(Kind, &'static str)> {
    let word = match kind {
        Kind::Compose => "compose",
        Kind::Kubernetes => "kubernetes",
        Kind::HelmValues => "helm-values",
        Kind::Dockerfile => "dockerfile",
        Kind::Systemd => "systemd",
        Kind::DockerRun => "docker-run",
        Kind::Conf | Kind::Sentinel | Kind::Acl | Kind::Profile | Kind::Project => return None,
    };
    Some((kind, word))
}

/// Reads a file or a dump for the version that runs it, which must be said: it decides about what may be left out.
pub(super) fn one(asked: Asked<'_>, name: Name, text: Vec<u8>) -> Result<(Original, Chosen), Failure> {
    let surveyed = survey(SourceId::ROOT, &text);
    if surveyed.mode == Mode::Sentinel {
        return Err(Failure::new(format!("`{name}` is the configuration of a Sentinel, and profiles are for servers"))
            .help("import the configuration of a server that it watches"));
    }
    let dump = is_dump(&text);
    let is_said = surveyed.server.is_some() || surveyed.facts.iter().any(|(key, ..)| key == "server");
    let mut sources = Sources::new();
    let root = sources.add(name.clone(), text);
    // What looks like a comment in a dump is a value.
    let chosen = if asked.command.server.is_some() || (is_said && !dump) {
        choose(asked.command.server, &surveyed, None, sources.get(root))?
    } else {
        asked.otherwise(&name.to_string())?
    };
    let text = sources.get(root).text();
    let original = if dump {
        Original::of_dump(name.clone(), text, chosen.server).map_err(|error| {
            Failure::new(format!("cannot read `{name}` as a dump: {error}"))
                .help("save it with `redis-cli --json CONFIG GET '*'`, which keeps every value whole")
        })?
    } else {
        Original::of_reading(conf::read(name, text, chosen.server, &Disk), said(&surveyed))
    };
    Ok((original, chosen))
}

/// What comments say of the place; what cannot be read of them is the business of `lint`.
fn said(surveyed: &Survey) -> Facts {
    let mut known = Facts::default();
    for (name, value, at) in &surveyed.facts {
        if let Ok((definition, said)) = facts::in_comment(name, value) {
            known.learn(definition, said, *at);
        }
    }
    known
}

/// The servers that a text configures and that are asked for.
fn servers(
    Asked { command, quiet, .. }: Asked<'_>,
    name: &Name,
    text: &[u8],
    kind: Kind,
    terminal: &mut Terminal,
) -> Result<Result<Vec<Embedded>, Failure>, Failure> {
    let found = embedded::find(name, text, kind, &is_directive);
    let mut sources = Sources::new();
    sources.add(name.clone(), text);
    let problems: Vec<Finding> = found.problems.iter().filter(|one| one.severity > Severity::Info).cloned().collect();
    terminal.note(&report::human(&problems, &sources, &Visible::default(), terminal.err_look))?;
    let (servers, sentinels): (Vec<_>, Vec<_>) = found.embedded.into_iter().partition(|one| one.mode == Mode::Server);
    for sentinel in sentinels.into_iter().filter(|_| command.only.is_empty() && !quiet) {
        terminal.note(&format!("note: `{name}`: {} is a Sentinel, and profiles are for servers\n", sentinel.title))?;
    }
    if servers.is_empty() {
        return Ok(Err(
            Failure::new(format!("no server is found in `{name}`")).help("import the configuration file that it uses")
        ));
    }
    let names: Vec<String> = named(name, servers.clone()).map(|(name, _)| name).collect();
    if let Some(missing) = command.only.iter().find(|only| !names.contains(only)) {
        return Ok(Err(
            Failure::new(format!("`{name}` has no server `{missing}`")).help(format!("it has: {}", names.join(", ")))
        ));
    }
    Ok(Ok(servers))
}

/// What each is called: by the names in its title, numbered where two are alike.
fn named(host: &Name, servers: Vec<Embedded>) -> impl Iterator<Item = (String, Embedded)> + use<'_> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    servers.into_iter().map(move |one| {
        let name = plain(host, &one.title);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { (name, one) } else { (format!("{name}-{count}"), one) }
    })
}

/// The names in a title as one word; a file's ending is none of them. Where the title names nothing, the file does, or its
/// folder if the file is called as all of its kind are.
fn plain(host: &Name, title: &str) -> String {
    let mut parts: Vec<String> = title.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    if let (true, Name::File(path)) = (parts.is_empty(), host) {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_usual = ["values", "dockerfile", "containerfile"].contains(&stem.to_ascii_lowercase().as_str());
        let folder = path.parent().and_then(Path::file_name).filter(|_| is_usual);
        parts.push(folder.map_or(stem, |folder| folder.to_string_lossy().into_owned()));
    }
    // Behind the last comma stands a role, as in: values `redis`, replica.
    parts.extend(title.rsplit_once(", ").map(|(_, role)| role.to_owned()).filter(|role| !role.contains('`')));
    let stem = |part: &String| {
        let path = PathBuf::from(part);
        let known = ["conf", "service", "yaml", "yml"];
        let ends = path.extension().is_some_and(|ending| known.iter().any(|known| ending.eq_ignore_ascii_case(known)));
        if ends { path.with_extension("").to_string_lossy().into_owned() } else { part.clone() }
    };
    let word = parts.iter().map(stem).collect::<Vec<_>>().join("-").to_ascii_lowercase();
    let plain: String = word.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "imported".to_owned() } else { plain.to_owned() }
}

/// One server of a text, with what surrounds it.
fn found(asked: Asked<'_>, host: &Source, shown: &str, kind: &'static str, name: String, one: &Embedded) -> Found {
    // Failures put it between backticks.
    let subject = format!("{}: {}", host.name(), one.title.replace('`', ""));
    let outcome = original(asked, host, one, &subject).map(|(original, chosen)| {
        let from = format!("{shown}, {}", one.title);
        Item { original, chosen, kind, from }
    });
    Found { subject, name, outcome }
}

fn original(asked: Asked<'_>, host: &Source, one: &Embedded, subject: &str) -> Result<(Original, Chosen), Failure> {
    let surveyed = one.survey();
    let chosen = version(asked, host, &surveyed, one.told, subject)?;
    let reading = one.read(chosen.server, &Disk);
    let mut known = measures(&one.facts(&reading));
    for (name, Fact { said, at }) in said(&surveyed).iter() {
        known.learn(facts::definition(name).expect("it was learnt under this name"), *said, *at);
    }
    let original = Original::of_reading(reading, known);
    let unread = |kind| original.config.unread().iter().any(|problem| problem.kind == kind);
    if original.reading.statements().is_empty() && unread(ProblemKind::MissingFile) {
        return Err(Failure::new(format!("`{subject}` says nothing but the name of a file that is not here"))
            .help("import that file itself"));
    }
    Ok((original, chosen))
}

/// The version: as asked for, by a comment, or by the tag of the image.
fn version(asked: Asked<'_>, host: &Source, surveyed: &Survey, told: Told, subject: &str) -> Result<Chosen, Failure> {
    let is_said = surveyed.server.is_some() || surveyed.facts.iter().any(|(key, ..)| key == "server");
    if asked.command.server.is_some() || is_said {
        return choose(asked.command.server, surveyed, None, host);
    }
    match told {
        Told::Server(server) => Ok(Chosen { server, because: "tag of the image".into() }),
        // Such a tag moves with each release of that number, and ends at its last.
        Told::Major(engine, major) => {
            let newest = told.candidates().pop();
            let Some(newest) = newest else { return asked.otherwise(subject) };
            Ok(Chosen {
                server: newest,
                because: format!("the newest {engine} {major}, for the tag of the image moves"),
            })
        }
        Told::Engine(_) | Told::Nothing => asked.otherwise(subject),
    }
}

/// What there is to share out. How a container is built and watched is true of one place, and its instance says so.
fn measures(facts: &Facts) -> Facts {
    let mut measures = Facts::default();
    for (name, Fact { said, at }) in facts.iter() {
        let definition = facts::definition(name).expect("it was learnt under this name");
        if matches!(definition.unit, Unit::Bytes | Unit::Count | Unit::Processors) {
            measures.learn(definition, *said, *at);
        }
    }
    measures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_names() {
        for (host, title, name) in [
            ("compose.yaml", "service `Cache_1`", "cache_1"),
            ("a.yaml", "StatefulSet `redis`", "redis"),
            ("a.yaml", "ConfigMap `conf`, key `redis.conf`", "conf-redis"),
            ("values.prod.yaml", "values `redis`, replica", "redis-replica"),
            ("charts/sessions/values.yaml", "values, primary", "sessions-primary"),
            ("values.yaml", "values, primary", "values-primary"),
            ("redis@.service", "unit `redis@.service`", "redis"),
            ("cache/Dockerfile", "the image", "cache"),
            ("run.sh", "container", "run"),
        ] {
            assert_eq!(plain(&Name::File(host.into()), title), name, "{title}");
        }
    }
}
