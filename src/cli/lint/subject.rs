//! One text to lint: the configurations in it, read, resolved and judged.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::super::server::{newest, which_engine};
use super::past::Past;
use super::rulebook::Rulebook;
use crate::catalog::{self, View};
use crate::config::acl::Surroundings;
use crate::config::layers::{Request, load, merge};
use crate::config::{Config, Setup, Visible, resolve, resolve_acl_file};
use crate::facts::{self, Fact, Facts};
use crate::finding::{Finding, Severity};
use crate::lint::policy;
use crate::lint::settings::Effective;
use crate::lint::suppress::{By, Divided, Ignores, Judging, Suppressed};
use crate::lint::{self, Case, Inspection, UsersFile};
use crate::report::lint::{JudgedAs, Suppression, SuppressionKind};
use crate::server::{self, Engine, Server};
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
type Read<'a> = &'a dyn Fn(Server) -> Resolved;

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

/// Which version a text is judged as.
pub(super) struct As {
    server: Server,
    /// The versions it may be for; one where it is known.
    candidates: Vec<Server>,
    because: String,
}

impl As {
    pub(super) fn known(server: Server, because: impl Into<String>) -> Self {
        Self { server, candidates: vec![server.resolve().known], because: because.into() }
    }

    /// Of an engine that is known or not, no more than that.
    fn any(engine: Option<(Engine, String)>) -> Self {
        let (engine, because) = match engine {
            Some((engine, because)) => (Some(engine), because),
            None => (None, NO_VERSION.to_owned()),
        };
        let usual = USUAL.iter().find(|usual| usual.engine == engine).expect("every engine is there, and none");
        Self { server: newest(engine.unwrap_or(Engine::Redis)), candidates: usual.candidates.clone(), because }
    }

    /// As results name it.
    fn used(&self, inspection: &Inspection) -> JudgedAs {
        if let [known] = self.candidates[..] {
            return JudgedAs {
                server: Some(self.server.name()),
                judged_as: [known.name()].into(),
                because: self.because.clone().into(),
                words: lint::judged_as(self.server).into(),
                advice: None,
            };
        }
        let because = match (&*self.because, is_split(inspection)) {
            (NO_VERSION, true) => "no version given; they disagree".into(),
            (NO_VERSION, false) => "no version given; verdicts agree".into(),
            (other, true) => format!("{other}; they disagree").into(),
            (other, false) => format!("{other}; verdicts agree").into(),
        };
        // Most files may be for the same versions.
        let usual = USUAL.iter().find(|usual| usual.candidates == self.candidates);
        let (judged_as, words) = match usual {
            Some(usual) => (Arc::clone(&usual.names), Cow::Borrowed(&*usual.words)),
            None => (names(&self.candidates), Cow::Owned(in_words(&self.candidates))),
        };
        let advice = Some("Pin with --server or `# redisconf: server=redis-7.4`".into());
        JudgedAs { server: None, judged_as, because, words, advice }
    }
}

/// Why no version is known of an ordinary file.
const NO_VERSION: &str = "no version given";

/// Versions that a file of which at most the engine is known may be for.
struct Usual {
    engine: Option<Engine>,
    candidates: Vec<Server>,
    names: Arc<[String]>,
    words: String,
}

static USUAL: LazyLock<[Usual; 3]> = LazyLock::new(|| {
    [None, Some(Engine::Redis), Some(Engine::Valkey)].map(|engine| {
        let fits = |server: &&Server| engine.is_none_or(|engine| server.engine == engine);
        let candidates: Vec<Server> = server::all().iter().filter(fits).copied().collect();
        Usual { engine, names: names(&candidates), words: in_words(&candidates), candidates }
    })
});

fn names(servers: &[Server]) -> Arc<[String]> {
    servers.iter().map(|server| server.name()).collect()
}

fn in_words(servers: &[Server]) -> String {
    format!("as {}", server::in_words(servers))
}

impl Context<'_> {
    /// Judges a configuration file or a Sentinel file.
    pub(super) fn conf(&self, name: &Name, text: &[u8], place: &Place<'_>) -> Judged {
        let surveyed = survey(SourceId::ROOT, text);
        let read = |server: Server| {
            let reading = conf::read_template(name.clone(), text, server, self.files);
            let config = resolve(&reading, surveyed.mode);
            (reading, config)
        };
        self.alone(text, &surveyed, surveyed.mode, &read, place)
    }

    /// Judges a file of users.
    pub(super) fn acl_file(&self, name: &Name, text: &[u8], place: &Place<'_>) -> Judged {
        let surveyed = survey(SourceId::ROOT, b"");
        let read = |server: Server| {
            let reading = acl_file::read_template(name.clone(), text, server);
            let config = resolve_acl_file(&reading, Surroundings::of(server));
            (reading, config)
        };
        self.alone(text, &surveyed, Mode::AclFile, &read, place)
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
            learn_all(&mut known, place.facts);
            learn_all(&mut known, &one.facts(&resolved.0));
            learn_header(&mut known, &surveyed);
            learn_all(&mut known, self.facts);
            let judging =
                Judgment { effective: &effective, judged_as: &judged_as, mode: one.mode, facts: &known, place };
            let mut judged = self.judge(&read, resolved, &judging, ignores.as_mut());
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
        read: Read<'_>,
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

    /// Judges the one configuration of a text.
    fn alone(&self, text: &[u8], surveyed: &Survey, mode: Mode, read: Read<'_>, place: &Place<'_>) -> Judged {
        let effective = self.book.settings.for_path(place.path);
        let (judged_as, resolved) = self.version(surveyed, &effective, place, text, read);
        let mut known = Facts::default();
        effective.teach(&mut known);
        learn_all(&mut known, place.facts);
        learn_header(&mut known, surveyed);
        learn_all(&mut known, self.facts);
        let mut ignores = self.ignores.then(|| Ignores::new(&self.book.settings, self.book.today));
        let judging = Judgment { effective: &effective, judged_as: &judged_as, mode, facts: &known, place };
        let mut judged = self.judge(read, resolved, &judging, ignores.as_mut());
        for divided in ignores.into_iter().flat_map(Ignores::finish) {
            judged.take_in(divided, &effective);
        }
        judged
    }

    /// Flag, header, instance, settings, engine; and the text as that version reads it.
    fn version(
        &self,
        surveyed: &Survey,
        effective: &Effective,
        place: &Place<'_>,
        text: &[u8],
        read: Read<'_>,
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

    /// Judges a text that has been read; `read` reads it as other versions.
    fn judge(
        &self,
        read: Read<'_>,
        (reading, config): Resolved,
        judging: &Judgment<'_>,
        ignores: Option<&mut Ignores<'_>>,
    ) -> Judged {
        let Judgment { effective, judged_as, mode, facts, place } = *judging;
        let users = UsersFile::named_by(&reading, &config, self.files);
        let one_version = judged_as.candidates.len() == 1;
        let previous = self.past.map(|past| past.before(config.view.server()));
        let case = Case::new(&reading, &config, facts, mode)
            .after(previous.as_deref())
            .with_users(users.as_ref())
            .among(&judged_as.candidates);
        let mut inspection = lint::inspect(&case, &effective.chosen);
        if !one_version {
            inspection = lint::across(inspection, &case, &judged_as.candidates, read);
        }
        let server = judged_as.used(&inspection);
        let starts = if self.mends { starting(&config, &inspection, &judged_as.candidates, read) } else { Vec::new() };
        let policies = policy::judge(&case, effective, place.path, place.environment);
        let mut findings = effective.settle(std::mem::take(&mut inspection.findings));
        findings.extend(effective.settle(policies.findings.clone()));
        let divided = match ignores {
            Some(ignores) => {
                let how = Judging { case: &case, effective, inspection: &inspection, policies: &policies, one_version };
                ignores.apply(&how, findings)
            }
            None => Divided { left: findings, suppressed: Vec::new() },
        };
        let (anchor, view) = (case.anchor(), config.view);
        let mut judged = Judged {
            reading,
            view,
            inspection,
            suppressed: Vec::new(),
            problems: policies.problems,
            server,
            visible: None,
            anchor,
            title: None,
            starts,
            own: SourceId::ROOT,
        };
        judged.inspection.findings = divided.left;
        judged.inspection.silent.extend(policies.silent.into_iter().map(|(policy, fact)| (policy.into(), fact)));
        judged.suppressed = divided.suppressed.into_iter().map(suppression).collect();
        judged
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
        let mut known = Facts::default();
        effective.teach(&mut known);
        learn_all(&mut known, &setup.facts);
        learn_all(&mut known, self.facts);
        let facts = &known;
        let judging = Judgment { effective: &effective, judged_as, mode: Mode::Server, facts, place };
        let read = |_: Server| (setup.reading.clone(), setup.config.clone());
        let mut judged = self.judge(&read, read(setup.server), &judging, ignores);
        let own = Divided { left: setup.findings.clone(), suppressed: Vec::new() };
        judged.take_in(own, &effective);
        judged.visible = Some(Visible::of_setup(setup));
        judged
    }
}

/// How one configuration is judged.
#[derive(Clone, Copy)]
struct Judgment<'a> {
    effective: &'a Effective,
    judged_as: &'a As,
    mode: Mode,
    facts: &'a Facts,
    place: &'a Place<'a>,
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

/// The candidates that start with a configuration.
fn starting(config: &Config, inspection: &Inspection, candidates: &[Server], read: Read<'_>) -> Vec<Server> {
    if is_split(inspection) {
        let starts = |server: &&Server| read(**server).1.verdict().is_none();
        return candidates.iter().filter(starts).copied().collect();
    }
    if config.verdict().is_none() { candidates.to_vec() } else { Vec::new() }
}

/// Whether some of the versions that a text may be for take it and others do not.
fn is_split(inspection: &Inspection) -> bool {
    let rules = ["version-dependent", "no-version-starts"];
    inspection.findings.iter().any(|finding| rules.contains(&finding.rule.as_ref()))
}

/// Takes facts in, over what was known.
pub(super) fn learn_all(known: &mut Facts, more: &Facts) {
    for (name, Fact { said, at }) in more.iter() {
        known.learn(facts::definition(name).expect("it was learnt under this name"), *said, *at);
    }
}

/// Takes in the facts of `# redisconf:` comments; what cannot be read of them is found where comments are looked at.
fn learn_header(known: &mut Facts, surveyed: &Survey) {
    for (name, value, at) in &surveyed.facts {
        if let Ok((definition, said)) = facts::in_comment(name, value) {
            known.learn(definition, said, *at);
        }
    }
}
