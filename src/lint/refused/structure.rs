//! Statements that do not go together, or not into this file.

use super::statement;
use crate::catalog;
use crate::config::Refusal;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};

pub(crate) static INCLUDE_CYCLE: Rule = Rule {
    id: "include-cycle",
    severity: Severity::Fatal,
    summary: "a file includes itself, perhaps by way of others",
    docs: "Servers do not notice and run until their stack ends: they die of a segmentation fault, without a
message.

Bad:
    include a.conf
    ==> a.conf <==
    include a.conf

Good:
    include a.conf
    ==> a.conf <==
    port 6379
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(include_cycle),
    ..Rule::BASE
};

pub(crate) static INCLUDE_UNRESOLVED: Rule = Rule {
    id: "include-unresolved",
    severity: Severity::Fatal,
    summary: "a pattern is included, and the version takes it for the name of a file",
    docs: "Redis 7.0 and later, and Valkey, expand `*`, `?` and `[…]`; a pattern that matches nothing is passed over
there without a word. Redis 6.2 looks for a file of that very name, finds none and stops, naming no line. A file
that is merely not found here is told by `unread-include`: it may lie where the server runs.

Bad:
    # redisconf: server=redis-6.2
    include /etc/redis/conf.d/*.conf

Good:
    # redisconf: server=redis-6.2
    include /etc/redis/conf.d/memory.conf
    ==> /etc/redis/conf.d/memory.conf <==
    maxmemory 1gb
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(include_unresolved),
    ..Rule::BASE
};

pub(crate) static REPLICA_IN_CLUSTER: Rule = Rule {
    id: "replica-in-cluster",
    severity: Severity::Fatal,
    summary: "`replicaof` in cluster mode",
    docs: "In a cluster, CLUSTER REPLICATE makes a node a replica, and the node remembers it in its own file.

Bad:
    cluster-enabled yes
    replicaof 10.0.0.1 6379

Good:
    cluster-enabled yes
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(replica_in_cluster),
    ..Rule::BASE
};

pub(crate) static SENTINEL_OUTSIDE: Rule = Rule {
    id: "sentinel-outside",
    severity: Severity::Fatal,
    summary: "a `sentinel` line in the file of a data server",
    docs: "Only a process that runs as Sentinel reads these lines: `redis-sentinel FILE`, or `redis-server FILE
--sentinel`.

Bad:
    port 6379
    sentinel monitor main 10.0.0.1 6379 2

Good:
    port 6379
",
    group: Group::Syntax,
    source: super::MEASURED,
    check: Check::Refusal(sentinel_outside),
    ..Rule::BASE
};

pub(crate) static SNAPSHOT_NAME: Rule = Rule {
    id: "snapshot-name",
    severity: Severity::Fatal,
    summary: "the snapshot file has a name that cannot be loaded",
    docs: "`.` and `..` are accepted as `dbfilename` and are folders, and no file system takes a name of more than
255 bytes, so loading the snapshot fails. With an append-only file the server starts, and fails at the first
snapshot.

Bad:
    dbfilename .

Good:
    dbfilename dump.rdb
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(snapshot_name),
    ..Rule::BASE
};

pub(crate) static APPEND_ONLY_NAME: Rule = Rule {
    id: "append-only-name",
    severity: Severity::Fatal,
    summary: "the append-only file has a name that cannot be opened",
    docs: "With `appendonly yes` the server makes its files at the start, and ends if it cannot. From Redis 7.0 on the files
are named after `appendfilename`, with up to 14 more bytes, so that 241 of the 255 bytes of a file system are left;
`appenddirname` may take all 255. Redis 6.2 has the one file, which cannot be `.`, `..` or empty.

Bad:
    # redisconf: server=redis-6.2
    appendonly yes
    appendfilename ..

Good:
    # redisconf: server=redis-6.2
    appendonly yes
    appendfilename appendonly.aof
",
    group: Group::Syntax,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(append_only_name),
    ..Rule::BASE
};

fn include_cycle(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    INCLUDE_CYCLE
        .finding(case.word_at(id, 0), format!("`{}` is included while it is being read", case.word(id, 0)))
        .help("break the circle: take this line out, or that which led here")
}

fn include_unresolved(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let path = case.word(statement(refusal), 0);
    INCLUDE_UNRESOLVED
        .finding(refusal.at, format!("{} looks for a file that is called `{path}`", case.server()))
        .help("name each file on a line of its own, or use redis 7.0 or later")
}

fn replica_in_cluster(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let name = case.name(statement(refusal));
    let finding = REPLICA_IN_CLUSTER
        .finding(refusal.at, format!("`{name}` does not go with cluster mode"))
        .help("drop it and use CLUSTER REPLICATE, or set `cluster-enabled no`")
        .fix(Fix::unsafe_([Edit::Drop { statement: refusal.at }]));
    let cluster = catalog::find("cluster-enabled").and_then(|id| case.config.entry(id));
    match cluster.and_then(|entry| entry.standing().last()) {
        Some(part) => finding.label(case.reading.statement(part.by).at, "cluster mode is switched on here"),
        None => finding,
    }
}

fn sentinel_outside(_: &Case<'_>, refusal: &Refusal) -> Finding {
    SENTINEL_OUTSIDE
        .finding(refusal.at, "a `sentinel` line, and the server does not run as Sentinel")
        .help("move it to the file of a Sentinel, or start with `--sentinel`")
}

fn snapshot_name(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let message = match case.reading.arguments(id)[0] {
        b"." | b".." => format!("`{}` is a folder and cannot be loaded as a snapshot", case.word(id, 0)),
        _ => "the name of the snapshot is longer than the 255 bytes that a file system takes".into(),
    };
    let mut words = case.words(id);
    words[1] = b"dump.rdb".to_vec();
    SNAPSHOT_NAME
        .finding(case.word_at(id, 0), message)
        .help("name a file, such as `dump.rdb`")
        .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]))
}

fn append_only_name(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let name = case.name(id);
    let message = match case.reading.arguments(id)[0] {
        b"" => "the append-only file has no name".into(),
        b"." | b".." => format!("`{}` is a folder and cannot be opened as the append-only file", case.word(id, 0)),
        _ => format!("`{name}` is longer than what a file system takes with what the server adds"),
    };
    let good: &[u8] = if name == "appenddirname" { b"appendonlydir" } else { b"appendonly.aof" };
    let mut words = case.words(id);
    words[1] = good.to_vec();
    APPEND_ONLY_NAME
        .finding(case.word_at(id, 0), message)
        .help(format!("write a short name, such as `{}`", String::from_utf8_lossy(good)))
        .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]))
}
