//! Rules about users that can do more, or less, than they should. They read `user` lines and ACL files alike.

use crate::config::DefinedUser;
use crate::config::acl::Rights;
use crate::finding::{Edit, Fix, Safety, Severity};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::syntax::Mode;

/// Every kind of file that defines users.
const EVERYWHERE: &[Mode] = &[Mode::Server, Mode::Sentinel, Mode::AclFile];

pub(crate) static ACL_FILE_QUOTES: Rule = Rule {
    id: "acl-file-quotes",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "quotes in an ACL file, where they are letters like any other",
    docs: "A configuration takes quotes off, an ACL file does not. `user \"app\"` defines a user whose name has two
quotes, and `>\"secret\"` a password that begins and ends with one; the server starts, and nobody can log in.

Bad:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    user \"app\" on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read

Good:
    # redisconf: server=redis-7.4
    ==> users.acl <==
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
",
    source: "measured on seven servers, redis 6.2 to valkey 9.1",
    fix: Some(Safety::Unsafe),
    modes: &[Mode::AclFile],
    check: Check::Config(acl_file_quotes),
    ..Rule::BASE
};

pub(crate) static ACL_NOPASS: Rule = Rule {
    id: "acl-nopass",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user that reaches data can be anybody, for any password is good",
    docs: "With `nopass` the name alone is enough: AUTH NAME ANYTHING succeeds. A user that may only PING is a fair use
of it, such as a health check; one that reads keys or changes the server is an open door. That is an error where the
user may give itself every other right.

Bad:
    user app on nopass ~app:* +@read

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
    user health on nopass +ping
",
    source: "valkey.io/topics/acl",
    modes: EVERYWHERE,
    check: Check::Config(acl_nopass),
    ..Rule::BASE
};

pub(crate) static ACL_OVERBROAD: Rule = Rule {
    id: "acl-overbroad",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user that is no administrator by its name may give itself every right",
    docs: "`+@all` holds ACL SETUSER and CONFIG SET: whoever has the application's password may make users, read the
other passwords, and empty the server. `-@admin` takes those away and leaves every command about data; `-@dangerous`
also takes KEYS, FLUSHALL and INFO. Not said of `default`, nor of names with admin, root, super, operator, ops, dba or
maintenance.

Bad:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@all

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@all -@admin -@dangerous
",
    source: "valkey.io/topics/acl; categories as measured on seven servers",
    fix: Some(Safety::Unsafe),
    modes: EVERYWHERE,
    check: Check::Config(acl_overbroad),
    ..Rule::BASE
};

pub(crate) static USER_DISABLED: Rule = Rule {
    id: "user-disabled",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user with a password is neither `on` nor `off`, and so cannot log in",
    docs: "New users are off. Without the word `on` the password is refused with -WRONGPASS, as if it were wrong; the
server writes a line to its log at the start, which nobody reads. Write `off` if that is meant.

Bad:
    user app #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
",
    source: "measured on seven servers, redis 6.2 to valkey 9.1",
    fix: Some(Safety::Unsafe),
    modes: EVERYWHERE,
    check: Check::Config(user_disabled),
    ..Rule::BASE
};

pub(crate) static USER_WITHOUT_COMMANDS: Rule = Rule {
    id: "user-without-commands",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user can log in and may run no command",
    docs: "New users may run nothing: every command but AUTH, HELLO and QUIT is answered with -NOPERM until some rule
with `+` allows it. A pattern such as `~app:*` allows keys, not commands.

Bad:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:*

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
",
    source: "valkey.io/topics/acl",
    modes: EVERYWHERE,
    check: Check::Config(user_without_commands),
    ..Rule::BASE
};

pub(crate) static USER_WITHOUT_KEYS: Rule = Rule {
    id: "user-without-keys",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user may run GET and SET and reaches no key",
    docs: "Commands and keys are allowed apart. Without a pattern such as `~app:*`, or `~*`, every command that names a
key is answered with -NOPERM, although `+@all` looks as if it allowed everything.

Bad:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 +@read +@write

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read +@write
",
    source: "valkey.io/topics/acl",
    modes: EVERYWHERE,
    check: Check::Config(user_without_keys),
    ..Rule::BASE
};

pub(crate) static USER_WITHOUT_PASSWORD: Rule = Rule {
    id: "user-without-password",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user is on and has no password, so that nobody can log in as it",
    docs: "`on` without a password is not `nopass`: every password is wrong. The user is of no use until it gets one
with `>` or `#`.

Bad:
    user app on ~app:* +@read

Good:
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read
",
    source: "valkey.io/topics/acl",
    modes: EVERYWHERE,
    check: Check::Config(user_without_password),
    ..Rule::BASE
};

/// The users that people wrote, with what they come to.
fn users<'a>(case: &Case<'a>) -> Vec<(DefinedUser<'a>, Rights)> {
    let users = case.config.users(case.reading).into_iter().filter(|user| !case.is_generated(user.by));
    users.filter_map(|user| user.rights.clone().map(|rights| (user, rights))).collect()
}

/// What a user would come to with these words, the directive first.
fn rights_of(words: &[Vec<u8>], case: &Case<'_>) -> Rights {
    let arguments: Vec<&[u8]> = words.iter().skip(1).map(Vec::as_slice).collect();
    Rights::of(&arguments, case.reading.server)
}

fn acl_overbroad(case: &Case<'_>, report: &mut Report<'_>) {
    const ADMINISTRATORS: [&str; 7] = ["admin", "root", "super", "operator", "ops", "dba", "maintenance"];
    for (user, rights) in users(case) {
        let name = String::from_utf8_lossy(user.name.unwrap_or_default()).to_ascii_lowercase();
        let says_so = ADMINISTRATORS.iter().any(|word| name.contains(word));
        if !rights.on || user.is_default() || says_so || !rights.is_administrator() {
            continue;
        }
        let mut words = case.words(user.by);
        words.push(b"-@admin".to_vec());
        let shown = case.word(user.by, 0);
        let mut finding = ACL_OVERBROAD
            .finding(
                case.at(user.by),
                format!("user `{shown}` may give itself every right, by ACL SETUSER or CONFIG SET"),
            )
            .help("add `-@admin`, and `-@dangerous` if it needs neither KEYS nor INFO");
        // What a selector allows, no word behind it takes.
        if rights_of(&words, case).is_administrator() {
            finding = finding.help("take `+@admin` and `+@all` out of its selectors, or add `-@admin` in each");
        } else {
            finding = finding.fix(Fix::unsafe_([Edit::Put { statement: case.at(user.by), words }]).of_secret());
        }
        report.add(finding);
    }
}

fn acl_nopass(case: &Case<'_>, report: &mut Report<'_>) {
    for (user, rights) in users(case) {
        if !rights.on || !rights.nopass || user.is_default() || !rights.reaches_data() {
            continue;
        }
        let shown = case.word(user.by, 0);
        let message = format!("user `{shown}` may be anybody: every password is good");
        let mut finding =
            ACL_NOPASS.finding(case.at(user.by), message).help("give it a password, by its SHA-256 behind `#`");
        if rights.is_administrator() {
            finding.severity = Severity::Error;
        }
        report.add(finding);
    }
}

fn user_disabled(case: &Case<'_>, report: &mut Report<'_>) {
    for (user, rights) in users(case) {
        let arguments = case.reading.arguments(user.by);
        let said = |word: &&[u8]| word.eq_ignore_ascii_case(b"on") || word.eq_ignore_ascii_case(b"off");
        let can_log_in = rights.nopass || !rights.passwords.is_empty();
        if rights.on || !can_log_in || arguments.iter().skip(1).any(said) {
            continue;
        }
        let mut words = case.words(user.by);
        words.insert(2, b"on".to_vec());
        let shown = case.word(user.by, 0);
        let mut finding = USER_DISABLED
            .finding(case.at(user.by), format!("user `{shown}` cannot log in: it was never switched on"))
            .help("write `on` behind the name, or `off` if that is meant");
        // `reset` further on takes it back.
        if rights_of(&words, case).on {
            finding = finding.fix(Fix::unsafe_([Edit::Put { statement: case.at(user.by), words }]).of_secret());
        }
        report.add(finding);
    }
}

fn user_without_password(case: &Case<'_>, report: &mut Report<'_>) {
    // There a certificate may be enough; a file of users does not tell.
    let by_certificate = case.known("tls-auth-clients-user").is_some()
        && (case.mode == Mode::AclFile || case.choice("tls-auth-clients-user") != Some("off"));
    for (user, rights) in users(case) {
        if !rights.on || rights.nopass || !rights.passwords.is_empty() || by_certificate {
            continue;
        }
        let shown = case.word(user.by, 0);
        let finding = USER_WITHOUT_PASSWORD
            .finding(case.at(user.by), format!("nobody can log in as user `{shown}`: it is on and has no password"))
            .help("give it a password, by its SHA-256 behind `#`; or switch it `off`");
        report.add(finding);
    }
}

fn user_without_commands(case: &Case<'_>, report: &mut Report<'_>) {
    for (user, rights) in users(case) {
        let can_log_in = rights.on && (rights.nopass || !rights.passwords.is_empty());
        if can_log_in && !user.is_default() && !rights.has_commands() {
            let shown = case.word(user.by, 0);
            let finding = USER_WITHOUT_COMMANDS
                .finding(case.at(user.by), format!("user `{shown}` may run no command"))
                .help("allow what it needs, such as `+@read`");
            report.add(finding);
        }
    }
}

fn user_without_keys(case: &Case<'_>, report: &mut Report<'_>) {
    for (user, rights) in users(case) {
        let wants_keys = rights.may_run("get", None) && rights.may_run("set", None);
        if rights.on && wants_keys && !rights.has_keys() {
            let shown = case.word(user.by, 0);
            let finding = USER_WITHOUT_KEYS
                .finding(case.at(user.by), format!("user `{shown}` may run GET and SET, and reaches no key"))
                .help("add a pattern of its keys, such as `~app:*`");
            report.add(finding);
        }
    }
}

fn acl_file_quotes(case: &Case<'_>, report: &mut Report<'_>) {
    for user in case.config.users(case.reading) {
        let arguments = case.reading.arguments(user.by);
        let quoted = arguments.iter().position(|word| unquoted(word).is_some());
        let Some(first) = quoted else { continue };
        let mut words = case.words(user.by);
        for word in &mut words[1..] {
            if let Some(plain) = unquoted(word) {
                *word = plain;
            }
        }
        let what = if first == 0 { "the name" } else { "a rule" };
        let finding = ACL_FILE_QUOTES
            .finding(
                case.word_at(user.by, first),
                format!("{what} of this user holds its quotes: an ACL file does not take them off"),
            )
            .help("take the quotes off")
            .fix(Fix::unsafe_([Edit::Put { statement: case.at(user.by), words }]).of_secret());
        report.add(finding);
    }
}

/// A word, or what stands behind the sign of a password or pattern, without the quotes around it.
fn unquoted(word: &[u8]) -> Option<Vec<u8>> {
    let (sign, rest) = match word {
        [sign @ (b'>' | b'<' | b'~' | b'&'), rest @ ..] => (Some(*sign), rest),
        _ => (None, word),
    };
    match rest {
        [open @ (b'"' | b'\''), inside @ .., close] if open == close => {
            Some(sign.into_iter().chain(inside.iter().copied()).collect())
        }
        _ => None,
    }
}
