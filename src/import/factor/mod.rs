//! Factoring: many configurations become a base layer, a few profiles and short instances that mean the same.
//!
//! Each configuration is decided upon alone, as by [`import`](super::import), over nothing but its version's defaults; that
//! gives the lines it would need without layers (`sheet`). Secrets get names for the whole fleet, equal values one name
//! (`secrets`). What is said by whom becomes a table of numbers, and [`cluster`] finds the layers that make the whole
//! shortest; how it does is told there. Beside the number of lines two things count, for people have to read the result:
//! a layer is proposed only if at least so many instances share it and if it saves more lines than a layer costs in
//! attention; and what belongs to one place (ports, addresses, folders, names, log files) never makes a layer, and is in one
//! only if nearly all agree. Secrets make none either. Directives that some of a layer's versions lack stand under
//! `[prefer]`. Users, renamed commands and modules, which no higher layer can take back, are shared only by all.
//!
//! Then the project is written as texts, opened from memory, and each instance is merged with its layers, resolved, rendered
//! and read back: what is not equal to its file in everything is not given away (`prove`). Last, `outliers` lists who does
//! not do as its likes do. All of it depends on the set of files alone, not on their order or on the number of threads.

mod cluster;
mod groups;
mod names;
mod outliers;
mod prove;
mod replicas;
mod secrets;
mod sheet;
mod tally;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

pub use outliers::{Oddity, Outlier};

use super::decide::{Decided, decide, passwords};
use super::{Leftover, Original, Unequal};
use crate::config::Setup;
use crate::server::Server;
use sheet::{Sheet, Sheets};
use texts::Texts;

/// A configuration with the path that its instance is named by.
#[derive(Debug)]
pub struct Input {
    /// The path, which may be no file's.
    pub path: PathBuf,
    /// What it says; one that its server starts with.
    pub original: Original,
}

/// A layer of the proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerMade {
    /// Its name.
    pub name: String,
    /// Its file in the project.
    pub path: String,
    /// How many instances share it.
    pub instances: usize,
    /// Lines that say something.
    pub lines: usize,
}

/// An instance of the proposal.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Its name.
    pub name: String,
    /// Its file in the project.
    pub path: String,
    /// The file of its profile.
    pub profile: String,
    /// Its version.
    pub server: Server,
    /// Position of what it was made from, in [`Factored::inputs`].
    pub input: usize,
    /// Directives that its file states.
    pub stated: usize,
    /// Lines of its own that say something.
    pub lines: usize,
    /// Values proven equal.
    pub proven: usize,
    /// What its file says and a project has no place for.
    pub leftovers: Vec<Leftover>,
}

/// A secret of the fleet. Instances share a name only if they share the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedSecret {
    /// The logical name.
    pub name: String,
    /// What it is for: a directive, or a user.
    pub of: String,
    /// Whether its value is in the files, and not only a hash.
    pub known: bool,
    /// How many instances use it.
    pub instances: usize,
    /// The first file that holds it.
    pub file: String,
    /// The line there, from 1.
    pub line: usize,
}

/// A project, proven equal instance by instance.
#[derive(Debug)]
pub struct Factored {
    /// Its files, by their paths in the project, sorted.
    pub files: Vec<(String, String)>,
    /// The base, if there is one, then the profiles, the most used first.
    pub layers: Vec<LayerMade>,
    /// The instances, sorted by name.
    pub instances: Vec<Instance>,
    /// What the project was made from, sorted by path.
    pub inputs: Vec<Input>,
    /// Inputs that could not be proven equal and are not in the project, with what differs.
    pub unproven: Vec<(usize, Vec<Unequal>)>,
    /// The secrets, sorted by name.
    pub secrets: Vec<SharedSecret>,
    /// Who does not do as its likes do.
    pub outliers: Vec<Outlier>,
}

/// How many instances have to share a layer if nobody says: one in fifty, and at least three.
#[must_use]
pub fn usual_share(instances: usize) -> usize {
    (instances / 50).max(3)
}

/// Makes a project of configurations, for this version of the program.
#[must_use]
pub fn factor(mut inputs: Vec<Input>, min_share: usize, program_version: &str) -> Factored {
    inputs.sort_by(|a, b| a.path.cmp(&b.path));
    let paths: Vec<&std::path::Path> = inputs.iter().map(|input| input.path.as_path()).collect();
    let names = names::instances(&paths);
    let originals: Vec<&Original> = inputs.iter().map(|input| &input.original).collect();
    let mut decided = decide_all(&originals);
    let secrets = secrets::rename(&names, &originals, &mut decided);
    withhold(&originals, &mut decided);
    let sheets = originals.iter().zip(&decided).map(|(original, decided)| Sheet::new(original, decided));
    let sheets = Sheets::new(sheets.collect());
    let layers = cluster::solve(&sheets.table, min_share);
    let shown: Vec<String> = inputs.iter().map(|input| input.path.display().to_string()).collect();
    let texts = Texts { sheets: &sheets, layers: &layers, instances: &names, files: &shown, secrets: &secrets };
    let (base, profiles) = texts.written();
    let mut files = texts.project(base.as_ref(), program_version);
    let profile_of = |row: usize| layers.of[row].map_or(texts::BASE, |profile| profiles[profile].path.as_str());
    let instances: Vec<(String, usize)> = (0..names.len()).map(|row| texts.instance(row, profile_of(row))).collect();
    files.extend(base.iter().chain(&profiles).map(|layer| (layer.path.clone(), layer.text.clone())));
    let path_of = |row: usize| format!("instances/{}.toml", names[row]);
    files.extend(instances.iter().enumerate().map(|(row, (text, _))| (path_of(row), text.clone())));
    let proofs = prove::all(&files, &names, &originals, &decided, program_version);
    let mut made = Vec::new();
    let mut unproven = Vec::new();
    for (row, proof) in proofs.into_iter().enumerate() {
        match proof {
            Ok(proven) => made.push(Instance {
                name: names[row].clone(),
                path: path_of(row),
                profile: profile_of(row).to_owned(),
                server: originals[row].reading.server,
                input: row,
                stated: decided[row].counts.stated,
                lines: instances[row].1,
                proven,
                leftovers: decided[row].leftovers.clone(),
            }),
            Err(unequal) => unproven.push((row, unequal)),
        }
    }
    let dropped: BTreeSet<String> = unproven.iter().map(|(row, _)| path_of(*row)).collect();
    files.retain(|(path, _)| !dropped.contains(path));
    files.sort();
    made.sort_by(|a, b| a.name.cmp(&b.name));
    let profile_names: Vec<&str> = profiles.iter().map(|profile| profile.name.as_str()).collect();
    let outliers = outliers::all(&sheets, &layers, &profile_names, &originals, &names, min_share);
    let mut above: Vec<LayerMade> = profiles.iter().map(layer_made).collect();
    above.sort_by_key(|layer| (std::cmp::Reverse(layer.instances), layer.name.clone()));
    let layers = base.iter().map(layer_made).chain(above).collect();
    Factored { files, layers, instances: made, unproven, secrets, outliers, inputs }
}

fn layer_made(written: &texts::Written) -> LayerMade {
    LayerMade {
        name: written.name.clone(),
        path: written.path.clone(),
        instances: written.members.len(),
        lines: written.lines,
    }
}

/// Decides for each over nothing but its version's defaults.
fn decide_all(originals: &[&Original]) -> Vec<Decided> {
    let mut nothing: BTreeMap<usize, Setup> = BTreeMap::new();
    for original in originals {
        let server = original.reading.server;
        nothing.entry(server.base().place()).or_insert_with(|| sheet::nothing(server));
    }
    let one =
        |original: &&Original| decide(original, &nothing[&original.reading.server.base().place()], &BTreeSet::new());
    originals.par_iter().map(one).collect()
}

/// Takes back reasons that hold a secret of any instance: a layer shows them to all.
fn withhold(originals: &[&Original], decided: &mut [Decided]) {
    let all: BTreeSet<Vec<u8>> = originals.iter().flat_map(|original| passwords(original)).collect();
    // Shorter ones would be met everywhere; what its own file holds was looked at before.
    let all: Vec<memchr::memmem::Finder<'_>> =
        all.iter().filter(|secret| secret.len() > 3).map(memchr::memmem::Finder::new).collect();
    let mut known: BTreeMap<String, bool> = BTreeMap::new();
    for setting in decided.iter_mut().flat_map(|one| &mut one.settings) {
        let Some(why) = &setting.why else { continue };
        let tells = |why: &String| all.iter().any(|secret| secret.find(why.as_bytes()).is_some());
        if *known.entry(why.clone()).or_insert_with(|| tells(why)) {
            setting.why = None;
        }
    }
}
