//! Rules about encrypted connections.

use super::{Case, Check, Group, Report, Rule};
use crate::config::Value;
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::source::Span;
use crate::syntax::Mode;

pub(crate) static PLAIN_PORT_BESIDE_TLS: Rule = Rule {
    id: "plain-port-beside-tls",
    severity: Severity::Warning,
    group: Group::Tls,
    summary: "the plain port stays open beside the encrypted one",
    docs: "`tls-port` adds a listener, it does not replace the plain one: whoever connects to `port` sends the password
of AUTH and all data in clear, and no client notices that it uses the wrong one. Both are right only while clients move
over.

Bad:
    port 6379
    tls-port 6380
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt

Good:
    port 0
    tls-port 6380
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt
",
    source: "valkey.io/topics/encryption",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server],
    check: Check::Config(plain_port_beside_tls),
    ..Rule::BASE
};

pub(crate) static TLS_INCOMPLETE: Rule = Rule {
    id: "tls-incomplete",
    severity: Severity::Fatal,
    group: Group::Tls,
    summary: "TLS is switched on without what it needs, and the server does not start",
    docs: "`tls-port`, `tls-replication` or `tls-cluster` switch TLS on. The server then wants `tls-cert-file` and
`tls-key-file`, and `tls-ca-cert-file` or `tls-ca-cert-dir` as soon as it verifies anybody: clients, unless
`tls-auth-clients no`, and always with `tls-replication` or `tls-cluster`. One that is missing ends the start with
`Failed to configure TLS`; a server that was built without TLS does not start with such a file either.

Bad:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key

Good:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no
",
    source: "measured on redis 7.0 and valkey 8.0, which have TLS, and on redis 6.2, 8.2 and valkey 8.1, 9.0, 9.1",
    check: Check::Config(tls_incomplete),
    ..Rule::BASE
};

pub(crate) static TLS_OLD_PROTOCOLS: Rule = Rule {
    id: "tls-old-protocols",
    severity: Severity::Warning,
    group: Group::Tls,
    summary: "TLS 1.0 or 1.1 is allowed",
    docs: "TLS 1.0 and 1.1 were withdrawn in 2021 (RFC 8996): they rest on MD5 and SHA-1. Every client of the last ten
years speaks 1.2. Without `tls-protocols` the server takes what OpenSSL takes, which today is 1.2 and 1.3.

Bad:
    tls-protocols \"TLSv1.1 TLSv1.2\"

Good:
    tls-protocols \"TLSv1.2 TLSv1.3\"
",
    source: "RFC 8996; accepted by redis 7.0 and valkey 8.0, measured",
    fix: Some(Safety::Unsafe),
    check: Check::Config(tls_old_protocols),
    ..Rule::BASE
};

pub(crate) static TLS_REPLICATION_OFF: Rule = Rule {
    id: "tls-replication-off",
    severity: Severity::Warning,
    group: Group::Tls,
    summary: "clients are encrypted, and the link to the primary is not",
    docs: "`tls-port` is for those who connect here. The link to a primary is plain until `tls-replication yes`:
password and all data cross it in clear, and a primary with `port 0` is not reached at all.

Bad:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt
    replicaof 10.0.0.5 6379

Good:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-ca-cert-file /etc/redis/ca.crt
    replicaof 10.0.0.5 6379
    tls-replication yes
",
    source: "valkey.io/topics/encryption",
    modes: &[Mode::Server],
    check: Check::Config(tls_replication_off),
    ..Rule::BASE
};

pub(crate) static TLS_UNKNOWN_PROTOCOL: Rule = Rule {
    id: "tls-unknown-protocol",
    severity: Severity::Fatal,
    group: Group::Tls,
    summary: "`tls-protocols` names what is no protocol, and the server does not start",
    docs: "The protocols are `TLSv1`, `TLSv1.1`, `TLSv1.2` and `TLSv1.3`, in any case, with a single blank between them
and quotes around all of them. The line itself is accepted; the start fails when TLS is set up.

Bad:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no
    tls-protocols \"TLSv1.2,TLSv1.3\"

Good:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no
    tls-protocols \"TLSv1.2 TLSv1.3\"
",
    source: "measured on redis 7.0 and valkey 8.0",
    fix: Some(Safety::Safe),
    check: Check::Config(tls_unknown_protocol),
    ..Rule::BASE
};

pub(crate) static TLS_UNSUPPORTED_BUILD: Rule = Rule {
    id: "tls-unsupported-build",
    severity: Severity::Fatal,
    group: Group::Tls,
    summary: "TLS is switched on, and the server was built without it",
    docs:
        "Up to 7.0 a server without TLS does not know the directives and stops at the first. Later ones read them, say
`Failed finding TLS support` and end. Packages of distributions and the official images have TLS; what `make` builds
has it only with `BUILD_TLS=yes`.

Bad:
    # redisconf: server=redis-8.2 tls-support=no
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no

Good:
    # redisconf: server=redis-8.2 tls-support=no
    port 6379
",
    source: "measured on redis 6.2, 8.2 and valkey 8.1, 9.0, 9.1, built without TLS",
    facts: &["tls-support"],
    check: Check::Config(tls_unsupported_build),
    ..Rule::BASE
};

pub(crate) static TLS_UNUSED: Rule = Rule {
    id: "tls-unused",
    severity: Severity::Warning,
    group: Group::Tls,
    summary: "a certificate is given, and TLS is switched on nowhere",
    docs: "Certificates alone open no encrypted port. Without `tls-port`, `tls-replication` or `tls-cluster` the server
never looks at them, not even whether they exist, and everything is plain.

Bad:
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key

Good:
    port 0
    tls-port 6379
    tls-cert-file /etc/redis/redis.crt
    tls-key-file /etc/redis/redis.key
    tls-auth-clients no
",
    source: "measured on redis 7.0 and valkey 8.0",
    check: Check::Config(tls_unused),
    ..Rule::BASE
};

pub(crate) static TLS_WEAK_CIPHERS: Rule = Rule {
    id: "tls-weak-ciphers",
    severity: Severity::Warning,
    group: Group::Tls,
    summary: "`tls-ciphers` asks for ciphers that are broken",
    docs: "NULL and eNULL do not encrypt, aNULL does not say who the server is, EXPORT, LOW, DES and RC4 can be read in
hours or less, MD5 can be forged. OpenSSL's own default leaves them out.

Bad:
    tls-ciphers \"ECDHE-RSA-AES128-GCM-SHA256:RC4-SHA\"

Good:
    tls-ciphers \"ECDHE-RSA-AES128-GCM-SHA256:!RC4\"
",
    source: "RFC 7465, RFC 9325",
    check: Check::Config(tls_weak_ciphers),
    ..Rule::BASE
};

/// The directives that switch TLS on.
const SWITCHES: [&str; 3] = ["tls-port", "tls-replication", "tls-cluster"];
/// The protocols that a server knows, as it writes them.
const PROTOCOLS: [&str; 4] = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/// Whether a directive of this value switches TLS on; `None` if a template says.
fn switches_on(value: Option<&Value>) -> Option<bool> {
    match value {
        Some(Value::Int(port)) => Some(*port > 0),
        Some(Value::Bool(on)) => Some(*on),
        None => Some(false),
        Some(_) => None,
    }
}

/// The values of [`SWITCHES`].
fn switches<'a>(case: &Case<'a>) -> [Option<&'a Value>; 3] {
    [case.get("tls-port"), case.get("tls-replication"), case.get("tls-cluster")]
}

/// The place that switches TLS on.
fn switched_on_at(case: &Case<'_>) -> Option<Span> {
    let switch = switches(case).into_iter().position(|value| switches_on(value) == Some(true))?;
    Some(case.place(SWITCHES[switch]))
}

/// Whether a text is empty for sure; a template's is not.
fn is_empty(case: &Case<'_>, name: &str) -> bool {
    case.text(name).is_some_and(<[u8]>::is_empty)
}

/// What is missing for TLS, in the order in which a server misses it.
fn missing(case: &Case<'_>) -> Option<(&'static str, &'static str)> {
    if is_empty(case, "tls-cert-file") {
        return Some(("`tls-cert-file`", "name the server's certificate with `tls-cert-file`"));
    }
    if is_empty(case, "tls-key-file") {
        return Some(("`tls-key-file`", "name the key of the certificate with `tls-key-file`"));
    }
    let verifies = matches!(case.choice("tls-auth-clients"), Some("yes" | "optional"))
        || switches(case)[1..].iter().any(|value| switches_on(*value) == Some(true));
    let without = is_empty(case, "tls-ca-cert-file") && is_empty(case, "tls-ca-cert-dir");
    let help = "name a file with `tls-ca-cert-file`, or set `tls-auth-clients no` if only clients are verified";
    (verifies && without).then_some(("`tls-ca-cert-file`", help))
}

fn tls_incomplete(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(at) = switched_on_at(case).filter(|_| !case.is_partial()) else { return };
    let Some((what, help)) = missing(case) else { return };
    let message = format!("the server stops when it sets TLS up: {what} is missing");
    report.add(TLS_INCOMPLETE.finding(at, message).help(help));
}

fn tls_unsupported_build(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(at) = switched_on_at(case) else { return };
    if report.word("tls-support") == Some("no") {
        let finding = TLS_UNSUPPORTED_BUILD
            .finding(at, "the server was built without TLS and does not start with this")
            .help("use a build with TLS (`make BUILD_TLS=yes`), or take the TLS directives out");
        report.add(finding);
    }
}

/// The words of `tls-protocols`, if it is set.
fn protocols(case: &Case<'_>) -> Option<Vec<String>> {
    let text = case.text("tls-protocols").filter(|text| !text.is_empty())?;
    Some(String::from_utf8_lossy(text).split(' ').map(str::to_owned).collect())
}

/// Whether a server knows the protocol.
fn is_protocol(word: &str) -> bool {
    PROTOCOLS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_old(word: &str) -> bool {
    PROTOCOLS[..2].iter().any(|old| old.eq_ignore_ascii_case(word))
}

/// A finding about `tls-protocols` with the list that should stand there.
fn with_protocols(case: &Case<'_>, finding: Finding, wanted: &[String], fix: fn(Vec<Edit>) -> Fix) -> Finding {
    let Some(id) = case.set_by("tls-protocols") else { return finding };
    let list = wanted.join(" ");
    let words = vec![b"tls-protocols".to_vec(), list.clone().into_bytes()];
    let finding = finding.help(format!("write `tls-protocols \"{list}\"`"));
    if wanted.is_empty() { finding } else { finding.fix(fix(vec![Edit::Put { statement: case.at(id), words }])) }
}

fn tls_unknown_protocol(case: &Case<'_>, report: &mut Report<'_>) {
    if switched_on_at(case).is_none() {
        return;
    }
    let Some(words) = protocols(case) else { return };
    let Some(wrong) = words.iter().find(|word| !is_protocol(word)) else { return };
    let message = if wrong.is_empty() {
        "the server stops when it sets TLS up: two blanks, with no protocol between them".to_owned()
    } else {
        format!("the server stops when it sets TLS up: `{}` is no protocol", crate::config::printable(wrong.as_bytes()))
    };
    let meant = words.iter().flat_map(|word| word.split([',', ';', ' '])).filter(|word| !word.is_empty());
    let wanted: Vec<String> = meant.filter_map(protocol_meant).collect();
    let finding = TLS_UNKNOWN_PROTOCOL.finding(case.place("tls-protocols"), message);
    report.add(with_protocols(case, finding, &wanted, Fix::safe));
}

/// The protocol that somebody meant: `tls1.2`, `TLS 1.2` and `TLSv1_2` are likely slips.
fn protocol_meant(word: &str) -> Option<String> {
    let version: String = word.chars().filter(char::is_ascii_digit).collect();
    let number = match version.as_str() {
        "1" | "10" => "TLSv1",
        "11" => "TLSv1.1",
        "12" => "TLSv1.2",
        "13" => "TLSv1.3",
        _ => return None,
    };
    word.to_ascii_lowercase().starts_with("tls").then(|| number.to_owned())
}

fn tls_old_protocols(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(words) = protocols(case) else { return };
    let Some(old) = words.iter().find(|word| is_old(word)) else { return };
    let mut wanted: Vec<String> = words.iter().filter(|word| !is_old(word) && is_protocol(word)).cloned().collect();
    if wanted.is_empty() {
        wanted.push("TLSv1.2".into());
    }
    let finding = TLS_OLD_PROTOCOLS.finding(case.place("tls-protocols"), format!("`{old}` was withdrawn in 2021"));
    report.add(with_protocols(case, finding, &wanted, Fix::unsafe_));
}

fn plain_port_beside_tls(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(tls) = case.int("tls-port").filter(|port| *port > 0) else { return };
    let Some(plain) = case.int("port").filter(|port| *port > 0) else { return };
    let set_by = case.set_by("port");
    if set_by.is_none() && case.is_partial() {
        return;
    }
    let at = case.place(if set_by.is_some() { "port" } else { "tls-port" });
    let words = vec![b"port".to_vec(), b"0".to_vec()];
    let edit = match set_by {
        Some(id) => Edit::Put { statement: case.at(id), words },
        None => Edit::Add { after: at, words },
    };
    let finding = PLAIN_PORT_BESIDE_TLS
        .finding(at, format!("port {plain} stays open in clear beside the encrypted port {tls}"))
        .help("set `port 0` once every client uses TLS")
        .fix(Fix::unsafe_([edit]));
    report.add(finding);
}

fn tls_replication_off(case: &Case<'_>, report: &mut Report<'_>) {
    let is_replica = matches!(case.get("replicaof"), Some(Value::Replica(Some(_))));
    let off = switches_on(case.get("tls-replication")) == Some(false);
    let said = case.is_set("tls-replication") || !case.is_partial();
    if is_replica && off && said && switches_on(case.get("tls-port")) == Some(true) {
        let finding = TLS_REPLICATION_OFF
            .finding(case.place("replicaof"), "the link to the primary is plain, although clients here use TLS")
            .label(case.place("tls-port"), "TLS for clients")
            .help("set `tls-replication yes`, on all servers that replicate from each other");
        report.add(finding);
    }
}

fn tls_unused(case: &Case<'_>, report: &mut Report<'_>) {
    let given = case.text("tls-cert-file").is_some_and(|path| !path.is_empty());
    let off = switches(case).into_iter().all(|value| switches_on(value) == Some(false));
    if given && off && !case.is_partial() {
        let finding = TLS_UNUSED
            .finding(case.place("tls-cert-file"), "a certificate is given, and TLS is switched on nowhere")
            .help(
                "set `tls-port` for clients, `tls-replication` or `tls-cluster` for servers; or drop the certificate",
            );
        report.add(finding);
    }
}

fn tls_weak_ciphers(case: &Case<'_>, report: &mut Report<'_>) {
    const BROKEN: [&str; 9] = ["RC4", "DES", "3DES", "NULL", "ENULL", "ANULL", "EXPORT", "LOW", "MD5"];
    let Some(text) = case.text("tls-ciphers") else { return };
    let text = String::from_utf8_lossy(text).into_owned();
    let asked = text.split([':', ',', ' ']).filter(|word| !word.starts_with(['!', '-']));
    let is_broken = |cipher: &&str| {
        let upper = cipher.to_ascii_uppercase();
        upper.split(['-', '+', '_']).any(|part| BROKEN.contains(&part) || part.starts_with("EXP"))
    };
    if let Some(weak) = { asked }.find(is_broken) {
        let shown = crate::config::printable(weak.as_bytes());
        let finding = TLS_WEAK_CIPHERS
            .finding(case.place("tls-ciphers"), format!("`{shown}` is broken"))
            .help(format!("take `{shown}` out, or drop `tls-ciphers` for OpenSSL's own choice"));
        report.add(finding);
    }
}

#[cfg(test)]
mod tests {
    use crate::lint::tests::said;

    const CERTIFICATE: &str = "tls-cert-file /a\ntls-key-file /b\n";

    #[test]
    fn what_is_missing_is_what_the_server_misses_first() {
        let missing = |text: &str| -> Vec<String> {
            let prefix = "fatal: the server stops when it sets TLS up: ";
            said("tls-incomplete", text).iter().map(|text| text.strip_prefix(prefix).unwrap().to_owned()).collect()
        };
        assert_eq!(missing("tls-port 1\n"), ["`tls-cert-file` is missing"]);
        assert_eq!(missing("tls-replication yes\n"), ["`tls-cert-file` is missing"]);
        assert_eq!(missing("tls-cluster yes\ntls-cert-file /a\n"), ["`tls-key-file` is missing"]);
        let no_clients = "tls-auth-clients no\n";
        for (switch, complete) in
            [("tls-port 1\n", true), ("tls-replication yes\n", false), ("tls-cluster yes\n", false)]
        {
            let text = format!("{switch}{CERTIFICATE}");
            assert_eq!(missing(&text), ["`tls-ca-cert-file` is missing"], "{text}");
            assert_eq!(missing(&format!("{text}{no_clients}")).is_empty(), complete, "{text}");
            assert_eq!(missing(&format!("{text}tls-ca-cert-dir /c\n")), [""; 0], "{text}");
        }
        for text in ["tls-port 0\n", "tls-port ${PORT}\n", "tls-port 1\ninclude away.conf\n", CERTIFICATE] {
            assert_eq!(missing(text), [""; 0], "{text}");
        }
        let template = format!("tls-port 1\n{CERTIFICATE}tls-ca-cert-file ${{CA}}\n");
        assert_eq!(missing(&template), [""; 0]);
    }

    #[test]
    fn protocols_are_words_between_single_blanks() {
        let text = |list: &str| format!("tls-port 1\n{CERTIFICATE}tls-auth-clients no\ntls-protocols \"{list}\"\n");
        let wrong = |list: &str| said("tls-unknown-protocol", &text(list)).len();
        assert_eq!((wrong("TLSv1.2 TLSv1.3"), wrong("tlsv1.2"), wrong("")), (0, 0, 0));
        assert_eq!((wrong("TLSv9"), wrong("TLSv1.2,TLSv1.3"), wrong("TLSv1.2  TLSv1.3")), (1, 1, 1));
        // Where TLS is not on, nobody reads them.
        assert_eq!(said("tls-unknown-protocol", "tls-protocols TLSv9\n"), [""; 0]);
        assert_eq!(said("tls-old-protocols", "tls-protocols tlsv1\n").len(), 1);
    }
}
