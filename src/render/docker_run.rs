//! A `docker run` command, for a shell.

use super::comment;
use super::job::{Job, cannot_say};
use super::options::Layout;
use super::secrets::{self, Placed, Surface};
use super::template::{fill, texts};
use super::{Artefact, Rendered, argv, compose};
use crate::finding::Finding;

pub(super) const NAME: &str = "docker-run";
pub(super) const SUMMARY: &str = "a command for a shell: docker run";
pub(super) const TEMPLATES: &[(&str, &str)] = &[("docker-run", include_str!("../../templates/docker-run.j2"))];

/// Renders the command.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let Placed { lines, beside, mut notes, .. } = secrets::place(job, Surface::CommandLine)?;
    let words = argv::words(job, &lines)?;
    let options = options(job)?;
    notes.extend(job.container_notes());
    let program = vec![job.image(), job.setup.server.engine.program().to_owned()];
    let command = std::iter::once(program).chain(words);
    let files = beside.iter().map(|file| file.path.display().to_string());
    let targets = beside.iter().map(|file| format!("{}/{}:ro", job.secret_directory(), file.path.display()));
    let text = fill(
        "docker-run",
        [
            ("header", texts(comment::header(job, "a docker command"))),
            ("options", options.into_iter().map(texts).collect()),
            ("files", files.zip(targets).map(|(file, target)| texts([file, target])).collect()),
            ("command", command.map(texts).collect()),
            ("lines", (job.options.layout == Layout::Lines).into()),
        ],
    );
    let main = Artefact { path: "docker-run.sh".into(), text, mode: None, secret: false };
    Ok(Rendered { artefacts: std::iter::once(main).chain(beside).collect(), notes })
}

/// What Docker is told, a list for each line.
fn options(job: &Job<'_>) -> Result<Vec<Vec<String>>, Vec<Finding>> {
    let mut options: Vec<Vec<String>> = Vec::new();
    let mut add = |words: &[&str]| options.push(words.iter().map(|word| (*word).to_owned()).collect());
    let name = job.resource_name();
    let grace = job.grace();
    let files = job.open_files();
    add(&["--name", &name]);
    add(&["--restart", "unless-stopped"]);
    add(&["--stop-timeout", &grace.to_string()]);
    if let Some(memory) = job.memory().map(compose::docker_bytes) {
        add(&["--memory", &memory, "--memory-swap", &memory]);
    }
    if let Some(cpus) = job.cpus() {
        add(&["--cpus", &cpus]);
    }
    add(&["--ulimit", &format!("nofile={files}:{files}")]);
    if let Some(length) = job.backlog() {
        add(&["--sysctl", &format!("net.core.somaxconn={length}")]);
    }
    add(&["--health-cmd", &job.health_command()]);
    add(&["--health-interval", "10s", "--health-timeout", "5s", "--health-retries", "6"]);
    add(&["--health-start-period", &format!("{grace}s")]);
    if job.kept().any() {
        let directory = job.data_directory();
        if directory.contains(':') {
            let at = job.lines.iter().find(|line| line.is("dir")).map_or(job.anchor(), |line| line.at);
            let message = format!("`docker run` cannot mount a volume at `{directory}`: a colon divides its words");
            return Err(vec![cannot_say(at, message, "set `dir` to a path without colons, or use the target `compose`")]);
        }
        add(&["--volume", &format!("{name}-data:{directory}")]);
    }
    Ok(options)
}
