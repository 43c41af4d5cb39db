//! What is in force: the value of a directive after all statements, the built-in default and what the start changes.

use std::sync::{LazyLock, OnceLock};

use super::read::{Before, value};
use super::value::{Class, Limit, SavePoint, Value};
use super::{Config, Entry, Part};
use crate::catalog::{self, Directive, Kind, Lookup, View};
use crate::server::{self, Databases};
use crate::syntax::{Mode, StatementId};

/// Where a value in force comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The version's built-in value.
    Default,
    /// Statements, in order; several where a directive adds up.
    Statements(Vec<StatementId>),
}

/// The built-in values of each server, by id, read when first asked for.
static DEFAULTS: LazyLock<Vec<Values>> =
    LazyLock::new(|| server::all().iter().map(|_| none(catalog::count())).collect());

/// Directives whose value in force may be none that stands somewhere: it adds up, or the start changes it.
#[derive(Debug)]
pub(super) struct Made {
    /// For each id its place among them.
    places: Box<[Option<u8>]>,
    count: usize,
}

/// Those of each server, and those of each Sentinel, which begins with other values.
static MADE: LazyLock<[Vec<OnceLock<Made>>; 2]> =
    LazyLock::new(|| [(); 2].map(|()| server::all().iter().map(|_| OnceLock::new()).collect()));

/// The built-in values of a view's server, and which values are made.
pub(super) fn tables(view: &'static View, mode: Mode) -> (&'static Values, &'static Made) {
    let of_sentinel = mode == Mode::Sentinel;
    let slot = &MADE[usize::from(of_sentinel)][view.place()];
    (&DEFAULTS[view.place()], slot.get_or_init(|| Made::of(view, of_sentinel)))
}

impl Made {
    fn of(view: &'static View, of_sentinel: bool) -> Self {
        let is_made = |directive: &Directive| {
            matches!(directive.kind, Kind::Save | Kind::BufferLimits)
                || is_adjusted(directive.name())
                || (of_sentinel && matches!(directive.name(), "port" | "protected-mode"))
        };
        let mut count = 0;
        let mut place = || {
            count += 1;
            u8::try_from(count - 1).expect("few are made")
        };
        let places = view.by_id().map(|directive| directive.is_some_and(is_made).then(&mut place)).collect();
        Self { places, count }
    }
}

/// Values in a row, each found out when first asked for.
pub(super) type Values = Box<[OnceLock<Option<Value>>]>;

/// Values in CONFIG GET form by id, each made when first asked for.
pub(super) type Forms = Box<[OnceLock<Option<Vec<u8>>>]>;

fn none(count: usize) -> Values {
    std::iter::repeat_with(OnceLock::new).take(count).collect()
}

impl Config {
    /// The value in force; `None` for directives that have none (`include`, `user`, …).
    #[must_use]
    pub fn effective(&self, directive: &Directive) -> Option<&Value> {
        if let Some(place) = self.made.places[directive.id.index()] {
            let values = self.values.get_or_init(|| none(self.made.count));
            return values[usize::from(place)].get_or_init(|| self.fold(directive)).as_ref();
        }
        let Some(entry) = self.entry(directive.id) else { return self.built_in(directive) };
        // Most entries are of one statement.
        if let [Part { value: Ok(value), beaten_by: None, .. }] = entry.parts.as_slice() {
            return (!matches!(value, Value::Action)).then_some(value);
        }
        let mut last = None;
        for value in entry.standing().filter_map(|part| part.value.as_ref().ok()) {
            if matches!(value, Value::Unknown) {
                return Some(value);
            }
            last = Some(value);
        }
        last.or_else(|| self.built_in(directive)).filter(|value| !matches!(value, Value::Action))
    }

    /// Whether a server that has the value in force answers CONFIG GET with exactly that text. With another text it may have
    /// it, too: then only the meaning tells. What stands elsewhere by its name, or is not known, is never shown so.
    #[must_use]
    pub fn is_shown_as(&self, directive: &Directive, text: &[u8]) -> bool {
        let is_plain_default =
            self.mode == Mode::Server && self.entry(directive.id).is_none() && !is_adjusted(directive.name());
        if is_plain_default && directive.default.is_some_and(|default| default.as_bytes() == text) {
            return true;
        }
        let forms = self.forms.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(catalog::count()).collect());
        let form = forms[directive.id.index()].get_or_init(|| {
            let value = self.effective(directive)?;
            let has_form = !matches!(value, Value::Named(_) | Value::Unknown | Value::Action);
            has_form.then(|| value.config_get(&directive.kind))
        });
        form.as_deref() == Some(text)
    }

    /// Whether some statement that counts gives the value in force.
    #[must_use]
    pub fn is_stated(&self, directive: &Directive) -> bool {
        self.entry(directive.id).is_some_and(|entry| entry.standing().next().is_some())
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only kinds that add up are special")]
    fn fold(&self, directive: &Directive) -> Option<Value> {
        let default = || self.default(directive);
        let Some(entry) = self.entry(directive.id) else {
            return default().map(|value| self.adjusted(directive, value));
        };
        if entry.standing().any(|part| part.value == Ok(Value::Unknown)) {
            return Some(Value::Unknown);
        }
        let folded = match &directive.kind {
            Kind::Save => fold_save(entry, default),
            Kind::BufferLimits => Some(fold_limits(entry, default().as_ref())),
            _ => entry.standing().last().and_then(|part| part.value.clone().ok()).or_else(default),
        };
        folded.map(|value| self.adjusted(directive, value))
    }

    /// The value by any of the directive's names; for rules and sizing.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self.view.look(name.as_bytes()) {
            Lookup::Here(directive) => self.effective(directive),
            Lookup::Elsewhere(_) | Lookup::Never => None,
        }
    }

    /// The built-in value.
    #[must_use]
    pub fn default(&self, directive: &Directive) -> Option<Value> {
        match (self.mode, directive.name()) {
            (Mode::Sentinel, "port") => return Some(Value::Int(26_379)),
            (Mode::Sentinel, "protected-mode") => return Some(Value::Bool(false)),
            (_, _) => {}
        }
        self.built_in(directive).cloned()
    }

    /// The built-in value of a server; a Sentinel has others.
    fn built_in(&self, directive: &Directive) -> Option<&'static Value> {
        let value = || self.read_back(directive, directive.default?.as_bytes());
        self.defaults[directive.id.index()].get_or_init(value).as_ref()
    }

    /// The value behind a text in CONFIG GET form; `None` if it is none of the directive.
    #[must_use]
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "only kinds that show otherwise than they are written are special"
    )]
    pub fn read_back(&self, directive: &Directive, text: &[u8]) -> Option<Value> {
        let words: Vec<&[u8]> = if directive.kind.is_many_valued() {
            text.split(|byte| *byte == b' ').filter(|word| !word.is_empty()).collect()
        } else {
            vec![text]
        };
        let words = if words.is_empty() { vec![b"".as_slice()] } else { words };
        match &directive.kind {
            // What shows as nothing: no primary, no points.
            Kind::ReplicaOf if text.is_empty() => Some(Value::Replica(None)),
            // The old parser takes one group a line, CONFIG GET shows all of them.
            Kind::Save | Kind::BufferLimits => super::read::groups(&directive.kind, &words, self.view.server()),
            _ => value(directive, &words, self.view.server().habits(), Before::default()).ok(),
        }
    }

    /// Where the value in force comes from.
    #[must_use]
    pub fn origin(&self, directive: &Directive) -> Origin {
        let statements: Vec<StatementId> = match self.entry(directive.id) {
            Some(entry) if matches!(directive.kind, Kind::Save | Kind::BufferLimits | Kind::User) => {
                entry.standing().map(|part| part.by).collect()
            }
            Some(entry) => entry.standing().last().map(|part| part.by).into_iter().collect(),
            None => Vec::new(),
        };
        if statements.is_empty() { Origin::Default } else { Origin::Statements(statements) }
    }

    /// What the start makes of a value.
    fn adjusted(&self, directive: &Directive, value: Value) -> Value {
        let habits = self.server.habits();
        match (directive.name(), value) {
            ("hz", Value::Int(hz)) => Value::Int(hz.clamp(1, 500)),
            // The watchdog cannot bark more often than every second tick.
            ("watchdog-period", Value::Int(period)) if period > 0 => match self.get("hz") {
                Some(Value::Int(hz)) => Value::Int(period.max(1000 / hz * 2)),
                Some(_) | None => Value::Int(period),
            },
            ("io-threads", Value::Int(n)) => Value::Int(n.min(habits.io_threads_clamp)),
            ("databases", Value::Int(n)) => {
                let one = habits.databases_in_cluster == Databases::One && self.is_cluster();
                Value::Int(if one { 1 } else { n })
            }
            (_, value) => value,
        }
    }

    /// Whether cluster mode is on.
    #[must_use]
    pub fn is_cluster(&self) -> bool {
        self.get("cluster-enabled") == Some(&Value::Bool(true))
    }
}

/// Whether the start makes something else of a value; see `Config::adjusted`.
fn is_adjusted(name: &str) -> bool {
    matches!(name, "hz" | "watchdog-period" | "io-threads" | "databases")
}

/// All points that stand; the built-in ones only if no statement was met.
fn fold_save(entry: &Entry, default: impl FnOnce() -> Option<Value>) -> Option<Value> {
    if !entry.parts.iter().any(|part| part.value.is_ok()) {
        return default();
    }
    let mut points: Vec<SavePoint> = Vec::new();
    for part in entry.standing() {
        if let Ok(Value::Save { points: more, .. }) = &part.value {
            points.extend_from_slice(more);
        }
    }
    Some(Value::Save { clears: points.is_empty(), points: points.into() })
}

/// The built-in limits, each replaced by the statement that stands for its class.
fn fold_limits(entry: &Entry, default: Option<&Value>) -> Value {
    let none = |class| Limit { class, hard: 0, soft: 0, seconds: 0 };
    let mut limits = Class::ALL.map(none);
    let given = entry.standing().filter_map(|part| part.value.as_ref().ok());
    for value in default.into_iter().chain(given) {
        if let Value::Limits(more) = value {
            for limit in more {
                limits[limit.class.index()] = *limit;
            }
        }
    }
    Value::Limits(limits.into())
}
