//! Deciding: which directives the profile has to name, and how, so that it means what the original means.

use std::collections::BTreeSet;

use super::carry::{self, Action, ActionWord, LOAD_MODULE, RENAME_COMMAND, USER};
use super::users::{Password, User};
use super::why::{Said, above};
use super::{Counts, Known, Leftover, Original, SecretUse, value};
use crate::catalog::{self, Directive, DirectiveId, Kind, State};
use crate::config::{Class, Config, Origin, Secret, Setup, Value, has_lost_its_end, name_shown};
use crate::source::{SourceId, Span};
use crate::syntax::{Item, ProblemKind, StatementId};

/// Why what a template fills in is left over.
const OPEN: &str = "it is filled in elsewhere, so its value is not known here";

const GLUED: &str = "a NUL hides the end of its line, so that a secret on the next line may be part of it";

/// A directive to set.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) text: Text,
    pub(super) why: Option<String>,
}

/// How it is written.
#[derive(Clone, Debug)]
pub(super) enum Text {
    /// The right side of an assignment.
    One(String),
    /// A secret, by its logical name.
    Secret(String),
    /// The right sides, by client class.
    Classes(Vec<(Class, String)>),
}

/// A user to write.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct UserTable {
    pub(super) name: String,
    pub(super) rules: String,
    /// Logical names.
    pub(super) passwords: Vec<String>,
}

/// Everything that the profile says.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) unset: Vec<&'static str>,
    pub(super) modules: Vec<(String, Vec<String>)>,
    pub(super) settings: Vec<Setting>,
    /// Directives that some of a layer's versions lack.
    pub(super) prefer: Vec<Setting>,
    pub(super) users: Vec<UserTable>,
    pub(super) renames: Vec<(String, String)>,
    pub(super) secrets: Vec<SecretUse>,
    pub(super) leftovers: Vec<Leftover>,
    /// Directives of which no value can be held.
    pub(super) excluded: BTreeSet<DirectiveId>,
    /// What has to be carried out in the end, those of layers included.
    pub(super) actions: Vec<Action>,
    pub(super) counts: Counts,
}

/// Decides; `pinned` are directives to state whatever the layers say.
pub(super) fn decide(original: &Original, base: &Setup, pinned: &BTreeSet<DirectiveId>) -> Decided {
    let taken = base.reading.iter().flat_map(|(id, _)| base.reading.words(id));
    let mut deciding = Deciding {
        original,
        base,
        passwords: passwords(original),
        names: taken.filter_map(|word| word.secret.as_deref().map(str::to_owned)).collect(),
        decided: Decided::default(),
    };
    deciding.values(pinned);
    deciding.actions();
    deciding.unheld();
    let mut decided = deciding.decided;
    decided.secrets.sort_by(|a, b| (&a.name, a.at).cmp(&(&b.name, b.at)));
    decided.leftovers.sort_by_key(|leftover| leftover.at);
    decided.counts.leftovers = decided.leftovers.len();
    decided
}

/// What the original holds of a secret.
enum Held {
    Clear(Secret),
    Hash(Secret),
}

struct Deciding<'a> {
    original: &'a Original,
    base: &'a Setup,
    /// Every secret of the original.
    passwords: Vec<Vec<u8>>,
    /// Logical names in use.
    names: BTreeSet<String>,
    decided: Decided,
}

/// A value to write, with what decides about its place.
struct Found {
    directive: &'static Directive,
    value: Value,
    from: Vec<StatementId>,
}

impl Deciding<'_> {
    fn values(&mut self, pinned: &BTreeSet<DirectiveId>) {
        let view = self.original.config.view;
        let mut found: Vec<Found> = Vec::new();
        for directive in view.directives() {
            if is_action(&directive.kind) || directive.is.live_only {
                continue;
            }
            if directive.state != State::Accepted {
                let ignored = usize::from(self.original.config.entry(directive.id).is_some());
                self.decided.counts.stated += ignored;
                self.decided.counts.ignored += ignored;
                continue;
            }
            found.extend(self.one(directive, pinned.contains(&directive.id)));
        }
        // In the order of the original; what it does not state comes last, by name.
        found.sort_by_key(|one| (one.from.is_empty(), one.from.first().copied()));
        for one in found {
            self.put(one);
        }
    }

    /// Whether a directive has to be written; counts it.
    fn one(&mut self, directive: &'static Directive, pinned: bool) -> Option<Found> {
        let (ours, base) = (&self.original.config, &self.base.config);
        let from = statements(ours, directive);
        let is_stated = !from.is_empty();
        let is_unknown = ours.effective(directive) == Some(&Value::Unknown);
        if let Some(reason) = self.glued(&from).or_else(|| is_unknown.then_some(OPEN)) {
            self.decided.counts.stated += usize::from(is_stated);
            self.decided.excluded.insert(directive.id);
            self.leave_all(&from, reason);
            return None;
        }
        let in_layers = base.origin(directive) != Origin::Default;
        let value = raw(ours, directive)?;
        let counts = &mut self.decided.counts;
        counts.stated += usize::from(is_stated);
        let same = raw(base, directive).is_some_and(|base| self.secret_of_layer(directive, &value, &base));
        let counts = &mut self.decided.counts;
        // Of what the build or the host chooses, the catalogue's default is one of many.
        let may_differ = directive.is.environment && is_stated && self.original.dump.is_none() && !in_layers;
        match (is_stated, in_layers) {
            _ if pinned => {}
            (false, false) => return None,
            (true, false) if same && !may_differ => {
                counts.defaults += 1;
                return None;
            }
            (_, true) if same => {
                counts.from_layers += usize::from(is_stated);
                return None;
            }
            (false, true) if directive.kind != Kind::BufferLimits => {
                counts.set_back += 1;
                self.decided.unset.push(directive.name());
                return None;
            }
            (_, _) => {}
        }
        Some(Found { directive, value, from })
    }

    /// Whether a value of ours is what the layers say; a secret that a layer names is, and has to have our value.
    fn secret_of_layer(&mut self, directive: &'static Directive, ours: &Value, base: &Value) -> bool {
        let Value::Named(name) = base else { return ours.means(base) };
        let Value::Secret(secret) = ours else { return false };
        if secret.expose().is_empty() {
            return false;
        }
        let known = self.decided.secrets.iter().find(|known| *known.name == **name);
        if known.is_some_and(|known| known.value.as_ref() != Some(secret)) {
            return false;
        }
        let from = statements(&self.original.config, directive);
        let Some(at) = from.last().map(|id| self.original.reading.statement(*id).at) else { return false };
        let (name, of) = (name.to_string(), directive.name().to_owned());
        let value = Some(secret.clone());
        self.decided.secrets.push(SecretUse { name, of, at, known: Known::Layer, value, hash: None });
        true
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is no plain value is special")]
    fn put(&mut self, Found { directive, value, from }: Found) {
        let text = match &value {
            Value::Secret(secret) if secret.expose().is_empty() => Some(Text::One("\"\"".into())),
            Value::Secret(secret) => {
                let at = from.last().map(|id| self.original.reading.statement(*id).at);
                let held = Held::Clear(secret.clone());
                let name = self.secret(secret_name(directive), directive.name(), at, held);
                if from.last().is_some_and(|id| self.original.open.contains(id))
                    && let Some(used) = self.decided.secrets.last_mut()
                {
                    used.known = Known::Open;
                }
                Some(Text::Secret(name))
            }
            Value::Limits(limits) => {
                let base = raw(&self.base.config, directive);
                let mut classes = limits.to_vec();
                classes.retain(|limit| value::limit_of(base.as_ref(), limit.class) != Some(*limit));
                // It is pinned: a formula of a layer moves.
                if classes.is_empty() {
                    classes = limits.to_vec();
                }
                Some(Text::Classes(classes.iter().map(|limit| (limit.class, value::limit(limit))).collect()))
            }
            other => value::toml(&directive.kind, other).map(Text::One),
        };
        let Some(text) = text else {
            self.decided.excluded.insert(directive.id);
            return self.leave_all(&from, "its value is not UTF-8, which TOML demands");
        };
        let why = match above(&self.original.reading, &from, &self.passwords) {
            Said::Nothing => None,
            Said::Reason(reason) if !directive.is.secret => Some(reason),
            Said::Reason(_) | Said::Withheld => {
                self.decided.counts.withheld += 1;
                None
            }
        };
        self.decided.counts.reasons += usize::from(why.is_some());
        if from.is_empty() {
            self.decided.counts.set_back += 1;
        } else {
            self.decided.counts.kept += 1;
        }
        self.decided.settings.push(Setting { name: directive.name(), text, why });
    }

    /// Takes a logical name that is free.
    fn secret(&mut self, wanted: &str, of: &str, at: Option<Span>, held: Held) -> String {
        let numbered = (2..).map(|n| format!("{wanted}-{n}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        let name = names.find(|name| !self.names.contains(name)).expect("numbers do not end");
        self.names.insert(name.clone());
        let (known, value, hash) = match held {
            Held::Clear(secret) => (Known::Clear, Some(secret), None),
            Held::Hash(hash) => (Known::Hash, None, Some(hash)),
        };
        let at = at.expect("a secret stands in a statement, for no default is one");
        self.decided.secrets.push(SecretUse { name: name.clone(), of: of.to_owned(), at, known, value, hash });
        name
    }

    /// What is carried out: the layers' first, as they are merged, then ours.
    fn actions(&mut self) {
        let original = self.original;
        let base = carry::actions(self.base);
        let (mut modules, mut renames, mut users) = (Vec::new(), Vec::new(), Vec::new());
        for (of, id) in carry::carried_out(original) {
            self.decided.counts.stated += 1;
            let is_open = || original.reading.words(id).iter().any(|word| word.open);
            if let Some(reason) = self.glued(&[id]).or_else(|| is_open().then_some(OPEN)) {
                self.leave(id, reason);
                continue;
            }
            let words = original.reading.arguments(id);
            let (action, list) = match of {
                LOAD_MODULE => (carry::module(&words), &mut modules),
                RENAME_COMMAND => (carry::plain(of, &words), &mut renames),
                _ => (self.user(id, &words, &base), &mut users),
            };
            let action = match action {
                Ok(action) => action,
                Err(reason) => {
                    self.leave(id, reason);
                    continue;
                }
            };
            let counts = &mut self.decided.counts;
            let counted = if base.contains(&action) { &mut counts.from_layers } else { &mut counts.kept };
            *counted += 1;
            list.push(action);
        }
        users.sort_by_key(Action::user_name);
        self.decided.actions = modules.into_iter().chain(renames).chain(users).collect();
        let written = |action: &Action| !base.contains(action);
        let texts = |action: &Action| -> Vec<String> {
            let plain = |word: &ActionWord| match word {
                ActionWord::Plain(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                ActionWord::Named(name) => name.clone(),
            };
            action.words.iter().map(plain).collect()
        };
        for action in self.decided.actions.iter().filter(|action| written(action)) {
            let mut words = texts(action);
            match action.of {
                LOAD_MODULE => {
                    let arguments = words.split_off(1);
                    self.decided.modules.push((words.remove(0), arguments));
                }
                RENAME_COMMAND => {
                    let new = words.pop().unwrap_or_default();
                    self.decided.renames.push((words.pop().unwrap_or_default(), new));
                }
                _ => {}
            }
        }
    }

    fn user(&mut self, id: StatementId, words: &[&[u8]], base: &[Action]) -> Result<Action, &'static str> {
        let user = User::read(words)?;
        let at = Some(self.original.reading.statement(id).at);
        let head = std::iter::once(user.name.as_bytes().to_vec()).chain(user.rules.iter().cloned());
        let head: Vec<ActionWord> = head.map(ActionWord::Plain).collect();
        let of = format!("user {}", user.name);
        // A layer's user that differs in nothing but the names of its passwords is ours.
        let same = base.iter().find(|action| {
            let rest = action.words.strip_prefix(head.as_slice());
            let is_name = |word: &ActionWord| matches!(word, ActionWord::Named(_));
            action.of == USER && rest.is_some_and(|rest| rest.len() == user.passwords.len() && rest.iter().all(is_name))
        });
        if let Some(action) = same {
            let named = action.words[head.len()..].iter().zip(&user.passwords);
            let mut free = named.clone().all(|(word, _)| {
                let ActionWord::Named(name) = word else { return false };
                !self.decided.secrets.iter().any(|known| known.name == *name)
            });
            let mut seen = BTreeSet::new();
            free &= named
                .clone()
                .all(|(word, _)| if let ActionWord::Named(name) = word { seen.insert(name) } else { false });
            if free {
                for (word, password) in named {
                    let ActionWord::Named(name) = word else { continue };
                    let (known, value, hash) = match password {
                        Password::Clear(clear) => (Known::Layer, Some(Secret::new(clear)), None),
                        Password::Hash(hash) => (Known::Hash, None, Some(Secret::new(hash))),
                    };
                    let at = self.original.reading.statement(id).at;
                    let (name, of) = (name.clone(), of.clone());
                    self.decided.secrets.push(SecretUse { name, of, at, known, value, hash });
                }
                return Ok(action.clone());
            }
        }
        let wanted = format!("user-{}", plain_name(&user.name));
        let passwords: Vec<String> = user
            .passwords
            .iter()
            .map(|password| match password {
                Password::Clear(clear) => self.secret(&wanted, &of, at, Held::Clear(Secret::new(clear))),
                Password::Hash(hash) => self.secret(&wanted, &of, at, Held::Hash(Secret::new(hash))),
            })
            .collect();
        let words = head.into_iter().chain(passwords.iter().cloned().map(ActionWord::Named)).collect();
        let rules = user.text();
        self.decided.users.push(UserTable { name: user.name, rules, passwords });
        Ok(Action { of: USER, words })
    }

    /// What has no place in a profile: parameters of modules, includes and lines that were not read.
    fn unheld(&mut self) {
        let original = self.original;
        for id in original.config.module_parameters() {
            self.decided.counts.stated += 1;
            self.leave(*id, "only a module knows it, and a profile has no place for parameters of modules");
        }
        for (name, at, reason) in original.dump.iter().flat_map(|dump| &dump.unheld) {
            self.decided.counts.stated += 1;
            self.decided.leftovers.push(Leftover { name: name.clone(), at: *at, reason: reason.clone() });
        }
        let order = original.reading.order();
        for (item, next) in order.iter().zip(order.iter().skip(1).map(Some).chain([None])) {
            if let Item::Statement(id) = item
                && original.reading.name(*id).eq_ignore_ascii_case(b"include")
                && next != Some(&Item::Enter)
            {
                self.decided.counts.stated += 1;
                self.leave(*id, "the file it names could not be read here, so what it says is not in the profile");
            }
        }
        for problem in original.config.unread() {
            if matches!(problem.kind, ProblemKind::LongLine | ProblemKind::TooManyIncludes) {
                self.decided.counts.stated += 1;
                let reason = "more than this program reads";
                self.decided.leftovers.push(Leftover { name: "…".into(), at: problem.at, reason: reason.into() });
            }
            if problem.kind == ProblemKind::MissingFile {
                self.decided.counts.stated += 1;
                let reason = "it is not here, or cannot be read, so what it says is not in the profile";
                let name = "configuration file".into();
                self.decided.leftovers.push(Leftover { name, at: problem.at, reason: reason.into() });
            }
        }
        if original.reading.templated {
            self.decided.counts.stated += 1;
            let at = original.reading.anchor.unwrap_or(Span { source: SourceId::ROOT, start: 0, end: 0 });
            let reason = "a template, or what starts the server, may say more than is seen here";
            self.decided.leftovers.push(Leftover { name: "…".into(), at, reason: reason.into() });
        }
    }

    /// Why some statement may hold a secret that is none of its own.
    fn glued(&self, from: &[StatementId]) -> Option<&'static str> {
        from.iter().any(|id| has_lost_its_end(&self.original.reading, *id)).then_some(GLUED)
    }

    /// Names all statements of one directive, which counts once.
    fn leave_all(&mut self, from: &[StatementId], reason: &str) {
        if let Some(id) = from.last() {
            self.leave(*id, reason);
        }
    }

    fn leave(&mut self, id: StatementId, reason: &str) {
        let reading = &self.original.reading;
        let (name, at) = (name_shown(reading, self.original.config.view, id), reading.statement(id).at);
        self.decided.leftovers.push(Leftover { name, at, reason: reason.to_owned() });
    }
}

/// The statements that a value comes from.
fn statements(config: &Config, directive: &Directive) -> Vec<StatementId> {
    match config.origin(directive) {
        Origin::Default => Vec::new(),
        Origin::Statements(ids) => ids,
    }
}

/// The value as it was stated, before the start changes it (`hz`, `databases` in a cluster).
pub(super) fn raw(config: &Config, directive: &Directive) -> Option<Value> {
    if matches!(directive.kind, Kind::Save | Kind::BufferLimits) {
        return config.effective(directive).cloned();
    }
    let stated = config.entry(directive.id).and_then(|entry| entry.standing().last()?.value.clone().ok());
    stated.or_else(|| config.default(directive)).filter(|value| *value != Value::Action)
}

pub(super) fn is_action(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}

/// A logical name by what the secret is for.
fn secret_name(directive: &Directive) -> &'static str {
    let names = [
        ("masterauth", "replication"),
        ("masteruser", "replication-user"),
        ("requirepass", "password"),
        ("tls-client-key-file-pass", "tls-client-key"),
        ("tls-key-file-pass", "tls-key"),
    ];
    let known = names.iter().find(|(name, _)| catalog::find(name) == Some(directive.id));
    known.map_or(directive.name(), |(_, name)| name)
}

/// A user's name as part of another: lower case, digits and `-`.
fn plain_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect()
}

/// Every secret of the original in clear, for keeping them out of texts.
pub(super) fn passwords(original: &Original) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for entry in original.config.entries() {
        let secret = original.config.view.get(entry.id).is_some_and(|directive| directive.is.secret);
        for part in &entry.parts {
            let words = original.reading.arguments(part.by);
            match &part.value {
                Ok(Value::Secret(_)) => found.extend(words.into_iter().map(<[u8]>::to_vec)),
                Ok(Value::Action) => {
                    let glued = words.into_iter().filter(|word| secret || matches!(word.first(), Some(b'>' | b'#')));
                    found.extend(glued.map(|word| word.strip_prefix(b">").unwrap_or(word).to_vec()));
                }
                Ok(_) | Err(_) => {}
            }
        }
    }
    // What only a module understands may be one; shorter words would be met everywhere.
    let modules = carry::carried_out(original).into_iter().filter(|(of, _)| *of == LOAD_MODULE).map(|(_, id)| id);
    for id in modules.chain(original.config.module_parameters().iter().copied()) {
        let words = original.reading.arguments(id).into_iter().filter(|word| word.len() > 3);
        found.extend(words.map(<[u8]>::to_vec));
    }
    found.retain(|secret| !secret.is_empty());
    found
}
