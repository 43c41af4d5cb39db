//! Secrets in Kubernetes: a pod takes them from Secrets, so that none stands in a manifest or in values.

use std::collections::BTreeMap;

use minijinja::Value;

use super::acl_file::sayable;
use super::job::{Job, cannot_say};
use super::secrets::{as_default_user, holds_secret, is_default_user, is_user};
use super::sheet::{Line, Word};
use super::template::table;
use crate::config::printable;
use crate::finding::{Finding, Severity};
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_word;

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// The Secret.
    pub(super) name: String,
    /// The key.
    pub(super) key: String,
}

/// The statements of a pod, by how they get there.
#[derive(Debug, Default)]
pub(super) struct Split {
    /// What may stand in a `ConfigMap`.
    pub(super) lines: Vec<Line>,
    /// Users, for `users.acl`; none if no password is among them.
    pub(super) users: Vec<Line>,
    /// What has to be clear, for `secrets.conf`.
    pub(super) hidden: Vec<Line>,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// Sorts the statements; beside an ACL file no user may stand in the configuration.
///
/// # Errors
/// A finding for each secret that no Kubernetes Secret holds.
pub(super) fn split(job: &Job<'_>) -> Result<Split, Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    for line in &job.lines {
        findings.extend(line.words.iter().filter_map(|word| reference(job, line, word).err()).flatten());
    }
    let mut split = Split::default();
    let lines = job.lines.clone();
    let in_file = |line: &Line| is_user(line) || line.is("requirepass");
    let acl_file = !lines.iter().any(|line| line.is("aclfile")) && lines.iter().any(|l| in_file(l) && holds_secret(l));
    let has_default = lines.iter().any(is_default_user);
    for line in lines {
        if acl_file && is_user(&line) {
            for word in &line.words {
                let Word::Plain(bytes) = word else { continue };
                findings.extend(sayable(&line, bytes).err().into_iter().flatten());
                if std::str::from_utf8(bytes).is_err() {
                    let message = format!("the rule `{}` is no text, which a manifest demands", printable(bytes));
                    findings.push(cannot_say(line.at, message, "write the rule in UTF-8"));
                }
            }
            split.users.push(line);
        } else if !holds_secret(&line) {
            split.lines.push(line);
        } else if line.is("requirepass") && has_default {
            split.notes.push("requirepass is left out: beside a `default` user of its own it has no effect".into());
        } else if line.is("requirepass") && acl_file {
            split.users.push(as_default_user(line));
        } else {
            split.hidden.push(line);
        }
    }
    if findings.is_empty() { Ok(split) } else { Err(findings) }
}

/// Where a pod finds a secret; `None` for other words.
pub(super) fn reference(job: &Job<'_>, line: &Line, word: &Word) -> Result<Option<Reference>, Vec<Finding>> {
    let (name, place) = match word {
        Word::Plain(_) => return Ok(None),
        Word::Secret { name: Some(name), .. } => (name.as_str(), job.setup.secrets.get(name)),
        Word::Secret { name: None, .. } => {
            let message = format!("`{}` holds a password, which would stand in a manifest in clear", line.name);
            let help = "give it a logical name: `{ secret = \"NAME\" }`, and `NAME = { kubernetes = \"SECRET/KEY\" }` under [secrets]";
            return Err(vec![Finding::new("secret-needs-a-place", Severity::Error, line.at, message).help(help)]);
        }
    };
    let where_else = match place {
        Some(Provider::Kubernetes { name: object, key }) if is_object(object) && is_key(key) => {
            return Ok(Some(Reference { name: object.clone(), key: key.clone() }));
        }
        Some(Provider::Kubernetes { .. }) => "a Secret whose name or key Kubernetes does not allow",
        Some(Provider::Environment(_)) => "an environment variable",
        Some(Provider::File(_)) => "a file",
        None => "no place that is known",
    };
    let message = format!(
        "`{}` needs the secret `{name}`, which is kept in {where_else}; a pod takes it from a Secret",
        line.name
    );
    let help = format!(
        "write `{name} = {{ kubernetes = \"SECRET/KEY\" }}` under [secrets], or set `secrets = \"clear\"` where the target \
         allows it"
    );
    Err(vec![Finding::new("secret-needs-a-place", Severity::Error, line.at, message).help(help)])
}

/// Whether Kubernetes takes a word as the name of an object.
fn is_object(word: &str) -> bool {
    let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b);
    !word.is_empty() && word.len() <= 253 && word.bytes().all(safe)
}

/// Whether Kubernetes takes a word as a key of a Secret.
fn is_key(word: &str) -> bool {
    !word.is_empty() && word.len() <= 253 && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// References with numbers, for the environment of an init container.
pub(super) struct Numbered(BTreeMap<Reference, usize>);

impl Numbered {
    /// Numbers the secrets of some lines, sorted by name and key.
    pub(super) fn new<'a>(job: &Job<'_>, lines: impl IntoIterator<Item = &'a Line>) -> Self {
        let words = lines.into_iter().flat_map(|line| line.words.iter().map(move |word| (line, word)));
        let mut all: Vec<Reference> =
            words.filter_map(|(line, word)| reference(job, line, word).ok().flatten()).collect();
        all.sort();
        all.dedup();
        Self(all.into_iter().zip(1..).collect())
    }

    /// The list for templates.
    pub(super) fn list(&self) -> Value {
        let entry = |(reference, number): (&Reference, &usize)| {
            let (name, key) = (reference.name.as_str().into(), reference.key.as_str().into());
            table([("number", (*number).into()), ("secret", name), ("key", key)])
        };
        self.0.iter().map(entry).collect()
    }

    /// Lines of `users.acl` for templates: a list of pieces each, texts and secrets by number.
    pub(super) fn users(&self, job: &Job<'_>, lines: &[Line]) -> Value {
        self.pieces(job, lines, |bytes| String::from_utf8_lossy(bytes).into_owned())
    }

    /// Lines of `secrets.conf` for templates.
    pub(super) fn hidden(&self, job: &Job<'_>, lines: &[Line]) -> Value {
        self.pieces(job, lines, conf_word)
    }

    fn pieces(&self, job: &Job<'_>, lines: &[Line], plain: impl Fn(&[u8]) -> String) -> Value {
        let line = |line: &Line| {
            let words = line.words.iter().map(|word| match word {
                Word::Plain(bytes) => piece(&plain(bytes), 0),
                Word::Secret { prefix, .. } => {
                    let found = reference(job, line, word).ok().flatten();
                    let number = found.and_then(|found| self.0.get(&found).copied()).unwrap_or(0);
                    let mark = if prefix == b"<" { "!" } else { "#" };
                    piece(mark, number)
                }
            });
            table([("name", line.name.as_str().into()), ("words", words.collect())])
        };
        lines.iter().map(line).collect()
    }
}

fn piece(text: &str, number: usize) -> Value {
    table([("text", text.into()), ("number", number.into())])
}
