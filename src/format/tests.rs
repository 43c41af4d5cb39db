//! What formatting does to lines, and that it does nothing else.

use proptest::prelude::*;

use super::*;

fn formatted(text: &str) -> String {
    String::from_utf8(conf(text.as_bytes(), None).unwrap().text).unwrap()
}

#[test]
fn one_blank_stands_between_words_and_none_around_them() {
    assert_eq!(formatted("  port\t 6379 \n\tsave   900  1"), "port 6379\nsave 900 1\n");
    assert_eq!(formatted("bind 127.0.0.1   ::1 # no comment"), "bind 127.0.0.1 ::1 # no comment\n");
}

#[test]
fn comments_lose_only_the_blanks_around_them() {
    assert_eq!(formatted(" #  a   b \nport 1\n#\n"), "#  a   b\nport 1\n#\n");
}

#[test]
fn blank_lines_come_in_twos_at_most_and_not_at_the_end() {
    assert_eq!(formatted("\n \n\n\nport 1\n\t\n\n\nhz 10\n\n\n"), "\n\nport 1\n\n\nhz 10\n");
    assert_eq!(formatted(" \n\n\n"), " \n\n\n");
}

#[test]
fn names_and_words_of_enumerations_get_the_case_of_the_catalogue() {
    assert_eq!(
        formatted("APPENDONLY Yes\nMaxMemory-Policy AllKeys-LRU"),
        "appendonly yes\nmaxmemory-policy allkeys-lru\n"
    );
    assert_eq!(formatted("tls-auth-clients-user cn"), "tls-auth-clients-user cn\n");
    assert_eq!(formatted("tls-auth-clients-user OFF"), "tls-auth-clients-user off\n");
    assert_eq!(formatted("Slave-Read-Only NO\nreplicaof No One"), "slave-read-only no\nreplicaof no one\n");
    assert_eq!(formatted("shutdown-on-sigterm SAVE Force\n"), "shutdown-on-sigterm save force\n");
}

#[test]
fn units_of_memory_are_lower_case() {
    assert_eq!(formatted("maxmemory 1GB\nmaxmemory-clients 5%"), "maxmemory 1gb\nmaxmemory-clients 5%\n");
    assert_eq!(
        formatted("client-output-buffer-limit Pubsub 32MB 8Mb 60"),
        "client-output-buffer-limit pubsub 32mb 8mb 60\n"
    );
    assert_eq!(formatted("maxmemory GB\nmaxmemory 8Gi"), "maxmemory GB\nmaxmemory 8Gi\n");
}

#[test]
fn what_tells_upper_from_lower_stays() {
    for line in [
        "requirepass YES",
        "dir /Data",
        "notify-keyspace-events KEA",
        "bind FE80::1",
        "user Ann ON >Pass +GET",
        "rename-command CONFIG Hidden",
        "appendonly \"YES\"",
        "SomeModule YES",
        "Module.Flag YES",
        "proc-title-template {title}",
    ] {
        let text = format!("port 1\nhz 10\n{line}\n");
        assert_eq!(formatted(&text), text);
    }
}

#[test]
fn lines_that_do_not_read_stay_byte_for_byte() {
    for line in [
        "  requirepass   'a ",
        " masterauth  \"a\"b ",
        " dir  {{ .Dir }} ",
        " maxmemory  ${MAX} ",
        "\u{b}#  Port 1 ",
        "port  1\rhz  10 ",
    ] {
        let text = format!("port 1\n{line}\nhz 10\n");
        assert_eq!(formatted(&text), text);
    }
    let byte = b"port 1\n masterauth  a\xffb\n";
    assert_eq!(conf(byte, None).unwrap().text, byte);
}

#[test]
fn line_ends_are_those_of_the_file() {
    assert_eq!(formatted("port  1\r\n# x\r\nhz 10"), "port 1\r\n# x\r\nhz 10\r\n");
    assert_eq!(formatted("port  1\n# x\r\nhz 10\n"), "port 1\n# x\nhz 10\n");
}

#[test]
fn save_points_get_lines_of_their_own_where_the_version_adds_them_up() {
    let text = "port 1\nsave 900 1 300 10\n";
    assert_eq!(formatted(text), text);
    let split = "# redisconf: server=redis-7.4\nsave 900 1\nsave 300 10\n";
    assert_eq!(formatted("# redisconf: server=redis-7.4\nSAVE 900 1 300 10"), split);
    for kept in [
        "# redisconf: server=redis-6.2\nsave 900 1 300 10\n",
        "# redisconf: server=redis-7.4\ninclude a.conf\nsave 900 1 300 10\n",
        "# redisconf: server=redis-7.4\n\"\\x69nclude\" \"a\"b\nsave 900 1 300 10\n",
        "# redisconf: server=redis-7.4\n{% include 'a' %}\nsave 900 1 300 10\n",
        "# redisconf: server=redis-7.4\nsave \"900 1 300 10\"\n",
        "# redisconf: server=redis-7.4\nsave 900 1 300 x\n",
        "# redisconf: server=redis-7.4\nsave 900 1 0 1\n",
    ] {
        assert_eq!(formatted(kept), kept);
    }
}

#[test]
fn of_sentinel_statements_the_sub_directive_is_lower_case() {
    assert_eq!(
        formatted(
            "Sentinel MONITOR MyMaster 10.0.0.1 6379 2\nsentinel Deny-Scripts-Reconfig YES\nsentinel AUTH-pass MyMaster YES"
        ),
        "sentinel monitor MyMaster 10.0.0.1 6379 2\nsentinel deny-scripts-reconfig yes\nsentinel auth-pass MyMaster YES\n"
    );
}

#[test]
fn strange_texts_are_left_alone() {
    for (text, why) in [
        ("port  1\0\n", LeftAlone::Nul),
        ("{{ if\n  x }}\nport  1\n", LeftAlone::Template),
        ("server {\n  listen 80;\n  location / { }\n}\n", LeftAlone::Foreign),
        ("user a  on\nuser b  off\n", LeftAlone::Users),
    ] {
        assert_eq!(conf(text.as_bytes(), None), Err(why), "{text}");
    }
    let marked = "\u{feff}# a   comment \nport 1\nhz 10\n";
    assert_eq!(formatted(marked), marked);
}

#[test]
fn booleans_of_profiles_are_booleans() {
    let text = "schema = 1\n[settings]\nappendonly = \"yes\" # on\nappendfsync = \"no\"\nactiverehashing = 'NO'\nlogfile = \"yes\"\n\
        [[when]]\nserver = \"valkey\"\nprefer = { lazyfree-lazy-expire = \"yes\" }\n";
    let expected = "schema = 1\n[settings]\nappendonly = true # on\nappendfsync = \"no\"\nactiverehashing = false\nlogfile = \"yes\"\n\
        [[when]]\nserver = \"valkey\"\nprefer = { lazyfree-lazy-expire = true }\n";
    assert_eq!(String::from_utf8(profile(text.as_bytes()).unwrap().text).unwrap(), expected);
    let project = "schema = 1\n[instance.a]\nsettings = { appendonly = \"no\" }\n";
    assert!(profile(project.as_bytes()).unwrap().text.ends_with(b"{ appendonly = false }\n"));
    assert_eq!(profile(b"[settings]\nappendonly = \"yes\"\n"), Err(LeftAlone::NoProfile));
}

#[test]
fn the_proof_sees_what_a_server_would_see() {
    let differs = |old: &str, new: &str| {
        !server::all().iter().all(|server| same::reads_alike(old.as_bytes(), new.as_bytes(), Mode::Server, *server))
    };
    for (old, new) in [
        ("port 1", "port 2"),
        ("requirepass a", "requirepass A"),
        ("save 900 1 300 10", "save 900 1\nsave 300 10"),
        ("save 900 1\nsave \"\"", "save \"\"\nsave 900 1"),
        ("port 1\ninclude a", "include a\nport 1"),
        ("user A on", "user a on"),
        ("loadmodule /A.so", "loadmodule /a.so"),
        ("appendonly x", "appendonly yes"),
        ("hz 10\nhz 20", "hz 20\nhz 10"),
        ("client-output-buffer-limit normal 1 1 1", "client-output-buffer-limit normal 1 1 2"),
    ] {
        assert!(differs(old, new), "{old} / {new}");
    }
    assert!(!differs("PORT  1\nmaxmemory 1GB", "port 1\nmaxmemory 1gb\n"));
}

/// Pieces of lines that could trip a formatter up.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "save",
            "SAVE",
            "include",
            "Appendonly",
            "maxmemory",
            "client-output-buffer-limit",
            "user",
            "bind",
            "sentinel",
            "requirepass",
            "shutdown-on-sigterm",
            "Module.x",
            "unknown",
            "rename-command",
            "replicaof",
            "maxmemory-clients",
            "yes",
            "YES",
            "No",
            "1GB",
            "32mb",
            "900",
            "1",
            "300",
            "10",
            "60",
            "Normal",
            "PUBSUB",
            "5%",
            "x.conf",
            "\"\"",
            "\"900 1\"",
            "\"A\"",
            "'b c'",
            "\"open",
            "'",
            "a\"b\"c",
            "\\x41",
            "# no",
            "#",
            "{{ x }}",
            "${Y}",
            "@Z@",
            "no",
            "ONE",
        ])
        .prop_map(str::to_owned),
        "[A-Za-z0-9\"'#\\\\ ]{0,6}",
    ]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let blank = prop::sample::select(vec![" ", "  ", "\t", "\u{b}", "\u{c}", "\r", ""]);
    let end = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", "\n\n\n\n", " \n"]);
    let line = (blank.clone(), prop::collection::vec((piece(), blank), 0..6), end);
    let byte = prop::option::weighted(0.1, any::<u8>());
    (prop::collection::vec(line, 0..12), byte, any::<bool>()).prop_map(|(lines, byte, cut)| {
        let mut text = Vec::new();
        for (before, pieces, end) in lines {
            text.extend_from_slice(before.as_bytes());
            for (piece, blank) in pieces {
                text.extend_from_slice(piece.as_bytes());
                text.extend_from_slice(if blank.is_empty() { b" " } else { blank.as_bytes() });
            }
            text.extend_from_slice(end.as_bytes());
        }
        let middle = text.len() / 2;
        text.splice(middle..middle, byte);
        if cut {
            text.pop();
        }
        text
    })
}

/// The comments of a text, and how many lines are no blank lines.
fn comments(text: &[u8]) -> Vec<Vec<u8>> {
    let of = |line: &Line| conf::trim(&text[line.at().start as usize..line.at().end as usize]).to_vec();
    conf::lines(SourceId::ROOT, text).iter().filter(|line| matches!(line, Line::Comment(_))).map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_version_reads_a_formatted_text_otherwise(text in text(), named in prop::option::of(0_usize..12)) {
        let server = named.map(|index| server::all()[index]);
        let Ok(formatted) = conf(&text, server) else {
            prop_assert!(!matches!(conf(&text, server), Err(LeftAlone::Unproven(_))));
            return Ok(());
        };
        // Formatted twice is formatted once.
        prop_assert_eq!(&conf(&formatted.text, server).unwrap().text, &formatted.text);
        prop_assert_eq!(comments(&text), comments(&formatted.text));
        // The edits say all that differs.
        let groups: Vec<Vec<TextEdit>> = formatted.edits.iter().map(|edit| vec![edit.clone()]).collect();
        prop_assert_eq!(&crate::finding::apply(&text, &groups).0, &formatted.text);
    }
}
