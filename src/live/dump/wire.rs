//! What CONFIG SET may do with a directive: change it, only when protected configs are enabled, only when not loading.
//!
//! Since 7.0 each name is sent beside one that does not exist. Then the server judges the name and sets nothing, which
//! also keeps a build without TLS alive: setting `tls-*` there can crash it. Redis 6.2 takes one pair; it gets the value
//! it has.

use std::collections::BTreeSet;

use super::super::ask::Ask;
use super::super::connection::Connection;
use super::super::inspect::{InspectError, granted};
use super::super::reply::Reply;
use super::lab::Lab;
use super::{DumpError, Entry};
use crate::server::Engine;

/// The name that no server has.
const NOBODY: (&str, &[u8]) = ("redisconf-nobody", b"x");

/// Fills in `mutable`, `protected`, `secret` and `deny_loading`.
pub(super) fn ask(lab: &Lab<'_>, directives: &mut [Entry]) -> Result<(), DumpError> {
    // with these, every command is remembered, and the server's redaction shows
    let options = ["--slowlog-log-slower-than", "0", "--slowlog-max-len", "4096"];
    let mut subject = lab.must_start("", &options)?;
    let pairs = takes_pairs(lab);
    let answers = judge(&mut subject.connection, directives, pairs)?;
    let secrets = redacted(&mut subject.connection)?;
    for (entry, answer) in directives.iter_mut().zip(answers) {
        let immutable =
            answer.contains("can't set immutable config") || answer.contains("Unsupported CONFIG parameter");
        entry.mutable = !immutable;
        entry.protected = answer.contains("can't set protected config");
        entry.secret = secrets.contains(&entry.name);
    }
    drop(subject);
    // Redis 6.2 refuses every CONFIG SET while it loads, so no directive is marked
    if pairs { while_loading(lab, directives) } else { Ok(()) }
}

/// What a running server has against a value that it surely refuses.
pub(super) fn objection(lab: &Lab<'_>, name: &str, value: &str) -> Result<Option<String>, DumpError> {
    let mut subject = lab.must_start("", &[])?;
    let reply = subject.connection.ask(Ask::ConfigSet(&[(name, value.as_bytes())])).map_err(InspectError::from)?;
    let Reply::Error(text) = reply else { return Ok(None) };
    Ok(Some(text.split_once("') - ").map_or(text.clone(), |(_, reason)| reason.to_owned())))
}

fn takes_pairs(lab: &Lab<'_>) -> bool {
    let server = lab.program.server;
    server.engine == Engine::Valkey || server.at_least(Engine::Redis, 7, 0)
}

/// What the server answers to a try on each directive.
fn judge(connection: &mut Connection, directives: &[Entry], pairs: bool) -> Result<Vec<String>, DumpError> {
    let mut answers = Vec::with_capacity(directives.len());
    for some in directives.chunks(64) {
        let both: Vec<_> = some.iter().map(|entry| [(entry.name.as_str(), entry.default.as_bytes()), NOBODY]).collect();
        let asks: Vec<Ask<'_>> =
            both.iter().map(|both| Ask::ConfigSet(if pairs { both } else { &both[..1] })).collect();
        for reply in connection.ask_all(&asks).map_err(InspectError::from)? {
            answers.push(match reply {
                Reply::Error(text) => text,
                Reply::Status(_) | Reply::Integer(_) | Reply::Bytes(_) | Reply::Nil | Reply::List(_) => String::new(),
            });
        }
    }
    Ok(answers)
}

/// The names whose value the slow log does not show.
fn redacted(connection: &mut Connection) -> Result<BTreeSet<String>, DumpError> {
    let shape = || InspectError::Shape { command: "SLOWLOG" };
    let reply = granted("SLOWLOG", connection.ask(Ask::SlowlogGet).map_err(InspectError::from)?)?;
    let Reply::List(entries) = reply else { return Err(shape().into()) };
    let mut names = BTreeSet::new();
    for entry in entries {
        let Reply::List(fields) = entry else { return Err(shape().into()) };
        let words = fields.into_iter().nth(3).and_then(Reply::into_items).ok_or_else(shape)?;
        if let [_, _, name, value, ..] = words.as_slice()
            && value == b"(redacted)"
        {
            names.insert(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(names)
}

/// Asks again while the server reads a dataset, which is made to take its time.
fn while_loading(lab: &Lab<'_>, directives: &mut [Entry]) -> Result<(), DumpError> {
    std::fs::write(lab.work().join("dump.rdb"), dataset())?;
    // a millisecond a key, and after each key a look at the connections; protection would be answered first
    let slow = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
    let mut subject = lab.must_start("enable-protected-configs yes\n", &slow)?;
    let answers = judge(&mut subject.connection, directives, true)?;
    let ping = subject.connection.ping().map_err(InspectError::from)?;
    if !is_loading(&ping) {
        return Err(DumpError::Unexpected { what: "loads a dataset faster than it can be asked".into() });
    }
    for (entry, answer) in directives.iter_mut().zip(answers) {
        entry.deny_loading = entry.mutable && answer.starts_with("LOADING");
    }
    drop(subject);
    std::fs::remove_file(lab.work().join("dump.rdb"))?;
    Ok(())
}

fn is_loading(reply: &Reply) -> bool {
    matches!(reply, Reply::Error(text) if text.starts_with("LOADING"))
}

/// A dataset of 10,000 strings of 1 KiB, in the oldest format that all servers read, with the checksum left out.
fn dataset() -> Vec<u8> {
    let mut rdb = b"REDIS0009\xfe\x00".to_vec();
    for key in 0..10_000 {
        rdb.extend([0, 5]);
        rdb.extend(format!("{key:05}").bytes());
        rdb.extend([0x44, 0x00]); // a length of 1024
        rdb.extend([b'x'; 1024]);
    }
    rdb.push(0xff);
    rdb.extend([0; 8]);
    rdb
}
