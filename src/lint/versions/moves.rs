//! Rules about going from one version or engine to another as a whole.

use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::{self, Engine};

pub(crate) static CLIENTS_SEE_ANOTHER_ENGINE: Rule = Rule {
    id: "clients-see-another-engine",
    severity: Severity::Info,
    group: Group::Versions,
    summary: "what clients and tools read off the server changes with the engine",
    docs: "Valkey goes on saying `redis_version:7.2.4` whatever its own version, which stands in `valkey_version`; since 8.0
HELLO answers `server valkey`, and INFO says `server_mode` where it said `redis_mode`. Checks that rest on these go
wrong. `extended-redis-compatibility yes` brings the old words of HELLO and `redis_mode` back while clients need them.

Bad:
    # redisconf: server=valkey-8.1
    port 6379
    ==> previous <==
    # redisconf: server=redis-7.2

Good:
    # redisconf: server=valkey-8.1
    port 6379
    ==> previous <==
    # redisconf: server=valkey-8.0
",
    source: "HELLO and INFO of Valkey 8.0, 8.1, 9.1; valkey.io/topics/migration",
    facts: &["previous"],
    check: Check::Config(clients_see_another_engine),
    ..Rule::BASE
};

pub(crate) static DOWNGRADE: Rule = Rule {
    id: "downgrade",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "an older version than the one deployed before",
    docs:
        "No version promises to read what a later one wrote: data files, the file of cluster nodes, ACL rules with newer
commands. Where the format of snapshots differs `snapshot-format-not-loadable` says so; a downgrade within one format
can go well, and nobody tests it. Keep a copy of the data from before the upgrade.

Bad:
    # redisconf: server=redis-8.0
    port 6379
    ==> previous <==
    # redisconf: server=redis-8.2

Good:
    # redisconf: server=redis-8.2
    port 6379
    ==> previous <==
    # redisconf: server=redis-8.0
",
    source: "snapshots of seven servers given to each other: none loads those of a later format",
    facts: &["previous"],
    check: Check::Config(downgrade),
    ..Rule::BASE
};

fn clients_see_another_engine(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    let (old, new) = (previous.server, case.server());
    let speaks_valkey = |server: crate::server::Server| server.at_least(Engine::Valkey, 8, 0);
    if old.engine == new.engine || !(speaks_valkey(old) || speaks_valkey(new)) {
        return;
    }
    if case.is_on("extended-redis-compatibility") == Some(true) {
        return;
    }
    let message = format!("clients that ask which server this is hear other words than from {old}");
    let help = if new.engine == Engine::Valkey {
        "look for checks of `redis_version`, `redis_mode` and HELLO; `extended-redis-compatibility yes` helps meanwhile"
    } else {
        "look for checks of `valkey_version`, `server_mode` and HELLO"
    };
    report.add(CLIENTS_SEE_ANOTHER_ENGINE.finding(case.anchor(), message).help(help));
}

fn downgrade(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    let (old, new) = (previous.server.resolve().known, case.server());
    if old == new || !server::lineage(old).contains(&new) {
        return;
    }
    let message = format!("{new} is older than {old}, which ran before");
    let finding = DOWNGRADE.finding(case.anchor(), message);
    report.add(finding.help(format!("restore the data from before {old}, or stay with {old}")));
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    fn says(rule: &str, new: &str, old: &str) -> bool {
        let text = format!("# redisconf: server={new}\nport 1\n==> previous <==\n# redisconf: server={old}\n");
        !found(rule, &text).is_empty()
    }

    #[test]
    fn the_way_back_to_an_ancestor_is_a_downgrade_and_the_way_across_is_none() {
        assert!(says("downgrade", "redis-7.2", "valkey-8.0") && says("downgrade", "redis-6.2", "redis-7.0"));
        assert!(!says("downgrade", "valkey-8.0", "redis-8.2") && !says("downgrade", "redis-8.2", "valkey-9.0"));
        assert!(says("clients-see-another-engine", "redis-8.2", "valkey-8.1"));
        assert!(!says("clients-see-another-engine", "valkey-7.2", "redis-7.2"));
    }
}
