//! `redisconf diff` over a project: two folders, or the project as it is and as it was in a git revision.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::Exit;
use super::super::args::{Diff, Global};
use super::super::failure::Failure;
use super::super::project::{find, instance_setup, problems};
use super::super::revision::Revision;
use super::super::setup::failed;
use super::super::subject::Subject;
use super::super::terminal::Terminal;
use super::{format, line};
use crate::config::fleet::{self, Fleet, PROJECT_FILE};
use crate::plan::{Comparison, Impact, Relation, Side, between};
use crate::report::lint::Format;
use crate::report::{self, DifferenceLine, InstanceLine, Look, Radius, RadiusCounts};
use crate::source::{Disk, Files};

/// Whether the arguments speak of projects.
pub(super) fn is_asked(command: &Diff) -> bool {
    let sides = [command.from.as_deref(), command.to.as_deref()];
    command.since.is_some() || sides.into_iter().flatten().any(|name| project_file(name).is_some())
}

/// The project file that a name means: itself, or the one in the folder.
#[expect(clippy::disallowed_methods, reason = "the front end looks for files")]
fn project_file(name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.is_dir() {
        return Some(path.join(PROJECT_FILE));
    }
    (path.file_name().is_some_and(|file| file == PROJECT_FILE)).then(|| path.to_owned())
}

pub(super) fn run(command: &Diff, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let format = format(global)?;
    if command.server.is_some() || command.to_server.is_some() {
        return Err(Failure::new("in a project each instance names its own version")
            .help("leave out `--server` and `--to-server`"));
    }
    let layers = &command.layers;
    if !(layers.files.is_empty() && layers.sets.is_empty() && layers.facts.is_empty()) {
        return Err(Failure::new("in a project each instance has its own layers and facts")
            .help("leave out `-f`, `--set` and `--fact`, or compare profiles"));
    }
    let look = terminal.err_look;
    let (from, to, before, after) = if let Some(revision) = &command.since {
        let path = find(command.reach.project.as_deref())?;
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let then = Revision::open(revision, &folder)?;
        let from = format!("{revision} (commit {})", then.commit);
        (from, "the working tree".to_owned(), State::of(&path, &then, look)?, State::of(&path, &Disk, look)?)
    } else {
        let (Some(from), Some(to)) = (&command.from, &command.to) else {
            return Err(Failure::new("name the other state of the project, too")
                .help("two folders, `redisconf diff OLD NEW`, or a revision: `redisconf diff --since main`"));
        };
        let both = (project_file(from), project_file(to));
        let (Some(one), Some(two)) = both else {
            return Err(
                Failure::new("one is a project, and the other is not").help("name two folders with a `redisconf.toml`")
            );
        };
        (from.clone(), to.clone(), State::of(&one, &Disk, look)?, State::of(&two, &Disk, look)?)
    };
    if let Some(text) = &after.problems {
        terminal.note(text)?;
    }
    let radius = radius(from, to, &before, &after, command)?;
    if format == Format::Json {
        terminal.print(&report::json("diff", &radius))?;
    } else if format == Format::Markdown {
        terminal.print(&radius.markdown())?;
    } else {
        terminal.print(&radius.human(terminal.look))?;
    }
    Ok(if radius.counts.failed > 0 || after.problems.is_some() {
        Exit::Usage
    } else if radius.counts.equal < radius.counts.instances {
        Exit::Found
    } else {
        Exit::Done
    })
}

/// A project at one time.
struct State {
    instances: BTreeMap<String, (Option<String>, Result<Subject, String>)>,
    problems: Option<String>,
}

impl State {
    fn of(path: &Path, files: &dyn Files, look: Look) -> Result<Self, Failure> {
        let fleet = match fleet::open(path, files, env!("CARGO_PKG_VERSION")) {
            Ok(fleet) => fleet,
            // A project that was not there yet had no instances.
            Err(_) if files.read(path).is_err() && Disk.read(path).is_ok() => {
                return Ok(Self { instances: BTreeMap::new(), problems: None });
            }
            Err(error) => return Err(failed(error)),
        };
        Ok(Self { instances: instances(&fleet, files), problems: problems(&fleet, look) })
    }
}

fn instances(fleet: &Fleet, files: &dyn Files) -> BTreeMap<String, (Option<String>, Result<Subject, String>)> {
    let one = |instance: &crate::syntax::project::Instance| {
        let subject = instance_setup(fleet, instance, files, Look::PLAIN);
        let environment = instance.environment.as_ref().map(|name| name.value.clone());
        (instance.name.value.clone(), (environment, subject))
    };
    fleet.project.instances.iter().map(one).collect()
}

fn radius(from: String, to: String, before: &State, after: &State, command: &Diff) -> Result<Radius, Failure> {
    let mut names: Vec<&String> = before.instances.keys().chain(after.instances.keys()).collect();
    names.sort();
    names.dedup();
    let mut instances = Vec::new();
    for name in names {
        let (old, new) = (before.instances.get(name), after.instances.get(name));
        let environment = new.or(old).and_then(|(environment, _)| environment.clone());
        let is_named = command.instance.is_empty() || command.instance.contains(name);
        if is_named && command.reach.env.as_ref().is_none_or(|wanted| environment.as_ref() == Some(wanted)) {
            instances.push(touched(name, environment, old.map(|(_, one)| one), new.map(|(_, one)| one)));
        }
    }
    if instances.is_empty() {
        return Err(Failure::new("neither state of the project has such an instance")
            .help("see `[instance.NAME]` there; `--instance` and `--env` narrow the choice"));
    }
    let count = |wanted: &dyn Fn(&InstanceLine) -> bool| instances.iter().filter(|one| wanted(one)).count();
    let counts = RadiusCounts {
        instances: instances.len(),
        changed: count(&|one| one.status == "changed"),
        restart: count(&|one| one.status == "changed" && one.effect == "restart"),
        live: count(&|one| one.status == "changed" && one.effect == "live"),
        evicting: count(&|one| !one.evicting.is_empty()),
        emptied: count(&|one| one.emptied),
        added: count(&|one| one.status == "added"),
        removed: count(&|one| one.status == "removed"),
        equal: count(&|one| one.status == "equal"),
        failed: count(&|one| one.status == "failed"),
    };
    Ok(Radius { from, to, counts, instances })
}

type Result_<'a> = &'a Result<Subject, String>;

fn touched(
    name: &str,
    environment: Option<String>,
    old: Option<Result_<'_>>,
    new: Option<Result_<'_>>,
) -> InstanceLine {
    let server = |side: Option<Result_<'_>>| side?.as_ref().ok().map(|subject| subject.setup.server.name());
    let mut line = InstanceLine {
        name: name.to_owned(),
        environment,
        status: "equal",
        effect: "none",
        from_server: server(old),
        to_server: server(new),
        evicting: Vec::new(),
        emptied: false,
        differences: Vec::new(),
        one_sided: Vec::new(),
        others: Vec::new(),
        message: None,
    };
    match (old, new) {
        (_, Some(Err(message))) => {
            line.status = "failed";
            line.message = Some(message.clone());
        }
        (None, Some(Ok(_))) => line.status = "added",
        (_, None) => line.status = "removed",
        (Some(Err(_)), Some(Ok(_))) => {
            line.status = "changed";
            line.message = Some("it had errors before, so that nothing can be compared".into());
        }
        (Some(Ok(old)), Some(Ok(new))) => compared(&mut line, old, new),
    }
    line
}

fn compared(line: &mut InstanceLine, old: &Subject, new: &Subject) {
    let (from, to) = (&old.setup, &new.setup);
    let found = between(Side { setup: from, dump: None }, Side { setup: to, dump: None });
    let impact = Impact::of(from, to, &found);
    let of = |relation: Relation| rows(old, new, &found, relation);
    line.differences = of(Relation::Different);
    line.one_sided = of(Relation::OneSided);
    line.others = of(Relation::NotCompared);
    if found.differs() || !impact.restart.is_empty() {
        line.status = "changed";
        line.effect = if impact.restart.is_empty() { "live" } else { "restart" };
        line.evicting = impact.evicting;
        line.emptied = impact.empties;
    }
}

fn rows(old: &Subject, new: &Subject, found: &Comparison, relation: Relation) -> Vec<DifferenceLine> {
    let rows = found.rows.iter().filter(|row| row.relation == relation);
    rows.map(|row| line(&old.setup, &new.setup, row)).collect()
}
