//! Fixes in profiles: what comes out means what the fix says, and the rest of the text stays. Only tests; the code is
//! [`crate::syntax::lower`], which may not import this room.

use std::path::Path;

use proptest::prelude::*;

use super::{Request, load, merge};
use crate::config::Setup;
use crate::finding::{self, Edit, Fix};
use crate::source::{Memory, Span};
use crate::syntax::StatementId;
use crate::syntax::lower::Lowering;

fn setup(files: &[(&str, &str)]) -> Setup {
    let texts = files.iter().map(|(path, text)| (Path::new("/p").join(path), (*text).to_owned()));
    let request = Request { folder: "/p".into(), profile: "a.toml".into(), ..Request::default() };
    merge(load(&request, &Memory::new(texts)).unwrap(), "redis-7.4".parse().unwrap())
}

/// The statements as they would be written, in order.
fn statements(setup: &Setup) -> Vec<Vec<Vec<u8>>> {
    let reading = &setup.reading;
    let line = |id: StatementId| {
        let name = std::iter::once(reading.name(id));
        name.chain(reading.arguments(id)).map(<[u8]>::to_vec).collect()
    };
    reading.iter().map(|(id, _)| line(id)).collect()
}

fn words(line: &str) -> Vec<Vec<u8>> {
    line.split(' ').map(|word| if word == "\"\"" { Vec::new() } else { word.as_bytes().to_vec() }).collect()
}

/// The place of the first statement that begins with these words.
fn place(setup: &Setup, start: &str) -> Span {
    let start = words(start);
    let index = statements(setup).iter().position(|line| line.starts_with(&start));
    setup.reading.statements()[index.unwrap_or_else(|| panic!("{start:?}: {:?}", statements(setup)))].at
}

/// A text of settings, edited, and read again; `None` if the edit cannot be made.
fn edited(text: &str, start: &str, edit: impl Fn(Span) -> Edit) -> Option<String> {
    let text = format!("schema = 1\n{text}");
    let before = setup(&[("a.toml", &text)]);
    assert_eq!(before.findings, []);
    let edits = Lowering::of(&before.reading).lower(&Fix::safe([edit(place(&before, start))]))?;
    let (new, count) = finding::apply(text.as_bytes(), &[edits]);
    assert_eq!(count, 1);
    let new = String::from_utf8(new).unwrap();
    assert_eq!(setup(&[("a.toml", &new)]).findings, [], "{new}");
    Some(new.strip_prefix("schema = 1\n").unwrap().to_owned())
}

fn put(text: &str, start: &str, line: &str) -> Option<String> {
    edited(text, start, |statement| Edit::Put { statement, words: words(line) })
}

fn drop(text: &str, start: &str) -> Option<String> {
    edited(text, start, |statement| Edit::Drop { statement })
}

fn add(text: &str, start: &str, line: &str) -> Option<String> {
    edited(text, start, |after| Edit::Add { after, words: words(line) })
}

/// One table with every way of writing a value.
const TEXT: &str = "[settings]
# eviction
maxmemory = \"1gb\"    # of data
appendonly = true
hz = 10
bind = [\"127.0.0.1\", '::1']
save = [ \"900 1\", \"300 10\" ]
oom-score-adj-values = \"0 200 800\"
logfile = \"/var/log/a b.log\"
  lazyfree-lazy-expire = false

[settings.client-output-buffer-limit]
normal = \"0 0 0\"  # none
pubsub = { hard = \"32mb\", soft = \"8mb\", seconds = 60 }
";

#[test]
fn a_value_keeps_its_type_where_it_can() {
    for (start, line, old, new) in [
        ("maxmemory", "maxmemory 2gb", "\"1gb\" ", "\"2gb\" "),
        ("appendonly", "appendonly no", "appendonly = true", "appendonly = false"),
        ("hz", "hz 100", "hz = 10", "hz = 100"),
        ("bind", "bind 127.0.0.1 -::1", "'::1'", "\"-::1\""),
        ("bind", "bind ::1", "[\"127.0.0.1\", '::1']", "['::1']"),
        ("bind", "bind \"\"", "[\"127.0.0.1\", '::1']", "[]"),
        ("save 300", "save 60 10000", "\"300 10\"", "\"60 10000\""),
        ("oom", "oom-score-adj-values 0 100 200", "\"0 200 800\"", "\"0 100 200\""),
        ("logfile", "logfile /x", "\"/var/log/a b.log\"", "\"/x\""),
        ("client-output-buffer-limit normal", "client-output-buffer-limit normal 1gb 0 0", "\"0 0 0\"", "\"1gb 0 0\""),
        (
            "client-output-buffer-limit pubsub",
            "client-output-buffer-limit pubsub 64mb 8mb 30",
            "{ hard = \"32mb\", soft = \"8mb\", seconds = 60 }",
            "{ hard = \"64mb\", soft = \"8mb\", seconds = 30 }",
        ),
    ] {
        let start = if start == "oom" { "oom-score-adj-values" } else { start };
        assert_eq!(TEXT.matches(old).count(), 1, "{old}");
        assert_eq!(put(TEXT, start, line).as_deref(), Some(TEXT.replace(old, new).as_str()), "{line}");
    }
}

#[test]
fn a_key_goes_with_its_line_and_the_rest_stays() {
    assert_eq!(drop(TEXT, "hz"), Some(TEXT.replace("hz = 10\n", "")));
    assert_eq!(drop(TEXT, "maxmemory"), Some(TEXT.replace("maxmemory = \"1gb\"    # of data\n", "")));
    assert_eq!(drop(TEXT, "save 900"), Some(TEXT.replace("\"900 1\", ", "")));
    assert_eq!(drop(TEXT, "save 300"), Some(TEXT.replace(", \"300 10\"", "")));
    assert_eq!(drop(TEXT, "client-output-buffer-limit normal"), Some(TEXT.replace("normal = \"0 0 0\"  # none\n", "")));
    let only = "[settings]\nsave = [\"900 1\"]\nclient-output-buffer-limit = { normal = \"1 1 1\" }\n";
    assert_eq!(drop(only, "save"), Some(only.replace("save = [\"900 1\"]\n", "")));
    assert_eq!(drop(only, "client-output-buffer-limit"), Some("[settings]\nsave = [\"900 1\"]\n".into()));
    let inline = "settings = { hz = 20, timeout = 5, appendonly = true }\n";
    assert_eq!(drop(inline, "hz"), Some("settings = { timeout = 5, appendonly = true }\n".into()));
    assert_eq!(drop(inline, "appendonly"), Some("settings = { hz = 20, timeout = 5 }\n".into()));
    let dotted = "settings.hz = 20\nsettings.timeout = 5";
    assert_eq!(drop(dotted, "timeout"), Some("settings.hz = 20\n".into()));
}

#[test]
fn a_key_comes_behind_another() {
    assert_eq!(add(TEXT, "hz", "timeout 5"), Some(TEXT.replace("hz = 10\n", "hz = 10\ntimeout = 5\n")));
    let indented = TEXT.replace("expire = false\n", "expire = false\n  maxclients = 100\n");
    assert_eq!(add(TEXT, "lazyfree-lazy-expire", "maxclients 100"), Some(indented));
    // Behind a table the key would be in that table.
    let after_last = TEXT.replace("expire = false\n", "expire = false\n  activedefrag = false\n");
    assert_eq!(add(TEXT, "client-output-buffer-limit", "activedefrag no"), Some(after_last));
    assert_eq!(add("settings.hz = 20", "hz", "timeout 5"), Some("settings.hz = 20\nsettings.timeout = 5".into()));
    assert_eq!(
        add("[settings]\r\nhz = 20\r\n", "hz", "client-output-buffer-limit pubsub 32mb 8mb 60"),
        Some("[settings]\r\nhz = 20\r\nclient-output-buffer-limit = { pubsub = \"32mb 8mb 60\" }\r\n".into())
    );
    assert_eq!(
        add("[settings]\nhz = 20\n[prefer]\ntimeout = 5\n", "timeout", "save 60 1"),
        Some("[settings]\nhz = 20\nsave = \"60 1\"\n[prefer]\ntimeout = 5\n".into())
    );
    let comment = edited(TEXT, "lazyfree-lazy-expire", |above| Edit::Comment { above, text: b"note".to_vec() });
    assert_eq!(comment, Some(TEXT.replace("  lazyfree", "  # note\n  lazyfree")));
}

#[test]
fn what_is_not_safe_is_left_to_a_person() {
    // There already, or with a reason under its name.
    assert_eq!(add(TEXT, "hz", "appendonly no"), None);
    assert_eq!(
        put(
            "[settings]\nslave-read-only = true\n[why]\nslave-read-only = \"x\"\n",
            "replica-read-only",
            "read-only yes"
        ),
        None
    );
    // One text, several statements.
    assert_eq!(put("[settings]\nsave = [\"900 1 300 10\"]\n", "save 300", "save 60 1"), None);
    // One word or several: only the directive knows.
    assert_eq!(put("[settings]\nlogfile = \"a\"\n", "logfile", "logfile \\x41\\\"b"), None);
    // Another condition would count.
    let twice = "[settings]\nhz = 20\n[[when]]\nserver = \"valkey\"\nsettings = { hz = 30 }\n";
    assert_eq!(drop(twice, "hz"), None);
    // A secret that is kept elsewhere.
    assert_eq!(put("[settings]\nrequirepass = { secret = \"app\" }\n", "requirepass", "requirepass x"), None);
    // A comment in a list.
    assert_eq!(put("[settings]\nbind = [\n  \"::1\", # six\n]\n", "bind", "bind ::1 ::2"), None);
    assert_eq!(drop("[settings]\nsave = [\n  \"900 1\",\n  # busy\n  \"300 10\",\n]\n", "save 300"), None);
    // A user's rules.
    assert_eq!(put("[settings]\nhz = 20\n[users.a]\nrules = \"on\"\n", "user", "user a off"), None);
}

#[test]
fn the_layers_below_are_looked_at() {
    let files = [
        ("b.toml", "schema = 1\n[settings]\nhz = 30\n"),
        ("a.toml", "schema = 1\nextends = [\"b.toml\"]\n[settings]\nhz = 20\ntimeout = 5\n"),
    ];
    let setup = setup(&files);
    let lower = |edit| Lowering::of(&setup.reading).lower(&Fix::safe([edit]));
    assert_eq!(lower(Edit::Drop { statement: place(&setup, "hz") }), None);
    assert!(lower(Edit::Drop { statement: place(&setup, "timeout") }).is_some());
    assert!(lower(Edit::Put { statement: place(&setup, "hz"), words: words("hz 40") }).is_some());
}

/// A line of settings, and the statements that it makes.
fn setting() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("hz", "hz = 20"),
        ("hz", "hz = \"20\" # often"),
        ("timeout", "timeout = 5"),
        ("appendonly", "appendonly = true"),
        ("appendonly", "'appendonly' = \"yes\""),
        ("maxmemory", "  maxmemory = \"2gb\""),
        ("save", "save = [\"900 1\"]"),
        ("save", "save = [\"900 1\", \"300 10\"] # two"),
        ("save", "save = [\n  \"900 1\",\n  \"300 10\", # busy\n]"),
        ("save", "save = \"900 1\""),
        ("save", "save = []"),
        ("bind", "bind = [\"127.0.0.1\", \"::1\"]"),
        ("bind", "bind = \"127.0.0.1 ::1\""),
        ("bind", "bind = [\n  \"127.0.0.1\",\n  \"::1\",\n]"),
        ("client-output-buffer-limit", "client-output-buffer-limit = { normal = \"1mb 1mb 1\", pubsub = \"auto\" }"),
        ("client-output-buffer-limit", "client-output-buffer-limit.pubsub = { hard = \"3mb\", soft = 0, seconds = 9 }"),
        ("dir", "dir = '/data/x y'"),
        ("logfile", "logfile = \"\""),
    ])
}

fn fix() -> impl Strategy<Value = (u8, &'static str)> {
    let lines = vec![
        "hz 40",
        "timeout 9",
        "appendonly no",
        "maxmemory 3gb",
        "save 60 1",
        "save \"\"",
        "bind 10.0.0.1",
        "bind ::1 10.0.0.1",
        "bind 1.1.1.1 2.2.2.2 ::3",
        "client-output-buffer-limit pubsub 5mb 4mb 3",
        "client-output-buffer-limit normal 5mb 4mb 3",
        "dir /x",
        "logfile a.log",
        "maxclients 200",
        "activerehashing no",
        "oom-score-adj-values 0 1 2",
    ];
    (0_u8..4, prop::sample::select(lines))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn an_edited_profile_means_what_the_fix_says(
        settings in prop::collection::btree_map(0_usize..50, setting(), 1..7),
        (what, line) in fix(),
        which in any::<prop::sample::Index>(),
        end in any::<bool>(),
    ) {
        let mut keys = std::collections::BTreeSet::new();
        let lines: Vec<&str> = settings.values().filter(|(key, _)| keys.insert(*key)).map(|(_, line)| *line).collect();
        let newline = if end { "\n" } else { "" };
        let text = format!("schema = 1\n[facts]\nsubscribers = 10\npublish-rate = 10\nmessage-size = \"1KiB\"\nfanout = 2\nstall = \"30s\"\n# top\n[settings]\n{}{newline}", lines.join("\n# next\n"));
        let before = setup(&[("a.toml", &text)]);
        prop_assert_eq!(&before.findings, &[]);
        let old = statements(&before);
        let index = which.index(old.len());
        let statement = before.reading.statements()[index].at;
        let new_words = words(line);
        let mut expected = old.clone();
        let edit = match what {
            0 => {
                expected.remove(index);
                Edit::Drop { statement }
            }
            1 => {
                expected.push(new_words.clone());
                Edit::Add { after: statement, words: new_words }
            }
            2 => Edit::Comment { above: statement, text: b"note".to_vec() },
            // Fixes put words that the directive takes.
            _ if old[index][0] == new_words[0] => {
                expected[index].clone_from(&new_words);
                Edit::Put { statement, words: new_words }
            }
            _ => return Ok(()),
        };
        let Some(edits) = Lowering::of(&before.reading).lower(&Fix::safe([edit])) else { return Ok(()) };
        let (new, _) = finding::apply(text.as_bytes(), &[edits]);
        let new = String::from_utf8(new).unwrap();
        let after = setup(&[("a.toml", &new)]);
        prop_assert_eq!(&after.findings, &[], "{}", new);
        let mut found = statements(&after);
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{}", new);
        // Comments above other keys stay.
        prop_assert_eq!(new.matches("# next").count(), text.matches("# next").count());
    }
}
