//! Reading an embedded configuration: its pieces, in the server's order, into one reading of the whole text.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::place::Text;
use super::{Embedded, Part, siblings};
use crate::facts::Facts;
use crate::server::Server;
use crate::source::{Files, Name, SourceId, Sources, Span};
use crate::syntax::argv::{self, Given};
use crate::syntax::assembled::Assembled;
use crate::syntax::conf::{self, Reader};
use crate::syntax::include::Includes;
use crate::syntax::reading::{Argument, ArgumentStyle, Host, Item, Problem, ProblemKind, Reading, Region, Via};
use crate::syntax::survey::{Mode, Survey, survey};

impl Embedded {
    /// Reads the configuration as `server` would. `files` serves what is mounted into a container or copied into an image
    /// from beside the text.
    #[must_use]
    pub fn read(&self, server: Server, files: &dyn Files) -> Reading {
        let mut sources = Sources::new();
        sources.add(self.host.name.clone(), Arc::clone(&self.host.text));
        let mut reading = Reading::new(sources, server);
        reading.host = Host::Fixed;
        reading.anchor = Some(self.at);
        reading.public = self.facts.iter().map(|(_, fact)| fact.at).chain([self.at]).collect();
        let base = PathBuf::from(self.place.working_directory.as_deref().unwrap_or("/"));
        let mounts = self.place.host_paths(&self.folder());
        let includes = Includes::mounted(base, server.habits().globs, mounts);
        let mut reader = Reader { reading, includes, files, via: Via::Text, templates: true };
        for part in &self.parts {
            match part {
                Part::Text(text) => reader.embedded(text),
                Part::Included(text) => {
                    reader.reading.order.push(Item::Enter);
                    reader.embedded(text);
                    reader.reading.order.push(Item::Leave);
                }
                Part::File(given) => self.file(&mut reader, given),
                Part::Options(given, has_file) => reader.options(given, *has_file),
                Part::Unseen => reader.reading.templated = true,
            }
        }
        reader.reading
    }

    /// What the surroundings say, with what they say of the configuration that was read.
    #[must_use]
    pub fn facts(&self, reading: &Reading) -> Facts {
        let mut facts = self.facts.clone();
        let file = self.parts.iter().find_map(|part| if let Part::File(given) = part { Some(given) } else { None });
        let file = file.map(|given| String::from_utf8_lossy(given.bytes()).into_owned());
        let default_port = if self.mode == Mode::Sentinel { 26379 } else { 6379 };
        self.place.conclude(&mut facts, reading, file.as_deref(), default_port);
        facts
    }

    /// What comments say of it: those before anything else in the text, and those within its own part.
    #[must_use]
    pub fn survey(&self) -> Survey {
        let text = &self.host.text;
        let first = conf::lines(SourceId::ROOT, text).into_iter().find(|line| matches!(line, conf::Line::Words(_)));
        let head = first.map_or(text.len(), |line| line.at().start as usize);
        let all = survey(SourceId::ROOT, text);
        let mine =
            |at: Span| (at.start as usize) < head || (self.extent.start <= at.start && at.start < self.extent.end);
        Survey {
            server: all.server.filter(|(_, at)| mine(*at)),
            facts: all.facts.into_iter().filter(|(_, _, at)| mine(*at)).collect(),
            mode: self.mode,
        }
    }

    /// Whether it is nothing but a value that begins at one of these bytes.
    #[must_use]
    pub fn is_value_at(&self, starts: &BTreeSet<u32>) -> bool {
        matches!(&self.parts[..], [Part::Text(text)] if starts.contains(&text.at.start))
    }

    /// The folder of the text.
    fn folder(&self) -> PathBuf {
        match &self.host.name {
            Name::File(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
            Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => PathBuf::new(),
        }
    }

    /// Reads the file that the command names, wherever it lies.
    fn file(&self, reader: &mut Reader<'_>, given: &Given) {
        let path = self.place.absolute(&String::from_utf8_lossy(given.bytes()));
        if let Some((_, text)) = self.place.inline.iter().find(|(inside, _)| *inside == path) {
            return reader.embedded(text);
        }
        let folder = self.folder();
        if let Some(here) = self.place.here(&path, &folder)
            && let Ok(text) = reader.files.read(&here)
        {
            return reader.file(Name::File(here), text);
        }
        if let Some((name, key)) = self.place.config_map(&path)
            && siblings::read(reader, &folder, &self.host.name, &name, &key)
        {
            return;
        }
        // What starts before the server may have copied it from where it is mounted, and changed it.
        let file = Path::new(&path).file_name();
        let mut alike = self.place.inline.iter().filter(|(inside, _)| Path::new(inside).file_name() == file);
        match (alike.next(), alike.next()) {
            (Some((_, text)), None) => {
                reader.embedded(text);
                reader.reading.templated = true;
            }
            (_, _) => {
                let problem = Problem { kind: ProblemKind::MissingFile, at: given.at, statement: None };
                reader.reading.order.push(Item::Problem(problem));
            }
        }
    }
}

impl Reader<'_> {
    /// Reads a configuration inside a text that is known.
    pub(super) fn embedded(&mut self, text: &Text) {
        self.reading.regions.insert(0, Region { at: text.at, host: text.host.clone() });
        self.via = Via::Text;
        self.text(&text.assembled);
    }

    /// Reads a file of its own.
    pub(super) fn file(&mut self, name: Name, text: Vec<u8>) {
        let source = self.reading.sources.add(name, text);
        let text = self.reading.sources.get(source).shared();
        self.via = Via::Text;
        self.text(&Assembled::one(source, &text));
    }

    fn options(&mut self, given: &[Given], has_file: bool) {
        let editable: Vec<Argument> = given
            .iter()
            .filter(|given| given.style != ArgumentStyle::Fixed)
            .map(|given| Argument { text: given.bytes().to_vec(), at: given.at, style: given.style })
            .collect();
        if let (Some(first), Some(last)) = (editable.first(), editable.last()) {
            let at = first.at.to(last.at);
            self.reading.regions.push(Region { at, host: Host::Arguments(editable) });
        }
        // Their dashes belong to no word, and hide nothing.
        let dashes = given.iter().filter(|given| given.bytes().starts_with(b"--"));
        self.reading.public.extend(dashes.map(|given| given.text.span(0, 2)));
        let options = argv::options(given, has_file, self.reading.server);
        self.via = Via::CommandLine;
        let templates = std::mem::replace(&mut self.templates, false);
        self.text(&options);
        self.templates = templates;
    }
}
