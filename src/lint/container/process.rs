//! Rules about how a container starts the server.

use super::is_elsewhere;
use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static DAEMONIZE_IN_CONTAINER: Rule = Rule {
    id: "daemonize-in-container",
    severity: Severity::Error,
    group: Group::Container,
    summary: "the server goes into the background, and the container ends with the process that started it",
    docs: "A container lives as long as its first process. With `daemonize yes` that one starts another and ends: the
container stops at once, with exit code 0 and without a line in its log.

Bad:
    # redisconf: server=redis-7.4 container=yes
    daemonize yes

Good:
    # redisconf: server=redis-7.4 container=yes
    daemonize no
",
    source: "docs.docker.com, containers; redis, server.c",
    facts: &["container"],
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Safe),
    check: Check::Config(daemonize_in_container),
    ..Rule::BASE
};

pub(crate) static ENTRYPOINT_BYPASSED: Rule = Rule {
    id: "entrypoint-bypassed",
    severity: Severity::Warning,
    group: Group::Container,
    summary: "the command replaces the image's entrypoint, which would leave root and guard the files",
    docs: "The official entrypoint changes to the user redis or valkey and sets umask 0077, but only if it is what
starts the server. `command:` in Kubernetes and `entrypoint:` in Compose replace it: the server runs as root, and its
data and CONFIG REWRITE are readable by all. Give the arguments alone.

Bad:
    # redisconf: server=redis-7.4 entrypoint=bypassed image=official
    port 6379

Good:
    # redisconf: server=redis-7.4 entrypoint=kept image=official
    port 6379
",
    source: "docker-library/redis and valkey-io/valkey-container, docker-entrypoint.sh",
    facts: &["entrypoint", "image"],
    modes: &[Mode::Server, Mode::Sentinel],
    check: Check::Config(entrypoint_bypassed),
    ..Rule::BASE
};

pub(crate) static LOGFILE_IN_CONTAINER: Rule = Rule {
    id: "logfile-in-container",
    severity: Severity::Warning,
    group: Group::Container,
    summary: "the log goes to a file inside of the container, where nobody collects it",
    docs: "`docker logs` and `kubectl logs` show what a process prints. A log in a file is not shown, grows without
rotation until the disk of the node is full, and is gone with the container.

Bad:
    # redisconf: server=redis-7.4 container=yes
    logfile /var/log/redis/redis.log

Good:
    # redisconf: server=redis-7.4 container=yes
    logfile \"\"
",
    source: "12factor.net/logs; kubernetes.io, logging architecture",
    facts: &["container"],
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Unsafe),
    check: Check::Config(logfile_in_container),
    ..Rule::BASE
};

pub(crate) static SHELL_WITHOUT_EXEC: Rule = Rule {
    id: "shell-without-exec",
    severity: Severity::Error,
    group: Group::Container,
    summary: "a shell stands before the server, and keeps the signal to stop for itself",
    docs: "`sh -c \"redis-server …\"` leaves the shell as the first process. It does not pass SIGTERM on: the server
runs until it is killed, without a last snapshot and without the end of the append-only file. `exec` puts the server in
the shell's place.

Bad:
    # redisconf: server=redis-7.4 shell=parent
    save 3600 1

Good:
    # redisconf: server=redis-7.4 shell=exec
    save 3600 1
",
    source: "measured with dash; bash replaces itself where the command is the only one",
    facts: &["shell"],
    modes: &[Mode::Server, Mode::Sentinel],
    check: Check::Config(shell_without_exec),
    ..Rule::BASE
};

pub(crate) static SUPERVISED_IN_CONTAINER: Rule = Rule {
    id: "supervised-in-container",
    severity: Severity::Info,
    group: Group::Container,
    summary: "the server reports to systemd or upstart, which is not there",
    docs: "Without NOTIFY_SOCKET the server says at the start that nobody supervises it, and goes on; beside `daemonize
yes` it then does go into the background. In a container there is nobody to report to.

Bad:
    # redisconf: server=redis-7.4 container=yes
    supervised systemd

Good:
    # redisconf: server=redis-7.4 container=yes
    supervised no
",
    source: "measured on twelve servers",
    facts: &["container"],
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Safe),
    check: Check::Config(supervised_in_container),
    ..Rule::BASE
};

fn daemonize_in_container(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("daemonize").filter(|_| case.is_on("daemonize") == Some(true)) else { return };
    if report.word("container") == Some("yes") {
        let finding = DAEMONIZE_IN_CONTAINER
            .finding(case.at(id), "the container ends as soon as the server goes into the background")
            .help("set `daemonize no`")
            .fix(Fix::safe([case.put_value(id, "no")]));
        report.add(finding);
    }
}

fn logfile_in_container(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(path)) = (case.set_by("logfile"), case.text("logfile")) else { return };
    let is_printed = path.is_empty() || path.starts_with(b"/dev/") || path.starts_with(b"/proc/");
    if !is_printed && report.word("container") == Some("yes") {
        let finding = LOGFILE_IN_CONTAINER
            .finding(case.at(id), "the log stays in the container, where nobody collects it")
            .help("set `logfile \"\"`, which prints it")
            .fix(Fix::unsafe_([case.put_value(id, "")]));
        report.add(finding);
    }
}

fn supervised_in_container(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(by @ ("systemd" | "upstart"))) = (case.set_by("supervised"), case.choice("supervised")) else {
        return;
    };
    if report.word("container") == Some("yes") {
        let finding = SUPERVISED_IN_CONTAINER
            .finding(case.at(id), format!("there is no {by} in the container"))
            .help("set `supervised no`")
            .fix(Fix::safe([case.put_value(id, "no")]));
        report.add(finding);
    }
}

fn shell_without_exec(case: &Case<'_>, report: &mut Report<'_>) {
    if !is_elsewhere(case) && report.word("shell") == Some("parent") {
        let finding = SHELL_WITHOUT_EXEC
            .finding(
                case.fact_place("shell"),
                "the shell keeps SIGTERM for itself, and the server is killed in the end",
            )
            .help("write `exec` before the server: `sh -c \"exec redis-server …\"`");
        report.add(finding);
    }
}

fn entrypoint_bypassed(case: &Case<'_>, report: &mut Report<'_>) {
    // Whoever says which user it runs as has done what the entrypoint would do.
    if is_elsewhere(case) || case.facts.word("user") == Some("service") {
        return;
    }
    if report.word("entrypoint") == Some("bypassed") && report.word("image") == Some("official") {
        let finding = ENTRYPOINT_BYPASSED
            .finding(
                case.fact_place("entrypoint"),
                "the image's entrypoint does not start the server, which stays root",
            )
            .help(
                "give the arguments alone (`args:` in Kubernetes, `command:` in Compose), or say which user it runs as",
            );
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::said;

    #[test]
    fn a_log_that_is_printed_is_collected() {
        for path in ["\"\"", "/dev/stdout", "/proc/1/fd/1"] {
            assert_eq!(said("logfile-in-container", &format!("# redisconf: container=yes\nlogfile {path}\n")), [""; 0]);
        }
    }

    #[test]
    fn a_user_makes_up_for_the_entrypoint() {
        let text = "# redisconf: entrypoint=bypassed image=official user=service\nport 6379\n";
        assert_eq!(said("entrypoint-bypassed", text), [""; 0]);
    }
}
