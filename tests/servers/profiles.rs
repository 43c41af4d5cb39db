//! Every built-in profile on every server it serves: what is rendered boots, and CONFIG GET is what the profile means.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use libtest_mimic::{Failed, Trial};
use redisconf::config::Setup;
use redisconf::config::layers::{Builtin, Request, builtins, load, merge};
use redisconf::live::{Program, Start, boot};
use redisconf::plan::{Verdict, compare};
use redisconf::render::{Options, Target, render};
use redisconf::server::Server;
use redisconf::source::Disk;

use crate::found::Found;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("profiles boot from redis.conf as meant", |program| all(program, as_conf)),
            found.trial("profiles boot from arguments as meant", |program| all(program, as_argv)),
        ]
    };
    servers.iter().flat_map(of).collect()
}

/// A layer that is never rendered alone stands on this profile.
const BASE: &str = "builtin:primary-durable@1";

pub(crate) fn setup(builtin: &Builtin, server: Server) -> Option<Setup> {
    let mut request = Request { profile: builtin.pinned(), ..Request::default() };
    if builtin.name.starts_with("layer-") {
        request = Request { profile: BASE.into(), overlays: vec![builtin.pinned()], ..Request::default() };
    }
    let setup = merge(load(&request, &Disk).expect("built-in profiles load"), server);
    let unserved = setup.findings.iter().any(|finding| finding.rule == "unsupported-server");
    (!unserved).then_some(setup)
}

fn all(program: &Program, start: fn(&Setup) -> Start) -> Result<(), Failed> {
    let mut wrong = String::new();
    let (mut booted, mut values) = (0, 0);
    for builtin in builtins() {
        // What only a TLS build can hold is proven where the build is known to have it.
        if builtin.name == "layer-tls" {
            continue;
        }
        let Some(setup) = setup(builtin, program.server.base()) else { continue };
        if !setup.findings.is_empty() {
            let _ = writeln!(wrong, "{}: {:?}", builtin.name, setup.findings);
            continue;
        }
        match differences(program, &setup, &start(&setup)) {
            Ok(compared) => {
                booted += 1;
                values += compared;
            }
            Err(text) => {
                let _ = writeln!(wrong, "{}: {text}", builtin.name);
            }
        }
    }
    println!("{}: {booted} profiles booted, {values} values compared", program.server);
    if wrong.is_empty() && booted > 15 { Ok(()) } else { Err(wrong.into()) }
}

/// How many values were compared, or what differs.
fn differences(program: &Program, setup: &Setup, start: &Start) -> Result<usize, String> {
    let mut booted = boot(program, start).map_err(|error| error.to_string())?;
    let hidden: Vec<&str> =
        setup.config.view.directives().filter(|d| d.is.hidden).map(redisconf::catalog::Directive::name).collect();
    let snapshot = booted.inspect(&hidden).map_err(|error| error.to_string())?;
    let found = compare(&setup.config, &snapshot, booted.overridden());
    let different: Vec<String> = found
        .iter()
        .filter(|d| d.verdict == Verdict::Different)
        .map(|d| format!("{} wanted {:?} runs {:?}", d.directive.name(), d.wanted, d.running))
        .collect();
    let compared = found.iter().filter(|d| d.verdict == Verdict::Equal).count();
    if different.is_empty() { Ok(compared) } else { Err(different.join("; ")) }
}

fn rendered(setup: &Setup, target: Target) -> Vec<u8> {
    let rendered = render(setup, &Options::new(target), &BTreeMap::new());
    rendered.unwrap_or_else(|findings| panic!("{findings:?}")).artefacts.swap_remove(0).text
}

pub(crate) fn as_conf(setup: &Setup) -> Start {
    Start { conf: Some(rendered(setup, Target::Conf)), ..Start::default() }
}

fn as_argv(setup: &Setup) -> Start {
    let line = String::from_utf8(rendered(setup, Target::Argv)).expect("a command line is text");
    // The splitter makes an empty word of a continued line.
    let line = line.replace("\\\n", " ");
    let mut words = shlex::split(&line).expect("a command line that a shell reads");
    words.remove(0);
    Start { argv: words.into_iter().map(String::into_bytes).collect(), ..Start::default() }
}
