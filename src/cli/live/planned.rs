//! Plan files: what was planned for one process, for somebody to review; applied only while all of it still holds.
//!
//! Values of secrets are not in it. It is bound to the process and its role, to what the keys it touches had, and to a
//! bound on the memory in use, on which the estimates rest; what else moves on the server does not make it stale.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::journal::Change;
use super::look::Seen;
use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::subject::read_file;
use crate::cli::write::write;
use crate::render::Artefact;

/// A plan on the disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanFile {
    schema_version: u32,
    name: String,
    at: String,
    server: String,
    run_id: String,
    role: String,
    changes: Vec<Change>,
    /// Dangers that are allowed with it.
    pub(super) allow: Vec<String>,
    /// With more memory in use than this, in bytes, the estimates no longer hold.
    used_memory_at_most: Option<u64>,
}

impl PlanFile {
    /// The plan for a server, with the dangers that are allowed.
    pub(super) fn of(name: &str, seen: &Seen, allow: Vec<String>) -> Self {
        let used: Option<u64> = seen.snapshot.info().get("used_memory").and_then(|text| text.parse().ok());
        let is_estimated = seen.plan.steps().flat_map(|step| &step.hazards).any(|hazard| hazard.keys.is_some());
        Self {
            schema_version: 1,
            name: name.to_owned(),
            at: clock::now(),
            server: seen.plan.server.name(),
            run_id: seen.plan.of.run_id.clone(),
            role: seen.plan.of.role.clone(),
            changes: seen.plan.steps().map(Change::of).collect(),
            allow,
            // A tenth more is what a review may take.
            used_memory_at_most: used.filter(|_| is_estimated).map(|used| used.saturating_add(used / 10)),
        }
    }

    pub(super) fn keep(&self, path: &Path) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(self).expect("a plain structure");
        text.push(b'\n');
        let artefact = Artefact { path: path.to_owned(), text, mode: Some(0o600), secret: false };
        write(path, &artefact).map(drop)
    }

    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let read: Self = serde_json::from_slice(&read_file(path)?).map_err(|error| {
            Failure::new(format!("`{}` is no plan file: line {}", path.display(), error.line()))
                .help("make one with `redisconf apply … --plan-out FILE`")
        })?;
        if read.schema_version == 1 {
            Ok(read)
        } else {
            Err(Failure::new(format!("`{}` is of another generation of redisconf", path.display())))
        }
    }

    /// Why it may not be applied to what was seen now.
    pub(super) fn is_stale(&self, name: &str, seen: &Seen) -> Option<String> {
        let now = Self::of(name, seen, Vec::new());
        if self.name != name {
            return Some(format!("it is for {}", self.name));
        }
        if self.run_id != now.run_id {
            return Some("another process answers: the server was restarted since, or replaced".into());
        }
        if self.role != now.role {
            return Some(format!("the server's role was {}, and is {} now", self.role, now.role));
        }
        let find = |changes: &[Change], name: &str| changes.iter().find(|change| change.directive == name).cloned();
        for planned in &self.changes {
            match find(&now.changes, &planned.directive) {
                Some(change) if change == *planned => {}
                Some(_) => return Some(format!("`{}` runs with or is declared as another value", planned.directive)),
                None => return Some(format!("`{}` is not to be changed any more", planned.directive)),
            }
        }
        if let Some(more) = now.changes.iter().find(|change| find(&self.changes, &change.directive).is_none()) {
            return Some(format!("`{}` differs now, too", more.directive));
        }
        let used: u64 = seen.snapshot.info().get("used_memory").and_then(|text| text.parse().ok()).unwrap_or(0);
        match self.used_memory_at_most {
            Some(most) if used > most => Some(format!("{used} bytes of memory are in use, and it holds up to {most}")),
            Some(_) | None => None,
        }
    }
}
