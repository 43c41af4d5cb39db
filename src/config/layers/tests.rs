//! Layers over layers, through the whole way from TOML to CONFIG GET.

use std::path::Path;

use super::{Request, Stack, load, merge};
use crate::config::Setup;
use crate::server::Server;
use crate::source::Memory;

fn stack(files: &[(&str, &str)], request: Request) -> Stack {
    let texts = files.iter().map(|(path, text)| (Path::new("/p").join(path), format!("schema = 1\n{text}")));
    let request = Request {
        folder: "/p".into(),
        profile: if request.profile.is_empty() { "a.toml".into() } else { request.profile },
        ..request
    };
    load(&request, &Memory::new(texts)).unwrap()
}

fn setup_for(server: &str, files: &[(&str, &str)], request: Request) -> Setup {
    merge(stack(files, request), server.parse::<Server>().unwrap())
}

fn setup(text: &str) -> Setup {
    setup_for("redis-7.4", &[("a.toml", text)], Request::default())
}

fn value(setup: &Setup, name: &str) -> String {
    let directive = setup.config.view.directives().find(|d| d.name() == name).unwrap();
    let value = setup.config.effective(directive).unwrap();
    String::from_utf8(value.config_get(&directive.kind)).unwrap()
}

fn rules(setup: &Setup) -> Vec<&str> {
    setup.findings.iter().map(|f| f.rule.as_ref()).collect()
}

fn sets(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

#[test]
fn a_later_layer_replaces_a_directive_and_a_class_alone() {
    let files = [
        (
            "base.toml",
            "[settings]\nhz = 20\ntimeout = 5\nsave = [\"60 1\"]\n[settings.client-output-buffer-limit]\nnormal = \"1mb 1mb 1\"\npubsub = \"2mb 2mb 2\"",
        ),
        (
            "a.toml",
            "extends = [\"base.toml\"]\n[settings]\nhz = 30\nsave = [\"900 1\", \"300 10\"]\n[settings.client-output-buffer-limit]\npubsub = { hard = \"3mb\", soft = \"3mb\", seconds = 3 }",
        ),
    ];
    let setup = setup_for("redis-7.4", &files, Request::default());
    assert_eq!(setup.findings, []);
    assert_eq!(
        (value(&setup, "hz"), value(&setup, "timeout"), value(&setup, "save")),
        ("30".into(), "5".into(), "900 1 300 10".into())
    );
    assert_eq!(
        value(&setup, "client-output-buffer-limit"),
        "normal 1048576 1048576 1 slave 268435456 67108864 60 pubsub 3145728 3145728 3"
    );
    let hz: Vec<_> = setup.history.iter().filter(|a| a.name == "hz").collect();
    assert_eq!((hz[0].text.as_str(), hz[0].beaten_by.is_some(), hz[1].beaten_by), ("20", true, None));
}

#[test]
fn flags_stand_above_files_above_overlays_above_the_profile() {
    let files = [
        ("below.toml", "[settings]\nhz = 11\ntimeout = 11\nmaxclients = 11\ndatabases = 11\ntcp-keepalive = 11"),
        ("a.toml", "[settings]\nhz = 12\ntimeout = 12\nmaxclients = 12\ndatabases = 12"),
        ("over.toml", "[settings]\nhz = 13\ntimeout = 13\nmaxclients = 13"),
        ("/p/f.toml", "[settings]\nhz = 14\ntimeout = 14"),
    ];
    let request = Request {
        below: vec!["below.toml".into()],
        overlays: vec!["over.toml".into()],
        files: vec!["/p/f.toml".into()],
        sets: sets(&[("hz", "15")]),
        ..Request::default()
    };
    let setup = setup_for("redis-7.4", &files, request);
    let values = ["hz", "timeout", "maxclients", "databases", "tcp-keepalive"].map(|name| value(&setup, name));
    assert_eq!(values, ["15", "14", "13", "12", "11"]);
}

#[test]
fn a_layer_named_twice_counts_once_at_its_first_place() {
    let files = [
        ("base.toml", "[settings]\nhz = 20"),
        ("b.toml", "extends = [\"base.toml\"]\n[settings]\nhz = 21"),
        ("c.toml", "extends = [\"base.toml\"]"),
        ("a.toml", "extends = [\"b.toml\", \"c.toml\"]"),
    ];
    let setup = setup_for("redis-7.4", &files, Request::default());
    assert_eq!((value(&setup, "hz"), setup.layers.len()), ("21".into(), 4));
}

#[test]
fn circles_are_named() {
    let files = [("a.toml", "extends = [\"b.toml\"]"), ("b.toml", "extends = [\"a.toml\"]")];
    assert_eq!(rules(&setup_for("redis-7.4", &files, Request::default())), ["circular-extends"]);
}

#[test]
fn unset_takes_a_lower_word_back_and_final_forbids_it() {
    let files = [
        ("base.toml", "[settings]\nhz = 20\ntimeout = 5\n[final]\nsettings = [\"timeout\"]"),
        ("a.toml", "extends = [\"base.toml\"]\nunset = [\"hz\", \"timeout\"]\n[prefer]\ntimeout = 6"),
    ];
    let setup = setup_for("redis-7.4", &files, Request::default());
    assert_eq!((value(&setup, "hz"), value(&setup, "timeout")), ("10".into(), "5".into()));
    assert_eq!(rules(&setup), ["final-directive", "final-directive"]);
}

#[test]
fn a_preference_is_left_out_where_a_setting_is_an_error() {
    let text = "[prefer]\nmaxmemory-clients = \"5%\"\n[settings]\nrepl-diskless-sync-max-replicas = 1";
    let old = setup_for("redis-6.2", &[("a.toml", text)], Request::default());
    assert_eq!(rules(&old), ["unknown-directive"]);
    assert_eq!(old.left_out[0].name, "maxmemory-clients");
    let new = setup_for("redis-7.0", &[("a.toml", text)], Request::default());
    assert_eq!((new.findings.len(), value(&new, "maxmemory-clients")), (0, "5%".into()));
}

#[test]
fn conditions_look_at_the_version_and_at_final_facts() {
    let text = "[facts]\nreplicas = 1\n[[when]]\nserver = \"valkey >= 8.0\"\nsettings = { hz = 40 }\n[[when]]\nfacts = { replicas = \">= 2\" }\nsettings = { timeout = 9 }";
    let plain = setup(text);
    assert_eq!((value(&plain, "hz"), value(&plain, "timeout")), ("10".into(), "0".into()));
    let request = Request { facts: sets(&[("replicas", "2")]), ..Request::default() };
    let both = setup_for("valkey-8.1", &[("a.toml", text)], request);
    assert_eq!((value(&both, "hz"), value(&both, "timeout")), ("40".into(), "9".into()));
}

#[test]
fn formulas_count_on_final_facts_and_say_their_inputs() {
    let text = "[facts]\nmemory = \"8GiB\"\n[settings]\nmaxmemory = \"60% of memory\"";
    assert_eq!(value(&setup(text), "maxmemory"), (4915_u64 << 20).to_string());
    let request = Request { facts: sets(&[("memory", "2GiB")]), ..Request::default() };
    let small = setup_for("redis-7.4", &[("a.toml", text)], request);
    assert_eq!(value(&small, "maxmemory"), (1228_u64 << 20).to_string());
    let note = small.notes.values().find_map(|n| n.derived.as_ref()).unwrap();
    assert!(note.contains("60% of memory") && note.contains("memory 2GiB (--fact:1:1)"), "{note}");
}

#[test]
fn a_size_that_makes_no_sense_is_an_error_and_never_zero() {
    for memory in ["64MiB", "32MiB", "1MiB"] {
        let setup = setup(&format!("[facts]\nmemory = \"{memory}\"\n[settings]\nmaxmemory = \"auto\"\nsave = []"));
        assert_eq!(rules(&setup), ["no-sensible-size"], "{memory}");
        assert!(!setup.config.entries().iter().any(|e| setup.config.view.get(e.id).unwrap().name() == "maxmemory"));
    }
    assert_eq!(rules(&setup("[settings]\nmaxmemory = \"auto\"")), ["no-sensible-size"]);
    assert_eq!(
        rules(&setup("[facts]\nmemory = \"1GiB\"\n[settings]\nmaxmemory = \"120% of memory\"")),
        ["no-sensible-size"]
    );
}

#[test]
fn sizes_leave_room_for_forks() {
    let size = |extra: &str| {
        let setup = setup(&format!("[facts]\nmemory = \"8GiB\"\n{extra}\nmaxmemory = \"auto\""));
        value(&setup, "maxmemory").parse::<u64>().unwrap() * 100 / (8 << 30)
    };
    assert_eq!(size("[settings]\nsave = []"), 84);
    assert_eq!(size("[settings]\nsave = [\"60 1\"]"), 61);
    assert_eq!(size("writes = \"heavy\"\n[settings]\nsave = [\"60 1\"]"), 47);
}

#[test]
fn units_that_can_be_read_in_two_ways_are_refused() {
    for value in ["\"8g\"", "\"8G\"", "\"512M\"", "8589934592", "\"8589934592\""] {
        assert_eq!(rules(&setup(&format!("[settings]\nmaxmemory = {value}"))), ["ambiguous-unit"], "{value}");
    }
    for value in ["0", "\"8gb\"", "\"512MB\"", "\"100b\""] {
        assert_eq!(setup(&format!("[settings]\nmaxmemory = {value}")).findings, [], "{value}");
    }
}

#[test]
fn engine_twins_are_one_key() {
    let text = "[settings]\nmasterauth = { secret = \"replication\" }";
    for (server, name) in [("redis-7.4", "masterauth"), ("valkey-8.1", "primaryauth")] {
        let setup = setup_for(server, &[("a.toml", text)], Request::default());
        assert_eq!(setup.findings, []);
        let id = redis_name(&setup);
        assert_eq!(id, name);
    }
}

fn redis_name(setup: &Setup) -> String {
    let crate::syntax::Item::Statement(id) = setup.reading.order()[0] else { panic!("a statement") };
    String::from_utf8(setup.reading.name(id).to_vec()).unwrap()
}

#[test]
fn users_keep_the_order_of_their_rules_and_passwords_are_names() {
    let setup = setup(
        "[users.app]\nrules = \"on ~app:* +@read\"\npasswords = [{ secret = \"old\" }, { secret = \"new\" }]\n[rename-commands]\nFLUSHALL = \"\"",
    );
    assert_eq!(setup.findings, []);
    let lines: Vec<String> = setup
        .reading
        .order()
        .iter()
        .map(|item| {
            let crate::syntax::Item::Statement(id) = item else { panic!("a statement") };
            let words: Vec<_> = setup
                .reading
                .words(*id)
                .iter()
                .map(|w| {
                    w.secret.clone().map_or_else(
                        || String::from_utf8_lossy(w.bytes(&setup.reading.sources)).into_owned(),
                        |s| format!("<{s}>"),
                    )
                })
                .collect();
            format!("{} {}", String::from_utf8_lossy(setup.reading.name(*id)), words.join(" "))
        })
        .collect();
    assert_eq!(lines, ["rename-command FLUSHALL ", "user app on ~app:* +@read <old> <new>"]);
}

#[test]
fn every_mistake_is_reported_in_one_run() {
    let setup = setup(
        "sumary = \"x\"\nservers = [\"keydb\"]\n[facts]\nmemry = \"1GiB\"\nmemory = \"8G\"\n[settings]\nmaxmemory-polcy = \"x\"\nhz = [1]\nsave = \"3600\"\ninclude = \"x\"",
    );
    assert_eq!(
        rules(&setup),
        [
            "unknown-key",
            "invalid-value",
            "unknown-fact",
            "invalid-fact",
            "unknown-directive",
            "not-a-setting",
            "invalid-value",
            "invalid-value"
        ]
    );
    assert!(setup.findings[4].help.as_deref().unwrap().contains("maxmemory-policy"));
}

#[test]
fn a_builtin_named_in_a_file_needs_its_revision() {
    let files = [("a.toml", "extends = [\"cache\"]")];
    assert_eq!(rules(&setup_for("redis-7.4", &files, Request::default())), ["unpinned-builtin"]);
    let files = [("a.toml", "extends = [\"builtin:cache@1\"]")];
    assert_eq!(setup_for("redis-7.4", &files, Request::default()).findings, []);
}
