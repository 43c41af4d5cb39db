//! Rules about where passwords stand.

use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::source::SourceId;
use crate::syntax::{Mode, Via};

/// Every kind of file that holds passwords.
const EVERYWHERE: &[Mode] = &[Mode::Server, Mode::Sentinel, Mode::AclFile];

pub(crate) static ACL_CLEARTEXT: Rule = Rule {
    id: "acl-cleartext",
    severity: Severity::Warning,
    group: Group::Secrets,
    summary: "a user's password stands in clear, where its hash would do",
    docs:
        "The server keeps and compares SHA-256 hashes only. `#` and the hash in the file let the same password in, and
who reads the file does not learn it; a long random password cannot be found from it. Say it with `printf %s PASSWORD |
sha256sum`.

Bad:
    user app on >7KfLq2vXo9RbTzNw4HcYs8Jd ~app:* +@read

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
",
    source: "valkey.io/topics/acl",
    fix: Some(Safety::Safe),
    modes: EVERYWHERE,
    check: Check::Config(acl_cleartext),
    ..Rule::BASE
};

pub(crate) static PASSWORD_ON_COMMAND_LINE: Rule = Rule {
    id: "password-on-command-line",
    severity: Severity::Warning,
    group: Group::Secrets,
    summary: "a password is an argument of the server, which everybody on the machine sees",
    docs:
        "`ps` shows the arguments of every process to every user, `docker inspect` and the manifest of a pod show them
to more, and monitoring keeps them. Put the password into a file that only the server reads.

Bad:
    redis-server --requirepass 7KfLq2vXo9RbTzNw4HcYs8Jd

Good:
    redis-server --maxmemory 1gb --aclfile /etc/redis/users.acl
",
    source: "ps(1); docs.docker.com, secrets",
    modes: &[Mode::Server, Mode::Sentinel],
    check: Check::Config(password_on_command_line),
    ..Rule::BASE
};

pub(crate) static PLAINTEXT_PASSWORD: Rule = Rule {
    id: "plaintext-password",
    severity: Severity::Warning,
    group: Group::Secrets,
    summary: "a password is kept in version control",
    docs:
        "Whoever may read the repository, now or later, has the password, and taking the line out does not take it out
of the history. The server itself expands no variables: let what deploys the file fill a placeholder in, or give users
by hash in an ACL file. On a host's own file this is silent, for there the password has to be.

Bad:
    # redisconf: server=redis-7.4 version-control=yes
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"

Good:
    # redisconf: server=redis-7.4 version-control=yes
    requirepass ${REDIS_PASSWORD}
",
    source: "owasp.org, Secrets Management Cheat Sheet",
    facts: &["version-control"],
    modes: EVERYWHERE,
    check: Check::Config(plaintext_password),
    ..Rule::BASE
};

pub(crate) static SECRET_INCLUDE_UNDER_SENTINEL: Rule = Rule {
    id: "secret-include-under-sentinel",
    severity: Severity::Error,
    group: Group::Secrets,
    summary: "a password is kept in an included file, and Sentinel's CONFIG REWRITE copies it out",
    docs: "Sentinel sends CONFIG REWRITE at every failover. It writes `requirepass` and `masterauth` in clear into the
main file, makes that file readable by all (0644), and adds `user default` with the old hash: from then on a new
password in the include has no effect, and after the next start only the old one logs in. With an `aclfile` REWRITE
writes no users, and ACL LOAD changes passwords without a restart.

Bad:
    # redisconf: server=redis-7.4 failover=sentinel
    include secrets.conf
    ==> secrets.conf <==
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"

Good:
    # redisconf: server=redis-7.4 failover=sentinel
    aclfile /etc/redis/users.acl
",
    source: "measured on redis 6.2, 7.0, 7.4, 8.6 and valkey 8.1, 9.1",
    facts: &["failover"],
    modes: &[Mode::Server],
    check: Check::Config(secret_include_under_sentinel),
    ..Rule::BASE
};

pub(crate) static WORLD_READABLE_CONFIG: Rule = Rule {
    id: "world-readable-config",
    severity: Severity::Error,
    group: Group::Secrets,
    summary: "every user of the machine may read a file with passwords",
    docs:
        "Passwords in a configuration are in clear, so that the permissions of the file are all that guards them. 0640
with the server's group is enough. CONFIG REWRITE makes the file 0644 again, whatever it was: where it is used, only
the permissions of the folder last, or users in an `aclfile` by hash.

Bad:
    # redisconf: server=redis-7.4 file-mode=0644
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"

Good:
    # redisconf: server=redis-7.4 file-mode=0640
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
",
    source: "Lynis DBS-1882; REWRITE measured on seven servers",
    facts: &["file-mode"],
    modes: EVERYWHERE,
    check: Check::Config(world_readable_config),
    ..Rule::BASE
};

fn acl_cleartext(case: &Case<'_>, report: &mut Report<'_>) {
    for user in case.config.users(case.reading) {
        let Some(rights) = &user.rights else { continue };
        let is_known = |argument: usize| super::is_written(case, user.by, argument);
        let in_clear: Vec<_> = rights.passwords.iter().filter(|one| one.in_clear && is_known(one.argument)).collect();
        let Some(first) = in_clear.first() else { continue };
        let mut words = case.words(user.by);
        for password in &in_clear {
            words[password.argument + 1] = [b"#", password.hash()].concat();
        }
        let shown = case.word(user.by, 0);
        let finding = ACL_CLEARTEXT
            .finding(case.word_at(user.by, first.argument), format!("a password of user `{shown}` stands in clear"))
            .help("write `#` and its SHA-256 in place of `>` and the password; it logs in as before")
            .fix(Fix::safe([Edit::Put { statement: case.at(user.by), words }]).of_secret());
        report.add(finding);
    }
}

fn password_on_command_line(case: &Case<'_>, report: &mut Report<'_>) {
    for literal in report.literals().iter() {
        if case.reading.statement(literal.by).via == Via::CommandLine {
            let finding = PASSWORD_ON_COMMAND_LINE
                .finding(
                    literal.at(case),
                    format!("{} is an argument of the server, and everybody sees those", literal.what),
                )
                .help("put it into a file that only the server may read");
            report.add(finding);
        }
    }
}

fn plaintext_password(case: &Case<'_>, report: &mut Report<'_>) {
    let literals = report.literals();
    // Those that stand in this text and that a person wrote.
    let written = literals.iter().filter(|literal| literal.is_here(case) && !case.is_generated(literal.by));
    let found: Vec<_> = written.collect();
    if found.is_empty() || report.word("version-control") != Some("yes") {
        return;
    }
    for literal in found {
        let finding = PLAINTEXT_PASSWORD
            .finding(literal.at(case), format!("{} is kept in version control, in clear", literal.what))
            .help(
                "let the deployment fill it in, such as `${REDIS_PASSWORD}`; and change it, for the history keeps it",
            );
        report.add(finding);
    }
}

fn world_readable_config(case: &Case<'_>, report: &mut Report<'_>) {
    let found = report.literals();
    let Some(first) = found.iter().find(|literal| literal.is_here(case)) else { return };
    // Of a text that only embeds it, such as a Compose file, nobody knows where it ends up.
    if case.reading.anchor.is_some() {
        return;
    }
    let Some(mode) = report.permissions("file-mode") else { return };
    if mode & 0o004 == 0 {
        return;
    }
    let message = format!("`{mode:04o}` lets every user of the machine read {}", first.what);
    let finding = WORLD_READABLE_CONFIG.finding(first.at(case), message);
    let finding = match case.rewrite_mark() {
        Some(mark) => finding
            .label(mark, "CONFIG REWRITE makes the file 0644 each time")
            .help("close the folder to others (0750), or move users to an `aclfile`, by hash"),
        None => finding.help("take the right to read away from others: `chmod 640`"),
    };
    report.add(finding);
}

fn secret_include_under_sentinel(case: &Case<'_>, report: &mut Report<'_>) {
    let found = report.literals();
    let Some(included) = found.iter().find(|literal| !literal.is_here(case)) else { return };
    if report.word("failover") != Some("sentinel") {
        return;
    }
    // The include that is written here leads to it, perhaps by way of others.
    let leading = case.statements_of("include").filter(|id| case.at(*id).source == SourceId::ROOT);
    let before = leading.filter(|id| id.index() < included.by.index()).last();
    let at = before.map_or(case.anchor(), |id| case.at(id));
    let finding = SECRET_INCLUDE_UNDER_SENTINEL
        .finding(at, format!("{} will be copied in clear out of the included file, by CONFIG REWRITE", included.what))
        .label(included.at(case), "it stands here")
        .help("define users in an `aclfile`, which CONFIG REWRITE leaves alone");
    report.add(finding);
}
