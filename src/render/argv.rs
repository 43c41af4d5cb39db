//! The command line of a server, for a shell.

use minijinja::Value;

use super::comment;
use super::job::{Job, cannot_say};
use super::options::Layout;
use super::secrets::{self, Placed, Surface};
use super::sheet::Line;
use super::template::{fill, texts};
use super::{Artefact, Rendered, Target};
use crate::config::printable;
use crate::finding::Finding;
use crate::syntax::argv::arguments;
use crate::syntax::split;

pub(super) const NAME: &str = "argv";
pub(super) const SUMMARY: &str = "a command line for a shell: redis-server or valkey-server";
pub(super) const TEMPLATES: &[(&str, &str)] = &[("argv", include_str!("../../templates/argv.j2"))];

/// Renders the command.
pub(super) fn render(job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
    let Placed { lines, beside, notes, .. } = secrets::place(job, Surface::CommandLine)?;
    let words = words(job, &lines)?;
    let program = job.setup.server.engine.program();
    let one = |options: &[Vec<String>]| options.concat();
    let lines: Vec<Vec<String>> = match job.options.layout {
        Layout::Lines => std::iter::once(vec![program.to_owned()]).chain(words).collect(),
        Layout::OneLine => vec![[vec![program.to_owned()], one(&words)].concat()],
    };
    let header = comment::header(job, "a command line");
    let lines: Value = lines.into_iter().map(texts).collect();
    let text = fill("argv", [("header", texts(header)), ("lines", lines)]);
    let main = Artefact { path: format!("{program}.sh").into(), text, mode: None, secret: false };
    Ok(Rendered { artefacts: std::iter::once(main).chain(beside).collect(), notes })
}

/// The options, a list for each statement: one element a word, which is the only form that all versions read alike.
///
/// # Errors
/// What a command line cannot say: NUL, what is not text, and what the version would take for an option; and for a shell what
/// a terminal obeys, which no quotes escape there.
pub(super) fn words(job: &Job<'_>, lines: &[Line]) -> Result<Vec<Vec<String>>, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut all = Vec::new();
    // An include ends up last, as in a file.
    let (includes, others): (Vec<&Line>, Vec<&Line>) = lines.iter().partition(|line| line.part == usize::MAX);
    for line in others.into_iter().chain(includes) {
        match option(job, line) {
            Ok(words) => all.push(words),
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() { Ok(all) } else { Err(findings) }
}

fn option(job: &Job<'_>, line: &Line) -> Result<Vec<String>, Vec<Finding>> {
    let plain = line.plain();
    let mut words = vec![format!("--{}", line.name)];
    let is_for_shell = matches!(job.options.target, Target::Argv | Target::DockerRun);
    let is_obeyed = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\t' | '\r');
    let cannot_stand = |letter: char| letter == '\0' || (is_for_shell && is_obeyed(letter));
    for word in &plain {
        match std::str::from_utf8(word) {
            Ok(text) if !text.contains(cannot_stand) => words.push(text.to_owned()),
            _ => {
                let message = format!("`{}` of `{}` cannot be said on a command line", printable(word), line.name);
                return Err(vec![cannot_say(line.at, message, "use the target `conf`, which escapes every byte")]);
            }
        }
    }
    if reads_back(&words, line, job) {
        return Ok(words);
    }
    let server = job.setup.server;
    let message = format!("{server} would misread `{}` on a command line: a word looks like an option", line.name);
    Err(vec![cannot_say(line.at, message, "use the target `conf`, or a value that does not start with `-`")])
}

/// Whether the version's own reading of the option, as the last one, gives the statement.
fn reads_back(words: &[String], line: &Line, job: &Job<'_>) -> bool {
    // Something has to stand before it: a lone `-` in front and at the end means standard input.
    let argv: Vec<&str> = ["--port", "0"].into_iter().chain(words.iter().map(String::as_str)).collect();
    let read = arguments(&argv, job.setup.server);
    let Some(text) = read.options.strip_prefix(b"port \"0\" \n") else { return false };
    let Ok(pieces) = split(text, job.setup.server.habits().words) else { return false };
    let expected: Vec<&[u8]> = std::iter::once(line.name.as_bytes()).chain(line.plain()).collect();
    !read.stdin && !text.contains(&b'\n') && pieces.iter().map(|piece| piece.text.as_ref()).eq(expected)
}
