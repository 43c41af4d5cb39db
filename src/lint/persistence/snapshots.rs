//! Rules about snapshots.

use super::{Worth, is_known, saves, worth};
use crate::config::{SavePoint, Value};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};
use crate::source::Span;
use crate::syntax::StatementId;

pub(crate) static RDB_CHECKSUM_OFF: Rule = Rule {
    id: "rdb-checksum-off",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "damaged snapshots are loaded without a word",
    docs: "The checksum at the end of a snapshot tells a damaged file from a good one. It costs about 10 % of the time that
saving and loading take.

Bad:
    rdbchecksum no

Good:
    rdbchecksum yes
",
    source: "the comments of redis.conf",
    fix: Some(Safety::Unsafe),
    check: Check::Config(rdb_checksum_off),
    ..Rule::BASE
};

pub(crate) static REDUNDANT_SAVE_POINT: Rule = Rule {
    id: "redundant-save-point",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "a save point that another one always fires before",
    docs: "`save 7200 10000` asks for a snapshot after two hours if 10,000 keys changed; `save 3600 1` has then taken one an
hour ago, whatever changed. A point is superfluous if another has no more seconds and no more changes. Mostly it was
meant to make snapshots rarer, which it cannot.

Bad:
    save 3600 1
    save 7200 10000

Good:
    save 3600 1
    save 60 10000
",
    source: "measured on all twelve servers: the second point never fires",
    fix: Some(Safety::Safe),
    check: Check::Config(redundant_save_point),
    ..Rule::BASE
};

pub(crate) static SNAPSHOT_TOO_OFTEN: Rule = Rule {
    id: "snapshot-too-often",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "snapshots that start back to back",
    docs:
        "Every snapshot forks (15 to 100 ms a gigabyte, in which nobody is served), copies what is written meanwhile and
writes all data anew, not what changed. With `save 10 1` that is six times a minute. Who may lose only seconds wants
`appendonly yes`. Points of 10 seconds or less are reported, below 60 they are mentioned; with the fact `writes=heavy`
also `60` seconds with up to 1,000 changes.

Bad:
    save 5 1

Good:
    save 300 1
",
    source: "forks measured on Redis 7.4, 8.2 and Valkey 8.1",
    check: Check::Config(snapshot_too_often),
    ..Rule::BASE
};

pub(crate) static STOP_WRITES_DISABLED: Rule = Rule {
    id: "stop-writes-disabled",
    severity: Severity::Warning,
    group: Group::Persistence,
    summary: "failed snapshots go unnoticed",
    docs: "By default writes are refused (`MISCONF`) once a snapshot failed: a full disk is noticed before it costs data. With
`stop-writes-on-bgsave-error no` the server goes on, and the last good snapshot grows older unseen.

Bad:
    # redisconf: workload=session
    save 300 1
    stop-writes-on-bgsave-error no

Good:
    # redisconf: workload=session
    save 300 1
    stop-writes-on-bgsave-error yes
",
    source: "measured on Redis 6.2, 7.4, 8.2 and Valkey 8.1; valkey.io/topics/persistence",
    facts: &["workload"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(stop_writes_disabled),
    ..Rule::BASE
};

pub(crate) static STOP_WRITES_INERT: Rule = Rule {
    id: "stop-writes-inert",
    severity: Severity::Info,
    group: Group::Persistence,
    summary: "`stop-writes-on-bgsave-error` without snapshots",
    docs: "The server looks at the last snapshot only while there are save points. With `save \"\"` writes go on after a failed
BGSAVE, whatever the line says.

Bad:
    save \"\"
    stop-writes-on-bgsave-error no

Good:
    save \"\"
",
    source: "measured on Redis 7.4, 8.2 and Valkey 8.1: a failed BGSAVE stopped nothing",
    fix: Some(Safety::Safe),
    check: Check::Config(stop_writes_inert),
    ..Rule::BASE
};

fn rdb_checksum_off(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("rdbchecksum") else { return };
    if case.is_on("rdbchecksum") != Some(false) || saves(case) != Some(true) || worth(case) == Worth::Transient {
        return;
    }
    let finding = RDB_CHECKSUM_OFF.finding(case.at(id), "a damaged snapshot is loaded as if it were good");
    let finding = finding.help("set `rdbchecksum yes`");
    report.add(match edits::set(case, "rdbchecksum", &["yes"]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    });
}

/// A save point that counts, and where it stands.
struct Placed {
    by: StatementId,
    /// Which pair of the statement.
    index: usize,
    point: SavePoint,
}

fn placed(case: &Case<'_>) -> Vec<Placed> {
    let entry = case.known("save").and_then(|directive| case.config.entry(directive.id));
    let mut all = Vec::new();
    for part in entry.into_iter().flat_map(crate::config::Entry::standing) {
        if let Ok(Value::Save { points, .. }) = &part.value {
            let points = points.iter().enumerate();
            all.extend(points.map(|(index, point)| Placed { by: part.by, index, point: *point }));
        }
    }
    all
}

fn redundant_save_point(case: &Case<'_>, report: &mut Report<'_>) {
    if !case.is_set("save") {
        return;
    }
    let all = placed(case);
    let no_more = |one: SavePoint, than: SavePoint| one.seconds <= than.seconds && one.changes <= than.changes;
    // Of two equal points the second is the superfluous one.
    let beats = |(at, one): (usize, &Placed), (other_at, other): (usize, &Placed)| {
        no_more(one.point, other.point) && (!no_more(other.point, one.point) || at < other_at)
    };
    let winner = |at: usize| all.iter().enumerate().find(|candidate| beats(*candidate, (at, &all[at]))).map(|(_, w)| w);
    let mut at = 0;
    while at < all.len() {
        let by = all[at].by;
        let end = at + all[at..].iter().take_while(|one| one.by == by).count();
        let lost: Vec<(usize, &Placed)> = (at..end).filter_map(|at| Some((at, winner(at)?))).collect();
        if let Some((first, winner)) = lost.first()
            && !case.is_generated(by)
        {
            let text = |point: SavePoint| format!("`{} {}`", point.seconds, point.changes);
            let names: Vec<String> = lost.iter().map(|(at, _)| text(all[*at].point)).collect();
            let message = format!("{} can never fire before {}", names.join(" and "), text(winner.point));
            let mut finding = REDUNDANT_SAVE_POINT.finding(place(case, &all[*first]), message);
            if winner.by != by {
                finding = finding.label(place(case, winner), "this one always comes first");
            }
            let left: Vec<SavePoint> =
                (at..end).filter(|at| !lost.iter().any(|(one, _)| one == at)).map(|at| all[at].point).collect();
            let finding = finding.help("drop it; to snapshot less often raise the seconds of the other one");
            report.add(match without(case, by, &left, &all) {
                Some(edit) => finding.fix(Fix::safe([edit])),
                None => finding,
            });
        }
        at = end;
    }
}

/// The statement without its superfluous points. `None` where taking them out could change what else counts: a `save`
/// can drop those above it, and after an include each replaces the others.
fn without(case: &Case<'_>, by: StatementId, left: &[SavePoint], all: &[Placed]) -> Option<Edit> {
    let entry = case.config.entry(case.known("save")?.id)?;
    let clears = entry.parts.iter().any(|part| part.beaten_by == Some(by));
    let scattered = all.iter().any(|one| case.at(one.by).source != case.at(by).source);
    if clears || scattered {
        return None;
    }
    if left.is_empty() {
        return Some(edits::drop(case, by));
    }
    let mut words = vec![case.reading.name(by).to_vec()];
    for point in left {
        words.push(point.seconds.to_string().into_bytes());
        words.push(point.changes.to_string().into_bytes());
    }
    Some(Edit::Put { statement: case.at(by), words })
}

/// The place of a point; of its statement where all points stand in one word.
fn place(case: &Case<'_>, point: &Placed) -> Span {
    let words = case.reading.words(point.by);
    match (words.get(point.index * 2), words.get(point.index * 2 + 1)) {
        (Some(seconds), Some(changes)) => seconds.at.to(changes.at),
        (_, _) => case.at(point.by),
    }
}

fn snapshot_too_often(case: &Case<'_>, report: &mut Report<'_>) {
    if !case.is_set("save") {
        return;
    }
    let heavy = case.facts.word("writes") == Some("heavy");
    for placed in placed(case) {
        let SavePoint { seconds, changes } = placed.point;
        let hurts = seconds <= 10 || (heavy && seconds <= 60 && changes <= 1000);
        if (seconds >= 60 && !hurts) || case.is_generated(placed.by) {
            continue;
        }
        let message = format!("all data may be written anew every {seconds} s");
        let mut finding = SNAPSHOT_TOO_OFTEN.finding(place(case, &placed), message);
        if !hurts {
            finding.severity = Severity::Info;
        }
        report.used("writes");
        report.add(finding.help("snapshot every few minutes; to lose less than that, write an append-only file"));
    }
}

fn stop_writes_disabled(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("stop-writes-on-bgsave-error") else { return };
    if case.is_on("stop-writes-on-bgsave-error") != Some(false) || saves(case) != Some(true) {
        return;
    }
    if report.word("workload").is_none() || worth(case) != Worth::Durable {
        return;
    }
    let finding = STOP_WRITES_DISABLED.finding(case.at(id), "writes go on when snapshots fail, and nobody notices");
    let finding = finding.help("set `stop-writes-on-bgsave-error yes`, or watch `rdb_last_bgsave_status`");
    report.add(match edits::set(case, "stop-writes-on-bgsave-error", &["yes"]) {
        Some(edit) => finding.fix(Fix::unsafe_([edit])),
        None => finding,
    });
}

fn stop_writes_inert(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("stop-writes-on-bgsave-error") else { return };
    if saves(case) != Some(false) || !is_known(case, "save") || case.is_generated(id) {
        return;
    }
    let finding = STOP_WRITES_INERT.finding(case.at(id), "nothing to stop for: there are no save points");
    report.add(finding.help("drop the line").fix(Fix::safe([edits::drop(case, id)])));
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    /// The message on the only superfluous points.
    fn redundant(text: &str) -> Option<String> {
        let mut found = found("redundant-save-point", text);
        assert!(found.len() < 2, "{found:#?}");
        found
            .pop()
            .map(|finding| format!("{}{}", finding.message, if finding.fix.is_some() { "" } else { " (no fix)" }))
    }

    #[test]
    fn a_point_that_comes_too_late_is_found_wherever_it_stands() {
        let message = |text: &str| redundant(text).unwrap();
        assert_eq!(message("save 3600 1 7200 10000\n"), "`7200 10000` can never fire before `3600 1`");
        assert_eq!(message("save \"7200 10000 3600 1\"\n"), "`7200 10000` can never fire before `3600 1`");
        assert_eq!(message("save 7200 10000\nsave 3600 1\n"), "`7200 10000` can never fire before `3600 1`");
        assert_eq!(message("save 60 1\nsave 60 1\n"), "`60 1` can never fire before `60 1`");
        assert_eq!(message("save 60 1 60 2 70 1\n"), "`60 2` and `70 1` can never fire before `60 1`");
        assert_eq!(redundant("save 3600 1 300 100 60 10000\n"), None);
        assert_eq!(redundant("# redisconf: server=redis-6.2\nsave 900 1\nsave 300 10\n"), None);
        assert_eq!(redundant("port 1\n"), None);
    }

    #[test]
    fn what_another_file_says_is_not_put_in_order_here() {
        let text = "save 3600 1\ninclude a.conf\n==> a.conf <==\nsave 7200 1\n";
        assert_eq!(redundant(text).unwrap(), "`7200 1` can never fire before `3600 1` (no fix)");
    }

    #[test]
    fn frequent_snapshots_are_weighed_by_what_is_written() {
        let severity = |text: &str| found("snapshot-too-often", text).first().map(|finding| finding.severity.word());
        assert_eq!(severity("save 30 1\n"), Some("info"));
        assert_eq!(severity("save 60 1\n"), None);
        assert_eq!(severity("# redisconf: writes=heavy\nsave 60 1000\n"), Some("warning"));
        assert_eq!(severity("# redisconf: writes=heavy\nport 1\n"), None);
    }
}
