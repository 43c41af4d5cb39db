//! Comparing a configuration with what a server says of itself.

use crate::catalog::{Directive, Kind};
use crate::config::{Config, Origin, Shown, Value, shown};
use crate::snapshot::Snapshot;

/// How a wanted and a running value relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They mean the same.
    Equal,
    /// The server lowered the value for want of resources; nothing a configuration can mend.
    Limited,
    /// They differ.
    Different,
    /// The server was not asked, did not answer, or the value was replaced for the test.
    NotCompared,
}

/// One directive, wanted and running.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The directive.
    pub directive: &'static Directive,
    /// How they relate.
    pub verdict: Verdict,
    /// What is wanted.
    pub wanted: Shown,
    /// What runs, if it was answered.
    pub running: Option<Shown>,
    /// Whether a statement asks for it, rather than the version's default.
    pub stated: bool,
}

/// Compares every directive that CONFIG GET shows. `overridden` names what the test replaced.
#[must_use]
pub fn compare(config: &Config, snapshot: &Snapshot, overridden: &[String]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for directive in config.view.directives() {
        if directive.is.file_only || is_action(&directive.kind) {
            continue;
        }
        let Some(wanted) = config.effective(directive) else { continue };
        let stated = config.origin(directive) != Origin::Default;
        let answer = directive.names.iter().find_map(|name| snapshot.value(name));
        let replaced = overridden.iter().any(|name| directive.names.contains(&name.as_str()));
        let verdict = match answer {
            None => Verdict::NotCompared,
            Some(_) if replaced || matches!(wanted, Value::Named(_)) => Verdict::NotCompared,
            // What the build or the machine chooses is no statement of the file.
            Some(_) if !stated && directive.is.environment => Verdict::NotCompared,
            Some(answer) => judge(config, directive, wanted, answer),
        };
        if answer.is_none() && !stated {
            continue;
        }
        let running = answer.map(|answer| {
            config
                .read_back(directive, answer)
                .map_or_else(|| Shown::Plain(crate::config::printable(answer)), |v| shown(directive, &v))
        });
        differences.push(Difference { directive, verdict, wanted: shown(directive, wanted), running, stated });
    }
    differences
}

/// How a wanted value relates to what a server answered.
pub(super) fn judge(config: &Config, directive: &Directive, wanted: &Value, answer: &[u8]) -> Verdict {
    if wanted.config_get(&directive.kind) == answer {
        return Verdict::Equal;
    }
    let Some(running) = config.read_back(directive, answer) else { return Verdict::Different };
    if wanted.means(&running) {
        return Verdict::Equal;
    }
    match (directive.name(), wanted, &running) {
        // The process may not open enough files. Servers then try 16 files fewer at a time, or keep the limit that they
        // have, less 32 for themselves; other values were set by somebody.
        ("maxclients", Value::Int(wanted), Value::Int(running))
            if running < wanted && ((wanted - running) % 16 == 0 || running % 16 == 0) =>
        {
            Verdict::Limited
        }
        _ => Verdict::Different,
    }
}

/// Whether a directive is carried out and has no value.
pub(super) fn is_action(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::config::resolve;
    use crate::source::Name;
    use crate::syntax::{Mode, conf};

    fn verdict(text: &str, name: &str, running: &str) -> Verdict {
        let server = "redis-7.4".parse().unwrap();
        let config = resolve(&conf::read_alone(Name::Stdin, text.as_bytes(), server), Mode::Server);
        let snapshot = Snapshot::new(server, [(name, running)].into_iter().collect(), crate::snapshot::Info::default());
        let found = compare(&config, &snapshot, &[]);
        found.iter().find(|d| d.directive.names.contains(&name)).unwrap().verdict
    }

    #[test]
    fn spelling_does_not_count() {
        assert_eq!(verdict("maxmemory 1gb", "maxmemory", "1073741824"), Verdict::Equal);
        assert_eq!(
            verdict(
                "client-output-buffer-limit replica 1mb 1mb 1",
                "client-output-buffer-limit",
                "pubsub 33554432 8388608 60 normal 0 0 0 slave 1048576 1048576 1"
            ),
            Verdict::Equal
        );
        assert_eq!(verdict("notify-keyspace-events EKA", "notify-keyspace-events", "AKE"), Verdict::Equal);
    }

    #[test]
    fn meaning_does() {
        assert_eq!(verdict("maxmemory 1g", "maxmemory", "1073741824"), Verdict::Different);
        assert_eq!(verdict("save 900 1", "save", "900 1 300 10"), Verdict::Different);
        assert_eq!(verdict("", "hz", "20"), Verdict::Different);
    }

    #[test]
    fn a_lack_of_files_is_no_difference() {
        assert_eq!(verdict("maxclients 100000", "maxclients", "4064"), Verdict::Limited);
        assert_eq!(verdict("maxclients 10000", "maxclients", "77"), Verdict::Different);
    }
}
