//! What must hold of the data files whatever the servers say; `tests/suite/catalogue.rs` compares with the servers.

#![expect(clippy::disallowed_methods, reason = "the tests look which data files there are")]

use super::data::{Entry, Facts};
use super::*;

fn server(name: &str) -> Server {
    name.parse().unwrap()
}

fn entries() -> impl Iterator<Item = &'static Entry> {
    view::MAIN.entries.iter().chain(&view::SENTINEL.entries)
}

#[test]
fn families_and_the_entries_in_them_are_sorted() {
    let places = |entries: &'static [Entry]| entries.iter().map(|entry| (entry.family, entry.name));
    assert!(places(&view::MAIN.entries).is_sorted() && places(&view::SENTINEL.entries).is_sorted());
    for (family, text) in data_files() {
        let names: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix('[')?.split_once(']').map(|(name, _)| name))
            .filter(|name| !name.contains('.'))
            .collect();
        assert!(!names.is_empty() && names.is_sorted(), "{family}");
    }
}

/// Family and text of each.
fn data_files() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/catalog/data");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let family = |path: &std::path::Path| path.file_name()?.to_str()?.strip_suffix(".toml").map(str::to_owned);
    let mut files: Vec<(String, String)> =
        files.filter_map(|path| Some((family(&path)?, std::fs::read_to_string(&path).unwrap()))).collect();
    files.sort();
    files
}

#[test]
fn every_entry_of_every_data_file_is_read() {
    for (family, text) in data_files() {
        let written = text.lines().filter(|line| line.starts_with('[') && !line.contains(".since]")).count();
        let read = entries().filter(|entry| entry.family == family).count();
        assert!(written > 0 && read == written, "{family}: {read} of {written}");
    }
}

#[test]
fn names_are_lower_case() {
    for name in all_names().iter().chain(sentinel::all_names()) {
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b)), "{name}");
    }
}

#[test]
fn every_server_named_is_catalogued_and_no_birth_repeats_another() {
    for entry in entries() {
        let nodes = entry.from.iter().chain(entry.since.iter().map(|(node, _)| node));
        for node in nodes {
            assert!(server::all().contains(node), "{}: {node}", entry.name);
        }
        for birth in &entry.from {
            let ancestors = server::lineage(*birth);
            let earlier = entry.from.iter().filter(|other| ancestors.contains(other)).count();
            assert_eq!(earlier, 1, "{} is born twice on the path to {birth}", entry.name);
        }
    }
}

#[test]
fn every_change_changes_each_fact_it_names() {
    for entry in entries() {
        for (node, later) in &entry.since {
            let born_here = entry.from.contains(node);
            let mut path = server::lineage(*node);
            if !born_here {
                path.pop();
            }
            let mut before = entry.birth.clone();
            let born = entry.from.is_empty() || path.iter().any(|step| entry.from.contains(step));
            assert!(born, "{} changes at {node} before it is born", entry.name);
            for step in path.iter().filter(|step| *step != node) {
                entry.since.iter().filter(|(at, _)| at == step).for_each(|(_, facts)| before.apply(facts));
            }
            /// Says whether a stated fact is new.
            macro_rules! new {
                ($($field:ident)*) => {
                    let mut stated = 0;
                    $(if later.$field.is_some() {
                        stated += 1;
                        assert_ne!(later.$field, before.$field, "{}, {node}: {}", entry.name, stringify!($field));
                    })*
                    assert!(stated > 0, "{}: nothing changes at {node}", entry.name);
                };
            }
            let _: &Facts = later;
            new!(names r#type default change is state repeat needs without);
        }
    }
}

#[test]
fn a_need_comes_with_what_happens_without_it() {
    for known in server::all() {
        for directive in View::of(*known).directives() {
            assert_eq!(directive.needs.is_some(), directive.without.is_some(), "{known}: {}", directive.name());
        }
    }
}

#[test]
fn every_summary_is_one_to_three_sentences() {
    for entry in entries() {
        let text = entry.summary;
        assert!(text.len() >= 30 && text.ends_with('.') && !text.contains("  "), "{}: {text}", entry.name);
        assert!(text.matches(". ").count() <= 2, "{}: {text}", entry.name);
    }
}

#[test]
fn defaults_are_written_as_config_get_shows_them() {
    for known in server::all() {
        for directive in View::of(*known).directives() {
            match directive.default {
                Some(value) => assert!(is_shown(&directive.kind, value), "{known}: {} = `{value}`", directive.name()),
                None => assert!(
                    directive.is.file_only || directive.state == State::Inert,
                    "{known}: {} has no default",
                    directive.name()
                ),
            }
        }
    }
}

/// Whether a value has the form that CONFIG GET gives values of this kind.
fn is_shown(kind: &Kind, value: &str) -> bool {
    let within = |min: &i128, max: &i128, radix| {
        i128::from_str_radix(value, radix).is_ok_and(|number| (*min..=*max).contains(&number))
    };
    match kind {
        Kind::Bool => ["yes", "no"].contains(&value),
        Kind::Int { min, max } | Kind::Memory { min, max } | Kind::MemoryOrPercent { min, max } => within(min, max, 10),
        Kind::Octal { min, max } => within(min, max, 8),
        Kind::Enum(words) => words.iter().any(|word| word.shown == value),
        Kind::Flags(words) => value.split(' ').all(|part| words.iter().any(|word| word.name == part)),
        Kind::Text(rules) => {
            let refused = |c| rules.refuses.contains(c);
            !(value.contains(refused) || rules.not_empty && value.is_empty())
        }
        Kind::Events(letters) => value.chars().all(|letter| letters.contains(letter)),
        Kind::Words { max, .. } => value.split_whitespace().count() <= *max,
        Kind::Save => {
            value.split(' ').count().is_multiple_of(2) && value.split(' ').all(|part| part.parse::<u64>().is_ok())
        }
        Kind::BufferLimits => value.split(' ').count() == 12,
        Kind::Percentiles => value.split(' ').all(|part| part.parse::<f64>().is_ok()),
        Kind::OomValues => value.split(' ').filter(|part| part.parse::<i32>().is_ok()).count() == 3,
        Kind::Bytes | Kind::ReplicaOf => value.is_empty(),
        Kind::Dir => value == ".",
        Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => false,
    }
}

#[test]
fn a_look_up_tells_here_from_elsewhere_from_never() {
    let (old, new) = (View::of(server("redis-7.2")), View::of(server("valkey-8.0")));
    assert!(matches!(old.look("MasterAuth"), Lookup::Here(found) if found.name() == "masterauth"));
    assert!(matches!(new.look(b"masterauth"), Lookup::Here(found) if found.name() == "primaryauth"));
    assert!(matches!(old.look("primaryauth"), Lookup::Elsewhere(id) if Some(id) == find("masterauth")));
    assert!(matches!(old.look("rdma-port"), Lookup::Elsewhere(_)));
    assert!(matches!(old.look("gopher-enabled"), Lookup::Elsewhere(_)));
    assert!(matches!(old.look("lua-replicate-commands"), Lookup::Here(found) if found.state == State::Inert));
    for never in ["", "no-such-thing", "max memory", &"x".repeat(5000)] {
        assert!(matches!(old.look(never), Lookup::Never), "{never}");
    }
    assert!(matches!(old.look([0xff, 0xfe]), Lookup::Never));
}

#[test]
fn an_unknown_server_sees_what_its_nearest_ancestor_sees() {
    assert!(std::ptr::eq(View::of(server("redis-8.4.1")), View::of(server("redis-8.2"))));
    assert_eq!(View::of(server("valkey-11.0")).server(), server("valkey-9.1"));
}

#[test]
fn an_entry_keeps_its_identity_through_renames_and_engines() {
    let id = find("slowlog-max-len").unwrap();
    assert_eq!(find("commandlog-slow-execution-max-len"), Some(id));
    assert_eq!(servers_knowing(id), server::all());
    let threads = history(find("io-threads").unwrap());
    let live: Vec<String> =
        threads.iter().filter(|(_, facts)| facts.change == Change::Live).map(|(server, _)| server.name()).collect();
    assert_eq!(live, ["valkey-9.0", "valkey-9.1"]);
    assert_eq!(count(), all_names().iter().filter_map(find).collect::<std::collections::BTreeSet<_>>().len());
}

#[test]
fn views_are_sorted_by_name_and_agree_with_the_ids() {
    for known in server::all() {
        let view = View::of(*known);
        let names: Vec<&str> = view.directives().map(Directive::name).collect();
        assert!(names.is_sorted(), "{known}");
        for directive in view.directives() {
            assert_eq!(view.get(directive.id).map(Directive::name), Some(directive.name()));
            for name in &directive.names {
                assert_eq!(find(name), Some(directive.id));
            }
        }
    }
}

#[test]
fn sentinel_words_are_a_namespace_of_their_own() {
    let (old, new) = (server("redis-6.2"), server("valkey-8.1"));
    assert!(matches!(sentinel::view(old).look("master-reboot-down-after-period"), Lookup::Elsewhere(_)));
    let Lookup::Here(reboot) = sentinel::view(new).look("master-reboot-down-after-period") else { panic!("known") };
    assert_eq!(reboot.name(), "primary-reboot-down-after-period");
    assert!(matches!(sentinel::view(new).look("port"), Lookup::Never));
    assert!(matches!(View::of(new).look("monitor"), Lookup::Never));
    assert_eq!(sentinel::suggest("quorum", old), None);
    assert_eq!(sentinel::suggest("parallel-sync", old), Some("parallel-syncs"));
}
