//! redis.conf and valkey.conf.

use minijinja::Value;

use super::comment::wrapped;
use super::job::Job;
use super::secrets::{self, OWNER_ONLY, Placed, Surface};
use super::sheet::Line;
use super::template::{fill, table, texts};
use super::{Artefact, Rendered};
use crate::finding::Finding;

pub(super) const NAME: &str = "conf";
pub(super) const SUMMARY: &str = "a configuration file: redis.conf or valkey.conf";
pub(super) const TEMPLATES: &[(&str, &str)] = &[("conf", include_str!("../../templates/conf.j2"))];

/// Headings, in the order in which groups are written. What later lines depend on (`cluster-enabled`, `unixsocket`) is
/// before them. A family without heading follows under its own name.
const HEADINGS: &[(&str, &str)] = &[
    ("modules", "Modules"),
    ("network", "Network"),
    ("tls", "TLS"),
    ("rdma", "RDMA"),
    ("cluster", "Cluster"),
    ("process", "Process"),
    ("logging", "Log"),
    ("acl", "Access"),
    ("clients", "Clients"),
    ("memory", "Memory and eviction"),
    ("rdb", "Snapshots"),
    ("aof", "Append-only file"),
    ("replication", "Replication"),
    ("threads", "Threads"),
    ("scripting", "Scripts"),
    ("encoding", "Encodings"),
    ("defrag", "Defragmentation"),
    ("observability", "Slow log, latency and events"),
    ("module-parameters", "Parameters of modules"),
];

/// Renders the file, with `users.acl` and `secrets.conf` where they are asked for.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let Placed { lines, beside, exposed, notes } = secrets::place(job, Surface::File)?;
    let path = format!("{}.conf", job.setup.server.engine).into();
    let text = text(job, &lines);
    let main = Artefact { path, text, mode: exposed.then_some(OWNER_ONLY), secret: exposed };
    Ok(Rendered { artefacts: std::iter::once(main).chain(beside).collect(), notes })
}

/// The file's text.
pub(super) fn text(job: &Job<'_>, lines: &[Line]) -> Vec<u8> {
    let groups: Value = groups(lines).into_iter().map(|(title, lines)| group(title, &lines)).collect();
    let left_out = job.setup.left_out.iter().flat_map(|out| wrapped(&format!("{}: {}", out.name, out.reason)));
    let values = [("header", texts(header(job))), ("groups", groups), ("left_out", texts(left_out))];
    fill("conf", values)
}

/// What the file is and where it comes from. No date and no version of this program: the bytes depend on the inputs.
fn header(job: &Job<'_>) -> Vec<String> {
    let setup = job.setup;
    let title = match &setup.summary {
        Some(summary) => format!("{}: {summary}", setup.name),
        None => setup.name.clone(),
    };
    let mut header = wrapped(&title);
    header.push(format!("redisconf: server={}", setup.server.name()));
    if !setup.layers.is_empty() {
        let names: Vec<&str> = setup.layers.iter().map(|layer| layer.name.as_str()).collect();
        header.extend(wrapped(&format!("Layers, lowest first: {}", names.join(", "))));
    }
    header.push("Rendered by redisconf: change the profile, not this file.".into());
    header
}

/// The lines by part and family. An include stands between parts, so that what was before it stays there.
pub(super) fn groups(lines: &[Line]) -> Vec<(&'static str, Vec<&Line>)> {
    let rank = |line: &Line| HEADINGS.iter().position(|(family, _)| *family == line.family()).unwrap_or(HEADINGS.len());
    let mut sorted: Vec<&Line> = lines.iter().collect();
    sorted.sort_by_key(|line| (line.part, line.is("include"), rank(line), line.family()));
    let mut groups: Vec<(&'static str, Vec<&Line>)> = Vec::new();
    for line in sorted {
        let title = HEADINGS.iter().find(|(family, _)| *family == line.family()).map_or(line.family(), |(_, title)| title);
        let title = if line.is("include") { "Included" } else { title };
        match groups.last_mut() {
            Some((last, group)) if *last == title => group.push(line),
            _ => groups.push((title, vec![line])),
        }
    }
    groups
}

fn group(title: &str, lines: &[&Line]) -> Value {
    let statements = lines.iter().map(|line| {
        let words = std::iter::once(line.name.as_bytes()).chain(line.plain());
        let words: Value = words.map(|word| Value::from_bytes(word.to_vec())).collect();
        table([("comments", texts(&line.comments)), ("words", words)])
    });
    table([("title", title.into()), ("statements", statements.collect())])
}
