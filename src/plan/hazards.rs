//! What a change does to a running server beside changing a value: evicted keys, dropped clients, lost durability.
//!
//! A hazard is no mistake. It is said with its numbers before anything is sent, and has to be allowed by its name.

use crate::catalog::{Directive, bytes_in_words};
use crate::config::{Class, Limit, Value};
use crate::server::Engine;
use crate::snapshot::Snapshot;

/// What a step does beside setting a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hazard {
    /// The name by which it is allowed.
    pub id: &'static str,
    /// What happens, with the numbers it rests on.
    pub words: String,
    /// Whether it cannot be taken back.
    pub is_final: bool,
    /// How many keys would go, where that is the danger.
    pub keys: Option<u64>,
}

/// Every hazard there is, with what it means; for documentation and `--allow`.
pub const HAZARDS: &[(&str, &str)] = &[
    ("appendonly-off", "writes are no longer logged: what came after the last snapshot is lost with the process"),
    (
        "appendonly-on",
        "the server forks and writes its whole data set; until that has ended nothing is safer than before",
    ),
    ("credentials", "who connects from now on needs another password; replicas and clients that have the old one fail"),
    ("drops-clients", "clients whose buffers or memory exceed the new limit are disconnected"),
    ("drops-idle-clients", "connections that idle longer are closed, pooled ones too"),
    ("eviction-on", "keys are evicted where writes were refused before"),
    ("exposes", "the server answers to addresses that it did not answer before"),
    ("maxclients-below-connected", "new connections are refused until enough of the old ones are gone"),
    ("maxmemory-below-used", "keys are evicted at once until the data fits, or writes are refused"),
    ("may-cut-off", "clients, replicas and this program may no longer reach the server"),
    ("snapshots-off", "no snapshots are written any more"),
    ("writes-refused", "the server refuses writes until a condition is met that is not met now"),
];

/// What setting a directive from one value to another does.
pub(super) fn hazards(directive: &Directive, from: Option<&Value>, to: &Value, running: &Snapshot) -> Vec<Hazard> {
    let now = Now(running);
    let hazard = |id, words: String| Hazard { id, words, is_final: false, keys: None };
    let mut found = Vec::new();
    match (directive.name(), from, to) {
        ("maxmemory", _, Value::Bytes(to)) => found.extend(now.shrinks_to(*to)),
        ("maxmemory-policy", _, _) => {
            let word = |value: &Value| String::from_utf8_lossy(&value.config_get(&directive.kind)).into_owned();
            let (was, will) = (from.map(word).unwrap_or_default(), word(to));
            if was == "noeviction" && will != "noeviction" {
                found.push(hazard(
                    "eviction-on",
                    format!("{will} evicts where writes were refused before; {}", now.fill()),
                ));
            } else if was.starts_with("volatile") && will.starts_with("allkeys") {
                found.push(hazard(
                    "eviction-on",
                    format!("{will} may evict keys without a TTL, which were safe before; {}", now.fill()),
                ));
            }
        }
        ("appendonly", _, Value::Bool(true)) => {
            let data = bytes_in_words(now.number("used_memory"));
            found.push(hazard(
                "appendonly-on",
                format!(
                    "the server forks and writes its {data} of data; not persistent by the log until that has ended"
                ),
            ));
        }
        ("appendonly", _, Value::Bool(false)) => {
            found.push(hazard("appendonly-off", "writes are no longer logged; the files stay where they are".into()));
        }
        ("save", Some(Value::Save { points: old, .. }), Value::Save { points, .. })
            if points.is_empty() && !old.is_empty() =>
        {
            found.push(hazard("snapshots-off", "no snapshots are written any more".into()));
        }
        ("maxclients", _, Value::Int(to)) => {
            let connected = now.number("connected_clients");
            if u64::try_from(*to).is_ok_and(|to| to < connected) {
                found.push(hazard(
                    "maxclients-below-connected",
                    format!("{connected} clients are connected: new ones are refused until fewer than {to} are left"),
                ));
            }
        }
        ("timeout", Some(Value::Int(from)), Value::Int(to)) if *to > 0 && (*from == 0 || to < from) => {
            let connected = now.number("connected_clients");
            found.push(hazard(
                "drops-idle-clients",
                format!("connections that idle for {to} s are closed; {connected} are open"),
            ));
        }
        ("client-output-buffer-limit", Some(Value::Limits(old)), Value::Limits(new)) => {
            found.extend(now.tightens(old, new));
        }
        ("maxmemory-clients" | "client-query-buffer-limit", _, _) if tighter(from, to) && now.has_clients() => {
            let clients = bytes_in_words(now.number("mem_clients_normal"));
            found.push(hazard(
                "drops-clients",
                format!("clients above the limit are disconnected; they use {clients} now"),
            ));
        }
        ("min-replicas-to-write" | "min-slaves-to-write", _, Value::Int(to)) => {
            let good = running.info().get("min_slaves_good_slaves").and_then(|text| text.parse().ok());
            let good = good.unwrap_or_else(|| now.number("connected_slaves"));
            if now.is("role", "master") && u64::try_from(*to).is_ok_and(|to| to > good) {
                found.push(hazard(
                    "writes-refused",
                    format!("{to} replicas have to be there for a write, and {good} are"),
                ));
            }
        }
        ("stop-writes-on-bgsave-error", _, Value::Bool(true)) if now.is("rdb_last_bgsave_status", "err") => {
            found.push(hazard("writes-refused", "the last snapshot failed, so that writes are refused at once".into()));
        }
        ("protected-mode", _, Value::Bool(false)) => {
            found.push(hazard("exposes", "clients from everywhere are answered, with or without a password".into()));
        }
        ("protected-mode", _, Value::Bool(true)) => {
            found.push(hazard(
                "may-cut-off",
                "without a password only this machine's own addresses are answered".into(),
            ));
        }
        ("bind" | "port" | "unixsocket", _, _) => {
            found.push(hazard("may-cut-off", "the old listener closes; open connections stay".into()));
        }
        (name, _, _) if name.starts_with("tls-") => {
            found.push(hazard("may-cut-off", "new connections shake hands by the new settings".into()));
        }
        (_, _, _) if directive.is.secret => {
            found.push(hazard(
                "credentials",
                format!("open connections stay; new ones need the new one, {}", now.others()),
            ));
        }
        (_, _, _) => {}
    }
    found
}

/// Whether a limit of bytes gets lower, 0 being none.
fn tighter(from: Option<&Value>, to: &Value) -> bool {
    match (from, to) {
        (_, Value::Bytes(0)) => false,
        (Some(Value::Bytes(from)), Value::Bytes(to)) => *from == 0 || to < from,
        (Some(Value::Percent(from)), Value::Percent(to)) => to < from,
        (_, _) => true,
    }
}

/// What INFO says.
struct Now<'a>(&'a Snapshot);

impl Now<'_> {
    fn number(&self, field: &str) -> u64 {
        self.0.info().get(field).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    fn is(&self, field: &str, value: &str) -> bool {
        self.0.info().get(field).is_some_and(|said| said == value)
    }

    fn text(&self, name: &str) -> String {
        self.0.value(name).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
    }

    /// Who else has to know a password.
    fn others(&self) -> String {
        if self.is("cluster_enabled", "1") {
            return "and this is one node of a cluster: the others keep the old one".into();
        }
        if self.is("role", "slave") {
            return "and this is a replica: its primary keeps the old one".into();
        }
        match self.number("connected_slaves") {
            0 => "no replica is linked".into(),
            count => format!("and {count} replicas keep the old one, with which they cannot link again"),
        }
    }

    /// How full it is.
    fn fill(&self) -> String {
        let (used, limit) = (self.number("used_memory"), self.number("maxmemory"));
        match limit {
            0 => format!("{} used, no limit", bytes_in_words(used)),
            _ => format!("{} used of {}", bytes_in_words(used), bytes_in_words(limit)),
        }
    }

    /// Keys of each database, and how many of them expire.
    fn databases(&self) -> impl Iterator<Item = (u64, u64)> {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let part = |text: &str, name: &str| -> u64 {
            let field = text.split(',').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            field.and_then(|number| number.parse().ok()).unwrap_or(0)
        };
        let info = self.0.info().iter();
        let databases = info.filter(move |(field, _)| field.strip_prefix("db").is_some_and(is_number));
        databases.map(move |(_, text)| (part(text, "keys"), part(text, "expires")))
    }

    /// Keys, and how many of them expire, over all databases.
    fn keys(&self) -> (u64, u64) {
        self.databases().fold((0, 0), |(keys, expiring), (more, of_them)| (keys + more, expiring + of_them))
    }

    /// What lowering `maxmemory` does. Replicas ignore it, unless they are told not to.
    fn shrinks_to(&self, limit: u64) -> Option<Hazard> {
        let used = self.number("used_memory").saturating_sub(self.number("mem_not_counted_for_evict"));
        if limit == 0 || used <= limit {
            return None;
        }
        let is_replica = self.is("role", "slave");
        let ignores = ["replica-ignore-maxmemory", "slave-ignore-maxmemory"]
            .iter()
            .any(|name| self.0.value(name) == Some(b"yes"));
        if is_replica && ignores {
            return None;
        }
        let excess = used - limit;
        let (keys, expiring) = self.keys();
        let policy = self.text("maxmemory-policy");
        let over = format!("{} used, {} too much", bytes_in_words(used), bytes_in_words(excess));
        if policy == "noeviction" || keys == 0 || (policy.starts_with("volatile") && expiring == 0) {
            let words = format!("{over}: with {policy} nothing can go, and every write is refused (OOM)");
            return Some(Hazard { id: "maxmemory-below-used", words, is_final: false, keys: Some(0) });
        }
        let data = self.bytes_that_go_with_keys().max(1);
        let going = (u128::from(excess) * u128::from(keys)).div_ceil(u128::from(data));
        let candidates = if policy.starts_with("volatile") { expiring } else { keys };
        let going = u64::try_from(going).unwrap_or(u64::MAX).min(candidates);
        let share = going * 100 / keys.max(1);
        let ttl = expiring * 100 / keys.max(1);
        let words = format!(
            "{over}: evicts about {going} of {keys} keys ({share} %) at once; policy {policy}, {ttl} % of the keys expire"
        );
        Some(Hazard { id: "maxmemory-below-used", words, is_final: true, keys: Some(going) })
    }

    /// What all keys together would give back. INFO counts their entries as overhead, of which only the tables stay.
    ///
    /// Measured on seven servers with strings of 100 B to 3 kB and hashes, some, all or none of which expire: within 4 % of
    /// what was evicted. With values of 8 bytes it is up to 16 % off.
    fn bytes_that_go_with_keys(&self) -> u64 {
        let no_keys = [
            "used_memory_startup",
            "mem_clients_normal",
            "mem_clients_slaves",
            "mem_replication_backlog",
            "mem_aof_buffer",
            "mem_cluster_links",
        ];
        let others: u64 = no_keys.iter().map(|field| self.number(field)).sum();
        let entries = self.number("used_memory_overhead").saturating_sub(others);
        let tables: u64 = self.databases().map(|(keys, expiring)| self.table(keys) + self.table(expiring)).sum();
        self.number("used_memory_dataset") + entries.saturating_sub(tables)
    }

    /// The bytes of a table of so many entries, which has a power of two of places.
    fn table(&self, entries: u64) -> u64 {
        let server = self.0.server;
        let is_in_buckets = server.engine == Engine::Valkey && server.at_least(Engine::Valkey, 8, 1);
        match (entries, is_in_buckets) {
            (0, _) => 0,
            (_, true) => entries.div_ceil(7).next_power_of_two() * 64,
            (_, false) => entries.next_power_of_two() * 8,
        }
    }

    /// Whether anybody is connected beside us; what INFO does not tell may be.
    fn has_clients(&self) -> bool {
        !self.is("connected_clients", "1")
    }

    /// Whether there may be a client of that class.
    fn has_any(&self, class: Class) -> bool {
        match class {
            Class::Normal => self.has_clients(),
            Class::Replica => !self.is("connected_slaves", "0"),
            Class::Pubsub => {
                let counts = ["pubsub_channels", "pubsub_patterns", "pubsubshard_channels"];
                let mut told = counts.iter().filter_map(|field| self.0.info().get(field)).peekable();
                told.peek().is_none() || told.any(|count| count != "0")
            }
        }
    }

    /// Output limits that get tighter.
    fn tightens(&self, old: &[Limit], new: &[Limit]) -> Option<Hazard> {
        let of = |limits: &[Limit], class: Class| limits.iter().rfind(|limit| limit.class == class).copied();
        let is_tighter = |old: u64, new: u64| new != 0 && (old == 0 || new < old);
        let classes: Vec<&str> = Class::ALL
            .into_iter()
            .filter(|class| match (of(old, *class), of(new, *class)) {
                (Some(old), Some(new)) => {
                    is_tighter(old.hard, new.hard)
                        || is_tighter(old.soft, new.soft)
                        || (new.soft != 0 && new.seconds < old.seconds)
                }
                (_, _) => false,
            })
            .filter(|class| self.has_any(*class))
            .map(Class::name)
            .collect();
        if classes.is_empty() {
            return None;
        }
        let biggest = bytes_in_words(self.number("client_recent_max_output_buffer"));
        let words = format!(
            "clients of class {} above the new limit are disconnected; the biggest buffer of late had {biggest}",
            classes.join(", ")
        );
        Some(Hazard { id: "drops-clients", words, is_final: true, keys: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::View;

    fn of(name: &str, from: &str, to: &str, info: &str, config: &[(&str, &str)]) -> Vec<Hazard> {
        let server = "redis-7.4".parse().unwrap();
        let view = View::of(server);
        let directive = view.directives().find(|directive| directive.name() == name).unwrap();
        let reading = crate::syntax::conf::read_alone(crate::source::Name::Stdin, b"", server);
        let empty = crate::config::resolve(&reading, crate::syntax::Mode::Server);
        let pairs = config.iter().copied().collect();
        let running = Snapshot::new(server, pairs, crate::snapshot::parse_info(info.as_bytes()));
        let value = |text: &str| empty.read_back(directive, text.as_bytes()).unwrap();
        hazards(directive, Some(&value(from)), &value(to), &running)
    }

    #[test]
    fn lowering_memory_below_use_is_counted() {
        let info = "used_memory:1100000\nused_memory_dataset:1000000\nmem_not_counted_for_evict:0\nrole:master\ndb0:keys=800,expires=10,avg_ttl=0\ndb3:keys=200,expires=90,avg_ttl=0\n";
        let lru = [("maxmemory-policy", "allkeys-lru")];
        let found = of("maxmemory", "0", "600000", info, &lru);
        assert_eq!((found[0].id, found[0].keys, found[0].is_final), ("maxmemory-below-used", Some(500), true));
        assert!(of("maxmemory", "0", "2000000", info, &lru).is_empty());
        let volatile = of("maxmemory", "0", "600000", info, &[("maxmemory-policy", "volatile-lru")]);
        assert_eq!(volatile[0].keys, Some(100), "no more can go than expire");
        let none = of("maxmemory", "0", "600000", info, &[("maxmemory-policy", "noeviction")]);
        assert!(none[0].words.contains("refused") && !none[0].is_final);
        let replica = info.replace("master", "slave");
        assert!(
            of(
                "maxmemory",
                "0",
                "600000",
                &replica,
                &[("maxmemory-policy", "allkeys-lru"), ("replica-ignore-maxmemory", "yes")]
            )
            .is_empty()
        );
    }

    #[test]
    fn what_only_loosens_is_harmless() {
        for (name, from, to) in [
            ("timeout", "300", "0"),
            ("maxclients", "10", "20"),
            ("maxmemory-policy", "allkeys-lru", "noeviction"),
            ("client-output-buffer-limit", "pubsub 1 1 1", "pubsub 0 0 0"),
            ("maxmemory-clients", "1gb", "0"),
            ("hz", "10", "50"),
        ] {
            assert_eq!(of(name, from, to, "connected_clients:5\n", &[]), [], "{name}");
        }
    }

    #[test]
    fn nobody_is_dropped_where_nobody_is() {
        let tightened = |class: &str, info: &str| {
            let name = "client-output-buffer-limit";
            !of(name, &format!("{class} 0 0 0"), &format!("{class} 1 1 1"), info, &[]).is_empty()
        };
        for (class, nobody, somebody) in [
            ("normal", "connected_clients:1\n", "connected_clients:2\n"),
            ("replica", "connected_slaves:0\n", "connected_slaves:1\n"),
            ("pubsub", "pubsub_channels:0\npubsub_patterns:0\n", "pubsub_channels:0\npubsub_patterns:3\n"),
        ] {
            assert!(!tightened(class, nobody) && tightened(class, somebody) && tightened(class, ""), "{class}");
        }
        assert_eq!(of("maxmemory-clients", "0", "5%", "connected_clients:1\n", &[]), []);
    }

    #[test]
    fn every_danger_has_its_name() {
        let info = "connected_clients:50\nrole:master\nconnected_slaves:1\nrdb_last_bgsave_status:err\n";
        for (name, from, to, id) in [
            ("maxmemory-policy", "noeviction", "allkeys-lru", "eviction-on"),
            ("maxmemory-policy", "volatile-ttl", "allkeys-lfu", "eviction-on"),
            ("appendonly", "no", "yes", "appendonly-on"),
            ("appendonly", "yes", "no", "appendonly-off"),
            ("save", "3600 1", "", "snapshots-off"),
            ("maxclients", "100", "20", "maxclients-below-connected"),
            ("timeout", "0", "300", "drops-idle-clients"),
            ("client-output-buffer-limit", "pubsub 0 0 0", "pubsub 1 1 1", "drops-clients"),
            ("maxmemory-clients", "0", "5%", "drops-clients"),
            ("min-replicas-to-write", "0", "2", "writes-refused"),
            ("stop-writes-on-bgsave-error", "no", "yes", "writes-refused"),
            ("protected-mode", "yes", "no", "exposes"),
            ("port", "6379", "6380", "may-cut-off"),
            ("requirepass", "", "x", "credentials"),
        ] {
            let found = of(name, from, to, info, &[]);
            assert_eq!(found.iter().map(|hazard| hazard.id).collect::<Vec<_>>(), [id], "{name}");
            assert!(HAZARDS.iter().any(|(known, _)| *known == id));
        }
        assert!(HAZARDS.is_sorted());
    }
}
