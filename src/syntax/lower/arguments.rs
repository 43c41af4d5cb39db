//! A statement as arguments of a program: items of a list, or words of a command line.
//!
//! One argument a word is the form that every server version reads alike, so that is what new ones are written in.

use std::ops::Range;

use crate::finding::TextEdit;
use crate::source::{Source, Span};
use crate::syntax::reading::{Argument, ArgumentStyle, Reading, StatementId};

/// The arguments of one statement.
pub(super) struct Arguments<'a> {
    source: &'a Source,
    all: &'a [Argument],
    /// Which are those of the statement.
    own: Range<usize>,
    style: ArgumentStyle,
}

impl<'a> Arguments<'a> {
    /// The arguments of a statement; `None` if it shares one with another statement, or one cannot be edited.
    pub(super) fn of(reading: &'a Reading, id: StatementId, all: &'a [Argument]) -> Option<Self> {
        let statement = reading.statement(id);
        let source = reading.sources.get(statement.at.source);
        let holds = |argument: &Argument, at: Span| {
            argument.at.source == at.source && argument.at.start <= at.start && at.end <= argument.at.end
        };
        let places = std::iter::once(statement.name.at).chain(reading.words(id).iter().map(|word| word.at));
        let mut found =
            places.map(|at| all.iter().position(|argument| holds(argument, at))).collect::<Option<Vec<_>>>()?;
        found.sort_unstable();
        found.dedup();
        let own = *found.first()?..*found.last()? + 1;
        let style = all[own.start].style;
        let alike = all[own.clone()].iter().all(|argument| argument.style == style);
        let contiguous = found.len() == own.len() && all[own.clone()].is_sorted_by_key(|argument| argument.at.start);
        let is_shared = reading
            .iter()
            .any(|(other, one)| other != id && all[own.clone()].iter().any(|argument| holds(argument, one.name.at)));
        let can_edit = alike && contiguous && !is_shared && style != ArgumentStyle::Fixed;
        can_edit.then_some(Self { source, all, own, style })
    }

    pub(super) fn put(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let new = as_arguments(words)?;
        let old = &self.all[self.own.clone()];
        let mut edits = Vec::new();
        for (new, old) in new.iter().zip(old).filter(|(new, old)| **new != old.text) {
            edits.push(TextEdit { at: old.at, with: self.spelled(new)? });
        }
        if new.len() > old.len() {
            edits.extend(self.insert(&new[old.len()..])?);
        } else if new.len() < old.len() {
            edits.extend(self.take_out(self.own.start + new.len()..self.own.end)?);
        }
        (!edits.is_empty()).then_some(edits)
    }

    pub(super) fn drop_all(&self) -> Option<Vec<TextEdit>> {
        self.take_out(self.own.clone())
    }

    /// Puts the arguments of a new statement behind these.
    pub(super) fn add(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        self.insert(&as_arguments(words)?)
    }

    pub(super) fn comment(&self, text: &[u8]) -> Option<Vec<TextEdit>> {
        if self.style != ArgumentStyle::BlockItem {
            return None;
        }
        let item = self.item(&self.all[self.own.start])?;
        let blanks = item.prefix.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let with = [&item.prefix[..blanks], b"# ", text, item.newline].concat();
        Some(vec![TextEdit { at: self.place(item.start, item.start), with }])
    }

    fn text(&self) -> &'a [u8] {
        self.source.text()
    }

    fn place(&self, start: usize, end: usize) -> Span {
        let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        Span { start: offset(start), end: offset(end), ..self.all[self.own.start].at }
    }

    fn bytes(&self, argument: &Argument) -> &'a [u8] {
        &self.text()[argument.at.start as usize..argument.at.end as usize]
    }

    /// A new argument, written as those beside it.
    fn spelled(&self, word: &[u8]) -> Option<Vec<u8>> {
        match self.style {
            ArgumentStyle::BlockItem | ArgumentStyle::FlowItem => {
                let quotes = self.all.iter().any(|argument| self.bytes(argument).starts_with(b"\""));
                scalar(word, quotes)
            }
            ArgumentStyle::ShellWord { in_single, in_double } => match word {
                b"" if !in_single => Some(b"''".to_vec()),
                b"" if !in_double => Some(b"\"\"".to_vec()),
                _ => is_plain(word).then(|| word.to_vec()),
            },
            ArgumentStyle::Fixed => None,
        }
    }

    fn insert(&self, words: &[Vec<u8>]) -> Option<Vec<TextEdit>> {
        let words: Vec<Vec<u8>> = words.iter().map(|word| self.spelled(word)).collect::<Option<_>>()?;
        let last = &self.all[self.own.end - 1];
        let end = last.at.end as usize;
        match self.style {
            ArgumentStyle::BlockItem => {
                let item = self.item(last)?;
                let mut with: Vec<u8> =
                    words.iter().flat_map(|word| [item.prefix, word, item.newline].concat()).collect();
                if !self.text()[item.start..item.end].ends_with(b"\n") {
                    with.truncate(with.len() - item.newline.len());
                    with.splice(0..0, item.newline.iter().copied());
                }
                Some(vec![TextEdit { at: self.place(item.end, item.end), with }])
            }
            ArgumentStyle::FlowItem => {
                let with = words.iter().flat_map(|word| [b", ", &word[..]].concat()).collect();
                Some(vec![TextEdit { at: self.place(end, end), with }])
            }
            ArgumentStyle::ShellWord { .. } => {
                // An option begins as the one before it does, be it on a line of its own.
                let first = self.all[self.own.start].at.start as usize;
                let before = self.gap(first);
                let gap = if before.start > 0 && is_word_end(self.text()[before.start - 1]) {
                    &self.text()[before]
                } else {
                    b" "
                };
                let mut with = Vec::new();
                for word in &words {
                    with.extend_from_slice(if word.starts_with(b"--") && !gap.is_empty() { gap } else { b" " });
                    with.extend_from_slice(word);
                }
                Some(vec![TextEdit { at: self.place(end, end), with }])
            }
            ArgumentStyle::Fixed => None,
        }
    }

    fn take_out(&self, range: Range<usize>) -> Option<Vec<TextEdit>> {
        let list = &self.all[range.clone()];
        let (start, end) = (list.first()?.at.start as usize, list.last()?.at.end as usize);
        match self.style {
            ArgumentStyle::BlockItem => {
                let lines = list.iter().map(|argument| self.item(argument)).collect::<Option<Vec<_>>>()?;
                let edit = |item: Item<'_>| TextEdit { at: self.place(item.start, item.end), with: Vec::new() };
                Some(lines.into_iter().map(edit).collect())
            }
            ArgumentStyle::FlowItem => {
                // Nothing but the items and their commas may go.
                let between =
                    list.windows(2).map(|pair| &self.text()[pair[0].at.end as usize..pair[1].at.start as usize]);
                let only_commas =
                    between.into_iter().all(|gap| gap.iter().all(|b| b.is_ascii_whitespace() || *b == b','));
                let blanks = self.text()[..start].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
                let (from, to) = match self.text()[..start - blanks].last()? {
                    b',' => (start - blanks - 1, end),
                    b'[' => {
                        let rest = &self.text()[end..];
                        let gap = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
                        let comma = usize::from(rest.get(gap) == Some(&b','));
                        let more = rest[gap + comma..].iter().take_while(|b| **b == b' ').count();
                        (start, if comma == 1 { end + gap + 1 + more } else { end })
                    }
                    _ => return None,
                };
                only_commas.then(|| vec![TextEdit { at: self.place(from, to), with: Vec::new() }])
            }
            ArgumentStyle::ShellWord { .. } => {
                let only_blanks =
                    list.windows(2).all(|pair| self.gap(pair[1].at.start as usize).start == pair[0].at.end as usize);
                let before = self.gap(start);
                let is_behind = before.start > 0 && is_word_end(self.text()[before.start - 1]);
                let next = self.all.get(range.end).map(|next| next.at.start as usize);
                let at = match next {
                    _ if is_behind => before.start..end,
                    Some(next) if self.gap(next).start == end => start..next,
                    _ => return None,
                };
                only_blanks.then(|| vec![TextEdit { at: self.place(at.start, at.end), with: Vec::new() }])
            }
            ArgumentStyle::Fixed => None,
        }
    }

    /// The blanks, and the line ends with their backslashes, before a byte.
    fn gap(&self, at: usize) -> Range<usize> {
        let text = self.text();
        let mut start = at;
        while start > 0 {
            let is_blank = text[start - 1].is_ascii_whitespace();
            let continues = text[start - 1] == b'\\' && matches!(text.get(start), Some(b'\n' | b'\r'));
            if !is_blank && !continues {
                break;
            }
            start -= 1;
        }
        start..at
    }

    /// The line of an item; `None` if anything but the item and a comment is on it.
    fn item(&self, argument: &Argument) -> Option<Item<'a>> {
        let number = self.source.line(argument.at.start);
        if self.source.line(argument.at.end.saturating_sub(1)) != number {
            return None;
        }
        let (line, start) = (self.source.line_bytes(number), self.source.line_start(number) as usize);
        let (prefix, rest) = line.split_at(argument.at.start as usize - start);
        let rest = &rest[(argument.at.end - argument.at.start) as usize..];
        let blanks = prefix.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let is_item = prefix[blanks..].split_first().is_some_and(|(dash, rest)| {
            *dash == b'-' && !rest.is_empty() && rest.iter().all(|b| matches!(b, b' ' | b'\t'))
        });
        let is_alone = rest.trim_ascii().is_empty() || rest.trim_ascii().starts_with(b"#");
        let newline: &[u8] = if line.ends_with(b"\r") { b"\r\n" } else { b"\n" };
        let end = (start + line.len() + 1).min(self.text().len());
        (is_item && is_alone).then_some(Item { prefix, start, end, newline })
    }
}

/// The line of an item of a list.
struct Item<'a> {
    /// What stands before the item: blanks and a dash.
    prefix: &'a [u8],
    start: usize,
    /// Behind the newline.
    end: usize,
    newline: &'static [u8],
}

/// A statement as arguments, a word each; `None` without a value, for which servers would take the next option, and with
/// one that is no value everywhere: `-` is standard input, `--x` an option.
fn as_arguments(words: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let is_value = |word: &Vec<u8>| word != b"-" && !word.starts_with(b"--");
    let (name, values) = words.split_first().filter(|(_, values)| !values.is_empty() && values.iter().all(is_value))?;
    Some(std::iter::once([b"--", &name[..]].concat()).chain(values.iter().cloned()).collect())
}

/// Whether a byte ends a word, so that what follows can be taken off it.
fn is_word_end(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_./+=-*%@)}\"'".contains(&byte)
}

/// Whether a word means itself in every shell, in systemd and in YAML.
fn is_plain(word: &[u8]) -> bool {
    let safe = |b: &u8| b.is_ascii_alphanumeric() || b"_./:+=-".contains(b);
    !word.is_empty() && word.iter().all(safe) && !word.ends_with(b":")
}

/// A scalar of YAML, which is one of JSON as well if it is in quotes; `None` if something would be filled into it.
fn scalar(word: &[u8], quotes: bool) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(word).ok()?;
    if text.contains('$') || text.contains("{{") || text.chars().any(char::is_control) {
        return None;
    }
    // A number would not be taken for a text everywhere, and YAML 1.1 has many words for yes and no.
    let option = text.strip_prefix("--").unwrap_or(text);
    let is_word = option.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text.to_ascii_lowercase().as_str());
    if is_plain(word) && is_word && !quotes {
        return Some(word.to_vec());
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")).into_bytes())
}
