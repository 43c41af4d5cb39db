//! Artefacts for each target from one resolved [`Setup`].
//!
//! A target has a module here and a template in `templates/`; the templates arrange text and compute nothing. Every word
//! reaches an artefact through a filter that quotes it, and what a target cannot say becomes a finding: nothing is left
//! out in silence. The bytes depend on the inputs alone. Nothing here reads or writes a file.

mod acl_file;
mod cluster_secrets;
mod comment;
pub mod entry;
mod job;
mod meaning;
mod options;
mod place;
mod quote;
mod secrets;
mod sheet;
pub mod stale;
mod template;

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::{Secret, Setup};
use crate::finding::Finding;

use job::Job;
pub use options::{Chart, Failover, Layout, Options, RollOn, Secrets, Workload};

/// Declares the targets: a variant and its module, which has `NAME`, `SUMMARY`, `TEMPLATES` and `render`.
macro_rules! targets {
    ($($variant:ident $module:ident)*) => {
        $(mod $module;)*

        /// What can be rendered.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Target {
            $(#[doc = concat!("The target of `", stringify!($module), ".rs`.")] $variant,)*
        }

        impl Target {
            /// Every target, sorted by name.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word users write.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $module::NAME,)* }
            }

            /// One line for lists.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Self::$variant => $module::SUMMARY,)* }
            }

            fn templates(self) -> &'static [(&'static str, &'static str)] {
                match self { $(Self::$variant => $module::TEMPLATES,)* }
            }

            fn render(self, job: &Job<'_>) -> Result<Rendered, Vec<Finding>> {
                match self { $(Self::$variant => $module::render(job),)* }
            }
        }
    };
}

targets! {
    Argv argv
    Compose compose
    Conf conf
    DockerRun docker_run
    Helm helm
    Kubernetes kubernetes
    PrometheusRules prometheus_rules
}

impl Target {
    /// The target with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|target| target.name() == name)
    }
}

/// A rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// Its name, where the user names none.
    pub path: PathBuf,
    /// Its bytes.
    pub text: Vec<u8>,
    /// Its permissions, where they matter.
    pub mode: Option<u32>,
    /// Whether it holds a secret or the hash of one, so that it belongs into no repository.
    pub secret: bool,
}

/// What came of a rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The files; the main one is first.
    pub artefacts: Vec<Artefact>,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}

/// Renders a setup for a target. `known` holds the values of those secrets that are at hand.
///
/// # Errors
/// Findings: the setup has errors or would be refused by the server, an option makes no sense, a secret has no place, or
/// the target cannot express something.
pub fn render(setup: &Setup, options: &Options, known: &BTreeMap<String, Secret>) -> Result<Rendered, Vec<Finding>> {
    let job = Job::new(setup, options, known)?;
    options.target.render(&job)
}

#[cfg(test)]
mod tests;
