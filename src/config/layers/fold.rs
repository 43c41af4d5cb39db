//! The fold over layers: a later word replaces an earlier one, `unset` removes it, `final` forbids it.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{self, DirectiveId, Kind, View};
use crate::config::setup::Assignment;
use crate::config::shown::MASK;
use crate::config::value::Class;
use crate::facts::{Facts, Said};
use crate::finding::{Finding, Severity};
use crate::server::{Server, WordRules};
use crate::source::Span;
use crate::syntax::profile::{Condition, Layer, Scalar, Setting, Shape, Spanned, User, scalar_text};
use crate::syntax::{Word, split};

/// What layers compete for: a directive, or one client class of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The directive.
    pub directive: DirectiveId,
    /// The class.
    pub key: Option<Class>,
}

/// The word that counts.
pub(in crate::config) struct Winner<'a> {
    pub(in crate::config) setting: &'a Setting,
    /// The value of the one class, where the slot is one.
    pub(in crate::config) shape: &'a Shape,
    pub(in crate::config) at: Span,
    pub(in crate::config) layer: u16,
    pub(in crate::config) preferred: bool,
    history: usize,
}

/// A statement that is no setting: a user, a renamed command, a module.
pub(super) struct Action {
    pub(super) name: Word,
    pub(super) words: Vec<Word>,
    pub(super) layer: u16,
    pub(super) why: Option<String>,
}

/// The result.
pub(super) struct Folded<'a> {
    pub(super) winners: BTreeMap<Slot, Winner<'a>>,
    pub(super) actions: Vec<Action>,
    pub(super) why: BTreeMap<DirectiveId, String>,
    pub(super) history: Vec<Assignment>,
}

/// Folds the layers, lowest first.
pub(super) fn fold<'a>(
    layers: &'a [(String, Layer)],
    server: Server,
    facts: &Facts,
    findings: &mut Vec<Finding>,
) -> Folded<'a> {
    let mut fold = Fold {
        view: View::of(server),
        winners: BTreeMap::new(),
        why: BTreeMap::new(),
        history: Vec::new(),
        finals: BTreeMap::new(),
        findings,
        layer: 0,
    };
    for (index, (name, layer)) in layers.iter().enumerate() {
        fold.layer = u16::try_from(index).expect("there are few layers");
        fold.layer(layer, server, facts);
        for text in &layer.finals {
            if let Some(id) = fold.identity(text) {
                fold.finals.entry(id).or_insert_with(|| (name.clone(), text.at));
            }
        }
    }
    let (winners, why, history) = (fold.winners, fold.why, fold.history);
    Folded { winners, actions: actions(layers), why, history }
}

struct Fold<'a, 'f> {
    view: &'static View,
    winners: BTreeMap<Slot, Winner<'a>>,
    why: BTreeMap<DirectiveId, String>,
    history: Vec<Assignment>,
    finals: BTreeMap<DirectiveId, (String, Span)>,
    findings: &'f mut Vec<Finding>,
    layer: u16,
}

impl<'a> Fold<'a, '_> {
    fn layer(&mut self, layer: &'a Layer, server: Server, facts: &Facts) {
        for name in &layer.unset {
            self.unset(name);
        }
        let own = [(&layer.settings, &layer.prefer, &layer.why)];
        let when = layer.when.iter().filter(|when| holds(&when.condition, server, facts));
        for (settings, prefer, why) in own.into_iter().chain(when.map(|when| (&when.settings, &when.prefer, &when.why)))
        {
            for setting in settings {
                self.set(setting, false);
            }
            for setting in prefer {
                self.set(setting, true);
            }
            for (name, reason) in why {
                if let Some(id) = self.identity(name) {
                    self.why.insert(id, reason.value.clone());
                }
            }
        }
    }

    /// The entry a name means in any version.
    fn identity(&mut self, name: &Spanned<String>) -> Option<DirectiveId> {
        let found = catalog::find(&name.value);
        if found.is_none() {
            let help = catalog::suggest(&name.value, self.view).map_or_else(
                || "see `redisconf explain` for the directives".into(),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("unknown directive `{}`", name.value);
            self.findings.push(Finding::new("unknown-directive", Severity::Error, name.at, message).help(help));
        }
        found
    }

    /// Whether a lower layer forbids it.
    fn is_final(&mut self, id: DirectiveId, name: &Spanned<String>) -> bool {
        let Some((layer, at)) = self.finals.get(&id) else { return false };
        let message = format!("`{}` is final in `{layer}`", name.value);
        let finding = Finding::new("final-directive", Severity::Error, name.at, message)
            .label(*at, "declared final here")
            .help("drop it here, or ask the owner of that layer");
        self.findings.push(finding);
        true
    }

    fn unset(&mut self, name: &Spanned<String>) {
        let Some(id) = self.identity(name) else { return };
        if self.is_final(id, name) {
            return;
        }
        let position = self.record(&Slot { directive: id, key: None }, "(unset)".into(), name.at);
        let gone: Vec<Slot> = self.winners.keys().filter(|slot| slot.directive == id).cloned().collect();
        for slot in gone {
            if let Some(winner) = self.winners.remove(&slot) {
                self.history[winner.history].beaten_by = Some(position);
            }
        }
    }

    fn record(&mut self, slot: &Slot, text: String, at: Span) -> usize {
        let name = self.view.get(slot.directive).map_or("", catalog::Directive::name).to_owned();
        let key = slot.key.map(|class| class.name().to_owned());
        self.history.push(Assignment { name, key, layer: usize::from(self.layer), at, text, beaten_by: None });
        self.history.len() - 1
    }

    fn set(&mut self, setting: &'a Setting, preferred: bool) {
        let Some(id) = self.identity(&setting.name) else { return };
        if self.is_final(id, &setting.name) {
            return;
        }
        let by_class = self.view.get(id).is_some_and(|d| d.kind == Kind::BufferLimits);
        let Shape::Keyed(keyed) = &setting.shape else {
            return self.take(Slot { directive: id, key: None }, setting, &setting.shape, setting.at, preferred);
        };
        if !by_class {
            let message = format!("`{}` takes no table", setting.name.value);
            self.findings.push(
                Finding::new("invalid-value", Severity::Error, setting.at, message)
                    .help("see `redisconf explain` for what it takes"),
            );
            return;
        }
        for (key, shape) in keyed {
            match Class::from_name(key.value.as_bytes()) {
                Some(class) => {
                    self.take(Slot { directive: id, key: Some(class) }, setting, &shape.value, shape.at, preferred);
                }
                None => self.findings.push(
                    Finding::new(
                        "invalid-value",
                        Severity::Error,
                        key.at,
                        format!("unknown client class `{}`", key.value),
                    )
                    .help("the classes are `normal`, `replica` and `pubsub`"),
                ),
            }
        }
    }

    fn take(&mut self, slot: Slot, setting: &'a Setting, shape: &'a Shape, at: Span, preferred: bool) {
        let secret = self.view.get(slot.directive).is_none_or(|directive| directive.is.secret);
        let text = if secret { secret_text(shape) } else { shape_text(shape) };
        let history = self.record(&slot, text, at);
        let winner = Winner { setting, shape, at, layer: self.layer, preferred, history };
        if let Some(beaten) = self.winners.insert(slot, winner) {
            self.history[beaten.history].beaten_by = Some(history);
        }
    }
}

/// Whether a condition holds; a fact that is not known never does.
fn holds(condition: &Condition, server: Server, facts: &Facts) -> bool {
    let servers = condition.servers.is_empty() || condition.servers.iter().any(|r| r.admits(server));
    let number = |said: &Said| match said {
        Said::Bytes(n) | Said::Count(n) | Said::Milliseconds(n) => Some(i128::from(*n) * 1000),
        #[expect(clippy::cast_possible_truncation, reason = "thousandths of a core are enough")]
        Said::Processors(n) => Some((n * 1000.0) as i128),
        Said::Percent(n) => Some(i128::from(*n) * 1000),
        Said::Permissions(_) | Said::Word(_) => None,
    };
    servers
        && condition.facts.iter().all(|(definition, bound, limit)| {
            let Some(fact) = facts.get(definition.name) else { return false };
            match (number(&fact.said), number(limit)) {
                (Some(value), Some(limit)) => bound.holds(&value, &limit),
                (_, _) => fact.said == *limit,
            }
        })
}

/// What is shown of a value that must not be: the name of a secret that is kept elsewhere, else a mask.
fn secret_text(shape: &Shape) -> String {
    match shape {
        Shape::One(one) if matches!(one.value, Scalar::Secret(_)) => shape_text(shape),
        Shape::One(_) | Shape::Many(_) | Shape::Keyed(_) | Shape::Limits(_) => MASK.to_owned(),
    }
}

/// A value as written, secrets left out.
fn shape_text(shape: &Shape) -> String {
    let scalar = |s: &Spanned<Scalar>| match &s.value {
        Scalar::Secret(name) => format!("(secret {name})"),
        other @ (Scalar::Bool(_) | Scalar::Whole(_) | Scalar::Fraction(_) | Scalar::Text(_)) => {
            scalar_text(other).unwrap_or_default()
        }
    };
    match shape {
        Shape::One(one) => scalar(one),
        Shape::Many(many) if many.is_empty() => "[]".into(),
        Shape::Many(many) => many.iter().map(scalar).collect::<Vec<_>>().join(", "),
        Shape::Limits(limits) => {
            format!("{} {} {}", scalar(&limits.hard), scalar(&limits.soft), scalar(&limits.seconds))
        }
        Shape::Keyed(_) => "{ … }".into(),
    }
}

/// Users, renamed commands and modules: a later layer's replaces the one of the same name.
fn actions(layers: &[(String, Layer)]) -> Vec<Action> {
    let mut modules: Vec<(String, Action)> = Vec::new();
    let mut renames: Vec<(String, Action)> = Vec::new();
    let mut users: BTreeMap<String, Action> = BTreeMap::new();
    let mut order: BTreeSet<String> = BTreeSet::new();
    for (index, (_, layer)) in layers.iter().enumerate() {
        let layer_number = u16::try_from(index).expect("there are few layers");
        let word = |text: &Spanned<String>| Word::cooked(text.at, text.value.as_bytes());
        let action = |name: &str, at: Span, words: Vec<Word>| Action {
            name: Word::cooked(at, name),
            words,
            layer: layer_number,
            why: None,
        };
        for module in &layer.modules {
            let words = std::iter::once(&module.path).chain(&module.arguments).map(word).collect();
            replace(&mut modules, &module.path.value, action("loadmodule", module.path.at, words));
        }
        for (old, new) in &layer.renames {
            let key = old.value.to_ascii_lowercase();
            replace(&mut renames, &key, action("rename-command", old.at, vec![word(old), word(new)]));
        }
        for user in &layer.users {
            order.insert(user.name.value.clone());
            users.insert(user.name.value.clone(), action("user", user.name.at, user_words(user)));
        }
    }
    let users = order.into_iter().filter_map(|name| users.remove(&name));
    let listed = modules.into_iter().chain(renames).map(|(_, action)| action);
    listed.chain(users).collect()
}

fn replace(list: &mut Vec<(String, Action)>, key: &str, action: Action) {
    match list.iter_mut().find(|(known, _)| known == key) {
        Some((_, known)) => *known = action,
        None => list.push((key.to_owned(), action)),
    }
}

/// `user NAME RULES… >SECRET…`
fn user_words(user: &User) -> Vec<Word> {
    let mut words = vec![Word::cooked(user.name.at, user.name.value.as_bytes())];
    let rules = split(user.rules.value.as_bytes(), WordRules::Classic).unwrap_or_default();
    words.extend(rules.into_iter().map(|piece| Word::cooked(user.rules.at, piece.text.into_owned())));
    words.extend(user.passwords.iter().map(|password| Word::secret(password.at, ">", &password.value)));
    words
}
