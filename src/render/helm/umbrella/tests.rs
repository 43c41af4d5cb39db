//! Merging into umbrella values.

use proptest::prelude::*;

use super::merge;

const OURS: &str = "a: \"1\"\nconf: |\n  maxmemory 1gb\n\n  save \"\"\nnode:\n  on: true\n  list: [\"x\", \"y\"]\nvolumes:\n  - name: redisconf\n    k: \"v\"\n";

fn merged(existing: &str) -> String {
    String::from_utf8(merge(OURS.as_bytes(), "valkey", existing.as_bytes()).unwrap()).unwrap()
}

fn refused(existing: &str) -> String {
    merge(OURS.as_bytes(), "valkey", existing.as_bytes()).unwrap_err().message
}

#[test]
fn a_file_without_the_key_gets_it_at_the_end() {
    let block = "valkey:\n  a: \"1\"\n  conf: |\n    maxmemory 1gb\n\n    save \"\"\n  node:\n    on: true\n    list: [\"x\", \"y\"]\n  volumes:\n    - name: redisconf\n      k: \"v\"\n";
    assert_eq!(merged(""), block);
    assert_eq!(merged("# only this\n"), format!("# only this\n{block}"));
    assert_eq!(merged("---\n"), format!("---\n{block}"));
    assert_eq!(merged("other: 1 # x"), format!("other: 1 # x\n{block}"));
    assert_eq!(merged("other: 1\n\n# end\n"), format!("other: 1\n{block}\n# end\n"));
    assert_eq!(merged("valkey: # ours\nother: |\n  x\n"), block.replacen(':', ": # ours", 1) + "other: |\n  x\n");
}

#[test]
fn every_other_byte_stays() {
    let before = "# Zeichen: ü\nglobal: {x: 1}   # flow\n\nvalkey:   # c1\n    # inside\n    extra: keep   # c2\n    conf: |-   # hdr\n      old one\n\n      old two\n\n    # between\n    a:   'old'   # c3\n    node:\n      mine: [1,\n        2]\n      list:   # c4\n      # above\n      - old\n      # below\n      on: no # c5\n    volumes: []   # c6\n# after\nlast: \"x\n  y\"\n";
    let after = "# Zeichen: ü\nglobal: {x: 1}   # flow\n\nvalkey:   # c1\n    # inside\n    extra: keep   # c2\n    conf: |   # hdr\n      maxmemory 1gb\n\n      save \"\"\n\n    # between\n    a: \"1\"   # c3\n    node:\n      mine: [1,\n        2]\n      list: [\"x\", \"y\"]   # c4\n      # above\n      # below\n      on: true # c5\n    volumes:   # c6\n      - name: redisconf\n        k: \"v\"\n# after\nlast: \"x\n  y\"\n";
    assert_eq!(merged(before), after);
    assert_eq!(merged(after), after);
}

#[test]
fn what_means_the_same_stays_as_it_is_written() {
    let text = "valkey:\n  volumes: [{k: v, name: redisconf}]\n  node: {list: [x, 'y'], on: true}\n  a: '1'\n  conf: \"maxmemory 1gb\\n\\nsave \\\"\\\"\\n\"\n";
    assert_eq!(merged(text), text);
    assert_ne!(merged("valkey:\n  a: 1\n"), "valkey:\n  a: 1\n");
}

#[test]
fn windows_line_ends_and_marks_are_kept() {
    let text = merged("\u{feff}valkey:\r\n  a: x # c\r\n  conf: |\r\n    old\r\n    older\r\nz: 1\r\n");
    assert!(text.starts_with("\u{feff}valkey:\r\n  a: \"1\" # c\r\n  conf: |\r\n    maxmemory 1gb\r\n\r\n    save \"\"\r\n  node:\r\n"), "{text:?}");
    assert!(text.ends_with("\r\nz: 1\r\n") && text.matches('\n').count() == text.matches("\r\n").count());
    assert_eq!(merged(&text), text);
}

#[test]
fn deep_paths_are_found_or_made() {
    let merged = |existing: &str| String::from_utf8(merge(b"x: true\n", "a.b", existing.as_bytes()).unwrap()).unwrap();
    assert_eq!(merged("a:\n  c: 1\nd: 2\n"), "a:\n  c: 1\n  b:\n    x: true\nd: 2\n");
}

#[test]
fn what_cannot_be_changed_alone_is_refused() {
    for (existing, why) in [
        ("valkey: {a: 2}\n", "braces"),
        ("x: &x {b: 1}\nvalkey: *x\n", "anchor"),
        ("valkey: &v\n  a: 2\n", "anchor"),
        ("x: &x\n  b: 1\nvalkey:\n  <<: *x\n", "elsewhere"),
        ("valkey:\n  a: 2\n  a: 3\n", "second time"),
        ("valkey:\n  a:\n    b: 1\n", "is a map here"),
        ("valkey:\n  node: x\n", "no map here"),
        ("valkey:\n  node: [x]\n", "a list here"),
        ("valkey:\n  volumes:\n    - name: theirs\n", "not of redisconf"),
        ("valkey: !!map\n  a: 2\n", "tag"),
        ("valkey:\n  a: 1\n---\nx: 1\n", "second document"),
        ("- 1\n", "no map"),
        ("valkey: [\n", "no YAML"),
        ("? valkey\n: a\n", "unusual"),
    ] {
        let said = refused(existing);
        assert!(said.contains(why), "{existing:?}: {said}");
    }
    assert!(merge(b"a: 1\n", "valkey", b"\xff").is_err());
    for path in ["", "a..b", "on", "a b", "a\nb", "1", "-x"] {
        assert!(merge(b"a: 1\n", path, b"").is_err(), "{path}");
    }
}

/// Values as people write them, at some indentation.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(" 1".to_owned()),
        Just(String::new()),
        Just(" ~".to_owned()),
        Just(" 'it''s'".to_owned()),
        Just(" \"a \\\" # b\"".to_owned()),
        Just(" |\n@  x\n\n@  # y\n".to_owned()),
        Just(" >-\n@    x\n@   y".to_owned()),
        Just(" [a,\n@  b]".to_owned()),
        Just(" []".to_owned()),
        Just("\n@- a\n@# i\n@- b".to_owned()),
        Just("\n@  - a\n@  - b".to_owned()),
        Just(" plain\n@  goes on".to_owned()),
    ]
}

proptest! {
    #[test]
    fn merging_is_stable_and_keeps_every_line_of_others(
        keys in prop::collection::vec((prop::sample::select(vec!["a", "conf", "volumes", "k1", "k2", "k3"]), value(), any::<bool>(), any::<bool>()), 0..6),
        indent in 1_usize..5,
        end in any::<bool>(),
    ) {
        let pad = " ".repeat(indent);
        let mut text = String::from("top: x\nvalkey:\n");
        // Lines that are none of ours: they stay, in their order.
        let mut theirs: Vec<String> = vec!["top: x".into(), "valkey:".into()];
        let mut seen = Vec::new();
        for (key, value, comment, blank) in keys {
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let value = value.replace('@', &pad);
            let value = if comment && !value.contains('\n') { format!("{value} # c") } else { value };
            let mut entry = format!("{pad}{key}:{value}\n");
            if key.starts_with('k') {
                theirs.extend(entry.lines().map(str::to_owned));
            }
            if blank {
                entry += &format!("\n{pad}# blank\n");
                theirs.push(format!("{pad}# blank"));
            }
            text.push_str(&entry);
        }
        text.push_str("zz: 1");
        theirs.push("zz: 1".into());
        if end {
            text.push('\n');
        }
        match merge(OURS.as_bytes(), "valkey", text.as_bytes()) {
            Ok(once) => {
                let once = String::from_utf8(once).unwrap();
                let again = merge(OURS.as_bytes(), "valkey", once.as_bytes()).unwrap();
                prop_assert_eq!(String::from_utf8(again).unwrap(), once.clone());
                let mut lines = once.lines();
                for line in &theirs {
                    prop_assert!(lines.any(|other| other == line), "{line:?}\n{text}\n{once}");
                }
                prop_assert_eq!(once.matches(" # c").count(), text.matches(" # c").count(), "{}\n{}", text, once);
            }
            Err(refusal) => prop_assert!(!refusal.message.contains("does not understand"), "{}\n{}", refusal.message, text),
        }
    }
}
