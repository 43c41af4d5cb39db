//! Lines in a Sentinel's file that it reads and never looks at again.

use crate::catalog::{self, Lookup};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static SENTINEL_DATA_DIRECTIVE: Rule = Rule {
    id: "sentinel-data-directive",
    severity: Severity::Info,
    summary: "a line about data in the file of a Sentinel, which has none",
    docs: "Sentinel reads every directive of a server, and stops at a wrong value of any, but holds no data, keeps no files of
them, replicates nothing and loads no modules. Such lines do nothing; at the next rewrite it drops the `save` lines
among them. To log in at the servers it takes `sentinel auth-pass`, never `masterauth`.

Bad:
    # sentinel.conf
    port 26379
    maxmemory 100mb
    sentinel monitor main 10.0.0.1 6379 2

Good:
    # sentinel.conf
    port 26379
    sentinel monitor main 10.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: "seven servers run as Sentinel",
    fix: Some(Safety::Safe),
    modes: &[Mode::Sentinel],
    check: Check::Config(data_directive),
    ..Rule::BASE
};

pub(crate) static SENTINEL_UNKNOWN_DIRECTIVE: Rule = Rule {
    id: "sentinel-unknown-directive",
    severity: Severity::Warning,
    summary: "a name that nobody knows, kept for modules that Sentinel never loads",
    docs: "Redis 8 keeps unknown names until its modules are loaded and stops then. As Sentinel it loads none, so it never asks:
a misspelt line does nothing, and nobody is told. Other versions stop at the line.

Bad:
    # sentinel.conf
    # redisconf: server=redis-8.2
    requirepas 5f2bd1c0a8
    sentinel monitor main 10.0.0.1 6379 2

Good:
    # sentinel.conf
    # redisconf: server=redis-8.2
    requirepass 5f2bd1c0a8
    sentinel monitor main 10.0.0.1 6379 2
",
    group: Group::Sentinel,
    source: "redis 8.2 run as Sentinel",
    modes: &[Mode::Sentinel],
    check: Check::Config(unknown_directive),
    ..Rule::BASE
};

/// Families of directives that are about data.
const OF_DATA: [&str; 9] =
    ["aof", "cluster", "defrag", "encoding", "memory", "modules", "rdb", "replication", "scripting"];

/// The statements of a Sentinel's file that it did not refuse and did not write itself.
fn accepted<'a>(case: &'a Case<'_>) -> impl Iterator<Item = StatementId> + use<'a> {
    let own = case.reading.iter().map(|(id, _)| id);
    own.filter(|id| {
        let refused = case.config.refusals().iter().any(|refusal| refusal.statement == Some(*id));
        !refused && !case.is_generated(*id)
    })
}

fn data_directive(case: &Case<'_>, report: &mut Report<'_>) {
    let is_of_data = |id: &StatementId| case.directive(*id).is_some_and(|one| OF_DATA.contains(&one.family));
    for id in accepted(case).filter(is_of_data) {
        let name = case.name(id);
        let finding =
            SENTINEL_DATA_DIRECTIVE.finding(case.at(id), format!("`{name}` does nothing: a Sentinel has no data"));
        let finding =
            if case.directive(id).is_some_and(|one| matches!(one.names.last(), Some(&"masterauth" | &"masteruser"))) {
                finding.help("write `sentinel auth-pass NAME PASSWORD`: that is what Sentinel logs in with")
            } else {
                finding.help("drop the line").fix(Fix::safe([Edit::Drop { statement: case.at(id) }]))
            };
        report.add(finding);
    }
}

fn unknown_directive(case: &Case<'_>, report: &mut Report<'_>) {
    let is_unknown = |id: &StatementId| !matches!(case.config.look(*id), Lookup::Here(_));
    for id in accepted(case).filter(is_unknown) {
        let name = case.name(id);
        let message = format!("{} as Sentinel keeps `{name}` for modules that it never loads", case.server());
        let finding = SENTINEL_UNKNOWN_DIRECTIVE.finding(case.reading.statement(id).name.at, message);
        report.add(match catalog::suggest(&name, case.config.view) {
            Some(meant) => finding.help(format!("did you mean `{meant}`?")),
            None => finding.help("correct the name, or drop the line"),
        });
    }
}
