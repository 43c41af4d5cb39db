//! What twelve servers were observed to make of words and values; ours must be the same.

use std::collections::BTreeMap;

use redisconf::catalog::{Lookup, View};
use redisconf::config::resolve;
use redisconf::server::{Server, WordRules};
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf, split};
use serde_json::Value as Json;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn lines_split_as_observed() {
    let file: Json = serde_json::from_str(include_str!("vectors/tokenizer.json")).unwrap();
    let mut checked = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let line = hex(vector["line_hex"].as_str().unwrap());
        for (name, rules) in
            [("classic", WordRules::Classic), ("valkey-8.1", WordRules::Valkey81), ("valkey-9.0", WordRules::Valkey90)]
        {
            let observed = vector["tokens_hex"][name].as_array();
            let observed: Option<Vec<Vec<u8>>> =
                observed.map(|words| words.iter().map(|w| hex(w.as_str().unwrap())).collect());
            let ours = split(&line, rules).ok().map(|words| words.into_iter().map(|w| w.text.into_owned()).collect());
            assert_eq!(ours, observed, "{name}: {}", vector["line_latin1"]);
            checked += 1;
        }
    }
    assert_eq!(checked, 543);
}

/// What is not the configuration's doing: the machine had too little memory for so many databases, or lacks a locale.
fn is_of_the_machine(directive: &str) -> bool {
    matches!(directive, "databases" | "locale-collate")
}

#[test]
fn values_read_and_show_as_observed() {
    let file: Json = serde_json::from_str(include_str!("vectors/normal-forms.json")).unwrap();
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut checked = 0;
    for row in file["rows"].as_array().unwrap() {
        let (directive, input) = (row["directive"].as_str().unwrap(), row["input"].as_str().unwrap());
        let quoted = input.bytes().fold(String::new(), |text, byte| format!("{text}\\x{byte:02x}"));
        let line = format!("{directive} \"{quoted}\"\n");
        for (name, observed) in row["file"].as_object().unwrap() {
            let observed = observed.as_str().unwrap();
            let of_the_machine = is_of_the_machine(directive) && observed.starts_with("E:");
            // The 6.2 that was observed was built without TLS; the catalogue speaks of a full build.
            let of_the_build = name == "redis-6.2" && directive.starts_with("tls-");
            if of_the_machine || of_the_build {
                continue;
            }
            let ours = ours(&line, directive, name.parse().unwrap());
            let same = match (&ours, observed.strip_prefix("= ")) {
                (Ok(shown), Some(quoted)) => *shown == unquote(quoted.trim_start_matches("(after AUTH) ")),
                (Err(_), None) => true,
                _ => false,
            };
            checked += 1;
            if !same {
                wrong
                    .entry(format!("{directive} {input:?}"))
                    .or_default()
                    .push(format!("{name}: observed {observed}, ours {ours:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(checked > 1900, "{checked}");
}

/// The observations are in Python's quotes.
fn unquote(text: &str) -> String {
    text[1..text.len() - 1].replace("\\\\", "\\")
}

fn ours(line: &str, directive: &str, server: Server) -> Result<String, String> {
    let config = resolve(&conf::read_alone(Name::Stdin, line.as_bytes(), server), Mode::Server);
    if let Some(refusal) = config.verdict() {
        return Err(format!("{:?}", refusal.reason));
    }
    match View::of(server).look(directive) {
        Lookup::Here(found) => {
            let value = config.effective(found).ok_or("no value")?;
            Ok(String::from_utf8_lossy(&value.config_get(&found.kind)).into_owned())
        }
        Lookup::Elsewhere(_) | Lookup::Never => Err("unknown".into()),
    }
}
