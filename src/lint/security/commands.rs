//! Rules about commands and modules that open more than they seem to.

use crate::catalog::{Kind, commands};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static DANGEROUS_COMMAND_GATES: Rule = Rule {
    id: "dangerous-command-gates",
    severity: Severity::Error,
    group: Group::Security,
    summary: "DEBUG, MODULE LOAD or CONFIG SET of `dir` is open to everybody who has the right",
    docs: "Since Redis 7.0 these three are closed, because each turns a right in the server into one on the machine:
CONFIG SET of `dir` and `dbfilename` writes files, MODULE LOAD runs code, DEBUG can crash the process. `yes` opens one
for every connection, `local` for those of the machine itself, and is only noted. Only a restart closes it again.

Bad:
    enable-debug-command yes

Good:
    enable-debug-command no
",
    source: "redis/redis#9920; redis.conf of 7.0",
    servers: &["redis >= 7.0", "valkey >= 7.2"],
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(dangerous_command_gates),
    ..Rule::BASE
};

pub(crate) static MODULE_PATH: Rule = Rule {
    id: "module-path",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a module is loaded from where others may write, or from nobody knows where",
    docs:
        "A module is code that runs as the server. Whoever may write to /tmp, /var/tmp or /dev/shm may put another one
in its place before the next start. A relative path depends on the folder the server happens to be started in.

Bad:
    loadmodule /tmp/redisbloom.so

Good:
    loadmodule /usr/lib/redis/modules/redisbloom.so
",
    source: "valkey.io/topics/security; relative paths measured on two servers",
    modes: &[Mode::Server],
    check: Check::Config(module_path),
    ..Rule::BASE
};

pub(crate) static RENAME_COMMAND_USED: Rule = Rule {
    id: "rename-command-used",
    severity: Severity::Info,
    group: Group::Security,
    summary: "`rename-command`, where rules of users do the same and can be changed",
    docs: "A renamed command is renamed for everybody, administrators, Sentinel and exporters included, until the next
start. The name is kept in clear in the file and shown by MONITOR. Since 6.0 a user's rules take commands away from
some and leave them to others. Lynis (DBS-1886) still asks for it; `-@dangerous` is the better answer.

Bad:
    rename-command CONFIG \"\"

Good:
    aclfile /etc/redis/users.acl
",
    source: "redis.conf since 6.0, which calls it deprecated; valkey.io/topics/acl",
    modes: &[Mode::Server],
    check: Check::Config(rename_command_used),
    ..Rule::BASE
};

pub(crate) static RENAME_WRITE_COMMAND: Rule = Rule {
    id: "rename-write-command",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a command that writes has another name, which replicas and the append-only file must know too",
    docs: "A command goes to the append-only file and to replicas under the name the client used. A replica without the
same `rename-command` answers with an error that nobody sees, keeps the link up, and misses the write: so on seven
servers of seven. An append-only file with the new name is not loaded once the line is taken out, and the server does
not start. Renaming to \"\" has no such effect.

Bad:
    rename-command FLUSHALL \"x7Qz\"

Good:
    rename-command FLUSHALL \"\"
",
    source: "measured on redis 6.2, 7.0, 8.2 and valkey 8.0, 8.1, 9.0, 9.1",
    modes: &[Mode::Server],
    check: Check::Config(rename_write_command),
    ..Rule::BASE
};

pub(crate) static RUNS_AS_ROOT: Rule = Rule {
    id: "runs-as-root",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "the server runs as root",
    docs: "Nothing the server does needs root. Whatever gets out of it, by a module, a script bug or a written file,
then owns the machine or the container.

Bad:
    # redisconf: server=redis-7.4 user=root
    port 6379

Good:
    # redisconf: server=redis-7.4 user=service
    port 6379
",
    source: "valkey.io/topics/security",
    facts: &["user"],
    modes: &[Mode::Server, Mode::Sentinel],
    check: Check::Config(runs_as_root),
    ..Rule::BASE
};

pub(crate) static USER_DATA_IN_LOGS: Rule = Rule {
    id: "user-data-in-logs",
    severity: Severity::Info,
    group: Group::Security,
    summary: "keys and values may end up in the log",
    docs: "Redis since 7.4 can keep keys and values out of log lines and crash reports, and does not do so by default;
Valkey does. With personal data in keys the log is one more place that holds them.

Bad:
    # redisconf: server=redis-7.4
    port 6379

Good:
    # redisconf: server=redis-7.4
    hide-user-data-from-log yes
",
    source: "redis 7.4 and valkey 8.0, redis.conf and valkey.conf",
    servers: &["redis >= 7.4"],
    modes: &[Mode::Server],
    on: false,
    check: Check::Config(user_data_in_logs),
    ..Rule::BASE
};

fn dangerous_command_gates(case: &Case<'_>, report: &mut Report<'_>) {
    const GATES: [(&str, &str); 3] = [
        ("enable-debug-command", "DEBUG can crash the server"),
        ("enable-module-command", "MODULE LOAD runs code on the machine"),
        ("enable-protected-configs", "CONFIG SET of `dir` and `dbfilename` writes files on the machine"),
    ];
    for (name, why) in GATES {
        let (Some(open @ ("yes" | "local")), Some(id)) = (case.choice(name), case.set_by(name)) else { continue };
        let whom = if open == "yes" { "every connection" } else { "connections of this machine" };
        let words = vec![name.as_bytes().to_vec(), b"no".to_vec()];
        let mut finding = DANGEROUS_COMMAND_GATES
            .finding(case.at(id), format!("`{name} {open}` opens it for {whom}: {why}"))
            .help(format!("write `{name} no`"))
            .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]));
        if open == "local" || case.facts.word("workload") == Some("dev") {
            report.used("workload");
            finding.severity = Severity::Info;
        }
        report.add(finding);
    }
}

fn module_path(case: &Case<'_>, report: &mut Report<'_>) {
    const OPEN: [&str; 3] = ["/tmp/", "/var/tmp/", "/dev/shm/"];
    for id in case.statements_of("loadmodule") {
        let open = case.reading.words(id).first().is_none_or(|word| word.open);
        let Some(path) = case.public_word(id, 0).filter(|path| !open && !path.is_empty()) else { continue };
        let message = if OPEN.iter().any(|folder| path.starts_with(folder)) {
            format!("everybody may write where `{path}` lies")
        } else if !path.starts_with('/') {
            format!("`{path}` depends on the folder that the server is started in")
        } else {
            continue;
        };
        let finding = MODULE_PATH
            .finding(case.word_at(id, 0), message)
            .help("keep modules in a folder that only root may write to, and give the whole path");
        report.add(finding);
    }
}

/// The statements `rename-command`, as people wrote them.
fn renames(case: &Case<'_>) -> impl Iterator<Item = StatementId> {
    case.statements_of("rename-command").filter(|id| case.reading.words(*id).len() == 2 && !case.is_generated(*id))
}

fn rename_command_used(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(first) = renames(case).next() else { return };
    let count = renames(case).count();
    let lines = if count == 1 { "one command".to_owned() } else { format!("{count} commands") };
    let finding = RENAME_COMMAND_USED
        .finding(case.at(first), format!("{lines} renamed for everybody, administrators and tools included"))
        .help("define users and take commands away from them, such as `-@dangerous`");
    report.add(finding);
}

fn rename_write_command(case: &Case<'_>, report: &mut Report<'_>) {
    let writes = |id: &StatementId| {
        let [old, new] = case.reading.arguments(*id)[..] else { return false };
        let open = case.reading.words(*id).iter().any(|word| word.open);
        let is_write = commands::categories(case.server(), old).any(|category| category == "write");
        is_write && !open && !new.is_empty() && !old.eq_ignore_ascii_case(new)
    };
    let found: Vec<StatementId> = renames(case).filter(writes).collect();
    let Some((first, more)) = found.split_first() else { return };
    let command = case.word(*first, 0);
    let mut finding = RENAME_WRITE_COMMAND
        .finding(case.at(*first), format!("`{command}` writes, and replicas and the append-only file get its new name"))
        .help(
            "take it away from users by their rules; or rename it to `\"\"`, or the same on all servers and for ever",
        );
    for other in more {
        finding = finding.label(case.at(*other), "and this");
    }
    report.add(finding);
}

fn runs_as_root(case: &Case<'_>, report: &mut Report<'_>) {
    // Where the image would see to it, `entrypoint-bypassed` says why it does not.
    let by_accident = case.facts.word("entrypoint") == Some("bypassed") && case.facts.word("image") == Some("official");
    if !by_accident && report.word("user") == Some("root") {
        let finding = RUNS_AS_ROOT
            .finding(case.fact_place("user"), "the server runs as root")
            .help("run it as a user of its own");
        report.add(finding);
    }
}

fn user_data_in_logs(case: &Case<'_>, report: &mut Report<'_>) {
    let known = case.known("hide-user-data-from-log").is_some_and(|directive| directive.kind == Kind::Bool);
    let off = case.is_on("hide-user-data-from-log") == Some(false);
    if known && off && (case.is_set("hide-user-data-from-log") || !case.is_partial()) {
        let finding = USER_DATA_IN_LOGS
            .finding(case.place("hide-user-data-from-log"), "keys and values may end up in the log")
            .help("set `hide-user-data-from-log yes`");
        report.add(finding);
    }
}
