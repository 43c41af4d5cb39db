//! Where a server answers: `redis://host:6379`, `rediss://host:6380`, `unix:///run/redis.sock`, `host:6379`, `/run/redis.sock`.

use std::fmt;
use std::path::PathBuf;

/// The port that servers listen on unless told otherwise.
const PORT: u16 = 6379;

/// A socket to connect to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Address {
    /// A name or address of a host, and a port.
    Tcp {
        /// The host, an IPv6 address without its brackets.
        host: String,
        /// The port.
        port: u16,
        /// Whether it speaks TLS there.
        tls: bool,
    },
    /// A unix socket.
    Unix(PathBuf),
}

/// An address as it was written: it may name the user, too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// Where to connect.
    pub address: Address,
    /// The ACL user, if it is named.
    pub user: Option<String>,
}

/// Why a text is no address. A password in it is never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A password in the URL: it would be seen in the list of processes and in the shell's history.
    #[error("the address holds a password, which everybody on this machine can see in the list of processes")]
    Password,
    /// Another scheme.
    #[error("`{scheme}://` is no scheme of Redis or Valkey")]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// No port number.
    #[error("`{text}` is no port: a number from 1 to 65535 is expected")]
    Port {
        /// What stands after the colon.
        text: String,
    },
    /// No host.
    #[error("`{text}` names no host")]
    Host {
        /// The text.
        text: String,
    },
    /// Parameters behind `?`, or a fragment.
    #[error("`{text}` is nothing an address can say here")]
    Tail {
        /// What is too much.
        text: String,
    },
}

impl Url {
    /// Reads an address as people and other tools write it. The database number of a `redis://` URL is passed over:
    /// the configuration is the same in all of them.
    ///
    /// # Errors
    /// When it is none, or holds a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix://").or_else(|| text.strip_prefix("unix:")) {
            let path = path.split('?').next().unwrap_or_default();
            if path.is_empty() {
                return Err(AddressError::Host { text: text.to_owned() });
            }
            return Ok(Self { address: Address::Unix(path.into()), user: None });
        }
        if text.starts_with(['/', '.']) {
            return Ok(Self { address: Address::Unix(text.into()), user: None });
        }
        let (tls, rest) = match text.split_once("://") {
            Some(("redis" | "valkey" | "tcp", rest)) => (false, rest),
            Some(("rediss" | "valkeys" | "tls", rest)) => (true, rest),
            Some((scheme, _)) => return Err(AddressError::Scheme { scheme: scheme.to_owned() }),
            None => (false, text),
        };
        let (user, rest) = match rest.rsplit_once('@') {
            Some((who, rest)) => (user(who)?, rest),
            None => (None, rest),
        };
        let (host, tail) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let database = tail.strip_prefix('/').unwrap_or(tail);
        if !database.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AddressError::Tail { text: tail.to_owned() });
        }
        let (host, port) = host_and_port(host)?;
        Ok(Self { address: Address::Tcp { host, port, tls }, user })
    }
}

/// The user before the `@`, which may be empty as in `redis://:@host`.
fn user(who: &str) -> Result<Option<String>, AddressError> {
    let name = match who.split_once(':') {
        Some((_, password)) if !password.is_empty() => return Err(AddressError::Password),
        Some((name, _)) => name,
        None => who,
    };
    Ok((!name.is_empty()).then(|| unescaped(name)))
}

/// The text with `%41` made `A`; what is no such escape stays.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &more[2..];
            }
            Some(_) | None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn host_and_port(text: &str) -> Result<(String, u16), AddressError> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, "")) => (host, None),
        Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(port))),
        None => match text.split_once(':') {
            // More colons than one: an IPv6 address without a port.
            Some((_, port)) if port.contains(':') => (text, None),
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.is_empty() || host.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(AddressError::Host { text: text.to_owned() });
    }
    let port = match port {
        None => PORT,
        Some(text) => match text.parse() {
            Ok(port) if port > 0 => port,
            Ok(_) | Err(_) => return Err(AddressError::Port { text: text.to_owned() }),
        },
    };
    Ok((host.to_owned(), port))
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16, tls: bool) -> Address {
        Address::Tcp { host: host.into(), port, tls }
    }

    #[test]
    fn every_way_to_write_an_address_is_read() {
        for (text, address, user) in [
            ("redis://10.0.0.23:6379", tcp("10.0.0.23", 6379, false), None),
            ("redis://cache", tcp("cache", 6379, false), None),
            ("redis://ops@cache:7000/3", tcp("cache", 7000, false), Some("ops")),
            ("redis://:@cache", tcp("cache", 6379, false), None),
            ("rediss://o%70s@cache:6380", tcp("cache", 6380, true), Some("ops")),
            ("valkey://cache:6380/", tcp("cache", 6380, false), None),
            ("cache:7001", tcp("cache", 7001, false), None),
            ("localhost", tcp("localhost", 6379, false), None),
            ("[::1]:7001", tcp("::1", 7001, false), None),
            ("::1", tcp("::1", 6379, false), None),
            ("unix:///run/redis.sock", Address::Unix("/run/redis.sock".into()), None),
            ("unix:/run/redis.sock", Address::Unix("/run/redis.sock".into()), None),
            ("/run/redis.sock", Address::Unix("/run/redis.sock".into()), None),
        ] {
            let read = Url::parse(text).unwrap();
            assert_eq!((read.address, read.user.as_deref()), (address, user), "{text}");
        }
    }

    #[test]
    fn a_password_is_refused_and_not_repeated() {
        for text in ["redis://:hunter2@cache", "redis://ops:hunter2@cache:1/0", "ops:hunter2@cache"] {
            let error = Url::parse(text).unwrap_err();
            assert_eq!(error, AddressError::Password);
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_address_is_told_by_its_part() {
        assert!(matches!(Url::parse("http://cache"), Err(AddressError::Scheme { .. })));
        assert!(matches!(Url::parse("cache:0"), Err(AddressError::Port { .. })));
        assert!(matches!(Url::parse("cache:65536"), Err(AddressError::Port { .. })));
        assert!(matches!(Url::parse("redis://"), Err(AddressError::Host { .. })));
        assert!(matches!(Url::parse("redis://cache/0?ssl=true"), Err(AddressError::Tail { .. })));
        assert!(matches!(Url::parse("unix://"), Err(AddressError::Host { .. })));
    }

    #[test]
    fn an_address_is_shown_as_it_is_written() {
        for text in ["cache:7000", "[::1]:7001", "/run/redis.sock"] {
            assert_eq!(Url::parse(text).unwrap().address.to_string(), text);
        }
    }
}
