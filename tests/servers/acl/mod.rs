//! Real servers and our judgement of commands and `user` lines must agree.

mod cases;
mod file;
mod rights;
pub(crate) mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::commands;
use redisconf::config::acl::{self, AclRefusal, ChannelDefaults, When};
use redisconf::server::{Engine, Server, all};

use crate::found::Found;
use cases::Case;
use server::{Outcome, Reply};

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("commands are as in our table", |program| commands_agree(program.server.base(), &program.path)),
            found
                .trial("commands are renamed as we say", |program| renames_agree(program.server.base(), &program.path)),
            found.trial("users are judged as we judge them", |program| {
                users_agree(program.server.base(), &program.path)
            }),
            found.trial("users may do what we say", |program| {
                rights::rights_agree(program.server.base(), &program.path)
            }),
            found.trial("ACL files are judged as we judge them", |program| {
                file::files_agree(program.server.base(), &program.path)
            }),
        ]
    };
    servers.iter().flat_map(of).collect()
}

/// Gathers what went wrong, so that one run shows all of it.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn expect(&mut self, agreed: bool, say: impl FnOnce() -> String) {
        if !agreed {
            self.0.push(say());
        }
    }

    fn finish(self) -> Result<(), Failed> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut text = format!("{} disagreements\n", self.0.len());
        for line in self.0.iter().take(40) {
            writeln!(text, "  {line}").expect("a string takes everything");
        }
        Err(text.into())
    }
}

/// Every name of any server, and some of none.
fn every_name() -> BTreeSet<&'static str> {
    let mut names: BTreeSet<&str> = all().iter().flat_map(|server| commands::names(*server)).collect();
    names.extend(["vadd", "vsim", "json.set", "nosuch", "sentinel", ""]);
    names
}

/// COMMAND lists exactly what the table holds.
fn commands_agree(server: Server, program: &Path) -> Result<(), Failed> {
    let mut wrong = Wrong::default();
    let Reply::Array(items) = server::ask(program, "COMMAND")? else { return Err("COMMAND gave no list".into()) };
    let mut live: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for item in &items {
        let categories = item.at(6).texts().iter().map(|word| word.trim_start_matches('@').to_owned()).collect();
        let subcommands =
            item.at(9).items().iter().filter_map(|sub| Some(sub.at(0).text().split_once('|')?.1.to_owned()));
        live.insert(item.at(0).text().to_ascii_lowercase(), (categories, subcommands.collect()));
    }
    for name in every_name().into_iter().chain(live.keys().map(String::as_str)) {
        let known = commands::exists_once_loaded(server, name.as_bytes());
        wrong.expect(known == live.contains_key(name), || format!("{name}: we say {known}"));
    }
    for (name, (categories, subcommands)) in &live {
        let ours: BTreeSet<String> = commands::categories(server, name.as_bytes()).map(str::to_owned).collect();
        wrong.expect(ours == *categories, || format!("{name} is in {categories:?}, we say {ours:?}"));
        let ours: BTreeSet<String> = commands::subcommands(server, name.as_bytes()).map(str::to_owned).collect();
        wrong.expect(ours == *subcommands, || format!("{name} has {subcommands:?}, we say {ours:?}"));
    }
    wrong.finish()
}

/// `rename-command` accepts exactly the names that exist while the configuration is read.
fn renames_agree(server: Server, program: &Path) -> Result<(), Failed> {
    const UNKNOWN: &str = "No such command in rename-command";
    let mut wrong = Wrong::default();
    let mut fine = String::new();
    for name in every_name() {
        let line = format!("rename-command \"{}\" \"\"\n", name.to_ascii_uppercase());
        if commands::exists(server, name.as_bytes()) {
            fine.push_str(&line);
            continue;
        }
        let outcome = server::start(program, line.as_bytes())?;
        let refused = matches!(&outcome, Outcome::Line { line: 1, text } if text == UNKNOWN);
        wrong.expect(refused, || format!("{name} is known: {outcome:?}"));
    }
    // Renaming to nothing takes a command away, so each is named once, and all in one start.
    let outcome = server::start(program, fine.as_bytes())?;
    wrong.expect(matches!(outcome, Outcome::Ready), || match &outcome {
        Outcome::Line { line, .. } => format!("{} is unknown", fine.lines().nth(line - 1).unwrap_or("?")),
        Outcome::Crash | Outcome::Load { .. } | Outcome::Ready | Outcome::Strange(_) | Outcome::Users { .. } => {
            format!("{outcome:?}")
        }
    });
    wrong.finish()
}

/// Every case is accepted or refused as we say, at the moment and for the reason we say.
fn users_agree(server: Server, program: &Path) -> Result<(), Failed> {
    let cases = cases::generate(server);
    let mut wrong = Wrong::default();
    let mut accepted: BTreeMap<(&str, &str), Vec<&Case>> = BTreeMap::new();
    let mut counts = [0usize; 3];
    for case in &cases {
        let words: Vec<&[u8]> = case.words.iter().map(Vec::as_slice).collect();
        match acl::judge_with(&words, server, case.channels(ChannelDefaults::of(server))) {
            Ok(()) => {
                counts[0] += 1;
                accepted.entry((case.above, case.below)).or_default().push(case);
            }
            Err(refusal) => {
                counts[if refusal.when == When::AtTheLine { 1 } else { 2 }] += 1;
                let outcome = server::start(program, &case.text())?;
                let agreed = is_refused(server, case, &refusal, &outcome);
                wrong.expect(agreed, || format!("{case}: we say {refusal:?}, the server {outcome:?}"));
            }
        }
    }
    for group in accepted.into_values() {
        let mut taken: BTreeSet<&[u8]> = BTreeSet::new();
        let (together, apart): (Vec<&Case>, Vec<&Case>) =
            group.into_iter().partition(|case| taken.insert(&case.words[0]));
        for case in bisect(program, &together)?.into_iter().chain(apart) {
            let outcome = server::start(program, &case.text())?;
            wrong.expect(matches!(outcome, Outcome::Ready), || format!("{case}: we accept, the server {outcome:?}"));
        }
    }
    let [fine, at_the_line, at_load] = counts;
    println!("{server}: {} cases: {fine} accepted, {at_the_line} refused at the line, {at_load} at load", cases.len());
    wrong.expect(counts.iter().all(|count| *count >= 60) && cases.len() >= 600, || "the cases are lopsided".into());
    wrong.finish()
}

/// The cases among those, all thought fine, that the server does not start with.
fn bisect<'a>(program: &Path, cases: &[&'a Case]) -> Result<Vec<&'a Case>, Failed> {
    let Some(first) = cases.first() else { return Ok(Vec::new()) };
    let mut text = first.above.as_bytes().to_vec();
    for case in cases {
        text.extend(case.line());
    }
    text.extend(first.below.as_bytes());
    if matches!(server::start(program, &text)?, Outcome::Ready) {
        return Ok(Vec::new());
    }
    if cases.len() == 1 {
        return Ok(cases.to_vec());
    }
    let (left, right) = cases.split_at(cases.len() / 2);
    let mut found = bisect(program, left)?;
    found.extend(bisect(program, right)?);
    Ok(found)
}

/// Whether the server refused the case as we said: moment, reason, and word as far as it names one.
fn is_refused(server: Server, case: &Case, refusal: &AclRefusal, outcome: &Outcome) -> bool {
    let at = refusal.argument;
    let selectors = case.words.iter().any(|word| word.contains(&b'('));
    match (refusal.when, outcome) {
        (When::AtTheLine, Outcome::Line { line, text }) => {
            let unmatched = refusal.reason.starts_with("Unmatched");
            let reason = unmatched || text.ends_with(&format!("': {}", refusal.reason));
            // Redis 6.2 names the rule. Later versions mean to, and name the word two before it.
            let named = if server.base() == Server::new(Engine::Redis, 6, 2) {
                Some(case.shown(at))
            } else if selectors {
                None
            } else if at == 1 {
                Some("user".to_owned())
            } else {
                Some(case.shown(at - 2))
            };
            let start = named.map_or_else(String::new, |word| format!("Error in user declaration '{word}'"));
            *line == case.line_number() && reason && text.starts_with(&start)
        }
        (When::AtLoad, Outcome::Load { text }) if at == 0 => text == &refusal.reason,
        (When::AtLoad, Outcome::Load { text }) => {
            let rule = if selectors { String::new() } else { format!("{}'", case.shown(at)) };
            text.starts_with(&format!("Error loading ACL rule '{rule}"))
                && text.ends_with(&format!("': {}", refusal.reason))
        }
        _ => false,
    }
}
