//! What a data server must leave to the Sentinels that watch it.

use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static RENAME_BREAKS_SENTINEL: Rule = Rule {
    id: "rename-breaks-sentinel",
    severity: Severity::Error,
    summary: "a command is renamed that Sentinel needs on this server",
    docs: "Without CLIENT, CONFIG, EXEC, INFO, PING, SLAVEOF or SUBSCRIBE a failover does not come about: tried one by one,
the replica stayed a replica each time. Without PUBLISH the Sentinels never find each other. REPLICAOF, MULTI, ROLE and
SCRIPT can go. A command that was given another name works if every Sentinel is told: `sentinel rename-command NAME
OLD NEW`. Better leave the names and take rights away by ACL.

Bad:
    # redisconf: failover=sentinel
    rename-command CONFIG \"\"

Good:
    # redisconf: failover=sentinel
    rename-command FLUSHALL \"\"
",
    group: Group::Sentinel,
    source: "failovers on redis 6.2, 8.2 and valkey 9.1 without one command each; redis/redis#2733, #5589, #14923",
    facts: &["failover"],
    modes: &[Mode::Server],
    check: Check::Config(rename_breaks),
    ..Rule::BASE
};

/// Commands that Sentinel sends and cannot do without.
const NEEDED: [&str; 8] = ["client", "config", "exec", "info", "ping", "publish", "slaveof", "subscribe"];

fn rename_breaks(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.statements_of("rename-command") {
        let old = case.word(id, 0);
        if !NEEDED.contains(&old.to_ascii_lowercase().as_str()) {
            continue;
        }
        if report.word("failover") != Some("sentinel") {
            return;
        }
        let removed = case.reading.arguments(id).get(1).is_some_and(|new| new.is_empty());
        let mut finding = if removed {
            RENAME_BREAKS_SENTINEL
                .finding(case.at(id), format!("no failover comes about without `{old}`, which Sentinel sends"))
                .help("drop the line, and take the right away from users by ACL")
        } else {
            RENAME_BREAKS_SENTINEL
                .finding(case.at(id), format!("`{old}` is what Sentinel sends, and it must be told the new name"))
                .help(format!("drop the line, or add `sentinel rename-command NAME {old} NEW` to every Sentinel"))
        };
        if !removed {
            finding.severity = Severity::Warning;
        }
        report.add(finding);
    }
}
