//! Cluster mode: what nodes need to find each other, and what a lost node means.

use super::rule::{Check, Group, Rule};
use super::{Case, Report};
use crate::config::Value;
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::server::Databases;
use crate::syntax::Mode;

pub(crate) static CLUSTER_ANNOUNCE: Rule = Rule {
    id: "cluster-announce",
    severity: Severity::Warning,
    summary: "a cluster node runs behind a port mapping and does not say where it is found",
    docs: "Nodes tell each other, and clients, the address they see of themselves. Behind a bridge that is the container's, and
the bus needs its second port as well. Use the host's network, or set `cluster-announce-ip` (or since Redis 7.0
`cluster-announce-hostname`), `cluster-announce-port` and `cluster-announce-bus-port`.

Bad:
    # redisconf: network=bridge exposure=public
    cluster-enabled yes

Good:
    # redisconf: network=bridge exposure=public
    cluster-enabled yes
    cluster-announce-ip 10.0.0.5
    cluster-announce-port 7000
    cluster-announce-bus-port 17000
",
    group: Group::Cluster,
    source: "valkey.io/topics/cluster-tutorial, \"Valkey Cluster and Docker\"",
    facts: &["network", "exposure"],
    modes: &[Mode::Server],
    check: Check::Config(announce),
    ..Rule::BASE
};

pub(crate) static CLUSTER_DIRECTIVE_IDLE: Rule = Rule {
    id: "cluster-directive-idle",
    severity: Severity::Info,
    summary: "a line about the cluster, and the server is in none",
    docs: "Without `cluster-enabled yes` the other `cluster-` lines are read and do nothing. Either the switch is missing, and
every node is a server of its own, or the lines are left over.

Bad:
    cluster-node-timeout 15000

Good:
    cluster-enabled yes
    cluster-node-timeout 15000
",
    group: Group::Cluster,
    source: "seven servers, run",
    fix: Some(Safety::Safe),
    modes: &[Mode::Server],
    check: Check::Config(directive_idle),
    ..Rule::BASE
};

pub(crate) static CLUSTER_FULL_COVERAGE: Rule = Rule {
    id: "cluster-full-coverage",
    severity: Severity::Info,
    summary: "one lost shard stops a cluster that is only a cache",
    docs: "With `cluster-require-full-coverage yes`, which is built in, all nodes refuse all commands as long as one slot has
no node. For a cache the other shards are better than nothing: the application falls back for one share of the keys.

Bad:
    # redisconf: workload=cache
    cluster-enabled yes

Good:
    # redisconf: workload=cache
    cluster-enabled yes
    cluster-require-full-coverage no
",
    group: Group::Cluster,
    source: "valkey.io/topics/cluster-tutorial, \"Valkey Cluster configuration parameters\"",
    facts: &["workload"],
    modes: &[Mode::Server],
    check: Check::Config(full_coverage),
    ..Rule::BASE
};

pub(crate) static NODE_TIMEOUT: Rule = Rule {
    id: "node-timeout",
    severity: Severity::Warning,
    summary: "a node counts as failed too soon or too late",
    docs: "Below 1000 ms a fork, a slow command or a lost packet moves a shard to its replica, which costs a full copy. Above
60000 ms a dead primary leaves its slots without a server for longer than a minute. The built-in value is 15000;
even 0 is accepted.

Bad:
    cluster-enabled yes
    cluster-node-timeout 500

Good:
    cluster-enabled yes
    cluster-node-timeout 15000
",
    group: Group::Cluster,
    source: "valkey.io/topics/cluster-spec, \"Failure detection\"; forks measured on redis 7.4, 8.2 and valkey 8.1",
    modes: &[Mode::Server],
    check: Check::Config(node_timeout),
    ..Rule::BASE
};

pub(crate) static CLUSTER_STATE_LOST: Rule = Rule {
    id: "cluster-state-lost",
    severity: Severity::Error,
    summary: "a cluster node forgets who it is at every restart",
    docs: "Identity, slots and the addresses of the others stand in `cluster-config-file`, beside the data. On a volume that
ends with the container a restarted node is a stranger without slots; the old one stays in the tables of the others
as failed.

Bad:
    # redisconf: volume=ephemeral
    cluster-enabled yes

Good:
    # redisconf: volume=persistent
    cluster-enabled yes
",
    group: Group::Cluster,
    source: "valkey.io/topics/cluster-tutorial, \"Creating a Valkey Cluster\"",
    facts: &["volume"],
    modes: &[Mode::Server],
    check: Check::Config(state_lost),
    ..Rule::BASE
};

pub(crate) static CLUSTER_TLS_PARTIAL: Rule = Rule {
    id: "cluster-tls-partial",
    severity: Severity::Error,
    summary: "cluster nodes have only encrypted ports and talk to each other in clear",
    docs: "`tls-port` is for clients. The cluster bus is encrypted with `tls-cluster yes`, and a replica reaches its primary's
encrypted port with `tls-replication yes`; with `port 0` there is no other port to reach.

Bad:
    cluster-enabled yes
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt

Good:
    cluster-enabled yes
    port 0
    tls-port 6379
    tls-cluster yes
    tls-replication yes
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt
",
    group: Group::Cluster,
    source: "valkey.io/topics/encryption",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(tls_partial),
    ..Rule::BASE
};

pub(crate) static CLUSTER_VALIDITY_OFF: Rule = Rule {
    id: "cluster-validity-off",
    severity: Severity::Warning,
    summary: "a replica with data of any age may become the primary",
    docs: "A replica that has been away for longer than `cluster-node-timeout` times `cluster-replica-validity-factor`, 10 by
default, does not stand for election. With 0 it does, whatever it missed: the shard is back at once and may have
lost hours. For data that must be right keep the factor.

Bad:
    cluster-enabled yes
    cluster-replica-validity-factor 0

Good:
    cluster-enabled yes
    cluster-replica-validity-factor 10
",
    group: Group::Cluster,
    source: "valkey.io/topics/cluster-tutorial, \"Valkey Cluster configuration parameters\"",
    modes: &[Mode::Server],
    check: Check::Config(validity_off),
    ..Rule::BASE
};

pub(crate) static DATABASES_IN_CLUSTER: Rule = Rule {
    id: "databases-in-cluster",
    severity: Severity::Warning,
    summary: "a cluster has one database, whatever is set",
    docs: "In cluster mode SELECT of another database is refused. Redis 7.2 to 8.6 and Valkey 7.2 to 8.1 change `databases` to 1
and say so in the log; Redis 6.2 and 7.0 keep the number, to no use. Valkey 9.0 and later have several, by the name
`cluster-databases`.

Bad:
    cluster-enabled yes
    databases 32

Good:
    cluster-enabled yes
",
    group: Group::Cluster,
    source: "seven servers, run",
    fix: Some(Safety::Safe),
    modes: &[Mode::Server],
    check: Check::Config(databases),
    ..Rule::BASE
};

/// Whether the file is that of a cluster node; `None` if a template says.
fn is_node(case: &Case<'_>) -> Option<bool> {
    case.is_on("cluster-enabled")
}

/// Whether a text is set; true if a template says.
fn has_text(case: &Case<'_>, name: &str) -> bool {
    case.get(name).is_some_and(|value| !matches!(value, Value::Text(text) if text.is_empty()))
}

fn announce(case: &Case<'_>, report: &mut Report<'_>) {
    let is_set = ["cluster-announce-ip", "cluster-announce-hostname"].iter().any(|name| has_text(case, name));
    if case.is_partial() || is_set || is_node(case) != Some(true) {
        return;
    }
    if report.word("network") != Some("bridge") {
        return;
    }
    let Some(exposure) = report.word("exposure").filter(|exposure| *exposure != "loopback") else { return };
    let mut finding = CLUSTER_ANNOUNCE
        .finding(case.place("cluster-enabled"), "the other nodes and clients are told the container's own address")
        .help("use the host's network, or set `cluster-announce-ip` and both ports");
    // Within one private network of containers the address may well be reached.
    if exposure == "private" {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

fn directive_idle(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_partial() || is_node(case) != Some(false) {
        return;
    }
    for entry in case.config.entries() {
        let Some(directive) = case.config.view.get(entry.id) else { continue };
        if directive.family != "cluster" || directive.name() == "cluster-enabled" {
            continue;
        }
        for part in entry.standing().filter(|part| !case.is_generated(part.by)) {
            let at = case.at(part.by);
            report.add(
                CLUSTER_DIRECTIVE_IDLE
                    .finding(at, format!("`{}` does nothing without `cluster-enabled yes`", case.name(part.by)))
                    .help("drop the line, or switch cluster mode on")
                    .fix(Fix::safe([Edit::Drop { statement: at }])),
            );
        }
    }
}

fn full_coverage(case: &Case<'_>, report: &mut Report<'_>) {
    if is_node(case) != Some(true) || case.is_on("cluster-require-full-coverage") != Some(true) {
        return;
    }
    // A line of its own says that somebody chose.
    if case.is_partial() || case.is_set("cluster-require-full-coverage") {
        return;
    }
    if report.word("workload").is_some_and(|workload| workload.contains("cache")) {
        report.add(
            CLUSTER_FULL_COVERAGE
                .finding(case.place("cluster-enabled"), "one lost shard makes all nodes refuse all commands")
                .help("set `cluster-require-full-coverage no`, or `yes` if that is meant"),
        );
    }
}

fn node_timeout(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(time) = case.int("cluster-node-timeout").filter(|_| is_node(case) == Some(true)) else { return };
    let message = match time {
        ..1000 => format!("a node counts as failed after {time} ms: a fork or a slow command takes as long"),
        60_001.. => format!("a node counts as failed only after {} s, in which its slots have no server", time / 1000),
        _ => return,
    };
    report.add(
        NODE_TIMEOUT.finding(case.place("cluster-node-timeout"), message).help("set 5000 to 30000; 15000 is built in"),
    );
}

fn state_lost(case: &Case<'_>, report: &mut Report<'_>) {
    if is_node(case) != Some(true) {
        return;
    }
    let Some(volume @ ("ephemeral" | "none")) = report.word("volume") else { return };
    let lies = if volume == "none" { "in the container" } else { "on a volume that ends with the container" };
    report.add(
        CLUSTER_STATE_LOST
            .finding(case.place("cluster-enabled"), format!("identity and slots are kept {lies}"))
            .help("keep the data directory on a persistent volume"),
    );
}

fn tls_partial(case: &Case<'_>, report: &mut Report<'_>) {
    let only_encrypted = case.int("port") == Some(0) && case.int("tls-port").is_some_and(|port| port > 0);
    if case.is_partial() || !only_encrypted || is_node(case) != Some(true) {
        return;
    }
    let missing: Vec<&str> =
        ["tls-cluster", "tls-replication"].into_iter().filter(|name| case.is_on(name) == Some(false)).collect();
    if missing.is_empty() {
        return;
    }
    let at = case.place("tls-port");
    let edit = |name: &&str| match case.set_by(name) {
        Some(id) => Edit::Put { statement: case.at(id), words: line(name, "yes") },
        None => Edit::Add { after: at, words: line(name, "yes") },
    };
    let names = missing.iter().map(|name| format!("`{name} yes`")).collect::<Vec<_>>().join(" and ");
    report.add(
        CLUSTER_TLS_PARTIAL
            .finding(at, "only the encrypted port is open, and nodes do not encrypt what they say to each other")
            .help(format!("set {names}"))
            .fix(Fix::unsafe_(missing.iter().map(edit).collect::<Vec<_>>())),
    );
}

/// Name and value as words of a statement.
fn line(name: &str, value: &str) -> Vec<Vec<u8>> {
    vec![name.as_bytes().to_vec(), value.as_bytes().to_vec()]
}

fn validity_off(case: &Case<'_>, report: &mut Report<'_>) {
    if is_node(case) == Some(true) && case.int("cluster-replica-validity-factor") == Some(0) {
        report.add(
            CLUSTER_VALIDITY_OFF
                .finding(
                    case.place("cluster-replica-validity-factor"),
                    "a replica that missed hours may become the primary",
                )
                .help("set the factor to 10, unless being there matters more than being right"),
        );
    }
}

fn databases(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("databases").filter(|_| is_node(case) == Some(true)) else { return };
    let Some(Value::Int(wanted)) = case.known("databases").and_then(|directive| {
        let entry = case.config.entry(directive.id)?;
        entry.standing().last()?.value.clone().ok()
    }) else {
        return;
    };
    if wanted <= 1 {
        return;
    }
    let message = format!("`databases {wanted}` in cluster mode, which has one");
    let finding = DATABASES_IN_CLUSTER.finding(case.at(id), message);
    let mut finding = if case.known("cluster-databases").is_some() {
        finding.help(format!("drop the line, or write `cluster-databases {wanted}`"))
    } else {
        finding.help("drop the line")
    };
    if case.config.server.habits().databases_in_cluster == Databases::One {
        finding = finding.fix(Fix::safe([Edit::Drop { statement: case.at(id) }]));
    }
    // The number of the shipped file: nobody meant anything by it.
    if wanted == 16 {
        finding.severity = Severity::Info;
    }
    report.add(finding);
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::inspected;

    fn found(rule: &str, text: &str) -> Vec<String> {
        let (inspection, _) = inspected(text);
        let own = inspection.findings.iter().filter(|finding| finding.rule == rule);
        own.map(|finding| format!("{} {}", finding.severity, finding.message)).collect()
    }

    #[test]
    fn the_number_of_the_shipped_file_is_no_more_than_a_remark() {
        let of = |number: u32| found("databases-in-cluster", &format!("cluster-enabled yes\ndatabases {number}\n"));
        assert!(of(16)[0].starts_with("info") && of(4)[0].starts_with("warning") && of(1).is_empty());
        assert!(found("databases-in-cluster", "databases 32\n").is_empty());
    }

    #[test]
    fn what_a_template_fills_in_is_not_judged() {
        let text =
            "cluster-enabled ${CLUSTER}\ncluster-node-timeout ${TIMEOUT}\ncluster-announce-ip ${IP}\ndatabases ${N}\n";
        let (inspection, _) = inspected(&format!("# redisconf: network=bridge exposure=public volume=none\n{text}"));
        assert!(
            inspection.findings.iter().all(|finding| !finding.rule.contains("cluster")),
            "{:?}",
            inspection.findings
        );
    }

    #[test]
    fn an_announced_name_is_enough() {
        let text = "# redisconf: network=bridge exposure=public\ncluster-enabled yes\n";
        assert_eq!(found("cluster-announce", text).len(), 1);
        assert!(found("cluster-announce", &format!("{text}cluster-announce-hostname a.example\n")).is_empty());
        assert!(found("cluster-announce", &text.replace("bridge", "host")).is_empty());
        assert!(found("cluster-announce", &text.replace("public", "private"))[0].starts_with("info"));
    }
}
