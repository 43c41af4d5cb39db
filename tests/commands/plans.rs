//! Two plans for Redis that were written in good faith, and every mistake in them: each is found in a snippet that has the
//! directives and values of the plan.
//!
//! What a plan says of clients, or of what a change will gain, is no configuration; nothing here is about that.

use super::{outcome, program};

/// A mistake, where it is made, and who finds it.
struct Mistake {
    /// What the plan believes.
    belief: &'static str,
    /// The name of the file.
    file: &'static str,
    text: &'static str,
    /// What is known beyond the text.
    flags: &'static [&'static str],
    /// `line rule`, each of which must be found; `!rule` must not be.
    found: &'static [&'static str],
}

/// A plan for a knowledge base with caches: 8 GB, snapshots, many threads.
const KNOWLEDGE_BASE: &[Mistake] = &[
    Mistake {
        belief: "memory without a limit is a risk, and so it is",
        file: "redis.conf",
        text: "save 3600 1\nsave 300 100\nsave 60 10000\n",
        flags: &["--fact", "memory=16GiB"],
        found: &["1 maxmemory-unset"],
    },
    Mistake {
        belief: "a snapshot blocks the main thread; what it costs is memory",
        file: "redis.conf",
        text: "maxmemory 8gb\nsave 60 10000\n",
        flags: &["--fact", "memory=10GiB"],
        found: &["1 maxmemory-headroom"],
    },
    Mistake {
        belief: "the second save point is a snapshot every two hours",
        file: "redis.conf",
        text: "save 3600 1 7200 10000\n",
        flags: &["--server", "redis-7.4"],
        found: &["1 redundant-save-point"],
    },
    Mistake {
        belief: "a snapshot an hour still protects against crashes",
        file: "redis.conf",
        text: "save 3600 1 7200 10000\n",
        flags: &["--server", "redis-7.4", "--fact", "workload=knowledge-base", "--fact", "data-loss-accepted=15m"],
        found: &["1 loss-window-too-long"],
    },
    Mistake {
        belief: "the line means the same everywhere",
        file: "redis.conf",
        text: "save 3600 1 7200 10000\n",
        flags: &["--server", "redis-6.2"],
        found: &["1 save-line-ignored"],
    },
    Mistake {
        belief: "evicting is better than errors, for facts that are kept nowhere else",
        file: "redis.conf",
        text: "maxmemory 8gb\nmaxmemory-policy allkeys-lru\n",
        flags: &["--fact", "workload=kb-cache"],
        found: &["2 allkeys-on-primary-data"],
    },
    Mistake {
        belief: "and for a table of jobs",
        file: "redis.conf",
        text: "maxmemory 8gb\nmaxmemory-policy allkeys-lru\n",
        flags: &["--fact", "workload=queue"],
        found: &["2 eviction-on-queue"],
    },
    Mistake {
        belief: "a limit of 8gb prevents OOM kills, whatever the machine has",
        file: "redis.conf",
        text: "maxmemory 8gb\nsave 3600 1\n",
        flags: &["--fact", "memory=8GiB"],
        found: &["1 maxmemory-over-limit"],
    },
    Mistake {
        belief: "and leaves room for buffers and a fork",
        file: "redis.conf",
        text: "maxmemory 8gb\nsave 3600 1\n",
        flags: &["--fact", "memory=12GiB", "--fact", "writes=heavy"],
        found: &["1 maxmemory-headroom"],
    },
    Mistake {
        belief: "a comment may stand behind a value",
        file: "redis.conf",
        text: "maxmemory-samples 10  # higher is more accurate\n",
        flags: &[],
        found: &["1 inline-comment"],
    },
    Mistake {
        belief: "the log can be switched on later by taking the `#` away",
        file: "redis.conf",
        text: "save 3600 1\nappendonly yes\nappendfsync everysec\n",
        flags: &["--previous", "before.conf"],
        found: &["2 appendonly-enabled-over-rdb"],
    },
    Mistake {
        belief: "snapshots are not needed beside the log",
        file: "redis.conf",
        text: "save \"\"\nappendonly yes\n",
        flags: &[],
        found: &["1 aof-without-rdb"],
    },
    Mistake {
        belief: "no fsync during a rewrite costs nothing",
        file: "redis.conf",
        text: "appendonly yes\nappendfsync everysec\nno-appendfsync-on-rewrite yes\nauto-aof-rewrite-percentage 100\n",
        flags: &["--fact", "workload=knowledge-base"],
        found: &["3 no-fsync-during-rewrite"],
    },
    Mistake {
        belief: "ten threads of twelve cores are already the best there is",
        file: "redis.conf",
        text: "io-threads 10\nio-threads-do-reads yes\n",
        flags: &["--server", "redis-7.4", "--fact", "cpus=12"],
        found: &["1 io-threads-over-eight", "!directive-without-effect"],
    },
    Mistake {
        belief: "and on a smaller machine as well",
        file: "redis.conf",
        text: "io-threads 10\nio-threads-do-reads yes\n",
        flags: &["--server", "redis-7.4", "--fact", "cpus=4"],
        found: &["1 io-threads-exceed-cpus"],
    },
    Mistake {
        belief: "threads read because the line says so",
        file: "redis.conf",
        text: "io-threads 4\nio-threads-do-reads yes\n",
        flags: &["--server", "redis-8.2"],
        found: &["2 directive-without-effect"],
    },
    Mistake {
        belief: "so they do in Valkey",
        file: "valkey.conf",
        text: "io-threads 4\nio-threads-do-reads yes\n",
        flags: &["--server", "valkey-8.1"],
        found: &["2 directive-without-effect"],
    },
    Mistake {
        belief: "the application reaches a server that listens everywhere",
        file: "redis.conf",
        text: "bind 0.0.0.0\nport 6379\n",
        flags: &["--server", "redis-7.4"],
        found: &["1 protected-mode-locks-out-clients"],
    },
    Mistake {
        belief: "and nobody else does",
        file: "redis.conf",
        text: "bind 0.0.0.0\nport 6379\n",
        flags: &["--server", "redis-6.2"],
        found: &["1 unauthenticated-network-listener"],
    },
    Mistake {
        belief: "what was reachable before the upgrade is reachable after it",
        file: "redis.conf",
        text: "bind 0.0.0.0\nport 6379\n",
        flags: &["--server", "redis-7.4", "--previous", "redis-6.2"],
        found: &["1 protected-mode-scope-changed"],
    },
    Mistake {
        belief: "the slow log must be switched on",
        file: "redis.conf",
        text: "slowlog-log-slower-than 10000\nslowlog-max-len 128\nmaxclients 10000\nrdbcompression yes\n\
               rdbchecksum yes\ndbfilename dump.rdb\nstop-writes-on-bgsave-error yes\n",
        flags: &["--select", "redundant-default"],
        found: &["1 redundant-default"],
    },
    Mistake {
        belief: "connections that are idle for five minutes are dead",
        file: "redis.conf",
        text: "timeout 300\ntcp-keepalive 60\n",
        flags: &["--fact", "pool-idle=10m"],
        found: &["1 idle-timeout-vs-pool"],
    },
    Mistake {
        belief: "subscribers are among them",
        file: "redis.conf",
        text: "timeout 300\ntcp-keepalive 60\n",
        flags: &["--fact", "workload=pubsub"],
        found: &["1 timeout-spares-subscribers"],
    },
    Mistake {
        belief: "one server cannot hold more than 16 GB",
        file: "redis.conf",
        text: "maxmemory 16gb\n",
        flags: &[],
        found: &["!large-single-instance"],
    },
    Mistake {
        belief: "though it does grow slow some day",
        file: "redis.conf",
        text: "maxmemory 64gb\n",
        flags: &[],
        found: &["1 large-single-instance"],
    },
    Mistake {
        belief: "a replica needs no thought: its backlog",
        file: "redis.conf",
        text: "maxmemory 8gb\nsave 3600 1\n",
        flags: &["--server", "redis-7.4", "--fact", "replicas=1", "--fact", "write-rate=5MiB", "--fact", "outage=60s"],
        found: &["1 backlog-too-small"],
    },
    Mistake {
        belief: "its password",
        file: "redis.conf",
        text: "replicaof 10.0.0.1 6379\nrequirepass correct-horse-battery-staple\n",
        flags: &["--fact", "failover=sentinel"],
        found: &["2 replica-auth-missing"],
    },
    Mistake {
        belief: "and where the data lie",
        file: "redis.conf",
        text: "maxmemory 8gb\nsave 3600 1\n",
        flags: &["--fact", "container=yes", "--fact", "volume=none"],
        found: &["1 data-dir-unsafe"],
    },
];

/// A plan for a bus of messages, run by Kubernetes.
const BUS: &[Mistake] = &[
    Mistake {
        belief: "subscribers have no limit, and keepalive is off",
        file: "redis.conf",
        text: "client-output-buffer-limit pubsub 32mb 8mb 60\ntcp-keepalive 300\ntimeout 0\ntcp-backlog 511\n\
               maxclients 10000\nnotify-keyspace-events \"\"\n",
        flags: &["--select", "redundant-default"],
        found: &["1 redundant-default"],
    },
    Mistake {
        belief: "a thousand subscribers may wait with 256mb each",
        file: "bus.yaml",
        text: POD,
        flags: &["--fact", "subscribers=1000"],
        found: &["28 pubsub-buffer-overcommit"],
    },
    Mistake {
        belief: "nothing else needs a limit",
        file: "bus.yaml",
        text: POD,
        flags: &[],
        found: &["17 maxmemory-unset"],
    },
    Mistake {
        belief: "what waits for subscribers costs nobody else anything",
        file: "redis.conf",
        text: "maxmemory 1gb\nmaxmemory-policy allkeys-lru\nclient-output-buffer-limit pubsub 256mb 128mb 60\n",
        flags: &["--server", "redis-7.4", "--fact", "subscribers=100"],
        found: &["3 subscribers-can-evict-data"],
    },
    Mistake {
        belief: "larger buffers make delivery faster, not only more costly",
        file: "redis.conf",
        text: "client-output-buffer-limit pubsub 256mb 128mb 60\n",
        flags: &["--server", "redis-7.4", "--fact", "memory=8GiB", "--fact", "subscribers=1000"],
        found: &["1 pubsub-buffer-overcommit"],
    },
    Mistake {
        belief: "and the built-in limit is too small for them",
        file: "redis.conf",
        text: "client-output-buffer-limit pubsub 32mb 8mb 60\n",
        flags: &[
            "--fact=subscribers=1000",
            "--fact=publish-rate=10000",
            "--fact=message-size=1KiB",
            "--fact=fanout=10",
            "--fact=stall=30s",
        ],
        found: &["!pubsub-buffer-too-small"],
    },
    Mistake {
        belief: "the network of the cluster is private enough for no password",
        file: "bus.yaml",
        text: POD,
        flags: &[],
        found: &["21 unauthenticated-network-listener"],
    },
    Mistake {
        belief: "and with one, protected mode is in the way",
        file: "redis.conf",
        text: "bind 0.0.0.0\nprotected-mode no\nrequirepass correct-horse-battery-staple\n",
        flags: &["--server", "redis-7.4"],
        found: &["2 protected-mode-off"],
    },
    Mistake {
        belief: "writes go on although a snapshot failed, where there are no snapshots",
        file: "bus.yaml",
        text: POD,
        flags: &[],
        found: &["27 stop-writes-inert"],
    },
    Mistake {
        belief: "a log keeps the messages",
        file: "bus.yaml",
        text: POD,
        flags: &["--fact", "workload=pubsub"],
        found: &["20 persistence-without-need"],
    },
    Mistake {
        belief: "the log alone is enough",
        file: "bus.yaml",
        text: POD,
        flags: &["--fact", "workload=knowledge-base"],
        found: &["26 aof-without-rdb"],
    },
    Mistake {
        belief: "a log needs no memory beside the data",
        file: "redis.conf",
        text: "maxmemory 7gb\nsave \"\"\nappendonly yes\n",
        flags: &["--fact", "memory=8GiB"],
        found: &["1 maxmemory-headroom"],
    },
    Mistake {
        belief: "a shell may start the server",
        file: "bus.yaml",
        text: POD,
        flags: &[],
        found: &["17 shell-without-exec", "17 entrypoint-bypassed"],
    },
    Mistake {
        belief: "four cores deliver faster than two",
        file: "bus.yaml",
        text: POD,
        flags: &["--fact", "workload=pubsub"],
        found: &["12 cpu-without-threads"],
    },
    Mistake {
        belief: "a limit is obeyed by every version",
        file: "valkey.conf",
        text: "client-output-buffer-limit pubsub 256mb 128mb 60\n",
        flags: &["--server", "valkey-9.0", "--fact", "subscribers=100", "--fact", "message-size=16KiB"],
        found: &["1 output-limit-not-enforced"],
    },
];

const POD: &str = r#"apiVersion: v1
kind: Pod
metadata:
  name: bus
spec:
  containers:
    - name: redis
      image: redis:7.4
      resources:
        limits:
          # twice as much as before
          cpu: "4"
          memory: 8Gi
      command:
        - sh
        - -c
        - redis-server
          --dir /data
          --bind 0.0.0.0
          --appendonly yes
          --protected-mode no
          --tcp-keepalive 300
          --timeout 0
          --tcp-backlog 511
          --maxclients 10000
          --save ""
          --stop-writes-on-bgsave-error no
          --client-output-buffer-limit pubsub 256mb 128mb 60
          --notify-keyspace-events ""
"#;

#[test]
fn every_mistake_of_both_plans_is_found_where_it_is_made() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("before.conf"), "save 3600 1\n").unwrap();
    let mut missed = Vec::new();
    for Mistake { belief, file, text, flags, found } in KNOWLEDGE_BASE.iter().chain(BUS) {
        std::fs::write(folder.path().join(file), text).unwrap();
        let common = ["lint", file, "--no-config", "--level", "info", "--output-format", "concise"];
        let output = program().current_dir(folder.path()).args(common).args(*flags).output().unwrap();
        let (code, out, err) = outcome(&output);
        assert!(code <= 1 && err.is_empty(), "{belief}: {err}");
        for wanted in *found {
            let is_met = match (wanted.strip_prefix('!'), wanted.split_once(' ')) {
                (Some(rule), _) => !out.contains(&format!("[{rule}]")),
                (None, Some((line, rule))) => {
                    let start = format!("{file}:{line}:");
                    out.lines().any(|one| one.starts_with(&start) && one.contains(&format!("[{rule}]")))
                }
                (None, None) => panic!("`{wanted}` is no line and rule"),
            };
            if !is_met {
                missed.push(format!("{belief}: {wanted}, but\n{out}"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}
