//! Makes a configuration safe to start: nothing of it reaches out of the private directory.
//!
//! Lines that act while they are read are changed in place, so that line numbers stay: `dir`, `logfile`, `aclfile`,
//! `include`, `replicaof`. What acts later is overridden at the end of the command line. What would run code, or read
//! what was not given, is refused before anything starts. All that was overridden is reported: it was not verified.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

use super::boot::{Modules, Start};
use super::options::{self, Group};
use super::place::Place;
use super::words::{as_read, quote, split, trim};
use crate::server::Server;

/// Why a configuration is not even tried.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsolateError {
    /// It loads a module.
    #[error("{place} loads a module, which would run its code: leave the line out, or allow modules")]
    Module {
        /// Where.
        place: Place,
    },
    /// It includes, or is given under, a name that leads out of the private directory.
    #[error("{place} names `{path}`, which may lead out of the private directory: write the path without `..`")]
    Outside {
        /// Where.
        place: Place,
        /// The path as written.
        path: String,
    },
    /// A file that may be glued to another one, so that it cannot be told which directives result.
    #[error("the last line of `{name}` is not finished: end it with a line break")]
    Unfinished {
        /// The file's name as given.
        name: String,
    },
    /// An argument that is none of a server's options.
    #[error("argument {number} {why}")]
    Argument {
        /// Which argument, from 1.
        number: usize,
        /// What is wrong with it, and what to do.
        why: &'static str,
    },
}

/// Where things lie within the private directory.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) conf: PathBuf,
    pub(super) socket: PathBuf,
    /// The working directory. It is a folder of its own, because some file names may be `..`.
    pub(super) work: PathBuf,
    /// Stands for `/` in the names of given files.
    pub(super) root: PathBuf,
    acl: PathBuf,
}

impl Layout {
    pub(super) fn within(dir: &Path) -> Self {
        let at = |name| dir.join(name);
        Self { conf: at("conf"), socket: at("s"), work: at("work"), root: at("root"), acl: at("acl") }
    }
}

/// A configuration that can be started.
#[derive(Debug, Default)]
pub(super) struct Isolated {
    /// The text to start with, line for line the given one as the server would read it.
    pub(super) conf: Vec<u8>,
    /// The options to start with, overrides last.
    pub(super) options: Vec<OsString>,
    /// The files to put down before.
    pub(super) files: Vec<(PathBuf, Vec<u8>)>,
    /// What cannot be verified, in lower case.
    pub(super) overridden: BTreeSet<String>,
    /// The new names of renamed commands.
    pub(super) renamed: BTreeMap<String, Vec<u8>>,
    /// The lines that ask for a password, in words.
    pub(super) doors: Vec<String>,
}

/// What every start needs, and what is only overridden where it is mentioned: older servers do not know every name.
const WHEN_MENTIONED: [(&str, &[&str]); 11] = [
    ("cluster-config-file", &["nodes.conf"]),
    ("daemonize", &["no"]),
    ("pidfile", &[""]),
    ("rdma-port", &["0"]),
    ("supervised", &["no"]),
    ("syslog-enabled", &["no"]),
    ("tls-cluster", &["no"]),
    ("tls-port", &["0"]),
    ("tls-replication", &["no"]),
    ("unixsocketgroup", &[""]),
    // the cluster bus listens on port 10000 even where `port` is 0, and needs an address; this one is nobody's (RFC
    // 5737), and the `-` lets the server go on without it
    ("cluster-enabled", &[]),
];
const NOBODYS_ADDRESS: &str = "-192.0.2.1";

/// Isolates what `start` holds for a server of that version.
pub(super) fn isolate(start: &Start, server: Server, layout: &Layout) -> Result<Isolated, IsolateError> {
    let mut work = Work { start, server, layout, mentioned: BTreeSet::new(), done: Isolated::default() };
    let conf = start.conf.as_deref().unwrap_or_default();
    work.done.conf = work.text(conf, |line| Place::Conf { line })?;
    for (name, text) in &start.files {
        work.file(name, text)?;
    }
    work.done.files.push((layout.acl.clone(), Vec::new()));
    let mut groups = options::group(&start.argv, server)?;
    for (at, group) in groups.iter_mut().enumerate() {
        let words = group.words(server);
        if let Some(args) = work.statement(&words, &Place::Option { number: at + 1 })? {
            group.replace(&args);
        }
    }
    let overrides = work.overrides();
    work.done.options = options::join(groups, &overrides, server);
    Ok(work.done)
}

struct Work<'a> {
    start: &'a Start,
    server: Server,
    layout: &'a Layout,
    mentioned: BTreeSet<&'static str>,
    done: Isolated,
}

impl Work<'_> {
    fn text(&mut self, text: &[u8], place: impl Fn(usize) -> Place) -> Result<Vec<u8>, IsolateError> {
        let read = as_read(text);
        let mut lines = Vec::new();
        for (at, line) in read.split(|b| *b == b'\n').enumerate() {
            let trimmed = trim(line);
            let words = if trimmed.starts_with(b"#") { None } else { split(trimmed, self.server) };
            let words = words.unwrap_or_default();
            let args = self.statement(&words, &place(at + 1))?;
            lines.push(match (args, words.as_slice()) {
                (Some(args), [name, ..]) => rewritten(name, &args),
                _ => line.to_vec(),
            });
        }
        Ok(lines.join(&b'\n'))
    }

    fn file(&mut self, name: &str, text: &[u8]) -> Result<(), IsolateError> {
        let path = self.inside(name.as_bytes(), &Place::File { name: name.to_owned(), line: 1 })?;
        let text = self.text(text, |line| Place::File { name: name.to_owned(), line })?;
        // a wildcard glues files together: the start of a dangerous word must not hide at the end of one
        let last = trim(text.rsplit(|b| *b == b'\n').next().unwrap_or_default());
        let innocent = last.is_empty()
            || last.starts_with(b"#")
            || split(last, self.server).is_some_and(|words| words.len() > 1 || !is_start_of_loadmodule(&words));
        if !innocent {
            return Err(IsolateError::Unfinished { name: name.to_owned() });
        }
        self.done.files.push((path, text));
        Ok(())
    }

    /// Looks at one statement; new arguments where it must not stand as it is.
    fn statement(&mut self, words: &[Vec<u8>], place: &Place) -> Result<Option<Vec<Vec<u8>>>, IsolateError> {
        let Some((name, args)) = words.split_first() else { return Ok(None) };
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        if let Some((known, _)) = WHEN_MENTIONED.iter().find(|(known, _)| *known == name) {
            self.mentioned.insert(known);
        }
        match (name.as_str(), args) {
            ("loadmodule", _) if self.start.modules == Modules::Refuse => {
                Err(IsolateError::Module { place: place.clone() })
            }
            ("include", [path]) => Ok(Some(vec![self.inside(path, place)?.into_os_string().into_vec()])),
            ("dir", [path]) if !path.is_empty() => Ok(Some(vec![self.layout.work.as_os_str().as_bytes().to_vec()])),
            ("logfile", [path]) if !path.is_empty() => {
                self.done.overridden.insert(name);
                Ok(Some(vec![Vec::new()]))
            }
            ("aclfile", [path]) if !path.is_empty() => {
                self.done.doors.push(format!("`aclfile` ({place})"));
                self.done.overridden.insert(name);
                let path = self.inside(path, place)?;
                let given =
                    self.start.files.iter().any(|(name, _)| self.inside(name.as_bytes(), place) == Ok(path.clone()));
                let path = if given { path } else { self.layout.acl.clone() };
                Ok(Some(vec![path.into_os_string().into_vec()]))
            }
            ("replicaof" | "slaveof", args) if self.may_connect(args) => {
                self.done.overridden.insert(name);
                Ok(Some(vec![b"no".to_vec(), b"one".to_vec()]))
            }
            ("requirepass", [password]) if !password.is_empty() => {
                self.done.doors.push(format!("`requirepass` ({place})"));
                Ok(None)
            }
            ("user", [user, ..]) if user == b"default" => {
                self.done.doors.push(format!("`user default` ({place})"));
                Ok(None)
            }
            ("rename-command", [old, new]) => {
                self.rename(old, new);
                Ok(None)
            }
            _ => Ok(None),
        }
    }

    /// Whether a server could take these for host and port. What it surely refuses may stay, so that it can.
    ///
    /// An override at the end would not do: after `replicaof host port` and `replicaof no one` every server still
    /// connects, to port 6379 of this machine (seen on 6.2, 7.0, 8.2, Valkey 8.0 and 9.1).
    fn may_connect(&self, args: &[Vec<u8>]) -> bool {
        let again = match args {
            [one] if self.server.habits().resplit => split(one, self.server),
            _ => None,
        };
        let [_, port] = again.as_deref().unwrap_or(args) else { return false };
        let is_number = port.iter().all(|b| b.is_ascii_digit() || b.is_ascii_whitespace() || b"+-\x0b".contains(b));
        let plain = std::str::from_utf8(port).ok().and_then(|text| text.parse::<i32>().ok());
        is_number && plain.is_none_or(|number| (0..=65535).contains(&number))
    }

    /// Follows chains: what `A` became may be renamed again.
    fn rename(&mut self, old: &[u8], new: &[u8]) {
        let renamed = &mut self.done.renamed;
        let origin = renamed.iter().find(|(_, now)| now.eq_ignore_ascii_case(old)).map(|(origin, _)| origin.clone());
        let origin = origin.unwrap_or_else(|| String::from_utf8_lossy(old).to_ascii_uppercase());
        renamed.insert(origin, new.to_vec());
    }

    /// Where a named file lies in the private directory.
    fn inside(&self, name: &[u8], place: &Place) -> Result<PathBuf, IsolateError> {
        let path = Path::new(std::ffi::OsStr::from_bytes(name));
        let wild = name.iter().any(|b| b"*?[".contains(b)) && self.server.habits().globs;
        let strays = path.components().any(|part| match part {
            Component::ParentDir | Component::Prefix(_) => true,
            Component::Normal(part) => {
                // `.[.]`, `.?` and `\.\.` are other ways to write `..`
                wild && (part.as_bytes().starts_with(b".") || part.as_bytes().contains(&b'\\'))
            }
            Component::RootDir | Component::CurDir => false,
        });
        if strays || name.contains(&0) {
            let path = String::from_utf8_lossy(name).into_owned();
            return Err(IsolateError::Outside { place: place.clone(), path });
        }
        Ok(match path.strip_prefix("/") {
            Ok(below) => self.layout.root.join(below),
            Err(_) => self.layout.work.join(path),
        })
    }

    /// The options that go last, and what they hide.
    fn overrides(&mut self) -> Vec<Group> {
        let [socket, work] = [&self.layout.socket, &self.layout.work].map(|path| path.as_os_str().as_bytes());
        let always: [(&str, &[u8]); 4] =
            [("port", b"0"), ("unixsocket", socket), ("unixsocketperm", b"700"), ("dir", work)];
        let mut groups: Vec<Group> = always.iter().map(|(name, value)| Group::new(name, &[value])).collect();
        for (name, words) in WHEN_MENTIONED.iter().filter(|(name, _)| self.mentioned.contains(name)) {
            let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
            groups.push(match *name {
                "cluster-enabled" => Group::new("bind", &[NOBODYS_ADDRESS.as_bytes()]),
                name => Group::new(name, &words),
            });
        }
        self.done.overridden.extend(groups.iter().map(Group::name));
        groups
    }
}

fn is_start_of_loadmodule(words: &[Vec<u8>]) -> bool {
    words.first().is_some_and(|word| b"loadmodule".starts_with(&word.to_ascii_lowercase()))
}

/// The same directive with other arguments.
fn rewritten(name: &[u8], args: &[Vec<u8>]) -> Vec<u8> {
    std::iter::once(name).chain(args.iter().map(Vec::as_slice)).map(quote).collect::<Vec<_>>().join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn isolated(server: &str, start: &Start) -> Result<Isolated, IsolateError> {
        isolate(start, server.parse().unwrap(), &Layout::within(Path::new("/p")))
    }

    fn conf(server: &str, text: &str) -> Result<String, IsolateError> {
        let start = Start { conf: Some(text.into()), ..Start::default() };
        isolated(server, &start).map(|isolated| String::from_utf8(isolated.conf).unwrap())
    }

    fn options(server: &str, words: &[&str]) -> Result<Vec<String>, IsolateError> {
        let start = Start { argv: words.iter().map(|word| word.as_bytes().to_vec()).collect(), ..Start::default() };
        isolated(server, &start).map(|done| done.options.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn lines_that_act_while_read_are_changed_in_place() {
        let given =
            "# dir /x\ndir /x\r\nmaxmemory 1\n  LogFile '/x y'\ninclude /etc/a.conf\ninclude b.conf\naclfile /a\n";
        let expected = "# dir /x\n\"dir\" \"/p/work\"\nmaxmemory 1\n\"LogFile\" \"\"\n\"include\" \"/p/root/etc/a.conf\"\n\
                        \"include\" \"/p/work/b.conf\"\n\"aclfile\" \"/p/acl\"\n";
        assert_eq!(conf("redis-7.4", given).unwrap(), expected);
    }

    #[test]
    fn what_the_server_refuses_stays_for_it_to_refuse() {
        for line in [
            "dir",
            "dir ''",
            "dir a b",
            "logfile a b",
            "\"dir\"x /a",
            "replicaof h 99999",
            "replicaof h x",
            "replicaof h",
        ] {
            assert_eq!(conf("redis-7.4", line).unwrap(), line);
        }
    }

    #[test]
    fn no_way_of_writing_a_replica_connects() {
        for line in
            ["replicaof h 6379", "SlaveOf h +1", "replicaof 'h 6379'", "replicaof h ' 1'", "replicaof h 4294973675"]
        {
            assert!(conf("redis-7.4", line).unwrap().ends_with(r#" "no" "one""#), "{line}");
        }
    }

    #[test]
    fn paths_do_not_lead_out() {
        for path in ["../a", "/etc/../a", "a/../../b", ".[.]/a*", ".?/a", "\\\\.\\\\./[a]"] {
            let refused = conf("redis-7.4", &format!("port 1\ninclude \"{path}\""));
            assert!(matches!(refused, Err(IsolateError::Outside { place: Place::Conf { line: 2 }, .. })), "{path}");
        }
        let start = Start { files: vec![("../a".into(), vec![])], ..Start::default() };
        assert!(matches!(isolated("redis-7.4", &start), Err(IsolateError::Outside { .. })));
    }

    #[test]
    fn a_dangerous_word_cannot_hide_at_the_end_of_a_file() {
        let with_file = |text: &str| {
            let start = Start { files: vec![("a.conf".into(), text.into())], ..Start::default() };
            isolated("redis-7.4", &start).map(drop)
        };
        for text in ["loadm", "port 1\nl", "port 1\n\"lo", "'"] {
            assert_eq!(with_file(text), Err(IsolateError::Unfinished { name: "a.conf".into() }), "{text}");
        }
        for text in ["", "port 1", "port 1\n", "# loadm", "appendonly"] {
            assert_eq!(with_file(text), Ok(()), "{text}");
        }
        let module = Err(IsolateError::Module { place: Place::File { name: "a.conf".into(), line: 2 } });
        assert_eq!(with_file("port 1\nloadmodule x"), module);
    }

    #[test]
    fn overrides_go_last_and_are_told() {
        let last = ["--port", "0", "--unixsocket", "/p/s", "--unixsocketperm", "700", "--dir", "/p/work"];
        assert_eq!(options("redis-7.4", &["--port", "1"]).unwrap(), [&["--port", "1"], last.as_slice()].concat());
        assert_eq!(options("redis-7.4", &["--dir /x"]).unwrap()[..2], ["--dir", "/p/work"]);
        let hungry = options("redis-7.4", &["--bind"]).unwrap();
        assert_eq!(hungry[..3], ["--bind\nport", "0", "--unixsocket"]);
        assert_eq!(options("redis-6.2", &["--bind"]).unwrap()[..3], ["--bind", "--port", "0"]);
        assert_eq!(options("redis-7.4", &["--save"]).unwrap()[..3], ["--save", "--port", "0"]);
        assert_eq!(
            options("redis-7.4", &["--masterauth", "--loadmodule"]).unwrap()[..3],
            ["--masterauth", "--loadmodule", "--port"]
        );
        assert!(options("redis-6.2", &["--masterauth", "--loadmodule"]).is_err());
    }

    #[test]
    fn arguments_that_are_no_options_are_refused() {
        for words in
            [["x", "y"].as_slice(), &["-"], &["--port", "1", "-"], &["--sentinel"], &["--port 1\nloadmodule x"]]
        {
            assert!(matches!(options("redis-7.4", words), Err(IsolateError::Argument { .. })), "{words:?}");
        }
    }
}
