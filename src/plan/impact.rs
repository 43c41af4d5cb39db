//! What a change does to the server that runs with it: nothing but a CONFIG SET, a restart, keys or clients that go.
//!
//! Only what two configurations tell is told. How full the server is nobody knows here, so that a limit that is lowered *may*
//! evict.

use super::between::Comparison;
use super::contrast::{Contrast, Relation};
use crate::catalog::{Change, Kind, Lookup, bytes_in_words};
use crate::config::{Config, Setup, Value};

/// The consequences of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Impact {
    /// What takes effect only when the server starts; `version` if it is another one.
    pub restart: Vec<String>,
    /// What CONFIG SET can bring into force.
    pub live: Vec<String>,
    /// Why keys or clients may go, in words.
    pub evicting: Vec<String>,
    /// Whether the restart empties the server, for nothing is written to its disk.
    pub empties: bool,
}

impl Impact {
    /// What a change from one to the other does, given how they compare.
    #[must_use]
    pub fn of(from: &Setup, to: &Setup, found: &Comparison) -> Self {
        let mut impact = Self::default();
        if from.server != to.server {
            impact.restart.push("version".into());
        }
        let is_change = |row: &&Contrast| matches!(row.relation, Relation::Different | Relation::OneSided);
        for row in found.rows.iter().filter(is_change) {
            match row.effect {
                Change::Live => impact.live.push(row.name.clone()),
                Change::Restart => impact.restart.push(row.name.clone()),
            }
        }
        impact.evicting = evicting(&from.config, &to.config);
        let saves = |config: &Config| is_on(config, "appendonly") || has_points(config);
        // What runs decides what a shutdown saves.
        impact.empties = !impact.restart.is_empty() && !saves(&from.config) && !replicates(&from.config);
        impact
    }
}

fn evicting(from: &Config, to: &Config) -> Vec<String> {
    let mut reasons = Vec::new();
    let (old, new) = (bytes(from, "maxmemory"), bytes(to, "maxmemory"));
    let (policy, next) = (text(from, "maxmemory-policy"), text(to, "maxmemory-policy"));
    let (Some(old), Some(new)) = (old, new) else { return reasons };
    let limit = |bytes: u64| if bytes == 0 { "no limit".to_owned() } else { bytes_in_words(bytes) };
    let is_lower = new != 0 && (old == 0 || new < old);
    if is_lower {
        let effect = if next == "noeviction" { "writes are refused above it" } else { "keys above it go" };
        reasons.push(format!("`maxmemory` {} → {}: {effect}", limit(old), limit(new)));
    }
    if policy != next && next != "noeviction" && new != 0 {
        let which = if next.starts_with("volatile-") { "keys with a TTL" } else { "every key" };
        reasons.push(format!("`maxmemory-policy` {policy} → {next}: {which} may go at the limit"));
    }
    if policy != next && next == "noeviction" && new != 0 {
        reasons.push(format!("`maxmemory-policy` {policy} → {next}: at the limit writes are refused"));
    }
    if let (Some(old), Some(new)) = (from.get("maxmemory-clients"), to.get("maxmemory-clients"))
        && is_lower_limit(old, new)
    {
        let words = |value: &Value| {
            let text = text_of(value);
            text.parse().map_or(text, limit)
        };
        reasons.push(format!("`maxmemory-clients` {} → {}: clients above it are cut", words(old), words(new)));
    }
    reasons
}

/// Whether a limit of client memory is lower, or may be.
fn is_lower_limit(old: &Value, new: &Value) -> bool {
    match (old, new) {
        (Value::Bytes(old), Value::Bytes(new)) => *new != 0 && (*old == 0 || new < old),
        (Value::Percent(old), Value::Percent(new)) => new < old,
        (Value::Percent(_), Value::Bytes(new)) => *new != 0,
        (Value::Bytes(_), Value::Percent(_)) => true,
        (_, _) => false,
    }
}

fn bytes(config: &Config, name: &str) -> Option<u64> {
    match config.get(name) {
        Some(Value::Bytes(bytes)) => Some(*bytes),
        Some(_) | None => None,
    }
}

fn is_on(config: &Config, name: &str) -> bool {
    config.get(name) == Some(&Value::Bool(true))
}

fn has_points(config: &Config) -> bool {
    matches!(config.get("save"), Some(Value::Save { points, .. }) if !points.is_empty())
}

fn replicates(config: &Config) -> bool {
    matches!(config.get("replicaof"), Some(Value::Replica(Some(_))))
}

/// A number of bytes, or a part of `maxmemory`.
fn text_of(value: &Value) -> String {
    String::from_utf8_lossy(&value.config_get(&Kind::Bool)).into_owned()
}

/// A value in CONFIG GET form.
fn text(config: &Config, name: &str) -> String {
    let Lookup::Here(directive) = config.view.look(name.as_bytes()) else { return String::new() };
    let value = config.effective(directive).map(|value| value.config_get(&directive.kind)).unwrap_or_default();
    String::from_utf8_lossy(&value).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::plan::{Side, between};
    use crate::source::Name;
    use crate::syntax::conf;

    fn impact(old: &str, new: &str) -> Impact {
        let setup = |text: &str| {
            let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "valkey-8.1".parse().unwrap());
            Setup::from_reading("", reading, Facts::default())
        };
        let (from, to) = (setup(old), setup(new));
        let side = |setup| Side { setup, dump: None };
        Impact::of(&from, &to, &between(side(&from), side(&to)))
    }

    #[test]
    fn live_and_restart_are_told_apart() {
        let found = impact("hz 10\nsave 900 1", "hz 20\nsave 900 1\ndatabases 3");
        assert_eq!((found.live, found.restart), (vec!["hz".to_owned()], vec!["databases".to_owned()]));
        assert!(found.evicting.is_empty() && !found.empties);
        assert_eq!(impact("hz 10", "hz 10"), Impact::default());
    }

    #[test]
    fn a_restart_empties_what_writes_nothing_to_its_disk() {
        assert!(impact("save \"\"", "save \"\"\ndatabases 3").empties);
        assert!(!impact("save \"\"\nappendonly yes", "databases 3").empties);
        assert!(!impact("save \"\"\nreplicaof h 1", "databases 3").empties);
    }

    #[test]
    fn what_may_evict_is_told_with_its_reason() {
        let one = |old: &str, new: &str| impact(old, new).evicting.join("; ");
        let lru = "maxmemory-policy allkeys-lru\n";
        assert_eq!(
            one(&format!("{lru}maxmemory 2gb"), &format!("{lru}maxmemory 1gb")),
            "`maxmemory` 2gb → 1gb: keys above it go"
        );
        assert_eq!(one("maxmemory 0", "maxmemory 1gb"), "`maxmemory` no limit → 1gb: writes are refused above it");
        assert_eq!(
            one("maxmemory 1gb", "maxmemory 1gb\nmaxmemory-policy volatile-lru"),
            "`maxmemory-policy` noeviction → volatile-lru: keys with a TTL may go at the limit"
        );
        // Without a limit the policy does nothing.
        assert_eq!(one("hz 10", "maxmemory-policy volatile-lru"), "");
        assert_eq!(one("maxmemory 1gb", "maxmemory 2gb"), "");
        assert_eq!(
            one("maxmemory-clients 0", "maxmemory-clients 5%"),
            "`maxmemory-clients` no limit → 5%: clients above it are cut"
        );
        assert_eq!(one("maxmemory-clients 1gb", "maxmemory-clients 2gb"), "");
    }
}
