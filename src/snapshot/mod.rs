//! What a live server told us about itself, and nothing else: data, no connection, no judgement.
//!
//! `live` fills a [`Snapshot`]; `plan`, `lint` and `report` read it. Values are kept as the server sent them; what they
//! mean is the business of `config`.

mod dump;
mod evidence;
mod info;
mod keys;
mod pairs;
mod saved;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub use dump::{Dump, DumpError, Said, is_dump, read_dump};
pub use evidence::{Client, Earlier, Evidence, Exposure, Host, Large, LatencyEvent, Slow, Slowlog, User, command_word};
pub use info::{IdentityError, Info, identity, parse_info};
pub use keys::{CONFIDENCE, Interval, KeyBounds, KeyGroup, KeySample, LargeKey};
pub use pairs::{Pairs, PairsError};
pub use saved::{Kept, Saved, SavedError, read_kept};

use crate::server::Server;

/// The answers of one server at one moment.
#[derive(Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Engine, series and patch release, as `INFO server` states them.
    pub server: Server,
    config: Pairs,
    info: Arc<Info>,
}

impl Snapshot {
    /// Keeps what a server said.
    #[must_use]
    pub fn new(server: Server, config: Pairs, info: impl Into<Arc<Info>>) -> Self {
        Self { server, config, info: info.into() }
    }

    /// Every directive the server showed with its value. Aliases stand beside their directive.
    #[must_use]
    pub fn config(&self) -> &Pairs {
        &self.config
    }

    /// The fields of INFO, without their sections.
    #[must_use]
    pub fn info(&self) -> &Info {
        &self.info
    }

    /// What CONFIG GET showed for `name`, in any case; `None` where the server did not name it.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        self.config.get(&name)
    }
}

/// Shows names and harmless values. What a password may stand in, or a module owns, is `***`.
impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Values<'a>(&'a Pairs);
        impl fmt::Debug for Values<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let shown = self.0.iter().map(|(name, value)| {
                    let hidden = may_hold_a_secret(name);
                    (name, if hidden { "***".into() } else { String::from_utf8_lossy(value) })
                });
                f.debug_map().entries(shown).finish()
            }
        }
        f.debug_struct("Snapshot")
            .field("server", &self.server)
            .field("config", &Values(&self.config))
            .field("info", &self.info)
            .finish()
    }
}

/// Whether a value is hidden in debug output: by the sound of the name, so that a new secret is hidden too.
///
/// The catalogue knows better which are secrets; this room stands before it and hides more.
#[must_use]
pub fn may_hold_a_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "user" || name.contains('.') || ["pass", "auth", "secret", "token"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(config: &[(&str, &str)]) -> Snapshot {
        Snapshot::new("redis-7.4.1".parse().unwrap(), config.iter().copied().collect(), Info::default())
    }

    #[test]
    fn values_are_found_by_name_in_any_case() {
        let snapshot = snapshot(&[("maxmemory", "0"), ("appendonly", "no"), ("MaxMemory", "1")]);
        assert_eq!(snapshot.value("MAXMEMORY"), Some(b"1".as_slice()));
        assert_eq!(snapshot.value("maxmemor"), None);
    }

    #[test]
    fn secrets_do_not_show_in_debug_output() {
        let secrets =
            ["requirepass", "masterauth", "primaryauth", "tls-key-file-pass", "tls-client-key-file-pass", "m.x"];
        let pairs: Vec<_> = secrets.iter().map(|name| (*name, "hunter2")).chain([("port", "6379")]).collect();
        let shown = format!("{:?}", snapshot(&pairs));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("6379"), "{shown}");
    }
}
