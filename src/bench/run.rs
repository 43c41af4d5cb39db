//! Runs: each round starts both servers anew, one after the other, and puts the same load on them.
//!
//! A fresh server for each run, because two processes of the same program differ by chance (where their memory lies, how
//! their hash tables are seeded), which would look like a difference of the configurations. The order within a round is
//! A B, then B A, and chance decides which comes first, so that a machine that grows slower favours neither.

use std::io;
use std::time::{Duration, Instant};

use super::client::{Answer, Client, Door};
use super::dice::{Dice, Zipf};
use super::judge::{Better, Judged, Measure, Unit, Verdict, fewest_rounds, judge};
use super::keyspace::{self, Values};
use super::load::{Latencies, Schedule, Tally, closed, latencies, open};
use super::machine::{Machine, Watch};
use super::plan::{Connect, Effort, Saves, Shape, Workload};
use super::pubsub::{When, talk};
use super::queue;
use crate::live::{BootError, Booted, LoginError, Program, Start, boot};

/// The share of what the slower side can do that is asked for on the schedule.
const LOAD: f64 = 0.4;

/// One of the two configurations.
#[derive(Clone)]
pub struct Side {
    /// What it is called.
    pub name: String,
    /// How its server is started.
    pub start: Start,
    /// How those who send come by their connection.
    pub connect: Connect,
}

/// Why a measurement came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A server does not start.
    #[error("{side}: {why}")]
    Boot {
        /// Which side.
        side: String,
        /// Why not.
        why: BootError,
    },
    /// We are not let in.
    #[error("{side}: {why}")]
    Login {
        /// Which side.
        side: String,
        /// Why not.
        why: LoginError,
    },
    /// A connection broke or an answer did not come.
    #[error("{side}: the load broke off: {why}")]
    Load {
        /// Which side.
        side: String,
        /// What happened.
        why: io::Error,
    },
}

/// What one run of one side gave.
#[derive(Clone)]
pub struct Run {
    /// Requests, jobs or messages a second, as fast as they are answered.
    pub throughput: f64,
    /// Latencies on the schedule, in nanoseconds.
    pub latencies: Latencies,
    /// What was counted, by name; the same names in each run.
    pub counts: Vec<(&'static str, u64)>,
}

/// All runs, and what they say.
pub struct Outcome {
    /// The runs of A and of B, by round.
    pub runs: [Vec<Run>; 2],
    /// Requests a second on the schedule.
    pub rate: f64,
    /// Where it ran.
    pub machine: Machine,
    /// Share of the processors that others took, from 0 to 1.
    pub others: Option<f64>,
    /// The directives whose value was not tried, because the servers run in private.
    pub overridden: Vec<String>,
    /// The measures, judged.
    pub judged: Vec<Judged>,
    /// Whether anything can be said, and if not, why.
    pub claim: Claim,
    /// How long all took.
    pub elapsed: Duration,
}

/// What can be said in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Some measures differ.
    Different,
    /// None differs.
    Same,
    /// Nothing can be said; why, and what would help.
    Nothing(String),
}

/// Compares two sides. `tell` hears of each round before it begins.
///
/// # Errors
/// When a server does not start, or a load breaks off.
pub fn compare(
    program: &Program,
    sides: &[Side; 2],
    shape: &Shape,
    effort: &Effort,
    mut tell: impl FnMut(usize),
) -> Result<Outcome, BenchError> {
    let begun = Instant::now();
    let machine = Machine::here();
    let mut watch = Watch::begin();
    let mut overridden = Vec::new();
    let rate = match shape.rate {
        Some(rate) => rate,
        None => {
            let mut slowest = f64::INFINITY;
            for side in sides {
                slowest = slowest.min(capacity(program, side, shape, effort, &mut watch)?);
            }
            (slowest * LOAD).max(10.0)
        }
    };
    let mut runs: [Vec<Run>; 2] = [Vec::new(), Vec::new()];
    let mut dice = Dice::new(shape.seed, 99);
    let mut first = 0;
    for round in 0..effort.rounds {
        tell(round);
        first = if round % 2 == 0 { usize::from(dice.below(2) == 1) } else { 1 - first };
        for at in [first, 1 - first] {
            let (run, not_tried) = once(program, &sides[at], shape, effort, rate, &mut watch)?;
            runs[at].push(run);
            overridden = not_tried;
        }
    }
    let others = watch.others();
    let judged = judge(measures(&runs), effort.smallest, effort.widest, shape.seed);
    let claim = claim(&judged, effort, others);
    Ok(Outcome { runs, rate, machine, others, overridden, judged, claim, elapsed: begun.elapsed() })
}

/// What can be said in all: nothing on a busy machine, or if the first measure stays open and no other differs.
fn claim(judged: &[Judged], effort: &Effort, others: Option<f64>) -> Claim {
    let fewest = fewest_rounds(judged.len());
    if effort.rounds < fewest {
        return Claim::Nothing(format!("{} rounds are too few: give --rounds {fewest} or more", effort.rounds));
    }
    if let Some(share) = others.filter(|share| *share > effort.busy) {
        return Claim::Nothing(format!(
            "others took {:.0} % of the processors meanwhile: run it on an idle machine, or raise --busy",
            share * 100.0
        ));
    }
    if judged.iter().any(|one| matches!(one.verdict, Verdict::Better | Verdict::Worse)) {
        return Claim::Different;
    }
    match judged.first().map(|one| one.verdict) {
        Some(Verdict::Same) => Claim::Same,
        Some(Verdict::Better | Verdict::Worse | Verdict::Unclear | Verdict::TooFew) | None => Claim::Nothing(
            "the runs differ too much among themselves: give more rounds or a longer --duration".to_owned(),
        ),
    }
}

/// What is judged: throughput, two percentiles, and what was lost or cut if anything was.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds and counts of a run")]
fn measures(runs: &[Vec<Run>; 2]) -> Vec<Measure> {
    let measure = |name, unit, better, of: &dyn Fn(&Run) -> f64| {
        let [a, b] = runs.each_ref().map(|runs| runs.iter().map(of).collect());
        Measure { name, unit, better, a, b }
    };
    let percentile = |share: f64| move |run: &Run| run.latencies.value_at_quantile(share) as f64;
    let mut all = vec![
        measure("throughput", Unit::PerSecond, Better::Higher, &|run| run.throughput),
        measure("p50", Unit::Nanoseconds, Better::Lower, &percentile(0.5)),
        measure("p99", Unit::Nanoseconds, Better::Lower, &percentile(0.99)),
    ];
    for name in JUDGED_COUNTS {
        let count = |run: &Run| run.counts.iter().find(|(own, _)| *own == name).map_or(0, |(_, count)| *count) as f64;
        if runs.iter().flatten().any(|run| count(run) > 0.0) {
            all.push(measure(name, Unit::Count, Better::Lower, &count));
        }
    }
    all
}

/// The counts that are judged where they are not all 0.
const JUDGED_COUNTS: [&str; 3] = ["lost", "cut off", "refused"];

/// A server of a side, filled, and the way to it.
struct Home {
    booted: Booted,
    door: Door,
}

fn settle(program: &Program, side: &Side, shape: &Shape) -> Result<Home, BenchError> {
    let name = || side.name.clone();
    let mut booted = boot(program, &side.start).map_err(|why| BenchError::Boot { side: name(), why })?;
    booted.connection().map_err(|why| BenchError::Login { side: name(), why })?;
    let login = side.start.login.as_ref().map(|login| (login.user.clone(), login.password.clone()));
    let door = Door { at: booted.socket(), login };
    let fill = || {
        let mut client = Client::open(&door)?;
        match shape.workload {
            Workload::Cache => keyspace::fill_cache(&mut client, shape),
            Workload::Kb => keyspace::fill_hashes(&mut client, shape),
            Workload::Pubsub | Workload::Queue => Ok(()),
        }
    };
    fill().map_err(|why| BenchError::Load { side: name(), why })?;
    Ok(Home { booted, door })
}

/// How many requests a second a side takes as fast as it can.
fn capacity(
    program: &Program,
    side: &Side,
    shape: &Shape,
    effort: &Effort,
    watch: &mut Watch,
) -> Result<f64, BenchError> {
    let home = settle(program, side, shape)?;
    let length = effort.warm_up.max(Duration::from_millis(100));
    let full = at_full_speed(&home.door, side, shape, length, 0);
    let full = full.map_err(|why| BenchError::Load { side: side.name.clone(), why })?;
    watch.add(home.booted.pid());
    home.booted.end();
    Ok(full.sent)
}

fn once(
    program: &Program,
    side: &Side,
    shape: &Shape,
    effort: &Effort,
    rate: f64,
    watch: &mut Watch,
) -> Result<(Run, Vec<String>), BenchError> {
    let home = settle(program, side, shape)?;
    let run = measure(&home.door, side, shape, effort, rate);
    let run = run.map_err(|why| BenchError::Load { side: side.name.clone(), why })?;
    watch.add(home.booted.pid());
    let overridden = home.booted.overridden().to_vec();
    home.booted.end();
    Ok((run, overridden))
}

fn measure(door: &Door, side: &Side, shape: &Shape, effort: &Effort, rate: f64) -> io::Result<Run> {
    if !effort.warm_up.is_zero() {
        at_full_speed(door, side, shape, effort.warm_up, 1)?;
    }
    let mut control = Client::open(door)?;
    let names = counters(shape.workload);
    let before = control.info(names)?;
    save(&mut control, shape)?;
    let full = at_full_speed(door, side, shape, effort.duration, 2)?;
    save(&mut control, shape)?;
    let (tally, mut counts) = on_schedule(door, side, shape, rate, effort.duration)?;
    let after = control.info(names)?;
    for ((name, before), after) in names.iter().zip(before).zip(after) {
        if let (Some(before), Some(after)) = (before, after) {
            let is_gauge = name.starts_with("rdb_last") || name.starts_with("latest");
            counts.push((name, if is_gauge { after } else { after.saturating_sub(before) }));
        }
    }
    counts.push(("refused", full.refused + tally.refused));
    counts.push(("not sent in time", tally.unsent));
    for (name, more) in full.counts {
        match counts.iter_mut().find(|(own, _)| *own == name) {
            Some((_, count)) => *count += more,
            None => counts.push((name, more)),
        }
    }
    Ok(Run { throughput: full.done, latencies: tally.latencies, counts })
}

/// The server's own counters that belong to a workload.
fn counters(workload: Workload) -> &'static [&'static str] {
    match workload {
        Workload::Cache => &["keyspace_hits", "keyspace_misses", "evicted_keys", "expired_keys"],
        Workload::Kb => &["rdb_saves", "rdb_last_cow_size", "latest_fork_usec"],
        Workload::Pubsub | Workload::Queue => &[],
    }
}

/// Asks for a background save, where the workload has one. That one is running already is no harm.
fn save(control: &mut Client, shape: &Shape) -> io::Result<()> {
    if shape.workload == Workload::Kb && shape.saves == Saves::Forced {
        let _: Answer = control.call(&[b"BGSAVE"])?;
    }
    Ok(())
}

/// What a load as fast as possible gave, a second.
struct Full {
    /// Requests, jobs, or messages that arrived.
    done: f64,
    /// What may be sent: messages instead of their receipts.
    sent: f64,
    refused: u64,
    counts: Vec<(&'static str, u64)>,
}

#[expect(clippy::cast_precision_loss, reason = "counts of a run")]
fn at_full_speed(door: &Door, side: &Side, shape: &Shape, length: Duration, part: u64) -> io::Result<Full> {
    let of = |tally: Tally| Full { done: tally.rate(), sent: tally.rate(), refused: tally.refused, counts: Vec::new() };
    match shape.workload {
        Workload::Cache => {
            let (zipf, values) = (Zipf::new(shape.keys), Values::new(shape));
            closed(door, shape.clients, length, |worker| {
                keyspace::cache(shape, &zipf, &values, dice_of(shape, part, worker))
            })
            .map(of)
        }
        Workload::Kb => {
            let values = Values::new(shape);
            closed(door, shape.clients, length, |worker| keyspace::hashes(shape, &values, dice_of(shape, part, worker)))
                .map(of)
        }
        Workload::Queue => queue::back_and_forth(door, shape, length).map(of),
        Workload::Pubsub => {
            let heard = talk(door, shape, side.connect, When::AtOnce(length))?;
            let each = (heard.addressed as f64 / heard.published.max(1) as f64).max(1.0);
            let done = heard.received.rate();
            Ok(Full { done, sent: done / each, refused: 0, counts: counts_of(&heard) })
        }
    }
}

fn on_schedule(
    door: &Door,
    side: &Side,
    shape: &Shape,
    rate: f64,
    length: Duration,
) -> io::Result<(Tally, Vec<(&'static str, u64)>)> {
    match shape.workload {
        Workload::Cache => {
            let (zipf, values) = (Zipf::new(shape.keys), Values::new(shape));
            let tally = open(door, shape.clients, Schedule::soon(rate, length), |worker| {
                keyspace::cache(shape, &zipf, &values, dice_of(shape, 3, worker))
            })?;
            Ok((tally, Vec::new()))
        }
        Workload::Kb => {
            let values = Values::new(shape);
            let tally = open(door, shape.clients, Schedule::soon(rate, length), |worker| {
                keyspace::hashes(shape, &values, dice_of(shape, 3, worker))
            })?;
            Ok((tally, Vec::new()))
        }
        Workload::Queue => {
            let (tally, lost) = queue::on_schedule(door, shape, Schedule::soon(rate, length))?;
            Ok((tally, vec![("lost", lost)]))
        }
        Workload::Pubsub => {
            let heard = talk(door, shape, side.connect, When::Due(Schedule::soon(rate, length)))?;
            let counts = counts_of(&heard);
            Ok((heard.received, counts))
        }
    }
}

fn counts_of(heard: &super::pubsub::Heard) -> Vec<(&'static str, u64)> {
    let mut counts = vec![
        ("published", heard.published),
        ("addressed", heard.addressed),
        ("received", heard.received.done),
        ("lost", heard.lost),
        ("cut off", heard.cut),
    ];
    counts.extend(heard.counted_cut.map(|count| ("cut off, by the server's count", count)));
    counts
}

fn dice_of(shape: &Shape, part: u64, worker: usize) -> Dice {
    Dice::new(shape.seed, (part << 32) + u64::try_from(worker).unwrap_or(0) + 1000)
}

impl Outcome {
    /// All latencies of one side, 0 for A and 1 for B.
    #[must_use]
    pub fn latencies(&self, side: usize) -> Latencies {
        let mut all = latencies();
        for run in &self.runs[side] {
            all.add(&run.latencies).expect("all histograms have the same bounds");
        }
        all
    }

    /// What was counted on one side, summed over its rounds; of what is no sum, such as a duration, the largest.
    #[must_use]
    pub fn counts(&self, side: usize) -> Vec<(&'static str, u64)> {
        let mut all: Vec<(&'static str, u64)> = Vec::new();
        for (name, count) in self.runs[side].iter().flat_map(|run| &run.counts) {
            let is_gauge = name.starts_with("rdb_last") || name.starts_with("latest");
            match all.iter_mut().find(|(own, _)| own == name) {
                Some((_, sum)) if is_gauge => *sum = (*sum).max(*count),
                Some((_, sum)) => *sum += count,
                None => all.push((name, *count)),
            }
        }
        all
    }
}
