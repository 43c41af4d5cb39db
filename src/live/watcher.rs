//! What a Sentinel says of its own configuration. It has no CONFIG; two of its own commands read, and no more is sent.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::discover::DiscoverError;
use super::observe::{Met, ObserveError, Reach};
use super::reply::Reply;
use super::topology::entries;
use crate::server::Server;

/// What is asked for by name: all that SENTINEL CONFIG knows but the password.
const OWN: [&str; 5] = ["announce-hostnames", "announce-ip", "announce-port", "resolve-hostnames", "sentinel-user"];

/// What a Sentinel says.
#[derive(Clone, Debug)]
pub struct Watching {
    /// Its version.
    pub server: Server,
    /// Each primary that it watches, with all fields.
    pub primaries: Vec<BTreeMap<String, String>>,
    /// Settings of its own; `None` where it does not show them.
    pub own: Option<BTreeMap<String, String>>,
}

/// Asks a Sentinel what it watches and how; `None` if a data server answers.
///
/// # Errors
/// When it does not answer, or refuses to tell what it watches.
pub fn watching(reach: &Reach<'_>) -> Result<Option<Watching>, DiscoverError> {
    let mut met = Met::meet_any(reach)?;
    if !met.is_sentinel() {
        return Ok(None);
    }
    let shape = || DiscoverError::Observe(ObserveError::Shape { command: "SENTINEL" });
    let primaries = match met.ask(Ask::SentinelMasters)? {
        Reply::Error(answer) => return Err(DiscoverError::Refused { command: "SENTINEL MASTERS", answer }),
        reply @ (Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_)) => {
            entries(reply).ok_or_else(shape)?
        }
    };
    let mut own = Some(BTreeMap::new());
    for name in OWN {
        let reply = met.ask(Ask::SentinelConfigGet(name))?;
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        match (reply.into_items(), &mut own) {
            (Some(items), Some(own)) => {
                own.extend(items.chunks_exact(2).map(|pair| (text(&pair[0]), text(&pair[1]))));
            }
            // A refusal, or a user who may not.
            (_, _) => own = None,
        }
    }
    Ok(Some(Watching { server: met.server(), primaries, own }))
}
