//! `users.acl`: users with hashed passwords.
//!
//! Servers split its lines at single blanks and know neither quotes nor comments there.

use sha2::{Digest, Sha256};

use super::job::{Job, cannot_say};
use super::secrets::value;
use super::sheet::{Line, Word};
use crate::config::printable;
use crate::finding::Finding;

/// The file for `user` lines.
pub(super) fn text(job: &Job<'_>, users: &[Line]) -> Result<Vec<u8>, Vec<Finding>> {
    let mut text = Vec::new();
    let mut findings = Vec::new();
    for line in users {
        text.extend_from_slice(b"user");
        for word in &line.words {
            match rule(job, line, word) {
                Ok(bytes) => {
                    text.push(b' ');
                    text.extend_from_slice(&bytes);
                }
                Err(more) => findings.extend(more),
            }
        }
        text.push(b'\n');
    }
    if findings.is_empty() { Ok(text) } else { Err(findings) }
}

/// A rule as the file holds it.
fn rule(job: &Job<'_>, line: &Line, word: &Word) -> Result<Vec<u8>, Vec<Finding>> {
    match word {
        Word::Plain(bytes) => sayable(line, bytes).map(|()| bytes.clone()),
        Word::Secret { prefix, .. } => {
            let mark = match prefix.as_slice() {
                b">" => '#',
                b"<" => '!',
                _ => {
                    let message = "a secret stands where a rule of a user is no password";
                    return Err(vec![cannot_say(line.at, message, "list secrets under `passwords` of the user")]);
                }
            };
            value(job, word, line.at).map(|value| format!("{mark}{}", hash(value)).into_bytes())
        }
    }
}

/// Refuses what would be split or end the line. Blanks inside the parentheses of a selector are joined again.
pub(super) fn sayable(line: &Line, word: &[u8]) -> Result<(), Vec<Finding>> {
    let selector = word.starts_with(b"(") && word.ends_with(b")") && !word.windows(2).any(|two| two == b"  ");
    let splits = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b || *b == 0;
    let bad = word.is_empty() || word.iter().any(|b| splits(b) && !(selector && *b == b' '));
    if !bad {
        return Ok(());
    }
    let message = format!("the rule `{}` cannot be said in an ACL file, which knows no quotes", printable(word));
    Err(vec![cannot_say(line.at, message, "write the rule without blanks; `?` matches one in a pattern")])
}

/// SHA-256 in hexadecimal digits, as servers store passwords.
pub(super) fn hash(password: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(password).iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}
