//! What was deployed before: the version, and the configuration if it is known.

use crate::config::{Config, Value};
use crate::server::Server;

/// The deployment that the case replaces.
#[derive(Clone, Debug)]
pub struct Previous {
    /// Its version.
    pub server: Server,
    /// Its configuration, resolved for that version; `None` if only the version is known.
    pub config: Option<Config>,
    /// How people call it: a file, a profile, a version.
    pub name: String,
}

impl Previous {
    /// The value that was in force; the version's default where the configuration is not known is no value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.config.as_ref()?.get(name)
    }
}
