//! The command line: reads arguments and files, calls the rooms, prints what [`crate::report`] makes of the results.
//!
//! A subcommand is a module with a function from its arguments to an `Exit`, and an arm in `dispatch`. This room
//! knows files, streams and the environment, and nothing of directives.

mod acl;
mod args;
mod bench;
mod clock;
mod colour;
mod complete;
mod diff;
mod doctor;
mod dump_server;
mod expect;
mod explain;
mod factor;
mod failure;
mod fmt;
mod import;
mod init;
mod lint;
mod live;
mod profiles;
mod project;
mod render;
mod revision;
mod rules;
mod secrets;
mod server;
mod setup;
mod show;
mod subject;
mod terminal;
mod upgrade;
mod verify;
mod walk;
mod why;
mod write;

use std::ffi::OsString;
use std::process::ExitCode;

use args::{Args, Command};
use failure::Failure;
use terminal::Terminal;

use crate::catalog;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Clean, or done.
    Done = 0,
    /// Findings, differences, drift.
    Found = 1,
    /// Wrong usage, unreadable input.
    Usage = 2,
    /// No full answer: a server could not be reached, or compared in part only.
    Partial = 3,
    /// Applying failed, and the server is as before.
    AsBefore = 4,
    /// Applying failed, and the server is not as before.
    Between = 5,
}

/// Runs the program with its arguments, its own name first, and gives its exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut terminal = Terminal::new(colour::before_parsing(&arguments));
    if arguments.iter().any(|argument| argument.as_encoded_bytes().starts_with(b"--live")) {
        // It is needed as soon as a server has said who it is, and made while arguments are read and a server is asked.
        std::thread::spawn(catalog::count);
    }
    let exit = match Args::read(&arguments) {
        Ok(mut args) => {
            terminal.recolour(args.global.color);
            let listed = args.command.reach_mut().map_or(Ok(()), live::read_list);
            listed.and_then(|()| dispatch(&args, &mut terminal))
        }
        Err(message) => usage(&message, &mut terminal),
    };
    let exit = exit.unwrap_or_else(|failure| {
        // If even this cannot be printed, the exit code is all that is left to say.
        let _ = terminal.complain(&failure);
        Exit::Usage
    });
    ExitCode::from(exit as u8)
}

fn dispatch(args: &Args, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if let Some(output) = args.global.only_of_lint()
        && !matches!(args.command, Command::Diff(_) | Command::Doctor(_) | Command::Lint(_) | Command::Rules)
    {
        let message = format!("this command does not write `{}`, or not in this way", output.format.word());
        return Err(Failure::new(message).help("it writes one format to standard output: human or json"));
    }
    match &args.command {
        Command::Acl(command) => acl::run(command, &args.global, terminal),
        Command::Apply(command) => live::apply(command, &args.global, terminal),
        Command::Bench(command) => bench::run(command, &args.global, terminal),
        Command::Completions(command) => complete::completions(command, terminal),
        Command::Diff(command) => diff::run(command, &args.global, terminal),
        Command::Doctor(command) => doctor::run(command, &args.global, terminal),
        Command::DumpServer(command) => dump_server::run(command, terminal),
        Command::Expect(command) => expect::run(command, &args.global, terminal),
        Command::Explain(command) => explain::run(command, &args.global, terminal),
        Command::Fmt(command) => fmt::run(command, &args.global, terminal),
        Command::Import(command) => import::run(command, &args.global, terminal),
        Command::Init(command) => init::run(command, &args.global, terminal),
        Command::Lint(command) => lint::run(command, &args.global, terminal),
        Command::Man(command) => complete::man(command, terminal),
        Command::Profiles(command) => profiles::run(command, &args.global, terminal),
        Command::Render(command) => render::run(command, &args.global, terminal),
        Command::Rules => rules::run(&args.global, terminal),
        Command::Show(command) => show::run(command, &args.global, terminal),
        Command::Snapshot(command) => live::snapshot(command, &args.global, terminal),
        Command::Undo(command) => live::undo(command, &args.global, terminal),
        Command::Upgrade(command) => upgrade::run(command, &args.global, terminal),
        Command::Verify(command) => verify::run(command, &args.global, terminal),
        Command::Watch(command) => live::watch(command, &args.global, terminal),
        Command::Why(command) => why::run(command, &args.global, terminal),
    }
}

/// Help and version go to standard output; complaints about the arguments do not.
fn usage(message: &clap::Error, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let text = message.render();
    if message.use_stderr() {
        let text = if terminal.err_look.colour { text.ansi().to_string() } else { text.to_string() };
        terminal.note(&text)?;
        return Ok(Exit::Usage);
    }
    let text = if terminal.look.colour { text.ansi().to_string() } else { text.to_string() };
    terminal.print(&text)?;
    Ok(Exit::Done)
}
