//! How running servers stand to what is declared: the result of `diff --live`.

use rayon::prelude::{IntoParallelRefIterator as _, ParallelIterator as _};
use serde::Serialize;

use super::compared::HeldLine;
use super::look::{Look, Role, wrapped};
use super::place::ServerUsed;
use super::table::columns;
use crate::finding::Severity;

/// All servers that were looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveReport {
    /// One a server, in the order in which they were named.
    pub servers: Vec<LiveServer>,
    /// How many are of each status.
    pub counts: LiveCounts,
}

/// How many servers are of each status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LiveCounts {
    /// As declared.
    pub equal: usize,
    /// Not as declared.
    pub drift: usize,
    /// Compared in part.
    pub partial: usize,
    /// No answer.
    pub unreachable: usize,
    /// What is declared cannot be read.
    pub failed: usize,
}

/// How a server stands; the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveStatus {
    /// As declared.
    Equal,
    /// Not as declared.
    Drift,
    /// Compared in part.
    Partial,
    /// No answer.
    Unreachable,
    /// What is declared cannot be read.
    Failed,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveServer {
    /// The instance's name, or the address.
    pub name: String,
    /// Where it answers, or the file that stands for it.
    pub address: String,
    /// Its environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The version that runs.
    pub server: Option<ServerUsed>,
    /// `primary`, `replica`, or how several nodes hang together; `None` if it did not say.
    pub role: Option<String>,
    /// How it stands.
    pub status: LiveStatus,
    /// What it takes to mend: `live`, `restart` or `none`.
    pub effect: &'static str,
    /// Why it could not be looked at, or only in part.
    pub reason: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What is not as declared, or would be lost on a restart.
    pub differences: Vec<DriftLine>,
    /// What is allowed for a time, lowered by the host, or could not be compared.
    pub others: Vec<DriftLine>,
    /// What no layer names and is not the default.
    pub unmanaged: Vec<DriftLine>,
    /// How many declared directives run as declared.
    pub equal: usize,
    /// Declared directives that could not be compared.
    pub not_compared: usize,
    /// Differences by nature, which no layer names; left out.
    pub per_node: usize,
    /// Names that its version does not know.
    pub unknown: Vec<String>,
    /// What else there is to know of its state.
    pub notes: Vec<String>,
    /// `replication`, `cluster` or `sentinel`, where it is several nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topology: Option<&'static str>,
    /// The nodes, each as a server of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Self>,
}

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DriftLine {
    /// The directive.
    pub directive: String,
    /// What is declared.
    pub declared: HeldLine,
    /// What runs.
    pub running: HeldLine,
    /// What a restart would give.
    pub after_restart: Option<HeldLine>,
    /// `drift`, `equal`, `expected`, `unmanaged`, `limited`, `per-node` or `not-compared`.
    pub state: &'static str,
    /// What a restart does to what runs: `unknown`, `stays`, `lost` or `pending`.
    pub restart: &'static str,
    /// How a change takes effect: `live` or `restart`.
    pub effect: &'static str,
    /// Whether it differs from node to node by its nature.
    pub per_node: bool,
    /// What else is to be said.
    pub note: Option<String>,
}

impl DriftLine {
    fn state(&self) -> String {
        let state = match (self.state, self.restart) {
            ("drift", "lost") => "drift, lost on restart".to_owned(),
            ("drift", "pending") => "pending restart".to_owned(),
            ("drift", _) if self.effect == "restart" => "drift, needs a restart".to_owned(),
            ("equal" | "unmanaged", "lost") => "LOST ON RESTART".to_owned(),
            (state, _) => state.replace('-', " "),
        };
        match &self.note {
            Some(note) if self.state == "expected" => note.clone(),
            Some(note) => format!("{state}: {note}"),
            None if self.declared.secret && self.running.secret => format!("{state}: another secret"),
            None => state,
        }
    }
}

impl LiveReport {
    /// Counts the servers.
    #[must_use]
    pub fn new(servers: Vec<LiveServer>) -> Self {
        let mut counts = LiveCounts::default();
        for server in &servers {
            *match server.status {
                LiveStatus::Equal => &mut counts.equal,
                LiveStatus::Drift => &mut counts.drift,
                LiveStatus::Partial => &mut counts.partial,
                LiveStatus::Unreachable => &mut counts.unreachable,
                LiveStatus::Failed => &mut counts.failed,
            } += 1;
        }
        Self { servers, counts }
    }

    /// A table a server, for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        match self.servers.as_slice() {
            // For one alone no threads are started.
            [one] => one.human(look),
            servers => servers.par_iter().map(|server| server.human(look)).collect(),
        }
    }

    /// The counts, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let LiveCounts { equal, drift, partial, unreachable, failed } = self.counts;
        let parts = [
            (drift, "with drift"),
            (equal, "equal"),
            (partial, "partial"),
            (unreachable, "unreachable"),
            (failed, "failed"),
        ];
        let shown = parts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
        shown.collect::<Vec<_>>().join(" · ")
    }
}

impl LiveServer {
    pub(super) fn human(&self, look: Look) -> String {
        let mut text = look.paint(Role::Name, &self.name);
        let version = self.server.as_ref().map(|server| server.words.clone());
        let address = (self.address != self.name).then(|| self.address.clone());
        for part in [version, self.role.clone(), address].into_iter().flatten() {
            text.push_str("  ");
            text.push_str(&look.paint(Role::Aside, &part));
        }
        let unusual = |word: &str| look.paint(Role::Severity(Severity::Error), word);
        let counted = match self.equal {
            1 => "1 declared directive".to_owned(),
            count => format!("{count} declared directives"),
        };
        let per_node = match self.per_node {
            0 => String::new(),
            count => format!(", {count} per-node ones left out"),
        };
        let said = match self.status {
            LiveStatus::Equal
            | LiveStatus::Drift
            | LiveStatus::Partial
            | LiveStatus::Unreachable
            | LiveStatus::Failed
                if !self.nodes.is_empty() =>
            {
                self.nodes_in_words(look)
            }
            LiveStatus::Equal => format!("{} ({counted}{per_node})", look.paint(Role::Counts, "equal")),
            LiveStatus::Drift => match self.differences.len() {
                1 => format!("{}: 1 difference, {counted} as declared{per_node}", unusual("drift")),
                count => format!("{}: {count} differences, {counted} as declared{per_node}", unusual("drift")),
            },
            LiveStatus::Partial => {
                format!("{}: {counted} as declared, {} not compared", unusual("PARTIAL"), self.not_compared)
            }
            LiveStatus::Unreachable => unusual("UNREACHABLE"),
            LiveStatus::Failed => unusual("FAILED"),
        };
        text.push_str(&format!("  {said}\n"));
        for note in self.reason.iter().chain(&self.notes) {
            text.push_str(&wrapped(note, look.text_width(), 2));
        }
        if let Some(help) = &self.help {
            text.push_str(&wrapped(&format!("help: {help}"), look.text_width(), 2));
        }
        let is_shown = self.nodes.is_empty() || self.is_alike_everywhere();
        let rows: Vec<&DriftLine> = self.differences.iter().chain(&self.others).filter(|_| is_shown).collect();
        if !rows.is_empty() {
            text.push_str(&table(&rows, look));
        }
        if !self.unmanaged.is_empty() {
            let each = self.unmanaged.iter().map(|line| format!("{}={}", line.directive, line.running.shown()));
            let list = each.collect::<Vec<_>>().join(", ");
            text.push_str(
                &look.paint(Role::Aside, &wrapped(&format!("unmanaged and not default: {list}"), look.text_width(), 2)),
            );
        }
        text.push_str(&self.own_words(look));
        if !self.unknown.is_empty() {
            let list = self.unknown.join(", ");
            text.push_str(&look.paint(
                Role::Aside,
                &wrapped(&format!("not known to this version, and not compared: {list}"), look.text_width(), 2),
            ));
        }
        text
    }
}

fn table(rows: &[&DriftLine], look: Look) -> String {
    let knows_restart = rows.iter().any(|row| row.after_restart.is_some());
    let mut heading = vec!["directive", "declared", "running"];
    if knows_restart {
        heading.push("after restart");
    }
    heading.push("state");
    let mut cells = vec![heading.into_iter().map(|word| (Role::Heading, word.to_owned())).collect::<Vec<_>>()];
    for row in rows {
        let mut line = vec![
            (Role::Name, row.directive.clone()),
            (Role::Plain, row.declared.shown()),
            (Role::Counts, row.running.shown()),
        ];
        if knows_restart {
            line.push((Role::Plain, row.after_restart.as_ref().map(HeldLine::shown).unwrap_or_default()));
        }
        line.push((Role::Aside, row.state()));
        cells.push(line);
    }
    columns(&cells, 2, look)
}
