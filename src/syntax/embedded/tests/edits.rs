//! Every edit, carried out where the configuration lives and read back: the statement is as meant, all others are as before.

use proptest::prelude::*;

use super::*;
use crate::finding::{self, Edit, Fix};
use crate::syntax::lower::Lowering;

type Words = Vec<Vec<u8>>;
type AnyEdit<'a> = &'a dyn Fn(Span) -> Edit;

/// Statements as words.
fn meant(reading: &Reading) -> Vec<Words> {
    let words = |id| {
        let arguments = reading.arguments(id);
        std::iter::once(reading.name(id)).chain(arguments).map(<[u8]>::to_vec).collect()
    };
    reading.iter().map(|(id, _)| words(id)).collect()
}

fn words(line: &str) -> Words {
    line.split(' ').map(|word| if word == "''" { Vec::new() } else { word.as_bytes().to_vec() }).collect()
}

/// Carries out one edit on the statement of that name; `None` if it cannot be said there.
fn edited(path: &str, text: &str, name: &str, edit: impl Fn(Span) -> Edit) -> Option<String> {
    let reading = one(path, text).reading();
    let (_, statement) = reading.iter().find(|(id, _)| reading.name(*id) == name.as_bytes())?;
    let edits = Lowering::of(&reading).lower(&Fix::safe([edit(statement.at)]))?;
    Some(String::from_utf8(finding::apply(text.as_bytes(), &[edits]).0).unwrap())
}

fn put(line: &str) -> impl Fn(Span) -> Edit {
    let words = words(line);
    move |statement| Edit::Put { statement, words: words.clone() }
}

fn add(line: &str) -> impl Fn(Span) -> Edit {
    let words = words(line);
    move |after| Edit::Add { after, words: words.clone() }
}

fn drop_it(statement: Span) -> Edit {
    Edit::Drop { statement }
}

fn note(above: Span) -> Edit {
    Edit::Comment { above, text: b"note".to_vec() }
}

const HEAD: &str = "services:\n  ü:\n    image: redis:7.4 # ü\n";

/// A Compose file whose service has this command.
fn compose(command: &str) -> String {
    format!("{HEAD}    command:{command}\n    restart: 'no'\n")
}

#[test]
fn items_of_a_block_list_are_edited_on_their_lines() {
    let text = compose(
        "\n      # before\n      - redis-server\n      - --hz # ü\n      - \"1\"\n      # between\n      - --timeout\n      - '0'",
    );
    let edit = |name: &str, edit: &dyn Fn(Span) -> Edit| edited("compose.yaml", &text, name, edit).unwrap();
    let lines = |from: &str, to: &str| text.replace(from, to);
    assert_eq!(edit("hz", &put("hz 20")), lines("\"1\"", "\"20\""));
    assert_eq!(edit("hz", &put("port 1")), lines("--hz #", "\"--port\" #"));
    assert_eq!(
        edit("timeout", &put("save 60 1")),
        lines("--timeout\n      - '0'", "\"--save\"\n      - \"60\"\n      - \"1\"")
    );
    assert_eq!(edit("hz", &drop_it), lines("      - --hz # ü\n      - \"1\"\n", ""));
    assert_eq!(
        edit("timeout", &add("save ''")),
        lines("      - '0'\n", "      - '0'\n      - \"--save\"\n      - \"\"\n")
    );
    assert_eq!(edit("hz", &note), lines("      - --hz", "      # note\n      - --hz"));
    let crlf = text.replace('\n', "\r\n");
    let added = edited("compose.yaml", &crlf, "timeout", add("port 1")).unwrap();
    assert_eq!(added, crlf.replace("      - '0'\r\n", "      - '0'\r\n      - \"--port\"\r\n      - \"1\"\r\n"));
    let end = "services: {}\nx: &x\n  - redis-server\n";
    assert_eq!(one("compose.yaml", end).titles(), [""; 0]);
}

#[test]
fn items_of_a_flow_list_are_edited_between_commas() {
    let text = compose(" [redis-server, --hz, '1', --timeout, '0']");
    let edit = |name: &str, edit: &dyn Fn(Span) -> Edit| {
        edited("compose.yaml", &text, name, edit).map(|text| text.lines().nth(3).unwrap().trim().to_owned())
    };
    assert_eq!(edit("hz", &put("hz 20")).unwrap(), "command: [redis-server, --hz, \"20\", --timeout, '0']");
    assert_eq!(edit("hz", &drop_it).unwrap(), "command: [redis-server, --timeout, '0']");
    assert_eq!(edit("timeout", &drop_it).unwrap(), "command: [redis-server, --hz, '1']");
    assert_eq!(
        edit("hz", &add("save ''")).unwrap(),
        "command: [redis-server, --hz, '1', --save, \"\", --timeout, '0']"
    );
    assert_eq!(edit("hz", &note), None);
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - image: redis:7\n      args: [\n        \"--hz\", \"1\", # note\n        \"--timeout\", \"0\"\n      ]\n";
    assert_eq!(edited("a.yaml", pod, "timeout", drop_it), None);
    let first = edited("a.yaml", pod, "hz", drop_it).unwrap();
    assert_eq!(first, pod.replace("\"--hz\", \"1\", # note", "# note"));
    let docker = "FROM redis:7\nCMD [\"redis-server\", \"--hz\", \"1\"]\n";
    assert_eq!(edited("Dockerfile", docker, "hz", put("hz 2")).unwrap(), docker.replace("\"1\"", "\"2\""));
}

#[test]
fn words_of_a_command_line_are_edited_in_place() {
    let cases: [(&str, &str, AnyEdit<'_>, Option<&str>); 12] = [
        (" redis-server --hz 1 --timeout 0", "hz", &put("hz 20"), Some(" redis-server --hz 20 --timeout 0")),
        (" redis-server --hz 1 --timeout 0", "hz", &drop_it, Some(" redis-server --timeout 0")),
        (" redis-server --hz 1 --timeout 0", "timeout", &drop_it, Some(" redis-server --hz 1")),
        (" redis-server --hz 1", "hz", &add("save ''"), Some(" redis-server --hz 1 --save ''")),
        (" 'redis-server --hz 1'", "hz", &add("save ''"), Some(" 'redis-server --hz 1 --save \"\"'")),
        (" \"sh -c 'redis-server --hz 1'\"", "hz", &add("save ''"), None),
        (" redis-server --hz 1", "hz", &put("requirepass a$b"), None),
        (" redis-server --hz $$X", "hz", &put("hz $X"), None),
        (" redis-server --hz $$X --port 1", "hz", &drop_it, Some(" redis-server --port 1")),
        (
            " >\n      redis-server\n      --hz 1\n      --port 1",
            "hz",
            &add("timeout 0"),
            Some(" >\n      redis-server\n      --hz 1\n      --timeout 0\n      --port 1"),
        ),
        (
            "\n      - sh\n      - -c\n      - |\n        exec redis-server \\\n          --hz 1 \\\n          --port 1",
            "hz",
            &drop_it,
            Some("\n      - sh\n      - -c\n      - |\n        exec redis-server \\\n          --port 1"),
        ),
        (
            "\n      - sh\n      - -c\n      - |\n        exec redis-server \\\n          --hz 1 \\\n          --port 1",
            "port",
            &add("timeout 0"),
            Some(
                "\n      - sh\n      - -c\n      - |\n        exec redis-server \\\n          --hz 1 \\\n          --port 1 \\\n          --timeout 0",
            ),
        ),
    ];
    for (command, name, edit, said) in cases {
        let text = edited("compose.yaml", &compose(command), name, edit);
        assert_eq!(text, said.map(compose), "{command} {name}");
    }
    let unit = "[Service]\nExecStart=/usr/bin/redis-server --hz 1 \\\n  --port 1\n";
    assert_eq!(edited("a.service", unit, "port", put("port 2")).unwrap(), unit.replace("port 1", "port 2"));
}

#[test]
fn lines_of_a_block_are_edited_with_their_indentation() {
    let map = |block: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  a: ü\n  redis.conf: {block}\nmetadata: {{}}\n")
    };
    let text = map("|\n    # note\n    hz 1\n      timeout 0\n\n    port 1");
    let edit = |name: &str, edit: &dyn Fn(Span) -> Edit| edited("a.yaml", &text, name, edit).unwrap();
    assert_eq!(edit("hz", &put("hz 2")), text.replace("hz 1", "hz 2"));
    assert_eq!(edit("port", &drop_it), text.replace("    port 1\n", ""));
    assert_eq!(
        edit("timeout", &add("save ''")),
        text.replace("      timeout 0\n", "      timeout 0\n      save \"\"\n")
    );
    assert_eq!(edit("hz", &note), text.replace("    hz 1", "    # note\n    hz 1"));
    // The block's indentation hangs on its first line.
    let first = map("|\n    hz 1\n      timeout 0\n    port 1");
    assert_eq!(edited("a.yaml", &first, "hz", drop_it), None);
    let crlf = map("|-\n    hz 1\n    port 1").replace('\n', "\r\n");
    assert_eq!(edited("a.yaml", &crlf, "hz", drop_it).unwrap(), crlf.replace("    hz 1\r\n", ""));
    for (block, can) in [
        ("|-\n    hz 1\n    port 1", true),
        ("\"hz 1\\nport 1\"", false),
        ("&x |\n    hz 1\n    port 1", false),
        ("hz 1", false),
    ] {
        assert_eq!(edited("a.yaml", &map(block), "hz", put("hz 2")).is_some(), can, "{block}");
    }
    assert_eq!(edited("a.yaml", &map("|\n    hz 1\n    port 1"), "hz", put("requirepass {{x}}")), None);
    let end = "apiVersion: v1\nkind: ConfigMap\ndata:\n  redis.conf: |-\n    hz 1\n    port 1";
    assert_eq!(edited("a.yaml", end, "port", add("timeout 0")).unwrap(), format!("{end}\n    timeout 0"));
}

#[test]
fn what_others_share_is_left_alone() {
    let text =
        "x: &x [redis-server, --hz, '1']\nservices:\n  a: {image: 'redis:7', command: *x}\n  b: {image: redis}\n";
    let case = one("compose.yaml", text);
    let reading = case.read(&case.found.embedded[0]);
    let fix = Fix::safe([drop_it(reading.statements()[0].at)]);
    assert_eq!(Lowering::of(&reading).lower(&fix), None);
}

/// A list of options in one of the forms; `None` where a value cannot be written so.
fn written(form: usize, options: &[(String, Vec<String>)]) -> (&'static str, String) {
    let words: Vec<String> = options
        .iter()
        .flat_map(|(name, values)| std::iter::once(format!("--{name}")).chain(values.iter().cloned()))
        .collect();
    let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    let lines: Vec<String> = options.iter().map(|(name, values)| format!("{name} {}", values.join(" "))).collect();
    let block = |words: &[String]| words.iter().map(|word| format!("\n      - {word}")).collect::<String>();
    let indented = |lines: &[String]| lines.iter().map(|line| format!("\n    {line}")).collect::<String>();
    match form {
        0 => ("compose.yaml", compose(&format!("\n      - redis-server{}", block(&quoted)))),
        1 => ("compose.yaml", compose(&format!(" [redis-server, {}]", quoted.join(", ")))),
        2 => ("compose.yaml", compose(&format!(" redis-server {}", words.join(" ")))),
        3 => ("compose.yaml", compose(&format!(" [sh, -c, 'exec redis-server {}']", words.join(" ")))),
        4 => ("compose.yaml", compose(&format!(" >-\n      redis-server\n      {}", words.join("\n      ")))),
        5 => ("Dockerfile", format!("FROM redis:7.4\nCMD [\"redis-server\", {}]\n", quoted.join(", "))),
        6 => ("Dockerfile", format!("FROM redis:7.4\nCMD redis-server \\\n  {}\n", words.join(" \\\n  "))),
        7 => ("a.service", format!("[Service]\nExecStart=/bin/redis-server {}\n", words.join(" "))),
        8 => ("a.sh", format!("docker run redis:7.4 redis-server {}\n", words.join(" "))),
        _ => {
            ("a.yaml", format!("apiVersion: v1\nkind: ConfigMap\ndata:\n  redis.conf: |{}\n  b: ü\n", indented(&lines)))
        }
    }
}

const NAMES: [&str; 5] = ["hz", "timeout", "maxmemory", "appendonly", "loglevel"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn edits_change_what_they_mean_and_nothing_else(
        form in 0..10_usize,
        values in proptest::collection::vec(proptest::collection::vec("[a-z0-9./:_-]{0,5}[a-z0-9]", 1..3), 2..5),
        which in any::<prop::sample::Index>(),
        kind in 0..3_usize,
        new in proptest::collection::vec("[a-zA-Z0-9.ü \"'$#-]{0,6}", 0..3),
    ) {
        let options: Vec<(String, Vec<String>)> =
            NAMES.iter().map(|name| (*name).to_owned()).zip(values).collect();
        // A value must not look like an option, or a ConfigMap's line like another.
        prop_assume!(options.iter().all(|(_, values)| values.iter().all(|value| !value.starts_with('-'))));
        prop_assume!(!new.iter().any(|word| word.starts_with("--")));
        let (path, text) = written(form, &options);
        let reading = one(path, &text).reading();
        let before = meant(&reading);
        let said: Vec<Words> = options.iter().map(|(name, values)| words(&format!("{name} {}", values.join(" ")))).collect();
        prop_assert_eq!(&before, &said, "{}", text);
        let index = which.index(before.len());
        let at = reading.statements()[index].at;
        let mut line: Words = vec![b"tcp-keepalive".to_vec()];
        line.extend(new.iter().map(|word| word.as_bytes().to_vec()));
        let mut after = before.clone();
        let edit = match kind {
            0 => { after[index] = line.clone(); Edit::Put { statement: at, words: line } }
            1 => { after.remove(index); Edit::Drop { statement: at } }
            _ => { after.insert(index + 1, line.clone()); Edit::Add { after: at, words: line } }
        };
        let Some(edits) = Lowering::of(&reading).lower(&Fix::safe([edit])) else {
            // Plain words can be said everywhere.
            prop_assert!(kind != 1 && (new.is_empty() || !new.iter().all(|word| word.bytes().all(|b| b.is_ascii_alphanumeric()) && !word.is_empty())), "{}", text);
            return Ok(());
        };
        let changed = String::from_utf8(finding::apply(text.as_bytes(), &[edits]).0).unwrap();
        let case = one(path, &changed);
        prop_assert!(case.found.problems.is_empty(), "{}", changed);
        prop_assert_eq!(meant(&case.reading()), after, "{}\n{}", text, changed);
    }
}
