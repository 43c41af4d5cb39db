//! What was planned and done on running servers: the results of `apply` and `undo`.

use serde::Serialize;

use super::compared::HeldLine;
use super::look::{Look, Role, wrapped};
use super::place::ServerUsed;
use super::rollout::TurnLine;
use crate::finding::Severity;

/// The result of `apply`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplyReport {
    /// The servers that were looked at, in their order.
    pub servers: Vec<AppliedServer>,
    /// Those that were not, because one before them failed.
    pub skipped: Vec<String>,
}

/// How applying to a server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApplyStatus {
    /// It is as declared.
    Nothing,
    /// What is left takes a restart.
    NeedsRestart,
    /// The plan was shown, and nothing sent.
    Planned,
    /// A danger was not allowed, or nobody confirmed; nothing was sent.
    Refused,
    /// No answer, or no right to ask.
    Unreachable,
    /// All of it is set.
    Done,
    /// It failed, and the server is as before.
    AsBefore,
    /// It failed, and the server is not as before.
    Between,
    /// It failed, and the server does not answer any more.
    Unknown,
    /// Another node failed before its turn came.
    Untouched,
    /// Another node failed between its two turns.
    Partly,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AppliedServer {
    /// The instance's name, or the address.
    pub name: String,
    /// Where it answers.
    pub address: String,
    /// Its environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The version that runs.
    pub server: Option<ServerUsed>,
    /// Its role.
    pub role: Option<String>,
    /// The number of its process.
    pub run_id: String,
    /// The number of the plan, once it was begun.
    pub plan: Option<String>,
    /// How it ended.
    pub status: ApplyStatus,
    /// Why it did not end well.
    pub reason: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What is set, in order.
    pub steps: Vec<StepStateLine>,
    /// What is not set here.
    pub left: Vec<LeftLine>,
    /// Directives that have their new value.
    pub set: Vec<String>,
    /// How many keys were evicted meanwhile.
    pub evicted: u64,
    /// How many directives no layer names and are not the default; not touched.
    pub unmanaged: usize,
    /// The file the server was started with, which still says what it said.
    pub config_file: Option<String>,
    /// Which of the steps the file that a restart reads does not say; `None` if that file is not known.
    pub not_on_disk: Option<Vec<String>>,
    /// What else runs and a restart would lose; not touched.
    pub lost_on_restart: Vec<String>,
    /// What is declared and not looked at here: users, modules, renamed commands.
    pub beyond: Vec<&'static str>,
    /// What becomes of its file, where it was to write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rewrite: Option<RewriteLine>,
    /// What undoes the plan.
    pub undo: Option<String>,
    /// What undoes what was set in an earlier turn; after `undo`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undo_before: Vec<String>,
    /// `replication`, `cluster` or `sentinel`, where it is several nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topology: Option<&'static str>,
    /// The turns of its nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<TurnLine>,
    /// The nodes, each as a server of its own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<Self>,
}

/// A server's own file, written by CONFIG REWRITE.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RewriteLine {
    /// What speaks against it.
    pub objections: Vec<String>,
    /// Whether the server has written it.
    pub is_written: bool,
}

/// One value to set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepStateLine {
    /// The directive.
    pub directive: String,
    /// What runs.
    pub from: HeldLine,
    /// What is to run.
    pub to: HeldLine,
    /// What else it does.
    pub hazards: Vec<HazardLine>,
}

/// What a step does beside setting a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HazardLine {
    /// Its name.
    pub id: &'static str,
    /// What happens, with its numbers.
    pub words: String,
    /// Whether it cannot be taken back.
    pub is_final: bool,
    /// How many keys would go.
    pub keys: Option<u64>,
    /// The flag that allows it.
    pub allow: String,
}

/// What is not set here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftLine {
    /// The directive.
    pub directive: String,
    /// What runs.
    pub from: HeldLine,
    /// What is declared.
    pub to: HeldLine,
    /// Whether a restart with the rendered file mends it.
    pub by_restart: bool,
    /// Why it is not sent.
    pub reason: String,
}

impl AppliedServer {
    /// A server of which nothing is known yet.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            address: String::new(),
            environment: None,
            server: None,
            role: None,
            run_id: String::new(),
            plan: None,
            status: ApplyStatus::Nothing,
            reason: None,
            help: None,
            steps: Vec::new(),
            left: Vec::new(),
            set: Vec::new(),
            evicted: 0,
            unmanaged: 0,
            config_file: None,
            not_on_disk: None,
            lost_on_restart: Vec::new(),
            beyond: Vec::new(),
            rewrite: None,
            undo: None,
            undo_before: Vec::new(),
            topology: None,
            order: Vec::new(),
            nodes: Vec::new(),
        }
    }

    /// Says why nothing is done.
    pub fn fail(&mut self, status: ApplyStatus, reason: &str, help: Option<&str>) {
        self.status = status;
        self.reason = Some(reason.to_owned());
        self.help = help.map(str::to_owned);
    }

    /// Says which dangers nobody allowed.
    pub fn refuse(&mut self, flags: &[String]) {
        self.status = ApplyStatus::Refused;
        self.reason = Some("the plan has dangers that are not allowed: nothing was sent".into());
        self.help = Some(format!("allow them by name: {}", flags.join(" ")));
    }

    /// The plan, for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = String::new();
        if let Some(environment) = &self.environment {
            text.push_str(&look.paint(Role::Heading, &environment.to_uppercase()));
            text.push_str("  ");
        }
        text.push_str(&look.paint(Role::Name, &self.name));
        let version = self.server.as_ref().map(|server| server.words.clone());
        let address = (self.address != self.name).then(|| self.address.clone());
        for part in [version, self.role.clone(), address].into_iter().flatten() {
            text.push_str("  ");
            text.push_str(&look.paint(Role::Aside, &part));
        }
        text.push('\n');
        for (index, step) in self.steps.iter().enumerate() {
            let effect = if step.hazards.is_empty() { "live, harmless" } else { "live" };
            text.push_str(&format!(
                "  {:>2}  {} {} → {}  {}\n",
                index + 1,
                look.paint(Role::Name, &step.directive),
                step.from.shown(),
                look.paint(Role::Counts, &step.to.shown()),
                look.paint(Role::Aside, effect)
            ));
            for hazard in &step.hazards {
                let end = if hazard.is_final { "; cannot be undone" } else { "" };
                let words = format!("{}: {}{end}", hazard.id, hazard.words);
                text.push_str(&look.paint(Role::Severity(Severity::Warning), &wrapped(&words, look.text_width(), 6)));
            }
        }
        for left in &self.left {
            let effect = if left.by_restart { "needs a restart" } else { "not now" };
            text.push_str(&format!(
                "   –  {} {} → {}  {}\n",
                look.paint(Role::Name, &left.directive),
                left.from.shown(),
                left.to.shown(),
                look.paint(Role::Aside, &format!("{effect}: {}", left.reason))
            ));
        }
        if let Some(rewrite) = &self.rewrite {
            let file = self.config_file.as_deref().unwrap_or_default();
            text.push_str(&format!("   –  then the server writes all that runs into `{file}`\n"));
            for words in &rewrite.objections {
                let words = format!("rewrite-unsafe: {words}");
                text.push_str(&look.paint(Role::Severity(Severity::Warning), &wrapped(&words, look.text_width(), 6)));
            }
        }
        if self.unmanaged > 0 {
            let words = format!("  {} that no layer names are not touched\n", self.unmanaged);
            text.push_str(&look.paint(Role::Aside, &words));
        }
        text
    }

    /// How it ended, for people.
    #[must_use]
    pub fn outcome(&self, look: Look) -> String {
        let bad = |word: &str| look.paint(Role::Severity(Severity::Error), word);
        let count = self.steps.len();
        let mut text = match self.status {
            ApplyStatus::Nothing => "nothing to do: it runs as declared\n".to_owned(),
            ApplyStatus::NeedsRestart => {
                "nothing to set: what is left takes a restart with the rendered file\n".to_owned()
            }
            ApplyStatus::Planned => format!("planned: {count} to set; nothing was sent\n"),
            ApplyStatus::Refused => format!("{}\n", bad("refused")),
            ApplyStatus::Unreachable => format!("{}\n", bad("not reached")),
            ApplyStatus::Done => {
                let evicted = if self.evicted > 0 { format!(", {} keys evicted", self.evicted) } else { String::new() };
                format!("{}: {count} set and read back{evicted}\n", look.paint(Role::Counts, "done live"))
            }
            ApplyStatus::AsBefore => {
                format!("{}: what was set has been taken back, the server is as before\n", bad("failed"))
            }
            ApplyStatus::Between => {
                format!("{}: the server is NOT as before; still set: {}\n", bad("failed"), self.set.join(", "))
            }
            ApplyStatus::Untouched => "not touched\n".to_owned(),
            ApplyStatus::Partly => format!("{}: set in part: {}\n", bad("stopped"), self.set.join(", ")),
            ApplyStatus::Unknown => {
                format!(
                    "{}: the server does not answer, so how it is left is not known; sent: {}\n",
                    bad("failed"),
                    self.set.join(", ")
                )
            }
        };
        for (word, said) in [("", &self.reason), ("help: ", &self.help)] {
            if let Some(said) = said {
                text.push_str(&wrapped(&format!("{word}{said}"), look.text_width(), 2));
            }
        }
        if matches!(self.status, ApplyStatus::AsBefore | ApplyStatus::Between) && self.evicted > 0 {
            text.push_str(&format!("  gone for good: {} keys were evicted\n", self.evicted));
        }
        if self.rewrite.as_ref().is_some_and(|rewrite| rewrite.is_written) {
            let file = self.config_file.as_deref().unwrap_or_default();
            text.push_str(&format!("  on disk: the server has written `{file}`, which undo does not take back\n"));
        } else if let (ApplyStatus::Done, Some(words)) = (self.status, self.on_disk()) {
            text.push_str(&wrapped(&words, look.text_width(), 2));
        }
        if !self.lost_on_restart.is_empty() {
            let words = format!("a restart would lose, and apply does not touch: {}", self.lost_on_restart.join(", "));
            text.push_str(&wrapped(&words, look.text_width(), 2));
        }
        for words in &self.beyond {
            text.push_str(&wrapped(words, look.text_width(), 2));
        }
        if let Some(undo) = &self.undo {
            text.push_str(&look.paint(Role::Aside, &format!("  take it back: redisconf undo {undo}\n")));
        }
        text
    }
}

impl AppliedServer {
    /// Whether a restart would give what is set now, as far as that is known; `None` if there is nothing to say.
    fn on_disk(&self) -> Option<String> {
        let path = self.config_file.as_deref();
        let file = path.map_or_else(|| "the deployed file".to_owned(), |path| format!("`{path}`"));
        match (&self.not_on_disk, path) {
            (Some(names), _) if names.is_empty() => None,
            (Some(names), _) => {
                Some(format!("not on disk: {file} says otherwise for {}: deploy the rendered file", names.join(", ")))
            }
            (None, Some(_)) => Some(format!(
                "perhaps not on disk: a restart reads {file} there, which cannot be seen from here: deploy the rendered file"
            )),
            (None, None) => {
                Some("not on disk: the server was started without a file, and a restart knows nothing of it".into())
            }
        }
    }
}

/// The result of `undo`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndoReport {
    /// The number of the plan.
    pub plan: String,
    /// The server's name.
    pub name: String,
    /// Where it answers.
    pub address: String,
    /// Directive, what runs, what is to run again; `None` for what may not be shown.
    pub planned: Vec<(String, Option<String>, Option<String>)>,
    /// What is left alone, and why.
    pub notes: Vec<String>,
    /// How many keys the plan evicted, which nothing brings back.
    pub evicted: u64,
    /// Whether the server is as before the plan, as far as values go.
    pub is_done: bool,
    /// Why not.
    pub reason: Option<String>,
}

impl UndoReport {
    /// Nothing yet.
    #[must_use]
    pub fn new(plan: &str, name: &str, address: &str) -> Self {
        Self {
            plan: plan.to_owned(),
            name: name.to_owned(),
            address: address.to_owned(),
            planned: Vec::new(),
            notes: Vec::new(),
            evicted: 0,
            is_done: false,
            reason: None,
        }
    }

    /// What would be set.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = format!("{}  {}\n", look.paint(Role::Name, &self.name), look.paint(Role::Aside, &self.address));
        for (name, from, to) in &self.planned {
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "***".into());
            text.push_str(&format!("  {} {} → {}\n", look.paint(Role::Name, name), shown(from), shown(to)));
        }
        text
    }

    /// How it ended.
    #[must_use]
    pub fn outcome(&self, look: Look) -> String {
        let mut text = match (self.is_done, self.planned.len()) {
            (true, 0) => "nothing to take back\n".to_owned(),
            (true, count) => format!("taken back: {count} as before plan {}\n", self.plan),
            (false, _) => format!("{}\n", look.paint(Role::Severity(Severity::Error), "not taken back")),
        };
        for note in self.reason.iter().chain(&self.notes) {
            text.push_str(&wrapped(note, look.text_width(), 2));
        }
        if self.evicted > 0 {
            text.push_str(&format!("  gone for good: {} keys were evicted by the plan\n", self.evicted));
        }
        text
    }
}
