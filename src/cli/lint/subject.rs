//! One text to lint: the configurations in it, read, resolved and judged.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::super::server::{newest, which_engine};
use super::judged_as::{As, is_split};
use super::past::Past;
use super::rulebook::Rulebook;
use crate::catalog::{self, View};
use crate::config::acl::Surroundings;
use crate::config::layers::{Request, load, merge};
use crate::config::{Config, Setup, Visible, resolve, resolve_acl_file};
use crate::facts::{self, Facts};
use crate::finding::{Finding, Severity};
use crate::lint::settings::Effective;
use crate::lint::suppress::{By, Divided, Ignores, Suppressed};
use crate::lint::{self, Case, Chosen, Inspection, Previous, UsersFile};
use crate::lint::{policy, suppress};
use crate::report::lint::{JudgedAs, Suppression, SuppressionKind};
use crate::server::{Engine, Server};
use crate::source::{Files, Name, SourceId, Span};
use crate::syntax::embedded::{self, Kind, Told};
use crate::syntax::{Mode, Reading, Survey, acl_file, conf, survey};

/// What is known before a text is read.
pub(super) struct Context<'a> {
    /// `--server`.
    pub(super) server: Option<Server>,
    /// Facts of flags, which nothing overrides.
    pub(super) facts: &'a Facts,
    /// What was deployed before.
    pub(super) past: Option<&'a Past>,
    /// What judges where.
    pub(super) book: &'a Rulebook,
    /// Whether comments may suppress findings.
    pub(super) ignores: bool,
    /// Where includes are looked up.
    pub(super) files: &'a (dyn Files + Sync),
    /// Whether fixes will be carried out, so that it must be known which versions start before and after.
    pub(super) mends: bool,
}

/// A configuration, judged.
pub(super) struct Judged {
    pub(super) reading: Reading,
    pub(super) view: &'static View,
    /// What is said, and what could not be.
    pub(super) inspection: Inspection,
    /// What comments suppress.
    pub(super) suppressed: Vec<(Finding, Suppression)>,
    /// What is wrong with policies, in the texts of the settings.
    pub(super) problems: Vec<Finding>,
    pub(super) server: JudgedAs,
    /// What may be shown of a profile; of a configuration, that is found out where it is needed.
    pub(super) visible: Option<Visible>,
    /// Where findings about what is not there point.
    pub(super) anchor: Span,
    /// What it is called inside its text.
    pub(super) title: Option<String>,
    /// The versions that start with it, among those it may be for; found out only if fixes will be carried out.
    pub(super) starts: Vec<Server>,
    /// The text that fixes may change.
    pub(super) own: SourceId,
}

/// A text, as one version reads and resolves it.
type Resolved = (Reading, Config);

/// How to read a text as some version.
type Read<'a> = Box<dyn Fn(Server) -> Resolved + 'a>;

/// A file to judge.
pub(super) struct File<'a> {
    pub(super) name: &'a Name,
    pub(super) text: &'a [u8],
    pub(super) place: &'a Place<'a>,
}

/// Where a text lies and what is known of that.
pub(super) struct Place<'a> {
    /// Relative to the folder of the settings.
    pub(super) path: &'a Path,
    /// The facts of the place.
    pub(super) facts: &'a Facts,
    /// Values in the text that are judged with what reads them, by the byte where they begin.
    pub(super) values: &'a BTreeSet<u32>,
    /// The version of the instance that the text is rendered for, with the instance's name.
    pub(super) server: Option<(Server, &'a str)>,
    /// The environment of that instance.
    pub(super) environment: Option<&'a str>,
}

impl Context<'_> {
    /// Judges a configuration file or a Sentinel file.
    pub(super) fn conf(&self, name: &Name, text: &[u8], place: &Place<'_>) -> Judged {
        self.confs(&[File { name, text, place }]).pop().expect("one text is judged once")
    }

    /// As [`Context::conf`], of several files: what is done with one is done with all of them before the next thing is.
    pub(super) fn confs(&self, files: &[File<'_>]) -> Vec<Judged> {
        let prepared = files.iter().map(|File { name, text, place }| {
            let surveyed = survey(SourceId::ROOT, text);
            let mode = surveyed.mode;
            let read = move |server: Server| {
                let reading = conf::read_template((*name).clone(), text, server, self.files);
                let config = resolve(&reading, mode);
                (reading, config)
            };
            self.alone(text, &surveyed, mode, Box::new(read), place)
        });
        self.all_alone(prepared.collect())
    }

    /// Judges a file of users.
    pub(super) fn acl_file(&self, name: &Name, text: &[u8], place: &Place<'_>) -> Judged {
        let surveyed = survey(SourceId::ROOT, b"");
        let read = |server: Server| {
            let reading = acl_file::read_template(name.clone(), text, server);
            let config = resolve_acl_file(&reading, Surroundings::of(server));
            (reading, config)
        };
        let prepared = self.alone(text, &surveyed, Mode::AclFile, Box::new(read), place);
        self.all_alone(vec![prepared]).pop().expect("one text is judged once")
    }

    /// Judges the configurations inside another text, and says what of that could not be read.
    pub(super) fn embedded(&self, name: &Name, text: &[u8], kind: Kind, place: &Place<'_>) -> Vec<Judged> {
        let found = embedded::find(name, text, kind, &is_directive);
        let effective = self.book.settings.for_path(place.path);
        let mut ignores = self.ignores.then(|| Ignores::new(&self.book.settings, self.book.today));
        let mut all = Vec::new();
        for one in found.embedded.iter().filter(|one| !one.is_value_at(place.values)) {
            let surveyed = one.survey();
            let read = |server: Server| {
                let reading = one.read(server, self.files);
                let config = resolve(&reading, one.mode);
                (reading, config)
            };
            let (judged_as, resolved) = self.version_of_image(&surveyed, &effective, place, text, one.told, &read);
            let mut known = Facts::default();
            effective.teach(&mut known);
            known.learn_all(place.facts);
            known.learn_all(&one.facts(&resolved.0));
            learn_header(&mut known, &surveyed);
            known.learn_all(self.facts);
            let effective = Arc::clone(&effective);
            let judging = Judging { effective, judged_as, mode: one.mode, facts: known, place };
            let mut judged = self.judge(self.prepared(Box::new(read), resolved, judging), ignores.as_mut());
            judged.title = Some(one.title.clone());
            all.push(judged);
        }
        let of_comments = ignores.into_iter().flat_map(Ignores::finish);
        for (judged, divided) in all.iter_mut().zip(of_comments) {
            judged.take_in(divided, &effective);
        }
        if !found.problems.is_empty() {
            all.push(unread(name, text, effective.settle(found.problems)));
        }
        all
    }

    /// As [`Context::version`], where an image may tell.
    fn version_of_image(
        &self,
        surveyed: &Survey,
        effective: &Effective,
        place: &Place<'_>,
        text: &[u8],
        told: Told,
        read: &dyn Fn(Server) -> Resolved,
    ) -> (As, Resolved) {
        let is_told = self.server.is_some() || surveyed.server.is_some();
        let candidates = told.candidates();
        if is_told {
            return self.version(surveyed, effective, place, text, read);
        }
        if let Told::Server(server) = told {
            return (As::known(server, "image tag"), read(server));
        }
        match candidates.last() {
            Some(server) if effective.server.is_none() && place.server.is_none() => {
                let resolved = read(*server);
                (As { server: *server, candidates, because: "image without a full version".into() }, resolved)
            }
            Some(_) | None => self.version(surveyed, effective, place, text, read),
        }
    }

    /// Reads and resolves the one configuration of a text.
    fn alone<'a>(
        &'a self,
        text: &[u8],
        surveyed: &Survey,
        mode: Mode,
        read: Read<'a>,
        place: &'a Place<'a>,
    ) -> Prepared<'a> {
        let effective = self.book.settings.for_path(place.path);
        let (judged_as, resolved) = self.version(surveyed, &effective, place, text, &read);
        let mut facts = Facts::default();
        effective.teach(&mut facts);
        facts.learn_all(place.facts);
        learn_header(&mut facts, surveyed);
        facts.learn_all(self.facts);
        self.prepared(read, resolved, Judging { effective, judged_as, mode, facts, place })
    }

    /// Judges texts of one configuration each.
    fn all_alone(&self, all: Vec<Prepared<'_>>) -> Vec<Judged> {
        let cases: Vec<(Case<'_>, &Chosen)> =
            all.iter().map(|one| (one.case(), &one.judging.effective.chosen)).collect();
        let inspections = lint::inspect_all(&cases);
        let judge = |(index, inspection): (usize, Inspection)| {
            let (one, (case, _)) = (&all[index], &cases[index]);
            let mut ignores = self.ignores.then(|| Ignores::new(&self.book.settings, self.book.today));
            let judgement = self.judgement(one, case, inspection, ignores.as_mut());
            (judgement, ignores.map(Ignores::finish).unwrap_or_default())
        };
        let judgements: Vec<(Judgement, Vec<Divided>)> = inspections.into_iter().enumerate().map(judge).collect();
        let whole = |(one, (judgement, of_comments)): (Prepared<'_>, (Judgement, Vec<Divided>))| {
            let effective = Arc::clone(&one.judging.effective);
            let mut judged = judgement.of(one);
            for divided in of_comments {
                judged.take_in(divided, &effective);
            }
            judged
        };
        all.into_iter().zip(judgements).map(whole).collect()
    }

    /// Flag, header, instance, settings, engine; and the text as that version reads it.
    fn version(
        &self,
        surveyed: &Survey,
        effective: &Effective,
        place: &Place<'_>,
        text: &[u8],
        read: &dyn Fn(Server) -> Resolved,
    ) -> (As, Resolved) {
        if let Some(server) = self.server {
            return (As::known(server, "--server"), read(server));
        }
        if let Some((server, at)) = surveyed.server {
            let line = 1 + memchr::memchr_iter(b'\n', &text[..at.start as usize]).count();
            return (As::known(server, format!("comment in line {line}")), read(server));
        }
        if let Some((server, instance)) = place.server {
            return (As::known(server, format!("instance {instance}")), read(server));
        }
        if let Some(server) = &effective.server {
            return (As::known(server.value, "settings"), read(server.value));
        }
        let resolved = read(newest(Engine::Redis));
        let judged_as = As::any(which_engine(&resolved.0, &resolved.1));
        let resolved = if judged_as.server == resolved.0.server { resolved } else { read(judged_as.server) };
        (judged_as, resolved)
    }

    /// A text that has been read, with what belongs to it; `read` reads it as other versions.
    fn prepared<'a>(&'a self, read: Read<'a>, (reading, config): Resolved, judging: Judging<'a>) -> Prepared<'a> {
        let users = UsersFile::named_by(&reading, &config, self.files);
        let previous = self.past.map(|past| past.before(config.view.server()));
        Prepared { reading, config, users, previous, read, judging }
    }

    /// Judges a text that has been read.
    fn judge(&self, prepared: Prepared<'_>, ignores: Option<&mut Ignores<'_>>) -> Judged {
        let case = prepared.case();
        let inspection = lint::inspect(&case, &prepared.judging.effective.chosen);
        self.judgement(&prepared, &case, inspection, ignores).of(prepared)
    }

    /// Makes of what the rules said what is to be told.
    fn judgement(
        &self,
        prepared: &Prepared<'_>,
        case: &Case<'_>,
        mut inspection: Inspection,
        ignores: Option<&mut Ignores<'_>>,
    ) -> Judgement {
        let Judging { effective, judged_as, place, .. } = &prepared.judging;
        let one_version = judged_as.candidates.len() == 1;
        if !one_version {
            inspection = lint::across(inspection, case, &judged_as.candidates, &prepared.read);
        }
        let server = judged_as.used(&inspection);
        let starts = if self.mends { prepared.starting(&inspection) } else { Vec::new() };
        let policies = policy::judge(case, effective, place.path, place.environment);
        let mut findings = effective.settle(std::mem::take(&mut inspection.findings));
        findings.extend(effective.settle(policies.findings.clone()));
        let divided = match ignores {
            Some(ignores) => {
                let how =
                    suppress::Judging { case, effective, inspection: &inspection, policies: &policies, one_version };
                ignores.apply(&how, findings)
            }
            None => Divided { left: findings, suppressed: Vec::new() },
        };
        inspection.findings = divided.left;
        inspection.silent.extend(policies.silent.into_iter().map(|(policy, fact)| (policy.into(), fact)));
        let suppressed = divided.suppressed.into_iter().map(suppression).collect();
        Judgement { inspection, suppressed, problems: policies.problems, server, anchor: case.anchor(), starts }
    }

    /// Judges a profile with its layers.
    pub(super) fn profile(&self, path: &str, files: &dyn Files, place: &Place<'_>) -> Result<Judged, String> {
        let request = Request { profile: path.to_owned(), ..Request::default() };
        let stack = load(&request, files).map_err(|error| error.to_string())?;
        let (server, because) = match (self.server, stack.default_server()) {
            (Some(server), _) => (server, "--server".to_owned()),
            (None, Some(server)) => (server, "default-server of the profile".to_owned()),
            (None, None) => (newest(Engine::Redis), "the newest, as the profile names none".to_owned()),
        };
        let setup = merge(stack, server);
        let effective = self.book.settings.for_path(place.path);
        let mut ignores = self.ignores.then(|| Ignores::new(&self.book.settings, self.book.today));
        let mut judged = self.setup(&setup, &As::known(server, because), place, ignores.as_mut());
        for divided in ignores.into_iter().flat_map(Ignores::finish) {
            judged.take_in(divided, &effective);
        }
        Ok(judged)
    }

    /// Judges a profile that is merged; what is wrong with comments its caller tells.
    pub(super) fn setup(
        &self,
        setup: &Setup,
        judged_as: &As,
        place: &Place<'_>,
        ignores: Option<&mut Ignores<'_>>,
    ) -> Judged {
        let effective = self.book.settings.for_path(place.path);
        let mut facts = Facts::default();
        effective.teach(&mut facts);
        facts.learn_all(&setup.facts);
        facts.learn_all(self.facts);
        let read = |_: Server| (setup.reading.clone(), setup.config.clone());
        let (effective_here, judged_as) = (Arc::clone(&effective), judged_as.clone());
        let judging = Judging { effective: effective_here, judged_as, mode: Mode::Server, facts, place };
        let mut judged = self.judge(self.prepared(Box::new(read), read(setup.server), judging), ignores);
        let own = Divided { left: setup.findings.clone(), suppressed: Vec::new() };
        judged.take_in(own, &effective);
        judged.visible = Some(Visible::of_setup(setup));
        judged
    }
}

/// How one configuration is judged.
struct Judging<'a> {
    effective: Arc<Effective>,
    judged_as: As,
    mode: Mode,
    facts: Facts,
    place: &'a Place<'a>,
}

/// A text that is read and resolved, and not judged yet.
struct Prepared<'a> {
    reading: Reading,
    config: Config,
    /// The ACL file that it names.
    users: Option<UsersFile>,
    previous: Option<Cow<'a, Previous>>,
    /// Reads it as another version.
    read: Read<'a>,
    judging: Judging<'a>,
}

impl Prepared<'_> {
    fn case(&self) -> Case<'_> {
        Case::new(&self.reading, &self.config, &self.judging.facts, self.judging.mode)
            .after(self.previous.as_deref())
            .with_users(self.users.as_ref())
            .among(&self.judging.judged_as.candidates)
    }

    /// The candidates that start with it.
    fn starting(&self, inspection: &Inspection) -> Vec<Server> {
        let candidates = &self.judging.judged_as.candidates;
        if is_split(inspection) {
            let starts = |server: &&Server| (self.read)(**server).1.verdict().is_none();
            return candidates.iter().filter(starts).copied().collect();
        }
        if self.config.verdict().is_none() { candidates.clone() } else { Vec::new() }
    }
}

/// What is told of a text, before it is taken apart from what it was judged by.
struct Judgement {
    inspection: Inspection,
    suppressed: Vec<(Finding, Suppression)>,
    problems: Vec<Finding>,
    server: JudgedAs,
    anchor: Span,
    starts: Vec<Server>,
}

impl Judgement {
    fn of(self, prepared: Prepared<'_>) -> Judged {
        let Self { inspection, suppressed, problems, server, anchor, starts } = self;
        Judged {
            view: prepared.config.view,
            reading: prepared.reading,
            inspection,
            suppressed,
            problems,
            server,
            visible: None,
            anchor,
            title: None,
            starts,
            own: SourceId::ROOT,
        }
    }
}

impl Judged {
    /// Takes further findings in, where the settings let them speak.
    pub(super) fn take_in(&mut self, divided: Divided, effective: &Effective) {
        self.inspection.findings.extend(effective.settle(divided.left));
        self.suppressed.extend(divided.suppressed.into_iter().map(suppression));
        // Reasons not to start come first, in the server's order.
        let place = |finding: &Finding| (finding.severity != Severity::Fatal).then_some(finding.at);
        self.inspection.findings.sort_by_key(place);
    }
}

/// Whether any server knows a name.
pub(super) fn is_directive(name: &[u8]) -> bool {
    catalog::find(name).is_some()
}

/// A text in which no configuration could be read, with the reasons; nothing of it is shown.
fn unread(name: &Name, text: &[u8], findings: Vec<Finding>) -> Judged {
    let server = newest(Engine::Redis);
    let reading = conf::read_alone(name.clone(), text, server);
    let inspection = Inspection { findings, verdict: lint::Verdict::Starts, silent: Vec::new() };
    let judged_as = As::any(None);
    Judged {
        view: View::of(server),
        reading,
        server: judged_as.used(&inspection),
        inspection,
        suppressed: Vec::new(),
        problems: Vec::new(),
        visible: Some(Visible::default()),
        anchor: Span { source: SourceId::ROOT, start: 0, end: 0 },
        title: None,
        starts: Vec::new(),
        own: SourceId::ROOT,
    }
}

/// As results name it.
fn suppression(suppressed: Suppressed) -> (Finding, Suppression) {
    let (kind, reason) = match suppressed.by {
        By::Comment { reason, .. } => (SuppressionKind::Comment, Some(reason)),
        By::Baseline => (SuppressionKind::Baseline, None),
    };
    (suppressed.finding, Suppression { kind, reason, until: None })
}

/// Takes in the facts of `# redisconf:` comments; what cannot be read of them is found where comments are looked at.
fn learn_header(known: &mut Facts, surveyed: &Survey) {
    for (name, value, at) in &surveyed.facts {
        if let Ok((definition, said)) = facts::in_comment(name, value) {
            known.learn(definition, said, *at);
        }
    }
}
