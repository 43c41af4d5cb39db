//! Policies: rules that an organisation writes in TOML.
//!
//! A policy asks for one thing: that a directive is set, or not, that a number lies within bounds, or that an expression
//! is true. It judges the value in force, like a built-in rule, and its findings look like theirs. What is wrong with a
//! policy itself is found too, at its place in the file of policies.
//!
//! What a version does not know, a policy cannot ask of it: such a policy is silent there. So is one for which a template
//! or an include that was not read may hold the answer.

mod check;
mod expression;

use std::path::Path;

use super::settings::{Effective, Identity, Paths};
use super::{Case, Group, profile, rule};
use crate::catalog::{self, DirectiveId, View};
use crate::finding::{Finding, Severity};
use crate::source::{Sources, Span};
use crate::syntax::Mode;
use crate::syntax::profile::Spanned;
use crate::syntax::settings::{Asks, Demand, PolicyTable};

use check::Answer;
use expression::Expression;

/// A rule of an organisation.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name.
    pub id: String,
    /// What is wrong if it is broken.
    pub message: String,
    /// How bad that is.
    pub severity: Severity,
    /// What to do.
    pub help: Option<String>,
    /// The address of a page about it.
    pub docs: Option<String>,
    /// Whether nothing may ignore it.
    pub locked: bool,
    /// Where it is written.
    pub at: Span,
    paths: Option<Paths>,
    environments: Vec<String>,
    when: Option<Expression>,
    check: Check,
}

/// What a policy asks for, its names known.
#[derive(Clone, Debug)]
enum Check {
    Require(Wanted),
    Forbid(Wanted),
    Range { directive: Named, min: Option<Spanned<String>>, max: Option<Spanned<String>> },
    Expression(Expression),
}

/// A directive, in whatever version.
#[derive(Clone, Debug)]
struct Named {
    id: DirectiveId,
    /// As the policy calls it.
    name: String,
}

/// A directive, and perhaps its value.
#[derive(Clone, Debug)]
struct Wanted {
    directive: Named,
    value: Option<Spanned<String>>,
}

/// All policies, in the order in which they were written.
#[derive(Clone, Debug, Default)]
pub struct Policies(Vec<Policy>);

/// What the policies say of a case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OfPolicies {
    /// Findings in the texts of the case.
    pub findings: Vec<Finding>,
    /// Policies that judged.
    pub judged: Vec<String>,
    /// Policies that could not judge, with the fact that each lacks.
    pub silent: Vec<(String, &'static str)>,
    /// What is wrong with the policies themselves, in the texts of the settings; the same for every case that shows it.
    pub problems: Vec<Finding>,
}

impl<'a> From<&'a Policy> for Identity<'a> {
    fn from(policy: &'a Policy) -> Self {
        Self { id: &policy.id, group: Group::Policy, severity: policy.severity, on: true }
    }
}

impl Policies {
    /// Checks what was read. A policy with a mistake is left out, and the mistake is found.
    ///
    /// `sources` are the texts the tables were read from, `environments` those of the project.
    #[must_use]
    pub fn new(tables: Vec<PolicyTable>, sources: &Sources, environments: &[&str]) -> (Self, Vec<Finding>) {
        let mut making = Making { sources, environments, findings: Vec::new() };
        let mut policies: Vec<Policy> = Vec::new();
        for table in tables {
            if let Some(twin) = policies.iter().find(|known| known.id == table.id.value) {
                let message = format!("there are two policies `{}`", table.id.value);
                let finding = profile::INVALID_POLICY.finding(table.id.at, message).label(twin.at, "the first");
                making.findings.push(finding.help("rename one of the two"));
                continue;
            }
            policies.extend(making.policy(table));
        }
        (Self(policies), making.findings)
    }

    /// In the order in which they were written.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Policy> {
        self.0.iter()
    }

    /// The policy of that name.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Policy> {
        self.0.iter().find(|policy| policy.id == id)
    }

    /// The number of the policy of that name.
    #[must_use]
    pub(super) fn position(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|policy| policy.id == id)
    }
}

/// What the policies that judge here say of a case.
///
/// `path` is relative to the folder of the project file, `environment` that of the instance the file is made for. Policies
/// are about servers: of a file for Sentinel or a list of users they say nothing.
#[must_use]
pub fn judge(case: &Case<'_>, effective: &Effective, path: &Path, environment: Option<&str>) -> OfPolicies {
    let mut said = OfPolicies::default();
    if case.mode != Mode::Server {
        return said;
    }
    let place = Place { case, path, environment };
    for policy in effective.policies().filter(|policy| policy.is_for(path, environment)) {
        let answers = match policy.when.as_ref().map(|when| when.ask(&place)) {
            None | Some(expression::Outcome::Holds(true)) => policy.check(&place),
            Some(expression::Outcome::Holds(false)) => continue,
            Some(expression::Outcome::Silent(fact)) => vec![Answer::Silent(fact)],
            Some(expression::Outcome::Problem(finding)) => vec![Answer::Problem(finding)],
        };
        if answers.iter().all(|answer| matches!(answer, Answer::Broken { .. })) {
            said.judged.push(policy.id.clone());
        }
        for answer in answers {
            match answer {
                Answer::Broken { at, here, used } => said.findings.push(policy.finding(at, here, used)),
                Answer::Silent(Some(fact)) => said.silent.push((policy.id.clone(), fact)),
                Answer::Silent(None) => {}
                Answer::Problem(finding) => said.problems.push(finding),
            }
        }
    }
    said.findings.sort_by(|a, b| (a.at, &a.rule).cmp(&(b.at, &b.rule)));
    said
}

/// What a policy judges.
struct Place<'a> {
    case: &'a Case<'a>,
    path: &'a Path,
    environment: Option<&'a str>,
}

impl Policy {
    fn is_for(&self, path: &Path, environment: Option<&str>) -> bool {
        let by_path = self.paths.as_ref().is_none_or(|paths| paths.contains(path));
        let named = |wanted: &String| environment == Some(wanted);
        by_path && (self.environments.is_empty() || self.environments.iter().any(named))
    }

    fn finding(&self, at: Span, here: Option<String>, used: Vec<&'static str>) -> Finding {
        let help = match (&self.help, &self.docs) {
            (Some(help), Some(docs)) => Some(format!("{help}; see {docs}")),
            (Some(help), None) => Some(help.clone()),
            (None, Some(docs)) => Some(format!("see {docs}")),
            (None, None) => None,
        };
        let finding = Finding::new("", self.severity, at, self.message.clone());
        Finding { rule: self.id.clone().into(), here, used, help, ..finding }
    }
}

/// The way from tables to policies.
struct Making<'a> {
    sources: &'a Sources,
    environments: &'a [&'a str],
    findings: Vec<Finding>,
}

impl Making<'_> {
    fn wrong(&mut self, at: Span, message: String, help: impl Into<String>) {
        self.findings.push(profile::INVALID_POLICY.finding(at, message).help(help));
    }

    /// `None` if there is a mistake in it.
    fn policy(&mut self, table: PolicyTable) -> Option<Policy> {
        let before = self.findings.len();
        self.name(&table.id);
        let paths = (!table.paths.is_empty()).then(|| Paths::new(&table.paths, &mut self.findings));
        for environment in &table.environments {
            if !self.environments.contains(&environment.value.as_str()) {
                let message = format!("the project has no environment `{}`", environment.value);
                let known = self.environments.join(", ");
                let help = if known.is_empty() {
                    "add `[environments.NAME]` to the project, or choose files by `path`".to_owned()
                } else {
                    format!("the environments are: {known}")
                };
                self.findings
                    .push(Finding::new("unknown-environment", Severity::Error, environment.at, message).help(help));
            }
        }
        let when = table.when.as_ref().map(|text| self.expression(text));
        let check = match &table.asks {
            Asks::Require(demand) => self.wanted(demand).map(Check::Require),
            Asks::Forbid(demand) => self.wanted(demand).map(Check::Forbid),
            Asks::Range { directive, min, max } => self.range(directive, min.as_ref(), max.as_ref()),
            Asks::Expression(text) => self.expression(text).map(Check::Expression),
        };
        if self.findings.len() > before {
            return None;
        }
        Some(Policy {
            id: table.id.value,
            message: table.message.value,
            severity: table.severity,
            help: table.help,
            docs: table.docs,
            locked: table.locked,
            at: table.id.at,
            paths,
            environments: table.environments.into_iter().map(|name| name.value).collect(),
            when: when.flatten(),
            check: check?,
        })
    }

    fn name(&mut self, id: &Spanned<String>) {
        let name = id.value.as_str();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let is_kebab = name.contains('-') && name.bytes().all(plain) && !name.starts_with('-') && !name.ends_with('-');
        if !is_kebab {
            let message = format!("`{name}` is no name for a rule");
            self.wrong(id.at, message, "write small letters, digits and at least one dash: `acme-maxmemory-set`");
        } else if rule(name).is_some() || catalog::find(name).is_some() {
            let what = if rule(name).is_some() { "a built-in rule" } else { "a directive" };
            let message = format!("`{name}` is the name of {what}");
            self.wrong(id.at, message, format!("put the organisation's name in front: `acme-{name}`"));
        }
    }

    fn directive(&mut self, name: &Spanned<String>) -> Option<Named> {
        let Some(id) = catalog::find(&name.value) else {
            let message = format!("unknown directive `{}`", name.value);
            self.wrong(name.at, message, directive_meant(&name.value));
            return None;
        };
        Some(Named { id, name: name.value.to_ascii_lowercase() })
    }

    fn wanted(&mut self, demand: &Demand) -> Option<Wanted> {
        let directive = self.directive(&demand.directive)?;
        if let Some(value) = &demand.value
            && catalog::is_secret(directive.id)
        {
            let message = format!("the value of `{}` is a secret, and no policy may hold one", directive.name);
            self.wrong(value.at, message, "ask only that it is set");
            return None;
        }
        Some(Wanted { directive, value: demand.value.clone() })
    }

    fn range(
        &mut self,
        directive: &Spanned<String>,
        min: Option<&Spanned<String>>,
        max: Option<&Spanned<String>>,
    ) -> Option<Check> {
        Some(Check::Range { directive: self.directive(directive)?, min: min.cloned(), max: max.cloned() })
    }

    fn expression(&mut self, text: &Spanned<String>) -> Option<Expression> {
        match Expression::new(text, self.sources) {
            Ok(expression) => Some(expression),
            Err(finding) => {
                self.findings.push(*finding);
                None
            }
        }
    }
}

/// Help for a name that is no directive.
fn directive_meant(name: &str) -> String {
    let newest = *crate::server::all().last().expect("there are catalogued servers");
    match catalog::suggest(name, View::of(newest)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "see `redisconf explain` for the directives".into(),
    }
}

#[cfg(test)]
mod tests;
