//! The rule about rules of users that later rules undo.

use crate::config::DefinedUser;
use crate::finding::Severity;
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

pub(crate) static ACL_RULE_UNDONE: Rule = Rule {
    id: "acl-rule-undone",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a rule of a user that a later rule makes void",
    docs: "Rules count from left to right. `-@dangerous +@all` allows the dangerous commands again, `+get -@all` leaves
nothing, `>secret nopass` throws the password away. The server says nothing to it.

Bad:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* -@dangerous -@admin +@all

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@all -@dangerous -@admin
",
    source: "valkey.io/topics/acl; measured on seven servers",
    modes: &[Mode::Server, Mode::Sentinel, Mode::AclFile],
    check: Check::Config(acl_rule_undone),
    ..Rule::BASE
};

/// What a rule sets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sets {
    Commands,
    Passwords,
}

fn acl_rule_undone(case: &Case<'_>, report: &mut Report<'_>) {
    let users = case.config.users(case.reading).into_iter();
    for user in users.filter(|user| user.rights.is_some() && !case.is_generated(user.by)) {
        if let Some((void, undoes)) = undone(case, &user) {
            let (rule, by) = (case.word(user.by, void), case.word(user.by, undoes));
            let finding = ACL_RULE_UNDONE
                .finding(case.word_at(user.by, void), format!("`{rule}` has no effect, for `{by}` comes later"))
                .label(case.word_at(user.by, undoes), "undone here")
                .help("put the rule that is for all before those that are for some");
            report.add(finding);
        }
    }
}

/// The first rule that a later one makes void, and that one. In selectors rules count for themselves.
fn undone(case: &Case<'_>, user: &DefinedUser<'_>) -> Option<(usize, usize)> {
    let words = case.reading.arguments(user.by);
    let lower: Vec<Vec<u8>> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
    let plain = || lower.iter().enumerate().skip(1).filter(|(_, rule)| !rule.is_empty());
    if plain().any(|(_, rule)| rule.starts_with(b"(")) {
        return None;
    }
    let found = plain().filter_map(|(at, rule)| {
        let sets = set_by(rule)?;
        let after = plain().find(|(later, by)| *later > at && undoes(by, sets))?;
        Some((at, after.0))
    });
    found.min()
}

/// What a rule for some sets; rules for all are no loss, for `-@all` at the beginning is a good habit.
fn set_by(rule: &[u8]) -> Option<Sets> {
    match rule {
        b"+@all" | b"-@all" => None,
        [b'+' | b'-', ..] => Some(Sets::Commands),
        [b'>' | b'#', ..] => Some(Sets::Passwords),
        _ => None,
    }
}

fn undoes(rule: &[u8], sets: Sets) -> bool {
    match sets {
        Sets::Commands => matches!(rule, b"+@all" | b"-@all" | b"allcommands" | b"nocommands" | b"reset"),
        Sets::Passwords => matches!(rule, b"nopass" | b"resetpass" | b"reset"),
    }
}
