//! Where secrets go when an artefact is a file or a command line.

use std::collections::BTreeSet;

use super::Artefact;
use super::acl_file;
use super::job::Job;
use super::options::{Failover, Secrets};
use super::sheet::{Line, Word};
use crate::catalog::Kind;
use crate::config::Secret;
use crate::finding::{Finding, Severity};
use crate::source::Span;
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_line;

/// Where the main artefact is read, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// A file that can be made readable for its owner alone.
    File,
    /// A command line, which every process of the host can see.
    CommandLine,
}

/// The statements with every secret in its place.
#[derive(Debug, Default)]
pub(super) struct Placed {
    /// What the main artefact holds.
    pub(super) lines: Vec<Line>,
    /// `users.acl` and `secrets.conf`, where there are such.
    pub(super) beside: Vec<Artefact>,
    /// Whether `lines` hold a secret in clear.
    pub(super) exposed: bool,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// Permissions of a file with secrets.
pub(super) const OWNER_ONLY: u32 = 0o600;

/// Puts every secret in its place.
pub(super) fn place(job: &Job<'_>, surface: Surface) -> Result<Placed, Vec<Finding>> {
    let lines = job.lines.clone();
    let moves_users = job.options.secrets == Secrets::AclFile && has_users(&lines);
    if !moves_users && !lines.iter().any(holds_secret) {
        return Ok(Placed { lines, ..Placed::default() });
    }
    match (job.options.secrets, surface) {
        (Secrets::Refuse, _) | (Secrets::Clear, Surface::CommandLine) => Err(refuse(job, surface)),
        (Secrets::Clear, Surface::File) => {
            let lines = exposed(job, lines)?;
            Ok(Placed { lines, exposed: true, ..Placed::default() })
        }
        (Secrets::AclFile, _) => apart(job, lines),
    }
}

/// Whether a line holds a secret.
pub(super) fn holds_secret(line: &Line) -> bool {
    line.words.iter().any(|word| matches!(word, Word::Secret { .. }))
}

fn has_users(lines: &[Line]) -> bool {
    lines.iter().any(is_user)
}

/// Whether a line defines the user that clients are before they log in.
pub(super) fn is_default_user(line: &Line) -> bool {
    is_user(line) && line.words.first().is_some_and(|name| *name == Word::Plain(b"default".to_vec()))
}

/// Whether a line defines a user.
pub(super) fn is_user(line: &Line) -> bool {
    line.directive.is_some_and(|directive| matches!(directive.kind, Kind::User))
}

/// One finding a secret.
fn refuse(job: &Job<'_>, surface: Surface) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for line in &job.lines {
        for word in &line.words {
            let Word::Secret { name, .. } = word else { continue };
            if name.is_some() && !seen.insert((line.name.clone(), name.clone())) {
                continue;
            }
            let what = match name {
                Some(name) => format!("`{}` needs the secret `{name}`", line.name),
                None => format!("`{}` holds a password", line.name),
            };
            let (message, help) = match surface {
                Surface::File => (
                    format!("{what}, which would stand in the file in clear"),
                    "set `secrets = \"aclfile\"` (users go into users.acl as hashes, the rest into a file of its own), or \
                     `secrets = \"clear\"` (one file for its owner alone, never for a repository)",
                ),
                Surface::CommandLine => (
                    format!("{what}, and a command line shows it to every process of the host"),
                    "set `secrets = \"aclfile\"` (users go into users.acl as hashes, the rest into a file of its own)",
                ),
            };
            findings.push(Finding::new("secret-needs-a-place", Severity::Error, line.at, message).help(help));
        }
    }
    findings
}

/// The lines with their secrets in clear.
fn exposed(job: &Job<'_>, mut lines: Vec<Line>) -> Result<Vec<Line>, Vec<Finding>> {
    let mut findings = Vec::new();
    for line in &mut lines {
        let at = line.at;
        for word in &mut line.words {
            match clear(job, word, at) {
                Ok(bytes) => *word = Word::Plain(bytes),
                Err(more) => findings.extend(more),
            }
        }
    }
    if findings.is_empty() { Ok(lines) } else { Err(findings) }
}

/// A word as the server has to see it.
fn clear(job: &Job<'_>, word: &Word, at: Span) -> Result<Vec<u8>, Vec<Finding>> {
    match word {
        Word::Plain(bytes) => Ok(bytes.clone()),
        Word::Secret { prefix, .. } => value(job, word, at).map(|value| [prefix, value].concat()),
    }
}

/// The value of a secret.
pub(super) fn value<'a>(job: &'a Job<'_>, word: &'a Word, at: Span) -> Result<&'a [u8], Vec<Finding>> {
    let found = match word {
        Word::Plain(_) => unreachable!("only secrets have values to look up"),
        Word::Secret { value: Some(value), .. } => Some(value),
        Word::Secret { name, .. } => name.as_ref().and_then(|name| job.known.get(name)),
    };
    let name = match word {
        Word::Secret { name: Some(name), .. } => name.as_str(),
        Word::Secret { .. } | Word::Plain(_) => "",
    };
    match found.map(Secret::expose) {
        Some([]) => {
            let message = format!("the secret `{name}` is empty, so that anybody could log in");
            Err(vec![Finding::new("secret-unknown", Severity::Error, at, message).help(whereabouts(job, name))])
        }
        Some(value) => Ok(value),
        None => {
            let message = format!("the value of the secret `{name}` is not at hand");
            Err(vec![Finding::new("secret-unknown", Severity::Error, at, message).help(whereabouts(job, name))])
        }
    }
}

/// Where the value of a secret should come from.
fn whereabouts(job: &Job<'_>, name: &str) -> String {
    match job.setup.secrets.get(name) {
        Some(Provider::Environment(variable)) => format!("set the environment variable `{variable}`"),
        Some(Provider::File(path)) => format!("write it into the file `{path}`"),
        Some(Provider::Kubernetes { name, key }) => format!(
            "it is kept in the key `{key}` of the Kubernetes Secret `{name}`, which cannot be read from here: render for \
             Kubernetes, or name an environment variable or a file under [secrets]"
        ),
        None => format!("say where it is kept: `{name} = {{ env = \"NAME\" }}` under [secrets]"),
    }
}

/// Users into `users.acl`, what has to be clear into `secrets.conf`.
fn apart(job: &Job<'_>, lines: Vec<Line>) -> Result<Placed, Vec<Finding>> {
    let mut findings = Vec::new();
    let mut placed = Placed::default();
    let mut users: Vec<Line> = Vec::new();
    let mut hidden: Vec<Line> = Vec::new();
    let has_acl_file = lines.iter().any(|line| line.is("aclfile"));
    let has_default = lines.iter().any(is_default_user);
    for line in lines {
        if is_user(&line) {
            users.push(line);
        } else if !holds_secret(&line) {
            placed.lines.push(line);
        } else if line.is("requirepass") && has_default {
            placed.notes.push("requirepass is left out: beside a `default` user of its own it has no effect".into());
        } else if line.is("requirepass") && !has_acl_file {
            users.push(as_default_user(line));
        } else {
            hidden.push(line);
        }
    }
    let directory = job.secret_directory();
    let anchor = job.anchor();
    if !users.is_empty() {
        match acl_file::text(job, &users) {
            Ok(text) => {
                let path = format!("{directory}/users.acl");
                placed.notes.push(format!("the server reads users.acl as `{path}`; it must be able to read the file"));
                placed.lines.push(Line::made(job.setup, "aclfile", &[&path], anchor));
                placed.beside.push(Artefact { path: "users.acl".into(), text, mode: Some(OWNER_ONLY), secret: true });
            }
            Err(more) => findings.extend(more),
        }
    }
    if let Some(first) = hidden.first() {
        if job.options.failover == Failover::Sentinel {
            let message = format!(
                "`{}` cannot be kept out of the main file under Sentinel: at each failover the server rewrites its file, \
                 copies what an include holds in clear and does not read the include's new value again",
                first.name
            );
            let help = "set `secrets = \"clear\"`, which makes the file readable for its owner alone";
            findings.push(Finding::new("secret-include-under-sentinel", Severity::Error, first.at, message).help(help));
        }
        match exposed(job, hidden) {
            Ok(hidden) => {
                let path = format!("{directory}/secrets.conf");
                placed.notes.push(format!(
                    "the server reads secrets.conf as `{path}`; CONFIG REWRITE would copy its content in clear into the main file"
                ));
                let text: String = hidden.iter().map(|line| conf_line(&line.name, line.plain()) + "\n").collect();
                // Last: what an include holds wins over what stands above, and an end of include changes how `save` adds up.
                placed.lines.push(Line::made(job.setup, "include", &[&path], anchor));
                let text = text.into_bytes();
                placed.beside.push(Artefact {
                    path: "secrets.conf".into(),
                    text,
                    mode: Some(OWNER_ONLY),
                    secret: true,
                });
            }
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() { Ok(placed) } else { Err(findings) }
}

/// `requirepass` as the user it stands for; beside an ACL file the directive itself has no effect.
pub(super) fn as_default_user(line: Line) -> Line {
    let plain = |word: &str| Word::Plain(word.as_bytes().to_vec());
    let password = line.words.into_iter().map(|word| match word {
        Word::Secret { name, value, .. } => Word::Secret { prefix: b">".to_vec(), name, value },
        Word::Plain(bytes) => Word::Plain(bytes),
    });
    let rights = ["~*", "&*", "+@all"].map(plain);
    let words = [plain("default"), plain("on")].into_iter().chain(password).chain(rights).collect();
    Line { name: "user".into(), words, ..line }
}
