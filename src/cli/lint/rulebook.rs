//! The settings of a run: what the project, the user and the flags say of rules, the policies, and the baseline.

#![expect(clippy::disallowed_methods, reason = "this is where settings are looked for, and the calendar is asked")]

use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use super::super::args::Lint;
use super::super::failure::Failure;
use super::super::subject::read_file;
use super::super::terminal::Terminal;
use crate::config::Visible;
use crate::config::fleet::PROJECT_FILE;
use crate::finding::{Finding, Severity};
use crate::lint::policy::Policies;
use crate::lint::settings::{Flags, Settings};
use crate::lint::suppress::{Baseline, Date};
use crate::report;
use crate::source::{Name, Sources};
use crate::syntax::project::{self, Project};
use crate::syntax::settings::{self, LintTable};

/// The baseline's name where nobody gives it one.
const BASELINE_FILE: &str = "redisconf-baseline.json";

/// Everything that decides what is said of which file.
pub(super) struct Rulebook {
    pub(super) settings: Settings,
    /// The project file that the settings come from.
    pub(super) project: Option<PathBuf>,
    /// The texts of the settings.
    pub(super) sources: Sources,
    /// The folder that paths in settings are relative to, whole.
    pub(super) root: PathBuf,
    /// The working directory, asked for once.
    here: PathBuf,
    pub(super) today: Date,
    pub(super) baseline: Option<Mutex<Baseline>>,
    /// Where the baseline is written.
    pub(super) baseline_path: PathBuf,
}

/// Texts of settings, and what is wrong with them.
#[derive(Default)]
struct Texts {
    sources: Sources,
    findings: Vec<Finding>,
}

impl Rulebook {
    /// Reads the settings that hold here. What is wrong with them is said at once; an error ends the run.
    pub(super) fn open(command: &Lint, terminal: &mut Terminal) -> Result<Self, Failure> {
        let mut texts = Texts::default();
        let here = std::path::absolute(".").unwrap_or_default();
        let path = if command.no_config { None } else { command.config.clone().or_else(|| nearest(&here)) };
        let path = path.map(|path| if path.is_dir() { path.join(PROJECT_FILE) } else { path });
        let project = path.as_deref().map(|path| texts.project(path)).transpose()?;
        let user = if command.no_config { None } else { texts.user()? };
        let root = match &path {
            Some(path) => std::path::absolute(path).ok().and_then(|whole| whole.parent().map(Path::to_owned)),
            None => None,
        };
        let root = root.unwrap_or_else(|| here.clone());
        let policies = texts.policies(project.as_ref(), &root)?;
        let flags = Flags {
            select: (!command.select.is_empty()).then(|| command.select.clone()),
            ignore: command.ignore.clone(),
            level: command.level,
            fail_on: command.fail_on,
        };
        let table = project.as_ref().and_then(|project| project.lint.as_ref());
        let (settings, findings) = Settings::new(user.as_ref(), table, policies, &flags)
            .map_err(|error| Failure::new(error.to_string()).help("`redisconf rules` lists rules and groups"))?;
        texts.findings.extend(findings);
        let baseline_path = match (&command.baseline, settings.baseline()) {
            (Some(path), _) => path.clone(),
            (None, Some(named)) => root.join(&named.value),
            (None, None) => root.join(BASELINE_FILE),
        };
        let is_named = command.baseline.is_some() || settings.baseline().is_some();
        let baseline = texts.baseline(&baseline_path, is_named, command.write_baseline)?;
        texts.tell(terminal)?;
        let baseline = baseline.map(Mutex::new);
        Ok(Self {
            settings,
            project: path,
            sources: texts.sources,
            root,
            here,
            today: crate::cli::clock::today(),
            baseline,
            baseline_path,
        })
    }

    /// A path as settings and baselines know it.
    pub(super) fn relative(&self, path: &Path) -> PathBuf {
        let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
        if self.root == self.here && path.components().all(is_plain) {
            return path.to_owned();
        }
        let whole = std::path::absolute(self.here.join(path)).unwrap_or_else(|_| path.to_owned());
        whole.strip_prefix(&self.root).map_or(whole.clone(), Path::to_owned)
    }
}

/// The settings that hold here for what is no file, such as a running server. What is wrong with them is said at once; an
/// error ends the run.
pub(in super::super) fn settings_here(
    config: Option<&Path>,
    no_config: bool,
    flags: &Flags,
    terminal: &mut Terminal,
) -> Result<Settings, Failure> {
    let mut texts = Texts::default();
    let nearest = || nearest(&std::path::absolute(".").unwrap_or_default());
    let path = if no_config { None } else { config.map(Path::to_owned).or_else(nearest) };
    let path = path.map(|path| if path.is_dir() { path.join(PROJECT_FILE) } else { path });
    let project = path.as_deref().map(|path| texts.project(path)).transpose()?;
    let user = if no_config { None } else { texts.user()? };
    let table = project.as_ref().and_then(|project| project.lint.as_ref());
    let (settings, findings) = Settings::new(user.as_ref(), table, Policies::default(), flags)
        .map_err(|error| Failure::new(error.to_string()).help("`redisconf rules` lists rules and groups"))?;
    texts.findings.extend(findings);
    texts.tell(terminal)?;
    Ok(settings)
}

impl Texts {
    fn project(&mut self, path: &Path) -> Result<Project, Failure> {
        let id = self.sources.add(Name::File(path.to_owned()), read_file(path)?);
        let (project, findings) = project::read_settings(&self.sources, id);
        self.findings.extend(findings);
        Ok(project)
    }

    /// The user's own settings, if there are any.
    fn user(&mut self) -> Result<Option<LintTable>, Failure> {
        let folder = std::env::var_os("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let folder = folder.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".config")));
        let Some(path) = folder.map(|folder| folder.join("redisconf/config.toml")).filter(|path| path.is_file()) else {
            return Ok(None);
        };
        let id = self.sources.add(Name::File(path.clone()), read_file(&path)?);
        let (table, findings) = settings::read_user(&self.sources, id);
        self.findings.extend(findings);
        Ok(Some(table))
    }

    /// The policies of the project file, and those of the files that it names.
    fn policies(&mut self, project: Option<&Project>, root: &Path) -> Result<Policies, Failure> {
        let Some(project) = project else { return Ok(Policies::default()) };
        let mut tables = project.policies.clone();
        for named in project.lint.iter().flat_map(|table| &table.policy) {
            let path = root.join(&named.value);
            let id = self.sources.add(Name::File(path.clone()), read_file(&path)?);
            let (more, findings) = settings::read_policies(&self.sources, id);
            self.findings.extend(findings);
            tables.extend(more);
        }
        let environments: Vec<&str> =
            project.environments.iter().map(|environment| environment.name.value.as_str()).collect();
        let (policies, findings) = Policies::new(tables, &self.sources, &environments);
        self.findings.extend(findings);
        Ok(policies)
    }

    fn baseline(&mut self, path: &Path, is_named: bool, writes: bool) -> Result<Option<Baseline>, Failure> {
        if !path.is_file() {
            if is_named && !writes {
                return Err(Failure::new(format!("there is no baseline `{}`", path.display()))
                    .help("write one: `--write-baseline`"));
            }
            return Ok(None);
        }
        let id = self.sources.add(Name::File(path.to_owned()), read_file(path)?);
        match Baseline::read(&self.sources, id) {
            Ok(baseline) => Ok(Some(baseline)),
            Err(finding) => {
                self.findings.push(*finding);
                Ok(None)
            }
        }
    }

    /// Says what is wrong with the settings. With an error in them nobody knows what was meant, and nothing is judged.
    fn tell(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let visible = Visible::pointing_at(&self.findings);
        let text = report::human(&self.findings, &self.sources, &visible, terminal.err_look);
        terminal.note(&text)?;
        if self.findings.iter().any(|finding| finding.severity >= Severity::Error) {
            return Err(Failure::new("the settings are wrong, so nothing was judged")
                .help("correct them, or go on without: `--no-config`"));
        }
        Ok(())
    }
}

/// The nearest project file, in the working directory or above it, as far up as the working tree reaches.
fn nearest(here: &Path) -> Option<PathBuf> {
    for folder in here.ancestors() {
        let path = folder.join(PROJECT_FILE);
        if path.is_file() {
            return Some(path);
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}
