//! Which rules judge: those that somebody chose, and of them those that speak of a kind of file and of a server.

use std::sync::{LazyLock, OnceLock};

use super::rule::{Check, Rule};
use super::{Case, RULES, Report};
use crate::server::{self, Server};
use crate::syntax::Mode;
use crate::syntax::profile::requirement;

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

/// For each kind of file and each server the rules that speak of it, with their positions; found out when first asked for.
pub(super) struct Applicable(Vec<OnceLock<Vec<(usize, CheckConfig)>>>);

pub(super) static APPLICABLE: LazyLock<Applicable> =
    LazyLock::new(|| Applicable(vec![OnceLock::new(); MODES.len() * server::all().len()]));

const MODES: [Mode; 3] = [Mode::Server, Mode::Sentinel, Mode::AclFile];

impl Applicable {
    pub(super) fn of(&self, mode: Mode, server: Server) -> &[(usize, CheckConfig)] {
        let row = match mode {
            Mode::Server => 0,
            Mode::Sentinel => 1,
            Mode::AclFile => 2,
        };
        self.0[row * server::all().len() + server.place()].get_or_init(|| speaking(mode, server.resolve().known))
    }
}

fn speaking(mode: Mode, server: Server) -> Vec<(usize, CheckConfig)> {
    let speaks = |(_, rule): &(usize, &&'static Rule)| rule.modes.contains(&mode) && speaks_of(rule, server);
    let check = |(at, rule): (usize, &&'static Rule)| match rule.check {
        Check::Config(check) => Some((at, check)),
        Check::Refusal(_) | Check::Live(_) | Check::Elsewhere => None,
    };
    RULES.iter().enumerate().filter(speaks).filter_map(check).collect()
}

/// Whether a rule speaks of a catalogued server.
pub(super) fn speaks_of(rule: &Rule, server: Server) -> bool {
    let admits = |text: &&str| requirement(text).is_ok_and(|requirement| requirement.admits(server));
    rule.servers.is_empty() || rule.servers.iter().any(admits)
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
