//! What users may do, asked of real servers.

use std::collections::BTreeSet;
use std::path::Path;

use libtest_mimic::Failed;
use redisconf::config::acl::{ChannelDefaults, Rights, Said, judge_in_file};
use redisconf::server::{Engine, Server};

use super::Wrong;
use super::cases;
use super::server;

/// Commands that rules ask about, with arguments that each accepts.
const ASKED: &[(&str, Option<&str>, &str)] = &[
    ("acl", Some("setuser"), "x"),
    ("config", Some("get"), "x"),
    ("config", Some("set"), "x y"),
    ("debug", None, "sleep 0"),
    ("eval", None, "x 0"),
    ("flushall", None, ""),
    ("get", None, "x"),
    ("hgetall", None, "x"),
    ("keys", None, "*"),
    ("monitor", None, ""),
    ("publish", None, "x y"),
    ("replicaof", None, "no one"),
    ("scan", None, "0"),
    ("set", None, "x y"),
    ("shutdown", None, ""),
];

/// Rules that are likely in real files, beside those that were made to be odd.
const LIKELY: &[&str] = &[
    "on nopass ~* +@all -@dangerous",
    "on >x ~* +@all -@admin",
    "on >x allkeys allcommands",
    "on >x ~app:* +@read +@write -@dangerous",
    "on >x ~* -@all +@all -flushall -keys -config +config|get",
    "on >x ~* +@all -config|set -acl|setuser",
    "on >x +config -config|get",
    "on >x -@all +@admin",
    "on >x +acl|setuser",
    "off >x <x >y",
    "on >x >x >y resetpass",
    "on >x nopass",
    "on nopass >x",
    "on >x ~* +@all reset on",
    "on >x (+config|get) (~* +get)",
    "on >x (+@all ~*) clearselectors",
    "on >x +@all +@all -@all +ping",
    "on >x ~* nocommands +@dangerous -@keyspace",
];

/// Flags, passwords and permissions of every user that a server accepts are those that we make of its rules.
pub(super) fn rights_agree(server: Server, program: &Path) -> Result<(), Failed> {
    let mut wrong = Wrong::default();
    let users = users(server);
    let has_dry_run = server.base() != Server::new(Engine::Redis, 6, 2);
    let mut text = Vec::new();
    let mut commands = Vec::new();
    for words in &users {
        text.extend(b"user ");
        text.extend(words.join(&b' '));
        text.push(b'\n');
        let name = String::from_utf8_lossy(&words[0]);
        commands.push(format!("ACL GETUSER {name}"));
        for (command, subcommand, arguments) in ASKED.iter().filter(|_| has_dry_run) {
            commands.push(format!("ACL DRYRUN {name} {command} {} {arguments}", subcommand.unwrap_or_default()));
        }
    }
    let mut replies = server::ask_with_users(program, &text, &commands)?.into_iter();
    for words in &users {
        let borrowed: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let rights = Rights::of(&borrowed, server);
        let shown = words.join(&b' ').escape_ascii().to_string();
        let user = replies.next().ok_or("a reply is missing")?;
        let flags: BTreeSet<&str> = user.at(1).texts().into_iter().collect();
        let said = (flags.contains("on"), flags.contains("nopass"), user.at(3).items().len());
        let ours = (rights.on, rights.nopass, rights.passwords.len());
        wrong.expect(said == ours, || format!("{shown}: on, nopass, passwords are {said:?}, we say {ours:?}"));
        for (command, subcommand, _) in ASKED.iter().filter(|_| has_dry_run) {
            let reply = replies.next().ok_or("a reply is missing")?;
            let may = !reply.text().contains("permissions to run");
            let ours = rights.may_run(command, *subcommand);
            wrong.expect(may == ours, || format!("{shown}: {command} {subcommand:?}: {reply:?}, we say {ours}"));
        }
    }
    println!("{server}: {} users, {} answers", users.len(), commands.len());
    wrong.expect(users.len() > 80, || "too few users are left".into());
    wrong.finish()
}

/// Users that we say are accepted, with names that a command line takes.
fn users(server: Server) -> Vec<Vec<Vec<u8>>> {
    let likely = LIKELY.iter().enumerate().map(|(number, rules)| {
        let name = format!("likely{number}");
        std::iter::once(name.as_str()).chain(rules.split(' ')).map(|word| word.as_bytes().to_vec()).collect()
    });
    let odd = cases::generate(server).into_iter().filter(|case| case.below.is_empty() && case.above.is_empty());
    let all = likely.chain(odd.map(|case| case.words));
    let channels = ChannelDefaults::of(server).at_load;
    let mut taken: BTreeSet<Vec<u8>> = BTreeSet::new();
    let is_accepted = |words: &Vec<Vec<u8>>| {
        // Whoever defines `default` decides what we may ask; and a `%` by itself crashes the server that is asked.
        let plain = words[0].iter().all(u8::is_ascii_alphanumeric) && !matches!(&*words[0], b"" | b"default");
        let plain = plain && !words.iter().any(|word| matches!(&**word, b"%" | b"(%)"));
        // Databases of Valkey 9.1 are refused before commands are.
        let plain = plain && !words.iter().any(|word| word.contains(&b'=') || word.ends_with(b"dbs"));
        let borrowed: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        let in_a_line = words[1..].iter().all(|word| !word.iter().any(|b| matches!(b, 0 | b' ' | b'\t'..=b'\r')));
        plain && in_a_line && judge_in_file(&borrowed, server, channels) == Said::Complaints(Vec::new())
    };
    all.filter(is_accepted).filter(|words| taken.insert(words[0].clone())).collect()
}
