use std::path::Path;

use super::*;
use crate::facts;
use crate::source::Memory;
use crate::syntax::conf;

fn original(text: &str, server: &str) -> Original {
    let original = Original::of_conf(conf::read_alone(Name::Stdin, text.as_bytes(), server.parse().unwrap()));
    assert_eq!(original.config.verdict(), None, "{text}");
    original
}

fn over(original: &Original, layers: &[(&str, &str)]) -> Result<Imported, Refused> {
    let files = Memory::new(layers.iter().map(|(name, text)| (*name, text.as_bytes().to_vec())));
    let extends: Vec<String> = layers.iter().map(|(name, _)| (*name).to_owned()).collect();
    let path = Path::new("p.toml");
    import(original, &Request { name: "p", from: "Imported", extends: &extends, path, files: &files })
}

/// The profile without its head.
fn body(imported: &Imported) -> String {
    imported.text.lines().skip(4).collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn profile(text: &str) -> String {
    body(&over(&original(text, "redis-7.4"), &[]).unwrap())
}

#[test]
fn only_what_differs_is_kept() {
    let imported = over(&original("port 6379\nhz 10\ntimeout 30\nsave 3600 1 300 100 60 10000\n", "redis-7.4"), &[]);
    let imported = imported.unwrap();
    assert_eq!(
        imported.text,
        "# Imported\nschema = 1\nname = \"p\"\ndefault-server = \"redis-7.4\"\n\n[settings]\ntimeout = 30\n"
    );
    let Counts { stated, kept, defaults, .. } = imported.counts;
    assert_eq!((stated, kept, defaults), (4, 1, 3));
    assert!(imported.counts.proven > 150, "{:?}", imported.counts);
}

#[test]
fn every_kind_of_value_has_its_spelling() {
    let text = "bind 10.0.0.1 -::1\nappendonly yes\nmaxmemory 1536mb\nmaxmemory-clients 5%\nunixsocketperm 700\n\
                maxmemory-policy allkeys-lru\nshutdown-on-sigterm save now\nsave 60 1\nsave 30 2\nnotify-keyspace-events gxEn\n\
                latency-tracking-info-percentiles 50 99.9\noom-score-adj-values 1 2 3\nslave-priority 7\n\
                client-output-buffer-limit slave 1gb 0 0\nrepl-backlog-size 1g\n";
    assert_eq!(
        profile(text),
        "[settings]\nbind = [\"10.0.0.1\", \"-::1\"]\nappendonly = true\nmaxmemory = \"1536mb\"\nmaxmemory-clients = \"5%\"\n\
         unixsocketperm = \"700\"\nmaxmemory-policy = \"allkeys-lru\"\nshutdown-on-sigterm = \"save now\"\n\
         save = [\"60 1\", \"30 2\"]\nnotify-keyspace-events = \"gxnE\"\nlatency-tracking-info-percentiles = [50, 99.9]\n\
         oom-score-adj-values = [1, 2, 3]\nreplica-priority = 7\nrepl-backlog-size = \"1000000000b\"\n\n\
         [settings.client-output-buffer-limit]\nreplica = { hard = \"1gb\", soft = 0, seconds = 0 }"
    );
    assert_eq!(profile("save \"\"\nreplicaof 10.0.0.1 6379\n"), "[settings]\nsave = []\nreplicaof = \"10.0.0.1 6379\"");
}

#[test]
fn only_the_statement_that_counts_is_kept() {
    assert_eq!(profile("timeout 30\ntimeout 60\n"), "[settings]\ntimeout = 60");
    assert_eq!(profile("timeout 30\ntimeout 0\n"), "");
}

#[test]
fn the_version_decides_about_defaults() {
    let text = "repl-diskless-sync yes\nlazyfree-lazy-user-del no\n";
    let of = |server| body(&over(&original(text, server), &[]).unwrap());
    assert_eq!(of("redis-6.2"), "[settings]\nrepl-diskless-sync = true");
    assert_eq!(of("redis-7.4"), "");
    assert_eq!(of("valkey-8.1"), "[settings]\nlazyfree-lazy-user-del = false");
}

#[test]
fn a_layer_is_left_out_overruled_and_undone() {
    let layer = "schema = 1\n[settings]\ntimeout = 30\nhz = 50\nmaxmemory = \"1gb\"\ntcp-keepalive = 60\n\
                 [settings.client-output-buffer-limit]\npubsub = \"64mb 8mb 60\"\n";
    let imported =
        over(&original("timeout 30\nhz 20\ntcp-keepalive 300\n", "redis-7.4"), &[("l.toml", layer)]).unwrap();
    assert_eq!(
        body(&imported),
        "extends = [\"l.toml\"]\nunset = [\"maxmemory\"]\n\n[settings]\nhz = 20\ntcp-keepalive = 300\n\n\
         [settings.client-output-buffer-limit]\npubsub = { hard = \"32mb\", soft = \"8mb\", seconds = 60 }"
    );
    let Counts { stated, kept, defaults, from_layers, set_back, .. } = imported.counts;
    assert_eq!((stated, kept, defaults, from_layers, set_back), (3, 2, 0, 1, 2));
}

#[test]
fn a_formula_that_the_profile_moves_is_pinned() {
    // The layer's formula depends on `save`, which the file switches off.
    let layer = "schema = 1\n[facts]\nmemory = \"8GiB\"\nwrites = \"heavy\"\n[settings]\nsave = [\"60 1\"]\nmaxmemory = \"auto\"\n";
    let merged = over(&original("save 60 1\n", "redis-7.4"), &[("l.toml", layer)]).unwrap();
    assert_eq!(body(&merged), "extends = [\"l.toml\"]\nunset = [\"maxmemory\"]");
    let Some(crate::config::Value::Bytes(with_forks)) = ({
        let text = "schema = 1\nname = \"x\"\nextends = [\"l.toml\"]\n".to_owned();
        let files = Memory::new([("l.toml", layer.as_bytes().to_vec())]);
        let request = Request { name: "x", from: "", extends: &[], path: Path::new("x.toml"), files: &files };
        super::merged(text, "redis-7.4".parse().unwrap(), &request).unwrap().config.get("maxmemory").cloned()
    }) else {
        panic!("the formula gives bytes")
    };
    let text = format!("save \"\"\nappendonly no\nmaxmemory {with_forks}\n");
    let imported = over(&original(&text, "redis-7.4"), &[("l.toml", layer)]).unwrap();
    assert!(imported.text.contains("save = []\nmaxmemory = \""), "{}", imported.text);
}

#[test]
fn what_a_layer_forbids_is_not_claimed() {
    let layer = "schema = 1\n[settings]\nhz = 50\n[final]\nsettings = [\"hz\"]\n";
    let refused = over(&original("hz 20\n", "redis-7.4"), &[("l.toml", layer)]);
    assert!(matches!(refused, Err(Refused::Layers(_))), "{refused:?}");
    let layer = "schema = 1\n[users.ann]\nrules = \"on\"\n";
    let Err(Refused::Unequal(unequal)) = over(&original("hz 20\n", "redis-7.4"), &[("l.toml", layer)]) else {
        panic!("a user cannot be taken away")
    };
    assert_eq!(unequal[0].what, "user ann");
    assert!(matches!(over(&original("", "redis-7.4"), &[("no/such.toml", "x = 1")]), Err(Refused::Layers(_))));
}

#[test]
fn secrets_get_names_and_stay_where_they_are() {
    let text = "requirepass hunter2\nmasterauth hunter3\nuser ann on >hunter4 ~a:* +@read\n\
                user bob on #5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8 +@all\n";
    let imported = over(&original(text, "redis-7.4"), &[]).unwrap();
    assert!(!imported.text.contains("hunter") && !imported.text.contains("5e884898"), "{}", imported.text);
    assert_eq!(
        body(&imported),
        "[settings]\nrequirepass = { secret = \"password\" }\nmasterauth = { secret = \"replication\" }\n\n\
         [users.ann]\nrules = \"on ~a:* +@read\"\npasswords = [{ secret = \"user-ann\" }]\n\n\
         [users.bob]\nrules = \"on +@all\"\npasswords = [{ secret = \"user-bob\" }]"
    );
    let known: Vec<_> = imported.secrets.iter().map(|secret| (secret.name.as_str(), secret.known)).collect();
    assert_eq!(
        known,
        [
            ("password", Known::Clear),
            ("replication", Known::Clear),
            ("user-ann", Known::Clear),
            ("user-bob", Known::Hash)
        ]
    );
    assert!(!format!("{imported:?}").contains("hunter"), "debug output holds no secret");
}

#[test]
fn a_secret_that_a_layer_names_is_the_layers() {
    let layer = "schema = 1\n[settings]\nrequirepass = { secret = \"app\" }\nmasterauth = { secret = \"app\" }\n\
                 [users.ann]\nrules = \"on +@all\"\npasswords = [{ secret = \"ann\" }]\n";
    let text = "requirepass one\nmasterauth one\nuser ann on >two +@all\n";
    let imported = over(&original(text, "redis-7.4"), &[("l.toml", layer)]).unwrap();
    assert_eq!(body(&imported), "extends = [\"l.toml\"]");
    assert_eq!(imported.counts.from_layers, 3);
    // One name cannot stand for two values.
    let text = "requirepass one\nmasterauth two\nuser ann on >two +@all\n";
    let imported = over(&original(text, "redis-7.4"), &[("l.toml", layer)]).unwrap();
    assert_eq!(imported.counts.kept, 1, "{}", imported.text);
}

#[test]
fn commands_and_modules_are_carried() {
    let text =
        "rename-command FLUSHALL \"\"\nrename-command CONFIG cfg\nloadmodule /m.so A 1\nloadmodule /n.so\nm.x 1\n";
    let imported = over(&original(text, "redis-7.4"), &[]).unwrap();
    assert_eq!(
        body(&imported),
        "modules = [{ path = \"/m.so\", arguments = [\"A\", \"1\"] }, \"/n.so\"]\n\n\
         [rename-commands]\nFLUSHALL = \"\"\nCONFIG = \"cfg\""
    );
    assert_eq!(imported.leftovers.len(), 1);
    assert_eq!((imported.leftovers[0].name.as_str(), imported.counts.stated, imported.counts.kept), ("m.x", 5, 4));
}

#[test]
fn what_has_no_place_is_named() {
    let files = Memory::default();
    let text = "timeout 30\ninclude gone*.conf\npidfile \"/a\\xff\"\nloadmodule /m.so PASSWORD x\n";
    let reading = conf::read(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap(), &files);
    let imported = over(&Original::of_conf(reading), &[]).unwrap();
    let names: Vec<&str> = imported.leftovers.iter().map(|leftover| leftover.name.as_str()).collect();
    assert_eq!(names, ["include", "pidfile", "loadmodule"]);
    assert_eq!(body(&imported), "[settings]\ntimeout = 30");
}

#[test]
fn includes_are_written_out() {
    let files = Memory::new([("conf.d/a.conf", b"# a gateway cuts at 60\ntimeout 30\n".to_vec())]);
    let text = "timeout 10\ninclude conf.d/*.conf\n";
    let reading = conf::read(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap(), &files);
    let imported = over(&Original::of_conf(reading), &[]).unwrap();
    assert_eq!(body(&imported), "[settings]\ntimeout = 30\n\n[why]\ntimeout = \"a gateway cuts at 60\"");
    assert!(imported.leftovers.is_empty());
}

#[test]
fn a_dump_gives_the_profile_of_its_file() {
    let dump = "{\"maxmemory\": \"1073741824\", \"save\": \"60 1 30 2\", \"hz\": \"10\", \"slaveof\": \"\", \"requirepass\": \"hunter2\", \
                \"client-output-buffer-limit\": \"normal 0 0 0 slave 268435456 67108864 60 pubsub 1048576 0 0\", \"ft-x\": \"1\"}";
    for server in ["redis-6.2", "redis-7.4"] {
        let original = Original::of_dump(Name::Stdin, dump.as_bytes(), server.parse().unwrap()).unwrap();
        let imported = over(&original, &[]).unwrap();
        assert_eq!(
            body(&imported),
            "[settings]\nmaxmemory = \"1gb\"\nrequirepass = { secret = \"password\" }\nsave = [\"60 1\", \"30 2\"]\n\n\
             [settings.client-output-buffer-limit]\npubsub = { hard = \"1mb\", soft = 0, seconds = 0 }"
        );
        assert_eq!(imported.leftovers[0].name, "ft-x");
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let text = "user b on +@all\nuser a on +@all\nhz 20\nsave 60 1\nrename-command FLUSHALL \"\"\n";
    let one = over(&original(text, "valkey-8.1"), &[]).unwrap().text;
    let two = over(&original(text, "valkey-8.1"), &[]).unwrap().text;
    assert_eq!(one, two);
}

/// As a template leaves it: `${…}` is filled in elsewhere.
fn template(text: &str) -> Imported {
    let reading = conf::read_template(Name::Stdin, text.as_bytes(), "redis-7.4".parse().unwrap(), &Memory::default());
    over(&Original::of_reading(reading, Facts::default()), &[]).unwrap()
}

#[test]
fn a_placeholder_for_a_secret_is_a_secret_with_a_name() {
    let imported = template("requirepass ${PASSWORD}\nmasterauth ${PASSWORD}\ntimeout 30\n");
    assert_eq!(
        body(&imported),
        "[settings]\nrequirepass = { secret = \"password\" }\nmasterauth = { secret = \"replication\" }\ntimeout = 30"
    );
    assert!(imported.secrets.iter().all(|secret| secret.known == Known::Open), "{:?}", imported.secrets);
    assert!(imported.leftovers.is_empty(), "{:?}", imported.leftovers);
}

#[test]
fn what_is_filled_in_elsewhere_is_left_over() {
    let imported =
        template("maxmemory ${SIZE}\nuser ann on >${PASSWORD} ~* +@all\nsave 60 1\nsave ${POINT} 1\nhz 20\n");
    let names: Vec<&str> = imported.leftovers.iter().map(|leftover| leftover.name.as_str()).collect();
    assert_eq!(names, ["maxmemory", "user", "save"]);
    assert_eq!(body(&imported), "[settings]\nhz = 20");
}

#[test]
fn facts_are_said_to_the_byte() {
    let mut known = Facts::default();
    let at = Span { source: crate::source::SourceId::ROOT, start: 0, end: 0 };
    for (name, value) in [("memory", "1.5GiB"), ("cpus", "0.5"), ("swap", "0"), ("grace", "90s"), ("writes", "heavy")] {
        let (definition, said) = facts::in_comment(name, value).unwrap();
        known.learn(definition, said, at);
    }
    let (swap, said) = facts::in_comment("dataset", "1023B").unwrap();
    known.learn(swap, said, at);
    let reading = conf::read_alone(Name::Stdin, b"", "redis-7.4".parse().unwrap());
    assert_eq!(
        body(&over(&Original::of_reading(reading, known.clone()), &[]).unwrap()),
        "[facts]\ncpus = 0.5\ndataset = \"1023B\"\ngrace = \"90s\"\nmemory = \"1536MiB\"\nswap = \"0B\"\nwrites = \"heavy\""
    );
    let layer = "schema = 1\n[settings]\nmaxmemory = \"50% of memory\"\n";
    let reading = conf::read_alone(Name::Stdin, b"maxmemory 768mb\n", "redis-7.4".parse().unwrap());
    let imported = over(&Original::of_reading(reading, known), &[("l.toml", layer)]).unwrap();
    assert!(!imported.text.contains("maxmemory"), "{}", imported.text);
}
