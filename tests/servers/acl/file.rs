//! ACL files to try, and what a server must say to them if we are right.

use std::path::Path;

use libtest_mimic::Failed;
use redisconf::config::acl::{Surroundings, UNKNOWN_NAME};
use redisconf::config::{Config, Reason, Refusal, resolve_acl_file};
use redisconf::server::{Engine, Server};
use redisconf::source::Name;
use redisconf::syntax::{Reading, StatementId, acl_file};

use super::Wrong;
use super::cases;
use super::server::{self, Outcome};
use crate::dice::Dice;

/// How many files each server is given.
const FILES: usize = 400;
/// A log line of a server is cut after so many bytes.
const LONGEST_LOG: usize = 900;

/// Lines that are no `user` lines, or odd ones.
const LINES: &[&str] = &[
    "",
    " ",
    "\t",
    "# comment",
    "  # comment",
    "#",
    "user",
    "user ",
    "USER a on",
    "User a on",
    "user\ta on",
    "user a\ton",
    "user  a on",
    "user a  on",
    "user a on\t",
    " user a on ",
    "\tuser a on",
    "user a on \tnopass",
    "user a on nopass\x0b",
    "user a\x0b on",
    "user \"a\" on",
    "user a \"on\"",
    "user a '~x'",
    "user a on # comment",
    "user a on #",
    "\u{feff}user a on",
    "user default on nopass",
    "user default off",
    "user a on >x\t <x",
    "user a on\u{a0}nopass",
    "user a \t(+get)",
    "user a (+get \t~x)",
    "user a (+get ~x) \t",
    "user a (+get  ~x)",
    "user a (+get",
    "user a on (+get",
    "user a on (+get ~x",
    "user a on +get)",
    "user a on\0 off",
    "user a o\0n",
    "\0user a on",
    "aclfile x",
    "port 1",
    "users a on",
    "user:a on",
];

/// Every file is accepted, or refused with the very list of complaints that we make.
pub(super) fn files_agree(server: Server, program: &Path) -> Result<(), Failed> {
    let mut dice = Dice::new(u64::from(server.series.major) << 8 | u64::from(server.series.minor) | 1 << 32);
    let users: Vec<Vec<u8>> = cases::generate(server).iter().map(|case| plain(&case.words)).collect();
    let mut wrong = Wrong::default();
    let mut counts = [0usize; 3];
    for number in 0..FILES {
        let text = match LINES.get(number) {
            Some(line) => line.as_bytes().to_vec(),
            None => made(&users, &mut dice),
        };
        let reading = acl_file::read(Name::Stdin, &text, server);
        // A server of the test has no modules.
        let surroundings = Surroundings { modules: Some(false), ..Surroundings::of(server) };
        let config = resolve_acl_file(&reading, surroundings);
        let outcome = server::start_with_users(program, &text)?;
        let expected = expected(&reading, &config);
        counts[expected.kind()] += 1;
        wrong.expect(expected.is(&outcome, text.contains(&0)), || {
            format!("`{}`: we say {expected:?}, the server {outcome:?}", text.escape_ascii())
        });
    }
    let [accepted, refused, crashed] = counts;
    println!("{server}: {FILES} ACL files: {accepted} accepted, {refused} refused, {crashed} crash");
    wrong.expect(accepted >= 40 && refused >= 100, || "the files are lopsided".into());
    wrong.finish()
}

/// A `user` line as an ACL file can say it.
fn plain(words: &[Vec<u8>]) -> Vec<u8> {
    let mut line = b"user".to_vec();
    for word in words {
        line.push(b' ');
        line.extend(word.iter().filter(|byte| **byte != b'\n'));
    }
    line
}

/// A file of a few lines.
fn made(users: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..=dice.roll(4) {
        if dice.one_in(4) {
            text.extend_from_slice(dice.pick(LINES).as_bytes());
        } else {
            text.extend_from_slice(&users[dice.roll(users.len())]);
        }
        text.extend_from_slice(if dice.one_in(6) { b"\r\n" } else { b"\n" });
    }
    if dice.one_in(5) {
        text.pop();
    }
    text
}

/// What we expect of a server.
#[derive(Debug)]
enum Expected {
    Ready,
    Complaints(String),
    Crash,
}

impl Expected {
    fn kind(&self) -> usize {
        match self {
            Self::Ready => 0,
            Self::Complaints(_) => 1,
            Self::Crash => 2,
        }
    }

    /// Whether it is what the server did. Where a NUL joins lines, a server counts fewer of them than the file has.
    fn is(&self, outcome: &Outcome, joined: bool) -> bool {
        match (self, outcome) {
            (Self::Ready, Outcome::Ready) | (Self::Crash, Outcome::Crash) => true,
            (Self::Complaints(ours), Outcome::Users { text }) => {
                let numberless = |text: &str| text.replace(|c: char| joined && c.is_ascii_digit(), "");
                let (ours, theirs) = (numberless(ours), numberless(text));
                ours == theirs || text.len() > LONGEST_LOG && ours.starts_with(&theirs)
            }
            _ => false,
        }
    }
}

fn expected(reading: &Reading, config: &Config) -> Expected {
    if config.refusals().iter().any(|refusal| matches!(refusal.reason, Reason::UnclosedSelector { .. })) {
        return Expected::Crash;
    }
    match config.refusals() {
        [] => Expected::Ready,
        list => Expected::Complaints(list.iter().map(|refusal| complaint(reading, refusal)).collect()),
    }
}

/// A complaint in the words of the server.
#[expect(clippy::wildcard_enum_match_arm, reason = "most reasons are about configurations")]
fn complaint(reading: &Reading, refusal: &Refusal) -> String {
    let line = reading.sources.get(refusal.at.source).line(refusal.at.start);
    let id = refusal.statement.expect("every line of the file is a statement");
    let name = || String::from_utf8_lossy(reading.arguments(id)[0]).into_owned();
    let at = format!("{}:{line}", server::USERS);
    match &refusal.reason {
        Reason::NotAUser => format!("{at} should start with user keyword followed by the username. "),
        Reason::DuplicateUser => format!("WARNING: Duplicate user '{}' found on line {line}. ", name()),
        Reason::User(user) if user.argument == 0 => format!("'{at}: username '{}' {}. ", name(), &user.reason[9..]),
        Reason::User(user) if user.reason.starts_with("Unmatched") => format!("{at}: {}.", user.reason),
        Reason::User(user) if user.reason == UNKNOWN_NAME && !is_6_2(reading.server) => {
            format!("{at}: Error in applying operation '{}': {}. ", rule(reading, id, user.argument), user.reason)
        }
        Reason::User(user) => format!("{at}: {}. ", user.reason),
        other => format!("{other:?} is no complaint about an ACL file"),
    }
}

/// A rule as the server takes it: the words of a selector together, without tabs around them.
fn rule(reading: &Reading, id: StatementId, argument: usize) -> String {
    let words = &reading.arguments(id)[argument..];
    let opens = words[0].starts_with(b"(") && !words[0].ends_with(b")");
    let end = if opens { words.iter().position(|word| word.ends_with(b")")).unwrap_or(0) } else { 0 };
    let rule = words[..=end].join(&b' ');
    String::from_utf8_lossy(&rule).trim_matches(['\t', '\r', '\n']).to_owned()
}

fn is_6_2(server: Server) -> bool {
    server.base() == Server::new(Engine::Redis, 6, 2)
}
