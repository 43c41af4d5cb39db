//! Which version a text is judged as, and why.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use super::super::server::newest;
use crate::lint::{self, Inspection};
use crate::report::lint::JudgedAs;
use crate::server::{self, Engine, Server};

/// Which version a text is judged as.
#[derive(Clone)]
pub(super) struct As {
    pub(super) server: Server,
    /// The versions it may be for; one where it is known.
    pub(super) candidates: Vec<Server>,
    pub(super) because: String,
}

impl As {
    pub(super) fn known(server: Server, because: impl Into<String>) -> Self {
        Self { server, candidates: vec![server.resolve().known], because: because.into() }
    }

    /// Of an engine that is known or not, no more than that.
    pub(super) fn any(engine: Option<(Engine, String)>) -> Self {
        let (engine, because) = match engine {
            Some((engine, because)) => (Some(engine), because),
            None => (None, NO_VERSION.to_owned()),
        };
        let usual = USUAL.iter().find(|usual| usual.engine == engine).expect("every engine is there, and none");
        Self { server: newest(engine.unwrap_or(Engine::Redis)), candidates: usual.candidates.clone(), because }
    }

    /// As results name it.
    pub(super) fn used(&self, inspection: &Inspection) -> JudgedAs {
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

/// Whether some of the versions that a text may be for take it and others do not.
pub(super) fn is_split(inspection: &Inspection) -> bool {
    let rules = ["version-dependent", "no-version-starts"];
    inspection.findings.iter().any(|finding| rules.contains(&finding.rule.as_ref()))
}
