//! What agreement does not ask, with the reason, and how `docs/agreement.md` says so. The test of that page reads this, too.

/// Directives whose cases are not asked one by one, sorted. What needs TLS, RDMA or a module of the build is left out by its need.
pub(crate) const LEFT_OUT: [(&str, &str); 15] = [
    ("aclfile", "a file of the machine; asked together with `user` lines, with an empty file"),
    ("crash-memcheck-enabled", "a test of the machine's memory after a crash"),
    ("daemonize", "a process of the machine"),
    ("dir", "a folder of the machine"),
    ("hash-seed", "a seed that all nodes of a cluster share; its cases are not asked yet"),
    ("include", "a file of the machine; asked in combined files"),
    ("loadmodule", "would run code"),
    ("locale-collate", "depends on the locales of the machine"),
    ("logfile", "a file of the machine"),
    ("lua-enable-deprecated-api", "a back-port of Debian that other builds of Redis 7.0 do not have"),
    ("pidfile", "a file of the machine"),
    ("supervised", "a process of the machine"),
    ("syslog-enabled", "a service of the machine"),
    ("unixsocket", "a file of the machine"),
    ("unixsocketgroup", "a group of the machine"),
];

/// What is compared in no case, or only in some.
const NOT_COMPARED: [&str; 5] = [
    "The server's words for a refusal; only the line, and whether a line is named.",
    "What keeps a server from listening (a port in use, an address that is not there): a tested server listens on a socket of \
     its own. For the same reason CONFIG GET of `port`, `unixsocket`, `unixsocketperm`, `dir`, and of what else reaches out of \
     a private folder, is not compared.",
    "`maxclients` above 500: a machine that allows fewer files lowers it. Values that cost the machine its memory or seconds \
     (from 100,000 on `databases`, `cluster-databases`, `io-threads`, `maxclients`, `tcp-backlog`, and lengths of logs; \
     `io-threads-always-active` beside more than one of them).",
    "CONFIG GET where the configuration shuts everybody out: users, renamed CONFIG, limits that disconnect the asker. The \
     verdict is compared.",
    "CONFIG SET: what a file may hold is asked here; what may change live is asked by the trials of `apply` and `diff --live`.",
];

/// What no server of the table can tell.
const NOT_PROVEN: [&str; 5] = [
    "**TLS**: whether a build has it cannot be seen from outside, so no directive that needs it is asked alone.",
    "**RDMA** builds, and the directives of **bundled modules** (Redis 8).",
    "**arm64**, 32 bits, big-endian machines, and systems other than Linux.",
    "**Patch releases** other than those of the table.",
    "Files of more than 40 directives, but for the real files of `REDISCONF_CORPUS`, which have trials of their own.",
];

/// The part of the page that is the same in every run; `dumped` are the versions that were not asked.
pub(crate) fn limits(dumped: &[String]) -> String {
    let mut text = "## What is not proven\n\n".to_owned();
    for item in NOT_PROVEN {
        text.push_str(&format!("- {item}\n"));
    }
    let names = dumped.join(", ");
    text.push_str(&format!("- **{names}**: no package is fetched; they are held against dumps of CONFIG GET only.\n"));
    text.push_str("\n## What is not compared\n\n");
    for item in NOT_COMPARED {
        text.push_str(&format!("- {item}\n"));
    }
    text.push_str("\n## Directives that are not asked alone\n\n| directive | why |\n|---|---|\n");
    for (name, why) in LEFT_OUT {
        text.push_str(&format!("| `{name}` | {why} |\n"));
    }
    text.push_str("| what needs TLS, RDMA or a module | the build may lack it |\n");
    text.push_str("| what needs the bundled jemalloc | asked only of builds that have it |\n");
    text
}
