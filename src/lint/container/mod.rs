//! Rules about containers and what runs them. What surrounds the server comes as facts; a finding points at where a fact
//! is said, which in a manifest is the line of the probe or the command.

pub(super) mod probes;
pub(super) mod process;
pub(super) mod resources;

use crate::lint::Case;

/// Whether the server runs elsewhere than in a container, so that nothing here concerns it.
fn is_elsewhere(case: &Case<'_>) -> bool {
    case.facts.word("container") == Some("no")
}
