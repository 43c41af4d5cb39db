//! Colour and width, as the caller decided them.

use anstyle::{AnsiColor, Style};

use crate::finding::Severity;

/// How text for people is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether escape sequences are written.
    pub colour: bool,
    /// Columns of the terminal; `None` if the text goes elsewhere, where long lines stay whole.
    pub width: Option<usize>,
}

/// What a piece of text is, for its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A heading, or the name that a page is about.
    Heading,
    /// A directive or a rule.
    Name,
    /// A place in a file.
    Place,
    /// What matters less.
    Aside,
    /// What counts among others that do not.
    Counts,
    /// Running text.
    Plain,
    /// A judgement.
    Severity(Severity),
}

impl Look {
    /// No colour, no limit: what a pipe gets.
    pub const PLAIN: Self = Self { colour: false, width: None };

    /// Columns for running text.
    #[must_use]
    pub fn text_width(self) -> usize {
        self.width.unwrap_or(100).clamp(40, 100)
    }

    /// The text in the colour of its role.
    #[must_use]
    pub fn paint(self, role: Role, text: &str) -> String {
        let mut painted = String::with_capacity(text.len());
        self.paint_into(&mut painted, role, text);
        painted
    }

    /// Adds the text in the colour of its role to another.
    pub(super) fn paint_into(self, painted: &mut String, role: Role, text: &str) {
        if !self.colour || text.is_empty() {
            return painted.push_str(text);
        }
        let style = style(role);
        painted.push_str(&format!("{style}{text}{style:#}"));
    }
}

fn style(role: Role) -> Style {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match role {
        Role::Heading => Style::new().bold(),
        Role::Name => colour(AnsiColor::Cyan),
        Role::Place => Style::new().bold(),
        Role::Aside => Style::new().dimmed(),
        Role::Counts => colour(AnsiColor::Green),
        Role::Plain => Style::new(),
        Role::Severity(Severity::Fatal | Severity::Error) => colour(AnsiColor::Red).bold(),
        Role::Severity(Severity::Warning) => colour(AnsiColor::Yellow).bold(),
        Role::Severity(Severity::Info) => colour(AnsiColor::Blue).bold(),
    }
}

/// Running text in lines of at most `width` columns, each after `indent` blanks; ends with a newline.
#[must_use]
pub(super) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + columns(&line) + 1 + columns(word) > width {
            lines.push_str(&format!("{:indent$}{line}\n", ""));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push_str(&format!("{:indent$}{line}\n", ""));
    }
    lines
}

/// A line that on a terminal goes on, two columns further in, where it does not fit; elsewhere it stays whole.
#[must_use]
pub(super) fn fitted(line: &str, look: Look) -> String {
    match look.width {
        Some(width) if columns(line) > width => wrapped(line, width.max(40), 2).trim_start().to_owned(),
        Some(_) | None => format!("{line}\n"),
    }
}

/// How many columns a text takes; escape sequences for colour take none.
fn columns(text: &str) -> usize {
    let mut is_escape = false;
    let seen = text.chars().filter(|character| {
        is_escape |= *character == '\u{1b}';
        let counts = !is_escape;
        is_escape &= *character != 'm';
        counts
    });
    seen.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words_only() {
        assert_eq!(wrapped("one two three", 9, 2), "  one two\n  three\n");
        assert_eq!(wrapped("unbreakable", 4, 0), "unbreakable\n");
        assert_eq!(wrapped("", 9, 0), "");
    }

    #[test]
    fn a_line_goes_on_below_where_the_terminal_ends() {
        let look = |colour, width| Look { colour, width };
        let line = "a.conf:1:1: error[a-rule] some words that go on";
        assert_eq!(fitted(line, look(false, None)), format!("{line}\n"));
        assert_eq!(fitted(line, look(false, Some(47))), format!("{line}\n"));
        assert_eq!(fitted(line, look(false, Some(44))), "a.conf:1:1: error[a-rule] some words that\n  go on\n");
        let painted = look(true, Some(44)).paint(Role::Place, "a.conf:1:1:") + &line["a.conf:1:1:".len()..];
        assert!(fitted(&painted, look(true, Some(44))).ends_with(" words that\n  go on\n"));
    }

    #[test]
    fn without_colour_nothing_is_added() {
        assert_eq!(Look::PLAIN.paint(Role::Heading, "x"), "x");
        assert_ne!(Look { colour: true, width: None }.paint(Role::Heading, "x"), "x");
    }
}
