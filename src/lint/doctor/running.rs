//! What runs, as a text: what is not the version's default, so that a rule about it has a place and none is bothered with
//! what nobody chose.
//!
//! Users stand there with a hash that is none: how many passwords they have is known, and no hash is ever written.

use std::fmt::Write as _;

use crate::catalog::{DirectiveId, Lookup, View};
use crate::snapshot::{Evidence, Snapshot};
use crate::syntax::quote::conf_word;

/// As long as a SHA-256, and nobody's.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The running configuration as a file would say it.
#[must_use]
pub fn text(snapshot: &Snapshot, evidence: &Evidence) -> String {
    let view = View::of(snapshot.server);
    let mut text = String::new();
    let mut seen: Vec<DirectiveId> = Vec::new();
    for (name, value) in snapshot.config().iter() {
        let Lookup::Here(directive) = view.look(name) else { continue };
        // Servers show a directive under each of its names.
        if seen.contains(&directive.id) {
            continue;
        }
        seen.push(directive.id);
        let is_default = directive.default.is_some_and(|default| default.as_bytes() == value);
        if directive.is.live_only || directive.is.file_only || directive.is.secret || is_default {
            continue;
        }
        for words in directive.kind.statements(value) {
            text.push_str(directive.name());
            for word in words {
                let _ = write!(text, " {}", conf_word(&word));
            }
            text.push('\n');
        }
    }
    for user in evidence.users.iter().flatten() {
        let switch = if user.is_on { "on" } else { "off" };
        let _ = write!(text, "user {} {switch}", conf_word(user.name.as_bytes()));
        if user.needs_no_password {
            text.push_str(" nopass");
        }
        for at in 0..user.passwords {
            let _ = write!(text, " #{at:x}{}", &NO_HASH[1..]);
        }
        for rule in user.rules.iter().filter(|rule| !rule.contains(['(', ')'])) {
            let _ = write!(text, " {}", conf_word(rule.as_bytes()));
        }
        text.push('\n');
    }
    text
}
