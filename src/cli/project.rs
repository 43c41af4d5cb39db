//! A whole project: every instance, every artefact.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};
use serde::Serialize;

use super::args::{Format, Global, Render};
use super::failure::Failure;
use super::render::Checked;
use super::server::Chosen;
use super::subject::Subject;
use super::terminal::Terminal;
use super::write::{Written, existing, write};
use super::{Exit, secrets, setup};
use crate::config::Visible;
use crate::config::fleet::{self, Fleet, PROJECT_FILE};
use crate::config::layers::{load, merge};
use crate::finding::{Finding, Severity};
use crate::render::{self, Artefact, entry};
use crate::report::{self, Look, Role};
use crate::source::{Disk, Files};
use crate::syntax::project::Instance;

/// Renders, or checks, what the project file lists.
pub(super) fn render(command: &Render, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let path = find(command.project.as_deref())?;
    let fleet = fleet::open(&path, &Disk, env!("CARGO_PKG_VERSION")).map_err(setup::failed)?;
    if let Some(text) = problems(&fleet, terminal.err_look) {
        terminal.note(&text)?;
        return Ok(Exit::Found);
    }
    let chosen: Vec<&Instance> = fleet.project.instances.iter().filter(|i| is_wanted(i, command)).collect();
    if chosen.is_empty() {
        return Err(Failure::new(format!("`{}` has no such instance", path.display()))
            .help("see `[instance.NAME]` there; `--instance` and `--env` narrow the choice"));
    }
    // Umbrella files are shared: their blocks are put in one after the other, on what the one before made.
    let results: Vec<Result<Made, Trouble>> =
        chosen.par_iter().map(|instance| make(&fleet, instance, terminal.err_look)).collect();
    let mut made = Vec::new();
    let mut failed = Vec::new();
    for (instance, result) in chosen.iter().zip(results) {
        match result {
            Ok(one) => made.push(one),
            Err(text) => failed.push(Failed { instance: instance.name.value.clone(), text: text.0 }),
        }
    }
    let names: Vec<String> = made.iter().map(|one| one.name.clone()).collect();
    let mut pending: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    let mut files: Vec<(usize, PathBuf, Artefact)> = Vec::new();
    let mut owners: HashMap<PathBuf, usize> = HashMap::new();
    for (index, one) in made.iter_mut().enumerate() {
        for (place, artefact) in std::mem::take(&mut one.files) {
            if let Some(owner) = owners.insert(place.clone(), index) {
                let (other, this) = (&names[owner], &names[index]);
                return Err(Failure::new(format!(
                    "`{}` is rendered twice, for {other} and for {this}",
                    place.display()
                ))
                .help("give each artefact a file of its own, or `under` different keys of one values file"));
            }
            files.push((index, place, artefact));
        }
    }
    for (index, one) in made.iter().enumerate() {
        for block in &one.blocks {
            let current = match pending.get(&block.place) {
                Some(text) => Some(text.clone()),
                None => existing(&block.place)?,
            };
            let options = render::Options { existing: current, ..block.options.clone() };
            match render::render(&one.subject.setup, &options, &secrets::at_hand(&one.subject.setup)) {
                Ok(rendered) => {
                    let main = rendered.artefacts.into_iter().next().expect("a rendering has an artefact");
                    pending.insert(block.place.clone(), main.text.clone());
                    files.retain(|(_, place, _)| *place != block.place);
                    files.push((index, block.place.clone(), main));
                }
                Err(findings) => failed
                    .push(Failed { instance: one.name.clone(), text: one.subject.human(&findings, terminal.err_look) }),
            }
        }
    }
    if command.check {
        check(&made, &files, &failed, global, terminal)
    } else {
        write_all(&made, &files, &failed, global, terminal)
    }
}

/// The project file: the named one, or the nearest above the working directory.
#[expect(clippy::disallowed_methods, reason = "the front end looks for files")]
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf, Failure> {
    if let Some(path) = named {
        return Ok(if path.is_dir() { path.join(PROJECT_FILE) } else { path.to_owned() });
    }
    let here = std::path::absolute(".")
        .map_err(|error| Failure::new(format!("cannot tell the working directory: {error}")))?;
    let mut relative = PathBuf::new();
    for folder in here.ancestors() {
        if folder.join(PROJECT_FILE).is_file() {
            return Ok(relative.join(PROJECT_FILE));
        }
        relative.push("..");
    }
    Err(Failure::new(format!("there is no `{PROJECT_FILE}` here or above"))
        .help("name a profile (`redisconf profiles` lists them), or start a project with `redisconf init`"))
}

fn is_wanted(instance: &Instance, command: &Render) -> bool {
    let named = command.instance.is_empty() || command.instance.contains(&instance.name.value);
    let environment = instance.environment.as_ref().map(|e| e.value.as_str());
    named && command.env.as_deref().is_none_or(|wanted| environment == Some(wanted))
}

/// What is wrong with the project itself.
pub(super) fn problems(fleet: &Fleet, look: Look) -> Option<String> {
    if fleet.problems.is_empty() {
        return None;
    }
    Some(
        fleet
            .problems
            .iter()
            .map(|(sources, findings)| {
                let visible = Visible::of_project(findings, &fleet.hidden_in(sources));
                report::human(findings, sources, &visible, look)
            })
            .collect(),
    )
}

/// A block of an umbrella chart's values, still to be put in.
struct Block {
    place: PathBuf,
    options: render::Options,
}

/// An instance with its artefacts.
struct Made {
    name: String,
    subject: Subject,
    files: Vec<(PathBuf, Artefact)>,
    blocks: Vec<Block>,
}

/// Why an instance could not be made, ready to print.
struct Trouble(String);

#[derive(Serialize)]
struct Failed {
    instance: String,
    #[serde(rename = "message")]
    text: String,
}

/// An instance with all its layers, for its version; what is wrong with it comes back as text.
pub(super) fn instance_setup(
    fleet: &Fleet,
    instance: &Instance,
    files: &dyn Files,
    look: Look,
) -> Result<Subject, String> {
    let name = &instance.name.value;
    let stack = load(&fleet.request(instance), files).map_err(|error| format!("error: instance {name}: {error}\n"))?;
    let server = instance.server.as_ref().map(|server| server.value).or_else(|| stack.default_server());
    let Some(server) = server else {
        return Err(format!("error: instance {name} names no server version: add `server = \"redis-7.4\"`\n"));
    };
    let chosen = Chosen { server, because: format!("instance {name}") };
    let subject = Subject::of_setup(merge(stack, server), &chosen);
    if !subject.is_sound() {
        let errors: Vec<Finding> =
            subject.all_findings().iter().filter(|f| f.severity >= Severity::Error).cloned().collect();
        return Err(subject.human(&errors, look));
    }
    Ok(subject)
}

fn make(fleet: &Fleet, instance: &Instance, look: Look) -> Result<Made, Trouble> {
    let name = &instance.name.value;
    let subject = instance_setup(fleet, instance, &Disk, look).map_err(Trouble)?;
    let known = secrets::at_hand(&subject.setup);
    let (mut files, mut blocks, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    for wanted in &instance.render {
        let options = entry::target(&wanted.target).map_err(|finding| vec![finding]);
        let options = options.and_then(|target| entry::options(target, &wanted.options));
        let place = fleet.folder.join(&wanted.to.value);
        match options {
            Err(findings) => wrong.extend(findings),
            Ok(options) => {
                let options =
                    render::Options { resource_name: options.resource_name.or_else(|| Some(name.clone())), ..options };
                if options.under.is_some() {
                    blocks.push(Block { place, options });
                    continue;
                }
                match render::render(&subject.setup, &options, &known) {
                    Ok(rendered) => files.extend(placed(rendered.artefacts, &place)),
                    Err(findings) => wrong.extend(findings),
                }
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Trouble(subject.human(&wrong, look)));
    }
    Ok(Made { name: name.clone(), subject, files, blocks })
}

/// The main artefact goes where the entry says, the others beside it.
fn placed(artefacts: Vec<Artefact>, place: &Path) -> impl Iterator<Item = (PathBuf, Artefact)> {
    let folder = place.parent().map(Path::to_owned).unwrap_or_default();
    let place = place.to_owned();
    artefacts.into_iter().enumerate().map(move |(index, artefact)| {
        let to = if index == 0 { place.clone() } else { folder.join(&artefact.path) };
        (to, artefact)
    })
}

fn write_all(
    made: &[Made],
    files: &[(usize, PathBuf, Artefact)],
    failed: &[Failed],
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Line<'a> {
        instance: &'a str,
        path: String,
        status: &'static str,
    }
    #[derive(Serialize)]
    struct Result_<'a> {
        artefacts: Vec<Line<'a>>,
        failed: &'a [Failed],
    }
    let mut lines = Vec::new();
    for (index, path, artefact) in files {
        let status = match write(path, artefact)? {
            Written::Created => "created",
            Written::Changed => "changed",
            Written::Unchanged => "unchanged",
        };
        lines.push(Line { instance: &made[*index].name, path: path.display().to_string(), status });
    }
    if global.format() == Format::Json {
        terminal.print(&report::json("render", &Result_ { artefacts: lines, failed }))?;
    } else {
        let unchanged = lines.iter().filter(|line| line.status == "unchanged").count();
        let mut text: String = failed.iter().map(|one| one.text.clone()).collect();
        if !global.quiet {
            let written: Vec<&Line<'_>> = lines.iter().filter(|line| line.status != "unchanged").collect();
            for line in written.iter().take(LISTED) {
                text.push_str(&format!("{:<8} {}  (instance {})\n", line.status, line.path, line.instance));
            }
            if written.len() > LISTED {
                text.push_str(&format!("… and {} more\n", written.len() - LISTED));
            }
            let (written, failed) = (written.len(), failed.len());
            text.push_str(&format!("{written} written · {unchanged} unchanged · {failed} failed\n"));
        }
        terminal.note(&text)?;
    }
    Ok(if failed.is_empty() { Exit::Done } else { Exit::Found })
}

fn check(
    made: &[Made],
    files: &[(usize, PathBuf, Artefact)],
    failed: &[Failed],
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let checked: Result<Vec<Checked>, Failure> = files
        .par_iter()
        .map(|(index, path, artefact)| Checked::of(path, artefact, &made[*index].subject, Some(&made[*index].name)))
        .collect();
    let texts: Vec<String> = failed.iter().map(|one| one.text.clone()).collect();
    report_checked(&checked?, &texts, "render --check", global, terminal)
}

/// How many written files are listed for people; JSON has all.
const LISTED: usize = 20;

/// How many stale artefacts are shown to people; JSON has all.
const SHOWN: usize = 10;

/// Prints the result of a check.
pub(super) fn report_checked(
    all: &[Checked],
    failed: &[String],
    command: &'static str,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    #[derive(Serialize)]
    struct Report<'a> {
        artefacts: &'a [Checked],
        failed: &'a [String],
        stale: usize,
        current: usize,
    }
    let stale: Vec<&Checked> = all.iter().filter(|one| one.status != "current").collect();
    let current = all.len() - stale.len();
    if global.format() == Format::Json {
        terminal.print(&report::json(command, &Report { artefacts: all, failed, stale: stale.len(), current }))?;
    } else {
        let look = terminal.look;
        let mut text: String = stale.iter().take(SHOWN).map(|one| shown(one, &stale, look)).collect();
        if !global.quiet {
            let more = stale.len().saturating_sub(SHOWN);
            let head = if more > 0 {
                format!("{SHOWN} shown of {} stale", stale.len())
            } else {
                format!("{} stale", stale.len())
            };
            text.push_str(&format!("{head} · {current} current · {} failed\n", failed.len()));
            if !stale.is_empty() {
                text.push_str("fix: redisconf render, and commit what it writes\n");
            }
        }
        terminal.note(&failed.concat())?;
        terminal.print(&text)?;
    }
    Ok(if stale.is_empty() && failed.is_empty() { Exit::Done } else { Exit::Found })
}

/// One stale artefact: what changes, who asked for it, what it takes, how far it spreads.
fn shown(one: &Checked, all: &[&Checked], look: Look) -> String {
    let instance = one.instance.as_ref().map(|name| format!("instance {name}, ")).unwrap_or_default();
    let mut text = format!(
        "{:<8} {}  ({instance}{})\n",
        look.paint(Role::Severity(Severity::Warning), one.status),
        look.paint(Role::Place, &one.path),
        one.server
    );
    for line in
        one.diff.lines().filter(|line| !line.starts_with("@@") && !line.starts_with("---") && !line.starts_with("+++"))
    {
        text.push_str(&format!("   {line}\n"));
    }
    for cause in &one.causes {
        let at = cause.at.as_ref().map_or_else(|| "no layer sets it any more".to_owned(), |at| format!("set at {at}"));
        let was = cause.was.as_ref().map(|was| format!(", was {was}")).unwrap_or_default();
        text.push_str(&format!("   {}: {at}{was}\n", cause.directive));
    }
    let effect = match one.effect {
        "live" => "live: CONFIG SET can bring it into force",
        "restart" if one.status == "missing" => "the file is not there yet",
        "restart" => "RESTART",
        _ => "none: only comments or layout differ",
    };
    let others = all.iter().filter(|other| other.path != one.path && shares_cause(one, other)).count();
    let spread =
        if others > 0 { format!(" · the same change reaches {others} other artefacts") } else { String::new() };
    text.push_str(&format!("   effect: {effect}{spread}\n"));
    text
}

fn shares_cause(one: &Checked, other: &Checked) -> bool {
    one.causes.iter().any(|cause| cause.at.is_some() && other.causes.iter().any(|o| o.at == cause.at))
}
