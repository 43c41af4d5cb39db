//! What a judgement on a running server rests on: values, a threshold with its source, and what to change.

use std::borrow::Cow;

/// What a judgement rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// What was measured.
    pub measured: Vec<Measured>,
    /// From where on it is found, and who says so.
    pub threshold: Option<Threshold>,
    /// Directives with the values that they should have, as a configuration file would say them.
    pub changes: Vec<(&'static str, String)>,
}

/// A value that was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// What it is called where it comes from.
    pub name: Cow<'static, str>,
    /// The value; a number in decimal digits where it has a unit.
    pub value: String,
    /// What it is measured in.
    pub unit: Unit,
    /// Where it comes from: `INFO`, `SLOWLOG`, `CLIENT LIST`.
    pub from: &'static str,
}

/// What a value is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Bytes in a second.
    BytesPerSecond,
    /// A number of things.
    Count,
    /// Things in a second.
    PerSecond,
    /// A share in hundredths.
    Percent,
    /// One number in relation to another.
    Ratio,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// A word.
    Word,
}

impl Unit {
    /// The word in data.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes/second",
            Self::Count => "count",
            Self::PerSecond => "1/second",
            Self::Percent => "percent",
            Self::Ratio => "ratio",
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Word => "word",
        }
    }
}

/// From where on something is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// In words: `above 80 % of maxmemory`.
    pub says: Cow<'static, str>,
    /// Who says so: a page, a measurement, a judgement of ours.
    pub source: &'static str,
}

impl Proof {
    /// What was measured, and no more.
    #[must_use]
    pub fn of(measured: impl IntoIterator<Item = Measured>) -> Self {
        Self { measured: measured.into_iter().collect(), ..Self::default() }
    }

    /// Says from where on it is found.
    #[must_use]
    pub fn above(mut self, says: impl Into<Cow<'static, str>>, source: &'static str) -> Self {
        self.threshold = Some(Threshold { says: says.into(), source });
        self
    }

    /// Says which value a directive should have.
    #[must_use]
    pub fn change(mut self, directive: &'static str, value: impl Into<String>) -> Self {
        self.changes.push((directive, value.into()));
        self
    }
}
