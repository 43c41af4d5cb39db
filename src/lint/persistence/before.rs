//! Rules about the data that were written before: whether they are found, and whether they can be read.

use super::{appends, is_known, saves};
use crate::config::{Value, printable};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::versions::since_7_0;
use crate::lint::workload::{TRANSIENT, is_replica};
use crate::lint::{Case, Check, Group, Previous, Report, Rule, edits};
use crate::server::{Loads, loads};
use crate::syntax::Mode;

pub(crate) static AOF_LAYOUT_CHANGES: Rule = Rule {
    id: "aof-layout-changes",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "the append-only file becomes a folder, or would have to become a file again",
    docs: "Up to Redis 6.2 the log is one file, `appendonly.aof`; since 7.0 it is several in the folder `appendonlydir`. On the
way up the server moves the file by itself, and backups that copy `appendonly.aof` copy nothing from then on. On the way
down nothing is moved: 6.2 does not look into the folder and starts empty, which is an error.

Bad:
    # redisconf: server=redis-7.4
    appendonly yes
    ==> previous <==
    # redisconf: server=redis-6.2
    appendonly yes

Good:
    # redisconf: server=redis-7.4
    appendonly yes
    ==> previous <==
    # redisconf: server=redis-7.0
    appendonly yes
",
    source: "measured: 100 keys of Redis 6.2 on 7.0, 8.2 and Valkey 8.1; 0 keys of 7.0 and Valkey 8.0 on 6.2",
    facts: &["previous"],
    check: Check::Config(aof_layout_changes),
    ..Rule::BASE
};

pub(crate) static APPENDONLY_DISABLED_OVER_AOF: Rule = Rule {
    id: "appendonly-disabled-over-aof",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "the append-only file is switched off, and the data are in it",
    docs: "With `appendonly no` the server loads the snapshot and does not look at the log. If there never was a snapshot it
starts empty; if there was one the data are as old as that. Only an orderly stop of a server with save points writes a
fresh one. So stop the old server with `SHUTDOWN SAVE`. With save points before, the rule warns.

Bad:
    appendonly no
    save 3600 1
    ==> previous <==
    appendonly yes
    save \"\"

Good:
    appendonly yes
    save 3600 1
    ==> previous <==
    appendonly yes
    save \"\"
",
    source: "measured on Redis 6.2, 7.0, 8.2 and Valkey 8.0 to 9.1: of 100 keys 0 are left; 100 after SIGTERM with save points",
    facts: &["previous"],
    check: Check::Config(appendonly_disabled_over_aof),
    ..Rule::BASE
};

pub(crate) static APPENDONLY_ENABLED_OVER_RDB: Rule = Rule {
    id: "appendonly-enabled-over-rdb",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "the append-only file is switched on by a restart, and the data are in the snapshot",
    docs: "With `appendonly yes` the server looks at the log alone. Where there is none yet it starts empty, though `dump.rdb`
lies beside it, and the next snapshot overwrites that, the only copy. The way that works: `CONFIG SET appendonly yes` on
the running server, wait until `aof_rewrite_in_progress` is 0 and `aof_last_bgrewrite_status` is ok, and only then put
the line into the file. Losing the process during that first rewrite loses all as well.

Bad:
    appendonly yes
    save 3600 1
    ==> previous <==
    save 3600 1

Good:
    appendonly yes
    save 3600 1
    ==> previous <==
    appendonly yes
    save 3600 1
",
    source: "measured on all twelve servers: 100 keys become 0; redis/redis#12484, redis/redis#1826",
    facts: &["previous"],
    check: Check::Config(appendonly_enabled_over_rdb),
    ..Rule::BASE
};

pub(crate) static DATA_FILES_MOVED: Rule = Rule {
    id: "data-files-moved",
    severity: Severity::Error,
    group: Group::Persistence,
    summary: "the server looks for its data where they are not",
    docs: "A new `dir`, `dbfilename`, `appendfilename` or `appenddirname` moves no files: the server finds nothing under the new
name and starts empty, without a word. Move the files first, or keep the names.

Bad:
    dir /var/lib/redis
    dbfilename cache.rdb
    ==> previous <==
    dir /var/lib/redis
    dbfilename dump.rdb

Good:
    dir /var/lib/redis
    dbfilename dump.rdb
    ==> previous <==
    dir /var/lib/redis
    dbfilename dump.rdb
",
    source: "measured on Redis 6.2, 7.0, 8.2 and Valkey 8.0 to 9.1: of 100 keys 0 are left",
    facts: &["previous"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(data_files_moved),
    ..Rule::BASE
};

pub(crate) static PERSISTENCE_SWITCHED_OFF: Rule = Rule {
    id: "persistence-switched-off",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "what was kept on disk before is kept no longer",
    docs: "The version before took snapshots or wrote a log, this one does neither: the next restart empties the server, or
brings back what the old files still hold, which is worse. Say that nobody would miss the data (`workload=cache`), or
keep them.

Bad:
    save \"\"
    ==> previous <==
    save 3600 1

Good:
    save 3600 1
    ==> previous <==
    save 3600 1
",
    source: "Redis 6.2, 7.0, 8.2 and Valkey 8.0 to 9.1: a snapshot that lies there is loaded, even under `save \"\"`",
    facts: &["previous"],
    check: Check::Config(persistence_switched_off),
    ..Rule::BASE
};

pub(crate) static SNAPSHOT_FORMAT_NOT_LOADABLE: Rule = Rule {
    id: "snapshot-format-not-loadable",
    severity: Severity::Error,
    group: Group::Versions,
    summary: "the data that the previous version wrote stop this one at the start",
    docs: "Snapshots carry the number of their format: 9 from Redis 6.2, 10 from 7.0, 11 from 7.2 and Valkey up to 8.1, 12 from
Redis 7.4, 13 from 8.6, `VALKEY080` from Valkey 9.0. A server loads its own and lower ones. So no Valkey loads what
Redis 7.4 or later wrote, no Redis what Valkey 9 wrote, and no downgrade works: `Can't handle RDB format version 12`.
The base of an append-only file, a full synchronisation and RESTORE of a DUMP are held to the same. Since Valkey 9.0
`rdb-version-check relaxed` takes them unless they hold something new, such as fields with a time to live.
What always worked is a log in plain commands: on the old server `CONFIG SET aof-use-rdb-preamble no`, `CONFIG SET
appendonly yes`, `BGREWRITEAOF`; the new one, with `appendonly yes`, replays it.

Bad:
    # redisconf: server=valkey-9.1
    save 3600 1
    ==> previous <==
    # redisconf: server=redis-8.2
    save 3600 1

Good:
    # redisconf: server=valkey-9.1
    save 3600 1
    ==> previous <==
    # redisconf: server=redis-7.2
    save 3600 1
",
    source: "snapshots, logs and DUMP of seven servers given to each other; valkey-io/valkey#845, valkey-io/valkey#2917",
    facts: &["previous"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(snapshot_format_not_loadable),
    ..Rule::BASE
};

/// Whether the deployment before wrote an append-only file; `None` if its configuration is not known.
fn appended(previous: &Previous) -> Option<bool> {
    if let Value::Bool(on) = previous.get("appendonly")? { Some(*on) } else { None }
}

/// Whether the deployment before took snapshots; `None` if its configuration is not known.
fn saved(previous: &Previous) -> Option<bool> {
    if let Value::Save { points, .. } = previous.get("save")? { Some(!points.is_empty()) } else { None }
}

fn appendonly_enabled_over_rdb(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("appendonly") != Some(true) {
        return;
    }
    let Some(previous) = report.previous() else { return };
    if appended(previous) != Some(false) || saved(previous) != Some(true) {
        return;
    }
    let message = "the server starts empty: it looks for an append-only file, and the data are in a snapshot";
    let help =
        "on the running server `CONFIG SET appendonly yes`, wait for the rewrite to end, and then deploy this line";
    report.add(APPENDONLY_ENABLED_OVER_RDB.finding(case.place("appendonly"), message).help(help));
}

fn appendonly_disabled_over_aof(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    if appends(case) != Some(false) || appended(previous) != Some(true) {
        return;
    }
    let saved = saved(previous) == Some(true);
    let message = if saved {
        "what was written since the last snapshot is only in the append-only file, which is no longer read"
    } else {
        "the server starts empty: the data are in the append-only file, which is no longer read"
    };
    let mut finding = APPENDONLY_DISABLED_OVER_AOF.finding(case.place("appendonly"), message);
    if saved {
        finding.severity = Severity::Warning;
    }
    report.add(finding.help("stop the old server with `SHUTDOWN SAVE`, so that a snapshot holds all of it"));
}

fn aof_layout_changes(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("appendonly") != Some(true) {
        return;
    }
    let Some(previous) = report.previous() else { return };
    if appended(previous) == Some(false) {
        return;
    }
    let at = case.place("appendonly");
    match (since_7_0(previous.server), since_7_0(case.server())) {
        (false, true) => {
            let message = "the append-only file moves into a folder, `appendonlydir`";
            let help = "change backups that copy `appendonly.aof`: all files of the folder belong together";
            report.add(AOF_LAYOUT_CHANGES.finding(at, message).help(help));
        }
        (true, false) => {
            let message = format!("the server starts empty: {} does not look into `appendonlydir`", case.server());
            let mut finding = AOF_LAYOUT_CHANGES.finding(at, message);
            finding.severity = Severity::Error;
            report.add(finding.help("restore the files from before the upgrade"));
        }
        (false, false) | (true, true) => {}
    }
}

/// A name of a file or folder as servers look for it.
fn plain(path: &[u8]) -> &[u8] {
    let path = path.strip_prefix(b"./").unwrap_or(path);
    if path.len() > 1 { path.strip_suffix(b"/").unwrap_or(path) } else { path }
}

fn data_files_moved(case: &Case<'_>, report: &mut Report<'_>) {
    if !["dir", "dbfilename", "appendfilename", "appenddirname"].iter().any(|name| case.is_set(name)) {
        return;
    }
    let Some(previous) = report.previous() else { return };
    let Some(config) = &previous.config else { return };
    let (Some(appends), Some(appended), Some(saved)) = (appends(case), appended(previous), saved(previous)) else {
        return;
    };
    // The other changes have rules of their own.
    if appends != appended || !(appends || saved) {
        return;
    }
    let names: &[&str] = if appends { &["dir", "appenddirname", "appendfilename"] } else { &["dir", "dbfilename"] };
    for name in names {
        let Some(directive) = case.known(name).filter(|_| case.is_set(name)) else { continue };
        // Nobody knows the folder that a server is started in.
        let set_before = config.entry(directive.id).is_some_and(|entry| entry.standing().next().is_some());
        if *name == "dir" && !set_before {
            continue;
        }
        let (Some(Value::Text(old)), Some(new)) = (config.get(name), case.text(name)) else { continue };
        if plain(old) == plain(new) {
            continue;
        }
        let (there, here) = (printable(old), printable(new));
        let message = format!("the data lie under `{there}`, and the server looks under `{here}` and starts empty");
        let finding =
            DATA_FILES_MOVED.finding(case.place(name), message).help("move the files first, or keep the name");
        let kept = std::str::from_utf8(old).ok().and_then(|old| edits::set(case, name, &[old]));
        report.add(match kept {
            Some(edit) => finding.fix(Fix::unsafe_([edit])),
            None => finding,
        });
    }
}

fn persistence_switched_off(case: &Case<'_>, report: &mut Report<'_>) {
    let off = saves(case) == Some(false) && appends(case) == Some(false);
    if !off || case.mode == Mode::Sentinel || is_replica(case) {
        return;
    }
    let Some(previous) = report.previous() else { return };
    let kept = saved(previous) == Some(true) || appended(previous) == Some(true);
    if !kept || case.facts.word("workload").is_some_and(|workload| TRANSIENT.contains(&workload)) {
        return;
    }
    let message = "nothing is written to disk any more, and it was before: a restart brings back old data, or none";
    let finding = PERSISTENCE_SWITCHED_OFF.finding(case.place("save"), message);
    report.add(
        finding.help("keep a save point, or remove the old files and say what the data are worth (`workload=cache`)"),
    );
}

fn snapshot_format_not_loadable(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    let verdict = loads(case.server(), previous.server);
    let nothing_kept = saved(previous) == Some(false) && appended(previous) == Some(false);
    if verdict == Loads::Yes || nothing_kept || case.mode == Mode::Sentinel || !is_known(case, "appendonly") {
        return;
    }
    let relaxed = case.choice("rdb-version-check") == Some("relaxed");
    if verdict == Loads::Relaxed && relaxed {
        return;
    }
    let format = previous.server.habits().snapshots;
    let message = format!(
        "{} stops over the data of {}: format {format} of snapshots is not known to it",
        case.server(),
        previous.server
    );
    let finding = SNAPSHOT_FORMAT_NOT_LOADABLE.finding(case.anchor(), message);
    report.add(if verdict == Loads::Relaxed { relax(case, finding) } else { replay(finding) });
}

/// The way by a log of plain commands, which every server replays.
fn replay(finding: Finding) -> Finding {
    finding.help(
        "on the old server `CONFIG SET aof-use-rdb-preamble no`, `CONFIG SET appendonly yes` and `BGREWRITEAOF`: \
         that log can be replayed",
    )
}

fn relax(case: &Case<'_>, finding: Finding) -> Finding {
    let edit: Option<Edit> = edits::set(case, "rdb-version-check", &["relaxed"]);
    let finding = finding.help("set `rdb-version-check relaxed`, if no field of a hash has a time to live");
    match edit {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    /// The severity of what a rule says of a change.
    fn says(rule: &str, new: &str, old: &str) -> Option<&'static str> {
        let text = format!("{new}\n==> previous <==\n{old}\n");
        found(rule, &text).first().map(|finding| finding.severity.word())
    }

    #[test]
    fn switching_the_log_on_or_off_by_a_restart_loses_what_the_other_holds() {
        let on = |new: &str, old: &str| says("appendonly-enabled-over-rdb", new, old);
        assert_eq!(on("appendonly yes", "port 1"), Some("error"), "three save points are built in");
        assert_eq!(on("appendonly yes", "save \"\""), None);
        let off = |new: &str, old: &str| says("appendonly-disabled-over-aof", new, old);
        assert_eq!(off("port 1", "appendonly yes"), Some("warning"));
        assert_eq!(off("port 1", "appendonly yes\nsave \"\""), Some("error"));
        assert_eq!(off("include more.conf", "appendonly yes"), None);
    }

    #[test]
    fn the_way_down_to_6_2_loses_the_log() {
        let old = "# redisconf: server=valkey-8.0\nappendonly yes";
        assert_eq!(says("aof-layout-changes", "# redisconf: server=redis-6.2\nappendonly yes", old), Some("error"));
    }

    #[test]
    fn only_names_that_are_looked_for_matter() {
        let moved = |new: &str, old: &str| says("data-files-moved", new, old).is_some();
        assert!(moved("dir /b", "dir /a"));
        assert!(moved("appendonly yes\nappenddirname b", "appendonly yes"));
        for (new, old) in [
            ("dir /a/", "dir /a"),
            ("dir /a", "port 1"),
            ("appendonly yes\ndbfilename b.rdb", "appendonly yes"),
            ("dbfilename b.rdb\nsave \"\"", "save \"\""),
            ("appendfilename b.aof", "port 1"),
        ] {
            assert!(!moved(new, old), "{new} {old}");
        }
    }

    #[test]
    fn data_that_nobody_wrote_need_not_be_read() {
        let stops = |new: &str, old: &str| says("snapshot-format-not-loadable", new, old).is_some();
        assert!(stops("# redisconf: server=valkey-8.1\nport 1", "# redisconf: server=redis-7.4"));
        assert!(stops("# redisconf: server=redis-7.2\nport 1", "# redisconf: server=redis-7.4"));
        assert!(!stops("# redisconf: server=valkey-8.1\nport 1", "# redisconf: server=redis-7.2"));
        assert!(!stops("# redisconf: server=valkey-8.1\nport 1", "# redisconf: server=redis-7.4\nsave \"\""));
        let relaxed = "# redisconf: server=valkey-9.0\nrdb-version-check relaxed";
        assert!(!stops(relaxed, "# redisconf: server=redis-8.2"));
    }

    #[test]
    fn keeping_nothing_any_more_is_told_unless_nobody_would_miss_it() {
        let off = |new: &str| says("persistence-switched-off", new, "save 60 1").is_some();
        assert!(off("save \"\""));
        assert!(!off("# redisconf: workload=cache\nsave \"\"") && !off("save \"\"\nappendonly yes"));
    }
}
