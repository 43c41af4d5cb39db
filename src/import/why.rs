//! Comments above a statement become its reason, unless they are documentation, headings, old directives or secrets.

use crate::catalog;
use crate::config::resolve;
use crate::server::Server;
use crate::source::{Name, Source};
use crate::syntax::conf::{self, trim};
use crate::syntax::{Mode, Reading, StatementId};

/// A reason is a note of a person. What is longer is documentation that came with the file.
const MOST_LINES: usize = 3;
/// The same, in characters.
const MOST_CHARACTERS: usize = 240;

/// What is said above statements.
pub(super) enum Said {
    /// Nothing that is a reason.
    Nothing,
    /// A reason.
    Reason(String),
    /// Something that could tell a secret.
    Withheld,
}

/// The reason for some statements: what stands directly above them, each text once.
pub(super) fn above(reading: &Reading, statements: &[StatementId], secrets: &[Vec<u8>]) -> Said {
    let mut reasons: Vec<String> = Vec::new();
    for id in statements {
        let at = reading.statement(*id).at;
        let source = reading.sources.get(at.source);
        // A comment above a command line is about all of it, not about each of its options.
        if !begins_its_line(source, at.start) {
            continue;
        }
        let Some(reason) = block(source, source.line(at.start), reading.server) else { continue };
        if tells_a_secret(&reason, secrets) {
            return Said::Withheld;
        }
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    if reasons.is_empty() { Said::Nothing } else { Said::Reason(reasons.join("; ")) }
}

/// Whether nothing stands before a place in its line but what begins an item of a list.
fn begins_its_line(source: &Source, start: u32) -> bool {
    let before = &source.text()[..start as usize];
    let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    before[line..].iter().all(|byte| b" \t-'\"\r".contains(byte))
}

/// The comment above a line, up to the next blank line, statement or heading; `None` if it is no reason.
fn block(source: &Source, line: usize, server: Server) -> Option<String> {
    let mut lines: Vec<&str> = Vec::new();
    for above in (1..line).rev() {
        let bytes = trim(source.line_bytes(above));
        let Some(b'#') = bytes.first() else { break };
        let text = std::str::from_utf8(bytes).ok()?;
        if is_heading(text) {
            break;
        }
        let text = text.trim_start_matches('#').trim();
        if !text.is_empty() && !text.starts_with("redisconf:") && !is_directive(text, server) {
            lines.push(text);
        }
        if lines.len() > MOST_LINES {
            return None;
        }
    }
    lines.reverse();
    let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
    let text: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    // One plain word is the title of a section.
    let is_title = words.len() == 1 && text.chars().all(char::is_alphabetic);
    (!text.is_empty() && !is_title && text.chars().count() <= MOST_CHARACTERS).then_some(text)
}

/// `#### NETWORK ####`, `# ----`, `## Memory`, `# === Memory ===`.
fn is_heading(comment: &str) -> bool {
    let rule = |text: &str| text.chars().take_while(|c| "-=*~_+#".contains(*c)).count();
    let inside = comment.trim_start_matches('#').trim();
    comment.starts_with("##") || rule(inside) >= 3
}

/// Whether a comment is a directive that was switched off.
fn is_directive(text: &str, server: Server) -> bool {
    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server);
    let Some((id, _)) = reading.iter().next() else { return false };
    let known = catalog::find(reading.name(id).to_ascii_lowercase()).is_some();
    known && (reading.words(id).len() <= 1 || resolve(&reading, Mode::Server).refusals().is_empty())
}

/// Whether a text holds one of the secrets, or speaks of one.
fn tells_a_secret(text: &str, secrets: &[Vec<u8>]) -> bool {
    let lower = text.to_ascii_lowercase();
    let speaks = ["pass", "auth", "secret", "token", "credential", "pwd"].iter().any(|word| lower.contains(word));
    speaks || secrets.iter().any(|secret| memchr::memmem::find(text.as_bytes(), secret).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(text: &str) -> Option<String> {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
        let (id, _) = reading.iter().last().unwrap();
        match above(&reading, &[id], &[b"hunter2".to_vec()]) {
            Said::Reason(text) => Some(text),
            Said::Nothing => None,
            Said::Withheld => Some("withheld".into()),
        }
    }

    #[test]
    fn a_note_above_a_statement_is_its_reason() {
        assert_eq!(
            reason("# the box has 16 GiB,\n#  half for forks\nhz 20\n").unwrap(),
            "the box has 16 GiB, half for forks"
        );
        assert_eq!(reason("port 1\n#INC-4711\nhz 20\n").unwrap(), "INC-4711");
    }

    #[test]
    fn headings_old_directives_and_other_paragraphs_are_none() {
        for text in [
            "# far away\n\nhz 20\n",
            "######## HZ ########\nhz 20\n",
            "# about limits\n# ------\nhz 20\n",
            "# Network\nhz 20\n",
            "# maxmemory 1gb\nhz 20\n",
            "#requirepass foo\nhz 20\n",
            "# redisconf: ignore[x] reason\nhz 20\n",
            "# of another\nport 1\nhz 20\n",
            "# one\n# two words\n# three of them\n# four of them\nhz 20\n",
        ] {
            assert_eq!(reason(text), None, "{text}");
        }
        assert_eq!(reason("# the last\n# save 60 1\nhz 20\n").unwrap(), "the last");
    }

    #[test]
    fn what_could_tell_a_secret_is_withheld() {
        assert_eq!(reason("# as with hunter2 before\nhz 20\n").unwrap(), "withheld");
        assert_eq!(reason("# the password is in the safe\nhz 20\n").unwrap(), "withheld");
    }
}
