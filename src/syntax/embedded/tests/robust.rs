//! What is broken, huge or hostile: said aloud, bounded, and never a panic.

use proptest::prelude::*;

use super::*;

fn problems(path: &str, text: &str) -> Vec<String> {
    let case = one(path, text);
    case.found.problems.iter().map(|one| format!("{} {}..{}", one.rule, one.at.start, one.at.end)).collect()
}

#[test]
fn broken_yaml_is_said_if_a_server_is_in_it() {
    assert_eq!(problems("compose.yaml", "services:\n  a:\n    image: redis:7\n   b: [\n"), ["invalid-yaml 37..41"]);
    assert_eq!(problems("compose.yaml", "services:\n  a: [\n# redis\n"), [""; 0]);
    let template = "apiVersion: v1\nkind: Pod\n{{- if .Values.x }}\ncommand: [redis-server]\n{{- end }}\n";
    assert_eq!(problems("a.yaml", template)[0].split(' ').next(), Some("template-not-read"));
}

#[test]
fn what_stands_before_the_break_is_read() {
    let text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: 'redis:7'}]}\n---\nb: ]\n";
    let case = one("a.yaml", text);
    assert_eq!((case.titles(), case.found.problems.len()), (vec!["Pod, container `a`"], 1));
}

#[test]
fn nesting_aliases_and_sizes_are_bounded() {
    let deep = format!("services: {}{}\n# redis-server\n", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(one("compose.yaml", &deep).found.problems.len(), 1);
    let blocks: String = (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    one("compose.yaml", &format!("services:\n{blocks}# redis-server\n"));
    let mut bomb = String::from("a0: &a0 {image: 'redis:7'}\n");
    for level in 1..60 {
        let refers = format!("*a{}, ", level - 1).repeat(9);
        bomb.push_str(&format!("a{level}: &a{level} {{<<: [{}]}}\n", refers.trim_end_matches(", ")));
    }
    let bomb = format!("{bomb}services:\n  s: *a59\n");
    one("compose.yaml", &bomb);
    let values = bomb.replace("services:", "config:");
    one("values.yaml", &values);
    let long = format!("services:\n  a:\n    image: redis:7\n    x: \"{}\"\n", "y".repeat(17 << 20));
    assert_eq!(one("compose.yaml", &long).found.problems.len(), 1);
}

#[test]
fn long_texts_take_time_in_proportion() {
    let words = "--hz $X `y` {{ z }} ${a} $(b ".repeat(20_000);
    for text in [
        format!("services:\n  a:\n    image: redis:7\n    command: |\n      sh -c 'redis-server {words}'\n"),
        format!("services:\n  a:\n    image: redis:7\n    command: [sh, -c, \"redis-server {words}\"]\n"),
        format!("services:\n  a:\n    image: redis:7\n    command: redis-server {}\n", "--hz 1 ".repeat(20_000)),
    ] {
        one("compose.yaml", &text).reading();
    }
}

/// Texts that resemble what is looked for, taken apart and put together again.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "services:\n",
        "  cache:\n",
        "    image: redis:7.4\n",
        "    command: ",
        "redis-server ",
        "--hz 1 ",
        "'",
        "\"",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "- ",
        "\n",
        "      ",
        "|\n",
        ">-\n",
        "|2+\n",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "#",
        "$X",
        "${Y",
        "{{ z }}",
        "\\",
        "\t",
        "\r\n",
        "ü",
        "\u{feff}",
        "---\n",
        "apiVersion: v1\nkind: ConfigMap\n",
        "data:\n",
        "  redis.conf: ",
        "port 1\n",
        "FROM redis:7\n",
        "CMD ",
        "<<EOF\n",
        "[Service]\nExecStart=",
        "docker run -p 1:2 ",
        "commonConfiguration: ",
        "valkeyConfig: |\n",
        "master:\n  extraFlags: ",
        "config:\n  maxMemory: ",
        "sh -c ",
        "exec ",
        "&& ",
        "; ",
        "\u{0}",
        "kind: Pod\nspec: ",
        "containers: ",
    ]);
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

const KINDS: [Kind; 6] =
    [Kind::Compose, Kind::Kubernetes, Kind::HelmValues, Kind::Dockerfile, Kind::Systemd, Kind::DockerRun];

/// Finds and reads all; every place must lie in its text.
fn survives(text: &[u8]) {
    for path in ["compose.yaml", "redis.conf", "users.acl", "a.toml", "Dockerfile", "a.service", "a.sh"] {
        let _ = recognise(&Name::File(path.into()), text, &is_directive);
    }
    for kind in KINDS {
        let found = find(&Name::File("x".into()), text, kind, &is_directive);
        for embedded in &found.embedded {
            for server in ["redis-6.2", "valkey-9.1"] {
                let reading = embedded.read(server.parse().unwrap(), &Memory::default());
                let places = reading.statements().iter().map(|one| one.at).chain(reading.public.iter().copied());
                for at in places.chain(embedded.facts(&reading).iter().map(|(_, fact)| fact.at)) {
                    assert!(at.start <= at.end && at.end as usize <= text.len(), "{at:?}");
                }
            }
            assert_eq!(embedded.survey().mode, embedded.mode);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..200)) {
        survives(&text);
    }

    #[test]
    fn anything_alike_is_survived(text in pieces()) {
        survives(text.as_bytes());
    }
}
