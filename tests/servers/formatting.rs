//! Formatting changes nothing for a real server: a file in which every directive is written oddly, and the same file
//! formatted, give the same CONFIG GET.

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Directive, Kind, State, View};
use redisconf::config::resolve;
use redisconf::format;
use redisconf::live::{Program, Start, boot};
use redisconf::server::Server;
use redisconf::snapshot::Snapshot;
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf};

use crate::agreement::{acts, is_askable};
use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("a formatted file means the same", same)).collect()
}

fn same(program: &Program) -> Result<(), Failed> {
    let server = program.server.base();
    let text = odd_file(server);
    let formatted = format::conf(&text, Some(server)).map_err(format::LeftAlone::reason)?;
    if formatted.edits.len() < 100 {
        return Err(format!("only {} lines were formatted", formatted.edits.len()).into());
    }
    let (before, overridden) = running(program, text)?;
    let (after, _) = running(program, formatted.text)?;
    let mut compared = 0;
    for directive in View::of(server).directives() {
        if overridden.iter().any(|name| directive.names.contains(&name.as_str())) {
            continue;
        }
        for name in &directive.names {
            if before.value(name) != after.value(name) {
                return Err(format!("{name} was {:?} and is {:?}", before.value(name), after.value(name)).into());
            }
            compared += usize::from(before.value(name).is_some());
        }
    }
    println!("{}: {} lines formatted, {compared} values equal", server.name(), formatted.edits.len());
    Ok(())
}

fn running(program: &Program, conf: Vec<u8>) -> Result<(Snapshot, Vec<String>), Failed> {
    let mut booted = boot(program, &Start { conf: Some(conf), ..Start::default() }).map_err(|e| e.to_string())?;
    let snapshot = booted.inspect(&[]).map_err(|e| e.to_string())?;
    Ok((snapshot, booted.overridden().to_vec()))
}

/// Every directive that can be asked with a value other than its default where that is easy, in odd case and odd spacing.
fn odd_file(server: Server) -> Vec<u8> {
    let mut text = b"\n\n\n\n  # odd  \n".to_vec();
    for directive in View::of(server).directives() {
        let skip = acts(&directive.kind) || directive.state != State::Accepted || directive.is.live_only;
        if skip || !is_askable(false, directive) {
            continue;
        }
        for line in odd_lines(directive) {
            // Not what would make the server stop, alone or beside the others.
            let mut with = text.clone();
            with.extend_from_slice(line.as_bytes());
            let config = resolve(&conf::read_alone(Name::Stdin, &with, server), Mode::Server);
            if config.verdict().is_none() && !opens_something(directive) {
                text = with;
            }
        }
    }
    text
}

/// What would need files, keys or neighbours that a lone server does not have.
fn opens_something(directive: &Directive) -> bool {
    matches!(directive.family, "tls" | "rdma")
        || matches!(
            directive.name(),
            "cluster-enabled" | "replicaof" | "appendonly" | "bind" | "bind-source-addr" | "port"
        )
}

fn odd_lines(directive: &Directive) -> Vec<String> {
    let odd = |word: &str| -> String {
        word.chars().enumerate().map(|(i, c)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c }).collect()
    };
    let name = odd(directive.name());
    let default = directive.default.unwrap_or_default();
    match &directive.kind {
        Kind::Bool => vec![format!(" {name}\t{}  \r\n", odd(if default == "yes" { "no" } else { "yes" }))],
        Kind::Enum(words) => words.iter().map(|word| format!("{name}   {} \n", odd(&word.name))).collect(),
        Kind::Flags(words) => words.iter().map(|word| format!("{name}   {} \n", odd(&word.name))).collect(),
        Kind::Memory { .. } | Kind::MemoryOrPercent { .. } => {
            ["1Gb", "64MB", "20K", "7B", "3kB"].iter().map(|value| format!("\t{name} {value}\n")).collect()
        }
        Kind::BufferLimits => ["Normal", "REPLICA", "Slave", "pubSub"]
            .iter()
            .map(|class| format!("{name}  {class} 64MB  32Kb 60\n"))
            .collect(),
        Kind::Save => vec![format!("{name}  900  1\n{name} 300 10 60 10000\n")],
        Kind::Int { .. } | Kind::Octal { .. } | Kind::Events(_) | Kind::Percentiles | Kind::OomValues => {
            vec![format!("  {name}   {}\n\n\n\n", if default.is_empty() { "\"\"" } else { default })]
        }
        Kind::Text(_)
        | Kind::Bytes
        | Kind::Words { .. }
        | Kind::ReplicaOf
        | Kind::Dir
        | Kind::Include
        | Kind::RenameCommand
        | Kind::LoadModule
        | Kind::User
        | Kind::Sentinel => Vec::new(),
    }
}
