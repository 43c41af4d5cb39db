//! `redisconf verify`: the real server boots the configuration and says what it understood.

use std::path::Path;

use serde::Serialize;

use super::args::{Format, Global, Verify};
use super::failure::Failure;
use super::subject::Subject;
use super::terminal::Terminal;
use super::{Exit, secrets, setup};
use crate::catalog::{Directive, Lookup};
use crate::config::{Reason, Shown, Value};
use crate::finding::Severity;
use crate::lint::UsersFile;
use crate::live::{BootError, Login, Modules, Place, Program, Refusal, Start, boot};
use crate::plan::{Difference, Verdict, compare};
use crate::render::{self, Options, Secrets, Target};
use crate::report::{self, Role};
use crate::server::Server;
use crate::source::{Disk, Name, SourceId};
use crate::syntax::{Item, Reading, conf};

#[derive(Serialize)]
struct Line {
    directive: &'static str,
    verdict: &'static str,
    wanted: Option<String>,
    running: Option<String>,
}

#[derive(Serialize)]
struct Report {
    subject: String,
    program: String,
    starts: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_says: Option<String>,
    equal: usize,
    differences: Vec<Line>,
    not_compared: Vec<&'static str>,
}

pub(super) fn run(command: &Verify, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let program = Program::probe(&command.server_bin).map_err(|error| Failure::new(error.to_string()))?;
    let mut profile = command.profile.clone();
    // The program decides the version, unless somebody asks what another one would have made of it.
    profile.server = Some(profile.server.unwrap_or(program.server));
    let subject = setup::read(&profile)?;
    let modules = if command.allow_modules { Modules::Load } else { Modules::Refuse };
    let name = command.profile.profile.as_deref().unwrap_or_default();
    let start = Start { modules, ..start(name, &subject, program.server)? };
    // The ACL file is tried by itself: it may let in nobody, and then the server could not be asked for values.
    let with_users = users_file(name, &subject).map(|users| {
        let mut start = start.clone();
        start.files.push(users);
        start
    });
    let mut booted = None;
    for start in with_users.iter().chain([&start]) {
        match boot(&program, start) {
            Ok(next) => booted = Some(next),
            Err(BootError::Refused(refusal)) => return refused(&subject, &program, &says(&refusal), global, terminal),
            Err(error) => return Err(Failure::new(error.to_string())),
        }
    }
    let mut booted = booted.expect("one of them was the last");
    if let Some(foretold) = left_out(&subject, &program, booted.overridden()) {
        booted.end();
        return refused(&subject, &program, &foretold, global, terminal);
    }
    let hidden: Vec<&str> =
        subject.setup.config.view.directives().filter(|d| d.is.hidden).map(Directive::name).collect();
    let snapshot = booted.inspect(&hidden).map_err(|error| Failure::new(error.to_string()))?;
    let found = compare(&subject.setup.config, &snapshot, booted.overridden());
    booted.end();
    tell(&subject, &program, &found, global, terminal)
}

/// What is started: a configuration file as it is, with all that it includes; a profile as its rendered redis.conf.
pub(super) fn start(name: &str, subject: &Subject, server: Server) -> Result<Start, Failure> {
    let (text, reading, files) = if setup::is_profile(name) {
        let text = rendered(subject)?;
        let reading = conf::read_alone(Name::Stdin, &text, server);
        (text, reading, Vec::new())
    } else {
        let path = Path::new(name);
        let text = super::subject::read_file(path)?;
        let reading = conf::read(Name::File(path.to_owned()), &text, server, &Disk);
        let files = included(path, &reading);
        (text, reading, files)
    };
    Ok(Start { conf: Some(text), files, login: login(&reading), ..Start::default() })
}

fn rendered(subject: &Subject) -> Result<Vec<u8>, Failure> {
    let options = Options { secrets: Secrets::Clear, ..Options::new(Target::Conf) };
    let rendered = render::render(&subject.setup, &options, &secrets::at_hand(&subject.setup));
    let rendered = rendered.map_err(|findings| {
        let first = findings.into_iter().next().expect("an error has a finding");
        Failure::new(first.message).help(first.help.unwrap_or_default())
    })?;
    Ok(rendered.artefacts.into_iter().next().expect("a rendering has an artefact").text)
}

/// The files that a configuration includes, under all names by which it may call them: by its full path, or from the folder
/// where the server is at that line, which begins as that of the file itself.
fn included(root: &Path, reading: &Reading) -> Vec<(String, Vec<u8>)> {
    let mut folders = vec![root.parent().unwrap_or(Path::new("")).to_owned()];
    for (id, _) in reading.iter() {
        if let ([dir], true) = (&reading.arguments(id)[..], reading.name(id).eq_ignore_ascii_case(b"dir")) {
            let last = folders.last().expect("there is the first");
            folders.push(last.join(&*String::from_utf8_lossy(dir)));
        }
    }
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for (_, source) in reading.sources.iter().skip(1) {
        let Name::File(path) = source.name() else { continue };
        let from_there = folders.iter().filter_map(|folder| path.strip_prefix(folder).ok());
        for name in from_there.chain(path.is_absolute().then_some(path.as_path())) {
            let name = name.to_string_lossy().into_owned();
            if !files.iter().any(|(known, _)| *known == name) {
                files.push((name, source.text().to_vec()));
            }
        }
    }
    files
}

/// The ACL file that a configuration file names, by the name it has there.
fn users_file(name: &str, subject: &Subject) -> Option<(String, Vec<u8>)> {
    let (reading, config) = (&subject.setup.reading, &subject.setup.config);
    let Some(Value::Text(named)) = config.get("aclfile").filter(|_| !setup::is_profile(name)) else { return None };
    let users = UsersFile::named_by(reading, config, &Disk)?;
    let text = users.reading.sources.get(SourceId::ROOT).text().to_vec();
    Some((String::from_utf8_lossy(named).into_owned(), text))
}

/// How to log in: as `default`, with the password that the configuration itself sets.
fn login(reading: &Reading) -> Option<Login> {
    let of_default = reading.order().iter().filter_map(|item| match item {
        Item::Statement(id) => Some((reading.name(*id).to_ascii_lowercase(), reading.arguments(*id))),
        Item::Problem(_) | Item::Enter | Item::Leave => None,
    });
    let mut password: Option<Vec<u8>> = None;
    for (name, words) in of_default {
        match (name.as_slice(), words.as_slice()) {
            (b"requirepass", [word]) => password = Some(word.to_vec()),
            (b"user", [b"default", rules @ ..]) => {
                password = rules.iter().find_map(|rule| rule.strip_prefix(b">")).map(<[u8]>::to_vec);
            }
            _ => {}
        }
    }
    let password = password.filter(|password| !password.is_empty())?;
    Some(Login { user: "default".into(), password })
}

/// What the server said, and where.
fn says(refusal: &Refusal) -> String {
    match (&refusal.place, refusal.line) {
        (Place::Unknown, Some(line)) => format!("line {line}: {}", refusal.shown_reason()),
        (_, _) => refusal.to_string(),
    }
}

/// What stops the server, and is left out of a trial, which listens on a socket of its own and connects to nobody.
fn left_out(subject: &Subject, program: &Program, overridden: &[String]) -> Option<String> {
    let config = &subject.setup.config;
    let refusal = config.verdict().filter(|_| config.server.base() == program.server.base())?;
    let own = refusal.statement.and_then(|id| match config.look(id) {
        Lookup::Here(directive) => directive.names.iter().find(|name| overridden.iter().any(|one| one == *name)),
        Lookup::Elsewhere(_) | Lookup::Never => None,
    });
    let what = match (&refusal.reason, own) {
        (Reason::Sockets(_), _) => "where it listens".to_owned(),
        (_, name) => format!("`{}`", name?),
    };
    Some(format!("{} (foretold: a trial leaves out {what})", refusal.reason.server_words(program.server)))
}

/// The server would not start: its words, and ours.
fn refused(
    subject: &Subject,
    program: &Program,
    says: &str,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    if global.format() == Format::Json {
        let report = Report {
            subject: subject.setup.name.clone(),
            program: program.server.name(),
            starts: false,
            server_says: Some(says.to_owned()),
            equal: 0,
            differences: Vec::new(),
            not_compared: Vec::new(),
        };
        terminal.print(&report::json("verify", &report))?;
        return Ok(Exit::Found);
    }
    subject.note(|_| true, global, terminal)?;
    let word = terminal.look.paint(Role::Severity(Severity::Fatal), "refused");
    terminal.print(&format!("{}: {word} by {}: {says}\n", subject.setup.name, program.server))?;
    Ok(Exit::Found)
}

fn text(shown: &Shown) -> Option<String> {
    match shown {
        Shown::Plain(text) => Some(text.clone()),
        Shown::Masked | Shown::Named(_) => None,
    }
}

/// What the server understood, held against what was meant.
fn tell(
    subject: &Subject,
    program: &Program,
    found: &[Difference],
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let of = |verdict| found.iter().filter(move |one| one.verdict == verdict);
    let lines: Vec<Line> = of(Verdict::Different)
        .chain(of(Verdict::Limited))
        .map(|one| Line {
            directive: one.directive.name(),
            verdict: if one.verdict == Verdict::Limited { "limited" } else { "different" },
            wanted: text(&one.wanted),
            running: one.running.as_ref().and_then(text),
        })
        .collect();
    let not_compared: Vec<&str> =
        of(Verdict::NotCompared).filter(|one| one.stated).map(|one| one.directive.name()).collect();
    let differs = of(Verdict::Different).next().is_some();
    let exit = if differs { Exit::Found } else { Exit::Done };
    let equal = of(Verdict::Equal).count();
    if global.format() == Format::Json {
        let report = Report {
            subject: subject.setup.name.clone(),
            program: program.server.name(),
            starts: true,
            server_says: None,
            equal,
            differences: lines,
            not_compared,
        };
        terminal.print(&report::json("verify", &report))?;
        return Ok(exit);
    }
    let look = terminal.look;
    let mut out = String::new();
    for line in &lines {
        let mask = || "***".to_owned();
        let (wanted, running) = (line.wanted.clone().unwrap_or_else(mask), line.running.clone().unwrap_or_else(mask));
        out.push_str(&format!(
            "{}  meant {wanted}, {} has {running} ({})\n",
            look.paint(Role::Name, line.directive),
            program.server,
            line.verdict
        ));
    }
    let word = if differs {
        look.paint(Role::Severity(Severity::Error), "understood differently")
    } else {
        look.paint(Role::Counts, "understood as meant")
    };
    let skipped =
        if not_compared.is_empty() { String::new() } else { format!("; not compared: {}", not_compared.join(", ")) };
    out.push_str(&format!("{}: {word} by {}: {equal} values equal{skipped}\n", subject.setup.name, program.server));
    terminal.print(&out)?;
    Ok(exit)
}
