//! Why TLS does not come about, in kinds that have different remedies.

use std::io::{self, ErrorKind};

use rustls::{AlertDescription, CertificateError, Error};

/// Why there is no TLS with the other side.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsTrouble {
    /// Nothing was prepared.
    #[error("nothing is known of whom to trust")]
    Unprepared,
    /// The host is no name that a certificate can have.
    #[error("{0}")]
    Name(String),
    /// The other side says nothing, hangs up, or says something else.
    #[error("the other side speaks no TLS on this port: {0}")]
    NotSpoken(&'static str),
    /// Its certificate comes from somebody we do not trust.
    #[error("the server's certificate is signed by no authority that we trust")]
    UnknownAuthority,
    /// Its certificate is somebody else's.
    #[error("the server's certificate is for another name: {0}")]
    WrongName(String),
    /// Its certificate is too old, or not yet good.
    #[error("the server's certificate is out of date: {0}")]
    OutOfDate(String),
    /// Its certificate cannot be used for another reason.
    #[error("the server's certificate is not good: {0}")]
    NotGood(String),
    /// It wants to know who we are. With TLS 1.3 it says so only when it is asked something.
    #[error("the server wants a client certificate")]
    WantsCertificate,
    /// It does not trust who we are.
    #[error("the server does not accept the client certificate ({0})")]
    RefusesCertificate(&'static str),
    /// Both speak TLS, and share no version or cipher; a server with TLS 1.2 says the same for want of a certificate.
    #[error("the server ends the handshake: no version or cipher in common, or it wants a client certificate")]
    NothingInCommon,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl TlsTrouble {
    /// What a failed read, write or handshake says of TLS; `None` if it is not about TLS.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()).map(Self::from)
    }

    /// What a failed handshake says.
    pub(super) fn of_handshake(error: &io::Error) -> Self {
        match Self::of(error) {
            Some(trouble) => trouble,
            None if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                Self::NotSpoken("it does not shake hands in time")
            }
            None if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Self::NotSpoken("it hangs up")
            }
            None => Self::Other(error.to_string()),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "foreign enums that grow; what is not told apart is said as it is")]
impl From<&Error> for TlsTrouble {
    fn from(error: &Error) -> Self {
        use AlertDescription as Alert;
        use CertificateError as Bad;
        match error {
            // The other one is of an authority of the same name, with another key.
            Error::InvalidCertificate(Bad::UnknownIssuer | Bad::BadSignature) => Self::UnknownAuthority,
            Error::InvalidCertificate(bad @ (Bad::NotValidForName | Bad::NotValidForNameContext { .. })) => {
                Self::WrongName(bad.to_string())
            }
            Error::InvalidCertificate(
                bad @ (Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. }),
            ) => Self::OutOfDate(bad.to_string()),
            Error::InvalidCertificate(bad) => Self::NotGood(bad.to_string()),
            Error::InvalidMessage(_) => Self::NotSpoken("it answers something else"),
            Error::AlertReceived(alert) => match alert {
                Alert::CertificateRequired => Self::WantsCertificate,
                Alert::UnknownCA => Self::RefusesCertificate("signed by an authority that it does not trust"),
                Alert::CertificateExpired => Self::RefusesCertificate("it is out of date"),
                Alert::CertificateRevoked => Self::RefusesCertificate("it is revoked"),
                Alert::BadCertificate | Alert::UnsupportedCertificate | Alert::CertificateUnknown => {
                    Self::RefusesCertificate("it cannot be used")
                }
                Alert::AccessDenied => Self::RefusesCertificate("access denied"),
                Alert::HandshakeFailure | Alert::ProtocolVersion | Alert::InsufficientSecurity => Self::NothingInCommon,
                _ => Self::Other(error.to_string()),
            },
            _ => Self::Other(error.to_string()),
        }
    }
}
