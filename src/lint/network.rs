//! Addresses, queues and silence on the network: what a listener reaches, and when a connection ends.

use super::rule::{Check, Group, Rule};
use super::{Case, Report};
use crate::config::{Value, needs};
use crate::facts::bytes_text;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::syntax::{Mode, StatementId};

pub(crate) static BACKLOG_ABOVE_SOMAXCONN: Rule = Rule {
    id: "backlog-above-somaxconn",
    severity: Severity::Warning,
    summary: "the kernel cuts the queue of new connections",
    docs: "The kernel holds no more connections that wait to be accepted than `net.core.somaxconn`, whatever the server asks
for, which says so in its log: \"The TCP backlog setting cannot be enforced\". 128 was the kernel's own value until
Linux 5.4, and still is in many containers. Behind a fork or a slow command the queue fills, and clients see
timeouts. Raise the kernel's value, in a container by `sysctls`.

Bad:
    # redisconf: somaxconn=128
    tcp-backlog 511

Good:
    # redisconf: somaxconn=1024
    tcp-backlog 511
",
    group: Group::Network,
    source: "seven servers, run",
    facts: &["somaxconn"],
    modes: &[Mode::Server],
    check: Check::Config(backlog_above_somaxconn),
    ..Rule::BASE
};

pub(crate) static BIND_ADDRESS_ABSENT: Rule = Rule {
    id: "bind-address-absent",
    severity: Severity::Warning,
    summary: "the server stops where the container has no IPv6",
    docs: "Containers have no IPv6 address, not even `::1`, unless somebody switched that on. A server that is to bind one then
stops: \"Cannot assign requested address\". With a minus in front the address is bound where it is and forgiven
where it is not.

Bad:
    # redisconf: container=yes exposure=loopback
    bind 127.0.0.1 ::1

Good:
    # redisconf: container=yes exposure=loopback
    bind 127.0.0.1 -::1
",
    group: Group::Network,
    source: "seven servers in a network without IPv6, run",
    facts: &["container"],
    fix: Some(Safety::Safe),
    check: Check::Config(bind_address_absent),
    ..Rule::BASE
};

pub(crate) static BIND_SCOPE: Rule = Rule {
    id: "bind-scope",
    severity: Severity::Warning,
    summary: "the server listens where its clients are not",
    docs:
        "What a loopback address reaches depends on where the server runs. In a container it is the container alone: a
published port and every other pod get \"connection refused\", so a server there binds all addresses (`* -::*`) and
is protected by a password and the network around it. On a host whose only clients are its own processes it is the
other way about: all addresses are a door that nobody needs.

Bad:
    # redisconf: container=yes
    bind 127.0.0.1 -::1

Good:
    # redisconf: container=yes
    bind * -::*
    requirepass 5f2bd1c0a8
",
    group: Group::Network,
    source: "valkey.io/topics/security; redis 7.4 in a network namespace",
    facts: &["container"],
    check: Check::Config(bind_scope),
    ..Rule::BASE
};

pub(crate) static IDLE_TIMEOUT_VS_POOL: Rule = Rule {
    id: "idle-timeout-vs-pool",
    severity: Severity::Warning,
    summary: "the server closes connections that a pool keeps",
    docs: "`timeout` ends ordinary connections that were silent for so many seconds. A pool learns of it only when it hands one
out: the next command fails, after every quiet phase. Subscribers, MONITOR and blocked clients are not touched.
Where dead clients are the worry, `tcp-keepalive` finds them. Leave `timeout 0`, or set it above the time that pools
keep connections idle (the fact `pool-idle`).

Bad:
    timeout 30

Good:
    timeout 0
",
    group: Group::Network,
    source: "valkey.io/topics/clients, \"Client timeouts\"; twelve servers, run",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(idle_timeout),
    ..Rule::BASE
};

pub(crate) static KEEPALIVE_OFF: Rule = Rule {
    id: "keepalive-off",
    severity: Severity::Warning,
    summary: "connections of clients that vanished are never noticed",
    docs: "A host that lost power or a firewall that forgot a connection sends no farewell. With `tcp-keepalive 0` the server
keeps such connections, and with `timeout 0` for ever: each counts against `maxclients`, and what is published for a
subscriber that is gone piles up to its limit. The built-in value is 300 seconds.

Bad:
    tcp-keepalive 0

Good:
    tcp-keepalive 300
",
    group: Group::Network,
    source: "valkey.io/topics/clients, \"TCP keepalive\"",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(keepalive_off),
    ..Rule::BASE
};

pub(crate) static KEEPALIVE_VS_MIDDLEBOX: Rule = Rule {
    id: "keepalive-vs-middlebox",
    severity: Severity::Warning,
    summary: "something on the way drops a connection before it shows a sign of life",
    docs: "Load balancers and firewalls forget silent connections, some after 240 s, and often tell neither side. The first probe
is sent after `tcp-keepalive` seconds of silence, 300 by default: too late there. Set it below the fact
`load-balancer-idle`; 60 costs nothing.

Bad:
    # redisconf: load-balancer-idle=240s
    tcp-keepalive 300

Good:
    # redisconf: load-balancer-idle=240s
    tcp-keepalive 60
",
    group: Group::Network,
    source: "valkey.io/topics/clients, \"TCP keepalive\"",
    facts: &["load-balancer-idle"],
    modes: &[Mode::Server],
    check: Check::Config(keepalive_vs_middlebox),
    ..Rule::BASE
};

pub(crate) static MAXCLIENTS_ABOVE_NOFILE: Rule = Rule {
    id: "maxclients-above-nofile",
    severity: Severity::Warning,
    summary: "the process may not open as many files as it may have clients",
    docs: "Each client is an open file, and the server keeps 32 for itself. Where the system allows fewer than `maxclients` and
32, the server lowers `maxclients` and goes on: with 1024 files to 992. Only its log says so, and CONFIG GET. Raise
`LimitNOFILE` or `ulimit -n`.

Bad:
    # redisconf: nofile=1024
    maxclients 10000

Good:
    # redisconf: nofile=10064
    maxclients 10000
",
    group: Group::Network,
    source: "twelve servers, run",
    facts: &["nofile"],
    modes: &[Mode::Server],
    check: Check::Config(maxclients_above_nofile),
    ..Rule::BASE
};

pub(crate) static MAXCLIENTS_MEMORY: Rule = Rule {
    id: "maxclients-memory",
    severity: Severity::Info,
    summary: "as many clients as are allowed would need much of the memory",
    docs: "A busy connection holds 20 to 40 KiB of buffers, before any large reply. `maxclients` above what is needed is no gain:
it lets a client that leaks connections take the memory of the data.

Bad:
    # redisconf: memory=1gb
    maxclients 20000

Good:
    # redisconf: memory=1gb
    maxclients 2000
",
    group: Group::Network,
    source: "twelve servers, run: 17 to 50 KiB just after a command, 2 to 17 KiB after 4 s",
    facts: &["memory"],
    modes: &[Mode::Server],
    check: Check::Config(maxclients_memory),
    ..Rule::BASE
};

pub(crate) static MAXCLIENTS_TOO_LOW: Rule = Rule {
    id: "maxclients-too-low",
    severity: Severity::Error,
    summary: "clients are turned away at peak",
    docs: "Beyond `maxclients`, 10000 by default, a connection is answered \"max number of clients reached\" and closed. The
peak is after a deploy, when old and new instances hold their pools at the same time (the fact `connections`);
replicas, Sentinels and monitoring count too.

Bad:
    # redisconf: connections=5000
    maxclients 1000

Good:
    # redisconf: connections=5000
    maxclients 6800
",
    group: Group::Network,
    source: "valkey.io/topics/clients, \"Maximum concurrent connected clients\"",
    facts: &["connections"],
    modes: &[Mode::Server],
    check: Check::Config(maxclients_too_low),
    ..Rule::BASE
};

/// The number in force.
fn number(case: &Case<'_>, name: &str) -> Option<u64> {
    case.int(name).and_then(|number| u64::try_from(number).ok())
}

/// A finding with the line that would mend it, where there is one.
fn with_value(case: &Case<'_>, finding: Finding, name: &str, value: &str) -> Finding {
    let Some(id) = case.set_by(name) else { return finding };
    let words = vec![case.words(id)[0].clone(), value.as_bytes().to_vec()];
    finding.fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]))
}

fn backlog_above_somaxconn(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(backlog) = number(case, "tcp-backlog") else { return };
    let Some(most) = report.count("somaxconn").filter(|most| *most < backlog) else { return };
    report.add(
        BACKLOG_ABOVE_SOMAXCONN
            .finding(
                case.place("tcp-backlog"),
                format!("a queue of {backlog} is asked for, and the kernel gives {most}"),
            )
            .help(format!("set net.core.somaxconn to {backlog} or more")),
    );
}

/// The addresses of a `bind` line, with their positions; none if nothing but the built-in ones is bound.
fn bound(case: &Case<'_>) -> Option<(StatementId, Vec<String>)> {
    let id = case.set_by("bind")?;
    let listens = ["port", "tls-port"].into_iter().any(|name| case.int(name).is_some_and(|port| port > 0));
    let Some(Value::Words(words)) = case.get("bind") else { return None };
    let texts = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
    listens.then(|| (id, texts.collect()))
}

fn bind_address_absent(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, addresses)) = bound(case) else { return };
    let one_of_ipv6 = |address: &String| {
        address.contains(':') && !matches!(address.as_str(), "::" | "::*") && !address.starts_with('-')
    };
    let Some(index) = addresses.iter().position(one_of_ipv6) else { return };
    if report.word("container") != Some("yes") {
        return;
    }
    let address = &addresses[index];
    let mended: Vec<Vec<u8>> = std::iter::once(case.words(id)[0].clone())
        .chain(
            addresses
                .iter()
                .map(|other| if one_of_ipv6(other) { format!("-{other}") } else { other.clone() }.into_bytes()),
        )
        .collect();
    report.add(
        BIND_ADDRESS_ABSENT
            .finding(
                case.word_at(id, index),
                format!("in a container without IPv6 there is no `{address}`, and the server stops"),
            )
            .help(format!("write `-{address}`"))
            .fix(Fix::safe([Edit::Put { statement: case.at(id), words: mended }])),
    );
}

fn bind_scope(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, addresses)) = bound(case).filter(|(_, addresses)| !addresses.is_empty()) else { return };
    let bare = |address: &String| address.strip_prefix('-').unwrap_or(address).to_owned();
    let is_loopback = |address: &String| {
        let bare = bare(address);
        bare == "localhost" || bare == "::1" || bare.starts_with("127.")
    };
    let is_all = |address: &String| matches!(bare(address).as_str(), "*" | "0.0.0.0" | "::" | "::*");
    if addresses.iter().all(is_loopback) {
        // Processes beside it in the same pod reach it.
        if case.facts.word("exposure") == Some("loopback") || case.facts.word("network") == Some("host") {
            return;
        }
        if report.word("container") == Some("yes") {
            report.add(
                BIND_SCOPE
                    .finding(case.at(id), "nothing outside of the container reaches this server")
                    .help("write `bind * -::*`, with a password, and let the network decide who gets here"),
            );
        }
    } else if let Some(index) = addresses.iter().position(is_all)
        && case.facts.word("exposure") == Some("loopback")
        && case.facts.word("container") == Some("no")
    {
        report.used("exposure");
        report.used("container");
        report.add(
            BIND_SCOPE
                .finding(case.word_at(id, index), "all addresses are open, and only this host has clients")
                .help("write `bind 127.0.0.1 -::1`"),
        );
    }
}

fn idle_timeout(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(timeout) = number(case, "timeout").filter(|timeout| *timeout > 0) else { return };
    let kept = case.facts.milliseconds("pool-idle").map(|time| time / 1000);
    if kept.is_some_and(|kept| timeout > kept) {
        return;
    }
    report.used("pool-idle");
    let message = match kept {
        Some(kept) => format!("a connection ends after {timeout} s of silence, and pools keep theirs for {kept} s"),
        None => format!("a pool finds its connections dead after {timeout} s of silence"),
    };
    let mut finding = IDLE_TIMEOUT_VS_POOL
        .finding(case.place("timeout"), message)
        .help("set `timeout 0`, or say how long pools keep connections with the fact `pool-idle`");
    // A minute is short for every pool; above, it depends.
    if kept.is_none() && timeout >= 60 {
        finding.severity = Severity::Info;
    }
    report.add(with_value(case, finding, "timeout", "0"));
}

fn keepalive_off(case: &Case<'_>, report: &mut Report<'_>) {
    if number(case, "tcp-keepalive") == Some(0) {
        let finding = KEEPALIVE_OFF
            .finding(case.place("tcp-keepalive"), "connections of clients that vanished stay for ever")
            .help("set `tcp-keepalive 300`, or 60 behind a load balancer");
        report.add(with_value(case, finding, "tcp-keepalive", "300"));
    }
}

fn keepalive_vs_middlebox(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(keepalive) = number(case, "tcp-keepalive") else { return };
    let Some(idle) = report.milliseconds("load-balancer-idle").map(|idle| idle / 1000) else { return };
    if keepalive > 0 && keepalive < idle {
        return;
    }
    let message = match keepalive {
        0 => format!("a connection is dropped on the way after {idle} s of silence, and no probe is ever sent"),
        _ => format!("a connection is dropped on the way after {idle} s of silence, and probed after {keepalive} s"),
    };
    let wanted = (idle / 2).clamp(1, 60);
    report.add(
        KEEPALIVE_VS_MIDDLEBOX
            .finding(case.place("tcp-keepalive"), message)
            .help(format!("set `tcp-keepalive {wanted}`")),
    );
}

/// Files that the server keeps for itself.
const RESERVED: u64 = 32;

fn maxclients_above_nofile(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(clients) = number(case, "maxclients") else { return };
    let Some(files) = report.count("nofile").filter(|files| *files < clients.saturating_add(RESERVED)) else { return };
    let at = case.place("maxclients");
    let help = format!("allow {} open files (LimitNOFILE, ulimit -n)", clients.saturating_add(2 * RESERVED));
    let mut finding = MAXCLIENTS_ABOVE_NOFILE
        .finding(
            at,
            format!(
                "{clients} clients do not fit {files} open files: the server takes {}",
                files.saturating_sub(RESERVED)
            ),
        )
        .help(help);
    if files <= RESERVED {
        finding.severity = Severity::Error;
        finding.message = format!("the server does not start with {files} open files: it keeps {RESERVED} for itself");
    }
    report.add(finding);
}

fn maxclients_memory(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(clients) = number(case, "maxclients").filter(|_| case.is_set("maxclients")) else { return };
    let needed = needs::connections(clients) / 2;
    let Some(memory) = report.bytes("memory").filter(|memory| needed > memory / 10) else { return };
    report.add(
        MAXCLIENTS_MEMORY
            .finding(
                case.place("maxclients"),
                format!("{clients} busy clients hold {} or more of {}", bytes_text(needed), bytes_text(memory)),
            )
            .help("set `maxclients` to the connections at peak and a third more"),
    );
}

fn maxclients_too_low(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(clients) = number(case, "maxclients") else { return };
    let Some(connections) = report.count("connections").filter(|connections| *connections > clients) else { return };
    let wanted = (connections.saturating_mul(4) / 3 + 50).div_ceil(100).saturating_mul(100);
    report.add(
        MAXCLIENTS_TOO_LOW
            .finding(
                case.place("maxclients"),
                format!("{connections} connections come at peak, and {clients} are let in"),
            )
            .help(format!("set `maxclients {wanted}`")),
    );
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::inspected;

    fn found(rule: &str, text: &str) -> Vec<String> {
        let (inspection, _) = inspected(text);
        let own = inspection.findings.iter().filter(|finding| finding.rule == rule);
        own.map(|finding| format!("{} {}", finding.severity, finding.message)).collect()
    }

    #[test]
    fn loopback_is_one_thing_on_a_host_and_another_in_a_container() {
        let of = |facts: &str, bind: &str| found("bind-scope", &format!("# redisconf: {facts}\nbind {bind}\n")).len();
        assert_eq!(of("container=yes", "127.0.0.1"), 1);
        assert_eq!(of("container=yes exposure=loopback", "127.0.0.1"), 0);
        assert_eq!(of("container=yes network=host", "127.0.0.1 -::1"), 0);
        assert_eq!(of("container=yes", "127.0.0.1 10.0.0.5"), 0);
        assert_eq!(of("container=yes exposure=loopback", "0.0.0.0"), 0);
        assert_eq!(of("container=no exposure=loopback", "0.0.0.0"), 1);
        assert_eq!(of("container=no exposure=loopback", "127.0.0.1"), 0);
        assert_eq!(of("container=no", "0.0.0.0"), 0);
        assert_eq!(found("bind-scope", "# redisconf: container=yes\nbind 127.0.0.1\nport 0\nunixsocket /s\n").len(), 0);
    }

    #[test]
    fn a_timeout_is_held_against_the_pool_where_that_is_known() {
        let of = |facts: &str, timeout: u32| {
            found("idle-timeout-vs-pool", &format!("# redisconf: server=redis-7.4 {facts}\ntimeout {timeout}\n"))
        };
        assert!(of("", 0).is_empty() && of("pool-idle=240s", 300).is_empty());
        assert!(of("", 30)[0].starts_with("warning") && of("", 300)[0].starts_with("info"));
        assert!(of("pool-idle=600s", 300)[0].starts_with("warning"));
    }

    #[test]
    fn so_few_files_that_nothing_is_left() {
        assert!(found("maxclients-above-nofile", "# redisconf: nofile=32\nport 6379\n")[0].starts_with("error"));
        assert!(found("maxclients-above-nofile", "# redisconf: nofile=1024\nport 6379\n")[0].ends_with("takes 992"));
        assert!(found("maxclients-above-nofile", "# redisconf: nofile=10032\nport 6379\n").is_empty());
    }

    #[test]
    fn a_sentinel_has_no_pools() {
        let text = "# sentinel.conf\nsentinel monitor main 10.0.0.1 6379 2\ntimeout 10\ntcp-keepalive 0\n";
        assert!(
            inspected(text)
                .0
                .findings
                .iter()
                .all(|finding| !finding.rule.contains("keepalive") && !finding.rule.contains("timeout"))
        );
    }
}
