//! Command lines.

use proptest::prelude::*;

use super::super::{Layout, Secrets, Target};
use super::{Build, build, build_bytes, statements};
use crate::source::{Memory, Name};
use crate::syntax::argv::read_argv;
use crate::syntax::profile::Provider;
use crate::syntax::quote::conf_line;

/// The words as a shell would see them.
fn words(build: &Build) -> Vec<String> {
    let text = build.text();
    let command = text.lines().skip_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n");
    shlex::split(&command).unwrap()
}

/// The words as the shell of this machine sees them.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "the shell is the reader on the other side")]
fn words_by_sh(build: &Build) -> Vec<String> {
    let script = format!(
        "show() {{ printf '%s\\000' \"$@\"; }}\nshow {}",
        build.text().lines().skip_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n")
    );
    let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn a_shell_reads_one_line_and_many_alike() {
    for value in ["a'b", "$(x) `y` ${z} $HOME", "*", "~", "\\\\ \\n", "#x", "!x", "a\nb", "\"", "&;|<>"] {
        let build = build_bytes(
            Target::Argv,
            "valkey-9.1",
            format!("{}\nsave 1 1\nsave 2 2\n", conf_line("syslog-ident", [value])).as_bytes(),
        );
        let expected = ["valkey-server", "--syslog-ident", value, "--save", "1", "1", "--save", "2", "2"];
        assert_eq!(words_by_sh(&build), expected);
        assert_eq!(words_by_sh(&build.option(|o| o.layout = Layout::OneLine)), expected);
    }
}

/// What the server makes of the command line, sorted.
fn read(build: &Build) -> Vec<Vec<Vec<u8>>> {
    let words = words(build);
    assert!(words[0].ends_with("-server"));
    let reading = read_argv(&words[1..], Some((Name::CommandLine, b"")), build.setup.server, &Memory::default());
    let mut statements = statements(&reading);
    statements.sort();
    statements
}

#[test]
fn every_word_is_one_element() {
    let conf = "save 3600 1\nsave 300 100\nmaxmemory 6gb\nclient-output-buffer-limit pubsub 256mb 128mb 60\n";
    let base = build(Target::Argv, "redis-6.2", conf);
    assert_eq!(
        base.text(),
        "# cache\n# Rendered by redisconf for redis 6.2: a command line\nredis-server \\\n  --save 3600 1 \\\n  --save 300 100 \\\n  --maxmemory 6gb \\\n  \
         --client-output-buffer-limit pubsub 256mb 128mb 60\n"
    );
    let one = build(Target::Argv, "valkey-8.1", "save \"\"\nmaxmemory 1gb\n").option(|o| o.layout = Layout::OneLine);
    assert_eq!(
        one.text(),
        "# cache\n# Rendered by redisconf for valkey 8.1: a command line\nvalkey-server --save '' --maxmemory 1gb\n"
    );
}

#[test]
fn what_looks_like_an_option_is_refused_where_it_is_taken_for_one() {
    let refused = |server, conf| build(Target::Argv, server, conf).refusals();
    assert_eq!(refused("redis-6.2", "syslog-ident --x\n"), ["target-cannot-say"]);
    assert!(build(Target::Argv, "redis-7.0", "syslog-ident --x\n").render().is_ok());
    assert_eq!(refused("redis-7.0", "loadmodule /m --x\n"), ["target-cannot-say"]);
    assert_eq!(refused("redis-7.4", "syslog-ident -\n"), ["target-cannot-say"]);
    assert_eq!(refused("redis-7.4", "syslog-ident \"\\xff\"\n"), ["target-cannot-say"]);
    assert_eq!(refused("redis-7.4", "loadmodule /m \"a\\x00b\"\n"), ["target-cannot-say"]);
}

#[test]
fn secrets_never_stand_on_a_command_line() {
    for secrets in [Secrets::Refuse, Secrets::Clear] {
        let build = build(Target::Argv, "redis-7.4", "port 1\n")
            .secret(("requirepass", &[], "", &[]), "app", None, Some(b"hunter2"))
            .option(|o| o.secrets = secrets);
        assert_eq!(build.refusals(), ["secret-needs-a-place"]);
    }
    let build = build(Target::Argv, "redis-7.4", "port 1\n")
        .secret(("requirepass", &[], "", &[]), "app", Some(Provider::File("/f".into())), Some(b"hunter2"))
        .secret(("masterauth", &[], "", &[]), "app", None, None)
        .option(|o| {
            o.secrets = Secrets::AclFile;
            o.secret_directory = Some("/run/secrets/".into());
        });
    assert!(build.text().ends_with("  --aclfile /run/secrets/users.acl \\\n  --include /run/secrets/secrets.conf\n"));
    assert!(!build.text().contains("hunter2"));
}

proptest! {
    #[test]
    fn any_text_reads_back_or_is_refused(word in any::<String>(), other in "[-a \"'\\\\\n$`{}%#]{0,12}") {
        for server in ["redis-6.2", "redis-7.4", "valkey-9.1"] {
            let text = [conf_line("syslog-ident", [&word]), conf_line("loadmodule", ["/m", &word, &other])].join("\n") + "\n";
            let build = build_bytes(Target::Argv, server, text.as_bytes()).option(|o| o.layout = Layout::OneLine);
            match build.render() {
                Ok(_) => {
                    let mut expected = build.statements();
                    expected.sort();
                    prop_assert_eq!(read(&build), expected);
                }
                Err(findings) => prop_assert!(findings.iter().all(|f| f.rule == "target-cannot-say")),
            }
        }
    }
}
