//! The instances of projects: what they tell of the files that are rendered for them, and with which file each is judged.
//!
//! An instance is a profile with layers below and above it. It is judged with the project file; if that is not looked at,
//! with its profile, else with its own file. Files that are judged so are not judged once more alone, as if they were whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::input::Input;
use super::place::whole;
use super::rulebook::Rulebook;
use crate::config::fleet::{self, Fleet, PROJECT_FILE, Surroundings};
use crate::config::layers::{LoadError, load};
use crate::facts::{self, Facts};
use crate::source::{Files, Name};
use crate::syntax::project::Instance;

/// An instance: the number of its fleet, and its own there.
type Place = (usize, usize);

/// All projects that the run knows.
#[derive(Default)]
pub(super) struct Instances {
    fleets: Vec<Fleet>,
    /// Project files that are looked at: which fleet each holds, or why it could not be read.
    projects: BTreeMap<PathBuf, Result<usize, LoadError>>,
    /// For whom a file is rendered.
    artefacts: BTreeMap<PathBuf, Vec<Place>>,
    /// What is judged with a profile, or with an instance's own file.
    judged_with: BTreeMap<PathBuf, Vec<Place>>,
    /// Files that are judged with their project.
    taken: BTreeSet<PathBuf>,
}

/// What a file is to the projects.
pub(super) enum Part<'a> {
    /// A project file.
    Project(&'a Fleet),
    /// A project file that could not be read, and why.
    Unread(&'a LoadError),
    /// A profile or an instance's own file, with the instances that are judged with it.
    Of(Vec<(&'a Fleet, &'a Instance)>),
    /// It is judged with its project.
    Taken,
}

impl Instances {
    /// Opens the project whose settings hold, and those that are looked at.
    pub(super) fn of(book: &Rulebook, inputs: &[Input], files: &dyn Files) -> Self {
        let tables: BTreeMap<PathBuf, &Path> = inputs.iter().filter_map(table).collect();
        let is_project = |path: &&PathBuf| path.file_name().is_some_and(|name| name == PROJECT_FILE);
        let mut paths: BTreeMap<PathBuf, &Path> =
            tables.iter().filter(|(whole, _)| is_project(whole)).map(|(whole, path)| (whole.clone(), *path)).collect();
        if let Some(path) = &book.project
            && let Some(whole) = whole(path)
        {
            paths.entry(whole).or_insert(path);
        }
        let mut all = Self::default();
        for (whole, path) in paths {
            let opened = fleet::open(path, files, env!("CARGO_PKG_VERSION"));
            let is_looked_at = tables.contains_key(&whole);
            let number = all.fleets.len();
            match opened {
                Ok(fleet) => {
                    all.assign(&fleet, number, is_looked_at, &tables, files);
                    all.fleets.push(fleet);
                    all.projects.extend(is_looked_at.then_some((whole, Ok(number))));
                }
                Err(error) => all.projects.extend(is_looked_at.then_some((whole, Err(error)))),
            }
        }
        all
    }

    fn assign(
        &mut self,
        fleet: &Fleet,
        number: usize,
        is_looked_at: bool,
        tables: &BTreeMap<PathBuf, &Path>,
        files: &dyn Files,
    ) {
        let mut read: BTreeSet<PathBuf> = BTreeSet::new();
        for (index, instance) in fleet.project.instances.iter().enumerate() {
            for entry in &instance.render {
                if let Some(made) = whole(fleet.folder.join(&entry.to.value)) {
                    self.artefacts.entry(made).or_default().push((number, index));
                }
            }
            let own = instance.sources.iter().skip(1).find_map(|(_, source)| file(source.name()));
            if is_looked_at {
                let stack = load(&fleet.request(instance), files).ok();
                let layers = stack.iter().flat_map(|stack| stack.sources.iter().skip(1));
                read.extend(layers.filter_map(|(_, source)| file(source.name()).cloned()));
                read.extend(own.cloned());
                continue;
            }
            let profile = fleet.profile_file(instance).as_deref().and_then(whole);
            let with = [profile, own.and_then(whole)].into_iter().flatten().find(|at| tables.contains_key(at));
            if let Some(with) = with {
                self.judged_with.entry(with).or_default().push((number, index));
            }
        }
        self.taken.extend(read.iter().filter_map(whole));
    }

    /// What a file is to the projects; `None` if it is nothing to them.
    pub(super) fn part(&self, path: &Path) -> Option<Part<'_>> {
        let nothing = self.projects.is_empty() && self.judged_with.is_empty() && self.taken.is_empty();
        if nothing || !is_table(path) {
            return None;
        }
        let path = whole(path)?;
        match self.projects.get(&path) {
            Some(Ok(number)) => return Some(Part::Project(&self.fleets[*number])),
            Some(Err(error)) => return Some(Part::Unread(error)),
            None => {}
        }
        if let Some(places) = self.judged_with.get(&path) {
            return Some(Part::Of(places.iter().map(|place| self.instance(*place)).collect()));
        }
        self.taken.contains(&path).then_some(Part::Taken)
    }

    /// What is known of a file from the instances that it is rendered for. Where those differ, nothing is.
    pub(super) fn surroundings(&self, path: &Path, files: &dyn Files) -> Option<Surroundings> {
        if self.artefacts.is_empty() {
            return None;
        }
        let places = self.artefacts.get(&whole(path)?)?;
        // What is wrong with its layers is told with the instance.
        let known = places.iter().filter_map(|place| {
            let (fleet, instance) = self.instance(*place);
            fleet.surroundings(instance, files).ok()
        });
        known.reduce(|one, other| common(one, &other))
    }

    fn instance(&self, (fleet, instance): Place) -> (&Fleet, &Instance) {
        let fleet = &self.fleets[fleet];
        (fleet, &fleet.project.instances[instance])
    }
}

/// What two instances have in common.
fn common(one: Surroundings, other: &Surroundings) -> Surroundings {
    let mut known = Facts::default();
    for (name, fact) in one.facts.iter() {
        if other.facts.get(name).is_some_and(|twin| twin.said == fact.said) {
            known.learn(facts::definition(name).expect("it was learnt under this name"), fact.said, fact.at);
        }
    }
    Surroundings {
        instance: format!("{}, {}", one.instance, other.instance),
        server: one.server.filter(|server| other.server == Some(*server)),
        facts: known,
        environment: one.environment.filter(|environment| other.environment.as_ref() == Some(environment)),
    }
}

/// An input in TOML, by the one path that it has on the disk.
fn table(input: &Input) -> Option<(PathBuf, &Path)> {
    let Input::File(found) = input else { return None };
    if is_table(&found.path) { Some((whole(&found.path)?, &found.path)) } else { None }
}

fn is_table(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn file(name: &Name) -> Option<&PathBuf> {
    if let Name::File(path) = name { Some(path) } else { None }
}
