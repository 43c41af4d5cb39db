//! Examples of rules as configurations: what the tests judge and what real servers are given.

use crate::facts::{self, Facts};
use crate::server::Server;
use crate::source::{Memory, Name, SourceId};
use crate::syntax::{Mode, Reading, conf, survey};

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
    /// Takes an example apart at its `==> NAME <==` lines.
    #[must_use]
    pub fn of(example: &str) -> Self {
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

    /// The ACL file, where the configuration has nothing but its header: then that file is what is judged, for it can have no
    /// header of its own.
    #[must_use]
    pub fn acl_file(&self) -> Option<&str> {
        let alone = self.root.lines().all(|line| line.starts_with('#'));
        let (_, text) = self.files.iter().find(|(name, _)| alone && name == "users.acl")?;
        Some(text)
    }
}

/// Where a file of an example lies.
fn place(name: &str) -> String {
    format!("{FOLDER}/{name}")
}
