//! Values for charts.

use proptest::prelude::*;

use super::super::{Chart, Failover, RollOn, Secrets, Target};
use super::yaml::{Yaml, document};
use super::{Build, build, build_bytes, statements};
use crate::source::{Memory, Name};
use crate::syntax::argv::read_argv;
use crate::syntax::conf::read_alone;
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_line;

fn chart(chart: Chart, conf: &str) -> Build {
    let redis = matches!(chart, Chart::BitnamiRedis | Chart::CloudPiratesRedis);
    let server = if redis { "redis-7.4" } else { "valkey-8.1" };
    build(Target::Helm, server, conf).option(|o| o.chart = Some(chart))
}

fn values(build: &Build) -> Yaml {
    document(&build.text())
}

fn kubernetes(key: &str) -> Provider {
    Provider::Kubernetes { name: "redis-auth".into(), key: key.into() }
}

/// What `tpl` makes of a text: our escape is a brace pair in backquotes, and no other action occurs.
fn tpl(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        rest = rest[at..].strip_prefix("{{`{{`}}").unwrap_or_else(|| panic!("an action in {text:?}"));
        out.push_str("{{");
    }
    out + rest
}

#[test]
fn a_chart_is_needed_and_runs_one_engine() {
    assert_eq!(build(Target::Helm, "redis-7.4", "").refusals(), ["target-option"]);
    let wrong = build(Target::Helm, "redis-7.4", "").option(|o| o.chart = Some(Chart::Valkey));
    assert_eq!(wrong.refusals(), ["target-option"]);
    let elsewhere = build(Target::Conf, "redis-7.4", "").option(|o| o.chart = Some(Chart::Valkey));
    assert_eq!(elsewhere.refusals(), ["target-option"]);
}

#[test]
fn nothing_but_switches_and_numbers_is_bare() {
    for name in Chart::ALL {
        let build =
            chart(*name, "save 3600 1\nmaxmemory 8589934592\nhz 10\n").fact("memory", "8GiB").fact("cpus", "0.5");
        for word in values(&build).bare() {
            let number = word.parse::<u32>().is_ok_and(|n| n < 1_000_000);
            assert!(number || word == "true" || word == "false" || word == "Recreate", "{name:?}: {word}");
        }
    }
}

#[test]
fn bitnami_replaces_its_own_configuration() {
    let build = chart(Chart::BitnamiRedis, "save 3600 1\nmaxmemory 6gb\n").fact("memory", "8GiB").fact("replicas", "2");
    let values = values(&build);
    assert_eq!(values.at("architecture").text(), "replication");
    assert_eq!(values.at("commonConfiguration").text(), "maxmemory 6gb\nsave 3600 1\n");
    assert_eq!(values.at("master/resources/limits/memory").text(), "8Gi");
    assert_eq!(*values.at("replica/replicaCount"), Yaml::Bare("2".into()));
    assert_eq!(values.at("replica/persistence/size").text(), "12Gi");
    assert!(values.find("master/disableCommands").is_none());
    assert!(build.render().unwrap().notes.iter().any(|note| note.contains("AOF on")));
}

#[test]
fn bitnami_under_sentinel_reads_replica_alone() {
    let build = chart(Chart::BitnamiValkey, "save \"\"\n").option(|o| {
        o.replicas = Some(2);
        o.failover = Failover::Sentinel;
    });
    let values = values(&build);
    assert!(values.find("primary").is_none());
    assert_eq!(*values.at("replica/replicaCount"), Yaml::Bare("3".into()));
    assert_eq!(*values.at("sentinel/enabled"), Yaml::Bare("true".into()));
    let alone = chart(Chart::BitnamiValkey, "").option(|o| o.failover = Failover::Sentinel);
    assert_eq!(alone.refusals(), ["target-option"]);
}

#[test]
fn a_command_is_never_renamed_twice() {
    let values = values(&chart(Chart::BitnamiRedis, "rename-command FlushAll \"\"\nrename-command KEYS \"\"\n"));
    assert_eq!(values.at("master/disableCommands").texts(), ["FLUSHDB"]);
    assert!(values.at("commonConfiguration").text().contains("rename-command FlushAll \"\"\n"));
}

#[test]
fn what_a_chart_owns_is_refused_or_left_to_it() {
    for name in
        [Chart::BitnamiRedis, Chart::BitnamiValkey, Chart::CloudPiratesRedis, Chart::CloudPiratesValkey, Chart::Valkey]
    {
        assert_eq!(chart(name, "port 7000\n").refusals(), ["chart-owns-directive"], "{name:?}");
        assert_eq!(chart(name, "tls-port 7000\n").refusals(), ["chart-owns-directive"], "{name:?}");
        assert!(!chart(name, "port 6379\n").text().contains("port 6379"), "{name:?}");
    }
    assert_eq!(chart(Chart::Valkey, "dir /x\n").refusals(), ["chart-owns-directive"]);
    assert_eq!(values(&chart(Chart::BitnamiRedis, "dir /x\n")).at("master/persistence/path").text(), "/x");
    assert!(chart(Chart::CommandList, "port 7000\n").render().is_ok());
}

#[test]
fn only_bitnami_and_charts_without_a_hash_can_wait_for_a_restart() {
    let later = |name, conf: &str| chart(name, conf).option(|o| o.roll_on = RollOn::RestartOnly);
    for name in [Chart::CloudPiratesRedis, Chart::CommandList, Chart::Valkey] {
        assert_eq!(later(name, "").refusals(), ["target-option"], "{name:?}");
    }
    let redis = values(&later(Chart::BitnamiRedis, "hz 10\n"));
    assert_eq!(*redis.at("configmapChecksumAnnotations"), Yaml::Bare("false".into()));
    assert_eq!(redis.at("master/podAnnotations").only().text().len(), 64);
    let same = |name, a: &str, b: &str| {
        let key = if name == Chart::BitnamiValkey { "primary/podAnnotations" } else { "podAnnotations" };
        values(&later(name, a)).at(key) == values(&later(name, b)).at(key)
    };
    for name in [Chart::BitnamiValkey, Chart::CloudPiratesValkey] {
        assert!(same(name, "hz 10\n", "hz 20\n") && !same(name, "io-threads 2\n", "io-threads 3\n"));
    }
    // The chart's own map, which it hashes, never changes.
    let valkey = values(&later(Chart::BitnamiValkey, "hz 10\n"));
    assert_eq!(valkey.at("commonConfiguration").text(), "include /etc/redisconf/valkey.conf\n");
    assert_eq!(valkey.at("extraDeploy/0/data/valkey.conf").text(), "hz 10\n");
    assert_eq!(valkey.at("primary/extraVolumes/0/configMap/name").text(), "{{ .Release.Name }}-redisconf");
}

#[test]
fn one_password_goes_by_the_keys_of_the_chart() {
    for name in [Chart::BitnamiRedis, Chart::BitnamiValkey, Chart::CloudPiratesRedis, Chart::CloudPiratesValkey] {
        let build = chart(name, "hz 10\n")
            .secret(("requirepass", &[], "", &[]), "app", kubernetes("app"), None)
            .secret(("masterauth", &[], "", &[]), "app", None, None);
        let values = values(&build);
        assert_eq!(values.at("auth/existingSecret").text(), "redis-auth", "{name:?}");
        assert_eq!(values.at("auth/existingSecretPasswordKey").text(), "app");
        assert!(!build.text().contains("requirepass") && !build.text().contains("initContainers"));
    }
}

fn users(name: Chart) -> Build {
    chart(name, "hz 10\n")
        .secret(("user", &["default", "on", "~*", "&*", "+@all"], ">", &[]), "app", kubernetes("app"), None)
        .secret(("user", &["ops", "on", "-@all", "+info"], ">", &[]), "ops", kubernetes("ops"), None)
        .secret(("masterauth", &[], "", &[]), "replication", kubernetes("replication"), None)
}

#[test]
fn users_reach_bitnami_by_an_init_container() {
    let build = users(Chart::BitnamiRedis);
    let values = values(&build);
    assert_eq!(values.at("auth/existingSecretPasswordKey").text(), "app");
    let common = values.at("commonConfiguration").text();
    assert_eq!(common, "hz 10\naclfile /run/redis-secrets/users.acl\ninclude /run/redis-secrets/secrets.conf\n");
    let init = values.at("master/initContainers/0");
    assert_eq!(init.at("image").text(), "{{ include \"redis.image\" . }}");
    assert_eq!(init.at("env/2/valueFrom/secretKeyRef/key").text(), "replication");
    assert!(init.at("command/2").text().contains("$$(hash \"$$SECRET_1\")"));
    assert_eq!(values.at("master/extraVolumeMounts/0/mountPath").text(), "/run/redis-secrets");
    let off =
        chart(Chart::BitnamiRedis, "").secret(("user", &["default", "off"], ">", &[]), "app", kubernetes("app"), None);
    assert_eq!(off.refusals(), ["target-cannot-say"]);
    // Beside an ACL file the password of the chart would be without effect.
    let open = chart(Chart::BitnamiRedis, "").secret(
        ("user", &["ops", "on", "+@all"], ">", &[]),
        "ops",
        kubernetes("ops"),
        None,
    );
    assert_eq!(*self::values(&open).at("auth/enabled"), Yaml::Bare("false".into()));
}

#[test]
fn users_reach_the_valkey_chart_by_its_own_keys() {
    let build = users(Chart::Valkey);
    let values = values(&build);
    assert_eq!(values.at("auth/usersExistingSecret").text(), "redis-auth");
    assert_eq!(values.at("auth/aclUsers/ops/permissions").text(), "-@all +info");
    assert_eq!(values.at("auth/aclUsers/default/passwordKey").text(), "app");
    assert!(build.render().unwrap().notes.iter().any(|note| note.contains("nobody logs in")));
    let replicated = users(Chart::Valkey).option(|o| o.replicas = Some(2));
    assert_eq!(replicated.refusals(), ["target-cannot-say"]);
    let live = chart(Chart::Valkey, "").secret(
        ("user", &["default", "on", "~$(x)`y`\\\"", "+@all"], ">", &[]),
        "app",
        kubernetes("app"),
        None,
    );
    assert_eq!(self::values(&live).at("auth/aclUsers/default/permissions").text(), "~\\$(x)\\`y\\`\\\\\\\" +@all");
    for rules in [["default", "nopass"], ["de$fault", "on"], ["default", "resetpass"]] {
        let odd = chart(Chart::Valkey, "").secret(("user", &rules, ">", &[]), "app", kubernetes("app"), None);
        // No server takes a blank in a user's name; the rest is beyond the chart.
        let refused = ["target-cannot-say", "render-refused-by-server"];
        assert!(odd.refusals().iter().any(|rule| refused.contains(&rule.as_str())), "{rules:?}");
    }
}

#[test]
fn charts_without_users_refuse_them() {
    for name in [Chart::CloudPiratesRedis, Chart::CloudPiratesValkey] {
        assert!(users(name).refusals().iter().all(|rule| rule == "target-cannot-say"), "{name:?}");
    }
    let clear = users(Chart::BitnamiRedis).option(|o| o.secrets = Secrets::Clear);
    assert_eq!(clear.refusals(), ["target-option"]);
    assert_eq!(chart(Chart::CommandList, "requirepass x\n").refusals(), ["secret-needs-a-place"]);
}

#[test]
fn cloudpirates_redis_gets_everything_once() {
    let build = chart(Chart::CloudPiratesRedis, "save 1 1\nrename-command KEYS \"\"\n").fact("replicas", "1");
    let values = values(&build);
    assert_eq!(values.at("config/content").text(), "rename-command KEYS \"\"\nsave 1 1\n");
    assert!(values.find("extraConfig").is_none());
    assert_eq!(*values.at("replicaCount"), Yaml::Bare("2".into()));
    assert_eq!((values.at("image/repository").text(), values.at("image/tag").text()), ("redis", "7.4"));
}

#[test]
fn cloudpirates_valkey_has_keys_of_its_own() {
    let build =
        chart(Chart::CloudPiratesValkey, "save 1 1\nsave 2 2\nmaxmemory 6gb\nmaxmemory-policy allkeys-lfu\nhz 10\n");
    let values = values(&build);
    assert_eq!(values.at("config/maxMemory").text(), "6gb");
    assert_eq!(values.at("config/maxMemoryPolicy").text(), "allkeys-lfu");
    assert_eq!(values.at("config/save").text(), "1 1 2 2");
    assert_eq!(values.at("config/extraConfig").texts(), ["hz 10"]);
    assert_eq!(self::values(&chart(Chart::CloudPiratesValkey, "save \"\"\n")).at("config/save").text(), "");
}

#[test]
fn an_image_is_taken_apart() {
    let build = chart(Chart::BitnamiRedis, "").option(|o| o.image = Some("registry.example:5000/a/redis".into()));
    let values = values(&build);
    assert_eq!(values.at("image/registry").text(), "registry.example:5000");
    assert_eq!((values.at("image/repository").text(), values.at("image/tag").text()), ("a/redis", "7.4"));
    assert_eq!(*values.at("global/security/allowInsecureImages"), Yaml::Bare("true".into()));
}

#[test]
fn reasons_stand_outside_of_what_charts_hash() {
    let base = || chart(Chart::BitnamiRedis, "hz 10\n");
    let explained = base().why(0, "because", None);
    assert!(explained.text().contains("# hz: because\n"));
    assert_eq!(values(&explained), values(&base()));
}

#[test]
fn an_umbrella_keeps_its_own_bytes() {
    let under = |existing: &str| {
        let existing = existing.as_bytes().to_vec();
        chart(Chart::Valkey, "hz 10\n").option(|o| (o.under, o.existing) = (Some("valkey".into()), Some(existing)))
    };
    let text = under("# mine\napp: {x: 1}\nvalkey:\n  valkeyConfig: old  # c\n  extra: 1\n").text();
    assert!(
        text.starts_with("# mine\napp: {x: 1}\nvalkey:\n  valkeyConfig: |  # c\n    hz 10\n  extra: 1\n  image:\n"),
        "{text}"
    );
    assert_eq!(under(&text).text(), text);
    assert_eq!(under("valkey: &a\n  x: 1\n").refusals(), ["umbrella-values"]);
    assert!(chart(Chart::Valkey, "").option(|o| o.under = Some("a.b".into())).text().starts_with("a:\n  b:\n"));
}

proptest! {
    #[test]
    fn any_bytes_read_back(word in prop::collection::vec(any::<u8>(), 0..30), braces in "[{}%$`\"\\\\ a]{0,16}", why in any::<String>()) {
        let text = [conf_line("syslog-ident", [&word]), conf_line("logfile", [&braces])].join("\n") + "\n";
        let paths = [
            (Chart::BitnamiRedis, "commonConfiguration"),
            (Chart::BitnamiValkey, "commonConfiguration"),
            (Chart::CloudPiratesRedis, "config/content"),
            (Chart::Valkey, "valkeyConfig"),
            (Chart::CloudPiratesValkey, "config/extraConfig"),
        ];
        for (name, path) in paths {
            let server = if matches!(name, Chart::BitnamiRedis | Chart::CloudPiratesRedis) { "redis-6.2" } else { "valkey-9.1" };
            let build = build_bytes(Target::Helm, server, text.as_bytes()).option(|o| o.chart = Some(name)).why(0, &why, None);
            let found = values(&build).at(path).clone();
            let conf = match name {
                Chart::BitnamiRedis | Chart::BitnamiValkey => tpl(found.text()),
                Chart::CloudPiratesValkey => found.texts().join("\n"),
                Chart::CloudPiratesRedis | Chart::CommandList | Chart::Valkey => found.text().to_owned(),
            };
            let mut got = statements(&read_alone(Name::Stdin, conf.as_bytes(), build.setup.server));
            got.sort();
            let mut expected = build.statements();
            expected.sort();
            prop_assert_eq!(got, expected);
        }
    }

    #[test]
    fn command_lists_read_back_or_are_refused(word in any::<String>(), other in "[-a $()\"\\\\{}]{0,12}") {
        let text = [conf_line("syslog-ident", [&word]), conf_line("logfile", [&other])].join("\n") + "\n";
        let build = build_bytes(Target::Helm, "valkey-9.1", text.as_bytes()).option(|o| o.chart = Some(Chart::CommandList));
        if build.render().is_ok() {
            let words: Vec<String> = values(&build).at("command").texts().iter().map(|word| word.replace("$$", "$")).collect();
            let read = read_argv(&words[1..], Some((Name::CommandLine, b"")), build.setup.server, &Memory::default());
            let mut got = statements(&read);
            got.sort();
            let mut expected = build.statements();
            expected.sort();
            prop_assert_eq!(got, expected);
        }
    }
}
