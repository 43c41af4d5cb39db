//! redis.conf.

use proptest::prelude::*;

use super::super::{Failover, Secrets, Target};
use super::{build, build_bytes, statements};
use crate::source::Name;
use crate::syntax::conf::read_alone;
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_line;

const PASSWORD: &[u8] = b"s3cr3t \"x\"\n";

#[test]
fn statements_are_grouped_and_explained() {
    let text =
        build(Target::Conf, "redis-7.4", "save 3600 1\nmaxmemory 8gb\nport 6380\nmaxmemory-policy allkeys-lru\n")
            .why(1, "room for a fork", Some("50% of memory 16GiB (base.toml:3)"))
            .text();
    assert_eq!(
        text,
        "# cache\n# redisconf: server=redis-7.4\n# Rendered by redisconf: change the profile, not this file.\n\n\
         # Network\nport 6380\n\n\
         # Memory and eviction\n# room for a fork\n# 50% of memory 16GiB (base.toml:3)\nmaxmemory 8gb\n\
         maxmemory-policy allkeys-lru\n\n# Snapshots\nsave 3600 1\n"
    );
}

#[test]
fn save_has_one_point_a_line_and_off_is_empty() {
    let text = build(Target::Conf, "redis-7.4", "save 3600 1 300 100\n").text();
    assert!(text.contains("\nsave 3600 1\nsave 300 100\n"), "{text}");
    assert!(build(Target::Conf, "redis-6.2", "save 1 1\nsave \"\"\n").text().contains("\nsave \"\"\n"));
    assert!(!build(Target::Conf, "redis-6.2", "port 1\n").text().contains("save"));
}

#[test]
fn buffer_limits_have_one_class_a_line() {
    let conf = "client-output-buffer-limit \"slave 1mb 1mb 60 pubsub 2mb 2mb 60\"\nclient-output-buffer-limit pubsub 3mb 3mb 6\n";
    let text = build(Target::Conf, "redis-7.4", conf).text();
    assert!(
        text.contains("\nclient-output-buffer-limit replica 1mb 1mb 60\nclient-output-buffer-limit pubsub 3mb 3mb 6\n"),
        "{text}"
    );
    assert!(!text.contains("2mb"));
}

#[test]
fn names_are_those_the_version_prefers() {
    assert!(
        build(Target::Conf, "valkey-8.1", "slowlog-log-slower-than 5\n")
            .text()
            .contains("\ncommandlog-execution-slower-than 5\n")
    );
    assert!(build(Target::Conf, "redis-7.4", "slave-read-only no\n").text().contains("\nreplica-read-only no\n"));
}

#[test]
fn a_save_behind_an_include_is_one_line() {
    let conf = "include /x.conf\nsave 1 1\nsave 2 2\nport 1\n";
    let text = build(Target::Conf, "redis-7.4", conf).text();
    let include = text.find("include").unwrap();
    assert!(text[include..].contains("\nsave 1 1 2 2\n") && text[include..].contains("\nport 1\n"), "{text}");
    assert!(build(Target::Conf, "redis-6.2", conf).text().contains("\nsave 1 1\nsave 2 2\n"));
}

#[test]
fn comments_are_never_statements() {
    let build = build(Target::Conf, "redis-7.4", "maxmemory 1gb\n").why(
        0,
        "a\nrequirepass x\r\nport 1\u{85}",
        Some("\n\n\tflushall"),
    );
    let read = read_alone(Name::Stdin, build.text().as_bytes(), build.setup.server);
    assert_eq!(statements(&read), build.statements());
}

#[test]
fn preferences_that_were_left_out_are_named() {
    let mut build = build(Target::Conf, "redis-6.2", "port 1\n");
    let at = build.setup.reading.statements()[0].at;
    let (name, reason) = ("maxmemory-clients".into(), "redis 6.2 does not know it".into());
    build.setup.left_out.push(crate::config::LeftOut { name, at, reason });
    assert!(build.text().ends_with("\n# maxmemory-clients: redis 6.2 does not know it\n"));
}

fn with_secrets(server: &str) -> super::Build {
    let provider = Some(Provider::Environment("APP".into()));
    build(Target::Conf, server, "port 1\nsave 1 1\n")
        .secret(("user", &["app", "on", "~*", "+@all"], ">", &[]), "app", provider, Some(PASSWORD))
        .secret(("masterauth", &[], "", &[]), "replication", None, Some(b"r"))
        .secret(("requirepass", &[], "", &[]), "app", None, None)
}

#[test]
fn secrets_are_refused_by_default() {
    let findings = with_secrets("redis-7.4").render().unwrap_err();
    assert_eq!(findings.len(), 3);
    assert!(findings.iter().all(|f| f.rule == "secret-needs-a-place" && f.help.as_ref().unwrap().contains("aclfile")));
    assert_eq!(build(Target::Conf, "redis-7.4", "requirepass x\n").refusals(), ["secret-needs-a-place"]);
    assert!(
        build(Target::Conf, "redis-7.4", "requirepass \"\"\nuser a on nopass +@all\nmasteruser a\n").render().is_ok()
    );
}

#[test]
fn secrets_in_clear_make_the_file_private() {
    let build = with_secrets("valkey-8.1").option(|o| o.secrets = Secrets::Clear);
    let rendered = build.render().unwrap();
    assert_eq!((rendered.artefacts[0].mode, rendered.artefacts[0].secret), (Some(0o600), true));
    let text = build.text();
    assert!(text.contains("\nuser app on \"~*\" +@all \">s3cr3t \\\"x\\\"\\n\"\n"), "{text}");
    assert!(text.contains("\nprimaryauth r\n"));
}

#[test]
fn users_go_into_an_acl_file_as_hashes() {
    let build = with_secrets("redis-7.4").option(|o| o.secrets = Secrets::AclFile);
    let hash = super::super::acl_file::hash(PASSWORD);
    assert_eq!(
        build.artefact("users.acl"),
        format!("user app on ~* +@all #{hash}\nuser default on #{hash} ~* &* +@all\n")
    );
    assert_eq!(build.artefact("secrets.conf"), "masterauth r\n");
    let text = build.text();
    assert!(
        text.contains("\naclfile /etc/redis/users.acl\n")
            && text.ends_with("\n# Included\ninclude /etc/redis/secrets.conf\n"),
        "{text}"
    );
    assert!(!text.contains("\nuser") && !text.contains("requirepass"));
    let rendered = build.render().unwrap();
    assert!(!rendered.artefacts[0].secret);
    assert!(rendered.artefacts[1..].iter().all(|a| a.secret && a.mode == Some(0o600)));
}

#[test]
fn an_include_under_sentinel_is_refused() {
    let build = with_secrets("redis-7.4").option(|o| {
        o.secrets = Secrets::AclFile;
        o.failover = Failover::Sentinel;
    });
    assert_eq!(build.refusals(), ["secret-include-under-sentinel"]);
}

#[test]
fn a_missing_value_names_its_provider() {
    let mut build = with_secrets("redis-7.4").option(|o| o.secrets = Secrets::AclFile);
    build.known.clear();
    let findings = build.render().unwrap_err();
    assert!(findings.iter().any(|f| f.help.as_ref().unwrap().contains("`APP`")));
}

#[test]
fn a_rule_with_a_blank_has_no_place_in_an_acl_file() {
    let base =
        build(Target::Conf, "redis-7.4", "user a on nopass \"(~a  +get)\"\n").option(|o| o.secrets = Secrets::AclFile);
    assert_eq!(base.refusals(), ["target-cannot-say"]);
    let selector =
        build(Target::Conf, "redis-7.4", "user a on nopass \"(~a +get)\"\n").option(|o| o.secrets = Secrets::AclFile);
    assert_eq!(selector.artefact("users.acl"), "user a on nopass (~a +get)\n");
}

proptest! {
    #[test]
    fn any_bytes_read_back(word in prop::collection::vec(any::<u8>(), 0..30), other in prop::collection::vec(any::<u8>(), 0..30), why in any::<String>()) {
        for server in ["redis-6.2", "redis-7.4", "valkey-9.1"] {
            let text = [conf_line("syslog-ident", [&word]), conf_line("loadmodule", [&b"/m"[..], &word, &other])].join("\n") + "\n";
            let build = build_bytes(Target::Conf, server, text.as_bytes()).why(0, &why, Some(&why));
            let read = read_alone(Name::Stdin, build.text().as_bytes(), build.setup.server);
            let mut expected = build.statements();
            expected.sort();
            let mut got = statements(&read);
            got.sort();
            prop_assert_eq!(got, expected);
        }
    }
}
