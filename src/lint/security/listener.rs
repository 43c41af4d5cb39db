//! Rules about doors: what listens where, and whether it asks for a password.

use crate::config::Value;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::entrance::Entrance;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::server::{Engine, Server};
use crate::source::Span;
use crate::syntax::Mode;

pub(crate) static IMAGE_DISABLES_PROTECTED_MODE: Rule = Rule {
    id: "image-disables-protected-mode",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "the official images switch protected mode off, and nothing here asks for a password",
    docs: "The official container images of Redis and Valkey are built with `protected-mode no` as the default, so that
a container answers others at all. What would refuse strangers elsewhere therefore lets everybody in who reaches the
port. With a published port that is an error: such servers are found and taken over within hours.

Bad:
    # redisconf: server=redis-7.4 image=official exposure=private
    maxmemory 1gb

Good:
    # redisconf: server=redis-7.4 image=official exposure=private
    maxmemory 1gb
    aclfile /etc/redis/users.acl
",
    source: "docker-library/redis and valkey-io/valkey-container, Dockerfile; docker-library/redis#232, #217",
    facts: &["image"],
    modes: &[Mode::Server],
    check: Check::Config(image_disables_protected_mode),
    ..Rule::BASE
};

pub(crate) static PLAINTEXT_EXPOSED: Rule = Rule {
    id: "plaintext-exposed",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "everybody can reach the port, and nothing is encrypted",
    docs: "Without TLS the password of AUTH and all data cross the network in clear. On a private network that is a
choice; where everybody can reach the port, whoever sits on the way reads both.

Bad:
    # redisconf: server=redis-7.4 exposure=public
    bind *
    aclfile /etc/redis/users.acl

Good:
    # redisconf: server=redis-7.4 exposure=public
    bind *
    aclfile /etc/redis/users.acl
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no
",
    source: "valkey.io/topics/security, redis.io/docs/latest/operate/oss_and_stack/management/security",
    facts: &["exposure"],
    modes: &[Mode::Server],
    check: Check::Config(plaintext_exposed),
    ..Rule::BASE
};

pub(crate) static PROTECTED_MODE_LOCKS_OUT_CLIENTS: Rule = Rule {
    id: "protected-mode-locks-out-clients",
    severity: Severity::Error,
    group: Group::Security,
    summary: "the server listens for others and protected mode refuses them",
    docs: "While the user `default` needs no password, protected mode answers every client that is not on the same
machine with -DENIED, whatever `bind` says. Redis 6.2 does so only where `bind` is not set. The official container
images are built with protected mode off: there the same file lets everybody in. A password mends both.

Bad:
    bind 0.0.0.0
    protected-mode yes

Good:
    bind 0.0.0.0
    protected-mode yes
    aclfile /etc/redis/users.acl
",
    source: "redis 6.2 and 7.0, networking.c; valkey.io/topics/security",
    modes: &[Mode::Server],
    check: Check::Config(protected_mode_locks_out_clients),
    ..Rule::BASE
};

pub(crate) static PROTECTED_MODE_OFF: Rule = Rule {
    id: "protected-mode-off",
    severity: Severity::Info,
    group: Group::Security,
    summary: "protected mode is switched off beside a password, where it costs nothing",
    docs:
        "Protected mode speaks only while the user `default` needs no password. Beside a password it is silent, and is
what remains if the password is ever taken out. Switching it off wins nothing.

Bad:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
    protected-mode no

Good:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
    protected-mode yes
",
    source: "valkey.io/topics/security",
    modes: &[Mode::Server],
    fix: Some(Safety::Safe),
    check: Check::Config(protected_mode_off),
    ..Rule::BASE
};

pub(crate) static UNAUTHENTICATED_NETWORK_LISTENER: Rule = Rule {
    id: "unauthenticated-network-listener",
    severity: Severity::Error,
    group: Group::Security,
    summary: "others can reach the server, and it asks nobody for a password",
    docs: "Whoever connects may read and delete everything, and with CONFIG SET, MODULE LOAD or REPLICAOF write files
and run code as the server's user. Scanners find such servers within hours. A private network makes it a warning, not a
good idea: one hole in any of its machines is enough.

Bad:
    bind 0.0.0.0
    protected-mode no

Good:
    bind 10.0.0.5
    protected-mode yes
    aclfile /etc/redis/users.acl
",
    source: "valkey.io/topics/security; docker-library/redis#217; Lynis DBS-1884 and DBS-1888",
    modes: &[Mode::Server],
    check: Check::Config(unauthenticated_network_listener),
    ..Rule::BASE
};

pub(crate) static UNIX_SOCKET_OPEN_TO_ALL: Rule = Rule {
    id: "unix-socket-open-to-all",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "every user of the machine may use the socket, and no password is asked for",
    docs: "Whoever may write to the socket may connect. Protected mode does not look at sockets. With permissions such
as 777 every process of the machine, and every container that has the folder mounted, may do everything.

Bad:
    unixsocket /run/redis/redis.sock
    unixsocketperm 777

Good:
    unixsocket /run/redis/redis.sock
    unixsocketperm 770
",
    source: "measured on seven servers; unix(7)",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(unix_socket_open_to_all),
    ..Rule::BASE
};

/// Where a server listens for other machines.
struct Listener {
    /// What makes it so; the anchor where nothing is said.
    at: Span,
    /// Whether `bind` was written.
    is_chosen: bool,
}

/// The listener for other machines; `None` if there is none, or if a template says.
fn listener(case: &Case<'_>) -> Option<Listener> {
    let ports = [case.int("port")?, case.int("tls-port").unwrap_or(0)];
    let Value::Words(addresses) = case.get("bind")? else { return None };
    let is_chosen = case.is_set("bind");
    // Redis 6.2 takes an empty `bind` for none.
    let everywhere = !is_chosen || addresses.is_empty() && is_6_2(case.server());
    let beyond = everywhere || addresses.iter().any(|address| !is_loopback(address));
    let listens = beyond && ports.iter().any(|port| *port > 0) && (is_chosen || !case.is_partial());
    listens.then(|| Listener { at: case.place("bind"), is_chosen })
}

/// Whether an address, perhaps with the `-` of an optional one, is of this machine alone.
fn is_loopback(address: &[u8]) -> bool {
    // Most files name these two.
    if matches!(address, b"127.0.0.1" | b"::1") {
        return true;
    }
    let text = String::from_utf8_lossy(address);
    let text = text.strip_prefix('-').unwrap_or(&text);
    text.eq_ignore_ascii_case("localhost")
        || text.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_6_2(server: Server) -> bool {
    server == Server::new(Engine::Redis, 6, 2)
}

/// How bad an open door is, by who can reach it; `None` if nobody else can.
fn severity(case: &Case<'_>, report: &mut Report<'_>) -> Option<Severity> {
    match (case.facts.word("exposure"), case.facts.word("container")) {
        (Some("loopback"), _) => None,
        (Some("private"), _) => {
            report.used("exposure");
            Some(Severity::Warning)
        }
        (Some(_), _) => {
            report.used("exposure");
            Some(Severity::Error)
        }
        (None, Some("yes")) => {
            report.used("container");
            Some(Severity::Warning)
        }
        (None, _) => Some(Severity::Error),
    }
}

/// A finding with the place that opens the door.
fn labelled(finding: Finding, by: Option<Span>) -> Finding {
    match by {
        Some(at) => finding.label(at, "no password is asked for because of this"),
        None => finding,
    }
}

const SET_A_PASSWORD: &str = "define users with passwords, or set `requirepass`";

fn unauthenticated_network_listener(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(listener) = listener(case) else { return };
    let old = is_6_2(case.server()) && listener.is_chosen;
    let off = case.is_set("protected-mode") && case.is_on("protected-mode") == Some(false);
    if !off && !old {
        return;
    }
    let Entrance::Open { by, .. } = Entrance::of(case) else { return };
    let Some(severity) = severity(case, report) else { return };
    let at = if off { case.place("protected-mode") } else { listener.at };
    let message = if off {
        "protected mode is off and no password is asked for: whoever reaches the port may do everything"
    } else {
        "no password is asked for, and redis 6.2 forgets protected mode where `bind` is set"
    };
    let mut finding = UNAUTHENTICATED_NETWORK_LISTENER.finding(at, message).help(SET_A_PASSWORD);
    finding.severity = severity;
    if off && listener.is_chosen {
        finding = finding.label(listener.at, "others can reach it here");
    }
    report.add(labelled(finding, by));
}

fn image_disables_protected_mode(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_set("protected-mode") || case.is_partial() {
        return;
    }
    let Some(listener) = listener(case) else { return };
    let old = is_6_2(case.server()) && listener.is_chosen;
    let Entrance::Open { by, .. } = Entrance::of(case) else { return };
    if old || report.word("image") != Some("official") {
        return;
    }
    let severity = match severity(case, report) {
        None => return,
        // The image already says that this is a container.
        Some(_) if case.facts.word("exposure") != Some("public") => Severity::Warning,
        Some(severity) => severity,
    };
    let message = "no password is asked for, and the official images switch protected mode off";
    let mut finding = IMAGE_DISABLES_PROTECTED_MODE.finding(listener.at, message).help(SET_A_PASSWORD);
    finding.severity = severity;
    report.add(labelled(finding, by));
}

fn protected_mode_locks_out_clients(case: &Case<'_>, report: &mut Report<'_>) {
    if case.is_on("protected-mode") != Some(true) || case.facts.word("exposure") == Some("loopback") {
        return;
    }
    let is_set = case.is_set("protected-mode");
    let Some(listener) = listener(case) else { return };
    if is_6_2(case.server()) && listener.is_chosen {
        return;
    }
    // Without either line it is the stock server, which nobody meant to open.
    let by_image = case.facts.word("image");
    if !is_set && (!listener.is_chosen || by_image == Some("official")) {
        return;
    }
    let Entrance::Open { by, .. } = Entrance::of(case) else { return };
    let message = if is_set || by_image.is_some() {
        report.used("image");
        "no password is set, so protected mode answers -DENIED to every other machine"
    } else {
        "no password is set: protected mode refuses every other machine, and the official images let all of them in"
    };
    let mut finding = PROTECTED_MODE_LOCKS_OUT_CLIENTS.finding(listener.at, message).help(SET_A_PASSWORD);
    if is_set {
        finding = finding.label(case.place("protected-mode"), "protected mode is on");
    }
    report.add(labelled(finding, by));
}

fn protected_mode_off(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(id) = case.set_by("protected-mode") else { return };
    let off = case.is_on("protected-mode") == Some(false) && !case.is_generated(id);
    // A password for sure: other guards, such as a `default` that may only ping, protected mode would change.
    if !off || case.has_secret("requirepass") != Some(true) || !matches!(Entrance::of(case), Entrance::Guarded) {
        return;
    }
    let mut words = case.words(id);
    words.truncate(1);
    words.push(b"yes".to_vec());
    let finding = PROTECTED_MODE_OFF
        .finding(case.at(id), "protected mode is off, and the password is all that is left")
        .help("leave it on: beside a password it refuses nobody")
        .fix(Fix::safe([Edit::Put { statement: case.at(id), words }]));
    report.add(finding);
}

fn plaintext_exposed(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(listener) = listener(case) else { return };
    if case.int("port").is_none_or(|port| port == 0) || report.word("exposure") != Some("public") {
        return;
    }
    let at = if case.is_set("port") { case.place("port") } else { listener.at };
    let finding = PLAINTEXT_EXPOSED
        .finding(at, "everybody can reach the plain port: passwords and data cross it in clear")
        .help("set `tls-port` with a certificate, and `port 0`; or let only a private network reach it");
    report.add(finding);
}

fn unix_socket_open_to_all(case: &Case<'_>, report: &mut Report<'_>) {
    if case.text("unixsocket").is_none_or(<[u8]>::is_empty) {
        return;
    }
    let (Some(Value::Octal(mode)), Some(id)) = (case.get("unixsocketperm"), case.set_by("unixsocketperm")) else {
        return;
    };
    if mode & 0o002 == 0 {
        return;
    }
    let Entrance::Open { by, .. } = Entrance::of(case) else { return };
    let mut words = case.words(id);
    words.truncate(1);
    words.push(format!("{:o}", mode & !0o007).into_bytes());
    let message = format!("`{mode:o}` lets every user of the machine in, and no password is asked for");
    let finding = UNIX_SOCKET_OPEN_TO_ALL
        .finding(case.at(id), message)
        .help("take the rights of others away, and give the clients' users the socket's group")
        .label(case.place("unixsocket"), "the socket is named here")
        .fix(Fix::unsafe_([Edit::Put { statement: case.at(id), words }]));
    report.add(labelled(finding, by));
}
