//! May this be shown? The one place that decides, for every output.

use super::value::Value;
use crate::catalog::{Directive, Kind};

/// A value as people may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The text.
    Plain(String),
    /// A secret that is set.
    Masked,
    /// A secret that is kept elsewhere, by its logical name.
    Named(String),
}

/// What to print for a masked secret.
pub const MASK: &str = "***";

impl Shown {
    /// The text to print; a mask for secrets.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Masked | Self::Named(_) => MASK,
        }
    }
}

/// A value in CONFIG GET form, secrets masked; an empty secret is shown as empty, for it is none.
#[must_use]
pub fn shown(directive: &Directive, value: &Value) -> Shown {
    if let Value::Named(name) = value {
        return Shown::Named(name.to_string());
    }
    let bytes = value.config_get(&directive.kind);
    let secret = directive.is.secret || matches!(value, Value::Secret(_)) || matches!(directive.kind, Kind::User);
    if secret && !bytes.is_empty() {
        return Shown::Masked;
    }
    Shown::Plain(printable(&bytes))
}

/// Bytes as one line of text: control characters and what is not UTF-8 are escaped.
#[must_use]
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                text.extend(character.escape_default());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}
