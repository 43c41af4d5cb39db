//! Real servers run as Sentinel and our judgement of their files must agree: verdict, line and words.
//!
//! `REDISCONF_AGREEMENT=all` asks every generated case about ordinary directives; otherwise a sample of them.

mod cases;
mod server;

use std::collections::BTreeSet;
use std::env;
use std::path::Path;

use libtest_mimic::{Failed, Trial};
use redisconf::catalog::View;
use redisconf::config::{Config, Reason, Stage, resolve};
use redisconf::finding::Severity;
use redisconf::lint::{Example, RULES, Rule};
use redisconf::server::Server;
use redisconf::source::Name;
use redisconf::syntax::{Mode, Reading, conf};

use crate::agreement::is_askable;
use crate::found::Found;
use crate::generate;
use server::Outcome;

/// How many cases about ordinary directives each server is asked, unless all are.
const SAMPLE: usize = 200;

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let of = |found: &Found| {
        [
            found.trial("a Sentinel refuses what we refuse", |program| own_lines(program.server.base(), &program.path)),
            found.trial("a Sentinel reads directives as a server does", |program| {
                directives(program.server.base(), &program.path)
            }),
            found.trial("a Sentinel takes the examples of the rules as they say", |program| {
                examples(program.server.base(), &program.path)
            }),
        ]
    };
    servers.iter().flat_map(of).collect()
}

fn read(text: &str, server: Server) -> (Reading, Config) {
    let reading = conf::read_alone(Name::Stdin, text.as_bytes(), server);
    let config = resolve(&reading, Mode::Sentinel);
    (reading, config)
}

/// What differs between our verdict and the outcome, if anything does.
fn differs(text: &str, server: Server, outcome: &Outcome) -> Option<String> {
    let (reading, config) = read(text, server);
    let agreed = match (config.verdict(), outcome) {
        (None, Outcome::Runs) => true,
        (Some(ours), Outcome::Line { line, reason }) => {
            let here = reading.sources.get(ours.at.source).line(ours.at.start);
            let words = ours.stage != Stage::Sentinel || ours.reason.server_words(server) == *reason;
            ours.stage <= Stage::Sentinel && here == *line && words
        }
        (Some(ours), Outcome::Ends(_)) => ours.stage > Stage::Sentinel || ours.reason == Reason::RenamesSubcommand,
        (_, _) => false,
    };
    (!agreed).then(|| format!("{text:?}\n    we say {:?}\n    the server {outcome:?}", config.verdict()))
}

fn own_lines(server: Server, program: &Path) -> Result<(), Failed> {
    let seed = u64::from(server.series.major) << 16 | u64::from(server.series.minor) << 8 | server.engine as u64;
    let texts = cases::generate(seed);
    let mut counts = [0_usize; 3];
    let mut wrong = Vec::new();
    for text in &texts {
        let outcome = server::start(program, text.as_bytes(), &[])?;
        counts[match outcome {
            Outcome::Runs => 0,
            Outcome::Line { .. } => 1,
            Outcome::Ends(_) => 2,
        }] += 1;
        wrong.extend(differs(text, server, &outcome));
    }
    let [runs, lines, ends] = counts;
    println!("{server}: {} files: {runs} run, {lines} stop at a line, {ends} later", texts.len());
    if runs < 60 || lines < 60 || ends < 3 {
        wrong.push("the cases are lopsided".into());
    }
    finish(&wrong)
}

fn directives(server: Server, program: &Path) -> Result<(), Failed> {
    let all = generate::cases(View::of(server));
    let step = if env::var("REDISCONF_AGREEMENT").is_ok_and(|v| v == "all") { 1 } else { (all.len() / SAMPLE).max(1) };
    let asked: Vec<&generate::Case> =
        all.iter().step_by(step).filter(|case| is_askable(false, case.directive) && is_private(case)).collect();
    let mut wrong = Vec::new();
    for case in &asked {
        let text = String::from_utf8_lossy(&case.text);
        let outcome = server::start(program, &case.text, &[])?;
        wrong.extend(differs(&text, server, &outcome));
    }
    println!("{server}: {} of {} cases asked, {} disagreements", asked.len(), all.len(), wrong.len());
    finish(&wrong)
}

/// Leaves out what listens, which [`redisconf::live::boot`] would isolate.
fn is_private(case: &generate::Case) -> bool {
    !matches!(case.directive.name(), "bind" | "port" | "cluster-enabled" | "cluster-port" | "rdma-port" | "sentinel")
}

/// Every rule's example that is a Sentinel's file: fatal ones are refused, all others run.
fn examples(server: Server, program: &Path) -> Result<(), Failed> {
    let mut wrong = Vec::new();
    let mut asked = BTreeSet::new();
    for rule in RULES {
        for which in [Example::Bad, Example::Good] {
            let Some(text) = rule.example(which).filter(|text| text.starts_with("# sentinel.conf")) else { continue };
            if !is_for(&text, rule, server) {
                continue;
            }
            asked.insert(rule.id);
            let (root, files) = files(&text);
            let outcome = server::start(program, root.as_bytes(), &files)?;
            let refused = rule.severity == Severity::Fatal && which == Example::Bad;
            if refused == (outcome == Outcome::Runs) {
                wrong.push(format!("{}, {which:?}: {outcome:?}", rule.id));
            }
        }
    }
    println!("{server}: examples of {} rules", asked.len());
    finish(&wrong)
}

/// Whether an example is for a server: that of its header, else all that the rule speaks of.
fn is_for(text: &str, rule: &Rule, server: Server) -> bool {
    match text.split_once("server=").and_then(|(_, rest)| rest.split_whitespace().next()) {
        Some(named) => named.parse() == Ok(server),
        None => rule.servers.is_empty(),
    }
}

/// The root text and the files beside it, every address made one of this machine.
fn files(text: &str) -> (String, Vec<(String, String)>) {
    let text = text.replace(" 10.0.0.", " 127.0.0.");
    let mut parts = text.split("==> ");
    let root = parts.next().unwrap_or_default().to_owned();
    let files = parts.filter_map(|part| {
        let (name, text) = part.split_once(" <==\n")?;
        Some((name.to_owned(), text.to_owned()))
    });
    (root, files.collect())
}

fn finish(wrong: &[String]) -> Result<(), Failed> {
    if wrong.is_empty() { Ok(()) } else { Err(format!("{} disagreements:\n{}", wrong.len(), wrong.join("\n")).into()) }
}
