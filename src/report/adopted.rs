//! What a profile took in: the result of `import --into`.

use serde::Serialize;

use super::imported::{LeftoverLine, SecretLine, left_over, plural, secrets};
use super::look::{Look, Role};
use super::place::ServerUsed;
use super::table::columns;
use crate::finding::Severity;

/// How a profile grew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// The configuration.
    pub subject: String,
    /// The version.
    pub server: ServerUsed,
    /// `config`, `dump`, or what held the configuration, such as `compose`.
    pub kind: &'static str,
    /// The profile's path.
    pub profile: String,
    /// `changed`, `unchanged` or, where nothing is to be written, `would change`.
    pub status: &'static str,
    /// What it names now.
    pub added: Vec<AddedLine>,
    /// What it and its layers name, and the configuration has otherwise.
    pub different: Vec<OtherwiseLine>,
    /// What it names and the dump does not show.
    pub unseen: Vec<String>,
    /// Values proven equal.
    pub proven: usize,
    /// Secrets of what is new, and of what a layer names.
    pub secrets: Vec<SecretLine>,
    /// What the profile does not hold.
    pub leftovers: Vec<LeftoverLine>,
}

/// Something that is new in the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AddedLine {
    /// Its name: `timeout`, `user ann`.
    pub name: String,
    /// Its value, of directives.
    pub value: Option<ValueLine>,
}

/// Something that the profile names otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherwiseLine {
    /// Its name.
    pub name: String,
    /// What the configuration has.
    pub original: Option<ValueLine>,
    /// What the profile says.
    pub profile: Option<ValueLine>,
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ValueLine {
    /// Its text; `None` for secrets.
    pub text: Option<String>,
    /// The logical name of a secret.
    pub secret: Option<String>,
}

impl Adoption {
    /// The report for people; `what` is the server in words.
    #[must_use]
    pub fn human(&self, what: &str, look: Look) -> String {
        let mut text = format!(
            "{} → {} ({}): {} adopted, as {what} ({})\n",
            self.subject,
            self.profile,
            self.status,
            look.paint(Role::Counts, &plural(self.added.len(), "directive")),
            self.server.because
        );
        let rows = self.added.iter().map(|added| {
            let value = added.value.as_ref().map(words).unwrap_or_default();
            vec![(Role::Name, added.name.clone()), (Role::Plain, value)]
        });
        text.push_str(&columns(&rows.collect::<Vec<_>>(), 2, look));
        text.push_str(&format!("  {}: {} values\n", look.paint(Role::Counts, "proven equal"), self.proven));
        if !self.unseen.is_empty() {
            text.push_str(&format!("  not in the dump, so not compared: {}\n", self.unseen.join(", ")));
        }
        if !self.different.is_empty() {
            let heading = look.paint(Role::Severity(Severity::Warning), "different");
            text.push_str(&format!("{heading}, and left as the profile has it:\n"));
            let rows = self.different.iter().map(|one| {
                let said = match (&one.original, &one.profile) {
                    (None, None) => "is not as the profile says".to_owned(),
                    (original, profile) => {
                        let of = |value: &Option<ValueLine>| value.as_ref().map_or_else(|| "nothing".into(), words);
                        format!("is {}, the profile says {}", of(original), of(profile))
                    }
                };
                vec![(Role::Name, one.name.clone()), (Role::Plain, said)]
            });
            text.push_str(&columns(&rows.collect::<Vec<_>>(), 2, look));
        }
        text.push_str(&secrets(&self.secrets, look));
        text.push_str(&left_over(&self.leftovers, look));
        text
    }
}

fn words(value: &ValueLine) -> String {
    match (&value.text, &value.secret) {
        (Some(text), _) if text.is_empty() => "\"\"".to_owned(),
        (Some(text), _) => text.clone(),
        (None, Some(name)) => format!("*** (secret `{name}`)"),
        (None, None) => "***".to_owned(),
    }
}
