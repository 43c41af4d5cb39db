//! The walls of the house: which room imports which, how long a file may be, and what no file may hold.
//!
//! Every `crate::…` path counts, not only those in `use` lines. The table is the whole truth: a path to a room that is not
//! in its line fails, be it in code, in a test inside `src`, or in a macro. Documentation may name any room.

use std::path::{Path, PathBuf};

/// Each room with the rooms it may import. In a line, and from line to line, the reading order.
const TABLE: &[(&str, &[&str])] = &[
    ("source", &[]),
    ("finding", &["source"]),
    ("server", &[]),
    ("catalog", &["server"]),
    ("facts", &["source", "server"]),
    ("syntax", &["source", "finding", "server", "facts"]),
    // `finding`, because merging the layers of a profile is where their contradictions come to light.
    ("config", &["source", "finding", "server", "catalog", "facts", "syntax"]),
    ("snapshot", &["source", "server", "facts", "syntax"]),
    ("plan", &["server", "catalog", "facts", "config", "snapshot"]),
    ("lint", &["source", "finding", "server", "catalog", "facts", "syntax", "config", "snapshot", "plan"]),
    ("render", &["source", "finding", "server", "catalog", "facts", "config", "syntax"]),
    // `config`, because every version must read the formatted text as it read the old one.
    ("format", &["source", "finding", "server", "catalog", "syntax", "config"]),
    // `render`, because a profile is proven by reading back what is rendered from it.
    ("import", &["source", "finding", "server", "catalog", "facts", "syntax", "config", "snapshot", "render"]),
    // It compares and edits, which no other room may do both.
    ("upgrade", &["source", "finding", "server", "catalog", "facts", "syntax", "config", "plan"]),
    ("live", &["server", "snapshot", "plan"]),
    // It sends what `live` must not be able to send, to servers that `live` has started.
    ("bench", &["live"]),
    ("report", &["source", "finding", "server", "catalog", "facts", "config", "snapshot", "plan", "lint", "bench"]),
    ("lsp", &ALL),
    ("cli", &ALL),
];

/// What the front ends may import.
const ALL: [&str; 17] = [
    "source", "finding", "server", "catalog", "facts", "syntax", "config", "snapshot", "plan", "lint", "render",
    "format", "import", "upgrade", "live", "bench", "report",
];

/// Lines of code in one file, tests not counted.
const LONGEST_FILE: usize = 500;

/// What no file of the program may hold, with the reason.
const FORBIDDEN: &[(&str, &str)] = &[
    ("todo!", "a gap is an issue, not code that ends the program"),
    ("unimplemented!", "a gap is an issue, not code that ends the program"),
    ("#[ignore", "a test that cannot run says so, and is counted"),
    ("use crate::{", "one line for each room shows what comes from where"),
    ("[allow(", "write `#[expect(…, reason = \"…\")]`, which tells when it is no longer needed"),
];

/// A file of the program.
struct File {
    path: PathBuf,
    room: String,
    text: String,
}

/// Every Rust file of the program but the two crate roots.
fn files() -> Vec<File> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&source).unwrap().to_owned();
                let top = inside.iter().next().unwrap().to_str().unwrap();
                let room = top.trim_end_matches(".rs").to_owned();
                if room != "main" && room != "lib" {
                    found.push(File { text: std::fs::read_to_string(&path).unwrap(), path: inside, room });
                }
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(found.len() > 40, "the program was not found");
    found
}

/// A line without what a comment says in it.
fn code(line: &str) -> &str {
    let line = line.trim_start();
    if line.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}

/// The rooms that a line names by `crate::room`.
fn rooms_named(line: &str) -> Vec<&str> {
    let named = line.split("crate::").skip(1).map(word);
    named.filter(|room| TABLE.iter().any(|(known, _)| known == room)).collect()
}

/// How many modules the longest run of `super::` in a line goes up.
fn steps_up(line: &str) -> usize {
    let mut longest = 0;
    let mut rest = line;
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut steps = 0;
        while let Some(further) = rest.strip_prefix("super::") {
            rest = further;
            steps += 1;
        }
        longest = longest.max(steps);
    }
    longest
}

/// The identifier that a text begins with.
fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

#[test]
fn every_room_is_in_the_table() {
    for file in files() {
        assert!(TABLE.iter().any(|(room, _)| *room == file.room), "{}: no such room", file.path.display());
    }
}

#[test]
fn the_table_only_looks_up() {
    for (index, (room, imports)) in TABLE.iter().enumerate() {
        for import in *imports {
            let above = TABLE[..index].iter().any(|(known, _)| known == import);
            assert!(above, "`{room}` imports `{import}`, which does not stand above it");
        }
    }
}

#[test]
fn the_map_in_the_documentation_says_the_same() {
    let text = include_str!("../../src/lib.rs");
    // `mod@` tells the documentation that a module is meant, where a macro has the same name.
    let room = |line: &'static str| line.strip_prefix("//! | [`")?.trim_start_matches("mod@").split_once('`');
    let map: Vec<(&str, &str)> = text.lines().filter_map(room).collect();
    assert!(map.len() > 10, "the map was not found");
    for (room, rest) in &map {
        let imports = rest.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let said: Vec<&str> = imports.split(", ").filter(|import| *import != "–").collect();
        let (index, (_, meant)) = TABLE.iter().enumerate().find(|(_, (known, _))| known == room).unwrap();
        if said == ["all above"] {
            assert!(meant.iter().all(|import| TABLE[..index].iter().any(|(known, _)| known == import)), "{room}");
        } else {
            // Rooms that are not built yet are in the table only.
            let meant = meant.iter().copied().filter(|import| map.iter().any(|(known, _)| known == import));
            let (mut said, mut meant) = (said, meant.collect::<Vec<_>>());
            said.sort_unstable();
            meant.sort_unstable();
            assert_eq!(said, meant, "{room}");
        }
    }
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for file in files() {
        let (_, allowed) = TABLE.iter().find(|(room, _)| *room == file.room).unwrap();
        // Tests may build what they need with any room above.
        let above = TABLE.iter().map(|(room, _)| *room).take_while(|room| *room != file.room);
        let above: Vec<&str> = above.collect();
        let mut is_test = file.path.iter().any(|part| part == "tests" || part == "tests.rs");
        for (number, line) in file.text.lines().enumerate() {
            is_test |= line.starts_with("#[cfg(test)]");
            for room in rooms_named(code(line)) {
                let is_allowed = allowed.contains(&room) || (is_test && above.contains(&room));
                if room != file.room && !is_allowed {
                    wrong.push(format!(
                        "src/{}:{}: `{}` may not import `{room}`",
                        file.path.display(),
                        number + 1,
                        file.room
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_path_leaves_its_room_by_the_back_door() {
    let mut wrong = Vec::new();
    for file in files() {
        let is_folder = file.path.file_stem().is_some_and(|stem| stem == "mod");
        let mut depth = file.path.iter().count() - usize::from(is_folder);
        for (number, line) in file.text.lines().enumerate() {
            // The tests in a file are a module of their own.
            depth += usize::from(line.starts_with("#[cfg(test)]"));
            if steps_up(code(line)) >= depth {
                wrong.push(format!("src/{}:{}: {}", file.path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_hands_on_what_another_owns() {
    let mut wrong = Vec::new();
    for file in files() {
        for (number, line) in file.text.lines().enumerate() {
            let line = code(line);
            let exports = line.starts_with("pub use crate::") || line.starts_with("pub(crate) use crate::");
            if exports && rooms_named(line).iter().any(|room| *room != file.room) {
                wrong.push(format!("src/{}:{}: {line}", file.path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_too_long() {
    for file in files() {
        let is_test = file.path.file_stem().is_some_and(|stem| stem == "tests");
        let lines = file.text.lines().take_while(|line| !line.starts_with("#[cfg(test)]")).count();
        assert!(is_test || lines <= LONGEST_FILE, "src/{}: {lines} lines", file.path.display());
    }
}

#[test]
fn no_file_holds_what_is_forbidden() {
    let mut wrong = Vec::new();
    for file in files() {
        for (number, line) in file.text.lines().enumerate() {
            for (text, reason) in FORBIDDEN {
                // The names of functions may end in the forbidden word.
                let found = code(line).match_indices(text).any(|(at, _)| {
                    let before = code(line)[..at].chars().next_back();
                    !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.')
                });
                if found {
                    wrong.push(format!("src/{}:{}: `{text}`: {reason}", file.path.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn paths_are_found_wherever_they_stand() {
    assert_eq!(rooms_named("let x: crate::lint::Rule = crate::config::resolve(y);"), ["lint", "config"]);
    assert_eq!(rooms_named("use crate::unknown::y;"), [""; 0]);
    assert_eq!(steps_up("use super::a; super::super::b"), 2);
    assert_eq!(code("    // crate::lint is above"), "");
}
