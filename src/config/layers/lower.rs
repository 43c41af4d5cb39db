//! Lowering: a winning value becomes the words of statements, by the kind of its directive.

use super::fold::{Slot, Winner};
use crate::catalog::{Directive, Kind};
use crate::config::sizing::{Sized, Values};
use crate::server::WordRules;
use crate::source::{Sources, Span};
use crate::syntax::profile::{Limits, Scalar, Shape, Spanned, scalar_text};
use crate::syntax::{Word, split};

/// Why a value cannot be lowered.
pub(super) struct Problem {
    pub(super) rule: &'static str,
    pub(super) at: Span,
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    pub(super) fn new(rule: &'static str, at: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { rule, at, message: message.into(), help: help.into() }
    }
}

/// The argument words of each statement, and the derivation where a formula stood.
type Lowered = (Vec<Vec<Word>>, Option<String>);

/// A bare number of bytes from here on is refused: `8` of `8gb` is too easily lost.
const BARE_BYTES: i64 = 65_536;

/// Lowers one winner.
pub(super) fn words(
    directive: &Directive,
    slot: &Slot,
    winner: &Winner<'_>,
    values: &Values<'_>,
    sources: &Sources,
) -> Result<Lowered, Problem> {
    if let Some(sized) = values.formula(directive, slot, winner.shape) {
        let sized = sized.map_err(|reason| {
            let name = directive.name();
            Problem::new(
                "no-sensible-size",
                winner.at,
                format!("the formula for `{name}` gives no value: {reason}"),
                "set a number",
            )
        })?;
        return Ok(sized_words(slot, winner.at, &sized, sources));
    }
    let class = slot.key.map(|class| Word::cooked(winner.at, class.name()));
    let one = |words: Vec<Word>| Ok((vec![class.iter().cloned().chain(words).collect()], None));
    match (&directive.kind, winner.shape) {
        (_, Shape::One(scalar)) if matches!(scalar.value, Scalar::Secret(_)) => one(vec![word(directive, scalar)?]),
        (Kind::Save, shape) => save(shape, winner.at).map(|points| (points, None)),
        (Kind::BufferLimits, Shape::Limits(limits)) if class.is_some() => one(limit_words(directive, limits)?),
        (Kind::BufferLimits, Shape::One(scalar)) if class.is_some() => one(parts(scalar)?),
        (Kind::BufferLimits, _) => Err(Problem::new(
            "invalid-value",
            winner.at,
            format!("`{}` takes a table by class", directive.name()),
            "write `pubsub = { hard = \"32mb\", soft = \"8mb\", seconds = 60 }`",
        )),
        (kind, Shape::Many(items)) if kind.is_many_valued() => {
            let words: Result<Vec<Word>, Problem> = items.iter().map(|item| word(directive, item)).collect();
            let words = words?;
            one(if words.is_empty() { vec![Word::cooked(winner.at, "")] } else { words })
        }
        (kind, Shape::One(scalar)) if kind.is_many_valued() => {
            let words = parts(scalar)?;
            one(if words.is_empty() { vec![Word::cooked(winner.at, "")] } else { words })
        }
        (_, Shape::One(scalar)) => one(vec![word(directive, scalar)?]),
        (_, Shape::Many(_)) => Err(Problem::new(
            "invalid-value",
            winner.at,
            format!("`{}` takes one value, not a list", directive.name()),
            "write the value without brackets",
        )),
        (_, Shape::Limits(_) | Shape::Keyed(_)) => Err(Problem::new(
            "invalid-value",
            winner.at,
            format!("`{}` takes no table", directive.name()),
            "write the value alone",
        )),
    }
}

/// What a formula gave, with its inputs and where they are said.
fn sized_words(slot: &Slot, at: Span, sized: &Sized, sources: &Sources) -> Lowered {
    let class = slot.key.map(|class| Word::cooked(at, class.name()));
    let words = class.into_iter().chain(sized.words.iter().map(|word| Word::cooked(at, word.as_bytes()))).collect();
    let inputs: Vec<String> =
        sized.inputs.iter().map(|(name, fact)| format!("{name} {} ({})", fact.said, sources.locate(fact.at))).collect();
    let from = if inputs.is_empty() { String::new() } else { format!("; {}", inputs.join(", ")) };
    (vec![words], Some(format!("{}{from}", sized.formula)))
}

/// A scalar as one word.
fn word(directive: &Directive, scalar: &Spanned<Scalar>) -> Result<Word, Problem> {
    let memory = matches!(directive.kind, Kind::Memory { .. } | Kind::MemoryOrPercent { .. } | Kind::BufferLimits);
    if memory {
        check_unit(scalar)?;
    }
    match (&scalar.value, &directive.kind) {
        (Scalar::Secret(name), _) => Ok(Word::secret(scalar.at, "", name)),
        (Scalar::Bool(_), Kind::Int { .. } | Kind::Memory { .. } | Kind::MemoryOrPercent { .. }) => Err(Problem::new(
            "invalid-value",
            scalar.at,
            format!("`{}` takes a number, not a boolean", directive.name()),
            "write a number",
        )),
        (other, _) => Ok(Word::cooked(scalar.at, scalar_text(other).unwrap_or_default())),
    }
}

/// Refuses units that people read in two ways.
fn check_unit(scalar: &Spanned<Scalar>) -> Result<(), Problem> {
    let ambiguous = |help: &str| Problem::new("ambiguous-unit", scalar.at, "the unit can be read in two ways", help);
    match &scalar.value {
        Scalar::Whole(n) if *n >= BARE_BYTES => {
            Err(ambiguous("write bytes with a unit, such as `\"8gb\"` or `\"512mb\"`"))
        }
        Scalar::Text(text) => {
            let lower = text.trim().to_ascii_lowercase();
            let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let unit = &lower[digits.len()..];
            if matches!(unit, "k" | "m" | "g") && !digits.is_empty() {
                let help =
                    format!("servers read `{text}` as decimal: write `{digits}{unit}b` for binary units, or the bytes");
                return Err(ambiguous(&help));
            }
            if unit.is_empty() && digits.parse::<i64>().is_ok_and(|n| n >= BARE_BYTES) {
                return Err(ambiguous("write bytes with a unit, such as `8gb` or `512mb`"));
            }
            Ok(())
        }
        Scalar::Whole(_) | Scalar::Bool(_) | Scalar::Fraction(_) | Scalar::Secret(_) => Ok(()),
    }
}

/// A text as several words.
fn parts(scalar: &Spanned<Scalar>) -> Result<Vec<Word>, Problem> {
    let text = scalar_text(&scalar.value).unwrap_or_default();
    let pieces = split(text.as_bytes(), WordRules::Classic)
        .map_err(|_| Problem::new("invalid-value", scalar.at, "quotes do not close", "close the quotes"))?;
    Ok(pieces.into_iter().map(|piece| Word::cooked(scalar.at, piece.text.into_owned())).collect())
}

fn limit_words(directive: &Directive, limits: &Limits) -> Result<Vec<Word>, Problem> {
    [&limits.hard, &limits.soft]
        .into_iter()
        .map(|scalar| word(directive, scalar))
        .chain([Ok(Word::cooked(limits.seconds.at, scalar_text(&limits.seconds.value).unwrap_or_default()))])
        .collect()
}

/// `save`: the whole set, one statement a point; an empty list switches snapshots off.
fn save(shape: &Shape, at: Span) -> Result<Vec<Vec<Word>>, Problem> {
    let expected = |at| {
        Problem::new(
            "invalid-value",
            at,
            "`save` takes a list of points",
            "write `save = [\"3600 1\"]`, or `save = []` for no snapshots",
        )
    };
    let items: &[Spanned<Scalar>] = match shape {
        Shape::Many(items) => items,
        Shape::One(scalar) if matches!(scalar.value, Scalar::Text(_)) => std::slice::from_ref(scalar),
        Shape::One(_) | Shape::Keyed(_) | Shape::Limits(_) => return Err(expected(at)),
    };
    let mut points = Vec::new();
    for item in items {
        let Scalar::Text(_) = item.value else { return Err(expected(item.at)) };
        let words = parts(item)?;
        if words.len() % 2 != 0 {
            return Err(Problem::new(
                "invalid-value",
                item.at,
                "a point of `save` is a pair of seconds and changes",
                "write `\"3600 1\"`",
            ));
        }
        points.extend(words.chunks_exact(2).map(<[Word]>::to_vec));
    }
    Ok(if points.is_empty() { vec![vec![Word::cooked(at, "")]] } else { points })
}
