use std::collections::BTreeMap;

use super::drift::{Expectation, Fate, Standing, Wanted, drift, names_to_ask};
use super::steps::{Done, Plan};
use crate::config::{Config, Secret, resolve};
use crate::snapshot::{Snapshot, parse_info};
use crate::source::Name;
use crate::syntax::{Mode, conf};

const TODAY: &str = "2026-11-22";

fn config(text: &str) -> Config {
    resolve(&conf::read_alone(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap()), Mode::Server)
}

fn running(pairs: &[(&str, &str)], info: &str) -> Snapshot {
    let pairs = pairs.iter().copied().collect();
    Snapshot::new("redis-7.4.1".parse().unwrap(), pairs, parse_info(info.as_bytes()))
}

struct Case<'a> {
    declared: &'a str,
    deployed: Option<&'a str>,
    certain: bool,
    full: bool,
    expected: Vec<Expectation>,
}

const PLAIN: Case<'_> = Case { declared: "", deployed: None, certain: true, full: false, expected: Vec::new() };

/// How each directive stands, whether it counts, and what a restart does.
fn stands(case: &Case<'_>, pairs: &[(&str, &str)]) -> Vec<(&'static str, Standing, Fate, bool)> {
    let (declared, deployed) = (config(case.declared), case.deployed.map(config));
    let wanted = Wanted {
        declared: &declared,
        deployed: deployed.as_ref(),
        is_all_deployed: case.certain,
        secrets: &BTreeMap::new(),
        full: case.full,
        expected: &case.expected,
        today: TODAY,
    };
    let found = drift(wanted, &running(pairs, ""));
    found.rows.into_iter().map(|row| (row.name, row.standing.clone(), row.fate, row.counts())).collect()
}

#[test]
fn what_no_layer_names_never_counts_unless_a_restart_would_lose_it() {
    let shown = [("hz", "50")];
    assert_eq!(stands(&PLAIN, &shown), [("hz", Standing::Unmanaged, Fate::Unknown, false)]);
    let deployed = Case { deployed: Some("hz 50"), ..PLAIN };
    assert_eq!(stands(&deployed, &shown), [("hz", Standing::Unmanaged, Fate::Stays, false)]);
    let lost = Case { deployed: Some(""), ..PLAIN };
    assert_eq!(stands(&lost, &shown), [("hz", Standing::Unmanaged, Fate::Lost, true)]);
    let found = Case { deployed: Some(""), certain: false, ..PLAIN };
    assert_eq!(stands(&found, &shown), [("hz", Standing::Unmanaged, Fate::Unknown, false)], "options may say more");
    let full = Case { full: true, ..PLAIN };
    assert_eq!(stands(&full, &shown), [("hz", Standing::Drift, Fate::Unknown, true)]);
    assert_eq!(stands(&full, &[("port", "7000")]), [], "no default is right for all nodes");
}

#[test]
fn declared_running_and_deployed_are_three() {
    let of = |deployed, value| {
        let case = Case { declared: "maxmemory 8gb", deployed: Some(deployed), ..PLAIN };
        stands(&case, &[("maxmemory", value)])
    };
    assert_eq!(of("maxmemory 8gb", "8589934592"), []);
    assert_eq!(of("", "8589934592"), [("maxmemory", Standing::Equal, Fate::Lost, true)]);
    assert_eq!(of("maxmemory 8gb", "1"), [("maxmemory", Standing::Drift, Fate::Lost, true)]);
    assert_eq!(of("maxmemory 1", "1"), [("maxmemory", Standing::Drift, Fate::Stays, true)]);
    let pending = Case { declared: "io-threads 4", deployed: Some("io-threads 4"), ..PLAIN };
    assert_eq!(stands(&pending, &[("io-threads", "1")]), [("io-threads", Standing::Drift, Fate::Pending, true)]);
}

#[test]
fn what_is_of_one_node_is_left_out_unless_it_is_declared() {
    assert_eq!(stands(&PLAIN, &[("port", "7000")]), []);
    let declared = Case { declared: "port 6379", ..PLAIN };
    assert_eq!(stands(&declared, &[("port", "7000")]), [("port", Standing::Drift, Fate::Unknown, true)]);
}

#[test]
fn an_expected_difference_counts_from_the_day_after() {
    let of = |until: &str| {
        let expected =
            Expectation { directive: "hz".into(), value: "50".into(), reason: "INC-4711".into(), until: until.into() };
        let case = Case { declared: "hz 10", expected: vec![expected], ..PLAIN };
        stands(&case, &[("hz", "50")])
    };
    assert!(matches!(of(TODAY).as_slice(), [(_, Standing::Expected { .. }, _, false)]));
    assert!(matches!(of("2026-11-21").as_slice(), [(_, Standing::Drift, _, true)]));
}

#[test]
fn secrets_are_compared_only_if_they_are_at_hand() {
    let declared = config("requirepass hunter2");
    let secrets = BTreeMap::new();
    assert!(names_to_ask(&declared, &secrets).contains(&"requirepass"));
    assert!(!names_to_ask(&config(""), &secrets).contains(&"requirepass"), "nobody asks for what is not compared");
    let wanted = Wanted {
        declared: &declared,
        deployed: None,
        is_all_deployed: false,
        secrets: &secrets,
        full: true,
        expected: &[],
        today: TODAY,
    };
    let found = drift(wanted, &running(&[("requirepass", "other2")], ""));
    assert_eq!(found.rows[0].standing, Standing::Drift);
    assert!(!format!("{found:?}").contains("hunter2") && !format!("{found:?}").contains("other2"));
    let plan = Plan::mending(wanted, &running(&[("requirepass", "other2")], ""), &found);
    assert!(!format!("{plan:?}").contains("hunter2") && !format!("{plan:?}").contains("other2"));
    assert_eq!(plan.steps().next().unwrap().send, b"hunter2");
    let _ = Secret::new(b"x");
}

fn plan(declared: &str, pairs: &[(&str, &str)], info: &str) -> Plan {
    let declared = config(declared);
    let secrets = BTreeMap::new();
    let wanted = Wanted {
        declared: &declared,
        deployed: None,
        is_all_deployed: false,
        secrets: &secrets,
        full: false,
        expected: &[],
        today: TODAY,
    };
    let running = running(pairs, info);
    let found = drift(wanted, &running);
    Plan::mending(wanted, &running, &found)
}

#[test]
fn harmless_changes_go_first_and_together() {
    let plan = plan(
        "bind 10.0.0.1\nhz 50\ntimeout 0\nappendonly yes\nmaxmemory-policy allkeys-lru\nsave 60 1",
        &[
            ("bind", "* -::*"),
            ("hz", "10"),
            ("timeout", "300"),
            ("appendonly", "no"),
            ("maxmemory-policy", "noeviction"),
            ("save", "3600 1"),
        ],
        "",
    );
    let groups: Vec<Vec<&str>> = plan.groups.iter().map(|group| group.iter().map(|step| step.name).collect()).collect();
    assert_eq!(groups, [vec!["hz", "timeout", "save"], vec!["maxmemory-policy"], vec!["appendonly"], vec!["bind"]]);
    assert_eq!(plan.groups[2][0].done, Done::Rewritten);
    assert_eq!(plan.clear(&[]).unwrap_err().len(), 3);
    let all = ["eviction-on", "appendonly-on", "may-cut-off"].map(str::to_owned);
    assert!(plan.clear(&all).is_ok());
    assert!(plan.clear(&all[..2]).is_err());
}

#[test]
fn what_could_end_the_server_is_never_sent() {
    let tls = plan("tls-cluster yes\ntls-port 0\nbind \"\"", &[("tls-cluster", "no"), ("bind", "* -::*")], "");
    assert_eq!(tls.groups.len(), 0);
    assert_eq!(tls.left.iter().map(|left| left.name).collect::<Vec<_>>(), ["bind", "tls-cluster"]);
    let restart = plan("io-threads 4\ndbfilename x.rdb", &[("io-threads", "1"), ("dbfilename", "dump.rdb")], "");
    assert!(restart.groups.is_empty() && restart.left.len() == 2);
    let loading = plan("appendonly yes", &[("appendonly", "no")], "loading:1\n");
    assert!(loading.groups.is_empty() && !loading.left[0].by_restart);
}

#[test]
fn undoing_leaves_alone_what_somebody_else_has_changed() {
    let now = running(&[("hz", "50"), ("timeout", "7"), ("maxclients", "100")], "");
    let changes = [
        ("hz", Some("10"), Some("50")),
        ("timeout", Some("0"), Some("300")),
        ("maxclients", Some("100"), Some("200")),
        ("requirepass", None, None),
    ];
    let (plan, notes) = Plan::undoing(&now, &changes);
    let steps: Vec<(&str, &[u8])> = plan.steps().map(|step| (step.name, step.send.as_slice())).collect();
    assert_eq!(steps, [("hz", b"10".as_slice())]);
    assert_eq!(notes.len(), 2, "{notes:?}");
}
