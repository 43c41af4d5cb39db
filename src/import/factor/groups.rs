//! Agglomeration: of all pairs of clusters the one whose union saves the most lines is united, again and again.

use rayon::prelude::{IntoParallelIterator, ParallelIterator};

use super::cluster::{Column, Word};
use super::tally::{TAKEN_BACK, Tally, agree};

/// Clusters on their way.
pub(super) struct Groups {
    pub(super) columns: Vec<Column>,
    pub(super) base: Vec<Word>,
    pub(super) overhead: usize,
    pub(super) tallies: Vec<Option<Tally>>,
    pub(super) costs: Vec<i64>,
    /// For each cluster the later one that it is best united with, and what that saves.
    pub(super) best: Vec<Option<(i64, usize)>>,
}

impl Groups {
    pub(super) fn start(&mut self) {
        self.costs = self.tallies.iter().map(|tally| tally.as_ref().map_or(0, |tally| self.cost(tally))).collect();
        let this = &*self;
        let best = (0..this.tallies.len()).into_par_iter().map(|at| this.partner(at)).collect();
        self.best = best;
    }

    /// Lines of a cluster as a layer with its rows.
    fn cost(&self, tally: &Tally) -> i64 {
        let columns = self.columns.iter().zip(&tally.columns).zip(&self.base);
        let lines = columns.map(|((column, found), base)| {
            cost(
                *column,
                found.total,
                found.bound,
                found.lines(*base),
                *base,
                found.most().map_or(0, |(_, count)| count),
            )
        });
        i64::try_from(lines.sum::<usize>() + self.overhead).unwrap_or(i64::MAX)
    }

    /// Lines of two clusters as one.
    fn cost_of_both(&self, a: &Tally, b: &Tally) -> i64 {
        let mut sum = self.overhead;
        for (at, column) in self.columns.iter().enumerate() {
            let (a, b, base) = (&a.columns[at], &b.columns[at], self.base[at]);
            let most = a.most_with(b);
            sum += cost(*column, a.total + b.total, a.bound + b.bound, a.lines(base) + b.lines(base), base, most);
        }
        i64::try_from(sum).unwrap_or(i64::MAX)
    }

    /// The best partner behind a cluster.
    fn partner(&self, at: usize) -> Option<(i64, usize)> {
        let this = self.tallies[at].as_ref()?;
        let mut best: Option<(i64, usize)> = None;
        for other in at + 1..self.tallies.len() {
            let Some(that) = &self.tallies[other] else { continue };
            let saved = self.costs[at] + self.costs[other] - self.cost_of_both(this, that);
            if best.is_none_or(|(known, _)| saved > known) {
                best = Some((saved, other));
            }
        }
        best
    }

    /// Unites the best pair, the second into the first; `None` if no union saves anything.
    pub(super) fn unite(&mut self) -> Option<(usize, usize)> {
        let pairs = self.best.iter().enumerate().filter_map(|(at, best)| best.map(|(saved, other)| (saved, at, other)));
        let (saved, into, from) = pairs.max_by_key(|(saved, at, _)| (*saved, std::cmp::Reverse(*at)))?;
        if saved <= 0 {
            return None;
        }
        let gone = self.tallies[from].take()?;
        let stays = self.tallies[into].take()?;
        let columns = stays.columns.iter().zip(&gone.columns).map(|(a, b)| a.plus(b)).collect();
        let united = Tally { columns };
        self.costs[into] = self.cost(&united);
        self.tallies[into] = Some(united);
        self.best[from] = None;
        let this = &*self;
        let stale = |at: &usize| {
            let touched = this.best[*at].is_some_and(|(_, other)| other == into || other == from);
            this.tallies[*at].is_some() && (*at == into || touched)
        };
        let stale: Vec<usize> = (0..this.tallies.len()).filter(stale).collect();
        let fresh: Vec<(usize, Option<(i64, usize)>)> =
            stale.into_par_iter().map(|at| (at, this.partner(at))).collect();
        // Those before it may prefer the united one now.
        let united = this.tallies[into].as_ref()?;
        let before: Vec<Option<i64>> = (0..into)
            .into_par_iter()
            .map(|at| {
                let that = this.tallies[at].as_ref()?;
                Some(this.costs[at] + this.costs[into] - this.cost_of_both(that, united))
            })
            .collect();
        for (at, best) in fresh {
            self.best[at] = best;
        }
        for (at, saved) in before.into_iter().enumerate() {
            let Some(saved) = saved else { continue };
            if self.best[at].is_none_or(|(known, other)| saved > known || (saved == known && into < other)) {
                self.best[at] = Some((saved, into));
            }
        }
        Some((into, from))
    }
}

/// Lines of a column in a cluster, the layer's own included.
fn cost(column: Column, total: usize, bound: usize, inherited: usize, base: Word, most: usize) -> usize {
    let mut best = inherited;
    if matches!(base, Word::Says(_)) && column.unsets {
        best = best.min(TAKEN_BACK + bound);
    }
    if agree(most, total, column.share) {
        best = best.min(1 + total - most);
    }
    best
}
