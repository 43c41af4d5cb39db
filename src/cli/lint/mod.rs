//! `redisconf lint`: finds mistakes in configurations, and mends them.
//!
//! Files are judged in portions, in parallel, and reported in the order of their paths; what was reported is forgotten, so
//! that a run over many files needs little memory.

mod baseline;
mod difference;
mod each;
mod fleet;
mod input;
mod instances;
mod judged_as;
mod mend;
mod mounted;
mod outputs;
mod past;
mod place;
mod roots;
pub(super) mod rulebook;
mod subject;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _, ParallelSlice as _};

use super::Exit;
use super::args::{Global, Lint};
use super::failure::Failure;
use super::terminal::Terminal;
use super::write::{Written, write_over};
use crate::config::Visible;
use crate::finding::{Finding, Safety, Severity};
use crate::lint;
use crate::lint::suppress::Entry;
use crate::render::Artefact;
use crate::report::lint::{Detail, Examined, Fate, FileReport, Format, Settings, Summary};
use crate::report::{self, Look};
use crate::source::{Disk, Files, Instead, Name};
use crate::syntax::embedded::Kind;
use crate::syntax::lower::Lowering;
use crate::syntax::settings::FailOn;

use difference::difference;
use each::few_of;
use input::{Input, inputs};
use instances::Instances;
use mend::{Mended, mend};
use outputs::Outputs;
use past::Past;
use place::Places;
use roots::{Taken, Texts};
use rulebook::Rulebook;
use subject::{Context, Judged, Place};

/// Files are judged in portions of this many, so that results can be printed and forgotten.
const PORTION: usize = 256;

/// What became of a file.
enum Looked {
    /// It is no configuration.
    NotOurs,
    /// It could not be read or judged, and why.
    Failed(Failure),
    /// Its configurations, judged, the worst that was found, and what fixes made of its text.
    Judged { reports: Vec<FileReport>, worst: Option<Severity>, change: Option<Change>, problems: Vec<Finding> },
}

/// What fixes made of a text.
struct Change {
    /// The text that was mended.
    was: Vec<u8>,
    mended: Mended,
    /// For people; empty unless it was asked for.
    diff: String,
}

pub(super) fn run(command: &Lint, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let facts = super::setup::facts_of_flags(&command.facts)?;
    let past = Past::of(&command.previous)?;
    let book = Rulebook::open(command, terminal)?;
    let context = Context {
        server: command.server,
        facts: &facts,
        past: past.as_ref(),
        book: &book,
        ignores: !command.no_ignores,
        files: &Disk,
        mends: command.fix || command.unsafe_fixes || command.diff,
    };
    let inputs = inputs(command, &book)?;
    if inputs.is_empty() {
        return nothing(command, terminal);
    }
    let level = book.settings.level();
    let fail_on = match book.settings.fail_on() {
        FailOn::AtLeast(severity) => severity,
        FailOn::Never => Severity::Fatal,
    };
    let settings = Settings { look: terminal.look, quiet: global.quiet, fail_on, prefix: place::prefix() };
    let formats: Vec<Format> = global.output_format.iter().map(|output| output.format).collect();
    let formats = if formats.is_empty() { vec![Format::Human] } else { formats };
    let mut detail = Detail { suppressed: command.show_suppressed, ..Detail::of(formats, terminal.look) };
    detail.fingerprints |= book.baseline.is_some() || command.write_baseline;
    let (taken, instances) = (taken(&inputs, &Disk), Instances::of(&book, &inputs, &Disk));
    let (folder, none) = (place::here(), mounted::Mended::default());
    let run = Run {
        command,
        context,
        taken,
        instances,
        mended: &none,
        places: Places::default(),
        look: terminal.look,
        level,
        detail,
        folder,
    };
    // What goes into the baseline is not shown as well.
    let shows = !command.write_baseline;
    let mut outputs = if shows { Outputs::open(&global.output_format, &settings)? } else { Outputs::none() };
    if run.context.mends && !command.diff && inputs.iter().any(|input| matches!(input, Input::Stdin(..))) {
        outputs.give_way();
    }
    outputs.begin()?;
    let mut summary = Summary::new(level);
    let mut ended = Ended::default();
    let mended = run.mend_mounted(&inputs, &mut ended, terminal)?;
    let run = if mended.is_empty() { run } else { run.after(&mended, &inputs) };
    for portion in inputs.chunks(PORTION) {
        let few = few_of(portion.len());
        let looked: Vec<Looked> = portion.par_chunks(few).flat_map_iter(|inputs| run.guarded_all(inputs)).collect();
        for (input, looked) in portion.iter().zip(looked) {
            match looked {
                Looked::NotOurs => {}
                Looked::Failed(failure) => {
                    ended.failed = true;
                    summary.skip(input.shown(), failure.message());
                    outputs.flush(terminal)?;
                    terminal.complain(&failure)?;
                }
                Looked::Judged { reports, worst, change, problems } => {
                    ended.worst = ended.worst.max(worst);
                    ended.note(problems);
                    if command.write_baseline {
                        ended.found.extend(run.entries(input, &reports));
                    }
                    for report in &reports {
                        summary.add(report);
                    }
                    outputs.files(&reports, terminal)?;
                    if let Some(change) = change {
                        outputs.flush(terminal)?;
                        ended.mended |= run.carry_out(input, &change, terminal)?;
                    }
                }
            }
        }
        outputs.flush(terminal)?;
    }
    if command.write_baseline {
        let judged = inputs.iter().map(|input| run.key(input)).collect();
        return run.write_baseline(ended.found, &judged, terminal);
    }
    for report in run.wrong_policies(&mut ended) {
        summary.add(&report);
        outputs.files(&[report], terminal)?;
    }
    let paths: Vec<String> = command.paths.iter().map(|path| path.display().to_string()).collect();
    summary.suggest(&paths.join(" "));
    outputs.end(&summary, terminal)?;
    // Of named files none need be a configuration, as when pre-commit names them; a folder was named for what is in it.
    let looked_through = inputs.iter().any(|input| matches!(input, Input::File(found) if !found.named));
    if looked_through && summary.configurations == 0 && !ended.failed {
        return nothing(command, terminal);
    }
    Ok(ended.exit(command, &book))
}

/// How a run ended.
#[derive(Default)]
struct Ended {
    worst: Option<Severity>,
    failed: bool,
    mended: bool,
    /// What the baseline will hold.
    found: Vec<Entry>,
    /// What is wrong with policies, each once.
    problems: Vec<Finding>,
}

impl Ended {
    fn note(&mut self, problems: Vec<Finding>) {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
    }

    fn exit(&self, command: &Lint, book: &Rulebook) -> Exit {
        let found = self.worst.is_some_and(|worst| book.settings.fails_for(worst)) && !command.exit_zero;
        match () {
            () if self.failed => Exit::Usage,
            () if found || (self.mended && command.exit_non_zero_on_fix) => Exit::Found,
            () => Exit::Done,
        }
    }
}

/// No file was found: a mistake, unless it is allowed.
fn nothing(command: &Lint, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.allow_empty {
        terminal.note("no configuration was found\n")?;
        return Ok(Exit::Done);
    }
    Err(Failure::new("no configuration was found").help("name a file or another folder, or allow it: `--allow-empty`"))
}

/// What is judged where it is read.
fn taken(inputs: &[Input], files: &(dyn Files + Sync)) -> Taken {
    let texts = Texts::default();
    let read_by = |input: &Input| {
        let Input::File(found) = input else { return Vec::new() };
        let Ok(text) = files.read(&found.path) else { return Vec::new() };
        let read = catch_unwind(AssertUnwindSafe(|| roots::read_by(&found.path, &text, files)));
        texts.keep(&found.path, text);
        // A mistake in us is told where the file itself is judged.
        read.unwrap_or_default()
    };
    let all: Vec<_> = inputs.par_iter().flat_map_iter(read_by).collect();
    Taken::new(all, texts)
}

/// Where a profile lies; what comes by standard input needs a path, too, for a mere name means a built-in.
fn profile_path(name: &Name) -> String {
    if let Name::File(path) = name { path.display().to_string() } else { "./<stdin>.toml".to_owned() }
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
    taken: Taken,
    instances: Instances,
    /// What was mended before anything was judged.
    mended: &'a mounted::Mended,
    places: Places,
    look: Look,
    level: Severity,
    detail: Detail,
    folder: PathBuf,
}

/// What a file is looked at for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// It is mounted somewhere, and mended for itself.
    Mounted,
    /// It is judged, but for what is judged elsewhere.
    Whole,
}

impl<'a> Run<'a> {
    /// The same run, where some files are mended.
    fn after<'b>(self, mended: &'b mounted::Mended, inputs: &[Input]) -> Run<'b>
    where
        'a: 'b,
    {
        let context = Context { files: mended, ..self.context };
        Run { context, taken: taken(inputs, mended), mended, ..self }
    }

    /// Mends a text, and judges what will lie there.
    fn mended(&self, input: &Input, text: &[u8], judge: &dyn Fn(&[u8]) -> Vec<Judged>) -> (Vec<Judged>, Change) {
        let most = if self.command.unsafe_fixes { Safety::Unsafe } else { Safety::Safe };
        let shown = |_: &Judged, finding: &Finding| finding.severity >= self.level;
        let mended = mend(text, judge, most, &shown);
        let after = judge(&mended.text);
        let mut diff = String::new();
        if self.command.diff && mended.text != text {
            diff = difference(&input.shown(), (text, &judge(text)), (&mended.text, &after), self.look);
        }
        // With `--diff` the file stays as it is, and so do its lines.
        let judged = if self.command.diff { judge(text) } else { after };
        (judged, Change { was: text.to_vec(), mended, diff })
    }

    /// Judges a profile that no instance brings along. A project file under a name of its own is no project to others.
    fn toml(&self, input: &Input, name: &Name, text: &[u8], kind: Kind, place: &Place<'_>) -> Looked {
        if kind == Kind::Project {
            return Looked::NotOurs;
        }
        let path = profile_path(name);
        let judge = |files: &dyn Files| self.context.profile(&path, files, place).map(|judged| vec![judged]);
        // What comes by standard input lies in no file.
        match judge(&Instead { path: Path::new(&path), text, below: self.context.files }) {
            Err(why) => Looked::Failed(Failure::new(why)),
            Ok(judged) if !self.context.mends => self.reported(input, judged, None),
            Ok(_) => self.mended_profile(input, text, Vec::new(), &judge),
        }
    }

    /// What the files showed to be wrong with policies, a report for each file of policies.
    fn wrong_policies(&self, ended: &mut Ended) -> Vec<FileReport> {
        let mut problems = std::mem::take(&mut ended.problems);
        problems.sort_by(|a, b| (a.at, &a.message).cmp(&(b.at, &b.message)));
        let sources = &self.context.book.sources;
        let report = |problems: &[Finding]| {
            let name = sources.get(problems[0].at.source).name();
            let path: Arc<str> = report::shown_path(Path::new(&name.to_string()), &self.folder).into();
            let listed = self.context.listed(sources.clone(), problems.to_vec(), Visible::pointing_at);
            self.report(&path, listed, &mut ended.worst)
        };
        problems.chunk_by(|a, b| a.at.source == b.at.source).map(report).collect()
    }

    /// Cuts the results loose from their texts.
    fn reported(&self, input: &Input, judged: Vec<Judged>, change: Option<Change>) -> Looked {
        let path: Arc<str> = input.shown().into();
        let mut worst = None;
        let mut problems = Vec::new();
        let mut reports = Vec::new();
        for mut one in judged {
            problems.append(&mut one.problems);
            reports.push(self.report(&path, one, &mut worst));
        }
        Looked::Judged { reports, worst, change, problems }
    }

    fn report(&self, path: &Arc<str>, judged: Judged, worst: &mut Option<Severity>) -> FileReport {
        let Judged { reading, view, inspection, suppressed, server, visible, anchor, title, .. } = judged;
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
            suppressed,
            silent,
            sources: &reading.sources,
            visible: &visible,
            view,
            anchor,
        };
        examined.report(
            &self.detail,
            |fix| lowering.get_or_insert_with(|| Lowering::of(&reading)).lower(fix),
            |finding, fingerprint| {
                if self.is_in_baseline(finding, fingerprint) {
                    return Fate::Baselined;
                }
                *worst = (*worst).max(Some(finding.severity));
                if finding.severity >= self.level { Fate::Shown } else { Fate::Hidden }
            },
        )
    }

    /// How settings and baselines call a text.
    fn key(&self, input: &Input) -> String {
        match input {
            Input::Stdin(name, _) => name.to_string(),
            Input::File(found) => report::shown_path(&self.context.book.relative(&found.path), Path::new("")),
        }
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
                Ok(change.mended.fixes > 0 && write_over(&found.path, &change.was, &artefact)? == Written::Changed)
            }
        }
    }
}
