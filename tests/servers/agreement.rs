//! Agreement: directive × generated values, asked of ourselves and of real servers. Verdict, first refused line and the
//! CONFIG GET form must be the same.
//!
//! `REDISCONF_AGREEMENT=all` asks every generated case; otherwise a sample that is the same in each run.

use std::env;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::{Directive, Kind, Lookup, Need, View};
use redisconf::config::{Stage, resolve};
use redisconf::live::{BootError, Program, Start, boot};
use redisconf::server::Server;
use redisconf::source::Name;
use redisconf::syntax::{Mode, conf};

use crate::found::Found;
use crate::generate::{Case, cases};

/// How many cases each server is asked, unless all are.
const SAMPLE: usize = 900;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    servers.iter().map(|found| found.trial("agreement on generated values", agree)).collect()
}

fn agree(program: &Program) -> Result<(), Failed> {
    let server = program.server.base();
    let all = cases(View::of(server));
    let step = if env::var("REDISCONF_AGREEMENT").is_ok_and(|v| v == "all") { 1 } else { (all.len() / SAMPLE).max(1) };
    let defrags = boot(program, &Start { conf: Some(b"activedefrag yes\n".to_vec()), ..Start::default() }).is_ok();
    let asked: Vec<&Case> = all.iter().step_by(step).filter(|case| is_askable(defrags, case.directive)).collect();
    let mut wrong = Vec::new();
    for case in &asked {
        if let Some(difference) = differs(program, server, case) {
            wrong.push(format!("{:?}: {difference}", String::from_utf8_lossy(&case.text)));
        }
    }
    println!("{}: {} of {} cases asked, {} disagreements", server.name(), asked.len(), all.len(), wrong.len());
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} disagreements:\n{}", wrong.len(), wrong.join("\n")).into()) }
}

/// Leaves out what depends on the machine or the build, not on the configuration.
pub(crate) fn is_askable(defrags: bool, directive: &Directive) -> bool {
    let lacks = match directive.needs {
        // Whether a program has TLS cannot be seen from outside, so nothing that uses it is asked.
        Some(Need::Tls | Need::Rdma | Need::Module) => true,
        Some(Need::Jemalloc) => !defrags,
        None => false,
    };
    !lacks
        && !matches!(
            directive.name(),
            // Files, folders, processes and devices of the machine.
            "aclfile" | "dir" | "include" | "loadmodule" | "locale-collate" | "logfile" | "pidfile" | "unixsocket" | "unixsocketgroup"
        | "daemonize" | "supervised" | "syslog-enabled" | "hash-seed" | "crash-memcheck-enabled"
        // A Debian back-port that other builds of 7.0 do not have.
        | "lua-enable-deprecated-api"
        )
}

/// What a machine takes back after it was accepted, or what locks the asker out.
fn is_comparable(directive: &Directive, booted_overrides: &[String]) -> bool {
    let name = directive.name();
    !booted_overrides.iter().any(|overridden| directive.names.contains(&overridden.as_str()))
        && !matches!(name, "maxclients" | "requirepass" | "maxmemory-clients" | "client-output-buffer-limit")
}

fn differs(program: &Program, server: Server, case: &Case) -> Option<String> {
    let reading = conf::read_alone(Name::Stdin, &case.text, server);
    let config = resolve(&reading, Mode::Server);
    let start = Start { conf: Some(case.text.clone()), ..Start::default() };
    // A server of our own listens on a socket of ours, whatever the text says.
    let verdict = config.refusals().iter().find(|refusal| refusal.stage != Stage::Sockets);
    match (boot(program, &start), verdict) {
        (Ok(mut booted), None) => {
            if !is_comparable(case.directive, booted.overridden()) {
                return None;
            }
            let asked = case.directive.name();
            let snapshot = match booted.inspect(&[asked]) {
                Ok(snapshot) => snapshot,
                Err(error) => return Some(format!("the server started and could not be asked: {error}")),
            };
            let Lookup::Here(directive) = View::of(server).look(asked) else { return Some("unknown to us".into()) };
            let ours = config.effective(directive).map(|value| value.config_get(&directive.kind))?;
            let theirs = snapshot.value(asked)?;
            (ours != theirs).then(|| {
                format!(
                    "CONFIG GET says {:?}, we say {:?}",
                    String::from_utf8_lossy(theirs),
                    String::from_utf8_lossy(&ours)
                )
            })
        }
        (Ok(_), Some(refusal)) => Some(format!("the server starts; we refuse: {:?}", refusal.reason)),
        (Err(BootError::Refused(theirs)), Some(ours)) => {
            let line = reading.sources.get(ours.at.source).line(ours.at.start);
            let same_line = theirs.line.is_none_or(|theirs| theirs == line);
            let names_line = theirs.line.is_some() == (ours.stage == Stage::File);
            (!same_line || !names_line).then(|| {
                format!("the server stops at {:?} ({}), we at line {line} {:?}", theirs.line, theirs.reason, ours.stage)
            })
        }
        (Err(error), None) => Some(format!("we accept; the server: {error}")),
        (Err(BootError::Crashed { .. }), Some(_)) => None,
        (Err(error), Some(_)) => Some(format!("the server could not be asked: {error}")),
    }
}

/// Kinds whose statements only act and show nothing.
pub(crate) fn acts(kind: &Kind) -> bool {
    matches!(kind, Kind::Include | Kind::LoadModule | Kind::RenameCommand | Kind::User | Kind::Sentinel)
}
