//! What a command is about: a file, a command line, and everything that was made of it.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::args::{Global, Input, Profile};
use super::failure::Failure;
use super::server::{Chosen, choose, engine_of_program};
use super::setup;
use super::terminal::{Terminal, read_stdin};
use crate::config::{Setup, Stage, Visible, resolve};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::lint::{self, Case, Judgement};
use crate::report::{self, Look, Role, ServerUsed};
use crate::server::{Engine, Server};
use crate::source::{Disk, FileError, Files, Name, SourceId, Sources};
use crate::syntax::{Mode, Reading, acl_file, argv, conf, survey};

/// A configuration, read, resolved and judged.
pub(super) struct Subject {
    pub(super) setup: Setup,
    pub(super) server: ServerUsed,
    judgement: Judgement,
}

impl Subject {
    /// Reads what the arguments name.
    pub(super) fn read(input: &Input) -> Result<Self, Failure> {
        match &input.file {
            Some(path) if path != Path::new("-") && setup::is_profile(&path.to_string_lossy()) => {
                let name = path.to_string_lossy().into_owned();
                let profile =
                    Profile { profile: Some(name.clone()), server: input.server, layers: input.layers.clone() };
                setup::of_profile(&name, &profile)
            }
            Some(path) => Self::of_file(path, input),
            None => Self::of_program(input),
        }
    }

    /// Judges a setup, wherever it comes from.
    pub(super) fn of_setup(setup: Setup, chosen: &Chosen) -> Self {
        Self::of_mode(setup, Mode::Server, chosen)
    }

    fn of_mode(setup: Setup, mode: Mode, chosen: &Chosen) -> Self {
        let mut judgement = lint::judge(&Case::new(&setup.reading, &setup.config, &setup.facts, mode));
        judgement.findings.splice(0..0, setup.findings.iter().cloned());
        Self { setup, server: chosen.used(), judgement }
    }

    fn of_file(path: &Path, input: &Input) -> Result<Self, Failure> {
        let (name, text) = if path == Path::new("-") {
            (Name::Stdin, read_stdin()?)
        } else {
            (Name::File(path.to_owned()), read_file(path)?)
        };
        setup::only_facts(&name.to_string(), &input.layers)?;
        Self::of_text(name, text, input.server, setup::facts(&input.layers)?)
    }

    /// Reads the text of a configuration file.
    pub(super) fn of_text(name: Name, text: Vec<u8>, server: Option<Server>, facts: Facts) -> Result<Self, Failure> {
        let surveyed = survey(SourceId::ROOT, &text);
        let mut sources = Sources::new();
        let root = sources.add(name.clone(), text);
        let chosen = choose(server, &surveyed, None, sources.get(root))?;
        let reading = conf::read(name, sources.get(root).text(), chosen.server, &Disk);
        Ok(Self::of_reading(reading, surveyed.mode, facts, &chosen))
    }

    /// Reads an ACL file: users and nothing else.
    pub(super) fn of_users(name: Name, text: Vec<u8>, server: Option<Server>) -> Result<Self, Failure> {
        let surveyed = survey(SourceId::ROOT, &text);
        let mut sources = Sources::new();
        let root = sources.add(name.clone(), text);
        let chosen = choose(server, &surveyed, None, sources.get(root))?;
        let reading = acl_file::read_template(name, sources.get(root).text(), chosen.server);
        Ok(Self::of_reading(reading, Mode::AclFile, Facts::default(), &chosen))
    }

    /// Reads the command line of a server, and the file that it names.
    fn of_program(input: &Input) -> Result<Self, Failure> {
        let program = Program::of(&input.program)?;
        // Which arguments are a file is the same in all versions, so the newest will do until the version is known.
        let any = *crate::server::all().last().expect("there are catalogued servers");
        let asked = argv::arguments(&program.arguments, any);
        let file = match (&asked.file, asked.stdin) {
            (Some(_), true) => {
                let message = "a file and standard input at once are more than this command reads";
                return Err(Failure::new(message).help("join them first, and give the result as the file"));
            }
            (Some(file), false) => {
                let path = PathBuf::from(String::from_utf8_lossy(file).into_owned());
                let text = read_file(&path)?;
                Some((Name::File(path), text))
            }
            (None, true) => Some((Name::Stdin, read_stdin()?)),
            (None, false) => None,
        };
        let mut sources = Sources::new();
        let (name, text) = file.clone().unwrap_or((Name::CommandLine, Vec::new()));
        let surveyed = survey(SourceId::ROOT, &text);
        let root = sources.add(name, text);
        let chosen = choose(input.server, &surveyed, program.engine, sources.get(root))?;
        let file = file.as_ref().map(|(name, text)| (name.clone(), text.as_slice()));
        let reading = argv::read_argv(&program.arguments, file, chosen.server, &Disk);
        setup::only_facts(&reading.sources.get(SourceId::ROOT).name().to_string(), &input.layers)?;
        Ok(Self::of_reading(reading, program.mode, setup::facts(&input.layers)?, &chosen))
    }

    fn of_reading(reading: Reading, mode: Mode, facts: Facts, chosen: &Chosen) -> Self {
        let name = reading.sources.get(SourceId::ROOT).name().to_string();
        let mut setup = Setup::from_reading(&name, reading, facts);
        if mode != Mode::Server {
            setup.config = resolve(&setup.reading, mode);
        }
        Self::of_mode(setup, mode, chosen)
    }

    /// Whether the server would start and nothing else is wrong.
    pub(super) fn is_sound(&self) -> bool {
        self.is_sound_in(|_| true)
    }

    /// Whether nothing is wrong in the findings that concern a part of it.
    pub(super) fn is_sound_in(&self, concerns: impl Fn(&Finding) -> bool) -> bool {
        let mut findings = self.judgement.findings.iter().filter(|finding| concerns(finding));
        findings.all(|finding| finding.severity < Severity::Error)
    }

    /// Every finding: the setup's own, then those of the rules.
    pub(super) fn all_findings(&self) -> &[Finding] {
        &self.judgement.findings
    }

    /// Findings about this subject, for people.
    pub(super) fn human(&self, findings: &[Finding], look: Look) -> String {
        report::human(findings, &self.setup.reading.sources, &Visible::of_setup(&self.setup), look)
    }

    /// The findings as data.
    pub(super) fn findings(&self) -> Vec<report::FindingLine> {
        report::lines(&self.judgement.findings, &self.setup.reading.sources)
    }

    /// What the server does, as data.
    pub(super) fn verdict(&self) -> report::Verdict {
        match &self.judgement.verdict {
            lint::Verdict::Starts => report::Verdict { starts: true, stage: None, server_says: None },
            lint::Verdict::Stops { stage, words } => stops(*stage, words),
        }
    }

    /// Prints beside the result the findings that concern it, and a summary of all.
    pub(super) fn note(
        &self,
        concerns: impl Fn(&Finding) -> bool,
        global: &Global,
        terminal: &mut Terminal,
    ) -> Result<(), Failure> {
        let look = terminal.err_look;
        let shown = |finding: &&Finding| concerns(finding) && !(global.quiet && finding.severity == Severity::Info);
        let findings: Vec<Finding> = self.judgement.findings.iter().filter(shown).cloned().collect();
        let sources = &self.setup.reading.sources;
        let visible = Visible::of_setup(&self.setup);
        let mut text = report::human(&findings, sources, &visible, look);
        if !global.quiet {
            let verdict = match self.judgement.verdict {
                lint::Verdict::Starts => look.paint(Role::Counts, "starts"),
                lint::Verdict::Stops { .. } => look.paint(Role::Severity(Severity::Fatal), "does not start"),
            };
            let tally = report::tally(&self.judgement.findings);
            let tally = if tally.is_empty() { tally } else { format!(": {tally}") };
            let (words, because) = (&self.server.words, &self.server.because);
            text.push_str(&format!("{}: {verdict} {words} ({because}){tally}\n", self.setup.name));
        }
        terminal.note(&text)
    }
}

/// The verdict on what does not start.
pub(super) fn stops(stage: Stage, words: &str) -> report::Verdict {
    let stage = match stage {
        Stage::File => "file",
        Stage::Sentinel => "sentinel",
        Stage::Modules => "modules",
        Stage::Users => "users",
        Stage::Start => "start",
        Stage::Sockets => "sockets",
        Stage::Data => "data",
    };
    report::Verdict { starts: false, stage: Some(stage), server_says: Some(words.to_owned()) }
}

/// A server's command line, taken apart.
struct Program {
    engine: Option<Engine>,
    mode: Mode,
    arguments: Vec<Vec<u8>>,
}

impl Program {
    fn of(words: &[OsString]) -> Result<Self, Failure> {
        let mut arguments: Vec<Vec<u8>> = words.iter().map(|word| word.as_encoded_bytes().to_vec()).collect();
        let mut is_sentinel = arguments.iter().any(|argument| argument == b"--sentinel");
        let mut engine = None;
        // A container's `args` begin with an option; the program is then in the image.
        if let Some(first) = words.first().filter(|first| !first.as_encoded_bytes().starts_with(b"-")) {
            let program = Path::new(first);
            let name = program.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            if !["server", "sentinel"].iter().any(|kind| name.ends_with(kind)) {
                let message = format!("`{}` is no server program", program.display());
                return Err(Failure::new(message).help("begin with it: `-- redis-server redis.conf --port 7000`"));
            }
            engine = engine_of_program(program);
            is_sentinel |= name.ends_with("sentinel");
            arguments.remove(0);
        }
        Ok(Self { engine, mode: if is_sentinel { Mode::Sentinel } else { Mode::Server }, arguments })
    }
}

pub(super) fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    Disk.read(path).map_err(unreadable)
}

pub(super) fn unreadable(error: FileError) -> Failure {
    let failure = Failure::new(error.to_string());
    let FileError::Io { source, .. } = error else { return failure };
    // Kinds of other errors come and go with the system; their text must do.
    let help = [
        (ErrorKind::NotFound, "check the path; `-` reads standard input"),
        (ErrorKind::IsADirectory, "name a file in it"),
        (ErrorKind::PermissionDenied, "run as a user who may read it"),
    ];
    match help.iter().find(|(kind, _)| *kind == source.kind()) {
        Some((_, help)) => failure.help(*help),
        None => failure,
    }
}
