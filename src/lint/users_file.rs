//! The ACL file that a configuration names, read beside it.
//!
//! It is a text of its own, with findings of its own; to the configuration it only says who may do what.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::catalog::{Directive, Kind, Lookup};
use crate::config::acl::{Channels, Surroundings};
use crate::config::{Config, Value, resolve_acl_file};
use crate::server::Server;
use crate::source::{Files, Name, SourceId};
use crate::syntax::{Reading, acl_file};

/// An ACL file, read and resolved.
#[derive(Clone, Debug)]
pub struct UsersFile {
    /// Its lines.
    pub reading: Reading,
    /// The users, and what the server would refuse.
    pub config: Config,
}

impl UsersFile {
    /// Reads a file by itself: nobody knows whether modules bring commands that it names.
    #[must_use]
    pub fn read(name: Name, text: &[u8], server: Server) -> Self {
        Self::read_within(name, text, server, Surroundings::of(server))
    }

    fn read_within(name: Name, text: &[u8], server: Server, surroundings: Surroundings) -> Self {
        let reading = acl_file::read_template(name, text, server);
        let config = resolve_acl_file(&reading, surroundings);
        Self { reading, config }
    }

    /// The file that a configuration names; `None` if it names none, or if it is not there.
    ///
    /// A server looks in the folder that `dir` names, starting where it runs, which nobody knows here: the folder of the
    /// configuration is taken for it.
    #[must_use]
    pub fn named_by(reading: &Reading, config: &Config, files: &dyn Files) -> Option<Self> {
        let Some(Value::Text(named)) = config.get("aclfile") else { return None };
        if named.is_empty() {
            return None;
        }
        let mut path = match reading.sources.get(SourceId::ROOT).name() {
            Name::File(root) => root.parent().map(Path::to_owned).unwrap_or_default(),
            Name::Stdin | Name::Builtin(_) | Name::Flag(_) | Name::CommandLine | Name::Live(_) => PathBuf::new(),
        };
        for dir in entered(config) {
            path.push(path_of(&dir));
        }
        path.push(path_of(named));
        let text = files.read(&path).ok()?;
        Some(Self::read_within(Name::File(path), &text, reading.server, surroundings(config)))
    }
}

/// The folders that the statements `dir` change to, in order.
fn entered(config: &Config) -> Vec<Arc<[u8]>> {
    let entry = known(config, "dir").and_then(|directive| config.entry(directive.id));
    let values = entry.into_iter().flat_map(|entry| entry.parts.iter().filter_map(|part| part.value.as_ref().ok()));
    values.filter_map(|value| if let Value::Text(folder) = value { Some(folder.clone()) } else { None }).collect()
}

fn surroundings(config: &Config) -> Surroundings {
    let mut surroundings = Surroundings::of(config.server);
    if let Some(directive) = known(config, "acl-pubsub-default")
        && let Some(Value::Word(index)) = config.effective(directive)
        && let Kind::Enum(words) = &directive.kind
    {
        surroundings.channels = if words[*index].name == "allchannels" { Channels::All } else { Channels::None };
    }
    let loads = known(config, "loadmodule").is_some_and(|directive| config.entry(directive.id).is_some());
    surroundings.modules = Some(loads);
    surroundings
}

fn known(config: &Config, name: &str) -> Option<&'static Directive> {
    match config.view.look(name) {
        Lookup::Here(directive) => Some(directive),
        Lookup::Elsewhere(_) | Lookup::Never => None,
    }
}

fn path_of(word: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(word).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::lint::{Case, Chosen, inspect};
    use crate::source::Memory;
    use crate::syntax::{Mode, conf};

    /// The findings of an ACL file, each with its line.
    fn found(text: &str, server: &str) -> Vec<String> {
        let file = UsersFile::read(Name::Stdin, text.as_bytes(), server.parse().unwrap());
        let facts = Facts::default();
        let case = Case::new(&file.reading, &file.config, &facts, Mode::AclFile);
        let line = |start| file.reading.sources.get(SourceId::ROOT).line(start);
        let fatal = inspect(&case, &Chosen::by(|rule| rule.modes.contains(&Mode::AclFile))).findings.into_iter();
        let fatal = fatal.filter(|finding| finding.severity == crate::finding::Severity::Fatal);
        fatal.map(|f| format!("{} {}: {}", line(f.at.start), f.rule, f.help.unwrap_or_default())).collect()
    }

    #[test]
    fn every_line_that_is_wrong_is_named_and_explained() {
        let text = "# c\nUSER a on\nuser\nuser\tb on\nport 1\nhunter2\nuser c on \"~x\" # d\nuser e on\nuser e off\n";
        assert_eq!(
            found(text, "redis-7.4"),
            [
                "1 acl-file-line: take the line out",
                "2 acl-file-line: write `user`",
                "3 acl-file-line: give it a name and rules",
                "4 acl-file-line: put a single blank between all words, and no tabs",
                "5 acl-file-line: move the line to the configuration",
                "6 acl-file-line: begin it with `user` and a name, or take it out",
                "7 acl-rule: take the quotes off: in an ACL file they are letters",
                "9 duplicate-user: put all rules of a user into one line",
            ]
        );
        assert_eq!(
            found("user a on #\n", "redis-7.4"),
            ["1 acl-rule: write 64 hexadecimal digits behind the `#`; an ACL file knows no comments"]
        );
        assert_eq!(found("user a on +ft.search +@json ${X}\n", "redis-7.4"), [""; 0]);
    }

    #[test]
    fn no_message_about_an_acl_file_holds_a_secret() {
        let lines = [
            "user a on >hunter2 xyz",
            "user a>hunter2 on",
            "user a on \">hunter2\"",
            "user a on hunter2",
            "USER a on >hunter2",
            "hunter2",
            "# user a on >hunter2",
            "requirepass hunter2",
            "user a on >x (+get hunter2",
            "user\ta on >hunter2",
            "user a\t>hunter2 on",
        ];
        for line in lines {
            for server in crate::server::all() {
                let file = UsersFile::read(Name::Stdin, line.as_bytes(), *server);
                let facts = Facts::default();
                let mut found = inspect(&Case::new(&file.reading, &file.config, &facts, Mode::AclFile), &Chosen::all());
                for finding in &mut found.findings {
                    // What a fix of a secret writes is for the file and never shown.
                    finding.fix.take_if(|fix| fix.secret);
                }
                assert!(!format!("{found:?}").contains("hunter2"), "{server} {line}: {found:#?}");
            }
        }
    }

    #[test]
    fn the_file_is_looked_for_where_dir_says() {
        let files = Memory::new([("/etc/r/data/users.acl", "user a on &x\n"), ("/u.acl", "user b on &x +nosuch\n")]);
        let verdict = |text: &str| {
            let reading = conf::read(
                Name::File("/etc/r/redis.conf".into()),
                text.as_bytes(),
                "redis-7.4".parse().unwrap(),
                &files,
            );
            let config = crate::config::resolve(&reading, Mode::Server);
            UsersFile::named_by(&reading, &config, &files).map(|file| file.config.refusals().len())
        };
        assert_eq!(verdict("aclfile users.acl\n"), None);
        assert_eq!(verdict("dir data\naclfile users.acl\n"), Some(0));
        assert_eq!(verdict("dir data\naclfile users.acl\nacl-pubsub-default allchannels\n"), Some(1));
        assert_eq!(verdict("aclfile /u.acl\n"), Some(1));
        assert_eq!(verdict("aclfile /u.acl\nloadmodule /x.so\n"), Some(0));
    }
}
