//! What to do about a server that does not answer, or not in full: one remedy for each kind of trouble.

use std::io::ErrorKind;

use crate::cli::failure::Failure;
use crate::live::{ConnectionError, Denied, ObserveError, TlsTrouble};

/// What to do about a server that does not answer.
pub(in crate::cli) fn remedy(error: &ObserveError) -> Failure {
    let help = match error {
        ObserveError::Connection(error) => of_connection(error),
        ObserveError::Shape { .. } | ObserveError::Pairs(_) | ObserveError::Identity(_) => ELSE,
        ObserveError::NoLogin => "give it in REDISCONF_PASSWORD, with --password-file, or --ask-password",
        ObserveError::WrongLogin { .. } => {
            "check the user (--user) and the password (REDISCONF_PASSWORD, --password-file, --ask-password)"
        }
        ObserveError::NoAuth => {
            "ask without user and password, or a server that has AUTH; a dump may stand for it, too"
        }
        ObserveError::ProtectedMode => "ask from the machine itself, or set a password there",
        ObserveError::Full => "raise `maxclients`, or look for connections that leak",
        ObserveError::NoInfo { .. } => "see `redisconf acl diff` for the rights that it needs",
        ObserveError::NoInfoCommand => "let a dump stand for it: `--live DUMP --server VERSION`",
        ObserveError::NotNow { .. } => "ask again when it is done",
        ObserveError::Refused { .. } => "check the address: a proxy or a managed service may stand between",
        ObserveError::Sentinel => "leave --no-discover out, or name one of the servers it watches",
    };
    Failure::new(error.to_string()).help(help)
}

const ELSE: &str = "check the address: something else may listen there, or stand between";

fn of_connection(error: &ConnectionError) -> &'static str {
    match error {
        ConnectionError::Connect(error) => of_connecting(error.kind()),
        ConnectionError::Tls(trouble) => of_tls(trouble),
        ConnectionError::TimedOut { .. } => {
            "wait longer with --timeout, or look why it is busy; something else may listen there, too"
        }
        ConnectionError::Closed { .. } => "a port that speaks TLS hangs up like this: write rediss://",
        ConnectionError::TooLarge { .. } | ConnectionError::Garbled { .. } => ELSE,
    }
}

fn of_connecting(kind: ErrorKind) -> &'static str {
    if kind == ErrorKind::PermissionDenied {
        "ask as a user who may write to the socket (`unixsocketperm`)"
    } else if kind == ErrorKind::TimedOut {
        "wait longer with --timeout; a firewall that drops packets looks like this, too"
    } else {
        "check address and port, and that the server runs"
    }
}

fn of_tls(trouble: &TlsTrouble) -> &'static str {
    match trouble {
        TlsTrouble::Unprepared | TlsTrouble::UnknownAuthority => {
            "name the certificate of the authority that signed it with --tls-ca"
        }
        TlsTrouble::Name(_) | TlsTrouble::WrongName(_) => "name what the certificate is for with --tls-server-name",
        TlsTrouble::NotSpoken(_) => "redis:// speaks without TLS",
        TlsTrouble::OutOfDate(_) => "renew the server's certificate, or set the clock of this machine",
        TlsTrouble::NotGood(_) => "let the server have a certificate for servers, in X.509 version 3",
        TlsTrouble::WantsCertificate => {
            "give one with --tls-cert and --tls-key, or set `tls-auth-clients optional` there"
        }
        TlsTrouble::RefusesCertificate(_) => {
            "use one (--tls-cert, --tls-key) that is signed by what `tls-ca-cert-file` of the server holds"
        }
        TlsTrouble::NothingInCommon => {
            "give a client certificate with --tls-cert and --tls-key, or allow TLS 1.2 or 1.3 in `tls-protocols`"
        }
        TlsTrouble::Other(_) => {
            "see --tls-ca, --tls-cert, --tls-key and --tls-server-name; redis:// speaks without TLS"
        }
    }
}

/// What to do where values are missing.
pub(in crate::cli) fn of_denial(denied: &Denied) -> &'static str {
    match denied {
        Denied::Permission(_) => "let its user do it: see `redisconf acl diff`",
        Denied::NoCommand => "compare with a dump of its parameters: `--live DUMP`",
        Denied::NotNow(_) => "ask again when it is done",
        Denied::Other(_) => "ask again when the server takes commands",
    }
}
