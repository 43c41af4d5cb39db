//! stub
use crate::server::Server;
pub fn exists(_: Server, name: &[u8]) -> bool {
    [
        "flushall",
        "flushdb",
        "config",
        "get",
        "debug",
        "keys",
        "shutdown",
        "bgsave",
        "save",
        "rename",
        "bgrewriteaof",
        "spop",
        "srem",
        "del",
        "slaveof",
        "replicaof",
        "eval",
        "script",
        "monitor",
        "cluster",
        "client",
        "module",
        "migrate",
        "acl",
        "sync",
        "psync",
        "replconf",
        "rewriteaof",
        "set",
    ]
    .iter()
    .any(|c| c.as_bytes().eq_ignore_ascii_case(name))
}
pub fn has_subcommand(_: Server, _c: &[u8], _s: &[u8]) -> bool {
    true
}
