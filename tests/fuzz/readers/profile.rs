//! Profiles: formatted once for all, merged, judged, and rendered to what means the same.

use std::collections::BTreeMap;

use redisconf::config::layers::{Request, load, merge};
use redisconf::config::{Visible, resolve};
use redisconf::finding::Severity;
use redisconf::format;
use redisconf::lint::{self, Case, Chosen};
use redisconf::render::{Options, Target, render};
use redisconf::server::Server;
use redisconf::source::{Memory, Name};
use redisconf::syntax::{Mode, conf};

use super::judged::{said, shown};
use super::shown::{Examination, SECRET, holds as contains, in_every_format};
use super::version;

/// A layer that `extends` may find.
const BASE: &str = "schema = 1\n[settings]\ntimeout = 30\n";

pub(super) fn holds(input: &[u8]) {
    let Some((server, text)) = version(input) else { return };
    if contains(text, SECRET.as_bytes()) {
        return;
    }
    if let Ok(formatted) = format::profile(text) {
        let again = format::profile(&formatted.text).expect("what was formatted can be formatted");
        assert_eq!(again.text, formatted.text, "formatting twice is formatting once");
    }
    judge(text, server);
    // In a text of several lines a table's head could be a part of what people read.
    if !contains(text, b"\"\"\"") && !contains(text, b"'''") {
        judge(&with_secret(text), server);
    }
}

/// The secret in the first table of settings, or in one of its own.
fn with_secret(text: &[u8]) -> Vec<u8> {
    const HEAD: &[u8] = b"[settings]\n";
    let line = b"requirepass = \"hunter2SECRET\"\n";
    match text.windows(HEAD.len()).position(|window| window == HEAD) {
        Some(at) if at == 0 || text[at - 1] == b'\n' => {
            let (before, after) = text.split_at(at + HEAD.len());
            [before, line, after].concat()
        }
        Some(_) | None => [text, b"\n", HEAD, line].concat(),
    }
}

fn judge(text: &[u8], server: Server) {
    let files = Memory::new([("./p.toml", text), ("./base.toml", BASE.as_bytes())]);
    let request = Request { profile: "./p.toml".into(), ..Request::default() };
    let Ok(stack) = load(&request, &files) else { return };
    let setup = merge(stack, server);
    let case = Case::new(&setup.reading, &setup.config, &setup.facts, Mode::Server);
    let mut inspection = lint::inspect(&case, &Chosen::all());
    inspection.findings.extend(setup.findings.iter().cloned());
    in_every_format(Examination {
        server,
        inspection,
        sources: &setup.reading.sources,
        visible: &Visible::of_setup(&setup),
        anchor: case.anchor(),
        lowering: None,
    });
    if setup.findings.iter().any(|finding| finding.severity >= Severity::Error) || setup.config.verdict().is_some() {
        return;
    }
    let Ok(rendered) = render(&setup, &Options::new(Target::Conf), &BTreeMap::new()) else { return };
    let artefact = &rendered.artefacts[0];
    if artefact.secret || !setup.config.unread().is_empty() {
        return; // without the values of secrets it stays open
    }
    let back = conf::read_alone(Name::Stdin, &artefact.text, server);
    let config = resolve(&back, Mode::Server);
    assert!(config.verdict().is_none(), "{server} does not take {}", shown(&artefact.text));
    let (meant, back) = (said(&setup.config), said(&config));
    let differs = meant.iter().find(|(name, value)| back[*name] != **value);
    assert!(differs.is_none(), "{differs:?} came back otherwise: {}", shown(&artefact.text));
}
