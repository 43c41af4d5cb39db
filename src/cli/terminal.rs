//! The streams and the environment.

#![expect(clippy::disallowed_methods, reason = "this is where the program meets its streams and its environment")]

use std::env;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Read, Stderr, Stdout};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::When;
use super::colour::coloured;
use super::failure::Failure;
use crate::finding::Severity;
use crate::report::{Look, Out, Role};
use crate::source::MAX_FILE_BYTES;

/// From how many servers on a bar is worth its line.
const MANY: usize = 8;

/// Standard output and standard error, with how each should look.
pub(super) struct Terminal {
    out: Out<Stdout>,
    err: Out<Stderr>,
    pub(super) look: Look,
    pub(super) err_look: Look,
}

impl Terminal {
    pub(super) fn new(when: When) -> Self {
        let mut terminal =
            Self { out: Out::new(io::stdout()), err: Out::new(io::stderr()), look: Look::PLAIN, err_look: Look::PLAIN };
        terminal.recolour(when);
        terminal
    }

    /// Decides about colour again, once the arguments are known.
    pub(super) fn recolour(&mut self, when: When) {
        let variable = |name: &str| -> Option<OsString> { env::var_os(name) };
        let look = |is_terminal: bool| Look {
            colour: coloured(when, variable, is_terminal),
            width: if is_terminal {
                terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
            } else {
                None
            },
        };
        self.look = look(io::stdout().is_terminal());
        self.err_look = look(io::stderr().is_terminal());
    }

    /// Prints a result.
    pub(super) fn print(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.out.print(text)?)
    }

    /// Prints an artefact, byte for byte.
    pub(super) fn print_bytes(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        Ok(self.out.print_bytes(bytes)?)
    }

    /// Prints something beside the result.
    pub(super) fn note(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.err.print(text)?)
    }

    /// A bar for so many servers, where somebody looks on: on a terminal, and where it takes a while.
    pub(super) fn bar(&self, servers: usize, quiet: bool) -> ProgressBar {
        if quiet || servers < MANY || self.err_look.width.is_none() {
            return ProgressBar::hidden();
        }
        let style =
            ProgressStyle::with_template("{bar:40} {pos} of {len} servers").expect("the template is a constant");
        ProgressBar::with_draw_target(Some(servers as u64), ProgressDrawTarget::stderr()).with_style(style)
    }

    /// Prints why there is no result.
    pub(super) fn complain(&mut self, failure: &Failure) -> Result<(), Failure> {
        let word = self.err_look.paint(Role::Severity(Severity::Error), "error");
        // Its words may come from a file or a server.
        let tame = |letter: char| if letter.is_control() && letter != '\n' { '?' } else { letter };
        let text: String = failure.to_string().chars().map(tame).collect();
        self.note(&format!("{word}: {text}"))
    }
}

/// Everything on standard input.
pub(super) fn read_stdin() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| Failure::new(format!("cannot read standard input: {error}")))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Failure::new("standard input is larger than 64 MiB, which no configuration is"));
    }
    Ok(bytes)
}
