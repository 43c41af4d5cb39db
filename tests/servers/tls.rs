//! What a server lacks when TLS is switched on, asked of real servers, with or without TLS in them.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use redisconf::config::resolve;
use redisconf::facts::Facts;
use redisconf::finding::Severity;
use redisconf::lint::{Case, Chosen, inspect};
use redisconf::server::Server;
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf};

use crate::acl::server;
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of =
        |found: &Found| found.trial("TLS lacks what we say", |program| agree(program.server.base(), &program.path));
    servers.iter().map(of).collect()
}

/// The words with which a server refuses what we call fatal.
const COMPLAINTS: [(&str, &str); 4] = [
    ("`tls-cert-file` is missing", "No tls-cert-file configured!"),
    ("`tls-key-file` is missing", "No tls-key-file configured!"),
    ("`tls-ca-cert-file` is missing", "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"),
    ("no protocol", "Invalid tls-protocols specified"),
];
/// What a server says that has everything, for none of the files is there.
const COMPLETE: &str = "Failed to load certificate";

fn agree(server: Server, program: &Path) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let (mut asked, mut has_tls) = (0, false);
    for text in texts() {
        let log = server::log_of(program, text.as_bytes())?;
        let ours = fatal(server, &text);
        asked += 1;
        has_tls |= log.contains(COMPLETE);
        let theirs: Vec<&str> =
            COMPLAINTS.iter().filter(|(_, words)| log.contains(words)).map(|(ours, _)| *ours).collect();
        let knows_tls = !theirs.is_empty() || log.contains(COMPLETE);
        let agreed = match (ours.first(), theirs.first()) {
            (Some(ours), Some(theirs)) => ours.contains(theirs),
            (None, None) => true,
            // A server without TLS starts with neither.
            (Some(_), None) => !knows_tls && (log.contains("TLS support") || log.contains("Bad directive")),
            (None, Some(_)) => false,
        };
        if !agreed {
            wrong.push(format!("{text:?}: we say {ours:?}, the server {theirs:?}"));
        }
    }
    println!("{server}: {asked} files, {}", if has_tls { "with TLS" } else { "without TLS" });
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// What we call fatal, in order.
fn fatal(server: Server, text: &str) -> Vec<String> {
    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server);
    let config = resolve(&reading, Mode::Server);
    let facts = Facts::default();
    let found = inspect(&Case::new(&reading, &config, &facts, Mode::Server), &Chosen::all()).findings.into_iter();
    found.filter(|finding| finding.severity == Severity::Fatal).map(|finding| finding.message).collect()
}

/// Every way to switch TLS on with more or less of what it needs.
fn texts() -> Vec<String> {
    let mut texts = Vec::new();
    for switch in ["", "tls-port 1\nbind 127.0.0.1\n", "tls-replication yes\n", "tls-cluster yes\n"] {
        for files in [
            "",
            "tls-cert-file /no/a\n",
            "tls-key-file /no/b\n",
            "tls-cert-file /no/a\ntls-key-file /no/b\n",
            "tls-cert-file /no/a\ntls-key-file /no/b\ntls-ca-cert-file /no/c\n",
            "tls-cert-file /no/a\ntls-key-file /no/b\ntls-ca-cert-dir /no/c\n",
        ] {
            for more in
                ["", "tls-auth-clients no\n", "tls-auth-clients optional\n", "tls-protocols \"TLSv1.2,TLSv1.3\"\n"]
            {
                texts.push(format!("{switch}{files}{more}"));
            }
        }
    }
    let complete = "tls-port 1\nbind 127.0.0.1\ntls-cert-file /no/a\ntls-key-file /no/b\ntls-auth-clients no\n";
    for list in ["TLSv1", "tlsv1.2 TLSV1.3", "TLSv1.2  TLSv1.3", "TLSv9", "SSLv3", "1.2", "", " TLSv1.2"] {
        texts.push(format!("{complete}tls-protocols \"{list}\"\n"));
    }
    texts
}
