//! Users whom the server does not accept.

use super::{commands, statement};
use crate::catalog;
use crate::config::acl::UNKNOWN_NAME;
use crate::config::{Key, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static ACL_RULE: Rule = Rule {
    id: "acl-rule",
    severity: Severity::Fatal,
    summary: "a rule of a user is refused",
    docs: "Rules are read at the line, except for commands and categories, which modules may bring: those are looked
up when the users are loaded, and the server then names no line.

Bad:
    user app on nopass ~* +@red

Good:
    user app on nopass ~* +@read
",
    group: Group::Security,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(acl_rule),
    ..Rule::BASE
};

pub(crate) static DUPLICATE_USER: Rule = Rule {
    id: "duplicate-user",
    severity: Severity::Fatal,
    summary: "a user is defined twice",
    docs: "Since Redis 7.0 a name may be defined once. Redis 6.2 forgets the first line and takes the second (see
`duplicate-acl-user`).

Bad:
    user app on nopass ~* +@read
    user app +@write

Good:
    user app on nopass ~* +@read +@write
",
    group: Group::Security,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    check: Check::Refusal(duplicate_user),
    ..Rule::BASE
};

pub(crate) static USERS_AND_ACLFILE: Rule = Rule {
    id: "users-and-aclfile",
    severity: Severity::Fatal,
    summary: "users are defined both here and in an ACL file",
    docs: "With `aclfile` set, users live in that file and nowhere else; one `user` line beside it stops the start.

Bad:
    aclfile /etc/redis/users.acl
    user app on nopass ~* +@read

Good:
    aclfile /etc/redis/users.acl
",
    group: Group::Security,
    source: super::MEASURED,
    check: Check::Refusal(users_and_aclfile),
    ..Rule::BASE
};

fn acl_rule(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let Reason::User(refused) = &refusal.reason else { unreachable!("this rule is chosen for users only") };
    let user = case.word(id, 0);
    let message = match (refused.argument, case.public_word(id, refused.argument)) {
        (0, _) => format!("the user `{user}` is refused: {}", refused.reason),
        (_, Some(rule)) => format!("the rule `{rule}` of user `{user}` is refused: {}", refused.reason),
        (_, None) => format!("a rule of user `{user}` is refused: {}", refused.reason),
    };
    let finding = ACL_RULE.finding(refusal.at, message);
    match case.public_word(id, refused.argument) {
        Some(rule) if refused.argument > 0 => match commands::meant(case, rule) {
            Some(meant) => {
                let mut words = case.words(id);
                words[refused.argument + 1] = meant.clone().into_bytes();
                let put = Edit::Put { statement: case.at(id), words };
                finding.help(format!("did you mean `{meant}`?")).fix(Fix::unsafe_([put]))
            }
            None if case.mode == Mode::Sentinel && refused.reason == UNKNOWN_NAME => {
                finding.help("drop the rule: a Sentinel has no data commands")
            }
            None => finding.help("correct the rule, or drop it"),
        },
        None if refused.argument > 0 => finding.help("begin a password with `>`, a SHA-256 of one with `#`"),
        Some(_) | None => finding.help("choose a name without blanks"),
    }
}

fn duplicate_user(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let user = case.word(id, 0);
    let finding = DUPLICATE_USER
        .finding(refusal.at, format!("the user `{user}` is defined a second time"))
        .help("put all rules of a user into one line");
    let Some(first) = first_definition(case, id) else { return finding };
    let mut words = case.words(first);
    words.extend(case.words(id).into_iter().skip(2));
    let merged = [Edit::Put { statement: case.at(first), words }, Edit::Drop { statement: case.at(id) }];
    finding.label(case.at(first), "first defined here").fix(Fix::unsafe_(merged))
}

fn first_definition(case: &Case<'_>, id: StatementId) -> Option<StatementId> {
    let entry = case.config.entry(case.directive(id)?.id)?;
    let name = *case.reading.arguments(id).first()?;
    entry.parts.iter().find(|part| part.key == Some(Key::Name(name.into()))).map(|part| part.by)
}

fn users_and_aclfile(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let finding = USERS_AND_ACLFILE
        .finding(refusal.at, "a user is defined here, and users are in an ACL file too")
        .help("move the `user` lines into the ACL file, or drop `aclfile`");
    let aclfile = catalog::find("aclfile").and_then(|id| case.config.entry(id));
    match aclfile.and_then(|entry| entry.standing().last()) {
        Some(part) => finding.label(case.reading.statement(part.by).at, "the ACL file is named here"),
        None => finding,
    }
}
