//! Which rules judge: those that somebody chose, and of them those that speak of a kind of file and of a server.

use std::sync::LazyLock;

use super::rule::{Check, Rule};
use super::{Case, RULES, Report};
use crate::server::{self, Server};
use crate::syntax::Mode;
use crate::syntax::profile::{Requirement, requirement};

/// Rules that may speak, by position in [`RULES`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen(Box<[bool]>);

impl Chosen {
    /// Every rule, also those that speak only when asked for.
    #[must_use]
    pub fn all() -> Self {
        Self::by(|_| true)
    }

    /// The rules that fit.
    #[must_use]
    pub fn by(fits: impl Fn(&Rule) -> bool) -> Self {
        Self(RULES.iter().map(|rule| fits(rule)).collect())
    }

    /// Those for which something is decided, position by position.
    pub(super) fn at(decided: impl Iterator<Item = bool>) -> Self {
        Self(decided.collect())
    }

    /// Whether the rule at a position is among them.
    pub(super) fn holds(&self, position: usize) -> bool {
        self.0.get(position).copied().unwrap_or(false)
    }
}

/// How a rule judges a configuration.
type CheckConfig = fn(&Case<'_>, &mut Report<'_>);

/// For each kind of file and each server the rules that speak of it, with their positions.
pub(super) struct Applicable(Vec<Vec<(usize, CheckConfig)>>);

pub(super) static APPLICABLE: LazyLock<Applicable> = LazyLock::new(|| {
    let of = |mode: Mode, place: usize| {
        let speaks = |(at, rule): &(usize, &&'static Rule)| {
            rule.modes.contains(&mode) && SERVERS[*at].is_none_or(|places| places & (1 << place) != 0)
        };
        let check = |(at, rule): (usize, &&'static Rule)| match rule.check {
            Check::Config(check) => Some((at, check)),
            Check::Refusal(_) | Check::Live(_) | Check::Elsewhere => None,
        };
        RULES.iter().enumerate().filter(speaks).filter_map(check).collect()
    };
    let places = 0..server::all().len();
    Applicable(MODES.into_iter().flat_map(|mode| places.clone().map(move |place| of(mode, place))).collect())
});

const MODES: [Mode; 3] = [Mode::Server, Mode::Sentinel, Mode::AclFile];

impl Applicable {
    pub(super) fn of(&self, mode: Mode, server: Server) -> &[(usize, CheckConfig)] {
        let mode = match mode {
            Mode::Server => 0,
            Mode::Sentinel => 1,
            Mode::AclFile => 2,
        };
        &self.0[mode * server::all().len() + server.place()]
    }
}

/// For each rule the catalogued servers it speaks of, a bit for each [`Server::place`]; `None` for all.
static SERVERS: LazyLock<Vec<Option<u16>>> = LazyLock::new(|| {
    let servers = |rule: &&Rule| {
        let wanted: Vec<Requirement> = rule.servers.iter().filter_map(|text| requirement(text).ok()).collect();
        let admits = |server: &&Server| wanted.iter().any(|requirement| requirement.admits(**server));
        let bits = || server::all().iter().filter(admits).map(|server| 1 << server.place()).sum();
        (!rule.servers.is_empty()).then(bits)
    };
    RULES.iter().map(servers).collect()
});

/// Whether a rule speaks of a server.
pub(super) fn speaks_of(rule: &Rule, server: Server) -> bool {
    super::position(rule.id).is_some_and(|at| SERVERS[at].is_none_or(|places| places & (1 << server.place()) != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_modes_stand_in_the_order_of_their_rows() {
        let newest = *server::all().last().unwrap();
        for mode in MODES {
            let rows = APPLICABLE.of(mode, newest);
            assert!(!rows.is_empty() && rows.iter().all(|(at, _)| RULES[*at].modes.contains(&mode)), "{mode:?}");
        }
    }
}
