//! What a rule writes its findings into, and where it asks for facts.

use std::borrow::Cow;
use std::rc::Rc;

use super::rule::Rule;
use super::secrets::{Literal, literals};
use super::syntax::values::{Number, numbers};
use super::{Case, Previous};
use crate::catalog::{Kind, State};
use crate::finding::Finding;
use crate::syntax::StatementId;

/// The findings of the rules of one case, and which rules could not judge.
#[derive(Debug)]
pub struct Report<'a> {
    case: Case<'a>,
    pub(super) findings: Vec<Finding>,
    /// Rules that lacked a fact, with the fact.
    pub(super) silent: Vec<(Cow<'static, str>, &'static str)>,
    /// The rule that judges now, and the facts it has been given.
    rule: &'static str,
    used: Vec<&'static str>,
    /// What several rules look at, found once.
    numbers: Option<Rc<[Number<'a>]>>,
    literals: Option<Rc<[Literal]>>,
    sorted: Option<Rc<Sorted>>,
}

/// Statements of known directives that some rules look for, in order.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// They spell the name otherwise than the version does: in another case, or the old one.
    pub(super) respelt: Vec<StatementId>,
    /// The version takes them and ignores them.
    pub(super) inert: Vec<StatementId>,
    /// Their value is any text.
    pub(super) texts: Vec<StatementId>,
}

impl<'a> Report<'a> {
    pub(super) fn new(case: &Case<'a>) -> Self {
        Self {
            case: *case,
            findings: Vec::new(),
            silent: Vec::new(),
            rule: "",
            used: Vec::new(),
            numbers: None,
            literals: None,
            sorted: None,
        }
    }

    /// What was found, and what could not be judged.
    pub(super) fn into_parts(self) -> (Vec<Finding>, Vec<(Cow<'static, str>, &'static str)>) {
        (self.findings, self.silent)
    }

    /// The next rule judges.
    pub(super) fn begin(&mut self, rule: &'static Rule) {
        self.rule = rule.id;
        self.used.clear();
    }

    /// Takes a finding in, with the facts that the rule was given.
    pub fn add(&mut self, mut finding: Finding) {
        finding.used.extend_from_slice(&self.used);
        self.findings.push(finding);
    }

    /// The numbers of bytes that people wrote.
    pub(super) fn numbers(&mut self) -> Rc<[Number<'a>]> {
        Rc::clone(self.numbers.get_or_insert_with(|| numbers(&self.case).into()))
    }

    /// The secrets that are written out.
    pub(super) fn literals(&mut self) -> Rc<[Literal]> {
        Rc::clone(self.literals.get_or_insert_with(|| literals(&self.case).into()))
    }

    /// The statements that some rules look for.
    pub(super) fn sorted(&mut self) -> Rc<Sorted> {
        let case = self.case;
        let found = || {
            let mut sorted = Sorted::default();
            for (id, statement) in case.reading.iter() {
                let Some(directive) = case.directive(id) else { continue };
                if directive.name().as_bytes() != statement.name.bytes(&case.reading.sources) {
                    sorted.respelt.push(id);
                }
                if directive.state == State::Inert {
                    sorted.inert.push(id);
                }
                if matches!(directive.kind, Kind::Text(_) | Kind::Bytes | Kind::Dir) {
                    sorted.texts.push(id);
                }
            }
            sorted.into()
        };
        Rc::clone(self.sorted.get_or_insert_with(found))
    }

    /// A fact that the rule cannot do without, in bytes; `None` is remembered as the reason for its silence.
    pub fn bytes(&mut self, name: &'static str) -> Option<u64> {
        let said = self.case.facts.bytes(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], a number.
    pub fn count(&mut self, name: &'static str) -> Option<u64> {
        let said = self.case.facts.count(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], cores.
    pub fn processors(&mut self, name: &'static str) -> Option<f64> {
        let said = self.case.facts.processors(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], a time in milliseconds.
    pub fn milliseconds(&mut self, name: &'static str) -> Option<u64> {
        let said = self.case.facts.milliseconds(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], a word.
    pub fn word(&mut self, name: &'static str) -> Option<&'static str> {
        let said = self.case.facts.word(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], permissions of a file.
    pub fn permissions(&mut self, name: &'static str) -> Option<u32> {
        let said = self.case.facts.permissions(name);
        self.note(name, said)
    }

    /// As [`Report::bytes`], a share in hundredths.
    pub fn percent(&mut self, name: &'static str) -> Option<u8> {
        let said = self.case.facts.percent(name);
        self.note(name, said)
    }

    /// What was deployed before; without it the rule is silent.
    pub fn previous(&mut self) -> Option<&'a Previous> {
        let previous = self.case.previous;
        self.note("previous", previous)
    }

    /// What a rule cannot do without and is no fact: a field of INFO, an answer. `name` is what is told if it is not there.
    pub fn seen<T>(&mut self, name: &'static str, said: Option<T>) -> Option<T> {
        if said.is_none() && !self.silent.last().is_some_and(|(rule, lack)| rule == self.rule && *lack == name) {
            self.silent.push((self.rule.into(), name));
        }
        said
    }

    fn note<T>(&mut self, name: &'static str, said: Option<T>) -> Option<T> {
        let list = match said {
            Some(_) => &mut self.used,
            None if self.silent.last().is_some_and(|(rule, fact)| rule == self.rule && *fact == name) => return None,
            None => {
                self.silent.push((self.rule.into(), name));
                return None;
            }
        };
        if !list.contains(&name) {
            list.push(name);
        }
        said
    }

    /// Remembers that a finding rests on a fact that the rule could have done without.
    pub fn used(&mut self, name: &'static str) {
        if self.case.facts.get(name).is_some() && !self.used.contains(&name) {
            self.used.push(name);
        }
    }
}
