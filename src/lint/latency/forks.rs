//! Rules about forks, which snapshots, rewrites and full synchronisations need.

use std::collections::BTreeSet;

use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static FORK_CHILD_SHARES_CORE: Rule = Rule {
    id: "fork-child-shares-core",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "snapshots and rewrites are pinned to the cores of the server itself",
    docs: "A snapshot keeps a core busy for seconds a gigabyte. Pinned to the core of the main thread, it takes half of
that core from every command for all that time.

Bad:
    server-cpulist 0-3
    bgsave-cpulist 2,3

Good:
    server-cpulist 0-3
    bgsave-cpulist 4,5
",
    source: "valkey.io/topics/latency",
    modes: &[Mode::Server],
    check: Check::Config(fork_child_shares_core),
    ..Rule::BASE
};

pub(crate) static OVERCOMMIT_OFF: Rule = Rule {
    id: "overcommit-off",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "the host may refuse the fork that snapshots and rewrites need",
    docs:
        "A fork asks for as much memory as the server has, although it uses little of it. With vm.overcommit_memory at
0 the kernel guesses and refuses when memory is short, at 2 it always counts in full: 3 GB of data with 2 GB free
cannot be saved, and with `stop-writes-on-bgsave-error` writes fail from then on. Every server warns of it at the
start.

Bad:
    # redisconf: server=redis-7.4 overcommit=0
    save 3600 1

Good:
    # redisconf: server=redis-7.4 overcommit=1
    save 3600 1
",
    source: "valkey.io/topics/faq, valkey.io/topics/admin; the warning measured on twelve servers",
    facts: &["overcommit"],
    modes: &[Mode::Server],
    check: Check::Config(overcommit_off),
    ..Rule::BASE
};

pub(crate) static THP_ALWAYS: Rule = Rule {
    id: "thp-always",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "transparent huge pages are left on, which makes every fork expensive",
    docs:
        "With huge pages a write after a fork copies 2 MB instead of 4 KB: latencies rise to tens of milliseconds, and
a snapshot may need twice the memory. The server switches them off for itself unless it is told not to. Where the host
says `madvise` or `never`, nothing happens either way.

Bad:
    disable-thp no

Good:
    disable-thp yes
",
    source: "valkey.io/topics/latency; redis, syscheck.c",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(thp_always),
    ..Rule::BASE
};

fn thp_always(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("disable-thp") else { return };
    let host = case.facts.word("thp");
    if case.is_on("disable-thp") != Some(false) || matches!(host, Some("madvise" | "never")) {
        return;
    }
    report.used("thp");
    let message = match host {
        Some(_) => "transparent huge pages are on, on this host and for the server",
        None => "transparent huge pages stay on where the host has them on",
    };
    let finding = THP_ALWAYS
        .finding(case.at(id), message)
        .help("set `disable-thp yes`")
        .fix(Fix::unsafe_([case.put_value(id, "yes")]));
    report.add(finding);
}

fn overcommit_off(case: &Case<'_>, report: &mut Report<'_>) {
    let replicates = case.facts.count("replicas").is_some_and(|replicas| replicas > 0);
    let forks =
        case.persists() == Some(true) && (case.is_set("save") || case.is_set("appendonly") || !case.is_partial());
    if !forks && !replicates {
        return;
    }
    let Some(setting @ ("0" | "2")) = report.word("overcommit") else { return };
    let at = if case.is_on("appendonly") == Some(true) { case.place("appendonly") } else { case.place("save") };
    let finding = OVERCOMMIT_OFF
        .finding(at, format!("vm.overcommit_memory is {setting} on the host: the fork for this may be refused"))
        .help("set `vm.overcommit_memory = 1` in /etc/sysctl.conf");
    report.add(finding);
}

fn fork_child_shares_core(case: &Case<'_>, report: &mut Report<'_>) {
    let list = |name: &str| case.text(name).and_then(|text| cpu_list(&String::from_utf8_lossy(text)));
    let Some(server) = list("server-cpulist") else { return };
    for (name, what) in [("bgsave-cpulist", "snapshots"), ("aof-rewrite-cpulist", "rewrites of the append-only file")] {
        let shared = list(name).and_then(|child| server.intersection(&child).next().copied());
        if let Some(core) = shared {
            let finding = FORK_CHILD_SHARES_CORE
                .finding(case.place(name), format!("{what} may run on core {core}, which is the server's"))
                .label(case.place("server-cpulist"), "the server runs here")
                .help("give them cores of their own");
            report.add(finding);
        }
    }
}

/// The cores of `0-3,8`, or of `0-7:2` for every second; `None` if it is no list, or empty.
fn cpu_list(text: &str) -> Option<BTreeSet<u16>> {
    let mut cores = BTreeSet::new();
    for part in text.split(',').map(str::trim) {
        let (range, step) = part.split_once(':').unwrap_or((part, "1"));
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u16, u16) = (first.parse().ok()?, last.parse().ok()?);
        let step: usize = step.parse().ok().filter(|step| *step > 0)?;
        cores.extend((first..=last).step_by(step));
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tests::said;

    #[test]
    fn lists_of_cores_are_sets() {
        let list = |text: &str| cpu_list(text).map(|cores| cores.into_iter().collect::<Vec<_>>());
        assert_eq!(list("0-3,8"), Some(vec![0, 1, 2, 3, 8]));
        assert_eq!(list("0-7:2"), Some(vec![0, 2, 4, 6]));
        assert_eq!((list(""), list("a-b"), list("1-3:0")), (None, None, None));
    }

    #[test]
    fn what_the_host_says_decides_about_huge_pages() {
        let said =
            |facts: &str| said("thp-always", &format!("# redisconf: server=redis-7.4 {facts}\ndisable-thp no\n")).len();
        assert_eq!((said("thp=always"), said(""), said("thp=madvise")), (1, 1, 0));
    }
}
