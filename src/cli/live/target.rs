//! What is looked at: one address with what is declared for it, or the instances of a project.

use std::path::{Path, PathBuf};

use globset::Glob;

use crate::cli::args::{Layers, Profile, Reach};
use crate::cli::failure::Failure;
use crate::cli::{project, setup};
use crate::config::Setup;
use crate::config::fleet::{self, Fleet};
use crate::config::layers::{load, merge};
use crate::live::Url;
use crate::plan::Expectation;
use crate::report::Look;
use crate::server::Server;
use crate::source::Disk;
use crate::syntax::project::{Apply as Means, Instance, Ownership};

/// Where a server's answers come from.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// The server itself.
    Address(Url),
    /// A dump that stands for it; standard input is `-`.
    Dump(PathBuf),
    /// Nowhere, and why.
    Nowhere(String),
}

/// Who says what is declared.
#[derive(Clone, Copy, Debug)]
pub(super) enum Declared<'a> {
    /// A profile or a file.
    Named(&'a Profile),
    /// An instance of a project.
    Instance(&'a Fleet, &'a Instance),
}

/// One server to look at.
#[derive(Clone, Debug)]
pub(super) struct Target<'a> {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) declared: Declared<'a>,
    /// What is set for a time, in the place of all that is declared.
    pub(super) only: Option<&'a Layers>,
}

impl<'a> Target<'a> {
    /// The servers that an address or dump names, held against one profile or file.
    pub(super) fn named(profile: &'a Profile, reach: &Reach) -> Result<Vec<Self>, Failure> {
        let place = |text: &String| place(text).map(|place| (text.clone(), place));
        let places: Vec<(String, Place)> = reach.live.iter().map(place).collect::<Result<_, _>>()?;
        let target = |(text, place): (String, Place)| {
            let name = match &place {
                Place::Address(url) => url.address.to_string(),
                Place::Dump(_) | Place::Nowhere(_) => text,
            };
            Self { name, place, declared: Declared::Named(profile), only: None }
        };
        Ok(places.into_iter().map(target).collect())
    }

    /// The instances of a project that are wanted; none of a kind that was asked for is an error.
    pub(super) fn instances(fleet: &'a Fleet, patterns: &[String], reach: &Reach) -> Result<Vec<Self>, Failure> {
        let globs: Vec<_> = patterns
            .iter()
            .map(|pattern| Glob::new(pattern).map(|glob| glob.compile_matcher()))
            .collect::<Result<_, _>>()
            .map_err(|error| Failure::new(format!("no pattern of instance names: {error}")))?;
        for (glob, pattern) in globs.iter().zip(patterns) {
            if !fleet.project.instances.iter().any(|instance| glob.is_match(&instance.name.value)) {
                return Err(Failure::new(format!("the project has no instance `{pattern}`")).help(
                    "see `[instance.NAME]` there; with an address (`--live URL`) a profile or a file can be named",
                ));
            }
        }
        let is_wanted = |instance: &&Instance| {
            let environment = instance.environment.as_ref().map(|environment| environment.value.as_str());
            (globs.is_empty() || globs.iter().any(|glob| glob.is_match(&instance.name.value)))
                && reach.env.as_deref().is_none_or(|wanted| environment == Some(wanted))
        };
        let wanted = fleet.project.instances.iter().filter(is_wanted);
        let targets: Vec<Self> = wanted.map(|instance| Self::instance(fleet, instance)).collect();
        if targets.is_empty() {
            return Err(
                Failure::new("the project has no such instance").help("see `[instance.NAME]` and `environment` there")
            );
        }
        Ok(targets)
    }

    fn instance(fleet: &'a Fleet, instance: &'a Instance) -> Self {
        let live = &instance.live;
        let place = match (&live.url, &live.snapshot) {
            (Some(url), _) => match Url::parse(&url.value) {
                Ok(url) => Place::Address(url),
                Err(error) => Place::Nowhere(format!("`url` in its `live` table is no address: {error}")),
            },
            (None, Some(path)) => Place::Dump(fleet.folder.join(&path.value)),
            (None, None) => Place::Nowhere("its `live` table names neither `url` nor `snapshot`".into()),
        };
        Self { name: instance.name.value.clone(), place, declared: Declared::Instance(fleet, instance), only: None }
    }

    /// What is declared, for the version that runs.
    pub(super) fn setup(&self, server: Server) -> Result<Setup, Failure> {
        if let Some(layers) = self.only {
            return Ok(merge(load(&setup::request("", layers)?, &Disk).map_err(setup::failed)?, server));
        }
        self.whole(server)
    }

    /// All that is declared, even where only something else is set for a time.
    pub(super) fn whole(&self, server: Server) -> Result<Setup, Failure> {
        match self.declared {
            Declared::Named(profile) => setup::declared(profile, server),
            Declared::Instance(fleet, instance) => {
                let stack = load(&fleet.request(instance), &Disk).map_err(setup::failed)?;
                Ok(merge(stack, server))
            }
        }
    }

    /// The version that the project says it is.
    pub(super) fn server(&self) -> Option<Server> {
        match self.declared {
            Declared::Named(profile) => profile.server,
            Declared::Instance(_, instance) => instance.server.as_ref().map(|server| server.value),
        }
    }

    /// Its environment.
    pub(super) fn environment(&self) -> Option<&'a str> {
        match self.declared {
            Declared::Named(_) => None,
            Declared::Instance(_, instance) => instance.environment.as_ref().map(|one| one.value.as_str()),
        }
    }

    /// Who sets the configuration back if somebody else changes it: the operator or chart of its platform.
    pub(super) fn owner(&self) -> Option<String> {
        let Declared::Instance(_, instance) = self.declared else { return None };
        let manager = instance.platform.details.iter().find(|(name, _)| name.value == "managed-by");
        let is_kubernetes = instance.platform.kind.as_ref().is_some_and(|kind| kind.value == "kubernetes");
        manager
            .map(|(_, name)| format!("`{}`", name.value))
            .or_else(|| is_kubernetes.then(|| "the chart or operator of its Kubernetes cluster".into()))
    }

    /// Whether its environment takes plan files only.
    pub(super) fn takes_plan_files_only(&self) -> bool {
        let Declared::Instance(fleet, _) = self.declared else { return false };
        let mut environments = fleet.project.environments.iter();
        environments.any(|one| Some(one.name.value.as_str()) == self.environment() && one.apply == Means::PlanFile)
    }

    /// Whether what no layer names is to have its default.
    pub(super) fn is_owned_in_full(&self) -> bool {
        match self.declared {
            Declared::Named(_) => false,
            Declared::Instance(fleet, _) => self.only.is_none() && fleet.project.ownership == Ownership::Full,
        }
    }

    /// Differences that are allowed for a time.
    pub(super) fn expected(&self) -> Vec<Expectation> {
        // What is set for a time may differ from what was expected before.
        let (Declared::Instance(fleet, _), None) = (self.declared, self.only) else { return Vec::new() };
        let its = fleet.project.expected.iter().filter(|one| one.instance.value == self.name);
        its.map(|one| Expectation {
            directive: one.directive.value.clone(),
            value: one.value.value.clone(),
            reason: one.reason.value.clone(),
            until: one.until.value.clone(),
        })
        .collect()
    }
}

/// The project of the flags, or the nearest one; with something wrong in it, what people are to read.
pub(super) fn open(named: Option<&Path>, look: Look) -> Result<Result<Fleet, String>, Failure> {
    let path = project::find(named)?;
    let fleet = fleet::open(&path, &Disk, env!("CARGO_PKG_VERSION")).map_err(setup::failed)?;
    Ok(match project::problems(&fleet, look) {
        Some(text) => Err(text),
        None => Ok(fleet),
    })
}

/// What says how it is reached is an address. Of the rest a file that is there, or `-`, is a dump.
#[expect(clippy::disallowed_methods, reason = "the front end looks for files")]
fn place(text: &str) -> Result<Place, Failure> {
    let path = Path::new(text);
    let is_dump = || text == "-" || path.is_file() || path.extension().is_some_and(|extension| extension == "json");
    if !text.contains("://") && is_dump() {
        return Ok(Place::Dump(path.to_owned()));
    }
    super::reach::url(text).map(Place::Address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_how_it_is_reached_is_no_file() {
        let is_dump = |text: &str| matches!(place(text), Ok(Place::Dump(_)));
        assert!(["-", "there.json", "Cargo.toml"].into_iter().all(is_dump));
        let addresses = ["unix:///run/cache.json", "redis://cache:6379", "cache:6379"];
        assert!(addresses.into_iter().all(|text| matches!(place(text), Ok(Place::Address(_)))));
    }
}
