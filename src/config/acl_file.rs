//! Resolving an ACL file: users, and what a server that loads them would refuse.
//!
//! A server judges all lines and lists what it finds, so that the refusals here are its whole list, in its order. The one
//! exception is a line that crashes it: that is the only thing anybody hears of, and comes first.

use super::acl::{AclRefusal, Said, Surroundings, UNKNOWN_NAME, from_modules, judge_in_file};
use super::refusal::{Reason, Refusal, Stage};
use super::value::Value;
use super::{Config, Key, Part};
use crate::catalog::{Lookup, Repeat};
use crate::syntax::{Mode, Reading, StatementId};

/// Folds the reading of an ACL file, where it is known what surrounds it.
#[must_use]
pub fn resolve_acl_file(reading: &Reading, surroundings: Surroundings) -> Config {
    let mut fold = Fold { reading, surroundings, config: Config::empty(reading, Mode::AclFile) };
    for (id, _) in reading.iter() {
        fold.line(id);
    }
    fold.config.refusals.sort_by_key(|refusal| !matches!(refusal.reason, Reason::UnclosedSelector { .. }));
    fold.config
}

struct Fold<'a> {
    reading: &'a Reading,
    surroundings: Surroundings,
    config: Config,
}

impl Fold<'_> {
    fn line(&mut self, id: StatementId) {
        let Lookup::Here(directive) = self.config.view.look(b"user") else { return };
        let arguments = self.reading.arguments(id);
        // Here the word is compared letter by letter.
        let Some(name) = arguments.first().filter(|_| self.reading.name(id) == b"user") else {
            return self.refuse(id, None, Reason::NotAUser);
        };
        let open = self.reading.words(id).iter().any(|word| word.open);
        let key = (!self.reading.words(id)[0].open).then(|| Key::Name((*name).into()));
        let said = if open {
            Said::Complaints(Vec::new())
        } else {
            judge_in_file(&arguments, self.reading.server, self.surroundings.channels)
        };
        let has_name = !matches!(&said, Said::Complaints(list) if list.iter().any(|refusal| refusal.argument == 0));
        if has_name && key.is_some() {
            let entry = self.config.entry_mut(directive.id);
            let taken = entry.parts.iter().any(|part| part.key == key);
            if taken && directive.repeat == Repeat::OnceByKey {
                return self.refuse(id, None, Reason::DuplicateUser);
            }
            entry.beat(id, |part| part.key == key);
        }
        match said {
            Said::Complaints(list) => list.into_iter().for_each(|refusal| self.complaint(id, refusal)),
            Said::Crash { argument } => self.refuse(id, Some(argument), Reason::UnclosedSelector { argument }),
        }
        let part = Part { key, value: Ok(Value::Action), by: id, beaten_by: None };
        self.config.entry_mut(directive.id).parts.push(part);
    }

    fn complaint(&mut self, id: StatementId, refusal: AclRefusal) {
        let argument = refusal.argument;
        let may_be_known = match self.surroundings.modules {
            Some(loaded) => loaded,
            None => from_modules(self.reading.arguments(id)[argument]),
        };
        if refusal.reason == UNKNOWN_NAME && may_be_known {
            self.config.module_rules.push((id, argument));
        } else {
            self.refuse(id, Some(argument), Reason::User(refusal));
        }
    }

    fn refuse(&mut self, id: StatementId, argument: Option<usize>, reason: Reason) {
        let word = argument.and_then(|argument| self.reading.words(id).get(argument));
        let at = word.map_or(self.reading.statement(id).at, |word| word.at);
        self.config.refusals.push(Refusal { stage: Stage::Users, at, statement: Some(id), reason });
    }
}
