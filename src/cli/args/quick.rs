//! Reading the arguments of one subcommand without describing all others.

use std::ffi::OsString;

use clap::{Args as _, FromArgMatches as _, Parser as _};

use super::{Apply, Args, Command, Diff, Fmt, Global, Lint, Reach, Render, SnapshotOf, Watch};

/// What gives a subcommand its arguments.
type Fill = fn(clap::Command) -> clap::Command;

/// The subcommands that programs and people call again and again, each with what it takes.
const FREQUENT: &[(&str, Fill)] = &[
    ("apply", Apply::augment_args),
    ("diff", Diff::augment_args),
    ("fmt", Fmt::augment_args),
    ("lint", Lint::augment_args),
    ("render", Render::augment_args),
    ("snapshot", SnapshotOf::augment_args),
    ("watch", Watch::augment_args),
];

impl Args {
    /// Reads the arguments, the program's name first.
    ///
    /// To describe all subcommands costs more than to read the arguments of one. What is read without the others means the
    /// same; whatever cannot be read so, a mistake or a question for help, is told by the whole.
    pub(in crate::cli) fn read(arguments: &[OsString]) -> Result<Self, clap::Error> {
        let word = arguments.get(1).and_then(|word| word.to_str());
        let frequent = FREQUENT.iter().find(|(name, _)| Some(*name) == word);
        if let Some((name, fill)) = frequent {
            let command = Global::augment_args(clap::Command::new("redisconf"));
            let command = command.subcommand_required(true).subcommand(fill(clap::Command::new(*name)));
            let read = command.try_get_matches_from(arguments).and_then(|matches| Self::from_arg_matches(&matches));
            if let Ok(read) = read {
                return Ok(read);
            }
        }
        Self::try_parse_from(arguments)
    }
}

impl Command {
    /// How it reaches running servers, if it does.
    pub(in crate::cli) fn reach_mut(&mut self) -> Option<&mut Reach> {
        match self {
            Self::Apply(command) => Some(&mut command.reach),
            Self::Diff(command) => Some(&mut command.reach),
            Self::Doctor(command) => Some(&mut command.reach),
            Self::Snapshot(command) => Some(&mut command.reach),
            Self::Undo(command) => Some(&mut command.reach),
            Self::Watch(command) => Some(&mut command.reach),
            Self::Acl(_)
            | Self::Bench(_)
            | Self::Completions(_)
            | Self::DumpServer(_)
            | Self::Expect(_)
            | Self::Explain(_)
            | Self::Fmt(_)
            | Self::Import(_)
            | Self::Init(_)
            | Self::Man(_)
            | Self::Profiles(_)
            | Self::Lint(_)
            | Self::Render(_)
            | Self::Rules
            | Self::Show(_)
            | Self::Upgrade(_)
            | Self::Verify(_)
            | Self::Why(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn a_subcommand_alone_takes_what_it_takes_beside_the_others() {
        let ids = |command: &clap::Command| -> Vec<String> {
            command.get_arguments().map(|argument| argument.get_id().to_string()).collect()
        };
        let all = Args::command();
        for (name, fill) in FREQUENT {
            let described = all.find_subcommand(name).expect("it is a subcommand");
            assert_eq!(ids(described), ids(&fill(clap::Command::new(*name))), "{name}");
        }
    }
}
