//! Policies of every kind, on configurations.

use super::*;
use crate::config::resolve;
use crate::facts::{self, Facts};
use crate::lint::settings::{Flags, Settings};
use crate::source::{Memory, Name, SourceId};
use crate::syntax::settings::read_policies;
use crate::syntax::{Reading, conf, survey};

const HEAD: &str = "id = \"acme-x\"\nmessage = \"not so\"\n";

/// Reads one policy.
fn policies(policy: &str) -> (Policies, Vec<Finding>) {
    let mut sources = Sources::new();
    let id = sources.add(Name::File("policy.toml".into()), format!("schema = 1\n[[policy]]\n{policy}").into_bytes());
    let (tables, mut findings) = read_policies(&sources, id);
    let (policies, wrong) = Policies::new(tables, &sources, &["prod", "dev"]);
    findings.extend(wrong);
    (policies, findings)
}

/// What one policy says of a configuration that may begin with a header.
fn judged_at(policy: &str, text: &str, path: &str, environment: Option<&str>) -> (OfPolicies, Reading) {
    let (policies, wrong) = policies(&format!("{HEAD}{policy}"));
    assert_eq!(wrong, [], "{policy}");
    let (settings, _) = Settings::new(None, None, policies, &Flags::default()).unwrap();
    let surveyed = survey(SourceId::ROOT, text.as_bytes());
    let server = surveyed.server.map_or("redis-7.4".parse().unwrap(), |(server, _)| server);
    let mut known = Facts::default();
    for (name, value, at) in &surveyed.facts {
        let (definition, said) = facts::in_comment(name, value).unwrap();
        known.learn(definition, said, *at);
    }
    let reading = conf::read_template(Name::Stdin, text.as_bytes(), server, &Memory::default());
    let config = resolve(&reading, Mode::Server);
    let path = Path::new(path);
    let case = Case::new(&reading, &config, &known, Mode::Server);
    let said = judge(&case, &settings.for_path(path), path, environment);
    (said, reading)
}

fn judged(policy: &str, text: &str) -> OfPolicies {
    judged_at(policy, text, "a.conf", None).0
}

/// What a policy says, in one word or with the text that it points at.
fn said(policy: &str, text: &str) -> String {
    let (said, reading) = judged_at(policy, text, "a.conf", None);
    if let Some(problem) = said.problems.first() {
        return format!("problem: {}", problem.message);
    }
    if let Some((_, fact)) = said.silent.first() {
        return format!("lacks {fact}");
    }
    match &said.findings[..] {
        [] if said.judged.is_empty() => "silent".into(),
        [] => "kept".into(),
        [finding, ..] => {
            let at = String::from_utf8_lossy(reading.sources.bytes(finding.at)).into_owned();
            format!("{at} | {}", finding.here.as_deref().unwrap_or("-"))
        }
    }
}

#[test]
fn a_directive_may_be_required() {
    let set = "require = \"maxmemory\"";
    assert_eq!(said(set, "maxmemory 1gb\n"), "kept");
    assert_eq!(said(set, "port 1\n"), "port | `maxmemory` is not set");
    assert_eq!(said(set, "port 1\nmaxmemory ${MAX}\n"), "kept");
    let noeviction = "require = { directive = \"maxmemory-policy\", value = \"noeviction\" }";
    assert_eq!(said(noeviction, "port 1\n"), "kept", "the default counts");
    let other = "maxmemory-policy allkeys-lru\n";
    assert_eq!(said(noeviction, other), "maxmemory-policy allkeys-lru | `maxmemory-policy` is `allkeys-lru`");
    assert_eq!(said(noeviction, "maxmemory-policy ${POLICY}\n"), "kept", "a template says it");
    let bytes = "require = { directive = \"maxmemory\", value = \"1gb\" }";
    assert_eq!(said(bytes, "maxmemory 1073741824\n"), "kept", "values are compared by meaning");
    let points = "require = { directive = \"save\", value = \"3600 1 300 100\" }";
    assert_eq!(said(points, "save 3600 1\nsave 300 100\n"), "kept");
    let never = "require = { directive = \"appendfsync\", value = \"sometimes\" }";
    assert_eq!(said(never, "port 1\n"), "problem: `sometimes` is no value of `appendfsync` in redis 7.4");
}

#[test]
fn a_directive_may_be_forbidden() {
    let rename = "forbid = { directive = \"rename-command\" }";
    assert_eq!(said(rename, "port 1\n"), "kept");
    let found = judged(rename, "rename-command GET b\nport 1\nrename-command CONFIG \"\"\n").findings;
    assert_eq!(found.len(), 2, "each of them");
    let public = "forbid = { directive = \"protected-mode\", value = false }";
    assert_eq!(said(public, "protected-mode no\n"), "protected-mode no | `protected-mode` is `no`");
    assert_eq!(said(public, "protected-mode yes\n"), "kept");
    assert_eq!(said("forbid = \"requirepass\"", "requirepass hunter2\n"), "requirepass hunter2 | `requirepass` is set");
}

#[test]
fn a_number_may_have_bounds() {
    let clients = "range = { directive = \"maxclients\", min = 100, max = 20000 }";
    assert_eq!(said(clients, "maxclients 20000\n"), "kept");
    assert_eq!(said(clients, "maxclients 50\n"), "maxclients 50 | `maxclients` is `50`, at least `100` is asked for");
    let above = "maxclients 20001 | `maxclients` is `20001`, at most `20000` is asked for";
    assert_eq!(said(clients, "maxclients 20001\n"), above);
    let memory = "range = { directive = \"maxmemory\", min = \"1gb\" }";
    assert_eq!(said(memory, "port 1\n"), "port | `maxmemory` is `0`, at least `1gb` is asked for");
    assert_eq!(said(memory, "maxmemory 1073741824\n"), "kept");
    let share = "range = { directive = \"maxmemory-clients\", min = \"1%\", max = \"10%\" }";
    assert_eq!(said(share, "maxmemory-clients 5%\n"), "kept");
    assert_eq!(said(share, "maxmemory-clients 1gb\n"), "kept", "bytes are not compared with a share");
    assert!(said(share, "maxmemory-clients 20%\n").ends_with("at most `10%` is asked for"));
    let word = "range = { directive = \"appendfsync\", min = 1 }";
    assert_eq!(said(word, "port 1\n"), "problem: `appendfsync` is no number, so no range can be asked of it");
}

#[test]
fn an_expression_may_decide() {
    let limit = "expression = 'config[\"maxmemory\"] > 0'";
    assert_eq!(said(limit, "maxmemory 1gb\n"), "kept");
    assert_eq!(said(limit, "port 1\n"), "port | `maxmemory` is `0`");
    assert_eq!(said(limit, "port 1\nmaxmemory 0\n"), "maxmemory 0 | `maxmemory` is `0`");
    for (expression, text) in [
        ("config.maxmemory == memory(\"1gb\")", "maxmemory 1gb"),
        ("config[\"maxmemory-policy\"] in [\"allkeys-lru\", \"allkeys-lfu\"]", "maxmemory-policy allkeys-lfu"),
        ("config[\"slave-read-only\"]", "replica-read-only yes"),
        ("config.save.size() == 0", "save \"\""),
        ("config.save[0].seconds == 60 && config.save[0].changes == 5", "save 60 5"),
        ("config.save.all(point, point.seconds >= 60)", "save 60 5\nsave 900 1"),
        ("config[\"client-output-buffer-limit\"].pubsub.hard == 33554432", "port 1"),
        ("config.bind.exists(address, address == \"127.0.0.1\")", "bind 127.0.0.1 ::1"),
        ("!(\"dir\" in set) && \"port\" in set", "port 1"),
        ("config.replicaof == null", "port 1"),
        ("config.replicaof.port == 6379", "replicaof h 6379"),
        ("config.requirepass && !config.masterauth", "requirepass x"),
        ("config[\"oom-score-adj-values\"] == [0, 200, 800]", "port 1"),
        ("server.engine == \"redis\" && server.version == \"7.4\" && server.major == 7 && server.minor == 4", ""),
        ("path == \"a.conf\" && environment == \"\"", ""),
        (
            "facts.memory == memory(\"8gb\") && facts[\"workload\"] == \"cache\"",
            "# redisconf: memory=8gb workload=cache",
        ),
        ("config[\"notify-keyspace-events\"].contains(\"K\")", "notify-keyspace-events KEA"),
        ("config[\"shutdown-on-sigterm\"] == [\"save\", \"now\"]", "shutdown-on-sigterm save now"),
        ("config.exists(name, name == \"maxmemory\")", "port 1"),
        ("set.size() == 1", "port 1"),
        ("has(config.maxmemory) && type(config.port) == int", "port 1"),
        ("config.unixsocketperm == \"770\"", "unixsocketperm 770"),
    ] {
        assert_eq!(said(&format!("expression = '{expression}'"), &format!("{text}\n")), "kept", "{expression}");
    }
}

#[test]
fn a_policy_may_be_for_some_paths_environments_and_conditions() {
    let only = |policy: &str, path: &str, environment: Option<&str>| {
        !judged_at(&format!("{policy}\nrequire = \"maxmemory\""), "port 1\n", path, environment).0.findings.is_empty()
    };
    assert!(only("path = [\"prod/**\"]", "prod/a.conf", None) && !only("path = [\"prod/**\"]", "ci/a.conf", None));
    assert!(only("environment = \"prod\"", "a.conf", Some("prod")));
    assert!(!only("environment = \"prod\"", "a.conf", Some("dev")) && !only("environment = \"prod\"", "a.conf", None));
    let cache = "require = \"maxmemory\"\nwhen = 'facts.workload == \"cache\"'";
    assert_eq!(said(cache, "# redisconf: workload=queue\nport 1\n"), "silent");
    assert!(said(cache, "# redisconf: workload=cache\nport 1\n").starts_with("port |"));
    assert_eq!(said(cache, "port 1\n"), "lacks workload");
}

#[test]
fn what_is_not_known_keeps_a_policy_silent() {
    let limit = "expression = 'config.maxmemory > 0'";
    assert_eq!(said(limit, "maxmemory ${MAX}\n"), "silent");
    assert_eq!(said(limit, "port 1\ninclude away.conf\n"), "silent", "the include may set it");
    assert_eq!(said(limit, "maxmemory 1gb\ninclude away.conf\n"), "kept");
    assert_eq!(judged("require = \"maxmemory\"", "include away.conf\n").findings, []);
    assert_eq!(said("require = \"maxmemory-clients\"", "# redisconf: server=redis-6.2\nport 1\n"), "kept");
    assert_eq!(said("expression = 'set.size() > 99'", "include away.conf\n"), "silent");
    let long = format!("logfile {}\n", "x".repeat(2000));
    assert_eq!(said("expression = 'config.logfile == \"\"'", &long), "silent", "texts are bounded");
}

#[test]
fn policies_are_about_servers() {
    let sentinel = conf::read_alone(Name::Stdin, b"sentinel monitor m 127.0.0.1 1 2\n", "redis-7.4".parse().unwrap());
    let (config, known) = (resolve(&sentinel, Mode::Sentinel), Facts::default());
    let (policies, _) = policies(&format!("{HEAD}require = \"maxmemory\""));
    let (settings, _) = Settings::new(None, None, policies, &Flags::default()).unwrap();
    let case = Case::new(&sentinel, &config, &known, Mode::Sentinel);
    let path = Path::new("a.conf");
    assert_eq!(judge(&case, &settings.for_path(path), path, None), OfPolicies::default());
}

#[test]
fn what_goes_wrong_in_an_expression_is_said_at_the_policy() {
    for (expression, text, problem) in [
        ("config.maxmemory > \"1gb\"", "port 1", "`>` takes no int and string"),
        ("config.maxmemory", "port 1", "the expression gives a value of type int, not true or false"),
        (
            "config[\"maxmemory-clients\"] != \"0\"",
            "# redisconf: server=redis-6.2",
            "redis 6.2 has no value for `maxmemory-clients`",
        ),
        ("server.edition == \"x\"", "port 1", "there is no `edition`"),
        ("memory(\"8Gi\") > 0", "port 1", "`memory` fails"),
        ("config.port / 0 == 1", "port 1", "the expression cannot be evaluated"),
        ("config.save[99].seconds == 1", "port 1", "the expression cannot be evaluated"),
    ] {
        assert_eq!(said(&format!("expression = '{expression}'"), &format!("{text}\n")), format!("problem: {problem}"));
    }
    let ask = "expression = '!(\"maxmemory-clients\" in config) || config[\"maxmemory-clients\"] != \"0\"'";
    assert_eq!(said(ask, "# redisconf: server=redis-6.2\n"), "kept");
    assert_eq!(said("expression = 'has(facts.memory) && facts.memory > 1'", "port 1\n"), "port | -");
}

#[test]
fn mistakes_are_found_when_a_policy_is_read() {
    let macros = "a macro may not stand inside another, nor go through what another made";
    for (policy, message) in [
        ("require = \"max-memory\"", "unknown directive `max-memory`"),
        (
            "require = { directive = \"requirepass\", value = \"x\" }",
            "the value of `requirepass` is a secret, and no policy may hold one",
        ),
        ("require = \"dir\"\nenvironment = \"prd\"", "the project has no environment `prd`"),
        ("require = \"dir\"\npath = \"a[\"", "`a[` is no pattern of paths: unclosed character class; missing ']'"),
        ("expression = 'config.maxmemry > 0'", "unknown directive `maxmemry`"),
        ("expression = 'facts.memroy > 0'", "unknown fact `memroy`"),
        ("expression = 'maxmemory > 0'", "unknown name `maxmemory`"),
        ("expression = '\"x-y\" in set'", "unknown directive `x-y`"),
        ("expression = 'config.all(a, config.all(b, a == b))'", macros),
        ("expression = 'config.map(a, a).map(a, a + a).size() > 0'", macros),
    ] {
        let (read, wrong) = policies(&format!("{HEAD}{policy}"));
        let found: Vec<&str> = wrong.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(found, [message], "{policy}");
        assert_eq!(read.iter().len(), 0, "{policy}");
    }
    let long = format!("expression = '\"{}\" == path'", "x".repeat(2_000));
    let deep = format!("expression = '1{} == 1'", " + 1".repeat(60));
    let many = format!("expression = '{} true'", "config.save.all(p, true) && ".repeat(9));
    for policy in [long, deep, many] {
        assert_eq!(policies(&format!("{HEAD}{policy}")).1.len(), 1, "{policy}");
    }
}

#[test]
fn the_largest_expressions_fit_the_stack() {
    let chain = |sign: &str| format!("1{} == 1", format!(" {sign} 1").repeat(29));
    for expression in [
        format!("{}true{}", "(".repeat(60), ")".repeat(60)),
        chain("+"),
        chain("*"),
        format!("{}true", "!".repeat(31)),
        format!("path{} == 1", "[0]".repeat(29)),
        format!("path{} == 1", ".size()".repeat(29)),
        format!("{}true{} == [true]", "[".repeat(28), "]".repeat(28)),
        format!("{}true", "true && ".repeat(200)),
        format!("{}true", "true ? true : ".repeat(28)),
        format!("config.all(name, {})", chain("-").replace("== 1", "< 1").replacen(" - 1", "", 4)),
    ] {
        judged(&format!("expression = '{expression}'"), "port 1\n");
    }
    for expression in [
        format!("1{} == 1", " + 1".repeat(40)),
        format!("path{} == 1", "[0]".repeat(40)),
        format!("{}true{}", "(".repeat(900), ")".repeat(900)),
        format!("{}true", "true ? true : ".repeat(130)),
        format!("{}true", "true && ".repeat(245)),
        format!("{}true", "!".repeat(1_900)),
    ] {
        let (_, wrong) = policies(&format!("{HEAD}expression = '{expression}'"));
        assert!(wrong.len() <= 1, "{expression}");
    }
}

#[test]
fn a_broken_expression_is_shown_where_it_breaks() {
    let text = "schema = 1\n[[policy]]\nid = \"acme-x\"\nmessage = \"m\"\nexpression = 'config.maxmemory > > 0'\n";
    let mut sources = Sources::new();
    let id = sources.add(Name::File("policy.toml".into()), text.as_bytes());
    let (_, wrong) = Policies::new(read_policies(&sources, id).0, &sources, &[]);
    assert!(wrong[0].message.starts_with("this is no expression: "), "{}", wrong[0].message);
    assert_eq!(wrong[0].at.start as usize, text.find("> 0").unwrap());
}

#[test]
fn names_are_their_own() {
    for (id, message) in [
        ("Acme", "`Acme` is no name for a rule"),
        ("acme", "`acme` is no name for a rule"),
        ("acme-", "`acme-` is no name for a rule"),
        ("inline-comment", "`inline-comment` is the name of a built-in rule"),
        ("maxmemory-policy", "`maxmemory-policy` is the name of a directive"),
    ] {
        let (_, wrong) = policies(&format!("id = \"{id}\"\nmessage = \"m\"\nrequire = \"dir\""));
        assert_eq!(wrong[0].message, message);
    }
    let twice = format!("{HEAD}require = \"dir\"\n[[policy]]\n{HEAD}require = \"hz\"");
    assert_eq!(policies(&twice).1[0].message, "there are two policies `acme-x`");
}

#[test]
fn a_finding_looks_like_any_other() {
    let policy = "severity = \"warning\"\nhelp = \"set it\"\ndocs = \"https://example.org/x\"\nrequire = \"maxmemory\"";
    let [finding] = &judged(policy, "port 1\n").findings[..] else { panic!() };
    let (rule, severity, message) = (finding.rule.as_ref(), finding.severity, finding.message.as_str());
    assert_eq!((rule, severity, message), ("acme-x", Severity::Warning, "not so"));
    assert_eq!(finding.help.as_deref(), Some("set it; see https://example.org/x"));
    let rests = "expression = 'facts.memory < config.maxmemory'";
    let [finding] = &judged(rests, "# redisconf: memory=8gb\nmaxmemory 1gb\n").findings[..] else { panic!() };
    assert_eq!(finding.used, ["memory"]);
}

#[test]
fn no_secret_reaches_an_expression_or_a_message() {
    let text = "requirepass hunter2\nmasterauth hunter2\nuser a on >hunter2\nrename-command CONFIG hunter2\n\
                tls-key-file-pass hunter2\n";
    for policy in [
        "expression = 'config.requirepass == \"x\"'",
        "expression = '!config.requirepass'",
        "expression = 'config.exists(name, string(config[name]) == \"x\")'",
        "expression = 'config.masterauth + \"x\" == \"y\"'",
        "forbid = \"requirepass\"",
        "forbid = \"rename-command\"",
        "forbid = \"user\"",
    ] {
        assert!(!format!("{:?}", judged(policy, text)).contains("hunter2"), "{policy}");
    }
    assert!(said("expression = '!config.requirepass'", text).ends_with("| `requirepass` is `***`"));
}
