//! What separates a stale artefact from a fresh one: which directives, whether a restart is needed, and who asked for it.

use std::collections::BTreeSet;

use similar::{ChangeTag, TextDiff};

use crate::catalog::{Change, Directive, Lookup};
use crate::config::{Origin, Setup};
use crate::source::Span;

/// How a change takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Only comments or layout differ.
    None,
    /// `CONFIG SET` can bring it into force.
    Live,
    /// Only a restart can.
    Restart,
}

impl Effect {
    /// The word in reports and JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Live => "live",
            Self::Restart => "restart",
        }
    }
}

/// One changed directive.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The directive.
    pub directive: &'static Directive,
    /// The place that sets it now; none if nothing does any more.
    pub at: Option<Span>,
    /// The layer it is in, by position in [`Setup::layers`].
    pub layer: Option<usize>,
    /// The layers that had a word on it before, lowest first, by position.
    pub beaten: Vec<usize>,
}

/// What separates two artefacts.
#[derive(Clone, Debug)]
pub struct Stale {
    /// Changed directives, by name.
    pub causes: Vec<Cause>,
    /// The strongest effect among them; a part that is no directive, such as an image, counts as a restart.
    pub effect: Effect,
    /// A unified diff, for people; lines that hold secrets are not among an artefact's texts.
    pub diff: String,
}

/// Compares what is on disk with what would be written.
#[must_use]
pub fn stale(setup: &Setup, old: &[u8], new: &[u8]) -> Stale {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let mut config = TextDiff::configure();
    config.timeout(std::time::Duration::from_millis(500));
    let difference = config.diff_lines(old.as_ref(), new.as_ref());
    let (old_lines, new_lines): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut names: BTreeSet<&'static str> = BTreeSet::new();
    let mut other = false;
    for change in difference.iter_all_changes() {
        let (lines, index) = match change.tag() {
            ChangeTag::Equal => continue,
            ChangeTag::Delete => (&old_lines, change.old_index()),
            ChangeTag::Insert => (&new_lines, change.new_index()),
        };
        let Some(index) = index else { continue };
        match part_of(setup, lines, index) {
            Part::Comment => {}
            Part::Directive(name) => {
                names.insert(name);
            }
            Part::Other => other = true,
        }
    }
    let causes: Vec<Cause> = names.into_iter().filter_map(|name| cause(setup, name)).collect();
    let strongest = causes.iter().map(|cause| match cause.directive.change {
        Change::Live => Effect::Live,
        Change::Restart => Effect::Restart,
    });
    let effect = strongest.chain(other.then_some(Effect::Restart)).max().unwrap_or(Effect::None);
    let diff = difference.unified_diff().context_radius(0).to_string();
    Stale { causes, effect, diff }
}

/// What a line of an artefact is part of.
enum Part {
    Comment,
    Directive(&'static str),
    Other,
}

/// Finds the directive a line belongs to: named in it, or, in a list of words, by the option above it.
fn part_of(setup: &Setup, lines: &[&str], index: usize) -> Part {
    let line = lines.get(index).map_or("", |line| line.trim());
    if line.is_empty() || line.starts_with('#') {
        return Part::Comment;
    }
    if line.contains("config-hash") || line.contains("checksum/") {
        // A hash follows what it is a hash of.
        return Part::Comment;
    }
    if let Some(name) = named(setup, line) {
        return Part::Directive(name);
    }
    // The words of an option stand on the lines after it; none takes more than a dozen.
    let is_item = line.starts_with("- ");
    let above = lines[..index].iter().rev().take(12).take_while(|above| is_item && above.trim().starts_with("- "));
    above.into_iter().find_map(|above| named(setup, above.trim())).map_or(Part::Other, Part::Directive)
}

/// The directive whose name a line starts with, after list marks, quotes and dashes.
fn named(setup: &Setup, line: &str) -> Option<&'static str> {
    let bare = line.trim_start_matches(['-', ' ', '"', '\'', '\\', '[']);
    let word: String = bare.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')).collect();
    match setup.config.view.look(&word) {
        Lookup::Here(directive) => Some(directive.name()),
        Lookup::Elsewhere(_) | Lookup::Never => None,
    }
}

fn cause(setup: &Setup, name: &str) -> Option<Cause> {
    let Lookup::Here(directive) = setup.config.view.look(name) else { return None };
    let at = match setup.config.origin(directive) {
        Origin::Statements(statements) => statements.last().map(|id| setup.reading.statement(*id).name.at),
        Origin::Default => None,
    };
    let of_it = || setup.history.iter().filter(|word| word.name == directive.name());
    let layer = of_it().find(|word| word.beaten_by.is_none()).map(|word| word.layer);
    let beaten = of_it().filter(|word| word.beaten_by.is_some()).map(|word| word.layer).collect();
    Some(Cause { directive, at, layer, beaten })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::source::Name;
    use crate::syntax::conf::read_alone;

    fn difference(old: &str, new: &str) -> (Vec<&'static str>, Effect) {
        let reading = read_alone(Name::Stdin, b"maxclients 20000\nio-threads 6\n", "redis-7.4".parse().unwrap());
        let setup = Setup::from_reading("x", reading, Facts::default());
        let stale = stale(&setup, old.as_bytes(), new.as_bytes());
        (stale.causes.iter().map(|c| c.directive.name()).collect(), stale.effect)
    }

    #[test]
    fn a_comment_changes_nothing() {
        assert_eq!(difference("# a\nhz 10\n", "# b\nhz 10\n"), (vec![], Effect::None));
    }

    #[test]
    fn directives_are_found_in_conf_and_in_lists_of_words() {
        assert_eq!(difference("maxclients 1\n", "maxclients 2\n"), (vec!["maxclients"], Effect::Live));
        let list = |n: u8| format!("command:\n  - \"--io-threads\"\n  - \"{n}\"\n");
        assert_eq!(difference(&list(4), &list(6)), (vec!["io-threads"], Effect::Restart));
    }

    #[test]
    fn what_is_no_directive_counts_as_a_restart() {
        assert_eq!(difference("image: a\n", "image: b\n"), (vec![], Effect::Restart));
    }
}
