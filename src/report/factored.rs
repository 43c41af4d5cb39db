//! What became of a fleet: the result of `import --factor`.

use std::collections::BTreeMap;

use serde::Serialize;

use super::imported::{LeftoverLine, plural};
use super::look::{Look, Role};
use super::table::columns;

/// A project that was made of many files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactoredFleet {
    /// Where it was written; `None` if it was only told.
    pub folder: Option<String>,
    /// `created`, `changed` or `unchanged`.
    pub status: Option<&'static str>,
    /// How many instances had to share a layer.
    pub min_share: usize,
    /// The layers, lowest first.
    pub layers: Vec<FactoredLayer>,
    /// The instances, sorted by name.
    pub instances: Vec<FactoredInstance>,
    /// Secrets that have logical names now, sorted.
    pub secrets: Vec<SecretOfFleet>,
    /// Who does not do as its likes do.
    pub outliers: Vec<OutlierLine>,
    /// Files that are not in the project.
    pub failed: Vec<NotImported>,
}

/// A layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactoredLayer {
    /// Its name.
    pub name: String,
    /// Its file in the project.
    pub path: String,
    /// How many instances share it.
    pub instances: usize,
    /// Directives that it sets or unsets.
    pub directives: usize,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactoredInstance {
    /// Its name.
    pub name: String,
    /// The file that it was made from.
    pub from: String,
    /// Its file in the project.
    pub path: String,
    /// The file of its profile.
    pub profile: String,
    /// Its version.
    pub server: String,
    /// Directives that its file states.
    pub stated: usize,
    /// Directives that it sets or unsets itself.
    pub own: usize,
    /// Values proven equal.
    pub proven: usize,
    /// What the project does not hold.
    pub leftovers: Vec<LeftoverLine>,
}

/// A secret, by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SecretOfFleet {
    /// The logical name.
    pub name: String,
    /// What it is for.
    pub of: String,
    /// How many instances use it.
    pub instances: usize,
    /// `clear` or `hash`.
    pub known: &'static str,
    /// The first place that holds it.
    pub at: String,
}

/// Some instances and what is odd about them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OutlierLine {
    /// `alone`, `replica`, `scattered`, `unlike`, `version` or `without-effect`.
    pub kind: &'static str,
    /// One line.
    pub text: String,
    /// The directive, if it is about one.
    pub directive: Option<String>,
    /// The instances.
    pub instances: Vec<String>,
}

/// A file of which there is no instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NotImported {
    /// The file.
    pub subject: String,
    /// Why.
    pub reason: String,
}

/// Lines of a list that people see; JSON has all.
const LISTED: usize = 30;
/// Instances that are named in a line.
const NAMED: usize = 5;

impl FactoredFleet {
    /// The report for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let whither = match (&self.folder, self.status) {
            (Some(folder), Some(status)) => format!(" → {folder} ({status})"),
            (Some(_) | None, _) => ", nothing written".to_owned(),
        };
        let count = plural(self.instances.len(), "instance");
        let mut text = format!("{}{whither}\n", look.paint(Role::Counts, &count));
        let mut rows = vec![["layer", "instances", "directives"].map(|cell| (Role::Heading, cell.to_owned())).to_vec()];
        rows.extend(self.layers.iter().map(|layer| {
            vec![
                (Role::Name, layer.path.clone()),
                (Role::Plain, layer.instances.to_string()),
                (Role::Plain, layer.directives.to_string()),
            ]
        }));
        text.push_str(&columns(&rows, 2, look));
        let mut own: Vec<usize> = self.instances.iter().map(|instance| instance.own).collect();
        own.sort_unstable();
        let (median, most) = (own.get(own.len() / 2).copied().unwrap_or(0), own.last().copied().unwrap_or(0));
        text.push_str(&format!("  an instance says {median} of its own (median), {most} at most\n"));
        let stated: usize = self.instances.iter().map(|instance| instance.stated).sum();
        let written = own.iter().sum::<usize>() + self.layers.iter().map(|layer| layer.directives).sum::<usize>();
        text.push_str(&format!("  {} in the files, {written} in the project\n", plural(stated, "directive")));
        let proven: usize = self.instances.iter().map(|instance| instance.proven).sum();
        let equal = look.paint(Role::Counts, "proven equal");
        text.push_str(&format!("  {equal}: {count}, {}\n", plural(proven, "value")));
        if self.layers.iter().all(|layer| layer.instances < self.min_share) {
            text.push_str(&format!(
                "  nothing is shared: a layer takes {} (--min-share)\n",
                plural(self.min_share, "instance")
            ));
        }
        text.push_str(&self.secrets(look));
        text.push_str(&self.left_over(look));
        text.push_str(&self.outliers(look));
        if !self.failed.is_empty() {
            text.push_str(&format!("not imported, see above: {}\n", plural(self.failed.len(), "file")));
        }
        match &self.folder {
            Some(folder) => text.push_str(&format!("next: redisconf render --project {folder}\n")),
            None => text.push_str("next: the same with `--output FOLDER`\n"),
        }
        text
    }

    fn secrets(&self, look: Look) -> String {
        if self.secrets.is_empty() {
            return String::new();
        }
        // Where each instance has its own, one line says it.
        let mut alone: BTreeMap<&str, usize> = BTreeMap::new();
        for secret in self.secrets.iter().filter(|secret| secret.instances == 1) {
            *alone.entry(&secret.of).or_default() += 1;
        }
        alone.retain(|_, count| *count > NAMED);
        let listed = self.secrets.iter().filter(|secret| secret.instances > 1 || !alone.contains_key(&*secret.of));
        let listed: Vec<&SecretOfFleet> = listed.collect();
        let shown = listed.iter().take(LISTED).map(|secret| {
            let remark = if secret.known == "hash" { "only its hash is there: supply the password itself" } else { "" };
            vec![
                (Role::Name, secret.name.clone()),
                (Role::Plain, secret.of.clone()),
                (Role::Plain, plural(secret.instances, "instance")),
                (Role::Aside, secret.at.clone()),
                (Role::Aside, remark.to_owned()),
            ]
        });
        let text = columns(&shown.collect::<Vec<_>>(), 2, look);
        let heading = "secrets, by name; say in overlays/fleet.toml where they are kept:\n";
        let own = alone.iter().map(|(of, count)| format!("  {count} more of one instance each: {of}\n"));
        format!("{heading}{text}{}{}", more(listed.len()), own.collect::<String>())
    }

    fn left_over(&self, look: Look) -> String {
        let all: Vec<&LeftoverLine> = self.instances.iter().flat_map(|instance| &instance.leftovers).collect();
        if all.is_empty() {
            return String::new();
        }
        let shown = all.iter().take(LISTED).map(|leftover| {
            vec![
                (Role::Aside, leftover.at.to_string()),
                (Role::Name, leftover.name.clone()),
                (Role::Plain, leftover.reason.clone()),
            ]
        });
        let heading = look.paint(Role::Severity(crate::finding::Severity::Warning), "left over");
        let text = columns(&shown.collect::<Vec<_>>(), 2, look);
        format!("{heading}, not in the project:\n{text}{}", more(all.len()))
    }

    fn outliers(&self, look: Look) -> String {
        if self.outliers.is_empty() {
            return String::new();
        }
        let mut text = format!("{}:\n", look.paint(Role::Heading, "outliers"));
        for outlier in self.outliers.iter().take(LISTED) {
            let names = outlier.instances.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            let rest = outlier.instances.len().saturating_sub(NAMED);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            text.push_str(&format!("  {}\n    {}\n", outlier.text, look.paint(Role::Aside, &(names + &rest))));
        }
        text + &more(self.outliers.len())
    }
}

fn more(all: usize) -> String {
    match all.saturating_sub(LISTED) {
        0 => String::new(),
        n => format!("  … and {n} more: --output-format json\n"),
    }
}
