//! `redisconf render`: artefacts of one profile or file, or of a whole project.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, Global, Render};
use super::failure::Failure;
use super::subject::Subject;
use super::terminal::Terminal;
use super::write::{Written, existing, write};
use super::{Exit, project, secrets, setup};
use crate::finding::Finding;
use crate::render::stale::{Effect, stale};
use crate::render::{self, Artefact, Options, Rendered, entry};
use crate::report::{self, Role};
use crate::source::{Name, Sources, Span};
use crate::syntax::profile::Spanned;
use crate::syntax::tree::Node;

pub(super) fn run(command: &Render, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.profile.profile.is_none() {
        return project::render(command, global, terminal);
    }
    let subject = setup::read(&command.profile)?;
    subject.note(|_| true, &Global { quiet: true, ..global.clone() }, terminal)?;
    if !subject.is_sound() {
        return Ok(Exit::Found);
    }
    let options = options(command)?;
    let known = secrets::at_hand(&subject.setup);
    let rendered = match render::render(&subject.setup, &options, &known) {
        Ok(rendered) => rendered,
        Err(findings) => return refused(&findings, &subject, terminal),
    };
    if !global.quiet {
        notes(&subject, &rendered, terminal)?;
    }
    match (&command.output, command.check) {
        (None, true) => {
            Err(Failure::new("`--check` compares with files, and none is named").help("name one with `--output`"))
        }
        (None, false) => to_stdout(&rendered, global, terminal),
        (Some(output), true) => check(&subject, &rendered, output, global, terminal),
        (Some(output), false) => to_files(&rendered, output, global, terminal),
    }
}

/// The choices that flags make, read by the same code as a project's.
fn options(command: &Render) -> Result<Options, Failure> {
    let mut sources = Sources::new();
    let mut text = |flag: &str, value: &str| {
        let source = sources.add(Name::Flag(format!("--{flag}")), value.as_bytes());
        let end = u32::try_from(value.len()).expect("arguments are short");
        let at = Span { source, start: 0, end };
        (Spanned::new(flag.to_owned(), at), Spanned::new(Node::Text(value.to_owned()), at))
    };
    let target = entry::target(&Spanned::new(command.target.clone(), text("target", &command.target).0.at))
        .map_err(|finding| Failure::new(finding.message).help(finding.help.unwrap_or_default()))?;
    let given = [
        ("chart", &command.chart),
        ("failover", &command.failover),
        ("image", &command.image),
        ("name", &command.name),
        ("replicas", &command.replicas),
        ("roll-on", &command.roll_on),
        ("secret-directory", &command.secret_directory),
        ("secrets", &command.secrets),
        ("under", &command.under),
        ("volume", &command.volume),
        ("workload", &command.workload),
    ];
    let choices: Vec<_> =
        given.into_iter().filter_map(|(flag, value)| value.as_ref().map(|value| text(flag, value))).collect();
    let mut options = entry::options(target, &choices).map_err(|findings| {
        let first = findings.into_iter().next().expect("an error has a finding");
        Failure::new(first.message).help(first.help.unwrap_or_default())
    })?;
    if options.under.is_some() {
        let Some(path) = command.output.as_ref().or(command.into.as_ref()) else {
            return Err(Failure::new("`--under` needs the values file that holds the key")
                .help("name it with `--output` to change it, or with `--into` to print the result"));
        };
        options.existing = existing(path)?;
    }
    Ok(options)
}

/// Prints why nothing was rendered.
pub(super) fn refused(findings: &[Finding], subject: &Subject, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let text = subject.human(findings, terminal.err_look);
    terminal.note(&text)?;
    Ok(Exit::Found)
}

fn notes(subject: &Subject, rendered: &Rendered, terminal: &mut Terminal) -> Result<(), Failure> {
    let look = terminal.err_look;
    let word = look.paint(Role::Aside, "note");
    let left_out = subject.setup.left_out.iter().map(|l| format!("`{}` is left out: {}", l.name, l.reason));
    let text: String = left_out.chain(rendered.notes.iter().cloned()).map(|note| format!("{word}: {note}\n")).collect();
    terminal.note(&text)
}

#[derive(Serialize)]
struct File<'a> {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    secret: bool,
}

#[derive(Serialize)]
struct Files<'a> {
    artefacts: Vec<File<'a>>,
    notes: &'a [String],
}

/// The main artefact goes to standard output; what belongs beside it needs files.
fn to_stdout(rendered: &Rendered, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (main, beside) = rendered.artefacts.split_first().expect("a rendering has an artefact");
    if global.format() == Format::Json {
        let file = |artefact: &Artefact| File {
            path: artefact.path.display().to_string(),
            text: (!artefact.secret).then(|| String::from_utf8_lossy(&artefact.text).into_owned()),
            status: None,
            secret: artefact.secret,
        };
        let files = Files { artefacts: rendered.artefacts.iter().map(file).collect(), notes: &rendered.notes };
        terminal.print(&report::json("render", &files))?;
        return Ok(Exit::Done);
    }
    if main.secret || beside.iter().any(|artefact| artefact.secret) {
        let names: Vec<String> = rendered.artefacts.iter().map(|a| format!("`{}`", a.path.display())).collect();
        return Err(Failure::new(format!("secrets are not printed: this makes {}", names.join(", ")))
            .help("write files with `--output FOLDER/`"));
    }
    terminal.print_bytes(&main.text)?;
    for artefact in beside {
        terminal.note(&format!(
            "note: `{}` belongs beside it; write both with `--output FOLDER/`\n",
            artefact.path.display()
        ))?;
    }
    Ok(Exit::Done)
}

/// Where each artefact goes: into a folder under its own name, or the main one to the named file.
#[expect(clippy::disallowed_methods, reason = "the front end looks for files")]
fn places<'a>(rendered: &'a Rendered, output: &Path) -> Vec<(PathBuf, &'a Artefact)> {
    let folder = output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/");
    let beside = if folder { output } else { output.parent().unwrap_or_else(|| Path::new("")) };
    rendered
        .artefacts
        .iter()
        .enumerate()
        .map(|(index, artefact)| {
            let place = if index == 0 && !folder { output.to_owned() } else { beside.join(&artefact.path) };
            (place, artefact)
        })
        .collect()
}

fn to_files(rendered: &Rendered, output: &Path, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut files = Vec::new();
    for (path, artefact) in places(rendered, output) {
        let status = match write(&path, artefact)? {
            Written::Created => "created",
            Written::Changed => "changed",
            Written::Unchanged => "unchanged",
        };
        files.push(File {
            path: path.display().to_string(),
            text: None,
            status: Some(status),
            secret: artefact.secret,
        });
    }
    match global.format() {
        Format::Json => terminal.print(&report::json("render", &Files { artefacts: files, notes: &rendered.notes }))?,
        Format::Human if global.quiet => {}
        Format::Human => {
            let lines: String =
                files.iter().map(|f| format!("{:<9}  {}\n", f.status.unwrap_or_default(), f.path)).collect();
            terminal.note(&lines)?;
        }
    }
    Ok(Exit::Done)
}

/// Compares with what is on disk; nothing is written.
fn check(
    subject: &Subject,
    rendered: &Rendered,
    output: &Path,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for (path, artefact) in places(rendered, output) {
        all.push(Checked::of(&path, artefact, subject, None)?);
    }
    project::report_checked(&all, &[], "render", global, terminal)
}

/// An artefact held against the disk.
#[derive(Serialize)]
pub(super) struct Checked {
    /// The instance, in a project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) instance: Option<String>,
    /// The server, for people.
    #[serde(skip)]
    pub(super) server: String,
    pub(super) path: String,
    /// `current`, `stale` or `missing`.
    pub(super) status: &'static str,
    /// `none`, `live` or `restart`.
    pub(super) effect: &'static str,
    pub(super) causes: Vec<CauseLine>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) diff: String,
}

/// Who changed a directive.
#[derive(Serialize)]
pub(super) struct CauseLine {
    pub(super) directive: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) was: Option<String>,
}

impl Checked {
    /// Compares one file.
    pub(super) fn of(
        path: &Path,
        artefact: &Artefact,
        subject: &Subject,
        instance: Option<&str>,
    ) -> Result<Self, Failure> {
        let setup = &subject.setup;
        let mut checked = Self {
            instance: instance.map(str::to_owned),
            server: setup.server.to_string(),
            path: path.display().to_string(),
            status: "current",
            effect: Effect::None.word(),
            causes: Vec::new(),
            diff: String::new(),
        };
        let Some(old) = existing(path)? else {
            checked.status = "missing";
            checked.effect = Effect::Restart.word();
            return Ok(checked);
        };
        if old == artefact.text {
            return Ok(checked);
        }
        let stale = stale(setup, &old, &artefact.text);
        checked.status = "stale";
        checked.effect = stale.effect.word();
        checked.diff = if artefact.secret { String::new() } else { stale.diff };
        let layer = |index: usize| setup.layers.get(index).map(|layer| layer.name.clone());
        checked.causes = stale
            .causes
            .iter()
            .map(|cause| CauseLine {
                directive: cause.directive.name(),
                at: cause.at.map(|at| setup.reading.sources.locate(at)),
                was: cause.beaten.last().copied().and_then(layer),
            })
            .collect();
        Ok(checked)
    }
}
