//! What could not be judged, said aloud.

use super::{Case, Check, Group, Report, Rule};
use crate::finding::Severity;
use crate::syntax::ProblemKind;

/// All of them.
pub(super) static RULES: [&Rule; 2] = [&UNJUDGED_MODULE_PARAMETER, &UNREAD_INCLUDE];

pub(crate) static UNJUDGED_MODULE_PARAMETER: Rule = Rule {
    id: "unjudged-module-parameter",
    severity: Severity::Info,
    summary: "a name that only a loaded module can judge",
    docs:
        "The server keeps names that it does not know until its modules are loaded. Whether one of them claims the name,
only that server can tell.

Bad:
    loadmodule /usr/lib/redis/modules/search.so
    search.timeout 500

Good:
    loadmodule /usr/lib/redis/modules/search.so
",
    group: Group::Syntax,
    source: "redis-server 6.2 to 8.6, valkey-server 7.2 to 9.1, run",
    check: Check::Config(unjudged_module_parameter),
    ..Rule::BASE
};

pub(crate) static UNREAD_INCLUDE: Rule = Rule {
    id: "unread-include",
    severity: Severity::Info,
    summary: "an included file, or the one that a command names, was not read",
    docs:
        "Servers look for a relative path in their working directory, which nobody knows here, so the folder of the file
is tried, or that of the last `dir`. What the missing file says is not judged, and the server itself stops if it is not
there.

Bad:
    include elsewhere.conf

Good:
    include here.conf
    ==> here.conf <==
    port 6379
",
    group: Group::Syntax,
    source: "redis-server 6.2 to 8.6, valkey-server 7.2 to 9.1, run",
    check: Check::Config(unread_include),
    ..Rule::BASE
};

fn unjudged_module_parameter(case: &Case<'_>, report: &mut Report<'_>) {
    for id in case.config.module_parameters() {
        let at = case.reading.statement(*id).name.at;
        let message = format!("only a module can judge `{}`", case.name(*id));
        report.add(UNJUDGED_MODULE_PARAMETER.finding(at, message));
    }
}

fn unread_include(case: &Case<'_>, report: &mut Report<'_>) {
    for problem in case.config.unread() {
        let path = problem.statement.map(|id| case.word(id, 0)).unwrap_or_default();
        let finding = match problem.kind {
            ProblemKind::MissingFile => UNREAD_INCLUDE
                .finding(problem.at, "this configuration file was not found here, so what it says is not judged")
                .help("mount it from a file beside this one, or lint it by its own name"),
            ProblemKind::MissingInclude => UNREAD_INCLUDE
                .finding(problem.at, format!("`{path}` was not found here, so what it says is not judged"))
                .help("run where the file lies, or give its whole path"),
            ProblemKind::TooManyIncludes => UNREAD_INCLUDE
                .finding(problem.at, format!("`{path}` was not read: too many files, or too large"))
                .help("look for files that include each other"),
            ProblemKind::UnbalancedQuotes | ProblemKind::IncludeCycle => continue,
        };
        report.add(finding);
    }
}
