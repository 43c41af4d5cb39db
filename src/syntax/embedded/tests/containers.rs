//! Dockerfiles and `docker run`.

use super::{case, one};

#[test]
fn the_last_stage_starts_the_server() {
    for (text, said) in [
        ("FROM redis:7.4\nCMD [\"redis-server\", \"--hz\", \"5\"]\n", vec!["2:25 hz 5"]),
        ("from redis:7.4\ncmd redis-server --hz 5 --save \\\n  # note\n  ''\n", vec!["2:20 hz 5", "2:27 save ''"]),
        ("FROM redis:7.4 AS base\nCMD [\"--hz\", \"1\"]\nFROM base\nUSER redis\n", vec!["2:9 hz 1"]),
        ("FROM debian\nENTRYPOINT [\"valkey-server\"]\nCMD [\"--hz\", \"\\u0031\"]\n", vec!["3:9 hz 1"]),
        ("FROM redis:7.4\nRUN <<EOF\nCMD redis-server --port 1\nEOF\n", vec![]),
        ("FROM redis:7.4\nENTRYPOINT redis-server --hz 5\nCMD [\"--port\"]\n", vec!["2:27 hz 5"]),
        ("FROM redis:${VERSION}\nCMD redis-server --requirepass $PASSWORD\n", vec!["2:20 requirepass $PASSWORD?"]),
    ] {
        assert_eq!(one("Dockerfile", text).statements(), said, "{text}");
    }
    for text in [
        "FROM redis:7 AS r\nFROM python:3\nCMD [\"python\"]\n",
        "FROM redis:7\nENTRYPOINT [\"/start.sh\"]\n",
        "# redis\n",
    ] {
        assert_eq!(one("Dockerfile", text).titles(), [""; 0], "{text}");
    }
}

#[test]
fn copied_files_are_read() {
    let text = "FROM redis:7.4\nWORKDIR /etc\nCOPY --chown=redis conf/r.conf ./redis/\nCMD [\"redis-server\", \"redis/r.conf\"]\n";
    let case = case(&[("d/Dockerfile", text), ("d/conf/r.conf", "port 1\n")]);
    assert_eq!(case.statements(), ["d/conf/r.conf:1:1 port 1"]);
    assert_eq!(
        case.facts("config-writable image shell user entrypoint container"),
        [
            "config-writable unknown",
            "image=official 1:6",
            "shell=none 4:6",
            "user=service 4:6",
            "entrypoint=kept 4:6",
            "container=yes 1:6",
        ]
    );
    assert_eq!(
        one("Dockerfile", "FROM redis:7.4\nUSER root\nCMD redis-server\n").facts("shell user entrypoint"),
        ["shell=parent 3:5", "user=root 2:6", "entrypoint=bypassed 3:5"]
    );
}

#[test]
fn docker_run_is_found_in_scripts() {
    let text = "#!/bin/sh\nset -e\nsudo docker run -d --name cache -m 1g --cpus=2 \\\n  -p 127.0.0.1:6379:6379 -v \"$PWD/r.conf:/r.conf:ro\" -v data:/data --restart=always \\\n  --ulimit nofile=1024:2048 --stop-timeout 30 redis:7.4 \\\n  redis-server /r.conf --requirepass \"$PASS\" --save ''\n";
    let case = case(&[("run.sh", text), ("r.conf", "hz 1\n")]);
    assert_eq!(case.titles(), ["container `cache`"]);
    assert_eq!(case.statements(), ["r.conf:1:1 hz 1", "6:26 requirepass $PASS?", "6:48 save ''"]);
    assert_eq!(
        case.facts("memory cpus exposure volume auto-restart nofile grace config-writable network"),
        [
            "memory=1GiB 3:36",
            "cpus=2 3:39",
            "exposure=loopback 4:6",
            "volume=persistent 4:57",
            "auto-restart=yes 4:68",
            "nofile=2048 5:12",
            "grace=30s 5:44",
            "config-writable=no 4:29",
            "network=bridge 5:47",
        ]
    );
    for text in
        ["docker run --rm redis:7 redis-cli ping\n", "docker exec redis redis-server\n", "docker run $ARGS redis\n"]
    {
        assert_eq!(one("run.sh", &format!("{text}# run redis")).titles(), [""; 0], "{text}");
    }
    let text = "docker run -it --entrypoint redis-server --net host redis:7 --hz 1\n";
    assert_eq!(
        one("run.sh", text).facts("entrypoint exposure network"),
        ["entrypoint=bypassed 1:29", "exposure=public 1:48", "network=host 1:48"]
    );
}
