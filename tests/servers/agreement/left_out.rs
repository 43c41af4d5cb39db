//! What agreement does not ask, with the reason; `docs/agreement.md` lists the same. Sorted by name.

/// Directives whose cases are not asked one by one. What needs TLS, RDMA or a module of the build is left out by its need.
pub(crate) const LEFT_OUT: [(&str, &str); 15] = [
    ("aclfile", "a file of the machine; asked together with `user` lines, with an empty file"),
    ("crash-memcheck-enabled", "what it does depends on how the server ends"),
    ("daemonize", "a process of the machine"),
    ("dir", "a folder of the machine"),
    ("hash-seed", "changes the order of what is shown"),
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
