//! Names under which a server cannot open or load its data.

use super::refusal::Reason;
use super::value::Value;
use super::{Config, Part};
use crate::catalog::Lookup;
use crate::syntax::StatementId;

/// No file system takes a longer name.
const LONGEST_NAME: usize = 255;

/// From 7.0 on the files are named after `appendfilename`; the longest is `temp-NAME.manifest`.
const LONGEST_APPENDED: usize = LONGEST_NAME - "temp-.manifest".len();

/// The statements that keep the server from its data. Without an append-only file the snapshot is loaded, else that file.
pub(super) fn refused(config: &Config) -> Vec<(StatementId, Reason)> {
    let is_folder = |name: &[u8]| matches!(name, b"." | b"..");
    let culprit = |directive: &str, is_bad: &dyn Fn(&[u8]) -> bool, reason: Reason| {
        let bad = |part: &&Part| matches!(&part.value, Ok(Value::Text(name)) if is_bad(name));
        standing(config, directive).filter(bad).map(|part| (part.by, reason))
    };
    let culprits = if config.get("appendonly") != Some(&Value::Bool(true)) {
        let is_bad = |name: &[u8]| is_folder(name) || name.len() > LONGEST_NAME;
        [culprit("dbfilename", &is_bad, Reason::SnapshotName), None]
    } else if matches!(config.view.look("appenddirname"), Lookup::Here(_)) {
        [
            culprit("appendfilename", &|name| name.len() > LONGEST_APPENDED, Reason::AppendName),
            culprit("appenddirname", &|name| name.len() > LONGEST_NAME, Reason::AppendName),
        ]
    } else {
        let is_bad = |name: &[u8]| name.is_empty() || is_folder(name) || name.len() > LONGEST_NAME;
        [culprit("appendfilename", &is_bad, Reason::AppendName), None]
    };
    culprits.into_iter().flatten().collect()
}

/// The assignment that counts.
fn standing<'a>(config: &'a Config, name: &str) -> Option<&'a Part> {
    let Lookup::Here(directive) = config.view.look(name) else { return None };
    config.entry(directive.id)?.standing().last()
}

#[cfg(test)]
mod tests {
    use crate::config::{Reason, Stage, resolve};
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    fn refused(server: &str, text: &str) -> Option<(Stage, Reason)> {
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server.parse().unwrap());
        resolve(&reading, Mode::Server).verdict().map(|refusal| (refusal.stage, refusal.reason.clone()))
    }

    #[test]
    fn an_append_only_file_needs_a_name_that_a_file_system_takes() {
        let append = Some((Stage::Data, Reason::AppendName));
        let long = |name: &str, length: usize| format!("appendonly yes\n{name} {}\n", "h".repeat(length));
        for (server, longest) in [("redis-6.2", 255), ("redis-7.0", 241), ("valkey-9.1", 241)] {
            assert_eq!(refused(server, &long("appendfilename", longest)), None, "{server}");
            assert_eq!(refused(server, &long("appendfilename", longest + 1)), append, "{server}");
            assert_eq!(refused(server, &long("appendfilename", 300).replace("yes", "no")), None, "{server}");
        }
        assert_eq!(refused("redis-8.2", &long("appenddirname", 255)), None);
        assert_eq!(refused("redis-8.2", &long("appenddirname", 256)), append);
    }

    #[test]
    fn the_one_append_only_file_of_the_past_is_no_folder() {
        for name in [".", "..", "\"\""] {
            let text = format!("appendfilename {name}\nappendonly yes\n");
            assert_eq!(refused("redis-6.2", &text), Some((Stage::Data, Reason::AppendName)), "{name}");
        }
        assert_eq!(refused("redis-7.0", "appendfilename ..\nappenddirname .\nappendonly yes\n"), None);
    }

    #[test]
    fn a_snapshot_is_loaded_only_without_an_append_only_file() {
        assert_eq!(refused("redis-7.0", "dbfilename ..\n"), Some((Stage::Data, Reason::SnapshotName)));
        assert_eq!(refused("redis-7.0", "dbfilename ..\nappendonly yes\n"), None);
    }
}
