//! Edits of a profile's text: what is touched is touched alone, and what cannot be edited safely is not.
//!
//! Each edit gives the new text, or `None` where the text is written in a way that only a person should change. What comes out
//! is TOML still, or nothing comes out.

use std::ops::Range;

use crate::catalog::{Directive, Kind, bytes_in_words};
use crate::source::{Name, SourceId, Sources};
use crate::syntax::profile::Spanned;
use crate::syntax::tree::{self, Node};

type Entry = (Spanned<String>, Spanned<Node>);

/// Below this a bare number of bytes is read as it is; profiles refuse larger ones without a unit.
const BARE_BYTES: u64 = 65_536;

/// A profile's text, taken apart.
pub(super) struct Document {
    text: Vec<u8>,
    root: Spanned<Node>,
}

impl Document {
    /// Reads a text; `None` if it is no TOML.
    pub(super) fn of(text: &[u8]) -> Option<Self> {
        let mut sources = Sources::new();
        let source: SourceId = sources.add(Name::Stdin, text);
        let (root, findings) = tree::parse(&sources, source);
        findings.is_empty().then(|| Self { text: text.to_vec(), root })
    }

    /// The line, from 1, of a key of the document or of its tables `settings` and `prefer`.
    pub(super) fn line_of(&self, name: &str) -> Option<usize> {
        let tables = ["settings", "prefer"].into_iter().flat_map(|table| self.table(table));
        let mut keys = entries(&self.root).iter().chain(tables);
        let at = keys.find(|(key, _)| key.value == name)?.0.at.start as usize;
        Some(self.text[..at].split(|byte| *byte == b'\n').count())
    }

    /// The key at a place.
    pub(super) fn key_at(&self, start: u32) -> Option<&str> {
        keys(&self.root).into_iter().find(|key| key.at.start == start).map(|key| key.value.as_str())
    }

    /// Whether a setting of the document itself, under no condition, stands at a place.
    pub(super) fn is_plain_setting(&self, start: u32) -> bool {
        self.table("settings").iter().any(|(key, _)| key.at.start == start)
    }

    fn get(&self, key: &str) -> Option<&Spanned<Node>> {
        entries(&self.root).iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    fn table(&self, key: &str) -> &[Entry] {
        self.get(key).map(entries).unwrap_or_default()
    }

    /// Gives a key of the document a text as its value; the key is put behind `schema` if it is not there.
    pub(super) fn set_text(&self, key: &str, value: &str) -> Option<Vec<u8>> {
        match self.get(key) {
            Some(node) => self.replaced(range(node), &quoted(value)),
            None => self.with_key(key, &quoted(value)),
        }
    }

    /// Adds a text to a list of the document.
    pub(super) fn add_to_list(&self, key: &str, item: &str) -> Option<Vec<u8>> {
        match self.get(key) {
            None => self.with_key(key, &format!("[{}]", quoted(item))),
            Some(node) => match &node.value {
                Node::List(items) => match items.last() {
                    Some(last) => {
                        let end = last.at.end as usize;
                        self.replaced(end..end, &format!(", {}", quoted(item)))
                    }
                    None => self.replaced(range(node), &format!("[{}]", quoted(item))),
                },
                Node::Text(one) => self.replaced(range(node), &format!("[{}, {}]", quoted(one), quoted(item))),
                Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Date(_) | Node::Table(_) => None,
            },
        }
    }

    /// Puts a line among the keys of the document itself.
    fn with_key(&self, key: &str, value: &str) -> Option<Vec<u8>> {
        let before = ["extends", "default-server", "schema"].into_iter().find_map(|key| self.get(key))?;
        let end = self.line_end(before.at.end as usize);
        self.inserted(end, &format!("{key} = {value}"))
    }

    /// Adds lines to a table, behind what it holds; the table is made at the end of the text if it is not there.
    pub(super) fn add_lines(&self, table: &str, lines: &[String]) -> Option<Vec<u8>> {
        let here = self.table(table).iter().filter_map(|entry| Some((entry, self.lines_of(entry)?)));
        if let Some((entry, at)) = here.max_by_key(|(_, at)| at.end) {
            // What stands before the key: indentation, or the path of a dotted one.
            let start = self.line_start(entry.0.at.start as usize);
            let before = String::from_utf8_lossy(&self.text[start..entry.0.at.start as usize]).into_owned();
            let indentation = &before[..before.len() - before.trim_start().len()];
            let lines: Vec<String> = lines
                .iter()
                .map(
                    |line| {
                        if line.starts_with('#') { format!("{indentation}{line}") } else { format!("{before}{line}") }
                    },
                )
                .collect();
            return self.inserted(at.end, &lines.join("\n"));
        }
        let header = format!("[{table}]");
        let mut start = 0;
        for line in self.text.split_inclusive(|byte| *byte == b'\n') {
            start += line.len();
            let word = String::from_utf8_lossy(line);
            if word.split('#').next().is_some_and(|word| word.trim() == header) {
                return self.inserted(start, &lines.join("\n"));
            }
        }
        self.inserted(self.text.len(), &format!("\n{header}\n{}", lines.join("\n")))
    }

    /// Moves a setting into `prefer`, with the comment above it if that is about it alone.
    pub(super) fn prefer(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.table("settings").iter().find(|(key, _)| key.value == name)?;
        let lines = self.lines_of(entry)?;
        let is_bare = self.text[lines.start..entry.0.at.start as usize].trim_ascii().is_empty();
        // A value over several lines would be taken apart.
        let is_line = self.line_end(lines.start) == lines.end;
        let lines = self.comment_above(lines.clone()).unwrap_or(lines.start)..lines.end;
        let moved = String::from_utf8_lossy(&self.text[lines.clone()]).into_owned();
        let moved: Vec<String> = moved.lines().map(|line| line.trim().to_owned()).collect();
        let without = Self::of(&self.replaced(lines, "")?)?;
        (is_bare && is_line).then(|| without.add_lines("prefer", &moved))?
    }

    /// Where the comment begins that stands directly above some lines; `None` if there is none, or if more follows below it.
    fn comment_above(&self, lines: Range<usize>) -> Option<usize> {
        let below = self.text[lines.end..].split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii();
        if !below.is_empty() && !below.starts_with(b"#") && !below.starts_with(b"[") {
            return None;
        }
        let mut start = lines.start;
        while start > 0 {
            let above = self.line_start(start - 1);
            if !self.text[above..start].trim_ascii().starts_with(b"#") {
                break;
            }
            start = above;
        }
        (start < lines.start).then_some(start)
    }

    /// Gives a directive another name wherever the document names it.
    pub(super) fn rename(&self, old: &str, new: &str) -> Option<Vec<u8>> {
        let named = keys(&self.root);
        if named.iter().any(|key| key.value == new) {
            return None;
        }
        let listed = ["unset"].into_iter().filter_map(|key| self.get(key));
        let finals = self.table("final").iter().map(|(_, node)| node);
        let items = listed.chain(finals).flat_map(|node| match &node.value {
            Node::List(items) => items.as_slice(),
            Node::Text(_) => std::slice::from_ref(node),
            Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Date(_) | Node::Table(_) => &[],
        });
        let items =
            items.filter(|item| item.value == Node::Text(old.to_owned())).map(|item| (range(item), quoted(new)));
        let keys = named.into_iter().filter(|key| key.value == old);
        let keys = keys.map(|key| (key.at.start as usize..key.at.end as usize, new.to_owned()));
        let mut edits: Vec<(Range<usize>, String)> = keys.chain(items).collect();
        edits.sort_by_key(|(at, _)| std::cmp::Reverse(at.start));
        let mut text = self.text.clone();
        for (at, with) in edits {
            text.splice(at, with.into_bytes());
        }
        Self::of(&text).map(|_| text)
    }

    fn replaced(&self, at: Range<usize>, with: &str) -> Option<Vec<u8>> {
        let mut text = self.text.clone();
        text.splice(at, with.bytes());
        Self::of(&text).map(|_| text)
    }

    /// Lines put in at the start of a line, or behind a last line without an end.
    fn inserted(&self, at: usize, lines: &str) -> Option<Vec<u8>> {
        let newline = if self.text.windows(2).any(|pair| pair == b"\r\n") { "\r\n" } else { "\n" };
        let lines = lines.replace('\n', newline);
        let open = at == self.text.len() && !self.text.is_empty() && !self.text.ends_with(b"\n");
        let before = if open { newline } else { "" };
        self.replaced(at..at, &format!("{before}{lines}{newline}"))
    }

    /// The lines that an entry takes, with the comment behind it, if it shares them with nothing else.
    fn lines_of(&self, (key, value): &Entry) -> Option<Range<usize>> {
        let (key, value) = (key.at.start as usize..key.at.end as usize, range(value));
        let (start, end) = (self.line_start(key.start), self.line_end(value.end));
        let assigns = key.end <= value.start && self.text[key.end..value.start].contains(&b'=');
        let path = self.text[start..key.start].trim_ascii();
        let is_path = path.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-. \t".contains(byte));
        let rest = self.text[value.end..end].trim_ascii();
        let begins = path.is_empty() || (path.ends_with(b".") && is_path);
        (assigns && begins && (rest.is_empty() || rest.starts_with(b"#"))).then_some(start..end)
    }

    fn line_start(&self, at: usize) -> usize {
        self.text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1)
    }

    /// The first byte of the next line.
    fn line_end(&self, at: usize) -> usize {
        let rest = &self.text[at..];
        at + rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |newline| newline + 1)
    }
}

fn range(node: &Spanned<Node>) -> Range<usize> {
    node.at.start as usize..node.at.end as usize
}

fn entries(node: &Spanned<Node>) -> &[Entry] {
    match &node.value {
        Node::Table(entries) => entries,
        Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_) => &[],
    }
}

/// The keys that name directives: of settings, preferences and reasons, those under conditions too.
fn keys(table: &Spanned<Node>) -> Vec<&Spanned<String>> {
    let mut found = Vec::new();
    for (key, node) in entries(table) {
        match (key.value.as_str(), &node.value) {
            ("settings" | "prefer" | "why", _) => found.extend(entries(node).iter().map(|(key, _)| key)),
            ("when", Node::List(items)) => found.extend(items.iter().flat_map(keys)),
            (_, _) => {}
        }
    }
    found
}

/// The right side of an assignment for the words of a directive; `None` where a profile writes them in another way.
pub(super) fn value(directive: &Directive, words: &[Vec<u8>]) -> Option<String> {
    let words: Vec<&str> = words.iter().map(|word| std::str::from_utf8(word)).collect::<Result<_, _>>().ok()?;
    let list =
        |items: Vec<String>| format!("[{}]", items.iter().map(|item| quoted(item)).collect::<Vec<_>>().join(", "));
    match (&directive.kind, words.as_slice()) {
        (Kind::BufferLimits, _) => None,
        (kind, [""]) if kind.is_many_valued() => Some("[]".into()),
        (Kind::Save, words) => Some(list(words.chunks(2).map(|point| point.join(" ")).collect())),
        (kind, words) if kind.is_many_valued() => Some(list(words.iter().map(|word| (*word).to_owned()).collect())),
        (_, ["yes"]) => Some("true".into()),
        (_, ["no"]) => Some("false".into()),
        (Kind::Memory { .. } | Kind::MemoryOrPercent { .. }, [word]) => Some(match word.parse::<u64>() {
            Ok(bytes) if bytes < BARE_BYTES => bytes.to_string(),
            Ok(bytes) if bytes.is_multiple_of(1024) => quoted(&bytes_in_words(bytes)),
            Ok(bytes) => quoted(&format!("{bytes}b")),
            Err(_) => quoted(word),
        }),
        (_, [word]) if word.parse::<i64>().is_ok_and(|number| number.to_string() == *word) => Some((*word).to_owned()),
        (_, [word]) => Some(quoted(word)),
        (_, _) => None,
    }
}

/// A text as a basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            other if other.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edit: impl Fn(&Document) -> Option<Vec<u8>>) -> Option<String> {
        edit(&Document::of(text.as_bytes()).unwrap()).map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn keys_and_lists_of_the_document_are_set_or_made() {
        let text = "schema = 1 # one\ndefault-server = 'redis-7.4'  # old\n";
        let set = |document: &Document| document.set_text("default-server", "valkey-8.1");
        assert_eq!(edited(text, set).unwrap(), "schema = 1 # one\ndefault-server = \"valkey-8.1\"  # old\n");
        let made = "schema = 1\ndefault-server = \"valkey-8.1\"\n[settings]\n";
        assert_eq!(edited("schema = 1\n[settings]\n", set).unwrap(), made);
        let add = |document: &Document| document.add_to_list("unset", "hz");
        for (old, new) in [
            ("schema = 1\nunset = [\"a\"]\n", "schema = 1\nunset = [\"a\", \"hz\"]\n"),
            ("schema = 1\nunset = \"a\"\n", "schema = 1\nunset = [\"a\", \"hz\"]\n"),
            ("schema = 1\nunset = []\n", "schema = 1\nunset = [\"hz\"]\n"),
            ("schema = 1", "schema = 1\nunset = [\"hz\"]\n"),
        ] {
            assert_eq!(edited(old, add).unwrap(), new);
        }
    }

    #[test]
    fn lines_go_where_the_table_ends() {
        let add = |document: &Document| document.add_lines("settings", &["# new".into(), "timeout = 1".into()]);
        for (old, new) in [
            (
                "[settings]\nhz = 1 # x\n\n[settings.a]\nb = 1\n",
                "[settings]\nhz = 1 # x\n# new\ntimeout = 1\n\n[settings.a]\nb = 1\n",
            ),
            ("[settings]\r\n  bind = [\r\n1]", "[settings]\r\n  bind = [\r\n1]\r\n  # new\r\n  timeout = 1\r\n"),
            ("settings.hz = 1\n[why]\n", "settings.hz = 1\n# new\nsettings.timeout = 1\n[why]\n"),
            ("[settings] # none\n[why]\n", "[settings] # none\n# new\ntimeout = 1\n[why]\n"),
            ("schema = 1\n", "schema = 1\n\n[settings]\n# new\ntimeout = 1\n"),
            ("[settings.a]\nb = 1\n", "[settings.a]\nb = 1\n\n[settings]\n# new\ntimeout = 1\n"),
        ] {
            assert_eq!(edited(old, add).unwrap(), new);
        }
        assert_eq!(edited("settings = { hz = 1 }\n", add), None);
        assert_eq!(edited("[settings]\ntimeout = 2\n", add), None);
    }

    #[test]
    fn a_setting_moves_with_the_comment_that_is_about_it() {
        let moved = |document: &Document| document.prefer("hz");
        for (old, new) in [
            (
                "[settings]\n# often\nhz = 1 # x\n# b\na = 1\n",
                "[settings]\n# b\na = 1\n\n[prefer]\n# often\nhz = 1 # x\n",
            ),
            (
                "[settings]\n# both\nhz = 1\na = 1\n[prefer]\nb = 1\n",
                "[settings]\n# both\na = 1\n[prefer]\nb = 1\nhz = 1\n",
            ),
        ] {
            assert_eq!(edited(old, moved).unwrap(), new);
        }
        assert_eq!(edited("settings = { hz = 1 }\n", moved), None);
    }

    #[test]
    fn a_name_changes_wherever_it_stands() {
        let renamed = |document: &Document| document.rename("hz", "tick");
        let old = "unset = [\"hz\"]\n[settings]\n\"hz\" = 1\n[why]\nhz = \"hz is\"\n[[when]]\nserver = \"redis\"\nprefer = { hz = 2 }\n";
        let new = "unset = [\"tick\"]\n[settings]\ntick = 1\n[why]\ntick = \"hz is\"\n[[when]]\nserver = \"redis\"\nprefer = { tick = 2 }\n";
        assert_eq!(edited(old, renamed).unwrap(), new);
        assert_eq!(edited("[settings]\nhz = 1\n[why]\ntick = \"x\"\n", renamed), None);
    }
}
