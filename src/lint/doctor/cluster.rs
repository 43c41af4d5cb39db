//! A cluster node: its slots, and whether somebody could take over.

use super::measure::{count, count_from, word};
use super::{LIVE, LiveCase};
use crate::finding::{Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static CLUSTER_DEGRADED: Rule = Rule {
    id: "cluster-degraded",
    severity: Severity::Error,
    group: Group::Cluster,
    summary: "slots of the cluster fail or belong to nobody",
    docs: "A cluster has 16384 slots. While one of them is not served, its keys cannot be reached, and with
`cluster-require-full-coverage yes` no key can.

Bad:
    cluster: cluster_state fail
    cluster: cluster_slots_assigned 16384
    cluster: cluster_slots_fail 5461

Good:
    cluster: cluster_state ok
    cluster: cluster_slots_assigned 16384
    cluster: cluster_slots_fail 0
",
    source: "awesome-prometheus-alerts, redis-mixin",
    check: Check::Live(degraded),
    ..LIVE
};

fn degraded(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.info("cluster_enabled") != Some("1") {
        return;
    }
    let Some(cluster) = report.seen("CLUSTER INFO", live.evidence.cluster.as_ref()) else { return };
    let number = |field: &str| cluster.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let state = cluster.get("cluster_state").unwrap_or("?");
    let [assigned, failing, failed] =
        ["cluster_slots_assigned", "cluster_slots_pfail", "cluster_slots_fail"].map(number);
    if state == "ok" && failing + failed == 0 && assigned == 16384 {
        return;
    }
    let message = format!(
        "the cluster is `{}`: {assigned} of 16384 slots are assigned, {failed} fail, {failing} may",
        if state == "ok" { "ok" } else { "fail" }
    );
    let from = "CLUSTER INFO";
    let proof = Proof::of([
        word("cluster_state", state, from),
        count_from("cluster_slots_assigned", assigned, from),
        count_from("cluster_slots_fail", failed, from),
        count_from("cluster_slots_pfail", failing, from),
    ])
    .above("anything but ok, 16384, 0 and 0", "awesome-prometheus-alerts, redis-mixin");
    let mut finding = CLUSTER_DEGRADED.finding(live.place("cluster-enabled"), message).proof(proof);
    if state == "ok" && failed == 0 && assigned == 16384 {
        finding.severity = Severity::Warning;
    }
    report.add(finding.help("see CLUSTER NODES for who is missing; `redis-cli --cluster fix` assigns what nobody has"));
}

pub(in crate::lint) static CLUSTER_WITHOUT_SPARE: Rule = Rule {
    id: "cluster-without-spare",
    group: Group::Cluster,
    summary: "a primary of a cluster has no replica",
    docs: "If this node ends, its slots are not served until it is back, and what was not on its disk is lost.

Bad:
    role: master
    connected_slaves: 0
    cluster: cluster_state ok
    cluster: cluster_slots_assigned 16384

Good:
    role: master
    connected_slaves: 1
    cluster: cluster_state ok
    cluster: cluster_slots_assigned 16384
",
    source: "valkey.io/topics/cluster-tutorial",
    check: Check::Live(spare),
    ..LIVE
};

fn spare(live: &LiveCase<'_>, report: &mut Report<'_>) {
    if live.info("cluster_enabled") != Some("1") || live.is_primary() != Some(true) {
        return;
    }
    let Some(replicas) = report.seen("connected_slaves", live.number("connected_slaves")) else { return };
    if replicas > 0 {
        return;
    }
    let proof =
        Proof::of([count("connected_slaves", replicas)]).above("at least one", "valkey.io/topics/cluster-tutorial");
    let message = "this primary of a cluster has no replica: nobody takes over its slots";
    let help = "add a replica: `redis-cli --cluster add-node … --cluster-slave`";
    report.add(CLUSTER_WITHOUT_SPARE.finding(live.place("cluster-enabled"), message).help(help).proof(proof));
}
