//! `redisconf import redis://…`: what a server has set, asked from itself.

use std::path::Path;
use std::time::Duration;

use super::super::failure::Failure;
use super::super::server::Chosen;
use super::read::{Asked, Found, Item};
use crate::import::Original;
use crate::live::{Address, ConnectionError, FetchError, InspectError, fetch};
use crate::source::Name;

/// How long the connection and each answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where the password is; an argument would be seen by others.
const PASSWORD: &str = "REDISCONF_PASSWORD";

/// Asks the server that an input is the address of; `None` if it is the name of a file.
#[expect(
    clippy::disallowed_methods,
    reason = "an address may look like a file's name, and passwords are not arguments"
)]
pub(super) fn found(asked: Asked<'_>, input: &Path) -> Option<Found> {
    let text = input.to_str()?;
    let bare = |text: &str| {
        text.rsplit_once(':').is_some_and(|(host, port)| !host.contains('/') && port.parse::<u16>().is_ok())
    };
    if !text.contains("://") && (!bare(text) || input.exists()) {
        return None;
    }
    let address: Address = match text.parse() {
        Ok(address) => address,
        Err(error) => {
            let help = format!("give the password in the variable {PASSWORD}; of a server with TLS import a dump");
            let outcome = Err(Failure::new(format!("cannot ask a server: {error}")).help(help));
            return Some(Found { subject: "the address".into(), name: "imported".into(), outcome });
        }
    };
    let subject = address.to_string();
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = subject.trim_start_matches("unix://").chars().map(word).collect();
    let password = std::env::var_os(PASSWORD).map(std::ffi::OsString::into_encoded_bytes);
    let outcome = match (password.filter(|password| !password.is_empty()), &address.user) {
        (None, Some(user)) => Err(Failure::new(format!("there is no password for `{user}`"))
            .help(format!("give it in the variable {PASSWORD}"))),
        (password, _) => item(asked, &address, password),
    };
    Some(Found { subject, name: name.trim_matches('-').to_owned(), outcome })
}

fn item(asked: Asked<'_>, address: &Address, password: Option<Vec<u8>>) -> Result<Item, Failure> {
    if asked.command.server.is_some() {
        return Err(Failure::new("a running server tells its version itself").help("leave `--server` out"));
    }
    let snapshot = fetch(address, password, PATIENCE).map_err(|error| {
        let help = match &error {
            FetchError::Locked | FetchError::WrongPassword { .. } => {
                format!("give the password in the variable {PASSWORD}, and the user in the address: `redis://USER@HOST:PORT`")
            }
            FetchError::NotAllowed { .. } => "let the user ask: `+info +config|get`".to_owned(),
            FetchError::Sentinel => "ask a server that it watches".to_owned(),
            FetchError::Inspect(InspectError::Connection(ConnectionError::Connect(_))) => {
                "is the server there, and does it listen on that address?".to_owned()
            }
            FetchError::Inspect(_) => "import its configuration file, or a dump".to_owned(),
        };
        Failure::new(format!("cannot ask `{address}`: {}", error.to_string().replace(char::is_control, " "))).help(help)
    })?;
    let chosen = Chosen { server: snapshot.server, because: "as the server says".into() };
    let original = Original::of_snapshot(Name::Live(address.to_string()), &snapshot);
    Ok(Item { original, chosen, kind: "live", from: format!("the server at {address}") })
}
