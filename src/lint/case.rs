//! What rules are given: a reading, the configuration made of it, and what is known of its place.

use crate::catalog::{Directive, Lookup};
use crate::config::{self, Config};
use crate::facts::Facts;
use crate::server::Server;
use crate::source::Span;
use crate::syntax::{Reading, StatementId};

/// One case to judge. Rules read it and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The statements.
    pub reading: &'a Reading,
    /// The same, resolved.
    pub config: &'a Config,
    /// What is known of the deployment.
    pub facts: &'a Facts,
}

impl<'a> Case<'a> {
    /// The catalogued version that judgements rest on.
    #[must_use]
    pub fn server(&self) -> Server {
        self.config.view.server()
    }

    /// The directive of a statement, if this version knows it.
    #[must_use]
    pub fn directive(&self, id: StatementId) -> Option<&'static Directive> {
        match self.config.view.look(self.reading.name(id)) {
            Lookup::Here(directive) => Some(directive),
            Lookup::Elsewhere(_) | Lookup::Never => None,
        }
    }

    /// The name of a statement as people may see it, in lower case.
    #[must_use]
    pub fn name(&self, id: StatementId) -> String {
        config::name_shown(self.reading, self.config.view, id).to_ascii_lowercase()
    }

    /// An argument as people may see it, counted from 0; empty where there is none.
    #[must_use]
    pub fn word(&self, id: StatementId, index: usize) -> String {
        if index < self.reading.words(id).len() {
            config::word_shown(self.reading, self.config.view, id, index)
        } else {
            String::new()
        }
    }

    /// An argument's own bytes, if it may be shown: for advice that repeats it.
    #[must_use]
    pub fn public_word(&self, id: StatementId, index: usize) -> Option<&'a str> {
        let bytes = self.reading.words(id).get(index)?.bytes(&self.reading.sources);
        let text = std::str::from_utf8(bytes).ok()?;
        (self.word(id, index) == text).then_some(text)
    }

    /// The place of an argument; of the whole statement where there is none.
    #[must_use]
    pub fn word_at(&self, id: StatementId, index: usize) -> Span {
        self.reading.words(id).get(index).map_or(self.reading.statement(id).at, |word| word.at)
    }
}
