//! Importing loses nothing: a file of the corpus and what is rendered from its profile start servers with equal CONFIG GET.
//!
//! `REDISCONF_CORPUS` names the folder, as for `corpus`; without it these trials are ignored. Whole files are imported for
//! the proof alone; for starting servers, the lines that reach out of a private directory are blanked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Directive, View};
use redisconf::import::{Imported, Original, Request, import, is_dump};
use redisconf::live::{Login, Program, Start, boot};
use redisconf::render::{Options, Secrets, Target, render};
use redisconf::server::Server;
use redisconf::snapshot::Snapshot;
use redisconf::source::{Disk, Name, SourceId};
use redisconf::syntax::{Mode, Reading, conf, survey};

use crate::corpus::{files, neutral};
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let folder = std::env::var_os("REDISCONF_CORPUS").map(PathBuf::from);
    let absent = folder.is_none();
    let folder = folder.unwrap_or_default();
    let mut trials = Vec::new();
    for found in servers {
        let (one, two) = (folder.clone(), folder.clone());
        trials.push(found.trial("imported files are as they were", move |program| all(program, &one)));
        trials.push(found.trial("imported dumps are as the servers were", move |program| dumped(program, &two)));
    }
    if absent { trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect() } else { trials }
}

pub(crate) fn imported(original: &Original, extends: &[String]) -> Result<Imported, String> {
    let request = Request { name: "trial", from: "a trial", extends, path: Path::new("trial.toml"), files: &Disk };
    import(original, &request).map_err(|refused| format!("{refused:?}"))
}

/// A file as its server starts with it; `None` for those of Sentinels, and those it refuses.
fn original(name: &Path, text: &[u8], server: Server) -> Option<Original> {
    if survey(SourceId::ROOT, text).mode == Mode::Sentinel {
        return None;
    }
    let original = Original::of_conf(conf::read(Name::File(name.to_owned()), text, server, &Disk));
    original.config.verdict().is_none().then_some(original)
}

#[derive(Default)]
struct Tally {
    files: usize,
    booted: usize,
    shut: usize,
    values: usize,
    stated: Vec<usize>,
    kept: Vec<usize>,
    on_a_layer: usize,
    leftovers: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

fn all(program: &Program, folder: &Path) -> Result<(), Failed> {
    let server = program.server.base();
    let mut tally = Tally::default();
    for file in files(folder)? {
        let text = std::fs::read(folder.join(&file))?;
        if let Some(original) = original(&folder.join(&file), &text, server) {
            whole(&file, &original, &mut tally);
        }
        if let Some(original) = original(Path::new(&file), &neutral(&text), server)
            && let Err(error) = started(program, &neutral(&text), &original, &mut tally)
        {
            tally.wrong.push(format!("{file}: {error}"));
        }
    }
    let Tally { files, booted, shut, values, on_a_layer, leftovers, wrong, .. } = &tally;
    println!(
        "{}: {files} files imported and proven (median {} of {} directives kept), {on_a_layer} of them on `cache` too; \
         {booted} booted twice, {values} values equal, {shut} that nobody can ask, {} wrong; left over: {leftovers:?}",
        server.name(),
        median(&tally.kept),
        median(&tally.stated),
        wrong.len()
    );
    if wrong.is_empty() && *booted > 50 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Imports a whole file, alone and over a layer with formulas.
fn whole(file: &str, original: &Original, tally: &mut Tally) {
    match imported(original, &[]) {
        Ok(imported) => {
            let counts = imported.counts;
            let sum = counts.kept + counts.defaults + counts.from_layers + counts.ignored + counts.leftovers;
            if sum != counts.stated {
                tally.wrong.push(format!("{file}: {counts:?} do not add up"));
            }
            tally.files += 1;
            tally.stated.push(counts.stated);
            tally.kept.push(counts.kept);
            for leftover in imported.leftovers {
                *tally.leftovers.entry(leftover.name).or_default() += 1;
            }
        }
        Err(error) => tally.wrong.push(format!("{file}: {error}")),
    }
    match imported(original, &["builtin:cache@1".to_owned()]) {
        Ok(_) => tally.on_a_layer += 1,
        Err(error) => tally.wrong.push(format!("{file} over `cache`: {error}")),
    }
}

fn median(numbers: &[usize]) -> usize {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers.get(numbers.len() / 2).copied().unwrap_or_default()
}

/// Starts the file and what is rendered from its profile, and compares every value that the servers show.
fn started(program: &Program, text: &[u8], original: &Original, tally: &mut Tally) -> Result<(), String> {
    let imported = imported(original, &[])?;
    let both = (running(program, text.to_vec())?, running(program, rendered(&imported))?);
    let alike = both.0.is_some() == both.1.is_some();
    let (Some((before, skip)), Some((after, more))) = both else {
        // A user whose password is known by its hash, or no CONFIG: both servers start, and neither can be asked.
        tally.shut += 1;
        return if alike { Ok(()) } else { Err("only one of them can be asked".into()) };
    };
    tally.values += compared(&before, &after, &[skip, more].concat(), program.server.base())?;
    tally.booted += 1;
    Ok(())
}

pub(crate) fn rendered(imported: &Imported) -> Vec<u8> {
    let options = Options { secrets: Secrets::Clear, ..Options::new(Target::Conf) };
    let mut known = imported.values();
    for secret in
        imported.secrets.iter().filter(|secret| !known.contains_key(&secret.name)).cloned().collect::<Vec<_>>()
    {
        // Of a hash the password is not known: any other will do, as nobody logs in with it.
        let any = known.values().next().cloned();
        known.extend(any.map(|value| (secret.name, value)));
    }
    let rendered = render(&imported.setup, &options, &known);
    rendered.unwrap_or_else(|findings| panic!("{findings:?}")).artefacts.swap_remove(0).text
}

/// How many values are equal, or which differ.
pub(crate) fn compared(before: &Snapshot, after: &Snapshot, skip: &[String], server: Server) -> Result<usize, String> {
    let skipped = |name: &str| {
        let directive = View::of(server).directives().find(|directive| directive.names.contains(&name));
        skip.iter().any(|one| directive.map_or(one == name, |directive| directive.names.contains(&one.as_str())))
    };
    let names = before.config().iter().map(|(name, _)| name).filter(|name| !skipped(name));
    let (same, different): (Vec<&str>, Vec<&str>) = names.partition(|name| before.value(name) == after.value(name));
    if different.is_empty() { Ok(same.len()) } else { Err(format!("differ: {}", different.join(", "))) }
}

/// What a server shows, and what the trial replaced; nothing if it starts and cannot be asked.
pub(crate) fn running(program: &Program, conf: Vec<u8>) -> Result<Option<(Snapshot, Vec<String>)>, String> {
    let login = login(&conf::read_alone(Name::Stdin, &conf, program.server));
    let start = Start { conf: Some(conf), login, ..Start::default() };
    let mut booted = boot(program, &start).map_err(|error| error.to_string())?;
    let hidden: Vec<&str> =
        View::of(program.server).directives().filter(|d| d.is.hidden).map(Directive::name).collect();
    let Ok(snapshot) = booted.inspect(&hidden) else { return Ok(None) };
    Ok(Some((snapshot, booted.overridden().to_vec())))
}

/// As `default`, with the password that the file sets.
fn login(reading: &Reading) -> Option<Login> {
    let mut password: Option<Vec<u8>> = None;
    for (id, _) in reading.iter() {
        let words = reading.arguments(id);
        match (reading.name(id).to_ascii_lowercase().as_slice(), words.as_slice()) {
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

/// Every tenth file: its server's CONFIG GET, saved as JSON, is imported; what is rendered shows the same again.
fn dumped(program: &Program, folder: &Path) -> Result<(), Failed> {
    let server = program.server.base();
    let (mut dumps, mut values) = (0, 0);
    let mut wrong = Vec::new();
    for file in files(folder)?.iter().step_by(10) {
        let text = neutral(&std::fs::read(folder.join(file))?);
        let Some(original) = original(Path::new(file), &text, server) else { continue };
        // Users and renamed commands are in no dump.
        let acts = |name: &[u8]| name.eq_ignore_ascii_case(b"user") || name.eq_ignore_ascii_case(b"rename-command");
        if original.reading.iter().any(|(id, _)| acts(original.reading.name(id))) {
            continue;
        }
        let Some((before, skip)) = running(program, text)? else { continue };
        match of_dump(program, &before, &skip) {
            Ok(equal) => {
                dumps += 1;
                values += equal;
            }
            Err(error) => wrong.push(format!("{file}: {error}")),
        }
    }
    println!("{}: {dumps} dumps imported, {values} values equal, {} wrong", server.name(), wrong.len());
    if wrong.is_empty() && dumps > 3 { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn of_dump(program: &Program, before: &Snapshot, skip: &[String]) -> Result<usize, String> {
    let server = program.server.base();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    // What was replaced for the trial names places of the trial's own directory.
    let names: BTreeMap<String, String> = before
        .config()
        .iter()
        .filter(|(name, _)| {
            let of = View::of(server).directives().find(|d| d.names.contains(name));
            !of.is_some_and(|d| skip.iter().any(|one| d.names.contains(&one.as_str())))
        })
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect();
    let json = serde_json::to_vec(&names).map_err(|error| error.to_string())?;
    if !is_dump(&json) {
        return Err("not recognised".into());
    }
    let original = Original::of_dump(Name::Stdin, &json, server).map_err(|error| error.to_string())?;
    if original.config.verdict().is_some() {
        return Err(format!("refused: {:?}", original.config.refusals()));
    }
    let imported = imported(&original, &[])?;
    let (after, more) = running(program, rendered(&imported))?.ok_or("it cannot be asked")?;
    compared(before, &after, &[skip, &more].concat(), server)
}
