//! The comparison: each round starts both servers anew and puts the same load on them, by short turns.
//!
//! A fresh server for each round, because two processes of the same program differ by chance (where their memory lies, how
//! their hash tables are seeded), which would look like a difference of the configurations. The turns go
//! A B B A, and chance decides who begins, so that a machine that grows slower favours neither.

use std::io;
use std::time::{Duration, Instant};

use super::dice::Dice;
use super::judge::{Better, Judged, Measure, Unit, Verdict, fewest_rounds, judge};
use super::load::{Latencies, latencies};
use super::machine::{Machine, Watch};
use super::plan::{Connect, Effort, Shape};
use super::round::{add, capacity, once};
use crate::live::{BootError, LoginError, Program, Start};

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
    /// None differs, and of some it can be said that they do not.
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
        let ([a, b], not_tried) = once(program, sides, first, shape, effort, rate, &mut watch)?;
        runs[0].push(a);
        runs[1].push(b);
        overridden = not_tried;
    }
    let others = watch.others();
    let judged = judge(measures(&runs), effort.smallest, effort.widest, shape.seed);
    let claim = claim(&judged, effort, others);
    Ok(Outcome { runs, rate, machine, others, overridden, judged, claim, elapsed: begun.elapsed() })
}

/// What can be said in all: nothing on a busy machine, or if every measure stays open.
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
    if judged.iter().any(|one| one.verdict == Verdict::Same) {
        return Claim::Same;
    }
    Claim::Nothing("the runs differ too much among themselves: give more rounds or a longer --duration".to_owned())
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
            add(&mut all, name, *count);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(rounds: usize) -> Vec<Judged> {
        let values: Vec<f64> = (0..10_u8).take(rounds).map(|round| 1000.0 + f64::from(round)).collect();
        let measure =
            Measure { name: "throughput", unit: Unit::PerSecond, better: Better::Higher, a: values.clone(), b: values };
        judge(vec![measure], 0.03, 0.25, 1)
    }

    fn effort(rounds: usize) -> Effort {
        let short = Duration::from_millis(50);
        Effort { rounds, duration: short, warm_up: short, busy: 0.5, smallest: 0.03, widest: 0.25 }
    }

    fn why_nothing(claim: Claim) -> String {
        match claim {
            Claim::Nothing(why) => why,
            Claim::Different | Claim::Same => String::new(),
        }
    }

    #[test]
    fn nothing_is_claimed_of_too_few_rounds_or_on_a_machine_that_others_use() {
        assert_eq!(claim(&same(10), &effort(10), Some(0.5)), Claim::Same);
        assert_eq!(claim(&same(10), &effort(10), None), Claim::Same);
        assert!(why_nothing(claim(&same(3), &effort(3), None)).starts_with("3 rounds are too few: give --rounds 8"));
        assert!(why_nothing(claim(&same(10), &effort(10), Some(0.9))).starts_with("others took 90 %"));
    }
}
