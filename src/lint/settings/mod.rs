//! Settings: what judges which path, and how bad its findings are.
//!
//! They come in layers, each above the one before: what rules say of themselves, the user's own file, the project's
//! `[lint]`, its `[[lint.per-path]]`, and the flags of the run. [`Settings::for_path`] folds them once for each set of
//! paths that are alike. Nothing here reads files; paths are relative to the folder of the project file.

mod effective;
mod paths;
mod selector;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::policy::Policies;
use super::{profile, rule};
use crate::finding::{Finding, Severity};
use crate::syntax::profile::Spanned;
use crate::syntax::settings::{About, FailOn, Level, LintTable};

pub use effective::Effective;
pub use paths::Paths;
pub use selector::{Identity, Selector};

/// What the command line says, above everything else.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// What judges.
    pub select: Option<Vec<String>>,
    /// What does not.
    pub ignore: Vec<String>,
    /// The mildest findings to show.
    pub level: Option<Severity>,
    /// For which findings the run fails.
    pub fail_on: Option<FailOn>,
}

/// A flag that cannot be followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WrongFlag {
    /// Its word chooses no rule.
    #[error("`{word}` is no rule: {help}")]
    Unknown {
        /// The word.
        word: String,
        /// What it may have meant.
        help: String,
    },
    /// It ignores what nothing may ignore.
    #[error("`{id}` is locked by the project: nothing may ignore it")]
    Locked {
        /// The rule.
        id: String,
    },
}

/// Who wrote a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Author {
    User,
    Project,
    PerPath,
    Flags,
}

/// What one author says about rules.
#[derive(Clone, Debug)]
struct Layer {
    author: Author,
    select: Option<Vec<Selector>>,
    ignore: Vec<Selector>,
    levels: Vec<(Selector, Level)>,
}

/// What is said of some paths only.
#[derive(Clone, Debug)]
struct OfPaths {
    paths: Paths,
    layer: Layer,
    about: About,
}

/// Everything that decides what judges.
#[derive(Clone, Debug)]
pub struct Settings {
    policies: Arc<Policies>,
    locked: BTreeSet<String>,
    user: Layer,
    project: Layer,
    flags: Layer,
    /// What user and project say of every path, the user first.
    about: [About; 2],
    per_path: Vec<OfPaths>,
    exclude: Paths,
    force_exclude: bool,
    level: Severity,
    fail_on: FailOn,
    baseline: Option<Spanned<String>>,
    base: Arc<Effective>,
}

impl Default for Settings {
    fn default() -> Self {
        let (settings, _) = Self::new(None, None, Policies::default(), &Flags::default())
            .expect("no flag is wrong where there is none");
        settings
    }
}

impl Settings {
    /// Puts the layers upon each other. What is wrong with them is found; the places lie where the tables were read.
    ///
    /// # Errors
    /// [`WrongFlag`] for a flag, which has no place.
    pub fn new(
        user: Option<&LintTable>,
        project: Option<&LintTable>,
        policies: Policies,
        flags: &Flags,
    ) -> Result<(Self, Vec<Finding>), WrongFlag> {
        let mut findings = Vec::new();
        let locked = locked(project, &policies, &mut findings);
        let mut making = Making { policies: &policies, locked: &locked, findings: &mut findings };
        let user_layer = making.layer(Author::User, user, user.map(|table| &table.about));
        let project_layer = making.layer(Author::Project, project, project.map(|table| &table.about));
        let flag_layer = making.flags(flags)?;
        let mut per_path = Vec::new();
        for of in project.iter().flat_map(|table| &table.per_path) {
            let layer = making.layer(Author::PerPath, None, Some(&of.about));
            let paths = Paths::new(&of.paths, making.findings);
            per_path.push(OfPaths { paths, layer, about: of.about.clone() });
        }
        let exclude = project.map(|table| Paths::new(&table.exclude, &mut findings)).unwrap_or_default();
        let tables = [project, user];
        let of = |table: Option<&LintTable>| table.map(|table| table.about.clone()).unwrap_or_default();
        let level = flags.level.or_else(|| tables.iter().flatten().find_map(|table| table.level));
        let fail_on = flags.fail_on.or_else(|| tables.iter().flatten().find_map(|table| table.fail_on));
        let mut settings = Self {
            policies: Arc::new(policies),
            locked,
            user: user_layer,
            project: project_layer,
            flags: flag_layer,
            about: [of(user), of(project)],
            per_path,
            exclude,
            force_exclude: project.is_some_and(|table| table.force_exclude),
            level: level.unwrap_or(Severity::Warning),
            fail_on: fail_on.unwrap_or(FailOn::AtLeast(Severity::Error)),
            baseline: project.and_then(|table| table.baseline.clone()),
            base: Arc::new(Effective::nothing()),
        };
        settings.base = Arc::new(Effective::fold(&settings, &[]));
        Ok((settings, findings))
    }

    /// What holds for a path, relative to the folder of the project file.
    #[must_use]
    pub fn for_path(&self, path: &Path) -> Arc<Effective> {
        let own: Vec<&OfPaths> = self.per_path.iter().filter(|of| of.paths.contains(path)).collect();
        if own.is_empty() { Arc::clone(&self.base) } else { Arc::new(Effective::fold(self, &own)) }
    }

    /// Whether a path is not linted. Paths that the command line names are, unless [`Settings::force_exclude`].
    #[must_use]
    pub fn is_excluded(&self, path: &Path) -> bool {
        self.exclude.contains(path)
    }

    /// Whether paths are excluded that the command line names.
    #[must_use]
    pub fn force_exclude(&self) -> bool {
        self.force_exclude
    }

    /// The mildest findings to show.
    #[must_use]
    pub fn level(&self) -> Severity {
        self.level
    }

    /// For which findings the run fails.
    #[must_use]
    pub fn fail_on(&self) -> FailOn {
        self.fail_on
    }

    /// Whether a run fails for a finding of that severity.
    #[must_use]
    pub fn fails_for(&self, severity: Severity) -> bool {
        match self.fail_on {
            FailOn::AtLeast(least) => severity >= least,
            FailOn::Never => false,
        }
    }

    /// The file of findings that were there before, relative to the folder of the project file.
    #[must_use]
    pub fn baseline(&self) -> Option<&Spanned<String>> {
        self.baseline.as_ref()
    }

    /// The organisation's own rules.
    #[must_use]
    pub fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Whether nothing may ignore a rule.
    #[must_use]
    pub fn is_locked(&self, id: &str) -> bool {
        self.locked.contains(id)
    }

    /// What there is to know of a rule, built in or an organisation's.
    #[must_use]
    pub fn identify<'a>(&'a self, id: &'a str) -> Option<Identity<'a>> {
        rule(id).map(Identity::from).or_else(|| self.policies.get(id).map(Identity::from))
    }
}

/// The rules that nothing may ignore.
fn locked(project: Option<&LintTable>, policies: &Policies, findings: &mut Vec<Finding>) -> BTreeSet<String> {
    let mut locked: BTreeSet<String> =
        policies.iter().filter(|policy| policy.locked).map(|policy| policy.id.clone()).collect();
    for name in project.iter().flat_map(|table| &table.locked) {
        match Selector::ignoring(&name.value, policies) {
            Ok(Selector::Rule(id)) => {
                locked.insert(id);
            }
            Ok(Selector::Group(_) | Selector::Severity(_) | Selector::Default | Selector::All) => {
                let message = format!("`{}` is no single rule, and only such can be locked", name.value);
                findings.push(profile::UNKNOWN_RULE.finding(name.at, message).help("name each rule that is locked"));
            }
            Err(help) => findings.push(unknown(name, help)),
        }
    }
    locked
}

fn unknown(name: &Spanned<String>, help: String) -> Finding {
    profile::UNKNOWN_RULE.finding(name.at, format!("`{}` is no rule", name.value)).help(help)
}

/// The way from tables to layers.
struct Making<'a> {
    policies: &'a Policies,
    locked: &'a BTreeSet<String>,
    findings: &'a mut Vec<Finding>,
}

impl Making<'_> {
    fn layer(&mut self, author: Author, table: Option<&LintTable>, about: Option<&About>) -> Layer {
        let selected = table.and_then(|table| table.select.as_ref());
        let select = selected.map(|names| {
            let read = |name: &Spanned<String>| match Selector::choosing(&name.value, self.policies) {
                Ok(selector) => Some(selector),
                Err(help) => {
                    self.unknown(author, name, help);
                    None
                }
            };
            names.iter().filter_map(read).collect()
        });
        let mut layer = Layer { author, select, ignore: Vec::new(), levels: Vec::new() };
        let Some(about) = about else { return layer };
        for name in &about.ignore {
            match Selector::ignoring(&name.value, self.policies) {
                Ok(selector) => {
                    self.check_lock(author, name);
                    layer.ignore.push(selector);
                }
                Err(help) => self.unknown(author, name, help),
            }
        }
        for (name, level) in &about.levels {
            match Selector::ignoring(&name.value, self.policies) {
                Ok(selector @ (Selector::Rule(_) | Selector::Group(_))) => {
                    self.check_level(author, name, *level);
                    layer.levels.push((selector, *level));
                }
                Ok(Selector::Severity(_) | Selector::Default | Selector::All) => {
                    let message = format!("`{}` is neither a rule nor a group", name.value);
                    self.findings.push(profile::UNKNOWN_RULE.finding(name.at, message).help("name a rule or a group"));
                }
                Err(help) => self.unknown(author, name, help),
            }
        }
        layer
    }

    fn flags(&mut self, flags: &Flags) -> Result<Layer, WrongFlag> {
        let wrong = |word: &str, help| WrongFlag::Unknown { word: word.to_owned(), help };
        let choose = |word: &String| Selector::choosing(word, self.policies).map_err(|help| wrong(word, help));
        let select: Option<Result<Vec<_>, _>> = flags.select.as_ref().map(|words| words.iter().map(choose).collect());
        let mut ignore = Vec::new();
        for word in &flags.ignore {
            if self.locked.contains(word) {
                return Err(WrongFlag::Locked { id: word.clone() });
            }
            ignore.push(Selector::ignoring(word, self.policies).map_err(|help| wrong(word, help))?);
        }
        Ok(Layer { author: Author::Flags, select: select.transpose()?, ignore, levels: Vec::new() })
    }

    /// What is unknown in one project may be known in another, so the user's own file is only warned.
    fn unknown(&mut self, author: Author, name: &Spanned<String>, help: String) {
        let mut finding = unknown(name, help);
        if author == Author::User {
            finding.severity = Severity::Warning;
        }
        self.findings.push(finding);
    }

    /// A project must not contradict its own lock. What a user ignores elsewhere has no effect here and is no mistake.
    fn check_lock(&mut self, author: Author, name: &Spanned<String>) {
        if author != Author::User && self.locked.contains(&name.value) {
            let message = format!("`{}` is locked: this has no effect", name.value);
            let finding = profile::LOCKED_RULE.finding(name.at, message);
            self.findings.push(finding.help("take it out here, or out of `locked`"));
        }
    }

    fn check_level(&mut self, author: Author, name: &Spanned<String>, level: Level) {
        let allowed = author == Author::Project && level != Level::Off;
        if !allowed {
            self.check_lock(author, name);
        }
        if rule(&name.value).is_some_and(|rule| rule.severity == Severity::Fatal) {
            let message = format!("`{}` is what a server refuses, and no level changes that", name.value);
            let finding = profile::FATAL_LEVEL.finding(name.at, message);
            self.findings.push(finding.help("name it in `ignore` if it is not to be said"));
        }
    }
}

#[cfg(test)]
mod tests;
