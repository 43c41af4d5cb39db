//! Built-in profiles: for every version they serve they merge without a finding and are accepted.

use redisconf::config::layers::{Request, builtins, load, merge};
use redisconf::server::all;
use redisconf::source::Disk;

#[test]
fn every_builtin_merges_cleanly_for_every_server_it_serves() {
    let mut merged = 0;
    for builtin in builtins() {
        for server in all() {
            let request = Request { profile: builtin.pinned(), ..Request::default() };
            let stack = load(&request, &Disk).unwrap();
            if stack.layers.last().unwrap().1.is_abstract {
                continue;
            }
            let serves = stack
                .layers
                .iter()
                .all(|(_, l)| l.servers.is_empty() || l.servers.iter().any(|r| r.value.admits(*server)));
            let setup = merge(stack, *server);
            if !serves {
                assert!(setup.findings.iter().any(|f| f.rule == "unsupported-server"), "{} {server}", builtin.name);
                continue;
            }
            assert_eq!(setup.findings, [], "{} {server}", builtin.name);
            let refusals: Vec<String> = setup
                .config
                .refusals()
                .iter()
                .map(|r| format!("{:?} at {}", r.reason, setup.reading.sources.locate(r.at)))
                .collect();
            assert!(refusals.is_empty(), "{} {server}: {refusals:?}", builtin.name);
            assert!(!setup.reading.statements().is_empty());
            merged += 1;
        }
    }
    assert!(merged > 200, "{merged}");
}
