//! `redisconf import redis://…`: what a server has set, asked from itself.

use std::path::Path;

use super::super::failure::Failure;
use super::super::live::{Access, remedy, url};
use super::super::server::Chosen;
use super::read::{Asked, Found, Item};
use crate::import::Original;
use crate::live::{Denied, Met, Reach, Url};
use crate::source::Name;

/// Asks the server that an input is the address of; `None` if it is the name of a file. Who we are is found out for the
/// first of them, and kept for the others.
#[expect(clippy::disallowed_methods, reason = "an address may look like a file's name")]
pub(super) fn found(asked: Asked<'_>, input: &Path, access: &mut Option<Access>) -> Option<Found> {
    let text = input.to_str()?;
    let bare = |text: &str| {
        text.rsplit_once(':').is_some_and(|(host, port)| !host.contains('/') && port.parse::<u16>().is_ok())
    };
    if !text.contains("://") && (!bare(text) || input.exists()) {
        return None;
    }
    let url = match url(text) {
        Ok(url) => url,
        Err(failure) => {
            return Some(Found { subject: "the address".into(), name: "imported".into(), outcome: Err(failure) });
        }
    };
    let subject = url.address.to_string();
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = subject.chars().map(word).collect();
    Some(Found { subject, name: name.trim_matches('-').to_owned(), outcome: item(asked, &url, access) })
}

fn item(asked: Asked<'_>, url: &Url, access: &mut Option<Access>) -> Result<Item, Failure> {
    if asked.command.server.is_some() {
        return Err(Failure::new("a running server tells its version itself").help("leave `--server` out"));
    }
    let who = &asked.command.who;
    let access = match access {
        Some(access) => access,
        None => access.insert(Access::of(who)?),
    };
    let (login, tls) = (access.login(url), access.tls_at(url)?);
    let reach = Reach { address: url.address.clone(), login: login.as_ref(), tls: tls.as_ref(), within: who.timeout };
    let observed = Met::meet(&reach).and_then(|mut met| met.observe_all()).map_err(|error| {
        let failure = remedy(&error);
        let told = Failure::new(format!("cannot ask `{}`: {}", url.address, failure.message()));
        match failure.advice() {
            Some(help) => told.help(help),
            None => told,
        }
    })?;
    if let Some(denied) = observed.denied {
        let help = match denied {
            Denied::Permission(_) => "let the user ask: `+info +config|get`",
            Denied::NotNow(_) => "ask again when it has loaded its data",
            Denied::NoCommand | Denied::Other(_) => "import its configuration file, or a dump",
        };
        return Err(Failure::new(format!("cannot ask `{}`: {denied}", url.address)).help(help));
    }
    let snapshot = observed.snapshot;
    let chosen = Chosen { server: snapshot.server, because: "as the server says".into() };
    let original = Original::of_snapshot(Name::Live(url.address.to_string()), &snapshot);
    Ok(Item { original, chosen, kind: "live", from: format!("the server at {}", url.address) })
}
