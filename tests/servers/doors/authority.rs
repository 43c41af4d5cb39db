//! Certificates of an authority that lives as long as one trial, made by `openssl`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use tempfile::TempDir;

pub(crate) struct Authority {
    dir: TempDir,
}

impl Authority {
    /// Makes its own certificate.
    pub(crate) fn found() -> Result<Self, Failed> {
        let dir = tempfile::tempdir()?;
        openssl(dir.path(), &["req", "-x509", "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=ca"])?;
        Ok(Self { dir })
    }

    /// Signs a certificate for a name: `NAME.crt` and `NAME.key`.
    pub(crate) fn sign(&self, name: &str) -> Result<(), Failed> {
        let (key, request, certificate) = (format!("{name}.key"), format!("{name}.csr"), format!("{name}.crt"));
        let subject = format!("/CN={name}");
        std::fs::write(self.file("extensions"), format!("subjectAltName=DNS:{name}\n"))?;
        openssl(self.dir.path(), &["req", "-keyout", &key, "-out", &request, "-subj", &subject])?;
        let mut sign = vec!["x509", "-req", "-in", &request, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"];
        sign.extend(["-out", &certificate, "-days", "2", "-extfile", "extensions"]);
        openssl(self.dir.path(), &sign)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

fn openssl(dir: &Path, arguments: &[&str]) -> Result<(), Failed> {
    let mut command = Command::new("openssl");
    command.args(arguments).current_dir(dir).stdin(Stdio::null());
    if arguments.first() == Some(&"req") {
        command.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]);
    }
    let output = command.output().map_err(|error| format!("cannot run `openssl`: {error}"))?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned().into()) }
}
