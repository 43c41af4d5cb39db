//! Writes the data files of the catalogue as lines that the program reads in no time: TOML would cost every run more
//! than all else it does. `src/catalog/data/README.md` states the format of the data files; a mistake in them ends the build.

#![expect(clippy::disallowed_methods, reason = "what is built is made of files")]

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What stands for a fact that is left out.
const NONE: &str = "~";

/// Defines a table that may hold every fact, and more fields that only it has.
///
/// Twice by macro and not once by `#[serde(flatten)]`, which would accept unknown keys in silence.
macro_rules! table_of_facts {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct $name {
            names: Option<Vec<String>>,
            r#type: Option<String>,
            default: Option<String>,
            change: Option<String>,
            is: Option<Vec<String>>,
            state: Option<String>,
            repeat: Option<String>,
            needs: Option<String>,
            without: Option<String>,
            $($field: $type,)*
        }
    };
}

table_of_facts!(Entry { from: Vec<String>, summary: String, since: BTreeMap<String, Facts>, });
table_of_facts!(Facts {});

fn main() {
    let data = Path::new("src/catalog/data");
    println!("cargo::rerun-if-changed={}", data.display());
    let mut families: Vec<PathBuf> = fs::read_dir(data)
        .expect("the data files are there")
        .map(|file| file.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .collect();
    families.sort();
    let (sentinel, main): (Vec<PathBuf>, Vec<PathBuf>) =
        families.into_iter().partition(|path| path.file_stem().is_some_and(|name| name == "sentinel"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the folder for what is made"));
    for (name, families) in [("catalogue.txt", main), ("sentinel.txt", sentinel)] {
        let text: String = families.iter().map(|path| family(path)).collect();
        fs::write(out.join(name), text).expect("the folder for what is made can be written");
    }
}

fn family(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("data files are text");
    let entries: BTreeMap<String, Entry> =
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let family = path.file_stem().expect("data files have names").to_string_lossy().into_owned();
    entries.into_iter().map(|(name, entry)| lines(&family, &name, entry)).collect()
}

/// One line for the entry, one for its birth, one for each change.
fn lines(family: &str, name: &str, entry: Entry) -> String {
    let Entry { names, r#type, default, change, is, state, repeat, needs, without, from, summary, since } = entry;
    let names = Some(names.unwrap_or_else(|| vec![name.to_owned()]));
    let birth = Facts { names, r#type, default, change, is, state, repeat, needs, without };
    let mut text = line(&["entry", family, name, &from.join(" "), &summary]);
    text.push_str(&facts("birth", birth));
    for (node, change) in since {
        text.push_str(&facts(&node, change));
    }
    text
}

fn facts(node: &str, facts: Facts) -> String {
    let Facts { names, r#type, default, change, is, state, repeat, needs, without } = facts;
    let list = |words: Option<Vec<String>>| words.map(|words| words.join(" "));
    let all = [list(names), r#type, default, change, list(is), state, repeat, needs, without];
    let mut fields = vec![node];
    fields.extend(all.iter().map(|fact| fact.as_deref().unwrap_or(NONE)));
    line(&fields)
}

fn line(fields: &[&str]) -> String {
    let clean = fields.iter().all(|field| !field.contains(['\t', '\n']));
    assert!(clean, "a fact holds a tabulator or a line end: {fields:?}");
    fields.join("\t") + "\n"
}
