//! The proof: the profile with its layers, resolved, and its rendering, read back, mean what the original means.

use std::collections::{BTreeMap, BTreeSet};

use super::Original;
use super::carry::{Action, ActionWord, actions};
use super::decide::{Decided, is_action};
use crate::catalog::{Directive, DirectiveId, State};
use crate::config::{Config, Secret, Setup, Shown, Value, resolve, shown};
use crate::render::{Options, Secrets, Target, render};
use crate::source::Name;
use crate::syntax::{Mode, conf};

/// Something that would not be as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unequal {
    /// The directive, or what is carried out: `user ann`.
    pub what: String,
    /// What the original means, if it has a value to show.
    pub original: Option<Shown>,
    /// What the profile would mean.
    pub profile: Option<Shown>,
    /// What to do about it.
    pub help: String,
}

/// The outcome of comparing values.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) equal: usize,
    pub(super) different: Vec<&'static Directive>,
}

/// Compares every directive of the version by meaning, but for those in `excluded`.
pub(super) fn values(
    original: &Original,
    made: &Config,
    secrets: &BTreeMap<String, Secret>,
    excluded: &BTreeSet<DirectiveId>,
) -> Compared {
    let mut compared = Compared::default();
    for directive in made.view.directives() {
        let has_value = directive.state == State::Accepted && !is_action(&directive.kind) && !directive.is.live_only;
        if !has_value || excluded.contains(&directive.id) {
            continue;
        }
        let same = match (original.config.effective(directive), made.effective(directive)) {
            (None, None) => continue,
            (Some(Value::Secret(secret)), Some(Value::Named(name))) => secrets.get(&**name) == Some(secret),
            (Some(ours), Some(theirs)) => ours.means(theirs),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if same {
            compared.equal += 1;
        } else {
            compared.different.push(directive);
        }
    }
    compared
}

/// Everything that is not as it was; nothing, if the profile is proven.
pub(super) fn all(
    original: &Original,
    setup: &Setup,
    decided: &Decided,
    secrets: &BTreeMap<String, Secret>,
    values_of_setup: &Compared,
) -> Vec<Unequal> {
    let layers = "a layer is in the way: leave it out of `--extends`, or make it give way there";
    let mut unequal: Vec<Unequal> =
        values_of_setup.different.iter().map(|directive| value(directive, original, &setup.config, layers)).collect();
    let made = actions(setup);
    let lost = decided.actions.iter().filter(|action| !made.contains(action));
    let more = made.iter().filter(|action| !decided.actions.contains(action));
    unequal.extend(lost.chain(more).map(|action| carried_out(action, layers)));
    if unequal.is_empty() && made != decided.actions {
        unequal.push(named("the order of modules or renamed commands", layers));
    }
    if unequal.is_empty() {
        unequal.extend(rendering(original, setup, decided, secrets));
    }
    unequal
}

/// Renders the setup for a server, with the secrets in their places, and reads it as the server would.
fn rendering(
    original: &Original,
    setup: &Setup,
    decided: &Decided,
    secrets: &BTreeMap<String, Secret>,
) -> Vec<Unequal> {
    let report = "this is a mistake of redisconf: please report it with the line of the file";
    let mut known = secrets.clone();
    for (id, _) in setup.reading.iter() {
        for name in setup.reading.words(id).iter().filter_map(|word| word.secret.as_deref()) {
            // Of what is known by its hash, any password will do: users are compared by the names of theirs.
            known.entry(name.to_owned()).or_insert_with(|| Secret::new(b"stand-in"));
        }
    }
    let options = Options { secrets: Secrets::Clear, ..Options::new(Target::Conf) };
    let text = match render(setup, &options, &known) {
        Ok(rendered) => rendered.artefacts.into_iter().next().map(|artefact| artefact.text).unwrap_or_default(),
        Err(findings) => {
            let said = |finding: &crate::finding::Finding| named(&format!("the rendering ({})", finding.rule), report);
            return findings.iter().map(said).collect();
        }
    };
    let reading = conf::read_alone(Name::Stdin, &text, setup.server);
    let config = resolve(&reading, Mode::Server);
    if config.verdict().is_some() {
        return vec![named("the rendering, which the server would refuse", report)];
    }
    let compared = values(original, &config, &known, &decided.excluded);
    let mut unequal: Vec<Unequal> =
        compared.different.iter().map(|directive| value(directive, original, &config, report)).collect();
    let plain = |action: &Action| Action {
        of: action.of,
        words: action.words.iter().map(|word| in_clear(word, &known)).collect(),
    };
    let wanted: Vec<Action> = decided.actions.iter().map(plain).collect();
    let rendered = Setup::from_reading("rendered", reading, crate::facts::Facts::default());
    if actions(&rendered) != wanted {
        unequal.push(named("modules, renamed commands or users of the rendering", report));
    }
    unequal
}

fn in_clear(word: &ActionWord, known: &BTreeMap<String, Secret>) -> ActionWord {
    match word {
        ActionWord::Plain(bytes) => ActionWord::Plain(bytes.clone()),
        ActionWord::Named(name) => {
            let value = known.get(name).map(Secret::expose).unwrap_or_default();
            ActionWord::Plain([b">", value].concat())
        }
    }
}

pub(super) fn value(directive: &'static Directive, original: &Original, made: &Config, help: &str) -> Unequal {
    let of = |config: &Config| config.effective(directive).map(|value| shown(directive, value));
    Unequal {
        what: directive.name().to_owned(),
        original: of(&original.config),
        profile: of(made),
        help: help.to_owned(),
    }
}

/// Names what is carried out; of a renamed command the new name is not shown.
fn carried_out(action: &Action, help: &str) -> Unequal {
    let first = match action.words.first() {
        Some(ActionWord::Plain(word)) => crate::config::printable(word),
        Some(ActionWord::Named(_)) | None => String::new(),
    };
    named(&format!("{} {first}", action.of), help)
}

fn named(what: &str, help: &str) -> Unequal {
    Unequal { what: what.to_owned(), original: None, profile: None, help: help.to_owned() }
}
