//! Asks a server that somebody else runs what it is and what it has set: `AUTH`, `INFO server`, `CONFIG GET *`, and nothing
//! else. Nothing on it changes, and nothing tells it who asks.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::ask::{Login, Section};
use super::connection::{Connection, ConnectionError};
use super::inspect::{InspectError, granted};
use super::reply::Reply;
use crate::snapshot::{Snapshot, identity, pairs, parse_info};

/// Where a server listens, and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    place: Place,
    /// The ACL user; `None` for the default one.
    pub user: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Tcp(String, u16),
    Unix(PathBuf),
}

/// Why a text is no address. Holds nothing of it: it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A password in an address is in every list of processes and every history of a shell.
    #[error("an address with a password in it is not taken: others see it in the list of processes")]
    Password,
    /// `rediss://`.
    #[error("TLS is not spoken here")]
    Tls,
    /// Something else.
    #[error("this is no address: write `redis://HOST:PORT`, `redis://USER@HOST:PORT`, `unix:///PATH` or `HOST:PORT`")]
    Form,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("redis", text));
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, _)) if user.contains(':') => return Err(AddressError::Password),
            Some((user, place)) => (Some(user.to_owned()).filter(|user| !user.is_empty()), place),
            None => (None, rest),
        };
        match scheme {
            "unix" if place.starts_with('/') => Ok(Self { place: Place::Unix(place.into()), user }),
            "redis" | "valkey" => {
                let place = place.split(['/', '?']).next().unwrap_or_default();
                let (host, port) = match place.rsplit_once(':') {
                    Some((host, port)) if !port.ends_with(']') => (host, port.parse().map_err(|_| AddressError::Form)?),
                    Some(_) | None => (place, 6379),
                };
                let host = host.trim_start_matches('[').trim_end_matches(']');
                if host.is_empty() || host.contains(char::is_whitespace) {
                    return Err(AddressError::Form);
                }
                Ok(Self { place: Place::Tcp(host.to_owned(), port), user })
            }
            "rediss" | "valkeys" => Err(AddressError::Tls),
            _ => Err(AddressError::Form),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Tcp(host, port) if host.contains(':') => write!(f, "[{host}]:{port}"),
            Place::Tcp(host, port) => write!(f, "{host}:{port}"),
            Place::Unix(path) => write!(f, "unix://{}", path.display()),
        }
    }
}

/// Why a server could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It asks for a password, and there is none.
    #[error("the server asks for a password")]
    Locked,
    /// It does not take the password.
    #[error("the server does not take the password of `{user}`")]
    WrongPassword {
        /// Who tried.
        user: String,
    },
    /// The user may not ask.
    #[error("`{user}` may not run {command}")]
    NotAllowed {
        /// Who tried.
        user: String,
        /// What was refused.
        command: &'static str,
    },
    /// It watches servers, and is none.
    #[error("this is a Sentinel, and profiles are for servers")]
    Sentinel,
    /// Anything else.
    #[error(transparent)]
    Inspect(#[from] InspectError),
}

impl From<ConnectionError> for FetchError {
    fn from(error: ConnectionError) -> Self {
        Self::Inspect(error.into())
    }
}

/// Asks; each answer, and the connection itself, must be there `within` that time.
///
/// # Errors
/// When there is no connection or no answer, or the server refuses.
pub fn fetch(address: &Address, password: Option<Vec<u8>>, within: Duration) -> Result<Snapshot, FetchError> {
    let mut connection = match &address.place {
        Place::Tcp(host, port) => Connection::open_tcp(host, *port, within)?,
        Place::Unix(path) => Connection::open(path, within)?,
    };
    let user = address.user.clone().unwrap_or_else(|| "default".into());
    if let Some(password) = password
        && let Reply::Error(_) = connection.auth(&Login { user: user.clone(), password })?
    {
        return Err(FetchError::WrongPassword { user });
    }
    let allowed = |command: &'static str, reply: Reply| -> Result<Reply, FetchError> {
        if let Reply::Error(text) = &reply {
            if text.starts_with("NOAUTH") {
                return Err(FetchError::Locked);
            }
            if text.starts_with("NOPERM") {
                return Err(FetchError::NotAllowed { user: user.clone(), command });
            }
        }
        Ok(granted(command, reply)?)
    };
    let info = allowed("INFO", connection.info(Section::Server)?)?;
    let info = parse_info(&info.into_bytes().ok_or(InspectError::Shape { command: "INFO" })?);
    if info.get("redis_mode").is_some_and(|mode| mode == "sentinel") {
        return Err(FetchError::Sentinel);
    }
    let server = identity(&info).map_err(InspectError::from)?;
    let mut config = Vec::new();
    for reply in connection.config_get(&["*"])? {
        let items = allowed("CONFIG GET", reply)?.into_items().ok_or(InspectError::Shape { command: "CONFIG" })?;
        config.extend(pairs(items).map_err(InspectError::from)?);
    }
    Ok(Snapshot::new(server, config, info))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_four_forms() {
        for (text, shown, user) in [
            ("redis://10.0.0.1", "10.0.0.1:6379", None),
            ("redis://ops@cache.example:6380/0", "cache.example:6380", Some("ops")),
            ("valkey://[::1]:7000", "[::1]:7000", None),
            ("127.0.0.1:6379", "127.0.0.1:6379", None),
            ("unix:///run/redis.sock", "unix:///run/redis.sock", None),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.to_string().as_str(), address.user.as_deref()), (shown, user), "{text}");
        }
        for (text, error) in [
            ("redis://:pw@h", AddressError::Password),
            ("redis://ann:pw@h:1", AddressError::Password),
            ("rediss://h", AddressError::Tls),
            ("http://h", AddressError::Form),
            ("redis://", AddressError::Form),
            ("redis://h:99999", AddressError::Form),
            ("unix://relative", AddressError::Form),
        ] {
            assert_eq!(text.parse::<Address>(), Err(error), "{text}");
        }
    }
}
