//! Rules about what keeps the main thread from running commands.

use crate::finding::{Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static ACTIVE_DEFRAG_CYCLE_HIGH: Rule = Rule {
    id: "active-defrag-cycle-high",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "defragmentation may take more than half of the main thread",
    docs: "`active-defrag-cycle-max` is the share of its time, in percent, that the only command thread gives to moving
memory about. The default is 25; above 50 clients wait longer for the defragmentation than for each other.

Bad:
    activedefrag yes
    active-defrag-cycle-max 75

Good:
    activedefrag yes
    active-defrag-cycle-max 25
",
    source: "redis.conf and valkey.conf; the bound of 50 is ours",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(active_defrag_cycle_high),
    ..Rule::BASE
};

pub(crate) static ACTIVE_EXPIRE_EFFORT_HIGH: Rule = Rule {
    id: "active-expire-effort-high",
    severity: Severity::Info,
    group: Group::Latency,
    summary: "much time of the main thread goes into looking for expired keys",
    docs: "From 1 to 10, each step lets the cycle that looks for expired keys run longer and more often: at 10 it may
take more than 40 % of a core, in which no command runs. Keys that are read expire by themselves.

Bad:
    active-expire-effort 10

Good:
    active-expire-effort 1
",
    source: "redis.conf and valkey.conf; redis, expire.c",
    modes: &[Mode::Server],
    check: Check::Config(active_expire_effort_high),
    ..Rule::BASE
};

pub(crate) static FSYNC_ON_NETWORK_DISK: Rule = Rule {
    id: "fsync-on-network-disk",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "every write waits for a disk that is reached over a network",
    docs: "With `appendfsync always` no write is answered before the disk has it. A disk over a network takes a
millisecond or more for that, and now and then a hundred: about a thousand writes a second are then all there is.

Bad:
    # redisconf: server=redis-7.4 disk=network
    appendonly yes
    appendfsync always

Good:
    # redisconf: server=redis-7.4 disk=network
    appendonly yes
    appendfsync everysec
",
    source: "valkey.io/topics/latency, valkey.io/topics/admin",
    facts: &["disk"],
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(fsync_on_network_disk),
    ..Rule::BASE
};

pub(crate) static HZ_HIGH: Rule = Rule {
    id: "hz-high",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "background work runs more than a hundred times a second",
    docs: "`hz` is how often the server looks after expired keys, timeouts and the rest. Above 100 it takes noticeable
time of an idle core and makes commands wait; the shipped configuration says that this is usually not a good idea. With
`dynamic-hz` the number rises by itself when many clients are connected.

Bad:
    hz 500

Good:
    hz 10
",
    source: "redis.conf and valkey.conf",
    modes: &[Mode::Server, Mode::Sentinel],
    fix: Some(Safety::Unsafe),
    check: Check::Config(hz_high),
    ..Rule::BASE
};

pub(crate) static SCRIPT_TIMEOUT_OFF: Rule = Rule {
    id: "script-timeout-off",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "a script that never ends cannot be stopped",
    docs: "After `busy-reply-threshold` (once `lua-time-limit`) milliseconds the server answers others with -BUSY, and
SCRIPT KILL is possible. With 0 that never happens: an endless script holds the server until the process is killed,
unsaved data included. On seven servers of seven not even PING was answered.

Bad:
    lua-time-limit 0

Good:
    lua-time-limit 5000
",
    source: "measured on seven servers, redis 6.2 to valkey 9.1",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(script_timeout_off),
    ..Rule::BASE
};

pub(crate) static TEST_SWITCH_ON: Rule = Rule {
    id: "test-switch-on",
    severity: Severity::Warning,
    group: Group::Latency,
    summary: "a switch is on that the server's own tests use to slow it down or to stop it",
    docs:
        "`key-load-delay` and `rdb-key-save-delay` make the server wait for each key that it loads or saves: with 1000
(microseconds) 2,000 keys took 2.2 seconds instead of a few hundredths, and a million would take 18 minutes. With
`io-threads-always-active` the I/O threads never rest: 256 of them left a machine of two cores no time to answer
PING in ten seconds. With `enable-debug-assert` a check that fails ends the server. CONFIG GET shows most of them only
by name, so that nobody sees what was left on.

Bad:
    # redisconf: server=valkey-9.1
    key-load-delay 1000
    io-threads-always-active yes

Good:
    # redisconf: server=valkey-9.1
    key-load-delay 0
    io-threads-always-active no
",
    source: "measured on valkey 9.1 and redis 8.2",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(test_switch_on),
    ..Rule::BASE
};

fn test_switch_on(case: &Case<'_>, report: &mut Report<'_>) {
    let switches = [
        ("enable-debug-assert", "no"),
        ("io-threads-always-active", "no"),
        ("key-load-delay", "0"),
        ("rdb-key-save-delay", "0"),
    ];
    for (name, off) in switches {
        let is_on = case.is_on(name) == Some(true) || case.int(name).is_some_and(|delay| delay != 0);
        let Some(id) = case.set_by(name).filter(|_| is_on) else { continue };
        let finding = TEST_SWITCH_ON
            .finding(case.at(id), format!("`{name}` is for tests of the server itself"))
            .help(format!("drop the line, or set `{name} {off}`"))
            .fix(Fix::unsafe_([case.put_value(id, off)]));
        report.add(finding);
    }
}

fn script_timeout_off(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(0)) = (case.set_by("lua-time-limit"), case.int("lua-time-limit")) else { return };
    let name = case.name(id);
    let finding = SCRIPT_TIMEOUT_OFF
        .finding(case.at(id), "an endless script cannot be stopped: the server never answers -BUSY")
        .help(format!("set `{name} 5000`"))
        .fix(Fix::unsafe_([case.put_value(id, "5000")]));
    report.add(finding);
}

fn active_expire_effort_high(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(effort)) = (case.set_by("active-expire-effort"), case.int("active-expire-effort")) else {
        return;
    };
    if effort > 5 {
        let message = format!("`{effort}` of 10 takes time from every command");
        report.add(ACTIVE_EXPIRE_EFFORT_HIGH.finding(case.at(id), message).help("go back to 1, and rise by ones"));
    }
}

fn active_defrag_cycle_high(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(share)) = (case.set_by("active-defrag-cycle-max"), case.int("active-defrag-cycle-max")) else {
        return;
    };
    if share > 50 && case.is_on("activedefrag") == Some(true) {
        let finding = ACTIVE_DEFRAG_CYCLE_HIGH
            .finding(case.at(id), format!("defragmentation may take {share} % of the main thread"))
            .help("set `active-defrag-cycle-max 25`")
            .fix(Fix::unsafe_([case.put_value(id, "25")]));
        report.add(finding);
    }
}

fn hz_high(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some(id), Some(hz)) = (case.set_by("hz"), case.int("hz")) else { return };
    if hz > 100 {
        let finding = HZ_HIGH
            .finding(case.at(id), format!("background work runs {hz} times a second"))
            .help("set `hz 10`, and 100 at most")
            .fix(Fix::unsafe_([case.put_value(id, "10")]));
        report.add(finding);
    }
}

fn fsync_on_network_disk(case: &Case<'_>, report: &mut Report<'_>) {
    let always = case.is_on("appendonly") == Some(true) && case.choice("appendfsync") == Some("always");
    let Some(id) = case.set_by("appendfsync").filter(|_| always) else { return };
    if report.word("disk") == Some("network") {
        let finding = FSYNC_ON_NETWORK_DISK
            .finding(case.at(id), "every write waits for a disk that is reached over a network")
            .help("set `appendfsync everysec` if the writes of a second may be lost; else use a local disk")
            .fix(Fix::unsafe_([case.put_value(id, "everysec")]));
        report.add(finding);
    }
}
