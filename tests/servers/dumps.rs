//! The dumps beside this file say what the servers say.
//!
//! What a build or a machine decides is left out of the comparison: TLS and its names, the allocator, the patch release,
//! how many clients this machine allows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Failed, Trial};
use redisconf::live::{Program, dump};
use serde_json::Value;

use crate::found::Found;

/// Debian carried this name back into its Redis 7.0.
const DEBIAN: &str = "lua-enable-deprecated-api";

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let trial = |found: &Found| {
        let path = dir().join(format!("{}.json", found.server.name()));
        let missing = !path.exists();
        let trial = found.trial("it is as its dump says", move |program| agrees(program, &path));
        if missing { trial.with_ignored_flag(true) } else { trial }
    };
    servers.iter().map(trial).collect()
}

fn dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/servers")
}

fn agrees(program: &Program, path: &Path) -> Result<(), Failed> {
    let candidates = candidates()?;
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let said = dump(program, &candidates).map_err(|error| error.to_string())?;
    let said: Value = serde_json::from_str(&said.to_json())?;
    let committed: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut differences = Vec::new();
    for list in ["file_only", "ignored"] {
        if said[list] != committed[list] {
            differences.push(format!("{list}: committed {}, now {}", committed[list], said[list]));
        }
    }
    let same_build = said["tls"] == committed["tls"];
    let (said, committed) = (by_name(&said), by_name(&committed));
    let names: BTreeSet<&String> = said.keys().chain(committed.keys()).collect();
    for name in names {
        let (now, then) = (said.get(name), committed.get(name));
        let one_sided = now.is_none() || then.is_none();
        let by_build = (name.starts_with("tls-") && !same_build) || name == DEBIAN;
        if now != then && !(one_sided && by_build) {
            let shown = |value: Option<&Value>| value.map_or("nothing".to_owned(), ToString::to_string);
            differences.push(format!("committed {}\n      now {}", shown(then), shown(now)));
        }
    }
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n").into()) }
}

/// Every name that any committed dump holds.
fn candidates() -> Result<BTreeSet<String>, Failed> {
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(dir())? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let dump: Value = serde_json::from_str(&fs::read_to_string(path)?)?;
            names.extend(by_name(&dump).into_keys());
            for list in ["file_only", "ignored"] {
                let texts = dump[list].as_array().into_iter().flatten().filter_map(Value::as_str);
                names.extend(texts.map(str::to_owned));
            }
        }
    }
    Ok(names)
}

fn by_name(dump: &Value) -> BTreeMap<String, Value> {
    let directives = dump["directives"].as_array().into_iter().flatten();
    let named = directives.filter_map(|entry| Some((entry["name"].as_str()?.to_owned(), comparable(entry))));
    named.collect()
}

fn comparable(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if entry["name"] == "maxclients" {
        entry["default"] = Value::Null; // lowered where the machine allows fewer open files
    }
    entry
}
