//! YAML as a tree that knows its bytes.
//!
//! Aliases are references, never copies, so that a text which refers to itself a million times stays small; merge keys
//! (`<<`) are followed when a key is asked for. What breaks in the middle leaves the documents before it readable.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle};

use super::flow;
use crate::source::{SourceId, Span};

/// More values than this are refused; the longest manifests in use have a tenth.
const MOST_NODES: usize = 500_000;
/// More maps than this are not looked through for one key.
const MOST_MERGED: usize = 64;

/// What is wrong with a text, and the byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) message: String,
    pub(super) at: usize,
}

/// The documents of a text.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    source: SourceId,
    /// The text; bytes that are no UTF-8 are underscores.
    text: Cow<'a, str>,
    nodes: Vec<Node>,
    documents: Vec<usize>,
}

/// A value.
#[derive(Debug)]
struct Node {
    /// First byte; of a scalar with an anchor or a tag, that of the anchor or tag.
    start: usize,
    /// One after the last byte, as the parser sees it.
    end: usize,
    /// An anchor or a tag hangs on it.
    is_marked: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scalar(String, ScalarStyle),
    List(Vec<usize>),
    Map(Vec<(usize, usize)>),
    /// Refers to a value before it, or around it.
    Alias(usize),
    /// Refers to nothing.
    Dangling,
}

/// A list or map whose end has not come yet.
enum Open {
    List(usize, Vec<usize>),
    Map(usize, Vec<(usize, usize)>, Option<usize>),
}

/// Reads a text; what was read before it broke comes back beside what broke it.
pub(super) fn read(source: SourceId, text: &[u8]) -> (Tree<'_>, Option<Broken>) {
    read_within(source, text, MOST_NODES)
}

fn read_within(source: SourceId, text: &[u8], most: usize) -> (Tree<'_>, Option<Broken>) {
    let text = utf8(text);
    let (tree, broken) = built(source, text.clone(), most);
    let joined = broken.as_ref().and_then(|_| flow::joined(&text));
    if let Some(joined) = joined
        && let (tree, None) = built(source, Cow::Owned(joined), most)
    {
        return (tree, None);
    }
    (tree, broken)
}

fn built(source: SourceId, text: Cow<'_, str>, most: usize) -> (Tree<'_>, Option<Broken>) {
    let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let mut tree = Tree { source, text: Cow::Borrowed(""), nodes: Vec::new(), documents: Vec::new() };
    let broken = Builder::new(&mut tree, &text[mark..], mark, most).run();
    tree.text = text;
    (tree, broken)
}

/// The text with every byte that is no UTF-8 made an underscore, so that places stay where they are.
pub(super) fn utf8(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let chunks = text.utf8_chunks().map(|chunk| chunk.valid().to_owned() + &"_".repeat(chunk.invalid().len()));
    Cow::Owned(chunks.collect())
}

struct Builder<'t, 'a, 'b> {
    tree: &'t mut Tree<'a>,
    parser: Parser<'b, saphyr_parser::StrInput<'b>>,
    /// First byte of each character, for the parser counts characters; empty if all are ASCII.
    characters: Vec<usize>,
    length: usize,
    /// Bytes before the parser's text.
    skipped: usize,
    /// More values than this are refused.
    most: usize,
    open: Vec<Open>,
    anchors: BTreeMap<usize, usize>,
}

impl<'t, 'a, 'b> Builder<'t, 'a, 'b> {
    fn new(tree: &'t mut Tree<'a>, text: &'b str, skipped: usize, most: usize) -> Self {
        let characters = if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Self {
            tree,
            parser: Parser::new_from_str(text),
            characters,
            length: text.len(),
            skipped,
            most,
            open: Vec::new(),
            anchors: BTreeMap::new(),
        }
    }

    fn byte(&self, character: usize) -> usize {
        let at = if self.characters.is_empty() {
            character
        } else {
            *self.characters.get(character).unwrap_or(&self.length)
        };
        at.min(self.length) + self.skipped
    }

    fn run(mut self) -> Option<Broken> {
        loop {
            let (event, at) = match self.parser.next_event()? {
                Ok(found) => found,
                Err(error) => {
                    let at = self.byte(error.marker().index());
                    return Some(Broken { message: error.info().to_owned(), at });
                }
            };
            let (start, end) = (self.byte(at.start.index()), self.byte(at.end.index()));
            if self.tree.nodes.len() >= self.most {
                return Some(Broken { message: format!("it holds more than {} values", self.most), at: start });
            }
            match event {
                Event::Scalar(text, style, anchor, tag) => {
                    let kind = Kind::Scalar(text.into_owned(), style);
                    let id = self.node(start, end, anchor, anchor != 0 || tag.is_some(), kind);
                    self.place(id);
                }
                Event::Alias(anchor) => {
                    let kind = self.anchors.get(&anchor).map_or(Kind::Dangling, |id| Kind::Alias(*id));
                    let id = self.node(start, end, 0, true, kind);
                    self.place(id);
                }
                Event::SequenceStart(anchor, tag) => {
                    let kind = Kind::List(Vec::new());
                    let id = self.node(start, end, anchor, anchor != 0 || tag.is_some(), kind);
                    self.open.push(Open::List(id, Vec::new()));
                }
                Event::MappingStart(anchor, tag) => {
                    let kind = Kind::Map(Vec::new());
                    let id = self.node(start, end, anchor, anchor != 0 || tag.is_some(), kind);
                    self.open.push(Open::Map(id, Vec::new(), None));
                }
                Event::SequenceEnd | Event::MappingEnd => self.close(end),
                Event::StreamEnd => return None,
                Event::DocumentEnd => {
                    self.open.clear();
                    self.anchors.clear();
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
            }
        }
    }

    fn node(&mut self, start: usize, end: usize, anchor: usize, is_marked: bool, kind: Kind) -> usize {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(Node { start, end, is_marked, kind });
        if anchor != 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    /// Puts a finished value where it belongs.
    fn place(&mut self, id: usize) {
        match self.open.last_mut() {
            None => self.tree.documents.push(id),
            Some(Open::List(_, items)) => items.push(id),
            Some(Open::Map(_, entries, key)) => match key.take() {
                None => *key = Some(id),
                Some(key) => entries.push((key, id)),
            },
        }
    }

    fn close(&mut self, end: usize) {
        let Some(open) = self.open.pop() else { return };
        let (id, kind) = match open {
            Open::List(id, items) => (id, Kind::List(items)),
            Open::Map(id, entries, _) => (id, Kind::Map(entries)),
        };
        let node = &mut self.tree.nodes[id];
        node.end = end.max(node.end);
        node.kind = kind;
        self.place(id);
    }
}

impl Tree<'_> {
    /// The documents.
    pub(super) fn documents(&self) -> impl Iterator<Item = Yaml<'_>> {
        self.documents.iter().map(|id| Yaml { tree: self, id: *id, is_shared: false })
    }
}

/// A value in its tree. Aliases are followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Yaml<'t> {
    tree: &'t Tree<'t>,
    id: usize,
    /// Whether it was reached by an alias or a merge, so that it belongs to others as well.
    is_shared: bool,
}

impl<'t> Yaml<'t> {
    fn node(self) -> &'t Node {
        &self.tree.nodes[self.id]
    }

    /// The value that an alias refers to.
    fn followed(self) -> Self {
        if let Kind::Alias(id) = self.node().kind { Self { id, is_shared: true, ..self } } else { self }
    }

    pub(super) fn is_shared(self) -> bool {
        self.is_shared
    }

    /// Whether an anchor or a tag hangs on it.
    pub(super) fn is_marked(self) -> bool {
        self.node().is_marked
    }

    pub(super) fn source(self) -> SourceId {
        self.tree.source
    }

    /// The whole text.
    pub(super) fn whole(self) -> &'t str {
        &self.tree.text
    }

    /// First byte, and one after the last, as the parser sees them.
    pub(super) fn extent(self) -> (usize, usize) {
        (self.node().start, self.node().end)
    }

    /// The value of a key; of several with that name the last. What is merged in comes behind what stands here.
    pub(super) fn get(self, key: &str) -> Option<Self> {
        let mut waiting = vec![self.followed()];
        // Maps may merge each other in a circle, and one map a thousand times.
        let mut seen = Vec::new();
        while let Some(here) = waiting.pop() {
            let Kind::Map(entries) = &here.node().kind else { continue };
            if seen.contains(&here.id) || seen.len() > MOST_MERGED {
                continue;
            }
            seen.push(here.id);
            let is_named =
                |name: &str, id: usize| matches!(&here.tree.nodes[id].kind, Kind::Scalar(text, _) if text == name);
            if let Some((_, value)) = entries.iter().rev().find(|(name, _)| is_named(key, *name)) {
                return Some(Self { id: *value, ..here }.followed());
            }
            for (_, value) in entries.iter().rev().filter(|(name, _)| is_named("<<", *name)) {
                let value = Self { id: *value, is_shared: true, ..here }.followed();
                let maps = if value.is_list() { value.items() } else { vec![value] };
                waiting.extend(maps.into_iter().rev());
            }
        }
        None
    }

    /// The value at a path of keys.
    pub(super) fn path(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The items of a list; none of anything else.
    pub(super) fn items(self) -> Vec<Self> {
        let here = self.followed();
        let Kind::List(items) = &here.node().kind else { return Vec::new() };
        items.iter().map(|id| Self { id: *id, ..here }.followed()).collect()
    }

    /// Keys and values of a map, without those that are merged in; none of anything else.
    pub(super) fn entries(self) -> Vec<(Self, Self)> {
        let here = self.followed();
        let Kind::Map(entries) = &here.node().kind else { return Vec::new() };
        let at = |id: usize| Self { id, ..here };
        entries.iter().map(|(key, value)| (at(*key), at(*value).followed())).collect()
    }

    /// The key of an entry.
    pub(super) fn key(self, key: &str) -> Option<Self> {
        self.entries().into_iter().rev().map(|(name, _)| name).find(|name| name.text() == Some(key))
    }

    pub(super) fn is_map(self) -> bool {
        matches!(self.followed().node().kind, Kind::Map(_))
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self.followed().node().kind, Kind::List(_))
    }

    /// Whether a list is written `[…]`.
    pub(super) fn is_flow(self) -> bool {
        self.is_list() && self.tree.text.as_bytes().get(self.followed().node().start) == Some(&b'[')
    }

    /// The text of a scalar.
    pub(super) fn text(self) -> Option<&'t str> {
        if let Kind::Scalar(text, _) = &self.followed().node().kind { Some(text) } else { None }
    }

    pub(super) fn style(self) -> Option<ScalarStyle> {
        if let Kind::Scalar(_, style) = self.followed().node().kind { Some(style) } else { None }
    }

    /// Whether nothing stands here: `key:` alone, or `~`.
    pub(super) fn is_null(self) -> bool {
        self.style() == Some(ScalarStyle::Plain) && matches!(self.text(), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar that no template fills in.
    pub(super) fn known(self) -> Option<&'t str> {
        let text = self.text().filter(|_| !self.is_null())?;
        let is_open = ["${", "$(", "{{", "{%", "<%"].iter().any(|open| text.contains(open));
        (!is_open && !text.is_empty()).then_some(text)
    }

    /// A switch, by the words of YAML 1.1, which Kubernetes and Helm read.
    pub(super) fn switch(self) -> Option<bool> {
        match self.known()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(true),
            "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    /// A whole number from 0.
    pub(super) fn number(self) -> Option<u64> {
        self.known()?.parse().ok()
    }

    /// The place: of a scalar all of its bytes, quotes included; of a list or map its first byte to its last.
    pub(super) fn at(self) -> Span {
        let here = self.followed();
        let (start, end) = match here.style() {
            Some(_) => super::scalar::extent(here),
            None => here.extent(),
        };
        let end = start + here.tree.text[start..end.max(start)].trim_end().len();
        let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
        Span { source: here.tree.source, start: offset(start), end: offset(end) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree<'_> {
        let (tree, broken) = read(SourceId::ROOT, text.as_bytes());
        assert_eq!(broken, None);
        tree
    }

    #[test]
    fn aliases_and_merges_are_followed_and_remembered() {
        let text = "base: &b {a: 1, l: [x, *n]}\nuse:\n  <<: [*b, {c: 3}]\n  d: *b\n";
        let text = text.replace(", *n", "");
        let tree = tree(&text);
        let root = tree.documents().next().unwrap();
        assert_eq!(root.path(&["use", "a"]).unwrap().number(), Some(1));
        assert!(root.path(&["use", "a"]).unwrap().is_shared());
        assert_eq!(root.path(&["use", "c"]).unwrap().text(), Some("3"));
        assert_eq!(root.path(&["use", "d", "l"]).unwrap().items().len(), 1);
        assert!(root.path(&["use", "d"]).unwrap().is_shared() && !root.path(&["base", "a"]).unwrap().is_shared());
    }

    #[test]
    fn what_refers_to_itself_does_not_hang() {
        let tree = tree("a: &a\n  <<: *a\n  b: [*a, *a]\n");
        let a = tree.documents().next().unwrap().get("a").unwrap();
        assert!(a.get("missing").is_none());
        assert_eq!(a.get("b").unwrap().items().len(), 2);
    }

    #[test]
    fn documents_before_a_broken_one_are_read() {
        let (tree, broken) = read(SourceId::ROOT, "a: 1\n---\nb: [\n---\n".as_bytes());
        assert_eq!(tree.documents().next().unwrap().get("a").unwrap().number(), Some(1));
        assert!(broken.is_some());
        let (_, broken) = read(SourceId::ROOT, "{{- if .Values.x }}\na: 1\n{{- end }}\n".as_bytes());
        assert!(broken.is_some());
    }

    #[test]
    fn brackets_may_close_at_any_column() {
        let text = "s:\n  a: [\n    x, # ü\n    y\n  ]\n  b: {c: [\nd\n]}\n";
        let tree = tree(text);
        let root = tree.documents().next().unwrap();
        let item = root.path(&["s", "b", "c"]).unwrap().items()[0];
        assert_eq!(&text[item.at().start as usize..item.at().end as usize], "d");
        assert_eq!(root.path(&["s", "a"]).unwrap().items().len(), 2);
    }

    #[test]
    fn more_values_than_allowed_are_refused() {
        let (_, broken) = read_within(SourceId::ROOT, b"a: [x, x, x, x]", 4);
        assert_eq!(broken.unwrap().message, "it holds more than 4 values");
        assert_eq!(read_within(SourceId::ROOT, b"a: [x, x]", 6).1, None);
    }

    #[test]
    fn places_are_bytes_whatever_the_characters() {
        let text = "\u{feff}# ü\nk: \"ä\" # x\nl: [ö, b ]\n";
        let tree = tree(text);
        let root = tree.documents().next().unwrap();
        let bytes = |value: Yaml<'_>| text[value.at().start as usize..value.at().end as usize].to_owned();
        assert_eq!(bytes(root.get("k").unwrap()), "\"ä\"");
        assert_eq!(bytes(root.get("l").unwrap()), "[ö, b ]");
        assert_eq!(root.get("l").unwrap().items().into_iter().map(bytes).collect::<Vec<_>>(), ["ö", "b"]);
        let (latin, broken) = read(SourceId::ROOT, b"k: \xe4\nj: x\n");
        assert_eq!((latin.documents().next().unwrap().get("j").unwrap().at().start, broken), (8, None));
    }
}
