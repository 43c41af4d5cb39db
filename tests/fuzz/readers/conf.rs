//! redis.conf: lossless, formatted once for all, judged, mended, and the same after the way through a profile.

use std::collections::BTreeMap;
use std::path::Path;

use redisconf::config::resolve;
use redisconf::facts::Facts;
use redisconf::finding;
use redisconf::format::{self, LeftAlone};
use redisconf::import::{Imported, Original, Request, import};
use redisconf::render::{Options, Target, render};
use redisconf::server::Server;
use redisconf::source::{Memory, Name, SourceId};
use redisconf::syntax::{conf, survey};

use super::judged::{One, mends, said, shown, survive};
use super::shown::{SECRET, clean, holds as contains, with_line};
use super::version;

/// What includes may find beside the text.
const BESIDE: &str = "timeout 30\nrequirepass hunter2SECRET\n";

pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    if contains(text, SECRET.as_bytes()) {
        return; // where it stands must be known
    }
    lossless(text);
    formats(text, None, server);
    formats(text, Some(server), server);
    let read = |text: &[u8]| vec![read(text, server)];
    survive(&with_line(text, "requirepass hunter2SECRET"), &read);
    survive(&with_line(text, "user ann on >hunter2SECRET ~* +@all"), &read);
    mends(text, &read);
    goes_through_a_profile(text, server);
}

fn read(text: &[u8], server: Server) -> One {
    let files = Memory::new([("redis.conf", text), ("more.conf", BESIDE.as_bytes())]);
    let mode = survey(SourceId::ROOT, text).mode;
    let reading = conf::read_template(Name::File("redis.conf".into()), text, server, &files);
    let config = resolve(&reading, mode);
    One { reading, config, facts: Facts::default(), mode }
}

fn lossless(text: &[u8]) {
    let lines = conf::lines(SourceId::ROOT, text);
    let joined: Vec<u8> =
        lines.iter().flat_map(|line| &text[line.at().start as usize..line.at().end as usize]).copied().collect();
    assert_eq!(joined, text, "lines joined are the text");
}

/// Formatting twice is formatting once, its edits make its text, and the server takes the same from both.
fn formats(text: &[u8], pinned: Option<Server>, server: Server) {
    let formatted = match format::conf(text, pinned) {
        Ok(formatted) => formatted,
        Err(LeftAlone::Unproven(server)) => panic!("{server} would read {} otherwise when formatted", shown(text)),
        Err(LeftAlone::Nul | LeftAlone::Template | LeftAlone::Foreign | LeftAlone::Users | LeftAlone::NoProfile) => {
            return;
        }
    };
    let groups: Vec<_> = formatted.edits.iter().map(|edit| vec![edit.clone()]).collect();
    assert_eq!(finding::apply(text, &groups).0, formatted.text, "the edits make the text");
    let again = format::conf(&formatted.text, pinned).expect("what was formatted can be formatted");
    assert_eq!(again.text, formatted.text, "formatting twice is formatting once: {}", shown(text));
    // A `save` line of several points is taken apart where the version is known not to be 6.2.
    if pinned.is_some() || !server.habits().lax_lines {
        let (old, new) = (read(text, server), read(&formatted.text, server));
        assert_eq!(old.config.verdict().is_none(), new.config.verdict().is_none(), "{}", shown(&formatted.text));
        if old.config.verdict().is_none() {
            assert_eq!(said(&old.config), said(&new.config), "{}", shown(&formatted.text));
        }
    }
}

/// What imports means the same as a profile, and again when that is rendered and read.
fn goes_through_a_profile(text: &[u8], server: Server) {
    let reading =
        conf::read_alone(Name::File("redis.conf".into()), &with_line(text, "masterauth hunter2SECRET"), server);
    let original = Original::of_conf(reading);
    if original.config.verdict().is_none() && !original.reading.templated {
        comes_back(&original);
    }
}

/// The profile of a configuration, rendered and read, says what the configuration said.
pub(super) fn comes_back(original: &Original) {
    let files = Memory::default();
    let request = Request { name: "p", from: "Imported", extends: &[], path: Path::new("p.toml"), files: &files };
    let Ok(imported) = import(original, &request) else { return };
    clean("the profile", &imported.text);
    if imported.leftovers.is_empty() {
        for target in [Target::Conf, Target::Compose, Target::Argv] {
            renders(&imported, original, target);
        }
    }
}

fn renders(imported: &Imported, original: &Original, target: Target) {
    let Ok(rendered) = render(&imported.setup, &Options::new(target), &BTreeMap::new()) else { return };
    for artefact in rendered.artefacts.iter().filter(|artefact| !artefact.secret) {
        clean("an artefact without secrets", &String::from_utf8_lossy(&artefact.text));
    }
    let Ok(rendered) = render(&imported.setup, &Options::new(target), &imported.values()) else { return };
    if target != Target::Conf {
        return; // `tests/suite/read_back.rs` reads those back
    }
    let server = original.reading.server;
    let artefact = &rendered.artefacts[0];
    let files = Memory::new(rendered.artefacts.iter().map(|one| (one.path.clone(), one.text.clone())));
    let back = conf::read(Name::File(artefact.path.clone()), &artefact.text, server, &files);
    let config = resolve(&back, redisconf::syntax::Mode::Server);
    assert!(config.verdict().is_none(), "{server} does not take {}", shown(&artefact.text));
    let (meant, back) = (said(&original.config), said(&config));
    let differs = meant.iter().find(|(name, value)| back[*name] != **value);
    assert!(differs.is_none(), "{differs:?} of {server} came back otherwise: {}", shown(&artefact.text));
}
