//! Users whom the server does not accept.

use super::{commands, statement};
use crate::catalog;
use crate::config::acl::UNKNOWN_NAME;
use crate::config::{Key, Reason, Refusal};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Rule};
use crate::syntax::{Mode, StatementId};

pub(crate) static ACL_FILE_LINE: Rule = Rule {
    id: "acl-file-line",
    severity: Severity::Fatal,
    summary: "a line of an ACL file that defines no user",
    docs: "An ACL file looks like configuration and is none: every line that is not blank begins with `user`, in lower case,
and a single blank. Comments stop the start, and so do directives and tabs. Quotes are letters there: `\"app\"` is a user
whose name has two quotes.

Bad:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    # who may log in
    user app on nopass ~app:* +@read

Good:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    user app on nopass ~app:* +@read
",
    group: Group::Security,
    source: super::MEASURED,
    fix: Some(Safety::Safe),
    modes: &[Mode::AclFile],
    check: Check::Refusal(acl_file_line),
    ..Rule::BASE
};

pub(crate) static ACL_FILE_REFUSED: Rule = Rule {
    id: "acl-file-refused",
    severity: Severity::Fatal,
    summary: "the ACL file that the configuration names would not be loaded",
    docs: "A server that cannot load its ACL file does not start. It is judged here if it lies where `dir` and the folder of
the configuration say; lint the file itself to see every line that is wrong.

Bad:
    aclfile users.acl
    ==> users.acl <==
    user app on nopass ~* +@red

Good:
    aclfile users.acl
    ==> users.acl <==
    user app on nopass ~* +@read
",
    group: Group::Security,
    source: super::MEASURED,
    check: Check::Refusal(of_file),
    ..Rule::BASE
};

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
    modes: &[Mode::Server, Mode::Sentinel, Mode::AclFile],
    check: Check::Refusal(acl_rule),
    ..Rule::BASE
};

pub(crate) static DUPLICATE_USER: Rule = Rule {
    id: "duplicate-user",
    severity: Severity::Fatal,
    summary: "a user is defined twice",
    docs:
        "Since Redis 7.0 a name may be defined once, be it in a configuration or in an ACL file. Redis 6.2 forgets the
first definition, with its passwords, and takes the second.

Bad:
    user app on nopass ~* +@read
    user app +@write

Good:
    user app on nopass ~* +@read +@write
",
    group: Group::Security,
    source: super::MEASURED,
    fix: Some(Safety::Unsafe),
    modes: &[Mode::Server, Mode::Sentinel, Mode::AclFile],
    check: Check::Refusal(duplicate_user),
    ..Rule::BASE
};

pub(crate) static UNCLOSED_SELECTOR: Rule = Rule {
    id: "unclosed-selector",
    severity: Severity::Fatal,
    summary: "a selector in an ACL file does not close, which crashes the server",
    docs: "A selector begins with a word that begins with `(` and ends with one that ends with `)`. Where the end is missing
in an ACL file and another rule stands before it, every version since Redis 7.0 dies of a segmentation fault: at the
start, and when ACL LOAD reads the file into a running server, whose data are then gone up to the last snapshot. In a
configuration the same line is refused with a message.

Bad:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    user app on nopass (+get ~app:*

Good:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    user app on nopass (+get ~app:*)
",
    group: Group::Security,
    source: super::MEASURED,
    modes: &[Mode::AclFile],
    check: Check::Refusal(unclosed_selector),
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

fn acl_file_line(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let id = statement(refusal);
    let name = case.reading.name(id);
    let finding = |message: &str| ACL_FILE_LINE.finding(refusal.at, message);
    if name.starts_with(b"#") {
        return finding("an ACL file knows no comments")
            .help("take the line out")
            .fix(Fix::safe([Edit::Drop { statement: refusal.at }]).of_secret());
    }
    let alone = case.reading.words(id).is_empty();
    if name.eq_ignore_ascii_case(b"user") && !alone {
        let mut words = case.words(id);
        words[0] = b"user".to_vec();
        return finding("`user` is read in lower case only")
            .help("write `user`")
            .fix(Fix::safe([Edit::Put { statement: refusal.at, words }]).of_secret());
    }
    let begins = name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"user"));
    match catalog::find(name) {
        _ if name.eq_ignore_ascii_case(b"user") => finding("a user without a name").help("give it a name and rules"),
        _ if begins && name.get(4).is_some_and(u8::is_ascii_whitespace) => {
            finding("`user` must be followed by a blank").help("put a single blank between all words, and no tabs")
        }
        Some(_) => finding(&format!("`{}` is a directive, and an ACL file holds users only", case.name(id)))
            .help("move the line to the configuration"),
        None => finding("the line defines no user").help("begin it with `user` and a name, or take it out"),
    }
}

/// Words what the server says to the ACL file, at the statement that names it.
pub(in crate::lint) fn of_file(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let at = case.set_by("aclfile").map_or(case.anchor(), |id| case.word_at(id, 0));
    let path = case.set_by("aclfile").map(|id| case.word(id, 0)).unwrap_or_default();
    let file = case.users_file.expect("a refusal of the ACL file comes from one");
    let line = file.reading.sources.get(refusal.at.source).line(refusal.at.start);
    let words = refusal.reason.server_words(case.server());
    ACL_FILE_REFUSED
        .finding(at, format!("`{path}` would not be loaded: line {line}: {words}"))
        .help(format!("lint `{path}` itself"))
}

fn unclosed_selector(case: &Case<'_>, refusal: &Refusal) -> Finding {
    let user = case.word(statement(refusal), 0);
    UNCLOSED_SELECTOR
        .finding(refusal.at, format!("a selector of user `{user}` does not close"))
        .here("it opens here")
        .help("end its last word with `)`")
}

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
        None if refused.argument > 0 && is_in_file(case, id, refused.argument, b"\"'") => {
            finding.help("take the quotes off: in an ACL file they are letters")
        }
        None if refused.argument > 0 && is_in_file(case, id, refused.argument, b"#") => {
            finding.help("write 64 hexadecimal digits behind the `#`; an ACL file knows no comments")
        }
        None if refused.argument > 0 => finding.help("begin a password with `>`, a SHA-256 of one with `#`"),
        Some(_) | None => finding.help("choose a name without blanks"),
    }
}

/// Whether a word in an ACL file begins with one of these bytes.
fn is_in_file(case: &Case<'_>, id: StatementId, argument: usize, starts: &[u8]) -> bool {
    let first = case.reading.arguments(id).get(argument).and_then(|word| word.first());
    case.mode == Mode::AclFile && first.is_some_and(|byte| starts.contains(byte))
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
