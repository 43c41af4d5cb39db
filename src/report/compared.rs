//! What differs between two configurations: the result of `diff`.

use serde::Serialize;

use super::findings::{FindingLine, Verdict};
use super::lint::escape::Prose;
use super::look::{Look, Role, wrapped};
use super::place::{Place, ServerUsed};
use super::table::columns;

/// Two sides and what they do not share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Whether they mean the same, as far as both tell.
    pub equal: bool,
    /// The first.
    pub from: SideLine,
    /// The second.
    pub to: SideLine,
    /// What differs.
    pub differences: Vec<DifferenceLine>,
    /// What one side sets and the version of the other does not know.
    pub one_sided: Vec<DifferenceLine>,
    /// What was not compared, though one side sets it, and what the host lowered; no differences.
    pub others: Vec<DifferenceLine>,
    /// How many directives mean the same on both sides.
    pub equal_count: usize,
    /// How many a dump does not show, or the host decides.
    pub not_compared_count: usize,
}

/// One side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SideLine {
    /// As it was named.
    pub name: String,
    /// `file`, `users`, `profile`, `dump` or `version`.
    pub kind: &'static str,
    /// The version it is read as.
    pub server: ServerUsed,
    /// Whether the server starts with it; a dump is of one that did.
    pub verdict: Verdict,
    /// Why it does not, and what could not be judged.
    pub findings: Vec<FindingLine>,
    /// Directives that only this side's version knows, and nobody sets.
    pub unset: Vec<&'static str>,
    /// Names in a dump that its version does not know.
    pub unknown: Vec<String>,
}

/// One directive on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DifferenceLine {
    /// The name the second side prefers.
    pub name: String,
    /// The first side.
    pub from: HeldLine,
    /// The second side.
    pub to: HeldLine,
    /// How the second value takes effect on a running server: `live` or `restart`.
    pub effect: &'static str,
    /// Whether it differs from node to node by its nature.
    pub per_node: bool,
    /// What else is to be said.
    pub note: Option<String>,
}

/// What one side holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HeldLine {
    /// As this side's version calls it.
    pub name: String,
    /// The value in CONFIG GET form, or the words of a statement; `None` for a secret, and where there is none.
    pub value: Option<String>,
    /// Whether it is a secret, which is compared and not shown.
    pub secret: bool,
    /// The logical name of a secret that is kept elsewhere.
    pub secret_name: Option<String>,
    /// Who says it: `statement`, `default`, `dump`, `server`, `behaviour`, `unknown`, `ignored` or `absent`.
    pub said: &'static str,
    /// Where it is said.
    pub at: Vec<Place>,
    /// The value for people.
    #[serde(skip)]
    pub words: Option<String>,
}

impl HeldLine {
    pub(super) fn shown(&self) -> String {
        if let Some(name) = &self.secret_name {
            return format!("*** (secret `{name}`)");
        }
        match (self.words.as_ref().or(self.value.as_ref()), self.said) {
            (Some(text), _) if text.is_empty() => "\"\"".into(),
            (Some(text), _) => text.clone(),
            (None, _) if self.secret => "***".into(),
            (None, "unknown") => "unknown".into(),
            (None, "ignored") => "ignored".into(),
            (None, _) => "–".into(),
        }
    }

    fn place(&self) -> String {
        match self.said {
            "statement" => super::listing::origin(&self.at),
            "default" => "default".into(),
            "dump" => "dump".into(),
            "behaviour" => "as it was before".into(),
            _ => String::new(),
        }
    }
}

impl DifferenceLine {
    /// What lines that say the same have in common, wherever they say it.
    pub(super) fn alike(&self) -> String {
        format!("{} {} {} {} {}", self.title(), self.from.shown(), self.to.shown(), self.effect, self.aside())
    }

    fn title(&self) -> String {
        match [&self.from, &self.to].into_iter().find(|held| is_other_name(&held.name, &self.name)) {
            Some(other) => format!("{} ({})", self.name, other.name),
            None => self.name.clone(),
        }
    }

    /// What stands behind the values.
    fn aside(&self) -> String {
        // A note tells why they were not compared.
        let compared = self.from.secret && self.to.secret && self.note.is_none();
        let secrets = compared.then(|| "differs".to_owned());
        let node = self.per_node.then(|| "per node".to_owned());
        let parts: Vec<String> = [secrets, self.note.clone(), node].into_iter().flatten().collect();
        parts.join(", ")
    }
}

/// Whether a side calls a directive otherwise; the keys of users and of what is carried out are no names.
fn is_other_name(held: &str, name: &str) -> bool {
    held != name && !name.contains(' ')
}

impl Compared {
    /// A table for people.
    #[must_use]
    pub fn human(&self, look: Look) -> String {
        let mut text = String::new();
        let side = |word: &str, side: &SideLine| {
            let version = format!("{} ({})", side.server.words, side.server.because);
            let version = if side.kind == "version" { String::from("its defaults") } else { version };
            vec![(Role::Aside, word.to_owned()), (Role::Name, side.name.clone()), (Role::Aside, version)]
        };
        text.push_str(&columns(&[side("from", &self.from), side("to", &self.to)], 0, look));
        let sections = [
            ("", &self.differences),
            ("set on one side, and not known to the version of the other", &self.one_sided),
            ("not compared, or nothing that a configuration decides", &self.others),
        ];
        for (heading, lines) in sections {
            if lines.is_empty() {
                continue;
            }
            text.push('\n');
            if !heading.is_empty() {
                text.push_str(&look.paint(Role::Heading, heading));
                text.push('\n');
            }
            text.push_str(&table(lines, look));
        }
        for side in [&self.from, &self.to] {
            for (what, names) in [
                (format!("only {} knows, and nobody sets", side.server.judged_as), as_texts(&side.unset)),
                (format!("{} has no directive of the name", side.server.judged_as), side.unknown.clone()),
            ] {
                if !names.is_empty() {
                    let heading = format!("\n{what} ({}):\n", names.len());
                    text.push_str(&look.paint(Role::Aside, &heading));
                    text.push_str(&wrapped(&names.join(" "), look.text_width(), 2));
                }
            }
        }
        text
    }

    /// The counts, in a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = self.differences.len() + self.one_sided.len();
        let apart = self.from.verdict.starts != self.to.verdict.starts;
        let skipped = if self.not_compared_count == 0 {
            String::new()
        } else {
            format!(", {} not compared", self.not_compared_count)
        };
        let word = match (count, apart) {
            (0, false) => return format!("equal: {} directives mean the same{skipped}", self.equal_count),
            (0, true) => "only one of them starts".to_owned(),
            (1, _) => "1 difference".to_owned(),
            (more, _) => format!("{more} differences"),
        };
        let restart = self.differences.iter().filter(|line| line.effect == "restart").count();
        let restart = if restart == 0 { String::new() } else { format!(" ({restart} by restart)") };
        format!("{word}{restart}, {} equal{skipped}", self.equal_count)
    }

    /// A table for a pull request.
    #[must_use]
    pub fn markdown(&self) -> String {
        let side = |side: &SideLine| {
            let starts = if side.verdict.starts { "" } else { ", **does not start**" };
            format!("{} {}{starts}", code(&side.name), Prose(&side.server.words))
        };
        let mut text = format!("**{}** from {} to {}\n", self.summary(), side(&self.from), side(&self.to));
        for (heading, lines) in [
            ("", &self.differences),
            ("Set on one side, and not known to the version of the other:\n\n", &self.one_sided),
            ("Not compared, or nothing that a configuration decides:\n\n", &self.others),
        ] {
            if lines.is_empty() {
                continue;
            }
            text.push_str(&format!("\n{heading}{}", markdown_table(lines)));
        }
        for side in [&self.from, &self.to] {
            if !side.unset.is_empty() {
                let names: Vec<String> = side.unset.iter().map(|name| code(name)).collect();
                text.push_str(&format!(
                    "\n<details><summary>{} directives that only {} knows, and nobody sets</summary>\n\n{}\n\n</details>\n",
                    names.len(),
                    side.server.judged_as,
                    names.join(" ")
                ));
            }
        }
        text
    }
}

/// The rows as a table of Markdown.
pub(super) fn markdown_table(lines: &[DifferenceLine]) -> String {
    let mut text = String::from("| directive | from | to | effect | |\n|---|---|---|---|---|\n");
    for line in lines {
        let cell = |held: &HeldLine| match (held.shown(), held.place()) {
            (value, place) if place.is_empty() => value,
            (value, place) => format!("{} <sub>{}</sub>", code(&value), prose(&place)),
        };
        let (name, from, to) = (code(&line.title()), cell(&line.from), cell(&line.to));
        text.push_str(&format!("| {name} | {from} | {to} | {} | {} |\n", line.effect, prose(&line.aside())));
    }
    text
}

fn as_texts(names: &[&'static str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Prose in a cell of a table.
fn prose(text: &str) -> String {
    Prose(text).to_string().replace('|', "\\|")
}

/// A text as code in a cell of a table.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// What the columns of the table are.
const ROLES: [Role; 7] = [Role::Name, Role::Plain, Role::Aside, Role::Counts, Role::Aside, Role::Aside, Role::Aside];

/// The rows in columns, or one under the other where the terminal is too narrow for them.
pub(super) fn table(lines: &[DifferenceLine], look: Look) -> String {
    let cells = |line: &DifferenceLine| {
        let (from, to) = (line.from.shown(), line.to.shown());
        [line.title(), from, line.from.place(), to, line.to.place(), line.effect.to_owned(), line.aside()]
    };
    let heading = ["directive", "from", "", "to", "", "effect", ""].map(|word| (Role::Heading, word.to_owned()));
    let mut rows = vec![heading.to_vec()];
    rows.extend(lines.iter().map(|line| ROLES.into_iter().zip(cells(line)).collect()));
    let wide = columns(&rows, 0, Look { width: None, ..look });
    let plain = columns(&rows, 0, Look::PLAIN);
    match look.width {
        Some(width) if plain.lines().any(|line| line.chars().count() > width) => stacked(lines, look),
        Some(_) | None => wide,
    }
}

fn stacked(lines: &[DifferenceLine], look: Look) -> String {
    let mut text = String::new();
    for line in lines {
        let aside = [line.effect.to_owned(), line.aside()].join(", ");
        text.push_str(&look.paint(Role::Name, &line.title()));
        text.push_str(&look.paint(Role::Aside, &format!("  {}\n", aside.trim_end_matches(", "))));
        for (word, role, held) in [("from", Role::Plain, &line.from), ("to  ", Role::Counts, &line.to)] {
            let (value, place) = (held.shown(), held.place());
            let fits = look.width.is_none_or(|width| 10 + value.chars().count() + place.chars().count() <= width);
            let between = if fits { "  " } else { "\n        " };
            text.push_str(&format!("  {word}  {}", look.paint(role, &value)));
            if !place.is_empty() {
                text.push_str(&format!("{between}{}", look.paint(Role::Aside, &place)));
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(value: &str, said: &'static str) -> HeldLine {
        let value = Some(value.to_owned());
        HeldLine { name: "hz".into(), value, secret: false, secret_name: None, said, at: Vec::new(), words: None }
    }

    fn line() -> DifferenceLine {
        let (from, to) = (held("10", "default"), held("a rather long value it is", "dump"));
        DifferenceLine { name: "hz".into(), from, to, effect: "live", per_node: true, note: None }
    }

    #[test]
    fn a_narrow_terminal_has_one_side_under_the_other() {
        let wide = "directive  from           to                               effect\n\
                    hz         10    default  a rather long value it is  dump  live    per node\n";
        assert_eq!(table(&[line()], Look::PLAIN), wide);
        let narrow = Look { colour: false, width: Some(36) };
        let expected = "hz  live, per node\n  from  10  default\n  to    a rather long value it is\n        dump\n";
        assert_eq!(table(&[line()], narrow), expected);
    }

    #[test]
    fn values_cannot_break_out_of_a_cell() {
        assert_eq!(code("a|b`c\nd"), "`` a\\|b`c d ``");
        assert_eq!(code("1gb"), "`1gb`");
    }

    #[test]
    fn secrets_are_told_to_differ_and_no_more() {
        let secret = HeldLine { value: None, secret: true, ..held("", "statement") };
        let line = DifferenceLine { from: secret.clone(), to: secret, ..line() };
        assert_eq!((line.from.shown(), line.aside()), ("***".to_owned(), "differs, per node".to_owned()));
    }
}
