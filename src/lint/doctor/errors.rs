//! Who was refused, and for which reason.

use super::measure::{count_from, rose};
use super::{LIVE, LiveCase};
use crate::finding::{Measured, Proof, Severity};
use crate::lint::Report;
use crate::lint::rule::{Check, Group, Rule};

pub(in crate::lint) static ACCESS_REFUSED: Rule = Rule {
    id: "access-refused",
    group: Group::Security,
    summary: "logins fail, or commands are refused for want of rights",
    docs:
        "Wrong passwords are a forgotten client after a rotation, or somebody who guesses. Missing rights are a client
that uses more than its user may: `CLIENT SETINFO`, which libraries send on connecting, is the most frequent.

Bad:
    errorstat_WRONGPASS: count=50
    earlier errorstat_WRONGPASS: count=20

Good:
    errorstat_WRONGPASS: count=0
",
    source: "measured: the counters and ACL LOG rise with each; INFO since 6.2",
    check: Check::Live(refused),
    ..LIVE
};

fn refused(live: &LiveCase<'_>, report: &mut Report<'_>) {
    const KINDS: [(&str, &str, &str); 3] = [
        ("errorstat_WRONGPASS", "WRONGPASS", "logins with a wrong password"),
        ("errorstat_NOAUTH", "NOAUTH", "commands without a login"),
        ("errorstat_NOPERM", "NOPERM", "commands without the right"),
    ];
    let rises = KINDS.iter().filter_map(|(field, name, what)| Some((*name, *what, live.rise_of(field, "count")?)));
    let some: Vec<_> = rises.filter(|(_, _, rise)| rise.count > 0).collect();
    let Some((_, _, first)) = some.first().copied() else { return };
    // A slip a day is none.
    let all: u64 = some.iter().map(|(_, _, rise)| rise.count).fold(0, u64::saturating_add);
    if !first.is_now && all < 10 {
        return;
    }
    let told: Vec<String> = some.iter().map(|(_, what, rise)| format!("{} {what}", rise.count)).collect();
    let message = format!("{} were refused {}", told.join(", "), first.when());
    let mut measured: Vec<Measured> = some.iter().map(|(name, _, rise)| rose(name, *rise)).collect();
    let denials = live.evidence.denials.iter().flatten();
    let known = denials.filter(|(reason, _)| ["auth", "command", "key", "channel"].contains(&reason.as_str()));
    measured.extend(known.map(|(reason, count)| count_from(format!("entries for {reason}"), *count, "ACL LOG")));
    let proof = Proof::of(measured).above("any now, ten since the start", "measured; INFO since 6.2");
    let mut finding = ACCESS_REFUSED.finding(live.anchor(), message).proof(proof);
    finding.severity = first.severity(Severity::Warning);
    report.add(finding.help("see ACL LOG for who and what; give the right, or stop the client"));
}

pub(in crate::lint) static DEFAULT_USER_OPEN: Rule = Rule {
    id: "default-user-open",
    severity: Severity::Error,
    group: Group::Security,
    summary: "whoever reaches a listening address may do everything",
    docs:
        "The user `default` is on, needs no password and may run all commands, and the server listens to more than its
own machine, with protected mode off. Such servers are found within minutes, and written to.

Bad:
    bind *
    protected-mode no
    user: default on nopass ~* &* +@all

Good:
    bind *
    protected-mode no
    user: default on #0 ~* &* +@all
",
    source: "valkey.io/topics/security; measured: an ACL LIST with `nopass`",
    check: Check::Live(open),
    ..LIVE
};

fn open(live: &LiveCase<'_>, report: &mut Report<'_>) {
    let Some(running) = report.seen("CONFIG GET", live.running()) else { return };
    let Some(users) = report.seen("ACL LIST", live.evidence.users.as_ref()) else { return };
    let has_port = live.int("port").unwrap_or(6379) > 0 || live.int("tls-port").unwrap_or(0) > 0;
    if !has_port || live.is_on("protected-mode") != Some(false) {
        return;
    }
    let is_open = |user: &&crate::snapshot::User| {
        user.name == "default" && user.is_on && user.needs_no_password && user.rules.iter().any(|rule| rule == "+@all")
    };
    if !users.iter().any(|user| is_open(&user)) {
        return;
    }
    let listens_only_here = running.set_by("bind").is_some_and(|id| {
        let count = running.reading.words(id).len();
        let is_here = |word: String| {
            let address = word.trim_start_matches('-').to_owned();
            address == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        };
        count > 0 && (0..count).all(|at| is_here(running.word(id, at)))
    });
    if listens_only_here {
        return;
    }
    let proof = Proof::of([
        super::measure::word("user default", "on nopass +@all", "ACL LIST"),
        super::measure::running("protected-mode", "no"),
    ])
    .above("any address but its own machine's", "valkey.io/topics/security")
    .change("protected-mode", "yes");
    let message = "the user `default` needs no password and may do everything, for all who reach it";
    let help = "set a password for it (`user default on >… ~* &* +@all`) or bind to 127.0.0.1, and now";
    report.add(DEFAULT_USER_OPEN.finding(live.place("protected-mode"), message).help(help).proof(proof));
}
