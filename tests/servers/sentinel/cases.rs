//! Sentinel files to try: every sub-directive with right, wrong and odd words, alone and together, in any order.
//!
//! Nothing but the loopback address is named, for a Sentinel connects to what it watches.

use redisconf::catalog::sentinel;

use crate::dice::Dice;

/// Where primaries and replicas are said to be: spellings of an address of this machine, and what needs no name server.
#[rustfmt::skip]
const HOSTS: &[&str] = &[
    "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.0.0.2", "::1", "0::1", "::ffff:127.0.0.1", "::1%1",
    "\"127.0.0.1\\x00x\"", "localhost", "\"\"",
];
/// What is no address, and would be asked of a name server if names were resolved.
#[rustfmt::skip]
const NO_HOSTS: &[&str] = &[
    "127.0.0.256", "127.0.0.1.", "[::1]", "::1%lo", "\" 127.0.0.1\"", "*", "08.1", "127.0.0.1:6379", "4294967296", "1.2.3.4.5",
    "+1", "0x", "12345::", "::g",
];
#[rustfmt::skip]
const PORTS: &[&str] = &["6379", "0", "65535", "65536", "-1", "x", "6379x", "\"\"", "4294967297", "99999999999999999999"];
#[rustfmt::skip]
const QUORUMS: &[&str] = &["2", "1", "0", "-1", "x", "2x", "+2", "\" 2\"", "0x2", "4294967297", "99999999999999999999"];
#[rustfmt::skip]
const TIMES: &[&str] = &["30000", "1", "0", "-1", "30s", "x", "\"\"", "2147483647", "2147483648", "4294967297", "-4294967295"];
const NAMES: &[&str] = &["m", "m", "m", "m", "n", "M", "\"m\\x00x\"", "\"\"", "\"a b\"", "q"];
const SWITCHES: &[&str] = &["yes", "no", "YES", "No", "true", "1", "\"\"", "\"yes\\x00x\""];
#[rustfmt::skip]
const IDENTITIES: &[&str] = &[
    "0123456789012345678901234567890123456789", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "abc",
    "\"\"", "0123456789012345678901234567890123456789x",
];
const ANY: &[&str] = &["x", "\"\"", "5", "yes", "\"p q\"", "#x", "CONFIG", "config", "/"];

fn host(dice: &mut Dice) -> &'static str {
    if dice.one_in(4) { dice.pick(NO_HOSTS) } else { dice.pick(HOSTS) }
}

/// One line about a sub-directive, mostly right.
fn line(name: &str, dice: &mut Dice) -> String {
    let mut words: Vec<&str> = match name {
        "monitor" => vec![dice.pick(NAMES), host(dice), dice.pick(PORTS), dice.pick(QUORUMS)],
        "known-replica" | "known-slave" => vec![dice.pick(NAMES), host(dice), dice.pick(PORTS)],
        "known-sentinel" => vec![dice.pick(NAMES), host(dice), dice.pick(PORTS), dice.pick(&["a", "b", "A"])],
        "rename-command" => vec![dice.pick(NAMES), dice.pick(ANY), dice.pick(ANY)],
        "myid" => vec![dice.pick(IDENTITIES)],
        "notification-script" | "client-reconfig-script" => vec![dice.pick(NAMES), dice.pick(&["/", "\"\""])],
        "announce-hostnames" | "deny-scripts-reconfig" | "resolve-hostnames" => vec![dice.pick(SWITCHES)],
        "announce-ip" | "announce-port" | "current-epoch" | "sentinel-pass" | "sentinel-user" => vec![dice.pick(ANY)],
        _ => vec![dice.pick(NAMES), dice.pick(TIMES)],
    };
    match dice.roll(12) {
        0 => drop(words.pop()),
        1 => words.push(dice.pick(ANY)),
        2 => words.push("# comment"),
        _ => {}
    }
    let name = if dice.one_in(9) { name.to_ascii_uppercase() } else { name.to_owned() };
    format!("sentinel {name} {}\n", words.join(" "))
}

/// Right lines, so that not every file stops at its first.
const RIGHT: &[&str] = &[
    "sentinel monitor m 127.0.0.1 6379 2\n",
    "sentinel monitor n 127.0.0.1 6380 1\n",
    "sentinel down-after-milliseconds m 5000\n",
    "sentinel failover-timeout n 60000\n",
    "sentinel parallel-syncs m 1\n",
    "sentinel resolve-hostnames yes\n",
    "sentinel announce-hostnames yes\n",
    "sentinel auth-pass m secret\n",
    "sentinel known-replica m 127.0.0.1 6381\n",
    "sentinel known-replica m localhost 6382\n",
    "sentinel rename-command n CONFIG guarded\n",
    "loglevel notice\n",
    "# a comment\n",
];

/// Lines that are no business of Sentinel's own, and what a Sentinel makes of them.
#[rustfmt::skip]
const OTHER: &[&str] = &[
    "sentinel\n", "sentinel \"\"\n", "sentinel bogus\n", "sentinel monitor\n", "sentinel \"myid\\x00x\" a\n", "sentinel port 1\n",
    "sentinel 'unbalanced\n", "save 60 1\nappendonly yes\n", "maxmemory 100mb\n", "maxmemory 1x\n", "bogus 1\n", "bogus\n",
    "module.parameter 1\n", "module.parameter\n", "loadmodule /nowhere.so\n", "loadmodule\n", "dbfilename .\n",
    "replicaof 127.0.0.1 6379\n", "requirepass x\n", "user a on nopass +ping\n", "user a on nopass +get\n",
    "user a on nopass +@read\n", "user a on nopass +@nosuch\n", "user a on nopass +client|no-touch\n",
    "user a on nopass +client|setname\n", "user a on nopass +sentinel|masters\n", "user a on nopass +sentinel|primaries\n",
    "user a on nopass -sentinel|nosuch\n", "user a on nopass +vadd\n", "user a on nopass +config|get\n", "user a nosuch\n",
    "user a on nopass +acl|x +command|docs -role\n", "rename-command GET \"\"\n", "rename-command SENTINEL s\n",
    "rename-command PING AUTH\n", "rename-command PING ping2\nrename-command PING x\n", "rename-command SENTINEL|SET \"\"\n",
    "rename-command CLIENT|NO-TOUCH \"\"\n", "aclfile /nowhere/users.acl\nuser a on nopass\n",
];

/// The cases of one server, the same in every run.
pub(crate) fn generate(seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let known = "sentinel monitor m 127.0.0.1 6379 2\n";
    let mut cases: Vec<String> = OTHER.iter().map(|text| format!("{known}{text}")).collect();
    for name in sentinel::all_names() {
        for _ in 0..8 {
            let line = line(name, &mut dice);
            cases.push(if dice.one_in(2) { format!("{known}{line}") } else { format!("{line}{known}") });
        }
    }
    for _ in 0..40 {
        cases.push(format!("{}{}", dice.pick(RIGHT), line("monitor", &mut dice)));
    }
    for _ in 0..300 {
        let count = dice.roll(6) + 2;
        let text = (0..count).map(|_| match dice.roll(8) {
            0 | 1 => line(dice.pick(sentinel::all_names()), &mut dice),
            2 if dice.one_in(4) => dice.pick(OTHER).to_owned(),
            _ => dice.pick(RIGHT).to_owned(),
        });
        cases.push(text.collect());
    }
    // No name server is asked.
    let resolves = |text: &str| text.to_ascii_lowercase().replace('"', "").contains("resolve-hostnames yes");
    let names = |text: &str| NO_HOSTS.iter().any(|host| text.contains(&format!(" {host} ")));
    cases.retain(|text| !(resolves(text) && names(text)));
    cases
}
