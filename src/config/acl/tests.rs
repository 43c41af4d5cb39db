use super::*;

type Verdict = Option<(usize, When, String)>;

fn verdict(words: &str, server: &str) -> Verdict {
    let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
    let refused = judge(&words, server.parse().unwrap()).err()?;
    Some((refused.argument, refused.when, refused.reason))
}

fn refused(argument: usize, when: When, reason: &str) -> Verdict {
    Some(refusal(argument, when, reason)).map(|r| (r.argument, r.when, r.reason))
}

fn at_the_line(argument: usize, reason: &str) -> Verdict {
    refused(argument, When::AtTheLine, reason)
}

fn at_load(argument: usize, reason: &str) -> Verdict {
    refused(argument, When::AtLoad, reason)
}

#[test]
fn a_sound_user_passes_everywhere() {
    for server in crate::server::all() {
        assert_eq!(verdict("app on >secret ~app:* +@all -@dangerous", &server.name()), None, "{server}");
        assert_eq!(verdict("default", &server.name()), None, "{server}");
    }
}

#[test]
fn unknown_names_are_refused_when_users_are_loaded() {
    assert_eq!(verdict("a on +nosuch", "redis-7.4"), at_load(2, UNKNOWN_NAME));
    assert_eq!(verdict("a -@nosuch", "redis-6.2"), at_load(1, UNKNOWN_NAME));
    assert_eq!(verdict("a +commandlog", "valkey-8.0"), at_load(1, UNKNOWN_NAME));
    assert_eq!(verdict("a +commandlog", "valkey-8.1"), None);
    assert_eq!(verdict("a +nosuch x", "redis-7.4"), at_the_line(2, "Syntax error"));
}

#[test]
fn the_users_name_is_judged_last_at_the_line_and_first_at_load() {
    let server = "redis-7.4".parse().unwrap();
    let refused = judge(&[b"a b", b"+nosuch"], server).unwrap_err();
    assert_eq!((refused.argument, refused.when), (0, When::AtLoad));
    let refused = judge(&[b"a b", b"x"], server).unwrap_err();
    assert_eq!((refused.argument, refused.when), (1, When::AtTheLine));
}

#[test]
fn bundled_commands_are_unknown_at_the_line_and_known_at_load() {
    assert_eq!(verdict("a +vadd", "redis-8.2"), None);
    assert_eq!(verdict("a +vadd|", "redis-8.2"), at_load(1, "Syntax error"));
    assert_eq!(verdict("a +get|", "redis-8.2"), at_the_line(1, "Syntax error"));
    assert_eq!(verdict("a +vadd", "redis-7.4"), at_load(1, UNKNOWN_NAME));
}

#[test]
fn subcommands_are_checked_since_7_0() {
    assert_eq!(verdict("a +config|nosuch", "redis-6.2"), None);
    assert_eq!(verdict("a +config|nosuch", "redis-7.0"), at_load(1, UNKNOWN_NAME));
    assert_eq!(verdict("a -config|get", "redis-6.2"), at_load(1, UNKNOWN_NAME));
    assert_eq!(verdict("a -config|get", "redis-7.0"), None);
    assert_eq!(
        verdict("a +config|get|x", "redis-7.0"),
        at_the_line(1, "Allowing first-arg of a subcommand is not supported")
    );
    assert_eq!(verdict("a +select|0", "valkey-9.1"), None);
}

#[test]
fn channels_need_resetchannels_first_where_all_is_the_default() {
    assert!(matches!(verdict("a &x", "redis-6.2"), Some((1, When::AtTheLine, _))));
    assert_eq!(verdict("a resetchannels &x", "redis-6.2"), None);
    assert_eq!(verdict("a &x", "redis-7.0"), None);
    let below = ChannelDefaults { at_the_line: Channels::None, at_load: Channels::All };
    let refused = judge_with(&[b"a", b"&x"], "redis-7.0".parse().unwrap(), below).unwrap_err();
    assert_eq!((refused.argument, refused.when), (1, When::AtLoad));
}

#[test]
fn selectors_reach_over_words() {
    let unmatched = "Unmatched parenthesis in acl selector";
    assert_eq!(verdict("a on (+get ~x) (~y +set )", "redis-7.2"), None);
    assert_eq!(verdict("a x (+get", "redis-7.2"), at_the_line(2, unmatched));
    assert_eq!(verdict("a (+get ( ~x )", "redis-7.0"), None);
    assert_eq!(verdict("a (+get ( ~x )", "redis-7.2"), at_the_line(1, "Syntax error"));
    assert_eq!(verdict("a (+get)", "redis-6.2"), at_the_line(1, "Syntax error"));
    assert!(matches!(verdict("a on (+get ~* ~x)", "redis-7.2"), Some((2, When::AtTheLine, _))));
}

#[test]
fn passwords_can_only_be_removed_while_they_are_there() {
    assert_eq!(verdict("a >x <x", "redis-7.0"), None);
    assert!(matches!(verdict("a >x nopass <x", "redis-7.0"), Some((3, When::AtTheLine, _))));
    let hash = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
    assert_eq!(verdict(&format!("a #{hash} <x"), "redis-7.0"), None);
    assert!(matches!(verdict(&format!("a #{}", hash.to_uppercase()), "redis-7.0"), Some((1, When::AtTheLine, _))));
}

#[test]
fn databases_are_a_matter_of_valkey_9_1() {
    assert_eq!(verdict("a db=0,15 alldbs resetdbs", "valkey-9.1"), None);
    assert_eq!(verdict("a db=1", "valkey-9.0"), at_the_line(1, "Syntax error"));
    assert_eq!(verdict("a db=1,", "valkey-9.1"), at_the_line(1, "Syntax error"));
    assert_eq!(verdict("a db=1,-1,x", "valkey-9.1"), at_the_line(1, "The provided database ID is out of range"));
    assert_eq!(verdict("a db=2147483648", "valkey-9.1"), at_the_line(1, "The provided database ID is out of range"));
}

#[test]
fn a_bare_percent_passes_only_in_the_releases_of_autumn_2024() {
    assert_eq!(verdict("a %", "valkey-8.0"), None);
    assert_eq!(verdict("a %", "redis-7.4.1"), None);
    for server in ["redis-6.2", "redis-7.0", "redis-7.4.2", "redis-8.2", "valkey-8.1"] {
        assert_eq!(verdict("a %", server), at_the_line(1, "Syntax error"), "{server}");
    }
}

#[test]
fn in_a_file_every_complaint_is_listed() {
    let said = |words: &str, server: &str| {
        let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        let server: Server = server.parse().unwrap();
        match judge_in_file(&words, server, ChannelDefaults::of(server).at_load) {
            Said::Complaints(list) => list.into_iter().map(|refusal| refusal.argument).collect(),
            Said::Crash { argument } => vec![100 + argument],
        }
    };
    assert_eq!(said("a on xyz xyz +bad +bad", "redis-6.2"), [2, 3, 4, 5]);
    assert_eq!(said("a on xyz xyz +bad +bad", "redis-7.4"), [2, 4, 5]);
    assert_eq!(said("a \ton >x\t <x (+get \t~x)", "redis-7.4"), [0usize; 0]);
    assert_eq!(said("a\tb on", "redis-7.4"), [0]);
    assert_eq!(said("a (+get", "redis-7.4"), [1]);
    assert_eq!(said("a on (+get", "redis-7.4"), [102]);
}

#[test]
fn rights_are_what_the_rules_come_to() {
    let rights = |words: &str, server: &str| {
        let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        Rights::of(&words, server.parse().unwrap())
    };
    let own = rights("a on >x ~* +@all -@dangerous", "redis-7.4");
    assert!(own.on && !own.nopass && own.has_all_keys() && !own.is_administrator() && own.reaches_data());
    assert!(rights("a on >x +acl|setuser", "redis-7.4").is_administrator());
    assert!(rights("a on >x +@admin", "redis-6.2").is_administrator());
    assert!(!rights("a on nopass +ping", "redis-7.4").reaches_data());
    assert!(rights("a on >x (+@all ~*)", "redis-7.4").is_administrator());
    let passwords = rights("a >x #2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 >y <y", "redis-7.4");
    assert_eq!(passwords.passwords.iter().map(|p| (p.argument, p.in_clear)).collect::<Vec<_>>(), [(1, true)]);
}
