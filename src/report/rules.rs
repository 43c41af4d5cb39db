//! Rules: a page about one, a table of many, and the whole book as Markdown (`docs/rules.md`).

use serde::Serialize;

use super::explained::fact;
use super::lint::escape::Prose;
use super::look::{Look, Role, wrapped};
use super::table::columns;
use crate::finding::{Safety, Severity};
use crate::lint::{Example, Group, RULES, Rule};

/// What is known of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RulePage {
    /// Its id.
    pub rule: &'static str,
    /// What it is about, in a word.
    pub group: &'static str,
    /// How bad what it finds is, as a rule.
    pub severity: &'static str,
    /// Whether it speaks without being asked to.
    pub on: bool,
    /// What it finds.
    pub summary: &'static str,
    /// Why it matters and what to do.
    pub reason: String,
    /// The servers it speaks of, such as `redis >= 7.0`; empty for all.
    pub servers: &'static [&'static str],
    /// The facts without which it is silent.
    pub facts: &'static [&'static str],
    /// Whether its findings come with a fix, and of which kind at most: `safe` or `unsafe`.
    pub fix: Option<&'static str>,
    /// Where it is known from.
    pub source: &'static str,
    /// An example that it finds something in.
    pub bad: String,
    /// An example without.
    pub good: String,
}

impl RulePage {
    /// The page of a rule.
    #[must_use]
    pub fn of(rule: &'static Rule) -> Self {
        Self {
            rule: rule.id,
            group: rule.group.word(),
            severity: rule.severity.word(),
            on: rule.on,
            summary: rule.summary,
            reason: paragraphs(rule).collect::<Vec<_>>().join("\n\n"),
            servers: rule.servers,
            facts: rule.facts,
            fix: rule.fix.map(Safety::word),
            source: rule.source,
            bad: rule.example(Example::Bad).unwrap_or_default(),
            good: rule.example(Example::Good).unwrap_or_default(),
        }
    }

    /// The page for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let width = look.text_width();
        let mut text = format!(
            "{}  {}\n{}",
            look.paint(Role::Heading, self.rule),
            look.paint(Role::Aside, self.severity),
            wrapped(self.summary, width, 2)
        );
        for paragraph in self.reason.split("\n\n") {
            text.push('\n');
            text.push_str(&wrapped(paragraph, width, 2));
        }
        text.push('\n');
        let needs = (!self.facts.is_empty()).then(|| format!("{}; silent without", self.facts.join(", ")));
        let fix = self.fix.map(|safety| format!("{safety}, {}", fix_flag(safety)));
        let facts = [
            ("group", Some(self.group.to_owned())),
            ("servers", Some(servers(self.servers))),
            ("facts", needs),
            ("fix", fix),
            ("off", (!self.on).then(|| format!("until asked for: --select {}", self.rule))),
            ("source", Some(self.source.to_owned())),
        ];
        for (word, value) in facts.iter().filter_map(|(word, value)| Some((word, value.as_ref()?))) {
            text.push_str(&fact(word, value, width, look));
        }
        for (word, example) in [("bad:", &self.bad), ("good:", &self.good)] {
            if !example.is_empty() {
                let lines: String =
                    example.lines().map(|line| format!("    {line}").trim_end().to_owned() + "\n").collect();
                text.push_str(&format!("\n  {}\n{lines}", look.paint(Role::Name, word)));
            }
        }
        text
    }
}

/// The flag that carries such fixes out.
fn fix_flag(safety: &str) -> &'static str {
    if safety == Safety::Safe.word() { "--fix" } else { "--unsafe-fixes" }
}

fn servers(wanted: &[&str]) -> String {
    if wanted.is_empty() { "every version".into() } else { wanted.join(", ") }
}

/// The reason, each paragraph on one line.
fn paragraphs(rule: &'static Rule) -> impl Iterator<Item = String> {
    let paragraphs = rule.reason().split("\n\n").filter(|paragraph| !paragraph.trim().is_empty());
    paragraphs.map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Rules, by group and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleList {
    /// The rules.
    pub rules: Vec<RulePage>,
}

impl RuleList {
    /// Every rule.
    #[must_use]
    pub fn all() -> Self {
        let mut rules: Vec<&'static Rule> = RULES.to_vec();
        rules.sort_by_key(|rule| (rule.group.word(), rule.id));
        Self { rules: rules.into_iter().map(RulePage::of).collect() }
    }

    /// Those of one group.
    #[must_use]
    pub fn of(group: Group) -> Self {
        let mut list = Self::all();
        list.rules.retain(|page| page.group == group.word());
        list
    }

    /// A table for people, a part a group.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = String::new();
        for rules in self.rules.chunk_by(|one, next| one.group == next.group) {
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&heading(rules[0].group, look));
            let row = |page: &RulePage| {
                let mut notes = vec![page.summary.to_owned()];
                notes.extend((!page.on).then(|| "off until asked for".to_owned()));
                notes.extend((!page.facts.is_empty()).then(|| format!("needs {}", page.facts.join(", "))));
                notes.extend(page.fix.map(|safety| format!("{safety} fix")));
                let severity = Role::Severity(severity(page.severity));
                vec![
                    (Role::Name, page.rule.to_owned()),
                    (severity, page.severity.to_owned()),
                    (Role::Plain, notes.join("; ")),
                ]
            };
            text.push_str(&columns(&rules.iter().map(row).collect::<Vec<_>>(), 2, look));
        }
        text
    }

    /// The book: a section a rule.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::from(
            "# Rules\n\n\
             Made by `redisconf rules --output-format markdown`; a test holds it current. `redisconf explain RULE` tells the \
             same offline.\n\n\
             A **fatal** finding means that the server would not start. A rule that needs facts is silent without them, \
             and counted. A safe fix keeps the meaning, or corrects what the server would not have taken (`--fix`); an \
             unsafe one changes what the server does (`--unsafe-fixes`).\n\n\
             | group | rules about |\n|---|---|\n",
        );
        for rules in self.rules.chunk_by(|one, next| one.group == next.group) {
            let group = rules[0].group;
            let ids = rules.iter().map(|page| format!("[{0}](#{0})", page.rule)).collect::<Vec<_>>().join(", ");
            text.push_str(&format!("| [{group}](#group-{group}) | {}: {ids} |\n", about(group)));
        }
        for rules in self.rules.chunk_by(|one, next| one.group == next.group) {
            let group = rules[0].group;
            text.push_str(&format!("\n## Group {group}\n\nRules about {}.\n", about(group)));
            for page in rules {
                text.push_str(&page.section());
            }
        }
        text
    }
}

impl RulePage {
    fn section(&self) -> String {
        let mut text = format!("\n### {}\n\n**{}**: {}.\n", self.rule, self.severity, Prose(self.summary));
        for paragraph in self.reason.split("\n\n") {
            text.push_str(&format!("\n{}\n", Prose(paragraph)));
        }
        text.push_str(&format!("\n* servers: {}\n", Prose(&servers(self.servers))));
        if !self.facts.is_empty() {
            text.push_str(&format!("* needs facts: `{}`\n", self.facts.join("`, `")));
        }
        if let Some(safety) = self.fix {
            text.push_str(&format!("* fix: {safety} (`{}`)\n", fix_flag(safety)));
        }
        if !self.on {
            text.push_str(&format!("* off until asked for: `--select {}`\n", self.rule));
        }
        text.push_str(&format!("* known from: {}\n", Prose(self.source)));
        for (word, example) in [("Bad", &self.bad), ("Good", &self.good)] {
            if !example.is_empty() {
                text.push_str(&format!("\n{word}:\n\n```conf\n{example}```\n"));
            }
        }
        text
    }
}

/// `memory  rules about memory and eviction`.
fn heading(group: &str, look: Look) -> String {
    let about = format!("rules about {}", about(group));
    format!("{}  {}\n", look.paint(Role::Heading, group), look.paint(Role::Aside, &about))
}

fn about(group: &str) -> &'static str {
    Group::of(group).map(Group::summary).unwrap_or_default()
}

fn severity(word: &str) -> Severity {
    let all = [Severity::Fatal, Severity::Error, Severity::Warning];
    all.into_iter().find(|severity| severity.word() == word).unwrap_or(Severity::Info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_has_every_rule_once_by_group() {
        let list = RuleList::all();
        assert_eq!(list.rules.len(), RULES.len());
        assert!(list.rules.is_sorted_by_key(|page| (page.group, page.rule)));
        assert_eq!(list.human(Look::PLAIN).matches("inline-comment  ").count(), 1);
        let values = RuleList::of(Group::Values);
        assert!(!values.rules.is_empty() && values.rules.iter().all(|page| page.group == "values"));
    }

    #[test]
    fn groups_are_sorted_and_collide_with_no_rule() {
        assert!(Group::ALL.is_sorted_by_key(|group| group.word()));
        for group in Group::ALL {
            assert_eq!(Group::of(group.word()), Some(group));
            assert!(RULES.iter().all(|rule| rule.id != group.word()), "`explain {}` takes both", group.word());
        }
    }
}
