//! What a server that would not start has said, into one refusal: where, which line, why.

use std::fmt;
use std::process::ExitStatus;

use super::child::Output;
use super::place::Place;
use crate::snapshot::may_hold_a_secret;

/// Why a server ended instead of starting. Debug and Display hold no text that may be secret; the fields do.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Where the line stands.
    pub place: Place,
    /// The line number as the server printed it, within the text it was reading.
    pub line: Option<usize>,
    /// The refused line as written, if there is one; several, one below the other, for names that no module claimed.
    pub text: String,
    /// The server's reason in its own words.
    pub reason: String,
    /// All it wrote, standard error before standard output.
    pub output: String,
}

impl Refusal {
    /// The reason, with what it quotes hidden where that may be a secret.
    #[must_use]
    pub fn shown_reason(&self) -> String {
        let name = self.text.split_whitespace().next().unwrap_or_default().trim_matches(['"', '\'']);
        match (may_hold_a_secret(name), self.reason.split_once('\'')) {
            (true, Some((before, quoted))) => {
                let after = quoted.rsplit_once('\'').map_or("", |(_, after)| after);
                format!("{before}'***'{after}")
            }
            _ => self.reason.clone(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Unknown => f.write_str(&self.shown_reason()),
            Place::Conf { .. } | Place::File { .. } | Place::Option { .. } => {
                write!(f, "{}: {}", self.place, self.shown_reason())
            }
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Refusal");
        shown.field("place", &self.place).field("reason", &self.shown_reason()).finish_non_exhaustive()
    }
}

/// The server's words before anything is known of where the lines came from.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) line: Option<usize>,
    pub(super) texts: Vec<String>,
    pub(super) reason: String,
}

/// Reads what a server wrote before it ended.
pub(super) fn read(output: &Output, status: ExitStatus) -> Words {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let stdout = String::from_utf8_lossy(&output.stdout);
    fatal(&stderr).or_else(|| unresolved(&stdout)).unwrap_or_else(|| Words {
        line: None,
        texts: Vec::new(),
        reason: logged(&stdout).or_else(|| last_line(&stderr)).unwrap_or_else(|| format!("it ended with {status}")),
    })
}

/// The block on standard error. The two middle lines are missing for what is found after the last line.
fn fatal(stderr: &str) -> Option<Words> {
    let (_, block) = stderr.split_once("*** FATAL CONFIG FILE ERROR (")?;
    let mut lines = block.lines().skip(1).peekable();
    let at = lines.next_if(|line| line.starts_with("Reading the configuration file, at line "));
    let line = at.and_then(|at| at.rsplit(' ').next()?.parse().ok());
    let text = lines.next_if(|line| line.starts_with(">>> '")).map(unquoted);
    let reason = lines.collect::<Vec<_>>().join(" ").trim().to_owned();
    Some(Words { line, texts: text.into_iter().collect(), reason })
}

/// Redis 8: names that no module claimed, in the log, in no order, without line numbers.
fn unresolved(stdout: &str) -> Option<Words> {
    let (_, block) = stdout.split_once("Unresolved Configuration(s) Detected:")?;
    let lines = block.lines().skip(1).map_while(warning);
    let mut texts: Vec<String> = lines.take_while(|line| line.starts_with(">>> '")).map(unquoted).collect();
    texts.sort(); // the server's order is that of a hash table
    Some(Words { line: None, texts, reason: "no such directive, and no loaded module claims it".into() })
}

fn unquoted(line: &str) -> String {
    let text = line.strip_prefix(">>> '").unwrap_or(line);
    text.strip_suffix('\'').unwrap_or(text).to_owned()
}

/// Warnings that are about the machine and stand in every log.
const BOILERPLATE: [&str; 10] = [
    "WARNING",
    "oO0OoO0OoO0Oo",
    "o0O0O0O0O0O0",
    "Redis version=",
    "Configuration loaded",
    "Server initialized",
    "===",
    "You requested maxclients",
    "Server can't set maximum open files",
    "Current maximum open files",
];

/// The first warning in the log that is about the configuration; those after it are consequences.
fn logged(stdout: &str) -> Option<String> {
    let is_boilerplate = |message: &str| BOILERPLATE.iter().any(|start| message.starts_with(start));
    stdout.lines().filter_map(warning).find(|message| !is_boilerplate(message)).map(str::to_owned)
}

/// The text of a log line at level warning: `4711:M 22 Nov 2026 04:42:56.773 # text`, or the logfmt of Valkey 8.1.
fn warning(line: &str) -> Option<&str> {
    if let Some((_, message)) = line.split_once(" level=warning message=\"") {
        return message.strip_suffix('"');
    }
    let (head, message) = line.split_once(" # ")?;
    let (pid, _) = head.split_once(':')?;
    (!pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit())).then_some(message.trim())
}

fn last_line(stderr: &str) -> Option<String> {
    stderr.lines().map(str::trim).rfind(|line| !line.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    fn said(stdout: &str, stderr: &str) -> Words {
        let output = Output { stdout: stdout.into(), stderr: stderr.into() };
        read(&output, ExitStatus::from_raw(1 << 8))
    }

    #[test]
    fn a_refused_line_is_told_with_its_number_and_reason() {
        let redis = "\n*** FATAL CONFIG FILE ERROR (Redis 8.2.3) ***\nReading the configuration file, at line 2\n\
            >>> 'maxmemory \"1t'b\"'\nargument must be a memory value\n";
        let valkey = redis.replace("Redis 8.2.3", "Version 8.0.1");
        for stderr in [redis, &valkey] {
            let words = said("", stderr);
            assert_eq!((words.line, words.reason.as_str()), (Some(2), "argument must be a memory value"));
            assert_eq!(words.texts, ["maxmemory \"1t'b\""]);
        }
    }

    #[test]
    fn a_refusal_after_the_last_line_has_no_number() {
        let words = said(
            "",
            "\n*** FATAL CONFIG FILE ERROR (Redis 7.0.15) ***\nreplicaof directive not allowed in cluster mode\n",
        );
        assert_eq!((words.line, words.texts.len()), (None, 0));
        assert_eq!(words.reason, "replicaof directive not allowed in cluster mode");
    }

    #[test]
    fn names_that_no_module_claimed_are_listed_in_a_stable_order() {
        let words = said(
            "32526:M 22 Nov 2026 04:50:40.207 # Unresolved Configuration(s) Detected:\n\
             32526:M 22 Nov 2026 04:50:40.207 # >>> 'frobnicate 1'\n\
             32526:M 22 Nov 2026 04:50:40.207 # >>> 'foo a b'\n\
             32526:M 22 Nov 2026 04:50:40.207 # Module Configuration detected without loadmodule directive\n",
            "",
        );
        assert_eq!(words.texts, ["foo a b", "frobnicate 1"]);
    }

    #[test]
    fn the_log_tells_what_standard_error_does_not() {
        let boilerplate = "9:C 22 Nov 2026 04:50:47.450 # WARNING Memory overcommit must be enabled! Without it, a\n\
            9:C 22 Nov 2026 04:50:47.450 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n\
            9:C 22 Nov 2026 04:50:47.450 # Configuration loaded\n";
        for (line, reason) in [
            (
                "9:C 22 Nov 2026 04:50:47.499 # Fatal error, can't open config file 'x': No such file",
                "Fatal error, can't",
            ),
            (
                "9:M 2026-11-22T04:50:47.876+00:00 # Unused Module Configuration: a.b",
                "Unused Module Configuration: a.b",
            ),
            ("pid=9 role=primary timestamp=\"x\" level=warning message=\"Critical error\"", "Critical error"),
            ("9:C 22 Nov 2026 04:50:38.551 # Can't chdir to '/x': No such file", "Can't chdir to '/x'"),
        ] {
            let words = said(&format!("{boilerplate}{line}\n9:M 22 Nov 2026 04:50:47.500 # aborting\n"), "");
            assert!(words.reason.starts_with(reason), "{}", words.reason);
        }
        assert_eq!(said("", "").reason, "it ended with exit status: 1");
    }

    #[test]
    fn a_reason_hides_what_it_quotes_of_a_secret() {
        let refusal = Refusal {
            place: Place::Conf { line: 2 },
            line: Some(2),
            text: "user joe >hunter2".into(),
            reason: "Error in user declaration '>hunter2': Syntax error".into(),
            output: "hunter2".into(),
        };
        assert_eq!(refusal.to_string(), "line 2: Error in user declaration '***': Syntax error");
        assert!(!format!("{refusal:?}").contains("hunter2"));
    }
}
