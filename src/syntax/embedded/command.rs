//! From the words that a container, a unit or a script runs to the server that they start, if they start one.
//!
//! Between the words and the server may stand the image's own entrypoint, a shell, or a small init; each of them decides
//! something that rules ask about. A command that is not understood starts nothing here: no guess is made.

use super::image::{Builder, Image};
use super::shell::{self, Behind, Word};
use crate::server::Engine;
use crate::source::Span;
use crate::syntax::argv::{Given, Quotes};
use crate::syntax::assembled::Assembled;
use crate::syntax::reading::ArgumentStyle;

/// A server that a command starts.
#[derive(Clone, Debug)]
pub(super) struct Start {
    /// The engine by the program's name.
    pub(super) engine: Option<Engine>,
    pub(super) is_sentinel: bool,
    /// The arguments behind the program.
    pub(super) arguments: Vec<Given>,
    /// The program's word; `None` if the image starts it by itself.
    pub(super) at: Option<Span>,
    /// Whether a shell stands between, in the word of the fact `shell`; `None` if nobody knows.
    pub(super) shell: Option<&'static str>,
    /// Whether the image's entrypoint starts the server; `None` where its versions differ.
    pub(super) is_kept: Option<bool>,
    /// Whether the program is started as root (`Some(true)`) or as a user that the command names.
    pub(super) user: Option<(bool, Span)>,
    /// Whether more reaches the server than is seen here.
    pub(super) is_partial: bool,
}

/// The image whose entrypoint may come first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub(super) image: Option<Image>,
    /// Whether the words are handed to the image's own entrypoint.
    pub(super) behind_entrypoint: bool,
}

/// A program by the name of its file.
enum Program {
    Server(Engine),
    Sentinel(Engine),
    /// The entrypoint of an official image.
    Entrypoint,
    /// The start script of an image of Bitnami.
    BitnamiRun(Engine, bool),
    Shell(Shell),
    /// Starts what stands behind its own options.
    Wrapper,
    Other,
}

#[derive(Clone, Copy)]
enum Shell {
    /// Runs the last command in its own place.
    Bash,
    /// Whatever the image has as `sh`.
    Sh,
}

fn program(word: &[u8]) -> Program {
    let name = word.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let in_bitnami = word.starts_with(b"/opt/bitnami/scripts/");
    match name {
        b"redis-server" | b"redis-stack-server" => Program::Server(Engine::Redis),
        b"valkey-server" => Program::Server(Engine::Valkey),
        b"redis-sentinel" => Program::Sentinel(Engine::Redis),
        b"valkey-sentinel" => Program::Sentinel(Engine::Valkey),
        b"docker-entrypoint.sh" => Program::Entrypoint,
        b"entrypoint.sh" if in_bitnami => Program::Wrapper,
        b"run.sh" if in_bitnami => {
            let engine = if word.windows(6).any(|window| window == b"valkey") { Engine::Valkey } else { Engine::Redis };
            Program::BitnamiRun(engine, word.windows(8).any(|window| window == b"sentinel"))
        }
        b"bash" => Program::Shell(Shell::Bash),
        b"sh" | b"ash" | b"dash" => Program::Shell(Shell::Sh),
        b"catatonit" | b"chpst" | b"command" | b"dumb-init" | b"env" | b"exec" | b"gosu" | b"ionice" | b"nice"
        | b"nohup" | b"numactl" | b"runuser" | b"setpriv" | b"setsid" | b"stdbuf" | b"su-exec" | b"sudo"
        | b"taskset" | b"tini" | b"tini-static" => Program::Wrapper,
        _ => Program::Other,
    }
}

/// Arguments with which the program says something and ends.
const TALKS: &[&[u8]] = &[b"-v", b"--version", b"-h", b"--help", b"--test-memory", b"--check-system"];

/// The servers that words start; mostly one or none, more where a script chooses.
pub(super) fn starts(words: &[Given], around: Around) -> Vec<Start> {
    if around.behind_entrypoint
        && let Some(image) = around.image
    {
        let takes_options = words.first().is_none_or(|first| first.bytes().starts_with(b"-") && !first.text.is_open());
        let names_file = words.first().is_some_and(|first| first.bytes().ends_with(b".conf"));
        let engine = image.told.engine();
        let starts_alone = match image.builder {
            Builder::Official | Builder::Stack | Builder::Bitnami => true,
            // Nobody knows what another's image does without a word.
            Builder::Other => !words.is_empty(),
        };
        if (takes_options || (names_file && image.builder == Builder::Official)) && starts_alone {
            let is_partial = matches!(image.builder, Builder::Stack | Builder::Bitnami);
            let start =
                Start { is_partial, is_sentinel: image.is_sentinel, ..Start::new(engine, words.to_vec(), None) };
            return start.checked().into_iter().collect();
        }
    }
    resolved(words, around, None)
}

/// The servers that words start; `shell` is what stands between so far.
fn resolved(words: &[Given], around: Around, shell: Option<Between>) -> Vec<Start> {
    let Some((first, rest)) = words.split_first() else { return Vec::new() };
    if first.text.is_open() {
        return Vec::new();
    }
    let image_partial = around.image.is_some_and(|image| matches!(image.builder, Builder::Stack | Builder::Bitnami));
    let direct = |engine, is_sentinel| {
        let mut start = Start { is_sentinel, ..Start::new(Some(engine), rest.to_vec(), Some(first.at)) };
        // The entrypoint of official images acts on the server's bare name, not on a shell that starts it; whether also
        // on Sentinel's or on a path depends on its version.
        let is_bare = !is_sentinel && !first.bytes().contains(&b'/');
        let is_behind = around.behind_entrypoint && shell.is_none();
        start.is_kept = if is_bare || !is_behind { Some(is_behind) } else { None };
        start.shell = shell.as_ref().map_or(Some("none"), |between| between.word);
        start
    };
    match program(first.bytes()) {
        Program::Server(engine) => direct(engine, false).checked().into_iter().collect(),
        Program::Sentinel(engine) => direct(engine, true).checked().into_iter().collect(),
        Program::BitnamiRun(engine, is_sentinel) => {
            let start = Start {
                is_partial: image_partial || rest.is_empty(),
                is_kept: Some(true),
                ..direct(engine, is_sentinel)
            };
            start.checked().into_iter().collect()
        }
        Program::Entrypoint => {
            let mut found = match rest.first() {
                Some(word) if word.bytes().starts_with(b"-") || word.bytes().ends_with(b".conf") => {
                    let engine = around.image.and_then(|image| image.told.engine());
                    Start::new(engine, rest.to_vec(), Some(first.at)).checked().into_iter().collect()
                }
                Some(_) | None => resolved(rest, Around { behind_entrypoint: true, ..around }, None),
            };
            for start in &mut found {
                start.shell = shell.as_ref().map_or(start.shell, |between| between.word);
            }
            found
        }
        Program::Wrapper => {
            let behind = |word: &Given| !matches!(program(word.bytes()), Program::Other);
            let Some(at) = rest.iter().position(behind) else { return Vec::new() };
            let mut found = resolved(&rest[at..], around, shell);
            let drops = first.bytes().ends_with(b"gosu") || first.bytes().ends_with(b"su-exec");
            if let Some(user) = rest[..at].iter().find(|word| drops && !word.bytes().starts_with(b"-")) {
                let name = user.bytes().split(|b| *b == b':').next().unwrap_or_default();
                let is_root = matches!(name, b"root" | b"0");
                found
                    .iter_mut()
                    .filter(|_| !user.text.is_open())
                    .for_each(|start| start.user = Some((is_root, user.at)));
            }
            found
        }
        Program::Shell(kind) => in_script(rest, kind, around),
        Program::Other => Vec::new(),
    }
}

/// What stands between a container and its server.
#[derive(Clone, Debug)]
struct Between {
    word: Option<&'static str>,
}

/// The servers that the script of `sh -c SCRIPT` starts.
fn in_script(words: &[Given], kind: Shell, around: Around) -> Vec<Start> {
    let is_command = |word: &Given| {
        let bytes = word.bytes();
        bytes.starts_with(b"-") && !bytes.starts_with(b"--") && bytes.contains(&b'c')
    };
    let Some(at) = words.iter().position(is_command) else { return Vec::new() };
    let before = words[..at].iter().all(|word| word.bytes().starts_with(b"-") || word.bytes() == b"pipefail");
    // `-euo pipefail -c` has a word of its own before the script, `-ceuo pipefail` behind the letter.
    let script = words[at + 1..].iter().find(|word| word.bytes() != b"pipefail");
    let (true, Some(script)) = (before, script) else { return Vec::new() };
    shell_starts(script, Some(kind), around)
}

/// The servers that a shell script starts, as the shell of `CMD` without brackets runs it.
pub(super) fn shell_form(script: &Given, around: Around) -> Vec<Start> {
    shell_starts(script, Some(Shell::Sh), around)
}

fn shell_starts(script: &Given, kind: Option<Shell>, around: Around) -> Vec<Start> {
    let text = shell::templated(&script.text);
    let can_edit = script.style != ArgumentStyle::Fixed;
    let mut found = Vec::new();
    for command in shell::script(&text) {
        let words: Vec<Given> =
            command.words.iter().map(|word| given(&text, word, can_edit.then_some(script.inside))).collect();
        let skipped = words.iter().take_while(|word| is_assignment(word.bytes())).count();
        let words = &words[skipped..];
        let replaces = words.first().is_some_and(|word| word.bytes() == b"exec");
        let stays = command.is_beside || command.behind == Behind::Commands;
        let word = match (replaces && !command.is_beside, kind) {
            (true, _) => Some("exec"),
            (false, _) if stays => Some("parent"),
            // Measured: bash 5.2 becomes its last command, unless that stands in `if` or `{`.
            (false, Some(Shell::Bash)) => Some(if command.is_nested { "parent" } else { "exec" }),
            // Measured: dash 0.5.12 never does; busybox 1.35 does, unless a newline follows.
            (false, Some(Shell::Sh)) => match around.image.and_then(|image| image.is_alpine) {
                Some(true) if command.is_nested => None,
                Some(true) => Some(if command.behind == Behind::Nothing { "exec" } else { "parent" }),
                Some(false) => Some("parent"),
                None => None,
            },
            (false, None) => None,
        };
        let around = Around { behind_entrypoint: false, ..around };
        found.extend(resolved(words, around, Some(Between { word })));
    }
    found
}

/// Whether a word is `NAME=value`.
fn is_assignment(word: &[u8]) -> bool {
    let name = word.split(|b| *b == b'=').next().unwrap_or_default();
    name.len() < word.len()
        && name.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_')
        && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
}

/// A word of a command line as an argument; `inside` are the quotes around the line, `None` if it cannot be edited.
pub(super) fn given(line: &Assembled<'_>, word: &Word, inside: Option<Quotes>) -> Given {
    let around = inside.unwrap_or_default();
    let style = match inside {
        Some(Quotes { single, double }) if line.is_apart(&word.range) => {
            ArgumentStyle::ShellWord { in_single: single, in_double: double }
        }
        Some(_) | None => ArgumentStyle::Fixed,
    };
    let inside = Quotes {
        single: around.single || word.quote == Some(b'\''),
        double: around.double || word.quote == Some(b'"'),
    };
    Given {
        text: word.text.clone(),
        at: line.span(word.range.start, word.range.end),
        style,
        splits: word.splits,
        inside,
    }
}

impl Start {
    fn new(engine: Option<Engine>, arguments: Vec<Given>, at: Option<Span>) -> Self {
        Self {
            engine,
            is_sentinel: false,
            arguments,
            at,
            shell: Some("none"),
            is_kept: Some(true),
            user: None,
            is_partial: false,
        }
    }

    /// Takes out what is no argument of a starting server; `None` if the program only says something.
    fn checked(mut self) -> Option<Self> {
        if self.arguments.first().is_some_and(|first| TALKS.contains(&first.bytes())) {
            return None;
        }
        self.is_sentinel |= self.arguments.iter().any(|word| word.bytes() == b"--sentinel");
        self.is_partial |= self.arguments.iter().any(|word| word.bytes() == b"-");
        // `redis-server $OPTIONS`: a file, options, or nothing.
        let hides = |word: &Given| word.text.open_in(&(0..1)).first() == Some(&(0..1));
        if self.arguments.first().is_some_and(hides) {
            self.arguments.remove(0);
            self.is_partial = true;
        }
        let is_option = |word: &Given| word.bytes().starts_with(b"--");
        let more = |pair: &[Given]| pair[1].splits && hides(&pair[1]) && !is_option(&pair[0]);
        self.is_partial |= self.arguments.windows(2).any(more);
        Some(self)
    }
}
