//! Which names a server knows: shown, hidden, aliases, and those that only a file may hold.

use std::collections::BTreeSet;

use super::super::ask::Ask;
use super::super::inspect::{InspectError, inspect};
use super::super::reply::Reply;
use super::lab::Lab;
use super::{DumpError, Entry};

/// Every directive with its default, sorted by name.
pub(super) fn shown(lab: &Lab<'_>, candidates: &[&str]) -> Result<Vec<Entry>, DumpError> {
    let mut subject = lab.must_start("", &[])?;
    let snapshot = inspect(&mut subject.connection, candidates)?;
    let listed = listed(&mut subject)?;
    drop(subject);
    // the lab's own `bind` and `unixsocket` hide the defaults: another start shows the one, nothing can show the other
    let bind = lab.bind_by_default()?;
    let work = lab.work();
    let text = |name: &str, value: &[u8]| match name {
        "bind" => bind.clone(),
        "unixsocket" => String::new(),
        "dir" if value == work.as_os_str().as_encoded_bytes() => "<cwd>".to_owned(),
        _ => String::from_utf8_lossy(value).into_owned(),
    };
    let entry = |(name, value): (&str, &[u8])| Entry {
        name: name.to_owned(),
        default: text(name, value),
        hidden: !listed.contains(name),
        ..Entry::default()
    };
    Ok(snapshot.config().iter().map(entry).collect())
}

/// The names that CONFIG GET * gives.
fn listed(subject: &mut super::lab::Subject) -> Result<BTreeSet<String>, DumpError> {
    let everything = inspect(&mut subject.connection, &[])?;
    Ok(everything.config().iter().map(|(name, _)| name.to_owned()).collect())
}

/// Fills in `alias_of`. CONFIG REWRITE puts the preferred name where a file has an alias.
pub(super) fn aliases(lab: &Lab<'_>, directives: &mut [Entry]) -> Result<(), DumpError> {
    let lines: Vec<Line> = directives.iter().filter_map(line).collect();
    let (alone, together): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.alone);
    let mut found = Vec::new();
    for line in &alone {
        found.extend(rewritten(lab, std::slice::from_ref(line))?.unwrap_or_default());
    }
    // of two names for one thing, one line stays and bears the preferred name; who vanished is asked again
    let refused = || DumpError::Unexpected { what: "refuses its own defaults".into() };
    let kept = rewritten(lab, &together)?.ok_or_else(refused)?;
    let gone: Vec<Line> = together.into_iter().filter(|line| !kept.iter().any(|(_, now)| *now == line.name)).collect();
    found.extend(rewritten(lab, &gone)?.ok_or_else(refused)?);
    // the line of a server that copies nobody is dropped, so this pair has to be known
    found.push(("slaveof".into(), "replicaof".into()));
    for (name, now) in found.into_iter().filter(|(name, now)| name != now) {
        if let Some(entry) = directives.iter_mut().find(|entry| entry.name == name) {
            entry.alias_of = Some(now);
        }
    }
    Ok(())
}

/// A line of a file that shows how CONFIG REWRITE names a directive.
struct Line {
    name: String,
    value: String,
    /// Whether it may be refused, or have an effect that disturbs others.
    alone: bool,
}

/// Empty texts are dropped from the file, so those get another value. Where that is refused there is no alias: of the
/// texts with a check, none has one in any version.
fn line(entry: &Entry) -> Option<Line> {
    let ours = matches!(entry.name.as_str(), "dir" | "port" | "bind" | "unixsocket");
    if entry.multi || entry.kind == "special" || ours {
        return None;
    }
    let alone = entry.default.is_empty();
    let value = if alone { "0".to_owned() } else { entry.default.clone() };
    Some(Line { name: entry.name.clone(), value, alone })
}

/// Which name stands behind each line after CONFIG REWRITE; `None` where the server does not go along.
fn rewritten(lab: &Lab<'_>, lines: &[Line]) -> Result<Option<Vec<(String, String)>>, DumpError> {
    let mut conf = String::new();
    for Line { name, value, .. } in lines {
        conf.extend(["# ", name, "\n", name, " \"", value, "\"\n"]);
    }
    let Ok(mut subject) = lab.start(&conf, &[])? else { return Ok(None) };
    let answer = subject.connection.ask(Ask::ConfigRewrite).map_err(InspectError::from)?;
    drop(subject);
    if matches!(answer, Reply::Error(_)) {
        return Ok(None);
    }
    let text = lab.conf()?;
    let behind = text.lines().zip(text.lines().skip(1));
    Ok(Some(
        behind
            .filter_map(|(comment, line)| Some((comment.strip_prefix("# ")?, line.split(' ').next()?)))
            .filter(|(_, now)| !now.is_empty() && *now != "#")
            .map(|(name, now)| (name.to_owned(), now.to_owned()))
            .collect(),
    ))
}

/// Names that stand in files and are unknown to CONFIG.
pub(super) struct FileOnly {
    pub(super) known: Vec<String>,
    pub(super) ignored: Vec<String>,
}

/// Sorts the candidates that CONFIG does not know.
pub(super) fn file_only(lab: &Lab<'_>, directives: &[Entry], candidates: &[&str]) -> Result<FileOnly, DumpError> {
    let mut found = FileOnly { known: Vec::new(), ignored: Vec::new() };
    let known: BTreeSet<&str> = directives.iter().map(|entry| entry.name.as_str()).collect();
    let others: BTreeSet<&str> = candidates.iter().copied().filter(|name| !known.contains(name)).collect();
    for name in others {
        let one = lab.start(&format!("{name} probe\n"), &["--cluster-enabled", "yes"])?.map(drop);
        let two = lab.start(&format!("{name} probe probe\n"), &[])?.map(drop);
        let has_effect = remove_probe(lab)?;
        match (one, two) {
            (Ok(()), Err(two)) if is_unknown(&two) && !has_effect => found.ignored.push(name.to_owned()),
            (Err(one), Err(two)) if is_unknown(&one) && is_unknown(&two) => {}
            _ => found.known.push(name.to_owned()),
        }
    }
    Ok(found)
}

/// The two ways to say that a name is unknown.
fn is_unknown(reason: &str) -> bool {
    reason == "Bad directive or wrong number of arguments" || reason.starts_with("no such directive")
}

/// Whether a file named `probe` came to be: then the name was one for a file, as `cluster-config-file` is in Redis 6.2.
fn remove_probe(lab: &Lab<'_>) -> Result<bool, DumpError> {
    let probe = lab.work().join("probe");
    let there = probe.exists();
    if there {
        std::fs::remove_file(probe)?;
    }
    Ok(there)
}
