//! Configurations where they live: in Compose files, Kubernetes manifests, values of Helm charts, Dockerfiles, systemd
//! units and `docker run` commands.
//!
//! [`recognise`] tells what a file is, by its name and its content; [`find`] finds the servers in it. Each is an
//! [`Embedded`]: what its surroundings say as facts, which version its image names, and the pieces of configuration in the
//! order in which the server takes them. [`Embedded::read`] makes a [`Reading`](super::Reading) of them whose root is the whole text, so
//! that every place is one that people see in their editor. What is not understood is left out, never guessed.

mod command;
mod compose;
mod docker_run;
mod dockerfile;
mod environment;
mod flow;
mod helm;
mod image;
mod known;
mod kubernetes;
mod place;
mod pod;
mod probe;
mod quantity;
mod read;
mod recognise;
mod scalar;
mod shell;
mod siblings;
mod systemd;
#[cfg(test)]
mod tests;
mod yaml;

use std::sync::Arc;

use super::argv::{self, Given};
use super::survey::Mode;
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::source::{Name, SourceId, Span};

use command::Start;
pub use image::Told;
use place::{Place, Text};
pub use recognise::{Kind, is_plausible, may_hold_servers, recognise};

/// Longer YAML than this is not read; manifests that hold dashboards reach a third of it.
const LONGEST_YAML: usize = 16 * 1024 * 1024;

/// What was found in a text.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The servers, in the order of the text.
    pub embedded: Vec<Embedded>,
    /// Why the text, or a part of it, could not be read.
    pub problems: Vec<Finding>,
}

/// A server that another text configures.
#[derive(Clone, Debug)]
pub struct Embedded {
    /// What it is, for people: ``service `cache` ``.
    pub title: String,
    /// Server or Sentinel.
    pub mode: Mode,
    /// What the image or the program tells of the version.
    pub told: Told,
    /// Where to point for the server as a whole.
    pub at: Span,
    /// All of the text that is about it.
    extent: Span,
    /// What the surroundings say, whatever the configuration.
    facts: Facts,
    place: Place,
    parts: Vec<Part>,
    host: HostText,
}

/// The text that holds it.
#[derive(Clone, Debug)]
struct HostText {
    name: Name,
    text: Arc<[u8]>,
}

/// A piece of a configuration.
#[derive(Clone, Debug)]
enum Part {
    /// A configuration file in this text.
    Text(Text),
    /// The same, by way of an `include`.
    Included(Text),
    /// A configuration file that a command names.
    File(Given),
    /// Options of the program; whether they follow a file.
    Options(Vec<Given>, bool),
    /// Statements may come in that are not seen here.
    Unseen,
}

/// Finds the servers in a text. `is_directive` tells the names that any server knows.
#[must_use]
pub fn find(name: &Name, text: &[u8], kind: Kind, is_directive: &dyn Fn(&[u8]) -> bool) -> Found {
    let host = HostText { name: name.clone(), text: text.into() };
    match kind {
        Kind::Compose => in_yaml(text, |root, found| compose::find(root, &host, found)),
        Kind::Kubernetes => kubernetes::find_all(text, &host, is_directive),
        Kind::HelmValues => in_yaml(text, |root, found| helm::find(root, &host, is_directive, found)),
        Kind::Dockerfile => Found { embedded: dockerfile::find(&host), problems: Vec::new() },
        Kind::Systemd => Found { embedded: systemd::find(&host), problems: Vec::new() },
        Kind::DockerRun => Found { embedded: docker_run::find(&host), problems: Vec::new() },
        Kind::Conf | Kind::Sentinel | Kind::Acl | Kind::Profile | Kind::Project => Found::default(),
    }
}

/// Reads YAML and looks into each document.
fn in_yaml(text: &[u8], look: impl Fn(yaml::Yaml<'_>, &mut Found)) -> Found {
    let mut found = Found::default();
    if let Some(tree) = read_yaml(text, &mut found.problems) {
        for root in tree.documents() {
            look(root, &mut found);
        }
    }
    found
}

/// Reads YAML; what is wrong with it becomes a problem, if the text looks as if it held a server.
fn read_yaml<'t>(text: &'t [u8], problems: &mut Vec<Finding>) -> Option<yaml::Tree<'t>> {
    if text.len() > LONGEST_YAML {
        let at = Span { source: SourceId::ROOT, start: 0, end: 0 };
        let finding =
            Finding::new("invalid-yaml", Severity::Warning, at, "this is longer than 16 MiB and was not read");
        problems.push(finding.help("split the file"));
        return None;
    }
    let (tree, broken) = yaml::read(SourceId::ROOT, text);
    if let Some(broken) = broken.filter(|_| recognise::holds_server(text)) {
        let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        let start = broken.at.min(text.len());
        let end = text[start..].iter().position(|b| *b == b'\n').map_or(text.len(), |newline| start + newline);
        let at = Span { source: SourceId::ROOT, start: offset(start), end: offset(end.max(start)) };
        problems.push(if recognise::is_template(text) {
            Finding::new(
                "template-not-read",
                Severity::Info,
                at,
                "a template, which is YAML only when it is filled in: not read",
            )
            .help("lint what the template gives, such as the output of `helm template`")
        } else {
            Finding::new(
                "invalid-yaml",
                Severity::Error,
                at,
                format!("this is not YAML, so nothing behind it was read: {}", broken.message),
            )
            .help("mend the YAML first")
        });
    }
    Some(tree)
}

impl HostText {
    /// A server in this text.
    fn embedded(&self, title: String, at: Span, extent: Span) -> Embedded {
        Embedded {
            title,
            mode: Mode::Server,
            told: Told::Nothing,
            at,
            extent,
            facts: Facts::default(),
            place: Place { at: Some(at), ..Place::default() },
            parts: Vec::new(),
            host: self.clone(),
        }
    }
}

impl Embedded {
    /// Takes over what a command says.
    fn begin(&mut self, start: Start) {
        self.mode = if start.is_sentinel { Mode::Sentinel } else { Mode::Server };
        if let (Told::Nothing, Some(engine)) = (self.told, start.engine) {
            self.told = Told::Engine(engine);
        }
        self.at = start.at.unwrap_or(self.at);
        if let Some(word) = start.shell {
            known::word(&mut self.facts, "shell", word, self.at);
        }
        let mut arguments = start.arguments;
        let has_file = arguments.first().is_some_and(|first| argv::is_file(first.bytes()));
        if has_file {
            self.parts.push(Part::File(arguments.remove(0)));
        }
        if !arguments.is_empty() {
            self.parts.push(Part::Options(arguments, has_file));
        }
        if start.is_partial {
            self.parts.push(Part::Unseen);
        }
    }
}
