//! Examples of rules as configurations: what the tests judge and what real servers are given.

use crate::facts::{self, Facts};
use crate::server::Server;
use crate::source::{Memory, Name, SourceId};
use crate::syntax::{Mode, Reading, argv, conf, survey};

/// The folder in which the files of an example lie.
const FOLDER: &str = "/example";

/// The texts of an example: the configuration, what was deployed before, and the files beside it.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The configuration.
    pub root: String,
    /// What was deployed before.
    pub previous: Option<String>,
    /// The files beside it, by name.
    pub files: Vec<(String, String)>,
}

impl Texts {
    /// Takes an example apart at its `==> NAME <==` lines. `==> NAME, unfinished <==` begins a file whose last line has no
    /// end, and `⟨U+00A0⟩` stands for a character that cannot be seen.
    #[must_use]
    pub fn of(example: &str) -> Self {
        let example = with_characters(example);
        let mut root = String::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for line in example.lines() {
            match line.strip_prefix("==> ").and_then(|rest| rest.strip_suffix(" <==")) {
                Some(name) => files.push((name.to_owned(), String::new())),
                None => {
                    let text = files.last_mut().map_or(&mut root, |(_, text)| text);
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        for (name, text) in &mut files {
            if let Some(finished) = name.strip_suffix(", unfinished") {
                *name = finished.to_owned();
                text.pop();
            }
        }
        let previous = files.iter().position(|(name, _)| name == "previous");
        Self { previous: previous.map(|at| files.remove(at).1), root, files }
    }

    /// The server that the header of the configuration names.
    #[must_use]
    pub fn server(&self) -> Option<Server> {
        survey(SourceId::ROOT, self.root.as_bytes()).server.map(|(server, _)| server)
    }

    /// What reads the configuration: a rule about a stray `sentinel` line needs the file to be a server's, so Sentinel's own
    /// begin with the comment `# sentinel.conf`.
    #[must_use]
    pub fn mode(&self) -> Mode {
        let mode = survey(SourceId::ROOT, self.root.as_bytes()).mode;
        if self.root.starts_with("# sentinel.conf") { mode } else { Mode::Server }
    }

    /// Reads a text of the example as `server`, with the facts of its header.
    ///
    /// # Panics
    /// If the header states a fact that is none: examples are part of the program.
    #[must_use]
    pub fn read(&self, text: &str, server: Server) -> (Reading, Facts) {
        let mut known = Facts::default();
        for (name, value, at) in &survey(SourceId::ROOT, text.as_bytes()).facts {
            let (definition, said) = facts::in_comment(name, value).expect("examples state facts that there are");
            known.learn(definition, said, *at);
        }
        if let Some(line) = text.lines().find(|line| line.starts_with("redis-server ")) {
            let words: Vec<&str> = line.split(' ').skip(1).collect();
            return (argv::read_argv(&words, None, server, &self.memory()), known);
        }
        let root = Name::File(place("redis.conf").into());
        let beside = [(place("redis.conf"), text.to_owned())];
        (
            conf::read_template(root, text.as_bytes(), server, &Memory::new(beside.into_iter().chain(self.placed()))),
            known,
        )
    }

    /// The files beside the configuration.
    #[must_use]
    pub fn memory(&self) -> Memory {
        Memory::new(self.placed())
    }

    fn placed(&self) -> impl Iterator<Item = (String, String)> {
        self.files.iter().map(|(name, text)| (place(name), text.clone()))
    }

    /// The text that is judged.
    #[must_use]
    pub fn judged(&self) -> &str {
        self.acl_file().unwrap_or(&self.root)
    }

    /// The same with another text in the place of the judged one.
    #[must_use]
    pub fn with_judged(mut self, text: String) -> Self {
        let is_acl_file = self.acl_file().is_some();
        match self.files.iter_mut().find(|(name, _)| is_acl_file && name == "users.acl") {
            Some((_, file)) => *file = text,
            None => self.root = text,
        }
        self
    }

    /// The ACL file, where the configuration has nothing but its header: then that file is what is judged, for it can have no
    /// header of its own.
    #[must_use]
    pub fn acl_file(&self) -> Option<&str> {
        let alone = self.root.lines().all(|line| line.starts_with('#'));
        let (_, text) = self.files.iter().find(|(name, _)| alone && name == "users.acl")?;
        Some(text)
    }
}

/// Where a file of an example lies; a whole path stays one.
fn place(name: &str) -> String {
    if name.starts_with('/') { name.to_owned() } else { format!("{FOLDER}/{name}") }
}

/// A text with its `⟨U+00A0⟩` made the characters that they stand for.
fn with_characters(example: &str) -> String {
    let mut text = String::with_capacity(example.len());
    let mut rest = example;
    while let Some((before, after)) = rest.split_once("⟨U+") {
        text.push_str(before);
        let (digits, behind) = after.split_once('⟩').expect("what is opened is closed");
        let character = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
        text.push(character.expect("examples name characters that there are"));
        rest = behind;
    }
    text + rest
}
