//! A service for Docker Compose.

use minijinja::Value;

use super::comment;
use super::job::Job;
use super::secrets::{self, Placed, Surface};
use super::template::{fill, table, texts};
use super::{Artefact, Rendered, argv, quote};
use crate::finding::Finding;

pub(super) const NAME: &str = "compose";
pub(super) const SUMMARY: &str = "a service for Docker Compose";
pub(super) const TEMPLATES: &[(&str, &str)] = &[("compose", include_str!("../../templates/compose.j2"))];

/// Renders the file. The command is a list of strings: a single string would be split by other rules.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let Placed { lines, beside, mut notes, .. } = secrets::place(job, Surface::CommandLine)?;
    let words = argv::words(job, &lines)?;
    let command = std::iter::once(job.setup.server.engine.program().to_owned()).chain(words.concat());
    notes.extend(job.container_notes());
    let files = beside.iter().map(|file| file.path.display().to_string());
    let files = files.map(|file| {
        let target = format!("{}/{file}", job.secret_directory());
        table([("source", format!("./{file}").into()), ("target", target.into())])
    });
    let text = fill(
        "compose",
        [
            ("header", texts(comment::header(job, "a Compose service"))),
            ("name", job.resource_name().into()),
            ("image", job.image().into()),
            ("command", texts(command)),
            ("memory", job.memory().map(docker_bytes).into()),
            ("cpus", job.cpus().into()),
            ("open_files", job.open_files().into()),
            ("backlog", job.backlog().map(|length| length.to_string()).into()),
            ("health", job.health_command().into()),
            ("start_period", format!("{}s", job.grace()).into()),
            ("grace", format!("{}s", job.grace()).into()),
            ("data", job.kept().any().then(|| job.data_directory()).into()),
            ("files", files.collect::<Value>()),
        ],
    );
    let main = Artefact { path: "compose.yaml".into(), text, mode: None, secret: false };
    Ok(Rendered { artefacts: std::iter::once(main).chain(beside).collect(), notes })
}

/// Bytes as Docker reads them: its `g` is 2^30.
pub(super) fn docker_bytes(bytes: u64) -> String {
    let units = [("g", 30), ("m", 20), ("k", 10)];
    let unit = units.into_iter().find(|(_, shift)| bytes.trailing_zeros() >= *shift);
    unit.map_or_else(|| format!("{bytes}b"), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

impl Job<'_> {
    /// What a shell in the container runs to see whether the server answers.
    ///
    /// A server that wants a password says `NOAUTH`, which shows that it is up; a plain `ping` exits with 0 on any answer.
    pub(super) fn health_command(&self) -> String {
        let client: Vec<String> = self.client().iter().map(|word| quote::sh(word)).collect();
        let answer = if self.asks_for_password() { "grep -qE 'PONG|NOAUTH'" } else { "grep -q PONG" };
        format!("{} ping | {answer}", client.join(" "))
    }

    /// What holds for every container of an official image.
    pub(super) fn container_notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.lines.iter().any(|line| line.is("protected-mode")) {
            notes.push("official images are built with `protected-mode no`; set the directive to be sure of either".into());
        }
        if self.memory().is_none() {
            notes.push("the fact `memory` is not known, so no memory limit is written".into());
        }
        if self.replicas() > 0 {
            notes.push(format!(
                "one server is written; its {} replicas need a `replicaof` of their own",
                self.replicas()
            ));
        }
        notes
    }
}
