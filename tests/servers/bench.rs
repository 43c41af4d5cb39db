//! What `bench` says, held against what is known: a thing does not differ from itself, a planted difference is found,
//! messages that are lost are the server's to count too, and its own load generator measures the same.
//!
//! The verdict is the tool's. Nothing here looks at a clock: on a machine where it refuses to claim anything, that is an
//! answer, and the trial says so.

use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use redisconf::bench::{Claim, Connect, Effort, Outcome, Saves, Shape, Side, Verdict, Workload, compare};
use redisconf::live::{Program, Start, boot};

use crate::found::Found;

type Run = fn(&Program) -> Result<(), Failed>;

/// On every server.
const CONCERNS: [(&str, Run); 3] = [
    ("bench counts what is lost and who is cut off as the server does", slow_subscriber),
    ("bench loses nothing where nobody is slow", every_message),
    ("bench puts each load on it", every_load),
];

/// On one server of each engine: each takes half a minute.
const LONG: [(&str, Run); 4] = [
    ("bench does what the page on it says", page),
    ("bench finds a planted difference", planted),
    ("bench finds no difference between a thing and itself", itself),
    ("bench measures what the server's own benchmark measures", own_benchmark),
];

pub(crate) fn trials(servers: &[Found]) -> Vec<Trial> {
    let is_chosen = |found: &&Found| ["redis-7.0", "redis-7.4", "valkey-8.1"].contains(&found.server.name().as_str());
    let short = servers
        .iter()
        .flat_map(|found| CONCERNS.map(|(name, run)| found.trial(name, move |program| patiently(program, run))));
    let long = servers.iter().filter(is_chosen).flat_map(|found| LONG.map(|(name, run)| found.trial(name, run)));
    short.chain(long).collect()
}

/// Beside other trials a load may starve, and what is due is then not there in time: one of three runs must hold.
fn patiently(program: &Program, run: Run) -> Result<(), Failed> {
    for _ in 0..2 {
        if let Ok(Ok(())) = std::panic::catch_unwind(|| run(program)) {
            return Ok(());
        }
        println!("{}: once more", program.server.name());
    }
    run(program)
}

fn side(name: &str, conf: &str) -> Side {
    let start = Start { conf: Some(conf.as_bytes().to_vec()), timeout: Duration::from_secs(30), ..Start::default() };
    Side { name: name.into(), start, connect: Connect::Pooled }
}

fn shape(workload: Workload) -> Shape {
    Shape {
        workload,
        seed: 1,
        clients: 2,
        keys: 500,
        value_size: 200,
        ttl: 60_000,
        receivers: 2,
        channels: 1,
        stalled: 0,
        saves: Saves::Forced,
        rate: None,
    }
}

fn effort(rounds: usize, milliseconds: u64) -> Effort {
    Effort {
        rounds,
        duration: Duration::from_millis(milliseconds),
        warm_up: Duration::from_millis(100),
        busy: 1.0,
        smallest: 0.03,
        widest: 0.25,
    }
}

fn ran(program: &Program, sides: &[Side; 2], shape: &Shape, effort: &Effort) -> Result<Outcome, Failed> {
    compare(program, sides, shape, effort, |_| ()).map_err(|error| error.to_string().into())
}

fn count(outcome: &Outcome, side: usize, name: &str) -> Option<u64> {
    outcome.counts(side).iter().find(|(own, _)| *own == name).map(|(_, count)| *count)
}

fn every_load(program: &Program) -> Result<(), Failed> {
    for workload in Workload::ALL {
        let sides = [side("a", "save \"\""), side("b", "save \"\"")];
        let outcome = ran(program, &sides, &shape(*workload), &effort(1, 200))?;
        for at in 0..2 {
            assert!(outcome.runs[at][0].throughput > 0.0, "{workload:?}");
            assert!(outcome.latencies(at).len() > 10, "{workload:?}");
            assert_eq!(count(&outcome, at, "refused"), Some(0), "{workload:?}");
        }
        assert!(matches!(outcome.claim, Claim::Nothing(_)), "one round is too few");
    }
    Ok(())
}

fn every_message(program: &Program) -> Result<(), Failed> {
    let shape = Shape { receivers: 4, channels: 2, rate: Some(500.0), ..shape(Workload::Pubsub) };
    let outcome = ran(program, &[side("a", "save \"\""), side("b", "save \"\"")], &shape, &effort(1, 300))?;
    for at in 0..2 {
        // What the server says it has addressed is what was received, but for the last word on each channel.
        assert_eq!(count(&outcome, at, "addressed"), count(&outcome, at, "received"));
        assert_eq!((count(&outcome, at, "lost"), count(&outcome, at, "cut off")), (Some(0), Some(0)));
    }
    Ok(())
}

fn slow_subscriber(program: &Program) -> Result<(), Failed> {
    let strict = "save \"\"\nclient-output-buffer-limit pubsub 64kb 0 0";
    let generous = "save \"\"\nclient-output-buffer-limit pubsub 1gb 0 0";
    // 4 kB, 1000 times: more than the system's own buffers of a socket hold.
    let shape = Shape { stalled: 1, value_size: 4096, rate: Some(4000.0), ..shape(Workload::Pubsub) };
    let outcome = ran(program, &[side("strict", strict), side("generous", generous)], &shape, &effort(1, 1000))?;
    let cut = [0, 1].map(|at| count(&outcome, at, "cut off"));
    assert!(cut[0] >= Some(2), "the one who never reads is cut off in both measurements: {cut:?}");
    assert_eq!(cut[1], Some(0));
    if let Some(counted) = count(&outcome, 0, "cut off, by the server's count") {
        assert_eq!(cut[0], Some(counted));
    }
    Ok(())
}

fn planted(program: &Program) -> Result<(), Failed> {
    let with = |fsync: &str| format!("save \"\"\nappendonly yes\nappendfsync {fsync}");
    let sides = [side("never", &with("no")), side("always", &with("always"))];
    let outcome = ran(program, &sides, &shape(Workload::Queue), &effort(12, 300))?;
    println!("{}: {:?}", program.server.name(), said(&outcome));
    assert_eq!(outcome.claim, Claim::Different, "{:?}", said(&outcome));
    assert_eq!(outcome.judged[0].verdict, Verdict::Worse, "{:?}", said(&outcome));
    Ok(())
}

fn itself(program: &Program) -> Result<(), Failed> {
    let sides = [side("one", "save \"\""), side("same", "save \"\"")];
    let mut wrong = 0;
    for seed in 0..3 {
        let outcome = ran(program, &sides, &Shape { seed, ..shape(Workload::Cache) }, &effort(10, 300))?;
        println!("{}: {:?} {:?}", program.server.name(), outcome.claim, said(&outcome));
        wrong += usize::from(outcome.claim == Claim::Different);
    }
    // Each is wrong in one of a hundred, so two of three are in one of three thousand.
    assert!(wrong <= 1, "{wrong} of 3");
    Ok(())
}

/// Runs what the page shows, with one short round each, and looks at the page with charts.
fn page(program: &Program) -> Result<(), Failed> {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/benchmarking.md"))?;
    let folder = tempfile::tempdir()?;
    let commands: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("$ redisconf ")).collect();
    assert!(commands.len() >= 4, "{commands:?}");
    for command in commands {
        let words = shlex::split(command).ok_or("the page has a command that no shell takes")?;
        let server = program.path.display().to_string();
        let words = words.into_iter().map(|word| if word == "redis-server" { server.clone() } else { word });
        let mut run = Command::new(env!("CARGO_BIN_EXE_redisconf"));
        run.args(words).current_dir(folder.path());
        let is_bench = command.starts_with("bench ");
        if is_bench {
            run.args(["--rounds", "1", "--duration", "0.1", "--warm-up", "0.05", "--busy", "100", "--keys", "100"]);
            run.args(["--output-format", "json"]);
        }
        let done = run.output()?;
        let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert_eq!(done.status.code(), Some(if is_bench { 3 } else { 0 }), "{command}\n{out}{err}");
        if is_bench {
            let read: serde_json::Value = serde_json::from_str(&out)?;
            assert_eq!(read["schema_version"], 1, "{command}");
            assert_eq!(read["claim"], "nothing can be claimed", "{command}");
            assert_eq!(read["measures"][0]["name"], "throughput", "{command}");
        }
    }
    let charts = std::fs::read_to_string(folder.path().join("bench.html"))?;
    assert!(charts.matches("<svg").count() >= 4);
    for word in ["http", "src=", "href", "url(", "<script"] {
        assert!(!charts.contains(word), "the page asks somebody for something: {word}");
    }
    Ok(())
}

/// Measures, changes and verdicts.
fn said(outcome: &Outcome) -> Vec<(&'static str, f64, Verdict)> {
    outcome.judged.iter().map(|one| (one.measure.name, one.change, one.verdict)).collect()
}

/// The throughput of its own load generator, if one is at hand: beside the server, or where `REDISCONF_BENCHMARK` says.
///
/// On a machine that others use the two runs meet different moments, so this is told and not demanded.
fn own_benchmark(program: &Program) -> Result<(), Failed> {
    let named = std::env::var_os("REDISCONF_BENCHMARK").map(std::path::PathBuf::from);
    let beside = program.path.with_file_name(format!("{}-benchmark", program.server.engine.word()));
    let Some(benchmark) = named.or_else(|| beside.exists().then_some(beside)) else {
        println!("{}: skipped: there is no benchmark beside it", program.server.name());
        return Ok(());
    };
    let start = side("one", "save \"\"").start;
    let booted = boot(program, &start).map_err(|error| error.to_string())?;
    let ours = ran(
        program,
        &[side("a", "save \"\""), side("b", "save \"\"")],
        &Shape { clients: 4, ..shape(Workload::Queue) },
        &effort(3, 1000),
    )?;
    let theirs = Command::new(benchmark)
        .arg("-s")
        .arg(booted.socket())
        .args(["-c", "4", "-n", "60000", "-d", "200", "-t", "lpush,rpop", "--csv"])
        .output()?;
    let text = String::from_utf8_lossy(&theirs.stdout);
    let rate = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(&format!("\"{name}\"")))?;
        line.split(',').nth(1)?.trim_matches('"').parse::<f64>().ok()
    };
    let (Some(push), Some(pop)) = (rate("LPUSH"), rate("RPOP")) else { return Err(text.into_owned().into()) };
    // Ours pushes and pops by turns: a pair takes as long as one of each.
    let pairs = 1.0 / (1.0 / push + 1.0 / pop);
    let ours: Vec<f64> = ours.runs.iter().flatten().map(|run| run.throughput).collect();
    let ours = redisconf::bench::median(&ours);
    println!("{}: {ours:.0} pairs a second, its own benchmark {pairs:.0}", program.server.name());
    booted.end();
    Ok(())
}
