//! What a server answers, in our own words.

use crate::snapshot::PairsError;

/// What a server answered. No Debug: an answer to CONFIG GET holds passwords.
#[derive(Clone, PartialEq)]
pub enum Reply {
    /// `+OK` and the like.
    Status(String),
    /// An error, with its class in front: `NOAUTH Authentication required.`
    Error(String),
    /// A whole number.
    Integer(i64),
    /// A byte string.
    Bytes(Vec<u8>),
    /// Nothing.
    Nil,
    /// Several answers; a map stands here with each key before its value.
    List(Vec<Reply>),
}

impl Reply {
    /// The byte strings of a list, or `None` if this is something else.
    #[must_use]
    pub fn into_items(self) -> Option<Vec<Vec<u8>>> {
        let Self::List(replies) = self else { return None };
        replies.into_iter().map(Self::into_bytes).collect()
    }

    /// The bytes of a string, of either kind.
    #[must_use]
    pub fn into_bytes(self) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Status(text) => Some(text.into_bytes()),
            Self::Error(_) | Self::Integer(_) | Self::Nil | Self::List(_) => None,
        }
    }
}

/// Why there are no names and values in an answer to CONFIG GET.
pub(super) enum NoPairs {
    /// The server said no, and this.
    Refused(String),
    /// It is no list of strings.
    Shape,
    /// They are no pairs.
    Broken(PairsError),
}

/// The longest error that is kept, in characters. Those of servers stay below 300.
const LONGEST: usize = 1000;

/// An error that can be shown: a server that does not know a command repeats its arguments, which may hold a password.
pub(super) fn harmless(text: &str) -> String {
    let own = text.split_once(", with args beginning with").map_or(text, |(own, _)| own);
    own.chars().take(LONGEST).map(|letter| if letter.is_control() { '?' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_repeats_nothing_that_was_sent_and_commands_no_terminal() {
        for text in [
            "ERR unknown command 'AUTH', with args beginning with: 'default' 'hunter2' ",
            "ERR unknown command `AUTH`, with args beginning with: `default`, `hunter2`, ",
        ] {
            assert!(harmless(text).starts_with("ERR unknown command") && !harmless(text).contains("hunter2"));
        }
        assert_eq!(harmless("ERR \x1b[2Jgone"), "ERR ?[2Jgone");
        assert_eq!(harmless(&"x".repeat(5000)).len(), LONGEST);
    }
}
