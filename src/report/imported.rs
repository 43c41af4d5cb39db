//! What an import did: the result of `import`.

use serde::Serialize;

use super::look::{Look, Role};
use super::place::{Place, ServerUsed};
use super::table::columns;

/// How one configuration became a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The configuration.
    pub subject: String,
    /// The version.
    pub server: ServerUsed,
    /// `config`, `dump`, or what held the configuration, such as `compose`.
    pub kind: &'static str,
    /// The layer that was chosen, where `--extends auto` asked for one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<LayerLine>,
    /// The profile's name.
    pub profile: String,
    /// Where it was written; `None` for standard output.
    pub path: Option<String>,
    /// `created`, `changed` or `unchanged`.
    pub status: Option<&'static str>,
    /// The profile, where it was not written to a file.
    pub text: Option<String>,
    /// What became of the directives.
    pub counts: ImportCounts,
    /// Secrets that have logical names now.
    pub secrets: Vec<SecretLine>,
    /// What the profile does not hold.
    pub leftovers: Vec<LeftoverLine>,
}

/// What became of the directives; all but the last four add up to `stated`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ImportCounts {
    /// Stated in the original; each user, renamed command and module counts.
    pub stated: usize,
    /// In the profile.
    pub kept: usize,
    /// Left out as the version's defaults.
    pub defaults: usize,
    /// Left out, being what a layer says.
    pub from_layers: usize,
    /// Left out, because the version ignores them.
    pub ignored: usize,
    /// What a profile cannot hold.
    pub leftovers: usize,
    /// Not stated, but set or unset against a layer.
    pub set_back: usize,
    /// Values proven equal.
    pub proven: usize,
    /// Reasons taken from comments.
    pub reasons: usize,
    /// Comments that could tell a secret.
    pub withheld: usize,
}

/// The layer that makes the smallest profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerLine {
    /// Its name, as the profile names it; `None` if no layer makes it smaller.
    pub name: Option<String>,
    /// How many directives the profile says, those that set a layer back included.
    pub said: usize,
    /// How many it would say without the layer; `None` if it cannot be made without.
    pub without: Option<usize>,
    /// How many layers could be below it.
    pub fitting: usize,
}

/// A secret, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretLine {
    /// The logical name.
    pub name: String,
    /// What it is for.
    pub of: String,
    /// Where the original holds the value.
    pub at: Place,
    /// `clear`, `hash`, `layer` or `placeholder`.
    pub known: &'static str,
}

/// What is left over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftoverLine {
    /// The statement's name.
    pub name: String,
    /// Where it stands.
    pub at: Place,
    /// Why.
    pub reason: String,
}

impl Import {
    /// The report for people; `what` is the server in words.
    #[must_use]
    pub fn human(&self, what: &str, look: Look) -> String {
        let counts = &self.counts;
        let whither = match (&self.path, self.status) {
            (Some(path), Some(status)) => format!(" → {path} ({status})"),
            (Some(_) | None, _) => String::new(),
        };
        let mut text = format!(
            "{}{whither}: {} of {} in the profile, {}\n",
            self.subject,
            look.paint(Role::Counts, &counts.kept.to_string()),
            plural(counts.stated, "directive"),
            format_args!("as {what} ({})", self.server.because),
        );
        let left_out = [
            (counts.defaults, format!("defaults of {what}")),
            (counts.from_layers, "what a layer says".into()),
            (counts.ignored, format!("ignored by {what}")),
        ];
        let left_out: Vec<String> =
            left_out.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
        if !left_out.is_empty() {
            text.push_str(&format!("  left out: {}\n", left_out.join(" · ")));
        }
        if let Some(layer) = &self.layer {
            let tried = plural(layer.fitting, "layer");
            let without = layer.without.map_or_else(String::new, |n| format!(", against {n} without"));
            text.push_str(&match &layer.name {
                Some(name) => format!(
                    "  extends {name}: of {tried} that fit it leaves least to say, {}{without}\n",
                    plural(layer.said, "directive")
                ),
                None => format!("  extends nothing: none of {tried} that fit leaves less to say\n"),
            });
        }
        if counts.set_back > 0 {
            text.push_str(&format!("  set back against a layer: {}\n", counts.set_back));
        }
        if counts.reasons + counts.withheld > 0 {
            let withheld = match counts.withheld {
                0 => String::new(),
                n => format!("; {} not taken, for it could tell a secret", plural(n, "comment")),
            };
            text.push_str(&format!("  reasons from comments: {}{withheld}\n", counts.reasons));
        }
        text.push_str(&format!("  {}: {} values\n", look.paint(Role::Counts, "proven equal"), counts.proven));
        text.push_str(&secrets(&self.secrets, look));
        text.push_str(&left_over(&self.leftovers, look));
        text
    }
}

/// The secrets by name, and what to write of them.
pub(super) fn secrets(all: &[SecretLine], look: Look) -> String {
    if all.is_empty() {
        return String::new();
    }
    let rows = all.iter().map(|secret| {
        let remark = match secret.known {
            "hash" => "only its hash is there: supply the password itself",
            "layer" => "named by a layer: it must have this value",
            "placeholder" => "filled in elsewhere: say where its value comes from",
            _ => "",
        };
        vec![
            (Role::Name, secret.name.clone()),
            (Role::Plain, secret.of.clone()),
            (Role::Aside, secret.at.to_string()),
            (Role::Aside, remark.to_owned()),
        ]
    });
    let mut text = "secrets, by name; their values are not in the profile:\n".to_owned();
    text.push_str(&columns(&rows.collect::<Vec<_>>(), 2, look));
    let mut names: Vec<&str> = all.iter().map(|secret| secret.name.as_str()).collect();
    names.dedup();
    text.push_str("  say where they are kept, in an overlay or a file for `-f`:\n    [secrets]\n");
    for name in names {
        let variable = name.to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        text.push_str(&format!("    {name} = {{ env = \"REDIS_{variable}\" }}\n"));
    }
    text
}

/// What is left over.
pub(super) fn left_over(all: &[LeftoverLine], look: Look) -> String {
    if all.is_empty() {
        return String::new();
    }
    let rows = all.iter().map(|leftover| {
        vec![
            (Role::Aside, leftover.at.to_string()),
            (Role::Name, leftover.name.clone()),
            (Role::Plain, leftover.reason.clone()),
        ]
    });
    let heading = look.paint(Role::Severity(crate::finding::Severity::Warning), "left over");
    format!("{heading}, not in the profile:\n{}", columns(&rows.collect::<Vec<_>>(), 2, look))
}

/// `1 file`, `2 files`.
pub(super) fn plural(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
