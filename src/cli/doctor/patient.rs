//! Where evidence comes from: a running server, or a file that stands for one.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::args::Doctor;
use super::super::clock;
use super::super::failure::Failure;
use super::super::live::{Access, of_denial, remedy, url};
use super::super::subject::read_file;
use super::super::terminal::read_stdin;
use crate::catalog;
use crate::config::Config;
use crate::live::{self, Inquiry, Met, examine};
use crate::plan::names_to_ask;
use crate::snapshot::{Evidence, Exposure, Kept, KeyBounds, Pairs, Snapshot, identity, read_dump, read_kept};

/// A server with all that is known of it.
pub(super) struct Patient {
    pub(super) name: String,
    /// How it was named on the command line.
    pub(super) asked: String,
    pub(super) snapshot: Snapshot,
    pub(super) evidence: Evidence,
    pub(super) taken: String,
    /// Whether it did not show its configuration.
    pub(super) is_partial: bool,
}

/// A server, or its name and why it did not answer.
pub(super) type Seen = Result<Patient, (String, Failure)>;

/// Those that were named; of one that does not answer its name, and why.
pub(super) fn patients(command: &Doctor) -> Result<Vec<Seen>, Failure> {
    if let Some(path) = &command.from {
        return Ok(vec![Ok(kept(path)?)]);
    }
    let named: Vec<&String> = command.reach.live.iter().filter(|text| !text.is_empty()).collect();
    if named.is_empty() {
        return Err(Failure::new("no server is named").help("`redisconf doctor --live URL`, or `--from FILE`"));
    }
    let access = Access::of(&command.reach.who)?;
    named.into_iter().map(|text| live(text, command, &access)).collect()
}

/// Asks a running server.
fn live(text: &str, command: &Doctor, access: &Access) -> Result<Seen, Failure> {
    let url = url(text)?;
    let (login, tls) = (access.login(&url), access.tls_at(&url)?);
    let within = command.reach.who.timeout;
    let reach = live::Reach { address: url.address.clone(), login: login.as_ref(), tls: tls.as_ref(), within };
    let exposure = if command.show_keys { Exposure::Shown } else { Exposure::Masked };
    let keys = command.keys.map(|keys| KeyBounds {
        keys,
        per_second: command.keys_rate,
        seconds: command.keys_within.as_secs_f64(),
    });
    let asked = Met::meet(&reach).and_then(|mut met| {
        let names = names_to_ask(&Config::nothing(met.server()), &BTreeMap::new());
        examine(&mut met, &url.address, Inquiry { names: &names, window: command.window, exposure, keys })
    });
    let (observed, mut evidence) = match asked {
        Ok(answers) => answers,
        Err(error) => return Ok(Err((text.to_owned(), remedy(&error)))),
    };
    if let Some(denied) = &observed.denied {
        evidence.missing.insert("CONFIG GET".into(), format!("{denied}; {}", of_denial(denied)));
    }
    Ok(Ok(Patient {
        name: text.to_owned(),
        asked: format!("--live {text}"),
        is_partial: observed.denied.is_some(),
        snapshot: observed.snapshot,
        evidence: *evidence,
        taken: clock::now(),
    }))
}

/// Reads what was kept of a server.
fn kept(path: &Path) -> Result<Patient, Failure> {
    let text = if path == Path::new("-") { read_stdin()? } else { read_file(path)? };
    let name = path.display().to_string();
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("cannot read `{name}` as a snapshot: {error}"))
            .help("make it with `redisconf snapshot --evidence`")
    };
    let asked = format!("--from {name}");
    let said_nothing = |evidence: &mut Evidence| {
        for what in
            ["SLOWLOG GET", "LATENCY LATEST", "COMMANDLOG GET", "CLIENT LIST", "MEMORY STATS", "ACL LIST", "host"]
        {
            evidence.missing.entry(what.into()).or_insert_with(|| "the file does not hold it".into());
        }
    };
    match read_kept(&text).map_err(|error| failed(&error))? {
        Kept::Ours(saved) => {
            let has_evidence = saved.evidence.is_some();
            let mut evidence = saved.evidence.unwrap_or_default();
            if !has_evidence {
                said_nothing(&mut evidence);
            }
            evidence.missing.extend(saved.denied.iter().map(|denied| ("CONFIG GET".to_owned(), denied.clone())));
            let is_partial = saved.denied.is_some();
            Ok(Patient { name, asked, snapshot: saved.snapshot, evidence, taken: saved.taken, is_partial })
        }
        Kept::Printed(info, rest) => {
            let server = identity(&info).map_err(|error| failed(&error))?;
            let pairs = if rest.trim_ascii().is_empty() {
                Pairs::default()
            } else {
                let dump = read_dump(rest, &|name| catalog::find(name).is_some()).map_err(|error| failed(&error))?;
                dump.said.into_iter().map(|said| (said.name, said.value)).collect()
            };
            let mut evidence = Evidence::default();
            said_nothing(&mut evidence);
            let is_partial = pairs.is_empty();
            if is_partial {
                evidence.missing.insert("CONFIG GET".into(), "the file does not hold it".into());
            }
            let snapshot = Snapshot::new(server, pairs, info);
            Ok(Patient { name, asked, snapshot, evidence, taken: "unknown".into(), is_partial })
        }
    }
}
