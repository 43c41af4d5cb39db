//! What holds for one path after all layers.

use std::sync::Arc;

use super::{Author, Identity, Layer, OfPaths, Selector, Settings};
use crate::facts::{Definition, Facts, Said};
use crate::finding::{Finding, Severity};
use crate::lint::policy::Policies;
use crate::lint::{Chosen, RULES, position};
use crate::server::Server;
use crate::source::{SourceId, Span};
use crate::syntax::profile::Spanned;
use crate::syntax::settings::Level;

/// What judges a path, and what is known of its place.
#[derive(Clone, Debug)]
pub struct Effective {
    /// The version that settings name; its place lies where the settings were read.
    pub server: Option<Spanned<Server>>,
    /// What settings say of the place, with where.
    pub facts: Vec<(&'static Definition, Said, Span)>,
    /// The built-in rules that judge.
    pub chosen: Chosen,
    /// By position in [`RULES`].
    rules: Vec<Decided>,
    /// By position in the policies.
    of_policies: Vec<Decided>,
    policies: Arc<Policies>,
}

/// What was decided about a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Decided {
    judges: bool,
    level: Option<Severity>,
}

impl Decided {
    /// What a server refuses stays fatal.
    fn severity_of(self, finding: &Finding) -> Severity {
        self.level.filter(|_| finding.severity != Severity::Fatal).unwrap_or(finding.severity)
    }
}

impl Effective {
    pub(super) fn nothing() -> Self {
        Self {
            server: None,
            facts: Vec::new(),
            chosen: Chosen::by(|_| false),
            rules: Vec::new(),
            of_policies: Vec::new(),
            policies: Arc::new(Policies::default()),
        }
    }

    /// Folds the layers, with those of some paths between the project's and the flags'.
    pub(super) fn fold(settings: &Settings, own: &[&OfPaths]) -> Self {
        let below = [&settings.user, &settings.project];
        let layers: Vec<&Layer> =
            below.into_iter().chain(own.iter().map(|of| &of.layer)).chain([&settings.flags]).collect();
        let decide = |rule: Identity<'_>| decide(&rule, &layers, settings.is_locked(rule.id));
        let mut facts: Vec<(&'static Definition, Said, Span)> = Vec::new();
        let mut server = None;
        for about in settings.about.iter().chain(own.iter().map(|of| &of.about)) {
            server = about.server.clone().or(server);
            for fact in &about.facts {
                facts.retain(|known| known.0.name != fact.0.name);
                facts.push(*fact);
            }
        }
        let rules: Vec<Decided> = RULES.iter().map(|rule| decide(Identity::from(*rule))).collect();
        Self {
            server,
            facts,
            chosen: Chosen::at(rules.iter().map(|decided| decided.judges)),
            rules,
            of_policies: settings.policies.iter().map(|policy| decide(Identity::from(policy))).collect(),
            policies: Arc::clone(&settings.policies),
        }
    }

    /// Whether the rule of that id judges, be it built in or an organisation's; one that nobody knows does.
    #[must_use]
    pub fn judges_by_id(&self, id: &str) -> bool {
        self.decided(id).is_none_or(|decided| decided.judges)
    }

    /// How bad a finding is here.
    #[must_use]
    pub fn severity_of(&self, finding: &Finding) -> Severity {
        self.decided(&finding.rule).map_or(finding.severity, |decided| decided.severity_of(finding))
    }

    /// Drops what does not judge here, and sets the severity of the rest.
    #[must_use]
    pub fn settle(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        findings.retain_mut(|finding| {
            let Some(decided) = self.decided(&finding.rule) else { return true };
            finding.severity = decided.severity_of(finding);
            decided.judges
        });
        findings
    }

    /// Adds what settings say of the place, to be called before anything that is nearer to the file says more.
    pub fn teach(&self, facts: &mut Facts) {
        // Settings lie in texts of their own, which a reading does not have.
        let nowhere = Span { source: SourceId::ROOT, start: 0, end: 0 };
        for (definition, said, _) in &self.facts {
            facts.learn(definition, *said, nowhere);
        }
    }

    /// Policies that judge a path, with their positions.
    pub(in crate::lint) fn policies(&self) -> impl Iterator<Item = &crate::lint::policy::Policy> {
        self.policies.iter().zip(&self.of_policies).filter(|(_, decided)| decided.judges).map(|(policy, _)| policy)
    }

    fn decided(&self, id: &str) -> Option<Decided> {
        match position(id) {
            Some(position) => self.rules.get(position).copied(),
            None => self.of_policies.get(self.policies.position(id)?).copied(),
        }
    }
}

/// Folds what the layers say of one rule.
fn decide(rule: &Identity<'_>, layers: &[&Layer], is_locked: bool) -> Decided {
    if is_locked {
        return decide_locked(rule, layers);
    }
    let (mut asked, mut ignored, mut level) = (rule.on, false, None);
    for layer in layers {
        if let Some(select) = &layer.select {
            asked = select.iter().any(|selector| selector.chooses(rule));
            // Who asks for a rule by its name wants it, whatever those below say.
            if select.iter().any(|selector| selector.names(rule)) {
                ignored = false;
                level = level.filter(|level| *level != Level::Off);
            }
        }
        if let Some(set) = level_in(layer, rule) {
            level = Some(set);
            if matches!(set, Level::As(_)) && layer.levels.iter().any(|(selector, _)| selector.names(rule)) {
                (asked, ignored) = (true, false);
            }
        }
        ignored |= layer.ignore.iter().any(|selector| selector.ignores(rule));
    }
    if rule.severity == Severity::Fatal {
        return Decided { judges: asked && !ignored, level: None };
    }
    match level {
        Some(Level::Off) => Decided { judges: false, level: None },
        Some(Level::As(severity)) => Decided { judges: asked && !ignored, level: Some(severity) },
        None => Decided { judges: asked && !ignored, level: None },
    }
}

/// A locked rule judges unless the run asks for something else, and only the project sets its level.
fn decide_locked(rule: &Identity<'_>, layers: &[&Layer]) -> Decided {
    let of = |author| layers.iter().find(move |layer| layer.author == author);
    let asked = of(Author::Flags).and_then(|flags| flags.select.as_ref());
    let level = match of(Author::Project).and_then(|project| level_in(project, rule)) {
        Some(Level::As(severity)) if rule.severity != Severity::Fatal => Some(severity),
        Some(Level::As(_) | Level::Off) | None => None,
    };
    Decided { judges: asked.is_none_or(|select| select.iter().any(|selector| selector.chooses(rule))), level }
}

/// The level that a layer gives a rule: by its name, else by its group.
fn level_in(layer: &Layer, rule: &Identity<'_>) -> Option<Level> {
    let by_name = layer.levels.iter().rfind(|(selector, _)| selector.names(rule));
    let by_group =
        || layer.levels.iter().rfind(|(selector, _)| matches!(selector, Selector::Group(_)) && selector.ignores(rule));
    by_name.or_else(by_group).map(|(_, level)| *level)
}
