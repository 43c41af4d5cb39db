//! What was changed, when, from what to what; and what undoes it. Values of secrets are in neither.

#![expect(clippy::disallowed_methods, reason = "the journal is kept on the disk")]

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::clock;
use crate::cli::failure::Failure;
use crate::cli::write::write;
use crate::live::Event;
use crate::plan::{Plan, Step};
use crate::render::Artefact;

/// Where changes are kept on record.
pub(super) struct Journal {
    folder: PathBuf,
    file: PathBuf,
}

/// One line of the journal.
#[derive(Serialize)]
struct Line<'a> {
    at: &'a str,
    plan: &'a str,
    server: &'a str,
    address: &'a str,
    run_id: &'a str,
    event: &'static str,
    changes: Vec<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) directive: String,
    /// `None` for a secret, and for what is no text.
    pub(super) from: Option<String>,
    /// `None` for a secret.
    pub(super) to: Option<String>,
}

impl Change {
    pub(super) fn of(step: &Step) -> Self {
        // Bytes that are no text cannot be kept in JSON; servers have few such values.
        let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().filter(|_| !step.secret).map(str::to_owned);
        Self { directive: step.name.to_owned(), from: text(&step.was), to: text(&step.send) }
    }
}

/// How far a plan got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    /// Nothing says that it ended: it is running, or was killed.
    Begun,
    /// All of it is set.
    Done,
    /// What was set has been taken back.
    TakenBack,
    /// Some of it is set.
    Between,
    /// It was cut off, and a later run has done what was left.
    Finished,
}

/// What undoes a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Undo {
    pub(super) schema_version: u32,
    pub(super) plan: String,
    pub(super) state: State,
    pub(super) name: String,
    /// The address, which may be empty if a project knows it.
    pub(super) address: String,
    pub(super) server: String,
    pub(super) run_id: String,
    pub(super) at: String,
    pub(super) changes: Vec<Change>,
    /// What cannot be undone by setting values: how many keys went.
    pub(super) evicted: u64,
    /// Whether `maxmemory` goes down in steps, so that any value on the way is of this plan.
    #[serde(default)]
    pub(super) in_steps: bool,
}

impl Journal {
    /// Opens the journal of this month.
    pub(super) fn open(folder: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(folder).map_err(|error| {
            Failure::new(format!("cannot make the folder of the journal, `{}`: {error}", folder.display()))
                .help("nothing was sent; name another folder with --journal")
        })?;
        Ok(Self::in_folder(folder))
    }

    /// The journal of this month as it is, or is not; nothing is made.
    pub(super) fn in_folder(folder: &Path) -> Self {
        let file = folder.join(format!("{}.jsonl", &clock::now()[..7]));
        Self { folder: folder.to_owned(), file }
    }

    /// Where the undo of a plan lies.
    pub(super) fn undo_file(&self, plan: &str) -> PathBuf {
        self.folder.join(format!("undo-{plan}.json"))
    }

    /// The number of a plan, made one that no other plan of this second has.
    pub(super) fn fresh(&self, plan: &str) -> String {
        let tried = (1..).map(|turn| if turn == 1 { plan.to_owned() } else { format!("{plan}-{turn}") });
        tried.into_iter().find(|plan| !self.undo_file(plan).exists()).expect("numbers do not end")
    }

    /// Writes what undoes a plan, whole or not at all.
    pub(super) fn keep(&self, undo: &Undo) -> Result<(), String> {
        let mut text = serde_json::to_vec_pretty(undo).expect("a plain structure");
        text.push(b'\n');
        let path = self.undo_file(&undo.plan);
        let artefact = Artefact { path: path.clone(), text, mode: Some(0o600), secret: false };
        write(&path, &artefact).map(drop).map_err(|failure| failure.message().to_owned())
    }

    /// Plans for that process that nobody has seen ending.
    pub(super) fn unfinished(&self, run_id: &str) -> Vec<Undo> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        let is_undo = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("undo-"));
        let read = |path: PathBuf| serde_json::from_slice::<Undo>(&fs::read(path).ok()?).ok();
        let is_open = |undo: &Undo| undo.run_id == run_id && undo.state == State::Begun;
        files.into_iter().filter(is_undo).filter_map(read).filter(is_open).collect()
    }

    /// Puts down that what was cut off has been done by a later run.
    pub(super) fn finish(&self, cut_off: Vec<Undo>, by: Option<&str>) -> Result<(), String> {
        for mut earlier in cut_off {
            earlier.state = State::Finished;
            self.keep(&earlier)?;
            self.end(&earlier, None, by.map(|by| format!("by plan {by}")))?;
        }
        Ok(())
    }

    /// Adds a line, and has it on the disk before anything else is done.
    pub(super) fn add(&self, undo: &Undo, reason: Option<&str>, event: Event<'_>) -> Result<(), String> {
        let (word, changes, detail) = match event {
            Event::Setting(steps) => ("setting", steps.iter().map(Change::of).collect(), None),
            Event::Set(steps) => ("set", steps.iter().map(Change::of).collect(), None),
            Event::Waiting(step) => ("waiting", vec![Change::of(step)], None),
            Event::Lowered(bytes) => ("lowered", Vec::new(), Some(bytes.to_string())),
            Event::TakingBack(steps) => {
                ("taking-back", steps.iter().map(|step| Change::of(&step.reversed())).collect(), None)
            }
            Event::TakenBack(steps) => {
                ("taken-back", steps.iter().map(|step| Change::of(&step.reversed())).collect(), None)
            }
        };
        self.line(undo, reason, word, changes, detail)
    }

    /// Adds what is about to be done beside setting values.
    pub(super) fn note(&self, undo: &Undo, reason: Option<&str>, event: &'static str) -> Result<(), String> {
        self.line(undo, reason, event, Vec::new(), None)
    }

    /// Adds how it ended.
    pub(super) fn end(&self, undo: &Undo, reason: Option<&str>, detail: Option<String>) -> Result<(), String> {
        let word = match undo.state {
            State::Begun => "begun",
            State::Done => "done",
            State::TakenBack => "ended as before",
            State::Between => "ended between",
            State::Finished => "finished by a later run",
        };
        self.line(undo, reason, word, Vec::new(), detail)
    }

    fn line(
        &self,
        undo: &Undo,
        reason: Option<&str>,
        event: &'static str,
        changes: Vec<Change>,
        detail: Option<String>,
    ) -> Result<(), String> {
        let at = clock::now();
        let line = Line {
            at: &at,
            plan: &undo.plan,
            server: &undo.name,
            address: &undo.address,
            run_id: &undo.run_id,
            event,
            changes,
            reason,
            detail,
        };
        let mut text = serde_json::to_string(&line).expect("a plain structure");
        text.push('\n');
        let open = OpenOptions::new().append(true).create(true).open(&self.file);
        open.and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .map_err(|error| format!("cannot write `{}`: {error}", self.file.display()))
    }
}

impl Undo {
    /// What undoes a plan that is about to be carried out.
    pub(super) fn of(plan: &Plan, name: &str, address: &str) -> Self {
        let at = clock::now();
        let stamp: String = at.chars().filter(char::is_ascii_alphanumeric).take(15).collect();
        Self {
            schema_version: 1,
            plan: format!("{stamp}-{}", std::process::id()),
            state: State::Begun,
            name: name.to_owned(),
            address: address.to_owned(),
            server: plan.server.name(),
            run_id: plan.of.run_id.clone(),
            at,
            changes: plan.steps().map(Change::of).collect(),
            evicted: 0,
            in_steps: false,
        }
    }
}
