//! Counting: how many rows hold which value, and what a layer would best say for them.

use super::cluster::{Cell, Column, Table, Word};

/// Lines that a word counts which takes back what the layer below says: one has to look in two places.
pub(super) const TAKEN_BACK: usize = 2;

/// How often each value occurs in each column.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) columns: Vec<Counts>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Sorted by value; without 0.
    pub(super) values: Vec<(u32, usize)>,
    /// Rows for which layers matter.
    pub(super) total: usize,
    /// Those that need a line if no layer speaks.
    pub(super) bound: usize,
}

impl Counts {
    pub(super) fn add(&mut self, cell: Cell) {
        if cell.lacks {
            return;
        }
        self.total += 1;
        self.bound += usize::from(!cell.free);
        if cell.value > 0 {
            match self.values.binary_search_by_key(&cell.value, |(value, _)| *value) {
                Ok(at) => self.values[at].1 += 1,
                Err(at) => self.values.insert(at, (cell.value, 1)),
            }
        }
    }

    pub(super) fn count(&self, value: u32) -> usize {
        self.values.binary_search_by_key(&value, |(value, _)| *value).map_or(0, |at| self.values[at].1)
    }

    pub(super) fn lines(&self, word: Word) -> usize {
        match word {
            Word::Silent | Word::Unset => self.bound,
            Word::Says(value) => self.total - self.count(value),
        }
    }

    /// The value of the most rows, the lowest among equals.
    pub(super) fn most(&self) -> Option<(u32, usize)> {
        self.values.iter().copied().max_by_key(|(value, count)| (*count, std::cmp::Reverse(*value)))
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        for (value, count) in &other.values {
            match sum.values.binary_search_by_key(value, |(value, _)| *value) {
                Ok(at) => sum.values[at].1 += count,
                Err(at) => sum.values.insert(at, (*value, *count)),
            }
        }
        sum.total += other.total;
        sum.bound += other.bound;
        sum
    }

    /// The most rows with one value in two tallies together.
    pub(super) fn most_with(&self, other: &Self) -> usize {
        match (self.values.as_slice(), other.values.as_slice()) {
            ([(a, n)], [(b, m)]) => {
                if a == b {
                    n + m
                } else {
                    *n.max(m)
                }
            }
            (ours, theirs) => {
                let here = ours.iter().map(|(value, count)| count + other.count(*value));
                here.chain(theirs.iter().map(|(_, count)| *count)).max().unwrap_or(0)
            }
        }
    }
}

impl Tally {
    pub(super) fn of(table: &Table, rows: &[usize]) -> Self {
        let mut tally = Self { columns: vec![Counts::default(); table.columns.len()] };
        for row in rows {
            for (column, cell) in tally.columns.iter_mut().zip(&table.rows[*row]) {
                column.add(*cell);
            }
        }
        tally
    }
}

/// The word that costs the fewest lines over `base`; the less said, the better.
pub(super) fn word(column: Column, found: &Counts, base: Word) -> Word {
    let mut best = (found.lines(base), Word::Silent);
    if matches!(base, Word::Says(_)) && column.unsets && TAKEN_BACK + found.lines(Word::Unset) < best.0 {
        best = (TAKEN_BACK + found.lines(Word::Unset), Word::Unset);
    }
    if let Some((value, count)) = found.most()
        && agree(count, found.total, column.share)
        && 1 + found.total - count < best.0
    {
        best = (1 + found.total - count, Word::Says(value));
    }
    best.1
}

/// Whether enough of the rows agree: more than half, and no less than so many percent.
pub(super) fn agree(count: usize, total: usize, share: usize) -> bool {
    count * 2 > total && count * 100 >= total * share
}

/// What a word counts in a layer.
pub(super) fn weight(word: Word) -> usize {
    match word {
        Word::Silent => 0,
        Word::Says(_) => 1,
        Word::Unset => TAKEN_BACK,
    }
}
