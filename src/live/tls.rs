//! TLS: whom we trust, who we are, and the name we expect.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

/// What a TLS connection needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// PEM file of the authorities that are trusted; else the system's.
    pub ca: Option<PathBuf>,
    /// PEM file of the client certificate, with its chain.
    pub certificate: Option<PathBuf>,
    /// PEM file of its key.
    pub key: Option<PathBuf>,
    /// The name that the server's certificate must have, and that it is asked for; else the host's.
    pub server_name: Option<String>,
}

/// TLS, ready to be used for any number of connections.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(super) config: Arc<ClientConfig>,
    server_name: Option<String>,
}

/// Why TLS could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there, or holds no PEM of the kind.
    #[error("cannot read {what} from `{}`: {reason}", path.display())]
    File {
        /// What should be in it.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// One of the two without the other.
    #[error("a client certificate and its key belong together: only the {0} is given")]
    Half(&'static str),
    /// Certificate and key do not match, or are of an unknown kind.
    #[error("the client certificate cannot be used with its key: {0}")]
    Pair(String),
    /// The system has no certificates.
    #[error("this machine has no trusted certificates: name those of your authority")]
    NoRoots,
    /// A name that certificates cannot hold.
    #[error("`{0}` is no name that a certificate can have")]
    Name(String),
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When one cannot be used.
    pub fn prepare(files: &TlsFiles) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        match &files.ca {
            Some(path) => {
                for certificate in certificates("the certificates of the authority", path)? {
                    roots.add(certificate).map_err(|error| unreadable("a certificate", path, &error))?;
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err(TlsError::NoRoots);
                }
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider knows the default versions")
            .with_root_certificates(roots);
        let config = match (&files.certificate, &files.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(_), None) => return Err(TlsError::Half("certificate")),
            (None, Some(_)) => return Err(TlsError::Half("key")),
            (Some(certificate), Some(key)) => {
                let chain = certificates("the client certificate", certificate)?;
                let key = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| unreadable("the key of the client certificate", key, &error))?;
                builder.with_client_auth_cert(chain, key).map_err(|error| TlsError::Pair(error.to_string()))?
            }
        };
        if let Some(name) = &files.server_name {
            name_of(name)?;
        }
        Ok(Self { config: Arc::new(config), server_name: files.server_name.clone() })
    }

    /// The name that the server at `host` must prove.
    pub(super) fn expects(&self, host: &str) -> Result<ServerName<'static>, TlsError> {
        name_of(self.server_name.as_deref().unwrap_or(host))
    }
}

fn name_of(text: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(text.to_owned()).map_err(|_| TlsError::Name(text.to_owned()))
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let all = read.map_err(|error| unreadable(what, path, &error))?;
    if all.is_empty() {
        return Err(unreadable(what, path, &"it holds no certificate in PEM form"));
    }
    Ok(all)
}

fn unreadable(what: &'static str, path: &Path, reason: &dyn std::fmt::Display) -> TlsError {
    TlsError::File { what, path: path.to_owned(), reason: reason.to_string() }
}
