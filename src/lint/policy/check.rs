//! What a policy makes of a case.

use super::{Check, Named, Place, Policy, Wanted, expression};
use crate::catalog::Directive;
use crate::config::{Entry, Value, shown};
use crate::finding::Finding;
use crate::lint::{Case, profile};
use crate::source::Span;
use crate::syntax::profile::Spanned;

/// One answer of a policy; none at all where it is kept.
pub(super) enum Answer {
    /// It is broken.
    Broken {
        /// Where.
        at: Span,
        /// What is to be seen there.
        here: Option<String>,
        /// The facts that this rests on.
        used: Vec<&'static str>,
    },
    /// It cannot judge, perhaps for want of a fact.
    Silent(Option<&'static str>),
    /// It is wrong itself.
    Problem(Finding),
}

impl Answer {
    fn broken(at: Span, here: String) -> Self {
        Self::Broken { at, here: Some(here), used: Vec::new() }
    }
}

impl Policy {
    pub(super) fn check(&self, place: &Place<'_>) -> Vec<Answer> {
        let case = place.case;
        match &self.check {
            Check::Require(wanted) => require(case, wanted).into_iter().collect(),
            Check::Forbid(wanted) => forbid(case, wanted),
            Check::Range { directive, min, max } => range(case, directive, min.as_ref(), max.as_ref()),
            Check::Expression(expression) => match expression.ask(place) {
                expression::Outcome::Holds(true) => Vec::new(),
                expression::Outcome::Holds(false) => {
                    let (at, here) = expression.place(case);
                    vec![Answer::Broken { at, here, used: expression.facts_used(case) }]
                }
                expression::Outcome::Silent(fact) => vec![Answer::Silent(fact)],
                expression::Outcome::Problem(finding) => vec![Answer::Problem(finding)],
            },
        }
    }
}

fn require(case: &Case<'_>, wanted: &Wanted) -> Option<Answer> {
    let directive = case.config.view.get(wanted.directive.id)?;
    let is_set = case.is_set(directive.name());
    if !is_set && case.is_partial() {
        return None;
    }
    let Some(asked) = &wanted.value else {
        return (!is_set).then(|| Answer::broken(case.anchor(), format!("`{}` is not set", wanted.directive.name)));
    };
    match equals(case, directive, asked)? {
        Ok(true) => None,
        Ok(false) => Some(Answer::broken(case.place(directive.name()), is(case, directive, &wanted.directive))),
        Err(problem) => Some(Answer::Problem(problem)),
    }
}

fn forbid(case: &Case<'_>, wanted: &Wanted) -> Vec<Answer> {
    let Some(directive) = case.config.view.get(wanted.directive.id) else { return Vec::new() };
    let Some(asked) = &wanted.value else {
        let standing = case.config.entry(directive.id).into_iter().flat_map(Entry::standing);
        let here = || format!("`{}` is set", wanted.directive.name);
        return standing.map(|part| Answer::broken(case.at(part.by), here())).collect();
    };
    if case.is_partial() && !case.is_set(directive.name()) {
        return Vec::new();
    }
    match equals(case, directive, asked) {
        Some(Ok(true)) => vec![Answer::broken(case.place(directive.name()), is(case, directive, &wanted.directive))],
        Some(Ok(false)) | None => Vec::new(),
        Some(Err(problem)) => vec![Answer::Problem(problem)],
    }
}

/// Whether the value in force means the one that is asked for; `None` if it is not known.
fn equals(case: &Case<'_>, directive: &Directive, asked: &Spanned<String>) -> Option<Result<bool, Finding>> {
    let value = case.config.effective(directive)?;
    if *value == Value::Unknown {
        return None;
    }
    Some(match case.config.read_back(directive, asked.value.as_bytes()) {
        Some(asked) => Ok(value.means(&asked)),
        None => Err(no_value(case, directive, asked)),
    })
}

fn no_value(case: &Case<'_>, directive: &Directive, asked: &Spanned<String>) -> Finding {
    let (name, server) = (directive.name(), case.server());
    let message = format!("`{}` is no value of `{name}` in {server}", asked.value);
    let help = format!("it takes {}; `when` can leave versions out", directive.kind);
    profile::POLICY_CANNOT_JUDGE.finding(asked.at, message).help(help)
}

fn range(case: &Case<'_>, named: &Named, min: Option<&Spanned<String>>, max: Option<&Spanned<String>>) -> Vec<Answer> {
    let Some(directive) = case.config.view.get(named.id) else { return Vec::new() };
    if case.is_partial() && !case.is_set(directive.name()) {
        return Vec::new();
    }
    let value = match case.config.effective(directive) {
        None | Some(Value::Unknown) => return Vec::new(),
        Some(value) => value,
    };
    let Some(number) = Number::of(value) else {
        let message = format!("`{}` is no number, so no range can be asked of it", named.name);
        let at = min.or(max).map_or_else(|| case.anchor(), |bound| bound.at);
        let help = "ask for a value with `require`, or use an `expression`";
        return vec![Answer::Problem(profile::POLICY_CANNOT_JUDGE.finding(at, message).help(help))];
    };
    let mut answers = Vec::new();
    for (bound, is_least) in min.map(|bound| (bound, true)).into_iter().chain(max.map(|bound| (bound, false))) {
        let Some(limit) = Number::read(case, directive, &bound.value) else {
            answers.push(Answer::Problem(no_value(case, directive, bound)));
            continue;
        };
        // A share of maxmemory and a number of bytes cannot be compared.
        if limit.is_percent != number.is_percent {
            continue;
        }
        let (outside, word) =
            if is_least { (number.value < limit.value, "at least") } else { (number.value > limit.value, "at most") };
        if outside {
            let here = format!("{}, {word} `{}` is asked for", is(case, directive, named), bound.value);
            answers.push(Answer::broken(case.place(directive.name()), here));
        }
    }
    answers
}

/// A number with what it counts.
struct Number {
    value: i128,
    is_percent: bool,
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        let (value, is_percent) = match value {
            Value::Int(number) => (i128::from(*number), false),
            Value::Bytes(bytes) => (i128::from(*bytes), false),
            Value::Percent(percent) => (i128::from(*percent), true),
            Value::Bool(_)
            | Value::Octal(_)
            | Value::Word(_)
            | Value::Flags(_)
            | Value::Text(_)
            | Value::Secret(_)
            | Value::Named(_)
            | Value::Words(_)
            | Value::Save { .. }
            | Value::Limits(_)
            | Value::Events(_)
            | Value::Percentiles(_)
            | Value::Oom(_)
            | Value::Replica(_)
            | Value::Unknown
            | Value::Action => return None,
        };
        Some(Self { value, is_percent })
    }

    /// A bound, in the server's units. It may lie outside of what the directive takes.
    fn read(case: &Case<'_>, directive: &Directive, text: &str) -> Option<Self> {
        if let Ok(value) = text.parse() {
            return Some(Self { value, is_percent: false });
        }
        Self::of(&case.config.read_back(directive, text.as_bytes())?)
    }
}

/// `maxclients` is `50`.
pub(super) fn is(case: &Case<'_>, directive: &Directive, named: &Named) -> String {
    let value = case.config.effective(directive);
    let text = value.map(|value| shown(directive, value).text().to_owned()).unwrap_or_default();
    let text = if text.is_empty() { "\"\"".to_owned() } else { text };
    format!("`{}` is `{text}`", named.name)
}
