//! A Sentinel held against its own file. Nothing is set: a Sentinel is told by its own commands, and writes its file itself.

use super::lines::{empty, live_line};
use super::look::Looking;
use super::nodes::advice;
use super::target::{Declared, Place, Target};
use crate::cli::failure::Failure;
use crate::cli::server::Chosen;
use crate::cli::setup::is_profile;
use crate::cli::subject::read_file;
use crate::config::{Setup, sentinel_lines};
use crate::live::watching;
use crate::plan::{SentinelDrift, Standing, drift_sentinel};
use crate::report::{DriftLine, HeldLine, LiveServer, LiveStatus, Place as Spot};
use crate::syntax::StatementId;

/// Whether what is declared is a file that may be a Sentinel's. A first look: the file is read for a version later.
pub(super) fn may_be_of_sentinel(targets: &[Target<'_>]) -> bool {
    let Some(Declared::Named(profile)) = targets.first().map(|target| target.declared) else { return false };
    let Some(name) = profile.profile.as_deref().filter(|name| !is_profile(name)) else { return false };
    let is_line = |line: &[u8]| line.trim_ascii().get(..9).is_some_and(|word| word.eq_ignore_ascii_case(b"sentinel "));
    read_file(name.as_ref()).is_ok_and(|text| text.split(|byte| *byte == b'\n').any(is_line))
}

impl Looking<'_> {
    /// How a Sentinel stands to its own file, if what is declared is one.
    pub(super) fn watcher(&self, target: &Target<'_>) -> Option<LiveServer> {
        let Place::Address(url) = &target.place else { return None };
        if !self.may_be_of_sentinel {
            return None;
        }
        let mut line = empty(target);
        let asked = self.login(target, url).and_then(|login| {
            let reach = self.reach(url, login.as_ref())?;
            let said = watching(&reach).map_err(|error| advice(&error))?;
            let said = said.ok_or_else(|| {
                Failure::new("the file is a Sentinel's, and a data server answers")
                    .help("name the address of a Sentinel, or the file of the server")
            })?;
            let setup = target.setup(said.server)?;
            Ok((said, setup))
        });
        let (said, setup) = match asked {
            Ok(asked) => asked,
            Err(failure) => {
                line.status = LiveStatus::Unreachable;
                line.reason = Some(failure.message().to_owned());
                line.help = failure.advice().map(str::to_owned);
                return Some(line);
            }
        };
        line.server = Some(Chosen { server: said.server, because: "INFO".into() }.used());
        line.role = Some(match said.primaries.len() {
            1 => "Sentinel of 1 primary".into(),
            count => format!("Sentinel of {count} primaries"),
        });
        let (ids, lines): (Vec<StatementId>, Vec<Vec<String>>) = sentinel_lines(&setup.reading).into_iter().unzip();
        if lines.is_empty() {
            return None;
        }
        let found = drift_sentinel(&lines, &said.primaries, said.own.as_ref());
        for row in &found.rows {
            let told = drift_line(&setup, &ids, row);
            match row.standing {
                Standing::Drift => line.differences.push(told),
                Standing::Equal
                | Standing::Expected { .. }
                | Standing::Unmanaged
                | Standing::Limited
                | Standing::NotCompared => line.unmanaged.push(told),
            }
        }
        line.notes = found.notes;
        (line.equal, line.not_compared) = (found.equal, found.not_compared);
        if said.own.is_none() {
            line.reason = Some("it does not show its own settings".into());
            line.help = Some("let its user ask: `+sentinel|config`".into());
        }
        line.effect = if line.differences.is_empty() { "none" } else { "live" };
        line.status = match (said.own.is_some(), line.differences.is_empty()) {
            (false, _) => LiveStatus::Partial,
            (true, false) => LiveStatus::Drift,
            (true, true) => LiveStatus::Equal,
        };
        Some(line)
    }
}

fn drift_line(setup: &Setup, ids: &[StatementId], row: &SentinelDrift) -> DriftLine {
    let held = |value: Option<&String>, said: &'static str, at: Vec<Spot>| HeldLine {
        name: row.name.clone(),
        value: value.cloned(),
        secret: false,
        secret_name: None,
        said: if value.is_some() { said } else { "absent" },
        at,
        words: None,
    };
    let at = |(_, line): &(String, usize)| Spot::of(&setup.reading.sources, setup.reading.statement(ids[*line]).at);
    let declared = row.declared.as_ref().map(at).into_iter().collect();
    let declared = held(row.declared.as_ref().map(|(text, _)| text), "statement", declared);
    let running = held(row.running.as_ref(), "server", Vec::new());
    live_line(&row.name, (declared, running), &row.standing, row.note.clone())
}
