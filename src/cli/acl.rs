//! `redisconf acl`: the user that a server must have for redisconf, with the fewest rights.

use serde::Serialize;

use super::Exit;
use super::args::{Acl, Format, Global, Use};
use super::failure::Failure;
use super::terminal::Terminal;
use crate::live::Purpose;
use crate::report;

#[derive(Serialize)]
struct Printed<'a> {
    purpose: &'static str,
    user: &'a str,
    rules: String,
    dangers: &'a [&'static str],
}

pub(super) fn run(command: &Acl, global: &Global, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (word, purpose) = match command.purpose {
        Use::Diff => ("diff", Purpose::Diff),
        Use::Doctor if command.keys => ("doctor", Purpose::DoctorKeys),
        Use::Doctor => ("doctor", Purpose::Doctor),
        Use::Watch => ("watch", Purpose::Diff),
        Use::Apply => ("apply", Purpose::Apply),
        Use::Undo => ("undo", Purpose::Apply),
        Use::Snapshot => ("snapshot", Purpose::Snapshot),
    };
    if command.keys && command.purpose != Use::Doctor {
        return Err(Failure::new("`--keys` is of `acl doctor`").help("leave it out"));
    }
    let (name, rules) = (command.name.as_str(), format!("on {}", purpose.rules().join(" ")));
    if name.is_empty() || name.chars().any(|letter| letter.is_whitespace() || letter == '\0') {
        return Err(Failure::new(format!("`{name}` is no name of a user")).help("servers take no blanks in it"));
    }
    if global.format() == Format::Json {
        let printed = Printed { purpose: word, user: name, rules, dangers: purpose.dangers() };
        terminal.print(&report::json("acl", &printed))?;
        return Ok(Exit::Done);
    }
    terminal.print(&format!("user {name} {rules}\n"))?;
    if !global.quiet {
        let dangers: String = purpose.dangers().iter().map(|danger| format!("warning: {danger}\n")).collect();
        let next = "add its password: `>PASSWORD`, or `#` and its SHA-256; or take one with ACL SETUSER on the server";
        terminal.note(&format!("{dangers}{next}\n"))?;
    }
    Ok(Exit::Done)
}
