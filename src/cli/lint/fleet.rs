//! Judging the instances of a project, and telling what is wrong with its files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::super::failure::Failure;
use super::super::server::newest;
use super::input::Input;
use super::instances::Part;
use super::judged_as::As;
use super::place::whole;
use super::subject::{Context, Judged, Place};
use super::{Looked, Run, profile_path};
use crate::catalog::View;
use crate::config::Visible;
use crate::config::fleet::Fleet;
use crate::config::layers::{load, merge};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::lint::policy::Policies;
use crate::lint::settings::{Flags, Settings};
use crate::lint::suppress::Ignores;
use crate::lint::{Inspection, Verdict};
use crate::report;
use crate::report::lint::JudgedAs;
use crate::server::Engine;
use crate::source::{Files, Instead, Name, SourceId, Sources, Span};
use crate::syntax::Reading;
use crate::syntax::project::Instance;

/// How to judge a profile as it stands in some files.
type JudgeIn<'a> = &'a dyn Fn(&dyn Files) -> Result<Vec<Judged>, String>;

impl Run<'_> {
    /// Looks at a file that is part of a project.
    pub(super) fn look_at_part(&self, input: &Input, part: Part<'_>) -> Looked {
        let is_project = matches!(part, Part::Project(_));
        let (problems, instances) = match part {
            Part::Taken => return Looked::NotOurs,
            Part::Unread(error) => return Looked::Failed(Failure::new(error.to_string())),
            Part::Project(fleet) => {
                (self.problems(fleet), fleet.project.instances.iter().map(|one| (fleet, one)).collect())
            }
            Part::Of(instances) => (self.problems_of_own_file(input, &instances), instances),
        };
        let judge = |files: &dyn Files| -> Result<Vec<Judged>, String> {
            let mut ignores =
                self.context.ignores.then(|| Ignores::new(&self.context.book.settings, self.context.book.today));
            let mut judged = Vec::new();
            for (fleet, instance) in &instances {
                match self.instance(input, fleet, instance, files, ignores.as_mut()) {
                    Ok(one) => judged.push(one),
                    // The project file says which name leads nowhere.
                    Err(_) if is_project => {}
                    Err(why) => return Err(why),
                }
            }
            let of_comments = ignores.into_iter().flat_map(Ignores::finish);
            let effective = self.context.book.settings.for_path(Path::new(&self.key(input)));
            for (one, divided) in judged.iter_mut().zip(of_comments) {
                one.take_in(divided, &effective);
            }
            Ok(judged)
        };
        match judge(self.context.files) {
            Err(why) => Looked::Failed(Failure::new(why)),
            Ok(judged) if is_project || !self.context.mends => {
                let mut all = problems;
                all.extend(judged);
                once(&mut all);
                self.reported(input, all, None)
            }
            Ok(_) => match input.read(self.context.files) {
                Ok(text) => self.mended_profile(input, &text, problems, &judge),
                Err(failure) => Looked::Failed(failure),
            },
        }
    }

    /// Mends a profile and reports what is left; `judge` judges it as it stands in some files, for each of its instances.
    pub(super) fn mended_profile(
        &self,
        input: &Input,
        text: &[u8],
        problems: Vec<Judged>,
        judge: JudgeIn<'_>,
    ) -> Looked {
        let path = PathBuf::from(profile_path(&input.name()));
        let on_disk = whole(&path);
        // A text that cannot be read any more starts nowhere, so that it is given up.
        let of_text = |text: &[u8]| -> Vec<Judged> {
            let files = Instead { path: &path, text, below: self.context.files };
            let mut judged = judge(&files).unwrap_or_default();
            for one in &mut judged {
                let mut sources = one.reading.sources.iter();
                let own = sources.find(|(_, source)| match source.name() {
                    Name::File(other) => *other == path || (on_disk.is_some() && whole(other) == on_disk),
                    Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => false,
                });
                one.own = own.map_or(SourceId::ROOT, |(id, _)| id);
            }
            judged
        };
        let (judged, change) = self.mended(input, text, &of_text);
        let mut all = problems;
        all.extend(judged);
        once(&mut all);
        self.reported(input, all, Some(change))
    }

    /// Judges an instance, as if its profile were read with all its layers.
    fn instance<'a>(
        &'a self,
        input: &Input,
        fleet: &Fleet,
        instance: &Instance,
        files: &dyn Files,
        ignores: Option<&mut Ignores<'a>>,
    ) -> Result<Judged, String> {
        let profile = fleet.profile_file(instance).filter(|path| files.read(path).is_ok());
        let path = profile.map_or_else(|| PathBuf::from(self.key(input)), |path| self.context.book.relative(&path));
        let (facts, values) = (Facts::default(), BTreeSet::new());
        let environment = instance.environment.as_ref().map(|name| name.value.as_str());
        let place = Place { path: &path, facts: &facts, values: &values, server: None, environment };
        let stack = load(&fleet.request(instance), files).map_err(|error| error.to_string())?;
        let name = &instance.name.value;
        let named = instance.server.as_ref().map(|server| server.value);
        let (server, because) = match (self.context.server, named, stack.default_server()) {
            (Some(server), _, _) => (server, "--server".to_owned()),
            (None, Some(server), _) => (server, format!("instance {name}")),
            (None, None, Some(server)) => (server, "default-server of the profile".to_owned()),
            (None, None, None) => (newest(Engine::Redis), "the newest, as the instance names none".to_owned()),
        };
        let mut setup = merge(stack, server);
        // What is not there is missing for this instance, whoever else uses the profile.
        setup.reading.anchor = Some(instance.name.at);
        setup.reading.public.push(instance.name.at);
        let mut judged = self.context.setup(&setup, &As::known(server, because), &place, ignores);
        judged.title = Some(format!("instance `{name}`"));
        Ok(judged)
    }

    /// What is wrong with the files of a project, a report for each file; for the project file there always is one.
    fn problems(&self, fleet: &Fleet) -> Vec<Judged> {
        let mut all = vec![(fleet.sources.clone(), self.wrong_settings(fleet))];
        let missing = fleet.missing_layers(self.context.files);
        for (sources, findings) in fleet.problems.iter().cloned().chain(missing) {
            match all.iter_mut().find(|(known, _)| last(known) == last(&sources)) {
                Some((_, known)) => known.extend(findings),
                None => all.push((sources, findings)),
            }
        }
        let listed = |(sources, mut findings): (Sources, Vec<Finding>)| {
            findings.sort_by(|a, b| (a.at, &a.rule).cmp(&(b.at, &b.rule)));
            let hidden = fleet.hidden_in(&sources);
            self.context.listed(sources, findings, |findings| Visible::of_project(findings, &hidden))
        };
        all.into_iter().map(listed).collect()
    }

    /// What is wrong with an instance's own file.
    fn problems_of_own_file(&self, input: &Input, instances: &[(&Fleet, &Instance)]) -> Vec<Judged> {
        let [(fleet, instance), ..] = instances else { return Vec::new() };
        let is_own = |sources: &Sources| {
            sources.len() > 1
                && last(sources) == last(&instance.sources)
                && matches!(last(sources), Some(Name::File(path)) if *self.key(input) == *self.shown(path))
        };
        let own = fleet.problems.iter().filter(|(sources, _)| is_own(sources)).cloned();
        let hidden = fleet.hidden_in(&instance.sources);
        let visible = |findings: &[Finding]| Visible::of_project(findings, &hidden);
        own.map(|(sources, findings)| self.context.listed(sources, findings, visible)).collect()
    }

    fn shown(&self, path: &Path) -> String {
        report::shown_path(&self.context.book.relative(path), Path::new(""))
    }

    /// What is wrong with the settings of a project, unless they hold for this run: then that was said at once.
    fn wrong_settings(&self, fleet: &Fleet) -> Vec<Finding> {
        let holds = self.context.book.project.as_ref().is_some_and(|path| {
            let name = fleet.sources.get(SourceId::ROOT).name();
            matches!(name, Name::File(own) if self.context.book.relative(own) == self.context.book.relative(path))
        });
        if holds {
            return Vec::new();
        }
        let project = &fleet.project;
        let environments: Vec<&str> = project.environments.iter().map(|one| one.name.value.as_str()).collect();
        let (policies, mut findings) = Policies::new(project.policies.clone(), &fleet.sources, &environments);
        if let Ok((_, more)) = Settings::new(None, project.lint.as_ref(), policies, &Flags::default()) {
            findings.extend(more);
        }
        findings
    }
}

/// What an instance says that another one said already is left out: they share files.
fn once(all: &mut [Judged]) {
    let mut said: BTreeSet<(String, String, Span, String)> = BTreeSet::new();
    for judged in all {
        let sources = &judged.reading.sources;
        judged.inspection.findings.retain(|finding| {
            let name = sources.get(finding.at.source).name().to_string();
            let at = Span { source: SourceId::ROOT, ..finding.at };
            said.insert((name, finding.rule.to_string(), at, finding.message.clone()))
        });
    }
}

/// The file that a problem is in: the texts that it was read with come before it.
fn last(sources: &Sources) -> Option<&Name> {
    sources.iter().last().map(|(_, source)| source.name())
}

impl Context<'_> {
    /// Findings about a file that holds no configuration; `visible` tells what may be shown of it.
    pub(super) fn listed(
        &self,
        sources: Sources,
        findings: Vec<Finding>,
        visible: impl Fn(&[Finding]) -> Visible,
    ) -> Judged {
        let server = newest(Engine::Redis);
        let root = match last(&sources) {
            Some(Name::File(path)) => self.book.relative(path),
            Some(Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_)) | None => {
                PathBuf::new()
            }
        };
        let effective = self.book.settings.for_path(&root);
        let findings = effective.settle(findings);
        let visible = visible(&findings);
        Judged {
            view: View::of(server),
            reading: Reading::new(sources, server),
            inspection: Inspection { findings, verdict: Verdict::Starts, silent: Vec::new() },
            suppressed: Vec::new(),
            problems: Vec::new(),
            server: JudgedAs {
                server: None,
                judged_as: [].into(),
                because: "it is about instances and settings".into(),
                words: "as a project".into(),
                advice: None,
            },
            visible: Some(visible),
            anchor: Span { source: SourceId::ROOT, start: 0, end: 0 },
            title: None,
            starts: Vec::new(),
            own: SourceId::ROOT,
        }
    }
}
