//! Looking at files: each is opened and recognised, and a few of them are judged together.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::super::failure::Failure;
use super::input::{Input, named_kind};
use super::subject::{File, Place, is_directive};
use super::{Looked, Pass, Run};
use crate::config::fleet::Surroundings;
use crate::facts::Facts;
use crate::source::Name;
use crate::syntax::embedded::{Kind, recognise};

/// As many files as are judged together: so many readings of small files fit the cache of a core.
const FEW: usize = 16;

/// A file of more bytes is judged for itself.
const SMALL: usize = 64 * 1024;

/// How many of some files are judged together, so that no core is left without work.
pub(super) fn few_of(files: usize) -> usize {
    (files / (4 * rayon::current_num_threads())).clamp(1, FEW)
}

/// A file that is worth judging, with what is known of it.
struct Opened {
    name: Name,
    text: Vec<u8>,
    kind: Kind,
    /// How settings and baselines call it.
    key: String,
    around: Facts,
    instance: Option<Surroundings>,
    values: BTreeSet<u32>,
}

impl Opened {
    fn place(&self) -> Place<'_> {
        let instance = self.instance.as_ref();
        Place {
            path: Path::new(&self.key),
            facts: &self.around,
            values: &self.values,
            server: instance.and_then(|one| Some((one.server?, one.instance.as_str()))),
            environment: instance.and_then(|one| one.environment.as_deref()),
        }
    }
}

impl Run<'_> {
    /// Looks at some files; what goes wrong in us there does not end the run.
    pub(super) fn guarded_all(&self, inputs: &[Input]) -> Vec<Looked> {
        let looked = catch_unwind(AssertUnwindSafe(|| self.look_at_all(inputs)));
        // One by one it is found out which of them it is.
        looked.unwrap_or_else(|_| inputs.iter().map(|input| self.guarded(input, Pass::Whole)).collect())
    }

    /// As [`Run::guarded_all`], one file.
    pub(super) fn guarded(&self, input: &Input, pass: Pass) -> Looked {
        let look_at = || self.opened(input, pass).map_or_else(|looked| looked, |opened| self.look_into(input, &opened));
        catch_unwind(AssertUnwindSafe(look_at)).unwrap_or_else(|_| {
            let message = format!("`{}` could not be judged: a mistake in redisconf", input.shown());
            Looked::Failed(Failure::new(message).help("report it, with the file if it may be shown"))
        })
    }

    /// Judges the small configurations together, and the rest one by one, so that of large files one at a time is in memory.
    fn look_at_all(&self, inputs: &[Input]) -> Vec<Looked> {
        let mut looked: Vec<(usize, Looked)> = Vec::with_capacity(inputs.len());
        let mut small: Vec<(usize, Opened)> = Vec::new();
        for (index, input) in inputs.iter().enumerate() {
            match self.opened(input, Pass::Whole) {
                Ok(opened) if self.is_small(input, &opened) && !self.context.mends => small.push((index, opened)),
                Ok(opened) => looked.push((index, self.look_into(input, &opened))),
                Err(otherwise) => looked.push((index, otherwise)),
            }
        }
        let places: Vec<Place<'_>> = small.iter().map(|(_, opened)| opened.place()).collect();
        let texts = small.iter().zip(&places);
        let files: Vec<File<'_>> =
            texts.map(|((_, opened), place)| File { name: &opened.name, text: &opened.text, place }).collect();
        for (judged, (index, _)) in self.context.confs(&files).into_iter().zip(&small) {
            looked.push((*index, self.reported(&inputs[*index], vec![judged], None)));
        }
        looked.sort_by_key(|(index, _)| *index);
        looked.into_iter().map(|(_, looked)| looked).collect()
    }

    /// Whether it is a configuration that takes little memory: what it includes may be large.
    fn is_small(&self, input: &Input, opened: &Opened) -> bool {
        let includes = matches!(input, Input::File(found) if self.taken.includes(&found.path));
        matches!(opened.kind, Kind::Conf | Kind::Sentinel) && opened.text.len() <= SMALL && !includes
    }

    /// Opens a file and finds out what it is; or what became of it, if there is nothing to judge in it or it is judged
    /// otherwise.
    fn opened(&self, input: &Input, pass: Pass) -> Result<Opened, Looked> {
        if let Input::File(found) = input
            && pass == Pass::Whole
            && !found.named
            && self.taken.holds(&found.path)
        {
            return Err(Looked::NotOurs);
        }
        if let Input::File(found) = input
            && let Some(part) = self.instances.part(&found.path)
        {
            return Err(self.look_at_part(input, part));
        }
        let kept = if let Input::File(found) = input { self.taken.texts.take(&found.path) } else { None };
        let text = kept.map_or_else(|| input.read(self.context.files), Ok).map_err(Looked::Failed)?;
        let name = input.name();
        let (around, instance) = self.around(input);
        let key = self.key(input);
        let values = match input {
            Input::File(found) if pass == Pass::Whole => self.taken.values_of(&found.path),
            Input::Stdin(..) | Input::File(_) => BTreeSet::new(),
        };
        // What is named and not recognised is taken for what its name says, else for a configuration.
        let kind = match (recognise(&name, &text, &is_directive), input) {
            (Some(kind), _) => kind,
            (None, Input::File(found)) if !found.named => return Err(Looked::NotOurs),
            (None, _) => named_kind(&name).ok_or(Looked::NotOurs)?,
        };
        Ok(Opened { name, text, kind, key, around, instance, values })
    }

    /// Judges what is in a file.
    fn look_into(&self, input: &Input, opened: &Opened) -> Looked {
        let Opened { name, text, kind, .. } = opened;
        let place = opened.place();
        if matches!(kind, Kind::Profile | Kind::Project) {
            return self.toml(input, name, text, *kind, &place);
        }
        let judge = |text: &[u8]| match kind {
            Kind::Acl => vec![self.context.acl_file(name, text, &place)],
            Kind::Conf | Kind::Sentinel | Kind::Profile | Kind::Project => {
                vec![self.context.conf(name, text, &place)]
            }
            Kind::Compose
            | Kind::Kubernetes
            | Kind::HelmValues
            | Kind::Dockerfile
            | Kind::Systemd
            | Kind::DockerRun => self.context.embedded(name, text, *kind, &place),
        };
        let is_mended = || matches!(input, Input::File(found) if self.mended.holds(&found.path));
        if !self.context.mends || is_mended() {
            return self.reported(input, judge(text), None);
        }
        let (judged, change) = self.mended(input, text, &judge);
        self.reported(input, judged, Some(change))
    }

    /// What is known of a file from where it lies, and of the instance that it is rendered for.
    fn around(&self, input: &Input) -> (Facts, Option<Surroundings>) {
        let Input::File(found) = input else { return (Facts::default(), None) };
        let of_place = self.places.facts(&found.path);
        let Some(instance) = self.instances.surroundings(&found.path, self.context.files) else {
            return (of_place, None);
        };
        let mut known = instance.facts.clone();
        known.learn_all(&of_place);
        (known, Some(instance))
    }
}
