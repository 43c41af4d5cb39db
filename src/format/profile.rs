//! Profiles, layers and projects: `"yes"` and `"no"` become the booleans they mean. The layout of TOML is left to TOML's own
//! formatters.

use super::{Formatted, LeftAlone};
use crate::catalog::{self, Kind, State};
use crate::finding::{self, TextEdit};
use crate::source::{Name, Sources};
use crate::syntax::profile::{SCHEMA, Spanned};
use crate::syntax::tree::{self, Node};

/// Formats the text of a profile, a layer, a project or an instance.
///
/// # Errors
/// [`LeftAlone::NoProfile`] if it is no TOML or does not begin with `schema = 1`.
pub fn profile(text: &[u8]) -> Result<Formatted, LeftAlone> {
    let mut sources = Sources::new();
    let source = sources.add(Name::Stdin, text);
    let (document, findings) = tree::parse(&sources, source);
    let is_ours =
        entries(&document).iter().any(|(key, node)| key.value == "schema" && node.value == Node::Whole(SCHEMA));
    if !findings.is_empty() || !is_ours {
        return Err(LeftAlone::NoProfile);
    }
    let mut edits = Vec::new();
    walk(&document, text, &mut edits);
    edits.sort_by_key(|edit| edit.at.start);
    let groups: Vec<Vec<TextEdit>> = edits.iter().map(|edit| vec![edit.clone()]).collect();
    Ok(Formatted { text: finding::apply(text, &groups).0, edits })
}

/// Looks for settings: in the document itself, under `[[when]]` and under `[instance.NAME]`.
fn walk(table: &Spanned<Node>, text: &[u8], edits: &mut Vec<TextEdit>) {
    for (key, node) in entries(table) {
        match (key.value.as_str(), &node.value) {
            ("settings" | "prefer", _) => settings(node, text, edits),
            ("when", Node::List(items)) => {
                for item in items {
                    walk(item, text, edits);
                }
            }
            ("instance", Node::Table(instances)) => {
                for (_, instance) in instances {
                    walk(instance, text, edits);
                }
            }
            (_, _) => {}
        }
    }
}

/// An edit covers the key as well, so that it can be shown alone, without its surroundings.
fn settings(table: &Spanned<Node>, text: &[u8], edits: &mut Vec<TextEdit>) {
    for (key, node) in entries(table) {
        let Node::Text(word) = &node.value else { continue };
        let value: &[u8] = match word.to_ascii_lowercase().as_str() {
            "yes" => b"true",
            "no" => b"false",
            _ => continue,
        };
        if is_boolean(&key.value) {
            let before = &text[key.at.start as usize..node.at.start as usize];
            edits.push(TextEdit { at: key.at.to(node.at), with: [before, value].concat() });
        }
    }
}

/// Whether every version that reads the directive takes `yes` or `no` and nothing else.
fn is_boolean(name: &str) -> bool {
    let Some(id) = catalog::find(name) else { return false };
    let history = catalog::history(id);
    let mut read = history.iter().filter(|(_, directive)| directive.state == State::Accepted).peekable();
    read.peek().is_some() && read.all(|(_, directive)| directive.kind == Kind::Bool)
}

fn entries(node: &Spanned<Node>) -> &[(Spanned<String>, Spanned<Node>)] {
    match &node.value {
        Node::Table(entries) => entries,
        Node::Bool(_) | Node::Whole(_) | Node::Fraction(_) | Node::Text(_) | Node::Date(_) | Node::List(_) => &[],
    }
}
