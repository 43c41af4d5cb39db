//! Who we are to a server, and whom we trust: from flags, the environment, files, a prompt, or the project.

#![expect(clippy::disallowed_methods, reason = "passwords are kept in the environment, in files and in heads")]

use std::collections::BTreeMap;
use std::path::Path;

use crate::cli::args::Who;
use crate::cli::failure::Failure;
use crate::cli::secrets;
use crate::config::{Secret, Setup};
use crate::live::{Address, AddressError, Login, Tls, TlsFiles, Url};
use crate::syntax::project::Live;

/// The longest password that is read from a file.
const LONGEST: usize = 64 << 10;

/// What the flags say, read once for all servers.
pub(in crate::cli) struct Access {
    user: Option<String>,
    password: Option<Secret>,
    tls: Option<Tls>,
}

impl Access {
    pub(in crate::cli) fn of(who: &Who) -> Result<Self, Failure> {
        let password = match (&who.password_file, who.ask_password) {
            (Some(path), _) => Some(of_file(path)?),
            (None, true) => Some(prompt()?),
            (None, false) => variable(&who.password_env),
        };
        let files = TlsFiles {
            ca: who.tls_ca.clone(),
            certificate: who.tls_cert.clone(),
            key: who.tls_key.clone(),
            server_name: who.tls_server_name.clone(),
        };
        // Without TLS anywhere nobody needs the system's certificates, which take their time to read.
        let tls = (files != TlsFiles::default()).then(|| Tls::prepare(&files)).transpose().map_err(|error| {
            Failure::new(error.to_string()).help("PEM files hold `-----BEGIN CERTIFICATE-----`, or a key")
        })?;
        Ok(Self { user: who.user.clone(), password, tls })
    }

    /// TLS as the flags want it, or with the system's certificates.
    pub(super) fn tls(&self) -> Result<Tls, String> {
        match &self.tls {
            Some(tls) => Ok(tls.clone()),
            None => Tls::prepare(&TlsFiles::default()).map_err(|error| error.to_string()),
        }
    }

    /// TLS where an address speaks it.
    pub(in crate::cli) fn tls_at(&self, url: &Url) -> Result<Option<Tls>, Failure> {
        match &url.address {
            Address::Tcp { tls: true, .. } => self.tls().map(Some).map_err(Failure::new),
            Address::Tcp { .. } | Address::Unix(_) => Ok(None),
        }
    }

    /// The login for a server that flags and an address tell of.
    pub(in crate::cli) fn login(&self, url: &Url) -> Option<Login> {
        let user = self.user.clone().or_else(|| url.user.clone());
        match (&self.password, user) {
            (Some(password), user) => {
                Some(Login { user: user.unwrap_or_else(|| "default".into()), password: password.expose().to_vec() })
            }
            // A user may need no password (`nopass`); to go on as another one would be worse than to be refused.
            (None, Some(user)) => Some(Login { user, password: Vec::new() }),
            (None, None) => None,
        }
    }

    /// The login of an instance: the flags', else what its `live` table names.
    pub(super) fn login_of(
        &self,
        url: &Url,
        live: &Live,
        known: &BTreeMap<String, Secret>,
    ) -> Result<Option<Login>, String> {
        let by_flags = self.password.is_some() || live.password.is_none();
        if let Some(login) = self.login(url).filter(|_| by_flags) {
            let user = match (&self.user, &live.user) {
                (None, Some(user)) => user.value.clone(),
                (Some(_), _) | (None, None) => login.user.clone(),
            };
            return Ok(Some(Login { user, ..login }));
        }
        let Some(name) = &live.password else { return Ok(None) };
        let secret = known
            .get(&name.value)
            .ok_or_else(|| format!("the password is the secret `{}`, which cannot be read from here", name.value))?;
        let user = live.user.as_ref().map(|user| user.value.clone()).or_else(|| url.user.clone());
        Ok(Some(Login { user: user.unwrap_or_else(|| "default".into()), password: secret.expose().to_vec() }))
    }
}

/// The secrets of a setup that are at hand.
pub(super) fn known(setup: &Setup) -> BTreeMap<String, Secret> {
    secrets::at_hand(setup)
}

/// Reads an address, and says what to do about one that is none.
pub(in crate::cli) fn url(text: &str) -> Result<Url, Failure> {
    Url::parse(text).map_err(|error| {
        let help = match &error {
            AddressError::Password => {
                "give the password in REDISCONF_PASSWORD, with --password-file, or --ask-password"
            }
            AddressError::Scheme { .. } => "write redis://, rediss:// (TLS), unix:// or HOST:PORT",
            AddressError::Port { .. } | AddressError::Host { .. } => {
                "write redis://HOST:PORT, HOST:PORT, unix:///PATH, or a file that holds a dump"
            }
            AddressError::Tail { .. } => "an address ends with its port; user, TLS and the rest are said by flags",
        };
        let message = match &error {
            // The address is not repeated: it holds a password.
            AddressError::Password => error.to_string(),
            AddressError::Scheme { .. }
            | AddressError::Port { .. }
            | AddressError::Host { .. }
            | AddressError::Tail { .. } => {
                format!("`{text}` is no address: {error}")
            }
        };
        Failure::new(message).help(help)
    })
}

fn variable(name: &str) -> Option<Secret> {
    let value = std::env::var_os(name)?.into_encoded_bytes();
    (!value.is_empty()).then(|| Secret::new(&value))
}

fn of_file(path: &Path) -> Result<Secret, Failure> {
    let text = std::fs::read(path)
        .map_err(|error| Failure::new(format!("cannot read the password from `{}`: {error}", path.display())))?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.len() > LONGEST {
        return Err(Failure::new(format!("the first line of `{}` is no password", path.display()))
            .help("write the password alone into the first line"));
    }
    Ok(Secret::new(line))
}

fn prompt() -> Result<Secret, Failure> {
    let typed = rpassword::prompt_password("password: ").map_err(|error| {
        Failure::new(format!("cannot ask for the password: {error}"))
            .help("run it on a terminal, or use --password-file")
    })?;
    if typed.is_empty() { Err(Failure::new("no password was given")) } else { Ok(Secret::new(typed.as_bytes())) }
}
