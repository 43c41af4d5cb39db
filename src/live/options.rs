//! Command-line options as a server groups them: each becomes a line after the configuration text.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use super::isolate::IsolateError;
use super::words::split;
use crate::server::Server;

/// One option with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// As given, with the two dashes. The name part is pasted raw, so `--port 0` may be one argument.
    head: Vec<u8>,
    args: Vec<Vec<u8>>,
}

impl Group {
    pub(super) fn new(name: &str, args: &[&[u8]]) -> Self {
        Self { head: [b"--", name.as_bytes()].concat(), args: args.iter().map(|arg| arg.to_vec()).collect() }
    }

    /// Name and arguments, as the line that the server makes of it would split.
    pub(super) fn words(&self, server: Server) -> Vec<Vec<u8>> {
        let mut words = split(&self.head[2..], server).unwrap_or_default();
        words.extend(self.args.iter().cloned());
        words
    }

    /// The name, for options that we made.
    pub(super) fn name(&self) -> String {
        String::from_utf8_lossy(&self.head[2..]).into_owned()
    }

    /// Gives it other arguments.
    pub(super) fn replace(&mut self, args: &[Vec<u8>]) {
        let end = self.head.iter().position(u8::is_ascii_whitespace).unwrap_or(self.head.len());
        self.head.truncate(end);
        self.args = args.to_vec();
    }

    /// Whether it is a name alone, so that a newer server takes whatever follows as its value.
    fn hungers(&self, server: Server) -> bool {
        let alone = self.args.is_empty() && split(&self.head, server).is_some_and(|words| words.len() == 1);
        alone && server.habits().option_like_values && !self.head.eq_ignore_ascii_case(b"--save")
    }
}

/// Groups arguments by the rules of that version.
pub(super) fn group(argv: &[Vec<u8>], server: Server) -> Result<Vec<Group>, IsolateError> {
    let mut groups: Vec<Group> = Vec::new();
    for (at, arg) in argv.iter().enumerate() {
        let refuse = |why| Err(IsolateError::Argument { number: at + 1, why });
        if arg.contains(&0) {
            return refuse("holds a NUL byte, which no program can be given: leave it out");
        }
        if arg == b"-" && (at == 0 || at + 1 == argv.len()) {
            return refuse("is `-`, standard input: give that text as part of the configuration");
        }
        match groups.last_mut() {
            Some(last) if !arg.starts_with(b"--") || last.hungers(server) => last.args.push(arg.clone()),
            None if !arg.starts_with(b"--") => {
                return refuse("is not an option: begin with one, such as `--maxmemory`");
            }
            _ if arg.contains(&b'\n') => return refuse("holds a line break, which would smuggle in directives"),
            _ if arg.eq_ignore_ascii_case(b"--sentinel") => return refuse("starts a Sentinel: only servers are tried"),
            _ => groups.push(Group { head: arg.clone(), args: Vec::new() }),
        }
    }
    Ok(groups)
}

/// The arguments again, overrides last.
///
/// A last option that hungers would swallow the name of the first override. It takes that override into its own
/// argument instead, behind a line break: both lines come out as they should.
pub(super) fn join(mut groups: Vec<Group>, overrides: &[Group], server: Server) -> Vec<OsString> {
    let mut overrides = overrides;
    if let (Some(last), [first, rest @ ..]) = (groups.last_mut().filter(|last| last.hungers(server)), overrides) {
        last.head.push(b'\n');
        last.head.extend_from_slice(&first.head[2..]);
        last.args.clone_from(&first.args);
        overrides = rest;
    }
    let all = groups.into_iter().chain(overrides.iter().cloned());
    all.flat_map(|group| std::iter::once(group.head).chain(group.args)).map(OsString::from_vec).collect()
}
