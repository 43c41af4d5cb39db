//! YAML as a tree whose keys and values know their bytes, for edits that leave all other bytes alone.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::super::quote::is_special;

/// Why a text cannot be edited: what is wrong, and the line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) line: usize,
}

/// A value with its bytes. Blocks end after their last line that is not empty.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) start: usize,
    pub(super) end: usize,
    /// An anchor or a tag hangs on it.
    pub(super) is_marked: bool,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A scalar; `true` where quotes or a block make it text whatever it looks like.
    Scalar(String, bool),
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
    /// A reference to an anchor.
    Alias,
}

/// A map.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// Whether it is written `{…}`.
    pub(super) is_flow: bool,
    /// Blanks before its keys.
    pub(super) column: usize,
    pub(super) entries: Vec<Entry>,
}

/// A key with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    /// First byte of the key.
    pub(super) start: usize,
    /// The byte after the colon.
    pub(super) after_colon: usize,
    pub(super) value: Node,
}

/// Reads the only document of a text; `None` if it holds nothing.
pub(super) fn read(text: &str) -> Result<Option<Node>, Refusal> {
    // The parser counts characters.
    let bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut reader = Reader { text, bytes, parser: Parser::new_from_str(text), depth: 0 };
    let mut root = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => return Ok(root),
            (Event::DocumentStart(_), at) if root.is_some() => {
                return Err(reader.refuse("a second document begins here", reader.byte(at.start.index())));
            }
            (Event::DocumentStart(_), _) => {
                let (event, at) = reader.next()?;
                root = Some(reader.node(event, at)?);
            }
            _ => {}
        }
    }
}

/// Whether two values mean the same.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    match (&a.kind, &b.kind) {
        (Kind::Scalar(a, a_quoted), Kind::Scalar(b, b_quoted)) => {
            a == b && (a_quoted == b_quoted || !is_special(a))
        }
        (Kind::List(a), Kind::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Kind::Map(a), Kind::Map(b)) => {
            let has = |entry: &Entry| b.get(&entry.key).is_some_and(|other| same(&entry.value, &other.value));
            a.entries.len() == b.entries.len() && a.entries.iter().all(has)
        }
        _ => false,
    }
}

impl Map {
    /// The entry with that key.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }
}

impl Node {
    /// Whether nothing stands here: `key:` alone, or `~`.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.kind, Kind::Scalar(text, false) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }
}

/// The line, from 1, of a byte.
pub(super) fn line(text: &str, at: usize) -> usize {
    text[..at.min(text.len())].matches('\n').count() + 1
}

/// The end of the line that holds a byte: its newline, or the end of the text.
pub(super) fn line_end(text: &str, at: usize) -> usize {
    text[at..].find('\n').map_or(text.len(), |newline| at + newline)
}

struct Reader<'a> {
    text: &'a str,
    /// The first byte of each character.
    bytes: Vec<usize>,
    parser: Parser<'a, StrInput<'a>>,
    depth: usize,
}

/// Deeper values are refused; a chart's have six levels.
const DEEPEST: usize = 64;

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Refusal> {
        match self.parser.next_event() {
            Some(Ok(found)) => Ok(found),
            Some(Err(error)) => {
                Err(Refusal { message: format!("it is no YAML: {}", error.info()), line: error.marker().line() })
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn byte(&self, character: usize) -> usize {
        self.bytes.get(character).copied().unwrap_or(self.text.len())
    }

    fn refuse(&self, message: &str, at: usize) -> Refusal {
        Refusal { message: message.to_owned(), line: line(self.text, at) }
    }

    fn node(&mut self, event: Event<'a>, at: Span) -> Result<Node, Refusal> {
        let start = self.byte(at.start.index());
        if self.depth >= DEEPEST {
            return Err(self.refuse("it is nested too deeply", start));
        }
        self.depth += 1;
        let node = match event {
            Event::Alias(_) => {
                Node { start, end: self.byte(at.end.index()), is_marked: true, kind: Kind::Alias }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let end = self.scalar_end(style, start, at);
                let kind = Kind::Scalar(text.into_owned(), style != ScalarStyle::Plain);
                Node { start, end, is_marked: anchor != 0 || tag.is_some(), kind }
            }
            Event::SequenceStart(anchor, tag) => self.list(start, anchor != 0 || tag.is_some())?,
            Event::MappingStart(anchor, tag) => self.map(start, anchor != 0 || tag.is_some())?,
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(self.refuse("something is missing here", start)),
        };
        self.depth -= 1;
        Ok(node)
    }

    fn list(&mut self, start: usize, is_marked: bool) -> Result<Node, Refusal> {
        let is_flow = self.text[start..].starts_with('[');
        let mut items: Vec<Node> = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, at) => {
                    let last = items.last().map_or(start, |item| item.end);
                    let end = if is_flow { self.byte(at.start.index()) + 1 } else { last };
                    return Ok(Node { start, end, is_marked, kind: Kind::List(items) });
                }
                (event, at) => items.push(self.node(event, at)?),
            }
        }
    }

    fn map(&mut self, start: usize, is_marked: bool) -> Result<Node, Refusal> {
        let is_flow = self.text[start..].starts_with('{');
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let (event, at) = self.next()?;
            let key_start = self.byte(at.start.index());
            if event == Event::MappingEnd {
                let last = entries.last().map_or(start, |entry| entry.value.end);
                let end = if is_flow { key_start + 1 } else { last };
                let start = if is_flow { start } else { entries.first().map_or(start, |entry| entry.start) };
                let column = start - self.text[..start].rfind('\n').map_or(0, |newline| newline + 1);
                return Ok(Node { start, end, is_marked, kind: Kind::Map(Map { is_flow, column, entries }) });
            }
            let key = self.node(event, at)?;
            let Kind::Scalar(name, _) = key.kind else { return Err(self.refuse("a key is no plain word", key_start)) };
            let gap = self.text[key.end..].find(|c: char| c != ' ').unwrap_or(0);
            let colon = key.end + gap;
            if !self.text[colon..].starts_with(':') {
                return Err(self.refuse("a key is written in an unusual way", key_start));
            }
            let after_colon = colon + 1;
            let (event, at) = self.next()?;
            let mut value = self.node(event, at)?;
            self.find_start(&mut value, after_colon);
            entries.push(Entry { key: name, start: key_start, after_colon, value });
        }
    }

    /// Moves the start of a value to where it begins: nothing at the colon, a block at its `|`.
    fn find_start(&self, value: &mut Node, after_colon: usize) {
        let Kind::Scalar(text, quoted) = &value.kind else { return };
        if text.is_empty() && !quoted {
            (value.start, value.end) = (after_colon, after_colon);
            return;
        }
        let gap = self.text[after_colon..].find(|c: char| c != ' ').unwrap_or(0);
        let first = after_colon + gap;
        if *quoted && !value.is_marked && self.text[first..].starts_with(['|', '>']) {
            value.end = block_end(self.text, first, value.start);
            value.start = first;
        }
    }

    /// The parser's end of a scalar can reach into what follows it.
    fn scalar_end(&self, style: ScalarStyle, start: usize, at: Span) -> usize {
        let text = self.text.as_bytes();
        let mut end = start + 1;
        match style {
            ScalarStyle::DoubleQuoted => {
                while end < text.len() && text[end] != b'"' {
                    end += if text[end] == b'\\' { 2 } else { 1 };
                }
                (end + 1).min(text.len())
            }
            ScalarStyle::SingleQuoted => {
                while end < text.len() && (text[end] != b'\'' || text.get(end + 1) == Some(&b'\'')) {
                    end += if text[end] == b'\'' { 2 } else { 1 };
                }
                (end + 1).min(text.len())
            }
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => {
                let end = self.byte(at.end.index());
                start + self.text[start..end].trim_end().len()
            }
        }
    }
}

/// The end of the last line of a block that is not empty. Its lines are indented as the first is.
fn block_end(text: &str, header: usize, content: usize) -> usize {
    let mut end = line_end(text, header);
    let line_start = text[..content].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = content - line_start;
    let mut at = end + 1;
    while at <= text.len() {
        let stop = line_end(text, at);
        let line = &text[at..stop];
        let blanks = line.len() - line.trim_start_matches(' ').len();
        if line.trim().is_empty() {
            // It counts if more follows.
        } else if content > header && indent > 0 && blanks >= indent {
            end = at + line.trim_end_matches('\r').len();
        } else {
            break;
        }
        at = stop + 1;
    }
    if end == line_end(text, header) { header + text[header..end].find([' ', '\r']).unwrap_or(end - header) } else { end }
}
