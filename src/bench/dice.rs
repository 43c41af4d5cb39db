//! Chance that comes out the same for the same seed: whole numbers, and the Zipf distribution of caches.

/// A sequence of numbers that only its seed decides (SplitMix64, <https://prng.di.unimi.it/splitmix64.c>).
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice of their own for each `part` of the same seed.
    pub(super) fn new(seed: u64, part: u64) -> Self {
        let mut dice = Self(seed ^ part.wrapping_mul(0xd134_2543_de82_ef95));
        dice.next();
        dice
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which is not 0. The bias of the remainder is below one in 2^40 for all limits here.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// A number from 0 up to, but not including, 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub(super) fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Few things are wanted often and many rarely: rank `r` of `count` with weight `1 / r^0.99`, as YCSB does.
///
/// After Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994).
#[derive(Clone, Debug)]
pub(super) struct Zipf {
    count: f64,
    sum: f64,
    alpha: f64,
    eta: f64,
}

/// The exponent that YCSB has as `zipfian constant`.
const THETA: f64 = 0.99;

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of keys"
)]
impl Zipf {
    /// Over that many things, at least two.
    pub(super) fn new(count: u64) -> Self {
        let zeta = |until: u64| (1..=until).map(|rank| (rank as f64).powf(-THETA)).sum::<f64>();
        let sum = zeta(count);
        let eta = (1.0 - (2.0 / count as f64).powf(1.0 - THETA)) / (1.0 - zeta(2) / sum);
        Self { count: count as f64, sum, alpha: 1.0 / (1.0 - THETA), eta }
    }

    /// A rank from 0.
    pub(super) fn draw(&self, dice: &mut Dice) -> u64 {
        let share = dice.share();
        let scaled = share * self.sum;
        if scaled < 1.0 {
            return 0;
        }
        if scaled < 1.0 + 0.5_f64.powf(THETA) {
            return 1;
        }
        let rank = self.count * (self.eta * share - self.eta + 1.0).powf(self.alpha);
        (rank as u64).min(self.count as u64 - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_another_part_another() {
        let draw = |seed, part| {
            let mut dice = Dice::new(seed, part);
            [dice.next(), dice.next()]
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn the_first_of_a_thousand_is_wanted_as_often_as_its_weight_says() {
        let (zipf, mut dice) = (Zipf::new(1000), Dice::new(7, 0));
        let mut hits = vec![0_u32; 1000];
        for _ in 0..100_000 {
            hits[usize::try_from(zipf.draw(&mut dice)).unwrap()] += 1;
        }
        // 1 / zeta(1000, 0.99) is 0.1296
        assert!((12_400..13_600).contains(&hits[0]), "{}", hits[0]);
        assert!(hits[0] > hits[1] && hits[1] > hits[20] && hits[20] > hits[500]);
        assert!(hits[900..].iter().sum::<u32>() > 0);
    }
}
