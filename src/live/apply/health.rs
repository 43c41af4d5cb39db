//! What must not get worse while a plan is carried out.

use crate::snapshot::Info;

/// The parts of INFO that tell whether clients and replicas are served as before.
pub(super) struct Health {
    link: Option<String>,
    replicas: u64,
    refused: u64,
}

impl Health {
    pub(super) fn of(info: &Info) -> Self {
        Self {
            link: info.get("master_link_status").map(str::to_owned),
            replicas: number(info, "connected_slaves"),
            refused: info.get("errorstat_OOM").and_then(|text| text.strip_prefix("count=")?.parse().ok()).unwrap_or(0),
        }
    }

    /// What is worse now, if anything is.
    pub(super) fn compare(&self, now: &Self) -> Result<(), String> {
        if self.link.as_deref() == Some("up") && now.link.as_deref() != Some("up") {
            return Err("its link to the primary went down".into());
        }
        if now.replicas < self.replicas {
            return Err(format!("it had {} replicas, and has {} now", self.replicas, now.replicas));
        }
        if now.refused > self.refused {
            return Err(format!("it refused {} commands for want of memory (OOM)", now.refused - self.refused));
        }
        Ok(())
    }
}

/// A number of INFO; 0 if it is not there.
pub(super) fn number(info: &Info, field: &str) -> u64 {
    info.get(field).and_then(|text| text.parse().ok()).unwrap_or(0)
}
