//! Sets of servers for people.

use super::version::{Engine, Server, all};

/// Servers as ranges: `redis 7.0 – 8.6, valkey 8.0`; all of them are `every version`.
///
/// A range joins neighbours among the catalogued versions of one engine. Servers that are not catalogued are left out.
#[must_use]
pub fn in_words(servers: &[Server]) -> String {
    if all().iter().all(|known| servers.contains(known)) {
        return "every version".into();
    }
    let ranges = [Engine::Redis, Engine::Valkey].into_iter().flat_map(|engine| ranges(engine, servers));
    ranges.collect::<Vec<_>>().join(", ")
}

/// The ranges of one engine, each in words.
fn ranges(engine: Engine, servers: &[Server]) -> Vec<String> {
    let known: Vec<&Server> = all().iter().filter(|known| known.engine == engine).collect();
    if known.iter().all(|server| servers.contains(server)) {
        return vec![format!("every {engine}")];
    }
    let runs = known.split(|server| !servers.contains(server));
    let words = runs.filter_map(|run| match run {
        [] => None,
        [one] => Some(one.to_string()),
        [first, .., last] => Some(format!("{first} – {}", last.series)),
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &[&str]) -> String {
        in_words(&names.iter().map(|name| name.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn neighbours_are_joined_and_gaps_are_not() {
        assert_eq!(words(&["redis-7.0", "redis-7.2", "valkey-8.0"]), "redis 7.0 – 7.2, valkey 8.0");
        assert_eq!(words(&["redis-6.2", "redis-7.2"]), "redis 6.2, redis 7.2");
        assert_eq!(in_words(all()), "every version");
        assert_eq!(words(&[]), "");
    }

    #[test]
    fn a_whole_engine_is_named_as_such() {
        let valkey: Vec<Server> = all().iter().copied().filter(|s| s.engine == Engine::Valkey).collect();
        assert_eq!(in_words(&valkey), "every valkey");
    }
}
