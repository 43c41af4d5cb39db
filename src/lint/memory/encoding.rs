//! Rules about how values are stored: compact encodings, sizes of nodes, defragmentation.

use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule, edits};

pub(crate) static COMPACT_ENCODING_LIMITS: Rule = Rule {
    id: "compact-encoding-limits",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "compact encodings far beyond where they pay",
    docs: "Small hashes, sets and sorted sets are stored as one flat list that is searched from its beginning. Each access to a
field costs about 0.05 microseconds for every entry before it: 25 at 512 entries, 55 at 1,024, 490 at 10,000, where a
hash table takes under 2. While it is searched nobody else is served. More than 4,096 entries are reported, from 1,024
entries or values of 1 KB on it is mentioned.

Bad:
    hash-max-listpack-entries 10000

Good:
    hash-max-listpack-entries 512
",
    source: "HGET, HSET and ZSCORE measured on Redis 8.2 and Valkey 8.0; valkey.io/topics/memory-optimization",
    fix: Some(Safety::Unsafe),
    check: Check::Config(compact_encoding_limits),
    ..Rule::BASE
};

pub(crate) static DEFRAG_THRESHOLDS_INVERTED: Rule = Rule {
    id: "defrag-thresholds-inverted",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "a lower bound of defragmentation above the upper one",
    docs:
        "The effort of active defragmentation grows from `active-defrag-cycle-min` at `active-defrag-threshold-lower` to
`active-defrag-cycle-max` at `active-defrag-threshold-upper`. The server takes them in any order, and with a lower
bound above the upper one the effort follows no plan.

Bad:
    activedefrag yes
    active-defrag-cycle-min 50
    active-defrag-cycle-max 10

Good:
    activedefrag yes
    active-defrag-cycle-min 10
    active-defrag-cycle-max 50
",
    source: "accepted in any order by all twelve servers; the comments of redis.conf",
    check: Check::Config(defrag_thresholds_inverted),
    ..Rule::BASE
};

pub(crate) static LIST_SIZE_ZERO: Rule = Rule {
    id: "list-size-zero",
    severity: Severity::Warning,
    group: Group::Memory,
    summary: "a size of list nodes that means nothing",
    docs: "A positive number counts entries a node, -1 to -5 mean 4, 8, 16, 32 or 64 KB a node. 0 and anything below -5 are
accepted and not described anywhere.

Bad:
    list-max-listpack-size 0

Good:
    list-max-listpack-size -2
",
    source: "accepted by all twelve servers; the comments of redis.conf",
    fix: Some(Safety::Unsafe),
    check: Check::Config(list_size_zero),
    ..Rule::BASE
};

/// Names that every version knows, and whether they count entries.
const LIMITS: &[(&str, bool)] = &[
    ("hash-max-ziplist-entries", true),
    ("hash-max-ziplist-value", false),
    ("set-max-listpack-entries", true),
    ("set-max-listpack-value", false),
    ("zset-max-ziplist-entries", true),
    ("zset-max-ziplist-value", false),
];

fn compact_encoding_limits(case: &Case<'_>, report: &mut Report<'_>) {
    for &(name, counts) in LIMITS {
        let Some(id) = case.set_by(name) else { continue };
        let Some(value) = case.int(name).or_else(|| case.bytes(name).and_then(|bytes| i64::try_from(bytes).ok()))
        else {
            continue;
        };
        if value <= 1024 {
            continue;
        }
        let message = if counts {
            // 0.05 microseconds an entry, as measured.
            format!("each access to a value of {value} entries blocks the server for about {} µs", value / 20)
        } else {
            format!("{value} bytes are moved with every change of a value that is stored flat")
        };
        let mut finding = COMPACT_ENCODING_LIMITS.finding(case.at(id), message);
        if !counts || value <= 4096 {
            finding.severity = Severity::Info;
        }
        let default = case.known(name).and_then(|directive| directive.default).unwrap_or("128");
        let mut finding = finding.help(format!("set it to {default}, or measure before you go beyond"));
        if let Some(edit) = edits::set(case, name, &[default]) {
            finding = finding.fix(Fix::unsafe_([edit]));
        }
        report.add(finding);
    }
}

fn list_size_zero(case: &Case<'_>, report: &mut Report<'_>) {
    let name = "list-max-ziplist-size";
    let Some(id) = case.set_by(name) else { return };
    let Some(size) = case.int(name).filter(|size| *size == 0 || *size < -5) else { return };
    let message = format!("{size} is no size: -5 to -1 are kilobytes, 1 and more are entries");
    let mut finding =
        LIST_SIZE_ZERO.finding(case.at(id), message).help(format!("set `{} -2`, which is 8 KB", case.name(id)));
    if let Some(edit) = edits::set(case, name, &["-2"]) {
        finding = finding.fix(Fix::unsafe_([edit]));
    }
    report.add(finding);
}

fn defrag_thresholds_inverted(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("activedefrag") != Some(true) {
        return;
    }
    for (low, high) in [
        ("active-defrag-cycle-min", "active-defrag-cycle-max"),
        ("active-defrag-threshold-lower", "active-defrag-threshold-upper"),
    ] {
        let (Some(lower), Some(upper)) = (case.int(low), case.int(high)) else { continue };
        let known = !case.is_partial() || (case.is_set(low) && case.is_set(high));
        if lower <= upper || !known {
            continue;
        }
        let at = case.set_by(low).or_else(|| case.set_by(high)).map_or_else(|| case.anchor(), |id| case.at(id));
        let message = format!("`{low}` is {lower}, above `{high}` {upper}");
        let mut finding = DEFRAG_THRESHOLDS_INVERTED.finding(at, message).help(format!("keep `{low}` below `{high}`"));
        if let Some(other) = case.set_by(high).map(|id| case.at(id)).filter(|other| *other != at) {
            finding = finding.label(other, "the upper one");
        }
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::findings_of as found;

    #[test]
    fn small_steps_beyond_the_defaults_are_mentioned_only() {
        let severity =
            |text: &str| found("compact-encoding-limits", text).first().map(|finding| finding.severity.word());
        assert_eq!(severity("hash-max-ziplist-entries 2000\n"), Some("info"));
        assert_eq!(severity("zset-max-listpack-value 2048\n"), Some("info"));
        assert_eq!(severity("hash-max-listpack-entries 1024\nset-max-intset-entries 1000000\n"), None);
        assert_eq!(severity("# redisconf: server=redis-6.2\nzset-max-ziplist-entries 9999\n"), Some("warning"));
    }

    #[test]
    fn defrag_bounds_matter_only_while_it_works() {
        assert_eq!(found("defrag-thresholds-inverted", "active-defrag-cycle-min 90\n"), []);
        let text = "activedefrag yes\nactive-defrag-threshold-lower 200\n";
        assert_eq!(found("defrag-thresholds-inverted", text).len(), 1);
    }
}
