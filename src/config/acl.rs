//! What a server makes of the words after `user`.
//!
//! A server reads them twice. At the line it tries the rules on a user that nobody sees, and stops the start for
//! everything but an unknown command or category, which a module might still bring. After the last line and the modules
//! it makes the real user, and now stops for those too. Both readings are carried out here, rule by rule, as in each
//! version. Two definitions of one user are not judged here: that is a matter of resolving. Lines of an ACL file are read
//! once, when the users are loaded, and their rules are spelled by other rules: see [`judge_in_file`].

mod file;
mod meaning;
mod rights;
mod rules;

use std::borrow::Cow;

use super::table::Table;
use crate::server::{Engine, Server};
use crate::syntax::Mode;

pub use file::{Said, Surroundings, from_modules, judge_in_file};
pub use meaning::Meaning;
pub use rights::{Password, Rights};
use rules::{Moment, User};

/// Why a server does not start with a `user` line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclRefusal {
    /// Which argument is refused: 0 is the name; of a selector in several words, the one that opens it.
    pub argument: usize,
    /// When the server says so.
    pub when: When,
    /// The server's words for the reason, without the words of the line, which may be secret.
    ///
    /// One is not the server's: for an unclosed selector a server repeats whatever error it met last, so the answer of
    /// ACL SETUSER stands here.
    pub reason: String,
}

/// The two moments at which a server judges a `user` line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// While the configuration is read: a configuration error with a line number.
    AtTheLine,
    /// When the users are loaded, after the modules: a line in the log, without a number.
    ///
    /// If the argument is not the name and the reason is [`UNKNOWN_NAME`], a module that the configuration loads may
    /// bring what is missing.
    AtLoad,
}

/// What `acl-pubsub-default` gives a new user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// `allchannels`
    All,
    /// `resetchannels`
    None,
}

/// What `acl-pubsub-default` says at the two moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelDefaults {
    /// As the lines above the `user` line leave it.
    pub at_the_line: Channels,
    /// As the whole configuration leaves it.
    pub at_load: Channels,
}

impl ChannelDefaults {
    /// Without any `acl-pubsub-default`: all channels in Redis 6.2, none since.
    #[must_use]
    pub fn of(server: Server) -> Self {
        let channels = if is_6_2(server) { Channels::All } else { Channels::None };
        Self { at_the_line: channels, at_load: channels }
    }
}

/// The reason for a command or category that the server does not know.
pub const UNKNOWN_NAME: &str = "Unknown command or category name in ACL";
/// The reason for a selector that does not close.
const UNMATCHED: &str = "Unmatched parenthesis in acl selector";

/// Judges the words after `user`, the name first, in a configuration without `acl-pubsub-default`.
///
/// # Errors
/// The refusal that ends the start of the server.
pub fn judge(arguments: &[&[u8]], server: Server) -> Result<(), AclRefusal> {
    judge_with(arguments, server, ChannelDefaults::of(server))
}

/// As [`judge`], where `acl-pubsub-default` may stand above or below the line.
///
/// # Errors
/// The refusal that ends the start of the server.
pub fn judge_with(arguments: &[&[u8]], server: Server, channels: ChannelDefaults) -> Result<(), AclRefusal> {
    judge_in(Mode::Server, arguments, server, channels)
}

/// As [`judge_with`], for a process that may run as Sentinel, which has few commands.
///
/// # Errors
/// The refusal that ends the start of the server.
pub fn judge_in(mode: Mode, arguments: &[&[u8]], server: Server, channels: ChannelDefaults) -> Result<(), AclRefusal> {
    let Some((name, words)) = arguments.split_first() else {
        return Err(refusal(0, When::AtTheLine, "Bad directive or wrong number of arguments"));
    };
    let written = match merge(words, server) {
        Merged::All(rules) => rules,
        Merged::Open { start, .. } => return Err(refusal(start, When::AtTheLine, UNMATCHED)),
    };
    let table = Table { server, mode };

    let mut tried = User::new(Moment::Reading, table, channels.at_the_line);
    for (argument, rule) in &written {
        match tried.apply(rule) {
            Ok(()) | Err(UNKNOWN_NAME) => {}
            Err(reason) => return Err(refusal(*argument, When::AtTheLine, reason)),
        }
    }

    if name.iter().any(|byte| is_space_or_nul(*byte)) {
        return Err(refusal(0, When::AtLoad, "Spaces not allowed in ACL usernames"));
    }
    let mut user = User::new(Moment::Loading, table, channels.at_load);
    for (argument, rule) in &written {
        user.apply(rule).map_err(|reason| refusal(*argument, When::AtLoad, reason))?;
    }
    Ok(())
}

fn refusal(argument: usize, when: When, reason: &str) -> AclRefusal {
    AclRefusal { argument, when, reason: reason.to_owned() }
}

/// A rule, and the argument it starts at.
type Rule<'a> = (usize, Cow<'a, [u8]>);

/// Glues the words of each selector together, from the one that starts with `(` to the one that ends with `)`.
fn merge<'a>(words: &[&'a [u8]], server: Server) -> Merged<'a> {
    let arguments = words.iter().copied().enumerate().map(|(at, word)| (at + 1, word));
    if is_6_2(server) {
        return Merged::All(arguments.map(|(argument, word)| (argument, Cow::Borrowed(word))).collect());
    }
    // Redis 7.0 forgets an open selector when the next one opens (redis/redis#12452).
    let restarts = server.resolve().known == Server::new(Engine::Redis, 7, 0);
    let mut rules: Vec<Rule<'a>> = Vec::new();
    let mut open: Option<(usize, Vec<u8>)> = None;
    for (argument, word) in arguments {
        let opens = word.first() == Some(&b'(') && word.last() != Some(&b')');
        if opens && (open.is_none() || restarts) {
            open = Some((argument, word.to_vec()));
        } else if let Some((start, mut selector)) = open.take() {
            selector.push(b' ');
            selector.extend_from_slice(until_nul(word));
            if word.last() == Some(&b')') {
                rules.push((start, Cow::Owned(selector)));
            } else {
                open = Some((start, selector));
            }
        } else {
            rules.push((argument, Cow::Borrowed(word)));
        }
    }
    match open {
        Some((start, _)) => Merged::Open { start, before: rules },
        None => Merged::All(rules),
    }
}

/// Whether this is, or is judged as, Redis 6.2, whose users have neither selectors nor subcommands.
fn is_6_2(server: Server) -> bool {
    server.resolve().known == Server::new(Engine::Redis, 6, 2)
}

/// Glued selectors, or where the one starts that does not close and the rules before it.
enum Merged<'a> {
    All(Vec<Rule<'a>>),
    Open { start: usize, before: Vec<Rule<'a>> },
}

/// The part of a word that a comparison of C strings sees.
fn until_nul(word: &[u8]) -> &[u8] {
    word.split(|byte| *byte == 0).next().unwrap_or(word)
}

/// What must be neither in a user's name nor in a pattern.
fn is_space_or_nul(byte: u8) -> bool {
    matches!(byte, 0 | b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests;
