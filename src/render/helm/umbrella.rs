//! Writing values into an umbrella chart's values file: our keys and no other byte.
//!
//! A key of ours that is there is replaced in place, one that is not is appended to its map; what already means the same
//! stays as it is written. What cannot be changed without touching something else (anchors, merge keys, `{…}`) is
//! refused.

use super::super::job::Job;
use super::super::quote::is_special;
use super::tree::{Entry, Kind, Map, Node, Refusal, line, line_end, read, same};
use crate::config::printable;
use crate::finding::{Finding, Severity};

impl Refusal {
    /// The finding, which points at the profile: the values are no text of this case.
    pub(super) fn finding(&self, job: &Job<'_>) -> Finding {
        let message = format!("the existing values cannot be written to: line {}: {}", self.line, self.message);
        Finding::new("umbrella-values", Severity::Error, job.anchor(), message)
            .help("change that line by hand, or have the values rendered into a file of their own (leave `under` out)")
    }
}

/// The existing text with our values at a path of keys.
pub(super) fn merge(ours: &[u8], path: &str, existing: &[u8]) -> Result<Vec<u8>, Refusal> {
    let refuse = |message: String, line| Refusal { message, line };
    let Ok(text) = std::str::from_utf8(existing) else { return Err(refuse("it is not UTF-8".into(), 1)) };
    let ours = std::str::from_utf8(ours).expect("a filled template is text");
    let wrapped = wrap(ours, path)?;
    let ours = read(&wrapped)?.expect("values have keys");
    let Kind::Map(our_map) = &ours.kind else { unreachable!("values are a map") };
    // A mark at the start is no part of the document for edits.
    let (mark, body) = if text.starts_with('\u{feff}') { text.split_at(3) } else { ("", text) };
    let root = read(body)?;
    let mut edits = Edits { ours: &wrapped, text: body, list: Vec::new() };
    match &root {
        None => edits.append(our_map.entries.iter(), 0, 0, body.len()),
        Some(root) if root.is_null() => edits.append(our_map.entries.iter(), 0, 0, body.len()),
        Some(node @ Node { kind: Kind::Map(map), is_marked: false, .. }) => edits.map(our_map, map, node)?,
        Some(root) => return Err(refuse("it is no map".into(), line(body, root.start))),
    }
    let merged = edits.apply();
    // What the edits were meant to do is checked on what they did.
    let after = read(&merged).ok().flatten();
    if !after.is_some_and(|after| is_merged(&ours, root.as_ref(), &after)) {
        return Err(refuse("it is written in a way that redisconf does not understand".into(), 1));
    }
    Ok(format!("{mark}{merged}").into_bytes())
}

/// Our values under their keys.
fn wrap(ours: &str, path: &str) -> Result<String, Refusal> {
    let keys: Vec<&str> = path.split('.').collect();
    let plain = |key: &&str| {
        !key.is_empty() && !is_special(key) && key.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b)) && !key.starts_with('-')
    };
    if !keys.iter().all(plain) {
        let message = format!("`{}` is no path of keys: write it as `cache.valkey`", printable(path.as_bytes()));
        return Err(Refusal { message, line: 1 });
    }
    let heads = keys.iter().enumerate().map(|(depth, key)| format!("{}{key}:\n", "  ".repeat(depth)));
    let mut text: String = heads.collect();
    for line in ours.lines() {
        if !line.is_empty() {
            text.push_str(&"  ".repeat(keys.len()));
            text.push_str(line);
        }
        text.push('\n');
    }
    Ok(text)
}

struct Edits<'a> {
    ours: &'a str,
    text: &'a str,
    /// Bytes to replace, with what.
    list: Vec<(usize, usize, String)>,
}

impl Edits<'_> {
    fn refuse(&self, message: String, at: usize) -> Refusal {
        Refusal { message, line: line(self.text, at) }
    }

    fn map(&mut self, ours: &Map, theirs: &Map, node: &Node) -> Result<(), Refusal> {
        if let Some(merge) = theirs.get("<<") {
            return Err(self.refuse("`<<` takes keys from elsewhere".into(), merge.start));
        }
        if theirs.is_flow {
            return Err(self.refuse("the map is written in braces".into(), node.start));
        }
        let mut missing = Vec::new();
        for entry in &ours.entries {
            let mut found = theirs.entries.iter().filter(|other| other.key == entry.key);
            let (first, second) = (found.next(), found.next());
            if let Some(second) = second {
                return Err(self.refuse(format!("`{}` stands here a second time", entry.key), second.start));
            }
            match first {
                None => missing.push(entry),
                Some(other) => self.entry(entry, other)?,
            }
        }
        self.append(missing.into_iter(), ours.column, theirs.column, node.end);
        Ok(())
    }

    fn entry(&mut self, ours: &Entry, theirs: &Entry) -> Result<(), Refusal> {
        if same(&ours.value, &theirs.value) {
            return Ok(());
        }
        let key = &ours.key;
        let refuse = |what: &str| Err(self.refuse(format!("`{key}` {what}"), theirs.start));
        if theirs.value.is_marked {
            return refuse("carries an anchor, an alias or a tag");
        }
        match (&ours.value.kind, &theirs.value.kind) {
            (Kind::Map(more), Kind::Map(map)) if !map.entries.is_empty() => {
                return self.map(more, map, &theirs.value);
            }
            (_, Kind::Map(map)) if !map.entries.is_empty() => return refuse("is a map here, but no map for the chart"),
            (Kind::Map(_), Kind::Scalar(..)) if !theirs.value.is_null() => {
                return refuse("is no map here, but one for the chart");
            }
            (Kind::Map(_), Kind::List(_)) => return refuse("is a list here, but a map for the chart"),
            (_, Kind::List(items)) if !items.iter().all(is_ours) => {
                return refuse("holds items that are not of redisconf, which would be lost");
            }
            _ => {}
        }
        self.replace(ours, theirs);
        Ok(())
    }

    /// Puts our value in the place of theirs; a comment behind it stays where it is.
    fn replace(&mut self, ours: &Entry, theirs: &Entry) {
        let column = theirs.start - self.text[..theirs.start].rfind('\n').map_or(0, |newline| newline + 1);
        let our_column = ours.start - self.ours[..ours.start].rfind('\n').map_or(0, |newline| newline + 1);
        let value = shifted(&self.ours[ours.after_colon..ours.value.end], our_column, column);
        let (head, tail) = value.split_once('\n').map_or((value.as_str(), None), |(head, tail)| (head, Some(tail)));
        let first_line = line_end(self.text, theirs.after_colon);
        let (start, end) = (theirs.value.start, theirs.value.end);
        if start > first_line {
            // Theirs begins below the key: what stands behind the colon, and between, is comment.
            let newline = self.text[..start].rfind('\n').expect("the value begins on a later line");
            self.list.push((theirs.after_colon, theirs.after_colon, head.to_owned()));
            self.list.push((self.trimmed(newline), end, tail.map(|tail| format!("\n{tail}")).unwrap_or_default()));
            return;
        }
        let head_end = end.min(start + header_length(&self.text[start..end]));
        self.list.push((theirs.after_colon, head_end, head.to_owned()));
        let rest = self.trimmed(line_end(self.text, head_end)).max(head_end);
        let tail = tail.map(|tail| format!("\n{tail}")).unwrap_or_default();
        if end > rest {
            self.list.push((rest, end, tail));
        } else if !tail.is_empty() {
            self.list.push((rest, rest, tail));
        }
    }

    /// The end of a line without the first half of a line break of Windows.
    fn trimmed(&self, end: usize) -> usize {
        if self.text[..end].ends_with('\r') { end - 1 } else { end }
    }

    /// Writes entries behind the last line of a map.
    fn append<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>, ours: usize, theirs: usize, after: usize) {
        let lines = entries.map(|entry| {
            let text = shifted(&self.ours[entry.start..entry.value.end], ours, theirs);
            format!("{}{text}", " ".repeat(theirs))
        });
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            return;
        }
        let end = line_end(self.text, after);
        let newline = self.text[..end].is_empty() || (end == self.text.len() && self.text.ends_with('\n'));
        let text = lines.join("\n");
        if newline {
            self.list.push((end, end, format!("{text}\n")));
        } else {
            let end = self.trimmed(end);
            let last = if line_end(self.text, after) == self.text.len() { "\n" } else { "" };
            self.list.push((end, end, format!("\n{text}{last}")));
        }
    }

    fn apply(mut self) -> String {
        self.list.sort_by_key(|(start, end, _)| (*start, *end));
        let windows = self.text.contains("\r\n");
        let mut out = String::with_capacity(self.text.len() + self.ours.len());
        let mut at = 0;
        for (start, end, with) in &self.list {
            out.push_str(&self.text[at..*start]);
            if windows { out.push_str(&with.replace('\n', "\r\n")) } else { out.push_str(with) }
            at = *end;
        }
        out.push_str(&self.text[at..]);
        out
    }
}

/// Bytes of a value on its first line: all of it, or the `|` of a block.
fn header_length(value: &str) -> usize {
    let first = value.split('\n').next().unwrap_or_default();
    if value.starts_with(['|', '>']) { first.find([' ', '\r']).unwrap_or(first.len()) } else { value.len() }
}

/// Whether an item of a list may go: a bare word, or something that carries our name.
fn is_ours(item: &Node) -> bool {
    match &item.kind {
        Kind::Scalar(..) => true,
        Kind::Map(map) => {
            let name = map.get("name").or_else(|| match &map.get("metadata")?.value.kind {
                Kind::Map(metadata) => metadata.get("name"),
                Kind::Scalar(..) | Kind::List(_) | Kind::Alias => None,
            });
            name.is_some_and(|name| matches!(&name.value.kind, Kind::Scalar(name, _) if name.contains("redisconf")))
        }
        Kind::List(_) | Kind::Alias => false,
    }
}

/// A text with its lines moved sideways, all but the first.
fn shifted(text: &str, from: usize, to: usize) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(to));
            out.push_str(line.get(from..).unwrap_or_default());
        }
    }
    out
}

/// Whether the result holds our values, and all others as they were.
fn is_merged(ours: &Node, before: Option<&Node>, after: &Node) -> bool {
    let (Kind::Map(our_map), Kind::Map(now)) = (&ours.kind, &after.kind) else { return same(ours, after) };
    let none = Map { is_flow: false, column: 0, entries: Vec::new() };
    let old = match before.map(|before| &before.kind) {
        Some(Kind::Map(map)) => map,
        _ => &none,
    };
    let others = |map: &Map| map.entries.iter().filter(|entry| our_map.get(&entry.key).is_none()).cloned().collect::<Vec<_>>();
    let (was, is) = (others(old), others(now));
    was.len() == is.len()
        && was.iter().zip(&is).all(|(a, b)| a.key == b.key && same(&a.value, &b.value))
        && our_map.entries.iter().all(|entry| {
            let before = old.get(&entry.key).map(|entry| &entry.value);
            now.get(&entry.key).is_some_and(|after| is_merged(&entry.value, before, &after.value))
        })
}

#[cfg(test)]
mod tests;
