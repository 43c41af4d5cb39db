//! What a server showed to `CONFIG GET '*'` becomes statements. It shows no users, renamed commands or modules.

use std::collections::BTreeSet;

use crate::catalog::{self, DirectiveId, Lookup, View};
use crate::config::MASK;
use crate::server::Server;
use crate::snapshot::{self, DumpError, Said, Snapshot, read_dump};
use crate::source::{Name, SourceId, Sources, Span};
use crate::syntax::{Reading, Via, Word};

/// What a dump has beside values.
#[derive(Clone, Debug, Default)]
pub(super) struct Dump {
    /// What no file can hold: names as they may be shown, where they stand, and why.
    pub(super) unheld: Vec<(String, Span, String)>,
    /// What it shows, be it as the version has it.
    pub(super) shown: BTreeSet<DirectiveId>,
}

fn is_directive(name: &[u8]) -> bool {
    catalog::find(name).is_some()
}

/// Whether a text is a dump rather than a configuration file.
#[must_use]
pub fn is_dump(text: &[u8]) -> bool {
    snapshot::is_dump(text, &is_directive)
}

/// Reads a dump as statements of the version that gave it.
pub(super) fn read(name: Name, text: &[u8], server: Server) -> Result<(Reading, Dump), DumpError> {
    let read = read_dump(text, &is_directive)?;
    let mut sources = Sources::new();
    sources.add(name, text);
    Ok(stated(read.said, read.is_marked, sources, server))
}

/// The same of a live server. Its names, one a line, stand for the text.
pub(super) fn of_snapshot(name: Name, snapshot: &Snapshot) -> (Reading, Dump) {
    let mut text = String::new();
    let mut said = Vec::new();
    for (name, value) in snapshot.config().iter() {
        let at = text.len()..text.len() + name.len();
        text.push_str(name);
        text.push('\n');
        said.push(Said { name: name.to_owned(), value: value.to_vec(), at });
    }
    let mut sources = Sources::new();
    sources.add(name, text.into_bytes());
    stated(said, true, sources, snapshot.server)
}

/// The statements of the only text among `sources`; whether a name that nobody knows is one for certain.
fn stated(said: Vec<Said>, is_marked: bool, sources: Sources, server: Server) -> (Reading, Dump) {
    let source = SourceId::ROOT;
    let offset = |n: usize| u32::try_from(n).expect("files are below 64 MiB");
    let mut reading = Reading::new(sources, server);
    let mut dump = Dump::default();
    let view = View::of(server);
    let unknown = || format!("{server} does not know it: a module does, or another version");
    for Said { name, value, at } in said {
        let at = Span { source, start: offset(at.start), end: offset(at.end) };
        let directive = match view.look(&name) {
            Lookup::Here(directive) => directive,
            Lookup::Elsewhere(_) => {
                dump.unheld.push((name, at, unknown()));
                continue;
            }
            Lookup::Never => {
                // Among bare lines it may be the rest of a value, even of a secret.
                let odd = |byte: u8| !byte.is_ascii_lowercase() && !byte.is_ascii_digit() && !b"-_.".contains(&byte);
                let is_name = is_marked && name.contains(['.', '-']) && !name.bytes().any(odd);
                dump.unheld.push((if is_name { name } else { MASK.to_owned() }, at, unknown()));
                continue;
            }
        };
        // Servers show a directive under each of its names.
        if !dump.shown.insert(directive.id) {
            continue;
        }
        if directive.is.live_only {
            if directive.default != std::str::from_utf8(&value).ok() {
                dump.unheld.push((name, at, "only CONFIG SET takes it, no file".to_owned()));
            }
            continue;
        }
        // Of an empty list that is empty by default no file speaks: `bind ""` would be an address to Redis 6.2.
        if value.is_empty() && directive.default == Some("") && directive.kind.is_many_valued() {
            continue;
        }
        for words in directive.kind.statements(&value) {
            let words = words.into_iter().map(|word| Word::cooked(at, word));
            reading.push(Word::cooked(at, directive.name()), words, Via::Text);
        }
    }
    (reading, dump)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Result<Vec<String>, DumpError> {
        let (reading, _) = read(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap())?;
        let line = |id| {
            let words = reading.arguments(id);
            let words = words.iter().map(|word| String::from_utf8_lossy(word).into_owned());
            format!("{} {}", String::from_utf8_lossy(reading.name(id)), words.collect::<Vec<_>>().join(","))
        };
        Ok(reading.iter().map(|(id, _)| line(id)).collect())
    }

    #[test]
    fn every_look_gives_the_same() {
        let wanted = ["maxmemory 0", "save 3600,1", "save 300,100", "requirepass ", "replica-read-only yes"];
        let looks = [
            "{\"maxmemory\": \"0\", \"save\": \"3600 1 300 100\", \"requirepass\": \"\", \"slave-read-only\": \"yes\", \"replica-read-only\": \"yes\"}",
            "[\"maxmemory\", 0, \"save\", \"3600 1 300 100\", \"requirepass\", \"\", \"slave-read-only\", \"yes\"]",
            "[[\"maxmemory\", \"0\"], [\"save\", \"3600 1 300 100\"], [\"requirepass\", \"\"], [\"replica-read-only\", \"yes\"]]",
            "maxmemory\r\n0\r\nsave\n3600 1 300 100\nrequirepass\n\nslave-read-only\nyes\n",
            " 1) \"maxmemory\"\n 2) \"0\"\n 3) \"save\"\n 4) \"3600 1 300 100\"\n5) \"requirepass\"\n6) \"\"\n7) \"slave-read-only\"\n8) \"yes\"\n",
            "1# \"maxmemory\" => \"0\"\n2# \"save\" => \"3600 1 300 100\"\n3# \"requirepass\" => \"\"\n4# \"slave-read-only\" => \"yes\"\n",
        ];
        for text in looks {
            assert!(is_dump(text.as_bytes()), "{text}");
            let mut found = statements(text).unwrap();
            let mut wanted = wanted.map(str::to_owned);
            found.sort();
            wanted.sort();
            assert_eq!(found, wanted, "{text}");
        }
    }

    #[test]
    fn a_live_server_says_the_same() {
        let config = [("maxmemory", "0"), ("save", "3600 1 300 100"), ("replica-read-only", "yes"), ("ft.x", "1")];
        let config = config.into_iter().collect();
        let snapshot = Snapshot::new("redis-7.4.1".parse().unwrap(), config, crate::snapshot::Info::default());
        let (reading, dump) = of_snapshot(Name::Live("there".into()), &snapshot);
        assert_eq!(reading.iter().count(), 4);
        assert_eq!(dump.unheld[0].0, "ft.x");
    }
}
