//! Pages about a directive: what `explain` tells of one.

use serde::Serialize;

use super::look::{Look, Role, wrapped};
use super::table::columns;

/// What is known of a directive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectivePage {
    /// The preferred name; `sentinel monitor` for what follows that word.
    pub name: String,
    /// The version that the page is about: `redis-7.4`.
    pub server: String,
    /// Something to know first, such as that the asked version does not know the directive.
    pub remark: Option<String>,
    /// What it is for.
    pub summary: String,
    /// Other names in that version.
    pub aliases: Vec<String>,
    /// What it takes.
    pub takes: String,
    /// The built-in value.
    pub default: Option<String>,
    /// The same for people, where that differs.
    pub default_in_words: Option<String>,
    /// How a new value takes effect.
    pub change: String,
    /// What a second statement does.
    pub repeat: String,
    /// What the build must have, and what happens without.
    pub needs: Option<String>,
    /// Peculiarities, each in a sentence.
    pub traits: Vec<String>,
    /// The versions that know it.
    pub known_in: String,
    /// What changed along the version tree.
    pub history: Vec<HistoryLine>,
}

/// What changed in one version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryLine {
    /// The version: `redis-7.0`.
    pub server: String,
    /// The changes, each in a few words.
    pub what: Vec<String>,
}

impl DirectivePage {
    /// The page for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let width = look.text_width();
        let mut text = format!(
            "{}  {}\n",
            look.paint(Role::Heading, &self.name),
            look.paint(Role::Aside, &for_people(&self.server))
        );
        if let Some(remark) = &self.remark {
            text.push_str(&wrapped(remark, width, 2));
        }
        text.push_str(&wrapped(&self.summary, width, 2));
        text.push('\n');
        let default = match (&self.default, &self.default_in_words) {
            (Some(default), Some(words)) => Some(format!("{default} ({words})")),
            (Some(default), None) if default.is_empty() => Some("\"\"".into()),
            (Some(default), None) => Some(default.clone()),
            (None, _) => None,
        };
        let aliases = (!self.aliases.is_empty()).then(|| self.aliases.join(", "));
        let facts = [
            ("takes", Some(self.takes.clone())),
            ("default", default),
            ("changes", Some(self.change.clone())),
            ("repeated", Some(self.repeat.clone())),
            ("needs", self.needs.clone()),
            ("also", aliases),
            ("known", Some(self.known_in.clone())),
        ];
        for (word, value) in facts.iter().filter_map(|(word, value)| Some((word, value.as_ref()?))) {
            text.push_str(&fact(word, value, width, look));
        }
        for sentence in &self.traits {
            text.push_str(&fact("note", sentence, width, look));
        }
        if !self.history.is_empty() {
            text.push('\n');
            let row =
                |line: &HistoryLine| vec![(Role::Place, for_people(&line.server)), (Role::Aside, line.what.join("; "))];
            text.push_str(&columns(&self.history.iter().map(row).collect::<Vec<_>>(), 2, look));
        }
        text
    }
}

/// `redis 7.4` for `redis-7.4`.
fn for_people(server: &str) -> String {
    server.replacen('-', " ", 1)
}

/// `  takes     a whole number`, wrapped under its own beginning.
pub(super) fn fact(word: &str, value: &str, width: usize, look: Look) -> String {
    let body = wrapped(value, width, 12);
    format!("  {}{}", look.paint(Role::Name, &format!("{word:<10}")), body.trim_start())
}
