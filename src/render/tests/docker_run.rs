//! `docker run`.

use proptest::prelude::*;

use super::super::{Layout, Secrets, Target};
use super::{Build, build, build_bytes, statements};
use crate::source::{Memory, Name};
use crate::syntax::argv::read_argv;
use crate::syntax::quote::conf_line;

fn words(build: &Build) -> Vec<String> {
    let text = build.text();
    let command = text.lines().skip_while(|line| line.starts_with('#')).collect::<Vec<_>>().join("\n");
    shlex::split(&command).unwrap()
}

#[test]
fn the_command_says_what_the_facts_say() {
    let build =
        build(Target::DockerRun, "redis-7.4", "save 3600 1\nmaxmemory 6gb\ntcp-backlog 1024\n").fact("memory", "8GiB");
    assert_eq!(
        build.text(),
        "# cache\n# Rendered by redisconf for redis 7.4: a docker command\n\
         docker run --detach \\\n  --name cache \\\n  --restart unless-stopped \\\n  --stop-timeout 110 \\\n  \
         --memory 8g --memory-swap 8g \\\n  --ulimit nofile=10032:10032 \\\n  --sysctl net.core.somaxconn=1024 \\\n  \
         --health-cmd 'redis-cli ping | grep -q PONG' \\\n  \
         --health-interval 10s --health-timeout 5s --health-retries 6 \\\n  --health-start-period 110s \\\n  \
         --volume cache-data:/data \\\n  redis:7.4 redis-server \\\n  --save 3600 1 \\\n  --maxmemory 6gb \\\n  \
         --tcp-backlog 1024\n"
    );
}

#[test]
fn secrets_are_mounted_from_the_working_directory() {
    let build = build(Target::DockerRun, "redis-7.4", "save \"\"\n")
        .secret(("requirepass", &[], "", &[]), "app", None, Some(b"hunter2"))
        .option(|o| {
            o.secrets = Secrets::AclFile;
            o.layout = Layout::OneLine;
        });
    let words = words(&build);
    let at = words.iter().position(|word| word == "--volume").unwrap();
    assert_eq!(words[at + 1], "$PWD/users.acl:/etc/redis/users.acl:ro");
    assert_eq!(words[at + 2..], ["redis:7.4", "redis-server", "--save", "", "--aclfile", "/etc/redis/users.acl"]);
}

proptest! {
    #[test]
    fn any_text_reads_back_or_is_refused(word in any::<String>(), dir in "/[-a \"'\\\\\n$`{}%#:]{0,12}") {
        let text = [conf_line("syslog-ident", [&word]), conf_line("dir", [&dir])].join("\n") + "\n";
        let build = build_bytes(Target::DockerRun, "valkey-9.1", text.as_bytes()).option(|o| o.layout = Layout::OneLine);
        if build.render().is_ok() {
            let words = words(&build);
            let start = words.iter().position(|word| word == "valkey-server").unwrap();
            let volume = words.iter().position(|word| word == "--volume").unwrap();
            prop_assert_eq!(&words[volume + 1], &format!("cache-data:{dir}"));
            let read = read_argv(&words[start + 1..], Some((Name::CommandLine, b"")), build.setup.server, &Memory::default());
            let mut got = statements(&read);
            got.sort();
            let mut expected = build.statements();
            expected.sort();
            prop_assert_eq!(got, expected);
        }
    }
}
