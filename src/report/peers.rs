//! How servers stand to each other: the result of `diff --live` with several servers and nothing declared.

use serde::Serialize;

use super::compared::HeldLine;
use super::look::{Look, Role, wrapped};
use super::place::ServerUsed;
use super::table::columns;
use crate::finding::Severity;

/// Servers, and where they do not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeersReport {
    /// The servers, in the order in which they were named.
    pub servers: Vec<PeerLine>,
    /// Where they do not agree.
    pub differences: Vec<SplitLine>,
    /// On how many directives all agree that know them.
    pub equal: usize,
    /// How many differ by nature from node to node; left out.
    pub per_node: usize,
}

/// One of the servers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerLine {
    /// As it was named.
    pub name: String,
    /// The version that runs.
    pub server: Option<ServerUsed>,
    /// Its role.
    pub role: Option<String>,
    /// Whether it was compared.
    pub is_compared: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A directive on which they do not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SplitLine {
    /// The directive.
    pub directive: String,
    /// Whether more than half have the first value.
    pub has_majority: bool,
    /// The values, the most frequent first.
    pub values: Vec<PeerValue>,
}

/// A value, and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerValue {
    /// The value.
    #[serde(flatten)]
    pub held: HeldLine,
    /// The servers that have it.
    pub servers: Vec<String>,
}

/// How many servers are named in a row; JSON has all.
const NAMED: usize = 6;

impl PeersReport {
    /// A table for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = String::new();
        for peer in &self.servers {
            text.push_str(&look.paint(Role::Name, &peer.name));
            let version = peer.server.as_ref().map(|server| server.words.clone());
            for part in [version, peer.role.clone()].into_iter().flatten() {
                text.push_str(&format!("  {}", look.paint(Role::Aside, &part)));
            }
            if !peer.is_compared {
                text.push_str(&format!("  {}", look.paint(Role::Severity(Severity::Error), "NOT COMPARED")));
            }
            text.push('\n');
            if let Some(reason) = &peer.reason {
                text.push_str(&wrapped(reason, look.text_width(), 2));
            }
            if let Some(help) = &peer.help {
                text.push_str(&wrapped(&format!("help: {help}"), look.text_width(), 2));
            }
        }
        if self.differences.is_empty() {
            return text;
        }
        let heading = ["directive", "value", "", "servers"].map(|word| (Role::Heading, word.to_owned()));
        let mut rows = vec![heading.to_vec()];
        for split in &self.differences {
            for (index, value) in split.values.iter().enumerate() {
                let name = if index == 0 { split.directive.clone() } else { String::new() };
                let is_most = index == 0 && split.has_majority;
                let mut who = value.servers.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
                if value.servers.len() > NAMED {
                    who.push_str(&format!(" and {} more", value.servers.len() - NAMED));
                }
                let role = if is_most { Role::Plain } else { Role::Counts };
                let most = if is_most { format!("most ({})", value.servers.len()) } else { String::new() };
                rows.push(vec![
                    (Role::Name, name),
                    (role, value.held.shown()),
                    (Role::Aside, most),
                    (Role::Aside, who),
                ]);
            }
        }
        text.push_str(&columns(&rows, 2, look));
        text
    }

    /// The counts, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let per_node =
            if self.per_node == 0 { String::new() } else { format!(", {} per-node ones left out", self.per_node) };
        let compared = self.servers.iter().filter(|peer| peer.is_compared).count();
        match self.differences.len() {
            _ if compared < 2 => "nothing compared: fewer than two servers answered".to_owned(),
            0 => format!("{compared} servers are alike: {} directives mean the same{per_node}", self.equal),
            1 => format!("1 difference among {compared} servers, {} equal{per_node}", self.equal),
            more => format!("{more} differences among {compared} servers, {} equal{per_node}", self.equal),
        }
    }
}
