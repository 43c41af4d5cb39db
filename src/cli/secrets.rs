//! Fetching secrets from where a profile says they are, only when an artefact needs them.

#![expect(clippy::disallowed_methods, reason = "secrets are kept in the environment and in files")]

use std::collections::BTreeMap;

use crate::config::{Secret, Setup};
use crate::syntax::profile::Provider;

/// The values that are at hand; a Kubernetes Secret never is, and what is missing is the renderer's to report.
pub(super) fn at_hand(setup: &Setup) -> BTreeMap<String, Secret> {
    let mut known = BTreeMap::new();
    for (name, provider) in &setup.secrets {
        let value = match provider {
            Provider::Environment(variable) => std::env::var_os(variable).map(std::ffi::OsString::into_encoded_bytes),
            Provider::File(path) => std::fs::read(path).ok().map(|mut text| {
                if text.ends_with(b"\n") {
                    text.pop();
                }
                text
            }),
            Provider::Kubernetes { .. } => None,
        };
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            known.insert(name.clone(), Secret::new(&value));
        }
    }
    known
}
