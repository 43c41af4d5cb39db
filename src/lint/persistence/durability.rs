//! Rules about what is left after a restart, against what must be.

use super::{Worth, appends, is_known, saves, worth};
use crate::catalog::Kind;
use crate::config::Value;
use crate::facts::Said;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::workload::is_replica;
use crate::lint::{Case, Check, Group, Report, Rule, edits};
use crate::syntax::Mode;

pub(crate) static DATA_DIR_UNSAFE: Rule = Rule {
    id: "data-dir-unsafe",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "data are kept where they do not last",
    docs: "Snapshots and the append-only file lie in `dir`. Under `/tmp`, `/dev/shm` or `/run` a reboot empties it; without a
volume (`volume=none`, `volume=ephemeral`) the container's end does, which for data that must last is an error. A
relative `dir`, or none, means the folder the server is started in: `/data` in the official images, `/` under many
service managers.

Bad:
    dir /tmp
    save 300 1

Good:
    dir /var/lib/redis
    save 300 1
",
    source: "valkey.io/topics/persistence; the Dockerfiles of the official images",
    check: Check::Config(data_dir_unsafe),
    ..Rule::BASE
};

pub(crate) static LOSS_WINDOW_TOO_LONG: Rule = Rule {
    id: "loss-window-too-long",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "a crash may cost more writes than is accepted",
    docs: "Between two snapshots everything is only in memory: with `save 3600 1` a crash costs up to an hour of writes. Only
points with one change bound that time, since `300 100` waits as long as 99 changes take. The append-only file loses
about a second with `everysec`, 30 s with `no`, nothing with `always`. The fact `data-loss-accepted` says what may be
lost.

Bad:
    # redisconf: data-loss-accepted=5m
    save 3600 1

Good:
    # redisconf: data-loss-accepted=5m
    save 300 1
",
    source: "measured on all twelve servers; valkey.io/topics/persistence",
    facts: &["data-loss-accepted"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(loss_window_too_long),
    ..Rule::BASE
};

pub(crate) static NO_PERSISTENCE_FOR_DURABLE: Rule = Rule {
    id: "no-persistence-for-durable",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "a restart empties a server whose data must last",
    docs: "With `save \"\"` and `appendonly no` nothing reaches a disk: a crash, an upgrade and a plain SIGTERM all leave an
empty server. For jobs, sessions, locks or data that exist nowhere else that is loss. Replicas are left out, whose
primary keeps the data.

Bad:
    # redisconf: workload=queue
    save \"\"
    appendonly no

Good:
    # redisconf: workload=queue
    save 3600 1
    appendonly yes
",
    source: "measured on Redis 6.2 to 8.2 and Valkey 8.0 to 9.1: SIGTERM with `save \"\"` writes nothing",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(no_persistence_for_durable),
    ..Rule::BASE
};

pub(crate) static PERSISTENCE_WITHOUT_NEED: Rule = Rule {
    id: "persistence-without-need",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "disk and memory are spent on data that nobody would miss",
    docs:
        "Snapshots and log rewrites fork, and a fork wants memory that could hold data (see `maxmemory-headroom`). Three
save points are built in, so it takes `save \"\"` to have none. Messages that are published never enter the append-only
file. Keep snapshots where a cold cache would overload the database behind it, and say so: `workload=cache-warm`.

Bad:
    # redisconf: workload=pubsub
    save \"\"
    appendonly yes

Good:
    # redisconf: workload=pubsub
    save \"\"
    appendonly no
",
    source: "PUBLISH in pubsub.c of Redis 7.4: replicated, not logged; measured on all twelve servers",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(persistence_without_need),
    ..Rule::BASE
};

pub(crate) static SHUTDOWN_DROPS_DATA: Rule = Rule {
    id: "shutdown-drops-data",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "an orderly restart leaves a cache cold that should stay warm",
    docs: "Without save points SIGTERM writes nothing. `shutdown-on-sigterm save` writes a snapshot then and at no other time:
no forks, and a cache that is costly to refill survives upgrades. A crash still empties it.

Bad:
    # redisconf: workload=cache-warm
    save \"\"

Good:
    # redisconf: workload=cache-warm
    save \"\"
    shutdown-on-sigterm save
",
    source: "measured on Redis 7.0, 8.2 and Valkey 8.0 to 9.1",
    servers: &["redis >= 7.0", "valkey"],
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(shutdown_drops_data),
    ..Rule::BASE
};

/// Whether nothing at all reaches a disk.
fn keeps_nothing(case: &Case<'_>) -> bool {
    saves(case) == Some(false) && appends(case) == Some(false) && case.mode == Mode::Server
}

fn no_persistence_for_durable(case: &Case<'_>, report: &mut Report<'_>) {
    if !keeps_nothing(case) || is_replica(case) {
        return;
    }
    let Some(workload) = report.word("workload") else { return };
    if worth(case) != Worth::Durable {
        return;
    }
    let message = format!("every restart empties this {workload}: no snapshot is taken and no log is written");
    let finding = NO_PERSISTENCE_FOR_DURABLE.finding(case.place("save"), message);
    let finding = finding.help("set `appendonly yes` and a save point such as `save 3600 1`");
    let edits = [edits::set(case, "save", &["3600", "1"]), edits::set(case, "appendonly", &["yes"])];
    report.add(unsafe_fix(finding, edits));
}

fn persistence_without_need(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(saves), Some(appends)) = (saves(case), appends(case)) else { return };
    if !saves && !appends || case.mode == Mode::Sentinel {
        return;
    }
    let Some(workload) = report.word("workload") else { return };
    if worth(case) != Worth::Transient {
        return;
    }
    let (what, at) = match (saves, appends) {
        (true, true) => ("snapshots and an append-only file", "appendonly"),
        (true, false) => ("snapshots", "save"),
        (false, _) => ("an append-only file", "appendonly"),
    };
    let message = if workload == "pubsub" {
        format!("{what} of a server that passes messages on: what is published never gets there")
    } else {
        format!("{what} cost forks and memory, and nobody would miss the data")
    };
    let finding = PERSISTENCE_WITHOUT_NEED.finding(case.place(at), message);
    let finding = finding.help("set `save \"\"` and `appendonly no`");
    let save = saves.then(|| edits::set(case, "save", &[""])).flatten();
    let log = appends.then(|| edits::set(case, "appendonly", &["no"])).flatten();
    let several = saves && case.statements_of("save").count() > 1;
    let edits: Vec<Edit> = save.into_iter().chain(log).collect();
    // Of several `save` lines one alone cannot say it.
    report.add(if several || edits.is_empty() { finding } else { finding.fix(Fix::unsafe_(edits)) });
}

/// All of the edits, or none.
fn unsafe_fix<const N: usize>(finding: Finding, edits: [Option<Edit>; N]) -> Finding {
    match edits.into_iter().collect::<Option<Vec<Edit>>>() {
        Some(edits) => finding.fix(Fix::unsafe_(edits)),
        None => finding,
    }
}

fn loss_window_too_long(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(saves), Some(appends)) = (saves(case), appends(case)) else { return };
    if !saves && !appends || case.mode == Mode::Sentinel || is_replica(case) || worth(case) == Worth::Transient {
        return;
    }
    let Some(accepted) = report.milliseconds("data-loss-accepted") else { return };
    let said = Said::Milliseconds(accepted);
    if appends {
        let (window, better) = match case.choice("appendfsync") {
            Some("everysec") => (1000, "always"),
            Some("no") => (30_000, if accepted < 1000 { "always" } else { "everysec" }),
            Some(_) | None => return,
        };
        if window > accepted && is_known(case, "appendfsync") {
            let at = case.place(if case.is_set("appendfsync") { "appendfsync" } else { "appendonly" });
            let message = format!(
                "up to {} of writes are lost with the host, and {said} are accepted",
                Said::Milliseconds(window)
            );
            let finding = LOSS_WINDOW_TOO_LONG.finding(at, message).help(format!("set `appendfsync {better}`"));
            report.add(unsafe_fix(finding, [edits::set(case, "appendfsync", &[better])]));
        }
        return;
    }
    let points = case.save_points().unwrap_or_default();
    let worst = points.iter().filter(|point| point.changes <= 1).map(|point| point.seconds).min();
    let worst = worst.and_then(|seconds| u64::try_from(seconds).ok()).map(|seconds| seconds.saturating_mul(1000));
    if worst.is_some_and(|worst| worst <= accepted) {
        return;
    }
    let message = match worst {
        Some(worst) => format!("a crash costs up to {} of writes, and {said} are accepted", Said::Milliseconds(worst)),
        None => format!(
            "no save point bounds what a crash costs, and {said} are accepted: each waits for more than one change"
        ),
    };
    let finding = LOSS_WINDOW_TOO_LONG.finding(case.place("save"), message);
    if accepted < 60_000 {
        let help =
            "write an append-only file; on a running server by `CONFIG SET appendonly yes` first, and then in the file";
        report.add(finding.help(help));
        return;
    }
    let seconds = (accepted / 1000).to_string();
    let finding = finding.help(format!("set `save {seconds} 1`"));
    let one_line = case.statements_of("save").count() <= 1;
    let edit = edits::set(case, "save", &[&seconds, "1"]).filter(|_| one_line);
    report.add(unsafe_fix(finding, [edit]));
}

fn shutdown_drops_data(case: &Case<'_>, report: &mut Report<'_>) {
    if !keeps_nothing(case) || !is_known(case, "shutdown-on-sigterm") {
        return;
    }
    let Some(directive) = case.known("shutdown-on-sigterm") else { return };
    let (Kind::Flags(words), Some(Value::Flags(bits))) = (&directive.kind, case.config.effective(directive)) else {
        return;
    };
    let saves = words.iter().any(|word| word.name == "save" && word.bits & bits != 0);
    if saves || report.word("workload") != Some("cache-warm") {
        return;
    }
    let finding = SHUTDOWN_DROPS_DATA
        .finding(case.place("save"), "nothing is written on SIGTERM, so every restart is a cold one");
    let finding = finding.help("set `shutdown-on-sigterm save`, or a save point");
    report.add(unsafe_fix(finding, [edits::set(case, "shutdown-on-sigterm", &["save"])]));
}

/// Folders that a reboot empties.
const FLEETING: &[&str] = &["/tmp", "/var/tmp", "/dev/shm", "/run", "/var/run"];

fn data_dir_unsafe(case: &Case<'_>, report: &mut Report<'_>) {
    let keeps = saves(case) == Some(true) || appends(case) == Some(true);
    if !keeps || !is_known(case, "dir") || case.mode == Mode::Sentinel || worth(case) == Worth::Transient {
        return;
    }
    let at = case.place("dir");
    let path = if case.is_set("dir") { case.text("dir") } else { None };
    let path = path.map(|path| String::from_utf8_lossy(path).into_owned());
    if case.is_set("dir") && path.is_none() {
        return;
    }
    let under = |folder: &&&str| {
        let rest = path.as_ref().and_then(|path| path.strip_prefix(**folder));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    if let Some(folder) = FLEETING.iter().find(under) {
        let finding =
            DATA_DIR_UNSAFE.finding(at, format!("`{folder}` does not survive a reboot, and data are kept there"));
        report.add(finding.help("choose a folder that lasts, such as `/var/lib/redis`"));
        return;
    }
    let volume = case.facts.word("volume");
    if let Some(word @ ("ephemeral" | "none")) = volume {
        let lost = if word == "none" { "no volume is mounted for them" } else { "the volume goes with the container" };
        let mut finding = DATA_DIR_UNSAFE.finding(at, format!("data are kept, and {lost}"));
        if worth(case) == Worth::Durable {
            finding.severity = Severity::Error;
        }
        report.used("volume");
        report.used("workload");
        report.add(finding.help("mount a persistent volume at `dir`"));
        return;
    }
    let relative = path.as_ref().is_none_or(|path| !path.starts_with('/'));
    let image = case.facts.word("image");
    if relative && volume.is_none() && matches!(image, Some("debian-package" | "source")) {
        let message = "data are kept in the folder that the server is started in, whichever that is";
        report.used("image");
        report.add(DATA_DIR_UNSAFE.finding(at, message).help("give the whole path: `dir /var/lib/redis`"));
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    fn severity(rule: &str, text: &str) -> Option<&'static str> {
        found(rule, text).first().map(|finding| finding.severity.word())
    }

    #[test]
    fn data_that_must_last_need_a_disk() {
        let rule = |text: &str| severity("no-persistence-for-durable", text);
        assert_eq!(rule("# redisconf: workload=lock\nsave \"\"\n"), Some("error"));
        for silent in [
            "save \"\"\n",
            "# redisconf: workload=cache\nsave \"\"\n",
            "# redisconf: workload=lock\nport 1\n",
            "# redisconf: workload=lock role=replica\nsave \"\"\n",
            "# redisconf: workload=lock\nsave \"\"\ninclude more.conf\n",
        ] {
            assert_eq!(rule(silent), None, "{silent}");
        }
    }

    #[test]
    fn what_may_be_lost_is_compared_with_the_worst_case() {
        let message = |text: &str| found("loss-window-too-long", text).pop().map(|finding| finding.message);
        let default = message("# redisconf: data-loss-accepted=15m\nport 1\n").unwrap();
        assert!(default.starts_with("a crash costs up to 3600s"), "{default}");
        let unbounded = message("# redisconf: data-loss-accepted=15m\nsave 300 100\n").unwrap();
        assert!(unbounded.starts_with("no save point bounds"), "{unbounded}");
        assert!(message("# redisconf: data-loss-accepted=0s\nappendonly yes\n").is_some());
        for silent in [
            "# redisconf: data-loss-accepted=1s\nappendonly yes\n",
            "# redisconf: data-loss-accepted=1h\nsave 3600 1\n",
            "# redisconf: data-loss-accepted=0s workload=cache\nsave 3600 1\n",
            "save 3600 1\n",
        ] {
            assert_eq!(message(silent), None, "{silent}");
        }
    }

    #[test]
    fn where_data_lie_matters_as_much_as_they_do() {
        let rule = |text: &str| severity("data-dir-unsafe", text);
        assert_eq!(rule("# redisconf: volume=none workload=queue\nport 1\n"), Some("error"));
        assert_eq!(rule("# redisconf: volume=ephemeral\nport 1\n"), Some("warning"));
        assert_eq!(rule("# redisconf: image=debian-package\ndir ./\n"), Some("warning"));
        for silent in [
            "dir ./\n",
            "port 1\n",
            "# redisconf: volume=none workload=cache\nport 1\n",
            "dir /tmp\nsave \"\"\n",
            "dir /tmporary\n",
            "# redisconf: image=official\ndir ./\n",
        ] {
            assert_eq!(rule(silent), None, "{silent}");
        }
    }
}
