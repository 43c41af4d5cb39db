//! Reads off a server program what it knows: every directive with type, range, default and manners.
//!
//! Nothing is believed: each statement is something the server said of a line in a file, or to CONFIG GET, SET and
//! REWRITE. Lines are followed by one that stops the server, and CONFIG SET is sent together with a name that does not
//! exist, so that both are judged and not carried out; where a server must run, it runs without a network.

mod file;
mod json;
mod lab;
mod names;
mod range;
mod wire;

use std::collections::BTreeMap;
use std::io;

use serde::Serialize;

use super::boot::BootError;
use super::inspect::InspectError;
use super::program::Program;
use crate::server::Server;
use lab::Lab;

/// What one server program says of itself. The form is described beside the committed ones, in `tests/servers/DUMPS.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dump {
    /// Which server, with the patch release.
    pub server: Server,
    /// Whether it was built with TLS.
    pub tls: bool,
    /// The allocator it was built with.
    pub malloc: String,
    /// Names that a file may hold and CONFIG does not know.
    pub file_only: Vec<String>,
    /// Those that a file may hold and nobody reads.
    pub ignored: Vec<String>,
    /// Every directive, aliases too, sorted by name.
    pub directives: Vec<Entry>,
}

/// One directive of a [`Dump`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "independent traits, each read on its own")]
pub struct Entry {
    /// As the server spells it.
    pub name: String,
    /// The preferred name, for an alias.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias_of: Option<String>,
    /// One of the types of `DUMPS.md`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What CONFIG GET shows without a file.
    pub default: String,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<i128>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<i128>,
    /// The words of an enumeration, in the server's order.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
    /// Words that CONFIG GET shows as another.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reads_back: BTreeMap<String, String>,
    /// Whether CONFIG SET changes it.
    pub mutable: bool,
    /// Whether CONFIG GET shows it only by its exact name.
    #[serde(skip_serializing_if = "is_not")]
    pub hidden: bool,
    /// Whether CONFIG SET needs `enable-protected-configs`.
    #[serde(skip_serializing_if = "is_not")]
    pub protected: bool,
    /// Whether the server redacts it in its logs.
    #[serde(skip_serializing_if = "is_not")]
    pub secret: bool,
    /// Whether it takes more than one argument.
    #[serde(skip_serializing_if = "is_not")]
    pub multi: bool,
    /// Whether an empty argument is accepted.
    #[serde(skip_serializing_if = "is_not")]
    pub accepts_empty: bool,
    /// Whether CONFIG SET is refused while the dataset loads.
    #[serde(skip_serializing_if = "is_not")]
    pub deny_loading: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_not(flag: &bool) -> bool {
    !flag
}

/// Why a server program could not be read off.
#[derive(Debug, thiserror::Error)]
pub enum DumpError {
    /// A probe did not start.
    #[error(transparent)]
    Boot(#[from] BootError),
    /// A question was not answered.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The private directory could not be used.
    #[error("cannot use a private directory: {0}")]
    Directory(#[from] io::Error),
    /// The program did something that no known server does.
    #[error("the server {what}: this version needs a new way to be asked")]
    Unexpected {
        /// What it did, and with which directive.
        what: String,
    },
}

/// Reads everything off `program`. `candidates` are the names that some version knows: hidden and file-only ones can
/// only be asked by name. It takes some seconds: a thousand short starts.
///
/// # Errors
/// When a probe cannot be run, or the server behaves unlike every known one.
pub fn dump(program: &Program, candidates: &[&str]) -> Result<Dump, DumpError> {
    let lab = Lab::new(program)?;
    let mut directives = names::shown(&lab, candidates)?;
    for entry in &mut directives {
        file::ask(&lab, entry)?;
    }
    range::ask(&lab, &mut directives)?;
    wire::ask(&lab, &mut directives)?;
    names::aliases(&lab, &mut directives)?;
    let names::FileOnly { known: file_only, ignored } = names::file_only(&lab, &directives, candidates)?;
    let (tls, malloc) = (lab.has_tls()?, program.malloc.clone());
    Ok(Dump { server: program.server, tls, malloc, file_only, ignored, directives })
}

impl Dump {
    /// The text of a dump file: one directive a line, so that releases can be compared line by line.
    #[must_use]
    pub fn to_json(&self) -> String {
        json::write(self)
    }
}
