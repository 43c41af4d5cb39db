//! `redisconf lint`: finds mistakes in configurations, and mends them.
//!
//! Files are judged in portions, in parallel, and reported in the order of their paths; what was reported is forgotten, so
//! that a run over many files needs little memory.

mod difference;
mod mend;
mod outputs;
mod past;
mod place;
mod roots;
mod subject;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::Exit;
use super::args::{Global, Lint};
use super::failure::Failure;
use super::subject::unreadable;
use super::terminal::{Terminal, read_stdin};
use super::walk::{Exclude, Found, walk};
use super::write::{Written, write};
use crate::config::Visible;
use crate::facts::Facts;
use crate::finding::{Finding, Safety, Severity};
use crate::lint::{self, Rule};
use crate::render::Artefact;
use crate::report::lint::{Detail, Examined, Fate, FileReport, Format, Settings, Summary};
use crate::report::{self, Look};
use crate::source::{Disk, Files as _, Name};
use crate::syntax::lower::Lowering;

use difference::Hidden;
use mend::{Mended, mend};
use outputs::Outputs;
use past::Past;
use place::Places;
use subject::{Context, Judged};

/// Files are judged in portions of this many, so that results can be printed and forgotten.
const PORTION: usize = 256;

/// What became of a file.
enum Looked {
    /// It is no configuration.
    NotOurs,
    /// It could not be read or judged, and why.
    Failed(Failure),
    /// Its configurations, judged, the worst that was found, and what fixes made of its text.
    Judged { reports: Vec<FileReport>, worst: Option<Severity>, change: Option<Change> },
}

/// What fixes made of a text.
struct Change {
    mended: Mended,
    /// For people; empty unless it was asked for.
    diff: String,
}

/// A text to lint.
enum Input {
    Stdin(Name, Vec<u8>),
    File(Found),
}

impl Input {
    fn name(&self) -> Name {
        match self {
            Self::Stdin(name, _) => name.clone(),
            Self::File(found) => Name::File(found.path.clone()),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Stdin(name, _) => name.to_string(),
            Self::File(found) => report::shown_path(&found.path, Path::new("")),
        }
    }

    fn read(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Stdin(_, text) => Ok(text.clone()),
            Self::File(found) => Disk.read(&found.path).map_err(unreadable),
        }
    }
}

pub(super) fn run(command: &Lint, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let facts = super::setup::facts_of_flags(&command.facts)?;
    let past = Past::of(&command.previous)?;
    let chosen = |_: &Rule| true;
    let context = Context {
        server: command.server,
        facts: &facts,
        past: past.as_ref(),
        chosen: &chosen,
        files: &Disk,
        mends: command.fix || command.unsafe_fixes || command.diff,
    };
    let inputs = inputs(command)?;
    if inputs.is_empty() {
        return nothing(command, terminal);
    }
    let level = command.level.unwrap_or(Severity::Warning);
    let fail_on = command.fail_on.unwrap_or(Severity::Error);
    let settings = Settings { look: terminal.look, quiet: global.quiet, fail_on, prefix: place::prefix() };
    let formats: Vec<Format> = global.output_format.iter().map(|output| output.format).collect();
    let formats = if formats.is_empty() { vec![Format::Human] } else { formats };
    let detail = Detail { suppressed: command.show_suppressed, ..Detail::of(formats, terminal.look) };
    let included: BTreeSet<PathBuf> = inputs.par_iter().flat_map_iter(included_by).collect();
    let folder = place::here();
    let run = Run { command, context, included, places: Places::default(), look: terminal.look, level, detail, folder };
    let mut outputs = Outputs::open(&global.output_format, &settings)?;
    outputs.begin(terminal)?;
    let mut summary = Summary::new(level);
    let mut ended = Ended::default();
    for portion in inputs.chunks(PORTION) {
        let looked: Vec<Looked> = portion.par_iter().map(|input| run.guarded(input)).collect();
        for (input, looked) in portion.iter().zip(looked) {
            match looked {
                Looked::NotOurs => {}
                Looked::Failed(failure) => {
                    ended.failed = true;
                    summary.skip(input.shown(), failure.message());
                    terminal.complain(&failure)?;
                }
                Looked::Judged { reports, worst, change } => {
                    ended.worst = ended.worst.max(worst);
                    for report in &reports {
                        summary.add(report);
                    }
                    outputs.files(&reports, terminal)?;
                    if let Some(change) = change {
                        ended.mended |= run.carry_out(input, &change, terminal)?;
                    }
                }
            }
        }
    }
    let paths: Vec<String> = command.paths.iter().map(|path| path.display().to_string()).collect();
    summary.suggest(&paths.join(" "));
    outputs.end(&summary, terminal)?;
    Ok(ended.exit(command, fail_on))
}

/// How a run ended.
#[derive(Default)]
struct Ended {
    worst: Option<Severity>,
    failed: bool,
    mended: bool,
}

impl Ended {
    fn exit(&self, command: &Lint, fail_on: Severity) -> Exit {
        let found = self.worst >= Some(fail_on) && !command.exit_zero;
        match () {
            () if self.failed => Exit::Usage,
            () if found || (self.mended && command.exit_non_zero_on_fix) => Exit::Found,
            () => Exit::Done,
        }
    }
}

/// What the arguments name.
fn inputs(command: &Lint) -> Result<Vec<Input>, Failure> {
    let here = [PathBuf::from(".")];
    let paths: &[PathBuf] = if command.paths.is_empty() { &here } else { &command.paths };
    let (stdin, paths): (Vec<&PathBuf>, Vec<&PathBuf>) = paths.iter().partition(|path| *path == Path::new("-"));
    let mut inputs = Vec::new();
    if !stdin.is_empty() {
        let name = command.stdin_filename.clone().map_or(Name::Stdin, Name::File);
        inputs.push(Input::Stdin(name, read_stdin()?));
    }
    let paths: Vec<PathBuf> = paths.into_iter().cloned().collect();
    let plausible = |path: &Path| path.extension().is_some_and(|extension| extension == "conf");
    inputs.extend(walk(&paths, &Exclude::default(), plausible)?.into_iter().map(Input::File));
    Ok(inputs)
}

/// No file was found: a mistake, unless it is allowed.
fn nothing(command: &Lint, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.allow_empty {
        terminal.note("no configuration was found\n")?;
        return Ok(Exit::Done);
    }
    Err(Failure::new("no configuration was found").help("name a file or another folder, or allow it: `--allow-empty`"))
}

/// The files that a file includes.
fn included_by(input: &Input) -> Vec<PathBuf> {
    match input {
        Input::Stdin(..) => Vec::new(),
        Input::File(found) => {
            Disk.read(&found.path).map(|text| roots::included(&found.path, &text)).unwrap_or_default()
        }
    }
}

/// What the server does, as data.
fn verdict_line(verdict: &lint::Verdict) -> report::Verdict {
    match verdict {
        lint::Verdict::Starts => report::Verdict::STARTS,
        lint::Verdict::Stops { stage, words } => super::subject::stops(*stage, words),
    }
}

/// What holds for all files.
struct Run<'a> {
    command: &'a Lint,
    context: Context<'a>,
    included: BTreeSet<PathBuf>,
    places: Places,
    look: Look,
    level: Severity,
    detail: Detail,
    folder: PathBuf,
}

impl Run<'_> {
    /// Looks at one file; what goes wrong in us there does not end the run.
    fn guarded(&self, input: &Input) -> Looked {
        let looked = catch_unwind(AssertUnwindSafe(|| self.look_at(input)));
        looked.unwrap_or_else(|_| {
            let message = format!("`{}` could not be judged: a mistake in redisconf", input.shown());
            Looked::Failed(Failure::new(message).help("report it, with the file if it may be shown"))
        })
    }

    fn look_at(&self, input: &Input) -> Looked {
        if let Input::File(found) = input
            && !found.named
            && roots::is_included(&found.path, &self.included)
        {
            return Looked::NotOurs;
        }
        let text = match input.read() {
            Ok(text) => text,
            Err(failure) => return Looked::Failed(failure),
        };
        let name = input.name();
        let around = match input {
            Input::Stdin(..) => Facts::default(),
            Input::File(found) => self.places.facts(&found.path),
        };
        if let Name::File(path) = &name
            && path.extension().is_some_and(|extension| extension == "toml")
        {
            return match self.context.profile(&path.to_string_lossy()) {
                Ok(judged) => self.reported(input, vec![judged], None),
                Err(why) => Looked::Failed(Failure::new(why)),
            };
        }
        let judge = |text: &[u8]| vec![self.context.conf(&name, text, &around)];
        if !self.context.mends {
            return self.reported(input, judge(&text), None);
        }
        let most = if self.command.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
        let mended = mend(&text, &judge, most, &|_, _| true);
        let after = judge(&mended.text);
        let mut diff = String::new();
        if self.command.diff && mended.text != text {
            let mut hidden = Hidden::default();
            hidden.learn(&judge(&text));
            hidden.learn(&after);
            diff = difference::diff(&input.shown(), &text, &mended.text, &hidden, self.look);
        }
        self.reported(input, after, Some(Change { mended, diff }))
    }

    /// Cuts the results loose from their texts.
    fn reported(&self, input: &Input, judged: Vec<Judged>, change: Option<Change>) -> Looked {
        let path: Arc<str> = input.shown().into();
        let mut worst = None;
        let reports = judged.into_iter().map(|one| self.report(&path, one, &mut worst)).collect();
        Looked::Judged { reports, worst, change }
    }

    fn report(&self, path: &Arc<str>, judged: Judged, worst: &mut Option<Severity>) -> FileReport {
        let Judged { reading, view, inspection, server, visible, anchor, title, .. } = judged;
        let lint::Inspection { findings, verdict, silent } = inspection;
        let visible = match visible {
            Some(visible) => visible,
            None if self.detail.needs_visible() => {
                let shown = findings.iter().filter(|finding| finding.severity >= self.level);
                Visible::near(&reading, view, shown.flat_map(Finding::places))
            }
            None => Visible::default(),
        };
        let mut lowering: Option<Lowering<'_>> = None;
        let examined = Examined {
            path: Arc::clone(path),
            folder: &self.folder,
            title,
            server,
            verdict: verdict_line(&verdict),
            findings,
            suppressed: Vec::new(),
            silent,
            sources: &reading.sources,
            visible: &visible,
            view,
            anchor,
        };
        examined.report(
            &self.detail,
            |fix| lowering.get_or_insert_with(|| Lowering::of(&reading)).lower(fix),
            |finding, _| {
                *worst = (*worst).max(Some(finding.severity));
                if finding.severity >= self.level { Fate::Shown } else { Fate::Hidden }
            },
        )
    }

    /// Writes a mended file, or shows what would be written.
    fn carry_out(&self, input: &Input, change: &Change, terminal: &mut Terminal) -> Result<bool, Failure> {
        if let Some(reason) = &change.mended.given_up {
            terminal.note(&format!("{}: {reason}\n", input.shown()))?;
        }
        if self.command.diff {
            terminal.print(&change.diff)?;
            return Ok(false);
        }
        match input {
            Input::Stdin(..) => {
                terminal.print_bytes(&change.mended.text)?;
                Ok(change.mended.fixes > 0)
            }
            Input::File(found) => {
                let artefact =
                    Artefact { path: found.path.clone(), text: change.mended.text.clone(), mode: None, secret: true };
                Ok(change.mended.fixes > 0 && write(&found.path, &artefact)? == Written::Changed)
            }
        }
    }
}
