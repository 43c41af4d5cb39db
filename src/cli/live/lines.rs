//! The lines of a report on running servers, from what was found there.

use super::target::{Place, Target};
use crate::catalog::Change;
use crate::cli::diff;
use crate::config::Setup;
use crate::plan::{Drift, Drifts, Fate, Held, Standing, UserDrift};
use crate::report::{DriftLine, HeldLine, LiveServer, LiveStatus};
use crate::snapshot::{Info, Snapshot};

/// What a side holds; what the other comparisons have from a dump is here what a server said.
pub(super) fn held(setup: &Setup, held: &Held) -> HeldLine {
    let line = diff::held(setup, held);
    if line.said == "dump" { HeldLine { said: "server", ..line } } else { line }
}

pub(super) fn empty(target: &Target<'_>) -> LiveServer {
    LiveServer {
        name: target.name.clone(),
        address: match &target.place {
            Place::Address(url) => url.address.to_string(),
            Place::Dump(path) => path.display().to_string(),
            Place::Nowhere(_) => String::new(),
        },
        environment: target.environment().map(str::to_owned),
        server: None,
        role: None,
        status: LiveStatus::Equal,
        effect: "none",
        reason: None,
        help: None,
        differences: Vec::new(),
        others: Vec::new(),
        unmanaged: Vec::new(),
        equal: 0,
        not_compared: 0,
        per_node: 0,
        unknown: Vec::new(),
        notes: Vec::new(),
        topology: None,
        nodes: Vec::new(),
    }
}

pub(super) fn fill_rows(line: &mut LiveServer, setup: &Setup, deployed: Option<&Setup>, found: &Drifts) {
    for row in &found.rows {
        let told = drift_line(setup, deployed, row);
        if row.counts() {
            line.differences.push(told);
        } else if row.standing == Standing::Unmanaged {
            line.unmanaged.push(told);
        } else {
            line.others.push(told);
        }
    }
    line.equal = found.equal;
    line.not_compared = found.not_compared;
    line.per_node = found.per_node;
    line.unknown.clone_from(&found.strange);
    let by_restart = line.differences.iter().any(|row| row.effect == "restart" && row.state == "drift");
    line.effect = match (line.differences.is_empty(), by_restart) {
        (true, _) => "none",
        (false, true) => "restart",
        (false, false) => "live",
    };
}

pub(super) fn user_line(setup: &Setup, row: &UserDrift) -> DriftLine {
    let (declared, running) = (held(setup, &row.declared), held(setup, &row.running));
    live_line(&row.name, (declared, running), &row.standing, row.note.clone())
}

/// What only the running server tells, and what is set there at once; of a restart nothing is known.
pub(super) fn live_line(
    name: &str,
    (declared, running): (HeldLine, HeldLine),
    standing: &Standing,
    note: Option<String>,
) -> DriftLine {
    DriftLine {
        directive: name.to_owned(),
        declared,
        running,
        after_restart: None,
        state: state(standing),
        restart: "unknown",
        effect: "live",
        per_node: false,
        note,
    }
}

fn state(standing: &Standing) -> &'static str {
    match standing {
        Standing::Equal => "equal",
        Standing::Drift => "drift",
        Standing::Expected { .. } => "expected",
        Standing::Unmanaged => "unmanaged",
        Standing::Limited => "limited",
        Standing::NotCompared => "not-compared",
    }
}

fn drift_line(setup: &Setup, deployed: Option<&Setup>, row: &Drift) -> DriftLine {
    DriftLine {
        directive: row.name.to_owned(),
        declared: held(setup, &row.declared),
        running: held(setup, &row.running),
        after_restart: row.after_restart.as_ref().map(|after| held(deployed.unwrap_or(setup), after)),
        state: state(&row.standing),
        restart: match row.fate {
            Fate::Unknown => "unknown",
            Fate::Stays => "stays",
            Fate::Lost => "lost",
            Fate::Pending => "pending",
        },
        effect: match row.effect {
            Change::Live => "live",
            Change::Restart => "restart",
        },
        per_node: row.per_node,
        note: row.note.clone(),
    }
}

pub(super) fn role(info: &Info) -> Option<String> {
    match info.get("role") {
        Some("master") => {
            let replicas = info.get("connected_slaves").unwrap_or("0");
            Some(match replicas {
                "0" => "primary".into(),
                "1" => "primary, 1 replica".into(),
                more => format!("primary, {more} replicas"),
            })
        }
        Some("slave") => {
            let of = |name: &str| info.get(name).unwrap_or("?");
            Some(format!("replica of {}:{}", of("master_host"), of("master_port")))
        }
        Some(_) | None => None,
    }
}

/// What else there is to know of its state.
pub(super) fn notes(target: &Target<'_>, snapshot: &Snapshot) -> Vec<String> {
    let info = snapshot.info();
    let is = |name: &str, value: &str| info.get(name).is_some_and(|said| said == value);
    let mut notes = Vec::new();
    if let Some(declared) = target.server().filter(|declared| declared.base() != snapshot.server.base())
        && !info.is_empty()
    {
        notes.push(format!("declared as {}, and {} runs: compared as what runs", declared.base(), snapshot.server));
    }
    if is("loading", "1") {
        notes.push("it is loading its data, and takes no commands but a few until it is done".into());
    }
    if is("role", "slave") && is("master_link_status", "down") {
        notes.push("its link to the primary is down".into());
    }
    if is("aof_enabled", "1") && (is("aof_rewrite_in_progress", "1") || is("aof_rewrite_scheduled", "1")) {
        notes.push("its append-only file is being rewritten".into());
    }
    if matches!(target.place, Place::Dump(_)) {
        notes.push("a dump shows neither users nor renamed commands, nor what a restart would give".into());
    }
    notes
}
