//! `redisconf import --into`: what a profile does not name comes into it.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::Exit;
use super::super::args::{Format, Global, Import};
use super::super::failure::Failure;
use super::super::setup::failed;
use super::super::subject::read_file;
use super::super::terminal::Terminal;
use super::super::write::write_over;
use super::read::{Found, Item};
use super::{leftover_lines, refused, secret_lines, unproven};
use crate::config::Shown;
use crate::config::layers::{Request, load};
use crate::import::{Growing, adopt};
use crate::render::Artefact;
use crate::report::{self, AddedLine, Adoption, ValueLine};
use crate::server::Server;
use crate::source::Disk;

/// The version that a profile is for, by itself or by its layers.
pub(super) fn server(profile: &Path) -> Result<Option<Server>, Failure> {
    let request = Request { profile: profile.display().to_string(), ..Request::default() };
    Ok(load(&request, &Disk).map_err(failed)?.default_server())
}

pub(super) fn run(
    command: &Import,
    profile: &Path,
    found: Vec<Found>,
    global: &Global,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let names: Vec<String> = found.iter().map(|found| found.name.clone()).collect();
    let Ok([Found { subject, outcome, name: _ }]) = <[Found; 1]>::try_from(found) else {
        return Err(Failure::new(format!("one configuration goes into a profile, and these are {}", names.join(", ")))
            .help("choose one, in a file that holds several with `--only NAME`"));
    };
    let Item { original, chosen, kind, .. } = outcome?;
    if original.config.verdict().is_some() {
        return Err(refused(&subject, original, &chosen, terminal)?);
    }
    let shown = profile.display().to_string();
    let text = String::from_utf8(read_file(profile)?)
        .map_err(|_| Failure::new(format!("`{shown}` is not UTF-8, which TOML demands")))?;
    let growing = Growing { path: profile, text: &text, files: &Disk };
    let adopted = adopt(&original, &growing).map_err(|refused| unproven(&subject, refused, terminal))?;
    let grows = adopted.text != text;
    if grows && !command.check {
        let artefact =
            Artefact { path: profile.to_owned(), text: adopted.text.into_bytes(), mode: None, secret: false };
        write_over(profile, text.as_bytes(), &artefact)?;
    }
    let sources = &original.reading.sources;
    let result = Adoption {
        subject,
        server: chosen.used(),
        kind,
        profile: shown,
        status: match (grows, command.check) {
            (true, false) => "changed",
            (true, true) => "would change",
            (false, _) => "unchanged",
        },
        added: adopted
            .added
            .iter()
            .map(|added| AddedLine { name: added.name.clone(), value: line(added.value.as_ref()) })
            .collect(),
        different: adopted
            .different
            .iter()
            .map(|one| report::OtherwiseLine {
                name: one.what.clone(),
                original: line(one.original.as_ref()),
                profile: line(one.profile.as_ref()),
            })
            .collect(),
        unseen: adopted.unseen,
        proven: adopted.proven,
        secrets: secret_lines(&adopted.secrets, sources),
        leftovers: leftover_lines(&adopted.leftovers, sources),
    };
    if global.format() == Format::Json {
        let adoption: BTreeMap<&str, &Adoption> = BTreeMap::from([("adoption", &result)]);
        terminal.print(&report::json("import", &adoption))?;
    } else if !global.quiet || !result.different.is_empty() || !result.leftovers.is_empty() {
        terminal.print(&result.human(&chosen.server.to_string(), terminal.look))?;
    }
    let is_found = !result.different.is_empty() || !result.leftovers.is_empty() || (grows && command.check);
    Ok(if is_found { Exit::Found } else { Exit::Done })
}

fn line(shown: Option<&Shown>) -> Option<ValueLine> {
    Some(match shown? {
        Shown::Plain(text) => ValueLine { text: Some(text.clone()), secret: None },
        Shown::Masked => ValueLine { text: None, secret: None },
        Shown::Named(name) => ValueLine { text: None, secret: Some(name.clone()) },
    })
}
