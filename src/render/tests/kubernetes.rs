//! Manifests for Kubernetes.

use proptest::prelude::*;

use super::super::{Failover, RollOn, Secrets, Target, Workload};
use super::yaml::{Yaml, documents};
use super::{Build, build, build_bytes, statements};
use crate::source::Name;
use crate::syntax::conf::read_alone;
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_line;

/// The manifest of a kind; the last one where there are two.
fn manifest(build: &Build, kind: &str) -> Yaml {
    let found = documents(&build.text()).into_iter().rfind(|d| d.find("kind") == Some(&Yaml::Bare(kind.into())));
    found.unwrap_or_else(|| panic!("no {kind}"))
}

fn pod(build: &Build, kind: &str) -> Yaml {
    manifest(build, kind).at("spec/template").clone()
}

fn hash(build: &Build) -> String {
    let kind = if build.text().contains("kind: StatefulSet") { "StatefulSet" } else { "Deployment" };
    pod(build, kind).at("metadata/annotations").only().text().to_owned()
}

fn kubernetes(name: &str, key: &str) -> Provider {
    Provider::Kubernetes { name: name.into(), key: key.into() }
}

#[test]
fn data_that_is_kept_gets_a_stateful_set() {
    let build = build(Target::Kubernetes, "redis-7.4.5", "save 3600 1\nmaxmemory 6gb\n")
        .fact("memory", "8GiB")
        .fact("cpus", "2");
    let set = manifest(&build, "StatefulSet");
    assert_eq!(set.at("spec/serviceName").text(), "cache-headless");
    assert_eq!(set.at("spec/volumeClaimTemplates/0/spec/resources/requests/storage").text(), "12Gi");
    let pod = pod(&build, "StatefulSet");
    let server = pod.at("spec/containers/0");
    assert_eq!(server.at("image").text(), "redis:7.4.5");
    assert_eq!(server.at("command").texts(), ["redis-server", "/etc/redis/redis.conf"]);
    assert_eq!(server.at("resources/limits/memory").text(), "8Gi");
    assert_eq!(server.at("resources/requests/memory").text(), "8Gi");
    assert_eq!(server.find("resources/limits/cpu"), None);
    assert_eq!(server.at("readinessProbe/exec/command/2").text(), "redis-cli ping | grep -q PONG");
    assert_eq!(server.at("livenessProbe/exec/command/2").text(), "redis-cli ping");
    assert_eq!(*pod.at("spec/terminationGracePeriodSeconds"), Yaml::Bare("110".into()));
    let conf = manifest(&build, "ConfigMap");
    assert!(conf.at("data/redis.conf").text().contains("\nmaxmemory 6gb\n"));
}

#[test]
fn a_cache_gets_a_deployment() {
    let build =
        build(Target::Kubernetes, "valkey-8.1", "save \"\"\nport 0\ntls-port 6380\ntls-ca-cert-file /tls/ca.crt\n");
    let pod = pod(&build, "Deployment");
    assert_eq!(
        pod.at("spec/containers/0/readinessProbe/exec/command/2").text(),
        "valkey-cli -p 6380 --tls --cacert /tls/ca.crt ping | grep -q PONG"
    );
    assert_eq!(*manifest(&build, "Service").at("spec/ports/0/port"), Yaml::Bare("6380".into()));
    assert!(!build.text().contains("StatefulSet") && !build.text().contains("headless"));
    assert!(build.text().contains("emptyDir"));
}

#[test]
fn options_that_cannot_be_are_refused() {
    let refused = |conf, choose: fn(&mut super::super::Options)| {
        build(Target::Kubernetes, "redis-7.4", conf).option(choose).refusals()
    };
    assert_eq!(refused("save 1 1\n", |o| o.workload = Some(Workload::Deployment)), ["target-option"]);
    assert_eq!(refused("", |o| o.failover = Failover::Sentinel), ["target-option"]);
    assert_eq!(refused("", |o| o.replicas = Some(2)), ["target-option"]);
    assert_eq!(refused("", |o| o.secret_directory = Some("/etc/redis/".into())), ["target-option"]);
    assert_eq!(refused("", |o| o.resource_name = Some("a\nb".into())), ["target-option"]);
    assert_eq!(refused("", |o| o.image = Some("a b".into())), ["target-option"]);
    assert_eq!(refused("port 0\nunixsocket /tmp/s\n", |_| ()), ["target-cannot-say"]);
    assert_eq!(refused("logfile /var/log/x\n", |_| ()), ["target-cannot-say"]);
}

#[test]
fn the_hash_follows_the_meaning() {
    let base = |conf: &str| build(Target::Kubernetes, "redis-7.4", conf);
    let conf = "save \"\"\nmaxmemory 1gb\nio-threads 4\n";
    let same = hash(&base(conf));
    assert_eq!(hash(&base(conf).why(1, "because", None)), same);
    assert_eq!(hash(&base("io-threads 4\n# x\nsave \"\"\nmaxmemory 1024mb\n")), same);
    assert_ne!(hash(&base("save \"\"\nmaxmemory 2gb\nio-threads 4\n")), same);
    let restart = |conf: &str| hash(&base(conf).option(|o| o.roll_on = RollOn::RestartOnly));
    assert_eq!(restart("save \"\"\nmaxmemory 2gb\nio-threads 4\n"), restart(conf));
    assert_ne!(restart("save \"\"\nmaxmemory 1gb\nio-threads 5\n"), restart(conf));
    assert_ne!(restart("save \"\"\nio-threads 4\nrename-command KEYS \"\"\n"), restart("save \"\"\nio-threads 4\n"));
}

#[test]
fn no_secret_goes_into_the_hash() {
    let with = |value: &[u8]| {
        let base = build(Target::Kubernetes, "redis-7.4", "save \"\"\n");
        hash(&base.secret(("masterauth", &[], "", &[]), "app", kubernetes("s", "k"), Some(value)))
    };
    assert_eq!(with(b"a"), with(b"b"));
}

fn with_secrets() -> Build {
    build(Target::Kubernetes, "redis-7.4", "save \"\"\n")
        .secret(("user", &["app", "on", "~it's*", "+@all"], ">", &[]), "app", kubernetes("redis-auth", "app"), None)
        .secret(("masterauth", &[], "", &[]), "replication", kubernetes("redis-auth", "replication"), None)
        .secret(("requirepass", &[], "", &[]), "app", None, None)
}

#[test]
fn secrets_stay_in_secrets() {
    let build = with_secrets();
    let pod = pod(&build, "Deployment");
    let init = pod.at("spec/initContainers/0");
    assert_eq!(init.at("env/1/valueFrom/secretKeyRef/key").text(), "replication");
    assert_eq!(pod.at("spec/containers/0/env/0/valueFrom/secretKeyRef/key").text(), "app");
    assert_eq!(pod.at("spec/containers/0/readinessProbe/exec/command/2").text(), "redis-cli ping | grep -q PONG");
    let conf = manifest(&build, "ConfigMap").at("data/redis.conf").text().to_owned();
    assert!(
        conf.contains("\naclfile /run/redis-secrets/users.acl\n")
            && conf.ends_with("\ninclude /run/redis-secrets/secrets.conf\n")
    );
    assert!(!conf.contains("\nuser ") && !conf.contains("masterauth"));
}

#[test]
fn a_secret_elsewhere_is_refused() {
    let base = || build(Target::Kubernetes, "redis-7.4", "save \"\"\n");
    let env = Some(Provider::Environment("X".into()));
    let elsewhere = base().secret(("requirepass", &[], "", &[]), "app", env, Some(b"x"));
    assert_eq!(elsewhere.refusals(), ["secret-needs-a-place"]);
    assert_eq!(build(Target::Kubernetes, "redis-7.4", "requirepass x\n").refusals(), ["secret-needs-a-place"]);
    for (name, key) in [("a b", "k"), ("A", "k"), ("", "k"), ("a", ""), ("a", "{{x}}"), ("a", "b\nc")] {
        let odd = base().secret(("requirepass", &[], "", &[]), "app", kubernetes(name, key), None);
        assert_eq!(odd.refusals(), ["secret-needs-a-place"], "{name:?} {key:?}");
    }
    let clear = elsewhere.option(|o| o.secrets = Secrets::Clear).render().unwrap();
    assert!(clear.artefacts[0].secret);
}

/// The script runs in a real shell, and what it writes is read as a server would.
#[cfg(unix)]
#[test]
#[expect(clippy::disallowed_methods, reason = "the shell is the reader on the other side")]
fn the_script_writes_what_the_server_reads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().to_str().unwrap().to_owned();
    let build = with_secrets().option(|o| o.secret_directory = Some(path));
    let script = manifest(&build, "ConfigMap").at("data/secrets.sh").text().to_owned();
    let (app, replication) = ("a'b\"$(x) \\ é", "x \"y\" \\n\nz");
    let run = |app: &str| {
        let mut sh = std::process::Command::new("sh");
        sh.arg("-c").arg(&script).env("SECRET_1", app).env("SECRET_2", replication).status().unwrap().success()
    };
    assert!(!run(""), "an empty password lets everybody in");
    assert!(run(app));
    let read = |name: &str| std::fs::read_to_string(directory.path().join(name)).unwrap();
    let hash = super::super::acl_file::hash(app.as_bytes());
    assert_eq!(read("users.acl"), format!("user app on ~it's* +@all #{hash}\nuser default on #{hash} ~* &* +@all\n"));
    let conf = read_alone(Name::Stdin, read("secrets.conf").as_bytes(), build.setup.server);
    assert_eq!(statements(&conf), [[b"masterauth".to_vec(), replication.as_bytes().to_vec()]]);
}

proptest! {
    #[test]
    fn any_bytes_read_back(word in prop::collection::vec(any::<u8>(), 0..30), why in any::<String>(), secret in any::<String>()) {
        let text = conf_line("syslog-ident", [&word]) + "\nsave \"\"\n";
        let build = build_bytes(Target::Kubernetes, "valkey-9.1", text.as_bytes()).why(0, &why, None)
            .secret(("masterauth", &[], "", &[]), &secret, kubernetes("auth", "k.1_-K"), None);
        let map = manifest(&build, "ConfigMap");
        let read = read_alone(Name::Stdin, map.at("data/valkey.conf").text().as_bytes(), build.setup.server);
        let mut got = statements(&read);
        got.retain(|statement| statement[0] != b"include");
        got.sort();
        let mut expected = build.statements();
        expected.retain(|statement| statement[0] != b"masterauth");
        expected.sort();
        prop_assert_eq!(got, expected);
    }
}
