//! The linter against real servers, on the corpus: its verdict is the server's, and what it mends still boots.
//!
//! `REDISCONF_CORPUS` names the folder, as for `corpus`; without it these trials are ignored. The program itself is run, as
//! a user would run it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Failed, Trial};
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::syntax::has_placeholder;

use crate::corpus::{files, neutral};
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let folder = std::env::var_os("REDISCONF_CORPUS").map(PathBuf::from);
    let absent = folder.is_none();
    let folder = folder.unwrap_or_default();
    let mut trials = Vec::new();
    for found in servers {
        let (one, two) = (folder.clone(), folder.clone());
        trials.push(
            found.trial("lint says fatal where the server stops, and nowhere else", move |program| {
                verdicts(program, &one)
            }),
        );
        trials.push(
            found.trial("what lint has mended boots, and is mended for good", move |program| mended(program, &two)),
        );
    }
    if absent { trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect() } else { trials }
}

/// The corpus, in a folder of its own, without lines that reach outside.
fn copied(folder: &Path) -> Result<(tempfile::TempDir, Vec<String>), Failed> {
    let copy = tempfile::tempdir()?;
    let names = files(folder)?;
    for name in &names {
        std::fs::write(copy.path().join(name), neutral(&std::fs::read(folder.join(name))?))?;
    }
    Ok((copy, names))
}

fn lint(folder: &Path, server: &str, arguments: &[&str]) -> Result<String, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_redisconf"));
    command.args(["lint", "--no-config", "--exit-zero", "--server", server, "--output-format", "concise"]);
    let output = command.args(arguments).arg(".").current_dir(folder).env_clear().output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The line of the first fatal finding in each file that has one: findings come in the server's order.
fn fatal_lines(concise: &str) -> Result<BTreeMap<String, usize>, Failed> {
    let mut lines = BTreeMap::new();
    for finding in concise.lines().filter(|line| line.contains(": fatal[")) {
        let mut parts = finding.splitn(3, ':');
        let (Some(file), Some(line)) = (parts.next(), parts.next()) else {
            return Err(format!("no finding: {finding}").into());
        };
        lines.entry(file.to_owned()).or_insert(line.parse()?);
    }
    Ok(lines)
}

/// What the server says: nothing, or its reason with the line, if it names one.
fn asked(program: &Program, text: Vec<u8>) -> Result<Option<(Option<usize>, String)>, Failed> {
    match boot(program, &Start { conf: Some(text), ..Start::default() }) {
        Ok(_) => Ok(None),
        Err(BootError::Refused(refusal)) => Ok(Some((refusal.line, refusal.shown_reason()))),
        Err(error) => Err(error.to_string().into()),
    }
}

fn verdicts(program: &Program, corpus: &Path) -> Result<(), Failed> {
    let (copy, names) = copied(corpus)?;
    let server = program.server.base().name();
    let fatal = fatal_lines(&lint(copy.path(), &server, &["--select", "fatal"])?)?;
    let (mut accepted, mut refused, mut templates) = (0, 0, 0);
    let mut wrong = Vec::new();
    for name in &names {
        let ours = fatal.get(name).copied();
        let text = std::fs::read(copy.path().join(name))?;
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        match asked(program, text.clone())? {
            None => {
                accepted += 1;
                if ours.is_some() {
                    wrong.push(format!("{name}: the server starts, lint says fatal in line {ours:?}"));
                }
            }
            Some((line, reason)) => {
                refused += 1;
                // What a template still has to fill in is no value yet, and lint says nothing of it.
                if line.is_some_and(|line| has_placeholder(lines[line - 1])) {
                    templates += 1;
                    continue;
                }
                if ours.is_none() || (line.is_some() && line != ours) {
                    wrong.push(format!("{name}: the server stops at {line:?} ({reason}), lint at {ours:?}"));
                }
            }
        }
    }
    println!("{server}: {accepted} accepted, {refused} refused, {templates} templates, {} disagreements", wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn mended(program: &Program, corpus: &Path) -> Result<(), Failed> {
    let (copy, names) = copied(corpus)?;
    let server = program.server.base().name();
    let texts = |folder: &Path| -> Result<Vec<Vec<u8>>, Failed> {
        names.iter().map(|name| Ok(std::fs::read(folder.join(name))?)).collect()
    };
    let before = texts(copy.path())?;
    let mend = ["--fix", "--unsafe-fixes", "--level", "info", "--select", "all"];
    lint(copy.path(), &server, &mend)?;
    let once = texts(copy.path())?;
    lint(copy.path(), &server, &mend)?;
    let twice = texts(copy.path())?;
    let (mut changed, mut saved) = (0, 0);
    let mut wrong = Vec::new();
    for (index, name) in names.iter().enumerate() {
        if once[index] != twice[index] {
            wrong.push(format!("{name}: mended again by the second run"));
        }
        if once[index] == before[index] {
            continue;
        }
        changed += 1;
        let (old, new) = (asked(program, before[index].clone())?, asked(program, once[index].clone())?);
        match (old, new) {
            (None, Some((line, reason))) => {
                wrong.push(format!("{name}: booted, and after mending stops at {line:?} ({reason})"));
            }
            (Some(_), None) => saved += 1,
            (None, None) | (Some(_), Some(_)) => {}
        }
    }
    println!(
        "{server}: {changed} of {} files mended, {saved} of them boot only now, {} wrong",
        names.len(),
        wrong.len()
    );
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
