//! What a server makes of one line of an ACL file.
//!
//! The rules are the same as on a `user` line, with four differences, measured on all servers: they are judged once,
//! when modules are in; tabs around a rule are taken off, after selectors were glued together; the server goes on after
//! a refusal, so a line may have several; and a selector that does not close ends the process if a rule stands before it.

use super::rules::{Moment, User};
use super::{
    AclRefusal, ChannelDefaults, Channels, Merged, UNKNOWN_NAME, When, is_6_2, is_space_or_nul, merge, refusal,
};
use crate::config::table::Table;
use crate::server::Server;
use crate::syntax::Mode;

/// What counts for the lines of an ACL file and does not stand in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// What `acl-pubsub-default` says.
    pub channels: Channels,
    /// Whether modules are loaded, which bring commands and categories; `None` if nobody knows.
    pub modules: Option<bool>,
}

impl Surroundings {
    /// Of a file whose configuration is not known.
    #[must_use]
    pub fn of(server: Server) -> Self {
        Self { channels: ChannelDefaults::of(server).at_load, modules: None }
    }
}

/// What a server says to a line of an ACL file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Everything that it complains of, in its order; nothing if it accepts the line.
    Complaints(Vec<AclRefusal>),
    /// Nothing, for it dies here. Known of all versions since 7.0.
    Crash {
        /// The argument that opens the selector.
        argument: usize,
    },
}

/// Categories that Redis' own modules bring. Their commands have a dot in their names.
const CATEGORIES_OF_MODULES: [&[u8]; 8] =
    [b"bloom", b"cms", b"cuckoo", b"json", b"search", b"tdigest", b"timeseries", b"topk"];

/// Judges the words after `user`, the name first, of a line in an ACL file.
#[must_use]
pub fn judge_in_file(arguments: &[&[u8]], server: Server, channels: Channels) -> Said {
    let Some((name, words)) = arguments.split_first() else { return Said::Complaints(Vec::new()) };
    if name.iter().any(|byte| is_space_or_nul(*byte)) {
        return Said::Complaints(vec![refusal(0, When::AtLoad, "username contains invalid characters")]);
    }
    let rules = match merge(words, server) {
        Merged::All(rules) => rules,
        Merged::Open { start, before } if before.is_empty() => {
            let reason = "Unmatched parenthesis in selector definition";
            return Said::Complaints(vec![refusal(start, When::AtLoad, reason)]);
        }
        Merged::Open { start, .. } => return Said::Crash { argument: start },
    };
    let mut user = User::new(Moment::Loading, Table { server, mode: Mode::AclFile }, channels);
    let mut complaints: Vec<AclRefusal> = Vec::new();
    for (argument, rule) in &rules {
        let Err(reason) = user.apply(trimmed(rule)) else { continue };
        // Since 7.0 only names are all listed: another complaint may be the consequence of the one before it.
        let first = !complaints.iter().any(|earlier| earlier.reason != UNKNOWN_NAME);
        if first || reason == UNKNOWN_NAME || is_6_2(server) {
            complaints.push(refusal(*argument, When::AtLoad, reason));
        }
    }
    Said::Complaints(complaints)
}

/// Whether a rule that names an unknown command or category may be about one that a module brings.
#[must_use]
pub fn from_modules(rule: &[u8]) -> bool {
    let name = rule.get(1..).unwrap_or_default();
    match name.strip_prefix(b"@") {
        Some(category) => CATEGORIES_OF_MODULES.iter().any(|known| known.eq_ignore_ascii_case(category)),
        None => name.contains(&b'.'),
    }
}

/// A rule without the tabs around it; blanks cannot be there.
pub(super) fn trimmed(rule: &[u8]) -> &[u8] {
    let inside = |byte: &u8| !matches!(byte, b'\t' | b'\r' | b'\n');
    let start = rule.iter().position(inside).unwrap_or(rule.len());
    let end = rule.iter().rposition(inside).map_or(start, |last| last + 1);
    &rule[start..end]
}
