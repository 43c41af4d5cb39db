//! `redisconf diff`: what differs between two configurations, or two states of a project, by meaning.

mod project;
mod users;

use std::path::Path;

use super::Exit;
use super::args::{Diff, Global, Layers, Profile};
use super::failure::Failure;
use super::server::Chosen;
use super::setup::{facts, is_profile, of_profile, only_facts};
use super::subject::{Subject, read_file};
use super::terminal::{Terminal, read_stdin};
use crate::catalog::{self, Change};
use crate::config::{Origin, Setup, Shown};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::import::is_dump;
use crate::plan::{self, Comparison, Contrast, Held, Relation, Said, between, servers_showing};
use crate::report::lint::{Format, Output};
use crate::report::{self, Compared, DifferenceLine, HeldLine, Place, SideLine};
use crate::server::Server;
use crate::snapshot::{Info, Pairs, Snapshot, read_dump};
use crate::source::Name;
use crate::syntax::{acl_file, conf};

/// One side, read.
struct Side {
    name: String,
    kind: &'static str,
    subject: Subject,
    dump: Option<Snapshot>,
}

pub(super) fn run(command: &Diff, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if !command.reach.live.is_empty() {
        return super::live::diff(command, global, terminal);
    }
    if project::is_asked(command) {
        return project::run(command, global, terminal);
    }
    if !command.instance.is_empty() || command.reach.env.is_some() {
        return Err(Failure::new("`--instance` and `--env` choose in a project, and none is named")
            .help("name two folders with a `redisconf.toml`, or a revision with `--since`"));
    }
    let format = format(global)?;
    let first = command.from.as_deref().expect("without `--since` it is required");
    let second = command.to.as_deref().unwrap_or(first);
    if first == "-" && command.to.as_deref() == Some("-") {
        return Err(Failure::new("only one of the two can be standard input"));
    }
    let text = if [first, second].contains(&"-") { Some(read_stdin()?) } else { None };
    let from = Side::read(first, command.server, &command.layers, text.as_deref())?;
    if from.kind == "version" && command.to.is_none() {
        return Err(Failure::new(format!("`{}` is a version, and there is nothing to read", from.name))
            .help("name both: `redisconf diff redis-6.2 valkey-8.1`"));
    }
    let mut to = Side::read(second, command.to_server.or(command.server), &command.layers, text.as_deref())?;
    if from.kind != "profile" && to.kind != "profile" {
        only_facts(first, &command.layers)?;
    }
    if to.subject.server.because == "--server" && command.to_server.is_some() {
        to.subject.server.because = "--to-server".into();
    }
    if from.subject.setup.config.mode != to.subject.setup.config.mode {
        return Err(Failure::new(
            "the two are of different kinds: a server's configuration, a Sentinel's, an ACL file",
        )
        .help("compare a server's with a server's; an ACL file that both name is compared with them"));
    }
    let mut found = between(from.side(), to.side());
    let users = users::of_files(&from.subject.setup, &to.subject.setup);
    if users.is_some() {
        found.rows.retain(|row| !users::is_user(row));
    }
    let mut compared = compared(&from, &to, &found);
    if let Some(users) = users {
        users.add_to(&mut compared);
    }
    if format == Format::Json {
        terminal.print(&report::json("diff", &compared))?;
    } else if format == Format::Markdown {
        terminal.print(&compared.markdown())?;
    } else {
        terminal.print(&compared.human(terminal.look))?;
        from.note(terminal)?;
        to.note(terminal)?;
        if !global.quiet {
            terminal.note(&format!("{}\n", compared.summary()))?;
        }
    }
    Ok(if compared.equal { Exit::Done } else { Exit::Found })
}

fn format(global: &Global) -> Result<Format, Failure> {
    match global.output_format.as_slice() {
        [] => Ok(Format::Human),
        [Output { format: format @ (Format::Human | Format::Json | Format::Markdown), path: None }] => Ok(*format),
        _ => Err(Failure::new("`diff` writes one format to standard output: human, json or markdown")
            .help("redirect it, to have it in a file")),
    }
}

impl Side {
    fn read(name: &str, server: Option<Server>, layers: &Layers, stdin: Option<&[u8]>) -> Result<Self, Failure> {
        let side = |kind, subject| Self { name: name.to_owned(), kind, subject, dump: None };
        if let Ok(version) = name.parse::<Server>() {
            let chosen = Chosen { server: version, because: "as named".into() };
            return Ok(side("version", Subject::of_setup(nothing(name, version), &chosen)));
        }
        if name != "-" && is_profile(name) {
            let profile = Profile { profile: Some(name.to_owned()), server, layers: layers.clone() };
            return Ok(side("profile", of_profile(name, &profile)?));
        }
        let (source, text) = match stdin {
            Some(text) if name == "-" => (Name::Stdin, text.to_vec()),
            Some(_) | None => (Name::File(name.into()), read_file(Path::new(name))?),
        };
        if is_dump(&text) {
            return of_dump(name, &text, server);
        }
        if acl_file::is_one(Path::new(name), &text) {
            return Ok(side("users", Subject::of_users(source, text, server)?));
        }
        Ok(side("file", Subject::of_text(source, text, server, facts(layers)?)?))
    }

    fn side(&self) -> plan::Side<'_> {
        plan::Side { setup: &self.subject.setup, dump: self.dump.as_ref() }
    }

    /// Why the server does not start, if it does not.
    fn note(&self, terminal: &mut Terminal) -> Result<(), Failure> {
        let fatal: Vec<Finding> =
            self.subject.all_findings().iter().filter(|one| one.severity == Severity::Fatal).cloned().collect();
        if fatal.is_empty() {
            return Ok(());
        }
        let words = &self.subject.server.words;
        let text = self.subject.human(&fatal, terminal.err_look);
        terminal.note(&format!("{text}{} does not start {words}\n", self.name))
    }

    fn line(&self, unset: &[&'static str], unknown: &[String]) -> SideLine {
        SideLine {
            name: self.name.clone(),
            kind: self.kind,
            server: self.subject.server.clone(),
            verdict: self.subject.verdict(),
            findings: self.subject.findings(),
            unset: unset.to_vec(),
            unknown: unknown.to_vec(),
        }
    }
}

/// A configuration that says nothing.
fn nothing(name: &str, server: Server) -> Setup {
    Setup::from_reading(name, conf::read_alone(Name::CommandLine, b"", server), Facts::default())
}

fn of_dump(name: &str, text: &[u8], server: Option<Server>) -> Result<Side, Failure> {
    let dump = read_dump(text, &|name| catalog::find(name).is_some()).map_err(|error| {
        Failure::new(format!("cannot read `{name}` as a dump: {error}"))
            .help("make it with `redis-cli --json CONFIG GET '*'`, which keeps line breaks in values")
    })?;
    let pairs: Pairs = dump.said.into_iter().map(|said| (said.name, said.value)).collect();
    let chosen = match server {
        Some(server) => Chosen { server, because: "--server".into() },
        None => by_names(&pairs.iter().map(|(name, _)| name).collect::<Vec<_>>()),
    };
    let dump = Some(Snapshot::new(chosen.server, pairs, Info::default()));
    let subject = Subject::of_setup(nothing(name, chosen.server), &chosen);
    Ok(Side { name: name.to_owned(), kind: "dump", subject, dump })
}

/// The version that a dump is of, as its names tell.
pub(super) fn by_names(names: &[&str]) -> Chosen {
    let fitting = servers_showing(names);
    let server = *fitting.last().expect("some server fits best");
    let more = if fitting.len() > 1 { format!(", and of {} more", fitting.len() - 1) } else { String::new() };
    Chosen { server, because: format!("its names are those of {server}{more}; choose with --server") }
}

fn compared(from: &Side, to: &Side, found: &Comparison) -> Compared {
    let of = |relations: &[Relation]| -> Vec<DifferenceLine> {
        let rows = found.rows.iter().filter(|row| relations.contains(&row.relation));
        rows.map(|row| line(&from.subject.setup, &to.subject.setup, row)).collect()
    };
    let starts = |side: &Side| side.subject.verdict().starts;
    Compared {
        equal: !found.differs() && starts(from) == starts(to),
        from: from.line(&found.unset[0], &found.strange[0]),
        to: to.line(&found.unset[1], &found.strange[1]),
        differences: of(&[Relation::Different]),
        one_sided: of(&[Relation::OneSided]),
        others: of(&[Relation::Limited, Relation::NotCompared]),
        equal_count: found.equal,
        not_compared_count: found.not_compared,
    }
}

/// A row as results tell it.
pub(super) fn line(from: &Setup, to: &Setup, row: &Contrast) -> DifferenceLine {
    DifferenceLine {
        name: row.name.clone(),
        from: held(from, &row.from),
        to: held(to, &row.to),
        effect: match row.effect {
            Change::Live => "live",
            Change::Restart => "restart",
        },
        per_node: row.per_node,
        note: row.note.clone(),
    }
}

/// What a side holds, as results tell it.
pub(super) fn held(setup: &Setup, held: &Held) -> HeldLine {
    let (value, secret, secret_name) = match &held.value {
        Some(Shown::Plain(text)) => (Some(text.clone()), false, None),
        Some(Shown::Masked) => (None, true, None),
        Some(Shown::Named(name)) => (None, true, Some(name.clone())),
        None => (None, false, None),
    };
    let mut at = Vec::new();
    let said = match &held.said {
        Said::By(Origin::Statements(ids)) => {
            at.extend(ids.iter().map(|id| Place::of(&setup.reading.sources, setup.reading.statement(*id).at)));
            "statement"
        }
        Said::By(Origin::Default) => "default",
        Said::Server => "dump",
        Said::Before => "behaviour",
        Said::Unknown => "unknown",
        Said::Ignored => "ignored",
        Said::Nobody => "absent",
    };
    HeldLine { name: held.name.clone(), value, secret, secret_name, said, at, words: held.words.clone() }
}
