//! Rules about who may still do what after a change of version.

use super::since_7_0;
use crate::config::{Value, printable};
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::source::Span;

pub(crate) static ACL_CHANNEL_DEFAULT_CHANGED: Rule = Rule {
    id: "acl-channel-default-changed",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "a user who may publish and subscribe, but on no channel",
    docs: "Up to Redis 6.2 a user could use every channel unless a rule said otherwise; since 7.0 none (`acl-pubsub-default`).
`user app on ~* +@all` with its password could publish before and gets `NOPERM` now, and so does `user default` if the
file defines it: a line begins with nothing. Rules for channels are written `&pattern`, `&*` for all. Coming from 6.2
it is an error, for it worked there.

Bad:
    user app on nopass ~* +@all

Good:
    user app on nopass ~* &app:* +@all
",
    source: "measured on Redis 7.0, 8.2 and Valkey 8.0 to 9.1, for named users and for default",
    servers: &["redis >= 7.0", "valkey"],
    fix: Some(Safety::Unsafe),
    check: Check::Config(acl_channel_default_changed),
    ..Rule::BASE
};

pub(crate) static PROTECTED_MODE_SCOPE_CHANGED: Rule = Rule {
    id: "protected-mode-scope-changed",
    severity: Severity::Warning,
    group: Group::Versions,
    summary: "remote clients that Redis 6.2 let in are refused from 7.0 on",
    docs: "Protected mode refuses remote clients while the default user has no password. Redis 6.2 left that check out as soon
as any `bind` was given; 7.0 and later, and every Valkey, do not: after the upgrade all remote clients get `-DENIED`.
Set a password. Switching protected mode off keeps a server open that never should have been.

Bad:
    # redisconf: server=redis-7.4
    bind 10.0.0.5
    ==> previous <==
    # redisconf: server=redis-6.2
    bind 10.0.0.5

Good:
    # redisconf: server=redis-7.4
    bind 10.0.0.5
    requirepass 8f0c4f2d1f6b4c0aa5d2c7e19b3d6f54
    ==> previous <==
    # redisconf: server=redis-6.2
    bind 10.0.0.5
",
    source: "networking.c of Redis 6.2.14 and 7.0.15",
    facts: &["previous"],
    check: Check::Config(protected_mode_scope_changed),
    ..Rule::BASE
};

fn acl_channel_default_changed(case: &Case<'_>, report: &mut Report<'_>) {
    if case.choice("acl-pubsub-default") != Some("resetchannels") {
        return;
    }
    for id in case.statements_of("user") {
        if !speaks_without_channels(&case.reading.arguments(id)) || case.is_generated(id) {
            continue;
        }
        let user = case.word(id, 0);
        let mut finding = ACL_CHANNEL_DEFAULT_CHANGED
            .finding(case.word_at(id, 0), format!("`{user}` may publish and subscribe, but no channel is open to it"))
            .help(format!("name its channels, such as `&{user}:*`, or all of them with `&*`"));
        if let Some(previous) = case.previous.filter(|previous| !since_7_0(previous.server)) {
            finding.severity = Severity::Error;
            finding.message = format!("`{user}` could use every channel in {} and can use none now", previous.server);
            finding.used.push("previous");
        }
        // The rule is put behind the others, so that the fix does not repeat a password.
        let end = case.at(id).end;
        let behind = Span { start: end, end, ..case.at(id) };
        report.add(finding.fix(Fix::unsafe_([Edit::Text { at: behind, with: b" &*".to_vec() }])));
    }
}

/// Whether the rules of a user allow a command of publish and subscribe and say nothing of channels.
fn speaks_without_channels(words: &[&[u8]]) -> bool {
    let (mut speaks, mut selector, mut on) = (false, false, false);
    for word in words.iter().skip(1) {
        let rule = word.to_ascii_lowercase();
        // Rules in brackets are a selector's own.
        selector |= rule.starts_with(b"(");
        if !selector {
            match &*rule {
                b"on" => on = true,
                b"off" => on = false,
                b"reset" => (speaks, on) = (false, false),
                b"allcommands" | b"+@all" | b"+@pubsub" | b"+publish" | b"+spublish" | b"+subscribe"
                | b"+psubscribe" | b"+ssubscribe" => speaks = true,
                b"nocommands" | b"-@all" | b"-@pubsub" => speaks = false,
                b"allchannels" | b"resetchannels" => return false,
                channel if channel.starts_with(b"&") => return false,
                _ => {}
            }
        }
        selector &= !rule.ends_with(b")");
    }
    speaks && on
}

fn protected_mode_scope_changed(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(previous) = report.previous() else { return };
    if since_7_0(previous.server) || !since_7_0(case.server()) || case.is_partial() {
        return;
    }
    // The official images are built with protected mode off.
    let off = !case.is_set("protected-mode") && case.facts.word("image") == Some("official");
    if case.is_on("protected-mode") != Some(true) || off || has_password(case) {
        return;
    }
    let before = previous.config.as_ref().map_or_else(|| case.get("bind"), |config| config.get("bind"));
    let (Some(Value::Words(before)), Some(bind)) = (before, case.set_by("bind")) else { return };
    let remote = remote_address(case);
    let Some(remote) = remote.filter(|_| before.iter().any(|word| !word.is_empty())) else { return };
    let message = format!("clients that come by {remote} are refused since 7.0: no password is set");
    let finding = PROTECTED_MODE_SCOPE_CHANGED.finding(case.at(bind), message);
    let finding = finding.here(format!("{} let them in because of this line", previous.server));
    report.add(finding.help("set a password, or define users"));
}

/// Whether somebody must log in, or may have to: users can stand in a file of their own.
fn has_password(case: &Case<'_>) -> bool {
    let elsewhere = case.text("aclfile").is_none_or(|path| !path.is_empty());
    elsewhere || case.has_secret("requirepass") != Some(false) || case.statements_of("user").next().is_some()
}

/// The first address that is not the host's own.
fn remote_address(case: &Case<'_>) -> Option<String> {
    let Some(Value::Words(words)) = case.get("bind") else { return None };
    let own = |word: &[u8]| {
        let word = word.strip_prefix(b"-").unwrap_or(word);
        word.is_empty() || word.starts_with(b"127.") || matches!(word, b"::1" | b"localhost")
    };
    words.iter().find(|word| !own(word)).map(|word| format!("`{}`", printable(word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::tests::findings_of as found;

    #[test]
    fn a_user_needs_channels_only_if_it_may_speak() {
        let speaks = |rules: &str| speaks_without_channels(&rules.split(' ').map(str::as_bytes).collect::<Vec<_>>());
        assert!(speaks("app on >x ~* +@all") && speaks("app ON nopass +@PUBSUB") && speaks("app on -@all +publish"));
        for silent in [
            "app on ~* +@read",
            "app on ~* &* +@all",
            "app on allchannels +@all",
            "app on resetchannels +@all",
            "app off +@all",
            "app on +@all -@all +get",
            "app on +@all reset",
            "app on +get (~x +@all)",
            "app on +get (~x +@all &y) &z",
        ] {
            assert!(!speaks(silent), "{silent}");
        }
    }

    #[test]
    fn coming_from_6_2_it_is_an_error() {
        let text = "user app on nopass ~* +@all\n==> previous <==\n# redisconf: server=redis-6.2\n";
        assert_eq!(found("acl-channel-default-changed", text)[0].severity.word(), "error");
        let kept = "acl-pubsub-default allchannels\nuser app on nopass ~* +@all\n";
        assert_eq!(found("acl-channel-default-changed", kept), []);
    }

    #[test]
    fn only_clients_that_were_let_in_are_missed() {
        let says = |new: &str, old: &str| {
            let text = format!("{new}\n==> previous <==\n# redisconf: server=redis-6.2\n{old}\n");
            !found("protected-mode-scope-changed", &text).is_empty()
        };
        assert!(says("bind * -::*", "bind 0.0.0.0"));
        for (new, old) in [
            ("bind 10.0.0.5", "port 1"),
            ("bind 127.0.0.1 -::1", "bind 127.0.0.1"),
            ("bind 10.0.0.5\nprotected-mode no", "bind 10.0.0.5"),
            ("bind 10.0.0.5\naclfile /etc/users.acl", "bind 10.0.0.5"),
            ("# redisconf: image=official\nbind 10.0.0.5", "bind 10.0.0.5"),
        ] {
            assert!(!says(new, old), "{new} {old}");
        }
    }
}
