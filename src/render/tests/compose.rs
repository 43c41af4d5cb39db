//! Compose files.

use proptest::prelude::*;

use super::super::{Secrets, Target};
use super::yaml::{Yaml, document};
use super::{Build, build, build_bytes, statements};
use crate::source::{Memory, Name};
use crate::syntax::argv::read_argv;
use crate::syntax::quote::conf_line;

fn service(build: &Build) -> Yaml {
    document(&build.text()).at("services/cache").clone()
}

/// What Compose makes of a string: `$$` is a dollar, anything else after `$` a variable.
fn interpolated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '$' {
            assert_eq!(rest.next(), Some('$'), "a variable in {text:?}");
        }
        out.push(c);
    }
    out
}

#[test]
fn a_service_says_what_the_facts_say() {
    let build = build(
        Target::Compose,
        "redis-7.4.5",
        "save \"\"\nmaxmemory 6gb\nmaxclients 20000\ntcp-backlog 1024\nport 6380\n",
    )
    .fact("memory", "8GiB")
    .fact("cpus", "4");
    let service = service(&build);
    assert_eq!(service.at("image").text(), "redis:7.4.5");
    assert_eq!(service.at("command").texts()[..3], ["redis-server", "--save", ""]);
    assert_eq!((service.at("mem_limit").text(), service.at("memswap_limit").text()), ("8g", "8g"));
    assert_eq!(service.at("cpus").text(), "4");
    assert_eq!(*service.at("ulimits/nofile/soft"), Yaml::Bare("20032".into()));
    assert_eq!(service.at("sysctls/net.core.somaxconn").text(), "1024");
    assert_eq!(service.at("healthcheck/test").texts(), ["CMD-SHELL", "redis-cli -p 6380 ping | grep -q PONG"]);
    assert_eq!(service.find("volumes"), None);
    assert_eq!(service.bare(), ["unless-stopped", "20032", "20032", "10s", "5s", "6"]);
}

#[test]
fn data_that_is_kept_has_a_volume_and_time() {
    let build = build(Target::Compose, "valkey-8.1", "maxmemory 8gb\ndir /var/lib/x\n");
    let service = service(&build);
    assert_eq!(service.at("image").text(), "valkey/valkey:8.1");
    assert_eq!(service.at("volumes/0/target").text(), "/var/lib/x");
    assert_eq!(service.at("stop_grace_period").text(), "130s");
    assert!(service.at("healthcheck/test/1").text().starts_with("valkey-cli ping"));
    assert!(document(&build.text()).find("volumes/data").is_some());
    assert!(build.render().unwrap().notes.iter().any(|note| note.contains("protected-mode")));
}

#[test]
fn secrets_are_mounted_not_written() {
    let build = build(Target::Compose, "redis-7.4", "save \"\"\n")
        .secret(("requirepass", &[], "", &[]), "app", None, Some(b"$hunter2"))
        .option(|o| o.secrets = Secrets::AclFile);
    let service = service(&build);
    assert_eq!(service.at("volumes/0/source").text(), "./users.acl");
    assert_eq!(service.at("volumes/0/target").text(), "/etc/redis/users.acl");
    assert!(service.at("healthcheck/test/1").text().contains("NOAUTH"));
    assert!(!build.text().contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_reads_back_or_is_refused(word in any::<String>(), other in "[-a \"'\\\\\n$`{}%#:]{0,12}") {
        for server in ["redis-6.2", "valkey-9.1"] {
            let text = [conf_line("syslog-ident", [&other]), conf_line("logfile", [&word])].join("\n") + "\n";
            let build = build_bytes(Target::Compose, server, text.as_bytes());
            if build.render().is_err() {
                continue;
            }
            let argv: Vec<String> = service(&build).at("command").texts().iter().map(|word| interpolated(word)).collect();
            let read = read_argv(&argv[1..], Some((Name::CommandLine, b"")), build.setup.server, &Memory::default());
            let mut got = statements(&read);
            got.sort();
            let mut expected = build.statements();
            expected.sort();
            prop_assert_eq!(got, expected);
        }
    }
}
