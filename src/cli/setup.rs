//! From what a user names to a [`Setup`]: a profile with its layers, or a configuration file.

use std::path::Path;

use super::args::{Layers, Profile};
use super::failure::Failure;
use super::server::{Chosen, choose};
use super::subject::{Subject, read_file, unreadable};
use crate::config::Setup;
use crate::config::layers::{LoadError, Request, assignment, load, merge};
use crate::facts::Facts;
use crate::server::Server;
use crate::source::{Disk, FileError, Files as _, Name, SourceId, Sources};
use crate::syntax::{conf, survey};

/// Whether a name means a profile; anything else is read as a configuration file.
pub(super) fn is_profile(name: &str) -> bool {
    let path = Path::new(name);
    let toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let builtin = !name.contains('/') && path.extension().is_none();
    let is_missing = || match Disk.read(path) {
        Err(FileError::Io { source, .. }) => source.kind() == std::io::ErrorKind::NotFound,
        Err(FileError::TooLarge { .. }) | Ok(_) => false,
    };
    toml || name.starts_with("builtin:") || (builtin && is_missing())
}

/// Reads what the arguments name.
pub(super) fn read(arguments: &Profile) -> Result<Subject, Failure> {
    let name = arguments.profile.as_deref().expect("callers look for a project first");
    if is_profile(name) { of_profile(name, arguments) } else { of_file(name, arguments) }
}

/// What a profile or a file declares, for one version. Nothing is judged.
pub(super) fn declared(arguments: &Profile, server: Server) -> Result<Setup, Failure> {
    let name = arguments.profile.as_deref().unwrap_or_default();
    if is_profile(name) {
        return Ok(merge(load(&request(name, &arguments.layers)?, &Disk).map_err(failed)?, server));
    }
    only_facts(name, &arguments.layers)?;
    let path = Path::new(name);
    let reading = conf::read(Name::File(path.to_owned()), &read_file(path)?, server, &Disk);
    Ok(Setup::from_reading(name, reading, facts(&arguments.layers)?))
}

/// A profile with the layers that flags put above it.
pub(super) fn request(name: &str, layers: &Layers) -> Result<Request, Failure> {
    let pairs = |flag, texts: &[String]| -> Result<Vec<(String, String)>, LoadError> {
        texts.iter().map(|text| assignment(flag, text)).collect()
    };
    Ok(Request {
        profile: name.to_owned(),
        files: layers.files.clone(),
        sets: pairs("--set", &layers.sets).map_err(failed)?,
        facts: pairs("--fact", &layers.facts).map_err(failed)?,
        ..Request::default()
    })
}

/// Merges a profile with its layers.
pub(super) fn of_profile(name: &str, arguments: &Profile) -> Result<Subject, Failure> {
    let request = request(name, &arguments.layers)?;
    let stack = load(&request, &Disk).map_err(failed)?;
    let chosen = match (arguments.server, stack.default_server()) {
        (Some(server), _) => Chosen { server, because: "--server".into() },
        (None, Some(server)) => Chosen { server, because: "default-server of the profile".into() },
        (None, None) => {
            return Err(Failure::new(format!("`{name}` does not say for which server version it is"))
                .help("name one: `--server redis-7.4`, or write `default-server = \"redis-7.4\"` into the profile"));
        }
    };
    Ok(Subject::of_setup(merge(stack, chosen.server), &chosen))
}

fn of_file(name: &str, arguments: &Profile) -> Result<Subject, Failure> {
    only_facts(name, &arguments.layers)?;
    let path = Path::new(name);
    let text = read_file(path)?;
    let name = Name::File(path.to_owned());
    let surveyed = survey(SourceId::ROOT, &text);
    let mut sources = Sources::new();
    let root = sources.add(name.clone(), text);
    let chosen = choose(arguments.server, &surveyed, None, sources.get(root))?;
    let reading = conf::read(name, sources.get(root).text(), chosen.server, &Disk);
    let facts = facts(&arguments.layers)?;
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(Subject::of_setup(Setup::from_reading(&stem, reading, facts), &chosen))
}

/// Refuses layers above a configuration, which stands alone.
pub(super) fn only_facts(name: &str, layers: &Layers) -> Result<(), Failure> {
    if layers.files.is_empty() && layers.sets.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("`{name}` is a configuration, and layers stand above profiles only"))
        .help("name a profile, or leave out `-f` and `--set`"))
}

/// The facts of `--fact` for a configuration file.
pub(super) fn facts(layers: &Layers) -> Result<Facts, Failure> {
    facts_of_flags(&layers.facts)
}

/// The facts of `--fact NAME=VALUE`.
pub(super) fn facts_of_flags(flags: &[String]) -> Result<Facts, Failure> {
    let mut facts = Facts::default();
    for text in flags {
        let (name, value) = assignment("--fact", text).map_err(failed)?;
        let Some(definition) = crate::facts::definition(&name) else {
            let names: Vec<&str> = crate::facts::ALL.iter().map(|d| d.name).collect();
            return Err(
                Failure::new(format!("unknown fact `{name}`")).help(format!("the facts are: {}", names.join(", ")))
            );
        };
        let said = definition
            .read(crate::facts::Written::Text(&value))
            .map_err(|expected| Failure::new(format!("no value for the fact `{name}`")).help(expected))?;
        facts.learn(definition, said, crate::source::Span { source: SourceId::ROOT, start: 0, end: 0 });
    }
    Ok(facts)
}

/// Why nothing could be loaded.
pub(super) fn failed(error: LoadError) -> Failure {
    match error {
        LoadError::File(error) => unreadable(error),
        LoadError::Unknown { .. } | LoadError::Revision { .. } | LoadError::Assignment { .. } => {
            Failure::new(error.to_string())
        }
    }
}
