//! Rules about `requirepass`, which is only one of the ways to give the user `default` a password, and the weakest.

use crate::config::acl::Rights;
use crate::config::{Secret, Value};
use crate::finding::{Edit, Finding, Fix, Safety, Severity};
use crate::lint::entrance::{Entrance, default_user};
use crate::lint::{Case, Check, Group, Report, Rule};
use crate::source::Span;
use crate::syntax::{Mode, StatementId};

pub(crate) static CONFIG_GET_REVEALS_PASSWORD: Rule = Rule {
    id: "config-get-reveals-password",
    severity: Severity::Warning,
    group: Group::Security,
    summary: "a user without other rights may read the password of `default` by CONFIG GET",
    docs: "CONFIG GET shows `requirepass` and `masterauth` in clear, and no ACL rule narrows it to some directives. A
user with nothing but `+config|get` and `+info`, as exporters get it, read both on five of five servers and logged in
as `default`. With the passwords given to users by hash, in `user` lines or an ACL file, CONFIG GET shows nothing.

Bad:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
    user exporter on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 +info +config|get

Good:
    user default on #b6d3f5a5c9b5e2dae4f9a8b7c6d5e4f3a2b1cad9e8f7a6b5c4d3e2f1a0b9c8d7 ~* &* +@all
    user exporter on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 +info +config|get
",
    source: "measured on redis 6.2, 7.0, 7.4, 8.6 and valkey 9.1",
    modes: &[Mode::Server],
    check: Check::Config(config_get_reveals_password),
    ..Rule::BASE
};

pub(crate) static DEFAULT_NOPASS_DESPITE_REQUIREPASS: Rule = Rule {
    id: "default-nopass-despite-requirepass",
    severity: Severity::Error,
    group: Group::Security,
    summary: "`requirepass` is set, and the users let everybody in without it",
    docs: "As soon as the user `default` is defined, in a `user` line or in the ACL file, `requirepass` has no effect,
in whichever order they stand. An ACL file that does not name `default` leaves it as it is built in: on, without a
password, with every right. The configuration looks guarded, CONFIG GET shows the password, and PING is answered
without it.

Bad:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
    aclfile users.acl
    ==> users.acl <==
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read +@write

Good:
    aclfile users.acl
    ==> users.acl <==
    user default off
    user app on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~app:* +@read +@write
",
    source: "measured on seven servers, redis 6.2 to valkey 9.1",
    modes: &[Mode::Server],
    check: Check::Config(default_nopass_despite_requirepass),
    ..Rule::BASE
};

pub(crate) static DEFAULT_USER_SUPERUSER: Rule = Rule {
    id: "default-user-superuser",
    severity: Severity::Info,
    group: Group::Security,
    summary: "one password gives every right to everybody who has it",
    docs:
        "With `requirepass` alone, every application, exporter and person is the user `default` and may do everything:
FLUSHALL, CONFIG SET, SHUTDOWN. The password cannot be changed for one of them without the others. Users with rights of
their own have been there since 6.0.

Bad:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"

Good:
    aclfile /etc/redis/users.acl
",
    source: "valkey.io/topics/acl, valkey.io/topics/security",
    modes: &[Mode::Server],
    check: Check::Config(default_user_superuser),
    ..Rule::BASE
};

pub(crate) static REQUIREPASS_IGNORED: Rule = Rule {
    id: "requirepass-ignored",
    severity: Severity::Error,
    group: Group::Security,
    summary: "`requirepass` is set and has no effect, because users are defined otherwise",
    docs: "As soon as the user `default` is defined in a `user` line, or users are in an ACL file, `requirepass` has no
effect, in whichever order they stand: its password is answered with -WRONGPASS, although CONFIG GET shows it.

Bad:
    requirepass \"7KfLq2vXo9RbTzNw4HcYs8Jd\"
    user default on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~* &* +@all

Good:
    user default on #a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6 ~* &* +@all
",
    source: "measured on seven servers, redis 6.2 to valkey 9.1",
    modes: &[Mode::Server],
    fix: Some(Safety::Unsafe),
    check: Check::Config(requirepass_ignored),
    ..Rule::BASE
};

/// The statement that sets `requirepass`, and the password if it is written there.
fn requirepass(case: &Case<'_>) -> Option<(StatementId, Option<Secret>)> {
    let id = case.set_by("requirepass")?;
    let value = case.get("requirepass")?;
    if let Value::Secret(secret) = value {
        return (!secret.expose().is_empty()).then_some((id, Some(secret.clone())));
    }
    matches!(value, Value::Named(_) | Value::Unknown).then_some((id, None))
}

/// What makes `requirepass` void, and the rights of `default` where they are known.
fn void_by(case: &Case<'_>) -> Option<(Span, Option<Rights>)> {
    if case.text("aclfile").is_some_and(|path| !path.is_empty()) {
        let rights = case.users_file.and_then(|file| match default_user(&file.reading, &file.config) {
            Some(default) => default.rights,
            None if file.reading.templated => None,
            None => Some(Rights::of_stock_default(case.server())),
        });
        return Some((case.place("aclfile"), rights));
    }
    let default = default_user(case.reading, case.config)?;
    // What CONFIG REWRITE wrote is another rule's business.
    (!case.is_generated(default.by)).then(|| (case.at(default.by), default.rights))
}

fn requirepass_ignored(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some((id, secret)), Some((by, rights))) = (requirepass(case), void_by(case)) else { return };
    let same = match (&secret, &rights) {
        (Some(secret), Some(rights)) => rights.accepts(secret.expose()),
        (None, _) | (_, None) => false,
    };
    let open = matches!(Entrance::of(case), Entrance::Open { .. });
    if same || open || case.is_generated(id) {
        return;
    }
    let finding = REQUIREPASS_IGNORED
        .finding(case.at(id), "`requirepass` has no effect here")
        .label(by, "users are defined here, and only these count")
        .help("take `requirepass` out, and give the user `default` its password where users are defined")
        .fix(Fix::unsafe_([Edit::Drop { statement: case.at(id) }]).of_secret());
    report.add(finding);
}

fn default_nopass_despite_requirepass(case: &Case<'_>, report: &mut Report<'_>) {
    let (Some((id, _)), Some((by, _))) = (requirepass(case), void_by(case)) else { return };
    let Entrance::Open { .. } = Entrance::of(case) else { return };
    let finding = DEFAULT_NOPASS_DESPITE_REQUIREPASS
        .finding(case.at(id), "`requirepass` has no effect, and everybody is let in without a password")
        .label(by, "these users leave `default` without a password")
        .help("give the user `default` a password where users are defined, or switch it `off` there");
    report.add(finding);
}

fn default_user_superuser(case: &Case<'_>, report: &mut Report<'_>) {
    let Some((id, _)) = requirepass(case) else { return };
    let alone = case.config.users(case.reading).is_empty() && case.text("aclfile").is_some_and(<[u8]>::is_empty);
    if alone && !case.is_partial() {
        let finding = DEFAULT_USER_SUPERUSER
            .finding(case.at(id), "whoever has this password may do everything")
            .help("define a user for each application, with the rights that it needs");
        report.add(finding);
    }
}

fn config_get_reveals_password(case: &Case<'_>, report: &mut Report<'_>) {
    let Some(secret) = ["requirepass", "masterauth"].into_iter().find(|name| case.has_secret(name) == Some(true))
    else {
        return;
    };
    let secret_at = case.place(secret);
    for user in case.config.users(case.reading) {
        let Some(rights) = user.rights.as_ref().filter(|rights| rights.on) else { continue };
        let reveals = rights.may_run("config", Some("get")) && !rights.is_administrator();
        if !reveals || user.is_default() || case.is_generated(user.by) {
            continue;
        }
        let name = case.word(user.by, 0);
        let finding: Finding = CONFIG_GET_REVEALS_PASSWORD
            .finding(case.at(user.by), format!("user `{name}` may read `{secret}` by CONFIG GET, and log in with it"))
            .label(secret_at, "CONFIG GET shows this in clear")
            .help("give `default` its password by hash in a `user` line; or take CONFIG GET away");
        report.add(finding);
    }
}
