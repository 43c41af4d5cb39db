//! How far a change of a project reaches: which instances it touches, and how. The result of `diff` over a project.
//!
//! Instances that change alike are told once: a layer that a hundred of them share makes one table, not a hundred.

use serde::Serialize;

use super::compared::{DifferenceLine, markdown_table, table};
use super::lint::escape::Prose;
use super::look::{Look, Role, wrapped};

/// What a change does to the instances of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Radius {
    /// The first state: a folder, or a revision.
    pub from: String,
    /// The second.
    pub to: String,
    /// The counts.
    pub counts: RadiusCounts,
    /// Every instance, by name.
    pub instances: Vec<InstanceLine>,
}

/// How many instances change, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RadiusCounts {
    /// All of them, gone ones too.
    pub instances: usize,
    /// Changed in place.
    pub changed: usize,
    /// Changed, and a restart is needed.
    pub restart: usize,
    /// Changed, and CONFIG SET is enough.
    pub live: usize,
    /// Where keys or clients may go, or writes be refused.
    pub evicting: usize,
    /// Where the restart loses all data.
    pub emptied: usize,
    /// New.
    pub added: usize,
    /// Gone.
    pub removed: usize,
    /// As before.
    pub equal: usize,
    /// With errors in the second state, so that nothing can be said.
    pub failed: usize,
}

/// One instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceLine {
    /// Its name.
    pub name: String,
    /// Its environment now, or as it was.
    pub environment: Option<String>,
    /// `equal`, `changed`, `added`, `removed` or `failed`.
    pub status: &'static str,
    /// `none`, `live` or `restart`.
    pub effect: &'static str,
    /// The version it ran on.
    pub from_server: Option<String>,
    /// The version it is to run on.
    pub to_server: Option<String>,
    /// Why keys or clients may go, or writes be refused.
    pub evicting: Vec<String>,
    /// Whether the restart loses all data.
    pub emptied: bool,
    /// What differs.
    pub differences: Vec<DifferenceLine>,
    /// What one side sets and the version of the other does not know.
    pub one_sided: Vec<DifferenceLine>,
    /// What could not be compared, as a template or the host decides it.
    pub others: Vec<DifferenceLine>,
    /// Why nothing can be said.
    pub message: Option<String>,
}

impl InstanceLine {
    /// What instances that change alike have in common.
    fn kind(&self) -> (u8, String) {
        let order = match (self.status, self.effect, self.evicting.is_empty()) {
            ("failed", _, _) => 0,
            ("changed", _, false) => 1,
            ("changed", "restart", _) => 2,
            ("changed", _, _) => 3,
            ("removed", _, _) => 4,
            (_, _, _) => 5,
        };
        let alike = |lines: &[DifferenceLine]| lines.iter().map(DifferenceLine::alike).collect::<Vec<_>>().join("\n");
        let text = format!(
            "{} {:?} {:?} {:?} {} {:?}\n{}\n{}",
            self.effect,
            self.from_server,
            self.to_server,
            self.evicting,
            self.emptied,
            self.message,
            alike(&self.differences),
            alike(&self.one_sided)
        );
        (order, if ["added", "removed"].contains(&self.status) { self.status.into() } else { text })
    }

    /// What happens, in words.
    fn fate(&self) -> String {
        let words = match (self.status, self.effect) {
            ("failed", _) => "HAS ERRORS, so that nothing can be said",
            ("added", _) => "new",
            ("removed", _) => "gone",
            (_, "restart") => "RESTART",
            (_, "live") => "live, by CONFIG SET",
            (_, _) => "changed",
        };
        let mut parts = vec![words.to_owned()];
        if let (Some(from), Some(to)) = (&self.from_server, &self.to_server)
            && from != to
        {
            parts.push(format!("{from} → {to}"));
        }
        if self.emptied {
            parts.push("which LOSES ALL DATA: nothing is written to disk".into());
        }
        parts.join(", ")
    }

    fn lines(&self) -> Vec<DifferenceLine> {
        if self.status == "changed" { [self.differences.clone(), self.one_sided.clone()].concat() } else { Vec::new() }
    }
}

impl Radius {
    /// The counts, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let counts = &self.counts;
        let touched = counts.instances - counts.equal;
        let verb = if touched == 1 { "changes" } else { "change" };
        let of = if counts.instances == 1 { "1 instance" } else { &format!("{} instances", counts.instances) };
        let head = format!("{touched} of {of} {verb}");
        let parts = [
            (counts.failed, "with errors"),
            (counts.restart, "by restart"),
            (counts.emptied, "losing all data"),
            (counts.live, "live"),
            (counts.evicting, "may evict, cut or refuse"),
            (counts.added, "new"),
            (counts.removed, "gone"),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, words)| format!("{count} {words}"));
        std::iter::once(head).chain(parts).collect::<Vec<_>>().join(" · ")
    }

    /// Instances that change alike, the worst first.
    fn groups(&self) -> Vec<Vec<&InstanceLine>> {
        let mut groups: std::collections::BTreeMap<(u8, String), Vec<&InstanceLine>> =
            std::collections::BTreeMap::new();
        for one in self.instances.iter().filter(|one| one.status != "equal") {
            groups.entry(one.kind()).or_default().push(one);
        }
        let mut groups: Vec<Vec<&InstanceLine>> = groups.into_values().collect();
        groups.sort_by_key(|group| (group[0].kind().0, std::cmp::Reverse(group.len())));
        groups
    }

    /// Tables for people, a group of instances each.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = look.paint(Role::Heading, &self.summary());
        text.push_str(&format!("\nfrom  {}\nto    {}\n", self.from, self.to));
        for group in self.groups() {
            let first = group[0];
            text.push('\n');
            let heading = wrapped(&names(&group), look.text_width(), 0);
            text.push_str(&look.paint(Role::Name, heading.trim_end()));
            text.push_str(&format!("\n  {}\n", first.fate()));
            for reason in &first.evicting {
                text.push_str(&format!("  {reason}\n"));
            }
            for line in first.message.iter().flat_map(|message| message.lines()) {
                text.push_str(&format!("  {line}\n"));
            }
            let lines = first.lines();
            if !lines.is_empty() {
                text.push_str(&table(&lines, look));
            }
        }
        text
    }

    /// A comment for a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = format!("**{}**\n\nfrom {} to {}\n", self.summary(), Prose(&self.from), Prose(&self.to));
        for group in self.groups() {
            let first = group[0];
            text.push_str(&format!("\n#### {}\n\n{}\n", Prose(&names(&group)), Prose(&first.fate())));
            for reason in &first.evicting {
                text.push_str(&format!("- {reason}\n"));
            }
            if let Some(message) = &first.message {
                let fence = "`".repeat(message.split(|c| c != '`').map(str::len).max().unwrap_or(0).max(2) + 1);
                text.push_str(&format!("\n{fence}text\n{}\n{fence}\n", message.trim_end()));
            }
            let lines = first.lines();
            if !lines.is_empty() {
                text.push_str(&format!("\n{}", markdown_table(&lines)));
            }
        }
        text
    }
}

/// How many names of a group are told to people; JSON has all.
const NAMED: usize = 12;

/// The names of a group, with their environments.
fn names(group: &[&InstanceLine]) -> String {
    let mut environments: Vec<&str> = group.iter().filter_map(|one| one.environment.as_deref()).collect();
    environments.sort_unstable();
    environments.dedup();
    let count = |name: &str| group.iter().filter(|one| one.environment.as_deref() == Some(name)).count();
    let several = group.len() > 1;
    let environments: Vec<String> = environments
        .into_iter()
        .map(|name| if several { format!("{} in {name}", count(name)) } else { name.to_owned() })
        .collect();
    let environments = if environments.is_empty() { String::new() } else { format!(" ({})", environments.join(", ")) };
    let listed: Vec<&str> = group.iter().take(NAMED).map(|one| one.name.as_str()).collect();
    let more = group.len() - listed.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}{environments}", listed.join(", "))
}
