//! One text to lint: the configurations in it, read, resolved and judged.

use super::past::Past;
use crate::catalog::View;
use crate::config::layers::{Request, load, merge};
use crate::config::{Config, Setup, Visible, resolve};
use crate::facts::{self, Fact, Facts};
use crate::finding::{Finding, Severity};
use crate::lint::{self, Case, Inspection, Rule};
use crate::report::lint::JudgedAs;
use crate::server::{self, Engine, Server};
use crate::source::{Disk, Files, Name, SourceId, Span};
use crate::syntax::{Mode, Reading, Survey, conf, survey};

use super::super::server::{newest, which_engine};

/// What is known before a text is read.
pub(super) struct Context<'a> {
    /// `--server`.
    pub(super) server: Option<Server>,
    /// Facts of flags, which nothing overrides.
    pub(super) facts: &'a Facts,
    /// What was deployed before.
    pub(super) past: Option<&'a Past>,
    /// The rules that may speak.
    pub(super) chosen: &'a (dyn Fn(&Rule) -> bool + Sync),
    /// Where includes are looked up.
    pub(super) files: &'a (dyn Files + Sync),
    /// Whether fixes will be carried out, so that it must be known which versions start before and after.
    pub(super) mends: bool,
}

/// A configuration, judged.
pub(super) struct Judged {
    pub(super) reading: Reading,
    pub(super) view: &'static View,
    pub(super) inspection: Inspection,
    pub(super) server: JudgedAs,
    /// What may be shown of a profile; of a configuration, that is found out where it is needed.
    pub(super) visible: Option<Visible>,
    /// Where findings about what is not there point.
    pub(super) anchor: Span,
    /// What it is called inside its text.
    pub(super) title: Option<String>,
    /// The versions that start with it, among those it may be for; found out only if fixes will be carried out.
    pub(super) starts: Vec<Server>,
}

/// Which version a text is judged as.
struct As {
    server: Server,
    /// The versions it may be for; one where it is known.
    candidates: Vec<Server>,
    because: String,
}

impl As {
    fn known(server: Server, because: impl Into<String>) -> Self {
        Self { server, candidates: vec![server.resolve().known], because: because.into() }
    }

    /// Of an engine that is known or not, no more than that.
    fn any(engine: Option<(Engine, String)>) -> Self {
        let (engine, because) = match engine {
            Some((engine, because)) => (Some(engine), because),
            None => (None, "no version given".to_owned()),
        };
        let fits = |server: &&Server| engine.is_none_or(|engine| server.engine == engine);
        let candidates = server::all().iter().filter(fits).copied().collect();
        Self { server: newest(engine.unwrap_or(Engine::Redis)), candidates, because }
    }

    /// As results name it.
    fn used(&self, inspection: &Inspection) -> JudgedAs {
        if let [known] = self.candidates[..] {
            return JudgedAs {
                server: Some(self.server.name()),
                judged_as: vec![known.name()],
                because: self.because.clone().into(),
                words: lint::judged_as(self.server).into(),
                advice: None,
            };
        }
        let agree = if is_split(inspection) { "they disagree" } else { "verdicts agree" };
        JudgedAs {
            server: None,
            judged_as: self.candidates.iter().map(|server| server.name()).collect(),
            because: format!("{}; {agree}", self.because).into(),
            words: format!("as {}", server::in_words(&self.candidates)).into(),
            advice: Some("Pin with --server or `# redisconf: server=redis-7.4`".into()),
        }
    }
}

impl Context<'_> {
    /// Judges a configuration file or a Sentinel file.
    ///
    /// `around` is what is known of its place.
    pub(super) fn conf(&self, name: &Name, text: &[u8], around: &Facts) -> Judged {
        let surveyed = survey(SourceId::ROOT, text);
        let mut findings = Vec::new();
        let mut said = around.clone();
        said_in_header(&surveyed, &mut said, &mut findings);
        let read = |server: Server| conf::read_template(name.clone(), text, server, self.files);
        let (judged_as, reading) = self.version(&surveyed, text, &read);
        let mut judged = self.judge(&read, reading, surveyed.mode, &judged_as, &said);
        judged.inspection.findings.splice(0..0, findings);
        judged
    }

    /// Flag, header, engine; and the text as that version reads it.
    fn version(&self, surveyed: &Survey, text: &[u8], read: &dyn Fn(Server) -> Reading) -> (As, Reading) {
        if let Some(server) = self.server {
            return (As::known(server, "--server"), read(server));
        }
        if let Some((server, at)) = surveyed.server {
            let line = 1 + memchr::memchr_iter(b'\n', &text[..at.start as usize]).count();
            return (As::known(server, format!("comment in line {line}")), read(server));
        }
        let reading = read(newest(Engine::Redis));
        let judged_as = As::any(which_engine(&reading));
        let reading = if judged_as.server == reading.server { reading } else { read(judged_as.server) };
        (judged_as, reading)
    }

    /// Judges a reading; `read` reads the same text as other versions.
    fn judge(
        &self,
        read: &dyn Fn(Server) -> Reading,
        reading: Reading,
        mode: Mode,
        judged_as: &As,
        said: &Facts,
    ) -> Judged {
        let config = resolve(&reading, mode);
        let mut known = said.clone();
        learn_all(&mut known, self.facts);
        let past = self.past.map(Past::previous);
        let case = Case::new(&reading, &config, &known, mode).after(past);
        let inspection = lint::inspect(&case, self.chosen);
        let inspection = if judged_as.candidates.len() > 1 {
            lint::across(inspection, &case, &judged_as.candidates, read)
        } else {
            inspection
        };
        let starts =
            if self.mends { starting(&config, &inspection, &judged_as.candidates, mode, read) } else { Vec::new() };
        let (anchor, server) = (case.anchor(), judged_as.used(&inspection));
        Judged { view: config.view, reading, inspection, server, visible: None, anchor, title: None, starts }
    }

    /// Judges a profile with its layers.
    pub(super) fn profile(&self, path: &str) -> Result<Judged, String> {
        let request = Request { profile: path.to_owned(), ..Request::default() };
        let stack = load(&request, &Disk).map_err(|error| error.to_string())?;
        let (server, because) = match (self.server, stack.default_server()) {
            (Some(server), _) => (server, "--server".to_owned()),
            (None, Some(server)) => (server, "default-server of the profile".to_owned()),
            (None, None) => (newest(Engine::Redis), "the newest, as the profile names none".to_owned()),
        };
        let setup = merge(stack, server);
        Ok(self.setup(&setup, &As::known(server, because)))
    }

    fn setup(&self, setup: &Setup, judged_as: &As) -> Judged {
        let mut known = setup.facts.clone();
        learn_all(&mut known, self.facts);
        let past = self.past.map(Past::previous);
        let case = Case::new(&setup.reading, &setup.config, &known, Mode::Server).after(past);
        let mut inspection = lint::inspect(&case, self.chosen);
        inspection.findings.splice(0..0, setup.findings.iter().cloned());
        let visible = Some(Visible::of_setup(setup));
        let (anchor, server) = (case.anchor(), judged_as.used(&inspection));
        let starts = if setup.config.verdict().is_none() { judged_as.candidates.clone() } else { Vec::new() };
        let (reading, view) = (setup.reading.clone(), setup.config.view);
        Judged { view, reading, inspection, server, visible, anchor, title: None, starts }
    }
}

/// The candidates that start with a configuration.
fn starting(
    config: &Config,
    inspection: &Inspection,
    candidates: &[Server],
    mode: Mode,
    read: &dyn Fn(Server) -> Reading,
) -> Vec<Server> {
    if is_split(inspection) {
        let starts = |server: &&Server| resolve(&read(**server), mode).verdict().is_none();
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
fn learn_all(known: &mut Facts, more: &Facts) {
    for (name, Fact { said, at }) in more.iter() {
        known.learn(facts::definition(name).expect("it was learnt under this name"), *said, *at);
    }
}

/// Takes in the facts of `# redisconf:` comments; what cannot be read of them becomes a finding.
fn said_in_header(surveyed: &Survey, known: &mut Facts, findings: &mut Vec<Finding>) {
    for (name, value, at) in &surveyed.facts {
        match facts::in_comment(name, value) {
            Ok((definition, said)) => known.learn(definition, said, *at),
            Err(why) if name == "server" => {
                let message = format!("`{value}` is no server version: {why}");
                findings.push(Finding::new("malformed-comment", Severity::Warning, *at, message));
            }
            Err(why) => findings.push(Finding::new("malformed-comment", Severity::Warning, *at, why)),
        }
    }
}
