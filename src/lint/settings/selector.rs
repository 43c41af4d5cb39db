//! Words that choose rules: the id of one, a group, a severity, `default`, `all`.

use crate::finding::Severity;
use crate::lint::policy::Policies;
use crate::lint::{Group, Rule, rule, suggest};

/// What there is to know of a rule for choosing it, whether it is built in or an organisation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Its name.
    pub id: &'a str,
    /// What it is about.
    pub group: Group,
    /// How bad what it finds is, as a rule.
    pub severity: Severity,
    /// Whether it speaks without being asked to.
    pub on: bool,
}

impl From<&'static Rule> for Identity<'static> {
    fn from(rule: &'static Rule) -> Self {
        Self { id: rule.id, group: rule.group, severity: rule.severity, on: rule.on }
    }
}

/// A word that chooses rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// The rule of that id.
    Rule(String),
    /// Every rule of the group.
    Group(Group),
    /// Every rule whose findings are that bad as a rule.
    Severity(Severity),
    /// Every rule that speaks without being asked to.
    Default,
    /// Every rule.
    All,
}

impl Selector {
    /// Reads a word that may choose what judges.
    ///
    /// # Errors
    /// What the word may have meant.
    pub fn choosing(word: &str, policies: &Policies) -> Result<Self, String> {
        match word {
            "default" => Ok(Self::Default),
            "all" => Ok(Self::All),
            _ => Self::ignoring(word, policies),
        }
    }

    /// Reads a word that may choose what does not judge: a whole run is never ignored.
    ///
    /// # Errors
    /// What the word may have meant.
    pub fn ignoring(word: &str, policies: &Policies) -> Result<Self, String> {
        if let Some(severity) = Severity::ALL.into_iter().find(|severity| severity.word() == word) {
            return Ok(Self::Severity(severity));
        }
        if let Some(group) = Group::ALL.into_iter().find(|group| group.word() == word) {
            return Ok(Self::Group(group));
        }
        if rule(word).is_some() || policies.position(word).is_some() {
            return Ok(Self::Rule(word.to_owned()));
        }
        Err(meant(word, policies))
    }

    /// Whether it chooses a rule for judging.
    #[must_use]
    pub fn chooses(&self, rule: &Identity<'_>) -> bool {
        match self {
            Self::Rule(id) => id == rule.id,
            Self::Group(group) => *group == rule.group,
            // Many rules are off because they drown people; only their name or group asks for them.
            Self::Severity(severity) => *severity == rule.severity && rule.on,
            Self::Default => rule.on,
            Self::All => true,
        }
    }

    /// Whether it takes a rule out. What a server refuses is ignored only by its own name, or by the word `fatal`.
    #[must_use]
    pub fn ignores(&self, rule: &Identity<'_>) -> bool {
        match self {
            Self::Rule(id) => id == rule.id,
            Self::Group(group) => *group == rule.group && rule.severity != Severity::Fatal,
            Self::Severity(severity) => *severity == rule.severity,
            Self::Default | Self::All => false,
        }
    }

    /// Whether it is the rule's own name.
    #[must_use]
    pub fn names(&self, rule: &Identity<'_>) -> bool {
        matches!(self, Self::Rule(id) if id == rule.id)
    }
}

/// Help for a word that chooses nothing.
fn meant(word: &str, policies: &Policies) -> String {
    let of_policies = policies.iter().map(|policy| policy.id.as_str());
    let near = of_policies.map(|id| (strsim::damerau_levenshtein(word, id), id)).min();
    match near.filter(|(distance, _)| *distance <= 3).map(|(_, id)| id).or_else(|| suggest(word)) {
        Some(id) => format!("did you mean `{id}`?"),
        None => {
            let groups: Vec<&str> = Group::ALL.into_iter().map(Group::word).collect();
            format!("name a rule, a severity, or one of the groups {}", groups.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::RULES;

    #[test]
    fn no_rule_is_named_like_a_class_of_rules() {
        let words = Group::ALL.map(Group::word).into_iter().chain(Severity::ALL.map(Severity::word));
        for word in words.chain(["default", "all", "off", "never", "policy"]) {
            assert!(rule(word).is_none(), "{word}");
        }
    }

    #[test]
    fn what_a_server_refuses_is_not_ignored_by_the_way() {
        let none = Policies::default();
        let fatal = Identity::from(RULES.iter().copied().find(|rule| rule.severity == Severity::Fatal).unwrap());
        let ignores = |word: &str| Selector::ignoring(word, &none).unwrap().ignores(&fatal);
        assert!(ignores(fatal.id) && ignores("fatal"));
        assert!(!ignores(fatal.group.word()) && !ignores("error"));
        assert!(Selector::ignoring("all", &none).is_err());
    }

    #[test]
    fn misspelt_words_are_understood() {
        let none = Policies::default();
        assert_eq!(Selector::choosing("inline-coment", &none), Err("did you mean `inline-comment`?".into()));
        assert!(Selector::choosing("xyzzy", &none).unwrap_err().starts_with("name a rule, a severity"));
    }
}
