//! `rename-command` lines that the server does not carry out.

use super::statement;
use crate::catalog::{Kind, commands};
use crate::config::Refusal;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static COMMAND_NAME_TAKEN: Rule = Rule {
    id: "command-name-taken",
    severity: Severity::Fatal,
    summary: "a command is renamed to a name that another command has",
    docs: "Renames are carried out in order, on the table as the lines above leave it.

Bad:
    rename-command CONFIG GET

Good:
    rename-command CONFIG \"\"
",
    group: Group::Security,
    source: super::MEASURED,
    check: Check::Refusal(command_name_taken),
    ..Rule::BASE
};

pub(crate) static RENAMED_SUBCOMMAND: Rule = Rule {
    id: "renamed-subcommand",
    severity: Severity::Fatal,
    summary: "a subcommand is renamed, which crashes the server",
    docs: "Redis 7.0 and later, and Valkey, find `config|get` in their table and then trip over it. Only whole commands
can be renamed; an ACL rule takes one subcommand away.

Bad:
    rename-command CONFIG|GET \"\"

Good:
    user app on nopass ~* +@all -config|get
",
    group: Group::Security,
    source: super::MEASURED,
    check: Check::Refusal(renamed_subcommand),
    ..Rule::BASE
};

pub(crate) static UNKNOWN_COMMAND: Rule = Rule {
    id: "unknown-command",
    severity: Severity::Fatal,
    summary: "a command is renamed that the server does not have",
    docs: "The old name must be that of a command of this version, and must not have been renamed above.

Bad:
    rename-command FLUSHAL \"\"

Good:
    rename-command FLUSHALL \"\"
",
    group: Group::Security,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(unknown_command),
    ..Rule::BASE
};

fn command_name_taken(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let message = format!("the new name for `{}` is taken by another command", case.word(id, 0));
    COMMAND_NAME_TAKEN.finding(case.word_at(id, 1), message).help("choose a name that no command has")
}

fn renamed_subcommand(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let old = case.word(id, 0);
    RENAMED_SUBCOMMAND
        .finding(case.word_at(id, 0), format!("`{old}` is a subcommand: {} crashes when it is renamed", case.server()))
        .help(format!("rename the whole command, or take the right away from users: `-{}`", old.to_ascii_lowercase()))
}

fn unknown_command(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let old = case.word(id, 0);
    match earlier_rename(case, id) {
        Some(earlier) => UNKNOWN_COMMAND
            .finding(case.word_at(id, 0), format!("`{old}` was renamed before and is gone under this name"))
            .label(case.reading.statement(earlier).at, "renamed here")
            .help("keep one of the two lines"),
        None if case.mode == Mode::Sentinel => UNKNOWN_COMMAND
            .finding(case.word_at(id, 0), format!("`{old}` is no command of a Sentinel"))
            .help("drop the line: a Sentinel has no data commands that could be taken away"),
        None => {
            let finding =
                UNKNOWN_COMMAND.finding(case.word_at(id, 0), format!("`{old}` is no command of {}", case.server()));
            match commands::suggest(case.server(), old.as_bytes()) {
                Some(meant) => {
                    let meant = meant.to_ascii_uppercase();
                    let mut words = case.words(id);
                    words[1] = meant.clone().into_bytes();
                    let put = Edit::Put { statement: case.at(id), words };
                    finding.help(format!("did you mean `{meant}`?")).fix(Fix::unsafe_([put]))
                }
                None => finding.help("correct the name, or drop the line"),
            }
        }
    }
}

/// The ACL rule that a misspelt one most likely means: `+@read` for `+@red`, `-flushall` for `-flushal`.
pub(super) fn meant(case: &Case<'_>, rule: &str) -> Option<String> {
    let server = case.server();
    let lower = rule.to_ascii_lowercase();
    let sign = lower.starts_with(['+', '-']).then(|| &lower[..1])?;
    if case.mode == Mode::Sentinel {
        return Some(format!("{sign}{}", nearest(&lower[1..], commands::sentinel::names())?));
    }
    if let Some(category) = lower[1..].strip_prefix('@') {
        let all = commands::names(server).flat_map(|command| commands::categories(server, command.as_bytes()));
        return Some(format!("{sign}@{}", nearest(category, all)?));
    }
    match lower[1..].split_once('|') {
        None => Some(format!("{sign}{}", commands::suggest(server, &lower.as_bytes()[1..])?)),
        Some((command, sub)) => {
            let found = nearest(sub, commands::subcommands(server, command.as_bytes()))?;
            Some(format!("{sign}{command}|{found}"))
        }
    }
}

/// The name of a list that a misspelt one most likely means.
fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let near = known.map(|known| (strsim::damerau_levenshtein(name, known), known));
    near.filter(|(distance, known)| (1..=1 + known.len() / 5).contains(distance)).min().map(|(_, known)| known)
}

/// The statement above that took the command away.
fn earlier_rename(case: &Case<'_>, id: StatementId) -> Option<StatementId> {
    let directive = case.directive(id).filter(|directive| directive.kind == Kind::RenameCommand)?;
    let old = *case.reading.arguments(id).first()?;
    let earlier = case.config.entry(directive.id)?.parts.iter().map(|part| part.by).filter(|by| *by < id);
    earlier.into_iter().find(|by| case.reading.arguments(*by).first().is_some_and(|o| o.eq_ignore_ascii_case(old)))
}
