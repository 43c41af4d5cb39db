//! Dockerfiles: what the last stage starts.

use std::path::PathBuf;

use super::command::{self, Around, Start};
use super::image::Image;
use super::place::{Mount, Mounted};
use super::{Embedded, HostText, known, shell};
use crate::source::{SourceId, Span};
use crate::syntax::argv::{Given, Quotes};
use crate::syntax::assembled::Assembled;
use crate::syntax::conf::trim;
use crate::syntax::reading::ArgumentStyle;

/// An instruction, its lines joined.
struct Instruction {
    /// In capitals.
    name: String,
    at: Span,
    text: Assembled<'static>,
}

/// How a program is named.
#[derive(Clone)]
enum Form {
    /// `["redis-server", "--port", "1"]`
    Exec(Vec<Given>),
    /// `redis-server --port 1`
    Shell(Given),
}

/// What an image will be.
#[derive(Clone)]
struct Stage {
    name: Option<String>,
    image: Option<Image>,
    image_at: Span,
    /// Whether the entrypoint is still that of the image it grows from.
    own_entrypoint: Option<Form>,
    command: Option<Form>,
    user: Option<(String, Span)>,
    directory: Option<String>,
    copies: Vec<Mount>,
}

/// Finds the server that the image starts.
pub(super) fn find(host: &HostText) -> Vec<Embedded> {
    let mut stages: Vec<Stage> = Vec::new();
    for instruction in instructions(&host.text) {
        if instruction.name == "FROM" {
            let stage = begin(&instruction, &stages);
            stages.push(stage);
        } else if let Some(stage) = stages.last_mut() {
            stage.take(&instruction);
        }
    }
    stages.last().map(|stage| stage.servers(host)).unwrap_or_default()
}

/// The instructions of a text: comments left out, continued lines joined.
fn instructions(text: &[u8]) -> Vec<Instruction> {
    let mut found = Vec::new();
    let mut joined = Assembled::default();
    let mut here: Vec<Vec<u8>> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive(|b| *b == b'\n') {
        let line_start = start;
        start += line.len();
        if let Some(end) = here.first() {
            if trim(line) == end.as_slice() {
                here.remove(0);
            }
            continue;
        }
        let content = trim(line);
        if content.is_empty() || content[0] == b'#' {
            continue;
        }
        let at = line_start + (content.as_ptr() as usize - line.as_ptr() as usize);
        if let Some(kept) = content.strip_suffix(b"\\") {
            joined.push(SourceId::ROOT, at, kept);
            continue;
        }
        joined.push(SourceId::ROOT, at, content);
        let instruction = instruction(&std::mem::take(&mut joined));
        here.extend(here_texts(&instruction));
        found.push(instruction);
    }
    if !joined.text().is_empty() {
        found.push(instruction(&joined));
    }
    found
}

fn instruction(line: &Assembled<'_>) -> Instruction {
    let bytes = line.text();
    let end = bytes.iter().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(bytes.len());
    let blanks = bytes[end..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    Instruction {
        name: String::from_utf8_lossy(&bytes[..end]).to_ascii_uppercase(),
        at: line.span(0, end),
        text: line.part(end + blanks..bytes.len()),
    }
}

/// The words that end the texts which follow an instruction.
fn here_texts(instruction: &Instruction) -> Vec<Vec<u8>> {
    if !matches!(instruction.name.as_str(), "RUN" | "COPY" | "ADD") {
        return Vec::new();
    }
    let text = instruction.text.text();
    let starts =
        memchr::memmem::find_iter(text, b"<<").map(|at| text[at + 2..].strip_prefix(b"-").unwrap_or(&text[at + 2..]));
    let word = |rest: &[u8]| {
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        rest.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').copied().collect::<Vec<u8>>()
    };
    starts.map(word).filter(|word| !word.is_empty()).collect()
}

/// `FROM IMAGE [AS NAME]`; a name of a stage before it brings all that stage has.
fn begin(instruction: &Instruction, stages: &[Stage]) -> Stage {
    let text = instruction.text.text();
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty() && !word.starts_with(b"--"));
    let image = words.next().unwrap_or_default();
    let name = words.next().filter(|word| word.eq_ignore_ascii_case(b"as")).and_then(|_| words.next());
    let name = name.map(|name| String::from_utf8_lossy(name).into_owned());
    let start = memchr::memmem::find(text, image).unwrap_or(0);
    let image_at = instruction.text.span(start, start + image.len());
    let reference = String::from_utf8_lossy(image).into_owned();
    let base = stages.iter().rev().find(|stage| stage.name.as_deref() == Some(&reference));
    let fresh = || Stage {
        name: None,
        image: Image::of(&reference),
        image_at,
        own_entrypoint: None,
        command: None,
        user: None,
        directory: None,
        copies: Vec::new(),
    };
    Stage { name, ..base.cloned().unwrap_or_else(fresh) }
}

impl Stage {
    fn take(&mut self, instruction: &Instruction) {
        let text = || String::from_utf8_lossy(instruction.text.text()).into_owned();
        match instruction.name.as_str() {
            "ENTRYPOINT" => {
                self.own_entrypoint = Some(form(&instruction.text));
                // Docker forgets the command of the image it grows from.
                self.command = None;
            }
            "CMD" => self.command = Some(form(&instruction.text)),
            "USER" => self.user = Some((text(), instruction.text.span(0, instruction.text.text().len()))),
            "WORKDIR" => {
                let base = self.directory.clone().unwrap_or_else(|| "/".into());
                let path = super::place::normal(&PathBuf::from(base).join(text()));
                self.directory = Some(path.to_string_lossy().into_owned());
            }
            "COPY" | "ADD" => self.copy(&text(), instruction.at),
            _ => {}
        }
    }

    /// `COPY [--chown=…] FROM… TO`
    fn copy(&mut self, text: &str, at: Span) {
        let words: Vec<&str> = text.split_whitespace().collect();
        if text.starts_with('[')
            || text.contains(['$', '*', '?'])
            || words.iter().any(|word| word.starts_with("--from"))
        {
            return;
        }
        let paths: Vec<&str> = words.into_iter().filter(|word| !word.starts_with("--")).collect();
        let Some((to, from)) = paths.split_last() else { return };
        let base = self.directory.clone().unwrap_or_else(|| "/".into());
        let to_path = super::place::normal(&PathBuf::from(&base).join(to));
        for source in from {
            // A folder's content goes into the target; a file goes into it if it ends with a slash.
            let is_file =
                source.rsplit('/').next().is_some_and(|name| name.contains('.') && name != "." && name != "..");
            let into = is_file && (to.ends_with('/') || *to == "." || from.len() > 1);
            let target = match source.rsplit('/').next() {
                Some(name) if into => to_path.join(name),
                Some(_) | None => to_path.clone(),
            };
            let from = Mounted::Image(PathBuf::from(source.trim_start_matches('/')));
            let target = target.to_string_lossy().into_owned();
            self.copies.push(Mount { target, from, is_read_only: false, at });
        }
    }

    fn servers(&self, host: &HostText) -> Vec<Embedded> {
        let behind = Around { image: self.image, behind_entrypoint: self.own_entrypoint.is_none() };
        let bare = Around { behind_entrypoint: false, ..behind };
        let in_shell = |script: &Given| {
            let mut starts = command::shell_form(script, bare);
            for start in &mut starts {
                start.is_kept = Some(false);
            }
            starts
        };
        let starts: Vec<Start> = match (&self.own_entrypoint, &self.command) {
            (Some(Form::Shell(script)), _) | (None, Some(Form::Shell(script))) => in_shell(script),
            (Some(Form::Exec(words)), Some(Form::Exec(more))) => command::starts(&[&words[..], more].concat(), behind),
            (Some(Form::Exec(words)), _) | (None, Some(Form::Exec(words))) => command::starts(words, behind),
            (None, None) => command::starts(&[], behind),
        };
        starts.into_iter().map(|start| self.embedded(start, host)).collect()
    }

    fn embedded(&self, start: Start, host: &HostText) -> Embedded {
        let title = self.name.as_ref().map_or_else(|| "the image".to_owned(), |name| format!("stage `{name}`"));
        let end = u32::try_from(host.text.len()).expect("files are below 64 MiB");
        let extent = Span { start: self.image_at.start, end, ..self.image_at };
        let mut embedded = host.embedded(title, self.image_at, extent);
        known::word(&mut embedded.facts, "container", "yes", self.image_at);
        known::image(&mut embedded, self.image, self.image_at);
        let user = self.user.clone().map(|(name, at)| (Some(name), at));
        known::started(&mut embedded.facts, self.image, &start, user, self.image_at);
        embedded.begin(start);
        if self.directory.is_some() {
            embedded.place.working_directory.clone_from(&self.directory);
        }
        embedded.place.mounts.clone_from(&self.copies);
        embedded
    }
}

/// A list in brackets is what is run; all else is a shell's.
fn form(text: &Assembled<'_>) -> Form {
    if let Some(words) = array(text) {
        return Form::Exec(words);
    }
    let length = text.text().len();
    let text = text.part(0..length);
    let at = text.span(0, length);
    // Its words can be edited, as long as they stand in the file as they are.
    Form::Shell(Given { text, at, style: ArgumentStyle::FlowItem, splits: false, inside: Quotes::default() })
}

/// An array of texts of JSON; `None` if it is none.
fn array(line: &Assembled<'_>) -> Option<Vec<Given>> {
    let text = line.text();
    let mut at = 0;
    let mut words = Vec::new();
    let skip = |at: &mut usize| *at += text[*at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let take = |at: &mut usize, byte: u8| {
        let found = text.get(*at) == Some(&byte);
        *at += usize::from(found);
        found
    };
    if !take(&mut at, b'[') {
        return None;
    }
    skip(&mut at);
    while !take(&mut at, b']') {
        if !words.is_empty() {
            take(&mut at, b',').then_some(())?;
            skip(&mut at);
        }
        let start = at;
        take(&mut at, b'"').then_some(())?;
        let mut word = Assembled::default();
        while !take(&mut at, b'"') {
            let length = match (text.get(at)?, text.get(at + 1)) {
                (b'\\', Some(b'u')) => 6,
                (b'\\', Some(_)) => 2,
                (_, _) => 1,
            };
            let piece = text.get(at..at + length)?;
            if length == 1 {
                word.push_part(line, at..at + 1);
            } else {
                let said: String = serde_json::from_str(&format!("\"{}\"", std::str::from_utf8(piece).ok()?)).ok()?;
                word.push_for(line.span(at, at + length), said.as_bytes());
            }
            at += length;
        }
        let style = if line.is_apart(&(start..at)) { ArgumentStyle::FlowItem } else { ArgumentStyle::Fixed };
        let inside = Quotes { double: true, single: false };
        words.push(Given { text: shell::templated(&word), at: line.span(start, at), style, splits: false, inside });
        skip(&mut at);
    }
    skip(&mut at);
    (at == text.len()).then_some(words)
}
