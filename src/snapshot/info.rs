//! INFO text into fields, and fields into the identity of a server.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

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

/// The fields of INFO. A fleet tells hundreds of them a server, of which few are looked at: so they stay the text they came
/// as, which is searched.
#[derive(Clone, Default)]
pub struct Info(Box<str>);

impl Info {
    /// What a field says; of equal names the first counts, so that mostly little is searched.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        // No field has such a name, and the search below would find one.
        if name.starts_with('#') || name.contains([':', '\n']) {
            return None;
        }
        let text = self.0.as_bytes();
        let is_field = |at: &usize| (*at == 0 || text[at - 1] == b'\n') && text.get(at + name.len()) == Some(&b':');
        let at = memchr::memmem::find_iter(text, name).find(is_field)?;
        let said = &self.0[at + name.len() + 1..];
        Some(said.split('\n').next().unwrap_or_default().trim_ascii_end())
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_told().next().is_none()
    }

    /// Every field with what it says, by name, each name once.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut fields = BTreeMap::new();
        for (name, said) in self.as_told() {
            fields.entry(name).or_insert(said);
        }
        fields.into_iter()
    }

    /// Every field with what it says, in the order in which the server told them; one that lies may tell a name twice.
    pub fn as_told(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.0.split('\n').filter(|line| !line.starts_with('#'));
        // A line that ends in its colon says nothing, which is a value, too.
        lines.filter_map(|line| line.split_once(':')).map(|(name, said)| (name, said.trim_ascii_end()))
    }
}

impl PartialEq for Info {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Info {}

impl fmt::Debug for Info {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for Info {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(fields: T) -> Self {
        let mut text = String::new();
        for (name, value) in fields {
            text.extend([name.as_ref(), ":", value.as_ref(), "\n"]);
        }
        parse_info(text.as_bytes())
    }
}

impl Serialize for Info {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Info {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(BTreeMap::<String, String>::deserialize(deserializer)?.into_iter().collect())
    }
}

/// Takes the text of INFO; section titles and empty lines are no fields.
#[must_use]
pub fn parse_info(text: &[u8]) -> Info {
    // What has nothing to mend is told as such much faster than it is mended.
    Info(std::str::from_utf8(text).map_or_else(|_| String::from_utf8_lossy(text).into(), Box::from))
}

/// Tells engine and version by the fields of `INFO server`.
///
/// Valkey also states a `redis_version` (7.2.4, for old clients), so `valkey_version` goes first. Valkey 7.2 has that
/// field too.
///
/// # Errors
/// When no version field is there, or it does not begin with `major.minor`.
pub fn identity(info: &Info) -> Result<Server, IdentityError> {
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
        assert_eq!(parse_info(valkey.as_bytes()).get("os"), Some("Linux 5 x:y"));
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

    #[test]
    fn fields_are_found_by_name_and_the_first_of_equal_ones_counts() {
        let info = parse_info(b"# Server\r\n#b:0\r\nab:0\r\nb: 1 \r\n\r\na:\r\nb: 2\r\nno field\r\n:x\r\nlast:3");
        assert_eq!(info.iter().collect::<Vec<_>>(), [("", "x"), ("a", ""), ("ab", "0"), ("b", " 1"), ("last", "3")]);
        let found = ["a", "b", "last", "", "c", "#b", "b: 1", "no field"].map(|name| info.get(name));
        assert_eq!(found, [Some(""), Some(" 1"), Some("3"), Some("x"), None, None, None, None]);
        assert_eq!(info, info.iter().collect());
        let kept = serde_json::to_string(&info).unwrap();
        assert_eq!(serde_json::from_str::<Info>(&kept).unwrap(), info);
    }
}
