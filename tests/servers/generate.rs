//! Cases for agreement: for every directive, values that are right, wrong, odd and on the edge; always the same ones.

use redisconf::catalog::{Directive, Kind, State, View};
use redisconf::syntax::quote::conf_word;

use crate::agreement::acts;

/// A configuration text about one directive.
pub(crate) struct Case {
    pub(crate) directive: &'static Directive,
    pub(crate) text: Vec<u8>,
}

/// All cases of a version, in an order that a sample by steps covers evenly.
pub(crate) fn cases(view: &'static View) -> Vec<Case> {
    let mut cases = Vec::new();
    for directive in view.directives() {
        let mut add = |text: Vec<u8>| cases.push(Case { directive, text });
        let name = directive.name();
        let odd: String =
            name.chars().enumerate().map(|(i, c)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect();
        add(format!("{name}\n").into());
        add(format!("{name} a b c d e f\n").into());
        add(format!("{name} \"unbalanced\n").into());
        add(format!("{name} \"a\"b\n").into());
        if directive.state == State::Inert || directive.is.live_only || acts(&directive.kind) {
            add(format!("{name} anything\n").into());
            add(format!("{odd} \"\"\n").into());
            continue;
        }
        let (good, values) = values(directive);
        for value in values {
            let quoted: String = value.bytes().map(|b| format!("\\x{b:02x}")).collect();
            add(format!("{name} \"{quoted}\"\n").into());
        }
        for line in raw_lines(&directive.kind) {
            add(format!("{name} {line}\n").into());
        }
        let good = conf_word(good.as_bytes());
        add(format!("\t {odd}\t\t{good} \r\n").into());
        add(format!("{name} {good} # comment\n").into());
        add(format!("# redisconf\n\n{name} {good}\n{name} bad,value\n").into());
        for alias in &directive.names {
            add(format!("{name} {good}\n{alias} {good}\nbogus-stop\n").into());
            add(format!("'{alias}' {good}\n").into());
        }
    }
    // Neighbours in the list are alike; a stride of a large prime mixes them, so that any sample sees all directives.
    let count = cases.len();
    let mut slots: Vec<Option<Case>> = cases.into_iter().map(Some).collect();
    (0..count).filter_map(|i| slots[i * 7919 % count].take()).collect()
}

/// A value that is right, and values to try.
pub(crate) fn values(directive: &Directive) -> (String, Vec<String>) {
    let default = directive.default.unwrap_or_default().to_owned();
    let mut values: Vec<String> = ["", " ", "x", "1", "-1", "yes", "a b", "a\0b", "1\0"].map(String::from).into();
    let mut more = |list: &[&str]| values.extend(list.iter().map(ToString::to_string));
    let good = match &directive.kind {
        Kind::Bool => {
            more(&["no", "YES", "No", "true", "0", "on", "yes ", "yes\0no"]);
            "yes".to_owned()
        }
        Kind::Int { min, max } => {
            edges(*min, *max, directive, &mut values);
            values.extend(["+5", "05", "5.0", "1e3", "0x10", " 5", "5s", "-0", "00"].map(String::from));
            default
        }
        Kind::Memory { min, max } | Kind::MemoryOrPercent { min, max } => {
            edges(*min, *max, directive, &mut values);
            let units = [
                "64k", "64kb", "64K", "2m", "2MB", "1g", "1gb", "1Gi", "1tb", "1.5gb", "007kb", "mb", "b", "100b",
                "1 mb",
            ];
            let odd = [
                "5%",
                "05%",
                "101%",
                "100%",
                "0%",
                "-5%",
                "5.5%",
                "%",
                "1mb%",
                "99999999999gb",
                "18446744073709551615",
                "18446744073709551616",
            ];
            values.extend(units.iter().chain(&odd).map(ToString::to_string));
            values.push("9".repeat(127));
            values.push("9".repeat(128));
            "2mb".into()
        }
        Kind::Octal { .. } => {
            more(&[
                "0",
                "7",
                "755",
                "0755",
                "777",
                "778",
                "1000",
                "8",
                "abc",
                "0o755",
                "7 5",
                "-1",
                "+7",
                " 7",
                "7x",
                "99999999999999999999999",
            ]);
            "700".into()
        }
        Kind::Enum(words) => {
            values.extend(
                words.iter().flat_map(|w| {
                    [w.name.clone(), w.name.to_uppercase(), format!("{} ", w.name), format!("{}x", w.name)]
                }),
            );
            words[0].name.clone()
        }
        Kind::Flags(words) => {
            values.extend(words.iter().map(|w| w.name.to_uppercase()));
            values.extend(words.windows(2).map(|w| format!("{} {}", w[1].name, w[0].name)));
            values.push(words.iter().map(|w| w.name.as_str()).collect::<Vec<_>>().join(" "));
            words[0].name.clone()
        }
        Kind::Text(_) | Kind::Bytes => {
            more(&[
                "plain",
                "with blank",
                "ümlaut",
                "a/b",
                "a\\b",
                "..",
                "h_st",
                "host-1.example",
                "1.2.3.4",
                "999.1.1.1",
                "::1",
                ":::",
                "é\u{1}",
                "\"quoted\"",
                "a,b=c",
                "a:b",
                "{title}",
                "{title} {port}",
                "{nope}",
                "{{x",
                "{",
            ]);
            values.push("n".repeat(45));
            values.push("n".repeat(46));
            values.push("h".repeat(255));
            values.push("h".repeat(256));
            if default.is_empty() { "value".into() } else { default }
        }
        Kind::Words { max, .. } => {
            more(&["127.0.0.1", "127.0.0.1 ::1", "-127.0.0.1", "127.0.0.1  ::1", "127.0.0.1,::1"]);
            values.push(vec!["127.0.0.1"; *max].join(" "));
            values.push(vec!["127.0.0.1"; *max + 1].join(" "));
            "127.0.0.1".into()
        }
        Kind::Save => {
            more(&[
                "900 1",
                "900 1 300 10",
                "0 1",
                "900 -1",
                "900s x",
                "+0900 01",
                "4294967297 4294967297",
                "900  1",
                "900 1 300",
                "'900' 1",
                "'",
            ]);
            "900 1".into()
        }
        Kind::BufferLimits => {
            more(&[
                "normal 0 0 0",
                "replica 1mb 1mb 60",
                "pubsub 1mb 1mb 60 normal 1g 1g 1",
                "master 0 0 0",
                "normal 0 0",
                "normal x 0 0",
                "normal 0 0 -1",
                "normal 0 0 1s",
                "Slave 1 2 3",
            ]);
            "replica 256mb 64mb 60".into()
        }
        Kind::Events(letters) => {
            values.extend(letters.chars().map(String::from));
            values.extend(
                ["KEA", "AKE", "Kg$lshzxetd", "Kg$lshzxet", "KEAn", "Ex", "k", "KK", "oc", "Km"].map(String::from),
            );
            "Ex".into()
        }
        Kind::Percentiles => {
            more(&[
                "50",
                "50.0 99",
                "99.9999999",
                "1e1",
                ".5",
                "5.",
                "-0",
                "0x10",
                "nan",
                "inf",
                "-1",
                "100.1",
                "+5",
                "1e-400",
                "50 50",
                "infinity",
            ]);
            "50 99".into()
        }
        Kind::OomValues => {
            more(&["0 200 800", "1 2", "1 2 3 4", "-2000 0 2000", "-2001 0 0", "+1 02 3", "a 1 2", "800 200 0"]);
            "0 200 800".into()
        }
        Kind::ReplicaOf => {
            more(&["no one", "NO ONE", "127.0.0.1 1", "127.0.0.1", "127.0.0.1 x", "127.0.0.1 65536", "127.0.0.1 -1"]);
            "no one".into()
        }
        Kind::Dir | Kind::Include | Kind::RenameCommand | Kind::LoadModule | Kind::User | Kind::Sentinel => ".".into(),
    };
    (good, values)
}

/// The ends of a range and their neighbours; ends that would cost too much are left out.
fn edges(min: i128, max: i128, directive: &Directive, values: &mut Vec<String>) {
    let kept = |n: &i128| !is_costly(directive) || *n < 100_000;
    let numbers = [min - 1, min, min + 1, max - 1, max, max + 1, i128::from(i64::MAX), i128::from(i64::MAX) + 1];
    values.extend(numbers.into_iter().filter(kept).map(|n| n.to_string()));
}

/// Whether a large value would cost the machine its memory, or seconds: `maxclients` is lowered in small steps until the
/// system allows it.
pub(crate) fn is_costly(directive: &Directive) -> bool {
    matches!(
        directive.name(),
        "databases" | "cluster-databases" | "io-threads" | "list-max-ziplist-size" | "maxclients" | "tcp-backlog"
    ) || directive.name().ends_with("-max-len")
}

/// Arguments as separate words, where a single quoted one is something else; and whole ones of what only acts.
pub(crate) fn raw_lines(kind: &Kind) -> Vec<&'static str> {
    match kind {
        Kind::Save => vec![
            "900 1",
            "900 1 300 10",
            "\"\"",
            "60",
            "60 x",
            "\"\" \"\"",
            "900 \"\"",
            "99999999999999999999 1",
            "900 1\nsave \"\"",
            "900 1\nsave 60 2",
            "\"\"\nsave 60 2",
        ],
        Kind::BufferLimits => vec![
            "normal 0 0 0",
            "pubsub 1mb 1mb 60",
            "slave 1x 1 1",
            "normal \"\" \"\" \"\"",
            "normal 0 0",
            "normal 1 1 4294967295",
            "replica 1gb 1gb 60\nclient-output-buffer-limit slave 2gb 2gb 60",
        ],
        Kind::Words { .. } => vec!["127.0.0.1 ::1", "\"\" \"\"", "\"\""],
        Kind::Percentiles => vec!["50 99", "\"\"", "50 \"\""],
        Kind::OomValues => vec!["0 200 800", "\"\" \"\" \"\"", "1 2 +3"],
        Kind::ReplicaOf => vec!["no one", "no one x"],
        Kind::Flags(_) => vec!["save nosave", "default save", "\"\""],
        Kind::RenameCommand => vec![
            "a#b",
            "a\\ b",
            "FLUSHALL \"\"",
            "flushdb 'f db'",
            "CONFIG cfg",
            "GET get",
            "GET SET",
            "nosuch x",
            "KEYS k\nrename-command k l",
            "KEYS \"\"\nrename-command keys x",
            "DEBUG \"\"\nrename-command SHUTDOWN DEBUG",
            "SAVE",
        ],
        Kind::User => vec![
            "a#b",
            "a\\ b",
            "joe on >pw ~* +@all",
            "joe off",
            "joe on nopass ~k:* -@all +get",
            "joe +nosuch",
            "joe +@nosuch",
            "joe >",
            "joe #0123",
            "joe ~a (~b +get)",
            "joe %R~a +get",
            "joe &ch allchannels",
            "joe on\nuser ann off",
            "joe on\nuser joe off",
            "\"a b\" on",
            "joe ON",
            "joe resetkeys reset nocommands",
            "joe +config|get -config|set",
        ],
        Kind::Sentinel => vec!["a#b", "a\\ b", "monitor m 127.0.0.1 6379 2", "down-after-milliseconds m 1", "nosuch"],
        Kind::Bool
        | Kind::Int { .. }
        | Kind::Memory { .. }
        | Kind::MemoryOrPercent { .. }
        | Kind::Octal { .. }
        | Kind::Enum(_)
        | Kind::Text(_)
        | Kind::Bytes
        | Kind::Events(_)
        | Kind::Dir
        | Kind::Include
        | Kind::LoadModule => vec!["a#b", "a\\ b"],
    }
}
