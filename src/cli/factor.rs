//! `redisconf import --factor`: many configurations become one project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rayon::prelude::{IntoParallelRefIterator, ParallelIterator};

use super::Exit;
use super::args::{Format, Global, Import};
use super::failure::Failure;
use super::import::{in_words, original, refused};
use super::server::Chosen;
use super::subject::read_file;
use super::terminal::Terminal;
use super::walk::{Exclude, walk};
use super::write::{Written, write_folder};
use crate::import::{Factored, Input, Oddity, Original, factor, usual_share};
use crate::report::{self, FactoredFleet, FactoredInstance, FactoredLayer, NotImported, OutlierLine, SecretOfFleet};
use crate::source::Name;

/// What a project of `import --factor` consists of, at its top.
const OURS: &[&str] = &[".gitignore", "instances", "org", "overlays", "profiles", "redisconf.toml"];

pub(super) fn run(command: &Import, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let paths = paths(command)?;
    let mut inputs = Vec::new();
    let mut failed = Vec::new();
    let read: Vec<Result<(Original, Chosen), Failure>> = paths.par_iter().map(|path| read(command, path)).collect();
    for (path, read) in paths.into_iter().zip(read) {
        let shown = path.display().to_string();
        let failure = match read {
            Ok((original, chosen)) if original.config.verdict().is_some() => {
                refused(&shown, original, &chosen, terminal)?
            }
            Ok((original, _)) => {
                inputs.push(Input { path, original });
                continue;
            }
            Err(failure) => failure,
        };
        // One bad file among hundreds stops none of the others.
        terminal.complain(&failure)?;
        failed.push(NotImported { subject: shown, reason: failure.message().to_owned() });
    }
    if inputs.is_empty() {
        return Err(Failure::new("none of the files can be imported").help("see above for each of them"));
    }
    let asked = command.min_share.and_then(|share| usize::try_from(share).ok());
    let share = asked.unwrap_or_else(|| usual_share(inputs.len()));
    let made = factor(inputs, share, env!("CARGO_PKG_VERSION"));
    for (row, unequal) in &made.unproven {
        let subject = made.inputs[*row].path.display().to_string();
        let lines: String = unequal.iter().map(|one| format!("  {}\n", in_words(one))).collect();
        terminal.note(&lines)?;
        let failure = Failure::new(format!("`{subject}` is not imported: its instance cannot be proven equal"));
        let help = unequal.first().map(|one| one.help.clone()).unwrap_or_default();
        terminal.complain(&failure.help(help))?;
        let reason = format!("`{subject}` is not imported: its instance cannot be proven equal");
        failed.push(NotImported { subject, reason });
    }
    if made.instances.is_empty() {
        return Err(Failure::new("none of the files can be proven equal").help("see above for each of them"));
    }
    let status = match &command.output {
        Some(folder) => Some(put(folder, &made, command.force)?),
        None => None,
    };
    let exit = match &made {
        _ if !failed.is_empty() => Exit::Usage,
        made if made.instances.iter().any(|instance| !instance.leftovers.is_empty()) => Exit::Found,
        _ => Exit::Done,
    };
    let fleet = told(&made, share, failed, command.output.as_deref(), status);
    if global.format() == Format::Json {
        terminal.print(&report::json("import --factor", &fleet))?;
    } else if !global.quiet {
        terminal.print(&fleet.human(terminal.look))?;
    }
    Ok(exit)
}

/// The files that are named, and those in the folders that are, each once.
fn paths(command: &Import) -> Result<Vec<PathBuf>, Failure> {
    if command.inputs.iter().any(|input| input == Path::new("-")) {
        return Err(Failure::new("`--factor` reads files, and `-` is standard input")
            .help("name the files, or a folder that holds them"));
    }
    let is_conf = |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("conf"));
    let mut found: BTreeSet<PathBuf> = BTreeSet::new();
    for file in walk(&command.inputs, &Exclude::default(), is_conf)? {
        found.insert(file.path.strip_prefix("./").map(Path::to_owned).unwrap_or(file.path));
    }
    // What was written by an earlier run is no file of the fleet.
    if let Some(output) = &command.output {
        found.retain(|path| !path.starts_with(output) || command.inputs.contains(path));
    }
    if found.is_empty() {
        let folders: Vec<String> = command.inputs.iter().map(|input| format!("`{}`", input.display())).collect();
        return Err(Failure::new(format!("there is no `*.conf` in {}", folders.join(", ")))
            .help("name the files themselves if they are called otherwise"));
    }
    Ok(found.into_iter().collect())
}

fn read(command: &Import, path: &Path) -> Result<(Original, Chosen), Failure> {
    original(command, Name::File(path.to_owned()), read_file(path)?)
}

/// Writes the project, whole or not at all.
fn put(folder: &Path, made: &Factored, force: bool) -> Result<&'static str, Failure> {
    Ok(match write_folder(folder, &made.files, OURS, force)? {
        Written::Created => "created",
        Written::Changed => "changed",
        Written::Unchanged => "unchanged",
    })
}

/// The report.
fn told(
    made: &Factored,
    share: usize,
    failed: Vec<NotImported>,
    folder: Option<&Path>,
    status: Option<&'static str>,
) -> FactoredFleet {
    let layers = made.layers.iter().map(|layer| FactoredLayer {
        name: layer.name.clone(),
        path: layer.path.clone(),
        instances: layer.instances,
        directives: layer.lines,
    });
    let instances = made.instances.iter().map(|instance| {
        let input = &made.inputs[instance.input];
        let sources = &input.original.reading.sources;
        FactoredInstance {
            name: instance.name.clone(),
            from: input.path.display().to_string(),
            path: instance.path.clone(),
            profile: instance.profile.clone(),
            server: instance.server.name(),
            stated: instance.stated,
            own: instance.lines,
            proven: instance.proven,
            leftovers: instance
                .leftovers
                .iter()
                .map(|leftover| report::LeftoverLine {
                    name: leftover.name.clone(),
                    at: report::Place::of(sources, leftover.at),
                    reason: leftover.reason.clone(),
                })
                .collect(),
        }
    });
    let secrets = made.secrets.iter().map(|secret| SecretOfFleet {
        name: secret.name.clone(),
        of: secret.of.clone(),
        instances: secret.instances,
        known: if secret.known { "clear" } else { "hash" },
        at: format!("{}:{}", secret.file, secret.line),
    });
    let outliers = made.outliers.iter().map(|outlier| OutlierLine {
        kind: match outlier.oddity {
            Oddity::Replica => "replica",
            Oddity::Version => "version",
            Oddity::Alone => "alone",
            Oddity::Unlike => "unlike",
            Oddity::Scattered => "scattered",
            Oddity::WithoutEffect => "without-effect",
        },
        text: outlier.text.clone(),
        directive: outlier.directive.clone(),
        instances: outlier.instances.clone(),
    });
    FactoredFleet {
        folder: folder.map(|folder| folder.display().to_string()),
        status,
        min_share: share,
        layers: layers.collect(),
        instances: instances.collect(),
        secrets: secrets.collect(),
        outliers: outliers.collect(),
        failed,
    }
}
