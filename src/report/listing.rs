//! What is in force: the result of `show`.

use serde::Serialize;

use super::findings::{FindingLine, Verdict};
use super::look::{Look, Role};
use super::place::{Place, ServerUsed};
use super::table::columns;

/// A configuration as its server sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The file, profile or command line.
    pub subject: String,
    /// The version.
    pub server: ServerUsed,
    /// Whether the server starts with it.
    pub verdict: Verdict,
    /// What is set, and the defaults if they were asked for.
    pub entries: Vec<ListingLine>,
    /// What is wrong with it.
    pub findings: Vec<FindingLine>,
}

/// One directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListingLine {
    /// The name this version prefers.
    pub name: String,
    /// The value in CONFIG GET form, or the words of a statement that CONFIG GET never shows; `None` for a secret.
    pub value: Option<String>,
    /// Whether it is a secret, which is not shown.
    pub secret: bool,
    /// The logical name of a secret that is kept elsewhere.
    pub secret_name: Option<String>,
    /// Whether CONFIG GET knows it.
    pub in_config_get: bool,
    /// Whether it is the built-in value.
    pub is_default: bool,
    /// The statements it comes from.
    pub from: Vec<Place>,
    /// The author's reason.
    pub why: Option<String>,
    /// The formula that gave the value.
    pub derived: Option<String>,
}

impl ListingLine {
    /// The value as text: `""` if empty, a mask if secret.
    fn shown(&self) -> String {
        match (&self.value, &self.secret_name) {
            (Some(value), _) if value.is_empty() => "\"\"".into(),
            (Some(value), _) => value.clone(),
            (None, Some(name)) => format!("*** (secret `{name}`)"),
            (None, None) => "***".into(),
        }
    }
}

impl Listing {
    /// A table of name, value and origin.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        if self.entries.is_empty() {
            return String::new();
        }
        let heading = ["directive", "value", "from"].map(|word| (Role::Heading, word.to_owned())).to_vec();
        let mut rows = vec![heading];
        rows.extend(self.entries.iter().map(row));
        columns(&rows, 0, look)
    }
}

fn row(line: &ListingLine) -> Vec<(Role, String)> {
    let (name, value) = if line.is_default { (Role::Aside, Role::Aside) } else { (Role::Name, Role::Counts) };
    let mut cells = vec![(name, line.name.clone()), (value, line.shown()), (Role::Aside, origin(&line.from))];
    // The author's reason is a sentence or two, and the business of `why`.
    if let Some(formula) = &line.derived {
        cells.push((Role::Aside, format!("# {formula}")));
    }
    cells
}

/// `redis.conf:3,7 conf.d/a.conf:1`; `default` if no statement made it.
pub(super) fn origin(from: &[Place]) -> String {
    if from.is_empty() {
        return "default".into();
    }
    let mut text = String::new();
    let mut before: Option<&Place> = None;
    for place in from {
        match before {
            Some(before) if before.file == place.file => {
                if let Some((_, line)) = place.to_string().rsplit_once(':')
                    && before.line != place.line
                {
                    text.push_str(&format!(",{line}"));
                }
            }
            Some(_) => text.push_str(&format!(" {place}")),
            None => text.push_str(&place.to_string()),
        }
        before = Some(place);
    }
    text
}
