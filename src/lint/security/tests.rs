use crate::lint::tests::said;

const HASH: &str = "#a5c2e4f4b8a4d1c9d3e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e0f9a8b7c6";

/// The severities of what one rule says.
fn severities(id: &str, example: &str) -> Vec<String> {
    said(id, example).iter().map(|text| text.split(':').next().unwrap().to_owned()).collect()
}

#[test]
fn an_open_door_is_as_bad_as_its_street() {
    let open = "protected-mode no\n";
    let severities = |facts: &str| {
        severities("unauthenticated-network-listener", &format!("# redisconf: server=redis-7.4 {facts}\n{open}"))
    };
    assert_eq!(severities(""), ["error"]);
    assert_eq!(severities("container=yes"), ["warning"]);
    assert_eq!(severities("exposure=private"), ["warning"]);
    assert_eq!(severities("container=yes exposure=public"), ["error"]);
    assert_eq!(severities("exposure=loopback"), [""; 0]);
}

#[test]
fn a_door_that_is_guarded_or_not_known_is_no_finding() {
    for text in [
        "protected-mode no\nrequirepass x\n",
        "protected-mode no\nrequirepass ${PASSWORD}\n",
        "protected-mode no\nbind 127.0.0.1 -::1 localhost\n",
        "protected-mode no\nport 0\n",
        "protected-mode no\ninclude elsewhere.conf\n",
        "protected-mode no\naclfile /etc/redis/users.acl\n",
        "protected-mode no\nuser default off\n",
        "protected-mode no\nuser default on nopass +ping\n",
        "protected-mode no\nuser default on >x ~* +@all\n",
        "protected-mode no\naclfile users.acl\n==> users.acl <==\nuser default off\n",
        "protected-mode no\nbind \"\"\n",
        "protected-mode ${MODE}\n",
        "bind 0.0.0.0\n",
        "port 6379\n",
    ] {
        assert_eq!(said("unauthenticated-network-listener", text), [""; 0], "{text}");
    }
    for text in [
        "protected-mode no\nrequirepass \"\"\n",
        "protected-mode no\nuser default on nopass ~* +@all\n",
        "protected-mode no\naclfile users.acl\n==> users.acl <==\nuser app on >x ~* +@read\n",
        "# redisconf: server=redis-6.2\nbind 0.0.0.0\n",
        "# redisconf: server=redis-6.2\nbind 0.0.0.0\nprotected-mode yes\n",
    ] {
        assert_eq!(severities("unauthenticated-network-listener", text), ["error"], "{text}");
    }
}

#[test]
fn protected_mode_and_the_images_are_told_apart() {
    let locked = |text: &str| said("protected-mode-locks-out-clients", text);
    let both = "error: no password is set: protected mode refuses every other machine, and the official images let all \
                of them in";
    assert_eq!(locked("bind 0.0.0.0\n"), [both]);
    assert_eq!(locked("# redisconf: image=official\nbind 0.0.0.0\n"), [""; 0]);
    assert_eq!(locked("# redisconf: image=debian-package\nbind 0.0.0.0\n").len(), 1);
    assert_eq!(locked("protected-mode yes\n").len(), 1);
    assert_eq!(locked("bind 127.0.0.1\nprotected-mode yes\n"), [""; 0]);
    assert_eq!(locked("# redisconf: server=redis-6.2\nbind 0.0.0.0\nprotected-mode yes\n"), [""; 0]);
    assert_eq!(locked("maxmemory 1gb\n"), [""; 0]);
    let image = |facts: &str| {
        severities("image-disables-protected-mode", &format!("# redisconf: image=official {facts}\nbind *\n"))
    };
    assert_eq!((image(""), image("exposure=public")), (vec!["warning".to_owned()], vec!["error".to_owned()]));
}

#[test]
fn the_same_password_twice_is_not_ignored() {
    // SHA-256 of `x`.
    let hash = "#2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(said("requirepass-ignored", &format!("requirepass x\nuser default on {hash} ~* +@all\n")), [""; 0]);
    assert_eq!(said("requirepass-ignored", "requirepass y\nuser default on >x ~* +@all\n").len(), 1);
    assert_eq!(said("requirepass-ignored", "requirepass y\naclfile /away/users.acl\n").len(), 1);
    assert_eq!(said("requirepass-ignored", "requirepass y\nuser app on >x ~* +@read\n"), [""; 0]);
    let open = "requirepass y\nuser default on nopass ~* +@all\n";
    assert_eq!(said("requirepass-ignored", open), [""; 0]);
    assert_eq!(said("default-nopass-despite-requirepass", open).len(), 1);
}

#[test]
fn administrators_may_administrate() {
    let overbroad = |rules: &str| said("acl-overbroad", &format!("user {rules}\n"));
    assert_eq!(overbroad("app on >x ~* +@all").len(), 1);
    assert_eq!(overbroad("app on >x ~* +@all -@dangerous"), [""; 0]);
    assert_eq!(overbroad("app on >x ~* +@all -acl -config"), [""; 0]);
    assert_eq!(overbroad("app on >x ~* +@all -config|set").len(), 1);
    assert_eq!(overbroad("app off >x ~* +@all"), [""; 0]);
    assert_eq!(overbroad("redis-admin on >x ~* +@all"), [""; 0]);
    assert_eq!(overbroad("default on >x ~* +@all"), [""; 0]);
    assert_eq!(overbroad("app on >x (+@all ~*)").len(), 1);
    assert_eq!(severities("acl-nopass", "user app on nopass ~* +@all\n"), ["error"]);
    assert_eq!(severities("acl-nopass", "user app on nopass +ping\n"), [""; 0]);
}

#[test]
fn what_a_user_lacks_is_said_once_it_can_log_in() {
    let lacks = |rules: &str| -> Vec<&str> {
        let rules = ["user-disabled", "user-without-commands", "user-without-keys", "user-without-password"]
            .into_iter()
            .filter(|id| !said(id, &format!("user app {rules}\n")).is_empty());
        rules.collect()
    };
    assert_eq!(lacks(&format!("{HASH} ~* +@read")), ["user-disabled"]);
    assert_eq!(lacks(&format!("off {HASH} ~* +@read")), [""; 0]);
    assert_eq!(lacks("on ~* +@read"), ["user-without-password"]);
    assert_eq!(lacks(&format!("on {HASH} ~*")), ["user-without-commands"]);
    assert_eq!(lacks(&format!("on {HASH} +@all")), ["user-without-keys"]);
    assert_eq!(lacks(&format!("on {HASH} +publish &*")), [""; 0]);
    assert_eq!(lacks(&format!("on {HASH} (~a* +@all)")), [""; 0]);
    assert_eq!(lacks("on >${PASSWORD} ~*"), [""; 0]);
    // There a certificate may log a user in.
    assert_eq!(
        said("user-without-password", "# redisconf: server=valkey-9.0\ntls-auth-clients-user CN\nuser a on ~* +get\n"),
        [""; 0]
    );
}

#[test]
fn later_rules_for_all_undo_earlier_ones_for_some() {
    let undone = |rules: &str| said("acl-rule-undone", &format!("user app on {rules}\n"));
    assert_eq!(undone("-@dangerous +@all"), ["warning: `-@dangerous` has no effect, for `+@all` comes later"]);
    assert_eq!(undone("+get nocommands").len(), 1);
    assert_eq!(undone(">x nopass").len(), 1);
    assert_eq!(undone("-@all +@all -@dangerous"), [""; 0]);
    assert_eq!(undone("resetpass >x +@all -flushall"), [""; 0]);
    assert_eq!(undone("(+get ~x) +@all"), [""; 0]);
}

#[test]
fn commands_that_write_keep_their_names() {
    let renamed = |text: &str| said("rename-write-command", text);
    assert_eq!(renamed("rename-command FLUSHALL \"\"\nrename-command CONFIG x\n"), [""; 0]);
    assert_eq!(renamed("rename-command FLUSHALL a\nrename-command DEL b\n").len(), 1);
    assert_eq!(renamed("rename-command FLUSHALL ${NAME}\n"), [""; 0]);
}

#[test]
fn gates_that_are_open_to_the_machine_itself_are_only_noted() {
    let text = "enable-debug-command local\nenable-module-command yes\n";
    assert_eq!(severities("dangerous-command-gates", text), ["info", "error"]);
}

#[test]
fn root_is_told_once() {
    let said = |facts: &str, rule| said(rule, &format!("# redisconf: server=redis-7.4 {facts}\nport 6379\n")).len();
    let bypassed = "user=root image=official entrypoint=bypassed";
    assert_eq!((said(bypassed, "runs-as-root"), said(bypassed, "entrypoint-bypassed")), (0, 1));
    assert_eq!(said("user=root image=other entrypoint=bypassed", "runs-as-root"), 1);
}
