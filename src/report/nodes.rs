//! Several nodes that belong together, told as one: what is the same on all is said once, and each that differs has its own
//! table.

use super::live::{DriftLine, LiveServer, LiveStatus};
use super::look::{Look, Role, wrapped};
use crate::finding::Severity;

impl LiveServer {
    /// Takes its nodes in: what they have in common becomes its own, and it stands as the worst of them does.
    #[must_use]
    pub fn of_nodes(mut self, topology: &'static str, words: &str, mut nodes: Vec<Self>) -> Self {
        set_apart(&mut nodes);
        let answered: Vec<&Self> = nodes.iter().filter(|node| node.has_answered()).collect();
        if let Some((first, others)) = answered.split_first() {
            let is_common = |row: &&DriftLine| others.iter().all(|node| node.differences.contains(row));
            self.differences = first.differences.iter().filter(is_common).cloned().collect();
            let is_one_version = others.iter().all(|node| node.server == first.server);
            self.server = first.server.clone().filter(|_| is_one_version);
            self.environment.clone_from(&first.environment);
        }
        let mut unknown: Vec<String> = answered.iter().flat_map(|node| node.unknown.clone()).collect();
        unknown.sort();
        unknown.dedup();
        self.unknown = unknown;
        self.equal = answered.iter().map(|node| node.equal).min().unwrap_or_default();
        self.not_compared = answered.iter().map(|node| node.not_compared).max().unwrap_or_default();
        self.per_node = answered.iter().map(|node| node.per_node).max().unwrap_or_default();
        let has = |effect| nodes.iter().any(|node| node.effect == effect);
        self.effect = if has("restart") {
            "restart"
        } else if has("live") {
            "live"
        } else {
            "none"
        };
        let worst = nodes.iter().map(|node| node.status).max().unwrap_or(LiveStatus::Equal);
        // One node that does not answer leaves the others compared.
        self.status =
            if worst == LiveStatus::Unreachable && !answered.is_empty() { LiveStatus::Partial } else { worst };
        self.topology = Some(topology);
        self.role = Some(words.to_owned());
        self.nodes = nodes;
        self
    }

    fn has_answered(&self) -> bool {
        match self.status {
            LiveStatus::Equal | LiveStatus::Drift | LiveStatus::Partial => true,
            LiveStatus::Unreachable | LiveStatus::Failed => false,
        }
    }

    /// How its nodes stand, in a few words.
    pub(super) fn nodes_in_words(&self, look: Look) -> String {
        let per_node = match self.per_node {
            0 => String::new(),
            1 => " (1 per-node key ignored)".to_owned(),
            count => format!(" ({count} per-node keys ignored)"),
        };
        let count = |status| self.nodes.iter().filter(|node| node.status == status).count();
        if count(LiveStatus::Equal) == self.nodes.len() {
            return format!("{}{per_node}", look.paint(Role::Counts, "equal"));
        }
        let parts = [
            (LiveStatus::Failed, "FAILED"),
            (LiveStatus::Unreachable, "UNREACHABLE"),
            (LiveStatus::Partial, "PARTIAL"),
            (LiveStatus::Drift, "with drift"),
            (LiveStatus::Equal, "equal"),
        ];
        let word = |(status, word): &(LiveStatus, &str)| {
            let count = count(*status);
            let role = if *status == LiveStatus::Equal { Role::Counts } else { Role::Severity(Severity::Error) };
            (count > 0).then(|| format!("{count} {}", look.paint(role, word)))
        };
        format!("{}{per_node}", parts.iter().filter_map(word).collect::<Vec<_>>().join(" · "))
    }

    /// Whether what differs is the same on all that answered.
    pub(super) fn is_alike_everywhere(&self) -> bool {
        self.nodes.iter().filter(|node| node.has_answered()).all(|node| node.differences == self.differences)
    }

    /// What nodes have to say for themselves.
    pub(super) fn own_words(&self, look: Look) -> String {
        let is_alike = self.is_alike_everywhere();
        let first = self.nodes.iter().find(|node| node.has_answered());
        let is_common = |node: &Self| first.is_some_and(|first| node.unmanaged == first.unmanaged);
        let unmanaged_alike = self.nodes.iter().filter(|node| node.has_answered()).all(is_common);
        let mut text = String::new();
        for node in &self.nodes {
            let mut own = node.clone();
            own.others.retain(|row| row.state != "per-node");
            own.unknown.clear();
            own.per_node = 0;
            if unmanaged_alike {
                own.unmanaged.clear();
            }
            let has_rows = !own.differences.is_empty() || !own.others.is_empty() || !own.unmanaged.is_empty();
            if has_rows && !is_alike || own.reason.is_some() || !own.others.is_empty() || !own.unmanaged.is_empty() {
                text.push_str(&own.human(look));
            } else {
                let said = own.notes.iter().map(|note| wrapped(&format!("{}: {note}", own.name), look.text_width(), 2));
                text.extend(said);
            }
        }
        if unmanaged_alike && let Some(node) = self.nodes.iter().find(|node| !node.unmanaged.is_empty()) {
            let each = node.unmanaged.iter().map(|line| format!("{}={}", line.directive, line.running.shown()));
            let list = each.collect::<Vec<_>>().join(", ");
            let words = format!("unmanaged and not default, on every node: {list}");
            text.push_str(&look.paint(Role::Aside, &wrapped(&words, look.text_width(), 2)));
        }
        text
    }
}

/// A key that says where a node runs cannot be the same on all: where it is not, it is no drift, whoever declares it.
fn set_apart(nodes: &mut [LiveServer]) {
    let answered: Vec<&LiveServer> = nodes.iter().filter(|node| node.has_answered()).collect();
    if answered.len() < 2 {
        return;
    }
    let per_node = |node: &&LiveServer| -> Vec<DriftLine> {
        node.differences.iter().filter(|row| row.per_node).cloned().collect()
    };
    let is_everywhere =
        |row: &DriftLine| answered.iter().all(|node| node.differences.iter().any(|other| is_alike(row, other)));
    let rows: Vec<DriftLine> = answered.iter().flat_map(per_node).filter(|row| !is_everywhere(row)).collect();
    for node in nodes {
        let (apart, kept): (Vec<DriftLine>, Vec<DriftLine>) =
            std::mem::take(&mut node.differences).into_iter().partition(|row| rows.contains(row));
        node.differences = kept;
        node.per_node += apart.len();
        node.others.extend(apart.into_iter().map(|row| DriftLine { state: "per-node", ..row }));
        if node.status == LiveStatus::Drift && node.differences.is_empty() {
            node.status = LiveStatus::Equal;
            node.effect = "none";
        }
    }
}

fn is_alike(one: &DriftLine, other: &DriftLine) -> bool {
    one.directive == other.directive && one.running == other.running
}
