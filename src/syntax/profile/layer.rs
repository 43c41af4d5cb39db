//! What a profile file says.

use super::super::tree::Spanned;
use crate::facts::{Definition, Said};
use crate::server::{Engine, Series, Server};
use crate::source::{SourceId, Span};

/// One value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A boolean, written `yes` or `no` to the server.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A number with a fraction.
    Fraction(f64),
    /// A text, or a formula in words.
    Text(String),
    /// A secret by its logical name.
    Secret(String),
}

/// Limits of a client class, written as a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes at which a client is cut.
    pub hard: Spanned<Scalar>,
    /// Bytes it may hold for some seconds.
    pub soft: Spanned<Scalar>,
    /// Those seconds.
    pub seconds: Spanned<Scalar>,
}

/// The shape of a setting's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// One value.
    One(Spanned<Scalar>),
    /// A list of values.
    Many(Vec<Spanned<Scalar>>),
    /// Values by key, such as client classes.
    Keyed(Vec<(Spanned<String>, Spanned<Shape>)>),
    /// `{ hard, soft, seconds }`.
    Limits(Box<Limits>),
}

/// A directive and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The directive's name as written.
    pub name: Spanned<String>,
    /// Its value.
    pub shape: Shape,
    /// Where the value stands.
    pub at: Span,
}

/// How a series is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `>=`
    AtLeast,
    /// `>`
    Above,
    /// `<=`
    AtMost,
    /// `<`
    Below,
    /// `=`
    Exactly,
}

impl Bound {
    /// Whether a value lies within the bound.
    #[must_use]
    pub fn holds<T: PartialOrd>(self, value: &T, limit: &T) -> bool {
        match self {
            Self::AtLeast => value >= limit,
            Self::Above => value > limit,
            Self::AtMost => value <= limit,
            Self::Below => value < limit,
            Self::Exactly => value == limit,
        }
    }
}

/// Some versions of one engine: `redis >= 6.2, < 8`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// The engine.
    pub engine: Engine,
    /// Bounds that all hold; none means any version.
    pub bounds: Vec<(Bound, Series)>,
    /// As written.
    pub text: String,
}

impl Requirement {
    /// Whether a server is among them.
    #[must_use]
    pub fn admits(&self, server: Server) -> bool {
        server.engine == self.engine && self.bounds.iter().all(|(bound, limit)| bound.holds(&server.series, limit))
    }
}

/// When a `[[when]]` counts: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Any of these.
    pub servers: Vec<Requirement>,
    /// Facts with bounds; an unknown fact never holds.
    pub facts: Vec<(&'static Definition, Bound, Said)>,
}

impl PartialEq for Definition {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// Settings under a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// The condition.
    pub condition: Condition,
    /// As in a profile.
    pub settings: Vec<Setting>,
    /// As in a profile.
    pub prefer: Vec<Setting>,
    /// As in a profile.
    pub why: Vec<(Spanned<String>, Spanned<String>)>,
}

/// An ACL user.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Its name.
    pub name: Spanned<String>,
    /// Its rules, in order, in one text.
    pub rules: Spanned<String>,
    /// Logical names of its passwords; two during a rotation.
    pub passwords: Vec<Spanned<String>>,
}

/// A module to load.
#[derive(Clone, Debug, PartialEq)]
pub struct ModuleLine {
    /// The shared library.
    pub path: Spanned<String>,
    /// Its arguments.
    pub arguments: Vec<Spanned<String>>,
}

/// Where a secret is kept. The list is closed: no command is ever run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// An environment variable.
    Environment(String),
    /// A file whose content is the secret, without its last newline.
    File(String),
    /// A Kubernetes Secret and a key in it.
    Kubernetes {
        /// The Secret.
        name: String,
        /// The key.
        key: String,
    },
}

/// One profile file, or one flag.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// Its text.
    pub source: SourceId,
    /// All of it.
    pub at: Span,
    /// Its name.
    pub name: Option<Spanned<String>>,
    /// Edition of a built-in profile.
    pub revision: Option<Spanned<i64>>,
    /// One line for lists.
    pub summary: Option<Spanned<String>>,
    /// What the server is for.
    pub workload: Option<Spanned<String>>,
    /// Versions it serves; none means all.
    pub servers: Vec<Spanned<Requirement>>,
    /// Version to render for when none is named.
    pub default_server: Option<Spanned<Server>>,
    /// Never rendered alone.
    pub is_abstract: bool,
    /// Layers below, lowest first.
    pub extends: Vec<Spanned<String>>,
    /// What is true of the place.
    pub facts: Vec<(&'static Definition, Said, Span)>,
    /// Directives.
    pub settings: Vec<Setting>,
    /// Directives that may be left out.
    pub prefer: Vec<Setting>,
    /// Directives under conditions.
    pub when: Vec<When>,
    /// Reasons by directive.
    pub why: Vec<(Spanned<String>, Spanned<String>)>,
    /// Directives of lower layers that are dropped.
    pub unset: Vec<Spanned<String>>,
    /// Directives that later layers may not touch.
    pub finals: Vec<Spanned<String>>,
    /// ACL users.
    pub users: Vec<User>,
    /// Modules.
    pub modules: Vec<ModuleLine>,
    /// Commands to rename.
    pub renames: Vec<(Spanned<String>, Spanned<String>)>,
    /// Where secrets are kept.
    pub secrets: Vec<(Spanned<String>, Provider)>,
    /// Values under `[secrets]` that name no place: perhaps the secrets themselves, which must not be shown.
    pub misplaced_secrets: Vec<Span>,
}

impl Layer {
    /// An empty layer.
    #[must_use]
    pub fn new(source: SourceId, at: Span) -> Self {
        Self {
            source,
            at,
            name: None,
            revision: None,
            summary: None,
            workload: None,
            servers: Vec::new(),
            default_server: None,
            is_abstract: false,
            extends: Vec::new(),
            facts: Vec::new(),
            settings: Vec::new(),
            prefer: Vec::new(),
            when: Vec::new(),
            why: Vec::new(),
            unset: Vec::new(),
            finals: Vec::new(),
            users: Vec::new(),
            modules: Vec::new(),
            renames: Vec::new(),
            secrets: Vec::new(),
            misplaced_secrets: Vec::new(),
        }
    }
}
