//! INFO text into fields, and fields into the identity of a server.

use std::collections::BTreeMap;

use crate::server::{ParseServerError, Server};

/// Why INFO does not tell which server answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Neither version field is there: a proxy, or a user who may not run INFO.
    #[error("INFO names neither `redis_version` nor `valkey_version`: ask a Redis or Valkey server for `INFO server`")]
    Missing,
    /// A version field holds something else than numbers.
    #[error("INFO states a version that cannot be read: {0}")]
    Unreadable(#[from] ParseServerError),
}

/// Splits the text of INFO into its fields; section titles and empty lines fall away.
#[must_use]
pub fn parse_info(text: &[u8]) -> BTreeMap<String, String> {
    String::from_utf8_lossy(text)
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .map(|(field, value)| (field.to_owned(), value.trim_end().to_owned()))
        .collect()
}

/// Tells engine and version by the fields of `INFO server`.
///
/// Valkey also states a `redis_version` (7.2.4, for old clients), so `valkey_version` goes first. Valkey 7.2 has that
/// field too.
///
/// # Errors
/// When no version field is there, or it does not begin with `major.minor`.
pub fn identity(info: &BTreeMap<String, String>) -> Result<Server, IdentityError> {
    let (engine, version) = match (info.get("valkey_version"), info.get("redis_version")) {
        (Some(version), _) => ("valkey", version),
        (None, Some(version)) => ("redis", version),
        (None, None) => return Err(IdentityError::Missing),
    };
    Ok(named(engine, version)?)
}

/// Reads `7.4.1`, also with a tail such as `-rc1` or `-debian`.
fn named(engine: &str, version: &str) -> Result<Server, ParseServerError> {
    let numbers: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("{engine}-{}", numbers.trim_end_matches('.')).parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Server, IdentityError> {
        identity(&parse_info(text.as_bytes()))
    }

    #[test]
    fn valkey_is_told_apart_though_it_states_a_redis_version() {
        let valkey =
            "# Server\r\nredis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.8\r\nos:Linux 5 x:y\r\n";
        assert_eq!(told(valkey).unwrap().name(), "valkey-8.1.8");
        assert_eq!(told("redis_version:6.2.14\r\n").unwrap().name(), "redis-6.2.14");
        assert_eq!(parse_info(valkey.as_bytes())["os"], "Linux 5 x:y");
    }

    #[test]
    fn a_release_candidate_counts_as_its_release() {
        assert_eq!(told("redis_version:8.0.0-rc1\r\n").unwrap().name(), "redis-8.0.0");
        assert_eq!(told("redis_version:8.0-m01\r\n").unwrap().name(), "redis-8.0");
    }

    #[test]
    fn a_server_that_hides_its_version_is_an_error() {
        assert_eq!(told("# Server\r\nproxy:yes\r\n"), Err(IdentityError::Missing));
        assert!(matches!(told("redis_version:unstable\r\n"), Err(IdentityError::Unreadable(_))));
    }
}
