//! A reader of YAML for tests: events of a parser that is not ours, as a tree that remembers which scalars were quoted.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Yaml {
    /// A scalar in quotes or a block: always text.
    Text(String),
    /// A bare scalar: a number, a boolean, or text that nothing would take for one.
    Bare(String),
    /// A list.
    List(Vec<Yaml>),
    /// A map, in order.
    Map(Vec<(String, Yaml)>),
}

/// The documents of a text.
pub(in super::super) fn documents(text: &str) -> Vec<Yaml> {
    let mut parser = Parser::new_from_str(text);
    let mut documents = Vec::new();
    loop {
        let event = parser.next_event().unwrap().unwrap().0;
        if event == Event::StreamEnd {
            return documents;
        }
        if matches!(event, Event::DocumentStart(_)) {
            documents.push(node(&mut parser).unwrap());
        }
    }
}

/// The only document of a text.
pub(in super::super) fn document(text: &str) -> Yaml {
    let mut documents = documents(text);
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn node(parser: &mut Parser<'_, impl saphyr_parser::Input>) -> Option<Yaml> {
    match parser.next_event().unwrap().unwrap().0 {
        Event::Scalar(text, ScalarStyle::Plain, ..) => Some(Yaml::Bare(text.into_owned())),
        Event::Scalar(text, ..) => Some(Yaml::Text(text.into_owned())),
        Event::SequenceStart(..) => {
            let mut list = Vec::new();
            while let Some(item) = node(parser) {
                list.push(item);
            }
            Some(Yaml::List(list))
        }
        Event::MappingStart(..) => {
            let mut map: Vec<(String, Yaml)> = Vec::new();
            while let Some(key) = node(parser) {
                let (Yaml::Text(key) | Yaml::Bare(key)) = key else { panic!("a key is text") };
                assert!(!map.iter().any(|(other, _)| *other == key), "`{key}` stands twice");
                map.push((key, node(parser).unwrap()));
            }
            Some(Yaml::Map(map))
        }
        Event::SequenceEnd | Event::MappingEnd => None,
        Event::Alias(_) => panic!("no alias is ever written"),
        Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
            panic!("a document has a node")
        }
    }
}

impl Yaml {
    /// The node at a path of keys and positions.
    pub(in super::super) fn at(&self, path: &str) -> &Yaml {
        self.find(path).unwrap_or_else(|| panic!("nothing at `{path}` of {self:#?}"))
    }

    pub(in super::super) fn find(&self, path: &str) -> Option<&Yaml> {
        path.split('/').filter(|step| !step.is_empty()).try_fold(self, |node, step| match node {
            Yaml::Map(map) => map.iter().find(|(key, _)| key == step).map(|(_, value)| value),
            Yaml::List(list) => list.get(step.parse::<usize>().ok()?),
            Yaml::Text(_) | Yaml::Bare(_) => None,
        })
    }

    /// The only value of a map.
    pub(in super::super) fn only(&self) -> &Yaml {
        let Yaml::Map(map) = self else { panic!("not a map: {self:?}") };
        assert_eq!(map.len(), 1);
        &map[0].1
    }

    /// The text of a quoted scalar or block.
    pub(in super::super) fn text(&self) -> &str {
        let Yaml::Text(text) = self else { panic!("not quoted: {self:?}") };
        text
    }

    /// The texts of a list.
    pub(in super::super) fn texts(&self) -> Vec<String> {
        let Yaml::List(list) = self else { panic!("not a list: {self:?}") };
        list.iter().map(|item| item.text().to_owned()).collect()
    }

    /// Every bare scalar.
    pub(in super::super) fn bare(&self) -> Vec<&str> {
        match self {
            Yaml::Text(_) => Vec::new(),
            Yaml::Bare(text) => vec![text],
            Yaml::List(list) => list.iter().flat_map(Self::bare).collect(),
            Yaml::Map(map) => map.iter().flat_map(|(_, value)| value.bare()).collect(),
        }
    }
}

/// What YAML makes of a quoted text.
#[test]
fn quoted_texts_are_what_they_were() {
    use super::super::quote::{block, yaml};
    for text in [
        "no",
        "010",
        "0x10",
        "1e3",
        "8589934592",
        "~",
        "",
        " a",
        "a: b # c",
        "- x",
        "'",
        "\"",
        "\\",
        "\u{85}\u{2028}\u{feff}\u{1f600}é",
        "\u{7f}\r\n\t",
        "&a *b !c",
        "{{ x }}",
        "%x",
        "@",
        "`",
    ] {
        assert_eq!(document(&format!("k: {}\n", yaml(text))).at("k").text(), text);
        assert!(yaml(text).bytes().all(|b| b != b'\n' && b != b'\r'));
    }
    for text in [
        "a\nb\n",
        "a\n\n  b # c\n",
        "# x\nsave \"\"\n",
        "a",
        "a\n\n",
        "",
        "\n",
        " a\n",
        "a \nb\n",
        "a\tb\n",
        "a\r\n",
        "é\u{2028}\n",
        "a\n\n\nb\n",
        "--- \n",
        "---\n...\n",
    ] {
        assert_eq!(document(&format!("x:\n  k: {}\n  l: 1\n", block(text, 2))).at("x/k").text(), text, "{text:?}");
    }
}
