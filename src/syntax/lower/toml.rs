//! Lowering into the TOML of a profile: a value is rewritten, a key goes or comes, everything else stays byte for byte.
//!
//! Nothing is known of directives here. How a value is written follows from how it was written: a boolean stays one, a list
//! stays one, a text of several words stays one. What would be ambiguous is left to a person, and so is a key that another
//! layer or a condition sets too, for without it that one would count. What comes out is parsed once more before it is given away.

use crate::finding::{self, Edit, TextEdit};
use crate::server::WordRules;
use crate::source::{Name, Sources, Span};
use crate::syntax::quote::conf_word;
use crate::syntax::reading::{Reading, StatementId};
use crate::syntax::tree::{self, Node, Spanned};
use crate::syntax::words::split;

type Entry = (Spanned<String>, Spanned<Node>);

/// The edits of one part of a fix; `None` if it cannot be made safely.
pub(super) fn edits(reading: &Reading, edit: &Edit) -> Option<Vec<TextEdit>> {
    let (at, statement) = match edit {
        Edit::Put { statement, .. } | Edit::Drop { statement } => (*statement, *statement),
        Edit::Add { after, .. } => (*after, *after),
        Edit::Comment { above, .. } => (*above, *above),
        Edit::Text { .. } => return None,
    };
    let mut here = reading.iter().filter(|(_, one)| one.at == statement);
    // Several points of `save` in one text have one place.
    let (Some((id, _)), None) = (here.next(), here.next()) else { return None };
    if reading.words(id).iter().any(|word| word.secret.is_some()) {
        return None;
    }
    let (document, findings) = tree::parse(&reading.sources, at.source);
    if !findings.is_empty() {
        return None;
    }
    let source = reading.sources.get(at.source);
    let mut tables = Vec::new();
    find_tables(&document, &mut tables);
    let place = Place::find(reading, source.text(), &tables, id)?;
    let edits = match edit {
        Edit::Put { words, .. } => place.put(words)?,
        Edit::Drop { .. } => place.drop_key()?,
        Edit::Add { words, .. } => place.add(words)?,
        Edit::Comment { text, .. } => place.comment(text)?,
        Edit::Text { .. } => return None,
    };
    still_parses(source.text(), &edits).then_some(edits)
}

/// Whether the text is TOML still.
fn still_parses(text: &[u8], edits: &[TextEdit]) -> bool {
    let (text, carried_out) = finding::apply(text, &[edits.to_vec()]);
    let mut sources = Sources::new();
    let source = sources.add(Name::Stdin, text);
    carried_out == 1 && tree::parse(&sources, source).1.is_empty()
}

/// A table of settings.
struct Table<'t> {
    /// Whether it is `settings`, and not `prefer`.
    is_settings: bool,
    /// The document, `[[when]]` or instance that it belongs to.
    of: Span,
    entries: &'t [Entry],
}

/// The tables of settings: the document's own, those under `[[when]]` and those of instances.
fn find_tables<'t>(document: &'t Spanned<Node>, found: &mut Vec<Table<'t>>) {
    for (key, node) in entries(document) {
        match (key.value.as_str(), &node.value) {
            ("settings" | "prefer", _) => {
                found.push(Table { is_settings: key.value == "settings", of: document.at, entries: entries(node) });
            }
            ("when", Node::List(items)) => {
                for item in items {
                    find_tables(item, found);
                }
            }
            ("instance", Node::Table(instances)) => {
                for (_, instance) in instances {
                    find_tables(instance, found);
                }
            }
            (_, _) => {}
        }
    }
}

fn entries(node: &Spanned<Node>) -> &[Entry] {
    match &node.value {
        Node::Table(entries) => entries,
        Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_) => &[],
    }
}

/// A statement in the text of its layer.
struct Place<'a> {
    reading: &'a Reading,
    id: StatementId,
    text: &'a [u8],
    tables: &'a [Table<'a>],
    table: &'a Table<'a>,
    /// The directive's own entry.
    entry: &'a Entry,
    /// The entry of its client class, where it has one; else the directive's own.
    inner: &'a Entry,
    /// The entries that `inner` is among.
    among: &'a [Entry],
}

impl<'a> Place<'a> {
    fn find(reading: &'a Reading, text: &'a [u8], tables: &'a [Table<'a>], id: StatementId) -> Option<Self> {
        let name_at = reading.statement(id).name.at;
        let in_table = |table: &'a Table<'a>| Some((table, table.entries.iter().find(|(key, _)| key.at == name_at)?));
        let (table, entry) = tables.iter().find_map(in_table)?;
        let last = reading.words(id).last()?.at;
        let holds = |entry: &&Entry| entry.1.at.start <= last.start && last.end <= entry.1.at.end;
        let by_class = entries(&entry.1);
        let (inner, among) = match by_class.iter().find(holds) {
            Some(inner) => (inner, by_class),
            None => (entry, table.entries),
        };
        Some(Self { reading, id, text, tables, table, entry, inner, among })
    }

    fn bytes(&self, from: u32, to: u32) -> &'a [u8] {
        &self.text[from as usize..to as usize]
    }

    fn replace(at: Span, with: impl Into<Vec<u8>>) -> TextEdit {
        TextEdit { at, with: with.into() }
    }

    // Values.

    fn put(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let (name, arguments) = words.split_first()?;
        let mut edits = self.rename(name)?;
        let old = self.reading.words(self.id);
        let old_words = self.reading.arguments(self.id);
        let same = old_words.len() == arguments.len() && old_words.iter().zip(arguments).all(|(a, b)| a == b);
        if same {
            return (!edits.is_empty()).then_some(edits);
        }
        let arguments: Vec<&str> =
            arguments.iter().map(|word| std::str::from_utf8(word)).collect::<Result<_, _>>().ok()?;
        let value = &self.inner.1;
        let of_class = !std::ptr::eq(self.inner, self.entry);
        let arguments = if of_class {
            let (class, rest) = arguments.split_first()?;
            (old_words[0] == class.as_bytes()).then_some(rest)?
        } else {
            &arguments
        };
        match &value.value {
            Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) => {
                let count = old.len() - usize::from(of_class);
                edits.push(Self::replace(value.at, scalar_or_words(value, count, arguments)?));
            }
            Node::List(items) => edits.extend(self.put_list(value.at, items, arguments)?),
            Node::Table(parts) if of_class => edits.extend(put_limits(parts, arguments)?),
            Node::Table(_) | Node::Date(_) => return None,
        }
        Some(edits)
    }

    /// Gives the key another name, where the statement gets one.
    fn rename(&self, name: &[u8]) -> Option<Vec<TextEdit>> {
        if self.reading.name(self.id) == name {
            return Some(Vec::new());
        }
        let key = &self.entry.0;
        let name = std::str::from_utf8(name).ok().filter(|name| is_bare_key(name))?;
        let taken = self.table.entries.iter().any(|(other, _)| other.value == name);
        let is_plain = self.bytes(key.at.start, key.at.end) == key.value.as_bytes();
        // `[why]`, `unset` and `final` name the key too.
        let elsewhere = self.text.windows(key.value.len()).filter(|bytes| *bytes == key.value.as_bytes()).count() > 1;
        (!taken && is_plain && !elsewhere).then(|| vec![Self::replace(key.at, name)])
    }

    fn put_list(&self, list: Span, items: &[Spanned<Node>], arguments: &[&str]) -> Option<Vec<TextEdit>> {
        let old = self.reading.words(self.id);
        let item_of = |at: Span| items.iter().find(|item| item.at == at);
        // No items: `save = []`, which switches off.
        let [first, rest @ ..] = old else { return None };
        if items.is_empty() {
            return Some(vec![Self::replace(list, format!("[{}]", text_of(arguments)?))]);
        }
        if let Some(item) = item_of(first.at)
            && !rest.is_empty()
            && rest.iter().all(|word| word.at == first.at)
        {
            // One item is the whole statement: a point of `save`.
            if arguments == [""] {
                return (items.len() == 1).then(|| vec![Self::replace(list, "[]")]);
            }
            return Some(vec![Self::replace(item.at, text_of(arguments)?)]);
        }
        if !old.iter().zip(items).all(|(word, item)| word.at == item.at) || old.len() != items.len() {
            return None;
        }
        if arguments == [""] {
            return self.is_on_one_line(list).then(|| vec![Self::replace(list, "[]")]);
        }
        if arguments.len() == items.len() {
            let old = self.reading.arguments(self.id);
            let changed = items.iter().zip(arguments).zip(old).filter(|((_, new), old)| new.as_bytes() != *old);
            return Some(changed.map(|((item, new), _)| Self::replace(item.at, scalar(&item.value, new))).collect());
        }
        // Items that stay keep their spelling.
        let spelled = |word: &&str| {
            let known = self.reading.arguments(self.id).iter().position(|old| *old == word.as_bytes());
            known.map_or_else(
                || quoted(word).into_bytes(),
                |at| self.bytes(items[at].at.start, items[at].at.end).to_vec(),
            )
        };
        let new = arguments.iter().map(spelled).collect::<Vec<_>>().join(&b", "[..]);
        self.is_on_one_line(list).then(|| vec![Self::replace(list, [b"[", &new[..], b"]"].concat())])
    }

    /// Whether a value has no line breaks, and so no comments.
    fn is_on_one_line(&self, at: Span) -> bool {
        !self.bytes(at.start, at.end).contains(&b'\n')
    }

    // Keys.

    fn drop_key(&self) -> Option<Vec<TextEdit>> {
        let name = &self.entry.0.value;
        let others = self.other_statements();
        let of_class = !std::ptr::eq(self.inner, self.entry);
        if !others.is_empty() && !of_class {
            return self.drop_item();
        }
        let set_in = |tables: &[Table<'_>]| -> usize {
            tables.iter().flat_map(|table| table.entries).filter(|(key, _)| key.value == *name).count()
        };
        let elsewhere: usize = self
            .reading
            .sources
            .iter()
            .filter(|(source, _)| *source != self.entry.0.at.source)
            .map(|(source, _)| {
                let (document, _) = tree::parse(&self.reading.sources, source);
                let mut tables = Vec::new();
                find_tables(&document, &mut tables);
                set_in(&tables)
            })
            .sum();
        if set_in(self.tables) > 1 || elsewhere > 0 {
            return None;
        }
        let is_only_class = of_class && self.among.len() == 1;
        let lines = is_only_class.then(|| self.lines_of(self.entry)).flatten().or_else(|| self.lines_of(self.inner));
        match lines {
            Some(lines) => Some(vec![Self::replace(lines, "")]),
            None => self.out_of_inline_table(),
        }
    }

    /// Statements that the same entry makes, beside this one.
    fn other_statements(&self) -> Vec<StatementId> {
        let same = |(id, statement): (StatementId, &crate::syntax::Statement)| {
            (id != self.id && statement.name.at == self.entry.0.at).then_some(id)
        };
        self.reading.iter().filter_map(same).collect()
    }

    /// One of several points of `save`.
    fn drop_item(&self) -> Option<Vec<TextEdit>> {
        let Node::List(items) = &self.entry.1.value else { return None };
        let at = self.reading.words(self.id).first()?.at;
        let index = items.iter().position(|item| item.at == at)?;
        let (from, to) = match items.get(index + 1) {
            Some(next) => (at.start, next.at.start),
            None => (items.get(index.checked_sub(1)?)?.at.end, at.end),
        };
        let between = match items.get(index + 1) {
            Some(next) => self.bytes(at.end, next.at.start),
            None => self.bytes(from, at.start),
        };
        // A comment there is about one of the two; who knows which.
        let plain = between.iter().all(|byte| byte.is_ascii_whitespace() || *byte == b',');
        plain.then(|| vec![Self::replace(Span { start: from, end: to, ..at }, "")])
    }

    /// The lines that an entry takes, with the comment behind it, if it shares them with nothing else.
    fn lines_of(&self, entry: &Entry) -> Option<Span> {
        let (key, value) = (entry.0.at, entry.1.at);
        let (before, after) = (self.line_start(key.start), self.line_end(value.end));
        let assigns = key.end <= value.start && self.bytes(key.end, value.start).contains(&b'=');
        let starts = is_key_path(self.bytes(before, key.start));
        let rest = self.bytes(value.end, after);
        let ends = rest.trim_ascii().is_empty() || rest.trim_ascii_start().starts_with(b"#");
        (assigns && starts && ends).then_some(Span { start: before, end: after, ..key })
    }

    fn line_start(&self, at: u32) -> u32 {
        let before = self.text[..at as usize].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        offset(before)
    }

    /// The first byte of the next line.
    fn line_end(&self, at: u32) -> u32 {
        let rest = &self.text[at as usize..];
        at + offset(rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |newline| newline + 1))
    }

    fn out_of_inline_table(&self) -> Option<Vec<TextEdit>> {
        let (key, value) = (self.inner.0.at, self.inner.1.at);
        let index = self.among.iter().position(|entry| std::ptr::eq(entry, self.inner))?;
        let next = self.among.get(index + 1).map(|(key, _)| key.at.start);
        let last = index.checked_sub(1).map(|index| self.among[index].1.at.end);
        let is_gap = |bytes: &[u8]| bytes.iter().filter(|byte| !matches!(byte, b' ' | b'\t')).eq([&b',']);
        let at = match (next, last) {
            (Some(next), _) if is_gap(self.bytes(value.end, next)) => Span { end: next, ..key },
            (None, Some(last)) if is_gap(self.bytes(last, key.start)) => Span { start: last, ..value },
            (_, _) => return None,
        };
        Some(vec![Self::replace(at, "")])
    }

    fn add(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let words: Vec<&str> = words.iter().map(|word| std::str::from_utf8(word)).collect::<Result<_, _>>().ok()?;
        let (name, arguments) = words.split_first()?;
        if !is_bare_key(name) {
            return None;
        }
        let table = if self.table.is_settings {
            self.table
        } else {
            self.tables.iter().find(|table| table.is_settings && table.of == self.table.of)?
        };
        if table.entries.iter().any(|(key, _)| key.value == *name) {
            return None;
        }
        let is_here = |entry: &&Entry| entry.0.at == self.entry.0.at;
        let has_lines = |entry: &&Entry| self.lines_of(entry).is_some();
        let own = table.entries.iter().find(is_here).filter(has_lines);
        let entry = own.or_else(|| table.entries.iter().rfind(has_lines))?;
        let value = match arguments {
            ["yes"] => "true".to_owned(),
            ["no"] => "false".to_owned(),
            [one] if is_whole(one) => (*one).to_owned(),
            [one] => quoted(one),
            [class, rest @ ..] if matches!(*class, "normal" | "replica" | "slave" | "pubsub") && rest.len() == 3 => {
                format!("{{ {class} = {} }}", text_of(rest)?)
            }
            several => text_of(several)?,
        };
        let lines = self.lines_of(entry)?;
        // Indentation, or the keys of a dotted one.
        let before = self.bytes(lines.start, entry.0.at.start);
        let line = [before, name.as_bytes(), b" = ", value.as_bytes()].concat();
        let is_last = !self.text[..lines.end as usize].ends_with(b"\n");
        let with = if is_last { [self.newline(), &line].concat() } else { [&line, self.newline()].concat() };
        Some(vec![Self::replace(Span { start: lines.end, ..lines }, with)])
    }

    fn comment(&self, text: &[u8]) -> Option<Vec<TextEdit>> {
        let lines = self.lines_of(self.inner)?;
        let start = self.inner.0.at.start;
        let line = self.bytes(lines.start, start);
        let indentation = &line[..line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()];
        let with = [indentation, b"# ", text, self.newline()].concat();
        Some(vec![Self::replace(Span { end: lines.start, ..lines }, with)])
    }

    /// How the line of the statement ends, or the one above a last line without an end.
    fn newline(&self) -> &'static [u8] {
        let end = self.line_end(self.entry.0.at.start) as usize;
        let above = self.line_start(self.entry.0.at.start) as usize;
        let line = if self.text[..end].ends_with(b"\n") { &self.text[..end] } else { &self.text[..above] };
        if line.ends_with(b"\r\n") { b"\r\n" } else { b"\n" }
    }
}

fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("files are below 64 MiB")
}

/// Whether what stands before a key on its line is indentation, or the keys of a dotted one.
fn is_key_path(bytes: &[u8]) -> bool {
    let path = bytes.trim_ascii();
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-. \t".contains(byte);
    path.is_empty() || (path.ends_with(b".") && path.iter().all(is_key))
}

fn is_bare_key(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Limits of a client class, written as a table.
fn put_limits(parts: &[Entry], arguments: &[&str]) -> Option<Vec<TextEdit>> {
    let arguments: [&str; 3] = arguments.try_into().ok()?;
    let part = |name: &str| parts.iter().find(|(key, _)| key.value == name).map(|(_, value)| value);
    let mut edits = Vec::new();
    for (name, new) in ["hard", "soft", "seconds"].into_iter().zip(arguments) {
        let value = part(name)?;
        let with = scalar(&value.value, new);
        if word_of(&value.value).as_deref() != Some(new) {
            edits.push(TextEdit { at: value.at, with: with.into_bytes() });
        }
    }
    Some(edits)
}

/// The word that a scalar stands for.
fn word_of(value: &Node) -> Option<String> {
    match value {
        Node::Bool(true) => Some("yes".into()),
        Node::Bool(false) => Some("no".into()),
        Node::Whole(number) => Some(number.to_string()),
        Node::Text(text) => Some(text.clone()),
        Node::Fraction(_) | Node::Date(_) | Node::List(_) | Node::Table(_) => None,
    }
}

/// A value that stands for `count` words, made to stand for others.
fn scalar_or_words(value: &Spanned<Node>, count: usize, arguments: &[&str]) -> Option<String> {
    let [one] = arguments else { return text_of(arguments) };
    if count > 1 {
        return text_of(arguments);
    }
    // Whether a text is one word or is split into words, only the directive knows; both must give the same.
    let split_alike = one.is_empty()
        || matches!(split(one.as_bytes(), WordRules::Classic).as_deref(), Ok([piece]) if piece.text == one.as_bytes());
    let was_whole = matches!(&value.value, Node::Text(old) if split(old.as_bytes(), WordRules::Classic).map_or(0, |pieces| pieces.len()) > 1);
    (split_alike || was_whole).then(|| scalar(&value.value, one))
}

/// One word, of the type that the old value had, if it fits.
fn scalar(old: &Node, new: &str) -> String {
    match (old, new) {
        (Node::Bool(_), "yes") => "true".into(),
        (Node::Bool(_), "no") => "false".into(),
        (Node::Whole(_), new) if is_whole(new) => new.into(),
        (_, new) => quoted(new),
    }
}

/// Several words in one text. No text stands for no word, which is how many-valued directives are emptied.
fn text_of(words: &[&str]) -> Option<String> {
    if words == [""] {
        return Some(quoted(""));
    }
    let printable = words.iter().all(|word| word.is_ascii());
    printable.then(|| quoted(&words.iter().map(|word| conf_word(word.as_bytes())).collect::<Vec<_>>().join(" ")))
}

/// Whether TOML and servers write this number in the same way.
fn is_whole(word: &str) -> bool {
    word.parse::<i64>().is_ok_and(|number| number.to_string() == word)
}

/// A text in the quotes of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other if other.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}
