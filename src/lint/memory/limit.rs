//! Rules about `maxmemory` against the memory that is there.

use super::{forks, limit, mebibytes, shown};
use crate::config::{Forks, Room, room_for_data};
use crate::finding::{Fix, Safety, Severity};
use crate::lint::workload::{CACHES, is_replica};
use crate::lint::{Case, Check, Group, Report, Rule, edits};
use crate::syntax::Mode;

pub(crate) static LARGE_SINGLE_INSTANCE: Rule = Rule {
    id: "large-single-instance",
    severity: Severity::Info,
    group: Group::Memory,
    summary: "more data than one server handles with ease",
    docs: "Forks, full synchronisations and restarts take time in proportion to the data: a fork 15 to 100 ms a gigabyte, a
snapshot 6 to 19 s a gigabyte on two cores, loading about 100 MB/s. There is no limit in the server; published guidance
for one shard is 25 GB of data and 25,000 operations a second.

Bad:
    maxmemory 64gb

Good:
    maxmemory 20gb
",
    source: "Tecton, Managing your Redis cluster; forks and snapshots measured on Redis 7.4, 8.2 and Valkey 8.1",
    check: Check::Config(large_single_instance),
    ..Rule::BASE
};

pub(crate) static MAXMEMORY_HEADROOM: Rule = Rule {
    id: "maxmemory-headroom",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "`maxmemory` leaves too little for forks, fragmentation and buffers",
    docs: "`maxmemory` bounds the data, not the process. Beside it there are fragmentation (about 10 %), client buffers, and
during a snapshot, a rewrite or a full synchronisation a copy of every page that is written meanwhile: 83 to 105 % of
the data under random overwrites. Where that does not fit, the kernel ends the server in the middle of a snapshot.
Providers keep 25 % free (AWS; half on the smallest nodes), so more than 75 % of memory is reported where something
forks, 85 % where nothing does, 50 % up to 512 MiB. With the fact `writes` the rule counts as `maxmemory = \"auto\"` in
a profile does.

Bad:
    # redisconf: memory=8gb
    maxmemory 7gb
    save 3600 1

Good:
    # redisconf: memory=8gb
    maxmemory 5gb
    save 3600 1
",
    source: "measured on Redis 7.4, 8.2 and Valkey 8.1; valkey.io/topics/admin; AWS, Azure, Google: memory management",
    facts: &["memory"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(maxmemory_headroom),
    ..Rule::BASE
};

pub(crate) static MAXMEMORY_IMPLAUSIBLY_SMALL: Rule = Rule {
    id: "maxmemory-implausibly-small",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "a limit that is hardly more than an empty server needs",
    docs: "An empty server uses about 1 MB, and each busy client 17 to 50 KB. Below that every write is refused with
`OOM command not allowed`, or every key is evicted at once. A number without a unit counts bytes: `maxmemory 512` is
512 bytes. Below 16 MB the rule warns.

Bad:
    maxmemory 512

Good:
    maxmemory 512mb
",
    source: "measured on Redis 6.2 to 8.2 and Valkey 8.0 to 9.1: with 512 bytes every SET is refused",
    fix: Some(Safety::Unsafe),
    check: Check::Config(maxmemory_implausibly_small),
    ..Rule::BASE
};

pub(crate) static MAXMEMORY_OVER_LIMIT: Rule = Rule {
    id: "maxmemory-over-limit",
    severity: Severity::Error,
    group: Group::Memory,
    summary: "`maxmemory` is as large as the memory there is",
    docs: "The process takes more than its data: fragmentation, buffers, copies during a fork. With `maxmemory` at or above
the container's limit the kernel ends the server before the limit is ever reached, so nothing is evicted and no write
is refused: it is as if there were none.

Bad:
    # redisconf: memory=4gb
    maxmemory 4gb

Good:
    # redisconf: memory=4gb
    maxmemory 2500mb
",
    source: "valkey.io/topics/memory-optimization; ding113/claude-code-hub#1048: 4gb in a pod of 4Gi",
    facts: &["memory"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(maxmemory_over_limit),
    ..Rule::BASE
};

pub(crate) static MAXMEMORY_UNSET: Rule = Rule {
    id: "maxmemory-unset",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "nothing bounds the data but the end of memory",
    docs: "Without `maxmemory` the data grow until the kernel ends the process, and what was not saved is gone. In a container
or with a cache, where growing is the normal case, it is an error; where nothing is known of the place it is only
mentioned. Replicas are left out: they follow their primary and by default do not look at `maxmemory`.

Bad:
    # redisconf: memory=8gb
    port 6379

Good:
    # redisconf: memory=8gb
    maxmemory 4900mb
",
    source: "valkey.io/topics/admin and valkey.io/topics/memory-optimization: of 10 GB free give it 8 or 9",
    fix: Some(Safety::Unsafe),
    check: Check::Config(maxmemory_unset),
    ..Rule::BASE
};

/// What the data of one server may take, by published guidance.
const LARGE: u64 = 25 << 30;

fn large_single_instance(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(bytes) = limit(case).filter(|bytes| *bytes > LARGE) else { return };
    let message = format!("{} of data make forks, synchronisations and restarts slow", shown(bytes));
    report.add(LARGE_SINGLE_INSTANCE.finding(case.place("maxmemory"), message).help("spread the data over a cluster"));
}

fn maxmemory_over_limit(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(bytes), Some(forks)) = (limit(case), forks(case)) else { return };
    let Some(memory) = report.bytes("memory") else { return };
    if bytes < memory {
        return;
    }
    let room = room_for_data(memory, forks, case.facts);
    let message = format!("`maxmemory` {} is no limit where the memory is {}", shown(bytes), shown(memory));
    let finding = MAXMEMORY_OVER_LIMIT
        .finding(case.place("maxmemory"), message)
        .here("the kernel ends the process before this is reached");
    report.add(advised(case, finding, &room));
}

fn maxmemory_headroom(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(bytes), Some(forks)) = (limit(case), forks(case)) else { return };
    let Some(memory) = report.bytes("memory") else { return };
    let room = room_for_data(memory, forks, case.facts);
    // What a fork copies is only guessed unless somebody says how much is written.
    let most = if case.facts.word("writes").is_some() { room.best } else { room.most };
    if bytes >= memory || bytes <= most {
        return;
    }
    for fact in ["writes", "replicas", "connections", "subscribers"] {
        report.used(fact);
    }
    let why = match forks {
        Forks::Never => "fragmentation and buffers".to_owned(),
        Forks::Sometimes => format!("fragmentation, buffers and forks ({})", room.why),
    };
    let left = shown(memory - bytes);
    let message = format!("`maxmemory` {} of {} leaves {left} for {why}", shown(bytes), shown(memory));
    report.add(advised(case, MAXMEMORY_HEADROOM.finding(case.place("maxmemory"), message), &room));
}

/// Says what would fit, if anything sensible does.
fn advised(case: &Case<'_>, finding: crate::finding::Finding, room: &Room) -> crate::finding::Finding {
    if room.best < 16 << 20 {
        return finding.help("give the server more memory: what is left for data is not worth a server");
    }
    let value = mebibytes(room.best);
    let finding = finding.help(format!("set `maxmemory {value}` or less"));
    match edits::set(case, "maxmemory", &[&value]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    }
}

fn maxmemory_implausibly_small(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(bytes) = limit(case).filter(|bytes| *bytes < 16 << 20) else { return };
    if case.facts.word("workload") == Some("dev") {
        return;
    }
    let place = case.place("maxmemory");
    let message = format!("`maxmemory` is {}, and an empty server uses about 1mb", shown(bytes));
    let mut finding = MAXMEMORY_IMPLAUSIBLY_SMALL.finding(place, message);
    if bytes >= 1 << 20 {
        finding.severity = Severity::Warning;
    }
    let plain = case.set_by("maxmemory").and_then(|id| case.public_word(id, 0));
    let plain = plain.filter(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    let meant = plain.and_then(|word| word.parse::<u64>().ok()).filter(|number| (16..=1 << 20).contains(number));
    let finding = match meant {
        Some(number) => {
            let value = format!("{number}mb");
            let finding = finding.help(format!("write `{value}` if megabytes are meant: a plain number counts bytes"));
            match edits::set(case, "maxmemory", &[&value]) {
                Some(edit) => finding.fix(Fix::unsafe_([edit])),
                None => finding,
            }
        }
        None => finding.help("set `maxmemory` to what the data need, 16mb at least"),
    };
    report.add(finding);
}

fn maxmemory_unset(case: &Case<'_>, report: &mut Report<'_>) {
    let unlimited = case.bytes("maxmemory") == Some(0) && (case.is_set("maxmemory") || !case.is_partial());
    if !unlimited || case.mode == Mode::Sentinel || is_replica(case) {
        return;
    }
    let (memory, workload) = (case.facts.bytes("memory"), case.facts.word("workload"));
    let grows = workload.is_some_and(|one| CACHES.contains(&one) || matches!(one, "pubsub" | "rate-limiter"));
    let contained = memory.is_some() && case.facts.word("container") == Some("yes");
    let message = if case.is_set("maxmemory") {
        "`maxmemory 0` is no limit: nothing bounds the data but the end of memory"
    } else {
        "`maxmemory` is not set: nothing bounds the data but the end of memory"
    };
    let mut finding = MAXMEMORY_UNSET.finding(case.place("maxmemory"), message);
    finding.severity = match () {
        () if workload == Some("dev") => Severity::Info,
        () if grows || contained => Severity::Error,
        () if memory.is_some() || workload.is_some() => Severity::Warning,
        () => Severity::Info,
    };
    for fact in ["memory", "workload", "container"] {
        report.used(fact);
    }
    report.add(match (memory, forks(case)) {
        (Some(memory), Some(forks)) => advised(case, finding, &room_for_data(memory, forks, case.facts)),
        (Some(_), None) | (None, _) => {
            finding.help("set `maxmemory` to 60 to 75 % of the memory that the server may use")
        }
    });
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    #[test]
    fn the_place_decides_how_bad_it_is_to_have_no_limit() {
        let rule = |text: &str| found("maxmemory-unset", text);
        assert_eq!(rule("port 1\n")[0].severity.word(), "info");
        assert_eq!(rule("# redisconf: memory=1gb container=yes\nport 1\n")[0].severity.word(), "error");
        assert_eq!(rule("# redisconf: workload=cache\nmaxmemory 0\n")[0].severity.word(), "error");
        assert_eq!(rule("# redisconf: workload=dev\nmaxmemory 0\n")[0].severity.word(), "info");
        for silent in ["maxmemory 1gb\n", "replicaof 10.0.0.1 6379\n", "# redisconf: role=replica memory=1gb\nport 1\n"]
        {
            assert_eq!(rule(silent), [], "{silent}");
        }
        assert_eq!(rule("include away.conf\n"), [], "the included file may set it");
        assert_eq!(rule("maxmemory ${LIMIT}\n"), []);
    }

    #[test]
    fn what_a_profile_would_choose_is_never_too_much() {
        for facts in
            ["memory=4gb writes=heavy", "memory=256mb", "memory=4gb writes=mixed connections=2000", "memory=64gb"]
        {
            for save in ["save \"\"", "save 3600 1"] {
                let text = format!("# redisconf: {facts}\n{save}\n");
                let advice = found("maxmemory-unset", &text)[0].help.clone().unwrap();
                let value = advice.split('`').nth(1).unwrap();
                let text = format!("{text}{value}\n");
                assert_eq!(found("maxmemory-headroom", &text), [], "{text}");
                assert_eq!(found("maxmemory-over-limit", &text), [], "{text}");
            }
        }
    }

    #[test]
    fn a_limit_that_is_misspelt_is_not_a_limit_that_is_missing() {
        let text = "# redisconf: memory=1gb container=yes\nmaxmemory 512Mi\nmaxmemory-policy allkeys-lru\n";
        assert_eq!(found("maxmemory-unset", text), []);
        assert_eq!(found("policy-without-maxmemory", "maxmemory 512Mi\nmaxmemory-policy allkeys-lru\n"), []);
    }

    #[test]
    fn headroom_depends_on_forks_and_writes() {
        let warns = |text: &str| !found("maxmemory-headroom", text).is_empty();
        assert!(!warns("# redisconf: memory=8gb\nmaxmemory 6500mb\nsave \"\"\n"));
        assert!(warns("# redisconf: memory=8gb replicas=1\nmaxmemory 6500mb\nsave \"\"\n"));
        assert!(!warns("# redisconf: memory=8gb\nmaxmemory 6000mb\nsave 3600 1\n"));
        assert!(warns("# redisconf: memory=8gb writes=heavy\nmaxmemory 6000mb\nsave 3600 1\n"));
        assert!(warns("# redisconf: memory=512mb\nmaxmemory 384mb\nsave 3600 1\n"));
        assert!(!warns("# redisconf: memory=512mb\nmaxmemory 256mb\nsave 3600 1\n"));
        assert!(!warns("# redisconf: memory=8gb role=replica\nmaxmemory 8000mb\n"));
    }

    #[test]
    fn a_number_without_a_unit_is_taken_for_megabytes_only_where_that_makes_sense() {
        let help = |text: &str| found("maxmemory-implausibly-small", text)[0].help.clone().unwrap();
        assert!(help("maxmemory 2048\n").contains("`2048mb`"));
        assert!(help("maxmemory 8mb\n").contains("16mb at least"));
        assert_eq!(found("maxmemory-implausibly-small", "maxmemory 8mb\n")[0].severity.word(), "warning");
        assert_eq!(found("maxmemory-implausibly-small", "maxmemory 64mb\n"), []);
    }
}
