//! A profile for another version: read with its layers, rewritten, and proven by rendering it.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::args::Upgrade;
use super::super::failure::Failure;
use super::super::server::Chosen;
use super::super::setup::{failed, request};
use super::super::terminal::Terminal;
use super::Done;
use crate::config::fleet::PROJECT_FILE;
use crate::config::layers::{Request, load, merge};
use crate::config::{Secret, Setup, Visible};
use crate::facts::Facts;
use crate::finding::{Finding, Severity};
use crate::plan::{Relation, Side, between};
use crate::render::{Options, Secrets, Target, render};
use crate::report;
use crate::server::Server;
use crate::source::{Disk, Name};
use crate::syntax::conf;
use crate::upgrade::{Refused, Upgraded, rewrite_profile};

/// Rewrites the profile that the arguments name.
pub(super) fn upgraded(command: &Upgrade, terminal: &mut Terminal) -> Result<Done, Failure> {
    let name = command.file.to_string_lossy().into_owned();
    if command.file.file_name().is_some_and(|file| file == PROJECT_FILE) {
        return Err(Failure::new(format!("`{name}` is a project, and each instance has a version of its own")).help(
            "upgrade the profiles that its instances run, `redisconf upgrade PROFILE --to …`, and change their `server`; \
             `redisconf diff --since REVISION` then tells what that means for each",
        ));
    }
    let request = request(&name, &command.layers)?;
    let stack = load(&request, &Disk).map_err(failed)?;
    let chosen = match (command.from, stack.default_server()) {
        (Some(server), _) => Chosen { server, because: "--from".into() },
        (None, Some(server)) => Chosen { server, because: "default-server of the profile".into() },
        (None, None) => {
            return Err(Failure::new(format!("`{name}` does not say on which server version it runs"))
                .help("name it: `--from redis-7.4`"));
        }
    };
    let plain = merge(stack, command.to);
    let upgraded = match rewrite_profile(&request, chosen.server, command.to, &Disk) {
        Ok(upgraded) => upgraded,
        Err(refused) => return Err(explained(refused, &name, (chosen.server, command.to), terminal)?),
    };
    if let Some(output) = &command.output {
        same_folder(&request, &upgraded, output)?;
    }
    proven(&upgraded.after)?;
    let visible = Visible::of_setup(&plain);
    // A profile knows secrets by their names.
    Ok(Done { name, from: chosen.used(), upgraded, plain, visible, secret: false })
}

/// Why nothing was rewritten; errors in the profile are shown first.
fn explained(
    refused: Refused,
    name: &str,
    (from, to): (Server, Server),
    terminal: &mut Terminal,
) -> Result<Failure, Failure> {
    match refused {
        Refused::Load(error) => Ok(failed(error)),
        Refused::Builtin => Ok(Failure::new(format!(
            "`{name}` is built in, and written for all versions that it serves"
        ))
        .help(format!(
            "see what changes with the version: `redisconf diff {name} --server {} --to-server {}`; a profile of your \
                 own that extends it can pin what it leaves unset",
            from.name(),
            to.name()
        ))),
        Refused::Before(setup) => {
            errors(&setup, terminal)?;
            Ok(Failure::new(format!("`{name}` has errors as {from}, so nothing was written"))
                .help("mend them first, or say with `--from` which version it is for"))
        }
        Refused::After(setup) => {
            errors(&setup, terminal)?;
            Ok(Failure::new(format!("{to} does not take `{name}` before this is changed, so nothing was written"))
                .help("a shared layer is not edited: change it there, and then run this again"))
        }
    }
}

/// Shows what is wrong with a setup.
fn errors(setup: &Setup, terminal: &mut Terminal) -> Result<(), Failure> {
    let chosen = Chosen { server: setup.server, because: String::new() };
    let subject = super::super::subject::Subject::of_setup(setup.clone(), &chosen);
    let wrong: Vec<Finding> =
        subject.all_findings().iter().filter(|finding| finding.severity >= Severity::Error).cloned().collect();
    let text = report::human(&wrong, &setup.reading.sources, &Visible::of_setup(setup), terminal.err_look);
    terminal.note(&text)
}

/// What a profile extends is looked up from its own folder.
fn same_folder(request: &Request, upgraded: &Upgraded, output: &Path) -> Result<(), Failure> {
    let folder = |path: &Path| path.parent().map(Path::to_owned).unwrap_or_default();
    let stands_alone =
        upgraded.after.layers.len() == 1 + request.files.len() + request.sets.len() + request.facts.len();
    let is_beside = upgraded.file.as_deref().is_some_and(|file| folder(output) == folder(file));
    if stands_alone || is_beside || output == Path::new("-") {
        return Ok(());
    }
    Err(Failure::new("in another folder the profile would not find the layers that it extends")
        .help("write it beside the old one, or use `--in-place`"))
}

/// What is rendered is read back by the target and means what the profile means.
fn proven(setup: &Setup) -> Result<(), Failure> {
    let mut known: BTreeMap<String, Secret> = BTreeMap::new();
    for (id, _) in setup.reading.iter() {
        for name in setup.reading.words(id).iter().filter_map(|word| word.secret.as_deref()) {
            known.insert(name.to_owned(), Secret::new(b"stand-in"));
        }
    }
    let wrong = |what: &str| {
        Failure::new(format!("the new profile {what}, so nothing was written"))
            .help("this is a mistake of redisconf: please report it with the profile")
    };
    let options = Options { secrets: Secrets::Clear, ..Options::new(Target::Conf) };
    let Ok(rendered) = render(setup, &options, &known) else { return Err(wrong("cannot be rendered")) };
    let text = rendered.artefacts.into_iter().next().map(|artefact| artefact.text).unwrap_or_default();
    let read = Setup::from_reading("", conf::read_alone(Name::Stdin, &text, setup.server), Facts::default());
    if let Some(refusal) = read.config.verdict() {
        let line = refusal.statement.map(|id| String::from_utf8_lossy(read.reading.name(id)).into_owned());
        return Err(wrong(&format!("would not start for `{}`", line.unwrap_or_default())));
    }
    let (one, two) = (Side { setup, dump: None }, Side { setup: &read, dump: None });
    // Passwords of users are stand-ins here.
    let differs = between(one, two).rows.into_iter().find(|row| {
        let is_user = row.name.starts_with("user ");
        !is_user && matches!(row.relation, Relation::Different | Relation::OneSided)
    });
    differs.map_or(Ok(()), |row| Err(wrong(&format!("means something else when rendered: `{}`", row.name))))
}
