//! systemd.

use super::{case, one};

#[test]
fn a_unit_starts_the_server_with_its_limits() {
    let text = "[Unit]\nDescription=x\n[Service]\nType=notify\n# note\nExecStart=-/usr/bin/redis-server /etc/redis/%i.conf \\\n    --supervised systemd --hz 5\nLimitNOFILE=1024:65536\nMemoryMax=1G\nCPUQuota=150%\nRestart=on-failure\nUser=redis\nTimeoutStopSec=1min\n";
    let case = one("redis@.service", text);
    assert_eq!(case.titles(), ["unit `redis@.service`"]);
    assert_eq!(case.statements(), ["redis@.service:6:34 MissingFile", "7:7 supervised systemd", "7:28 hz 5"]);
    assert_eq!(
        case.facts("container nofile memory cpus auto-restart user grace image"),
        [
            "container=no 6:12",
            "nofile=65536 8:13",
            "memory=1GiB 9:11",
            "cpus=1.5 10:10",
            "auto-restart=yes 11:9",
            "user=service 12:6",
            "grace=60s 13:16",
            "image unknown",
        ]
    );
}

#[test]
fn a_drop_in_begins_anew_and_files_are_those_of_the_host() {
    let text =
        "[Service]\nExecStart=/bin/redis-server --port 1\nExecStart=\nExecStart=valkey-server /etc/v.conf --hz 5\n";
    let path = "/etc/systemd/system/v.service.d/a.conf";
    let case1 = case(&[(path, text), ("/etc/v.conf", "port 7\ninclude /etc/w.conf\n"), ("/etc/w.conf", "hz 1\n")]);
    assert_eq!(
        case1.statements(),
        [
            "/etc/v.conf:1:1 port 7",
            "/etc/v.conf:2:1 include /etc/w.conf",
            "(",
            "/etc/w.conf:1:1 hz 1",
            ")",
            "4:39 hz 5"
        ]
    );
    let elsewhere = case(&[("v.service", text), ("/etc/v.conf", "port 7\n")]);
    assert_eq!(elsewhere.statements(), ["v.service:4:25 MissingFile", "4:39 hz 5"]);
    assert_eq!(
        one("x.service", "[Service]\nExecStart=/bin/sh -c 'exec redis-server --hz 1'\n").statements(),
        ["2:43 hz 1"]
    );
    assert_eq!(one("x.service", "[Service]\nExecStart=/usr/bin/app --redis-server x\n").titles(), [""; 0]);
}
