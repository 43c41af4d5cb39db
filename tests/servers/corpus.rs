//! Real files from public places: `REDISCONF_CORPUS` names a folder of them, with `verdicts.jsonl` beside them. They belong
//! to their authors and are not part of the project, so without the variable these trials are ignored.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use redisconf::config::resolve;
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::server::Server;
use redisconf::source::{Name, SourceId};
use redisconf::syntax::{Mode, conf};
use serde_json::Value as Json;

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let folder = std::env::var_os("REDISCONF_CORPUS").map(PathBuf::from);
    let absent = folder.is_none();
    let folder = folder.unwrap_or_default();
    let (one, two) = (folder.clone(), folder.clone());
    let mut trials = vec![
        Trial::test("corpus::every file is kept byte for byte", move || round_trip(&one)),
        Trial::test("corpus::verdicts are as observed on twelve servers", move || observed(&two)),
    ];
    for found in servers {
        let folder = folder.clone();
        trials.push(found.trial("agreement on the corpus", move |program| asked(program, &folder)));
    }
    if absent { trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect() } else { trials }
}

fn round_trip(folder: &Path) -> Result<(), Failed> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let bytes = std::fs::read(&path)?;
        let lines = conf::lines(SourceId::ROOT, &bytes);
        let joined: Vec<u8> =
            lines.iter().flat_map(|l| bytes[l.at().start as usize..l.at().end as usize].to_vec()).collect();
        if joined != bytes {
            return Err(format!("{} changed", path.display()).into());
        }
        files += 1;
    }
    println!("corpus: {files} files kept byte for byte");
    Ok(())
}

/// Lines whose effect lies outside of a private directory; they were blanked for the observed verdicts too.
pub(crate) fn neutral(bytes: &[u8]) -> Vec<u8> {
    let blanked = |line: &[u8]| {
        let text = String::from_utf8_lossy(line).to_ascii_lowercase();
        let name = text.split_whitespace().next().unwrap_or_default().to_owned();
        let listed = [
            "include",
            "loadmodule",
            "aclfile",
            "logfile",
            "dir",
            "pidfile",
            "replicaof",
            "slaveof",
            "activedefrag",
            "bind",
            "port",
        ];
        listed.contains(&name.as_str())
            || name.starts_with("unixsocket")
            || name.starts_with("tls-")
            || name.ends_with("cpulist")
    };
    bytes
        .split_inclusive(|b| *b == b'\n')
        .flat_map(|line| if blanked(line) { b"\n".to_vec() } else { line.to_vec() })
        .collect()
}

/// Our verdict: nothing, or the refused line.
fn ours(text: &[u8], server: Server) -> Option<usize> {
    let reading = conf::read_alone(Name::Stdin, text, server);
    let config = resolve(&reading, Mode::Server);
    config.verdict().map(|refusal| reading.sources.get(refusal.at.source).line(refusal.at.start))
}

fn verdicts(folder: &Path) -> Result<Vec<Json>, Failed> {
    let text = std::fs::read_to_string(folder.join("verdicts.jsonl"))?;
    text.lines().map(|line| serde_json::from_str(line).map_err(|error| error.to_string().into())).collect()
}

/// The names of the files that have verdicts, sorted.
pub(crate) fn files(folder: &Path) -> Result<Vec<String>, Failed> {
    let names: BTreeSet<String> =
        verdicts(folder)?.iter().filter_map(|v| v["file"].as_str().map(str::to_owned)).collect();
    Ok(names.into_iter().collect())
}

fn observed(folder: &Path) -> Result<(), Failed> {
    let (mut accepted, mut refused, mut unjudged) = (0, 0, 0);
    let mut wrong = Vec::new();
    for verdict in verdicts(folder)? {
        let file = verdict["file"].as_str().unwrap_or_default();
        let server: Server = verdict["server"].as_str().unwrap_or_default().parse()?;
        let ours = ours(&neutral(&std::fs::read(folder.join(file))?), server);
        let same = match verdict["verdict"].as_str() {
            Some("accepted") => {
                accepted += 1;
                ours.is_none()
            }
            Some("refused") => {
                refused += 1;
                let line = verdict["line"].as_u64().and_then(|line| usize::try_from(line).ok());
                ours.is_some() && (line.is_none() || line == ours)
            }
            _ => {
                unjudged += 1;
                true
            }
        };
        if !same {
            wrong.push(format!("{verdict}: ours {ours:?}"));
        }
    }
    println!(
        "corpus: {accepted} accepted, {refused} refused, {unjudged} not judged by their observer; {} disagreements",
        wrong.len()
    );
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn asked(program: &Program, folder: &Path) -> Result<(), Failed> {
    let server = program.server.base();
    let files = files(folder)?;
    let (mut accepted, mut refused) = (0, 0);
    let mut wrong = Vec::new();
    for file in &files {
        let text = neutral(&std::fs::read(folder.join(file))?);
        let ours = ours(&text, server);
        match boot(program, &Start { conf: Some(text), ..Start::default() }) {
            Ok(_) => {
                accepted += 1;
                if ours.is_some() {
                    wrong.push(format!("{file}: the server starts, we refuse line {ours:?}"));
                }
            }
            Err(BootError::Refused(theirs)) => {
                refused += 1;
                if ours.is_none() || (theirs.line.is_some() && theirs.line != ours) {
                    wrong.push(format!(
                        "{file}: the server stops at {:?} ({}), we at {ours:?}",
                        theirs.line,
                        theirs.shown_reason()
                    ));
                }
            }
            Err(error) => wrong.push(format!("{file}: {error}")),
        }
    }
    println!("{}: {accepted} accepted, {refused} refused, {} disagreements", server.name(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
