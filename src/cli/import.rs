//! `redisconf import`: configurations become profiles.

mod asked;
mod auto;
mod into;
mod read;

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf, absolute};

use serde::Serialize;

use super::args::{Format, Global, Import};
use super::failure::Failure;
use super::server::Chosen;
use super::subject::Subject;
use super::terminal::Terminal;
use super::write::{Written, existing, write};
use super::{Exit, setup};
use crate::config::layers::builtins;
use crate::config::{Setup, Shown, Visible};
use crate::facts::Facts;
use crate::finding::Severity;
use crate::import::{Imported, Known, Leftover, Original, Refused, Request, SecretUse, Unequal, import};
use crate::render::Artefact;
use crate::report::{self, ImportCounts, LayerLine, LeftoverLine, Place, SecretLine};
use crate::source::{Disk, Files as _, Name, SourceId, Sources};

use read::{Asked, Found, Item};

/// Every import, as data.
#[derive(Serialize)]
struct Imports {
    imports: Vec<report::Import>,
    /// Those of which nothing was written.
    failed: Vec<Failed>,
}

#[derive(Serialize)]
struct Failed {
    subject: String,
    reason: String,
}

pub(super) fn run(command: &Import, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if command.factor {
        return super::factor::run(command, global, terminal);
    }
    let otherwise = match &command.into {
        Some(profile) => into::server(profile)?.map(|server| (server, "default-server of the profile")),
        None => None,
    };
    let asked = Asked { command, otherwise, quiet: global.quiet };
    let (mut found, mut access) = (Vec::new(), None);
    for input in &command.inputs {
        match asked::found(asked, input, &mut access) {
            Some(live) => found.push(live),
            None => found.extend(read::configurations(asked, input, terminal)?),
        }
    }
    if let Some(profile) = &command.into {
        return into::run(command, profile, found, global, terminal);
    }
    let places = places(command, &found)?;
    let mut exit = Exit::Done;
    let mut all = Imports { imports: Vec::new(), failed: Vec::new() };
    for (Found { subject, outcome, name: _ }, place) in found.into_iter().zip(&places) {
        match outcome.and_then(|item| one(command, &subject, item, place, global, terminal)) {
            Ok(imported) => {
                exit = exit.max(if imported.leftovers.is_empty() { Exit::Done } else { Exit::Found });
                all.imports.push(imported);
            }
            // One bad file among hundreds stops none of the others.
            Err(failure) => {
                exit = Exit::Usage;
                terminal.complain(&failure)?;
                all.failed.push(Failed { subject, reason: failure.message().to_owned() });
            }
        }
    }
    if global.format() == Format::Json {
        terminal.print(&report::json("import", &all))?;
    }
    Ok(exit)
}

/// What a profile is called, and where it goes.
struct Whither {
    name: String,
    path: Option<PathBuf>,
}

/// Decides for all of them before anything is written.
#[expect(clippy::disallowed_methods, reason = "the front end looks for folders")]
fn places(command: &Import, found: &[Found]) -> Result<Vec<Whither>, Failure> {
    let many = command.inputs.len() > 1 || found.len() > 1;
    if many && command.name.is_some() {
        return Err(Failure::new("`--name` is for one profile, and there are several files")
            .help("leave it out: each profile is called like its file"));
    }
    let folder = command
        .output
        .as_ref()
        .filter(|output| many || output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/"));
    if folder.is_none() && command.inputs.len() > 1 {
        return Err(Failure::new("several files make several profiles, and standard output takes one")
            .help("name a folder: `--output profiles/`"));
    }
    if many && folder.is_none() {
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        let input = command.inputs.first().map(|input| input.display().to_string()).unwrap_or_default();
        return Err(Failure::new(format!(
            "`{input}` holds {} configurations, and standard output takes one profile: {}",
            names.len(),
            names.join(", ")
        ))
        .help("name a folder, `--output profiles/`, or choose with `--only NAME`"));
    }
    let mut seen = BTreeSet::new();
    let mut places = Vec::new();
    for one in found {
        let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let of_output = command.output.as_deref().filter(|_| folder.is_none()).and_then(stem);
        let name = command.name.clone().or(of_output).unwrap_or_else(|| one.name.clone());
        let path = match folder {
            Some(folder) => Some(folder.join(format!("{name}.toml"))),
            None => command.output.clone(),
        };
        if let Some(path) = &path {
            if !path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml")) {
                return Err(Failure::new(format!("`{}` is no name of a profile", path.display()))
                    .help("profiles end in `.toml`; a folder ends in `/`"));
            }
            if !seen.insert(path.clone()) {
                return Err(Failure::new(format!("two of the files would become `{}`", path.display()))
                    .help("import them one by one, with another `--output` each"));
            }
        }
        places.push(Whither { name, path });
    }
    Ok(places)
}

/// Imports one configuration.
fn one(
    command: &Import,
    subject: &str,
    item: Item,
    whither: &Whither,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<report::Import, Failure> {
    let Item { original, chosen, kind, from } = item;
    if original.config.verdict().is_some() {
        return Err(refused(subject, original, &chosen, terminal)?);
    }
    let beside = whither.path.as_deref().and_then(Path::parent).unwrap_or_else(|| Path::new(""));
    let named = |layer: &str| if layer == auto::AUTO { layer.to_owned() } else { as_named_from(layer, beside) };
    let extends: Vec<String> = command.extends.iter().map(|layer| named(layer)).collect();
    let from = format!(
        "Imported from {from}: what is not the default of {}{}",
        chosen.server,
        if extends.is_empty() { "" } else { " or said by a layer" }
    );
    let path =
        whither.path.clone().unwrap_or_else(|| PathBuf::from(format!("{}.toml", whither.name.replace('/', "-"))));
    let request = Request { name: &whither.name, from: &from, extends: &extends, path: &path, files: &Disk };
    let made = if extends.iter().any(|layer| layer == auto::AUTO) {
        auto::smallest(&original, &request, named).map(|(imported, layer)| (imported, Some(layer)))
    } else {
        import(&original, &request).map(|imported| (imported, None))
    };
    let (imported, layer) = made.map_err(|refused| unproven(subject, refused, terminal))?;
    let status = match &whither.path {
        Some(path) => Some(to_file(path, &imported, command.force)?),
        None => None,
    };
    tell(subject, kind, &original, &imported, layer, &chosen, whither, status, global, terminal)
}

/// Reads one file or dump, as `--factor` does with many.
pub(super) fn original(command: &Import, name: Name, text: Vec<u8>) -> Result<(Original, Chosen), Failure> {
    read::one(Asked { command, otherwise: None, quiet: true }, name, text)
}

/// A layer as a profile in `beside` has to name it: built-in ones with their revision, files from there.
fn as_named_from(layer: &str, beside: &Path) -> String {
    let is_path = layer.contains('/') || Path::new(layer).extension().is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if let Some(name) = layer.strip_prefix("builtin:") {
        return if name.contains('@') { layer.to_owned() } else { pinned(name, layer) };
    }
    if !is_path {
        let is_local = Disk.read(&Path::new("profiles").join(format!("{layer}.toml"))).is_ok();
        return if is_local { layer.to_owned() } else { pinned(layer, layer) };
    }
    let (Ok(to), Ok(from)) = (absolute(layer), absolute(beside)) else { return layer.to_owned() };
    if beside.as_os_str().is_empty() || Path::new(layer).is_absolute() {
        return layer.to_owned();
    }
    let (to, from) = (straight(&to), straight(&from));
    let shared = to.iter().zip(&from).take_while(|(a, b)| a == b).count();
    let up = from[shared..].iter().map(|_| "..".to_owned());
    let down = to[shared..].iter().cloned();
    // A bare file name would be one of the project's profiles but for its extension.
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The parts of an absolute path without `.` and `..`.
fn straight(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                parts.pop();
            }
            Component::CurDir => {}
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => {
                parts.push(part.as_os_str().to_string_lossy().into_owned());
            }
        }
    }
    parts
}

/// The newest revision of a built-in profile, else the name as it is, which then leads nowhere and is reported.
fn pinned(name: &str, written: &str) -> String {
    let newest = builtins().iter().rfind(|builtin| builtin.name == name);
    newest.map_or_else(|| written.to_owned(), crate::config::layers::Builtin::pinned)
}

/// The server would not start, so there is nothing to be equal to: prints why, and gives what to say.
pub(super) fn refused(
    subject: &str,
    original: Original,
    chosen: &Chosen,
    terminal: &mut Terminal,
) -> Result<Failure, Failure> {
    let file = original.reading.sources.get(SourceId::ROOT).name().to_string();
    let judged = Subject::of_setup(Setup::from_reading(subject, original.reading, Facts::default()), chosen);
    let fatal: Vec<_> = judged.all_findings().iter().filter(|f| f.severity == Severity::Fatal).cloned().collect();
    let text = judged.human(&fatal, terminal.err_look);
    terminal.note(&text)?;
    Ok(Failure::new(format!("`{subject}` is not imported: {} does not start with it", chosen.server))
        .help(format!("mend it first: `redisconf lint --fix --server {} {file}`", chosen.server.name())))
}

/// Why nothing is written.
fn unproven(subject: &str, refused: Refused, terminal: &mut Terminal) -> Failure {
    match refused {
        Refused::Load(error) => setup::failed(error),
        Refused::Layers(setup) => {
            let text =
                report::human(&setup.findings, &setup.reading.sources, &Visible::of_setup(&setup), terminal.err_look);
            // If this cannot be printed, the failure below cannot either.
            let _ = terminal.note(&text);
            Failure::new(format!("`{subject}` is not imported: the layers do not take what it says"))
                .help("leave the layer out of `--extends`, or make it give way")
        }
        Refused::Unequal(unequal) => {
            let lines: String = unequal.iter().map(|one| format!("  {}\n", in_words(one))).collect();
            let _ = terminal.note(&lines);
            let what: Vec<String> = unequal.iter().map(|one| format!("`{}`", one.what)).collect();
            let help =
                unequal.first().map_or_else(|| "the layers never come to rest".to_owned(), |one| one.help.clone());
            Failure::new(format!(
                "`{subject}` is not imported: no profile can be proven equal in {}",
                if what.is_empty() { "its values".into() } else { what.join(", ") }
            ))
            .help(help)
        }
    }
}

pub(super) fn in_words(unequal: &Unequal) -> String {
    let text = |shown: &Option<Shown>| match shown {
        Some(shown) if shown.text().is_empty() => "\"\"".to_owned(),
        Some(shown) => shown.text().to_owned(),
        None => "nothing".to_owned(),
    };
    match (&unequal.original, &unequal.profile) {
        (None, None) => unequal.what.clone(),
        (original, profile) => format!("{}  is {}, would be {}", unequal.what, text(original), text(profile)),
    }
}

fn to_file(path: &Path, imported: &Imported, force: bool) -> Result<&'static str, Failure> {
    let text = imported.text.clone().into_bytes();
    if !force && existing(path)?.is_some_and(|old| old != text) {
        return Err(Failure::new(format!("`{}` is there already, and says something else", path.display()))
            .help("choose another name, or replace it with `--force`; nothing was written"));
    }
    let artefact = Artefact { path: path.to_owned(), text, mode: None, secret: false };
    Ok(match write(path, &artefact)? {
        Written::Created => "created",
        Written::Changed => "changed",
        Written::Unchanged => "unchanged",
    })
}

#[expect(clippy::too_many_arguments, reason = "a report is about all of them")]
fn tell(
    subject: &str,
    kind: &'static str,
    original: &Original,
    imported: &Imported,
    layer: Option<LayerLine>,
    chosen: &Chosen,
    whither: &Whither,
    status: Option<&'static str>,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<report::Import, Failure> {
    let sources = &original.reading.sources;
    let counts = imported.counts;
    let result = report::Import {
        subject: subject.to_owned(),
        server: chosen.used(),
        kind,
        layer,
        profile: whither.name.clone(),
        path: whither.path.as_ref().map(|path| path.display().to_string()),
        status,
        text: whither.path.is_none().then(|| imported.text.clone()),
        counts: ImportCounts {
            stated: counts.stated,
            kept: counts.kept,
            defaults: counts.defaults,
            from_layers: counts.from_layers,
            ignored: counts.ignored,
            leftovers: counts.leftovers,
            set_back: counts.set_back,
            proven: counts.proven,
            reasons: counts.reasons,
            withheld: counts.withheld,
        },
        secrets: secret_lines(&imported.secrets, sources),
        leftovers: leftover_lines(&imported.leftovers, sources),
    };
    if global.format() == Format::Json {
        return Ok(result);
    }
    if whither.path.is_none() {
        terminal.print(&imported.text)?;
    }
    if !global.quiet || !imported.leftovers.is_empty() {
        let dump =
            "a dump shows no users, renamed commands or modules: what the server has of them is not in the profile\n";
        let note = if original.is_dump() && !global.quiet { format!("note: {dump}") } else { String::new() };
        let text = result.human(&chosen.server.to_string(), terminal.err_look);
        terminal.note(&(text + &note))?;
    }
    Ok(result)
}

/// Secrets, as results name them.
fn secret_lines(secrets: &[SecretUse], sources: &Sources) -> Vec<SecretLine> {
    let line = |secret: &SecretUse| SecretLine {
        name: secret.name.clone(),
        of: secret.of.clone(),
        at: Place::of(sources, secret.at),
        known: match secret.known {
            Known::Clear => "clear",
            Known::Hash => "hash",
            Known::Layer => "layer",
            Known::Open => "placeholder",
        },
    };
    secrets.iter().map(line).collect()
}

/// What is left over, as results name it.
fn leftover_lines(leftovers: &[Leftover], sources: &Sources) -> Vec<LeftoverLine> {
    let line = |leftover: &Leftover| LeftoverLine {
        name: leftover.name.clone(),
        at: Place::of(sources, leftover.at),
        reason: leftover.reason.clone(),
    };
    leftovers.iter().map(line).collect()
}
