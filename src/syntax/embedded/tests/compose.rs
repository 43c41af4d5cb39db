//! Docker Compose.

use super::{case, one, service};

#[test]
fn a_command_may_be_a_list_a_string_or_a_script() {
    for (command, said) in [
        ("command: [redis-server, --maxmemory, 1gb, --save, '']", vec!["4:31 maxmemory 1gb", "4:49 save ''"]),
        ("command:\n  - redis-server\n  # a comment\n  - \"--maxmemory\"\n  - '1gb'", vec!["7:12 maxmemory 1gb"]),
        ("command: redis-server --maxmemory 1gb --save \"\"", vec!["4:29 maxmemory 1gb", "4:45 save ''"]),
        ("command: >\n  redis-server\n  --maxmemory 1gb\n  --save ''\n", vec!["6:9 maxmemory 1gb", "7:9 save ''"]),
        ("command: --maxmemory 1gb", vec!["4:16 maxmemory 1gb"]),
        ("command: sh -c 'exec redis-server --maxmemory 1gb'", vec!["4:41 maxmemory 1gb"]),
        ("command: [sh, -c, \"cd / && redis-server --maxmemory 1gb\"]", vec!["4:47 maxmemory 1gb"]),
        (
            "command:\n  - /bin/sh\n  - -ec\n  - |\n    # --port 1\n    X=1 redis-server \\\n      --maxmemory 1gb \\\n      --save \"\"\n",
            vec!["10:13 maxmemory 1gb", "11:13 save ''"],
        ),
        ("entrypoint: redis-server --hz 1\ncommand: [--maxmemory 1gb]", vec!["4:32 hz 1", "5:17 maxmemory 1gb"]),
        ("command: tini -- docker-entrypoint.sh --maxmemory 1gb", vec!["4:45 maxmemory 1gb"]),
        ("", vec![]),
    ] {
        assert_eq!(service(&format!("image: redis:7.4\n{command}")).statements(), said, "{command}");
    }
}

#[test]
fn what_starts_no_server_is_left_out() {
    for text in [
        "image: redis:7\ncommand: redis-cli -h redis ping",
        "image: redis:7\nentrypoint: [bash, /start.sh]",
        "image: redis:7\ncommand: redis-server --version",
        "image: redis:7\nentrypoint: ''\nbuild: .",
        "image: redis/redisinsight:latest",
        "image: acme/app\nenvironment: {REDIS_URL: 'redis://cache'}",
        "image: ${IMAGE}\ncommand: ${COMMAND} redis-server",
        "build: ./redis",
    ] {
        assert_eq!(service(&format!("{text}\n# redis")).titles(), [""; 0], "{text}");
    }
}

#[test]
fn what_is_filled_in_later_is_open() {
    let line = "image: redis:7\ncommand: redis-server --requirepass ${PASSWORD:-a b} --port $$X --hz $HZ";
    assert_eq!(service(line).statements(), ["4:29 requirepass ${PASSWORD:-a b}?", "4:60 port $X", "4:71 hz $HZ?"]);
    let script = "image: redis:7\ncommand: sh -c \"redis-server --requirepass $$PASSWORD --hz 1 $$MORE\"";
    assert_eq!(service(script).statements(), ["4:36 requirepass $PASSWORD?", "4:61 hz 1 $MORE?", "and more"]);
    let file = "image: redis:7\ncommand: redis-server $CONF --hz 1";
    assert_eq!(service(file).statements(), ["4:35 hz 1", "and more"]);
    let list = "image: redis:7\ncommand: [redis-server, --requirepass, \"${PASSWORD}\"]";
    assert_eq!(service(list).statements(), ["4:31 requirepass ${PASSWORD}?"]);
}

#[test]
fn compose_splits_a_string_by_rules_of_its_own() {
    // The backslash makes the folded line end a part of the next word, which the server then takes for a file.
    let text = "image: redis:7\ncommand: >\n  redis-server \\\n  --hz 1";
    let case = service(text);
    assert!(case.statements()[0].ends_with("MissingFile"), "{:?}", case.statements());
    assert_eq!(service("image: redis:7\ncommand: redis-server --hz 1 && --port 1").statements(), ["4:29 hz 1"]);
}

#[test]
fn a_mounted_file_is_read_with_the_arguments() {
    let compose = "services:\n  a:\n    image: redis:7.4\n    volumes: [\"./conf/redis.conf:/etc/redis.conf:ro\", data:/data]\n    command: redis-server /etc/redis.conf --hz 5\n";
    let conf = "port 7000\ninclude /conf.d/*.conf\ninclude /etc/none.conf\n";
    let case1 = case(&[("d/compose.yaml", compose), ("d/conf/redis.conf", conf)]);
    assert_eq!(
        case1.statements(),
        [
            "d/conf/redis.conf:1:1 port 7000",
            "d/conf/redis.conf:2:1 include /conf.d/*.conf",
            "d/conf/redis.conf:2:1 MissingInclude",
            "d/conf/redis.conf:3:1 include /etc/none.conf",
            "d/conf/redis.conf:3:1 MissingInclude",
            "5:45 hz 5",
        ]
    );
    // What is not read may say where the data lie.
    assert_eq!(case1.facts("config-writable volume"), ["config-writable=no 4:15", "volume unknown"]);
    let whole = case(&[("d/compose.yaml", compose), ("d/conf/redis.conf", "port 7000\n")]);
    assert_eq!(whole.facts("config-writable volume"), ["config-writable=no 4:15", "volume=persistent 4:55"]);
    let folder =
        compose.replace("./conf/redis.conf:/etc/redis.conf:ro", "../conf:/conf.d").replace(" /etc/", " /conf.d/");
    let case2 = case(&[
        ("d/compose.yaml", &folder),
        ("conf/redis.conf", "include a.conf\ndir /conf.d\ninclude a.conf"),
        ("conf/a.conf", "hz 2"),
    ]);
    assert_eq!(
        case2.statements(),
        [
            "conf/redis.conf:1:1 include a.conf",
            "conf/redis.conf:1:1 MissingInclude",
            "conf/redis.conf:2:1 dir /conf.d",
            "conf/redis.conf:3:1 include a.conf",
            "(",
            "conf/a.conf:1:1 hz 2",
            ")",
            "5:48 hz 5",
        ]
    );
    assert_eq!(case2.facts("config-writable volume"), ["config-writable=yes 4:15", "volume=persistent 4:15"]);
}

#[test]
fn a_file_named_from_the_root_is_not_read_for_a_text_that_is_not() {
    let text = "services: {a: {image: 'redis:7', volumes: ['/srv/r.conf:/r.conf'], command: redis-server /r.conf}}";
    let conf = ("/srv/r.conf", "port 1");
    assert_eq!(case(&[("compose.yaml", text), conf]).statements(), ["compose.yaml:1:90 MissingFile"]);
    assert_eq!(case(&[("/srv/compose.yaml", text), conf]).statements(), ["/srv/r.conf:1:1 port 1"]);
}

#[test]
fn configs_may_hold_the_file() {
    let text = "services:\n  a:\n    image: redis:7.4\n    configs: [{source: c, target: /r.conf}, d]\n    command: redis-server /r.conf\nconfigs:\n  c:\n    content: |\n      port 1\n      requirepass $${X}\n  d: {file: ./d.conf}\n";
    assert_eq!(one("compose.yaml", text).statements(), ["9:7 port 1", "10:7 requirepass ${X}?"]);
    let other = text.replace("redis-server /r.conf", "redis-server /d");
    assert_eq!(case(&[("compose.yaml", &other), ("d.conf", "hz 1")]).statements(), ["d.conf:1:1 hz 1"]);
}

#[test]
fn limits_and_lifecycle_are_facts() {
    let text = "image: redis:7.4\nmem_limit: 512m\ncpus: 0.5\nrestart: unless-stopped\nstop_grace_period: 1m30s\nulimits: {nofile: {soft: 1, hard: 65536}}\nsysctls: [net.core.somaxconn=512]\nuser: '999:999'\n";
    let names = "memory cpus auto-restart grace nofile somaxconn user container image shell entrypoint network";
    assert_eq!(
        service(text).facts(names),
        [
            "memory=512MiB 4:16",
            "cpus=0.5 5:11",
            "auto-restart=yes 6:14",
            "grace=90s 7:24",
            "nofile=65536 8:39",
            "somaxconn=512 9:15",
            "user=service 10:11",
            "container=yes 2:3",
            "image=official 3:12",
            "shell=none 2:3",
            "entrypoint=kept 3:12",
            "network=bridge 2:3",
        ]
    );
    let text = "image: redis:7.4\ndeploy: {resources: {limits: {memory: 1G, cpus: '2'}}}\n";
    assert_eq!(
        service(text).facts("memory cpus auto-restart grace"),
        ["memory=1GiB 4:43", "cpus=2 4:53", "auto-restart unknown", "grace=10s 2:3"]
    );
    let text = "image: redis:7.4\nmem_limit: ${LIMIT}\nuser: ${ME}\nrestart: ${R}\n";
    assert_eq!(
        service(text).facts("memory user auto-restart"),
        ["memory unknown", "user unknown", "auto-restart unknown"]
    );
}

#[test]
fn a_shell_in_between_is_seen() {
    let facts = |image: &str, command: &str| {
        service(&format!("image: {image}\ncommand: {command}"))
            .facts("shell entrypoint user")
            .iter()
            .map(|fact| fact.split([' ', '=']).nth(1).unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(facts("redis:7", "redis-server"), "none kept service");
    assert_eq!(facts("redis:7", "sh -c 'redis-server --hz 1'"), "parent bypassed root");
    assert_eq!(facts("redis:7", "sh -c 'exec redis-server --hz 1'"), "exec bypassed root");
    assert_eq!(facts("redis:7", "bash -c 'redis-server --hz 1'"), "exec bypassed root");
    assert_eq!(facts("redis:7-alpine", "sh -c 'redis-server --hz 1'"), "exec bypassed root");
    assert_eq!(facts("redis:7-alpine", "sh -c 'redis-server --hz 1; sleep 1'"), "parent bypassed root");
    assert_eq!(facts("redis:$TAG", "sh -c 'redis-server'"), "unknown bypassed root");
    assert_eq!(facts("redis:7", "sh -c 'exec gosu redis redis-server'"), "exec bypassed service");
    assert_eq!(facts("redis:7", "sh -c 'exec docker-entrypoint.sh redis-server'"), "exec kept service");
    assert_eq!(facts("acme/redis:7", "redis-server"), "none kept unknown");
}

#[test]
fn who_reaches_the_port_depends_on_the_port() {
    let exposure = |text: &str| service(&format!("image: redis:7\n{text}")).facts("exposure").remove(0);
    for (text, said) in [
        ("ports: ['6379:6379']", "exposure=public 4:13"),
        ("ports: ['${P:-1}:6379/tcp']", "exposure=public 4:13"),
        ("ports: ['127.0.0.1:6379:6379']", "exposure=loopback 4:13"),
        ("ports: ['[::1]:6379:6379']", "exposure=loopback 4:13"),
        ("ports: ['10.0.0.1:6379:6379', '127.0.0.1:1:6379']", "exposure=private 4:13"),
        ("ports: ['${IP}:1:6379']", "exposure unknown"),
        ("ports: ['6370-6380:6370-6380']", "exposure=public 4:13"),
        ("ports: ['8001:8001']", "exposure=private 2:3"),
        ("ports: [{target: 6379, published: 1, host_ip: 127.0.0.1}]", "exposure=loopback 4:13"),
        ("ports: ['7000:7000']\ncommand: redis-server --port 7000", "exposure=public 4:13"),
        ("ports: ['7000:7000']\ncommand: redis-server --port $P", "exposure unknown"),
        ("ports: ['7000:7000']\ncommand: redis-server /x.conf", "exposure unknown"),
        ("ports: ['7000:6379']\ncommand: redis-server /x.conf", "exposure=public 4:13"),
        ("expose: [6379]", "exposure=private 2:3"),
        ("network_mode: host", "exposure=public 4:19"),
        ("network_mode: host\ncommand: redis-server --bind 127.0.0.1 -::1", "exposure=loopback 4:19"),
        ("network_mode: service:vpn", "exposure unknown"),
        ("command: redis-sentinel /s.conf\nports: ['26379:26379']", "exposure=public 5:13"),
    ] {
        assert_eq!(exposure(text), said, "{text}");
    }
}

#[test]
fn what_lies_under_the_data_directory_is_known() {
    let volume = |text: &str| service(&format!("image: redis:7\n{text}")).facts("volume").remove(0);
    for (text, said) in [
        ("volumes: ['data:/data']", "volume=persistent 4:15"),
        ("volumes: ['./d:/data:rw']", "volume=persistent 4:15"),
        ("volumes: ['/data']", "volume=ephemeral 4:15"),
        ("tmpfs: /data", "volume=ephemeral 4:12"),
        ("volumes: [{type: tmpfs, target: /data}]", "volume=ephemeral 4:15"),
        ("volumes: ['x:/var/lib/redis']", "volume=none 2:3"),
        ("volumes: ['x:/var/lib']\ncommand: redis-server --dir /var/lib/redis", "volume=persistent 4:15"),
        ("volumes: ['x:/data/sub']\ncommand: redis-server --dir ./sub", "volume=persistent 4:15"),
        ("volumes: ['x:/d']\ncommand: redis-server /d/x.conf", "volume unknown"),
        ("volumes: ['x:${DIR}']", "volume unknown"),
        ("volumes: ['${SRC}:/data']", "volume unknown"),
    ] {
        assert_eq!(volume(text), said, "{text}");
    }
}

#[test]
fn anchors_merges_and_extensions_are_followed() {
    let text = "x-base: &base\n  image: redis:7.4\n  restart: always\nx-args: &args [redis-server, --hz, '5']\nservices:\n  a:\n    <<: *base\n    command: *args\n  b:\n    extends: a\n    restart: 'no'\n  c:\n    extends: {file: x.yml, service: z}\n";
    let case = one("compose.yaml", text);
    assert_eq!(case.titles(), ["service `a`", "service `b`"]);
    assert_eq!(
        case.facts_of(&case.found.embedded[0], "auto-restart image"),
        ["auto-restart=yes 3:12", "image=official 2:10"]
    );
    assert_eq!(case.facts_of(&case.found.embedded[1], "auto-restart"), ["auto-restart=no 11:14"]);
    assert_eq!(super::statements(&case.read(&case.found.embedded[1])), ["4:32 hz 5"]);
}

#[test]
fn images_make_configuration_of_their_variables() {
    for (text, said) in [
        ("image: bitnami/redis:7.4\nenvironment: [REDIS_PASSWORD=x, A=b]", vec!["4:19 requirepass x?", "and more"]),
        ("image: bitnami/valkey:8.1\nenvironment: {VALKEY_EXTRA_FLAGS: --hz 5}", vec!["4:41 hz 5", "and more"]),
        (
            "image: redis/redis-stack-server:7.4.0-v1\nenvironment:\n  REDIS_ARGS: \"--hz 5 --port 1\"",
            vec!["5:22 hz 5", "5:29 port 1", "and more"],
        ),
        ("image: valkey/valkey:8.1\nenvironment: {VALKEY_EXTRA_FLAGS: --hz 5}", vec!["4:41 hz 5"]),
        ("image: valkey/valkey:8.1\nentrypoint: [valkey-server]\nenvironment: {VALKEY_EXTRA_FLAGS: --hz 5}", vec![]),
        ("image: redis:7.4\nenvironment: {REDIS_PASSWORD: x}", vec![]),
    ] {
        let mut found = service(text).statements();
        found.sort_by_key(|line| said.iter().position(|one| one == line));
        assert_eq!(found, said, "{text}");
    }
}

#[test]
fn replicas_of_the_same_file_are_counted() {
    let text = "services:\n  a: {image: 'redis:7', container_name: first}\n  b: {image: 'redis:7', command: redis-server --replicaof first 6379}\n  c: {image: 'redis:7', command: [redis-server, --slaveof, 'a 6379']}\n  d: {image: 'redis:7', command: redis-server --replicaof 10.0.0.1 6379}\n";
    let case = one("compose.yaml", text);
    let facts: Vec<Vec<String>> = case.found.embedded.iter().map(|one| case.facts_of(one, "role replicas")).collect();
    assert_eq!(
        facts,
        [
            ["role=primary 2:3", "replicas=2 2:3"],
            ["role=replica 3:47", "replicas unknown"],
            ["role=replica 4:49", "replicas unknown"],
            ["role=replica 5:47", "replicas unknown"],
        ]
    );
}
