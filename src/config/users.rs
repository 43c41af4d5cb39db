//! The users that a configuration or an ACL file defines.

use super::acl::Rights;
use super::{Config, Entry, Key};
use crate::catalog::{Kind, Lookup};
use crate::syntax::{Reading, StatementId};

/// A user, as the last statement that counts defines it.
#[derive(Clone, Debug)]
pub struct DefinedUser<'a> {
    /// Its name; `None` if a template fills it in.
    pub name: Option<&'a [u8]>,
    /// The statement.
    pub by: StatementId,
    /// What it may do; `None` if a template says so.
    pub rights: Option<Rights>,
}

impl DefinedUser<'_> {
    /// Whether this is the user that every connection starts as.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.name == Some(b"default")
    }
}

impl Config {
    /// Whether a statement says who the default user is, which then has no password but what stands there.
    #[must_use]
    pub fn defines_default_user(&self) -> bool {
        let Lookup::Here(directive) = self.view.look(b"user") else { return false };
        let standing = self.entry(directive.id).into_iter().flat_map(Entry::standing);
        standing.filter_map(|part| part.key.as_ref()).any(|key| matches!(key, Key::Name(name) if **name == *b"default"))
    }

    /// All users that statements define, in order.
    #[must_use]
    pub fn users<'a>(&self, reading: &'a Reading) -> Vec<DefinedUser<'a>> {
        let Lookup::Here(directive) = self.view.look(b"user") else { return Vec::new() };
        debug_assert_eq!(directive.kind, Kind::User);
        let standing = self.entry(directive.id).into_iter().flat_map(Entry::standing);
        let defined = standing.filter(|part| !matches!(part.key, Some(Key::Class(_)))).map(|part| {
            let words = reading.words(part.by);
            let arguments = reading.arguments(part.by);
            let name = words.first().filter(|word| !word.open).map(|word| word.bytes(&reading.sources));
            let known = !words.iter().any(|word| word.open);
            let rights = known.then(|| Rights::of(&arguments, reading.server));
            DefinedUser { name, by: part.by, rights }
        });
        defined.collect()
    }
}
