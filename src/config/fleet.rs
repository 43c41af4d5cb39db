//! A fleet: the instances of a project, each a request for a setup.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::layers::{LoadError, Request, file_of, hidden, load};
use crate::facts::{self, Facts};
use crate::finding::{Finding, Severity};
use crate::server::Server;
use crate::source::{Files, Name, SourceId, Sources, Span};
use crate::syntax::profile::Spanned;
use crate::syntax::project::{self, Instance, Project};

/// The name of a project file.
pub const PROJECT_FILE: &str = "redisconf.toml";

/// A project with all its instances.
#[derive(Debug)]
pub struct Fleet {
    /// The folder of the project file.
    pub folder: PathBuf,
    /// The project file's text.
    pub sources: Sources,
    /// What it says.
    pub project: Project,
    /// What is wrong with it, by the texts the places lie in.
    pub problems: Vec<(Sources, Vec<Finding>)>,
}

/// What is known of an artefact from the instance it is rendered for.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The instance's name.
    pub instance: String,
    /// Its version.
    pub server: Option<Server>,
    /// What is true of its place, its workload too; the facts have no places.
    pub facts: Facts,
    /// Its environment.
    pub environment: Option<String>,
}

/// Reads a project file and its instance files.
///
/// # Errors
/// [`LoadError::File`] if one cannot be read.
pub fn open(path: &Path, files: &dyn Files, program_version: &str) -> Result<Fleet, LoadError> {
    let mut sources = Sources::new();
    let id = sources.add(Name::File(path.to_owned()), files.read(path)?);
    let (mut project, mut findings) = project::read(&sources, id);
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    if let Some(requires) = &project.requires {
        findings.extend(check_version(requires, program_version));
    }
    let mut problems = Vec::new();
    let pattern = project.instance_files.clone();
    for file in pattern.iter().flat_map(|pattern| instance_files(&folder, &pattern.value, files)) {
        let mut texts = sources.clone();
        let text = files.read(&file)?;
        let id = texts.add(Name::File(file.clone()), text);
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (instance, mut wrong) = project::read_instance(texts.clone(), id, &name);
        if let Some(twin) = project.instances.iter().find(|known| known.name.value == name) {
            let message = format!("there are two instances `{name}`");
            wrong.push(
                Finding::new("duplicate-instance", Severity::Error, instance.name.at, message)
                    .help(format!("the other is in {}; rename one", twin.sources.get(twin.name.at.source).name())),
            );
        }
        problems.push((texts, wrong));
        project.instances.push(instance);
    }
    let mut fleet = Fleet { folder, sources, project, problems };
    findings.extend(fleet.check_references());
    fleet.problems.insert(0, (fleet.sources.clone(), findings));
    fleet.problems.retain(|(_, findings)| !findings.is_empty());
    Ok(fleet)
}

fn check_version(requires: &Spanned<String>, program_version: &str) -> Option<Finding> {
    match project::satisfies(&requires.value, program_version) {
        Ok(true) => None,
        Ok(false) => Some(
            Finding::new(
                "other-version-required",
                Severity::Error,
                requires.at,
                format!("this is redisconf {program_version}, the project requires {}", requires.value),
            )
            .help("install a version that the project allows, or widen `requires` in a change of its own"),
        ),
        Err(expected) => Some(
            Finding::new(
                "invalid-value",
                Severity::Error,
                requires.at,
                format!("`{}` is no requirement", requires.value),
            )
            .help(expected),
        ),
    }
}

/// The files of a pattern such as `instances/*.toml`, sorted. A name without `*` is one file.
fn instance_files(folder: &Path, pattern: &str, files: &dyn Files) -> Vec<PathBuf> {
    let (parent, last) = pattern.rsplit_once('/').unwrap_or(("", pattern));
    let parent = folder.join(parent);
    match last.split_once('*') {
        None => vec![parent.join(last)],
        Some((start, end)) => files
            .names(&parent)
            .into_iter()
            .filter(|name| name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end))
            .map(|name| parent.join(name))
            .collect(),
    }
}

impl Fleet {
    /// Environments and instances that are named must exist.
    fn check_references(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for instance in &self.project.instances {
            if let Some(wanted) = &instance.environment
                && !self.project.environments.iter().any(|e| e.name.value == wanted.value)
            {
                let known: Vec<&str> = self.project.environments.iter().map(|e| e.name.value.as_str()).collect();
                let finding = Finding::new(
                    "unknown-environment",
                    Severity::Error,
                    // The place may lie in the instance's own file, which this finding's frame does not have.
                    if instance.sources.len() > 1 { Self::start() } else { wanted.at },
                    format!("instance `{}` is in the unknown environment `{}`", instance.name.value, wanted.value),
                );
                findings.push(finding.help(format!("the environments are: {}", known.join(", "))));
            }
        }
        for expected in &self.project.expected {
            if !self.project.instances.iter().any(|i| i.name.value == expected.instance.value) {
                let message = format!("no instance is named `{}`", expected.instance.value);
                findings.push(
                    Finding::new("unknown-instance", Severity::Error, expected.instance.at, message)
                        .help("name an instance of this project"),
                );
            }
        }
        findings
    }

    /// Names that lead nowhere: of profiles, and of the layers below and above them. Each lies in the texts it comes with.
    #[must_use]
    pub fn missing_layers(&self, files: &dyn Files) -> Vec<(Sources, Vec<Finding>)> {
        let mut reasons: BTreeMap<String, Option<String>> = BTreeMap::new();
        let mut missing = |name: &Spanned<String>| {
            let folder = self.folder.clone();
            let request = || Request { profile: name.value.clone(), folder, pinned: true, ..Request::default() };
            let reason = || load(&request(), files).err().map(|error| error.to_string());
            let reason = reasons.entry(name.value.clone()).or_insert_with(reason).clone()?;
            let finding = Finding::new("missing-layer", Severity::Error, name.at, reason);
            Some(
                finding
                    .help("name a built-in profile with its revision, or a file; paths start at the project's folder"),
            )
        };
        let overlays = self.project.environments.iter().flat_map(|environment| &environment.overlays);
        let shared: Vec<Finding> = self.project.extends.iter().chain(overlays).filter_map(&mut missing).collect();
        let own = |instance: &Instance| {
            let finding = missing(instance.profile.as_ref()?)?;
            Some((instance.sources.clone(), vec![finding]))
        };
        let own: Vec<(Sources, Vec<Finding>)> = self.project.instances.iter().filter_map(own).collect();
        let shared = (!shared.is_empty()).then(|| (self.sources.clone(), shared));
        shared.into_iter().chain(own).collect()
    }

    /// The file of an instance's profile, if it may be one of the project; it need not be there.
    #[must_use]
    pub fn profile_file(&self, instance: &Instance) -> Option<PathBuf> {
        file_of(&instance.profile.as_ref()?.value, &self.folder)
    }

    /// The places in some of the fleet's texts whose bytes must not be shown.
    #[must_use]
    pub fn hidden_in(&self, sources: &Sources) -> Vec<Span> {
        let last = |sources: &Sources| sources.iter().last().map(|(id, source)| (id, source.name().clone()));
        let here = self.project.instances.iter().filter(|instance| last(&instance.sources) == last(sources));
        here.flat_map(|instance| hidden(&instance.layer)).collect()
    }

    /// The instance that a file is rendered for. The path is relative to the folder of the project.
    #[must_use]
    pub fn instance_of(&self, path: &Path) -> Option<&Instance> {
        let plain = |path: &Path| -> PathBuf { path.components().filter(|part| *part != Component::CurDir).collect() };
        let path = plain(path);
        let makes = |instance: &&Instance| instance.render.iter().any(|entry| plain(entry.to.value.as_ref()) == path);
        self.project.instances.iter().find(makes)
    }

    /// What an instance says of the place of its artefacts. Formulas are not evaluated.
    ///
    /// # Errors
    /// [`LoadError`] if one of its layers leads nowhere.
    pub fn surroundings(&self, instance: &Instance, files: &dyn Files) -> Result<Surroundings, LoadError> {
        let stack = load(&self.request(instance), files)?;
        let server = instance.server.as_ref().map(|server| server.value).or_else(|| stack.default_server());
        // The places lie in texts that whoever lints an artefact does not have.
        let nowhere = Span { source: SourceId::ROOT, start: 0, end: 0 };
        let mut facts = Facts::default();
        for (name, fact) in stack.facts().iter() {
            facts.learn(facts::definition(name).expect("it was learnt under this name"), fact.said, nowhere);
        }
        let environment = instance.environment.as_ref().map(|name| name.value.clone());
        Ok(Surroundings { instance: instance.name.value.clone(), server, facts, environment })
    }

    fn start() -> crate::source::Span {
        crate::source::Span { source: crate::source::SourceId::ROOT, start: 0, end: 0 }
    }

    /// What is to be merged for an instance.
    #[must_use]
    pub fn request(&self, instance: &Instance) -> Request {
        let texts = |list: &[Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
        let environment = instance.environment.as_ref();
        let environment =
            environment.and_then(|e| self.project.environments.iter().find(|known| known.name.value == e.value));
        Request {
            profile: instance.profile.as_ref().map(|p| p.value.clone()).unwrap_or_default(),
            below: texts(&self.project.extends),
            overlays: environment.map(|e| texts(&e.overlays)).unwrap_or_default(),
            inline: vec![(format!("instance {}", instance.name.value), instance.layer.clone())],
            base: instance.sources.clone(),
            folder: self.folder.clone(),
            pinned: true,
            ..Request::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Memory;

    #[test]
    fn an_artefact_has_the_facts_of_its_instance() {
        let project = "schema = 1
[environments.prod]
overlay = \"prod.toml\"
[instance.bus]
profile = \"builtin:cache@1\"
environment = \"prod\"
server = \"valkey-8.1\"
facts = { cpus = 4 }
render = [{ target = \"conf\", to = \"./out/bus.conf\" }]
";
        let prod = "schema = 1\n[facts]\nmemory = \"8GiB\"\ncpus = 2\n";
        let files = Memory::new([("/p/redisconf.toml", project), ("/p/prod.toml", prod)]);
        let fleet = open(Path::new("/p/redisconf.toml"), &files, "0.1.0").unwrap();
        assert!(fleet.problems.is_empty());
        assert!(fleet.instance_of(Path::new("out/other.conf")).is_none());
        let instance = fleet.instance_of(Path::new("out/bus.conf")).unwrap();
        let known = fleet.surroundings(instance, &files).unwrap();
        assert_eq!((known.instance.as_str(), known.environment.as_deref()), ("bus", Some("prod")));
        assert_eq!(known.server.unwrap().name(), "valkey-8.1");
        let facts = &known.facts;
        assert_eq!((facts.bytes("memory"), facts.processors("cpus")), (Some(8 << 30), Some(4.0)));
        assert_eq!(facts.word("workload"), Some("cache"));
        assert!(facts.iter().all(|(_, fact)| fact.at.is_empty()));
    }
}
