//! A Sentinel's own file, held against what the Sentinel says: what it watches, and how.
//!
//! The address of a primary is no setting: a failover moves it, and the Sentinel rewrites its file. Passwords and renamed
//! commands are shown by no Sentinel.

use std::collections::BTreeMap;

use super::drift::Standing;

/// What SENTINEL MASTERS tells of a primary, and what holds where no line says otherwise.
const OF_PRIMARY: [(&str, &str); 5] = [
    ("client-reconfig-script", ""),
    ("down-after-milliseconds", "30000"),
    ("failover-timeout", "180000"),
    ("notification-script", ""),
    ("parallel-syncs", "1"),
];

/// The same of what SENTINEL CONFIG GET tells.
const OWN: [(&str, &str); 5] = [
    ("announce-hostnames", "no"),
    ("announce-ip", ""),
    ("announce-port", "0"),
    ("resolve-hostnames", "no"),
    ("sentinel-user", ""),
];

/// What a Sentinel writes down of what it has seen.
const STATE: [&str; 7] =
    ["config-epoch", "current-epoch", "known-replica", "known-sentinel", "known-slave", "leader-epoch", "myid"];

/// One setting of a Sentinel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentinelDrift {
    /// `sentinel parallel-syncs mymaster`.
    pub name: String,
    /// What the file says, and which of its lines does, counted from 0.
    pub declared: Option<(String, usize)>,
    /// What runs.
    pub running: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// What else is to be said.
    pub note: Option<String>,
}

/// All that is to be said of a Sentinel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentinelDrifts {
    /// What is not simply equal.
    pub rows: Vec<SentinelDrift>,
    /// How many lines are as declared.
    pub equal: usize,
    /// How many are shown by no Sentinel.
    pub not_compared: usize,
    /// Where a failover has moved a primary.
    pub notes: Vec<String>,
}

/// Holds a Sentinel against the lines of its file, each the words behind `sentinel`.
#[must_use]
pub fn drift_sentinel(
    lines: &[Vec<String>],
    primaries: &[BTreeMap<String, String>],
    own: Option<&BTreeMap<String, String>>,
) -> SentinelDrifts {
    // What a line sets, by its name and that of a primary; the last one counts.
    let mut declared: BTreeMap<(String, String), (Vec<String>, usize)> = BTreeMap::new();
    let mut found = SentinelDrifts::default();
    for (id, words) in lines.iter().enumerate() {
        let Some((name, rest)) = words.split_first() else { continue };
        let name = name.to_ascii_lowercase();
        let key = |list: &[(&str, &str)]| list.iter().any(|(known, _)| *known == name);
        match rest.split_first() {
            Some((primary, values)) if name == "monitor" || key(&OF_PRIMARY) => {
                declared.insert((name, primary.clone()), (values.to_vec(), id));
            }
            Some(_) if key(&OWN) => {
                declared.insert((name, String::new()), (rest.to_vec(), id));
            }
            // What a Sentinel writes of what it has seen is no setting.
            _ if STATE.contains(&name.as_str()) => {}
            _ => found.not_compared += 1,
        }
    }
    let of = |primary: &str| primaries.iter().find(|entry| entry.get("name").is_some_and(|name| name == primary));
    for ((name, primary), (values, id)) in &declared {
        let shown = match (name.as_str(), of(primary)) {
            ("monitor", Some(entry)) => {
                let address =
                    |entry: &BTreeMap<String, String>| Some(format!("{} {}", entry.get("ip")?, entry.get("port")?));
                let written = values.iter().take(2).cloned().collect::<Vec<_>>().join(" ");
                if let Some(now) = address(entry).filter(|now| *now != written) {
                    found.notes.push(format!(
                        "`{primary}` is declared at {written}, and is at {now} now: a failover moved it"
                    ));
                }
                let quorum = entry.get("quorum").cloned();
                found.put("sentinel quorum", primary, values.get(2), *id, quorum.as_ref());
                continue;
            }
            ("monitor", None) => {
                let values = values.join(" ");
                found.put("sentinel monitor", primary, Some(&values), *id, None);
                continue;
            }
            // It is told above that nobody watches it.
            (name, None) if OF_PRIMARY.iter().any(|(known, _)| *known == name) => continue,
            (name, Some(entry)) => {
                let none = String::new();
                Some(entry.get(name).cloned().unwrap_or(none))
            }
            (name, None) => own.and_then(|own| own.get(name).cloned()),
        };
        match shown {
            Some(shown) => found.put(&format!("sentinel {name}"), primary, values.first(), *id, Some(&shown)),
            None => found.not_compared += 1,
        }
    }
    let says = |name: &str, primary: &str| declared.contains_key(&(name.to_owned(), primary.to_owned()));
    for entry in primaries {
        let Some(primary) = entry.get("name") else { continue };
        if !says("monitor", primary) {
            found.nobodys("sentinel monitor", primary, "watched");
            continue;
        }
        for (name, default) in OF_PRIMARY.iter().filter(|(name, _)| !says(name, primary)) {
            if let Some(running) = entry.get(*name).filter(|running| *running != default) {
                found.nobodys(&format!("sentinel {name}"), primary, running);
            }
        }
    }
    for (name, default) in OWN.iter().filter(|(name, _)| !says(name, "")) {
        if let Some(running) = own.and_then(|own| own.get(*name)).filter(|running| running != default) {
            found.nobodys(&format!("sentinel {name}"), "", running);
        }
    }
    found
}

impl SentinelDrifts {
    fn put(&mut self, name: &str, primary: &str, declared: Option<&String>, id: usize, running: Option<&String>) {
        if declared == running {
            self.equal += 1;
            return;
        }
        let note = running.is_none().then(|| "it is not watched".to_owned());
        self.rows.push(SentinelDrift {
            name: format!("{name} {primary}").trim_end().to_owned(),
            declared: declared.map(|text| (text.clone(), id)),
            running: running.cloned(),
            standing: Standing::Drift,
            note,
        });
    }

    /// What runs and no line says.
    fn nobodys(&mut self, name: &str, primary: &str, running: &str) {
        self.rows.push(SentinelDrift {
            name: format!("{name} {primary}").trim_end().to_owned(),
            declared: None,
            running: Some(running.to_owned()),
            standing: Standing::Unmanaged,
            note: None,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sentinel_lines;
    use crate::source::Name;
    use crate::syntax::conf;

    fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_watched_and_how_is_held_against_the_file() {
        let text = "port 26379\nsentinel monitor one 10.0.0.1 6379 2\nsentinel parallel-syncs one 2\n\
                    sentinel auth-pass one x\nsentinel known-replica one 10.0.0.2 6379\n\
                    sentinel monitor gone 10.0.0.9 6379 1\nsentinel RESOLVE-hostnames yes\n";
        let reading = conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap());
        let lines: Vec<_> = sentinel_lines(&reading).into_iter().map(|(_, words)| words).collect();
        let one = fields(&[
            ("name", "one"),
            ("ip", "10.0.0.2"),
            ("port", "6379"),
            ("quorum", "2"),
            ("parallel-syncs", "1"),
            ("down-after-milliseconds", "5000"),
            ("failover-timeout", "180000"),
        ]);
        let more = fields(&[("name", "more"), ("ip", "10.0.0.3"), ("port", "6379"), ("quorum", "2")]);
        let own = fields(&[("resolve-hostnames", "yes"), ("announce-port", "0"), ("announce-ip", "10.1.1.1")]);
        let found = drift_sentinel(&lines, &[one, more], Some(&own));
        let rows: Vec<(&str, bool)> =
            found.rows.iter().map(|row| (row.name.as_str(), row.standing == Standing::Drift)).collect();
        let wanted = [
            ("sentinel monitor gone", true),
            ("sentinel parallel-syncs one", true),
            ("sentinel down-after-milliseconds one", false),
            ("sentinel monitor more", false),
            ("sentinel announce-ip", false),
        ];
        assert_eq!(rows, wanted);
        // The quorum and resolve-hostnames; the password is shown by nobody.
        assert_eq!((found.equal, found.not_compared, found.notes.len()), (2, 1, 1));
    }
}
