//! Finds the servers: `REDISCONF_SERVERS_DIR`, else `target/servers`, holds `<engine>-<series>/<engine>-server`.
//!
//! With `REDISCONF_SERVERS=required` a missing server fails its trials, but for the comma-separated ones of
//! `REDISCONF_OPTIONAL_SERVERS`. Otherwise they are ignored, and the run says so.

use std::env;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use redisconf::live::Program;
use redisconf::server::{Server, all};

/// A server of the catalogue, here or not.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) server: Server,
    path: PathBuf,
    missing: bool,
    required: bool,
}

pub(crate) fn servers() -> Vec<Found> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
    let dir = env::var_os("REDISCONF_SERVERS_DIR").map_or(target, PathBuf::from);
    let all_required = env::var("REDISCONF_SERVERS").is_ok_and(|value| value == "required");
    let optional = env::var("REDISCONF_OPTIONAL_SERVERS").unwrap_or_default();
    let found = |server: &Server| {
        let path = dir.join(server.name()).join(server.engine.program());
        let required = all_required && !optional.split(',').any(|name| name.trim() == server.name());
        Found { server: *server, missing: !path.exists(), path, required }
    };
    all().iter().map(found).collect()
}

impl Found {
    /// Where the program is, if it is here.
    pub(crate) fn program(&self) -> Option<PathBuf> {
        (!self.missing).then(|| self.path.clone())
    }

    /// One trial with this server's program.
    pub(crate) fn trial(
        &self,
        concern: &str,
        run: impl FnOnce(&Program) -> Result<(), Failed> + Send + 'static,
    ) -> Trial {
        let path = self.path.clone();
        let test = move || {
            let program = Program::probe(&path).map_err(|error| error.to_string())?;
            run(&program)
        };
        Trial::test(format!("{}::{concern}", self.server.name()), test)
            .with_ignored_flag(self.missing && !self.required)
    }
}
