//! A roll-out over several nodes: the order, and how far it came.

use serde::Serialize;

use super::applied::{AppliedServer, ApplyStatus};
use super::look::{Look, Role, wrapped};
use super::table::columns;
use crate::finding::Severity;

/// One node's turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TurnLine {
    /// The node.
    pub node: String,
    /// `primary` or `replica`.
    pub role: &'static str,
    /// What is set in this turn.
    pub directives: Vec<String>,
    /// `planned`, `done`, `failed` or `not-begun`.
    pub state: &'static str,
}

impl AppliedServer {
    /// Says how far a roll-out came: each node by its turns, and the whole by its nodes.
    pub fn stop(&mut self, failed: Option<usize>) {
        for (number, turn) in self.order.iter_mut().enumerate() {
            turn.state = match failed {
                Some(failed) if number == failed => "failed",
                Some(failed) if number > failed => "not-begun",
                Some(_) | None => "done",
            };
        }
        let Some(failed) = failed else {
            self.status = ApplyStatus::Done;
            return;
        };
        let failing = self.order[failed].node.clone();
        for node in self.nodes.iter_mut().filter(|node| node.name != failing) {
            let turns = || self.order.iter().filter(|turn| turn.node == node.name);
            let done = turns().filter(|turn| turn.state == "done").count();
            if turns().count() > done {
                node.status = if done == 0 { ApplyStatus::Untouched } else { ApplyStatus::Partly };
            }
        }
        let node = self.nodes.iter().find(|node| node.name == failing);
        let is_mixed = self.order.iter().any(|turn| turn.state == "done")
            || node.is_none_or(|node| node.status != ApplyStatus::AsBefore);
        self.status = if is_mixed { ApplyStatus::Between } else { ApplyStatus::AsBefore };
        let reason = node.and_then(|node| node.reason.clone()).unwrap_or_default();
        self.reason = Some(format!("stopped at {failing}: {reason}"));
    }

    /// The plans of all nodes and their order, for people.
    #[must_use]
    pub fn rollout(&self, look: Look) -> String {
        let mut text = look.paint(Role::Name, &self.name);
        if let Some(role) = &self.role {
            text.push_str(&format!("  {}", look.paint(Role::Aside, role)));
        }
        text.push('\n');
        for node in self.nodes.iter().filter(|node| !node.steps.is_empty() || !node.left.is_empty()) {
            text.push_str(&node.human(look));
        }
        if !self.order.is_empty() {
            text.push_str(&look.paint(Role::Heading, "  order\n"));
            text.push_str(&self.turns(look, false));
        }
        text
    }

    /// How the roll-out ended, for people.
    #[must_use]
    pub fn rolled_out(&self, look: Look) -> String {
        let count = |status| self.nodes.iter().filter(|node| node.status == status).count();
        let mut text = String::new();
        let is_begun = match self.status {
            ApplyStatus::Done | ApplyStatus::AsBefore | ApplyStatus::Between | ApplyStatus::Unknown => true,
            ApplyStatus::Nothing
            | ApplyStatus::NeedsRestart
            | ApplyStatus::Planned
            | ApplyStatus::Refused
            | ApplyStatus::Unreachable
            | ApplyStatus::Untouched
            | ApplyStatus::Partly => false,
        };
        if self.status == ApplyStatus::Planned {
            return format!("planned: {} turns; nothing was sent\n", self.order.len());
        }
        if !is_begun {
            return self.outcome(look);
        }
        text.push_str(&self.turns(look, true));
        for node in &self.nodes {
            for undo in node.undo_before.iter().chain(&node.undo) {
                text.push_str(&look.paint(Role::Aside, &format!("  take back {}: redisconf undo {undo}\n", node.name)));
            }
        }
        if self.status == ApplyStatus::Done {
            let done = look.paint(Role::Counts, "done live");
            text.push_str(&format!("{done}: {} of {} nodes changed\n", count(ApplyStatus::Done), self.nodes.len()));
            if let Some(reason) = &self.reason {
                text.push_str(&wrapped(reason, look.text_width(), 2));
            }
            if let Some(help) = &self.help {
                text.push_str(&wrapped(&format!("next: {help}"), look.text_width(), 2));
            }
            return text;
        }
        let nodes_that = |statuses: &[ApplyStatus]| {
            let its = self.nodes.iter().filter(|node| statuses.contains(&node.status));
            its.map(|node| node.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        let words =
            if self.status == ApplyStatus::AsBefore { "no node is changed" } else { "NOT all nodes are as before" };
        text.push_str(&format!("{}: {words}\n", look.paint(Role::Severity(Severity::Error), "failed")));
        if let Some(reason) = &self.reason {
            text.push_str(&wrapped(reason, look.text_width(), 2));
        }
        for (word, statuses) in [
            ("done", [ApplyStatus::Done].as_slice()),
            ("done in part", &[ApplyStatus::Partly]),
            ("failed, and as before", &[ApplyStatus::AsBefore]),
            ("failed, and not as before", &[ApplyStatus::Between]),
            ("failed, and not known how it is", &[ApplyStatus::Unknown]),
            ("not touched", &[ApplyStatus::Untouched]),
        ] {
            let names = nodes_that(statuses);
            if !names.is_empty() {
                text.push_str(&wrapped(&format!("{word}: {names}"), look.text_width(), 2));
            }
        }
        text
    }

    fn turns(&self, look: Look, with_state: bool) -> String {
        let row = |(number, turn): (usize, &TurnLine)| {
            let mut row = vec![
                (Role::Aside, (number + 1).to_string()),
                (Role::Name, turn.node.clone()),
                (Role::Aside, turn.role.to_owned()),
                (Role::Plain, turn.directives.join(", ")),
            ];
            if with_state {
                row.push((Role::Counts, turn.state.replace('-', " ")));
            }
            row
        };
        columns(&self.order.iter().enumerate().map(row).collect::<Vec<_>>(), 2, look)
    }
}
