//! `redisconf expect`: says in the project file that a difference is no drift, why, and up to which day.

use std::path::{Path, PathBuf};

use super::Exit;
use super::args::{Expect, Format, Global};
use super::clock;
use super::failure::Failure;
use super::project;
use super::subject::read_file;
use super::terminal::Terminal;
use super::write::write_over;
use crate::catalog::{self, Lookup, View};
use crate::config::Config;
use crate::config::fleet::{self, Fleet};
use crate::config::layers::load;
use crate::lint::suppress::Date;
use crate::render::Artefact;
use crate::report;
use crate::server::Server;
use crate::source::Disk;
use crate::syntax::expected::{NewExpected, expecting};

pub(super) fn run(command: &Expect, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let path = project::find(command.project.as_deref())?;
    let fleet = fleet::open(&path, &Disk, env!("CARGO_PKG_VERSION")).map_err(super::setup::failed)?;
    if let Some(text) = project::problems(&fleet, terminal.err_look) {
        terminal.note(&text)?;
        return Ok(Exit::Found);
    }
    let until = until(&command.until)?;
    let new = NewExpected {
        instance: &command.instance,
        directive: &command.directive,
        value: &command.value,
        reason: &command.reason,
        until: &until,
    };
    let entry = Entry::new(&fleet, &path, std::slice::from_ref(&new))?;
    entry.write()?;
    let name = entry.names[0];
    if global.format() == Format::Json {
        #[derive(serde::Serialize)]
        struct Told<'a> {
            project: String,
            instance: &'a str,
            directive: &'a str,
            value: &'a str,
            reason: &'a str,
            until: &'a str,
        }
        let NewExpected { instance, directive: _, value, reason, until } = new;
        let told = Told { project: path.display().to_string(), instance, directive: name, value, reason, until };
        terminal.print(&report::json("expect", &told))?;
    } else if !global.quiet {
        let words = format!("{}: {name} {} is expected until {until} ({})", new.instance, new.value, new.reason);
        terminal.note(&format!("{words}, in {}\n", path.display()))?;
    }
    Ok(Exit::Done)
}

/// Entries for a project file, found to be possible and not written yet.
pub(super) struct Entry {
    path: PathBuf,
    /// The file as it was read.
    was: String,
    text: String,
    /// The directives, by the names that the version prefers.
    pub(super) names: Vec<&'static str>,
}

impl Entry {
    /// The project's file with these entries.
    pub(super) fn new(fleet: &Fleet, path: &Path, all: &[NewExpected<'_>]) -> Result<Self, Failure> {
        let text = read_file(path)?;
        let text = String::from_utf8(text).map_err(|_| Failure::new(format!("`{}` is no UTF-8", path.display())))?;
        let mut entry = Self { path: path.to_owned(), was: text.clone(), text, names: Vec::new() };
        for new in all {
            let server = server_of(fleet, new.instance)?;
            let name = directive(new.directive, new.value, server)?;
            if new.reason.trim().is_empty() {
                return Err(
                    Failure::new("the reason is empty").help("say who decided it, or a ticket: `--reason INC-4711`")
                );
            }
            entry.text = expecting(&entry.text, &NewExpected { directive: name, ..new.clone() }).ok_or_else(|| {
                Failure::new(format!("`expected` in `{}` is no list of tables", path.display()))
                    .help("write its entries as `[[expected]]`; nothing was written")
            })?;
            entry.names.push(name);
        }
        Ok(entry)
    }

    pub(super) fn write(&self) -> Result<(), Failure> {
        let text = self.text.clone().into_bytes();
        let artefact = Artefact { path: PathBuf::new(), text, mode: None, secret: false };
        write_over(&self.path, self.was.as_bytes(), &artefact).map(drop)
    }
}

/// The last day: a date, or so many days or hours from now.
pub(super) fn until(text: &str) -> Result<String, Failure> {
    let today = clock::today();
    let count = |unit| text.strip_suffix(unit).and_then(|count| count.parse::<u16>().ok()).map(u32::from);
    let day = match (count('d').map(|days| days * 24)).or(count('h')) {
        Some(hours) => clock::in_hours(hours),
        None => text.parse::<Date>().map_err(|expected| {
            Failure::new(format!("`{text}` is no day")).help(format!("{expected}, or `7d` or `24h` from now"))
        })?,
    };
    if day < today {
        return Err(Failure::new(format!("{day} has passed")).help("name today or a later day"));
    }
    Ok(day.to_string())
}

/// The version that an instance is declared to run.
fn server_of(fleet: &Fleet, name: &str) -> Result<Server, Failure> {
    let Some(instance) = fleet.project.instances.iter().find(|instance| instance.name.value == name) else {
        return Err(Failure::new(format!("the project has no instance `{name}`")).help("see `[instance.NAME]` there"));
    };
    if let Some(server) = &instance.server {
        return Ok(server.value);
    }
    let stack = load(&fleet.request(instance), &Disk).map_err(super::setup::failed)?;
    stack.default_server().ok_or_else(|| {
        Failure::new(format!("instance `{name}` names no server version")).help("add `server = \"redis-7.4\"`")
    })
}

/// The name that the version prefers, if it takes the value.
fn directive(name: &str, value: &str, server: Server) -> Result<&'static str, Failure> {
    let Lookup::Here(directive) = View::of(server).look(name.as_bytes()) else {
        let near = catalog::suggest(name, View::of(server)).map(|near| format!("did you mean `{near}`?"));
        return Err(Failure::new(format!("{server} has no directive `{name}`"))
            .help(near.unwrap_or_else(|| "see `redisconf explain NAME`".into())));
    };
    if directive.is.secret {
        return Err(Failure::new(format!("`{name}` is a secret, whose value belongs into no project file"))
            .help("declare the secret by name, and say where it is kept"));
    }
    if Config::nothing(server).read_back(directive, value.as_bytes()).is_none() {
        return Err(
            Failure::new(format!("`{value}` is no value of `{name}`")).help(format!("see `redisconf explain {name}`"))
        );
    }
    Ok(directive.name())
}
