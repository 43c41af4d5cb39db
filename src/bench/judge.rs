//! Whether two sides differ: said only where chance is no longer an explanation.
//!
//! In each round both sides ran once, in an order that chance chose. If they do not differ, each round could as well have
//! come out with its two results exchanged. So all ways to exchange them are gone through (a permutation test; from 17
//! rounds on 100 000 ways, drawn by the seed), and for each the signed-rank sum (Wilcoxon) of every measure is taken; a
//! measure differs if at most one way in a hundred gives *any* measure a sum as far out. That corrects for looking at
//! several measures at once (Westfall and Young, single step). Ranks, so that one round in which the machine was away
//! counts as one round.
//!
//! How much they differ is the Hodges-Lehmann estimate of the ratio, with the interval that belongs to the test. Where
//! the interval is wide, nothing is claimed, not even that there is no difference.

use super::dice::Dice;

/// The level of the test: the share of comparisons of a thing with itself that find a difference.
pub const LEVEL: f64 = 0.01;
/// Up to so many rounds all ways are gone through.
const ALL_WAYS: usize = 16;
/// How many ways are drawn beyond.
const DRAWN: u32 = 100_000;

/// Which of two values is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The higher, as of throughput.
    Higher,
    /// The lower, as of latency.
    Lower,
}

/// A measure, with its value in each round on each side.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// What was measured.
    pub name: &'static str,
    /// Its unit.
    pub unit: Unit,
    /// Which value is better.
    pub better: Better,
    /// Side A, by round.
    pub a: Vec<f64>,
    /// Side B, by round.
    pub b: Vec<f64>,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// So many a second.
    PerSecond,
    /// Time.
    Nanoseconds,
    /// Things.
    Count,
}

/// What can be said of a measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// B is better.
    Better,
    /// B is worse.
    Worse,
    /// No difference was found, and one larger than the interval would have been.
    Same,
    /// Too noisy to say anything.
    Unclear,
    /// Too few rounds to say anything.
    TooFew,
}

/// A measure, judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The measure.
    pub measure: Measure,
    /// The medians of A and B.
    pub medians: [f64; 2],
    /// From the first to the third quartile, of A and of B.
    pub quartiles: [[f64; 2]; 2],
    /// How much larger B is, as a share: 0.1 is 10 % more.
    pub change: f64,
    /// The interval of the change at the level of the test, where there are rounds enough.
    pub interval: Option<[f64; 2]>,
    /// The share of ways to exchange results that differ as much.
    pub chance: f64,
    /// What is claimed.
    pub verdict: Verdict,
}

/// The fewest rounds with which so many measures can reach the level.
#[must_use]
pub fn fewest_rounds(measures: usize) -> usize {
    // Each measure may be farthest out in two ways of its own.
    let enough = |rounds: &usize| share_of_two(measures, *rounds) <= LEVEL;
    (1..64).find(enough).unwrap_or(64)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "small counts"
)]
fn share_of_two(measures: usize, rounds: usize) -> f64 {
    (2 * measures.max(1)) as f64 / 2_f64.powi(rounds as i32)
}

/// Judges measures that were taken together: all with the same rounds.
#[must_use]
pub fn judge(measures: Vec<Measure>, smallest: f64, widest: f64, seed: u64) -> Vec<Judged> {
    let logs: Vec<Vec<f64>> = measures.iter().map(differences).collect();
    let ranks: Vec<Vec<f64>> = logs.iter().map(|logs| signed_ranks(logs)).collect();
    let chances = chances(&ranks, seed);
    let fewest = fewest_rounds(measures.len());
    let each = measures.into_iter().zip(logs).zip(chances);
    each.map(|((measure, logs), chance)| {
        let interval = (logs.len() >= fewest).then(|| interval(&logs)).flatten();
        let estimate = median(&walsh(&logs));
        let verdict = verdict(measure.better, estimate, interval, chance, smallest, widest);
        let quartiles = [&measure.a, &measure.b].map(|values| [quantile(values, 0.25), quantile(values, 0.75)]);
        Judged {
            medians: [median(&measure.a), median(&measure.b)],
            quartiles,
            change: estimate.exp_m1(),
            interval: interval.map(|ends| ends.map(f64::exp_m1)),
            chance,
            verdict,
            measure,
        }
    })
    .collect()
}

fn verdict(
    better: Better,
    estimate: f64,
    interval: Option<[f64; 2]>,
    chance: f64,
    smallest: f64,
    widest: f64,
) -> Verdict {
    let Some([low, high]) = interval else { return Verdict::TooFew };
    if chance <= LEVEL && estimate.abs() >= smallest.ln_1p() {
        let more_is_better = better == Better::Higher;
        return if (estimate > 0.0) == more_is_better { Verdict::Better } else { Verdict::Worse };
    }
    if low.abs().max(high.abs()) > widest.ln_1p() { Verdict::Unclear } else { Verdict::Same }
}

/// The logarithms of B by A; of counts, which may be 0, with one more on both sides.
fn differences(measure: &Measure) -> Vec<f64> {
    let more = if measure.unit == Unit::Count { 1.0 } else { 0.0 };
    measure.a.iter().zip(&measure.b).map(|(a, b)| ((b + more).max(1e-9) / (a + more).max(1e-9)).ln()).collect()
}

/// Ranks by size, equal ones sharing theirs, with the sign of the difference; none has rank 0.
#[expect(clippy::cast_precision_loss, reason = "rounds")]
fn signed_ranks(differences: &[f64]) -> Vec<f64> {
    let size = |value: f64| differences.iter().filter(|other| other.abs() < value.abs()).count();
    let equal = |value: f64| differences.iter().filter(|other| (other.abs() - value.abs()).abs() <= 0.0).count();
    let rank = |value: f64| size(value) as f64 + (equal(value) + 1) as f64 / 2.0;
    differences.iter().map(|value| if *value == 0.0 { 0.0 } else { rank(*value) * value.signum() }).collect()
}

/// For each measure the share of ways to exchange results in which any measure is as far out.
#[expect(clippy::cast_precision_loss, reason = "counts of ways")]
fn chances(ranks: &[Vec<f64>], seed: u64) -> Vec<f64> {
    let rounds = ranks.first().map_or(0, Vec::len);
    let found: Vec<f64> = ranks.iter().map(|ranks| ranks.iter().sum::<f64>().abs()).collect();
    let mut as_far = vec![0_u64; ranks.len()];
    let mut dice = Dice::new(seed, 77);
    let mut ways = 0_u64;
    let mut go = |exchanged: u64| {
        let sum = |ranks: &Vec<f64>| -> f64 {
            let each = ranks.iter().enumerate();
            each.map(|(round, rank)| if exchanged >> (round % 64) & 1 == 1 { -rank } else { *rank }).sum::<f64>().abs()
        };
        let farthest = ranks.iter().map(sum).fold(0.0, f64::max);
        for (count, found) in as_far.iter_mut().zip(&found) {
            *count += u64::from(farthest >= found - 1e-9);
        }
        ways += 1;
    };
    if rounds <= ALL_WAYS {
        (0..1_u64 << rounds).for_each(&mut go);
    } else {
        go(0); // what was seen is one of the ways
        (0..DRAWN).for_each(|_| go(dice.next()));
    }
    as_far.into_iter().map(|count| count as f64 / ways as f64).collect()
}

/// The means of all pairs, each value with itself too, sorted.
fn walsh(values: &[f64]) -> Vec<f64> {
    let mut means: Vec<f64> =
        (0..values.len()).flat_map(|i| (i..values.len()).map(move |j| values[i].midpoint(values[j]))).collect();
    means.sort_by(f64::total_cmp);
    means
}

/// The interval in which the signed-rank test at the level finds no difference.
#[expect(clippy::cast_precision_loss, reason = "counts of ways")]
fn interval(values: &[f64]) -> Option<[f64; 2]> {
    let rounds = values.len();
    let means = walsh(values);
    // How likely each sum of ranks is if every sign is a coin.
    let mut ways = vec![1.0_f64];
    for rank in 1..=rounds {
        let mut next = vec![0.0; ways.len() + rank];
        for (sum, share) in ways.iter().enumerate() {
            next[sum] += share / 2.0;
            next[sum + rank] += share / 2.0;
        }
        ways = next;
    }
    let mut below = 0.0;
    let outside = ways.iter().take_while(|share| {
        below += **share;
        below <= LEVEL / 2.0
    });
    let outside = outside.count();
    debug_assert!(means.len() as f64 >= outside as f64);
    let low = outside.checked_sub(1)?;
    Some([*means.get(low)?, *means.get(means.len().checked_sub(outside)?)?])
}

/// The middle of some values.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// The value below which that share of the values lies, between the two nearest ones; 0 of none.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounds")]
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f64;
    let (low, high) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    low + (high - low) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noise as a busy machine has it: mostly some percent, now and then half as much again.
    fn noisy(dice: &mut Dice, value: f64) -> f64 {
        let usual = (0..4).map(|_| dice.share() - 0.5).sum::<f64>() * 0.1;
        let away = if dice.below(10) == 0 { dice.share() * 0.5 } else { 0.0 };
        value * (1.0 + usual - away)
    }

    fn measures(dice: &mut Dice, rounds: usize, factor: f64) -> Vec<Measure> {
        let all = [
            ("throughput", Unit::PerSecond, Better::Higher, 50_000.0),
            ("p50", Unit::Nanoseconds, Better::Lower, 90_000.0),
            ("p99", Unit::Nanoseconds, Better::Lower, 900_000.0),
        ];
        let take = |(name, unit, better, value): (&'static str, Unit, Better, f64)| {
            let a = (0..rounds).map(|_| noisy(dice, value)).collect();
            let b = (0..rounds).map(|_| noisy(dice, value * factor)).collect();
            Measure { name, unit, better, a, b }
        };
        all.map(take).into()
    }

    fn found(judged: &[Judged]) -> bool {
        judged.iter().any(|one| matches!(one.verdict, Verdict::Better | Verdict::Worse))
    }

    #[test]
    fn a_thing_differs_from_itself_in_at_most_one_of_a_hundred_comparisons() {
        let mut dice = Dice::new(1, 0);
        let wrong = (0..1000).filter(|_| found(&judge(measures(&mut dice, 10, 1.0), 0.03, 0.25, 1))).count();
        assert!(wrong <= 18, "{wrong} of 1000"); // 10 are expected, and 18 or more come in one of a hundred
    }

    #[test]
    fn a_difference_of_a_fifth_is_found_in_that_noise() {
        let mut dice = Dice::new(2, 0);
        let seen = (0..100).filter(|_| found(&judge(measures(&mut dice, 12, 0.8), 0.03, 0.25, 1))).count();
        assert!(seen >= 85, "{seen} of 100");
    }

    #[test]
    fn with_too_few_rounds_nothing_is_claimed() {
        assert_eq!((fewest_rounds(1), fewest_rounds(3), fewest_rounds(5)), (8, 10, 10));
        let mut dice = Dice::new(3, 0);
        let judged = judge(measures(&mut dice, 9, 0.1), 0.03, 0.25, 1);
        assert!(judged.iter().all(|one| one.verdict == Verdict::TooFew && one.interval.is_none()));
    }

    #[test]
    fn noise_is_told_from_no_difference() {
        let wild = |dice: &mut Dice| -> Vec<f64> { (0..10).map(|_| 1000.0 * (1.0 + 9.0 * dice.share())).collect() };
        let mut dice = Dice::new(4, 0);
        let measure = Measure {
            name: "p99",
            unit: Unit::Nanoseconds,
            better: Better::Lower,
            a: wild(&mut dice),
            b: wild(&mut dice),
        };
        assert_eq!(judge(vec![measure.clone()], 0.03, 0.25, 1)[0].verdict, Verdict::Unclear);
        let same = Measure { b: measure.a.clone(), ..measure };
        assert_eq!(judge(vec![same], 0.03, 0.25, 1)[0].verdict, Verdict::Same);
    }

    #[test]
    fn many_rounds_are_judged_by_drawing() {
        let mut dice = Dice::new(5, 0);
        assert!(found(&judge(measures(&mut dice, 20, 0.8), 0.03, 0.25, 1)));
        let judged = judge(measures(&mut dice, 20, 1.0), 0.03, 0.25, 1);
        assert!(!found(&judged), "{judged:?}");
    }

    #[test]
    fn ranks_and_medians_are_those_of_the_books() {
        assert_eq!(signed_ranks(&[0.5, -0.1, 0.0, 0.5]), [3.5, -2.0, 0.0, 3.5]);
        assert!((median(&[3.0, 1.0, 2.0, 10.0]) - 2.5).abs() < 1e-12);
        assert!((quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.25) - 2.0).abs() < 1e-12);
    }
}
